"""One account's thread: IMAP and nothing else. It lists, fetches and flags; the main thread decides and stores."""

from __future__ import annotations

import contextlib
import queue
import threading
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal, Protocol, TypeVar

from mailpoll import router
from mailpoll.errors import RunError, Unavailable
from mailpoll.model import Candidate, FolderInfo, Position, RawMessage

PUT_PATIENCE_S = 0.2
# Octets of a batch that is not overlapped with the next one, so that memory holds one such mail at a time.
LARGE = 8_000_000
# How long the main thread is given to hear how a thread ended, once the run is over.
LAST_WORD_S = 2.0

_Answer = TypeVar("_Answer")


class Session(Protocol):
    """A logged-in connection, one folder open at a time; mailpoll.imap has the real one. Raises RunErrors only."""

    def open(self, folder: str, *, read_only: bool = False) -> FolderInfo: ...

    def search(self, *, above: int, unseen_or_above: int | None, upto: int) -> tuple[int, ...]: ...

    def last_uid_before(self, cut: datetime, upto: int) -> int: ...

    def candidates(self, uids: Sequence[int], headers: Sequence[str]) -> Iterator[Candidate]: ...

    def fetch(self, candidates: Sequence[Candidate]) -> Iterator[tuple[RawMessage, ...]]: ...

    def fetch_headers(self, candidate: Candidate) -> RawMessage | None: ...

    def refused(self) -> frozenset[int]: ...

    def mark_seen(self, uids: Sequence[int]) -> None: ...

    def add_keyword(self, uids: Sequence[int], keyword: str) -> bool: ...

    def move(self, uids: Sequence[int], folder: str) -> bool: ...

    def delete(self, uids: Sequence[int]) -> bool: ...

    def close(self) -> None: ...


@dataclass(frozen=True, slots=True)
class Plan:
    """What one run does with one account; the settings of the same names explain the fields.

    `abort` ends what `connect` began, connecting included, and is called from another thread. `since` is None, or the
    moment (datetime.min: all) back to which `fetch --since` lowers the floor.
    """

    account: str
    connect: Callable[[], Session]
    abort: Callable[[], None]
    patterns: tuple[router.Pattern, ...]
    headers: tuple[str, ...]
    folders: tuple[str, ...] = ("INBOX",)
    take: Literal["new", "unseen"] = "new"
    after: Literal["seen", "keyword", "move", "delete", "leave"] = "seen"
    keyword: str = "mailpoll"
    move_to: str = "Processed"
    scope: Literal["addressed", "all"] = "addressed"
    channel: str | None = None
    max_message_size: int = 50_000_000
    limit: int | None = None
    since: datetime | None = None

    @property
    def after_waits(self) -> bool:
        """Whether `after` waits until every delivery of a mail is final."""
        return self.after in ("move", "delete")


# What the thread tells the main thread. Each carries its Collector, which is where an answer goes.


@dataclass(frozen=True, slots=True)
class Opened:
    """A folder is open; wants a Position."""

    sender: Collector
    info: FolderInfo


@dataclass(frozen=True, slots=True)
class Floored:
    """First contact (or --since) found the floor; wants no answer. `mark` is set when it was lowered."""

    sender: Collector
    folder_id: int
    floor: int
    mark: int | None


@dataclass(frozen=True, slots=True)
class Listed:
    """Candidate UIDs; wants those the ledger does not know, as a tuple."""

    sender: Collector
    folder_id: int
    uids: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class NotOurs:
    """UIDs of mail that is not ours; wants no answer."""

    sender: Collector
    folder_id: int
    uids: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Batch:
    """Mails fetched; wants a Settle when they are read."""

    sender: Collector
    folder_id: int
    messages: tuple[RawMessage, ...]


@dataclass(frozen=True, slots=True)
class FolderEnded:
    """All of a folder was handed over, or (`complete` False) as much as the limit allows. `mark` is the UID up to
    which all is decided once the batches are stored. Wants a Settle."""

    sender: Collector
    folder_id: int
    mark: int
    complete: bool


@dataclass(frozen=True, slots=True)
class Settled:
    """What `after` asks was done for these UIDs; `note` says so when it was not quite what was asked."""

    sender: Collector
    folder_id: int
    uids: tuple[int, ...]
    note: str = ""


