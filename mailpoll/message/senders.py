"""The From fields of a mail → who sent it, fit to be shown, and why that may not be told (RFC 5322 §3.6.2)."""

from __future__ import annotations

import re

from mailpoll.message.addresses import addresses
from mailpoll.message.headers import Block
from mailpoll.model import NamedAddress

# Longer names would push the address out of sight.
MAX_NAME = 200

# Brackets in a name make an address of it; the rest nobody sees, or turns the direction of what follows.
_MISLEADING = re.compile(
    "[<>\x00-\x1f\x7f-\x9f\xad\u061c\u200b\u200e\u200f\u2028-\u202e\u2060-\u2069\ufeff\U000e0000-\U000e007f]"
)
# What no address has that nobody quoted (RFC 5322 §3.2.3, atext): `"jane@bank.example "@evil.example`.
_QUOTED = re.compile(r"[\s\"(),:;<>@\[\]\\]+")
_ADDRESS = re.compile(r"[^\s\"'(),:;<>@\[\]]{1,64}[@＠﹫][^\s\"'(),:;<>@\[\]]{1,253}")
_MAX_LOOKED_AT = 10


def senders(head: Block) -> tuple[tuple[NamedAddress, ...], tuple[str, ...]]:
    """(addresses of the first From field, defects). Display names are fit to be shown in front of the address."""
    people = tuple(map(shown, addresses(head.first("from"))))
    if any(map(_passes_for_another, people[:_MAX_LOOKED_AT])):
        return people, ("the sender's name looks like another address",)
    return people, ()


def sender_problem(head: Block, people: tuple[NamedAddress, ...]) -> str:
    """Why a mail's sender cannot be told, as a clause; "" when there is exactly one From field with one address."""
    fields = len(head.all("from"))
    if not fields:
        return "it has no From"
    if fields > 1:
        return "it has two From fields" if fields == 2 else f"it has {fields} From fields"
    if not people:
        return "its From names no address"
    return "its From names several senders" if len(people) > 1 else ""


def shown(person: NamedAddress) -> NamedAddress:
    """The same address with a name that cannot be taken for another one's brackets, nor hide it.

    A local-part that had to be quoted is quoted again; of what makes it no atom there stays a `_` each, or it would be
    shown as another address than it is.
    """
    name = " ".join(_MISLEADING.sub(" ", person.name).split())
    name = name if len(name) <= MAX_NAME else f"{name[: MAX_NAME - 3]}..."
    local, _, domain = person.address.rpartition("@")
    address = f'"{_QUOTED.sub("_", local)}"@{domain}' if _QUOTED.search(local) else person.address
    return person if (name, address) == (person.name, person.address) else NamedAddress(name, address)


def _passes_for_another(person: NamedAddress) -> bool:
    """Whether the name holds an address that is not the sender's."""
    named = (found[0].strip(".").lower() for found in _ADDRESS.finditer(person.name[:MAX_NAME]))
    return any("." in each and each != person.address.lower() for each in named)
