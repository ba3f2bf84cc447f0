"""Posts by a Slack app's bot token: chat.postMessage, into threads, with files."""

from __future__ import annotations

import logging
import re
from collections.abc import Mapping
from typing import Any

from mailpoll import visible
from mailpoll.destinations.kind import failed
from mailpoll.destinations.slack.answers import THREAD_GONE, code_of, failure, judged
from mailpoll.destinations.slack.api import Api
from mailpoll.destinations.slack.files import Parts, note, share, upload
from mailpoll.errors import DestinationRefused, MessageError, PermanentFailure
from mailpoll.http import Response
from mailpoll.model import Finding, Post, Receipt
from mailpoll.settings import SlackSettings
from mailpoll.threads import answering

log = logging.getLogger(__name__)

# Nothing rings and nothing is fetched, whatever a stranger wrote: no name becomes a mention, no link a preview. `parse`
# stays unset: "full" would find names, and "none" would leave URLs that cannot be clicked.
QUIET = {"link_names": False, "unfurl_links": False, "unfurl_media": False}
_LINK_SECONDS = 5.0
_PAGES, _PER_PAGE = 20, 200  # channels looked through for one; Slack asks for no more at a time
_MAX_PAGE = 2 * 1024 * 1024  # octets
_INVITE = "Type /invite @ and the app's name there"
_IDENTITY = re.compile(r"[CGDUWZ][A-Z0-9]{8,}")


class _MayNotLook(DestinationRefused):
    """The token lacks a scope for a question; the scope to post is another."""


