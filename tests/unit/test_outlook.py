"""What is said of a post that is not there yet: why, until when, and what to type."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from mailpoll.commands.outlook import Outlook
from mailpoll.model import Delivery, Pause, Post, Rest

NOW = datetime(2026, 11, 20, 8, tzinfo=UTC)
SOON, LATER, IN_DAYS = NOW + timedelta(minutes=1), NOW + timedelta(minutes=5), NOW + timedelta(days=3)
TRY = "mailpoll fetch --now"

PAUSED = {"pauses": {"hook": Pause("hook", "answered 401. Check its key", NOW)}}
RESTS = {"rests": {"hook": Rest("hook", 2, LATER)}, "met": {"hook": "answered 429: too many posts"}}
LIMITED = {"limits": {("dev", "hook"): "channel.dev: 3 mails wait since 08:00: no more than 2 in 1 min leave"}}


def at(moment: datetime, shape: str = "%H:%M:%S") -> str:
    return f"{moment.astimezone():{shape}}"


CASES: list[tuple[dict[str, Any], dict[str, Any], str, str]] = [
    # what keeps posts waiting · the post · how it is called · what is said
    ({}, {"state": "delivered"}, "delivered", ""),
    ({}, {"state": "failed", "error": "no such channel"}, "failed", "no such channel"),
    (PAUSED, {}, "paused", "answered 401. Check its key. Then: mailpoll destination resume hook"),
    (PAUSED, {"state": "failed", "error": "no such channel"}, "failed", "no such channel"),
    (RESTS, {"due_at": NOW}, "pending",
     f"an older post was not taken: answered 429: too many posts. It is tried after {at(LATER)}, or now by: {TRY}"),
    ({}, {"state": "delayed", "due_at": SOON, "error": "busy"}, "delayed",
     f"busy. It is tried after {at(SOON)}, or now by: {TRY}"),
    (RESTS, {"state": "delayed", "due_at": SOON, "error": "busy"}, "delayed",
     f"busy. It is tried after {at(LATER)}, or now by: {TRY}"),
    ({}, {"state": "delayed", "due_at": IN_DAYS, "error": "busy"}, "delayed",
     f"busy. It is tried after {at(IN_DAYS, '%Y-%m-%d %H:%M')}, or now by: {TRY}"),
    (LIMITED, {"due_at": NOW}, "pending", f"{LIMITED['limits']['dev', 'hook']}. It leaves when the limit lets it"),
    ({}, {"due_at": NOW}, "pending", f"it was not its turn yet. The next run tries it, or now: {TRY}"),
    ({}, {"state": "uncertain", "error": "no answer"}, "uncertain",
     "no answer. It may have arrived. If not: mailpoll posts retry 7; if so: mailpoll posts drop 7"),
]  # fmt: skip


@pytest.mark.parametrize(("known", "given", "word", "says"), CASES)
def test_a_post_that_waits_says_why_and_what_comes_next(
    known: dict[str, Any], given: dict[str, Any], word: str, says: str
) -> None:
    values: dict[str, Any] = {"state": "pending", "due_at": None, **given}
    delivery = Delivery(
        7, 1, attempts=0, post=Post("dev", "hook", "", "", ""), created_at=NOW, changed_at=NOW, **values
    )
    outlook = Outlook(NOW, **known)
    assert (outlook.word(delivery), outlook.why(delivery)) == (word, says)
