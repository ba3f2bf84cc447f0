"""What stops a whole run, and who was told: the store cannot remember it, so a small file beside it does."""

from __future__ import annotations

import contextlib
import errno
import os
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import TypeVar

import click
import msgspec

from mailpoll.commands import alarm, calm, crash
from mailpoll.commands.installation import Installation, make_state_folder, now
from mailpoll.commands.journal import tell
from mailpoll.commands.output import say
from mailpoll.errors import BUG, MailpollError
from mailpoll.model import Trouble
from mailpoll.settings import FetchSettings

T = TypeVar("T")

NAME = "troubles.json"
# How long the troubles of a configuration that nobody runs any more are kept.
KEPT = timedelta(days=30)
WRITTEN_WITHIN_S = 3600.0
_FILE = dict[str, dict[str, Trouble]]  # by configuration and by what they are about


def watched(
    installation: Installation,
    work: Callable[[], T | None],
    *,
    always: bool,
    heard: bool = True,
    clock: Callable[[], datetime] = now,
) -> T | int | None:
    """What `work` gives; or the exit status of what stopped it, which was told: `always`, or when it begins, once a day
    while it lasts and when it ends. None from `work` says that it could not look. What is told where it is not `heard`,
    by a program perhaps, a run of cron tells again.
    """
    memory = Memory(installation, always, heard, clock)
    try:
        alert_after = installation.settings.fetch.alert_after
    except MailpollError as problem:
        return memory.met(alarm.CONFIGURATION, problem, FetchSettings().alert_after)
    memory.over(alarm.CONFIGURATION)
    try:
        result = work()
    except MailpollError as problem:
        return memory.met(alarm.STORE, problem, alert_after)
    except (click.ClickException, click.Abort, click.exceptions.Exit):
        raise
    except Exception as problem:
        return memory.met(alarm.PROGRAM, problem, alert_after)
    if result is not None:
        memory.over(alarm.STORE, alarm.PROGRAM)
    if memory.owes:
        calm.forget(installation)
    return result


class Memory:
    """What stopped the runs of one configuration. The file holds that of several: a state folder may be shared."""

    def __init__(self, installation: Installation, always: bool, heard: bool, clock: Callable[[], datetime]) -> None:
        self._always = always
        self._heard = heard
        self._now = clock
        self.owes = False
        self._owner = installation.named
        self._installation = installation
        try:
            self._path = installation.state_directory() / NAME
        except MailpollError:  # there is no configuration
            self._path = crash.usual() / NAME

    def met(self, about: str, problem: Exception, alert_after: int) -> int:
        """Tells what stopped a run, if that is to be told now, and remembers it. Gives the exit status.

        No run is over at a glance until one has told the end of it.
        """
        with contextlib.suppress(MailpollError):  # there is no configuration
            calm.forget(self._installation)
        status = problem.exit_status if isinstance(problem, MailpollError) else BUG
        told = problem if isinstance(problem, MailpollError) else None
        sentence = str(problem) if told else crash.sentence(problem)
        notice = alarm.Notice(about, status, alarm.kind_of(problem), sentence)
        entries = self._read()
        before = entries.get(about)
        after, lines = alarm.decide(before, [notice], self._now(), alert_after=alert_after)
        if not self._heard:
            after = replace(after, told_at=before.told_at if before else None, told=before.told if before else ())
        elif self._always:
            after = replace(after, told_at=self._now(), told=tuple(dict.fromkeys((*after.told, notice.kind))))
        if lines or self._always:
            self._tell(told, sentence, before if lines and lines[0] != sentence else None)
        unkept = self._write({**entries, about: after})
        if unkept and not self._always:
            if not lines:
                self._tell(told, sentence, None)
            tell([f"this is said at every run, since {self._path} cannot be written ({unkept})"])
        return status

    def over(self, *abouts: str) -> None:
        """Tells the end of what was told, and forgets it; where it is not heard, it waits for a run of cron."""
        entries = self._read()
        over = [entries[about] for about in abouts if about in entries]
        owed = [t for t in over if not self._heard and t.told_at is not None and not alarm.stale(t, self._now())]
        ended = [entries.pop(trouble.about) for trouble in over if trouble not in owed]
        self.owes = self.owes or bool(owed)
        heard = [trouble for trouble in ended if self._heard and trouble.told_at is not None]
        lines = [alarm.end(trouble, self._now()) for trouble in heard]
        if ended:  # what cannot be forgotten would be told at every run: it waits until it can
            self._write(entries, lambda: tell(lines))

    def _tell(self, problem: MailpollError | None, sentence: str, lasting: Trouble | None) -> None:
        since = f"since {alarm.moment(lasting.began_at)}: " if lasting else ""
        if problem is None:
            tell([f"{since}{sentence}"])
        else:
            say(problem, since)

    def _file(self) -> dict[str, dict[str, Trouble]]:
        """The troubles of all configurations; a file that is damaged or missing knows of none."""
        try:
            found = msgspec.json.decode(self._path.read_bytes(), type=_FILE)
        except (OSError, ValueError, RecursionError):
            return {}
        moments = [at for kept in found.values() for one in kept.values() for at in (one.began_at, one.told_at) if at]
        return found if all(at.tzinfo for at in moments) else {}

    def _lasts(self, kept: dict[str, Trouble]) -> bool:
        """Whether somebody may still run another configuration: a path that was mistyped once is not kept for ever."""
        return any(abs(self._now() - (one.told_at or one.began_at)) <= KEPT for one in kept.values())

    def _sweep(self) -> None:
        """Removes what processes left that were killed while they wrote."""
        for left in self._path.parent.glob(f"{NAME}.*"):
            with contextlib.suppress(OSError):
                if abs(self._now().timestamp() - left.stat().st_mtime) > WRITTEN_WITHIN_S:
                    left.unlink()

    def _read(self) -> dict[str, Trouble]:
        return self._file().get(self._owner, {})

    def _write(self, entries: dict[str, Trouble], first: Callable[[], None] = lambda: None) -> str:
        """Puts a whole new file in the place of the old one, doing something `first`; gives why that cannot be."""
        others = {owner: kept for owner, kept in self._file().items() if owner != self._owner and self._lasts(kept)}
        content = {**others, **({self._owner: entries} if entries else {})}
        new = self._path.with_name(f"{NAME}.{os.getpid()}")
        try:
            _make(self._path.parent)
            self._sweep()
            with os.fdopen(os.open(new, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as file:
                file.write(msgspec.json.encode(content))
            first()
            os.replace(new, self._path)
        except OSError as problem:
            with contextlib.suppress(OSError):
                new.unlink()
            return problem.strerror or str(problem)
        return ""


def _make(folder: Path) -> None:
    make_state_folder(folder)
    if os.geteuid() == 0 and folder.stat().st_uid != 0:
        raise PermissionError(errno.EPERM, "its folder belongs to another user")


def remembered(installation: Installation) -> tuple[Trouble, ...]:
    """What stopped the last runs of this configuration altogether, oldest first. Nothing is written."""
    kept = Memory(installation, always=False, heard=False, clock=now)._file()
    found = kept.get(installation.named, {})
    with contextlib.suppress(MailpollError):  # cron names the file of the machine, a person need not
        found = found or kept.get(str(installation.path), {})
    return tuple(sorted(found.values(), key=lambda trouble: trouble.began_at))
