"""The receiving end of destinations: a real server or folder, the section that leads to it, and what it is told to do.

Each End is one way of one kind. The chats are here; `ends_local` has what is on this machine, and `WAYS`, all of them.
"""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import ExitStack
from pathlib import Path
from types import TracebackType
from typing import Any, ClassVar, Self

from servers import chat_service, fake_discord, fake_matrix, fake_ntfy, mattermost, scripted_service, slack, zulip
from servers.http_receiver import RESET_READ, SILENT, Answer
from servers.scripted_service import After, in_json

# Bare statuses, as any server or proxy may answer them.
STATUSES: Mapping[str, Answer] = {
    "400": Answer(400),
    "401": Answer(401),
    "403": Answer(403),
    "404": Answer(404),
    "413": Answer(413),
    "429": Answer(429, {"Retry-After": "90"}),
    "500": Answer(500),
}


class End:
    """One way of one kind.

    `doubles`: a post that was taken, and comes again since its answer was lost, is there twice. `told_apart`: but the
    second has the key of the first, by which receivers or apps know it. `wrong_place` is a place that is not there.
    `own` are answers in the service's own words, by name. `secret` lets us in, `old_secret` does not any more.
    """

    kind: ClassVar[str]
    doubles: ClassVar[bool] = False
    told_apart: ClassVar[bool] = False
    wrong_place: ClassVar[str] = ""
    own: ClassVar[Mapping[str, Any]] = {}
    right_secret: ClassVar[str] = ""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.secret = self.right_secret
        self.old_secret = "cAnArY-of-yesterday"
        self.section: dict[str, Any] = {}
        self.smtp: dict[str, Any] = {}
        self._open = ExitStack()

    def __enter__(self) -> Self:
        with ExitStack() as stack:
            self.start(stack)
            self._open = stack.pop_all()
        if self.secret:
            self.write_secret(self.secret)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._open.__exit__(kind, error, trace)

    def start(self, stack: ExitStack) -> None:
        """Starts the server, and says in `section` how to reach it."""
        raise NotImplementedError

    def next(self, answer: str) -> None:
        """What happens to the next post: a name of STATUSES or `own`, "reset", "reset after" it was taken, or "slow",
        after it was taken, too."""
        raise NotImplementedError

    def mend(self) -> None:
        """Ends what next() began, where that does not end with one post."""

    def texts(self) -> list[str | bytes]:
        """What people see, or programs got, in order."""
        raise NotImplementedError

    def keys(self) -> list[str]:
        """The keys by which doubles are told apart, where `told_apart`."""
        return []

    def later(self) -> None:
        """An hour passes."""

    def write_secret(self, text: str) -> None:
        """Puts the secret that the section names into place."""
        path = self.folder / "key"
        path.write_text(text)
        path.chmod(0o600)


KEY = {"file": "key"}


class Chat(End):
    """A chat on scripted_service: `request` is what its script calls a post."""

    request: ClassVar[str]
    service: scripted_service.Service

    def next(self, answer: str) -> None:
        known = {"reset": RESET_READ, "reset after": After(RESET_READ), "slow": After(SILENT), **STATUSES, **self.own}
        self.service.script[self.request] = [known[answer]]


class FaultyChat(End):
    """A chat on chat_service."""

    service: chat_service.ChatService

    def next(self, answer: str) -> None:
        faults = {"reset": chat_service.LOST, "reset after": chat_service.TAKEN_AND_LOST,
                  "slow": chat_service.TAKEN_AND_SILENT, **STATUSES, **self.own}  # fmt: skip
        self.service.faults = [faults[answer]]


class ZulipBot(End):
    kind = "zulip"
    wrong_place = "nowhere"
    right_secret = zulip.Zulip.key
    own: ClassVar[Mapping[str, Any]] = {"too long": zulip.error(400, "BAD_REQUEST", "Message too long")}

    def start(self, stack: ExitStack) -> None:
        self.service = stack.enter_context(zulip.Zulip())
        self.section = {"site": self.service.site, "email": self.service.email, "key": KEY, "channel": "general"}

    def next(self, answer: str) -> None:
        known = {name: zulip.Says(each.status, {}, each.headers) for name, each in STATUSES.items()}
        faults = {"reset": zulip.RESET, "reset after": zulip.LOST, "slow": zulip.HELD, **known, **self.own}
        self.service.script("POST messages", faults[answer])

    def mend(self) -> None:
        self.service.let_go.set()

    def texts(self) -> list[str | bytes]:
        return list(self.service.contents)


