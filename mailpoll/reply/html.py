"""An HTML body → its new text as Markdown and what was cut."""

from __future__ import annotations

from mailpoll.model import Cut
from mailpoll.reply.containers import kind_of
from mailpoll.reply.lines import Line, separator
from mailpoll.reply.markdown import to_markdown
from mailpoll.reply.plain import cut_plain
from mailpoll.reply.tree import Element, read_tree


def cut_html(html: str, *, include_quotes: bool = False, include_footer: bool = False) -> tuple[str, tuple[Cut, ...]]:
    """(new text as Markdown, cuts). Never empty when something was to be seen."""
    root = read_tree(html)
    if include_quotes:
        whole = to_markdown(root, quotes_marked=False)
        return cut_plain(whole, include_quotes=True, include_footer=include_footer, markdown=True)
    before, rest = _split(root)
    text = to_markdown(before, quotes_marked=not include_footer)
    if not text.strip():
        return cut_plain(
            to_markdown(read_tree(html), quotes_marked=False), include_footer=include_footer, markdown=True
        )
    new, cuts = cut_plain(text, include_footer=include_footer, markdown=True)
    if rest.children:
        cuts += (Cut("quote", to_markdown(rest, quotes_marked=False)),)
    return new, cuts


def _split(root: Element) -> tuple[Element, Element]:
    """(what stands before the first mark from which on everything is old, the rest)."""
    path = _path_to_rest(root)
    if not path:
        return root, Element("body", {})
    before, rest = Element("body", {}), Element("body", {})
    left, right, node = before, rest, root
    for depth, index in enumerate(path):
        left.children += node.children[:index]
        right.children += node.children[index + 1 :]
        child = node.children[index]
        if not isinstance(child, Element) or depth == len(path) - 1:
            right.children.insert(0, child)
            break
        left.children.append(Element(child.tag, child.attributes))
        right.children.insert(0, Element(child.tag, child.attributes))
        new_left, new_right = left.children[-1], right.children[0]
        assert isinstance(new_left, Element)
        assert isinstance(new_right, Element)
        left, right, node = new_left, new_right, child
    return before, rest


def _path_to_rest(root: Element) -> list[int]:
    """The child indices that lead to the first "rest" mark; [] without one, or when a forward is announced first."""
    work: list[tuple[Element, list[int]]] = [(root, [])]
    while work:
        element, path = work.pop()
        if path and kind_of(element) == "rest":
            return path
        for index in range(len(element.children) - 1, -1, -1):
            child = element.children[index]
            if isinstance(child, Element):
                work.append((child, [*path, index]))
            elif separator(_as_line(child)) == "forward":
                return []
    return []


def _as_line(text: str) -> Line:
    plain = " ".join(text[:300].split())
    return Line(plain, plain, False)
