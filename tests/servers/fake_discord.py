"""Discord as its documentation has it: messages of bots and web hooks, with files, nonces, replies and threads."""

from __future__ import annotations

import json
import re
from typing import Any

from servers.chat_service import ChatService, Fault, form_of, said
from servers.http_receiver import Answer, Request

TOKEN = "cAnArY-discord"
CHANNEL = "100000000000000001"
THREAD = "100000000000000002"
HOOK = "/api/webhooks/200000000000000001/cAnArY-hook"

_BOT_FIELDS = {"content", "allowed_mentions", "flags", "nonce", "enforce_nonce", "message_reference", "attachments"}
_HOOK_FIELDS = {"content", "allowed_mentions", "flags", "thread_name", "attachments"}
_FLAGS = (1 << 2) | (1 << 12)
_AGENT = re.compile(r"DiscordBot \(https?://\S+, \S+\)")


def error(status: int, code: int, message: str = "as Discord words it", **more: Any) -> Answer:
    """An error as the API sends it."""
    return said({"code": code, "message": message, **more}, status)


class FakeDiscord(ChatService):
    """CHANNEL with a bot and a web hook; `forum` makes it one for the web hook, `type` for the bot.

    `messages` are (path, payload, files) by id. `max_request` is in octets. Nonces are remembered for ever, rather than
    for a few minutes.
    """

    routes = {  # noqa: RUF012
        ("GET", r"/api/v10/users/@me"): "me",
        ("GET", r"/api/v10/channels/(\d+)"): "channel",
        ("POST", r"/api/v10/channels/(\d+)/messages"): "create",
        ("GET", re.escape(HOOK)): "hook",
        ("POST", re.escape(HOOK) + r"\?wait=true(?:&thread_id=(\d+))?"): "execute",
    }
    posts = frozenset({"create", "execute"})

    def __init__(self, *faults: Fault) -> None:
        super().__init__(*faults)
        self.forum = False
        self.attach = True  # whether the bot has the permission Attach Files
        self.type = 0  # of CHANNEL
        self.max_request = 25 * 1024 * 1024
        self.messages: dict[str, tuple[str, dict[str, Any], dict[str, tuple[str, str, bytes]]]] = {}
        self._nonces: dict[str, str] = {}

    def _refusal(self, request: Request) -> Answer | None:
        assert _AGENT.fullmatch(request.headers["user-agent"])
        if request.headers.get("authorization") == f"Bot {TOKEN}":
            return None
        return error(401, 0, "401: Unauthorized")

    def me(self, request: Request) -> Answer:
        return self._refusal(request) or said({"id": "9", "username": "mailbot", "bot": True})

    def channel(self, request: Request, channel: str) -> Answer:
        if refusal := self._refusal(request):
            return refusal
        return said({"id": CHANNEL, "name": "ops", "type": self.type}) if channel == CHANNEL else error(404, 10003)

    def hook(self, request: Request) -> Answer:
        assert "authorization" not in request.headers
        return said({"id": "200000000000000001", "name": "Mail", "channel_id": CHANNEL, "type": 1})

    def create(self, request: Request, channel: str) -> Answer:
        if refusal := self._refusal(request):
            return refusal
        if channel not in (CHANNEL, THREAD):
            return error(404, 10003)
        if len(request.body) > self.max_request:
            return error(413, 40005)
        payload, files = _payload(request)
        if files and not self.attach:
            return error(403, 50013)
        assert set(payload) <= _BOT_FIELDS
        assert payload["enforce_nonce"] is True
        assert 0 < len(payload["nonce"]) <= 25
        if "message_reference" in payload:
            assert set(payload["message_reference"]) == {"message_id", "fail_if_not_exists"}
            assert payload["message_reference"]["fail_if_not_exists"] is True
            assert payload["allowed_mentions"]["replied_user"] is False
            if payload["message_reference"]["message_id"] not in self.messages:
                return error(400, 50035, errors={"message_reference": {"_errors": [{"message": "Unknown message"}]}})
        if payload["nonce"] not in self._nonces:
            self._nonces[payload["nonce"]] = self._made(channel, payload, files)
        identity = self._nonces[payload["nonce"]]
        return said({"id": identity, "channel_id": channel, "nonce": payload["nonce"]})

    def execute(self, request: Request, thread: str | None) -> Answer:
        assert "authorization" not in request.headers
        assert _AGENT.fullmatch(request.headers["user-agent"])
        payload, files = _payload(request)
        assert set(payload) <= _HOOK_FIELDS
        if self.forum and thread is None and "thread_name" not in payload:
            return error(400, 220001)
        if not self.forum and "thread_name" in payload:
            return error(400, 220003)
        if thread is not None and thread != THREAD and thread not in self.messages:
            return error(404, 10003)
        identity = self._made(thread or CHANNEL, payload, files)
        return said({"id": identity, "channel_id": thread or CHANNEL, "webhook_id": "200000000000000001"})

    def _made(self, place: str, payload: dict[str, Any], files: dict[str, tuple[str, str, bytes]]) -> str:
        identity = f"3000000000000000{len(self.messages):02}"
        self.messages[identity] = (place, payload, files)
        return identity


def _payload(request: Request) -> tuple[dict[str, Any], dict[str, tuple[str, str, bytes]]]:
    """(the JSON, the files) of a message, once every field is as it has to be."""
    files: dict[str, tuple[str, str, bytes]] = {}
    if request.headers["content-type"] == "application/json":
        payload = request.json
    else:
        files = form_of(request)
        name, type_, data = files.pop("payload_json")
        assert (name, type_) == ("", "application/json")
        payload = json.loads(data)
        described = [{"id": n, "filename": files[f"files[{n}]"][0]} for n in range(len(files))]
        assert payload["attachments"] == described
        assert 1 <= len(files) <= 10
    assert 0 < len(payload["content"]) <= 2000
    assert set(payload["allowed_mentions"]) <= {"parse", "users", "roles", "replied_user"}
    assert payload["allowed_mentions"]["parse"] in ([], ["everyone"])
    assert payload["flags"] & ~_FLAGS == 0
    return payload, files
