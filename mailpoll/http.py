"""The one door to urllib3: time limits, proxies, failures in our words, and no secret of a URL in any of them."""

from __future__ import annotations

import base64
import datetime
import email.utils
import os
import re
import socket
import ssl
import threading
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import unquote, urlsplit

import urllib3
from urllib3 import exceptions as failures

from mailpoll.errors import DestinationRefused, MessageError, PermanentFailure, TemporaryFailure, Unanswered
from mailpoll.settings import mask_url

MAX_ANSWER = 64 * 1024  # octets of an answer that are read
SLOWEST = 50_000  # octets per second; a network slower than that is none
_SLICE = 64 * 1024
MAX_RETRY_AFTER = 86400.0  # seconds; nobody's mail waits longer because a header says so

_Kind = type[TemporaryFailure] | type[PermanentFailure] | type[DestinationRefused]

# An answer about the post, about the destination, or about this moment (RFC 9110 §15, RFC 6585). What is not here:
# 5xx and unknown statuses are temporary, 3xx a moved destination.
STATUSES: dict[int, tuple[_Kind, str]] = {
    400: (PermanentFailure, "the receiver does not understand this post"),
    406: (PermanentFailure, "the receiver does not want this post"),
    413: (PermanentFailure, "this post is too large for the receiver"),
    415: (PermanentFailure, "the receiver does not take this kind of post"),
    422: (PermanentFailure, "the receiver cannot process this post"),
    401: (DestinationRefused, "the receiver does not accept the key or password"),
    403: (DestinationRefused, "the receiver forbids it"),
    404: (DestinationRefused, "there is nothing at this url"),
    405: (DestinationRefused, "there is something else at this url, it takes no POST"),
    407: (DestinationRefused, "the proxy wants a password"),
    410: (DestinationRefused, "the receiver is gone"),
    501: (DestinationRefused, "there is something else at this url, it takes no POST"),
    408: (TemporaryFailure, "the receiver waited too long for the post"),
    425: (TemporaryFailure, "the receiver wants the post later"),
    429: (TemporaryFailure, "the receiver gets too many posts"),
}

_ADVICE: dict[int, str] = {
    401: "Check its secret, bearer or password",
    403: "Check its secret, bearer or password, and what they may do",
    404: "Check its url",
    405: "Check its url",
    407: "Put user:password@ into the proxy's URL",
    410: "Check its url",
    501: "Check its url",
}

# Nothing of the request left, whatever urllib3 had begun to do.
_NOT_SENT = (
    failures.ConnectTimeoutError,
    failures.NewConnectionError,
    failures.ProxyError,
    failures.EmptyPoolError,  # not PoolError: ReadTimeoutError is one too
    failures.FullPoolError,
    failures.ClosedPoolError,
)
# The URL or a header is no HTTP: LocationParseError and UnicodeError among them.
_UNWRITABLE = (ValueError, failures.URLSchemeUnknown, failures.ProxySchemeUnknown, failures.ProxySchemeUnsupported)


@dataclass(frozen=True, slots=True)
class Response:
    """An answer: status, header fields (names lower-case, the last of each), at most MAX_ANSWER octets of body."""

    status: int
    headers: Mapping[str, str]
    body: bytes
    url: str = ""  # masked


class Http:
    """HTTP requests with verified TLS; no redirects, no repeats, no cookies. One object serves one thread at a time.

    Args:
        proxy: URL of a proxy for everything; None takes HTTPS_PROXY, HTTP_PROXY and NO_PROXY of the environment.
        ca_file: PEM file of the authorities to trust instead of the system's.

    Raises:
        DestinationRefused: `ca_file` cannot be used.
    """

    def __init__(self, proxy: str | None = None, ca_file: str | None = None) -> None:
        self._proxy = proxy
        self._context = _tls(ca_file)
        self._pools: dict[str | None, urllib3.PoolManager] = {}

    def request(
        self,
        method: str,
        url: str,
        *,
        headers: Mapping[str, str] | None = None,
        body: bytes | bytearray = b"",
        timeout_connect: float = 5,
        timeout_read: float = 20,
    ) -> Response:
        """The answer, whatever its status; classify() judges it.

        The time limits are in seconds. Together with a second per SLOWEST octets of body they also limit the whole
        exchange: names that do not resolve and answers that drip have no limit of their own.

        Raises:
            TemporaryFailure: nothing of the body was sent.
            Unanswered: it was sent, wholly or in part, and no answer came.
            DestinationRefused: the certificate is not to be trusted.
        """
        sending = _Sending(method, url, body)
        fields = {**(headers or {}), **({"Content-Length": str(len(body))} if body else {})}
        timeout = urllib3.Timeout(connect=timeout_connect, read=timeout_read)
        try:
            pool = self._pool(url)
        except (failures.HTTPError, ValueError) as error:
            raise _translated(error, url, sent=False) from None
        thread = threading.Thread(target=sending.run, args=(pool, fields, timeout), daemon=True, name="http")
        thread.start()
        thread.join(timeout_connect + timeout_read + len(body) / SLOWEST)
        if thread.is_alive():
            self._pools.clear()  # the thread is left to itself, and so is its connection
            sending.abandon()
        return sending.outcome()

    def _pool(self, url: str) -> urllib3.PoolManager:
        proxy = self._proxy or proxy_for(url, os.environ)
        if proxy not in self._pools:
            self._pools[proxy] = self._make_pool(proxy)
        return self._pools[proxy]

    def _make_pool(self, proxy: str | None) -> urllib3.PoolManager:
        if proxy is None:
            return urllib3.PoolManager(num_pools=10, maxsize=1, ssl_context=self._context)
        parts = urlsplit(proxy if "://" in proxy else f"http://{proxy}")
        credentials = f"{unquote(parts.username or '')}:{unquote(parts.password or '')}" if parts.username else None
        return urllib3.ProxyManager(
            parts._replace(netloc=parts.netloc.rpartition("@")[2]).geturl(),
            proxy_headers=urllib3.make_headers(proxy_basic_auth=credentials) if credentials else None,
            maxsize=1,
            ssl_context=self._context,
            proxy_ssl_context=self._context,
        )


