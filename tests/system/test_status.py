"""`mailpoll status`: what it shows, what --max-age calls too old, and that it only looks."""

from __future__ import annotations

import json
import re
import subprocess
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from support.command_line import CommandLine, post
from support.site import CRON, MAILPOLL, Site

from mailpoll.model import Facts, Pause, RawMessage, Reading, Receipt, Trouble

ACCOUNT = """
[account.main]
host = "imap.example.com"
username = "username@example.com"
password = { file = "not-there" }
folders = ["INBOX", "Lists"]
"""
HOOK = '[destination.hook]\nkind = "webhook"\nurl = "https://hooks.example.com/KEY"\n'


@pytest.fixture
def mailpoll(tmp_path: Path) -> CommandLine:
    return CommandLine(tmp_path, ACCOUNT + HOOK)


def ago(**length: float) -> datetime:
    return datetime.now(UTC) - timedelta(**length)


def polled(line: CommandLine, folder: str, moment: datetime, uidvalidity: int = 1) -> None:
    """A run looked through the folder."""
    with line.store() as store:
        position = store.ledger.position("main", folder, uidvalidity, margin_s=0, overlap_s=0)
        store.ledger.polled(position.folder_id, 0, moment)


def all_polled(line: CommandLine) -> None:
    for folder in ("INBOX", "Lists"):
        polled(line, folder, ago(seconds=1))


def waiting(line: CommandLine, since: datetime, state: str = "pending", destination: str = "hook") -> int:
    """A post that came into being at `since`; returns its number."""
    with line.store() as store:
        raw = RawMessage(None, None, (f"Subject: {since}\r\n\r\n".encode(),))
        [message_id] = store.ledger.accept([raw], since)
        store.ledger.record([(message_id, Reading("posted", "", Facts(str(since)), (post(destination),)))], since)
        [delivery] = store.outbox.list(message_id=message_id)
        if state != "pending":
            assert store.outbox.claim(delivery, since)
        if state == "delivered":
            store.outbox.delivered(delivery, Receipt(), since)
        elif state == "failed":
            store.outbox.failed(delivery, "refused", since)
        elif state == "uncertain":
            store.outbox.uncertain(delivery, None, "no answer", since)
        return delivery.id


def kept(line: CommandLine, outcome: str, since: datetime, count: int = 1) -> None:
    """Mails that wait for a person since then."""
    with line.store() as store:
        for number in range(count):
            [message_id] = store.ledger.accept([RawMessage(None, None, (f"{outcome}{number}".encode(),))], since)
            store.ledger.record([(message_id, Reading(outcome, "because", Facts(f"{outcome}{number}")))], since)  # type: ignore[arg-type]


def line_of(out: str, name: str) -> str:
    [found] = re.findall(rf"(?m)^{re.escape(name)} +(.*)$", out)
    return str(found)


def test_an_installation_that_never_ran_says_so(mailpoll: CommandLine) -> None:
    out = mailpoll.ok("status").out
    assert line_of(out, "account.main") == "no run has looked there yet; `mailpoll fetch -v` does"
    assert line_of(out, "destination.hook") == "nothing delivered yet"
    assert line_of(out, "mails") == "all are read, none is held"


def test_the_folder_that_was_looked_at_longest_ago_counts(mailpoll: CommandLine) -> None:
    polled(mailpoll, "INBOX", ago(seconds=5))
    assert re.fullmatch(
        r"folder Lists never polled; `mailpoll doctor` looks why; last success of the others [56] s ago \(2.*\)",
        line_of(mailpoll.ok("status").out, "account.main"),
    )
    assert mailpoll("status", "--max-age", "10m").out.startswith("TOO OLD: account.main: folder Lists never polled\n")
    assert mailpoll.ok("status", "--json").json["accounts"] == [
        {"name": "main", "last_success": None, "never_polled": ["Lists"]}
    ]
    polled(mailpoll, "Lists", ago(hours=3.5))
    assert line_of(mailpoll.ok("status").out, "account.main").startswith("last success 3 h ago (2")
    polled(mailpoll, "Lists", ago(minutes=5.5), uidvalidity=2)  # renumbered since
    assert line_of(mailpoll.ok("status").out, "account.main").startswith("last success 5 min ago (2")
    polled(mailpoll, "Dropped from the configuration", ago(days=9))
    assert line_of(mailpoll.ok("status").out, "account.main").startswith("last success 5 min ago (2")


