"""The posts of one channel that wait for one destination are a queue: which there are, whose turn it is, and which
must wait because enough have left.

A flood fills one queue. What is asked here costs by the number of queues and of the posts that are wanted, not by how
many wait: indexes lead from one queue to the next, and to the n-th newest post that left.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from itertools import groupby

import sqlalchemy as sa
from msgspec import Struct
from sqlalchemy.engine import Connection

from mailpoll.model import Post
from mailpoll.rate import Rate, Rates
from mailpoll.store import schema
from mailpoll.store.engine import in_turn
from mailpoll.store.schema import Moment

# Nothing is put off for longer (Retry-After counts for a day): what seems to be was put off by a clock far ahead.
LONGEST_WAIT = timedelta(hours=25)
# How many queues are asked in one statement for what is first in them.
AT_ONCE = 50

_NEVER = datetime.min.replace(tzinfo=UTC)

# What is on its way has a time, and nothing else has. SQLite would take the index on `state` for a list of states, and
# sort all that waits.
_WAITS = "due_at IS NOT NULL AND state <> 'sending'"
_IN_TIME = "(due_at <= :now OR due_at > :far_ahead)"

# A step from queue to queue along the index, where SELECT DISTINCT would visit every post. Two columns are not compared
# as one row: SQLite would look for the first of them alone.
_QUEUES = sa.text(
    f"""
    WITH RECURSIVE head(id, destination, channel) AS (
      SELECT id, destination, channel FROM (
        SELECT id, destination, channel FROM delivery WHERE {_WAITS} ORDER BY destination, channel, id LIMIT 1
      ) AS first
      UNION ALL
      SELECT d.id, d.destination, d.channel FROM head JOIN delivery AS d ON d.id = coalesce(
        (SELECT n.id FROM delivery AS n WHERE n.due_at IS NOT NULL AND n.state <> 'sending'
         AND n.destination = head.destination AND n.channel > head.channel ORDER BY n.channel, n.id LIMIT 1),
        (SELECT n.id FROM delivery AS n WHERE n.due_at IS NOT NULL AND n.state <> 'sending'
         AND n.destination > head.destination ORDER BY n.destination, n.channel, n.id LIMIT 1)
      )
    )
    SELECT head.id, head.destination, head.channel, channel.rate, (
      SELECT max(claimed_at) FROM delivery AS d
      WHERE d.channel = head.channel AND d.destination = head.destination AND d.claimed_at IS NOT NULL
    ) AS served_at
    FROM head LEFT JOIN channel ON channel.name = head.channel
    """
).columns(
    sa.column("id", sa.BigInteger),
    sa.column("destination", sa.Text),
    sa.column("channel", sa.Text),
    sa.column("rate", sa.Text),
    sa.column("served_at", Moment),
)


class Queue(Struct, frozen=True):
    """Posts of a channel that wait for a destination: the number of the first, the channel's own rate, and when one
    of them last left."""

    first: int
    destination: str
    channel: str
    rate: str | None
    served_at: datetime | None


class Backlog(Struct, frozen=True):
    """What waits in a queue and could leave but for its limits: how many posts, since when, which limits, and when
    they let the next one go (None: they do now). Without a channel that is all there is, and the gateway's limits."""

    channel: str
    destination: str
    posts: int
    since: datetime
    rate: Rate
    opens_at: datetime | None


def waiting(connection: Connection) -> list[Queue]:
    """The queues that are not empty, in the order of their turns."""
    queues = [Queue(*row) for row in connection.execute(_QUEUES)]
    return _in_turn(queues)


def _in_turn(queues: Sequence[Queue]) -> list[Queue]:
    """First one of each destination, then a second of each, and so on; who was served longest ago comes first."""
    by_destination: dict[str, list[Queue]] = {}
    for queue in sorted(queues, key=_age):
        by_destination.setdefault(queue.destination, []).append(queue)
    served = {name: max(queue.served_at or _NEVER for queue in own) for name, own in by_destination.items()}
    turns = [(turn, served[q.destination], q.first, q) for own in by_destination.values() for turn, q in enumerate(own)]
    return [queue for *_, queue in sorted(turns, key=lambda each: each[:3])]


def _age(queue: Queue) -> tuple[datetime, int]:
    return queue.served_at or _NEVER, queue.first


def opens_at(connection: Connection, queue: tuple[str, str] | None, rate: Rate, now: datetime) -> datetime | None:
    """When `rate` lets the next post leave a queue (channel, destination), or the gateway (None), if not now.

    A window is full when the n-th newest post in it left less than its length ago. What left further ahead than that
    did so by a clock that was wrong, and must not close it for longer.
    """
    ours = "channel = :channel AND destination = :destination AND " if queue else ""
    asked = " UNION ALL ".join(
        f"SELECT {number} AS number, (SELECT claimed_at FROM delivery WHERE {ours}claimed_at <= :until{number}"
        f" ORDER BY claimed_at DESC LIMIT 1 OFFSET {window.posts - 1}) AS claimed_at"
        for number, window in enumerate(rate)
    )
    if not asked:
        return None
    until = [
        sa.bindparam(f"until{number}", now + window.length, type_=Moment) for number, window in enumerate(rate)
    ]  # fmt: skip
    names = {"channel": queue[0], "destination": queue[1]} if queue else {}
    statement = sa.text(asked).bindparams(*until, **names).columns(sa.column("number"), sa.column("claimed_at", Moment))
    found = connection.execute(statement).all()
    moments = [claimed_at + rate[number].length for number, claimed_at in found if claimed_at is not None]
    return max((moment for moment in moments if moment > now), default=None)


