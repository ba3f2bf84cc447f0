"""The header block of a mail or part → its fields, and the text of unstructured fields (RFC 5322 §2.2, RFC 2047)."""

from __future__ import annotations

import binascii
import re

from msgspec import Struct

from mailpoll.message.charsets import decode

# Postfix's header_size_limit: what a mail server passes on.
MAX_HEADERS = 102_400
# In one field; what follows stays as it came. A header of nothing but encoded words holds seven thousand.
MAX_ENCODED_WORDS = 2_000

# Many who should have written `=3F` for a question mark did not; none that belongs to another word is taken for one.
_ENCODED_WORD = re.compile(r"=\?([^?\s]{1,80}+)\?([bBqQ])\?([^?]*+(?:(?<!=)\?(?!=)[^?]*+)*)\?=")
_CONTROL = re.compile("[\x00-\x08\x0a-\x1f\x7f-\x9f\u2028\u2029]")
_STRAY = "header line without a field name"
_NAME = re.compile(rb"[!-9;-~]{1,999}")
_CHARSET = re.compile(rb"charset\s{0,5}=\s{0,5}[\"']?([A-Za-z0-9_.:-]{1,40})", re.IGNORECASE)
_LOOKED_AT = 1_000
_HEX = re.compile(rb"=([0-9A-Fa-f]{2})")
_BEFORE_HEADER = re.compile(
    rb"(?:\xef\xbb\xbf|(?=\s))(?:[ \t]*\r?\n)*"  # no `*+` round a group: Python before 3.11.5 gets it wrong
    rb"(?=(?:From|To|Subject|Date|Received|Return-Path|Delivered-To|Message-ID|MIME-Version)[ \t]*:)",
    re.IGNORECASE,
)
_BASE64_ONLY = re.compile(rb"[^A-Za-z0-9+/]+")


class Block(Struct, frozen=True):
    """A header block: fields as (name as written, unfolded raw value), where the body starts, and what was wrong.

    `stray` is where the first line starts that is no field, or -1: without a body behind the block, that is it.
    """

    fields: tuple[tuple[str, str], ...]
    body: int
    defects: tuple[str, ...]
    stray: int = -1

    def first(self, name: str) -> str:
        """The raw value of the first field called `name` (lower case), or ""."""
        return next((value for field, value in self.fields if field.lower() == name), "")

    def all(self, name: str) -> tuple[str, ...]:
        """The raw values of every field called `name` (lower case)."""
        return tuple(value for field, value in self.fields if field.lower() == name)


def header_fields(raw: bytes) -> tuple[tuple[str, str], ...]:
    """(name as written, unfolded raw value) of each field, in order, of a header block or a whole mail.

    Values keep their encoded words; raw 8-bit text is read as UTF-8, else windows-1252, and holds no line end, NUL or
    surrogate. An mbox "From " line and lines without a colon are passed over; what is beyond 100 KB is not read.
    """
    return read_block(in_lines(raw)).fields


def in_lines(raw: bytes) -> bytes:
    """The mail with line feeds, and nothing in front of its header: mail of classic Mac OS, and of some scripts, ends
    its lines with CR alone; editors of Windows put a byte order mark in front, here-documents an empty line."""
    if before := _BEFORE_HEADER.match(raw):
        raw = raw[before.end() :]
    return raw if b"\n" in raw else raw.replace(b"\r", b"\n")


def read_block(raw: bytes, start: int = 0, end: int | None = None) -> Block:
    """The header block that starts at offset `start` of `raw` (and ends before `end`).

    Without any field at the start the block is empty and the body starts at once.
    """
    end = len(raw) if end is None else end
    lines: list[bytes] = []
    defects: list[str] = []
    at, body, limit = start, end, start + MAX_HEADERS
    while at < end:
        stop = raw.find(b"\n", at, min(end, limit))
        if stop == -1 and end > limit:
            defects.append("header block over 100 KB")
            lines.append(raw[at:limit])
            body = _after_blank_line(raw, limit, end)
            break
        line = raw[at : end if stop == -1 else stop].rstrip(b"\r")
        following = end if stop == -1 else stop + 1
        if not line or (not line.strip() and _no_field_follows(raw, following, end)):
            body = following
            break
        if not lines and not _starts_header(line, at == start):
            body = at
            break
        lines.append(line)
        at = following
    fields = tuple(_fields(lines, defects))
    stray = _first_stray(raw, start, min(body, limit)) if _STRAY in defects else -1
    return Block(fields, body, tuple(dict.fromkeys(defects)), stray)


def _first_stray(raw: bytes, start: int, end: int) -> int:
    """Where the first line below the first that neither is a field nor continues one starts, or -1."""
    at = raw.find(b"\n", start, end) + 1
    while 0 < at < end:
        stop = raw.find(b"\n", at, end)
        line = raw[at : end if stop == -1 else stop]
        name, colon, _ = line.partition(b":")
        if line[:1] not in (b" ", b"\t") and not (colon and _is_name(name.rstrip(b" \t"))):
            return at
        at = stop + 1
    return -1


