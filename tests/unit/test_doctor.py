"""doctor/: what starts the runs, the clock, files and their modes, and checks that hang or have a bug."""

from __future__ import annotations

import os
import threading
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from mailpoll.commands.install_cron import cron_command
from mailpoll.destinations.kind import failed
from mailpoll.doctor import Check, Job, account, crontab, files, ok, schedule, secrets, together, warn
from mailpoll.errors import ConfigError, MessageError, Unavailable
from mailpoll.http import Response, classify, nothing_shown
from mailpoll.http.failures import translated
from mailpoll.settings import SecretRef

NOW = datetime(2026, 11, 21, 12, 0, tzinfo=UTC)
ME = os.geteuid()


def said(checks: Sequence[Check]) -> list[tuple[str, str]]:
    return [(check.finding.level, check.finding.what) for check in checks]


@pytest.fixture
def places(tmp_path: Path) -> schedule.Places:
    (tmp_path / "cron.d").mkdir()
    (tmp_path / "units").mkdir()
    return schedule.Places(
        crontab=lambda: "",
        system_crontabs=(tmp_path / "crontab",),
        cron_d=tmp_path / "cron.d",
        units=(tmp_path / "units", tmp_path / "none"),
        lacking=lambda unit: ("", ""),
    )


def program(folder: Path) -> Path:
    """A mailpoll that cron could start."""
    path = folder / "bin" / "mailpoll"
    path.parent.mkdir()
    path.write_text("#!/bin/sh\n")
    path.chmod(0o755)
    return path


def in_crontab(places: schedule.Places, text: str) -> schedule.Places:
    return replace(places, crontab=lambda: text)


def test_nothing_that_starts_it_is_told_with_what_to_type(places: schedule.Places) -> None:
    [check] = schedule.job(in_crontab(places, "# * * * * * /bin/mailpoll fetch\n* * * * * backup mailpoll.db\n"))
    assert said([check]) == [("warn", "nothing seems to start mailpoll")]
    assert check.finding.advice == "Type: mailpoll install cron"


@pytest.mark.parametrize("times", ["* * * * *", "*/5 6-22 * * 1-5", "@hourly"])
def test_a_crontab_that_starts_it_is_found(times: str, places: schedule.Places, tmp_path: Path) -> None:
    text = f"MAILTO=me\n{times} {program(tmp_path)} --config /etc/x.toml fetch\n"
    assert said(list(schedule.job(in_crontab(places, text)))) == [("ok", "your crontab starts a run")]


def test_a_program_that_cron_does_not_find_is_told(places: schedule.Places, tmp_path: Path) -> None:
    [check] = schedule.job(in_crontab(places, "* * * * * mailpoll fetch\n"))
    assert said([check]) == [("warn", "your crontab starts mailpoll, which cron does not find (PATH=/usr/bin:/bin)")]
    assert check.finding.advice.startswith("Write its absolute path")
    text = f'PATH="{program(tmp_path).parent}:/bin"\n* * * * * mailpoll fetch\n'
    assert said(list(schedule.job(in_crontab(places, text)))) == [("ok", "your crontab starts a run")]


@pytest.mark.parametrize("folder", ["bin", "my mail", "100%", "o'hara", "a&b;(c)"])
def test_the_line_that_install_writes_is_well(folder: str, places: schedule.Places, tmp_path: Path) -> None:
    path = program(tmp_path).rename(tmp_path / "mailpoll")
    (tmp_path / folder).mkdir(exist_ok=True)
    path = path.rename(tmp_path / folder / "mailpoll")
    line = f"* * * * * {cron_command((str(path), '--config', '/etc/x y.toml', 'fetch'))}\n"
    assert said(list(schedule.job(in_crontab(places, line)))) == [("ok", "your crontab starts a run")]
    path.unlink()
    what = f"your crontab starts {path}, which cron does not find (PATH=/usr/bin:/bin)"
    assert said(list(schedule.job(in_crontab(places, line)))) == [("warn", what)]


