"""`mailpoll demo`: the whole way of a mail, on a mail server of its own, in a folder that is gone afterwards."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import tempfile
import textwrap
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from types import FrameType
from typing import TYPE_CHECKING

import click

from mailpoll.commands import program
from mailpoll.commands.installation import Installation, now
from mailpoll.commands.output import one_line, safe_text
from mailpoll.demo import mailbag
from mailpoll.demo.server import DemoServer, Kept
from mailpoll.errors import AccessDenied, ProtocolError, Unavailable
from mailpoll.model import Delivery

if TYPE_CHECKING:
    from mailpoll.store import Store

PATTERN = "username+%s@example.com"
CHANNELS = {
    "team": "what customers and colleagues write",
    "support": "mail that becomes a ticket",
    "alerts": "what machines write",
}
FETCH_WITHIN_S = 60
WIDTH = 88

CONFIG = """\
# Made by mailpoll demo. `mailpoll init` makes a real one.
[store]
url = "sqlite:///{folder}/mailpoll.db"

[addresses]
patterns = ["{pattern}"]

[account.demo]
host = "{host}"
port = {port}
tls = "none"  # permitted on the loopback interface only
username = "{username}"
password = {{ file = "imap-password" }}
"""


@click.command()
@click.option("--keep", is_flag=True, help="Keep the folder with configuration and store, and say where it is.")
def command(keep: bool) -> None:
    """See mailpoll work, without an inbox and without leaving a trace.

    Starts a small IMAP server on the loopback interface, puts nine mails into its inbox, runs `mailpoll fetch` on it
    as cron would, and shows the posts. One of the mails is private: it must stay as it is.

    Needs the extra `demo`, the IMAP server pymap: pipx inject mailpoll pymap, or in a clone scripts/demo.
    """
    with _ends_cleanly(), _folder(keep) as folder, DemoServer(folder) as server:
        _write_config(folder, server)
        installation = Installation(str(folder / "config.toml"))
        with installation.store() as store:
            addresses = _make_channels(store)
        _introduce(server, addresses)
        before = _fill(server, addresses)
        _fetch(installation.path)
        with installation.store() as store:
            _show_posts(store.outbox.list())
            _check_private(server, before, store)
    _say_goodbye(folder, keep)


@contextmanager
def _ends_cleanly() -> Iterator[None]:
    """SIGTERM as Ctrl-C: server and folder go."""

    def stop(_number: int, _frame: FrameType | None) -> None:
        raise KeyboardInterrupt

    former = signal.signal(signal.SIGTERM, stop)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, former)


@contextmanager
def _folder(keep: bool) -> Iterator[Path]:
    try:
        folder = Path(tempfile.mkdtemp(prefix="mailpoll-demo-"))
    except OSError as error:
        raise AccessDenied(f"no temporary folder can be made ({error.strerror})", advice="Set TMPDIR") from None
    try:
        yield folder
    finally:
        if not keep:
            shutil.rmtree(folder, ignore_errors=True)


def _write_config(folder: Path, server: DemoServer) -> None:
    password = folder / "imap-password"
    password.touch(mode=0o600)
    password.write_text(f"{server.password}\n")
    text = CONFIG.format(
        folder=folder, pattern=PATTERN, host=server.host, port=server.port, username=server.username
    )  # fmt: skip
    (folder / "config.toml").write_text(text)


def _make_channels(store: Store) -> dict[str, str]:
    """Makes the channels, their posts kept in the store, and an address for each; channel -> address."""
    from mailpoll.addressing import new_token, write_address

    addresses = {}
    for name in CHANNELS:
        token = new_token()
        store.channels.add(name, [("store", "")], now(), options=("show-sender",))
        store.channels.add_address(name, token, now())
        addresses[name] = write_address(PATTERN, name, token, ())
    return addresses


def _introduce(server: DemoServer, addresses: Mapping[str, str]) -> None:
    click.echo(f"An IMAP server listens on {server.host}:{server.port} (process {server.pid}).")
    click.echo("Three channels, each with an address of its own:\n")
    for name, address in addresses.items():
        click.echo(f"  {name:8} {CHANNELS[name]}\n           {address}")


def _fill(server: DemoServer, addresses: Mapping[str, str]) -> dict[int, Kept]:
    """Puts the mails into the inbox; how they lie there, the private one last."""
    mails = mailbag.bag(addresses, now())
    server.append(list(mails.values()))
    click.echo(f"\n{len(mails)} mails came in, among them a private one to {server.username}.")
    return server.look()


def _fetch(config: Path) -> None:
    """One real run, as cron starts it."""
    command_line = [*program.own_command(), "--config", str(config), "fetch"]
    click.echo(f"\n$ mailpoll --config {config} fetch")
    started = time.monotonic()
    try:
        done = subprocess.run(
            command_line,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            env={**os.environ, "STATE_DIRECTORY": str(config.parent)},  # no trace
            timeout=FETCH_WITHIN_S,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        raise Unavailable(f"the run could not be made ({error})") from None
    click.echo(safe_text(done.stdout), nl=False)
    if done.returncode:
        click.echo(safe_text(done.stderr), nl=False, err=True)
        raise Unavailable(f"the run ended with status {done.returncode}", about="mailpoll fetch")
    click.echo(f"Exit status 0, after {time.monotonic() - started:.1f} s; without trouble a run of cron says nothing.")


def _show_posts(deliveries: tuple[Delivery, ...]) -> None:
    if not deliveries:
        raise ProtocolError("the run posted nothing", advice="This is a bug; please report it")
    click.echo(f"\nIt made {len(deliveries)} posts:")
    for delivery in deliveries:
        post = delivery.post
        heading = f"── {post.channel} · {one_line(post.topic, WIDTH - 20)} "
        click.echo(f"\n{heading.ljust(WIDTH, '─')}")
        click.echo(_indented(safe_text(post.body)))
        if delivery.state != "delivered":
            raise ProtocolError(f"post {delivery.id} is {delivery.state}: {delivery.error}")


def _indented(body: str) -> str:
    """The body for a terminal: its lines as they are, those too long for it folded."""
    lines = (
        textwrap.wrap(line, WIDTH - 3) if len(line) > WIDTH - 3 else [line] for line in body.strip("\n").split("\n")
    )
    return "\n".join(f"   {line}".rstrip() for folded in lines for line in folded)


def _check_private(server: DemoServer, before: Mapping[int, Kept], store: Store) -> None:
    """Says what became of the private mail, having looked; raises when it is not as it was."""
    private = max(before)
    after = server.look()
    taken = store.messages.list()
    if after.get(private) != before[private] or len(taken) != len(before) - 1:
        raise ProtocolError("the private mail is not as it was", advice="This is a bug; please report it")
    seen = sum("\\Seen" in kept.flags for kept in after.values())
    click.echo("\n" + "─" * WIDTH)
    click.echo(
        f"{len(taken)} mails were taken; on the server {seen} are marked as seen now. The private mail to "
        f"{server.username}\nis untouched: never fetched, not stored, still unread, every byte and flag as it was "
        "(checked over IMAP)."
    )


def _say_goodbye(folder: Path, keep: bool) -> None:
    typed = program.typed()
    if keep:
        click.echo(f"\nThe server is gone; configuration and store are kept in {folder}. Look around:")
        click.echo(f"  {typed} --config {folder / 'config.toml'} posts list")
    else:
        click.echo("\nThe server is ended and its folder removed: nothing of this is left on the machine.")
    click.echo(f"Now with your own inbox, type: {typed} init")
