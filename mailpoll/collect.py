"""One account's thread: IMAP and nothing else. It lists, fetches and flags; the main thread decides and stores."""

from __future__ import annotations

import contextlib
import queue
import threading
from collections.abc import Sequence
from typing import TypeVar

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
    Polled,
    Report,
    Session,
    Settle,
    Settled,
)
from mailpoll.errors import AccessDenied, ConfigError, ProtocolError, RunError, Unavailable
from mailpoll.listing import AHEAD, FEW, KEPT, Queue, Sorted, apart, batches, candidates, portions, sort
from mailpoll.model import FolderInfo, Position

PUT_PATIENCE_S = 0.2
# Octets of a batch that is not overlapped with the next one, so that memory holds one such mail at a time.
LARGE = 8_000_000
# How long the main thread is given to hear how a thread ended, once the run is over.
LAST_WORD_S = 2.0

# What is wrong with one folder (missing, forbidden, odd), and does not end the connection.
FOLDER_TROUBLES = (ConfigError, AccessDenied, ProtocolError)

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
        self._trouble: RunError | None = None
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

    def _run(self) -> None:
        error: BaseException | None = None
        try:
            self._session = self.plan.connect()
            self._collect()
            error = self._trouble
        except Unavailable as problem:
            error = self._trouble or problem  # what a person must put right is told first
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
        for folder in self._in_turn():
            if self._stop.is_set():
                break
            try:
                self._collect_folder(folder)
            except FOLDER_TROUBLES as problem:  # the other folders are not to blame
                self._trouble = self._trouble or problem
                self._obey_all(wait=True)
        self._tell(Fetched(self))
        while not isinstance(answer := self._answer(), Goodbye):
            self._obey(answer)

    def _collect_folder(self, folder: str) -> None:
        info = self._select(folder)
        self._tell(Opened(self, info))
        position = self._answer_to(Position)
        number, upto = position.folder_id, info.uidnext - 1
        listing = candidates(self.plan, self._need(), position, upto)
        if listing.floor is not None and (listing.changed or self.plan.since is not None):
            again = self.plan.since is not None
            self._tell(Floored(self, number, listing.floor, min(listing.floor, position.mark), again))
        complete = self._take_all(number, self._unknown(number, listing.uids))
        refused = self._need().refused()
        if refused:
            self._trouble = self._trouble or _refused(folder, refused)
        # What the server has but would not give is not decided: the mark must not pass it.
        mark = upto if complete and not refused else None
        polled = None
        if mark is not None and listing.floor is not None:
            polled = Polled(folder, info.uidvalidity, upto, listing.floor, listing.uids)
        self._tell(FolderEnded(self, number, mark, upto if listing.floor is None else None, polled))
        self._owed += 1
        self._obey_all(wait=True)

    def _unknown(self, folder_id: int, uids: tuple[int, ...]) -> tuple[int, ...]:
        if not uids:
            return ()
        self._tell(Listed(self, folder_id, uids))
        return self._answer_to(tuple)

    def _in_turn(self) -> tuple[str, ...]:
        """The folders, each run beginning with another: where there is not time for all, none is always the last."""
        folders = self.plan.folders
        first = self.plan.turn % len(folders)
        return (*folders[first:], *folders[:first])

    def _take_all(self, folder_id: int, uids: Sequence[int]) -> bool:
        """Hands over what is ours among these mails; False when limit or time ended it, never before a first batch.

        What is ours is looked for ahead of what is fetched: who waits behind a flood need not wait for its end. Where
        even that takes longer than a run, the newest mails of those to whom nothing else was found come last.
        """
        older, newest = apart(uids)
        at_the_end = self._sorted(folder_id, newest)
        queue, unseen = Queue(), len(older)
        for begun, some in enumerate(portions(older)):
            if begun and self._stop.is_set():
                return self._overtake(folder_id, queue.strangers(at_the_end))
            if self._left == 0:
                return False
            queue.add(self._sorted(folder_id, some))
            unseen -= len(some)
            if not unseen:
                queue.add(at_the_end)
            if not self._take(folder_id, queue, max(AHEAD, len(queue) - KEPT) if unseen else len(queue)):
                return self._overtake(folder_id, queue.strangers(at_the_end))
        return not queue

    def _overtake(self, folder_id: int, strangers: Sorted) -> bool:
        """Hands over some mails although not all before them were looked at. Always False: it is the end of a run."""
        queue = Queue()
        queue.add(strangers)
        if queue:
            self._take(folder_id, queue, FEW)
        return False

    def _sorted(self, folder_id: int, uids: Sequence[int]) -> Sorted:
        """Some of the mails, sorted; those that are not ours are told."""
        found = sort(self.plan, self._need(), uids)
        if uids:
            self._tell(NotOurs(self, folder_id, found.others))
        return found

    def _take(self, folder_id: int, queue: Queue, count: int) -> bool:
        """Hands over the next `count` mails, or as many as the limit lets; False when time ended it."""
        taken = queue.take(count if self._left is None else min(count, self._left))
        if self._left is not None:
            self._left -= len(taken)
        recipients = {candidate.uid: found for candidate, found in taken}
        for messages in batches(self.plan, self._need(), [candidate for candidate, _ in taken]):
            large = sum(raw.size for raw in messages) > LARGE
            self._tell(Batch(self, folder_id, messages, recipients, large))
            self._owed += 1
            # While the main thread stores and reads, the next batch is fetched; but never a second large mail.
            self._obey_all(wait=large)
            if self._stop.is_set():
                return False
        return True

    def _obey_all(self, *, wait: bool) -> None:
        """Obeys the Settles that are owed to us: all of them, or those that are there already."""
        while self._owed and (wait or not self._answers.empty()):
            self._obey(self._answer())
            self._owed -= 1

    def _obey(self, answer: Answer) -> None:
        if isinstance(answer, Settle) and answer.uids:
            done, note = False, ""
            try:
                done, note = self._settle_in(self._select(answer.folder), answer)
            except FOLDER_TROUBLES as problem:  # a refused STORE or MOVE: asked again by the next run
                self._trouble = self._trouble or problem
            self._tell(Settled(self, answer.folder_id, answer.uids if done else (), note))

    def _settle_in(self, info: FolderInfo, order: Settle) -> tuple[bool, str]:
        if info.uidvalidity != order.uidvalidity:
            # These UIDs mean other mails now, private ones perhaps (RFC 9051 §2.3.1.1).
            return False, f"{info.name} got a new UIDVALIDITY during the run: its mails are left as they are"
        if info.read_only:
            return False, f"{info.name} is read-only here: flags stay as they are"
        return True, self._settle(order.uids)

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
            self._open = None  # a folder that cannot be opened closes the one before
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


def _refused(folder: str, uids: frozenset[int]) -> ProtocolError:
    some = ", ".join(map(str, sorted(uids)[:5])) + (", …" if len(uids) > 5 else "")
    return ProtocolError(
        f"the server has {len(uids)} mails in {folder} that it does not give out (UID {some})",
        advice="Open them in another mail program, or move them away; all other mail is taken.",
    )
