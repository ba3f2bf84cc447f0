"""A process with a run of its own, which has claimed all there is and waits to be killed; a program of its own, too."""

from __future__ import annotations

import subprocess
import sys
from datetime import UTC, datetime
from types import TracebackType

from mailpoll.store import Store


class Process:
    """It is there, its claims made, when the context begins."""

    def __init__(self, url: str, *accounts: str) -> None:
        self._command = [sys.executable, __file__, url, *accounts]

    def __enter__(self) -> Process:
        self._process = subprocess.Popen(self._command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        assert self._process.stdout
        assert self._process.stdout.readline() == "claimed\n"
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.kill()
        self._process.communicate()

    def kill(self) -> None:
        """As kill -9 does."""
        self._process.kill()
        self._process.wait()


def main(url: str, *accounts: str) -> None:
    """Claims what is due, says so, and waits."""
    with Store(url) as store, store.run(accounts):
        for delivery in store.outbox.list():
            store.outbox.claim(delivery, datetime.now(UTC))
        print("claimed", flush=True)
        sys.stdin.readline()


if __name__ == "__main__":
    main(*sys.argv[1:])
