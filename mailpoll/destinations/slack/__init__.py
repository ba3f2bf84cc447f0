"""Posts as messages of Slack, by an app's bot token or by an incoming web hook."""

from __future__ import annotations

from collections.abc import Callable
from typing import ClassVar, Literal

from msgspec.structs import replace

from mailpoll import left_out, redaction
from mailpoll.crosscheck import url_problem
from mailpoll.destinations.kind import CHAT_RATE, Kind, Question, Way
from mailpoll.destinations.slack.api import Api
from mailpoll.destinations.slack.bot import Bot
from mailpoll.destinations.slack.files import Parts
from mailpoll.destinations.slack.hook import ELSEWHERE, NO_FILES, Hook
from mailpoll.errors import ConfigError
from mailpoll.http import Http
from mailpoll.model import Finding, Limits, Post, Receipt
from mailpoll.settings import SecretRef, SlackSettings

# Slack takes 40 000 characters, but shows a text over 4 000 as several messages, of which it names only the first: an
# answer's thread, and the place of the cut, would be its choice. Counted is what is sent, with &amp; for &.
_SHOWN_WHOLE = 4000


class SlackDestination:
    """Slack.

    Args:
        name: what the destination is called, for errors.
        settings: its section.
        secret: (reference, key path) → secret.

    Raises:
        ConfigError: the URL that a secret holds is none; or what `secret` raises.
        DestinationRefused: `ca_file` cannot be used.
    """

    kind: ClassVar[Kind] = Kind(
        name="slack",
        promise="at least once, doubles only after a lost answer",
        service="Slack, by an app's bot token or an incoming web hook",
        takes="text, with a bot token also threads and up to twenty files; a web hook takes text only",
        place="a channel (#ops) or its id (C0123456789), a person's id (U0123456789); nothing with a web hook",
        limits=Limits(
            topic=0,
            body=_SHOWN_WHOLE - left_out.ROOM,
            mentions="slack",
            markup="slack",
            file_size=1_000_000_000,
            threads=True,
        ),
        threads=True,
        rate=CHAT_RATE,
        example="""\
[destination.NAME]
kind = "slack"
token = { file = "slack-token" }        # the app's bot token: xoxb-…; scopes chat:write, files:write
# webhook = { file = "slack-hook" }         # or an incoming web hook: one channel, no files, no threads
# channel = "#ops"                      # for --to NAME without a place
""",
        ways=(
            Way(
                "token",
                "an app's bot token: any channel, threads, files",
                (
                    Question("token", "Bot token (xoxb-…)", secret=True),
                    Question("channel", "Channel, like #ops", place=True),
                ),
            ),
            Way(
                "webhook",
                "an incoming web hook: one channel, text only",
                (Question("webhook", "URL of the web hook", secret=True, url=True),),
            ),
        ),
    )
    askable = False

    def __init__(
        self,
        name: str,
        settings: SlackSettings,
        secret: Callable[[SecretRef, str], str],
        *,
        http: Http | None = None,
    ) -> None:
        self.name = name
        self.limits = self.limits_of(settings)
        self.on_uncertain: Literal["repost", "hold"] = settings.on_uncertain
        http = http or Http(ca_file=settings.ca_file)
        self._bot: Bot | None = None
        self._hook: Hook | None = None
        if settings.token is not None:
            token = secret(settings.token, f"destination.{name}.token")
            self._bot = Bot(name, settings, Api(settings.api, token, http, settings.timeout))
        else:
            self._hook = Hook(name, settings, _url(name, settings, secret), http)

    @classmethod
    def limits_of(cls, settings: SlackSettings) -> Limits:
        """What a destination with these settings takes."""
        if settings.token is None:
            return replace(
                cls.kind.limits, files=False, file_size=None, overflow="cut", threads=False, no_files=NO_FILES
            )
        return replace(cls.kind.limits, files=settings.attachments, overflow=settings.overflow, threads=settings.thread)

    def post(self, post: Post, content: Parts) -> Receipt:
        """Slack's name for the message, and a link to it; raises as delivery.Destination says."""
        if self._bot is not None:
            return self._bot.post(post, content)
        assert self._hook is not None
        return self._hook.post(post)

    def find(self, post: Post) -> Receipt | None:
        """None: Slack keeps no key with a message."""
        return None

    def check(self) -> tuple[Finding, ...]:
        """Whether Slack takes the token or knows the web hook; nothing is posted."""
        way = self._bot or self._hook
        assert way is not None
        return way.check()

    def check_place(self, place: str) -> Finding | None:
        """What Slack tells of a channel; with a web hook, only that it takes no place. Raises as post()."""
        if self._bot is not None:
            return self._bot.check_place(place)
        return Finding("fail", f"{self.name}: {ELSEWHERE}", f"Write --to {self.name} alone") if place else None


def _url(name: str, settings: SlackSettings, secret: Callable[[SecretRef, str], str]) -> str:
    """The web hook's URL, from where it is kept."""
    about = f"destination.{name}.webhook"
    if settings.webhook is None:
        return ""
    url = secret(settings.webhook, about)
    redaction.know_url(url)
    if problem := url_problem(url, allow_plaintext=False):
        raise ConfigError(problem, about=about)
    return url
