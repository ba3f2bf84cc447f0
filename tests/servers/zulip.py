"""A Zulip server on loopback, made after its documented API, that is strict: what Zulip would refuse, truncate or not
know is an answer with the code that Zulip gives, and noted in `problems`.

https://zulip.com/api/send-message, get-messages, register-queue, upload-file, get-stream-id, rest-error-handling.
"""

from __future__ import annotations

import base64
import itertools
import json
import socket
import struct
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from email.parser import BytesParser
from email.policy import HTTP
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qsl, unquote, urlsplit

NEW, OLD = 400, 1  # feature levels: Zulip 11, Zulip 3.0
MIB = 1024 * 1024


@dataclass(frozen=True)
class Says:
    """A scripted answer instead of the server's own; `taken`: the request was obeyed all the same."""

    status: int
    body: Any = None
    headers: dict[str, str] = field(default_factory=dict)
    taken: bool = False


RESET = "reset"  # reads the request, does nothing, resets the connection
LOST = "lost"  # obeys the request, then resets the connection
HELD = "held"  # obeys the request, and answers only after let_go is set


def error(status: int, code: str, msg: str = "Something is wrong", **more: Any) -> Says:
    """An error as Zulip words it."""
    headers = {"Retry-After": str(more["retry_after"])} if "retry_after" in more else {}
    extra = {name.replace("_", "-"): value for name, value in more.items()}
    return Says(status, {"result": "error", "code": code, "msg": msg, **extra}, headers)


@dataclass
class Channel:
    """A channel; `closed`: the bot may not post there."""

    id: int
    name: str
    closed: bool = False
    secret: bool = False  # private, and the bot is no subscriber
    archived: bool = False


class Refusal(Exception):
    """An error that Zulip answers."""

    def __init__(self, code: str, msg: str, status: int = 400) -> None:
        super().__init__(msg)
        self.says = error(status, code, msg)


