"""What a program prints, within a time and a size, whatever it leaves running."""

from __future__ import annotations

import os
import selectors
import signal
import subprocess
import time
from collections.abc import Mapping
from contextlib import suppress

_LATE_S = 0.1  # how long output is waited for once its program has ended


def run(command: tuple[str, ...], env: Mapping[str, str], *, seconds: float, at_most: int) -> tuple[int, bytes]:
    """The exit status of a program and what it prints, of which little more than `at_most` octets are read.

    It runs without a shell, in a session of its own, so that all of it can be ended, and so that a pass-phrase can
    still be asked for at the terminal that $GPG_TTY names.

    Raises:
        TimeoutError: it took longer than `seconds`, and was ended.
        OSError, ValueError: it did not start.
    """
    process = subprocess.Popen(
        command,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        env=dict(env),
        start_new_session=True,
    )
    assert process.stdout is not None
    until = time.monotonic() + seconds
    try:
        output = _output(process, process.stdout.fileno(), until, at_most)
        if len(output) <= at_most:
            return process.wait(max(0.0, until - time.monotonic())), output
        return 0, output
    except subprocess.TimeoutExpired:
        raise TimeoutError from None
    finally:
        if process.returncode is None:
            with suppress(ProcessLookupError, PermissionError):
                os.killpg(process.pid, signal.SIGKILL)
            process.wait()
        process.stdout.close()


def _output(process: subprocess.Popen[bytes], pipe: int, until: float, at_most: int) -> bytes:
    """What a program prints until it ends: what it leaves running may hold the pipe open for ever."""
    output = bytearray()
    with selectors.DefaultSelector() as selector:
        selector.register(pipe, selectors.EVENT_READ)
        while len(output) <= at_most:
            left = until - time.monotonic()
            if left <= 0:
                raise TimeoutError
            if selector.select(min(left, _LATE_S)):
                piece = os.read(pipe, at_most)
                if not piece:
                    break
                output += piece
            elif process.poll() is not None:
                break
    return bytes(output)
