"""Mails that end their reader, through the command: read three times, then set aside; the others do not wait."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from servers import require
from servers.dovecot import Dovecot, missing
from support import misread
from support.bad_reader import PROGRAM as BAD
from support.site import Site, mail

linux_only = pytest.mark.skipif(sys.platform != "linux", reason="/proc tells which child a process has")


@pytest.fixture(scope="module")
def dovecot(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Dovecot]:
    require(missing() or "Dovecot", not missing())
    with Dovecot(tmp_path_factory.mktemp("dovecot")) as server:
        yield server


class Clinic(Site):
    """A site whose reader does what a mail with `X-Bad` says; the installed command reads them with its own."""

    def __init__(
        self, folder: Path, server: Dovecot | None, *, reader: str = "wall_seconds = 2\ncpu_seconds = 1"
    ) -> None:
        super().__init__(folder, server, f"{folder.name}@example.com", more=f"[reader]\n{reader}\n")
        self.channel("dev")

    def take(self, what: str, number: int | str, *, safe: bool = True) -> bytes:
        """A mail at which the reader does `what` (nothing: a good one); without `safe` not in safe mode."""
        if not what:
            return mail(number)
        return f"X-Bad: {what}\r\n".encode() + (b"" if safe else b"X-Bad-Safe: no\r\n") + mail(number)

    def put(self, *whats: str, safe: bool = True) -> None:
        """Puts a mail for each into the inbox, numbered from 1."""
        for number, what in enumerate(whats, 1):
            self.append(self.take(what, number, safe=safe))

    def command(self, *arguments: str) -> list[str]:
        """The command line of a run with the bad reader."""
        return [sys.executable, misread.__file__, json.dumps(BAD), "--config", str(self.config), *arguments]

    def read_badly(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        """A run with the bad reader, to its end."""
        return subprocess.run(
            self.command(*arguments), env=self.env, capture_output=True, text=True, timeout=120, check=False
        )

    def begin(self, *arguments: str) -> subprocess.Popen[str]:
        """A run with the bad reader, while it lasts."""
        return subprocess.Popen(
            self.command(*arguments), env=self.env, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
        )

    def bodies(self) -> list[str]:
        """What was posted."""
        return sorted(delivery.post.body for delivery in self.deliveries() if delivery.state == "delivered")

    def states(self) -> list[tuple[str, int]]:
        """(state, attempts) of each message."""
        return [(entry.state, entry.attempts) for entry in self.messages()]


WAYS = {
    "hang": "reading took more than 2 s",
    "swell": "reading took more memory than allowed",
    "crash": "the reader was killed by SIGSEGV",
    "leave": "the reader ended with status 3",
    "fail": "reading failed: ZeroDivisionError: a bug of ours",
    "rubbish": "the answer of the reader makes no sense",
}


def test_bad_mails_are_set_aside_with_a_reason_and_good_ones_are_posted_in_the_same_run(
    tmp_path: Path, dovecot: Dovecot
) -> None:
    site = Clinic(tmp_path / "mixed", dovecot)
    site.put(*(each for what in WAYS for each in ("", what)), "")
    done = site.read_badly("fetch", "--deadline", "100")
    good = [f"This is mail {number}." for number in range(1, 2 * len(WAYS) + 2, 2)]
    assert site.bodies() == sorted(good)
    assert site.states() == [("read", 1), ("quarantined", 3)] * len(WAYS) + [("read", 1)]
    assert done.returncode == 65
    assert done.stderr.splitlines() == [
        f"mailpoll: message {number} is set aside: {reason}. `mailpoll messages show {number}` tells more."
        for number, reason in zip(range(2, 2 * len(WAYS) + 1, 2), WAYS.values(), strict=True)
    ]
    listed = json.loads(site.run("messages", "list", "--state", "quarantined", "--json").stdout)
    assert [entry["reason"] for entry in listed][::-1] == list(WAYS.values())
    shown = site.run("messages", "show", "2").stdout
    assert WAYS["hang"] in shown
    assert [flags for flags, _ in site.inbox().values()] == [frozenset({"\\Seen"}), frozenset()] * len(WAYS) + [
        frozenset({"\\Seen"})
    ], "what nobody could read is not marked as read"


def test_a_mail_that_takes_too_much_processor_time_is_set_aside_too(tmp_path: Path, dovecot: Dovecot) -> None:
    site = Clinic(tmp_path / "spun", dovecot, reader="wall_seconds = 60\ncpu_seconds = 1")
    site.put("spin", "")
    done = site.read_badly("fetch", "--deadline", "100")
    assert done.returncode == 65
    assert "message 1 is set aside: reading took more than 1 s of processor time." in done.stderr
    assert site.bodies() == ["This is mail 2."]


def test_what_was_set_aside_is_posted_when_it_is_tried_again_with_a_better_reader(
    tmp_path: Path, dovecot: Dovecot
) -> None:
    site = Clinic(tmp_path / "retried", dovecot)
    site.put("crash", "")
    assert site.read_badly("fetch").returncode == 65
    assert site.run("fetch").returncode == 0, "the trouble was told, and nothing is tried by itself"
    assert site.states() == [("quarantined", 3), ("read", 1)]
    assert site.run("messages", "retry", "1").returncode == 0
    assert site.states()[0] == ("accepted", 0)
    done = site.run("fetch")
    assert (done.returncode, done.stderr) == (0, "")
    assert site.bodies() == ["This is mail 1.", "This is mail 2."]


def test_safe_mode_posts_what_only_the_whole_mail_kills(tmp_path: Path, dovecot: Dovecot) -> None:
    site = Clinic(tmp_path / "safe", dovecot)
    site.put("leave", "", safe=False)
    done = site.read_badly("fetch")
    assert (done.returncode, done.stderr) == (0, "")
    assert site.states() == [("read", 3), ("read", 1)]
    assert site.bodies() == ["This is mail 1.", "This is mail 2."]
    assert "safe mode" in site.run("messages", "show", "1").stdout


def test_a_run_at_its_deadline_blames_no_mail(tmp_path: Path, dovecot: Dovecot) -> None:
    site = Clinic(tmp_path / "deadline", dovecot, reader="wall_seconds = 60")
    site.put("hang", "")
    done = site.read_badly("fetch", "--deadline", "4")
    assert "Traceback" not in done.stderr
    assert site.states() == [("accepted", 0)] * 2
    assert site.run("fetch").returncode == 0
    assert site.bodies() == ["This is mail 1.", "This is mail 2."]


def until(happened: Callable[[], object]) -> None:
    """Returns when something is so, which must be soon."""
    ends = time.monotonic() + 30
    while not happened():
        assert time.monotonic() < ends, "it did not happen in half a minute"
        os.sched_yield()


def children_of(pid: int) -> list[int]:
    """The processes that a process started."""
    try:
        return [
            int(child)
            for task in Path(f"/proc/{pid}/task").iterdir()
            for child in (task / "children").read_text().split()
        ]
    except FileNotFoundError:  # a thread ended meanwhile
        return []


def is_there(pid: int) -> bool:
    """Whether a process runs: a zombie does not."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False


