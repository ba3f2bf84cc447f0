"""Posts as messages in Matrix rooms, each sent under a transaction id that stays the same at each attempt."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Any, ClassVar, Literal, Protocol
from urllib.parse import quote

from msgspec.structs import replace

from mailpoll.destinations.kind import CHAT_RATE, Kind, Question, Way, failed
from mailpoll.destinations.matrix.answers import TOO_LARGE, WrongRoom
from mailpoll.destinations.matrix.client import Client
from mailpoll.destinations.matrix.events import file_event, levels, text_event, transaction_id
from mailpoll.errors import (
    DestinationRefused,
    MessageError,
    PermanentFailure,
    Unanswered,
    Unreadable,
)
from mailpoll.http import Http
from mailpoll.model import WHOLE_TEXT, Attachment, Finding, Limits, Post, Receipt
from mailpoll.settings import MatrixSettings, SecretRef

# Characters: in four octets each they fit into an event; with their HTML, where that has room.
MAX_BODY = 14_000
_WHOLE_TEXT = Attachment(0, WHOLE_TEXT, "text/plain; charset=utf-8", 0)


class Parts(Protocol):
    """Where the bytes of attachments come from."""

    def part(self, number: int) -> Iterator[bytes]: ...


@dataclass(frozen=True, slots=True)
class _Uploaded:
    """A file that the server has: where, and how many octets."""

    file: Attachment
    uri: str
    size: int


class MatrixDestination:
    """An account on a Matrix homeserver that posts into rooms.

    Each event goes out with PUT …/send/m.room.message/{transaction id}. The server answers the same id with the event
    that it made the first time, so that a post whose answer was lost is posted again and is there once. It remembers
    that for the access token at hand, Synapse for a day.
    """

    kind: ClassVar[Kind] = Kind(
        name="matrix",
        promise="once: the homeserver knows the transaction id of a post that comes again, as long as it remembers it "
        "(Synapse: a day) and the access token stays the same",
        service="a room of a Matrix homeserver",
        takes="text as Markdown and HTML, the subject as first line; files, each an event of its own",
        limits=Limits(topic=0, body=MAX_BODY, mentions="matrix", markup="commonmark", threads=True),
        place="room: its id or alias, `#ops:example.org`",
        threads=True,
        rate=CHAT_RATE,
        example="""\
