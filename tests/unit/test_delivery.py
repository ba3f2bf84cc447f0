"""The outbox's rules: when a post is tried again, when it is given up, when a destination is closed."""

from __future__ import annotations

import threading
from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any, Literal

import pytest
from msgspec.structs import replace

from mailpoll.delivery import AT_ONCE, Attempt, Content, Courier
from mailpoll.errors import (
    AccessDenied,
    Bug,
    ConfigError,
    DestinationRefused,
    Later,
    MailpollError,
    PermanentFailure,
    TemporaryFailure,
    Unanswered,
    Unavailable,
)
from mailpoll.model import Attachment, Delivery, Finding, Limits, Options, Original, Pause, Post, Receipt, Rest, Thread
from mailpoll.posting import MOST_OCTETS
from mailpoll.rate import Rates
from mailpoll.retry import GIVE_UP_S, RETRY_AFTER_S, retry_delay

START = datetime(2026, 11, 20, 9, 0, tzinfo=UTC)


@dataclass
class Outbox:
    """The outbox of the store, in memory."""

    deliveries: dict[int, Delivery] = field(default_factory=dict)
    paused: dict[str, Pause] = field(default_factory=dict)
    resting: dict[str, Rest] = field(default_factory=dict)

    def rests(self) -> tuple[Rest, ...]:
        return tuple(self.resting.values())

    def rest(self, rest: Rest) -> None:
        self.resting[rest.destination] = rest

    def rested(self, destination: str) -> None:
        self.resting.pop(destination, None)

    def orphans(self) -> tuple[Delivery, ...]:
        return tuple(d for d in self.deliveries.values() if d.state == "sending")

    def due(self, now: datetime, *, not_to: Collection[str], limit: int, rates: Rates) -> tuple[Delivery, ...]:
        waiting = (d for d in self.deliveries.values() if d.state in ("pending", "delayed", "uncertain"))
        due = (d for d in waiting if d.due_at is not None and d.due_at <= now)
        return tuple(d for d in due if d.post.destination not in not_to)[:limit]

    def opens_at(self, now: datetime, *, not_to: Collection[str], rates: Rates) -> datetime | None:
        return None

    def claim(self, delivery: Delivery, now: datetime, rates: Rates) -> bool:
        self._set(delivery, state="sending", attempts=delivery.attempts + 1)
        return True

    def thread_of(self, delivery: Delivery, now: datetime) -> Thread:
        return Thread(f"root of {delivery.post.key}")

    def delivered(self, delivery: Delivery, receipt: Receipt, now: datetime) -> None:
        self._set(delivery, state="delivered", due_at=None, error="", receipt=receipt.id)

    def delayed(self, delivery: Delivery, due_at: datetime | None, error: str, now: datetime) -> None:
        self._set(delivery, state="delayed", due_at=due_at, error=error)

    def unclaim(self, delivery: Delivery, error: str, now: datetime) -> None:
        self._set(delivery, state="delayed", due_at=now, error=error, attempts=delivery.attempts)

    def uncertain(self, delivery: Delivery, due_at: datetime | None, error: str, now: datetime) -> None:
        self._set(delivery, state="uncertain", due_at=due_at, error=error, uncertain_at=now)

    def taken(self, destination: str, receipt: str) -> bool:
        return receipt in {each.receipt for each in self.deliveries.values() if each.post.destination == destination}

    def failed(self, delivery: Delivery, error: str, now: datetime) -> None:
        self._set(delivery, state="failed", due_at=None, error=error)

    def pauses(self) -> tuple[Pause, ...]:
        return tuple(self.paused.values())

    def pause(self, pause: Pause) -> None:
        self.paused[pause.destination] = pause

    def resume(self, destination: str) -> bool:
        return self.paused.pop(destination, None) is not None

    def _set(self, delivery: Delivery, **values: Any) -> None:
        self.deliveries[delivery.id] = replace(self.deliveries[delivery.id], **values)