def has_begun(site: Site, attempts: int) -> bool:
    return [entry.attempts for entry in site.messages() if entry.state == "accepted"] == [attempts]


@linux_only
def test_each_run_that_is_killed_during_a_reading_counts_and_the_fourth_reads_no_more(tmp_path: Path) -> None:
    site = Clinic(tmp_path / "killed", None, reader="wall_seconds = 60")
    (tmp_path / "bad.eml").write_bytes(site.take("hang", 1))
    commands = [("receive", "--to", "dev", str(tmp_path / "bad.eml")), ("fetch",), ("fetch",)]
    for attempt, arguments in enumerate(commands, 1):
        with site.begin(*arguments) as run:
            until(lambda attempt=attempt: has_begun(site, attempt))
            run.kill()
        assert site.states() == [("accepted", attempt)]
    done = site.run("fetch")
    assert done.returncode == 65
    assert "message 1 is set aside: the run ended each time this mail was read." in done.stderr
    assert site.states() == [("quarantined", 3)]
    assert site.run("messages", "retry", "1").returncode == 0
    assert site.run("fetch").returncode == 0
    assert site.bodies() == ["This is mail 1."]


@linux_only
def test_a_run_that_is_told_to_stop_takes_its_attempt_back_and_its_reader_along(tmp_path: Path) -> None:
    site = Clinic(tmp_path / "stopped", None, reader="wall_seconds = 60")
    (tmp_path / "bad.eml").write_bytes(site.take("hang", 1))
    with site.begin("receive", "--to", "dev", str(tmp_path / "bad.eml")) as run:
        until(lambda: has_begun(site, 1) and children_of(run.pid))
        [child] = children_of(run.pid)
        run.send_signal(signal.SIGTERM)
        run.communicate(timeout=30)
    assert site.states() == [("accepted", 0)]
    until(lambda: not is_there(child))


@linux_only
@pytest.mark.parametrize("what", ["spin", "hang"])
def test_no_reader_outlives_the_run_it_belongs_to(what: str, tmp_path: Path) -> None:
    """With a limit of ten minutes it would be there for all of them."""
    site = Clinic(tmp_path / what, None, reader="wall_seconds = 600\ncpu_seconds = 600")
    (tmp_path / "bad.eml").write_bytes(site.take(what, 1))
    with site.begin("receive", "--to", "dev", str(tmp_path / "bad.eml")) as run:
        until(lambda: has_begun(site, 1) and children_of(run.pid))
        [child] = children_of(run.pid)
        run.kill()
    until(lambda: not is_there(child))
