"""A configured mailpoll in a folder of its own, started as cron starts it."""

from __future__ import annotations

import functools
import subprocess
import sys
import tempfile
import threading
from collections.abc import Sequence
from datetime import UTC, datetime
from email.message import EmailMessage
from email.policy import SMTP
from pathlib import Path

from servers.mail import PASSWORD, MailAccess

from mailpoll.model import Delivery
from mailpoll.store import Store
from mailpoll.store.messages import Entry
from support import canaries
from support.forks import forks, starts_alike

# What cron gives: no terminal, no locale, hardly an environment.
CRON = {"PATH": "/usr/bin:/bin", "HOME": "/nonexistent", "SHELL": "/bin/sh"}
MAILPOLL = Path(sys.executable).with_name("mailpoll")


_migrating = threading.Lock()


@functools.cache
def _migrated() -> bytes:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "mailpoll.db"
        with Store(f"sqlite:///{path}"):
            pass
        return path.read_bytes()


def empty_store() -> bytes:
    """A store at the newest schema: Alembic, which made it, costs 0.3 s and is for one thread at a time."""
    with _migrating:
        return _migrated()


def run(command: Sequence[str], env: dict[str, str], **more: object) -> subprocess.CompletedProcess[str]:
    """Runs a command line of mailpoll to its end, without a terminal: forked where that makes no difference (see
    support.forks), else as installed. `more` is for subprocess.run."""
    if starts_alike(env, more):
        wanted = {name: value for name, value in more.items() if name in ("input", "timeout", "cwd", "text")}
        done = forks().run(command, env, **wanted)  # type: ignore[arg-type]
        for said in (done.stdout, done.stderr):
            canaries.check(said if isinstance(said, str) else said.decode("utf-8", "replace"), command)
        return done
    options = {"capture_output": True, "text": True, "timeout": 120, "stdin": subprocess.DEVNULL, **more}
    return subprocess.run(command, env=env, check=False, **options)  # type: ignore[call-overload, no-any-return]


class Site:
    """One installation: configuration, secret, store. `user` is its inbox on `server`; `account` are more lines of
    [account.main], `more` more sections, `store_url` that of a store which is there."""

    def __init__(
        self,
        folder: Path,
        server: MailAccess | None,
        user: str = "",
        *,
        account: str = "",
        more: str = "",
        store_url: str = "",
    ) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self.folder = folder
        self.server = server
        self.user = user or (server.user if server else "username@example.com")
        self.config = folder / "config.toml"
        self.url = store_url or f"sqlite:///{folder / 'mailpoll.db'}"
        secret = folder / "imap-password"
        secret.write_text(f"{PASSWORD}\n")
        secret.chmod(0o600)
        text = f'[store]\nurl = "{self.url}"\n[addresses]\npatterns = ["username+%s@example.com"]\n'
        if server is not None:
            text += (
                f'[account.main]\nhost = "{server.host}"\nport = {server.imap_port}\ntls = "none"\n'
                f'username = "{self.user}"\npassword = {{ file = "imap-password" }}\n{account}\n'
            )
        self.config.write_text(text + more)
        if not store_url:
            (folder / "mailpoll.db").write_bytes(empty_store())
            (folder / "mailpoll.db").chmod(0o600)

    @property
    def env(self) -> dict[str, str]:
        """The environment in which cron starts it."""
        return {**CRON, "STATE_DIRECTORY": str(self.folder)}

    def store(self) -> Store:
        """The store, for looking into it."""
        return Store(self.url)

    def channel(self, name: str, *targets: str, tokens: Sequence[str] = (), options: Sequence[str] = ()) -> None:
        """Makes a channel with chosen tokens; its own name is one where none is given."""
        with self.store() as store:
            now = datetime.now(UTC)
            store.channels.add(name, [(target, "") for target in targets or ("store",)], now, options=options)
            for token in tokens or (name,):
                store.channels.add_address(name, token, now)

    def run(
        self, *arguments: str, env: dict[str, str] | None = None, **more: object
    ) -> subprocess.CompletedProcess[str]:
        """Runs the command as cron would, with the configuration of this site; its state folder is here."""
        command = [str(MAILPOLL), "--config", str(self.config), *arguments]
        return run(command, {**self.env, **(env or {})}, **more)

    def append(self, raw: bytes, **more: object) -> int:
        """Puts a mail into the inbox of this site."""
        assert self.server is not None
        return self.server.append(raw, user=self.user, **more)  # type: ignore[arg-type]

    def inbox(self, folder: str = "INBOX") -> dict[int, tuple[frozenset[str], bytes]]:
        """UID → flags and bytes of what is on the server."""
        assert self.server is not None
        return self.server.messages(folder, user=self.user)

    def deliveries(self) -> tuple[Delivery, ...]:
        """All posts on their way or there."""
        with self.store() as store:
            return store.outbox.list()

    def messages(self) -> tuple[Entry, ...]:
        """All messages, oldest first."""
        with self.store() as store:
            return store.messages.list()[::-1]


def mail(
    number: int | str = 1,
    *,
    to: str = "username+dev@example.com",
    text: str = "",
    subject: str = "",
    delivered_to: str = "",
    size: int = 0,
) -> bytes:
    """A mail of our own making, CRLF line ends; the same number and words give the same content key."""
    message = EmailMessage(policy=SMTP)
    if delivered_to:
        message["Delivered-To"] = delivered_to
    message["From"] = "Anna <anna@example.net>"
    message["To"] = to
    message["Subject"] = subject or f"Mail {number}"
    message["Date"] = "Fri, 20 Nov 2026 09:00:00 +0000"
    message["Message-ID"] = f"<{number}@example.net>"
    message.set_content((text or f"This is mail {number}.") + "\n")
    if size:
        message.add_attachment(b"\0" * size, maintype="application", subtype="octet-stream", filename="zeros.bin")
    return message.as_bytes()
