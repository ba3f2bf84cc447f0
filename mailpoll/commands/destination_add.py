"""`mailpoll destination add`: one more section of the configuration."""

from __future__ import annotations

import re
import shlex
import tomllib
from pathlib import Path

import click

from mailpoll import destinations
from mailpoll.commands.destination_answers import Site
from mailpoll.commands.destination_ask import asked
from mailpoll.commands.destination_draft import Draft, kept, with_section
from mailpoll.commands.destination_flags import Flags, say_kinds, with_options
from mailpoll.commands.init_ask import Asker, nothing_written
from mailpoll.commands.init_files import text_of, written_config
from mailpoll.commands.installation import Installation, now
from mailpoll.errors import ConfigError


@click.command()
@click.argument("kind", required=False, type=click.Choice(list(destinations.KINDS), case_sensitive=False))
@click.argument("name", required=False)
@with_options
@click.pass_obj
def command(
    installation: Installation,
    /,
    kind: str | None,
    name: str | None,
    settings: tuple[str, ...],
    secret_files: tuple[str, ...],
    secret_stdin: bool,
    no_check: bool,
) -> None:
    """Add a destination to the configuration.

    Asks what its kind needs, looks whether the service takes the answers, and writes the section; what is secret goes
    into a file beside the configuration that only you can read. Every question is also a flag, for scripts.

    \b
    Examples:
      mailpoll destination add
      mailpoll destination add zulip team --setting zuliprc=zuliprc
      mailpoll destination add slack --setting 'channel=#ops' --secret-file slack-token
      mailpoll destination add discord --secret-file webhook=discord-hook
    """
    ask = Asker.here(yes=False)
    there, path = installation.settings, installation.path
    flags = Flags(settings, secret_files, secret_stdin, check=not no_check)
    with nothing_written():
        if kind is None:
            say_kinds(ask)
            kind = ask.text("Which kind?", "KIND", None, _check_kind)
        name = _named(ask, kind, name, tuple(there.destination))
        data = tomllib.loads(text_of(path))
        draft = asked(ask, Site(path, data, installation.env), kind, name, flags)
    text = with_section(path, text_of(path), draft)
    with kept(draft, path) as files, written_config(path, text, now()) as backup:
        pass
    click.echo(f"\nWritten: {path} (what was there: {backup})")
    say_files(files)
    _say_next(draft)


def say_files(files: tuple[Path, ...]) -> None:
    """Prints where secrets are kept."""
    for file in files:
        click.echo(f"Secret: {file}")


def _check_kind(text: str) -> str:
    if text.lower() not in destinations.KINDS:
        advice = "`store` and URLs need no section" if text == "store" or destinations.is_url(text) else ""
        advice = advice or f"There are {', '.join(destinations.KINDS)}"
        raise ConfigError(f"{text!r} is no kind of destination that can be added", about="KIND", advice=advice)
    return text.lower()


def _named(ask: Asker, kind: str, name: str | None, taken: tuple[str, ...]) -> str:
    """The name of the section: as given, or asked; without a terminal that of the kind."""

    def check(text: str) -> str:
        if not re.fullmatch(r"[A-Za-z0-9_][A-Za-z0-9_.-]{0,63}", text) or text == destinations.STORE:
            advice = "Take another one, of letters, digits, ., - and _"
            raise ConfigError(f"{text!r} cannot be the name of a destination", about="NAME", advice=advice)
        if text in taken:
            advice = "Take another name" if ask.terminal else f"Give another name: mailpoll destination add {kind} NAME"
            raise ConfigError(f"there is a destination {text} already", about="NAME", advice=advice)
        return text

    default = kind if kind not in taken or not ask.terminal else None
    return ask.text("Name of the destination", "NAME", name, check, default=default)


def _say_next(draft: Draft) -> None:
    kind = destinations.kind_of(draft.kind)
    elsewhere = kind.place and "webhook" not in draft.section
    needed = elsewhere and any(q.place and not draft.says(q.key) for way in kind.ways for q in way.questions)
    to = f"{draft.name}:PLACE" if needed else draft.name
    click.echo(f"\nA channel posts there by:\n    mailpoll channel add CHANNEL --to {shlex.quote(to)}")
    if elsewhere:
        also = "" if needed else f"--to {draft.name}:PLACE posts elsewhere. "
        click.echo(f"{also}PLACE: {_without_hooks(kind.place)}.")


def _without_hooks(place: str) -> str:
    """What a kind says of its places, but for a web hook, which is the other way to post."""
    return "; ".join(each for each in place.split("; ") if "web hook" not in each).removeprefix("bot: ")
