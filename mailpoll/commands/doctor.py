"""`mailpoll doctor`: everything that can be wrong, looked at one by one, each with what to do about it."""

from __future__ import annotations

import json
import os
import pwd
import shlex
import subprocess
from collections.abc import Iterator
from contextlib import ExitStack, suppress
from datetime import timedelta
from pathlib import Path

import click

from mailpoll import config, doctor, places, router
from mailpoll.commands import calm, standstill
from mailpoll.commands.config import secrets_in
from mailpoll.commands.doctor_network import SECONDS, network
from mailpoll.commands.installation import Installation, home_of, now
from mailpoll.commands.output import json_option, print_json, safe_text
from mailpoll.commands.preview import existing_store
from mailpoll.commands.program import own_command
from mailpoll.commands.status import AHEAD
from mailpoll.doctor import Check, alerts, book, files, policy, schedule, secrets
from mailpoll.errors import BUG, PRECEDENCE, AccessDenied, ConfigError, DestinationRefused, MailpollError, worst
from mailpoll.model import Finding
from mailpoll.store import Overview, Store

CHILD_SECONDS = 150
_CHILD = "as cron"


@click.command()
@click.option("--as-cron", is_flag=True, help="Look with cron's eyes: its environment, its folder, its secrets.")
@json_option
@click.pass_context
def command(ctx: click.Context, as_cron: bool, as_json: bool) -> int:
    """Look at everything that can be wrong, and say what to do about it.

    Configuration, secrets, store, clock, accounts (connection, certificate, login, folders), addresses,
    destinations, and what starts the runs. Nothing is changed, here or on a server, and no mail is sent. The exit
    status is that of the worst failure, 0 when there are only warnings.

    \b
    Examples:
      mailpoll doctor
      mailpoll doctor --as-cron     what a run that cron starts would see, and what differs from here
    """
    installation: Installation = ctx.obj
    looking = _as_cron(installation, ctx.find_root().params.get("config")) if as_cron else _all(installation)
    checks = []
    for check in looking:  # told as they are found: the network takes its time
        checks.append(check)
        if not as_json:
            _print(check)
    if as_json:
        print_json([_as_json(check) for check in checks])
    return worst([check.status for check in checks])


def _print(check: Check) -> None:
    advice = f" — {check.finding.advice}" if check.finding.advice else ""
    line = f"{check.finding.level:<4}  {check.about}: {check.finding.what.rstrip('.')}{advice}"
    click.echo(" ".join(safe_text(line).split("\n")))


def _as_json(check: Check) -> dict[str, object]:
    found = check.finding
    return {
        "about": check.about,
        "level": found.level,
        "what": found.what,
        "advice": found.advice,
        "status": check.status,
    }


def _all(installation: Installation) -> Iterator[Check]:
    """Every check; where the configuration cannot be used, those that need none of it."""
    user = os.geteuid()
    configured = list(_configuration(installation))
    yield from configured
    yield from files.root(user)
    if any(check.status for check in configured if check.about == "configuration"):
        rest = _rest(installation)
        if rest is None:
            yield from schedule.job(_places(installation), _path(installation))
            yield from book.troubles(standstill.remembered(installation))
            return
        yield doctor.warn(
            "configuration", "the rest is looked at as if these sections were not there", "Then ask again"
        )
        installation = rest
    had = _secrets(installation)
    yield from had
    yield from _guarded("state folder", _state_folders(installation))
    overview = None
    with ExitStack() as stack:
        store, checks = _store(installation, stack)
        yield from checks
        if store is not None:
            try:
                overview = _overview(installation, store)
            except MailpollError as problem:
                checks = [doctor.failed("store", problem)]
                yield from checks
            else:
                yield from _guarded("store", _book(installation, store, overview))
    lacking = {check.about for check in had if check.status}
    closed = _paused(overview)
    for check in network(installation, overview, lacking):
        if not (check.about in closed and check.status == DestinationRefused.exit_status):  # said with the pause
            yield check
    unreadable = overview is None and any(check.about == "store" and check.status for check in checks)
    yield from _guarded("cron", _runs(installation, overview, unreadable=unreadable))


