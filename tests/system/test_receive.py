"""Mail from files and pipes: statuses that a mail server understands, nothing lost, what waits is posted by any run."""

from __future__ import annotations

import json
import re
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from servers import free_port
from servers.http_receiver import HELD, Receiver
from support import hindered
from support.command_line import NOW, CommandLine
from support.mishap import checked
from support.site import CRON, MAILPOLL, Site, mail

from mailpoll import config, destinations
from mailpoll.commands import crash, runs
from mailpoll.model import Pause, Rest

SMALL = "[fetch]\nmax_message_size = 5000\n"


@pytest.fixture
def site(tmp_path: Path) -> Site:
    """No inbox; a channel that posts to the store, and a mail in a file."""
    site = Site(tmp_path / "site", None)
    site.channel("dev")
    (site.folder / "1.eml").write_bytes(mail(1))
    return site


def piped(site: Site, raw: bytes, *arguments: str) -> Any:
    """`mailpoll receive -`, as a mail server starts it."""
    command = [str(MAILPOLL), "--config", str(site.config), "receive", "-", *arguments]
    done = subprocess.run(command, input=raw, capture_output=True, env=CRON, timeout=60, check=False)
    return checked(subprocess.CompletedProcess(command, done.returncode, done.stdout.decode(), done.stderr.decode()))


def receiving(site: Site, to: str) -> Any:
    """The same while it runs."""
    command = [str(MAILPOLL), "--config", str(site.config), "receive", "-", "--to", to]
    return subprocess.Popen(command, stdin=subprocess.PIPE, env=CRON)


def wait_for(happened: Callable[[], object]) -> None:
    until = time.monotonic() + 20
    while not happened() and time.monotonic() < until:
        time.sleep(0.01)


def break_lock(site: Site) -> None:
    """The run cannot begin: the place of its lock is taken."""
    Path(f"{site.folder / 'mailpoll.db'}.lock").mkdir()


def break_config(site: Site) -> None:
    site.config.write_text(site.config.read_text() + "[fetsh]\n")


def break_store(site: Site) -> None:
    (site.folder / "mailpoll.db").write_bytes(b"no database\n" * 1000)


def remove_config(site: Site) -> None:
    site.config.unlink()


class TestPipe:
    @pytest.mark.parametrize("upset", [break_config, remove_config, break_store])
    def test_what_is_wrong_before_the_mail_is_stored_makes_a_mail_server_try_again(
        self, site: Site, upset: Callable[[Site], None]
    ) -> None:
        upset(site)
        done = piped(site, mail(1))
        assert (done.returncode, done.stdout) == (75, "")
        assert done.stderr.startswith("mailpoll: ")

    @pytest.mark.parametrize(("to", "says"), [("nope", "there is no channel nope"), ("a@b.example", "none of our")])
    def test_a_channel_that_is_missing_does_too(self, site: Site, to: str, says: str) -> None:
        done = piped(site, mail(1), "--to", to)
        assert done.returncode == 75
        assert says in done.stderr
        assert site.messages() == ()

    def test_an_empty_mail_does_too(self, site: Site) -> None:
        done = piped(site, b"")
        assert (done.returncode, done.stderr) == (75, "mailpoll: standard input: there is no mail: not a single byte\n")

    @pytest.mark.parametrize("hindrance", [{"pages": 0}, {"patience": 0.1}], ids=["disk full", "locked"])
    @pytest.mark.parametrize(("name", "status"), [("-", 75), ("1.eml", 69)])
    def test_a_store_that_takes_nothing_now_does_too(
        self, site: Site, hindrance: dict[str, float], name: str, status: int
    ) -> None:
        (site.folder / "1.eml").write_bytes(mail(1, size=9_000))
        command = [sys.executable, hindered.__file__, json.dumps(hindrance), "--config", str(site.config)]
        with closing(sqlite3.connect(site.folder / "mailpoll.db")) as other:
            if "patience" in hindrance:
                other.execute("BEGIN EXCLUSIVE")
            done = subprocess.run(
                [*command, "receive", name], input=mail(1, size=9_000), cwd=site.folder, env=CRON,
                capture_output=True, timeout=60, check=False,
            )  # fmt: skip
        assert done.returncode == status, done.stderr
        assert done.stderr.startswith(b"mailpoll: ")

    def test_once_the_mail_is_stored_all_is_well_for_the_mail_server(self, site: Site) -> None:
        break_lock(site)
        done = piped(site, mail(1))
        assert done.returncode == 0
        assert "the lock file cannot be opened" in done.stderr
        assert [message.state for message in site.messages()] == ["accepted"]

    def test_a_dead_hook_is_said_and_no_reason_to_send_the_mail_back(self, site: Site) -> None:
        site.channel("hook", f"http://127.0.0.1:{free_port()}/")
        done = piped(site, mail(1), "--to", "hook")
        assert done.returncode == 0
        assert "tried again by the coming runs" in done.stderr

    def test_nor_is_a_bug(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        def bug(*_: object, **__: object) -> None:
            raise KeyError("surprise")

        monkeypatch.setenv("STATE_DIRECTORY", str(tmp_path))
        monkeypatch.setattr(crash, "_folder", crash._folder)
        monkeypatch.setattr(runs, "execute", bug)
        said = CommandLine(tmp_path)("receive", "-", input=mail(1))
        assert said.status == 0
        assert f"this is a bug: KeyError: 'surprise'. The traceback is in {tmp_path}" in said.err

    @pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT], ids=str)
    def test_nor_is_a_machine_that_goes_down(self, site: Site, number: signal.Signals) -> None:
        with Receiver(HELD) as hook:
            site.channel("hook", hook.url)
            with receiving(site, "hook") as process:
                process.stdin.write(mail(1))
                process.stdin.close()
                wait_for(lambda: hook.requests)
                process.send_signal(number)
                assert process.wait(30) == 0
            hook.let_go.set()
        with receiving(site, "dev") as process:
            process.stdin.write(mail(2)[:20])
            process.stdin.flush()
            wait_for(lambda: (site.folder / "mailpoll.db-wal").exists() or process.poll() is not None)
            process.send_signal(number)
            assert process.wait(30) == 75
        assert [message.subject for message in site.messages()] == ["Mail 1"]

    def test_of_a_mail_that_is_too_large_the_headers_are_taken(self, site: Site) -> None:
        site.config.write_text(site.config.read_text() + SMALL)
        done = piped(site, mail(1, size=9_000), "--to", "dev")
        assert done.returncode == 0
        assert "more than fetch.max_message_size allows; only its headers were taken" in done.stderr
        (message,), (delivery,) = site.messages(), site.deliveries()
        assert message.subject == "Mail 1"
        assert message.oversize_of > 9_000 > message.size
        assert "only its headers were taken" in delivery.post.body

    def test_it_stands_alone(self, site: Site) -> None:
        done = site.run("receive", "-", "1.eml")
        assert (done.returncode, "goes with no other file" in done.stderr) == (2, True)


