"""The body of a mail → the text that is new in it, without quotes, signatures and small print; pure and linear."""

from __future__ import annotations

from typing import Literal, NamedTuple

from mailpoll.model import Cut, Message
from mailpoll.reply.endings import signature_start
from mailpoll.reply.lines import read_lines
from mailpoll.reply.parser import cut_with_parser
from mailpoll.reply.plain import cut_plain

__all__ = ["NewText", "Quotes", "cut", "is_forwarded", "new_text", "of_message", "without_footer"]

Quotes = Literal["mailpoll", "email-reply-parser", "keep"]


class NewText(NamedTuple):
    """The new text of a body (plain, or Markdown where it was HTML), what was cut from it, in order, and which body
    that was."""

    text: str
    cuts: tuple[Cut, ...]
    kind: Literal["plain", "html"] = "plain"


# Kinds of automatic mail whose text no person wrote, whatever mail it refers to.
_PROGRAMS = ("auto-generated", "bounce")
# Whose mail comes by mail(1), without any field that says so.
_DAEMONS = frozenset(
    ("root", "daemon", "cron", "anacron", "backup", "bacula", "postgres", "www-data", "nagios", "icinga", "icinga2",
     "zabbix", "monit", "munin", "logwatch", "fail2ban", "smartd", "mdadm")
)  # fmt: skip
_FORWARD_PREFIXES = (
    "fwd:",
    "fw:",
    "[fwd",
    "wg:",
    "tr:",
    "rv:",
    "enc:",
    "i:",
    "vs:",
    "vb:",
    "转发:",
    "轉寄:",
    "пересл:",
)


def new_text(text: str, kind: Literal["plain", "html"] = "plain") -> str:
    """The new text of a body, as text (plain) or Markdown (html); never empty when there was something to read."""
    return cut(text, kind)[0]


def cut(
    text: str,
    kind: Literal["plain", "html"] = "plain",
    *,
    include_quotes: bool = False,
    include_footer: bool = False,
    quotes: Quotes = "mailpoll",
) -> NewText:
    """The new text of a body. The flags keep quoted mail, or signatures and small print."""
    include_quotes = include_quotes or quotes == "keep"
    if kind == "html":
        from mailpoll.reply.html import cut_html  # with it come an HTML5 parser and html2text: 30 ms, for some mails

        return NewText(*cut_html(text, include_quotes=include_quotes, include_footer=include_footer), kind)
    if quotes == "email-reply-parser" and not include_quotes:
        parsed = cut_with_parser(text)
        if parsed is not None:
            return NewText(*parsed)
    return NewText(*cut_plain(text, include_quotes=include_quotes, include_footer=include_footer))


def of_message(
    message: Message,
    *,
    include_quotes: bool = False,
    include_footer: bool = False,
    prefer_html: bool = False,
    quotes: Quotes = "mailpoll",
) -> NewText:
    """The new text of a mail: of its text, or of its HTML where that is preferred or all there is.

    A forwarded mail keeps its quotes. What a program wrote is kept whole: its `>`, `--` and `On … wrote:` are lines of
    a log. Monitoring puts its alerts in threads; else what answers a mail, as answering machines and lists do, is cut.
    """
    machine = _by_program(message)
    include_quotes = include_quotes or machine or is_forwarded(message.subject)
    include_footer = include_footer or machine
    html = message.html if message.html.strip() and (prefer_html or not message.text.strip()) else ""
    kinds: tuple[tuple[str, Literal["plain", "html"]], ...] = ((html, "html"), (message.text, "plain"))
    for body, kind in kinds:
        if not body.strip():
            continue
        found = cut(body, kind, include_quotes=include_quotes, include_footer=include_footer, quotes=quotes)
        if found.text.strip():
            return found
    return NewText("", ())


def _by_program(message: Message) -> bool:
    """Whether no person wrote the text."""
    if message.automatic in _PROGRAMS:
        return True
    if message.in_reply_to or message.references or message.automatic == "list":
        return False
    senders = {sender.address.partition("@")[0].lower() for sender in message.from_}
    return bool(message.automatic) or (bool(senders) and senders <= _DAEMONS)


def is_forwarded(subject: str) -> bool:
    """Whether a subject starts by saying that the mail is passed on (`Fwd: …`, `[fwd] …`); `Re: Fwd:` answers one."""
    return subject.lstrip().lower().startswith(_FORWARD_PREFIXES)


def without_footer(text: str) -> str:
    """The text above its signature delimiter, when it has exactly one."""
    lines = text.split("\n")
    at = signature_start(read_lines(text))
    return text if at is None else "\n".join(lines[:at]).rstrip()
