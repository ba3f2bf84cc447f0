"""A post as a message of Discord: the JSON, and the form that it is with files. Pure but for the boundary."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from mailpoll.http import Form
from mailpoll.model import Attachment, Post
from mailpoll.post_json import in_json

MAX_CONTENT = 2000  # characters
MAX_FILES = 10
MAX_NONCE = 25  # characters
MAX_THREAD_NAME = 100  # characters
_PART_HEAD = 2000  # octets before and behind a file in a form, at most
_MOST_NAMED = 100  # users, and as many roles
_EVERYONE = re.compile("@(?:everyone|here)")
_USER, _ROLE = re.compile("<@!?([0-9]{1,20})>"), re.compile("<@&([0-9]{1,20})>")
SUPPRESS_EMBEDS = 1 << 2
SUPPRESS_NOTIFICATIONS = 1 << 12


@dataclass(slots=True)
class Files:
    """The files that go along, already as the form that they travel in: none is in memory twice."""

    form: Form = field(default_factory=Form)
    names: list[str] = field(default_factory=list)
    left_out: int = 0  # files of the post that do not go along
    why: str = "more or larger than Discord takes"
    _head: int = 0

    def add(self, file: Attachment, pieces: Iterable[bytes], limit: int) -> None:
        """Adds a file; one of more than `limit` octets is left out after all."""
        before = len(self.form.body)
        self.form.file(f"files[{len(self.names)}]", file.name, file.type, pieces)
        if len(self.form.body) - before > limit + _PART_HEAD:
            del self.form.body[before:]
            self.left_out += 1
        else:
            self.names.append(file.name)

    def none(self, why: str) -> Files:
        """Nothing of them; `why` is told."""
        return Files(left_out=self.left_out + len(self.names), why=why)

    @property
    def note(self) -> str:
        """What is told of the files that do not go along; empty where all do."""
        total = len(self.names) + self.left_out
        return f"({self.left_out} of {total} files not passed on: {self.why})" if self.left_out else ""

    def request(self, fields: dict[str, Any]) -> tuple[bytes | bytearray, str]:
        """(body, Content-Type) of a message with them; may be asked for again with other fields."""
        if not self.names:
            return in_json(fields), "application/json"
        if not self._head:
            self.form.end()
        described = [{"id": index, "filename": name} for index, name in enumerate(self.names)]
        payload = Form(boundary=self.form.boundary)
        payload.text("payload_json", in_json({**fields, "attachments": described}), "application/json")
        self.form.body[: self._head] = payload.body
        self._head = len(payload.body)
        return self.form.body, self.form.content_type


def message(post: Post, note: str, *, flags: int) -> dict[str, Any]:
    """What a bot's message and a web hook's have in common: the text, and for whom it rings."""
    content = "\n\n".join(piece for piece in (post.body, note) if piece)
    return {"content": content[:MAX_CONTENT], "allowed_mentions": _called(post), "flags": flags}


def _called(post: Post) -> dict[str, Any]:
    """For whom a message rings ("Allowed Mentions Object"): whom the channel's own prefix names, and nobody else. Who
    wrote what is answered is told by Discord unless that is turned off."""
    everyone = ["everyone"] if _EVERYONE.search(post.prefix) else []
    ids = {"users": _USER.findall(post.prefix), "roles": _ROLE.findall(post.prefix)}
    named = {kind: list(dict.fromkeys(found))[:_MOST_NAMED] for kind, found in ids.items() if found}
    return {"parse": everyone, **named, **({"replied_user": False} if post.thread else {})}


def nonce(key: str) -> str:
    """What Discord knows a post by that comes again: the same for the same key."""
    return hashlib.sha256(key.encode("utf-8", "replace")).hexdigest()[:MAX_NONCE]
