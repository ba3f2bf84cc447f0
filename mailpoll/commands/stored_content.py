"""The bytes behind a post: from the store, by way of the reader."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from mailpoll.errors import PermanentFailure, TemporaryFailure, Unavailable, Unreadable
from mailpoll.model import Delivery, Original, Route
from mailpoll.reader import Reader, ReaderDied, ReaderStopped

if TYPE_CHECKING:
    from mailpoll.store import Store


class StoredContent:
    """The bytes behind a delivery, read from the store and taken apart by the reader child."""

    def __init__(self, store: Store, child: Reader, delivery: Delivery) -> None:
        self._store = store
        self._child = child
        self._message_id = delivery.message_id
        post = delivery.post
        self._route = Route(post.channel, (), options=post.options, quotes=post.quotes)

    def raw(self) -> Iterator[bytes]:
        """The whole mail. Raises PermanentFailure when its bytes were let go."""
        self._size()
        return self._store.ledger.chunks(self._message_id)

    def part(self, number: int) -> Iterator[bytes]:
        """Attachment `number`, or (0) the whole new text as UTF-8. Raises Unreadable when reading it is too much."""
        with _whose_fault(f"attachment {number}"):
            chunks = self._store.ledger.chunks(self._message_id)
            return self._child.part(chunks, self._size(), number, self._route)

    def original(self) -> Original:
        """What the mail says of itself. Raises Unreadable when reading it is too much, or all we have is its header."""
        if self._store.messages.get(self._message_id).oversize_of:
            raise Unreadable("it is too large, and only its header was taken")
        with _whose_fault("its mail"):
            chunks = self._store.ledger.chunks(self._message_id)
            return self._child.original(chunks, self._size(), self._route)

    def seven_bit(self) -> Iterator[bytes]:
        """The whole mail in ASCII alone. Raises Unreadable when that is too much."""
        with _whose_fault("its mail"):
            return self._child.seven_bit(self._store.ledger.chunks(self._message_id), self._size())

    def _size(self) -> int:
        entry = self._store.messages.get(self._message_id)
        if not entry.has_raw:
            raise PermanentFailure("the bytes of its mail were let go", about=f"message {self._message_id}")
        return entry.size


@contextmanager
def _whose_fault(what: str) -> Iterator[None]:
    """What the reader raises, as destinations are to hear it: the mail is to blame, or the moment."""
    try:
        yield
    except ReaderDied as problem:
        raise Unreadable(f"it could not be read: {problem.what}") from problem
    except (ReaderStopped, Unavailable) as problem:
        raise TemporaryFailure(f"{what} could not be read ({problem.what})") from problem
