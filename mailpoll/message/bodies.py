"""The bodies of a mail → its text and HTML; where they say nothing, what else in the mail is there to be read."""

from __future__ import annotations

import html as html_entities
import re
from collections.abc import Iterable, Iterator

from msgspec import Struct

from mailpoll.message import files
from mailpoll.message.calendar import calendar_text
from mailpoll.message.files import Body, File
from mailpoll.message.headers import Block, in_lines, read_block
from mailpoll.message.nested import as_html, forwarded_html, forwarded_text, is_blank, is_stand_in
from mailpoll.message.pieces import Piece, piece_beginning, pieces
from mailpoll.message.reports import TYPES as REPORTS
from mailpoll.message.reports import report_text
from mailpoll.message.texts import body_text

# Mails inside mails are read for their text so deep, so many, and so much of each (octets).
MAX_DEPTH = 5
MAX_FORWARDS = 50
MAX_NESTED = 12_000_000
# Machine-readable parts are small; what is beyond this (octets) is not looked at.
MAX_MACHINE_PART = 1_000_000

IN_TNEF = "[The text of this mail is in winmail.dat, a format of Microsoft Outlook that mailpoll cannot read.]"
IN_CMS = "[The text of this mail is in {}, in a form of S/MIME that mailpoll cannot read.]"

_CALENDARS = frozenset(("text/calendar", "text/x-vcalendar", "application/ics"))
_REFERENCE = re.compile(r"""cid:([^\s"'<>)]{1,500})""", re.IGNORECASE)
_SOURCE = re.compile(r"""\b(?:src|background|href)\s{0,5}=\s{0,5}["']?([^\s"'<>]{1,500})""", re.IGNORECASE)
_MAX_REFERENCES = 10_000


class Content(Struct, frozen=True):
    """What the parts of a mail say, and the files they are or hold."""

    text: str
    html: str
    files: list[File]
    defects: tuple[str, ...]


# (plain text, HTML) of a piece of the mail; "" where it has no such version.
_Section = tuple[str, str]


def content(raw: bytes, head: Block, max_text: int, depth: int = 0) -> Content:
    """What a mail says, at most `max_text` characters each as text and as HTML; `depth` is how many mails it is in."""
    parts, defects = pieces(raw, head)
    bodies, found = files.sorted_out(parts)
    noted: list[str] = []
    text, html = _joined(_sections(bodies, max_text, noted))
    taken = {id(body.piece) for body in bodies}
    rest = [part for part in parts if id(part) not in taken]
    if rest and not text.strip() and (not html or (any(map(_says_something, rest)) and is_blank(html))):
        text, html = _joined(_elsewhere(rest, max_text, depth, noted)) or (text, html)
    if max(len(text), len(html)) > max_text:
        noted.append(f"text over {max_text} characters cut")
    return Content(text[:max_text], html[:max_text], found, tuple(dict.fromkeys([*defects, *noted])))


def references(html: str, limit: int = _MAX_REFERENCES) -> frozenset[str]:
    """The Content-IDs (RFC 2392) and Content-Locations (RFC 2557) that an HTML text shows."""
    from urllib.parse import unquote  # few mails need it, and it takes ipaddress along

    found: set[str] = set()
    for pattern in (_REFERENCE, _SOURCE):
        for number, match in enumerate(pattern.finditer(html)):
            if number >= limit:
                break
            target = html_entities.unescape(match[1])
            found |= {target, unquote(target)}
    return frozenset(found)


def _joined(sections: Iterable[_Section]) -> tuple[str, str]:
    """(text, html) of sections. Several are joined, and the text is empty where some of what is to be read exists as
    HTML only, so that nobody who reads the text alone (with the footer a mailing list added as plain text, say) misses
    the mail."""
    sections = list(sections)
    text_is_whole = not any(html.strip() and not plain.strip() for plain, html in sections)
    text = "\n\n".join(plain for plain, _ in sections) if text_is_whole else ""
    if not any(html for _, html in sections):
        return text, ""
    return text, "\n".join(html or as_html(plain) for plain, html in sections)


def _sections(bodies: list[Body], max_text: int, defects: list[str]) -> Iterator[_Section]:
    """The pieces of a mail: a part of its own, or a whole multipart/alternative, which gives one version of each kind.

    Once there is more than `max_text` the rest is not read.
    """
    length = 0
    for group in _groups(bodies):
        plain = _version(group, False, max_text, defects, "\n\n")
        html = _version(group, True, max_text, defects, "\n")
        if html and is_stand_in(plain, html):
            plain = ""
        yield plain, html
        length += max(len(plain), len(html))
        if length > max_text:
            return