NOT_FOUND = [
    "cd /x && mailpoll fetch",
    "cd /x&&mailpoll fetch",
    "exec mailpoll fetch",
    "LANG=C mailpoll fetch",
    "LANG=C /usr/bin/env MAILTO=x mailpoll fetch",
    "(mailpoll fetch)",
    "nice mailpoll --config '/etc/x y.toml' fetch >/dev/null",
    "sleep 5; mailpoll fetch",
]
UNSURE = [
    "cd /x && ./mailpoll fetch",
    "cd /x && bin/mailpoll fetch",
    "$HOME/bin/mailpoll fetch",
    "~/bin/mailpoll fetch",
    "PATH=$PATH:/x mailpoll fetch",
    "PATH=/x; mailpoll fetch",
    ". /x/bin/activate && mailpoll fetch",
    "export PATH=/x; mailpoll fetch",
    "flock -n /x mailpoll fetch",
    "nice -n 5 mailpoll fetch",
    "/usr/bin/python3 -m mailpoll fetch",
    "ssh there mailpoll fetch",
    "podman exec it mailpoll fetch",
    "sh -c 'mailpoll fetch'",
    "mailpoll 'fetch",
]


@pytest.mark.parametrize("command", [pytest.param(command, id=command) for command in NOT_FOUND])
def test_the_program_is_found_in_the_command(command: str, places: schedule.Places) -> None:
    what = "your crontab starts mailpoll, which cron does not find (PATH=/usr/bin:/bin)"
    assert said(list(schedule.job(in_crontab(places, f"* * * * * {command}\n")))) == [("warn", what)]


@pytest.mark.parametrize("command", [pytest.param(command, id=command) for command in UNSURE])
def test_what_is_not_certain_is_no_warning(command: str, places: schedule.Places) -> None:
    text = f"@hourly {command}\n"
    assert said(list(schedule.job(in_crontab(places, text)))) == [("ok", "your crontab starts a run")]


@pytest.mark.parametrize(
    ("name", "mode", "end", "advice"),
    [
        ("mailpoll", 0o644, "\n", ""),
        ("mailpoll.cron", 0o644, "\n", "Its name holds a dot"),
        ("mailpoll", 0o664, "\n", "Others may change it: chmod 0644"),
        ("mailpoll", 0o644, "", "Its last line has no end"),
    ],
)
def test_a_file_that_cron_passes_over_is_told(
    name: str, mode: int, end: str, advice: str, places: schedule.Places, tmp_path: Path
) -> None:
    path = places.cron_d / name
    path.write_text(f"* * * * * nobody {program(tmp_path)} fetch{end}")
    path.chmod(mode)
    [check] = schedule.job(places)
    assert check.finding.level == ("warn" if advice else "ok")
    assert check.finding.advice.startswith(advice)


def test_units_of_systemd_are_found_and_a_missing_timer_told(places: schedule.Places) -> None:
    service = places.units[0] / "mailpoll.service"
    service.write_text("[Service]\nExecStart=/opt/mailpoll/bin/mailpoll fetch\n")
    assert said(list(schedule.job(places))) == [("warn", "mailpoll.service has no timer beside it")]
    service.with_suffix(".timer").touch()
    assert said(list(schedule.job(places))) == [("ok", "mailpoll.service starts runs")]


# A line of a crontab → the configuration that it starts runs of, below HOME; None: nobody can say.
NAMED = {
    "mailpoll fetch": ".config/mailpoll/config.toml",
    "mailpoll --config ~/h2/config.toml fetch": "h2/config.toml",
    "mailpoll --config=h2/config.toml fetch": "h2/config.toml",
    "mailpoll --config $HOME/h2/config.toml fetch -v": "h2/config.toml",
    "cd /x && mailpoll --config $HOME/h2/config.toml fetch": "h2/config.toml",
    "MAILPOLL_CONFIG=~/h2/config.toml mailpoll fetch": "h2/config.toml",
    "python3 -c 'from mailpoll.cli import main; main()' --config h2/config.toml fetch": "h2/config.toml",
    "flock -n /x mailpoll --config h2/config.toml fetch": "h2/config.toml",
    "cd /x && mailpoll --config h2/config.toml fetch": None,
    "mailpoll --config $X/config.toml fetch": None,
    "sh -c 'mailpoll fetch'": None,
    "sudo -u x mailpoll fetch": None,
}


