"""One mail → what becomes of it: the reader child for its bytes, the store for its tokens, the rules for the rest."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import datetime
from typing import Protocol

from msgspec import Struct, field
from msgspec.structs import replace

from mailpoll import router
from mailpoll.model import Job, KnownAddress, Limits, Policy, Quotes, Reading, Recipient


class Channels(Protocol):
    """Where the store keeps what a token names."""

    def lookup(self, tokens: frozenset[str]) -> Mapping[str, KnownAddress]: ...

    def as_address(self, name: str) -> KnownAddress | None: ...


class Reader(Protocol):
    """The reader child. Its errors are the two classes given to Intake: the mail's fault, or our own stopping."""

    def recipients(self, headers: bytes, patterns: Sequence[str], order: Sequence[str]) -> tuple[Recipient, ...]: ...

    def posts(self, job: Job) -> Reading: ...

    def warm_up(self) -> None: ...

    def ready(self) -> None: ...

    def begin(self, jobs: Sequence[Job]) -> None: ...

    def finish(self) -> Sequence[Reading | BaseException]: ...


class Rules(Struct, frozen=True):
    """The settings that routing obeys. `channels` maps an account of `scope = "all"` to the channel of mail without a
    token; `unrouted` is "hold", "ignore" or a channel; `limits` tells what a destination takes; `separators` and
    `quotes` are those of [addresses] and [reader], `policy` gives that for an account; a channel's own win."""

    patterns: tuple[str, ...]
    headers: tuple[str, ...]
    limits: Callable[[str], Limits]
    unrouted: str = "hold"
    channels: Mapping[str, str] = field(default_factory=dict)
    separators: str = router.SEPARATORS
    quotes: Quotes = "mailpoll"
    policy: Callable[[str], Policy] = lambda _: Policy()


class Mail(Struct, frozen=True):
    """A mail to interpret. `chunks` gives its bytes anew at each call; the rest is as in model.Unread; `reference`
    names it in notes to people; `recipients` are ours among those it names, None when nobody looked yet."""

    chunks: Callable[[], Iterator[bytes]]
    size: int
    oversize_of: int = 0
    account: str = ""
    sent_to: str = ""
    reference: str = ""
    recipients: tuple[Recipient, ...] | None = None


class Interpretation(Struct, frozen=True):
    """What a mail becomes, and how that was found: its recipients of ours and what the store knew of their tokens."""

    reading: Reading
    recipients: tuple[Recipient, ...]
    known: Mapping[str, KnownAddress]


class Interpreter:
    """Interprets mails; writes nothing. Lets the reader's errors through."""

    def __init__(self, channels: Channels, reader: Reader, rules: Rules, now: Callable[[], datetime]) -> None:
        self._channels = channels
        self._reader = reader
        self._rules = rules
        self._now = now
        self._begun: Sequence[router.Routing] = ()

    def interpret(self, mail: Mail, *, safe: bool = False) -> Interpretation:
        """Finds the recipients, their routes, and the posts; `safe` reads only headers and first text part."""
        found = self._recipients(mail)
        known = self._channels.lookup(router.tokens(found, self._rules.separators))
        routing = self._routing(mail, found, known)
        reading = self._judged(self._reader.posts(self._job(mail, routing, safe=safe)), routing)
        return Interpretation(reading, found, known)

    def expect(self) -> None:
        """There will be mails."""
        self._reader.warm_up()

    def ready(self) -> None:
        """A mail is read next, by a reader that is there. Raises what the reader raises that does not start."""
        self._reader.ready()

    def begin(self, mails: Sequence[Mail]) -> None:
        """Interprets mails whose recipients are known, asking for the tokens of all of them at once, while the caller
        does something else; finish() has what came of them. Raises what the store raises."""
        found = [mail.recipients or () for mail in mails]
        tokens = frozenset().union(*(router.tokens(each, self._rules.separators) for each in found))
        known = self._channels.lookup(tokens)
        self._begun = [self._routing(mail, each, known) for mail, each in zip(mails, found, strict=True)]
        self._reader.begin([self._job(mail, routing) for mail, routing in zip(mails, self._begun, strict=True)])

    def finish(self) -> Sequence[Reading | BaseException]:
        """What the mails that were begun become, in their order, or the error of the reader."""
        begun, self._begun = self._begun, ()
        return [
            self._judged(result, routing) if isinstance(result, Reading) else result
            for result, routing in zip(self._reader.finish(), begun, strict=True)
        ]

    def _job(self, mail: Mail, routing: router.Routing, *, safe: bool = False) -> Job:
        patterns = tuple(self._rules.patterns)
        return Job(mail.chunks, mail.size, routing.routes, safe, mail.oversize_of, mail.reference, patterns)

    def _judged(self, reading: Reading, routing: router.Routing) -> Reading:
        if reading.outcome != "posted" or routing.routes:
            return reading
        ignored = routing.outcome == "ignored" or self._rules.unrouted == "ignore"
        return replace(reading, outcome="ignored" if ignored else "unrouted", reason=routing.reason)

    def _recipients(self, mail: Mail) -> tuple[Recipient, ...]:
        if mail.recipients is not None:
            return mail.recipients
        if not mail.sent_to:
            headers = header_block(mail.chunks())
            return self._reader.recipients(headers, self._rules.patterns, self._rules.headers)
        patterns = [router.pattern(text) for text in self._rules.patterns]
        detail = next((d for p in patterns if (d := p.detail(mail.sent_to)) is not None), None)
        return () if detail is None else (Recipient("--to", mail.sent_to, detail),)

    def _routing(
        self, mail: Mail, found: Sequence[Recipient], known: Mapping[str, KnownAddress]
    ) -> router.Routing:  # fmt: skip
        ours = self._rules
        rules = router.Rules(self._now(), ours.limits, ours.separators, ours.quotes, ours.policy(mail.account))
        if mail.sent_to and "@" not in mail.sent_to:
            channel = self._channels.as_address(mail.sent_to)
            missing = router.Routing((), "unrouted", f"there is no channel {mail.sent_to}")
            return router.forced(channel, rules) if channel else missing
        routing = router.routes(found, known, rules)
        if routing.outcome != "unrouted":
            return routing
        whole = self._rules.channels.get(mail.account)
        fallback = whole or self._rules.unrouted
        channel = None if fallback in ("hold", "ignore") else self._channels.as_address(fallback)
        if channel is None:
            return routing
        if not whole and not channel.channel_enabled:  # nobody meant such mail to be thrown away
            reason = f"{routing.reason}, and channel {channel.channel}, which takes such mail, is disabled"
            return replace(routing, reason=reason)
        return router.forced(channel, rules)


def header_block(chunks: Iterator[bytes]) -> bytes:
    """The first slice up to the empty line (RFC 5322 §2.1); header fields beyond 1 MB are no mail's."""
    first = next(chunks, b"")
    ends = [end for end in (first.find(b"\n\n"), first.find(b"\r\n\r\n")) if end >= 0]
    return first[: min(ends, default=len(first)) + 2]
