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
MAX_MARKS = 16
MAX_ATTRIBUTE = 20_000
# Longer tags are looked at for how many blanks they have: more than this, and their attributes are not read.
MAX_TAG, MAX_ATTRIBUTES = 2_000, 300
# No real mail has as many; of those beyond, only the text is read.
MAX_ELEMENTS = 50_000

_UNSEEN = frozenset(
    ("head", "style", "script", "title", "meta", "link", "template", "noscript", "object", "embed", "iframe", "svg",
     "math", "base", "xml", "select", "textarea", "audio", "video", "applet", "map", "-comment", "-doctype")
)  # fmt: skip
_VOID = frozenset(("br", "hr", "img", "meta", "link", "input", "col", "area", "base", "wbr", "param", "source"))
# Elements that end by themselves when the next one starts: they nest in the source, not in the tree.
_UNCLOSED = frozenset(("p", "li", "td", "th", "tr", "dt", "dd", "option", "tbody", "thead", "tfoot"))
_MARKS = frozenset(("a", "b", "big", "code", "em", "font", "i", "nobr", "s", "small", "strike", "strong", "tt", "u"))
_TAG = re.compile(r"<(/?)([a-zA-Z][a-zA-Z0-9:_-]{0,40})")
_HIDDEN = re.compile(
    r"display\s{0,3}:\s{0,3}none|visibility\s{0,3}:\s{0,3}hidden|mso-hide\s{0,3}:\s{0,3}all"
    r"|max-height\s{0,3}:\s{0,3}0(?:px)?\s{0,3}(?:[;!]|$)|opacity\s{0,3}:\s{0,3}0(?:\.0+)?\s{0,3}(?:[;!]|$)"
    r"|(?<![\w-])color\s{0,3}:\s{0,3}transparent",
    re.IGNORECASE,
)
_SIZED = re.compile(r"(?<![\w-])font-size\s{0,3}:\s{0,3}(0(?:px|pt|em)?\s{0,3}(?:[;!]|$))?", re.IGNORECASE)
_FLAT = re.compile(r"(?<![\w-])height\s{0,3}:\s{0,3}0(?:px)?\s{0,3}(?:[;!]|$)", re.IGNORECASE)
_OVERFLOW = re.compile(r"overflow\s{0,3}:\s{0,3}hidden", re.IGNORECASE)
_WHITE = r"\s{0,3}:\s{0,3}(?:#fff(?:fff)?|white|rgb\(255,\s?255,\s?255\))\s{0,3}(?:[;!]|$)"
_WHITE_TEXT = re.compile(r"(?<![\w-])color" + _WHITE, re.IGNORECASE)
_WHITE_GROUND = re.compile(r"background(?:-color)?" + _WHITE, re.IGNORECASE)
# Text for the list of mails, hidden by a style sheet that nobody reads here (templates of Litmus and Mailchimp).
_PREHEADERS = frozenset(("preheader", "mcnpreviewtext"))


@dataclass(slots=True)
class Element:
    """An element that can be seen; children are elements and texts.

    `kind` says what it is in a mail, once structure.py marked it; `mute` that text directly in it cannot be seen.
    """

    tag: str
    attributes: dict[str, str]
    children: list[Element | str] = field(default_factory=list)
    kind: str = ""
    mute: bool = False

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
        if not parent.mute:
            parent.children.append(node.text_content or "")
        return None
    if tag in _UNSEEN:
        return None
    if not room:
        parent.children.append(" ")
        return parent if tag not in _VOID else None
    attributes = {name: (value or "")[:MAX_ATTRIBUTE] for name, value in node.attributes.items()}
    style = attributes.get("style", "")
    if "hidden" in attributes or attributes.get("class", "").lower() in _PREHEADERS or (style and _is_hidden(style)):
        return None
    # Layouts (MJML) set the size to 0 against gaps between their boxes, and give the text in those a size again.
    sized = _SIZED.search(style) if style else None
    element = Element(tag, attributes, mute=parent.mute if sized is None else sized[1] is not None)
    parent.children.append(element)
    return element


def _is_hidden(style: str) -> bool:
    """Whether a style hides all that is in its element."""
    if _HIDDEN.search(style) or (_FLAT.search(style) and _OVERFLOW.search(style)):
        return True
    return _WHITE_TEXT.search(style) is not None and _WHITE_GROUND.search(style) is not None


def _shallow(html: str) -> str:
    """The HTML without start tags that cost a parser more than anybody sees of them.

    Those beyond MAX_DEPTH; marks (b, font, …) beyond MAX_MARKS, all of which HTML5 opens anew in each paragraph; and
    the attributes of tags that have hundreds, each of which is compared with all others.
    """
    depth, marks, kept, close = 0, 0, 0, 0
    pieces: list[str] = []
    for tag in _TAG.finditer(html):
        name = tag[2].lower()
        if close != -1 and close < tag.end():
            close = html.find(">", tag.end())
        end = close if close != -1 else len(html)
        is_mark, nests = name in _MARKS, name not in _VOID and name not in _UNCLOSED
        if tag[1]:
            depth -= nests and depth > 0
            marks -= is_mark and marks > 0
        elif (nests and depth >= MAX_DEPTH) or (is_mark and marks >= MAX_MARKS):
            pieces.append(html[kept : tag.start()])
            kept = min(end + 1, len(html))
        else:
            depth += nests
            marks += is_mark
            if end - tag.end() > MAX_TAG and len(html[tag.end() : end].split()) > MAX_ATTRIBUTES:
                pieces.append(html[kept : tag.end()])
                kept = end
    return "".join([*pieces, html[kept:]]) if pieces else html
