"""The n-th statement of a run fails: nothing is lost, nothing is doubled, and what is said is true.

The suite lets each kind of statement fail once, and every COMMIT of something written, on PostgreSQL every other one of
these; `MAILPOLL_LONG=1` all of them, in each way, once and for the rest of the run.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from servers import require
from servers.postgres import Postgres
from servers.postgres import missing as no_postgres
from servers.stateful_imap import StatefulImap
from support.fleet import Fleet, Ship
from support.trials import Zygote

LONG = os.environ.get("MAILPOLL_LONG") == "1"

# kind of SqlFault → the status of the run, and what it says.
SQLITE = {
    "full": (69, "the disk that holds the store is full. Free some space; nothing was lost, the next run goes on."),
    "locked": (69, "another program holds the store for too long. Find it with `fuser`; the next run tries again."),
    "failing": (69, "the disk that holds the store failed to read or write. Check the disk;"),
    "damaged": (78, "the store is damaged. Restore it from a backup, or start with a new file."),
    "unanswered": (69, "the disk that holds the store failed to read or write. Check the disk;"),
}
POSTGRESQL = {
    "ended": (69, "The next run tries again."),
    "crossed": (69, "another process changed the same thing at the same time"),
    "slow": (
        69,
        "the database took too long over a statement (canceling statement due to statement timeout). The next",
    ),
    "full": (69, "the database has no room left"),
    "unanswered": (69, "The next run tries again."),
}


@dataclass(frozen=True)
class Fault:
    """The statement that fails, counted from 1, and how; for `lasting` see SqlFault."""

    at: int
    kind: str
    lasting: bool = False


def chosen(statements: Sequence[str], kinds: Sequence[str]) -> Iterator[Fault]:
    """The faults to try for a run of these statements; only a COMMIT can be lost on its way back."""
    seen: set[str] = set()
    wrote = False
    turn = 0
    for at, statement in enumerate(statements, 1):
        commits = statement == "COMMIT"
        wrote = (wrote and statement != "BEGIN") or statement.startswith(("INSERT", "UPDATE", "DELETE"))
        possible = [kind for kind in kinds if commits or kind != "unanswered"]
        if LONG:
            yield from (Fault(at, kind, lasting) for kind in possible for lasting in (False, True))
        elif statement not in seen or (commits and wrote):
            turn += 1
            yield Fault(at, "unanswered" if commits and wrote and turn % 2 else possible[turn % len(possible)])
        seen.add(statement)
        wrote = wrote and not commits


class Trials:
    """Runs with one account, each with a new store: a file, or a database of `postgres`."""

    def __init__(self, folder: Path, postgres: Postgres | None) -> None:
        self._folder = folder
        self._postgres = postgres

    def statements(self) -> Sequence[str]:
        """Those of an undisturbed run."""
        with Zygote() as zygote:
            first, second, wrong = self._trial(zygote, Fault(10**9, "full"))
        assert (first["status"], second["status"], first["said"], wrong) == (0, 0, "", "")
        return list(first["steps"])

    def wrongs(self, faults: Sequence[Fault], expected: dict[str, tuple[int, str]]) -> list[str]:
        """What is not as it must be after a run with each fault and the next one without; two trials at a time."""

        def some(first: int) -> list[str]:
            with Zygote() as zygote:
                return [wrong for fault in faults[first::2] for wrong in self._wrong(zygote, fault, expected)]

        with ThreadPoolExecutor(2) as pool:
            return [wrong for wrongs in pool.map(some, (0, 1)) for wrong in wrongs]

    def _wrong(self, zygote: Zygote, fault: Fault, expected: dict[str, tuple[int, str]]) -> Iterator[str]:
        status, words = expected[fault.kind]
        first, second, wrong = self._trial(zygote, fault)
        if wrong:
            yield f"{fault}: {wrong}"
        # All is done when locks are let go, and they go with the session in any case.
        last = any("pg_advisory_unlock" in step for step in first["steps"][max(fault.at - 2, 0) : fault.at])
        if last and (first["status"], second["status"], first["said"]) == (0, 0, ""):
            return
        if (first["status"], second["status"]) != (status, 0):
            yield f"{fault}: status {first['status']}, then {second['status']}: {first['said']}{second['said']}"
        if words not in first["said"] or first["said"].startswith("Traceback"):
            yield f"{fault}: said {first['said']!r}"

    def _trial(self, zygote: Zygote, fault: Fault) -> tuple[dict[str, Any], dict[str, Any], str]:
        """The run with the fault, the next one, and what is wrong with mail and posts then."""
        database = self._postgres.database() if self._postgres else ""
        url, admin = "", ""
        if self._postgres:
            url = self._postgres.url(database)
            admin = f"host={self._postgres.folder} port={self._postgres.port} user=postgres dbname={database}"
        sql = {"at": fault.at, "kind": fault.kind, "lasting": fault.lasting, "admin": admin}
        with StatefulImap() as server:
            folder = self._folder / f"{fault.kind}-{fault.at}-{fault.lasting}"
            fleet = Fleet(folder, [Ship("main", server, "seen")], url)
            fetch = ("--config", str(fleet.site.config), "fetch")
            first = zygote.run(*fetch, sql_fault=sql)
            self._settle(database)
            second = zygote.run(*fetch)
            wrong = fleet.wrongs().get("main", "")
            place = f"postgresql://mailpoll@/{database}?" if database else str(folder / "mailpoll.db")
            if first["status"] and place not in first["said"]:
                wrong += f"; the store is not named: {first['said']}"
        self._settle(database, give_back=True)
        return first, second, wrong

    def _settle(self, database: str, *, give_back: bool = False) -> None:
        if self._postgres:
            self._postgres.settle(database)
            if give_back:
                self._postgres.give_back(database)


def tried(
    trials: Trials, expected: dict[str, tuple[int, str]], capsys: pytest.CaptureFixture[str], *, every: int
) -> None:
    """Tries the chosen faults, or every other; in the long mode all of them, and says how many."""
    statements = trials.statements()
    assert len(statements) > 60
    faults = list(chosen(statements, list(expected)))[:: 1 if LONG else every]
    wrongs = trials.wrongs(faults, expected)
    if LONG:
        with capsys.disabled():
            print(f"\n{len(statements)} statements, {len(faults)} faults: {len(wrongs)} wrongs")
    assert not wrongs


def test_whichever_statement_fails_on_sqlite_nothing_is_lost_or_doubled(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    tried(Trials(tmp_path, None), SQLITE, capsys, every=1)


def test_whichever_statement_fails_on_postgresql_nothing_is_lost_or_doubled(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    require(no_postgres() or "PostgreSQL", not no_postgres())
    with Postgres() as postgres:
        tried(Trials(tmp_path, postgres), POSTGRESQL, capsys, every=2)
