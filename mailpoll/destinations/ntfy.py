"""Posts as push notifications of ntfy, each in one request."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, ClassVar, Literal, Protocol

from msgspec.structs import replace

from mailpoll import __version__, visible
from mailpoll.destinations.kind import CHAT_RATE, Kind, Question, Way, failed
from mailpoll.errors import DestinationRefused, Later, MessageError, PermanentFailure, Unreadable
from mailpoll.http import UNTOLD, Http, Response, basic, classify, foreign
from mailpoll.model import WHOLE_TEXT, Attachment, Finding, Limits, Post, Receipt
from mailpoll.post_json import in_json
from mailpoll.settings import NtfySettings, SecretRef

MAX_MESSAGE = 4096  # octets; a server makes a file of what is longer (message-size-limit)
MAX_TITLE = 250  # characters
_MAX_JSON = 2 * MAX_MESSAGE  # octets, of the whole (readJSONWithLimit)
_ROOM = 200  # octets, for our sentences
_TOPIC = frozenset("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_-")
_MAX_TOPIC = 64
_CUT = "\n\n[…] Cut here."
_WHOLE_TEXT = Attachment(0, WHOLE_TEXT, "text/plain; charset=utf-8", 0)

# ntfy's codes (server/errors.go): what is about the file alone, so that the text goes out without it.
_FILE_REFUSED = frozenset({40014, 40015, 41301, 42905})
# What a proxy or filter in front of ntfy answers to a file, a PUT or a long header field that it does not like.
_ON_THE_WAY = frozenset({400, 403, 405, 406, 411, 413, 414, 415, 422, 431, 451, 494, 501})
_MOST_WORDS = 150  # characters of the server's own
_SETTINGS = "Check url and token, or username and password, and any proxy in between"
_URL = "Check url: that of the server, without the topic"
_REFUSALS: dict[int, tuple[str, str]] = {
    40101: ("it does not accept the token or password", "Check token, or username and password"),
    40401: ("there is no ntfy server at this url", _URL),
}
# About the topic. Topics are one another's strangers: the others' posts go on.
_WRONG_TOPIC: dict[int, tuple[str, str]] = {
    40009: ("it does not accept the topic's name", "Write letters, digits, - and _, at most 64"),
    40010: ("the topic's name is not allowed", "Take another topic"),
    40301: (
        "the account may not post to the topic",
        "Let it: ntfy access USERNAME TOPIC write-only; on a public server take a topic that nobody reserved",
    ),
}


class Parts(Protocol):
    """Where the bytes of attachments come from."""

    def part(self, number: int) -> Iterator[bytes]: ...


@dataclass(frozen=True, slots=True)
class _File:
    """The file that goes along, in memory."""

    file: Attachment
    data: bytearray


class NtfyDestination:
    """A server of ntfy.

    Text alone is published as JSON; with a file, the file is the body and the text is in header fields, so that a post
    is one notification either way. A post that comes twice carries the same `sequence_id`: since ntfy 2.16, apps show
    the second one in the first one's place.
    """

    kind: ClassVar[Kind] = Kind(
        name="ntfy",
        promise="at least once; a double, only after a lost answer, replaces the first one in apps (ntfy 2.16)",
        service="push notifications by ntfy",
        takes="text, the subject as title; one file, the whole text where it was cut",
        limits=Limits(topic=MAX_TITLE, body=MAX_MESSAGE - _ROOM, markup="plain", octets=True),
        place="topic",
        # A visitor of ntfy may publish 60 times at once and then every 5 seconds: this stays below.
        rate=CHAT_RATE,
        example="""\
