"""From accepted to read: each mail to the reader child, its tokens to the store, its posts into the outbox."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Protocol

from mailpoll import router
from mailpoll.errors import MailpollError
from mailpoll.model import Facts, KnownAddress, Limits, Reading, Recipient, Route, Unread

BATCH = 100

# Readings begun before a mail is set aside: in its batch, alone, alone in safe mode (DESIGN.md §2 Read).
MAX_ATTEMPTS = 3


class Ledger(Protocol):
    """What reading needs of the store."""

    def unread(self, limit: int) -> tuple[Unread, ...]: ...

    def begin_reading(self, ids: Sequence[int]) -> None: ...

    def give_back(self, ids: Sequence[int]) -> None: ...

    def chunks(self, message_id: int) -> Iterator[bytes]: ...

    def record(self, readings: Sequence[tuple[int, Reading]], now: datetime) -> None: ...


class Channels(Protocol):
    """Where the store keeps what a token names."""

    def lookup(self, tokens: frozenset[str]) -> Mapping[str, KnownAddress]: ...

    def as_address(self, name: str) -> KnownAddress | None: ...


class Reader(Protocol):
    """The reader child. Its errors are the two classes given to Intake: the mail's fault, or our own stopping."""

    def recipients(self, headers: bytes, patterns: Sequence[str], order: Sequence[str]) -> tuple[Recipient, ...]: ...

    def posts(
        self,
        raw: Iterable[bytes],
        size: int,
        routes: Sequence[Route],
        *,
        safe: bool = False,
        oversize_of: int = 0,
        reference: str = "",
    ) -> Reading: ...


@dataclass(frozen=True, slots=True)
class Rules:
    """The settings that routing obeys. `channels` maps an account of `scope = "all"` to the channel of mail without a
    token; `unrouted` is "hold", "ignore" or a channel; `limits` tells what a destination takes."""

    patterns: tuple[str, ...]
    headers: tuple[str, ...]
    limits: Callable[[str], Limits]
    unrouted: str = "hold"
    channels: Mapping[str, str] = field(default_factory=dict)


class Intake:
    """Reads what is accepted. `read` tells each outcome: (message id, Reading)."""

    def __init__(
        self,
        ledger: Ledger,
        channels: Channels,
        reader: Reader,
        rules: Rules,
        *,
        died: type[MailpollError],
        stopped: type[MailpollError],
        now: Callable[[], datetime],
        told: Callable[[int, Reading], None],
    ) -> None:
        self._ledger = ledger
        self._channels = channels
        self._reader = reader
        self._rules = rules
        self._died = died
        self._stopped = stopped
        self._now = now
        self._told = told

    def read(self, enough: Callable[[], bool]) -> None:
        """Reads all accepted messages, oldest first, until `enough` says that the run is at its end."""
        while not enough() and (unread := self._ledger.unread(BATCH)):
            fresh = [message for message in unread if message.attempts == 0]
            if not (self._read_batch(fresh, enough) if fresh else True):
                return
            for message in unread:
                if message.attempts and not self._read_alone(message):
                    return

    def _read_batch(self, batch: Sequence[Unread], enough: Callable[[], bool]) -> bool:
        """Reads mails one after another and records them together; False when we stopped it ourselves.

        One that kills the reader keeps its attempt and is read alone later; those not reached get theirs back.
        """
        ids = [message.id for message in batch]
        self._ledger.begin_reading(ids)
        readings: list[tuple[int, Reading]] = []
        for index, message in enumerate(batch):
            try:
                if enough():
                    raise self._stopped("the run was at its end")
                readings.append((message.id, self._reading(message, safe=False)))
            except self._died:
                continue
            except self._stopped:
                self._record(readings)
                self._ledger.give_back(ids[index:])
                return False
        self._record(readings)
        return True

    def _read_alone(self, message: Unread) -> bool:
        """The second and third attempt; after them the mail is quarantined."""
        reason = "the run ended each time this mail was read"
        for attempt in range(message.attempts, MAX_ATTEMPTS):
            self._ledger.begin_reading([message.id])
            try:
                reading = self._reading(message, safe=attempt + 1 == MAX_ATTEMPTS)
            except self._died as problem:
                reason = str(problem)
                continue
            except self._stopped:
                self._ledger.give_back([message.id])
                return False
            self._record([(message.id, reading)])
            return True
        self._record([(message.id, Reading("quarantined", reason, Facts()))])
        return True

    def _record(self, readings: Sequence[tuple[int, Reading]]) -> None:
        if readings:
            self._ledger.record(readings, self._now())
        for message_id, reading in readings:
            self._told(message_id, reading)

    def _reading(self, message: Unread, *, safe: bool) -> Reading:
        routing = self._routing(message)
        reading = self._reader.posts(
            self._ledger.chunks(message.id),
            message.size,
            routing.routes,
            safe=safe,
            oversize_of=message.oversize_of,
            reference=f"message {message.id}",
        )
        if reading.outcome != "posted" or routing.routes:
            return reading
        if routing.outcome == "ignored" or self._rules.unrouted == "ignore":
            return replace(reading, outcome="ignored", reason=routing.reason)
        return replace(reading, outcome="unrouted", reason=routing.reason)

    def _routing(self, message: Unread) -> router.Routing:
        rules = router.Rules(self._now(), self._rules.limits)
        if message.sent_to:
            return self._sent_to(message.sent_to, rules)
        headers = _header_block(self._ledger.chunks(message.id))
        found = self._reader.recipients(headers, self._rules.patterns, self._rules.headers)
        routing = router.routes(found, self._channels.lookup(router.tokens(found)), rules)
        if routing.outcome != "unrouted":
            return routing
        fallback = self._rules.channels.get(message.account) or self._rules.unrouted
        known = None if fallback in ("hold", "ignore") else self._channels.as_address(fallback)
        return routing if known is None else router.forced(known, rules)

    def _sent_to(self, where: str, rules: router.Rules) -> router.Routing:
        """The routing of `receive --to`: a channel by name, or an address as if the mail had named it."""
        if "@" not in where:
            known = self._channels.as_address(where)
            return router.forced(known, rules) if known else router.Routing((), "unrouted", f"no channel {where}")
        patterns = [router.pattern(text) for text in self._rules.patterns]
        detail = next((d for p in patterns if (d := p.detail(where)) is not None), None)
        if detail is None:
            return router.Routing((), "unrouted", f"{where} is none of our addresses")
        found = [Recipient("--to", where, detail)]
        return router.routes(found, self._channels.lookup(router.tokens(found)), rules)


def _header_block(chunks: Iterator[bytes]) -> bytes:
    """The first slice up to the empty line (RFC 5322 §2.1); header fields beyond 1 MB are no mail's."""
    first = next(chunks, b"")
    ends = [end for end in (first.find(b"\n\n"), first.find(b"\r\n\r\n")) if end >= 0]
    return first[: min(ends, default=len(first)) + 2]
