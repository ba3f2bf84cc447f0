"""Standard output and standard error that cannot end a run: what cannot be written is not worth a mail."""

from __future__ import annotations

import errno
import io
import os
import select
import sys
from typing import Any, TextIO

from mailpoll import redaction


class Stream(io.FileIO):
    """A standard stream that keeps quiet once it cannot be written; `trouble` is why, a reader that left is none."""

    trouble: OSError | None = None

    def write(self, data: Any, /) -> int:
        """Takes all of `data`, whatever becomes of it."""
        left = memoryview(data).cast("B")
        size = len(left)
        try:
            while left:
                written = super().write(left)
                if written is None:  # another program made the terminal that we share non-blocking
                    select.select((), (self,), ())
                left = left[written or 0 :]
        except OSError as problem:
            self._end(problem)
        return size

    def _end(self, problem: OSError) -> None:
        if problem.errno != errno.EPIPE:  # `mailpoll … | head` has seen enough
            self.trouble = problem
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, self.fileno())
        os.close(nowhere)


class Text(io.TextIOWrapper):
    """The text of a standard stream, in which secrets that were looked up are masked. A write is a whole sentence."""

    def write(self, text: str, /) -> int:
        """Takes all of `text`."""
        super().write(redaction.hide(text))
        return len(text)


def guard() -> tuple[Stream, ...]:
    """Puts Streams in the place of the standard ones; characters that an encoding lacks are written as \\u2603."""
    for _ in range(3):  # a missing one would be the first file that is opened: the store
        lowest = os.open(os.devnull, os.O_RDWR)
        if lowest > 2:
            os.close(lowest)
    sys.stdin = sys.stdin or io.TextIOWrapper(io.BufferedReader(io.FileIO(0, closefd=False)))
    guarded = [_guarded(1, sys.stdout), _guarded(2, sys.stderr)]
    sys.stdout, sys.stderr = (text for text, _ in guarded)
    return tuple(stream for _, stream in guarded)


def _guarded(descriptor: int, former: TextIO | None) -> tuple[TextIO, Stream]:
    if former is not None:
        former.flush()
    stream = Stream(descriptor, "w", closefd=False)
    text = Text(
        io.BufferedWriter(stream),
        encoding=former.encoding if former else "utf-8",
        errors="backslashreplace",
        line_buffering=True,
    )
    return text, stream
