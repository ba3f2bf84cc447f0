"""The files of `mailpoll init`: the configuration with its comments, the password beside it, nothing half written."""

from __future__ import annotations

import json
import os
import re
import stat
import tomllib
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from mailpoll import config
from mailpoll.commands.init_login import Password
from mailpoll.commands.init_server import Server
from mailpoll.crosscheck import derived_pattern
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
[account.{name}]
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

# How many former configurations are kept beside the present one.
BACKUPS = 3

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
# No inbox: mail comes in with `mailpoll receive`, from files or from a mail server's pipe, and what could not be posted
# is tried again by `mailpoll fetch`, from cron. To poll an inbox as well:
# [account.main]
# host = "imap.example.com"
# username = "username@example.com"
# password = {{ file = "imap-password" }}
"""

_PATTERNS = re.compile(r"^patterns\s*=\s*\[[^\[\]#]*\]", re.MULTILINE)
_ADDRESSES = re.compile(r"^\[addresses\][ \t]*$", re.MULTILINE)

_TAIL = """
# Where posts go besides the store: `mailpoll destination add` asks which service, and adds a section here.
"""


@dataclass(frozen=True, slots=True)
class Account:
    """What an [account.…] section says; `channel` takes the mail that names none, where nobody else reads it."""

    name: str
    server: Server
    username: str
    password: SecretRef
    shared: bool
    channel: str


def config_text(store_url: str, pattern: str, account: Account | None, day: datetime) -> str:
    """The configuration as TOML with comments."""
    text = _HEAD.format(day=f"{day:%Y-%m-%d}", store=quoted(store_url), pattern=quoted(pattern))
    text += _NO_MAILBOX.format() if account is None else _account_text(account)
    return text + _TAIL


def _account_text(account: Account) -> str:
    server = account.server
    return _ACCOUNT.format(
        name=account.name,
        host=quoted(server.host),
        port=server.port,
        tls=quoted(server.tls),
        tls_meaning=_TLS_MEANING[server.tls],
        ca_file=f"ca_file = {quoted(server.ca_file)}  # the authority to trust\n" if server.ca_file else "",
        username=quoted(account.username),
        password=_reference(account.password),
        folder=quoted(server.folder),
        scope=_SHARED if account.shared else _DEDICATED.format(channel=quoted(account.channel)),
    )


def quoted(text: str) -> str:
    """A TOML basic string: what JSON writes, and the one control character that JSON leaves alone."""
    return json.dumps(text, ensure_ascii=False).replace("\x7f", "\\u007f")


def _reference(reference: SecretRef) -> str:
    if reference.command is not None:
        return f"{{ command = [{', '.join(map(quoted, reference.command))}] }}"
    if reference.keyring is not None:
        return f"{{ keyring = {quoted(reference.keyring)} }}"
    return f"{{ file = {quoted(reference.file or '')} }}"


def keep_password(password: Password, base: Path) -> str:
    """Writes a typed password into its file and returns the path; empty when it is kept already."""
    if not password.new:
        return ""
    path = base / (password.reference.file or "")
    write_private(path, f"{password.text}\n")
    return str(path)


def write_private(path: Path, text: str | bytes) -> None:
    """Writes a file that only its owner can read, whole or not at all. Raises AccessDenied."""
    new = path.with_name(f".{path.name}.new")
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        new.unlink(missing_ok=True)
        descriptor = os.open(new, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "wb") as file:
            file.write(text.encode() if isinstance(text, str) else text)
        new.replace(path)
    except OSError as error:
        with suppress(OSError):
            new.unlink(missing_ok=True)
        raise AccessDenied(
            f"cannot be written ({error.strerror})", about=str(path), advice="Name another place with --config"
        ) from None


def refuse_existing(path: Path, account: str | None, *, force: bool) -> bool:
    """Whether there is a configuration that an account of this name can be added to; None is no account.

    Raises ConfigError when there is one with that account, unless it is to be replaced, or when it is not in order.
    """
    if force or not os.path.lexists(path):
        return False
    if account is None or account in config.load(path).account:
        what = "there is a configuration already" if account is None else f"there is an account {account} already"
        add = "" if account is None else "--account NAME adds another account to it; "
        advice = f"{add}--force replaces the configuration and keeps a backup; --config FILE makes another one"
        raise ConfigError(what, about=str(path), advice=advice)
    return True


def with_account(path: Path, pattern: str, account: Account) -> str:
    """The configuration at `path` with an account more, and with its pattern where that is not in force by itself.

    Every other line stays as it is. Raises ConfigError when this cannot be done to the text as it is written.
    """
    text = text_of(path)
    before = tomllib.loads(text)
    wanted = before | {"account": before.get("account", {}) | tomllib.loads(_account_text(account))["account"]}
    section = _account_text(account)
    none = _NO_MAILBOX.format()  # our own words, which are not true any more
    changed = text.replace(none, section) if none in text else f"{text.rstrip()}\n{section}"
    patterns = [*config.patterns(config.load(path))]
    if pattern not in patterns and (before.get("addresses", {}).get("patterns") or pattern != derived_pattern(account.username)):  # fmt: skip # noqa: E501
        wanted["addresses"] = before.get("addresses", {}) | {"patterns": [*patterns, pattern]}
        changed = _with_patterns(changed, [*patterns, pattern])
    if read_toml(changed) != wanted:
        raise ConfigError(
            "is written in a way that init cannot add an account to",
            about=str(path),
            advice=f"Add {quoted(pattern)} to patterns under [addresses], and these lines at the end:\n{section}",
        )
    return changed


def _with_patterns(text: str, patterns: Sequence[str]) -> str:
    """The configuration with these patterns in place of its own."""
    line = f"patterns = [{', '.join(map(quoted, patterns))}]"
    if _PATTERNS.search(text):
        return _PATTERNS.sub(lambda _: line, text, count=1)
    if _ADDRESSES.search(text):
        return _ADDRESSES.sub(lambda found: f"{found[0]}\n{line}", text, count=1)
    return f"{text.rstrip()}\n\n[addresses]\n{line}\n"


def text_of(path: Path) -> str:
    """The configuration at `path` as it stands, without a byte order mark."""
    return path.read_bytes().decode("utf-8-sig")


def read_toml(text: str) -> dict[str, Any]:
    """TOML as data, empty when it is none."""
    try:
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError:
        return {}


@contextmanager
def written_config(path: Path, text: str, now: datetime) -> Iterator[Path | None]:
    """The new configuration in its place; gives the backup of a former one, and leaves the newest few of those. An
    error inside brings all back."""
    path = path.resolve()
    former = path.stat() if path.exists() else None
    checked = path.with_name(f".{path.name}.checked")
    backup = _free(path, f"{now:%Y%m%dT%H%M%S}") if former else None
    write_private(checked, text)
    try:
        config.load(checked)
        if former and backup:
            _keep_owner(checked, former)
            _copy(path, backup, former)
        _rename(checked, path)
    finally:
        checked.unlink(missing_ok=True)
    try:
        yield backup
    except BaseException:
        with suppress(OSError):
            path.unlink(missing_ok=True)
        if backup is not None:
            _rename(backup, path)
        raise
    _leave_newest(path)


def _keep_owner(path: Path, former: os.stat_result) -> None:
    """Gives a new file the owner and mode of the one that it replaces, where this user may."""
    with suppress(OSError):
        if os.geteuid() == 0:
            os.chown(path, former.st_uid, former.st_gid)
        path.chmod(stat.S_IMODE(former.st_mode))


def _copy(path: Path, to: Path, like: os.stat_result) -> None:
    """A second file of the same octets, owner and mode, which nobody else could read meanwhile either."""
    try:
        data = path.read_bytes()
    except OSError as error:
        raise AccessDenied(f"cannot be read ({error.strerror})", about=str(path)) from None
    write_private(to, data)
    _keep_owner(to, like)


def _leave_newest(path: Path) -> None:
    """Takes away all backups of the configuration but the newest few; files of any other name are not ours."""
    name = re.compile(re.escape(path.name) + r"\.(\d{8}T\d{6})(?:-(\d+))?\.bak")
    with suppress(OSError):
        found = filter(None, (name.fullmatch(file.name) for file in path.parent.iterdir()))
        for *_, file in sorted((each[1], int(each[2] or 1), each[0]) for each in found)[:-BACKUPS]:
            path.with_name(file).unlink()


def _free(path: Path, when: str) -> Path:
    """The name of a backup; of several within a second each has its own."""
    names = (path.with_name(f"{path.name}.{when}{more}.bak") for more in ("", *(f"-{n}" for n in range(2, 1000))))
    return next(name for name in names if not os.path.lexists(name))


def _rename(path: Path, to: Path) -> None:
    """Gives a file another name."""
    try:
        path.replace(to)
    except OSError as error:
        raise AccessDenied(f"cannot be renamed ({error.strerror})", about=str(path)) from None
