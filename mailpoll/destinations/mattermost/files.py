"""Files for Mattermost: uploaded before the post that names them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import chain
from typing import Protocol

from mailpoll import left_out
from mailpoll.destinations.mattermost.answers import judged, not_mattermost
from mailpoll.destinations.mattermost.api import Api
from mailpoll.errors import DestinationRefused, PermanentFailure, Unreadable
from mailpoll.http import nothing_shown
from mailpoll.left_out import Left
from mailpoll.model import WHOLE_TEXT, Post

MOST_FILES = 10  # of a post; the server refuses a post with more

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


def note(left: Sequence[Left]) -> str:
    """A line for people that names the files that do not go along and why; empty when there are none."""
    return left_out.note(left, "mattermost", "mattermost")
