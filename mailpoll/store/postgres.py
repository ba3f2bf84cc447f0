"""The one connection of a store on PostgreSQL: how it is made, what holds for its session, and what is refused."""

from __future__ import annotations

import select
import ssl
from pathlib import Path
from typing import Any

import psycopg
import sqlalchemy as sa
import tenacity
from sqlalchemy.engine import URL, Dialect, Engine

from mailpoll.errors import ConfigError, Unavailable
from mailpoll.store.problems import of_postgresql, place

CONNECT_TIMEOUT_S = 10
# How long a server may refuse connections, as it does while it starts, before a run gives up.
PATIENCE_S = 5
_COMING_BACK = ("Connection refused", "starting up", "shutting down", "No such file or directory", "in recovery mode",
                "not yet accepting")  # fmt: skip

# A network that is gone is noticed in a minute, by us and by the server, which lets our locks go then.
_CONNECTION = {
    "connect_timeout": CONNECT_TIMEOUT_S,
    "keepalives": 1,
    "keepalives_idle": 30,
    "keepalives_interval": 10,
    "keepalives_count": 3,
    "tcp_user_timeout": 60_000,
    "client_encoding": "utf8",
    "application_name": "mailpoll",
}
_SESSION = {
    "TimeZone": "UTC",
    # A statement that waited for a lock must see what its holder committed; no database's own default changes that.
    "default_transaction_isolation": "read committed",
    "lock_timeout": "30s",
    "statement_timeout": "5min",
    "idle_in_transaction_session_timeout": "1min",
    "tcp_keepalives_idle": "30",
    "tcp_keepalives_interval": "10",
    "tcp_keepalives_count": "3",
}
# "off" promises nothing, and the mail is flagged on its server once we are told that it is stored.
_DURABLE = "set_config('synchronous_commit', replace(current_setting('synchronous_commit'), 'off', 'on'), false)"
_PREPARE = (
    "SELECT pg_backend_pid(), "
    + ", ".join(f"set_config('{name}', '{value}', false)" for name, value in _SESSION.items())
    + ", "
    + _DURABLE
)

_AUTHORITIES = ("/etc/ssl/certs/ca-certificates.crt", "/etc/pki/tls/certs/ca-bundle.crt", "/etc/ssl/cert.pem")


def engine(url: URL, password: str | None) -> Engine:
    """An engine with one connection, made when first used and never again: the locks of a run live and die with it.

    Raises the errors of mailpoll.errors when it is used.
    """
    made = sa.create_engine(url, poolclass=sa.StaticPool)
    connector = _Connector(place(made), password)
    sa.event.listen(made, "do_connect", connector.connect)
    return made


