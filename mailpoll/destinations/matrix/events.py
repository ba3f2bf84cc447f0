"""Posts as Matrix events: m.room.message in plain text and HTML, files, threads. Pure."""

from __future__ import annotations

import hashlib
import re
from typing import Any

from mailpoll.markup import to_html
from mailpoll.model import Attachment, Post
from mailpoll.post_json import in_json

# Octets of an event's content; the whole event may have 65 536, with ids and signatures of up to 20 others (room
# versions 1 to 12), which servers add.
MAX_CONTENT = 60_000
_IMAGES = frozenset({"image/png", "image/jpeg", "image/gif", "image/webp"})
_CUT = "\n\n[…] Cut here."
_ESCAPE = re.compile(r"\\([!-/:-@\[-`{-~])")  # CommonMark §2.4


def transaction_id(key: str, piece: str) -> str:
    """The transaction id of one piece of the post with this key: the same at each attempt."""
    return hashlib.sha256(f"{key}\n{piece}".encode("utf-8", "replace")).hexdigest()[:40]


def text_event(post: Post, note: str, msgtype: str) -> dict[str, Any]:
    """The content of a post's message: its Markdown without escapes, and what that looks like as HTML.

    `m.mentions` without users says that nobody is meant, whatever the text looks like (Matrix 1.7, §11.37): without it
    servers look for names in the text.
    """
    text = "\n\n".join(piece for piece in (post.body, note) if piece)
    content = {
        "msgtype": msgtype,
        "body": _ESCAPE.sub(r"\1", text),
        "m.mentions": {},
        **_relation(post.thread),
    }
    rich = {**content, "format": "org.matrix.custom.html", "formatted_body": to_html(text)}
    return rich if len(in_json(rich)) <= MAX_CONTENT else _plain(content)


def _plain(content: dict[str, Any]) -> dict[str, Any]:
    """A content without HTML whose body is cut where it would be too large even so."""
    over = len(in_json(content)) - MAX_CONTENT
    if over > 0:
        body = content["body"].encode()
        # JSON writes some characters in more octets than UTF-8: as many again are left out as those take.
        kept = max(0, len(body) - over * len(body) // max(1, len(in_json(content["body"]))) - 100)
        while len(in_json({**content, "body": body[:kept].decode("utf-8", "ignore") + _CUT})) > MAX_CONTENT:
            kept = kept * 9 // 10
        content = {**content, "body": body[:kept].decode("utf-8", "ignore") + _CUT}
    return content


def file_event(file: Attachment, uri: str, size: int, thread: str) -> dict[str, Any]:
    """The content of a message that is a file, uploaded to `uri` (mxc://…), of `size` octets."""
    return {
        "msgtype": "m.image" if file.type in _IMAGES else "m.file",
        "body": file.name,
        "filename": file.name,
        "url": uri,
        "info": {"mimetype": file.type, "size": size},
        "m.mentions": {},
        **_relation(thread),
    }


def levels(power: dict[str, Any], user: str) -> tuple[int, int]:
    """(the power level of a user, the one that posting takes), by m.room.power_levels (Client-Server API §11.6)."""
    has = _level(power, "users", user, "users_default")
    return has, _level(power, "events", "m.room.message", "events_default")


def _level(power: dict[str, Any], which: str, name: str, otherwise: str) -> int:
    own = power.get(which)
    level = (own if isinstance(own, dict) else {}).get(name, power.get(otherwise, 0))
    return level if isinstance(level, int) else 0


def _relation(thread: str) -> dict[str, Any]:
    """What puts an event into a thread; apps that know no threads show it as an answer (Matrix 1.4, §11.33)."""
    if not thread:
        return {}
    relation = {
        "rel_type": "m.thread",
        "event_id": thread,
        "is_falling_back": True,
        "m.in_reply_to": {"event_id": thread},
    }
    return {"m.relates_to": relation}