def proxy_for(url: str, env: Mapping[str, str]) -> str | None:
    """The proxy that the environment names for `url`, as curl reads it: https_proxy, http_proxy, all_proxy and
    no_proxy in either case, the lower one winning; http_proxy not inside a CGI script; loopback never."""
    parts = urlsplit(url)
    host = (parts.hostname or "").rstrip(".")
    named = {name.lower(): value for name, value in sorted(env.items()) if value}  # upper case sorts first
    if "REQUEST_METHOD" in env:
        named.pop("http_proxy", None)
    if host in ("localhost", "::1") or host.startswith("127."):
        return None
    exceptions = (entry.strip().lower().lstrip("*").lstrip(".") for entry in named.get("no_proxy", "").split(","))
    if named.get("no_proxy", "").strip() == "*" or any(
        entry and (f".{host}".endswith(f".{entry}") or f"{host}:{parts.port}" == entry) for entry in exceptions
    ):
        return None
    return named.get(f"{parts.scheme}_proxy") or named.get("all_proxy")


def classify(response: Response) -> None:
    """Nothing when the post was taken (2xx).

    Raises:
        PermanentFailure: the answer is about this post.
        DestinationRefused: the answer is about the destination: key, permission, place.
        TemporaryFailure: everything else, with `retry_after` where the answer named a time.
    """
    status = response.status
    if 200 <= status < 300:
        return
    if 300 <= status < 400:
        target = mask_url(response.headers.get("location", ""))
        raise DestinationRefused(f"answered {status}: moved to {target}", about=response.url, advice="Change the url")
    kind, meaning = STATUSES.get(status, (TemporaryFailure, "the receiver is in trouble"))
    what = f"answered {status}: {meaning}"
    if issubclass(kind, TemporaryFailure):
        raise kind(what, about=response.url, retry_after=retry_after(response.headers))
    raise kind(what, about=response.url, advice=_ADVICE.get(status, ""))


def retry_after(headers: Mapping[str, str], now: datetime.datetime | None = None) -> float | None:
    """Seconds to wait by Retry-After (RFC 9110 §10.2.3: seconds or a date; Zulip and Discord send fractions)."""
    value = headers.get("retry-after", "").strip()
    if re.fullmatch(r"[0-9]{1,12}(\.[0-9]{1,12})?", value):
        return min(float(value), MAX_RETRY_AFTER)
    try:
        moment = email.utils.parsedate_to_datetime(value)
    except (ValueError, TypeError, IndexError, OverflowError):
        return None
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=datetime.UTC)
    seconds = (moment - (now or datetime.datetime.now(datetime.UTC))).total_seconds()
    return min(max(seconds, 0.0), MAX_RETRY_AFTER)


def basic(username: str, password: str) -> str:
    """The Authorization header of HTTP Basic (RFC 7617, UTF-8)."""
    return "Basic " + base64.b64encode(f"{username}:{password}".encode()).decode("ascii")


def probe(url: str, *, ca_file: str | None = None, timeout: float = 5) -> None:
    """Return when `url`'s server can be reached (TCP, and TLS where it is https); nothing is asked of it.

    Behind a proxy, that the proxy can be reached.

    Raises:
        TemporaryFailure: it cannot be reached now.
        DestinationRefused: the certificate is not to be trusted.
    """
    parts = urlsplit(proxy_for(url, os.environ) or url)
    host, port = parts.hostname or "", parts.port or (443 if parts.scheme == "https" else 80)
    try:
        with socket.create_connection((host, port), timeout=timeout) as plain:
            if parts.scheme == "https":
                with _tls(ca_file).wrap_socket(plain, server_hostname=host):
                    pass
    except ssl.SSLCertVerificationError as error:
        raise _untrusted(url, error) from None
    except (OSError, UnicodeError) as error:
        raise TemporaryFailure(f"cannot be reached: {_reason(error)}", about=mask_url(url)) from None


