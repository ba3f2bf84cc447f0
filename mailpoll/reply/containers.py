"""What elements of a mail's HTML are, by the marks that clients leave: quotes, attributions, signatures."""

from __future__ import annotations

import re

from mailpoll.reply import languages
from mailpoll.reply.tree import Element

# Class names (whole, or the start of one, ending in *) and ids around quoted mail, and the client that writes them.
_QUOTE_CLASSES = (
    "yahoo_quoted",  # Yahoo
    "ymail_quoted",
    "protonmail_quote",
    "zmail_extra",  # Zoho
    "tutanota_quote",
    "skiff_quote",
    "mailru-blockquote",
    "front-blockquote",
    "gmx_quote",
    "quoted-content",
    "moz-cite-prefix",  # Thunderbird's attribution
    "gmail_attr",  # Gmail's attribution
    "mb_quoted_text",
    "replyheader",
    "mimestream_quote",
    "hey_quote",
)
_QUOTE_IDS = ("yahoo_quoted", "mail-editor-reference-message-container", "olk_src_body_section", "qt", "reply-intro")
# From these on, to the end of the document, everything is the old mail.
_REST_IDS = (
    "appendonsend",
    "divrplyfwdmsg",
    "replysplit",
    "zwchr",
    "x_divrplyfwdmsg",
    "x_appendonsend",
    "stopspelling",
)
_REST_TAGS = ("includetail",)  # QQ
_SIGNATURE_CLASSES = (
    "gmail_signature", "gmail_signature_prefix", "moz-signature", "protonmail_signature_block", "tutanota_signature",
    "zmail_signature", "ms-outlook-mobile-signature", "apple-mail-signature", "elementtoproof-signature",
)  # fmt: skip
_SIGNATURE_IDS = ("signature", "ms-outlook-mobile-signature", "applemailsignature", "x_signature", "mobile-signature")
# Outlook's desktop draws a line over the old mail's header block.
_OUTLOOK_LINE = re.compile(
    r"border-top\s{0,3}:\s{0,3}solid\s{1,3}#(?:e1e1e1|b5c4df)|border:none;\s{0,3}border-top:solid"
)
_BORDER_LEFT = re.compile(r"border-left\s{0,3}:[^;]{0,60}(?:solid|px)")


def kind_of(element: Element) -> str:
    """ "quote", "rest" (it and all that follows is old), "signature" or "" for an element."""
    if not element.attributes:
        return "rest" if element.tag in _REST_TAGS else ""
    classes = element.get("class").split()[:20]
    id_ = element.get("id")
    if element.tag in _REST_TAGS or id_ in _REST_IDS:
        return "rest"
    if any(name.removeprefix("x_") in _QUOTE_CLASSES for name in classes):
        return "quote"
    if id_.startswith("yahoo_quoted") or id_ in _QUOTE_IDS[1:]:
        return "quote"
    if element.tag == "div" and element.get("name") == "quote":  # GMX, web.de
        return "quote"
    if element.tag == "div" and _BORDER_LEFT.search(element.get("style")) and starts_with_header(element):
        return "quote"
    if any(name.removeprefix("x_") in _SIGNATURE_CLASSES for name in classes) or id_ in _SIGNATURE_IDS:
        return "signature"
    if element.tag == "div" and _OUTLOOK_LINE.search(element.get("style")) and starts_with_header(element):
        return "rest"
    return ""


def starts_with_header(element: Element) -> bool:
    """Whether the element's text starts with the name of a header field."""
    name, colon, _ = leading_text(element, 60).replace("：", ":").partition(":")
    lowered = name.strip().lower()
    return bool(colon) and any(lowered in names for names in languages.HEADER_NAMES.values())


def leading_text(element: Element, length: int) -> str:
    """The first `length` visible characters of an element."""
    found = ""
    work: list[Element | str] = [element]
    steps = 0
    while work and len(found) < length and steps < 200:
        node = work.pop()
        steps += 1
        if isinstance(node, str):
            found += " ".join(node[: 4 * length].split()) + " "
        else:
            work += reversed(node.children[:100])
    return found.strip()[:length]
