"""What came in, for people: lists, one message's whole life, its bytes, and what a person decides about it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from msgspec import Struct
from sqlalchemy.engine import Connection, Engine, Row

from mailpoll.errors import ConfigError, TemporaryFailure
from mailpoll.model import MessageState
from mailpoll.store import schema
from mailpoll.store.deliveries import DROPPED, FINAL, release
from mailpoll.store.engine import transaction


class Entry(Struct, frozen=True):
    """One message as the store keeps it, without its bytes. `account` and `folder` are empty for `receive`."""

    id: int
    account: str
    folder: str
    uid: int | None
    state: MessageState
    reason: str
    attempts: int
    size: int
    oversize_of: int
    internaldate: datetime | None  # when its server got it, as that says
    accepted_at: datetime
    read_at: datetime | None
    after: str
    message_id: str
    sender: str
    subject: str
    date: datetime | None
    defects: tuple[str, ...]
    has_raw: bool


class Messages:
    """The messages of the store as people see them. Every method is one transaction."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def list(self, *, states: Sequence[MessageState] = (), limit: int | None = None) -> tuple[Entry, ...]:
        """Messages, newest first; among the held those of which only some posts are, the others being on their way."""
        m, d = schema.message, schema.delivery
        condition: sa.ColumnElement[bool] = m.c.state.in_(states) if states else sa.true()
        if "held" in states:
            partly = m.c.id.in_(sa.select(d.c.message_id).where(d.c.state == "held"))
            condition |= (m.c.state == "read") & partly
        return self._select(condition, limit)

    def get(self, message_id: int) -> Entry:
        """One message; ConfigError when there is none of this number."""
        found = self._select(schema.message.c.id == message_id, 1)
        if not found:
            raise ConfigError(f"there is no message {message_id}", advice="`mailpoll messages list` shows them.")
        return found[0]

    def counts(self) -> dict[str, int]:
        """How many messages are in each state."""
        m = schema.message
        with transaction(self._engine, writes=False) as connection:
            rows = connection.execute(sa.select(m.c.state, sa.func.count()).group_by(m.c.state))
            return {str(state): int(count) for state, count in rows}

    def read_again(self, message_id: int) -> None:
        """Puts a message back to `accepted`, its attempts counted anew: the next run reads and routes it again.

        Raises TemporaryFailure when it has no bytes, or waits to be read anyway.
        """
        m = schema.message
        there = m.c.kept
        with transaction(self._engine) as connection:
            _decide(connection, message_id, there & (m.c.state != "accepted"), state="accepted", reason="", attempts=0)

    def release(self, message_id: int, now: datetime) -> int:
        """Lets the held posts of a message go, also those of one that was posted to other channels; returns how many.

        TemporaryFailure when it is neither held nor read.
        """
        with transaction(self._engine) as connection:
            released = schema.message.c.state.in_(("held", "read"))
            _decide(connection, message_id, released, state="read", reason="released by hand")
            return release(connection, schema.delivery.c.message_id == message_id, now)

    def drop(self, message_id: int, now: datetime) -> None:
        """Gives a message up: its open posts fail, its bytes are let go.

        Raises TemporaryFailure while a post of it is being sent: that would be tried again if the destination said
        later.
        """
        d = schema.delivery
        with transaction(self._engine) as connection:
            # First, so that no run makes posts of it, and these are locked, so that none is claimed, until we are done.
            _decide(connection, message_id, sa.true(), state="ignored", reason="dropped by hand", kept=False)
            its = connection.execute(sa.select(d.c.id, d.c.state).where(d.c.message_id == message_id).with_for_update())
            sending = next((row.id for row in its if row.state == "sending"), None)
            if sending is not None:
                raise TemporaryFailure(
                    f"a run is sending post {sending} of it", about=f"message {message_id}", advice="Then try again."
                )
            connection.execute(
                d.update()
                .where(d.c.message_id == message_id, d.c.state.not_in(FINAL))
                .values(state="failed", error=DROPPED, due_at=None, changed_at=now)
            )
            connection.execute(schema.raw.delete().where(schema.raw.c.message_id == message_id))

    def _select(self, condition: sa.ColumnElement[bool], limit: int | None) -> tuple[Entry, ...]:
        m, f = schema.message, schema.folder
        with transaction(self._engine, writes=False) as connection:
            rows = connection.execute(
                sa.select(m, f.c.account, f.c.name)
                .outerjoin(f, f.c.id == m.c.folder_id)
                .where(condition)
                .order_by(m.c.id.desc())
                .limit(limit)
            )
            return tuple(_entry(row) for row in rows)


def _decide(connection: Connection, message_id: int, if_it: sa.ColumnElement[bool], **values: Any) -> None:
    """What a person decides holds for a message as they saw it: TemporaryFailure when a run or somebody was quicker."""
    m = schema.message
    if not connection.execute(m.update().where(m.c.id == message_id, if_it).values(**values)).rowcount:
        raise TemporaryFailure("it has changed just now", about=f"message {message_id}", advice="Look again.")


def _entry(row: Row[Any]) -> Entry:
    return Entry(
        id=row.id,
        account=row.account or "",
        folder=row.name or "",
        uid=row.uid,
        state=row.state,
        reason=row.reason,
        attempts=row.attempts,
        size=row.size,
        oversize_of=row.oversize_of,
        internaldate=row.internaldate,
        accepted_at=row.accepted_at,
        read_at=row.read_at,
        after=row.after,
        message_id=row.message_id,
        sender=row.sender,
        subject=row.subject,
        date=row.date,
        defects=tuple(row.defects.splitlines()),
        has_raw=row.kept,
    )
