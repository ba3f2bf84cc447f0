"""Weeks of mail for one account: who writes, who reads, what breaks when; and a web hook that keeps count."""

from __future__ import annotations

import random
import re
import threading
from collections import Counter
from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from http.server import BaseHTTPRequestHandler, HTTPServer
from types import TracebackType
from typing import Any

from support.site import mail

from fakes.world import InProcessReader, Server, Session
from mailpoll.errors import LoginRefused, Unavailable
from mailpoll.model import Candidate, RawMessage

KINDS = {
    "ours": 60, "private": 25, "unread": 5, "twin": 4, "unrouted": 3, "crash": 1, "crash always": 1, "large": 1,
}  # fmt: skip
POSTED = ("ours", "crash", "large")
PRIVATE = ("private", "unread")
# A person reads private mail after an hour, some of it after three days, and throws away what was read a day ago.
READS_AFTER = {"private": timedelta(hours=1), "unread": timedelta(days=3)}
KEEPS = timedelta(days=1)

# What breaks, as shares of the whole time.
TROUBLES = {
    "server down": (0.20, 0.26),
    "login refused": (0.30, 0.31),
    "hook busy": (0.40, 0.43),
    "hook refuses": (0.50, 0.54),
    "clock ahead": (0.70, 0.71),
    "clock behind": (0.80, 0.81),
}
RENUMBERED_AT = 0.6
SHIFTS = {"clock ahead": timedelta(hours=26), "clock behind": -timedelta(hours=2)}


class Weeks:
    """A mailbox whose time is wound by `at`; `now` is what the machine's clock then shows."""

    def __init__(self, start: datetime, days: float, *, size: int, mails_a_day: int) -> None:
        self.server = Server()
        self.now = self._moment = self._start = start
        self._length = timedelta(days=days)
        self._size = size
        self._mails_a_day = mails_a_day
        self._random = random.Random(7)
        self._number = self._copies = 0
        self._renumbered = False
        self.sent: dict[int, str] = {}  # the kind of each mail
        self.twins: list[bytes] = []
        self._kept: dict[bytes, tuple[int, datetime]] = {}  # what is in the inbox: number and arrival
        self.read: set[bytes] = set()  # private mail that the person read
        self.touched: list[int] = []  # private mail that somebody else read or fetched

    def at(self, moment: datetime, *, quiet: bool = False) -> None:
        """Lets all happen that happens until `moment`; when `quiet`, nobody writes and nothing breaks any more."""
        share = (moment - self._start) / self._length
        self._broken = {} if quiet else {name for name, (a, b) in TROUBLES.items() if a <= share < b}  # type: ignore[assignment]
        if not quiet:
            self._write(moment)
        self._moment = moment
        self.now = moment + sum((SHIFTS[name] for name in self._broken if name in SHIFTS), timedelta(0))
        self._tidy()
        if share >= RENUMBERED_AT and not self._renumbered:
            self._renumbered = True
            self.server.renumber()

    def broken(self, trouble: str, odds: float = 0.0) -> bool:
        """Whether it is broken now, for long or (`odds`) just this once."""
        return trouble in self._broken or self._random.random() < odds

    def _write(self, moment: datetime) -> None:
        expected = (moment - self._moment) / timedelta(days=1) * self._mails_a_day
        burst = 30 if self._random.random() < 0.002 else 0
        # Poisson would be nicer; the mean is what matters.
        for _ in range(int(expected + self._random.random()) + burst):
            (kind,) = self._random.choices(list(KINDS), list(KINDS.values()))
            self._append(kind, moment)

    def _append(self, kind: str, moment: datetime) -> None:
        if kind == "twin" and self.twins:
            self._copies += 1
            raw = self._random.choice(self.twins).replace(b"To: ", b"X-Copy: %d\nTo: " % self._copies, 1)
            self._put(raw, 0, moment)
            return
        self._number += 1
        kind = "ours" if kind == "twin" else kind
        raw = self._mail(kind)
        self.sent[self._number] = kind
        self._put(raw, self._number, moment)
        if kind == "ours":
            self.twins = [*self.twins[-20:], raw]

    def _put(self, raw: bytes, number: int, moment: datetime) -> None:
        self._kept[raw] = (number, moment)
        self.server.dates[raw] = moment
        self.server.append(raw)

    def _mail(self, kind: str) -> bytes:
        detail = {"private": "", "unread": "", "unrouted": "+nobody"}.get(kind, "+dev")
        text = f"This is mail {self._number}. {kind if kind.startswith('crash') else ''}"
        size = self._size * 40 if kind == "large" else self._size
        return mail(self._number, to=f"username{detail}@example.com", text=text, size=size).replace(b"\r\n", b"\n")

    def _tidy(self) -> None:
        """What the person does in the inbox."""
        inbox = self.server.folders["INBOX"]
        for uid, (flags, raw) in list(inbox.items()):
            number, arrived = self._kept[raw]
            kind = self.sent.get(number, "twin")
            if kind in PRIVATE:
                self._look_after(kind, number, flags, raw, arrived)
            if "\\Seen" in flags and self._moment - arrived > KEEPS and uid + 1 < self.server.uidnext("INBOX"):
                del inbox[uid], self._kept[raw]
                self.read.discard(raw)
                self.server.dates.pop(raw, None)

    def _look_after(self, kind: str, number: int, flags: set[str], raw: bytes, arrived: datetime) -> None:
        if flags != ({"\\Seen"} if raw in self.read else set()):
            self.touched.append(number)
        if self._moment - arrived > READS_AFTER[kind]:
            flags.add("\\Seen")
            self.read.add(raw)

    def unread(self) -> int:
        """How many mails of the inbox nobody read."""
        return sum("\\Seen" not in flags for flags, _ in self.server.folders["INBOX"].values())

    def connect(self, *_: Any, **__: Any) -> Session:
        """In place of mailpoll.imap.connect."""
        if self.broken("server down", 0.01):
            raise Unavailable("cannot be reached", about="imap.example.com")
        if self.broken("login refused"):
            raise LoginRefused("the server refused the login", about="imap.example.com")
        return Breaking(self) if self.broken("connection", 0.01) else Watched(self)

    def number_of(self, raw: bytes) -> int:
        """The number of a mail in the inbox; 0 for a copy."""
        return self._kept[raw][0]


