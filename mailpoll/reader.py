"""The limited child process in which strangers' bytes are read; this module is both its parent side and its program."""

from __future__ import annotations

import os
import select
import signal
import struct
import subprocess
import sys
import time
from collections.abc import Iterable, Sequence
from contextlib import suppress
from typing import BinaryIO, Literal

import msgspec

from mailpoll.errors import MailpollError, Unavailable
from mailpoll.model import Reading, Recipient, Route

_LENGTH = struct.Struct(">Q")
_START_S = 20.0  # a cold start with no byte-code cache took 1.5 s on a slow machine
_READY = b"mailpoll reader"
_MAX_ANSWER = 1 << 30  # octets; what says that it is longer is no answer

# Neither PYTHON* variables (-E) nor the working directory (-P) decide what is imported. Not -I, which would also leave
# out what `pip install --user` installed: mailpoll itself. Never a fork: accounts are threads.
PROGRAM = (sys.executable, "-E", "-P", "-m", "mailpoll.reader")


class ReaderDied(MailpollError):
    """The child ended, hung or gave up while it read one mail; `what` says how. The mail is to blame."""


class ReaderStopped(MailpollError):
    """We stopped the child because the run was at its end. The mail is not to blame."""


class Limits(msgspec.Struct, frozen=True):
    """What one mail may cost: seconds of CPU, seconds by the clock, octets of address space (0: no limit), and how
    many characters of text are read."""

    cpu_seconds: int = 5
    wall_seconds: float = 20.0
    memory: int = 0
    max_text: int = 1_000_000


class _Call(msgspec.Struct, frozen=True, omit_defaults=True):
    """A question to the child; `size` octets of mail follow its frame."""

    kind: Literal["recipients", "posts", "part"]
    size: int
    patterns: tuple[str, ...] = ()
    order: tuple[str, ...] = ()
    routes: tuple[Route, ...] = ()
    safe: bool = False
    oversize_of: int = 0
    reference: str = ""
    number: int = 0


class _Answer(msgspec.Struct, frozen=True, omit_defaults=True):
    """What the child found, or why it could not."""

    failure: str = ""
    recipients: tuple[Recipient, ...] = ()
    reading: Reading | None = None
    part: bytes = b""


_calls = msgspec.msgpack.Decoder(_Call)
_answers = msgspec.msgpack.Decoder(_Answer)
_encoder = msgspec.msgpack.Encoder()


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
        call = _Call("recipients", len(headers), patterns=tuple(patterns), order=tuple(order))
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
        call = _Call(
            "posts", size, routes=tuple(routes), safe=safe, oversize_of=oversize_of, reference=reference
        )  # fmt: skip
        reading = self._ask(call, raw).reading
        if reading is None:
            raise ReaderDied("the reader answered without a reading")
        return reading

    def part(self, raw: Iterable[bytes], size: int, number: int, route: Route) -> bytes:
        """The bytes of attachment `number`, or (0) the whole new text as UTF-8, found as `route` says."""
        return self._ask(_Call("part", size, number=number, routes=(route,)), raw).part

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

    def _ask(self, call: _Call, raw: Iterable[bytes]) -> _Answer:
        child = self._child or self._start()
        try:
            _write_frame(child.stdin, _encoder.encode(call))
            for chunk in raw:
                _pipe(child.stdin).write(chunk)
            _pipe(child.stdin).flush()
            answer = _answers.decode(self._answer(child, self._limits.wall_seconds))
        except msgspec.MsgspecError as problem:
            self.close()
            raise ReaderDied("the answer of the reader makes no sense") from problem
        except (OSError, EOFError) as problem:
            raise ReaderDied(self._epitaph(child)) from problem
        except (MailpollError, KeyboardInterrupt):
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
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
                env={"LC_ALL": "C.UTF-8", "PATH": os.defpath},
                start_new_session=True,  # Ctrl-C at a terminal is the parent's to handle
            )
            _write_frame(child.stdin, _encoder.encode(self._limits))
            _pipe(child.stdin).flush()
            if self._answer(child, _START_S) != _READY:
                raise EOFError
        except (OSError, EOFError, ReaderDied) as problem:
            self.close()
            raise Unavailable(
                "the program that reads mail does not start", advice=f"Try it by hand: {' '.join(self._program)}"
            ) from problem
        except (ReaderStopped, KeyboardInterrupt):
            self.close()
            raise
        return child

    def _answer(self, child: subprocess.Popen[bytes], seconds: float) -> bytearray:
        """The child's next frame, which must be there, to its last octet, within `seconds`."""
        ends = time.monotonic() + seconds
        size = _LENGTH.unpack(self._receive(child, _LENGTH.size, ends, seconds))[0]
        if size > _MAX_ANSWER:
            raise ReaderDied("the answer of the reader makes no sense")
        return self._receive(child, size, ends, seconds)

    def _receive(self, child: subprocess.Popen[bytes], size: int, ends: float, seconds: float) -> bytearray:
        data, at, pipe = bytearray(size), 0, _pipe(child.stdout).fileno()
        poller = select.poll()  # select() takes no file descriptor above 1023, and every account has one
        poller.register(pipe, select.POLLIN)
        until = ends if self._stop_at is None else min(ends, self._stop_at)
        while at < size:
            if not poller.poll(max(until - time.monotonic(), 0.0) * 1000):
                if until < ends:
                    raise ReaderStopped("the run was at its end")
                raise ReaderDied(f"reading took more than {seconds:g} s")
            received = os.readv(pipe, [memoryview(data)[at:]])
            if not received:
                raise EOFError
            at += received
        return data

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


