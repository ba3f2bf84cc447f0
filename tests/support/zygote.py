"""Runs mailpoll commands in forked processes that die where they are told to: a program of its own.

Reads a line of JSON per trial: {"argv": [...], "die_at": [step, n] or null, "sql_fault": {...} or null}; answers with
{"status", "steps", "said"}. The imports are done once, before forking, so that a trial costs what the run costs.

The process really is killed (SIGKILL, to itself) when it comes to the step of that name for the n-th time. A step is
the moment before or after a call that touches the server, the store, the reader or a destination: the package has no
hook for it, the adapters' methods are wrapped here. With a fault of SQL (see SqlFault) the steps are the statements.
"""

from __future__ import annotations

import json
import os
import signal
import sqlite3
import sys
import tempfile
from collections import Counter
from collections.abc import Callable, Iterator
from typing import Any

import psycopg
import sqlalchemy as sa
from sqlalchemy.engine.default import DefaultDialect

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


# What SQLite says, in the class in which it says it.
SQLITE: dict[str, Callable[[], sqlite3.Error]] = {
    "full": lambda: sqlite3.OperationalError("database or disk is full"),
    "locked": lambda: sqlite3.OperationalError("database is locked"),
    "failing": lambda: sqlite3.OperationalError("disk I/O error"),
    "damaged": lambda: sqlite3.DatabaseError("database disk image is malformed"),
}
# What a PostgreSQL is asked instead of the statement, so that it fails by itself.
POSTGRESQL = {
    "crossed": "DO $$ BEGIN RAISE 'could not serialize access' USING ERRCODE = '40001'; END $$",
    "slow": "SET LOCAL statement_timeout = 1; SELECT pg_sleep(5)",
    "full": "DO $$ BEGIN RAISE 'could not extend file' USING ERRCODE = '53100'; END $$",
}


class SqlFault:
    """Lets the `at`-th statement of a run fail, a COMMIT being one, and with `lasting` all that follow.

    `kind` is a key of SQLITE or POSTGRESQL; "ended": the session ends before the statement; "unanswered": the statement
    is carried out, a COMMIT too, and its answer lost. `admin` connects to PostgreSQL as one who may end sessions.
    """

    def __init__(self, log: int, at: int, kind: str, *, lasting: bool = False, admin: str = "") -> None:
        self._log, self._at, self._kind, self._lasting, self._admin = log, at, kind, lasting, admin
        self._count = 0

    def install(self) -> None:
        """On every engine of this process."""
        # They return a true value where the statement has been executed already.
        sa.event.listen(sa.Engine, "do_execute", lambda cursor, sql, values, _:
                        self._around(cursor, sql, lambda: cursor.execute(sql, values)))  # fmt: skip
        sa.event.listen(sa.Engine, "do_executemany", lambda cursor, sql, values, _:
                        self._around(cursor, sql, lambda: cursor.executemany(sql, values)))  # fmt: skip
        sa.event.listen(sa.Engine, "do_execute_no_params", lambda cursor, sql, _:
                        self._around(cursor, sql, lambda: cursor.execute(sql)))  # fmt: skip
        DefaultDialect.do_commit = lambda _, connection: self._around(  # type: ignore[method-assign,misc]
            connection.cursor(), "COMMIT", connection.commit
        )

    def _around(self, cursor: Any, sql: str, execute: Callable[[], object]) -> bool:
        self._count += 1
        os.write(self._log, f"{' '.join(sql.split())[:60]}\n".encode())
        if self._count == self._at or (self._lasting and self._count > self._at):
            self._fail(cursor, execute)
        execute()
        return True

    def _fail(self, cursor: Any, execute: Callable[[], object]) -> None:
        if self._kind == "unanswered":
            execute()
        if isinstance(cursor, sqlite3.Cursor):
            raise SQLITE["failing" if self._kind == "unanswered" else self._kind]()
        if self._kind in POSTGRESQL:
            cursor.execute(POSTGRESQL[self._kind])
        with psycopg.connect(self._admin, autocommit=True) as admin:
            admin.execute("SELECT pg_terminate_backend(%s, 5000)", [cursor.connection.info.backend_pid])
        cursor.execute("SELECT 1")  # it fails, as whatever is asked next does


def trial(order: dict[str, Any], log: int) -> None:
    """The forked process: wraps the adapters and runs the command."""
    if order.get("sql_fault"):
        SqlFault(log, **order["sql_fault"]).install()
    else:
        wrap(Steps(log, order["die_at"]))
    sys.argv = ["mailpoll", *order["argv"]]
    cli.main()


def wrap(steps: Steps) -> None:
    """Steps around all that WRAPPED names."""
    for kind, names in WRAPPED.items():
        for name in names:
            setattr(kind, name, steps.around(f"{kind.__name__}.{name}", getattr(kind, name)))
    Session.fetch = steps.one_by_one(Session.fetch)  # type: ignore[method-assign]


def main() -> None:
    """Serves trials until standard input ends."""
    for line in sys.stdin:
        order = json.loads(line)
        with tempfile.TemporaryFile() as log, tempfile.TemporaryFile() as said:
            child = os.fork()
            if child == 0:
                os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
                os.dup2(said.fileno(), 1)
                os.dup2(said.fileno(), 2)
                try:
                    trial(order, log.fileno())
                except SystemExit as ended:
                    os._exit(int(ended.code or 0))
                except BaseException:
                    import traceback

                    traceback.print_exc()
                    os._exit(99)
            status = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
            log.seek(0)
            said.seek(0)
            answer = {"status": status, "steps": log.read().decode().splitlines(), "said": said.read().decode()}
        print(json.dumps(answer), flush=True)


if __name__ == "__main__":
    main()
