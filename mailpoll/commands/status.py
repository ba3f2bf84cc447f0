"""`mailpoll status`: when each account and destination last succeeded, and what waits."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import datetime, timedelta

import click

from mailpoll import router
from mailpoll.commands import calm, outlook, standstill
from mailpoll.commands.alarm import CONFIGURATION, OF_ALERTS, PASSING, PROGRAM, SMTP, STORE
from mailpoll.commands.facts import number, shown_destination
from mailpoll.commands.installation import Installation, now
from mailpoll.commands.news import is_forgotten, known_as, who_knows
from mailpoll.commands.output import json_option, local, one_line, print_json
from mailpoll.commands.preview import existing_store
from mailpoll.doctor import age
from mailpoll.doctor.book import about, reason
from mailpoll.errors import closed
from mailpoll.model import Pause, Trouble
from mailpoll.settings import Duration, Settings
from mailpoll.store import DestinationState, LettingGo, Overview

AHEAD = timedelta(days=2)  # what retention lets go within is told
TOO_OLD = 1


@dataclass(frozen=True, slots=True)
class Account:
    """How an account fares; `last_success` None: never. `never` are the folders that no run has looked through yet,
    where others were, and `others` when those last were."""

    name: str
    last_success: datetime | None
    never: tuple[str, ...] = ()
    others: datetime | None = None


@dataclass(frozen=True, slots=True)
class Standing:
    """How everything stands at a moment."""

    moment: datetime
    accounts: tuple[Account, ...]
    overview: Overview | None
    troubles: tuple[Trouble, ...]
    ended: tuple[Trouble, ...]  # of which somebody who was alerted does not know yet that it is over


class MaxAge(click.ParamType[timedelta]):
    """A length of time as in the configuration: 90s, 10m, 2h, 1d."""

    name = "duration"

    def convert(self, value: object, param: click.Parameter | None, ctx: click.Context | None) -> timedelta:
        """The length; BadParameter when it is none."""
        try:
            return value if isinstance(value, timedelta) else timedelta(seconds=Duration(str(value)).seconds)
        except ValueError as problem:
            self.fail(str(problem), param, ctx)


@click.command()
@click.option("--max-age", type=MaxAge(), metavar="10m", help="End with status 1 when something is older than this.")
@json_option
@click.pass_obj
def command(installation: Installation, max_age: timedelta | None, as_json: bool) -> int:
    """Show when mail last came in and went out, and what waits.

    Nothing is connected, no secret is needed, and a run may be at work meanwhile. With --max-age the first line is a
    verdict, and the exit status is 1 when one of these is older: the last complete look into the folders of an
    account (one that never succeeded is too old), the oldest post that waits for a destination, the oldest mail that
    was not read yet.

    \b
    Examples:
      mailpoll status
      mailpoll status --max-age 10m     for monitors: 0 fine, 1 too old, others as everywhere
    """
    standing = _standing(installation)
    old = tuple(too_old(standing, max_age)) if max_age is not None else ()
    if as_json:
        print_json(_as_json(standing, old, max_age))
    else:
        if max_age is not None:
            click.echo(f"TOO OLD: {'; '.join(old)}" if old else "OK: nothing is too old")
        _print(standing, installation)
    return TOO_OLD if old else 0


def _standing(installation: Installation) -> Standing:
    settings, moment = installation.settings, now()
    with ExitStack() as stack:
        store = existing_store(installation, stack)
        overview: Overview | None = None
        kept: tuple[Trouble, ...] = ()
        if store is not None:
            kept = store.troubles.kept()
            unfinished = timedelta(seconds=settings.retention.unfinished.seconds)
            overview = store.overview(moment, tuple(settings.destination), unfinished=unfinished, ahead=AHEAD)
    alerting = bool(settings.alerts.recipients)
    open_ = (trouble for trouble in kept if trouble.ended_at is None)
    troubles = (*standstill.remembered(installation), *(t for t in open_ if alerting or t.about not in OF_ALERTS))
    over = (*(news.trouble for news in standstill.ended(installation)), *(t for t in kept if t.ended_at is not None))
    ended = tuple(trouble for trouble in over if not is_forgotten(trouble, moment) and _owed(settings, trouble))
    beat = calm.heartbeat(installation)
    accounts = tuple(_account(settings, name, overview, beat) for name in settings.account)
    return Standing(moment, accounts, overview, troubles, ended)


def _account(settings: Settings, name: str, overview: Overview | None, beat: datetime | None) -> Account:
    """How an account fares: it was last looked through to its end when that folder was which was longest ago; never,
    while one of them never was. `beat` is when a run last found nothing to do in any account."""
    folders = settings.account[name].folders
    polled = {folder: overview.polled.get((name, folder)) if overview else None for folder in folders}
    moments = [moment for moment in polled.values() if moment is not None]
    if not moments:
        return Account(name, None)
    never = tuple(folder for folder, moment in polled.items() if moment is None)
    if never:
        return Account(name, None, never, min(moments))
    return Account(name, min(moments) if beat is None else max(min(moments), beat))


def too_old(standing: Standing, limit: timedelta) -> Iterator[str]:
    """What is older than `limit`, as clauses."""
    moment = standing.moment
    for account in standing.accounts:
        if account.last_success is None:
            yield f"account.{account.name}: {_never(account) or 'never succeeded'}"
        elif moment - account.last_success > limit:
            yield f"account.{account.name}: last success {_ago(moment, account.last_success)}"
    overview = standing.overview
    if overview is None:
        return
    for place in overview.destinations:
        if place.oldest_waiting is not None and moment - place.oldest_waiting > limit:
            yield f"{about(place.name)}: a post has waited for {age(moment - place.oldest_waiting)}"
    if overview.oldest_unread is not None and moment - overview.oldest_unread > limit:
        yield f"a mail has waited to be read for {age(moment - overview.oldest_unread)}"


def _print(standing: Standing, installation: Installation) -> None:
    lines = list(_account_lines(standing))
    overview = standing.overview
    if overview is None:
        lines.append(("store", f"not made yet: {installation.store_url.removeprefix('sqlite:///')}"))
    else:
        for place in overview.destinations:
            lines += _destination_lines(place, standing)
        lines.append(("mails", _mails(overview.messages)))
        lines += [("retention", _let_go(each)) for each in overview.letting_go]
    lines += [(trouble.about, _trouble(trouble)) for trouble in standing.troubles]
    lines += [("alerts", line) for line in _alerts(installation.settings, standing)]
    places = list(dict.fromkeys(name for name, _ in lines))
    lines.sort(key=lambda line: places.index(line[0]))  # a trouble comes with what it is about
    width = max(len(name) for name, _ in lines)
    before = ""
    for name, line in lines:
        click.echo(f"{'' if name == before else name:<{width}}  {line}")
        before = name


def _account_lines(standing: Standing) -> Iterator[tuple[str, str]]:
    for account in standing.accounts:
        success = "no run has looked there yet; `mailpoll fetch -v` does"
        if standing.troubles:
            success = "never succeeded; `mailpoll doctor` looks why"
        if account.others is not None:
            last = f"last success of the others {_ago(standing.moment, account.others)} ({local(account.others)})"
            success = f"{_never(account)}; `mailpoll doctor` looks why; {last}"
        elif account.last_success is not None:
            success = f"last success {_ago(standing.moment, account.last_success)} ({local(account.last_success)})"
        yield f"account.{account.name}", success


def _never(account: Account) -> str:
    """The folders that never were looked through, as a clause; empty when there is none, or no other."""
    folders = ", ".join(one_line(folder, 100) for folder in account.never)
    return f"folder{'s' if len(account.never) > 1 else ''} {folders} never polled" if folders else ""


def _destination_lines(place: DestinationState, standing: Standing) -> Iterator[tuple[str, str]]:
    name, moment = about(place.name), standing.moment
    parts = [f"last delivered {_ago(moment, place.delivered_at)}" if place.delivered_at else "nothing delivered yet"]
    if place.oldest_waiting is not None:
        parts.append(f"{place.waiting} waiting, the oldest for {age(moment - place.oldest_waiting)}")
    counts = {"uncertain": place.uncertain, "failed": place.failed, "held": place.held}
    parts += [f"{count} {state}" for state, count in counts.items() if count]
    yield name, "; ".join(parts)
    if place.pause is not None and not _told(place.pause, standing):
        why, resume = one_line(closed(reason(place.pause)), 200), outlook.resume(place.name)
        yield name, f"paused since {local(place.pause.paused_at)}: {why} Then: {resume}"


def _told(pause: Pause, standing: Standing) -> bool:
    """Whether a trouble that runs met tells of this pause already; it says what to do, too."""
    name, why = about(pause.destination), reason(pause).rstrip(".")
    return any(each.about == name and "paused" in each.sentence and why in each.sentence for each in standing.troubles)


def _trouble(trouble: Trouble) -> str:
    if not trouble.status:  # it waits as it should; the line begins with what it is about
        return one_line(trouble.sentence.removeprefix(f"{trouble.about}: "), 300)
    return f"in trouble since {local(trouble.began_at)}: {one_line(trouble.sentence, 300)}"


def _alerts(settings: Settings, standing: Standing) -> Iterator[str]:
    """Who is alerted, and of what some of them do not know yet, since the way to them does not work, perhaps."""
    named = settings.alerts.recipients
    if not named:
        return
    yield f"go to {', '.join(_masked(name) if '@' in name else f'channel {name}' for name in named)}"
    for trouble in standing.troubles:
        ripe = trouble.status not in PASSING or trouble.runs >= settings.fetch.alert_after
        missed = [name for name in named if known_as(name) not in who_knows(trouble) and _can_be_told(name, trouble)]
        if ripe and missed:
            yield f"not told of {trouble.about}: {', '.join(map(_masked, missed))}"
    for trouble in standing.ended:
        yield f"not told of the end of {trouble.about}: {', '.join(map(_masked, _owed(settings, trouble)))}"


def _masked(recipient: str) -> str:
    return router.mask(recipient) if "@" in recipient else recipient


def _owed(settings: Settings, ended: Trouble) -> tuple[str, ...]:
    """Who was told of a trouble, and not yet that it is over."""
    return tuple(name for name in settings.alerts.recipients if known_as(name) in who_knows(ended))


def _can_be_told(name: str, trouble: Trouble) -> bool:
    """Whether there is a way to a recipient of alerts that is not what the trouble is about."""
    return trouble.about not in ((SMTP,) if "@" in name else (CONFIGURATION, STORE, PROGRAM))


def _mails(counts: dict[str, int]) -> str:
    words = {"accepted": "not read yet"}
    return (
        ", ".join(f"{count} {words.get(state, state)}" for state, count in counts.items() if count)
        or "all are read, none is held"
    )


def _let_go(each: LettingGo) -> str:
    what = "with an unfinished post" if each.state in ("read", "ignored") else each.state
    mails = number(each.count, "mail") if each.state in ("read", "ignored") else number(each.count, f"{what} mail")
    after = f" {what}" if each.state in ("read", "ignored") else ""
    day = f"{each.first_at.astimezone():%-d %b}"
    return f"{mails}{after} will be let go from {day} on; see `mailpoll messages list --state {each.state}`"


def _ago(moment: datetime, then: datetime) -> str:
    return f"{age(moment - then)} ago"


def _as_json(standing: Standing, old: tuple[str, ...], limit: timedelta | None) -> dict[str, object]:
    overview = standing.overview
    return {
        "at": standing.moment,
        "ok": not old,
        "too_old": old,
        "max_age_seconds": None if limit is None else int(limit.total_seconds()),
        "accounts": [
            {"name": each.name, "last_success": each.last_success, "never_polled": each.never}
            for each in standing.accounts
        ],
        "destinations": [_destination_json(place) for place in overview.destinations] if overview else [],
        "troubles": [_trouble_json(trouble) for trouble in standing.troubles],
        "ended": [{**_trouble_json(trouble), "ended_at": trouble.ended_at} for trouble in standing.ended],
        "messages": overview.messages if overview else {},
        "oldest_unread": overview.oldest_unread if overview else None,
        "letting_go": overview.letting_go if overview else (),
        "store_created_at": overview.created_at if overview else None,
    }


def _trouble_json(trouble: Trouble) -> dict[str, object]:
    return {
        "about": trouble.about,
        "status": trouble.status,
        "sentence": trouble.sentence,
        "runs": trouble.runs,
        "since": trouble.began_at,
        "told_at": trouble.told_at,
        "alerted": tuple(map(_masked, who_knows(trouble))),
    }


def _destination_json(place: DestinationState) -> dict[str, object]:
    return {
        "name": shown_destination(place.name),
        "last_delivered": place.delivered_at,
        "waiting": place.waiting,
        "oldest_waiting": place.oldest_waiting,
        "uncertain": place.uncertain,
        "failed": place.failed,
        "held": place.held,
        "paused_since": place.pause.paused_at if place.pause else None,
        "paused_because": place.pause.reason if place.pause else "",
    }
