"""`mailpoll send-test`: two mails through the SMTP server of the configuration, step by step, with a diagnosis."""

from __future__ import annotations

import logging
import socket
import sys
from collections.abc import Iterator, Sequence
from typing import Any, Literal

import click

from mailpoll import outbound, strict_address
from mailpoll.commands import stopping
from mailpoll.commands.installation import Installation, now
from mailpoll.commands.output import json_option, one_line, print_json
from mailpoll.errors import ConfigError
from mailpoll.model import NamedAddress
from mailpoll.outbound import Diagnosis, Letter, Report, Result, Step
from mailpoll.settings import SmtpSettings

Senders = Literal["default", "noreply", "both"]

_SECTION = """Add for example:

[smtp]
host = "smtp.example.com"
username = "username@example.com"
password = { file = "smtp-password" }
from = "Gateway <gateway@example.com>"
noreply = "noreply@example.com"
"""
_SUBJECTS = {"default": "Test mail of mailpoll", "noreply": "Test mail of mailpoll, from the no-reply address"}
_TEXT = """\
This is a test mail of mailpoll on {machine}, as `mailpoll send-test` sends it.

{sender}
That you read it proves that mail leaves through the SMTP server of the configuration, and that it
arrives. Look at the sender as your mail program shows it: some providers replace what they do not
allow. Letters beyond ASCII should be whole: äöü ßñç Ελληνικά кириллица 日本語 ✓
"""
_SENDERS = {
    "default": "It was sent from the address that `from` (or `username`) under [smtp] names: {address}.",
    "noreply": "It was sent from the no-reply address, for mail that nobody should answer: {address}.",
}
_TITLE_WIDTH = 12
PAGE = "docs/reference/troubleshooting-smtp.md"


@click.command()
@click.argument("recipients", nargs=-1, required=True, metavar="ADDRESS...")
@click.option("--from", "senders", type=click.Choice(["default", "noreply", "both"]), default="both",
              show_default=True, help="Which of the two senders to try.")  # fmt: skip
@click.option("-v", "--verbose", is_flag=True, help="Print the conversation with the server, secrets masked.")
@json_option
@click.pass_obj
def command(
    installation: Installation, recipients: tuple[str, ...], senders: Senders, verbose: bool, as_json: bool
) -> int:
    """Send two test mails, and say what is wrong if they do not leave.

    One mail comes from the sender of [smtp] (from, or else username), one from its no-reply address (noreply; with a
    random part in each mail, unless noreply_tokens = false): providers may take the one and refuse the other. Each step
    is shown with its time. What fails is named, with the server's own words and what to do; docs/reference/
    troubleshooting-smtp.md has all causes. No account or channel is needed, and none is touched.

    With file = "folder" under [smtp] nothing is sent: the mails are written there.

    \b
    Examples:
      mailpoll send-test user@example.com
      mailpoll send-test --from noreply -v user@example.com
    """
    logging.basicConfig(level=logging.CRITICAL, format="%(name)s: %(message)s")
    if verbose:
        logging.getLogger("mailpoll").setLevel(logging.INFO)
    smtp = _settings(installation)
    to = list({named.address: named for named in map(_recipient, reversed(recipients))}.values())[::-1]
    letters = [_letter(role, address, to) for role, address in _chosen(smtp, senders)]
    secret = installation.smtp_secret(smtp)
    try:
        return _sent(smtp, secret, letters, senders, verbose=verbose, as_json=as_json)
    except KeyboardInterrupt as stopped:
        click.echo("\nmailpoll: stopped; what was not accepted by then is not sent.", err=True)
        return stopping.status_of(stopped)


def _sent(
    smtp: SmtpSettings, secret: str, letters: Sequence[Letter], senders: Senders, *, verbose: bool, as_json: bool
) -> int:
    if as_json:
        report = outbound.send(smtp, secret, letters)
        print_json(_as_json(smtp, report, verbose=verbose))
        return report.status
    _introduce(smtp, letters, senders)
    report = outbound.send(smtp, secret, letters, watch=None if smtp.file else _Shown(letters))
    if verbose and report.transcript:
        click.echo("\nthe conversation (> we, < the server; secrets as ***):")
        for line in report.transcript:
            click.echo(f"  {line}")
    _conclude(report, verbose=verbose)
    return report.status


def _settings(installation: Installation) -> SmtpSettings:
    smtp = installation.settings.smtp
    if smtp is None:
        raise ConfigError("there is no [smtp], so no mail can be sent", about=str(installation.path), advice=_SECTION)
    return smtp


def _recipient(text: str) -> NamedAddress:
    try:
        return strict_address.parse(text)
    except ValueError as problem:
        raise click.BadParameter(f"{one_line(text)!r} {problem}", param_hint="ADDRESS") from None


def _chosen(smtp: SmtpSettings, senders: Senders) -> Iterator[tuple[outbound.Role, NamedAddress]]:
    """The senders that are tried."""
    if senders != "noreply":
        yield "default", strict_address.parse(smtp.sender)
    if senders == "noreply" and smtp.noreply is None:
        advice = 'Add noreply = "noreply@example.com", or leave --from out'
        raise ConfigError("is missing, and --from noreply asks for it", about="smtp.noreply", advice=advice)
    if senders != "default" and smtp.noreply is not None:
        noreply = strict_address.parse(smtp.noreply)
        yield "noreply", outbound.tokenised(noreply) if smtp.noreply_tokens else noreply


