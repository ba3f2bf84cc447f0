"""Files for Mattermost: uploaded before the post that names them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import chain
from typing import Protocol

from mailpoll import markup, visible
from mailpoll.destinations.mattermost.answers import judged, not_mattermost
from mailpoll.destinations.mattermost.api import Api, nothing_shown
from mailpoll.errors import DestinationRefused, PermanentFailure, Unreadable
from mailpoll.mentions import neutralised
from mailpoll.model import Post

MOST_FILES = 10  # of a post; the server refuses a post with more
NOTE_ROOM = 200  # characters
WHOLE_TEXT = "mail.txt"

# What a status says of a file, not of the post: 401 is the token's, 404 the server's.
_REASONS = {
    400: "the server does not take it",
    403: "the bot may not upload files there",
    413: "too large for the server",
    415: "the server does not take it",
    422: "the server does not take it",
    501: "the server takes no files",
}


class Parts(Protocol):
    """Where the bytes of attachments come from."""

    def part(self, number: int) -> Iterator[bytes]: ...


@dataclass(frozen=True, slots=True)
class File:
    """A file of a post: the number of its part, its name, its media type."""

    number: int
    name: str
    type: str


@dataclass(frozen=True, slots=True)
class Left:
    """A file that does not go along, and why."""

    name: str
    why: str


def upload(api: Api, channel: str, post: Post, content: Parts) -> tuple[list[str], list[Left]]:
    """The ids of a post's files that were uploaded, and the files that were not.

    Raises:
        TemporaryFailure: not now; nothing is to be seen of it.
        DestinationRefused: the token is refused.
    """
    whole = [File(0, WHOLE_TEXT, "text/plain")] if post.whole_text else []
    wanted = [*whole, *(File(file.part, file.name or "file", file.type) for file in post.attachments)]
    ids: list[str] = []
    left: list[Left] = []
    for file in wanted:
        if len(ids) == MOST_FILES:
            left.append(Left(file.name, f"a post takes {MOST_FILES} files"))
            continue
        with nothing_shown():
            result = _uploaded(api, channel, file, content)
        if isinstance(result, Left):
            left.append(result)
        else:
            ids.append(result)
    return ids, left


def _uploaded(api: Api, channel: str, file: File, content: Parts) -> str | Left:
    try:
        pieces = content.part(file.number)
        beginning = next(filter(None, pieces), b"")
        if not beginning:
            return Left(file.name, "empty")
        answer = api.upload(channel, file.name, file.type, chain((beginning,), pieces))
    except Unreadable as problem:
        return Left(file.name, problem.what)
    try:
        said = judged(answer, "", "Check its token")
    except (PermanentFailure, DestinationRefused):
        if answer.status not in _REASONS:
            raise
        return Left(file.name, _REASONS[answer.status])
    infos = said.get("file_infos")
    first = infos[0] if isinstance(infos, list) and infos else None
    identity = first.get("id") if isinstance(first, dict) else None
    if not isinstance(identity, str) or not identity:
        raise not_mattermost(answer)
    return identity


def note(left: Sequence[Left], room: int = NOTE_ROOM) -> str:
    """A line for people that names the files that do not go along and why, as Markdown, of at most `room` characters;
    empty when there are none."""
    reasons: dict[str, list[str]] = {}
    for file in left:
        reasons.setdefault(file.why, []).append(_shown(file.name))
    text = "Not attached: " + "; ".join(f"{', '.join(names)} ({_shown(why)})" for why, names in reasons.items())
    if len(text) > room:
        several = f"{len(left)} files" if len(left) > 1 else "a file"
        text = f"Not attached: {several} ({_shown(left[0].why)[: room // 2]}{', …' if len(reasons) > 1 else ''})"
    return text if left else ""


def _shown(text: str) -> str:
    """A stranger's words on one line, as they are, ringing for nobody."""
    return neutralised(markup.finished(markup.line(visible.line(text), "commonmark")), "mattermost")
