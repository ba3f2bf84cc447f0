"""The requests to a Mattermost server: version 4 of its API."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from mailpoll import __version__
from mailpoll.http import Form, Http, Response
from mailpoll.post_json import in_json

AGENT = f"mailpoll/{__version__}"
# A post comes back with its text, in JSON that writes `<` and `&` in six octets each, and with what its files are.
_MAX_ANSWER = 1024 * 1024  # octets


class Api:
    """A server's API, called with one token.

    Args:
        server: its URL.
        token: of a bot or a person.
        http: what sends.
        timeout: seconds to wait for an answer.
    """

    def __init__(self, server: str, token: str, http: Http, timeout: float) -> None:
        self._base = f"{server.rstrip('/')}/api/v4/"
        self._headers = {"Authorization": f"Bearer {token}", "User-Agent": AGENT}
        self._http = http
        self._timeout = timeout

    def get(self, path: str) -> Response:
        """The answer to a question. Raises as Http.request."""
        return self._request("GET", path, b"", {})

    def post(self, path: str, fields: Mapping[str, Any] | list[str]) -> Response:
        """The answer to JSON. Raises as Http.request."""
        return self._request("POST", path, in_json(fields), {"Content-Type": "application/json"})

    def upload(self, channel: str, name: str, type_: str, pieces: Iterable[bytes]) -> Response:
        """The answer to a file for a channel. Raises as Http.request."""
        form = Form()
        form.text("channel_id", channel)  # first: the server stores the file as it comes
        form.file("files", name, type_, pieces)
        body = form.end()
        return self._request("POST", "files", body, {"Content-Type": form.content_type})

    def _request(self, method: str, path: str, body: bytes | bytearray, headers: Mapping[str, str]) -> Response:
        return self._http.request(
            method,
            self._base + path,
            headers={**self._headers, **headers},
            body=body,
            timeout_connect=min(5, self._timeout),
            timeout_read=self._timeout,
            max_answer=_MAX_ANSWER,
        )
