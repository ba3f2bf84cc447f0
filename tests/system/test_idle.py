"""A run with nothing to do: what it leaves out, what ends it, and that nothing is missed or asked twice."""

from __future__ import annotations

import itertools
import json
import os
import re
import subprocess
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from servers import require
from servers.dovecot import Dovecot, missing
from servers.http_receiver import Receiver
from servers.mail import PASSWORD
from servers.proxy import CountingProxy
from support.hindered import bound_by_file_modes
from support.site import CRON, MAILPOLL, Site, mail

from mailpoll import idle

numbers = itertools.count()

# What a run may import only once it knows that there is work; click and msgspec are for the full run as well.
HEAVY = {
    "sqlalchemy", "html2text", "email_reply_parser", "tenacity", "urllib3", "alembic", "keyring", "psycopg",
    "imapclient", "click", "msgspec", "selectolax",
}  # fmt: skip


@pytest.fixture(scope="module")
def dovecot(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Dovecot]:
    require(missing() or "Dovecot", not missing())
    with Dovecot(tmp_path_factory.mktemp("dovecot")) as server:
        yield server


class Quiet(Site):
    """A site whose state is in its own folder, behind a counting proxy."""

    def __init__(
        self, folder: Path, server: Dovecot, proxy: CountingProxy, *, account: str = "", more: str = ""
    ) -> None:
        super().__init__(folder, server, f"idle{next(numbers)}@example.com", account=account, more=more)
        text = self.config.read_text()
        self.config.write_text(text.replace(f"port = {server.imap_port}", f"port = {proxy.port}"))
        self.proxy = proxy
        self.state = idle.state_file(self.config, folder)
        self.channel("dev")

    def fetch(self, status: int = 0, **env: str) -> subprocess.CompletedProcess[str]:
        """A run as cron starts it."""
        result = self.run("fetch", env=env)
        assert result.returncode == status, result.stderr
        return result

    def imported(self) -> set[str]:
        """The packages that a run imports."""
        told = self.fetch(PYTHONPROFILEIMPORTTIME="1").stderr
        return {name.partition(".")[0] for name in re.findall(r"\| +([\w.]+)$", told, re.MULTILINE)}

    def is_idle(self) -> bool:
        """Whether a run ends without the store."""
        return "sqlalchemy" not in self.imported()


@pytest.fixture
def site(dovecot: Dovecot, tmp_path: Path) -> Iterator[Quiet]:
    with CountingProxy(dovecot.imap_port) as proxy:
        made = Quiet(tmp_path / "site", dovecot, proxy)
        made.append(mail(1))
        made.append(mail(2, to="username@example.com"))
        made.fetch()
        yield made


def test_a_run_with_nothing_to_do_imports_nothing_heavy_and_touches_nothing_but_its_heartbeat(site: Quiet) -> None:
    before = {path: path.stat().st_mtime_ns for path in site.folder.iterdir()}
    os.utime(site.state, (1, time.time() - 60))
    assert site.imported() & HEAVY == set()
    after = {path: path.stat().st_mtime_ns for path in site.folder.iterdir()}
    assert after.keys() == before.keys()
    assert {path for path in before if before[path] != after[path]} == {site.state}
    assert time.time() - site.state.stat().st_mtime < 30
    assert site.inbox()[2][0] == frozenset(), "private mail is still unread"


def test_the_quick_look_and_the_run_after_it_are_one_connection(site: Quiet) -> None:
    site.append(mail(3))
    seen = len(site.proxy.named("LOGIN"))
    site.fetch()
    assert len(site.proxy.named("LOGIN")) == seen + 1
    assert [delivery.post.topic for delivery in site.deliveries()] == ["Mail 1", "Mail 3"]
    assert "\\Seen" in site.inbox()[3][0]
    assert site.is_idle()


def test_the_state_file_is_ours_alone_and_holds_no_secret(site: Quiet) -> None:
    assert site.state.stat().st_mode & 0o777 == 0o600
    assert PASSWORD not in site.state.read_text()


def edit_configuration(site: Quiet) -> None:
    site.config.write_text(site.config.read_text() + "\n# a comment\n")


def unread_again(site: Quiet) -> None:
    """An old mail of ours, marked as unread in a mail program: decided, but only looked at by the full run."""
    with site.server.client(site.user) as client:  # type: ignore[union-attr]
        client.select("INBOX")
        client.uid("STORE", "2", "+FLAGS", "(\\Flagged)")
    site.append(mail(9, to="username@example.com"))


