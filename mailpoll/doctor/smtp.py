"""Outgoing mail: whether its server lets us in. Nothing is sent."""

from __future__ import annotations

import os
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

from mailpoll import outbound
from mailpoll.crosscheck import is_loopback
from mailpoll.doctor.checks import Check, fail, failed, ok, warn
from mailpoll.errors import AccessDenied
from mailpoll.settings import SmtpSettings

ABOUT = "smtp"
SOON_DAYS = 14


def examine(settings: SmtpSettings, secret: str) -> Iterator[Check]:
    """What is found at the server, with the password or access token of the settings ("" for none)."""
    if settings.file is not None:
        yield _folder(settings.file)
        return
    probe = outbound.probe(settings, secret)
    if probe.diagnosis is not None:
        yield failed(ABOUT, probe.diagnosis.error())
        return
    who = f"logged in to {probe.about} as {settings.username}" if secret else f"{probe.about} can be reached, no login"
    yield ok(ABOUT, f"{who} (tls {settings.tls}); mailpoll send-test proves that it takes mail")
    yield from _certificate(settings, probe.certificate_ends)


def _folder(folder: str) -> Check:
    path = Path(folder)
    there = next(place for place in (path, *path.parents) if os.path.lexists(place))
    if not os.path.isdir(there):
        return fail(ABOUT, f"mail is to be written into {folder}, and {there} is no folder", "Name another as file")
    if not os.access(there, os.W_OK | os.X_OK):
        what = f"mail is to be written into {folder}, and this user may not write in {there}"
        return fail(ABOUT, what, "Let it write there, or name another folder as file", AccessDenied.exit_status)
    if not os.path.isdir(folder):
        return warn(ABOUT, f"mail is written into {folder}, which is made by the first one", "Leave file out to send")
    return warn(ABOUT, f"nothing is sent: mail is written into {folder}", "Leave file out to send")


def _certificate(settings: SmtpSettings, ends: datetime | None) -> Iterator[Check]:
    if ends is None:
        if not is_loopback(settings.host or ""):
            yield warn(ABOUT, "without TLS: who listens on the way reads all", 'Set tls = "starttls"')
        return
    days = (ends - datetime.now(UTC)).days
    what = f"the server's certificate ends in {days} days, on {ends:%Y-%m-%d}"
    if days < SOON_DAYS:
        yield warn(ABOUT, what, "Ask its owner whether it is renewed; then no mail would leave")
    else:
        yield ok(ABOUT, what)
