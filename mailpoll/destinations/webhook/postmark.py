"""format = "postmark": the JSON of Postmark's inbound web hook.

https://postmarkapp.com/developer/webhooks/inbound-webhook, and what django-anymail and Action Mailbox read of it.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from typing import Any

from mailpoll.destinations.webhook import mail
from mailpoll.destinations.webhook.parts import JSON, Body, Content, File, files, in_base64
from mailpoll.errors import Unreadable
from mailpoll.model import NamedAddress, Original, Post
from mailpoll.post_json import in_json
from mailpoll.settings import WebhookSettings

# Told in fields of their own; and what is said of the one body that the mail had, where its parts stand here.
_NOT_AMONG_HEADERS = frozenset(
    ("return-path", "from", "to", "cc", "bcc", "subject", "date", "reply-to", "content-type",
     "content-transfer-encoding", "content-disposition")
)  # fmt: skip


def body(post: Post, content: Content, settings: WebhookSettings) -> Body:
    """The JSON. Attachments are appended piece by piece, then what did not go along is told among the headers."""
    original = mail.original_of(post, content)
    data = bytearray(in_json(_facts(post, original))[:-1])
    if settings.raw_email:
        data += _raw_email(content)
    data += b',"Attachments":['
    behind: list[tuple[str, str]] = []
    for file in files(post, content, settings):
        if file.pieces is None:
            behind.append(mail.left_out(file))
            continue
        data += b"" if data.endswith(b"[") else b","
        _append(data, file)
    data += b'],"Headers":' + in_json(_headers(original, behind)) + b"}"
    return Body(JSON, data)


def _append(data: bytearray, file: File) -> None:
    attachment = file.attachment
    type_, pieces = mail.readable_type(attachment.type, file.pieces or iter(()))
    described = {"Name": attachment.name, "ContentType": type_, "ContentLength": attachment.size}
    if attachment.content_id:  # an empty one would mean inline, too
        described["ContentID"] = attachment.content_id
    data += in_json(described)[:-1] + b',"Content":"'
    for letters in in_base64(pieces):
        data += letters
    data += b'"}'


def _raw_email(content: Content) -> bytes:
    """The mail, in ASCII: receivers disagree about the octets that a character beyond it stands for."""
    try:
        raw = b"".join(content.seven_bit())
    except Unreadable:
        return b""
    return b',"RawEmail":' + in_json(raw.decode("ascii"))


def _facts(post: Post, original: Original) -> dict[str, Any]:
    sender = original.from_[0] if original.from_ else None
    named = {person.address.lower() for person in (*original.to, *original.cc)}
    ours = (NamedAddress("", post.address),) if post.address and post.address.lower() not in named else ()
    bcc = (*original.bcc, *ours)
    return {
        "FromName": sender.name if sender else "",
        "MessageStream": "inbound",
        "From": mail.bare(sender) if sender else "",
        "FromFull": _full(sender, post) if sender else None,  # of an empty address django-anymail makes an error
        **_people("To", original.to, post),
        **_people("Cc", original.cc, post),
        **_people("Bcc", bcc, post),
        "OriginalRecipient": post.address,
        "Subject": original.subject,
        "MessageID": _identity(post.key),
        "ReplyTo": mail.listed(original.reply_to),
        "MailboxHash": _mailbox_hash(post.address, post),
        "Date": original.date,
        "TextBody": original.text,
        "HtmlBody": original.html,
        "StrippedTextReply": original.new_text,
        "Tag": "",
    }


def _people(field: str, people: Iterable[NamedAddress], post: Post) -> dict[str, Any]:
    people = tuple(people)
    return {field: mail.listed(people), f"{field}Full": [_full(person, post) for person in people]}


def _full(person: NamedAddress, post: Post) -> dict[str, str]:
    return {"Email": mail.bare(person), "Name": person.name, "MailboxHash": _mailbox_hash(person.address, post)}


def _mailbox_hash(address: str, post: Post) -> str:
    """Our tag, for the address the mail came by; without one, as for others, what stands behind the `+`."""
    if post.tag and address.lower() == post.address.lower():
        return post.tag
    return address.rpartition("@")[0].partition("+")[2]


def _identity(key: str) -> str:
    """A UUID that is the same at each attempt: clients know by it what they have had."""
    digest = hashlib.sha256(key.encode("utf-8", "replace")).hexdigest()
    return f"{digest[:8]}-{digest[8:12]}-{digest[12:16]}-{digest[16:20]}-{digest[20:32]}"


def _headers(original: Original, behind: list[tuple[str, str]]) -> list[dict[str, str]]:
    """Return-Path first, where the mail has one, then the others in their order."""
    sender = original.first("return-path")
    fields = [("Return-Path", sender)] if sender else []
    fields += [(name, value) for name, value in original.headers if name.lower() not in _NOT_AMONG_HEADERS]
    return [{"Name": name, "Value": value} for name, value in (*fields, *behind)]
