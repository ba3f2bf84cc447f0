"""A line of Markdown → its pieces: words, code, links, and where emphasis begins and ends.

A part of CommonMark 0.31: no underscores for emphasis (ours has none: __init__.py is a word), no images (their text
alone), no reference links, no raw HTML; character references stay as they were written. Nothing is undone twice, so
that what was made harmless stays so.
"""

from __future__ import annotations

import re
from bisect import bisect_left
from collections import Counter, defaultdict
from typing import Literal

from msgspec import Struct

from mailpoll.markup.urls import BARE, trimmed
from mailpoll.reply.honest import leads_to, noted

PieceKind = Literal["text", "code", "url", "link", "open", "close"]
Mark = Literal["strong", "em", "strike"]

# What a link leads to, with its escapes.
_TARGET = r"(?:[^\s()<>\\]|\\[^\s<>])"
# \*  ```  <https://x>  https://x  [  ](target "title")  emphasis
_TOKEN = re.compile(
    r"\\(?P<escaped>[!-/:-@\[-`{-~])"
    r"|(?P<ticks>`+)"
    r"|<(?P<auto>(?:https?|ftp|mailto):[^\s<>]*)>"
    rf"|(?P<bare>{BARE})"
    r"|(?P<opening>!?\[)"
    r"|(?P<closing>\])(?:\((?:<(?P<quoted>[^<>\n]{0,2000})>"
    rf"|(?P<target>{_TARGET}{{0,2000}}(?:\({_TARGET}{{0,500}}\){_TARGET}{{0,500}}){{0,5}}))"
    r"(?:[ ]\"[^\"\n]{0,300}\")?\))?"
    r"|(?P<run>\*+|~+)",
    re.IGNORECASE,
)
_TICKS = re.compile("`+")
_ESCAPED = re.compile(r"\\([!-/:-@\[-`{-~])")
_MARKS: dict[str, Mark] = {"**": "strong", "*": "em", "~~": "strike"}
_RUNS = {"*": ("*",), "**": ("**",), "***": ("**", "*"), "~~": ("~~",)}
_NUMBER = re.compile(r"tel:([+0-9][0-9.()-]{2,30})", re.IGNORECASE)
# What a link may lead to; anything else is shown as it was written.
_SCHEMES = ("https://", "http://", "ftp://", "mailto:")


class Piece(Struct):
    """A piece of a line. `text`: the words, the code, the URL, the words of a link, or a Mark; `url`: of a link."""

    kind: PieceKind
    text: str
    url: str = ""


def pieces(line: str) -> list[Piece]:
    """The pieces of a line. A link that seems to lead elsewhere is followed by what honest.noted() tells of it."""
    return _Parser(line).parse()


def words(of: list[Piece]) -> str:
    """What of the pieces can be read, without links and marks."""
    return "".join(piece.text for piece in of if piece.kind not in ("open", "close"))


def is_link(url: str) -> bool:
    """Whether a URL is of a kind that is made a link."""
    return url.lower().startswith(_SCHEMES) and url.isprintable() and " " not in url


