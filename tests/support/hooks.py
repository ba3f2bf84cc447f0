"""A mail, the post it becomes, and the content behind it, for destinations that hand on the mail."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from msgspec.structs import replace

from mailpoll import compose, message, original
from mailpoll.model import Limits, Original, Post, Route, Target

ADDRESS = "bot+support.T-17@example.com"
PNG = bytes.fromhex("89504e470d0a1a0a0000000d49484452") + bytes(range(256))


class Behind:
    """The content behind a post: a mail read as the reader child reads it."""

    def __init__(self, raw: bytes, route: Route) -> None:
        self._raw, self._route = raw, route

    def raw(self) -> Iterator[bytes]:
        """In two slices."""
        yield self._raw[: len(self._raw) // 2]
        yield self._raw[len(self._raw) // 2 :]

    def part(self, number: int) -> Iterator[bytes]:
        """Attachment `number`."""
        return message.part_in_slices(self._raw, number)

    def original(self) -> Original:
        """What the mail says of itself."""
        return original.original(self._raw, self._route, max_text=1_000_000)

    def seven_bit(self) -> Iterator[bytes]:
        """The mail in ASCII."""
        return original.seven_bit(self._raw)


def posted(raw: bytes, *, tag: str = "T-17", address: str = ADDRESS, **changes: Any) -> tuple[Post, Behind]:
    """The post that a mail becomes on its way to a hook, and the content behind it."""
    route = Route("support", (Target("hook", limits=Limits()),), "To", address, "support", tag)
    [post] = compose.posts(message.parse(raw), [route])
    return replace(post, key="k-1", **changes), Behind(raw, route)


def mail(body: str | bytes, *fields: str, charset: str = "utf-8") -> bytes:
    """A mail to ADDRESS, with CRLF; `fields` stand above its body, Content-Type among them."""
    head = (
        "Return-Path: <bounces@example.net>",
        "Delivered-To: bot@example.com",
        "Received: from mx.example.net by mail.example.com; Fri, 6 Nov 2026 09:00:02 +0100",
        "Received: from [192.0.2.7] by mx.example.net; Fri, 6 Nov 2026 09:00:01 +0100",
        "Date: Fri, 6 Nov 2026 09:00:00 +0100",
        "Message-ID: <m1@example.net>",
        "MIME-Version: 1.0",
        *fields,
    )
    data = body if isinstance(body, bytes) else body.replace("\n", "\r\n").encode(charset)
    return "\r\n".join([*head, "", ""]).encode() + data
