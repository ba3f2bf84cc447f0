"""What elements of a mail's HTML are, by the marks that clients leave: quotes, forwards, signatures."""

from __future__ import annotations

import re

from mailpoll.reply.header_text import has_header_block, is_header_start, leading_text
from mailpoll.reply.lines import Line, separator
from mailpoll.reply.tree import Element

# What clients put before the names of others when they carry a mail on: Outlook on the web, Gmail, Yahoo, Hotmail,
# Roundcube, AOL, and a broken quoted-printable decoder.
_PREFIXES = re.compile(
    r"(?:x_|gmail-|m_-?\d{1,24}_?|ydp[0-9a-f]{4,12}|yiv\d{1,12}|ecx|v\d(?=[a-z])|aolmail_|3d[\"']?)+"
)

# Containers of quoted mail and nothing else, and the lines that introduce it.
_QUOTE_CLASSES = frozenset((
    "gmail_attr",  # Gmail's attribution
    "moz-cite-prefix",  # Thunderbird's
    "airmail_on",  # Airmail's
    "ms-outlook-mobile-reference-message",
    "yahoo_quoted", "yahoo-quoted-begin", "ymail_quoted", "iosymail",  # Yahoo
    "tutanota_quote", "skiff_quote", "ik_mail_quote", "front-blockquote", "gmx_quote", "mailru-blockquote",
    "mail-quote-collapse",  # Mail.ru
    "zmail_extra_hr",  # Zoho's line
    "ntes-mailmaster-quote",  # NetEase
    "alimail-quote", "spark_quote", "notion-mail-quote", "missive_quote", "outreach-quote", "mimestream_quote",
    "hey_quote", "fernand_quote", "freshdesk_quote", "history_container", "mb_quoted_text", "k9mail_quote",
    "quotedreply",  # Zendesk
    "hs_reply",  # HubSpot
    "quoted-content", "sh-quoted-content",  # Superhuman
    "replyheader", "outlookmessageheader",
))  # fmt: skip
_QUOTE_IDS = frozenset((
    "mail-editor-reference-message-container",  # Outlook, all new ones
    "olk_src_body_section",  # Outlook 2011 for Mac
    "qt",  # Fastmail
    "reply-intro",  # Roundcube's attribution
    "isreplycontent", "origbody", "orimsghtmlseperator", "reply139content",  # Coremail, NetEase, China Mobile
    "blockquote_zmail", "_originalcontent",  # Zoho, BlackBerry
))  # fmt: skip
_QUOTE_MARKERS = frozenset(("__quoted_text__", "__headers__"))  # Zimbra's data-marker
# Containers of an attribution, a block quote, and what was typed under it.
_WRAPPER_CLASSES = frozenset(("gmail_quote", "protonmail_quote", "zmail_extra"))
_WRAPPER_NAMES = frozenset(("messagereplysection",))  # Spark
_FORWARD_CLASSES = frozenset(("moz-forward-container", "forwardcontentmessage"))
_FORWARD_IDS = frozenset(("isforwardcontent",))
# From these on, to the end of the document, everything is the old mail.
_REST_IDS = frozenset((
    "divrplyfwdmsg", "rplyfwdmsg",  # Outlook on the web; people type behind its `appendonsend`
    "stopspelling",  # Hotmail
    "zwchr", "message_data_marker",  # Zimbra
    "replysplit",  # China Mobile
    "_persistentheader",  # BlackBerry
))  # fmt: skip
_REST_TAGS = frozenset(("includetail",))  # QQ
_REST_TITLES = frozenset(("beforequote:::",))  # Zoho
_SIGNATURE_CLASSES = frozenset((
    "gmail_signature", "gmail_signature_prefix", "moz-signature", "protonmail_signature_block", "tutanota_signature",
    "zmail_signature", "ms-outlook-mobile-signature", "ms-outlook-ios-signature", "apple-mail-signature",
    "elementtoproof-signature", "sh-signature", "front-signature", "signature", "ntes-signature", "yahoo-signature",
    "ymail_android_signature", "k9mail-signature", "editorusersignature", "-x-evo-signature",
    "-x-evo-signature-wrapper", "fm-signature", "__aliyun_signature_wrap", "bloop_sign",
))  # fmt: skip
_SIGNATURE_IDS = frozenset((
    "signature", "ms-outlook-mobile-signature", "applemailsignature", "mobile-signature", "zm-_id_-sgn",
    "composer_signature", "spneditorsign", "imail_signature", "divneteasemailcard", "signature_old", "bloop_sign",
    "_signatureplaceholder", "signcontainer", "ymail_android_signature",
))  # fmt: skip
_SIGNATURE_START = re.compile(r"sig\d{5,12}|lineBreakAtBeginningOfSignature|signature-content-|bloop_sign_")
_SIGNATURE_NAMES = frozenset(("messagesignaturesection",))  # Spark
_SIGNATURE_MARKERS = frozenset(("__sig_pre__", "__sig_post__"))  # Zimbra
# More than this is no signature, but a mail in a container that its author's client forgot to close.
_MAX_SIGNATURE = 4_000
# Outlook's desktop, and other Outlooks that carry its mail on, draw a line over the old mail's header block.
_LINE_ABOVE = re.compile(r"border-top\s{0,3}:\s{0,3}(?!none|0)[^;]{0,40}(?:solid|#|rgb)")
_OUTLOOK_LINE = re.compile(
    r"border-top\s{0,3}:[^;]{0,40}"
    r"(?:#e1e1e1|#b5c4df|rgb\(225,\s?225,\s?225\)|rgb\(181,\s?196,\s?223\))"
    r"|border-style\s{0,3}:\s{0,3}solid none none"
)
_BORDER_LEFT = re.compile(r"border-left\s{0,3}:[^;]{0,60}(?:solid|px)")
_QQ_BOX = re.compile(r"background\s{0,3}:\s{0,3}#efefef")
# What editors write for "indent more": Gmail, Yahoo and the web views of Apple.
_INDENT = re.compile(r"border(?:-width)?\s{0,3}:\s{0,3}(?:none|0)")