class Bot:
    """A bot token, and what is done with it."""

    def __init__(self, name: str, settings: SlackSettings, api: Api) -> None:
        self._name = name
        self._settings = settings
        self._api = api
        self._workspace: str | None = None
        self._granted: tuple[str, ...] = ()

    def post(self, post: Post, content: Parts) -> Receipt:
        """The receipt is `CHANNEL/TS`, Slack's name for the message.

        The files are uploaded before the text is posted, so that a file that Slack does not take is named in it, and
        that trouble with them leaves nothing behind; only then are they shared.
        """
        place = self._place(post)
        files, left = upload(self._api, post, content) if self._settings.attachments else ([], [])
        thread = _thread(post) if self._settings.thread else ""
        answer, alone = ("\n\n".join(filter(None, (each.body, note(left)))) for each in (answering(post), post))
        said, root = self._say(place, answer, alone, thread)
        channel, moment = _text(said, "channel"), _text(said, "ts")
        if lost := share(self._api, files, channel, root or moment):
            self._regret(channel, lost, root or moment)
        return Receipt(f"{channel}/{moment}", self._link(channel, moment, root), alone=bool(thread) and not root)

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

    def _say(self, place: str, in_thread: str, alone: str, thread: str) -> tuple[Mapping[str, Any], str]:
        """(What Slack said of the message, the thread it is in): the text is `in_thread`, or where the thread is gone
        `alone`, in the channel itself."""
        fields = {"channel": place, "text": alone, "mrkdwn": True, **QUIET}
        if thread:
            answer = self._api.say("chat.postMessage", {**fields, "text": in_thread, "thread_ts": thread})
            if code_of(answer.fields) not in THREAD_GONE:
                return judged(answer, place), thread
        return judged(self._api.say("chat.postMessage", fields), place), ""

    def _regret(self, channel: str, text: str, thread: str) -> None:
        """Says under a post that is there which files are not. If even that fails, the mail still has them."""
        try:
            self._say(channel, text, text, thread)
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
            return (failed(self._name, error, "Check the network"),)
        who = f"{_text(said, 'user') or 'the app'} of {_text(said, 'team') or 'the workspace'}"
        found = [Finding("ok", f"{self._name}: Slack takes the token: {who}"), *self._scopes(answer)]
        if self._settings.channel:
            try:
                found.append(self.check_place(""))
            except MessageError as error:
                what = f"{self._name}: {self._settings.channel} could not be looked up: {error.what}"
                found.append(Finding("warn", what, error.advice or "Try again later"))
        return tuple(found)

    def _scopes(self, answer: Response) -> list[Finding]:
        """What the token lacks; nothing where Slack did not tell."""
        scopes = _scopes(answer)
        advice = "Add it under OAuth & Permissions of the app, and install it to the workspace anew"
        if not scopes:
            return []
        if "chat:write" not in scopes:
            return [Finding("fail", f"{self._name}: the token may not post: it lacks the scope chat:write", advice)]
        if self._settings.attachments and "files:write" not in scopes:
            what = f"{self._name}: files will be named only: the token lacks the scope files:write"
            return [Finding("warn", what, f"{advice}; or write {self._key('attachments')} = false")]
        return []

    def check_place(self, place: str) -> Finding:
        """What is known of a channel: "warn" where the app may not look, or not everywhere. Raises TemporaryFailure
        when Slack could not be asked, DestinationRefused for a wrong token."""
        place = place or self._settings.channel
        if not place:
            return Finding("fail", f"{self._name}: no channel is named", f"Write --to '{self._name}:#channel'")
        try:
            channel = self._by_id(place) if _IDENTITY.fullmatch(place) else self._by_name(place.lstrip("#"))
        except PermanentFailure as error:
            return failed(self._name, error, about=place)
        except _MayNotLook as error:
            return Finding("warn", f"{self._name}: {place} could not be looked up: {error.what}", error.advice)
        if channel is None:
            what = f"{self._name}: the app is in no channel {place}, and there are too many to look at the others"
            return Finding("warn", what, "Check the name")
        if channel.get("is_archived"):
            return Finding("fail", f"{self._name}: {place} is archived", "Unarchive it, or name another")
        if channel.get("is_member") is False and channel.get("is_im") is not True:
            return self._outside(place)
        return Finding("ok", f"{self._name}: {place} is there")

    def _outside(self, place: str) -> Finding:
        """What follows of a channel that the app is not in: with chat:write.public it may post there all the same."""
        if "chat:write.public" in self._granted:
            return Finding("ok", f"{self._name}: {place} is there; the app is not in it, so files will be named only")
        what = f"{self._name}: the app is not in {place}"
        return Finding("fail" if self._granted else "warn", what, _INVITE)

    def _by_id(self, place: str) -> Mapping[str, Any]:
        if place[0] in "UW":  # a person: the conversation is opened by the first post
            return {}
        said = judged(self._asked("conversations.info", {"channel": place}), place).get("channel")
        return said if isinstance(said, dict) else {}

    def _by_name(self, name: str) -> Mapping[str, Any] | None:
        """The channel of that name: one that the app is in, or a public one. None when not all could be looked at.

        Raises:
            PermanentFailure: there is none.
        """
        found, _ = self._listed("users.conversations", name)
        if found is not None:
            return {**found, "is_member": True}
        found, whole = self._listed("conversations.list", name)
        if found is None and whole:
            raise PermanentFailure("is no channel that the app can see", advice=f"Check the name. {_INVITE}")
        return None if found is None else {"is_member": False, **found}

    def _listed(self, method: str, name: str) -> tuple[Mapping[str, Any] | None, bool]:
        """(The channel of that name that a method lists, whether all were looked at: there is one in any workspace)."""
        cursor, seen = "", 0
        for _ in range(_PAGES):
            fields: dict[str, str | int] = {"types": "public_channel,private_channel", "limit": _PER_PAGE}
            if cursor:
                fields["cursor"] = cursor
            said = judged(self._asked(method, fields), "")
            channels = said.get("channels")
            for each in channels if isinstance(channels, list) else ():
                seen += 1
                if isinstance(each, dict) and each.get("name") == name:
                    return each, True
            cursor = _text(said.get("response_metadata") or {}, "next_cursor")
            if not cursor:
                return None, seen > 0
        return None, False

    def _asked(self, method: str, fields: Mapping[str, str | int]) -> Response:
        """The answer to a question, which is also where Slack says what the token may do; raises _MayNotLook."""
        answer = self._api.ask(method, fields, max_answer=_MAX_PAGE)
        self._granted = _scopes(answer) or self._granted
        if code_of(answer.fields) == "missing_scope":
            missing = failure("missing_scope", answer.url, answer, answer.fields.get("needed"))
            raise _MayNotLook(missing.what, about=missing.about, advice=missing.advice)
        return answer


def _scopes(answer: Response) -> tuple[str, ...]:
    """What the token may do, as every answer tells; empty where it does not."""
    return tuple(scope.strip() for scope in answer.headers.get("x-oauth-scopes", "").split(",") if scope.strip())


def _thread(post: Post) -> str:
    """The TS of the message that began the thread a post belongs to; empty when its receipt is none of Slack's."""
    moment = post.thread.rpartition("/")[2]
    return moment if re.fullmatch(r"[0-9]{1,20}\.[0-9]{1,10}", moment) else ""


def _text(said: Mapping[str, Any], key: str) -> str:
    value = said.get(key)
    return visible.line(value)[:500] if isinstance(value, str) else ""
