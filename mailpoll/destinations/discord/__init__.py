"""Posts as messages in Discord channels, by a bot or a web hook."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Iterator
from typing import Any, ClassVar, Literal, Protocol
from urllib.parse import parse_qsl, urlencode, urlsplit

from msgspec.structs import replace

from mailpoll import __version__, redaction, visible
from mailpoll.crosscheck import url_problem
from mailpoll.destinations.discord.answers import (
    MISSING_PERMISSION,
    NO_THREAD,
    UNKNOWN_CHANNEL,
    Refused,
    judged,
    of_place,
)
from mailpoll.destinations.discord.message import (
    MAX_CONTENT,
    MAX_FILES,
    MAX_THREAD_NAME,
    SUPPRESS_EMBEDS,
    SUPPRESS_NOTIFICATIONS,
    Files,
    message,
    nonce,
)
from mailpoll.destinations.kind import CHAT_RATE, Kind, Question, Way, failed
from mailpoll.errors import DestinationRefused, MessageError, PermanentFailure, TemporaryFailure, Unreadable
from mailpoll.http import Http, Response
from mailpoll.model import WHOLE_TEXT, Attachment, Finding, Limits, Post, Receipt
from mailpoll.settings import DiscordSettings, SecretRef
from mailpoll.threads import answering

_NOTE_ROOM = 100  # characters, for the sentence about files that did not go along
_MAX_ANSWER = 1024 * 1024  # octets: a message comes back with the one that it answers, and all of their files
# Types of channels that no message goes into ("Channel Types").
NO_MESSAGES = {4: "a category", 14: "a directory", 15: "a forum", 16: "a forum of media"}
_WHOLE_TEXT = Attachment(0, WHOLE_TEXT, "text/plain; charset=utf-8", 0)
# Discord's network turns away what does not name itself like this.
_USER_AGENT = f"DiscordBot (https://pypi.org/project/mailpoll, {__version__})"


class Parts(Protocol):
    """Where the bytes of attachments come from."""

    def part(self, number: int) -> Iterator[bytes]: ...


class DiscordDestination:
    """A bot, or the web hook of a channel.

    A bot's message carries a nonce made from the post's key, and `enforce_nonce`: for a few minutes Discord answers the
    same message to the same nonce. That covers a lost answer, which is asked for anew after a minute, and a run that
    was killed. Web hooks know no nonce.
    """

    kind: ClassVar[Kind] = Kind(
        name="discord",
        promise="bot: once, for the few minutes in which Discord remembers a nonce; web hook: at least once, doubles "
        "only after a lost answer",
        service="Discord, by a bot or a web hook",
        takes="text as Discord's Markdown, at most ten files in the same message",
        limits=Limits(
            topic=0, body=MAX_CONTENT - _NOTE_ROOM, mentions="discord", markup="discord", threads=True
        ),
        place="bot: id of a channel or thread; web hook: id of a thread",
        threads=True,
        rate=CHAT_RATE,
        example="""\
