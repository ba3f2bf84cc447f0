"""Files written into a text by uuencode (IEEE Std 1003.1, its historical algorithm) → where they are, their bytes."""

from __future__ import annotations

import binascii
import re
from collections.abc import Iterator

from msgspec import Struct

# So many lines that start with "begin " are looked at; more are in no mail that has a file behind one of them.
MAX_BEGINS = 2_000

# What mail programs wrote into Content-Transfer-Encoding for it; no RFC ever allowed one.
ENCODINGS = frozenset(("x-uuencode", "uuencode", "x-uue", "uue"))

_BEGIN = re.compile(rb"begin [0-7]{3,4} ([^\r\n]{1,255})\r?\n")
_RUN = re.compile(rb"[ -`\r\n]*+")
_END = re.compile(rb"end[ \t]{0,20}(?:\r?\n|\Z)")
# Blanks at line ends get lost on the way, which shortens lines that end in zeros; more lines than one in so many are
# short only in text that is none of it.
_SHORT_LINES = 10


class Block(Struct, frozen=True):
    """A file in a text: all of it at [start:end] with the lines that name and end it, its data at [first:last]."""

    start: int
    end: int
    first: int
    last: int
    name: bytes
    size: int


def blocks(data: bytes) -> Iterator[Block]:
    """Every whole uuencoded file in the text, in order, at most 2 000. Prose that says "begin 644 x" is none."""
    at = 0
    for _ in range(MAX_BEGINS):
        at = _line_with(data, b"begin ", at)
        if at == -1:
            break
        block = _block_at(data, at)
        if block is not None:
            yield block
        at = block.end if block is not None else at + 1


def file_bytes(data: bytes, first: int, last: int) -> bytes:
    """The bytes that the uuencoded lines of data[first:last] stand for."""
    return b"".join(map(_line_bytes, _lines(data, first, last)))


def decoded(data: bytes) -> bytes:
    """The first uuencoded file in `data`, the content of a part with such a Content-Transfer-Encoding; else `data`."""
    block = next(blocks(data), None)
    return file_bytes(data, block.first, block.last) if block is not None else data


def _line_with(data: bytes, prefix: bytes, at: int) -> int:
    """Where the next line that starts with `prefix` does, from offset `at`, or -1."""
    if at == 0 and data.startswith(prefix):
        return 0
    found = data.find(b"\n" + prefix, max(0, at - 1))
    return found + 1 if found != -1 else -1


def _block_at(data: bytes, start: int) -> Block | None:
    begin = _BEGIN.match(data, start)
    if begin is None:
        return None
    run = _RUN.match(data, begin.end())
    last = run.end() if run else begin.end()
    end = _END.match(data, last) if data[last - 1 : last] == b"\n" else None
    size, full, short = 0, 0, 0
    for line in _lines(data, begin.end(), last):
        missing = _letters(line) - (len(line) - 1)
        if missing < -2:  # a line may carry a checksum of one letter, some encoders add one more
            return None
        size += (line[0] - 32) & 63
        full, short = full + (missing <= 0), short + (missing > 0)
    is_cut_off = last == len(data) and full >= 2
    if (end is None and not is_cut_off) or not full or short > max(1, full // _SHORT_LINES):
        return None
    return Block(start, end.end() if end else last, begin.end(), last, begin[1].strip(), size)


def _lines(data: bytes, first: int, last: int) -> Iterator[bytes]:
    """The lines that carry bytes."""
    at = first
    while at < last:
        stop = data.find(b"\n", at, last)
        stop = last if stop == -1 else stop
        line = data[at:stop].rstrip(b"\r")
        if line and (line[0] - 32) & 63:
            yield line
        at = stop + 1


def _line_bytes(line: bytes) -> bytes:
    # What fills up the last four letters is zeros for most encoders, anything for some, and an error for binascii.
    return binascii.a2b_uu(line[: (((line[0] - 32) & 63) * 4 + 5) // 3])


def _letters(line: bytes) -> int:
    """How many letters stand for the bytes that the line says it has."""
    return (((line[0] - 32) & 63) + 2) // 3 * 4
