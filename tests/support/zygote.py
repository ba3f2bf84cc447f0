"""Runs mailpoll commands in forked processes that die where they are told to: a program of its own.

Reads a line of JSON per trial: {"argv": [...], "die_at": [step, n] or null}; answers with {"status", "steps"}.
The imports are done once, before forking, so that a trial costs what the run costs. The process really is killed
(SIGKILL, to itself) when it comes to the step of that name for the n-th time. A step is the moment before or after a
call that touches the server, the store, the reader or a destination: the package has no hook for it, the adapters'
methods are wrapped here.
"""

from __future__ import annotations

import json
import os
import signal
import sys
import tempfile
from collections import Counter
from collections.abc import Callable, Iterator
from typing import Any

import mailpoll.commands.fetch
import mailpoll.store.postgres  # noqa: F401  # imported once, before forking
from mailpoll import cli
from mailpoll.destinations.command import CommandDestination
from mailpoll.destinations.webhook import WebhookDestination
from mailpoll.imap.session import Session
from mailpoll.reader import Reader
from mailpoll.store.ledger import Ledger
from mailpoll.store.outbox import Outbox

WRAPPED = {
    Session: ("open", "search", "last_uid_before", "mark_seen", "add_keyword", "move", "delete"),
    Ledger: ("position", "set_floor", "skip", "accept", "begin_reading", "record", "polled", "after_done"),
    Outbox: ("claim", "delivered", "delayed", "uncertain", "failed"),
    Reader: ("recipients", "posts", "begin", "finish", "part"),
    WebhookDestination: ("post",),
    CommandDestination: ("post",),
}  # fmt: skip


class Steps:
    """Counts the steps, writes each to a file before it is taken, and dies at the one it is told to."""

    def __init__(self, log: int, die_at: list[Any] | None) -> None:
        self._log = log
        self._die_at = die_at
        self._taken: Counter[str] = Counter()

    def take(self, name: str) -> None:
        """One step; it may be the last."""
        self._taken[name] += 1
        os.write(self._log, f"{name}\n".encode())
        if [name, self._taken[name]] == self._die_at:
            os.kill(os.getpid(), signal.SIGKILL)

    def around(self, name: str, function: Callable[..., Any]) -> Callable[..., Any]:
        """`function` with a step before and a step after it."""

        def stepping(*args: Any, **kwargs: Any) -> Any:
            self.take(f"before {name}")
            result = function(*args, **kwargs)
            self.take(f"after {name}")
            return result

        return stepping

    def one_by_one(self, fetch: Callable[..., Any]) -> Callable[..., Any]:
        """Session.fetch with batches of one mail, a step around each."""

        def stepping(*args: Any, **kwargs: Any) -> Iterator[Any]:
            for batch in fetch(*args, **{**kwargs, "batch_count": 1}):
                self.take("before fetch of a mail")
                yield batch
                self.take("after fetch of a mail")

        return stepping


def trial(argv: list[str], steps: Steps) -> None:
    """The forked process: wraps the adapters and runs the command."""
    for kind, names in WRAPPED.items():
        for name in names:
            setattr(kind, name, steps.around(f"{kind.__name__}.{name}", getattr(kind, name)))
    Session.fetch = steps.one_by_one(Session.fetch)  # type: ignore[method-assign]
    sys.argv = ["mailpoll", *argv]
    cli.main()


def main() -> None:
    """Serves trials until standard input ends."""
    for line in sys.stdin:
        order = json.loads(line)
        with tempfile.TemporaryFile() as log:
            child = os.fork()
            if child == 0:
                os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
                os.dup2(2, 1)
                try:
                    trial(order["argv"], Steps(log.fileno(), order["die_at"]))
                except SystemExit as ended:
                    os._exit(int(ended.code or 0))
                except BaseException:
                    import traceback

                    traceback.print_exc()
                    os._exit(99)
            status = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
            log.seek(0)
            steps = log.read().decode().splitlines()
        print(json.dumps({"status": status, "steps": steps}), flush=True)


if __name__ == "__main__":
    main()
