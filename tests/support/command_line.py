"""A configured mailpoll without an account, and its commands called as a person types them."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import click
from click.testing import CliRunner
from msgspec.structs import replace

from mailpoll.cli import root
from mailpoll.errors import ConfigError, MailpollError
from mailpoll.model import Facts, Post, RawMessage, Reading
from mailpoll.store import Store
from support.canaries import check
from support.site import empty_store

NOW = datetime(2026, 11, 20, 8, 0, tzinfo=UTC)


@dataclass(frozen=True)
class Said:
    """What a command printed, and its exit status."""

    status: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        return json.loads(self.out)


class CommandLine:
    """`mailpoll` on a store in `folder`. `more` are sections after [store] and [addresses]."""

    def __init__(self, folder: Path, more: str = "", patterns: str = '["username+%s@example.com"]') -> None:
        self.folder = folder
        database = folder / "state" / "mailpoll.db"
        database.parent.mkdir(mode=0o700)
        database.write_bytes(empty_store())
        self.url = f"sqlite:///{database}"
        self.config = folder / "config.toml"
        self.config.write_text(f'[store]\nurl = "{self.url}"\n[addresses]\npatterns = {patterns}\n{more}')

    def __call__(self, *words: str, input: bytes | None = None) -> Said:
        result = CliRunner(env={"MAILPOLL_CONFIG": str(self.config)}).invoke(
            root, words, standalone_mode=False, input=input
        )  # fmt: skip
        error = result.exception
        check(f"{result.stdout}{result.stderr}{error or ''}", words)
        if isinstance(error, MailpollError):
            problems = error.problems if isinstance(error, ConfigError) else ()
            return Said(error.exit_status, result.stdout, "\n".join([result.stderr, str(error), *problems]))
        if isinstance(error, click.ClickException):
            return Said(error.exit_code, result.stdout, error.format_message())
        if error is not None:
            raise error
        return Said(result.return_value or 0, result.stdout, result.stderr)

    def ok(self, *words: str, input: bytes | None = None) -> Said:
        """As a call; fails the test when the command did."""
        said = self(*words, input=input)
        assert said.status == 0, said
        return said

    def store(self) -> Store:
        return Store(self.url)

    def message(self, *posts: Post, outcome: str = "posted", reason: str = "", subject: str = "Hello") -> int:
        """A message that was read with this outcome; returns its id. Each has a content key of its own."""
        if outcome == "held":
            posts = tuple(replace(post, held=reason or "why") for post in posts)
        with self.store() as store:
            raw = RawMessage(None, None, (f"Subject: {subject}\r\n\r\nText\r\n".encode(),))
            [message_id] = store.ledger.accept([raw], NOW)
            facts = Facts(f"key {message_id}", f"{message_id}@x.example", "Ann <ann@x.example>", subject, NOW)
            store.ledger.record([(message_id, Reading(outcome, reason, facts, posts))], NOW + timedelta(seconds=1))
        return message_id


def post(destination: str = "hook", channel: str = "dev", **more: Any) -> Post:
    """A post on its way to `destination`."""
    return Post(channel, destination, "", "Hello", "Text", **more)