[destination.NAME]
kind = "ntfy"
url = "https://ntfy.example.org"      # unset: https://ntfy.sh
topic = "alerts"                      # for channels that name none: --to NAME:disks
token = { file = "ntfy-token" }       # or: username = "…", password = { file = "…" }
""",
        ways=(
            Way(
                "token",
                "a topic, with an access token where the server wants one",
                (
                    Question("url", "URL of the ntfy server", default="https://ntfy.sh"),
                    Question("token", "Access token (tk_…)", secret=True, optional=True),
                    Question("topic", "Topic", place=True),
                ),
            ),
        ),
    )
    askable = False

    def __init__(
        self,
        name: str,
        settings: NtfySettings,
        secret: Callable[[SecretRef, str], str],
        *,
        http: Http | None = None,
    ) -> None:
        self.name = name
        self.limits = self.limits_of(settings)
        self.on_uncertain: Literal["repost", "hold"] = settings.on_uncertain
        self._settings = settings
        self._url = settings.url.rstrip("/")
        self._http = http or Http(ca_file=settings.ca_file)
        self._headers = {"User-Agent": f"mailpoll/{__version__}", **self._authorize(secret)}

    @classmethod
    def limits_of(cls, settings: NtfySettings) -> Limits:
        """What a destination with these settings takes."""
        markup = "commonmark" if settings.markdown else "plain"
        return replace(
            cls.kind.limits,
            markup=markup,
            files=settings.attachments,
            file_size=settings.max_file,
            overflow=settings.overflow,
        )

    def _authorize(self, secret: Callable[[SecretRef, str], str]) -> dict[str, str]:
        settings = self._settings
        if settings.token is not None:
            return {"Authorization": "Bearer " + secret(settings.token, f"destination.{self.name}.token")}
        if settings.username is not None and settings.password is not None:
            password = secret(settings.password, f"destination.{self.name}.password")
            return {"Authorization": basic(settings.username, password)}
        return {}

    def post(self, post: Post, content: Parts) -> Receipt:
        """The notification's id; raises as delivery.Destination says."""
        topic = self._topic(post.place)
        text, cut = fitted(post.body)
        file, left_out = self._file(post, cut, content)
        note = _note(left_out, left_out + bool(file))
        answer = self._publish(post, topic, text + note, file)
        if file is not None and _code(answer) in _FILE_REFUSED | _ON_THE_WAY:
            answer = self._publish(post, topic, text + _note(left_out + 1, left_out + 1), None)
        if _code(answer) in _WRONG_TOPIC:
            what, advice = _WRONG_TOPIC[_code(answer)]
            raise PermanentFailure(f"answered {_code(answer)}: {what}", about=topic, advice=advice)
        _judge(answer)
        identity = answer.fields.get("id")
        if not isinstance(identity, str) or not identity:
            raise foreign(answer, "ntfy", _URL)
        return Receipt(identity[:200] if identity.isprintable() else "")

    def find(self, post: Post) -> Receipt | None:
        """None: who may post to a topic often may not read it."""
        return None

    def check(self) -> tuple[Finding, ...]:
        """Whether there is a server, and whose the token or password is; nothing is posted."""
        try:
            answer = self._call("GET", f"{self._url}/v1/account")  # of ntfy 1.29 and later
            if answer.status == 404 and not self._settings.token and not self._settings.username:
                answer = self._call("GET", f"{self._url}/v1/health")
            _judge(answer)
            if not {"username", "healthy"} & answer.fields.keys():
                raise foreign(answer, "ntfy", _URL)
        except MessageError as problem:
            return (failed(self.name, problem, "Check its url", about=problem.about),)
        user = answer.fields.get("username")
        who = f"posts as {user}" if isinstance(user, str) and user.isprintable() and user != "*" else "posts as anybody"
        found = Finding("ok", f"{self.name}: {answer.url} can be reached; {who}")
        return (found,) if self._settings.topic is None else (found, *filter(None, [self.check_place("")]))

    def check_place(self, place: str) -> Finding | None:
        """What is wrong with a topic's name; None when nothing is: a server does not tell who may post to it."""
        try:
            self._topic(place)
        except PermanentFailure as problem:
            return failed(self.name, problem)
        return None

    def _topic(self, place: str) -> str:
        topic = place or self._settings.topic or ""
        if topic and len(topic) <= _MAX_TOPIC and _TOPIC.issuperset(topic):
            return topic
        what = f"{topic!r} is no topic of ntfy" if topic else "no topic is named"
        advice = "Write letters, digits, - and _, at most 64: --to NAME:alerts, or topic in the section"
        raise PermanentFailure(what, about=f"destination.{self.name}", advice=advice)

    def _publish(self, post: Post, topic: str, text: str, file: _File | None) -> Response:
        settings = self._settings
        sequence = hashlib.sha256(post.key.encode("utf-8", "replace")).hexdigest()[:32] if post.key else ""
        if file is not None:
            # \n, of a path for example, would become the end of a line: what is shown of it stays.
            beside = {"X-Message": encoded(text.replace("\\n", "\\\u200bn")), "X-Filename": encoded(file.file.name)}
            headers = {**self._in_headers(post, sequence), **beside, "Content-Type": "application/octet-stream"}
            return self._call("PUT", f"{self._url}/{topic}", file.data, headers)
        fields: dict[str, Any] = {"topic": topic, "title": post.topic, "message": text, "tags": settings.tags,
                                  "markdown": settings.markdown, "priority": settings.priority,
                                  "sequence_id": sequence}  # fmt: skip
        said = {name: value for name, value in fields.items() if value}
        body = in_json(said)
        if len(body) > _MAX_JSON:  # quotation marks, line ends and the like take two octets each
            headers = {**self._in_headers(post, sequence), "Content-Type": "text/plain; charset=utf-8"}
            return self._call("POST", f"{self._url}/{topic}", text.encode("utf-8", "replace"), headers)
        return self._call("POST", f"{self._url}/", body, {"Content-Type": "application/json"})

    def _in_headers(self, post: Post, sequence: str) -> dict[str, str]:
        """What stands beside a body that is a file or the text. ntfy undoes RFC 2047 in each."""
        settings = self._settings
        fields = {
            "X-Title": encoded(post.topic),
            "X-Tags": ",".join(map(encoded, settings.tags)),  # split before RFC 2047 is undone
            "X-Markdown": "yes" if settings.markdown else "",
            "X-Priority": str(settings.priority or ""),
            "X-Sequence-ID": sequence,
        }
        return {name: value for name, value in fields.items() if value}

    def _call(
        self, method: str, url: str, body: bytes | bytearray = b"", headers: dict[str, str] | None = None
    ) -> Response:  # fmt: skip
        return self._http.request(
            method,
            url,
            headers={**self._headers, **(headers or {})},
            body=body,
            timeout_connect=min(5, self._settings.timeout),
            timeout_read=self._settings.timeout,
        )

    def _file(self, post: Post, cut: bool, content: Parts) -> tuple[_File | None, int]:
        """The one file that goes along, the whole text where it was cut; how many files of the post do not."""
        whole = post.whole_text or (cut and self.limits.files and self.limits.overflow == "file")
        files = [*((_WHOLE_TEXT,) if whole else ()), *(post.attachments if self.limits.files else ())]
        for file in files:
            if file.size > self._settings.max_file:
                continue
            data = bytearray()
            try:
                for piece in content.part(file.part):
                    data += piece
            except Unreadable:
                continue
            if 0 < len(data) <= self._settings.max_file:  # ntfy takes no empty file for one
                return _File(file, data), len(files) - 1
        return None, len(files)


