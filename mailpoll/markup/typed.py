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
# An underscore of a word in Markdown, and what it may be part of.
_UNDERSCORE = re.compile(
    rf"`+[^`\n]*`+|\]\([^)\s]{{0,2000}}\)|<(?:https?|ftp|mailto):[^\s<>]*>|{BARE}|\\."
    rf"|(?P<mark>(?<!{_WORD})_|_(?!{_WORD}))",
    re.IGNORECASE,
)
_BLANKS = re.compile(r"[ \t]+")
_NO_BREAK = "\xa0"


def escaped(text: str, dialect: str) -> str:
    """Lines of text, escaped for "commonmark" or "discord". Blanks at the start of a line, which CommonMark takes away
    or makes code of, become no-break spaces in it."""
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
    return _MARKS[dialect].sub(_with_backslash, text)


def start(line: str, dialect: str) -> str:
    """A line of words, escaped where its beginning would make something else of it."""
    return _start(line, dialect)


def _start(line: str, dialect: str) -> str:
    indent = _BLANKS.match(line)
    blanks = indent[0] if indent else ""
    rest = line[len(blanks) :]
    if dialect == "commonmark":
        blanks = _NO_BREAK * len(blanks.expandtabs(4))
    mark = _STARTS[dialect].match(rest)
    if mark is None:
        return blanks + rest
    return blanks + (mark[0] + "\\" if mark[0].isdigit() else "\\" + mark[0]) + rest[mark.end() :]


def _with_underscore(found: re.Match[str]) -> str:
    return "\\_" if found["mark"] else found[0]


def _with_backslash(found: re.Match[str]) -> str:
    if not found["url"]:
        return "\\" + found["mark"]
    url = found["url"] if found["url"].startswith("<") else trimmed(found["url"])
    return url + "".join("\\" + each if each in "_~|" else each for each in found["url"][len(url) :])