class Zulip:
    """`with Zulip() as zulip:` serves until the block ends.

    Args:
        level: its feature level.
        clock: Unix seconds, the timestamps of messages.
        send_only: the bot is one for incoming web hooks.
        state: what POST /register says besides, or instead.
    """

    email = "mail-bot@zulip.example.com"
    key = "canary5f2eABCDEFGHIJKLMNOPQRSTUV"

    def __init__(
        self,
        level: int = NEW,
        *,
        clock: Callable[[], float] = time.time,
        send_only: bool = False,
        **state: Any,
    ) -> None:
        self.level, self.clock, self.send_only = level, clock, send_only
        self.state: dict[str, Any] = {
            "max_topic_length": 60,
            "max_message_length": 10_000,
            "max_file_upload_size_mib": 25,
            "realm_mandatory_topics": False,
            "realm_empty_topic_display_name": "general chat",
            "zulip_feature_level": level,
            **state,
        }
        names = {9: "general", 12: "ops & co", 13: "42", 14: "board", 15: "vault", 16: "attic"}
        self.channels = [
            Channel(id_, name, closed=id_ in (14, 16), secret=id_ == 15, archived=id_ == 16)
            for id_, name in names.items()
        ]
        self.people = {7: "ann@example.com", 8: "bob@example.com", 10: "zoe@example.com", 99: self.email}
        self.deactivated = {10}
        self.messages: list[dict[str, Any]] = []
        self.uploads: dict[str, bytes] = {}
        self.queues: set[str] = set()
        self.requests: list[tuple[str, str, dict[str, str]]] = []
        self.problems: list[str] = []
        self.holding, self.let_go = threading.Event(), threading.Event()
        self._script: dict[str, list[Says | str | None]] = {}
        self._numbers = itertools.count(101)
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), type("Handler", (_Handler,), {"zulip": self}))
        self._server.daemon_threads = True
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.01,), daemon=True)

    @property
    def site(self) -> str:
        return f"http://localhost:{self._server.server_port}"

    @property
    def zuliprc(self) -> str:
        """The file that Zulip offers for the bot."""
        return f"[api]\nemail={self.email}\nkey={self.key}\nsite={self.site}\n"

    @property
    def contents(self) -> list[str]:
        """What was said, in order."""
        return [message["content"] for message in self.messages]

    def script(self, request: str, *answers: Says | str | None) -> None:
        """What the next requests like "POST messages" meet: None is the server's own answer, as after the last one."""
        self._script[request] = list(answers)

    def say(self, content: str, topic: str, channel: int = 9, sender: int = 99, **more: Any) -> int:
        """Puts a message there, as if somebody had sent it."""
        return self._add({"stream_id": channel, "type": "stream", "subject": topic}, content, sender, **more)

    def asked(self, request: str) -> list[dict[str, str]]:
        """The fields of the requests like "POST messages"."""
        return [fields for method, path, fields in self.requests if f"{method} {path}" == request]

    def __enter__(self) -> Zulip:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.let_go.set()
        self._server.shutdown()
        self._server.server_close()
        self._thread.join(5)

    def scripted(self, request: str) -> Says | str | None:
        answers = self._script.get(request)
        return answers.pop(0) if answers else None

    def obey(self, method: str, path: str, headers: dict[str, str], body: bytes, query: str) -> dict[str, Any]:
        """What a request gives; raises Refusal."""
        fields = self._fields(method, path, headers, body, query)
        self.requests.append((method, path, fields))
        if not headers.get("user-agent", "").startswith("mailpoll/"):
            self.problems.append("no User-Agent")
        self._log_in(headers, sends=(method, path) == ("POST", "messages"))
        for (wanted, prefix), action in self._actions().items():
            if method == wanted and (path == prefix or (prefix.endswith("/") and path.startswith(prefix))):
                return action(path.removeprefix(prefix), fields)
        self.problems.append(f"{method} {path}")
        raise Refusal("BAD_REQUEST", "Not found", 404)

    def _actions(self) -> dict[tuple[str, str], Callable[[str, dict[str, str]], dict[str, Any]]]:
        return {
            ("POST", "messages"): self._send,
            ("GET", "messages"): self._read,
            ("GET", "messages/"): self._read_one,
            ("POST", "register"): self._register,
            ("DELETE", "events"): self._forget,
            ("POST", "user_uploads"): self._upload,
            ("GET", "users/me"): lambda *_: {"user_id": 99, "email": self.email, "full_name": "Mail bot"},
            ("GET", "users/"): self._user,
            ("GET", "get_stream_id"): lambda _, fields: {"stream_id": self._channel(fields["stream"]).id},
            ("GET", "streams/"): self._stream,
        }  # fmt: skip

    def _fields(self, method: str, path: str, headers: dict[str, str], body: bytes, query: str) -> dict[str, str]:
        type_ = headers.get("content-type", "")
        if path == "user_uploads":
            message = BytesParser(policy=HTTP).parsebytes(f"Content-Type: {type_}\r\n\r\n".encode() + body)
            files = list(message.iter_parts()) if message.is_multipart() else []
            if len(files) != 1 or not files[0].get_filename():
                raise Refusal("BAD_REQUEST", "You must specify a file to upload")
            self._file = files[0].get_payload(decode=True)
            return {"filename": files[0].get_filename() or "", "type": files[0].get_content_type()}
        if method != "GET" and type_ != "application/x-www-form-urlencoded":
            self.problems.append(f"{method} {path} as {type_}")
        text = query if method == "GET" else body.decode("ascii")
        pairs = parse_qsl(text, keep_blank_values=True, strict_parsing=bool(text), errors="strict")
        if len(dict(pairs)) != len(pairs):
            self.problems.append(f"{method} {path}: a field twice")
        return dict(pairs)

    def _log_in(self, headers: dict[str, str], *, sends: bool) -> None:
        expected = base64.b64encode(f"{self.email}:{self.key}".encode()).decode()
        if headers.get("authorization") != f"Basic {expected}":
            raise Refusal("INVALID_API_KEY", "Invalid API key", 401)
        if self.send_only and not sends:
            raise Refusal("UNAUTHORIZED", "This API is not available to incoming webhook bots.", 401)

    def _send(self, _: str, fields: dict[str, str]) -> dict[str, Any]:
        if extra := set(fields) - {"type", "to", "topic", "content"}:
            self.problems.append(f"fields {extra}")
        to, content = json.loads(fields["to"]), fields["content"]
        if not content.strip() or "\0" in content:
            raise Refusal("BAD_REQUEST", "Message must not be empty")
        if len(content) > self.state["max_message_length"]:
            self.problems.append("the message is truncated")
            content = content[: self.state["max_message_length"] - 20] + "\n[message truncated]"
        if fields["type"] in (("stream", "channel") if self.level >= 248 else ("stream",)):
            where = self._to_channel(to, fields.get("topic", ""))
        elif fields["type"] in (("private", "direct") if self.level >= 174 else ("private",)):
            where = self._to_people(to)
        else:
            raise Refusal("BAD_REQUEST", "Invalid message type")
        id_ = self._add(where, content.rstrip().lstrip("\n"), 99)
        return {"id": id_}

    def _add(self, where: dict[str, Any], content: str, sender: int, **more: Any) -> int:
        id_ = next(self._numbers)
        self.messages.append(
            {
                **where,
                "id": id_,
                "content": content,
                "sender_id": sender,
                "sender_email": self.people[sender],
                "timestamp": int(self.clock()),
                **more,
            }
        )
        return id_

    def _to_channel(self, to: Any, topic: str) -> dict[str, Any]:
        channel = self._channel(to)
        if channel.closed:
            raise Refusal("BAD_REQUEST", "You do not have permission to post in this channel.")
        topic = topic.strip()
        if any(ord(c) < 32 for c in topic):
            raise Refusal("BAD_REQUEST", "Invalid character in topic, at position 1!")
        if len(topic) > self.state["max_topic_length"]:
            self.problems.append("the topic is truncated")
        if self.level >= 334 and topic in ("(no topic)", self.state["realm_empty_topic_display_name"]):
            topic = ""
        if not topic and self.level < 334:
            raise Refusal("BAD_REQUEST", "Topic can't be empty!")
        if not topic and self._needs_topic:
            raise Refusal("BAD_REQUEST", "Topics are required in this organization.")
        return {"type": "stream", "stream_id": channel.id, "subject": topic}

    @property
    def _needs_topic(self) -> bool:
        policy = self.state.get("realm_topics_policy")
        return policy == "disable_empty_topic" or bool(self.state["realm_mandatory_topics"])

    def _to_people(self, to: Any) -> dict[str, Any]:
        if not isinstance(to, list) or not to:
            raise Refusal("BAD_REQUEST", "Message must have recipients")
        return {"type": "private", "display_recipient": sorted(self._person(user) for user in to), "subject": ""}

    def _person(self, user: Any) -> int:
        found = next((id_ for id_, email in self.people.items() if user in (id_, email)), None)
        if found is None:
            raise Refusal("BAD_REQUEST", f"Invalid email '{user}'")
        return found

    def _channel(self, to: Any) -> Channel:
        for channel in self.channels:
            if not channel.secret and to == (channel.id if isinstance(to, int) else channel.name):
                return channel
        raise Refusal("STREAM_DOES_NOT_EXIST", f"Channel '{to}' does not exist")

    def _read(self, _: str, fields: dict[str, str]) -> dict[str, Any]:
        narrow = {term["operator"]: term["operand"] for term in json.loads(fields["narrow"])}
        if json.loads(fields["apply_markdown"]) is not False or fields["num_after"] != "0":
            self.problems.append(f"GET messages {fields}")
        anchor = 10**16 if fields["anchor"] == "newest" and self.level >= 1 else int(fields["anchor"])
        found = [each for each in self.messages if each["id"] <= anchor and self._matches(each, narrow)]
        shown = [self._shown(each) for each in found[-int(fields["num_before"]) :]]
        return {"messages": shown, "anchor": anchor, "found_oldest": len(shown) == len(found)}

    def _shown(self, message: dict[str, Any]) -> dict[str, Any]:
        named = message["subject"] or (
            self.state["realm_empty_topic_display_name"] if message["type"] == "stream" else ""
        )
        return {**message, "subject": named}

    def _matches(self, message: dict[str, Any], narrow: dict[str, Any]) -> bool:
        for operator, operand in narrow.items():
            if operator == "sender":
                if message["sender_id"] != self._person(operand):
                    return False
            elif operator == "stream" or (operator == "channel" and self.level >= 250):
                if message.get("stream_id") != self._channel(operand).id:
                    return False
            elif operator == "pm-with" or (operator == "dm" and self.level >= 177):
                users = operand.split(",") if isinstance(operand, str) else operand
                if message.get("display_recipient") != sorted(map(self._person, users)):
                    return False
            else:
                raise Refusal("BAD_NARROW", f"Invalid narrow operator: {operator}")
        return True

    def _read_one(self, id_: str, fields: dict[str, str]) -> dict[str, Any]:
        found = next((each for each in self.messages if each["id"] == int(id_)), None)
        if found is None:
            raise Refusal("BAD_REQUEST", "Invalid message(s)")
        return {"message": self._shown(found), "raw_content": found["content"]}

    def _register(self, _: str, fields: dict[str, str]) -> dict[str, Any]:
        if json.loads(fields["event_types"]) != [] or json.loads(fields["fetch_event_types"]) != ["realm"]:
            self.problems.append(f"register {fields}")
        queue = f"queue:{next(self._numbers)}"
        self.queues.add(queue)
        state = {name: value for name, value in self.state.items() if value is not None}
        return {**state, "queue_id": queue, "last_event_id": -1, "realm_padding": "x" * 100_000}

    def _forget(self, _: str, fields: dict[str, str]) -> dict[str, Any]:
        if fields["queue_id"] not in self.queues:
            raise Refusal("BAD_EVENT_QUEUE_ID", "Bad event queue ID")
        self.queues.remove(fields["queue_id"])
        return {}

    def _upload(self, _: str, fields: dict[str, str]) -> dict[str, Any]:
        if len(self._file) > self.state["max_file_upload_size_mib"] * MIB:
            raise Refusal("BAD_REQUEST", "Uploaded file is larger than the allowed limit of 25 MiB")
        path = f"/user_uploads/2/ce/{next(self._numbers):024d}/{fields['filename']}"
        self.uploads[path] = self._file
        return {"uri": path, **({"url": path, "filename": fields["filename"]} if self.level >= 272 else {})}

    def _user(self, user: str, fields: dict[str, str]) -> dict[str, Any]:
        user = unquote(user)
        if not user.isdigit() and self.level < 39:
            raise Refusal("BAD_REQUEST", "Not Found", 404)
        try:
            id_ = self._person(int(user) if user.isdigit() else user)
            return {"user": {"user_id": id_, "is_active": id_ not in self.deactivated}}
        except Refusal:
            raise Refusal("BAD_REQUEST", "No such user") from None

    def _stream(self, id_: str, fields: dict[str, str]) -> dict[str, Any]:
        if self.level < 132:
            raise Refusal("BAD_REQUEST", "Method Not Allowed", 405)
        channel = self._channel(int(id_))
        return {"stream": {"stream_id": channel.id, "name": channel.name, "is_archived": channel.archived}}


