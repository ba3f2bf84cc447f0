"""Rows of `delivery` as threads: which receipt is that of the post that a new one belongs under.

However many posts there are, a look-up costs one step in an index for each mail that is named.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

import msgspec
import sqlalchemy as sa
from sqlalchemy.engine import Connection

from mailpoll.model import Delivery, Post, Thread
from mailpoll.store import schema
from mailpoll.threads import SUBJECT_AGE, ancestor_keys, looks_like_answer, subject_key

# As the partial indexes have it, with a key that is not empty: a receipt to post under. SQLite takes a partial index
# only for a statement that says all of its condition.
_THERE = "state = 'delivered' AND receipt <> ''"
_NEWEST = (
    sa.text(
        f"SELECT thread, receipt, details, changed_at FROM delivery WHERE subject_key = :key"
        f" AND subject_key <> '' AND {_THERE} AND id <> :own ORDER BY id DESC LIMIT 1"
    )
).columns(sa.column("thread"), sa.column("receipt"), sa.column("details"), sa.column("changed_at", schema.Moment))
_OF_MAIL = sa.text(
    "SELECT thread, receipt, details FROM delivery WHERE content_key = :content_key"
    " AND channel = :channel AND destination = :destination AND place = :place"
    f" AND state <> 'duplicate' AND {_THERE}"
)


class _Details(msgspec.Struct):
    """What of a post's details is asked here."""

    title: str = ""


_details = msgspec.json.Decoder(_Details)


def found(connection: Connection, delivery: Delivery, now: datetime) -> Thread:
    """The thread that a delivery belongs to, with the title of the post that it was found by; none when it begins one.

    First that of the post that its address was made for; else that of the earliest post whose mail it names; else that
    of the newest one with its subject. Only posts of the same channel, destination and place count.
    """
    post = delivery.post
    if post.answers and (thread := _of_conversation(connection, post)):
        return thread
    if thread := _of_mails(connection, ancestor_keys(post), delivery.id):
        return thread
    key = subject_key(post) if looks_like_answer(post) else ""
    newest = connection.execute(_NEWEST, {"key": key, "own": delivery.id}).first() if key else None
    return _thread(newest) if newest and newest.changed_at > now - SUBJECT_AGE else Thread()


def go_on(connection: Connection, delivery: Delivery, lost: str, receipt: str) -> None:
    """Lets the thread that began with the receipt `lost`, and is gone, go on under a delivery's own."""
    d = schema.delivery
    post = delivery.post
    here = (d.c.channel == post.channel, d.c.destination == post.destination, d.c.place == post.place)
    of_it = sa.or_(d.c.receipt == lost, d.c.thread == lost)
    connection.execute(d.update().where(*here, of_it, d.c.id != delivery.id).values(thread=receipt))


def _thread(row: Any) -> Thread:
    """The thread of a row with thread, receipt and details."""
    return Thread(str(row.thread or row.receipt), _details.decode(row.details).title)


def _of_conversation(connection: Connection, post: Post) -> Thread | None:
    """The thread of the post `post.answers`, or of the one that its mail became at the destination at hand."""
    d = schema.delivery
    asked = sa.select(d.c.content_key).where(d.c.id == post.answers, d.c.channel == post.channel)
    content_key = connection.scalar(asked)
    if content_key is None:
        return None
    names = {"channel": post.channel, "destination": post.destination, "place": post.place}
    row = connection.execute(_OF_MAIL, {"content_key": content_key, **names}).first()
    return _thread(row) if row else None


def _of_mails(connection: Connection, keys: tuple[str, ...], own: int) -> Thread | None:
    if not keys:
        return None
    firsts = " UNION ALL ".join(
        f"SELECT id FROM (SELECT id FROM delivery WHERE mail_key = :key{number} AND mail_key <> '' AND {_THERE}"
        f" AND id <> :own ORDER BY id LIMIT 1) AS f{number}"
        for number in range(len(keys))
    )
    values = {f"key{number}": key for number, key in enumerate(keys)} | {"own": own}
    earliest = connection.scalar(sa.text(f"SELECT min(id) FROM ({firsts}) AS firsts"), values)
    if earliest is None:
        return None
    d = schema.delivery
    asked = sa.select(d.c.thread, d.c.receipt, d.c.details).where(d.c.id == earliest)
    return _thread(connection.execute(asked).one())
