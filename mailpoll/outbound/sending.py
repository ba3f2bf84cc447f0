"""Sends mails one after the other over one session, and says of each what became of it."""

from __future__ import annotations

import logging
import math
import re
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Literal

from mailpoll.crosscheck import is_loopback
from mailpoll.errors import PRECEDENCE, worst
from mailpoll.outbound import files
from mailpoll.outbound.cause import Circumstances, Role
from mailpoll.outbound.diagnosis import Diagnosis, diagnose
from mailpoll.outbound.happening import MAIL_STAGES, Happening, Stopped
from mailpoll.outbound.mail import Mail
from mailpoll.outbound.session import Limits, Session
from mailpoll.outbound.steps import Step, Unwatched, Watch
from mailpoll.router import mask
from mailpoll.settings import SmtpSettings

log = logging.getLogger(__name__)

# sent: to all; partly: to some; later: refused for now; uncertain: the answer was lost; untried: it did not come to
# that; written: into a file.
Outcome = Literal["sent", "partly", "refused", "later", "uncertain", "untried", "written"]

# How servers tell the name under which they keep a mail: Postfix and SendGrid, Exim, sendmail, qmail, Amazon SES and
# Gmail. RFC 5321 has none.
_QUEUE_IDS = tuple(
    re.compile(pattern, re.IGNORECASE)
    for pattern in (
        r"queued as ([A-Za-z0-9_.-]+)",
        r"\bid=([A-Za-z0-9_.-]+)",
        r"^(\w{8,}) Message accepted",
        r"\bqp (\d+)",
        r"^ok:? (?:\d{9,} )?([A-Za-z0-9][A-Za-z0-9_.-]{9,})",
    )
)


@dataclass(frozen=True, slots=True)
class Letter:
    """A mail, and whether its sender is the default one or the no-reply address."""

    mail: Mail
    role: Role = "default"


@dataclass(frozen=True, slots=True)
class Result:
    """What became of a mail. `reply` is what the server said of it, `refused` why it did not take some recipients,
    `diagnosis` why it was not sent."""

    letter: Letter
    outcome: Outcome
    reply: str = ""
    queue_id: str = ""
    refused: tuple[Diagnosis, ...] = ()
    diagnosis: Diagnosis | None = None
    file: str = ""


@dataclass(slots=True)
class Report:
    """What became of all mails. `diagnosis` is what kept the server from being ready for them."""

    results: list[Result] = field(default_factory=list)
    steps: list[Step] = field(default_factory=list)
    transcript: list[str] = field(default_factory=list)
    diagnosis: Diagnosis | None = None

    @property
    def diagnoses(self) -> tuple[Diagnosis, ...]:
        """Everything that went wrong, in the order in which it did."""
        of_mails = [d for r in self.results for d in (*r.refused, *([r.diagnosis] if r.diagnosis else []))]
        return tuple(dict.fromkeys([*([self.diagnosis] if self.diagnosis else []), *of_mails]))

    @property
    def status(self) -> int:
        """The exit status: of what needs a person most."""
        return worst([diagnosis.status for diagnosis in self.diagnoses])


def send(
    settings: SmtpSettings,
    secret: str,
    letters: Sequence[Letter],
    *,
    watch: Watch | None = None,
    limits: Limits | None = None,
    report: Report | None = None,
) -> Report:
    """Sends `letters`, or writes them into files where the settings say so. What goes wrong is in the report.

    Args:
        secret: the password or the access token; empty for none.
        watch: told of every step.
        limits: in seconds; by default as the settings and Limits say.
        report: where the results are put as they come, for whoever may be interrupted.

    Raises:
        ConfigError: `ca_file` cannot be used.
        AccessDenied, ConfigError, Unavailable: a file cannot be written.
    """
    report = Report() if report is None else report
    if settings.file is not None:
        for letter in letters:
            report.results.append(_written(settings.file, letter))
        return report
    session = Session(settings, secret, watch or Unwatched(), limits or Limits(opening=settings.timeout))
    session.steps, session.transcript = report.steps, report.transcript
    for number, letter in enumerate(letters, 1):
        try:
            report.results.append(_handed_over(session, letter, report, last=number == len(letters)))
        except BaseException:  # Ctrl-C, too: what the server waits for in the middle of a mail is no QUIT
            _interrupted(session, letters, report)
            raise
    session.close()
    return report


def _interrupted(session: Session, letters: Sequence[Letter], report: Report) -> None:
    """Adds to the report what became of the letters that have no result yet."""
    first, *others = letters[len(report.results) :]
    report.results.append(_told(Result(first, "uncertain" if session.at_the_dot else "untried")))
    report.results += [Result(letter, "untried") for letter in others]
    session.close(politely=False)


def deliver(settings: SmtpSettings, secret: str, mail: Mail, *, seconds: float = math.inf) -> str:
    """Sends one mail, within so many `seconds` altogether; gives the server's words, or the file it was written to.

    Raises:
        ConfigError, LoginRefused, AccessDenied, Unavailable, ProtocolError, TemporaryFailure, PermanentFailure: by its
            cause. A mail that some of its recipients got counts as not sent. `of_a_mail` of the error says whether the
            server was ready for a mail by then.
    """
    report = send(settings, secret, [Letter(mail)], limits=Limits(opening=settings.timeout, total=seconds))
    for diagnosis in report.diagnoses:
        error = diagnosis.error()
        error.of_a_mail = diagnosis.happening.stage in MAIL_STAGES
        raise error
    return report.results[0].file or report.results[0].reply


