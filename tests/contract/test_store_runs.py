"""store: several processes at once; what a run has to itself, and what it leaves behind when it is gone."""

from __future__ import annotations

import subprocess
import sys
import threading
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from servers.postgres import Postgres
from support import crowd, hold

from mailpoll.delivery import Courier
from mailpoll.errors import Unavailable
from mailpoll.model import Facts, Limits, Pause, Post, RawMessage, Reading, Receipt, Rest
from mailpoll.store import Store
from mailpoll.store.engine import transaction

NOW = datetime(2026, 11, 20, 8, 0, tzinfo=UTC)
WEEK = timedelta(days=7)


def accept(store: Store, account: str, *uids: int) -> list[int]:
    """Mails of an account, or (without one) from `receive`."""
    if not account:
        return list(store.ledger.accept([RawMessage(None, NOW, (b"x",))], NOW))
    folder = store.ledger.position(account, "INBOX", 1, margin_s=0, overlap_s=0).folder_id
    return list(store.ledger.accept([RawMessage(uid, NOW, (b"x",)) for uid in uids], NOW, folder_id=folder))


def posted(store: Store, message_ids: list[int], *destinations: str, key: str = "") -> None:
    """Reads them: each becomes posts."""
    posts = tuple(Post("dev", destination, "", "Topic", "Body") for destination in destinations or ("hook",))
    store.ledger.record([(n, Reading("posted", "", Facts(key or f"k{n}"), posts)) for n in message_ids], NOW)


def accounts_of(store: Store) -> list[str]:
    return sorted(unread.account for unread in store.ledger.unread(100))


@contextmanager
def stores(url: str, number: int) -> Iterator[list[Store]]:
    """The same store, open several times, as by several processes."""
    with ExitStack() as stack:
        yield [stack.enter_context(Store(url)) for _ in range(number)]


def at_once(*actions: Callable[[], Any]) -> list[Any]:
    """What the actions return, each in a thread, all started at the same moment."""
    barrier = threading.Barrier(len(actions))

    def one(action: Callable[[], Any]) -> Any:
        barrier.wait()
        return action()

    with ThreadPoolExecutor(len(actions)) as pool:
        return list(pool.map(one, actions))


def test_a_run_has_its_accounts_to_itself(url: str) -> None:
    with stores(url, 2) as (first, second):
        with first.run(["a", "b"]) as mine:
            assert mine == {"a", "b"}
            with second.run(["a", "b"]) as theirs:
                assert theirs is None
        with second.run(["a", "b"]) as theirs:
            assert theirs == {"a", "b"}


def test_a_run_that_found_nothing_to_do_does_not_end_the_turn_of_another(url: str) -> None:
    with stores(url, 3) as (first, second, third), first.run(["a"]):
        with second.run(["a"]) as theirs:
            assert theirs is None
        with third.run(["a"]) as others:
            assert others is None


def test_runs_share_a_postgresql_by_account(pg_url: str) -> None:
    with stores(pg_url, 2) as (first, second), first.run(["a", "b"]) as mine, second.run(["b", "c"]) as theirs:
        assert (mine, theirs) == ({"a", "b"}, {"c"})


def test_two_stores_in_one_database_do_not_know_of_each_other(postgres: Postgres) -> None:
    name = postgres.empty()
    for schema in ("one", "two"):
        postgres.execute(f"CREATE SCHEMA {schema} AUTHORIZATION mailpoll", database=name)
    urls = [f"{postgres.url(name)}&options=-csearch_path%3D{schema}" for schema in ("one", "two")]
    with Store(urls[0]) as first, Store(urls[1]) as second, first.run(["a"]) as mine, second.run(["a"]) as theirs:
        assert mine == theirs == {"a"}
        accept(first, "a", 1)
        assert accounts_of(second) == []


def test_mail_is_read_by_the_run_that_has_its_account(pg_url: str) -> None:
    with stores(pg_url, 2) as (first, second):
        for account in ("a", "b", "gone", ""):
            accept(first, account, 1)
        with first.run(["a"]):
            # With its account a run takes what nobody else has: accounts that were taken away, and `receive`.
            assert accounts_of(first) == ["", "a", "b", "gone"]
            accept(first, "new", 1)
            assert accounts_of(first) == ["", "a", "b", "gone"]
            with second.run(["a", "b", "c", "new"]) as theirs:
                assert theirs == {"c", "new"}
                assert accounts_of(second) == ["new"]
        with second.run() as theirs:
            assert theirs == frozenset()
            assert accounts_of(second) == ["", "a", "b", "gone", "new"]


