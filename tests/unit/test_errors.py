"""The error tree: statuses of sysexits.h, sentences, and which trouble a run ends with."""

from __future__ import annotations

import itertools
import os

import pytest

from mailpoll import errors
from mailpoll.errors import (
    BUG,
    PRECEDENCE,
    AccessDenied,
    Bug,
    ConfigError,
    DestinationRefused,
    Later,
    LoginRefused,
    MailpollError,
    MessageError,
    PermanentFailure,
    ProtocolError,
    RunError,
    TemporaryFailure,
    Unanswered,
    Unavailable,
    Unreadable,
    worst,
)

STATUSES = [
    (ConfigError, RunError, os.EX_CONFIG),
    (AccessDenied, RunError, os.EX_NOPERM),
    (LoginRefused, AccessDenied, os.EX_NOPERM),
    (ProtocolError, RunError, os.EX_PROTOCOL),
    (Unavailable, RunError, os.EX_UNAVAILABLE),
    (TemporaryFailure, MessageError, os.EX_TEMPFAIL),
    (Later, TemporaryFailure, os.EX_TEMPFAIL),
    (Unanswered, TemporaryFailure, os.EX_TEMPFAIL),
    (Bug, TemporaryFailure, os.EX_SOFTWARE),
    (PermanentFailure, MessageError, os.EX_DATAERR),
    (Unreadable, PermanentFailure, os.EX_DATAERR),
    (DestinationRefused, MessageError, os.EX_NOPERM),
]


@pytest.mark.parametrize(("kind", "base", "status"), STATUSES)
def test_each_error_has_its_place_in_the_tree_and_its_status(
    kind: type[MailpollError], base: type[MailpollError], status: int
) -> None:
    assert issubclass(kind, base)
    assert kind("x").exit_status == status


def test_every_error_is_in_the_table_and_drawn_in_the_docstring() -> None:
    kinds = {kind for kind in vars(errors).values() if isinstance(kind, type) and issubclass(kind, MailpollError)}
    assert kinds == {kind for kind, _, _ in STATUSES} | {MailpollError, RunError, MessageError}
    assert errors.__doc__
    assert all(kind.__name__ in errors.__doc__ for kind in kinds)


def test_a_bug_is_an_internal_error() -> None:
    assert os.EX_SOFTWARE == BUG


@pytest.mark.parametrize(
    ("about", "what", "advice", "sentence"),
    [
        ("", "it failed", "", "it failed"),
        ("account.main", "it failed", "", "account.main: it failed"),
        ("account.main", "it failed", "Try again.", "account.main: it failed. Try again."),
        ("", "Authentication failed.", "Try again.", "Authentication failed. Try again."),  # a server's own stop
    ],
)
def test_an_error_is_one_sentence(about: str, what: str, advice: str, sentence: str) -> None:
    assert str(MailpollError(what, about=about, advice=advice)) == sentence


def test_a_run_in_which_nothing_went_wrong_ends_with_0() -> None:
    assert worst([]) == 0
    assert worst([0, 0]) == 0


@pytest.mark.parametrize(("first", "second"), list(itertools.pairwise(PRECEDENCE)))
def test_the_trouble_that_most_needs_a_person_wins(first: int, second: int) -> None:
    assert worst([first, second]) == worst([second, first, second]) == first


def test_every_status_has_a_rank() -> None:
    assert set(PRECEDENCE) == {status for _, _, status in STATUSES} | {BUG, 0}


@pytest.mark.parametrize(
    ("statuses", "status"),
    [([69, 77], 77), ([75, 65, 69], 65), ([77, 78], 78), ([70, 77], 77), ([70, 76], 70), ([75, 69], 69)],
)
def test_several_troubles(statuses: list[int], status: int) -> None:
    assert worst(statuses) == status
