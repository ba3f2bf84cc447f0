"""Posts by a Slack incoming web hook: one channel, text only, answers in words."""

from __future__ import annotations

from mailpoll.destinations.kind import failed
from mailpoll.destinations.slack.answers import hooked
from mailpoll.destinations.slack.api import AGENT
from mailpoll.destinations.slack.bot import QUIET
from mailpoll.errors import MessageError, PermanentFailure
from mailpoll.http import Http
from mailpoll.model import Finding, Post, Receipt
from mailpoll.post_json import in_json
from mailpoll.settings import SlackSettings, mask_url

NO_FILES = "a web hook takes no files"
ELSEWHERE = "a web hook of Slack posts to its own channel only"


class Hook:
    """The URL of a web hook, and what is done with it."""

    def __init__(self, name: str, settings: SlackSettings, url: str, http: Http) -> None:
        self._name = name
        self._settings = settings
        self._url = url
        self._http = http

    def post(self, post: Post) -> Receipt:
        """An empty receipt: a web hook says `ok` and nothing else. What files there are stands in the text."""
        if post.place:
            raise PermanentFailure(
                ELSEWHERE,
                about=f"channel {post.channel}",
                advice=f"Write --to {self._name} without a place, or use a bot token",
            )
        self._send(post.body)
        return Receipt()

    def check(self) -> tuple[Finding, ...]:
        """Whether Slack knows the web hook: a post without text is refused for that, and is no post."""
        place = mask_url(self._url)
        try:
            self._send("")
        except PermanentFailure:
            return (Finding("ok", f"{self._name}: Slack knows the web hook ({place})"),)
        except MessageError as error:
            return (failed(self._name, error, "Check the network", about=place),)
        what = f"{self._name}: {place} answers, but took a post without a text: it is not Slack"
        return (Finding("warn", what, "Check its webhook"),)

    def _send(self, text: str) -> None:
        """Raises as answers.hooked and Http.request."""
        answer = self._http.request(
            "POST",
            self._url,
            headers={"Content-Type": "application/json; charset=utf-8", "User-Agent": AGENT},
            body=in_json({"text": text, "mrkdwn": True, **QUIET}),
            timeout_connect=min(5, self._settings.timeout),
            timeout_read=self._settings.timeout,
        )
        hooked(answer)
