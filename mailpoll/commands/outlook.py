"""Why posts are not there yet, until when they wait, and what a person can type."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import TYPE_CHECKING

from msgspec import Struct

from mailpoll.commands import troubles
from mailpoll.commands.facts import shown_destination
from mailpoll.doctor import book
from mailpoll.errors import closed
from mailpoll.model import Delivery, Pause, Rest
from mailpoll.rate import Rates

if TYPE_CHECKING:
    from mailpoll.store import Store

ON_THEIR_WAY = frozenset({"pending", "sending", "delayed", "uncertain"})
# What tries at once all that waits for a moment.
TRY_NOW = "mailpoll fetch --now"


class Outlook(Struct, frozen=True):
    """What keeps posts waiting at a moment. `met` is what the last post that was tried in vain met, by destination;
    `limits` are sentences on what leaves no more of a (channel, destination) for now."""

    moment: datetime
    pauses: Mapping[str, Pause] = {}
    rests: Mapping[str, Rest] = {}
    met: Mapping[str, str] = {}
    limits: Mapping[tuple[str, str], str] = {}

    def is_paused(self, delivery: Delivery) -> bool:
        """Whether a post waits for a person to open its destination."""
        return delivery.state in ON_THEIR_WAY and delivery.post.destination in self.pauses

    def word(self, delivery: Delivery) -> str:
        """The state of a post for people: `paused` where its destination is."""
        return "paused" if self.is_paused(delivery) else delivery.state

    def until(self, delivery: Delivery) -> datetime | None:
        """The moment before which no run tries a post; None: the next one does, or none by itself."""
        if self.is_paused(delivery) or delivery.due_at is None:
            return None
        rest = self.rests.get(delivery.post.destination)
        at = delivery.due_at if rest is None else max(delivery.due_at, rest.until)
        return at if at > self.moment else None

    def why(self, delivery: Delivery) -> str:
        """Why a post is not there, and what comes next; empty for one that is."""
        if delivery.state not in ON_THEIR_WAY:
            return delivery.error if delivery.state != "delivered" else ""
        pause = self.pauses.get(delivery.post.destination)
        if pause is not None:
            return paused(pause)
        if delivery.due_at is None and delivery.state == "uncertain":
            retry, drop = f"mailpoll posts retry {delivery.id}", f"mailpoll posts drop {delivery.id}"
            return f"{closed(delivery.error)} It may have arrived. If not: {retry}; if so: {drop}"
        limit = self.limits.get((delivery.post.channel, delivery.post.destination))
        if limit and not delivery.error:
            return f"{closed(limit)} It leaves when the limit lets it"
        met = self.met.get(delivery.post.destination)
        why = delivery.error or (f"an older post was not taken: {met}" if met else "it was not its turn yet")
        return f"{closed(why)} {self._next(delivery)}"

    def _next(self, delivery: Delivery) -> str:
        until = self.until(delivery)
        if until is None:
            return f"The next run tries it, or now: {TRY_NOW}"
        at = until.astimezone()
        same_day = at.date() == self.moment.astimezone().date()
        return f"It is tried after {at:{'%H:%M:%S' if same_day else '%Y-%m-%d %H:%M'}}, or now by: {TRY_NOW}"


def of(store: Store, rates: Rates, moment: datetime) -> Outlook:
    """What keeps the posts of a store waiting."""
    return Outlook(
        moment,
        {pause.destination: pause for pause in store.outbox.pauses()},
        {rest.destination: rest for rest in store.outbox.rests()},
        {each.destination: each.error for each in store.troubles.waiting() if each.error},
        {
            (each.channel, each.destination): troubles.of_limit(each, moment)
            for each in store.outbox.backlogs(moment, rates)
            if each.channel and each.opens_at is not None
        },
    )


def of_pauses(store: Store, moment: datetime) -> Outlook:
    """Which posts of a store wait for a person to open their destination; of nothing else that keeps them."""
    return Outlook(moment, {pause.destination: pause for pause in store.outbox.pauses()})


def paused(pause: Pause) -> str:
    """Why a destination is paused, and what opens it again."""
    return f"{closed(book.reason(pause))} Then: {resume(pause.destination)}"


def resume(destination: str) -> str:
    """What opens a paused destination again."""
    return f"mailpoll destination resume {shown_destination(destination)}"
