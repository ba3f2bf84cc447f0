"""Every kind of destination × every answer: what becomes of the posts, what people are told, and what is there in the
end. One table; a kind that is not in it fails the suite."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import pytest
from click.testing import CliRunner
from support.ends import End
from support.ends_local import WAYS, waiting
from support.waiting import Waiting, numbers

from mailpoll.cli import root
from mailpoll.destinations import KINDS, kind_of

# One of Apprise's many modules imports what Python 3.13 no longer has.
pytestmark = pytest.mark.filterwarnings("ignore:.*deprecated.*:DeprecationWarning")


@dataclass(frozen=True)
class Outcome:
    """What one run leaves of the post that met an answer: its state, attempts, and seconds until it is due; the state
    of the two after it; what people are told."""

    state: str
    attempts: int
    due: int | None
    others: str
    told: str


OUTCOMES = {
    "delivered": Outcome("delivered", 1, None, "delivered", ""),
    "failed": Outcome("failed", 1, None, "delivered", "post 1 failed: .*: mailpoll posts retry 1$"),
    "paused": Outcome("delayed", 0, 0, "pending",
                      "is paused, its posts wait: .*: mailpoll destination resume team$"),
    "asked to wait": Outcome("delayed", 1, 90, "pending", "post 1 delayed: .* It is tried again by the coming runs"),
    "away": Outcome("delayed", 1, 60, "pending", "post 1 delayed: .* It is tried again by the coming runs"),
    "declined": Outcome("delayed", 1, 60, "delivered", "post 1 delayed: .* It is tried again by the coming runs"),
    "uncertain": Outcome("uncertain", 1, 60, "pending", "post 1 may have arrived: .* It is (posted again|looked for)"),
    "held": Outcome("uncertain", 1, None, "pending",
                    "post 1 may have arrived: .* held. If not: mailpoll posts retry 1; if so: mailpoll posts drop 1$"),
}  # fmt: skip

HTTP = {
    "taken": "delivered",
    "400": "failed",
    "401": "paused",
    "403": "paused",
    "404": "paused",
    "413": "failed",
    "429": "asked to wait",
    "500": "declined",
    "reset": "uncertain",
    "reset after": "uncertain",
    "slow": "uncertain",
}
WRONG_PLACE = {"wrong place": "failed"}
CHAT = {**HTTP, "too long": "failed", **WRONG_PLACE}
HOOK = {**CHAT, "place gone": "paused"}
FOLDER = {"taken": "delivered", "missing": "paused", "in the way": "paused", **WRONG_PLACE}
# Apprise tells nobody why: whatever a service answers, it is tried again.
UNTOLD = dict.fromkeys(("400", "401", "403", "404", "413", "429", "500"), "declined")

TABLE: Mapping[str, Mapping[str, str]] = {
    "webhook": HTTP,
    "webhook postmark": {**HTTP, "400": "declined", "403": "failed"},
    "webhook mailgun": {**HTTP, "400": "declined"},
    "webhook rfc822": HTTP,
    "webhook template": HTTP,
    "command": {
        "taken": "delivered",
        "exit 75": "declined",
        "exit 1": "failed",
        "killed": "held",
        "killed after": "held",
        "slow": "held",
        "not executable": "paused",
        "missing": "paused",
    },
    "zulip": CHAT,
    "slack": {**CHAT, "busy": "asked to wait"},
    "slack web hook": HOOK,
    "mattermost": CHAT,
    "mattermost web hook": HOOK,
    "matrix": {**CHAT, "busy": "asked to wait"},
    "discord": {**CHAT, "busy": "asked to wait"},
    "discord web hook": {**HOOK, "busy": "asked to wait", "wrong key": "paused"},
    "ntfy": {**CHAT, "topic closed": "failed"},
    "maildir": FOLDER,
    "file": FOLDER,
    "smtp": {
        "taken": "delivered",
        "no such user": "failed",
        "too long": "failed",
        "spam": "failed",
        "greylisted": "declined",
        "closing": "away",
        "sender refused": "paused",
        "reset before": "away",
        "reset after": "uncertain",
        "slow": "uncertain",
        **WRONG_PLACE,
    },
    "apprise": {**HTTP, **UNTOLD},
}
CASES = [(way, answer, outcome) for way, answers in TABLE.items() for answer, outcome in answers.items()]
ON_POSTGRESQL = [(way, answer, TABLE[way][answer]) for way, answer in (
    ("webhook", "401"), ("webhook", "429"), ("zulip", "reset after"), ("slack", "wrong place"), ("smtp", "greylisted"),
    ("command", "killed after"), ("maildir", "missing"))]  # fmt: skip
TAKEN = ("taken", "reset after", "slow", "killed after")  # whatever was answered
NO_KEY = ("command", "maildir", "file")
# Of a web hook's URL that is not valid any more, Discord's fake knows nothing; Apprise tells no wrong key from a busy
# server.
ROTATED = [way for way in WAYS if way not in (*NO_KEY, "discord web hook", "apprise")]


def resume(site: Waiting) -> None:
    """As a person types it."""
    said = CliRunner().invoke(root, ["--config", str(site.config), "destination", "resume", "team"])
    assert (said.exit_code, said.stderr) == (0, "")
    assert "team is open again" in said.stdout


def met(way: str, answer: str, outcome: str, folder: Path, url: str = "") -> None:
    """Three posts wait, the first one meets `answer`; then all is well again."""
    expected = OUTCOMES[outcome]
    given = {"timeout": 0.5} if answer == "slow" and way != "smtp" else {}
    with waiting(way, folder, url, **given) as (site, end):
        for number in (1, 2, 3):
            site.add(number, end.wrong_place if (answer, number) == ("wrong place", 1) else "")
        if answer not in ("taken", "wrong place"):
            end.next(answer)
        site.run()
        first, *others = site.deliveries()
        due = None if first.due_at is None else round((first.due_at - site.now).total_seconds())
        assert (first.state, first.attempts, due) == (expected.state, expected.attempts, expected.due)
        assert [each.state for each in others] == [expected.others] * 2
        assert bool(site.pauses) == (outcome == "paused")
        assert re.search(expected.told, site.sentences())
        assert bool(site.sentences()) == (outcome != "delivered")
        assert "?." not in site.sentences()
        assert not end.secret or end.secret not in site.sentences()
        first_run = ([1] if answer in TAKEN else []) + ([2, 3] if expected.others == "delivered" else [])
        assert numbers(end.texts()) == first_run

        heal(site, end, outcome)
        healed(site, end, answer, outcome)


def heal(site: Waiting, end: End, outcome: str) -> None:
    """The fault is over, and an hour later people have done what they were told to."""
    end.mend()
    end.later()
    text = site.config.read_text()
    site.config.write_text(text.replace("timeout = 0.5\n", ""))
    if outcome == "paused":
        resume(site)
    if outcome == "failed":
        site.retry(1)
    site.run(seconds=3600)


def healed(site: Waiting, end: End, answer: str, outcome: str) -> None:
    """Everything is there, in order, and as often as the kind promises."""
    arrived = numbers(end.texts())
    if answer == "wrong place":  # of this very post: it fails again, and again nothing else is concerned
        assert (arrived, site.states()) == ([2, 3], ["failed", "delivered", "delivered"])
        return
    if outcome == "held":
        assert site.states() == ["uncertain", "delivered", "delivered"]
        assert arrived == [
            *([1] if answer in TAKEN else []),
            2,
            3,
        ]  # it waits for a person, who says that it is not there
        site.retry(1)
        site.run()
        assert numbers(end.texts()) == [*arrived, 1]
        return
    assert site.states() == ["delivered"] * 3
    if outcome in ("failed", "declined"):  # it was overtaken
        assert arrived == [2, 3, 1]
        return
    doubled = outcome == "uncertain" and answer in TAKEN and end.doubles
    assert arrived == ([1, 1, 2, 3] if doubled else [1, 2, 3])
    if end.told_apart:
        assert len(set(end.keys())) == 3


def test_every_kind_is_in_the_table() -> None:
    assert {end.kind for end in WAYS.values()} == set(KINDS)
    assert set(TABLE) == set(WAYS)


@pytest.mark.parametrize("way", sorted(WAYS))
def test_every_answer_that_a_receiver_knows_is_in_the_table(way: str) -> None:
    assert set(WAYS[way].own) <= set(TABLE[way])
    assert not WAYS[way].wrong_place or "wrong place" in TABLE[way]


@pytest.mark.parametrize("way", sorted(WAYS))
def test_a_kind_promises_no_more_than_the_table_shows(way: str) -> None:
    promise = kind_of(WAYS[way].kind).promise
    assert "at least once" in promise if WAYS[way].doubles else "once" in promise.replace("at least once", "")


@pytest.mark.parametrize(("way", "answer", "outcome"), CASES, ids=[f"{way}-{answer}" for way, answer, _ in CASES])
def test_each_answer_has_its_outcome_and_in_the_end_all_is_there(
    way: str, answer: str, outcome: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    if (way, answer) == ("smtp", "slow"):
        monkeypatch.setattr("mailpoll.destinations.smtp._WITHIN", 1.0)
    met(way, answer, outcome, tmp_path)


@pytest.mark.parametrize(("way", "answer", "outcome"), ON_POSTGRESQL, ids=[f"{a}-{b}" for a, b, _ in ON_POSTGRESQL])
def test_the_same_on_postgresql(way: str, answer: str, outcome: str, tmp_path: Path, pg_url: str) -> None:
    met(way, answer, outcome, tmp_path, pg_url)


@pytest.mark.parametrize("opened_by", ["resume", "settings"])
@pytest.mark.parametrize("way", ROTATED)
def test_a_rotated_key_pauses_and_what_waited_goes_out_in_order_once(way: str, opened_by: str, tmp_path: Path) -> None:
    with waiting(way, tmp_path) as (site, end):
        site.add(1)
        site.run()
        end.write_secret(end.old_secret)
        for number in (2, 3, 4):
            site.add(number)
        site.run(seconds=60)
        assert [pause.destination for pause in site.pauses] == ["team"]
        assert re.search(OUTCOMES["paused"].told, site.sentences())
        site.add(5)
        site.run(seconds=86400 * 6)  # longer than any post is tried
        assert (site.told, site.states()) == ([], ["delivered", "delayed", "pending", "pending", "pending"])

        end.write_secret(end.secret)
        site.run(seconds=60)  # it is not looked at: a person says when
        assert numbers(end.texts()) == [1]
        if opened_by == "resume":
            resume(site)
        else:
            (tmp_path / "key").rename(tmp_path / "new-key")
            site.config.write_text(site.config.read_text().replace('"key"', '"new-key"'))
        site.run(seconds=60)
        site.run(seconds=3600)
        assert site.states() == ["delivered"] * 5
        assert numbers(end.texts()) == [1, 2, 3, 4, 5]


def test_a_key_that_apprise_cannot_tell_from_a_busy_server_needs_nobody_once_it_is_right(tmp_path: Path) -> None:
    with waiting("apprise", tmp_path) as (site, end):
        end.write_secret(end.old_secret)
        for number in (1, 2, 3):
            site.add(number)
        site.run()
        assert (site.states(), site.pauses) == (["delayed"] * 3, [])
        end.write_secret(end.secret)
        site.run(seconds=60)
        assert (site.states(), numbers(end.texts())) == (["delivered"] * 3, [1, 2, 3])
