"""The server of `mailpoll init`: named, asked for or guessed, and corrected until one answers."""

from __future__ import annotations

import re
import socket
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path

from mailpoll import config
from mailpoll.commands import init_providers as providers
from mailpoll.commands.init_ask import Asker
from mailpoll.errors import AccessDenied, ConfigError, RunError
from mailpoll.settings import Tls

TIMEOUT_S = 20.0
GUESS_WITHIN_S = 3.0
_CHANGES = ("host", "port", "tls", "ca-file", "quit")
_USUAL_PORT: dict[Tls, int] = {"implicit": 993, "starttls": 143, "none": 143}
# The advice of IMAP errors speaks of settings; here they are things to type. The second is what is likely wrong then.
_IN_OUR_WORDS = (
    (re.compile(r"\bset ca_file to\b", re.IGNORECASE), "Give {}ca-file", "ca-file"),
    (re.compile(r"^Name a PEM file\b"), "Give {}ca-file a PEM file", "ca-file"),
    (re.compile(r"\bset host to\b", re.IGNORECASE), "Give {}host", "host"),
    (re.compile(r'\bset tls = "(\w+)" or "(\w+)"(?:; allow.*)?', re.IGNORECASE), r"Give {}tls \1 or \2", "tls"),
    (re.compile(r'\bset tls = "(\w+)"', re.IGNORECASE), r"Give {}tls \1", "tls"),
)  # fmt: skip


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


def ask_server(
    ask: Asker, username: str, *, host: str | None, port: int | None, tls: Tls | None, folder: str, ca_file: str | None
) -> Server:
    """The server: from flags, from what is known of the provider, or asked; at a terminal one that answers."""
    known = providers.of_address(username)
    if host is None and known is not None:
        if known.refusal:
            raise ConfigError(f"{known.name} {known.refusal}", about=username)
        host = known.host
    if host is None:
        default = _guess(username) if ask.terminal else None
        name, named_port = ask.text("IMAP server", "--host", None, check_server, default=default)
    else:
        name, named_port = check_server(host)
    if note := getattr(known or providers.of_host(name), "note", ""):
        ask.say(f"{getattr(known or providers.of_host(name), 'name', '')} {note}.")
    port = port or named_port
    tls = tls or ("starttls" if port == 143 else "implicit")
    server = Server(name, port or _USUAL_PORT[tls], tls, folder, ca_file and str(Path(ca_file).absolute()))
    return _that_answers(ask, server) if ask.terminal and not ask.yes else server


def _that_answers(ask: Asker, server: Server) -> Server:
    """The server, corrected until one answers: a wrong one is noticed before a password is typed."""
    from mailpoll import imap

    while True:
        try:
            imap.probe(server.host, server.port, server.tls, ca_file=server.ca_file, timeout=TIMEOUT_S)
        except RunError as problem:
            server = corrected_server(ask, what_to_change(ask, problem, _CHANGES), server)
        else:
            return server


def what_to_change(ask: Asker, problem: RunError, choices: tuple[str, ...]) -> str:
    """What a person wants to correct, having been told what is wrong. Raises `problem` where nobody does."""
    likely = in_our_words(problem, flags=not ask.terminal)
    ask.trouble(problem)
    what = ask.choice("What is to be changed?", choices, likely if likely in choices else "host")
    if what == "quit" or ask.yes:
        raise problem
    return what


def in_our_words(problem: RunError, *, flags: bool) -> str:
    """Makes the advice of an IMAP error one for init (with `flags`, for its options); says what is likely wrong."""
    for pattern, words, likely in _IN_OUR_WORDS:
        if pattern.search(problem.advice):
            advice = pattern.sub(words.format("--" if flags else ""), problem.advice)
            problem.advice = re.sub(r"(, )Give", r"\1give", advice)
            return likely
    if "folder" in problem.what:
        return "folder"
    return "password" if isinstance(problem, AccessDenied) else "host"


def check_server(text: str) -> tuple[str, int | None]:
    """A host name, and the port where it stands behind a colon. Raises ConfigError for anything else."""
    host, colon, port = text.rpartition(":")
    named = colon and ":" not in host  # an IPv6 address has more
    if not named:
        host = text
    if not host or set(host) & set(" /@[]") or not host.isprintable():
        raise ConfigError(f"{text!r} is no host name", about="--host", advice="Write the name alone, like imap.example.com")  # fmt: skip # noqa: E501
    return host, check_port(port) if named else None


def check_username(username: str) -> str:
    """A user name without what would end a line. Raises ConfigError."""
    if not username or not username.isprintable():
        raise ConfigError("a name is one line of visible characters, and not empty", about="--username")
    return username


def _guess(username: str) -> str | None:
    """The usual name at which something answers; the most usual one when nothing does."""
    usual = providers.usual_hosts(username)
    for host in usual:
        with suppress(OSError, UnicodeError), socket.create_connection((host, 993), GUESS_WITHIN_S):
            return host
    return usual[0] if usual else None


def corrected_server(ask: Asker, what: str, server: Server) -> Server:
    if what == "host":
        host, port = ask.text("IMAP server", "--host", None, check_server, default=server.host)
        return replace(server, host=host, port=port or server.port)
    if what == "port":
        return replace(server, port=ask.text("Port", "--port", None, check_port, default=str(server.port)))
    if what == "tls":
        return _with_other_tls(ask, server)
    if what == "ca-file":
        return replace(server, ca_file=ask.text("PEM file of the authority to trust", "--ca-file", None, check_file))
    return replace(server, folder=ask.text("Folder", "--folder", None, check_username, default=server.folder))


def _with_other_tls(ask: Asker, server: Server) -> Server:
    """The server with TLS from the start instead of after STARTTLS, or the other way round, on the port usual for it.

    A port that is not the usual one is kept.
    """
    other = "implicit" if server.tls == "starttls" else "starttls"
    tls: Tls = "starttls" if ask.choice("TLS", ("implicit", "starttls"), other) == "starttls" else "implicit"
    port = _USUAL_PORT[tls] if server.port == _USUAL_PORT[server.tls] else server.port
    return replace(server, tls=tls, port=port)


def check_file(text: str) -> str:
    """The absolute path of a file that is there. Raises ConfigError."""
    path = config.expanded(text).absolute()
    if not path.is_file():
        raise ConfigError("there is no such file", about=text)
    return str(path)


def check_port(text: str) -> int:
    """A TCP port. Raises ConfigError."""
    if not text.isdecimal() or not 0 < int(text) < 65536:
        raise ConfigError(f"{text!r} is no port", about="--port", advice="Write a number, mostly 993 or 143")
    return int(text)
