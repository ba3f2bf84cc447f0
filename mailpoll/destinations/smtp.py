"""Mails forwarded by way of [smtp]: as they came, under a few lines of ours, or inside a mail of ours."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime
from email.utils import format_datetime
from itertools import islice
from typing import ClassVar, Literal, Protocol

from mailpoll import message, outbound, router, strict_address
from mailpoll.destinations.kind import CHAT_RATE, Kind, Outgoing, Question, Way
from mailpoll.errors import (
    DestinationRefused,
    Later,
    MailpollError,
    MessageError,
    PermanentFailure,
    RunError,
    TemporaryFailure,
    Unanswered,
)
from mailpoll.model import Finding, Limits, NamedAddress, Post, Receipt
from mailpoll.outbound.session import Limits as Times
from mailpoll.post_mail import in_base64, words
from mailpoll.settings import ForwardSettings, SecretRef, SmtpSettings

_WITHOUT_SMTP = "there is no [smtp] to send mail with"
_ADD_SMTP = "Add [smtp] with host, username, password and from"
_BACK = "is an address of ours: mail to it would come back to us"
_FOR_A_PERSON = (77, 78)
_WITHIN = 60.0  # seconds for one mail, the login included
_MAX_MARKS = 100  # as many as are looked at when a mail comes back
_MAX_LINE = 998  # octets of a line that RFC 5322 §2.1.1 allows


class Content(Protocol):
    """The bytes behind a post."""

    def raw(self) -> Iterator[bytes]: ...


class ForwardDestination:
    """An address to which mails are forwarded.

    Each is sent to one recipient, so that each delivery has one outcome. What comes back to us is known by its X-Loop,
    which names our inbox, not a channel's address; it carries no mark as mail that we write ourselves does, since it is
    somebody else's, and another gateway must not take it for ours.
    """

    kind: ClassVar[Kind] = Kind(
        name="smtp",
        promise="at least once, doubles only after a lost answer",
        service="an address that each mail is forwarded to",
        takes='the raw mail, by way of [smtp]; with as = "attachment" inside a mail of ours',
        limits=Limits(),
        place="the address that it is forwarded to, instead of `to`",
        rate=CHAT_RATE,
        by_smtp=True,
        example="""\
[destination.NAME]
kind = "smtp"                  # goes out by [smtp]
to = "user@example.net"        # or for each channel: --to NAME:user@example.net
as = "attachment"              # "mail": under its author's name, which fails DMARC where the mail has no DKIM

