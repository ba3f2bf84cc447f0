"""Posts as messages of Zulip: in channels by topic, or direct to people."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import datetime
from typing import Any, ClassVar, Literal, Protocol

from msgspec.structs import replace

from mailpoll.destinations.kind import CHAT_RATE, Kind, Question, Way, failed
from mailpoll.destinations.zulip import account as accounts
from mailpoll.destinations.zulip import lookup, places
from mailpoll.destinations.zulip.answers import judged, may_not, words
from mailpoll.destinations.zulip.content import ROOM_FOR_FILES, Draft, File, bare, draft
from mailpoll.destinations.zulip.places import Channel, People
from mailpoll.destinations.zulip.server import MIB, Nature, Server
from mailpoll.errors import DestinationRefused, MessageError, PermanentFailure, TemporaryFailure, Unanswered, Unreadable
from mailpoll.http import Http, Response
from mailpoll.model import Finding, Limits, Post, Receipt
from mailpoll.settings import SecretRef, ZulipSettings
from mailpoll.subject import printable, shortened

_CLOCKS_APART = 600  # seconds that the server's clock may be behind ours
_NO_TOPIC = "(no topic)"
_EMPTY_TOPICS = 334  # the feature level from which a topic may be empty
_MESSAGE = 120  # … GET /messages/{id} gives the message
_RESOLVED = "✔ "  # in front of the topics that people resolved
_IN_FRONT = "Zulip takes such messages: check the limits of the proxy in front of it"
_GENERIC = "A bot for incoming web hooks may only send: take a generic bot"


class Parts(Protocol):
    """Where the bytes of attachments come from."""

    def part(self, number: int) -> Iterator[bytes]: ...


class ZulipDestination:
    """Zulip.

    Args:
        name: what the destination is called, for errors.
        settings: its section.
        secret: (reference, key path) → secret.

    Raises:
        ConfigError, AccessDenied: the zuliprc, or the secret, is not to be had.
        DestinationRefused: `ca_file` cannot be used.
    """

    kind: ClassVar[Kind] = Kind(
        name="zulip",
        promise="once: after a lost answer it looks for its own message before it posts again",
        service="a Zulip server, by a bot",
        takes="text with topics, attachments as uploads",
        place="a channel (general) or its id (42), or people for a direct message (@ann@example.com,bob@example.com)",
        limits=Limits(topic=60, body=10_000 - ROOM_FOR_FILES, mentions="zulip", markup="zulip"),
        threads=True,
        rate=CHAT_RATE,
        example="""\