class Watched(Session):
    """A session that tells when private mail is fetched."""

    def __init__(self, weeks: Weeks) -> None:
        super().__init__(weeks.server)
        self._weeks = weeks

    def fetch(self, candidates: Sequence[Candidate]) -> Iterator[tuple[RawMessage, ...]]:
        for batch in super().fetch(candidates):
            for raw in batch:
                number = self._weeks.number_of(b"".join(raw.chunks))
                if self._weeks.sent.get(number) in PRIVATE:
                    self._weeks.touched.append(number)
            yield batch


class Breaking(Watched):
    """One that is cut off after the first batch, or when flags are set."""

    def fetch(self, candidates: Sequence[Candidate]) -> Iterator[tuple[RawMessage, ...]]:
        for batch in super().fetch(candidates):
            yield batch
            raise Unavailable("the connection was closed", about="imap.example.com")

    def mark_seen(self, uids: Sequence[int]) -> None:
        raise Unavailable("the connection was closed", about="imap.example.com")


class Child(InProcessReader):
    """The reader without its process, in the place of one with it."""

    def close(self) -> None:
        """There is no process to end."""


class CountingHook:
    """A web hook on loopback that keeps which mails it took. As a context manager it serves, one request at a time."""

    def __init__(self, weeks: Weeks) -> None:
        self._weeks = weeks
        self.keys: dict[int, set[str]] = {}
        self.taken: Counter[int] = Counter()
        self.answered: Counter[int] = Counter()
        hook = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                status = hook.judge(body, self.headers["Idempotency-Key"])
                if status:
                    self.send_response(status)
                    self.send_header("Content-Length", "0")
                    self.end_headers()
                self.close_connection = True

            def log_message(self, *_: object) -> None:
                """Says nothing."""

        self._server = HTTPServer(("127.0.0.1", 0), Handler)
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.5}, daemon=True)
        self.url = f"http://127.0.0.1:{self._server.server_port}/hook"

    def judge(self, body: bytes, key: str) -> int:
        """The status that a post gets; 0: it is taken, and its answer is lost."""
        if self._weeks.broken("hook busy", 0.005):
            return 503
        if self._weeks.broken("hook refuses"):
            return 401
        found = re.search(rb"Mail (\d+)", body)
        assert found is not None, body
        number = int(found[1])
        if number % 97 == 0:
            return 422
        self.keys.setdefault(number, set()).add(key)
        self.taken[number] += 1
        if self._weeks.broken("hook forgets to answer", 0.01):
            return 0
        self.answered[number] += 1
        return 200

    def __enter__(self) -> CountingHook:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join(10)