def new_text_of(text: str, kind: Literal["plain", "html", "eml"]) -> str:
    """The new text of a plain body, an HTML body, or a whole mail, found in this very process."""
    from mailpoll import message, reply

    if kind == "eml":
        parsed = message.parse(text.encode("utf-8", "surrogateescape"))
        return reply.of_message(parsed).text
    return reply.new_text(text, kind)


def _pipe(pipe: object) -> BinaryIO:
    return pipe  # type: ignore[return-value]  # Popen was given PIPE for both


def _write_frame(pipe: object, data: bytes) -> None:
    _pipe(pipe).write(_LENGTH.pack(len(data)) + data)


def _read_frame(pipe: BinaryIO) -> bytes:
    return _read(pipe, _LENGTH.unpack(_read(pipe, _LENGTH.size))[0])


def _read(pipe: BinaryIO, size: int) -> bytes:
    data = pipe.read(size)
    if len(data) < size:
        raise EOFError
    return data


def main() -> None:
    """The child: answers one call after another until its standard input ends."""
    stdin, stdout = sys.stdin.buffer, os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)  # whatever a library prints must not pass for an answer
    from mailpoll import reading  # noqa: F401  # a program that cannot be imported is found before the first mail

    try:
        limits = msgspec.msgpack.decode(_read_frame(stdin), type=Limits)
    except EOFError:
        return
    _limit_memory(limits.memory)
    _write_frame(stdout, _READY)
    stdout.flush()
    while True:
        try:
            call = _calls.decode(_read_frame(stdin))
        except EOFError:
            return
        raw = _read(stdin, call.size)
        _limit_cpu(limits.cpu_seconds)
        try:
            answer = _answer(call, raw, limits)
        except MemoryError:
            answer = _Answer(failure="reading took more memory than allowed")
        except Exception as problem:
            answer = _Answer(failure=f"reading failed: {type(problem).__name__}: {problem}"[:300])
        _write_frame(stdout, _encoder.encode(answer))
        stdout.flush()


def _answer(call: _Call, raw: bytes, limits: Limits) -> _Answer:
    # Imported here, in the child alone: the parent never loads what parses strangers' bytes.
    from mailpoll import reading

    if call.kind == "recipients":
        return _Answer(recipients=reading.recipients(raw, call.patterns, call.order))
    if call.kind == "part":
        return _Answer(part=reading.part(raw, call.number, call.routes[0]))
    return _Answer(
        reading=reading.read(
            raw,
            call.routes,
            safe=call.safe,
            oversize_of=call.oversize_of,
            reference=call.reference,
            max_text=limits.max_text,
        )
    )


def _limit_memory(octets: int) -> None:
    import resource

    # macOS accepts RLIMIT_AS and ignores it, or refuses it.
    if octets and sys.platform != "darwin":
        resource.setrlimit(resource.RLIMIT_AS, (octets, octets))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


def _limit_cpu(seconds: int) -> None:
    import resource

    used, hard = resource.getrusage(resource.RUSAGE_SELF), resource.getrlimit(resource.RLIMIT_CPU)[1]
    soft = int(used.ru_utime + used.ru_stime) + 1 + seconds
    resource.setrlimit(resource.RLIMIT_CPU, (soft if hard == resource.RLIM_INFINITY else min(soft, hard), hard))


if __name__ == "__main__":
    main()
