"""`mailpoll init`: from nothing to the first post, by questions or by flags."""

from __future__ import annotations

import shlex
from pathlib import Path
from typing import Any

import click

from mailpoll import addressing, config, router
from mailpoll.commands import init_providers as providers
from mailpoll.commands import init_wait, program
from mailpoll.commands.addressbook import Book, checked_name
from mailpoll.commands.init_ask import Asker
from mailpoll.commands.init_files import Account, config_text, keep_password, refuse_existing, written_config
from mailpoll.commands.init_flags import FIRST_CHANNEL, FIRST_CHANNEL_WITHOUT_MAILBOX, WAIT_S, Wishes, with_options
from mailpoll.commands.init_login import (
    Password,
    PasswordFlags,
    Server,
    ask_password,
    ask_server,
    check_username,
    keep_in_keyring,
    log_in,
)
from mailpoll.commands.installation import Installation, now, parse_target
from mailpoll.crosscheck import derived_pattern, url_problem
from mailpoll.errors import ConfigError

LOCAL_PATTERN = "mail+%s@localhost"


@click.command()
@with_options
@click.pass_obj
def command(installation: Installation, /, **flags: Any) -> None:
    """Set up an inbox and a first channel, step by step.

    Asks for the inbox, logs in to see whether the answers are right, writes the configuration, makes a channel with
    an address, and waits for a first mail to it. Every question is also a flag, for scripts.

    \b
    Examples:
      mailpoll init
      mailpoll init --username you@example.com --host imap.example.com --password-file ~/imap-password
      mailpoll init --no-mailbox --to http://localhost:3000/inbound
    """
    wishes = Wishes(**flags)
    ask = Asker.here(yes=wishes.yes)
    path = _place(installation)
    refuse_existing(path, force=wishes.force)
    ready = Installation(str(path), installation.env)
    if wishes.no_mailbox:
        _without_mailbox(ready, ask, wishes)
    else:
        _with_mailbox(ready, ask, wishes)


def _place(installation: Installation) -> Path:
    """Where the configuration goes: as named, else where one is found, else the user's own."""
    try:
        return installation.path
    except ConfigError:
        return config.user_config(installation.env)


def _with_mailbox(installation: Installation, ask: Asker, wishes: Wishes) -> None:
    server, username, password = _ask_account(installation, ask, wishes)
    shared = ask.confirm("Do people, or other programs, read this inbox, too?", wishes.shared, default=True)
    pattern = ask.text(
        "Pattern of our addresses, like user+%s@example.com",
        "--pattern",
        wishes.pattern or derived_pattern(username),
        _check_pattern,
    )
    name, target = _ask_channel(ask, wishes, FIRST_CHANNEL)
    account = Account(server, username, password.reference, shared, name)
    address = _write(installation, pattern, account, password, name, target)
    click.echo(f"\nYour first address:\n\n    {address}\n\nMail to it goes to the channel {name}.")
    provider = providers.of_address(username)
    if provider is not None and not provider.plus:
        click.echo(f"{provider.name} is said not to deliver mail to plus addresses: the first mail will tell.")
    _first_mail(installation, ask, wishes, address)
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
    password = ask_password(ask, flags, installation.path.parent, installation.env)
    server, username, password = log_in(ask, server, username, password)
    return server, username, keep_in_keyring(ask, password)


def _without_mailbox(installation: Installation, ask: Asker, wishes: Wishes) -> None:
    question = "Pattern of the addresses whose mail will be handed over"
    pattern = ask.text(question, "--pattern", wishes.pattern, _check_pattern, default=LOCAL_PATTERN)
    name, target = _ask_channel(ask, wishes, FIRST_CHANNEL_WITHOUT_MAILBOX)
    address = _write(installation, pattern, None, None, name, target)
    mailpoll = _typed(installation)
    click.echo(f"\nThe channel {name} is there; its address is {address}.\n\nHand it a mail:")
    click.echo(f"    {mailpoll} receive mail.eml --to {shlex.quote(name)}\n")
    if target[0] == "store":
        click.echo(f"Its posts:\n    {mailpoll} posts list")
    else:
        click.echo(f"Or let mailpoll write one:\n    {mailpoll} channel test {shlex.quote(name)}")


def _check_pattern(text: str) -> str:
    """A pattern with one %s before the @. Raises ConfigError."""
    local, at, domain = text.rpartition("@")
    if not at or local.count("%s") != 1 or not domain or "%s" in domain or not text.isprintable() or " " in text:
        raise ConfigError(f"{text!r} is no pattern", about="--pattern", advice="Write %s once, before the @, like username+%s@example.com")  # fmt: skip # noqa: E501
    return text


