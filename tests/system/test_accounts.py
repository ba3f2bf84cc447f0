"""Many accounts in one run: what is slow, dead or refused holds up nobody else, and is named once."""

from __future__ import annotations

import json
import re
import subprocess
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

import pytest
from servers import free_port, require
from servers.dovecot import Dovecot, missing
from servers.http_receiver import Receiver, Request
from servers.scripted_imap import CLOSE, DRIP, HANG, ScriptedImap
from support.site import Site, mail

ACCOUNTS = 10
MAILS = 3
SICK = 2
DEADLINE_S = 6.0
# Measured at about 1.1; the rest is for machines that do ten things at once.
WORST_RATIO = 3.0


@pytest.fixture(scope="module")
def dovecot(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Dovecot]:
    require(missing() or "Dovecot", not missing())
    with Dovecot(tmp_path_factory.mktemp("dovecot"), extra_config="auth_failure_delay = 2 secs\n") as server:
        yield server


def section(name: str, port: int, user: str = "", *, password: str = "imap-password", timeout: float = 30) -> str:
    return (
        f'[account.{name}]\nhost = "127.0.0.1"\nport = {port}\ntls = "none"\ntimeout = {timeout}\n'
        f'username = "{user or name}@example.com"\npassword = {{ file = "{password}" }}\n'
    )


def filled(dovecot: Dovecot, users: Sequence[str]) -> None:
    for user in users:
        with dovecot.client(f"{user}@example.com") as client:
            for number in range(MAILS):
                client.append("INBOX", None, None, mail(f"{number}.{user}"))  # type: ignore[arg-type]


class Stamped(list[Request]):
    """Requests with the moment each arrived at."""

    def __init__(self) -> None:
        super().__init__()
        self.moments: list[float] = []

    def append(self, request: Request) -> None:
        self.moments.append(time.monotonic())
        super().append(request)


@dataclass(frozen=True)
class Timed:
    """A run: when its last post arrived, in seconds from its start, when it ended, and what it said."""

    last_post: float
    ended: float
    posts: int
    result: subprocess.CompletedProcess[str]


def timed(folder: Path, sections: Sequence[str], *more: str) -> Timed:
    with Receiver() as receiver:
        receiver.requests = stamped = Stamped()
        site = Site(folder, None, more="".join(sections))
        site.channel("dev", receiver.url)
        started = time.monotonic()
        result = site.run("fetch", *more)
        ended = time.monotonic() - started
    assert [d.state for d in site.deliveries()] == ["delivered"] * len(stamped)
    return Timed(stamped.moments[-1] - started, ended, len(stamped), result)


