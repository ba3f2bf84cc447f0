"""Text → the same text with what would ring for people, or be taken for a command, made harmless, per dialect of chat.

A zero-width space goes into the mark: people read the same, no service counts it. It goes in wherever a mention may
begin, whatever follows, so that text that is cut later never becomes one; and wherever one would come to be once
character references (`&lt;`, `&amp;lt;`, `&#64;`) or backslashes are undone, by us or by whoever shows it.
"""

from __future__ import annotations

import functools
import re

_BREAK = "\u200b"


def _sign(character: str, *names: str) -> str:
    """A pattern for a character, as it is or as a reference to it, escaped however often."""
    code = f"#0*{ord(character)}|#x0*{ord(character):x}"
    return rf"(?:{re.escape(character)}|&(?:amp;)*(?:{'|'.join((code, *names))});?)"


_AT, _LESS, _STAR = _sign("@", "commat"), _sign("<", "lt"), _sign("*", "ast", "midast")
_BANG, _HASH, _LINE, _SLASH = _sign("!", "excl"), _sign("#", "num"), _sign("_", "lowbar"), _sign("/", "sol")
_GAP = r"\\*"  # backslashes that Markdown takes away
# E-mail addresses stay as they are, to be copied. No server takes an @ behind a letter or digit for a mention.
_ALONE = r"(?<![A-Za-z0-9])"
_WORD = "(?:everyone|everybody|here|channel|all|stream|topic|room|group|team)"
_TO_WORD = rf"{_AT}(?={_GAP}{_WORD})"
_TO_NAME = rf"{_ALONE}{_AT}(?={_GAP}[A-Za-z0-9_.\-\\])"
# <http://evil.example|https://bank.example>: a link that shows another one.
_LABELLED = rf"{_LESS}(?=[a-z][a-z0-9+.-]{{1,30}}:[^|<>\n&]*(?:&(?!(?:amp;)*(?:lt|#))[^|<>\n&]*)*\|)"
# <!channel>, <!here|here>, <!subteam^S1>, <!date^…>, <@U1>, <#C1>; Slack undoes &lt; itself.
_SLACK = rf"{_LESS}(?={_GAP}(?:{_BANG}|{_AT}|{_HASH}))"
_MATTERMOST_ID = rf"{_LESS}(?=[a-z0-9]{{26}}{_sign('>', 'gt')})"

# The rules are those of the servers: Zulip's zerver/lib/mention.py and widget.py; Slack's and Google Chat's guides to
# formatting; Mattermost's mention_parser_standard.go and its translation of Slack's marks; Matrix' push rules and
# matrix.to; TDLib's match_mentions; Rocket.Chat's message-parser.
_PATTERNS: dict[str, tuple[str, ...]] = {
    # @**all**, @**Name|12**, @_**silent**, @*user group*
    "zulip": (rf"{_AT}(?={_GAP}(?:{_LINE}{_GAP})?{_STAR})", _TO_WORD),
    "slack": (_SLACK, _LABELLED, _TO_WORD),
    # @everyone, @here, <@1>, <@!1>, <@&1>
    "discord": (rf"{_LESS}(?={_GAP}(?:{_AT}|{_HASH}))", _TO_WORD),
    "mattermost": (_TO_NAME, _TO_WORD, _SLACK, _LABELLED, _MATTERMOST_ID),
    # @room, @user:server, and the links and URIs that become pills
    "matrix": (
        rf"{_AT}(?={_GAP}room)",
        rf"{_ALONE}{_AT}(?=[a-z0-9._=/+\\-]{{1,255}}:)",
        r"matrix\.to/(?:#|%23)/(?=@|%40|&)",
        r"matrix:(?=u/|user/)",
    ),
    "rocketchat": (_TO_NAME, _TO_WORD),
    "telegram": (_TO_NAME, r"tg://(?=user|%)"),
    # <at>Name</at>; and Teams reads a little HTML
    "teams": (rf"{_LESS}(?={_GAP}(?:{_SLASH})?(?:at|a)\b)",),
    "googlechat": (rf"{_LESS}(?={_GAP}users)", _LABELLED),
}
# Commands at the start of a message, with the rest of it as their argument.
_COMMANDS = {"zulip": r"\s*/(?=(?:me|poll|todo|rsvp)(?:\s|$))"}

DIALECTS = frozenset(_PATTERNS)

# What a mention begins with: where none of it is, nothing is looked for.
_BEGINNINGS = re.compile(r"[@<&]|matrix|tg:", re.IGNORECASE)
# A prefix of a channel that does not end with a blank, and in whose last word a mention may have begun.
_OPEN_PREFIX = re.compile(r"[@<&/:][^\n]*\S\Z|[@<&/:]\Z")


def neutralised(text: str, dialect: str) -> str:
    """The text without mentions for one of DIALECTS; for any other name as it is."""
    if _BEGINNINGS.search(text) is None:
        return text
    for pattern in _compiled(dialect):
        text = pattern.sub(_broken, text)
    return text


def joined(prefix: str, body: str, dialect: str) -> str:
    """A channel's own prefix, never changed, and a neutralised body behind it: together they make no mention and no
    command that the prefix alone is not."""
    if dialect not in DIALECTS:
        return prefix + body
    if dialect in _COMMANDS and not prefix.strip().strip("\\"):
        body = re.sub(r"\A" + _COMMANDS[dialect], _broken, body, count=1, flags=re.IGNORECASE)
    joint = _BREAK if _OPEN_PREFIX.search(prefix[-300:]) else ""
    return prefix + joint + body


def added_to(prefix: str, dialect: str) -> int:
    """How many characters joined() adds to a body, at most."""
    return len(prefix) + (2 if dialect in DIALECTS else 0)


@functools.cache
def _compiled(dialect: str) -> tuple[re.Pattern[str], ...]:
    """Compiled when used: most runs of the reader have one dialect, or none."""
    return tuple(re.compile(pattern, re.IGNORECASE) for pattern in _PATTERNS.get(dialect, ()))


def _broken(mark: re.Match[str]) -> str:
    return mark[0] + _BREAK
