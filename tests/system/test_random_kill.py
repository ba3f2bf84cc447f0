"""Killed at any moment (SIGKILL), started again until it ends by itself: nothing is lost, nothing is doubled.

`MAILPOLL_LONG=1` makes 200 trials instead of 6; the moments are drawn from a seed, and its figures are printed (-s).
"""

from __future__ import annotations

import os
import random
import subprocess
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from servers import require
from servers.dovecot import Dovecot
from servers.dovecot import missing as no_dovecot
from servers.postgres import Postgres
from servers.postgres import missing as no_postgres
from support.site import MAILPOLL, Site, mail

TRIALS = 200 if os.environ.get("MAILPOLL_LONG") == "1" else 6
SEED = 6
MAILS = 40
# A trial is killed so many times at most; some moments lie beyond the end of the run. A third death while one mail is
# read would set that mail aside, as it must: for all we know the mail is what kills.
KILLS = 2
AFTER = ("seen", "move", "delete")
PRIVATE = mail("private", to="username@example.com")


@dataclass
class Figures:
    """What the trials came to."""

    chance: random.Random = field(default_factory=lambda: random.Random(SEED))
    trials: Counter[str] = field(default_factory=Counter)
    kills: int = 0
    lost: list[str] = field(default_factory=list)
    doubled: list[str] = field(default_factory=list)

    def __str__(self) -> str:
        kinds = ", ".join(f"{count} on {kind}" for kind, count in sorted(self.trials.items()))
        return (
            f"{self.trials.total()} trials ({kinds}; seed {SEED}) with {MAILS} mails each: {self.kills} kills, "
            f"{len(self.lost)} lost, {len(self.doubled)} doubled"
        )


@pytest.fixture
def servers(tmp_path: Path) -> Iterator[tuple[Dovecot, Postgres]]:
    require(no_dovecot() or "Dovecot", not no_dovecot())
    require(no_postgres() or "PostgreSQL", not no_postgres())
    with Dovecot(tmp_path) as dovecot, Postgres() as postgres:
        yield dovecot, postgres


def new_site(folder: Path, dovecot: Dovecot, after: str, store_url: str) -> Site:
    """A site with an inbox of its own, a private mail in the middle of it."""
    site = Site(folder, dovecot, f"{folder.name}@example.com", account=f'after = "{after}"', store_url=store_url)
    site.channel("dev")
    with dovecot.client(site.user) as client:
        for number in range(MAILS):
            client.append("INBOX", "", None, mail(number))  # type: ignore[arg-type]
            if number == MAILS // 2:
                client.append("INBOX", r"(\Flagged)", None, PRIVATE)  # type: ignore[arg-type]
    return site


def fetch(site: Site, kill_after: float | None = None) -> int:
    """One run of the installed command; its status, -9 when it was killed."""
    command = [str(MAILPOLL), "--config", str(site.config), "fetch"]
    process = subprocess.Popen(
        command, env=site.env, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE
    )
    try:
        process.wait(kill_after)
    except subprocess.TimeoutExpired:
        process.kill()
    _, said = process.communicate()
    assert process.returncode in (0, -9), said.decode()
    assert not said, said.decode()
    return process.returncode


def assert_server_is_as_told(site: Site, after: str) -> None:
    """What is ours is flagged, moved once or gone, as `after` says, and the private mail is as it was."""
    inbox = [(raw, flags) for flags, raw in site.inbox().values()]
    assert [flags for raw, flags in inbox if raw == PRIVATE] == [frozenset({r"\Flagged"})]
    ours = [flags for raw, flags in inbox if raw != PRIVATE]
    assert ours == ([frozenset({r"\Seen"})] * MAILS if after == "seen" else [])
    if after == "move":
        assert sorted(raw for _, raw in site.inbox("Processed").values()) == sorted(map(mail, range(MAILS)))


def test_killed_at_random_moments_nothing_is_lost_or_doubled(
    servers: tuple[Dovecot, Postgres], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    dovecot, postgres = servers
    figures = Figures()
    undisturbed = new_site(tmp_path / "undisturbed", dovecot, "seen", "")
    begun = time.monotonic()
    assert fetch(undisturbed) == 0
    usual = time.monotonic() - begun
    for number in range(TRIALS):
        kind, after = ("sqlite", "postgresql")[number % 2], AFTER[number // 2 % 3]
        database = postgres.database() if kind == "postgresql" else ""
        site = new_site(tmp_path / f"trial{number}", dovecot, after, postgres.url(database) if database else "")
        for kill in range(KILLS + 1):
            status = fetch(site, figures.chance.uniform(0, usual) if kill < KILLS else None)
            figures.kills += status == -9
            if database:
                postgres.settle(database)
            if status == 0:
                break
        posts = Counter(d.post.body for d in site.deliveries() if d.state == "delivered")
        wanted = Counter(f"This is mail {index}." for index in range(MAILS))
        figures.lost += [f"{number}: {body}" for body in wanted - posts]
        figures.doubled += [f"{number}: {body}" for body in posts - wanted]
        assert_server_is_as_told(site, after)
        figures.trials[kind] += 1
        if database:
            postgres.give_back(database)
    with capsys.disabled():
        print(f"\n{figures}")
    assert not figures.lost
    assert not figures.doubled
    assert figures.kills >= TRIALS // 2
