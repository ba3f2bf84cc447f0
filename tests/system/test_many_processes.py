"""Several hosts at work on one PostgreSQL, killed at random: nothing is lost, nothing is doubled.

`MAILPOLL_LONG=1` takes 8 processes, 20 accounts and 2 000 mails instead of 3, 3 and 60, and prints its figures (-s).
"""

from __future__ import annotations

import os
import random
import subprocess
import threading
import time
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

import pytest
from servers import require
from servers.dovecot import Dovecot
from servers.dovecot import missing as no_dovecot
from servers.http_receiver import Receiver, Request
from servers.mail import PASSWORD as MAIL_PASSWORD
from servers.postgres import PASSWORD, Postgres
from servers.postgres import missing as no_postgres
from support.site import CRON, MAILPOLL, mail

from mailpoll.store import Store

LONG = os.environ.get("MAILPOLL_LONG") == "1"
TARGETS = ("store", "hook")  # also the tokens of their channels


@dataclass(frozen=True)
class Size:
    """How much of everything; a run is killed after up to so many seconds, and then so many mails come in. A share of
    the posts kills the run that sends it, before it is answered."""

    hosts: int
    accounts: int
    mails: int
    seconds: float
    killed_within: float
    at_a_time: int
    killed_posting: float


SIZE = Size(8, 20, 2_000, 150, 5, 20, 0.05) if LONG else Size(3, 3, 60, 6, 2, 10, 0.2)


@dataclass
class World:
    """The servers that outlive all runs, and what was counted."""

    dovecot: Dovecot
    postgres: Postgres
    receiver: Receiver
    database: str
    hosts: dict[str, Host] = field(default_factory=dict)
    deadly: bool = True
    chance: random.Random = field(default_factory=lambda: random.Random(1))
    sent: int = 0
    kills: int = 0
    runs: int = 0
    statuses: Counter[int] = field(default_factory=Counter)
    lock: threading.Lock = field(default_factory=threading.Lock)

    def posted(self, request: Request) -> None:
        """A post came in, and is not answered yet."""
        if self.deadly and self.chance.random() < SIZE.killed_posting:
            self.hosts[request.path].kill()

    def store(self) -> Store:
        return Store(self.postgres.url(self.database))


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    require(no_dovecot() or "Dovecot", not no_dovecot())
    require(no_postgres() or "PostgreSQL", not no_postgres())
    worlds: list[World] = []
    with (
        Dovecot(tmp_path) as dovecot,
        Postgres() as postgres,
        Receiver(seen=lambda request: worlds[0].posted(request)) as receiver,
    ):
        worlds.append(World(dovecot, postgres, receiver, postgres.database()))
        yield worlds[0]


class Host:
    """A machine with a state folder and a configuration of its own, for some of the accounts."""

    def __init__(self, folder: Path, world: World, accounts: list[int]) -> None:
        folder.mkdir()
        self._world = world
        self._process: subprocess.Popen[bytes] | None = None
        world.hosts[f"/{folder.name}"] = self
        self._env = {**CRON, "STATE_DIRECTORY": str(folder)}
        for name, text in (("imap-password", MAIL_PASSWORD), ("store-password", PASSWORD)):
            (folder / name).write_text(f"{text}\n")
            (folder / name).chmod(0o600)
        text = (
            f'[store]\nurl = "{world.postgres.tcp_url(world.database)}"\npassword = {{ file = "store-password" }}\n'
            '[addresses]\npatterns = ["username+%s@example.com"]\n'
            f'[destination.hook]\nkind = "webhook"\nurl = "{world.receiver.url}/{folder.name}"\n'
        )
        for number in accounts:
            text += (
                f'[account.a{number}]\nhost = "{world.dovecot.host}"\nport = {world.dovecot.imap_port}\ntls = "none"\n'
                f'username = "many{number}@example.com"\npassword = {{ file = "imap-password" }}\n'
            )
        self.config = folder / "config.toml"
        self.config.write_text(text)

    def fetch(self, kill_after: float | None = None) -> int:
        """One run; its status, -9 when it was killed."""
        self._process = process = subprocess.Popen(
            [str(MAILPOLL), "--config", str(self.config), "fetch", "--deadline", "20"], env=self._env,
            stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE,
        )  # fmt: skip
        try:
            process.wait(kill_after)
        except subprocess.TimeoutExpired:
            process.kill()
        assert process.stderr
        said = process.stderr.read().decode()
        process.stderr.close()
        status = process.wait()
        assert status in (0, -9, 69, 75), said
        with self._world.lock:
            self._world.runs += 1
            self._world.kills += status == -9
            self._world.statuses[status] += 1
            if status == -9:
                fill(self._world, SIZE.at_a_time)
        return status

    def kill(self) -> None:
        """Kills the run that is at work."""
        if self._process is not None:
            self._process.kill()

    def poll(self, until: float, chance: random.Random) -> None:
        """Runs again and again, killed two times of three, until the time is over and some were killed indeed."""
        while time.monotonic() < until or self._world.kills < SIZE.hosts:
            self.fetch(chance.uniform(0.2, SIZE.killed_within) if chance.random() < 0.67 else None)


