"""Opening a database: connection settings, transactions, errors in our words, the schema brought up to date."""

from __future__ import annotations

import contextlib
import logging
import os
import sqlite3
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, TypeVar

import sqlalchemy as sa
from sqlalchemy.engine import URL, Connection, Engine, make_url
from sqlalchemy.exc import ArgumentError, NoSuchModuleError, SQLAlchemyError

from mailpoll import places
from mailpoll.errors import AccessDenied, ConfigError
from mailpoll.store import schema
from mailpoll.store.locks import lock_file
from mailpoll.store.problems import SQLITE_TROUBLES, place, translate

T = TypeVar("T")

log = logging.getLogger(__name__)

BUSY_TIMEOUT_S = 10

# The journal beside an SQLite file is written into it when it has so many pages (of 4 KB): each time waits for the disk
# twice, and a batch of mail is a thousand pages. The end of a run does it in any case.
CHECKPOINT_PAGES = 4_000
# It is cut to so many octets once its pages are in the file.
WAL_LIMIT = 8_000_000

# SQLite takes 32 766 variables in a statement, PostgreSQL 65 535.
IDS_PER_STATEMENT = 10_000


def connect(url: str, password: str | None = None) -> Engine:
    """An engine for `url`; an SQLite file is made with mode 0600 and its folder with 0700 when missing.

    `password` is PostgreSQL's. Raises ConfigError for a URL that SQLAlchemy cannot read, a kind of database that is
    none of ours and a missing driver, and AccessDenied for a file that cannot be made.
    """
    try:
        parsed = make_url(url)
        backend = parsed.get_backend_name()
        if backend == "sqlite":
            return _sqlite(parsed)
        if backend == "postgresql":
            from mailpoll.store import postgres

            return postgres.engine(parsed, password)
    except ImportError as problem:
        missing = isinstance(problem, ModuleNotFoundError)
        why = "is not installed" if missing else f"cannot be used ({str(problem).splitlines()[0]})"
        raise ConfigError(
            f"PostgreSQL needs the driver psycopg, which {why}",
            about="store.url",
            advice="Installed by pipx, type in your clone: pipx install --force '.[postgres]'; in an environment of "
            "your own: pip install '.[postgres]'",
        ) from problem
    except (ArgumentError, NoSuchModuleError) as problem:
        raise _no_url() from problem
    raise _no_url()


def _no_url() -> ConfigError:
    return ConfigError(
        "not a database URL mailpoll can use",
        about="store.url",
        advice="Write sqlite:////absolute/path/mailpoll.db or postgresql://user@host/database.",
    )


def _sqlite(url: URL) -> Engine:
    if url.database:
        _make_file(Path(url.database))
    engine = sa.create_engine(url, poolclass=sa.StaticPool, connect_args={"timeout": BUSY_TIMEOUT_S})
    sa.event.listen(engine, "connect", _prepare_sqlite)
    sa.event.listen(engine, "begin", _begin_sqlite)
    return engine


def _make_file(path: Path) -> None:
    lock = lock_file(path)
    was_here = not places.is_missing(lock)
    try:
        places.make_folder(path.parent)
        if places.is_missing(path):
            if was_here:
                raise ConfigError(
                    "the store that was here is gone",
                    about=str(path),
                    advice=f"Put it back, from a backup perhaps. To begin with an empty one, remove {lock}.",
                )
            os.close(os.open(path, os.O_CREAT | os.O_RDWR, 0o600))
    except OSError as problem:
        raise AccessDenied(
            f"the store cannot be made ({problem.strerror})",
            about=str(path),
            advice="Check `store.url`, or make the folder and give it to the user mailpoll runs as.",
        ) from problem
    if not os.access(path.parent, os.X_OK):
        raise AccessDenied(
            "this user may not look into its folder",
            about=str(path),
            advice=f"Run mailpoll as the user whose folder it is, or give {path.parent} to this one.",
        )
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
    connection.execute(f"PRAGMA journal_size_limit = {WAL_LIMIT}")
    connection.execute(f"PRAGMA wal_autocheckpoint = {CHECKPOINT_PAGES}")