class Hook:
    """A destination that answers as told: errors are raised, the last answer is repeated."""

    limits = Limits()

    def __init__(
        self, *answers: Exception | None, askable: bool = False, on_uncertain: Literal["repost", "hold"] = "repost"
    ) -> None:
        self.taken: list[str] = []
        self.threads: list[str] = []
        self.arrived: set[str] = set()
        self.asked: list[tuple[str, datetime]] = []
        self.trouble: Exception | None = None
        self.askable, self.on_uncertain = askable, on_uncertain
        self._answers = list(answers) or [None]

    def post(self, post: Post, content: object) -> Receipt:
        self.taken.append(post.key)
        self.threads.append(post.thread)
        answer = self._answers.pop(0) if len(self._answers) > 1 else self._answers[0]
        if answer is not None:
            raise answer
        return Receipt(id=f"receipt of {post.key}")

    def find(self, post: Post, since: datetime, taken: Callable[[str], bool]) -> Receipt | None:
        self.asked.append((post.key, since))
        if self.trouble is not None:
            raise self.trouble
        return next((Receipt(id=id_) for id_ in sorted(self.arrived) if not taken(id_)), None)

    def check(self) -> tuple[Finding, ...]:
        return ()


class World:
    """Posts on their way to destinations, and a clock that is put on by hand."""

    def __init__(self, posts: int = 1, /, **hooks: Hook | MailpollError) -> None:
        self.now = START
        self.hooks = hooks
        self.settings = "as they were"
        self.told: list[Attempt] = []
        self.outbox = Outbox()
        self.content: Any = None
        for number in range(1, posts + 1):
            for name in hooks:
                self.add(name, f"{name}{number}")

    def add(self, destination: str, key: str, **values: Any) -> None:
        number = len(self.outbox.deliveries) + 1
        post = Post("dev", destination, "", "Topic", "Body", key=key)
        delivery = Delivery(number, number, "pending", 0, post, self.now, self.now, self.now)
        self.outbox.deliveries[number] = replace(delivery, **values)

    def run(self, *, patience_s: float = 20.0, **wind: float) -> list[str]:
        """One run, after some time; returns what is told, as "key state"."""
        self.now += timedelta(**wind)
        self.told = []
        courier = self.courier(patience_s)
        courier.start()
        while courier.step():
            pass
        return [f"{attempt.delivery.post.key} {attempt.state}" for attempt in self.told]

    def courier(self, patience_s: float) -> Courier:
        """One that has not started; patient, it tells of several destinations in their order."""
        return Courier(
            self.outbox,
            self,
            lambda _: self.content,
            now=lambda: self.now,
            jitter=lambda: 0.0,
            told=self.told.append,
            paused=lambda _: None,
            patience_s=patience_s,
        )

    def make(self, name: str) -> Hook:
        hook = self.hooks[name]
        if isinstance(hook, MailpollError):
            raise hook
        return hook

    def settings_hash(self, name: str) -> str:
        return self.settings

    @property
    def states(self) -> list[str]:
        return [delivery.state for delivery in self.outbox.deliveries.values()]

    @property
    def first(self) -> Delivery:
        return self.outbox.deliveries[1]


MINUTE, HOUR = 60, 3600
SCHEDULE = (
    MINUTE, 5 * MINUTE, 10 * MINUTE, 10 * MINUTE, 10 * MINUTE, 15 * MINUTE, 30 * MINUTE, HOUR, 2 * HOUR, 6 * HOUR,
    6 * HOUR, 6 * HOUR,
)  # fmt: skip


@pytest.mark.parametrize(("attempt", "seconds"), list(enumerate(SCHEDULE, start=1)))
def test_the_retry_schedule(attempt: int, seconds: int) -> None:
    assert retry_delay(attempt, None, 0.0) == timedelta(seconds=seconds)


@pytest.mark.parametrize("attempt", [1, 5, 10, 30])
def test_jitter_spreads_a_delay_by_a_tenth_at_most(attempt: int) -> None:
    middle = retry_delay(attempt, None, 0.0)
    assert retry_delay(attempt, None, -1.0) == middle * 0.9
    assert retry_delay(attempt, None, 1.0) == middle * 1.1


@pytest.mark.parametrize(
    ("retry_after", "seconds"),
    [(None, 60), (0.0, 60), (30.0, 60), (61.0, 61), (7200.0, 7200), (86400.0, 86400), (10.0**9, 86400)],
)
def test_a_destination_may_ask_for_more_time_up_to_a_day(retry_after: float | None, seconds: float) -> None:
    assert retry_delay(1, retry_after, 0.0) == timedelta(seconds=seconds)


