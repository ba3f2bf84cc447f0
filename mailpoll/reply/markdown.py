"""A visible tree → Markdown: flattened to paragraphs, quotes and lists that convert.py turns into Markdown."""

from __future__ import annotations

import html as entities
import re
from typing import Literal

from mailpoll.reply.cells import names_values, open_cells, show_as_table
from mailpoll.reply.convert import CITED, ESCAPE, STAND_IN_BLANK, STAND_INS, STAND_INS_OF_CODE, VALUE, convert
from mailpoll.reply.links import file_name_of, name_of, target_of
from mailpoll.reply.tree import Element

Quotes = Literal["marked", "opened", "as they are"]

# html2text pays for depth with the square; deeper levels are shown at this one.
MAX_NESTED = 8

_BLOCKS = frozenset(
    ("address", "article", "aside", "body", "center", "dd", "details", "div", "dl", "dt", "fieldset", "figure",
     "footer",
     "form", "header", "main", "nav", "section", "summary", "table", "tbody", "tfoot", "thead", "tr", "caption", "pre")
)  # fmt: skip
_PARAGRAPHS = frozenset(("p", "h1", "h2", "h3", "h4", "h5", "h6"))
_NESTED = frozenset(("blockquote", "ul", "ol"))
_INLINE = {"b": "b", "strong": "b", "i": "i", "em": "i", "code": "code", "tt": "code", "del": "del", "s": "del"}
# What newsletters fill the first line of a mail's list with.
_INVISIBLE = " \t\r\n\f\xa0\xad\u034f\u200b\u200c\u200d\u2007\u2060\ufeff"
_BLANKS = re.compile(r"[ \t\r\n\f\xa0]+")
_NUMBER = re.compile(r"[0-9]{1,6}")
# What a forge or a highlighter calls the element around its code; a `pre` of its own may be a whole mail.
_CODE = re.compile(r"(?:^|\s)(?:highlight|codehilite|sourcecode|code|chroma)(?:\s|$)")
_FENCE, _NO_FENCE = "```", "``ˋ"
# What Markdown would make a heading or a list of, where a line begins with it; html2text sees to - and numbers.
_BEGINNING = re.compile(r"(?=#{1,6}(?:\s|\Z)|\*(?:\s|\Z))")
_GAPS = re.compile(" {2,}")
# 5*3*2, x**2: not what people write for emphasis.
_INNER_STARS = re.compile(r"(?<=\S)\*+(?=\S)")
_PRE_WRAP = re.compile(r"white-space\s{0,3}:\s{0,3}(?:pre|break-spaces)")


def to_markdown(
    root: Element, *, quotes: Quotes = "as they are", signatures: bool = True, files: bool = False
) -> tuple[str, list[Element]]:
    """(the Markdown of a tree, at most 1 MB; the signatures left out).

    `quotes`: those that structure.py marked become block quotes ("marked", the author's own citations told apart by
    CITED), text like any other ("opened"), or what they are in the document. `files` names images by their files.
    """
    writer = _Writer(quotes, signatures, files)
    writer.walk(root)
    return convert("".join(writer.out)), writer.left_out


