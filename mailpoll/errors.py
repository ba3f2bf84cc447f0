"""The error tree and its exit statuses (sysexits.h).

    MailpollError
    ├── RunError                 stops the run of one account, or the whole run
    │   ├── ConfigError          78  a setting is wrong: a person must change it
    │   ├── AccessDenied         77  a login, a key or a file mode: a person must act
    │   │   └── LoginRefused     77  user name and password: not to be tried again and again
    │   ├── ProtocolError        76  the other side does not speak as its RFC says
    │   └── Unavailable          69  not reachable now: tried again by the next run
    └── MessageError             becomes the outcome of one message or delivery
        ├── TemporaryFailure     75  not sent, may be tried again
        │   ├── Later            75  the destination answered: not this post, not now
        │   ├── Unanswered       75  sent, but the answer never came: uncertain
        │   └── Bug              70  mailpoll or a library failed while it posted: `__cause__` says how
        ├── PermanentFailure     65  this post will never be taken
        │   └── Unreadable       65  a part of its mail cannot be read: the post may go without it
        └── DestinationRefused   77  the destination is closed to us: pause it

Anything else is a bug (status 70). Errors carry data; the sentence for people is made where it is printed. No secret
that was looked up is in them, whatever a server said: they are stored and told by other processes, which know none.
"""

from mailpoll.redaction import hide

BUG = 70

# Which status a run ends with when several troubles met: the one that most needs a person first.
PRECEDENCE = (78, 77, 70, 76, 65, 69, 75, 0)


class MailpollError(Exception):
    """Base of every error mailpoll raises on purpose.

    Args:
        what: what happened, one clause without a final stop ("the server refused the password").
        about: to what it happened: a key path, a file, an account ("account.main"), a URL without secrets.
        advice: what to do next, one sentence; empty when nothing can be said.

    `of_a_mail` says that it was met by one mail or post: another one may go well by the same way.
    """

    exit_status = BUG
    of_a_mail = False

    def __init__(self, what: str, *, about: str = "", advice: str = "") -> None:
        self.what = hide(what)
        self.about = about
        self.advice = hide(advice)
        super().__init__(self.what)

    def __str__(self) -> str:
        what = self.what.rstrip(".")  # servers end their words with a stop of their own
        sentence = f"{self.about}: {what}" if self.about else what
        return f"{closed(sentence)} {self.advice}" if self.advice else sentence


class RunError(MailpollError):
    """Stops the run of an account, or the whole run."""


class ConfigError(RunError):
    """Settings that cannot be used; `problems` holds every one found, each a whole sentence."""

    exit_status = 78

    def __init__(self, what: str, *, about: str = "", advice: str = "", problems: tuple[str, ...] = ()) -> None:
        super().__init__(what, about=about, advice=advice)
        self.problems = tuple(map(hide, problems))


class AccessDenied(RunError):
    """A login, a certificate, a key or a file mode that a person must put right."""

    exit_status = 77


class LoginRefused(AccessDenied):
    """The server was asked, and does not take this user name and password; providers lock accounts that insist."""


class ProtocolError(RunError):
    """The other side broke its protocol in a way that cannot be worked round."""

    exit_status = 76


class Unavailable(RunError):
    """The other side cannot be reached now; the next run tries again."""

    exit_status = 69


class MessageError(MailpollError):
    """Becomes the outcome of one message or delivery."""

    of_a_mail = True


class TemporaryFailure(MessageError):
    """Not sent; may be tried again. `retry_after` is in seconds, when the destination named a time."""

    exit_status = 75

    def __init__(self, what: str, *, about: str = "", advice: str = "", retry_after: float | None = None) -> None:
        super().__init__(what, about=about, advice=advice)
        self.retry_after = retry_after


class Later(TemporaryFailure):
    """The destination answered, and does not take this post now; it may take another."""


class Unanswered(TemporaryFailure):
    """The post left, the answer never came: whether it was taken is not known."""


class Bug(TemporaryFailure):
    """An exception that nobody expected, its `__cause__`, met one delivery: an unknown error is a temporary one."""

    exit_status = BUG


class PermanentFailure(MessageError):
    """The answer is about this post, or about its place, one of several: it will never be taken as things are."""

    exit_status = 65


class Unreadable(PermanentFailure):
    """A part of the mail cannot be read, now or later: a destination that can do without it posts the rest."""


class DestinationRefused(MessageError):
    """The answer is about the destination (its key, its permissions, its only place): pause it, keep its posts."""

    exit_status = 77


def closed(sentence: str) -> str:
    """`sentence` with a full stop, where it does not end with a mark of its own."""
    return sentence if sentence.endswith((".", "?", "!")) else f"{sentence}."


def worst(statuses: list[int]) -> int:
    """The exit status a run ends with, given those of everything that went wrong in it."""
    return min(statuses, key=PRECEDENCE.index, default=0)
