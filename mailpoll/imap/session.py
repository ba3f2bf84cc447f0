"""One logged-in IMAP session: what a poll asks of a folder, and what it changes there when told."""

from __future__ import annotations

import re
import threading
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import suppress
from datetime import datetime
from typing import Any

from mailpoll.errors import AccessDenied, ConfigError, ProtocolError
from mailpoll.imap import responses
from mailpoll.imap import uids as sets
from mailpoll.imap.copies import Copies
from mailpoll.imap.fetcher import Fetcher
from mailpoll.imap.folders import Folders, refuse_controls
from mailpoll.imap.troubles import LIBRARY_ERRORS, Cut, Garbled, Passing, Peer, translated
from mailpoll.model import Candidate, FolderInfo, RawMessage

_FAREWELL = 2.0  # seconds for LOGOUT

# A mail at which a server breaks off, or talks nonsense, is passed over, and asked for once more by itself. So many
# times a run goes on over another connection; where so many in a row yield no mail it is not the mails' fault.
_RENEWALS = 6
_FRUITLESS = 3

_FIELD_NAME = re.compile(r"[A-Za-z0-9_-]+")
# atom-char (RFC 9051 §9): a keyword is an atom.
_KEYWORD = re.compile(r"[A-Za-z0-9!#$&'+,./:;<=>?@^_`|~-]+")


