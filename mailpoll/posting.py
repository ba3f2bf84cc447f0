"""Posts on their way, each in a thread of its own: a destination that hangs holds up no other (DESIGN.md §1)."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from datetime import datetime
from queue import Empty, SimpleQueue
from typing import Any, Literal, Protocol, TypeVar, runtime_checkable

from msgspec import Struct, field

from mailpoll.model import Delivery, Finding, Limits, Original, Post, Receipt

# Files of all posts that are on their way together; one alone may have more.
MOST_OCTETS = 20_000_000

T = TypeVar("T")


class Content(Protocol):
    """The bytes behind a post, fetched only when a destination wants them."""

    def raw(self) -> Iterator[bytes]:
        """The whole mail as it came, in slices of at most 1 MB."""

    def part(self, number: int) -> Iterator[bytes]:
        """Attachment `number` (Attachment.part) decoded, in pieces of about 1 MB; 0 is the whole new text as UTF-8.
        Raises Unreadable, at once and not between two pieces, when the mail is to blame that it cannot be had."""

    def original(self) -> Original:
        """What the mail says of itself beside its posts. Raises Unreadable as part() does."""

    def seven_bit(self) -> Iterator[bytes]:
        """The whole mail in ASCII alone, in pieces of about 1 MB. Raises Unreadable as part() does."""


class Destination(Protocol):
    """A service that takes posts. post() raises TemporaryFailure (nothing left), Unanswered (it left, no answer came),
    PermanentFailure (about this post, or its place where the destination has several) or DestinationRefused (about the
    destination). It is called in a thread, one call at a time; what `content` and `taken` tell, the main thread looks
    up.

    A wrong place, such as a channel that is archived, is not the destination's fault: pausing would hold up all others.
    Only what is one place, such as the URL of a web hook, is refused when that is gone.
    """

    limits: Limits
    askable: bool  # find() can tell whether a post arrived
    on_uncertain: Literal["repost", "hold"]

    def post(self, post: Post, content: Content) -> Receipt: ...

    def find(self, post: Post, since: datetime, taken: Callable[[str], bool]) -> Receipt | None:
        """The receipt of a post whose answer was lost, if it arrived after all. It left after `since`; `taken` tells of
        a receipt's id whether it belongs to a post that is known to have arrived: two posts may say the same."""

    def check(self) -> tuple[Finding, ...]: ...


@runtime_checkable
class KnowsPlaces(Protocol):
    """A destination that can also tell of a place whether it can post there; no kind has to."""

    def check_place(self, place: str) -> Finding | None:
        """What is wrong with a place (fail: nothing can be posted there), or good about it; None when that is not
        known. Nothing is posted. Raises as Destination.post: TemporaryFailure when nobody could be asked."""


@runtime_checkable
class Stoppable(Protocol):
    """A destination whose post would go on without this process, and must not."""

    def stop(self) -> None:
        """Ends what is under way, and lets nothing begin any more. Called by the main thread."""


class _Result(Struct, frozen=True):
    """What something came to."""

    value: Any = None
    error: BaseException | None = None

    @classmethod
    def of(cls, work: Callable[[], Any]) -> _Result:
        """What `work` comes to, now and here."""
        try:
            return cls(work())
        except BaseException as error:  # raised again in the thread that wants to know
            return cls(error=error)

    def get(self) -> Any:
        if self.error is not None:
            raise self.error
        return self.value


class _Question(Struct, frozen=True):
    """What a thread wants the main thread to look up, which is alone with the store and the reader."""

    look_up: Callable[[], Any]
    answers: SimpleQueue[_Result] = field(default_factory=SimpleQueue)

    def answer(self) -> None:
        result = _Result.of(self.look_up)
        self.answers.put(result)
        if not isinstance(result.error, Exception):
            result.get()  # Ctrl-C is not the post's


