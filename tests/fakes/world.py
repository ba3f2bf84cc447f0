"""A mail server, a reader and a web hook in memory, and a death that ends all of them at a chosen call."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from mailpoll import reading
from mailpoll.delivery import Content
from mailpoll.errors import AccessDenied, ConfigError, MailpollError, TemporaryFailure, Unanswered
from mailpoll.model import Candidate, Finding, FolderInfo, Job, Limits, Post, RawMessage, Reading, Receipt, Recipient

START = datetime(2026, 11, 20, 9, tzinfo=UTC)
NEW = datetime(2100, 1, 1, tzinfo=UTC)  # newer than any store that a test makes


class Killed(BaseException):
    """The process is dead. Not an Exception: nothing may handle it."""


class Death:
    """Counts the calls that have effects, and from the chosen one on raises Killed at each: a dead process does
    nothing more, whatever its `finally` clauses would like."""

    def __init__(self, at: int | None) -> None:
        self._at = at
        self._lock = threading.Lock()
        self.calls = 0

    @property
    def dead(self) -> bool:
        """Whether the call came."""
        return self._at is not None and self.calls >= self._at

    def step(self) -> None:
        """One call, or the end."""
        with self._lock:
            self.calls += 1
        if self.dead:
            raise Killed

    def around(self, adapter: Any, *names: str) -> Any:
        """`adapter` with a step before and after each of the methods named."""
        return Dying(adapter, names, self)

    def stepping(self, method: Any) -> Any:
        """`method` with a step before and after it."""

        def stepping(*args: Any, **kwargs: Any) -> Any:
            self.step()
            result = method(*args, **kwargs)
            self.step()
            return result

        return stepping


class Dying:
    """An adapter whose methods `names` are steps of `death`; all else is the adapter's own."""

    def __init__(self, adapter: Any, names: Sequence[str], death: Death) -> None:
        self._adapter = adapter
        self._names = names
        self._death = death

    def __getattr__(self, name: str) -> Any:
        found = getattr(self._adapter, name)
        return self._death.stepping(found) if name in self._names else found


class Server:
    """The mail of one account: folder → UID → [flags, raw]. It outlives the processes that poll it."""

    def __init__(self) -> None:
        self.folders: dict[str, dict[int, tuple[set[str], bytes]]] = {"INBOX": {}, "Processed": {}}
        self.uidvalidity = 1
        self.dates: dict[bytes, datetime] = {}  # INTERNALDATE of a mail; NEW where nothing else is said
        self.withheld: set[bytes] = set()  # what it lists but does not give out
        self.forbidden: set[str] = set()  # folders in which flags may not be changed

    def append(self, raw: bytes, folder: str = "INBOX", flags: Iterable[str] = ()) -> None:
        """A new mail."""
        self.folders[folder][self.uidnext(folder)] = (set(flags), raw)

    def uidnext(self, folder: str) -> int:
        """The UID the next mail gets."""
        return max(self.folders[folder], default=0) + 1

    def renumber(self) -> None:
        """A new UIDVALIDITY, UIDs counted from 1."""
        self.uidvalidity += 1
        for name, mails in self.folders.items():
            self.folders[name] = dict(enumerate(mails.values(), start=1))


