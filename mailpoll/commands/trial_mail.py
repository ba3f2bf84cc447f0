"""`mailpoll channel test --by-mail`: a mail by way of [smtp] to a channel's own address, followed hop by hop."""

from __future__ import annotations

import secrets
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from email.message import EmailMessage
from email.policy import SMTP
from typing import TYPE_CHECKING, Literal

import click

from mailpoll import outbound, strict_address
from mailpoll.commands import assembly, init_wait, outlook, trial
from mailpoll.commands.addressbook import Book
from mailpoll.commands.facts import shown_destination
from mailpoll.commands.installation import Installation, now
from mailpoll.commands.outlook import Outlook
from mailpoll.commands.output import one_line, print_json
from mailpoll.commands.runs import run_once
from mailpoll.errors import ConfigError, MailpollError, RunError, closed, worst
from mailpoll.model import Delivery, KnownAddress, NamedAddress
from mailpoll.settings import SmtpSettings

if TYPE_CHECKING:
    from mailpoll.commands.journal import Journal
    from mailpoll.store import Store
    from mailpoll.store.messages import Entry

# Seconds between two looks: short at first, then so that no provider minds.
_PAUSES_S = (0.5, 1.0, 1.0, 2.0, 3.0, 5.0)
_RUN_WITHIN_S = 50.0
_RECENT = 200  # messages that are looked through for ours
_NOT_COME, _NOT_POSTED = 75, 65
_UNDER_WAY = frozenset({"pending", "sending"})
_ADD_SMTP = "Add [smtp] with host, username, password and from; without --by-mail no mail server is needed"
_TEXT = "This is a test of channel {channel}, sent by `mailpoll channel test --by-mail`.\n"

Hop = Literal["sent", "arrived", "accepted", "read", "posted"]


@dataclass(frozen=True, slots=True)
class Step:
    """One hop: whether it was made, so many seconds after the mail was handed over (None: no moment is known), and what
    can be said of it."""

    hop: Hop
    ok: bool
    seconds: float | None
    what: str
    advice: str = ""
    status: int = 0


@dataclass(slots=True)
class Track:
    """What is known of the mail by now. With `talkative` each step is printed once it is known. `looked` are the
    accounts that could be looked into, `shut` those that could not, with what to do about it."""

    talkative: bool
    sent_at: datetime
    steps: list[Step] = field(default_factory=list)
    troubles: dict[str, int] = field(default_factory=dict)
    looked: set[str] = field(default_factory=set)
    shut: dict[str, str] = field(default_factory=dict)

    def add(self, step: Step) -> None:
        """A step, once."""
        if step in self.steps:
            return
        self.steps.append(step)
        if self.talkative:
            at = "" if step.seconds is None else f"{step.seconds:.1f} s"
            click.echo(f"{' ' if step.ok else '!'} {step.hop:<9} {at:>8}  {one_line(step.what, 500)}")
            if step.advice:
                click.echo(f"{'':21}{closed(step.advice)}")

    def since(self, moment: datetime | None) -> float | None:
        """Seconds from the sending to `moment`; a clock elsewhere may be behind ours."""
        return None if moment is None else max(round((moment - self.sent_at).total_seconds(), 3), 0.0)

    def heed(self, journal: Journal | None) -> None:
        """Says what keeps accounts from being polled, each once."""
        for result in journal.accounts if journal else ():
            if result.error is None:
                self.looked.add(result.account)
            else:  # a later look, before the next login is due, may have no advice of its own
                advice = getattr(result.error, "advice", "") or self.shut.get(result.account)
                self.shut[result.account] = advice or "`mailpoll doctor` looks why"
            sentence = journal.account_errors().get(result.account) if journal else None
            if sentence and sentence not in self.troubles:
                self.troubles[sentence] = result.exit_status
                if self.talkative:
                    click.echo(f"! {sentence}")