def test_a_post_is_tried_on_schedule_and_given_up_after_five_days() -> None:
    world = World(hook=Hook(TemporaryFailure("answered 503", about="https://example.com")))
    waits = []
    while world.run() == ["hook1 delayed"]:
        assert world.first.due_at
        waits.append((world.first.due_at - world.now).total_seconds())
        world.now = world.first.due_at
    assert tuple(waits[: len(SCHEDULE)]) == SCHEDULE
    assert set(waits[len(SCHEDULE) :]) == {6 * HOUR}
    age = (world.now - START).total_seconds()
    assert GIVE_UP_S < age <= GIVE_UP_S + 6 * HOUR
    assert world.states == ["failed"]
    assert world.first.error == "https://example.com: given up after 5 days: answered 503"
    [told] = world.told
    assert told.error
    assert (told.error.exit_status, told.again) == (65, False)


@pytest.mark.parametrize("attempts", [0, 1, len(RETRY_AFTER_S) - 1])
def test_a_post_that_only_lay_here_for_days_is_not_given_up_at_its_first_attempts(attempts: int) -> None:
    world = World(hook=Hook(TemporaryFailure("answered 503")))
    world.outbox.deliveries[1] = replace(world.first, attempts=attempts)
    assert world.run(days=30) == ["hook1 delayed"]


def test_a_run_leaves_a_destination_alone_after_its_first_trouble() -> None:
    world = World(3, dead=Hook(TemporaryFailure("refused")), alive=Hook())
    world.run()
    assert isinstance(world.hooks["dead"], Hook)
    assert world.hooks["dead"].taken == ["dead1"]
    assert world.states == ["delayed", "delivered", "pending", "delivered", "pending", "delivered"]


def test_posts_of_a_destination_go_out_in_the_order_they_came() -> None:
    hook = Hook()
    World(5, hook=hook).run()
    assert hook.taken == ["hook1", "hook2", "hook3", "hook4", "hook5"]


REFUSED = DestinationRefused("answered 401", about="https://example.com", advice="Check its secret")


def test_a_refusing_destination_is_paused_and_its_posts_keep_their_attempts() -> None:
    hook = Hook(REFUSED, None)
    world = World(2, hook=hook)
    assert world.run() == ["hook1 delayed"]
    assert world.told[0].closes
    assert (world.first.attempts, world.states) == (0, ["delayed", "pending"])
    assert world.outbox.paused["hook"].reason == "https://example.com: answered 401. Check its secret"
    assert world.run(days=10) == []
    assert hook.taken == ["hook1"]


def test_resume_ends_a_pause_and_the_posts_go_out_in_order() -> None:
    hook = Hook(REFUSED, None)
    world = World(3, hook=hook)
    world.run()
    world.outbox.resume("hook")
    assert world.run(days=10) == ["hook1 delivered", "hook2 delivered", "hook3 delivered"]


def test_changed_settings_end_a_pause() -> None:
    world = World(hook=Hook(REFUSED, None))
    world.run()
    world.settings = "changed"
    assert world.run() == ["hook1 delivered"]
    assert world.outbox.paused == {}


REMOVED = ConfigError("there is no destination 'hook'")
NO_CA = DestinationRefused("ca_file gone.pem cannot be used")


@pytest.mark.parametrize(("problem", "status"), [(REMOVED, 78), (NO_CA, 77)])
def test_a_destination_that_cannot_be_made_is_paused_with_the_status_of_its_error(
    problem: MailpollError, status: int
) -> None:
    world = World(hook=problem, other=Hook())
    world.settings = "" if problem is REMOVED else "as they were"
    assert world.run() == ["hook1 pending", "other1 delivered"]
    told = world.told[0]
    assert told.error
    assert (told.closes, told.error.exit_status) == (True, status)
    assert list(world.outbox.paused) == ["hook"]
    assert world.run(days=10) == []


@pytest.mark.parametrize("problem", [ConfigError("the command vault ended with status 1"), AccessDenied("locked")])
def test_a_secret_that_is_not_there_now_pauses_nothing_and_costs_no_attempt(problem: MailpollError) -> None:
    world = World(2, hook=problem, other=Hook())
    for _ in range(3):
        assert "hook1 delayed" in world.run()
        [told] = [attempt for attempt in world.told if attempt.error]
        assert (told.error, told.closes, told.again) == (problem, False, True)
    assert (world.first.state, world.first.attempts, world.first.error) == ("delayed", 0, str(problem))
    assert world.outbox.paused == {}
    world.hooks["hook"] = hook = Hook()
    assert world.run() == ["hook1 delivered", "hook2 delivered"]
    assert hook.taken == ["hook1", "hook2"]


