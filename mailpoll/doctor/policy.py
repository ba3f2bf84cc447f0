"""The policies: whether what they require can be known, and whether an inbox lets strangers sign in somewhere."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from mailpoll import visible
from mailpoll.doctor.checks import Check, fail, ok, warn
from mailpoll.imap import Session
from mailpoll.message import header_fields
from mailpoll.policy import authentication, senders
from mailpoll.router import Pattern
from mailpoll.settings import Settings
from mailpoll.store import Channel

ABOUT = "policy"
MAILS_LOOKED_AT = 20
MAX_NAME = 100


def rules(settings: Settings, channels: Sequence[Channel], patterns: Sequence[Pattern]) -> Iterator[Check]:
    """What is to be said of [policy] and of what the channels have of their own."""
    yield from _identity(settings, patterns)
    demanding = [channel.name for channel in channels if channel.policy.get("require", settings.policy.require)]
    if demanding and not _known_everywhere(settings):
        yield fail(
            ABOUT,
            f"{_channels(demanding)} requires what a mail server found, and nothing says which server's findings "
            "count: all mail of such an account is refused",
            "Set policy.authserv_id to the name that your mail server gives itself in Authentication-Results",
        )


def _known_everywhere(settings: Settings) -> bool:
    named = [account.authserv_id for account in settings.account.values()]
    return settings.policy.authserv_id is not None or (bool(named) and None not in named)


def _channels(names: Sequence[str]) -> str:
    return f"channel {names[0]}" if len(names) == 1 else f"each of the channels {', '.join(names[:5])}"


def _identity(settings: Settings, patterns: Sequence[Pattern]) -> Iterator[Check]:
    """An address of ours at a domain whose addresses prove who somebody is (the "ticket trick")."""
    domains = [senders.comparable(domain) for domain in settings.policy.identity_domains]
    ours = dict.fromkeys(senders.comparable(pattern.domain) for pattern in patterns)
    for domain in ours:
        if any(senders.at_or_below(domain, identity) for identity in domains):
            held = settings.policy.hold_verification_mail
            yield warn(
                ABOUT,
                f"the addresses of channels are at {domain}, where an address lets people sign in: who knows one can "
                "sign up elsewhere with it and read the code in the channel"
                + (" (verification mail is held, as far as it is recognised)" if held else ""),
                "Move the inbox to another domain" + ("" if held else ", or set policy.hold_verification_mail = true"),
            )


def findings(about: str, session: Session, folders: Sequence[str], expected: Sequence[str]) -> Iterator[Check]:
    """Whether the newest mails of an account carry findings of the server that is expected. Folders are examined."""
    seen: dict[str, int] = {}
    for folder in folders:
        last = session.open(folder, read_only=True).uidnext - 1
        uids = session.search(above=max(0, last - MAILS_LOOKED_AT), unseen_or_above=0, upto=last)
        for candidate in session.candidates(uids, ("Authentication-Results",)) if uids else ():
            topmost = next((value for _, value in header_fields(candidate.headers)), None)
            if topmost is not None:
                name = authentication.server_of(topmost)
                seen[name] = seen.get(name, 0) + 1
    good = sum(count for name, count in seen.items() if authentication.is_among(name, expected))
    if good:
        yield ok(about, f"{good} of the newest mails have findings of {' or '.join(map(_named, expected))}")
    elif seen:
        yield warn(
            about,
            f"the newest mails have findings of {', '.join(map(_named, list(seen)[:5]))}, none of "
            f"{' or '.join(map(_named, expected))}: they are not taken as verified",
            _what_to_set(max(seen, key=lambda name: seen[name])),
        )
    else:
        yield ok(about, "none of the newest mails has Authentication-Results: what is required cannot be known of them")


def _what_to_set(most: str) -> str:
    """The name that most mails bear, where it is one: a stranger can write that field, too, with no name at all."""
    if not most or most != _named(most):
        return "Look at the source of a mail that you know: authserv_id is what your own server begins that field with"
    return f'If that is your own mail server, and no stranger wrote it, set authserv_id = "{most}" for this account'


def _named(authserv_id: str) -> str:
    """A name as it is shown, whoever wrote it."""
    name = visible.line(authserv_id)
    return (name if len(name) <= MAX_NAME else f"{name[: MAX_NAME - 1]}…") or "a server without a name"
