"""Text as somebody typed it → the same, escaped so that a dialect shows it as it was typed."""

from __future__ import annotations

import re

from mailpoll.markup.lines import lines
from mailpoll.markup.urls import BARE, trimmed

# URLs stay as they are: a chat makes a link of one before it looks for marks, and a backslash would become part of it.
_URL = rf"(?P<url><(?:https?|ftp|mailto):[^\s<>]*>|{BARE})"
_WORD = "[A-Za-z0-9]"
# What Markdown would take away or make something of, wherever it stands; an underscore inside a word is none.
_MARKS: dict[str, re.Pattern[str]] = {
    "commonmark": re.compile(
        rf"{_URL}|(?P<mark>\\(?=[!-/:-@\[-`{{-~])|[*`]|(?<!{_WORD})_|_(?!{_WORD})|~(?=~)|(?<=~)~|\](?=[(\[:])"
        r"|<(?=[A-Za-z/!?])|&(?=#?[A-Za-z0-9]{1,32};))",
        re.IGNORECASE,
    ),
    "discord": re.compile(
        rf"{_URL}|(?P<mark>\\(?=[^\sA-Za-z0-9])|[*`]|(?<!{_WORD})_|_(?!{_WORD})|~(?=~)|(?<=~)~|\|(?=\|)|(?<=\|)\|"
        r"|\](?=\()|<(?=[a-z0-9:/@#&!]))",
        re.IGNORECASE,
    ),
}
# What makes a heading, a quote, a list, a rule or a table of the line that begins with it.
_STARTS: dict[str, re.Pattern[str]] = {
    "commonmark": re.compile(r"[#>|]|[-+](?=[ \t\n]|\Z)|[0-9]{1,9}(?=[.)](?:[ \t]|\Z))|[-=:](?=[-=:| \t]*\Z)"),
    "discord": re.compile(r"[#>]|-(?=#|[ \t]|\Z)|\+(?=[ \t])|[0-9]{1,9}(?=\.(?:[ \t]|\Z))"),
}
# Mattermost's parser (its fork of marked) takes no-break spaces for any others, so that four are code, and knows no
# backslash before some characters; references to them it shows as they are.
_MARKS["mattermost"], _STARTS["mattermost"] = _MARKS["commonmark"], _STARTS["commonmark"]
_REFERENCES = {"<": "&lt;", "&": "&amp;", "=": "&#61;", ":": "&#58;"}
# An underscore of a word in Markdown, and what it may be part of.
_UNDERSCORE = re.compile(
    rf"`+[^`\n]*`+|\]\([^)\s]{{0,2000}}\)|<(?:https?|ftp|mailto):[^\s<>]*>|{BARE}|\\."
    rf"|(?P<mark>(?<!{_WORD})_|_(?!{_WORD}))",
    re.IGNORECASE,
)
_BLANKS = re.compile(r"[ \t]+")
_KEPT_BLANKS = {"commonmark": "\xa0", "mattermost": "\u2007"}


def escaped(text: str, dialect: str) -> str:
    """Lines of text, escaped for "commonmark", "mattermost" or "discord". Blanks at the start of a line, which the
    first two take away or make code of, become such as they keep."""
    return "\n".join(_start(line, dialect) for line in in_line(text, dialect).split("\n"))


def without_underscores(markdown: str) -> str:
    """Markdown whose underscores are part of words, for CommonMark, which would take some for marks: __init__.py."""
    if "_" not in markdown:
        return markdown
    return "\n".join(
        line.text if line.kind == "code" else _UNDERSCORE.sub(_with_underscore, whole)
        for line, whole in zip(lines(markdown), markdown.split("\n"), strict=True)
    )


def in_line(text: str, dialect: str) -> str:
    """As escaped(), for text that does not begin a line."""
    escape = _for_mattermost if dialect == "mattermost" else _with_backslash
    return _MARKS[dialect].sub(escape, text)


def start(line: str, dialect: str) -> str:
    """A line of words, escaped where its beginning would make something else of it."""
    return _start(line, dialect)


def _start(line: str, dialect: str) -> str:
    indent = _BLANKS.match(line)
    blanks = indent[0] if indent else ""
    rest = line[len(blanks) :]
    if dialect in _KEPT_BLANKS:
        blanks = _KEPT_BLANKS[dialect] * len(blanks.expandtabs(4))
    mark = _STARTS[dialect].match(rest)
    if mark is None:
        return blanks + rest
    if dialect == "mattermost" and mark[0] in _REFERENCES:
        return blanks + _REFERENCES[mark[0]] + rest[mark.end() :]
    return blanks + (mark[0] + "\\" if mark[0].isdigit() else "\\" + mark[0]) + rest[mark.end() :]


def _with_underscore(found: re.Match[str]) -> str:
    return "\\_" if found["mark"] else found[0]


def _for_mattermost(found: re.Match[str]) -> str:
    return _REFERENCES.get(found["mark"] or "") or _with_backslash(found)


def _with_backslash(found: re.Match[str]) -> str:
    if not found["url"]:
        return "\\" + found["mark"]
    url = found["url"] if found["url"].startswith("<") else trimmed(found["url"])
    return url + "".join("\\" + each if each in "_~|" else each for each in found["url"][len(url) :])