def _guarded(about: str, checks: Iterator[Check]) -> Iterator[Check]:
    """These checks; what they raise is a finding too, and the others go on."""
    try:
        yield from checks
    except MailpollError as problem:
        yield doctor.failed(about, problem)
    except OSError as problem:
        yield doctor.fail(about, f"{problem.filename}: {problem.strerror}", "Look at it", AccessDenied.exit_status)


def _configuration(installation: Installation) -> Iterator[Check]:
    about = "configuration"
    try:
        path = installation.path
        installation.settings  # noqa: B018  # reads it
    except ConfigError as problem:
        yield from [doctor.fail(about, each, f"Change {problem.about}") for each in problem.problems]
        if not problem.problems:
            yield doctor.failed(about, problem)
        return
    except MailpollError as problem:
        yield doctor.failed(about, problem)
        return
    yield doctor.ok(about, str(path))
    yield from files.configuration(path, os.geteuid())


# What can be left out of a wrong configuration without making the rest of it mean something else.
_SPARED = ("account", "fetch", "reader", "retention", "health", "smtp", "alerts")


def _rest(installation: Installation) -> Installation | None:
    """The installation without the sections that cannot be used; None where the others need them."""
    try:
        installation.settings  # noqa: B018  # reads it
    except ConfigError as problem:
        paths = [sentence.partition(":")[0].split(".") for sentence in problem.problems]
        without = {tuple(path[: 2 if path[0] == "account" else 1]) for path in paths}
        if not without or any(section[0] not in _SPARED for section in without):
            return None
        with suppress(MailpollError):
            rest = Installation(str(installation.path), installation.env)
            rest.settings = config.load(installation.path, without=without)
            return rest
    except MailpollError:
        pass
    return None


def _secrets(installation: Installation) -> list[Check]:
    references = list(secrets_in(installation.settings))
    desktop = "DBUS_SESSION_BUS_ADDRESS" in installation.env
    return doctor.together(secrets.jobs(references, installation.secret, desktop=desktop), SECONDS)


def _state_folders(installation: Installation) -> Iterator[Check]:
    """The folder of the store, and that of what runs remember, without which they go on."""
    database, state, user = installation.sqlite_file, installation.state_directory(), os.geteuid()
    yield from files.state(database.parent if database else state, user, _again(installation))
    if database and state != database.parent:
        if not state.is_dir() and not home_of(state).is_dir():
            what, advice = f"{state}: there is no folder {home_of(state)}", "Give this user a home, or STATE_DIRECTORY"
            yield doctor.warn("state folder", f"{what}; {_UNREMEMBERED}", advice)
            return
        for check in files.state(state, user, _again(installation)):
            found = check.finding
            yield doctor.warn(check.about, f"{found.what}; {_UNREMEMBERED}", found.advice) if check.status else check


_UNREMEMBERED = "runs cannot remember there what they told, and tell it each time"


def _again(installation: Installation) -> str:
    """What asks anew, as another user as well."""
    return shlex.join([*own_command(), "--config", str(installation.path.absolute()), "doctor"])


def _store(installation: Installation, stack: ExitStack) -> tuple[Store | None, list[Check]]:
    """The store, and what is to be said of it; None when it is not there or cannot be opened."""
    checks: list[Check] = []
    database = installation.sqlite_file
    if database is not None:
        checks += files.store(database, os.geteuid(), _again(installation))
    try:
        store = existing_store(installation, stack)
    except MailpollError as problem:
        return None, [*checks, doctor.failed("store", problem)]
    if store is None:
        return None, [*checks, doctor.ok("store", f"{database} will be made by the first run")]
    return store, [doctor.ok("store", f"{database or 'the database'} can be used, its schema is up to date"), *checks]


def _overview(installation: Installation, store: Store) -> Overview:
    settings = installation.settings
    unfinished = timedelta(seconds=settings.retention.unfinished.seconds)
    return store.overview(now(), tuple(settings.destination), unfinished=unfinished, ahead=AHEAD)