def test_what_was_being_sent_is_an_orphan_when_its_run_is_gone(url: str) -> None:
    with Store(url) as store:
        posted(store, accept(store, "", 1))
        with store.run():
            [delivery] = store.outbox.list()
            assert store.outbox.claim(delivery, NOW)
    with Store(url) as store, store.run():
        assert [d.id for d in store.outbox.orphans()] == [delivery.id]


def test_what_another_run_is_sending_is_no_orphan(pg_url: str) -> None:
    with stores(pg_url, 3) as (first, second, third):
        posted(first, accept(first, "", 1))
        with first.run(["a"]):
            [delivery] = first.outbox.list()
            assert first.outbox.claim(delivery, NOW)
            assert first.outbox.orphans() == ()
            with second.run(["b"]):
                assert second.outbox.orphans() == ()
        with second.run(["b"]), third.run(["c"]):
            assert [d.id for d in second.outbox.orphans()] == [delivery.id]
            assert third.outbox.orphans() == ()  # they are in somebody's hands now


def test_the_same_mail_in_two_accounts_is_one_post_even_at_the_same_moment(pg_url: str) -> None:
    with stores(pg_url, 4) as several:
        for number in range(15):
            ids = [accept(store, f"a{index}", number + 1) for index, store in enumerate(several)]
            at_once(*(lambda s=s, i=i, n=number: posted(s, i, "store", "hook", key=f"same{n}")  # type: ignore[misc]
                      for s, i in zip(several, ids, strict=True)))  # fmt: skip
        states = Counter((d.post.destination, d.state) for d in several[0].outbox.list())
    assert states == {("store", "delivered"): 15, ("store", "duplicate"): 45,
                      ("hook", "pending"): 15, ("hook", "duplicate"): 45}  # fmt: skip


def test_a_post_that_somebody_has_in_hand_is_passed_over_at_once(pg_url: str, postgres: Postgres) -> None:
    with stores(pg_url, 2) as (first, second):
        posted(first, accept(first, "", 1))
        [delivery] = first.outbox.list()
        with transaction(first._engine) as connection:
            connection.execute(sa.text("SELECT 1 FROM delivery WHERE id = :id FOR UPDATE"), {"id": delivery.id})
            with transaction(second._engine) as other:
                other.execute(sa.text("SET SESSION lock_timeout = '1ms'"))  # who waits fails
            assert not second.outbox.claim(delivery, NOW)
        assert second.outbox.claim(delivery, NOW)


def test_a_delivery_that_was_tried_since_it_was_read_is_not_claimed(store: Store) -> None:
    """Its state may be the same again."""
    posted(store, accept(store, "", 1))
    [delivery] = store.outbox.list()
    store.outbox.delayed(delivery, NOW, "busy", NOW)
    [delayed] = store.outbox.list()
    assert store.outbox.claim(delayed, NOW)
    store.outbox.delayed(delayed, NOW, "busy", NOW + timedelta(seconds=9))
    assert not store.outbox.claim(delayed, NOW)


class Hook:
    """A destination that counts what it gets."""

    limits, askable, on_uncertain = Limits(), False, "repost"

    def __init__(self) -> None:
        self.taken: list[str] = []

    def post(self, post: Post, _content: Any) -> Receipt:
        self.taken.append(post.key)
        return Receipt()

    def find(self, _post: Post) -> None: ...

    def check(self) -> tuple[()]:
        return ()

    def make(self, _name: str) -> Hook:
        return self

    def settings_hash(self, name: str) -> str:
        return name


def test_several_processes_empty_one_outbox_and_each_post_leaves_once(pg_url: str) -> None:
    hook = Hook()
    with stores(pg_url, 4) as several:
        ids = [n for _ in range(150) for n in accept(several[0], "")]
        posted(several[0], ids)

        at_work: set[str] = set()

        def deliver(store: Store, account: str) -> None:
            with store.run([account]):
                courier = Courier(store.outbox, hook, lambda _: None, now=lambda: NOW, jitter=lambda: 0.0,
                                  told=lambda _: at_work.add(account), paused=lambda _: None)  # type: ignore[arg-type, return-value]  # fmt: skip
                courier.start()
                while courier.step():
                    pass

        at_once(*(lambda s=s, i=i: deliver(s, f"a{i}") for i, s in enumerate(several)))  # type: ignore[misc]
        assert {d.state for d in several[0].outbox.list()} == {"delivered"}
    assert len(hook.taken) == len(set(hook.taken)) == 150
    assert len(at_work) > 1