class Session:
    """One folder at a time, by UID only. Not thread-safe, but for abort().

    Every method raises AccessDenied, ProtocolError or Unavailable; after Unavailable the session is of no more use.
    """

    def __init__(self, client: Any, peer: Peer, capabilities: frozenset[str]) -> None:
        self._client = client
        self._peer = peer
        self._capabilities = capabilities
        self._folder: FolderInfo | None = None
        self._renewed: Callable[[Passing], Session] | None = None
        self._anew: Callable[[Passing], Session] | None = None
        self._renewals = self._fruitless = 0
        self._folders = Folders(client, peer)
        self._fetcher = Fetcher(client, peer)
        self._taken: dict[tuple[str, int], set[int]] = {}  # what fetch() gave, by folder and UIDVALIDITY

    def capabilities(self) -> frozenset[str]:
        """What the server offered after the login, in upper case."""
        return self._capabilities

    def folders(self) -> tuple[str, ...]:
        """The names of all folders that can be opened, sorted (RFC 9051 §6.3.9)."""
        return self._folders.names()

    def open(self, folder: str, *, read_only: bool = False) -> FolderInfo:
        """Make `folder` the one all other methods speak of (SELECT, or EXAMINE when `read_only`; RFC 9051 §6.3.2).

        Raises:
            ConfigError: there is no such folder; the error lists those there are.
        """
        self._folder = None
        self._fetcher.refused.clear()
        try:
            self._folder = self._folders.open(folder, read_only=read_only)
        except Passing as problem:
            if self._renewed is None:
                raise
            self._become(self._renewed(problem))
            self._folder = self._folders.open(folder, read_only=read_only)
        self._renewed = None
        return self._folder

    def renewable(self, renewed: Callable[[Passing], Session]) -> None:
        """Have `renewed` give another session if the first folder cannot be opened for a passing reason: Microsoft 365
        takes a login and says `User is authenticated but not connected` to the command after it."""
        self._renewed = self._anew = renewed

    def search(self, *, above: int, unseen_or_above: int | None, upto: int) -> tuple[int, ...]:
        """The UIDs with above < UID <= upto that are UNSEEN, or greater than `unseen_or_above` (None: UNSEEN alone)."""
        first, exists = above + 1, self._opened().exists
        mark = upto if unseen_or_above is None else min(max(unseen_or_above, above), upto)
        found: set[int] = set()
        for low, high in sets.windows(first, mark, exists):
            found |= self._folders.search(low, high, "UNSEEN")
        for low, high in sets.windows(mark + 1, upto, exists):
            found |= self._folders.search(low, high)
        return tuple(sorted(found))

    def last_uid_before(self, cut: datetime, upto: int) -> int:
        """The highest UID <= upto whose INTERNALDATE is before `cut` (aware); 0 when there is none.

        A server compares days, in a time zone of its own (RFC 9051 §6.4.4): what lies clearly before is found by
        SEARCH alone, and only the mails of the days round the cut are asked for their INTERNALDATE.
        """
        clearly, at_most = sets.days_round(cut)
        for low, high in sets.windows_down(upto, self._opened().exists):
            certain = max(self._folders.search(low, high, "BEFORE", clearly), default=0)
            doubtful = sorted(self._folders.search(max(low, certain + 1), high, "BEFORE", at_most), reverse=True)
            for chunk in sets.chunks(doubtful):
                dates = (
                    (uid, responses.date(items)) for uid, items in self._fetcher.fetch(chunk, "INTERNALDATE").items()
                )
                if before := [uid for uid, date in dates if date is not None and date < cut]:
                    return max(before)
            if certain:
                return certain
        return 0

    def since(self, cut: datetime, upto: int) -> tuple[int, ...]:
        """The UIDs <= upto of the mails whose INTERNALDATE is `cut` (aware) or later; see last_uid_before for how."""
        at_least, clearly = sets.days_round(cut)
        found: set[int] = set()
        for low, high in sets.windows(1, upto, self._opened().exists):
            certain = self._folders.search(low, high, "SINCE", clearly)
            doubtful = sorted(set(self._folders.search(low, high, "SINCE", at_least)) - set(certain))
            found.update(certain)
            for chunk in sets.chunks(doubtful):
                for uid, items in self._fetcher.fetch(chunk, "INTERNALDATE").items():
                    date = responses.date(items)
                    found.update([uid] if date is None or date >= cut else [])
        return tuple(sorted(found))

    def candidates(self, uids: Sequence[int], headers: Sequence[str]) -> Iterator[Candidate]:
        """Size, INTERNALDATE and the header fields named in `headers` of these mails; those that are gone are left out.

        Nothing else of a mail is fetched, and no flag is set.
        """
        for name in headers:
            if not _FIELD_NAME.fullmatch(name):
                raise ConfigError(f"{name!r} is not the name of a header field")
        items = f"RFC822.SIZE INTERNALDATE BODY.PEEK[HEADER.FIELDS ({' '.join(headers)})]"
        for chunk in sets.chunks(uids):
            missing = set(chunk)
            for uid, found in self._fetcher.fetch(chunk, items).items():
                size, fields = found.get(b"RFC822.SIZE"), responses.starting(found, b"BODY[HEADER.FIELDS")
                if isinstance(size, int) and isinstance(fields, bytes):
                    missing.discard(uid)
                    yield Candidate(uid, size, responses.date(found), fields)
            self._fetcher.missed(sorted(missing))

    def fetch(
        self, candidates: Iterable[Candidate], *, batch_octets: int = 2_500_000, batch_count: int = 100
    ) -> Iterator[tuple[RawMessage, ...]]:
        r"""The whole mails, in bounded batches, in the order given, never setting \Seen (BODY.PEEK[], RFC 9051 §6.4.5).

        A mail over 1 MB comes in slices. What is gone, or what the server cannot deliver, is left out. One at which the
        connection broke comes last, by itself, or is refused().
        """
        suspects: list[Candidate] = []
        for batch in sets.batches(candidates, batch_octets, batch_count):
            yield from self._given(batch, suspects)
        for suspect in suspects:
            guilty: list[Candidate] = []
            yield from self._given([suspect], guilty)
            self._fetcher.refused.update(candidate.uid for candidate in guilty)

    def _given(self, batch: Sequence[Candidate], suspects: list[Candidate]) -> Iterator[tuple[RawMessage, ...]]:
        """What the server has of a batch; those at which it broke off are added to `suspects`."""
        while batch:
            found, broken = self._fetcher.given(batch)
            if messages := tuple(found[candidate.uid] for candidate in batch if candidate.uid in found):
                self._fruitless = 0
                self._taken.setdefault(self._identity(), set()).update(found)
                yield messages
            batch = [candidate for candidate in batch if candidate.uid not in found]
            if broken is None:
                self._fetcher.missed([candidate.uid for candidate in batch])
                return
            self._go_on(broken)
            suspects += batch[:1]  # answers come in turn
            batch = batch[1:]

    def fetch_headers(self, candidate: Candidate) -> RawMessage | None:
        """The header section alone, at most 1 MB of it, of a mail that is too large to take; None when it is gone."""
        items = self._fetcher.fetch([candidate.uid], f"BODY.PEEK[HEADER]<0.{sets.SLICE}>").get(candidate.uid, {})
        header = responses.starting(items, b"BODY[HEADER]")
        if not isinstance(header, bytes):
            self._fetcher.missed([candidate.uid])
            return None
        chunks = responses.slices(header[: sets.SLICE])
        return RawMessage(candidate.uid, candidate.internaldate, chunks, oversize_of=candidate.size)

    def refused(self) -> frozenset[int]:
        """The UIDs of the open folder that the server has, but does not give out: absent elsewhere, yet not gone."""
        return frozenset(self._fetcher.refused)

    def mark_seen(self, uids: Sequence[int]) -> None:
        r"""Set \Seen (RFC 9051 §6.4.6)."""
        self._require(r"\Seen")
        self._flag(uids, rb"\Seen")

    def add_keyword(self, uids: Sequence[int], keyword: str) -> bool:
        r"""Set `keyword`; False, and nothing done, where the folder stores no such keyword.

        PERMANENTFLAGS says so (RFC 9051 §7.1): it lists the keyword, or \* for any. A server that does neither answers
        OK and forgets.
        """
        if not _KEYWORD.fullmatch(keyword):
            raise ConfigError(f"{keyword!r} cannot be a keyword", advice="Letters, digits, $, _ and - will do.")
        if not self._keeps(r"\*") and not self._keeps(keyword):
            return False
        self._flag(uids, keyword.encode("ascii"))
        return True

    def move(self, uids: Sequence[int], folder: str) -> bool:
        r"""Move to `folder`, which is made if need be; False when the originals stay behind with \Deleted (no UIDPLUS).

        MOVE (RFC 6851) where there is one, else COPY, \Deleted, UID EXPUNGE. A mail that was not fetched by this very
        session may have been copied by one that was cut off before \Deleted: it is copied only if no copy is there.
        """
        refuse_controls(folder, "folder name")
        self._writable()
        if "MOVE" in self._capabilities:
            for chunk in sets.chunks(uids):
                self._into(folder, self._client.move, chunk)
            return True
        self._require(r"\Deleted")
        gone = True
        for chunk in sets.chunks(uids):
            there = self._copied(chunk, folder)
            self._into(folder, self._client.copy, [uid for uid in chunk if uid not in there])
            gone = self.delete(chunk) and gone
        return gone

    def delete(self, uids: Sequence[int]) -> bool:
        r"""Remove these mails and no others; False when they only bear \Deleted now.

        Without UIDPLUS (RFC 4315) there is only the EXPUNGE that takes everybody's \Deleted mails along.
        """
        self._require(r"\Deleted")
        self._flag(uids, rb"\Deleted")
        if "UIDPLUS" not in self._capabilities:
            return False
        for chunk in sets.chunks(uids):
            self._ask(self._client.uid_expunge, [sets.uid_set(chunk)])
        return True

    def abort(self, reason: str = "the time of this run is up") -> None:
        """Cut the connection, from any thread: a call that waits for the server raises Unavailable at once."""
        self._peer.line.abort(reason)

    def close(self) -> None:
        """Say LOGOUT, wait two seconds for the answer at most, and hang up. Never raises."""
        farewell = threading.Timer(_FAREWELL, self._peer.line.abort)
        farewell.daemon = True
        farewell.start()
        with suppress(*LIBRARY_ERRORS):
            if not self._peer.line.aborted:
                self._client.logout()
        farewell.cancel()
        self.hang_up()

    def hang_up(self) -> None:
        """End the connection without a word."""
        with suppress(*LIBRARY_ERRORS):
            self._client.shutdown()
        self._peer.line.close()

    def _go_on(self, broken: Cut | Garbled) -> None:
        """With another connection, the same folder open; raises `broken` where there is to be none."""
        self._renewals, self._fruitless = self._renewals + 1, self._fruitless + 1
        if self._anew is None or self._renewals > _RENEWALS or self._fruitless >= _FRUITLESS:
            raise broken
        source, refused = self._opened(), self.refused()
        self._become(self._anew(broken if isinstance(broken, Passing) else Passing(broken.what, about=broken.about)))
        self._reopen(source)
        self._fetcher.refused.update(refused)

    def _become(self, other: Session) -> None:
        self._client, self._capabilities = other._client, other._capabilities
        self._folders, self._fetcher, self._renewed = other._folders, other._fetcher, None

    def _ask(self, call: Callable[..., Any], *args: object) -> Any:
        with translated(self._peer):
            return call(*args)

    def _opened(self) -> FolderInfo:
        if self._folder is None:
            raise ProtocolError("no folder is open", about=self._peer.about)
        return self._folder

    def _identity(self) -> tuple[str, int]:
        return self._opened().name, self._opened().uidvalidity

    def _writable(self) -> FolderInfo:
        # Dovecot answers OK to a STORE after EXAMINE, and does nothing.
        if self._opened().read_only:
            raise ProtocolError(f"the folder {self._opened().name} is read-only", about=self._peer.about)
        return self._opened()

    def _keeps(self, flag: str) -> bool:
        return flag.lower() in {known.lower() for known in self._writable().permanent_flags}

    def _require(self, flag: str) -> None:
        """Where an access list forbids a flag, PERMANENTFLAGS lacks it; Dovecot answers OK to a STORE of it all the
        same, and to the EXPUNGE that finds nothing."""
        if not self._keeps(flag):
            raise AccessDenied(
                f"the server does not let {flag} be set in {self._opened().name}",
                about=self._peer.about,
                advice='Give the account the right to, or set after = "leave".',
            )

    def _flag(self, uids: Sequence[int], flag: bytes) -> None:
        self._writable()
        for chunk in sets.chunks(uids):
            self._ask(lambda ids: self._client.add_flags([ids], [flag], silent=True), sets.uid_set(chunk))

    def _copied(self, uids: Sequence[int], folder: str) -> frozenset[int]:
        """Those of `uids` that an earlier session copied to `folder` already."""
        doubtful = [uid for uid in uids if uid not in self._taken.get(self._identity(), ())]
        if not doubtful:
            return frozenset()
        copies, source, refused = Copies(self._fetcher, self._folders.search), self._opened(), self.refused()
        originals, alike = copies.originals(doubtful), {}
        try:
            with suppress(ConfigError, ProtocolError, AccessDenied):  # it will be made, or COPY says what is wrong
                target = self.open(folder, read_only=True)
                alike = copies.alike(originals, target.uidnext)
        finally:
            self._reopen(source)
            self._fetcher.refused.update(refused)
        return copies.matched(originals, alike)

    def _reopen(self, source: FolderInfo) -> None:
        if self.open(source.name).uidvalidity != source.uidvalidity:
            raise ProtocolError(f"{source.name} got a new UIDVALIDITY during the run", about=self._peer.about)

    def _into(self, folder: str, action: Callable[..., Any], uids: Sequence[int]) -> None:
        """COPY or MOVE; a target that is missing (TRYCREATE, RFC 9051 §6.4.7) is made and shown to mail programs."""
        if not uids:
            return
        try:
            self._ask(action, [sets.uid_set(uids)], folder)
        except ProtocolError as error:
            if not re.search(r"\[(TRYCREATE|NONEXISTENT)\b", str(error)):
                raise
            self._folders.make(folder)
            self._ask(action, [sets.uid_set(uids)], folder)
