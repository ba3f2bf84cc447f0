"""`mailpoll address import`: files of addresses that exist elsewhere, as lines, CSV or JSON lines."""

from __future__ import annotations

import csv
import shlex
import sys
from pathlib import Path
from typing import Any

import click
import msgspec

from mailpoll import addressing
from mailpoll.commands.addressbook import checked_name
from mailpoll.commands.facts import number
from mailpoll.commands.installation import Installation, now
from mailpoll.commands.output import json_option, print_json
from mailpoll.errors import AccessDenied, ConfigError
from mailpoll.model import OPTION_NAMES

Entry = tuple[str, str, tuple[str, ...]]

MAX_PROBLEMS = 20


@click.command("import")
@click.argument("file", metavar="FILE|-", type=click.Path(allow_dash=True, dir_okay=False))
@click.option("--to", "destinations", multiple=True, metavar="DESTINATION[:PLACE]",
              help="Where channels that are made for it post to.  [default: store]")  # fmt: skip
@json_option
@click.pass_obj
def import_(installation: Installation, file: str, destinations: tuple[str, ...], as_json: bool) -> None:
    """Take over addresses that people know already, all or none.

    A line per address: the channel, the token, then option names, with blanks or commas between (a channel with a
    blank in its name stands in quotes); or a JSON object with channel, token and options. Channels that are missing
    are made; unlike new ones they do not show the sender. Zulip's tokens (32 characters, or mm and 32) are taken as
    they are.

    \b
    Example:
      mailpoll address import tokens.csv --to team
    """
    from mailpoll.commands.channel import STORE
    from mailpoll.commands.placing import parse_targets

    try:
        data = sys.stdin.buffer.read() if file == "-" else Path(file).read_bytes()
    except OSError as problem:
        raise AccessDenied(f"the file cannot be read ({problem.strerror})", about=file) from problem
    entries = parse_entries(data, file)
    targets = parse_targets(installation, destinations) or STORE
    with installation.store() as store:
        channels, addresses = store.channels.take_over(entries, targets, now())
    known = len(dict.fromkeys(token for _, token, _ in entries)) - addresses
    if as_json:
        print_json({"channels": channels, "addresses": addresses, "known": known})
        return
    click.echo(f"{number(addresses, 'address')} and {number(channels, 'channel')} added"
               + (f"; {number(known, 'address')} known before." if known else "."))  # fmt: skip


def parse_entries(data: bytes, file: str) -> tuple[Entry, ...]:
    """The addresses that `data` lists. Raises ConfigError with every line that cannot be taken."""
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as problem:
        raise ConfigError("is not UTF-8", about=file, advice="Save it as UTF-8.") from problem
    entries: list[Entry] = []
    problems: list[str] = []
    for at, line in enumerate(text.splitlines(), 1):
        try:
            if (entry := _entry(line.strip())) is not None:
                entries.append(entry)
        except ConfigError as problem:
            problems.append(f"line {at}: {problem}")
    if problems:
        more = len(problems) - MAX_PROBLEMS
        shown = [*problems[:MAX_PROBLEMS], *([f"and {more} more"] if more > 0 else [])]
        raise ConfigError(f"nothing was imported: {len(problems)} lines cannot be taken", about=file,
                          problems=tuple(shown))  # fmt: skip
    return tuple(entries)


def _entry(line: str) -> Entry | None:
    """One line; None for an empty one, a comment and a CSV header."""
    if not line or line.startswith("#"):
        return None
    words = _object(line) if line.startswith("{") else _words(line)
    if [word.lower() for word in words[:2]] == ["channel", "token"]:
        return None
    if len(words) < 2:
        raise ConfigError("expected a channel and a token")
    channel, token, *options = words
    if unknown := [option for option in options if option not in OPTION_NAMES]:
        raise ConfigError(f"{unknown[0]!r} is no option", advice=f"There are: {', '.join(sorted(OPTION_NAMES))}.")
    return checked_name(channel), addressing.chosen_token(token), tuple(options)


def _words(line: str) -> list[str]:
    try:
        if "," in line:
            cells = [cell.strip() for cell in next(csv.reader([line]))]
            return [*cells[:2], *(word for cell in cells[2:] for word in cell.split())]
        return shlex.split(line)
    except (ValueError, csv.Error) as problem:
        raise ConfigError(f"cannot be taken apart ({problem})") from problem


def _object(line: str) -> list[str]:
    try:
        found: Any = msgspec.json.decode(line)
    except msgspec.DecodeError as problem:
        raise ConfigError(f"is no JSON ({problem})") from problem
    words = [found.get("channel"), found.get("token")]
    options = found.get("options") or []
    options = options.split() if isinstance(options, str) else options
    if not isinstance(options, list) or not all(isinstance(word, str) for word in [*words, *options]):
        raise ConfigError('expected {"channel": "…", "token": "…", "options": ["…"]}')
    return [*words, *options]
