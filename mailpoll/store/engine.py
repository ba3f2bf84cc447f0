"""Opening a database: connection settings, transactions, errors in our words, the schema brought up to date."""

from __future__ import annotations

import contextlib
import os
import sqlite3
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, TypeVar

import sqlalchemy as sa
from sqlalchemy.engine import Connection, Engine, make_url
from sqlalchemy.exc import ArgumentError, DBAPIError, NoSuchModuleError, SQLAlchemyError

from mailpoll.errors import AccessDenied, ConfigError, MailpollError, ProtocolError, Unavailable
from mailpoll.store import schema

T = TypeVar("T")

BUSY_TIMEOUT_S = 10

# SQLite takes 32 766 variables in a statement, PostgreSQL 65 535.
IDS_PER_STATEMENT = 10_000

# What SQLite says → (error, what happened, what to do). First match wins; the texts are those of sqlite3_errstr().
SQLITE_TROUBLES: tuple[tuple[str, type[MailpollError], str, str], ...] = (
    ("readonly database", AccessDenied, "the store cannot be written to",
     "Give the user mailpoll runs as write access to the file and to its folder."),
    ("unable to open database file", AccessDenied, "the store cannot be opened",
     "Check that its folder exists and that the user mailpoll runs as may write there."),
    ("disk is full", Unavailable, "the disk that holds the store is full",
     "Free some space; nothing was lost, the next run goes on."),
    ("disk I/O error", Unavailable, "the disk that holds the store failed to read or write",
     "Check the disk; nothing is removed from the server before it is stored."),
    ("database is locked", Unavailable, "another program holds the store for too long",
     "Find it with `fuser`; the next run tries again."),
    ("not a database", ConfigError, "the file is not a mailpoll store", "Check `store.url`."),
    ("malformed", ConfigError, "the store is damaged", "Restore it from a backup, or start with a new file."),
)  # fmt: skip


def connect(url: str) -> Engine:
    """An engine for `url`; an SQLite file is made with mode 0600 and its folder with 0700 when missing.

    Raises ConfigError for a URL that SQLAlchemy cannot read and AccessDenied for a file that cannot be made.
    """
    try:
        parsed = make_url(url.replace("postgres://", "postgresql://", 1))
        if parsed.get_backend_name() == "sqlite" and parsed.database:
            _make_file(Path(parsed.database))
        engine = sa.create_engine(
            parsed, poolclass=sa.StaticPool, connect_args=_connect_args(parsed.get_backend_name())
        )
    except (ArgumentError, NoSuchModuleError) as problem:
        raise ConfigError(
            "not a database URL mailpoll can use",
            about="store.url",
            advice="Write sqlite:////absolute/path/mailpoll.db.",
        ) from problem
    except ModuleNotFoundError as problem:
        raise ConfigError(
            f"the driver {problem.name} is not installed",
            about="store.url",
            advice="Install it: pip install 'mailpoll[postgres]'.",
        ) from problem
    if engine.dialect.name == "sqlite":
        sa.event.listen(engine, "connect", _prepare_sqlite)
        sa.event.listen(engine, "begin", _begin_sqlite)
    return engine


def _connect_args(backend: str) -> dict[str, Any]:
    return {"timeout": BUSY_TIMEOUT_S} if backend == "sqlite" else {}


def _make_file(path: Path) -> None:
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        if not path.exists():
            os.close(os.open(path, os.O_CREAT | os.O_RDWR, 0o600))
    except OSError as problem:
        raise AccessDenied(
            f"the store cannot be made ({problem.strerror})",
            about=str(path),
            advice="Check `store.url`, or make the folder and give it to the user mailpoll runs as.",
        ) from problem
    if not os.access(path, os.W_OK):
        # SQLite would make its side files read-only, too, and they would stay so when the file is put right.
        _, error, what, advice = SQLITE_TROUBLES[0]
        raise error(what, about=str(path), advice=advice)


def _prepare_sqlite(connection: sqlite3.Connection, _record: object) -> None:
    # Python's own transaction handling commits before DDL; we say BEGIN ourselves (_begin_sqlite).
    connection.isolation_level = None
    connection.execute("PRAGMA foreign_keys = ON")
    with contextlib.suppress(sqlite3.OperationalError):  # a read-only file: said clearly when it is written to
        connection.execute("PRAGMA journal_mode = WAL")
    connection.execute("PRAGMA synchronous = FULL")


def _begin_sqlite(connection: Connection) -> None:
    # A transaction that reads first and writes later fails at once when another one wrote in between
    # (SQLITE_BUSY_SNAPSHOT); one that says so at its start waits for its turn.
    writes = connection.get_execution_options().get("writes", True)
    connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")


@contextlib.contextmanager
def translated(engine: Engine) -> Iterator[None]:
    """Turns every error of SQLAlchemy and its drivers into one of mailpoll's."""
    try:
        yield
    except SQLAlchemyError as problem:
        raise _translate(engine, problem) from problem


def _place(engine: Engine) -> str:
    """Which database it is, for people: the file, or the URL without its password."""
    if engine.dialect.name == "sqlite":
        return engine.url.database or ""
    return engine.url.render_as_string(hide_password=True)


def _translate(engine: Engine, problem: SQLAlchemyError) -> MailpollError:
    about = _place(engine)
    words = str(problem.orig) if isinstance(problem, DBAPIError) else str(problem)
    for sign, error, what, advice in SQLITE_TROUBLES:
        if sign in words:
            return error(what, about=about, advice=advice)
    if isinstance(problem, DBAPIError) and (problem.connection_invalidated or "connection" in words.lower()):
        return Unavailable(f"the database cannot be reached ({words.splitlines()[0]})", about=about)
    return ProtocolError(f"the database refused a statement ({words.splitlines()[0]})", about=about)


@contextlib.contextmanager
def transaction(engine: Engine, *, writes: bool = True) -> Iterator[Connection]:
    """A connection inside one transaction: committed at the end, rolled back when anything is raised."""
    with translated(engine), engine.connect().execution_options(writes=writes) as connection, connection.begin():
        yield connection


def portions(values: Sequence[T]) -> Iterator[Sequence[T]]:
    """`values` in pieces that fit the variables of one statement."""
    for start in range(0, len(values), IDS_PER_STATEMENT):
        yield values[start : start + IDS_PER_STATEMENT]


def bring_up_to_date(engine: Engine) -> None:
    """Makes or migrates the schema; does nothing, and imports nothing, when it is at schema.HEAD.

    Raises ConfigError when the store was written by a newer mailpoll.
    """
    revision = _revision(engine)
    if revision == schema.HEAD:
        return
    from alembic import command, util
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", "mailpoll:migrations")
    try:
        with transaction(engine) as connection:
            config.attributes["connection"] = connection
            command.upgrade(config, "head")
            if connection.scalar(sa.select(schema.store_info.c.created_at)) is None:
                connection.execute(schema.store_info.insert().values(id=1, created_at=datetime.now(UTC)))
    except util.CommandError as problem:
        raise ConfigError(
            f"the store has schema {revision}, which this version of mailpoll does not know",
            about=_place(engine),
            advice="Install the version of mailpoll that last used it, or a newer one.",
        ) from problem


def _revision(engine: Engine) -> str | None:
    with transaction(engine, writes=False) as connection:
        if not sa.inspect(connection).has_table("alembic_version"):
            return None
        revision = connection.scalar(sa.text("SELECT version_num FROM alembic_version"))
        return None if revision is None else str(revision)
