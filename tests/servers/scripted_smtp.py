"""An SMTP server that says and does what a test tells it to: for answers no real server can be brought to give."""

from __future__ import annotations

import json
import re
import socket
import ssl
import struct
import threading
import warnings
from base64 import b64decode, b64encode
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from enum import Enum
from pathlib import Path
from types import TracebackType
from typing import Any, Literal, Self

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from servers.mail import PASSWORD, USER

TOKEN = "ya29.token"


class Act(Enum):
    """What is done instead of an answer."""

    CLOSE = "close"  # FIN
    RESET = "reset"  # RST
    HANG = "hang"  # reads on, never says a word again
    DEAF = "deaf"  # neither reads nor says anything again


CLOSE, RESET, HANG, DEAF = Act


@dataclass(frozen=True)
class Drip:
    """One octet at a time, `pause` seconds between two; `endless` begins again and again."""

    words: str | bytes
    pause: float = 0.01
    endless: bool = False


@dataclass(frozen=True)
class Endless:
    """`start` once, then `again` until the client leaves: Endless(b"250-x\r\n"), Endless(b"x" * 999, start=b"250 ")."""

    again: bytes
    start: bytes = b""


@dataclass(frozen=True)
class Late:
    """`answer` once `until` is set, or after so many seconds."""

    until: threading.Event | float
    answer: str | bytes | Act


@dataclass(frozen=True)
class Then:
    """Each of these, one after the other: Then("250 ok", RESET)."""

    parts: tuple[str | bytes | Act | Drip | Endless | Late, ...]

    def __init__(self, *parts: str | bytes | Act | Drip | Endless | Late) -> None:
        object.__setattr__(self, "parts", parts)


Answer = str | bytes | Act | Drip | Endless | Late | Then
Answers = Answer | None | tuple[Answer | None, ...] | Callable[[str], Answer | None]

KEYWORDS = ("PIPELINING", "SIZE 10240000", "8BITMIME", "SMTPUTF8", "AUTH PLAIN LOGIN XOAUTH2 OAUTHBEARER")


@dataclass(frozen=True)
class Script:
    r"""How one connection goes; without arguments, that of a well-behaved server without TLS.

    The steps: "greeting" (the first words), "EHLO" "HELO" "STARTTLS" "MAIL" "RCPT" "DATA" "RSET" "NOOP" "QUIT" (the
    answer to that command), "AUTH-COMMAND" (the answer to the AUTH line itself, instead of any dialogue), "AUTH" (the
    verdict, once the whole dialogue was held), "BODY" (after DATA's 354, once `body_octets` of the mail have come),
    "." (the answer to the whole mail), "TLS" (as soon as the handshake is done, where nobody speaks otherwise).

    Args:
        greeting: the first words.
        ehlo: the keywords of the answer to EHLO; STARTTLS is added to them where `tls` says so.
        ehlo_tls: the keywords after TLS began; None for the same.
        answers: per step what to answer. A str is one or several lines, CRLF is added; bytes go out as they are; Act,
            Drip, Endless, Late and Then do what they say, and None is the usual answer. A tuple is given in turn, over
            all connections of the script, the last one again and again. A function gets the command line.
        drop_at, reset_at, silent_at: the step that is answered by FIN, RST, or nothing ever.
        drop_after, reset_after: the step after whose usual (or given) answer the connection ends.
        drip_at: the step whose answer comes one octet at a time.
        tls: "implicit" from the first octet, "starttls" offered.
        certificate: (chain, key) files in PEM, for `tls`.
        handshake: "ancient" speaks TLS 1.0 and 1.1 only, "hang" takes the ClientHello and says nothing, "garbage"
            answers it with words, "close" and "reset" end the connection instead.
        injected: octets that follow STARTTLS's 220 in the same segment, still in plain text.
        auth_required: whether MAIL before AUTH gets 530.
        username, password, token: what AUTH takes; anything else gets 535, after a 334 with the error as JSON for
            XOAUTH2 and OAUTHBEARER (RFC 7628 §3.2.3).
        echo_commands: whether error replies repeat the client's line, or for AUTH the lines of the whole dialogue.
        body_octets: see "BODY".
    """

    greeting: Answer = "220 scripted.example.com ESMTP"
    ehlo: Sequence[str] = KEYWORDS
    ehlo_tls: Sequence[str] | None = None
    answers: Mapping[str, Answers] = field(default_factory=dict)
    drop_at: str = ""
    reset_at: str = ""
    silent_at: str = ""
    drop_after: str = ""
    reset_after: str = ""
    drip_at: str = ""
    tls: Literal["none", "starttls", "implicit"] = "none"
    certificate: tuple[Path, Path] | None = None
    handshake: Literal["good", "ancient", "hang", "garbage", "close", "reset"] = "good"
    injected: bytes = b""
    auth_required: bool = False
    username: str = USER
    password: str = PASSWORD
    token: str = TOKEN
    echo_commands: bool = False
    body_octets: int = 0

    def context(self) -> ssl.SSLContext | None:
        """What TLS is spoken with; None where it is not. ValueError without a certificate."""
        if self.tls == "none":
            return None
        if self.certificate is None:
            raise ValueError("TLS needs a certificate")
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(*self.certificate)
        if self.handshake == "ancient":
            context.set_ciphers("ALL:@SECLEVEL=0")
            with warnings.catch_warnings():
                warnings.simplefilter("ignore", DeprecationWarning)  # that it is deprecated is why it is here
                context.minimum_version = ssl.TLSVersion.TLSv1
                context.maximum_version = ssl.TLSVersion.TLSv1_1
        return context