class SlackBot(Chat):
    kind = "slack"
    doubles = True
    request = "chat_postMessage"
    wrong_place = "#old"
    right_secret = slack.TOKEN
    own: ClassVar[Mapping[str, Any]] = {
        "too long": in_json({"ok": False, "error": "msg_too_long"}),
        "busy": in_json({"ok": False, "error": "ratelimited"}, 429, **{"Retry-After": "90"}),
    }

    def start(self, stack: ExitStack) -> None:
        self.service = stack.enter_context(slack.Slack())
        self.section = {"token": KEY, "api": self.service.api, "channel": "#ops"}

    def texts(self) -> list[str | bytes]:
        return [message.text for message in self.service.messages]


class SlackHook(SlackBot):
    request = "hook"
    wrong_place = "#ops"
    own: ClassVar[Mapping[str, Any]] = {
        "too long": Answer(400, {}, b"invalid_payload"),
        "place gone": Answer(410, {}, b"channel_is_archived"),
    }

    def start(self, stack: ExitStack) -> None:
        super().start(stack)
        self.secret, self.old_secret = self.service.hook, f"{self.service.hook}OLD"
        self.section = {"webhook": KEY}


class MattermostBot(Chat):
    kind = "mattermost"
    doubles = True
    request = "posts"
    wrong_place = "team/old"
    right_secret = mattermost.TOKEN
    own: ClassVar[Mapping[str, Any]] = {
        "too long": in_json({"id": "model.post.is_valid.msg.app_error", "status_code": 400}, 400)
    }

    def start(self, stack: ExitStack) -> None:
        self.service = stack.enter_context(mattermost.Mattermost())
        self.section = {"token": KEY, "server": self.service.url, "channel": "team/ops"}

    def texts(self) -> list[str | bytes]:
        return [post.message for post in self.service.posts]

    def later(self) -> None:
        self.service.forget()


class MattermostHook(MattermostBot):
    request = "hook"
    wrong_place = "nowhere"
    own: ClassVar[Mapping[str, Any]] = {
        "too long": in_json({"id": "web.incoming_webhook.parse.app_error", "status_code": 400}, 400),
        "place gone": in_json({"id": "web.incoming_webhook.channel.app_error", "status_code": 404}, 404),
    }

    def start(self, stack: ExitStack) -> None:
        super().start(stack)
        self.secret, self.old_secret = self.service.hook, f"{self.service.hook}OLD"
        self.section = {"webhook": KEY}


class MatrixRoom(FaultyChat):
    kind = "matrix"
    wrong_place = "#else:example.org"
    right_secret = fake_matrix.TOKEN
    own: ClassVar[Mapping[str, Any]] = {
        "too long": fake_matrix.error(413, "M_TOO_LARGE"),
        "busy": fake_matrix.error(429, "M_LIMIT_EXCEEDED", retry_after_ms=90_000),
    }

    def start(self, stack: ExitStack) -> None:
        self.service = stack.enter_context(fake_matrix.FakeMatrix())
        self.section = {"homeserver": self.service.url, "token": KEY, "room": fake_matrix.ALIAS}

    def texts(self) -> list[str | bytes]:
        return [event["body"] for event in self.service.events.values()]


class DiscordBot(FaultyChat):
    kind = "discord"
    wrong_place = "999999999999999999"
    right_secret = fake_discord.TOKEN
    own: ClassVar[Mapping[str, Any]] = {
        "too long": fake_discord.error(400, 50035),
        "busy": fake_discord.error(429, 0, retry_after=90),
    }

    def start(self, stack: ExitStack) -> None:
        self.service = stack.enter_context(fake_discord.FakeDiscord())
        self.section = {"token": KEY, "api": f"{self.service.url}/api/v10", "channel": fake_discord.CHANNEL}

    def texts(self) -> list[str | bytes]:
        return [payload["content"] for _, payload, _ in self.service.messages.values()]


class DiscordHook(DiscordBot):
    doubles = True
    own: ClassVar[Mapping[str, Any]] = {
        **DiscordBot.own,
        "wrong key": fake_discord.error(401, 50027),
        "place gone": fake_discord.error(404, 10003),
    }

    def start(self, stack: ExitStack) -> None:
        super().start(stack)
        self.section = {"webhook": KEY}
        self.secret = self.old_secret = self.service.url + fake_discord.HOOK


class NtfyTopic(FaultyChat):
    kind = "ntfy"
    doubles = told_apart = True
    wrong_place = "no topic"
    right_secret = fake_ntfy.TOKEN
    own: ClassVar[Mapping[str, Any]] = {
        "too long": fake_ntfy.error(413, 41303),
        "topic closed": fake_ntfy.error(403, 40301),
    }

    def start(self, stack: ExitStack) -> None:
        self.service = stack.enter_context(fake_ntfy.FakeNtfy())
        self.section = {"url": self.service.url, "token": KEY, "topic": "alerts"}

    def texts(self) -> list[str | bytes]:
        return [message["message"] for message in self.service.messages]

    def keys(self) -> list[str]:
        return [message["sequence_id"] for message in self.service.messages]
