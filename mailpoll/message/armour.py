"""OpenPGP armour inside a text (RFC 9580 §6.2, §7) → where its blocks are, and the text that was signed."""

from __future__ import annotations

import re
from collections.abc import Iterator

from msgspec import Struct

MAX_BLOCKS = 200

_BEGIN = b"-----BEGIN PGP "
_MESSAGE, _SIGNED = b"MESSAGE-----", b"SIGNED MESSAGE-----"
_END_MESSAGE = b"\n-----END PGP MESSAGE-----"
_SIGNATURE, _END_SIGNATURE = b"\n-----BEGIN PGP SIGNATURE-----", b"\n-----END PGP SIGNATURE-----"
_BLANK_LINE = re.compile(rb"\n[ \t]{0,20}\r?\n")
_ESCAPE = re.compile(rb"^- ", re.MULTILINE)
# Armour header lines in front of signed text: "Hash: SHA512", seldom a few more.
_MAX_HEADERS = 2_000


class Block(Struct, frozen=True):
    """Armour at [start:end] of a text. `text` is what stands there for people (None: it is encrypted); the encrypted
    message, or the signature, is at [first:last]."""

    start: int
    end: int
    first: int
    last: int
    text: bytes | None


def blocks(data: bytes) -> Iterator[Block]:
    """Every encrypted message and every signed text between whole armour lines, in order; at most 200 are looked at.

    Quoted ones are left to those who cut quotes.
    """
    at, left, marks = 0, MAX_BLOCKS, _Marks(data)
    while left and (at := data.find(_BEGIN, at)) != -1:
        block = None
        if at == 0 or data[at - 1 : at] == b"\n":
            left -= 1
            if data.startswith(_MESSAGE, at + len(_BEGIN)):
                block = _encrypted(marks, at)
            elif data.startswith(_SIGNED, at + len(_BEGIN)):
                block = _signed(data, marks, at)
        if block is not None:
            yield block
        at = block.end if block is not None else at + len(_BEGIN)


class _Marks:
    """Where the next line of a kind is. Each stretch of the text is searched once, or lines that begin and never end
    would cost their square."""

    def __init__(self, data: bytes) -> None:
        self._data = data
        self._next: dict[bytes, int] = {}

    def after(self, mark: bytes, at: int) -> int:
        """The offset of the first `mark` from `at` on, or -1; `at` must not go back."""
        known = self._next.get(mark, -2)
        if known == -2 or -1 < known < at:
            known = self._next[mark] = self._data.find(mark, at)
        return known


def _encrypted(marks: _Marks, start: int) -> Block | None:
    last = marks.after(_END_MESSAGE, start)
    if last == -1:
        return None
    end = last + len(_END_MESSAGE)
    return Block(start, end, start, end, None)


def _signed(data: bytes, marks: _Marks, start: int) -> Block | None:
    signature = marks.after(_SIGNATURE, start)
    blank = _BLANK_LINE.search(data, start, min(signature + 1, start + _MAX_HEADERS)) if signature != -1 else None
    last = marks.after(_END_SIGNATURE, signature) if blank is not None else -1
    if blank is None or last == -1:
        return None
    end = last + len(_END_SIGNATURE)
    text = data[blank.end() : max(signature, blank.end())].removesuffix(b"\r")
    return Block(start, end, signature + 1, end, _ESCAPE.sub(b"", text))