class TestFiles:
    @pytest.mark.parametrize(
        ("upset", "status"), [(break_config, 78), (remove_config, 78), (break_store, 78), (break_lock, 77)]
    )
    def test_statuses_are_truthful(self, site: Site, upset: Callable[[Site], None], status: int) -> None:
        upset(site)
        assert site.run("receive", str(site.folder / "1.eml")).returncode == status

    def test_one_that_is_too_large_is_refused(self, site: Site) -> None:
        site.config.write_text(site.config.read_text() + SMALL)
        (site.folder / "2.eml").write_bytes(mail(2, size=9_000))
        done = site.run("receive", "1.eml", "2.eml", cwd=site.folder)
        assert done.returncode == 65
        size = (site.folder / "2.eml").stat().st_size
        assert done.stderr == f"mailpoll: 2.eml: the mail has {size} octets, more than fetch.max_message_size allows\n"
        assert [message.subject for message in site.messages()] == ["Mail 1"]

    def test_a_mail_that_was_posted_before_is_said_to_be(self, site: Site) -> None:
        file = str(site.folder / "1.eml")
        first, second = (site.run("receive", "-v", file).stdout for _ in range(2))
        assert first == "message 1: Mail 1 from Anna <anna@example.net> → dev\n"
        assert second == "message 2: Mail 1 from Anna <anna@example.net> → dev (posted before)\n"
        (facts,) = json.loads(site.run("receive", "--json", file).stdout)["messages"]
        assert facts["posts"] == [{"channel": "dev", "destination": "store", "posted_before": True, "held": False}]


def test_a_mail_that_waits_behind_a_pause_or_a_rest_is_not_passed_over_in_silence(tmp_path: Path) -> None:
    """Already known to be paused, or left alone for a while: the run itself tries nothing, and meets nothing."""
    line = CommandLine(tmp_path, '[destination.hook]\nkind = "webhook"\nurl = "https://hooks.example.com/KEY"\n')
    line.ok("channel", "add", "dev", "--to", "hook")
    file = tmp_path / "1.eml"
    file.write_bytes(mail(1))
    settings = config.load(line.config)
    with line.store() as store:
        known = destinations.settings_hash("hook", settings)
        store.outbox.pause(Pause("hook", "answered 401: refused", NOW, known))
    said = line("receive", "--to", "dev", str(file))
    assert said.status == 77
    reason = "destination.hook is paused, its posts wait: answered 401: refused. Then: mailpoll destination resume hook"
    assert said.err == f"mailpoll: {reason}\n"
    again = line("receive", "--to", "dev", "-v", str(file))
    assert "→ dev (came before; post 1 waits)" in again.out
    facts = line("receive", "--to", "dev", "--json", str(file)).json
    assert (facts["status"], [each["sentence"] for each in facts["troubles"]]) == (77, [reason])
    with line.store() as store:
        store.outbox.resume("hook")
        store.outbox.rest(Rest("hook", 2, datetime.now(UTC) + timedelta(hours=1), known))
    said = line("receive", "--to", "dev", str(file))
    assert (said.status, said.err.startswith("mailpoll: destination.hook: 1 post delayed: ")) == (75, True)


