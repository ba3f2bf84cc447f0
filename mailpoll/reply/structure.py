"""A mail's tree → the same with its quotes, signatures, citations and forwards marked, and where the old mail begins.

What an element says of itself is containers.py's; here is what its place says: the line over a quote, the answer under
one, a block quote that nobody is quoted in.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from mailpoll.reply.containers import announces_forward, is_indent, is_of_web, kind_of
from mailpoll.reply.header_text import block_in, has_header_block, leading_text
from mailpoll.reply.introductions import ATTRIBUTION, SIBLINGS, introduces, leads_in, line_before
from mailpoll.reply.lines import Line, separator
from mailpoll.reply.tree import Element

# How many levels up from a quote its attribution is looked for.
_LEVELS = 3
# How deep in a wrapper its block quote may be.
_WRAPPED = 4
# Outlook on the web marks the beginning of one mail three times.
_MARKS_IN_A_ROW = 5
# A mail with more rules than this is a document, and each of them is a question what follows.
MAX_RULES = 200
# New Outlooks draw this over the mail they quote, and nobody else anywhere.
_OUTLOOK_RULE = re.compile(r"display: ?inline-block; ?width: ?98%")


@dataclass(slots=True)
class Outline:
    """Where in the tree the old mail begins (child indices; empty: nowhere), and how: "rest" or "forward"."""

    path: list[int] = field(default_factory=list)
    kind: str = ""


@dataclass(slots=True)
class _Level:
    element: Element
    next: int = 0


def mark(root: Element) -> Outline:
    """Marks the elements of a tree (Element.kind) and says where the old mail begins.

    Quotes, signatures and forwards are not looked into: what stands in a quote does not end the mail it stands in.
    """
    return _Marker(root).run()


class _Marker:
    """One walk through the tree, in the order in which it is read."""

    def __init__(self, root: Element) -> None:
        self.levels = [_Level(root)]
        # Block quotes without marks of a client that no author leads in to, and whether one is introduced as a quote;
        # under how many of them there is more to read; whether anything was to be read at all.
        self.bare: list[tuple[Element, bool]] = []
        self.read_on = 0
        self.said = False
        self.rules = 0

    def run(self) -> Outline:
        outline = Outline()
        while self.levels:
            level = self.levels[-1]
            if level.next >= len(level.element.children):
                self.levels.pop()
                continue
            child = level.element.children[level.next]
            level.next += 1
            if isinstance(child, str):
                if child.strip():
                    self.said, self.read_on = True, len(self.bare)
            elif not child.kind and self._visit(child) and not outline.path:
                outline = Outline([step.next - 1 for step in self.levels], child.kind)
            if outline.kind == "rest":
                break
        self._judge_bare()
        return outline

    def _visit(self, element: Element) -> bool:
        """Marks one element; whether the old mail begins here."""
        kind = kind_of(element) or self._by_place(element)
        introduced = kind in ("quote", "wrapper", "rest") and self._mark_attribution()
        if kind in ("quote", "wrapper") and not introduced and announces_forward(element):
            kind = "forward"
        elif kind == "wrapper":
            kind = _unwrapped(element, self.said)
        element.kind = kind
        if kind in ("rest", "forward"):
            return True
        if not kind and element.tag == "blockquote":
            self._take_bare(element)
        elif not kind:
            self.levels.append(_Level(element))
        return False

    def _by_place(self, element: Element) -> str:
        """ "rest" for a rule over a block of header fields."""
        if element.tag == "hr" and self.rules < MAX_RULES:
            self.rules += 1
            is_clients = _OUTLOOK_RULE.search(element.get("style")) or self._is_over_rest()
            return "rest" if is_clients or block_in(self._following()) else ""
        return "rest" if element.tag == "article" and _is_article(element) else ""

    def _is_over_rest(self) -> bool:
        """Whether the element next to the one visited last is by its own marks where old mail begins."""
        level = self.levels[-1]
        below = level.element.children[level.next : level.next + _MARKS_IN_A_ROW]
        node = next((node for node in below if not isinstance(node, str) or node.strip()), "")
        return not isinstance(node, str) and kind_of(node) == "rest"

    def _following(self) -> str:
        """The text that follows the element visited last, as lines."""
        text = ""
        for level in reversed(self.levels[-_LEVELS:]):
            rest = Element("div", {}, level.element.children[level.next : level.next + SIBLINGS])
            text += "\n" + leading_text(rest, ATTRIBUTION, lines=True)
            if len(text) > ATTRIBUTION:
                break
        return text

    def _take_bare(self, element: Element) -> None:
        """Notes a block quote without marks, which may be an author's."""
        if is_indent(element):
            element.kind = "indent"
            self.levels.append(_Level(element))
            return
        introduced = self._mark_attribution()
        quotes = introduced or has_header_block(element) or announces_forward(element)
        if not quotes and (is_of_web(element) or self._is_led_in_to()):
            element.kind = "citation"
        else:
            self.bare.append((element, quotes or self._ends_the_mail()))

    def _is_led_in_to(self) -> bool:
        """Whether its author leads in to the element visited last, with a colon: `My favourite:`."""
        for level in reversed(self.levels[-_LEVELS:]):
            start, text = line_before(level.element.children, level.next - 1)
            if text or start > 0:
                return leads_in(text)
        return False

    def _ends_the_mail(self) -> bool:
        """Whether the mail ends with the element visited last, but for one element that a gateway put under it."""
        if len(self.levels) != 2 or self.levels[1].element.tag != "div" or not self.said:
            return False
        top, inner = self.levels
        below = [node for node in top.element.children[top.next :] if _says(node)]
        return len(below) == 1 and not any(_says(node) for node in inner.element.children[inner.next :])

    def _judge_bare(self) -> None:
        """Unmarked block quotes quote a mail when one of them is introduced as that; else the last thing in a mail
        is a quote, and what is read on after is the author's citation."""
        all_quotes = any(introduced for _, introduced in self.bare)
        for index, (element, _) in enumerate(self.bare):
            element.kind = "quote" if all_quotes or index >= self.read_on else "citation"

    def _mark_attribution(self) -> bool:
        """Marks what stands directly over the quote visited last and introduces it; whether anything does."""
        for level in reversed(self.levels[-_LEVELS:]):
            children, end = level.element.children, level.next - 1
            start, text = line_before(children, end)
            if text and introduces(text):
                children[start:end] = [Element("div", {}, children[start:end], "quote")]
                level.next -= end - start - 1
                return True
            if text or start > 0:
                above = children[start - 1] if start else ""
                return not text and not isinstance(above, str) and above.kind == "quote"
        return False


