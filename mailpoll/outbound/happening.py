"""What can happen while a mail is sent: a reply of the server, or an event on the way there; and at which step."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field

# The steps of sending a mail, in their order. `dot` is the line that ends the mail (RFC 5321 §4.1.1.4): from the reply
# to it on, the mail is the server's.
STAGES = ("lookup", "connect", "tls", "greeting", "ehlo", "starttls", "auth", "mail", "rcpt", "data", "dot")
# Those of one mail, which may go wrong for one and well for the next.
MAIL_STAGES = ("mail", "rcpt", "data", "dot")

_ENHANCED = re.compile(r"([245]\.\d{1,3}\.\d{1,3})(?:[ :-]|$)\s*")  # RFC 3463 §2
_WORDS = 500


@dataclass(frozen=True, slots=True)
class Reply:
    """A reply of the server (RFC 5321 §4.2): its code, its enhanced status code (RFC 3463; empty where it has none) and
    its words on one printable line, secrets masked. `heard` are the words as they came, for nobody's eyes: a password
    that is a word like "login" must not hide the cause."""

    code: int
    enhanced: str
    words: str
    heard: str = field(repr=False, compare=False)

    @property
    def codes(self) -> str:
        """`550 5.1.1`, or `550`."""
        return f"{self.code} {self.enhanced}".rstrip()

    def __str__(self) -> str:
        return f"{self.codes} {self.words}".rstrip()


@dataclass(frozen=True, slots=True)
class Happening:
    """What ended a step.

    `event` is "reply" or a word that the table of causes knows; `detail` what is to be said of it besides (the names in
    a certificate, an error of the system); `about` the address it is about.
    """

    stage: str
    event: str
    reply: Reply | None = None
    detail: str = ""
    about: str = ""

    def __post_init__(self) -> None:
        # Most of it comes from a stranger: it is shown, and searched for causes.
        object.__setattr__(self, "detail", printable(self.detail))


class Stopped(Exception):
    """A step that did not end well; `before` are those like it that did not stop the others (recipients refused)."""

    def __init__(self, happening: Happening, before: tuple[Happening, ...] = ()) -> None:
        super().__init__(f"{happening.stage}: {happening.event}")
        self.happening = happening
        self.before = before


def reply_of(code: int, text: str, hide: Callable[[str], str] = str) -> Reply:
    """A reply from its code and its lines: the enhanced status code that each line may repeat stands once."""
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    found = _ENHANCED.match(lines[0]) if lines else None
    enhanced = found[1] if found else ""
    if enhanced:
        lines = [line.removeprefix(enhanced).lstrip(" :-") for line in lines]
    words = " ".join(lines)
    return Reply(code, enhanced, printable(hide(words)), printable(words))


def printable(text: str, limit: int = _WORDS) -> str:
    """`text` of a stranger on one line, controls dropped, at most so many characters."""
    line = " ".join("".join(c if c.isprintable() else " " for c in text).split())
    return line if len(line) <= limit else line[: limit - 1] + "…"
