"""The bytes of a mail → a Message; never raises, notes defects, linear in its input.

What reads whole mails is imported with the first one: the parent of the reader looks at headers alone.
"""

from __future__ import annotations

from collections.abc import Iterator

from mailpoll.message.addresses import addresses
from mailpoll.message.headers import header_fields
from mailpoll.model import Message

__all__ = ["addresses", "header_fields", "parse", "part", "part_in_slices"]


def parse(raw: bytes, *, safe: bool = False, max_text: int = 1_000_000) -> Message:
    """The Message in the bytes of a mail (RFC 5322, RFC 2045–2049), however broken; what was wrong is in `defects`.

    Message-IDs come without their angle brackets. `max_text` bounds text and HTML in characters. With `safe` only the
    header and the first text part are read, by the simplest code there is, for mail that other code did not survive.
    """
    from mailpoll.message import whole

    return whole.parse(raw, safe=safe, max_text=max_text)


def part(raw: bytes, number: int) -> bytes:
    """The decoded bytes of attachment `number` (Attachment.part) of a mail; b"" when it has no such part.

    An attached mail (message/rfc822) comes as it is.
    """
    return b"".join(part_in_slices(raw, number))


def part_in_slices(raw: bytes, number: int) -> Iterator[bytes]:
    """As part(), in pieces of about 1 MB at most, so that a large attachment is never held beside its mail."""
    from mailpoll.message import whole

    return whole.part_in_slices(raw, number)
