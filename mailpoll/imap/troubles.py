"""Every error of imapclient, imaplib, ssl and socket, translated into ours: the only place that reads their texts."""

from __future__ import annotations

import errno
import imaplib
import re
import socket
import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from imapclient import exceptions

from mailpoll.errors import AccessDenied, ConfigError, LoginRefused, MailpollError, ProtocolError, RunError, Unavailable
from mailpoll.redaction import Mask, hide
from mailpoll.wire import Line

# What the libraries raise. The last line is what their parsers do with an answer that no RFC allows: a nesting
# without end, a literal of 2^70 octets, a response that is cut short.
LIBRARY_ERRORS: tuple[type[Exception], ...] = (
    imaplib.IMAP4.error,
    OSError,
    *(ValueError, LookupError, TypeError, ArithmeticError, AttributeError, AssertionError, MemoryError, RecursionError),
)

# Response codes (RFC 5530) and words that say "not now". Gmail: THROTTLED, OVERQUOTA, too many simultaneous;
# Microsoft 365: throttled, not connected, Server Unavailable; Gmail: System Error; Dovecot: Temporary authentication
# failure.
TRANSIENT = re.compile(
    r"\[(UNAVAILABLE|INUSE|LIMIT|SERVERBUG|THROTTLED|OVERQUOTA)\b|throttl|temporar|server unavailable|server busy"
    r"|system error|authenticated but not connected|too many simultaneous|too many connections|rate limit"
    r"|try again later",
    re.IGNORECASE,
)
# Who says this wants to be left alone for longer than a run lasts.
_OVERWORKED = re.compile(r"\[(THROTTLED|OVERQUOTA)\b|throttl|rate limit|back-?off", re.IGNORECASE)
# Response codes that a person must act upon (RFC 5530).
_DENIED = re.compile(
    r"\[(AUTHENTICATIONFAILED|AUTHORIZATIONFAILED|EXPIRED|PRIVACYREQUIRED|CONTACTADMIN|NOPERM)\b", re.IGNORECASE
)
_OVER_THE_WIRE = re.compile(r"unexpected (tagged )?response|unterminated line")
# A line that ends with the connection, and not with LF alone. Only what is no text is taken for another protocol: MySQL
# greets with octets.
_CUT_SHORT = re.compile(r"unterminated line: b(?!.*(\\x[01]|\\n['\"]$))")

# What imaplib and imapclient write round a server's words.
_WRAPPINGS = re.compile(r"^(command: \w+ => |\w+ command error: (?:BAD|NO) |\w+ failed: |socket error: )")

_CERTIFICATE = {
    9: ("is not valid yet", "Check this machine's clock."),
    10: ("has expired", "Its owner must renew it; check this machine's clock, too."),
    18: ("is self-signed", "Set ca_file to a copy of it if this is the right server."),
    19: ("comes from an unknown authority", "Set ca_file to the certificate of that authority."),
    20: ("comes from an unknown authority", "Set ca_file to the certificate of that authority."),
    21: ("comes from an unknown authority", "Set ca_file to the certificate of that authority."),
    62: ("is for another host name", "Set host to a name that the certificate bears."),
    64: ("is for another address", "Set host to a name that the certificate bears."),
}

# OpenSSL's names for "what came back was no TLS at all".
_NO_TLS = {
    "WRONG_VERSION_NUMBER",
    "RECORD_LAYER_FAILURE",
    "UNKNOWN_PROTOCOL",
    "PACKET_LENGTH_TOO_LONG",
    "HTTP_REQUEST",
    "WRONG_SSL_VERSION",
}
# Both sides speak TLS, but have no version or cipher in common: that does not pass by itself.
_NO_COMMON_TLS = re.compile(r"UNSUPPORTED_PROTOCOL|NO_PROTOCOLS|PROTOCOL_VERSION|HANDSHAKE_FAILURE|NO_SHARED|TOO_SMALL")

