"""What the main thread and an account's thread say to each other, and the plan they agree on beforehand."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import datetime
from typing import Literal, Protocol

from msgspec import Struct

from mailpoll import router
from mailpoll.model import Candidate, FolderInfo, Position, RawMessage, Recipient


class Session(Protocol):
    """A logged-in connection, one folder open at a time; mailpoll.imap has the real one. Raises RunErrors only."""

    def open(self, folder: str, *, read_only: bool = False) -> FolderInfo: ...

    def search(self, *, above: int, unseen_or_above: int | None, upto: int) -> tuple[int, ...]: ...

    def last_uid_before(self, cut: datetime, upto: int) -> int: ...

    def since(self, cut: datetime, upto: int) -> tuple[int, ...]: ...

    def candidates(self, uids: Sequence[int], headers: Sequence[str]) -> Iterator[Candidate]: ...

    def fetch(self, candidates: Sequence[Candidate]) -> Iterator[tuple[RawMessage, ...]]: ...

    def fetch_headers(self, candidate: Candidate) -> RawMessage | None: ...

    def refused(self) -> frozenset[int]: ...

    def mark_seen(self, uids: Sequence[int]) -> None: ...

    def add_keyword(self, uids: Sequence[int], keyword: str) -> bool: ...

    def move(self, uids: Sequence[int], folder: str) -> bool: ...

    def delete(self, uids: Sequence[int]) -> bool: ...

    def close(self) -> None: ...


class Plan(Struct, frozen=True):
    """What one run does with one account; the settings of the same names explain the fields.

    `abort` ends what `connect` began, connecting included, and is called from another thread. `since` is None, or the
    moment (datetime.min: all) back to which `fetch --since` lowers the floor. `turn` is a number that grows with the
    runs: it says with which folder this one begins.
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
    turn: int = 0

    @property
    def after_waits(self) -> bool:
        """Whether `after` waits until every delivery of a mail is final."""
        return self.after in ("move", "delete")


class Polled(Struct, frozen=True):
    """How a folder stood when all of it was decided: the highest UID, the floor, and the candidates there were, those
    that were known before included."""

    name: str
    uidvalidity: int
    upto: int
    floor: int
    candidates: tuple[int, ...]


class Sender(Protocol):
    """The thread that said something: whose plan it follows, where an answer goes, how it is ended at once."""

    plan: Plan

    def answer(self, answer: Answer) -> None: ...

    def abort(self) -> None: ...


# What the thread tells the main thread.


class Opened(Struct, frozen=True):
    """A folder is open; wants a Position."""

    sender: Sender
    info: FolderInfo


class Floored(Struct, frozen=True):
    """First contact (or, `again`, --since) found the floor; wants no answer."""

    sender: Sender
    folder_id: int
    floor: int
    mark: int
    again: bool = False


class Listed(Struct, frozen=True):
    """Candidate UIDs; wants those the ledger does not know, as a tuple."""

    sender: Sender
    folder_id: int
    uids: tuple[int, ...]


class NotOurs(Struct, frozen=True):
    """UIDs of mail that is not ours; wants no answer."""

    sender: Sender
    folder_id: int
    uids: tuple[int, ...]


class Batch(Struct, frozen=True):
    """Mails fetched, and the recipients of ours that each names, by UID; wants a Settle.

    One that is `large` wants it when its mails are read, and comes alone: no second one is in memory.
    """

    sender: Sender
    folder_id: int
    messages: tuple[RawMessage, ...]
    recipients: Mapping[int, tuple[Recipient, ...]]
    large: bool = False


class FolderEnded(Struct, frozen=True):
    """A folder was handed over: all of it, then `mark` is the UID up to which all is decided once the batches are
    stored, or as much as limit and time allow (`mark` None). `floor` is set where none could be known before, after a
    change of UIDVALIDITY. `polled` is None unless all is decided. Wants a Settle."""

    sender: Sender
    folder_id: int
    mark: int | None
    floor: int | None = None
    polled: Polled | None = None


class Settled(Struct, frozen=True):
    """What `after` asks was done for these UIDs; `note` says what was done otherwise, or why nothing was."""

    sender: Sender
    folder_id: int
    uids: tuple[int, ...]
    note: str = ""


class Fetched(Struct, frozen=True):
    """Every folder was handed over; wants Settles and at last Goodbye."""

    sender: Sender


class Ended(Struct, frozen=True):
    """The thread is at its end; `error` is what stopped it, or the first trouble that did not."""

    sender: Sender
    error: BaseException | None


Report = Opened | Floored | Listed | NotOurs | Batch | FolderEnded | Settled | Fetched | Ended


# What the main thread answers.


class Settle(Struct, frozen=True):
    """Do what `after` asks for these UIDs, which mean mails only as long as the folder has this UIDVALIDITY."""

    folder_id: int
    folder: str
    uidvalidity: int
    uids: tuple[int, ...]


class Goodbye(Struct, frozen=True):
    """Nothing more is wanted: log out."""


Answer = Position | tuple[int, ...] | Settle | Goodbye
