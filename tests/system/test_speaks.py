"""When the installed command speaks, started as cron starts it: what begins, lasts and ends, in real runs."""

from __future__ import annotations

import json
import re
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
from servers import require
from servers.dovecot import Dovecot, missing
from servers.http_receiver import Receiver
from servers.scripted_imap import ScriptedImap
from support.mishap import CANARY, SECOND_PASSWORD, Mishap

MOMENT = r"\d{4}-\d\d-\d\d \d\d:\d\d"
LEFT_ALONE = (
    r"It is tried again after \d\d:\d\d:\d\d, when the settings or the password change, or now by: "
    r"mailpoll fetch --now"
)
REFUSED = (
    r"account\.main \(localhost:\d+\): the server refused the login: .*Authentication failed\. "
    rf"Check username and password; many providers want an app password for IMAP\. {LEFT_ALONE}"
)


@pytest.fixture(scope="module")
def dovecot(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Dovecot]:
    require(missing() or "Dovecot", not missing())
    with Dovecot(tmp_path_factory.mktemp("dovecot"), extra_config=SECOND_PASSWORD) as server:
        yield server


def fetch(site: Mishap, *arguments: str) -> tuple[int, list[str]]:
    """The exit status of a run of cron's, and what it mails."""
    result = site.run("fetch", *arguments)
    assert result.stdout == ""
    return result.returncode, [line.removeprefix("mailpoll: ") for line in result.stderr.splitlines()]


def says(said: tuple[int, list[str]], status: int, *lines: str) -> bool:
    """Whether a run ended with `status` and said just these lines (regular expressions)."""
    matched = [re.fullmatch(wanted, line) for wanted, line in zip(lines, said[1], strict=False)]
    return said[0] == status and len(lines) == len(said[1]) and all(matched)


def by_default(site: Mishap) -> None:
    """Takes back that one run is enough."""
    site.config.write_text(site.config.read_text().replace("alert_after = 1\n", ""))


def yesterday(site: Mishap) -> None:
    """What was told was told a day ago."""
    with closing(sqlite3.connect(site.database)) as connection, connection:
        connection.execute("UPDATE trouble SET told_at = datetime(told_at, '-1 day')")


def test_a_wrong_password_speaks_once_a_day_and_is_not_tried_again(dovecot: Dovecot, tmp_path: Path) -> None:
    site = Mishap(tmp_path / "password", dovecot)
    site.secret.write_text(f"wrong-{CANARY}")
    assert says(fetch(site), 77, REFUSED)
    assert fetch(site) == (77, [])
    yesterday(site)
    assert says(fetch(site), 77, f"since {MOMENT}: {REFUSED}")
    assert fetch(site) == (77, [])
    told = json.loads(site.run("fetch", "--json").stdout)
    assert [(t["about"], t["status"]) for t in told["troubles"]] == [("account.main", 77)]
    site.put_right()  # another password: no need to wait
    assert says(fetch(site), 0, rf"account\.main works again, after \d+ s \(since {MOMENT}\)")
    assert fetch(site) == (0, [])
    site.assert_all_delivered_once()


def test_a_refused_login_is_not_even_tried_until_somebody_says_now(dovecot: Dovecot, tmp_path: Path) -> None:
    with ScriptedImap({"LOGIN": b"%s NO [AUTHENTICATIONFAILED] no\r\n"}) as server:
        site = Mishap(tmp_path / "now", dovecot)
        site.change(host=f'"{server.host}"', port=str(server.port))
        tries = []
        for arguments in ((), (), ("-v",), ("--now",), ()):
            assert site.run("fetch", *arguments).returncode == 77
            tries.append(sum(command.startswith("LOGIN") for command in server.commands))
    assert tries == [1, 1, 1, 2, 2]


def test_now_tries_what_waits_for_a_destination(dovecot: Dovecot, tmp_path: Path) -> None:
    with Receiver(503, 503, 200) as receiver:
        site = Mishap(tmp_path / "waits", dovecot, "hook", hook=receiver.url)
        by_default(site)
        assert fetch(site) == (75, [])
        assert fetch(site) == (75, [])
        assert len(receiver.requests) == 1
        assert fetch(site, "--now") == (75, [])
        assert fetch(site, "--now") == (0, [])
        assert len(receiver.requests) == 3
    site.assert_all_delivered_once()


