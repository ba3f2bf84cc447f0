"""A line of a crontab, taken apart as cron and sh do it: its times, its command, the words of that."""

from __future__ import annotations

import re
import shlex
from collections.abc import Mapping, Sequence
from pathlib import Path, PurePath

from mailpoll import places

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


def configuration(command: str, env: Mapping[str, str]) -> Path | None:
    """The configuration that the mailpoll of a command reads, started in the folder HOME with `env`; None where that
    cannot be said."""
    given, said, begun = dict(env), words(command), list[str]()
    for word in said:
        if word in ("fetch", "watch"):
            break
        if word in _BETWEEN:
            begun = []
        elif _ASSIGNED.match(word):
            name, _, value = word.partition("=")
            given[name] = value
        elif PurePath(word).name not in _STARTERS:
            begun.append(word)
    else:
        return None
    named = _option(begun) or given.get("MAILPOLL_CONFIG")
    if named:
        return _in_home(named, given["HOME"], moved="cd" in said)
    ours = bool(begun) and (PurePath(begun[0]).name == "mailpoll" or PurePath(begun[0]).name.startswith("python"))
    return (places.find_config(None, given) or places.user_config(given)) if ours else None


def _option(arguments: Sequence[str]) -> str:
    """What --config names, empty where it is not given."""
    for number, word in enumerate(arguments):
        if word == "--config":
            return "".join(arguments[number + 1 : number + 2])
        if word.startswith("--config="):
            return word.removeprefix("--config=")
    return ""


def _in_home(text: str, home: str, *, moved: bool) -> Path | None:
    """The path that a shell, started in `home`, makes of a word; None when only the shell knows."""
    path = re.sub(r"^(~|\$HOME|\$\{HOME\})(?=/)", lambda _: home, text)
    if re.search(r"[$`*?\[~]", path) or (moved and not path.startswith("/")):
        return None
    return Path(home) / path
