"""`mailpoll doctor` on real servers: all well, every newcomer's mistake named, and nothing changed anywhere."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from servers import free_port, postgres, require
from servers.certs import Authority
from servers.dovecot import Dovecot, missing
from servers.http_receiver import Receiver
from servers.scripted_imap import DRIP, HANG, ScriptedImap
from support.hindered import bound_by_file_modes
from support.mishap import CANARY, SECOND_PASSWORD, Mishap, checked
from support.site import CRON, MAILPOLL, Site, empty_store

ACL = "mail_plugins = acl\nprotocol imap {\n  mail_plugins = acl imap_acl\n}\nplugin {\n  acl = vfile\n}\n"


@pytest.fixture(scope="module")
def dovecot(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Dovecot]:
    require(missing() or "Dovecot", not missing())
    with Dovecot(tmp_path_factory.mktemp("dovecot"), extra_config=SECOND_PASSWORD + ACL) as server:
        yield server


@dataclass(frozen=True)
class Found:
    """One line of the doctor."""

    about: str
    level: str
    what: str
    advice: str
    status: int


def looked(site: Mishap, *more: str, **how: Any) -> tuple[int, list[Found]]:
    """The status of the doctor, and all that it found."""
    result = site.run("doctor", "--json", *more, **how)
    assert result.stderr == ""
    return result.returncode, [Found(**each) for each in json.loads(result.stdout)]


def all_of(found: list[Found], level: str) -> list[str]:
    return [f"{each.about}: {each.what}" for each in found if each.level == level]


def test_all_is_well(dovecot: Dovecot, tmp_path: Path) -> None:
    with Receiver() as receiver:
        site = Mishap(tmp_path / "well", dovecot, "hook", hook=receiver.url)
        site.change(tls='"starttls"', ca_file=f'"{dovecot.ca_file}"')
        assert site.run("fetch").returncode == 0
        before = site.inbox(), site.database.read_bytes()
        result = site.run("doctor")
        assert (result.returncode, result.stderr) == (0, ""), result.stdout
        assert "fail" not in result.stdout
        assert (site.inbox(), site.database.read_bytes()) == before
        assert len(receiver.requests) == 1
    lines = result.stdout.splitlines()
    assert f"ok    configuration: {site.config}" in lines
    assert "ok    account.main.password: comes from the file imap-password" in lines
    assert any(
        re.match(r"ok    account\.main: logged in to localhost:\d+ as .*; it offers UIDPLUS MOVE", x) for x in lines
    )
    assert any(re.match(r"ok    account\.main: the server's certificate ends in 36\d days", line) for line in lines)
    assert "ok    account.main: the folder INBOX holds 1 mail" in lines
    assert 'ok    account.main: after = "seen" can be done' in lines
    assert "ok    account.main: mail to an address of ours came to the inbox: the addresses work" in lines
    assert "ok    channels: dev: mail has somewhere to go" in lines
    assert any(re.match(r"ok    destination\.hook: http://localhost:\d+.* can be reached", line) for line in lines)
    assert any(re.match(r"ok    runs: the last one was \d+ s ago", line) for line in lines)


def test_both_state_folders_are_looked_at(tmp_path: Path) -> None:
    site, home = Site(tmp_path / "site", None), tmp_path / "home"
    site.folder.chmod(0o700)
    state = home / ".local" / "state" / "mailpoll"

    def told() -> list[tuple[str, str]]:
        result = site.run("doctor", "--json", env={"STATE_DIRECTORY": str(state)})
        found = [Found(**each) for each in json.loads(result.stdout)]
        return [(each.level, each.what) for each in found if each.about == "state folder"]

    lost = "runs cannot remember there what they told, and tell it each time"
    assert told() == [("ok", str(site.folder)), ("warn", f"{state}: there is no folder {home}; {lost}")]
    home.mkdir()
    assert told()[1:] == [("ok", f"{state} will be made by the first run")]
    state.mkdir(parents=True)
    state.chmod(0o755)
    assert told()[1:] == [("warn", f"others may look into {state}")]
    if os.geteuid() == 0:
        os.chown(state, 65534, -1)
        assert told()[1:] == [("warn", f"{state} belongs to nobody; {lost}")]


def closed_to_us(folder: Path) -> None:
    folder.chmod(0)


def of_another(folder: Path) -> None:
    os.chown(folder, 65534, -1)


@pytest.mark.parametrize("close", [closed_to_us, of_another])
def test_a_folder_that_nobody_may_look_into_is_no_bug(tmp_path: Path, close: Callable[[Path], None]) -> None:
    if close is of_another and os.geteuid():
        pytest.skip("only root can give a folder away")
    state = tmp_path / "state"
    site = Site(tmp_path / "site", None, store_url=f"sqlite:///{state / 'mailpoll.db'}")
    state.mkdir(mode=0o700)
    (state / "mailpoll.db").write_bytes(empty_store())
    close(state)
    try:
        for words in (["fetch"], ["status"], ["channel", "list"], ["posts", "list"], ["doctor"]):
            result = checked(site.run(*words, preexec_fn=bound_by_file_modes))
            said = result.stdout + result.stderr
            assert result.returncode == 77, said
            assert "mailpoll.db" in said
            assert str(state) in said or "sudo -u" in said
        assert "  cron: " in result.stdout, "the last check of all"
    finally:
        os.chown(state, os.geteuid(), -1)
        state.chmod(0o700)


def test_what_stopped_whole_runs_is_told(tmp_path: Path) -> None:
    site = Site(tmp_path / "site", None)
    good = site.config.read_text()
    site.config.write_text("[fetch]\nlimit = 0\n")
    assert site.run("fetch").returncode == 78
    wrong = "since .*, in 1 run: .* the configuration has one problem"
    assert re.search(rf"(?m)^warn  runs: {wrong}", site.run("doctor").stdout)
    site.config.write_text(good)
    assert re.search(rf"(?m)^warn  runs: {wrong}", site.run("doctor").stdout)
    assert site.run("fetch").returncode == 0
    assert "in 1 run:" not in site.run("doctor").stdout


def setting(**lines: str) -> Callable[[Mishap], object]:
    return lambda site: site.change(**lines)


def tls(server_port: str, mode: str) -> Callable[[Mishap], object]:
    return lambda site: site.change(port=str(getattr(site.server, server_port)), tls=f'"{mode}"')


# Mistake → how it comes about, the status, what the doctor says of it.
MISTAKES: dict[str, tuple[Callable[[Mishap], object], int, str]] = {
    "host": (
        setting(host='"imap.invalid"', tls='"implicit"'),
        69,
        r"account\.main: \(imap\.invalid:\d+\) (this host name|the name servers)",
    ),
    "port": (lambda site: site.change(port=str(free_port())), 69, r"account\.main: .* nothing listens there"),
    "user": (
        setting(username='"wrong user@example.com"', password='{ file = "hook-key" }'),
        77,
        r"account\.main: .* the server refused the login",
    ),
    "password": (
        lambda site: site.secret.write_text(f"wrong-{CANARY}"),
        77,
        r"account\.main: .* the server refused the login",
    ),
    "tls": (tls("imap_port", "implicit"), 78, r"account\.main: .* does not speak TLS from the start"),
    "unknown authority": (tls("imaps_port", "implicit"), 77, r"account\.main: .* comes from an unknown authority"),
    "folder": (setting(folders='["Nowhere"]'), 78, r"account\.main: .* there is no folder 'Nowhere'"),
    "password file": (lambda site: site.secret.unlink(), 78, r"account\.main\.password: the file .* does not exist"),
    "password file of everybody": (
        lambda site: site.secret.chmod(0o644),
        77,
        r"account\.main\.password: everybody may read",
    ),
    "variable": (
        setting(password='{ env = "IMAP_PASSWORD" }'),
        78,
        r"account\.main\.password: the environment variable IMAP_PASSWORD is not set",
    ),
    "command": (
        setting(password='{ command = ["no-such-pass"] }'),
        78,
        r"account\.main\.password: the command no-such-pass did not start",
    ),
    "configuration": (
        setting(after='"burn"', timeout='"soon"'),
        78,
        r"configuration: account\.main\.after: this text is not possible here",
    ),
    "no TOML": (setting(host="localhost"), 78, r"configuration: \(.*/config\.toml\) is no valid TOML"),
    "no configuration": (
        lambda site: site.config.unlink(),
        78,
        r"configuration: \(.*/config\.toml\) there is no such file",
    ),
    "configuration of everybody": (lambda site: site.config.chmod(0o666), 77, r"configuration: .*everybody may change"),
    "damaged store": (
        lambda site: site.database.write_bytes(b"Not a database. " * 400),
        78,
        r"store: .*not a mailpoll store",
    ),
    "store of another": (lambda site: os.chown(site.database, 65534, -1), 77, r"store: .* belongs to "),
    "state folder": (lambda site: site.folder.chmod(0o500), 77, r"state folder: .* cannot be written to"),
    "channel that settings name": (
        lambda site: more(site, '[unrouted]\naction = "ops"\n'),
        78,
        r"unrouted\.action: there is no channel ops",
    ),
}
NEEDS_ROOT = {"store of another"}


def more(site: Mishap, text: str) -> None:
    with site.config.open("a") as config:
        config.write(text)


@pytest.mark.parametrize("name", MISTAKES)
def test_a_mistake_is_named_and_comes_with_what_to_do(name: str, dovecot: Dovecot, tmp_path: Path) -> None:
    if name in NEEDS_ROOT and os.geteuid():
        pytest.skip("only root can give a file away")
    upset, status, says = MISTAKES[name]
    site = Mishap(tmp_path / re.sub(r"\W", "-", name), dovecot)
    upset(site)
    how = {"preexec_fn": bound_by_file_modes} if name == "state folder" else {}
    ended, found = looked(site, **how)
    site.folder.chmod(0o700)
    fails = [each for each in found if each.level == "fail"]
    [named] = [each for each in fails if re.match(says, f"{each.about}: {each.what}")][:1] or [None]
    assert named is not None, [each for each in found if each.level != "ok"]
    assert (named.status, ended) == (status, status)
    assert named.advice
    if name == "store of another":
        assert named.advice.endswith(f"mailpoll --config {site.config} doctor --json")
    unknown = [each for each in found if each.about == "runs" and "cannot be known" in each.what]
    assert bool(unknown) == (name in ("damaged store", "state folder", "store of another"))
    assert {each.status == 0 for each in found if each.level != "fail"} <= {True}


# What only works half → how it comes about, what the doctor warns of.
HALF: dict[str, tuple[Callable[[Mishap], object], str]] = {
    "no plus address yet": (
        lambda site: site.change(folders='["Empty"]', username='"username@example.com"'),
        r"account\.main: no mail is there that shows whether username\+test@example\.com works",
    ),
    "no pattern": (
        lambda site: site.change(folders='["Empty"]'),
        r"account\.main: no pattern covers no-pattern@example\.com",
    ),
    "pattern": (
        lambda site: site.config.write_text(site.config.read_text().replace("+%s@example.com", "+%s@exmaple.com")),
        r"addresses\.patterns: username\+%s@exmaple\.com: no account is at exmaple\.com",
    ),
    "channel without address": (
        lambda site: site.run("channel", "add", "ops", "--no-address"),
        r"channel ops: no address leads to it",
    ),
    "store for others": (lambda site: site.database.chmod(0o644), r"store: others may read "),
    "folder for others": (lambda site: site.folder.chmod(0o755), r"state folder: others may look into"),
    "never ran": (lambda site: None, r"runs: no run was completed yet"),
}


@pytest.mark.parametrize("name", HALF)
def test_what_works_half_is_a_warning(name: str, dovecot: Dovecot, tmp_path: Path) -> None:
    upset, says = HALF[name]
    site = Mishap(tmp_path / re.sub(r"\W", "-", name), dovecot)
    if name.startswith("no p"):
        for user in {site.user, "username@example.com"}:
            with dovecot.client(user) as client:
                client.create("Empty")
    upset(site)
    status, found = looked(site)
    assert [each for each in all_of(found, "warn") if re.match(says, each)], all_of(found, "warn")
    assert (status, all_of(found, "fail")) == (0, [])


def test_a_mistake_in_one_section_does_not_hide_what_is_wrong_elsewhere(dovecot: Dovecot, tmp_path: Path) -> None:
    site = Mishap(tmp_path / "sections", dovecot)
    login = 'host = "localhost"\nusername = "u@example.com"\npassword = { file = 7 }\n'
    more(site, f"[account.other]\n{login}[reader]\ncpu_secnds = 5\n")
    site.secret.write_text(f"wrong-{CANARY}")
    status, found = looked(site)
    assert status == 78
    fails = all_of(found, "fail")
    assert len(fails) == 3
    assert {fail[:55] for fail in fails[:2]} == {
        "configuration: account.other.password.file: expected text in quotes"[:55],
        "configuration: reader.cpu_secnds: is no setting. Did you mean cpu_seconds?"[:55],
    }
    assert "the server refused the login" in fails[2]


def test_a_trouble_that_runs_met_is_told(dovecot: Dovecot, tmp_path: Path) -> None:
    site = Mishap(tmp_path / "troubles", dovecot)
    site.change(folders='["Nowhere"]')
    assert site.run("fetch").returncode == 78
    _, found = looked(site)
    assert [
        each
        for each in all_of(found, "warn")
        if re.match(r"runs: since 20.*, in 1 run: account\.main.*no folder", each)
    ]


def test_a_channel_whose_destination_was_taken_out_of_the_configuration_fails(dovecot: Dovecot, tmp_path: Path) -> None:
    with Receiver() as receiver:
        site = Mishap(tmp_path / "gone", dovecot, "hook", hook=receiver.url)
    site.config.write_text(site.config.read_text().partition("[destination.hook]")[0])
    status, found = looked(site)
    assert status == 78
    assert all_of(found, "fail") == ["channel dev: posts to hook, which is not configured any more"]


def test_a_destination_that_cannot_be_reached_or_is_paused_is_told(dovecot: Dovecot, tmp_path: Path) -> None:
    with Receiver(401) as receiver:
        site = Mishap(tmp_path / "paused", dovecot, "hook", hook=receiver.url)
        assert site.run("fetch").returncode == 77
    status, found = looked(site)
    assert status == 77
    assert [each for each in all_of(found, "fail") if "cannot be reached" in each]
    [paused] = [each for each in found if each.about == "destination.hook" and "paused for" in each.what]
    assert (paused.level, paused.status) == ("fail", 77)
    assert "1 post waits: " in paused.what
    assert paused.advice == "Put that right; then: mailpoll destination resume hook"
    assert not [each for each in found if each.about == "runs" and "destination.hook" in each.what]


def test_mail_to_an_address_that_no_channel_has_is_told(dovecot: Dovecot, tmp_path: Path) -> None:
    site = Mishap(tmp_path / "token", dovecot)
    site.send("username+onncall@example.com")
    site.run("fetch")
    _, found = looked(site)
    [said] = [each for each in found if each.about == "mails"]
    assert (said.level, said.what) == ("warn", "1 mail is unrouted")
    assert said.advice == "Look: mailpoll messages list --state unrouted"


def test_a_certificate_that_soon_ends_is_told(tmp_path: Path) -> None:
    require(missing() or "Dovecot", not missing())
    authority = Authority(tmp_path / "authority")
    with Dovecot(tmp_path, extra_config=SECOND_PASSWORD, certificate=authority.issue(days=9)) as server:
        site = Mishap(tmp_path / "ends", server)
        site.change(port=str(server.imaps_port), tls='"implicit"', ca_file=f'"{authority.ca_file}"')
        status, found = looked(site)
    assert status == 0
    assert [each for each in all_of(found, "warn") if re.search(r"certificate ends in [89] days, on 20", each)]


def test_rights_that_a_folder_lacks_are_told_where_the_server_tells_them(dovecot: Dovecot, tmp_path: Path) -> None:
    site = Mishap(tmp_path / "rights", dovecot)
    (dovecot.maildir(site.user) / "dovecot-acl").write_text("owner lr\n")
    status, found = looked(site)
    [said] = [each for each in found if "may not be changed" in each.what]
    assert (said.level, status) == ("warn", 0)
    assert "rights s (RFC 4314)" in said.advice


@pytest.mark.parametrize(
    ("after", "capabilities", "says"),
    [
        ("delete", b"IMAP4rev1", 'after = "delete": the server has no UIDPLUS'),
        ("move", b"IMAP4rev1", 'after = "move": the server has no UIDPLUS'),
        ("move", b"IMAP4rev1 MOVE", ""),
        ("delete", b"IMAP4rev1 UIDPLUS", ""),
        ("keyword", b"IMAP4rev1", 'after = "keyword": the server keeps no keywords'),
    ],
)
def test_what_the_server_cannot_do_with_mail_taken_is_told(
    after: str, capabilities: bytes, says: str, dovecot: Dovecot, tmp_path: Path
) -> None:
    site = Mishap(tmp_path / "after", dovecot)
    with ScriptedImap({"CAPABILITY": b"* CAPABILITY " + capabilities + b"\r\n%s OK done\r\n"}) as server:
        site.change(host=f'"{server.host}"', port=str(server.port), after=f'"{after}"')
        status, found = looked(site)
        assert not [
            word for word in server.commands if re.match(r"SELECT|(UID )?(STORE|COPY|MOVE)|EXPUNGE|CREATE", word)
        ]
    warned = [each for each in found if each.level == "warn" and each.what.startswith("after")]
    assert [each.what.startswith(says) and bool(each.advice) for each in warned] == ([True] if says else [])
    assert status == 0


@pytest.mark.parametrize("silence", [HANG, DRIP])
def test_an_account_that_hangs_hides_nothing(silence: bytes, dovecot: Dovecot, tmp_path: Path) -> None:
    site = Mishap(tmp_path / "hangs", dovecot)
    with ScriptedImap({"LOGIN": silence}) as slow:
        place = f'host = "{slow.host}"\nport = {slow.port}\ntls = "none"\n'
        login = 'username = "u@example.com"\npassword = { file = "imap-password" }\n'
        more(site, f"[account.other]\n{place}{login}")
        hindered = [MAILPOLL.with_name("python"), "-c", QUICK, "--config", site.config, "doctor", "--json"]
        result = checked(subprocess.run(hindered, env=CRON, capture_output=True, text=True, check=False, timeout=30))
    found = [Found(**each) for each in json.loads(result.stdout)]
    assert result.returncode == 69
    [hung] = [each for each in found if each.level == "fail"]
    assert (hung.about, hung.status) == ("account.other", 69)
    assert "the doctor has no more time" in hung.what or "no end within 2 s" in hung.what
    assert [each for each in found if each.about == "account.main" and "logged in" in each.what]


# The doctor, with less patience.
QUICK = """
from mailpoll import cli
from mailpoll.commands import doctor_network
doctor_network.SECONDS = 2.0
cli.main()
"""


def test_ctrl_c_ends_it_at_once_in_one_line(dovecot: Dovecot, tmp_path: Path) -> None:
    site = Mishap(tmp_path / "ctrl-c", dovecot)
    with ScriptedImap({"LOGIN": HANG}) as slow:
        site.change(host=f'"{slow.host}"', port=str(slow.port))
        command = [MAILPOLL, "--config", site.config, "doctor"]
        process = subprocess.Popen(command, env=CRON, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        while not any(said.startswith("LOGIN") for said in slow.commands):
            assert process.poll() is None
        started = time.monotonic()
        process.send_signal(signal.SIGINT)
        out, err = process.communicate(timeout=20)
    assert time.monotonic() - started < 10
    result = checked(subprocess.CompletedProcess(command, process.returncode, out, err))
    assert (result.returncode, result.stderr.count("mailpoll: stopped")) == (130, 1)


def test_with_the_eyes_of_cron_a_variable_of_this_shell_is_not_there(dovecot: Dovecot, tmp_path: Path) -> None:
    site = Mishap(tmp_path / "as-cron", dovecot)
    site.change(password='{ env = "IMAP_PASSWORD" }')
    here = {"IMAP_PASSWORD": f"imap-{CANARY}"}
    status, found = looked(site, env=here)
    assert status == 0
    assert [each.level for each in found if each.about == "account.main.password"] == ["warn"]
    status, found = looked(site, "--as-cron", env=here)
    assert status == 78
    [differs] = [each for each in found if each.about == "cron" and each.what.startswith("account.main.password")]
    assert differs.what == (
        "account.main.password: here: comes from the environment variable IMAP_PASSWORD; "
        "under cron: the environment variable IMAP_PASSWORD is not set"
    )


def test_with_the_eyes_of_cron_a_configuration_that_only_this_shell_names_is_not_there(
    dovecot: Dovecot, tmp_path: Path
) -> None:
    site = Mishap(tmp_path / "as-cron-config", dovecot)
    env = {**CRON, "MAILPOLL_CONFIG": str(site.config)}
    result = checked(
        subprocess.run(
            [MAILPOLL, "doctor", "--as-cron", "--json"], env=env, capture_output=True, text=True, check=False
        )
    )
    found = [Found(**each) for each in json.loads(result.stdout)]
    assert any(each.about == "cron" and str(site.config) in each.what for each in found), found


def test_with_the_eyes_of_cron_nothing_differs_when_secrets_are_files(dovecot: Dovecot, tmp_path: Path) -> None:
    site = Mishap(tmp_path / "as-cron-well", dovecot)
    status, found = looked(site, "--as-cron")
    assert status == 0
    assert "cron: sees the same configuration and the same secrets as this shell" in all_of(found, "ok")


def test_with_the_eyes_of_cron_advice_repeats_what_a_person_types(dovecot: Dovecot, tmp_path: Path) -> None:
    if os.geteuid():
        pytest.skip("only root can give a file away")
    site = Mishap(tmp_path / "as-cron-typed", dovecot)
    os.chown(site.database, 65534, -1)
    status, found = looked(site, "--as-cron")
    assert status == 77
    [refused] = [each for each in found if each.about == "store" and each.level == "fail"]
    assert refused.advice.endswith(f"mailpoll --config {site.config} doctor")


def test_a_crontab_that_starts_another_configuration_is_told(tmp_path: Path) -> None:
    """For each of two configurations, and where there is none."""
    for name in ("one", "two"):
        (tmp_path / f"{name}.toml").write_text(f'[store]\nurl = "sqlite:///{tmp_path}/{name}/mailpoll.db"\n')
    crontab = tmp_path / "crontab"
    crontab.write_text(f"#!/bin/sh\necho '* * * * * {MAILPOLL} --config {tmp_path}/one.toml fetch'\n")
    crontab.chmod(0o755)
    env = {**CRON, "HOME": str(tmp_path / "home"), "PATH": f"{tmp_path}:/usr/bin:/bin"}

    def told(*words: str, **more: str) -> str:
        result = subprocess.run(
            [MAILPOLL, *words, "doctor"], env={**env, **more}, capture_output=True, text=True, check=False
        )
        return result.stdout

    one, two, usual = tmp_path / "one.toml", tmp_path / "two.toml", tmp_path / "home/.config/mailpoll/config.toml"
    assert "ok    cron: your crontab starts a run\n" in told("--config", str(one))
    assert "ok    cron: your crontab starts a run\n" in told(MAILPOLL_CONFIG=str(one))
    for path, words, more in [
        (two, ["--config", str(two)], {}),
        (two, [], {"MAILPOLL_CONFIG": str(two)}),
        (usual, [], {}),
    ]:
        line = f"warn  cron: your crontab starts runs of {one}; nothing starts those of this configuration ({path}) — "
        assert line in told(*words, **more)


def test_an_installation_without_account_and_store_is_fine(tmp_path: Path) -> None:
    config = tmp_path / "config.toml"
    config.write_text(f'[store]\nurl = "sqlite:///{tmp_path}/state/mailpoll.db"\n')
    result = subprocess.run(
        [MAILPOLL, "--config", config, "doctor"], env=CRON, capture_output=True, text=True, check=False
    )
    assert (result.returncode, result.stderr) == (0, ""), result.stdout
    assert f"ok    store: {tmp_path}/state/mailpoll.db will be made by the first run" in result.stdout
    assert not (tmp_path / "state").exists()


def test_a_store_on_postgresql_is_looked_at_and_its_going_away_told(tmp_path: Path) -> None:
    require(postgres.missing() or "PostgreSQL", not postgres.missing())
    env = {**CRON, "HOME": str(tmp_path)}

    def run(*words: str) -> tuple[int, str]:
        command = [MAILPOLL, "--config", tmp_path / "config.toml", *words]
        result = subprocess.run(command, env=env, capture_output=True, text=True, check=False, timeout=60)
        assert "Traceback" not in result.stdout + result.stderr
        return result.returncode, result.stdout + result.stderr

    with postgres.Postgres() as server:
        (tmp_path / "config.toml").write_text(f'[store]\nurl = "{server.url(server.database())}"\n')
        (tmp_path / "config.toml").chmod(0o600)
        assert run("channel", "add", "dev", "--token", "oncall")[0] == 0
        status, out = run("doctor")
        assert (status, "ok    channels: dev" in out) == (0, True), out
        assert re.search(r"(?m)^ok +store: the database can be used", out), out
        status, out = run("status", "--max-age", "10m")
        assert (status, out.splitlines()[0]) == (0, "OK: nothing is too old")
        server.stop()
        status, out = run("doctor")
        assert status == 69, out
        assert re.search(r"(?m)^fail +store: .* — \S+", out), out
        assert run("status")[0] == 69