def test_slow_and_dead_accounts_do_not_hold_up_the_others(
    dovecot: Dovecot, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    users = [f"user{number}" for number in range(ACCOUNTS)]
    filled(dovecot, users)
    healthy = [section(user, dovecot.imap_port) for user in users]
    with ScriptedImap({"SELECT": DRIP}) as dripping, ScriptedImap(greeting=HANG) as dead:
        sick = [section("dripping", dripping.port), section("dead", dead.port)]
        # The sick ones first: whoever went through accounts in turn would begin with them.
        ill = timed(tmp_path / "ill", [*sick, *healthy[SICK:]], "-v", "--deadline", str(DEADLINE_S))
    well = timed(tmp_path / "well", healthy, "-v", "--deadline", str(DEADLINE_S))

    ratio = ill.last_post / well.last_post
    with capsys.disabled():
        print(f"\nlast post of {ACCOUNTS - SICK} accounts beside {SICK} sick ones: {ratio:.2f} × that of {ACCOUNTS}")
    assert well.result.returncode == 0
    assert (well.posts, ill.posts) == (ACCOUNTS * MAILS, (ACCOUNTS - SICK) * MAILS)
    assert ratio < WORST_RATIO
    assert ill.last_post < DEADLINE_S / 2
    assert ill.ended < DEADLINE_S + 3
    assert ill.result.returncode == 69
    for name in ("dripping", "dead"):
        said = [line for line in ill.result.stderr.splitlines() if f"account.{name}" in line]
        assert len(said) == 1, ill.result.stderr
        assert re.search(r"stopped: the time of this run is up|busy when the time of the run was up", said[0])
    assert len(ill.result.stderr.splitlines()) == SICK


THROTTLED = {"LOGIN": b"%s NO [THROTTLED] Too many requests, slow down\r\n"}
OVER_QUOTA = {"SELECT": b"%s NO [OVERQUOTA] Account exceeded command or bandwidth limits.\r\n"}
TEMPORARY = {"LOGIN": (b"%s NO [UNAVAILABLE] Temporary authentication failure.\r\n", b"%s OK done\r\n")}
SENTENCES = {
    "throttled": (69, r"the server takes no logins now: \[THROTTLED\] Too many requests, slow down"),
    "overquota": (69, r"the server cannot do it now: \[OVERQUOTA\] Account exceeded command or bandwidth limits"),
    "refused": (77, r"the server refused the login: .*Authentication failed"),
    "closed": (69, r"nothing listens there \(connection refused\)"),
    "well": (0, ""),
    "temporary": (0, ""),
    "greeted": (0, ""),
}


def test_each_account_is_named_once_with_its_own_trouble(dovecot: Dovecot, tmp_path: Path) -> None:
    filled(dovecot, ["well"])
    with ExitStack() as stack:
        throttled, over_quota, temporary = (
            stack.enter_context(ScriptedImap(answers))  # type: ignore[arg-type]
            for answers in (THROTTLED, OVER_QUOTA, TEMPORARY)
        )
        greeted = stack.enter_context(ScriptedImap(greeting=(CLOSE, b"* OK hello\r\n")))
        sections = [
            section("throttled", throttled.port),
            section("overquota", over_quota.port),
            section("refused", dovecot.imap_port, password="wrong-password"),
            section("closed", free_port()),
            section("temporary", temporary.port),
            section("greeted", greeted.port),
            section("well", dovecot.imap_port),
        ]
        (tmp_path / "site").mkdir()
        (tmp_path / "site" / "wrong-password").write_text("wrong-horse\n")
        (tmp_path / "site" / "wrong-password").chmod(0o600)
        run = timed(tmp_path / "site", sections, "--json")
        assert (throttled.connected, over_quota.connected) == (1, 1), "who is throttled is not asked again in the run"
        assert (temporary.connected, greeted.connected) == (2, 2)

    facts = json.loads(run.result.stdout)
    told = {account["account"]: account["error"] or "" for account in facts["accounts"]}
    assert set(told) == set(SENTENCES)
    for name, (_, says) in SENTENCES.items():
        assert re.search(says, told[name]) if says else told[name] == "", (name, told[name])
    assert run.result.returncode == 77
    assert run.posts == MAILS
    assert "wrong-horse" not in run.result.stdout + run.result.stderr
    # The two seconds of Dovecot for a wrong password, and the waits before another attempt, are nobody else's.
    assert run.last_post < 2.5


def test_whoever_is_refused_keeps_the_others_status_and_quiet(dovecot: Dovecot, tmp_path: Path) -> None:
    """As cron runs it: one line for the one that needs a person, nothing for the one that is only busy once."""
    filled(dovecot, ["quiet"])
    with ScriptedImap(THROTTLED) as throttled:  # type: ignore[arg-type]
        (tmp_path / "site").mkdir()
        (tmp_path / "site" / "wrong-password").write_text("wrong-horse\n")
        (tmp_path / "site" / "wrong-password").chmod(0o600)
        sections = [
            section("busy", throttled.port),
            section("refused", dovecot.imap_port, password="wrong-password"),
            section("quiet", dovecot.imap_port),
        ]
        run = timed(tmp_path / "site", sections)
    assert run.result.returncode == 77
    assert run.result.stdout == ""
    assert re.fullmatch(r"mailpoll: account\.refused .*refused the login.*\n", run.result.stderr)