def test_without_its_secret_an_uncertain_post_stays_one() -> None:
    world = World(hook=AccessDenied("locked"))
    world.outbox.deliveries[1] = replace(world.first, state="uncertain", attempts=1)
    assert world.run() == ["hook1 uncertain"]
    assert (world.first.state, world.first.attempts) == ("uncertain", 1)
    world.hooks["hook"] = hook = Hook(askable=True)
    hook.arrived = {"hook1"}
    assert world.run() == ["hook1 delivered"]
    assert hook.taken == []


def test_a_permanent_failure_is_final_and_closes_nothing() -> None:
    world = World(2, hook=Hook(PermanentFailure("answered 422"), None))
    assert world.run() == ["hook1 failed", "hook2 delivered"]
    assert world.run(days=1) == []


def test_a_bug_delays_the_post_and_is_told_as_one() -> None:
    world = World(hook=Hook(ZeroDivisionError("a secret"), None))
    assert world.run() == ["hook1 delayed"]
    assert "a secret" not in world.first.error
    [told] = world.told
    assert isinstance(told.error, Bug)
    assert isinstance(told.error.__cause__, ZeroDivisionError)
    assert (told.error.exit_status, told.again) == (70, True)
    assert world.run(minutes=2) == ["hook1 delivered"]


LOST = Unanswered("did not answer in time")


def test_an_unanswered_post_is_posted_again_under_its_key() -> None:
    hook = Hook(LOST, None)
    world = World(hook=hook)
    assert world.run() == ["hook1 uncertain"]
    assert world.told[0].again
    assert world.run() == []
    assert world.run(minutes=2) == ["hook1 delivered"]
    assert hook.taken == ["hook1", "hook1"]


def test_an_unanswered_post_is_held_where_a_double_is_worse() -> None:
    world = World(hook=Hook(LOST, None, on_uncertain="hold"))
    assert world.run() == ["hook1 uncertain"]
    assert not world.told[0].again
    assert world.first.due_at is None
    assert world.run(days=10) == []


@pytest.mark.parametrize(("arrived", "taken"), [(True, ["hook1"]), (False, ["hook1", "hook1"])])
def test_a_destination_that_can_be_asked_is_asked_before_a_post_is_repeated(arrived: bool, taken: list[str]) -> None:
    hook = Hook(LOST, None, askable=True, on_uncertain="hold")
    world = World(hook=hook)
    world.run()
    hook.arrived = {"hook1"} if arrived else set()
    assert world.run(minutes=2) == ["hook1 delivered"]
    assert hook.taken == taken


@pytest.mark.parametrize("trouble", [TemporaryFailure("away"), LOST, DestinationRefused("no such key")])
def test_a_post_that_could_not_be_asked_about_is_asked_about_again_before_it_is_repeated(trouble: Exception) -> None:
    hook = Hook(LOST, None, askable=True)
    world = World(hook=hook)
    world.run()
    hook.arrived, hook.trouble = {"hook1"}, trouble
    world.run(minutes=2)
    assert world.states[0] in ("delayed", "uncertain")
    hook.trouble = None
    world.settings = "changed"
    assert world.run(hours=2) == ["hook1 delivered"]
    assert hook.taken == ["hook1"]
    assert {since for _, since in hook.asked} == {world.first.created_at}


def test_of_two_posts_that_say_the_same_each_is_looked_for_once() -> None:
    hook = Hook(askable=True)
    world = World(hook=hook)
    world.add("hook", "hook2", state="uncertain")
    world.outbox.deliveries[1] = replace(world.first, state="uncertain")
    hook.arrived = {"a message"}
    assert world.run() == ["hook1 delivered", "hook2 delivered"]
    assert hook.taken == ["hook2"]  # the one message is that of hook1


def test_a_receiver_that_never_answers_is_not_posted_to_for_ever() -> None:
    world = World(hook=Hook(LOST))
    while world.run():
        if world.first.due_at is None:
            break
        world.now = world.first.due_at
    assert world.states == ["uncertain"]  # nobody knows: listed, and left to a person
    assert not world.told[0].again
    assert world.run(days=10) == []


