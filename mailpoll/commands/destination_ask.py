"""The questions about a destination, each also a flag; the answers are tried before anything is written."""

from __future__ import annotations

import re
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import click

from mailpoll import config, destinations, secret
from mailpoll.commands.destination_draft import Draft
from mailpoll.commands.destination_flags import Flags
from mailpoll.commands.init_ask import Asker, Unasked
from mailpoll.commands.placing import look
from mailpoll.destinations.kind import Kind, Question, Way
from mailpoll.errors import ConfigError, MailpollError, Unavailable
from mailpoll.settings import SecretRef, Settings

# What is asked of [smtp], for a kind that sends mail, where there is none yet.
_SMTP = (
    Question("smtp.host", "SMTP server that mail is sent by, like smtp.example.com or smtp.example.com:465"),
    Question("smtp.username", "User name there", optional=True),
    Question("smtp.password", "Password there", secret=True, optional=True),
    Question("smtp.from", "Sender of our mail, like mailpoll@example.com"),
)
_OTHER, _KEEP, _QUIT, _PLACE = "other", "keep", "quit", "place"


@dataclass(frozen=True, slots=True)
class Site:
    """Where the destination will stand: the configuration's path, what it says by now as TOML's data, and where secrets
    may come from."""

    path: Path
    data: Mapping[str, Any]
    env: Mapping[str, str]


def asked(
    ask: Asker, site: Site, kind_name: str, name: str, flags: Flags, *, place: str = "", needs_place: bool = False
) -> Draft:
    """The destination `name` of a kind, by flags and answers, that its service takes; nothing is written yet.

    Args:
        place: what `--to` names inside it.
        needs_place: a channel will post there that names no other place.

    Raises:
        ConfigError, AccessDenied, DestinationRefused, Unavailable and the like: it cannot be used, and nobody is there
            to answer again.
    """
    return _Interview(ask, site, destinations.kind_of(kind_name), name, flags, place, needs_place).held()


class _Doubtful(Unavailable):
    """It can be used as it is; a person may see that an answer was wrong."""


