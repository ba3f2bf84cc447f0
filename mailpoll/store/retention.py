"""Letting go of what nobody needs any more: the bytes of mails, the numbers of mails that are not ours. Posts and what
was taken stay."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime, timedelta

import sqlalchemy as sa
from sqlalchemy.engine import Connection, Engine

from mailpoll.store import deliveries, schema
from mailpoll.store.engine import IDS_PER_STATEMENT, transaction

# A run trims no more than this: what is over waits a minute, and no run is slow.
SLICE = 500


def trim(engine: Engine, now: datetime, *, raw: timedelta, unfinished: timedelta) -> int:
    """Deletes the bytes of up to SLICE mails, and returns of how many.

    Gone are those whose posts all were final for `raw`, and those that wait for a person (held, unrouted,
    quarantined, or with a post that is uncertain, held, or failed and not dropped) for `unfinished`. A mail with a post
    that is still on its way is kept, however old.
    """
    m = schema.message
    old = m.c.kept.is_(True) & (m.c.accepted_at < now - min(raw, unfinished))
    let_go = sa.select(m.c.id).where(old, _finished(now - raw) | left(now - unfinished)).limit(SLICE)
    with transaction(engine, writes=False) as connection:  # mostly there is nothing, and so nothing to lock for
        if connection.scalar(let_go) is None:
            return 0
    # Asked again: somebody may have had one read once more, and another run may be letting go the others.
    with transaction(engine) as connection:
        ids = connection.scalars(let_go.with_for_update(of=m, skip_locked=True)).all()
        connection.execute(schema.raw.delete().where(schema.raw.c.message_id.in_(ids)))
        connection.execute(m.update().where(m.c.id.in_(ids)).values(kept=False))
    return len(ids)


def forget_skipped(connection: Connection, folder_id: int, candidates: Collection[int]) -> None:
    """Lets go of the numbers of mails that are not ours and are no candidates any more, since somebody read or removed
    them; and of all that an earlier UIDVALIDITY of the folder left.

    One that is a candidate again (marked as unread, say) is looked at once more, and is not ours once more. So a folder
    keeps as many numbers as it has candidates, not one for each mail there ever was. A call lets a bounded number go.
    """
    s, f = schema.skipped, schema.folder
    of_it = s.c.folder_id == folder_id
    if (connection.scalar(sa.select(sa.func.count()).where(of_it)) or 0) > len(candidates):
        some = sa.select(s.c.uid).where(of_it).order_by(s.c.uid).limit(len(candidates) + IDS_PER_STATEMENT)
        over = set(connection.scalars(some)).difference(candidates)
        connection.execute(s.delete().where(of_it, s.c.uid.in_(sorted(over)[:IDS_PER_STATEMENT])))
    this = f.alias()
    same = (f.c.account == this.c.account) & (f.c.name == this.c.name) & (f.c.id != this.c.id)
    others = sa.select(f.c.id).join(this, same).where(this.c.id == folder_id)
    connection.execute(s.delete().where(s.c.folder_id.in_(others)))


def _finished(before: datetime) -> sa.ColumnElement[bool]:
    """Read or ignored, and every post delivered (or a duplicate, or dropped) before that moment."""
    m, d = schema.message, schema.delivery
    over = d.c.state.in_(("delivered", "duplicate")) | deliveries.dropped()
    open_or_late = ~over | (d.c.changed_at >= before)
    of_it = sa.exists().where(d.c.message_id == m.c.id, open_or_late)
    return m.c.state.in_(("read", "ignored")) & (m.c.read_at < before) & ~of_it


def left(before: datetime) -> sa.ColumnElement[bool]:
    """Waiting for a person since before that moment, and nothing of it on its way."""
    m, d = schema.message, schema.delivery

    def has(condition: sa.ColumnElement[bool]) -> sa.ColumnElement[bool]:
        return sa.exists().where(d.c.message_id == m.c.id, condition)

    unfinished = d.c.state.in_(("failed", "uncertain", "held")) & ~deliveries.dropped()
    waits = m.c.state.in_(("held", "unrouted", "quarantined")) | has(unfinished)
    on_its_way = has((d.c.state == "sending") | d.c.due_at.is_not(None))
    return (m.c.state != "accepted") & (m.c.read_at < before) & waits & ~on_its_way
