"""The flags of `channel add` and `channel set` that say whose mail is posted, and how much of it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, get_args

import click

from mailpoll import rate
from mailpoll.errors import ConfigError
from mailpoll.model import Disposition, Method, Refused
from mailpoll.policy import entries

if TYPE_CHECKING:
    from mailpoll.settings import Settings
    from mailpoll.store import Channel

DEFAULT, NONE = "default", "none"
# Flags that may be repeated, by the field of model.Policy that they set.
_LISTS = ("require", "allow_from", "deny_from")
_WORDS = ("refused", "auto_replies", "bounces", "notifications", "verification_mail")


def _list(flag: str, metavar: str, text: str) -> Callable[[Any], Any]:
    return click.option(flag, multiple=True, metavar=metavar, help=f"{text} May be repeated.")


def _word(flag: str, words: Sequence[str], text: str) -> Callable[[Any], Any]:
    choices = [*words, DEFAULT]
    return click.option(flag, type=click.Choice(choices), metavar="|".join(choices), help=text)


_OPTIONS = (
    _list(
        "--require",
        f"{'|'.join(get_args(Method))}|none|default",
        "Post only mail that the receiving server found to pass this.",
    ),
    _list("--allow-from", "ADDRESS|DOMAIN|none|default", "Post only what these write: addresses, domains, globs."),
    _list("--deny-from", "ADDRESS|DOMAIN|none|default", "Do not post what these write."),
    _word("--refused", get_args(Refused), "What follows when the sender may not write, or is not verified."),
    _word("--auto-replies", get_args(Disposition), "What is done with the mail of answering machines."),
    _word("--bounces", get_args(Disposition), "What is done with reports that a mail was not delivered."),
    _word("--notifications", get_args(Disposition), "What is done with other mail of programs and mailing lists."),
    _word(
        "--verification-mail", get_args(Disposition), "What is done with codes and links to sign in or confirm with."
    ),
    click.option(
        "--rate",
        metavar="50/1m...|none|default",
        help="How many posts leave in how long, to each destination; what is over waits.",
    ),
)


def policy_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """Adds the flags; their values come as `require`, `allow_from`, …, `rate`."""
    for option in reversed(_OPTIONS):
        command = option(command)
    return command


def parse_policy(flags: Mapping[str, Any]) -> dict[str, Any]:
    """What these flags change, by the field of model.Policy; None for what is to be as the settings say.

    Raises ConfigError for what is neither an address nor a domain, or no result that a server can have found.
    """
    changes: dict[str, Any] = {}
    for name in _LISTS:
        if values := flags[name]:
            changes[name] = _parsed_list(f"--{name.replace('_', '-')}", values)
    for name in _WORDS:
        if value := flags[name]:
            changes[name] = None if value == DEFAULT else value
    return changes


def _parsed_list(flag: str, values: Sequence[str]) -> tuple[str, ...] | None:
    if {DEFAULT, NONE} & set(values):
        if len(values) > 1:
            raise ConfigError(f"{DEFAULT} and {NONE} stand alone", about=flag)
        return None if values[0] == DEFAULT else ()
    if flag == "--require":
        if unknown := [value for value in values if value not in get_args(Method)]:
            raise ConfigError(f"{unknown[0]!r} is nothing that a server checks", about=flag,
                              advice=f"Write {', '.join(get_args(Method))}, {NONE} or {DEFAULT}.")  # fmt: skip
        return tuple(dict.fromkeys(values))
    return checked_senders(values, flag)


def checked_senders(values: Sequence[str], flag: str) -> tuple[str, ...]:
    """Entries of a list of senders, lower-case. Raises ConfigError for what cannot be one."""
    for value in values:
        if problem := entries.entry_problem(value):
            raise ConfigError(f"{value!r} {problem}", about=flag, advice=f"Write for example {entries.EXAMPLES}.")
    return tuple(dict.fromkeys(value.lower() for value in values))


def warn_of_policy(channel: Channel, settings: Settings) -> None:
    """Says on standard error when a channel's policy lets no mail through, or not what somebody may expect."""
    own = channel.policy
    if own.get("require", settings.policy.require) and not is_judged(settings):
        what = f"channel {channel.name} requires what a mail server found, and nothing says whose findings count"
        click.echo(f"mailpoll: {what}: until policy.authserv_id is set, no mail is taken as verified.", err=True)
    allowed = own.get("allow_from", settings.policy.allow_from)
    denied = [entry.lower() for entry in own.get("deny_from", settings.policy.deny_from)]
    if both := [entry for entry in allowed if entry.lower() in denied]:
        click.echo(f"mailpoll: of {', '.join(both[:5])} nothing is posted: deny_from wins over allow_from.", err=True)


def is_judged(settings: Settings) -> bool:
    """Whether it is known whose findings count, for some mail at least."""
    accounts = settings.account.values()
    return settings.policy.authserv_id is not None or any(each.authserv_id is not None for each in accounts)


def parse_rate(text: str) -> str | None:
    """`--rate` as the store keeps it: None is as the settings and the kind of the destination say.

    Raises ConfigError for what is no rate.
    """
    if text == DEFAULT:
        return None
    if problem := rate.problem(text):
        raise ConfigError(problem, about="--rate")
    return text


def say_policy(channel: Channel) -> tuple[str, ...]:
    """What a channel has of its own policy, a line each, for people."""
    said = (f"{name.replace('_', '-')}: {_say(value)}" for name, value in channel.policy.items())
    return tuple(said) or ("as [policy] says",)


def _say(value: str | Sequence[str]) -> str:
    return value if isinstance(value, str) else ", ".join(value) or NONE