def _no_field_follows(raw: bytes, at: int, end: int) -> bool:
    """Whether what stands below a line of blanks is text: senders type a blank into the line that ends the header."""
    following = raw[at : min(end, at + 200)].partition(b"\n")[0]
    name, colon, _ = following.partition(b":")
    return not following[:1].isspace() and not (colon and _is_name(name.rstrip(b" \t")))


def _after_blank_line(raw: bytes, at: int, end: int) -> int:
    ends = [found + len(blank) for blank in (b"\n\n", b"\n\r\n") if (found := raw.find(blank, at, end)) != -1]
    return min(ends, default=end)


def _starts_header(line: bytes, first: bool) -> bool:
    """Whether this can be the first line of a header block: a field, or the line mbox files put before it."""
    return b":" in line[:1000] or (first and line.startswith((b"From ", b">From ")))


def _fields(lines: list[bytes], defects: list[str]) -> list[tuple[str, str]]:
    grouped: list[tuple[str, list[bytes]]] = []
    for number, line in enumerate(lines):
        name, colon, value = line.partition(b":")
        name = name.rstrip(b" \t")
        if line[:1] in (b" ", b"\t"):
            if grouped:
                grouped[-1][1].append(line)
        elif number == 0 and line.startswith((b"From ", b">From ")) and not _is_name(name):
            continue
        elif colon and _is_name(name):
            grouped.append((name.decode("ascii"), [value]))
        else:
            defects.append(_STRAY)
    values = [(name, b"".join(pieces)) for name, pieces in grouped]
    charset = _charset(values)
    return [(name, _text(value, charset)) for name, value in values]


def _charset(values: list[tuple[str, bytes]]) -> str:
    """The charset that a header says its body has: what is raw in the header, where it must not be, is mostly in it."""
    for name, value in values:
        if name.lower() == "content-type":
            return found[1].decode("ascii") if (found := _CHARSET.search(value[:_LOOKED_AT])) else ""
    return ""


def _is_name(name: bytes) -> bool:
    """RFC 5322 §3.6.8: printable ASCII without a colon or blank."""
    return _NAME.fullmatch(name) is not None


def _text(value: bytes, charset: str) -> str:
    value = value.replace(b"\r", b" ").replace(b"\0", b"")
    if value.isascii() and b"\x1b" not in value:  # nearly every field of nearly every mail
        return value.decode("ascii").strip(" \t")
    text, defect = decode(value)
    if defect and charset:
        text = decode(value, charset)[0]
    return text.strip(" \t")


def unstructured(value: str, defects: list[str] | None = None) -> str:
    """The text of an unstructured field's raw value: encoded words decoded (RFC 2047), adjacent ones joined.

    Broken words stay as they are; control characters become blanks, so that the result is one line. A limit that was
    hit is added to `defects`.
    """
    if "=?" not in value:
        return _CONTROL.sub(" ", value)
    pieces: list[str] = []
    run: list[tuple[str, bytes]] = []
    at = 0
    for number, word in enumerate(_ENCODED_WORD.finditer(value)):
        if number == MAX_ENCODED_WORDS:
            _note(f"more than {MAX_ENCODED_WORDS} encoded words in a field", defects)
            break
        between = value[at : word.start()]
        if between.strip(" \t") or not run:
            pieces += [_decode_run(run), between]
            run = []
        # The charset may carry a language (RFC 2231 §5).
        run.append((word[1].partition("*")[0].lower(), _word_bytes(word[2], word[3])))
        at = word.end()
    pieces += [_decode_run(run), value[at:]]
    return _CONTROL.sub(" ", "".join(pieces))


def _note(defect: str, defects: list[str] | None) -> None:
    if defects is not None:
        defects.append(defect)


def _decode_run(run: list[tuple[str, bytes]]) -> str:
    """The text of adjacent encoded words; those of one charset are joined first: senders split inside a character."""
    texts: list[str] = []
    pending: list[bytes] = []
    for index, (charset, data) in enumerate(run):
        pending.append(data)
        if index + 1 == len(run) or run[index + 1][0] != charset:
            texts.append(decode(b"".join(pending), charset)[0])
            pending = []
    return "".join(texts)


def _word_bytes(encoding: str, payload: str) -> bytes:
    data = payload.encode("utf-8")
    if encoding in "qQ":
        return _HEX.sub(lambda hex_: bytes([int(hex_[1], 16)]), data.replace(b"_", b" "))
    letters = _BASE64_ONLY.sub(b"", data)
    letters = letters[: len(letters) - (len(letters) % 4 == 1)]
    return binascii.a2b_base64(letters + b"=" * (-len(letters) % 4))
