"""Being stopped by a person or by the machine: the exit statuses for it."""

from __future__ import annotations

BY_INTERRUPT = 130
BY_TERMINATION = 143


class Terminated(KeyboardInterrupt):
    """SIGTERM, as Ctrl-C: what was begun is given back, so that no mail is blamed for a machine that goes down."""


def status_of(stopped: BaseException) -> int:
    """The exit status for Ctrl-C or SIGTERM, also where Click made an Abort of it."""
    is_term = Terminated in (type(stopped), type(stopped.__cause__))
    return BY_TERMINATION if is_term else BY_INTERRUPT
