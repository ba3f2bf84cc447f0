"""A real SMTP server of another make (aiosmtpd) in a thread of the test, which keeps what it took."""

from __future__ import annotations

import ssl
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any, Literal, Self

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword, Session

from servers import free_port
from servers.mail import PASSWORD, USER


@dataclass(frozen=True)
class Received:
    """One mail as it came: `options` are those of MAIL FROM, `raw` is without dot stuffing, line ends CRLF."""

    sender: str
    recipients: tuple[str, ...]
    options: tuple[str, ...]
    raw: bytes
    tls: bool
    user: str | None


class SmtpReceiver:
    """`with SmtpReceiver() as receiver:` takes mail for everybody; `mails` holds it, one for all its recipients.

    Args:
        tls: "starttls" must be begun before anything else is taken, "implicit" speaks TLS from the first octet.
        certificate: (chain, key) files in PEM, for `tls`.
        auth: offers AUTH PLAIN and LOGIN, after TLS where there is TLS, and takes no mail without.
        refuse: answers by recipient ({"gone@example.net": "550 5.1.1 no such user"}) or by sender.
        size_limit: the octets of the largest mail.
        taken: is told of each mail before it is answered, to hand it on.
    """

    host = "127.0.0.1"

    def __init__(
        self,
        *,
        tls: Literal["none", "starttls", "implicit"] = "none",
        certificate: tuple[Path, Path] | None = None,
        auth: bool = False,
        username: str = USER,
        password: str = PASSWORD,
        refuse: Mapping[str, str] | None = None,
        size_limit: int = 10240000,
        taken: Callable[[Received], None] = lambda _: None,
    ) -> None:
        self.mails: list[Received] = []
        self.port = free_port()
        context = None
        if tls != "none":
            if certificate is None:
                raise ValueError("TLS needs a certificate")
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(*certificate)
        offered = {
            "auth_require_tls": tls == "starttls",  # aiosmtpd does not know of TLS that was there before it
            "authenticator": _Authenticator(username, password),
        }
        self._controller = Controller(
            _Handler(self.mails, refuse or {}, taken, auth=auth, tls=tls != "none"),
            hostname=self.host,
            port=self.port,
            ssl_context=context if tls == "implicit" else None,
            tls_context=context if tls == "starttls" else None,
            require_starttls=tls == "starttls",
            server_hostname="receiver.example.com",
            data_size_limit=size_limit,
            enable_SMTPUTF8=True,
            **offered,
        )

    def __enter__(self) -> Self:
        self._controller.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._controller.stop()


class _Authenticator:
    def __init__(self, username: str, password: str) -> None:
        self._right = (username.encode(), password.encode())

    def __call__(self, server: SMTP, session: Session, envelope: Envelope, mechanism: str, data: Any) -> AuthResult:
        right = isinstance(data, LoginPassword) and (data.login, data.password) == self._right
        return AuthResult(success=right, handled=False, auth_data=data.login.decode() if right else None)


class _Handler:
    def __init__(
        self,
        mails: list[Received],
        refuse: Mapping[str, str],
        taken: Callable[[Received], None],
        *,
        auth: bool,
        tls: bool,
    ) -> None:
        self._mails, self._refuse, self._taken, self._auth, self._tls = mails, refuse, taken, auth, tls

    async def handle_EHLO(
        self, server: SMTP, session: Session, envelope: Envelope, hostname: str, responses: list[str]
    ) -> list[str]:
        session.host_name = hostname
        return [line for line in responses if self._auth or not line.startswith("250-AUTH")]

    async def handle_MAIL(
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        if self._auth and not session.authenticated:
            return "530 5.7.0 Authentication required"
        if address in self._refuse:
            return self._refuse[address]
        envelope.mail_from = address
        envelope.mail_options.extend(options)
        return "250 2.1.0 Ok"

    async def handle_RCPT(
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        if address in self._refuse:
            return self._refuse[address]
        envelope.rcpt_tos.append(address)
        return "250 2.1.5 Ok"

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:
        raw = envelope.original_content or b""
        who = session.auth_data if session.authenticated else None
        recipients, options = tuple(envelope.rcpt_tos), tuple(envelope.mail_options)
        received = Received(envelope.mail_from or "", recipients, options, raw, self._tls, who)
        self._mails.append(received)
        self._taken(received)
        return "250 2.0.0 Ok: queued"
