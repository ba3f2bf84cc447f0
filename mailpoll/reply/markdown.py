"""A visible tree → Markdown: flattened to paragraphs, quotes and lists that convert.py turns into Markdown."""

from __future__ import annotations

import re
from typing import Literal

from mailpoll.reply.blocks import Blocks
from mailpoll.reply.cells import names_values, open_cells, show_as_table
from mailpoll.reply.convert import convert
from mailpoll.reply.links import file_name_of, name_of, target_of
from mailpoll.reply.preformatted import CODE
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
_NUMBER = re.compile(r"[0-9]{1,6}")
# What a forge or a highlighter calls the element around its code.
_CODE = re.compile(r"(?:^|\s)(?:highlight|codehilite|sourcecode|code|chroma)(?:\s|$)")
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
    return convert("".join(writer.blocks.out)), writer.left_out


class _Writer:
    """Writes a tree as blocks, with `blockquote`, `ul`, `ol` and `li` around them."""

    def __init__(self, quotes: Quotes, signatures: bool, files: bool) -> None:
        self.blocks = Blocks()
        self.left_out: list[Element] = []
        self._quotes, self._signatures, self._files = quotes, signatures, files
        self._nested: list[str] = []

    def walk(self, root: Element) -> None:
        """Writes a tree, without recursion."""
        work: list[tuple[Element | str, bool]] = [(root, True)]
        while work:
            node, entering = work.pop()
            if isinstance(node, str):
                self.blocks.text(node)
            elif not entering:
                self._leave(node)
            elif self._enter(node):
                work.append((node, False))
                work += [(child, True) for child in reversed(node.children)]
        self.blocks.end_paragraph()

    def _enter(self, element: Element) -> bool:
        """Writes what stands before an element's children; False when they are not wanted."""
        if element.kind == "signature" and not self._signatures:
            self.left_out.append(element)
            return False
        blocks, tag = self.blocks, self._tag(element)
        if tag == "br":
            blocks.end_line(explicit=True)
        elif tag == "hr":
            blocks.end_paragraph()
            blocks.put("<hr>")
        elif tag == "img":
            if name := name_of(element) or (file_name_of(element) if self._files else ""):
                blocks.word(name)
        elif tag in _NESTED:
            blocks.end_paragraph()
            self._nested.append(tag)
            if len(self._nested) <= MAX_NESTED:
                start = element.get("start")
                blocks.put(f'<ol start="{start}">' if tag == "ol" and _NUMBER.fullmatch(start) else f"<{tag}>")
        elif tag == "li":
            blocks.end_paragraph()
            blocks.put("<li>" if "ul" in self._nested or "ol" in self._nested else "")
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
        """Writes what stands before the children of what is no list and no quote."""
        blocks = self.blocks
        plain = not (self._nested or blocks.cited or blocks.is_marked)
        if tag == "table" and plain and not blocks.preformatted:
            show_as_table(element)
        if tag == "tr" and "\0row" not in element.attributes:
            open_cells(element)
        if "\0cell" in element.attributes:
            pass
        elif tag == "pre" and plain and not blocks.fenced and _is_code(element):
            blocks.begin_fence()
            element.attributes["\0fenced"] = "yes"
        elif "\0row" in element.attributes:
            if element.attributes["\0row"] == "head":
                blocks.end_paragraph()
            blocks.begin_row()
        elif tag == "citation":
            blocks.end_paragraph()
            blocks.cited += 1
        elif tag in _PARAGRAPHS or tag == "table":
            self._enter_paragraph(element, tag)
        elif tag in _BLOCKS:
            blocks.end_line()
            if tag == "div" and _CODE.search(element.get("class")[:500]):
                _highlight(element)
        elif tag in ("td", "th"):
            blocks.begin_cell()
        elif tag in _INLINE or tag == "a":
            self._open(element)
        if CODE in element.attributes and not plain:  # no block there, but no quotes of a mail either
            element.attributes["\0values"] = "yes"
            blocks.values += 1
        if tag == "pre" or _PRE_WRAP.search(element.get("style")[:500]):
            element.attributes["\0pre"] = "yes"
            blocks.preformatted += 1

    def _enter_paragraph(self, element: Element, tag: str) -> None:
        self.blocks.end_paragraph()
        if tag != "table":
            self.blocks.heading = tag
        elif names_values(element):
            element.attributes["\0values"] = "yes"
            self.blocks.values += 1

    def _leave(self, element: Element) -> None:
        """Writes what stands behind an element's children."""
        blocks, tag = self.blocks, self._tag(element)
        if tag in _NESTED:
            blocks.end_paragraph()
            if len(self._nested) <= MAX_NESTED:
                blocks.put(f"</{tag}>")
            self._nested.pop()
        elif tag == "li":
            blocks.end_paragraph()
            blocks.put("</li>" if "ul" in self._nested or "ol" in self._nested else "")
        elif tag == "citation":
            blocks.end_paragraph()
            blocks.cited -= 1
        elif "\0cell" in element.attributes:
            pass
        elif "\0fenced" in element.attributes:
            blocks.end_fence()
        elif "\0row" in element.attributes:
            is_head = element.attributes["\0row"] == "head"
            blocks.end_row(sum(isinstance(cell, Element) for cell in element.children) if is_head else 0)
        elif tag in ("td", "th") and blocks.in_row:
            blocks.end_cell()
        elif tag in _PARAGRAPHS or tag == "table":
            blocks.end_paragraph()
        elif tag in _BLOCKS:
            blocks.end_line()
        elif element.attributes.get("\0opened"):
            blocks.close(element.attributes["\0opened"])
        blocks.preformatted -= "\0pre" in element.attributes
        blocks.values -= "\0values" in element.attributes

    def _open(self, element: Element) -> None:
        """Opens an inline mark; a link that leads nowhere is none."""
        mark = "a" if element.tag == "a" else _INLINE[element.tag]
        target = target_of(element) if mark == "a" else ""
        if (target or mark != "a") and self.blocks.open(mark, target):
            element.attributes["\0opened"] = mark


def _is_code(element: Element) -> bool:
    """Whether a `pre` is code: by its place, or as forges and highlighters write it."""
    said = [child for child in element.children if not isinstance(child, str) or child.strip()]
    alone = said[0] if len(said) == 1 else ""
    code = not isinstance(alone, str) and alone.tag == "code"
    return code or CODE in element.attributes or bool(_CODE.search(element.get("class")[:500]))


def _highlight(element: Element) -> None:
    """Tells of the `pre` in an element that it is code."""
    for child in element.children:
        if not isinstance(child, str) and child.tag == "pre":
            child.attributes[CODE] = "yes"
