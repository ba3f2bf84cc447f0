"""Every error of the libraries becomes one of ours."""

from __future__ import annotations

import errno
import imaplib
import inspect
import socket
import ssl

import pytest
from imapclient import exceptions

from mailpoll.errors import AccessDenied, ConfigError, MailpollError, ProtocolError, RunError, Unavailable
from mailpoll.imap.troubles import Passing, Peer, printable, said, translate, translated
from mailpoll.wire import Line


def peer() -> Peer:
    return Peer("imap.example.com", 993, 30.0, Line())


def exported(module: object) -> list[type[Exception]]:
    return [
        kind
        for name, kind in inspect.getmembers(module, inspect.isclass)
        if issubclass(kind, Exception) and not name.startswith("_")
    ]


IMAP = [*exported(exceptions), imaplib.IMAP4.error, imaplib.IMAP4.abort, imaplib.IMAP4.readonly]
NETWORK = [
    *exported(ssl),
    *exported(socket),
    *(ConnectionRefusedError, ConnectionResetError, ConnectionAbortedError, BrokenPipeError, TimeoutError, OSError),
]
PARSING = [ValueError, UnicodeDecodeError, KeyError, IndexError, TypeError, OverflowError, AttributeError]


def certificate_error(code: int) -> ssl.SSLCertVerificationError:
    error = ssl.SSLCertVerificationError(1, "certificate verify failed")
    error.verify_code, error.verify_message = code, "some words"
    return error


def tls_error(reason: str) -> ssl.SSLError:
    error = ssl.SSLError(1, f"[SSL: {reason}] (_ssl.c:1006)")
    error.reason = reason
    return error


@pytest.mark.parametrize("kind", dict.fromkeys((*IMAP, *NETWORK, *PARSING)))
def test_no_class_is_left_unmapped(kind: type[Exception]) -> None:
    error = UnicodeDecodeError("ascii", b"\xff", 0, 1, "no") if kind is UnicodeDecodeError else kind("words")
    with pytest.raises(RunError) as caught, translated(peer()):
        raise error
    assert caught.value.about == "imap.example.com:993"
    assert caught.value.__cause__ is error


def test_our_own_errors_pass() -> None:
    ours = ConfigError("ours")
    with pytest.raises(MailpollError) as caught, translated(peer()):
        raise ours
    assert caught.value is ours


@pytest.mark.parametrize(
    ("error", "kind", "words"),
    [
        (certificate_error(10), AccessDenied, "has expired"),
        (certificate_error(18), AccessDenied, "self-signed"),
        (certificate_error(20), AccessDenied, "unknown authority"),
        (certificate_error(62), AccessDenied, "another host name"),
        (certificate_error(99), AccessDenied, "some words"),
        (tls_error("WRONG_VERSION_NUMBER"), ConfigError, "does not speak TLS"),
        (tls_error("UNSUPPORTED_PROTOCOL"), ProtocolError, "no TLS version"),
        (tls_error("TLSV1_ALERT_PROTOCOL_VERSION"), ProtocolError, "no TLS version"),
        (tls_error("DECRYPTION_FAILED_OR_BAD_RECORD_MAC"), Unavailable, "TLS connection broke"),
        (ssl.SSLEOFError(8, "EOF occurred"), Unavailable, "connection failed"),
        (socket.gaierror(socket.EAI_NONAME, "Name or service not known"), Unavailable, "not known"),
        (socket.gaierror(socket.EAI_AGAIN, "Temporary failure"), Unavailable, "name servers"),
        (TimeoutError("timed out"), Unavailable, "no answer within 30 s"),
        (ConnectionRefusedError(errno.ECONNREFUSED, "refused"), Unavailable, "nothing listens"),
        (OSError(errno.ENETUNREACH, "unreachable"), Unavailable, "no way to that network"),
        (OSError(errno.EMFILE, "Too many open files"), Unavailable, "no more connections"),
        (OSError("odd"), Unavailable, "odd"),
        (imaplib.IMAP4.abort("command: SEARCH => socket error: EOF"), Unavailable, "closed the connection"),
        (imaplib.IMAP4.abort("unexpected response: b'x'"), ProtocolError, "does not speak IMAP"),
        (imaplib.IMAP4.abort("socket error: unterminated line: b'* 2 FETCH (UID'"), Unavailable, "middle of an answer"),
        (imaplib.IMAP4.abort(r"unterminated line: b'J\x00\x00\x005.7.33'"), ProtocolError, "does not speak IMAP"),
        (imaplib.IMAP4.abort(r"socket error: unterminated line: b'text\n'"), ProtocolError, "does not speak IMAP"),
        (imaplib.IMAP4.error("select failed: System Error (Failure)"), Unavailable, "System Error"),
        (imaplib.IMAP4.readonly("mailbox status changed to READ-ONLY"), ProtocolError, "read-only"),
        (imaplib.IMAP4.error("UID command error: BAD [b'Too long argument']"), ProtocolError, "Too long argument"),
        (imaplib.IMAP4.error("copy failed: [OVERQUOTA] full"), Unavailable, "[OVERQUOTA] full"),
        (imaplib.IMAP4.error("select failed: [NOPERM] no"), AccessDenied, "[NOPERM] no"),
    ],
)
def test_each_becomes_what_a_person_can_use(error: Exception, kind: type[RunError], words: str) -> None:
    translation = translate(error, peer())
    assert isinstance(translation, kind)
    assert words in translation.what


