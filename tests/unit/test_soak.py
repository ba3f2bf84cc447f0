"""Weeks of polls under a clock wound by hand: nothing is lost or doubled, and little is kept (DESIGN.md §1, §9).

MAILPOLL_LONG=1 makes it the 43 200 polls of thirty days, and tells the figures of each day.
"""

from __future__ import annotations

import functools
import gc
import os
import re
import sqlite3
import threading
from collections import Counter
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from fakes.weeks import POSTED, Child, CountingHook, Weeks
from fakes.world import Died, Stopped
from support.site import Site

from mailpoll.commands import standstill
from mailpoll.commands.installation import Installation
from mailpoll.commands.runs import run_once
from mailpoll.store.engine import connect

LONG = os.environ.get("MAILPOLL_LONG") == "1"
# Whoever polls more rarely sees the same weeks. In the short ones mails are let go after hours.
DAYS = 30 if LONG else 3
EVERY = timedelta(minutes=1 if LONG else 20)
RAW, UNFINISHED = (timedelta(days=7), timedelta(days=12)) if LONG else (timedelta(hours=16), timedelta(hours=30))
SIZE = 2_000 if LONG else 6_000
START = datetime(2027, 1, 1, tzinfo=UTC)
# What stays of a mail for ever, its two posts and all indexes included: octets.
KEPT_PER_MAIL = 3_000
TABLES = ("message", "raw", "delivery", "skipped", "folder", "pause", "rest", "refusal", "trouble")


@dataclass(frozen=True)
class Mark:
    """How things stand at the end of a day: octets, rows, kilobytes."""

    day: int
    file: int
    raw: int
    descriptors: int
    threads: int
    rss: int
    rows: dict[str, int]


@dataclass
class Soak:
    """An installation whose runs are in this process."""

    site: Site
    weeks: Weeks
    hook: CountingHook
    marks: list[Mark] = field(default_factory=list)
    statuses: Counter[int] = field(default_factory=Counter)
    journal: int = 0

    @property
    def file(self) -> Path:
        """The database."""
        return self.site.folder / "mailpoll.db"

    def poll(self, moment: datetime, *, quiet: bool = False) -> None:
        """A run as cron starts it."""
        self.weeks.at(moment, quiet=quiet)
        installation = Installation(str(self.site.config), self.site.env)
        found = standstill.watched(
            installation, lambda: run_once(installation, listener="cron"), always=False, clock=lambda: self.weeks.now
        )
        assert found is not None
        self.statuses[found if isinstance(found, int) else found.exit_status] += 1
        wal = Path(f"{self.file}-wal")
        self.journal = max(self.journal, wal.stat().st_size if wal.exists() else 0)

    def live(self) -> None:
        """All polls, and those in which what was late arrives."""
        for number in range(round(timedelta(days=DAYS) / EVERY)):
            moment = START + number * EVERY
            self.poll(moment)
            if (number + 1) * EVERY % timedelta(days=1) == timedelta(0):
                if self.weeks.broken("hook refuses") or number * EVERY > timedelta(days=DAYS * 0.54):
                    self.resume()
                self.mark()
        self.resume()
        for number in range(40):
            self.poll(START + timedelta(days=DAYS, minutes=20 * number), quiet=True)

    def resume(self) -> None:
        """What a person does about a web hook that was paused."""
        with self.site.store() as store:
            for pause in store.outbox.pauses():
                store.outbox.resume(pause.destination)

    def mark(self) -> None:
        gc.collect()
        status = Path("/proc/self/status").read_text()
        rss = int(status.partition("VmRSS:")[2].split()[0])
        with closing(sqlite3.connect(self.file)) as db:
            raw = db.execute("SELECT coalesce(sum(length(data)), 0) FROM raw").fetchone()[0]
            rows = {name: db.execute(f"SELECT count(*) FROM {name}").fetchone()[0] for name in TABLES}
        descriptors = len(os.listdir("/proc/self/fd"))
        day = len(self.marks) + 1
        self.marks.append(Mark(day, self.file.stat().st_size, raw, descriptors, threading.active_count(), rss, rows))
        print(self.marks[-1], len(self.weeks.sent), sum(self.hook.taken.values()), self.statuses, flush=True)

    def ask(self, query: str, *values: object) -> list[tuple[object, ...]]:
        with closing(sqlite3.connect(self.file)) as db:
            return db.execute(query, values).fetchall()


