"""The errors of urllib3, of sockets and of TLS in our words, none of which holds a URL."""

from __future__ import annotations

import http.client
import re
import socket
import ssl
from collections.abc import Iterator

from urllib3 import exceptions as failures

from mailpoll.errors import DestinationRefused, MessageError, TemporaryFailure, Unanswered
from mailpoll.settings import mask_url

# Nothing of the request left, whatever urllib3 had begun to do.
_NOT_SENT = (
    failures.ConnectTimeoutError,
    failures.NewConnectionError,
    failures.ProxyError,
    failures.EmptyPoolError,  # not PoolError: ReadTimeoutError is one too
    failures.FullPoolError,
    failures.ClosedPoolError,
)
_NO_HTTP = (http.client.HTTPException, failures.InvalidHeader)
# How http.client tells of the answer to CONNECT.
_TUNNEL = re.compile(r"Tunnel connection failed: ([0-9]{3})\b")
# The URL or a header is no HTTP: LocationParseError and UnicodeError among them.
_UNWRITABLE = (ValueError, failures.URLSchemeUnknown)
_NO_PROXY_OF_OURS = (failures.ProxySchemeUnknown, failures.ProxySchemeUnsupported)
_ANOTHER_PROXY = 'Set proxy of [http] to an http:// one, or to "none"'


def translated(error: BaseException, url: str, *, sent: bool) -> MessageError:
    """An error of urllib3 or its sockets as ours. Raise it `from None`: theirs carry the URL."""
    place = mask_url(url)
    if (distrusted := _certificate_error(error)) is not None:
        return untrusted(url, distrusted)
    if isinstance(error, _NO_PROXY_OF_OURS):
        what = "cannot be reached: its proxy is no HTTP proxy"
        return DestinationRefused(what, about=place, advice=_ANOTHER_PROXY)
    if isinstance(error, _UNWRITABLE):
        return DestinationRefused("the request cannot be written as HTTP", about=place, advice="Check its url")
    if _first(error, failures.ProxyError) is not None:
        return _of_the_proxy(error, place)
    if not sent or isinstance(error, _NOT_SENT):
        return TemporaryFailure(f"cannot be reached: {reason(error)}", about=place)
    if _first(error, failures.ReadTimeoutError, TimeoutError) is not None:
        return Unanswered("did not answer in time", about=place)
    if _first(error, *_NO_HTTP) is not None and _first(error, http.client.RemoteDisconnected) is None:
        return Unanswered("gave an answer that is no HTTP", about=place)
    return Unanswered(f"broke off before it answered: {reason(error)}", about=place)


def _of_the_proxy(error: BaseException, place: str) -> MessageError:
    """What a proxy said of a host that it shall connect to, or why it could not be asked; nothing was sent."""
    said = next((found[1] for cause in _causes(error) if (found := _TUNNEL.search(str(cause)))), "")
    if said == "407":
        advice = "Put user:password@ into the proxy's URL"
        return DestinationRefused("cannot be reached: the proxy wants a password", about=place, advice=advice)
    why = f"the proxy answered {said}" if said else f"the proxy: {reason(error)}"
    return TemporaryFailure(f"cannot be reached: {why}", about=place)


def _certificate_error(error: BaseException) -> ssl.SSLCertVerificationError | None:
    found = _first(error, ssl.SSLCertVerificationError)
    return found if isinstance(found, ssl.SSLCertVerificationError) else None


def _first(error: BaseException, *kinds: type[BaseException]) -> BaseException | None:
    """The error, or the first that led to it, that is one of `kinds`."""
    return next((cause for cause in _causes(error) if isinstance(cause, kinds)), None)


def _causes(error: BaseException) -> Iterator[BaseException]:
    """`error` and what led to it, the outermost first; urllib3 hands causes on as arguments."""
    seen: list[BaseException] = []
    waiting = [error]
    while waiting:
        cause = waiting.pop(0)
        if cause not in seen:
            seen.append(cause)
            yield cause
            inner = (*cause.args, getattr(cause, "original_error", None), cause.__cause__, cause.__context__)
            waiting += [each for each in inner if isinstance(each, BaseException)]


def untrusted(url: str, error: ssl.SSLCertVerificationError) -> DestinationRefused:
    return DestinationRefused(
        f"its certificate is not to be trusted ({error.verify_message})",
        about=mask_url(url),
        advice="Put the certificate right, or name its authority with ca_file",
    )


def reason(error: BaseException) -> str:
    """Why, in the system's words; never urllib3's text, which holds the URL."""
    for cause in _causes(error):
        if isinstance(cause, socket.gaierror):
            return "its name is unknown"
        if isinstance(cause, failures.NewConnectionError):
            continue  # a ConnectTimeoutError, says urllib3, even when refused: its cause knows better
        if isinstance(cause, (TimeoutError, failures.ConnectTimeoutError)):
            return "no connection in time"
        if isinstance(cause, http.client.RemoteDisconnected):
            return "connection closed"
        if isinstance(cause, http.client.HTTPException):
            return "what answers there is no HTTP"
        if isinstance(cause, ssl.SSLError):
            return f"TLS failed ({(cause.reason or 'end of data').lower().replace('_', ' ')})"
        if isinstance(cause, OSError) and cause.strerror:
            return cause.strerror.lower()
    return "connection failed"
