"""The secrets: from where each comes, whether it can be had, and what cron would see of it."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from mailpoll.doctor.checks import Check, Job, fail, failed, ok, warn
from mailpoll.errors import MailpollError
from mailpoll.secret import source
from mailpoll.settings import SecretRef

Resolve = Callable[[SecretRef, str], str]

_CRON = "mailpoll doctor --as-cron shows what cron sees"


def jobs(references: list[tuple[str, SecretRef]], resolve: Resolve, *, desktop: bool) -> list[Job]:
    """A job per secret: a keyring or a command may take long. `desktop`: this process can reach a desktop session."""

    def job(about: str, reference: SecretRef) -> Job:
        return Job(about, lambda: list(_check(about, reference, resolve, desktop=desktop)))

    return [job(about, reference) for about, reference in references]


def _check(about: str, reference: SecretRef, resolve: Resolve, *, desktop: bool) -> Iterator[Check]:
    try:
        resolve(reference, about)
    except MailpollError as problem:
        yield failed(about, problem)
        return
    place = source(reference)
    if reference.env is not None:
        yield warn(about, f"comes from {place}", f"cron passes it on only where its crontab sets it; {_CRON}")
    elif reference.keyring is not None and desktop:
        yield warn(about, f"comes from {place}", f"cron has no desktop session; {_CRON}")
    elif reference.credential is not None:
        yield warn(about, f"comes from {place}", "cron has no systemd credentials; only a unit has")
    else:
        yield ok(about, f"comes from {place}")


def differences(here: list[Check], there: list[Check]) -> Iterator[Check]:
    """What cron sees otherwise than this process. Of several findings about one thing, equal ones belong together."""
    told = [(check, _like(check, there)) for check in here]
    differing = [(check, others) for check, others in told if not _among(check, others)]
    if not differing:
        yield ok("cron", "sees the same configuration and the same secrets as this shell")
    for check, others in differing:
        if not others:
            yield fail("cron", f"{check.about}: {check.finding.what} here; cron does not get so far",
                       "First put right what stands above")  # fmt: skip
        elif new := [other for other in others if not _among(other, here)]:
            what = f"{check.about}: here: {check.finding.what}; under cron: {new[0].finding.what}"
            yield warn("cron", what, new[0].finding.advice)


def _like(check: Check, checks: list[Check]) -> list[Check]:
    """Those that are about the same thing."""
    return [each for each in checks if each.about == check.about]


def _among(check: Check, checks: list[Check]) -> bool:
    same = ((each.about, each.status, each.finding.what) for each in checks)
    return (check.about, check.status, check.finding.what) in same
