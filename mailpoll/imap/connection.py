"""From host, port and password to a session that is logged in: connect, TLS, LOGIN."""

from __future__ import annotations

import logging
import ssl
from collections.abc import Callable
from contextlib import suppress
from typing import Any, Literal

from imapclient import IMAPClient
from imapclient.exceptions import LoginError

from mailpoll.crosscheck import is_loopback
from mailpoll.errors import AccessDenied, ConfigError, ProtocolError, RunError, Unavailable
from mailpoll.imap.patience import again, patiently
from mailpoll.imap.session import Session
from mailpoll.imap.troubles import LIBRARY_ERRORS, Passing, Peer, login_refused, printable, translated
from mailpoll.wire import Imap4, Line, astring

Tls = Literal["implicit", "starttls", "none"]

# imapclient warns of non-ASCII words of a server and of TLS on port 143; without a handler of the application's that
# would land on stderr, hence in cron's mail.
logging.getLogger("imapclient").addHandler(logging.NullHandler())


def connect(
    host: str,
    port: int,
    tls: Tls,
    username: str,
    password: str,
    *,
    ca_file: str | None,
    timeout: float,
    allow_plaintext: bool,
    line: Line | None = None,
) -> Session:
    """A logged-in session (RFC 9051 §6.1.1, §6.2).

    Args:
        ca_file: PEM file of the authorities to trust instead of the system's.
        timeout: seconds for each single answer, not for all of them: for that, abort().
        allow_plaintext: lets tls = "none" reach beyond loopback.
        line: made beforehand by a caller who wants to abort connecting as well. Only such a one is made to wait while
            a failure that may be over in seconds is followed by another attempt (patience.py).

    Raises:
        ConfigError: an argument that cannot work, or TLS that the port does not speak.
        AccessDenied: the certificate, STARTTLS or the login was refused.
        ProtocolError: the server does not speak IMAP.
        Unavailable: not reachable, or not now.
    """
    peer = Peer(host, port, timeout, line or Line())
    _check_arguments(peer, tls, username, password, allow_plaintext)

    def attempt() -> Session:
        return _logged_in(peer, tls, ca_file, username, password)

    if line is None:
        return attempt()
    session = patiently(attempt, line)

    def renewed(problem: Passing) -> Session:
        session.hang_up()
        return again(attempt, line, problem)

    session.renewable(renewed)
    return session


def adopt(begun: Imap4, host: str, port: int, timeout: float, line: Line, anew: Callable[[], Session]) -> Session:
    """A session on a connection that was opened over `line` and is logged in; `anew` makes another one where the server
    does not want to know of it any more. Raises as connect() does."""
    peer = Peer(host, port, timeout, line)
    with translated(peer):
        client = _Client(peer, None, begun)
        session = Session(client, peer, _capabilities(client))

    def renewed(_problem: Passing) -> Session:
        session.hang_up()
        return anew()

    session.renewable(renewed)
    return session


def refusal(error: Exception, host: str, port: int, password: str) -> RunError:
    """What connect() raises when the server answers LOGIN as `error` says."""
    return login_refused(error, password, Peer(host, port, 0.0, Line()))


def _logged_in(peer: Peer, tls: Tls, ca_file: str | None, username: str, password: str) -> Session:
    client = _connected(peer, tls, ca_file)
    try:
        _log_in(client, peer, username, password, plaintext=tls == "none")
        with translated(peer):
            return Session(client, peer, _capabilities(client))
    except BaseException:
        _hang_up(client, peer)
        raise


def probe(host: str, port: int, tls: Tls, *, ca_file: str | None, timeout: float) -> None:
    """Connects, waits for the greeting, starts TLS and hangs up: whether an IMAP server is there, before any login.

    Raises as connect() does, but for what comes of the login; without TLS it goes to this machine only.
    """
    peer = Peer(host, port, timeout, Line())
    _check_arguments(peer, tls, "", "", allow_plaintext=False)
    _hang_up(_connected(peer, tls, ca_file), peer)


def _connected(peer: Peer, tls: Tls, ca_file: str | None) -> Any:
    """A client that was greeted and speaks TLS as wanted."""
    context = _context(ca_file) if tls != "none" else None
    try:
        client = _greeted(peer, tls, context)
    except BaseException:
        peer.line.close()
        raise
    try:
        if tls == "starttls":
            _start_tls(client, peer, context)
    except BaseException:
        _hang_up(client, peer)
        raise
    return client


def _hang_up(client: Any, peer: Peer) -> None:
    with suppress(*LIBRARY_ERRORS):
        client.shutdown()
    peer.line.close()


