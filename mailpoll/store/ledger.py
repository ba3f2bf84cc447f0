"""What came in: folders and their ledger, the raw bytes, and the way of a message from accepted to read."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Sequence
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from msgspec.structs import replace
from sqlalchemy.engine import Connection, Engine, Row

from mailpoll.model import Position, RawMessage, Reading, Unread
from mailpoll.store import deliveries, retention, schema
from mailpoll.store.engine import in_turn, portions, transaction
from mailpoll.store.turns import Turn


class Ledger:
    """The messages of the store. Every method is one transaction; all raise the errors of mailpoll.errors."""

    def __init__(self, engine: Engine, turn: Turn) -> None:
        self._engine = engine
        self._turn = turn

    def position(self, account: str, folder: str, uidvalidity: int, *, margin_s: float, overlap_s: float) -> Position:
        """Where this folder stands, made when met for the first time.

        A folder met anew starts `margin_s` before the store was made; one whose UIDVALIDITY changed (RFC 9051
        §2.3.1.1) `overlap_s` before the last good poll of its predecessor.
        """
        folders = schema.folder
        with transaction(self._engine) as connection:
            position = _position(connection, (account, folder, uidvalidity), margin_s, overlap_s)
            if position.folder_id:
                return position
            new = connection.execute(
                folders.insert().values(account=account, name=folder, uidvalidity=uidvalidity)
            ).inserted_primary_key
            return replace(position, folder_id=_only(new))

    def peek(self, account: str, folder: str, uidvalidity: int, *, margin_s: float, overlap_s: float) -> Position:
        """As position(), for those who must not write: a folder that was never met has the number 0."""
        with transaction(self._engine, writes=False) as connection:
            return _position(connection, (account, folder, uidvalidity), margin_s, overlap_s)

    def set_floor(self, folder_id: int, floor: int, *, mark: int) -> None:
        """Fixes the UID up to which nothing is looked at, and the one up to which all is decided."""
        folders = schema.folder
        with transaction(self._engine) as connection:
            connection.execute(folders.update().where(folders.c.id == folder_id).values(floor=floor, mark=mark))

    def unknown(self, folder_id: int, uids: Sequence[int], *, again: bool = False) -> tuple[int, ...]:
        """Those of `uids` that the ledger has not decided, in order; `again` as if the skipped ones were forgotten."""
        decided: set[int] = set()
        tables = (schema.message,) if again else (schema.message, schema.skipped)
        with transaction(self._engine, writes=False) as connection:
            for some in portions(uids):
                for table in tables:
                    rows = connection.execute(
                        sa.select(table.c.uid).where(table.c.folder_id == folder_id, table.c.uid.in_(some))
                    )
                    decided.update(row.uid for row in rows)
        return tuple(uid for uid in uids if uid not in decided)

    def skip(self, folder_id: int, uids: Sequence[int]) -> None:
        """Notes that these mails are not ours; nothing of them is kept but the number."""
        if uids:
            with transaction(self._engine) as connection:
                connection.execute(schema.skipped.insert(), [{"folder_id": folder_id, "uid": uid} for uid in uids])

    def forget_skipped(self, folder_id: int, above: int) -> None:
        """Makes the mails with higher UIDs that were not ours candidates again: what is ours may have changed."""
        skipped = schema.skipped
        with transaction(self._engine) as connection:
            connection.execute(skipped.delete().where(skipped.c.folder_id == folder_id, skipped.c.uid > above))

    def polled(self, folder_id: int, mark: int, now: datetime, candidates: Collection[int] | None = None) -> None:
        """Notes that the folder was listed to its end and every UID up to `mark` is decided. With `candidates`, which
        are all it had, the others that were not ours are let go: see retention.forget_skipped."""
        folders = schema.folder
        with transaction(self._engine) as connection:
            connection.execute(
                folders.update()
                .where(folders.c.id == folder_id)
                .values(mark=sa.case((folders.c.mark < mark, mark), else_=folders.c.mark), polled_at=now)
            )
            if candidates is not None:
                retention.forget_skipped(connection, folder_id, candidates)

    def looked_through(self, accounts: Collection[str], at: datetime) -> None:
        """Notes that nothing was new in any folder of these accounts at a moment, which runs that find nothing to do
        write down elsewhere."""
        f = schema.folder
        with transaction(self._engine) as connection:
            in_turn(connection, "folders")  # two hosts may note it of the same folders, in any order
            mine = f.c.account.in_(tuple(accounts)) & (f.c.polled_at < at)
            # Folders that got another UIDVALIDITY since have had their last poll.
            newest = sa.select(sa.func.max(f.c.id)).group_by(f.c.account, f.c.name)
            connection.execute(f.update().where(mine, f.c.id.in_(newest)).values(polled_at=at))

    def accept(
        self,
        messages: Iterable[RawMessage],
        now: datetime,
        *,
        folder_id: int | None = None,
        sent_to: str = "",
        begun: bool = False,
    ) -> dict[int, RawMessage]:
        """Commits the bytes of `messages` and returns them by their ids. A UID the ledger has is passed over. With
        `begun` their first reading begins now; see begin_reading."""
        with transaction(self._engine) as connection:
            uids = [raw.uid for raw in messages if raw.uid is not None]
            known = _known_uids(connection, folder_id, uids) if uids else set()
            new = [raw for raw in messages if raw.uid is None or raw.uid not in known]
            ids = _insert_messages(connection, new, now, folder_id, sent_to, begun) if new else ()
        return dict(zip(ids, new, strict=True))

    def unread(self, limit: int) -> tuple[Unread, ...]:
        """Up to `limit` accepted messages, oldest first; in a run those of its accounts, so that none is read twice."""
        m, f = schema.message, schema.folder
        ours: sa.ColumnElement[bool] = sa.true()
        if self._turn.accounts is not None:
            ours = sa.func.coalesce(f.c.account, "").in_(self._turn.accounts)
        with transaction(self._engine, writes=False) as connection:
            rows = connection.execute(
                sa.select(m.c.id, m.c.attempts, m.c.size, m.c.oversize_of, m.c.sent_to, f.c.account)
                .outerjoin(f, f.c.id == m.c.folder_id)
                .where(m.c.state == "accepted", ours)
                .order_by(m.c.id)
                .limit(limit)
            )
            return tuple(
                Unread(row.id, row.account or "", row.attempts, row.size, row.oversize_of, row.sent_to) for row in rows
            )

    def begin_reading(self, ids: Sequence[int]) -> None:
        """Counts an attempt for each, committed before a reader sees the first byte."""
        self._count_attempts(ids, 1)

    def give_back(self, ids: Sequence[int]) -> None:
        """Takes an attempt back: the reading was stopped by us, not by the mail."""
        self._count_attempts(ids, -1)

    def _count_attempts(self, ids: Sequence[int], by: int) -> None:
        messages = schema.message
        if ids:
            with transaction(self._engine) as connection:
                self._turn.check(connection)
                connection.execute(
                    messages.update().where(messages.c.id.in_(ids)).values(attempts=messages.c.attempts + by)
                )

    def chunks(self, message_id: int) -> Iterator[bytes]:
        """The raw bytes in slices of at most 1 MB; none when they were let go."""
        numbers = sa.select(schema.raw.c.n).where(schema.raw.c.message_id == message_id).order_by(schema.raw.c.n)
        with transaction(self._engine, writes=False) as connection:
            rows = [row.n for row in connection.execute(numbers)]
        for n in rows:
            with transaction(self._engine, writes=False) as connection:
                data = connection.scalar(
                    sa.select(schema.raw.c.data).where(schema.raw.c.message_id == message_id, schema.raw.c.n == n)
                )
            yield bytes(data or b"")

    def record(self, readings: Sequence[tuple[int, Reading]], now: datetime) -> None:
        """Commits what reading these messages led to: their state and facts, and a delivery for each post.

        A post whose (channel, destination, place, content key) already has a delivery becomes `duplicate`. Posts to
        `store` are delivered here and now: they are rows of this very transaction. A message that a person dropped
        in the meantime stays dropped.
        """
        with transaction(self._engine) as connection:
            in_turn(connection, "record")  # two processes may have two copies of one mail, which make one post
            waiting = _accepted(connection, [message_id for message_id, _ in readings])
            wanted = [(message_id, reading) for message_id, reading in readings if message_id in waiting]
            if wanted:
                _update_messages(connection, wanted, now)
                deliveries.insert(connection, wanted, now)

    def due_after(self, folder_id: int, *, final_only: bool) -> tuple[int, ...]:
        """UIDs of this folder whose `after` is still to be done: all that are read, or (move, delete) only those that
        are final, never oversize, held, unrouted or quarantined ones."""
        messages, posts = schema.message, schema.delivery
        condition = sa.and_(messages.c.folder_id == folder_id, messages.c.after == "due")
        if final_only:
            open_deliveries = sa.exists().where(
                posts.c.message_id == messages.c.id, posts.c.state.not_in(deliveries.FINAL)
            )
            condition &= messages.c.state.in_(("read", "ignored")) & (messages.c.oversize_of == 0) & ~open_deliveries
        with transaction(self._engine, writes=False) as connection:
            rows = connection.execute(sa.select(messages.c.uid).where(condition).order_by(messages.c.uid))
            return tuple(row.uid for row in rows)

    def after_done(self, folder_id: int, uids: Sequence[int]) -> None:
        """Notes that what `after` asks was done on the server for these UIDs."""
        messages = schema.message
        if uids:
            with transaction(self._engine) as connection:
                for some in portions(uids):
                    connection.execute(
                        messages.update()
                        .where(messages.c.folder_id == folder_id, messages.c.uid.in_(some))
                        .values(after="done")
                    )


def _position(connection: Connection, named: tuple[str, str, int], margin_s: float, overlap_s: float) -> Position:
    """Where the folder of this account, name and UIDVALIDITY stands; 0 is the number of one that was never met."""
    f = schema.folder
    same = (f.c.account == named[0]) & (f.c.name == named[1])
    known = connection.execute(sa.select(f).where(same, f.c.uidvalidity == named[2])).first()
    polled = connection.scalar(sa.select(sa.func.max(f.c.polled_at)).where(same))
    made = connection.scalar(sa.select(schema.store_info.c.created_at))
    if made is None:
        raise AssertionError("the store has no birthday: bring_up_to_date() was not called")
    since = moment_before(made, margin_s) if polled is None else moment_before(polled, overlap_s)
    renumbered = polled is not None
    if known is None:
        return Position(0, None, 0, since, renumbered)
    return Position(known.id, known.floor, known.mark, since, renumbered)


def moment_before(moment: datetime, seconds: float) -> datetime:
    """The moment `seconds` earlier."""
    return datetime.fromtimestamp(moment.timestamp() - seconds, tz=moment.tzinfo)


def _only(key: Row[Any] | None) -> int:
    if key is None:
        raise AssertionError("an INSERT returned no key")
    return int(key[0])


def _accepted(connection: Connection, ids: Sequence[int]) -> set[int]:
    m = schema.message
    # Locked, so that nobody drops one while its posts are made.
    return set(connection.scalars(sa.select(m.c.id).where(m.c.id.in_(ids), m.c.state == "accepted").with_for_update()))


def _known_uids(connection: Connection, folder_id: int | None, uids: Sequence[int]) -> set[int]:
    m = schema.message
    known: set[int] = set()
    for some in portions(uids):
        known.update(connection.scalars(sa.select(m.c.uid).where(m.c.folder_id == folder_id, m.c.uid.in_(some))))
    return known


def _insert_messages(
    connection: Connection, raws: Sequence[RawMessage], now: datetime, folder_id: int | None, sent_to: str, begun: bool
) -> Sequence[int]:
    rows = [
        {
            "folder_id": folder_id,
            "uid": raw.uid,
            "state": "accepted",
            "size": raw.size,
            "oversize_of": raw.oversize_of,
            "internaldate": raw.internaldate,
            "accepted_at": now,
            "sent_to": sent_to,
            "attempts": int(begun),
        }
        for raw in raws
    ]
    insert = schema.message.insert().returning(schema.message.c.id, sort_by_parameter_order=True)
    ids = connection.scalars(insert, rows).all()
    slices = [
        {"message_id": message_id, "n": n, "data": data}
        for message_id, raw in zip(ids, raws, strict=True)
        for n, data in enumerate(raw.chunks)
    ]
    if slices:  # there are mails without a single octet
        connection.execute(schema.raw.insert(), slices)
    return ids


def _update_messages(connection: Connection, readings: Sequence[tuple[int, Reading]], now: datetime) -> None:
    m = schema.message
    rows = [
        {
            "number": message_id,
            "then": "" if reading.outcome == "quarantined" else "due",
            "state": "read" if reading.outcome == "posted" else reading.outcome,
            "reason": reading.reason,
            "read_at": now,
            "content_key": reading.facts.content_key,
            "message_id": reading.facts.message_id,
            "sender": reading.facts.sender,
            "subject": reading.facts.subject,
            "date": reading.facts.date,
            "defects": "\n".join(reading.facts.defects),
        }
        for message_id, reading in readings
    ]
    # Nothing is done on the server for a mail that nobody could read, nor for one that did not come from it.
    after = sa.case((m.c.uid.is_(None), ""), else_=sa.bindparam("then"))
    columns: dict[str, Any] = {name: sa.bindparam(name) for name in rows[0] if name not in ("number", "then")}
    connection.execute(m.update().where(m.c.id == sa.bindparam("number")).values(after=after, **columns), rows)
