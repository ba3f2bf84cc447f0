"""What the hooks of Postmark and Mailgun tell of a mail, in the words that both share."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from email.utils import format_datetime

from mailpoll.destinations.webhook.parts import Content, File
from mailpoll.errors import Unreadable
from mailpoll.message import addresses
from mailpoll.model import NamedAddress, Original, Post

# A header field of ours, since neither has a place for it: what of a mail did not go along, and why.
LEFT_OUT = "X-Mailpoll-Left-Out"

_DOT_ATOM = re.compile(r"[^\s\"(),:;<>@\[\]\\.]+(?:\.[^\s\"(),:;<>@\[\]\\.]+)*")
_PHRASE = re.compile(r"[^\"(),:;<>@\[\]\\.\x00-\x1f]*")


def original_of(post: Post, content: Content) -> Original:
    """What the mail says of itself; where it cannot be read a second time, what its post knows."""
    try:
        return content.original()
    except Unreadable:
        return _known(post)


def _known(post: Post) -> Original:
    people, ours = addresses(post.sender), addresses(post.address)
    date = format_datetime(post.date) if post.date else ""
    fields = {
        "From": listed(people),
        "To": listed(ours),
        "Subject": post.subject,
        "Date": date,
        "Message-ID": _ids((post.message_id,)),
        "In-Reply-To": _ids(post.in_reply_to),
        "References": _ids(post.references),
    }
    headers = tuple((name, value) for name, value in fields.items() if value)
    text = post.body
    return Original(headers, people, ours, subject=post.subject, date=date, text=text, plain=text, new_text=text)


def _ids(ids: Iterable[str]) -> str:
    return " ".join(f"<{bare_id}>" for each in ids if (bare_id := each.strip("<>")))


def listed(people: Iterable[NamedAddress]) -> str:
    """Addresses as a header field has them (RFC 5322 §3.4), but without encoded words."""
    return ", ".join(map(written, people))


def written(person: NamedAddress) -> str:
    """`"Doe, Jane" <jane@example.com>`, with quotation marks where they are needed."""
    if not person.name:
        return bare(person)
    name = person.name if _PHRASE.fullmatch(person.name) else _quoted(person.name)
    return f"{name} <{bare(person)}>"


def bare(person: NamedAddress) -> str:
    """The address alone, its local-part in quotation marks where it is none without (RFC 5321 §4.1.2)."""
    local, at, domain = person.address.rpartition("@")
    return f"{local if _DOT_ATOM.fullmatch(local) else _quoted(local)}{at}{domain}"


def _quoted(text: str) -> str:
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'


def envelope_sender(original: Original) -> str:
    """MAIL FROM as the server that took the mail wrote it down (RFC 5321 §4.4), or ""; the topmost is the server's."""
    return original.first("return-path").strip(" <>")


def left_out(file: File) -> tuple[str, str]:
    """The header field that tells of an attachment that stays behind."""
    attachment = file.attachment
    why = f": {' '.join(file.reason.split())}" if file.reason else ""
    return LEFT_OUT, f"{attachment.name} ({attachment.type}, {attachment.size} bytes){why}"


def readable_type(type_: str, pieces: Iterator[bytes]) -> tuple[str, Iterator[bytes]]:
    """The type to tell of an attachment, and its bytes: django-anymail decodes attached mails as UTF-8, and breaks off
    at one that is not; so that becomes a file like others."""
    if not type_.startswith("message/"):
        return type_, pieces
    data = b"".join(pieces)
    try:
        data.decode("utf-8")
    except UnicodeDecodeError:
        type_ = "application/octet-stream"
    return type_, iter((data,))
