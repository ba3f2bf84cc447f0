"""Which destinations may be tried now: those that are paused, rest, or have enough for one run are left alone."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Protocol

from mailpoll.errors import TemporaryFailure
from mailpoll.model import Pause, Rest
from mailpoll.retry import DECLINES, LONGEST_REST, rest_time


class Memory(Protocol):
    """What is remembered from run to run of the destinations that are left alone."""

    def pauses(self) -> tuple[Pause, ...]: ...

    def pause(self, pause: Pause) -> None: ...

    def resume(self, destination: str) -> bool: ...

    def rests(self) -> tuple[Rest, ...]: ...

    def rest(self, rest: Rest) -> None: ...

    def rested(self, destination: str) -> None: ...


class Availability:
    """The destinations that are left alone, by name, for the rest of a run or for longer.

    One that gives no answer is left alone for the run, and rests longer the more runs in a row that goes on; one that
    declines several posts in a row has enough for the run; one that refused us is paused until a person acts. A change
    of its settings, which `settings_hash` tells, ends all of it.

    Args:
        jitter: a number from -1 to 1, anew at each call.
        paused: is told of each pause that begins.
    """

    def __init__(
        self,
        memory: Memory,
        settings_hash: Callable[[str], str],
        *,
        now: Callable[[], datetime],
        jitter: Callable[[], float],
        paused: Callable[[Pause], None],
    ) -> None:
        self.closed: set[str] = set()
        self._memory = memory
        self._settings_hash = settings_hash
        self._now = now
        self._jitter = jitter
        self._paused = paused
        self._failures: dict[str, int] = {}
        self._declines: dict[str, int] = {}

    def start(self) -> None:
        """Takes up what earlier runs remembered; pauses and rests of settings that changed are over."""
        for pause in self._memory.pauses():
            if pause.settings_hash != self._settings_hash(pause.destination):
                self._memory.resume(pause.destination)
            else:
                self.closed.add(pause.destination)
        for rest in self._memory.rests():
            if rest.settings_hash != self._settings_hash(rest.destination):
                self._memory.rested(rest.destination)
                continue
            self._failures[rest.destination] = rest.failures
            if self._now() < rest.until < self._now() + LONGEST_REST:
                self.closed.add(rest.destination)

    def leave_alone(self, name: str) -> None:
        """Closes a destination for the rest of this run."""
        self.closed.add(name)

    def pause(self, name: str, reason: str) -> None:
        """Closes a destination until a person acts."""
        pause = Pause(name, reason, self._now(), self._settings_hash(name))
        self.closed.add(name)
        self._memory.pause(pause)
        self._paused(pause)

    def rest(self, name: str, problem: TemporaryFailure) -> None:
        """Closes a destination for this run, and for a while more when that is no news or it asked for it."""
        failures = self._failures.get(name, 0) + 1
        self.closed.add(name)
        self._failures[name] = failures
        until = self._now() + rest_time(failures, problem.retry_after, self._jitter())
        self._memory.rest(Rest(name, failures, until, self._settings_hash(name)))

    def declined(self, name: str) -> None:
        """A destination that answers is not away; but one that declines one post after another has enough for now."""
        self._declines[name] = self._declines.get(name, 0) + 1
        if self._declines[name] >= DECLINES:
            self.closed.add(name)

    def answered(self, name: str) -> None:
        """A destination is there again."""
        self._declines.pop(name, None)
        if self._failures.pop(name, 0):
            self._memory.rested(name)
