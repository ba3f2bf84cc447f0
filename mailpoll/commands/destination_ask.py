"""The questions about a destination, each also a flag; the answers are tried before anything is written."""

from __future__ import annotations

from collections.abc import Mapping

import click

from mailpoll import config, destinations
from mailpoll.commands.destination_answers import Answers, Site, pair
from mailpoll.commands.destination_draft import Draft
from mailpoll.commands.destination_flags import Flags
from mailpoll.commands.destination_trouble import in_one, likely, wants_plaintext, without_section
from mailpoll.commands.destination_way import first_secret, mismatch, other_way
from mailpoll.commands.init_ask import Asker, Unasked
from mailpoll.commands.placing import look
from mailpoll.crosscheck import url_problem
from mailpoll.destinations.kind import Question
from mailpoll.doctor.book import status_of
from mailpoll.errors import ConfigError, MailpollError, Unavailable
from mailpoll.settings import Settings

_OTHER, _KEEP, _QUIT, _PLACE = "other", "keep", "quit", "place"


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


class _Interview(Answers):
    """The questions of one section."""

    def held(self) -> Draft:
        """The draft that passed."""
        self.take_flags()
        self._ask_rest()
        self._try()
        return self.draft

    def _ask_rest(self) -> None:
        """Asks what was neither answered nor left out; an answer may turn to another way."""
        while rest := [q for q in self.questions if q.key not in self.put_already and not self.draft.says(q.key)]:
            self.put_already.add(rest[0].key)
            self._put(rest[0])

    def _put(self, question: Question, former: str | None = None) -> None:
        """Asks, where the answer does not follow from others; offers a former one."""
        draft = self.draft
        if question.scheme_of:
            draft.set(question.key, _scheme(self.secret(question.scheme_of)))
        elif question.place and draft.place:
            pass  # the channel names it
        elif question.key == "smtp.password" and not draft.says("smtp.username"):
            draft.forget(question.key)
        elif question.secret:
            self._put_secret(question)
        elif question.optional or (question.place and not self.needs_place):
            self._put_optional(question)
        else:
            flag = f"--setting {question.key}=VALUE"
            self.ask.text(
                question.words,
                flag,
                None,
                lambda text: self._set(question.key, text),
                former or question.default or None,
            )

    def _put_optional(self, question: Question) -> None:
        more = ", for channels that name none" if question.place else ""
        while text := self.ask.optional(f"{question.words}{more}"):
            try:
                return self._set(question.key, text)
            except ConfigError as problem:
                self.ask.say(str(problem))

    def _put_secret(self, question: Question) -> None:
        if not self.ask.terminal and not question.optional:
            raise Unasked(f"--secret-file {question.key}=FILE", f"it answers “{question.words}”")
        while text := self._typed(question):
            try:
                if any(each.scheme_of == question.key for each in self.questions):
                    _scheme(text)
                if self._turned(question, text):
                    return None
                self.draft.keep(question.key, text)
                return self._check_url(question.key, text) if question.url else None
            except ConfigError as problem:
                self.ask.say(str(problem))

    def _turned(self, question: Question, text: str) -> bool:
        """Whether a secret is taken for another way, to which it belongs. Raises ConfigError when it is not."""
        other = other_way(self.kind.ways, question, text)
        if other is None or (secret_there := first_secret(other)) is None:
            return False
        said = mismatch(text)
        self.ask.say(f"{said[0].upper()}{said[1:]}.")
        if not self.ask.confirm(f"Post by {other.name} instead ({other.words})?", None, default=secret_there.url):
            raise ConfigError(f"this is not taken for {question.key}", advice="Type another")
        self.take(other)
        self.draft.keep(secret_there.key, text)
        return True

    def _typed(self, question: Question) -> str:
        """A secret as it was typed; empty when it may be left out."""
        if question.optional:
            return self.ask.optional(question.words, hidden=True)
        return self.ask.password(f"{question.words} (not shown)", "--secret-file").strip()

    def _set(self, key: str, text: str) -> None:
        """Takes in an answer. Raises ConfigError when it is wrong by itself, whatever else is answered."""
        self.draft.set(key, text)
        if self.draft.is_secret(key):
            self._check_url(key, text)
        unanswered = [q.key for q in self.questions if q.secret and not q.optional and not self.draft.says(q.key)]
        try:
            if self.flags.check and any(question.key == key and question.file for question in self.questions):
                self.look_into(key)
            config.from_data(self.draft.added_to(self.site.data, unanswered), self.site.path)
        except ConfigError as problem:
            path = self.path(key)
            wrong = [each for each in problem.problems if each.startswith(f"{path}: ") and ": is missing" not in each]
            if wrong and not self._allowed(wrong[0]):
                self.draft.forget(key)
                said = without_section(wrong[0].removeprefix(f"{path}: "), asked=self.may_answer)
                raise ConfigError(said, about=key) from None

    def _check_url(self, key: str, text: str) -> None:
        """Raises ConfigError, and forgets it, when a secret URL is wrong; rules of settings do not see it."""
        reason = url_problem(text, allow_plaintext=self.draft.section.get("allow_plaintext") is True)
        if reason and not self._allowed(reason):
            self.draft.forget(key)
            raise ConfigError(without_section(reason, asked=self.may_answer), about=key)

    def _allowed(self, problem: str) -> bool:
        """Whether a person allows http, where nothing but that is wrong."""
        if not (wants_plaintext(problem) and self.may_answer and self.draft.has("allow_plaintext")):
            return False
        if self.draft.says("allow_plaintext"):
            return False
        what = "By http everybody on the way can read secrets and posts. Allow it for this destination?"
        if allowed := self.ask.confirm(what, None, default=False):
            self.draft.set("allow_plaintext", "true")
        return allowed

    def _try(self) -> None:
        """Corrects answers until the service takes them, or its trouble is borne."""
        while True:
            trouble: MailpollError | None
            try:
                settings = self.settings()
                if self.flags.check:
                    self.refuse_misplaced()
            except ConfigError as problem:
                usable, trouble = False, in_one(problem)
            else:
                usable, trouble = True, self._trouble(settings) if self.flags.check else None
            if trouble is None or self._corrected(trouble, usable=usable):
                return

    def _trouble(self, settings: Settings) -> MailpollError | None:
        """Why the destination cannot be used; what is well is said."""
        draft = self.draft
        try:
            made = destinations.make(draft.name, settings, self.look_up)
            findings = made.check()
            if all(each.level != "fail" for each in findings) and (draft.place or self.needs_place):
                findings = tuple(dict.fromkeys([*findings, *filter(None, [look(made, draft.place)])]))
        except MailpollError as problem:
            return problem
        failed = next((each for each in findings if each.level == "fail"), None)
        if failed is not None:
            trouble = Unavailable(failed.what, advice=failed.advice)
            trouble.exit_status = status_of(failed)  # as runs would end that met it
            return trouble
        for finding in findings:
            click.echo(f"{finding.what}{f'. {finding.advice}' if finding.advice else ''}", err=finding.level == "warn")
        doubtful = next((each for each in findings if each.level == "warn"), None)
        return _Doubtful(doubtful.what, advice=doubtful.advice) if doubtful and self.may_answer else None

    def _corrected(self, problem: MailpollError, *, usable: bool) -> bool:
        """Whether it is kept as it is; else an answer was given again. Raises `problem` where nobody gives one."""
        if not self.may_answer:
            more = "; --no-check writes it all the same" if usable else ""
            problem.what, problem.advice = (
                without_section(each, asked=False) for each in (problem.what, problem.advice)
            )
            problem.advice = ". ".join(filter(None, [problem.advice.rstrip("."), f"Nothing was written{more}"]))
            raise problem
        if self._allowed(str(problem)):
            return False
        keys = {_PLACE if each.place and self.draft.place else each.key: each.key for each in self.questions}
        if not isinstance(problem, _Doubtful):  # which was said
            self.ask.trouble(MailpollError(without_section(str(problem), asked=True)))
        self.ask.say(
            f"{_OTHER}: a setting that was not asked for; {f'{_KEEP}: write it as it is; ' if usable else ''}"
            f"{_QUIT}: write nothing."
        )
        choices = (*keys, _OTHER, *([_KEEP] if usable else []), _QUIT)
        what = self.ask.choice("What is to be changed?", choices, self._offered(keys, problem))
        if what == _QUIT:
            raise click.Abort
        if what != _KEEP:
            self._answer_again(what)
        return what == _KEEP

    def _offered(self, keys: Mapping[str, str], problem: MailpollError) -> str:
        """What is to be changed, most likely."""
        if isinstance(problem, _Doubtful):
            return _KEEP
        place = next((each.key for each in self.questions if each.place), "")
        former = self.draft.place or str(self.draft.section.get(place, ""))
        return likely(keys, str(problem), _PLACE if self.draft.place else place, former)

    def _answer_again(self, what: str) -> None:
        ask = self.ask
        if what == _PLACE:
            self.draft.place = ask.text("Place", "--to", None, str, default=self.draft.place)
        elif what == _OTHER:
            ask.text("Setting, as KEY=VALUE", "--setting", None, lambda text: self.draft.set(*pair(text)))
        else:
            former = self.draft.forget(what)
            question = next(question for question in self.questions if question.key == what)
            self._put(question, former if isinstance(former, str) else None)
            if derived := next((each for each in self.questions if each.scheme_of == what), None):
                self._put(derived)
            self._ask_rest()


def _scheme(url: str) -> str:
    """What a URL begins with. Raises ConfigError for anything else, of which it repeats nothing."""
    scheme, mark, _ = url.partition("://")
    if not mark:
        raise ConfigError("this is no URL", about="url", advice="Write scheme://…, as its page in Apprise's wiki does")
    return scheme.lower()
