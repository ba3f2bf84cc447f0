"""`mailpoll messages`: what came in."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, get_args

import click
from msgspec.structs import asdict

from mailpoll.commands import outlook
from mailpoll.commands.facts import number, print_facts
from mailpoll.commands.installation import Installation, now
from mailpoll.commands.outlook import Outlook
from mailpoll.commands.output import json_option, local, one_line, print_json, print_table
from mailpoll.commands.posts import masks, post_facts, post_line
from mailpoll.errors import AccessDenied, PermanentFailure
from mailpoll.model import Delivery, MessageState

if TYPE_CHECKING:
    from mailpoll.store import Entry, Store

RETRIED = ("unrouted", "held", "quarantined", "ignored", "read")

ids_argument: Callable[[Any], Any] = click.argument("ids", nargs=-1, type=int, metavar="ID...", required=True)


@click.group()
def command() -> None:
    """What came in: list, show, export, retry, release, drop."""


@command.command("list")
@click.option("--state", "states", multiple=True, type=click.Choice(get_args(MessageState)), help="Only these.")
@click.option("--limit", type=click.IntRange(min=1), default=30, show_default=True, help="How many, newest first.")
@json_option
@click.pass_obj
def list_(installation: Installation, states: tuple[MessageState, ...], limit: int, as_json: bool) -> None:
    """List messages, newest first.

    Held are also those that were posted to one channel, and wait for a person for another.

    \b
    Examples:
      mailpoll messages list
      mailpoll messages list --state unrouted --state held
    """
    with installation.store() as store:
        entries = store.messages.list(states=states, limit=limit)
    if as_json:
        print_json(entries)
        return
    print_table(
        ["id", "received", "state", "from", "subject", "why"],
        [(e.id, e.accepted_at, e.state, one_line(e.sender, 32), one_line(e.subject, 40), e.reason) for e in entries],
        empty="There are no messages" + (" in this state." if states else " yet."),
    )


@command.command()
@click.argument("message_id", type=int, metavar="ID")
@json_option
@click.pass_obj
def show(installation: Installation, message_id: int, as_json: bool) -> None:
    """Show a message's whole life.

    Where it came from, how it was read, what became of its posts.
    """
    with installation.store() as store:
        entry = store.messages.get(message_id)
        posts = store.outbox.list(message_id=message_id)
        masked = masks(installation, store, posts)
        sight = outlook.of_pauses(store, now())
    if as_json:
        print_json({**asdict(entry), "posts": [post_facts(post, masked, sight) for post in posts]})
        return
    click.echo(f"Message {entry.id} is {entry.state}{f': {one_line(entry.reason, 500)}' if entry.reason else ''}")
    print_facts(_facts(entry, posts, sight))


def _facts(entry: Entry, posts: Sequence[Delivery], sight: Outlook) -> list[tuple[str, Any]]:
    size = f"{entry.size} octets" if entry.has_raw else f"{entry.size} octets, let go"
    return [
        ("came from", _origin(entry)),
        ("from", entry.sender),
        ("subject", entry.subject),
        ("date", entry.date),
        ("message-id", entry.message_id),
        ("size", f"{size} (headers of {entry.oversize_of})" if entry.oversize_of else size),
        ("accepted", entry.accepted_at),
        ("read", f"{local(entry.read_at)}, {number(entry.attempts, 'attempt')}" if entry.read_at else "not yet"),
        ("on the server", {"due": "to be marked", "done": "done"}.get(entry.after, "")),
        ("defects", entry.defects),
        ("posts", tuple(post_line(post, sight) for post in posts) or "none"),
    ]


def _origin(entry: Entry) -> str:
    return f"account.{entry.account}, folder {entry.folder}, UID {entry.uid}" if entry.account else "mailpoll receive"


@command.command()
@click.argument("message_id", type=int, metavar="ID")
@click.argument("file", metavar="[FILE|-]", required=False)
@click.pass_obj
def export(installation: Installation, message_id: int, file: str | None) -> None:
    """Write a message as it came, byte for byte.

    To FILE, which must not be there yet, or to standard output.

    \b
    Example:
      mailpoll messages export 17 mail.eml
    """
    if file is None and sys.stdout.isatty():
        raise click.UsageError("These are a stranger's bytes and this is a terminal: name a FILE, or - to see them.")
    with installation.store() as store:
        _require_raw(store.messages.get(message_id))
        if file in (None, "-"):
            for chunk in store.ledger.chunks(message_id):
                sys.stdout.buffer.write(chunk)
            sys.stdout.buffer.flush()
            return
        _write(store, message_id, Path(str(file)))


def _write(store: Store, message_id: int, path: Path) -> None:
    """A new file that only its owner may read: it is somebody's mail."""
    try:
        with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as target:
            target.writelines(store.ledger.chunks(message_id))
    except OSError as problem:
        raise AccessDenied(f"the file cannot be written ({problem.strerror})", about=str(path)) from problem


