"""Killed anywhere, started again: nothing is lost, nothing is doubled, flags and folders are what `after` says."""

from __future__ import annotations

import itertools
import os
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from servers import require
from servers.dovecot import Dovecot, missing
from servers.http_receiver import Receiver
from servers.postgres import Postgres
from servers.postgres import missing as no_postgres
from support.site import Site, mail
from support.trials import Zygote

PRIVATE = mail("private", to="username@example.com")

# The suite dies twice at each kind of step that the case is about: all of them once, with `after = "seen"` on SQLite;
# where mails are moved those of the session, where a web hook is called those of the delivery, on PostgreSQL those of
# the store, and once each. The long one (MAILPOLL_LONG=1) dies at every step of every case.
LONG = os.environ.get("MAILPOLL_LONG") == "1"
ABOUT = {"seen": ("",), "move": ("Session.", "Ledger.after_done"), "hook": ("Ledger.record", "Outbox.", "Destination.")}
OF_THE_STORE = ("Ledger.", "Outbox.", "Destination.")


@pytest.fixture(scope="module")
def dovecot(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Dovecot]:
    require(missing() or "Dovecot", not missing())
    with Dovecot(tmp_path_factory.mktemp("dovecot")) as server:
        yield server


class Files:
    """Stores in files."""

    times_each = 2
    about: tuple[str, ...] = ("",)

    def new(self) -> str:
        """The URL of a new store; empty for one in the folder of its site."""
        return ""

    def done(self, url: str) -> None:
        """The store is not needed any more."""

    def settle(self, url: str) -> None:
        """The kernel lets a lock go before the parent hears of the death."""


class Databases:
    """Stores on a PostgreSQL."""

    times_each = 1
    about = OF_THE_STORE

    def __init__(self, server: Postgres) -> None:
        self._server = server
        self._names: dict[str, str] = {}

    def new(self) -> str:
        """The URL of a new store."""
        name = self._server.database()
        url = self._server.url(name)
        self._names[url] = name
        return url

    def done(self, url: str) -> None:
        """The store is not needed any more."""
        self._server.give_back(self._names.pop(url))

    def settle(self, url: str) -> None:
        """Returns once the server, too, has noticed that a run is gone."""
        self._server.settle(self._names[url])


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def stores(request: pytest.FixtureRequest) -> Iterator[Files | Databases]:
    if request.param == "sqlite":
        yield Files()
        return
    require(no_postgres() or "PostgreSQL", not no_postgres())
    with Postgres() as server:
        yield Databases(server)


numbers = itertools.count()


def new_site(folder: Path, server: Dovecot, stores: Files | Databases, target: str, after: str) -> Site:
    """A site with three mails to us and a private one in an inbox of its own."""
    number = next(numbers)
    account = f'after = "{after}"'
    site = Site(
        folder / str(number), server, f"kill{number}@example.com", account=account, store_url=stores.new()
    )  # fmt: skip
    site.channel("dev", target)
    for index in range(3):
        site.append(mail(index))
        if index == 1:
            site.append(PRIVATE)
    return site


def assert_settled(site: Site, after: str) -> None:
    """Flags and folders are what `after` says, and the private mail is as it was."""
    inbox = site.inbox()
    private = [flags for flags, raw in inbox.values() if b"private@" in raw]
    assert private == [frozenset()]
    ours = [flags for flags, raw in inbox.values() if b"private@" not in raw]
    expected = {
        "seen": [frozenset({"\\Seen"})] * 3,
        "keyword": [frozenset({"mailpoll"})] * 3,
        "leave": [frozenset()] * 3,
    }
    assert ours == expected.get(after, [])
    if after == "move":
        moved = [raw for _, raw in site.inbox("Processed").values()]
        assert sorted(n for n in range(3) for raw in moved if f"<{n}@".encode() in raw) == [0, 1, 2]


def state_of(site: Site) -> object:
    """All that a run may change."""
    return site.inbox(), site.deliveries(), site.messages()


def steps_of(
    zygote: Zygote, folder: Path, server: Dovecot, stores: Files | Databases, target: str, after: str
) -> list[str]:
    """The steps of an undisturbed run."""
    site = new_site(folder, server, stores, target, after)
    result = zygote.run("--config", str(site.config), "fetch")
    assert result["status"] == 0
    assert [d.state for d in site.deliveries()] == ["delivered"] * 3
    assert_settled(site, after)
    return list(result["steps"])


Step = tuple[str, int]


