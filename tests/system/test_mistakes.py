"""What goes wrong with accounts, settings and the store: one clear sentence, the right status, nothing lost."""

from __future__ import annotations

import os
import re
import shutil
import signal
import sqlite3
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from servers import free_port, require
from servers.dovecot import Dovecot, missing
from servers.http_receiver import HELD, Receiver
from servers.scripted_imap import DRIP, ScriptedImap
from support.hindered import bound_by_file_modes, no_file_larger_than
from support.mishap import CANARY, SECOND_PASSWORD, Mishap, checked
from support.site import CRON, MAILPOLL

STOPPED = "\nmailpoll: stopped; nothing is lost, the next run goes on.\n"  # after the ^C that a terminal shows
EVERY_RUN = r"mailpoll: this is said at every run, since \S+/troubles\.json cannot be written \(.*\)\n"
MOMENT = r"\d{4}-\d\d-\d\d \d\d:\d\d"
AGAIN = (
    r"mailpoll: (account\.main works|the store works|the configuration can be used) again, "
    rf"after \d+ s \(since {MOMENT}\)\n"
)
linux = pytest.mark.skipif(sys.platform != "linux", reason="root gives up its rights over files in the Linux way")


@pytest.fixture(scope="module")
def dovecot(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Dovecot]:
    require(missing() or "Dovecot", not missing())
    with Dovecot(tmp_path_factory.mktemp("dovecot"), extra_config=SECOND_PASSWORD) as server:
        yield server


@dataclass(frozen=True)
class Case:
    """A trouble: how it comes about, what the run says (a regular expression, {…} filled in) and ends with."""

    upset: Callable[[Mishap], object]
    status: int
    says: str
    mend: Callable[[Mishap], object] = Mishap.put_right
    how: dict[str, Any] = field(default_factory=dict)


def setting(**lines: str) -> Callable[[Mishap], None]:
    return lambda site: site.change(**lines)


def tls(server_port: str, mode: str, **more: str) -> Callable[[Mishap], None]:
    return lambda site: site.change(port=str(getattr(site.server, server_port)), tls=f'"{mode}"', **more)


def trusting(site: Mishap) -> None:
    assert isinstance(site.server, Dovecot)
    site.change(ca_file=f'"{site.server.ca_file}"')


def wrong_name(site: Mishap) -> None:
    trusting(site)
    tls("imaps_port", "implicit", host='"127.1"')(site)


ACCOUNT = {
    "wrong password": Case(
        lambda site: site.secret.write_text(f"wrong-{CANARY}"),
        77,
        r"account\.main \(localhost:{imap}\): the server refused the login: .*Authentication failed\. "
        r"Check username and password; many providers want an app password for IMAP\. It is tried again after "
        r"\d\d:\d\d:\d\d, when the settings or the password change, or now by: mailpoll fetch --now",
    ),
    "unknown host": Case(
        setting(host='"imap.invalid"', tls='"implicit"'),
        69,
        r"account\.main \(imap\.invalid:{imap}\): (this host name is not known\. Check host, and this machine's DNS\.|"
        r"the name servers do not answer now\. The next run tries again\.)",
    ),
    "closed port": Case(
        lambda site: site.change(port=str(free_port())),
        69,
        r"account\.main \(localhost:\d+\): nothing listens there \(connection refused\)\. The next run tries again\.",
    ),
    "certificate of an unknown authority": Case(
        tls("imaps_port", "implicit"),
        77,
        r"account\.main \(localhost:{imaps}\): the server's certificate comes from an unknown authority\. "
        r"Set ca_file to the certificate of that authority\.",
        mend=trusting,
    ),
    "STARTTLS, certificate of an unknown authority": Case(
        tls("imap_port", "starttls"),
        77,
        r"account\.main \(localhost:{imap}\): the server's certificate comes from an unknown authority\. "
        r"Set ca_file to the certificate of that authority\.",
        mend=trusting,
    ),
    "certificate for another name": Case(
        wrong_name,
        77,
        r"account\.main \(127\.1:{imaps}\): the server's certificate is for another host name\. "
        r"Set host to a name that the certificate bears\.",
        mend=setting(host='"localhost"'),
    ),
    "TLS where STARTTLS is spoken": Case(
        tls("imap_port", "implicit"),
        78,
        r"account\.main \(localhost:{imap}\): port {imap} does not speak TLS from the start\. "
        r'Set tls = "starttls", usual on port 143; TLS from the start is usual on port 993\.',
    ),
    "STARTTLS where TLS is spoken": Case(
        tls("imaps_port", "starttls", timeout="0.5"),
        69,
        r"account\.main \(localhost:{imaps}\): no answer within 0\.5 s\. "
        r'If this port speaks TLS from the start, as 993 does, set tls = "implicit"\.',
    ),
    "missing folder": Case(
        setting(folders='["Nowhere"]'),
        78,
        r"account\.main \(localhost:{imap}\): there is no folder 'Nowhere'\. There are: INBOX\.",
    ),
    "missing secret": Case(
        lambda site: site.secret.unlink(),
        78,
        r"account\.main \(password\): the file {folder}/imap-password does not exist\. Write the secret into it",
    ),
    "secret that everybody may read": Case(
        lambda site: site.secret.chmod(0o644),
        77,
        r"account\.main \(password\): everybody may read the file {folder}/imap-password\. "
        r"Type: chmod 0600 {folder}/imap-password",
    ),
    "environment variable that cron does not pass on": Case(
        setting(password='{ env = "IMAP_PASSWORD" }'),
        78,
        r"account\.main \(password\): the environment variable IMAP_PASSWORD is not set\. "
        r"Set it where mailpoll is started; cron passes almost nothing on",
    ),
}

