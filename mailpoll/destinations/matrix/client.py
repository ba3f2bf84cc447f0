"""The calls of the Matrix client-server API that posting takes, with the access token."""

from __future__ import annotations

from typing import Any
from urllib.parse import quote

from mailpoll import __version__
from mailpoll.destinations.matrix.answers import judge
from mailpoll.errors import PermanentFailure, TemporaryFailure, Unanswered
from mailpoll.http import Http, Response, foreign
from mailpoll.post_json import in_json

_API = "/_matrix/client/v3"
# What proxies and filters in front of a homeserver answer to a file that they do not like.
_FILE_REFUSED = frozenset({403, 404, 405, 406, 415, 422, 451})


class Client:
    """One account on a homeserver.

    Every method raises as delivery.Destination says. Only send() leaves a post in doubt: of all that comes before it,
    nothing is to be seen. Unanswered by upload() says that the file may be there.
    """

    def __init__(self, http: Http, homeserver: str, token: str, timeout: float) -> None:
        self._http = http
        self._base = homeserver.rstrip("/")
        self._timeout = timeout
        self._headers = {"Authorization": f"Bearer {token}", "User-Agent": f"mailpoll/{__version__}"}

    def whoami(self) -> str:
        """The account's user id."""
        return self._asked(f"{_API}/account/whoami", "user_id")

    def room_id(self, room: str) -> str:
        """The id of a room that is named by id or alias."""
        if room.startswith("!"):
            return room
        return self._asked(f"{_API}/directory/room/{_quoted(room)}", "room_id")

    def join(self, room: str) -> None:
        """Joins a room, by id or alias."""
        judge(self._call("POST", f"{_API}/join/{_quoted(room)}", in_json({})))

    def state(self, room_id: str, kind: str, key: str = "") -> dict[str, Any] | None:
        """A piece of a room's state; None where the room has none of it."""
        answer = self._call("GET", f"{_API}/rooms/{_quoted(room_id)}/state/{kind}/{_quoted(key)}")
        if answer.status == 404:
            return None
        judge(answer)
        return answer.fields

    def send(self, room_id: str, transaction: str, content: dict[str, Any]) -> str:
        """The id of the event that was made, now or by an earlier call with the same transaction id."""
        path = f"{_API}/rooms/{_quoted(room_id)}/send/m.room.message/{_quoted(transaction)}"
        answer = self._request("PUT", path, in_json(content))
        judge(answer)
        return self._text(answer, "event_id")

    def max_upload(self) -> int | None:
        """The octets of the largest file that the server takes; None where it does not say."""
        for path in ("/_matrix/client/v1/media/config", "/_matrix/media/v3/config"):  # since Matrix 1.11, and before
            answer = self._call("GET", path)
            if answer.status == 200:
                size = answer.fields.get("m.upload.size")
                return size if isinstance(size, int) else None
        return None

    def upload(self, name: str, type_: str, data: bytearray) -> str:
        """The mxc:// address of a file, once the server has it."""
        path = f"/_matrix/media/v3/upload?filename={_quoted(name)}"
        answer = self._request("POST", path, data, type_)
        if answer.status in _FILE_REFUSED and not isinstance(answer.fields.get("errcode"), str):
            raise PermanentFailure(f"answered {answer.status}: something on the way takes no such file")
        judge(answer)
        return self._text(answer, "content_uri")

    def _asked(self, path: str, field: str) -> str:
        answer = self._call("GET", path)
        judge(answer)
        try:
            return self._text(answer, field)
        except Unanswered as problem:
            raise TemporaryFailure(problem.what, about=problem.about) from None

    def _call(self, method: str, path: str, body: bytes = b"") -> Response:
        try:
            return self._request(method, path, body)
        except Unanswered as problem:
            raise TemporaryFailure(problem.what, about=problem.about) from None

    def _request(
        self, method: str, path: str, body: bytes | bytearray = b"", type_: str = "application/json"
    ) -> Response:  # fmt: skip
        return self._http.request(
            method,
            self._base + path,
            headers={**self._headers, **({"Content-Type": type_} if method != "GET" else {})},
            body=body,
            timeout_connect=min(5, self._timeout),
            timeout_read=self._timeout,
        )

    def _text(self, answer: Response, field: str) -> str:
        value = answer.fields.get(field)
        if isinstance(value, str) and value and value.isprintable():
            return value
        raise foreign(answer, "Matrix", "Check homeserver: the URL of its client API")


def _quoted(text: str) -> str:
    return quote(text.encode("utf-8", "replace"), safe="")
