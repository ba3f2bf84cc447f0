"""How facts are printed: aligned lines for people, JSON for programs; and errors."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from datetime import datetime
from typing import Any

import click
import msgspec

from mailpoll import redaction, visible
from mailpoll.errors import ConfigError, MailpollError

_OBEYED = re.compile("[\x7f-\x9f\u200b\u200e\u200f\u2028-\u202e\u2060-\u2069\ufeff]")

json_option: Callable[[Any], Any] = click.option("--json", "as_json", is_flag=True, help="Print JSON instead of text.")


def say(problem: MailpollError, since: str = "") -> None:
    """Prints an error on standard error, `since` first: a line, or a line per problem of a configuration."""
    problems = problem.problems if isinstance(problem, ConfigError) else ()
    click.echo(safe_text(f"mailpoll: {since}{problem}"), err=True)
    for sentence in problems:
        click.echo(safe_text(f"  {sentence}"), err=True)


def print_json(value: Any) -> None:
    """One value on one line of JSON, in UTF-8 whatever the locale (RFC 8259 §8.1); takes dataclasses and datetimes.

    What a terminal would obey, or show in another order, is escaped; what was looked up as a secret is masked.
    """
    text = redaction.hide(msgspec.json.encode(value).decode())
    click.echo(_OBEYED.sub(lambda found: f"\\u{ord(found[0]):04x}", text).encode())


def print_table(headings: Sequence[str], rows: Iterable[Sequence[Any]], *, empty: str) -> None:
    """Columns as wide as their widest cell, the last one open; `empty` when there are no rows."""
    cells = [[_cell(value) for value in row] for row in rows]
    if not cells:
        click.echo(empty)
        return
    widths = [max(len(row[i]) for row in [list(headings), *cells]) for i in range(len(headings))]
    for row in [[heading.upper() for heading in headings], *cells]:
        click.echo("  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip())


def _cell(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, datetime):
        return local(value)
    if isinstance(value, (tuple, list)):
        return " ".join(map(str, value))
    if isinstance(value, bool):
        return "yes" if value else "no"
    return one_line(str(value))


def local(moment: datetime | None) -> str:
    """A moment in the time of this machine, to the second; empty for None."""
    return "" if moment is None else moment.astimezone().strftime("%Y-%m-%d %H:%M:%S")


def one_line(text: str, limit: int = 60) -> str:
    """Text of strangers for a terminal: one line, nothing that hides or is obeyed, cut to `limit` characters."""
    line = " ".join(visible.line(text).split())
    return line if len(line) <= limit else f"{line[: limit - 1]}…"


def safe_text(text: str) -> str:
    """Text of strangers over several lines, without control characters (escape sequences!) and what hides words."""
    return visible.text(text)
