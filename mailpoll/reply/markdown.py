"""A visible tree → Markdown: flattened to paragraphs, quotes and lists that html2text converts in linear time."""

from __future__ import annotations

import html as entities
import re
from typing import Literal

import html2text

from mailpoll.reply.cells import open_cells
from mailpoll.reply.links import file_name_of, name_of, target_of
from mailpoll.reply.tree import Element

Quotes = Literal["marked", "opened", "as they are"]

MAX_MARKDOWN = 1_000_000
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
_BLANKS = re.compile(r"[ \t\r\n\f\xa0]+")
# Stands before each line of an author's citation until clients' quotes are cut.
CITED = "\ue004"
# Stand-ins that pass through html2text as letters: it takes 20 µs for each character reference.
_STAND_INS = str.maketrans(
    {"&": "\ue000", "<": "\ue001", ">": "\ue002", "\ue000": "", "\ue001": "", "\ue002": "", "\ue003": "", CITED: ""}
)
_MEANT = str.maketrans({"\ue000": "&", "\ue001": "<", "\ue002": ">", "\ue003": " ", "\xa0": " "})
# What stands directly behind a word, marked or not; html2text puts a blank before it when the word is marked.
_CLINGING = frozenset(",;:'\"’”“»…%/-–—")
_EMPTY_LINES = re.compile(r"\n{3,}")
_PRE_WRAP = re.compile(r"white-space\s{0,3}:\s{0,3}(?:pre|break-spaces)")


class _Html2Text(html2text.HTML2Text):
    """html2text, but for the blanks it puts around marked words where a line begins and before punctuation."""

    def handle_data(self, data: str, entity_char: bool = False) -> None:
        if not self.stressed and data[:1] in _CLINGING:
            self.preceding_stressed = False
        super().handle_data(data, entity_char)

    def handle_tag(self, tag: str, attrs: dict[str, str | None], start: bool) -> None:
        if tag in ("br", "p"):
            self.preceding_stressed, self.preceding_data = False, ""
        super().handle_tag(tag, attrs, start)


class _TooMuch(Exception):
    """The output limit was reached."""


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


def convert(simple: str) -> str:
    """The Markdown of simple HTML, by html2text."""
    pieces: list[str] = []
    size = 0

    def take(piece: str) -> None:
        nonlocal size
        pieces.append(piece)
        size += len(piece)
        if size > MAX_MARKDOWN:
            raise _TooMuch

    # Its type for `out` is a class of its own that nothing but it can be.
    converter = _Html2Text(out=take, bodywidth=0)  # type: ignore[arg-type]
    converter.unicode_snob = True
    converter.ul_item_mark = "-"
    converter.emphasis_mark = "*"
    try:
        converter.handle(simple)
    except _TooMuch:
        pass
    # Behind a list html2text leaves two empty lines.
    return _EMPTY_LINES.sub("\n\n", "".join(pieces)).translate(_MEANT).strip("\n")


class _Writer:
    """Writes simple HTML: `p` with `br`, `blockquote`, `ul`, `ol`, `li`, headings, rules and inline marks."""

    def __init__(self, quotes: Quotes, signatures: bool, files: bool) -> None:
        self.out: list[str] = []
        self.left_out: list[Element] = []
        self._quotes, self._signatures, self._files = quotes, signatures, files
        self._cited = 0
        self._lines: list[str] = []
        self._line: list[str] = []
        self._blank = True
        self._inline: list[str] = []
        self._nested: list[str] = []
        self._pre = 0
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
                self.out.append(f"<{tag}>")
        elif tag == "li":
            self._end_paragraph()
            self.out.append("<li>" if "ul" in self._nested or "ol" in self._nested else "")
        else:
            self._enter_other(element, tag)
        return True

    def _tag(self, element: Element) -> str:
        """The tag that an element is written as."""
        if element.kind == "indent" or (element.kind == "quote" and self._quotes == "opened"):
            return "div"
        if self._quotes == "marked" and element.kind == "quote":
            return "blockquote"
        return "citation" if self._quotes == "marked" and element.kind == "citation" else element.tag

    def _enter_other(self, element: Element, tag: str) -> None:
        if tag == "tr":
            open_cells(element)
        if "\0cell" in element.attributes:
            pass
        elif tag == "citation":
            self._end_paragraph()
            self._cited += 1
        elif tag in _PARAGRAPHS:
            self._end_paragraph()
            self._heading = tag
        elif tag in _BLOCKS:
            self._end_line()
        elif tag in ("td", "th"):
            if not self._blank:
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
        elif tag in _PARAGRAPHS:
            self._end_paragraph()
        elif tag in _BLOCKS:
            self._end_line()
        elif element.attributes.get("\0opened"):
            self._close(element)
        if element.attributes.get("\0pre"):
            self._pre -= 1

    def _open(self, element: Element) -> None:
        """Opens an inline mark, unless the same one is open already."""
        mark = "a" if element.tag == "a" else _INLINE[element.tag]
        if any(open_.startswith(f"<{mark}") for open_ in self._inline):
            return
        opening = f"<{mark}>"
        if mark == "a":
            target = target_of(element)
            if not target:
                return
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
        if self._pre:
            first, *more = text.replace("\r\n", "\n").replace("\r", "\n").split("\n")
            self._words(first.replace("\t", "    "), keep_blanks=True)
            for line in more:
                self._end_line(explicit=True)
                self._words(line.replace("\t", "    "), keep_blanks=True)
        elif text.count("\n") > 1 and not text.strip() and not self._line:
            # An empty line between the elements of hand-written HTML: paragraphs, whatever the elements are.
            self._end_paragraph()
        else:
            self._words(_BLANKS.sub(" ", text))

    def _words(self, text: str, keep_blanks: bool = False) -> None:
        if self._blank:
            stripped = text.lstrip(" ")
            if not stripped:
                return
            indent = "\ue003" * min(len(text) - len(stripped), 40) if keep_blanks else ""
            self._line = [indent, *self._inline]
            text, self._blank = stripped, False
        self._line.append(text.translate(_STAND_INS))

    def _image(self, element: Element) -> None:
        name = name_of(element) or (file_name_of(element) if self._files else "")
        if name:
            self._words(name if self._blank else f" {name} ")

    def _end_line(self, explicit: bool = False) -> None:
        """Ends the line; an explicit end of an empty one ends the paragraph."""
        if self._blank:
            if explicit and self._lines:
                self._end_paragraph()
            return
        self._lines.append("".join(self._line + [_closing(open_) for open_ in reversed(self._inline)]))
        self._line, self._blank = [], True

    def _end_paragraph(self) -> None:
        self._end_line()
        if self._lines:
            in_item = bool(self.out) and self.out[-1] == "<li>"
            mark = CITED if self._cited and not in_item else ""
            text = mark + f"<br>{mark}".join(self._lines)
            tag = self._heading
            self.out.append(text if in_item else f"<{tag}>{text}</{tag}>")
        self._lines, self._heading = [], "p"


def _closing(opening: str) -> str:
    return "</" + opening[1:].partition(" ")[0].rstrip(">") + ">"
