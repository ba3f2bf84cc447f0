"""`mailpoll config`: the configuration as it is in force."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

import click
import msgspec

from mailpoll import config as configuration
from mailpoll import destinations
from mailpoll.commands.installation import Installation
from mailpoll.commands.output import json_option, print_json
from mailpoll.errors import AccessDenied, ConfigError, MailpollError
from mailpoll.settings import SecretRef, Settings

_THERE = "is there"
_BARE_KEY = re.compile(r"[A-Za-z0-9_-]+")


@click.group()
def command() -> None:
    """Show and check the configuration."""


@command.command()
@json_option
@click.pass_obj
def show(installation: Installation, as_json: bool) -> None:
    """Print the settings in force, defaults filled in, secrets as ***."""
    settings = configuration.effective(installation.settings)
    settings["store"].setdefault("url", installation.store_url)
    if as_json:
        print_json({"file": str(installation.path), "settings": settings})
        return
    click.echo(f"# {installation.path}")
    for line in toml_lines(settings):
        click.echo(line)


@command.command()
@json_option
@click.pass_obj
def check(installation: Installation, as_json: bool) -> None:
    """Check the configuration, its secrets and certificates.

    Nothing is connected.
    What can only be seen on the network is checked by `mailpoll doctor`.
    """
    settings = installation.settings
    patterns = configuration.patterns(settings)
    found: list[tuple[str, str]] = []
    problems: list[MailpollError] = []
    for about, what, look in _looks(installation):
        try:
            look()
            found.append((about, what))
        except MailpollError as problem:
            problems.append(problem)
    if as_json and not problems:
        secrets = [about for about, what in found if what == _THERE]
        print_json({"file": str(installation.path), "patterns": patterns, "secrets": secrets})
    elif not as_json:
        click.echo(f"ok    {installation.path} can be used")
        click.echo(f"ok    addresses: {' '.join(patterns) or 'none; every mail goes to the channel of its account'}")
        click.echo(f"ok    store: {configuration.effective(settings)['store'].get('url', installation.store_url)}")
        for about, what in found:
            click.echo(f"ok    {about} {what}")
    if len(problems) == 1:
        raise problems[0]
    if problems:
        raise ConfigError(f"{len(problems)} secrets or certificates cannot be had", about=str(installation.path),
                          problems=tuple(map(str, problems)))  # fmt: skip


def _looks(installation: Installation) -> Iterator[tuple[str, str, Callable[[], object]]]:
    """What is to be looked at: its key path, what is said of it when it is well, and what raises when it is not."""
    settings = installation.settings
    for about, reference in secrets_in(settings):
        yield about, _THERE, partial(installation.secret, reference, about)
    for name, section in settings.destination.items():
        if getattr(section, "zuliprc", None):  # a file of Zulip's own making, with the key in it
            make = partial(destinations.make, name, settings, installation.secret)
            yield f"destination.{name}.zuliprc", _THERE, make
    for about, file in ca_files_in(settings):
        yield about, "holds certificates", partial(_check_ca_file, file, about)


def secrets_in(section: Any, path: str = "") -> Iterator[tuple[str, SecretRef]]:
    """Every secret reference of the settings with its key path."""
    if isinstance(section, SecretRef):
        yield path, section
    elif isinstance(section, msgspec.Struct):
        for name in section.__struct_fields__:
            yield from secrets_in(getattr(section, name), f"{path}.{name}" if path else name)
    elif isinstance(section, dict):
        for name, item in section.items():
            yield from secrets_in(item, f"{path}.{name}")


def ca_files_in(settings: Settings) -> Iterator[tuple[str, str]]:
    """Every file of authorities to trust, with its key path."""
    sections: dict[str, Any] = {f"account.{name}": account for name, account in settings.account.items()}
    sections |= {f"destination.{name}": each for name, each in settings.destination.items()}
    for path, section in {**sections, "smtp": settings.smtp}.items():
        if file := getattr(section, "ca_file", None):
            yield f"{path}.ca_file", file


def _check_ca_file(file: str, about: str) -> None:
    import ssl  # few name such a file

    try:
        ssl.create_default_context(cafile=file)
    except OSError as error:  # ssl.SSLError is one
        why = "it is no PEM file" if isinstance(error, ssl.SSLError) else error.strerror
        kind = AccessDenied if isinstance(error, PermissionError) else ConfigError
        what, advice = f"no certificate can be read from {file} ({why})", "Name a PEM file of the authority to trust"
        raise kind(what, about=about, advice=advice) from None


def toml_lines(settings: dict[str, Any], path: tuple[str, ...] = ()) -> Iterator[str]:
    """Nested plain data as TOML; sections without a value of their own get no heading."""
    values = {key: value for key, value in settings.items() if not isinstance(value, dict)}
    if values and path:
        yield f"\n[{'.'.join(map(_key, path))}]"
    for key, value in values.items():
        yield f"{_key(key)} = {_value(value)}"
    for key, value in settings.items():
        if isinstance(value, dict):
            yield from toml_lines(value, (*path, key))


def _value(value: Any) -> str:
    """A value on one line; tables stand in lists where a template has them."""
    if isinstance(value, dict):
        return "{ " + ", ".join(f"{_key(key)} = {_value(each)}" for key, each in value.items()) + " }"
    if isinstance(value, (list, tuple)):
        return "[" + ", ".join(map(_value, value)) + "]"
    return json.dumps(value, ensure_ascii=False)


def _key(name: str) -> str:
    return name if _BARE_KEY.fullmatch(name) else json.dumps(name, ensure_ascii=False)
