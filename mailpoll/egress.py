"""How HTTP leaves this host: through which proxy, and to which addresses; what [http] says holds for the whole process.

A list of names would be of no use against whoever sets a URL: a name may lead anywhere, and elsewhere the next moment.
So addresses are judged, each time one is connected to.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:  # settings import what this is imported by
    from mailpoll.settings import HttpSettings, SecretRef

PRIVATE = "private"
NO_PROXY = "none"

_Address = ipaddress.IPv4Address | ipaddress.IPv6Address
_Network = ipaddress.IPv4Network | ipaddress.IPv6Network

# Behind these stands an IPv4 address: NAT64 (RFC 6052, RFC 8215), IPv4-compatible ones (RFC 4291 §2.5.5.1), and
# IPv4-translated ones (RFC 7915, once RFC 2765).
_TRANSLATED = tuple(map(ipaddress.IPv6Network, ("64:ff9b::/96", "64:ff9b:1::/48", "::/96", "::ffff:0:0:0/96")))


@dataclass(frozen=True, slots=True)
class Egress:
    """What [http] says. `proxy`: a URL, NO_PROXY, or None for what the environment says; `no_proxy` are hosts and
    domains that need none; `deny` and `allow` hold networks, or PRIVATE."""

    proxy: str | None = field(default=None, repr=False)  # its URL may hold a password
    no_proxy: tuple[str, ...] = ()
    deny: tuple[str, ...] = ()
    allow: tuple[str, ...] = ()

    def permits(self, address: str) -> bool:
        """Whether an address (IPv4 or IPv6, as getaddrinfo writes them) may be connected to."""
        if not self.deny:
            return True
        forms = _forms(ipaddress.ip_address(address.partition("%")[0]))
        return not any(_within(form, self.deny) and not _within(form, self.allow) for form in forms)


UNRESTRICTED = Egress()
_in_force = UNRESTRICTED


def obey(settings: HttpSettings, secret: Callable[[SecretRef, str], str]) -> None:
    """From now on requests leave as `settings` say. Raises what `secret` raises for a proxy that is one."""
    global _in_force
    proxy = settings.proxy
    if proxy is not None and not isinstance(proxy, str):
        proxy = secret(proxy, "http.proxy")
    _in_force = Egress(proxy, settings.no_proxy, settings.deny_networks, settings.allow_networks)


def in_force() -> Egress:
    """What holds now."""
    return _in_force


def network_problem(text: str) -> str | None:
    """What is wrong with an entry of deny_networks or allow_networks, and what to write instead."""
    if text == PRIVATE:
        return None
    try:
        ipaddress.ip_network(text)
    except ValueError:
        return "is no network. Write an address, like 10.1.2.3, a network, like 10.0.0.0/8 or fd00::/8, or private"
    return None


def _within(address: _Address, networks: Iterable[str]) -> bool:
    return any(_is_private(address) if text == PRIVATE else _is_in(address, text) for text in networks)


def _is_in(address: _Address, text: str) -> bool:
    network: _Network = ipaddress.ip_network(text)
    return address.version == network.version and address in network


def _is_private(address: _Address) -> bool:
    site_local = isinstance(address, ipaddress.IPv6Address) and address.is_site_local  # RFC 3879 gave them up
    return not address.is_global or address.is_multicast or site_local


def _forms(address: _Address) -> Iterator[_Address]:
    """The address, and the others that it leads to: those of IPv4 behind one of IPv6 by way of some translation."""
    yielded = [address]
    if isinstance(address, ipaddress.IPv6Address):
        number = int(address)
        yielded += [each for each in (address.ipv4_mapped, address.sixtofour) if each is not None]
        yielded += address.teredo or ()
        if number > 1 and any(address in network for network in _TRANSLATED):  # :: and ::1 are themselves
            yielded.append(ipaddress.IPv4Address(number & 0xFFFFFFFF))
    # Who connects to the unspecified address reaches this host: Linux takes it for the loopback one.
    yielded += [ipaddress.ip_address("127.0.0.1" if each.version == 4 else "::1") for each in yielded if not int(each)]
    # What is only a way to write another address is judged as that one alone.
    mapped = isinstance(address, ipaddress.IPv6Address) and address.ipv4_mapped is not None
    return iter(yielded[1:] if mapped else yielded)