@pytest.mark.parametrize(
    ("on_uncertain", "told"),
    [("repost", ["hook1 uncertain", "hook1 delivered"]), ("hold", ["hook1 uncertain"])],
)
def test_a_post_that_a_dead_run_was_sending_is_uncertain(on_uncertain: Any, told: list[str]) -> None:
    world = World(hook=Hook(on_uncertain=on_uncertain))
    world.outbox.deliveries[1] = replace(world.first, state="sending", attempts=1)
    assert world.run() == told


@pytest.mark.parametrize("problem", [REMOVED, NO_CA])
def test_a_post_that_a_dead_run_was_sending_to_a_destination_that_cannot_be_made_is_held(
    problem: MailpollError,
) -> None:
    world = World(hook=problem)
    world.settings = "" if problem is REMOVED else "as they were"
    world.outbox.deliveries[1] = replace(world.first, state="sending", attempts=1)
    assert world.run() == ["hook1 sending", "hook1 uncertain"]
    assert world.first.due_at is None
    assert list(world.outbox.paused) == ["hook"]


def test_a_post_that_a_dead_run_was_sending_is_settled_once_the_secret_is_there() -> None:
    world = World(hook=AccessDenied("locked"))
    world.outbox.deliveries[1] = replace(world.first, state="sending", attempts=1)
    assert world.run() == ["hook1 sending"]
    assert (world.first.state, world.told[0].closes) == ("sending", False)
    world.hooks["hook"] = Hook()
    assert world.run() == ["hook1 uncertain", "hook1 delivered"]


def test_a_post_that_waited_for_a_limit_is_not_given_up_for_its_age() -> None:
    """Ten days behind a limit, and then the destination is away: it is tried as often as any other."""
    world = World(hook=Hook(TemporaryFailure("busy")))
    assert world.run(days=10) == ["hook1 delayed"]
    tried = 1
    while world.states == ["delayed"]:
        tried += len(world.run(hours=6))
    assert tried == len(RETRY_AFTER_S) + 1
    assert world.states == ["failed"]


def test_a_claim_that_somebody_else_was_faster_with_posts_nothing() -> None:
    hook = Hook()
    world = World(hook=hook)
    never: Callable[..., bool] = lambda *_: bool(world.outbox.deliveries.clear())  # noqa: E731
    world.outbox.claim = never  # type: ignore[method-assign]
    assert world.run() == []
    assert hook.taken == []


@pytest.mark.parametrize(
    ("threads", "wanted", "thread"), [(True, True, "root of {key}"), (False, True, ""), (True, False, "")]
)
def test_a_post_leaves_with_its_thread_where_there_are_threads_and_it_is_wanted(
    threads: bool, wanted: bool, thread: str
) -> None:
    hook = Hook()
    hook.limits = Limits(threads=threads)
    world = World(hook=hook)
    for number, each in world.outbox.deliveries.items():
        world.outbox.deliveries[number] = replace(each, post=replace(each.post, options=Options(thread=wanted)))
    world.run()
    assert hook.threads == [thread.format(key=hook.taken[0])]


