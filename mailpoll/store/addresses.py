"""Rows of `address` inside a transaction of somebody else: how tokens are found, added, replaced and taken over."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Any

import msgspec
import sqlalchemy as sa
from sqlalchemy.engine import Connection, Row

from mailpoll.errors import ConfigError
from mailpoll.model import KnownAddress
from mailpoll.store import schema
from mailpoll.store.engine import portions

ANY = "*"

_OF_ITS_OWN = ("channel_id", "options", "topic", "allow_from", "conversation", "answers", "shown_as")
# Zulip makes such an address for the answers to each mail about a missed message.
_ZULIP_REPLY = re.compile(r"mm[a-z0-9]{32}")
# Built once: a run asks it for every mail.
_LOOKUP = (
    sa.select(
        schema.address,
        schema.channel.c.name,
        schema.channel.c.enabled.label("channel_enabled"),
        schema.channel.c.options.label("channel_options"),
        schema.channel.c.topic.label("channel_topic"),
        schema.channel.c.prefix,
        schema.channel.c.quotes,
        schema.channel.c.policy,
        schema.target.c.destination,
        schema.target.c.place,
    )
    .join(schema.channel, schema.channel.c.id == schema.address.c.channel_id)
    .outerjoin(schema.target, schema.target.c.channel_id == schema.channel.c.id)
    .where(schema.address.c.token.in_(sa.bindparam("tokens", expanding=True)))
    .order_by(schema.target.c.id)
)


def lookup(connection: Connection, tokens: Collection[str]) -> dict[str, KnownAddress]:
    """What is known of `tokens`, and of "*" when an address takes every detail."""
    found: dict[str, Row[Any]] = {}
    targets: dict[str, tuple[tuple[str, str], ...]] = {}
    for some in portions([*tokens, ANY]):
        for row in connection.execute(_LOOKUP, {"tokens": some}):
            found.setdefault(row.token, row)
            if row.destination is not None:
                targets[row.token] = (*targets.get(row.token, ()), (row.destination, row.place))
    return {token: _known(row, targets.get(token, ())) for token, row in found.items()}


def select(connection: Connection, channel_id: int | None) -> tuple[KnownAddress, ...]:
    """The addresses of one channel or of all, by channel and age."""
    a, c = schema.address, schema.channel
    query = (
        sa.select(a, c.c.name, c.c.enabled.label("channel_enabled"), c.c.options.label("channel_options"),
                  c.c.topic.label("channel_topic"), c.c.prefix, c.c.quotes, c.c.policy)
        .join(c, c.c.id == a.c.channel_id)
        .order_by(c.c.name, a.c.id)
    )  # fmt: skip
    rows = connection.execute(query if channel_id is None else query.where(a.c.channel_id == channel_id)).all()
    targets = targets_of(connection, {row.channel_id for row in rows})
    return tuple(_known(row, targets.get(row.channel_id, ())) for row in rows)


def insert(connection: Connection, channel_id: int, token: str, **values: Any) -> None:
    """Gives a channel an address. ConfigError when the token is taken."""
    if connection.scalar(sa.select(schema.address.c.id).where(schema.address.c.token == token)) is not None:
        what = "an address takes every detail already" if token == ANY else "this token is in use already"
        raise ConfigError(what, advice="`mailpoll address list` shows all addresses.")
    connection.execute(schema.address.insert().values(channel_id=channel_id, token=token, **values))


def update(connection: Connection, token: str, **values: Any) -> None:
    """Changes columns of an address. ConfigError when there is none."""
    if not connection.execute(schema.address.update().where(schema.address.c.token == token).values(**values)).rowcount:
        raise _no_token()


def delete(connection: Connection, token: str) -> None:
    """Removes an address. ConfigError when there is none."""
    if not connection.execute(schema.address.delete().where(schema.address.c.token == token)).rowcount:
        raise _no_token()


def rotate(connection: Connection, token: str, new: str, now: datetime, expires_at: datetime) -> None:
    """As Channels.rotate()."""
    a = schema.address
    old = connection.execute(sa.select(a).where(a.c.token == token)).first()
    if old is None:
        raise _no_token()
    alike = {column: getattr(old, column) for column in _OF_ITS_OWN}
    ends = expires_at if old.expires_at is None else min(old.expires_at, expires_at)
    connection.execute(a.insert().values(token=new, created_at=now, expires_at=old.expires_at, **alike))
    connection.execute(a.update().where(a.c.id == old.id).values(expires_at=ends))


def take_over(
    connection: Connection,
    entries: Sequence[tuple[str, str, tuple[str, ...]]],
    channel_ids: Mapping[str, int],
    now: datetime,
) -> int:
    """Adds addresses as (channel, token, options) and returns how many are new; those of their channel are passed over.

    ConfigError when a token belongs to another channel.
    """
    known = _owners(connection, [token for _, token, _ in entries])
    owners, rows = dict(known), {}
    for name, token, options in entries:
        channel_id = channel_ids[name]
        if owners.setdefault(token, channel_id) != channel_id:
            raise ConfigError(f"a token of channel {name} is in use by another channel", about=f"…{token[-4:]}")
        rows[token] = {
            "channel_id": channel_id,
            "token": token,
            "options": " ".join(options),
            "conversation": _ZULIP_REPLY.fullmatch(token) is not None,
            "created_at": now,
        }
    new = [row for token, row in rows.items() if token not in known]
    if new:
        connection.execute(schema.address.insert(), new)
    return len(new)


def targets_of(connection: Connection, channel_ids: set[int]) -> dict[int, tuple[tuple[str, str], ...]]:
    """The destinations of these channels as (destination, place)."""
    t = schema.target
    found: dict[int, tuple[tuple[str, str], ...]] = {}
    for some in portions(tuple(channel_ids)):
        for row in connection.execute(sa.select(t).where(t.c.channel_id.in_(some)).order_by(t.c.id)):
            found[row.channel_id] = (*found.get(row.channel_id, ()), (row.destination, row.place))
    return found


def words(text: str) -> tuple[str, ...]:
    """A column of words with blanks between."""
    return tuple(text.split())


def _known(row: Row[Any], targets: tuple[tuple[str, str], ...]) -> KnownAddress:
    return KnownAddress(
        token=row.token,
        channel=row.name,
        enabled=row.enabled,
        channel_enabled=row.channel_enabled,
        expires_at=row.expires_at,
        allow_from=words(row.allow_from),
        channel_options=words(row.channel_options),
        options=words(row.options),
        topic=row.topic if row.topic is not None else row.channel_topic,
        prefix=row.prefix,
        targets=targets,
        quotes=row.quotes,
        policy=policy_of(row.policy),
        conversation=row.conversation,
        answers=row.answers,
        shown_as=row.shown_as,
    )


def policy_of(text: str) -> dict[str, Any]:
    """The column `policy` of a channel: the fields of model.Policy that it has of its own."""
    return msgspec.json.decode(text, type=dict[str, str | tuple[str, ...]]) if text else {}


def policy_column(policy: Mapping[str, Any]) -> str:
    """A channel's own policy as its column keeps it."""
    return msgspec.json.encode(policy).decode() if policy else ""


def _no_token() -> ConfigError:
    return ConfigError("there is no address with this token", advice="`mailpoll address list` shows all addresses.")


def _owners(connection: Connection, tokens: Sequence[str]) -> dict[str, int]:
    a = schema.address
    found: dict[str, int] = {}
    for some in portions(tokens):
        rows = connection.execute(sa.select(a.c.token, a.c.channel_id).where(a.c.token.in_(some)))
        found.update((row.token, row.channel_id) for row in rows)
    return found
