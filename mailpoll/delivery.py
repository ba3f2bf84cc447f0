"""The outbox: claims what is due, posts it, records what came of it (DESIGN.md §2 Deliver, §8)."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Literal, Protocol

from mailpoll.model import Finding, Limits, Post, Receipt


class Content(Protocol):
    """The bytes behind a post, fetched only when a destination wants them."""

    def raw(self) -> Iterator[bytes]:
        """The whole mail as it came, in slices of at most 1 MB."""

    def part(self, number: int) -> bytes:
        """Attachment `number` (Attachment.part) decoded; 0 is the whole new text as UTF-8."""


class Destination(Protocol):
    """A service that takes posts. post() raises TemporaryFailure (nothing left), Unanswered (it left, no answer came),
    PermanentFailure (about this post) or DestinationRefused (about the destination)."""

    limits: Limits
    askable: bool  # find() can tell whether a post arrived
    on_uncertain: Literal["repost", "hold"]

    def post(self, post: Post, content: Content) -> Receipt: ...

    def find(self, post: Post) -> Receipt | None: ...

    def check(self) -> tuple[Finding, ...]: ...
