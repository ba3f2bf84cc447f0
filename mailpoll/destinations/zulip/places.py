"""What `--to NAME:PLACE` names inside Zulip: a channel by name or id, or people for direct messages. Pure."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

# The feature levels (https://zulip.com/api/changelog) at which words changed; the old ones stay understood for now.
_CHANNEL_TYPE, _DIRECT_TYPE = 248, 174
_CHANNEL_OPERATOR, _DM_OPERATOR = 250, 177
_NEW_LINKS = 319


@dataclass(frozen=True, slots=True)
class Channel:
    """A channel, by its name or its id."""

    name: str | int

    def address(self, level: int) -> dict[str, str]:
        """The fields of POST /messages that say where to; in JSON, lest a name like `true` be taken for more."""
        return {"type": "channel" if level >= _CHANNEL_TYPE else "stream", "to": json.dumps(self.name)}

    def narrow(self, level: int) -> dict[str, Any]:
        """What GET /messages takes for it."""
        return {"operator": "channel" if level >= _CHANNEL_OPERATOR else "stream", "operand": self.name}

    def __str__(self) -> str:
        return f"the channel #{self.name}" if isinstance(self.name, str) else f"the channel with id {self.name}"


@dataclass(frozen=True, slots=True)
class People:
    """One or several people, all by address or all by id."""

    users: tuple[str, ...] | tuple[int, ...]

    def address(self, level: int) -> dict[str, str]:
        """The fields of POST /messages that say where to."""
        return {"type": "direct" if level >= _DIRECT_TYPE else "private", "to": json.dumps(self.users)}

    def narrow(self, level: int) -> dict[str, Any]:
        """What GET /messages takes for them."""
        users: Any = list(self.users) if isinstance(self.users[0], int) else ",".join(map(str, self.users))
        return {"operator": "dm" if level >= _DM_OPERATOR else "pm-with", "operand": users}

    def __str__(self) -> str:
        return ", ".join(str(user) for user in self.users)


def parse(text: str) -> Channel | People:
    """The place that `text` names: `general`, `#general`, `42` (an id), `#42` (a name), `@ann@example.com,bob@…`, `@7`.

    Raises:
        ValueError: it names none; its text says why, and what to write instead.
    """
    text = text.strip()
    if text.startswith("@"):
        return People(_users(text))
    name = text.removeprefix("#").strip()
    if not name:
        raise ValueError("names no place. Write a channel like general, or people like @ann@example.com")
    if not name.isprintable():
        raise ValueError("holds control characters. Write the name as Zulip shows it")
    is_id = name == text and name.isascii() and name.isdigit() and len(name) < 16
    return Channel(int(name) if is_id else name)


def refused(place: Channel | People) -> str:
    """What to do where Zulip does not take a message for a place, in words that we do not know."""
    if isinstance(place, People):
        return advice(place)
    return "See in Zulip who may post to the channel; a private one must have the bot as a subscriber"


def advice(place: Channel | People) -> str:
    """What to do where Zulip does not know a place."""
    if isinstance(place, People):
        return "Write the addresses that Zulip shows of them, or their ids, like @7"
    if isinstance(place.name, str) and ">" in place.name:
        channel, _, topic = place.name.partition(">")
        return f'A fixed topic is the channel\'s own: --to NAME:{channel.strip()} --topic "{topic.strip()}"'
    return "Make the channel in Zulip; a private one must have the bot as a subscriber"


def _users(text: str) -> tuple[str, ...] | tuple[int, ...]:
    names = [name for part in text.split(",") if (name := part.strip().removeprefix("@").strip())]
    if names and all(name.isascii() and name.isdigit() and len(name) < 16 for name in names):
        return tuple(sorted({int(name) for name in names}))
    wrong = next((name for name in names if "@" not in name or not name.isprintable() or " " in name), None)
    if not names or wrong is not None:
        which = f"{wrong!r} is no address. " if wrong is not None else "names nobody. "
        raise ValueError(f"{which}Write addresses that Zulip shows, like @ann@example.com,bob@example.com")
    return tuple(dict.fromkeys(names))


def link(site: str, place: Channel | People, topic: str, message: int, level: int) -> str:
    """The address of a message in the web app (https://zulip.com/api/zulip-urls)."""
    if isinstance(place, Channel) and isinstance(place.name, int):
        kind = "channel" if level >= _NEW_LINKS else "stream"
        return f"{site}/#narrow/{kind}/{place.name}/topic/{_component(topic)}/near/{message}"
    return f"{site}/#narrow/near/{message}"


def _component(text: str) -> str:
    """A piece of a link: percent-encoded, with dots for the percent signs."""
    return quote(text, safe="").replace(".", "%2E").replace("%", ".")
