"""A private PostgreSQL on a socket and a loopback port, run as an ordinary user, its data gone when it ends."""

from __future__ import annotations

import itertools
import os
import pwd
import shutil
import signal
import subprocess
import tempfile
import time
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import psycopg
from support.canaries import CANARY

from mailpoll.store import Store
from servers import READY_WITHIN, free_port

USER, PASSWORD = "mailpoll", f"se cret:@/%{CANARY}"

# Nothing of a test's database outlives the test: there is nothing to bring to the disk.
_SETTINGS = (
    "fsync=off",
    "full_page_writes=off",
    "listen_addresses=127.0.0.1",
    "shared_buffers=32MB",
    "max_connections=60",
    "superuser_reserved_connections=3",
    "autovacuum=off",
    "lc_messages=C",
)


_EMPTY = """\
DO $$ DECLARE one record; BEGIN
  SET LOCAL session_replication_role = replica;  -- in any order, foreign keys or not
  FOR one IN SELECT tablename FROM pg_tables WHERE schemaname = 'public'
      AND tablename NOT IN ('alembic_version', 'store_info')
    LOOP EXECUTE 'DELETE FROM ' || quote_ident(one.tablename); END LOOP;
  FOR one IN SELECT sequencename FROM pg_sequences WHERE schemaname = 'public'
    LOOP PERFORM setval(one.sequencename::regclass, 1, false); END LOOP;
  UPDATE store_info SET created_at = now();
END $$"""


def missing() -> str:
    """Why PostgreSQL cannot be started here; empty when it can."""
    return "" if _programs() else "PostgreSQL (Debian: postgresql)"


def _programs() -> Path | None:
    """The folder of initdb and postgres, the newest there is; Debian keeps them outside of PATH."""
    found = [path.parent for path in Path("/usr/lib/postgresql").glob("*/bin/postgres")]
    if on_path := shutil.which("postgres"):
        found.append(Path(on_path).resolve().parent)
    usable = [path for path in found if (path / "initdb").exists()]
    return max(usable, key=lambda path: (path.parent.name.isdigit(), path.parent.name.zfill(4)), default=None)