def test_a_destination_tells_what_it_took_and_what_it_did_not(mailpoll: CommandLine) -> None:
    for state, moment in (
        ("delivered", ago(days=2.5)),
        ("delivered", ago(hours=2.5)),
        ("pending", ago(minutes=30.5)),
        ("pending", ago(minutes=3)),
        ("failed", ago(days=1)),
        ("uncertain", ago(days=9)),
    ):
        waiting(mailpoll, moment, state)
    with mailpoll.store() as store:
        store.outbox.pause(Pause("hook", "the server answered 401", ago(hours=1)))
    out = mailpoll.ok("status").out
    assert line_of(out, "destination.hook") == (
        "last delivered 2 h ago; 2 waiting, the oldest for 30 min; 1 uncertain; 1 failed"
    )
    resume = "mailpoll destination resume hook"
    assert re.search(rf"(?m)^ +paused since 2\S+ \S+: the server answered 401. Then: {resume}$", out)


def test_a_pause_that_runs_tell_of_is_told_once(mailpoll: CommandLine) -> None:
    pause = Pause("hook", "the server answered 401", ago(hours=1))
    sentence = "hook is paused, its posts wait: the server answered 401. Then: mailpoll destination resume hook"
    with mailpoll.store() as store:
        store.outbox.pause(pause)
        store.troubles.save([Trouble("destination.hook", 77, sentence, 9, ago(hours=1))])
    out = mailpoll.ok("status").out
    assert out.count("the server answered 401") == 1
    assert "mailpoll destination resume hook" in out


def test_a_url_is_shown_without_its_key(mailpoll: CommandLine) -> None:
    waiting(mailpoll, ago(seconds=1), destination="https://chat.example.com/hooks/KEY")
    for said in (mailpoll.ok("status"), mailpoll.ok("status", "--json"), mailpoll("status", "--max-age", "0s")):
        assert "https://chat.example.com/…" in said.out
        assert "KEY" not in said.out


def test_mails_that_wait_for_a_person_are_counted(mailpoll: CommandLine) -> None:
    kept(mailpoll, "unrouted", ago(days=1), 2)
    kept(mailpoll, "quarantined", ago(days=1))
    kept(mailpoll, "ignored", ago(days=1))
    with mailpoll.store() as store:
        store.ledger.accept([RawMessage(None, None, (b"new",))], ago(seconds=1))
    assert line_of(mailpoll.ok("status").out, "mails") == "1 not read yet, 2 unrouted, 1 quarantined"


def test_what_retention_lets_go_within_two_days_is_told(mailpoll: CommandLine) -> None:
    kept(mailpoll, "quarantined", ago(days=28, hours=5), 3)
    kept(mailpoll, "unrouted", ago(days=27))
    waiting(mailpoll, ago(days=29), "failed")
    out = mailpoll.ok("status").out
    day = f"{ago(days=28, hours=5) + timedelta(days=30):%-d %b}"
    assert line_of(out, "retention") == (
        f"3 quarantined mails will be let go from {day} on; see `mailpoll messages list --state quarantined`"
    )
    assert "1 mail with an unfinished post will be let go from" in out
    assert "unrouted mail" not in out
    told = {each["state"]: each["count"] for each in mailpoll.ok("status", "--json").json["letting_go"]}
    assert told == {"quarantined": 3, "read": 1}


