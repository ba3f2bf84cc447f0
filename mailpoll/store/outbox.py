"""What goes out: deliveries, their states, and the destinations that are paused."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime, timedelta
from typing import Any

import msgspec
import sqlalchemy as sa
from msgspec.structs import replace
from sqlalchemy.engine import Connection, Engine, Row

from mailpoll.errors import ConfigError, TemporaryFailure
from mailpoll.model import Delivery, DeliveryState, Pause, Post, Receipt, Rest, Thread
from mailpoll.rate import UNLIMITED, Rates
from mailpoll.store import queues, schema, threads
from mailpoll.store.deliveries import DROPPED
from mailpoll.store.engine import transaction, upsert
from mailpoll.store.queues import Backlog
from mailpoll.store.turns import Turn

# States of a delivery that is still on its way.
WAITING = ("pending", "sending", "delayed", "uncertain")
ON_THEIR_WAY = ("pending", "delayed", "uncertain")

_details = msgspec.json.Decoder(Post)


class Outbox:
    """The deliveries of the store. Every method is one transaction; all raise the errors of mailpoll.errors."""

    def __init__(self, engine: Engine, turn: Turn) -> None:
        self._engine = engine
        self._turn = turn

    def orphans(self) -> tuple[Delivery, ...]:
        """Deliveries in `sending` whose run is gone. Asked by a run in its turn."""
        d = schema.delivery
        sending = d.c.state == "sending"
        with transaction(self._engine, writes=False) as connection:
            runs = connection.scalars(sa.select(d.c.run).distinct().where(sending)).all()
        gone = self._turn.gone(runs)
        return self._select(sending & d.c.run.in_(gone), limit=None) if gone else ()

    def due(
        self, now: datetime, *, not_to: Collection[str], limit: int, rates: Rates = UNLIMITED
    ) -> tuple[Delivery, ...]:
        """Deliveries that may be tried now, but none of the destinations `not_to`, nor of channels of which as many
        have left as `rates` let. The destinations take turns, and the channels of one do, so that fifty thousand posts
        of one hold up no other; what is of one channel and to one destination is in the order of arrival."""
        d = schema.delivery
        with transaction(self._engine, writes=False) as connection:
            if queues.opens_at(connection, None, rates.gateway, now) is not None:
                return ()
            open_ = [
                queue
                for queue in queues.waiting(connection)
                if queue.destination not in not_to and queues.full_until(connection, queue, rates, now) is None
            ]
            ids = queues.first(connection, open_, now, limit)
            # Their state again: on PostgreSQL another run may have taken some since, and what it sends is its own.
            whole = sa.select(d).where(d.c.id.in_(ids), d.c.state.in_(ON_THEIR_WAY))
            rows = {row.id: row for row in connection.execute(whole)} if ids else {}
        return tuple(_delivery(rows[number]) for number in ids if number in rows)

    def next_due(self, now: datetime, rates: Rates = UNLIMITED, *, early: timedelta = timedelta(0)) -> datetime | None:
        """When the next delivery may be tried, or `early` before that where it waits for a limit; None: nothing is on
        its way."""
        d = schema.delivery
        sending = sa.select(sa.func.min(sa.func.coalesce(d.c.due_at, d.c.changed_at))).where(d.c.state == "sending")
        with transaction(self._engine, writes=False) as connection:
            moments = [at - early * limited for _, at, limited in queues.next_moments(connection, rates, now)]
            return min((at for at in (*moments, connection.scalar(sending)) if at is not None), default=None)

    def opens_at(self, now: datetime, *, not_to: Collection[str], rates: Rates) -> datetime | None:
        """When a limit lets the next post leave that could leave now but for it; None where there is no such post."""
        with transaction(self._engine, writes=False) as connection:
            found = queues.next_moments(connection, rates, now)
            return min(
                (at for queue, at, limited in found if limited and queue.destination not in not_to), default=None
            )

    def backlogs(self, now: datetime, rates: Rates) -> tuple[Backlog, ...]:
        """What waits where there are limits, of each channel and destination; last, without a channel, what waits where
        the gateway has some."""
        with transaction(self._engine, writes=False) as connection:
            return tuple(queues.backlogs(connection, rates, now))

    def claim(self, delivery: Delivery, now: datetime, rates: Rates = UNLIMITED) -> bool:
        """Commits `sending` before the post leaves; False when `rates` let none leave now, when the delivery is no
        longer as it was read, or when somebody else has it in hand: who waited for that would only find it taken."""
        d = schema.delivery
        as_read = (d.c.state == delivery.state, d.c.changed_at == delivery.changed_at)
        free = sa.select(d.c.id).where(d.c.id == delivery.id, *as_read).with_for_update(skip_locked=True)
        run = self._turn.number()
        with transaction(self._engine) as connection:
            self._turn.check(connection)
            if not queues.may_leave(connection, delivery.post, rates, now):
                return False
            # Two statements: for one, PostgreSQL goes through all that waits until it has counted them anew.
            if connection.scalar(free) is None:
                return False
            changed = connection.execute(
                d.update()
                .where(d.c.id == delivery.id)
                .values(state="sending", attempts=d.c.attempts + 1, changed_at=now, claimed_at=now, run=run)
            )
            return changed.rowcount == 1

    def thread_of(self, delivery: Delivery, now: datetime) -> Thread:
        """The thread that a delivery belongs to, as threads.found() says; once posted there, or once nobody knows
        whether it was, it stays there."""
        with transaction(self._engine, writes=False) as connection:
            found = threads.found(connection, delivery, now)
        posted = delivery.post.thread
        return found if posted in ("", found.receipt) else Thread(posted)

    def delivered(self, delivery: Delivery, receipt: Receipt, now: datetime) -> None:
        """The destination took the post. Where its thread was gone, that goes on under it."""
        lost = delivery.post.thread if receipt.alone else ""
        if lost and receipt.id:
            with transaction(self._engine) as connection:
                threads.go_on(connection, delivery, lost, receipt.id)
        took = {"receipt": receipt.id, "receipt_url": receipt.url, "thread": "" if lost else delivery.post.thread}
        self._set(delivery, now, state="delivered", due_at=None, error="", **took)

    def taken(self, destination: str, receipt: str) -> bool:
        """Whether a destination gave this receipt for a post that is known to have arrived."""
        d = schema.delivery
        known = sa.exists().where(d.c.destination == destination, d.c.receipt == receipt)
        with transaction(self._engine, writes=False) as connection:
            return bool(connection.scalar(sa.select(known)))

    def delayed(self, delivery: Delivery, due_at: datetime | None, error: str, now: datetime) -> None:
        """Nothing left; to be tried at `due_at`."""
        self._set(delivery, now, state="delayed", due_at=due_at, error=error)

    def unclaim(self, delivery: Delivery, error: str, now: datetime) -> None:
        """Takes a claim and its attempt back: the trouble was the destination's, not the post's."""
        attempts = schema.delivery.c.attempts - 1
        self._set(delivery, now, state="delayed", due_at=now, error=error, attempts=attempts)

    def uncertain(self, delivery: Delivery, due_at: datetime | None, error: str, now: datetime) -> None:
        """The post left, no answer came. `due_at` None holds it for a person."""
        thread = delivery.post.thread
        self._set(delivery, now, state="uncertain", due_at=due_at, error=error, uncertain_at=now, thread=thread)

    def failed(self, delivery: Delivery, error: str, now: datetime) -> None:
        """The post will never be taken, or was tried for too long."""
        self._set(delivery, now, state="failed", due_at=None, error=error)

    def _set(self, delivery: Delivery, now: datetime, **values: Any) -> None:
        d = schema.delivery
        with transaction(self._engine) as connection:
            connection.execute(d.update().where(d.c.id == delivery.id).values(changed_at=now, **values))

    def pauses(self) -> tuple[Pause, ...]:
        """The destinations that are closed to us."""
        with transaction(self._engine, writes=False) as connection:
            rows = connection.execute(sa.select(schema.pause).order_by(schema.pause.c.destination))
            return tuple(Pause(r.destination, r.reason, r.paused_at, r.settings_hash) for r in rows)

    def pause(self, pause: Pause) -> None:
        """Closes a destination until resume()."""
        with transaction(self._engine) as connection:
            row = {
                "destination": pause.destination,
                "reason": pause.reason,
                "settings_hash": pause.settings_hash,
                "paused_at": pause.paused_at,
            }
            upsert(connection, schema.pause, row)

    def resume(self, destination: str) -> bool:
        """Opens a destination again; False when it was not paused."""
        with transaction(self._engine) as connection:
            return connection.execute(
                schema.pause.delete().where(schema.pause.c.destination == destination)
            ).rowcount > 0  # fmt: skip

    def rests(self) -> tuple[Rest, ...]:
        """The destinations that gave no answer when last tried."""
        with transaction(self._engine, writes=False) as connection:
            rows = connection.execute(sa.select(schema.rest))
            return tuple(Rest(r.destination, r.failures, r.until, r.settings_hash) for r in rows)

    def rest(self, rest: Rest) -> None:
        """Leaves a destination alone until a moment."""
        with transaction(self._engine) as connection:
            row = {
                "destination": rest.destination,
                "failures": rest.failures,
                "until": rest.until,
                "settings_hash": rest.settings_hash,
            }
            upsert(connection, schema.rest, row)

    def rested(self, destination: str) -> None:
        """The destination takes posts again."""
        with transaction(self._engine) as connection:
            _end_rest(connection, destination)

    def get(self, delivery_id: int) -> Delivery:
        """One delivery; ConfigError when there is none of this number."""
        found = self._select(schema.delivery.c.id == delivery_id, limit=1)
        if not found:
            raise ConfigError(f"there is no post {delivery_id}", advice="`mailpoll posts list` shows them.")
        return found[0]

    def list(
        self,
        *,
        states: Sequence[DeliveryState] = (),
        paused: bool = False,
        channel: str = "",
        message_id: int | None = None,
        limit: int | None = None,
        newest_first: bool = False,
    ) -> tuple[Delivery, ...]:
        """Deliveries by state, channel and message; with `paused` those, too, that wait for a paused destination."""
        d = schema.delivery
        condition: sa.ColumnElement[bool] = sa.true()
        if states or paused:
            condition = d.c.state.in_(states)
        if paused:
            closed = d.c.destination.in_(sa.select(schema.pause.c.destination))
            condition |= d.c.state.in_(WAITING) & closed
        if channel:
            condition &= d.c.channel == channel
        if message_id is not None:
            condition &= d.c.message_id == message_id
        return self._select(condition, limit=limit, newest_first=newest_first)

    def standing_for(self, message_id: int) -> tuple[Delivery, ...]:
        """The deliveries of a message; in place of a duplicate, that of another message which it repeats."""
        d, own = schema.delivery, schema.delivery.alias()
        same = [d.c[name] == own.c[name] for name in ("channel", "destination", "place", "content_key")]
        first = sa.exists().where(own.c.message_id == message_id, own.c.state == "duplicate", *same)
        return self._select((d.c.state != "duplicate") & ((d.c.message_id == message_id) | first), limit=None)

    def counts(self, channel: str = "") -> dict[str, int]:
        """How many deliveries, of one channel or of all, are in each state."""
        d = schema.delivery
        query = sa.select(d.c.state, sa.func.count()).group_by(d.c.state)
        with transaction(self._engine, writes=False) as connection:
            rows = connection.execute(query.where(d.c.channel == channel) if channel else query)
            return {str(state): int(count) for state, count in rows}

    def waiting(self) -> dict[str, int]:
        """How many deliveries each destination has still to take."""
        d = schema.delivery
        with transaction(self._engine, writes=False) as connection:
            rows = connection.execute(
                sa.select(d.c.destination, sa.func.count()).where(d.c.state.in_(WAITING)).group_by(d.c.destination)
            )
            return {str(destination): int(count) for destination, count in rows}

    def make_due(self, destination: str, now: datetime) -> int:
        """Lets all that waits for a destination be tried at once, but not what is held; returns how many."""
        d = schema.delivery
        waits = d.c.state.in_(("pending", "delayed")) | ((d.c.state == "uncertain") & d.c.due_at.is_not(None))
        with transaction(self._engine) as connection:
            _end_rest(connection, destination)
            return connection.execute(
                d.update().where(d.c.destination == destination, waits).values(due_at=now)
            ).rowcount  # fmt: skip

    def retry(self, delivery: Delivery, now: datetime) -> None:
        """Makes a delayed, uncertain, failed or held delivery due now, its attempts counted anew."""
        self._decide(delivery, now, state="pending", due_at=now, attempts=0, error="")

    def resend(self, delivery: Delivery, key: str, now: datetime) -> None:
        """Sends a post once more under a new idempotency key, whatever became of it, and unasked."""
        self._decide(delivery, now, state="pending", due_at=now, attempts=0, error="", key=key, uncertain_at=None)

    def drop(self, delivery: Delivery, now: datetime) -> None:
        """Gives a delivery up, or acknowledges one that failed: it waits for nobody then, and keeps why it failed."""
        why = f": {delivery.error}" if delivery.state == "failed" and delivery.error else ""
        error = delivery.error if is_dropped(delivery) else f"{DROPPED}{why}"
        self._decide(delivery, now, state="failed", due_at=None, error=error)

    def _decide(self, delivery: Delivery, now: datetime, **values: Any) -> None:
        """What a person decides holds for the state they saw: TemporaryFailure when a run was quicker."""
        d = schema.delivery
        with transaction(self._engine) as connection:
            _end_rest(connection, delivery.post.destination)
            as_seen = (d.c.id == delivery.id) & (d.c.state == delivery.state)
            if not connection.execute(d.update().where(as_seen).values(changed_at=now, **values)).rowcount:
                raise TemporaryFailure(
                    "a run has changed it just now", about=f"post {delivery.id}", advice="Look again."
                )

    def _select(
        self, condition: sa.ColumnElement[bool], *, limit: int | None, newest_first: bool = False
    ) -> tuple[Delivery, ...]:
        d = schema.delivery
        order = d.c.id.desc() if newest_first else d.c.id
        with transaction(self._engine, writes=False) as connection:
            rows = connection.execute(sa.select(d).where(condition).order_by(order).limit(limit))
            return tuple(_delivery(row) for row in rows)


def is_dropped(delivery: Delivery) -> bool:
    """Whether a person gave it up."""
    return delivery.state == "failed" and delivery.error.startswith(DROPPED)


def _end_rest(connection: Connection, destination: str) -> None:
    connection.execute(schema.rest.delete().where(schema.rest.c.destination == destination))


def _delivery(row: Row[Any]) -> Delivery:
    return Delivery(
        id=row.id,
        message_id=row.message_id,
        state=row.state,
        attempts=row.attempts,
        post=replace(_details.decode(row.details), topic=row.topic, body=row.body, key=row.key, thread=row.thread),
        due_at=row.due_at,
        created_at=row.created_at,
        changed_at=row.changed_at,
        uncertain_at=row.uncertain_at,
        error=row.error,
        receipt=row.receipt,
        receipt_url=row.receipt_url,
    )
