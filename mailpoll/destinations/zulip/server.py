"""Requests to a Zulip server (https://zulip.com/api/rest): Basic authentication, forms with values in JSON."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from mailpoll import __version__
from mailpoll.destinations.zulip.account import Account
from mailpoll.destinations.zulip.answers import judged, may_not
from mailpoll.errors import MessageError, Unanswered
from mailpoll.http import Form, Http, Response, basic, nothing_shown

_FORM = "application/x-www-form-urlencoded"
MIB = 1024 * 1024
_MAX_STATE = MIB  # octets of what POST /register says
_MAX_PAGE = 16 * MIB
PAGE = 100
_MAX_PAGES = 20


@dataclass(frozen=True, slots=True)
class Nature:
    """What a server is like: its feature level (0 before Zulip 3.0), the lengths it takes in code points, the octets of
    a file, and whether messages need a topic. `no_topic` is how it shows that a message has none."""

    level: int = 0
    topic: int = 60
    body: int = 10_000
    file_size: int = 25 * MIB
    needs_topic: bool = False
    no_topic: str = ""


class Server:
    """A Zulip server, as one bot sees it.

    Args:
        about: the key path of the destination, for errors.
        account: who asks.
        http: the way there.
        timeout: seconds to wait for each answer.
    """

    def __init__(self, about: str, account: Account, http: Http, timeout: float) -> None:
        self.about = about
        self._account = account
        self._http = http
        self._timeout = timeout
        self._nature: Nature | None = None

    def ask(self, method: str, path: str, fields: Mapping[str, Any], *, max_answer: int = 65536) -> Response:
        """The answer to a request that changes nothing that anybody sees; raises as Http.request, but Unanswered is a
        TemporaryFailure: no post has left."""
        with nothing_shown():
            return self._request(method, path, fields, max_answer)

    def send(self, fields: Mapping[str, str]) -> Response:
        """The answer to POST /messages. Raises as Http.request; Unanswered too where a proxy gave up on Zulip, which
        may have taken the message (RFC 9110 §15.6.3, §15.6.5)."""
        answer = self._request("POST", "messages", fields, 65536)
        if answer.status in (502, 504):
            raise Unanswered(f"answered {answer.status}: Zulip's own answer is lost", about=self.about)
        if 200 <= answer.status < 300 and not answer.fields and answer.body.lstrip()[:1] in (b"", b"{"):
            raise Unanswered("its answer broke off", about=self.about)
        return answer

    def upload(self, filename: str, type_: str, pieces: Iterable[bytes]) -> Response:
        """The answer to POST /user_uploads; raises as ask()."""
        form = Form()
        form.file("filename", filename, type_, pieces)
        body = form.end()
        with nothing_shown():
            return self._exchange("POST", self._url("user_uploads"), form.content_type, body, 65536)

    def nature(self) -> Nature:
        """What the server is like, asked once; what is usual, where it does not tell this bot.

        Raises:
            TemporaryFailure: not now.
            DestinationRefused: it knows no such bot.
        """
        if self._nature is None:
            # There is no other way to these figures; the queue that comes with them is given back.
            fields = {"event_types": [], "fetch_event_types": ["realm"]}
            answer = self.ask("POST", "register", fields, max_answer=_MAX_STATE)
            self._nature = Nature() if may_not(answer) else _nature(judged(answer, self.about))
            if queue := answer.fields.get("queue_id"):
                with suppress(MessageError):
                    self.ask("DELETE", "events", {"queue_id": queue})
        return self._nature

    def own_messages(self, narrow: Mapping[str, Any], sender: Mapping[str, Any], since: float) -> Response | list[Any]:
        """The bot's messages in a narrow since a moment (Unix seconds), newest first; or the answer that refuses."""
        level = self.nature().level
        operand = sender.get("user_id") if level and isinstance(sender.get("user_id"), int) else self._account.email
        terms = [dict(narrow), {"operator": "sender", "operand": operand}]
        found: list[Any] = []
        anchor: int | str = "newest" if level else 10**16
        for _ in range(_MAX_PAGES):
            fields = {"anchor": anchor, "num_before": PAGE, "num_after": 0, "narrow": terms, "apply_markdown": False}
            answer = self.ask("GET", "messages", fields, max_answer=_MAX_PAGE)
            if may_not(answer):
                return answer
            page = _messages(judged(answer, self.about))
            found += [each for each in reversed(page) if each["timestamp"] >= since]
            if len(page) < PAGE or page[0]["timestamp"] < since:
                return found
            anchor = page[0]["id"] - 1
        return found

    def _request(self, method: str, path: str, fields: Mapping[str, Any], max_answer: int) -> Response:
        texts = {name: value if isinstance(value, str) else json.dumps(value) for name, value in fields.items()}
        query = urlencode(texts, encoding="utf-8", errors="replace")
        if method == "GET":
            return self._exchange(method, f"{self._url(path)}{'?' if query else ''}{query}", "", b"", max_answer)
        return self._exchange(method, self._url(path), _FORM, query.encode(), max_answer)

    def _url(self, path: str) -> str:
        return f"{self._account.site}/api/v1/{path}"

    def _exchange(self, method: str, url: str, type_: str, body: bytes | bytearray, max_answer: int) -> Response:
        headers = {
            "Authorization": basic(self._account.email, self._account.key),
            "User-Agent": f"mailpoll/{__version__}",
            **({"Content-Type": type_} if type_ else {}),
        }
        return self._http.request(
            method,
            url,
            headers=headers,
            body=body,
            timeout_connect=min(5, self._timeout),
            timeout_read=self._timeout,
            max_answer=max_answer,
        )


def _nature(said: Mapping[str, Any]) -> Nature:
    usual = Nature()
    return Nature(
        level=_number(said, "zulip_feature_level", usual.level),
        topic=_number(said, "max_topic_length", usual.topic) or usual.topic,
        body=_number(said, "max_message_length", usual.body) or usual.body,
        file_size=_number(said, "max_file_upload_size_mib", usual.file_size // MIB) * MIB,
        needs_topic=said.get("realm_topics_policy") == "disable_empty_topic"
        or ("realm_topics_policy" not in said and said.get("realm_mandatory_topics") is True),
        no_topic=str(said.get("realm_empty_topic_display_name") or ""),
    )


def _number(said: Mapping[str, Any], name: str, usual: int) -> int:
    value = said.get(name)
    return value if isinstance(value, int) and 0 <= value < 10**9 else usual


def _messages(said: Mapping[str, Any]) -> list[Any]:
    """The messages of a page, oldest first; none that are not shaped like messages."""
    page = said.get("messages")
    return [
        each
        for each in (page if isinstance(page, list) else [])
        if isinstance(each, dict) and isinstance(each.get("id"), int) and isinstance(each.get("timestamp"), int | float)
    ]
