"""Leaf parts → the text and HTML bodies of a mail, and the parts that travel as files."""

from __future__ import annotations

import html as html_entities
import re

from mailpoll.message.charsets import decode
from mailpoll.message.structure import Leaf
from mailpoll.message.transfer import decoded, decoded_size
from mailpoll.model import Attachment

MAX_NAME = 100

_EXTENSIONS = {
    "application/pdf": "pdf", "application/zip": "zip", "application/gzip": "gz", "application/json": "json",
    "application/xml": "xml", "application/rtf": "rtf", "application/msword": "doc", "application/ics": "ics",
    "application/vnd.ms-excel": "xls", "application/pgp-signature": "asc", "application/pkcs7-signature": "p7s",
    "application/vnd.openxmlformats-officedocument.wordprocessingml.document": "docx",
    "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet": "xlsx",
    "application/vnd.openxmlformats-officedocument.presentationml.presentation": "pptx",
    "audio/mpeg": "mp3", "audio/wav": "wav", "image/jpeg": "jpg", "image/png": "png", "image/gif": "gif",
    "image/svg+xml": "svg", "image/webp": "webp", "image/tiff": "tif", "message/rfc822": "eml",
    "message/delivery-status": "txt", "text/calendar": "ics", "text/csv": "csv", "text/html": "html",
    "text/plain": "txt", "text/rfc822-headers": "txt", "text/vcard": "vcf", "video/mp4": "mp4",
}  # fmt: skip
# A third version of the body that some clients add to an alternative, for themselves.
_SHADOW_BODIES = ("text/x-amp-html", "text/watch-html")
_CONTROL_OR_BIDI = re.compile("[\x00-\x1f\x7f-\x9f\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff]")
_QUOTE_MARKS = re.compile(r">*")


def split_leaves(leaves: tuple[Leaf, ...]) -> tuple[list[Leaf], list[Leaf]]:
    """(body parts, attachments) in document order. Text without a file name or "attachment" is body."""
    bodies = [leaf for leaf in leaves if leaf.type in ("text/plain", "text/html") and _is_body(leaf)]
    if not bodies:  # a mail that is only, say, text/markdown or text/calendar still says something
        bodies = [leaf for leaf in leaves if leaf.type.startswith("text/") and _is_body(leaf)][:1]
    taken = set(map(id, bodies))
    rest = [leaf for leaf in leaves if id(leaf) not in taken and leaf.type not in _SHADOW_BODIES]
    return bodies, rest


def _is_body(leaf: Leaf) -> bool:
    return leaf.disposition != "attachment" and not leaf.filename


def attachment(raw: bytes, leaf: Leaf, number: int) -> Attachment:
    """The description of attachment `number`."""
    size = decoded_size(memoryview(raw)[leaf.start : leaf.end], leaf.encoding)
    return Attachment(number, _display_name(leaf, number), leaf.type, size, leaf.content_id)


def _display_name(leaf: Leaf, number: int) -> str:
    """The sender's file name without path, control and direction characters, at most 100 characters long."""
    name = _CONTROL_OR_BIDI.sub("", leaf.filename.replace("\\", "/").rpartition("/")[2])
    name = " ".join(name.split()).strip(". ") if name.strip(". ") else ""
    if not name:
        extension = _EXTENSIONS.get(leaf.type, "bin")
        return f"attachment-{number}.{extension}"
    stem, dot, extension = name.rpartition(".")
    if len(name) > MAX_NAME and dot and len(extension) <= 10:
        return f"{stem[: MAX_NAME - len(extension) - 4]}...{dot}{extension}"
    return name[:MAX_NAME]