def try_by_mail(installation: Installation, name: str, *, seconds: float, as_json: bool) -> int:
    """Mails a test to the channel `name`, waits so many `seconds` for each hop, and returns the exit status.

    Raises:
        ConfigError: the channel, its address, an account or [smtp] is missing; or as outbound.send().
    """
    smtp, known, address = _prepared(installation, name)
    mark = secrets.token_hex(6)
    track = Track(not as_json, now())
    if not as_json:
        click.echo(f"From {smtp.sender} to {address}, waiting for {seconds:g} s at most:")
    posts: Sequence[Delivery] = ()
    sight = Outlook(now())
    entry: Entry | None = None
    if _sent(installation, smtp, track, NamedAddress("", address), name, mark):
        entry, posts, sight = _followed(installation, track, mark, seconds)
        if entry is None:
            _missing(installation, track, known.token, seconds)
    status = worst([step.status for step in track.steps if step.status])
    if as_json:
        results = [trial.result_of(post, sight) for post in posts]
        print_json(
            {
                "channel": name,
                "address": address,
                "message": entry.id if entry else None,
                "steps": track.steps,
                "troubles": list(track.troubles),
                "posts": results,
                "status": status,
            }
        )
    return status


def _prepared(installation: Installation, name: str) -> tuple[SmtpSettings, KnownAddress, str]:
    settings = installation.settings
    if settings.smtp is None or settings.smtp.file is not None:
        what = "there is no [smtp] to send mail with" if settings.smtp is None else "[smtp] writes mails into a folder"
        raise ConfigError(what, about=str(installation.path), advice=_ADD_SMTP)
    if not settings.account:
        raise ConfigError("there is no account whose inbox the mail could come into", about=str(installation.path),
                          advice="`mailpoll init` adds one")  # fmt: skip
    with installation.store() as store:
        channel = store.channels.get(name)
        if not channel.enabled:
            raise ConfigError(f"channel {name} is disabled", advice=f"First: mailpoll channel enable {name}")
        found = Book(installation, store).live(name)
    if found is not None:
        return settings.smtp, *found
    raise ConfigError(f"channel {name} has no address that is in use", advice=f"Make one: mailpoll address add {name}")


def _mail(smtp: SmtpSettings, to: NamedAddress, channel: str, mark: str) -> outbound.Mail:
    """A mail like that of a person, without the marks by which we know our own and leave it alone."""
    sender = strict_address.parse(smtp.sender)
    mail = EmailMessage(policy=SMTP)
    mail["From"], mail["To"] = sender.address, to.address
    mail["Subject"] = subject = _subject(channel, mark)
    mail["Date"] = now()
    mail["Message-ID"] = message_id = f"<mailpoll-test.{mark}@{sender.address.rpartition('@')[2]}>"
    mail.set_content(_TEXT.format(channel=channel), charset="utf-8", cte="quoted-printable")
    return outbound.Mail(sender, (to,), message_id, subject, mail.as_bytes())


def _subject(channel: str, mark: str) -> str:
    shown = "".join(c for c in channel if c.isalnum() or c in " -_")
    return f"Test of channel {shown} ({mark})"


def _sent(
    installation: Installation, smtp: SmtpSettings, track: Track, to: NamedAddress, channel: str, mark: str
) -> bool:
    """Whether the mail server took the mail."""
    begun = time.monotonic()
    mail = _mail(smtp, to, channel, mark)
    report = outbound.send(smtp, installation.smtp_secret(smtp), [outbound.Letter(mail)])
    took = round(time.monotonic() - begun, 3)
    for diagnosis in report.diagnoses:
        said = f" ({diagnosis.said})" if diagnosis.said else ""
        what = f"{diagnosis.about}: {diagnosis.what}{said}"
        advice = f"{diagnosis.advice}; `mailpoll send-test` shows more"
        track.add(Step("sent", False, took, what, advice, diagnosis.status))
    if report.diagnoses:
        return False
    result = report.results[0]
    queue = f", queue id {result.queue_id}" if result.queue_id else ""
    track.add(Step("sent", True, took, f"{smtp.host}:{smtp.port} took it{queue}"))
    track.sent_at = now()
    return True


