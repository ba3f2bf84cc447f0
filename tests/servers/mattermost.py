"""A Mattermost server, made from its API reference and its source: what it takes, what it says, what it shows."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

from servers.chat_service import form_of
from servers.http_receiver import Answer, Request
from servers.scripted_service import Fault, Service, in_json

TOKEN = "cAnArYtOkEn5678901234567890"
HOOK_KEY = "cAnArYhOoK1234567890123456"
OPS, OLD, LOCKED = "o" * 26, "d" * 26, "l" * 26
ME, ANN, WITH_ANN = "b" * 26, "a" * 26, "w" * 26

_POST = {"channel_id": str, "message": str, "root_id": str, "file_ids": list, "pending_post_id": str}
_WORDS = {
    "api.context.session_expired.app_error": "Invalid or expired session, please login again.",
    "api.context.permissions.app_error": "You do not have the appropriate permissions.",
    "api.file.upload_file.too_large_detailed.app_error": "Unable to upload file. File is too large.",
}


@dataclass
class Post:
    """What people see."""

    id: str
    channel_id: str
    message: str
    root_id: str = ""
    file_ids: list[str] = field(default_factory=list)


@dataclass
class Channel:
    id: str
    name: str
    delete_at: int = 0
    may_post: bool = True


class Mattermost(Service):
    """`with Mattermost(posts=[...]) as server:`; a script names `posts`, `files`, `channel`, `me`, `config`, `hook`."""

    def __init__(
        self,
        *,
        max_post: int = 16_383,
        max_file: int = 1000,
        certificate: tuple[Path, Path] | None = None,
        **script: list[Fault],
    ) -> None:
        super().__init__(certificate=certificate, **script)
        self.channels = {
            "team/ops": Channel(OPS, "ops"),
            "team/old": Channel(OLD, "old", delete_at=1),
            "team/locked": Channel(LOCKED, "locked", may_post=False),
        }
        self.posts: list[Post] = []
        self.files: dict[str, tuple[str, bytes]] = {}
        self.max_post = max_post
        self.max_file = max_file
        self.takes_hooks = True
        self._pending: dict[str, Post] = {}

    @property
    def hook(self) -> str:
        return f"{self.url}/hooks/{HOOK_KEY}"

    def name_of(self, request: Request) -> str:
        path = urlsplit(request.path).path
        if path.startswith("/hooks/"):
            return "hook"
        first = path.removeprefix("/api/v4/").partition("/")[0]
        if path.startswith("/api/v4/users/username/"):
            return "person"
        if path == "/api/v4/channels/direct":
            return "direct"
        return {"users": "me", "config": "config", "posts": "posts", "files": "files"}.get(first, "channel")

    def answer(self, request: Request) -> Answer:
        self.check(request.headers.get("user-agent", "").startswith("mailpoll/"), "no user agent")
        if request.path.startswith("/hooks/"):
            return self._hook(request)
        if not self.check(request.path.startswith("/api/v4/"), f"path {request.path}"):
            return _error(404, "api.context.404.app_error")
        if request.headers.get("authorization") != f"Bearer {TOKEN}":
            return _error(401, "api.context.session_expired.app_error")
        answer: Answer = getattr(self, f"_{self.name_of(request)}")(request)
        return answer

    def _me(self, request: Request) -> Answer:
        self.check((request.method, request.path) == ("GET", "/api/v4/users/me"), request.path)
        return in_json({"id": ME, "username": "mailpoll", "is_bot": True})

    def _person(self, request: Request) -> Answer:
        self.check(request.method == "GET", request.path)
        if request.path != "/api/v4/users/username/ann":
            return _error(404, "app.user.get_by_username.app_error")
        return in_json({"id": ANN, "username": "ann", "delete_at": 0})

    def _direct(self, request: Request) -> Answer:
        self.check(request.method == "POST" and sorted(request.json) == sorted([ME, ANN]), f"direct: {request.json}")
        self.channels.setdefault("@ann", Channel(WITH_ANN, f"{ME}__{ANN}"))
        return in_json({"id": WITH_ANN, "type": "D"}, 201)

    def _config(self, request: Request) -> Answer:
        self.check((request.method, request.path) == ("GET", "/api/v4/config/client?format=old"), request.path)
        return in_json({"MaxPostSize": str(self.max_post), "MaxFileSize": str(self.max_file)})

    def _channel(self, request: Request) -> Answer:
        self.check(request.method == "GET", f"{request.method} {request.path}")
        parts_of_url = urlsplit(request.path)
        parts = [unquote(part) for part in parts_of_url.path.removeprefix("/api/v4/").split("/")]
        if parts[0] == "channels":
            channel = self._by_id(parts[1])
            missing = "app.channel.get.existing.app_error"
        else:
            self.check(parts[:2] == ["teams", "name"] and parts[3:5] == ["channels", "name"], request.path)
            if parts[2] != "team":
                return _error(404, "app.team.get_by_name.missing.app_error")
            channel = self.channels.get(f"{parts[2]}/{parts[5]}")
            missing = "app.channel.get_by_name.missing.app_error"
            if channel is not None and channel.delete_at and parts_of_url.query != "include_deleted=true":
                channel = None
        if channel is None:
            return _error(404, missing)
        return in_json({"id": channel.id, "name": channel.name, "delete_at": channel.delete_at})

    def _files(self, request: Request) -> Answer:
        self.check((request.method, request.path) == ("POST", "/api/v4/files"), request.path)
        form = form_of(request)
        self.check(list(form) == ["channel_id", "files"], f"files: {list(form)}")
        channel = self._by_id(form["channel_id"][2].decode())
        name, _, data = form["files"]
        self.check(bool(name and data), "files: no name, or nothing in it")
        if channel is None or not channel.may_post:
            return _error(403, "api.context.permissions.app_error")
        if len(data) > self.max_file:
            return _error(413, "api.file.upload_file.too_large_detailed.app_error")
        identity = f"{len(self.files) + 1:026}"
        self.files[identity] = (name, data)
        info = {"id": identity, "name": name, "size": len(data)}
        return in_json({"file_infos": [info], "client_ids": []}, 201)

    def _posts(self, request: Request) -> Answer:
        self.check((request.method, request.path) == ("POST", "/api/v4/posts"), f"{request.method} {request.path}")
        self.check(request.headers.get("content-type") == "application/json", "posts: Content-Type")
        given: dict[str, Any] = request.json
        if not self.check_fields("posts", given, _POST):
            return _error(400, "api.context.invalid_body_param.app_error")
        channel = self._by_id(given["channel_id"])
        if channel is None or not channel.may_post:
            return _error(403, "api.context.permissions.app_error")
        if channel.delete_at:
            return _error(400, "api.post.create_post.can_not_post_to_deleted.error")
        known = self._pending.get(given.get("pending_post_id", ""))
        if known is not None:
            return in_json(vars(known), 201)
        return self._take(given)

    def _take(self, given: dict[str, Any]) -> Answer:
        root, files = given.get("root_id", ""), given.get("file_ids", [])
        if root and not re.fullmatch("[a-z0-9]{26}", root):
            return _error(400, "model.post.is_valid.root_id.app_error")
        if root and not any(p.id == root and p.channel_id == given["channel_id"] and not p.root_id for p in self.posts):
            return _error(400, "api.post.create_post.root_id.app_error")
        if len(given["message"]) > self.max_post:
            return _error(400, "model.post.is_valid.message_length.app_error")
        self.check(len(files) <= 10 and all(each in self.files for each in files), f"file_ids: {files}")
        post = Post(f"p{len(self.posts) + 1:025}", given["channel_id"], given["message"], root, files)
        self.posts.append(post)
        if given.get("pending_post_id"):
            self._pending[given["pending_post_id"]] = post
        return in_json({**vars(post), "create_at": 1, "user_id": "b" * 26, "props": {"from_bot": "true"}}, 201)

    def forget(self) -> None:
        """Half a minute passes: posts are no longer known by their pending_post_id."""
        self._pending.clear()

    def _hook(self, request: Request) -> Answer:
        self.check(request.method == "POST", f"hook: {request.method}")
        self.check(request.headers.get("content-type") == "application/json", "hook: Content-Type")
        self.check("authorization" not in request.headers, "the hook was given a token")
        if not self.takes_hooks:
            return _error(501, "web.incoming_webhook.disabled.app_error")
        given: dict[str, Any] = request.json
        if not self.check_fields("hook", given, {"text": str, "channel": str}):
            return _error(400, "web.incoming_webhook.parse.app_error")
        if not given["text"]:
            return _error(400, "web.incoming_webhook.text.app_error")
        if request.path != f"/hooks/{HOOK_KEY}":
            return _error(400, "web.incoming_webhook.invalid.app_error")
        if given.get("channel", "").startswith("@") and given["channel"] != "@ann":
            return _error(400, "web.incoming_webhook.user.app_error")
        channel = self.channels.get(f"team/{given.get('channel', 'ops')}")
        if channel is None:
            return _error(404, "web.incoming_webhook.channel.app_error")
        self.posts.append(Post("", channel.id, given["text"]))
        return Answer(200, {"Content-Type": "text/plain"}, b"ok")

    def _by_id(self, identity: str) -> Channel | None:
        return next((each for each in self.channels.values() if each.id == identity), None)


def _error(status: int, identity: str) -> Answer:
    """An error as model.AppError writes it."""
    said = {"id": identity, "message": _WORDS.get(identity, "Something is wrong."), "detailed_error": "",
            "request_id": "r" * 26, "status_code": status}  # fmt: skip
    return in_json(said, status)