def _tls(ca_file: str | None) -> ssl.SSLContext:
    try:
        return ssl.create_default_context(cafile=ca_file)
    except (OSError, ssl.SSLError):
        name = Path(ca_file or "").name
        raise DestinationRefused(f"ca_file {name} cannot be used", advice="Name a PEM file that exists") from None


def _translated(error: BaseException, url: str, *, sent: bool) -> MessageError:
    """An error of urllib3 or its sockets as ours. Raise it `from None`: theirs carry the URL."""
    place = mask_url(url)
    if (untrusted := _certificate_error(error)) is not None:
        return _untrusted(url, untrusted)
    if isinstance(error, _UNWRITABLE):
        return DestinationRefused("the request cannot be written as HTTP", about=place, advice="Check its url")
    if not sent or isinstance(error, _NOT_SENT):
        return TemporaryFailure(f"cannot be reached: {_reason(error)}", about=place)
    if isinstance(error, failures.ReadTimeoutError):
        return Unanswered("did not answer in time", about=place)
    return Unanswered(f"broke off before it answered: {_reason(error)}", about=place)


def _certificate_error(error: BaseException) -> ssl.SSLCertVerificationError | None:
    return next((cause for cause in _causes(error) if isinstance(cause, ssl.SSLCertVerificationError)), None)


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


def _untrusted(url: str, error: ssl.SSLCertVerificationError) -> DestinationRefused:
    return DestinationRefused(
        f"its certificate is not to be trusted ({error.verify_message})",
        about=mask_url(url),
        advice="Put the certificate right, or name its authority with ca_file",
    )


def _reason(error: BaseException) -> str:
    """Why, in the system's words; never urllib3's text, which holds the URL."""
    for cause in _causes(error):
        if isinstance(cause, socket.gaierror):
            return "its name is unknown"
        if isinstance(cause, failures.NewConnectionError):
            continue  # a ConnectTimeoutError, says urllib3, even when refused: its cause knows better
        if isinstance(cause, (TimeoutError, failures.ConnectTimeoutError)):
            return "no connection in time"
        if isinstance(cause, ssl.SSLError):
            return f"TLS failed ({(cause.reason or 'end of data').lower().replace('_', ' ')})"
        if isinstance(cause, OSError) and cause.strerror:
            return cause.strerror.lower()
    return "connection failed"


class _Sending:
    """One exchange, run in a thread of its own so that nothing can hold it up for ever."""

    def __init__(self, method: str, url: str, body: bytes | bytearray) -> None:
        self._method, self._url, self._body = method, url, body
        self._sent = not body and method not in ("GET", "HEAD")  # without a body, its first octets cannot tell
        self._answer: urllib3.BaseHTTPResponse | None = None
        self._pieces = bytearray()
        self._error: BaseException | None = None
        self._abandoned = False
        self._deciding = threading.Lock()

    def run(self, pool: urllib3.PoolManager, headers: Mapping[str, str], timeout: urllib3.Timeout) -> None:
        """Send, and read at most MAX_ANSWER octets."""
        try:
            self._answer = answer = pool.request(
                self._method,
                self._url,
                headers=headers,
                body=self._slices() if self._body else None,
                timeout=timeout,
                retries=False,
                redirect=False,
                preload_content=False,
                decode_content=False,
            )
            while len(self._pieces) < MAX_ANSWER and (piece := answer.read(MAX_ANSWER - len(self._pieces))):
                self._pieces += piece
            answer.release_conn() if len(self._pieces) < MAX_ANSWER else answer.close()
        except BaseException as error:  # raised again in the thread that waits
            self._error = error

    def abandon(self) -> None:
        """What was not sent by now will not be sent: outcome() says so, and the thread may still be looking up a name."""
        with self._deciding:
            self._abandoned = True

    def outcome(self) -> Response:
        """The answer, if its status came: a body that is late or breaks off changes nothing. Else the error."""
        if self._answer is not None:
            headers = {name.lower(): value for name, value in self._answer.headers.items()}
            return Response(self._answer.status, headers, bytes(self._pieces), mask_url(self._url))
        error = self._error or TimeoutError()
        if not isinstance(error, (failures.HTTPError, OSError, ValueError)):
            raise error
        raise _translated(error, self._url, sent=self._sent) from None

    def _slices(self) -> Iterator[bytes]:
        """The body in slices, since the time limit holds for one write; the first one asked for means: it leaves."""
        with self._deciding:
            if self._abandoned:
                raise TimeoutError
            self._sent = True
        for start in range(0, len(self._body), _SLICE):
            yield bytes(self._body[start : start + _SLICE])
