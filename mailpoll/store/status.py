"""How the store stands, in few and cheap questions: for `status`, `doctor`, and monitors that ask each minute."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime, timedelta

import sqlalchemy as sa
from msgspec import Struct, field
from sqlalchemy.engine import Connection, Engine

from mailpoll.model import Pause
from mailpoll.store import deliveries, retention, schema
from mailpoll.store.engine import transaction

# Deliveries that wait for a person, by state; an `uncertain` one only when nothing will be tried by itself, a `failed`
# one until somebody drops it.
_FOR_A_PERSON = ("uncertain", "failed", "held")


class DestinationState(Struct, frozen=True):
    """How posts to a destination fare. `waiting` go on by themselves; the others wait for a person."""

    name: str
    delivered_at: datetime | None = None
    waiting: int = 0
    oldest_waiting: datetime | None = None
    uncertain: int = 0
    failed: int = 0
    held: int = 0
    pause: Pause | None = None


class LettingGo(Struct, frozen=True):
    """Mails in one state whose bytes [retention] will let go: how many, the first when."""

    state: str
    count: int
    first_at: datetime


class Overview(Struct, frozen=True):
    """How the store stands.

    `polled` has the last complete listing of every folder ever met, by (account, folder). `messages` counts what was
    not dealt with: accepted (not read yet), held, unrouted, quarantined.
    """

    created_at: datetime
    newest_at: datetime | None
    polled: dict[tuple[str, str], datetime | None]
    destinations: tuple[DestinationState, ...]
    messages: dict[str, int] = field(default_factory=dict)
    oldest_unread: datetime | None = None
    letting_go: tuple[LettingGo, ...] = ()


def overview(
    engine: Engine, now: datetime, destinations: Collection[str], *, unfinished: timedelta, ahead: timedelta
) -> Overview:
    """The overview, in one transaction that only reads.

    Args:
        destinations: the configured ones; those that channels, pauses or waiting posts name come along.
        unfinished: [retention] unfinished.
        ahead: how far to look for what will be let go.
    """
    m = schema.message
    with transaction(engine, writes=False) as connection:
        counts, oldest = _messages(connection)
        return Overview(
            created_at=connection.execute(sa.select(schema.store_info.c.created_at)).scalar_one(),
            newest_at=connection.scalar(sa.select(m.c.accepted_at).order_by(m.c.id.desc()).limit(1)),
            polled=_polled(connection),
            destinations=_destinations(connection, destinations),
            messages=counts,
            oldest_unread=oldest,
            letting_go=_letting_go(connection, now + ahead, unfinished),
        )


def addressed(engine: Engine) -> dict[str, int]:
    """How many addresses in use lead to each channel that has any."""
    a, c = schema.address, schema.channel
    query = sa.select(c.c.name, sa.func.count()).join(a, a.c.channel_id == c.c.id).where(a.c.enabled).group_by(c.c.name)
    with transaction(engine, writes=False) as connection:
        return {str(name): int(count) for name, count in connection.execute(query)}


def _polled(connection: Connection) -> dict[tuple[str, str], datetime | None]:
    """Of a folder that was renumbered, the later time counts."""
    f = schema.folder
    rows = connection.execute(
        sa.select(f.c.account, f.c.name, sa.func.max(f.c.polled_at)).group_by(f.c.account, f.c.name)
    )
    return {(account, name): polled_at for account, name, polled_at in rows}


def _messages(connection: Connection) -> tuple[dict[str, int], datetime | None]:
    m = schema.message
    states = ("accepted", "held", "unrouted", "quarantined")
    # The first condition is that of the index, in its words, or SQLite would not use it.
    rows = connection.execute(
        sa.select(m.c.state, sa.func.count(), sa.func.min(m.c.accepted_at))
        .where(m.c.state != "read", m.c.state.in_(states))
        .group_by(m.c.state)
    ).all()
    counts = dict.fromkeys(states, 0) | {str(row[0]): int(row[1]) for row in rows}
    return counts, next((row[2] for row in rows if row[0] == "accepted"), None)


def _destinations(connection: Connection, configured: Collection[str]) -> tuple[DestinationState, ...]:
    d = schema.delivery
    goes_on = d.c.state.in_(("pending", "sending", "delayed")) | ((d.c.state == "uncertain") & d.c.due_at.is_not(None))
    kind = sa.case((goes_on, "waiting"), else_=d.c.state).label("kind")
    rows = connection.execute(
        sa.select(d.c.destination, kind, sa.func.count(), sa.func.min(d.c.created_at))
        .where(d.c.state.in_(("pending", "sending", "delayed", *_FOR_A_PERSON)), ~deliveries.dropped())
        .group_by(d.c.destination, kind)
    ).all()
    counts = {(row[0], row[1]): (int(row[2]), row[3]) for row in rows}
    pauses = {
        row.destination: Pause(row.destination, row.reason, row.paused_at, row.settings_hash)
        for row in connection.execute(sa.select(schema.pause).order_by(schema.pause.c.destination))
    }
    used = connection.scalars(sa.select(schema.target.c.destination).distinct()).all()
    names = dict.fromkeys([*configured, *sorted(used), *(row[0] for row in rows), *pauses])
    nothing = (0, None)
    return tuple(
        DestinationState(
            name=name,
            delivered_at=_delivered_at(connection, name),
            waiting=counts.get((name, "waiting"), nothing)[0],
            oldest_waiting=counts.get((name, "waiting"), nothing)[1],
            **{state: counts.get((name, state), nothing)[0] for state in _FOR_A_PERSON},
            pause=pauses.get(name),
        )
        for name in names
    )


def _delivered_at(connection: Connection, destination: str) -> datetime | None:
    """When it last took a post: asked one by one, since each is a look at the end of an index."""
    d = schema.delivery
    moment: datetime | None = connection.scalar(
        sa.select(sa.func.max(d.c.changed_at)).where(d.c.destination == destination, d.c.state == "delivered")
    )
    return moment


def _letting_go(connection: Connection, until: datetime, unfinished: timedelta) -> tuple[LettingGo, ...]:
    m, before = schema.message, until - unfinished
    rows = connection.execute(
        sa.select(m.c.state, sa.func.count(), sa.func.min(m.c.read_at))
        .where(m.c.kept.is_(True), m.c.accepted_at < before, retention.left(before))
        .group_by(m.c.state)
        .order_by(m.c.state)
    )
    return tuple(LettingGo(str(state), int(count), read_at + unfinished) for state, count, read_at in rows)
