"""Posts to Mattermost, by a bot's token or by an incoming web hook."""

from __future__ import annotations

from collections.abc import Callable
from typing import ClassVar, Literal

from msgspec.structs import replace

from mailpoll import left_out, redaction
from mailpoll.crosscheck import url_problem
from mailpoll.destinations.kind import CHAT_RATE, Kind, Question, Way
from mailpoll.destinations.mattermost.api import Api
from mailpoll.destinations.mattermost.bot import Bot
from mailpoll.destinations.mattermost.files import Parts
from mailpoll.destinations.mattermost.hook import NO_FILES, Hook
from mailpoll.errors import ConfigError
from mailpoll.http import Http
from mailpoll.model import Finding, Limits, Post, Receipt
from mailpoll.settings import MattermostSettings, SecretRef

_LONGEST = 16_383  # characters, the server's model.PostMessageMaxRunesV2


class MattermostDestination:
    """Mattermost.

    Args:
        name: what the destination is called, for errors.
        settings: its section.
        secret: (reference, key path) → secret.

    Raises:
        ConfigError: the URL that a secret holds is none; or what `secret` raises.
        DestinationRefused: `ca_file` cannot be used.
    """

    kind: ClassVar[Kind] = Kind(
        name="mattermost",
        promise="at least once, doubles only after a lost answer",
        service="a Mattermost server, by a bot's token or an incoming web hook",
        takes="text, with a token also threads and up to ten files; a web hook takes text only",
        place="team/channel, as in their URLs, a channel's id, or @name, a person; with a web hook nothing, or a "
        "channel of its team, or @name",
        limits=Limits(
            topic=0,
            body=_LONGEST - left_out.ROOM,
            mentions="mattermost",
            markup="mattermost",
            file_size=100 * 1024 * 1024,
            threads=True,
        ),
        threads=True,
        rate=CHAT_RATE,
        example="""\
[destination.NAME]
kind = "mattermost"
server = "https://chat.example.com"
token = { file = "mattermost-token" }   # of a bot account
# webhook = { file = "mattermost-hook" }    # or, instead of both, an incoming web hook: no files, no threads
# channel = "team/ops"                  # for --to NAME without a place
""",
        ways=(
            Way(
                "token",
                "a bot's token: any channel, threads, files",
                (
                    Question("server", "URL of the Mattermost server"),
                    Question("token", "The bot's token", secret=True),
                    Question("channel", "Channel, as team/channel", place=True),
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
        settings: MattermostSettings,
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
            self._bot = Bot(name, settings, Api(settings.server or "", token, http, settings.timeout))
        else:
            self._hook = Hook(name, settings, _url(name, settings, secret), http)

    @classmethod
    def limits_of(cls, settings: MattermostSettings) -> Limits:
        """What a destination with these settings takes."""
        limits = replace(cls.kind.limits, body=settings.limit - left_out.ROOM)
        if settings.token is None:
            return replace(limits, files=False, file_size=None, overflow="cut", threads=False, no_files=NO_FILES)
        return replace(limits, files=settings.attachments, overflow=settings.overflow, threads=settings.thread)

    def post(self, post: Post, content: Parts) -> Receipt:
        """The post's id, and a link to it; raises as delivery.Destination says."""
        if self._bot is not None:
            return self._bot.post(post, content)
        assert self._hook is not None
        return self._hook.post(post)

    def find(self, post: Post) -> Receipt | None:
        """None: the server forgets a post's key within half a minute."""
        return None

    def check(self) -> tuple[Finding, ...]:
        """Whether the server takes the token or web hooks; nothing is posted."""
        way = self._bot or self._hook
        assert way is not None
        return way.check()

    def check_place(self, place: str) -> Finding | None:
        """Whether there is such a channel or person; None with a web hook, which cannot be asked. Raises as post()."""
        return None if self._bot is None else self._bot.check_place(place)


def _url(name: str, settings: MattermostSettings, secret: Callable[[SecretRef, str], str]) -> str:
    """The web hook's URL, from where it is kept."""
    about = f"destination.{name}.webhook"
    if settings.webhook is None:
        return ""
    url = secret(settings.webhook, about)
    redaction.know_url(url)
    if problem := url_problem(url, allow_plaintext=settings.allow_plaintext):
        raise ConfigError(problem, about=about)
    return url
