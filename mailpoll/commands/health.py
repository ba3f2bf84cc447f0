"""Pings a health monitor when a run begins and ends, in the way of healthchecks.io; no trouble with it is a trouble."""

from __future__ import annotations

import logging
from contextlib import suppress
from typing import Any

import msgspec

from mailpoll.commands.installation import Installation
from mailpoll.crosscheck import ping_problem
from mailpoll.errors import ConfigError, MailpollError, TemporaryFailure, Unavailable
from mailpoll.settings import HealthSettings

SECONDS = 5.0  # for one ping, connecting and answer together

# A run that ends so goes on by itself; whether it lasts too long is for the monitor's own grace time to say.
PASSING = (Unavailable.exit_status, TemporaryFailure.exit_status)

log = logging.getLogger(__name__)


def begun(installation: Installation) -> None:
    """Says that a run has begun: a GET of `ping_url`/start. Call it once the lock is held. Never raises."""
    _ping(installation, "/start")


def ended(installation: Installation, status: int) -> None:
    """Says how a run ended: a GET of `ping_url` for 0, of `ping_url`/fail for what a person must look at.

    69 and 75, which the next run mends or not, say nothing. Never raises.
    """
    if status not in PASSING:
        _ping(installation, "/fail" if status else "")


def _ping(installation: Installation, what: str) -> None:
    try:
        health = _settings(installation)
        if health is None or health.ping_url is None:
            return
        from mailpoll import egress
        from mailpoll.http import Http, classify

        url = _url(installation, health)
        with suppress(ConfigError):  # as in _settings(): what is wrong with [http] is told by the ping
            egress.obey(installation.settings.http, installation.secret)
        classify(Http().request("GET", url + what, timeout_connect=SECONDS / 2, timeout_read=SECONDS / 2))
    except MailpollError as problem:
        log.info("health.ping_url: %s", problem)
    except Exception as problem:  # a monitor, and what we have for it, must not end a run
        log.info("health.ping_url: %s", type(problem).__name__)


def _settings(installation: Installation) -> HealthSettings | None:
    """[health] of the configuration, also where other sections of it cannot be used: that is what fail is for."""
    try:
        return installation.settings.health
    except ConfigError:
        import tomllib

        data: dict[str, Any] = tomllib.loads(installation.path.read_text("utf-8-sig"))
        return msgspec.convert(data["health"], HealthSettings) if "health" in data else None


def _url(installation: Installation, health: HealthSettings) -> str:
    """The URL without a slash at its end. Raises ConfigError when it cannot be pinged, and as Installation.secret."""
    url, about = health.ping_url, "health.ping_url"
    text = url if isinstance(url, str) else installation.secret(url, about) if url is not None else ""
    if problem := ping_problem(text, allow_plaintext=health.allow_plaintext):
        raise ConfigError(problem, about=about)
    return text.rstrip("/")
