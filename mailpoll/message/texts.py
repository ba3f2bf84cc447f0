"""The bytes of a text part → its text: charset, flowed paragraphs (RFC 3676), enriched text (RFC 1896)."""

from __future__ import annotations

import re

from mailpoll.message.charsets import codec_of, decode
from mailpoll.message.files import Body
from mailpoll.message.pieces import Piece, piece_beginning, piece_bytes
from mailpoll.message.transfer import decoded
from mailpoll.message.uuencode import ENCODINGS

# No charset needs more octets for a character, no transfer encoding more letters for an octet.
OCTETS, LETTERS = 4, 3

NOT_TEXT = "[A part of this mail says that it is text, and is not.]"

_QUOTE_MARKS = re.compile(r">*")
_ENRICHED = re.compile(r"<<|<nl>|<(/?)param>|</?[a-z-]{1,60}>", re.IGNORECASE)
# What no text has, but for a few that got in by accident.
_CONTROL = re.compile("[\x00-\x07\x0e-\x1a\x1c-\x1f]")
_FEW = 4
_TWO_WORDS = re.compile(r"[^\W\d_]{2} [^\W\d_]{2}")
# One odd octet is damage, two in a line are words.
_PLAIN_LINE = re.compile(rb"^[^\n]*?[^A-Za-z0-9+/=\s][^\n]*?[^A-Za-z0-9+/=\s]", re.MULTILINE)
_META_CHARSET = re.compile(rb"<meta\b[^<>]{0,300}?\bcharset\s{0,5}=\s{0,5}[\"']?([A-Za-z0-9_.:-]{1,40})", re.IGNORECASE)
_XML_ENCODING = re.compile(rb"\s{0,20}<\?xml\b[^<>]{0,200}?\bencoding\s{0,5}=\s{0,5}[\"']([A-Za-z0-9_.:-]{1,40})")


def body_text(body: Body, max_text: int, defects: list[str]) -> str:
    """The text of a body, at most `max_text` characters and few more; what was wrong with it goes to `defects`."""
    if body.note:
        return body.note
    leaf = body.piece.leaf
    data = _bytes_of(body, max_text, defects)
    text, defect = decode(data, leaf.parameters.get("charset", "") or (_html_charset(data) if body.html else ""))
    if defect:
        defects.append(defect)
    if is_binary(text) and leaf.encoding == "base64" and _is_words(body.piece):
        defects.append("plain text in base64")
        text = decode(bytes(body.piece.raw[: OCTETS * max_text]))[0]
    if is_binary(text):
        defects.append("a text part is not text")
        return "" if leaf.filename or leaf.disposition == "attachment" else _words_of(text) or NOT_TEXT
    if data.strip(b"\0 \t\r\n") and not text:
        defects.append("a text part came out empty")
        text = _clean_latin(data)
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    if leaf.type in ("text/enriched", "text/richtext"):
        return _plain_of_enriched(text, leaf.type == "text/enriched")
    if leaf.type == "text/plain" and leaf.parameters.get("format", "").lower() == "flowed":
        return unflowed(text, leaf.parameters.get("delsp", "").lower() == "yes")
    return text


def is_binary(text: str) -> bool:
    """Whether what was read as text is a picture, say, or encrypted: more than one character in fifty is a control."""
    controls = len(_CONTROL.findall(text))
    return controls > _FEW and controls * 50 > len(text)


def _words_of(text: str) -> str:
    """The lines of a damaged text that are words and nothing else."""
    lines = text.replace("\r", "\n").split("\n")
    return "\n".join(line for line in lines if _TWO_WORDS.search(line) and not _CONTROL.search(line))


def _is_words(piece: Piece) -> bool:
    """Whether the octets of a part that says base64 are words with blanks between, most lines of them."""
    lines = bytes(piece.raw[:10_000]).splitlines()
    return sum(b" " in line.strip() for line in lines) * 2 > len(lines)


def _bytes_of(body: Body, max_text: int, defects: list[str]) -> bytes:
    """As many bytes as `max_text` characters can have."""
    limit = OCTETS * max_text
    whole = body.rest is not None or len(body.piece.raw) <= LETTERS * limit
    data = body.rest if body.rest is not None else _decoded_beginning(body.piece, limit, defects)
    if len(data) > limit or not whole:
        defects.append(f"text over {max_text} characters cut")
    return _cut(data, limit, body.piece.leaf.parameters.get("charset", ""))


def _decoded_beginning(piece: Piece, limit: int, defects: list[str]) -> bytes:
    if piece.leaf.encoding in ENCODINGS:
        return piece_bytes(piece)
    if piece.leaf.encoding == "base64":
        # Filters and lists append their lines to base64 as they are; scripts say base64 and send plain text.
        letters = bytes(piece.raw[: LETTERS * limit])
        if plain := _PLAIN_LINE.search(letters):
            defects.append("plain text in base64")
            return decoded(letters[: plain.start()], "base64") + letters[plain.start() :]
    return piece_beginning(piece, LETTERS * limit) or bytes(piece.raw[:limit])


def _cut(data: bytes, limit: int, charset: str) -> bytes:
    """At most `limit` (a multiple of 4) bytes, without half a character of UTF-8 at the end."""
    if len(data) <= limit:
        return data
    data = data[:limit]
    if codec_of(charset) in ("", "utf_8"):
        for back in range(1, 4):
            if data[-back] & 0xC0 != 0x80:
                return data[:-back] if data[-back] >= 0xC0 else data
    return data


def _html_charset(data: bytes) -> str:
    """What an HTML text says of itself, for those that nothing else is said of (HTML, "encoding sniffing")."""
    found = _XML_ENCODING.match(data[:500]) or _META_CHARSET.search(data[:4_000])
    charset = found[1].decode("ascii") if found else ""
    return "" if codec_of(charset).startswith(("utf_16", "utf_32")) else charset


def _clean_latin(data: bytes) -> str:
    return data.decode("cp1252", "replace").replace("\0", "")


def _plain_of_enriched(text: str, enriched: bool) -> str:
    """The words: commands and their parameters go. In text/enriched one line end is a blank, more are one less."""
    pieces: list[str] = []
    at, parameter = 0, False
    for tag in _ENRICHED.finditer(text):
        if not parameter:
            pieces.append(text[at : tag.start()])
        at = tag.end()
        if tag[1] is not None:
            parameter = not tag[1]
        elif not parameter:
            pieces.append("<" if tag[0] == "<<" else "\n" if tag[0].lower() == "<nl>" else "")
    plain = "".join(pieces if parameter else [*pieces, text[at:]])
    if not enriched:
        return plain
    return re.sub(r"\n+", lambda ends: "\n" * (len(ends[0]) - 1) or " ", plain)


def unflowed(text: str, delsp: bool) -> str:
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
