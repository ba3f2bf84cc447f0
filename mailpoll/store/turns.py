"""What a run has to itself: the whole store on SQLite; on PostgreSQL, where several work at once, its accounts."""

from __future__ import annotations

import contextlib
import secrets
from collections.abc import Collection, Iterable
from pathlib import Path
from typing import Protocol

import sqlalchemy as sa
from sqlalchemy.engine import Connection, Engine

from mailpoll.errors import MailpollError, Unavailable
from mailpoll.store import schema
from mailpoll.store.engine import empty_journal, lock_key, transaction
from mailpoll.store.locks import RunLock
from mailpoll.store.problems import place

# The account of mail that no server gave us (`receive`).
NO_ACCOUNT = ""


class Turn(Protocol):
    """The turn of the run of this process, or none while `accounts` is None: then nothing is held and all is seen."""

    accounts: frozenset[str] | None

    def begin(self, accounts: Collection[str]) -> frozenset[str] | None:
        """Those of `accounts` that this run may work on now; None when other runs are at work on all there is to do."""

    def end(self) -> None:
        """Lets everything go."""

    def number(self) -> int:
        """The number under which this run claims deliveries."""

    def gone(self, runs: Iterable[int]) -> tuple[int, ...]:
        """Those of `runs` that are not at work any more; they are this run's to take over."""

    def take(self, what: str) -> bool:
        """Whether `what` can be this process's alone now; it is until leave() or end()."""

    def leave(self, what: str) -> None:
        """Lets go of what take() gave. Never raises an error of ours."""

    def check(self, connection: Connection) -> None:
        """Raises Unavailable when what begin() gave does not hold in this transaction."""


class WholeStore:
    """SQLite: one run at a time, by an flock beside the file."""

    def __init__(self, engine: Engine) -> None:
        self.accounts: frozenset[str] | None = None
        self._engine = engine
        self._lock = RunLock(Path(engine.url.database or ""))

    def begin(self, accounts: Collection[str]) -> frozenset[str] | None:
        """All of them, or None. Raises AccessDenied."""
        return frozenset(accounts) if self._lock.acquire() else None

    def end(self) -> None:
        """Lets the lock go."""
        with contextlib.suppress(MailpollError):
            empty_journal(self._engine)
        self._lock.release()

    def number(self) -> int:
        """There is one run at most: it needs no number."""
        return 0

    def gone(self, runs: Iterable[int]) -> tuple[int, ...]:
        """All of them: we hold the lock."""
        return tuple(runs)

    def take(self, what: str) -> bool:
        """Always: there is one run at most."""
        return True

    def leave(self, what: str) -> None:
        """Nothing was taken."""

    def check(self, connection: Connection) -> None:
        """The kernel keeps an flock for as long as the process lives."""


class Accounts:
    """PostgreSQL: session advisory locks, one for each account and one for the run.

    They belong to the session that does the work: when it ends, both end, however that comes about.
    """

    def __init__(self, engine: Engine) -> None:
        self.accounts: frozenset[str] | None = None
        self._engine = engine
        self._number = 0

    def begin(self, accounts: Collection[str]) -> frozenset[str] | None:
        """Those that no other run works on. With them comes mail that waits to be read: what `receive` took, and of
        accounts that are not configured any more. A run without accounts is one for what `receive` took."""
        with transaction(self._engine) as connection:
            unread = connection.scalars(
                sa.select(schema.folder.c.account)
                .distinct()
                .join(schema.message, schema.message.c.folder_id == schema.folder.c.id)
                .where(schema.message.c.state == "accepted")
            )
            wanted = dict.fromkeys([*accounts, NO_ACCOUNT, *unread])
            held = frozenset(name for name in wanted if _take(connection, lock_key(f"account {name}")))
        if held.isdisjoint(accounts or (NO_ACCOUNT,)):
            self.end()
            return None
        self.accounts = held
        self.number()
        return held.intersection(accounts)

    def end(self) -> None:
        """Lets all locks go; a session that was lost has let them go already."""
        self.accounts, self._number = None, 0
        with contextlib.suppress(MailpollError), transaction(self._engine) as connection:
            connection.execute(sa.select(sa.func.pg_advisory_unlock_all()))

    def number(self) -> int:
        """A number that no run has had, its lock held by us."""
        while not self._number:
            number = secrets.randbits(62) + 1
            with transaction(self._engine) as connection:
                self._number = number if _take(connection, _key(number)) else 0
        return self._number

    def gone(self, runs: Iterable[int]) -> tuple[int, ...]:
        """Those whose lock can be taken; it is kept, so that nobody else takes them over as well."""
        others = [run for run in runs if run != self._number]
        with transaction(self._engine) as connection:
            return tuple(run for run in others if _take(connection, _key(run)))

    def take(self, what: str) -> bool:
        """Whether no other session has it."""
        with transaction(self._engine) as connection:
            return _take(connection, lock_key(what))

    def leave(self, what: str) -> None:
        """Lets one lock go; a session that was lost has let it go already."""
        with contextlib.suppress(MailpollError), transaction(self._engine) as connection:
            connection.execute(sa.select(sa.func.pg_advisory_unlock(lock_key(what))))

    def check(self, connection: Connection) -> None:
        """Looks for our lock among those of this very session: a pooler may have given us another one."""
        if self._number and not connection.scalar(
            _HELD, {"high": self._number >> 32, "low": self._number & 0xFFFFFFFF}
        ):
            raise Unavailable(
                "the session that holds the lock of this run was lost",
                about=place(self._engine),
                advice="A pooler before the database must be in session mode.",
            )


_HELD = sa.text(
    "SELECT EXISTS (SELECT 1 FROM pg_locks WHERE locktype = 'advisory' AND pid = pg_backend_pid() AND granted"
    " AND objsubid = 1 AND classid = CAST(:high AS bigint) AND objid = CAST(:low AS bigint))"
)


def _take(connection: Connection, key: sa.ColumnElement[int]) -> bool:
    return bool(connection.scalar(sa.select(sa.func.pg_try_advisory_lock(key))))


def _key(run: int) -> sa.ColumnElement[int]:
    return sa.cast(run, sa.BigInteger)


def turn(engine: Engine) -> Turn:
    """How runs on this kind of database keep out of each other's way."""
    return WholeStore(engine) if engine.dialect.name == "sqlite" else Accounts(engine)
