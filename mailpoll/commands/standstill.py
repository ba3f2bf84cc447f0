"""What stops a whole run, and who was told: the store cannot remember it, so a small file beside it does."""

from __future__ import annotations

import contextlib
import copy
import errno
import logging
import math
import os
from collections.abc import Callable, Collection, Sequence
from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

import click
import msgspec
from msgspec.structs import replace

from mailpoll.commands import alarm, calm, crash
from mailpoll.commands.alarm import Notice
from mailpoll.commands.installation import Installation, make_state_folder, now
from mailpoll.commands.journal import tell
from mailpoll.commands.news import News, end_of, is_forgotten, told_marks
from mailpoll.commands.output import say
from mailpoll.errors import BUG, ConfigError, MailpollError, worst
from mailpoll.model import Trouble
from mailpoll.settings import FetchSettings

if TYPE_CHECKING:
    from mailpoll.commands.alert_mail import Send

T = TypeVar("T")

log = logging.getLogger(__name__)

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
    deadline_s: float | None = None,
    send: Send | None = None,
) -> T | int | None:
    """What `work` gives; or the exit status of what stopped it, which was told: `always`, or when it begins, once a day
    while it lasts and when it ends. None from `work` says that it could not look. What is told where it is not `heard`,
    by a program perhaps, a run of cron tells again. Whom [alerts] names is told as well, by mail (`send` sends it): of
    the beginning here, of the end by the run that works. `deadline_s` is the deadline of this run, unless it is that of
    the configuration.
    """
    memory, begun = Memory(installation, always, heard, clock), installation.begun()
    memory.ends = begun + (deadline_s or FetchSettings().deadline)
    try:
        alert_after = installation.settings.fetch.alert_after
    except MailpollError as problem:
        return memory.met(alarm.CONFIGURATION, problem, FetchSettings().alert_after, send)
    memory.ends = begun + (deadline_s or installation.settings.fetch.deadline)
    memory.over(alarm.CONFIGURATION)
    if not installation.named:
        memory.is_there_again()
    try:
        result = work()
    except MailpollError as problem:
        return memory.met(alarm.STORE, problem, alert_after, send)
    except (click.ClickException, click.Abort, click.exceptions.Exit):
        raise
    except Exception as problem:
        return memory.met(alarm.PROGRAM, problem, alert_after, send)
    if result is not None:
        memory.over(alarm.STORE, alarm.PROGRAM)
        memory.over(alarm.SMTP, how=alarm.NOTHING_TO_MAIL)
    if memory.owes or (installation.settings.alerts.recipients and memory.ended()):
        calm.forget(installation)
    return result


