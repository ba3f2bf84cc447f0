"""The account of `mailpoll init`: server, user and password, tried until the server lets us in."""

from __future__ import annotations

import shlex
import socket
import sys
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path

import click

from mailpoll import secret
from mailpoll.commands import init_providers as providers
from mailpoll.commands.init_ask import Asker
from mailpoll.errors import AccessDenied, ConfigError, RunError
from mailpoll.model import FolderInfo
from mailpoll.settings import SecretRef, Tls

TIMEOUT_S = 20.0
GUESS_WITHIN_S = 3.0
PASSWORD_FILE = "imap-password"
KEYRING_NAME = "main"
_ABOUT = "account.main.password"
_CHANGES = ("host", "user", "password", "folder", "ca-file", "quit")
_USUAL_PORT: dict[Tls, int] = {"implicit": 993, "starttls": 143, "none": 143}


@dataclass(frozen=True, slots=True)
class Server:
    """Where and how to connect."""

    host: str
    port: int
    tls: Tls
    folder: str
    ca_file: str | None = None

    def __str__(self) -> str:
        return f"{self.host}:{self.port}"


@dataclass(frozen=True, slots=True)
class Password:
    """A password, where the configuration will find it, and whether it must still be put there."""

    text: str
    reference: SecretRef
    new: bool

    def __repr__(self) -> str:
        return f"Password(***, {self.reference})"


@dataclass(frozen=True, slots=True)
class PasswordFlags:
    """What the flags say of the password."""

    file: str | None
    keyring: str | None
    command: str | None
    stdin: bool


def ask_server(
    ask: Asker, username: str, *, host: str | None, port: int | None, tls: Tls | None, folder: str, ca_file: str | None
) -> Server:
    """The server: from flags, from what is known of the provider, or asked."""
    known = providers.of_address(username)
    if host is None and known is not None:
        if known.refusal:
            raise ConfigError(f"{known.name} {known.refusal}", about=username, advice="docs/how-to/microsoft-365.md tells more" if "OAuth" in known.refusal else "")  # fmt: skip # noqa: E501
        host = known.host
    if host is None:
        host = ask.text("IMAP server", "--host", None, check_host, default=_guess(username) if ask.terminal else None)
    if note := getattr(known or providers.of_host(host), "note", ""):
        ask.say(f"{getattr(known or providers.of_host(host), 'name', '')} {note}.")
    tls = tls or ("starttls" if port == 143 else "implicit")
    return Server(check_host(host), port or _USUAL_PORT[tls], tls, folder, ca_file and str(Path(ca_file).absolute()))


def check_host(host: str) -> str:
    """A host name alone. Raises ConfigError for anything else."""
    if not host or set(host) & set(" /@[]") or host.count(":") == 1 or not host.isprintable():
        raise ConfigError(f"{host!r} is no host name", about="--host", advice="Write the name alone, like imap.example.com")  # fmt: skip # noqa: E501
    return host


def check_username(username: str) -> str:
    """A user name without what would end a line. Raises ConfigError."""
    if not username or not username.isprintable():
        raise ConfigError("a user name is one line of visible characters", about="--username")
    return username


def _guess(username: str) -> str | None:
    """The usual name at which something answers; the most usual one when nothing does."""
    usual = providers.usual_hosts(username)
    for host in usual:
        with suppress(OSError, UnicodeError), socket.create_connection((host, 993), GUESS_WITHIN_S):
            return host
    return usual[0] if usual else None


def ask_password(ask: Asker, flags: PasswordFlags, base: Path, env: Mapping[str, str]) -> Password:
    """The password and its place: what the flags name, or typed; a typed one is not kept yet (see keep()).

    Raises:
        ConfigError, AccessDenied: the place that a flag names does not give it.
    """
    reference = _place(flags, base)
    if flags.stdin:
        return Password(sys.stdin.readline().rstrip("\r\n"), reference or SecretRef(file=PASSWORD_FILE), True)
    if reference is not None and not _to_be_made(ask, reference, base):
        try:
            return Password(secret.resolve(reference, base=base, env=env, about=_ABOUT), reference, False)
        except ConfigError:
            if not ask.terminal or reference.keyring is None:
                raise
    typed = ask.password("Password (not shown)", "--password-file (or --password-keyring, --password-command)")
    return Password(typed, reference or _ask_place(ask), True)


