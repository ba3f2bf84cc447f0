"""`mailpoll send-test`: two mails through the SMTP server of the configuration, step by step, with a diagnosis."""

from __future__ import annotations

import logging
import os
import socket
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Literal

import click

from mailpoll import outbound, places, strict_address
from mailpoll.commands import send_test_report as reports
from mailpoll.commands import stopping
from mailpoll.commands.installation import Installation, now
from mailpoll.commands.output import json_option, one_line, print_json
from mailpoll.errors import ConfigError
from mailpoll.model import NamedAddress
from mailpoll.outbound import Letter, Report
from mailpoll.settings import SmtpSettings

Senders = Literal["default", "noreply", "both"]

_SECTION = """
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
_OR_INIT = "`mailpoll init --no-mailbox` makes a whole configuration to add it to; no inbox is needed"


@click.command()
@click.argument("recipients", nargs=-1, required=True, metavar="ADDRESS...")
@click.option("--from", "senders", type=click.Choice(["default", "noreply", "both"]), default="both",
              show_default=True, help="Which of the two senders to try.")  # fmt: skip
@click.option(
    "-v",
    "--verbose",
    is_flag=True,
    help="Print the conversation with the server while it goes on, secrets masked, and log each mail.",
)
@json_option
@click.pass_obj
def command(
    installation: Installation, recipients: tuple[str, ...], senders: Senders, verbose: bool, as_json: bool
) -> int:
    """Send two test mails, and say what is wrong if they do not leave.

    One mail comes from the sender of [smtp] (from, or else username), one from its no-reply address (noreply; with a
    random part in each mail, unless noreply_tokens = false): providers may take the one and refuse the other. Each step
    is shown with its time. What fails is named, with the server's own words and what to do. No account or channel is
    needed, and none is touched.

    With file = "folder" under [smtp] nothing is sent: the mails are written there.

    \b
    All causes: docs/reference/troubleshooting-smtp.md

    \b
    Examples:
      mailpoll send-test user@example.com
      mailpoll send-test --from noreply -v user@example.com
    """
    logging.basicConfig(level=logging.CRITICAL, format="%(message)s")
    if verbose:  # a line for each mail; without it the last lines of the output say the same
        logging.getLogger("mailpoll").setLevel(logging.INFO)
    report = Report()
    try:
        smtp = _settings(installation)
        to = list({named.address: named for named in map(_recipient, reversed(recipients))}.values())[::-1]
        letters = [_letter(role, address, to) for role, address in _chosen(smtp, senders)]
        secret = _secret(installation, smtp, quiet=as_json)
        _send(smtp, secret, letters, senders, report, verbose=verbose, as_json=as_json)
    except KeyboardInterrupt as stopped:
        click.echo(err=True)
        for result in report.results:
            click.echo(reports.line(result), err=True)
        click.echo(f"mailpoll: stopped; {_left(report)}.", err=True)
        return stopping.status_of(stopped)
    return report.status


def _send(
    smtp: SmtpSettings,
    secret: str,
    letters: Sequence[Letter],
    senders: Senders,
    report: Report,
    *,
    verbose: bool,
    as_json: bool,
) -> None:
    if as_json:
        outbound.send(smtp, secret, letters, report=report)
        print_json(reports.as_json(smtp, report, verbose=verbose))
        return
    _introduce(smtp, letters, senders, verbose=verbose)
    shown = None if smtp.file else reports.Shown(letters, report, verbose=verbose)
    outbound.send(smtp, secret, letters, watch=shown, report=report)
    reports.conclude(report, verbose=verbose)


def _left(report: Report) -> str:
    """What Ctrl-C left behind."""
    went = any(result.outcome in ("sent", "partly", "written", "uncertain") for result in report.results)
    return "what was not accepted by then is not sent" if went else "nothing was sent"


def _settings(installation: Installation) -> SmtpSettings:
    place = Path(installation.named or places.user_config(installation.env))
    try:
        smtp = installation.settings.smtp
    except ConfigError as problem:
        if os.path.lexists(place):
            raise
        advice = f"Write for example into {place}:\n{_SECTION}\n{_OR_INIT}"
        raise ConfigError(problem.what, about=problem.about, advice=advice) from None
    if smtp is None:
        about = str(installation.path)
        raise ConfigError(
            "there is no [smtp], so no mail can be sent", about=about, advice=f"Add for example:\n{_SECTION}"
        )
    return smtp


def _secret(installation: Installation, smtp: SmtpSettings, *, quiet: bool) -> str:
    """The password or access token; whom we wait for is told at a terminal: a program may ask for a passphrase."""
    name, reference = ("access_token", smtp.access_token) if smtp.access_token else ("password", smtp.password)
    slow = reference is not None and smtp.file is None and (reference.command or reference.keyring)
    if slow and not quiet and sys.stdout.isatty():
        click.echo(f"asking for smtp.{name} …")
    return installation.smtp_secret(smtp)


def _recipient(text: str) -> NamedAddress:
    try:
        return strict_address.parse(text, "user@example.com")
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


def _introduce(smtp: SmtpSettings, letters: Sequence[Letter], senders: Senders, *, verbose: bool) -> None:
    if smtp.file is not None:
        click.echo(f"Nothing is sent: [smtp] has file = {smtp.file}")
    else:
        click.echo(f'{smtp.host} port {smtp.port}, tls = "{smtp.tls}", {_login(smtp)}')
        if verbose:
            click.echo("> is what we say, < what the server says; secrets stand as ***")
    if senders == "both" and len(letters) == 1:
        click.echo("[smtp] names no noreply address: one mail, from the default sender.")


def _login(smtp: SmtpSettings) -> str:
    return f"user {smtp.username}" if smtp.username and (smtp.password or smtp.access_token) else "no login"
