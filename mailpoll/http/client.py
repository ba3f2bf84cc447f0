"""HTTP requests: verified TLS, the proxy of the environment, a limit for the whole exchange."""

from __future__ import annotations

import base64
import os
import socket
import ssl
import threading
from collections.abc import Iterator, Mapping
from pathlib import Path
from urllib.parse import unquote, urlsplit

import urllib3
from urllib3.exceptions import HTTPError

from mailpoll import egress
from mailpoll.egress import Egress
from mailpoll.errors import DestinationRefused, TemporaryFailure
from mailpoll.http import guard
from mailpoll.http.answers import Response
from mailpoll.http.failures import reason, translated, untrusted
from mailpoll.settings import mask_url

MAX_ANSWER = 64 * 1024  # octets of an answer that are read, unless more are asked for
SLOWEST = 50_000  # octets per second; a network slower than that is none
_SLICE = 64 * 1024


class Http:
    """HTTP requests with verified TLS; no redirects, no repeats, no cookies. One object serves one thread at a time.

    Args:
        proxy: URL of a proxy for everything; None takes that of [http], else HTTPS_PROXY, HTTP_PROXY and NO_PROXY of
            the environment.
        ca_file: PEM file of the authorities to trust instead of the system's.

    Raises:
        DestinationRefused: `ca_file` cannot be used.
    """

    def __init__(self, proxy: str | None = None, ca_file: str | None = None) -> None:
        self._proxy = proxy
        self._egress = egress.in_force()
        self._context = None if ca_file is None else _tls(ca_file)
        self._pools: dict[tuple[str | None, bool], urllib3.PoolManager] = {}

    def request(
        self,
        method: str,
        url: str,
        *,
        headers: Mapping[str, str] | None = None,
        body: bytes | bytearray = b"",
        timeout_connect: float = 5,
        timeout_read: float = 20,
        max_answer: int = MAX_ANSWER,
    ) -> Response:
        """The answer, whatever its status; classify() judges it.

        The time limits are in seconds. Together with a second per SLOWEST octets of body they also limit the whole
        exchange: names that do not resolve and answers that drip have no limit of their own.

        Raises:
            TemporaryFailure: nothing of the body was sent.
            Unanswered: it was sent, wholly or in part, and no answer came.
            DestinationRefused: the certificate is not to be trusted, or [http] permits no address of the host.
        """
        sending = _Sending(method, url, body, max_answer)
        fields = {**(headers or {}), **({"Content-Length": str(len(body))} if body else {})}
        timeout = urllib3.Timeout(connect=timeout_connect, read=timeout_read)
        try:
            pool = self._pool(url)
        except (HTTPError, ValueError) as error:
            raise translated(error, url, sent=False) from None
        thread = threading.Thread(target=sending.run, args=(pool, fields, timeout), daemon=True, name="http")
        thread.start()
        thread.join(timeout_connect + timeout_read + len(body) / SLOWEST)
        if thread.is_alive():
            self._pools.clear()  # the thread is left to itself, and so is its connection
            sending.abandon()
        return sending.outcome()

    def _pool(self, url: str) -> urllib3.PoolManager:
        proxy = self._proxy or proxy_for(url, os.environ, self._egress)
        if proxy is not None and self._egress.deny:
            guard.refuse_denied(url, self._egress)
        secure = any((place or "").lower().startswith("https:") for place in (url, proxy))
        if (proxy, secure) not in self._pools:
            # Reading the authorities of the system costs 20 ms: as much as all else of a post within one machine.
            if secure and self._context is None:
                self._context = _tls(None)
            self._pools[proxy, secure] = self._make_pool(proxy)
        return self._pools[proxy, secure]

    def _make_pool(self, proxy: str | None) -> urllib3.PoolManager:
        if proxy is None:
            manager = urllib3.PoolManager(num_pools=10, maxsize=1, ssl_context=self._context)
            if self._egress.deny:
                manager.pool_classes_by_scheme = guard.pools(self._egress)
            return manager
        parts = urlsplit(proxy if "://" in proxy else f"http://{proxy}")
        credentials = f"{unquote(parts.username or '')}:{unquote(parts.password or '')}" if parts.username else None
        return urllib3.ProxyManager(
            parts._replace(netloc=parts.netloc.rpartition("@")[2]).geturl(),
            proxy_headers=urllib3.make_headers(proxy_basic_auth=credentials) if credentials else None,
            maxsize=1,
            ssl_context=self._context,
            proxy_ssl_context=self._context,
        )


