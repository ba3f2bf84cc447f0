"""`mailpoll posts`: what went out, and what did not."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any, Literal, get_args

import click
import msgspec

from mailpoll import router
from mailpoll.commands import outlook
from mailpoll.commands.facts import agreed, number, print_facts, shown_destination, yes_option
from mailpoll.commands.installation import Installation, now
from mailpoll.commands.outlook import Outlook
from mailpoll.commands.output import json_option, one_line, print_json, print_table, safe_text
from mailpoll.errors import PermanentFailure
from mailpoll.model import Delivery, DeliveryState

if TYPE_CHECKING:
    from mailpoll.store import Store

# Beside their states: what waits for a person to open its destination, whichever of those it is in.
PAUSED = "paused"
RETRIED = ("failed", "delayed", "uncertain")
RESENT = ("delivered", "failed", "delayed", "uncertain")
DROPPED = ("pending", "delayed", "uncertain", "held", "failed")

# Why a post in some other state is left alone.
_INSTEAD = {
    "pending": "it goes out with the next run",
    "sending": "a run is sending it at this moment",
    "delivered": "`mailpoll posts resend {post}` sends it once more",
    "held": "it waits for a person; `mailpoll messages release {message}` lets it go",
    "duplicate": "the same mail was posted already",
}

ids_argument: Callable[[Any], Any] = click.argument("ids", nargs=-1, type=int, metavar="ID...")


@click.group()
def command() -> None:
    """What went out: list, show, retry, resend, drop."""


@command.command("list")
@click.option("--channel", metavar="NAME", default="", help="Only those of this channel.")
@click.option(
    "--state", "states", multiple=True, type=click.Choice((*get_args(DeliveryState), PAUSED)), help="Only these."
)  # fmt: skip
@click.option("--limit", type=click.IntRange(min=1), default=30, show_default=True, help="How many, newest first.")
@json_option
@click.pass_obj
def list_(
    installation: Installation,
    channel: str,
    states: tuple[DeliveryState | Literal["paused"], ...],
    limit: int,
    as_json: bool,
) -> None:
    """List posts, newest first.

    What waits for a destination that is paused is called so; `mailpoll destination list` says why, and what opens it.

    \b
    Examples:
      mailpoll posts list
      mailpoll posts list --state paused
      mailpoll posts list --channel dev --state failed --state uncertain
    """
    with installation.store() as store:
        plain = tuple(state for state in states if state != "paused")
        posts = store.outbox.list(
            channel=channel, states=plain, paused=PAUSED in states, limit=limit, newest_first=True
        )
        sight = outlook.of_pauses(store, now())
        masked = masks(installation, store, posts)
        if channel and not posts:
            store.channels.get(channel)
    if as_json:
        print_json([post_facts(post, masked, sight) for post in posts])
        return
    print_table(
        ["id", "time", "state", "channel", "destination", "subject", "text, or what is wrong"],
        [
            (
                d.id,
                d.changed_at,
                sight.word(d),
                d.post.channel,
                shown_destination(d.post.destination, d.post.place),
                one_line(d.post.subject or d.post.topic or d.post.body, 32),
                d.error if d.error and d.state != "delivered" else d.post.body,
            )
            for d in posts
        ],
        empty="There are no posts" + (" like that." if channel or states else " yet."),
    )


@command.command()
@click.argument("post_id", type=int, metavar="ID")
@json_option
@click.pass_obj
def show(installation: Installation, post_id: int, as_json: bool) -> None:
    """Show a post: its facts, then its text."""
    with installation.store() as store:
        delivery = store.outbox.get(post_id)
        masked = masks(installation, store, [delivery])
        sight = outlook.of_pauses(store, now())
    if as_json:
        print_json(post_facts(delivery, masked, sight))
        return
    post = delivery.post
    why = sight.why(delivery) if sight.is_paused(delivery) else delivery.error
    click.echo(f"Post {delivery.id} is {sight.word(delivery)}{f': {one_line(why, 500)}' if why else ''}")
    print_facts(
        [
            ("channel", post.channel),
            ("to", shown_destination(post.destination, post.place)),
            ("topic", post.topic),
            ("from", post.sender),
            ("subject", post.subject),
            ("date", post.date),
            ("address", masked(post.address)),
            ("tag", post.tag),
            ("message", delivery.message_id),
            ("attachments", tuple(f"{a.name} ({a.type}, {a.size} octets)" for a in post.attachments)),
            ("attempts", delivery.attempts),
            ("next attempt", delivery.due_at),
            ("made", delivery.created_at),
            ("changed", delivery.changed_at),
            ("uncertain", delivery.uncertain_at),
            ("receipt", delivery.receipt),
            ("link", delivery.receipt_url),
        ]
    )
    click.echo(f"\n{safe_text(post.body)}")


@command.command()
@ids_argument
@click.option("--state", type=click.Choice(RETRIED), help="Every post in this state.")
@click.pass_obj
def retry(installation: Installation, ids: tuple[int, ...], state: DeliveryState | None) -> None:
    """Try posts again with the next run, their attempts counted anew.

    The idempotency key stays: a receiver that has the post already, and honours the key, does not post it twice.

    \b
    Examples:
      mailpoll posts retry 17
      mailpoll posts retry --state failed
    """
    if bool(ids) == (state is not None):
        raise click.UsageError("Give either post IDs or --state.")
    with installation.store() as store:
        posts = _chosen(store, ids, RETRIED) if state is None else _in_state(store, state)
        for delivery in posts:
            store.outbox.retry(delivery, now())
        closed = _closed(store, posts)
    click.echo(f"{number(len(posts), 'post')} will be tried by the next run{closed}.")


@command.command()
@click.argument("post_id", type=int, metavar="ID")
@yes_option
@click.pass_obj
def resend(installation: Installation, post_id: int, yes: bool) -> None:
    """Send a post once more, as a new one, whatever became of it.

    It gets a new idempotency key, so that it may stand there twice. For a post that was deleted at its destination.
    """
    with installation.store() as store:
        [delivery] = _chosen(store, [post_id], RESENT)
        where = shown_destination(delivery.post.destination, delivery.post.place)
        if not agreed(f"Post {post_id} is {delivery.state}; send it to {where} once more?", yes=yes):
            return
        store.outbox.resend(delivery, secrets.token_hex(16), now())
        closed = _closed(store, [delivery])
    click.echo(f"Post {post_id} goes to {where} once more with the next run{closed}.")


@command.command()
@ids_argument
@click.option("--state", type=click.Choice(DROPPED), help="Every post in this state.")
@yes_option
@click.pass_obj
def drop(installation: Installation, ids: tuple[int, ...], state: DeliveryState | None, yes: bool) -> None:
    """Give posts up that have not left, or acknowledge that they failed.

    `status` and `doctor` count a failed post until it is dropped. A dropped post stays in `posts list`, and goes out
    again only by `posts retry ID` or `posts resend ID`.

    \b
    Examples:
      mailpoll posts drop 17
      mailpoll posts drop --state failed
    """
    if bool(ids) == (state is not None):
        raise click.UsageError("Give either post IDs or --state.")
    with installation.store() as store:
        posts = _chosen(store, ids, DROPPED) if state is None else _in_state(store, state)
        if state and posts and not agreed(f"Drop {number(len(posts), f'{state} post')}?", yes=yes):
            return
        for delivery in posts:
            store.outbox.drop(delivery, now())
    click.echo(f"{number(len(posts), 'post')} dropped.")


def _closed(store: Store, posts: Sequence[Delivery]) -> str:
    """What has to be typed before posts can leave, as the end of a sentence; empty where nothing has."""
    pauses = outlook.of_pauses(store, now()).pauses
    names = dict.fromkeys(post.post.destination for post in posts if post.post.destination in pauses)
    return f" after: {'; '.join(map(outlook.resume, names))}" if names else ""


def post_line(delivery: Delivery, sight: Outlook) -> str:
    """A post in one line."""
    where = shown_destination(delivery.post.destination, delivery.post.place)
    proof = delivery.error or delivery.receipt_url or delivery.receipt
    line = f"post {delivery.id}: {delivery.post.channel} → {where} {sight.word(delivery)}"
    return f"{line} ({proof})" if proof else line


def masks(installation: Installation, store: Store, posts: Sequence[Delivery]) -> Callable[[str], str]:
    """What masks the addresses that these posts came in by: every part of them that is a token, however short."""
    separators = installation.settings.addresses.separators
    local_parts = {delivery.post.address.rpartition("@")[0] for delivery in posts}
    parts = {part.lower() for local_part in local_parts for part in router.parts(local_part, separators)}
    tokens = store.channels.lookup(parts)
    return lambda address: router.mask(address, tokens, separators)


def post_facts(delivery: Delivery, masked: Callable[[str], str], sight: Outlook) -> dict[str, Any]:
    """A post for programs; `masked` are masks() of the address it came in by."""
    facts: dict[str, Any] = msgspec.to_builtins(delivery)
    facts["message"] = facts.pop("message_id")  # the post's own message_id is the Message-ID of its mail
    post = facts.pop("post")
    post["address"] = masked(delivery.post.address)
    post["destination"] = shown_destination(delivery.post.destination)
    return {**facts, **post, "paused": sight.is_paused(delivery)}


def _in_state(store: Store, state: DeliveryState) -> tuple[Delivery, ...]:
    """The posts in a state that nobody has dropped."""
    from mailpoll.store.outbox import is_dropped

    return tuple(delivery for delivery in store.outbox.list(states=(state,)) if not is_dropped(delivery))


def _chosen(store: Store, ids: Sequence[int], states: Sequence[str]) -> tuple[Delivery, ...]:
    """The posts `ids`, once each, all looked at before any is changed. Raises PermanentFailure for one that there is
    nothing to do for."""
    posts = tuple(store.outbox.get(post_id) for post_id in dict.fromkeys(ids))
    sight = outlook.of_pauses(store, now())
    for delivery in posts:
        name = f"post {delivery.id}"
        if delivery.post.destination == "store" and delivery.state != "held":
            raise PermanentFailure(f"{name} is a row of the store itself, so there is nothing to send",
                                   advice=f"`mailpoll posts show {delivery.id}` shows it.")  # fmt: skip
        if delivery.state not in states and sight.is_paused(delivery) and delivery.state != "sending":
            raise PermanentFailure(f"{name} is paused: {sight.why(delivery)}")
        if delivery.state not in states:
            instead = _INSTEAD[delivery.state].format(message=delivery.message_id, post=delivery.id)
            raise PermanentFailure(f"{name} is {delivery.state}: {instead}")
    return posts