class Landed(Struct, frozen=True):
    """A post of which it is known what came of it: receipt() returns or raises that."""

    delivery: Delivery
    destination: Destination
    result: _Result

    def receipt(self) -> Receipt:
        """What the destination gave; raises what it raised, and what looking up its content raised."""
        receipt: Receipt = self.result.get()
        return receipt


class Posting:
    """The posts that are on their way, one to a destination at most. Used by the main thread."""

    def __init__(self, taken: Callable[[str, str], bool]) -> None:
        self._taken = taken
        self._said: SimpleQueue[_Question | Landed] = SimpleQueue()
        self._away: dict[str, Destination] = {}
        self._octets: dict[str, int] = {}

    def has_room(self, delivery: Delivery) -> bool:
        """Whether this one may be on its way beside the others: a post has its files in memory, once or twice."""
        return not self._away or sum(self._octets.values()) + _octets(delivery) <= MOST_OCTETS

    @property
    def busy(self) -> frozenset[str]:
        """The destinations with a post on its way to them."""
        return frozenset(self._away)

    def begin(self, delivery: Delivery, destination: Destination, content: Content) -> None:
        """Sends a claimed delivery on its way."""

        def work() -> None:
            self._said.put(Landed(delivery, destination, _Result.of(carry)))

        def carry() -> Receipt:
            return self._found(delivery, destination) or destination.post(delivery.post, _Asked(content, self._ask))

        self._away[delivery.post.destination] = destination
        self._octets[delivery.post.destination] = _octets(delivery)
        threading.Thread(target=work, daemon=True, name=f"post {delivery.id}").start()

    def hear(self, patience_s: float) -> Landed | None:
        """The next post that landed, None when none did in time; what the others need meanwhile is looked up."""
        ends = time.monotonic() + patience_s
        while True:
            try:
                said = self._said.get(timeout=max(ends - time.monotonic(), 0.0))
            except Empty:
                return None
            if isinstance(said, Landed):
                del self._away[said.delivery.post.destination], self._octets[said.delivery.post.destination]
                return said
            said.answer()

    def abandon(self) -> None:
        """Ends what would outlive this process; what the rest leads to, nobody hears: the next run asks."""
        for destination in self._away.values():
            if isinstance(destination, Stoppable):
                destination.stop()

    def _found(self, delivery: Delivery, destination: Destination) -> Receipt | None:
        """The receipt of a post that arrived although its answer was lost, where the destination can be asked. What was
        ever uncertain is asked about, even if it was delayed since: it may have been the question that failed."""
        if destination.askable and (delivery.state == "uncertain" or delivery.uncertain_at is not None):
            name = delivery.post.destination
            return destination.find(
                delivery.post, delivery.created_at, lambda id_: self._ask(lambda: self._taken(name, id_))
            )
        return None

    def _ask(self, look_up: Callable[[], T]) -> T:
        """What the main thread finds; called by the other threads."""
        question = _Question(look_up)
        self._said.put(question)
        found: T = question.answers.get().get()
        return found


def _octets(delivery: Delivery) -> int:
    return sum(file.size for file in delivery.post.attachments)


class _Asked:
    """A content of which the main thread looks up every piece."""

    def __init__(self, content: Content, ask: Callable[[Callable[[], Any]], Any]) -> None:
        self._content = content
        self._ask = ask

    def raw(self) -> Iterator[bytes]:
        return self._pieces(self._content.raw)

    def part(self, number: int) -> Iterator[bytes]:
        return self._pieces(lambda: self._content.part(number))

    def original(self) -> Original:
        original: Original = self._ask(lambda: self._content.original())
        return original

    def seven_bit(self) -> Iterator[bytes]:
        return self._pieces(lambda: self._content.seven_bit())

    def _pieces(self, begin: Callable[[], Iterator[bytes]]) -> Iterator[bytes]:
        pieces = self._ask(begin)
        return iter(lambda: self._ask(lambda: next(pieces, None)), None)
