"""From the settings to a server that is ready to take mail: look-up, TCP, TLS, EHLO, AUTH; and one mail through it."""

from __future__ import annotations

import math
import re
import socket
import ssl
import time
from contextlib import AbstractContextManager, suppress
from dataclasses import dataclass, field
from datetime import datetime

from mailpoll.crosscheck import is_loopback
from mailpoll.outbound import dialing, login, tls
from mailpoll.outbound.dialogue import Dialogue
from mailpoll.outbound.happening import Happening, Reply, Stopped
from mailpoll.outbound.mail import Mail
from mailpoll.outbound.steps import Step, Watch, taking
from mailpoll.redaction import Mask
from mailpoll.settings import SmtpSettings

# How long the questions may take that only make a diagnosis better, and which part of a step's time at most.
_CURIOSITY_S = 2.0
_CURIOSITY_PART = 1 / 3
_QUIT_S = 2.0
_READY, _LOGGED_IN, _START_MAIL = 220, 235, 354

_HOST_NAME = re.compile(r"[A-Za-z0-9-]{1,63}(\.[A-Za-z0-9-]{1,63})+")


@dataclass(frozen=True, slots=True)
class Limits:
    """Seconds: for each step up to the login; for each command of a mail; from the end of the mail to the reply, which
    RFC 5321 §4.5.3.2.6 lets take ten minutes; and for all of it together."""

    opening: float = 10.0
    command: float = 30.0
    dot: float = 60.0
    total: float = math.inf


@dataclass(frozen=True, slots=True)
class Taken:
    """A mail that the server took: its reply, and those of the recipients it refused, with what it said of each."""

    reply: Reply
    refused: tuple[Happening, ...]


