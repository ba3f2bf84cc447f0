"""Posts and their bytes, as the tests of chat services make them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from mailpoll.errors import Unreadable
from mailpoll.model import Attachment, Post


class Files:
    """The bytes behind a post: the whole text, then a part for each attachment; None cannot be read."""

    def __init__(self, *parts: bytes | None) -> None:
        self._parts = parts
        self.asked: list[int] = []

    def part(self, number: int) -> Iterator[bytes]:
        self.asked.append(number)
        data = self._parts[number]
        if data is None:
            raise Unreadable("it took more memory than allowed")
        return (data[at : at + 3] for at in range(0, len(data), 3))


def a_post(**changes: Any) -> Post:
    """A post with a key, to a destination called chat."""
    given: dict[str, Any] = {
        "channel": "ops",
        "destination": "chat",
        "place": "",
        "topic": "",
        "body": "**Disk full**\n\nGrüße, *now*",
        "key": "k-1",
    }
    return Post(**{**given, **changes})


def files(*sizes: int, type_: str = "text/plain") -> tuple[Attachment, ...]:
    """Attachments of these sizes, called 1.txt, 2.txt and so on."""
    return tuple(Attachment(number, f"{number}.txt", type_, size) for number, size in enumerate(sizes, 1))
