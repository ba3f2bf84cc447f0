"""Whether a place of Zulip is there and open, asked without posting."""

from __future__ import annotations

from typing import Any
from urllib.parse import quote

from mailpoll.destinations.zulip import places
from mailpoll.destinations.zulip.answers import judged, words
from mailpoll.destinations.zulip.places import Channel, People
from mailpoll.destinations.zulip.server import Server

# The feature levels from which GET /streams/{id}, GET /users/{id} and GET /users/{email} are there.
_CHANNEL_BY_ID, _PERSON_BY_ID, _PERSON_BY_ADDRESS = 132, 1, 39
_UNDO = "Have that undone in Zulip, or name another"


def trouble(server: Server, place: Channel | People) -> tuple[str, str] | None:
    """(What is wrong with a place, what to do), both empty when the bot can see it and it is open; None where an old
    server cannot tell. Raises as judged()."""
    questions = _questions(server, place)
    for path, fields in questions:
        answer = server.ask("GET", path, fields)
        if answer.status in (400, 404) and answer.fields.get("result") == "error":
            return words(answer), places.advice(place)
        if closed := _closed(server, judged(answer, server.about)):
            return closed, _UNDO
    return ("", "") if questions else None


def _questions(server: Server, place: Channel | People) -> list[tuple[str, dict[str, Any]]]:
    """What to ask whether a place is there: paths and fields."""
    if isinstance(place, Channel) and isinstance(place.name, str):
        return [("get_stream_id", {"stream": place.name})]
    level = server.nature().level
    if isinstance(place, Channel):
        return [(f"streams/{place.name}", {})] if level >= _CHANNEL_BY_ID else []
    since = _PERSON_BY_ID if isinstance(place.users[0], int) else _PERSON_BY_ADDRESS
    return [(f"users/{quote(str(user), safe='@')}", {}) for user in place.users] if level >= since else []


def _closed(server: Server, said: dict[str, Any]) -> str:
    """Why nothing can be sent to a channel or a person that is there; empty when nothing is known against it."""
    if isinstance(said.get("stream_id"), int) and server.nature().level >= _CHANNEL_BY_ID:
        said = server.ask("GET", f"streams/{said['stream_id']}", {}).fields
    channel, person = said.get("stream"), said.get("user")
    if isinstance(channel, dict) and channel.get("is_archived") is True:
        return "the channel is archived"
    if isinstance(person, dict) and person.get("is_active") is False:
        return "the account is deactivated"
    return ""
