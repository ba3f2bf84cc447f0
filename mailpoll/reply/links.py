"""Links and images of a mail's HTML → what of them a reader needs: where a link leads, an image's name."""

from __future__ import annotations

import re
from urllib.parse import unquote

from mailpoll.reply.header_text import leading_text
from mailpoll.reply.tree import Element

MAX_TARGET = 2_000
_STEPS = 50
_LINK = re.compile(r"(?:https?|ftp)://[^\s]|mailto:[^\s]|tel:[^\s]", re.IGNORECASE)
_NOT_IN_LINK = re.compile(r"[\s\x00-\x20\x7f<>\"]+")
_WEB = re.compile(r"https?://", re.IGNORECASE)
_SCHEME = re.compile(r"(?:https?://(?:www\.)?|mailto:|tel:)", re.IGNORECASE)
_NAME = re.compile(r"(?:cid:)?[^/\\?#]{1,80}\.(?:png|jpe?g|gif|webp|heic|bmp)", re.IGNORECASE)
_TINY = frozenset(("0", "1", "2"))


def target_of(element: Element) -> str:
    """Where a link leads, "" where it is none that may be followed, or only the address that its text is.

    Filters of mail gateways (Safe Links and its like) and counters write the address a link had into the one it gets:
    then the text says where it leads.
    """
    target = _NOT_IN_LINK.sub("", element.attributes.get("href", ""))[:MAX_TARGET]
    if not _LINK.match(target):
        return ""
    text = leading_text(element, MAX_TARGET)
    if not text or " " in text:
        return target if text or _shows_image(element) else ""
    said = _SCHEME.sub("", text).rstrip("/").lower()
    if len(said) < 4 or said not in unquote(target).lower():
        return target
    return text if _WEB.match(text) else "" if "@" in said else target


def _shows_image(element: Element) -> bool:
    """Whether there is an image in an element that says something."""
    work = [element]
    for _ in range(_STEPS):
        if not work:
            break
        node = work.pop()
        if node.tag == "img" and name_of(node):
            return True
        work += [child for child in node.children[:_STEPS] if not isinstance(child, str)]
    return False


def name_of(element: Element) -> str:
    """The alternative text of an image, "" for one that nobody should read, such as a tracking pixel's.

    Of one that came with the mail and has no such text, not even an empty one, it is the name of its file.
    """
    sizes = (element.get("width").rstrip("px "), element.get("height").rstrip("px "))
    if any(size in _TINY for size in sizes):
        return ""
    if "alt" not in element.attributes:
        return file_name_of(element)
    return " ".join(element.attributes["alt"][:200].split())


def file_name_of(element: Element) -> str:
    """The name of the file that an image comes from, where it came with the mail."""
    source = element.attributes.get("src", "")[:300]
    if not source.lower().startswith("cid:"):
        return ""
    name = _NAME.match(source)
    return name[0].removeprefix("cid:") if name else ""
