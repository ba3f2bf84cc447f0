"""Posts as Matrix events: m.room.message in plain text and HTML, files, threads. Pure."""

from __future__ import annotations

import hashlib
import html
import re
from collections.abc import Sequence
from typing import Any

from mailpoll.markup import to_html
from mailpoll.model import Attachment, Post
from mailpoll.post_json import in_json
from mailpoll.threads import answering

# Octets of an event's content; the whole event may have 65 536, with ids and signatures of up to 20 others (room
# versions 1 to 12), which servers add.
MAX_CONTENT = 60_000
_IMAGES = frozenset({"image/png", "image/jpeg", "image/gif", "image/webp"})
_CUT = "\n\n[…] Cut here."
_MOST_NAMED = 50
# A user id (Matrix, appendices §4.2.2): letters of old ones, too. No mention of the room is @room:example.org.
_USER = re.compile(
    r"(?<![A-Za-z0-9])@[A-Za-z0-9._=/+-]{1,200}:[A-Za-z0-9](?:[A-Za-z0-9.-]{0,200}[A-Za-z0-9])?(?::[0-9]{1,5})?"
)
_ROOM = re.compile("@room(?![A-Za-z0-9._=/+-]|:[A-Za-z0-9])")
_ESCAPE = re.compile(r"\\([!-/:-@\[-`{-~])")  # CommonMark §2.4


def transaction_id(key: str, piece: str) -> str:
    """The transaction id of one piece of the post with this key: the same at each attempt."""
    return hashlib.sha256(f"{key}\n{piece}".encode("utf-8", "replace")).hexdigest()[:40]


def text_event(post: Post, note: str, msgtype: str) -> dict[str, Any]:
    """The content of a post's message: its Markdown without escapes, and what that looks like as HTML.

    `m.mentions` says who is meant, whatever the text looks like (Matrix 1.7, §11.37): whom the channel's own prefix
    names, and nobody else. Without it servers look for names in the text. What is to ring is no notice, for which
    `.m.rule.suppress_notices` says that it rings for nobody.
    """
    post = answering(post)
    text = "\n\n".join(piece for piece in (post.body, note) if piece)
    users = list(dict.fromkeys(_USER.findall(post.prefix)))[:_MOST_NAMED]
    room = bool(_ROOM.search(post.prefix))
    content = {
        "msgtype": "m.text" if users or room else msgtype,
        "body": _ESCAPE.sub(r"\1", text),
        "m.mentions": {**({"user_ids": users} if users else {}), **({"room": True} if room else {})},
        **_relation(post.thread),
    }
    rich = {**content, "format": "org.matrix.custom.html", "formatted_body": _with_pills(to_html(text), users)}
    return rich if len(in_json(rich)) <= MAX_CONTENT else _plain(content)


def _with_pills(formatted: str, users: Sequence[str]) -> str:
    """HTML in which those whom the prefix, at its beginning, names are links, which apps show as people."""
    for user in users:
        shown = html.escape(user)
        formatted = formatted.replace(shown, f'<a href="https://matrix.to/#/{shown}">{shown}</a>', 1)
    return formatted


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
