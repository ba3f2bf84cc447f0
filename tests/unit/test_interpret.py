"""One mail → what becomes of it: where `--to`, `scope = "all"` and [unrouted] send what no address claims."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

import pytest
from msgspec.structs import replace
from support.site import mail

from mailpoll import reading
from mailpoll.interpret import Interpreter, Mail, Rules
from mailpoll.model import Job, KnownAddress, Limits, Reading, Recipient

NOW = datetime(2026, 11, 20, 9, tzinfo=UTC)
RULES = Rules(("username+%s@example.com",), ("Delivered-To", "To"), lambda _: Limits())


class Channels:
    """Channels `dev`, `other` and the disabled `closed`, each with its name as token."""

    def lookup(self, tokens: frozenset[str]) -> Mapping[str, KnownAddress]:
        """By token."""
        return {token: known for token in tokens if (known := self.as_address(token))}

    def as_address(self, name: str) -> KnownAddress | None:
        """By name."""
        if name not in ("dev", "other", "closed"):
            return None
        return KnownAddress(name, name, True, name != "closed", None, (), (), (), None, "", (("store", ""),))


class InProcess:
    """The reader's work without its process; remembers what it was asked for."""

    def __init__(self) -> None:
        self.asked: list[str] = []

    def recipients(self, headers: bytes, patterns: Sequence[str], order: Sequence[str]) -> tuple[Recipient, ...]:
        """As the child finds them."""
        self.asked.append("recipients")
        self.headers = headers
        return reading.recipients(headers, patterns, order)

    def posts(self, job: Job) -> Reading:
        """As the child makes them."""
        self.asked.append("posts")
        whole = b"".join(job.chunks())
        assert len(whole) == job.size
        return reading.read(
            whole,
            job.routes,
            safe=job.safe,
            oversize_of=job.oversize_of,
            reference=job.reference,
            max_text=1_000_000,
        )

    def warm_up(self) -> None:
        """There is no process to start."""

    def ready(self) -> None:
        """Nor to wait for."""

    def begin(self, jobs: Sequence[Job]) -> None:
        """Remembers them."""
        self.jobs = jobs

    def finish(self) -> Sequence[Reading | BaseException]:
        """Reads them."""
        return [self.posts(job) for job in self.jobs]


def interpreted(raw: bytes, rules: Rules = RULES, **about: Any) -> tuple[str, str, list[str]]:
    """(outcome, reason, channels that get a post)."""
    interpreter = Interpreter(Channels(), InProcess(), rules, lambda: NOW)
    found = interpreter.interpret(Mail(lambda: iter((raw,)), len(raw), **about))
    return found.reading.outcome, found.reading.reason, [post.channel for post in found.reading.posts]


TO_DEV, TO_NOBODY = mail(1, to="username+dev@example.com"), mail(2, to="username+nobody@example.com")
UNKNOWN = "no channel has an address for username+nobody@example.com"


@pytest.mark.parametrize(
    ("raw", "unrouted", "expected"),
    [
        (TO_DEV, "hold", ("posted", "", ["dev"])),
        (TO_DEV, "other", ("posted", "", ["dev"])),
        (TO_NOBODY, "hold", ("unrouted", UNKNOWN, [])),
        (TO_NOBODY, "ignore", ("ignored", UNKNOWN, [])),
        (TO_NOBODY, "other", ("posted", "", ["other"])),
        (TO_NOBODY, "gone", ("unrouted", UNKNOWN, [])),
        (TO_NOBODY, "closed", ("unrouted", f"{UNKNOWN}, and channel closed, which takes such mail, is disabled", [])),
        (mail(3, to="username+closed@example.com"), "other", ("ignored", "channel closed is disabled", [])),
        (mail(4, to="a@example.org"), "hold", ("unrouted", "the mail names none of our addresses", [])),
    ],
)
def test_what_no_address_claims_goes_where_unrouted_says(
    raw: bytes, unrouted: str, expected: tuple[str, str, list[str]]
) -> None:
    assert interpreted(raw, replace(RULES, unrouted=unrouted)) == expected


@pytest.mark.parametrize(
    ("raw", "account", "channel"),
    [
        (mail(1, to="a@example.org"), "main", "other"),
        (TO_NOBODY, "main", "other"),
        (TO_DEV, "main", "dev"),
    ],
)
def test_an_inbox_taken_whole_has_a_channel_for_mail_without_a_token(raw: bytes, account: str, channel: str) -> None:
    rules = replace(RULES, unrouted="ignore", channels={"main": "other"})
    assert interpreted(raw, rules, account=account) == ("posted", "", [channel])
    assert interpreted(mail(1, to="a@example.org"), rules, account="second")[0] == "ignored"


@pytest.mark.parametrize(
    ("to", "expected"),
    [
        ("other", ("posted", "", ["other"])),
        ("username+other.full@example.com", ("posted", "", ["other"])),
        ("username+nobody@example.com", ("unrouted", UNKNOWN, [])),
        ("gone", ("unrouted", "there is no channel gone", [])),
        ("closed", ("ignored", "channel closed is disabled", [])),
    ],
)
def test_what_somebody_sends_to_a_channel_or_address_goes_there_whatever_the_mail_says(
    to: str, expected: tuple[str, str, list[str]]
) -> None:
    assert interpreted(TO_DEV, sent_to=to) == expected


@pytest.mark.parametrize("sent_to", ["", "other"])
def test_a_mail_of_our_own_is_ignored_wherever_it_goes(sent_to: str) -> None:
    ours = b"X-Mailpoll: send-test\r\n" + TO_DEV
    assert interpreted(ours, sent_to=sent_to) == ("ignored", "mailpoll sent this mail itself", [])


def test_only_the_header_is_sent_to_be_searched_for_recipients() -> None:
    reader = InProcess()

    def chunks() -> Iterator[bytes]:
        yield TO_DEV
        yield b"x" * 1_000_000

    Interpreter(Channels(), reader, RULES, lambda: NOW).interpret(Mail(chunks, len(TO_DEV) + 1_000_000))
    assert reader.asked == ["recipients", "posts"]
    assert b"This is mail 1." not in reader.headers
