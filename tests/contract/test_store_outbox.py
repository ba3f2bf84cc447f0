"""store.outbox and store.channels: what goes out, and where mail belongs."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from mailpoll.errors import ConfigError, TemporaryFailure
from mailpoll.model import Attachment, Delivery, Facts, Pause, Post, Quotes, RawMessage, Reading, Receipt
from mailpoll.rate import Rates, parse
from mailpoll.store import ANY, Store

NOW = datetime(2026, 11, 20, 8, 0, tzinfo=UTC)
LATER = NOW + timedelta(minutes=5)
STORE = (("store", ""),)


def deliver(store: Store, *posts: Post, now: datetime = NOW) -> tuple[Delivery, ...]:
    [message_id] = store.ledger.accept([RawMessage(None, None, (b"x",))], now)
    store.ledger.record([(message_id, Reading("posted", "", Facts(f"k{message_id}"), posts))], now)
    return store.outbox.list(message_id=message_id)


def post(destination: str = "hook", channel: str = "dev", **more: object) -> Post:
    return Post(channel, destination, "", "Topic", "Body", **more)  # type: ignore[arg-type]


def test_a_post_comes_back_whole(store: Store) -> None:
    whole = post(
        attachments=(Attachment(2, "a.pdf", "application/pdf", 9, "cid"),),
        whole_text=True, subject="S", sender="Ann", date=NOW, message_id="m", in_reply_to=("a",), references=("b",),
        address="u+t@b.example", tag="Tag", automatic="list", quotes="keep",
    )  # fmt: skip
    [delivery] = deliver(store, whole)
    assert delivery.post == Post(**{**{f: getattr(whole, f) for f in whole.__slots__}, "key": delivery.post.key})
    assert len(delivery.post.key) == 32


def test_only_one_claim_of_a_delivery_holds(store: Store, url: str) -> None:
    [delivery] = deliver(store, post())
    with Store(url) as other:
        assert other.outbox.claim(delivery, NOW)
    assert not store.outbox.claim(delivery, NOW)
    [claimed] = store.outbox.orphans()
    assert (claimed.state, claimed.attempts) == ("sending", 1)


def test_a_delivery_that_was_dropped_cannot_be_claimed(store: Store) -> None:
    [delivery] = deliver(store, post())
    store.outbox.drop(delivery, NOW)
    assert not store.outbox.claim(delivery, NOW)
    assert store.outbox.get(delivery.id).error == "dropped by hand"


def test_a_receipt_is_taken_once_its_destination_gave_it(store: Store) -> None:
    first, second, other = deliver(store, post(), post(channel="ops"), post("other"))
    for delivery, receipt in ((first, "17"), (other, "18")):
        store.outbox.delivered(delivery, Receipt(receipt), NOW)
    assert [store.outbox.taken("hook", receipt) for receipt in ("17", "18")] == [True, False]
    store.outbox.uncertain(second, LATER, "no answer", NOW)
    assert store.outbox.get(second.id).uncertain_at == NOW
    store.outbox.resend(store.outbox.get(second.id), "new", NOW)
    assert store.outbox.get(second.id).uncertain_at is None


def test_due_is_what_may_be_tried_now_in_the_order_of_arrival(store: Store) -> None:
    first, second = deliver(store, post(), post("other"))
    [third] = deliver(store, post())
    assert [d.id for d in store.outbox.due(NOW, not_to=(), limit=10)] == [first.id, second.id, third.id]
    assert [d.id for d in store.outbox.due(NOW, not_to={"other"}, limit=1)] == [first.id]
    store.outbox.delayed(first, LATER, "busy", NOW)
    store.outbox.uncertain(third, None, "no answer", NOW)
    assert [d.id for d in store.outbox.due(NOW, not_to={"other"}, limit=10)] == []
    assert [d.id for d in store.outbox.due(LATER, not_to={"other"}, limit=10)] == [first.id]


def test_destinations_take_turns_and_each_keeps_its_order(store: Store) -> None:
    """Ten thousand posts that waited for one of them hold up no other, however many there are."""
    busy = [deliver(store, post("busy"))[0].id for _ in range(12)]
    others = [deliver(store, post(f"other{number}"))[0].id for number in range(3)]
    last = deliver(store, post("other0"))[0].id
    due = [delivery.id for delivery in store.outbox.due(NOW, not_to=(), limit=100)]
    assert due == [busy[0], *others, busy[1], last, *busy[2:]]
    assert [delivery.id for delivery in store.outbox.due(NOW, not_to=(), limit=5)] == due[:5]


def test_channels_of_one_destination_take_turns(store: Store) -> None:
    flood = [deliver(store, post())[0].id for _ in range(12)]
    ops = [deliver(store, post(channel="ops"))[0].id for _ in range(2)]
    last = deliver(store, post("other", channel="news"))[0].id
    due = [delivery.id for delivery in store.outbox.due(NOW, not_to=(), limit=100)]
    assert due == [flood[0], last, ops[0], flood[1], ops[1], *flood[2:]]
    assert [delivery.id for delivery in store.outbox.due(NOW, not_to=(), limit=3)] == due[:3]


def test_who_was_served_longest_ago_comes_first_however_many_there_are(store: Store) -> None:
    """More channels than are asked for at once: none is always the last."""
    for _ in range(2):
        for number in range(120):
            deliver(store, post(channel=f"c{number:03}"))
    served: list[str] = []
    for turn in range(12):
        some = store.outbox.due(NOW, not_to=(), limit=10)
        moment = NOW + timedelta(seconds=turn)
        assert all(store.outbox.claim(delivery, moment) for delivery in some)
        served += [delivery.post.channel for delivery in some]
    assert len(set(served)) == len(served) == 120


FIVE = Rates(parse("5/1m"))


def claim(store: Store, number: int, now: datetime, rates: Rates = FIVE, channel: str = "dev") -> int:
    """How many of `number` more posts of a channel may leave now."""
    return sum(store.outbox.claim(deliver(store, post(channel=channel), now=now)[0], now, rates) for _ in range(number))


def at(seconds: float) -> datetime:
    return NOW + timedelta(seconds=seconds)


def test_no_more_than_the_limit_leave_in_any_minute(store: Store) -> None:
    """The window slides: it is no calendar minute."""
    assert [claim(store, 3, at(0)), claim(store, 4, at(30))] == [3, 2]
    assert claim(store, 1, at(59.9)) == 0
    assert [claim(store, 4, at(60)), claim(store, 1, at(89.9)), claim(store, 3, at(90))] == [3, 0, 2]


def test_all_windows_of_a_limit_hold(store: Store) -> None:
    rates = Rates(parse("3/1m 5/5m 6/1h"))
    assert [claim(store, 4, at(60 * minute), rates) for minute in (0, 1, 2, 5, 10, 60)] == [3, 2, 0, 1, 0, 3]


def test_limits_are_those_of_one_channel_to_one_destination(store: Store) -> None:
    assert [claim(store, 6, NOW), claim(store, 6, NOW, channel="ops")] == [5, 5]
    other = deliver(store, post("other"))[0]
    assert store.outbox.claim(other, NOW, FIVE)


def test_a_channel_has_a_limit_of_its_own_or_none(store: Store) -> None:
    store.channels.add("dev", STORE, NOW, rate="2/1m")
    store.channels.add("ops", STORE, NOW, rate="none")
    assert [claim(store, 6, NOW), claim(store, 6, NOW, channel="ops"), claim(store, 6, NOW, channel="x")] == [2, 6, 5]
    [backlog, _] = store.outbox.backlogs(NOW, FIVE)
    assert (backlog.channel, backlog.destination, backlog.posts, backlog.since) == ("dev", "hook", 4, NOW)
    assert backlog.opens_at == at(60)


def test_the_gateway_counts_all_that_leaves(store: Store) -> None:
    rates = Rates(gateway=parse("4/1m"))
    assert [claim(store, 3, NOW, rates), claim(store, 3, NOW, rates, channel="ops")] == [3, 1]
    assert store.outbox.due(NOW, not_to=(), limit=10, rates=rates) == ()
    assert store.outbox.opens_at(NOW, not_to=(), rates=rates) == at(60)
    assert [each.posts for each in store.outbox.backlogs(NOW, rates)] == [2]
    assert len(store.outbox.due(at(60), not_to=(), limit=10, rates=rates)) == 2


def test_what_waits_for_a_limit_is_not_due_and_is_not_touched(store: Store) -> None:
    assert claim(store, 8, NOW) == 5
    waiting = store.outbox.list(states=("pending",))
    other = deliver(store, post(channel="ops"))[0]
    assert [d.id for d in store.outbox.due(NOW, not_to=(), limit=10, rates=FIVE)] == [other.id]
    assert store.outbox.list(states=("pending",)) == (*waiting, other)
    assert all(delivery.attempts == 0 for delivery in waiting)
    assert store.outbox.claim(other, NOW, FIVE)
    assert store.outbox.next_due(NOW, FIVE) == NOW  # what is on its way
    store.outbox.delivered(other, Receipt(), NOW)
    for sent in store.outbox.list(states=("sending",)):
        store.outbox.delivered(sent, Receipt(), NOW)
    assert store.outbox.next_due(NOW, FIVE) == store.outbox.opens_at(NOW, not_to=(), rates=FIVE) == at(60)
    assert store.outbox.next_due(NOW, FIVE, early=timedelta(seconds=10)) == at(50)
    assert store.outbox.opens_at(NOW, not_to=("hook",), rates=FIVE) is None
    assert [d.id for d in store.outbox.due(at(60), not_to=(), limit=10, rates=FIVE)] == [d.id for d in waiting]


def test_a_claim_of_a_run_that_was_killed_counts(store: Store, url: str) -> None:
    with Store(url) as killed:
        assert claim(killed, 5, NOW) == 5
    assert len(store.outbox.orphans()) == 5
    for orphan in store.outbox.orphans():
        store.outbox.uncertain(orphan, NOW, "the run ended", NOW)
    assert store.outbox.due(at(59), not_to=(), limit=10, rates=FIVE) == ()
    assert len(store.outbox.due(at(60), not_to=(), limit=10, rates=FIVE)) == 5


def test_two_processes_count_together(store: Store, url: str) -> None:
    posts = [deliver(store, post())[0] for _ in range(8)]
    with Store(url) as other:
        claims = [(store, other)[n % 2].outbox.claim(each, NOW, FIVE) for n, each in enumerate(posts)]
    assert claims == [True] * 5 + [False] * 3


@pytest.mark.parametrize(
    "jump", [timedelta(days=3650), timedelta(hours=3), timedelta(minutes=2), timedelta(seconds=45)]
)
def test_a_clock_that_was_ahead_closes_nothing_for_longer_than_two_windows(store: Store, jump: timedelta) -> None:
    assert claim(store, 6, NOW + jump) == 5
    for seconds in range(0, 300, 7):
        opens_at = store.outbox.opens_at(at(seconds), not_to=(), rates=FIVE)
        assert opens_at is None or opens_at <= at(seconds + 120)
    assert claim(store, 6, at(300)) == 5


def test_what_a_clock_far_ahead_put_off_is_due(store: Store) -> None:
    """One run with the clock of a machine without a battery must not delay a post by years."""
    first, second = deliver(store, post(), post("other"))
    store.outbox.delayed(first, NOW + timedelta(days=3650), "busy", NOW + timedelta(days=3650))
    store.outbox.delayed(second, NOW + timedelta(days=1), "busy", NOW)
    assert [d.id for d in store.outbox.due(NOW, not_to=(), limit=10)] == [first.id]


def test_each_end_of_an_attempt_is_kept(store: Store) -> None:
    deliveries = [deliver(store, post())[0] for _ in range(5)]
    for delivery in deliveries:
        assert store.outbox.claim(delivery, NOW)
    outbox = store.outbox
    outbox.delivered(deliveries[0], Receipt("r", "https://x.example"), LATER)
    outbox.delayed(deliveries[1], LATER, "busy", NOW)
    outbox.uncertain(deliveries[2], LATER, "no answer", NOW)
    outbox.failed(deliveries[3], "refused", NOW)
    outbox.unclaim(deliveries[4], "401", NOW)
    got = [outbox.get(delivery.id) for delivery in deliveries]
    assert [d.state for d in got] == ["delivered", "delayed", "uncertain", "failed", "delayed"]
    assert [d.attempts for d in got] == [1, 1, 1, 1, 0]
    assert [d.due_at for d in got] == [None, LATER, LATER, None, NOW]
    assert [d.error for d in got] == ["", "busy", "no answer", "refused", "401"]
    assert (got[0].receipt, got[0].receipt_url, got[2].uncertain_at) == ("r", "https://x.example", NOW)
    assert outbox.counts() == {"delivered": 1, "delayed": 2, "uncertain": 1, "failed": 1}
    assert outbox.counts("ops") == {}
    assert outbox.waiting() == {"hook": 3}


def test_a_retry_begins_anew_under_the_same_key(store: Store) -> None:
    [delivery] = deliver(store, post())
    store.outbox.claim(delivery, NOW)
    store.outbox.failed(delivery, "refused", NOW)
    store.outbox.retry(store.outbox.get(delivery.id), LATER)
    got = store.outbox.get(delivery.id)
    assert (got.state, got.attempts, got.due_at, got.error, got.post.key) == (
        "pending",
        0,
        LATER,
        "",
        delivery.post.key,
    )
    store.outbox.resend(got, "new key", LATER)
    assert store.outbox.get(delivery.id).post.key == "new key"


def test_what_a_person_decides_holds_only_for_the_state_they_saw(store: Store) -> None:
    [seen] = deliver(store, post())
    assert store.outbox.claim(seen, NOW)
    for decide in (store.outbox.drop, store.outbox.retry):
        with pytest.raises(TemporaryFailure, match="a run has changed it just now"):
            decide(seen, NOW)
    assert store.outbox.get(seen.id).state == "sending"


def test_all_that_waits_for_one_destination_is_made_due(store: Store) -> None:
    delayed, other = deliver(store, post(), post("other"))
    pending, uncertain, held, final = (deliver(store, post())[0] for _ in range(4))
    for delivery in (delayed, other):
        store.outbox.delayed(delivery, NOW + timedelta(hours=6), "busy", NOW)
    store.outbox.uncertain(uncertain, NOW + timedelta(hours=6), "no answer", NOW)
    store.outbox.uncertain(held, None, "no answer", NOW)
    store.outbox.failed(final, "refused", NOW)
    assert store.outbox.make_due("hook", LATER) == 3
    due = [d.id for d in store.outbox.due(LATER, not_to=(), limit=10)]
    assert due == [delayed.id, pending.id, uncertain.id]


def test_a_pause_is_replaced_and_ended(store: Store) -> None:
    store.outbox.pause(Pause("hook", "401", NOW, "h1"))
    store.outbox.pause(Pause("hook", "403", LATER, "h2"))
    assert store.outbox.pauses() == (Pause("hook", "403", LATER, "h2"),)
    assert store.outbox.resume("hook")
    assert not store.outbox.resume("hook")


def test_a_channel_comes_back_as_it_was_made(store: Store) -> None:
    store.channels.add(
        "dev", [("hook", "a"), ("store", ""), ("hook", "a")], NOW, topic="", prefix="p ", options=["full"]
    )
    channel = store.channels.get("dev")
    assert channel.targets == (("hook", "a"), ("store", ""))
    assert (channel.enabled, channel.topic, channel.prefix, channel.options) == (True, "", "p ", ("full",))
    assert channel.created_at == NOW
    with pytest.raises(ConfigError, match="there is a channel dev already"):
        store.channels.add("dev", STORE, NOW)
    with pytest.raises(ConfigError, match="There are: dev"):
        store.channels.get("dve")


def test_a_channel_has_its_own_quotes_or_none(store: Store) -> None:
    store.channels.add("dev", STORE, NOW, quotes="keep", address="t1")
    store.channels.add("ops", STORE, NOW, address="t2")
    expected: dict[str, Quotes | None] = {"dev": "keep", "ops": None}
    for _ in range(2):
        assert {channel.name: channel.quotes for channel in store.channels.list()} == expected
        assert {known.channel: known.quotes for known in store.channels.lookup(["t1", "t2"]).values()} == expected
        assert {known.channel: known.quotes for known in store.channels.addresses()} == expected
        by_name = [store.channels.as_address(name) for name in expected]
        assert {known.channel: known.quotes for known in by_name if known} == expected
        store.channels.set("dev", quotes=None)
        store.channels.set("ops", quotes="email-reply-parser")
        expected = {"dev": None, "ops": "email-reply-parser"}


def test_a_channel_is_not_made_when_its_token_is_taken(store: Store) -> None:
    store.channels.add("dev", STORE, NOW, address="t")
    with pytest.raises(ConfigError, match="in use already"):
        store.channels.add("ops", STORE, NOW, address="t")
    assert [channel.name for channel in store.channels.list()] == ["dev"]


def test_a_token_is_found_exactly_and_with_everything_routing_needs(store: Store) -> None:
    store.channels.add("dev", STORE, NOW, topic="channel's", options=["show-sender"])
    store.channels.add_address(
        "dev", "t1", NOW, options=["full"], topic="own", allow_from=["a.example"], expires_at=LATER
    )
    store.channels.add_address("dev", "t2", NOW)
    found = store.channels.lookup(["t1", "t2", "T1", "t"])
    assert set(found) == {"t1", "t2"}
    assert (found["t1"].topic, found["t2"].topic) == ("own", "channel's")
    assert (found["t1"].channel_options, found["t1"].options) == (("show-sender",), ("full",))
    assert (found["t1"].allow_from, found["t1"].expires_at) == (("a.example",), LATER)
    assert found["t1"].targets == STORE
    store.channels.add_address("dev", ANY, NOW)
    assert set(store.channels.lookup([])) == {ANY}


def test_what_is_disabled_is_still_found(store: Store) -> None:
    store.channels.add("dev", STORE, NOW, address="t")
    store.channels.set_address("t", enabled=False)
    store.channels.set("dev", enabled=False)
    known = store.channels.lookup(["t"])["t"]
    assert (known.enabled, known.channel_enabled) == (False, False)


def test_a_removed_channel_takes_its_addresses_along_and_leaves_its_posts(store: Store) -> None:
    store.channels.add("dev", STORE, NOW, address="t")
    deliver(store, post())
    store.channels.remove("dev")
    assert store.channels.lookup(["t"]) == {}
    assert len(store.outbox.list(channel="dev")) == 1
    store.channels.add("dev", (("hook", ""),), NOW)
    assert store.channels.get("dev").targets == (("hook", ""),)


def test_a_rotation_keeps_all_but_the_token(store: Store) -> None:
    store.channels.add("dev", STORE, NOW, topic="channel's")
    store.channels.add_address("dev", "old", NOW, options=["full"], allow_from=["a.example"], expires_at=LATER)
    store.channels.rotate("old", "new", NOW, LATER + timedelta(days=1))
    old, new = store.channels.addresses("dev")
    assert (old.expires_at, new.expires_at) == (LATER, LATER)
    assert (new.options, new.allow_from) == (old.options, old.allow_from)
    store.channels.set("dev", topic="another")
    assert store.channels.lookup(["new"])["new"].topic == "another"
    with pytest.raises(ConfigError, match="no address with this token"):
        store.channels.rotate("none", "x", NOW, LATER)


def test_addresses_are_taken_over_all_or_none(store: Store) -> None:
    store.channels.add("dev", STORE, NOW, address="t0")
    many = [("big", f"t{number}", ("full",)) for number in range(1, 12_001)]
    assert store.channels.take_over([*many, ("dev", "t0", ())], STORE, NOW) == (1, 12_000)
    assert store.channels.take_over(many[:3], STORE, NOW) == (0, 0)
    for clash in ([("new", "a", ()), ("new", "t0", ())], [("new", "a", ()), ("other", "a", ())]):
        with pytest.raises(ConfigError, match="in use by another channel"):
            store.channels.take_over(clash, STORE, NOW)
    assert [channel.name for channel in store.channels.list()] == ["big", "dev"]


def test_a_channel_can_stand_for_an_address(store: Store) -> None:
    store.channels.add("dev", STORE, NOW, options=["show-sender"])
    known = store.channels.as_address("dev")
    assert known is not None
    assert (known.token, known.channel_options, known.targets) == ("", ("show-sender",), STORE)
    assert store.channels.as_address("dve") is None
