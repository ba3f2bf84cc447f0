"""The parent's side of the limited child process in which strangers' bytes are read."""

from __future__ import annotations

import itertools
import signal
import sys
import threading
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import suppress
from typing import Literal

from mailpoll import frames
from mailpoll.child import Child, Stopped, TimeIsUp, signal_name
from mailpoll.errors import MailpollError, Unavailable
from mailpoll.frames import Answer, Call, Limits
from mailpoll.model import Cut, Job, Original, Reading, Recipient, Route

__all__ = ["PROGRAM", "Limits", "Reader", "ReaderDied", "ReaderStopped", "new_text_of"]

_START_S = 20.0  # a cold start with no byte-code cache took 1.5 s on a slow machine

# Neither PYTHON* variables (-E) nor the working directory (-P) decide what is imported. Not -I, which would also leave
# out what `pip install --user` installed: mailpoll itself. Never a fork: accounts are threads.
PROGRAM = (sys.executable, "-E", "-P", "-m", "mailpoll.reader_child")


class ReaderDied(MailpollError):
    """The child ended, hung or gave up while it read one mail; `what` says how. The mail is to blame."""


# The run was at its end, and with it the child. The mail is not to blame.
ReaderStopped = Stopped


class Reader:
    """Reads mails in a child process that is started when first asked and serves many mails.

    Every method raises ReaderDied when the mail was too much for the child, and ReaderStopped when `stop_at`
    (time.monotonic()) came first; after both the next call gets a fresh child. A child that does not even start is no
    mail's fault: Unavailable. Used by one thread; what begin() begins goes on beside it until finish().
    """

    def __init__(
        self, limits: Limits, *, stop_at: float | None = None, program: Sequence[str] = PROGRAM
    ) -> None:  # fmt: skip
        self._limits = limits
        self._stop_at = stop_at
        self._program = program
        self._child: Child | None = None
        self._greeted = False
        self._thread: threading.Thread | None = None
        self._results: list[Reading | BaseException] = []

    def warm_up(self) -> None:
        """Starts the child without waiting for it: it imports what it needs while the mail is on its way."""
        if self._child is None and self._thread is None:
            with suppress(OSError):  # told when the child is asked
                self._child = Child(self._program)

    def ready(self) -> None:
        """Starts the child and waits until it can read: what takes a hundred times as long as to read a mail is not
        counted as reading one."""
        if not (self._child and self._greeted):
            self._start()

    def recipients(self, headers: bytes, patterns: Sequence[str], order: Sequence[str]) -> tuple[Recipient, ...]:
        """Our addresses in a header block; see router.recipients."""
        call = Call("recipients", len(headers), patterns=tuple(patterns), order=tuple(order))
        return self._ask((frames.framed(call), headers)).recipients

    def posts(self, job: Job) -> Reading:
        """Reads one mail and makes its posts."""
        return _reading_in(self._ask(_call_of(job)))

    def begin(self, jobs: Sequence[Job]) -> None:
        """Reads mails one after another, while the caller does something else; finish() has what came of them."""
        if self._thread is not None:
            raise AssertionError("finish() was not called")
        self._results = []
        self._thread = threading.Thread(target=self._read_all, args=(jobs,), name="reader", daemon=True)
        self._thread.start()

    def finish(self) -> Sequence[Reading | BaseException]:
        """What came of the mails that were begun, in their order: a Reading each, or what posts() would raise."""
        try:
            if self._thread is not None:
                self._thread.join()
        except BaseException:
            self.close()
            raise
        self._thread = None
        return self._results

    def part(self, raw: Iterable[bytes], size: int, number: int, route: Route) -> Iterator[bytes]:
        """The bytes of attachment `number`, or (0) the whole new text as UTF-8, found as `route` says.

        All of them are here when this returns; each piece (about 1 MB) is let go when the next is taken.
        """
        call = Call("part", size, number=number, routes=(route,))
        pieces: deque[bytes] = deque()
        self._ask_for_many(itertools.chain((frames.framed(call),), raw), lambda answer: pieces.append(answer.part))
        return _taken_from(pieces)

    def cuts(self, raw: Iterable[bytes], size: int, route: Route) -> tuple[Cut, ...]:
        """What the posts of `route` leave out of a mail's text, in its order."""
        call = Call("cuts", size, routes=(route,))
        return self._ask(itertools.chain((frames.framed(call),), raw)).cuts

    def original(self, raw: Iterable[bytes], size: int, route: Route) -> Original:
        """What a mail says of itself beside the posts of `route`."""
        call = Call("original", size, routes=(route,))
        answer = self._ask(itertools.chain((frames.framed(call),), raw))
        if answer.original is None:
            raise ReaderDied("the reader answered without the mail")
        return answer.original

    def seven_bit(self, raw: Iterable[bytes], size: int) -> Iterator[bytes]:
        """The mail in ASCII alone, in pieces as part() gives them."""
        pieces: deque[bytes] = deque()
        call = itertools.chain((frames.framed(Call("seven bit", size)),), raw)
        self._ask_for_many(call, lambda answer: pieces.append(answer.part))
        return _taken_from(pieces)

    def close(self) -> None:
        """Ends the child, if there is one, and with it what was begun."""
        thread, self._thread = self._thread, None
        while thread is not None and thread.is_alive():  # it may be starting another child just now
            if self._child is not None:
                self._child.kill()
            self._stop_at = 0.0
            thread.join(0.05)
        self._end_child()

    def _end_child(self) -> None:
        child, self._child, self._greeted = self._child, None, False
        if child is not None:
            child.close()

    def _read_all(self, jobs: Sequence[Job]) -> None:
        """The thread's work: one mail that kills the child costs the others nothing but a fresh one."""
        while len(self._results) < len(jobs):
            left = jobs[len(self._results) :]
            try:
                self._converse(map(_call_of, left), len(left), self._take_reading)
            except ReaderDied as problem:
                self._results += [problem] * (len(self._results) < len(jobs))
            except BaseException as problem:
                self._results += [problem] * (len(jobs) - len(self._results))

    def _take_reading(self, answer: Answer) -> None:
        self._results.append(_reading_in(answer))

    def _ask(self, call: Iterable[bytes]) -> Answer:
        answers: list[Answer] = []
        self._ask_for_many(call, answers.append)
        return answers[0]

    def _ask_for_many(self, call: Iterable[bytes], answered: Callable[[Answer], None]) -> None:
        if self._thread is not None:
            raise AssertionError("finish() was not called")
        self._converse((call,), 1, answered)

    def _converse(self, calls: Iterable[Iterable[bytes]], count: int, answered: Callable[[Answer], None]) -> None:
        """Hands on answers until one is a failure or the child is gone, which is the fault of the next mail."""

        def hand_on(data: memoryview) -> bool:
            answer = _successful(data)
            answered(answer)
            return not answer.more

        child = self._child if self._child and self._greeted else self._start()
        try:
            child.converse(
                calls,
                count,
                hand_on,
                seconds=self._limits.wall_seconds,
                stop_at=self._stop_at,
            )
        except (OSError, EOFError) as problem:
            raise ReaderDied(self._epitaph(child)) from problem
        except ValueError as problem:
            self._end_child()
            raise ReaderDied("the answer of the reader makes no sense") from problem
        except TimeIsUp as problem:
            self._end_child()
            raise ReaderDied(problem.what) from problem
        except BaseException:  # a child that was left in the middle of a call is of no use to the next
            self._end_child()
            raise

    def _start(self) -> Child:
        """A child that has imported what it needs."""
        said: list[memoryview] = []

        def hear(word: memoryview) -> bool:
            said.append(word)
            return True

        try:
            child = self._child = self._child or Child(self._program)
            greeting = [[frames.framed(self._limits)]]
            child.converse(greeting, 1, hear, seconds=_START_S, stop_at=self._stop_at)
            if said != [frames.READY]:
                raise EOFError
        except (OSError, EOFError, ValueError, TimeIsUp) as problem:
            self._end_child()
            raise Unavailable(
                "the program that reads mail does not start", advice=f"Try it by hand: {' '.join(self._program)}"
            ) from problem
        except BaseException:
            self._end_child()
            raise
        self._greeted = True
        return child

    def _epitaph(self, child: Child) -> str:
        """How the child ended, once it has."""
        status = child.epitaph()
        self._end_child()
        if status in (-signal.SIGPROF, -signal.SIGXCPU):
            return f"reading took more than {self._limits.cpu_seconds} s of processor time"
        if status is not None and status < 0:
            return f"the reader was killed by {signal_name(status)}"
        return "the reader closed its output" if status is None else f"the reader ended with status {status}"


def _taken_from(pieces: deque[bytes]) -> Iterator[bytes]:
    while pieces:
        yield pieces.popleft()


def _call_of(job: Job) -> Iterator[bytes]:
    yield frames.framed(
        Call(
            "posts",
            job.size,
            patterns=job.patterns,
            routes=tuple(job.routes),
            safe=job.safe,
            oversize_of=job.oversize_of,
            reference=job.reference,
        )
    )
    yield from job.chunks()


def _successful(data: memoryview) -> Answer:
    try:
        answer = frames.answer_of(data)
    except frames.Nonsense as problem:
        raise ReaderDied("the answer of the reader makes no sense") from problem
    if answer.failure:
        raise ReaderDied(answer.failure)
    return answer


def _reading_in(answer: Answer) -> Reading:
    if answer.reading is None:
        raise ReaderDied("the reader answered without a reading")
    return answer.reading


def new_text_of(text: str, kind: Literal["plain", "html", "eml"]) -> str:
    """The new text of a plain body, an HTML body, or a whole mail, found in this very process."""
    from mailpoll import message, reply

    if kind == "eml":
        parsed = message.parse(text.encode("utf-8", "surrogateescape"))
        return reply.of_message(parsed).text
    return reply.new_text(text, kind)