@dataclass(frozen=True)
class Login:
    """What AUTH was given; `secret` is the password or the token."""

    mechanism: str
    username: str
    secret: str


@dataclass(frozen=True)
class Mail:
    """A mail that came with its final dot and was not refused. `options` are those of MAIL, upper-case."""

    sender: str
    recipients: tuple[str, ...]
    options: tuple[str, ...]
    raw: bytes


@dataclass
class Connection:
    """All that one client sent: `plain` before TLS, `secret` inside it, `commands` the lines outside of mails."""

    plain: bytearray = field(default_factory=bytearray)
    secret: bytearray = field(default_factory=bytearray)
    commands: list[str] = field(default_factory=list)
    mails: list[Mail] = field(default_factory=list)
    logins: list[Login] = field(default_factory=list)
    tls_version: str | None = None
    tls_error: str = ""
    ended: bool = False


class ScriptedSmtp:
    """Serves on `host`:`port`, as a context manager; `connections` holds what came.

    Args:
        scripts: one for each connection in turn, the last one for all others.
        fields: the fields of a single Script, for ScriptedSmtp(drop_at="DATA").
    """

    host = "127.0.0.1"

    def __init__(self, *scripts: Script, **fields: Any) -> None:
        self._scripts = list(scripts) or [Script(**fields)]
        self._contexts = {id(script): script.context() for script in self._scripts}
        self._in_turn: dict[tuple[int, str], list[Answer | None]] = {}
        self.connections: list[Connection] = []
        self.over = threading.Event()
        self.changed = threading.Condition()
        self._sockets: list[socket.socket] = []
        self._threads: list[threading.Thread] = []
        self._listener = socket.create_server((self.host, 0))
        self.port: int = self._listener.getsockname()[1]

    def __enter__(self) -> Self:
        self._start(self._accept)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.over.set()
        _end(self._listener)
        self._threads[0].join(10)
        for sock in self._sockets:
            _end(sock)
        for thread in self._threads:
            thread.join(10)
        for sock in (self._listener, *self._sockets):
            sock.close()

    @property
    def commands(self) -> list[str]:
        """The lines of all connections outside of mails."""
        return [line for connection in self.connections for line in connection.commands]

    @property
    def mails(self) -> list[Mail]:
        """The mails of all connections."""
        return [mail for connection in self.connections for mail in connection.mails]

    @property
    def logins(self) -> list[Login]:
        """What AUTH was given on all connections."""
        return [login for connection in self.connections for login in connection.logins]

    @property
    def received(self) -> bytes:
        """Every octet of all connections, without TLS around it."""
        return b"".join(bytes(connection.plain + connection.secret) for connection in self.connections)

    def wait_for(self, true: Callable[[Self], bool], timeout: float = 10) -> None:
        """Return once `true(self)`, asked whenever something came; TimeoutError after so many seconds."""
        with self.changed:
            if not self.changed.wait_for(lambda: true(self), timeout):
                raise TimeoutError(f"the client sent {self.commands}")

    def in_turn(self, script: Script, step: str, answers: tuple[Answer | None, ...]) -> Answer | None:
        """The next of `answers`, over all connections of `script`."""
        with self.changed:
            left = self._in_turn.setdefault((id(script), step), list(answers))
            return left.pop(0) if len(left) > 1 else left[0]

    def replace(self, old: socket.socket, new: socket.socket) -> None:
        """Have `new`, which took over the descriptor of `old`, ended with the server."""
        self._sockets[self._sockets.index(old)] = new
        if self.over.is_set():
            _end(new)

    def _start(self, target: Callable[..., None], *args: Any) -> None:
        thread = threading.Thread(target=target, args=args, daemon=True)
        self._threads.append(thread)
        thread.start()

    def _accept(self) -> None:
        with suppress(OSError):
            while not self.over.is_set():
                sock, _ = self._listener.accept()
                script = self._scripts.pop(0) if len(self._scripts) > 1 else self._scripts[0]
                self._sockets.append(sock)
                connection = Connection()
                self.connections.append(connection)
                self._start(_Dialogue(self, script, sock, connection, self._contexts[id(script)]).hold)


