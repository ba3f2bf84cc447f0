"""The receiving ends that are no chat: web hooks, programs, folders, mail, Apprise; and WAYS, the table of all."""

from __future__ import annotations

import base64
import importlib.util
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, ClassVar

import pytest
from servers.http_receiver import Answer, Request
from servers.scripted_service import Service
from servers.scripted_smtp import HANG, RESET, Script, ScriptedSmtp
from servers.scripted_smtp import Answer as Words

from support import ends
from support.ends import KEY, Chat, End
from support.site import empty_store
from support.waiting import Waiting, configure


class Hook(Service):
    """A web hook that takes what has the right key."""

    authorization = ""

    def __init__(self) -> None:
        super().__init__()
        self.taken: list[Request] = []

    def name_of(self, request: Request) -> str:
        return "post"

    def answer(self, request: Request) -> Answer:
        if request.headers.get("authorization") != self.authorization:
            return Answer(401)
        self.taken.append(request)
        return Answer()


class Webhook(Chat):
    kind = "webhook"
    doubles = told_apart = True
    request = "post"
    right_secret = "cAnArY-hook"
    service: Hook
    given: ClassVar[Mapping[str, Any]] = {}

    def start(self, stack: ExitStack) -> None:
        self.service = Hook()
        stack.enter_context(self.service)
        self.service.authorization = f"Bearer {self.secret}"
        self.section = {"url": f"{self.service.url}/inbound", "bearer": KEY, **self.given}

    def texts(self) -> list[str | bytes]:
        return [request.body for request in self.service.taken]

    def keys(self) -> list[str]:
        return [request.headers["idempotency-key"] for request in self.service.taken]


class Postmark(Webhook):
    given: ClassVar[Mapping[str, Any]] = {"format": "postmark"}


class Mailgun(Webhook):
    given: ClassVar[Mapping[str, Any]] = {"format": "mailgun", "secret": KEY}


class Relay(Webhook):
    given: ClassVar[Mapping[str, Any]] = {"format": "rfc822"}


class Template(Webhook):
    given: ClassVar[Mapping[str, Any]] = {"template": {"text": "{body}"}}


class ByApprise(Chat):
    kind = "apprise"
    doubles = True
    request = "post"
    service: Hook

    def start(self, stack: ExitStack) -> None:
        self.service = Hook()
        stack.enter_context(self.service)
        self.service.authorization = "Basic " + base64.b64encode(b"user:cAnArY-apprise").decode()
        self.secret, self.old_secret = (
            f"json://user:{word}@127.0.0.1:{self.service.port}/" for word in ("cAnArY-apprise", "cAnArY-of-yesterday")
        )
        self.section = {"url": KEY, "service": "json"}

    def texts(self) -> list[str | bytes]:
        return [request.body for request in self.service.taken]


class Forward(End):
    kind = "smtp"
    doubles = True
    wrong_place = "nobody"
    right_secret = "cAnArY-smtp"
    own: ClassVar[Mapping[str, Any]] = {
        "no such user": ("RCPT", "550 5.1.1 no such user"),
        "too long": ("MAIL", "552 5.3.4 Message size exceeds fixed limit"),
        "spam": (".", "554 5.7.1 Spam message rejected"),
        "greylisted": ("RCPT", "451 4.7.1 Greylisted, please try again"),
        "closing": ("MAIL", "421 4.3.2 shutting down"),
        "sender refused": ("MAIL", "553 5.7.1 Sender address rejected: not owned by user"),
        "reset before": ("RCPT", RESET),
        "reset after": (".", RESET),
        "slow": (".", HANG),
    }

    def start(self, stack: ExitStack) -> None:
        self._script: dict[str, Words] = {}
        steps = {step: lambda _, step=step: self._script.pop(step, None) for step in ("MAIL", "RCPT", ".")}
        script = Script(username="u", password=self.secret, auth_required=True, answers=steps)
        self.service = stack.enter_context(ScriptedSmtp(script))
        self.section = {"to": "user@example.net"}
        self.smtp = {"host": "127.0.0.1", "port": self.service.port, "tls": "none", "username": "u", "password": KEY,
                     "from": "Gateway <gateway@example.com>"}  # fmt: skip

    def next(self, answer: str) -> None:
        step, words = self.own[answer]
        self._script = {step: words}

    def texts(self) -> list[str | bytes]:
        return [mail.raw for mail in self.service.mails]


