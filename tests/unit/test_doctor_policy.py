"""What the doctor says of the newest mails' Authentication-Results, which strangers may have written."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, cast

import pytest

from mailpoll.doctor.checks import Check
from mailpoll.doctor.policy import findings
from mailpoll.imap import Session


@dataclass
class Folder:
    uidnext: int


@dataclass
class Mail:
    headers: bytes


class Inbox:
    """A folder whose mails have these Authentication-Results, one each."""

    def __init__(self, values: Sequence[str]) -> None:
        self.mails = [Mail(f"Authentication-Results: {value}\r\n\r\n".encode()) for value in values]

    def open(self, _name: str, *, read_only: bool) -> Folder:
        assert read_only
        return Folder(len(self.mails) + 1)

    def search(self, **_windows: Any) -> list[int]:
        return list(range(1, len(self.mails) + 1))

    def candidates(self, _uids: Sequence[int], _fields: Sequence[str]) -> list[Mail]:
        return self.mails


def told(*values: str, expected: str = "mx.example.com") -> Check:
    [check] = findings("account.main", cast("Session", Inbox(values)), ["INBOX"], [expected])
    return check


def test_findings_of_the_server_that_is_expected_are_well() -> None:
    check = told("mx.example.com; dmarc=pass", "evil.example; dmarc=pass")
    assert (check.finding.level, check.finding.what) == ("ok", "1 of the newest mails have findings of mx.example.com")


def test_another_name_is_told_and_may_be_the_right_one() -> None:
    check = told("mx.other.example; dmarc=pass", "mx.other.example; none", "x.example; none")
    assert check.finding.level == "warn"
    assert "findings of mx.other.example, x.example, none of mx.example.com" in check.finding.what
    assert 'and no stranger wrote it, set authserv_id = "mx.other.example"' in check.finding.advice


@pytest.mark.parametrize("value", ["dmarc=pass", '"unclosed; none', "x" * 90_000, '"a\x1b[31m\u202e b"; none'])
def test_no_name_that_nobody_can_mean_is_advised(value: str) -> None:
    """Without a name every field would count that has none, which anybody can write."""
    check = told(value)
    assert check.finding.level == "warn"
    assert "set authserv_id" not in check.finding.advice
    assert len(check.finding.what) < 300
    assert not {"\x1b", "\u202e"} & set(check.finding.what + check.finding.advice)