def at_every_step(
    steps: list[str], one: Callable[[Zygote, Step], bool], stores: Files | Databases, about: tuple[str, ...]
) -> None:
    """Tries `one` for the steps of the case, two at a time, and makes sure that each kind was died at.

    Threads make a run a few steps shorter than another (the flags of two mails are set at once), so that the third
    of some may not come: `one` returns whether the run was killed.
    """
    counted: Counter[str] = Counter()
    numbered = []
    for name in steps:
        counted[name] += 1
        of_the_case = any(kind in name for kind in about) and any(kind in name for kind in stores.about)
        if LONG or (of_the_case and counted[name] <= stores.times_each):
            numbered.append((name, counted[name]))

    def some(first: int) -> list[Step]:
        with Zygote() as mine:
            return [step for step in numbered[first::2] if not one(mine, step)]

    with ThreadPoolExecutor(2) as pool:
        survived = [step for steps_survived in pool.map(some, (0, 1)) for step in steps_survived]
    assert all(number > 1 for _, number in survived)
    assert len(survived) <= 12


def killed(mine: Zygote, argv: tuple[str, ...], die_at: Step) -> bool:
    """Runs until `die_at`; False when the run came to its end before."""
    status = mine.run(*argv, die_at=die_at)["status"]
    assert status in (-9, 0)
    return bool(status)


@pytest.mark.parametrize("after", ["seen", "move"])
def test_killed_at_every_step_nothing_is_lost_or_doubled_in_the_store(
    after: str, dovecot: Dovecot, stores: Files | Databases, tmp_path: Path
) -> None:
    if after == "move" and isinstance(stores, Databases) and not LONG:
        pytest.skip("the kind of store does not matter to the mail server; MAILPOLL_LONG=1 tries it")

    def one(mine: Zygote, die_at: Step) -> bool:
        site = new_site(tmp_path, dovecot, stores, "store", after)
        fetch = ("--config", str(site.config), "fetch")
        died = killed(mine, fetch, die_at)
        stores.settle(site.url)
        assert mine.run(*fetch)["status"] == 0
        bodies = sorted(delivery.post.body for delivery in site.deliveries())
        assert bodies == ["This is mail 0.", "This is mail 1.", "This is mail 2."]
        assert {delivery.state for delivery in site.deliveries()} == {"delivered"}
        assert_settled(site, after)
        before = state_of(site)
        assert mine.run(*fetch)["status"] == 0
        assert state_of(site) == before
        stores.done(site.url)
        return died

    with Zygote() as first:
        steps = steps_of(first, tmp_path, dovecot, stores, "store", after)
    assert {name.split(" ")[1] for name in steps} >= {"Ledger.accept", "Ledger.record", "Reader.finish", "fetch"}
    at_every_step(steps, one, stores, ABOUT[after])


def test_killed_at_every_step_a_web_hook_is_called_twice_at_most_for_the_post_in_flight(
    dovecot: Dovecot, stores: Files | Databases, tmp_path: Path
) -> None:
    def one(mine: Zygote, die_at: Step) -> bool:
        with Receiver() as receiver:
            site = new_site(tmp_path, dovecot, stores, receiver.url, "seen")
            fetch = ("--config", str(site.config), "fetch")
            died = killed(mine, fetch, die_at)
            stores.settle(site.url)
            again = mine.run(*fetch)
            deliveries = site.deliveries()
            assert [d.state for d in deliveries] == ["delivered"] * 3
            posted = Counter(request.headers["idempotency-key"] for request in receiver.requests)
            assert set(posted) == {d.post.key for d in deliveries}, "lost"
            doubled = [key for key, times in posted.items() if times > 1]
            uncertain = [d.post.key for d in deliveries if d.uncertain_at is not None]
            assert len(uncertain) <= 1
            assert set(doubled) <= set(uncertain)
            assert max(posted.values()) <= 2
            assert again["status"] == (75 if uncertain else 0)
            assert_settled(site, "seen")
            before, seen = state_of(site), len(receiver.requests)
            assert mine.run(*fetch)["status"] == 0
            assert (state_of(site), len(receiver.requests)) == (before, seen)
            stores.done(site.url)
            return died

    with Zygote() as first, Receiver() as receiver:
        steps = steps_of(first, tmp_path, dovecot, stores, receiver.url, "seen")
    assert steps.count("before WebhookDestination.post") == 3
    at_every_step(steps, one, stores, ABOUT["hook"])