class _Interview:
    """The questions of one section."""

    def __init__(
        self, ask: Asker, site: Site, kind: Kind, name: str, flags: Flags, place: str, needs_place: bool
    ) -> None:
        self._ask, self._site, self._kind, self._flags = ask, site, kind, flags
        self._draft = Draft(name, kind.name, site.path.parent, place)
        self._needs_place = needs_place
        self._given = tuple(_pair(text) for text in flags.settings)
        self._way = self._chosen()
        needs_smtp = kind.by_smtp and "smtp" not in site.data
        self._questions = (*self._way.questions, *(_SMTP if needs_smtp else ()))

    def held(self) -> Draft:
        """The draft that passed."""
        self._take_flags()
        for question in self._questions:
            if not self._draft.says(question.key):
                self._put(question)
        self._try()
        return self._draft

    def _chosen(self) -> Way:
        """The way to post that the flags are about; else the one that is chosen, or the first."""
        ways = self._kind.ways
        named = {key.partition(".")[0] for key, _ in self._given}
        named |= {text.partition("=")[0] for text in self._flags.secret_files if "=" in text}
        keys = {way.name: {question.key for question in way.questions} for way in ways}
        named &= set().union(*keys.values())
        fitting = [way for way in ways if named <= keys[way.name]] or list(ways)
        if len(fitting) == 1 or self._flags.secret_files or self._flags.secret_stdin:
            return fitting[0]
        if self._may_answer:
            self._ask.say("\n".join(f"  {way.name:<12}{way.words}" for way in fitting))
        name = self._ask.choice("By which?", tuple(way.name for way in fitting), fitting[0].name)
        return next(way for way in fitting if way.name == name)

    def _take_flags(self) -> None:
        for key, text in self._given:
            self._draft.set(key, text)
        for text in self._flags.secret_files:
            key, mark, file = text.partition("=")
            if not mark or not (self._draft.is_secret(key) or key in self._keys(file=True)):
                key, file = self._next_secret(file=True), text
            if self._draft.is_secret(key):
                self._draft.keep_reference(key, file)
            else:
                self._draft.set(key, file)
        if self._flags.secret_stdin:
            self._draft.keep(self._next_secret(), sys.stdin.readline().strip())

    def _keys(self, *, file: bool = False) -> list[str]:
        """The secrets that are asked for; with `file`, those too that are the whole of a file."""
        return [each.key for each in self._questions if each.secret or (file and each.file)]

    def _next_secret(self, *, file: bool = False) -> str:
        """The first secret that is not named yet. Raises ConfigError."""
        for key in self._keys(file=file):
            if not self._draft.says(key):
                return key
        what = f"{self._kind.name} asks for no further secret"
        raise ConfigError(what, about="--secret-file", advice="Name the setting: --secret-file KEY=FILE")

    def _put(self, question: Question, former: str | None = None) -> None:
        """Asks, where the answer does not follow from others; offers a former one."""
        draft = self._draft
        if question.scheme_of:
            draft.set(question.key, _scheme(self._secret(question.scheme_of)))
        elif question.place and draft.place:
            pass  # the channel names it
        elif question.key == "smtp.password" and not draft.says("smtp.username"):
            draft.forget(question.key)
        elif question.secret:
            self._put_secret(question)
        elif question.optional or (question.place and not self._needs_place):
            self._put_optional(question)
        else:
            flag = f"--setting {question.key}=VALUE"
            self._ask.text(
                question.words,
                flag,
                None,
                lambda text: self._set(question.key, text),
                former or question.default or None,
            )

    def _put_optional(self, question: Question) -> None:
        more = ", for channels that name none" if question.place else ""
        while text := self._ask.optional(f"{question.words}{more}"):
            try:
                return self._set(question.key, text)
            except ConfigError as problem:
                self._ask.say(str(problem))

    def _put_secret(self, question: Question) -> None:
        if not self._ask.terminal and not question.optional:
            raise Unasked(f"--secret-file {question.key}=FILE", f"it answers “{question.words}”")
        while text := self._typed(question):
            try:
                if any(each.scheme_of == question.key for each in self._questions):
                    _scheme(text)
                return self._draft.keep(question.key, text)
            except ConfigError as problem:
                self._ask.say(str(problem))

    def _typed(self, question: Question) -> str:
        """A secret as it was typed; empty when it may be left out."""
        if question.optional:
            return self._ask.optional(question.words, hidden=True)
        return self._ask.password(f"{question.words} (not shown)", "--secret-file").strip()

    def _set(self, key: str, text: str) -> None:
        """Takes in an answer. Raises ConfigError when it is wrong by itself, whatever else is answered."""
        self._draft.set(key, text)
        try:
            self._settings()
        except ConfigError as problem:
            path = key if key.startswith("smtp.") else f"destination.{self._draft.name}.{key}"
            wrong = [each for each in problem.problems if each.startswith(f"{path}: ") and ": is missing" not in each]
            if wrong:
                self._draft.forget(key)
                raise ConfigError(wrong[0].removeprefix(f"{path}: "), about=key) from None

    def _settings(self) -> Settings:
        return config.from_data(self._draft.added_to(self._site.data), self._site.path)

    def _secret(self, key: str) -> str:
        """The secret that the draft has for a setting."""
        reference = SecretRef(**self._draft.section[key])
        return self._look_up(reference, f"destination.{self._draft.name}.{key}")

    def _look_up(self, reference: SecretRef, about: str) -> str:
        if reference.file in self._draft.typed:
            return self._draft.typed[reference.file]
        return secret.resolve(reference, base=self._site.path.parent, env=self._site.env, about=about)

    def _try(self) -> None:
        """Corrects answers until the service takes them, or its trouble is borne."""
        while True:
            trouble: MailpollError | None
            try:
                settings = self._settings()
            except ConfigError as problem:
                usable, trouble = False, _in_one(problem)
            else:
                usable, trouble = True, self._trouble(settings) if self._flags.check else None
            if trouble is None or self._corrected(trouble, usable=usable):
                return

    def _trouble(self, settings: Settings) -> MailpollError | None:
        """Why the destination cannot be used; what is well is said."""
        draft = self._draft
        try:
            made = destinations.make(draft.name, settings, self._look_up)
            findings = made.check()
            if all(each.level != "fail" for each in findings) and (draft.place or self._needs_place):
                findings = tuple(dict.fromkeys([*findings, *filter(None, [look(made, draft.place)])]))
        except MailpollError as problem:
            return problem
        failed = next((each for each in findings if each.level == "fail"), None)
        if failed is not None:
            return Unavailable(failed.what, advice=failed.advice)
        for finding in findings:
            click.echo(f"{finding.what}{f'. {finding.advice}' if finding.advice else ''}", err=finding.level == "warn")
        doubtful = next((each for each in findings if each.level == "warn"), None)
        return _Doubtful(doubtful.what, advice=doubtful.advice) if doubtful and self._may_answer else None

    @property
    def _may_answer(self) -> bool:
        return self._ask.terminal and not self._ask.yes

    def _corrected(self, problem: MailpollError, *, usable: bool) -> bool:
        """Whether it is kept as it is; else an answer was given again. Raises `problem` where nobody gives one."""
        if not self._may_answer:
            more = "; --no-check writes it all the same" if usable else ""
            problem.advice = ". ".join(filter(None, [problem.advice.rstrip("."), f"Nothing was written{more}"]))
            raise problem
        keys = {_PLACE if each.place and self._draft.place else each.key: each.key for each in self._questions}
        doubtful = isinstance(problem, _Doubtful)  # and was said
        if not doubtful:
            self._ask.trouble(problem)
        choices = (*keys, _OTHER, *([_KEEP] if usable else []), _QUIT)
        what = self._ask.choice("What is to be changed?", choices, _KEEP if doubtful else _likely(keys, str(problem)))
        if what == _QUIT:
            raise click.Abort
        if what != _KEEP:
            self._answer_again(what)
        return what == _KEEP

    def _answer_again(self, what: str) -> None:
        ask = self._ask
        if what == _PLACE:
            self._draft.place = ask.text("Place", "--to", None, str, default=self._draft.place)
        elif what == _OTHER:
            ask.text("Setting, as KEY=VALUE", "--setting", None, lambda text: self._draft.set(*_pair(text)))
        else:
            former = self._draft.forget(what)
            question = next(question for question in self._questions if question.key == what)
            self._put(question, former if isinstance(former, str) else None)
            if derived := next((each for each in self._questions if each.scheme_of == what), None):
                self._put(derived)


