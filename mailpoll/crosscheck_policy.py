"""The rules of [policy] and [attachments] that types do not know. Pure; imported where these sections say something."""

from __future__ import annotations

from collections.abc import Iterator

from mailpoll import rate
from mailpoll.policy import entries
from mailpoll.settings import AttachmentSettings, PolicySettings, Settings


def problems(settings: Settings) -> Iterator[str]:
    """Every rule of these sections that is broken, as sentences that name the key path and what to write instead."""
    yield from _senders(settings.policy)
    yield from _domains(settings.policy)
    yield from _rates(settings.policy)
    yield from _authserv_id("policy", settings.policy.authserv_id)
    for name, account in settings.account.items():
        yield from _authserv_id(f"account.{name}", account.authserv_id)
    yield from _globs(settings.attachments)


def _senders(policy: PolicySettings) -> Iterator[str]:
    for key, listed in (("allow_from", policy.allow_from), ("deny_from", policy.deny_from)):
        for at, entry in enumerate(listed):
            if problem := entries.entry_problem(entry):
                yield f"policy.{key}[{at}]: {entry!r} {problem}. Write for example {entries.EXAMPLES}"


def _domains(policy: PolicySettings) -> Iterator[str]:
    for at, domain in enumerate(policy.identity_domains):
        if "@" in domain or entries.entry_problem(domain):
            yield f'policy.identity_domains[{at}]: {domain!r} is no domain. Write for example "example.com"'


def _rates(policy: PolicySettings) -> Iterator[str]:
    for key, text in (("rate", policy.rate), ("gateway_rate", policy.gateway_rate)):
        if text is not None and (problem := rate.problem(text)):
            yield f"policy.{key}: {problem}"


def _authserv_id(path: str, value: str | tuple[str, ...] | None) -> Iterator[str]:
    for name in (value,) if isinstance(value, str) else value or ():
        if not name.isprintable() or any(map(str.isspace, name)) or ";" in name:
            yield f"{path}.authserv_id: {name!r} is no server's name. Write what Authentication-Results begins with"


def _globs(attachments: AttachmentSettings) -> Iterator[str]:
    for key, globs in (("allow", attachments.allow), ("deny", attachments.deny)):
        for at, glob in enumerate(globs):
            if not glob.strip() or glob != glob.strip():
                yield f'attachments.{key}[{at}]: {glob!r} fits no file. Write for example "*.exe" or "image/*"'
            elif glob.startswith("."):
                yield f'attachments.{key}[{at}]: {glob!r} fits one name only. Write "*{glob}" for all that end so'
