"""store.troubles and store.refusals: what does not work, who was told, and which logins are left alone."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from msgspec.structs import replace

from mailpoll.commands.journal import Journal
from mailpoll.commands.speaking import Speaker
from mailpoll.model import Facts, Post, RawMessage, Reading, Refusal, Trouble
from mailpoll.store import Store
from mailpoll.store.troubles import Waiting

NOW = datetime(2026, 11, 20, 8, 0, tzinfo=UTC)
LATER = NOW + timedelta(minutes=5)
TROUBLE = Trouble("account.main", 77, "account.main: refused", 1, NOW)


def test_troubles_come_back_as_they_were(store: Store) -> None:
    told = replace(TROUBLE, about="destination.hook", told_at=LATER, told=("77-0123456789ab", "passing"))
    store.troubles.save([told, TROUBLE])
    assert store.troubles.list() == (TROUBLE, told)
    changed = replace(TROUBLE, status=69, sentence="away", runs=2, told_at=LATER, told=("passing",))
    store.troubles.save([changed], ["destination.hook"])
    assert store.troubles.list() == (changed,)
    store.troubles.save([], ["account.main", "account.unknown"])
    assert store.troubles.list() == ()


def test_what_is_over_and_owed_to_somebody_is_kept_and_not_open(store: Store) -> None:
    over = replace(TROUBLE, alerted=("login/a%40example.com", "login/ops"), ended_at=LATER)
    store.troubles.save([over])
    assert (store.troubles.list(), store.troubles.kept()) == ((), (over,))
    again = replace(TROUBLE, alerted=over.alerted)
    store.troubles.save([again])
    assert (store.troubles.list(), store.troubles.kept()) == ((again,), (again,))


def test_a_change_is_made_of_what_is_there_by_then_and_of_nothing_that_is_not(store: Store) -> None:
    store.troubles.save([TROUBLE, replace(TROUBLE, about="smtp")])
    seen = []

    def change(trouble: Trouble) -> Trouble | None:
        seen.append(trouble.about)
        return None if trouble.about == "smtp" else replace(trouble, alerted=("login/ops",))

    store.troubles.change({"account.main", "smtp", "account.gone"}, change)
    assert sorted(seen) == ["account.main", "smtp"]
    assert store.troubles.kept() == (replace(TROUBLE, alerted=("login/ops",)),)


def test_who_was_alerted_in_the_meantime_stays_so(store: Store) -> None:
    store.troubles.save([TROUBLE])
    store.troubles.change(["account.main"], lambda trouble: replace(trouble, alerted=("login/ops",)))
    store.troubles.save([replace(TROUBLE, runs=2, alerted=("by/x",))])
    assert store.troubles.list() == (replace(TROUBLE, runs=2, alerted=("by/x", "login/ops")),)
    anew = replace(TROUBLE, began_at=LATER)
    store.troubles.save([anew])
    assert store.troubles.list() == (anew,)


def test_one_run_of_all_hosts_alerts_at_a_time(pg_url: str) -> None:
    with Store(pg_url) as here, Store(pg_url) as there:
        with here.alone("alerts") as mine, there.alone("alerts") as theirs, there.alone("another") as another:
            assert (mine, theirs, another) == (True, False, True)
        with there.alone("alerts") as mine:
            assert mine


def test_what_is_told_day_by_day_and_is_no_trouble_is_not_among_them(store: Store) -> None:
    assert store.troubles.told_at("unrouted") is None
    store.troubles.save([Trouble("unrouted", 0, "", 0, NOW, LATER), TROUBLE])
    assert store.troubles.told_at("unrouted") == LATER
    assert store.troubles.list() == (TROUBLE,)


def test_unrouted_mail_is_counted_by_when_it_was_read(store: Store) -> None:
    assert store.troubles.unrouted(None, LATER) == 0
    for number, outcome in enumerate(("unrouted", "unrouted", "posted", "held")):
        [message_id] = store.ledger.accept([RawMessage(None, None, (b"x",))], NOW)
        moment = LATER if number else NOW
        store.ledger.record([(message_id, Reading(outcome, "", Facts(f"k{number}")))], moment)
    assert store.troubles.unrouted(None, LATER) == 2
    assert store.troubles.unrouted(None, NOW) == 1
    assert store.troubles.unrouted(NOW, LATER) == 1
    assert store.troubles.unrouted(LATER, LATER) == 0


def test_a_post_that_another_host_is_trying_is_no_end_of_a_trouble(
    pg_url: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with Store(pg_url) as here, Store(pg_url) as there:
        [message_id] = here.ledger.accept([RawMessage(None, None, (b"x",))], NOW)
        post = Post("dev", "hook", "", "Topic", "Body")
        here.ledger.record([(message_id, Reading("posted", "", Facts("k"), (post,)))], NOW)
        with there.run(["b"]), here.run(["a"]):
            [post_there] = there.outbox.list()
            assert there.outbox.claim(post_there, NOW)
            trouble = Trouble("destination.hook", 75, "busy", 9, NOW, NOW, ("passing",))
            here.troubles.save([trouble])
            journal = Journal()
            speaker = Speaker(here, NOW + timedelta(days=1, minutes=1), 5, "cron")
            speaker.settle(journal, {}, ["a", "b"], ["hook"])
            assert (journal.exit_status, journal.open, here.troubles.list()) == (75, (trouble,), (trouble,))
    assert capsys.readouterr().err == ""


def test_refusals_come_back_as_they_were(store: Store) -> None:
    first, second = Refusal("main", 1, LATER, "f"), Refusal("other", 3, NOW, "g", 75, "no answer")
    store.refusals.save([second, first])
    assert store.refusals.list() == (first, second)
    again = replace(first, failures=2, until=NOW, fingerprint="h")
    store.refusals.save([again], ["other"])
    assert store.refusals.list() == (again,)


def test_what_waits_is_counted_by_destination_and_what_was_tried_in_vain_besides(store: Store) -> None:
    for number, destination in enumerate(("hook", "hook", "hook", "hook", "ticket", "done")):
        [message_id] = store.ledger.accept([RawMessage(None, None, (b"x",))], NOW)
        post = Post("dev", destination, "", "Topic", "Body")
        store.ledger.record([(message_id, Reading("posted", "", Facts(f"k{number}"), (post,)))], NOW)
    untried, delayed, uncertain, held, ticket, done = store.outbox.list()
    store.outbox.delayed(delayed, LATER, "busy", NOW)
    store.outbox.uncertain(uncertain, LATER, "silent", NOW)
    store.outbox.uncertain(held, None, "silent for ever", NOW)
    store.outbox.failed(done, "no", NOW)
    assert store.troubles.waiting() == (Waiting("hook", 4, 2, "silent", 1), Waiting("ticket", 1, 0, ""))
    store.outbox.failed(ticket, "no", NOW)
    store.outbox.failed(untried, "no", NOW)
    assert store.troubles.waiting() == (Waiting("hook", 3, 2, "silent", 1),)
