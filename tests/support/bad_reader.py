"""The reader child, as a program of its own in which a mail with `X-Bad: NAME` does what NAME says.

The package has no hook for it: what reads the mail is replaced here, and the rest is the real child. `X-Bad-Safe: no`
spares the mail in safe mode. The program takes the place of reader.PROGRAM.
"""

from __future__ import annotations

import os
import re
import signal
import struct
import sys
import time
from typing import Any, BinaryIO

from mailpoll import frames, reader_child, reading

PROGRAM = (sys.executable, "-E", "-P", __file__)

_answers: list[BinaryIO] = []


def _write(pipe: BinaryIO, data: bytes) -> None:
    _answers[:] = [pipe]
    real_write(pipe, data)


def _say(data: bytes) -> None:
    _answers[0].write(data)
    _answers[0].flush()


def hang() -> None:
    """Sleeps for ever."""
    time.sleep(600)


def spin() -> None:
    """Uses processor time for ever."""
    while True:
        pass


def swell() -> None:
    """Wants more memory than there is."""
    bytearray(1 << 40)


def crash() -> None:
    """Dies as from a bug in a C library."""
    os.kill(os.getpid(), signal.SIGSEGV)


def leave() -> None:
    """Ends the process."""
    os._exit(3)


def fail() -> None:
    """Meets a bug."""
    raise ZeroDivisionError("a bug of ours")


def rubbish() -> None:
    """Answers with a frame that is no answer."""
    _say(struct.pack(">Q", 5) + b"hello")
    time.sleep(600)


def babble() -> None:
    """Answers without a frame: eight letters read as a length are more than any memory."""
    _say(b"hello, world")
    time.sleep(600)


def stammer() -> None:
    """Begins an answer and stops in the middle."""
    _say(struct.pack(">Q", 1000) + b"hello")
    time.sleep(600)


def hush() -> None:
    """Closes its output and stays."""
    _answers[0].close()
    time.sleep(600)


def chat() -> None:
    """Prints, as a library may, from Python and from C; that is no answer and no harm."""
    print("hello", flush=True)
    os.write(1, b"hello")


def read(raw: bytes, *args: Any, safe: bool, **more: Any) -> Any:
    """reading.read, after what the mail asks for."""
    asked = re.search(rb"^X-Bad: (\w+)", raw, re.MULTILINE)
    if asked and not (safe and b"X-Bad-Safe: no" in raw):
        globals()[asked[1].decode()]()
    return real_read(raw, *args, safe=safe, **more)


if __name__ == "__main__":
    real_read, real_write = reading.read, frames.write
    reading.read, frames.write = read, _write
    reader_child.main()
