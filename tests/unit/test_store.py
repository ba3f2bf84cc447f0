"""store: opening it, its schema, its files, and what is said when the disk or the rights are against it."""

from __future__ import annotations

import os
import sqlite3
import stat
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
import sqlalchemy as sa
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from sqlalchemy import exc
from support.site import empty_store

from mailpoll.errors import ConfigError, MailpollError, ProtocolError, Unavailable
from mailpoll.model import Facts, Post, RawMessage, Reading, Trouble
from mailpoll.store import Store, run_lock, schema
from mailpoll.store.engine import BUSY_TIMEOUT_S, transaction, translated

NOW = datetime(2026, 11, 20, 8, 0, tzinfo=UTC)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    (tmp_path / "mailpoll.db").write_bytes(empty_store())
    return tmp_path / "mailpoll.db"


@pytest.fixture
def store(path: Path) -> Iterator[Store]:
    with Store(f"sqlite:///{path}") as opened:
        yield opened


def mail(*chunks: bytes, uid: int | None = None) -> RawMessage:
    return RawMessage(uid, NOW, chunks or (b"Subject: x\r\n\r\ny",))


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def test_files_are_for_their_owner_alone(tmp_path: Path) -> None:
    folder = tmp_path / "state"
    url = f"sqlite:///{folder / 'mailpoll.db'}"
    before = os.umask(0o002)
    try:
        lock = run_lock(url)
        with Store(url) as store:
            store.ledger.accept([mail()], NOW)
            assert lock.acquire()
            modes = {file.name: mode(file) for file in folder.iterdir()}
            lock.release()
    finally:
        os.umask(before)
    assert mode(folder) == 0o700
    assert set(modes.values()) == {0o600}
    assert {"mailpoll.db", "mailpoll.db-wal", "mailpoll.db-shm", "mailpoll.db.lock"} <= set(modes)


def test_the_journal_is_emptied_when_a_run_ends(path: Path) -> None:
    """Another process that has the store open, as `status` in a loop, keeps SQLite from doing it at the end."""
    journal = Path(f"{path}-wal")
    with Store(f"sqlite:///{path}") as store, Store(f"sqlite:///{path}") as other:
        other.channels.list()
        for _ in range(2):
            with store.run():
                store.ledger.accept([mail(bytes(1_000_000)) for _ in range(12)], NOW)
                assert journal.stat().st_size > 10_000_000
            assert journal.stat().st_size == 0


def test_a_reader_keeps_no_run_from_ending(path: Path) -> None:
    journal = Path(f"{path}-wal")
    with Store(f"sqlite:///{path}") as store, Store(f"sqlite:///{path}") as other:
        store.ledger.accept([mail()], NOW)
        with transaction(other._engine, writes=False) as connection:
            connection.scalar(sa.text("SELECT count(*) FROM message"))
            before = time.monotonic()
            with store.run():
                store.ledger.accept([mail()], NOW)
            assert time.monotonic() - before < BUSY_TIMEOUT_S / 2
            assert journal.stat().st_size > 0
        with store.run():
            pass
        assert journal.stat().st_size == 0


def test_the_migrations_make_what_the_models_say(store: Store) -> None:
    with transaction(store._engine) as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True, "compare_server_default": False})
        assert compare_metadata(context, schema.metadata) == []
        assert context.get_current_revision() == schema.HEAD


def test_the_migrations_make_the_indices_of_the_models(store: Store, tmp_path: Path) -> None:
    """Alembic does not compare the WHERE of an index."""

    def indices(engine: sa.Engine) -> set[str]:
        with transaction(engine) as connection:
            found = connection.scalars(sa.text("SELECT sql FROM sqlite_master WHERE type = 'index' AND sql <> ''"))
            return {" ".join(text.split()) for text in found}

    by_models = sa.create_engine(f"sqlite:///{tmp_path / 'models.db'}", poolclass=sa.StaticPool)
    schema.partial().create_all(by_models)
    assert indices(store._engine) == indices(by_models)
    by_models.dispose()