@pytest.mark.parametrize("command", NAMED)
def test_the_configuration_of_a_line_is_known(command: str) -> None:
    named = NAMED[command]
    assert crontab.configuration(command, {"HOME": "/home/me"}) == (Path("/home/me", named) if named else None)


@pytest.mark.parametrize(
    ("line", "ours"),
    [
        ("mailpoll fetch", False),
        ("mailpoll --config {home}/h2/config.toml fetch", True),
        ("mailpoll --config {home}/h3/config.toml fetch", False),
        ("sh -c 'mailpoll fetch'", True),
    ],
)
def test_a_line_that_starts_another_configuration_is_not_ours(
    line: str, ours: bool, places: schedule.Places, tmp_path: Path
) -> None:
    text = f"PATH={program(tmp_path).parent}\nHOME={tmp_path}\n* * * * * {line.format(home=tmp_path)}\n"
    wanted = tmp_path / "h2" / "config.toml"
    [check] = schedule.job(in_crontab(places, text), wanted)
    if ours:
        assert said([check]) == [("ok", "your crontab starts a run")]
    else:
        assert check.finding.level == "warn"
        assert check.finding.what.endswith(f"; nothing starts those of this configuration ({wanted})")
        assert check.finding.advice == f"Type: mailpoll --config {wanted} install cron"


def test_a_line_beside_those_of_others_is_found(places: schedule.Places, tmp_path: Path) -> None:
    path = program(tmp_path)
    text = f"HOME={tmp_path}\n* * * * * {path} fetch\nMAILPOLL_CONFIG={tmp_path}/h2.toml\n* * * * * {path} fetch\n"
    checks = list(schedule.job(in_crontab(places, text), tmp_path / "h2.toml"))
    assert said(checks) == [("ok", "your crontab starts a run")]


def test_units_of_another_configuration_are_not_ours(places: schedule.Places) -> None:
    service = places.units[0] / "mailpoll.service"
    service.write_text("[Service]\nExecStart=/bin/mailpoll --config /etc/mailpoll/config.toml fetch\n")
    service.with_suffix(".timer").touch()
    assert said(list(schedule.job(places, Path("/etc/mailpoll/config.toml")))) == [
        ("ok", "mailpoll.service starts runs")
    ]
    [check] = schedule.job(places, Path("/h2/config.toml"))
    assert check.finding.what.startswith("mailpoll.service starts runs of /etc/mailpoll/config.toml; nothing")


def test_units_that_systemd_does_not_start_are_told_unless_cron_starts_runs(
    places: schedule.Places, tmp_path: Path
) -> None:
    service = places.units[0] / "mailpoll.service"
    service.write_text("[Service]\nExecStart=/opt/mailpoll/bin/mailpoll fetch\n")
    service.with_suffix(".timer").touch()
    idle = replace(places, lacking=lambda unit: (f"{unit.name} is not enabled", "Enable it"))
    [check] = schedule.job(idle)
    assert said([check]) == [
        ("warn", "the unit files of mailpoll.service are there, but mailpoll.timer is not enabled")
    ]
    text = f"* * * * * {program(tmp_path)} fetch\n"
    assert said(list(schedule.job(in_crontab(idle, text)))) == [("ok", "your crontab starts a run")]
    both = said(list(schedule.job(in_crontab(places, text))))
    assert both[2:] == [("warn", "both cron and systemd start runs; one is enough")]


def test_systemd_that_does_not_run_starts_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(schedule, "BOOTED", tmp_path / "none")
    what, advice = schedule.lacking(Path("/etc/systemd/system/mailpoll.timer"))
    assert what == "systemd is not running"
    assert "systemctl enable --now mailpoll.timer" in advice


