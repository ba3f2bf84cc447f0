"""The checks of `doctor` that ask other machines: accounts, the SMTP server, destinations; all at once."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

from mailpoll import config, doctor
from mailpoll.commands import assembly, secret_place
from mailpoll.commands.installation import Installation
from mailpoll.doctor import Check, Job, account, book
from mailpoll.store import Overview
from mailpoll.wire import Line

SECONDS = 40.0  # for all that is asked over the network, and for secrets, together


def network(installation: Installation, overview: Overview | None, lacking: set[str]) -> list[Check]:
    """Accounts and destinations, all at once: the slowest of them is waited for, and no longer than SECONDS.

    Not those whose secret could not be had, among `lacking`: that was said.
    """
    settings = installation.settings
    used = [place.name for place in overview.destinations] if overview else list(settings.destination)
    make = assembly.Configured(installation).make
    usable = [name for name in used if not book.unusable(name, settings)]  # the others are told with their channels
    accounts = [_account_job(installation, name) for name in settings.account]
    jobs = [*accounts, *_smtp_job(installation), *book.jobs(usable, make, partial(secret_place.named, installation))]
    return doctor.together([job for job in jobs if not _lacks(job.about, lacking)], SECONDS)


def _lacks(about: str, lacking: set[str]) -> bool:
    return any(secret.startswith(f"{about}.") for secret in lacking)


def _account_job(installation: Installation, name: str) -> Job:
    settings, line = installation.settings, Line()
    one = account.Account(
        name,
        settings.account[name],
        settings.addresses,
        config.patterns(settings),
        partial(assembly.connect_to, installation, name, settings.account[name], line),
        assembly.policy_of(settings, name).authserv_ids,
    )
    return Job(one.about, lambda: list(account.examine(one)), partial(line.abort, "the doctor has no more time"))


def _smtp_job(installation: Installation) -> Iterator[Job]:
    from mailpoll.doctor import smtp

    if (settings := installation.settings.smtp) is not None:
        yield Job(smtp.ABOUT, lambda: list(smtp.examine(settings, installation.smtp_secret(settings))))