def may_leave(connection: Connection, post: Post, rates: Rates, now: datetime) -> bool:
    """Whether no limit is reached. It stays so until the transaction ends: who counts at the same time waits."""
    own = connection.scalar(sa.select(schema.channel.c.rate).where(schema.channel.c.name == post.channel))
    rate = rates.of(own, post.destination)
    if rate:
        in_turn(connection, f"rate {post.channel} {post.destination}")
        if opens_at(connection, (post.channel, post.destination), rate, now) is not None:
            return False
    if rates.gateway:
        in_turn(connection, "rate")
        return opens_at(connection, None, rates.gateway, now) is None
    return True


def full_until(connection: Connection, queue: Queue, rates: Rates, now: datetime) -> datetime | None:
    """When the limits of a queue let its next post go, if not now."""
    rate = rates.of(queue.rate, queue.destination)
    longest = max((window.length for window in rate), default=timedelta(0))
    if not rate or queue.served_at is None or queue.served_at <= now - longest:
        return None
    return opens_at(connection, (queue.channel, queue.destination), rate, now)


def first(connection: Connection, queues: Sequence[Queue], now: datetime, limit: int) -> list[int]:
    """The numbers of up to `limit` posts that may be tried now: the destinations take turns, the channels of one do,
    and what is in one queue comes in the order of arrival."""
    found: dict[Queue, list[int]] = {}
    for start in range(0, len(queues), AT_ONCE):
        found.update(_heads(connection, queues[start : start + AT_ONCE], now, limit))
        if sum(map(len, found.values())) >= limit:
            break
    place = {queue: number for number, queue in enumerate(queues)}
    turns: list[tuple[int, int, int]] = []
    for _, of_one in groupby(sorted(found, key=lambda queue: queue.destination), key=lambda queue: queue.destination):
        posts = sorted((turn, place[queue], post) for queue in of_one for turn, post in enumerate(found[queue]))
        turns += [(turn, at, post) for turn, (_, at, post) in enumerate(posts)]
    return [post for *_, post in sorted(turns)[:limit]]


def _heads(connection: Connection, queues: Sequence[Queue], now: datetime, limit: int) -> dict[Queue, list[int]]:
    asked = " UNION ALL ".join(
        f"SELECT * FROM (SELECT {number} AS number, id FROM delivery WHERE destination = :destination{number}"
        f" AND channel = :channel{number} AND {_WAITS} AND {_IN_TIME} ORDER BY id LIMIT {limit}) AS q{number}"
        for number in range(len(queues))
    )
    values = {f"destination{number}": queue.destination for number, queue in enumerate(queues)}
    values |= {f"channel{number}": queue.channel for number, queue in enumerate(queues)}
    found: dict[Queue, list[int]] = {}
    for number, post in connection.execute(sa.text(asked).bindparams(*_moments(now)), values):
        found.setdefault(queues[number], []).append(post)
    return {queue: sorted(posts) for queue, posts in found.items()}


def _moments(now: datetime) -> tuple[sa.BindParameter[datetime], ...]:
    far_ahead = sa.bindparam("far_ahead", now + LONGEST_WAIT, type_=Moment)
    return sa.bindparam("now", now, type_=Moment), far_ahead


_DUE = sa.text(
    f"SELECT destination, channel, min(due_at) AS due_at FROM delivery WHERE {_WAITS} GROUP BY destination, channel"
).columns(sa.column("destination", sa.Text), sa.column("channel", sa.Text), sa.column("due_at", Moment))


def next_moments(connection: Connection, rates: Rates, now: datetime) -> Iterator[tuple[Queue, datetime, bool]]:
    """When each queue has a post that may leave, and whether it is a limit that puts that off."""
    due = {(row.destination, row.channel): row.due_at for row in connection.execute(_DUE)}
    queues = [queue for queue in waiting(connection) if due.get((queue.destination, queue.channel))]
    gateway = opens_at(connection, None, rates.gateway, now) if queues else None
    for queue in queues:
        at = due[queue.destination, queue.channel]
        limits = [moment for moment in (full_until(connection, queue, rates, now), gateway) if moment is not None]
        opens = max(limits, default=at)
        yield queue, max(at, opens), opens > max(at, now)


_BACKLOG = sa.text(
    f"SELECT count(*) AS posts, min(id) AS first FROM delivery WHERE destination = :destination AND channel = :channel"
    f" AND {_WAITS} AND {_IN_TIME}"
)
_SINCE = sa.text("SELECT created_at FROM delivery WHERE id = :id").columns(sa.column("created_at", Moment))


def backlogs(connection: Connection, rates: Rates, now: datetime) -> Iterator[Backlog]:
    """What waits behind the limits of channels, and then behind those of the gateway."""
    all_of_them: list[tuple[int, datetime]] = []
    queues = waiting(connection)
    gateway = opens_at(connection, None, rates.gateway, now) if queues else None
    for queue in queues:
        rate = rates.of(queue.rate, queue.destination)
        if not rate and not rates.gateway:
            continue
        names = {"destination": queue.destination, "channel": queue.channel}
        posts, number = connection.execute(_BACKLOG.bindparams(*_moments(now)), names).one()
        since = connection.scalar(_SINCE, {"id": number})
        if since is None:
            continue
        all_of_them.append((posts, since))
        if rate:
            opens = full_until(connection, queue, rates, now)
            yield Backlog(queue.channel, queue.destination, posts, since, rate, opens)
    if rates.gateway and all_of_them:
        posts, since = sum(posts for posts, _ in all_of_them), min(since for _, since in all_of_them)
        yield Backlog("", "", posts, since, rates.gateway, gateway)
