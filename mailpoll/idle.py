"""The quick look: whether a run has anything to do, known before anything is imported that takes long.

A run that leaves nothing to do writes down what it saw: the state file (DESIGN.md §13). The next one asks the servers
whether that is still so. If it is, it is over; if not, or if anything at all is odd, the full run begins, over the
connections that are there already. The file is a cache: without it everything works, and takes longer.
"""

from __future__ import annotations

import hashlib
import imaplib
import json
import os
import ssl
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from mailpoll import __version__, secret
from mailpoll.wire import Imap4, Line, astring, room_for

# What was seen longer ago proves nothing: the machine slept, or cron did.
FRESH_S = 300.0
# Whoever takes longer to look is looked at by the full run, with all its time.
PATIENCE_S = 5.0

_FORMAT = 1
# Whose rights os.access() asks about: those that opening has, where the system can tell.
_EFFECTIVE = os.access in os.supports_effective_ids


class Glance:
    """What a quick look at one account found: whether all is as it was; else the connection, logged in, for the run
    that follows, or `refusal`, with which the server refused the login: it is not asked twice."""

    def __init__(self) -> None:
        self.begun = time.monotonic()
        self.line = Line()
        self.quiet = False
        self.imap: Imap4 | None = None
        self.refusal: imaplib.IMAP4.error | None = None

    @property
    def usable(self) -> bool:
        """Whether its connection can be gone on with."""
        return self.imap is not None and not self.line.aborted

    def close(self) -> None:
        """Lets the connection go; nobody takes it."""
        if self.imap is not None:
            with suppress(OSError, imaplib.IMAP4.error):
                self.imap.shutdown()
        self.line.close()


def state_file(config: Path, folder: Path) -> Path:
    """Where the state of a configuration is kept in the state folder, which several may share."""
    return folder / f"idle-{hashlib.sha256(os.fsencode(config)).hexdigest()[:8]}.json"


def fingerprint(config: Path) -> str:
    """What changes when the configuration or the program does. Raises OSError."""
    with config.open("rb") as file:
        found = os.fstat(file.fileno())
        content = file.read()
    return hashlib.sha256(f"{_FORMAT} {__version__} {found.st_mode}\n".encode() + content).hexdigest()


def signature(database: str) -> list[list[int]]:
    """What changes when anybody writes to an SQLite store; of no use for others ("" gives []). Raises OSError."""
    if not database:
        return []
    file, journal = os.stat(database), Path(f"{database}-wal")
    seen = [[file.st_ino, file.st_size, file.st_mtime_ns]]
    # Whoever only reads leaves an empty journal, or none.
    if journal.exists() and (written := journal.stat()).st_size:
        seen.append([written.st_ino, written.st_size, written.st_mtime_ns])
    return seen


def usable(database: str) -> bool:
    """Whether an SQLite store can be written to, as far as file modes tell; True for others ("")."""
    if not database:
        return True
    file = os.path.realpath(database)  # its journal is beside that one
    return os.access(file, os.R_OK | os.W_OK, effective_ids=_EFFECTIVE) and os.access(
        os.path.dirname(file), os.W_OK | os.X_OK, effective_ids=_EFFECTIVE
    )


def save(path: Path, state: Mapping[str, Any]) -> None:
    """Writes the state file, whole or not at all. Raises OSError."""
    new = path.with_suffix(".new")
    new.unlink(missing_ok=True)
    with open(os.open(new, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, 0o600), "w") as file:
        json.dump(state, file)
    new.replace(path)


def load(path: Path, config: Path) -> dict[str, Any] | None:
    """The state, if it says that there was nothing to do, lately, with this very configuration, store and program."""
    try:
        with path.open("rb") as file:
            found = os.fstat(file.fileno())
            if found.st_uid != os.geteuid() or not 0 <= time.time() - found.st_mtime < FRESH_S:
                return None
            state: dict[str, Any] = json.load(file)
        database = state["database"]
        known = state["fingerprint"] == fingerprint(config) and state["store"] == signature(database)
        return state if known and usable(database) and state["written"] <= time.time() < state["wake_at"] else None
    except (OSError, ValueError, LookupError, TypeError):
        return None


def heartbeat(path: Path, config: Path) -> float | None:
    """When a run last found nothing to do, or left nothing (seconds since the epoch); None when nobody knows."""
    try:
        state = json.loads(path.read_bytes())
        return path.stat().st_mtime if state["fingerprint"] == fingerprint(config) else None
    except (OSError, ValueError, LookupError, TypeError):
        return None


