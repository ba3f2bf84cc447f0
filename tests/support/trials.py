"""Many short runs of mailpoll commands: the program support.zygote, as an object."""

from __future__ import annotations

import json
import subprocess
import sys
from typing import Any

from support import zygote
from support.site import CRON


class Zygote:
    """A running zygote, as a context manager; used by one thread."""

    def __enter__(self) -> Zygote:
        self._process = subprocess.Popen(
            [sys.executable, zygote.__file__], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=CRON
        )
        return self

    def __exit__(self, *_: object) -> None:
        self._process.communicate()

    def run(
        self, *argv: str, die_at: tuple[str, int] | None = None, sql_fault: dict[str, Any] | None = None
    ) -> dict[str, Any]:
        """One run; {"status", "steps", "said"}."""
        assert self._process.stdin
        assert self._process.stdout
        self._process.stdin.write(json.dumps({"argv": argv, "die_at": die_at, "sql_fault": sql_fault}) + "\n")
        self._process.stdin.flush()
        answer: dict[str, Any] = json.loads(self._process.stdout.readline())
        return answer