def _letter(role: outbound.Role, sender: NamedAddress, to: Sequence[NamedAddress]) -> Letter:
    text = _TEXT.format(machine=socket.gethostname(), sender=_SENDERS[role].format(address=sender.address))
    return Letter(outbound.compose(sender, to, _SUBJECTS[role], text, kind="test", now=now()), role)


def _introduce(smtp: SmtpSettings, letters: Sequence[Letter], senders: Senders) -> None:
    if smtp.file is not None:
        click.echo(f"Nothing is sent: [smtp] has file = {smtp.file}")
    else:
        click.echo(f'{smtp.host} port {smtp.port}, tls = "{smtp.tls}", {_login(smtp)}')
    if senders == "both" and len(letters) == 1:
        click.echo("[smtp] names no noreply address: one mail, from the default sender.")


def _login(smtp: SmtpSettings) -> str:
    return f"user {smtp.username}" if smtp.username and (smtp.password or smtp.access_token) else "no login"


class _Shown:
    """Shows the steps while they are taken, each mail under a heading."""

    def __init__(self, letters: Sequence[Letter]) -> None:
        self._coming = list(letters)
        self._live = sys.stdout.isatty()

    def begun(self, step: Step) -> None:
        """At a terminal the name of the step is there before it has ended."""
        if step.stage == "mail":
            click.echo(f"\nmail from {self._coming.pop(0).mail.sender}")
        if self._live:
            click.echo(f"  {step.title:<{_TITLE_WIDTH}} … ", nl=False)

    def ended(self, step: Step) -> None:
        """The line of the step, in the place of its name."""
        result = one_line(step.result, 300) or ("ok" if step.ok else "failed")
        start = "\r\033[K" if self._live else ""
        mark = " " if step.ok else "!"
        click.echo(f"{start}{mark} {step.title:<{_TITLE_WIDTH}} {result}  ({_time(step.seconds)})")
        for note in step.notes:
            click.echo(f"  {'':<{_TITLE_WIDTH}} note: {note}")


def _time(seconds: float) -> str:
    return f"{seconds * 1000:.0f} ms" if seconds < 1 else f"{seconds:.1f} s"


def _conclude(report: Report, *, verbose: bool) -> None:
    click.echo()
    for result in report.results:
        click.echo(_line(result))
    for diagnosis in _once(report.diagnoses):
        click.echo(_explained(diagnosis), err=True)
    if report.status == 0 and any(result.outcome == "sent" for result in report.results):
        click.echo("Accepted is not delivered: look into the inbox, and into its spam folder.")
    elif report.status and not verbose and report.transcript:
        click.echo("The whole conversation: add -v", err=True)


def _line(result: Result) -> str:
    sender = result.letter.mail.sender.address
    became = {
        "sent": "sent",
        "partly": "sent, not to all",
        "refused": "refused",
        "later": "not taken now; try again later",
        "uncertain": "sent, but no answer came",
        "untried": "not sent",
        "written": f"written to {result.file}",
    }[result.outcome]
    kept = f", queue id {result.queue_id}" if result.queue_id else ""
    return f"{'no-reply' if result.letter.role == 'noreply' else 'default'} sender {sender}: {became}{kept}"


def _once(diagnoses: Sequence[Diagnosis]) -> list[Diagnosis]:
    """Those that say something new: two mails may meet the same."""
    return list({(d.what, d.advice): d for d in reversed(diagnoses)}.values())[::-1]


def _explained(diagnosis: Diagnosis) -> str:
    lines = [f"mailpoll: {diagnosis.about}: {diagnosis.what}."]
    if diagnosis.said:
        lines.append(f"  the server said: {diagnosis.said}")
    lines += [f"  what to do: {diagnosis.advice}.", f"  more about it: {PAGE}#{diagnosis.cause.name}"]
    return "\n".join(lines)


def _as_json(smtp: SmtpSettings, report: Report, *, verbose: bool) -> dict[str, Any]:
    server = {"host": smtp.host, "port": smtp.port, "tls": smtp.tls} if smtp.file is None else None
    return {
        "server": server,
        "mails": [_result_json(result) for result in report.results],
        "steps": [
            {"stage": step.stage, "ok": step.ok, "result": step.result, "notes": step.notes, "seconds": step.seconds}
            for step in report.steps
        ],
        "diagnosis": _diagnosis_json(report.diagnosis),
        "status": report.status,
        **({"transcript": report.transcript} if verbose else {}),
    }


def _result_json(result: Result) -> dict[str, Any]:
    mail = result.letter.mail
    return {
        "sender": result.letter.role,
        "from": mail.sender.address,
        "to": [each.address for each in mail.to],
        "message_id": mail.message_id,
        "outcome": result.outcome,
        "reply": result.reply,
        "queue_id": result.queue_id,
        "file": result.file,
        "refused": [
            {"recipient": diagnosis.happening.about, **(_diagnosis_json(diagnosis) or {})}
            for diagnosis in result.refused
        ],
        "diagnosis": _diagnosis_json(result.diagnosis),
    }


def _diagnosis_json(diagnosis: Diagnosis | None) -> dict[str, Any] | None:
    if diagnosis is None:
        return None
    return {
        "cause": diagnosis.cause.name,
        "stage": diagnosis.happening.stage,
        "what": diagnosis.what,
        "said": diagnosis.said,
        "advice": diagnosis.advice,
        "status": diagnosis.status,
    }