SETTINGS = {
    "missing configuration": Case(
        lambda site: site.config.unlink(),
        78,
        r"{folder}/config\.toml: there is no such file\. Run mailpoll init to make one",
    ),
    "no TOML": Case(
        setting(host="localhost"),
        78,
        r"{folder}/config\.toml: is no valid TOML: .* \(at line \d+, column \d+\)\. "
        r"Texts stand in quotes, one setting per line",
    ),
    "several mistakes": Case(
        setting(folder='"INBOX"', timeout='"soon"', after='"burn"'),
        78,
        r"{folder}/config\.toml: the configuration has 3 problems"
        r"(\n  account\.main\.(folder: is no setting\. Did you mean folders\?"
        r"|timeout: expected a number over 0, not text\. .*"
        r'|after: this text is not possible here\. Write one of "seen", .*)){{3}}',
    ),
    "unreadable configuration": Case(
        lambda site: site.config.chmod(0),
        77,
        r"{folder}/config\.toml: the configuration may not be read by this user\. "
        r"Run as the user it belongs to, or type: chmod g\+r {folder}/config\.toml",
        how={"preexec_fn": bound_by_file_modes},
    ),
}


def newer(site: Mishap) -> None:
    with closing(sqlite3.connect(site.database)) as connection, connection:
        connection.execute("UPDATE alembic_version SET version_num = '9999'")


def read_only_folder(site: Mishap) -> None:
    site.folder.chmod(0o500)


def read_only_folder_after_a_run(site: Mishap) -> None:
    site.put_store_back()  # no mail known, but a lock file is there
    (site.folder / "mailpoll.db.lock").touch(0o600)
    site.folder.chmod(0o500)


STORE = {
    "no database": Case(
        lambda site: site.database.write_bytes(b"Not a database. " * 400),
        78,
        r"{folder}/mailpoll\.db: the file is not a mailpoll store\. Check `store\.url`\.",
        mend=Mishap.put_store_back,
    ),
    "damaged": Case(
        lambda site: site.database.write_bytes(site.database.read_bytes()[:8192] + os.urandom(100_000)),
        78,
        r"{folder}/mailpoll\.db: the store is damaged\. Restore it from a backup, or start with a new file\.",
        mend=Mishap.put_store_back,
    ),
    "store of a newer version": Case(
        newer,
        78,
        r"{folder}/mailpoll\.db: the store has schema 9999, which this version of mailpoll does not know\. "
        r"Install the version of mailpoll that last used it, or a newer one\.",
        mend=Mishap.put_store_back,
    ),
    "read-only store": Case(
        lambda site: site.database.chmod(0o400),
        77,
        r"{folder}/mailpoll\.db: the store cannot be written to\. "
        r"Give the user mailpoll runs as write access to the file and to its folder\.",
        how={"preexec_fn": bound_by_file_modes},
    ),
    "read-only folder": Case(
        read_only_folder,
        77,
        r"{folder}/mailpoll\.db: the store cannot be written to\. "
        r"Give the user mailpoll runs as write access to the file and to its folder\.",
        how={"preexec_fn": bound_by_file_modes},
    ),
    "folder that became read-only": Case(
        read_only_folder_after_a_run,
        77,
        r"{folder}/mailpoll\.db: the store cannot be (written to|opened)\. .*(write|folder).*",
        how={"preexec_fn": bound_by_file_modes},
    ),
    "disk that fails": Case(
        lambda site: site.send(),
        69,
        r"{folder}/mailpoll\.db: the disk that holds the store failed to read or write\. "
        r"Check the disk; nothing is removed from the server before it is stored\.",
        how={"preexec_fn": no_file_larger_than(20_000)},
    ),
}

