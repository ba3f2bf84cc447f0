"""What is known of a destination that is being added: what flags give, and which way to post its secret belongs to."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from mailpoll import config, destinations, secret
from mailpoll.commands.destination_draft import Draft
from mailpoll.commands.destination_flags import Flags
from mailpoll.commands.destination_way import mismatch, other_way, way_of
from mailpoll.commands.init_ask import Asker
from mailpoll.destinations.kind import Kind, Question, Way
from mailpoll.errors import ConfigError, MailpollError
from mailpoll.settings import SecretRef, Settings

# What is asked of [smtp], for a kind that sends mail, where there is none yet.
_SMTP = (
    Question("smtp.host", "SMTP server that mail is sent by, like smtp.example.com or smtp.example.com:465"),
    Question("smtp.username", "User name there", optional=True),
    Question("smtp.password", "Password there", secret=True, optional=True),
    Question("smtp.from", "Sender of our mail, like mailpoll@example.com"),
)


@dataclass(frozen=True, slots=True)
class Site:
    """Where the destination will stand: the configuration's path, what it says by now as TOML's data, and where secrets
    may come from."""

    path: Path
    data: Mapping[str, Any]
    env: Mapping[str, str]


class Answers:
    """The settings of one section, by flags at first, and what is left to be asked."""

    def __init__(
        self, ask: Asker, site: Site, kind: Kind, name: str, flags: Flags, place: str, needs_place: bool
    ) -> None:
        self.ask, self.site, self.kind, self.flags = ask, site, kind, flags
        self.draft = Draft(name, kind.name, site.path.parent, place)
        self.needs_place = needs_place
        self._given = tuple(pair(text) for text in flags.settings)
        self._stdin = sys.stdin.readline().strip() if flags.secret_stdin else ""
        self.put_already: set[str] = set()
        self.take(self._chosen())

    def take(self, way: Way) -> None:
        """Goes this way; what another one asks for is forgotten."""
        needs_smtp = self.kind.by_smtp and "smtp" not in self.site.data
        self.questions = (*way.questions, *(_SMTP if needs_smtp else ()))
        kept = {question.key for question in self.questions}
        for other in (question for each in self.kind.ways for question in each.questions):
            if other.key not in kept:
                self.draft.forget(other.key)

    def _chosen(self) -> Way:
        """The way to post that the flags are about; else the one that is chosen, or the first."""
        ways = self.kind.ways
        named = {key.partition(".")[0] for key, _ in self._given}
        named |= {text.partition("=")[0] for text in self.flags.secret_files if "=" in text}
        keys = {way.name: {question.key for question in way.questions} for way in ways}
        named &= set().union(*keys.values())
        fitting = [way for way in ways if named <= keys[way.name]] or list(ways)
        if len(fitting) == 1 or self.flags.secret_files or self.flags.secret_stdin:
            text = self._unnamed(named)
            return (way_of(fitting, text) if destinations.is_url(text) else None) or fitting[0]
        if self.may_answer:
            self.ask.say("\n".join(f"  {way.name:<12}{way.words}" for way in fitting))
        name = self.ask.choice("By which?", tuple(way.name for way in fitting), fitting[0].name)
        return next(way for way in fitting if way.name == name)

    def _unnamed(self, named: set[str]) -> str:
        """The secret that flags give and do not name; empty where there is none, or it cannot be read by now."""
        files = [text for text in self.flags.secret_files if text.partition("=")[0] not in named]
        with suppress(MailpollError):
            return self.look_up(self.draft.reference(files[0]), "--secret-file") if files else self._stdin
        return ""

    def take_flags(self) -> None:
        """Takes in what flags give. Raises ConfigError."""
        for key, text in self._given:
            self.draft.set(key, text)
        for text in self.flags.secret_files:
            key, mark, file = text.partition("=")
            if not mark or not (self.draft.is_secret(key) or key in self.keys(file=True)):
                key, file = self.next_secret(file=True), text
            if self.draft.is_secret(key):
                self.draft.keep_reference(key, file)
            else:
                self.draft.set(key, file)
        if self.flags.secret_stdin:
            self.draft.keep(self.next_secret(), self._stdin)
        for question in self.questions:
            if question.file and self.flags.check and self.draft.says(question.key):
                self.look_into(question.key)

    def keys(self, *, file: bool = False) -> list[str]:
        """The secrets that are asked for; with `file`, those too that are the whole of a file."""
        return [each.key for each in self.questions if each.secret or (file and each.file)]

    def next_secret(self, *, file: bool = False) -> str:
        """The first secret that is not named yet. Raises ConfigError."""
        for key in self.keys(file=file):
            if not self.draft.says(key):
                return key
        what = f"{self.kind.name} asks for no further secret"
        raise ConfigError(what, about="--secret-file", advice="Name the setting: --secret-file KEY=FILE")

    def secret(self, key: str) -> str:
        """The secret that the draft has for a setting."""
        reference = SecretRef(**self.draft.section[key])
        return self.look_up(reference, f"destination.{self.draft.name}.{key}")

    def look_up(self, reference: SecretRef, about: str) -> str:
        """The secret that is referred to, perhaps one that was typed. Raises as secret.resolve()."""
        if reference.file in self.draft.typed:
            return self.draft.typed[reference.file]
        return secret.resolve(reference, base=self.site.path.parent, env=self.site.env, about=about)

    def settings(self) -> Settings:
        """The configuration with the section. Raises ConfigError."""
        return config.from_data(self.draft.added_to(self.site.data), self.site.path)

    def path(self, key: str) -> str:
        """The key path of a setting, as rules name it."""
        return key if key.startswith("smtp.") else f"destination.{self.draft.name}.{key}"

    def look_into(self, key: str) -> None:
        """Raises ConfigError, and forgets the setting, when the file that it names cannot be read."""
        path = self.draft.path_of(key)
        try:
            path.open("rb").close()
        except OSError as error:
            self.draft.forget(key)
            what = f"{path} cannot be read ({error.strerror})"
            raise ConfigError(what, about=key, problems=(f"{self.path(key)}: {what}",)) from None

    def refuse_misplaced(self) -> None:
        """Raises ConfigError when a flag gives a secret to a way that it does not belong to."""
        for question in (each for each in self.questions if each.secret and each.key in self.draft.section):
            text = ""
            with suppress(MailpollError):  # said by who makes the destination
                text = self.secret(question.key)
            other = other_way(self.kind.ways, question, text) if text else None
            if other is not None:
                rest = [each for each in self.questions if each != question and each not in other.questions]
                advice = f"It is given by --secret-file {other.name}=FILE"
                if leave := ", ".join(each.key for each in rest if self.draft.says(each.key)):
                    advice += f", without {leave}"
                raise ConfigError(mismatch(text), about=self.path(question.key), advice=advice)

    @property
    def may_answer(self) -> bool:
        """Whether somebody is here who answers."""
        return self.ask.terminal and not self.ask.yes


def pair(text: str) -> tuple[str, str]:
    """KEY=VALUE in two. Raises ConfigError."""
    key, mark, value = text.partition("=")
    if not mark or not key.strip():
        raise ConfigError(f"{text!r} is no setting", about="--setting", advice="Write KEY=VALUE, like channel=#ops")
    return key.strip(), value.strip()
