"""Runs that are killed at a step: the program support.courier_zygote, as an object."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

from support import courier_zygote
from support.courier_zygote import KILLED
from support.waiting import Waiting

TESTS = Path(courier_zygote.__file__).parent.parent


class Couriers:
    """A running zygote, as a context manager; used by one thread."""

    def __enter__(self) -> Couriers:
        self._process = subprocess.Popen(
            [sys.executable, courier_zygote.__file__], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
            env={"PATH": "/usr/bin:/bin", "PYTHONPATH": str(TESTS), "PYTHONDONTWRITEBYTECODE": "1"},
        )  # fmt: skip
        return self

    def __exit__(self, *_: object) -> None:
        self._process.communicate()

    def run(self, site: Waiting, die_at: int | None = None) -> list[str]:
        """One run now, which ends at the step of that number; the steps that it took."""
        assert self._process.stdin
        assert self._process.stdout
        order = {"config": str(site.config), "now": site.now.isoformat(), "die_at": die_at}
        self._process.stdin.write(json.dumps(order) + "\n")
        self._process.stdin.flush()
        answer = json.loads(self._process.stdout.readline())
        steps: list[str] = answer["steps"]
        assert answer["status"] == (0 if die_at is None else KILLED), steps
        return steps
