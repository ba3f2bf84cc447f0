"""`mailpoll address`: the addresses of channels."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import click

from mailpoll import addressing
from mailpoll.commands.addressbook import (
    Book,
    free_token,
    option_option,
    parse_expiry,
    parse_name,
    parse_senders,
    parse_topic,
    say_state,
    say_topic,
    warn_if_guessable,
)
from mailpoll.commands.facts import print_facts
from mailpoll.commands.installation import Installation, now
from mailpoll.commands.output import json_option, local, print_json, print_table
from mailpoll.commands.takeover import import_
from mailpoll.errors import ConfigError
from mailpoll.settings import Duration

if TYPE_CHECKING:
    from mailpoll.store import Store

topic_option: Callable[[Any], Any] = click.option(
    "--topic", metavar="TEXT|none|channel", help="Topic of the posts: a fixed one, none, or that of the channel."
)
from_option: Callable[[Any], Any] = click.option(
    "--from", "senders", multiple=True, metavar="ADDRESS|DOMAIN",
    help="Post only what this sender, or this domain, writes; may be repeated. With the rest is "
    "done what --refused of the channel says.",
)  # fmt: skip
conversation_option: Callable[[Any], Any] = click.option(
    "--conversation/--no-conversation", default=None,
    help="The address is for people's answers in one conversation: what programs send there is ignored.",
)  # fmt: skip
as_option: Callable[[Any], Any] = click.option(
    "--as", "shown_as", metavar="NAME|none",
    help="Who is shown as the sender of what comes to this address, whatever the mail says.",
)  # fmt: skip
expires_option: Callable[[Any], Any] = click.option(
    "--expires", metavar="30d|DATE|never", help="When the address stops: mail to it is ignored from then on."
)


@click.group()
def command() -> None:
    """The addresses of channels: add, list, rotate, import, remove.

    An address is username+name.TOKEN@example.com; only the token counts. Where a TOKEN is asked for, a whole address
    does as well.
    """


@command.command()
@click.argument("channel")
@click.option("--token", metavar="WORD", help="Choose the token, like oncall; anybody may guess it.")
@click.option("--any", "anything", is_flag=True, help="Take every detail that no other address claims.")
@option_option
@topic_option
@from_option
@conversation_option
@click.option(
    "--in-reply-to",
    "post_id",
    type=int,
    metavar="POST",
    help="For the answers to this post, which `mailpoll posts` numbers: its topic and thread, and --conversation.",
)
@as_option
@expires_option
@json_option
@click.pass_obj
def add(
    installation: Installation,
    channel: str,
    token: str | None,
    anything: bool,
    options: tuple[str, ...],
    topic: str | None,
    senders: tuple[str, ...],
    conversation: bool | None,
    post_id: int | None,
    shown_as: str | None,
    expires: str | None,
    as_json: bool,
) -> None:
    """Give a channel one more address and print it.

    Its token is random, so that the address itself is the permission to write.

    \b
    Examples:
      mailpoll address add dev
      mailpoll address add dev --token oncall --from example.com
      mailpoll address add dev --topic deploys --expires 30d --json
      mailpoll address add dev --in-reply-to 17 --as "Jane Roe" --expires 30d --json
    """
    if token and anything:
        raise click.UsageError("--token and --any exclude each other.")
    if post_id is not None and topic is not None:
        raise click.UsageError("--in-reply-to and --topic exclude each other.")
    allowed, ends, own, name = parse_senders(senders), parse_expiry(expires), own_topic(topic), parse_name(shown_as)
    with installation.store() as store:
        store.channels.get(channel)
        if post_id is not None:
            own, conversation = _topic_of(store, channel, post_id), conversation is not False
        book, chosen = Book(installation, store), "*" if anything else token
        word = free_token(store, channel, chosen) if chosen else addressing.new_token()
        book.written(channel, word)
        store.channels.add_address(
            channel,
            word,
            now(),
            options=options,
            topic=own,
            allow_from=allowed,
            expires_at=ends,
            conversation=bool(conversation),
            answers=post_id or 0,
            shown_as=name or "",
        )
        if chosen:
            warn_if_guessable(word, allowed)
        if as_json:
            print_json(book.facts(book.find(word)))
        else:
            book.say(channel, book.written(channel, word))


@command.command("list")
@click.argument("channel", required=False)
@json_option
@click.pass_obj
def list_(installation: Installation, channel: str | None, as_json: bool) -> None:
    """List the addresses of a channel, or of all."""
    with installation.store() as store:
        known, book = store.channels.addresses(channel), Book(installation, store)
        if as_json:
            print_json([book.facts(address) for address in known])
            return
        rows = [
            (a.channel, (book.shown(a)[0],), say_state(a), a.options, (" ".join(a.allow_from) or "anyone",))
            for a in known
        ]
    print_table(
        ["channel", "address", "state", "options", "from"],
        rows,
        empty="There are no addresses yet. Make one: mailpoll address add CHANNEL",
    )


@command.command()
@click.argument("token")
@json_option
@click.pass_obj
def show(installation: Installation, token: str, as_json: bool) -> None:
    """Show everything about an address."""
    with installation.store() as store:
        book = Book(installation, store)
        known = book.find(token)
        if as_json:
            print_json(book.facts(known))
            return
        addresses = book.shown(known)
    print_facts(
        [
            ("address", addresses),
            ("token", known.token),
            ("channel", known.channel),
            ("state", say_state(known)),
            ("options", " ".join(known.options)),
            ("topic", say_topic(known.topic)),
            ("from", known.allow_from or "anyone"),
            ("conversation", "what programs send there is ignored" if known.conversation else ""),
            ("answers", f"go into the thread of post {known.answers}" if known.answers else ""),
            ("shown as", known.shown_as),
            ("expires", known.expires_at),
        ]
    )


@command.command("set")
@click.argument("token")
@option_option
@click.option("--no-options", is_flag=True, help="Take all its options away; those of the channel count.")
@topic_option
@from_option
@click.option("--from-anyone", is_flag=True, help="Lift the limit on senders.")
@conversation_option
@as_option
@expires_option
@click.pass_obj
def set_(
    installation: Installation,
    token: str,
    options: tuple[str, ...],
    no_options: bool,
    topic: str | None,
    senders: tuple[str, ...],
    from_anyone: bool,
    conversation: bool | None,
    shown_as: str | None,
    expires: str | None,
) -> None:
    """Change an address. What is given replaces what was there; the rest stays."""
    changes: dict[str, Any] = {}
    if options or no_options:
        changes["options"] = options
    if topic is not None:
        changes["topic"] = own_topic(topic)
    if senders or from_anyone:
        changes["allow_from"] = parse_senders(senders)
    if conversation is not None:
        changes["conversation"] = conversation
    if shown_as is not None:
        changes["shown_as"] = parse_name(shown_as)
    if expires is not None:
        changes["expires_at"] = parse_expiry(expires)
    if not changes:
        raise click.UsageError("Nothing to change: give --option, --topic, --from, --expires or one of the others.")
    _change(installation, token, "is changed", **changes)


@command.command()
@click.argument("token")
@click.pass_obj
def enable(installation: Installation, token: str) -> None:
    """Take mail for an address again."""
    _change(installation, token, "is enabled", enabled=True)


@command.command()
@click.argument("token")
@click.pass_obj
def disable(installation: Installation, token: str) -> None:
    """Ignore mail to an address; its token stays its own."""
    _change(installation, token, "is disabled: mail to it is ignored", enabled=False)


@command.command()
@click.argument("token")
@click.pass_obj
def remove(installation: Installation, token: str) -> None:
    """Remove an address; mail to it is unrouted from then on."""
    with installation.store() as store:
        book = Book(installation, store)
        known = book.find(token)
        shown = book.shown(known)[0]
        store.channels.remove_address(known.token)
    click.echo(f"{shown} is removed from channel {known.channel}.")


@command.command()
@click.argument("token")
@click.option("--grace", default="7d", show_default=True, metavar="7d", help="How long the old one still works.")
@json_option
@click.pass_obj
def rotate(installation: Installation, token: str, grace: str, as_json: bool) -> None:
    """Replace an address by a new one; the old one works for a while.

    For an address that leaked, or that somebody who left knows. Options, topic and limits are those of the old one.
    """
    try:
        ends = now() + timedelta(seconds=Duration(grace).seconds)
    except (ValueError, OverflowError) as problem:
        raise click.BadParameter('write a length of time like "7d", or "0s" for at once', param_hint="--grace") from problem  # fmt: skip # noqa: E501
    with installation.store() as store:
        book, new = Book(installation, store), addressing.new_token()
        old = book.find(token)
        written = book.written(old.channel, new)
        store.channels.rotate(old.token, new, now(), ends)
        old, known = book.find(old.token), book.find(new)
        if as_json:
            print_json({**book.facts(known), "old": book.facts(old)})
            return
        book.say(known.channel, written)
        click.echo(f"{book.shown(old)[0]} works until {local(old.expires_at)}.")


def _topic_of(store: Store, channel: str, post_id: int) -> str:
    """The topic of a post of the channel. Raises ConfigError for a post of another one."""
    post = store.outbox.get(post_id).post
    if post.channel != channel:
        raise ConfigError(f"it is one of channel {post.channel}", about=f"post {post_id}",
                          advice=f"Type: mailpoll address add {post.channel} --in-reply-to {post_id}")  # fmt: skip
    return post.topic


def own_topic(text: str | None) -> str | None:
    """`--topic` of an address: None leaves it to the channel."""
    if text == "subject":
        raise ConfigError("an address cannot ask for the subject", about="--topic",
                          advice="Set it for the channel: mailpoll channel set CHANNEL --topic subject")  # fmt: skip
    return None if text == "channel" else parse_topic(text)


command.add_command(import_)


def _change(installation: Installation, token: str, outcome: str, **changes: Any) -> None:
    with installation.store() as store:
        book = Book(installation, store)
        known = book.find(token)
        store.channels.set_address(known.token, **changes)
        click.echo(f"{book.shown(known)[0]} (channel {known.channel}) {outcome}.")
