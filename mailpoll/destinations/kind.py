"""What every kind of destination states of itself, in its class, for the registry, the commands and the reference."""

from __future__ import annotations

from msgspec import Struct

from mailpoll import rate
from mailpoll.errors import MessageError, TemporaryFailure, Unanswered
from mailpoll.model import Finding, Limits
from mailpoll.settings import SmtpSettings

# What chats bear of one channel (DESIGN.md §8).
CHAT_RATE = rate.parse("50/1m 120/5m 600/1h")

_LATER = "Try again later"
# What HTTP says where nobody answered, or not to its end: a TemporaryFailure, too, where nothing was to be posted.
_NO_ANSWER = ("cannot be reached", "did not answer", "broke off", "is no HTTP")


class Question(Struct, frozen=True):
    """What a person is asked for a section, besides what has a default: `key` is the setting that the answer becomes.

    `secret`: the answer is not shown while it is typed, and is kept in a file. `file`: it is the path of one that holds
    secrets. `default`: what is offered. `optional`: it may be left out. `place`: it is where posts go whose channel
    names no place. `url`: it is a URL, of a kind that takes tokens too. `scheme_of`: the key of a secret URL whose
    scheme is the answer.
    """

    key: str
    words: str
    secret: bool = False
    file: bool = False
    default: str = ""
    optional: bool = False
    place: bool = False
    url: bool = False
    scheme_of: str = ""


class Way(Struct, frozen=True):
    """One of the ways to post to a service, and what must be known for it; `words` say what it can do."""

    name: str
    words: str
    questions: tuple[Question, ...]


class Kind(Struct, frozen=True):
    """What people should know before they choose.

    `service`: what it is, in a line. `ways`: what is asked when a section is made; of several, people choose one.
    `promise`: how often a post arrives. `takes`: what goes there, and how. `place`: what `--to NAME:PLACE` names inside
    it; empty: nothing. `limits`: what a post may have, before a server is asked. `threads`: answers can be posted where
    the post that they answer is. `rate`: how many posts of one channel may leave, unless [policy] or the channel says
    otherwise. `example`: a section to start from. `by_smtp`: it posts by way of [smtp], which its class is given as
    `outgoing`, an Outgoing.
    """

    name: str
    promise: str
    takes: str
    limits: Limits
    example: str
    service: str
    ways: tuple[Way, ...]
    place: str = ""
    threads: bool = False
    rate: rate.Rate = ()
    by_smtp: bool = False


def failed(name: str, problem: MessageError, otherwise: str = "", *, about: str = "") -> Finding:
    """What a check of the destination `name` says of an error, `about` something of it or else the host of one that
    cannot be reached; `otherwise` is what to do where the error does not know, and the service did not answer `not now`
    itself."""
    if not about and problem.what.startswith("cannot be reached"):
        about = problem.about.partition("://")[2].partition("/")[0]
    what = f"{name}: {about} {problem.what}" if about else f"{name}: {problem.what}"
    return Finding("fail", what, problem.advice or (_LATER if _not_now(problem) else otherwise), problem.exit_status)


def _not_now(problem: MessageError) -> bool:
    """Whether the service itself answered, and only time helps: it has too much to do, or is broken."""
    passes = isinstance(problem, TemporaryFailure) and not isinstance(problem, Unanswered)
    return passes and not any(words in problem.what for words in _NO_ANSWER)


class Outgoing(Struct, frozen=True):
    """What a kind that sends mail is given of the settings: [smtp], and the patterns of our own addresses."""

    smtp: SmtpSettings | None
    patterns: tuple[str, ...] = ()