@dataclass(frozen=True, slots=True)
class Fetched:
    """Every folder was handed over; wants Settles and at last Goodbye."""

    sender: Collector


@dataclass(frozen=True, slots=True)
class Ended:
    """The thread is at its end; `error` is what stopped it."""

    sender: Collector
    error: BaseException | None


Report = Opened | Floored | Listed | NotOurs | Batch | FolderEnded | Settled | Fetched | Ended


# What the main thread answers.


@dataclass(frozen=True, slots=True)
class Settle:
    """Do what `after` asks for these UIDs of this folder."""

    folder_id: int
    folder: str
    uids: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Goodbye:
    """Nothing more is wanted: log out."""


class Collector:
    """The thread of one account. `reports` is shared by all accounts and bounded, so that a slow store slows the
    fetching down instead of filling memory; answers come through a queue of its own."""

    def __init__(self, plan: Plan, reports: queue.Queue[Report], stop: threading.Event) -> None:
        self.plan = plan
        self._reports = reports
        self._stop = stop
        self._gone = threading.Event()
        self._answers: queue.Queue[object] = queue.Queue()
        self._session: Session | None = None
        self._open: FolderInfo | None = None
        self._left = plan.limit
        self._owed = 0
        self._thread = threading.Thread(target=self._run, name=f"account.{plan.account}", daemon=True)

    def start(self) -> None:
        """Starts the thread."""
        self._thread.start()

    def answer(self, answer: object) -> None:
        """Hands an answer to the thread; called by the main thread, never blocks."""
        self._answers.put(answer)

    def abort(self) -> None:
        """Ends the thread's work at once by closing its socket; called by the main thread."""
        self._gone.set()
        self.plan.abort()

    def join(self, timeout: float) -> None:
        """Waits for the thread, at most `timeout` seconds."""
        self._thread.join(timeout)

    def _run(self) -> None:
        error: BaseException | None = None
        try:
            self._session = self.plan.connect()
            self._collect()
        except RunError as problem:
            error = problem
        except Exception as problem:  # a bug of ours: told by the main thread, with its traceback in the log
            error = problem
        finally:
            if self._session is not None:
                self._session.close()
        with contextlib.suppress(Unavailable):
            self._tell(Ended(self, error), last=True)

    def _collect(self) -> None:
        for folder in self.plan.folders:
            if self._stop.is_set():
                break
            self._collect_folder(folder)
        self._tell(Fetched(self))
        while not isinstance(answer := self._answer(), Goodbye):
            self._obey(answer)

    def _collect_folder(self, folder: str) -> None:
        info = self._select(folder)
        self._tell(Opened(self, info))
        position = self._answer_to(Position)
        upto = info.uidnext - 1
        floor = self._floor(position, upto)
        uids = self._list(position, floor, upto)
        ours, others = self._sort(uids)
        self._tell(NotOurs(self, position.folder_id, others))
        taken = ours if self._left is None else ours[: self._left]
        for messages in self._batches(taken):
            self._tell(Batch(self, position.folder_id, messages))
            self._owed += 1
            # While the main thread stores and reads, the next batch is fetched; but never a second large mail.
            self._obey_all(wait=sum(raw.size for raw in messages) > LARGE)
            if self._stop.is_set():
                break
        # What the server has but would not give is not decided: the mark must not pass it.
        complete = taken == ours and not self._stop.is_set() and not self._need().refused()
        self._tell(FolderEnded(self, position.folder_id, upto if complete else 0, complete))
        self._owed += 1
        self._obey_all(wait=True)

    def _floor(self, position: Position, upto: int) -> int:
        """The UID up to which nothing is looked at: found once, at first contact, and lowered by --since."""
        since, session = self.plan.since, self._need()
        if since is not None:
            found = 0 if since.year == 1 else session.last_uid_before(since, upto)
            floor = found if position.floor is None else min(found, position.floor)
            if floor != position.floor:
                self._tell(Floored(self, position.folder_id, floor, min(floor, position.mark)))
            return floor
        if position.floor is not None:
            return position.floor
        floor = session.last_uid_before(position.new_since, upto)
        self._tell(Floored(self, position.folder_id, floor, None))
        return floor

    def _list(self, position: Position, floor: int, upto: int) -> tuple[int, ...]:
        if upto <= floor:
            return ()
        mark = None if self.plan.take == "unseen" else max(floor, min(position.mark, upto))
        if self.plan.since is not None and mark is not None:
            mark = floor
        uids = self._need().search(above=floor, unseen_or_above=mark, upto=upto)
        if not uids:
            return ()
        self._tell(Listed(self, position.folder_id, uids))
        return self._answer_to(tuple)

    def _sort(self, uids: Sequence[int]) -> tuple[tuple[Candidate, ...], tuple[int, ...]]:
        """The candidates that are ours, and the UIDs of the others. A UID that vanished is in neither."""
        ours: list[Candidate] = []
        others: list[int] = []
        for candidate in self._need().candidates(uids, self.plan.headers) if uids else ():
            if self.plan.scope == "all" or self._is_ours(candidate):
                ours.append(candidate)
            else:
                others.append(candidate.uid)
        return tuple(ours), tuple(others)

    def _is_ours(self, candidate: Candidate) -> bool:
        return bool(router.recipients(candidate.headers, self.plan.patterns, self.plan.headers))

    def _batches(self, taken: Sequence[Candidate]) -> Iterator[tuple[RawMessage, ...]]:
        session = self._need()
        small = [candidate for candidate in taken if candidate.size <= self.plan.max_message_size]
        if self._left is not None:
            self._left -= len(taken)
        yield from session.fetch(small)
        for candidate in taken:
            if candidate.size > self.plan.max_message_size:
                headers = session.fetch_headers(candidate)
                if headers is not None:
                    yield (headers,)

    def _obey_all(self, *, wait: bool) -> None:
        """Obeys the Settles that are owed to us: all of them, or those that are there already."""
        while self._owed and (wait or not self._answers.empty()):
            self._obey(self._answer())
            self._owed -= 1

    def _obey(self, answer: object) -> None:
        if isinstance(answer, Settle) and answer.uids:
            info = self._select(answer.folder)
            note = "the folder is read-only here: flags stay as they are" if info.read_only else ""
            if not info.read_only:
                note = self._settle(answer.uids)
            self._tell(Settled(self, answer.folder_id, () if info.read_only else answer.uids, note))

    def _settle(self, uids: Sequence[int]) -> str:
        """Does what `after` asks; returns what had to be done otherwise, in words."""
        plan, session = self.plan, self._need()
        if plan.after == "seen":
            session.mark_seen(uids)
        elif plan.after == "keyword" and not session.add_keyword(uids, plan.keyword):
            session.mark_seen(uids)
            return "the server keeps no keywords: mails are marked as seen instead"
        elif plan.after == "move" and not session.move(uids, plan.move_to):
            return "the server has no UIDPLUS: mails were copied, the originals are only flagged as deleted"
        elif plan.after == "delete" and not session.delete(uids):
            return "the server has no UIDPLUS: mails are only flagged as deleted, not expunged"
        return ""

    def _select(self, folder: str) -> FolderInfo:
        if self._open is None or self._open.name != folder:
            self._open = self._need().open(folder)
        return self._open

    def _need(self) -> Session:
        if self._session is None:
            raise AssertionError("no session")
        return self._session

    def _tell(self, report: Report, *, last: bool = False) -> None:
        """Puts a report, waiting while the main thread is busy; gives up when the run is over."""
        patience = LAST_WORD_S if last else PUT_PATIENCE_S
        while True:
            try:
                self._reports.put(report, timeout=patience)
                return
            except queue.Full:
                if self._gone.is_set():
                    raise Unavailable("the run was at its end", about=f"account.{self.plan.account}") from None

    def _answer(self) -> object:
        while True:
            try:
                return self._answers.get(timeout=PUT_PATIENCE_S)
            except queue.Empty:
                if self._gone.is_set():
                    raise Unavailable("the run was at its end", about=f"account.{self.plan.account}") from None

    def _answer_to(self, kind: type[_Answer]) -> _Answer:
        answer = self._answer()
        if not isinstance(answer, kind):
            raise AssertionError(f"expected {kind}, got {answer!r}")
        return answer
