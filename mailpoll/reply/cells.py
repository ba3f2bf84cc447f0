"""Rows of a table → lines, where the table shows values; tables that lay out a page stay paragraphs."""

from __future__ import annotations

from collections.abc import Iterator

from mailpoll.reply.lines import read_lines
from mailpoll.reply.tree import Element

_BLOCKS = frozenset(("p", "h1", "h2", "h3", "h4", "h5", "h6", "div", "center"))
_NOT_IN_CELL = _BLOCKS | frozenset((
    "address", "article", "aside", "blockquote", "body", "br", "caption", "dd", "details", "dl", "dt", "fieldset",
    "figure", "footer", "form", "header", "hr", "li", "main", "nav", "ol", "pre", "section", "summary", "table",
    "tbody", "td", "tfoot", "th", "thead", "tr", "ul",
))  # fmt: skip
# A cell with more elements and texts in it than this is no cell of a plain table.
MAX_IN_CELL = 60
# A table of values has no more nodes than this.
MAX_IN_TABLE = 200


def open_cells(row: Element) -> None:
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


def show_as_table(table: Element) -> None:
    """Marks the rows of a table of values, which has a row of headers over rows of as many cells, all plain.

    Others lay out a page.
    """
    rows = list(_rows(table))
    if len(rows) < 2:
        return
    cells = [[child for child in row.children if isinstance(child, Element)] for row in rows]
    if len(cells[0]) < 2 or any(cell.tag != "th" for cell in cells[0]):
        return
    if any(len(row) != len(cells[0]) or any(map(_spans, row)) for row in cells):
        return
    wrapped = [_wrapped(cell) for row in cells for cell in row]
    if any(found is None for found in wrapped) or sum(found is not None and found[1] for found in wrapped) < 2:
        return
    for block in (block for found in wrapped if found for block in found[0]):
        block.attributes["\0cell"] = "yes"
    for part in (table, *table.children):
        if isinstance(part, Element) and part.tag in ("table", "thead", "tbody", "tfoot"):
            part.children = [child for child in part.children if isinstance(child, Element)]  # no blanks between rows
    for row in rows:
        row.attributes["\0row"] = "yes"
    rows[0].attributes["\0row"] = "head"


def _rows(table: Element) -> Iterator[Element]:
    """The rows of a table itself."""
    for child in table.children:
        if isinstance(child, Element) and child.tag in ("thead", "tbody", "tfoot"):
            yield from (row for row in child.children if isinstance(row, Element) and row.tag == "tr")
        elif isinstance(child, Element) and child.tag == "tr":
            yield child


def _spans(cell: Element) -> bool:
    """Whether a cell is none, or takes more than its own place."""
    return cell.tag not in ("td", "th") or any(
        cell.get(name).strip() not in ("", "1") for name in ("colspan", "rowspan")
    )


def names_values(table: Element) -> bool:
    """Whether rows of a small table are named as header fields are, but hold no mail's: a ticket from here to there."""
    rows = [""]
    work: list[Element | str] = [*reversed(table.children)]
    for _ in range(MAX_IN_TABLE):
        if not work:
            break
        node = work.pop()
        if isinstance(node, str):
            rows[-1] += " " + " ".join(node[:200].split())
        elif node.tag == "table":
            return False
        else:
            rows += [""] if node.tag == "tr" else []
            work += reversed(node.children[:MAX_IN_TABLE])
    kinds = {line.kind for line in read_lines("\n".join(rows))} if not work else set()
    return len(kinds - {""}) > 1 and "subject" not in kinds and not any("@" in row for row in rows)


def _wrapped(cell: Element) -> tuple[list[Element], bool] | None:
    """The blocks of a cell, one in another, and whether there is text in them; None for a cell that holds more."""
    blocks: list[Element] = []
    inside = cell
    while len(held := [c for c in inside.children if not isinstance(c, str) or c.strip()]) == 1:
        (only,) = held
        if isinstance(only, str) or only.tag not in _BLOCKS:
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
