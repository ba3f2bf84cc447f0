"""Questions of `mailpoll init`: each has a flag, and without a terminal the flag is the only answer."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TypeVar

import click

from mailpoll.errors import ConfigError, MailpollError

_Checked = TypeVar("_Checked")
INTERRUPTED = 130  # 128 + SIGINT, as a shell says it


@contextmanager
def nothing_written() -> Iterator[None]:
    """Ctrl-C among the questions: says that it left nothing behind."""
    try:
        yield
    except (click.Abort, KeyboardInterrupt):
        click.echo("\nmailpoll: stopped; nothing was written.", err=True)
        raise click.exceptions.Exit(INTERRUPTED) from None


class Unasked(click.ClickException):
    """A question that nobody is here to answer; wrong usage, said in one sentence."""

    exit_code = 2

    def __init__(self, flag: str, what: str) -> None:
        super().__init__(f"{flag} is missing: {what}, and nobody is at a terminal to ask.")


@dataclass(frozen=True, slots=True)
class Asker:
    """Asks at a terminal; elsewhere takes the default, or says which flag is missing.

    `yes` takes every default without asking.
    """

    terminal: bool
    yes: bool = False

    @classmethod
    def here(cls, *, yes: bool) -> Asker:
        """The asker for this process: a terminal is one that can be read and seen."""
        return cls(sys.stdin.isatty() and sys.stderr.isatty(), yes)

    def text(
        self, question: str, flag: str, given: str | None, check: Callable[[str], _Checked], default: str | None = None
    ) -> _Checked:
        """The checked answer: `given` by a flag, or asked; asked again until `check` takes it.

        Raises:
            ConfigError: `given` is wrong and nobody can be asked.
            Unasked: there is neither flag, default nor terminal.
        """
        while True:
            if given is None:
                given = self._answer(question, flag, default)
            try:
                return check(given.strip())
            except ConfigError as problem:
                if not self.terminal:
                    raise
                self.say(_answered(problem, flag))
                given = None

    def _answer(self, question: str, flag: str, default: str | None) -> str:
        if default is not None and (self.yes or not self.terminal):
            return default
        if not self.terminal:
            raise Unasked(flag, f"it answers “{question}”")
        return self._typed(question, default=default)

    def _typed(self, question: str, *, default: str | None = None, hidden: bool = False) -> str:
        """What was typed; an empty answer, where there is no default, is asked again, and why."""
        while True:
            typed = str(click.prompt(question, default=default or "", show_default=bool(default), hide_input=hidden,
                                     err=True))  # fmt: skip
            if typed:
                return typed
            self.say("Nothing was typed, and it cannot be empty. (Ctrl-C stops.)")

    def confirm(self, question: str, given: bool | None, *, default: bool) -> bool:
        """Yes or no: `given` by a flag, or asked, or the default."""
        if given is not None:
            return given
        if self.yes or not self.terminal:
            return default
        return click.confirm(question, default=default, err=True)

    def choice(self, question: str, choices: tuple[str, ...], default: str) -> str:
        """One of `choices`; asked at a terminal only."""
        if self.yes or not self.terminal:
            return default
        return str(click.prompt(question, type=click.Choice(choices), default=default, err=True))

    def password(self, question: str, flag: str) -> str:
        """A secret, typed without being shown."""
        if not self.terminal:
            raise Unasked(flag, "it says where the password is")
        return self._typed(question, hidden=True)

    def optional(self, question: str, *, hidden: bool = False) -> str:
        """What was typed, perhaps nothing; nothing where nobody is, or every default is taken."""
        if self.yes or not self.terminal:
            return ""
        asked = f"{question} ({'not shown; ' if hidden else ''}empty: none)"
        return str(click.prompt(asked, default="", show_default=False, hide_input=hidden, err=True)).strip()

    def say(self, sentence: str) -> None:
        """Tells the person who answers something; silent where nobody is."""
        if self.terminal:
            click.echo(sentence, err=True)

    def trouble(self, problem: MailpollError) -> None:
        """Says an error that the person may correct; raises it where nobody can."""
        if not self.terminal:
            raise problem
        click.echo(f"That did not work: {problem}", err=True)


def _answered(problem: ConfigError, flag: str) -> str:
    """What is wrong with an answer, for who typed no flag."""
    if problem.about != flag:
        return str(problem)
    what = f"this {problem.what}" if problem.what.startswith(("is ", "holds ")) else problem.what
    return str(ConfigError(f"{what[0].upper()}{what[1:]}", advice=problem.advice))