def test_a_server_that_takes_nobody_is_told_after_five_runs(dovecot: Dovecot, tmp_path: Path) -> None:
    site = Mishap(tmp_path / "away", dovecot)
    by_default(site)
    good = site.config.read_text()
    with ScriptedImap(greeting=b"* BYE [THROTTLED] slow down\r\n") as server:
        site.change(host=f'"{server.host}"', port=str(server.port))
        for _ in range(4):
            assert fetch(site) == (69, [])
        away = rf"account\.main \(127\.0\.0\.1:{server.port}\): the server takes no connections now: .*"
        assert says(fetch(site), 69, away)
        assert fetch(site) == (69, [])
        assert re.fullmatch(f"mailpoll: {away}\n", site.run("fetch", "-v").stderr)
    site.config.write_text(good)
    assert says(fetch(site), 0, r"account\.main works again, .*")
    site.assert_all_delivered_once()


def test_a_paused_destination_speaks_once_a_day_while_posts_wait(dovecot: Dovecot, tmp_path: Path) -> None:
    with Receiver(401, 200) as receiver:
        site = Mishap(tmp_path / "paused", dovecot, "hook", hook=receiver.url)
        paused = r"destination\.hook \(.*\) is paused, its posts wait: answered 401: .*mailpoll destination resume hook"
        assert says(fetch(site), 77, paused)
        site.send()
        assert fetch(site) == (77, [])
        yesterday(site)
        assert says(fetch(site), 77, f"since {MOMENT}, 2 posts waiting: {paused}")
        assert site.run("destination", "resume", "hook").returncode == 0
        assert says(fetch(site), 0, r"destination\.hook works again, .*")
    site.assert_all_delivered_once()


def test_a_mistake_in_the_configuration_does_not_mail_each_minute(dovecot: Dovecot, tmp_path: Path) -> None:
    site = Mishap(tmp_path / "typo", dovecot)
    site.config.write_text(site.config.read_text().replace("alert_after", "alert_afer"))
    first = fetch(site)
    assert (first[0], len(first[1])) == (78, 2)
    assert fetch(site) == (78, [])
    assert len(site.run("fetch", "-v").stderr.splitlines()) == 2
    memory = site.folder / "troubles.json"
    assert memory.stat().st_mode & 0o777 == 0o600
    assert CANARY not in memory.read_text()
    site.put_right()
    assert site.run("fetch", "--json").stderr == ""
    assert says(fetch(site), 0, r"the configuration can be used again, .*")
    assert fetch(site) == (0, [])
    assert json.loads(memory.read_text()) == {}
    site.assert_all_delivered_once()


def test_receive_speaks_each_time(dovecot: Dovecot, tmp_path: Path) -> None:
    with Receiver(503) as receiver:
        site = Mishap(tmp_path / "receive", dovecot, "hook", hook=receiver.url)
        by_default(site)
        for number in (1, 2):
            mail = site.folder / f"{number}.eml"
            mail.write_bytes(next(raw for _, raw in site.inbox().values()).replace(b"mail 1", b"mail %d" % number))
            result = site.run("receive", str(mail))
            assert result.returncode == 75
            assert "answered 503" in result.stderr
            site.make_due()


def test_two_configurations_of_one_user_share_a_store_and_no_trouble(dovecot: Dovecot, tmp_path: Path) -> None:
    site = Mishap(tmp_path / "shared", dovecot)
    other, wrong = site.folder / "other.toml", site.folder / "other-password"
    wrong.write_text(f"wrong-{CANARY}")
    wrong.chmod(0o600)
    good = site.config.read_text()
    other.write_text(good.replace("[account.main]", "[account.second]").replace("imap-password", wrong.name))
    other.chmod(0o600)

    def second() -> tuple[int, list[str]]:
        result = site.run("--config", str(other), "fetch")
        return result.returncode, [line.removeprefix("mailpoll: ") for line in result.stderr.splitlines()]

    assert fetch(site) == (0, [])
    assert says(second(), 77, REFUSED.replace("main", "second"))
    with closing(sqlite3.connect(site.database)) as connection:
        refused = connection.execute("SELECT * FROM refusal").fetchall()
        for _ in range(2):
            site.send()
            assert fetch(site) == (0, [])
            assert second() == (77, [])
        assert connection.execute("SELECT * FROM refusal").fetchall() == refused  # it was not tried again
    wrong.write_bytes(site.secret.read_bytes())
    assert says(second(), 0, r"account\.second works again, .*")


def test_a_run_that_is_stopped_tells_what_failed_before(dovecot: Dovecot, tmp_path: Path) -> None:
    with Receiver(422, 200) as receiver:
        site = Mishap(tmp_path / "stopped", dovecot, "hook", hook=receiver.url)
        with closing(sqlite3.connect(site.database)) as connection, connection:
            connection.execute("DROP TABLE trouble")  # what a run looks into last
        status, lines = fetch(site)
        assert status != 0
        assert sum("post 1 failed: answered 422" in line for line in lines) == 1
