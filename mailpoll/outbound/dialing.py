"""From a host name and a port to a TCP connection, IPv6 and IPv4 side by side (RFC 8305), with what it met."""

from __future__ import annotations

import errno
import ipaddress
import os
import queue
import selectors
import socket
import threading
import time
from dataclasses import dataclass
from itertools import chain, zip_longest
from typing import Any

from mailpoll.outbound.happening import Happening, Stopped
from mailpoll.strict_address import a_labels

# How long an address may be silent before the next is tried beside it. RFC 8305 §5 recommends a quarter of that: a mail
# can wait, and who hears of the fall-back should not hear it of every slow line.
HEAD_START_S = 1.0

_EVENTS = {
    errno.ECONNREFUSED: "refused",
    errno.ETIMEDOUT: "timeout",
    errno.EPERM: "forbidden",
    errno.EACCES: "forbidden",
    errno.EMFILE: "descriptors",
    errno.ENFILE: "descriptors",
}
# What getaddrinfo says; all else (EAI_AGAIN, EAI_FAIL, EAI_SYSTEM) may be another answer a minute later.
_NO_ADDRESS = {
    (True, socket.EAI_NONAME): "no-such-name",
    (True, getattr(socket, "EAI_NODATA", socket.EAI_NONAME)): "no-such-name",
    (False, errno.EMFILE): "descriptors",
    (False, errno.ENFILE): "descriptors",
}
# Of several addresses that failed, the one that tells most of what is wrong.
_TELLING = ("descriptors", "timeout", "refused", "forbidden", "unreachable")


@dataclass(frozen=True, slots=True)
class Address:
    """One address of the server: what socket wants to know of it, and how people write it."""

    family: int
    where: Any
    text: str

    @property
    def version(self) -> str:
        """`IPv6` or `IPv4`."""
        return "IPv6" if self.family == socket.AF_INET6 else "IPv4"


@dataclass(slots=True)
class _Attempt:
    address: Address
    sock: socket.socket
    begun: float


def lookup(host: str, port: int, seconds: float) -> tuple[Address, ...]:
    """The addresses of a host, in the order in which the system prefers them. Raises Stopped.

    getaddrinfo knows no limit of time: it runs in a thread of its own, which is left behind when it is too slow.
    """
    found: queue.SimpleQueue[list[Any] | OSError] = queue.SimpleQueue()

    def ask() -> None:
        try:
            found.put(socket.getaddrinfo(name, port, type=socket.SOCK_STREAM))
        except OSError as error:
            found.put(error)
        except UnicodeError:  # a label that is empty or too long
            found.put(socket.gaierror(socket.EAI_NONAME, "it is no host name"))

    name = ascii_name(host)
    threading.Thread(target=ask, daemon=True).start()
    try:
        answer = found.get(timeout=seconds)
    except queue.Empty:
        raise Stopped(Happening("lookup", "name-servers", detail=f"no answer within {seconds:g} s")) from None
    if isinstance(answer, OSError):
        raise Stopped(Happening("lookup", _NO_ADDRESS.get(_kind(answer), "name-servers"), detail=answer.strerror or ""))
    addresses = [Address(family, where, where[0]) for family, _, _, _, where in answer]
    return tuple(dict.fromkeys(addresses))


def _kind(error: OSError) -> tuple[bool, int]:
    """The number of an error of getaddrinfo (True) or of the system: they overlap."""
    return isinstance(error, socket.gaierror), error.errno or 0


