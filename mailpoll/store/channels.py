"""Channels, their destinations and their addresses."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection, Engine, Row

from mailpoll.errors import ConfigError
from mailpoll.model import KnownAddress
from mailpoll.store import schema
from mailpoll.store.engine import portions, transaction

ANY = "*"


@dataclass(frozen=True, slots=True)
class Channel:
    """A row of `channel` with its destinations as (destination, place). `topic` as in model.Route."""

    name: str
    enabled: bool
    topic: str | None
    prefix: str
    options: tuple[str, ...]
    targets: tuple[tuple[str, str], ...]
    created_at: datetime


# Built once: a run asks it for every mail.
_LOOKUP = (
    sa.select(
        schema.address,
        schema.channel.c.name,
        schema.channel.c.enabled.label("channel_enabled"),
        schema.channel.c.options.label("channel_options"),
        schema.channel.c.topic.label("channel_topic"),
        schema.channel.c.prefix,
        schema.target.c.destination,
        schema.target.c.place,
    )
    .join(schema.channel, schema.channel.c.id == schema.address.c.channel_id)
    .outerjoin(schema.target, schema.target.c.channel_id == schema.channel.c.id)
    .where(schema.address.c.token.in_(sa.bindparam("tokens", expanding=True)))
    .order_by(schema.target.c.id)
)


class Channels:
    """The channels and addresses of the store. Every method is one transaction; ConfigError names what is missing."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def lookup(self, tokens: Collection[str]) -> dict[str, KnownAddress]:
        """What the store knows of `tokens` (lower-case), and of "*" when an address takes every detail: one query."""
        found: dict[str, Row[Any]] = {}
        targets: dict[str, tuple[tuple[str, str], ...]] = {}
        with transaction(self._engine, writes=False) as connection:
            for some in portions([*tokens, ANY]):
                for row in connection.execute(_LOOKUP, {"tokens": some}):
                    found.setdefault(row.token, row)
                    if row.destination is not None:
                        targets[row.token] = (*targets.get(row.token, ()), (row.destination, row.place))
        return {token: _known(row, targets.get(token, ())) for token, row in found.items()}

    def as_address(self, name: str) -> KnownAddress | None:
        """A channel seen as if an address of it had been used (`receive --to CHANNEL`, `[unrouted] action`)."""
        for channel in self.list(name):
            return KnownAddress(
                token="",
                channel=channel.name,
                enabled=True,
                channel_enabled=channel.enabled,
                expires_at=None,
                allow_from=(),
                channel_options=channel.options,
                options=(),
                topic=channel.topic,
                prefix=channel.prefix,
                targets=channel.targets,
            )
        return None

    def list(self, name: str | None = None) -> tuple[Channel, ...]:
        """All channels by name, or the one of this name."""
        c = schema.channel
        query = sa.select(c).order_by(c.c.name)
        with transaction(self._engine, writes=False) as connection:
            rows = connection.execute(query if name is None else query.where(c.c.name == name)).all()
            targets = _targets(connection, {row.id for row in rows})
        return tuple(
            Channel(r.name, r.enabled, r.topic, r.prefix, _words(r.options), targets.get(r.id, ()), r.created_at)
            for r in rows
        )

    def get(self, name: str) -> Channel:
        """The channel of this name. ConfigError, with the names there are, when there is none."""
        found = self.list(name)
        if not found:
            with transaction(self._engine, writes=False) as connection:
                _channel_id(connection, name)
        return found[0]

    def add(
        self,
        name: str,
        targets: Sequence[tuple[str, str]],
        now: datetime,
        *,
        topic: str | None = None,
        prefix: str = "",
        options: Sequence[str] = (),
        address: str | None = None,
    ) -> None:
        """Makes a channel, with `address` as the token of its first address. ConfigError when the name or the token is
        taken."""
        with transaction(self._engine) as connection:
            if connection.scalar(sa.select(schema.channel.c.id).where(schema.channel.c.name == name)) is not None:
                raise ConfigError(f"there is a channel {name} already", advice=f"Change it with `channel set {name}`.")
            key = connection.execute(
                schema.channel.insert().values(
                    name=name, topic=topic, prefix=prefix, options=" ".join(options), created_at=now
                )
            ).inserted_primary_key
            _set_targets(connection, key[0] if key else 0, targets)
            if address is not None:
                _insert_address(connection, name, address, created_at=now)

    def set(self, name: str, *, targets: Sequence[tuple[str, str]] | None = None, **values: Any) -> None:
        """Changes columns of a channel (enabled, topic, prefix, options) and, when given, its destinations."""
        if "options" in values:
            values["options"] = " ".join(values["options"])
        with transaction(self._engine) as connection:
            channel_id = _channel_id(connection, name)
            if values:
                connection.execute(schema.channel.update().where(schema.channel.c.id == channel_id).values(**values))
            if targets is not None:
                connection.execute(schema.target.delete().where(schema.target.c.channel_id == channel_id))
                _set_targets(connection, channel_id, targets)

    def remove(self, name: str) -> None:
        """Removes a channel with its addresses; what was posted stays."""
        with transaction(self._engine) as connection:
            connection.execute(schema.channel.delete().where(schema.channel.c.id == _channel_id(connection, name)))

    def add_address(
        self,
        channel: str,
        token: str,
        now: datetime,
        *,
        options: Sequence[str] = (),
        topic: str | None = None,
        allow_from: Sequence[str] = (),
        expires_at: datetime | None = None,
    ) -> None:
        """Gives a channel an address. ConfigError when the token is taken."""
        with transaction(self._engine) as connection:
            _insert_address(
                connection,
                channel,
                token,
                options=" ".join(options),
                topic=topic,
                allow_from=" ".join(allow_from),
                expires_at=expires_at,
                created_at=now,
            )

    def set_address(self, token: str, **values: Any) -> None:
        """Changes columns of an address (enabled, expires_at, options, topic, allow_from)."""
        for name in ("options", "allow_from"):
            if name in values:
                values[name] = " ".join(values[name])
        with transaction(self._engine) as connection:
            changed = connection.execute(
                schema.address.update().where(schema.address.c.token == token).values(**values)
            )  # fmt: skip
            if not changed.rowcount:
                raise _no_token()

    def remove_address(self, token: str) -> None:
        """Removes an address; mail to it is unrouted from now on."""
        with transaction(self._engine) as connection:
            if not connection.execute(schema.address.delete().where(schema.address.c.token == token)).rowcount:
                raise _no_token()

    def rotate(self, token: str, new: str, now: datetime, expires_at: datetime) -> None:
        """Gives the channel of `token` the address `new`, alike in everything; the old one ends at `expires_at`, or
        when it would have anyway."""
        a = schema.address
        with transaction(self._engine) as connection:
            old = connection.execute(sa.select(a).where(a.c.token == token)).first()
            if old is None:
                raise _no_token()
            alike = {column: getattr(old, column) for column in ("channel_id", "options", "topic", "allow_from")}
            ends = expires_at if old.expires_at is None else min(old.expires_at, expires_at)
            connection.execute(a.insert().values(token=new, created_at=now, expires_at=old.expires_at, **alike))
            connection.execute(a.update().where(a.c.id == old.id).values(expires_at=ends))

    def take_over(
        self, addresses: Sequence[tuple[str, str, tuple[str, ...]]], targets: Sequence[tuple[str, str]], now: datetime
    ) -> tuple[int, int]:
        """Adds addresses that exist elsewhere as (channel, token, options), all or none; returns how many channels and
        addresses are new. Missing channels are made, posting to `targets`; an address of its channel is passed over.

        ConfigError when a token belongs to another channel.
        """
        c, a = schema.channel, schema.address
        with transaction(self._engine) as connection:
            ids = {row.name: row.id for row in connection.execute(sa.select(c.c.id, c.c.name))}
            missing = [name for name in dict.fromkeys(name for name, _, _ in addresses) if name not in ids]
            for name in missing:
                key = connection.execute(c.insert().values(name=name, created_at=now)).inserted_primary_key
                ids[name] = key[0] if key else 0
                _set_targets(connection, ids[name], targets)
            known = _owners(connection, [token for _, token, _ in addresses])
            owners, rows = dict(known), {}
            for name, token, options in addresses:
                if owners.setdefault(token, ids[name]) != ids[name]:
                    raise ConfigError(f"a token of channel {name} is in use by another channel", about=f"…{token[-4:]}")
                rows[token] = {"channel_id": ids[name], "token": token, "options": " ".join(options), "created_at": now}
            new = [row for token, row in rows.items() if token not in known]
            if new:
                connection.execute(a.insert(), new)
        return len(missing), len(new)

    def addresses(self, channel: str | None = None) -> tuple[KnownAddress, ...]:
        """The addresses of one channel or of all, by channel and age."""
        a, c = schema.address, schema.channel
        query = (
            sa.select(a, c.c.name, c.c.enabled.label("channel_enabled"), c.c.options.label("channel_options"),
                      c.c.topic.label("channel_topic"), c.c.prefix)
            .join(c, c.c.id == a.c.channel_id)
            .order_by(c.c.name, a.c.id)
        )  # fmt: skip
        with transaction(self._engine, writes=False) as connection:
            if channel is not None:
                _channel_id(connection, channel)
                query = query.where(c.c.name == channel)
            rows = connection.execute(query).all()
            targets = _targets(connection, {row.channel_id for row in rows})
        return tuple(_known(row, targets.get(row.channel_id, ())) for row in rows)


