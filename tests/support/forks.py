"""Runs the mailpoll command without the 0.2 s of its imports: in processes forked from one that has imported it.

A run is a process of its own, as if started by a shell: its arguments, environment, folder and streams are its own, it
ends as Python ends, and dies of the signals it is sent. Only the interpreter is not a fresh one, so that what imports
cost, locales, and terminals are for tests that start the installed command itself.

As a program: takes requests on the socket that is its standard input.
"""

from __future__ import annotations

import atexit
import functools
import gc
import importlib
import json
import os
import pkgutil
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

# What an interpreter looks at when it starts, and a forked one does not.
_OF_A_START = ("PYTHON", "LANG", "LC_")
# Read when they are needed only, as by users: not everybody has them, or they start something.
_NOT_BEFORE = ("mailpoll.__main__", "mailpoll.demo", "mailpoll.reader_child", "mailpoll.destinations.apprise",
               "mailpoll.migrations")  # fmt: skip
_MAX_REQUEST = 200_000


def starts_alike(env: Mapping[str, str], options: Mapping[str, object]) -> bool:
    """Whether a run with this environment and these options of subprocess.run may be forked."""
    known = {"capture_output", "text", "timeout", "stdin", "input", "cwd"}
    return (
        set(options) <= known
        and options.get("stdin") in (None, subprocess.DEVNULL)
        and not any(name.startswith(_OF_A_START) for name in env)
    )


class Forks:
    """The process that has imported mailpoll; used by several threads."""

    def __init__(self) -> None:
        self._socket, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        self._lock = threading.Lock()
        env = {"PATH": "/usr/bin:/bin", "HOME": "/nonexistent", "SHELL": "/bin/sh"}
        self._process = subprocess.Popen(
            [sys.executable, __file__], stdin=theirs.fileno(), stdout=subprocess.DEVNULL, env=env, cwd="/"
        )
        theirs.close()
        atexit.register(self._end)

    def _end(self) -> None:
        self._socket.close()
        self._process.wait()

    def run(
        self,
        command: Sequence[str],
        env: Mapping[str, str],
        *,
        input: str | bytes | None = None,
        timeout: float = 120,
        cwd: str | Path | None = None,
        text: bool = True,
    ) -> subprocess.CompletedProcess[Any]:
        """As subprocess.run of the installed command with these arguments; what it prints is captured."""
        request = json.dumps({"argv": list(command), "env": dict(env), "cwd": str(cwd or Path.cwd())})
        reads, writes = zip(*(os.pipe() for _ in range(4)), strict=True)
        theirs = (reads[0], writes[1], writes[2], writes[3])
        with self._lock:
            socket.send_fds(self._socket, [request.encode()], theirs)
        for descriptor in theirs:
            os.close(descriptor)
        facts = os.fdopen(reads[3], "rb")
        pid = int(facts.readline())
        said: dict[int, bytes] = {}
        readers = [threading.Thread(target=_read, args=(reads[at], said, at), daemon=True) for at in (1, 2)]
        given = input.encode() if isinstance(input, str) else input or b""
        writer = threading.Thread(target=_write, args=(writes[0], given), daemon=True)
        until = time.monotonic() + timeout
        for thread in (*readers, writer):
            thread.start()
        for thread in readers:
            thread.join(max(until - time.monotonic(), 0))
        if any(thread.is_alive() for thread in readers):
            os.kill(pid, signal.SIGKILL)
            raise subprocess.TimeoutExpired(list(command), timeout)
        with facts:
            status = int(facts.readline())
        out, err = (said[at].decode() if text else said[at] for at in (1, 2))
        return subprocess.CompletedProcess(list(command), status, out, err)


@functools.cache
def forks() -> Forks:
    """The one of this process."""
    return Forks()


def _read(descriptor: int, said: dict[int, bytes], at: int) -> None:
    with os.fdopen(descriptor, "rb") as stream:
        said[at] = stream.read()


def _write(descriptor: int, given: bytes) -> None:
    try:
        with os.fdopen(descriptor, "wb") as stream:
            stream.write(given)
    except BrokenPipeError:
        pass  # not all was wanted


# --- the program ---------------------------------------------------------------------------------------------------


def _import_all() -> None:
    import mailpoll

    for module in pkgutil.walk_packages(mailpoll.__path__, "mailpoll."):
        if not module.name.startswith(_NOT_BEFORE):
            importlib.import_module(module.name)
    gc.collect()
    gc.freeze()


def _wait_for_work(requests: socket.socket) -> dict[str, Any] | None:
    """Returns in a process of its own for each request, ready to be the command; None when there are no more."""
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)
    while True:
        message, descriptors, _, _ = socket.recv_fds(requests, _MAX_REQUEST, 4)
        if not message:
            return None
        if os.fork() == 0:
            signal.signal(signal.SIGCHLD, signal.SIG_DFL)
            requests.close()
            *streams, facts = descriptors
            pid = os.fork()
            if pid == 0:
                os.close(facts)
                for number, descriptor in enumerate(streams):
                    os.dup2(descriptor, number)
                    os.close(descriptor)
                request: dict[str, Any] = json.loads(message)
                return request
            for descriptor in streams:
                os.close(descriptor)
            os.write(facts, f"{pid}\n".encode())
            status = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
            os.write(facts, f"{status}\n".encode())
            os._exit(0)
        for descriptor in descriptors:
            os.close(descriptor)


def _be(request: Mapping[str, Any]) -> None:
    os.environ.clear()
    os.environ.update(request["env"])
    time.tzset()
    os.chdir(request["cwd"])
    sys.argv = request["argv"]
    from mailpoll.__main__ import main

    main()


if __name__ == "__main__":
    _import_all()
    _requests = socket.socket(fileno=os.dup(0))
    _work = _wait_for_work(_requests)
    if _work is not None:
        _be(_work)