class TestRest:
    """A destination that takes nothing costs a run its wait once in a while, not once for each post that waits."""

    def test_one_that_hangs_is_tried_ever_more_seldom_however_many_posts_wait(self) -> None:
        world = World(60, hung=Hook(Unanswered("no answer")))
        tries = [len(world.run(minutes=1)) for _ in range(40)]
        assert tries[0] == 1
        assert sum(tries) <= 9

    def test_others_are_not_kept_behind_it(self) -> None:
        world = World(3, hung=Hook(Unanswered("no answer")), well=Hook())
        assert "well3 delivered" in world.run()

    def test_what_waited_goes_out_in_order_once_it_is_back(self) -> None:
        hook = Hook(TemporaryFailure("away"), TemporaryFailure("away"), TemporaryFailure("away"), None)
        world = World(4, hook=hook)
        for _ in range(3):
            world.run(minutes=15)
        world.run(minutes=15)
        world.run(hours=1)
        assert world.states == ["delivered"] * 4
        assert world.outbox.resting == {}

    @pytest.mark.parametrize("bad", [1, 3, 10, 20])
    def test_posts_it_chokes_on_do_not_keep_the_others_back(self, bad: int) -> None:
        class Choking(Hook):
            def post(self, post: Post, content: object) -> Receipt:
                if int(post.key.removeprefix("hook")) <= bad:
                    raise Later("500")
                return super().post(post, content)

        world = World(bad, hook=Choking())
        for _ in range(30):
            world.run(minutes=1)
        world.add("hook", f"hook{bad + 1}", due_at=world.now)
        waited = next(minutes for minutes in range(60) if f"hook{bad + 1} delivered" in world.run(minutes=1))
        assert waited <= 5

    def test_one_that_declines_everything_is_asked_a_few_times_in_a_run(self) -> None:
        hook = Hook(Later("503"))
        World(50, hook=hook).run()
        assert len(hook.taken) == 5

    def test_a_post_that_kills_the_run_is_not_first_for_ever(self) -> None:
        world = World(1, hook=Hook())
        world.outbox.deliveries[1] = replace(world.first, state="sending", attempts=2)
        assert world.run() == ["hook1 uncertain"]
        assert world.run(minutes=6) == ["hook1 delivered"]

    def test_a_change_of_settings_ends_the_rest(self) -> None:
        world = World(1, hook=Hook(TemporaryFailure("429", retry_after=80000.0), None))
        world.run()
        world.settings = "put right"
        world.outbox.deliveries[1] = replace(world.first, due_at=world.now)
        assert world.run() == ["hook1 delivered"]

    def test_a_bug_while_posting_to_what_must_not_run_twice_waits_for_a_person(self) -> None:
        class Buggy(Hook):
            def post(self, post: Post, content: object) -> Receipt:
                super().post(post, content)
                raise KeyError("after it left")

        world = World(1, hook=Buggy(on_uncertain="hold"))
        assert world.run() == ["hook1 uncertain"]
        assert world.run(days=1) == []

    def test_retry_after_holds_for_all_posts_of_the_destination(self) -> None:
        world = World(2, hook=Hook(TemporaryFailure("429", retry_after=1800.0), None))
        world.run()
        assert world.run(minutes=29) == []
        assert sorted(world.run(minutes=2)) == ["hook1 delivered", "hook2 delivered"]

    def test_a_clock_that_was_years_ahead_closes_nothing_for_years(self) -> None:
        world = World(1, hook=Hook(TemporaryFailure("away"), TemporaryFailure("away"), None))
        world.run()
        world.run(days=3650)
        world.now -= timedelta(days=3650)
        world.outbox.deliveries[1] = replace(world.first, due_at=world.now)  # as the outbox of the store does
        assert world.run() == ["hook1 delivered"]


class Held(Hook):
    """A destination that takes its posts and does not answer until `answer` is set; it gives up after 20 seconds."""

    def __init__(self, answer: threading.Event) -> None:
        super().__init__()
        self._answer = answer
        self._at_work = threading.Semaphore()
        self.overlapped = False

    def post(self, post: Post, content: object) -> Receipt:
        self.overlapped |= not self._at_work.acquire(blocking=False)
        if not self._answer.wait(20):
            raise Unanswered("no answer")
        self._at_work.release()
        return super().post(post, content)


class Releasing(Hook):
    """A destination whose post number `count` has the event set."""

    def __init__(self, answer: threading.Event, count: int) -> None:
        super().__init__()
        self._answer, self._count = answer, count

    def post(self, post: Post, content: object) -> Receipt:
        receipt = super().post(post, content)
        if len(self.taken) == self._count:
            self._answer.set()
        return receipt


class Looked:
    """A content that remembers which threads looked into it."""

    def __init__(self, trouble: BaseException | None = None) -> None:
        self.threads: set[int] = set()
        self._trouble = trouble

    def raw(self) -> Iterator[bytes]:
        for piece in (b"one ", b"two"):
            self.threads.add(threading.get_ident())
            if self._trouble is not None:
                raise self._trouble
            yield piece

    def part(self, number: int) -> Iterator[bytes]:
        return self.raw()

    def original(self) -> Original:
        raise NotImplementedError

    def seven_bit(self) -> Iterator[bytes]:
        return self.raw()


class Reading(Hook):
    """A destination that wants the mail; remembers it, and the thread it is called in."""

    def post(self, post: Post, content: Content) -> Receipt:  # type: ignore[override]
        self.thread = threading.get_ident()
        self.read = b"".join(content.raw())
        return super().post(post, content)


