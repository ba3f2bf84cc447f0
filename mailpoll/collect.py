"""One account's thread: IMAP and nothing else. It lists, fetches and flags; the main thread decides and stores."""

from __future__ import annotations

import contextlib
import queue
import threading
from collections.abc import Iterator, Sequence
from typing import TypeVar

from mailpoll import router
from mailpoll.dialogue import (
    Answer,
    Batch,
    Ended,
    Fetched,
    Floored,
    FolderEnded,
    Goodbye,
    Listed,
    NotOurs,
    Opened,
    Plan,
    Report,
    Session,
    Settle,
    Settled,
)
from mailpoll.errors import RunError, Unavailable
from mailpoll.model import Candidate, FolderInfo, Position, RawMessage

PUT_PATIENCE_S = 0.2
# Octets of a batch that is not overlapped with the next one, so that memory holds one such mail at a time.
LARGE = 8_000_000
# How long the main thread is given to hear how a thread ended, once the run is over.
LAST_WORD_S = 2.0

_Kind = TypeVar("_Kind")


class Collector:
    """The thread of one account. `reports` is shared by all accounts and bounded, so that a slow store slows the
    fetching down instead of filling memory; answers come through a queue of its own."""

    def __init__(self, plan: Plan, reports: queue.Queue[Report], stop: threading.Event) -> None:
        self.plan = plan
        self._reports = reports
        self._stop = stop
        self._gone = threading.Event()
        self._answers: queue.Queue[Answer] = queue.Queue()
        self._session: Session | None = None
        self._open: FolderInfo | None = None
        self._left = plan.limit
        self._owed = 0
        self._thread = threading.Thread(target=self._run, name=f"account.{plan.account}", daemon=True)

    def start(self) -> None:
        """Starts the thread."""
        self._thread.start()

    def answer(self, answer: Answer) -> None:
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

    def _obey(self, answer: Answer) -> None:
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

    def _answer(self) -> Answer:
        while True:
            try:
                return self._answers.get(timeout=PUT_PATIENCE_S)
            except queue.Empty:
                if self._gone.is_set():
                    raise Unavailable("the run was at its end", about=f"account.{self.plan.account}") from None

    def _answer_to(self, kind: type[_Kind]) -> _Kind:
        answer = self._answer()
        if not isinstance(answer, kind):
            raise AssertionError(f"expected {kind}, got {answer!r}")
        return answer