@dataclass(slots=True)
class Session:
    """One connection to a mail server. `open()` first, then `send()` as often as wanted, `close()` at the end."""

    settings: SmtpSettings
    secret: str = field(repr=False)
    watch: Watch
    limits: Limits
    steps: list[Step] = field(default_factory=list)
    transcript: list[str] = field(default_factory=list)
    certificate_ends: datetime | None = None
    _dialogue: Dialogue | None = None
    taken: int = 0  # mails over this connection
    _addresses: tuple[dialing.Address, ...] = ()
    _ends: float = math.inf

    @property
    def host(self) -> str:
        """The name of the server."""
        return self.settings.host or ""

    @property
    def _curiosity(self) -> float:
        return min(_CURIOSITY_S, self.limits.opening * _CURIOSITY_PART)

    @property
    def ready(self) -> bool:
        """Whether a mail can be handed over."""
        return self._dialogue is not None

    @property
    def at_the_dot(self) -> bool:
        """Whether a mail was sent whole, and its reply is awaited: it may be the server's by now."""
        return self._dialogue is not None and self._dialogue.stage == "dot"

    def open(self) -> None:
        """Connects, speaks TLS as the settings want, logs in. Raises Stopped, and ConfigError of `ca_file`."""
        settings, self.taken = self.settings, 0
        self._ends = min(self._ends, time.monotonic() + self.limits.total)
        context = tls.context_for(settings.ca_file) if settings.tls != "none" else None
        sock = self._connected()
        self._dialogue = dialogue = self._spoken_over(sock)
        dialogue.transcript, dialogue.overheard = self.transcript, self.watch.said
        if context and settings.tls == "implicit":
            self._secure(dialogue, context)
        self._greet(dialogue)
        if context and settings.tls == "starttls":
            self._start_tls(dialogue, context)
        if settings.username and self.secret:
            self._log_in(dialogue)

    def send(self, mail: Mail) -> Taken:
        """Hands one mail over. Raises Stopped; what was refused alone leaves the session ready for the next."""
        dialogue = self._dialogue
        assert dialogue is not None
        self._mail_from(dialogue, mail)
        refused = self._recipients(dialogue, mail)
        with self._step(dialogue, "data", self.limits.command) as step:
            _expect(step, dialogue.command("DATA"), _START_MAIL)
        with self._step(dialogue, "dot", self.limits.dot) as step:
            reply = _expect(step, dialogue.content(mail.data), 250)
        self.taken += 1
        return Taken(reply, tuple(refused))

    def begin_again(self) -> bool:
        """Forgets a mail that was refused (RSET); whether the server goes along with that."""
        if self._dialogue is None or self._dialogue.sock is None:
            return False
        try:
            self._dialogue.limit(self._within(self.limits.opening))
            return self._dialogue.command("RSET").code == 250
        except Stopped:
            return False

    def close(self, *, politely: bool = True) -> None:
        """Ends the session, if there is one. Never raises."""
        dialogue, self._dialogue = self._dialogue, None
        if dialogue is not None:
            if politely:
                dialogue.hang_up(self._within(_QUIT_S))
            else:
                dialogue.abandon()

    def _connected(self) -> socket.socket:
        if not dialing.is_literal(self.host):
            with taking("lookup", self.steps, self.watch) as step:
                self._addresses = dialing.lookup(self.host, self.settings.port, self._within(self.limits.opening))
                step.result = ", ".join(address.text for address in self._addresses)
        else:
            self._addresses = dialing.lookup(self.host, self.settings.port, self._within(self.limits.opening))
        with taking("connect", self.steps, self.watch) as step:
            sock, address, step.notes = dialing.connect(self._addresses, self._within(self.limits.opening))
            step.result = f"{address.text} port {self.settings.port}"
            if self.settings.tls == "none" and not self.settings.allow_plaintext and not is_loopback(address.text):
                sock.close()  # a name like mail.localhost may be anybody's
                raise Stopped(Happening("connect", "elsewhere", detail=address.text))
            with suppress(OSError):  # it may be reset by now
                sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        return sock

    def _within(self, seconds: float) -> float:
        """So many seconds, or what is left of all."""
        return max(min(seconds, self._ends - time.monotonic()), 0.001)

    def _spoken_over(self, sock: socket.socket) -> Dialogue:
        name = self.settings.helo or _own_name(sock)
        return Dialogue(sock, dialing.ascii_name(self.host), Mask(self.secret), name)

    def _greet(self, dialogue: Dialogue) -> None:
        # A server that waits for TLS says nothing: there must be time left to ask it.
        with self._step(dialogue, "greeting", self.limits.opening - self._curiosity) as step:
            try:
                _expect(step, dialogue.greeted(), _READY)
            except Stopped as stopped:
                raise self._tls_first(stopped) from None
        self._hello(dialogue)

    def _hello(self, dialogue: Dialogue) -> None:
        with self._step(dialogue, "ehlo") as step:
            _expect(step, dialogue.say_hello(), 250)
            step.result = " ".join(name.upper() for name in dialogue.esmtp_features) or "no extensions"

    def _start_tls(self, dialogue: Dialogue, context: ssl.SSLContext) -> None:
        with self._step(dialogue, "starttls") as step:
            if not dialogue.has_extn("starttls"):
                raise Stopped(Happening("starttls", "no-starttls", detail=" ".join(dialogue.esmtp_features).upper()))
            _expect(step, dialogue.command("STARTTLS"), _READY)
        self._secure(dialogue, context)
        self._hello(dialogue)

    def _secure(self, dialogue: Dialogue, context: ssl.SSLContext) -> None:
        with self._step(dialogue, "tls") as step:
            try:
                secured = dialogue.secure(context)
                step.result, self.certificate_ends = tls.described(secured), tls.ends(secured)
            except OSError as error:
                raise Stopped(self._certificate_names(tls.happening(error, "tls"))) from None

    def _log_in(self, dialogue: Dialogue) -> None:
        settings = self.settings
        with self._step(dialogue, "auth") as step:
            offered = frozenset(dialogue.esmtp_features.get("auth", "").upper().split())
            ways = login.mechanisms(offered, settings.auth, by_token=settings.access_token is not None)
            if not ways:
                raise Stopped(self._no_way_in(dialogue, offered))
            for index, way in enumerate(ways):
                reply = login.log_in(dialogue, way, settings.username or "", self.secret, self.host, settings.port)
                step.result = f"{way.upper()} as {settings.username}: {reply}"
                if reply.code == _LOGGED_IN:
                    return
                if not (login.unknown_here(reply) and index + 1 < len(ways)):
                    raise Stopped(Happening("auth", "reply", reply, detail=way.upper()))

    def _no_way_in(self, dialogue: Dialogue, offered: frozenset[str]) -> Happening:
        if offered:
            return Happening("auth", "no-mechanism", detail=" ".join(sorted(offered)))
        without_tls = self.settings.tls == "none" and dialogue.has_extn("starttls")
        return Happening("auth", "no-auth-without-tls" if without_tls else "no-auth")

    def _mail_from(self, dialogue: Dialogue, mail: Mail) -> None:
        with self._step(dialogue, "mail", self.limits.command) as step:
            if mail.smtputf8 and not dialogue.has_extn("smtputf8"):
                address = next(a.address for a in (mail.sender, *mail.to) if not a.address.isascii())
                raise Stopped(Happening("mail", "no-smtputf8", about=address))
            if mail.eight_bit and not dialogue.has_extn("8bitmime"):
                raise Stopped(Happening("mail", "no-8bitmime"))
            options = f" SIZE={len(mail.data)}" if dialogue.has_extn("size") else ""
            options += " BODY=8BITMIME" if mail.eight_bit else ""
            options += " SMTPUTF8" if mail.smtputf8 or (mail.utf8_header and dialogue.has_extn("smtputf8")) else ""
            reply = dialogue.command(f"MAIL FROM:<{mail.sender.address}>{options}")
            _expect(step, reply, 250, about=mail.sender.address)

    def _recipients(self, dialogue: Dialogue, mail: Mail) -> list[Happening]:
        """Names the recipients; those that were refused, where not all were."""
        refused: list[Happening] = []
        for named in mail.to:
            try:
                with self._step(dialogue, "rcpt", self.limits.command) as step:
                    reply = dialogue.command(f"RCPT TO:<{named.address}>")
                    _expect(step, reply, 250, 251, 252, about=named.address)
            except Stopped as stopped:
                reply_to_it = stopped.happening.reply
                is_last = len(refused) + 1 == len(mail.to)
                if reply_to_it is None or reply_to_it.code == 421 or is_last:
                    raise Stopped(stopped.happening, tuple(refused)) from None
                refused.append(stopped.happening)
        return refused

    def _tls_first(self, stopped: Stopped) -> Stopped:
        """A port that speaks TLS from the start waits for our first word while we wait for its greeting: asked."""
        happening = stopped.happening
        if self.settings.tls == "implicit" or happening.event not in ("silence", "cut", "not-smtp"):
            return stopped
        try:
            sock, _, _ = dialing.connect(self._addresses, self._within(self._curiosity))
        except Stopped:
            return stopped
        if not tls.speaks_tls(sock, dialing.ascii_name(self.host), self._within(self._curiosity)):
            return stopped
        return Stopped(Happening("greeting", "tls-first"))

    def _certificate_names(self, happening: Happening) -> Happening:
        """For a certificate that is for another host: for which; asked over another connection."""
        if happening.event != "certificate-name":
            return happening
        with suppress(Stopped):
            sock, _, _ = dialing.connect(self._addresses, self._within(self._curiosity))
            with sock:
                if self.settings.tls == "starttls":
                    _until_tls(self._spoken_over(sock), self._within(self._curiosity))
                left = self._within(self._curiosity)
                names = tls.names_of(sock, dialing.ascii_name(self.host), self.settings.ca_file, left)
            return Happening(happening.stage, happening.event, detail=", ".join(names) or happening.detail)
        return happening

    def _step(self, dialogue: Dialogue, stage: str, seconds: float | None = None) -> AbstractContextManager[Step]:
        dialogue.stage = stage
        dialogue.limit(self._within(self.limits.opening if seconds is None else seconds))
        return taking(stage, self.steps, self.watch)


def _expect(step: Step, reply: Reply, *codes: int, about: str = "") -> Reply:
    """`reply`, which is what came of a step. Raises Stopped unless its code is one of `codes`."""
    step.result = f"{about}: {reply}" if about else str(reply)
    if reply.code not in codes:
        raise Stopped(Happening(step.stage, "reply", reply, about=about))
    return reply


def _until_tls(dialogue: Dialogue, seconds: float) -> None:
    """Leaves a connection where TLS may be spoken over its socket."""
    dialogue.limit(seconds)
    dialogue.greeted()
    dialogue.say_hello()
    _expect(Step("starttls"), dialogue.command("STARTTLS"), _READY)


def _own_name(sock: socket.socket) -> str:
    """What we greet a server with (RFC 5321 §4.1.1.1): the name of this machine where it is a whole one, else its
    address (§4.1.3). No name server is asked: that may take as long as all the rest."""
    name = socket.gethostname()
    if "." in name and _HOST_NAME.fullmatch(name):
        return name
    address = str(sock.getsockname()[0]).partition("%")[0]
    return f"[IPv6:{address}]" if ":" in address else f"[{address}]"
