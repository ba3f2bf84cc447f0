"""Every kind of destination × every step of a run at which it is killed: what the kind promises is kept.

MAILPOLL_LONG=1 takes steps between which nothing happens one by one, too.
"""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path

import pytest
from support.couriers import Couriers
from support.ends import End
from support.ends_local import WAYS, waiting
from support.waiting import Waiting, numbers

# One of Apprise's many modules imports what Python 3.13 no longer has.
pytestmark = pytest.mark.filterwarnings("ignore:.*deprecated.*:DeprecationWarning")

# What differs between the formats of web hooks is only what stands in the request.
KILLED = [way for way in WAYS if not way.startswith("webhook ")]
# Those whose answer can be lost while the run lives, and that are not held for a person then.
UNANSWERED = [way for way in KILLED if way not in ("command", "maildir", "file")]
LONG = os.environ.get("MAILPOLL_LONG") == "1"
LAST = "after Outbox.delivered"


@pytest.fixture(scope="module")
def couriers() -> Iterator[Couriers]:
    with Couriers() as running:
        yield running


@contextmanager
def two_posts(way: str, folder: Path, unanswered: bool) -> Iterator[tuple[Waiting, End]]:
    """Two posts that are due; `unanswered`: the first one was taken an hour ago, and the answer lost."""
    folder.mkdir()
    with waiting(way, folder) as (site, end):
        site.add(1)
        if unanswered:
            end.next("reset after")
            site.run()
            assert (site.states(), numbers(end.texts())) == (["uncertain"], [1])
            end.later()
            site.now += timedelta(hours=1)
        site.add(2)
        yield site, end


def steps_of(way: str, folder: Path, couriers: Couriers, unanswered: bool) -> list[str]:
    """The steps of the first post, in a run that nothing happens to."""
    with two_posts(way, folder, unanswered) as (site, end):
        steps = couriers.run(site)
        assert site.states() == ["delivered", "delivered"]
        assert Counter(numbers(end.texts())) == {1: 1 + (unanswered and end.doubles), 2: 1}
    first = steps[: steps.index(LAST) + 1]
    assert {"before Outbox.claim", "after Outbox.claim", "before Outbox.delivered"} < set(first)
    assert any(step.endswith((".post", ".find")) for step in first)
    return first


def moments(steps: list[str]) -> list[tuple[int, str]]:
    """The steps to die at, with their numbers from 1: of those with nothing between them that reaches out, one."""
    numbered = list(enumerate(steps, 1))
    if LONG:
        return numbered
    calls = {n for n, step in numbered if n > 1 and step.replace("after", "before") == steps[n - 2]}
    return [(n, step) for n, step in numbered if n in calls or n in (1, len(steps))]


@pytest.mark.parametrize(
    ("way", "unanswered"), [*((way, False) for way in KILLED), *((way, True) for way in UNANSWERED)]
)
def test_a_run_that_is_killed_at_any_step_leaves_what_the_kind_promises(
    way: str, unanswered: bool, couriers: Couriers, tmp_path: Path
) -> None:
    for number, step in moments(steps_of(way, tmp_path / "whole", couriers, unanswered)):
        with two_posts(way, tmp_path / str(number), unanswered) as (site, end):
            assert couriers.run(site, die_at=number)[-1] == step
            state, there = site.states()[0], numbers(end.texts())
            end.later()
            site.run()
            site.run(seconds=3600)
            if way == "command" and state == "sending":
                assert_held(site, end, step)
                continue
            again = end.doubles * (unanswered + (state == "sending" and len(there) > unanswered))
            arrived = numbers(end.texts())
            assert site.states() == ["delivered", "delivered"], step
            assert Counter(arrived) == {1: 1 + again, 2: 1}, step
            # What two runs in a row had in hand, the second of which died, waits: perhaps it is what kills them.
            if unanswered:
                arrived = list(dict.fromkeys(arrived))
            assert arrived == sorted(arrived), step
            assert not end.told_apart or len(set(end.keys())) == 2


def assert_held(site: Waiting, end: End, step: str) -> None:
    """Nobody knows what the program did: it is not run again, and not forgotten."""
    first, second = site.deliveries()
    assert (first.state, first.due_at, second.state) == ("uncertain", None, "delivered"), step
    assert Counter(numbers(end.texts())) <= Counter({1: 1, 2: 1}), step
    assert 2 in numbers(end.texts()), step