[smtp]                         # one for all that is sent: leave it out where there is one already
host = "smtp.example.com"      # port 587, tls = "starttls"
username = "gateway@example.com"
password = { file = "smtp-password" }
from = "Gateway <gateway@example.com>"
""",
        ways=(
            Way(
                "address",
                "an address",
                (
                    Question("to", "Address that mail is forwarded to", place=True),
                    Question(
                        "as",
                        "Forwarded as attachment (inside a mail of ours, which passes DMARC) or as mail (as it came, "
                        "under its author's name)",
                        default="attachment",
                    ),
                ),
            ),
        ),
    )
    askable = False

    def __init__(
        self,
        name: str,
        settings: ForwardSettings,
        secret: Callable[[SecretRef, str], str],
        *,
        outgoing: Outgoing,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self.name = name
        self.limits = self.kind.limits
        self.on_uncertain: Literal["repost", "hold"] = settings.on_uncertain
        self._settings = settings
        if outgoing.smtp is None:
            raise DestinationRefused(_WITHOUT_SMTP, about=self._about, advice=_ADD_SMTP)
        self._smtp = outgoing.smtp
        self._patterns = tuple(router.pattern(text) for text in outgoing.patterns)
        self._secret = _secret(outgoing.smtp, secret)
        self._now = now

    @classmethod
    def limits_of(cls, settings: ForwardSettings) -> Limits:
        """What a destination with these settings takes."""
        return cls.kind.limits

    def post(self, post: Post, content: Content) -> Receipt:
        """The name under which the server keeps the mail, where it tells one; raises as delivery.Destination says."""
        to = self._recipient(post.place)
        data = in_lines(b"".join(content.raw()))
        mail = self._inside(post, data, to) if self._settings.as_ == "attachment" else self._resent(post, data, to)
        times = Times(opening=self._smtp.timeout, total=_WITHIN)
        try:
            report = outbound.send(self._smtp, self._secret, [outbound.Letter(mail)], limits=times)
        except RunError as problem:  # `ca_file` or `file` of [smtp]
            raise _as(_of_the_way(problem), problem) from None
        for diagnosis in report.diagnoses:
            raise _translated(diagnosis)
        result = report.results[0]
        return Receipt(id=result.queue_id or result.file)

    def find(self, post: Post, since: datetime, taken: Callable[[str], bool]) -> Receipt | None:
        """None: nobody can be asked what became of a mail."""
        return None

    def check(self) -> tuple[Finding, ...]:
        """Whether the server lets us in; no mail is sent."""
        if self._smtp.file is not None:
            return (Finding("warn", f"{self.name}: [smtp] writes mails into {self._smtp.file}, and sends none"),)
        found = outbound.probe(self._smtp, self._secret)
        if found.diagnosis is not None:
            said = f" ({found.diagnosis.said})" if found.diagnosis.said else ""
            what = f"{self.name}: {found.about}: {found.diagnosis.what}{said}"
            return (Finding("fail", what, found.diagnosis.advice, found.diagnosis.status),)
        return (Finding("ok", f"{self.name}: {found.about} lets us in"),)

    def check_place(self, place: str) -> Finding | None:
        """What is wrong with an address, or that there is none; None when nothing is."""
        try:
            self._recipient(place)
        except PermanentFailure as problem:
            return Finding("fail", f"{self.name}: {problem.what}", problem.advice)
        return None

    @property
    def _about(self) -> str:
        return f"destination.{self.name}"

    @property
    def _advice(self) -> str:
        return f"Write --to {self.name}:user@example.net, or set `to` of {self._about}"

    @property
    def _sender(self) -> NamedAddress:
        return strict_address.parse(self._settings.sender or self._smtp.sender)

    def _recipient(self, place: str) -> NamedAddress:
        named = place or self._settings.to
        if not named:
            raise PermanentFailure("it names no address to forward to", about=self._about, advice=self._advice)
        try:
            to = strict_address.parse(named)
        except ValueError as problem:
            raise PermanentFailure(f"{named!r} {problem}", about=self._about) from None
        if any(pattern.detail(to.address) is not None or pattern.is_base(to.address) for pattern in self._patterns):
            raise PermanentFailure(f"{named!r} {_BACK}", about=self._about, advice=self._advice)
        return to

    def _resent(self, post: Post, data: bytes, to: NamedAddress) -> outbound.Mail:
        """The mail as it came, under the lines that say who sent it on (RFC 5322 §3.6.6)."""
        sender, message_id = self._sender, self._message_id(post)
        fields = [
            ("Resent-From", _shown(strict_address.parse(self._smtp.sender))),
            ("Resent-To", _shown(to)),
            ("Resent-Date", format_datetime(self._now())),
            ("Resent-Message-ID", message_id),
            *self._loop_marks(),
        ]
        return outbound.Mail(sender, (to,), post.message_id or message_id, post.subject, _head(fields) + data)

    def _inside(self, post: Post, data: bytes, to: NamedAddress) -> outbound.Mail:
        """A mail of ours with the mail as an attachment, in seven bits whatever it has itself."""
        message_id = self._message_id(post)
        boundary = f"mailpoll-{post.key}-{len(data)}"
        fields = [
            ("From", _shown(strict_address.parse(self._smtp.sender))),
            ("To", _shown(to)),
            ("Subject", words(f"Fwd: {post.subject}")),
            ("Date", format_datetime(self._now())),
            ("Message-ID", message_id),
            ("Auto-Submitted", "auto-generated"),
            *self._loop_marks(),
            *_loop_marks_in(data),
            ("MIME-Version", "1.0"),
            ("Content-Type", f'multipart/mixed; boundary="{boundary}"'),
        ]
        parting = f"\r\n--{boundary}".encode()
        pieces = (_head(fields), parting, b"\r\n", _note(post), parting, b"\r\n", _attached(data), parting, b"--\r\n")
        return outbound.Mail(self._sender, (to,), message_id, post.subject, b"".join(pieces))

    def _loop_marks(self) -> Iterator[tuple[str, str]]:
        """Ours by which a mail that comes back is known: the address of the inbox, without a channel's token."""
        for base in dict.fromkeys(filter(None, (pattern.base() for pattern in self._patterns))):
            yield "X-Loop", base

    def _message_id(self, post: Post) -> str:
        """The same at each attempt: servers that drop doubles go by it."""
        return f"<{post.key}.forward@{strict_address.parse(self._smtp.sender).address.rpartition('@')[2]}>"