def test_a_trouble_stands_with_what_it_is_about(mailpoll: CommandLine) -> None:
    with mailpoll.store() as store:
        began = ago(hours=2)
        store.troubles.save(
            [
                Trouble("account.main", 77, "account.main: the server refused the login.", 9, began),
                Trouble("the store", 69, "the disk is full.", 2, began),
                Trouble("channel.c", 0, "channel.c: 10 mails wait since 14:02: no more than 1 leave", 2, began),
            ]
        )
    out = mailpoll.ok("status").out.splitlines()
    [first] = [number for number, line in enumerate(out) if line.startswith("account.main ")]
    assert re.fullmatch(r" +in trouble since 2.*: account\.main: the server refused the login\.", out[first + 1])
    assert re.fullmatch(r"the store +in trouble since 2.*: the disk is full\.", out[-1])
    assert re.fullmatch(r"channel\.c +10 mails wait since 14:02: no more than 1 leave", out[-2])
    told = mailpoll.ok("status", "--json").json["troubles"]
    assert [(each["about"], each["status"], each["runs"]) for each in told] == [
        ("account.main", 77, 9),
        ("channel.c", 0, 2),
        ("the store", 69, 2),
    ]


# What is the case · what --max-age 10m says of it
OLD = {
    "account that never succeeded": (lambda line: None, "account.main: never succeeded"),
    "account that succeeded long ago": (
        lambda line: [polled(line, folder, ago(hours=3.5)) for folder in ("INBOX", "Lists")],
        "account.main: last success 3 h ago",
    ),
    "post that waits": (
        lambda line: (all_polled(line), waiting(line, ago(minutes=12.5))),
        "destination.hook: a post has waited for 12 min",
    ),
    "mail that was not read": (
        lambda line: (all_polled(line), unread(line)),
        "a mail has waited to be read for 15 min",
    ),
}
FINE = {
    "all well": lambda line: None,
    "young post": lambda line: waiting(line, ago(minutes=9)),
    "old failed post": lambda line: waiting(line, ago(hours=1), "failed"),
    "post that waits for a person": lambda line: waiting(line, ago(hours=1), "uncertain"),
    "old held mail": lambda line: kept(line, "held", ago(hours=1)),
}


def unread(line: CommandLine) -> None:
    with line.store() as store:
        store.ledger.accept([RawMessage(None, None, (b"new",))], ago(minutes=15.5))


@pytest.mark.parametrize("name", OLD)
def test_what_is_too_old_ends_with_status_1(name: str, mailpoll: CommandLine) -> None:
    upset, words = OLD[name]
    upset(mailpoll)  # type: ignore[no-untyped-call]
    said = mailpoll("status", "--max-age", "10m")
    assert (said.status, said.out.splitlines()[0]) == (1, f"TOO OLD: {words}")
    told = mailpoll("status", "--max-age", "10m", "--json")
    assert (told.status, told.json["ok"], told.json["too_old"]) == (1, False, [words])
    assert mailpoll("status").status == 0


@pytest.mark.parametrize("name", FINE)
def test_what_is_not_too_old_ends_with_status_0(name: str, mailpoll: CommandLine) -> None:
    all_polled(mailpoll)
    FINE[name](mailpoll)  # type: ignore[no-untyped-call]
    assert mailpoll.ok("status", "--max-age", "10m").out.startswith("OK: nothing is too old\n")


@pytest.mark.parametrize("age", ["10", "soon", "", "-5m"])
def test_a_length_of_time_that_is_none_is_wrong_usage(age: str, mailpoll: CommandLine) -> None:
    said = mailpoll("status", "--max-age", age)
    assert said.status == 2
    assert 'like "90s", "5m"' in said.err


def test_json_is_complete_with_moments_in_iso_8601(mailpoll: CommandLine) -> None:
    all_polled(mailpoll)
    waiting(mailpoll, ago(minutes=30))
    told = mailpoll.ok("status", "--json").json
    assert datetime.fromisoformat(told["accounts"][0]["last_success"]) > ago(minutes=1)
    [hook] = [each for each in told["destinations"] if each["name"] == "hook"]
    assert (hook["waiting"], hook["paused_since"], hook["last_delivered"]) == (1, None, None)
    assert datetime.fromisoformat(hook["oldest_waiting"]) < ago(minutes=29)
    assert told["messages"] == {"accepted": 0, "held": 0, "unrouted": 0, "quarantined": 0}


