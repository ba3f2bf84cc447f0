"""What a check finds, and many checks at once within a time."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Sequence
from datetime import timedelta

from msgspec import Struct

from mailpoll.errors import BUG, ConfigError, MailpollError, Unavailable
from mailpoll.model import Finding


class Check(Struct, frozen=True):
    """A finding, what it is about (a key path, a file), and the exit status that it stands for, 0 unless it failed."""

    about: str
    finding: Finding
    status: int = 0


class Job(Struct, frozen=True):
    """Checks that may take long: what they are about, how they are made, and how they are ended from outside."""

    about: str
    make: Callable[[], Sequence[Check]]
    abort: Callable[[], None] = lambda: None


def ok(about: str, what: str) -> Check:
    """All is well."""
    return Check(about, Finding("ok", what))


def warn(about: str, what: str, advice: str) -> Check:
    """Works, but a person should know."""
    return Check(about, Finding("warn", what, advice))


def fail(about: str, what: str, advice: str, status: int = ConfigError.exit_status) -> Check:
    """Does not work."""
    return Check(about, Finding("fail", what, advice), status)


def failed(about: str, problem: MailpollError) -> Check:
    """What an error says; where it happened is part of it, when that is more than `about`."""
    place = problem.about.removeprefix(about).removeprefix(".")
    what = f"({place}) {problem.what}" if place and not about.startswith(problem.about) else problem.what
    return fail(about, what, problem.advice or _next(problem), problem.exit_status)


def _next(problem: MailpollError) -> str:
    return "It may pass by itself; ask again" if isinstance(problem, Unavailable) else ""


def together(jobs: Sequence[Job], seconds: float) -> list[Check]:
    """The checks of all jobs, in their order, each in a thread of its own: one that hangs is ended, and said to."""
    results: list[list[Check] | None] = [None] * len(jobs)

    def run(number: int, job: Job) -> None:
        try:
            results[number] = list(job.make())
        except MailpollError as problem:
            results[number] = [failed(job.about, problem)]
        except Exception as problem:  # a bug of ours must not keep the other findings from being told
            what = f"this check failed: {type(problem).__name__}"
            results[number] = [fail(job.about, what, "This is a bug; please report it", BUG)]

    threads = [
        threading.Thread(target=run, args=(number, job), name=job.about, daemon=True) for number, job in enumerate(jobs)
    ]
    for thread in threads:
        thread.start()
    until = time.monotonic() + seconds
    for thread, job in zip(threads, jobs, strict=True):
        thread.join(max(0.0, until - time.monotonic()))
        if thread.is_alive():
            job.abort()
            thread.join(1.0)
    return [check for job, result in zip(jobs, list(results), strict=True) for check in result or [_late(job, seconds)]]


def _late(job: Job, seconds: float) -> Check:
    what = f"no end within {seconds:g} s"
    return fail(job.about, what, "Look at its network, or whether it asks a question", Unavailable.exit_status)


def age(length: timedelta) -> str:
    """A length of time in one word: `40 s`, `12 min`, `3 h`, `5 days`."""
    seconds = max(0, int(length.total_seconds()))
    for unit, size in (("days", 86400), ("h", 3600), ("min", 60)):
        if seconds >= 2 * size:
            return f"{seconds // size} {unit}"
    return f"{seconds} s"
