"""`mailpoll init`: from nothing to the first post, by questions or by flags."""

from __future__ import annotations

import re
import shlex
from pathlib import Path
from typing import Any

import click

from mailpoll import addressing, config, places, router
from mailpoll.commands import init_providers as providers
from mailpoll.commands import init_wait, program
from mailpoll.commands.addressbook import Book
from mailpoll.commands.destination_add import say_files
from mailpoll.commands.destination_draft import kept, with_section
from mailpoll.commands.init_ask import Asker, nothing_written
from mailpoll.commands.init_channel import STORE, Channel, ask_channel
from mailpoll.commands.init_files import (
    Account,
    config_text,
    keep_password,
    refuse_existing,
    with_account,
    written_config,
)
from mailpoll.commands.init_flags import FIRST_CHANNEL, FIRST_CHANNEL_WITHOUT_MAILBOX, WAIT_S, Wishes, with_options
from mailpoll.commands.init_login import (
    Password,
    PasswordFlags,
    ask_password,
    keep_in_keyring,
    log_in,
)
from mailpoll.commands.init_server import Server, ask_server, check_username
from mailpoll.commands.install_cron import CRON_D, FILE_NAME, cron_line, of_machine
from mailpoll.commands.installation import Installation, now
from mailpoll.crosscheck import derived_pattern
from mailpoll.errors import ConfigError

LOCAL_PATTERN = "mail+%s@localhost"


@click.command()
@with_options
@click.pass_obj
def command(installation: Installation, /, **flags: Any) -> None:
    """Set up an inbox and a first channel, step by step.

    Asks for the inbox, logs in to see whether the answers are right, writes the configuration, makes a channel with
    an address, and waits for a first mail to it. Where there is a configuration already, it adds an account to it.
    Every question is also a flag, for scripts.

    \b
    Examples:
      mailpoll init
      mailpoll init --username you@example.com --host imap.example.com --password-file ~/imap-password
      mailpoll init --account work --username you@work.example
      mailpoll init --no-mailbox --to http://localhost:3000/inbound
      mailpoll init --to zulip --setting zuliprc=zuliprc --setting channel=general
    """
    wishes = Wishes(**flags)
    ask = Asker.here(yes=wishes.yes)
    path = _place(installation)
    _check_account(wishes.account)
    there = refuse_existing(path, None if wishes.no_mailbox else wishes.account, force=wishes.force)
    ready = Installation(str(path), installation.env)
    if wishes.no_mailbox:
        _without_mailbox(ready, ask, wishes)
    else:
        _with_mailbox(ready, ask, wishes, there=there)


def _check_account(name: str) -> None:
    if not re.fullmatch(r"[A-Za-z0-9_][A-Za-z0-9_-]{0,63}", name):
        raise ConfigError(f"{name!r} is no name of an account", about="--account", advice="Write letters, digits, - and _ only")  # fmt: skip # noqa: E501


def _place(installation: Installation) -> Path:
    """Where the configuration goes: as named, else where one is found, else the user's own."""
    try:
        return installation.path
    except ConfigError:
        return places.user_config(installation.env)


def _with_mailbox(installation: Installation, ask: Asker, wishes: Wishes, *, there: bool) -> None:
    """Sets an inbox up; with `there`, in a configuration that is there and keeps all it says."""
    with nothing_written():
        if there:
            ask.say(f"The account {wishes.account} is added to {installation.path}; the rest of it stays as it is.\n")
        server, username, password = _ask_account(installation, ask, wishes)
        shared = ask.confirm("Do people, or other programs, read this inbox, too?", wishes.shared, default=True)
        pattern = ask.text(
            "Pattern of our addresses, like user+%s@example.com",
            "--pattern",
            wishes.pattern or derived_pattern(username),
            _check_pattern,
        )
        channel = ask_channel(ask, wishes, installation, FIRST_CHANNEL, there=there)
    password = keep_in_keyring(ask, password)
    account = Account(wishes.account, server, username, password.reference, shared, channel.name)
    text = with_account(installation.path, pattern, account) if there else None
    address, token = _write(installation, pattern, account, password, channel, text)
    installation = Installation(str(installation.path), installation.env)  # as it is written now
    which = "Its" if there else "Your first"
    click.echo(f"\n{which} address:\n\n    {address}\n\nMail to it goes to the channel {channel.name}.")
    provider = providers.of_address(username)
    if provider is not None and not provider.plus:
        click.echo(f"It is not certain that {provider.name} delivers mail to plus addresses: the first mail will tell.")
    _first_mail(installation, ask, wishes, channel.name, address, token)
    _say_cron(installation)


def _ask_account(installation: Installation, ask: Asker, wishes: Wishes) -> tuple[Server, str, Password]:
    """Server, user name and password that the server accepted."""
    username = ask.text("E-mail address (or user name) of the inbox", "--username", wishes.username, check_username)
    server = ask_server(
        ask,
        username,
        host=wishes.host,
        port=wishes.port,
        tls=wishes.tls,
        folder=wishes.folder,
        ca_file=wishes.ca_file,
    )
    flags = PasswordFlags(
        wishes.password_file, wishes.password_keyring, wishes.password_command, wishes.password_stdin
    )  # fmt: skip
    password = ask_password(ask, flags, installation.path.parent, installation.env, wishes.account)
    return log_in(ask, server, username, password)


