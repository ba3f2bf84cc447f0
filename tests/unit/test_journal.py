"""What a run keeps of what it did: little, however much mail it reads."""

from __future__ import annotations

import gc
from datetime import UTC, datetime

import pytest
from msgspec.structs import replace

from mailpoll.commands.journal import Journal
from mailpoll.crew import AccountResult
from mailpoll.delivery import Attempt
from mailpoll.errors import DestinationRefused, TemporaryFailure
from mailpoll.model import Attachment, Delivery, Facts, Post, Reading

NOW = datetime(2026, 11, 20, 9, tzinfo=UTC)
TEXT = "a long text " * 1000


def a_post(channel: str = "dev", destination: str = "hook") -> Post:
    return Post(channel, destination, "", "Topic", TEXT, (Attachment(1, "a.txt", "text/plain", 1),))


def delivery(number: int, post: Post, state: str = "delivered") -> Delivery:
    return Delivery(number, 1, state, 1, post, None, NOW, NOW)  # type: ignore[arg-type]


def a_trouble() -> TemporaryFailure:
    """An error whose frames hold a post."""
    post = a_post()
    try:
        try:
            raise OSError(post.topic)
        except OSError as problem:
            raise TemporaryFailure("503") from problem
    except TemporaryFailure as failure:
        return failure


def test_no_text_is_kept() -> None:
    journal = Journal()
    journal.read(1, Reading("posted", "", Facts("key", "id", "Ann", "Hello", NOW, ("odd",)), (a_post(),)))
    journal.attempted(Attempt(delivery(1, a_post()), "delayed", error=a_trouble()))
    [(_, reading)], [attempt] = journal.readings, journal.attempts
    assert (reading.facts.sender, reading.facts.subject) == ("Ann", "Hello")
    assert (attempt.delivery.id, attempt.state, str(attempt.error)) == (1, "delayed", "503")
    gc.collect()
    assert not [thing for thing in gc.get_objects() if isinstance(thing, Post) and thing.body == TEXT]


@pytest.mark.parametrize(
    ("states", "told"),
    [
        # (channel, state, message) of what a message stands for, of which 1 was read just now
        ([("dev", "delivered", 9), ("ops", "pending", 1)], "dev (posted before), ops"),
        ([("dev", "delivered", 9), ("dev", "pending", 1), ("ops", "delivered", 9)], "dev, ops (posted before)"),
        ([("dev", "delivered", 1), ("ops", "pending", 1)], "dev, ops"),
        ([("dev", "delivered", 9), ("dev", "delayed", 9), ("ops", "failed", 9)],
         "dev (came before; post 2 waits), ops (came before; post 3 is failed)"),
    ],
)  # fmt: skip
def test_of_a_channel_that_gets_nothing_new_it_is_said_what_came_of_it_before(
    states: list[tuple[str, str, int]], told: str, capsys: pytest.CaptureFixture[str]
) -> None:
    posts = [
        replace(delivery(n, a_post(channel, str(n)), state), message_id=message)
        for n, (channel, state, message) in enumerate(states, 1)
    ]
    journal = Journal(talkative=True, posts_of=lambda _: posts)
    journal.read(1, Reading("posted", "", Facts(), tuple(d.post for d in posts)))
    assert capsys.readouterr().out.endswith(f" → {told}\n")


def test_a_post_whose_destination_was_paused_by_it_is_said_to_be_paused(capsys: pytest.CaptureFixture[str]) -> None:
    gone = DestinationRefused("answered 404: not there")
    Journal(talkative=True).attempted(Attempt(delivery(5, a_post()), "delayed", error=gone, closes=True))
    assert capsys.readouterr().out == "post 5: dev → hook paused: answered 404: not there\n"


@pytest.mark.parametrize(
    ("accepted", "skipped", "line"),
    [
        (0, 0, "account.main: 0 new"),
        (2, 3, "account.main: 2 new, 3 not ours"),
        (0, 3, "account.main: 0 new, 3 not ours (not to user+…@example.com or x-…@example.net)"),
    ],
)
def test_a_typo_in_a_pattern_can_be_seen(
    capsys: pytest.CaptureFixture[str], accepted: int, skipped: int, line: str
) -> None:
    journal = Journal(talkative=True, patterns=("user+%s@example.com", "x-%s@example.net"))
    journal.accounts = (AccountResult("main", accepted=accepted, skipped=skipped, finished=True),)
    journal.tell_accounts()
    assert capsys.readouterr().out == line + "\n"
