"""A private PgBouncer before a private PostgreSQL."""

from __future__ import annotations

import os
import pwd
import shutil
import subprocess
import tempfile
import time
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import psycopg

from servers import READY_WITHIN, free_port
from servers.postgres import USER, Postgres

# Debian keeps the daemon outside an ordinary user's PATH.
_PATH = os.pathsep.join((os.environ.get("PATH", ""), "/usr/sbin", "/usr/local/sbin"))

_CONF = """\
[databases]
; With auth_type = any nobody is asked for a password, and everybody is this user.
* = host={socket} port={server_port} user={user}
[pgbouncer]
listen_addr = 127.0.0.1
listen_port = {port}
unix_socket_dir =
auth_type = any
logfile = {folder}/log
pool_mode = {mode}
ignore_startup_parameters = extra_float_digits
{more}
"""


def missing() -> str:
    """Why PgBouncer cannot be started here; empty when it can."""
    return "" if shutil.which("pgbouncer", path=_PATH) else "PgBouncer (Debian: pgbouncer)"


class PgBouncer:
    """A running pooler, as a context manager, that lets everybody in as USER."""

    def __init__(self, server: Postgres, mode: str, more: str = "") -> None:
        self._server = server
        self._mode = mode
        self._more = more
        self.port = free_port()

    def __enter__(self) -> Self:
        self._folder = Path(tempfile.mkdtemp(prefix="mppgb"))
        identity: dict[str, Any] = {}
        if os.getuid() == 0:  # it refuses to run as root
            nobody = pwd.getpwnam("nobody")
            os.chown(self._folder, nobody.pw_uid, nobody.pw_gid)
            identity = {"user": nobody.pw_uid, "group": nobody.pw_gid, "extra_groups": []}
        conf = self._folder / "pgbouncer.ini"
        text = _CONF.format(
            folder=self._folder,
            socket=self._server.folder,
            server_port=self._server.port,
            user=USER,
            port=self.port,
            mode=self._mode,
            more=self._more,
        )
        conf.write_text(text)
        conf.chmod(0o644)
        program = shutil.which("pgbouncer", path=_PATH)
        assert program
        self._process = subprocess.Popen(
            [program, "-q", str(conf)], stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
            **identity,
        )  # fmt: skip
        until = time.monotonic() + READY_WITHIN
        while True:
            try:
                psycopg.connect(self.url("postgres"), connect_timeout=5).close()
                return self
            except psycopg.OperationalError as problem:
                if self._process.poll() is not None or time.monotonic() > until:
                    self.__exit__(None, None, None)
                    raise RuntimeError(f"PgBouncer did not start: {problem}") from None
                time.sleep(0.02)

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        with suppress(ProcessLookupError):
            self._process.kill()
        self._process.wait()
        shutil.rmtree(self._folder, ignore_errors=True)

    def url(self, database: str) -> str:
        """The URL of a database behind it."""
        return f"postgresql://{USER}@127.0.0.1:{self.port}/{database}"
