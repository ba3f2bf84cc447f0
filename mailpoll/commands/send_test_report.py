"""What `mailpoll send-test` tells: its steps while they are taken, what came of them, and the same for programs."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from typing import Any

import click

from mailpoll.commands.output import one_line
from mailpoll.errors import closed
from mailpoll.outbound import Diagnosis, Letter, Report, Result, Step
from mailpoll.settings import SmtpSettings

_TITLE_WIDTH = 12
PAGE = "docs/reference/troubleshooting-smtp.md"


class Shown:
    """Shows the steps while they are taken, each mail under a heading, and what is said if that is wanted."""

    def __init__(self, letters: Sequence[Letter], report: Report, *, verbose: bool) -> None:
        self._letters = letters
        self._report = report
        self._verbose = verbose
        self._live = sys.stdout.isatty()
        self._step: Step | None = None

    def begun(self, step: Step) -> None:
        """At a terminal the name of the step is there before it has ended."""
        if step.stage == "mail":
            mail = self._letters[len(self._report.results)].mail
            click.echo(f"\nmail from {mail.sender}" + (f", Message-ID {mail.message_id}" if self._verbose else ""))
        self._step = step
        self._await()

    def said(self, line: str) -> None:
        """A line of the conversation, above the name of the step."""
        if self._verbose:
            click.echo(f"{self._start}    {line}")
            self._await()

    def ended(self, step: Step) -> None:
        """The line of the step, in the place of its name."""
        self._step = None
        result = one_line(step.result, 300) or ("ok" if step.ok else "failed")
        mark = " " if step.ok else "!"
        click.echo(f"{self._start}{mark} {step.title:<{_TITLE_WIDTH}} {result}  ({_time(step.seconds)})")
        for note in step.notes:
            click.echo(f"  {'':<{_TITLE_WIDTH}} note: {note}")

    @property
    def _start(self) -> str:
        return "\r\033[K" if self._live else ""

    def _await(self) -> None:
        if self._live and self._step is not None:
            click.echo(f"  {self._step.title:<{_TITLE_WIDTH}} … ", nl=False)


def _time(seconds: float) -> str:
    return f"{seconds * 1000:.0f} ms" if seconds < 1 else f"{seconds:.1f} s"


def conclude(report: Report, *, verbose: bool) -> None:
    """Prints what came of each mail, what is wrong and what to do."""
    click.echo()
    for result in report.results:
        click.echo(line(result))
    for diagnosis in _once(report.diagnoses):
        click.echo(_explained(diagnosis), err=True)
    if report.status == 0 and any(result.outcome == "sent" for result in report.results):
        click.echo("Accepted is not delivered: look into the inbox, and into its spam folder.")
    elif report.status and not verbose and report.transcript:
        click.echo("The whole conversation: add -v", err=True)


def line(result: Result) -> str:
    """What came of a mail, in a line."""
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
    lines = [f"mailpoll: {diagnosis.about}: {closed(diagnosis.what)}"]
    if diagnosis.said:
        lines.append(f"  the server said: {diagnosis.said}")
    lines += [f"  what to do: {closed(diagnosis.advice)}", f"  more about it: {PAGE}#{diagnosis.cause.name}"]
    return "\n".join(lines)


def as_json(smtp: SmtpSettings, report: Report, *, verbose: bool) -> dict[str, Any]:
    """The same facts for programs; with `verbose` the conversation, secrets masked."""
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