CASES = {**ACCOUNT, **SETTINGS, **STORE}
ALSO_WITH_V = ("wrong password", "several mistakes", "no database")
ordinary = [
    pytest.param(name, marks=linux) if case.how.get("preexec_fn") is bound_by_file_modes else name
    for name, case in CASES.items()
]


@pytest.mark.parametrize("name", ordinary)
def test_a_mistake_is_told_in_one_sentence_and_mended_without_a_loss(
    name: str, dovecot: Dovecot, tmp_path: Path
) -> None:
    case, folder = CASES[name], tmp_path / re.sub(r"\W", "-", name)
    site = Mishap(folder, dovecot)
    case.upset(site)
    says = case.says.format(folder=re.escape(str(folder)), imap=dovecot.imap_port, imaps=dovecot.imaps_port)
    result = site.run("fetch", **case.how)
    assert re.fullmatch(f"mailpoll: {says}\n({EVERY_RUN})?", result.stderr), result.stderr
    remembers = name not in ("read-only folder", "folder that became read-only")
    assert ("every run" in result.stderr) is not remembers
    assert (result.stdout, result.returncode) == ("", case.status)
    if name in ALSO_WITH_V:
        talkative = site.run("fetch", "-v", **case.how)
        assert re.fullmatch(f"mailpoll: (since {MOMENT}: )?{says}\n", talkative.stderr), talkative.stderr
        assert talkative.returncode == case.status
    site.send()  # mail goes on to come while nobody looks after it
    case.mend(site)
    result = site.run("fetch")
    assert (result.returncode, result.stdout) == (0, "")
    assert re.fullmatch(AGAIN if remembers else "", result.stderr), result.stderr
    site.assert_all_delivered_once()


def test_a_full_disk_stops_the_run_and_the_next_one_goes_on(dovecot: Dovecot, tmp_path: Path) -> None:
    site = Mishap(tmp_path / "full", dovecot)
    site.send(size=100_000)
    result = site.run_hindered({"pages": 0}, "fetch")
    assert result.stderr == (
        f"mailpoll: {site.database}: the disk that holds the store is full. "
        "Free some space; nothing was lost, the next run goes on.\n"
    )
    assert result.returncode == 69
    assert site.run("fetch").returncode == 0
    site.assert_all_delivered_once()


def test_a_store_that_another_program_holds_is_left_for_the_next_run(dovecot: Dovecot, tmp_path: Path) -> None:
    site = Mishap(tmp_path / "locked", dovecot)
    with closing(sqlite3.connect(site.database)) as other:
        other.execute("BEGIN IMMEDIATE")
        result = site.run_hindered({"patience": 0.1}, "fetch", "-v")
    assert result.stderr == (
        f"mailpoll: {site.database}: another program holds the store for too long. "
        "Find it with `fuser`; the next run tries again.\n"
    )
    assert result.returncode == 69
    assert site.run("fetch").returncode == 0
    site.assert_all_delivered_once()


def test_root_is_told_to_run_as_the_owner_of_the_store(dovecot: Dovecot, tmp_path: Path) -> None:
    if os.geteuid():
        pytest.skip("only root can make the mistake of being root")
    site = Mishap(tmp_path / "root", dovecot)
    shutil.chown(site.database, "nobody")
    result = site.run("fetch")
    assert result.stderr == (
        f"mailpoll: {site.database}: the store belongs to nobody, and this is root. "
        f"Run: sudo -u nobody mailpoll --config {site.config} fetch\n"
    )
    assert result.returncode == 77
    shutil.chown(site.database, "root")
    assert site.run("fetch").returncode == 0
    site.assert_all_delivered_once()


def test_without_any_configuration_a_newcomer_is_told_what_to_type(tmp_path: Path) -> None:
    env = {**CRON, "HOME": str(tmp_path)}
    result = checked(subprocess.run([MAILPOLL, "fetch"], env=env, capture_output=True, text=True, check=False))
    assert result.stderr == (
        f"mailpoll: there is no configuration, neither {tmp_path}/.config/mailpoll/config.toml nor "
        "/etc/mailpoll/config.toml. Run mailpoll init to make one, or name one with --config\n"
    )
    assert result.returncode == 78


