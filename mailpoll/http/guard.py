"""Connections to permitted addresses only: a name is looked up once, and what was judged is what is connected to."""

from __future__ import annotations

import socket
from typing import Any, ClassVar
from urllib.parse import urlsplit

from urllib3 import HTTPConnectionPool, HTTPSConnectionPool
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.exceptions import ConnectTimeoutError, NameResolutionError, NewConnectionError

from mailpoll.egress import Egress
from mailpoll.errors import DestinationRefused
from mailpoll.settings import mask_url


def permitted(host: str, port: int | None, egress: Egress) -> list[str]:
    """The addresses of `host` that may be connected to, in the order of the resolver.

    Raises:
        DestinationRefused: none of them may.
        OSError: the name cannot be looked up.
        UnicodeError: it is none.
    """
    found = socket.getaddrinfo(host.strip("[]"), port, type=socket.SOCK_STREAM)
    addresses = list(dict.fromkeys(str(entry[4][0]) for entry in found))
    kept = [address for address in addresses if egress.permits(address)]
    if addresses and not kept:
        raise denied(host, addresses[0])
    return kept


def refuse_denied(url: str, egress: Egress) -> None:
    """Raises DestinationRefused where `url` itself names an address that is denied: for requests by way of a proxy,
    which looks up names, and connects, in our place."""
    host = urlsplit(url).hostname or ""
    try:
        # Not ipaddress: 2130706433 and 0x7f.1 are addresses to whoever connects.
        found = socket.getaddrinfo(host, None, flags=socket.AI_NUMERICHOST)
    except (OSError, UnicodeError):
        return
    for entry in found:
        if not egress.permits(str(entry[4][0])):
            raise denied(mask_url(url), str(entry[4][0]))


def denied(about: str, address: str) -> DestinationRefused:
    """The error for a host that leads to an address that is closed."""
    return DestinationRefused(
        f"leads to {address}, which deny_networks of [http] closes",
        about=about,
        advice="Write another URL, or add the address to allow_networks",
    )


class _Guarded(HTTPConnection):
    """A connection that chooses among the permitted addresses of its host."""

    egress: ClassVar[Egress]

    def _new_conn(self) -> socket.socket:
        name = self._dns_host
        try:
            addresses = permitted(name, self.port, self.egress)
        except (OSError, UnicodeError) as error:
            problem = error if isinstance(error, socket.gaierror) else socket.gaierror(str(error))
            raise NameResolutionError(self.host, self, problem) from error
        failure: Exception = NewConnectionError(self, "it has no address")
        try:
            for address in addresses:
                self._dns_host = address  # the certificate is still checked against the name: it is restored by then
                try:
                    return super()._new_conn()
                except (NewConnectionError, ConnectTimeoutError) as error:
                    failure = error
        finally:
            self._dns_host = name
        raise failure


def pools(egress: Egress) -> dict[str, Any]:
    """The classes of urllib3 that connect as `egress` permits, by scheme."""

    class Plain(_Guarded):
        pass

    class Secure(_Guarded, HTTPSConnection):
        pass

    class PlainPool(HTTPConnectionPool):
        ConnectionCls = Plain

    class SecurePool(HTTPSConnectionPool):
        ConnectionCls = Secure

    Plain.egress = Secure.egress = egress
    return {"http": PlainPool, "https": SecurePool}