[destination.NAME]
kind = "discord"
token = { file = "discord-token" }     # a bot's; and the id of the channel, for those that name none:
channel = "1234567890123456789"        # --to NAME:9876543210987654321
# webhook = { file = "discord-webhook" }   # or the URL of a web hook, instead of both
""",
        ways=(
            Way(
                "webhook",
                "a web hook: one channel, made in a minute",
                (Question("webhook", "URL of the web hook", secret=True, url=True),),
            ),
            Way(
                "token",
                "a bot: any channel that it sees, no doubles",
                (
                    Question("token", "The bot's token", secret=True),
                    Question("channel", "Id of the channel (Copy Channel ID)", place=True),
                ),
            ),
        ),
    )  # fmt: skip
    askable = False

    def __init__(
        self,
        name: str,
        settings: DiscordSettings,
        secret: Callable[[SecretRef, str], str],
        *,
        http: Http | None = None,
    ) -> None:
        self.name = name
        self.limits = self.limits_of(settings)
        self.on_uncertain: Literal["repost", "hold"] = settings.on_uncertain
        self._settings = settings
        self._http = http or Http(ca_file=settings.ca_file)
        self._hook = self._hook_url(secret(settings.webhook, f"{self._about}.webhook")) if settings.webhook else ""
        self._authorization = {}
        if settings.token is not None:
            self._authorization = {"Authorization": "Bot " + secret(settings.token, f"{self._about}.token")}

    @classmethod
    def limits_of(cls, settings: DiscordSettings) -> Limits:
        """What a destination with these settings takes. Posts of a forum have a title; a web hook elsewhere cannot
        answer a message."""
        return replace(
            cls.kind.limits,
            topic=MAX_THREAD_NAME if settings.forum else 0,
            files=settings.attachments,
            file_size=settings.max_file,
            overflow=settings.overflow,
            threads=settings.thread and (settings.webhook is None or settings.forum),
        )

    @property
    def _about(self) -> str:
        return f"destination.{self.name}"

    def _hook_url(self, url: str) -> str:
        redaction.know_url(url)
        if problem := url_problem(url, allow_plaintext=False):
            advice = "Copy the web hook's URL anew, under Integrations of the channel's settings"
            raise DestinationRefused(f"the web hook's URL {problem}", about=f"{self._about}.webhook", advice=advice)
        return url

    def post(self, post: Post, content: Parts) -> Receipt:
        """The id of the message; raises as delivery.Destination says."""
        files = self._files(post, content)
        key = post.key or secrets.token_hex(16)
        try:
            try:
                return self._send(post, key, files)
            except Refused as refused:
                # Made was nothing: the same post, and the same nonce, with less.
                if files.names and refused.of_files:
                    return self._send(post, key, files.none(_why(refused)))
                if post.thread and self._is_about_thread(refused.code):
                    return replace(self._send(replace(post, thread=""), key, files), alone=True)
                raise
        except Refused as refused:
            # A web hook that was given no thread has one place only: its own channel.
            place = post.place or ("" if self._hook else self._settings.channel or "")
            raise (of_place(refused, place) if place else refused.problem) from None

    def _is_about_thread(self, code: int) -> bool:
        return code in NO_THREAD or (bool(self._hook) and code == UNKNOWN_CHANNEL)

    def find(self, post: Post) -> Receipt | None:
        """None: Discord cannot be asked for a nonce."""
        return None

    def check(self) -> tuple[Finding, ...]:
        """Whether Discord accepts the token or the web hook's URL, and the bot sees its channel; nothing is posted."""
        if self._hook:
            return (self._found(self._hook, "posts as web hook {name}"),)
        found = self._found(self._api("/users/@me"), "posts as bot {username}")
        if found.level != "ok" or self._settings.channel is None:
            return (found,)
        return (found, *filter(None, [self.check_place("")]))

    def check_place(self, place: str) -> Finding | None:
        """Whether the bot sees a channel; None for a thread of a web hook, which cannot tell. Raises TemporaryFailure
        when Discord could not be asked."""
        if self._hook and not place:
            return None
        try:
            identity = _snowflake(place or self._settings.channel or "", self._about)
        except PermanentFailure as problem:
            return self._failed(problem)
        if self._hook:
            return None
        return self._found(self._api(f"/channels/{identity}"), "sees channel {name}", place=identity)

    def _api(self, path: str) -> str:
        return self._settings.api.rstrip("/") + path

    def _found(self, url: str, meaning: str, *, place: str = "") -> Finding:
        """What a GET tells: `meaning` with a field of the answer, or what is wrong. Of a `place` it raises
        TemporaryFailure."""
        try:
            said = judged(self._call("GET", url), hook=bool(self._hook))
        except Refused as refused:
            if place and isinstance(refused.problem, TemporaryFailure):
                raise refused.problem from None
            return self._failed(of_place(refused, place) if place else refused.problem)
        except TemporaryFailure as problem:
            if place:
                raise
            return self._failed(problem)
        except MessageError as problem:
            return self._failed(problem)
        named = {key: visible.line(str(value))[:100] for key, value in said.items() if key in ("name", "username")}
        kind = said.get("type")
        if place and isinstance(kind, int) and kind in NO_MESSAGES:
            what = f"{self.name}: channel {named.get('name', '')} takes no messages: it is {NO_MESSAGES[kind]}"
            return Finding("fail", what, "Take a text channel or a thread, or for a forum a web hook with forum = true")
        return Finding("ok", f"{self.name}: " + meaning.format_map({"name": "", "username": "", **named}).strip())

    def _failed(self, problem: MessageError) -> Finding:
        about = "" if problem.about == self._about else problem.about  # the name says it
        return failed(self.name, problem, "Try again later", about=about)

    def _send(self, post: Post, key: str, files: Files) -> Receipt:
        flags = (0 if self._settings.embeds else SUPPRESS_EMBEDS) | (
            SUPPRESS_NOTIFICATIONS if self._settings.silent else 0
        )
        fields = message(answering(post), files.note, flags=flags)
        url, more = self._by_hook(post) if self._hook else self._by_bot(post, key)
        body, type_ = files.request({**fields, **more})
        identity = judged(self._call("POST", url, body, type_), hook=bool(self._hook)).get("id")
        return Receipt(identity if isinstance(identity, str) and identity.isalnum() else "")

    def _by_bot(self, post: Post, key: str) -> tuple[str, dict[str, Any]]:
        channel = _snowflake(post.place or self._settings.channel or "", self._about)
        fields: dict[str, Any] = {"nonce": nonce(key), "enforce_nonce": True}
        if post.thread:
            fields["message_reference"] = {"message_id": post.thread, "fail_if_not_exists": True}
        return self._api(f"/channels/{channel}/messages"), fields

    def _by_hook(self, post: Post) -> tuple[str, dict[str, Any]]:
        """A web hook's URL: it answers with the message (`wait`), in a thread where there is one. In a forum a thread
        has the id of its first message."""
        parts = urlsplit(self._hook)
        query = {**dict(parse_qsl(parts.query)), "wait": "true"}
        thread = post.place or (post.thread if self._settings.forum else "")
        if thread:
            query["thread_id"] = _snowflake(thread, self._about)
        title = {"thread_name": post.topic[:MAX_THREAD_NAME] or "mail"} if self._settings.forum and not thread else {}
        return parts._replace(query=urlencode(query)).geturl(), title

    def _call(self, method: str, url: str, body: bytes | bytearray = b"", type_: str = "") -> Response:
        return self._http.request(
            method,
            url,
            headers={"User-Agent": _USER_AGENT, **({"Content-Type": type_} if body else {}), **self._authorization},
            body=body,
            timeout_connect=min(5, self._settings.timeout),
            timeout_read=self._settings.timeout,
            max_answer=_MAX_ANSWER,
        )

    def _files(self, post: Post, content: Parts) -> Files:
        """The files that go along, the whole text first where the body was cut."""
        wanted = [*((_WHOLE_TEXT,) if post.whole_text else ()), *(post.attachments if self.limits.files else ())]
        files = Files()
        for attachment in wanted:
            if len(files.names) == MAX_FILES or attachment.size > self._settings.max_file:
                files.left_out += 1
                continue
            try:
                files.add(attachment, content.part(attachment.part), self._settings.max_file)
            except Unreadable:
                files.left_out += 1
        return files


def _why(refused: Refused) -> str:
    """Why the files of a post stay behind, in few words."""
    if refused.code == MISSING_PERMISSION:
        return "the bot lacks the permission Attach Files"
    return "larger than Discord takes" if refused.too_large else "Discord refuses them"


def _snowflake(identity: str, about: str) -> str:
    """An id of Discord: raises PermanentFailure for anything else, which would change the URL."""
    if identity.isascii() and identity.isdigit() and len(identity) <= 20:
        return identity
    what = f"{identity!r} is no id of a channel" if identity else "no channel is named"
    advice = "Write the number that Copy Channel ID gives: --to NAME:1234567890123456789, or channel in the section"
    raise PermanentFailure(what, about=about, advice=advice)
