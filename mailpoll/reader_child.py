"""The program of the reader child: reads strangers' bytes under limits, one call after another."""

from __future__ import annotations

import gc

gc.set_threshold(50_000, 20, 20)  # before the imports, for which it is; see mailpoll.__main__

import os  # noqa: E402
import resource  # noqa: E402
import signal  # noqa: E402
import sys  # noqa: E402
from collections.abc import Iterator  # noqa: E402
from typing import BinaryIO  # noqa: E402

from mailpoll import compose, frames, message, reading  # noqa: E402
from mailpoll.frames import Answer, Call, Limits  # noqa: E402

PARENT_LOOKED_FOR_EVERY_S = 0.5


def main() -> None:
    """Answers one call after another until standard input ends."""
    stdin, stdout = sys.stdin.buffer, os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)  # whatever a library prints must not pass for an answer
    try:
        limits = frames.limits_from(stdin)
        _limit_memory(limits.memory)
        frames.write(stdout, frames.LENGTH.pack(len(frames.READY)) + frames.READY)
        _die_with_the_parent()
        while True:
            _serve(stdin, stdout, limits)
    except (EOFError, BrokenPipeError):
        return


def _serve(stdin: BinaryIO, stdout: BinaryIO, limits: Limits) -> None:
    """Answers one call; nothing of its mail is left when the next one comes."""
    call, raw = frames.call_from(stdin)
    _limit_cpu(limits.cpu_seconds)
    for frame in _answered(call, raw, limits):
        frames.write(stdout, frame)
    signal.setitimer(signal.ITIMER_PROF, 0)


def _answered(call: Call, raw: bytes, limits: Limits) -> Iterator[bytes]:
    """The frames of the answer to a call, or of why there is none."""
    try:
        if call.kind == "part":
            for piece in reading.part(raw, call.number, call.routes[0]):
                yield frames.framed(Answer(part=piece, more=True))
            yield frames.framed(Answer())
        elif call.kind == "seven bit":
            from mailpoll import original  # with it come the parsers of the standard library, for few destinations

            for piece in original.seven_bit(raw):
                yield frames.framed(Answer(part=piece, more=True))
            yield frames.framed(Answer())
        else:
            yield frames.framed(_answer(call, raw, limits))
    except MemoryError:
        yield frames.framed(Answer(failure="reading took more memory than allowed"))
    except Exception as problem:
        yield frames.framed(Answer(failure=f"reading failed: {type(problem).__name__}: {problem}"[:300]))


def _answer(call: Call, raw: bytes, limits: Limits) -> Answer:
    if call.kind == "recipients":
        return Answer(recipients=reading.recipients(raw, call.patterns, call.order))
    if call.kind == "cuts":
        return Answer(cuts=compose.cuts(message.parse(raw, max_text=limits.max_text), call.routes[0]))
    if call.kind == "original":
        from mailpoll import original

        return Answer(original=original.original(raw, call.routes[0], max_text=limits.max_text))
    return Answer(
        reading=reading.read(
            raw,
            call.routes,
            call.patterns,
            safe=call.safe,
            oversize_of=call.oversize_of,
            reference=call.reference,
            max_text=limits.max_text,
            files=limits.files,
        )
    )


def _limit_memory(octets: int) -> None:
    # macOS accepts RLIMIT_AS and ignores it, or refuses it.
    if octets and sys.platform != "darwin":
        resource.setrlimit(resource.RLIMIT_AS, (octets, octets))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


def _limit_cpu(seconds: int) -> None:
    """Ends this process after so many seconds of processor time, to the hundredth, and if that fails a second later."""
    signal.setitimer(signal.ITIMER_PROF, seconds)
    used, hard = resource.getrusage(resource.RUSAGE_SELF), resource.getrlimit(resource.RLIMIT_CPU)[1]
    soft = int(used.ru_utime + used.ru_stime) + 2 + seconds
    resource.setrlimit(resource.RLIMIT_CPU, (soft if hard == resource.RLIM_INFINITY else min(soft, hard), hard))


def _die_with_the_parent() -> None:
    """Has this process end when the one that started it does, however that ended, in the middle of a mail too.

    Not PR_SET_PDEATHSIG, which is of Linux alone, and sent when the *thread* ends that started us.
    """
    parent = os.getppid()

    def look(*_: object) -> None:
        if os.getppid() != parent:
            os._exit(0)

    signal.signal(signal.SIGALRM, look)
    signal.setitimer(signal.ITIMER_REAL, PARENT_LOOKED_FOR_EVERY_S, PARENT_LOOKED_FOR_EVERY_S)


if __name__ == "__main__":
    main()
