"""The login of `mailpoll init`: user and password, tried until the server lets us in."""

from __future__ import annotations

import shlex
import sys
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path

import click

from mailpoll import config, secret
from mailpoll.commands.init_ask import Asker
from mailpoll.commands.init_server import TIMEOUT_S, Server, check_username, corrected_server, what_to_change
from mailpoll.errors import AccessDenied, ConfigError, RunError
from mailpoll.model import FolderInfo
from mailpoll.settings import SecretRef

MAIN = "main"
PASSWORD_FILE = "imap-password"
_CHANGES = ("host", "port", "tls", "user", "password", "folder", "ca-file", "quit")


@dataclass(frozen=True, slots=True)
class Password:
    """A password, where the configuration will find it, and whether it must still be put there."""

    text: str
    reference: SecretRef
    new: bool
    account: str = MAIN

    def __repr__(self) -> str:
        return f"Password(***, {self.reference})"


@dataclass(frozen=True, slots=True)
class PasswordFlags:
    """What the flags say of the password."""

    file: str | None
    keyring: str | None
    command: str | None
    stdin: bool


def ask_password(ask: Asker, flags: PasswordFlags, base: Path, env: Mapping[str, str], account: str) -> Password:
    """The password and its place: what the flags name, or typed; a typed one is not kept yet (see keep()).

    Raises:
        ConfigError, AccessDenied: the place that a flag names does not give it.
    """
    reference = _place(flags, base)
    if flags.stdin:
        text = sys.stdin.readline().rstrip("\r\n")
        return Password(text, reference or SecretRef(file=_file(account)), True, account)
    if reference is not None and not _to_be_made(ask, reference, base):
        try:
            text = secret.resolve(reference, base=base, env=env, about=f"account.{account}.password")
            return Password(text, reference, False, account)
        except ConfigError:
            if not ask.terminal or reference.keyring is None:
                raise
    typed = ask.password("Password (not shown)", "--password-file (or --password-keyring, --password-command)")
    return Password(typed, reference or _ask_place(ask, account), True, account)


def _file(account: str) -> str:
    """Where the password of an account is kept, beside the configuration."""
    return PASSWORD_FILE if account == MAIN else f"{PASSWORD_FILE}-{account}"


def _place(flags: PasswordFlags, base: Path) -> SecretRef | None:
    if sum(value is not None for value in (flags.file, flags.keyring, flags.command)) > 1:
        raise click.UsageError("The password is in one place: give one of --password-file, -keyring and -command.")
    if flags.file is not None:
        path = config.expanded(flags.file).absolute()
        return SecretRef(file=str(path.relative_to(base) if path.is_relative_to(base) else path))
    if flags.keyring is not None:
        return SecretRef(keyring=flags.keyring)
    if flags.command is not None:
        return SecretRef(command=tuple(shlex.split(flags.command)))
    return None


def _to_be_made(ask: Asker, reference: SecretRef, base: Path) -> bool:
    """Whether a flag names a file that is not there, and somebody is there to say what goes into it."""
    return ask.terminal and reference.file is not None and not (base / reference.file).exists()


def _ask_place(ask: Asker, account: str) -> SecretRef:
    ask.say("mailpoll needs the password at each run. A file that only you can read works under cron; the desktop's\n"
            "keyring mostly does not, because cron has no desktop session.")  # fmt: skip
    place = ask.choice("Keep it in a file or in the keyring?", ("file", "keyring"), "file")
    return SecretRef(file=_file(account)) if place == "file" else SecretRef(keyring=account)


def log_in(ask: Asker, server: Server, username: str, password: Password) -> tuple[Server, str, Password]:
    """What the server let us in with: as given, or corrected by the person who was told what went wrong.

    Raises RunError when it does not let us in and nobody is there to correct it.
    """
    while True:
        try:
            info = _try(server, username, password)
        except RunError as problem:
            what, server = what_to_change(ask, problem, _CHANGES, server)
            server, username, password = _corrected(ask, what, server, username, password)
            continue
        click.echo(f"Logged in to {server} as {username}; {server.folder} holds {mails(info.exists)}.")
        return server, username, password


def mails(count: int) -> str:
    """So many mails."""
    return "1 mail" if count == 1 else f"{count} mails"


def _try(server: Server, username: str, password: Password) -> FolderInfo:
    from mailpoll import imap

    session = imap.connect(
        server.host,
        server.port,
        server.tls,
        username,
        password.text,
        ca_file=server.ca_file,
        timeout=TIMEOUT_S,
        allow_plaintext=False,
    )
    try:
        return session.open(server.folder, read_only=True)
    finally:
        session.close()


def keep_in_keyring(ask: Asker, password: Password) -> Password:
    """The password as it is now kept; where the keyring does not take it, a file will, if somebody is there to read so.

    Raises AccessDenied when nobody is.
    """
    if not password.new or password.reference.keyring is None:
        return password
    try:
        secret.store_in_keyring(password.reference.keyring, password.text)
    except AccessDenied as problem:
        ask.trouble(problem)
        ask.say("The password goes into a file beside the configuration instead.")
        return replace(password, reference=SecretRef(file=_file(password.account)))
    click.echo(f"The password is in the keyring, service {secret.SERVICE}, name {password.reference.keyring}.")
    return replace(password, new=False)


def _corrected(
    ask: Asker, what: str, server: Server, username: str, password: Password
) -> tuple[Server, str, Password]:  # fmt: skip
    if what == "user":
        username = ask.text("User name", "--username", None, check_username, default=username)
    elif what == "password":
        place = password.reference if password.reference.command is None else _ask_place(ask, password.account)
        password = replace(password, text=ask.password("Password (not shown)", "--password-file"), reference=place, new=True)  # fmt: skip # noqa: E501
    else:
        server = corrected_server(ask, what, server)
    return server, username, password
