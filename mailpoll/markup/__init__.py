"""The text of a post in the dialect of its destination; pure and linear.

Text comes as plain text or as Markdown (where the mail was HTML). What is escaped:

| dialect | plain text | Markdown |
|---|---|---|
| markdown | as typed: the store and web hooks hand text on | as it is |
| zulip | as typed, for Zulip knows no escapes; but a line that begins with `#` is no heading | without the escapes |
| commonmark | a backslash before what would be a mark; blanks at the start of a line do not break | its `_` escaped |
| mattermost | the same, `<` and `&` as references | the same |
| slack | `&`, `<` and `>` as references; Slack knows no escape for `*`, `_`, `~` | mrkdwn |
| discord | a backslash before what would be a mark | Discord's |
| plain | as typed | the words, and where links lead |

What comes out has stand-ins for the marks of links that are ours, until finished(): mentions are made harmless in
between, and what strangers write as such a link is none.
"""

from __future__ import annotations

import re
from collections import Counter
from typing import Literal

from mailpoll.markup.lines import FENCE, lines
from mailpoll.markup.stand_ins import CLOSES, MEANT, NONE, OPENS

__all__ = [
    "DIALECTS", "Kind", "begins_block", "bold", "closed", "cut", "finished", "line", "name", "to_html", "written"
]  # fmt: skip

Kind = Literal["plain", "html"]

DIALECTS = frozenset({"markdown", "zulip", "commonmark", "mattermost", "slack", "discord", "plain"})

# Those that take plain text as it was typed. What the others need takes 4 ms to import, and is imported for them only.
_AS_TYPED = frozenset({"markdown", "zulip", "plain"})
_LOOK_ALIKES = {
    **dict.fromkeys(("markdown", "zulip"), str.maketrans("[]<>`*\\|", "［］‹›ˋ∗＼¦")),
    "slack": str.maketrans("`*", "ˋ∗"),
}
# What a cut must not go through: links, references, an escape, URLs.
_WHOLE = re.compile(
    rf"{OPENS}[^{CLOSES}\n]*{CLOSES}?|\[[^\[\]\n]*\]\((?:<[^<>\n]*>?\)?|[^\s()]*\)?)|&[A-Za-z0-9#]{{1,30}};"
    r"|<(?:https?|ftp|mailto):[^\s<>]*>?|(?:https?|ftp)://[^\s<>]+|\\.|`[^`\n]*`",
    re.IGNORECASE,
)


# Marks of emphasis, but for those that are escaped or in code.
_MARKS = re.compile(r"\\.|`[^`\n]*`|(?P<run>\*+|~~+)")
_MARKS_OF = {"*": ("*",), "**": ("**",), "***": ("**", "*"), "~~": ("~~",)}
_MOST_MARKS = sum(map(len, ("*", "**", "~~")))  # characters, of one of each


def written(text: str, kind: Kind, dialect: str) -> str:
    """A text of several lines in a dialect, plain text ("plain") or Markdown ("html"); for finished()."""
    text = text.translate(NONE)
    if dialect == "markdown" or (kind == "plain" and dialect in _AS_TYPED and not (dialect == "zulip" and "#" in text)):
        return text
    from mailpoll.markup import chats, typed

    if kind == "html":
        return chats.FROM_MARKDOWN[dialect](text)
    if dialect == "zulip":
        return chats.zulip_text(text)
    return chats.slack_text(text) if dialect == "slack" else typed.escaped(text, dialect)


def line(text: str, dialect: str) -> str:
    """A piece of plain text on one line in a dialect, to stand behind something else; for finished()."""
    text = text.translate(NONE)
    if dialect in _AS_TYPED:
        return text
    from mailpoll.markup import chats, typed

    if dialect == "slack":  # which takes three backticks for code that may end on another line
        return chats.slack_text(text).replace("```", "ˋˋˋ")
    return typed.in_line(text, dialect)


def name(text: str, dialect: str) -> str:
    """The name of a file as it is put into brackets, for line(): with look-alikes of what would make a link or a format
    of it where the dialect knows no escapes."""
    return text.strip().translate(_LOOK_ALIKES.get(dialect, {}))