class TestBeside:
    """A post that takes its time is waited for beside the others."""

    def test_a_destination_that_hangs_delays_no_post_of_another(self) -> None:
        """It answers only once all posts of the other have left: had they waited for it, it had not."""
        all_left = threading.Event()
        hung = Held(all_left)
        world = World(5, hung=hung, well=Releasing(all_left, 5))
        told = world.run(patience_s=0.01)
        assert told[:5] == [f"well{number} delivered" for number in range(1, 6)]
        assert set(world.states) == {"delivered"}

    def test_a_destination_gets_one_post_at_a_time_in_order(self) -> None:
        all_left = threading.Event()
        hung = Held(all_left)
        World(6, hung=hung, well=Releasing(all_left, 6)).run(patience_s=0.0)
        assert not hung.overlapped
        assert hung.taken == [f"hung{number}" for number in range(1, 7)]

    def test_of_many_that_hang_so_many_are_waited_for_at_a_time(self) -> None:
        class Crowded(Hook):
            def post(self, post: Post, content: object) -> Receipt:
                with counted:
                    crowd.append(post.key)
                    most.append(len(crowd))
                    if len(crowd) == AT_ONCE:
                        full.set()
                assert full.wait(20)
                with counted:
                    crowd.remove(post.key)
                return super().post(post, content)

        counted, full = threading.Lock(), threading.Event()
        crowd: list[str] = []
        most: list[int] = []
        world = World(1, **{f"d{number}": Crowded() for number in range(AT_ONCE + 4)})
        world.run(patience_s=0.0)
        assert set(world.states) == {"delivered"}
        assert max(most) == AT_ONCE

    def test_large_files_are_on_their_way_one_after_another(self) -> None:
        met = threading.Event()
        crowd: list[str] = []

        class Alone(Hook):
            def post(self, post: Post, content: object) -> Receipt:
                crowd.append(post.key)
                if len(crowd) > 1:
                    met.set()
                met.wait(0.2)  # for another, which must not come
                crowd.remove(post.key)
                return super().post(post, content)

        def run(octets: int) -> World:
            world = World(1, **{f"d{number}": Alone() for number in range(3)})
            files = (Attachment(1, "a.bin", "application/octet-stream", octets),)
            for number, each in world.outbox.deliveries.items():
                world.outbox.deliveries[number] = replace(each, post=replace(each.post, attachments=files))
            world.run(patience_s=0.0)
            return world

        assert set(run(MOST_OCTETS).states) == {"delivered"}
        assert not met.is_set()
        assert set(run(MOST_OCTETS // 3).states) == {"delivered"}
        assert met.is_set()

    def test_what_a_post_needs_of_the_store_the_main_thread_looks_up(self) -> None:
        hook = Reading()
        world = World(hook=hook)
        world.content = content = Looked()
        assert world.run() == ["hook1 delivered"]
        assert hook.read == b"one two"
        assert content.threads == {threading.get_ident()} != {hook.thread}

    def test_a_mail_that_cannot_be_read_is_the_posts_trouble(self) -> None:
        world = World(2, hook=Reading())
        world.content = Looked(PermanentFailure("its bytes were let go"))
        assert world.run() == ["hook1 failed", "hook2 failed"]

    def test_a_store_that_fails_under_a_post_ends_the_run(self) -> None:
        world = World(2, hook=Reading())
        world.content = Looked(Unavailable("the store is gone"))
        with pytest.raises(Unavailable, match="the store is gone"):
            world.run()
        assert world.states == ["sending", "pending"]

    def test_ctrl_c_is_not_the_trouble_of_a_post(self) -> None:
        world = World(hook=Reading())
        world.content = Looked(KeyboardInterrupt())
        with pytest.raises(KeyboardInterrupt):
            world.run()
        assert world.states == ["sending"]  # the next run finds it

    def test_what_would_outlive_an_abandoned_run_is_stopped(self) -> None:
        class Program(Held):
            def stop(self) -> None:
                stopped.set()

        stopped = threading.Event()
        world = World(1, program=Program(stopped), other=Hook())
        courier = world.courier(patience_s=0.0)
        courier.start()
        assert courier.step()
        courier.abandon()
        assert stopped.is_set()
        courier.finish()
        assert world.states[0] == "delivered"