def kind_of(element: Element) -> str:
    """What an element is by its own marks: "quote", "wrapper" (of an attribution, a quote, and perhaps an answer),
    "forward", "rest" (it and all that follows is old), "signature", or ""."""
    if element.tag in _REST_TAGS:
        return "rest"
    if not element.attributes:
        return ""
    kind = _named(element) or _styled(element)
    if kind == "signature" and len(leading_text(element, _MAX_SIGNATURE)) >= _MAX_SIGNATURE:
        return ""
    return kind


def _named(element: Element) -> str:
    """By its class, id, name and the like."""
    id_, classes = _bare(element.get("id")), _classes(element)
    name, marker = _bare(element.get("name")), element.get("data-marker")
    if id_ in _REST_IDS or element.get("title") in _REST_TITLES:
        return "rest"
    if classes & _FORWARD_CLASSES or id_ in _FORWARD_IDS:
        return "forward"
    if _is_signature(element, id_, classes) or name in _SIGNATURE_NAMES or marker in _SIGNATURE_MARKERS:
        return "signature"
    if element.tag != "blockquote" and (classes & _WRAPPER_CLASSES or name in _WRAPPER_NAMES):
        return "wrapper"
    if is_client_quote(element, id_, classes) or marker in _QUOTE_MARKERS:
        return "quote"
    if element.tag == "div" and name == "quote":  # GMX, web.de
        return "quote"
    return ""


def _is_signature(element: Element, id_: str, classes: frozenset[str]) -> bool:
    if id_ in _SIGNATURE_IDS or classes & _SIGNATURE_CLASSES or element.get("fairemail") == "signature":
        return True
    return bool(id_ and _SIGNATURE_START.match(id_)) or element.get("data-smartmail") == "gmail_signature"


def is_client_quote(element: Element, id_: str, classes: frozenset[str]) -> bool:
    """Whether a mail client, not an author, quotes here."""
    if classes & _QUOTE_CLASSES or id_ in _QUOTE_IDS or id_.startswith("yahoo_quoted"):
        return True
    if element.get("fairemail") == "reference":
        return True
    if element.tag != "blockquote":
        return False
    return (
        element.get("type") == "cite"
        or ("cite" in element.attributes and not is_of_web(element))
        or "data-skiff-mail" in element.attributes
        or "gmail_quote" in classes
        or "protonmail_quote" in classes
    )


def _styled(element: Element) -> str:
    """By the lines, boxes and header blocks that clients draw."""
    style = element.get("style")
    if not style or "b" not in style or element.tag not in ("div", "td", "blockquote", "p", "span"):
        return ""
    if _OUTLOOK_LINE.search(style) and has_header_block(element, by_labels=True):
        return "rest"
    if (_LINE_ABOVE.search(style) or _QQ_BOX.search(style)) and has_header_block(element):
        return "rest"
    if _BORDER_LEFT.search(style) and is_header_start(element) and has_header_block(element):
        return "quote"
    return ""


def is_indent(element: Element) -> bool:
    """Whether a block quote is an author's indentation rather than a quotation."""
    return bool(_INDENT.search(element.get("style")))


def is_of_web(element: Element) -> bool:
    """Whether a block quote names a page as its source; clients name the Message-ID there."""
    return element.get("cite").startswith(("http:", "https:"))


def announces_forward(element: Element) -> bool:
    """Whether the element starts with `---------- Forwarded message ---------` in any known language."""
    start = leading_text(element, 160, lines=True).strip()
    if not start:
        return False
    first = " ".join(start.split("\n", 1)[0].split())
    return separator(Line(first, first, False)) == "forward"


def _bare(name: str) -> str:
    """A name without what clients put before it."""
    if not name:
        return ""
    prefix = _PREFIXES.match(name[:200])
    return name[prefix.end() :] if prefix else name


def _classes(element: Element) -> frozenset[str]:
    return frozenset(_bare(name) for name in element.get("class")[:1000].split()[:20])
