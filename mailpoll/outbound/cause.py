"""What a cause of failure is, and how the table of causes is searched; its rows are in causes.py."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Literal

from mailpoll.outbound.happening import MAIL_STAGES, Happening

Role = Literal["default", "noreply"]

# Links, addresses and host names: "spam" or "rate" in one of them says nothing of what is wrong. Names of programs
# (STOREDRV.Submission) and sentences without a blank between (later.Please) are of mixed case, and stay.
_PLACE = re.compile(
    r"<[^<>\s]{0,254}>|\bhttps?://\S+|[^\s<>()\[\],;:'\"]{1,64}@[^\s<>()\[\],;:'\"]{1,255}|"
    r"(?<![\w.-])(?:[a-z0-9-]{1,63}(?:\.[a-z0-9-]{1,63})+|[A-Z0-9-]{1,63}(?:\.[A-Z0-9-]{1,63})+)(?![\w-])"
)


@dataclass(frozen=True, slots=True)
class Circumstances:
    """Where something happened: at which server, with which settings, for which mail."""

    host: str
    port: int
    tls: str
    loopback: bool
    login: bool
    by_token: bool = False
    role: Role = "default"
    sender: str = ""
    recipients: str = ""
    taken_before: bool = False  # the same server took the mail with the default sender a moment ago

    @property
    def place(self) -> str:
        """`host:port`."""
        return f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"


@dataclass(frozen=True, slots=True)
class When:
    """How a cause is recognised; what is not given does not matter.

    `events` are words of happening.py, "reply" for what a server said, none for all. `codes` must fit `550 5.1.1` from
    its beginning; `words` are looked for in what the server said but for addresses, hosts and links, `anywhere` in all
    of it, both without regard to case.
    """

    events: tuple[str, ...] = ("reply",)
    stages: tuple[str, ...] = ()
    codes: str = ""
    words: str = ""
    anywhere: str = ""
    loopback: bool | None = None
    login: bool | None = None
    by_token: bool = False
    tls: str = ""
    host: str = ""
    second: bool | None = None  # whether it is the no-reply address, after the same mail from `from` was taken

    def fits(self, happening: Happening, at: Circumstances) -> bool:
        """Whether this is what happened."""
        reply = happening.reply
        codes, words = (reply.codes, reply.heard) if reply else ("", happening.detail)
        return (
            (not self.events or happening.event in self.events)
            and (not self.stages or happening.stage in self.stages)
            and re.match(self.codes, codes) is not None
            and re.search(self.words, _without_places(words), re.IGNORECASE) is not None
            and re.search(self.anywhere, words, re.IGNORECASE) is not None
            and self.loopback in (None, at.loopback)
            and self.login in (None, at.login)
            and (not self.by_token or at.by_token)
            and self.tls in ("", at.tls)
            and re.search(self.host, at.host, re.IGNORECASE) is not None
            and self.second in (None, at.role == "noreply" and at.taken_before)
        )


@dataclass(frozen=True, slots=True)
class Said:
    """Words that a server is known to say at a step; `server` whose they are."""

    server: str
    stage: str
    line: str
    host: str = "smtp.example.com"


@dataclass(frozen=True, slots=True)
class Cause:
    """A row of the table: what went wrong, the exit status, what to do.

    `what` and `advice` may hold {host}, {port}, {sender}, {sender_domain}, {about} (the recipient it is about, or all),
    {words} (the server's) and {detail}. `says` are examples: the page about causes shows them, and a test finds this
    very row for each.
    """

    name: str
    status: int
    what: str
    advice: str
    when: tuple[When, ...]
    says: tuple[Said, ...] = field(default=())


@lru_cache(4)
def _without_places(words: str) -> str:
    return _PLACE.sub("…", words)


def find(happening: Happening, at: Circumstances, table: Sequence[Cause]) -> Cause:
    """The first row that fits; the last rows of the table fit everything."""
    return next(cause for cause in table if any(when.fits(happening, at) for when in cause.when))


__all__ = ["MAIL_STAGES", "Cause", "Circumstances", "Role", "Said", "When", "find"]
