"""format = "mailpoll": our own JSON, documented in the reference of web hooks."""

from __future__ import annotations

from typing import Any

from mailpoll.destinations.webhook.parts import JSON, Body, Content, File, files, in_base64
from mailpoll.errors import Unreadable
from mailpoll.model import Post
from mailpoll.post_json import facts, in_json
from mailpoll.settings import WebhookSettings


def body(post: Post, content: Content, settings: WebhookSettings) -> Body:
    """The JSON. Attachments are appended piece by piece, so that none is in memory beside it for long."""
    data = bytearray(in_json(facts(post))[:-1])
    if post.whole_text:
        data += b',"whole_text":' + in_json(_whole_text(content))
    data += b',"attachments":['
    for index, file in enumerate(files(post, content, settings)):
        data += b"," if index else b""
        data += in_json(_description(file))[:-1]
        if file.pieces is not None:
            data += b',"content":"'
            for letters in in_base64(file.pieces):
                data += letters
            data += b'"'
        data += b"}"
    data += b"]}"
    return Body(JSON, data)


def _whole_text(content: Content) -> str | None:
    try:
        return b"".join(content.part(0)).decode("utf-8", "replace")
    except Unreadable:
        return None


def _description(file: File) -> dict[str, Any]:
    attachment = file.attachment
    described = {
        "name": attachment.name,
        "type": attachment.type,
        "size": attachment.size,
        "content_id": attachment.content_id,
    }
    if file.pieces is not None:
        return described
    return {**described, "omitted": True, **({"reason": file.reason} if file.reason else {})}