@command.command()
@click.argument("ids", nargs=-1, type=int, metavar="ID...")
@click.option("--state", type=click.Choice(RETRIED[:-1]), help="Every message in this state.")
@click.pass_obj
def retry(installation: Installation, ids: tuple[int, ...], state: MessageState | None) -> None:
    """Have messages read and routed again by the next run.

    For mail that met no channel, once its address is there, and for held mail after a change of the policy. What was
    posted is not posted again.

    \b
    Examples:
      mailpoll messages retry 42
      mailpoll messages retry --state unrouted
    """
    if bool(ids) == (state is not None):
        raise click.UsageError("Give either message IDs or --state.")
    with installation.store() as store:
        if state is None:
            entries = _chosen(store, ids, RETRIED, "is read again")
            for entry in entries:
                _require_raw(entry)
        else:
            entries = [entry for entry in store.messages.list(states=(state,)) if entry.has_raw]
        for entry in entries:
            store.messages.read_again(entry.id)
    click.echo(f"{number(len(entries), 'message')} will be read again by the next run.")


@command.command()
@ids_argument
@click.pass_obj
def release(installation: Installation, ids: tuple[int, ...]) -> None:
    """Let held messages go: their posts leave with the next run.

    Also the posts of a message that was posted to one channel and held for another.
    """
    with installation.store() as store:
        entries = _chosen(store, ids, ("held", "read"), "is released")
        for entry in entries:
            if entry.state == "read" and all(post.state != "held" for post in store.outbox.list(message_id=entry.id)):
                raise PermanentFailure("none of its posts is held", about=f"message {entry.id}")
        posts = sum(store.messages.release(entry.id, now()) for entry in entries)
    click.echo(f"{number(len(entries), 'message')} released, {number(posts, 'post')} on the way.")


@command.command()
@ids_argument
@click.pass_obj
def drop(installation: Installation, ids: tuple[int, ...]) -> None:
    """Give messages up.

    Their bytes are let go, and posts that have not left do not leave.
    """
    with installation.store() as store:
        entries = _chosen(store, ids, get_args(MessageState), "is dropped")
        for entry in entries:
            store.messages.drop(entry.id, now())
    click.echo(f"{number(len(entries), 'message')} dropped.")


def _chosen(store: Store, ids: Sequence[int], states: Sequence[str], what: str) -> list[Entry]:
    """The messages `ids`, once each, all looked at before any is changed. Raises PermanentFailure for one in a state
    that this is not for."""
    entries = [store.messages.get(message_id) for message_id in dict.fromkeys(ids)]
    for entry in entries:
        if entry.state not in states:
            raise PermanentFailure(f"is {entry.state}; only mail that is {' or '.join(states)} {what}",
                                   about=f"message {entry.id}")  # fmt: skip
    return entries


def _require_raw(entry: Entry) -> None:
    if not entry.has_raw:
        raise PermanentFailure("its bytes were let go, there is nothing to read", about=f"message {entry.id}")