class Memory:
    """What stopped the runs of one configuration. The file holds that of several: a state folder may be shared."""

    def __init__(self, installation: Installation, always: bool, heard: bool, clock: Callable[[], datetime]) -> None:
        self._always = always
        self._heard = heard
        self._now = clock
        self.owes = False
        self.ends = math.inf  # of the run, on time.monotonic()
        self._owner = _utf_8(installation.named)
        self._installation = installation
        try:
            self._path = installation.state_directory() / NAME
        except MailpollError:  # there is no configuration
            self._path = crash.usual() / NAME

    def is_there_again(self) -> None:
        """Tells the end of there being no configuration, which was remembered where nobody knew of one."""
        elsewhere = copy.copy(self)
        elsewhere._path = crash.usual() / NAME
        if elsewhere._path != self._path:
            elsewhere.over(alarm.CONFIGURATION)
            self.owes = elsewhere.owes

    def met(self, about: str, problem: Exception, alert_after: int, send: Send | None = None) -> int:
        """Tells what stopped a run, if that is to be told now, and remembers it. Gives the exit status, which counts an
        alert that could not be sent.

        No run is over at a glance until one has told the end of it.
        """
        try:
            calm.forget(self._installation)
        except MailpollError:  # there is no configuration
            calm.forget_usual(self._installation.env)
        status = problem.exit_status if isinstance(problem, MailpollError) else BUG
        known = problem if isinstance(problem, MailpollError) else None
        sentence = str(problem) if known else crash.sentence(problem)
        notice = Notice(about, status, alarm.kind_of(problem), _utf_8(sentence))
        trouble = self._notice(notice, alert_after, lambda each, since: _say(known, each.sentence, since))
        if trouble is None or not alarm.ripe(trouble, [notice], alert_after=alert_after):
            return status
        from mailpoll.commands import alerts

        news = [News(trouble, _whole(sentence, known), self, notice.kind), *self.ended()]
        before = self._read().get(alarm.SMTP)
        how = {"send": send} if send else {}
        told = alerts.of_standstill(self._installation, news, self._now, before, self.ends, **how)
        for each in told.notices:
            self._notice(each, alert_after, _tell)
        if told.proves(before) and not told.notices and not told.late:
            self.over(alarm.SMTP)
        return worst([status, *(each.status for each in told.notices)])

    def _notice(self, notice: Notice, alert_after: int, say: Callable[[Notice, str], None]) -> Trouble | None:
        """Says what was met, if that is to be said now, and remembers it: the trouble, if it could be remembered."""
        entries = self._read()
        kept = entries.get(notice.about)
        before = kept if kept and kept.ended_at is None else None
        notice = alarm.as_told(before, notice)
        after, lines = alarm.decide(before, [notice], self._now(), alert_after=alert_after)
        if not self._heard:
            after = replace(after, told_at=before.told_at if before else None, told=before.told if before else ())
        elif self._always:
            after = replace(after, told_at=self._now(), told=tuple(dict.fromkeys((*after.told, notice.kind))))
        after = replace(after, alerted=kept.alerted if kept else ())
        if lines or self._always:
            lasts = before if lines and lines[0] != alarm.beginning(notice) else None
            say(notice, f"since {alarm.moment(lasts.began_at)}: " if lasts else "")
        unkept = self._write({**entries, notice.about: after})
        if unkept and not self._always:
            if not lines:
                say(notice, "")
            tell([f"this is said at every run, since {self._path} cannot be written ({unkept})"])
        return None if unkept else after

    def kept(self) -> Sequence[Trouble]:
        """Those that are open, and those that are over while somebody is still to be alerted of that."""
        return tuple(self._read().values())

    def change(self, abouts: Collection[str], change: Callable[[Trouble], Trouble | None]) -> None:
        """Writes what `change` makes of those about `abouts` as they are now; None forgets one."""
        entries = self._read()
        changed = {about: change(entries.pop(about)) for about in abouts if about in entries}
        if unkept := self._write({**entries, **{about: each for about, each in changed.items() if each}}):
            log.warning("%s cannot be written: %s", self._path, unkept)

    def ended(self) -> tuple[News, ...]:
        """What is over, where somebody is still to be alerted of that."""
        kept = [each for each in self._read().values() if each.ended_at is not None and told_marks(each)]
        now = self._now()
        return tuple(end_of(each, each.sentence, self, now) for each in kept if not is_forgotten(each, now))

    def over(self, *abouts: str, how: str = "") -> None:
        """Tells the end of what was told, and forgets it; where it is not heard, it waits for a run of cron, and whom
        an alert told of it is still to be alerted of its end. `how` as in alarm.end."""
        entries = self._read()
        over = [entries[about] for about in abouts if about in entries and entries[about].ended_at is None]
        owed = [t for t in over if not self._heard and t.told_at is not None and not alarm.stale(t, self._now())]
        ended = [entries.pop(trouble.about) for trouble in over if trouble not in owed]
        heard = [trouble for trouble in ended if self._heard and trouble.told_at is not None]
        self.owes = self.owes or bool(owed)
        lines = [alarm.end(trouble, self._now(), how) for trouble in heard]
        for trouble in ended:
            if trouble.alerted:
                sentence = alarm.end(trouble, self._now(), how)
                entries[trouble.about] = replace(trouble, sentence=sentence, ended_at=self._now())
        forgotten = [each for each in entries.values() if is_forgotten(each, self._now())]
        ended += [entries.pop(each.about) for each in forgotten]
        if ended:  # what cannot be forgotten would be told at every run: it waits until it can
            self._write(entries, lambda: tell(lines))

    def _file(self) -> dict[str, dict[str, Trouble]]:
        """The troubles of all configurations; a file that is damaged or missing knows of none."""
        try:
            found = msgspec.json.decode(self._path.read_bytes(), type=_FILE)
        except (OSError, ValueError, RecursionError):
            return {}
        troubles = [one for kept in found.values() for one in kept.values()]
        moments = [at for one in troubles for at in (one.began_at, one.told_at, one.ended_at) if at]
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


def _say(problem: MailpollError | None, sentence: str, since: str) -> None:
    if problem is None:
        tell([f"{since}{sentence}"])
    else:
        say(problem, since)


def _tell(notice: Notice, since: str) -> None:
    tell([f"{since}{alarm.beginning(notice)}"])


def _utf_8(text: str) -> str:
    """`text` as a JSON file can hold it: a path need not be in the encoding of this machine."""
    return text.encode(errors="backslashreplace").decode()


def _whole(sentence: str, problem: MailpollError | None) -> str:
    """With all problems of a configuration."""
    problems = problem.problems if isinstance(problem, ConfigError) else ()
    return "\n  ".join((sentence, *problems))


def _make(folder: Path) -> None:
    make_state_folder(folder)
    if os.geteuid() == 0 and folder.stat().st_uid != 0:
        raise PermissionError(errno.EPERM, "its folder belongs to another user")


def remembered(installation: Installation) -> tuple[Trouble, ...]:
    """What stopped the last runs of this configuration altogether, oldest first. Nothing is written."""
    kept = Memory(installation, always=False, heard=False, clock=now)._file()
    found = kept.get(_utf_8(installation.named), {})
    with contextlib.suppress(MailpollError):  # cron names the file of the machine, a person need not
        found = found or kept.get(_utf_8(str(installation.path)), {})
    return tuple(sorted((t for t in found.values() if t.ended_at is None), key=lambda trouble: trouble.began_at))


def ended(installation: Installation, clock: Callable[[], datetime] = now) -> tuple[News, ...]:
    """What stopped whole runs and is over, where somebody is still to be alerted of that."""
    return Memory(installation, always=False, heard=False, clock=clock).ended()
