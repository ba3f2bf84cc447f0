"""What a run did, for people and programs."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field

import click
from msgspec.structs import replace

from mailpoll.commands import troubles
from mailpoll.commands.facts import shown_destination
from mailpoll.commands.outlook import ON_THEIR_WAY
from mailpoll.commands.output import one_line
from mailpoll.crew import AccountResult
from mailpoll.delivery import Attempt
from mailpoll.errors import DestinationRefused, PermanentFailure, worst
from mailpoll.model import Delivery, Facts, Pause, Post, Reading, Trouble

NOWHERE: Mapping[str, str] = {}


@dataclass
class Journal:
    """What a run did, gathered as it happens and told to people or programs at its end.

    No bodies are kept: a run may read thousands of mails. `posts_of`, where somebody wants to know so much, gives the
    deliveries of a message, in place of duplicates those that were there before. `patterns` are those of our addresses.
    `told` says that it was told, or is for the caller to tell; `unsaid` that there is something left that a run of cron
    has to tell, `owing` that somebody is still to be alerted of something; `alerts` are those that were sent or could
    not be.
    """

    talkative: bool = False
    patterns: tuple[str, ...] = ()
    posts_of: Callable[[int], Sequence[Delivery]] | None = None
    accounts: tuple[AccountResult, ...] = ()
    readings: list[tuple[int, Reading]] = field(default_factory=list)
    before: dict[int, Mapping[str, str]] = field(default_factory=dict)
    attempts: list[Attempt] = field(default_factory=list)
    pauses: list[Pause] = field(default_factory=list)
    unrouted: int = 0
    sentences: dict[str, str] = field(default_factory=dict)
    open: tuple[Trouble, ...] = ()
    ended: tuple[str, ...] = ()
    settled: bool = False
    told: bool = False
    unsaid: bool = False
    alerts: list[dict[str, object]] = field(default_factory=list)
    owing: bool = False

    def read(self, message_id: int, reading: Reading) -> None:
        """A message was read."""
        self.readings.append((message_id, _without_text(reading)))
        if reading.posts and self.posts_of is not None:
            self.before[message_id] = _before(message_id, self.posts_of(message_id))
        if self.talkative:
            click.echo(_reading_line(message_id, reading, self.before.get(message_id, NOWHERE)))

    def attempted(self, attempt: Attempt) -> None:
        """A delivery was attempted."""
        attempt = troubles.traced(attempt)
        self.attempts.append(_without_body(attempt))
        if self.talkative:
            click.echo(_attempt_line(attempt))

    def paused(self, pause: Pause) -> None:
        """A destination was paused."""
        self.pauses.append(pause)

    def add(self, other: Journal) -> None:
        """What was done besides: what `other` holds of mails and posts."""
        self.readings += other.readings
        self.attempts += other.attempts
        self.pauses += other.pauses

    @property
    def exit_status(self) -> int:
        """The one that most needs a person of everything that went wrong."""
        statuses = [account.exit_status for account in self.accounts]
        statuses += [attempt.error.exit_status for attempt in self.attempts if attempt.error]
        statuses += [PermanentFailure.exit_status for _, reading in self.readings if reading.outcome == "quarantined"]
        statuses += [DestinationRefused.exit_status for _ in self.pauses]
        statuses += [trouble.status for trouble in self.open]
        return worst([status for status in statuses if status])

    @property
    def at_rest(self) -> bool:
        """Whether the next run, if nothing new comes, has nothing to do and nothing to say. False before the run is
        settled."""
        calm = all(result.error is None and result.finished and not result.notes for result in self.accounts)
        owed = self.unsaid or self.owing or any(trouble.status for trouble in self.open)  # limits let go by themselves
        return self.settled and calm and not owed and not self.exit_status

    @contextmanager
    def telling_events(self) -> Iterator[None]:
        """Tells what happened and does not last also when something stops the run: no other run would tell it."""
        try:
            yield
        except BaseException:
            if not self.told:
                tell(self.events())
            raise

    def tell_accounts(self) -> None:
        """A line per account, at a terminal."""
        for result in self.accounts:
            if result.error is None:
                click.echo(f"account.{result.account}: {result.accepted} new{self._others(result)}")
            for note in result.notes:
                click.echo(f"account.{result.account}: {note}")

    def _others(self, result: AccountResult) -> str:
        """How many mails were not ours, and what makes one ours where none is: there may be a typo in that."""
        if not result.skipped:
            return ""
        wanted = " or ".join(pattern.replace("%s", "…") for pattern in self.patterns)
        return f", {result.skipped} not ours" + (f" (not to {wanted})" if wanted and not result.accepted else "")

    def account_errors(self) -> dict[str, str]:
        """What stopped accounts, a sentence each; made once, since that of a bug keeps its traceback."""
        for result in self.accounts:
            if result.error and result.account not in self.sentences:
                self.sentences[result.account] = troubles.of_account(result.account, result.error)
        return self.sentences

    def closings(self) -> dict[str, str]:
        """Why destinations were paused in this run, a sentence each."""
        closing = {a.delivery.post.destination: a.error for a in self.attempts if a.closes}
        return {p.destination: troubles.of_pause(p, closing.get(p.destination)) for p in self.pauses}

    def events(self) -> list[str]:
        """What happened to single mails and posts, and needs a person: it does not last, and is told once."""
        lines = [troubles.of_message(*read) for read in self.readings if read[1].outcome == "quarantined"]
        lines += troubles.of_posts([a for a in self.attempts if not a.closes and not troubles.lasts(a)])
        return lines + ([troubles.of_unrouted(self.unrouted)] if self.unrouted else [])

    def tell_troubles(self) -> None:
        """All that needs a person, on standard error; each trouble once however many posts it met."""
        lasting = troubles.of_posts([attempt for attempt in self.attempts if troubles.lasts(attempt)])
        tell([*self.account_errors().values(), *self.closings().values(), *lasting, *self.events()])

    def as_json(self) -> dict[str, object]:
        """The same facts for programs."""
        return {
            "status": self.exit_status,
            "troubles": [
                {"about": t.about, "status": t.status, "since": t.began_at, "sentence": t.sentence} for t in self.open
            ],
            "ended": self.ended,
            "alerts": self.alerts,
            "accounts": [
                {
                    "account": result.account,
                    "new": result.accepted,
                    "not_ours": result.skipped,
                    "notes": result.notes,
                    "error": self.account_errors().get(result.account),
                }
                for result in self.accounts
            ],
            "messages": [
                {
                    "message": message_id,
                    "outcome": reading.outcome,
                    "reason": reading.reason,
                    "sender": reading.facts.sender,
                    "subject": reading.facts.subject,
                    "posts": [
                        {
                            "channel": post.channel,
                            "destination": shown_destination(post.destination),
                            "posted_before": post.channel in self.before.get(message_id, NOWHERE),
                            "held": bool(post.held),
                        }
                        for post in reading.posts
                    ],
                }
                for message_id, reading in self.readings
            ],
            "posts": [
                {
                    "post": attempt.delivery.id,
                    "channel": attempt.delivery.post.channel,
                    "destination": shown_destination(attempt.delivery.post.destination),
                    "state": attempt.state,
                    "paused": attempt.closes,
                    "error": None if attempt.error is None else str(attempt.error),
                }
                for attempt in self.attempts
            ],
        }


def tell(lines: Iterable[str]) -> None:
    """Lines for people, on standard error: cron mails them."""
    for line in lines:
        click.echo(f"mailpoll: {line}", err=True)


def _without_text(reading: Reading) -> Reading:
    facts = Facts(sender=reading.facts.sender, subject=reading.facts.subject)
    return replace(reading, facts=facts, posts=tuple(map(_without_content, reading.posts)))


def _without_body(attempt: Attempt) -> Attempt:
    if attempt.error is not None:  # its frames hold all that was on its way
        attempt.error.__traceback__ = attempt.error.__cause__ = attempt.error.__context__ = None
    return replace(attempt, delivery=replace(attempt.delivery, post=_without_content(attempt.delivery.post)))


def _without_content(post: Post) -> Post:
    return Post(post.channel, post.destination, post.place, "", "", held=post.held)


def _before(message_id: int, deliveries: Sequence[Delivery]) -> dict[str, str]:
    """The channels that get nothing new of a message, with what came of its posts there: `posted before`."""
    new = {delivery.post.channel for delivery in deliveries if delivery.message_id == message_id}
    told: dict[str, str] = {}
    for delivery in deliveries:
        channel, state = delivery.post.channel, delivery.state
        if channel not in new and (channel not in told or state != "delivered"):
            waits = "waits" if state in ON_THEIR_WAY else f"is {state}"
            told[channel] = "posted before" if state == "delivered" else f"came before; post {delivery.id} {waits}"
    return told


def _reading_line(message_id: int, reading: Reading, before: Mapping[str, str]) -> str:
    facts = reading.facts
    what = f"message {message_id}: {one_line(facts.subject) or '(no subject)'} from {one_line(facts.sender)}"
    if reading.outcome == "posted":
        names = dict.fromkeys(post.channel for post in reading.posts if not post.held)
        told = f" ({reading.reason})" if reading.reason else ""
        return f"{what} → {', '.join(f'{n} ({before[n]})' if n in before else n for n in names) or 'nowhere'}{told}"
    todo = f"; once it is added: mailpoll messages retry {message_id}" if reading.outcome == "unrouted" else ""
    return f"{what}: {reading.outcome} ({reading.reason}{todo})"


def _attempt_line(attempt: Attempt) -> str:
    post, trouble = attempt.delivery.post, f": {attempt.error.what}" if attempt.error else ""
    shown = shown_destination(post.destination)
    state = "paused" if attempt.closes else attempt.state
    return f"post {attempt.delivery.id}: {post.channel} → {shown} {state}{trouble}"
