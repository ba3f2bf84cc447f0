"""The steps of sending, each with its time, told while they are taken."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Protocol

# What people call the steps; by the stages of happening.py.
TITLES = {
    "lookup": "name lookup",
    "connect": "TCP",
    "tls": "TLS",
    "greeting": "greeting",
    "ehlo": "EHLO",
    "starttls": "STARTTLS",
    "auth": "AUTH",
    "mail": "MAIL FROM",
    "rcpt": "RCPT TO",
    "data": "DATA",
    "dot": "end of mail",
}


@dataclass(slots=True)
class Step:
    """One step: what came of it, what a person should know besides, and how long it took, in seconds."""

    stage: str
    result: str = ""
    notes: tuple[str, ...] = ()
    seconds: float = 0.0
    ok: bool = True

    @property
    def title(self) -> str:
        """What people call it."""
        return TITLES[self.stage]


class Watch(Protocol):
    """Whoever looks on."""

    def begun(self, step: Step) -> None:
        """A step begins."""

    def said(self, line: str) -> None:
        """A line of the transcript, as it is said; secrets are masked."""

    def ended(self, step: Step) -> None:
        """It is over, well or not."""


class Unwatched:
    """Nobody looks on."""

    def begun(self, step: Step) -> None:
        """Nothing."""

    def said(self, line: str) -> None:
        """Nothing."""

    def ended(self, step: Step) -> None:
        """Nothing."""


@contextmanager
def taking(stage: str, steps: list[Step], watch: Watch) -> Iterator[Step]:
    """A step, added to `steps` and told to `watch`; what is raised in it says that it did not end well."""
    step = Step(stage)
    watch.begun(step)
    begun = time.monotonic()
    try:
        yield step
    except BaseException:
        step.ok = False
        raise
    finally:
        step.seconds = time.monotonic() - begun
        steps.append(step)
        watch.ended(step)