@pytest.mark.parametrize(
    ("error", "tries"),
    [
        (ConnectionRefusedError(errno.ECONNREFUSED, "refused"), 3),
        (ConnectionResetError(errno.ECONNRESET, "reset"), 3),
        (OSError(errno.ENETUNREACH, "unreachable"), 3),
        (socket.gaierror(socket.EAI_AGAIN, "Temporary failure"), 3),
        (imaplib.IMAP4.abort("command: LOGIN => socket error: EOF"), 3),
        (imaplib.IMAP4.error("* BYE too busy"), 3),
        (exceptions.LoginError("b'[UNAVAILABLE] Temporary authentication failure.'"), 3),
        (exceptions.LoginError("b'[INUSE] locked'"), 3),
        (imaplib.IMAP4.error("LOGIN command error: BAD [b'User is authenticated but not connected.']"), 3),
        (TimeoutError("timed out"), 2),
        (socket.gaierror(socket.EAI_NONAME, "Name or service not known"), 1),
        (exceptions.LoginError("b'[THROTTLED] slow down'"), 1),
        (exceptions.LoginError("b'[OVERQUOTA] Account exceeded command or bandwidth limits.'"), 1),
        (exceptions.LoginError("b'Request is throttled. Suggested Backoff Time: 299997 milliseconds'"), 1),
        (exceptions.LoginError("b'[AUTHENTICATIONFAILED] Invalid credentials'"), 1),
        (OSError(errno.EMFILE, "Too many open files"), 1),
        (certificate_error(10), 1),
        (tls_error("WRONG_VERSION_NUMBER"), 1),
    ],
)
def test_only_what_may_be_over_in_seconds_is_worth_another_try_within_the_run(error: Exception, tries: int) -> None:
    translation = translate(error, peer())
    assert (translation.tries if isinstance(translation, Passing) else 1) == tries


def test_whatever_a_cut_connection_does_to_the_libraries_is_the_cut() -> None:
    line = Line()
    line.abort("out of time")
    for error in (ValueError("I/O operation on closed file"), OSError(9, "Bad file descriptor"), tls_error("X")):
        translation = translate(error, Peer("imap.example.com", 993, 30.0, line))
        assert isinstance(translation, Unavailable)
        assert translation.what == "stopped: out of time"


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("b'[ALERT] no'", "[ALERT] no"),
        ("LOGIN command error: BAD [b'User is odd']", "User is odd"),
        ("command: UID => socket error: EOF", "EOF"),
        ("select failed: Mailbox doesn't exist", "Mailbox doesn't exist"),
        ("", "error"),
    ],
)
def test_the_servers_words_without_the_wrapping(text: str, words: str) -> None:
    assert said(imaplib.IMAP4.error(text)) == words


def test_words_are_short_and_printable() -> None:
    words = printable("a\x1b[31m\r\nb\0" + "ü" * 500)
    assert words.isprintable()
    assert words.startswith("a [31m b üü")
    assert len(words) == 200


def test_an_ipv6_address_stands_in_brackets() -> None:
    assert Peer("::1", 143, 1.0, Line()).about == "[::1]:143"
