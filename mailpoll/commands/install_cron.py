"""cron's lines: what starts a run each minute, as a line of a crontab or as a file of /etc/cron.d."""

from __future__ import annotations

import os
import pwd
import shlex
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from mailpoll import places
from mailpoll.commands import program
from mailpoll.commands.installation import Installation
from mailpoll.doctor import crontab
from mailpoll.errors import ConfigError

CRON_D = Path("/etc/cron.d")
FILE_NAME = "mailpoll"  # cron passes over names with a dot
SYSTEM_USER = "mailpoll"
EVERY_MINUTE = "* * * * *"
# Debian's cron reads no more of a command (MAX_COMMAND in its cron.h), and takes the line as an error.
LONGEST_COMMAND = 990

_HEAD = """\
# mailpoll: fetches the mail of every configured account once a minute.
#
# - This file must have mode 0644, no dot in its name and an end to its last line, or cron passes over it.
# - No flock is needed: mailpoll keeps a lock of its own, and a run that finds another at work ends with status 0.
# - A run is silent unless something needs a person; cron mails that to MAILTO. MAILTO="" would throw it away.

SHELL=/bin/sh
PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin
MAILTO=root

# m h dom mon dow user command
"""


def of_machine(installation: Installation) -> bool:
    """Whether the configuration is the machine's, rather than that of one person."""
    return installation.path.is_relative_to(places.SYSTEM_CONFIG.parent)


def user_of(installation: Installation) -> str:
    """Who runs this installation: the owner of its store or configuration, for the machine's a user of its own."""
    for path in (Path(installation.store_url.removeprefix("sqlite:///")), installation.path):
        owner = _owner(path)
        # A store of root's is run by root; a configuration of root's is often read by others.
        if owner is not None and (owner != 0 or path != installation.path):
            return _name(owner)
    return SYSTEM_USER if of_machine(installation) else _name(os.geteuid())


def _owner(path: Path) -> int | None:
    try:
        return path.stat().st_uid
    except OSError:
        return None


def _name(uid: int) -> str:
    try:
        return pwd.getpwuid(uid).pw_name
    except KeyError:
        return SYSTEM_USER


def fetch_words(installation: Installation) -> tuple[str, ...]:
    """The program and arguments of a run, for a starter that knows HOME and no other variable."""
    # XDG_CONFIG_HOME and MAILPOLL_CONFIG do not reach cron.
    usual = places.user_config({"HOME": installation.env.get("HOME", "")})
    path = installation.path.absolute()
    named = () if path == usual else ("--config", str(path))
    return (*program.own_command(), *named, "fetch")


def cron_command(words: tuple[str, ...]) -> str:
    """The words for sh, with % escaped, which ends a line for cron. Raises ConfigError for what cron cannot say."""
    command = shlex.join(words)
    if "\\" in command or not command.isprintable():
        raise ConfigError("a path with a backslash or a control character cannot stand in a crontab", about=command,
                          advice="Move it, or make a link to it")  # fmt: skip
    if len(command) > LONGEST_COMMAND:
        raise ConfigError(f"a command of {len(command)} characters is too long for cron", about=command,
                          advice="Make a link to the program or to the configuration")  # fmt: skip
    return command.replace("%", "\\%")


def cron_line(installation: Installation) -> str:
    """The line for cron, with absolute paths, because cron's PATH is short.

    That of a crontab; for the machine's configuration that of /etc/cron.d, which names the user, too.
    """
    user = f"{user_of(installation)} " if of_machine(installation) else ""
    return f"{EVERY_MINUTE} {user}{cron_command(fetch_words(installation))}"


def cron_file(words: tuple[str, ...], user: str) -> str:
    """The text of a file for /etc/cron.d."""
    return f"{_HEAD}{EVERY_MINUTE} {user} {cron_command(words)}\n"


@dataclass(frozen=True, slots=True)
class Change:
    """A crontab with our line in it: `line` as it stands there, `replaced` what stood there before."""

    text: str
    line: str
    replaced: tuple[str, ...] = ()


def with_line(crontab: str, words: tuple[str, ...]) -> Change:
    """The crontab with one line that starts a run of this installation; everything else stays as it is.

    A line that starts it already is kept, with the times and whatever a person added to it. One that starts the same
    configuration by another path of the program is an old one: it keeps its times, the command is the new one.
    """
    command = cron_command(words)
    lines = crontab.removesuffix("\n").split("\n") if crontab else []
    ours = {number: (times, current) for number, times, current in _starting(lines, words)}
    if not ours:
        line = f"{EVERY_MINUTE} {command}"
        return Change("\n".join([*lines, line, ""]), line)
    keep = next((number for number, (_, current) in ours.items() if current), min(ours))
    line = lines[keep] if ours[keep][1] else f"{ours[keep][0]} {command}"
    replaced = tuple(lines[number] for number in ours if number != keep or lines[number] != line)
    left = [line if number == keep else text for number, text in enumerate(lines) if number not in ours or number == keep]  # fmt: skip # noqa: E501
    return Change("\n".join([*left, ""]), line, replaced)


def _starting(lines: list[str], words: tuple[str, ...]) -> Iterator[tuple[int, str, bool]]:
    """Number and times of the lines that start this configuration, and whether it is by this very program."""
    arguments = words[words.index("--config") :] if "--config" in words else words[-1:]
    for number, line in enumerate(lines):
        if (found := crontab.entry(line)) is None:
            continue
        times, command = found
        begun = crontab.words(command)
        current = begun[: len(words)] == words
        another = Path(begun[0]).name == "mailpoll" and begun[1 : 1 + len(arguments)] == arguments if begun else False
        if current or another:
            yield number, times, current