def _followed(
    installation: Installation, track: Track, mark: str, seconds: float
) -> tuple[Entry | None, Sequence[Delivery], Outlook]:
    """Runs, as cron starts them, until the mail was posted everywhere or the time is over; by whichever run."""
    until = time.monotonic() + seconds
    for pause in _pauses():
        left = until - time.monotonic()
        track.heed(run_once(installation, deadline_s=min(_RUN_WITHIN_S, max(left, 5.0))))
        with installation.store() as store:
            entry = _found(store, mark)
            posts = store.outbox.list(message_id=entry.id) if entry else ()
            sight = outlook.of(store, assembly.rates(installation), now())
        over = time.monotonic() >= until
        if entry:
            settled = over or _is_settled(entry, posts, sight)
            _tell(track, entry, posts, sight, settled=settled)
            if settled:
                return entry, posts, sight
        if over:
            break
        time.sleep(max(0.0, min(pause, until - time.monotonic())))
    return None, (), Outlook(now())


def _found(store: Store, mark: str) -> Entry | None:
    """Our mail, by the mark in its subject: some providers write Message-IDs of their own."""
    return next((entry for entry in store.messages.list(limit=_RECENT) if mark in entry.subject), None)


def _is_settled(entry: Entry, posts: Sequence[Delivery], sight: Outlook) -> bool:
    """Whether nothing more will come of it by itself soon."""
    waiting = any(post.state in _UNDER_WAY and not sight.is_paused(post) for post in posts)
    return entry.state != "accepted" and not waiting


def _tell(track: Track, entry: Entry, posts: Sequence[Delivery], sight: Outlook, *, settled: bool) -> None:
    """Adds what is known by now; what is under way only once nothing more is waited for."""
    where = f"account.{entry.account}, folder {entry.folder}, UID {entry.uid}"
    track.add(Step("arrived", True, track.since(entry.internaldate), f"{where} (by the clock of that server)"))
    accepted = f"message {entry.id}, {entry.size} octets"
    track.add(Step("accepted", True, track.since(entry.accepted_at), accepted))
    if entry.state == "accepted" and not settled:
        return
    if entry.state != "read":
        reason = f": {entry.reason}" if entry.reason else ""
        track.add(Step("read", False, track.since(entry.read_at), f"it is {entry.state}{reason}",
                       f"More: mailpoll messages show {entry.id}", _NOT_POSTED))  # fmt: skip
        return
    track.add(Step("read", True, track.since(entry.read_at), f"{len(posts)} to post"))
    for post in posts if settled else [post for post in posts if post.state not in _UNDER_WAY]:
        track.add(_posted(track, post, sight))


def _posted(track: Track, post: Delivery, sight: Outlook) -> Step:
    shown = shown_destination(post.post.destination, post.post.place)
    ok = post.state == "delivered"
    receipt = f", receipt {post.receipt}" if ok and post.receipt else ""
    why = sight.why(post)
    trouble = f": {why}" if why else ""
    advice = "" if ok else f"More: mailpoll posts show {post.id}"
    what = f"{shown}: {sight.word(post)}{receipt}{trouble}"
    return Step("posted", ok, track.since(post.changed_at), what, advice, trial.status_of([post], sight))


def _missing(installation: Installation, track: Track, token: str, seconds: float) -> None:
    """Says that the mail did not come, and where it lies if it can be found."""
    found = []
    for account in installation.settings.account:
        try:
            since = track.sent_at - timedelta(minutes=1)
            strays = init_wait.whereabouts(installation, account, token, since)
        except (RunError, MailpollError) as problem:
            track.troubles.setdefault(str(problem), problem.exit_status)
            continue
        found += [f"{stray.folder!r} of account.{account}" for stray in strays if stray.to_it]
    if found:
        what = f"it lies in the folder {', '.join(found)}, which is not polled"
        advice = "Keep such mail out of there by a filter of your provider, or add the folder to `folders`"
    elif never := [name for name in track.shut if name not in track.looked]:
        accounts = ", ".join(f"account.{name}" for name in never)
        what = f"it was not found within {seconds:g} s, but no look into {accounts} succeeded"
        advice = track.shut[never[0]]
    else:
        what = f"it did not come within {seconds:g} s, into any folder"
        advice = (
            "Is it in a quarantine that IMAP does not show? Did it come back to the sender, since the provider knows "
            "no plus addresses? Is it still on its way? Then wait longer: --within 600"
        )
    status = worst([*track.troubles.values(), _NOT_COME])
    track.add(Step("arrived", False, None, what, advice, status))


def _pauses() -> Iterator[float]:
    yield from _PAUSES_S
    while True:
        yield _PAUSES_S[-1]
