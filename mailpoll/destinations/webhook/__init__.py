"""Posts as HTTP requests: one POST per post, in the shape that its receiver knows, signed anew at each attempt."""

from __future__ import annotations

import hashlib
import hmac
import json
import secrets
import time
from collections.abc import Callable
from datetime import datetime
from typing import ClassVar, Literal

from msgspec.structs import replace

from mailpoll import __version__, redaction, template
from mailpoll.crosscheck import url_problem
from mailpoll.destinations.kind import Kind, Question, Way, failed
from mailpoll.destinations.webhook import mailgun, own, postmark
from mailpoll.destinations.webhook.parts import JSON, Body, Content
from mailpoll.errors import ConfigError, Later, MessageError, PermanentFailure
from mailpoll.http import Http, Response, basic, classify, probe
from mailpoll.http.answers import Meanings
from mailpoll.model import Finding, Limits, Post, Receipt
from mailpoll.post_json import in_json
from mailpoll.settings import SecretRef, WebhookSettings, mask_url

# Of a URL without a section, which has no key that could be wrong.
_NO_KEY = "It wants a key, which a URL alone does not have: `mailpoll destination add webhook` makes a section with one"
# What their receivers say otherwise than others do: django-anymail answers 400 to a wrong key or password, which both
# services take for "later"; Postmark gives a mail up at 403, and no other answer.
_WRONG_KEY = (Later, "the receiver does not accept the key or password, or not this post")
_MEANINGS: dict[str, Meanings] = {
    "postmark": {400: _WRONG_KEY, 403: (PermanentFailure, "the receiver does not want this post")},
    "mailgun": {400: _WRONG_KEY},
}