def _groups(bodies: list[Body]) -> Iterable[list[tuple[int, Body]]]:
    """The bodies of each piece of the mail, with the child of the alternative that they are in."""
    groups: dict[tuple[str, int, int], list[tuple[int, Body]]] = {}
    for index, body in enumerate(bodies):
        containers = body.piece.leaf.containers
        outer = next((container for container in containers if container.subtype == "alternative"), None)
        key = ("alternative", body.piece.layer, outer.id) if outer and not body.note else ("part", 0, index)
        groups.setdefault(key, []).append((outer.child if outer else 0, body))
    return groups.values()


def _version(group: list[tuple[int, Body]], html: bool, max_text: int, defects: list[str], between: str) -> str:
    """The text of the first child that says something in this kind (RFC 2046 §5.1.4: each child is the whole)."""
    children: dict[int, list[Body]] = {}
    for child, body in group:
        if body.html is html:
            children.setdefault(child, []).append(body)
    text = ""
    for versions in children.values():
        texts: list[str] = []
        for body in versions:
            texts.append(body_text(body, max_text, defects))
            if sum(map(len, texts[-1:])) > max_text:
                break
        text = between.join(texts)
        if text.strip():
            break
    return text


def _says_something(part: Piece) -> bool:
    leaf = part.leaf
    return (
        leaf.type in _CALENDARS
        or leaf.type in REPORTS
        or bool(part.sealed)
        or files.is_text(part)
        or files.is_mail(part)
        or files.is_tnef(part)
    )


def _elsewhere(parts: list[Piece], max_text: int, depth: int, defects: list[str]) -> list[_Section]:
    """What a mail without a text of its own has to say, from the most to the least telling place."""
    machine = [(calendar_text, [part for part in parts if part.leaf.type in _CALENDARS]),
               (report_text, [part for part in parts if part.leaf.type in REPORTS])]  # fmt: skip
    for read, fitting in machine:
        texts = [read(piece_beginning(part, MAX_MACHINE_PART)) for part in fitting[:MAX_FORWARDS]]
        if any(texts):
            return [("\n\n".join(dict.fromkeys(filter(None, texts))), "")]
    inline, attached = _named_texts(parts)
    if found := _readable(_sections(inline, max_text, defects)):
        return found
    forwards = _forwards([part for part in parts if files.is_mail(part)], max_text, depth, defects)
    if found := [section for says, section in forwards if says]:
        return found
    if found := _readable(_sections(attached[:1], max_text, defects)):
        return found
    return [section for _, section in forwards] or _unreadable(parts)


def _named_texts(parts: list[Piece]) -> tuple[list[Body], list[Body]]:
    """(texts that are to be shown among others, texts that are attached), though each has a name."""
    texts = [part for part in parts if files.is_text(part)]
    inline: list[Body] = []
    attached: list[Body] = []
    for part in texts:
        body = Body(part, html=files.is_html(part))
        (attached if part.leaf.disposition == "attachment" and part.leaf.filename else inline).append(body)
    return inline, attached


def _readable(sections: Iterable[_Section]) -> list[_Section]:
    return [(plain, html) for plain, html in sections if plain.strip() or not is_blank(html)]


def _forwards(mails: list[Piece], max_text: int, depth: int, defects: list[str]) -> list[tuple[bool, _Section]]:
    """(whether it says something, its section) of attached mails, each with what it says below whose it is."""
    if mails and depth >= MAX_DEPTH:
        defects.append(f"mails inside mails over {MAX_DEPTH} deep")
        return []
    found: list[tuple[bool, _Section]] = []
    length = 0
    for mail in mails[:MAX_FORWARDS]:
        data = in_lines(piece_beginning(mail, MAX_NESTED))
        head = read_block(data)
        inner = content(data, head, max_text, depth + 1)
        defects += inner.defects
        says = bool(inner.text.strip()) or not is_blank(inner.html)
        html = forwarded_html(head, inner.html) if inner.html else ""
        text = forwarded_text(head, inner.text) if inner.text.strip() or not inner.html else ""
        if text or html:
            found.append((says, (text, html)))
        length += max(len(text), len(html))
        if length > max_text:
            break
    return found


def _unreadable(parts: list[Piece]) -> list[_Section]:
    """A sentence about where the text of the mail is, when it is where nobody can read it."""
    if any(map(files.is_tnef, parts)):
        return [(IN_TNEF, "")]
    sealed = [part for part in parts if part.sealed in ("signed", "compressed")]
    return [(IN_CMS.format(sealed[0].leaf.filename or "smime.p7m"), "")] if sealed else []