class Postgres:
    """A running server, as a context manager. Its socket lets everybody in, its port those with the password.

    Args:
        settings: more settings, as NAME=VALUE.
    """

    def __init__(self, *settings: str) -> None:
        self._settings = (*_SETTINGS, *settings)
        self._numbers = itertools.count(1)
        self._process: subprocess.Popen[bytes] | None = None
        self._template = ""
        self._used: list[str] = []
        self.port = free_port()

    def __enter__(self) -> Self:
        programs = _programs()
        assert programs is not None
        self._programs = programs
        # A short path, for the socket, that root's private folders do not close to the user it runs as.
        self.folder = Path(tempfile.mkdtemp(prefix="mppg"))
        self._identity: dict[str, Any] = {}
        if os.getuid() == 0:  # postgres refuses to run as root
            user = next(name for name in ("postgres", "nobody") if _exists(name))
            entry = pwd.getpwnam(user)
            self.folder.chmod(0o755)
            os.chown(self.folder, entry.pw_uid, entry.pw_gid)
            self._identity = {"user": entry.pw_uid, "group": entry.pw_gid, "extra_groups": []}
        options = ("-U", "postgres", "--auth-local=trust", "--auth-host=scram-sha-256", "--no-sync", "--locale=C")
        self._run("initdb", "-D", str(self.folder / "data"), "-E", "UTF8", *options)
        self.start()
        self.execute(f"CREATE ROLE {USER} LOGIN PASSWORD '{PASSWORD}'")
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()
        shutil.rmtree(self.folder, ignore_errors=True)

    def start(self) -> None:
        """Starts it, also once more after stop()."""
        settings = [word for setting in self._settings for word in ("-c", setting)]
        with (self.folder / "log").open("ab") as log:
            self._process = subprocess.Popen(
                [str(self._programs / "postgres"), "-D", str(self.folder / "data"), "-p", str(self.port),
                 "-k", str(self.folder), *settings],
                stdin=subprocess.DEVNULL, stdout=log, stderr=log, cwd=self.folder, start_new_session=True,
                **self._identity,
            )  # fmt: skip
        until = time.monotonic() + READY_WITHIN
        while True:
            try:
                self.execute("SELECT 1")
                return
            except psycopg.OperationalError as problem:
                if self._process.poll() is not None or time.monotonic() > until:
                    raise RuntimeError(f"the server did not start: {problem}; {self.log()[-2000:]}") from None
                time.sleep(0.02)

    def stop(self) -> None:
        """Ends it at once, connections and all; once ended, calling it again does nothing."""
        if self._process is None:
            return
        with suppress(ProcessLookupError):
            self._process.send_signal(signal.SIGQUIT)  # its "immediate shutdown": it frees its shared memory
        try:
            self._process.wait(10)
        except subprocess.TimeoutExpired:
            with suppress(ProcessLookupError):
                os.killpg(self._process.pid, signal.SIGKILL)
            self._process.wait()
        self._process = None

    def log(self) -> str:
        """What the server logged so far."""
        return (self.folder / "log").read_text(errors="replace")

    def execute(self, statement: str, database: str = "postgres", **parameters: object) -> list[tuple[Any, ...]]:
        """Runs a statement as the superuser; returns its rows."""
        with psycopg.connect(
            host=str(self.folder), port=self.port, user="postgres", dbname=database, autocommit=True
        ) as connection:
            cursor = connection.execute(statement.encode(), parameters or None)
            return cursor.fetchall() if cursor.description else []

    def empty(self) -> str:
        """The name of a new database without tables, owned by USER."""
        name = f"mp{next(self._numbers)}"
        self.execute(f"CREATE DATABASE {name} OWNER {USER}")
        return name

    def database(self) -> str:
        """The name of a database with an empty store: a copy, which takes a tenth of making one, or a used one."""
        if self._used:
            return self._used.pop()
        if not self._template:
            template = self.empty()
            with Store(self.url(template)):
                pass
            self._template = template
        name = f"mp{next(self._numbers)}"
        self.execute(f"CREATE DATABASE {name} OWNER {USER} TEMPLATE {self._template}")
        return name

    def give_back(self, database: str) -> None:
        """Empties a store that nobody has open: it takes a tenth of making another copy."""
        self.execute(_EMPTY, database=database)
        self._used.append(database)

    def url(self, database: str) -> str:
        """Its URL by way of the socket, which asks for no password."""
        return f"postgresql://{USER}@/{database}?host={self.folder}&port={self.port}"

    def tcp_url(self, database: str, user: str = USER) -> str:
        """Its URL by way of the port, which asks for the password."""
        return f"postgresql://{user}@127.0.0.1:{self.port}/{database}"

    def end_sessions(self, database: str) -> None:
        """Ends all sessions on a database, as a restart of the server does."""
        self.execute("SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity WHERE datname = %(name)s",
                     name=database)  # fmt: skip

    def settle(self, database: str, *, sessions: int = 0) -> None:
        """Returns once there are no more than so many sessions on it: the server has noticed that killed clients are
        gone, and let go what they held."""
        until = time.monotonic() + READY_WITHIN
        count = "SELECT count(*) FROM pg_stat_activity WHERE datname = %(name)s"
        while self.execute(count, name=database)[0][0] > sessions:
            assert time.monotonic() < until, "sessions that do not end"
            time.sleep(0.005)

    def _run(self, program: str, *arguments: str) -> None:
        done = subprocess.run(
            [str(self._programs / program), *arguments], cwd=self.folder, capture_output=True, text=True, check=False,
            stdin=subprocess.DEVNULL, **self._identity,
        )  # fmt: skip
        if done.returncode:
            raise RuntimeError(f"{program} failed: {done.stderr}")


def _exists(user: str) -> bool:
    try:
        pwd.getpwnam(user)
    except KeyError:
        return False
    return True