@dataclass(frozen=True, slots=True)
class Probe:
    """How far a server let us come: `diagnosis` is what stopped us, `certificate_ends` the end of its certificate."""

    about: str
    diagnosis: Diagnosis | None
    certificate_ends: datetime | None


def probe(settings: SmtpSettings, secret: str) -> Probe:
    """Takes all steps before a mail, the login included, and hangs up. Raises ConfigError as send() does."""
    at = _circumstances(settings, None, ())
    session = Session(settings, secret, Unwatched(), Limits(opening=settings.timeout))
    diagnosis = None
    try:
        session.open()
    except Stopped as stopped:
        diagnosis = diagnose(stopped.happening, at)
    finally:
        session.close()
    return Probe(at.place, diagnosis, session.certificate_ends)


def queue_id(words: str) -> str:
    """The name under which a server keeps a mail, from what it said when it took it; empty where it told none."""
    return next((found[1] for pattern in _QUEUE_IDS if (found := pattern.search(words))), "")


def _written(folder: str, letter: Letter) -> Result:
    path = files.write(folder, letter.mail)
    log.info("mail %s written to %s", letter.mail.message_id, path)
    return Result(letter, "written", file=str(path))


def _handed_over(session: Session, letter: Letter, report: Report, *, last: bool) -> Result:
    """One letter, the `last` one perhaps; once the way to the server has failed, the others are not tried."""
    if report.diagnosis is not None:
        return Result(letter, "untried")
    at = _circumstances(session.settings, letter, report.results)
    try:
        if not session.ready:
            session.open()
    except Stopped as stopped:
        session.close(politely=stopped.happening.event == "reply")
        report.diagnosis = diagnose(stopped.happening, at)
        return _told(Result(letter, "untried"), report.diagnosis)
    try:
        taken = session.send(letter.mail)
    except Stopped as stopped:
        if session.taken and not stopped.before and _gone_since(stopped):
            session.close(politely=False)  # some servers take one mail over a connection
            return _handed_over(session, letter, report, last=last)
        result = _refused(letter, stopped, at, report)
        if report.diagnosis is not None or not (last or session.begin_again()):
            session.close(politely=False)
        return result
    refused = tuple(diagnose(happening, _of(happening, at, report)) for happening in taken.refused)
    result = Result(letter, "partly" if refused else "sent", str(taken.reply), queue_id(taken.reply.words), refused)
    return _told(result, *refused)


def _gone_since(stopped: Stopped) -> bool:
    """Whether a connection that was good for a mail is not for the next."""
    happening = stopped.happening
    closed = happening.reply is not None and happening.reply.code == 421
    return happening.stage == "mail" and (happening.event == "cut" or closed)


def _refused(letter: Letter, stopped: Stopped, at: Circumstances, report: Report) -> Result:
    """A letter that did not leave; of several recipients that were refused, what most needs a person says why."""
    found = [diagnose(each, _of(each, at, report)) for each in (*stopped.before, stopped.happening)]
    if not found[-1].of_the_mail:
        report.diagnosis = found[-1]
    why = min(found, key=lambda diagnosis: PRECEDENCE.index(diagnosis.status))
    others = tuple(diagnosis for diagnosis in found if diagnosis is not why)
    return _told(Result(letter, _outcome(why), why.said, refused=others, diagnosis=why), *found)


def _circumstances(settings: SmtpSettings, letter: Letter | None, before: Sequence[Result]) -> Circumstances:
    return Circumstances(
        settings.host or "",
        settings.port,
        settings.tls or "",
        is_loopback(settings.host or ""),
        login=settings.username is not None and (settings.password or settings.access_token) is not None,
        by_token=settings.access_token is not None,
        role=letter.role if letter else "default",
        sender=letter.mail.sender.address if letter else "",
        recipients=", ".join(each.address for each in letter.mail.to) if letter else "",
        taken_before=any(result.letter.role == "default" and result.outcome in ("sent", "partly") for result in before),
    )


def _of(happening: Happening, at: Circumstances, report: Report) -> Circumstances:
    """`at`, for what was said of a recipient who was refused before, whoever wrote."""
    refused_before = {each.happening.about for result in report.results for each in result.refused}
    return replace(at, taken_before=False) if happening.about in refused_before else at


def _outcome(diagnosis: Diagnosis) -> Outcome:
    if diagnosis.cause.name == "uncertain":
        return "uncertain"
    return "later" if diagnosis.status == 75 else "refused" if diagnosis.said else "untried"


def _told(result: Result, *diagnoses: Diagnosis) -> Result:
    """`result`, with one line of the log about it; a recipient may be an address of ours, with its token."""
    mail = result.letter.mail
    sender, to = mail.sender.address, ", ".join(mask(each.address) for each in mail.to)
    if result.outcome == "sent":
        log.info("mail %s from %s to %s: sent: %s", mail.message_id, sender, to, result.reply)
    else:
        why = "; ".join(f"{each.cause.name}: {each.said or each.what}" for each in diagnoses) or "interrupted"
        log.warning("mail %s from %s to %s: %s (%s)", mail.message_id, sender, to, result.outcome, why)
    return result