def test_mail_that_came_while_another_run_was_posting_is_posted_by_it(site: Site) -> None:
    with Receiver(HELD, 200) as hook:
        site.channel("hook", hook.url)
        command = [str(MAILPOLL), "--config", str(site.config), "receive", "1.eml", "--to", "hook"]
        with subprocess.Popen(command, cwd=site.folder, env=CRON) as first:
            wait_for(lambda: hook.requests)
            assert piped(site, mail(2), "--to", "hook").returncode == 0
            assert [delivery.state for delivery in site.deliveries()] == ["sending"]
            hook.let_go.set()
            assert first.wait(30) == 0
    assert [delivery.state for delivery in site.deliveries()] == ["delivered", "delivered"]


class TestFetchWithoutAccounts:
    def test_what_could_not_be_posted_is_tried_again(self, site: Site) -> None:
        with Receiver(503, 200) as hook:
            site.channel("hook", hook.url)
            assert site.run("receive", str(site.folder / "1.eml"), "--to", "hook").returncode == 75
            with closing(sqlite3.connect(site.folder / "mailpoll.db")) as connection, connection:
                connection.execute("UPDATE delivery SET due_at = created_at")
            done = site.run("fetch")
        assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
        assert [delivery.state for delivery in site.deliveries()] == ["delivered"]

    def test_a_mail_that_waits_is_read(self, site: Site) -> None:
        break_lock(site)
        site.run("receive", str(site.folder / "1.eml"))
        Path(f"{site.folder / 'mailpoll.db'}.lock").rmdir()
        assert site.run("fetch").returncode == 0
        assert [delivery.state for delivery in site.deliveries()] == ["delivered"]

    @pytest.mark.parametrize("how", [[], ["--dry-run"]], ids=str)
    def test_nothing_to_do_is_well_and_only_people_are_told_why(self, site: Site, how: list[str]) -> None:
        quiet, talkative = site.run("fetch", *how), site.run("fetch", "-v", *how)
        assert (quiet.returncode, quiet.stdout, quiet.stderr) == (0, "", "")
        assert talkative.returncode == 0
        assert "No account is configured" in talkative.stdout
        assert "`mailpoll init` sets up an inbox" in talkative.stdout


def test_init_without_a_mailbox_names_the_cron_line_that_tries_again(tmp_path: Path) -> None:
    command = [str(MAILPOLL), "--config", str(tmp_path / "config.toml"), "init", "--no-mailbox", "--yes"]
    done = subprocess.run(command, env=CRON, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stderr
    assert re.search(r"^\* \* \* \* \* \S+mailpoll --config \S+config.toml fetch$", done.stdout, re.MULTILINE)


def test_what_the_how_to_for_laptops_says_to_type_leads_there(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    page = (Path(__file__).parents[2] / "docs/how-to/laptop.md").read_text()
    mailpoll = CommandLine(tmp_path)
    mailpoll.config.unlink()
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "home"))
    for number in (1, 2, 3):
        (tmp_path / f"{number}.eml").write_bytes(mail(number))
    with Receiver(500, 200, 200, 404, 200, 422, 200) as application:

        def typed(line: str, file: str = "1.eml") -> int:
            assert re.search(rf"[`\n]mailpoll {line}[`\n]", page), line
            line = line.replace("http://localhost:3000", application.url).replace("mail.eml", file)
            return mailpoll(*line.split()).status

        steps = [typed("init --no-mailbox --to http://localhost:3000/inbound"), typed("receive --to dev mail.eml")]
        assert (steps, typed("fetch --now"), len(application.requests)) == ([0, 75], 0, 2)
        assert (typed("receive --to dev mail.eml"), len(application.requests)) == (0, 2)  # a duplicate
        assert (typed("posts resend 1 --yes"), typed("fetch"), len(application.requests)) == (0, 0, 3)
        typed("receive --to dev mail.eml", "2.eml")
        resumed = typed("destination resume http://localhost:3000/inbound"), typed("fetch")
        assert (resumed, len(application.requests)) == ((0, 0), 5)
        typed("receive --to dev mail.eml", "3.eml")
        retried = typed("posts retry --state failed"), typed("fetch")
        assert (retried, len(application.requests)) == ((0, 0), 7)
    states = {post["id"]: post["state"] for post in mailpoll.ok("posts", "list", "--json").json}
    assert states == {1: "delivered", 2: "duplicate", 3: "delivered", 4: "delivered"}
