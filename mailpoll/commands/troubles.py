"""The sentences a run ends with when something went wrong: what happened, to what, what to do next."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import TYPE_CHECKING

from msgspec.structs import replace

from mailpoll import destinations
from mailpoll.commands import alarm, crash
from mailpoll.commands.facts import number, shown_destination
from mailpoll.delivery import Attempt
from mailpoll.doctor import book
from mailpoll.errors import Bug, ConfigError, MailpollError, RunError, Unanswered, Unavailable, closed
from mailpoll.model import Pause, Reading
from mailpoll.rate import in_words

if TYPE_CHECKING:
    from mailpoll.settings import Settings
    from mailpoll.store.queues import Backlog
    from mailpoll.store.troubles import Waiting

NAMED = 5  # how many posts are named one by one


def of_account(account: str, error: BaseException) -> str:
    """What stopped an account; its name comes first, since two accounts may be on one server."""
    name = f"account.{account}"
    if not isinstance(error, MailpollError):
        return f"{name}: {crash.sentence(error)}"
    advice = error.advice or ("The next run tries again." if isinstance(error, Unavailable) else "")
    return f"{_who(name, error)}: {_what(error)}" + (f". {advice}" if advice else "")


def of_smtp(error: BaseException, to: str = "") -> str:
    """Why an alert could not be mailed; `to` whom, where that matters."""
    lost = bool(to) and isinstance(error, Unanswered)
    name, waits = alarm.SMTP, "" if to else "alerts by mail wait: "
    if to:
        name = f"smtp: a mail to {to} may have arrived" if lost else f"smtp: no mail to {to}"
    if not isinstance(error, MailpollError):
        return f"{name}: {waits}{crash.sentence(error)}"
    if error.about not in ("", alarm.SMTP):  # smtp.password, or smtp.example.com:587
        name = f"{name} ({error.about})"
    # That somebody looks whether it arrived is for mail that nobody sends again.
    advice = "" if lost else error.advice or ("The next run tries again." if error.exit_status in alarm.PASSING else "")
    return f"{name}: {waits}{_what(error)}" + (f". {advice}" if advice else "")


def next_login(until: datetime | None) -> str:
    """When a login that was refused is tried again."""
    return _next(until, "the settings or the password change")


def next_mail(until: datetime | None) -> str:
    """When mail to somebody is tried again."""
    return _next(until, "[smtp] changes")


def _next(until: datetime | None, change: str) -> str:
    if until is None:
        return ""
    return f"It is tried again after {until.astimezone():%H:%M:%S}, when {change}, or now by: mailpoll fetch --now"


def of_message(message_id: int, reading: Reading) -> str:
    """Why a message was set aside."""
    return f"message {message_id} is set aside: {reading.reason}. `mailpoll messages show {message_id}` tells more."


def of_pause(pause: Pause, error: MailpollError | None) -> str:
    """Why a destination was paused, ending in the command that opens it again; `error` is what closed it."""
    resume = f"mailpoll destination resume {shown_destination(pause.destination)}"
    if error is None:
        return (
            f"{destination(pause.destination)} is paused, its posts wait: {closed(book.reason(pause))} Then: {resume}"
        )
    todo = f"{error.advice.rstrip('.')}; then" if error.advice else "When that is put right"
    return f"{_who(destination(pause.destination), error)} is paused, its posts wait: {_what(error)}. {todo}: {resume}"


def of_untold(waiting: Waiting) -> str:
    """Why posts wait, when no run that knew more has written it down."""
    why = waiting.error.rstrip(".") or "it gave no answer"
    posts = number(waiting.posts, "post")
    return f"{destination(waiting.destination)}: {posts} delayed: {why}. The coming runs try again."


def traced(attempt: Attempt) -> Attempt:
    """An attempt that met a bug with its traceback kept, and told where; any other as it is."""
    bug = attempt.error
    if not isinstance(bug, Bug) or bug.__cause__ is None:
        return attempt
    return replace(attempt, error=Bug(bug.what, about=bug.about, advice=crash.keep(bug.__cause__)))


def promised(attempt: Attempt, settings: Settings) -> Attempt:
    """An attempt that may have arrived, and is repeated unasked, with what its kind says of doubles."""
    if attempt.state != "uncertain" or attempt.asked or not attempt.again:
        return attempt
    try:
        kind = destinations.kind_named(attempt.delivery.post.destination, settings)
    except ConfigError:  # it is not configured any more
        return attempt
    return replace(attempt, promise=f"{kind.name}: {kind.promise}")


def lasts(attempt: Attempt) -> bool:
    """Whether what an attempt met is a trouble of its destination; else it is the end of a post's way, told once."""
    return attempt.again and not attempt.closes and attempt.error is not None


