"""Posts by a Mattermost token: into channels and threads, with files."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any
from urllib.parse import quote

from mailpoll import visible
from mailpoll.destinations.kind import failed
from mailpoll.destinations.mattermost.answers import THREAD_GONE, id_of, judged
from mailpoll.destinations.mattermost.api import Api
from mailpoll.destinations.mattermost.files import Parts, note, upload
from mailpoll.errors import DestinationRefused, MessageError, PermanentFailure
from mailpoll.http import nothing_shown
from mailpoll.model import Finding, Post, Receipt
from mailpoll.settings import MattermostSettings
from mailpoll.threads import answering

_IDENTITY = re.compile(r"[a-z0-9]{26}")
_ADVICE = "Check its server and token"
_NAMES = "Check the names of team and channel, as in their URLs, whether it is archived, and whether the bot is in it"


class Bot:
    """A token of a server, and what is done with it."""

    def __init__(self, name: str, settings: MattermostSettings, api: Api) -> None:
        self._name = name
        self._settings = settings
        self._api = api
        self._channels: dict[str, str] = {}

    def post(self, post: Post, content: Parts) -> Receipt:
        """The receipt is the post's id.

        `pending_post_id` lets the server give back the same post for half a minute, rather than make another.
        """
        place = self._place(post)
        with nothing_shown():
            channel = self._channel(place)
        ids, left = upload(self._api, channel, post, content) if self._settings.attachments else ([], [])
        thread = _thread(post) if self._settings.thread else ""
        answer, alone = ("\n\n".join(filter(None, (each.body, note(left)))) for each in (answering(post), post))
        fields = {
            "channel_id": channel,
            **({"file_ids": ids} if ids else {}),
            **({"pending_post_id": post.key} if post.key else {}),
        }
        said, root = self._say(place, fields, answer, alone, thread)
        identity = _text(said, "id")
        server = (self._settings.server or "").rstrip("/")
        link = f"{server}/_redirect/pl/{identity}" if identity and server.startswith("https://") else ""
        return Receipt(identity, link, alone=root != thread)

    def _place(self, post: Post) -> str:
        place = post.place or self._settings.channel
        if (wrong := self._wrong(place)) is not None:
            raise PermanentFailure(wrong.what, about=f"channel {post.channel}", advice=wrong.advice)
        return place

    def _wrong(self, place: str) -> Finding | None:
        """What is wrong with the way a place is written."""
        if _IDENTITY.fullmatch(place) or place.count("/") == 1 or re.fullmatch(r"@[^@/\s]{1,64}", place):
            return None
        what = f"{place} is no place of Mattermost" if place else "names no place of Mattermost"
        advice = f"Write --to {self._name}:team/channel, with the names as in their URLs, a channel's id, or @name"
        return Finding("fail", what, advice)

    def _channel(self, place: str) -> str:
        """The id of the channel that `place` names; asked once."""
        if _IDENTITY.fullmatch(place):
            return place
        if place not in self._channels:
            identity = _text(self._look_up(place), "id")
            if place.startswith("@") and _IDENTITY.fullmatch(identity):
                identity = self._conversation(place, identity)
            if not _IDENTITY.fullmatch(identity):
                raise DestinationRefused("the server named no channel id", about=place, advice=_ADVICE)
            self._channels[place] = identity
        return self._channels[place]

    def _conversation(self, place: str, user: str) -> str:
        """The id of the channel for direct messages with a person; nobody sees it before the first one."""
        me = _text(judged(self._api.get("users/me"), "", _ADVICE), "id")
        return _text(judged(self._api.post("channels/direct", [me, user]), place, _ADVICE), "id")

    def _look_up(self, place: str) -> Mapping[str, Any]:
        """What the server knows of a channel, or of a person; raises as judged()."""
        if place.startswith("@"):
            return judged(self._api.get(f"users/username/{quote(place[1:], safe='')}"), place, "Check the name")
        if _IDENTITY.fullmatch(place):
            return judged(self._api.get(f"channels/{place}"), place, "Check the channel's id")
        team, _, channel = (quote(part.strip().lstrip("~#"), safe="") for part in place.partition("/"))
        path = f"teams/name/{team}/channels/name/{channel}"
        answer = self._api.get(path)
        if answer.status == 404 and (archived := self._api.get(f"{path}?include_deleted=true")).status == 200:
            answer = archived  # asked for only now: by its name, a channel that is in use wins
        return judged(answer, place, _NAMES)

    def _say(
        self, place: str, fields: Mapping[str, Any], in_thread: str, alone: str, thread: str
    ) -> tuple[Mapping[str, Any], str]:  # fmt: skip
        """(What the server said of the post, the thread that it is in): with the text `in_thread` there, or where the
        thread is gone, with the text `alone` in the channel itself."""
        if thread:
            answer = self._api.post("posts", {**fields, "message": in_thread, "root_id": thread})
            if answer.status != 400 and id_of(answer.fields) not in THREAD_GONE:
                return judged(answer, place, _ADVICE), thread
        return judged(self._api.post("posts", {**fields, "message": alone}), place, _ADVICE), ""

    def check(self) -> tuple[Finding, ...]:
        """Whether the token holds, whether posts may be as long as the settings say, and the channel is there."""
        try:
            user = _text(judged(self._api.get("users/me"), "", _ADVICE), "username")
        except MessageError as error:
            return (failed(self._name, error, "Check the network"),)
        found = [Finding("ok", f"{self._name}: Mattermost takes the token of {user or 'an account'}"), *self._lengths()]
        if self._settings.channel:
            try:
                found.append(self.check_place(""))
            except MessageError as error:
                found.append(failed(self._name, error, "Try again later", about=self._settings.channel))
        return tuple(found)

    def _lengths(self) -> list[Finding]:
        """A warning where the server takes shorter posts than we make; nothing where it did not tell."""
        try:
            longest = _text(self._api.get("config/client?format=old").fields, "MaxPostSize")
        except MessageError:
            return []
        if not re.fullmatch(r"[0-9]{1,9}", longest) or int(longest) >= self._settings.limit:
            return []
        what = f"{self._name}: the server takes posts of {longest} characters only"
        return [Finding("warn", what, f"Write limit = {longest} in [destination.{self._name}]")]

    def check_place(self, place: str) -> Finding:
        """Whether a channel or a person is there, and the bot sees it. Raises TemporaryFailure when nobody could be
        asked, DestinationRefused for a wrong token."""
        place = place or self._settings.channel
        if (wrong := self._wrong(place)) is not None:
            return Finding("fail", f"{self._name}: {wrong.what}", wrong.advice)
        try:
            channel = self._look_up(place)
        except PermanentFailure as error:
            return failed(self._name, error, about=place)
        if channel.get("delete_at"):
            advice = "Unarchive it, or name another"
            return Finding("fail", f"{self._name}: {place} is archived", advice)
        return Finding("ok", f"{self._name}: {place} is there")


def _thread(post: Post) -> str:
    """The id of the post that began the thread a post belongs to; empty when its receipt is none of Mattermost's."""
    return post.thread if _IDENTITY.fullmatch(post.thread) else ""


def _text(said: Mapping[str, Any], key: str) -> str:
    value = said.get(key)
    return visible.line(value)[:500] if isinstance(value, str) else ""
