"""What starts the runs: cron and systemd, whether one did lately, and whether this machine knows the time."""

from __future__ import annotations

import os
import pwd
import re
import shlex
import shutil
import stat
import subprocess
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

from mailpoll.doctor import crontab
from mailpoll.doctor.checks import Check, age, ok, warn
from mailpoll.places import NO_HOME, find_config

LATE = timedelta(minutes=10)
CRON_PATH = "/usr/bin:/bin"
INSTALL = "mailpoll install cron"
BOOTED = Path("/run/systemd/system")  # sd_booted(3)


def own_crontab() -> str:
    """This user's crontab; empty without one, or without cron."""
    program = shutil.which("crontab")
    if program is None:
        return ""
    try:
        done = subprocess.run([program, "-l"], stdin=subprocess.DEVNULL, capture_output=True, timeout=5, check=False)
    except (OSError, subprocess.TimeoutExpired):
        return ""
    return done.stdout.decode("utf-8", "replace") if not done.returncode else ""


def lacking(unit: Path) -> tuple[str, str]:
    """Why systemd does not start this unit, and what to type; both empty when it does."""
    own = not unit.is_relative_to("/etc") and not unit.is_relative_to("/usr")
    control = ["systemctl", *(["--user"] if own else [])]
    enable = f"Type: {shlex.join([*control, 'enable', '--now', unit.name])}"
    runtime = Path(os.environ.get("XDG_RUNTIME_DIR", f"/run/user/{os.geteuid()}"), "systemd") if own else BOOTED
    if not os.path.isdir(runtime) or shutil.which("systemctl") is None:
        return "systemd is not running", f"{enable}, where it runs; elsewhere let cron start runs"
    for state, what in (("is-enabled", "enabled"), ("is-active", "started")):
        if not _succeeds([*control, "--quiet", state, unit.name]):
            return f"{unit.name} is not {what}", enable
    return "", ""


def _succeeds(words: Sequence[str]) -> bool:
    try:
        done = subprocess.run(words, stdin=subprocess.DEVNULL, capture_output=True, timeout=5, check=False)
    except (OSError, subprocess.TimeoutExpired):
        return False
    return not done.returncode


@dataclass(frozen=True, slots=True)
class Starter:
    """What starts runs: where it stands, what is to be said of it, and the configuration, as far as it is known."""

    name: str
    check: Check
    configuration: Path | None


@dataclass(frozen=True, slots=True)
class Places:
    """Where jobs are looked for."""

    crontab: Callable[[], str] = own_crontab
    system_crontabs: tuple[Path, ...] = (Path("/etc/crontab"),)
    cron_d: Path = Path("/etc/cron.d")
    units: tuple[Path, ...] = (
        Path("/etc/systemd/system"),
        Path("/usr/local/lib/systemd/system"),
        Path("/usr/lib/systemd/system"),
    )
    lacking: Callable[[Path], tuple[str, str]] = lacking


def job(places: Places, configuration: Path | None = None) -> Iterator[Check]:
    """Whether something starts runs of this configuration, and whether that can work. Without one: of any."""
    lines, units = list(_in_crontabs(places)), list(_in_units(places))
    cron = [each.check for each in lines if _is(each.configuration, configuration)]
    systemd = [each.check for each in units if _is(each.configuration, configuration)]
    if any(check.finding.level == "ok" for check in cron):  # units that nobody enabled are no matter then
        systemd = [check for check in systemd if check.finding.level == "ok"]
    yield from (*cron, *systemd)
    if all(any(check.finding.level == "ok" for check in kind) for kind in (cron, systemd)):
        advice = "Take one away: crontab -e (or /etc/cron.d), or systemctl disable --now mailpoll.timer"
        yield warn("cron", "both cron and systemd start runs; one is enough", advice)
    if not cron and not systemd:
        yield _nothing([*lines, *units], configuration)


def _nothing(others: Sequence[Starter], configuration: Path | None) -> Check:
    install = f"Type: {_install(configuration)}"
    if not others:
        return warn("cron", "nothing seems to start mailpoll", install)
    where = f"{others[0].name} starts runs of {others[0].configuration}"
    return warn("cron", f"{where}; nothing starts those of this configuration ({configuration})", install)


def _install(configuration: Path | None) -> str:
    if configuration is None or configuration == find_config(None, {"HOME": _home()}):
        return INSTALL
    return shlex.join(["mailpoll", "--config", str(configuration), "install", "cron"])


def _is(one: Path | None, other: Path | None) -> bool:
    """Whether they may be the same file; None may be any."""
    return one is None or other is None or os.path.realpath(one) == os.path.realpath(other)


def _in_crontabs(places: Places) -> Iterator[Starter]:
    yield from _in_crontab("your crontab", places.crontab(), with_user=False)
    for path in (*places.system_crontabs, *_files(places.cron_d, "*")):
        passed_over = _passed_over(path) if path.parent == places.cron_d else ""
        for each in _in_crontab(str(path), _text(path), with_user=True):
            if not passed_over:
                yield each
                continue
            yield replace(each, check=warn("cron", f"cron passes over {path}", passed_over))
            break


