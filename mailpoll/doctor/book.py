"""Channels, addresses and destinations: whether what is written down fits together, and what waits."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import datetime

from msgspec.structs import replace

from mailpoll import destinations
from mailpoll.delivery import Destination
from mailpoll.doctor.checks import Check, Job, age, fail, ok, warn
from mailpoll.errors import AccessDenied, ConfigError, TemporaryFailure, Unavailable
from mailpoll.model import Finding, Pause, Trouble
from mailpoll.settings import Settings, mask_url
from mailpoll.store import Channel, DestinationState, Overview

# What is to be done with posts that wait for a person.
_DECIDE = {
    "failed": "; then: mailpoll posts retry ID, or: mailpoll posts drop ID",
    "uncertain": "; if they did not arrive: mailpoll posts retry ID, if so: mailpoll posts drop ID",
    "held": "",
}


def channels(settings: Settings, known: Sequence[Channel], addresses: Mapping[str, int]) -> Iterator[Check]:
    """Channels that no mail can reach, or whose posts can go nowhere; settings that name a channel there is not.

    `addresses` counts those in use, by channel.
    """
    names = {channel.name for channel in known}
    yield from _named(settings, names)
    if not known:
        yield warn("channels", "there are none", "Type: mailpoll channel add NAME")
        return
    reached = {*addresses, *_fixed(settings).values(), *settings.alerts.recipients}
    found = [check for channel in known for check in _channel(settings, channel, channel.name in reached)]
    yield from found
    if not found:
        count = f"{len(known)} with {sum(addresses.values())} addresses" if len(known) > 1 else known[0].name
        yield ok("channels", f"{count}: mail has somewhere to go")


def _channel(settings: Settings, channel: Channel, reached: bool) -> Iterator[Check]:
    name, change = f"channel {channel.name}", f"mailpoll channel set {channel.name} --to store"
    for destination, _ in channel.targets:
        if problem := unusable(destination, settings):
            what = f"posts to {shown(destination)}, which {problem}"
            yield fail(name, what, f"Add it to the configuration, or: {change}")
    if not channel.targets:
        yield fail(name, "its addresses have no destination", f"Type: {change}")
    if not reached:
        yield warn(name, "no address leads to it", f"Type: mailpoll address add {channel.name}")


def _fixed(settings: Settings) -> dict[str, str]:
    """The channels that settings name, by key path."""
    named = {f"account.{name}.channel": account.channel for name, account in settings.account.items()}
    action = settings.unrouted.action
    named["unrouted.action"] = None if action in ("hold", "ignore") else action
    return {path: channel for path, channel in named.items() if channel}


def _named(settings: Settings, names: set[str]) -> Iterator[Check]:
    for path, channel in _fixed(settings).items():
        if channel not in names:
            advice = f"Type: mailpoll channel add {channel}, or write the name of one there is"
            yield fail(path, f"there is no channel {channel}", advice)


def unusable(destination: str, settings: Settings) -> str:
    """Why posts cannot go there, as the end of a sentence; empty when they can."""
    if destination == destinations.STORE:
        return ""
    try:
        destinations.settings_of(destination, settings)
    except ConfigError as problem:
        return f"cannot be used: {problem.what}" if destinations.is_url(destination) else "is not configured any more"
    return ""


def patterns(settings: Settings, in_force: Sequence[str]) -> Iterator[Check]:
    """Patterns in whose domain no account gets mail, as far as its username tells."""
    domains = {a.username.rpartition("@")[2].lower() for a in settings.account.values() if "@" in a.username}
    for text in in_force:
        domain = text.rpartition("@")[2].lower()
        if domains and domain not in domains:
            what = f"{text}: no account is at {domain}"
            yield warn("addresses.patterns", what, "Fine when that domain's mail comes to one of them; else a slip")
        else:
            yield ok("addresses.patterns", text)


def jobs(names: Sequence[str], make: Callable[[str], Destination], advise: Callable[[str, str], str]) -> list[Job]:
    """A job per destination; `make` gives it, its secrets looked up. `advise` makes of the advice that it gives what a
    person is told."""

    def checked(name: str) -> list[Check]:
        found = [_checked(name, finding) for finding in make(name).check()]
        return [replace(c, finding=replace(c.finding, advice=advise(name, c.finding.advice))) for c in found]

    def job(name: str) -> Job:
        return Job(about(name), lambda: checked(name))

    return [job(name) for name in names if name != destinations.STORE]


def _checked(name: str, finding: Finding) -> Check:
    what = finding.what.removeprefix(f"{name}: ")
    return Check(about(name), Finding(finding.level, what, finding.advice), status_of(finding))


def status_of(finding: Finding) -> int:
    """The exit status that what a destination found of itself stands for; that of what cannot be used now, where
    nothing more is known."""
    if finding.level != "fail":
        return 0
    passes = finding.status in (0, TemporaryFailure.exit_status)
    return Unavailable.exit_status if passes else finding.status


def posts(overview: Overview, now: datetime) -> Iterator[Check]:
    """What waits at paused destinations, and for a person."""
    for place in overview.destinations:
        yield from _posts(place, now)
    for state, count in overview.messages.items():
        if state != "accepted" and count:
            mails = "1 mail is" if count == 1 else f"{count} mails are"
            yield warn("mails", f"{mails} {state}", f"Look: mailpoll messages list --state {state}")


def _posts(place: DestinationState, now: datetime) -> Iterator[Check]:
    name = about(place.name)
    if place.pause is not None:
        what = f"paused for {age(now - place.pause.paused_at)}, {_wait(place.waiting)}: {reason(place.pause)}"
        advice = f"Put that right; then: mailpoll destination resume {shown(place.name)}"
        # As the runs take it, which end with this status while posts wait there.
        yield fail(name, what, advice, AccessDenied.exit_status) if place.waiting else warn(name, what, advice)
    elif place.oldest_waiting is not None:
        what = f"{_wait(place.waiting)}, the oldest for {age(now - place.oldest_waiting)}"
        yield warn(name, what, "They are tried by the coming runs: mailpoll posts list")
    for state, count in (("failed", place.failed), ("uncertain", place.uncertain), ("held", place.held)):
        if count:
            yield warn(name, f"{count} {state}", f"Look: mailpoll posts list --state {state}{_DECIDE[state]}")


def _wait(count: int) -> str:
    return "1 post waits" if count == 1 else f"{count} posts wait"


def troubles(open_: Sequence[Trouble]) -> Iterator[Check]:
    """What runs met and did not see end."""
    for trouble in open_:
        since = f"{trouble.began_at.astimezone():%Y-%m-%d %H:%M}"
        runs = "1 run" if trouble.runs == 1 else f"{trouble.runs} runs"
        yield warn("runs", f"since {since}, in {runs}: {trouble.sentence}", "Look: mailpoll fetch -v --now")


def reason(pause: Pause) -> str:
    """Why a destination is paused, without its name."""
    return pause.reason.removeprefix(f"{about(pause.destination)}: ")


def about(name: str) -> str:
    """How a destination is named."""
    return shown(name) if destinations.is_url(name) else f"destination.{name}"


def shown(name: str) -> str:
    """A destination for people. Of a URL, whose path and query are often its key, scheme, host and port, and a mark
    that tells it from others: `https://chat.example.com/…#a1b2`, which is no URL of ours; a shell takes it as it is."""
    if not destinations.is_url(name):
        return name
    masked = mask_url(name)
    return masked if masked == name else f"{masked}#{hashlib.sha256(name.encode()).hexdigest()[:4]}"
