"""What starts the runs: cron and systemd, whether one did lately, and whether this machine knows the time."""

from __future__ import annotations

import re
import shutil
import stat
import subprocess
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from mailpoll.doctor import crontab
from mailpoll.doctor.checks import Check, age, ok, warn

LATE = timedelta(minutes=10)
CRON_PATH = "/usr/bin:/bin"
INSTALL = "mailpoll install cron"


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


def job(places: Places) -> Iterator[Check]:
    """Whether something starts mailpoll, and whether that can work."""
    found = [*_in_crontab("your crontab", places.crontab(), with_user=False)]
    for path in (*places.system_crontabs, *_files(places.cron_d, "*")):
        lines = list(_in_crontab(str(path), _text(path), with_user=True))
        passed_over = _passed_over(path) if lines and path.parent == places.cron_d else ""
        found += [warn("cron", f"cron passes over {path}", passed_over)] if passed_over else lines
    for folder in places.units:
        found += [_in_unit(path) for path in _files(folder, "*.service") if crontab.starts_runs(_text(path))]
    if found:
        yield from found
    else:
        yield warn("cron", "nothing seems to start mailpoll", f"Type: {INSTALL}")


def _in_crontab(name: str, text: str, *, with_user: bool) -> Iterator[Check]:
    path = CRON_PATH
    for line in text.splitlines():
        if given := re.fullmatch(r"\s*PATH\s*=\s*[\"']?(.*?)[\"']?\s*", line):
            path = given[1]
        entry = crontab.entry(line)
        if entry is None or not crontab.starts_runs(entry[1]):
            continue
        command = entry[1].split(None, 1)[-1] if with_user else entry[1]
        program = crontab.program(command)
        if program and shutil.which(program, path=path) is None:
            what = f"{name} starts {program}, which cron does not find (PATH={path})"
            yield warn("cron", what, f"Write its absolute path: {shutil.which('mailpoll') or 'command -v mailpoll'}")
        else:
            yield ok("cron", f"{name} starts a run")


def _in_unit(service: Path) -> Check:
    timer = service.with_suffix(".timer")
    if timer.exists() or "Restart=" in _text(service):
        return ok("systemd", f"{service.name} starts runs")
    return warn("systemd", f"{service.name} has no timer beside it", "Type: mailpoll install systemd")


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
