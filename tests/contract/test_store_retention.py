"""What is kept, and until when (DESIGN.md §9 Retention)."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from mailpoll.model import Facts, Post, RawMessage, Reading, Receipt
from mailpoll.store import Store, retention

NOW = datetime(2026, 11, 20, 9, tzinfo=UTC)
RAW, UNFINISHED = timedelta(days=7), timedelta(days=30)


def take(store: Store, outcome: str = "posted", *destinations: str) -> int:
    """A mail that was read at NOW."""
    [message_id] = store.ledger.accept([RawMessage(None, None, (b"bytes",))], NOW)
    posts = tuple(Post("dev", destination, "", "topic", "body") for destination in destinations)
    store.ledger.record([(message_id, Reading(outcome, "", Facts(content_key=str(message_id)), posts))], NOW)  # type: ignore[arg-type]
    return message_id


def kept(store: Store, message_id: int, after: timedelta) -> bool:
    """Whether the bytes are there once a run at that time has trimmed."""
    store.trim(NOW + after, raw=RAW, unfinished=UNFINISHED)
    assert store.messages.get(message_id).has_raw is bool(list(store.ledger.chunks(message_id)))
    return store.messages.get(message_id).has_raw


def days(number: float) -> timedelta:
    return timedelta(days=number)


def test_a_delivered_mail_is_kept_for_a_week_and_its_post_for_ever(store: Store) -> None:
    message_id = take(store, "posted", "store")
    assert kept(store, message_id, days(6.9))
    assert not kept(store, message_id, days(7.1))
    assert [delivery.post.body for delivery in store.outbox.list()] == ["body"]
    assert store.messages.get(message_id).state == "read"


def test_the_week_begins_with_the_last_delivery(store: Store) -> None:
    message_id = take(store, "posted", "store", "hook")
    hook = store.outbox.list(states=("pending",))[0]
    assert kept(store, message_id, days(300))
    store.outbox.delivered(hook, Receipt(), NOW + days(300))
    assert kept(store, message_id, days(306))
    assert not kept(store, message_id, days(308))


@pytest.mark.parametrize("outcome", ["held", "unrouted", "quarantined"])
def test_what_waits_for_a_person_is_kept_for_thirty_days(store: Store, outcome: str) -> None:
    message_id = take(store, outcome)
    assert kept(store, message_id, days(29))
    assert not kept(store, message_id, days(31))
    assert store.messages.get(message_id).state == outcome


def test_a_failed_post_keeps_its_mail_for_thirty_days(store: Store) -> None:
    message_id = take(store, "posted", "store", "hook")
    store.outbox.failed(store.outbox.list(states=("pending",))[0], "422", NOW)
    assert kept(store, message_id, days(29))
    assert not kept(store, message_id, days(31))


def test_a_failed_post_that_somebody_dropped_waits_for_nobody(store: Store) -> None:
    message_id = take(store, "posted", "hook")
    store.outbox.failed(store.outbox.list()[0], "no such channel", NOW)
    for _ in range(2):
        store.outbox.drop(store.outbox.list()[0], NOW)
    assert store.outbox.list()[0].error == "dropped by hand: no such channel"
    overview = store.overview(NOW + days(29), ("hook",), unfinished=UNFINISHED, ahead=days(2))
    assert [place.failed for place in overview.destinations] == [0]
    assert overview.letting_go == ()
    assert kept(store, message_id, days(6.9))
    assert not kept(store, message_id, days(7.1))


def test_ignored_mail_is_kept_for_a_week(store: Store) -> None:
    message_id = take(store, "ignored")
    assert kept(store, message_id, days(6))
    assert not kept(store, message_id, days(8))


def test_accepted_mail_is_never_let_go(store: Store) -> None:
    [message_id] = store.ledger.accept([RawMessage(None, None, (b"bytes",))], NOW)
    assert kept(store, message_id, days(3650))


def test_a_run_trims_a_bounded_slice(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(retention, "SLICE", 2)
    for _ in range(5):
        take(store, "ignored")
    assert [store.trim(NOW + days(8), raw=RAW, unfinished=UNFINISHED) for _ in range(4)] == [2, 2, 1, 0]


def test_trimming_looks_only_at_what_is_kept(store: Store) -> None:
    """Years of mails that were let go cost a run nothing: the search goes by the index of what is kept."""
    query = "SELECT id FROM message WHERE kept IS {} AND accepted_at < '2026-01-01' ORDER BY accepted_at"
    with store._engine.connect() as connection:
        if connection.dialect.name == "sqlite":
            plan = connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {query.format(1)}").fetchall()
        else:  # a table without rows is read as a whole where that may be
            connection.exec_driver_sql("SET LOCAL enable_seqscan = off")
            plan = connection.exec_driver_sql(f"EXPLAIN {query.format(True)}").fetchall()
    assert "ix_message_kept" in str(plan)


def skipped(store: Store) -> list[tuple[int, int]]:
    """(folder, UID) of the mails known not to be ours."""
    with store._engine.connect() as connection:
        return [tuple(row) for row in connection.exec_driver_sql("SELECT folder_id, uid FROM skipped ORDER BY 1, 2")]


def folder(store: Store, uidvalidity: int = 1, name: str = "INBOX") -> int:
    return store.ledger.position("main", name, uidvalidity, margin_s=0, overlap_s=0).folder_id


def test_mails_that_are_not_ours_are_forgotten_once_they_are_no_candidates(store: Store) -> None:
    inbox, other = folder(store), folder(store, name="Lists")
    for each in (inbox, other):
        store.ledger.skip(each, [1, 2, 3, 4])

    store.ledger.polled(inbox, 4, NOW, (2, 4))

    assert skipped(store) == [(inbox, 2), (inbox, 4), *((other, uid) for uid in (1, 2, 3, 4))]
    assert store.ledger.unknown(inbox, [1, 2, 3, 4]) == (1, 3)


def test_nothing_is_forgotten_of_a_folder_that_was_not_listed_to_its_end(store: Store) -> None:
    inbox = folder(store)
    store.ledger.skip(inbox, [1, 2])
    store.ledger.polled(inbox, 2, NOW)
    assert skipped(store) == [(inbox, 1), (inbox, 2)]


def test_what_an_earlier_uidvalidity_left_is_forgotten(store: Store) -> None:
    before, now = folder(store, 1), folder(store, 2)
    store.ledger.skip(before, [1, 2])
    store.ledger.skip(now, [1, 2])
    store.ledger.polled(now, 2, NOW, (1, 2))
    assert skipped(store) == [(now, 1), (now, 2)]


def test_a_run_forgets_a_bounded_number(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(retention, "IDS_PER_STATEMENT", 2)
    inbox = folder(store)
    store.ledger.skip(inbox, range(1, 8))
    left = []
    for _ in range(4):
        store.ledger.polled(inbox, 7, NOW, (3,))
        left.append([uid for _, uid in skipped(store)])
    assert left == [[3, 4, 5, 6, 7], [3, 6, 7], [3], [3]]
