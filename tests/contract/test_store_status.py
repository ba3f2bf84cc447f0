"""How the store stands, in one question, on every database."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from mailpoll.model import Facts, Pause, Post, RawMessage, Reading, Receipt
from mailpoll.store import LettingGo, Overview, Store

NOW = datetime(2026, 11, 20, 9, tzinfo=UTC)
UNFINISHED = timedelta(days=30)


def looked(store: Store, *destinations: str, now: datetime = NOW) -> Overview:
    return store.overview(now, destinations, unfinished=UNFINISHED, ahead=timedelta(days=2))


def take(store: Store, at: datetime, outcome: str = "posted", *destinations: str) -> int:
    """A mail that was read at a moment."""
    [message_id] = store.ledger.accept([RawMessage(None, None, (b"bytes",))], at)
    why = "by policy" if outcome == "held" else ""
    posts = tuple(Post("dev", destination, "", "topic", "body", held=why) for destination in destinations)
    store.ledger.record([(message_id, Reading(outcome, "", Facts(content_key=str(message_id)), posts))], at)  # type: ignore[arg-type]
    return message_id


def hours(number: float) -> timedelta:
    return timedelta(hours=number)


def test_a_new_store_has_nothing(store: Store) -> None:
    overview = looked(store, "hook")
    assert (overview.newest_at, overview.polled, overview.oldest_unread, overview.letting_go) == (None, {}, None, ())
    [hook] = overview.destinations
    assert (hook.name, hook.delivered_at, hook.waiting, hook.oldest_waiting, hook.pause) == (
        "hook",
        None,
        0,
        None,
        None,
    )
    assert set(overview.messages.values()) == {0}
    assert store.addressed() == {}


def test_posts_are_counted_by_destination_and_by_who_has_to_act(store: Store) -> None:
    for ago, state in (
        (9, "delivered"),
        (8, "delivered"),
        (7, "pending"),
        (6, "delayed"),
        (5, "failed"),
        (4, "held up"),
    ):
        moment = NOW - hours(ago)
        message_id = take(store, moment, "posted", "hook")
        [delivery] = store.outbox.list(message_id=message_id)
        match state:
            case "delivered":
                store.outbox.delivered(delivery, Receipt(), moment)
            case "delayed":
                store.outbox.delayed(delivery, NOW + hours(1), "busy", moment)
            case "failed":
                store.outbox.failed(delivery, "refused", moment)
            case "held up":
                store.outbox.uncertain(delivery, None, "no answer", moment)
    take(store, NOW - hours(3), "held", "other")
    store.outbox.pause(Pause("closed", "because", NOW))
    overview = looked(store)
    assert overview.newest_at == NOW - hours(3)
    hook, other, closed = sorted(overview.destinations, key=lambda place: ["hook", "other", "closed"].index(place.name))
    assert hook.delivered_at == NOW - hours(8)
    assert (hook.waiting, hook.oldest_waiting) == (2, NOW - hours(7))
    assert (hook.failed, hook.uncertain, hook.held) == (1, 1, 0)
    assert (other.waiting, other.held) == (0, 1)
    assert closed.pause == Pause("closed", "because", NOW)


def test_an_uncertain_post_that_is_tried_again_waits(store: Store) -> None:
    [delivery] = store.outbox.list(message_id=take(store, NOW, "posted", "hook"))
    store.outbox.uncertain(delivery, NOW + hours(1), "no answer", NOW)
    [hook] = looked(store).destinations
    assert (hook.waiting, hook.uncertain) == (1, 0)


def test_of_a_renumbered_folder_the_later_poll_counts(store: Store) -> None:
    for uidvalidity, ago in ((1, 5), (2, 3)):
        position = store.ledger.position("main", "INBOX", uidvalidity, margin_s=0, overlap_s=0)
        store.ledger.polled(position.folder_id, 0, NOW - hours(ago))
    store.ledger.position("main", "Lists", 1, margin_s=0, overlap_s=0)
    assert looked(store).polled == {("main", "INBOX"): NOW - hours(3), ("main", "Lists"): None}


def test_what_will_be_let_go_is_what_retention_then_lets_go(store: Store) -> None:
    take(store, NOW, "quarantined")
    take(store, NOW + hours(5), "quarantined")
    take(store, NOW + hours(200), "quarantined")
    take(store, NOW, "ignored")
    assert looked(store, now=NOW + timedelta(days=27)).letting_go == ()
    soon = NOW + timedelta(days=28, hours=6)
    assert looked(store, now=soon).letting_go == (LettingGo("quarantined", 2, NOW + timedelta(days=30)),)
    store.trim(soon + timedelta(days=2), raw=timedelta(days=300), unfinished=UNFINISHED)
    assert [entry.has_raw for entry in store.messages.list(states=("quarantined",))] == [True, False, False]


def test_mails_that_were_not_dealt_with_are_counted(store: Store) -> None:
    take(store, NOW, "unrouted")
    take(store, NOW, "ignored")
    store.ledger.accept([RawMessage(None, None, (b"new",))], NOW - hours(2))
    overview = looked(store)
    assert overview.messages == {"accepted": 1, "held": 0, "unrouted": 1, "quarantined": 0}
    assert overview.oldest_unread == NOW - hours(2)


def test_channels_that_an_address_leads_to_are_counted(store: Store) -> None:
    store.channels.add("dev", [("hook", "")], NOW)
    store.channels.add("ops", [("hook", "")], NOW)
    store.channels.add_address("dev", "one", NOW)
    store.channels.add_address("dev", "two", NOW)
    assert store.addressed() == {"dev": 2}
    assert [place.name for place in looked(store).destinations] == ["hook"]