def test_the_first_run_of_all_makes_the_folder_of_its_store(dovecot: Dovecot, tmp_path: Path) -> None:
    site = Mishap(tmp_path / "first", dovecot)
    new = site.folder / "state" / "mailpoll"
    site.config.write_text(site.config.read_text().replace(str(site.database), str(new / "mailpoll.db")))
    result = site.run("fetch")
    assert (result.stdout, result.returncode) == ("", 0)
    assert "1 mail came for addresses that no channel has" in result.stderr  # the new store has none
    assert (new.stat().st_mode & 0o777, (new / "mailpoll.db").stat().st_mode & 0o777) == (0o700, 0o600)


def test_a_server_of_another_kind_is_told_apart(dovecot: Dovecot, tmp_path: Path) -> None:
    site = Mishap(tmp_path / "smtp", dovecot)
    with ScriptedImap(greeting=b"220 mx.example.com ESMTP\r\n") as smtp:
        site.change(port=str(smtp.port), host='"127.0.0.1"')
        result = site.run("fetch")
    assert result.stderr == (
        f"mailpoll: account.main (127.0.0.1:{smtp.port}): the server does not speak IMAP "
        "(unexpected response: 220 mx.example.com ESMTP). Check host and port; 993 and 143 are usual for IMAP.\n"
    )
    assert result.returncode == 76
    site.put_right()
    assert site.run("fetch").returncode == 0
    site.assert_all_delivered_once()


def second_account(site: Mishap, **changed: object) -> None:
    """Adds [account.other]: the same inbox, but for what is `changed`."""
    assert site.server
    settings = {"host": site.server.host, "port": site.server.imap_port, "username": site.user, **changed}
    lines = "".join(f"{key} = {value!r}\n" for key, value in settings.items())
    with site.config.open("a") as config:
        config.write(f'[account.other]\ntls = "none"\npassword = {{ file = "other-password" }}\n{lines}')
    (site.folder / "other-password").write_text(f"other-{CANARY}\n")
    (site.folder / "other-password").chmod(0o600)


def test_an_account_with_a_wrong_password_does_not_hold_up_another(dovecot: Dovecot, tmp_path: Path) -> None:
    site = Mishap(tmp_path / "two-accounts", dovecot)
    second_account(site)
    result = site.run("fetch")
    assert re.fullmatch(
        r"mailpoll: account\.other \(localhost:\d+\): the server refused the login: .*\n", result.stderr
    )
    assert result.returncode == 77
    site.assert_all_delivered_once()


def test_an_account_that_never_comes_to_an_end_is_cut_off_at_the_deadline(dovecot: Dovecot, tmp_path: Path) -> None:
    site = Mishap(tmp_path / "drip", dovecot)
    with ScriptedImap({"LOGIN": DRIP}) as slow:
        second_account(site, host=slow.host, port=slow.port)
        result = site.run("fetch", "--deadline", "1.5", timeout=20)
    assert result.stderr == (
        f"mailpoll: account.other (127.0.0.1:{slow.port}): stopped: the time of this run is up. "
        "The next run tries again.\n"
    )
    assert result.returncode == 69
    site.assert_all_delivered_once()


