"""format = "mailgun": the form that Mailgun's routes post, fully parsed or with the raw mail.

https://documentation.mailgun.com/docs/mailgun/user-manual/receive-forward-store/receive-http, and what django-anymail
and Action Mailbox read of it. No field has a name that a mail chose: receivers would take `signature`, or
`attachments`, for Mailgun's.
"""

from __future__ import annotations

import hashlib
import hmac
import html
import json
from collections.abc import Callable
from urllib.parse import urlencode, urlsplit

from mailpoll.destinations.webhook import mail
from mailpoll.destinations.webhook.parts import Body, Content, files
from mailpoll.errors import Unreadable
from mailpoll.http import Form
from mailpoll.markup import to_html
from mailpoll.model import Attachment, Original, Post
from mailpoll.settings import WebhookSettings

# Fields of the header that get a field of the form, too, the first of each: Mailgun repeats them all, and these are
# what handlers look for.
_TOLD = ("Date", "From", "Sender", "Reply-To", "To", "Cc", "Subject", "Message-Id", "In-Reply-To", "References",
         "Mime-Version", "Content-Type", "Received", "Delivered-To", "X-Original-To", "Auto-Submitted", "Precedence",
         "List-Id", "User-Agent", "X-Mailer", "X-Envelope-From")  # fmt: skip


class Signature:
    """What proves that a request is ours: made anew at each attempt.

    Args:
        key: the webhook signing key.
        clock: Unix seconds.
        token: 50 random characters at each call.
    """

    def __init__(self, key: str, clock: Callable[[], float], token: Callable[[], str]) -> None:
        self._key, self._clock, self._token = key, clock, token

    def fields(self) -> dict[str, str]:
        """timestamp, token and signature: hex HMAC-SHA256(key, timestamp + token)."""
        moment, token = str(int(self._clock())), self._token()
        digest = hmac.new(self._key.encode(), (moment + token).encode(), hashlib.sha256)
        return {"timestamp": moment, "token": token, "signature": digest.hexdigest()}


def wants_mime(url: str) -> bool:
    """Whether Mailgun would post the mail itself there: to URLs that end with "mime"."""
    return urlsplit(url).path.rstrip("/").endswith("mime")


def body(post: Post, content: Content, settings: WebhookSettings, signature: Signature, *, mime: bool) -> Body:
    """The form; multipart when a file is in it, or with `mime` the mail itself."""
    original = mail.original_of(post, content)
    if mime and (raw := _raw(content)) is not None:
        return _filled(Form(), {**_envelope(post, original), "body-mime": raw, **signature.fields()})
    form = Form()
    going: list[Attachment] = []
    behind: list[tuple[str, str]] = []
    for file in files(post, content, settings):
        if file.pieces is None:
            behind.append(mail.left_out(file))
            continue
        going.append(file.attachment)
        type_, pieces = mail.readable_type(file.attachment.type, file.pieces)
        form.file(f"attachment-{len(going)}", file.attachment.name, type_, pieces)
    fields = {**_envelope(post, original), **_texts(original), **_header(original, behind)}
    if not going:
        data = urlencode({**fields, **signature.fields()}, errors="replace").encode("ascii")
        return Body("application/x-www-form-urlencoded", bytearray(data))
    return _filled(form, {**fields, **_numbers(going), **signature.fields()})


def _filled(form: Form, fields: dict[str, str]) -> Body:
    for name, value in fields.items():
        form.text(name, value)
    return Body(form.content_type, form.end())


def _raw(content: Content) -> str | None:
    """The mail in ASCII, or None where it cannot be had: forms are UTF-8, and other octets would be lost in them."""
    try:
        return b"".join(content.seven_bit()).decode("ascii")
    except Unreadable:
        return None


def _envelope(post: Post, original: Original) -> dict[str, str]:
    sender = mail.envelope_sender(original) or ", ".join(map(mail.bare, original.from_[:1]))
    return {
        "recipient": post.address,
        "sender": sender,
        "from": mail.listed(original.from_),
        "subject": original.subject,
    }


def _texts(original: Original) -> dict[str, str]:
    """The bodies; those of HTML, and a signature, only where the mail has one."""
    texts = {"body-plain": original.plain, "stripped-text": original.new_text}
    if original.signature:
        texts["stripped-signature"] = original.signature
    if original.html:
        texts |= {"body-html": original.html, "stripped-html": _new_html(original)}
    return texts


def _new_html(original: Original) -> str:
    """The new text as HTML: it is Markdown where the mail has no other text."""
    return _as_html(original.new_text) if original.text.strip() else to_html(original.new_text)


def _as_html(text: str) -> str:
    return "".join(f"<p>{'<br>'.join(html.escape(part).split(chr(10)))}</p>" for part in text.split("\n\n") if part)


def _header(original: Original, behind: list[tuple[str, str]]) -> dict[str, str]:
    fields = [(_canonical(name), value) for name, value in (*original.headers, *behind)]
    if sender := mail.envelope_sender(original):
        fields.insert(0, ("X-Envelope-From", f"<{sender}>"))
    first = dict(reversed(fields))
    return {**{name: first[name] for name in _TOLD if first.get(name)}, "message-headers": json.dumps(fields)}


def _canonical(name: str) -> str:
    """The name of a field as Mailgun writes it, whatever the mail does: Message-Id, Mime-Version."""
    return "-".join(part.capitalize() for part in name.split("-"))


def _numbers(going: list[Attachment]) -> dict[str, str]:
    """How many files there are, and by which Content-ID the HTML shows them."""
    shown = {
        f"<{attachment.content_id}>": f"attachment-{number}"
        for number, attachment in enumerate(going, 1)
        if attachment.content_id
    }
    return {"attachment-count": str(len(going)), **({"content-id-map": json.dumps(shown)} if shown else {})}