def _says(node: Element | str) -> bool:
    return bool(node.strip() if isinstance(node, str) else leading_text(node, 1))


def _is_article(element: Element) -> bool:
    """Whether this is what QQ's new editor writes: the word for "original", a rule, and a table of header fields."""
    title, _, block = leading_text(element, 2 * ATTRIBUTION, lines=True).partition("\n")
    title = title.strip()
    ruled = f"----- {title} -----"
    return (title == "Original" or separator(Line(ruled, ruled, False)) == "original") and block_in(block)


def _unwrapped(element: Element, said: bool) -> str:
    """What a wrapper is: "quote" without a block quote in it, else "", since an answer may stand under that.

    What stands over the block quote is its attribution; unless nothing was `said` yet: there are clients that put all
    of the mail into the wrapper.
    """
    inside = element
    for _ in range(_WRAPPED):
        for index, child in enumerate(inside.children):
            if not isinstance(child, str) and child.tag == "blockquote":
                if said:
                    inside.children[:index] = [Element("div", {}, inside.children[:index], "quote")]
                return ""
        elements = [child for child in inside.children if not isinstance(child, str)]
        if len(elements) != 1:
            break
        inside = elements[0]
    return "quote"


def split(root: Element, path: list[int]) -> tuple[Element, Element]:
    """(what stands before the element at `path`, that element and all that follows)."""
    before, rest = Element("body", {}), Element("body", {})
    left, right, node = before, rest, root
    for depth, index in enumerate(path):
        child = node.children[index]
        left.children += node.children[:index]
        if isinstance(child, str) or depth == len(path) - 1:
            right.children += node.children[index:]
            break
        open_left = Element(child.tag, dict(child.attributes), [], child.kind)
        open_right = Element(child.tag, dict(child.attributes), [], child.kind)
        left.children.append(open_left)
        right.children += [open_right, *node.children[index + 1 :]]
        left, right, node = open_left, open_right, child
    return before, rest


def newest_of(rest: Element) -> tuple[Element, Element]:
    """(the first mail of an old one and those that it quotes, in their turn marked by header blocks; the others)."""
    for _ in range(_MARKS_IN_A_ROW):
        outline = mark(rest)
        if outline.kind != "rest":
            break
        newest, older = split(rest, outline.path)
        if _says_more(newest):
            return newest, older
    return rest, Element("body", {})


def _says_more(element: Element) -> bool:
    """Whether there is text beside the marks of where old mail begins."""
    work: list[Element | str] = [element]
    while work:
        node = work.pop()
        if isinstance(node, str):
            if node.strip():
                return True
        elif node.kind != "rest":
            work += node.children
    return False
