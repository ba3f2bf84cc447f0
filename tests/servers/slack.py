"""A Slack, made from the reference of its methods: what it takes, what it says, and what it shows in the end."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qs

from servers.http_receiver import Answer, Request
from servers.scripted_service import Fault, Service, in_json

TOKEN = "xoxb-1111-2222-cAnArYtOkEn"
HOOK_PATH = "/services/T00000001/B00000001/cAnArYhOoK1234567890abcd"
WORKSPACE = "https://example.slack.com/"
ALL_SCOPES = "chat:write,files:write,channels:read,groups:read"

_MESSAGE = {
    "channel": str, "text": str, "thread_ts": str, "mrkdwn": bool, "link_names": bool, "unfurl_links": bool,
    "unfurl_media": bool,
}  # fmt: skip


@dataclass
class Message:
    """What people see."""

    channel: str
    text: str
    ts: str
    thread_ts: str = ""


@dataclass
class File:
    """An upload: seen by nobody until it is shared."""

    id: str
    name: str
    length: int
    content: bytes | None = None
    shared: tuple[str, str] | None = None  # channel, thread


@dataclass
class Channel:
    id: str
    name: str
    is_member: bool = True
    is_archived: bool = False


@dataclass
class World:
    """What there is in the workspace."""

    channels: list[Channel] = field(
        default_factory=lambda: [
            Channel("C0OPS00001", "ops"),
            Channel("C0OLD00001", "old", is_archived=True),
            Channel("C0FAR00001", "far", is_member=False),
        ]
    )
    messages: list[Message] = field(default_factory=list)
    files: list[File] = field(default_factory=list)


class Slack(Service):
    """`with Slack(chat_postMessage=[...]) as slack:`; a script names methods with _ for the dot, `upload` and `hook`.

    A word of Slack's (`is_archived`) in a script is the error that the method answers, with a status of 200.
    """

    def __init__(self, *, scopes: str = ALL_SCOPES, max_file: int = 1000, **script: list[Fault]) -> None:
        super().__init__(**{name: [_as_answer(name, fault) for fault in faults] for name, faults in script.items()})
        self.world = World()
        self.scopes = scopes
        self.max_file = max_file
        self.hook_state = "ok"

    @property
    def api(self) -> str:
        return f"{self.url}/api"

    @property
    def hook(self) -> str:
        return self.url + HOOK_PATH

    @property
    def messages(self) -> list[Message]:
        return self.world.messages

    @property
    def files(self) -> list[File]:
        return self.world.files

    def name_of(self, request: Request) -> str:
        path = request.path
        if path.startswith("/api/"):
            return path.removeprefix("/api/").replace(".", "_")
        return "upload" if path.startswith("/upload/") else "hook"

    def answer(self, request: Request) -> Answer:
        self.check(request.method == "POST", f"{request.path}: {request.method}")
        self.check(request.headers.get("user-agent", "").startswith("mailpoll/"), "no user agent")
        if request.path.startswith("/upload/"):
            return self._upload(request)
        if not request.path.startswith("/api/"):
            return self._hook(request)
        if request.headers.get("authorization") != f"Bearer {TOKEN}":
            return _error("invalid_auth" if "authorization" in request.headers else "not_authed")
        method = getattr(self, f"_{self.name_of(request)}", None)
        if method is None:
            return _error("unknown_method")
        said = method(request)
        return in_json(said, **{"x-oauth-scopes": self.scopes}) if isinstance(said, dict) else said

    # -- methods

    def _auth_test(self, request: Request) -> Any:
        return {"ok": True, "url": WORKSPACE, "team": "Example", "user": "mailpoll", "team_id": "T00000001",
                "user_id": "U00000001", "bot_id": "B00000001", "is_enterprise_install": False}  # fmt: skip

    def _chat_postMessage(self, request: Request) -> Any:
        given = self._json(request)
        if not self.check_fields("chat.postMessage", given, _MESSAGE):
            return _error("invalid_arguments")
        self._check_quiet(given)
        channel = self._channel(given["channel"])
        if isinstance(channel, Answer):
            return channel
        if not given.get("text"):
            return _error("no_text")
        if len(given["text"]) > 40_000:
            return _error("msg_too_long")
        thread = given.get("thread_ts", "")
        if thread and not any(m.ts == thread and m.channel == channel.id and not m.thread_ts for m in self.messages):
            return _error("thread_not_found")
        ts = f"1503435956.{len(self.messages) + 1:06}"
        self.messages.append(Message(channel.id, given["text"], ts, thread))
        return {"ok": True, "channel": channel.id, "ts": ts,
                "message": {"type": "message", "subtype": "bot_message", "text": given["text"], "ts": ts}}  # fmt: skip

    def _files_getUploadURLExternal(self, request: Request) -> Any:
        given = self._form(request)
        self.check(set(given) == {"filename", "length"}, f"files.getUploadURLExternal: {given}")
        length = int(given.get("length", "0"))
        if not length:
            return _error("missing_argument")
        if "files:write" not in self.scopes:
            return in_json({"ok": False, "error": "missing_scope", "needed": "files:write", "provided": self.scopes})
        if length > self.max_file:
            return _error("file_upload_size_restricted")
        file = File(f"F{len(self.files) + 1:08}", given["filename"], length)
        self.files.append(file)
        return {"ok": True, "upload_url": f"{self.url}/upload/v1/{file.id}", "file_id": file.id}

    def _upload(self, request: Request) -> Answer:
        file = next(each for each in self.files if request.path.endswith(each.id))
        self.check("authorization" not in request.headers, "the token went to an upload")
        self.check(len(request.body) == file.length, f"{file.name}: {len(request.body)} octets, not {file.length}")
        file.content = request.body
        return Answer(200, {"Content-Type": "text/plain"}, f"OK - {file.length}".encode())

    def _files_completeUploadExternal(self, request: Request) -> Any:
        given = self._json(request)
        known = {"files": list, "channel_id": str, "thread_ts": str}
        if not self.check_fields("files.completeUploadExternal", given, known):
            return _error("invalid_arguments")
        if not re.fullmatch(r"[CGDZ][A-Z0-9]{8,}", given["channel_id"]):
            self.problems.append(f"channel_id: {given['channel_id']}")
            return _error("invalid_arguments")
        channel = self._channel(given["channel_id"])
        if isinstance(channel, Answer):
            return channel
        shown = []
        for each in given["files"]:
            self.check(set(each) == {"id", "title"}, f"file {each}")
            file = next((known for known in self.files if known.id == each["id"]), None)
            if file is None or file.content is None:
                return _error("file_not_found")
            file.shared = (channel.id, given.get("thread_ts", ""))
            shown.append(each)
        return {"ok": True, "files": shown}

    def _conversations_info(self, request: Request) -> Any:
        identity = self._form(request).get("channel", "")
        channel = next((each for each in self.world.channels if each.id == identity), None)
        return {"ok": True, "channel": vars(channel)} if channel else _error("channel_not_found")

    def _users_conversations(self, request: Request) -> Any:
        """One channel on each page."""
        given = self._form(request)
        self.check(int(given["limit"]) <= 999, f"limit {given['limit']}")
        if "channels:read" not in self.scopes:
            return in_json({"ok": False, "error": "missing_scope", "needed": "channels:read", "provided": self.scopes})
        return self._page(given, [each for each in self.world.channels if each.is_member])

    def _conversations_list(self, request: Request) -> Any:
        """One channel on each page."""
        return self._page(self._form(request), self.world.channels)

    def _page(self, given: dict[str, str], mine: list[Channel]) -> dict[str, Any]:
        at = int(given.get("cursor", "0"))
        following = str(at + 1) if at + 1 < len(mine) else ""
        shown = [vars(each) for each in mine[at : at + 1]]
        return {"ok": True, "channels": shown, "response_metadata": {"next_cursor": following}}

    # -- web hooks

    def _hook(self, request: Request) -> Answer:
        if request.path != HOOK_PATH:
            return _said(404, "no_service")
        given = self._json(request)
        if not self.check_fields("hook", given, {name: t for name, t in _MESSAGE.items() if name != "channel"}):
            return _said(400, "invalid_payload")
        self._check_quiet(given)
        if not given.get("text"):
            return _said(400, "no_text")
        self.messages.append(Message("C0HOOK0001", given["text"], ""))
        return _said(200, "ok")

    # -- shared

    def _channel(self, name: str) -> Channel | Answer:
        found = next((each for each in self.world.channels if name.lstrip("#") in (each.id, each.name)), None)
        if found is None:
            return _error("channel_not_found")
        if found.is_archived:
            return _error("is_archived")
        return found if found.is_member else _error("not_in_channel")

    def _json(self, request: Request) -> dict[str, Any]:
        kind = request.headers.get("content-type", "")
        self.check(kind == "application/json; charset=utf-8", f"{request.path}: Content-Type {kind}")
        given: dict[str, Any] = request.json
        return given

    def _form(self, request: Request) -> dict[str, str]:
        kind = request.headers.get("content-type", "")
        empty = not request.body
        self.check(empty or kind == "application/x-www-form-urlencoded", f"{request.path}: Content-Type {kind}")
        return {name: values[0] for name, values in parse_qs(request.body.decode(), keep_blank_values=True).items()}

    def _check_quiet(self, given: dict[str, Any]) -> None:
        """Nothing in a stranger's words may ring, or be fetched."""
        quiet = {"link_names": False, "unfurl_links": False, "unfurl_media": False}
        for name, value in quiet.items():
            self.check(given.get(name) == value, f"{name} is {given.get(name)!r}")


def _error(code: str) -> Answer:
    return in_json({"ok": False, "error": code})


def _said(status: int, word: str) -> Answer:
    return Answer(status, {"Content-Type": "text/html"}, word.encode())


def _as_answer(name: str, fault: Fault) -> Fault:
    """A word of Slack's as its answer; the receiver's own words stay."""
    if isinstance(fault, str) and re.fullmatch(r"[a-z]+(_[a-z]+)*", fault) and fault not in ("held", "silent", "drip"):
        return _error(fault)
    return fault
