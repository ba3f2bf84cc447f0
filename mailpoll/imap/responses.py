"""FETCH and SEARCH responses (RFC 9051 §7.5.2, §7.3.4), from imaplib's lists to plain values."""

from __future__ import annotations

from collections.abc import Container, Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from datetime import datetime, timedelta, timezone
from itertools import chain

from imapclient.exceptions import ProtocolError
from imapclient.response_parser import parse_fetch_response

from mailpoll.imap.uids import SLICE

Items = Mapping[bytes, object]

# What may be another value in the next response: imapclient adds SEQ, the sequence number.
_CHANGING = (b"SEQ", b"FLAGS", b"MODSEQ")


def fetched(data: Sequence[object], wanted: Container[int]) -> dict[int, Items]:
    """What came for each of the UIDs in `wanted`, as item name (upper case) -> value.

    Each response is parsed by itself and filed under the UID it bears. Filed under sequence numbers, as imapclient
    does with a response that has no UID, one mail's body could become another's; such a response is dropped, as are
    those that contradict each other.
    """
    return _filed(map(_parsed, _responses(data)), wanted)


def understood(data: Sequence[object], wanted: Container[int]) -> dict[int, Items]:
    """As fetched(), of what came before the connection broke: up to the first response that makes no sense."""

    def whole() -> Iterator[Iterable[Items]]:
        with suppress(ProtocolError, ValueError):
            yield from map(_parsed, _responses(data))

    return _filed(whole(), wanted)


def _parsed(response: Sequence[object]) -> Iterable[Items]:
    parsed: dict[int, Items] = parse_fetch_response(response, normalise_times=False, uid_is_key=False)
    return parsed.values()


def _filed(parsed: Iterable[Iterable[Items]], wanted: Container[int]) -> dict[int, Items]:
    found: dict[int, dict[bytes, object]] = {}
    doubtful = set()
    for items in chain.from_iterable(parsed):
        uid = items.get(b"UID")
        if isinstance(uid, int) and uid in wanted:
            known = found.setdefault(uid, {})
            if any(known.get(name, items[name]) != items[name] for name in items if name not in _CHANGING):
                doubtful.add(uid)
            known.update(items)
    return {uid: items for uid, items in found.items() if uid not in doubtful}


def hits(data: Sequence[bytes | None]) -> set[int]:
    """The numbers of all SEARCH responses; Exchange leaves the response out when there are none."""
    return {int(number) for line in data if line for number in line.partition(b"(")[0].split()}


def starting(items: Items, name: bytes) -> object:
    """The value of the first item whose name starts with `name`: servers repeat a section in their own spelling."""
    return next((value for key, value in items.items() if key.startswith(name)), None)


def date(items: Items) -> datetime | None:
    """The INTERNALDATE, aware; None when it is missing or is no date."""
    value = items.get(b"INTERNALDATE")
    offset = value.utcoffset() if isinstance(value, datetime) else None
    if not isinstance(value, datetime) or offset is None or abs(offset) >= timedelta(days=1):
        return None
    return value.replace(tzinfo=timezone(offset))


def slices(octets: bytes) -> tuple[bytes, ...]:
    """`octets` in pieces of at most 1 MB; no copy is made of what is short enough."""
    if len(octets) <= SLICE:
        return (octets,) if octets else ()
    return tuple(octets[start : start + SLICE] for start in range(0, len(octets), SLICE))


def _responses(data: Sequence[object]) -> Iterator[list[object]]:
    """imaplib's flat list cut where a response ends: at the text after the last literal."""
    response: list[object] = []
    for piece in data:
        if piece is None:  # no response at all
            continue
        response.append(piece)
        if not isinstance(piece, tuple):
            yield response
            response = []
