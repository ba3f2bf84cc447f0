#!/usr/bin/env python3
"""Changes mails at random and has each read as in production: nothing may raise, every one must become final.

    scripts/mutate.py --corpus DIR [--count 100000] [--seed 1] [--jobs 2] [--save DIR]

Each mutant is accepted into a real SQLite store, read by the real reader child through Intake, with its recipients
looked for, posts made for the store and for a chat, and some of its attachments fetched. The same seed, count and
folder give the same mutants, however many jobs there are. What ended a reader or raised is saved. The status is 1 when
anything raised in this process, or any mutant was left without a final state.
"""

from __future__ import annotations

import argparse
import hashlib
import itertools
import multiprocessing
import random
import sys
import tempfile
import time
import traceback
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from contextlib import closing
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from mutation.changes import mutate

from mailpoll.intake import Intake
from mailpoll.interpret import Interpreter, Rules
from mailpoll.model import Attachment, Limits, RawMessage, Route
from mailpoll.reader import Limits as ReaderLimits
from mailpoll.reader import Reader, ReaderDied, ReaderStopped
from mailpoll.settings import AddressSettings, FetchSettings, ReaderSettings
from mailpoll.store import Store

TOGETHER = 1_000  # mutants per store
BATCH = 50  # mutants accepted and read together
SLICE = 1 << 20
PARTS = 3  # attachments fetched per mutant, at most
NOW = datetime(2026, 11, 20, 9, tzinfo=UTC)
FINAL = {"read", "ignored", "held", "unrouted", "quarantined"}
CHAT = Limits(topic=60, body=10_000, mentions="zulip")


@dataclass
class Sum:
    """What came of some mutants. `saved` are (what happened, mail)."""

    mutants: int = 0
    attachments: int = 0
    states: Counter[str] = field(default_factory=Counter)
    attempts: Counter[int] = field(default_factory=Counter)
    deaths: Counter[str] = field(default_factory=Counter)
    exceptions: Counter[str] = field(default_factory=Counter)
    saved: list[tuple[str, bytes]] = field(default_factory=list)

    def add(self, other: Sum) -> None:
        """Takes in what came of others."""
        self.mutants += other.mutants
        self.attachments += other.attachments
        for name in ("states", "attempts", "deaths", "exceptions"):
            getattr(self, name).update(getattr(other, name))
        self.saved += other.saved

    def raised(self, problem: Exception, mails: Sequence[bytes]) -> None:
        """Notes an exception that came out of reading these mails."""
        place = traceback.extract_tb(problem.__traceback__)[-1]
        what = f"{type(problem).__name__}: {problem} ({Path(place.filename).name}:{place.lineno})"
        self.exceptions[what] += 1
        self.saved += [(f"raised {what}", mail) for mail in mails]

    @property
    def not_final(self) -> int:
        """Mutants that no state says the end of."""
        return self.mutants - sum(count for state, count in self.states.items() if state in FINAL)

    @property
    def failed(self) -> bool:
        """Whether the promise was broken."""
        return bool(self.exceptions or self.not_final)


class Watched(Reader):
    """A reader whose deaths are counted, and their mails kept."""

    def __init__(self, seen: Sum) -> None:
        settings = ReaderSettings()
        limits = ReaderLimits(
            cpu_seconds=settings.cpu_seconds,
            wall_seconds=settings.wall_seconds,
            memory=settings.memory,
            max_text=FetchSettings().max_text,
        )
        super().__init__(limits)
        self._seen = seen

    def posts(self, *arguments: Any, **more: Any) -> Any:
        """As usual."""
        job = arguments[0]
        return self._counted("posts", b"".join(job.chunks()), lambda: super(Watched, self).posts(*arguments, **more))

    def recipients(self, headers: bytes, *arguments: Any, **more: Any) -> Any:
        """As usual."""
        return self._counted(
            "recipients", headers, lambda: super(Watched, self).recipients(headers, *arguments, **more)
        )

    def part_of(self, mail: bytes, number: int) -> int:
        """The size of an attachment when all of it came; -1 when it ended the reader."""
        try:
            pieces = self._counted("part", mail, lambda: self.part([mail], len(mail), number, Route("dev", ())))
            return sum(map(len, pieces))
        except ReaderDied:
            return -1

    def _counted(self, what: str, mail: bytes, call: Callable[[], Any]) -> Any:
        try:
            return call()
        except ReaderDied as died:
            self._seen.deaths[f"{what}: {died.what}"] += 1
            self._seen.saved.append((f"{what} {died.what}", mail))
            raise