class _Connector:
    """Makes the connection, once."""

    def __init__(self, about: str, password: str | None) -> None:
        self._about = about
        self._password = password
        self._made = False

    def connect(self, _dialect: Dialect, _record: object, _args: Any, parameters: dict[str, Any]) -> Any:
        """For SQLAlchemy's do_connect. A connection that broke took the locks of its run along: there is no other."""
        if self._made:
            raise Unavailable(
                "the connection to the database was lost", about=self._about, advice="The next run tries again."
            )
        arguments = _CONNECTION | _tls(parameters) | parameters
        if self._password is not None:
            arguments["password"] = self._password
        connection = self._patiently(arguments)
        self._made = True
        try:
            self._prepare(connection, arguments)
        except BaseException:
            connection.close()
            raise
        return connection

    def _patiently(self, arguments: dict[str, Any]) -> psycopg.Connection[Any]:
        try:
            for attempt in tenacity.Retrying(
                retry=tenacity.retry_if_exception(_comes_back),
                wait=tenacity.wait_exponential(0.2, max=2),
                stop=tenacity.stop_after_delay(PATIENCE_S),
                reraise=True,
            ):
                with attempt:
                    connection: psycopg.Connection[Any] = psycopg.connect(**arguments)
        except psycopg.Error as problem:
            # Not from `problem`: its connection, which a traceback may show, knows the password.
            raise of_postgresql(problem, str(problem), self._about) from None
        return connection

    def _prepare(self, connection: psycopg.Connection[Any], arguments: dict[str, Any]) -> None:
        encoding = connection.info.parameter_status("server_encoding")
        if encoding != "UTF8":
            raise ConfigError(
                f"the database keeps text as {encoding}, which mail does not fit into",
                about=self._about,
                advice="Make one with ENCODING 'UTF8'.",
            )
        try:
            connection.autocommit = True
            [backend, *_] = connection.execute(_PREPARE).fetchone() or (0,)
            if backend != connection.info.backend_pid:
                self._refuse_transaction_pooling(connection, int(backend), arguments)
            connection.autocommit = False
        except psycopg.Error as problem:
            if "statement pooling" in str(problem):
                raise transaction_pooling(self._about) from None
            raise of_postgresql(problem, str(problem), self._about) from None

    def _refuse_transaction_pooling(
        self, connection: psycopg.Connection[Any], backend: int, arguments: dict[str, Any]
    ) -> None:
        """The number of the backend is not the one that was announced: a pooler stands in between.

        In session mode each client has a backend of its own, for good. In transaction mode a second client gets the one
        we just had, or, the pooler giving them out in turn, we get another one ourselves.
        """
        second = psycopg.connect(**arguments)
        try:
            theirs = _backend_of_transaction(second)
            if theirs is None:
                raise Unavailable(
                    "a connection pooler stands before the database and has no second session to give",
                    about=self._about,
                    advice="Let its pool be larger than the number of machines that poll at the same time.",
                )
            # A pool of a single session would let us wait for it: then it is shared, and nothing more is asked.
            if theirs == backend or any(_backend(connection) != backend for _ in range(3)):
                raise transaction_pooling(self._about)
        finally:
            second.close()


def transaction_pooling(about: str) -> ConfigError:
    """What is wrong with a pooler that gives each transaction another session."""
    return ConfigError(
        "a connection pooler in transaction mode stands before the database, and the locks of a run do not hold there",
        about=about,
        advice="Put the database itself, or a pool with pool_mode = session, into `store.url`.",
    )


def _backend_of_transaction(connection: psycopg.Connection[Any]) -> int | None:
    """The backend of a transaction that stays open; None when none was to be had in time. Poolers let one wait for
    minutes, and there is no time limit that they would keep."""
    connection.pgconn.send_query(b"BEGIN; SELECT pg_backend_pid()")
    answer = select.poll()
    answer.register(connection.pgconn.socket, select.POLLIN)
    if not answer.poll(CONNECT_TIMEOUT_S * 1000):
        return None
    found = None
    while result := connection.pgconn.get_result():
        if result.ntuples:
            found = int(result.get_value(0, 0) or 0)
        elif result.error_message:
            raise psycopg.OperationalError(result.error_message.decode(errors="replace"))
    return found


def _backend(connection: psycopg.Connection[Any]) -> int:
    row = connection.execute("SELECT pg_backend_pid()").fetchone()
    return int(row[0]) if row else 0


def _comes_back(problem: BaseException) -> bool:
    return isinstance(problem, psycopg.OperationalError) and any(sign in str(problem) for sign in _COMING_BACK)


def _tls(parameters: dict[str, Any]) -> dict[str, Any]:
    """TLS with a certificate that is verified, for hosts elsewhere, unless the URL says otherwise."""
    hosts = str(parameters.get("hostaddr") or parameters.get("host") or "").split(",")
    if "sslmode" in parameters or all(_is_here(host) for host in hosts):
        return {}
    return {"sslmode": "verify-full", "sslrootcert": _authorities()}


def _is_here(host: str) -> bool:
    from mailpoll.crosscheck import is_loopback

    return not host or host.startswith(("/", "@")) or is_loopback(host)


def _authorities() -> str:
    """The file of the authorities this system trusts: libpq comes with an OpenSSL that looks elsewhere for it."""
    known = (ssl.get_default_verify_paths().cafile, *_AUTHORITIES)
    return next((path for path in known if path and Path(path).exists()), "system")
