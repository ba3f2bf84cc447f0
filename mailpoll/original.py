"""The bytes of a mail → what hooks hand on of it that is in no post: its people, header and both bodies. Pure."""

from __future__ import annotations

import base64
import email.policy
import re
from collections.abc import Iterator
from email import message_from_bytes
from email.message import Message as ParsedMail
from email.utils import format_datetime

from mailpoll import compose, message, reply
from mailpoll.message.senders import shown
from mailpoll.model import Message, NamedAddress, Original, Route

# RFC 5322 §3.6 and RFC 2045 §3: what programs may rely on being there once. A stranger's mail may have it twice.
_ONCE = frozenset(
    ("date", "from", "sender", "reply-to", "to", "cc", "bcc", "message-id", "in-reply-to", "references", "subject",
     "mime-version", "content-type", "content-transfer-encoding", "content-disposition")
)  # fmt: skip
# Where str.splitlines() would see a line end, and every other control character.
_CONTROL = re.compile("[\x00-\x08\x0a-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff]")
_SIGNATURES = ("signature", "footer", "disclaimer")
_NOT_ASCII = re.compile(r"[^\x00-\x7f]")
_WORD = 45  # octets in an encoded word: at most 75 characters with what is around them (RFC 2047 §2)
_STEP = 1 << 20
# The email package takes more than linear time for more.
MAX_FIELDS, MAX_HEADER = 1_000, 100_000


def original(raw: bytes, route: Route, *, max_text: int) -> Original:
    """What a mail says of itself, and the new text that posts of `route` have; "" where nobody wrote any.

    `max_text` bounds each text in characters, as message.parse does.
    """
    parsed = message.parse(raw, max_text=max_text)
    fields = tuple(_fields(raw))
    new = compose.new_text(parsed, route)
    return Original(
        headers=fields,
        from_=tuple(NamedAddress(shown(each).name, each.address) for each in _people(fields, "from")),
        to=_people(fields, "to"),
        cc=_people(fields, "cc"),
        bcc=_people(fields, "bcc"),
        reply_to=_people(fields, "reply-to"),
        subject=parsed.subject,
        date=format_datetime(parsed.date) if parsed.date else "",
        text=parsed.text,
        html=parsed.html,
        plain=parsed.text if parsed.text.strip() else _as_text(parsed),
        new_text="" if new == compose.EMPTY_BODY else new,
        signature="\n\n".join(cut.text for cut in compose.cuts(parsed, route) if cut.kind in _SIGNATURES),
    )


def _fields(raw: bytes) -> Iterator[tuple[str, str]]:
    """The header fields in order; of those that belong there once, the first."""
    seen: set[str] = set()
    for name, value in message.header_fields(raw):
        if name.lower() in _ONCE and name.lower() in seen:
            continue
        seen.add(name.lower())
        yield name, _CONTROL.sub(" ", value)


def _people(fields: tuple[tuple[str, str], ...], name: str) -> tuple[NamedAddress, ...]:
    return tuple(each for field, value in fields if field.lower() == name for each in message.addresses(value))


def _as_text(parsed: Message) -> str:
    """All that the HTML says, as Markdown."""
    return reply.of_message(parsed, include_quotes=True, include_footer=True).text


def seven_bit(raw: bytes) -> Iterator[bytes]:
    """The mail in ASCII alone, in slices of about 1 MB: 8-bit bodies become base64 (RFC 2045 §6), what is not ASCII in
    header fields encoded words (RFC 2047). A mail that is ASCII comes as it is.

    Raises ValueError for headers that no mail server takes.
    """
    data = raw if raw.isascii() else _encoded(raw)
    return (data[at : at + _STEP] for at in range(0, len(data), _STEP))


def _encoded(raw: bytes) -> bytes:
    mail = message_from_bytes(raw, policy=email.policy.compat32)
    for part in mail.walk():
        _encode_fields(part)
        payload = part.get_payload()
        if isinstance(payload, str) and not payload.isascii():
            _encode_body(part)
    # A preamble, or a boundary, that is not ASCII is no text of the mail.
    return mail.as_bytes().decode("ascii", "replace").replace("\ufffd", "?").encode("ascii")


def _encode_body(part: ParsedMail) -> None:
    data = part.get_payload(decode=True)
    if not isinstance(data, bytes):
        raise AssertionError("a part with a text as its payload has octets")
    del part["Content-Transfer-Encoding"]
    part["Content-Transfer-Encoding"] = "base64"
    part.set_payload(base64.encodebytes(data).decode("ascii"))


def _encode_fields(part: ParsedMail) -> None:
    """Its fields with encoded words for what is not ASCII, in their order."""
    fields = [(name, _text(value)) for name, value in part.raw_items()]
    if all(value.isascii() for _, value in fields):
        return
    if len(fields) > MAX_FIELDS or sum(len(value) for _, value in fields) > MAX_HEADER:
        raise ValueError("a header is too large to be written in ASCII")
    for name in {name for name, _ in fields}:
        del part[name]
    for name, value in fields:
        part[name] = value if value.isascii() else _in_encoded_words(value)


def _text(value: object) -> str:
    """A raw value of the email package as text: UTF-8, else windows-1252."""
    data = str(value).encode("utf-8", "surrogateescape")
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError:
        return data.decode("cp1252", "replace")


def _in_encoded_words(value: str) -> str:
    """Runs of words that are not ASCII become encoded words, without the quotation marks around them."""
    words = re.split(r"(\s+)", value)
    pieces: list[str] = []
    run: list[str] = []
    for word, blank in zip(words[::2], [*words[1::2], ""], strict=True):
        if _NOT_ASCII.search(word):
            run += [word, blank]
            continue
        pieces += [_encoded_run(run), word, blank]
        run = []
    return "".join([*pieces, _encoded_run(run)])


def _encoded_run(run: list[str]) -> str:
    if not run:
        return ""
    text = "".join(run[:-1])
    if text.startswith('"') and text.endswith('"'):
        text = text[1:-1]
    return " ".join(_encoded_words(" ".join(text.split()))) + (run[-1] and " ")


def _encoded_words(text: str) -> Iterator[str]:
    held = b""
    for character in text:
        octets = character.encode("utf-8", "replace")
        if len(held) + len(octets) > _WORD:
            yield f"=?utf-8?b?{base64.b64encode(held).decode('ascii')}?="
            held = b""
        held += octets
    yield f"=?utf-8?b?{base64.b64encode(held).decode('ascii')}?="
