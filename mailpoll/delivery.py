"""The outbox: claims what is due, posts it, records what came of it (DESIGN.md §2 Deliver, §8)."""

from __future__ import annotations

from collections.abc import Callable, Collection
from datetime import datetime, timedelta
from typing import Protocol

from msgspec import Struct
from msgspec.structs import replace

from mailpoll.availability import Availability, Memory
from mailpoll.errors import (
    Bug,
    DestinationRefused,
    Later,
    MailpollError,
    PermanentFailure,
    RunError,
    TemporaryFailure,
    Unanswered,
)
from mailpoll.model import Delivery, DeliveryState, Pause, Receipt, Thread
from mailpoll.posting import Content, Destination, KnowsPlaces, Landed, Posting
from mailpoll.rate import UNLIMITED, Rates
from mailpoll.retry import GIVE_UP_S, RETRY_AFTER_S, retry_delay
from mailpoll.threads import within

__all__ = ["Attempt", "Content", "Courier", "Destination", "Destinations", "KnowsPlaces", "Outbox"]


class Outbox(Memory, Protocol):
    """What delivering needs of the store."""

    def orphans(self) -> tuple[Delivery, ...]: ...

    def due(self, now: datetime, *, not_to: Collection[str], limit: int, rates: Rates) -> tuple[Delivery, ...]: ...

    def opens_at(self, now: datetime, *, not_to: Collection[str], rates: Rates) -> datetime | None: ...

    def claim(self, delivery: Delivery, now: datetime, rates: Rates) -> bool: ...

    def thread_of(self, delivery: Delivery, now: datetime) -> Thread: ...

    def delivered(self, delivery: Delivery, receipt: Receipt, now: datetime) -> None: ...

    def taken(self, destination: str, receipt: str) -> bool: ...

    def delayed(self, delivery: Delivery, due_at: datetime | None, error: str, now: datetime) -> None: ...

    def unclaim(self, delivery: Delivery, error: str, now: datetime) -> None: ...

    def uncertain(self, delivery: Delivery, due_at: datetime | None, error: str, now: datetime) -> None: ...

    def failed(self, delivery: Delivery, error: str, now: datetime) -> None: ...


class Destinations(Protocol):
    """Where destinations come from, by name; what changes when their settings do."""

    def make(self, name: str) -> Destination:
        """The destination of this name. DestinationRefused when its settings cannot be used; ConfigError when there
        are none; ConfigError or AccessDenied when a secret is not to be had."""

    def settings_hash(self, name: str) -> str:
        """What changes when its settings do; empty when there are none, or none that could be used."""


BATCH = 100
# How long others wait for what comes of a post: a service nearby has answered by then, and the posts of a quiet run
# leave one after another, as they came.
PATIENCE_S = 0.05
# How many posts are on their way at a time; each holds what it sends in memory.
AT_ONCE = 16
# How long a step waits where nothing else can be begun.
LONGEST_STEP_S = 0.3


class Attempt(Struct, frozen=True):
    """What came of one attempt, for people: the delivery, its new state, the receipt or the trouble.

    `again` says whether it is tried again by itself, `asked` whether the destination is asked for it before, `closes`
    whether the trouble paused the destination. `promise` is what its kind says of doubles, where that is known.
    """

    delivery: Delivery
    state: DeliveryState
    receipt: Receipt | None = None
    error: MailpollError | None = None
    again: bool = True
    asked: bool = False
    closes: bool = False
    promise: str = ""


