"""listing.py and collect.py: a flood to one channel lets the mail of others through, and keeps its own order."""

from __future__ import annotations

import queue
import threading
from collections.abc import Sequence

import pytest
from fakes.world import START, Server, Session

from mailpoll import collect, listing, router
from mailpoll.dialogue import Batch, Ended, Fetched, FolderEnded, Goodbye, Listed, NotOurs, Opened, Plan, Report, Settle
from mailpoll.listing import Queue, Sorted
from mailpoll.model import Candidate, Position, Recipient

PATTERN = router.pattern("username+%s@example.com")


def found(*details: str, first: int = 1) -> Sorted:
    ours = tuple(Candidate(first + n, 100, None, b"") for n in range(len(details)))
    recipients = {each.uid: (Recipient("To", "", d),) for each, d in zip(ours, details, strict=True)}
    return Sorted(ours, (), recipients)


def uids(waiting: Queue, count: int) -> list[int]:
    return [candidate.uid for candidate, _ in waiting.take(count)]


def test_a_single_mail_comes_before_the_rest_of_a_flood() -> None:
    waiting = Queue()
    waiting.add(found(*["dev"] * 500))
    assert uids(waiting, 200) == list(range(1, 201))
    waiting.add(found(*["dev"] * 500, "ops", "OPS", first=501))
    assert uids(waiting, 3) == [1001, 1002, 201]
    assert uids(waiting, 10_000) == list(range(202, 1001))


def test_tags_names_and_options_hide_no_flood() -> None:
    waiting = Queue()
    waiting.add(found(*[f"team{n}.dev.show-sender.tag{n}" for n in range(300)], "ops.show-sender"))
    assert uids(waiting, 2) == [1, 301]


def test_what_shares_any_part_of_an_address_stays_in_its_order() -> None:
    details = ["a", "a.x", "x.b", "b", "c.b", "c", "a", "c"] * 40
    waiting = Queue()
    waiting.add(found(*details, *["flood"] * 500))
    order = uids(waiting, 10_000)
    for part in "abcx":
        mine = [uid for uid in order if uid <= len(details) and part in details[uid - 1].split(".")]
        assert mine == sorted(mine)


def test_few_mails_come_as_they_arrived() -> None:
    waiting = Queue()
    waiting.add(found("a", "a", "a", "b", "a", "b"))
    assert uids(waiting, 100) == [1, 2, 3, 4, 5, 6]


def conversation(details: Sequence[str], *, stop_after: int | None = None) -> tuple[list[int], FolderEnded]:
    """What a thread hands over of an inbox, told to stop after so many batches: the UIDs, and how the folder ended."""
    server = Server()
    for number, detail in enumerate(details, start=1):
        server.append(f"To: username+{detail}@example.com\nSubject: {number}\n\nText".encode())
    reports: queue.Queue[Report] = queue.Queue(maxsize=1)
    stop = threading.Event()
    plan = Plan("main", lambda: Session(server), lambda: None, (PATTERN,), ("To",))
    collector = collect.Collector(plan, reports, stop)
    collector.start()
    taken: list[int] = []
    batches = 0
    ended: FolderEnded | None = None
    while True:
        report = reports.get(timeout=60)
        settle = Settle(1, "INBOX", 1, ())
        match report:
            case Opened():
                collector.answer(Position(1, 0, 0, START, False))
            case Listed():
                collector.answer(report.uids)
            case Batch():
                taken += [raw.uid for raw in report.messages if raw.uid is not None]
                assert all(raw.uid in report.recipients for raw in report.messages)
                batches += 1
                if batches == stop_after:
                    stop.set()
                collector.answer(settle)
            case FolderEnded():
                ended = report
                collector.answer(settle)
            case Fetched():
                collector.answer(Goodbye())
            case Ended():
                assert report.error is None
                assert ended is not None
                return taken, ended
            case NotOurs():
                assert report.uids == ()


@pytest.fixture
def small(monkeypatch: pytest.MonkeyPatch) -> None:
    """Portions as small as the inboxes of these tests."""
    monkeypatch.setattr(listing, "PORTION", 20)
    monkeypatch.setattr(listing, "FEW", 2)
    monkeypatch.setattr(collect, "AHEAD", 4)
    monkeypatch.setattr(collect, "FEW", 2)


@pytest.mark.usefixtures("small")
def test_a_mail_behind_a_flood_is_fetched_long_before_its_end_and_all_are_once() -> None:
    details = ["dev"] * 200 + ["ops"]
    taken, ended = conversation(details)
    assert taken.index(201) <= 200 // 20 * 4
    assert sorted(taken) == list(range(1, 202))
    assert [uid for uid in taken if uid != 201] == list(range(1, 201))
    assert ended.mark == 201


@pytest.mark.usefixtures("small")
def test_what_even_looking_takes_a_run_for_comes_last_in_it() -> None:
    """The thread is told to stop at its first batch, with nine tenths of the inbox unseen."""
    details = ["dev"] * 200 + ["ops", "news", "dev", "more"]
    taken, ended = conversation(details, stop_after=1)
    assert 201 in taken
    assert 203 not in taken
    assert len(taken) < 100
    assert ended.mark is None


@pytest.mark.usefixtures("small")
def test_of_a_channel_that_was_seen_nothing_overtakes() -> None:
    details = ["ops"] + ["dev"] * 200 + ["ops"]
    taken, _ = conversation(details, stop_after=1)
    assert 202 not in taken