WORK: dict[str, Callable[[Quiet], object]] = {
    "a new mail": lambda site: site.append(mail(5)),
    "a private one": unread_again,
    "a read one": lambda site: site.append(mail(6), flags=["\\Seen"]),
    "an address": lambda site: site.run("address", "add", "dev", "--token", "other"),
    "a mail to be read again": lambda site: site.run("messages", "retry", "1"),
    "another configuration": edit_configuration,
    "no state file": lambda site: site.state.unlink(),
    "a damaged state file": lambda site: site.state.write_text(site.state.read_text()[:-30]),
    "a state file of nothing": lambda site: site.state.write_text("null"),
    "an old state file": lambda site: os.utime(site.state, (1, time.time() - 301)),
    "a state file from the future": lambda site: os.utime(site.state, (1, time.time() + 60)),
    "a changed UIDVALIDITY": lambda site: changed(site, uidvalidity=7),
    "a lower UIDNEXT": lambda site: changed(site, uidnext=99),
    "an unknown unread mail": lambda site: changed(site, decided=[]),
    "the hour": lambda site: site.state.write_text(
        json.dumps({**json.loads(site.state.read_text()), "wake_at": time.time() - 1})
    ),
}


def changed(site: Quiet, **folder: object) -> None:
    """As if the server had said something else when it was last asked."""
    state = json.loads(site.state.read_text())
    state["accounts"]["main"]["folders"][0].update(folder)
    site.state.write_text(json.dumps(state))


@pytest.mark.parametrize("what", WORK)
def test_whatever_may_mean_work_is_looked_into(site: Quiet, what: str) -> None:
    assert site.is_idle()
    WORK[what](site)
    assert not site.is_idle(), what
    assert site.is_idle(), "and then there is nothing to do again"


def test_a_post_that_waits_for_its_time_is_sent_then(dovecot: Dovecot, tmp_path: Path) -> None:
    with CountingProxy(dovecot.imap_port) as proxy, Receiver(503, 200) as receiver:
        site = Quiet(tmp_path / "site", dovecot, proxy)
        site.channel("hook", receiver.url)
        site.append(mail(1, to="username+hook@example.com"))
        site.fetch(75)
        assert not site.state.exists(), "there is a trouble, and the status is to tell so"
        with site.store() as store:
            (waiting,) = store.outbox.list()
            store.outbox.retry(waiting, datetime.now(UTC) - timedelta(seconds=1))
        site.fetch()
        assert [delivery.state for delivery in site.deliveries()] == ["delivered"]
        assert site.is_idle()


def test_a_login_that_is_refused_is_tried_once(site: Quiet) -> None:
    (site.folder / "imap-password").write_text("wrong\n")
    seen = len(site.proxy.named("LOGIN"))
    assert "refused the login" in site.fetch(77).stderr
    assert len(site.proxy.named("LOGIN")) == seen + 1
    assert not site.state.exists()


def test_a_mended_configuration_is_told_although_it_is_what_it_was(site: Quiet) -> None:
    before = site.config.read_text()
    site.config.write_text(before + "\n[account.main\n")
    assert "no valid TOML" in site.fetch(78).stderr
    site.config.write_text(before)
    assert "again" in site.fetch().stderr
    assert site.is_idle()


def at_home(tmp_path: Path) -> tuple[Path, Callable[[], tuple[int, str]]]:
    """The configuration of somebody where it is looked for, and `mailpoll fetch` of that somebody."""
    site = Site(tmp_path / "site", None)
    config = tmp_path / "home" / ".config" / "mailpoll" / "config.toml"
    config.parent.mkdir(parents=True)
    site.config.rename(config)
    env = {"PATH": CRON["PATH"], "HOME": str(tmp_path / "home")}

    def fetch() -> tuple[int, str]:
        done = subprocess.run([MAILPOLL, "fetch"], env=env, capture_output=True, text=True, timeout=60, check=False)
        return done.returncode, done.stderr

    return config, fetch


def test_a_configuration_that_was_moved_away_and_back_is_told_at_once(tmp_path: Path) -> None:
    config, fetch = at_home(tmp_path)
    assert fetch() == (0, "")
    away = config.rename(tmp_path / "away")
    status, said = fetch()
    assert (status, "there is no configuration" in said) == (78, True)
    away.rename(config)
    status, said = fetch()
    assert (status, "the configuration can be used again" in said) == (0, True)
    assert fetch() == (0, "")


