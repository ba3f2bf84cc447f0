"""Channels and addresses between the store and people: checked on the way in, written out on the way back."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from functools import lru_cache
from typing import TYPE_CHECKING, Any, cast, get_args

import click

from mailpoll import addressing, config, router, visible
from mailpoll.commands.facts import shown_destination
from mailpoll.commands.installation import Installation, now
from mailpoll.commands.output import local
from mailpoll.errors import ConfigError
from mailpoll.model import OPTION_NAMES, KnownAddress, Quotes
from mailpoll.policy import entries
from mailpoll.settings import Duration

if TYPE_CHECKING:
    from mailpoll.store import Channel, Store

MAX_NAME = 60
# What `[unrouted] action` means by these words is not a channel.
_NOT_CHANNELS = frozenset({"hold", "ignore"})
# Of `--quotes`; the last means the setting, whatever it will be.
DEFAULT_QUOTES = "default"
QUOTES_WORDS = (*get_args(Quotes), DEFAULT_QUOTES)

option_option: Callable[[Any], Any] = click.option(
    "--option", "options", multiple=True, metavar="NAME", type=click.Choice(sorted(OPTION_NAMES)),
    help=f"How mail becomes a post; may be repeated. One of: {', '.join(sorted(OPTION_NAMES))}.",
)  # fmt: skip
quotes_option: Callable[[Any], Any] = click.option(
    "--quotes", metavar="NAME", type=click.Choice(QUOTES_WORDS),
    help="Who finds the new text of a reply: mailpoll or email-reply-parser; keep: its quotes stay; default: as "
         "[reader] quotes says.",
)  # fmt: skip


class Book:
    """The addresses of a store as they are written, one per pattern of the configuration."""

    def __init__(self, installation: Installation, store: Store) -> None:
        self._store = store
        self.patterns = config.patterns(installation.settings)
        self._separators = installation.settings.addresses.separators
        self._taken = lru_cache(maxsize=None)(self._decorations_taken)

    def written(self, channel: str, token: str) -> tuple[str, ...]:
        """The addresses of a token. Raises ConfigError when one would be too long."""
        taken = self._taken(channel)
        return tuple(
            addressing.write_address(pattern, channel, token, taken=taken, separator=self._separators[0])
            for pattern in self.patterns
        )

    def _decorations_taken(self, channel: str) -> frozenset[str]:
        return frozenset(self._store.channels.lookup(addressing.decorations(channel)))

    def find(self, text: str) -> KnownAddress:
        """The address that a token, `name.token` or a whole address names. Raises ConfigError when there is none."""
        if text == router.ANY:
            parts: tuple[str, ...] = (text,)
        else:
            details = [d for p in self.patterns if (d := router.pattern(p).detail(text)) is not None]
            detail = details[0] if details else text.partition("@")[0]
            parts = tuple(part.lower() for part in router.parts(detail, self._separators))
        known = self._store.channels.lookup(frozenset(parts))
        for part in parts:
            if part in known:
                return known[part]
        masked = router.mask(text, separators=self._separators)
        raise ConfigError(f"there is no address {masked}", advice="`mailpoll address list` shows all addresses.")

    def facts(self, known: KnownAddress) -> dict[str, Any]:
        """An address for programs."""
        return {
            "channel": known.channel,
            "token": known.token,
            "addresses": self.shown(known),
            "enabled": known.enabled,
            "expires_at": known.expires_at,
            "options": known.options,
            "from": known.allow_from,
            "topic": known.topic,
            "conversation": known.conversation,
            "answers": known.answers or None,
            "as": known.shown_as,
        }

    def shown(self, known: KnownAddress) -> tuple[str, ...]:
        """As written(); the bare token where an address would be too long or there is no pattern."""
        try:
            return self.written(known.channel, known.token) or (known.token,)
        except ConfigError:
            return (known.token,)

    def live(self, channel: str) -> tuple[KnownAddress, str] | None:
        """An address of a channel that mail comes in by now, as it is written; one that takes everybody's mail, where
        there are several. None where there is none."""
        found = [
            (known, written)
            for known in self._store.channels.addresses(channel)
            if known.enabled and not (known.expires_at and known.expires_at <= now())
            for written in self.shown(known)[:1]
            if "@" in written and router.ANY not in written
        ]
        return min(found, key=lambda each: bool(each[0].allow_from or each[0].conversation), default=None)

    def say(self, channel: str, addresses: Sequence[str], *, targets: Sequence[tuple[str, str]] = ()) -> None:
        """Prints what to write to, and where that goes."""
        if not addresses:
            click.echo("There is no pattern to make an address of: add patterns = [\"username+%s@example.com\"] under "
                       "[addresses], or an account.")  # fmt: skip
            return
        click.echo(f"Mail to {' or '.join(addresses)} goes to {channel}{onwards(targets)}.")


def onwards(targets: Sequence[tuple[str, str]]) -> str:
    """Where posts of a channel go, behind its name: ` → slack:#ops, store`."""
    return f" → {', '.join(shown_destination(*target) for target in targets)}" if targets else ""


def parse_name(name: str | None) -> str | None:
    """`--as`: who is shown as the sender; "none" for who the mail says, None where nothing was given."""
    if name is None or name == "none":
        return None if name is None else ""
    shown = visible.line(name).strip()
    if not shown or len(shown) > MAX_NAME or any(character in "<>@" for character in shown):
        raise ConfigError(f"{name!r} cannot be shown as a sender", about="--as",
                          advice=f"Write a name of up to {MAX_NAME} characters without < > @, or none.")  # fmt: skip
    return shown


def checked_name(name: str) -> str:
    """A new channel's name. Raises ConfigError for one that could not be named in a command or an address."""
    if problem := _name_problem(name):
        raise ConfigError(f"{name!r} cannot be a channel's name: {problem}", advice="Write a short word, like dev.")
    return name


