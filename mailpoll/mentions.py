"""Text → the same text with words that would ring for everyone made harmless, per dialect of chat."""

from __future__ import annotations

import re

# A zero-width space inside the word: people read the same, no server counts it as a mention.
_BREAK = "\u200b"

_GROUPS = r"(?:everyone|everybody|here|channel|all|stream|topic|room|group)"
_WORD = re.compile(rf"@(?={_GROUPS}\b)", re.IGNORECASE)
_PATTERNS = {
    # @**all**, @**Some Name**, @_**silent**, @*user group*
    "zulip": (re.compile(r"@(?=_?\*)"), _WORD),
    # <!channel>, <!here|here>, <!subteam^S1>, <@U1>, and their HTML-escaped forms, which Slack undoes
    "slack": (re.compile(r"<(?=[!@#])"), re.compile(r"&lt;(?=[!@#])"), _WORD),
    # @everyone, @here, <@1>, <@!1>, <@&1>
    "discord": (re.compile(r"<(?=[@#])"), _WORD),
    "mattermost": (re.compile(r"@(?=[A-Za-z0-9])"),),
    "matrix": (re.compile(r"@(?=room\b)", re.IGNORECASE), re.compile(r"@(?=[a-z0-9._=/+-]{1,255}:)")),
}


def neutralised(text: str, dialect: str) -> str:
    """The text without mentions for "zulip", "slack", "discord", "mattermost" or "matrix"; any other name: as it is."""
    for pattern in _PATTERNS.get(dialect, ()):
        text = pattern.sub(lambda mark: mark[0] + _BREAK, text)
    return text
