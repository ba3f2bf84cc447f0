"""A post as JSON, for web hooks and files alike; documented in the reference of web hooks."""

from __future__ import annotations

import json
from typing import Any

from mailpoll.model import Post

VERSION = 1  # of the JSON; it changes when a field changes its meaning, not when one is added


def in_json(value: Any) -> bytes:
    """`value` as UTF-8 JSON on one line; half a surrogate pair, which mail can hold and UTF-8 cannot, becomes "?"."""
    return json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode("utf-8", "replace")


def facts(post: Post) -> dict[str, Any]:
    """The fields of a post but its files, which each kind writes in pieces."""
    return {
        "version": VERSION,
        "key": post.key,
        "channel": post.channel,
        "place": post.place,
        "topic": post.topic,
        "body": post.body,
        "subject": post.subject,
        "from": post.sender,
        "to": post.address,
        "tag": post.tag,
        "date": post.date.isoformat() if post.date else None,
        "message_id": post.message_id,
        "in_reply_to": list(post.in_reply_to),
        "references": list(post.references),
        "automatic": post.automatic,
    }