[destination.NAME]
kind = "matrix"
homeserver = "https://matrix.example.org"
token = { file = "matrix-token" }     # the access token of an account that only posts
room = "#ops:example.org"             # for channels that name none: --to NAME:#other:example.org
""",
        ways=(
            Way(
                "token",
                "an account's access token",
                (
                    Question("homeserver", "URL of the homeserver, like https://matrix.example.org"),
                    Question("token", "Access token of the account that posts", secret=True),
                    Question("room", "Room, like #ops:example.org", place=True),
                ),
            ),
        ),
    )
    askable = False
    on_uncertain: Literal["repost", "hold"] = "repost"  # the same transaction id: exact

    def __init__(
        self,
        name: str,
        settings: MatrixSettings,
        secret: Callable[[SecretRef, str], str],
        *,
        http: Http | None = None,
    ) -> None:
        self.name = name
        self.limits = self.limits_of(settings)
        self._settings = settings
        self._client = Client(
            http or Http(ca_file=settings.ca_file),
            settings.homeserver,
            secret(settings.token, f"destination.{name}.token"),
            settings.timeout,
        )
        self._ids: dict[str, str] = {}
        self._largest: int | None = None  # octets of a file, once the server was asked

    @classmethod
    def limits_of(cls, settings: MatrixSettings) -> Limits:
        """What a destination with these settings takes."""
        return replace(
            cls.kind.limits,
            files=settings.attachments,
            file_size=settings.max_file,
            overflow=settings.overflow,
            threads=settings.thread,
        )

    def post(self, post: Post, content: Parts) -> Receipt:
        """The id of the event that is the post's text, and a link to it; raises as delivery.Destination says.

        Files are uploaded first, so that the text can say which could not be, and shown after it.
        """
        room = post.place or self._settings.room or ""
        try:
            return self._posted(room, post, content)
        except WrongRoom as problem:
            raise _of(room or self._about, problem) from None

    def _posted(self, room: str, post: Post, content: Parts) -> Receipt:
        room_id = self._room_id(room)
        key = post.key or secrets.token_hex(16)
        uploaded, note = self._upload(post, content)
        event, thread = self._send_text(room, room_id, key, post, note)
        for index, each in enumerate(uploaded):
            transaction = transaction_id(key, f"file {index}")
            self._client.send(room_id, transaction, file_event(each.file, each.uri, each.size, thread))
        link = f"https://matrix.to/#/{quote(room_id, safe='')}/{quote(event, safe='')}"
        return Receipt(event, link, alone=thread != post.thread)

    def find(self, post: Post) -> Receipt | None:
        """None, and nobody asks: posting again under the same transaction id is exact."""
        return None

    def check(self) -> tuple[Finding, ...]:
        """Whose the access token is, and whether that account is in the room of the settings; nothing is posted."""
        try:
            found = [Finding("ok", f"{self.name}: posts as {self._client.whoami()}")]
            if self._settings.room is not None:
                found.append(self.check_place(self._settings.room))
        except MessageError as problem:
            return (self._failed(problem),)
        return tuple(found)

    def check_place(self, place: str) -> Finding:
        """Whether the account is in a room, or will be; raises TemporaryFailure when nobody could be asked."""
        room = place or self._settings.room or ""
        try:
            return self._standing(room, self._room_id(room), self._client.whoami())
        except WrongRoom as problem:
            return self._failed(_of(room, problem) if room else problem)
        except (DestinationRefused, PermanentFailure) as problem:
            return self._failed(problem)

    def _standing(self, room: str, room_id: str, user: str) -> Finding:
        try:
            member = self._client.state(room_id, "m.room.member", user) or {}
        except WrongRoom:  # who is not in a room may not look into it
            member = {}
        if member.get("membership") != "join":
            return self._not_in(room, user, banned=member.get("membership") == "ban")
        if self._client.state(room_id, "m.room.encryption") is not None:
            what = f"{self.name}: {room} is encrypted, and posts of mailpoll are not; apps warn of that"
            return Finding("warn", what, "Take a room without encryption")
        has, needed = levels(self._client.state(room_id, "m.room.power_levels") or {}, user)
        if has < needed:
            what = f"{self.name}: {user} may not post in {room}: its power level is {has}, that takes {needed}"
            advice = "Raise it, under Roles of the room's settings"
            if ":" in room_id:
                return Finding("fail", what, advice)
            # Since room version 12, whose ids name no server, whoever made a room is above all levels.
            return Finding("warn", what, f"{advice}, unless that account made the room")
        return Finding("ok", f"{self.name}: {user} is in {room}")

    def _not_in(self, room: str, user: str, banned: bool) -> Finding:
        if banned:
            return Finding("fail", f"{self.name}: {user} is banned from {room}", "Ask who runs the room to lift that")
        if self._settings.join:
            advice = f"Invite {user}, unless the room is public"
            return Finding("warn", f"{self.name}: {user} is not in {room}, and joins with the first post", advice)
        return Finding("fail", f"{self.name}: {user} is not in {room}", f"Invite {user} and accept, or set join = true")

    def _failed(self, problem: MessageError) -> Finding:
        about = "" if problem.about == self._about else problem.about  # the name says it
        return failed(self.name, problem, "Check its homeserver and the network", about=about)

    @property
    def _about(self) -> str:
        return f"destination.{self.name}"

    def _room_id(self, room: str) -> str:
        if not room.startswith(("!", "#")):
            what = f"{room!r} is no room" if room else "no room is named"
            advice = "Name one by its id or alias: --to NAME:#ops:example.org, or room in the section"
            raise WrongRoom(what, about=self._about, advice=advice)
        if room not in self._ids:
            self._ids[room] = self._client.room_id(room)
        return self._ids[room]

    def _send_text(self, room: str, room_id: str, key: str, post: Post, note: str) -> tuple[str, str]:
        """(the id of the event, the thread that it is in)."""
        transaction = transaction_id(key, "text")
        event = text_event(post, note, self._settings.msgtype)
        try:
            return self._joining(room, room_id, transaction, event), post.thread
        except PermanentFailure as problem:
            if isinstance(problem, WrongRoom) or not post.thread:
                raise
        # The thread may be gone, or its beginning be none: the post stands beside it. Nothing was made under this id.
        alone = text_event(replace(post, thread=""), note, self._settings.msgtype)
        return self._client.send(room_id, transaction, alone), ""

    def _joining(self, room: str, room_id: str, transaction: str, event: dict[str, Any]) -> str:
        """Sends, after joining the room where the account is not in it yet."""
        try:
            return self._client.send(room_id, transaction, event)
        except WrongRoom as refused:
            if not self._settings.join or "M_FORBIDDEN" not in refused.what:
                raise
            try:
                self._client.join(room)
            except (PermanentFailure, DestinationRefused):  # of a room that nobody knows Synapse says 404, M_UNKNOWN
                raise refused from None
        return self._client.send(room_id, transaction, event)

    def _upload(self, post: Post, content: Parts) -> tuple[list[_Uploaded], str]:
        """The files that the server has now, and a sentence about those that it has not."""
        files = [*((_WHOLE_TEXT,) if post.whole_text else ()), *(post.attachments if self.limits.files else ())]
        uploaded: list[_Uploaded] = []
        reasons: dict[str, int] = {}
        for file in files:
            try:
                uploaded.append(self._uploaded(file, content))
            except (PermanentFailure, Unanswered, DestinationRefused) as problem:
                why = _why(problem)
                reasons[why] = reasons.get(why, 0) + 1
        return uploaded, "\n".join(f"({count} of {len(files)} files not passed on: {why})" for why, count in
                                   reasons.items())  # fmt: skip

    def _uploaded(self, file: Attachment, content: Parts) -> _Uploaded:
        limit = self._max_file()
        if file.size > limit:
            raise PermanentFailure(TOO_LARGE)
        data = _joined(content.part(file.part))
        if len(data) > limit:
            raise PermanentFailure(TOO_LARGE)
        try:
            uri = self._client.upload(file.name, file.type, data)
        except Unanswered:  # once more: a file that is there twice is shown once
            uri = self._client.upload(file.name, file.type, data)
        return _Uploaded(file, uri, len(data))

    def _max_file(self) -> int:
        if self._largest is None:
            allowed = self._client.max_upload()
            self._largest = self._settings.max_file if allowed is None else min(allowed, self._settings.max_file)
        return self._largest


def _of(room: str, problem: WrongRoom) -> PermanentFailure:
    """The problem, as one of the room that people named."""
    return PermanentFailure(problem.what, about=room, advice=problem.advice)


def _why(problem: MessageError) -> str:
    """Why a file stays behind; raises what is about more than the file.

    A proxy that breaks off rather than answer 413 would break off each attempt: after the second, the text waits for
    that no longer.
    """
    if isinstance(problem, Unreadable):
        return "cannot be read"
    if isinstance(problem, Unanswered):
        return "the upload broke off"
    if isinstance(problem, DestinationRefused):
        raise problem
    too_large = TOO_LARGE in problem.what or "answered 413" in problem.what
    return "too large for this server" if too_large else "refused by this server"


def _joined(pieces: Iterable[bytes]) -> bytearray:
    """A file in memory, one at a time: how long it is must be known before it is sent."""
    data = bytearray()
    for piece in pieces:
        data += piece
    return data