_UNREACHABLE = {
    errno.ECONNREFUSED: "nothing listens there (connection refused)",
    errno.EHOSTUNREACH: "there is no way to that host",
    errno.ENETUNREACH: "there is no way to that network",
    errno.ETIMEDOUT: "the host does not answer",
    errno.ECONNRESET: "the connection was cut by the other side",
    errno.EPIPE: "the connection was cut by the other side",
    errno.ECONNABORTED: "the connection was cut",
}


class Passing(Unavailable):
    """Unavailable for a reason that may be over in seconds; `tries` is how many attempts it is worth within a run."""

    tries = 3


class Silence(Passing):
    """No answer in time: an attempt took as long as it may take, so that one more is enough."""

    tries = 2


class Cut(Passing):
    """The connection ended, at whatever point: the network, the server, or what it was about to send."""


@dataclass(frozen=True, slots=True)
class Peer:
    """Whom we speak to, as errors name it: host and port, the limit per answer in seconds, and the line to it."""

    host: str
    port: int
    timeout: float
    line: Line

    @property
    def about(self) -> str:
        """`host:port`, an IPv6 address in brackets."""
        return f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"


class Garbled(ProtocolError):
    """What came is no answer that an RFC allows: where the next one begins nobody knows, and the connection is over."""


@contextmanager
def translated(peer: Peer, *, mails: bool = False) -> Iterator[None]:
    """Run library calls; what they raise leaves as one of our errors. With `mails` the answers hold mail, of which no
    word is repeated.

    Raises:
        ConfigError, AccessDenied, ProtocolError, Unavailable: see `translate`.
    """
    try:
        yield
    except MailpollError:
        raise
    except LIBRARY_ERRORS as error:
        problem = translate(error, peer)
        if isinstance(problem, Garbled):
            peer.line.hang_up()
        if isinstance(problem, Garbled) and mails:
            raise Garbled("the server's answer to FETCH cannot be understood", about=peer.about) from None
        raise problem from error


def translate(error: Exception, peer: Peer) -> RunError:
    """Our error for a library's one."""
    if peer.line.aborted:  # whatever the cut did to the libraries
        return Unavailable(f"stopped: {peer.line.aborted}", about=peer.about)
    for kind, make in _TABLE:
        if isinstance(error, kind):
            return make(error, peer)
    return _garbled(error, peer)


def said(error: Exception) -> str:
    """The server's own words in an error, without the libraries' wrapping, at most 200 printable characters."""
    return printable(_unwrapped(str(error))) or type(error).__name__


def printable(text: str) -> str:
    """`text` on one line, controls dropped, at most 200 characters."""
    text = " ".join("".join(c if c.isprintable() else " " for c in hide(text)).split())
    return text if len(text) <= 200 else text[:199] + "…"


def login_refused(error: Exception, password: str, peer: Peer) -> RunError:
    """Our error for a LOGIN or AUTHENTICATE that failed; the password is masked should the server repeat it."""
    if peer.line.aborted or isinstance(error.__context__, imaplib.IMAP4.abort):
        return translate(imaplib.IMAP4.abort(_unwrapped(str(error))), peer)
    words = printable(Mask(password).hide(_unwrapped(str(error))))
    if TRANSIENT.search(words):
        return _not_now(f"the server takes no logins now: {words}", peer)
    advice = "Check username and password; many providers want an app password for IMAP."
    return LoginRefused(f"the server refused the login: {words}", about=peer.about, advice=advice)


def _not_now(what: str, peer: Peer) -> Unavailable:
    kind = Unavailable if _OVERWORKED.search(what) else Passing
    return kind(what, about=peer.about)


def _unwrapped(text: str) -> str:
    while (shorter := _WRAPPINGS.sub("", text)) != text:
        text = shorter
    # imaplib shows its byte strings, alone or in a list.
    return re.sub(r"""^\[?b(['"])(.*)\1\]?$""", r"\2", text, flags=re.DOTALL)


def _certificate(error: Exception, peer: Peer) -> RunError:
    code = getattr(error, "verify_code", 0)
    problem, advice = _CERTIFICATE.get(code, (f"cannot be trusted: {getattr(error, 'verify_message', '')}", ""))
    return AccessDenied(f"the server's certificate {printable(problem)}", about=peer.about, advice=advice)


