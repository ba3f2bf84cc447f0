"""Rows of `delivery` inside a transaction of somebody else: how a post begins, and how a held one goes on."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from datetime import datetime
from typing import Any, NamedTuple

import msgspec
import sqlalchemy as sa
from msgspec.structs import replace
from sqlalchemy.engine import Connection

from mailpoll.model import DeliveryState, Post, Reading
from mailpoll.store import schema
from mailpoll.threads import mail_key, subject_key

# States of a delivery after which nothing more happens by itself.
FINAL = ("delivered", "failed", "duplicate")
# How the error of a delivery begins that a person gave up: it is `failed`, and waits for nobody.
DROPPED = "dropped by hand"


def insert(connection: Connection, readings: Sequence[tuple[int, Reading]], now: datetime) -> None:
    """Makes the deliveries of all posts of these (message id, reading); see Ledger.record for how they begin.

    Few statements for many posts: one by one they cost more than reading the mails does.
    """
    known, listed = _known(connection, {reading.facts.content_key for _, reading in readings})
    _forget_held(connection, readings, known)
    rows = []
    # A copy that may be posted comes before one that is held: held posts do not stand in its way.
    posts = [(message_id, reading, post) for message_id, reading in readings for post in reading.posts]
    for message_id, reading, post in sorted(posts, key=lambda each: bool(each[2].held)):
        once = (post.channel, post.destination, post.place, reading.facts.content_key)
        earlier = known.get(once)
        held_up = earlier is not None and earlier.state == "held" and not post.held
        if earlier and earlier.message_id == message_id:  # read once more (`messages retry`)
            if earlier.state == "held":
                known[once] = _made_anew(connection, earlier, _row(message_id, reading, post, _first_state(post), now))
            continue
        if earlier and held_up:
            _give_way(connection, earlier.id, now)
            earlier = None
        if earlier is None:
            row = _row(message_id, reading, post, _first_state(post), now)
            known[once] = _Earlier(0, message_id, row["state"])
            rows.append(row)
        elif (message_id, *once) not in listed:
            rows.append(_row(message_id, reading, post, "duplicate", now))
    if rows:
        connection.execute(schema.delivery.insert(), rows)


class _Earlier(NamedTuple):
    id: int
    message_id: int
    state: str


def _known(
    connection: Connection, content_keys: set[str]
) -> tuple[dict[tuple[str, str, str, str], _Earlier], set[tuple[int, str, str, str, str]]]:
    """The deliveries there are of mails with these keys, by what makes a post one; and which messages have a duplicate
    of them already."""
    d = schema.delivery
    query = sa.select(d.c.channel, d.c.destination, d.c.place, d.c.content_key, d.c.id, d.c.message_id, d.c.state)
    rows = connection.execute(query.where(d.c.content_key.in_(content_keys))).all()
    known = {tuple(row[:4]): _Earlier(*row[4:]) for row in rows if row.state != "duplicate"}
    return known, {(row.message_id, *row[:4]) for row in rows if row.state == "duplicate"}


def _forget_held(
    connection: Connection, readings: Sequence[tuple[int, Reading]], known: dict[tuple[str, str, str, str], _Earlier]
) -> None:
    """Takes away the held deliveries of messages that make no such post any more, now that they were read again."""
    read = dict(readings)
    wanted = {(number, p.channel, p.destination, p.place) for number, reading in readings for p in reading.posts}
    gone = [
        once
        for once, earlier in known.items()
        if earlier.state == "held"
        and earlier.message_id in read
        and read[earlier.message_id].outcome != "quarantined"
        and (earlier.message_id, *once[:3]) not in wanted
    ]
    if gone:
        d = schema.delivery
        ids = [known.pop(once).id for once in gone]
        connection.execute(d.delete().where(d.c.id.in_(ids), d.c.state == "held"))


def _made_anew(connection: Connection, earlier: _Earlier, row: dict[str, Any]) -> _Earlier:
    """Makes a held delivery what its message makes of it now: what is required may have changed, and so what the post
    says of its sender."""
    d = schema.delivery
    kept = ("message_id", "channel", "destination", "place", "content_key", "key", "created_at")
    values = {name: value for name, value in row.items() if name not in kept}
    connection.execute(d.update().where(d.c.id == earlier.id, d.c.state == "held").values(values))
    return earlier._replace(state=row["state"])


def _give_way(connection: Connection, delivery_id: int, now: datetime) -> None:
    """Makes a held delivery the duplicate of another copy's, which may be posted."""
    d = schema.delivery
    connection.execute(
        d.update().where(d.c.id == delivery_id).values(state="duplicate", body="", error="", changed_at=now)
    )


def _first_state(post: Post) -> DeliveryState:
    if post.held:
        return "held"
    return "delivered" if post.destination == "store" else "pending"


def _row(message_id: int, reading: Reading, post: Post, state: DeliveryState, now: datetime) -> dict[str, Any]:
    key = idempotency_key(post.channel, post.destination, post.place, reading.facts.content_key)
    return {
        "message_id": message_id,
        "channel": post.channel,
        "destination": post.destination,
        "place": post.place,
        "content_key": reading.facts.content_key,
        "key": key,
        "state": state,
        "due_at": now if state == "pending" else None,
        "error": post.held if state == "held" else "",
        "receipt": key if state == "delivered" else "",
        "mail_key": mail_key(post),
        "subject_key": subject_key(post),
        "topic": post.topic,
        "body": "" if state == "duplicate" else post.body,
        "details": encode_details(post),
        "created_at": now,
        "changed_at": now,
    }


def dropped() -> sa.ColumnElement[bool]:
    """Whether a person gave a delivery up."""
    d = schema.delivery
    return (d.c.state == "failed") & d.c.error.startswith(DROPPED)


def release(connection: Connection, condition: sa.ColumnElement[bool], now: datetime) -> int:
    """Lets held deliveries go, those to `store` to where they belong at once; returns how many."""
    d = schema.delivery
    held = condition & (d.c.state == "held")
    in_store = connection.execute(
        d.update()
        .where(held & (d.c.destination == "store"))
        .values(state="delivered", receipt=d.c.key, error="", changed_at=now)
    )
    others = connection.execute(d.update().where(held).values(state="pending", due_at=now, error="", changed_at=now))
    return in_store.rowcount + others.rowcount


def idempotency_key(*parts: str) -> str:
    """32 hex digits that are the same for the same channel, destination, place and content key, even in a store that
    was lost and filled again."""
    return hashlib.sha256("\0".join(parts).encode("utf-8", "surrogatepass")).hexdigest()[:32]


def encode_details(post: Post) -> str:
    """All of a post but topic and body, which have columns of their own, as JSON."""
    return msgspec.json.encode(replace(post, topic="", body="", held="", thread="")).decode()