@pytest.mark.parametrize(("name", "mode"), [("store/mailpoll.db", 0), ("store/mailpoll.db", 0o400), ("store", 0o500)])
def test_a_store_that_cannot_be_written_to_is_told_though_nothing_waits(
    dovecot: Dovecot, tmp_path: Path, name: str, mode: int
) -> None:
    with CountingProxy(dovecot.imap_port) as proxy:
        site = Quiet(tmp_path / "site", dovecot, proxy)
        store = site.folder / "store"
        store.mkdir(mode=0o700)
        for file in site.folder.glob("mailpoll.db*"):
            file.rename(store / file.name)
        site.url = f"sqlite:///{store / 'mailpoll.db'}"
        site.config.write_text(site.config.read_text().replace("/mailpoll.db", "/store/mailpoll.db"))
        site.fetch()
        assert site.is_idle()
        usual = (site.folder / name).stat().st_mode
        (site.folder / name).chmod(mode)
        said = [site.run("fetch", preexec_fn=bound_by_file_modes) for _ in range(2)]
        (site.folder / name).chmod(usual)
        assert [each.returncode for each in said] == [77, 77]
        assert str(store) in said[0].stderr
        assert "works again" in site.fetch().stderr


@pytest.mark.parametrize("command", ["LOGIN", "EXAMINE", "UID SEARCH"])
def test_a_look_that_is_cut_off_is_followed_by_a_full_run(site: Quiet, command: str) -> None:
    site.append(mail(3), flags=[] if command != "UID SEARCH" else ["\\Seen"])
    if command == "UID SEARCH":  # which is asked only where no UID is new
        site.fetch()
    site.proxy.drop_at = command
    site.fetch()
    assert site.proxy.drop_at == "", "it was cut"
    assert [delivery.post.topic for delivery in site.deliveries()] == ["Mail 1", "Mail 3"]


def test_a_dead_server_is_told_as_ever(site: Quiet) -> None:
    site.proxy.drop()
    site.config.write_text(site.config.read_text())
    text = site.state.read_text()
    free = json.loads(text)["accounts"]["main"]["port"]
    site.state.write_text(text.replace(str(free), "1"))
    assert site.fetch().stderr == "", "the state names another port, the configuration is asked"


def test_with_a_limit_or_options_nothing_is_left_out(site: Quiet) -> None:
    for more in (["-v"], ["--json"], ["--dry-run"]):
        assert site.run("fetch", *more).stdout != "", more


def test_status_knows_when_a_run_last_found_nothing_to_do(site: Quiet) -> None:
    with site.store() as store:
        (folder,) = [store.ledger.position("main", "INBOX", v, margin_s=0, overlap_s=0) for v in uidvalidities(site)]
        store.ledger.polled(folder.folder_id, folder.mark, datetime.now(UTC) - timedelta(hours=3))
    assert site.run("status", "--max-age", "10m").returncode == 0, "the heartbeat"
    site.fetch()
    site.state.unlink(missing_ok=True)
    assert site.run("status", "--max-age", "10m").returncode == 0, "the full run wrote it down"


def uidvalidities(site: Quiet) -> list[int]:
    return [folder["uidvalidity"] for folder in json.loads(site.state.read_text())["accounts"]["main"]["folders"]]


@pytest.mark.parametrize(
    "line", ['folders = ["INBOX", "Entwürfe & \\"Listen\\""]', 'after = "leave"', 'take = "unseen"']
)
def test_any_folder_and_setting_can_be_idle(dovecot: Dovecot, tmp_path: Path, line: str) -> None:
    with CountingProxy(dovecot.imap_port) as proxy:
        site = Quiet(tmp_path / "site", dovecot, proxy, account=line)
        with dovecot.client(site.user) as client:
            client.create('"Entw&APw-rfe &- \\"Listen\\""')
        site.append(mail(1))
        site.append(mail(2, to="username@example.com"))
        site.fetch()
        assert site.is_idle()
        site.append(mail(3))
        assert not site.is_idle()
        assert [delivery.post.topic for delivery in site.deliveries()] == ["Mail 1", "Mail 3"]


def test_an_installation_without_accounts_is_idle(tmp_path: Path) -> None:
    site = Site(tmp_path / "site", None)
    env = {"STATE_DIRECTORY": str(site.folder)}
    assert site.run("fetch", env=env).returncode == 0
    told = site.run("fetch", env={**env, "PYTHONPROFILEIMPORTTIME": "1"}).stderr
    assert "sqlalchemy" not in told
    assert "mailpoll.idle" in told