def proxy_for(url: str, env: Mapping[str, str], rules: Egress = egress.UNRESTRICTED) -> str | None:
    """The proxy for `url`: that of `rules`, else the one the environment names, as curl reads it: https_proxy,
    http_proxy, all_proxy and no_proxy in either case, the lower one winning; http_proxy not inside a CGI script.
    Loopback never has one, nor what no_proxy names."""
    parts = urlsplit(url)
    host = (parts.hostname or "").rstrip(".")
    named = {name.lower(): value for name, value in sorted(env.items()) if value}  # upper case sorts first
    if "REQUEST_METHOD" in env:
        named.pop("http_proxy", None)
    if host in ("localhost", "::1") or host.startswith("127."):
        return None
    if rules.proxy == egress.NO_PROXY:
        return None
    direct = [*rules.no_proxy, *named.get("no_proxy", "").split(",")]
    exceptions = (entry.strip().lower().lstrip("*").lstrip(".") for entry in direct)
    if "*" in map(str.strip, direct) or any(
        entry and (f".{host}".endswith(f".{entry}") or f"{host}:{parts.port}" == entry) for entry in exceptions
    ):
        return None
    return rules.proxy or named.get(f"{parts.scheme}_proxy") or named.get("all_proxy")


def basic(username: str, password: str) -> str:
    """The Authorization header of HTTP Basic (RFC 7617, UTF-8)."""
    return "Basic " + base64.b64encode(f"{username}:{password}".encode()).decode("ascii")


def probe(url: str, *, ca_file: str | None = None, timeout: float = 5) -> None:
    """Return when `url`'s server can be reached (TCP, and TLS where it is https); nothing is asked of it.

    Behind a proxy, that the proxy can be reached.

    Raises:
        TemporaryFailure: it cannot be reached now.
        DestinationRefused: the certificate is not to be trusted, or [http] permits no address of the host.
    """
    rules = egress.in_force()
    proxy = proxy_for(url, os.environ, rules)
    if proxy is not None and rules.deny:
        guard.refuse_denied(url, rules)
    parts = urlsplit((proxy if "://" in proxy else f"http://{proxy}") if proxy else url)
    host, port = parts.hostname or "", parts.port or (443 if parts.scheme == "https" else 80)
    try:
        with _connected(host, port, timeout, egress.UNRESTRICTED if proxy else rules) as plain:
            if parts.scheme == "https":
                with _tls(ca_file).wrap_socket(plain, server_hostname=host):
                    pass
    except ssl.SSLCertVerificationError as error:
        raise untrusted(url, error) from None
    except (OSError, UnicodeError) as error:
        raise TemporaryFailure(f"cannot be reached: {reason(error)}", about=mask_url(url)) from None


def _connected(host: str, port: int, timeout: float, rules: Egress) -> socket.socket:
    failure = OSError("it has no address")
    for address in guard.permitted(host, port, rules):
        try:
            return socket.create_connection((address, port), timeout=timeout)
        except OSError as error:
            failure = error
    raise failure


def _tls(ca_file: str | None) -> ssl.SSLContext:
    try:
        return ssl.create_default_context(cafile=ca_file)
    except (OSError, ssl.SSLError):
        name = Path(ca_file or "").name
        raise DestinationRefused(f"ca_file {name} cannot be used", advice="Name a PEM file that exists") from None


class _Sending:
    """One exchange, run in a thread of its own so that nothing can hold it up for ever."""

    def __init__(self, method: str, url: str, body: bytes | bytearray, max_answer: int) -> None:
        self._method, self._url, self._body, self._max = method, url, body, max_answer
        self._sent = not body and method not in ("GET", "HEAD")  # without a body, its first octets cannot tell
        self._answer: urllib3.BaseHTTPResponse | None = None
        self._pieces = bytearray()
        self._error: BaseException | None = None
        self._abandoned = False
        self._deciding = threading.Lock()

    def run(self, pool: urllib3.PoolManager, headers: Mapping[str, str], timeout: urllib3.Timeout) -> None:
        """Send, and read at most `max_answer` octets."""
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
            while len(self._pieces) < self._max and (piece := answer.read(self._max - len(self._pieces))):
                self._pieces += piece
            answer.release_conn() if len(self._pieces) < self._max else answer.close()
        except BaseException as error:  # raised again in the thread that waits
            self._error = error

    def abandon(self) -> None:
        """No body leaves that had not begun to by now: the thread may still be looking up a name."""
        with self._deciding:
            self._abandoned = True

    def outcome(self) -> Response:
        """The answer, if its status came: a body that is late or breaks off changes nothing. Else the error."""
        if self._answer is not None:
            headers = {name.lower(): value for name, value in self._answer.headers.items()}
            return Response(self._answer.status, headers, bytes(self._pieces), mask_url(self._url))
        error = self._error or TimeoutError()
        if not isinstance(error, (HTTPError, OSError, ValueError)):
            raise error
        raise translated(error, self._url, sent=self._sent) from None

    def _slices(self) -> Iterator[bytes]:
        """The body in slices, since the time limit holds for one write; the first one asked for means: it leaves."""
        with self._deciding:
            if self._abandoned:
                raise TimeoutError
            self._sent = True
        for start in range(0, len(self._body), _SLICE):
            yield bytes(self._body[start : start + _SLICE])
