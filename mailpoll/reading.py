"""What the reader child does with one mail: recipients of its headers, posts of its body, bytes of a part. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from functools import partial

from msgspec.structs import replace

from mailpoll import compose, router
from mailpoll.message import whole
from mailpoll.model import Facts, FileRules, Message, Reading, ReadOutcome, Recipient, Route
from mailpoll.policy.files import judged
from mailpoll.policy.judge import Verdict, is_loop, judge


def recipients(headers: bytes, patterns: Sequence[str], order: Sequence[str]) -> tuple[Recipient, ...]:
    """Our addresses in a header block; `patterns` as they are configured."""
    return router.recipients(headers, [router.pattern(text) for text in patterns], order)


def read(
    raw: bytes,
    routes: Sequence[Route],
    patterns: Sequence[str] = (),
    *,
    safe: bool,
    oversize_of: int,
    reference: str,
    max_text: int,
    files: FileRules | None = None,
) -> Reading:
    """Reads a mail and makes its posts. The policies are judged here, where the mail is understood.

    `patterns` are those of our addresses, as they are configured; `files` says which files go along, None: all.
    """
    parsed = whole.parse(raw, safe=safe, max_text=max_text)
    if safe:  # what no reading survived may be the mail that email-reply-parser takes hours for
        routes = [replace(route, quotes="mailpoll") if route.quotes != "keep" else route for route in routes]
    if oversize_of:
        parsed = _notice(parsed, oversize_of)
    if files is not None:
        parsed = replace(parsed, attachments=judged(parsed.attachments, files))
    facts = _facts(parsed, safe)
    ours = [router.pattern(text) for text in patterns]
    if not routes:
        loop = is_loop(parsed, ours)
        return Reading("ignored" if loop else "posted", loop, facts)
    verdicts = {route.channel: _verdict(parsed, route, routes, ours) for route in routes}
    wanted = [route for route in routes if verdicts[route.channel].kind != "ignore"]
    marks = {channel: verdict.reason for channel, verdict in verdicts.items() if verdict.kind == "mark"}
    posts = compose.posts(parsed, wanted, message_ref=reference, max_text=max_text, marks=marks)
    held = {channel: verdict.reason for channel, verdict in verdicts.items() if verdict.kind == "hold"}
    outcome: ReadOutcome = "posted"
    if len(held) == len(wanted):
        outcome = "held" if wanted else "ignored"
    posts = tuple(replace(post, held=held.get(post.channel, "")) for post in posts)
    return Reading(outcome, _told(verdicts), facts, posts)


def _verdict(parsed: Message, route: Route, routes: Sequence[Route], ours: Sequence[router.Pattern]) -> Verdict:
    """What the policy of a route says; a field that is quoted as the reason may hold the address the mail came by."""
    verdict = judge(parsed, route, ours, partial(compose.new_text, parsed, route))
    reason = verdict.reason
    for token in dict.fromkeys(each.token for each in routes):
        if len(token) >= router.LONG_TOKEN:
            reason = re.sub(re.escape(token), f"…{token[-4:]}", reason, flags=re.IGNORECASE)
    return verdict if reason == verdict.reason else replace(verdict, reason=reason)


_TOLD = {"hold": "held for", "ignore": "not posted to", "mark": "marked for"}


def _told(verdicts: Mapping[str, Verdict]) -> str:
    """What was decided and why; channels are named where there are several. "" when all take the mail as it is."""
    if len(verdicts) == 1:
        [verdict] = verdicts.values()
        return f"marked: {verdict.reason}" if verdict.kind == "mark" else verdict.reason
    return "; ".join(
        f"{_TOLD[verdict.kind]} {channel}: {verdict.reason}"
        for channel, verdict in verdicts.items()
        if verdict.kind != "post"
    )


def part(raw: bytes, number: int, route: Route) -> Iterator[bytes]:
    """The bytes of attachment `number` in pieces; 0 is the whole new text that a post of `route` carries, as UTF-8."""
    if number:
        return whole.part_in_slices(raw, number)
    return iter((compose.new_text(whole.parse(raw, max_text=len(raw)), route).encode("utf-8"),))


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
