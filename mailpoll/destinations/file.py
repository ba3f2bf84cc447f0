"""Posts as files in a folder, one for each, for programs that watch it."""

from __future__ import annotations

import base64
from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack, contextmanager
from datetime import datetime
from typing import Any, ClassVar, Literal, Protocol

from mailpoll import durable
from mailpoll.destinations.kind import Kind, Question, Way
from mailpoll.errors import PermanentFailure, Unreadable
from mailpoll.model import Attachment, Finding, Limits, Post, Receipt
from mailpoll.post_json import facts, in_json
from mailpoll.settings import FileSettings, SecretRef

_ENDINGS = {"json": ".json", "text": ".txt", "eml": ".eml"}
_WORDS = "Write the name of a folder below it, like support or support/2026"


class Content(Protocol):
    """The bytes behind a post."""

    def raw(self) -> Iterator[bytes]: ...

    def part(self, number: int) -> Iterator[bytes]: ...


class FileDestination:
    """A folder. The file of a post is named after its key, so that one written anew replaces itself."""

    kind: ClassVar[Kind] = Kind(
        name="file",
        promise="once, as long as the file stays in its folder",
        service="a folder on this machine, with a file for each post",
        takes="a file for each post, whole or not there: JSON with attachments, text, or the raw mail",
        limits=Limits(),
        place="a folder below it, made when missing: support, support/2026",
        example="""\
[destination.NAME]
kind = "file"
path = "/srv/inbound"          # made when missing; /srv must be there
format = "json"                # or "text", or "eml": the mail as it came
# mode = "0640"                # the group may read the files, too
""",
        ways=(Way("path", "a folder", (Question("path", "Path of the folder, made when missing"),)),),
    )
    askable = True
    on_uncertain: Literal["repost", "hold"] = "repost"

    def __init__(
        self, name: str, settings: FileSettings, secret: Callable[[SecretRef, str], str] | None = None
    ) -> None:  # fmt: skip
        self.name = name
        self.limits = self.limits_of(settings)
        self._settings = settings
        self._mode = int(settings.mode, 8)

    @classmethod
    def limits_of(cls, settings: FileSettings) -> Limits:
        """What a destination with these settings takes."""
        files = settings.attachments if settings.format == "json" else settings.format == "eml"
        return Limits(files=files)

    def post(self, post: Post, content: Content) -> Receipt:
        """The name of the post's file, below the folder; raises as delivery.Destination says."""
        name = self._file_name(post)
        with self._folder(post.place) as folder:
            if not folder.holds(name):
                # Watchers look for *.json, and shells leave out what begins with a dot.
                aside = (folder, f".{name}.tmp")
                durable.write(name, self._pieces(post, content), aside=aside, into=folder, mode=self._mode)
        return self._receipt(post)

    def find(self, post: Post, since: datetime, taken: Callable[[str], bool]) -> Receipt | None:
        """The name of the post's file, where that is there still."""
        with self._folder(post.place) as folder:
            return self._receipt(post) if folder.holds(self._file_name(post)) else None

    def check(self) -> tuple[Finding, ...]:
        """Whether it can be written; nothing is made."""
        return (durable.look(self._settings.path, self.name, f"{self._about}.path"),)

    def check_place(self, place: str) -> Finding | None:
        """What is wrong with the name of a folder, or None."""
        problem = place_problem(place)
        return Finding("fail", f"{self.name}: the folder {place!r} {problem}", _WORDS) if problem else None

    @property
    def _about(self) -> str:
        return f"destination.{self.name}"

    def _file_name(self, post: Post) -> str:
        return post.key + _ENDINGS[self._settings.format]

    def _receipt(self, post: Post) -> Receipt:
        return Receipt(id="/".join(filter(None, (post.place, self._file_name(post)))))

    @contextmanager
    def _folder(self, place: str) -> Iterator[durable.Folder]:
        if problem := place_problem(place):
            raise PermanentFailure(f"the folder {place!r} {problem}", about=self._about, advice=_WORDS)
        with ExitStack() as stack:
            folder = stack.enter_context(durable.folder(self._settings.path, self._about))
            for part in place.split("/") if place else ():
                folder = stack.enter_context(folder.below(part))
            yield folder

    def _pieces(self, post: Post, content: Content) -> Iterator[bytes]:
        if self._settings.format == "eml":
            return content.raw()
        return _text(post) if self._settings.format == "text" else _json(post, content, self._settings.attachments)


def place_problem(place: str) -> str:
    """What is wrong with the name of a folder below ours, which follows its name; "" when nothing is."""
    parts = place.split("/") if place else []
    if any(not part or part.startswith(".") for part in parts):
        return "has a part that is empty or begins with a dot"
    if not place.isprintable() and place:
        return "holds characters that cannot be seen"
    return "is too long" if any(len(part.encode()) > durable.MAX_NAME for part in parts) else ""


def _text(post: Post) -> Iterator[bytes]:
    yield "\n\n".join(filter(None, (post.topic, post.body))).encode("utf-8", "replace") + b"\n"


def _json(post: Post, content: Content, with_files: bool) -> Iterator[bytes]:
    """One object, with the fields of a web hook's; attachments piece by piece."""
    yield in_json(facts(post))[:-1]
    if post.whole_text:
        yield b',"whole_text":' + in_json(_whole_text(content))
    yield b',"attachments":['
    for index, attachment in enumerate(post.attachments):
        pieces, reason = _bytes(attachment, content) if with_files else (None, "")
        yield (b"," if index else b"") + in_json(_description(attachment, pieces is not None, reason))[:-1]
        if pieces is not None:
            yield b',"content":"'
            yield from _in_base64(pieces)
            yield b'"'
        yield b"}"
    yield b"]}\n"


def _whole_text(content: Content) -> str | None:
    try:
        return b"".join(content.part(0)).decode("utf-8", "replace")
    except Unreadable:
        return None


def _bytes(attachment: Attachment, content: Content) -> tuple[Iterator[bytes] | None, str]:
    try:
        return content.part(attachment.part), ""
    except Unreadable as problem:
        return None, problem.what


def _description(attachment: Attachment, included: bool, reason: str) -> dict[str, Any]:
    described = {
        "name": attachment.name,
        "type": attachment.type,
        "size": attachment.size,
        "content_id": attachment.content_id,
    }
    return described if included else {**described, "omitted": True, **({"reason": reason} if reason else {})}


def _in_base64(pieces: Iterable[bytes]) -> Iterator[bytes]:
    held = b""
    for piece in pieces:
        held += piece
        whole = len(held) - len(held) % 3
        yield base64.b64encode(held[:whole])
        held = held[whole:]
    yield base64.b64encode(held)