class _Client(IMAPClient):  # type: ignore[misc]
    def __init__(self, peer: Peer, context: ssl.SSLContext | None, begun: Imap4 | None = None) -> None:
        self._peer = peer
        self._begun = begun
        super().__init__(peer.host, peer.port, ssl=context is not None, ssl_context=context, timeout=peer.timeout)
        # imapclient sets 5, which writes every body into its log and holds each literal twice over as repr().
        self._imap.debug = 0
        self.normalise_times = False

    def _create_IMAP4(self) -> Imap4:
        peer = self._peer
        return self._begun or Imap4(peer.line, peer.host, peer.port, peer.timeout, self.ssl_context)


def _check_arguments(peer: Peer, tls: Tls, username: str, password: str, allow_plaintext: bool) -> None:
    for what, value in (("host", peer.host), ("username", username), ("password", password)):
        if any(character in value for character in "\r\n\0"):
            raise ConfigError(f"the {what} contains a control character", about=printable(peer.about))
    try:
        encoded = peer.host.encode("idna")
    except UnicodeError:
        encoded = b""
    if not encoded:
        raise ConfigError(f"{peer.host!r} is not a host name", about="host")
    if tls == "none" and not allow_plaintext and not is_loopback(peer.host):
        advice = 'Set tls = "implicit" or "starttls"; allow_plaintext = true would send the password for all to read.'
        raise ConfigError("without TLS only this machine itself may be asked", about=peer.about, advice=advice)


def _context(ca_file: str | None) -> ssl.SSLContext:
    try:
        return ssl.create_default_context(cafile=ca_file)
    except OSError as error:  # ssl.SSLError is one: a file without a certificate in it
        raise ConfigError(
            f"no certificate can be read from it ({error.strerror})",
            about=f"ca_file {ca_file}",
            advice="Name a PEM file with the certificate of the authority.",
        ) from None


def _greeted(peer: Peer, tls: Tls, context: ssl.SSLContext | None) -> Any:
    try:
        with translated(peer):
            return _Client(peer, context if tls == "implicit" else None)
    except Unavailable as error:
        # A port that speaks TLS waits for our first word while we wait for its greeting.
        if tls != "implicit" and isinstance(error.__cause__, TimeoutError):
            error.advice = 'If this port speaks TLS from the start, as 993 does, set tls = "implicit".'
        raise


def _start_tls(client: Any, peer: Peer, context: ssl.SSLContext | None) -> None:
    """STARTTLS (RFC 9051 §6.2.1); what was said before it is forgotten, for anyone on the way could have said it."""
    _refuse_preauth(client, peer)
    if "STARTTLS" not in _greeting_capabilities(client):
        advice = 'Set tls = "implicit" and the port for it, usually 993.'
        raise AccessDenied("the server offers no STARTTLS on this port", about=peer.about, advice=advice)
    with translated(peer):
        client.starttls(context)
        client._imap.untagged_responses.clear()


def _log_in(client: Any, peer: Peer, username: str, password: str, *, plaintext: bool) -> None:
    _refuse_preauth(client, peer)
    offered = _greeting_capabilities(client)
    if "LOGINDISABLED" in offered and "AUTH=PLAIN" not in offered:
        ways = " ".join(sorted(c for c in offered if c.startswith("AUTH="))) or "nothing else"
        advice = 'Set tls = "implicit" or "starttls".' if plaintext else ""
        raise AccessDenied(
            f"the server takes no passwords here (LOGINDISABLED, offers {ways})", about=peer.about, advice=advice
        )
    # LOGIN carries ASCII (RFC 9051 §6.2.3); SASL PLAIN carries UTF-8 (RFC 4616).
    sasl = not (username.isascii() and password.isascii()) or "LOGINDISABLED" in offered
    client._imap.untagged_responses.clear()
    client._cached_capabilities = None
    with translated(peer):
        try:
            if sasl:
                client.plain_login(username, password)
            else:
                client.login(astring(username), password)
        except LoginError as error:
            raise login_refused(error, password, peer) from None


def _refuse_preauth(client: Any, peer: Peer) -> None:
    if client._imap.state != "NONAUTH":
        raise ProtocolError("the server says that we are logged in before we are (PREAUTH)", about=peer.about)


def _greeting_capabilities(client: Any) -> frozenset[str]:
    """What imaplib asked for after the greeting, and again after STARTTLS."""
    return frozenset(str(capability).upper() for capability in client._imap.capabilities)


def _capabilities(client: Any) -> frozenset[str]:
    """What the server offers after the login: told along with its OK, or else asked for (RFC 9051 §6.1.1)."""
    return frozenset(capability.decode("ascii", "replace").upper() for capability in client.capabilities())
