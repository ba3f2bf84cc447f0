"""Sets of UIDs as IMAP commands want them (RFC 9051 §9, sequence-set), and the limits that bound one command."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, date, datetime, timedelta

from mailpoll.model import Candidate

CHUNK = 500  # Dovecot says "Too long argument" from about 1 000 comma-joined UIDs on
SLICE = 1_048_576
# imaplib gives up at a line of 1 000 000 octets; a UID has up to ten digits and a space.
SEARCH_HITS = 80_000
FIRST_LOOK = 1_000

_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")


def uid_set(uids: Iterable[int]) -> str:
    """`1:3,7` for 3, 1, 2, 7: exactly these UIDs, neighbours as ranges."""
    ranges: list[tuple[int, int]] = []
    for uid in sorted(set(uids)):
        if ranges and uid == ranges[-1][1] + 1:
            ranges[-1] = (ranges[-1][0], uid)
        else:
            ranges.append((uid, uid))
    return ",".join(f"{first}:{last}" if last > first else f"{first}" for first, last in ranges)


def chunks(uids: Sequence[int]) -> Iterator[Sequence[int]]:
    """`uids` in their order, at most CHUNK at a time."""
    for start in range(0, len(uids), CHUNK):
        yield uids[start : start + CHUNK]


def windows(first: int, last: int, exists: int) -> Iterator[tuple[int, int]]:
    """Ranges of UIDs that cover first…last upwards, none of which can have more than SEARCH_HITS mails.

    A folder with few mails is one window however far apart its UIDs are.
    """
    step = SEARCH_HITS if exists > SEARCH_HITS else max(last - first + 1, 1)
    for start in range(first, last + 1, step):
        yield start, min(start + step - 1, last)


def windows_down(last: int, exists: int) -> Iterator[tuple[int, int]]:
    """Ranges that cover 1…last from the top: a short one, which mostly suffices, then as `windows`."""
    first = max(last - FIRST_LOOK + 1, 1)
    if last >= 1:
        yield first, last
    yield from reversed(list(windows(1, first - 1, exists)))


def batches(candidates: Iterable[Candidate], octets: int, count: int) -> Iterator[list[Candidate]]:
    """`candidates` in their order, so many at a time that their sizes stay within `octets`; a large one goes alone."""
    batch: list[Candidate] = []
    held = 0
    for candidate in candidates:
        alone = candidate.size > SLICE
        if batch and (alone or len(batch) >= count or held + candidate.size > octets):
            yield batch
            batch, held = [], 0
        if alone:
            yield [candidate]
            continue
        batch.append(candidate)
        held += candidate.size
    if batch:
        yield batch


def imap_date(day: date) -> str:
    """`01-Nov-2026` (RFC 9051 §9, date), whatever the locale."""
    return f"{day.day:02}-{_MONTHS[day.month - 1]}-{day.year:04}"


def days_round(cut: datetime) -> tuple[str, str]:
    """Two dates for SEARCH BEFORE: the first finds only what is before `cut`, the second finds all that is.

    BEFORE compares calendar days in the time zone of the server (RFC 9051 §6.4.4), which may lie anywhere from -12 to
    +14 hours.
    """
    day = cut.astimezone(UTC).date()
    return imap_date(day - timedelta(days=1)), imap_date(day + timedelta(days=2))