def _pair(text: str) -> tuple[str, str]:
    """KEY=VALUE in two. Raises ConfigError."""
    key, mark, value = text.partition("=")
    if not mark or not key.strip():
        raise ConfigError(f"{text!r} is no setting", about="--setting", advice="Write KEY=VALUE, like channel=#ops")
    return key.strip(), value.strip()


def _scheme(url: str) -> str:
    """What a URL begins with. Raises ConfigError for anything else, of which it repeats nothing."""
    scheme, mark, _ = url.partition("://")
    if not mark:
        raise ConfigError("this is no URL", about="url", advice="Write scheme://…, as its page in Apprise's wiki does")
    return scheme.lower()


def _in_one(problem: ConfigError) -> ConfigError:
    """Every problem in one sentence: the file that it speaks of is not written yet."""
    return ConfigError(". ".join(problem.problems)) if problem.problems else problem


def _likely(keys: Mapping[str, str], said: str) -> str:
    """The choice whose key a sentence names first; the first of all where it names none. `to` is a word, too."""
    words = {each: key.removeprefix("smtp.") for each, key in keys.items()}
    named = {each: rf"\b{re.escape(word)}\b" if len(word) > 2 else rf"(?:`|\.){word}\b" for each, word in words.items()}
    places = {each: found.start() for each, pattern in named.items() if (found := re.search(pattern, said))}
    return min(places or keys, key=lambda each: places.get(each, 0))
