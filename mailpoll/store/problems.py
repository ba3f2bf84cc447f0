"""What databases say → the errors of mailpoll: one table for SQLite's words, one for PostgreSQL's codes."""

from __future__ import annotations

import os

from sqlalchemy.engine import Engine
from sqlalchemy.exc import DBAPIError, SQLAlchemyError

from mailpoll.errors import AccessDenied, ConfigError, MailpollError, ProtocolError, Unavailable

Problem = tuple[type[MailpollError], str, str]  # error, what happened, what to do

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

_GONE = (Unavailable, "the database cannot be reached", "The next run tries again.")
_LOGIN = (AccessDenied, "the database refused the login", "Check the user in `store.url` and `store.password`.")
_NO_DATABASE = (ConfigError, "there is no such database", "Make it, or put another name into `store.url`.")
_FULL = (Unavailable, "the database has no room left",
         "Free some space on its disk; nothing was lost, the next run goes on.")  # fmt: skip
_CROWDED = (Unavailable, "the database takes no more connections", "The next run tries again.")
_LOCKED = (Unavailable, "another process holds the store for too long", "The next run tries again.")
_CROSSED = (Unavailable, "another process changed the same thing at the same time", "Try again.")
_DAMAGED = (ConfigError, "the database is damaged", "Restore it from a backup.")
_REFUSED = (ProtocolError, "the database refused a statement", "")
_UNWELL = (Unavailable, "the database is in trouble", "The next run tries again.")

# SQLSTATE, or its first two digits, the class → what it means. The longer key wins
# (https://www.postgresql.org/docs/current/errcodes-appendix.html).
SQLSTATES: dict[str, Problem] = {
    "08": _GONE,
    "23505": _CROSSED,
    "25006": (Unavailable, "the database takes no changes: it is a standby, or read-only",
              "Put the primary into `store.url`; several hosts with `?target_session_attrs=read-write` find it."),
    "25P03": _LOCKED, "25P04": _LOCKED,
    "28": _LOGIN,
    "3D": _NO_DATABASE,
    "3F": (ConfigError, "the database has no schema to put tables into", "Make one, or check the user's search_path."),
    "40": _CROSSED,
    "42501": (AccessDenied, "the user has no right to do this in the database",
              "Let the user of `store.url` own the database: ALTER DATABASE … OWNER TO …"),
    "53": _UNWELL, "53100": _FULL, "53300": _CROWDED,
    "55": _LOCKED,
    "57": _GONE, "57014": (Unavailable, "the database took too long over a statement", "The next run tries again."),
    "57P04": _NO_DATABASE,
    "58": _UNWELL, "72": _UNWELL, "F0": _UNWELL,
    "XX001": _DAMAGED, "XX002": _DAMAGED,
    **dict.fromkeys(("02", "03", "09", "0A", "0B", "0F", "0L", "0P", "0Z", "10", "20", "21", "22", "23", "24", "25",
                     "26", "27", "2B", "2D", "2F", "34", "38", "39", "3B", "42", "44", "54", "HV", "P0", "XX"),
                    _REFUSED),
}  # fmt: skip

# While connecting libpq hands on words and no code. First match wins; words of a server that speaks another language
# are matched by none, and shown as they are.
CONNECTING: tuple[tuple[str, Problem], ...] = (
    ("starting up", _GONE),
    ("too many clients", _CROWDED), ("remaining connection slots", _CROWDED), ("too many connections", _CROWDED),
    ("no more connections allowed", _CROWDED),
    ("role \"", _LOGIN), ("authentication failed", _LOGIN), ("no password supplied", _LOGIN),
    ("no such user", _LOGIN), ("no pg_hba.conf entry", _LOGIN), ("pg_hba.conf rejects", _LOGIN),
    ("ermission denied", _LOGIN),
    ("\" does not exist", _NO_DATABASE), ("no such database", _NO_DATABASE),
    ("invalid connection option", (ConfigError, "the URL has an option that PostgreSQL does not know",
                                   "Check `store.url`.")),
    ("invalid sslmode value", (ConfigError, "the URL has an sslmode that does not exist", "Check `store.url`.")),
    ("server does not support SSL", (AccessDenied, "the database does not offer TLS",
                                     "Turn it on there, or, where nobody can listen on the way, add "
                                     "`?sslmode=disable` to `store.url`.")),
    ("certificate", (AccessDenied, "the certificate of the database cannot be trusted",
                     "Add `?sslrootcert=/path/of/its/authority.pem` to `store.url`.")),
)  # fmt: skip


def translate(engine: Engine, problem: SQLAlchemyError) -> MailpollError:
    """The error of mailpoll that an error of SQLAlchemy or of a driver stands for; no statement and no secret in it."""
    about = place(engine)
    words = str(problem.orig) if isinstance(problem, DBAPIError) else str(problem)
    if "disk I/O error" in words and _full(engine.url.database):
        words = "disk is full"  # what SQLite says when it cannot make its shared memory any longer
    if engine.dialect.name == "postgresql":
        return of_postgresql(problem.orig if isinstance(problem, DBAPIError) else None, words, about)
    for sign, error, what, advice in SQLITE_TROUBLES:
        if sign in words:
            return error(what, about=about, advice=advice)
    if isinstance(problem, DBAPIError) and (problem.connection_invalidated or "connection" in words.lower()):
        return Unavailable(f"the database cannot be reached ({_first_line(words)})", about=about)
    return ProtocolError(f"the database refused a statement ({_first_line(words)})", about=about)


def _full(database: str | None) -> bool:
    """Whether the file system of an SQLite store has no room for a page more."""
    try:
        room = os.statvfs(os.path.dirname(database or "") or ".")
    except OSError:
        return False
    return room.f_bavail * room.f_frsize < 1 << 16


def of_postgresql(problem: BaseException | None, words: str, about: str) -> MailpollError:
    """What an error of psycopg stands for: by its SQLSTATE, without one by its words."""
    state = str(getattr(problem, "sqlstate", None) or "")
    if state:
        error, what, advice = SQLSTATES.get(state) or SQLSTATES.get(state[:2], _REFUSED)
    else:
        error, what, advice = _without_code(problem, words)
    return error(f"{what} ({_first_line(words)})", about=about, advice=advice)


def _without_code(problem: BaseException | None, words: str) -> Problem:
    for sign, meaning in CONNECTING:
        if sign in words:
            return meaning
    # Of psycopg's own classes only these two are about the connection; the others are about what was asked.
    lost = any(kind.__name__ == "OperationalError" for kind in type(problem).__mro__)
    return _GONE if lost or "connection" in words.lower() else _REFUSED


def _first_line(words: str) -> str:
    """The rest holds hints, or rows with the text of mails."""
    first = next(iter(words.strip().splitlines()), "no reason given")
    return first.removeprefix("connection failed: ").removeprefix("connection is bad: ")


def place(engine: Engine) -> str:
    """Which database it is, for people: the file, or the URL without its password."""
    if engine.dialect.name == "sqlite":
        return engine.url.database or ""
    return engine.url.render_as_string(hide_password=True)
