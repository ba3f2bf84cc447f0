"""store.ledger and store.messages: what came in, and what it led to."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from msgspec.structs import replace

from mailpoll.errors import ConfigError, TemporaryFailure
from mailpoll.model import Facts, Post, RawMessage, Reading
from mailpoll.store import Store, idempotency_key

NOW = datetime(2026, 11, 20, 8, 0, tzinfo=UTC)
HOUR = 3600.0


def folder_of(store: Store, name: str = "INBOX", uidvalidity: int = 1) -> int:
    return store.ledger.position("main", name, uidvalidity, margin_s=HOUR, overlap_s=2 * HOUR).folder_id


def take(store: Store, *uids: int, folder: int | None = None, oversize_of: int = 0) -> tuple[int, ...]:
    mails = [RawMessage(uid, NOW, (b"mail %d" % uid,), oversize_of) for uid in uids]
    return store.ledger.accept(mails, NOW, folder_id=folder_of(store) if folder is None else folder)


def reading(*posts: Post, key: str = "k", outcome: str = "posted") -> Reading:
    if outcome == "held":
        posts = tuple(replace(post, held="why") for post in posts)
    return Reading(outcome, "", Facts(content_key=key), posts)  # type: ignore[arg-type]


def post(destination: str = "hook", channel: str = "dev", place: str = "") -> Post:
    return Post(channel, destination, place, "Topic", "Body")


def states(store: Store) -> list[str]:
    return [delivery.state for delivery in store.outbox.list()]


def test_a_folder_begins_an_hour_before_the_store(store: Store) -> None:
    position = store.ledger.position("main", "INBOX", 1, margin_s=HOUR, overlap_s=2 * HOUR)
    assert (position.floor, position.mark) == (None, 0)
    assert position.new_since < datetime.now(UTC) - timedelta(minutes=59)
    assert store.ledger.position("main", "INBOX", 1, margin_s=HOUR, overlap_s=2 * HOUR) == position


def test_a_new_uidvalidity_begins_before_the_last_good_poll(store: Store) -> None:
    first = folder_of(store)
    store.ledger.polled(first, 7, NOW)
    position = store.ledger.position("main", "INBOX", 2, margin_s=HOUR, overlap_s=2 * HOUR)
    assert position.folder_id != first
    assert position.new_since == NOW - timedelta(hours=2)


def test_the_mark_never_falls(store: Store) -> None:
    folder = folder_of(store)
    for mark in (7, 5):
        store.ledger.polled(folder, mark, NOW)
    assert store.ledger.position("main", "INBOX", 1, margin_s=0, overlap_s=0).mark == 7
    store.ledger.set_floor(folder, 3, mark=4)
    position = store.ledger.position("main", "INBOX", 1, margin_s=0, overlap_s=0)
    assert (position.floor, position.mark) == (3, 4)


def test_unknown_are_the_uids_nobody_decided(store: Store) -> None:
    folder = folder_of(store)
    take(store, 2)
    store.ledger.skip(folder, [3])
    assert store.ledger.unknown(folder, [1, 2, 3, 4]) == (1, 4)
    assert store.ledger.unknown(folder_of(store, "Other"), [2, 3]) == (2, 3)
    assert len(store.ledger.unknown(folder, range(1, 25_001))) == 24_998


def test_a_uid_is_accepted_once(store: Store) -> None:
    assert len(take(store, 1, 2)) == 2
    assert len(take(store, 2, 3)) == 1
    assert [entry.uid for entry in store.messages.list()] == [3, 2, 1]


def test_mails_without_a_uid_are_each_accepted(store: Store) -> None:
    same = RawMessage(None, None, (b"x",))
    assert len(store.ledger.accept([same, same], NOW, sent_to="dev")) == 2
    assert [unread.sent_to for unread in store.ledger.unread(10)] == ["dev", "dev"]
    assert [unread.account for unread in store.ledger.unread(10)] == ["", ""]


def test_bytes_come_back_as_they_were(store: Store) -> None:
    chunks = (bytes(range(256)) * 4000, b"", b"\r\n.\r\n")
    [message_id] = store.ledger.accept([RawMessage(None, None, chunks)], NOW)
    assert b"".join(store.ledger.chunks(message_id)) == b"".join(chunks)
    assert list(store.ledger.chunks(99)) == []


def test_attempts_are_counted_and_given_back(store: Store) -> None:
    first, second = take(store, 1, 2)
    store.ledger.begin_reading([first, second])
    store.ledger.begin_reading([first])
    store.ledger.give_back([second])
    assert [unread.attempts for unread in store.ledger.unread(10)] == [2, 0]
    store.ledger.begin_reading([])


def test_a_post_to_the_store_is_delivered_at_once(store: Store) -> None:
    [message_id] = take(store, 1)
    store.ledger.record([(message_id, reading(post("store"), post()))], NOW)
    stored, hooked = store.outbox.list()
    assert (stored.state, stored.receipt) == ("delivered", stored.post.key)
    assert (hooked.state, hooked.due_at, hooked.receipt) == ("pending", NOW, "")
    assert hooked.post.key == idempotency_key("dev", "hook", "", "k")


def test_a_second_copy_is_a_duplicate_of_the_same_place_only(store: Store) -> None:
    first, second = take(store, 1, 2)
    store.ledger.record([(first, reading(post(), post(place="a")))], NOW)
    store.ledger.record([(second, reading(post(), post(place="b"), post(channel="ops")))], NOW)
    assert states(store) == ["pending", "pending", "duplicate", "pending", "pending"]
    assert store.outbox.list(message_id=second)[0].due_at is None


def test_two_copies_in_one_batch_make_one_post(store: Store) -> None:
    store.ledger.record([(message_id, reading(post())) for message_id in take(store, 1, 2, 3)], NOW)
    assert states(store) == ["pending", "duplicate", "duplicate"]


def test_reading_once_more_posts_only_what_is_new(store: Store) -> None:
    [message_id] = take(store, 1)
    store.ledger.record([(message_id, reading(post()))], NOW)
    store.messages.read_again(message_id)
    assert store.ledger.unread(10)[0].attempts == 0
    store.ledger.record([(message_id, reading(post(), post(channel="ops")))], NOW)
    assert [(d.post.channel, d.state) for d in store.outbox.list()] == [("dev", "pending"), ("ops", "pending")]


@pytest.mark.parametrize(("destination", "state"), [("hook", "pending"), ("store", "delivered")])
def test_a_held_post_goes_out_when_reading_again_allows_it(store: Store, destination: str, state: str) -> None:
    [message_id] = take(store, 1)
    for outcome, expected in (("held", "held"), ("held", "held"), ("posted", state)):
        store.ledger.record([(message_id, reading(post(destination), outcome=outcome))], NOW)
        assert states(store) == [expected]
        store.messages.read_again(message_id)


@pytest.mark.parametrize(("destination", "state"), [("hook", "pending"), ("store", "delivered")])
def test_a_held_post_that_is_read_again_says_what_it_says_now(store: Store, destination: str, state: str) -> None:
    """The channel marks by now what it held before: without the new body nobody would be warned."""
    [message_id] = take(store, 1)
    for number, (outcome, expected) in enumerate([("held", "held"), ("held", "held"), ("posted", state)]):
        made = replace(post(destination), topic=f"Topic {number}", body=f"Body {number}", sender=f"Sender {number}")
        store.ledger.record([(message_id, reading(made, outcome=outcome))], NOW + timedelta(hours=number))
        [delivery] = store.outbox.list()
        said = delivery.post.topic, delivery.post.body, delivery.post.sender
        assert said == (f"Topic {number}", f"Body {number}", f"Sender {number}")
        assert (delivery.state, delivery.error) == (expected, "why" if expected == "held" else "")
        assert (delivery.created_at, delivery.changed_at) == (NOW, NOW + timedelta(hours=number))
        store.messages.read_again(message_id)


@pytest.mark.parametrize(("outcome", "left"), [("ignored", []), ("unrouted", []), ("quarantined", ["held"])])
def test_a_held_post_goes_when_its_mail_makes_none_any_more(store: Store, outcome: str, left: list[str]) -> None:
    [message_id] = take(store, 1)
    store.ledger.record([(message_id, reading(post(), outcome="held"))], NOW)
    store.messages.read_again(message_id)
    store.ledger.record([(message_id, reading(outcome=outcome))], NOW)
    assert states(store) == left


def test_of_a_mail_that_is_read_again_only_what_is_held_goes(store: Store) -> None:
    [message_id, other] = take(store, 1, 2)
    held = replace(post(channel="ops"), held="why")
    store.ledger.record(
        [(message_id, reading(post(), held)), (other, reading(post(), key="other", outcome="held"))], NOW
    )
    store.messages.read_again(message_id)
    store.ledger.record([(message_id, reading())], NOW)
    assert [(d.message_id, d.post.channel, d.state) for d in store.outbox.list()] == [
        (message_id, "dev", "pending"),
        (other, "dev", "held"),
    ]


@pytest.mark.parametrize("together", [True, False], ids=["in one batch", "in two"])
@pytest.mark.parametrize("outcomes", [("held", "posted"), ("posted", "held")])
def test_a_copy_that_is_held_gives_way_to_one_that_may_be_posted(
    store: Store, outcomes: tuple[str, str], together: bool
) -> None:
    """One came by an address limited to some senders, the other by an address for everybody."""
    read = [(number, reading(post(), outcome=o)) for number, o in zip(take(store, 1, 2), outcomes, strict=True)]
    for batch in [read] if together else [[each] for each in read]:
        store.ledger.record(batch, NOW)
    by_message = {d.message_id: (d.state, d.due_at, d.post.body) for d in store.outbox.list()}
    free, limited = (number for number, _ in sorted(read, key=lambda each: each[1].outcome, reverse=True))
    assert by_message == {free: ("pending", NOW, "Body"), limited: ("duplicate", None, "")}
    if outcomes == ("held", "posted"):
        assert store.messages.release(limited, NOW) == 0


def test_a_duplicate_that_is_read_again_is_listed_once(store: Store) -> None:
    first, second = take(store, 1, 2)
    store.ledger.record([(number, reading(post())) for number in (first, second)], NOW)
    for number in (second, first, second):
        store.messages.read_again(number)
        store.ledger.record([(number, reading(post()))], NOW)
    assert [(d.message_id, d.state) for d in store.outbox.list()] == [(first, "pending"), (second, "duplicate")]


@pytest.mark.parametrize(("outcome", "state"), [("posted", "read"), ("ignored", "ignored"), ("held", "held"),
                                                ("unrouted", "unrouted"), ("quarantined", "quarantined")])  # fmt: skip
def test_an_outcome_is_a_state_and_is_no_longer_unread(store: Store, outcome: str, state: str) -> None:
    [message_id] = take(store, 1)
    store.ledger.record([(message_id, reading(outcome=outcome))], NOW)
    assert store.messages.get(message_id).state == state
    assert store.messages.counts() == {state: 1}
    assert store.ledger.unread(10) == ()


# outcome · state of its delivery · oversize · after read? · after final?
AFTER = [
    ("posted", "delivered", 0, True, True),
    ("posted", "failed", 0, True, True),
    ("posted", "duplicate", 0, True, True),
    ("posted", "", 0, True, True),
    ("ignored", "", 0, True, True),
    ("posted", "pending", 0, True, False),
    ("posted", "sending", 0, True, False),
    ("posted", "delayed", 0, True, False),
    ("posted", "uncertain", 0, True, False),
    ("posted", "delivered", 9_000, True, False),
    ("held", "held", 0, True, False),
    ("unrouted", "", 0, True, False),
    ("quarantined", "", 0, False, False),
]


@pytest.mark.parametrize(("outcome", "state", "oversize", "when_read", "when_final"), AFTER)
def test_when_a_mail_may_be_touched_on_the_server(
    store: Store, outcome: str, state: str, oversize: int, when_read: bool, when_final: bool
) -> None:
    folder = folder_of(store)
    if state == "duplicate":
        [first] = store.ledger.accept([RawMessage(None, None, (b"x",))], NOW)
        store.ledger.record([(first, reading(post()))], NOW)
    [message_id] = take(store, 5, oversize_of=oversize)
    assert store.ledger.due_after(folder, final_only=False) == ()
    store.ledger.record([(message_id, reading(*[post()] if state else [], outcome=outcome))], NOW)
    for delivery in store.outbox.list(message_id=message_id, states=("pending",)):
        if state != "pending":
            store.outbox._set(delivery, NOW, state=state)
    assert store.ledger.due_after(folder, final_only=False) == ((5,) if when_read else ())
    assert store.ledger.due_after(folder, final_only=True) == ((5,) if when_final else ())
    store.ledger.after_done(folder, [5])
    assert store.ledger.due_after(folder, final_only=False) == ()


def test_one_open_post_keeps_a_mail_on_the_server(store: Store) -> None:
    [message_id] = take(store, 5)
    store.ledger.record([(message_id, reading(post("store"), post()))], NOW)
    assert store.ledger.due_after(folder_of(store), final_only=True) == ()


def test_a_message_that_was_not_fetched_asks_nothing_of_a_server(store: Store) -> None:
    [message_id] = store.ledger.accept([RawMessage(None, None, (b"x",))], NOW)
    store.ledger.record([(message_id, reading(post("store")))], NOW)
    assert store.messages.get(message_id).after == ""


def test_a_dropped_message_lets_go_of_bytes_and_posts(store: Store) -> None:
    [message_id] = take(store, 1)
    store.ledger.record([(message_id, reading(post("store"), post(), post("other")))], NOW)
    store.messages.drop(message_id, NOW)
    assert states(store) == ["delivered", "failed", "failed"]
    entry = store.messages.get(message_id)
    assert (entry.state, entry.has_raw) == ("ignored", False)


def test_a_message_is_not_dropped_while_a_post_of_it_is_sent(store: Store) -> None:
    """It would come back when the destination says later."""
    [message_id] = take(store, 1)
    store.ledger.record([(message_id, reading(post(), post("other")))], NOW)
    assert store.outbox.claim(store.outbox.list()[1], NOW)
    with pytest.raises(TemporaryFailure, match="message 1: a run is sending post 2 of it"):
        store.messages.drop(message_id, NOW)
    assert (states(store), store.messages.get(message_id).state) == (["pending", "sending"], "read")


def test_a_message_without_its_bytes_is_not_read_again(store: Store) -> None:
    """It was dropped between the question and the answer."""
    [message_id] = take(store, 1)
    store.ledger.record([(message_id, reading(outcome="held"))], NOW)
    store.messages.drop(message_id, NOW)
    for decide in (store.messages.read_again, lambda number: store.messages.release(number, NOW)):
        with pytest.raises(TemporaryFailure, match="message 1: it has changed just now"):
            decide(message_id)
    assert store.messages.get(message_id).state == "ignored"


def test_only_held_messages_are_released_and_only_read_ones_read_again(store: Store) -> None:
    [message_id] = take(store, 1)
    store.ledger.begin_reading([message_id])
    for decide in (store.messages.read_again, lambda number: store.messages.release(number, NOW)):
        with pytest.raises(TemporaryFailure, match="it has changed just now"):
            decide(message_id)
    assert (store.messages.get(message_id).state, store.messages.get(message_id).attempts) == ("accepted", 1)


def test_a_message_that_is_dropped_while_it_is_read_stays_dropped(store: Store) -> None:
    [message_id] = take(store, 1)
    store.messages.drop(message_id, NOW)
    store.ledger.record([(message_id, reading(post()))], NOW)
    assert store.messages.get(message_id).state == "ignored"
    assert store.outbox.list() == ()


def test_facts_of_a_message_come_back(store: Store) -> None:
    [message_id] = take(store, 1)
    facts = Facts("k", "a@b.example", "Ann <ann@b.example>", "Hello", NOW, ("one", "two"))
    store.ledger.record([(message_id, Reading("held", "why", facts))], NOW)
    entry = store.messages.get(message_id)
    assert (entry.account, entry.folder, entry.uid, entry.size) == ("main", "INBOX", 1, 6)
    assert Facts("k", entry.message_id, entry.sender, entry.subject, entry.date, entry.defects) == facts
    assert (entry.reason, entry.read_at) == ("why", NOW)


def test_messages_are_listed_newest_first_by_state(store: Store) -> None:
    first, second, third = take(store, 1, 2, 3)
    store.ledger.record([(second, reading(outcome="unrouted"))], NOW)
    assert [entry.id for entry in store.messages.list(limit=2)] == [third, second]
    assert [entry.id for entry in store.messages.list(states=("accepted",))] == [third, first]
    with pytest.raises(ConfigError, match="there is no message 99"):
        store.messages.get(99)
