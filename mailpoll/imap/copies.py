r"""Finding the copies that an interrupted move left (COPY done, \Deleted not), on servers without MOVE (RFC 6851)."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from datetime import timedelta

from msgspec.structs import replace

from mailpoll.imap import responses
from mailpoll.imap import uids as sets
from mailpoll.imap.fetcher import Fetcher
from mailpoll.model import Candidate

Search = Callable[..., set[int]]


class Copies:
    """Compares the mails of the folder that is open with those of another one, which is opened in between.

    A copy is the same octets with the same INTERNALDATE, which COPY keeps (RFC 9051 §6.4.7). Only numbers and dates are
    searched for: no text of a mail is ever part of a command.
    """

    def __init__(self, fetcher: Fetcher, search: Search) -> None:
        self._fetcher = fetcher
        self._search = search

    def originals(self, uids: Sequence[int]) -> tuple[Candidate, ...]:
        """Size and INTERNALDATE of these mails of the open folder, those that have both."""
        return tuple(self._described(uids))

    def alike(self, originals: Iterable[Candidate], uidnext: int) -> dict[int, Counter[bytes]]:
        """By the UID of an original: what in the folder that is open now looks like it, as digests."""
        found = {}
        for original in originals:
            if original.internaldate is None:
                continue
            day = original.internaldate.date()
            hits = self._search(
                *(1, uidnext - 1, "LARGER", str(max(original.size - 1, 0)), "SMALLER", str(original.size + 1)),
                *("SINCE", sets.imap_date(day - timedelta(days=2)), "BEFORE", sets.imap_date(day + timedelta(days=3))),
            )
            same = [other for other in self._described(sorted(hits)) if replace(other, uid=original.uid) == original]
            if same:
                found[original.uid] = Counter(map(self._digest, same))
        return found

    def matched(self, originals: Iterable[Candidate], alike: dict[int, Counter[bytes]]) -> frozenset[int]:
        """The UIDs of the originals that have a copy among these; of two equal ones each needs its own."""
        spent: Counter[bytes] = Counter()
        matched = set()
        for original in originals:
            if others := alike.get(original.uid):
                digest = self._digest(original)
                if digest and spent[digest] < others[digest]:
                    spent[digest] += 1
                    matched.add(original.uid)
        return frozenset(matched)

    def _described(self, uids: Sequence[int]) -> Iterable[Candidate]:
        for chunk in sets.chunks(uids):
            for uid, items in self._fetcher.fetch(chunk, "RFC822.SIZE INTERNALDATE").items():
                size, date = items.get(b"RFC822.SIZE"), responses.date(items)
                if isinstance(size, int) and date is not None:
                    yield Candidate(uid, size, date, b"")

    def _digest(self, candidate: Candidate) -> bytes:
        """SHA-256 over the octets; empty for a mail that cannot be had, which is like no other."""
        if candidate.size > sets.SLICE:
            raw = self._fetcher.sliced(candidate)
        else:
            raw = self._fetcher.whole([candidate]).get(candidate.uid)
        digest = hashlib.sha256()
        for chunk in raw.chunks if raw else ():
            digest.update(chunk)
        return digest.digest() if raw else b""
