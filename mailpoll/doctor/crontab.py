"""A line of a crontab, taken apart as cron and sh do it: its times, its command, the words of that."""

from __future__ import annotations

import re
import shlex
from pathlib import PurePath

# Five times, or one word like @hourly; then the command.
_ENTRY = re.compile(r"\s*((?:[^\s#=@]\S*\s+){5}|@\w+\s+)(\S.*)")
_RUN = re.compile(r"\bmailpoll\b.*\b(fetch|watch)\b")
_ASSIGNED = re.compile(r"[A-Za-z_]\w*=")
_BETWEEN = frozenset({";", "&", "&&", "|", "||", "(", "{", "then", "do", "else", "!"})
# Programs that start the one whose name follows.
_STARTERS = frozenset({"exec", "env", "nice", "ionice", "nohup", "time", "command", "setsid", "chronic"})
# What may change where a program is looked for.
_CHANGES = frozenset({".", "source", "export", "eval", "alias", "set"})


def entry(line: str) -> tuple[str, str] | None:
    """Times and command; None for what is neither, a comment or NAME=value."""
    found = _ENTRY.fullmatch(line)
    return (found[1].strip(), found[2]) if found else None


def words(command: str) -> tuple[str, ...]:
    """The words that sh makes of a command, its operators words of their own; none when a quote is left open."""
    lexer = shlex.shlex(command.replace("\\%", "%"), posix=True, punctuation_chars=True)
    lexer.whitespace_split, lexer.commenters = True, ""
    try:
        return tuple(lexer)
    except ValueError:  # sh would not take it either
        return ()


def starts_runs(command: str) -> bool:
    """Whether a command seems to start mailpoll."""
    return _RUN.search(command) is not None


def program(command: str) -> str:
    """The mailpoll that sh will look for, as it is written; empty where that cannot be said for certain."""
    sure, begun = True, True
    for word in words(command):
        if begun and PurePath(word).name == "mailpoll":
            plain = word == "mailpoll" or word.startswith("/")
            return word if sure and plain and not re.search(r"[$`*?\[~]", word) else ""
        if word in _BETWEEN:
            begun = True
        elif begun and _ASSIGNED.match(word):
            sure = sure and not word.startswith("PATH=")
        elif begun:
            sure = sure and word not in _CHANGES
            begun = PurePath(word).name in _STARTERS
    return ""
