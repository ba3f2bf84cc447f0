"""One run: list, accept, read, after, deliver, against Protocols; the main thread, alone with the store."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from datetime import datetime
from typing import Protocol

from msgspec import Struct

from mailpoll import dialogue
from mailpoll.crew import AccountResult, Crew
from mailpoll.dialogue import Plan, Sender
from mailpoll.errors import MailpollError
from mailpoll.model import FolderInfo, Position, RawMessage, Recipient

# First contact takes mail of the last hour before the store was made: the test mail one sent while installing.
FIRST_CONTACT_MARGIN_S = 3600.0
# After a UIDVALIDITY change the mails since the last good poll are candidates again, with this overlap.
UIDVALIDITY_OVERLAP_S = 2 * 86400.0
# The share of a run's time after which no more mail is fetched: the rest is for posting what was.
FETCHING = 0.6
# How long before the deadline nothing new is begun, so that what is begun can be ended and flagged.
WINDING_DOWN_S = 5.0
# How long no account must have had anything to say before a post is tried, which may take as long as its destination
# likes: mail that is on its way into the store goes first.
QUIET_S = 0.3
# A post that took longer is the last one as long as accounts have something to hand over.
SLOW_POST_S = 1.0
# How long a run that has nothing else to do waits for a limit to let the next post leave. Runs of cron begin a little
# earlier or later in their minute than what they sent in the one before: without this every second came for nothing.
LIMIT_PATIENCE_S = 10.0
# How long a thread may take to end once its socket is closed.
GRACE_S = 2.0


class Ledger(Protocol):
    """What collecting needs of the store."""

    def position(
        self, account: str, folder: str, uidvalidity: int, *, margin_s: float, overlap_s: float
    ) -> Position: ...

    def set_floor(self, folder_id: int, floor: int, *, mark: int) -> None: ...

    def forget_skipped(self, folder_id: int, above: int) -> None: ...

    def unknown(self, folder_id: int, uids: Sequence[int]) -> tuple[int, ...]: ...

    def skip(self, folder_id: int, uids: Sequence[int]) -> None: ...

    def polled(self, folder_id: int, mark: int, now: datetime, candidates: Collection[int] | None = None) -> None: ...

    def accept(
        self, messages: Iterable[RawMessage], now: datetime, *, folder_id: int | None = None, begun: bool = False
    ) -> dict[int, RawMessage]: ...

    def due_after(self, folder_id: int, *, final_only: bool) -> tuple[int, ...]: ...

    def after_done(self, folder_id: int, uids: Sequence[int]) -> None: ...


class Intake(Protocol):
    """Reads what was accepted until `enough`: read() what earlier runs left; begin() what came just now, by id, beside
    whatever else is done. finish() ends what was begun, abandon() gives it up; expect() says that there will be some.
    """

    def read(self, enough: Callable[[], bool]) -> None: ...

    def expect(self) -> None: ...

    def begin(
        self,
        accepted: Mapping[int, RawMessage],
        recipients: Mapping[int, tuple[Recipient, ...]],
        account: str,
    ) -> None: ...

    def finish(self) -> None: ...

    def abandon(self) -> None: ...


class Courier(Protocol):
    """Delivers what is due: start() once, then step() until it returns False. opens_in() tells in how many seconds
    there is more, because a limit lets it leave then. finish() waits for what is on its way, abandon() gives it up."""

    def start(self) -> None: ...

    def step(self) -> bool: ...

    def opens_in(self) -> float | None: ...

    def finish(self) -> None: ...

    def abandon(self) -> None: ...


class Clock(Struct, frozen=True):
    """Where time comes from: `now` for what is written down, `seconds` (which goes on while the machine sleeps) for
    the deadline, `wait` to let some pass, None where nobody has the time."""

    now: Callable[[], datetime]
    seconds: Callable[[], float]
    wait: Callable[[float], None] | None = None


class Run:
    """One run over all accounts, `at_once` of them (None: all) connected at a time. `execute` returns a result per
    account; it raises only what the store raises."""

    def __init__(
        self,
        ledger: Ledger,
        intake: Intake,
        courier: Courier,
        clock: Clock,
        *,
        deadline_s: float,
        at_once: int | None = None,
    ) -> None:
        self._ledger = ledger
        self._intake = intake
        self._courier = courier
        self._clock = clock
        self._deadline = clock.seconds() + deadline_s
        self._winding_down = self._deadline - min(WINDING_DOWN_S, deadline_s / 4)
        self._fetch_until = self._deadline - (1 - FETCHING) * deadline_s
        self._folders: dict[tuple[Sender, int], FolderInfo] = {}
        self._crew = Crew((), None)
        self._at_once = at_once
        self._asked: dict[int, set[int]] = {}  # UIDs a thread was told to settle, by folder; it may not be done yet
        self._leaving: list[Sender] = []
        self._slow = False

    def execute(self, plans: Sequence[Plan]) -> tuple[AccountResult, ...]:
        """Collects from every account, reads, and delivers, what was due before and what is new; then lets them go."""
        self._courier.start()
        self._crew = Crew(plans, self._at_once)
        self._crew.begin()
        try:
            self._intake.read(self._fetching_is_over)
            self._attend()
            self._intake.finish()
            self._courier.finish()
        except BaseException:
            self._courier.abandon()
            self._intake.abandon()
            raise
        finally:
            self._dismiss()
        for sender, folder_id in self._folders:
            plan, result = sender.plan, self._crew.of(sender)
            result.owing = result.owing or bool(self._ledger.due_after(folder_id, final_only=plan.after_waits))
        return self._crew.results

    def _fetching_is_over(self) -> bool:
        return self._clock.seconds() >= self._fetch_until

    def _enough(self) -> bool:
        return self._clock.seconds() >= self._winding_down

    def _deliver(self) -> None:
        while not self._enough() and (self._courier.step() or self._wait_for_limits()):
            pass

    def _wait_for_limits(self) -> bool:
        """Waits for a limit that lets the next post leave in a moment; False when there is none, or not the time."""
        wait = self._clock.wait
        patience = min(LIMIT_PATIENCE_S, self._winding_down - self._clock.seconds())
        if wait is None or (opens_in := self._courier.opens_in()) is None or opens_in > patience:
            return False
        wait(opens_in)
        return True

    def _attend(self) -> None:
        """Handles reports until every account has ended or the deadline is there; delivers while all are quiet."""
        quiet = QUIET_S
        while self._crew.at_work:
            if (left := self._deadline - self._clock.seconds()) <= 0:
                return
            if self._fetching_is_over():
                self._crew.fetch_no_more()
            if self._handle_next(0.0 if self._crew.all_fetched else min(left, quiet)):
                quiet = QUIET_S
                continue
            self._intake.finish()
            if not self._enough() and self._may_post() and self._post():
                quiet = 0.0  # nobody had anything to say: posts follow one another until somebody has
                continue
            self._let_go()
            self._handle_next(min(left, 1.0))
        self._deliver()

    def _may_post(self) -> bool:
        """A slow destination must not take the time in which mail is brought into the store."""
        return not self._slow or self._crew.all_fetched or self._fetching_is_over()

    def _post(self) -> bool:
        begun = self._clock.seconds()
        posted = self._courier.step()
        self._slow = self._slow or self._clock.seconds() - begun > SLOW_POST_S
        return posted

    def _handle_next(self, patience_s: float) -> bool:
        """Handles the next report; False when none came in time."""
        report = self._crew.hear(patience_s)
        if report is not None:
            self._handle(report)
        return report is not None

    def _handle(self, report: dialogue.Report) -> None:
        sender = report.sender
        result = self._crew.of(sender)
        match report:
            case dialogue.Opened():
                sender.answer(self._position(sender, report))
            case dialogue.Floored():
                self._ledger.set_floor(report.folder_id, report.floor, mark=report.mark)
                if report.again:
                    self._ledger.forget_skipped(report.folder_id, report.floor)
            case dialogue.Listed():
                unknown = self._ledger.unknown(report.folder_id, report.uids)
                sender.answer(unknown)
                if unknown:
                    self._intake.expect()
            case dialogue.NotOurs():
                self._ledger.skip(report.folder_id, report.uids)
                result.skipped += len(report.uids)
            case dialogue.Batch():
                reading = not self._fetching_is_over()
                accepted = self._ledger.accept(
                    report.messages, self._clock.now(), folder_id=report.folder_id, begun=reading
                )
                result.accepted += len(accepted)
                self._intake.begin(accepted if reading else {}, report.recipients, result.account)
                if report.large:
                    self._intake.finish()
                sender.answer(self._settle(sender, report.folder_id))
            case dialogue.FolderEnded():
                if report.mark is not None:
                    if report.floor is not None:
                        self._ledger.set_floor(report.folder_id, report.floor, mark=report.mark)
                    candidates = report.polled.candidates if report.polled else None
                    self._ledger.polled(report.folder_id, report.mark, self._clock.now(), candidates)
                if report.polled is not None:
                    result.polled.append(report.polled)
                self._intake.finish()
                sender.answer(self._settle(sender, report.folder_id))
            case dialogue.Settled():
                self._ledger.after_done(report.folder_id, report.uids)
                if report.note and report.note not in result.notes:
                    result.notes.append(report.note)
            case dialogue.Fetched():
                result.fetched = True
                self._leaving.append(sender)
            case dialogue.Ended():
                self._crew.ended(sender, report.error)

    def _position(self, sender: Sender, report: dialogue.Opened) -> Position:
        info = report.info
        position = self._ledger.position(
            sender.plan.account,
            info.name,
            info.uidvalidity,
            margin_s=FIRST_CONTACT_MARGIN_S,
            overlap_s=UIDVALIDITY_OVERLAP_S,
        )
        self._folders[sender, position.folder_id] = info
        return position

    def _settle(self, sender: Sender, folder_id: int) -> dialogue.Settle:
        """What is to be done on the server now. With `after = "leave"` that is nothing, and it is so for good."""
        due = self._ledger.due_after(folder_id, final_only=sender.plan.after_waits)
        if sender.plan.after == "leave":
            self._ledger.after_done(folder_id, due)
            due = ()
        asked = self._asked.setdefault(folder_id, set())
        uids = tuple(uid for uid in due if uid not in asked)
        asked.update(uids)
        info = self._folders[sender, folder_id]
        return dialogue.Settle(folder_id, info.name, info.uidvalidity, uids)

    def _let_go(self) -> None:
        """Nothing more can be delivered now: accounts that waited for it move or delete what is final, and log out."""
        for sender in self._leaving:
            for owner, folder_id in self._folders:
                if owner is sender and sender.plan.after_waits:
                    sender.answer(self._settle(sender, folder_id))
            sender.answer(dialogue.Goodbye())
        self._leaving.clear()

    def _dismiss(self) -> None:
        """Ends the threads that are still busy; those that have handed over all say goodbye."""
        self._crew.fetch_no_more()
        self._crew.cut_off()
        try:
            with contextlib.suppress(MailpollError):  # the store's, which is on its way to the caller already
                self._let_go()
            self._hear_ends()
        finally:
            self._crew.give_up()

    def _hear_ends(self) -> None:
        give_up = self._clock.seconds() + GRACE_S
        while self._crew.at_work and self._clock.seconds() < give_up:
            report = self._crew.hear(GRACE_S / 10)
            if isinstance(report, dialogue.Ended):
                self._crew.ended(report.sender, report.error)
            elif isinstance(report, dialogue.Settled):
                with contextlib.suppress(MailpollError):
                    self._ledger.after_done(report.folder_id, report.uids)
