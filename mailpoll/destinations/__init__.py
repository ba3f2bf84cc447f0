"""The registry of destinations: a configured name, or a URL → the object that posts. Kinds are imported when used.

`store`, the destination that is always there, is not made here: the store writes its posts itself, in the
transaction that reads the mail.
"""

from __future__ import annotations

import difflib
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from mailpoll import redaction
from mailpoll.crosscheck import url_problem
from mailpoll.errors import ConfigError
from mailpoll.model import Limits
from mailpoll.rate import Rate
from mailpoll.settings import CommandSettings, DestinationSettings, SecretRef, Settings, WebhookSettings, fingerprint

if TYPE_CHECKING:
    from mailpoll.destinations.command import CommandDestination
    from mailpoll.destinations.webhook import WebhookDestination

STORE = "store"


@dataclass(frozen=True, slots=True)
class Kind:
    """What people should know before they choose: how often a post arrives, what it takes, a section to start from."""

    name: str
    promise: str
    takes: str
    limits: Limits
    example: str
    rate: Rate = ()  # posts of one channel, unless [policy] or the channel says otherwise


KINDS: dict[str, Kind] = {
    "webhook": Kind(
        name="webhook",
        promise="at least once, doubles only after a lost answer; once, where the receiver honours Idempotency-Key",
        takes="text and attachments, as JSON with an HTTP POST",
        limits=Limits(),
        example="""\
[destination.NAME]
kind = "webhook"
url = "https://example.com/inbound"
secret = { file = "hook-key" }         # signs each request: Mailpoll-Signature
# bearer = { file = "hook-token" }     # or: username = "…", password = { file = "…" }
""",
    ),
    "command": Kind(
        name="command",
        promise="at least once; after a time-out the post is held for a person, unless on_uncertain says repost",
        takes="the raw mail on standard input, facts in the environment; exit 0 taken, 75 later, others never",
        limits=Limits(),
        example="""\
[destination.NAME]
kind = "command"
command = ["/usr/local/bin/ticket", "--new"]    # no shell; absolute path
timeout = 60                                    # seconds
""",
    ),
}


def make(
    name: str, settings: Settings, secret: Callable[[SecretRef, str], str]
) -> WebhookDestination | CommandDestination:
    """The destination called `name`; secrets are looked up now, nothing is connected.

    Args:
        name: of a [destination.NAME] section, or an http(s) URL, which is a web hook with nothing but defaults.
        secret: (reference, key path) → secret; raises ConfigError or AccessDenied.

    Raises:
        ConfigError: there is no such destination, or its URL cannot be used; or what `secret` raises.
        DestinationRefused: its settings cannot be used: a `ca_file` that is missing.
    """
    section = settings_of(name, settings)
    if isinstance(section, WebhookSettings):
        from mailpoll.destinations.webhook import WebhookDestination

        return WebhookDestination(name, section, secret)
    from mailpoll.destinations.command import CommandDestination

    return CommandDestination(name, section)


def settings_of(name: str, settings: Settings) -> DestinationSettings:
    """The settings of the destination called `name`; raises ConfigError as make() does."""
    if name in settings.destination:
        return settings.destination[name]
    if is_url(name):
        redaction.know_url(name)
        if problem := url_problem(name, allow_plaintext=False):
            raise ConfigError(f"the url {problem}", about="destination")
        return WebhookSettings(url=name)
    raise _unknown(name, settings)


def is_url(name: str) -> bool:
    """Whether `name` is a URL to be used as it is."""
    return name.lower().startswith(("http://", "https://"))


def limits_of(name: str, settings: Settings) -> Limits:
    """What the destination takes, without asking it; raises ConfigError as make() does."""
    section = settings_of(name, settings)
    files = section.attachments if isinstance(section, WebhookSettings) else True
    return replace(_kind(section).limits, files=files)


def rate_of(name: str, settings: Settings) -> Rate:
    """How many posts of one channel may leave for the destination, as its kind says; no limit for one that is not
    known."""
    try:
        return _kind(settings_of(name, settings)).rate
    except ConfigError:
        return ()


def _kind(section: DestinationSettings) -> Kind:
    return KINDS["command" if isinstance(section, CommandSettings) else "webhook"]


def settings_hash(name: str, settings: Settings) -> str:
    """64 hex digits that change when the destination's settings do; the secrets' contents are not part of them."""
    return fingerprint(name, settings_of(name, settings))


def example(kind: str) -> str:
    """A section of TOML to start from; raises ConfigError for an unknown kind."""
    if kind not in KINDS:
        raise ConfigError(f"there is no kind {kind!r}", about="destination", advice=f"There are {', '.join(KINDS)}")
    return KINDS[kind].example


def _unknown(name: str, settings: Settings) -> ConfigError:
    names = [*settings.destination, STORE]
    near = difflib.get_close_matches(name, names, 1)
    hint = f"Did you mean {near[0]}? " if near else ""
    return ConfigError(
        f"there is no destination {name!r}",
        about="destination",
        advice=f"{hint}There are {', '.join(names)}; or write an http(s):// URL",
    )
