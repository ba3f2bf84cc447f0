"""What `--to` names, and whether it is there: asked when a channel is made, not when its first mail comes."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import click

from mailpoll import destinations
from mailpoll.commands.facts import shown_destination
from mailpoll.commands.installation import Installation, parse_target
from mailpoll.commands.output import safe_text
from mailpoll.delivery import KnowsPlaces
from mailpoll.errors import ConfigError, MailpollError, closed
from mailpoll.model import Finding


def parse_targets(installation: Installation, texts: Sequence[str]) -> tuple[tuple[str, str], ...]:
    """`--to` values as (destination, place). Raises ConfigError for a destination nobody configured, a bad URL, or a
    place that is not there."""
    names = installation.destination_names()
    targets = tuple(dict.fromkeys(parse_target(text, names) for text in texts))
    for destination, _ in targets:
        if destinations.is_url(destination):
            destinations.settings_of(destination, installation.settings)
    refuse_wrong(installation, targets)
    return targets


def refuse_wrong(installation: Installation, targets: Iterable[tuple[str, str]]) -> None:
    """Raises ConfigError for a place that is not there, and warns of what a person should know of one. One that nobody
    can be asked about now is said to be so: its service may be away, or its secret be another user's."""
    for name, place in targets:
        if name not in installation.settings.destination:
            continue
        try:
            finding = look(destinations.make(name, installation.settings, installation.secret), place)
        except MailpollError as problem:
            click.echo(f"{shown_destination(name, place)} could not be looked up: {problem}", err=True)
            continue
        if finding is not None and finding.level == "fail":
            raise ConfigError(finding.what, about="--to", advice=finding.advice)
        if warning := warning_of(finding):
            click.echo(f"warn  {safe_text(warning)}", err=True)


def look(destination: object, place: str) -> Finding | None:
    """What a destination says of a place; None where its kind cannot tell."""
    return destination.check_place(place) if isinstance(destination, KnowsPlaces) else None


def warning_of(finding: Finding | None) -> str:
    """What a person should know of a place that can be used all the same; empty when nothing."""
    if finding is None or finding.level != "warn":
        return ""
    return " ".join(map(closed, filter(None, (finding.what, finding.advice))))