class Courier:
    """Carries what is due to its destinations, to each one post at a time: the destinations take turns, and so do the
    channels of one; what is of one channel comes in the order of arrival, and waits where as many have left as `rates`
    let. A post that takes longer than `patience_s` is waited for beside the others. `advise` makes of the advice that a
    destination gives, by its name, what a person is told who is to open it again.

    A destination that could not be reached, or whose secret could not be had, is left alone for a while, one that
    refused us, or that the configuration does not know, until a person acts, as Availability has it. None costs another
    destination more than `patience_s`, once a run.

    A place of a destination that is gone or closed to us (a channel, a room, a topic) keeps back none of its other
    places: its posts fail, until a person has put it right and has them retried. Only a destination that is one place,
    as the URL of a web hook is, is paused when that is gone.
    """

    def __init__(
        self,
        outbox: Outbox,
        destinations: Destinations,
        content: Callable[[Delivery], Content],
        *,
        now: Callable[[], datetime],
        jitter: Callable[[], float],
        told: Callable[[Attempt], None],
        paused: Callable[[Pause], None],
        rates: Rates = UNLIMITED,
        patience_s: float = PATIENCE_S,
        advise: Callable[[str, str], str] = lambda _, advice: advice,
    ) -> None:
        self._outbox = outbox
        self._posting = Posting(outbox.taken)
        self._patience_s = patience_s
        self._advise = advise
        self._rates = rates
        self._destinations = destinations
        self._content = content
        self._now = now
        self._jitter = jitter
        self._told = told
        self._availability = Availability(outbox, destinations.settings_hash, now=now, jitter=jitter, paused=paused)
        self._made: dict[str, Destination] = {}
        self._slow: set[str] = set()
        self._waiting: list[Delivery] = []

    def start(self) -> None:
        """Takes up what an earlier run left: ends pauses whose settings changed, and calls `sending` uncertain."""
        self._availability.start()
        for delivery in self._outbox.orphans():
            self._settle_uncertain(delivery, Unanswered("the run ended before the answer came"))

    def step(self) -> bool:
        """Begins one delivery, or waits a moment for one; False when nothing that is due can go anywhere, and nothing
        is on its way."""
        self._hear(0.0)
        delivery = self._next()
        if delivery is None:
            waits = bool(self._posting.busy)
            self._hear(LONGEST_STEP_S)
            return waits
        name = delivery.post.destination
        self._attempt(delivery)
        self._hear(0.0 if name in self._slow else self._patience_s)
        if name in self._posting.busy:
            self._slow.add(name)
        return True

    def finish(self) -> None:
        """Waits for what is on its way: each post has its own limit of time."""
        while self._posting.busy:
            self._hear(LONGEST_STEP_S)

    def abandon(self) -> None:
        """Gives up what is on its way; the next run calls it uncertain."""
        self._posting.abandon()

    def _hear(self, patience_s: float) -> None:
        """Records what came of the next post that landed, if one did, and of all that have."""
        while self._posting.busy and (landed := self._posting.hear(patience_s)) is not None:
            self._settle(landed)
            patience_s = 0.0

    def _next(self) -> Delivery | None:
        """What can be begun now."""
        busy = self._posting.busy
        if len(busy) >= AT_ONCE:
            return None
        self._waiting = [d for d in self._waiting if d.post.destination not in self._availability.closed]
        if all(d.post.destination in busy for d in self._waiting):
            not_to = self._availability.closed | busy
            self._waiting = list(self._outbox.due(self._now(), not_to=not_to, limit=BATCH, rates=self._rates))
        free = ((n, d) for n, d in enumerate(self._waiting) if d.post.destination not in busy)
        first = next((n for n, d in free if self._posting.has_room(d)), None)
        return None if first is None else self._waiting.pop(first)

    def opens_in(self) -> float | None:
        """The seconds until a limit lets the next post leave; None where no post waits for that alone."""
        now = self._now()
        opens_at = self._outbox.opens_at(now, not_to=self._availability.closed, rates=self._rates)
        return None if opens_at is None else max((opens_at - now).total_seconds(), 0.0)

    def _claim(self, delivery: Delivery) -> bool:
        """Whether it may leave now, and is this run's. If not, what follows it in its channel may be no better off, and
        must not overtake it."""
        if self._outbox.claim(delivery, self._now(), self._rates):
            return True
        queue = _queue(delivery)
        self._waiting = [each for each in self._waiting if _queue(each) != queue]
        return False

    def _attempt(self, delivery: Delivery) -> None:
        name = delivery.post.destination
        try:
            destination = self._destination(name)
        except (RunError, DestinationRefused) as problem:
            self._unmade(delivery, problem)
            return
        if not self._claim(delivery):
            return
        delivery = self._in_thread(delivery, destination)
        self._posting.begin(delivery, destination, self._content(delivery))

    def _settle(self, landed: Landed) -> None:
        """Records what came of a post."""
        delivery, destination, name = landed.delivery, landed.destination, landed.delivery.post.destination
        try:
            receipt = landed.receipt()
        except Unanswered as problem:
            self._settle_uncertain(delivery, problem)
        except TemporaryFailure as problem:
            self._delay(delivery, problem)
        except PermanentFailure as problem:
            self._outbox.failed(delivery, str(problem), self._now())
            self._availability.answered(name)
            self._told(Attempt(delivery, "failed", error=problem, again=False))
        except DestinationRefused as problem:
            self._outbox.unclaim(delivery, str(problem), self._now())
            problem.advice = self._advise(name, problem.advice)
            self._refused(replace(delivery, state="delayed"), problem)
        except RunError:  # the store's: it ends the run
            raise
        except Exception as problem:  # a bug of ours or of a library; an unknown error is a temporary one (§8)
            bug = Bug(f"this is a bug: {type(problem).__name__}", about="" if "://" in name else f"destination.{name}")
            bug.__cause__ = problem
            # It may have happened after the post had left; a program that must not run twice waits for a person.
            (self._settle_uncertain if destination.on_uncertain == "hold" else self._delay)(delivery, bug)
        else:
            self._outbox.delivered(delivery, receipt, self._now())
            self._availability.answered(name)
            self._told(Attempt(delivery, "delivered", receipt=receipt))

    def _in_thread(self, delivery: Delivery, destination: Destination) -> Delivery:
        """The delivery with the thread that its post belongs to, where the destination has threads."""
        if not (destination.limits.threads and delivery.post.options.thread):
            return delivery
        thread = self._outbox.thread_of(delivery, self._now())
        return replace(delivery, post=within(delivery.post, thread)) if thread.receipt else delivery

    def _unmade(self, delivery: Delivery, problem: RunError | DestinationRefused) -> None:
        """The destination cannot be made: its posts wait, for a person or only for the next run."""
        if self._for_good(delivery.post.destination, problem):
            self._refused(delivery, problem)
        elif delivery.state == "uncertain":  # it may have arrived, and must not be forgotten to be asked about
            self._not_now(delivery, problem)
        elif self._claim(delivery):
            self._outbox.unclaim(delivery, str(problem), self._now())
            self._not_now(replace(delivery, state="delayed"), problem)

    def _for_good(self, name: str, problem: RunError | DestinationRefused) -> bool:
        """Whether only a person can help. A secret, which comes from elsewhere, may be there again in a minute."""
        return isinstance(problem, DestinationRefused) or not self._destinations.settings_hash(name)

    def _refused(self, delivery: Delivery, problem: RunError | DestinationRefused) -> None:
        self._told(Attempt(delivery, delivery.state, error=problem, closes=True))
        self._availability.pause(delivery.post.destination, str(problem))

    def _not_now(self, delivery: Delivery, problem: RunError | DestinationRefused) -> None:
        self._told(Attempt(delivery, delivery.state, error=problem))
        self._availability.leave_alone(delivery.post.destination)

    def _delay(self, delivery: Delivery, problem: TemporaryFailure) -> None:
        """Not sent: later, or never once it was tried for too long. The destination is left alone for this run."""
        now = self._now()
        if isinstance(problem, Later) and problem.retry_after is None:
            self._availability.declined(delivery.post.destination)
        else:
            self._availability.rest(delivery.post.destination, problem)
        if self._too_often(delivery, now):
            what = f"given up after {GIVE_UP_S // 86400} days: {problem.what}"
            given_up = PermanentFailure(what, about=problem.about, advice=problem.advice)
            self._outbox.failed(delivery, str(given_up), now)
            self._told(Attempt(delivery, "failed", error=given_up, again=False))
            return
        due_at = now + retry_delay(delivery.attempts + 1, problem.retry_after, self._jitter())
        self._outbox.delayed(delivery, due_at, str(problem), now)
        self._told(Attempt(delivery, "delayed", error=problem))

    def _settle_uncertain(self, delivery: Delivery, problem: TemporaryFailure) -> None:
        """Sent but unanswered: to be asked about or posted again under the same key, or held for a person."""
        now = self._now()
        try:
            destination = self._destination(delivery.post.destination)
            asked = destination.askable
            again = asked or destination.on_uncertain == "repost"
        except (RunError, DestinationRefused) as unmade:
            if not self._for_good(delivery.post.destination, unmade):
                self._not_now(delivery, unmade)  # still `sending`: the next run finds it again
                return
            self._refused(delivery, unmade)
            again = asked = False
        again = again and not self._too_often(delivery, now)
        if delivery.state != "sending":
            self._availability.rest(delivery.post.destination, problem)
            wait = retry_delay(delivery.attempts + 1, problem.retry_after, self._jitter())
        elif delivery.attempts <= 1:
            wait = timedelta(0)  # a run was killed: the post has waited long enough
        else:  # perhaps it is what kills the runs
            wait = retry_delay(delivery.attempts, None, self._jitter())
        self._outbox.uncertain(delivery, now + wait if again else None, str(problem), now)
        self._told(Attempt(delivery, "uncertain", error=problem, again=again, asked=asked))

    def _too_often(self, delivery: Delivery, now: datetime) -> bool:
        """Whether a post is given up: it is too old, and not just because this machine was off, the destination was
        paused, or a person had it retried."""
        return now - delivery.created_at > timedelta(seconds=GIVE_UP_S) and delivery.attempts >= len(RETRY_AFTER_S)

    def _destination(self, name: str) -> Destination:
        if name not in self._made:
            self._made[name] = self._destinations.make(name)
        return self._made[name]


def _queue(delivery: Delivery) -> tuple[str, str]:
    return delivery.post.channel, delivery.post.destination