def _known(row: Row[Any], targets: tuple[tuple[str, str], ...]) -> KnownAddress:
    return KnownAddress(
        token=row.token,
        channel=row.name,
        enabled=row.enabled,
        channel_enabled=row.channel_enabled,
        expires_at=row.expires_at,
        allow_from=_words(row.allow_from),
        channel_options=_words(row.channel_options),
        options=_words(row.options),
        topic=row.topic if row.topic is not None else row.channel_topic,
        prefix=row.prefix,
        targets=targets,
    )


def _words(text: str) -> tuple[str, ...]:
    return tuple(text.split())


def _no_token() -> ConfigError:
    return ConfigError("there is no address with this token", advice="`mailpoll address list` shows all addresses.")


def _channel_id(connection: Connection, name: str) -> int:
    channel_id = connection.scalar(sa.select(schema.channel.c.id).where(schema.channel.c.name == name))
    if channel_id is None:
        names = connection.scalars(sa.select(schema.channel.c.name).order_by(schema.channel.c.name)).all()
        there_are = f"There are: {', '.join(names)}." if names else "Make it with `mailpoll channel add`."
        raise ConfigError(f"there is no channel {name}", advice=there_are)
    return int(channel_id)


def _insert_address(connection: Connection, channel: str, token: str, **values: Any) -> None:
    if connection.scalar(sa.select(schema.address.c.id).where(schema.address.c.token == token)) is not None:
        what = "an address takes every detail already" if token == ANY else "this token is in use already"
        raise ConfigError(what, advice="`mailpoll address list` shows all addresses.")
    channel_id = _channel_id(connection, channel)
    connection.execute(schema.address.insert().values(channel_id=channel_id, token=token, **values))


def _owners(connection: Connection, tokens: Sequence[str]) -> dict[str, int]:
    a = schema.address
    found: dict[str, int] = {}
    for some in portions(tokens):
        rows = connection.execute(sa.select(a.c.token, a.c.channel_id).where(a.c.token.in_(some)))
        found.update((row.token, row.channel_id) for row in rows)
    return found


def _set_targets(connection: Connection, channel_id: int, targets: Iterable[tuple[str, str]]) -> None:
    for destination, place in dict.fromkeys(targets):
        connection.execute(schema.target.insert().values(channel_id=channel_id, destination=destination, place=place))


def _targets(connection: Connection, channel_ids: set[int]) -> dict[int, tuple[tuple[str, str], ...]]:
    t = schema.target
    found: dict[int, tuple[tuple[str, str], ...]] = {}
    if channel_ids:
        rows = connection.execute(sa.select(t).where(t.c.channel_id.in_(tuple(channel_ids))).order_by(t.c.id))
        for row in rows:
            found[row.channel_id] = (*found.get(row.channel_id, ()), (row.destination, row.place))
    return found
