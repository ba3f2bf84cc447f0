"""TLS towards a mail server: the context, what its certificate says, and what went wrong when it did."""

from __future__ import annotations

import re
import socket
import ssl
from contextlib import suppress
from datetime import UTC, datetime
from typing import Any

from mailpoll.errors import ConfigError
from mailpoll.outbound.happening import Happening, printable

# X509_V_ERR_… of OpenSSL.
_CERTIFICATE = {
    9: "certificate-early",
    10: "certificate-expired",
    18: "certificate-self-signed",
    19: "certificate-authority",
    20: "certificate-authority",
    21: "certificate-authority",
    62: "certificate-name",
    64: "certificate-name",
}
# OpenSSL's names for "what came back was no TLS at all".
_NO_TLS = re.compile(r"WRONG_VERSION_NUMBER|RECORD_LAYER_FAILURE|UNKNOWN_PROTOCOL|PACKET_LENGTH|HTTP_REQUEST|WRONG_SSL")
_NONE_IN_COMMON = re.compile(
    r"UNSUPPORTED_PROTOCOL|NO_PROTOCOLS|PROTOCOL_VERSION|HANDSHAKE_FAILURE|NO_SHARED|TOO_SMALL"
)


def context_for(ca_file: str | None) -> ssl.SSLContext:
    """What verifies every certificate, and its name. Raises ConfigError when `ca_file` holds none."""
    try:
        return ssl.create_default_context(cafile=ca_file)
    except OSError as error:  # ssl.SSLError is one
        raise ConfigError(
            f"no certificate can be read from {ca_file} ({error.strerror or 'it is no PEM file'})",
            about="smtp.ca_file",
            advice="Name a PEM file with the certificate of the authority",
        ) from None


def described(tls: ssl.SSLSocket) -> str:
    """`TLSv1.3, certificate of smtp.example.com, by Example CA, until 2027-01-31`."""
    certificate: dict[str, Any] = tls.getpeercert() or {}
    parts = [tls.version() or "TLS"]
    if subject := _common_name(certificate.get("subject", ())) or next(iter(names(certificate)), ""):
        parts.append(f"certificate of {subject}")
    if issuer := _common_name(certificate.get("issuer", ())):
        parts.append(f"by {issuer}")
    if (moment := ends(tls)) is not None:
        parts.append(f"until {moment:%Y-%m-%d}")
    return printable(", ".join(parts))


def ends(tls: ssl.SSLSocket) -> datetime | None:
    """When the certificate of the other side ends."""
    moment = (tls.getpeercert() or {}).get("notAfter")
    return datetime.fromtimestamp(ssl.cert_time_to_seconds(moment), UTC) if isinstance(moment, str) else None


def names(certificate: dict[str, Any]) -> tuple[str, ...]:
    """The host names and addresses that a certificate is for (RFC 6125)."""
    return tuple(name for _, name in certificate.get("subjectAltName", ()))


def happening(error: OSError, stage: str) -> Happening:
    """What a handshake that failed met."""
    if isinstance(error, ssl.SSLCertVerificationError):
        return Happening(stage, _CERTIFICATE.get(error.verify_code, "certificate"), detail=error.verify_message)
    if isinstance(error, TimeoutError):
        return Happening(stage, "silence")
    reason = (error.reason if isinstance(error, ssl.SSLError) else None) or ""
    if _NO_TLS.search(reason):
        return Happening(stage, "not-tls")
    if _NONE_IN_COMMON.search(reason):
        return Happening(stage, "tls-versions", detail=_words(reason))
    if isinstance(error, ssl.SSLEOFError) or not isinstance(error, ssl.SSLError):
        return Happening(stage, "cut", detail="" if isinstance(error, ssl.SSLEOFError) else error.strerror or "")
    return Happening(stage, "tls-broken", detail=_words(reason))


def names_of(sock: socket.socket, host: str, ca_file: str | None, seconds: float) -> tuple[str, ...]:
    """The names in a certificate whose authority is trusted, whatever host it is for; nothing else is said over
    `sock`, which is closed. Empty where that cannot be had."""
    context = context_for(ca_file)
    context.check_hostname = False
    with suppress(OSError, ValueError), sock:
        sock.settimeout(seconds)
        with _over(sock, context, host) as tls:
            return names(tls.getpeercert() or {})
    return ()


def speaks_tls(sock: socket.socket, host: str, seconds: float) -> bool:
    """Whether the other side answers a TLS greeting, with whatever certificate. `sock` is closed."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE  # nothing is said over it: only whether it is TLS is asked
    with suppress(OSError, ValueError), sock:
        sock.settimeout(seconds)
        with _over(sock, context, host):
            return True
    return False


def _over(sock: socket.socket, context: ssl.SSLContext, host: str) -> ssl.SSLSocket:
    """TLS over `sock`, with the handshake done. A connection that was reset by now raises OSError, which wrap_socket
    alone passes over, or leaves a socket open for."""
    sock.getpeername()
    tls = context.wrap_socket(sock, server_hostname=host, do_handshake_on_connect=False)
    try:
        tls.do_handshake()
    except BaseException:
        tls.close()
        raise
    return tls


def _common_name(name: tuple[Any, ...]) -> str:
    return next((value for part in name for key, value in part if key == "commonName"), "")


def _words(reason: str) -> str:
    return printable(reason.replace("_", " ").lower())
