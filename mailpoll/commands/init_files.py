"""The files of `mailpoll init`: the configuration with its comments, the password beside it, nothing half written."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from mailpoll import config
from mailpoll.commands.init_login import Password, Server
from mailpoll.errors import AccessDenied, ConfigError
from mailpoll.settings import SecretRef

_HEAD = """\
# The configuration of mailpoll, made by `mailpoll init` on {day}.
# Every setting and its default: `mailpoll config show`. Whether all is well after a change: `mailpoll config check`.

[store]
# Channels, addresses and every mail until its posts are delivered. The place is written out because cron and a shell
# have different environments.
url = {store}

[addresses]
# Mail to these addresses is ours; %s stands for the detail, that is NAME.TOKEN of a channel.
patterns = [{pattern}]
"""

_ACCOUNT = """
[account.main]
host = {host}
port = {port}
tls = {tls}  # {tls_meaning}
{ca_file}username = {username}
# Where the password is; the password itself never stands here.
password = {password}
folders = [{folder}]
{scope}# What becomes of a mail on the server once it is safe here: "seen", "keyword", "move", "delete" or "leave".
after = "seen"
"""

_TLS_MEANING = {
    "implicit": 'TLS from the start; "starttls" is usual on port 143',
    "starttls": 'TLS after a first word in the clear; "implicit" is usual on port 993',
    "none": "no TLS: only for a server on this machine",
}

_SHARED = """\
# People read this inbox, too: only mail to the patterns above is touched. "all" takes everything.
scope = "addressed"
"""

_DEDICATED = """\
# Nobody else reads this inbox: everything in it is taken. "addressed" takes only mail to the patterns above.
scope = "all"
# Where mail goes that names no channel.
channel = {channel}
"""

_NO_MAILBOX = """
# No inbox: mail comes in with `mailpoll receive`, from files or from a mail server's pipe. To poll an inbox as well:
# [account.main]
# host = "imap.example.com"
# username = "username@example.com"
# password = {{ file = "imap-password" }}
"""

_TAIL = """
# Where posts go besides the store: `mailpoll destination example webhook` prints a section to put here.
"""


@dataclass(frozen=True, slots=True)
class Account:
    """What the [account.main] section says; `channel` takes the mail that names none, where nobody else reads it."""

    server: Server
    username: str
    password: SecretRef
    shared: bool
    channel: str


def config_text(store_url: str, pattern: str, account: Account | None, day: datetime) -> str:
    """The configuration as TOML with comments."""
    text = _HEAD.format(day=f"{day:%Y-%m-%d}", store=_quoted(store_url), pattern=_quoted(pattern))
    text += _NO_MAILBOX.format() if account is None else _account_text(account)
    return text + _TAIL


def _account_text(account: Account) -> str:
    server = account.server
    return _ACCOUNT.format(
        host=_quoted(server.host),
        port=server.port,
        tls=_quoted(server.tls),
        tls_meaning=_TLS_MEANING[server.tls],
        ca_file=f"ca_file = {_quoted(server.ca_file)}  # the authority to trust\n" if server.ca_file else "",
        username=_quoted(account.username),
        password=_reference(account.password),
        folder=_quoted(server.folder),
        scope=_SHARED if account.shared else _DEDICATED.format(channel=_quoted(account.channel)),
    )


def _quoted(text: str) -> str:
    """A TOML basic string: what JSON writes, and the one control character that JSON leaves alone."""
    return json.dumps(text, ensure_ascii=False).replace("\x7f", "\\u007f")


def _reference(reference: SecretRef) -> str:
    if reference.command is not None:
        return f"{{ command = [{', '.join(map(_quoted, reference.command))}] }}"
    if reference.keyring is not None:
        return f"{{ keyring = {_quoted(reference.keyring)} }}"
    return f"{{ file = {_quoted(reference.file or '')} }}"


def keep_password(password: Password, base: Path) -> str:
    """Writes a typed password into its file and returns the path; empty when it is kept already."""
    if not password.new:
        return ""
    path = base / (password.reference.file or "")
    write_private(path, f"{password.text}\n")
    return str(path)


def write_private(path: Path, text: str) -> None:
    """Writes a file that only its owner can read, whole or not at all. Raises AccessDenied."""
    new = path.with_name(f".{path.name}.new")
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        new.unlink(missing_ok=True)
        descriptor = os.open(new, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "w", encoding="utf-8") as file:
            file.write(text)
        new.replace(path)
    except OSError as error:
        with suppress(OSError):
            new.unlink(missing_ok=True)
        raise AccessDenied(
            f"cannot be written ({error.strerror})", about=str(path), advice="Name another place with --config"
        ) from None


def refuse_existing(path: Path, *, force: bool) -> None:
    """Raises ConfigError when there is a configuration already, unless it is to be replaced."""
    if os.path.lexists(path) and not force:
        raise ConfigError(
            "there is a configuration already",
            about=str(path),
            advice="--force replaces it and keeps a backup; --config FILE makes another one",
        )


@contextmanager
def written_config(path: Path, text: str, now: datetime) -> Iterator[Path | None]:
    """The new configuration in its place; gives the backup of a former one. An error inside brings all back."""
    backup: Path | None = None
    if os.path.lexists(path):
        backup = path.with_name(f"{path.name}.{now:%Y%m%dT%H%M%S}.bak")
        _rename(path, backup)
    try:
        write_private(path, text)
        config.load(path)
        yield backup
    except BaseException:
        with suppress(OSError):
            path.unlink(missing_ok=True)
        if backup is not None:
            _rename(backup, path)
        raise


def _rename(path: Path, to: Path) -> None:
    try:
        path.replace(to)
    except OSError as error:
        raise AccessDenied(f"cannot be renamed ({error.strerror})", about=str(path)) from None
