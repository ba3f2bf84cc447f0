"""One thing and its facts in aligned lines, and the questions a command asks before it does what cannot be undone."""

from __future__ import annotations

import sys
from collections.abc import Iterable
from datetime import datetime
from typing import Any

import click

from mailpoll.commands.output import local, one_line
from mailpoll.destinations import is_url
from mailpoll.doctor.book import shown

yes_option = click.option("--yes", is_flag=True, help="Do not ask.")


def print_facts(facts: Iterable[tuple[str, Any]]) -> None:
    """A line per fact that is not empty, values in one column; a tuple takes a line per element."""
    known = [(name, value) for name, value in facts if value not in (None, "", (), [])]
    width = max((len(name) for name, _ in known), default=0)
    for name, value in known:
        for index, line in enumerate(_lines(value)):
            click.echo(f"  {'' if index else name:<{width}}  {line}".rstrip())


def _lines(value: Any) -> list[str]:
    if isinstance(value, datetime):
        return [local(value)]
    if isinstance(value, bool):
        return ["yes" if value else "no"]
    if isinstance(value, (tuple, list)):
        return [one_line(str(item), 500) for item in value]
    return [one_line(str(value), 500)]


def agreed(question: str, *, yes: bool) -> bool:
    """Whether to go on: --yes, or the answer given at a terminal. Without either, UsageError."""
    if yes:
        return True
    if not sys.stdin.isatty():
        raise click.UsageError("This cannot be undone, and nobody is here to ask: add --yes.")
    if click.confirm(question):
        return True
    click.echo("Nothing was changed.")
    return False


def shown_destination(destination: str, place: str = "") -> str:
    """A destination for people: its name and place; of a URL what book.shown() says."""
    return f"{destination}:{place}" if place and not is_url(destination) else shown(destination)


def counted(counts: dict[str, int]) -> str:
    """`12 delivered, 1 failed`; empty when there is nothing."""
    return ", ".join(f"{count} {state}" for state, count in sorted(counts.items()))


def number(count: int, thing: str) -> str:
    """`1 post`, `2 posts`, `2 addresses`."""
    ending = "" if count == 1 else "es" if thing.endswith("s") else "s"
    return f"{count} {thing}{ending}"