def test_without_an_account_and_without_a_store_it_works_and_makes_nothing(tmp_path: Path) -> None:
    line = CommandLine(tmp_path)
    (tmp_path / "state" / "mailpoll.db").unlink()
    said = line.ok("status", "--max-age", "1m")
    assert f"store  not made yet: {tmp_path}/state/mailpoll.db" in said.out
    assert line.ok("status", "--json").json["destinations"] == []
    assert list((tmp_path / "state").iterdir()) == []


@pytest.fixture
def site(tmp_path: Path) -> Site:
    return Site(tmp_path, None, more=HOOK)


def test_the_text_file_for_prometheus_that_is_documented_holds_metrics(mailpoll: CommandLine) -> None:
    page = (Path(__file__).parents[2] / "docs" / "how-to" / "monitoring.md").read_text()
    [script] = [block for block in re.findall(r"(?ms)^```sh\n(.*?)^```", page) if "mailpoll.prom" in block]
    all_polled(mailpoll)
    waiting(mailpoll, ago(minutes=1))
    kept(mailpoll, "unrouted", ago(minutes=1), 2)
    env = {**CRON, "PATH": f"{MAILPOLL.parent}:{CRON['PATH']}", "MAILPOLL_CONFIG": str(mailpoll.config)}
    target = mailpoll.folder / "mailpoll.prom"
    subprocess.run(
        ["sh", "-c", script.replace("/var/lib/node_exporter/mailpoll.prom", str(target))], env=env, check=True
    )
    lines = target.read_text().splitlines()
    assert {re.fullmatch(r'[a-z_]+\{([a-z]+="[^"]+",?)+\} \d+', line) is None for line in lines} == {False}
    assert 'mailpoll_posts{destination="hook",state="waiting"} 1' in lines
    assert 'mailpoll_mails{state="unrouted"} 2' in lines
    assert re.match(r'mailpoll_last_success_age_seconds\{account="main"\} \d', lines[0])


def test_the_installed_command_looks_while_a_run_is_at_work_and_writes_nothing(site: Site) -> None:
    from mailpoll.store import run_lock

    site.channel("dev", "hook")
    before = (site.folder / "mailpoll.db").read_bytes()
    lock = run_lock(site.url)
    assert lock.acquire()
    try:
        result = site.run("status", "--json", "--max-age", "10m")
    finally:
        lock.release()
    assert (result.returncode, result.stderr) == (0, "")
    assert [each["name"] for each in json.loads(result.stdout)["destinations"]] == ["hook"]
    assert (site.folder / "mailpoll.db").read_bytes() == before


def test_what_stopped_whole_runs_is_shown(tmp_path: Path) -> None:
    site = Site(tmp_path / "site", None)
    database = site.folder / "mailpoll.db"
    octets = database.read_bytes()
    database.write_bytes(b"no database at all" * 1000)
    assert site.run("fetch").returncode != 0
    database.write_bytes(octets)
    shown = site.run("status").stdout
    assert line_of(shown, "store").startswith("in trouble since ")
    [trouble] = json.loads(site.run("status", "--json").stdout)["troubles"]
    assert (trouble["about"], trouble["runs"]) == ("store", 1)
    assert site.run("fetch").returncode == 0
    assert "in trouble" not in site.run("status").stdout


def test_a_person_need_not_name_the_configuration_that_cron_names(tmp_path: Path) -> None:
    site = Site(tmp_path / "home" / ".config" / "mailpoll", None)
    site.config.write_text(site.config.read_text() + "[reader]\ncpu_seconds = 0\n")
    assert site.run("fetch").returncode == 78
    site.config.write_text(site.config.read_text().replace("cpu_seconds = 0", ""))
    env = {**site.env, "HOME": str(tmp_path / "home")}
    done = subprocess.run([MAILPOLL, "status"], env=env, capture_output=True, text=True, check=False)
    assert "in trouble since" in line_of(done.stdout, "configuration")