@pytest.mark.parametrize(("refused", "what"), [("", ""), ("is-enabled", "enabled"), ("is-active", "started")])
def test_a_timer_must_be_enabled_and_started(
    refused: str, what: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    control = tmp_path / "systemctl"
    control.write_text(f'#!/bin/sh\ntest "$2" != "{refused}"\n')
    control.chmod(0o755)
    monkeypatch.setattr(schedule, "BOOTED", tmp_path)
    monkeypatch.setenv("PATH", f"{tmp_path}:/usr/bin:/bin")
    lacking = schedule.lacking(Path("/etc/systemd/system/mailpoll.timer"))
    enable = "Type: systemctl enable --now mailpoll.timer"
    assert lacking == ((f"mailpoll.timer is not {what}", enable) if what else ("", ""))


@pytest.mark.parametrize(
    ("moment", "level", "what"),
    [
        (None, "warn", "no run was completed yet"),
        (NOW - timedelta(hours=3), "warn", "no run was completed for 3 h"),
        (NOW - timedelta(seconds=50), "ok", "the last one was 50 s ago"),
    ],
)
def test_when_a_run_was_completed_last(moment: datetime | None, level: str, what: str) -> None:
    assert said([schedule.last_run(moment, NOW)]) == [(level, what)]


@pytest.mark.parametrize(
    ("moment", "level"), [(NOW - timedelta(days=1), "ok"), (None, "ok"), (NOW + timedelta(hours=1), "warn")]
)
def test_a_clock_that_is_behind_what_happened_is_told(moment: datetime | None, level: str) -> None:
    check = schedule.clock(NOW, {"it was installed": None, "the newest mail came": moment})
    assert check.finding.level == level
    assert ("the newest mail came" in check.finding.advice) == (level == "warn")


@pytest.mark.parametrize(
    ("octets", "level", "status"), [(0, "fail", 69), (50_000_000, "warn", 0), (10_000_000_000, "ok", 0)]
)
def test_the_room_on_the_disk(octets: int, level: str, status: int, tmp_path: Path) -> None:
    [check] = files.store(tmp_path / "deep" / "mailpoll.db", ME, free=lambda folder: octets)
    assert (check.finding.level, check.status) == (level, status)


def test_a_write_ahead_log_that_grows_is_told(tmp_path: Path) -> None:
    with (tmp_path / "mailpoll.db-wal").open("wb") as file:
        file.truncate(300_000_000)
    checks = list(files.store(tmp_path / "mailpoll.db", ME, free=lambda folder: 1 << 40))
    assert [check.finding.level for check in checks] == ["warn", "ok"]
    assert "300 MB" in checks[0].finding.what


def test_a_configuration_that_another_user_owns_is_told(tmp_path: Path) -> None:
    path = tmp_path / "config.toml"
    path.touch()
    path.chmod(0o600)
    assert list(files.configuration(path, ME)) == []
    if ME:
        pytest.skip("only root can give a file away")
    os.chown(path, 65534, -1)
    assert [check.finding.level for check in files.configuration(path, ME)] == ["warn"]


def test_a_folder_that_everybody_may_write_into_is_as_bad_unless_it_is_sticky(tmp_path: Path) -> None:
    path = tmp_path / "etc" / "config.toml"
    path.parent.mkdir()
    path.touch()
    path.chmod(0o600)
    path.parent.chmod(0o777)
    assert [check.status for check in files.configuration(path, ME)] == [77]
    path.parent.chmod(0o1777)
    assert list(files.configuration(path, ME)) == []


def test_a_state_folder_that_is_not_there_yet_will_be_made(tmp_path: Path) -> None:
    [check] = files.state(tmp_path / "a" / "b", ME)
    assert check.finding.what.endswith("will be made by the first run")


def test_a_check_that_hangs_fails_or_has_a_bug_hides_no_other() -> None:
    over = threading.Event()
    aborted = threading.Event()

    def hang() -> list[Check]:
        over.wait(20)
        return []

    def give_up() -> list[Check]:
        aborted.wait(20)
        raise Unavailable("stopped", about="b")

    def refuse() -> list[Check]:
        raise ConfigError("is wrong", about="c.password", advice="Change it")

    def bug() -> list[Check]:
        raise ZeroDivisionError("a secret")

    jobs = [Job("a", hang), Job("b", give_up, aborted.set), Job("c", refuse), Job("d", bug)]
    jobs.append(Job("e", lambda: [ok("e", "fine")]))
    checks = together(jobs, 0.2)
    over.set()
    assert [(check.about, check.status, check.finding.what) for check in checks] == [
        ("a", 69, "no end within 0.2 s"),
        ("b", 69, "stopped"),
        ("c", 78, "(password) is wrong"),
        ("d", 70, "this check failed: ZeroDivisionError"),
        ("e", 0, "fine"),
    ]


@pytest.mark.parametrize(
    ("reference", "desktop", "level"),
    [
        (SecretRef(file="word"), True, "ok"),
        (SecretRef(command=("pass",)), True, "ok"),
        (SecretRef(env="WORD"), False, "warn"),
        (SecretRef(keyring="main"), True, "warn"),
        (SecretRef(keyring="main"), False, "ok"),
        (SecretRef(credential="imap"), False, "warn"),
    ],
)
def test_a_secret_that_cron_may_not_see_is_told(reference: SecretRef, desktop: bool, level: str) -> None:
    jobs = secrets.jobs([("account.main.password", reference)], lambda ref, about: "word", desktop=desktop)
    [check] = together(jobs, 5)
    assert check.finding.level == level
    assert "word" not in check.finding.what.replace("file word", "")


def test_of_several_findings_about_one_thing_equal_ones_are_no_difference() -> None:
    owner = warn("configuration", "/etc/mailpoll belongs to root", "")
    here = [ok("configuration", "/etc/x.toml"), owner, ok("a.password", "comes from the file x")]
    assert said(list(secrets.differences(here, [*here, ok("store", "can be used")]))) == [
        ("ok", "sees the same configuration and the same secrets as this shell")
    ]
    there = [ok("configuration", "/etc/y.toml"), owner]
    assert said(list(secrets.differences(here, there))) == [
        ("warn", "configuration: here: /etc/x.toml; under cron: /etc/y.toml"),
        ("fail", "a.password: comes from the file x here; cron does not get so far"),
    ]


@pytest.mark.parametrize(
    ("username", "own"),
    [
        ("me@example.com", ["me+%s@example.com"]),
        ("you@example.org", ["You-%s@EXAMPLE.org"]),
        ("anybody@all.example", ["%s@all.example"]),
        ("they@example.com", []),
        ("login", ["me+%s@example.com", "You-%s@EXAMPLE.org", "%s@all.example"]),
    ],
)
def test_the_patterns_of_an_account(username: str, own: list[str]) -> None:
    assert account.own_patterns(username, ["me+%s@example.com", "You-%s@EXAMPLE.org", "%s@all.example"]) == own


BUSY = "Try again later"


@pytest.mark.parametrize(
    ("status", "advice"),
    [(429, BUSY), (500, BUSY), (503, BUSY), (None, "Check the network"), (401, "Check its secret")],
)  # fmt: skip
def test_what_to_do_about_a_service_that_is_busy_or_broken_is_to_wait(status: int | None, advice: str) -> None:
    """Only where nobody answered is it the network."""

    def ask() -> None:
        if status is None:
            raise translated(ConnectionRefusedError(), "https://chat.example.com/", sent=True)
        classify(Response(status, {}, b"", "https://chat.example.com/"), advice="Check its secret")

    with pytest.raises(MessageError) as caught, nothing_shown():
        ask()
    assert failed("chat", caught.value, "Check the network").advice == advice
