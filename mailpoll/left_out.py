"""What a post says of its files that do not go along: which they are, and why."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from mailpoll import markup, visible
from mailpoll.mentions import neutralised

ROOM = 200  # characters that a destination keeps free for it


@dataclass(frozen=True, slots=True)
class Left:
    """A file that does not go along, and why."""

    name: str
    why: str


def note(left: Sequence[Left], dialect: str, mentions: str, begins: str = "Not attached") -> str:
    """A line for people that names the files and the reasons, of at most ROOM characters; empty when there are none.

    Args:
        left: the files.
        dialect: the markup that it is written in, as in Limits.
        mentions: the rules of what rings there, as in Limits.
        begins: its first words, which say how sure that is.
    """

    def shown(text: str) -> str:
        """A stranger's words on one line, as they are, ringing for nobody."""
        return neutralised(markup.finished(markup.line(visible.line(text), dialect)), mentions)

    reasons: dict[str, list[str]] = {}
    for file in left:
        reasons.setdefault(file.why, []).append(shown(file.name))
    text = f"{begins}: " + "; ".join(f"{', '.join(names)} ({shown(why)})" for why, names in reasons.items())
    if len(text) > ROOM:
        several = f"{len(left)} files" if len(left) > 1 else "a file"
        text = f"{begins}: {several} ({shown(left[0].why)[: ROOM // 2]}{', …' if len(reasons) > 1 else ''})"
    return text if left else ""
