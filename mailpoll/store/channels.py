"""Channels, their destinations and their addresses."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from msgspec import Struct, field
from sqlalchemy.engine import Connection, Engine

from mailpoll.errors import ConfigError
from mailpoll.model import KnownAddress, Quotes
from mailpoll.store import addresses, schema
from mailpoll.store.engine import transaction


class Channel(Struct, frozen=True):
    """A row of `channel` with its destinations as (destination, place). `topic` as in model.Route; `quotes`
    and `policy` as in model.KnownAddress; `rate` in [policy], None: as that says."""

    name: str
    enabled: bool
    topic: str | None
    prefix: str
    options: tuple[str, ...]
    targets: tuple[tuple[str, str], ...]
    created_at: datetime
    quotes: Quotes | None = None
    policy: Mapping[str, Any] = field(default_factory=dict)
    rate: str | None = None


class Channels:
    """The channels and addresses of the store. Every method is one transaction; ConfigError names what is missing."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def lookup(self, tokens: Collection[str]) -> dict[str, KnownAddress]:
        """What the store knows of `tokens` (lower-case), and of "*" when an address takes every detail: one query."""
        with transaction(self._engine, writes=False) as connection:
            return addresses.lookup(connection, tokens)

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
                quotes=channel.quotes,
                policy=channel.policy,
            )
        return None

    def list(self, name: str | None = None) -> tuple[Channel, ...]:
        """All channels by name, or the one of this name."""
        c = schema.channel
        query = sa.select(c).order_by(c.c.name)
        with transaction(self._engine, writes=False) as connection:
            rows = connection.execute(query if name is None else query.where(c.c.name == name)).all()
            targets = addresses.targets_of(connection, {row.id for row in rows})
        return tuple(
            Channel(
                name=r.name,
                enabled=r.enabled,
                topic=r.topic,
                prefix=r.prefix,
                options=addresses.words(r.options),
                targets=targets.get(r.id, ()),
                created_at=r.created_at,
                quotes=r.quotes,
                policy=addresses.policy_of(r.policy),
                rate=r.rate,
            )
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
        quotes: Quotes | None = None,
        policy: Mapping[str, Any] | None = None,
        rate: str | None = None,
        address: str | None = None,
    ) -> None:
        """Makes a channel, with `address` as the token of its first address. ConfigError when the name or the token is
        taken."""
        with transaction(self._engine) as connection:
            if connection.scalar(sa.select(schema.channel.c.id).where(schema.channel.c.name == name)) is not None:
                advice = f"To change where it posts: mailpoll channel set {name} --to DESTINATION"
                raise ConfigError(f"there is a channel {name} already", advice=advice)
            key = connection.execute(
                schema.channel.insert().values(
                    name=name,
                    topic=topic,
                    prefix=prefix,
                    options=" ".join(options),
                    quotes=quotes,
                    policy=addresses.policy_column(policy or {}),
                    rate=rate,
                    created_at=now,
                )
            ).inserted_primary_key
            _set_targets(connection, key[0] if key else 0, targets)
            if address is not None:
                addresses.insert(connection, _channel_id(connection, name), address, created_at=now)

    def set(
        self,
        name: str,
        *,
        targets: Sequence[tuple[str, str]] | None = None,
        policy: Mapping[str, Any] | None = None,
        **values: Any,
    ) -> None:
        """Changes columns of a channel (enabled, topic, prefix, options, quotes, rate) and, when given, its
        destinations and what it has of its own policy; a field that is None is as the settings say from now on."""
        if "options" in values:
            values["options"] = " ".join(values["options"])
        with transaction(self._engine) as connection:
            channel_id = _channel_id(connection, name)
            if policy is not None:
                c = schema.channel.c
                column = connection.scalar(sa.select(c.policy).where(c.id == channel_id).with_for_update()) or ""
                changed = {**addresses.policy_of(column), **policy}
                values["policy"] = addresses.policy_column({k: v for k, v in changed.items() if v is not None})
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
        conversation: bool = False,
        answers: int = 0,
        shown_as: str = "",
    ) -> None:
        """Gives a channel an address. ConfigError when the token is taken."""
        with transaction(self._engine) as connection:
            addresses.insert(
                connection,
                _channel_id(connection, channel),
                token,
                options=" ".join(options),
                topic=topic,
                allow_from=" ".join(allow_from),
                expires_at=expires_at,
                conversation=conversation,
                answers=answers,
                shown_as=shown_as,
                created_at=now,
            )

    def set_address(self, token: str, **values: Any) -> None:
        """Changes columns of an address (enabled, expires_at, options, topic, allow_from, conversation, shown_as)."""
        for name in ("options", "allow_from"):
            if name in values:
                values[name] = " ".join(values[name])
        with transaction(self._engine) as connection:
            addresses.update(connection, token, **values)

    def remove_address(self, token: str) -> None:
        """Removes an address; mail to it is unrouted from now on."""
        with transaction(self._engine) as connection:
            addresses.delete(connection, token)

    def rotate(self, token: str, new: str, now: datetime, expires_at: datetime) -> None:
        """Gives the channel of `token` the address `new`, alike in everything; the old one ends at `expires_at`, or
        when it would have anyway."""
        with transaction(self._engine) as connection:
            addresses.rotate(connection, token, new, now, expires_at)

    def take_over(
        self, entries: Sequence[tuple[str, str, tuple[str, ...]]], targets: Sequence[tuple[str, str]], now: datetime
    ) -> tuple[int, int]:
        """Adds addresses that exist elsewhere as (channel, token, options), all or none; returns how many channels and
        addresses are new. Missing channels are made, posting to `targets`; an address of its channel is passed over.

        ConfigError when a token belongs to another channel.
        """
        c = schema.channel
        with transaction(self._engine) as connection:
            ids = {row.name: row.id for row in connection.execute(sa.select(c.c.id, c.c.name))}
            missing = [name for name in dict.fromkeys(name for name, _, _ in entries) if name not in ids]
            for name in missing:
                key = connection.execute(c.insert().values(name=name, created_at=now)).inserted_primary_key
                ids[name] = key[0] if key else 0
                _set_targets(connection, ids[name], targets)
            return len(missing), addresses.take_over(connection, entries, ids, now)

    def addresses(self, channel: str | None = None) -> tuple[KnownAddress, ...]:
        """The addresses of one channel or of all, by channel and age."""
        with transaction(self._engine, writes=False) as connection:
            channel_id = None if channel is None else _channel_id(connection, channel)
            return addresses.select(connection, channel_id)


def _channel_id(connection: Connection, name: str) -> int:
    channel_id = connection.scalar(sa.select(schema.channel.c.id).where(schema.channel.c.name == name))
    if channel_id is None:
        names = connection.scalars(sa.select(schema.channel.c.name).order_by(schema.channel.c.name)).all()
        there_are = f"There are: {', '.join(names)}." if names else "Make it with `mailpoll channel add`."
        raise ConfigError(f"there is no channel {name}", advice=there_are)
    return int(channel_id)


def _set_targets(connection: Connection, channel_id: int, targets: Iterable[tuple[str, str]]) -> None:
    for destination, place in dict.fromkeys(targets):
        connection.execute(schema.target.insert().values(channel_id=channel_id, destination=destination, place=place))
