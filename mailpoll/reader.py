"""The parent's side of the limited child process in which strangers' bytes are read."""

from __future__ import annotations

import os
import select
import signal
import subprocess
import sys
import time
from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from typing import IO, Literal

from mailpoll import frames
from mailpoll.errors import MailpollError, Unavailable
from mailpoll.frames import Answer, Call, Limits
from mailpoll.model import Reading, Recipient, Route

__all__ = ["PROGRAM", "Limits", "Reader", "ReaderDied", "ReaderStopped", "new_text_of"]

_START_S = 20.0  # a cold start with no byte-code cache took 1.5 s on a slow machine
_MAX_ANSWER = 1 << 30  # octets; what says that it is longer is no answer
_TOGETHER = 1 << 16  # octets: a small mail goes with its call in one write

# Neither PYTHON* variables (-E) nor the working directory (-P) decide what is imported. Not -I, which would also leave
# out what `pip install --user` installed: mailpoll itself. Never a fork: accounts are threads.
PROGRAM = (sys.executable, "-E", "-P", "-m", "mailpoll.reader_child")


class ReaderDied(MailpollError):
    """The child ended, hung or gave up while it read one mail; `what` says how. The mail is to blame."""


class ReaderStopped(MailpollError):
    """We stopped the child because the run was at its end. The mail is not to blame."""


class Reader:
    """Reads mails in a child process that is started when first asked and serves many mails.

    Every method raises ReaderDied when the mail was too much for the child, and ReaderStopped when `stop_at`
    (time.monotonic()) came first; after both the next call gets a fresh child. A child that does not even start is no
    mail's fault: Unavailable.
    """

    def __init__(
        self, limits: Limits, *, stop_at: float | None = None, program: Sequence[str] = PROGRAM
    ) -> None:  # fmt: skip
        self._limits = limits
        self._stop_at = stop_at
        self._program = program
        self._child: subprocess.Popen[bytes] | None = None

    def recipients(self, headers: bytes, patterns: Sequence[str], order: Sequence[str]) -> tuple[Recipient, ...]:
        """Our addresses in a header block; see router.recipients."""
        call = Call("recipients", len(headers), patterns=tuple(patterns), order=tuple(order))
        return self._ask(call, (headers,)).recipients

    def posts(
        self,
        raw: Iterable[bytes],
        size: int,
        routes: Sequence[Route],
        *,
        safe: bool = False,
        oversize_of: int = 0,
        reference: str = "",
    ) -> Reading:
        """Reads a mail of `size` octets and makes its posts; `safe` reads only headers and first text part.

        `reference` names the message in notes to people ("message 17").
        """
        call = Call(
            "posts", size, routes=tuple(routes), safe=safe, oversize_of=oversize_of, reference=reference
        )  # fmt: skip
        reading = self._ask(call, raw).reading
        if reading is None:
            raise ReaderDied("the reader answered without a reading")
        return reading

    def part(self, raw: Iterable[bytes], size: int, number: int, route: Route) -> bytes:
        """The bytes of attachment `number`, or (0) the whole new text as UTF-8, found as `route` says."""
        return self._ask(Call("part", size, number=number, routes=(route,)), raw).part

    def close(self) -> None:
        """Ends the child, if there is one."""
        child, self._child = self._child, None
        if child is None:
            return
        child.kill()
        for pipe in (child.stdin, child.stdout):
            if pipe:
                with suppress(OSError):
                    pipe.close()
        child.wait()

    def _ask(self, call: Call, raw: Iterable[bytes]) -> Answer:
        child = self._child or self._start()
        try:
            answer = frames.answer_of(
                self._exchange(child, _gathered(frames.framed(call), raw), self._limits.wall_seconds)
            )
        except frames.Nonsense as problem:
            self.close()
            raise ReaderDied("the answer of the reader makes no sense") from problem
        except (OSError, EOFError) as problem:
            raise ReaderDied(self._epitaph(child)) from problem
        except BaseException:  # a child that was left in the middle of a call is of no use to the next
            self.close()
            raise
        if answer.failure:
            self.close()
            raise ReaderDied(answer.failure)
        return answer

    def _start(self) -> subprocess.Popen[bytes]:
        """A child that has imported what it needs."""
        try:
            child = self._child = subprocess.Popen(
                self._program,
                bufsize=0,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
                env={"LC_ALL": "C.UTF-8", "PATH": os.defpath},
                start_new_session=True,  # Ctrl-C at a terminal is the parent's to handle
            )
            os.set_blocking(_descriptor(child.stdin), False)
            if self._exchange(child, (frames.framed(self._limits),), _START_S) != frames.READY:
                raise EOFError
        except (OSError, EOFError, ReaderDied) as problem:
            self.close()
            raise Unavailable(
                "the program that reads mail does not start", advice=f"Try it by hand: {' '.join(self._program)}"
            ) from problem
        except BaseException:
            self.close()
            raise
        return child

    def _exchange(self, child: subprocess.Popen[bytes], pieces: Iterable[bytes], seconds: float) -> bytearray:
        """Writes `pieces` and returns the child's next frame; both within `seconds`, whatever the child does."""
        patience = _Patience(seconds, self._stop_at)
        stdin, stdout = _descriptor(child.stdin), _descriptor(child.stdout)
        for piece in pieces:
            _send(stdin, piece, patience)
        size = frames.LENGTH.unpack(_receive(stdout, frames.LENGTH.size, patience))[0]
        if size > _MAX_ANSWER:
            raise ReaderDied("the answer of the reader makes no sense")
        return _receive(stdout, size, patience)

    def _epitaph(self, child: subprocess.Popen[bytes]) -> str:
        """How the child ended, once it has."""
        with suppress(subprocess.TimeoutExpired):
            child.wait(timeout=2)
        status = child.returncode
        self.close()
        if status == -signal.SIGXCPU:
            return f"reading took more than {self._limits.cpu_seconds} s of processor time"
        if status is not None and status < 0:
            return f"the reader was killed by {signal.Signals(-status).name}"
        return "the reader closed its output" if status is None else f"the reader ended with status {status}"


