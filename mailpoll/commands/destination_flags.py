"""The kinds to choose from, and the flags of a destination, for `mailpoll destination add` and `mailpoll init`."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import click

from mailpoll import destinations
from mailpoll.commands.init_ask import Asker
from mailpoll.settings import Settings


@dataclass(frozen=True, slots=True)
class Flags:
    """What the flags say of a destination: settings as KEY=VALUE, the files of secrets as FILE or KEY=FILE, whether a
    secret comes on standard input, and whether the service is asked."""

    settings: tuple[str, ...] = ()
    secret_files: tuple[str, ...] = ()
    secret_stdin: bool = False
    check: bool = True


OPTIONS = (
    click.option(
        "--setting", "settings", metavar="KEY=VALUE", multiple=True,
        help="A setting of the destination, like channel=#ops or token.env=NAME; may be repeated.",
    ),
    click.option(
        "--secret-file", "secret_files", metavar="[KEY=]FILE", multiple=True,
        help="The file that holds the destination's token, key or web hook URL; it stays there.",
    ),
    click.option(
        "--secret-stdin", is_flag=True,
        help="Read that secret from a line of standard input, and keep it in a file beside the configuration.",
    ),
    click.option("--no-check", is_flag=True, help="Write the destination without asking its service."),
)  # fmt: skip


def with_options(function: Callable[..., Any]) -> Callable[..., Any]:
    """`function` with the flags of a destination."""
    for option in reversed(OPTIONS):
        function = option(function)
    return function


def say_kinds(ask: Asker, settings: Settings | None = None, *, all_places: bool = False) -> None:
    """Lists where posts can go, for who is about to be asked; what is configured already, first.

    Args:
        all_places: names what needs no section, too.
    """
    there = settings.destination if settings else {}
    rows = [("store", "kept here; `mailpoll posts` shows them")] if all_places else []
    rows += [(name, f"{destinations.kind_named(name, settings).service}; configured") for name in there if settings]
    rows += [(name, destinations.kind_of(name).service) for name in destinations.KINDS if name not in there]
    if all_places:
        rows.append(("https://…", "the URL of a web hook, without any more questions"))
    ask.say("\n".join(["Posts can go to:", *(f"  {name:<12}{what}" for name, what in rows)]))