def _name_problem(name: str) -> str:
    if not name or name != name.strip() or not name.isprintable():
        return "it is empty, or has blanks around it, or characters that cannot be seen"
    if len(name) > MAX_NAME:
        return f"it has more than {MAX_NAME} characters"
    if name.startswith("-") or "@" in name:
        return "it starts with -, or holds an @"
    if not any(character.isalnum() for character in name):
        return "it has neither a letter nor a digit"
    if name.lower() in _NOT_CHANNELS | OPTION_NAMES:
        return "the word has a meaning of its own here"
    if addressing.looks_like_token(name.lower()):
        return "it looks like a token"
    return ""


def checked_prefix(prefix: str) -> str:
    """A prefix of topics. Raises ConfigError for one that breaks the line."""
    if not prefix.isprintable() and prefix:
        raise ConfigError("a prefix is one line of visible characters", about="--prefix")
    return prefix


def parse_prefix(text: str) -> str:
    """`--prefix TEXT|none` as the store keeps it; raises as checked_prefix()."""
    return "" if text == "none" else checked_prefix(text)


def free_token(store: Store, channel: str, text: str) -> str:
    """A chosen token. Raises ConfigError when it cannot be one, or would catch mail to the addresses of a channel."""
    token = addressing.chosen_token(text)
    for other in store.channels.list():
        if other.name != channel and token != router.ANY and token == addressing.slug(other.name):
            raise ConfigError(
                f"the word {token!r} stands in the addresses of channel {other.name}, whose mail would go astray",
                advice="Choose another token.",
            )
    return token


def warn_if_guessable(token: str, senders: Sequence[str]) -> None:
    """Says on standard error that anybody may guess this address."""
    if senders or len(token) >= 20:
        return
    what = "Every detail that no other address claims comes in here" if token == router.ANY else "This address can be guessed"  # fmt: skip # noqa: E501
    click.echo(f"mailpoll: {what}: limit who may write to it with --from ADDRESS or --from DOMAIN.", err=True)


def parse_topic(text: str | None) -> str | None:
    """`--topic FIXED|none|subject` as the store keeps it: None takes the subject, "" means no topics."""
    return None if text is None or text == "subject" else "" if text == "none" else checked_prefix(text)


def say_topic(topic: str | None) -> str:
    """The topic for people."""
    return "the subject" if topic is None else f'"{topic}"' if topic else "none"


def parse_quotes(text: str | None) -> Quotes | None:
    """One of the words of `--quotes` as the store keeps it: None takes the setting."""
    return None if text is None or text == DEFAULT_QUOTES else cast(Quotes, text)


def say_quotes(quotes: Quotes | None, setting: Quotes) -> str:
    """Who finds the new text of a channel's mails, for people."""
    return quotes or f"{setting}, as [reader] says"


def parse_senders(texts: Sequence[str]) -> tuple[str, ...]:
    """`--from` values, lower-case. Raises ConfigError for what is neither an address nor a domain."""
    for text in texts:
        if problem := entries.entry_problem(text):
            raise ConfigError(f"{text!r} is neither an address nor a domain: it {problem}", about="--from",
                              advice=f"Write for example {entries.EXAMPLES}.")  # fmt: skip
    return tuple(text.lower() for text in texts)


def parse_expiry(text: str | None) -> datetime | None:
    """`30d`, `2026-12-31`, or None and `never`. Raises ConfigError for anything else and for the past."""
    if text is None or text == "never":
        return None
    try:
        try:
            moment = now() + timedelta(seconds=Duration(text).seconds)
        except ValueError:
            moment = datetime.fromisoformat(text).astimezone()
    except (ValueError, OverflowError):
        raise ConfigError(f"{text!r} is neither a time like 30d nor a date like 2026-12-31", about="--expires") from None  # fmt: skip # noqa: E501
    if moment <= now() and not re.fullmatch(r"0+[smhdw]", text):
        raise ConfigError(f"{text} is over already", about="--expires", advice="Or use `address disable`.")
    return moment


def say_state(known: KnownAddress) -> str:
    """Whether mail to an address is taken, for people."""
    if not known.channel_enabled:
        return "channel disabled"
    if not known.enabled:
        return "disabled"
    if known.expires_at is None:
        return "enabled"
    return f"{'expired' if known.expires_at <= now() else 'until'} {local(known.expires_at)}"


def channel_facts(channel: Channel, posts: dict[str, int] | None = None) -> dict[str, Any]:
    """A channel for programs."""
    facts: dict[str, Any] = {
        "name": channel.name,
        "enabled": channel.enabled,
        "destinations": [shown_destination(*target) for target in channel.targets],
        "topic": channel.topic,
        "prefix": channel.prefix,
        "options": channel.options,
        "quotes": channel.quotes,
        "policy": channel.policy,
        "rate": channel.rate,
        "created_at": channel.created_at,
    }
    return facts if posts is None else {**facts, "posts": posts}