def _tls(error: Exception, peer: Peer) -> RunError:
    reason = getattr(error, "reason", None) or ""
    if reason in _NO_TLS:
        advice = 'Set tls = "starttls", usual on port 143; TLS from the start is usual on port 993.'
        return ConfigError(f"port {peer.port} does not speak TLS from the start", about=peer.about, advice=advice)
    if _NO_COMMON_TLS.search(reason):
        words = printable(reason.replace("_", " ").lower())
        return ProtocolError(f"the server and we have no TLS version or cipher in common ({words})", about=peer.about)
    return Passing(f"the TLS connection broke ({said(error)})", about=peer.about)


def _name(error: Exception, peer: Peer) -> RunError:
    if getattr(error, "errno", None) == socket.EAI_AGAIN:
        return Passing("the name servers do not answer now", about=peer.about)
    return Unavailable("this host name is not known", about=peer.about, advice="Check host, and this machine's DNS.")


def _timeout(error: Exception, peer: Peer) -> RunError:
    return Silence(f"no answer within {peer.timeout:g} s", about=peer.about)


def _network(error: Exception, peer: Peer) -> RunError:
    number = getattr(error, "errno", None) or 0
    if number in (errno.EMFILE, errno.ENFILE):
        advice = "Raise the limit (ulimit -n; LimitNOFILE= for systemd), or spread the accounts over several stores."
        return Unavailable("this machine lets us open no more connections", about=peer.about, advice=advice)
    return Cut(_UNREACHABLE.get(number) or f"the connection failed ({said(error)})", about=peer.about)


def _ended(error: Exception, peer: Peer) -> RunError:
    words = said(error)
    if _CUT_SHORT.match(_unwrapped(str(error))):
        return Cut("the server closed the connection in the middle of an answer", about=peer.about)
    if _OVER_THE_WIRE.search(words):
        words = re.sub(r"""b(['"])(.*)\1""", r"\2", words)  # imaplib shows its byte strings
        advice = "Check host and port; 993 and 143 are usual for IMAP."
        return Garbled(f"the server does not speak IMAP ({words})", about=peer.about, advice=advice)
    if isinstance(error.__context__, OSError):
        return _network(error.__context__, peer)
    if words == "EOF":
        return Cut("the server closed the connection", about=peer.about)
    problem = _not_now(f"the server ended the session: {words}", peer)
    return Cut(problem.what, about=peer.about) if isinstance(problem, Passing) else problem


def _garbled(error: Exception, peer: Peer) -> RunError:
    return Garbled(f"the server's answer cannot be understood ({said(error)})", about=peer.about)


def _read_only(error: Exception, peer: Peer) -> RunError:
    return ProtocolError("the server has made the folder read-only", about=peer.about)


def _incapable(error: Exception, peer: Peer) -> RunError:
    return ProtocolError(said(error), about=peer.about)


def _refused(error: Exception, peer: Peer) -> RunError:
    words = said(error)
    if words.startswith("* BYE"):  # instead of a greeting (RFC 9051 §7.1.5)
        return _not_now(f"the server takes no connections now: {words[6:]}", peer)
    if TRANSIENT.search(words):
        return _not_now(f"the server cannot do it now: {words}", peer)
    if _DENIED.search(words):
        return AccessDenied(f"the server denies it: {words}", about=peer.about)
    return ProtocolError(f"the server refused a command: {words}", about=peer.about)


# The first class that fits decides: a subclass stands above its base (SSLCertVerificationError is an SSLError, an
# OSError and a ValueError; abort is an error).
_TABLE = (
    (ssl.SSLCertVerificationError, _certificate),
    ((ssl.SSLEOFError, ssl.SSLZeroReturnError, ssl.SSLSyscallError), _network),
    (ssl.SSLError, _tls),
    ((socket.gaierror, socket.herror), _name),
    (TimeoutError, _timeout),
    (OSError, _network),
    (imaplib.IMAP4.readonly, _read_only),
    (imaplib.IMAP4.abort, _ended),
    (exceptions.CapabilityError, _incapable),
    (exceptions.ProtocolError, _garbled),
    (exceptions.LoginError, _refused),
    (imaplib.IMAP4.error, _refused),
)