def test_a_store_of_the_first_release_keeps_its_troubles_and_channels(tmp_path: Path) -> None:
    file = tmp_path / "old.db"
    engine = sa.create_engine(f"sqlite:///{file}", poolclass=sa.StaticPool)
    config = Config()
    config.set_main_option("script_location", "mailpoll:migrations")
    with engine.begin() as connection:
        config.attributes["connection"] = connection
        command.upgrade(config, "0001")
        connection.execute(schema.store_info.insert().values(id=1, created_at=NOW))
        connection.execute(
            sa.text("INSERT INTO trouble (about, status, sentence, runs, began_at) VALUES ('x', 77, 'no', 1, :now)"),
            {"now": NOW.replace(tzinfo=None)},
        )
        connection.execute(
            sa.text("INSERT INTO channel (name, topic, created_at) VALUES ('dev', 'x', :now)"),
            {"now": NOW.replace(tzinfo=None)},
        )
    engine.dispose()
    with Store(f"sqlite:///{file}") as store:
        assert store.troubles.list() == (Trouble("x", 77, "no", 1, NOW),)
        assert [(channel.topic, channel.quotes) for channel in store.channels.list()] == [("x", None)]


def test_a_store_that_vanished_is_not_replaced_by_an_empty_one(path: Path) -> None:
    """A volume that was not mounted, a file that was moved: its channels would be gone without a word."""
    with Store(f"sqlite:///{path}") as store, store.run():
        pass
    path.rename(path.with_name("moved.db"))
    with pytest.raises(ConfigError, match=f"the store that was here is gone.*remove {path}.lock"):
        Store(f"sqlite:///{path}")
    assert not path.exists()
    path.with_name("moved.db").rename(path)
    with Store(f"sqlite:///{path}"):
        pass


def test_an_open_store_imports_no_alembic(path: Path) -> None:
    program = (
        f"from mailpoll.store import Store; Store('sqlite:///{path}'); import sys; print('alembic' in sys.modules)"
    )
    assert subprocess.check_output([sys.executable, "-c", program], text=True).strip() == "False"


def test_a_store_of_a_newer_mailpoll_is_left_alone(path: Path) -> None:
    with sqlite3.connect(path) as connection:
        connection.execute("UPDATE alembic_version SET version_num = '9999'")
    connection.close()
    with pytest.raises(ConfigError, match="schema 9999, which this version of mailpoll does not know"):
        Store(f"sqlite:///{path}")
    with sqlite3.connect(path) as connection:
        assert connection.execute("SELECT version_num FROM alembic_version").fetchone() == ("9999",)
    connection.close()


def test_a_file_that_is_no_store_is_refused(tmp_path: Path) -> None:
    (tmp_path / "x.db").write_bytes(b"no database at all " * 100)
    with pytest.raises(ConfigError, match="not a mailpoll store"):
        Store(f"sqlite:///{tmp_path / 'x.db'}")


def test_a_damaged_store_is_named(path: Path) -> None:
    data = bytearray(path.read_bytes())
    data[100:4096] = os.urandom(3996)
    path.write_bytes(data)
    with pytest.raises(ConfigError, match=r"damaged|not a mailpoll store"):
        Store(f"sqlite:///{path}")


@pytest.mark.parametrize("url", ["nonsense", "nodialect://x/y", "mysql://x/y"])
def test_a_url_that_is_none_is_refused(url: str) -> None:
    with pytest.raises(ConfigError, match=r"store\.url"):
        Store(url)


def test_a_full_disk_loses_nothing_and_ends_when_there_is_space(store: Store) -> None:
    [kept] = store.ledger.accept([mail(b"first")], NOW)
    with transaction(store._engine) as connection:
        pages = connection.scalar(sa.text("PRAGMA page_count"))
        connection.exec_driver_sql(f"PRAGMA max_page_count = {pages + 2}")
    with pytest.raises(Unavailable, match="the disk that holds the store is full") as caught:
        store.ledger.accept([mail(b"second"), mail(bytes(1_000_000))], NOW)
    assert caught.value.exit_status == 69
    assert [entry.id for entry in store.messages.list()] == [kept]
    with transaction(store._engine) as connection:
        connection.exec_driver_sql("PRAGMA max_page_count = 1000000")
    store.ledger.accept([mail(b"second"), mail(bytes(1_000_000))], NOW)
    assert len(store.messages.list()) == 3


