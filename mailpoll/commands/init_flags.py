"""The flags of `mailpoll init`, one for each question."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import click

from mailpoll.commands import destination_flags
from mailpoll.commands.init_login import MAIN
from mailpoll.settings import Tls

WAIT_S = 300
FIRST_CHANNEL = "mail"
FIRST_CHANNEL_WITHOUT_MAILBOX = "dev"


@dataclass(frozen=True, slots=True)
class Wishes:
    """What the flags say; None is what is still to be asked."""

    host: str | None
    port: int | None
    tls: Tls | None
    ca_file: str | None
    username: str | None
    password_file: str | None
    password_keyring: str | None
    password_command: str | None
    password_stdin: bool
    folder: str
    shared: bool | None
    pattern: str | None
    channel: str | None
    to: str | None
    settings: tuple[str, ...]
    secret_files: tuple[str, ...]
    secret_stdin: bool
    no_check: bool
    account: str
    no_mailbox: bool
    wait: int | None
    force: bool
    yes: bool


_OPTIONS = (
    click.option("--username", metavar="ADDRESS", help="E-mail address, or user name, to log in with."),
    click.option("--host", metavar="NAME", help="IMAP server.  [default: what is known of the address's provider]"),
    click.option(
        "--port", type=click.IntRange(1, 65535), help="Its port.  [default: 993, without TLS from the start 143]"
    ),
    click.option(
        "--tls",
        type=click.Choice(["implicit", "starttls", "none"]),
        help="TLS from the start (default), after STARTTLS, or none (only to this very machine).",
    ),
    click.option(
        "--ca-file",
        metavar="FILE",
        type=click.Path(exists=True, dir_okay=False),
        help="Trust the authorities in this PEM file instead of the system's.",
    ),
    click.option("--password-file", metavar="FILE", help="The file that holds the password; it stays there."),
    click.option("--password-keyring", metavar="NAME", help="The password's name in the desktop keyring."),
    click.option(
        "--password-command", metavar="COMMAND", help="A program that prints the password, like 'pass show imap'."
    ),
    click.option(
        "--password-stdin",
        is_flag=True,
        help="Read the password from standard input and keep it: in the file or keyring named, else in a file beside "
        "the configuration.",
    ),
    click.option("--folder", metavar="NAME", default="INBOX", show_default=True, help="The folder to poll."),
    click.option(
        "--shared-inbox/--dedicated-inbox",
        "shared",
        default=None,
        help="People read it, too: take only mail to our addresses (default). Dedicated: take everything.",
    ),
    click.option("--pattern", metavar="PATTERN", help="Our addresses, %s for the detail.  [default: user+%s@domain]"),
    click.option(
        "--channel",
        metavar="NAME",
        help=f"Name of the first channel.  [default: {FIRST_CHANNEL}, "
        f"with --no-mailbox {FIRST_CHANNEL_WITHOUT_MAILBOX}]",
    ),
    click.option(
        "--to",
        metavar="store|URL|KIND[:PLACE]",
        help="Where its posts go: a kind of destination is added to the configuration.  [default: store]",
    ),
    *destination_flags.OPTIONS,
    click.option(
        "--account",
        metavar="NAME",
        default=MAIN,
        show_default=True,
        help="Name of the account; a new one is added to a configuration that is there.",
    ),
    click.option("--no-mailbox", is_flag=True, help="Without an inbox: mail comes in by `mailpoll receive`."),
    click.option(
        "--wait",
        type=click.IntRange(min=0),
        metavar="SECONDS",
        help=f"How long to wait for a first mail.  [default: {WAIT_S}, without a terminal 0]",
    ),
    click.option("--no-wait", "wait", flag_value=0, type=int, help="Do not wait for a first mail."),
    click.option("--force", is_flag=True, help="Replace a configuration that is there; a backup is kept."),
    click.option("--yes", is_flag=True, help="Take every default without asking."),
)


def with_options(function: Callable[..., Any]) -> Callable[..., Any]:
    """`function` with every flag of `mailpoll init`."""
    for option in reversed(_OPTIONS):
        function = option(function)
    return function
