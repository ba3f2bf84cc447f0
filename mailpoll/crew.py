"""The threads of a run's accounts: begun, heard, told to stop, and cut off when the time is up."""

from __future__ import annotations

import logging
import queue
import threading
from collections.abc import Sequence

from msgspec import Struct, field

from mailpoll.collect import Collector
from mailpoll.dialogue import Plan, Polled, Report, Sender
from mailpoll.errors import BUG, MailpollError, Unavailable

log = logging.getLogger(__name__)


class AccountResult(Struct):
    """What a run did for one account. `polled` are the folders of which all is decided; `owing` says that something is
    still to be done on the server with what was taken."""

    account: str
    accepted: int = 0
    skipped: int = 0
    notes: list[str] = field(default_factory=list)
    polled: list[Polled] = field(default_factory=list)
    error: BaseException | None = None
    fetched: bool = False
    finished: bool = False
    owing: bool = False

    @property
    def exit_status(self) -> int:
        """0, or the status of the error that stopped it."""
        if self.error is None:
            return 0
        return self.error.exit_status if isinstance(self.error, MailpollError) else BUG


class Crew:
    """A thread for each plan, `at_once` of them (None: all) at a time. Used by the main thread."""

    def __init__(self, plans: Sequence[Plan], at_once: int | None) -> None:
        self._stop = threading.Event()
        # Bounded: an account may have one batch on its way while another is stored, no more.
        self._reports: queue.Queue[Report] = queue.Queue(maxsize=1)
        collectors = [Collector(plan, self._reports, self._stop) for plan in plans]
        self._results: dict[Sender, AccountResult] = {c: AccountResult(c.plan.account) for c in collectors}
        self._waiting = collectors
        self._at_once = len(collectors) if at_once is None else at_once

    def begin(self) -> None:
        """Starts as many threads as may be at work; each that ends makes room for another."""
        for _ in range(min(self._at_once, len(self._waiting))):
            self._waiting.pop(0).start()

    def hear(self, patience_s: float) -> Report | None:
        """The next report, or None when none came in time."""
        try:
            return self._reports.get(timeout=patience_s) if patience_s else self._reports.get_nowait()
        except queue.Empty:
            return None

    def of(self, sender: Sender) -> AccountResult:
        """What was done for the account of a thread."""
        return self._results[sender]

    @property
    def results(self) -> tuple[AccountResult, ...]:
        """What was done for each account, in the order of the plans."""
        return tuple(self._results.values())

    @property
    def at_work(self) -> bool:
        """Whether any thread may still have something to say."""
        return any(not result.finished for result in self._results.values())

    @property
    def all_fetched(self) -> bool:
        """Whether every thread has handed over all it had, or is at its end."""
        return all(result.finished or result.fetched for result in self._results.values())

    def ended(self, sender: Sender, error: BaseException | None) -> None:
        """A thread is at its end; the next one may begin."""
        result = self._results[sender]
        result.finished = True
        result.error = error
        if error is not None and not isinstance(error, MailpollError):
            log.error("account.%s: mailpoll failed", result.account, exc_info=error)
        if self._waiting and not self._stop.is_set():
            self._waiting.pop(0).start()

    def fetch_no_more(self) -> None:
        """Lets threads end what they are at, and none begin."""
        self._stop.set()
        while self._waiting:
            collector = self._waiting.pop(0)
            about = f"account.{collector.plan.account}"
            self.ended(collector, Unavailable("was not reached in the time of the run", about=about))

    def cut_off(self) -> None:
        """Closes the sockets of those that have not handed over all: what is unfinished waits for the next run."""
        for sender, result in self._results.items():
            if not result.finished and not result.fetched:
                sender.abort()

    def give_up(self) -> None:
        """Leaves those behind that do not end."""
        for sender, result in self._results.items():
            if not result.finished:
                sender.abort()
                about = f"account.{sender.plan.account}"
                self.ended(sender, Unavailable("was still busy when the time of the run was up", about=about))
