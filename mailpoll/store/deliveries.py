"""Rows of `delivery` inside a transaction of somebody else: how a post begins, and how a held one goes on."""

from __future__ import annotations

import hashlib
from dataclasses import replace
from datetime import datetime

import msgspec
import sqlalchemy as sa
from sqlalchemy.engine import Connection

from mailpoll.model import Post, Reading
from mailpoll.store import schema

# States of a delivery after which nothing more happens by itself.
FINAL = ("delivered", "failed", "duplicate")


def insert(connection: Connection, message_id: int, reading: Reading, post: Post, now: datetime) -> None:
    """Makes the delivery of a post; see Ledger.record for the state it begins in."""
    deliveries = schema.delivery
    same_post = sa.and_(
        deliveries.c.channel == post.channel,
        deliveries.c.destination == post.destination,
        deliveries.c.place == post.place,
        deliveries.c.content_key == reading.facts.content_key,
        deliveries.c.state != "duplicate",
    )
    earlier = connection.execute(
        sa.select(deliveries.c.id, deliveries.c.message_id, deliveries.c.state).where(same_post)
    ).first()
    if earlier and earlier.message_id == message_id:  # read once more (`messages retry`)
        if earlier.state == "held" and reading.outcome == "posted":
            release(connection, deliveries.c.id == earlier.id, now)
        return
    state = "pending"
    if earlier:
        state = "duplicate"
    elif reading.outcome == "held":
        state = "held"
    elif post.destination == "store":
        state = "delivered"
    key = idempotency_key(post.channel, post.destination, post.place, reading.facts.content_key)
    connection.execute(
        deliveries.insert().values(
            message_id=message_id,
            channel=post.channel,
            destination=post.destination,
            place=post.place,
            content_key=reading.facts.content_key,
            key=key,
            state=state,
            due_at=now if state == "pending" else None,
            receipt=key if state == "delivered" else "",
            topic=post.topic,
            body="" if state == "duplicate" else post.body,
            details=encode_details(post),
            created_at=now,
            changed_at=now,
        )
    )


def release(connection: Connection, condition: sa.ColumnElement[bool], now: datetime) -> int:
    """Lets held deliveries go, those to `store` to where they belong at once; returns how many."""
    d = schema.delivery
    held = condition & (d.c.state == "held")
    in_store = connection.execute(
        d.update().where(held & (d.c.destination == "store")).values(state="delivered", receipt=d.c.key, changed_at=now)
    )
    others = connection.execute(d.update().where(held).values(state="pending", due_at=now, changed_at=now))
    return in_store.rowcount + others.rowcount


def idempotency_key(*parts: str) -> str:
    """32 hex digits that are the same for the same channel, destination, place and content key, even in a store that
    was lost and filled again."""
    return hashlib.sha256("\0".join(parts).encode("utf-8", "surrogatepass")).hexdigest()[:32]


def encode_details(post: Post) -> str:
    """All of a post but topic and body, which have columns of their own, as JSON."""
    return msgspec.json.encode(replace(post, topic="", body="")).decode()
