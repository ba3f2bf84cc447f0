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
