"""A mailpoll to measure: a configuration, a channel whose posts stay in the store, and its state put back at will."""

from __future__ import annotations

import os
import secrets
import shutil
import sqlite3
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

from servers.dovecot import Dovecot

from benchmark.mailbag import TOKEN
from benchmark.timing import Command, Failed

MAILPOLL = Path(sys.executable).with_name("mailpoll")
CHANNELS = 1000  # that many share the many addresses
ENVIRONMENT = {"PATH": "/usr/local/bin:/usr/bin:/bin:/usr/sbin", "HOME": "/nonexistent"}  # as cron's

_CONFIG = """\
[account.bench]
host = "localhost"
port = {port}
username = "{user}"
password = {{ file = "password" }}
ca_file = "{ca_file}"
[fetch]
deadline = 600
"""


class Site:
    """One installation for the inbox of `user`; its store is beside the configuration."""

    def __init__(self, folder: Path, server: Dovecot, user: str, port: int = 0) -> None:
        self.folder, self._state, self._kept = folder, folder / "state", folder / "kept"
        folder.mkdir(mode=0o700)
        self._state.mkdir(mode=0o700)
        config = folder / "config.toml"
        (folder / "password").write_text(server.password)
        config.write_text(_CONFIG.format(port=port or server.imaps_port, user=user, ca_file=server.ca_file))
        for file in (config, folder / "password"):
            file.chmod(0o600)
        self.env = {**ENVIRONMENT, "MAILPOLL_CONFIG": str(config), "STATE_DIRECTORY": str(self._state)}
        self.run("channel", "add", TOKEN, "--token", TOKEN)

    @property
    def url(self) -> str:
        """Where its store is."""
        return f"sqlite:///{self._state / 'mailpoll.db'}"

    def configure(self, sections: str, secrets: Mapping[str, str]) -> None:
        """More sections of the configuration, and the files of secrets that they name."""
        with (self.folder / "config.toml").open("a") as config:
            config.write(sections)
        for name, text in secrets.items():
            (self.folder / name).touch(mode=0o600)
            (self.folder / name).write_text(text)

    def run(self, *words: str) -> None:
        """A command that must go well."""
        done = subprocess.run([MAILPOLL, *words], env=self.env, capture_output=True, text=True, check=False)
        if done.returncode:
            raise Failed(f"mailpoll {words[0]} ended with status {done.returncode}: {done.stderr.strip()[-500:]}")

    def settle(self) -> None:
        """Runs until nothing is left to decide."""
        for _ in range(2):
            self.run("fetch")

    def keep(self) -> None:
        """Remembers the state as it is now."""
        shutil.rmtree(self._kept, ignore_errors=True)
        shutil.copytree(self._state, self._kept)

    def restore(self) -> None:
        """Brings the remembered state back, so that the same mails are new ones."""
        shutil.rmtree(self._state)
        shutil.copytree(self._kept, self._state)
        self._state.chmod(0o700)

    def command(self, name: str = "mailpoll", **more: object) -> Command:
        """A run, to be measured."""
        return Command(name, (str(MAILPOLL), "fetch"), self.env, **more)  # type: ignore[arg-type]

    def posts(self) -> int:
        """How many posts there are."""
        with sqlite3.connect(self._state / "mailpoll.db") as database:
            [number] = database.execute("SELECT count(*) FROM delivery WHERE state = 'delivered'").fetchone()
        return int(number)

    def add_addresses(self, number: int) -> None:
        """So many more addresses, spread over many channels, written straight into the store."""
        letters = "abcdefghijklmnopqrstuvwxyz234567"
        moment = "2026-01-01 00:00:00.000000"
        with sqlite3.connect(self._state / "mailpoll.db") as database:
            database.executemany(
                "INSERT INTO channel (name, created_at) VALUES (?, ?)", ((f"many{k}", moment) for k in range(CHANNELS))
            )
            ids = [row[0] for row in database.execute("SELECT id FROM channel WHERE name LIKE 'many%'")]
            tokens = ("".join(letters[octet & 31] for octet in secrets.token_bytes(26)) for _ in range(number))
            database.executemany(
                "INSERT INTO address (channel_id, token, created_at) VALUES (?, ?, ?)",
                ((ids[k % CHANNELS], token, moment) for k, token in enumerate(tokens)),
            )
        database.close()


def without_own_variables() -> dict[str, str]:
    """The environment for the other programs."""
    return {**ENVIRONMENT, "LC_ALL": "C", "PATH": os.pathsep.join((ENVIRONMENT["PATH"], "/sbin"))}