[destination.NAME]
kind = "zulip"
zuliprc = "zuliprc"                     # the file that Zulip offers for a generic bot: Personal settings, Bots
# site = "https://example.zulipchat.com"  # or these three
# email = "mail-bot@example.zulipchat.com"
# key = { file = "zulip-key" }
# channel = "general"                   # for --to NAME without a place
""",
        ways=(
            Way(
                "zuliprc",
                "the file that Zulip offers for a bot",
                (
                    Question("zuliprc", "Path of the zuliprc (in Zulip: Personal settings, Bots)", file=True),
                    Question("channel", "Channel, or @people", place=True),
                ),
            ),
            Way(
                "key",
                "the bot's API key, typed in",
                (
                    Question("site", "URL of the Zulip server"),
                    Question("email", "The bot's address"),
                    Question("key", "The bot's API key", secret=True),
                    Question("channel", "Channel, or @people", place=True),
                ),
            ),
        ),
    )
    askable = True

    def __init__(
        self,
        name: str,
        settings: ZulipSettings,
        secret: Callable[[SecretRef, str], str],
        *,
        http: Http | None = None,
    ) -> None:
        self.name = name
        self.limits = self.limits_of(settings)
        self.on_uncertain: Literal["repost", "hold"] = settings.on_uncertain
        self._settings = settings
        account = accounts.of(name, settings, secret)
        self._site, self._email = account.site, account.email
        http = http or Http(ca_file=settings.ca_file or account.ca_file)
        self._server = Server(self._about, account, http, settings.timeout)

    @classmethod
    def limits_of(cls, settings: ZulipSettings) -> Limits:
        """What a destination with these settings takes, before the server is asked."""
        limits = replace(cls.kind.limits, threads=settings.thread)
        if not settings.attachments:
            return replace(limits, files=False, overflow="cut")
        return replace(limits, overflow=settings.overflow)

    def post(self, post: Post, content: Parts) -> Receipt:
        """The message's id, and a link to it; raises as delivery.Destination says. A wrong place is the post's fault:
        the other channels that post to Zulip are not stopped."""
        place = self._place(post)
        nature = self._server.nature()
        message = self._draft(post, nature)
        topic = self._topic(post, place, nature)
        files = [self._uploaded(file, nature, content) for file in message.files]
        fields = {**place.address(nature.level), "content": message.content(files)}
        if isinstance(place, Channel):
            fields["topic"] = topic
        said = self._judged(self._server.send(fields), place)
        return self._receipt(said.get("id"), place, topic, nature, said.get("message_url"))

    def find(self, post: Post, since: datetime, taken: Callable[[str], bool]) -> Receipt | None:
        """The receipt of a message of our own that says what this post says, in its place and topic, and is no other
        post's. Only the paths of its files are not compared, which nobody knows.

        Raises:
            PermanentFailure: Zulip does not let the bot look, and the post is not to be repeated unseen.
            Unanswered: the question is open still.
        """
        try:
            return self._find(post, since, taken)
        except TemporaryFailure as problem:
            raise Unanswered(
                f"could not be asked: {problem.what}", about=problem.about, retry_after=problem.retry_after
            ) from None

    def _find(self, post: Post, since: datetime, taken: Callable[[str], bool]) -> Receipt | None:
        place, nature = self._place(post), self._server.nature()
        me = self._server.ask("GET", "users/me", {})
        if may_not(me):
            self._refuse_unseen(me)
            return None
        said = judged(me, self._about)
        own = self._server.own_messages(place.narrow(nature.level), said, since.timestamp() - _CLOCKS_APART)
        if isinstance(own, Response):  # 400: there is no such place, so nothing arrived there
            if own.status != 400:
                self._refuse_unseen(own)
            return None
        known, topic = self._draft(post, nature).known, self._topic(post, place, nature)
        shown = topic or nature.no_topic
        for message in reversed(own):  # the oldest first: a later one may be a later post's
            if _says(message, known, place, {topic, shown}) and not taken(str(message["id"])):
                return self._receipt(message["id"], place, topic, nature, None)
        return None

    def _refuse_unseen(self, answer: Response) -> None:
        """Raises PermanentFailure where a post that cannot be looked for is not to be repeated."""
        if self.on_uncertain == "hold":
            raise PermanentFailure(
                f"may have arrived, and Zulip does not let the bot look: {words(answer)}",
                about=self._about,
                advice=f'{_GENERIC}, or write on_uncertain = "repost"',
            )

    def check(self) -> tuple[Finding, ...]:
        """Whether Zulip knows the bot, and the section's own channel is there; nothing is posted."""
        try:
            answer = self._server.ask("GET", "users/me", {})
            if may_not(answer):
                advice = f"Check email and key. {_GENERIC}"
                what = f"{self.name}: {self._site} says: {words(answer)}"
                return (Finding("fail", what, advice, DestinationRefused.exit_status),)
            who = printable(str(judged(answer, self._about).get("full_name") or self._email))
            found = Finding("ok", f"{self.name}: {self._site} knows the bot {who} ({self._email})")
            place = self.check_place("") if self._settings.channel else None
        except MessageError as problem:
            return (failed(self.name, problem, "Check its site and the network", about=f"{self._site}:"),)
        return (found,) if place is None else (found, place)

    def check_place(self, place: str) -> Finding | None:
        """Whether there is such a channel that the bot can see, or are such people; None where an old server cannot
        tell. Raises as post()."""
        place = place or self._settings.channel or ""
        try:
            sought = places.parse(place)
        except ValueError as problem:
            return Finding("fail", f"{self.name}:{place} {problem}", status=PermanentFailure.exit_status)
        wrong = lookup.trouble(self._server, sought)
        if wrong is None:
            return None
        what, advice = wrong
        if what:
            return Finding("fail", f"{self.name}:{place}: {what}", advice, PermanentFailure.exit_status)
        return Finding("ok", f"{self.name}:{place} is there")

    @property
    def _about(self) -> str:
        return f"destination.{self.name}"

    def _place(self, post: Post) -> Channel | People:
        text = post.place or self._settings.channel or ""
        try:
            return places.parse(text)
        except ValueError as problem:
            what = f"the place {text!r} {problem}" if text else f"the place {problem}"
            raise PermanentFailure(what, about=self._about) from None

    def _judged(self, answer: Response, place: Channel | People) -> dict[str, Any]:
        """What Zulip says of a message that it took; what is wrong names the place."""
        try:
            return judged(answer, self._about)
        except PermanentFailure as problem:
            ours = places.refused(place) if answer.status in (400, 403, 404) else _IN_FRONT
            advice = problem.advice or ours
            raise PermanentFailure(f"to {place}: {problem.what}", about=self._about, advice=advice) from None

    def _draft(self, post: Post, nature: Nature) -> Draft:
        """What a message will say: an answer is without the channel's prefix, which calls people for the first mail."""
        if post.thread and self._settings.thread:
            post = replace(post, body=post.body.removeprefix(post.prefix), prefix="")
        return draft(post, nature.body, with_files=self.limits.files, overflow=self.limits.overflow)

    def _topic(self, post: Post, place: Channel | People, nature: Nature) -> str:
        """The topic of a message: that of the message it answers, or the post's. A post without one goes without where
        the server lets it, as "(no topic)" where it knows none such, else under the name of the post's channel."""
        if isinstance(place, People):
            return ""
        if post.thread and self._settings.thread and (topic := self._topic_of(post.thread, nature)):
            return topic
        topic = shortened(printable(post.topic).strip(), nature.topic)
        if topic.lower() not in ("", _NO_TOPIC, nature.no_topic.lower()):
            return topic
        if nature.needs_topic:
            return shortened(post.channel, nature.topic)
        return "" if nature.level >= _EMPTY_TOPICS else _NO_TOPIC

    def _topic_of(self, message: str, nature: Nature) -> str:
        """The topic that a message stands in now; empty where that is not to be known."""
        if not (message.isascii() and message.isdigit()) or nature.level < _MESSAGE:
            return ""
        answer = self._server.ask("GET", f"messages/{message}", {"apply_markdown": False}, max_answer=MIB)
        if may_not(answer):
            return ""
        found = judged(answer, self._about).get("message")
        topic = found.get("subject") if isinstance(found, dict) else ""
        return topic if isinstance(topic, str) and topic != nature.no_topic else ""

    def _uploaded(self, file: File, nature: Nature, content: Parts) -> File:
        """The file with what became of it; a file that cannot go along keeps no post back."""
        if file.size > nature.file_size:
            return file.left_out(f"larger than the {nature.file_size // MIB} MiB that Zulip takes")
        try:
            pieces = content.part(file.part)
        except Unreadable as problem:
            return file.left_out(problem.what)
        answer = self._server.upload(file.upload_name, file.type, pieces)
        if may_not(answer) or answer.status == 413:
            return file.left_out(words(answer))
        said = judged(answer, self._about)
        try:
            return file.uploaded(str(said.get("url") or said.get("uri") or ""))
        except ValueError as problem:
            return file.left_out(str(problem))

    def _receipt(self, id_: object, place: Channel | People, topic: str, nature: Nature, url: object) -> Receipt:
        if not isinstance(id_, int):
            raise DestinationRefused("it answers, but not as Zulip does", about=self._about, advice="Check the site")
        known = url if isinstance(url, str) and url.startswith(f"{self._site}/") and url.isprintable() else ""
        return Receipt(str(id_), known[:2000] or places.link(self._site, place, topic, id_, nature.level))


def _says(message: dict[str, Any], known: str, place: Channel | People, topics: set[str]) -> bool:
    """Whether a message is what was posted; one that people moved since may stand under any topic."""
    if bare(str(message.get("content"))) != known:
        return False
    topic = str(message.get("subject", "")).removeprefix(_RESOLVED)
    moved = message.get("last_moved_timestamp") or message.get("last_edit_timestamp")
    return isinstance(place, People) or bool(moved) or topic in {each.removeprefix(_RESOLVED) for each in topics}
