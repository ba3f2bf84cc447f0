"""The server of `mailpoll init`: named, asked for or guessed, and corrected until one answers."""

from __future__ import annotations

import re
import socket
from contextlib import suppress
from dataclasses import dataclass, field, replace
from pathlib import Path

from mailpoll import config
from mailpoll.commands import init_providers as providers
from mailpoll.commands.init_ask import Asker
from mailpoll.crosscheck import is_loopback
from mailpoll.errors import AccessDenied, ConfigError, RunError
from mailpoll.settings import Tls

TIMEOUT_S = 20.0
GUESS_WITHIN_S = 3.0
_CHANGES = ("host", "port", "tls", "ca-file", "quit")
_USUAL_PORT: dict[Tls, int] = {"implicit": 993, "starttls": 143, "none": 143}
_ENCRYPTED: tuple[Tls, ...] = ("implicit", "starttls")
_NOWHERE = (
    "There is no encryption on this port, and no password is sent in the clear: give {}port the one on which the server"
    " speaks TLS, usually 993, or ask who runs it to turn TLS on"
)
_HERE = "It is on this machine, where no encryption is needed: give {}tls none"
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
    """Where and how to connect; `refused` are the ways of TLS that were tried and that no port there speaks."""

    host: str
    port: int
    tls: Tls
    folder: str
    ca_file: str | None = None
    refused: frozenset[tuple[str, int, Tls]] = field(default=frozenset(), compare=False, repr=False)

    def __str__(self) -> str:
        return f"{self.host}:{self.port}"

    @property
    def untried(self) -> tuple[Tls, ...]:
        """The ways to connect to this port that are allowed and were not refused, the likeliest first."""
        ways: tuple[Tls, ...] = (*_ENCRYPTED, "none") if is_loopback(self.host) else _ENCRYPTED
        return tuple(tls for tls in ways if (self.host, self.port, tls) not in self.refused)


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
            what, server = what_to_change(ask, problem, _CHANGES, server)
            server = corrected_server(ask, what, server)
        else:
            return server


def what_to_change(ask: Asker, problem: RunError, choices: tuple[str, ...], server: Server) -> tuple[str, Server]:
    """What a person wants to correct, having been told what is wrong, and the server with what it refused.

    Raises `problem` where nobody corrects it.
    """
    likely = in_our_words(problem, flags=not ask.terminal)
    if likely == "tls":
        # Who has no STARTTLS to offer has said so in the clear: TLS does not begin before that.
        ways = _ENCRYPTED if server.tls == "starttls" and isinstance(problem, AccessDenied) else (server.tls,)
        refused = server.refused | {(server.host, server.port, tls) for tls in ways}
        server = replace(server, refused=refused)
        likely = _without_tls(problem, server, flags=not ask.terminal)
    ask.trouble(problem)
    what = ask.choice("What is to be changed?", choices, likely if likely in choices else "host")
    if what == "quit" or ask.yes:
        raise problem
    return what, server


def _without_tls(problem: RunError, server: Server, *, flags: bool) -> str:
    """Says what is to be done where a port speaks no TLS; what is likely to be changed then."""
    way = "--" if flags else ""
    if set(server.untried) & set(_ENCRYPTED):
        if "none" in server.untried:
            problem.advice = f"{problem.advice.rstrip('.')}. If it has no TLS at all: give {way}tls none"
        return "tls"
    here = is_loopback(server.host)
    problem.advice = (_HERE if here else _NOWHERE).format(way)
    return "tls" if here else "port"


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
        port = ask.text("Port", "--port", None, check_port, default=str(server.port))
        return replace(server, port=port, tls="implicit" if port == _USUAL_PORT["implicit"] else server.tls)
    if what == "tls":
        return _with_other_tls(ask, server)
    if what == "ca-file":
        return replace(server, ca_file=ask.text("PEM file of the authority to trust", "--ca-file", None, check_file))
    return replace(server, folder=ask.text("Folder", "--folder", None, check_username, default=server.folder))


def _with_other_tls(ask: Asker, server: Server) -> Server:
    """The server with another way of TLS, one that this port did not refuse by default, on the port usual for it.

    A port that is not the usual one is kept.
    """
    choices = (*_ENCRYPTED, "none") if is_loopback(server.host) else _ENCRYPTED
    others = [tls for tls in server.untried if tls != server.tls] or [tls for tls in choices if tls != server.tls]
    chosen = ask.choice("TLS", choices, others[0])
    tls: Tls = next(tls for tls in choices if tls == chosen)
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
