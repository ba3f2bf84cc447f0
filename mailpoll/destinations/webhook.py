"""Posts as HTTP requests: one POST of JSON per post, signed anew at each attempt."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from datetime import datetime
from typing import Any, ClassVar, Literal, Protocol

from mailpoll import __version__
from mailpoll.destinations.kind import Kind
from mailpoll.errors import MessageError, Unreadable
from mailpoll.http import Http, Response, basic, classify, probe
from mailpoll.model import Attachment, Finding, Limits, Post, Receipt
from mailpoll.settings import SecretRef, WebhookSettings, mask_url

VERSION = 1  # of the JSON; it changes when a field changes its meaning, not when one is added


class Parts(Protocol):
    """Where the bytes of attachments come from."""

    def part(self, number: int) -> Iterator[bytes]: ...


class WebhookDestination:
    """A web hook.

    Args:
        name: what the destination is called, for errors.
        settings: its section.
        secret: (reference, key path) → secret.
        clock: Unix seconds, for the signature.

    The request (Content-Type: application/json, UTF-8) carries `Idempotency-Key`, the same at each attempt, and with
    `secret` set `Mailpoll-Signature: t=<Unix seconds>,v1=<hex HMAC-SHA256(secret, "<t>." + body)>`.
    """

    kind: ClassVar[Kind] = Kind(
        name="webhook",
        promise="at least once, doubles only after a lost answer; once, where the receiver honours Idempotency-Key",
        takes="text and attachments, as JSON with an HTTP POST",
        limits=Limits(),
        example="""\
[destination.NAME]
kind = "webhook"
url = "https://example.com/inbound"
secret = { file = "hook-key" }         # signs each request: Mailpoll-Signature
# bearer = { file = "hook-token" }     # or: username = "…", password = { file = "…" }
""",
    )
    askable = False

    def __init__(
        self,
        name: str,
        settings: WebhookSettings,
        secret: Callable[[SecretRef, str], str],
        *,
        http: Http | None = None,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self.name = name
        self.limits = self.limits_of(settings)
        self.on_uncertain: Literal["repost", "hold"] = settings.on_uncertain
        self._settings = settings
        self._clock = clock
        self._http = http or Http(ca_file=settings.ca_file)
        self._key = secret(settings.secret, f"destination.{name}.secret") if settings.secret else None
        self._authorization = self._authorize(secret)
        self._extra = {
            header: value if isinstance(value, str) else secret(value, f"destination.{name}.headers.{header}")
            for header, value in settings.headers.items()
        }

    @classmethod
    def limits_of(cls, settings: WebhookSettings) -> Limits:
        """What a destination with these settings takes."""
        return replace(cls.kind.limits, files=settings.attachments)

    def _authorize(self, secret: Callable[[SecretRef, str], str]) -> dict[str, str]:
        settings = self._settings
        if settings.bearer is not None:
            return {"Authorization": "Bearer " + secret(settings.bearer, f"destination.{self.name}.bearer")}
        if settings.username is not None and settings.password is not None:
            password = secret(settings.password, f"destination.{self.name}.password")
            return {"Authorization": basic(settings.username, password)}
        return {}

    def post(self, post: Post, content: Parts) -> Receipt:
        """The receiver's id for the post, where its answer names one; raises as delivery.Destination says."""
        body = self._body(post, content)
        answer = self._http.request(
            "POST",
            self._settings.url,
            headers=self._headers(post, body),
            body=body,
            timeout_connect=min(5, self._settings.timeout),
            timeout_read=self._settings.timeout,
        )
        classify(answer)
        return _receipt(answer)

    def find(self, post: Post, since: datetime, taken: Callable[[str], bool]) -> Receipt | None:
        """None: a web hook cannot be asked."""
        return None

    def check(self) -> tuple[Finding, ...]:
        """Whether the receiver's server can be reached; nothing is posted."""
        url = mask_url(self._settings.url)
        try:
            probe(self._settings.url, ca_file=self._settings.ca_file)
        except MessageError as error:
            return (
                Finding("fail", f"{self.name}: {url} {error.what}", error.advice or "Check its url and the network"),
            )
        return (Finding("ok", f"{self.name}: {url} can be reached"),)

    def _headers(self, post: Post, body: bytearray) -> dict[str, str]:
        headers = {
            **self._extra,
            "Content-Type": "application/json",
            "User-Agent": f"mailpoll/{__version__}",
            **self._authorization,
        }
        if post.key:
            headers["Idempotency-Key"] = post.key
        if self._key is not None:
            headers["Mailpoll-Signature"] = signature(self._key, body, int(self._clock()))
        return headers

    def _body(self, post: Post, content: Parts) -> bytearray:
        """The JSON. Attachments are appended piece by piece, so that none is in memory beside it for long; one that
        cannot be read is named like one that does not fit."""
        body = bytearray(_json(_facts(post))[:-1])
        if post.whole_text:
            body += b',"whole_text":' + _json(_whole_text(content))
        body += b',"attachments":['
        for index, (attachment, included) in enumerate(self._choice(post)):
            data, reason = _bytes(attachment, content) if included else (None, "")
            body += b"," if index else b""
            body += _json(_description(attachment, data is not None, reason))[:-1]
            if data is not None:
                body += b',"content":"'
                for letters in _in_base64(data):
                    body += letters
                body += b'"'
            body += b"}"
        body += b"]}"
        return body

    def _choice(self, post: Post) -> Iterator[tuple[Attachment, bool]]:
        """Each attachment, and whether it goes along: those that fit under max_attachments together."""
        left = self._settings.max_attachments if self._settings.attachments else -1
        for attachment in post.attachments:
            included = attachment.size <= left
            left -= attachment.size if included else 0
            yield attachment, included


