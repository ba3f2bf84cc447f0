"""The first channel of `mailpoll init`: its name, and where its posts go, which may be a destination yet to be made."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from pathlib import Path

import click

from mailpoll import destinations, places
from mailpoll.commands.addressbook import checked_name
from mailpoll.commands.destination_answers import Site
from mailpoll.commands.destination_ask import asked
from mailpoll.commands.destination_draft import Draft
from mailpoll.commands.destination_flags import Flags, say_kinds
from mailpoll.commands.destination_trouble import wants_plaintext, without_section
from mailpoll.commands.init_ask import Asker
from mailpoll.commands.init_files import text_of
from mailpoll.commands.init_flags import Wishes
from mailpoll.commands.installation import Installation, parse_target
from mailpoll.commands.placing import parse_targets
from mailpoll.crosscheck import url_problem
from mailpoll.errors import ConfigError

STORE = ("store", "")


@dataclass(frozen=True, slots=True)
class Channel:
    """A channel with the (destination, place) of its posts; `draft` is that destination where it is a new one."""

    name: str
    target: tuple[str, str] = STORE
    draft: Draft | None = None


def ask_channel(ask: Asker, wishes: Wishes, installation: Installation, default: str, *, there: bool) -> Channel:
    """Name and destination of the first channel; with `there`, in a configuration that is there.

    One that is there already keeps its own destinations, unless --to says otherwise.
    """
    known = _channels(installation) if there else ()
    question = "Name of its channel" if known else "Name of the first channel"
    name = ask.text(question, "--channel", wishes.channel, checked_name, default=default)
    if name in known and wishes.to is None:
        return Channel(name)
    configured = installation if there else None
    if wishes.to is None and ask.terminal and not ask.yes:
        say_kinds(ask, configured.settings if configured else None, all_places=True)
    target = ask.text(
        "Where do its posts go?", "--to", wishes.to, lambda text: _check_target(text, configured), "store"
    )
    if target[0] not in destinations.KINDS or (configured and target[0] in configured.settings.destination):
        if wishes.settings or wishes.secret_files or wishes.secret_stdin:
            raise click.UsageError("--setting and --secret-… are for a new destination: give --to KIND as well.")
        return Channel(name, target)
    data = tomllib.loads(text_of(installation.path)) if there else {}
    site = Site(installation.path, data, installation.env)
    flags = Flags(wishes.settings, wishes.secret_files, wishes.secret_stdin, not wishes.no_check)
    kind, place = target
    draft = asked(ask, site, kind, kind, flags, place=place, needs_place=not place)
    return Channel(name, (draft.name, draft.place), draft)


def _check_target(text: str, there: Installation | None) -> tuple[str, str]:
    """`store`, the URL of a web hook, a kind with its place, or a place in a destination that is `there`.

    Raises ConfigError.
    """
    name, _, place = text.partition(":")
    name = name.lower() if name.lower() in destinations.KINDS and not _is_configured(name, there) else name
    if there is not None and (name not in destinations.KINDS or name in there.settings.destination):
        [target] = parse_targets(there, (text,))
        return target
    if name in destinations.KINDS:
        return name, place
    if not destinations.is_url(text) and name != destinations.STORE:
        kinds = ", ".join(destinations.KINDS)
        advice = f"Write store, an http(s) URL, or one of the kinds that there are: {kinds}"
        raise ConfigError(f"there is no destination {name}", about="--to", advice=advice)
    target = parse_target(text, ("store",))
    if target[0] != "store" and (problem := url_problem(target[0], allow_plaintext=False)):
        advice = "The kind webhook asks for a URL, too, and whether to allow http" if wants_plaintext(problem) else ""
        raise ConfigError(without_section(problem, asked=True), about="--to", advice=advice)
    return target


def _is_configured(name: str, there: Installation | None) -> bool:
    return there is not None and name in there.settings.destination


def _channels(installation: Installation) -> tuple[str, ...]:
    """The channels that are there; none where there is no store yet, and then none is made."""
    url = installation.store_url
    if url.startswith("sqlite:///") and places.is_missing(Path(url.removeprefix("sqlite:///"))):
        return ()
    with installation.store() as store:
        return tuple(channel.name for channel in store.channels.list())
