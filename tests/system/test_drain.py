"""Thousands of mails, or of posts, that wait: they are worked off over several runs, in order, in flat memory.

MAILPOLL_LONG=1 makes it ten thousand of each, and tells the figures.
"""

from __future__ import annotations

import os
import pwd
import re
import subprocess
import sys
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from servers import require
from servers.dovecot import Dovecot, missing
from servers.http_receiver import Receiver
from support.site import MAILPOLL, Site, mail

from mailpoll.model import Facts, Post, RawMessage, Reading

LONG = os.environ.get("MAILPOLL_LONG") == "1"
FEW, MANY, POSTS = (1_000, 10_000, 10_000) if LONG else (150, 1_500, 600)
DEADLINE_S = "10" if LONG else "2"
PRIVATE_EVERY = 10

# Runs a command and says on the last line how much memory (kB) the largest of its processes took. In a small process of
# its own: a child begins with the peak of the one it was forked from.
MEASURE = """
import resource, subprocess, sys
status = subprocess.run(sys.argv[1:]).returncode
print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss)
sys.exit(status)
"""


@pytest.fixture(scope="module")
def dovecot(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Dovecot]:
    require(missing() or "Dovecot", not missing())
    with Dovecot(tmp_path_factory.mktemp("dovecot")) as server:
        yield server


def fill(maildir: Path, count: int) -> None:
    """Writes `count` new mails as files, in the order of their numbers; APPEND would take minutes."""
    for name in ("cur", "new", "tmp"):
        (maildir / name).mkdir(parents=True)
    pattern = mail("NUMBER", text=f"This is mail NUMBER. {'More of it. ' * 200}").replace(b"\r\n", b"\n")
    now = int(time.time())
    for number in range(1, count + 1):
        raw = pattern.replace(b"NUMBER", str(number).encode())
        if number % PRIVATE_EVERY == 0:
            raw = raw.replace(b"username+dev@", b"username@")
        (maildir / "new" / f"{now - count + number}.M{number}P1.drain").write_bytes(raw)
    if os.getuid() == 0:
        nobody = pwd.getpwnam("nobody")
        for path in (maildir, *maildir.rglob("*")):
            os.chown(path, nobody.pw_uid, nobody.pw_gid)


def fetch(site: Site, *more: str) -> int:
    """A run; returns the peak of its memory in kB."""
    command = [sys.executable, "-c", MEASURE, str(MAILPOLL), "--config", str(site.config), "fetch", *more]
    begun = time.monotonic()
    result = subprocess.run(command, env=site.env, capture_output=True, text=True, check=False, timeout=120)
    # On a loaded machine a short time may be up before the server was heard: that is said (69) once it lasts.
    assert result.stderr == ""
    assert result.returncode in ((0, 69) if more else (0,))
    peak = int(result.stdout.split()[-1])
    print(f"run {' '.join(more)}: {time.monotonic() - begun:.1f} s, {peak / 1024:.0f} MB", flush=True)
    return peak


def numbers(site: Site, destination: str, *states: str) -> list[int]:
    """The numbers of the mails with a post to `destination` in one of `states`, in the order of the store."""
    with site.store() as store:
        found = [each for each in store.outbox.list(states=states) if each.post.destination == destination]  # type: ignore[arg-type]
    return [int(re.findall(r"\d+", each.post.topic)[0]) for each in sorted(found, key=lambda each: each.id)]


def test_waiting_mails_are_taken_over_several_runs_in_order_and_each_once(dovecot: Dovecot, tmp_path: Path) -> None:
    site = Site(tmp_path / "site", dovecot, "drain@example.com")
    fill(dovecot.maildir(site.user), MANY)
    site.channel("dev")
    ours = [number for number in range(1, MANY + 1) if number % PRIVATE_EVERY]

    taken: list[int] = []
    runs = 0
    while len(taken) < len(ours):
        fetch(site, "--deadline", DEADLINE_S)
        taken = numbers(site, "store", "delivered")
        runs += 1
        assert runs < 60
    fetch(site)

    print(f"{MANY} mails in {runs} runs of {DEADLINE_S} s")
    assert runs > 1 or not LONG  # a fast machine may be done with the few
    assert numbers(site, "store", "delivered") == ours
    flags = {int(re.findall(rb"Subject: Mail (\d+)", raw)[0]): flags for flags, raw in site.inbox().values()}
    assert {number for number, has in flags.items() if "\\Seen" in has} == set(ours)


def test_a_run_over_ten_times_the_mails_takes_no_more_memory(dovecot: Dovecot, tmp_path: Path) -> None:
    peaks = []
    for count in (FEW, MANY):
        site = Site(tmp_path / str(count), dovecot, f"flat{count}@example.com")
        fill(dovecot.maildir(site.user), count)
        site.channel("dev")
        peaks.append(fetch(site))
        assert len(numbers(site, "store", "delivered")) == count - count // PRIVATE_EVERY
    assert peaks[1] < peaks[0] + 16_000


class Waiting(Site):
    """A site with POSTS posts for the web hook `hook`; channel `ops` goes to the web hook `other`."""

    def __init__(self, folder: Path, dovecot: Dovecot, hook: Receiver, other: Receiver, user: str) -> None:
        sections = "".join(
            f'[destination.{name}]\nkind = "webhook"\nurl = "{receiver.url}/{name}"\n'
            for name, receiver in (("hook", hook), ("other", other))
        )
        super().__init__(folder, dovecot, user, more=sections)
        self.channel("dev", "hook")
        self.channel("ops", "other")

    def make_posts(self, count: int) -> None:
        """As an outage leaves them."""
        now = datetime.now(UTC)
        with self.store() as store:
            for start in range(1, count + 1, 500):
                some = range(start, min(start + 500, count + 1))
                ids = store.ledger.accept([RawMessage(None, None, (mail(n),)) for n in some], now)
                readings = [
                    (
                        message_id,
                        Reading("posted", "", Facts(f"key {n}"), (Post("dev", "hook", "", f"Mail {n}", "Text"),)),
                    )
                    for n, message_id in zip(some, ids, strict=True)
                ]
                store.ledger.record(readings, now)


def test_posts_that_waited_for_a_destination_reach_it_in_order_and_hold_up_no_other(
    dovecot: Dovecot, tmp_path: Path
) -> None:
    with Receiver() as hook, Receiver() as other:
        site = Waiting(tmp_path / "site", dovecot, hook, other, "posts@example.com")
        site.make_posts(POSTS)
        peaks, runs, done = [], 0, 0
        while done < POSTS:
            runs += 1
            site.append(mail(POSTS + runs, to="username+ops@example.com"))
            peaks.append(fetch(site, "--deadline", DEADLINE_S))
            assert len(other.requests) >= runs - 1  # in the run in which its mail came, or in the next
            assert len(hook.requests) > done
            done = len(hook.requests)

        print(f"{POSTS} posts in {runs} runs of {DEADLINE_S} s")
        assert runs > 1
        arrived = [int(re.findall(rb"Mail (\d+)", request.body)[0]) for request in hook.requests]
        assert arrived == list(range(1, POSTS + 1))
        assert max(peaks) < min(peaks) + 16_000
