"""Posts by a Mattermost incoming web hook: a channel of its team, text only."""

from __future__ import annotations

from mailpoll.destinations.kind import failed
from mailpoll.destinations.mattermost.answers import NO_TEXT, id_of, not_mattermost, taken
from mailpoll.destinations.mattermost.api import AGENT
from mailpoll.errors import MessageError
from mailpoll.http import Http, Response
from mailpoll.model import Finding, Post, Receipt
from mailpoll.post_json import in_json
from mailpoll.settings import MattermostSettings, mask_url

NO_FILES = "a web hook takes no files"


class Hook:
    """The URL of a web hook, and what is done with it."""

    def __init__(self, name: str, settings: MattermostSettings, url: str, http: Http) -> None:
        self._name = name
        self._settings = settings
        self._url = url
        self._http = http

    def post(self, post: Post) -> Receipt:
        """An empty receipt: a web hook says `ok` and nothing else. What files there are stands in the text."""
        place = (post.place or self._settings.channel).lstrip("~#")
        answer = self._send({"text": post.body, **({"channel": place} if place else {})})
        taken(answer, place, "Check its webhook")
        if answer.body.strip() not in (b"ok", b""):
            raise not_mattermost(answer)
        return Receipt()

    def check(self) -> tuple[Finding, ...]:
        """Whether the server takes web hooks: a post without text is refused for that, and is no post. Whether it knows
        this one it says only to a post."""
        place = mask_url(self._url)
        try:
            answer = self._send({"text": ""})
            if id_of(answer.fields) != NO_TEXT:
                taken(answer, "", "Check its webhook")
                raise not_mattermost(answer)
        except MessageError as error:
            return (failed(self._name, error, "Check the network", about=place),)
        what = f"{self._name}: {place} takes web hooks; whether it knows this one shows in: mailpoll channel test"
        return (Finding("ok", what),)

    def _send(self, fields: dict[str, str]) -> Response:
        """Raises as Http.request."""
        return self._http.request(
            "POST",
            self._url,
            headers={"Content-Type": "application/json", "User-Agent": AGENT},
            body=in_json(fields),
            timeout_connect=min(5, self._settings.timeout),
            timeout_read=self._settings.timeout,
        )
