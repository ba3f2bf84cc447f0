"""ntfy as its documentation and its server have it: publishing as JSON, and with a file in the body."""

from __future__ import annotations

from email.header import decode_header, make_header
from typing import Any

from servers.chat_service import ChatService, Fault, said
from servers.http_receiver import Answer, Request

TOKEN = "tk_cAnArYntfy"
BASIC = "Basic YW5uOmNBbkFyWQ=="  # ann:cAnArY
MAX_MESSAGE = 4096
MAX_HEADER = 8192  # what a proxy before it takes as one line

_FIELDS = {"topic": str, "message": str, "title": str, "tags": list, "priority": int, "markdown": bool,
           "sequence_id": str}  # fmt: skip
_IN_HEADERS = {"x-title": "title", "x-message": "message", "x-filename": "filename", "x-tags": "tags",
               "x-priority": "priority", "x-markdown": "markdown", "x-sequence-id": "sequence_id"}  # fmt: skip


def error(status: int, code: int, words: str = "as ntfy words it") -> Answer:
    """An error as the server sends it."""
    return said({"code": code, "http": status, "error": words, "link": "https://ntfy.sh/docs"}, status)


class FakeNtfy(ChatService):
    """`messages` are what came, as JSON; with a file under "file". `attachments` says whether files are taken; `old`
    is a server before 1.29; `anybody` lets everybody in."""

    routes = {  # noqa: RUF012
        ("POST", "/"): "publish",
        ("PUT", "/([-_A-Za-z0-9]{1,64})"): "attach",
        ("POST", "/([-_A-Za-z0-9]{1,64})"): "publish_as_body",
        ("GET", "/v1/account"): "account",
        ("GET", "/v1/health"): "health",
    }
    posts = frozenset({"publish", "attach", "publish_as_body"})

    def __init__(self, *faults: Fault) -> None:
        super().__init__(*faults)
        self.attachments = True
        self.anybody = True
        self.old = False
        self.messages: list[dict[str, Any]] = []

    def _refusal(self, request: Request) -> Answer | None:
        given = request.headers.get("authorization")
        if given in (f"Bearer {TOKEN}", BASIC) or (given is None and self.anybody):
            return None
        return error(403, 40301) if given is None else error(401, 40101)

    def account(self, request: Request) -> Answer:
        if self.old:
            return error(404, 40401)
        if "authorization" in request.headers and (refusal := self._refusal(request)):
            return refusal
        return said({"username": "ann" if "authorization" in request.headers else "*", "role": "user"})

    def health(self, request: Request) -> Answer:
        return said({"healthy": True})

    def publish(self, request: Request) -> Answer:
        if refusal := self._refusal(request):
            return refusal
        if len(request.body) > 2 * MAX_MESSAGE:
            return error(413, 41303)
        fields = request.json
        assert all(type(value) is _FIELDS[name] for name, value in fields.items())
        return self._taken(fields)

    def publish_as_body(self, request: Request, topic: str) -> Answer:
        if refusal := self._refusal(request):
            return refusal
        assert not {"x-message", "x-filename"} & request.headers.keys()
        return self._taken({**_beside(request), "message": request.body.decode(), "topic": topic})

    def attach(self, request: Request, topic: str) -> Answer:
        if refusal := self._refusal(request):
            return refusal
        if not self.attachments:
            return error(400, 40014)
        assert all(len(value) < MAX_HEADER and value.isascii() for value in request.headers.values())
        assert request.headers["x-filename"]
        assert request.body
        fields = _beside(request)
        message = fields.get("message", "").replace("\\n", "\n")
        return self._taken({**fields, "message": message, "topic": topic, "file": request.body})

    def _taken(self, fields: dict[str, Any]) -> Answer:
        assert fields["topic"]
        assert len(fields["message"].encode()) <= MAX_MESSAGE
        assert len(fields["sequence_id"]) <= 64 if "sequence_id" in fields else True
        self.messages.append(fields)
        return said({"id": f"id{len(self.messages)}", "event": "message", "topic": fields["topic"]})


def _beside(request: Request) -> dict[str, Any]:
    """What the header fields say, RFC 2047 undone."""
    fields: dict[str, Any] = {
        name: _decoded(request.headers[header]) for header, name in _IN_HEADERS.items() if header in request.headers
    }
    if "tags" in fields:
        fields["tags"] = [_decoded(tag) for tag in request.headers["x-tags"].split(",")]
    return fields


def _decoded(value: str) -> str:
    return str(make_header(decode_header(value)))