class _Patience:
    """How long the child is waited for: `seconds` from now, and not beyond `stop_at`."""

    def __init__(self, seconds: float, stop_at: float | None) -> None:
        self._seconds = seconds
        self._ends = time.monotonic() + seconds
        self._until = self._ends if stop_at is None else min(self._ends, stop_at)

    def wait(self, descriptor: int, event: int) -> None:
        """Returns when the pipe is ready (or broken: the next call on it tells). Raises ReaderDied or ReaderStopped."""
        poller = select.poll()  # select() takes no file descriptor above 1023, and every account has one
        poller.register(descriptor, event)
        if not poller.poll(max(self._until - time.monotonic(), 0.0) * 1000):
            if self._until < self._ends:
                raise ReaderStopped("the run was at its end")
            raise ReaderDied(f"reading took more than {self._seconds:g} s")


def _gathered(frame: bytes, raw: Iterable[bytes]) -> Iterator[bytes]:
    """A call's frame and the slices of its mail; those of a small mail joined, since each write costs a switch."""
    held = frame
    for piece in raw:
        if len(held) + len(piece) <= _TOGETHER:
            held += piece
            continue
        yield held
        held = piece
    yield held


def _send(descriptor: int, data: bytes, patience: _Patience) -> None:
    """Writes to a pipe that does not block."""
    left = memoryview(data)
    while left:
        try:
            left = left[os.write(descriptor, left) :]
        except BlockingIOError:
            patience.wait(descriptor, select.POLLOUT)


def _receive(descriptor: int, size: int, patience: _Patience) -> bytearray:
    """The next `size` octets of a pipe. Raises EOFError."""
    data, at = bytearray(size), 0
    while at < size:
        patience.wait(descriptor, select.POLLIN)
        received = os.readv(descriptor, [memoryview(data)[at:]])
        if not received:
            raise EOFError
        at += received
    return data


def _descriptor(pipe: IO[bytes] | None) -> int:
    if pipe is None:
        raise AssertionError("Popen was given PIPE for both")
    return pipe.fileno()


def new_text_of(text: str, kind: Literal["plain", "html", "eml"]) -> str:
    """The new text of a plain body, an HTML body, or a whole mail, found in this very process."""
    from mailpoll import message, reply

    if kind == "eml":
        parsed = message.parse(text.encode("utf-8", "surrogateescape"))
        return reply.of_message(parsed).text
    return reply.new_text(text, kind)