def _ask_channel(ask: Asker, wishes: Wishes, default: str) -> tuple[str, tuple[str, str]]:
    """Name and destination of the first channel."""
    name = ask.text("Name of the first channel", "--channel", wishes.channel, checked_name, default=default)
    target = ask.text("Where do its posts go? (store, or an http(s) URL)", "--to", wishes.to, _check_target, "store")
    return name, target


def _check_target(text: str) -> tuple[str, str]:
    """`store`, or the URL of a web hook. Raises ConfigError."""
    target = parse_target(text, ("store",))
    if target[0] != "store" and (problem := url_problem(target[0], allow_plaintext=False)):
        raise ConfigError(problem, about="--to")
    return target


def _write(
    installation: Installation,
    pattern: str,
    account: Account | None,
    password: Password | None,
    name: str,
    target: tuple[str, str],
) -> str:
    """Writes password, configuration and store, or nothing; returns the first address."""
    path = installation.path
    kept = keep_password(password, path.parent) if password else ""
    text = config_text(_store_url(installation), pattern, account, now())
    with written_config(path, text, now()) as backup:
        address = _first_address(installation, name, target)
    click.echo(f"\nWritten: {path}" + (f" (what was there: {backup})" if backup else ""))
    if kept:
        click.echo(f"Password: {kept}")
    click.echo(f"Store: {installation.store_url.removeprefix('sqlite:///')}")
    return address


def _store_url(installation: Installation) -> str:
    """The store of a configuration in a usual place is in the usual place, else beside the configuration."""
    usual = {config.SYSTEM_CONFIG, config.user_config(installation.env)}
    if installation.path in usual or installation.env.get("STATE_DIRECTORY"):
        return f"sqlite:///{config.state_directory(installation.path, installation.env) / 'mailpoll.db'}"
    return f"sqlite:///{installation.path.parent / 'mailpoll.db'}"


def _first_address(installation: Installation, name: str, target: tuple[str, str]) -> str:
    """The address of the first channel; one that the store has already keeps its addresses."""
    with installation.store() as store:
        book = Book(installation, store)
        if store.channels.list(name):
            if target != ("store", ""):
                store.channels.set(name, targets=[target])
            click.echo(f"The store has a channel {name} already; it and its addresses are kept.")
            found = [known.token for known in store.channels.addresses(name) if known.token != router.ANY]
            if found:
                return book.written(name, found[0])[0]
            token = addressing.new_token()
            store.channels.add_address(name, token, now())
        else:
            token = addressing.new_token()
            store.channels.add(name, [target], now(), options=("show-sender",), address=token)
        return book.written(name, token)[0]


def _first_mail(installation: Installation, ask: Asker, wishes: Wishes, address: str) -> None:
    seconds = wishes.wait if wishes.wait is not None else (WAIT_S if ask.terminal else 0)
    if not seconds:
        return
    try:
        _await_mail(installation, seconds, address)
    except KeyboardInterrupt:
        click.echo("\nNot waiting any more: the set-up is complete, and the mail is taken by a later run.")


def _await_mail(installation: Installation, seconds: int, address: str) -> None:
    minutes = f"{seconds // 60} minutes" if seconds >= 120 else f"{seconds} seconds"
    click.echo(f"\nSend a mail to it now, from anywhere. Waiting up to {minutes}; Ctrl-C ends the waiting only.")
    waiting = init_wait.wait(installation, seconds)
    if waiting.deliveries:
        init_wait.show(waiting)
    else:
        init_wait.explain(installation, waiting, address)


def _say_cron(installation: Installation) -> None:
    line = cron_line(installation)
    click.echo(f"\nAt any time: {_typed(installation)} fetch")
    click.echo(f"Every minute, quietly: type `crontab -e` and add this line:\n\n{line}")


def cron_line(installation: Installation) -> str:
    """The line of a user's crontab, with absolute paths: cron's PATH is short, and % is a line end to it."""
    # Where cron looks by itself: it knows HOME, and nothing of XDG_CONFIG_HOME or MAILPOLL_CONFIG.
    usual = config.user_config({"HOME": installation.env.get("HOME", "")})
    named = [] if installation.path == usual else ["--config", str(installation.path)]
    return f"* * * * * {shlex.join([*program.own_command(), *named, 'fetch'])}".replace("%", "\\%")


def _typed(installation: Installation) -> str:
    """`mailpoll`, as it is typed here, with --config where it would not be found otherwise."""
    try:
        found = config.find(None, installation.env) == installation.path
    except ConfigError:
        found = False
    return program.typed() if found else f"{program.typed()} --config {shlex.quote(str(installation.path))}"
