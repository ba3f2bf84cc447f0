"""The program of the reader child: reads strangers' bytes under limits, one call after another."""

from __future__ import annotations

import gc

gc.set_threshold(50_000, 20, 20)  # before the imports, for which it is; see mailpoll.__main__

import os  # noqa: E402
import resource  # noqa: E402
import sys  # noqa: E402

from mailpoll import compose, frames, message, reading  # noqa: E402
from mailpoll.frames import Answer, Call, Limits  # noqa: E402


def main() -> None:
    """Answers one call after another until standard input ends."""
    stdin, stdout = sys.stdin.buffer, os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)  # whatever a library prints must not pass for an answer
    try:
        limits = frames.limits_from(stdin)
        _limit_memory(limits.memory)
        frames.write(stdout, frames.LENGTH.pack(len(frames.READY)) + frames.READY)
        while True:
            call, raw = frames.call_from(stdin)
            _limit_cpu(limits.cpu_seconds)
            frames.write(stdout, _answered(call, raw, limits))
    except EOFError:
        return


def _answered(call: Call, raw: bytes, limits: Limits) -> bytes:
    """The frame of the answer to a call, or of why there is none."""
    try:
        return frames.framed(_answer(call, raw, limits))
    except MemoryError:
        return frames.framed(Answer(failure="reading took more memory than allowed"))
    except Exception as problem:
        return frames.framed(Answer(failure=f"reading failed: {type(problem).__name__}: {problem}"[:300]))


def _answer(call: Call, raw: bytes, limits: Limits) -> Answer:
    if call.kind == "recipients":
        return Answer(recipients=reading.recipients(raw, call.patterns, call.order))
    if call.kind == "part":
        return Answer(part=reading.part(raw, call.number, call.routes[0]))
    if call.kind == "cuts":
        return Answer(cuts=compose.cuts(message.parse(raw, max_text=limits.max_text), call.routes[0]))
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
    used, hard = resource.getrusage(resource.RUSAGE_SELF), resource.getrlimit(resource.RLIMIT_CPU)[1]
    soft = int(used.ru_utime + used.ru_stime) + 1 + seconds
    resource.setrlimit(resource.RLIMIT_CPU, (soft if hard == resource.RLIM_INFINITY else min(soft, hard), hard))


if __name__ == "__main__":
    main()
