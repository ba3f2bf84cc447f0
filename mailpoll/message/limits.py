"""Header fields → what was wrong with their number or length: which limits were hit, so that none is hit in silence."""

from __future__ import annotations

from mailpoll.message.addresses import MAX_ADDRESSES, addresses
from mailpoll.message.headers import MAX_ENCODED_WORDS, Block, unstructured

_ADDRESS_FIELDS = frozenset(
    {"from", "sender", "reply-to", "to", "cc", "bcc", "resent-from", "resent-to", "resent-cc", "delivered-to"}
)


def field_defects(head: Block) -> tuple[str, ...]:
    """What addresses() and unstructured() leave out of the fields of a mail's header, each once.

    Looked at again are only fields that may be over a limit: every address has an "@", every encoded word a "=?".
    """
    defects: list[str] = []
    for name, value in head.fields:
        if value.count("@") > MAX_ADDRESSES and name.lower() in _ADDRESS_FIELDS:
            addresses(value, defects)
        elif value.count("=?") > MAX_ENCODED_WORDS and name.lower() == "subject":
            unstructured(value, defects)
    return tuple(dict.fromkeys(defects))
