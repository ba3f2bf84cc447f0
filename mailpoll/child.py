"""A child process that answers frames on its standard output with frames: started, talked to, ended."""

from __future__ import annotations

import os
import select
import signal
import subprocess
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import suppress
from typing import IO

from mailpoll.errors import MailpollError
from mailpoll.frames import LENGTH

_MAX_ANSWER = 1 << 30  # octets; what says that it is longer is no answer
_TOGETHER = 1 << 16  # octets: what is smaller goes in one write, since each costs a switch

# glibc keeps the memory of a large mail for later ones of that size, unless told from which size on to give it back.
_MEMORY = {"MALLOC_MMAP_THRESHOLD_": "4000000", "MALLOC_TRIM_THRESHOLD_": "8000000"}


Answer = memoryview  # an attachment may be large: it is not copied once more


class TimeIsUp(MailpollError):
    """The child took longer than the caller wanted to wait for one answer."""


class Stopped(MailpollError):
    """The moment came at which all is to end, whatever the child does."""


class Child:
    """A running program that takes calls on its standard input; `close` ends it, `kill` only sends the signal.

    Raises OSError when the program cannot be started.
    """

    def __init__(self, program: Sequence[str]) -> None:
        self._process = subprocess.Popen(
            program,
            bufsize=0,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env={"LC_ALL": "C.UTF-8", "PATH": os.defpath, **_MEMORY},
            start_new_session=True,  # Ctrl-C at a terminal is the parent's to handle
        )
        self._stdin, self._stdout = _descriptor(self._process.stdin), _descriptor(self._process.stdout)
        os.set_blocking(self._stdin, False)
        os.set_blocking(self._stdout, False)

    def converse(
        self,
        calls: Iterable[Iterable[bytes]],
        count: int,
        answered: Callable[[Answer], bool],
        *,
        seconds: float,
        stop_at: float | None,
    ) -> None:
        """Writes `count` calls, each in pieces, and hands each answer to `answered` as it comes, which says whether it
        was the last one to its call.

        The next call is on its way while the child works on one: it never waits for us.

        Args:
            seconds: how long the child may take for one call, counted from the end of the one before.
            stop_at: time.monotonic() at which all ends.

        Raises:
            EOFError, OSError: the child is gone.
            TimeIsUp, Stopped: `seconds` or `stop_at` came first.
            ValueError: what came is no answer.
        """
        pieces = _joined(calls)
        unsent = memoryview(next(pieces, b""))
        received, patience = _Answers(), _Patience(seconds, stop_at)
        while count > 0:
            writable, readable = self._ready(patience, wants_to_write=bool(unsent))
            if readable:
                for answer in received.more(self._stdout):
                    if not count:
                        raise ValueError("an answer that nobody asked for")
                    if answered(answer):
                        count -= 1
                        patience = _Patience(seconds, stop_at)
            if writable:
                try:
                    unsent = unsent[os.write(self._stdin, unsent) :] or memoryview(next(pieces, b""))
                except BrokenPipeError:  # it is gone, but may have answered a few before: read until there is no more
                    unsent, pieces = memoryview(b""), iter(())

    def _ready(self, patience: _Patience, *, wants_to_write: bool) -> tuple[bool, bool]:
        poller = select.poll()  # select() takes no file descriptor above 1023, and every account has one
        poller.register(self._stdout, select.POLLIN)
        if wants_to_write:
            poller.register(self._stdin, select.POLLOUT)
        events = dict(poller.poll(patience.left() * 1000))
        if not events:
            raise patience.over()
        return self._stdin in events, self._stdout in events

    def kill(self) -> None:
        """Ends the program; whoever talks to it hears that it is gone."""
        self._process.kill()

    def epitaph(self) -> int | None:
        """The status the program ended with by itself (negative: a signal), or None when it is still running."""
        with suppress(subprocess.TimeoutExpired):
            self._process.wait(timeout=2)
        return self._process.returncode

    def close(self) -> None:
        """Ends the program and lets its pipes go."""
        self._process.kill()
        for pipe in (self._process.stdin, self._process.stdout):
            if pipe:
                with suppress(OSError):
                    pipe.close()
        self._process.wait()


class _Answers:
    """What was received of the child's answers, and not handed on."""

    def __init__(self) -> None:
        self._held = bytearray()

    def more(self, descriptor: int) -> Iterator[Answer]:
        """The answers that are complete after one more read. Raises EOFError, OSError and ValueError."""
        data = os.read(descriptor, _TOGETHER)
        if not data:
            raise EOFError
        self._held += data
        while len(self._held) >= LENGTH.size:
            size = LENGTH.unpack_from(self._held)[0]
            if size > _MAX_ANSWER:
                raise ValueError(f"an answer of {size} octets")
            if len(self._held) < LENGTH.size + size:
                return
            answer, rest = memoryview(self._held)[LENGTH.size : LENGTH.size + size], self._held[LENGTH.size + size :]
            self._held = rest
            yield answer


class _Patience:
    """How long the child is waited for: `seconds` from now, and not beyond `stop_at`."""

    def __init__(self, seconds: float, stop_at: float | None) -> None:
        self._seconds = seconds
        self._ends = time.monotonic() + seconds
        self._until = self._ends if stop_at is None else min(self._ends, stop_at)

    def left(self) -> float:
        """Seconds that are left; 0 when none are."""
        return max(self._until - time.monotonic(), 0.0)

    def over(self) -> MailpollError:
        """Why the waiting is over."""
        if self._until < self._ends:
            return Stopped("the run was at its end")
        return TimeIsUp(f"reading took more than {self._seconds:g} s")


def _joined(calls: Iterable[Iterable[bytes]]) -> Iterator[bytes]:
    """The pieces of all calls, small ones of the same call joined; never an empty one."""
    for call in calls:
        held = b""
        for piece in call:
            if held and len(held) + len(piece) > _TOGETHER:
                yield held
                held = b""
            held = held + piece if held else piece
        if held:
            yield held


def signal_name(status: int) -> str:
    """The name of the signal in a negative exit status."""
    return signal.Signals(-status).name


def _descriptor(pipe: IO[bytes] | None) -> int:
    if pipe is None:
        raise AssertionError("Popen was given PIPE for both")
    return pipe.fileno()
