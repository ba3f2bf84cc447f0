"""Posts by a Slack app's bot token: chat.postMessage, into threads, with files."""

from __future__ import annotations

import logging
import re
from collections.abc import Mapping
from typing import Any

from mailpoll import visible
from mailpoll.destinations.slack.answers import THREAD_GONE, code_of, judged
from mailpoll.destinations.slack.api import Api
from mailpoll.destinations.slack.files import Parts, note, share, upload
from mailpoll.errors import MessageError, PermanentFailure
from mailpoll.http import Response
from mailpoll.model import Finding, Post, Receipt
from mailpoll.settings import SlackSettings

log = logging.getLogger(__name__)

# Nothing rings and nothing is fetched, whatever a stranger wrote: no name becomes a mention, no link a preview. `parse`
# stays unset: "full" would find names, and "none" would leave URLs that cannot be clicked.
QUIET = {"link_names": False, "unfurl_links": False, "unfurl_media": False}
_LINK_SECONDS = 5.0
_PAGES, _PER_PAGE = 20, 40  # channels looked through by check(); an answer of ours holds no more
_IDENTITY = re.compile(r"[CGDUWZ][A-Z0-9]{8,}")


class Bot:
    """A bot token, and what is done with it."""

    def __init__(self, name: str, settings: SlackSettings, api: Api) -> None:
        self._name = name
        self._settings = settings
        self._api = api
        self._workspace: str | None = None

    def post(self, post: Post, content: Parts) -> Receipt:
        """The receipt is `CHANNEL/TS`, Slack's name for the message.

        The files are uploaded before the text is posted, so that a file that Slack does not take is named in it, and
        that trouble with them leaves nothing behind; only then are they shared.
        """
        place = self._place(post)
        files, left = upload(self._api, post, content) if self._settings.attachments else ([], [])
        text = "\n\n".join(filter(None, (post.body, note(left))))
        said, root = self._say(place, text, _thread(post) if self._settings.thread else "")
        channel, moment = _text(said, "channel"), _text(said, "ts")
        if lost := share(self._api, files, channel, root or moment):
            self._regret(channel, note(lost), root or moment)
        return Receipt(f"{channel}/{moment}", self._link(channel, moment, root))

    def _place(self, post: Post) -> str:
        place = post.place or self._settings.channel
        if not place:
            raise PermanentFailure(
                "names no channel of Slack",
                about=f"channel {post.channel}",
                advice=f"Write --to '{self._name}:#channel', or {self._key('channel')}",
            )
        return place

    def _key(self, name: str) -> str:
        return f"destination.{self._name}.{name}"

    def _say(self, place: str, text: str, thread: str) -> tuple[Mapping[str, Any], str]:
        """(What Slack said of the message, the thread it is in): in the channel itself where the thread is gone."""
        fields = {"channel": place, "text": text, "mrkdwn": True, **QUIET}
        if thread:
            answer = self._api.say("chat.postMessage", {**fields, "thread_ts": thread})
            if code_of(answer.fields) not in THREAD_GONE:
                return judged(answer, place), thread
        return judged(self._api.say("chat.postMessage", fields), place), ""

    def _regret(self, channel: str, text: str, thread: str) -> None:
        """Says under a post that is there which files are not. If even that fails, the mail still has them."""
        try:
            self._say(channel, text, thread)
        except MessageError as problem:
            log.info("destination.%s: %s: %s", self._name, text, problem)

    def _link(self, channel: str, moment: str, root: str) -> str:
        """Where people find a message: what chat.getPermalink would say, at one request for a run instead of each."""
        if self._workspace is None:
            self._workspace = self._own_url()
        if not (self._workspace and channel and moment):
            return ""
        thread = f"?thread_ts={root}&cid={channel}" if root else ""
        return f"{self._workspace}archives/{channel}/p{moment.replace('.', '')}{thread}"

    def _own_url(self) -> str:
        try:
            url = _text(judged(self._api.ask("auth.test", {}, _LINK_SECONDS), ""), "url")
        except MessageError:
            return ""
        return url if re.fullmatch(r"https://[A-Za-z0-9.-]{1,200}/", url) else ""

    def check(self) -> tuple[Finding, ...]:
        """Whether the token holds, what it may do, and whether the channel of the settings is there."""
        try:
            answer = self._api.ask("auth.test", {})
            said = judged(answer, "")
        except MessageError as error:
            return (Finding("fail", f"{self._name}: {error.what}", error.advice or "Check the network"),)
        who = f"{_text(said, 'user') or 'the app'} of {_text(said, 'team') or 'the workspace'}"
        found = [Finding("ok", f"{self._name}: Slack takes the token: {who}"), *self._scopes(answer)]
        if self._settings.channel:
            found.append(self._channel(self._settings.channel))
        return tuple(found)

    def _scopes(self, answer: Response) -> list[Finding]:
        """What the token lacks; nothing where Slack did not tell."""
        scopes = [scope.strip() for scope in answer.headers.get("x-oauth-scopes", "").split(",") if scope.strip()]
        advice = "Add it under OAuth & Permissions of the app, and install it to the workspace anew"
        if not scopes:
            return []
        if "chat:write" not in scopes:
            return [Finding("fail", f"{self._name}: the token may not post: it lacks the scope chat:write", advice)]
        if self._settings.attachments and "files:write" not in scopes:
            what = f"{self._name}: files will be named only: the token lacks the scope files:write"
            return [Finding("warn", what, f"{advice}; or write {self._key('attachments')} = false")]
        return []

    def _channel(self, place: str) -> Finding:
        try:
            channel = self._by_id(place) if _IDENTITY.fullmatch(place) else self._by_name(place.lstrip("#"))
        except MessageError as error:
            return Finding("warn", f"{self._name}: {place} could not be looked up: {error.what}", error.advice)
        if channel is None:
            what = f"{self._name}: the app is not in a channel {place}"
            return Finding("warn", what, "Check the name, and type /invite @ and the app's name there")
        if channel.get("is_archived"):
            return Finding("fail", f"{self._name}: {place} is archived", f"Write another {self._key('channel')}")
        if channel.get("is_member") is False and place[0] in "CG":
            what = f"{self._name}: the app is not in {place}"
            return Finding("warn", what, "Type /invite @ and the app's name there")
        return Finding("ok", f"{self._name}: {place} is there")

    def _by_id(self, place: str) -> Mapping[str, Any] | None:
        if place[0] in "UW":  # a person: the conversation is opened by the first post
            return {}
        said = judged(self._api.ask("conversations.info", {"channel": place}), place).get("channel")
        return said if isinstance(said, dict) else {}

    def _by_name(self, name: str) -> Mapping[str, Any] | None:
        """The channel of that name among those that the app is in; None when there is none."""
        cursor = ""
        for _ in range(_PAGES):
            fields: dict[str, str | int] = {"types": "public_channel,private_channel", "limit": _PER_PAGE}
            if cursor:
                fields["cursor"] = cursor
            said = judged(self._api.ask("users.conversations", fields), "")
            for channel in said.get("channels") or ():
                if isinstance(channel, dict) and channel.get("name") == name:
                    return {**channel, "is_member": True}
            cursor = _text(said.get("response_metadata") or {}, "next_cursor")
            if not cursor:
                break
        return None


def _thread(post: Post) -> str:
    """The TS of the message that began the thread a post belongs to; empty when its receipt is none of Slack's."""
    moment = post.thread.rpartition("/")[2]
    return moment if re.fullmatch(r"[0-9]{1,20}\.[0-9]{1,10}", moment) else ""


def _text(said: Mapping[str, Any], key: str) -> str:
    value = said.get(key)
    return visible.line(value)[:500] if isinstance(value, str) else ""
