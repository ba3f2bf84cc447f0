"""store.troubles and store.refusals: what does not work, who was told, and which logins are left alone."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

from mailpoll.model import Facts, Post, RawMessage, Reading, Refusal, Trouble
from mailpoll.store import Store
from mailpoll.store.troubles import Waiting

NOW = datetime(2026, 11, 20, 8, 0, tzinfo=UTC)
LATER = NOW + timedelta(minutes=5)
TROUBLE = Trouble("account.main", 77, "account.main: refused", 1, NOW)


def test_troubles_come_back_as_they_were(store: Store) -> None:
    told = replace(TROUBLE, about="destination.hook", told_at=LATER, told=("77-0123456789ab", "passing"))
    store.troubles.save([told, TROUBLE])
    assert store.troubles.list() == (TROUBLE, told)
    changed = replace(TROUBLE, status=69, sentence="away", runs=2, told_at=LATER, told=("passing",))
    store.troubles.save([changed], ["destination.hook"])
    assert store.troubles.list() == (changed,)
    store.troubles.save([], ["account.main", "account.unknown"])
    assert store.troubles.list() == ()


def test_refusals_come_back_as_they_were(store: Store) -> None:
    first, second = Refusal("main", 1, LATER, "f"), Refusal("other", 3, NOW, "g")
    store.refusals.save([second, first])
    assert store.refusals.list() == (first, second)
    again = replace(first, failures=2, until=NOW, fingerprint="h")
    store.refusals.save([again], ["other"])
    assert store.refusals.list() == (again,)


def test_what_waits_is_counted_by_destination_and_what_was_tried_in_vain_besides(store: Store) -> None:
    for number, destination in enumerate(("hook", "hook", "hook", "hook", "ticket", "done")):
        [message_id] = store.ledger.accept([RawMessage(None, None, (b"x",))], NOW)
        post = Post("dev", destination, "", "Topic", "Body")
        store.ledger.record([(message_id, Reading("posted", "", Facts(f"k{number}"), (post,)))], NOW)
    untried, delayed, uncertain, held, ticket, done = store.outbox.list()
    store.outbox.delayed(delayed, LATER, "busy", NOW)
    store.outbox.uncertain(uncertain, LATER, "silent", NOW)
    store.outbox.uncertain(held, None, "silent for ever", NOW)
    store.outbox.failed(done, "no", NOW)
    assert store.troubles.waiting() == (Waiting("hook", 4, 2, "silent", 1), Waiting("ticket", 1, 0, ""))
    store.outbox.failed(ticket, "no", NOW)
    store.outbox.failed(untried, "no", NOW)
    assert store.troubles.waiting() == (Waiting("hook", 3, 2, "silent", 1),)
