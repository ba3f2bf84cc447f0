"""What the reader child does with one mail: recipients of its headers, posts of its body, bytes of a part. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from mailpoll import compose, message, router
from mailpoll.model import Facts, Message, Reading, Recipient, Route


def recipients(headers: bytes, patterns: Sequence[str], order: Sequence[str]) -> tuple[Recipient, ...]:
    """Our addresses in a header block; `patterns` as they are configured."""
    return router.recipients(headers, [router.pattern(text) for text in patterns], order)


def read(
    raw: bytes, routes: Sequence[Route], *, safe: bool, oversize_of: int, reference: str, max_text: int
) -> Reading:  # fmt: skip
    """Reads a mail and makes its posts. The policies are judged here, where the mail is understood."""
    parsed = message.parse(raw, safe=safe, max_text=max_text)
    if safe:  # what no reading survived may be the mail that email-reply-parser takes hours for
        routes = [replace(route, quotes="mailpoll") if route.quotes != "keep" else route for route in routes]
    if oversize_of:
        parsed = _notice(parsed, oversize_of)
    facts = _facts(parsed, safe)
    if parsed.automatic == "loop":
        return Reading("ignored", "mailpoll sent this mail itself", facts)
    allowed = [route for route in routes if router.sender_allowed(parsed.from_, route.allow_from)]
    refused = routes and not allowed
    posts = compose.posts(parsed, routes if refused else allowed, message_ref=reference, max_text=max_text)
    if refused:
        return Reading("held", "the sender is not among those the address is limited to", facts, posts)
    return Reading("posted", _left_out(routes, allowed), facts, posts)


def _left_out(routes: Sequence[Route], allowed: Sequence[Route]) -> str:
    """Which channels do not get a mail that others get; "" when all do."""
    names = [route.channel for route in routes if route not in allowed]
    return f"not posted to {', '.join(names)}: the sender is not among those its address is limited to" if names else ""


def part(raw: bytes, number: int, route: Route) -> bytes:
    """The bytes of attachment `number`; 0 is the whole new text that a post of `route` carries, as UTF-8."""
    if number:
        return message.part(raw, number)
    return compose.new_text(message.parse(raw, max_text=len(raw)), route).encode("utf-8")


def _notice(parsed: Message, oversize_of: int) -> Message:
    text = (
        f"(This mail is {oversize_of / 1_000_000:.1f} MB, more than fetch.max_message_size allows: only its headers "
        "were taken. One that came to an inbox is still there, whole, whatever its flags say.)"
    )
    return replace(parsed, text=text, html="", attachments=())


def _facts(parsed: Message, safe: bool) -> Facts:
    defects = (*parsed.defects, "read in safe mode: headers and first text part only") if safe else parsed.defects
    return Facts(
        content_key=parsed.content_key,
        message_id=parsed.message_id,
        sender=", ".join(str(person) for person in parsed.from_[:10]),
        subject=parsed.subject,
        date=parsed.date,
        defects=defects,
    )
