"""What does not work and who was told, the posts that were tried in vain, and the logins that are left alone."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from msgspec import Struct
from msgspec.structs import asdict, fields, replace
from sqlalchemy.engine import Engine

from mailpoll.model import Refusal, Trouble
from mailpoll.store import schema
from mailpoll.store.engine import in_turn, transaction, upsert
from mailpoll.store.outbox import WAITING


class Waiting(Struct, frozen=True):
    """Posts that a destination has still to take: how many in all, how many of them were tried in vain and are tried
    again by themselves, what the last such try met, and how many are held for a person."""

    destination: str
    posts: int
    tried: int
    error: str
    held: int = 0


class Troubles:
    """The open troubles of the store. Every method is one transaction; all raise the errors of mailpoll.errors."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def list(self) -> tuple[Trouble, ...]:
        """All that are open, told or not, by what they are about; what has no sentence is no trouble."""
        return tuple(trouble for trouble in self.kept() if trouble.ended_at is None)

    def kept(self) -> tuple[Trouble, ...]:
        """Those that are open, and those that are over while somebody is still to be alerted of that, or shortly after:
        what comes and goes is known by them."""
        t = schema.trouble
        with transaction(self._engine, writes=False) as connection:
            rows = connection.execute(sa.select(t).where((t.c.status != 0) | (t.c.sentence != "")).order_by(t.c.about))
            return tuple(map(_trouble, rows))

    def save(self, open_: Sequence[Trouble], ended: Sequence[str] = ()) -> None:
        """Writes those of `open_` anew and forgets those about `ended`. Who was alerted of one of them in the meantime,
        by another host, stays so."""
        if not open_ and not ended:
            return
        t = schema.trouble
        with transaction(self._engine) as connection:
            in_turn(connection, "troubles")  # two hosts tell of the same destinations, in any order
            connection.execute(t.delete().where(t.c.about.in_(ended)))
            here = _about(connection, [trouble.about for trouble in open_])
            for trouble in open_:
                before = here.get(trouble.about)
                marks = before.alerted if before and before.began_at == trouble.began_at else ()
                alerted = tuple(dict.fromkeys((*trouble.alerted, *marks)))
                upsert(connection, t, _columns(replace(trouble, alerted=alerted)))

    def change(self, abouts: Collection[str], change: Callable[[Trouble], Trouble | None]) -> None:
        """Writes what `change` makes of those about `abouts` as they are now; None forgets one."""
        t = schema.trouble
        with transaction(self._engine) as connection:
            in_turn(connection, "troubles")
            for about, before in _about(connection, abouts).items():
                after = change(before)
                if after is None:
                    connection.execute(t.delete().where(t.c.about == about))
                elif after != before:
                    upsert(connection, t, _columns(after))

    def told_at(self, about: str) -> datetime | None:
        """When something was told last, be it a trouble or not; None: never."""
        t = schema.trouble
        with transaction(self._engine, writes=False) as connection:
            return connection.scalar(sa.select(t.c.told_at).where(t.c.about == about))

    def unrouted(self, since: datetime | None, until: datetime) -> int:
        """How many of the mails for addresses that no channel has were read after `since` (None: ever), by `until`."""
        m = schema.message
        # The first condition is that of the index: nothing is looked at where there is no such mail.
        query = sa.select(sa.func.count()).where(m.c.state != "read", m.c.state == "unrouted", m.c.read_at <= until)
        with transaction(self._engine, writes=False) as connection:
            return connection.scalar(query if since is None else query.where(m.c.read_at > since)) or 0

    def waiting(self) -> tuple[Waiting, ...]:
        """The destinations that have still to take posts, by name."""
        d = schema.delivery
        in_vain = (d.c.state == "delayed") | ((d.c.state == "uncertain") & d.c.due_at.is_not(None))
        held = (d.c.state == "uncertain") & d.c.due_at.is_(None)
        last = sa.select(sa.func.max(d.c.id).label("id")).where(in_vain).group_by(d.c.destination)
        counts = (
            sa.select(
                d.c.destination,
                sa.func.count().label("posts"),
                sa.func.count().filter(in_vain).label("tried"),
                sa.func.count().filter(held).label("held"),
            )
            .where(d.c.state.in_(WAITING))
            .group_by(d.c.destination)
            .order_by(d.c.destination)
        )
        with transaction(self._engine, writes=False) as connection:
            rows = connection.execute(counts).all()
            if not rows:
                return ()
            told = connection.execute(sa.select(d.c.destination, d.c.error).where(d.c.id.in_(last)))
            errors = {r.destination: r.error for r in told}
        return tuple(Waiting(r.destination, r.posts, r.tried, errors.get(r.destination, ""), r.held) for r in rows)


class Refusals:
    """The logins that are left alone for a while. Every method is one transaction."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def list(self) -> tuple[Refusal, ...]:
        """All there are, by account."""
        r = schema.refusal
        with transaction(self._engine, writes=False) as connection:
            rows = connection.execute(sa.select(*(r.c[each.name] for each in fields(Refusal))).order_by(r.c.account))
            return tuple(Refusal(*row) for row in rows)

    def save(self, refusals: Sequence[Refusal], ended: Sequence[str] = ()) -> None:
        """Writes those of `refusals` anew and forgets those of the accounts `ended`."""
        if not refusals and not ended:
            return
        r = schema.refusal
        with transaction(self._engine) as connection:
            in_turn(connection, "troubles")
            connection.execute(r.delete().where(r.c.account.in_(ended)))
            for one in refusals:
                upsert(connection, r, asdict(one))


def _about(connection: sa.Connection, abouts: Collection[str]) -> dict[str, Trouble]:
    t = schema.trouble
    rows = connection.execute(sa.select(t).where(t.c.about.in_(abouts))) if abouts else ()
    return {row.about: _trouble(row) for row in rows}


def _columns(trouble: Trouble) -> dict[str, object]:
    return {
        "about": trouble.about,
        "status": trouble.status,
        "sentence": trouble.sentence,
        "runs": trouble.runs,
        "began_at": trouble.began_at,
        "told_at": trouble.told_at,
        "told": " ".join(trouble.told),
        "alerted": " ".join(trouble.alerted),
        "ended_at": trouble.ended_at,
    }


def _trouble(row: sa.Row[Any]) -> Trouble:
    words = tuple(row.told.split()), tuple(row.alerted.split())
    return Trouble(
        row.about, row.status, row.sentence, row.runs, row.began_at, row.told_at, *words, ended_at=row.ended_at
    )  # fmt: skip
