"""`mailpoll destination`: the services posts go to."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import click
from msgspec.structs import replace

from mailpoll import destinations
from mailpoll.commands import destination_add, outlook, secret_place
from mailpoll.commands.facts import number, print_facts, shown_destination
from mailpoll.commands.installation import Installation, now
from mailpoll.commands.output import json_option, local, print_json
from mailpoll.commands.placing import look
from mailpoll.doctor import book
from mailpoll.errors import ConfigError, MailpollError, worst
from mailpoll.model import Finding, Pause, Rest
from mailpoll.settings import Settings

if TYPE_CHECKING:
    from mailpoll.store import Store


@dataclass(frozen=True, slots=True)
class Place:
    """A destination as people see it."""

    name: str
    kind: str
    promise: str
    channels: tuple[str, ...]
    waiting: int
    pause: Pause | None
    rest: Rest | None = None  # before its end nothing is tried


@click.group()
def command() -> None:
    """The services posts go to: add, list, check, resume, examples.

    A destination is a section [destination.NAME] of the configuration; edit it there to change or remove one:
    `mailpoll config check` names the file. `store`, which keeps posts here, is always there, and any http(s) URL is
    one without a section.
    """


command.add_command(destination_add.command, "add")


@command.command("list")
@json_option
@click.pass_obj
def list_(installation: Installation, as_json: bool) -> None:
    """List the destinations.

    What each promises, which channels use it, what waits for it, and why one is paused.
    """
    with installation.store() as store:
        places = _places(installation.settings, store)
    if as_json:
        print_json([_as_json(place) for place in places])
        return
    for place in places:
        click.echo(f"{shown_destination(place.name)} ({place.kind})")
        print_facts(_facts(place))


def _facts(place: Place) -> list[tuple[str, object]]:
    paused = place.pause
    return [
        ("promise", place.promise),
        ("channels", ", ".join(place.channels) or "none"),
        ("waiting", number(place.waiting, "post") if place.waiting else ""),
        ("paused", f"since {local(paused.paused_at)}: {book.reason(paused)}" if paused else ""),
        ("then", outlook.resume(place.name) if paused else ""),
        ("rests", f"until {local(place.rest.until)}, or: {outlook.TRY_NOW}" if place.rest and not paused else ""),
    ]


def _as_json(place: Place) -> dict[str, object]:
    return {
        "name": shown_destination(place.name),
        "kind": place.kind,
        "promise": place.promise,
        "channels": place.channels,
        "waiting": place.waiting,
        "paused_since": place.pause.paused_at if place.pause else None,
        "paused_because": place.pause.reason if place.pause else "",
        "rests_until": place.rest.until if place.rest else None,
    }


@command.command()
@click.argument("name", required=False)
@json_option
@click.pass_obj
def check(installation: Installation, name: str | None, as_json: bool) -> int:
    """Check that destinations can be used. Nothing is posted.

    Looks at settings, secrets, whether somebody answers, and whether the places are there that channels post to.
    """
    with installation.store() as store:
        known = {place.name: place for place in _places(installation.settings, store)}
        used = dict.fromkeys(target for channel in store.channels.list() for target in channel.targets)
    names = [_named(name, tuple(known), installation.settings)] if name else list(known)
    places = {each: [place for destination, place in used if destination == each and place] for each in names}
    results = [(each, *_check(installation, each, places[each])) for each in names]
    if as_json:
        print_json(
            [
                {"destination": shown_destination(each), "level": f.level, "what": f.what, "advice": f.advice}
                for each, _, findings in results
                for f in findings
            ]
        )
    for _, _, findings in results if not as_json else []:
        for finding in findings:
            click.echo(f"{finding.level:<5} {finding.what}{f'. {finding.advice}' if finding.advice else ''}")
    return worst([status for _, status, _ in results])


@command.command()
@click.argument("names", nargs=-1, metavar="NAME...")
@click.option("--all", "every", is_flag=True, help="All that are paused.")
@click.pass_obj
def resume(installation: Installation, names: tuple[str, ...], every: bool) -> None:
    """Open paused destinations again.

    What waits for them is tried by the next run.

    \b
    Examples:
      mailpoll destination resume slack zulip
      mailpoll destination resume --all
    """
    if bool(names) == every:
        raise click.UsageError("Name destinations, or give --all.")
    with installation.store() as store:
        paused = tuple(pause.destination for pause in store.outbox.pauses())
        known = tuple(dict.fromkeys([*paused, *(place.name for place in _places(installation.settings, store))]))
        chosen = paused if every else tuple(dict.fromkeys(_named(name, known, installation.settings) for name in names))
        opened = [(each, store.outbox.resume(each), store.outbox.make_due(each, now())) for each in chosen]
    for destination, was_paused, due in opened:
        what = "is open again" if was_paused else "was not paused"
        click.echo(f"{shown_destination(destination)} {what}; {number(due, 'post')} will be tried by the next run.")
    if not opened:
        click.echo("No destination is paused.")


@command.command()
@click.argument("kind", required=False, metavar="KIND", type=click.Choice(sorted(destinations.KINDS)))
def example(kind: str | None) -> None:
    """Print a section of configuration to start from.

    \b
    Example:
      mailpoll destination example webhook
    """
    if kind is None:
        raise click.UsageError(f"Name a kind: {', '.join(sorted(destinations.KINDS))}.")
    about = destinations.kind_of(kind)
    click.echo(f"# Takes {about.takes}.\n# Promise: {about.promise}.\n{about.example}", nl=False)


def _places(settings: Settings, store: Store) -> tuple[Place, ...]:
    """`store`, then the configured ones, then what channels or pauses name besides."""
    used: dict[str, list[str]] = {}
    for channel in store.channels.list():
        for destination in dict.fromkeys(destination for destination, _ in channel.targets):
            used.setdefault(destination, []).append(channel.name)
    waiting, pauses = store.outbox.waiting(), {pause.destination: pause for pause in store.outbox.pauses()}
    moment = now()
    rests = {rest.destination: rest for rest in store.outbox.rests() if rest.until > moment}
    return tuple(
        Place(
            name,
            *_kind(name, settings),
            tuple(used.get(name, ())),
            waiting.get(name, 0),
            pauses.get(name),
            rests.get(name),
        )
        for name in dict.fromkeys([destinations.STORE, *settings.destination, *used, *waiting, *pauses])
    )


def _kind(name: str, settings: Settings) -> tuple[str, str]:
    """Kind and promise of a destination."""
    if name == destinations.STORE:
        return "store", "exactly once"
    try:
        kind = destinations.kind_named(name, settings)
    except ConfigError:
        return "not configured", ""
    return kind.name, kind.promise


def _check(installation: Installation, name: str, places: Sequence[str]) -> tuple[int, tuple[Finding, ...]]:
    """The exit status of a destination and of places in it, and why."""
    if name == destinations.STORE:
        return 0, (Finding("ok", "store: open and up to date"),)
    try:
        made = destinations.make(name, installation.settings, installation.secret)
        findings = made.check()
        if all(finding.level != "fail" for finding in findings):  # else it is said already
            findings += tuple(finding for place in places if (finding := look(made, place)) is not None)
    except MailpollError as problem:
        advice = secret_place.named(installation, name, problem.advice)
        return problem.exit_status, (Finding("fail", f"{shown_destination(name)}: {problem.what}", advice),)
    shown = tuple(
        replace(each, what=_without_url(name, each.what), advice=secret_place.named(installation, name, each.advice))
        for each in findings
    )
    return worst([book.status_of(each) for each in findings]), shown


def _without_url(name: str, what: str) -> str:
    """What a check of the destination `name` found, which begins with that name."""
    return f"{shown_destination(name)}: {what.removeprefix(f'{name}: ')}" if destinations.is_url(name) else what


def _named(name: str, known: tuple[str, ...], settings: Settings) -> str:
    """The destination that `name` means: itself, or the one URL that is shown as `name`, or so without its mark."""
    if name in known:
        return name
    shown = {each: shown_destination(each) for each in known}
    meant = [each for each, text in shown.items() if name == text or name == text.partition("#")[0]]
    if len(meant) == 1:
        return meant[0]
    if "…" in name:  # which is in no URL
        what = f"{name} may be any of {len(meant)} destinations" if meant else f"there is no destination {name}"
        raise ConfigError(what, advice=f"There are: {', '.join(shown.values())}")
    destinations.settings_of(name, settings)
    return name
