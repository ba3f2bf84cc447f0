"""The servers that the contract suites run on, and a place on each that no other test shares."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from servers import dovecot as dovecot_server
from servers import postgres as postgres_server
from servers import pymap_server, require
from support.site import empty_store

from mailpoll.imap import Session, Tls, connect
from mailpoll.store import Store

_numbers = itertools.count(1)


@dataclass
class Place:
    """One folder of one account on a running server."""

    server: dovecot_server.Dovecot | pymap_server.PymapServer
    port: int
    tls: Tls
    user: str
    folder: str
    sessions: list[Session] = field(default_factory=list)

    def connect(self, **changed: Any) -> Session:
        """A session, closed when the test ends; `changed` goes to connect()."""
        arguments: dict[str, Any] = {
            "host": self.server.host,
            "port": self.port,
            "tls": self.tls,
            "username": self.user,
            "password": self.server.password,
            "ca_file": str(self.server.ca_file),
            "timeout": 20.0,
            "allow_plaintext": False,
        }
        session = connect(**(arguments | changed))
        self.sessions.append(session)
        return session

    def open(self, *, read_only: bool = False) -> Session:
        """A session with the folder open."""
        session = self.connect()
        session.open(self.folder, read_only=read_only)
        return session

    def append(self, raw: bytes, *, flags: Sequence[str] = (), internaldate: datetime | None = None) -> int:
        return self.server.append(raw, folder=self.folder, flags=flags, internaldate=internaldate, user=self.user)

    def messages(self, folder: str = "") -> dict[int, tuple[frozenset[str], bytes]]:
        return self.server.messages(folder or self.folder, user=self.user)

    def flags(self) -> dict[int, frozenset[str]]:
        return {uid: flags for uid, (flags, _) in self.messages().items()}

    def expunge(self, *uids: int) -> None:
        self.server.expunge(*uids, folder=self.folder, user=self.user)

    def close(self) -> None:
        for session in self.sessions:
            session.close()


@pytest.fixture(scope="session")
def postgres() -> Iterator[postgres_server.Postgres]:
    """A running PostgreSQL, one for each process of pytest."""
    require(postgres_server.missing() or "PostgreSQL", not postgres_server.missing())
    with postgres_server.Postgres() as server:
        yield server


@pytest.fixture(params=["sqlite", "postgresql"])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """An empty store on each kind of database, in a file or a database of its own."""
    if request.param == "sqlite":
        (tmp_path / "mailpoll.db").write_bytes(empty_store())
        yield f"sqlite:///{tmp_path / 'mailpoll.db'}"
    else:
        yield request.getfixturevalue("pg_url")


@pytest.fixture
def pg_name(postgres: postgres_server.Postgres) -> Iterator[str]:
    """A database with an empty store; its settings and tables may not be changed."""
    name = postgres.database()
    yield name
    postgres.give_back(name)


@pytest.fixture
def pg_url(postgres: postgres_server.Postgres, pg_name: str) -> str:
    """Its URL."""
    return postgres.url(pg_name)


@pytest.fixture
def store(url: str) -> Iterator[Store]:
    """That store, open."""
    with Store(url) as opened:
        yield opened


@pytest.fixture(scope="session")
def start_dovecot(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[..., dovecot_server.Dovecot]]:
    """Starts a Dovecot with the arguments given; the same one again for the same arguments."""
    require(dovecot_server.missing() or "Dovecot", not dovecot_server.missing())
    running: dict[str, dovecot_server.Dovecot] = {}

    def start(**arguments: Any) -> dovecot_server.Dovecot:
        key = repr(sorted(arguments.items()))
        if key not in running:
            running[key] = dovecot_server.Dovecot(tmp_path_factory.mktemp("dovecot"), **arguments).__enter__()
        return running[key]

    yield start
    for server in running.values():
        server.stop()


@pytest.fixture(scope="session")
def dovecot(start_dovecot: Callable[..., dovecot_server.Dovecot]) -> dovecot_server.Dovecot:
    return start_dovecot()


@pytest.fixture(scope="session")
def pymap(tmp_path_factory: pytest.TempPathFactory) -> Iterator[pymap_server.PymapServer]:
    require(pymap_server.missing() or "pymap", not pymap_server.missing())
    with pymap_server.PymapServer(tmp_path_factory.mktemp("pymap")) as server:
        yield server


def _dovecot_place(server: dovecot_server.Dovecot, tls: Tls = "implicit") -> Place:
    port = server.imaps_port if tls == "implicit" else server.imap_port
    return Place(server, port, tls, f"user{next(_numbers)}@example.com", "INBOX")


def _pymap_place(server: pymap_server.PymapServer) -> Place:
    folder = f"Folder {next(_numbers)}"
    with server.client() as client:
        client.create(f'"{folder}"')
    return Place(server, server.imap_port, "starttls", server.user, folder)


@pytest.fixture(params=["dovecot", "pymap"])
def place(request: pytest.FixtureRequest) -> Iterator[Place]:
    """An empty folder on each of the real servers."""
    server = request.getfixturevalue(request.param)
    found = _dovecot_place(server) if request.param == "dovecot" else _pymap_place(server)
    yield found
    found.close()


@pytest.fixture
def dovecot_place(dovecot: dovecot_server.Dovecot) -> Iterator[Place]:
    """An empty INBOX on Dovecot, for what pymap cannot do."""
    found = _dovecot_place(dovecot)
    yield found
    found.close()


@pytest.fixture
def pymap_place(pymap: pymap_server.PymapServer) -> Iterator[Place]:
    """An empty folder on pymap, which stores no keywords."""
    found = _pymap_place(pymap)
    yield found
    found.close()


@pytest.fixture
def poor_place(start_dovecot: Callable[..., dovecot_server.Dovecot]) -> Iterator[Place]:
    """An empty INBOX on a Dovecot without UIDPLUS and MOVE."""
    found = _dovecot_place(start_dovecot(capability="IMAP4rev1 LITERAL+"))
    yield found
    found.close()


@pytest.fixture(params=["dovecot implicit", "dovecot starttls", "dovecot none", "pymap starttls"])
def way(request: pytest.FixtureRequest) -> Iterator[Place]:
    """Each way to reach a real server."""
    name, tls = request.param.split()
    server = request.getfixturevalue(name)
    found = _dovecot_place(server, tls) if name == "dovecot" else _pymap_place(server)
    yield found
    found.close()