def look(path: Path, config: Path, env: Mapping[str, str]) -> tuple[bool, dict[str, Glance]]:
    """Whether nothing is to be done; if there may be, what was found of each account. Raises nothing of its own."""
    state = load(path, config)
    if state is None:
        return False, {}
    quiet, glances = _look_at(state["accounts"], config.parent, env)
    if not quiet:
        return False, glances
    try:
        os.utime(path)  # the heartbeat
    except OSError:
        return False, {}
    return True, {}


def _look_at(
    accounts: Mapping[str, Mapping[str, Any]], base: Path, env: Mapping[str, str]
) -> tuple[bool, dict[str, Glance]]:
    """Looks at all accounts at once. Those that are not done in time are cut off, and left to the full run."""
    if room_for(len(accounts)) < len(accounts):
        return False, {}
    glances = {name: Glance() for name in accounts}
    decided = threading.Event()
    until = time.monotonic() + PATIENCE_S
    looking = [_Looking(glances[name], account, base, env, decided) for name, account in accounts.items()]
    for thread in looking:
        thread.start()
    for thread in looking:
        thread.done.wait(max(until - time.monotonic(), 0.0))
    quiet = all(glance.quiet for glance in glances.values())
    for thread in looking:
        thread.goodbye = quiet
    decided.set()
    for thread, glance in zip(looking, glances.values(), strict=True):
        if not thread.done.is_set():
            glance.line.abort("it took too long")
            glance.imap = None
        if quiet:
            thread.join(max(until - time.monotonic(), 0.0))
    return quiet, glances


class _Looking(threading.Thread):
    """Looks at one account, and says goodbye when all are quiet."""

    def __init__(
        self, glance: Glance, account: Mapping[str, Any], base: Path, env: Mapping[str, str], decided: threading.Event
    ) -> None:
        super().__init__(daemon=True)
        self.done = threading.Event()
        self.goodbye = False
        self._glance = glance
        self._look: Callable[[], None] = lambda: _glance_at(glance, account, base, env)
        self._decided = decided

    def run(self) -> None:
        """Never raises: what is odd is looked at again, and told, by the full run."""
        try:
            self._look()
        except Exception:
            self._glance.quiet = False
        self.done.set()
        self._decided.wait(PATIENCE_S)
        if self.goodbye and self._glance.imap is not None:
            with suppress(OSError, imaplib.IMAP4.error):
                self._glance.imap.logout()
            self._glance.line.close()


def _glance_at(glance: Glance, account: Mapping[str, Any], base: Path, env: Mapping[str, str]) -> None:
    """Logs in and looks into each folder. Raises whatever the libraries raise."""
    reference: Any = SimpleNamespace(**account["password"])
    password = secret.resolve(reference, base=base, env=env, about=account["about"])
    context = ssl.create_default_context(cafile=account["ca_file"]) if account["tls"] == "implicit" else None
    imap = Imap4(glance.line, account["host"], account["port"], account["timeout"], context)
    usual = imap.state == "NONAUTH" and "LOGINDISABLED" not in imap.capabilities
    if not usual or not (account["username"] + password).isascii():
        imap.shutdown()
        return
    try:
        imap.login(astring(account["username"]), password)
    except imaplib.IMAP4.abort:
        raise
    except imaplib.IMAP4.error as refusal:
        glance.refusal = refusal
        return
    glance.imap = imap
    glance.quiet = all(_unchanged(imap, folder) for folder in account["folders"])


def _unchanged(imap: imaplib.IMAP4, folder: Mapping[str, Any]) -> bool:
    """Whether a folder holds nothing new: no higher UID, and nothing unread that was not decided about."""
    if imap.select(folder["name"], readonly=True)[0] != "OK":
        return False
    for item in ("uidvalidity", "uidnext"):
        said: Any = imap.untagged_responses.get(item.upper())
        if not said or int(said[-1]) != folder[item]:
            return False
    if folder["uidnext"] <= folder["floor"] + 1:
        return True
    status, data = imap.uid("SEARCH", f"UID {folder['floor'] + 1}:{folder['uidnext'] - 1} UNSEEN")
    unseen = {int(uid) for line in data if line for uid in line.split()}
    return status == "OK" and unseen <= set(members(folder["decided"]))


def ranges(uids: Sequence[int]) -> list[list[int]]:
    """Sorted UIDs as [first, last] of each run of neighbours."""
    found: list[list[int]] = []
    for uid in uids:
        if found and uid == found[-1][1] + 1:
            found[-1][1] = uid
        else:
            found.append([uid, uid])
    return found


def members(pairs: Sequence[Sequence[int]]) -> list[int]:
    """The UIDs in ranges()."""
    return [uid for first, last in pairs for uid in range(first, last + 1)]
