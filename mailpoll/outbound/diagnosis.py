"""From what happened to one named cause, the words of the server, and what to do."""

from __future__ import annotations

from dataclasses import dataclass

from mailpoll.errors import (
    AccessDenied,
    ConfigError,
    LoginRefused,
    MailpollError,
    PermanentFailure,
    ProtocolError,
    TemporaryFailure,
    Unanswered,
    Unavailable,
)
from mailpoll.outbound.cause import MAIL_STAGES, Cause, Circumstances, find
from mailpoll.outbound.causes import CAUSES
from mailpoll.outbound.happening import Happening

_ERRORS: dict[int, type[MailpollError]] = {
    65: PermanentFailure,
    69: Unavailable,
    75: TemporaryFailure,
    76: ProtocolError,
    77: AccessDenied,
    78: ConfigError,
}


@dataclass(frozen=True, slots=True)
class Diagnosis:
    """The cause of what happened at a server."""

    cause: Cause
    happening: Happening
    at: Circumstances

    @property
    def status(self) -> int:
        """The exit status."""
        return self.cause.status

    @property
    def about(self) -> str:
        """`host:port`."""
        return self.at.place

    @property
    def what(self) -> str:
        """What is wrong, one clause."""
        return self._filled(self.cause.what)

    @property
    def advice(self) -> str:
        """What to do."""
        return self._filled(self.cause.advice)

    @property
    def said(self) -> str:
        """The server's own words, codes first; empty where it said none."""
        return str(self.happening.reply) if self.happening.reply else ""

    @property
    def of_the_mail(self) -> bool:
        """Whether it is about this mail, so that the session is as good as before."""
        reply = self.happening.reply
        return self.happening.stage in MAIL_STAGES and (reply is None or reply.code != 421) and (
            self.happening.event in ("reply", "no-smtputf8", "no-8bitmime")
        )  # fmt: skip

    def error(self) -> MailpollError:
        """The same as an error of ours."""
        kind = _ERRORS[self.status]
        if self.happening.stage == "auth" and self.status == LoginRefused.exit_status:
            kind = LoginRefused
        if self.cause.name == "uncertain":
            kind = Unanswered
        what = f"{self.what}: {self.said}" if self.said else self.what
        return kind(what, about=self.about, advice=self.advice)

    def _filled(self, text: str) -> str:
        happening, at = self.happening, self.at
        detail = happening.detail or "it said no more"
        return text.format(
            host=at.host,
            port=at.port,
            sender=at.sender,
            sender_domain=at.sender.rpartition("@")[2],
            about=(happening.about if happening.stage == "rcpt" or not happening.reply else "") or at.recipients,
            detail=detail,
            words=happening.reply.words if happening.reply else detail,
        )


def diagnose(happening: Happening, at: Circumstances) -> Diagnosis:
    """The cause of what happened; there always is one."""
    return Diagnosis(find(happening, at, CAUSES), happening, at)
