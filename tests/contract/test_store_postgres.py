"""store on PostgreSQL: what is said when the server, the database, the user or a pooler are against it."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import psycopg
import pytest
import sqlalchemy as sa
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from psycopg import errors
from servers import free_port, require
from servers.pgbouncer import PgBouncer
from servers.pgbouncer import missing as no_pgbouncer
from servers.postgres import PASSWORD, USER, Postgres

from mailpoll.errors import AccessDenied, ConfigError, MailpollError, ProtocolError, Unavailable
from mailpoll.model import Facts, Post, RawMessage, Reading
from mailpoll.store import Store, schema
from mailpoll.store import postgres as adapter
from mailpoll.store.engine import portions, transaction
from mailpoll.store.problems import SQLSTATES, of_postgresql

NOW = datetime(2026, 11, 20, 8, 0, tzinfo=UTC)


@pytest.fixture
def name(postgres: Postgres) -> str:
    """A database with an empty store."""
    return postgres.database()


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """A server that is not there is not waited for."""
    monkeypatch.setattr(adapter, "PATIENCE_S", 0)


def opened(url: str, password: str | None = PASSWORD) -> MailpollError:
    """The error that opening this store ends with; there is no password in it."""
    with pytest.raises(MailpollError) as caught:
        Store(url, password)
    assert PASSWORD not in str(caught.value)
    return caught.value


def test_the_migrations_make_what_the_models_say(postgres: Postgres) -> None:
    with Store(postgres.url(postgres.empty())) as store, transaction(store._engine) as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True, "compare_server_default": True})
        assert compare_metadata(context, schema.metadata) == []
        assert context.get_current_revision() == schema.HEAD


def test_channels_that_were_there_before_quotes_go_on_with_the_setting(postgres: Postgres) -> None:
    url = postgres.url(postgres.empty())
    engine, config = sa.create_engine(url), Config()
    config.set_main_option("script_location", "mailpoll:migrations")
    with engine.begin() as connection:
        config.attributes["connection"] = connection
        command.upgrade(config, "0003")
        connection.execute(schema.store_info.insert().values(id=1, created_at=NOW))
        connection.execute(sa.text("INSERT INTO channel (name, created_at) VALUES ('dev', now())"))
    engine.dispose()
    with Store(url) as store:
        assert [(channel.name, channel.quotes) for channel in store.channels.list()] == [("dev", None)]


def test_the_migrations_make_the_indices_of_the_models(postgres: Postgres, name: str) -> None:
    """Alembic does not compare the WHERE of an index."""
    by_models = postgres.empty()
    engine = sa.create_engine(postgres.url(by_models))
    schema.partial().create_all(engine)
    engine.dispose()
    query = "SELECT indexdef FROM pg_indexes WHERE schemaname = 'public' AND tablename <> 'alembic_version' ORDER BY 1"
    assert postgres.execute(query, database=name) == postgres.execute(query, database=by_models)


def test_a_store_of_a_newer_mailpoll_is_left_alone(postgres: Postgres, name: str) -> None:
    postgres.execute("UPDATE alembic_version SET version_num = '9999'", database=name)
    problem = opened(postgres.url(name))
    assert isinstance(problem, ConfigError)
    assert "schema 9999, which this version of mailpoll does not know" in str(problem)


def test_the_password_is_not_in_the_url(postgres: Postgres, name: str) -> None:
    with Store(postgres.tcp_url(name), PASSWORD) as store:
        store.channels.add("dev", [("store", "")], NOW)
        assert PASSWORD not in repr(store._engine.url)


@pytest.mark.usefixtures("impatient")
def test_what_is_wrong_with_the_way_there_is_said(postgres: Postgres, name: str) -> None:
    refused = opened(postgres.tcp_url(name), "wrong")
    assert (type(refused), refused.exit_status) == (AccessDenied, 77)
    assert "Check the user in `store.url` and `store.password`." in str(refused)
    assert isinstance(opened(postgres.tcp_url(name), None), AccessDenied)
    assert isinstance(opened(postgres.tcp_url(name, user="stranger")), AccessDenied)
    missing = opened(postgres.tcp_url("nowhere"))
    assert (type(missing), missing.exit_status) == (ConfigError, 78)
    assert "there is no such database" in str(missing)
    closed = opened(f"postgresql://{USER}@127.0.0.1:{free_port()}/x")
    assert (type(closed), closed.exit_status) == (Unavailable, 69)
    assert "the database cannot be reached (connection to server" in str(closed)
    assert isinstance(opened(f"postgresql://{USER}@/x?host=/nonexistent"), Unavailable)
    assert isinstance(opened(f"postgresql://{USER}@nowhere.invalid/x"), Unavailable)
    assert isinstance(opened(f"{postgres.tcp_url(name)}?colour=red"), ConfigError)


def test_a_certificate_is_asked_for_from_hosts_elsewhere() -> None:
    elsewhere = adapter._tls({"host": "db.example.com"})
    assert elsewhere["sslmode"] == "verify-full"
    for here in ({}, {"host": "/run/postgresql"}, {"host": "localhost"}, {"host": "127.0.0.1"}, {"host": "::1"}):
        assert adapter._tls(here) == {}
    assert adapter._tls({"host": "db.example.com", "sslmode": "disable"}) == {}
    assert adapter._tls({"host": "localhost,db.example.com"})["sslmode"] == "verify-full"


def test_a_server_without_tls_is_refused_where_tls_is_asked_for(postgres: Postgres, name: str) -> None:
    problem = opened(f"{postgres.tcp_url(name)}?sslmode=verify-full&sslrootcert=system")
    assert isinstance(problem, AccessDenied)
    assert "the database does not offer TLS" in str(problem)
    assert "`?sslmode=disable`" in str(problem)


def test_a_server_that_comes_back_soon_is_waited_for() -> None:
    require("PostgreSQL", True)
    with Postgres() as server:
        name = server.database()
        server.stop()
        program = f"from mailpoll.store import Store; print('going', flush=True); Store({server.url(name)!r})"
        child = subprocess.Popen([sys.executable, "-c", program], stdout=subprocess.PIPE, text=True)
        assert child.stdout
        assert child.stdout.readline() == "going\n"
        server.start()
        assert (child.communicate()[0], child.returncode) == ("", 0)


def test_too_many_connections_is_a_passing_trouble(postgres: Postgres, name: str) -> None:
    postgres.execute(f"ALTER ROLE {USER} CONNECTION LIMIT 0")
    try:
        problem = opened(postgres.url(name))
    finally:
        postgres.execute(f"ALTER ROLE {USER} CONNECTION LIMIT -1")
    assert isinstance(problem, Unavailable)
    assert "the database takes no more connections" in str(problem)


def test_a_user_without_rights_is_told_so(postgres: Postgres) -> None:
    foreign = postgres.empty()
    postgres.execute(f"ALTER DATABASE {foreign} OWNER TO postgres")
    problem = opened(postgres.url(foreign))
    assert isinstance(problem, AccessDenied)
    assert "the user has no right to do this in the database (permission denied for schema public)" in str(problem)
    assert "OWNER TO" in str(problem)
    postgres.execute(f"REVOKE CONNECT ON DATABASE {foreign} FROM PUBLIC")
    assert isinstance(opened(postgres.url(foreign)), AccessDenied)


def test_a_standby_is_told_from_a_primary(postgres: Postgres, name: str) -> None:
    postgres.execute(f"ALTER DATABASE {name} SET default_transaction_read_only = on")
    with Store(postgres.url(name)) as store, pytest.raises(Unavailable, match="it is a standby, or read-only"):
        store.ledger.accept([RawMessage(None, None, (b"x",))], NOW)


def test_a_database_that_cannot_hold_every_letter_is_refused(postgres: Postgres) -> None:
    postgres.execute("CREATE DATABASE latin ENCODING 'LATIN1' TEMPLATE template0")
    problem = opened(postgres.url("latin"))
    assert isinstance(problem, ConfigError)
    assert "the database keeps text as LATIN1" in str(problem)


def test_a_session_keeps_its_promises_whatever_the_database_says(postgres: Postgres, name: str) -> None:
    for setting in (
        "synchronous_commit = off",
        "default_transaction_isolation = 'serializable'",
        "TimeZone = 'Asia/Tokyo'",
    ):
        postgres.execute(f"ALTER DATABASE {name} SET {setting}")
    with Store(postgres.url(name)) as store, transaction(store._engine) as connection:
        ours = ("synchronous_commit", "transaction_isolation", "TimeZone", "lock_timeout")
        shown = [connection.scalar(sa.text(f"SHOW {setting}")) for setting in ours]
    assert shown == ["on", "read committed", "UTC", "30s"]


ALL = sorted(
    {e for e in vars(errors).values() if isinstance(e, type) and issubclass(e, psycopg.Error)},
    key=lambda e: e.__name__,
)


@pytest.mark.parametrize("error", ALL, ids=lambda e: e.__name__)
def test_every_error_of_the_driver_becomes_ours(error: type[psycopg.Error]) -> None:
    state = error.sqlstate or ""
    assert not state or state in SQLSTATES or state[:2] in SQLSTATES
    ours = of_postgresql(error("something\nwith a row of a mail"), "something\nwith a row of a mail", "db")
    assert isinstance(ours, ConfigError | AccessDenied | Unavailable | ProtocolError)
    assert "something" in str(ours)
    assert "mail" not in str(ours).replace("mailpoll", "")


@pytest.mark.parametrize(("error", "kind"), [
    (errors.DiskFull, Unavailable), (errors.TooManyConnections, Unavailable), (errors.CannotConnectNow, Unavailable),
    (errors.AdminShutdown, Unavailable), (errors.ReadOnlySqlTransaction, Unavailable),
    (errors.DeadlockDetected, Unavailable), (errors.LockNotAvailable, Unavailable), (errors.QueryCanceled, Unavailable),
    (errors.InvalidPassword, AccessDenied), (errors.InsufficientPrivilege, AccessDenied),
    (errors.InvalidCatalogName, ConfigError), (errors.DataCorrupted, ConfigError),
    (errors.CharacterNotInRepertoire, ProtocolError), (errors.UndefinedTable, ProtocolError),
    (psycopg.OperationalError, Unavailable), (errors.ConnectionTimeout, Unavailable),
    (psycopg.DataError, ProtocolError),
])  # fmt: skip
def test_what_errors_of_the_server_mean(error: type[psycopg.Error], kind: type[MailpollError]) -> None:
    assert type(of_postgresql(error("words"), "words", "db")) is kind


def test_more_values_than_a_statement_takes(postgres: Postgres, name: str) -> None:
    with Store(postgres.url(name)) as store:
        folder = store.ledger.position("a", "INBOX", 1, margin_s=0, overlap_s=0).folder_id
        store.ledger.skip(folder, range(1, 101))
        assert store.ledger.unknown(folder, range(1, 70_001)) == tuple(range(101, 70_001))
        store.ledger.after_done(folder, range(1, 70_001))
        assert store.channels.lookup([f"t{n}" for n in range(70_000)]) == {}
        assert max(len(some) for some in portions(range(70_000))) < 65_535


def test_numbers_and_moments_at_their_ends(store: Store) -> None:
    uid = 2**32 - 1
    folder = store.ledger.position("a", "INBOX", uid, margin_s=0, overlap_s=0).folder_id
    early, late = datetime(1, 1, 2, tzinfo=UTC), datetime(9999, 12, 30, 23, 59, 59, 999_999, tzinfo=UTC)
    raws = [RawMessage(uid, early, (b"x",), oversize_of=2**40), RawMessage(uid - 1, late, (b"y",))]
    ids = store.ledger.accept(raws, NOW, folder_id=folder)
    assert [raw.uid for raw in ids.values()] == [uid, uid - 1]
    store.ledger.record(
        [(n, Reading("ignored", "", Facts("k", date=d))) for n, d in zip(ids, (early, late), strict=True)], NOW
    )
    newest, oldest = store.messages.list()
    assert (oldest.uid, oldest.oversize_of, oldest.date, newest.date) == (uid, 2**40, early, late)
    with transaction(store._engine, writes=False) as connection:
        assert list(connection.scalars(sa.select(schema.message.c.internaldate).order_by(schema.message.c.id))) == [
            early, late]  # fmt: skip


def test_ids_come_back_in_the_order_of_the_mails(store: Store) -> None:
    raws = [RawMessage(None, None, (b"%d" % number,)) for number in range(3_000)]
    for message_id, raw in store.ledger.accept(raws, NOW).items():
        assert b"".join(store.ledger.chunks(message_id)) == raw.chunks[0]


def test_text_and_bytes_of_any_mail_can_be_kept(store: Store) -> None:
    """Lone surrogates and NUL, which databases refuse."""
    octets = bytes(range(256)) * 8_000
    [message_id] = store.ledger.accept([RawMessage(None, None, (octets[:1_000_000], octets[1_000_000:]))], NOW)
    assert b"".join(store.ledger.chunks(message_id)) == octets
    awful = "a\ud800b\x00c\U0001f600"
    posts = (Post("dev", "store", "", awful, awful, sender="a\x00b"),)
    store.ledger.record(
        [(message_id, Reading("posted", awful, Facts("k", awful, awful, awful, None, (awful,)), posts))], NOW
    )
    assert store.messages.get(message_id).subject == "a?b\ufffdc\U0001f600"
    assert store.outbox.list()[0].post.body == "a?b\ufffdc\U0001f600"


def test_the_driver_is_imported_for_postgresql_only(tmp_path: Any) -> None:
    program = (
        f"from mailpoll.store import Store; Store('sqlite:///{tmp_path}/m.db');"
        "import sys; print('psycopg' in sys.modules)"
    )
    assert subprocess.check_output([sys.executable, "-c", program], text=True).strip() == "False"


@pytest.mark.parametrize(("hindrance", "why"), [
    ("sys.modules['psycopg'] = None", "is not installed"),
    ("import os; os.environ['PSYCOPG_IMPL'] = 'python'; import ctypes.util; ctypes.util.find_library = lambda _: None",
     "cannot be used (couldn't import"),
])  # fmt: skip
def test_a_missing_driver_is_named_with_the_line_that_installs_it(hindrance: str, why: str) -> None:
    program = (
        f"import sys; {hindrance}\n"
        "from mailpoll.store import Store\n"
        "try: Store('postgresql://u@h/n')\n"
        "except Exception as problem: print(type(problem).__name__, problem)"
    )
    said = subprocess.check_output([sys.executable, "-c", program], text=True)
    assert said.startswith(f"ConfigError store.url: PostgreSQL needs the driver psycopg, which {why}")
    assert "pipx install --force '.[postgres]'; in an environment of your own: pip install '.[postgres]'" in said


@pytest.fixture(params=["transaction", "statement", "transaction, in turn", "transaction, one session"])
def wrong_pool(request: pytest.FixtureRequest, postgres: Postgres) -> Iterator[PgBouncer]:
    """A pooler in a mode that gives each transaction another session."""
    require(no_pgbouncer() or "PgBouncer", not no_pgbouncer())
    mode, _, how = request.param.partition(", ")
    more = {"in turn": "server_round_robin = 1\nmin_pool_size = 4", "one session": "default_pool_size = 1"}.get(how, "")
    with PgBouncer(postgres, mode, more) as pooler:
        yield pooler


def test_a_pooler_that_shares_sessions_is_refused(wrong_pool: PgBouncer, name: str) -> None:
    problem = opened(wrong_pool.url(name))
    assert isinstance(problem, ConfigError)
    assert "a connection pooler in transaction mode stands before the database" in str(problem)
    assert "pool_mode = session" in str(problem)


def test_a_pool_of_one_session_is_named(
    postgres: Postgres, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:  # fmt: skip
    require(no_pgbouncer() or "PgBouncer", not no_pgbouncer())
    monkeypatch.setattr(adapter, "CONNECT_TIMEOUT_S", 0.2)
    with PgBouncer(postgres, "session", "default_pool_size = 1") as pooler:
        problem = opened(pooler.url(name))
    assert isinstance(problem, Unavailable)
    assert "has no second session to give" in str(problem)


def test_a_pooler_in_session_mode_will_do(postgres: Postgres, name: str) -> None:
    require(no_pgbouncer() or "PgBouncer", not no_pgbouncer())
    with PgBouncer(postgres, "session") as pooler:
        with Store(pooler.url(name)) as first, Store(pooler.url(name)) as second, first.run(["a"]) as mine:
            assert mine == {"a"}
            with second.run(["a"]) as theirs:
                assert theirs is None
        with Store(pooler.url(name)) as third, third.run(["a"]) as again:
            assert again == {"a"}


def test_what_another_run_takes_while_the_due_are_read_is_left_to_it(postgres: Postgres, name: str) -> None:
    """Which are due and what they hold are two statements, and each sees what was committed before it."""
    with Store(postgres.url(name)) as store, Store(postgres.url(name)) as other, other.run(("b",)):
        store.channels.add("dev", [("hook", "")], NOW)
        [message_id] = store.ledger.accept([RawMessage(None, None, (b"x",))], NOW)
        reading = Reading("posted", "", Facts("key"), (Post("dev", "hook", "", "Topic", "Body"),))
        store.ledger.record([(message_id, reading)], NOW)
        [delivery] = store.outbox.due(NOW, not_to=(), limit=10)
        claims: list[bool] = []

        def take(_connection: object, _cursor: object, statement: str, *_: object) -> None:
            if " AS q0" in statement and not claims:
                claims.append(other.outbox.claim(delivery, NOW))

        sa.event.listen(store._engine, "after_cursor_execute", take)
        assert store.outbox.due(NOW, not_to=(), limit=10) == ()
        assert claims == [True]