def _loop_marks_in(data: bytes) -> Iterator[tuple[str, str]]:
    """Those of the gateways that a mail went through before: inside an attachment none of them would look for its own,
    and two that forward to each other would never end."""
    marks = (value for name, value in message.header_fields(data) if name.lower() == "x-loop")
    for value in islice(marks, _MAX_MARKS):
        if value.isascii() and value.isprintable() and len(value) <= _MAX_LINE - len("X-Loop: "):
            yield "X-Loop", value


def in_lines(data: bytes) -> bytes:
    """A mail whose lines all end with CR LF (RFC 5321 §2.3.8): a lone LF or CR is a line end to some servers only, and
    a dot between two of them would end the mail for those: what follows would be commands."""
    if data.count(b"\r\n") == data.count(b"\n") == data.count(b"\r"):
        return data
    return data.replace(b"\r\n", b"\n").replace(b"\r", b"\n").replace(b"\n", b"\r\n")


def _translated(diagnosis: outbound.Diagnosis) -> MessageError:
    """What a server said, as an outcome of this post or as one of the destination."""
    error = diagnosis.error()
    if isinstance(error, Unanswered):
        return error
    if isinstance(error, TemporaryFailure):
        return _as(Later if diagnosis.of_the_mail else TemporaryFailure, error)
    # What is said of a mail as a whole is about that mail: one with a virus must not keep the next ones back.
    if isinstance(error, PermanentFailure) or diagnosis.happening.stage == "dot":
        return _as(PermanentFailure, error)
    return _as(_of_the_way(error), error)


def _of_the_way(error: MailpollError) -> type[MessageError]:
    return DestinationRefused if error.exit_status in _FOR_A_PERSON else TemporaryFailure


def _as(kind: type[MessageError], error: MailpollError) -> MessageError:
    return kind(error.what, about=error.about, advice=error.advice)


def _secret(smtp: SmtpSettings, secret: Callable[[SecretRef, str], str]) -> str:
    if smtp.file is not None:
        return ""
    if smtp.access_token is not None:
        return secret(smtp.access_token, "smtp.access_token")
    return "" if smtp.password is None else secret(smtp.password, "smtp.password")


def _shown(named: NamedAddress) -> str:
    return f"{words(named.name)} <{named.address}>" if named.name else named.address


def _head(fields: Sequence[tuple[str, str]]) -> bytes:
    return "".join(f"{name}: {value}\r\n" for name, value in fields).replace("\r\n", "\n").replace(
        "\n", "\r\n"
    ).encode()  # fmt: skip


def _note(post: Post) -> bytes:
    """The text of a mail of ours."""
    text = f"Mail from {post.sender or 'nobody'} to channel {post.channel} is attached.\n"
    head = "Content-Type: text/plain; charset=utf-8\nContent-Transfer-Encoding: base64\n\n"
    encoded = b"".join(in_base64([text.encode("utf-8", "replace")]))
    return (head.encode() + encoded).replace(b"\n", b"\r\n")


def _attached(data: bytes) -> bytes:
    """The mail as a part: message/rfc822, which must not be encoded (RFC 2046 §5.2.1), so that what has eight bits or
    lines too long goes as a file."""
    if data.isascii() and max(map(len, data.split(b"\r\n")), default=0) <= _MAX_LINE:
        return b"Content-Type: message/rfc822\r\nContent-Disposition: attachment\r\n\r\n" + data
    head = (
        b'Content-Type: application/octet-stream; name="mail.eml"\r\nContent-Transfer-Encoding: base64\r\n'
        b'Content-Disposition: attachment; filename="mail.eml"\r\n\r\n'
    )
    return head + b"".join(in_base64([data])).replace(b"\n", b"\r\n")
