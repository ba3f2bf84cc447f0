"""UID FETCH (RFC 9051 §6.4.5): many mails in one answer, a large one in slices, an unreadable one by itself."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from mailpoll.errors import ProtocolError
from mailpoll.imap import responses
from mailpoll.imap import uids as sets
from mailpoll.imap.responses import Items
from mailpoll.imap.troubles import TRANSIENT, Cut, Garbled, Passing, Peer, translated
from mailpoll.model import Candidate, RawMessage

# What a server says of a mail that it cannot read, and what it may say of such a one.
_BROKEN = re.compile(r"\[SERVERBUG\b")
_OF_A_MAIL = re.compile(r"\[(SERVERBUG|UNAVAILABLE)\b|Server error", re.IGNORECASE)
# So many in a row, asked one by one, are not unreadable: the server is away.
_UNAVAILABLE = 3


class Fetcher:
    """Asks one connection; `refused` collects the UIDs that the server has, but does not give out."""

    def __init__(self, client: Any, peer: Peer) -> None:
        self._client = client
        self._peer = peer
        self.refused: set[int] = set()

    def fetch(self, uids: Sequence[int], items: str) -> dict[int, Items]:
        """What came for each UID. A NO for many is asked again one by one: one mail that the server cannot read
        (Dovecot: SERVERBUG, Yahoo: UNAVAILABLE) must not keep the others back."""
        found, complete = self._once(uids, items)
        if complete:
            return found
        refusals = 0  # in a row
        for uid in uids:
            if uid not in found:
                try:
                    one, readable = self._once([uid], items)
                except Cut:
                    raise
                except Passing:
                    refusals += 1
                    if refusals == len(uids) or refusals > _UNAVAILABLE:  # it is not about single mails
                        raise
                    one, readable = {}, False
                refusals = 0 if readable else refusals
                found.update(one)
                if not readable:
                    self.refused.add(uid)
        return found

    def given(self, batch: Sequence[Candidate]) -> tuple[dict[int, RawMessage], Cut | Garbled | None]:
        """The mails of `batch` by UID, and what broke the connection meanwhile: then those that had come by then."""
        try:
            if batch[0].size <= sets.SLICE:
                return self.whole(batch), None
            message = self.sliced(batch[0])
            return ({batch[0].uid: message} if message else {}), None
        except (Cut, Garbled) as broken:
            came = self._client._imap.untagged_responses.pop("FETCH", [])
            return self._whole(batch, responses.understood(came, {c.uid for c in batch})), broken

    def whole(self, batch: Sequence[Candidate]) -> dict[int, RawMessage]:
        """The mails of `batch` by UID, in one answer."""
        return self._whole(batch, self.fetch([candidate.uid for candidate in batch], "BODY.PEEK[]"))

    def _whole(self, batch: Sequence[Candidate], answers: Mapping[int, Items]) -> dict[int, RawMessage]:
        found = {}
        for candidate in batch:
            octets = answers.get(candidate.uid, {}).get(b"BODY[]")
            # NIL: expunged meanwhile. Nothing at all of a mail that has a size is not that mail.
            if isinstance(octets, bytes) and (octets or not candidate.size):
                found[candidate.uid] = RawMessage(candidate.uid, candidate.internaldate, responses.slices(octets))
        return found

    def sliced(self, candidate: Candidate) -> RawMessage | None:
        """A large mail in slices of 1 MB, up to its end as it comes: RFC822.SIZE is an estimate on some servers."""
        chunks: list[bytes] = []
        offset = 0
        while offset <= 2 * candidate.size + sets.SLICE:
            items = self.fetch([candidate.uid], f"BODY.PEEK[]<{offset}.{sets.SLICE}>").get(candidate.uid, {})
            if offset == 0 and isinstance(whole := items.get(b"BODY[]"), bytes):  # a server that knows no slices
                return RawMessage(candidate.uid, candidate.internaldate, responses.slices(whole))
            piece = items.get(b"BODY[]<%d>" % offset)
            if not isinstance(piece, bytes) and offset < candidate.size:  # gone meanwhile
                return None
            if isinstance(piece, bytes) and piece:
                chunks.append(piece)
                offset += len(piece)
                if len(piece) == sets.SLICE or offset < candidate.size:
                    continue
            return RawMessage(candidate.uid, candidate.internaldate, tuple(chunks))
        raise ProtocolError(f"the mail with UID {candidate.uid} does not end", about=self._peer.about)

    def missed(self, uids: Sequence[int]) -> None:
        """Looks which of these, for which the server had an OK and no data, it still has: they are not gone, and must
        not be taken for decided."""
        imap = self._client._imap
        with translated(self._peer):
            for chunk in sets.chunks(uids):
                imap.noop()  # what another session removed is told now (RFC 9051 §7.5.1), not in answer to a FETCH
                status, data = imap.uid("SEARCH", f"UID {sets.uid_set(chunk)}")
                self._client._check_resp("OK", "search", status, data)
                self.refused.update(set(chunk) & set(responses.hits(data)))

    def _once(self, uids: Sequence[int], items: str) -> tuple[dict[int, Items], bool]:
        """What came, and whether that is all that the server has of these."""
        imap = self._client._imap
        with translated(self._peer, mails=True):
            status, data = imap.uid("FETCH", sets.uid_set(uids), f"(UID {items})")
            if status == "OK":
                return responses.fetched(data, frozenset(uids)), True
            words = str(data)
            if TRANSIENT.search(words) and not (_OF_A_MAIL if len(uids) > 1 else _BROKEN).search(words):
                self._client._check_resp("OK", "fetch", status, data)
            found = imap.untagged_responses.pop("FETCH", [])  # imaplib keeps them back at a NO
            return responses.fetched(found, frozenset(uids)), "[EXPUNGEISSUED" in words