class Program(End):
    """A program that obeys a file and appends what it reads to another."""

    kind = "command"
    doubles = True
    own: ClassVar[Mapping[str, Any]] = {
        "exit 75": "exit 75",
        "exit 1": "exit 1",
        "killed": "kill -9 $$",
        "killed after": "cat >>taken; kill -9 $$",
        "slow": "cat >>taken; exec sleep 60",
        "not executable": None,
        "missing": None,
    }

    def start(self, stack: ExitStack) -> None:
        self._program = self.folder / "program"
        self._program.write_text(
            f"#!/bin/sh\ncd '{self.folder}' || exit 75\nif mv next now 2>/dev/null; then . ./now; fi\ncat >>taken\n"
        )
        self._program.chmod(0o700)
        self.section = {"command": [str(self._program)]}

    def next(self, answer: str) -> None:
        if answer == "not executable":
            self._program.chmod(0o600)
        elif answer == "missing":
            self._program.rename(self.folder / "elsewhere")
        else:
            (self.folder / "next").write_text(self.own[answer] + "\n")

    def mend(self) -> None:
        if (self.folder / "elsewhere").exists():
            (self.folder / "elsewhere").rename(self._program)
        self._program.chmod(0o700)

    def texts(self) -> list[str | bytes]:
        taken = self.folder / "taken"
        mails = taken.read_bytes().split(b"From: ")[1:] if taken.exists() else []
        return list(mails)


class Files(End):
    """A folder in a folder that may be gone, as a disk that is not mounted."""

    kind = "file"
    wrong_place = "../elsewhere"
    own: ClassVar[Mapping[str, Any]] = {"missing": None, "in the way": None}
    below: ClassVar[str] = "."

    def start(self, stack: ExitStack) -> None:
        self._disk = self.folder / "disk"
        self._disk.mkdir()
        self.section = {"path": str(self._disk / "posts")}

    def next(self, answer: str) -> None:
        if answer == "missing":
            self._disk.rename(self.folder / "elsewhere")
        else:
            (self._disk / "posts").write_text("a file")

    def mend(self) -> None:
        if (self.folder / "elsewhere").exists():
            (self.folder / "elsewhere").rename(self._disk)
        if (self._disk / "posts").is_file():
            (self._disk / "posts").unlink()

    def texts(self) -> list[str | bytes]:
        folder = self._disk / "posts" / self.below
        files = [path for path in folder.glob("*") if path.is_file()] if folder.is_dir() else []
        return [path.read_bytes() for path in sorted(files, key=lambda path: path.stat().st_mtime_ns)]


class Mails(Files):
    kind = "maildir"
    below = "new"


WAYS: Mapping[str, type[End]] = {
    "webhook": Webhook,
    "webhook postmark": Postmark,
    "webhook mailgun": Mailgun,
    "webhook rfc822": Relay,
    "webhook template": Template,
    "command": Program,
    "zulip": ends.ZulipBot,
    "slack": ends.SlackBot,
    "slack web hook": ends.SlackHook,
    "mattermost": ends.MattermostBot,
    "mattermost web hook": ends.MattermostHook,
    "matrix": ends.MatrixRoom,
    "discord": ends.DiscordBot,
    "discord web hook": ends.DiscordHook,
    "ntfy": ends.NtfyTopic,
    "maildir": Mails,
    "file": Files,
    "smtp": Forward,
    "apprise": ByApprise,
}


@contextmanager
def waiting(way: str, folder: Path, url: str = "", **given: Any) -> Iterator[tuple[Waiting, End]]:
    """A configured destination of that way, with its receiver; nothing waits yet."""
    if way == "apprise" and importlib.util.find_spec("apprise") is None:
        pytest.skip("the extra apprise is not installed")
    if not url:
        (folder / "mailpoll.db").write_bytes(empty_store())
        url = f"sqlite:///{folder / 'mailpoll.db'}"
    with WAYS[way](folder) as end:
        section = {"kind": end.kind, **end.section, **given}
        yield Waiting(configure(folder, url, section, end.smtp), datetime.now(UTC)), end
