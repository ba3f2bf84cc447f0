"""A flood to one channel: mail of another is not kept waiting, limits are told once, nothing is lost.

MAILPOLL_LONG=1 makes it fifty thousand mails under the deadline of cron, and tells the figures.
"""

from __future__ import annotations

import os
import pwd
import re
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from servers import require
from servers.dovecot import Dovecot, missing
from servers.http_receiver import Receiver
from support.site import MAILPOLL, Site, mail

LONG = os.environ.get("MAILPOLL_LONG") == "1"
FLOOD, DEADLINE_S = (50_000, 50) if LONG else (6_500, 40)
MOST_RUNS = 60

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


def flood(maildir: Path, count: int) -> None:
    """Writes `count` mails to the channel dev as files, in their order, then one to ops; APPEND would take minutes."""
    for name in ("cur", "new", "tmp"):
        (maildir / name).mkdir(parents=True)
    pattern = mail("NUMBER", text=f"This is mail NUMBER. {'More of it. ' * 100}").replace(b"\r\n", b"\n")
    now = int(time.time())
    for number in range(1, count + 2):
        raw = pattern.replace(b"NUMBER", str(number).encode())
        raw = raw if number <= count else raw.replace(b"username+dev@", b"username+ops@")
        (maildir / "new" / f"{now - 1800 + number // 100}.M{number:06}P1.flood").write_bytes(raw)
    if os.getuid() == 0:
        nobody = pwd.getpwnam("nobody")
        for path in (maildir, *maildir.rglob("*")):
            os.chown(path, nobody.pw_uid, nobody.pw_gid)


def fetch(site: Site, deadline_s: float) -> tuple[int, str, int]:
    """A run as cron starts it: its status, what it said, and the peak of its memory in kB."""
    command = [sys.executable, "-c", MEASURE, str(MAILPOLL), "--config", str(site.config)]
    result = subprocess.run(
        [*command, "fetch", "--deadline", str(deadline_s)],
        env=site.env, capture_output=True, text=True, check=False, timeout=180,
    )  # fmt: skip
    return result.returncode, result.stderr, int(result.stdout.split()[-1])


def numbers(site: Site, channel: str) -> list[int]:
    """The numbers of the mails with a post to `channel`, in the order of the store."""
    posts = sorted((d for d in site.deliveries() if d.post.channel == channel), key=lambda each: each.id)
    return [int(re.findall(r"\d+", each.post.topic)[0]) for each in posts]


def test_a_mail_behind_a_flood_comes_long_before_its_end_and_nothing_is_lost(dovecot: Dovecot, tmp_path: Path) -> None:
    site = Site(tmp_path, dovecot, "flood@example.com")
    flood(dovecot.maildir(site.user), FLOOD)
    site.channel("dev")
    site.channel("ops")
    runs, posted, peaks, begun = 0, 0, [], time.monotonic()
    while len(found := numbers(site, "dev")) < FLOOD or not posted:
        runs += 1
        assert runs < MOST_RUNS
        status, said, peak = fetch(site, DEADLINE_S)
        assert (status, said) == (0, "")
        peaks.append(peak // 1024)
        posted = posted or (runs if numbers(site, "ops") else 0)
        print(f"run {runs}: {time.monotonic() - begun:.1f} s, {peaks[-1]} MB, {len(found)} posts before", flush=True)

    [other] = (each for each in site.deliveries() if each.post.channel == "ops")
    before = sum(each.id < other.id for each in site.deliveries())
    print(f"{FLOOD} mails in {runs} runs of {DEADLINE_S} s; the other one in run {posted}, behind {before} of them")
    assert posted <= 2
    assert before < FLOOD // 2
    assert numbers(site, "dev") == list(range(1, FLOOD + 1))
    assert numbers(site, "ops") == [FLOOD + 1]
    assert max(peaks) < 150
    fetch(site, DEADLINE_S)
    assert all("\\Seen" in flags for flags, _ in site.inbox().values())


def test_a_limit_keeps_a_flood_back_and_nothing_else_and_says_so(dovecot: Dovecot, tmp_path: Path) -> None:
    with Receiver() as receiver:
        site = Site(
            tmp_path, dovecot, "limit@example.com",
            more=f'[destination.hook]\nkind = "webhook"\nurl = "{receiver.url}/hook"\n[policy]\nrate = "20/1h"\n',
        )  # fmt: skip
        flood(dovecot.maildir(site.user), 60)
        site.channel("dev", "hook")
        site.channel("ops", "hook")
        first = site.run("fetch")
        second = site.run("fetch")
        status = site.run("status")

    told = re.fullmatch(
        r"mailpoll: channel\.dev: 40 mails wait since \d\d:\d\d: no more than 20 an hour leave\n", first.stderr
    )
    assert told is not None, first.stderr
    assert (first.returncode, second.returncode, second.stderr) == (0, 0, "")
    assert told[0].removeprefix("mailpoll: channel.dev: ").split(" since ")[0] in status.stdout
    posted = [request.json["subject"] for request in receiver.requests]
    assert sorted(posted) == sorted([f"Mail {number}" for number in range(1, 21)] + ["Mail 61"])
    waiting = [delivery for delivery in site.deliveries() if delivery.state == "pending"]
    assert [(each.attempts, each.error) for each in waiting] == [(0, "")] * 40
