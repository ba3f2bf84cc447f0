"""A visible tree → the same with every `pre` marked that is code, and not a plain-text mail that was wrapped in one."""

from __future__ import annotations

from itertools import islice, pairwise

from mailpoll.reply.header_text import leading_text
from mailpoll.reply.lines import attribution, header_block, read_lines, separator
from mailpoll.reply.tree import Element

# The attribute that a `pre` is known by which is code.
CODE = "\0code"
_OLD = frozenset(("quote", "signature", "forward", "rest"))
# How much of a mail is looked at for the beginning of one that it passes on; characters.
_HEAD = 4_000
# Where a quote begins in a text, the line that introduces it is looked for so many lines above.
_ABOVE = 4
# … and for so many quotes.
_QUOTES = 200


def mark_code(root: Element) -> None:
    """Marks each `pre` of a document that is code, whatever its lines begin with.

    A mail that is text in a `pre` is none: it begins with one, and has less outside, such as a list's footer; or is
    passed on; or Thunderbird says so (`wrap`, `moz-…`); or it has what only mail has, a signature's delimiter or an
    attribution.
    """
    found: list[tuple[Element, str]] = []
    outside, first = 0, ""
    work: list[Element | str] = [root]
    while work:
        node = work.pop()
        if isinstance(node, str):
            outside += len(node.split())
            first = first or ("text" if node.strip() else "")
        elif node.tag == "pre" and node.kind not in _OLD:
            found.append((node, text := _text(node)))
            first = first or ("pre" if text.strip() else "")
        elif node.kind not in _OLD:
            work += reversed(node.children)
    wrapped = first == "pre" and outside < sum(len(text.split()) for _, text in found)
    if not found or wrapped or _passes_on(root):
        return
    for element, text in found:
        if not _is_mail(element, text):
            element.attributes[CODE] = "yes"


def _passes_on(root: Element) -> bool:
    """Whether a mail that is passed on begins above the first `pre`, which may be its text."""
    lines = read_lines(leading_text(root, _HEAD, lines=True, end="pre"))
    return any(separator(line) or header_block(lines, at) for at, line in enumerate(lines))


def _text(element: Element) -> str:
    pieces: list[str] = []
    work: list[Element | str] = [element]
    while work:
        node = work.pop()
        if isinstance(node, str):
            pieces.append(node)
        elif node.tag == "br":
            pieces.append("\n")
        else:
            work += reversed(node.children)
    return "".join(pieces)


def _is_mail(element: Element, text: str) -> bool:
    """Whether a `pre` says of itself, or shows, that it is text of a mail."""
    if "wrap" in element.attributes or element.get("class").startswith("moz-"):
        return True
    lines = text.split("\n")
    if "-- " in lines or "-- \r" in lines:
        return True
    begins = (at for at, (above, line) in enumerate(pairwise(lines), 1) if line[:1] == ">" != above[:1])
    return any(_introduced(lines[max(at - _ABOVE, 0) : at + 1]) for at in islice(begins, _QUOTES))


def _introduced(lines: list[str]) -> bool:
    read = read_lines("\n".join(lines))
    return any(attribution(read, at)[0] for at in range(len(read) - 1))
