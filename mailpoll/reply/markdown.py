"""A visible tree → Markdown: flattened to paragraphs, quotes and lists that html2text converts in linear time."""

from __future__ import annotations

import html as entities
import re

import html2text

from mailpoll.reply.containers import kind_of
from mailpoll.reply.tree import Element

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
_CELL_BLOCKS = _PARAGRAPHS | {"div", "center"}
_NOT_IN_CELL = _BLOCKS | _PARAGRAPHS | _NESTED | {"br", "hr", "li", "td", "th"}
_INLINE = {"b": "b", "strong": "b", "i": "i", "em": "i", "code": "code", "tt": "code", "del": "del", "s": "del"}
_BLANKS = re.compile(r"[ \t\r\n\f\xa0]+")
_LINK = re.compile(r"(?:https?|ftp)://[^\s]|mailto:[^\s]|tel:[^\s]", re.IGNORECASE)
_NOT_IN_LINK = re.compile(r"[\s\x00-\x20\x7f<>\"]+")
# Stand-ins that pass through html2text as letters: it takes 20 µs for each character reference.
_STAND_INS = str.maketrans(
    {"&": "\ue000", "<": "\ue001", ">": "\ue002", "\ue000": "", "\ue001": "", "\ue002": "", "\ue003": ""}
)
_MEANT = str.maketrans({"\ue000": "&", "\ue001": "<", "\ue002": ">", "\ue003": " ", "\xa0": " "})
# What stands directly behind a word, marked or not; html2text puts a blank before it when the word is marked.
_CLINGING = frozenset(",;:'\"’”“»…%/-–—")
_EMPTY_LINES = re.compile(r"\n{3,}")
# A cell with more elements and texts in it than this is no cell of a plain table.
MAX_IN_CELL = 60
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


def to_markdown(root: Element, *, quotes_marked: bool) -> str:
    """The Markdown of a tree, at most 1 MB. `quotes_marked` writes clients' quote containers as block quotes and
    leaves signatures out; without it they are text like any other."""
    writer = _Writer(quotes_marked)
    writer.walk(root)
    return convert("".join(writer.out))


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

    def __init__(self, quotes_marked: bool) -> None:
        self.out: list[str] = []
        self.quotes_marked = quotes_marked
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
        tag = element.tag
        if self.quotes_marked:
            kind = kind_of(element)
            if kind == "signature":
                return False
            if kind == "quote" and tag != "blockquote":
                element.tag = tag = "blockquote"
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

    def _enter_other(self, element: Element, tag: str) -> None:
        if tag == "tr":
            _open_cells(element)
        if "\0cell" in element.attributes:
            pass
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
        tag = element.tag
        if tag in _NESTED:
            self._end_paragraph()
            if len(self._nested) <= MAX_NESTED:
                self.out.append(f"</{tag}>")
            self._nested.pop()
        elif tag == "li":
            self._end_paragraph()
            self.out.append("</li>" if "ul" in self._nested or "ol" in self._nested else "")
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
            target = _NOT_IN_LINK.sub("", element.attributes.get("href", ""))[:2000]
            if not _LINK.match(target):
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
        """An image is its alternative text; tracking pixels have none that anybody should read."""
        sizes = (element.get("width").rstrip("px "), element.get("height").rstrip("px "))
        if any(size in ("0", "1", "2") for size in sizes):
            return
        alternative = " ".join(element.attributes.get("alt", "")[:200].split())
        if alternative:
            self._words(alternative if self._blank else f" {alternative} ")

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
            text = "<br>".join(self._lines)
            tag = self._heading
            self.out.append(text if in_item else f"<{tag}>{text}</{tag}>")
        self._lines, self._heading = [], "p"


def _open_cells(row: Element) -> None:
    """Marks the blocks that hold all of a cell, as in Outlook's `<td><p>…</p></td>`, so that the row becomes a line.

    Only where every cell is plain and two have text: other rows lay out a page, and stay paragraphs.
    """
    cells = [child for child in row.children if isinstance(child, Element) and child.tag in ("td", "th")]
    wrapped = [_wrapped(cell) for cell in cells]
    if sum(found is not None and found[1] for found in wrapped) < 2:
        return
    if all(found is not None for found in wrapped):
        for block in (block for found in wrapped if found for block in found[0]):
            block.attributes["\0cell"] = "yes"


def _wrapped(cell: Element) -> tuple[list[Element], bool] | None:
    """The blocks of a cell, one in another, and whether there is text in them; None for a cell that holds more."""
    blocks: list[Element] = []
    inside = cell
    while len(held := [c for c in inside.children if not isinstance(c, str) or c.strip()]) == 1:
        (only,) = held
        if isinstance(only, str) or only.tag not in _CELL_BLOCKS:
            break
        blocks.append(only)
        inside = only
    work: list[Element | str] = list(inside.children)
    has_text, seen = False, 0
    while work:
        node = work.pop()
        seen += 1
        if seen > MAX_IN_CELL or (isinstance(node, Element) and node.tag in _NOT_IN_CELL):
            return None
        if isinstance(node, str):
            has_text = has_text or bool(node.strip())
        else:
            work += node.children
    return blocks, has_text


def _closing(opening: str) -> str:
    return "</" + opening[1:].partition(" ")[0].rstrip(">") + ">"