def _begin_sqlite(connection: Connection) -> None:
    # A transaction that reads first and writes later fails at once when another one wrote in between
    # (SQLITE_BUSY_SNAPSHOT); one that says so at its start waits for its turn.
    writes = connection.get_execution_options().get("writes", True)
    connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")


def empty_journal(engine: Engine) -> None:
    """Brings SQLite's journal into the file and cuts it to nothing, unless somebody reads: then the next run does.

    Left alone it keeps the size of the largest transaction there ever was.
    """
    with translated(engine), engine.connect() as connection:
        driver: Any = connection.connection.driver_connection
        try:
            driver.execute("PRAGMA busy_timeout = 0")
            driver.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()
        except sqlite3.Error:
            log.debug("the journal could not be emptied", exc_info=True)
        finally:
            driver.execute(f"PRAGMA busy_timeout = {BUSY_TIMEOUT_S * 1000:.0f}")


@contextlib.contextmanager
def translated(engine: Engine) -> Iterator[None]:
    """Turns every error of SQLAlchemy and its drivers into one of mailpoll's."""
    try:
        yield
    except SQLAlchemyError as problem:
        raise translate(engine, problem) from problem


@contextlib.contextmanager
def transaction(engine: Engine, *, writes: bool = True) -> Iterator[Connection]:
    """A connection inside one transaction: committed at the end, rolled back when anything is raised."""
    with translated(engine), engine.connect().execution_options(writes=writes) as connection, connection.begin():
        yield connection


def portions(values: Sequence[T]) -> Iterator[Sequence[T]]:
    """`values` in pieces that fit the variables of one statement."""
    for start in range(0, len(values), IDS_PER_STATEMENT):
        yield values[start : start + IDS_PER_STATEMENT]


def upsert(connection: Connection, table: sa.Table, values: dict[str, Any]) -> None:
    """Inserts a row, or replaces the one with this primary key; also when another process does so at the same time."""
    if connection.dialect.name == "sqlite":
        from sqlalchemy.dialects.sqlite import insert
    else:
        from sqlalchemy.dialects.postgresql import insert  # type: ignore[assignment]
    key = [column.name for column in table.primary_key]
    statement = insert(table).values(values)
    others = {name: statement.excluded[name] for name in values if name not in key}
    connection.execute(statement.on_conflict_do_update(index_elements=key, set_=others))


def in_turn(connection: Connection, what: str) -> None:
    """Waits until no other process is inside its transaction about `what`; ends with ours.

    SQLite lets one transaction write at a time anyway. PostgreSQL gives each statement that follows what the others
    have committed (READ COMMITTED).
    """
    if connection.dialect.name == "postgresql":
        connection.execute(sa.select(sa.func.pg_advisory_xact_lock(lock_key(what))))


def lock_key(what: str) -> sa.ColumnElement[int]:
    """The number of PostgreSQL's advisory lock for `what`, 64 bits. There may be a store in each schema of a database,
    and others use such locks, too."""
    words = sa.literal("mailpoll ") + sa.func.coalesce(sa.func.current_schema(), "") + sa.literal(f" {what}")
    return sa.func.hashtextextended(words, 0, type_=sa.BigInteger)


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
        # Several processes may find it behind at once: the first makes it, the others then have nothing to do.
        with transaction(engine) as connection:
            in_turn(connection, "schema")
            if connection.dialect.name == "postgresql":  # a large table takes the time it takes
                connection.execute(sa.text("SET LOCAL statement_timeout = 0"))
            config.attributes["connection"] = connection
            command.upgrade(config, "head")
            if connection.scalar(sa.select(schema.store_info.c.created_at)) is None:
                connection.execute(schema.store_info.insert().values(id=1, created_at=datetime.now(UTC)))
    except util.CommandError as problem:
        raise ConfigError(
            f"the store has schema {revision}, which this version of mailpoll does not know",
            about=place(engine),
            advice="Install the version of mailpoll that last used it, or a newer one.",
        ) from problem


def _revision(engine: Engine) -> str | None:
    with transaction(engine, writes=False) as connection:
        if not sa.inspect(connection).has_table("alembic_version"):
            return None
        revision = connection.scalar(sa.text("SELECT version_num FROM alembic_version"))
        return None if revision is None else str(revision)
