"""What a run leaves for the quick look of the next: the state file of mailpoll.idle."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec

from mailpoll import idle, places
from mailpoll.commands.installation import Installation, make_state_folder
from mailpoll.commands.journal import Journal
from mailpoll.crew import AccountResult
from mailpoll.poll import LIMIT_PATIENCE_S
from mailpoll.settings import AccountSettings

if TYPE_CHECKING:
    from mailpoll.store import Store

# A full run comes at least so often: it lets go of what is kept long enough.
FULL_RUN_EVERY = timedelta(hours=1)
# Who writes to a store that is no file here cannot be seen.
UNSEEN_STORE = timedelta(seconds=idle.FRESH_S)


def forget(installation: Installation) -> None:
    """There may be something to do."""
    with contextlib.suppress(OSError):
        _path(installation).unlink(missing_ok=True)


def forget_usual(env: Mapping[str, str]) -> None:
    """The same of whichever configuration comes to be where one is looked for."""
    for path in (places.user_config(env), places.SYSTEM_CONFIG):
        with contextlib.suppress(OSError):
            idle.state_file(path, places.state_directory(path, env)).unlink(missing_ok=True)


def wake_at(installation: Installation, store: Store, journal: Journal, at: datetime) -> datetime | None:
    """Until when there is nothing to do if nothing new comes; None: there is something to do now, or to tell."""
    settings = installation.settings
    if not journal.at_rest or settings.health.ping_url is not None or not all(map(_quick, settings.account.values())):
        return None
    results = {result.account: result for result in journal.accounts}
    if results.keys() != settings.account.keys() or any(
        result.owing or {folder.name for folder in result.polled} != set(settings.account[name].folders)
        for name, result in results.items()
    ):
        return None
    from mailpoll.commands import assembly

    due = store.outbox.next_due(at, assembly.rates(installation), early=timedelta(seconds=LIMIT_PATIENCE_S))
    if store.ledger.unread(1) or (due is not None and due <= at):
        return None
    latest = at + (FULL_RUN_EVERY if _database(installation) else UNSEEN_STORE)
    return latest if due is None else min(due, latest)


def signature(installation: Installation) -> list[list[int]]:
    """What changes when anybody writes to the store. Taken before wake_at() looks into it: whoever writes after that is
    seen by the next run."""
    try:
        return idle.signature(_database(installation))
    except OSError:
        return [[]]  # of no store there is


def remember(
    installation: Installation, journal: Journal, signed: list[list[int]], at: datetime, until: datetime
) -> None:
    """Writes the state file, once the store is closed. Without it the next run takes longer, and that is all."""
    path, database = _path(installation), _database(installation)
    try:
        make_state_folder(path.parent)
        if os.geteuid() == 0 and path.parent.stat().st_uid != 0:
            return  # whose folder this is could not replace what root leaves in it
        state = {
            "fingerprint": installation.fingerprint,
            "database": database,
            "store": signed,
            "written": at.timestamp(),
            "wake_at": until.timestamp(),
            "accounts": {result.account: _account(installation, result) for result in journal.accounts},
        }
        idle.save(path, state)
    except OSError:
        forget(installation)


def heartbeat(installation: Installation) -> datetime | None:
    """When a run last found nothing to do, or left nothing: all accounts were well then. None: nobody knows."""
    beat = idle.heartbeat(_path(installation), installation.path)
    return None if beat is None else datetime.fromtimestamp(beat, UTC)


def _path(installation: Installation) -> Path:
    return idle.state_file(installation.path, installation.state_directory())


def _database(installation: Installation) -> str:
    """The file of an SQLite store; "" for any other."""
    return str(installation.sqlite_file or "")


def _quick(account: AccountSettings) -> bool:
    """Whether idle knows how to connect: it takes TLS from the start, or none where that is allowed."""
    return account.tls != "starttls"


def _account(installation: Installation, result: AccountResult) -> dict[str, Any]:
    from mailpoll.imap import mailbox

    account = installation.settings.account[result.account]
    return {
        "host": account.host,
        "port": account.port,
        "tls": account.tls,
        "timeout": min(account.timeout, idle.PATIENCE_S),
        "ca_file": account.ca_file,
        "username": account.username,
        "password": msgspec.to_builtins(account.password),
        "about": f"account.{result.account}.password",
        "folders": [
            {
                "name": mailbox(folder.name),
                "uidvalidity": folder.uidvalidity,
                "uidnext": folder.upto + 1,
                "floor": folder.floor,
                "decided": idle.ranges(sorted(folder.candidates)),
            }
            for folder in result.polled
        ],
    }
