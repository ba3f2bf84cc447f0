"""`mailpoll channel`: where mail goes."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import click

from mailpoll import addressing
from mailpoll.commands.addressbook import (
    DEFAULT_QUOTES,
    Book,
    channel_facts,
    checked_name,
    free_token,
    onwards,
    option_option,
    parse_prefix,
    parse_quotes,
    parse_topic,
    quotes_option,
    say_quotes,
    say_topic,
    warn_if_guessable,
)
from mailpoll.commands.facts import agreed, counted, print_facts, shown_destination, yes_option
from mailpoll.commands.installation import Installation, now
from mailpoll.commands.output import json_option, print_json, print_table
from mailpoll.commands.placing import parse_targets
from mailpoll.commands.policy_options import parse_policy, parse_rate, policy_options, say_policy, warn_of_policy

STORE = (("store", ""),)

to_option: Callable[[Any], Any] = click.option(
    "--to", "destinations", multiple=True, metavar="DESTINATION[:PLACE]",
    help="Where posts go: a destination of the configuration, an http(s) URL, or store; may be repeated.",
)  # fmt: skip
topic_option: Callable[[Any], Any] = click.option(
    "--topic", metavar="TEXT|none|subject", help="Topic of the posts: a fixed one, none, or the mail's subject."
)
prefix_option: Callable[[Any], Any] = click.option(
    "--prefix",
    metavar="TEXT|none",
    help="Text that begins each post, like a mention, or none: nothing in it is changed. Answers in a thread are "
    "without it; web hooks that know no threads have it in each post.",
)


@click.group()
def command() -> None:
    """Where mail goes: add, list, change, remove channels.

    A channel has addresses that people write to, and destinations that its posts go to.
    """


@command.command()
@click.argument("name")
@to_option
@topic_option
@prefix_option
@option_option
@quotes_option
@policy_options
@click.option("--token", metavar="WORD", help="Choose the token of its address, like oncall; anybody may guess it.")
@click.option("--no-address", is_flag=True, help="Make no address yet.")
@json_option
@click.pass_obj
def add(
    installation: Installation,
    /,
    name: str,
    destinations: tuple[str, ...],
    topic: str | None,
    prefix: str | None,
    options: tuple[str, ...],
    quotes: str | None,
    token: str | None,
    no_address: bool,
    as_json: bool,
    **policy: Any,
) -> None:
    """Make a channel and its first address.

    Without --to its posts are kept in the store and shown by `mailpoll posts`. Posts of a new channel name their
    sender, unless `--option hide-sender` is given.

    \b
    Examples:
      mailpoll channel add dev
      mailpoll channel add dev --to http://localhost:3000/inbound
      mailpoll channel add alerts --to store --topic none --token oncall
      mailpoll channel add board --require dmarc --allow-from example.com
    """
    if token and no_address:
        raise click.UsageError("--token and --no-address exclude each other.")
    targets = parse_targets(installation, destinations) or STORE
    sender = () if {"show-sender", "hide-sender"} & set(options) else ("show-sender",)
    with installation.store() as store:
        book = Book(installation, store)
        checked_name(name)
        chosen = free_token(store, name, token) if token else addressing.new_token()
        written = () if no_address else book.written(name, chosen)
        store.channels.add(
            name,
            targets,
            now(),
            topic=parse_topic(topic),
            prefix=parse_prefix(prefix or ""),
            options=(*sender, *options),
            quotes=parse_quotes(quotes),
            policy={name: value for name, value in parse_policy(policy).items() if value is not None},
            rate=parse_rate(policy["rate"] or "default"),
            address=None if no_address else chosen,
        )
        if token:
            warn_if_guessable(chosen, ())
        warn_of_policy(store.channels.get(name), installation.settings)
        if as_json:
            print_json({**channel_facts(store.channels.get(name)), "addresses": written})
        elif no_address:
            click.echo(f"Channel {name}{onwards(targets)} is there; `mailpoll address add {name}` gives it an address.")
        else:
            book.say(name, written, targets=targets)


@command.command("list")
@json_option
@click.pass_obj
def list_(installation: Installation, as_json: bool) -> None:
    """List the channels."""
    with installation.store() as store:
        channels = store.channels.list()
    if as_json:
        print_json([channel_facts(channel) for channel in channels])
        return
    print_table(
        ["channel", "state", "topic", "options", "quotes", "posts to"],
        [
            (
                c.name,
                "enabled" if c.enabled else "disabled",
                say_topic(c.topic),
                c.options,
                c.quotes or DEFAULT_QUOTES,
                tuple(shown_destination(*t) for t in c.targets),
            )
            for c in channels
        ],
        empty="There are no channels yet. Make one: mailpoll channel add NAME",
    )


@command.command()
@click.argument("name")
@json_option
@click.pass_obj
def show(installation: Installation, name: str, as_json: bool) -> None:
    """Show everything about a channel.

    Its destinations, options and addresses, and how many of its posts are in which state.
    """
    with installation.store() as store:
        channel, posts = store.channels.get(name), store.outbox.counts(name)
        book, known = Book(installation, store), store.channels.addresses(name)
        if as_json:
            print_json({**channel_facts(channel, posts), "addresses": [book.facts(address) for address in known]})
            return
        addresses = [" or ".join(book.shown(address)) for address in known]
    click.echo(f"{channel.name} is {'enabled' if channel.enabled else 'disabled'}")
    print_facts(
        [
            ("posts to", tuple(shown_destination(*target) for target in channel.targets) or "nowhere"),
            ("topic", say_topic(channel.topic)),
            ("prefix", channel.prefix),
            ("options", " ".join(channel.options)),
            ("quotes", say_quotes(channel.quotes, installation.settings.reader.quotes)),
            ("policy", say_policy(channel)),
            ("rate", channel.rate or "as [policy] says"),
            ("made", channel.created_at),
            ("addresses", addresses or f"none; `mailpoll address add {name}` makes one"),
            ("posts", counted(posts) or "none yet"),
        ]
    )


@command.command("set")
@click.argument("name")
@to_option
@topic_option
@prefix_option
@option_option
@quotes_option
@policy_options
@click.option("--no-options", is_flag=True, help="Take all options away.")
@click.pass_obj
def set_(
    installation: Installation,
    /,
    name: str,
    destinations: tuple[str, ...],
    topic: str | None,
    prefix: str | None,
    options: tuple[str, ...],
    quotes: str | None,
    no_options: bool,
    **policy: Any,
) -> None:
    """Change a channel. What is given replaces what was there; the rest stays.

    \b
    Example:
      mailpoll channel set dev --to store --to http://localhost:3000/inbound
      mailpoll channel set dev --allow-from default --auto-replies post
    """
    changes: dict[str, Any] = {}
    if topic is not None:
        changes["topic"] = parse_topic(topic)
    if prefix is not None:
        changes["prefix"] = parse_prefix(prefix)
    if options or no_options:
        changes["options"] = options
    if quotes is not None:
        changes["quotes"] = parse_quotes(quotes)
    if changed := parse_policy(policy):
        changes["policy"] = changed
    if policy["rate"] is not None:
        changes["rate"] = parse_rate(policy["rate"])
    if destinations:
        changes["targets"] = parse_targets(installation, destinations)
    if not changes:
        raise click.UsageError("Nothing to change: give --to, --topic, --prefix, --option or one of the others.")
    with installation.store() as store:
        store.channels.set(name, **changes)
        if "policy" in changes:
            warn_of_policy(store.channels.get(name), installation.settings)
    onto = onwards(changes.get("targets", ()))
    click.echo(f"Channel {name}{onto} is changed; posts that were made before stay as they are.")


@command.command()
@click.argument("name")
@click.pass_obj
def enable(installation: Installation, name: str) -> None:
    """Take mail for a channel again."""
    with installation.store() as store:
        store.channels.set(name, enabled=True)
    click.echo(f"Channel {name} is enabled.")


@command.command()
@click.argument("name")
@click.pass_obj
def disable(installation: Installation, name: str) -> None:
    """Ignore mail to a channel; its addresses stay its own."""
    with installation.store() as store:
        store.channels.set(name, enabled=False)
    click.echo(f"Channel {name} is disabled: mail to it is ignored. `mailpoll channel enable {name}` ends that.")


@command.command()
@click.argument("name")
@yes_option
@click.pass_obj
def remove(installation: Installation, name: str, yes: bool) -> None:
    """Remove a channel with its addresses. Its posts stay.

    Mail to its addresses is unrouted from then on. To stop a channel for a while, disable it.
    """
    with installation.store() as store:
        count = len(store.channels.addresses(name))
        if not agreed(f"Remove channel {name} and its addresses ({count})?", yes=yes):
            return
        store.channels.remove(name)
    click.echo(f"Channel {name} is removed, and its addresses ({count}).")
    for setting in _settings_naming(installation, name):
        click.echo(f"{setting} still names it: change that in {installation.path}.")


@command.command()
@click.argument("name")
@click.option("--by-mail", is_flag=True, help="Send a real mail by [smtp] to the channel's address, and follow it.")
@click.option(
    "--within", type=click.FloatRange(1, 3600), default=120, show_default=True, metavar="SECONDS",
    help="With --by-mail: how long the mail is waited for.",
)  # fmt: skip
@json_option
@click.pass_obj
def test(installation: Installation, name: str, by_mail: bool, within: float, as_json: bool) -> int:
    """Send a test mail through a channel.

    Says what came of each destination.

    The mail is made here and does not go over any mail server; it is stored, read and posted as every other, whatever
    the channel's policy makes of strangers.

    With --by-mail it goes the whole way: out by [smtp], to the channel's address, into the inbox, through a run. Each
    hop is told with the seconds it took, and the one that is not made with what to do.

    \b
    Examples:
      mailpoll channel test dev
      mailpoll channel test dev --by-mail --within 300
    """
    if by_mail:
        from mailpoll.commands.trial_mail import try_by_mail

        return try_by_mail(installation, name, seconds=within, as_json=as_json)
    from mailpoll.commands.trial import try_channel

    return try_channel(installation, name, as_json=as_json)


def _settings_naming(installation: Installation, channel: str) -> tuple[str, ...]:
    """The key paths of the configuration that name a channel."""
    settings = installation.settings
    accounts = tuple(f"account.{name}.channel" for name, a in settings.account.items() if a.channel == channel)
    return (*accounts, "unrouted.action") if settings.unrouted.action == channel else accounts
