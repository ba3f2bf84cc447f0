"""What machines say of a mail: delivered or not (RFC 3464), read (RFC 8098), abuse (RFC 5965) → sentences."""

from __future__ import annotations

from collections.abc import Iterator

from mailpoll.message.headers import Block, read_block, unstructured

MAX_GROUPS = 50

TYPES = frozenset(
    ("message/delivery-status", "message/global-delivery-status", "message/disposition-notification",
     "message/global-disposition-notification", "message/feedback-report")
)  # fmt: skip

_ACTIONS = {
    "failed": "The mail to {} could not be delivered",
    "delayed": "The mail to {} is delayed",
    "delivered": "The mail to {} was delivered",
    "relayed": "The mail to {} was passed on to a server that does not say whether it delivers",
    "expanded": "The mail to {} was delivered and sent on to its members",
}


def report_text(data: bytes) -> str:
    """A sentence per recipient that the machine part of a report names; "" when it names none."""
    sentences = [sentence for group in _groups(data) if (sentence := _sentence(group))]
    return "\n".join(dict.fromkeys(sentences))


def _groups(data: bytes) -> Iterator[Block]:
    """The groups of fields, divided by blank lines (RFC 3464 §2.1)."""
    at = 0
    for _ in range(MAX_GROUPS):
        while data[at : at + 1] in (b"\r", b"\n"):
            at += 1
        group = read_block(data, at)
        if not group.fields:
            return
        yield group
        at = group.body


def _sentence(group: Block) -> str:
    recipient = _value(group, "final-recipient") or _value(group, "original-recipient")
    disposition = group.first("disposition").partition(";")[2].strip()
    action = group.first("action").partition(" ")[0].strip().lower()
    if disposition:
        return f"The mail to {recipient or 'somebody'} was {_one_line(disposition)}."
    if feedback := group.first("feedback-type"):
        about = _one_line(group.first("original-mail-from") or group.first("source-ip"))
        return f"A complaint ({_one_line(feedback)}) about mail{f' from {about}' if about else ''}."
    if not recipient and not action:
        return ""
    what = _ACTIONS.get(action, "The mail to {}: " + (_one_line(action) or "no more is said")).format(
        recipient or "somebody"
    )
    status, why = _one_line(group.first("status")), _value(group, "diagnostic-code")
    return f"{what}{f' ({status})' if status else ''}{f': {why}' if why else '.'}"


def _value(group: Block, name: str) -> str:
    """What stands behind the type (`rfc822;`, `smtp;`) of a field."""
    value = group.first(name)
    _, semicolon, rest = value.partition(";")
    return _one_line(rest if semicolon else value)


def _one_line(value: str) -> str:
    return " ".join(unstructured(value).split())[:500]
