"""The rows of DESIGN.md's table of costs (section 13), each measured by one function."""

from __future__ import annotations

import math
import shutil
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from servers.dovecot import Dovecot

from benchmark import report
from benchmark.lag import distant
from benchmark.mailbag import MIX, Inbox, kept, mails
from benchmark.peers import FLOOR, Peers
from benchmark.report import Row, Verdict
from benchmark.services import dead_service
from benchmark.site import Site
from benchmark.timing import Command, Failed, interleaved, median, peak, ratio, syncs

# Mails in a batch (mailpoll/imap/session.py: at most 100, or 2.5 MB).
BATCH_OCTETS = 2_500_000
DISTANCE_MS = 50
SMALL_OCTETS = 100_000


@dataclass(frozen=True)
class Scale:
    """How much of everything; the budgets are meant for the defaults, and smaller ones are not judged."""

    idle_rounds: int = 15
    rounds: int = 5
    mails: int = 1000
    read: int = 1000
    many_read: int = 100_000
    addresses: int = 1_000_000
    big: int = 8
    slow_mails: int = 60  # for peers that a long way makes slow
    judged: bool = True


QUICK = Scale(3, 1, 200, 200, 10_000, 50_000, 2, 20, judged=False)


@dataclass(frozen=True)
class Place:
    """The server, and a folder for everything of one row."""

    server: Dovecot
    folder: Path
    scale: Scale

    def inbox(self, name: str = "username") -> Inbox:
        return Inbox(self.server, f"{name}@example.com")

    def files(self, inbox: Inbox, number: int, *, big: int = 0, old: bool = False, name: str = "mails") -> list[Path]:
        """Mails for that inbox, ready to be put into it."""
        return kept(self.folder / name, mails(number, inbox.user, seed=name, big=big), old=old)

    def small(self, inbox: Inbox, number: int, *, name: str) -> Iterator[Path]:
        """So many mails of 2 KB, each another one."""
        some = self.files(inbox, number + number // 5 + 1, name=name)  # every tenth is large
        return (file for file in some if file.stat().st_size < SMALL_OCTETS)


def idle(place: Place) -> Row:
    """Runs with nothing to do."""
    scale, inbox = place.scale, place.inbox()
    inbox.put(place.files(inbox, scale.read, old=True), seen=True)
    site = Site(place.folder / "mailpoll", place.server, inbox.user)
    site.settle()
    commands, missing = Peers(place.server, inbox, place.folder).made(FLOOR, "imapclient", "getmail6")
    for command in commands:
        command.fresh()
    runs = interleaved([*commands, _that_asks(site, inbox)], scale.idle_rounds)
    verdicts = [Verdict("CPU of mailpoll, to imaplib", ratio(runs, "mailpoll", FLOOR, "cpu"), 2.6, judged=scale.judged)]
    if "getmail6" in runs:
        verdicts.append(Verdict("CPU of mailpoll, to getmail6", ratio(runs, "mailpoll", "getmail6", "cpu"), 1.0, judged=scale.judged))  # fmt: skip # noqa: E501
    how = f"{scale.read} read mails in the inbox, none of them new; {scale.idle_rounds} rounds."
    return Row("Idle poll", how, report.times(runs, FLOOR), verdicts, missing)


def one(place: Place) -> Row:
    """Runs that find one new mail."""
    scale, inbox = place.scale, place.inbox()
    inbox.put(place.files(inbox, scale.read, old=True, name="old"), seen=True)
    site = Site(place.folder / "mailpoll", place.server, inbox.user)
    site.settle()
    commands, missing = Peers(place.server, inbox, place.folder).made(FLOOR, "getmail6")
    commands.append(site.command(check=_none_unseen(inbox)))
    new = place.small(inbox, len(commands) * (scale.idle_rounds + 1), name="new")

    def with_new_mail(command: Command) -> Command:
        put: set[str] = set()

        def fresh() -> None:
            command.fresh()
            put.update(inbox.put([next(new)]))

        def check() -> None:
            command.check()
            inbox.remove(put)  # the next run, of another program perhaps, finds its own mail alone

        return replace(command, fresh=fresh, check=check)

    before = site.posts()
    runs = interleaved([with_new_mail(command) for command in commands], scale.idle_rounds)
    if site.posts() - before != scale.idle_rounds + 1:
        raise Failed(f"mailpoll posted {site.posts() - before} of {scale.idle_rounds + 1} mails")
    verdicts = [Verdict("CPU of mailpoll, to imaplib", ratio(runs, "mailpoll", FLOOR, "cpu"), 8, judged=scale.judged)]
    how = f"{scale.read} read mails in the inbox and a new one of 2 KB for each run; {scale.idle_rounds} rounds."
    return Row("One new mail", how, report.times(runs, FLOOR), verdicts, missing)


def backlog(place: Place) -> Row:
    """Runs that find many new mails."""
    scale, inbox = place.scale, place.inbox()
    files = place.files(inbox, scale.mails)
    site = _new_to(place, inbox)
    names = (FLOOR, "imap_tools", "fetchmail", "getmail6", "mbsync")
    commands, missing = Peers(place.server, inbox, place.folder).made(*names, mails=scale.mails)
    commands.append(_all_anew(site, inbox, len(files)))
    runs = interleaved([_refilled(command, inbox, files) for command in commands], scale.rounds)
    verdicts = [Verdict("time of mailpoll, to imaplib", ratio(runs, "mailpoll", FLOOR, "wall"), 4.5, judged=scale.judged)]  # fmt: skip # noqa: E501
    for name, least in (("fetchmail", 2), ("getmail6", 6)):
        if name in runs:
            faster = ratio(runs, name, "mailpoll", "wall")
            verdicts.append(Verdict(f"speed of mailpoll, to {name}", faster, least, at_least=True, judged=scale.judged))
    octets = sum(file.stat().st_size for file in files)
    how = f"{scale.mails} new mails, {octets / 1e6:.0f} MB, {MIX}; {scale.rounds} rounds."
    return Row("Backlog", how, report.times(runs, FLOOR, scale.mails), verdicts, missing)


def distance(place: Place) -> Row:
    """The backlog from far away; peers that ask for each mail by itself get fewer."""
    scale, inbox = place.scale, place.inbox()
    files, few = place.files(inbox, scale.mails), place.files(inbox, scale.slow_mails, name="few")
    rounds = min(scale.rounds, 3)
    with distant(place.server.imaps_port, DISTANCE_MS) as port:
        site = _new_to(place, inbox, port)
        fast, _ = Peers(place.server, inbox, place.folder, port).made(FLOOR)
        fast.append(_all_anew(site, inbox, len(files)))
        runs = interleaved([_refilled(command, inbox, files) for command in fast], rounds)
        names = ("imap_tools", "fetchmail", "getmail6")
        slow, missing = Peers(place.server, inbox, place.folder, port).made(*names, mails=len(few))
        slower = interleaved([_refilled(command, inbox, few) for command in slow], 1)
    lines = [(name, str(number), f"{median(own, 'wall') * 1e3:.0f}", f"{number / median(own, 'wall'):.0f}")
             for some, number in ((runs, len(files)), (slower, len(few))) for name, own in some.items()]  # fmt: skip
    got = ratio(runs, "mailpoll", FLOOR, "wall")
    how = f"The same {DISTANCE_MS} ms of round trip away; {rounds} rounds. The slow ones got fewer mails, in one round."
    shown = report.table(("command", "mails", "wall, ms", "mails/s"), lines)
    verdict = Verdict("time of mailpoll, to imaplib", got, 2.5, judged=scale.judged)
    return Row(f"Backlog at {DISTANCE_MS} ms", how, shown, [verdict], missing)


def memory(place: Place) -> Row:
    """What all processes of a run hold at most."""
    scale, inbox = place.scale, place.inbox()
    ordinary = place.files(inbox, scale.mails)
    with_big = place.files(inbox, scale.mails, big=scale.big, name="big")
    site = _new_to(place, inbox)
    names = (FLOOR, "imap_tools", "getmail6")
    commands, missing = Peers(place.server, inbox, place.folder).made(*names, mails=scale.mails)
    commands.append(_all_anew(site, inbox, scale.mails))
    lines, got = [], {}
    for command in commands:
        held = [peak(_refilled(command, inbox, files)) for files in (ordinary, with_big)]
        got[command.name] = [megabytes for megabytes, _ in held]
        lines.append((command.name, str(max(n for _, n in held)), *(f"{megabytes:.0f}" for megabytes, _ in held)))
    verdicts = [Verdict(f"mailpoll, {scale.mails} mails", got["mailpoll"][0], 96, "MB", judged=scale.judged),
                Verdict(f"mailpoll, {scale.big} of them of 25 MB", got["mailpoll"][1], 192, "MB", judged=scale.judged)]  # fmt: skip # noqa: E501
    how = (
        "Resident memory of all processes of a run: the sum of each one's own peak (VmHWM), pages that they share "
        "counted for each. What is a copy by fork alone is not counted; getmail makes one per mail. "
        f"{scale.mails} mails, and as many with {scale.big} of 25 MB among them."
    )
    shown = report.table(("command", "processes", "MB", f"MB, {scale.big} big mails"), lines)
    return Row("Memory", how, shown, verdicts, missing)


def many_read(place: Place) -> Row:
    """An idle poll of a folder with very many read mails, and of an empty one."""
    scale = place.scale
    full, empty = place.inbox("full"), place.inbox("empty")
    files = place.files(full, max(1, scale.many_read // 1000), old=True)
    full.put(files, seen=True, times=scale.many_read // len(files))
    commands = []
    for inbox, name in ((empty, "empty"), (full, "full")):
        floors, _ = Peers(place.server, inbox, place.folder / name).made(FLOOR)
        commands.append(replace(floors[0], name=f"{FLOOR}, {name}"))
        site = Site(place.folder / f"mailpoll-{name}", place.server, inbox.user)
        site.settle()
        commands.append(_that_asks(site, inbox, f"mailpoll, {name}"))
    runs = interleaved(commands, scale.idle_rounds)
    got = ratio(runs, "mailpoll, full", "mailpoll, empty", "cpu")
    how = (
        f"An idle poll of a folder with {scale.many_read} read mails, and of an empty one; {scale.idle_rounds} rounds."
    )
    verdict = Verdict("CPU, full to empty", got, 1.1, judged=scale.judged)
    return Row("Many read mails", how, report.times(runs, f"{FLOOR}, empty"), [verdict])


def many_addresses(place: Place) -> Row:
    """A fetch of one new mail, with very many addresses in the store and with one."""
    scale, commands = place.scale, []
    for name, number in (("few", 0), ("many", scale.addresses)):
        inbox = place.inbox(name)
        site = Site(place.folder / name, place.server, inbox.user)
        site.add_addresses(number)
        site.settle()
        new = place.small(inbox, scale.idle_rounds + 1, name=f"new-{name}")
        commands.append(_one_more(site, inbox, f"mailpoll, {name}", new))
    runs = interleaved(commands, scale.idle_rounds)
    got = {what: ratio(runs, "mailpoll, many", "mailpoll, few", what) for what in ("wall", "cpu")}
    verdicts = [Verdict("time, many to few", got["wall"], 1.1, judged=scale.judged),
                Verdict("CPU, many to few", got["cpu"], 1.1, judged=scale.judged)]  # fmt: skip
    how = f"One new mail, with {scale.addresses} addresses in the store, and with one; {scale.idle_rounds} rounds."
    return Row("Many addresses", how, report.times(runs, "mailpoll, few"), verdicts)


def durable(place: Place) -> Row:
    """How often a run waits for the disk."""
    scale, inbox = place.scale, place.inbox()
    files = place.files(inbox, scale.mails)
    site = _new_to(place, inbox)
    if shutil.which("strace") is None:
        return Row("Waiting for the disk", "strace was not installed where this ran.", "", (), ["strace"])
    nothing = syncs(site.command())
    inbox.put(files[1:2])
    single = syncs(site.command(check=_none_unseen(inbox)))
    batches = math.ceil(sum(file.stat().st_size for file in files) / BATCH_OCTETS)
    many = syncs(_refilled(_all_anew(site, inbox, len(files)), inbox, files))
    large = f"{scale.mails} new mails, {batches} batches of at most {BATCH_OCTETS / 1e6:g} MB"
    lines = [("idle", str(nothing)), ("one new mail", str(single)), (large, str(many))]
    verdicts = [Verdict("idle", nothing, 0, "", judged=scale.judged),
                Verdict("in each batch", many / batches, 5, "per batch", judged=scale.judged)]  # fmt: skip
    how = "Calls of fsync and fdatasync in all processes of a run, counted by strace."
    return Row("Waiting for the disk", how, report.table(("run", "calls"), lines), verdicts)


ROWS: dict[str, Callable[[Place], Row]] = {
    "idle": idle,
    "one": one,
    "backlog": backlog,
    "distance": distance,
    "memory": memory,
    "many-read": many_read,
    "many-addresses": many_addresses,
    "durable": durable,
    "dead-service": dead_service,
}


def _new_to(place: Place, inbox: Inbox, port: int = 0) -> Site:
    """A mailpoll that knows the inbox, empty, and remembers that state."""
    inbox.empty()
    site = Site(place.folder / "mailpoll", place.server, inbox.user, port)
    site.settle()
    site.keep()
    return site


def _all_anew(site: Site, inbox: Inbox, number: int) -> Command:
    """A run that must post so many mails, from the remembered state."""

    def check() -> None:
        if (posted := site.posts()) != number:
            raise Failed(f"mailpoll posted {posted} of {number} mails, and left {inbox.unseen()} unseen")

    return site.command(fresh=site.restore, check=check)


def _refilled(command: Command, inbox: Inbox, files: Sequence[Path]) -> Command:
    """The command, with these mails new before every run."""

    def fresh() -> None:
        command.fresh()
        inbox.refill(files)

    return replace(command, fresh=fresh)


def _that_asks(site: Site, inbox: Inbox, name: str = "mailpoll") -> Command:
    """A run that finds nothing new, and must have asked the server."""
    before = 0

    def fresh() -> None:
        nonlocal before
        before = inbox.logins()

    def check() -> None:
        if inbox.logins() != before + 1:
            raise Failed(f"{name} logged in {inbox.logins() - before} times")

    return site.command(name, fresh=fresh, check=check)


def _one_more(site: Site, inbox: Inbox, name: str, new: Iterator[Path]) -> Command:
    """A run that finds one new mail."""

    def fresh() -> None:
        inbox.put([next(new)])

    return site.command(name, fresh=fresh, check=_none_unseen(inbox))


def _none_unseen(inbox: Inbox) -> Callable[[], None]:
    def check() -> None:
        if left := inbox.unseen():
            raise Failed(f"mailpoll left {left} mails unseen")

    return check
