"""Rows of `delivery` as threads: which receipt is that of the post that a new one belongs under.

However many posts there are, a look-up costs one step in an index for each mail that is named.
"""

from __future__ import annotations

from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from mailpoll.model import Delivery, Post
from mailpoll.store import schema
from mailpoll.threads import SUBJECT_AGE, ancestor_keys, looks_like_answer, subject_key

# As the partial indexes have it, with a key that is not empty: a receipt to post under. SQLite takes a partial index
# only for a statement that says all of its condition.
_THERE = "state = 'delivered' AND receipt <> ''"
_NEWEST = (
    sa.text(
        f"SELECT coalesce(nullif(thread, ''), receipt) AS root, changed_at FROM delivery WHERE subject_key = :key"
        f" AND subject_key <> '' AND {_THERE} AND id <> :own ORDER BY id DESC LIMIT 1"
    )
).columns(sa.column("root", sa.Text), sa.column("changed_at", schema.Moment))
_OF_MAIL = sa.text(
    "SELECT coalesce(nullif(thread, ''), receipt) FROM delivery WHERE content_key = :content_key"
    " AND channel = :channel AND destination = :destination AND place = :place"
    f" AND state <> 'duplicate' AND {_THERE}"
)


def root(connection: Connection, delivery: Delivery, now: datetime) -> str:
    """The receipt of the post whose thread a delivery belongs to, "" when it begins one.

    First that of the post that its address was made for; else that of the earliest post whose mail it names; else that
    of the newest one with its subject. Only posts of the same channel, destination and place count.
    """
    post = delivery.post
    if post.answers and (found := _of_conversation(connection, post)):
        return found
    if found := _of_mails(connection, ancestor_keys(post), delivery.id):
        return found
    key = subject_key(post) if looks_like_answer(post) else ""
    newest = connection.execute(_NEWEST, {"key": key, "own": delivery.id}).first() if key else None
    return str(newest.root) if newest and newest.changed_at > now - SUBJECT_AGE else ""


def _of_conversation(connection: Connection, post: Post) -> str:
    """The root of the post `post.answers`, or of the one that its mail became at the destination at hand."""
    d = schema.delivery
    asked = sa.select(d.c.content_key).where(d.c.id == post.answers, d.c.channel == post.channel)
    content_key = connection.scalar(asked)
    if content_key is None:
        return ""
    names = {"channel": post.channel, "destination": post.destination, "place": post.place}
    return str(connection.scalar(_OF_MAIL, {"content_key": content_key, **names}) or "")


def _of_mails(connection: Connection, keys: tuple[str, ...], own: int) -> str:
    if not keys:
        return ""
    firsts = " UNION ALL ".join(
        f"SELECT id FROM (SELECT id FROM delivery WHERE mail_key = :key{number} AND mail_key <> '' AND {_THERE}"
        f" AND id <> :own ORDER BY id LIMIT 1) AS f{number}"
        for number in range(len(keys))
    )
    values = {f"key{number}": key for number, key in enumerate(keys)} | {"own": own}
    earliest = connection.scalar(sa.text(f"SELECT min(id) FROM ({firsts}) AS firsts"), values)
    if earliest is None:
        return ""
    d = schema.delivery
    row = connection.execute(sa.select(d.c.thread, d.c.receipt).where(d.c.id == earliest)).one()
    return str(row.thread or row.receipt)
