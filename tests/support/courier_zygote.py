"""Runs the Courier in forked processes that die where they are told to: a program of its own.

Reads a line of JSON per run: {"config", "now": ISO 8601, "die_at": number or null}; answers with {"status", "steps"}.
A step is the moment before or after a call that commits something or reaches out: the outbox's, a destination's, a
request, a program, a file's name. With `die_at` the process ends at that step (from 1) with os._exit: nothing is tidied
up. It forks from a process without threads and with all imports done.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import traceback
from collections.abc import Callable
from contextlib import suppress
from datetime import datetime
from importlib import import_module
from pathlib import Path
from typing import Any

from mailpoll import outbound
from mailpoll.destinations import KINDS
from mailpoll.http import Http
from mailpoll.store.outbox import Outbox
from support.waiting import Waiting

KILLED = 9
WRAPPED: list[tuple[Any, tuple[str, ...]]] = [
    (Outbox, ("claim", "delivered", "delayed", "uncertain", "failed", "unclaim")),
    (Http, ("request",)),
    (outbound, ("send",)),
    (subprocess.Popen, ("__init__", "wait")),
    (os, ("rename", "fsync")),
]


class Steps:
    """Counts the steps, writes each to a file before it is taken, and dies at the one it is told to."""

    def __init__(self, log: int, die_at: int | None) -> None:
        self._log, self._die_at = log, die_at
        self._taken = 0

    def take(self, name: str) -> None:
        """One step; it may be the last."""
        self._taken += 1
        os.write(self._log, f"{name}\n".encode())
        if self._taken == self._die_at:
            os._exit(KILLED)

    def around(self, owner: Any, name: str) -> None:
        """A step before and a step after a function or method, however it ends."""
        function: Callable[..., Any] = getattr(owner, name)
        called = f"{owner.__name__}.{name}"

        def stepping(*args: Any, **kwargs: Any) -> Any:
            self.take(f"before {called}")
            try:
                return function(*args, **kwargs)
            finally:
                self.take(f"after {called}")

        setattr(owner, name, stepping)


def _kinds() -> list[type]:
    found = []
    for where in KINDS.values():
        module, _, name = where.partition(":")
        found.append(getattr(import_module(f"mailpoll.destinations.{module}"), name))
    return found


def _run(order: dict[str, Any], log: int) -> None:
    """The forked process: wraps the adapters, and works off what is due."""
    steps = Steps(log, order["die_at"])
    for kind in _kinds():
        steps.around(kind, "post")
        steps.around(kind, "find")
    for owner, names in WRAPPED:
        for name in names:
            steps.around(owner, name)
    Waiting(Path(order["config"]), datetime.fromisoformat(order["now"])).run()


def main() -> None:
    """Serves runs until standard input ends."""
    _kinds()
    with suppress(ImportError):
        import_module("apprise.manager_plugins")
    for line in sys.stdin:
        order = json.loads(line)
        with tempfile.TemporaryFile() as log:
            child = os.fork()
            if child == 0:
                try:
                    _run(order, log.fileno())
                    os._exit(0)
                except BaseException:
                    traceback.print_exc()
                    os._exit(99)
            status = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
            log.seek(0)
            print(json.dumps({"status": status, "steps": log.read().decode().splitlines()}), flush=True)


if __name__ == "__main__":
    main()
