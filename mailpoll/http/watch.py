"""Connections that a library makes by itself, judged as [http] has it at the moment they are made."""

from __future__ import annotations

import errno
import socket
import sys
from functools import cache
from typing import Any
from urllib.parse import urlsplit
from urllib.request import getproxies

from mailpoll import egress
from mailpoll.errors import DestinationRefused
from mailpoll.http.guard import denied

_CONNECTIONS = ("socket.connect", "socket.sendto")
_PORTS = {"http": 80, "https": 443}


class Watch:
    """What `library`, the name of a package, may connect to; the one that began last counts.

    Proxies of the environment are where the administrator wants them.
    """

    def __init__(self, library: str) -> None:
        self._library = library
        self._rules = egress.in_force()
        self._proxies: frozenset[tuple[str, int]] = frozenset()
        self._denied = ""

    def begin(self) -> None:
        """From now on the library connects to permitted addresses only: others are refused as the system would, so that
        it goes on to the next."""
        global _at_work
        if self._rules.deny:
            self._proxies = frozenset(_addresses_of_proxies())
            _listen()
        _at_work = self

    def refusal(self, about: str) -> DestinationRefused | None:
        """Why nothing could be sent, where [http] closes the address that was to be connected to last."""
        return denied(about, self._denied) if self._denied else None

    def judge(self, address: Any) -> None:
        """Raises PermissionError for an address, as sockets have them, that may not be connected to."""
        if not isinstance(address, tuple) or address[:2] in self._proxies or not _calls(self._library):
            return  # what is no tuple is a path: a socket of this machine
        host = str(address[0])
        try:
            permitted = self._rules.permits(host)
        except ValueError:  # a name: where it leads, nobody has judged
            permitted = not self._rules.deny
        if not permitted:
            self._denied = host
            raise PermissionError(errno.EACCES, "closed by deny_networks of [http]")


_at_work: Watch | None = None


def _addresses_of_proxies() -> list[tuple[str, int]]:
    """(address, port) of every proxy that the environment names and that can be looked up."""
    found = []
    for scheme, url in getproxies().items():
        if scheme == "no":
            continue
        parts = urlsplit(url if "://" in url else f"http://{url}")
        try:
            port = parts.port or _PORTS.get(parts.scheme, 0)
            entries = socket.getaddrinfo(parts.hostname, port, type=socket.SOCK_STREAM)
        except (OSError, ValueError):  # then the library cannot use it either
            continue
        found += [(str(entry[4][0]), port) for entry in entries]
    return found


@cache
def _listen() -> None:
    """Once in a process: an audit hook (PEP 578) stays for good."""
    sys.addaudithook(_heard)


def _heard(event: str, args: tuple[Any, ...]) -> None:
    if event in _CONNECTIONS and _at_work is not None:
        _at_work.judge(args[1])


def _calls(library: str) -> bool:
    """Whether it is `library` that wants this, by what is on the stack: its threads are its own affair."""
    frame = sys._getframe(1)
    while frame is not None and (above := frame.f_back) is not None:
        if str(frame.f_globals.get("__name__")).partition(".")[0] == library:
            return True
        frame = above
    return False