class WebhookDestination:
    """A web hook.

    Args:
        name: what the destination is called, for errors.
        settings: its section.
        secret: (reference, key path) → secret.
        clock: Unix seconds, for the signature.
        token: 50 random characters, for Mailgun's.

    Each request carries `Idempotency-Key`, the same at each attempt, and with `secret` set, except in Mailgun's format,
    which has its own, `Mailpoll-Signature: t=<Unix seconds>,v1=<hex HMAC-SHA256(secret, "<t>." + body)>`.
    """

    kind: ClassVar[Kind] = Kind(
        name="webhook",
        promise="at least once, doubles only after a lost answer; once, where the receiver honours Idempotency-Key",
        service="an HTTP POST to a URL; with a template also Teams, Google Chat, Telegram",
        takes="an HTTP POST: our JSON, that of Postmark, Mailgun's form, the mail as it came, or JSON of your own",
        limits=Limits(),
        example="""\
[destination.NAME]
kind = "webhook"
url = "https://example.com/inbound"
secret = { file = "hook-key" }         # signs each request: Mailpoll-Signature
# bearer = { file = "hook-token" }     # or: username = "…", password = { file = "…" }
# format = "postmark"                  # or "mailgun", "rfc822"; or a [destination.NAME.template]
""",
        ways=(
            Way(
                "url",
                "a URL, with a key that signs where the receiver looks at it",
                (
                    Question("url", "URL to POST to"),
                    Question("secret", "Key that signs each request", secret=True, optional=True),
                ),
            ),
        ),
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
        token: Callable[[], str] = lambda: secrets.token_hex(25),
    ) -> None:
        self.name = name
        self.limits = self.limits_of(settings)
        self.on_uncertain: Literal["repost", "hold"] = settings.on_uncertain
        self._settings = settings
        self._clock = clock
        self._http = http or Http(ca_file=settings.ca_file)
        self._url = settings.url if isinstance(settings.url, str) else self._secret_url(settings.url, secret)
        self._key = secret(settings.secret, f"destination.{name}.secret") if settings.secret else None
        self._mailgun = mailgun.Signature(self._key or "", clock, token)
        self._mime = mailgun.wants_mime(self._url) if settings.raw_email is None else settings.raw_email
        self._authorization = self._authorize(secret)
        self._extra = {
            header: value if isinstance(value, str) else secret(value, f"destination.{name}.headers.{header}")
            for header, value in settings.headers.items()
        }

    @classmethod
    def limits_of(cls, settings: WebhookSettings) -> Limits:
        """What a destination with these settings takes."""
        return replace(
            cls.kind.limits,
            files=settings.attachments and not settings.template,
            topic=settings.max_topic,
            body=settings.max_body,
            mentions=settings.mentions,
            markup=settings.markup,
            overflow="cut" if settings.template else "file",
        )

    def _secret_url(self, reference: SecretRef, secret: Callable[[SecretRef, str], str]) -> str:
        about = f"destination.{self.name}.url"
        url = secret(reference, about)
        redaction.know_url(url)
        if problem := url_problem(url, allow_plaintext=self._settings.allow_plaintext):
            raise ConfigError(problem, about=about)
        return url

    def _authorize(self, secret: Callable[[SecretRef, str], str]) -> dict[str, str]:
        settings = self._settings
        if settings.bearer is not None:
            return {"Authorization": "Bearer " + secret(settings.bearer, f"destination.{self.name}.bearer")}
        if settings.username is not None and settings.password is not None:
            password = secret(settings.password, f"destination.{self.name}.password")
            return {"Authorization": basic(settings.username, password)}
        return {}

    def post(self, post: Post, content: Content) -> Receipt:
        """The receiver's id for the post, where its answer names one; raises as delivery.Destination says."""
        body = self._body(post, content)
        answer = self._http.request(
            "POST",
            self._url,
            headers=self._headers(post, body),
            body=body.data,
            timeout_connect=min(5, self._settings.timeout),
            timeout_read=self._settings.timeout,
        )
        bare = "://" in self.name and answer.status in (401, 403)
        classify(answer, _MEANINGS.get(self._settings.format), advice=_NO_KEY if bare else "")
        return _receipt(answer)

    def find(self, post: Post, since: datetime, taken: Callable[[str], bool]) -> Receipt | None:
        """None: a web hook cannot be asked."""
        return None

    def check(self) -> tuple[Finding, ...]:
        """Whether the receiver's server can be reached; nothing is posted."""
        url = mask_url(self._url)
        try:
            probe(self._url, ca_file=self._settings.ca_file)
        except MessageError as error:
            return (failed(self.name, error, "Check its url and the network", about=url),)
        return (Finding("ok", f"{self.name}: {url} can be reached"),)

    def _headers(self, post: Post, body: Body) -> dict[str, str]:
        headers = {
            **self._extra,
            "Content-Type": body.type,
            "User-Agent": f"mailpoll/{__version__}",
            **self._authorization,
        }
        if post.key:
            headers["Idempotency-Key"] = post.key
        if self._key is not None and self._settings.format != "mailgun":
            headers["Mailpoll-Signature"] = signature(self._key, body.data, int(self._clock()))
        return headers

    def _body(self, post: Post, content: Content) -> Body:
        settings = self._settings
        if settings.template:
            values = template.values_of(post, settings.mentions)
            return Body(JSON, bytearray(in_json(template.filled(settings.template, values, settings.mentions))))
        if settings.format == "mailgun":
            return mailgun.body(post, content, settings, self._mailgun, mime=self._mime)
        if settings.format == "postmark":
            return postmark.body(post, content, settings)
        if settings.format == "rfc822":
            return Body("message/rfc822", bytearray().join(content.raw()))
        return own.body(post, content, settings)


def signature(key: str, body: bytes | bytearray, moment: int) -> str:
    """The value of Mailpoll-Signature for a body sent at `moment` (Unix seconds)."""
    digest = hmac.new(key.encode(), f"{moment}.".encode(), hashlib.sha256)
    digest.update(body)
    return f"t={moment},v1={digest.hexdigest()}"


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