def signature(key: str, body: bytes | bytearray, moment: int) -> str:
    """The value of Mailpoll-Signature for a body sent at `moment` (Unix seconds)."""
    digest = hmac.new(key.encode(), f"{moment}.".encode(), hashlib.sha256)
    digest.update(body)
    return f"t={moment},v1={digest.hexdigest()}"


def _facts(post: Post) -> dict[str, Any]:
    """The JSON but its attachments; documented in the reference of web hooks."""
    return {
        "version": VERSION,
        "key": post.key,
        "channel": post.channel,
        "place": post.place,
        "topic": post.topic,
        "body": post.body,
        "subject": post.subject,
        "from": post.sender,
        "to": post.address,
        "tag": post.tag,
        "date": post.date.isoformat() if post.date else None,
        "message_id": post.message_id,
        "in_reply_to": list(post.in_reply_to),
        "references": list(post.references),
        "automatic": post.automatic,
    }


def _whole_text(content: Parts) -> str | None:
    try:
        return b"".join(content.part(0)).decode("utf-8", "replace")
    except Unreadable:
        return None


def _bytes(attachment: Attachment, content: Parts) -> tuple[Iterator[bytes] | None, str]:
    """An attachment decoded, in pieces, or None and why not."""
    try:
        return content.part(attachment.part), ""
    except Unreadable as problem:
        return None, problem.what


def _in_base64(pieces: Iterable[bytes]) -> Iterator[bytes]:
    """The base64 of octets that come in pieces."""
    held = b""
    for piece in pieces:
        held += piece
        whole = len(held) - len(held) % 3
        yield base64.b64encode(held[:whole])
        held = held[whole:]
    yield base64.b64encode(held)


def _description(attachment: Attachment, included: bool, reason: str) -> dict[str, Any]:
    described = {
        "name": attachment.name,
        "type": attachment.type,
        "size": attachment.size,
        "content_id": attachment.content_id,
    }
    if included:
        return described
    return {**described, "omitted": True, **({"reason": reason} if reason else {})}


def _json(value: Any) -> bytes:
    """`value` as UTF-8 JSON on one line; half a surrogate pair, which mail can hold and UTF-8 cannot, becomes "?"."""
    return json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode("utf-8", "replace")


def _receipt(answer: Response) -> Receipt:
    """The id and link of an answer like {"id": …, "url": …}; anything else is a receipt without them."""
    try:
        said = json.loads(answer.body)
    except (ValueError, RecursionError):
        return Receipt()
    if not isinstance(said, dict):
        return Receipt()
    identity, url = said.get("id"), said.get("url")
    return Receipt(
        id=str(identity)[:200] if isinstance(identity, str | int) and str(identity).isprintable() else "",
        url=url
        if isinstance(url, str) and url.startswith("https://") and url.isprintable() and len(url) < 2000
        else "",
    )