def started(site: Mishap) -> subprocess.Popen[str]:
    """A run that goes on while the test does something."""
    command = [MAILPOLL, "--config", str(site.config), "fetch", "-v"]
    return subprocess.Popen(command, env=site.env, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def ended(process: subprocess.Popen[str]) -> subprocess.CompletedProcess[str]:
    out, err = process.communicate(timeout=30)
    return checked(subprocess.CompletedProcess(process.args, process.returncode, out, err))


def test_of_two_runs_at_once_the_second_does_nothing(dovecot: Dovecot, tmp_path: Path) -> None:
    with Receiver(HELD) as receiver:
        site = Mishap(tmp_path / "two-runs", dovecot, "hook", hook=receiver.url)
        site.change(timeout="20")
        first = started(site)
        assert receiver.holding.wait(20)
        silent, talkative = site.run("fetch"), site.run("fetch", "-v")
        assert (silent.returncode, silent.stdout, silent.stderr) == (0, "", "")
        assert talkative.returncode == 0
        assert talkative.stdout == "Another run is at work on this store; it takes what there is.\n"
        assert len(receiver.requests) == 1
        receiver.let_go.set()
        assert ended(first).returncode == 0
        assert len(receiver.requests) == 1
    site.assert_all_delivered_once()


@pytest.mark.parametrize(("number", "status"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_ctrl_c_ends_a_run_with_one_sentence_and_the_next_goes_on(
    number: signal.Signals, status: int, dovecot: Dovecot, tmp_path: Path
) -> None:
    with Receiver(HELD) as receiver:
        site = Mishap(tmp_path / f"ctrl-c-{status}", dovecot, "hook", hook=receiver.url)
        site.change(timeout="20")
        run = started(site)
        assert receiver.holding.wait(20)
        run.send_signal(number)
        result = ended(run)
        assert result.stderr == STOPPED
        assert result.returncode == status
        receiver.let_go.set()
        again = site.run("fetch")
        assert (again.stderr, again.returncode) == ("", 75)  # it is in order again before the run is over
        assert len({request.headers["idempotency-key"] for request in receiver.requests}) == 1
    site.assert_all_delivered_once()


def test_ctrl_c_while_a_server_is_slow_ends_the_run_at_once(dovecot: Dovecot, tmp_path: Path) -> None:
    with ScriptedImap({"LOGIN": DRIP}) as slow:
        site = Mishap(tmp_path / "ctrl-c-imap", dovecot)
        site.change(port=str(slow.port), host='"127.0.0.1"')
        run = started(site)
        while not any(command.startswith("LOGIN") for command in slow.commands):
            assert run.poll() is None
        run.send_signal(signal.SIGINT)
        result = ended(run)
    assert (result.stderr, result.returncode) == (STOPPED, 130)
    site.put_right()
    assert site.run("fetch").returncode == 0
    site.assert_all_delivered_once()


def test_mail_to_an_unknown_address_is_kept_until_the_address_is_there(dovecot: Dovecot, tmp_path: Path) -> None:
    site = Mishap(tmp_path / "unknown", dovecot)
    site.send("username+oncall@example.com")
    first = site.run("fetch")
    assert (first.returncode, first.stdout) == (0, "")
    assert first.stderr == (
        "mailpoll: 1 mail came for addresses that no channel has; held. "
        "`mailpoll messages list --state unrouted` shows what is held. This is said once a day.\n"
    )
    [unrouted] = [message for message in site.messages() if message.state == "unrouted"]
    assert len(site.deliveries()) == 1
    assert [flags for flags, _ in site.inbox().values()] == [frozenset({"\\Seen"})] * 2  # as `after` says
    site.run("address", "add", "dev", "--token", "oncall")
    assert site.run("messages", "retry", str(unrouted.id)).returncode == 0
    assert site.run("fetch").returncode == 0
    site.assert_all_delivered_once()


def test_mail_to_unknown_addresses_is_said_once_a_day(dovecot: Dovecot, tmp_path: Path) -> None:
    site = Mishap(tmp_path / "unknown-daily", dovecot)

    def said() -> bool:
        site.send("username+oncall@example.com")
        return "addresses that no channel has" in site.run("fetch").stderr

    assert [said(), said(), said()] == [True, False, False]
    with closing(sqlite3.connect(site.database)) as connection, connection:
        connection.execute("UPDATE trouble SET told_at = datetime(told_at, '-1 day')")
    assert said()
    assert not said()


def test_mail_to_an_unknown_address_is_told_with_what_to_do(dovecot: Dovecot, tmp_path: Path) -> None:
    site = Mishap(tmp_path / "unknown-v", dovecot)
    site.send("username+oncall@example.com")
    assert re.search(
        r"message \d: Mail 2 from .*: unrouted \(no channel has an address for username\+oncall@example\.com; "
        r"once it is added: mailpoll messages retry \d\)\n",
        site.run("fetch", "-v").stdout,
    )


@pytest.mark.parametrize(("action", "state", "posts"), [("ignore", "ignored", 1), ("dev", "read", 2)])
def test_mail_to_an_unknown_address_is_ignored_or_posted_where_told(
    action: str, state: str, posts: int, dovecot: Dovecot, tmp_path: Path
) -> None:
    site = Mishap(tmp_path / f"unknown-{action}", dovecot, more=f'[unrouted]\naction = "{action}"\n')
    site.send("username+oncall@example.com")
    assert site.run("fetch").returncode == 0
    assert sorted(message.state for message in site.messages()) == sorted(["read", state])
    assert site.states() == ["delivered"] * posts
    assert [flags for flags, _ in site.inbox().values()] == [frozenset({"\\Seen"})] * 2