class Bench:
    """A store, a reader and an Intake, as a run has them."""

    def __init__(self, store: Store, reader: Watched, seen: Sum) -> None:
        self._store, self._reader, self._seen = store, reader, seen
        store.channels.add("dev", [("store", ""), ("chat", "")], NOW)
        store.channels.add_address("dev", "dev", NOW)
        rules = Rules(
            ("username+%s@example.com", "%s@example.org"),
            AddressSettings().headers,
            lambda name: CHAT if name == "chat" else Limits(),
            unrouted="dev",
        )
        self._intake = Intake(
            store.ledger,
            Interpreter(store.channels, reader, rules, lambda: NOW),
            died=ReaderDied,
            stopped=ReaderStopped,
            now=lambda: NOW,
            told=lambda *_: None,
        )

    def take(self, mails: Sequence[bytes]) -> None:
        """Accepts and reads mails, then fetches some of their attachments."""
        raws = [RawMessage(None, None, tuple(m[at : at + SLICE] for at in range(0, len(m), SLICE))) for m in mails]
        accepted = self._store.ledger.accept(raws, NOW)
        try:
            self._intake.read(lambda: False)
        except Exception as problem:
            self._seen.raised(problem, mails)
        for message_id, mail in zip(accepted, mails, strict=True):
            entry = self._store.messages.get(message_id)
            self._seen.states[entry.state] += 1
            self._seen.attempts[entry.attempts] += 1
            self._fetch_parts(message_id, mail)
            if entry.state not in FINAL:
                self._store.messages.drop(message_id, NOW)

    def _fetch_parts(self, message_id: int, mail: bytes) -> None:
        posts = [delivery.post for delivery in self._store.outbox.list(message_id=message_id)]
        files: Sequence[Attachment] = posts[0].attachments if posts else ()
        for file in files[:PARTS]:
            self._seen.attachments += 1
            try:
                size = self._reader.part_of(mail, file.part)
            except Exception as problem:
                self._seen.raised(problem, [mail])
                continue
            if size not in (-1, file.size):
                self._seen.raised(ValueError(f"attachment {file.part} has another size than was said"), [mail])


def read_some(folder: Path, seed: int, numbers: range) -> Sum:
    """What comes of the mutants of these numbers."""
    mails, seen = originals(folder), Sum(mutants=len(numbers))
    waiting = iter(numbers)
    with (
        tempfile.TemporaryDirectory() as place,
        Store(f"sqlite:///{place}/mailpoll.db") as store,
        closing(Watched(seen)) as reader,
    ):
        bench = Bench(store, reader, seen)
        while some := list(itertools.islice(waiting, BATCH)):
            bench.take([mutate(random.Random(f"{seed}:{number}"), mails) for number in some])
    return seen


def originals(folder: Path) -> list[bytes]:
    """The mails of a folder and of those in it, in the order of their names."""
    mails = [path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file()]
    if not mails:
        raise SystemExit(f"there are no mails in {folder}")
    return mails


def read_all(arguments: argparse.Namespace) -> Iterator[Sum]:
    """What came of each portion, as it comes."""
    portions = [range(at, min(at + TOGETHER, arguments.count)) for at in range(0, arguments.count, TOGETHER)]
    if arguments.jobs == 1:
        yield from (read_some(arguments.corpus, arguments.seed, portion) for portion in portions)
        return
    fresh = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(arguments.jobs, mp_context=fresh) as pool:
        todo = [pool.submit(read_some, arguments.corpus, arguments.seed, portion) for portion in portions]
        for done in as_completed(todo):
            yield done.result()


def save(folder: Path, seen: Sum) -> None:
    """Writes each mail that ended a reader or raised, named by its content, with what happened beside it."""
    if seen.saved:
        folder.mkdir(parents=True, exist_ok=True)
    for what, mail in seen.saved:
        name = hashlib.sha256(mail).hexdigest()[:16]
        (folder / f"{name}.eml").write_bytes(mail)
        (folder / f"{name}.txt").write_text(f"{what}\n")


def summary(seen: Sum, seconds: float) -> str:
    """What is to be known of a run, in lines."""
    lines = [
        f"{seen.mutants} mutants in {seconds:.0f} s, {seen.attachments} attachments fetched",
        f"exceptions in the parent: {sum(seen.exceptions.values())}",
        *(f"  {count} x {what}" for what, count in seen.exceptions.most_common()),
        f"without a final state: {seen.not_final}",
        "states: " + ", ".join(f"{count} {state}" for state, count in seen.states.most_common()),
        "attempts: " + ", ".join(f"{count} with {attempts}" for attempts, count in sorted(seen.attempts.items())),
        f"readers that died: {sum(seen.deaths.values())}",
        *(f"  {count} x {what}" for what, count in seen.deaths.most_common(30)),
        f"quarantined: {seen.states['quarantined']}",
    ]
    return "\n".join(lines)


def main() -> int:
    """Reads the mutants and prints the summary."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--corpus", type=Path, required=True, help="a folder of mails to change")
    parser.add_argument("--count", type=int, default=1_000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--jobs", type=int, default=1)
    parser.add_argument("--save", type=Path, default=Path("mutants"), help="where mails go that did harm")
    arguments = parser.parse_args()
    began, seen = time.monotonic(), Sum()
    for some in read_all(arguments):
        seen.add(some)
        if sys.stderr.isatty():
            print(f"\r{seen.mutants} of {arguments.count}", end="", file=sys.stderr, flush=True)
    save(arguments.save, seen)
    print(summary(seen, time.monotonic() - began))
    return 1 if seen.failed else 0


if __name__ == "__main__":
    sys.exit(main())
