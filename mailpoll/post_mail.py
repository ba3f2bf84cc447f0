"""A post as a mail (RFC 5322, RFC 2045), for destinations that keep mails; its files are encoded piece by piece."""

from __future__ import annotations

import base64
import re
import secrets
from collections.abc import Iterable, Iterator
from datetime import datetime
from email.charset import QP, Charset
from email.header import Header
from email.message import Message
from email.utils import encode_rfc2231, format_datetime
from typing import Protocol

from mailpoll import strict_address
from mailpoll.errors import Unreadable
from mailpoll.message.automatic import OWN_MARK
from mailpoll.model import WHOLE_TEXT, Attachment, Post

_TYPE = re.compile(r"[A-Za-z0-9!#$&^_.+-]{1,60}/[A-Za-z0-9!#$&^_.+-]{1,60}")
_NOBODY = "unverified@mailpoll.invalid"
_LINE = 57  # octets that make a line of 76 characters of base64 (RFC 2045 §6.8)
_LONGEST = 2_000  # characters of a field; nobody reads more


class Parts(Protocol):
    """Where the bytes of attachments come from."""

    def part(self, number: int) -> Iterator[bytes]: ...


def as_mail(post: Post, content: Parts, now: datetime) -> Iterator[bytes]:
    """The mail, in pieces, its lines ended by LF as in a Maildir. A file that cannot be read is left out; the text
    names it.

    `now` dates a post whose mail has no date. It carries our mark: a gateway that comes to see it takes it for ours.
    """
    boundary = f"mailpoll-{secrets.token_hex(16)}"
    files = [*([_whole_text()] if post.whole_text else []), *post.attachments]
    yield _head(post, now, boundary if files else "").encode()
    if not files:
        yield _text(post.body)
        return
    yield f"--{boundary}\n".encode() + _text(post.body)
    for file in files:
        try:
            pieces = content.part(file.part)
        except Unreadable:
            continue
        yield f"\n--{boundary}\n{_file_head(file)}\n".encode()
        yield from in_base64(pieces)
    yield f"\n--{boundary}--\n".encode()


def in_base64(pieces: Iterable[bytes]) -> Iterator[bytes]:
    """Octets that come in pieces, as lines of base64."""
    held = b""
    for piece in pieces:
        held += piece
        whole = len(held) - len(held) % _LINE
        yield base64.encodebytes(held[:whole])
        held = held[whole:]
    yield base64.encodebytes(held)


def _head(post: Post, now: datetime, boundary: str) -> str:
    fields = [
        ("From", _from(post.sender)),
        ("Subject", words(post.topic or post.subject)),
        ("Date", format_datetime(post.date or now)),
        ("Message-ID", f"<{post.key}@mailpoll.invalid>"),
        ("X-Mailpoll-Channel", words(post.channel)),
        (OWN_MARK.title(), "post"),
        ("MIME-Version", "1.0"),
    ]
    if boundary:
        fields.append(("Content-Type", f'multipart/mixed; boundary="{boundary}"'))
    head = "".join(f"{name}: {value}\n" for name, value in fields)
    return f"{head}\n" if boundary else head


def _from(sender: str) -> str:
    """The sender as a mailbox (RFC 5322 §3.4); whoever has no clear address stands beside one that is nobody's."""
    name, angle, address = sender.removesuffix(">").rpartition("<")
    name = name.strip() if angle else ""
    if strict_address.problem(address) or not address.isascii():
        name, address = sender, _NOBODY
    return f"{words(name)} <{address}>" if name else address


def words(text: str) -> str:
    """Text in a header field: an encoded word wherever it is not plain words (RFC 2047)."""
    line = " ".join(text[:_LONGEST].encode("utf-8", "replace").decode().split())
    if re.fullmatch(r"[A-Za-z0-9 ]{0,60}", line):
        return line
    return Header(line, Charset("utf-8"), maxlinelen=76, header_name="X-Mailpoll-Channel").encode(linesep="\n")


def _text(body: str) -> bytes:
    part = Message()
    charset = Charset("utf-8")
    charset.body_encoding = QP
    part.set_payload(body.encode("utf-8", "replace").decode(), charset)
    del part["MIME-Version"]
    return part.as_bytes() + b"\n"


def _file_head(file: Attachment) -> str:
    kind = file.type.lower() if _TYPE.fullmatch(file.type) else ""
    if not kind or kind.startswith(("multipart/", "message/")):  # which must not be encoded (RFC 2046 §5)
        kind = "application/octet-stream"
    name = encode_rfc2231(file.name.encode("utf-8", "replace").decode(), "utf-8")
    return (
        f"Content-Type: {kind}\nContent-Transfer-Encoding: base64\nContent-Disposition: attachment; filename*={name}\n"
    )


def _whole_text() -> Attachment:
    return Attachment(0, WHOLE_TEXT, "text/plain", 0)
