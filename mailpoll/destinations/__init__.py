"""The registry of destinations: a configured name, or a URL → the object that posts. Kinds are imported when used.

`store`, the destination that is always there, is not made here: the store writes its posts itself, in the
transaction that reads the mail.
"""

from __future__ import annotations

import difflib
from collections.abc import Callable
from importlib import import_module
from typing import Any, Protocol

from mailpoll import egress, redaction
from mailpoll.config import patterns
from mailpoll.crosscheck import url_problem
from mailpoll.destinations.kind import Kind, Outgoing
from mailpoll.errors import ConfigError
from mailpoll.model import Limits
from mailpoll.rate import Rate
from mailpoll.settings import DestinationSettings, SecretRef, Settings, WebhookSettings, fingerprint, mask_url

STORE = "store"

# Kind → its class, by module: only those in use are imported.
KINDS: dict[str, str] = {
    "zulip": "zulip:ZulipDestination",
    "slack": "slack:SlackDestination",
    "mattermost": "mattermost:MattermostDestination",
    "discord": "discord:DiscordDestination",
    "matrix": "matrix:MatrixDestination",
    "ntfy": "ntfy:NtfyDestination",
    "apprise": "apprise:AppriseDestination",
    "webhook": "webhook:WebhookDestination",
    "command": "command:CommandDestination",
    "maildir": "maildir:MaildirDestination",
    "file": "file:FileDestination",
    "smtp": "smtp:ForwardDestination",
}


class Maker(Protocol):
    """The class of a kind; what it makes is a delivery.Destination."""

    kind: Kind

    def __call__(self, name: str, settings: Any, secret: Callable[[SecretRef, str], str], /, **more: Outgoing) -> Any:
        """A destination of this name; secrets are looked up, nothing is connected."""

    def limits_of(self, settings: Any, /) -> Limits:
        """What a destination with these settings takes, before anybody asked it."""


def make(name: str, settings: Settings, secret: Callable[[SecretRef, str], str]) -> Any:
    """The destination called `name`, a delivery.Destination; secrets are looked up now, nothing is connected.

    Args:
        name: of a [destination.NAME] section, or an http(s) URL, which is a web hook with nothing but defaults.
        secret: (reference, key path) → secret; raises ConfigError or AccessDenied.

    Raises:
        ConfigError: there is no such destination, or its URL cannot be used; or what `secret` raises.
        DestinationRefused: its settings cannot be used: a `ca_file` that is missing.
    """
    section = settings_of(name, settings)
    egress.obey(settings.http, secret)
    maker = _maker(_kind_name(section))
    if maker.kind.by_smtp:
        return maker(name, section, secret, outgoing=Outgoing(settings.smtp, patterns(settings)))
    return maker(name, section, secret)


def kind_of(name: str) -> Kind:
    """What a kind states of itself; raises ConfigError for an unknown one."""
    if name not in KINDS:
        raise ConfigError(f"there is no kind {name!r}", about="destination", advice=f"There are {', '.join(KINDS)}")
    return _maker(name).kind


def _maker(kind: str) -> Maker:
    module, _, class_ = KINDS[kind].partition(":")
    maker: Maker = getattr(import_module(f"mailpoll.destinations.{module}"), class_)
    return maker


def _kind_name(section: DestinationSettings) -> str:
    return str(section.__struct_config__.tag)


def settings_of(name: str, settings: Settings) -> DestinationSettings:
    """The settings of the destination called `name`; raises ConfigError as make() does."""
    if name in settings.destination:
        return settings.destination[name]
    if is_url(name):
        redaction.know_url(name)
        if problem := url_problem(name, allow_plaintext=False):
            plain = url_problem(name, allow_plaintext=True) is None
            advice = "`mailpoll destination add webhook` makes a section" if plain else ""
            raise ConfigError(problem, about=mask_url(name), advice=advice)
        return WebhookSettings(url=name)
    raise _unknown(name, settings)


def is_url(name: str) -> bool:
    """Whether `name` is a URL to be used as it is."""
    return name.lower().startswith(("http://", "https://"))


def kind_named(name: str, settings: Settings) -> Kind:
    """The kind of the destination called `name`; raises ConfigError as make() does."""
    return kind_of(_kind_name(settings_of(name, settings)))


def limits_of(name: str, settings: Settings) -> Limits:
    """What the destination takes, without asking it; raises ConfigError as make() does."""
    section = settings_of(name, settings)
    return _maker(_kind_name(section)).limits_of(section)


def rate_of(name: str, settings: Settings) -> Rate:
    """How many posts of one channel may leave for the destination, as its kind says; no limit for one that is not
    known."""
    try:
        return kind_named(name, settings).rate
    except ConfigError:
        return ()


def settings_hash(name: str, settings: Settings) -> str:
    """64 hex digits that change when the destination's settings do; the secrets' contents are not part of them."""
    section = settings_of(name, settings)
    own = fingerprint(name, section)
    if settings.smtp is None or not kind_named(name, settings).by_smtp:
        return own
    return fingerprint(own, settings.smtp)


def _unknown(name: str, settings: Settings) -> ConfigError:
    names = [*settings.destination, STORE]
    near = difflib.get_close_matches(name, names, 1)
    hint = f"Did you mean {near[0]}? " if near else ""
    return ConfigError(
        f"there is no destination {name!r}",
        about="destination",
        advice=f"{hint}There are {', '.join(names)}; or write an http(s):// URL",
    )
