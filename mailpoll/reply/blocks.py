"""Paragraphs, rows of tables and code, as simple HTML that convert.py turns into Markdown, filled word by word."""

from __future__ import annotations

import html as entities
import re

from mailpoll.reply.convert import CITED, ESCAPE, STAND_IN_BLANK, STAND_INS, STAND_INS_OF_CODE, VALUE

# What newsletters fill the first line of a mail's list with.
_INVISIBLE = " \t\r\n\f\xa0\xad\u034f\u200b\u200c\u200d\u2007\u2060\ufeff"
_BLANKS = re.compile(r"[ \t\r\n\f\xa0]+")
_FENCE, _NO_FENCE = "```", "``ˋ"
# What Markdown would make a heading or a list of, where a line begins with it; html2text sees to - and numbers.
_BEGINNING = re.compile(r"(?=#{1,6}(?:\s|\Z)|\*(?:\s|\Z))")
_GAPS = re.compile(" {2,}")
# 5*3*2, x**2: not what people write for emphasis.
_INNER_STARS = re.compile(r"(?<=\S)\*+(?=\S)")
_DEEPEST_INDENT = 40  # blanks


class Blocks:
    """`p` with `br`, headings, rows, fenced code and inline marks, one after another in `out`.

    `heading` is the tag of the paragraph under way. `cited`, `values` and `preformatted` count the elements of these
    kinds that are open: the author's own citations, tables that name values, and texts whose blanks and line ends mean
    something.
    """

    def __init__(self) -> None:
        self.out: list[str] = []
        self.heading = "p"
        self.cited = self.values = self.preformatted = 0
        self.fenced = self.in_row = False
        self._lines: list[str] = []
        self._line: list[str] = []
        self._blank = True
        self._indent = 0
        self._marks: list[str] = []

    @property
    def is_marked(self) -> bool:
        """Whether an inline mark is open."""
        return bool(self._marks)

    def put(self, tag: str) -> None:
        """Writes a tag as it is, where no paragraph is under way."""
        self.out.append(tag)

    def open(self, name: str, target: str = "") -> bool:
        """Opens an inline mark (`b`, `i`, `code`, `del`; `a` with a URL); False when the same one is open already, or
        the text is code."""
        if self.fenced or any(opening.startswith(f"<{name}") for opening in self._marks):
            return False
        opening = f"<{name}>"
        if target:
            opening = f'<a href="{entities.escape(target.replace("|", "%7C") if self.in_row else target)}">'
        self._marks.append(opening)
        if not self._blank:
            self._line.append(opening)
        return True

    def close(self, name: str) -> None:
        """Closes an inline mark; those that were opened in it go on behind it."""
        found = (i for i in range(len(self._marks) - 1, -1, -1) if self._marks[i].startswith(f"<{name}"))
        index = next(found, None)
        if index is None:
            return
        later = self._marks[index + 1 :]
        if not self._blank:
            self._line += [_closing(opening) for opening in reversed(later)] + [f"</{name}>"] + later
        del self._marks[index]

    def text(self, text: str) -> None:
        """Writes a text of the document."""
        if self.preformatted and not self.in_row:
            first, *more = text.replace("\r\n", "\n").replace("\r", "\n").split("\n")
            self._words(first.replace("\t", "    "), keep_blanks=True)
            for line in more:
                self.end_line(explicit=True)
                self._words(line.replace("\t", "    "), keep_blanks=True)
        elif text.count("\n") > 1 and not text.strip() and not self._line:
            # An empty line between the elements of hand-written HTML: paragraphs, whatever the elements are.
            self.end_paragraph()
        elif not text.strip(_INVISIBLE):
            self._words(" ")
        else:
            self._words(_BLANKS.sub(" ", text))

    def word(self, name: str) -> None:
        """Writes what stands for something, apart from the words around it."""
        self._words(name if self._blank else f" {name} ")

    def _words(self, text: str, keep_blanks: bool = False) -> None:
        begins = self._blank
        if begins:
            stripped = text.lstrip(" ")
            # Highlighters write the blanks before a word outside of its element.
            self._indent += len(text) - len(stripped) if keep_blanks else 0
            if not stripped:
                return
            self._line = [STAND_IN_BLANK * min(self._indent, _DEEPEST_INDENT), *self._marks]
            text, self._blank = stripped, False
        text = text.translate(STAND_INS_OF_CODE if self.fenced else STAND_INS)
        is_code = self.fenced or "<code>" in self._marks
        if self.in_row:
            text = text.replace("|", f"{ESCAPE}|")
        elif begins and not is_code and _BEGINNING.match(text):
            text = ESCAPE + text
        if "*" in text and not is_code:
            text = _INNER_STARS.sub(_escaped, text)
        # Of `- ` and `1. ` html2text makes no list when the blank is none.
        self._line.append(text.replace(" ", STAND_IN_BLANK) if keep_blanks else text)

    def begin_cell(self) -> None:
        """Parts a cell from the one before it."""
        if self.in_row:
            self._line.append(" ")
        elif not self._blank:
            self._line.append(" | ")

    def end_cell(self) -> None:
        """Ends a cell of a table that is shown as one."""
        self._line.append(" |")

    def begin_row(self) -> None:
        """Begins a row of a table that is shown as one."""
        self.end_line()
        self._line, self._blank, self.in_row = ["|"], False, True

    def end_row(self, headers: int) -> None:
        """Ends a row; of `headers` if it has any, which are such by the line below."""
        self.in_row, self._blank = False, True
        self._lines.append((VALUE if self.values else "") + _GAPS.sub(" ", "".join(self._line)))
        self._line = []
        if headers:
            self._lines.append("|" + "---|" * headers)

    def begin_fence(self) -> None:
        """Begins a block of code."""
        self.end_paragraph()
        self._lines, self.fenced = [_FENCE], True

    def end_fence(self) -> None:
        """Ends the code; where there is none, there is nothing."""
        self.end_line()
        while self._lines[-1] == STAND_IN_BLANK:
            self._lines.pop()
        self._lines = [*self._lines, _FENCE] if len(self._lines) > 1 else []
        self.fenced = False
        self.end_paragraph()

    def end_line(self, explicit: bool = False) -> None:
        """Ends the line; an explicit end of an empty one ends the paragraph."""
        self._indent = 0
        if self._blank:
            if explicit and self.fenced:
                self._lines += [STAND_IN_BLANK] if self._lines[-1] != _FENCE else []
            elif explicit and self._lines:
                self.end_paragraph()
            return
        line = "".join(self._line + [_closing(opening) for opening in reversed(self._marks)])
        # Nothing in code is a quote, a header field or another fence to the rules for plain text.
        mark = VALUE if self.values or self.fenced else ""
        self._lines.append(mark + (line.replace(_FENCE, _NO_FENCE) if self.fenced else line))
        self._line, self._blank = [], True

    def end_paragraph(self) -> None:
        """Ends line and paragraph; in code, the line alone."""
        self.end_line()
        if self.fenced:
            return
        if self._lines:
            in_item = bool(self.out) and self.out[-1] == "<li>"
            mark = CITED if self.cited and not in_item else ""
            text = mark + f"<br>{mark}".join(self._lines)
            self.out.append(text if in_item else f"<{self.heading}>{text}</{self.heading}>")
        self._lines, self.heading = [], "p"


def _escaped(stars: re.Match[str]) -> str:
    return f"{ESCAPE}*" * len(stars[0])


def _closing(opening: str) -> str:
    return "</" + opening[1:].partition(" ")[0].rstrip(">") + ">"