def alike(attempts: Sequence[Attempt]) -> tuple[tuple[Attempt, ...], ...]:
    """The attempts that met something, by destination and trouble; first those that met what keeps all posts back."""
    groups: dict[tuple[object, ...], list[Attempt]] = {}
    for attempt in sorted(attempts, key=lambda attempt: not isinstance(attempt.error, RunError)):
        if error := attempt.error:
            name = _who(destination(attempt.delivery.post.destination), error)
            state = "" if isinstance(error, RunError) else attempt.state
            groups.setdefault((name, _what(error), state, attempt.again), []).append(attempt)
    return tuple(map(tuple, groups.values()))


def of_posts(attempts: Sequence[Attempt]) -> Iterator[str]:
    """A sentence per destination and trouble, however many posts met it."""
    return map(of_alike, alike(attempts))


def of_alike(group: Sequence[Attempt]) -> str:
    """What a group of alike() met, and what became of its posts."""
    first = group[0]
    name, error = first.delivery.post.destination, first.error
    assert error is not None
    if isinstance(error, RunError):
        return _of_waiting(name, error)
    ids = [attempt.delivery.id for attempt in group]
    became, todo = _became(first, error.advice, ids)
    return f"{_who(destination(name), error)}: {_posts(ids)} {became}: {_what(error)}. {todo}"


def _of_waiting(name: str, error: RunError) -> str:
    """Why nothing could be posted to a destination in this run, which is not paused."""
    todo = f"{error.advice.rstrip('.')}; the" if error.advice else "The"
    return f"{_who(destination(name), error)}: its posts wait: {_what(error)}. {todo} coming runs try again."


def _became(first: Attempt, advice: str, ids: Sequence[int]) -> tuple[str, str]:
    """What became of posts of which all met the same, and what is to be done about it."""
    state, again = first.state, first.again
    typed, are = " ".join(map(str, ids[:NAMED])), "It is" if len(ids) == 1 else "They are"
    if state == "failed":
        todo = f"{advice.rstrip('.')}; then" if advice else "When that is put right"
        return "failed", f"{todo}: mailpoll posts retry {typed}"
    if state == "uncertain" and again and first.asked:
        it = "it is" if len(ids) == 1 else "they are"
        return "may have arrived", f"{are} looked for, and posted again if {it} not there."
    if state == "uncertain" and again:
        return "may have arrived", f"{are} posted again{f' ({first.promise})' if first.promise else ''}."
    if state == "uncertain":
        retry, drop = f"mailpoll posts retry {typed}", f"mailpoll posts drop {typed}"
        return "may have arrived", f"{are} held. If not: {retry}; if so: {drop}"
    why = f"{closed(advice)} " if advice else ""
    return "delayed", f"{why}{are} tried again by the coming runs."


def _posts(ids: Sequence[int]) -> str:
    """`post 1`, `posts 1, 2`, `posts 1, 2, 3, 4, 5 and 12 more`."""
    more = f" and {len(ids) - NAMED} more" if len(ids) > NAMED else ""
    return f"post{'s' if len(ids) > 1 else ''} {', '.join(map(str, ids[:NAMED]))}{more}"


def destination(name: str) -> str:
    """What a trouble of a destination is about: destination.NAME, or what is shown of a URL."""
    return book.about(name)


def _who(name: str, error: MailpollError) -> str:
    """`name`, and where the trouble is, if the error knows it better: a setting below it, a host and port, a URL."""
    about = error.about.removeprefix(name).removeprefix(".")
    return f"{name} ({about})" if about and not name.startswith(about) and not destinations.is_url(name) else name


def _what(error: MailpollError) -> str:
    return error.what.rstrip(".")


def of_limit(backlog: Backlog, now: datetime) -> str:
    """Why mails wait although nothing is wrong: `channel.dev: 312 mails wait since 14:02: no more than …`."""
    since = backlog.since.astimezone()
    at = since.strftime("%H:%M") if since.date() == now.astimezone().date() else alarm.moment(since)
    who = f"{alarm.CHANNEL}{backlog.channel}" if backlog.channel else alarm.GATEWAY
    wait = "1 mail waits" if backlog.posts == 1 else f"{backlog.posts} mails wait"
    limits = " and ".join(", ".join(map(in_words, backlog.rate)).rsplit(", ", 1))
    return f"{who}: {wait} since {at}: no more than {limits} leave{'' if backlog.channel else ', of all channels'}"


def of_unrouted(count: int) -> str:
    """Mail came for addresses that no channel has."""
    what = "1 mail came" if count == 1 else f"{count} mails came"
    return (
        f"{what} for addresses that no channel has; held. `mailpoll messages list --state unrouted` shows what is "
        "held. This is said once a day."
    )
