"""Hindrances that no setting can bring about, for a mailpoll started by a test; also a program that runs it so.

As a program it takes a word of JSON ({"pages": 3, "patience": 0.1}) and the command line of mailpoll: the store may
grow by so many pages, and waits so many seconds for a lock.
"""

from __future__ import annotations

import ctypes
import json
import os
import resource
import sqlite3
import sys
from collections.abc import Callable

import sqlalchemy as sa

from mailpoll import cli
from mailpoll.store import engine

_PR_CAPBSET_DROP = 24
_CAP_DAC_OVERRIDE, _CAP_DAC_READ_SEARCH = 1, 2


def bound_by_file_modes() -> None:
    """For preexec_fn: file modes hold for the program to be started, even where root runs the tests (Linux)."""
    if os.geteuid() == 0:
        for capability in (_CAP_DAC_OVERRIDE, _CAP_DAC_READ_SEARCH):
            if ctypes.CDLL(None, use_errno=True).prctl(_PR_CAPBSET_DROP, capability, 0, 0, 0):
                raise OSError(ctypes.get_errno(), "prctl")


def no_file_larger_than(octets: int) -> Callable[[], None]:
    """For preexec_fn: writes beyond `octets` of any file fail, as on a disk that breaks (Python ignores SIGXFSZ)."""
    return lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (octets, octets))


def _small(connection: sqlite3.Connection, pages: int) -> None:
    [used] = connection.execute("PRAGMA page_count").fetchone()
    connection.execute(f"PRAGMA max_page_count = {used + pages}")


def main() -> None:
    """Runs mailpoll."""
    hindrance = json.loads(sys.argv.pop(1))
    engine.BUSY_TIMEOUT_S = hindrance.get("patience", engine.BUSY_TIMEOUT_S)
    if "pages" in hindrance:
        sa.event.listen(sa.engine.Engine, "connect", lambda connection, _: _small(connection, hindrance["pages"]))
    cli.main()


if __name__ == "__main__":
    main()