def _place(flags: PasswordFlags, base: Path) -> SecretRef | None:
    if sum(value is not None for value in (flags.file, flags.keyring, flags.command)) > 1:
        raise click.UsageError("The password is in one place: give one of --password-file, -keyring and -command.")
    if flags.file is not None:
        path = Path(flags.file).expanduser().absolute()
        return SecretRef(file=str(path.relative_to(base) if path.is_relative_to(base) else path))
    if flags.keyring is not None:
        return SecretRef(keyring=flags.keyring)
    if flags.command is not None:
        return SecretRef(command=tuple(shlex.split(flags.command)))
    return None


def _to_be_made(ask: Asker, reference: SecretRef, base: Path) -> bool:
    """Whether a flag names a file that is not there, and somebody is there to say what goes into it."""
    return ask.terminal and reference.file is not None and not (base / reference.file).exists()


def _ask_place(ask: Asker) -> SecretRef:
    ask.say("mailpoll needs the password at each run. A file that only you can read works under cron; the desktop's\n"
            "keyring mostly does not, because cron has no desktop session.")  # fmt: skip
    place = ask.choice("Keep it in a file or in the keyring?", ("file", "keyring"), "file")
    return SecretRef(file=PASSWORD_FILE) if place == "file" else SecretRef(keyring=KEYRING_NAME)


def log_in(ask: Asker, server: Server, username: str, password: Password) -> tuple[Server, str, Password]:
    """What the server let us in with: as given, or corrected by the person who was told what went wrong.

    Raises RunError when it does not let us in and nobody is there to correct it.
    """
    while True:
        try:
            info = _try(server, username, password)
        except RunError as problem:
            ask.trouble(problem)
            likely = "password" if isinstance(problem, AccessDenied) else "host"
            what = ask.choice("What is to be changed?", _CHANGES, likely)
            if what == "quit" or ask.yes:
                raise
            server, username, password = _corrected(ask, what, server, username, password)
            continue
        click.echo(f"Logged in to {server} as {username}; {server.folder} holds {info.exists} mails.")
        return server, username, password


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
        return replace(password, reference=SecretRef(file=PASSWORD_FILE))
    click.echo(f"The password is in the keyring, service {secret.SERVICE}, name {password.reference.keyring}.")
    return replace(password, new=False)


def _corrected(
    ask: Asker, what: str, server: Server, username: str, password: Password
) -> tuple[Server, str, Password]:  # fmt: skip
    if what == "host":
        host = ask.text("IMAP server", "--host", None, check_host, default=server.host)
        tls: Tls = "starttls" if ask.choice("TLS", ("implicit", "starttls"), server.tls) == "starttls" else "implicit"
        port = ask.text("Port", "--port", None, check_port, default=str(_USUAL_PORT[tls]))
        server = replace(server, host=host, port=port, tls=tls)
    elif what == "user":
        username = ask.text("User name", "--username", None, check_username, default=username)
    elif what == "ca-file":
        ca_file = ask.text("PEM file of the authority to trust", "--ca-file", None, check_file)
        server = replace(server, ca_file=ca_file)
    elif what == "folder":
        server = replace(server, folder=ask.text("Folder", "--folder", None, check_username, default=server.folder))
    else:
        place = password.reference if password.reference.command is None else _ask_place(ask)
        password = Password(ask.password("Password (not shown)", "--password-file"), place, True)
    return server, username, password


def check_file(text: str) -> str:
    """The absolute path of a file that is there. Raises ConfigError."""
    path = Path(text).expanduser().absolute()
    if not path.is_file():
        raise ConfigError("there is no such file", about=text)
    return str(path)


def check_port(text: str) -> int:
    """A TCP port. Raises ConfigError."""
    if not text.isdecimal() or not 0 < int(text) < 65536:
        raise ConfigError(f"{text!r} is no port", about="--port", advice="Write a number, mostly 993 or 143")
    return int(text)
