"""What every format needs: the content behind a post, JSON, base64, which attachments go along."""

from __future__ import annotations

import base64
from collections.abc import Iterable, Iterator
from typing import NamedTuple, Protocol

from mailpoll.errors import Unreadable
from mailpoll.model import Attachment, Original, Post
from mailpoll.settings import WebhookSettings

JSON = "application/json"


class Content(Protocol):
    """The bytes behind a post, as in delivery.Content."""

    def raw(self) -> Iterator[bytes]: ...

    def part(self, number: int) -> Iterator[bytes]: ...

    def original(self) -> Original: ...

    def seven_bit(self) -> Iterator[bytes]: ...


class Body(NamedTuple):
    """What is sent: its Content-Type, its octets."""

    type: str
    data: bytearray


class File(NamedTuple):
    """An attachment: its bytes in pieces, or None and why it stays behind ("": it does not fit)."""

    attachment: Attachment
    pieces: Iterator[bytes] | None
    reason: str = ""


def files(post: Post, content: Content, settings: WebhookSettings) -> Iterator[File]:
    """Each attachment of a post, fetched when it is its turn: those go along that fit under max_attachments together.

    One that cannot be read is told like one that does not fit.
    """
    left = settings.max_attachments if settings.attachments else -1
    for attachment in post.attachments:
        if attachment.size > left:
            yield File(attachment, None)
            continue
        left -= attachment.size
        try:
            yield File(attachment, content.part(attachment.part))
        except Unreadable as problem:
            yield File(attachment, None, problem.what)


def in_base64(pieces: Iterable[bytes]) -> Iterator[bytes]:
    """The base64 of octets that come in pieces."""
    held = b""
    for piece in pieces:
        held += piece
        whole = len(held) - len(held) % 3
        yield base64.b64encode(held[:whole])
        held = held[whole:]
    yield base64.b64encode(held)
