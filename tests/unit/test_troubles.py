"""The sentences a run ends with."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest
from msgspec.structs import replace

from mailpoll.commands import troubles
from mailpoll.delivery import Attempt
from mailpoll.errors import AccessDenied, Bug, ConfigError, MailpollError, TemporaryFailure, Unavailable
from mailpoll.model import Delivery, DeliveryState, Post

NOW = datetime(2026, 11, 20, 9, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("error", "sentence"),
    [
        (AccessDenied("refused", about="imap.example.com:993", advice="Check it."),
         "account.main (imap.example.com:993): refused. Check it."),
        (AccessDenied("missing", about="account.main.password"), "account.main (password): missing"),
        (Unavailable("closed", about="account.main"), "account.main: closed. The next run tries again."),
    ],
)  # fmt: skip
def test_an_account_is_named_first(error: MailpollError, sentence: str) -> None:
    assert troubles.of_account("main", error) == sentence


def test_a_bug_in_one_account_keeps_its_traceback(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("STATE_DIRECTORY", str(tmp_path))
    report = tmp_path / "mailpoll-crash.txt"
    with pytest.raises(KeyError) as bug:
        {}["missing"]
    assert troubles.of_account("main", bug.value) == (
        f"account.main: this is a bug: KeyError: 'missing'. The traceback is in {report}; please report it."
    )
    assert "KeyError: 'missing'" in report.read_text()
    assert report.stat().st_mode & 0o777 == 0o600


FULL = TemporaryFailure("100 % full", about="https://example.com")


def attempt(number: int, state: DeliveryState, *, again: bool = True, error: MailpollError = FULL) -> Attempt:
    post = Post("dev", "hook", "", "", "")
    delivery = Delivery(number, 1, "pending", 0, post, None, NOW, NOW)
    return Attempt(delivery, state, error=error, again=again, promise="hook: once")


@pytest.mark.parametrize(
    ("state", "again", "ending"),
    [
        ("delayed", True, "post 1 delayed: 100 % full. It is tried again by the coming runs."),
        ("failed", False, "post 1 failed: 100 % full. When that is put right: mailpoll posts retry 1"),
        ("uncertain", True, "post 1 may have arrived: 100 % full. It is posted again (hook: once)."),
        ("uncertain", False, "post 1 may have arrived: 100 % full. It is held. If not: mailpoll posts retry 1; "
                             "if so: mailpoll posts drop 1"),
    ],
)  # fmt: skip
def test_a_post_in_trouble_is_told_with_what_follows(state: DeliveryState, again: bool, ending: str) -> None:
    [sentence] = troubles.of_posts([attempt(1, state, again=again)])
    assert sentence == f"destination.hook (https://example.com): {ending}"


def test_many_posts_in_the_same_trouble_are_one_sentence() -> None:
    [sentence] = troubles.of_posts([attempt(number, "failed", again=False) for number in range(1, 9)])
    assert "posts 1, 2, 3, 4, 5 and 3 more failed" in sentence


@pytest.mark.parametrize("state", ["pending", "delayed", "uncertain", "sending"])
def test_a_secret_that_is_missing_keeps_posts_waiting(state: DeliveryState) -> None:
    missing = ConfigError(
        "the file x does not exist", about="destination.hook.secret", advice="Write the secret into it"
    )
    [sentence] = troubles.of_posts([attempt(1, state, error=missing)])
    assert sentence == (
        "destination.hook (secret): its posts wait: the file x does not exist. Write the secret into it; "
        "the coming runs try again."
    )


def test_a_bug_while_posting_is_one_line_and_keeps_its_traceback(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("STATE_DIRECTORY", str(tmp_path))
    report = tmp_path / "mailpoll-crash.txt"
    bug = Bug("this is a bug: KeyError", about="destination.hook")
    with pytest.raises(KeyError) as cause:
        {}["missing"]
    bug.__cause__ = cause.value
    kept = troubles.traced(attempt(1, "delayed", error=bug))
    assert "KeyError: 'missing'" in report.read_text()
    assert list(troubles.of_posts([kept, replace(kept, delivery=attempt(2, "delayed").delivery)])) == [
        "destination.hook: posts 1, 2 delayed: this is a bug: KeyError. "
        f"The traceback is in {report}; please report it. They are tried again by the coming runs."
    ]
    assert troubles.traced(attempt(1, "delayed")) == attempt(1, "delayed")