@pytest.fixture
def soak(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Soak]:
    weeks = Weeks(START, DAYS, size=SIZE, mails_a_day=480 if LONG else 240)
    with CountingHook(weeks) as hook:
        site = Site(
            tmp_path / "site",
            None,
            more=f"""
[account.main]
host = "localhost"
username = "username@example.com"
password = {{ file = "imap-password" }}
[retention]
raw = "{RAW.total_seconds():.0f}s"
unfinished = "{UNFINISHED.total_seconds():.0f}s"
[destination.hook]
kind = "webhook"
url = "{hook.url}"
attachments = false
""",
        )
        site.channel("dev", "store", "hook")
        for module in ("runs", "assembly"):
            monkeypatch.setattr(f"mailpoll.commands.{module}.now", lambda: weeks.now)
        monkeypatch.setattr("mailpoll.imap.connect", weeks.connect)
        monkeypatch.setattr("mailpoll.commands.assembly.reader", lambda *_, **__: Child())
        monkeypatch.setattr("mailpoll.commands.assembly.ReaderDied", Died)
        monkeypatch.setattr("mailpoll.commands.assembly.ReaderStopped", Stopped)
        # What a process does once is done once here, too: statements are compiled by engine.
        monkeypatch.setattr("mailpoll.store.connect", functools.cache(connect))
        yield Soak(site, weeks, hook)


def test_weeks_of_polls_lose_and_double_nothing_and_leave_little(soak: Soak) -> None:
    soak.live()

    nothing_is_lost_or_doubled(soak)
    private_mail_is_untouched(soak)
    mails_are_let_go(soak)
    the_store_stays_small(soak)
    nothing_leaks(soak)


def nothing_is_lost_or_doubled(soak: Soak) -> None:
    ours = {number for number, kind in soak.weeks.sent.items() if kind in POSTED}
    posted = soak.ask("SELECT topic FROM delivery WHERE destination = 'store' AND state = 'delivered'")
    numbers = Counter(int(re.findall(r"\d+", str(topic))[0]) for (topic,) in posted)
    assert set(numbers.values()) == {1}
    assert set(numbers) == ours
    assert set(soak.hook.answered.values()) == {1}  # where no answer was lost, nothing came twice
    assert set(soak.hook.answered) == {number for number in ours if number % 97}
    assert all(len(keys) == 1 for keys in soak.hook.keys.values())
    deadly = sum(kind == "crash always" for kind in soak.weeks.sent.values())
    assert soak.ask("SELECT count(*) FROM message WHERE state = 'quarantined'")[0][0] >= deadly


def private_mail_is_untouched(soak: Soak) -> None:
    assert soak.weeks.touched == []


def mails_are_let_go(soak: Soak) -> None:
    moment = "%Y-%m-%d %H:%M:%S"
    slack = timedelta(hours=1)
    for age, which in ((RAW, "m.state = 'read'"), (UNFINISHED, "m.state IN ('unrouted', 'quarantined')")):
        before = (soak.weeks.now - age - slack).strftime(moment)
        left = soak.ask(
            f"SELECT m.id FROM message m JOIN raw ON raw.message_id = m.id WHERE {which} AND m.read_at < ?"
            " AND NOT EXISTS (SELECT 1 FROM delivery d WHERE d.message_id = m.id"
            "                 AND (d.state = 'failed' OR d.changed_at >= ?))",
            before,
            before,
        )
        assert left == []
    assert soak.ask("SELECT count(*) FROM raw")[0][0]  # the last ones are there


def the_store_stays_small(soak: Soak) -> None:
    last = soak.marks[-1]
    most = max(mark.raw for mark in soak.marks)
    assert last.raw < 1.5 * max(mark.raw for mark in soak.marks[: len(soak.marks) // 2 + 1])
    assert last.file < last.rows["message"] * KEPT_PER_MAIL + 1.5 * most + 500_000
    assert soak.ask("SELECT count(*) FROM skipped")[0][0] <= soak.weeks.unread()  # type: ignore[operator]
    assert last.rows["folder"] == 2
    assert sum(last.rows[name] for name in ("pause", "rest", "refusal", "trouble")) <= 2
    assert soak.journal == 0


def nothing_leaks(soak: Soak) -> None:
    first, halfway, last = soak.marks[0], soak.marks[len(soak.marks) // 2], soak.marks[-1]
    assert last.descriptors <= first.descriptors + 1  # one may be on its way out
    assert last.threads <= first.threads + 1
    # Halfway all that can happen has happened once: a refused login takes 16 MB (scrypt), which malloc does not give
    # back. What remains is for the books of this test.
    assert last.rss < halfway.rss * 1.1
