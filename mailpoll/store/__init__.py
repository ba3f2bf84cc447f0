"""The SQL: channels, addresses, messages, ledger, deliveries; one Store is used by one thread."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from pathlib import Path
from types import TracebackType

from sqlalchemy.engine import make_url

from mailpoll.store import retention, status
from mailpoll.store.addresses import ANY
from mailpoll.store.channels import Channel, Channels
from mailpoll.store.deliveries import idempotency_key
from mailpoll.store.engine import bring_up_to_date, connect, empty_journal
from mailpoll.store.ledger import Ledger
from mailpoll.store.locks import RunLock
from mailpoll.store.messages import Entry, Messages
from mailpoll.store.outbox import Outbox
from mailpoll.store.status import DestinationState, LettingGo, Overview
from mailpoll.store.troubles import Refusals, Troubles
from mailpoll.store.turns import turn

__all__ = [
    "ANY",
    "Channel",
    "DestinationState",
    "Entry",
    "LettingGo",
    "Overview",
    "Store",
    "idempotency_key",
    "run_lock",
]


class Store:
    """An open store, its schema up to date. A context manager; raises the errors of mailpoll.errors.

    `password` is that of the user in a PostgreSQL URL.
    """

    def __init__(self, url: str, password: str | None = None) -> None:
        self._engine = connect(url, password)
        try:
            bring_up_to_date(self._engine)
        except BaseException:
            self._engine.dispose()
            raise
        self._turn = turn(self._engine)
        self.channels = Channels(self._engine)
        self.ledger = Ledger(self._engine, self._turn)
        self.messages = Messages(self._engine)
        self.outbox = Outbox(self._engine, self._turn)
        self.troubles = Troubles(self._engine)
        self.refusals = Refusals(self._engine)

    def __enter__(self) -> Store:
        return self

    @contextmanager
    def run(self, accounts: Collection[str] = ()) -> Iterator[frozenset[str] | None]:
        """The turn of a run: gives those of `accounts` that no other run works on, and None when there is nothing left
        for this one, which without accounts means: no mail that `receive` took. See mailpoll.store.turns."""
        mine = self._turn.begin(accounts)
        try:
            yield mine
        finally:
            if mine is not None:
                self._turn.end()

    @contextmanager
    def alone(self, what: str) -> Iterator[bool]:
        """Whether no other run, on whatever host, does `what` at the same time; none begins it before this one has
        ended."""
        mine = self._turn.take(what)
        try:
            yield mine
        finally:
            if mine:
                self._turn.leave(what)

    def trim(self, now: datetime, *, raw: timedelta, unfinished: timedelta) -> int:
        """Lets go of the bytes of mails that nobody needs any more; see retention.trim."""
        return retention.trim(self._engine, now, raw=raw, unfinished=unfinished)

    def empty_journal(self) -> None:
        """Has all that was written in the file itself, where there is a journal beside it."""
        if self._engine.dialect.name == "sqlite":
            empty_journal(self._engine)

    def overview(
        self, now: datetime, destinations: Collection[str] = (), *, unfinished: timedelta, ahead: timedelta
    ) -> Overview:
        """How the store stands; see status.overview."""
        return status.overview(self._engine, now, destinations, unfinished=unfinished, ahead=ahead)

    def addressed(self) -> dict[str, int]:
        """How many addresses in use lead to each channel that has any."""
        return status.addressed(self._engine)

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._engine.dispose()


def run_lock(url: str) -> RunLock:
    """The lock that belongs to the store at `url`."""
    return RunLock(Path(make_url(url).database or ""))