def _without_mailbox(installation: Installation, ask: Asker, wishes: Wishes) -> None:
    question = "Pattern of the addresses whose mail will be handed over"
    with nothing_written():
        pattern = ask.text(question, "--pattern", wishes.pattern, _check_pattern, default=LOCAL_PATTERN)
        channel = ask_channel(ask, wishes, installation, FIRST_CHANNEL_WITHOUT_MAILBOX, there=False)
    address, _ = _write(installation, pattern, None, None, channel)
    name = channel.name
    mailpoll = _typed(installation)
    click.echo(f"\nThe channel {name} is there; its address is {address}.\n\nHand it a mail:")
    click.echo(f"    {mailpoll} receive mail.eml --to {shlex.quote(name)}\n")
    if channel.target == STORE:
        click.echo(f"Its posts:\n    {mailpoll} posts list")
    else:
        click.echo(f"Or let mailpoll write one:\n    {mailpoll} channel test {shlex.quote(name)}")
    click.echo(f"\nWhat could not be posted is tried again by: {mailpoll} fetch")
    _say_cron_line(installation)


def _check_pattern(text: str) -> str:
    """A pattern with one %s before the @. Raises ConfigError."""
    local, at, domain = text.rpartition("@")
    if not at or local.count("%s") != 1 or not domain or "%s" in domain or not text.isprintable() or " " in text:
        raise ConfigError(f"{text!r} is no pattern", about="--pattern", advice="Write %s once, before the @, like username+%s@example.com")  # fmt: skip # noqa: E501
    return text


def _write(
    installation: Installation,
    pattern: str,
    account: Account | None,
    password: Password | None,
    channel: Channel,
    text: str | None = None,
) -> tuple[str, str]:
    """Writes secrets, configuration (a new one without `text`) and store, or nothing; returns address and token."""
    path = installation.path
    password_file = keep_password(password, path.parent) if password else ""
    text = text or config_text(_store_url(installation), pattern, account, now())
    draft = channel.draft
    if draft is not None:
        text = with_section(path, text, draft)
    with kept(draft, path) as files, written_config(path, text, now()) as backup:
        installation = Installation(str(path), installation.env)  # as it is written now
        address, token = _first_address(installation, pattern, channel.name, channel.target)
    click.echo(f"\nWritten: {path}" + (f" (what was there: {backup})" if backup else ""))
    if password_file:
        click.echo(f"Password: {password_file}")
    say_files(files)
    click.echo(f"Store: {installation.store_url.removeprefix('sqlite:///')}")
    return address, token


def _store_url(installation: Installation) -> str:
    """The store of a configuration in a usual place is in the usual place, else beside the configuration."""
    usual = {places.SYSTEM_CONFIG, places.user_config(installation.env)}
    if installation.path in usual or installation.env.get("STATE_DIRECTORY"):
        return f"sqlite:///{places.state_directory(installation.path, installation.env) / 'mailpoll.db'}"
    return f"sqlite:///{installation.path.parent / 'mailpoll.db'}"


def _first_address(
    installation: Installation, pattern: str, name: str, target: tuple[str, str]
) -> tuple[str, str]:  # fmt: skip
    """An address of the channel, by this pattern, and its token; a channel that is there keeps its addresses."""
    with installation.store() as store:
        book = Book(installation, store)
        if store.channels.list(name):
            if target != STORE:
                store.channels.set(name, targets=[target])
            click.echo(f"The store has a channel {name} already; it and its addresses are kept.")
            found = next((a.token for a in store.channels.addresses(name) if a.token != router.ANY), None)
            token = found or addressing.new_token()
            if found is None:
                store.channels.add_address(name, token, now())
        else:
            token = addressing.new_token()
            store.channels.add(name, [target], now(), options=("show-sender",), address=token)
        written = dict(zip(book.patterns, book.written(name, token), strict=True))
        return written.get(pattern) or next(iter(written.values())), token


def _first_mail(installation: Installation, ask: Asker, wishes: Wishes, channel: str, address: str, token: str) -> None:
    seconds = wishes.wait if wishes.wait is not None else (WAIT_S if ask.terminal else 0)
    if not seconds:
        return
    minutes = f"{seconds // 60} minutes" if seconds >= 120 else f"{seconds} seconds"
    try:  # from the first word about it: who reads of Ctrl-C may press it while the line is still being written
        click.echo(f"\nSend a mail to it now, from anywhere. Waiting up to {minutes}; Ctrl-C ends the waiting only.")
        waiting = init_wait.wait(installation, wishes.account, channel, seconds)
        if waiting.deliveries:
            init_wait.show(waiting)
        else:
            init_wait.explain(installation, waiting, address, token)
    except KeyboardInterrupt:
        click.echo("\nNot waiting any more: the set-up is complete, and the mail is taken by a later run.")


def _say_cron(installation: Installation) -> None:
    click.echo(f"\nAt any time: {_typed(installation)} fetch")
    _say_cron_line(installation)


def _say_cron_line(installation: Installation) -> None:
    where = f"{_typed(installation)} install cron\nor type `crontab -e` and add this line:"
    if of_machine(installation):
        where = f"as root, {_typed(installation)} install cron\nor let this line stand in {CRON_D / FILE_NAME}:"
    click.echo(f"Every minute, quietly: {where}\n\n{cron_line(installation)}")


def _typed(installation: Installation) -> str:
    """`mailpoll`, as it is typed here, with --config where it would not be found otherwise."""
    try:
        found = config.find(None, installation.env) == installation.path
    except ConfigError:
        found = False
    return program.typed() if found else f"{program.typed()} --config {shlex.quote(str(installation.path))}"