class _Writer:
    """Writes simple HTML: `p` with `br`, `blockquote`, `ul`, `ol`, `li`, headings, rules and inline marks."""

    def __init__(self, quotes: Quotes, signatures: bool, files: bool) -> None:
        self.out: list[str] = []
        self.left_out: list[Element] = []
        self._quotes, self._signatures, self._files = quotes, signatures, files
        self._cited = self._values = 0
        self._lines: list[str] = []
        self._line: list[str] = []
        self._blank = True
        self._inline: list[str] = []
        self._nested: list[str] = []
        self._pre = 0
        self._fenced = self._row = False
        self._indent = 0
        self._heading = "p"

    def walk(self, root: Element) -> None:
        """Writes a tree, without recursion."""
        work: list[tuple[Element | str, bool]] = [(root, True)]
        while work:
            node, entering = work.pop()
            if isinstance(node, str):
                self._text(node)
            elif not entering:
                self._leave(node)
            elif self._enter(node):
                work.append((node, False))
                work += [(child, True) for child in reversed(node.children)]
        self._end_paragraph()

    def _enter(self, element: Element) -> bool:
        """Writes what stands before an element's children; False when they are not wanted."""
        if element.kind == "signature" and not self._signatures:
            self.left_out.append(element)
            return False
        tag = self._tag(element)
        if tag == "br":
            self._end_line(explicit=True)
        elif tag == "hr":
            self._end_paragraph()
            self.out.append("<hr>")
        elif tag == "img":
            self._image(element)
        elif tag in _NESTED:
            self._end_paragraph()
            self._nested.append(tag)
            if len(self._nested) <= MAX_NESTED:
                start = element.get("start")
                self.out.append(f'<ol start="{start}">' if tag == "ol" and _NUMBER.fullmatch(start) else f"<{tag}>")
        elif tag == "li":
            self._end_paragraph()
            self.out.append("<li>" if "ul" in self._nested or "ol" in self._nested else "")
        else:
            self._enter_other(element, tag)
        return True

    def _tag(self, element: Element) -> str:
        """The tag that an element is written as."""
        if element.kind in ("indent", "forward") or (element.kind == "quote" and self._quotes == "opened"):
            return "div"
        if self._quotes == "marked" and element.kind == "quote":
            return "blockquote"
        return "citation" if self._quotes == "marked" and element.kind == "citation" else element.tag

    def _enter_other(self, element: Element, tag: str) -> None:
        if tag == "table" and not (self._nested or self._cited or self._inline or self._pre):
            show_as_table(element)
        if tag == "tr" and "\0row" not in element.attributes:
            open_cells(element)
        if "\0cell" in element.attributes:
            pass
        elif tag == "pre" and not (self._fenced or self._nested or self._cited or self._inline) and _is_code(element):
            self._end_paragraph()
            self._lines, self._fenced = [_FENCE], True
            element.attributes["\0fenced"] = "yes"
        elif "\0row" in element.attributes:
            (self._end_paragraph if element.attributes["\0row"] == "head" else self._end_line)()
            self._line, self._blank, self._row = ["|"], False, True
        elif tag == "citation":
            self._end_paragraph()
            self._cited += 1
        elif tag in _PARAGRAPHS:
            self._end_paragraph()
            self._heading = tag
        elif tag == "table":
            self._end_paragraph()
            if names_values(element):
                element.attributes["\0values"] = "yes"
                self._values += 1
        elif tag in _BLOCKS:
            self._end_line()
            if tag == "div" and _CODE.search(element.get("class")[:500]):
                _highlight(element)
        elif tag in ("td", "th"):
            if self._row:
                self._line.append(" ")
            elif not self._blank:
                self._line.append(" | ")
        elif tag in _INLINE or tag == "a":
            self._open(element)
        if tag == "pre" or _PRE_WRAP.search(element.get("style")[:500]):
            element.attributes["\0pre"] = "yes"
            self._pre += 1

    def _leave(self, element: Element) -> None:
        """Writes what stands behind an element's children."""
        tag = self._tag(element)
        if tag in _NESTED:
            self._end_paragraph()
            if len(self._nested) <= MAX_NESTED:
                self.out.append(f"</{tag}>")
            self._nested.pop()
        elif tag == "li":
            self._end_paragraph()
            self.out.append("</li>" if "ul" in self._nested or "ol" in self._nested else "")
        elif tag == "citation":
            self._end_paragraph()
            self._cited -= 1
        elif "\0cell" in element.attributes:
            pass
        elif "\0fenced" in element.attributes:
            self._end_fence()
        elif "\0row" in element.attributes:
            self._end_row(element)
        elif tag in ("td", "th") and self._row:
            self._line.append(" |")
        elif tag in _PARAGRAPHS or tag == "table":
            self._end_paragraph()
        elif tag in _BLOCKS:
            self._end_line()
        elif element.attributes.get("\0opened"):
            self._close(element)
        self._pre -= "\0pre" in element.attributes
        self._values -= "\0values" in element.attributes

    def _open(self, element: Element) -> None:
        """Opens an inline mark, unless the same one is open already."""
        mark = "a" if element.tag == "a" else _INLINE[element.tag]
        if self._fenced or any(open_.startswith(f"<{mark}") for open_ in self._inline):
            return
        opening = f"<{mark}>"
        if mark == "a":
            target = target_of(element)
            if not target:
                return
            if self._row:
                target = target.replace("|", "%7C")
            opening = f'<a href="{entities.escape(target)}">'
        element.attributes["\0opened"] = mark
        self._inline.append(opening)
        if not self._blank:
            self._line.append(opening)

    def _close(self, element: Element) -> None:
        mark = element.attributes["\0opened"]
        index = next((i for i in range(len(self._inline) - 1, -1, -1) if self._inline[i].startswith(f"<{mark}")), None)
        if index is None:
            return
        later = self._inline[index + 1 :]
        if not self._blank:
            self._line += [_closing(open_) for open_ in reversed(later)] + [f"</{mark}>"] + later
        del self._inline[index]

    def _text(self, text: str) -> None:
        if self._pre and not self._row:
            first, *more = text.replace("\r\n", "\n").replace("\r", "\n").split("\n")
            self._words(first.replace("\t", "    "), keep_blanks=True)
            for line in more:
                self._end_line(explicit=True)
                self._words(line.replace("\t", "    "), keep_blanks=True)
        elif text.count("\n") > 1 and not text.strip() and not self._line:
            # An empty line between the elements of hand-written HTML: paragraphs, whatever the elements are.
            self._end_paragraph()
        elif not text.strip(_INVISIBLE):
            self._words(" ")
        else:
            self._words(_BLANKS.sub(" ", text))

    def _words(self, text: str, keep_blanks: bool = False) -> None:
        begins = self._blank
        if begins:
            stripped = text.lstrip(" ")
            # Highlighters write the blanks before a word outside of its element.
            self._indent += len(text) - len(stripped) if keep_blanks else 0
            if not stripped:
                return
            self._line = [STAND_IN_BLANK * min(self._indent, 40), *self._inline]
            text, self._blank = stripped, False
        text = text.translate(STAND_INS_OF_CODE if self._fenced else STAND_INS)
        if self._row:
            text = text.replace("|", f"{ESCAPE}|")
        elif begins and _BEGINNING.match(text) and not self._fenced and "<code>" not in self._inline:
            text = ESCAPE + text
        if "*" in text and not self._fenced and "<code>" not in self._inline:
            text = _INNER_STARS.sub(_escaped, text)
        # Of `- ` and `1. ` html2text makes no list when the blank is none.
        self._line.append(text.replace(" ", STAND_IN_BLANK) if keep_blanks else text)

    def _image(self, element: Element) -> None:
        name = name_of(element) or (file_name_of(element) if self._files else "")
        if name:
            self._words(name if self._blank else f" {name} ")

    def _end_line(self, explicit: bool = False) -> None:
        """Ends the line; an explicit end of an empty one ends the paragraph."""
        self._indent = 0
        if self._blank:
            if explicit and self._fenced:
                self._lines += [STAND_IN_BLANK] if self._lines[-1] != _FENCE else []
            elif explicit and self._lines:
                self._end_paragraph()
            return
        mark = VALUE if self._values else ""
        line = "".join(self._line + [_closing(open_) for open_ in reversed(self._inline)])
        self._lines.append(mark + (line.replace(_FENCE, _NO_FENCE) if self._fenced else line))
        self._line, self._blank = [], True

    def _end_row(self, row: Element) -> None:
        """Ends a row of a table; below that of the headers goes what makes them headers."""
        self._row, self._blank = False, True
        self._lines.append((VALUE if self._values else "") + _GAPS.sub(" ", "".join(self._line)))
        self._line = []
        if row.attributes["\0row"] == "head":
            self._lines.append("|" + "---|" * sum(isinstance(cell, Element) for cell in row.children))

    def _end_fence(self) -> None:
        """Ends the code; where there is none, there is nothing."""
        self._end_line()
        while self._lines[-1] == STAND_IN_BLANK:
            self._lines.pop()
        self._lines = [*self._lines, _FENCE] if len(self._lines) > 1 else []
        self._fenced = False
        self._end_paragraph()

    def _end_paragraph(self) -> None:
        self._end_line()
        if self._fenced:
            return
        if self._lines:
            in_item = bool(self.out) and self.out[-1] == "<li>"
            mark = CITED if self._cited and not in_item else ""
            text = mark + f"<br>{mark}".join(self._lines)
            tag = self._heading
            self.out.append(text if in_item else f"<{tag}>{text}</{tag}>")
        self._lines, self._heading = [], "p"


def _escaped(stars: re.Match[str]) -> str:
    return f"{ESCAPE}*" * len(stars[0])


def _is_code(element: Element) -> bool:
    """Whether a `pre` is code, as forges and highlighters write it."""
    said = [child for child in element.children if not isinstance(child, str) or child.strip()]
    alone = said[0] if len(said) == 1 else ""
    code = not isinstance(alone, str) and alone.tag == "code"
    return code or "\0highlighted" in element.attributes or bool(_CODE.search(element.get("class")[:500]))


def _highlight(element: Element) -> None:
    """Tells of the `pre` in an element that it is code."""
    for child in element.children:
        if not isinstance(child, str) and child.tag == "pre":
            child.attributes["\0highlighted"] = "yes"


def _closing(opening: str) -> str:
    return "</" + opening[1:].partition(" ")[0].rstrip(">") + ">"
