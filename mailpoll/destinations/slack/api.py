"""The requests to Slack: its methods, and the addresses it names for files."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from urllib.parse import urlencode

from mailpoll import __version__
from mailpoll.http import Http, Response
from mailpoll.post_json import in_json

AGENT = f"mailpoll/{__version__}"
MAX_ANSWER = 64 * 1024  # octets
# A message comes back with its text, twelve octets of JSON for some characters, and once more as rich text, an object
# for each emoji and each piece in bold.
_MAX_SAID = 2 * 1024 * 1024  # octets


class Api:
    """Slack's methods under one address, called with one token.

    Args:
        base: where they are, as https://slack.com/api.
        token: the bot token.
        http: what sends.
        timeout: seconds to wait for an answer.
    """

    def __init__(self, base: str, token: str, http: Http, timeout: float) -> None:
        self._base = base.rstrip("/")
        self._headers = {"Authorization": f"Bearer {token}", "User-Agent": AGENT}
        self._http = http
        self._timeout = timeout

    def say(self, method: str, fields: Mapping[str, Any]) -> Response:
        """The answer to a method called with JSON. Raises as Http.request."""
        return self._request(method, in_json(fields), "application/json; charset=utf-8", max_answer=_MAX_SAID)

    def ask(
        self,
        method: str,
        fields: Mapping[str, str | int],
        timeout: float | None = None,
        max_answer: int = MAX_ANSWER,
    ) -> Response:
        """The answer to a method called with a form, which those that only ask, and some others, insist on."""
        body = urlencode(fields, errors="replace").encode()
        return self._request(method, body, "application/x-www-form-urlencoded", timeout, max_answer)

    def upload(self, url: str, data: bytearray) -> Response:
        """The answer of an address for one file, which needs no token."""
        headers = {"Content-Type": "application/octet-stream", "User-Agent": AGENT}
        return self._http.request(
            "POST", url, headers=headers, body=data, timeout_connect=5, timeout_read=self._timeout
        )

    def _request(
        self,
        method: str,
        body: bytes,
        content_type: str,
        timeout: float | None = None,
        max_answer: int = MAX_ANSWER,
    ) -> Response:
        seconds = min(self._timeout, timeout or self._timeout)
        return self._http.request(
            "POST",
            f"{self._base}/{method}",
            headers={**self._headers, "Content-Type": content_type},
            body=body,
            timeout_connect=min(5, seconds),
            timeout_read=seconds,
            max_answer=max_answer,
        )
