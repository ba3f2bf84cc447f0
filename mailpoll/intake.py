"""From accepted to read: attempts are counted, mails interpreted, and what came of them recorded."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import datetime
from typing import Protocol

from msgspec.structs import replace

from mailpoll.errors import MailpollError, ProtocolError, RunError
from mailpoll.interpret import Interpreter, Mail
from mailpoll.model import Facts, RawMessage, Reading, Recipient, Unread

BATCH = 100

# Readings begun before a mail is set aside: in its batch, alone, alone in safe mode (DESIGN.md §2 Read).
MAX_ATTEMPTS = 3


class Ledger(Protocol):
    """What reading needs of the store."""

    def unread(self, limit: int) -> tuple[Unread, ...]: ...

    def begin_reading(self, ids: Sequence[int]) -> None: ...

    def give_back(self, ids: Sequence[int]) -> None: ...

    def chunks(self, message_id: int) -> Iterator[bytes]: ...

    def record(self, readings: Sequence[tuple[int, Reading]], now: datetime) -> None: ...


class Intake:
    """Reads what is accepted. `read` tells each outcome: (message id, Reading)."""

    def __init__(
        self,
        ledger: Ledger,
        interpreter: Interpreter,
        *,
        died: type[MailpollError],
        stopped: type[MailpollError],
        now: Callable[[], datetime],
        told: Callable[[int, Reading], None],
    ) -> None:
        self._ledger = ledger
        self._interpreter = interpreter
        self._begun: Sequence[tuple[Unread, Mail]] = ()
        self._next: Sequence[tuple[Unread, Mail]] = ()
        self._died = died
        self._stopped = stopped
        self._now = now
        self._told = told

    def read(self, enough: Callable[[], bool]) -> None:
        """Reads all accepted messages, oldest first, until `enough` says that the run is at its end."""
        while not enough() and (unread := self._ledger.unread(BATCH)):
            fresh = [message for message in unread if message.attempts == 0]
            if not (self._read_batch(fresh, enough) if fresh else True):
                return
            for message in unread:
                if message.attempts and not self._read_alone(message):
                    return

    def expect(self) -> None:
        """There will be mails to read."""
        self._interpreter.expect()

    def begin(
        self,
        accepted: Mapping[int, RawMessage],
        recipients: Mapping[int, tuple[Recipient, ...]],
        account: str,
    ) -> None:
        """Has mails read that were accepted just now, beside whatever the caller does; ends the batch before them.

        That is recorded while these are read. `recipients` are those of each UID. Their reading counts as begun since
        they were accepted.
        """
        self._next = tuple(_mail_at_hand(*each, recipients, account) for each in accepted.items())
        before, results = self._take_results()
        if not all(isinstance(result, Reading) for result in results):  # the reader is needed for them
            self._end(before, results)
            before, results = (), ()
        try:
            if self._next:
                self._begun, self._next = self._next, ()
                self._interpreter.begin([mail for _, mail in self._begun])
        finally:
            self._end(before, results)

    def finish(self) -> None:
        """Waits for what was begun, and records it."""
        self._end(*self._take_results())

    def abandon(self) -> None:
        """Gives up what was begun: it was stopped by us, not by its mails."""
        begun = (*self._begun, *self._next)
        self._begun = self._next = ()
        with contextlib.suppress(MailpollError):  # the store's, which may be what stopped us
            self._ledger.give_back([message.id for message, _ in begun])

    def _take_results(self) -> tuple[Sequence[Unread], Sequence[Reading | BaseException]]:
        """What was begun and what came of it; the bytes of the mails are let go, they are in the store."""
        results = self._interpreter.finish() if self._begun else ()
        begun, self._begun = [message for message, _ in self._begun], ()
        return begun, results

    def _end(self, begun: Sequence[Unread], results: Sequence[Reading | BaseException]) -> None:
        """Records a batch; what killed the reader is read alone, what was stopped gets its attempt back."""
        ended = list(zip(begun, results, strict=True))
        others = [(m, r) for m, r in ended if isinstance(r, BaseException) and not isinstance(r, self._died)]
        self._ledger.give_back([message.id for message, _ in others])
        self._record([(message.id, result) for message, result in ended if isinstance(result, Reading)])
        for _, problem in others:
            if not isinstance(problem, self._stopped):
                raise problem
        for message, result in ended:
            if isinstance(result, self._died) and not self._read_alone(replace(message, attempts=1)):
                return

    def _read_batch(self, batch: Sequence[Unread], enough: Callable[[], bool]) -> bool:
        """Reads mails one after another and records them together; False when we stopped it ourselves.

        One that kills the reader keeps its attempt and is read alone later; those not reached get theirs back.
        """
        ids = [message.id for message in batch]
        if not self._begin_reading(ids):
            return False
        readings: list[tuple[int, Reading]] = []
        for index, message in enumerate(batch):
            try:
                if enough():
                    raise self._stopped("the run was at its end")
                readings.append((message.id, self._reading(message, safe=False)))
            except self._died:
                continue
            except self._stopped:
                self._record(readings)
                self._ledger.give_back(ids[index:])
                return False
            except (RunError, KeyboardInterrupt):  # the reader does not start, somebody pressed Ctrl-C: not its fault
                self._record(readings)
                self._ledger.give_back(ids[index:])
                raise
        self._record(readings)
        return True

    def _read_alone(self, message: Unread) -> bool:
        """The second and third attempt; after them the mail is quarantined."""
        reason = "the run ended each time this mail was read"
        for attempt in range(message.attempts, MAX_ATTEMPTS):
            if not self._begin_reading([message.id]):
                return False
            try:
                reading = self._reading(message, safe=attempt + 1 == MAX_ATTEMPTS)
            except self._died as problem:
                reason = str(problem)
                continue
            except self._stopped:
                self._ledger.give_back([message.id])
                return False
            except (RunError, KeyboardInterrupt):
                self._ledger.give_back([message.id])
                raise
            self._record([(message.id, reading)])
            return True
        self._record([(message.id, Reading("quarantined", reason, Facts()))])
        return True

    def _begin_reading(self, ids: Sequence[int]) -> bool:
        """Counts an attempt for each, once there is a reader: a run that is killed while one starts is no mail's fault.
        False when we were stopped before."""
        try:
            self._interpreter.ready()
        except self._stopped:
            return False
        self._ledger.begin_reading(ids)
        return True

    def _record(self, readings: Sequence[tuple[int, Reading]]) -> None:
        try:
            if readings:
                self._ledger.record(readings, self._now())
        except ProtocolError as problem:  # the database refuses something of these mails
            if len(readings) > 1:
                for one in readings:
                    self._record([one])
                return
            if readings[0][1].outcome == "quarantined":
                raise
            readings = [(readings[0][0], Reading("quarantined", str(problem), Facts()))]
            self._ledger.record(readings, self._now())
        except (RunError, KeyboardInterrupt):  # no mail's fault: three full disks must not quarantine one
            with contextlib.suppress(RunError):
                self._ledger.give_back([message_id for message_id, _ in readings])
            raise
        for message_id, reading in readings:
            self._told(message_id, reading)

    def _reading(self, message: Unread, *, safe: bool) -> Reading:
        return self._interpreter.interpret(
            Mail(
                lambda: self._ledger.chunks(message.id),
                message.size,
                message.oversize_of,
                message.account,
                message.sent_to,
                f"message {message.id}",
            ),
            safe=safe,
        ).reading


def _mail_at_hand(
    message_id: int, raw: RawMessage, recipients: Mapping[int, tuple[Recipient, ...]], account: str
) -> tuple[Unread, Mail]:
    """A mail whose bytes need not be read back from the store."""
    known = () if raw.uid is None else recipients.get(raw.uid, ())
    mail = Mail(
        lambda: iter(raw.chunks), raw.size, raw.oversize_of, account, "", f"message {message_id}", recipients=known
    )
    return Unread(message_id, account, 0, raw.size, raw.oversize_of, ""), mail
