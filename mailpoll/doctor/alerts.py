"""Whom [alerts] names: whether they can be told, and of what they cannot."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from mailpoll import router
from mailpoll.doctor import book
from mailpoll.doctor.checks import Check, fail, ok, warn
from mailpoll.settings import Settings
from mailpoll.store import Channel

ABOUT = "alerts.to"


def recipients(settings: Settings, known: Sequence[Channel]) -> Iterator[Check]:
    """What keeps alerts from them; nothing where nobody is named."""
    named = settings.alerts.recipients
    channels = {channel.name: channel for channel in known}
    broken = 0
    for name in named:
        if "@" in name:
            continue
        channel = channels.get(name)
        problem = problem_of(name, channel.enabled if channel else None, channel.targets if channel else ())
        if problem:
            broken += 1
            yield fail(ABOUT, *problem)
    if named and not any("@" in name for name in named):
        targets = [target for name in named if name in channels for target in channels[name].targets]
        places = sorted({book.about(destination) for destination, _ in targets})
        of = f", nor what is wrong with {' and '.join(places)}" if len(named) == 1 and places else ""
        what = f"channels cannot tell that configuration or store cannot be used{of}: then cron's mail is all there is"
        yield warn(ABOUT, what, "Add a mail address to it, and [smtp]")
    elif named and not broken:
        yield ok(ABOUT, ", ".join(router.mask(name) if "@" in name else f"channel {name}" for name in named))


def problem_of(name: str, enabled: bool | None, targets: Sequence[tuple[str, str]]) -> tuple[str, str] | None:
    """Why no alert can go into a channel, and what to do; None when one can. `enabled` is None where there is none."""
    if enabled is None:
        return f"there is no channel {name}", f"Type: mailpoll channel add {name}, or write the name of one there is"
    if not enabled:
        return f"channel {name} is disabled", f"Type: mailpoll channel enable {name}"
    if not targets:
        return f"channel {name} has no destination", f"Type: mailpoll channel set {name} --to store"
    return None