class _Handler(BaseHTTPRequestHandler):
    zulip: Zulip

    def _serve(self) -> None:
        zulip, parts = self.zulip, urlsplit(self.path)
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        path = parts.path.removeprefix("/api/v1/")
        scripted = zulip.scripted(f"{self.command} {path}")
        if scripted == RESET:
            self._reset()
            return
        own = not isinstance(scripted, Says) or scripted.taken
        says = scripted if isinstance(scripted, Says) else None
        if own:
            headers = {name.lower(): value for name, value in self.headers.items()}
            try:
                said = zulip.obey(self.command, path, headers, body, parts.query)
                obeyed = Says(200, {"result": "success", "msg": "", **said})
            except Refusal as refusal:
                obeyed = refusal.says
            says = says or obeyed
        if scripted == LOST:
            self._reset()
            return
        if scripted == HELD:
            zulip.holding.set()
            zulip.let_go.wait(10)
        assert says is not None
        self._answer(says)

    do_GET = do_POST = do_DELETE = _serve

    def _answer(self, says: Says) -> None:
        data = says.body if isinstance(says.body, bytes) else json.dumps(says.body or {}).encode()
        try:
            self.send_response(says.status)
            headers = {"Content-Type": "application/json", "Content-Length": str(len(data)), **says.headers}
            for name, value in headers.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(data)
        except OSError:  # nobody waits for it any more
            self.close_connection = True

    def _reset(self) -> None:
        self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.rfile.close()
        self.wfile.close()
        self.connection.close()
        self.close_connection = True

    def finish(self) -> None:
        try:
            super().finish()
        except (OSError, ValueError):  # it was reset
            pass

    def log_message(self, format: str, *args: Any) -> None:
        pass
