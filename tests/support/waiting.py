"""Posts that wait for a destination called `team`: a real store, the real Courier, a clock that is put on by hand."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from mailpoll.commands import troubles
from mailpoll.commands.assembly import Configured
from mailpoll.commands.installation import Installation
from mailpoll.delivery import Attempt, Courier
from mailpoll.model import Delivery, Facts, Pause, Post, RawMessage, Reading, Route
from mailpoll.store import Store
from support.hooks import Behind
from support.site import mail

_NUMBER = re.compile(r"post number (\d+)")


def configure(folder: Path, url: str, section: dict[str, Any], smtp: dict[str, Any]) -> Path:
    """A configuration with that store, and one destination called `team`."""
    sections = {"store": {"url": url}, "addresses": {"patterns": ["bot+%s@example.com"]}, "destination.team": section}
    if smtp:
        sections["smtp"] = smtp
    path = folder / "config.toml"
    path.write_text(
        "".join(
            f"[{name}]\n" + "".join(f"{key} = {_toml(value)}\n" for key, value in lines.items())
            for name, lines in sections.items()
        )
    )
    return path


def _toml(value: Any) -> str:
    if isinstance(value, dict):
        return "{ " + ", ".join(f"{key} = {_toml(each)}" for key, each in value.items()) + " }"
    return json.dumps(value, ensure_ascii=False)


class Waiting:
    """What a run of a configuration makes of the posts in its store; `now` is when it begins."""

    def __init__(self, config: Path, now: datetime) -> None:
        self.config = config
        self.now = now
        self.told: list[Attempt] = []
        self.pauses: list[Pause] = []

    def store(self) -> Store:
        return Store(Installation(str(self.config), {}).store_url)

    def add(self, number: int, place: str = "") -> None:
        """A mail that became a post, which says "post number N"."""
        body = f"This is post number {number}."
        post = Post("ops", "team", place, f"Subject {number}", body, subject=f"Subject {number}",
                    sender="Anna <anna@example.net>", message_id=f"<{number}@example.net>",
                    address="bot+ops@example.com")  # fmt: skip
        with self.store() as store:
            raw = RawMessage(None, None, (mail(number, text=body, to="bot+ops@example.com"),))
            [message_id] = store.ledger.accept([raw], self.now)
            store.ledger.record([(message_id, Reading("posted", "", Facts(f"content {number}"), (post,)))], self.now)

    def run(self, seconds: float = 0, *, wrapped: Callable[[Store], None] = lambda _: None) -> None:
        """A run, `seconds` after the last one."""
        self.now += timedelta(seconds=seconds)
        self.told, self.pauses = [], []
        with self.store() as store, store.run(["main"]) as mine:
            assert mine is not None
            wrapped(store)
            courier = Courier(
                store.outbox,
                Configured(Installation(str(self.config), {})),
                lambda delivery: _content(delivery),
                now=lambda: self.now,
                jitter=lambda: 0.0,
                told=self.told.append,
                paused=self.pauses.append,
            )
            courier.start()
            while courier.step():
                pass

    def deliveries(self) -> tuple[Delivery, ...]:
        with self.store() as store:
            return store.outbox.list()

    def states(self) -> list[str]:
        return [delivery.state for delivery in self.deliveries()]

    def retry(self, number: int) -> None:
        """As `mailpoll posts retry` does."""
        with self.store() as store:
            store.outbox.retry(store.outbox.list()[number - 1], self.now)

    def sentences(self) -> str:
        """What the last run would say."""
        lasting = [each for each in self.told if not each.closes]
        error = next((each.error for each in self.told if each.closes), None)
        return "\n".join([*troubles.of_posts(lasting), *(troubles.of_pause(pause, error) for pause in self.pauses)])


def numbers(texts: list[str | bytes]) -> list[int]:
    """Which posts these are."""
    return [int(_NUMBER.findall(text if isinstance(text, str) else _text(text))[0]) for text in texts]


def _text(raw: bytes) -> str:
    return raw.decode("utf-8", "replace").replace("+", " ")


def _content(delivery: Delivery) -> Behind:
    [number] = {int(each) for each in _NUMBER.findall(delivery.post.body)}
    raw = mail(number, text=delivery.post.body, to="bot+ops@example.com")
    return Behind(raw, Route("ops", (), options=delivery.post.options))
