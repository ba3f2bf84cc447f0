"""UID sets, windows and batches."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailpoll.imap.uids import SEARCH_HITS, batches, chunks, days_round, imap_date, uid_set, windows, windows_down
from mailpoll.model import Candidate


def sized(*sizes: int) -> list[Candidate]:
    return [Candidate(uid, size, None, b"") for uid, size in enumerate(sizes, 1)]


@pytest.mark.parametrize(
    ("uids", "written"),
    [((), ""), ((7,), "7"), ((1, 2, 3), "1:3"), ((9, 3, 1, 2, 7, 3), "1:3,7,9"), ((1, 3, 5), "1,3,5"), ((4, 5), "4:5")],
)
def test_uid_set(uids: tuple[int, ...], written: str) -> None:
    assert uid_set(uids) == written


@given(st.sets(st.integers(1, 300)))
def test_a_uid_set_names_exactly_these(uids: set[int]) -> None:
    named: set[int] = set()
    for piece in filter(None, uid_set(uids).split(",")):
        first, _, last = piece.partition(":")
        named.update(range(int(first), int(last or first) + 1))
    assert named == uids


def test_chunks_hold_at_most_500() -> None:
    assert [len(chunk) for chunk in chunks(range(1201))] == [500, 500, 201]


@given(st.integers(1, 10**6), st.integers(0, 10**6), st.sampled_from([0, 10, SEARCH_HITS, SEARCH_HITS + 1, 10**7]))
def test_windows_cover_all_once(first: int, span: int, exists: int) -> None:
    last = first + span
    pairs = list(windows(first, last, exists))
    assert pairs[0][0] == first
    assert pairs[-1][1] == last
    assert all(upper + 1 == lower for (_, upper), (lower, _) in pairwise(pairs))
    assert exists <= SEARCH_HITS or all(upper - lower < SEARCH_HITS for lower, upper in pairs)


@given(st.integers(0, 10**6), st.sampled_from([0, SEARCH_HITS + 1]))
def test_windows_down_cover_all_once(last: int, exists: int) -> None:
    pairs = list(windows_down(last, exists))
    assert sum(upper - lower + 1 for lower, upper in pairs) == last
    assert all(upper + 1 == lower for (lower, _), (_, upper) in pairwise(pairs))


def test_few_mails_far_apart_are_one_window() -> None:
    assert list(windows(1, 4_000_000_000, 5)) == [(1, 4_000_000_000)]


def test_no_window_where_nothing_can_be() -> None:
    assert list(windows(6, 5, 10**6)) == []
    assert list(windows_down(0, 10**6)) == []


@pytest.mark.parametrize(
    ("sizes", "shape"),
    [
        ((), []),
        ((1, 1, 1), [2, 1]),  # count
        ((60, 60, 10), [1, 2]),  # octets
        ((500,), [1]),  # more than a batch by itself
        ((1, 2_000_000, 1), [1, 1, 1]),  # a large one goes alone
    ],
)
def test_batches(sizes: tuple[int, ...], shape: list[int]) -> None:
    made = list(batches(sized(*sizes), octets=100, count=2))
    assert [len(batch) for batch in made] == shape
    assert [candidate for batch in made for candidate in batch] == sized(*sizes)


def test_dates_are_english_whatever_the_locale() -> None:
    assert imap_date(datetime(2026, 3, 5, tzinfo=UTC).date()) == "05-Mar-2026"


def test_days_round_a_cut_leave_room_for_every_time_zone() -> None:
    cut = datetime(2026, 11, 20, 0, 30, tzinfo=timezone(timedelta(hours=1)))  # still the 19th in UTC
    assert days_round(cut) == ("18-Nov-2026", "21-Nov-2026")