def connect(addresses: tuple[Address, ...], seconds: float) -> tuple[socket.socket, Address, tuple[str, ...]]:
    """A connection to the first address that answers; each is tried beside those that are silent for HEAD_START_S, or
    for less where the time would not do for all.

    Gives the socket, its address, and a sentence for every address that was tried before it in vain. Raises Stopped.
    """
    waiting = list(_in_turns(addresses))
    failed: list[tuple[Address, OSError]] = []
    pending: list[_Attempt] = []
    until = time.monotonic() + seconds
    head_start = min(HEAD_START_S, seconds / (len(waiting) + 1))
    try:
        while waiting or pending:
            if waiting:
                _begin(waiting.pop(0), pending, failed)
            wait = min(head_start if waiting else seconds, until - time.monotonic())
            if wait <= 0:
                break
            if (won := _first(pending, failed, wait, hurry=bool(waiting))) is not None:
                pending.remove(won)
                won.sock.setblocking(True)
                return won.sock, won.address, tuple(_told(pending, failed, won.address))
        silent = [(attempt.address, TimeoutError(errno.ETIMEDOUT, "no answer")) for attempt in pending]
        raise Stopped(_failure([*failed, *silent], seconds))
    finally:
        for attempt in pending:
            attempt.sock.close()


def ascii_name(host: str) -> str:
    """A host name as name servers and certificates have it: in A-labels, without a dot at its end. Raises Stopped."""
    if host.isascii():
        return host.rstrip(".")
    try:
        return a_labels(host)
    except ValueError:
        raise Stopped(Happening("lookup", "no-such-name", detail="it is no host name")) from None


def _in_turns(addresses: tuple[Address, ...]) -> list[Address]:
    """The families by turns, beginning with the one the system prefers (RFC 8305 §4)."""
    first = [a for a in addresses if a.family == addresses[0].family]
    others = [a for a in addresses if a.family != addresses[0].family]
    return [address for address in chain.from_iterable(zip_longest(first, others)) if address is not None]


def _begin(address: Address, pending: list[_Attempt], failed: list[tuple[Address, OSError]]) -> None:
    try:
        sock = socket.socket(address.family, socket.SOCK_STREAM)
    except OSError as error:
        failed.append((address, error))
        return
    sock.setblocking(False)
    number = sock.connect_ex(address.where)
    if number in (0, errno.EINPROGRESS):
        pending.append(_Attempt(address, sock, time.monotonic()))
    else:
        sock.close()
        failed.append((address, OSError(number, os.strerror(number))))


def _first(
    pending: list[_Attempt], failed: list[tuple[Address, OSError]], seconds: float, *, hurry: bool
) -> _Attempt | None:
    """The attempt that is connected within so many seconds. Those that failed leave `pending`; in a `hurry` the first
    failure ends the wait, since another address can be tried."""
    until = time.monotonic() + seconds
    while pending:
        with selectors.DefaultSelector() as selector:
            for attempt in pending:
                selector.register(attempt.sock, selectors.EVENT_WRITE, attempt)
            ready = [key.data for key, _ in selector.select(max(until - time.monotonic(), 0))]
        if not ready:
            return None
        for attempt in ready:
            number = attempt.sock.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR)
            if number in (0, errno.ECONNRESET):  # reset once it was there: told at the greeting
                return attempt  # type: ignore[no-any-return]
            attempt.sock.close()
            pending.remove(attempt)
            failed.append((attempt.address, OSError(number, os.strerror(number))))
        if hurry:
            return None
    return None


def _told(pending: list[_Attempt], failed: list[tuple[Address, OSError]], won: Address) -> list[str]:
    for_what = {a.address: f"gave no answer within {time.monotonic() - a.begun:.1f} s" for a in pending}
    for_what |= {address: f"could not be reached ({error.strerror})" for address, error in failed}
    return [f"{a.version} {a.text} {why}; went on with {won.version}" for a, why in for_what.items()]


def _failure(failed: list[tuple[Address, OSError]], seconds: float) -> Happening:
    """What is told when no address could be reached: of each, for a person; of the most telling, for the cause."""
    events = [_EVENTS.get(error.errno or 0, "unreachable") for _, error in failed]
    event = min(events, key=_TELLING.index, default="unreachable")
    words = [f"{a.text}: {f'no answer within {seconds:g} s' if e.errno == errno.ETIMEDOUT else e.strerror}"
             for a, e in failed]  # fmt: skip
    return Happening("connect", event, detail="; ".join(dict.fromkeys(words)))


def is_literal(host: str) -> bool:
    """Whether a host is written as an address, so that there is nothing to look up."""
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return False
    return True
