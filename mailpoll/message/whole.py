"""A whole mail → a Message, and the bytes of its parts; the package says what of it others may use."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator

from mailpoll.message.addresses import addresses
from mailpoll.message.automatic import judged
from mailpoll.message.bodies import content, references
from mailpoll.message.charsets import decode
from mailpoll.message.dates import parse_date
from mailpoll.message.files import attachments, file_slices, may_be_shown, sorted_out
from mailpoll.message.headers import Block, in_lines, read_block, unstructured
from mailpoll.message.limits import field_defects
from mailpoll.message.parameters import parameters
from mailpoll.message.pieces import pieces
from mailpoll.message.senders import sender_problem, senders
from mailpoll.message.transfer import decoded, encoding_of
from mailpoll.model import Attachment, Message

MAX_REFERENCES = 1_000
MAX_LOOPS = 100
_STEP = 1 << 20
_MESSAGE_ID = re.compile(r"<([^<>\s]{1,998}+)>")


def parse(raw: bytes, *, safe: bool = False, max_text: int = 1_000_000) -> Message:
    """As message.parse()."""
    raw = in_lines(raw)
    head = read_block(raw)
    files: tuple[Attachment, ...] = ()
    defects: tuple[str, ...] = ()
    if safe:
        text, html = _first_text(raw, head, max_text)
    else:
        found = content(raw, head, max_text)
        text, html, defects = found.text, found.html, found.defects
        files = attachments(found.files, references(html) if any(map(may_be_shown, found.files)) else frozenset())
    people, mistakable = senders(head)
    message_ids = _MESSAGE_ID.findall(head.first("message-id"))
    machine = judged(head)
    return Message(
        from_=people,
        subject=" ".join(unstructured(head.first("subject")).split(" ")).strip(),
        date=parse_date(head.first("date")),
        message_id=message_ids[0] if message_ids else head.first("message-id").strip(" \t<>")[:998],
        in_reply_to=_ids(head.first("in-reply-to")),
        references=_ids(head.first("references")),
        text=text,
        html=html,
        attachments=files,
        automatic=machine.kind,
        automatic_why=machine.why,
        content_key=_content_key(raw, head),
        defects=_header_defects(head) + mistakable + defects,
        sender_problem=sender_problem(head, people),
        authentication=next((value for name, value in head.fields if name.lower() == "authentication-results"), None),
        loop_addresses=_loop_addresses(head),
    )


def part_in_slices(raw: bytes, number: int) -> Iterator[bytes]:
    """As message.part_in_slices()."""
    raw = in_lines(raw)
    _, files = sorted_out(pieces(raw, read_block(raw))[0])
    return file_slices(files[number - 1]) if 1 <= number <= len(files) else iter(())


def _ids(value: str) -> tuple[str, ...]:
    return tuple(dict.fromkeys(_MESSAGE_ID.findall(value)))[-MAX_REFERENCES:]


def _loop_addresses(head: Block) -> tuple[str, ...]:
    found = (person.address for value in head.all("x-loop")[:MAX_LOOPS] for person in addresses(value)[:MAX_LOOPS])
    return tuple(dict.fromkeys(found))[:MAX_LOOPS]


def _header_defects(head: Block) -> tuple[str, ...]:
    defects = [*head.defects, *field_defects(head)]
    if not head.fields:
        defects.append("no header")
    if len(head.all("from")) > 1:
        defects.append("several From fields")
    return tuple(defects)


def _content_key(raw: bytes, head: Block) -> str:
    """SHA-256 in hex of From, Date, Message-ID, Subject and body; of the whole mail without Message-ID or Date.

    Line ends count as one kind, and those at the end not at all, so that copies that took another way (Delivered-To,
    Received, a server that adds a final line end) have the same key.
    """
    values = [" ".join(head.first(name).split()) for name in ("from", "date", "message-id", "subject")]
    digest = hashlib.sha256()
    start = 0
    if values[1] and values[2]:
        digest.update("\n".join([*values, "", ""]).encode("utf-8", "replace"))
        start = head.body
    _hash_lines(digest, raw, start)
    return digest.hexdigest()


def _hash_lines(digest: hashlib._Hash, raw: bytes, start: int) -> None:
    """Feeds raw[start:] in slices, line ends as "\\n", those at the very end left out."""
    held = 0
    while start < len(raw):
        end = min(start + _STEP, len(raw))
        if raw[end - 1 : end + 1] == b"\r\n":  # never between the two
            end += 1
        lines = raw[start:end].replace(b"\r\n", b"\n").replace(b"\r", b"\n")
        text = lines.rstrip(b"\n")
        if text:
            digest.update(b"\n" * held + text)
            held = 0
        held += len(lines) - len(text)
        start = end


def _first_text(raw: bytes, head: Block, max_text: int) -> tuple[str, str]:
    """(text, html) of the first part, going down at most five levels."""
    start = head.body
    for _ in range(5):
        type_, values = parameters(head.first("content-type"))
        boundary = values.get("boundary", "").encode("utf-8")
        at = raw.find(b"--" + boundary, start) if boundary and type_.startswith("multipart/") else -1
        if at == -1:
            break
        line_end = raw.find(b"\n", at)
        head = read_block(raw, len(raw) if line_end == -1 else line_end + 1)
        start = head.body
        following = raw.find(b"\n--" + boundary, start)
        raw = raw[: following if following != -1 else len(raw)]
    encoding = encoding_of(head.first("content-transfer-encoding"))
    data = decoded(raw[start : start + 12 * max_text], encoding)
    text = decode(data, values.get("charset", ""))[0].replace("\r\n", "\n").replace("\r", "\n")[:max_text]
    return ("", text) if type_ == "text/html" else (text, "")
