"""A site on which something goes wrong: every run of it is checked for tracebacks and secrets."""

from __future__ import annotations

import json
import re
import sqlite3
import subprocess
import sys
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from servers.dovecot import Dovecot

from support import hindered
from support.canaries import CANARY
from support.site import Site, mail

PASSWORD = f"imap-{CANARY}"

# Beside the password that all test servers know: nobody would notice that one in an output.
SECOND_PASSWORD = f"passdb {{\n  driver = static\n  args = password={PASSWORD}\n}}\n"

DESTINATION = """
[destination.hook]
kind = "webhook"
url = "{url}"
secret = {{ file = "hook-key" }}
bearer = {{ file = "hook-token" }}
timeout = 0.5
"""


class Mishap(Site):
    """A Site with a channel `dev` and one mail that waits for it, before anything goes wrong."""

    def __init__(
        self, folder: Path, server: Dovecot, *targets: str, account: str = "", more: str = "", hook: str = ""
    ) -> None:
        user = f"{folder.name}@example.com"
        # What may pass by itself is told at once, too: one run is enough for a test.
        more = f"[fetch]\nalert_after = 1\n{more}{DESTINATION.format(url=hook) * bool(hook)}"
        super().__init__(folder, server, user, account=account, more=more)
        self.secret = folder / "imap-password"
        self.secret.write_text(f"{PASSWORD}\n")
        for name in ("hook-key", "hook-token"):
            (folder / name).write_text(f"{name}-{CANARY}")
            (folder / name).chmod(0o600)
        self.database = folder / "mailpoll.db"
        self.channel("dev", *targets)
        self.sent = 0
        self.send()
        places = (self.config, self.secret, self.database)
        self._good = {path: (path.read_bytes(), path.stat().st_mode) for path in places}

    def send(self, to: str = "username+dev@example.com", *, size: int = 0) -> None:
        """Puts one more mail into the inbox, with an attachment of `size` octets."""
        self.sent += 1
        self.append(mail(self.sent, to=to, size=size))

    def change(self, **lines: str) -> None:
        """Sets keys of [account.main] or, where they are there already, of a destination; values in TOML."""
        text = self.config.read_text()
        for key, value in lines.items():
            text, found = re.subn(rf"(?m)^{key} = .*$", f"{key} = {value}", text)
            if not found:
                text = text.replace("[account.main]\n", f"[account.main]\n{key} = {value}\n")
        self.config.write_text(text)

    def hook_at(self, url: str) -> None:
        """Sets the URL of the web hook."""
        self.config.write_text(re.sub(r'(?m)^url = "http.*$', f'url = "{url}"', self.config.read_text()))

    def put_right(self) -> None:
        """Configuration, password and all file modes as they were before the first run."""
        self.folder.chmod(0o700)
        for path, (content, mode) in self._good.items():
            if path != self.database:
                path.touch()
                path.chmod(0o600)
                path.write_bytes(content)
            path.chmod(mode)

    def put_store_back(self) -> None:
        """The store as it was before the first run, as from a backup."""
        for path in self.folder.glob("mailpoll.db-*"):
            path.unlink()
        self.database.write_bytes(self._good[self.database][0])

    def run(self, *arguments: str, env: dict[str, str] | None = None, **more: object) -> Any:
        """As Site.run; nothing printed may be a traceback or hold a secret."""
        return checked(super().run(*arguments, env=env, **more))

    def run_hindered(self, hindrance: dict[str, float], *arguments: str) -> subprocess.CompletedProcess[str]:
        """As run(), under a hindrance of support.hindered."""
        command = [sys.executable, hindered.__file__, json.dumps(hindrance), "--config", str(self.config), *arguments]
        options: dict[str, Any] = {"capture_output": True, "text": True, "timeout": 60, "stdin": subprocess.DEVNULL}
        return checked(subprocess.run(command, env=self.env, check=False, **options))

    def make_due(self) -> None:
        """The time of the next attempt has come for all that is delayed or uncertain, and every rest is over."""
        now = datetime.now(UTC).strftime("%Y-%m-%d %H:%M:%S.%f")
        with closing(sqlite3.connect(self.database)) as connection, connection:
            connection.execute("UPDATE delivery SET due_at = ? WHERE due_at IS NOT NULL", (now,))
            connection.execute("UPDATE rest SET until = ?", (now,))

    def states(self) -> list[str]:
        """The states of all posts, in the order they were made."""
        return [delivery.state for delivery in self.deliveries()]

    def assert_all_delivered_once(self) -> None:
        """Every mail sent became one post, which was delivered; every one is marked on the server."""
        wanted = sorted(f"This is mail {number}." for number in range(1, self.sent + 1))
        assert sorted(delivery.post.body.splitlines()[0] for delivery in self.deliveries()) == wanted
        assert set(self.states()) == {"delivered"}
        assert [flags for flags, _ in self.inbox().values()] == [frozenset({"\\Seen"})] * self.sent


def checked(result: subprocess.CompletedProcess[str]) -> subprocess.CompletedProcess[str]:
    """`result`, if what was printed is fit for cron's mail."""
    printed = result.stdout + result.stderr
    assert CANARY not in printed
    assert "Traceback" not in printed
    assert "this is a bug" not in printed
    return result