def body_texts(raw: bytes, bodies: list[Leaf], max_text: int) -> tuple[str, str, tuple[str, ...]]:
    """(text, html, defects). Several inline texts are joined; each alternative gives one version of each kind.

    The text is empty where some of what is to be read exists as HTML only, so that nobody who reads the text alone
    (with the footer a mailing list added as plain text, say) misses the mail.
    """
    defects: list[str] = []
    plains: list[str] = []
    htmls: list[str] = []
    text_is_whole = True
    for plain, rich in _sections(bodies):
        plain_text = "\n\n".join(_leaf_text(raw, leaf, max_text, defects) for leaf in plain)
        rich_text = "\n".join(_leaf_text(raw, leaf, max_text, defects) for leaf in rich)
        text_is_whole = text_is_whole and not (rich_text.strip() and not plain_text.strip())
        plains.append(plain_text)
        htmls.append(rich_text or f"<div style='white-space: pre-wrap'>{html_entities.escape(plain_text)}</div>")
    has_html = any(leaf.type == "text/html" for leaf in bodies)
    text = "\n\n".join(plains) if text_is_whole else ""
    html = "\n".join(htmls) if has_html else ""
    if max(len(text), len(html)) > max_text:
        defects.append(f"text over {max_text} characters cut")
    return text[:max_text], html[:max_text], tuple(dict.fromkeys(defects))


def _sections(bodies: list[Leaf]) -> list[tuple[list[Leaf], list[Leaf]]]:
    """(plain parts, HTML parts) of each piece of the mail: a part of its own, or a whole multipart/alternative."""
    groups: dict[tuple[str, int], list[tuple[int, Leaf]]] = {}
    for index, leaf in enumerate(bodies):
        outer = next((container for container in leaf.containers if container.subtype == "alternative"), None)
        key, child = (("alternative", outer.id), outer.child) if outer else (("part", index), 0)
        groups.setdefault(key, []).append((child, leaf))
    return [(_version(group, False), _version(group, True)) for group in groups.values()]


def _version(group: list[tuple[int, Leaf]], html: bool) -> list[Leaf]:
    """The parts of the first child that has a version of this kind (RFC 2046 §5.1.4: each child is the whole)."""
    fitting = [(child, leaf) for child, leaf in group if (leaf.type == "text/html") is html]
    return [leaf for child, leaf in fitting if child == fitting[0][0]]


def _leaf_text(raw: bytes, leaf: Leaf, max_text: int, defects: list[str]) -> str:
    # No encoding needs more than 12 octets for a character: 4 octets, 3 letters each.
    end = min(leaf.end, leaf.start + 12 * max_text)
    if end < leaf.end:
        defects.append(f"text over {max_text} characters cut")
    text, defect = decode(decoded(raw[leaf.start : end], leaf.encoding), leaf.parameters.get("charset", ""))
    if defect:
        defects.append(defect)
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    if leaf.type == "text/plain" and leaf.parameters.get("format", "").lower() == "flowed":
        text = _unflowed(text, leaf.parameters.get("delsp", "").lower() == "yes")
    return text


def _unflowed(text: str, delsp: bool) -> str:
    """The text with soft line breaks removed (RFC 3676 §4): quote marks kept, space-stuffing undone."""
    lines: list[str] = []
    paragraph: list[str] = []
    depth = 0
    for line in text.split("\n"):
        marks = _QUOTE_MARKS.match(line)
        level = marks.end() if marks else 0
        content = line[level:].removeprefix(" ")
        if paragraph and level != depth:  # §4.5: a change of depth ends the paragraph whatever the line end says
            lines.append(_quoted(depth, paragraph))
            paragraph = []
        depth = level
        flowed = content.endswith(" ") and content != "-- "
        paragraph.append(content[:-1] if flowed and delsp else content)
        if not flowed:
            lines.append(_quoted(depth, paragraph))
            paragraph = []
    return "\n".join([*lines, _quoted(depth, paragraph)] if paragraph else lines)


def _quoted(depth: int, pieces: list[str]) -> str:
    content = "".join(pieces)
    return f"{'>' * depth} {content}" if depth and content else ">" * depth + content