class _Parser:
    """One pass over the tokens; what is taken off the stack of open marks was put there once."""

    def __init__(self, line: str) -> None:
        self._line = line
        self._out: list[Piece] = []
        self._open: list[tuple[str, int]] = []  # (mark or bracket, its number in _out)
        self._counts: Counter[str] = Counter()
        self._floor = 0  # brackets of _open below it hold a link, and are none
        self._ticks: dict[int, list[int]] = defaultdict(list)
        for ticks in _TICKS.finditer(line):
            self._ticks[len(ticks[0])].append(ticks.start())

    def parse(self) -> list[Piece]:
        at = done = 0
        while token := _TOKEN.search(self._line, at):
            self._text(self._line[done : token.start()])
            at = done = self._take(token)
        self._text(self._line[done:])
        return self._told()

    def _text(self, text: str) -> None:
        if text:
            self._out.append(Piece("text", text))

    def _take(self, token: re.Match[str]) -> int:
        """Where the line goes on behind a token that was taken in."""
        if token["escaped"]:
            self._text(token["escaped"])
        elif token["ticks"]:
            return self._code(token)
        elif url := token["auto"] or trimmed(token["bare"] or ""):
            self._out.append(Piece("url", url) if is_link(url) else Piece("text", token[0] if token["auto"] else url))
            return token.end() if token["auto"] else token.start() + len(url)
        elif token["opening"]:
            self._push("[", token["opening"])
        elif token["closing"]:
            self._close_link(token)
        else:
            self._emphasis(token)
        return token.end()

    def _code(self, token: re.Match[str]) -> int:
        length, start = len(token["ticks"]), token.end()
        ends = self._ticks[length]
        found = bisect_left(ends, start)
        if found == len(ends):
            self._text(token["ticks"])
            return start
        code = self._line[start : ends[found]]
        if code.startswith(" ") and code.endswith(" ") and code.strip():
            code = code[1:-1]
        self._out.append(Piece("code", code))
        return ends[found] + length

    def _push(self, mark: str, text: str) -> None:
        self._open.append((mark, len(self._out)))
        self._counts[mark] += 1
        self._text(text)

    def _pop_to(self, mark: str) -> int:
        """The number of the piece that opened `mark`, which is open; what was opened since is only text."""
        while True:
            found, number = self._open.pop()
            if found != "[" or len(self._open) >= self._floor:
                self._counts[found] -= 1
            self._floor = min(self._floor, len(self._open))
            if found == mark:
                return number

    def _close_link(self, token: re.Match[str]) -> None:
        if not self._counts["["]:
            self._text(token[0])
            return
        start = self._pop_to("[")
        raw = token["quoted"] if token["quoted"] is not None else token["target"]
        url = _ESCAPED.sub(r"\1", raw or "")
        label = words(self._out[start + 1 :]).strip()
        if label and (number := _NUMBER.fullmatch(url)):
            self._out[start].text = ""
            self._text("" if _digits(label).endswith(_digits(number[1])[-6:]) else f" ({number[1]})")
            return
        if not label or not is_link(url):
            self._text(token[0])
            return
        del self._out[start:]
        self._out.append(Piece("link", label, url))
        self._floor, self._counts["["] = len(self._open), 0

    def _emphasis(self, token: re.Match[str]) -> None:
        run = token["run"]
        before = self._line[token.start() - 1 : token.start()] or " "
        after = self._line[token.end() : token.end() + 1] or " "
        opens = not after.isspace() and (_is_word(after) or not _is_word(before))
        closes = not before.isspace() and (_is_word(before) or not _is_word(after))
        marks = _RUNS.get(run)
        if marks is None:
            self._text(run)
            return
        for mark in reversed(marks) if closes and self._counts[marks[-1]] else marks:
            if closes and self._counts[mark]:
                number = self._pop_to(mark)
                self._out[number] = Piece("open", _MARKS[mark])
                self._out.append(Piece("close", _MARKS[mark]))
            elif opens:
                self._push(mark, mark)
            else:
                self._text(mark)

    def _told(self) -> list[Piece]:
        """The pieces, texts that adjoin as one, each link that seems to lead elsewhere with what is told of it."""
        told: list[Piece] = []
        texts: list[str] = []
        for number, piece in enumerate(self._out):
            if piece.kind == "text":
                texts.append(piece.text)
                continue
            if texts:
                told.append(Piece("text", "".join(texts)))
                texts = []
            told.append(piece)
            if piece.kind == "link" and leads_to(piece.text, piece.url):
                note = noted(piece.text, piece.url)
                if not words(self._out[number + 1 : number + 40]).startswith(note):
                    texts.append(note)
        return [*told, Piece("text", "".join(texts))] if texts else told


def _digits(text: str) -> str:
    return "".join(filter(str.isdecimal, text))


def _is_word(character: str) -> bool:
    """Whether a character counts as part of a word where emphasis begins and ends; a blank and punctuation do not."""
    return character.isalnum()
