"""HTML of a mail → a small tree of what can be seen, bounded in size and depth; built by lexbor through selectolax.

lexbor builds the tree a browser builds (HTML5), in C, in linear time and without touching the network; lxml's parser
is libxml2's of HTML 4, which loses text on some of the mark-up that clients write.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from selectolax.lexbor import LexborHTMLParser, LexborNode

MAX_HTML = 1_000_000
# No client nests deeper; parsers and converters pay for depth.
MAX_DEPTH = 120
MAX_ATTRIBUTE = 20_000
# No real mail has as many; of those beyond, only the text is read.
MAX_ELEMENTS = 50_000

_UNSEEN = frozenset(
    ("head", "style", "script", "title", "meta", "link", "template", "noscript", "object", "embed", "iframe", "svg",
     "math", "base", "xml", "select", "textarea", "audio", "video", "applet", "map", "-comment", "-doctype")
)  # fmt: skip
_VOID = frozenset(("br", "hr", "img", "meta", "link", "input", "col", "area", "base", "wbr", "param", "source"))
# Elements that end by themselves when the next one starts: they nest in the source, not in the tree.
_UNCLOSED = frozenset(("p", "li", "td", "th", "tr", "dt", "dd", "option", "tbody", "thead", "tfoot"))
_TAG = re.compile(r"<(/?)([a-zA-Z][a-zA-Z0-9:_-]{0,40})")
_HIDDEN = re.compile(
    r"display\s{0,3}:\s{0,3}none|visibility\s{0,3}:\s{0,3}hidden|mso-hide\s{0,3}:\s{0,3}all"
    r"|font-size\s{0,3}:\s{0,3}0(?:px|pt|em)?\s{0,3}(?:[;!]|$)|max-height\s{0,3}:\s{0,3}0(?:px)?\s{0,3}(?:[;!]|$)"
    r"|opacity\s{0,3}:\s{0,3}0\s{0,3}(?:[;!]|$)",
    re.IGNORECASE,
)


@dataclass(slots=True)
class Element:
    """An element that can be seen; children are elements and texts."""

    tag: str
    attributes: dict[str, str]
    children: list[Element | str] = field(default_factory=list)

    def get(self, name: str) -> str:
        """An attribute, lower-case, or ""."""
        return self.attributes.get(name, "").lower()


def read_tree(html: str) -> Element:
    """The visible tree of an HTML text, whatever it is; at most 1 MB of it, and at most 120 levels deep."""
    parser = LexborHTMLParser(_shallow(html[:MAX_HTML].replace("\0", "")))
    root = Element("body", {})
    if parser.body is None:
        return root
    # (next sibling to look at, element it goes into)
    work: list[tuple[LexborNode | None, Element]] = [(parser.body.first_child, root)]
    elements = 0
    while work:
        node, parent = work.pop()
        while node is not None:
            following = node.next
            element = _take(node, parent, elements < MAX_ELEMENTS)
            elements += 1
            if element is not None:
                work.append((following, parent))
                node, parent = node.first_child, element
            else:
                node = following
    return root


def _take(node: LexborNode, parent: Element, room: bool) -> Element | None:
    """Adds a node to its parent; the element that its children go into, or None when there is nothing below.

    Without `room` for more elements the children go into the parent.
    """
    tag = node.tag or ""
    if tag == "-text":
        parent.children.append(node.text_content or "")
        return None
    if tag in _UNSEEN:
        return None
    if not room:
        parent.children.append(" ")
        return parent if tag not in _VOID else None
    attributes = {name: (value or "")[:MAX_ATTRIBUTE] for name, value in node.attributes.items()}
    if "hidden" in attributes or ("style" in attributes and _HIDDEN.search(attributes["style"])):
        return None
    element = Element(tag, attributes)
    parent.children.append(element)
    return element


def _shallow(html: str) -> str:
    """The HTML without start tags beyond MAX_DEPTH, so that no parser has to build what nobody can see."""
    depth = 0
    pieces: list[str] = []
    kept = 0
    for tag in _TAG.finditer(html):
        name = tag[2].lower()
        if name in _VOID or name in _UNCLOSED:
            continue
        if tag[1]:
            depth = max(0, depth - 1)
        elif depth < MAX_DEPTH:
            depth += 1
        else:
            pieces.append(html[kept : tag.start()])
            kept = html.find(">", tag.end(), tag.end() + 2000) + 1 or tag.end()
    return "".join([*pieces, html[kept:]]) if pieces else html