def test_a_pause_and_a_rest_may_be_noted_by_two_at_once(pg_url: str) -> None:
    with stores(pg_url, 2) as several:
        for _ in range(10):
            at_once(*(lambda s=s: s.outbox.pause(Pause("hook", "401", NOW)) for s in several))  # type: ignore[misc]
            at_once(*(lambda s=s: s.outbox.rest(Rest("hook", 1, NOW)) for s in several))  # type: ignore[misc]
            several[0].outbox.resume("hook")
            several[0].outbox.rested("hook")


def test_two_runs_let_go_of_old_mail_at_once(pg_url: str) -> None:
    with stores(pg_url, 3) as several:
        ids = [n for _ in range(40) for n in accept(several[0], "")]
        several[0].ledger.record([(n, Reading("ignored", "", Facts(f"k{n}"))) for n in ids], NOW)
        later = NOW + 2 * WEEK
        gone = at_once(*(lambda s=s: s.trim(later, raw=WEEK, unfinished=WEEK) for s in several))  # type: ignore[misc]
        assert sum(gone) == 40
        assert several[0].trim(later, raw=WEEK, unfinished=WEEK) == 0


def test_a_run_whose_connection_is_lost_ends(postgres: Postgres, pg_name: str, pg_url: str) -> None:
    with Store(pg_url) as store, store.run(["a"]):
        posted(store, accept(store, "", 1))
        [delivery] = store.outbox.list()
        postgres.end_sessions(pg_name)
        for _ in range(3):  # no new connection is made behind the run's back: it would be one without locks
            with pytest.raises(Unavailable) as caught:
                store.outbox.claim(delivery, NOW)
        assert caught.value.exit_status == 69
        with Store(pg_url) as other, other.run(["a"]) as theirs:
            assert theirs == {"a"}
            assert other.outbox.claim(delivery, NOW)


def test_a_run_whose_locks_were_let_go_claims_and_reads_nothing(pg_url: str) -> None:
    """As by a pooler that cleans sessions."""
    with Store(pg_url) as store, store.run(["a"]):
        ids = accept(store, "a", 1)
        posted(store, accept(store, "", 1))
        [delivery] = store.outbox.list()
        with transaction(store._engine) as connection:
            connection.execute(sa.select(sa.func.pg_advisory_unlock_all()))
        with pytest.raises(Unavailable, match="the session that holds the lock of this run was lost"):
            store.outbox.claim(delivery, NOW)
        with pytest.raises(Unavailable, match="must be in session mode"):
            store.ledger.begin_reading(ids)
        assert store.outbox.get(delivery.id).state == "pending"


def test_a_run_that_is_killed_lets_everything_go(postgres: Postgres, pg_name: str, pg_url: str) -> None:
    with Store(pg_url) as store:
        posted(store, accept(store, "", 1))
        with hold.Process(pg_url, "a") as other:
            [delivery] = store.outbox.orphans() or store.outbox.list()
            assert delivery.state == "sending"
            assert store.outbox.orphans() == ()
            with store.run(["a"]) as mine:
                assert mine is None
            other.kill()
            postgres.settle(pg_name, sessions=1)
        with store.run(["a"]) as mine:
            assert mine == {"a"}
            assert [d.id for d in store.outbox.orphans()] == [delivery.id]


@pytest.mark.parametrize("kind", ["sqlite", "postgresql"])
def test_eight_processes_may_make_the_store_at_once(kind: str, request: pytest.FixtureRequest, tmp_path: Path) -> None:
    if kind == "sqlite":
        url = f"sqlite:///{tmp_path / 'new' / 'mailpoll.db'}"
    else:
        postgres: Postgres = request.getfixturevalue("postgres")
        url = postgres.url(postgres.empty())
    done = subprocess.run([sys.executable, crowd.__file__, url, "8"], capture_output=True, text=True, check=False)
    assert (done.stderr, done.returncode) == ("", 0)
    with Store(url) as store, transaction(store._engine) as connection:
        assert connection.scalar(sa.text("SELECT count(*) FROM store_info")) == 1