def written(url: str) -> str:
    """What comes of writing to the store at `url`."""
    try:
        with Store(url) as store:
            store.ledger.accept([mail()], NOW)
    except MailpollError as problem:
        return f"{type(problem).__name__} {problem.exit_status} {problem}"
    return "written"


def as_ordinary_user(action: Callable[[], str]) -> str:
    """What `action` returns in a child that file modes stop, as they do not stop root."""
    reading, writing = os.pipe()
    if (child := os.fork()) == 0:
        try:
            if os.geteuid() == 0:
                os.setgroups([])
                os.setgid(65534)
                os.setuid(65534)
            os.write(writing, action().encode())
        finally:
            os._exit(0)  # whatever happened: the test goes on in the parent alone
    os.close(writing)
    with os.fdopen(reading) as pipe:
        said = pipe.read()
    os.waitpid(child, 0)
    return said


@pytest.mark.parametrize(("file_mode", "folder_mode"), [(0o444, 0o755), (0o444, 0o777), (0o000, 0o777)])
def test_a_store_that_may_not_be_written_is_access_denied(file_mode: int, folder_mode: int) -> None:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        path = folder / "mailpoll.db"
        path.write_bytes(empty_store())
        path.chmod(file_mode)
        folder.chmod(folder_mode)
        said = as_ordinary_user(lambda: written(f"sqlite:///{path}"))
        folder.chmod(0o700)
    assert said.startswith("AccessDenied 77 ")
    assert "Give the user" in said or "Check that" in said


def test_a_folder_that_cannot_be_made_is_access_denied() -> None:
    with tempfile.TemporaryDirectory() as name:
        Path(name).chmod(0o555)
        said = as_ordinary_user(lambda: written(f"sqlite:///{name}/state/mailpoll.db"))
    assert said.startswith("AccessDenied 77 ")


@pytest.mark.parametrize("error", sorted({e for e in vars(exc).values() if isinstance(e, type) and issubclass(
    e, exc.SQLAlchemyError)}, key=lambda e: e.__name__), ids=lambda e: e.__name__)  # fmt: skip
def test_every_error_of_the_library_becomes_ours(store: Store, error: type[exc.SQLAlchemyError]) -> None:
    problem = error.__new__(error)
    Exception.__init__(problem, "something")
    attributes = {"orig": Exception("something"), "statement": "", "params": (), "hide_parameters": False,
                  "connection_invalidated": False, "ismulti": False, "message": "something", "detail": []}  # fmt: skip
    for name, value in attributes.items():
        vars(problem).setdefault(name, value)
    with pytest.raises(MailpollError) as caught, translated(store._engine):
        raise problem
    assert isinstance(caught.value, (ProtocolError, Unavailable))


def test_a_store_called_by_two_names_has_one_lock(tmp_path: Path) -> None:
    (tmp_path / "real").mkdir()
    (tmp_path / "real" / "m.db").touch()
    (tmp_path / "folder").symlink_to("real")
    (tmp_path / "link.db").symlink_to("real/m.db")
    first = run_lock(f"sqlite:///{tmp_path}/real/m.db")
    assert first.acquire()
    for other in ("link.db", "folder/m.db", "folder/../real/./m.db"):
        assert not run_lock(f"sqlite:///{tmp_path}/{other}").acquire(), other
    first.release()


def test_only_one_run_holds_the_lock(path: Path) -> None:
    url = f"sqlite:///{path}"
    first, second = run_lock(url), run_lock(url)
    assert first.acquire()
    assert not second.acquire()
    first.release()
    assert second.acquire()
    second.release()
    second.release()


def test_text_of_any_mail_can_be_kept(store: Store) -> None:
    """Lone surrogates and NUL, which databases refuse."""
    [message_id] = store.ledger.accept([mail()], NOW)
    awful = "a\ud800b\x00c\U0001f600"
    facts = Facts("k", awful, awful, awful, None, (awful,))
    posts = (Post("dev", "store", "", awful, awful, sender="a\x00b"),)
    store.ledger.record([(message_id, Reading("posted", awful, facts, posts))], NOW)
    entry = store.messages.get(message_id)
    assert entry.subject == "a?b\ufffdc\U0001f600"
    [delivery] = store.outbox.list()
    assert delivery.post.body == "a?b\ufffdc\U0001f600"