def fill(world: World, count: int) -> None:
    """The next mails, spread over the accounts; every tenth has a copy in another account."""
    numbers = range(world.sent, min(world.sent + count, SIZE.mails))
    world.sent += len(numbers)
    for account in range(SIZE.accounts):
        mine = [number for number in numbers if account in homes(number)]
        if mine:
            with world.dovecot.client(f"many{account}@example.com") as client:
                for number in mine:
                    raw = mail(number, to=f"username+{TARGETS[number // 3 % 2]}@example.com")
                    client.append("INBOX", "", None, raw)  # type: ignore[arg-type]


def homes(number: int) -> set[int]:
    """The accounts that mail `number` is in."""
    first = number % SIZE.accounts
    return {first, (first + 1) % SIZE.accounts} if number % 10 == 0 else {first}


def hosts_of(world: World, folder: Path) -> list[Host]:
    """Each account is on two hosts at least, so that runs compete for it."""
    every = range(SIZE.accounts)
    return [
        Host(folder / f"host{host}", world, [a for a in every if (a - host) % SIZE.hosts <= SIZE.hosts // 2])
        for host in range(SIZE.hosts)
    ]


def settle(world: World, hosts: list[Host]) -> int:
    """Runs in peace until nothing is on its way; returns how many mails were set aside because runs kept dying."""
    world.postgres.settle(world.database)
    aside = 0
    for _ in range(20):
        for host in hosts:
            host.fetch()
        with world.store() as store:
            now = datetime.now(UTC)
            for entry in store.messages.list(states=("quarantined",)):
                assert entry.reason == "the run ended each time this mail was read"
                store.messages.read_again(entry.id)
                aside += 1
            for target in TARGETS:
                store.outbox.make_due(target, now)
            left = store.outbox.list(states=("pending", "sending", "delayed", "uncertain"), limit=1)
            if not left and not store.ledger.unread(1):
                return aside
    raise AssertionError("it does not settle")


def test_killed_hosts_lose_nothing_and_double_nothing(world: World, tmp_path: Path) -> None:
    with world.store() as store:
        for target in TARGETS:
            store.channels.add(target, [(target, "")], datetime.now(UTC), address=target)
    fill(world, SIZE.mails // 3)
    hosts = hosts_of(world, tmp_path)
    begun = time.monotonic()
    with ThreadPoolExecutor(len(hosts)) as pool:
        until = begun + SIZE.seconds
        ends = [pool.submit(host.poll, until, random.Random(number)) for number, host in enumerate(hosts)]
        for end in ends:
            end.result()
    fill(world, SIZE.mails)
    world.deadly = False
    aside = settle(world, hosts)
    seconds = time.monotonic() - begun
    with world.store() as store:
        delivered, messages = store.outbox.list(states=("delivered",)), store.messages.list()
    by_mail = Counter((d.post.destination, d.post.message_id) for d in delivered)
    wanted = {(TARGETS[n // 3 % 2], f"{n}@example.net") for n in range(SIZE.mails)}
    calls = Counter(request.headers["idempotency-key"] for request in world.receiver.requests)
    again = {key for key, times in calls.items() if times > 1}
    in_doubt = {d.post.key for d in delivered if d.uncertain_at is not None}
    print(
        f"\n{SIZE.mails} mails in {SIZE.accounts} accounts, {len(messages)} with copies; {len(hosts)} hosts, "
        f"{world.runs} runs, {world.kills} killed, {seconds:.0f} s; lost {len(wanted - set(by_mail))}, "
        f"doubled {sum(by_mail.values()) - len(by_mail)}; calls of the hook {sum(calls.values())} "
        f"with {len(calls)} keys, {len(again)} keys twice, all of them of killed runs: {again <= in_doubt}; "
        f"set aside {aside}; statuses {dict(world.statuses)}"
    )
    assert world.kills
    assert set(by_mail) == wanted, "lost"
    assert set(by_mail.values()) == {1}, "doubled"
    assert set(calls) == {d.post.key for d in delivered if d.post.destination == "hook"}
    assert again <= in_doubt  # the answer was lost with the run: the same key once more
    assert len(messages) == sum(len(homes(number)) for number in range(SIZE.mails))