def _book(installation: Installation, store: Store, overview: Overview) -> Iterator[Check]:
    settings, moment = installation.settings, now()
    known = {"it was installed": schedule.built(), "the store was made": overview.created_at}
    yield schedule.clock(moment, {**known, "the newest mail came": overview.newest_at})
    yield from book.patterns(settings, config.patterns(settings))
    channels = store.channels.list()
    yield from book.channels(settings, channels, store.addressed())
    yield from policy.rules(settings, channels, [router.pattern(text) for text in config.patterns(settings)])
    yield from alerts.recipients(settings, channels)
    yield from book.posts(overview, moment)
    closed = _paused(overview)
    yield from book.troubles([trouble for trouble in store.troubles.list() if trouble.about not in closed])


def _paused(overview: Overview | None) -> set[str]:
    """The destinations that book.posts() says are paused, and why, and what to do."""
    places = overview.destinations if overview else ()
    return {book.about(place.name) for place in places if place.pause is not None and place.waiting}


def _runs(installation: Installation, overview: Overview | None, *, unreadable: bool) -> Iterator[Check]:
    yield from schedule.job(_places(installation), installation.path)
    yield from book.troubles(standstill.remembered(installation))
    accounts = installation.settings.account
    if accounts:
        polled = overview.polled if overview else {}
        moments = [polled.get((name, folder)) for name, each in accounts.items() for folder in each.folders]
        done = [moment for moment in (*moments, calm.heartbeat(installation)) if moment is not None]
        yield schedule.unknown_run() if unreadable and not done else schedule.last_run(max(done, default=None), now())


def _path(installation: Installation) -> Path:
    """The configuration file, there or not."""
    try:
        return installation.path
    except MailpollError:
        return Path(installation.named or places.user_config(installation.env))


def _places(installation: Installation) -> schedule.Places:
    usual = schedule.Places()
    return schedule.Places(units=(*usual.units, places.user_units(installation.env)))


def _as_cron(installation: Installation, named: str | None) -> Iterator[Check]:
    """What a child process finds in cron's environment, and in what that differs from here."""
    here = list(_configuration(installation))
    if not any(check.status for check in here):
        here += _secrets(installation)
    there = _as_child(named)
    yield from there
    if there[0].about != _CHILD:
        yield from secrets.differences(here, there)


def _as_child(named: str | None) -> list[Check]:
    user = files.owner(os.geteuid())
    try:
        home = pwd.getpwuid(os.geteuid()).pw_dir
    except KeyError:
        home = str(places.NO_HOME)
    env = {"PATH": schedule.CRON_PATH, "HOME": home, "SHELL": "/bin/sh", "LOGNAME": user, "USER": user}
    words = [*own_command(), *(("--config", str(places.expanded(named))) if named else ()), "doctor"]
    cwd = home if Path(home).is_dir() else "/"
    by_hand = f"Try by hand: {shlex.join(words)}"
    try:
        done = subprocess.run(
            [*words, "--json"],
            env=env,
            cwd=cwd,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=CHILD_SECONDS,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired) as problem:
        reason = getattr(problem, "strerror", None) or f"no end within {CHILD_SECONDS} s"
        return [doctor.fail(_CHILD, f"mailpoll cannot be started as cron does it: {reason}", by_hand, BUG)]
    try:
        return [
            Check(each["about"], Finding(each["level"], each["what"], _typed(each["advice"])), each["status"])
            for each in json.loads(done.stdout)
        ]
    except (ValueError, KeyError, TypeError):
        said = done.stderr.decode("utf-8", "replace").strip().removeprefix("mailpoll: ") or "it said nothing"
        what = f"started as cron does it, mailpoll ended with status {done.returncode}: {said[-500:]}"
        return [doctor.fail(_CHILD, what, by_hand, done.returncode if done.returncode in PRECEDENCE else BUG)]


def _typed(advice: str) -> str:
    """Advice that repeats the command line of the child process, as a person would type it."""
    return advice.replace(" doctor --json", " doctor")