def fitted(text: str) -> tuple[str, bool]:
    """(the text in as many octets of UTF-8 as ntfy takes, with room for our sentences; whether it was cut)."""
    room = MAX_MESSAGE - _ROOM
    octets = text.encode("utf-8", "replace")
    if len(octets) <= room:
        return text, False
    return octets[: room - len(_CUT.encode())].decode("utf-8", "ignore").rstrip() + _CUT, True


def encoded(text: str) -> str:
    """A header field's value as RFC 2047 has it, in one word; as it is where that is printable ASCII."""
    if text.isascii() and text.isprintable() and "=?" not in text:
        return text
    return f"=?UTF-8?B?{base64.b64encode(text.encode('utf-8', 'replace')).decode('ascii')}?="


def _note(left_out: int, total: int) -> str:
    return f"\n\n({left_out} of {total} files not passed on: ntfy takes one)" if left_out else ""


def _code(answer: Response) -> int:
    """ntfy's own code, which begins with the status; else the status. 0 when the post was taken."""
    code = answer.fields.get("code")
    return 0 if 200 <= answer.status < 300 else code if isinstance(code, int) else answer.status


def _judge(answer: Response) -> None:
    code = _code(answer)
    meaning, advice = _REFUSALS.get(code) or _REFUSALS.get(code * 100 + 1) or ("", "")
    if meaning:
        raise DestinationRefused(f"answered {code}: {meaning}", about=answer.url, advice=advice)
    if code == 50701:
        what = f"answered {code}: the topic is one of UnifiedPush, and nobody listens to it"
        raise Later(what, about=answer.url)
    if code == 41303:
        raise PermanentFailure(f"answered {code}: this post is too large for the server", about=answer.url)
    classify(answer, UNTOLD, words=_words(answer), advice=_SETTINGS)


def _words(answer: Response) -> str:
    """ntfy's own for what is wrong, with its code."""
    said, code = answer.fields.get("error"), answer.fields.get("code")
    return visible.line(f"{code}: {said}")[:_MOST_WORDS] if isinstance(said, str) and isinstance(code, int) else ""
