"""An account: connection, certificate, login, folders, and whether what is to be done with mail taken can be done.

Folders are opened with EXAMINE: nothing changes on the server.
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, datetime

from mailpoll import router
from mailpoll.crosscheck import derived_pattern, is_loopback
from mailpoll.doctor import policy
from mailpoll.doctor.checks import Check, failed, ok, warn
from mailpoll.errors import RunError, Unavailable
from mailpoll.imap import Session
from mailpoll.imap.certificate import expires, rights
from mailpoll.model import FolderInfo
from mailpoll.settings import AccountSettings, AddressSettings

SOON_DAYS = 14
MAILS_LOOKED_AT = 200
_TOLD = ("UIDPLUS", "MOVE", "IDLE", "CONDSTORE", "QRESYNC")


@dataclass(frozen=True, slots=True)
class Account:
    """An account to look at: its name and settings, the patterns in force, how to log in, and whose findings about
    senders count."""

    name: str
    settings: AccountSettings
    addresses: AddressSettings
    patterns: tuple[str, ...]
    connect: Callable[[], Session]
    authserv_ids: tuple[str, ...] = ()

    @property
    def about(self) -> str:
        """Its key path."""
        return f"account.{self.name}"


def examine(account: Account) -> Iterator[Check]:
    """What is found at the server; raises RunError when it does not let us in."""
    with closing(account.connect()) as session:
        yield _login(account, session)
        yield from _certificate(account, expires(session))
        names = session.folders()
        opened = yield from _folders(account, session)
        if opened:
            yield from _after(account, session, opened[0], names)
            yield _plus(account, session)
        if opened and account.authserv_ids:
            folders = [info.name for info in opened]
            yield from policy.findings(account.about, session, folders, account.authserv_ids)


def _login(account: Account, session: Session) -> Check:
    offered = session.capabilities()
    has = " ".join(name for name in _TOLD if name in offered) or "none of the extensions that help"
    lacks = " ".join(name for name in _TOLD if name not in offered)
    settings = account.settings
    where = f"logged in to {settings.host}:{settings.port} as {settings.username} (tls {settings.tls})"
    return ok(account.about, f"{where}; it offers {has}" + (f"; it lacks {lacks}" if lacks else ""))


def _certificate(account: Account, ends: datetime | None) -> Iterator[Check]:
    if ends is None and is_loopback(account.settings.host):
        return  # what passes here leaves no machine
    if ends is None:
        yield warn(account.about, "without TLS: who listens on the way reads password and mail", 'Set tls = "implicit"')
        return
    days = (ends - datetime.now(UTC)).days
    what = f"the server's certificate ends in {days} days, on {ends:%Y-%m-%d}"
    if days < SOON_DAYS:
        yield warn(account.about, what, "Ask its owner whether it is renewed; then logins would be refused")
    else:
        yield ok(account.about, what)


def _folders(account: Account, session: Session) -> Generator[Check, None, list[FolderInfo]]:
    """Looks into each folder; returns those that could be opened."""
    opened = []
    for name in account.settings.folders:
        try:
            info = session.open(name, read_only=True)
        except Unavailable:
            raise
        except RunError as problem:
            yield failed(account.about, problem)
            continue
        opened.append(info)
        yield from _folder(account, session, info)
    return opened


def _folder(account: Account, session: Session, info: FolderInfo) -> Iterator[Check]:
    mails = "1 mail" if info.exists == 1 else f"{info.exists} mails"
    given = rights(session, info.name)
    needed = {"seen": "s", "keyword": "w", "move": "te", "delete": "te"}.get(account.settings.after, "")
    lacking = sorted(set(needed) - given) if given is not None else []
    if lacking:
        what = f'the folder {info.name} may not be changed as after = "{account.settings.after}" needs it'
        advice = f'Ask its owner for the rights {" ".join(lacking)} (RFC 4314), or set after = "leave"'
        yield warn(account.about, what, advice)
    else:
        yield ok(account.about, f"the folder {info.name} holds {mails}")


def _after(account: Account, session: Session, info: FolderInfo, names: Sequence[str]) -> Iterator[Check]:
    settings, offered = account.settings, session.capabilities()
    after = f'after = "{settings.after}"'
    if settings.after in ("delete", "move") and not offered & {"UIDPLUS", "MOVE" if settings.after == "move" else ""}:
        what = f"{after}: the server has no UIDPLUS: mails are only flagged as deleted, and stay"
        yield warn(
            account.about, what, "Expunge them with another mail program now and then, or choose another `after`"
        )
    elif settings.after == "keyword":
        yield from _keyword(account, info, after)
    elif settings.after == "move" and settings.move_to not in names:
        yield ok(account.about, f"{after}: the folder {settings.move_to} is not there; the first mail makes it")
    else:
        yield ok(account.about, f"{after} can be done")


def _keyword(account: Account, info: FolderInfo, after: str) -> Iterator[Check]:
    known = {flag.lower() for flag in info.permanent_flags}
    if known and "\\*" not in known and account.settings.keyword.lower() not in known:
        what = f"{after}: the server keeps no keywords; mails will be marked as seen instead"
        yield warn(account.about, what, 'Set after = "seen" (or "leave"), which says what happens')
    elif not known:
        yield ok(account.about, f"{after}: whether the server keeps keywords is seen by a run (mailpoll fetch -v)")
    else:
        yield ok(account.about, f"{after} can be done")


def _plus(account: Account, session: Session) -> Check:
    """Whether mail to a plus address was seen, which is the only proof that needs no mail to be sent."""
    settings, addresses = account.settings, account.addresses
    patterns = [router.pattern(text) for text in account.patterns]
    if settings.scope == "all" or not patterns:
        return ok(account.about, "takes every mail, whatever its address")
    looked_at = 0
    for folder in settings.folders:
        last = session.open(folder, read_only=True).uidnext - 1
        uids = session.search(above=max(0, last - MAILS_LOOKED_AT), unseen_or_above=0, upto=last)
        looked_at += len(uids)
        for candidate in session.candidates(uids, addresses.headers) if uids else ():
            if router.recipients(candidate.headers, patterns, addresses.headers):
                return ok(account.about, "mail to an address of ours came to the inbox: the addresses work")
    return _no_plus(account, looked_at)


def _no_plus(account: Account, looked_at: int) -> Check:
    """What to do when no mail was seen that is for an address of ours."""
    username = account.settings.username
    own = own_patterns(username, account.patterns)
    if not own:
        what = f"no pattern covers {username}, and no mail for any other address of ours is there"
        return warn(account.about, what, f'Add "{derived_pattern(username)}" to [addresses] patterns')
    example = own[0].replace("%s", "test")
    if not looked_at:
        what = f"no mail is there that shows whether {example} works"
        return warn(account.about, what, f"Send a mail to {example}, then ask again")
    newest = "the newest mail is not" if looked_at == 1 else f"none of the newest {looked_at} mails is"
    return warn(
        account.about,
        f"{newest} for an address like {example}",
        f"Send a mail to {example}; if it comes back, the provider knows no such addresses",
    )


def own_patterns(username: str, patterns: Sequence[str]) -> list[str]:
    """Those patterns that an account with this username gets mail of; all where the username is no address."""
    local, _, domain = username.rpartition("@")
    if derived_pattern(username) is None:
        return list(patterns)

    def is_own(text: str) -> bool:
        one = router.pattern(text)
        return one.domain == router.a_labels(domain) and one.before.rstrip("+-._=") in ("", local.lower())

    return [text for text in patterns if is_own(text)]