class _Over(Exception):
    """The connection ended, or nothing more is said on it."""


class _Dialogue:
    """One connection, on a thread of its own."""

    def __init__(
        self,
        server: ScriptedSmtp,
        script: Script,
        sock: socket.socket,
        seen: Connection,
        context: ssl.SSLContext | None,
    ) -> None:
        self._server, self._script, self._socket, self._seen, self._context = server, script, sock, seen, context
        self._buffer = b""
        self._secret = False
        self._said: list[str] = []  # by the client, since the exchange began
        self._sender: str | None = None
        self._options: tuple[str, ...] = ()
        self._recipients: list[str] = []
        self._logged_in = False

    def hold(self) -> None:
        """Serve until one of the two ends it."""
        try:
            if self._script.tls == "implicit":
                self._begin_tls()
            self._answer("greeting", self._script.greeting)
            while True:
                line = self._line()
                self._said = [line]
                getattr(self, f"_on_{line.split(' ')[0].lower()}", self._unknown)(line)
        except (_Over, OSError):
            pass
        finally:
            with suppress(OSError):
                self._close()
            self._note(lambda: setattr(self._seen, "ended", True))

    # --- the commands --------------------------------------------------------------------------------------------

    def _on_ehlo(self, line: str) -> None:
        self._forget()
        self._answer("EHLO", "\n".join(_lines("250", ["scripted.example.com", *self._keywords()])), line)

    def _on_helo(self, line: str) -> None:
        self._forget()
        self._answer("HELO", "250 scripted.example.com", line)

    def _on_starttls(self, line: str) -> None:
        if "STARTTLS" not in self._keywords():
            return self._answer("STARTTLS", "502 5.5.1 STARTTLS is not offered", line)
        self._buffer = b""  # RFC 3207 §4.2: nothing learnt in plain text counts
        self._forget()
        if self._answer("STARTTLS", b"220 2.0.0 Ready to start TLS\r\n" + self._script.injected, line) == "220":
            self._begin_tls()
        return None

    def _on_auth(self, line: str) -> None:
        _, mechanism, initial, *_ = (*line.split(" "), "", "")
        mechanism = mechanism.upper()
        if (scripted := self._scripted("AUTH-COMMAND", line)) is not None:
            self._do("AUTH-COMMAND", scripted)
            return None
        if not any(mechanism in words.split()[1:] for words in self._keywords() if words.startswith("AUTH")):
            return self._answer("AUTH-COMMAND", "504 5.5.4 Unrecognized authentication type", line)
        try:
            login = self._login(mechanism, initial)
        except ValueError as error:
            return self._answer("AUTH-COMMAND", f"501 5.5.2 {error}", line)
        self._note(lambda: self._seen.logins.append(login))
        return self._verdict(login, line)

    def _login(self, mechanism: str, initial: str) -> Login:
        """What the client logs in with; ValueError when it gave up or cannot do base64."""
        if mechanism == "LOGIN":
            username = _decoded(initial) if initial else self._asked("Username:")
            return Login(mechanism, username, self._asked("Password:"))
        response = _decoded(initial) if initial else self._asked("")
        if mechanism == "PLAIN":
            _, username, password = (*response.split("\0"), "", "", "")[:3]
            return Login(mechanism, username, password)
        user = re.search(r"user=([^\x01]*)" if mechanism == "XOAUTH2" else r"a=([^,\x01]*)", response)
        token = re.search(r"auth=Bearer ([^\x01]*)", response)
        username = user[1].replace("=2C", ",").replace("=3D", "=") if user else ""
        return Login(mechanism, username, token[1] if token else "")

    def _verdict(self, login: Login, line: str) -> None:
        oauth = login.mechanism not in ("PLAIN", "LOGIN")
        right = (self._script.username, self._script.token if oauth else self._script.password)
        good = (login.username, login.secret) == right
        usual = "235 2.7.0 Authentication successful" if good else "535 5.7.8 Error: authentication failed"
        answer = self._chosen("AUTH", usual, line)
        if oauth and _code(answer)[:1] in ("4", "5"):
            status = "401" if login.mechanism == "XOAUTH2" else "invalid_token"
            with suppress(ValueError):  # an empty line, AQ==, or * (RFC 4954 §4)
                self._asked(json.dumps({"status": status, "schemes": "bearer", "scope": "https://mail.example.com/"}))
        self._logged_in = self._do("AUTH", answer) == "235"

    def _on_mail(self, line: str) -> None:
        found = re.fullmatch(r"MAIL FROM:<([^>]*)>(.*)", line, re.IGNORECASE)
        if found is None:
            return self._answer("MAIL", "501 5.5.4 Syntax: MAIL FROM:<address>", line)
        options = tuple(found[2].upper().split())
        usual = "250 2.1.0 Ok"
        if self._script.auth_required and not self._logged_in:
            usual = "530 5.7.0 Authentication required"
        elif any(option.startswith("SIZE=") and int(option[5:]) > self._size() for option in options):
            usual = "552 5.3.4 Message size exceeds fixed limit"
        if self._answer("MAIL", usual, line) == "250":
            self._sender, self._options, self._recipients = found[1], options, []
        return None

    def _on_rcpt(self, line: str) -> None:
        found = re.fullmatch(r"RCPT TO:<([^>]*)>.*", line, re.IGNORECASE)
        usual = "250 2.1.5 Ok" if found else "501 5.5.4 Syntax: RCPT TO:<address>"
        if self._sender is None:
            usual = "503 5.5.1 Error: need MAIL command"
        if self._answer("RCPT", usual, line) in ("250", "251") and found:
            self._recipients.append(found[1])

    def _on_data(self, line: str) -> None:
        usual = "354 End data with <CR><LF>.<CR><LF>" if self._recipients else "554 5.5.1 Error: no valid recipients"
        if self._answer("DATA", usual, line) != "354":
            return
        if (scripted := self._scripted("BODY", line)) is not None:
            while len(self._buffer) < self._script.body_octets:
                self._receive()
            self._do("BODY", scripted)
        raw = self._body()
        mail = Mail(self._sender or "", tuple(self._recipients), self._options, raw)
        usual = "250 2.0.0 Ok: queued as 4F1A5C0DE" if len(raw) <= self._size() else "552 5.3.4 Message too big"
        answer = self._chosen(".", usual, ".")
        if _code(answer)[:1] not in ("4", "5"):
            self._note(lambda: self._seen.mails.append(mail))
        self._forget()
        self._do(".", answer)

    def _on_rset(self, line: str) -> None:
        self._forget()
        self._answer("RSET", "250 2.0.0 Ok", line)

    def _on_noop(self, line: str) -> None:
        self._answer("NOOP", "250 2.0.0 Ok", line)

    def _on_quit(self, line: str) -> None:
        self._answer("QUIT", "221 2.0.0 Bye", line)
        raise _Over

    def _unknown(self, line: str) -> None:
        self._answer(line.split(" ")[0].upper(), "502 5.5.2 Error: command not recognized", line)

    # --- what is answered ----------------------------------------------------------------------------------------

    def _answer(self, step: str, usual: Answer, line: str = "") -> str:
        """Answer `step`; the code of what was said."""
        return self._do(step, self._chosen(step, usual, line))

    def _chosen(self, step: str, usual: Answer, line: str) -> Answer:
        scripted = self._scripted(step, line)
        return usual if scripted is None else scripted

    def _scripted(self, step: str, line: str) -> Answer | None:
        script = self._script
        if step in (acts := {script.drop_at: CLOSE, script.reset_at: RESET, script.silent_at: HANG}):
            return acts[step]
        given = script.answers.get(step)
        if isinstance(given, tuple):
            return self._server.in_turn(script, step, given)
        return given(line) if callable(given) else given

    def _do(self, step: str, answer: Answer) -> str:
        if step == self._script.drip_at and isinstance(answer, str | bytes):
            answer = Drip(answer)
        code = self._say(answer)
        if step == self._script.drop_after:
            self._say(CLOSE)
        if step == self._script.reset_after:
            self._say(RESET)
        if code == "421":  # RFC 5321 §3.8: whoever says it closes
            self._say(CLOSE)
        return code

    def _say(self, answer: Answer) -> str:
        """Say or do it; the code of what was said last, empty when it was not an answer."""
        if isinstance(answer, Then):
            return [self._say(part) for part in answer.parts][-1]
        if isinstance(answer, Late):
            self._wait(answer.until)
            return self._say(answer.answer)
        if isinstance(answer, Drip):
            return self._drip(answer)
        if isinstance(answer, Endless):
            self._socket.sendall(answer.start)
            many = answer.again * (1 + 8192 // len(answer.again))
            while not self._server.over.is_set():
                self._socket.sendall(many)
            raise _Over
        if isinstance(answer, Act):
            self._act(answer)
        else:
            self._socket.sendall(self._wire(answer))
            return _code(answer)
        raise _Over

    def _wait(self, until: threading.Event | float) -> None:
        over = self._server.over
        if not isinstance(until, threading.Event):
            over.wait(until)
            return
        while not until.wait(0.02) and not over.is_set():
            pass

    def _wire(self, answer: str | bytes) -> bytes:
        if isinstance(answer, bytes):
            return answer
        if self._script.echo_commands and answer[:1] in ("4", "5"):
            answer += f" ({' '.join(self._said)})"
        return "".join(f"{line}\r\n" for line in answer.split("\n")).encode("utf-8", "surrogateescape")

    def _drip(self, drip: Drip) -> str:
        words = self._wire(drip.words)
        while True:
            for octet in words:
                self._socket.sendall(bytes([octet]))
                if self._server.over.wait(drip.pause):
                    raise _Over
            if not drip.endless:
                return _code(drip.words)

    def _act(self, act: Act) -> None:
        if act == HANG:
            while True:
                self._receive()
        if act == DEAF:
            self._server.over.wait()
        if act == RESET:
            self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            self._socket.close()

    def _close(self) -> None:
        """End it with a FIN: a socket that is closed with something unread would send a RST."""
        if self._socket.fileno() == -1:
            return
        socket.socket.shutdown(self._socket, socket.SHUT_WR)
        with suppress(BlockingIOError):
            while socket.socket.recv(self._socket, 65536, socket.MSG_DONTWAIT):
                pass
        self._socket.close()

    # --- what comes ----------------------------------------------------------------------------------------------

    def _receive(self) -> None:
        octets = self._socket.recv(65536)
        if not octets:
            raise _Over
        self._buffer += octets
        self._note(lambda: (self._seen.secret if self._secret else self._seen.plain).extend(octets))

    def _line(self) -> str:
        while b"\n" not in self._buffer:
            self._receive()
        octets, _, self._buffer = self._buffer.partition(b"\n")
        line = octets.rstrip(b"\r").decode("utf-8", "surrogateescape")
        self._note(lambda: self._seen.commands.append(line))
        return line

    def _asked(self, challenge: str) -> str:
        self._socket.sendall(b"334 " + b64encode(challenge.encode()) + b"\r\n")
        line = self._line()
        self._said.append(line)
        return _decoded(line)

    def _body(self) -> bytes:
        """The mail up to its final dot, with the dots that were put in front of others taken away (RFC 5321 §4.5.2)."""
        self._buffer = b"\r\n" + self._buffer  # the dot of an empty mail follows DATA's own line end
        while b"\r\n.\r\n" not in self._buffer:
            self._receive()
        whole, _, self._buffer = self._buffer.partition(b"\r\n.\r\n")
        return whole.replace(b"\r\n..", b"\r\n.").removeprefix(b"\r\n") + (b"\r\n" if whole else b"")

    def _begin_tls(self) -> None:
        script = self._script
        if script.handshake in ("hang", "close", "reset", "garbage"):
            self._receive()  # the ClientHello
            if script.handshake == "garbage":
                self._socket.sendall(b"500 5.5.2 Error: bad syntax\r\n" * 5)
            self._say({"hang": HANG, "reset": RESET}.get(script.handshake, CLOSE))
        if self._context is None:
            raise _Over
        before = self._socket
        try:
            self._socket = self._context.wrap_socket(before, server_side=True, do_handshake_on_connect=False)
            self._server.replace(before, self._socket)
            self._socket.do_handshake()
        except OSError as error:
            self._seen.tls_error = str(error)
            raise
        self._secret = True
        self._note(lambda: setattr(self._seen, "tls_version", self._socket.version()))
        if (scripted := self._scripted("TLS", "")) is not None:
            self._do("TLS", scripted)

    def _note(self, change: Callable[[], object]) -> None:
        with self._server.changed:
            change()
            self._server.changed.notify_all()

    def _forget(self) -> None:
        self._sender, self._options, self._recipients = None, (), []

    def _keywords(self) -> list[str]:
        script = self._script
        if self._secret:
            return [
                word for word in (script.ehlo if script.ehlo_tls is None else script.ehlo_tls) if word != "STARTTLS"
            ]
        added = ["STARTTLS"] if script.tls == "starttls" and "STARTTLS" not in script.ehlo else []
        return [*script.ehlo, *added]

    def _size(self) -> int:
        sizes = [int(words.split()[1]) for words in self._keywords() if re.fullmatch(r"SIZE [1-9]\d*", words)]
        return sizes[0] if sizes else 1 << 62


def _code(answer: Answer) -> str:
    """The first three characters of an answer in words; empty for others."""
    if isinstance(answer, Then):
        return _code(answer.parts[0])
    words = answer.words if isinstance(answer, Drip) else answer.answer if isinstance(answer, Late) else answer
    if isinstance(words, bytes):
        return words[:3].decode("latin-1")
    return words[:3] if isinstance(words, str) else ""


def _lines(code: str, texts: Sequence[str]) -> Iterator[str]:
    for number, text in enumerate(texts, 1):
        yield f"{code}{' ' if number == len(texts) else '-'}{text}"


def _decoded(line: str) -> str:
    if line == "*":
        raise ValueError("Authentication aborted")
    if line == "=":
        return ""
    try:
        return b64decode(line, validate=True).decode("utf-8", "surrogateescape")
    except ValueError:
        raise ValueError("Cannot decode response") from None


def _end(sock: socket.socket) -> None:
    with suppress(OSError):
        socket.socket.shutdown(sock, socket.SHUT_RDWR)  # not SSLSocket's own, which a thread inside it would trip over


# --- ports that are no servers, and a certificate that no authority signed ------------------------------------------


@contextmanager
def mute_port() -> Iterator[int]:
    """A port that takes connections and never says anything."""
    with socket.create_server(("127.0.0.1", 0), backlog=16) as listener:
        yield listener.getsockname()[1]


@contextmanager
def closed_port() -> Iterator[int]:
    """A port that refuses connections, and that nobody else gets meanwhile."""
    with socket.socket() as held:
        held.bind(("127.0.0.1", 0))
        yield held.getsockname()[1]


@contextmanager
def unanswered_port() -> Iterator[int]:
    """A port whose SYNs nobody answers, as behind a firewall that drops: on Linux, a full queue of connections."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen(0)
        address = listener.getsockname()
        clients: list[socket.socket] = []
        try:
            while not _times_out(address, clients):
                if len(clients) > 8:
                    raise RuntimeError("the queue of connections is not limited here")
            yield address[1]
        finally:
            for client in clients:
                client.close()


def _times_out(address: tuple[str, int], clients: list[socket.socket]) -> bool:
    clients.append(client := socket.socket())
    client.settimeout(0.1)
    try:
        client.connect(address)
    except TimeoutError:
        return True
    return False


def self_signed(folder: Path, name: str = "localhost") -> tuple[Path, Path]:
    """The (certificate, key) files of a certificate that vouches for itself."""
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    now = datetime.now(UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=365))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(name)]), critical=False)
        .sign(key, hashes.SHA256())
    )
    folder.mkdir(parents=True, exist_ok=True)
    chain, private = folder / "self-signed.pem", folder / "self-signed.key"
    chain.write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
    private.write_bytes(
        key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    )
    return chain, private