def bold(text: str, dialect: str) -> str:
    """A piece of plain text on one line, in bold where the dialect can say so of it; for finished()."""
    said, mark = line(text.strip(), dialect), {"slack": "*", "plain": ""}.get(dialect, "**")
    if dialect == "slack":  # it knows no escape, and a star would end it
        said = said.replace("*", "∗")
    if dialect in ("markdown", "zulip") and "*" in said:
        return said
    return f"{mark}{said}{mark}" if said else ""


def to_html(markdown: str) -> str:
    """The HTML of a text, well-formed; each line end inside a paragraph is a `<br/>`."""
    from mailpoll.markup import html

    return html.to_html(markdown)


def finished(text: str) -> str:
    """What is posted: the text with the real marks of links."""
    return text.translate(MEANT)


def cut(text: str, limit: int) -> str:
    """At most `limit` characters of a text that written() made, ending with a line, or else with a word, where that
    loses less than half; never inside a link, a URL or an escape. Code and emphasis that are cut are closed."""
    if len(text) <= limit:
        return text
    limit = max(0, limit)
    shown = _ended(text, limit)
    fence = _open_fence(shown)
    if not fence:
        return shown
    shown = _ended(text, max(0, limit - len(fence) - 1))
    fence = _open_fence(shown)
    return (shown + "\n" + fence if fence else shown) if len(shown) + len(fence) < limit else ""


def begins_block(text: str) -> bool:
    """Whether the first line is code, a quote, a heading, a rule, in a list or in a table, which it is only where a
    line begins."""
    first = next(lines("\n".join(text.split("\n", 2)[:2])))
    return first.depth > 0 or first.kind not in ("text", "blank")


def closed(text: str) -> str:
    """The text, with code that it does not end ended: what comes below it is none."""
    fence = _open_fence(text)
    return f"{text}\n{fence}" if fence else text


def _ended(text: str, limit: int) -> str:
    """The text up to the end of a line or word, with what its last line leaves open closed."""
    shown = _whole_words(text, limit)
    marks = _open_marks(text, shown)
    if len(shown) + len(marks) > limit:
        shown = _whole_words(text, max(0, limit - _MOST_MARKS))
        marks = _open_marks(text, shown)
    return (shown + marks)[: max(limit, 0)]


def _open_marks(text: str, shown: str) -> str:
    """What closes the emphasis that the last line of `shown`, the beginning of `text`, was cut in, innermost first."""
    start = shown.rfind("\n") + 1
    end = text.find("\n", len(shown))
    of_it, of_all = (_runs(each) for each in (shown[start:], text[start : len(text) if end == -1 else end]))
    return "".join(reversed([mark for mark, count in of_it.items() if count % 2 and of_all[mark] % 2 == 0]))


def _runs(line: str) -> Counter[str]:
    """How many marks of emphasis of each kind a line has, by one or two stars or tildes, in their order."""
    return Counter(mark for run in _MARKS.finditer(line) if run["run"] for mark in _MARKS_OF.get(run["run"], ()))


def _whole_words(text: str, limit: int) -> str:
    at = text.rfind("\n", limit // 2, limit + 1)
    if at != -1:
        return text[:at].rstrip()
    at = _outside(text, limit)
    blank = text.rfind(" ", limit // 2, at + 1)
    return text[: at if blank == -1 else _outside(text, blank)].rstrip()


def _outside(text: str, at: int) -> int:
    """Where to cut at the latest, so that what `at` is in the middle of is left out whole."""
    start = text.rfind("\n", 0, at) + 1
    end = text.find("\n", at)
    for whole in _WHOLE.finditer(text, start, len(text) if end == -1 else end):
        if whole.start() >= at:
            break
        if whole.end() > at:
            return whole.start()
    return at


def _open_fence(text: str) -> str:
    """The fence of code that the text does not close, "" where there is none."""
    fence = ""
    for each in text.split("\n") if "```" in text or "~~~" in text else ():
        found = FENCE.match(each)
        if found and not fence:
            fence = found[1]
        elif found and found[1].startswith(fence) and not found[2].strip():
            fence = ""
    return fence
