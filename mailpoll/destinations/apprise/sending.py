"""A post on its way through Apprise, and what its log says of it meanwhile."""

from __future__ import annotations

import logging
import re
import threading
from collections.abc import Callable

from mailpoll.errors import Later, TemporaryFailure, Unanswered
from mailpoll.http.watch import Watch

_ANSWERED = re.compile(r"\berror ?[=:] ?([1-5]\d\d)\b", re.IGNORECASE)
# How the exceptions of its HTTP library begin, as it logs them, when nothing was sent.
_NOT_SENT = ("NewConnectionError", "ConnectTimeoutError", "NameResolutionError", "ProxyError", "CERTIFICATE_VERIFY")


class Sending:
    """A post on its way in a thread of its own, which is left to itself when it takes too long."""

    def __init__(self, send: Callable[[], bool]) -> None:
        self._send = send
        self._log: list[tuple[int, str]] = []
        self._thread = threading.Thread(target=self._run, daemon=True, name="apprise")
        self.went_well = False
        self.watch = Watch("apprise")

    def wait(self, seconds: float) -> None:
        """Lets the post leave, once no other is on its way, and waits for at most `seconds`."""
        with _ONE_AT_A_TIME:
            self._thread.start()
            self._thread.join(seconds)

    @property
    def is_under_way(self) -> bool:
        """Whether nobody knows yet what came of it."""
        return self._thread.is_alive()

    def warnings(self) -> list[str]:
        """What Apprise logged of what went wrong, URLs and all."""
        return [line for level, line in self._log if level >= logging.WARNING]

    def failure(self) -> type[TemporaryFailure]:
        """What its log says of a failure: the service answered (Later), could not be reached (TemporaryFailure), or
        nobody knows (Unanswered)."""
        if any(map(_ANSWERED.search, self.warnings())):
            return Later
        unsent = (line for _, line in self._log if line.startswith("Socket Exception"))
        return TemporaryFailure if any(each in line for line in unsent for each in _NOT_SENT) else Unanswered

    def _run(self) -> None:
        self._log = _EAR.listen()
        self.watch.begin()
        try:
            self.went_well = self._send()
        except Exception as error:  # whatever a service's module does: the post may have left
            self._log.append((logging.ERROR, f"{type(error).__name__}: {error}"))


class _Ear(logging.Handler):
    """Hears what Apprise logs, and lets none of it go anywhere else: URLs may be in it."""

    def __init__(self) -> None:
        super().__init__(logging.DEBUG)
        # Of whichever thread: Apprise has some of its own.
        self._lines: list[tuple[int, str]] = []

    def listen(self) -> list[tuple[int, str]]:
        """What Apprise logs from now on: (level, message), to be looked at later."""
        self.attach()
        self._lines = []
        return self._lines

    def attach(self) -> None:
        log = logging.getLogger("apprise")
        if self not in log.handlers:
            log.addHandler(self)
            log.propagate = False
            log.setLevel(logging.DEBUG)

    def emit(self, record: logging.LogRecord) -> None:
        """Keeps what may say why something failed."""
        if record.levelno >= logging.WARNING or str(record.msg).startswith("Socket Exception"):
            self._lines.append((record.levelno, record.getMessage()))


def keep_log() -> None:
    """From now on nothing that Apprise logs goes anywhere else."""
    _EAR.attach()


_EAR = _Ear()
# Apprise has one log: of two posts at a time nobody could tell whose trouble it is about.
_ONE_AT_A_TIME = threading.Lock()
