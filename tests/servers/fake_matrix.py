"""A homeserver as the Matrix client-server API (1.11) documents it, as far as posting goes."""

from __future__ import annotations

from typing import Any
from urllib.parse import unquote

from servers.chat_service import ChatService, Fault, said
from servers.http_receiver import Answer, Request

TOKEN = "cAnArY-matrix"
USER = "@mail:example.org"
ROOM = "!abc:example.org"
ALIAS = "#ops:example.org"
MAX_EVENT = 65_536

_V3 = r"/_matrix/client/v3"
_MSGTYPES = {"m.text", "m.notice", "m.file", "m.image"}


def error(status: int, code: str, **more: Any) -> Answer:
    """A standard error response."""
    return said({"errcode": code, "error": "as the specification words it", **more}, status)


class FakeMatrix(ChatService):
    """One room, ROOM alias ALIAS; `joined`, `open` (may be joined), `encrypted`, `power`, `max_upload` can be set.

    `events` are the contents of the room's messages by event id; a transaction id makes one event only.
    """

    routes = {  # noqa: RUF012
        ("GET", rf"{_V3}/account/whoami"): "whoami",
        ("GET", rf"{_V3}/directory/room/([^/]+)"): "directory",
        ("POST", rf"{_V3}/join/([^/]+)"): "join",
        ("GET", rf"{_V3}/rooms/([^/]+)/state/([^/]+)/([^/]*)"): "state",
        ("PUT", rf"{_V3}/rooms/([^/]+)/send/m\.room\.message/([^/]+)"): "send",
        ("GET", r"/_matrix/client/v1/media/config"): "config",
        ("POST", r"/_matrix/media/v3/upload\?filename=([^&]*)"): "upload",
    }
    posts = frozenset({"send"})

    def __init__(self, *faults: Fault) -> None:
        super().__init__(*faults)
        self.joined = True
        self.membership = "join"  # as those are told who are or were in the room
        self.open = True
        self.encrypted = False
        self.power: dict[str, Any] | None = None  # m.room.power_levels
        self.max_upload = 50_000_000
        self.upload_answers: dict[str, Answer] = {}  # by name of the file
        self.events: dict[str, dict[str, Any]] = {}
        self.uploads: dict[str, tuple[str, str, bytes]] = {}
        self._transactions: dict[str, str] = {}

    def _refusal(self, request: Request) -> Answer | None:
        if request.headers.get("authorization") == f"Bearer {TOKEN}":
            return None
        return error(401, "M_UNKNOWN_TOKEN", soft_logout=False)

    def whoami(self, request: Request) -> Answer:
        return self._refusal(request) or said({"user_id": USER, "device_id": "D"})

    def directory(self, request: Request, alias: str) -> Answer:
        if unquote(alias) == ALIAS:
            return said({"room_id": ROOM, "servers": ["example.org"]})
        return error(404, "M_NOT_FOUND")

    def join(self, request: Request, room: str) -> Answer:
        assert request.json == {}
        assert unquote(room) in (ROOM, ALIAS)
        self.joined = self.joined or self.open
        return said({"room_id": ROOM}) if self.joined else error(403, "M_FORBIDDEN")

    def state(self, request: Request, room: str, kind: str, key: str) -> Answer:
        if not self.joined or unquote(room) != ROOM:
            return error(403, "M_FORBIDDEN")
        if kind == "m.room.member" and unquote(key) == USER:
            return said({"membership": self.membership})
        if kind == "m.room.encryption" and self.encrypted:
            return said({"algorithm": "m.megolm.v1.aes-sha2"})
        if kind == "m.room.power_levels" and self.power is not None:
            return said(self.power)
        return error(404, "M_NOT_FOUND")

    def send(self, request: Request, room: str, transaction: str) -> Answer:
        if refusal := self._refusal(request):
            return refusal
        if not self.joined or unquote(room) != ROOM:
            return error(403, "M_FORBIDDEN")
        if len(request.body) > MAX_EVENT - 2000:
            return error(413, "M_TOO_LARGE")
        assert request.headers["content-type"] == "application/json"
        content = request.json
        relation = content.get("m.relates_to")
        if relation is not None and relation["event_id"] not in self.events:
            return error(400, "M_UNKNOWN")
        _check(content, self.uploads)
        if transaction not in self._transactions:
            self._transactions[transaction] = f"${len(self.events) + 1}event"
            self.events[self._transactions[transaction]] = content
        return said({"event_id": self._transactions[transaction]})

    def config(self, request: Request) -> Answer:
        return self._refusal(request) or said({"m.upload.size": self.max_upload})

    def upload(self, request: Request, name: str) -> Answer:
        if refusal := self._refusal(request):
            return refusal
        assert request.headers["content-type"]
        if unquote(name) in self.upload_answers:
            return self.upload_answers[unquote(name)]
        if len(request.body) > self.max_upload:
            return error(413, "M_TOO_LARGE")
        uri = f"mxc://example.org/{len(self.uploads) + 1}"
        self.uploads[uri] = (unquote(name), request.headers["content-type"], request.body)
        return said({"content_uri": uri})


def _check(content: dict[str, Any], uploads: dict[str, Any]) -> None:
    """Every field of an m.room.message that a client may send, and no other."""
    known = {"msgtype", "body", "format", "formatted_body", "m.mentions", "m.relates_to", "url", "info", "filename"}
    assert set(content) <= known
    assert content["msgtype"] in _MSGTYPES
    assert isinstance(content["body"], str)
    assert set(content["m.mentions"]) <= {"user_ids", "room"}
    if "formatted_body" in content:
        assert content["format"] == "org.matrix.custom.html"
    if content["msgtype"] in ("m.file", "m.image"):
        assert content["url"] in uploads
        assert content["info"] == {"mimetype": content["info"]["mimetype"], "size": len(uploads[content["url"]][2])}
    if relation := content.get("m.relates_to"):
        assert relation == {
            "rel_type": "m.thread",
            "event_id": relation["event_id"],
            "is_falling_back": True,
            "m.in_reply_to": {"event_id": relation["event_id"]},
        }
