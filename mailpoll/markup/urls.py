"""Where a URL in a text ends, as chats have it."""

from __future__ import annotations

# A URL in a text; marks that may stand around one end it.
BARE = r"(?:https?|ftp)://[^\s<>*`\[\]\\]+"

# More brackets and full stops in turn than any sentence ends with.
_MAX_TURNS = 5
_BEHIND = ".,;:!?'\"_~|"


def trimmed(url: str) -> str:
    """A URL that BARE found, without what belongs to the sentence around it."""
    for _ in range(_MAX_TURNS):
        shorter = url.rstrip(_BEHIND)
        if shorter.endswith(")") and shorter.count("(") < shorter.count(")"):
            closing = len(shorter) - len(shorter.rstrip(")"))
            shorter = shorter[: -min(closing, shorter.count(")") - shorter.count("("))]
        if shorter == url:
            break
        url = shorter
    return url