class Session:
    """A connection to a Server, as mailpoll.imap makes them."""

    def __init__(self, server: Server, *, keywords: bool = True) -> None:
        self._server = server
        self._keywords = keywords
        self._folder = "INBOX"

    @property
    def _mails(self) -> dict[int, tuple[set[str], bytes]]:
        return self._server.folders[self._folder]

    def open(self, folder: str, *, read_only: bool = False) -> FolderInfo:
        if folder not in self._server.folders:
            raise ConfigError(f"there is no folder {folder}")
        self._folder = folder
        uidnext = self._server.uidnext(folder)
        return FolderInfo(folder, self._server.uidvalidity, uidnext, len(self._mails), read_only, ("\\*",))

    def search(self, *, above: int, unseen_or_above: int | None, upto: int) -> tuple[int, ...]:
        return tuple(
            uid
            for uid, (flags, _) in sorted(self._mails.items())
            if above < uid <= upto
            and ("\\Seen" not in flags or (unseen_or_above is not None and uid > unseen_or_above))
        )

    def last_uid_before(self, cut: datetime, upto: int) -> int:
        dates = self._server.dates
        return max(
            (uid for uid, (_, raw) in self._mails.items() if uid <= upto and dates.get(raw, NEW) < cut), default=0
        )

    def since(self, cut: datetime, upto: int) -> tuple[int, ...]:
        dates = self._server.dates
        return tuple(uid for uid, (_, raw) in sorted(self._mails.items()) if uid <= upto and dates.get(raw, NEW) >= cut)

    def candidates(self, uids: Sequence[int], headers: Sequence[str]) -> Iterator[Candidate]:
        for uid in uids:
            if uid in self._mails:
                raw = self._mails[uid][1]
                yield Candidate(uid, len(raw), START, raw.partition(b"\n\n")[0])

    def fetch(self, candidates: Sequence[Candidate]) -> Iterator[tuple[RawMessage, ...]]:
        for start in range(0, len(candidates), 2):
            some = [c for c in candidates[start : start + 2] if self._gives(c.uid)]
            yield tuple(RawMessage(c.uid, c.internaldate, (self._mails[c.uid][1],)) for c in some)

    def fetch_headers(self, candidate: Candidate) -> RawMessage | None:
        return RawMessage(
            candidate.uid,
            candidate.internaldate,
            (self._mails[candidate.uid][1].partition(b"\n\n")[0],),
            oversize_of=candidate.size,
        )

    def _gives(self, uid: int) -> bool:
        return uid in self._mails and self._mails[uid][1] not in self._server.withheld

    def refused(self) -> frozenset[int]:
        return frozenset(uid for uid, (_, raw) in self._mails.items() if raw in self._server.withheld)

    def mark_seen(self, uids: Sequence[int]) -> None:
        if self._folder in self._server.forbidden:
            raise AccessDenied("the server refused STORE")
        for uid in uids:
            if uid in self._mails:
                self._mails[uid][0].add("\\Seen")

    def add_keyword(self, uids: Sequence[int], keyword: str) -> bool:
        for uid in uids if self._keywords else ():
            if uid in self._mails:
                self._mails[uid][0].add(keyword)
        return self._keywords

    def move(self, uids: Sequence[int], folder: str) -> bool:
        for uid in uids:
            if uid in self._mails:
                flags, raw = self._mails.pop(uid)
                self._server.append(raw, folder, flags)
        return True

    def delete(self, uids: Sequence[int]) -> bool:
        for uid in uids:
            self._mails.pop(uid, None)
        return True

    def close(self) -> None:
        pass


class Died(MailpollError):
    """The reader was killed by a mail."""


class Stopped(MailpollError):
    """The reader was stopped by us."""


class InProcessReader:
    """The reader's work without its process; a mail that says `crash` kills it until it is read in safe mode, one
    that says `crash always` even then."""

    def recipients(self, headers: bytes, patterns: Sequence[str], order: Sequence[str]) -> tuple[Recipient, ...]:
        return reading.recipients(headers, patterns, order)

    def posts(self, job: Job) -> Reading:
        data = b"".join(job.chunks())
        if b"crash always" in data or (b"crash" in data and not job.safe):
            raise Died("the reader was killed by SIGSEGV")
        return reading.read(
            data,
            job.routes,
            safe=job.safe,
            oversize_of=job.oversize_of,
            reference=job.reference,
            max_text=100_000,
        )

    def warm_up(self) -> None:
        """There is no process to start."""

    def ready(self) -> None:
        """Nor to wait for."""

    def begin(self, jobs: Sequence[Job]) -> None:
        self._jobs = jobs

    def finish(self) -> Sequence[Reading | BaseException]:
        return [self._result(job) for job in self._jobs]

    def _result(self, job: Job) -> Reading | BaseException:
        try:
            return self.posts(job)
        except MailpollError as problem:
            return problem


class Hook:
    """A web hook that outlives the processes that call it. `answers` are consumed one per post: "ok", "busy" (not
    taken), "lost" (taken, but the answer does not arrive); "ok" when there are no more."""

    limits = Limits()
    askable = False
    on_uncertain = "repost"

    def __init__(self, answers: Iterable[str] = ()) -> None:
        self._answers = list(answers)
        self.taken: list[str] = []

    def post(self, post: Post, content: Content) -> Receipt:
        answer = self._answers.pop(0) if self._answers else "ok"
        if answer == "busy":
            raise TemporaryFailure("busy")
        self.taken.append(post.key)
        if answer == "lost":
            raise Unanswered("no answer")
        return Receipt(id=str(len(self.taken)))

    def find(self, post: Post, since: datetime, taken: Callable[[str], bool]) -> Receipt | None:
        return None

    def check(self) -> tuple[Finding, ...]:
        return ()


class Hooks:
    """Every destination is the one hook."""

    def __init__(self, hook: Any) -> None:
        self._hook = hook

    def make(self, name: str) -> Any:
        return self._hook

    def settings_hash(self, name: str) -> str:
        return name


class Time:
    """A clock that is wound by hand; the deadline's seconds stand still."""

    def __init__(self) -> None:
        self.moment = START

    def now(self) -> datetime:
        return self.moment

    def wind(self, **by: float) -> None:
        """Lets time pass."""
        self.moment += timedelta(**by)
