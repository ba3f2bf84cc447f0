"""Files for Slack: uploaded before the post, where nobody sees them, and shared in its thread once it is there."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from mailpoll import left_out
from mailpoll.crosscheck import url_problem
from mailpoll.destinations.slack.answers import (
    FILE_REFUSED,
    MEANINGS,
    code_of,
    judged,
    not_slack,
    passed,
)
from mailpoll.destinations.slack.api import Api
from mailpoll.errors import (
    DestinationRefused,
    MessageError,
    PermanentFailure,
    TemporaryFailure,
    Unanswered,
    Unreadable,
)
from mailpoll.http import Response, nothing_shown
from mailpoll.left_out import Left
from mailpoll.model import WHOLE_TEXT, Post

# Slack takes about a hundred upload requests in a minute: a post of more would be begun anew for ever.
MOST_FILES = 20
# Seconds that a post which is there waits to show its files, where Slack asks for that, as it often does for half a
# minute: a run that is killed meanwhile does not know of the post.
_LONGEST_WAIT = 30.0

# A refused token is no matter of the file, and neither is a limit on requests.
_NOT_ABOUT_THE_FILE = {code for code in MEANINGS if code not in FILE_REFUSED}


class Parts(Protocol):
    """Where the bytes of attachments come from."""

    def part(self, number: int) -> Iterator[bytes]: ...


@dataclass(frozen=True, slots=True)
class Uploaded:
    """A file that Slack holds and nobody sees yet."""

    id: str
    name: str


def wanted(post: Post) -> tuple[tuple[int, str], ...]:
    """The number and name of each file of a post: the whole text, where it was cut, and the attachments."""
    whole = ((0, WHOLE_TEXT),) if post.whole_text else ()
    return (*whole, *((file.part, file.name or "file") for file in post.attachments))


def upload(api: Api, post: Post, content: Parts) -> tuple[list[Uploaded], list[Left]]:
    """What was uploaded of a post's files, and what was not.

    Raises:
        TemporaryFailure: not now; nothing is to be seen of it.
        DestinationRefused: the token is refused.
    """
    taken: list[Uploaded] = []
    left: list[Left] = []
    for number, name in wanted(post):
        if len(taken) == MOST_FILES:
            left.append(Left(name, f"more than {MOST_FILES} files"))
            continue
        with nothing_shown():
            result = _uploaded(api, number, name, content)
        if isinstance(result, Left):
            left.append(result)
        else:
            taken.append(result)
    return taken, left


def _uploaded(api: Api, number: int, name: str, content: Parts) -> Uploaded | Left:
    try:
        data = bytearray().join(content.part(number))
    except Unreadable as problem:
        return Left(name, problem.what)
    if not data:
        return Left(name, "empty")
    answer = api.ask("files.getUploadURLExternal", {"filename": name, "length": len(data)})
    if why := _refusal(answer):
        return Left(name, why)
    said = judged(answer, "")
    url, identity = said.get("upload_url"), said.get("file_id")
    if not isinstance(url, str) or not isinstance(identity, str) or url_problem(url, allow_plaintext=False):
        raise not_slack(answer)
    try:
        passed(api.upload(url, data), "api")
    except (PermanentFailure, DestinationRefused) as problem:
        return Left(name, problem.what)
    return Uploaded(identity, name)


def share(api: Api, files: Sequence[Uploaded], channel: str, thread: str) -> str:
    """Shows uploaded files in the thread of a post that is there; a line for people about files that could not be
    shown, empty when all are. Raises nothing: the post has arrived, whatever becomes of them."""
    if not files:
        return ""
    fields = {
        "files": [{"id": file.id, "title": file.name} for file in files],
        "channel_id": channel,
        "thread_ts": thread,
    }
    begins = "Not attached"
    try:
        why = _shown(api, fields)
    except Unanswered as problem:
        begins, why = "May not be attached", problem.what
    except MessageError as problem:
        why = problem.what
    left = [Left(file.name, why) for file in files] if why else []
    return left_out.note(left, "slack", "slack", begins)


def _shown(api: Api, fields: Mapping[str, Any]) -> str:
    """Why Slack does not show the files, empty where it does; asked once more where it does not now, but may soon, and
    never where the first answer was lost: the files might be shown twice. Raises as judged()."""
    try:
        return _asked_to_show(api, fields)
    except Unanswered:
        raise
    except TemporaryFailure as problem:
        wait = problem.retry_after or 0.0
        if wait > _LONGEST_WAIT:
            raise
    time.sleep(wait)
    return _asked_to_show(api, fields)


def _asked_to_show(api: Api, fields: Mapping[str, Any]) -> str:
    answer = api.say("files.completeUploadExternal", fields)
    why = _refusal(answer)
    if not why:
        judged(answer, "")
    return why


def _refusal(answer: Response) -> str:
    """Why Slack does not take a file; empty where it does, or where it is no matter of the file."""
    code = code_of(answer.fields)
    if not code or answer.status == 429 or code in _NOT_ABOUT_THE_FILE:
        return ""
    return FILE_REFUSED.get(code, f"Slack answered {code}")


def note(left: Sequence[Left]) -> str:
    """A line for people that names the files that do not go along and why; empty when there are none."""
    return left_out.note(left, "slack", "slack")