def _in_crontab(name: str, text: str, *, with_user: bool) -> Iterator[Starter]:
    env = {"PATH": CRON_PATH}
    for line in text.splitlines():
        if given := re.fullmatch(r"\s*(\w+)\s*=\s*[\"']?(.*?)[\"']?\s*", line):
            env[given[1]] = given[2]
        entry = crontab.entry(line)
        if entry is None or not crontab.starts_runs(entry[1]):
            continue
        user, command = entry[1].split(None, 1) if with_user else ("", entry[1])
        yield Starter(name, _line(name, command, env), crontab.configuration(command, {"HOME": _home(user), **env}))


def _line(name: str, command: str, env: Mapping[str, str]) -> Check:
    program, path = crontab.program(command), env["PATH"]
    if program and shutil.which(program, path=path) is None:
        what = f"{name} starts {program}, which cron does not find (PATH={path})"
        return warn("cron", what, f"Write its absolute path: {shutil.which('mailpoll') or 'command -v mailpoll'}")
    return ok("cron", f"{name} starts a run")


def _home(user: str = "") -> str:
    """What cron sets HOME to; without a name, for whoever runs this."""
    try:
        return (pwd.getpwnam(user) if user else pwd.getpwuid(os.geteuid())).pw_dir
    except KeyError:
        return str(NO_HOME)


def _in_units(places: Places) -> Iterator[Starter]:
    for path in (path for folder in places.units for path in _files(folder, "*.service")):
        text = _text(path)
        if command := re.search(r"(?m)^ExecStart\s*=\s*[-@:+!]*(.*)$", text):
            if not crontab.starts_runs(command[1]):
                continue
            user = re.search(r"(?m)^User\s*=\s*(\S+)", text)
            env = dict(re.findall(r"(?m)^Environment\s*=\s*[\"']?(\w+)=(.*?)[\"']?\s*$", text))
            line = command[1].replace("%h", "$HOME").replace("%%", "%")
            home = _home(user[1] if user else "")
            yield Starter(path.name, _unit(places, path, text), crontab.configuration(line, {"HOME": home, **env}))


def _unit(places: Places, service: Path, text: str) -> Check:
    timer = service.with_suffix(".timer")
    if not timer.exists() and "Restart=" not in text:
        return warn("systemd", f"{service.name} has no timer beside it", "Type: mailpoll install systemd")
    started = timer if timer.exists() else service
    lacking, advice = places.lacking(started)
    if lacking:
        return warn("systemd", f"the unit files of {service.name} are there, but {lacking}", advice)
    return ok("systemd", f"{service.name} starts runs")


def _passed_over(path: Path) -> str:
    """What to do about a file of /etc/cron.d that cron does not read; empty when it does."""
    mode = path.stat().st_mode
    if "." in path.name or "~" in path.name:
        return f"Its name holds a dot: mv {path} {path.parent / path.name.partition('.')[0]}"
    if mode & (stat.S_IWGRP | stat.S_IWOTH):
        return f"Others may change it: chmod 0644 {path}"
    if not _text(path).endswith("\n"):
        return "Its last line has no end"
    return ""


def _files(folder: Path, pattern: str) -> list[Path]:
    try:
        return sorted(path for path in folder.glob(pattern) if path.is_file())
    except OSError:
        return []


def _text(path: Path) -> str:
    try:
        return path.read_text("utf-8", "replace")
    except OSError:
        return ""


def last_run(moment: datetime | None, now: datetime) -> Check:
    """When a run last looked through a folder to its end."""
    if moment is None:
        return warn("runs", "no run was completed yet", "Type: mailpoll fetch -v")
    if now - moment > LATE:
        what = f"no run was completed for {age(now - moment)}"
        return warn("runs", what, "Is cron running? Type: mailpoll fetch -v")
    return ok("runs", f"the last one was {age(now - moment)} ago")


def unknown_run() -> Check:
    """When a run was completed cannot be known."""
    what = "when the last one was completed cannot be known, because the store cannot be read"
    return warn("runs", what, "First put right what is said of the store")


def clock(now: datetime, known: dict[str, datetime | None]) -> Check:
    """Whether the time is later than moments that are certainly over, by what happened then."""
    for what, moment in known.items():
        if moment is not None and now < moment:
            advice = f"Set the clock of this machine; {what} at {moment:%Y-%m-%d %H:%M} UTC"
            return warn("clock", f"it is {now:%Y-%m-%d %H:%M} UTC here, which cannot be", advice)
    return ok("clock", f"{now:%Y-%m-%d %H:%M} UTC")


def built() -> datetime:
    """When this mailpoll was made or installed: it is later now."""
    return datetime.fromtimestamp(Path(__file__).stat().st_mtime, UTC)
