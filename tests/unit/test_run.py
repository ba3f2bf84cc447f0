"""One run over fakes: what it does when folders, servers, stores and destinations do not behave."""

from __future__ import annotations

import queue
import threading
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from fakes.world import START, Died, Hook, Hooks, InProcessReader, Server, Session, Stopped, Time
from msgspec.structs import replace
from support.site import empty_store, mail

from mailpoll import router
from mailpoll.commands import dry_run
from mailpoll.crew import AccountResult
from mailpoll.delivery import Content, Courier
from mailpoll.dialogue import Plan
from mailpoll.errors import AccessDenied, ConfigError, ProtocolError, Unavailable
from mailpoll.intake import Intake
from mailpoll.interpret import Interpreter, Rules
from mailpoll.model import FolderInfo, Limits, Post, Reading, Receipt
from mailpoll.poll import Clock, Run
from mailpoll.store import Store

PATTERN = "username+%s@example.com"
NO_CONTENT: Any = None


class World:
    """A store with the channel `dev` (to the store and, where `hook` is given, to it), a server, a clock."""

    def __init__(self, folder: Path, hook: Hook | None = None) -> None:
        path = folder / "mailpoll.db"
        path.write_bytes(empty_store())
        self.store = Store(f"sqlite:///{path}")
        self.time = Time()
        self.server = Server()
        self.hook = hook
        self.seconds: Callable[[], float] = lambda: 0.0
        self.elapsed = 0.0
        self.at_once: int | None = None
        self.ledger: Any = self.store.ledger
        targets = [("store", "")] + ([("hook", "")] if hook else [])
        self.store.channels.add("dev", targets, self.time.now())
        self.store.channels.add_address("dev", "dev", self.time.now())

    def run(self, *plans: Plan, deadline_s: float = 60) -> tuple[AccountResult, ...]:
        rules = Rules((PATTERN,), ("To",), lambda _: Limits())
        interpreter = Interpreter(self.store.channels, InProcessReader(), rules, self.time.now)
        courier = Courier(
            self.store.outbox,
            Hooks(self.hook),
            lambda _: NO_CONTENT,
            now=self.time.now,
            jitter=lambda: 0.0,
            told=lambda _: None,
            paused=lambda _: None,
        )
        intake = Intake(
            self.ledger, interpreter, died=Died, stopped=Stopped, now=self.time.now, told=lambda *_: None
        )  # fmt: skip
        clock = Clock(self.time.now, self.seconds)
        run = Run(self.ledger, intake, courier, clock, deadline_s=deadline_s, at_once=self.at_once)
        return run.execute(plans or [self.plan()])

    def plan(self, session: Session | None = None, **changes: Any) -> Plan:
        plan = Plan(
            account="main",
            connect=lambda: session or Session(self.server),
            abort=lambda: None,
            patterns=(router.pattern(PATTERN),),
            headers=("To",),
        )
        return replace(plan, **changes)

    def posted(self) -> list[str]:
        states = ("delivered",)
        return sorted(d.post.body for d in self.store.outbox.list(states=states) if d.post.destination == "store")

    def skipped(self) -> list[int]:
        """The UIDs that are known not to be ours."""
        with self.store._engine.connect() as connection:
            return [uid for (uid,) in connection.exec_driver_sql("SELECT uid FROM skipped ORDER BY uid")]


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    world = World(tmp_path)
    with world.store:
        yield world


def ours(number: int) -> bytes:
    return mail(number).replace(b"\r\n", b"\n")


def private(number: int) -> bytes:
    return mail(number, to="username@example.com").replace(b"\r\n", b"\n")


class Renumbering(Session):
    """A session on whose server INBOX gets new UIDs, a private mail first, when another folder is opened."""

    def open(self, folder: str, *, read_only: bool = False) -> FolderInfo:
        info = super().open(folder, read_only=read_only)
        if folder == "Lists":
            self._server.folders["INBOX"] = {1: (set(), private(9)), 2: (set(), ours(1))}
            self._server.uidvalidity += 1
        return info


@pytest.mark.parametrize("after", ["seen", "move", "delete", "keyword"])
def test_uids_of_an_old_uidvalidity_are_never_applied_to_other_mails(world: World, after: str) -> None:
    hooked = Hook()
    world.hook = hooked
    world.store.channels.set("dev", targets=[("store", ""), ("hook", "")])
    world.server.folders["Lists"] = {}
    world.server.append(ours(1))
    session = Renumbering(world.server)

    (result,) = world.run(world.plan(session, folders=("INBOX", "Lists"), after=after))

    assert result.error is None
    assert world.server.folders["INBOX"][1] == (set(), private(9))
    if after in ("move", "delete"):  # waits for the web hook, and finds the folder renumbered by then
        assert any("new UIDVALIDITY" in note for note in result.notes)


def test_after_a_new_uidvalidity_newer_mail_below_an_old_one_is_taken(world: World) -> None:
    world.server.append(ours(1))
    world.run()
    old = ours(2)
    world.server.dates[old] = START - timedelta(days=900)
    world.server.folders["INBOX"] = {1: (set(), ours(3)), 2: (set(), ours(1)), 3: (set(), old)}
    world.server.uidvalidity += 1

    world.run()
    world.run()

    assert world.posted() == ["This is mail 1.", "This is mail 3."]


def test_after_a_new_uidvalidity_a_limit_leaves_the_rest_for_the_next_run(world: World) -> None:
    world.run()
    for number in range(5):
        world.server.append(ours(number))
    world.server.uidvalidity += 1
    for _ in range(3):
        world.run(world.plan(limit=2))
    assert len(world.posted()) == 5


def test_one_folder_that_refuses_flags_does_not_keep_the_others_back(world: World) -> None:
    world.server.folders["Lists"] = {}
    world.server.append(ours(1))
    world.server.append(ours(2), "Lists")
    world.server.forbidden.add("INBOX")

    (result,) = world.run(world.plan(folders=("INBOX", "Lists")))

    assert isinstance(result.error, AccessDenied)
    assert world.posted() == ["This is mail 1.", "This is mail 2."]
    assert [flags for flags, _ in world.server.folders["Lists"].values()] == [{"\\Seen"}]
    world.server.forbidden.clear()
    world.run(world.plan(folders=("INBOX", "Lists")))
    assert [flags for flags, _ in world.server.folders["INBOX"].values()] == [{"\\Seen"}]


def test_a_missing_folder_does_not_keep_the_others_back(world: World) -> None:
    world.server.append(ours(1))
    (result,) = world.run(world.plan(folders=("Nowhere", "INBOX")))
    assert isinstance(result.error, ConfigError)
    assert world.posted() == ["This is mail 1."]


def test_mail_the_server_does_not_give_out_is_told_and_taken_once_it_does(world: World) -> None:
    world.server.append(ours(1))
    world.server.append(ours(2))
    world.server.withheld.add(ours(1))

    (result,) = world.run()
    assert isinstance(result.error, ProtocolError)
    assert "1 mails in INBOX" in str(result.error)
    assert world.posted() == ["This is mail 2."]

    world.server.withheld.clear()
    world.run()
    assert world.posted() == ["This is mail 1.", "This is mail 2."]


def test_since_takes_what_was_not_ours_when_it_is_now(world: World) -> None:
    world.server.append(mail(1, to="other+dev@example.com").replace(b"\r\n", b"\n"))
    world.run()
    assert world.posted() == []
    patterns = (router.pattern(PATTERN), router.pattern("other+%s@example.com"))

    world.run(world.plan(patterns=patterns))
    assert world.posted() == []
    world.run(world.plan(patterns=patterns, scope="all", since=datetime.min.replace(tzinfo=START.tzinfo)))
    assert len(world.store.messages.list()) == 1


def test_a_mail_without_a_single_octet_stops_nobody(world: World) -> None:
    world.server.append(b"")
    world.server.append(ours(1))
    (result,) = world.run(world.plan(scope="all"))
    assert result.error is None
    assert world.posted() == ["This is mail 1."]


class FullLedger:
    """A ledger on a disk that is full when readings are recorded."""

    def __init__(self, ledger: Any) -> None:
        self._ledger = ledger

    def __getattr__(self, name: str) -> Any:
        return getattr(self._ledger, name)

    def record(self, readings: Sequence[tuple[int, Reading]], now: datetime) -> None:
        raise Unavailable("the disk that holds the store is full")


def test_a_full_disk_is_no_mails_fault_however_long_it_lasts(world: World) -> None:
    world.server.append(ours(1))
    world.ledger = FullLedger(world.store.ledger)
    for _ in range(4):
        with pytest.raises(Unavailable, match="full"):
            world.run()
    world.ledger = world.store.ledger
    world.run()
    assert world.posted() == ["This is mail 1."]


def test_a_backlog_ends_at_the_deadline_with_time_left_for_posting(tmp_path: Path) -> None:
    hook = Hook()
    world = World(tmp_path, hook)
    for number in range(60):
        world.server.append(ours(number))
    ticks = iter(range(10_000_000))
    world.seconds = lambda: next(ticks) / 10  # every look at the clock costs a tenth of a second

    with world.store:
        (result,) = world.run(deadline_s=20)
        assert result.error is None
        assert 0 < result.accepted < 60
        assert hook.taken
        for _ in range(40):
            world.seconds = lambda: 0.0
            world.run()
        assert len(hook.taken) == len(set(hook.taken)) == 60


def test_posting_waits_while_an_account_is_handing_over_mail(tmp_path: Path) -> None:
    order: queue.SimpleQueue[str] = queue.SimpleQueue()

    class Slow(Hook):
        def post(self, *args: Any) -> Any:
            order.put("post")
            return super().post(*args)

    class Telling(Session):
        def fetch(self, *args: Any) -> Any:
            for batch in super().fetch(*args):
                order.put("fetch")
                yield batch

    world = World(tmp_path, Slow())
    for number in range(8):
        world.server.append(ours(number))
    with world.store:
        world.run(world.plan(Telling(world.server)))
    events = [order.get() for _ in range(order.qsize())]
    assert events == ["fetch"] * 4 + ["post"] * 8


def nothing_yet(world: World) -> None:
    """First contact, with a mail that is too old for it."""
    world.server.append(mail("old"))
    world.server.dates[mail("old")] = START - timedelta(days=30)
    world.server.append(mail(1))


def polled_before(world: World) -> None:
    nothing_yet(world)
    world.server.append(mail(2, to="somebody@example.com"))
    world.run()
    world.server.append(mail(3))


def renumbered_since(world: World) -> None:
    polled_before(world)
    world.run()
    world.server.append(mail(4))
    world.server.renumber()


@pytest.mark.parametrize("begin", [nothing_yet, polled_before, renumbered_since])
@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"take": "unseen"},
        {"since": datetime.min.replace(tzinfo=UTC)},
        {"since": START - timedelta(days=60)},
        {"since": START + timedelta(days=1)},
        {"patterns": (router.pattern(PATTERN), router.pattern("some%s@example.com")), "since": START},
    ],
    ids=["new", "unseen", "all", "long ago", "tomorrow", "other pattern"],
)
def test_a_dry_run_counts_what_the_run_takes(
    world: World, begin: Callable[[World], None], changes: dict[str, Any]
) -> None:
    begin(world)
    plan, session = world.plan(**changes), Session(world.server)
    ours, others = dry_run._sorted(plan, session, session.open("INBOX", read_only=True), world.store)
    [result] = world.run(plan)
    assert (len(ours), others) == (result.accepted, result.skipped)


class Ticking(Session):
    """A session whose every answer takes a while by the clock of its world."""

    def __init__(self, world: World, seconds: float) -> None:
        super().__init__(world.server)
        self._world = world
        self._seconds = seconds

    def open(self, folder: str, *, read_only: bool = False) -> FolderInfo:
        self._world.elapsed += self._seconds
        return super().open(folder, read_only=read_only)


def test_where_there_is_not_time_for_all_folders_no_folder_is_always_the_last(world: World) -> None:
    names = ("INBOX", "A", "B", "C", "D")
    for number, name in enumerate(names):
        world.server.folders.setdefault(name, {})
        world.server.append(ours(number), name)
    for turn in range(5):
        world.elapsed = 0.0
        world.seconds = lambda: world.elapsed
        world.run(world.plan(Ticking(world, 10.0), folders=names, turn=turn))
    assert len(world.posted()) == 5


def test_a_slow_destination_that_works_does_not_keep_mail_out_of_the_store(tmp_path: Path) -> None:
    called = threading.Event()

    class SlowHook(Hook):
        def post(self, *args: Any) -> Any:
            world.elapsed += 20.0
            called.set()
            return super().post(*args)

    class SlowServer(Session):
        def candidates(self, *args: Any) -> Any:
            assert called.wait(10)  # quiet for so long that a post is tried
            return super().candidates(*args)

    world = World(tmp_path, SlowHook())
    world.seconds = lambda: world.elapsed
    with world.store:
        world.server.append(ours(1))
        world.run()
        for number in range(2, 8):
            world.server.append(ours(number))
        for delivery in world.store.outbox.list(states=("delivered",)):
            world.store.outbox.retry(delivery, world.time.now())
        world.elapsed = 0.0
        called.clear()
        world.run(world.plan(SlowServer(world.server)))
        assert len(world.posted()) == 7


def test_an_account_that_has_handed_over_all_is_not_blamed_for_a_post_over_the_deadline(tmp_path: Path) -> None:
    class SlowHook(Hook):
        def post(self, *args: Any) -> Any:
            world.elapsed += 200.0
            return super().post(*args)

    world = World(tmp_path, SlowHook())
    world.seconds = lambda: world.elapsed
    with world.store:
        world.server.append(ours(1))
        (result,) = world.run()
        assert result.error is None
        assert [flags for flags, _ in world.server.folders["INBOX"].values()] == [{"\\Seen"}]


def test_since_takes_new_mail_below_an_old_one_that_was_moved_in(world: World) -> None:
    for number in (1, 2, 3):
        world.server.append(ours(number))
        world.server.dates[ours(number)] = START - timedelta(days=5 if number < 3 else 900)
    world.run()
    assert world.posted() == []
    world.run(world.plan(since=START - timedelta(days=10)))
    assert {"This is mail 1.", "This is mail 2."} <= set(world.posted())


def test_seen_mail_stays_unposted_with_take_unseen_after_a_new_uidvalidity(world: World) -> None:
    world.run(world.plan(take="unseen"))
    world.server.append(ours(1), flags=["\\Seen"])
    world.server.append(ours(2))
    world.server.uidvalidity += 1
    world.run(world.plan(take="unseen"))
    assert world.posted() == ["This is mail 2."]


class Refusing:
    """A ledger on a database that refuses what it is told of one mail."""

    def __init__(self, ledger: Any) -> None:
        self._ledger = ledger

    def __getattr__(self, name: str) -> Any:
        return getattr(self._ledger, name)

    def record(self, readings: Sequence[tuple[int, Reading]], now: datetime) -> None:
        if any(reading.facts.subject == "Mail 2" for _, reading in readings):
            raise ProtocolError("the database refused a statement")
        self._ledger.record(readings, now)


def test_a_mail_the_database_refuses_is_quarantined_and_the_others_are_posted(world: World) -> None:
    for number in (1, 2, 3):
        world.server.append(ours(number))
    world.ledger = Refusing(world.store.ledger)
    world.run()
    assert world.posted() == ["This is mail 1.", "This is mail 3."]
    assert [m.state for m in world.store.messages.list()[::-1]] == ["read", "quarantined", "read"]


class Busy(Session):
    """A session that counts how many are open, and how many ever were at once."""

    now = most = 0

    def open(self, folder: str, *, read_only: bool = False) -> FolderInfo:
        Busy.now += 1
        Busy.most = max(Busy.most, Busy.now)
        return super().open(folder, read_only=read_only)

    def close(self) -> None:
        Busy.now -= 1


def test_no_more_accounts_are_connected_at_once_than_there_is_room_for(world: World) -> None:
    for number in range(12):
        world.server.append(ours(number))
    world.at_once = 3

    results = world.run(*(world.plan(Busy(world.server), account=f"a{number}") for number in range(12)))

    assert [result.error for result in results] == [None] * 12
    assert 1 <= Busy.most <= 3
    assert len(world.posted()) == 12


def test_accounts_that_were_not_reached_are_told_so(world: World) -> None:
    world.at_once = 1
    world.seconds = iter_seconds(0.0, 0.0, 0.0)
    world.server.append(ours(1))

    results = world.run(world.plan(account="a"), world.plan(account="b"), deadline_s=1)

    assert [str(result.error) for result in results if result.error is not None] != []
    assert "account.b: was not reached in the time of the run" in [str(result.error) for result in results]


def iter_seconds(*first: float) -> Callable[[], float]:
    """A clock that stands still at first, and is then over the deadline."""
    left = iter(first)
    return lambda: next(left, 1000.0)


def test_private_mail_that_is_unread_again_is_looked_at_again_and_left_as_it_is(world: World) -> None:
    for number in range(3):
        world.server.append(private(number))
    world.run()
    flags = {uid: flags for uid, (flags, _) in world.server.folders["INBOX"].items()}
    flags[1].add("\\Seen")
    flags[2].add("\\Seen")
    world.run()
    assert world.skipped() == [3]

    flags[1].clear()
    (result,) = world.run()

    assert (result.skipped, result.accepted, world.skipped()) == (1, 0, [1, 3])
    assert flags == {1: set(), 2: {"\\Seen"}, 3: set()}


class Slow(Hook):
    """A hook that answers when told."""

    def __init__(self) -> None:
        super().__init__()
        self.begun, self.answer = threading.Event(), threading.Event()

    def post(self, post: Post, content: Content) -> Receipt:
        self.begun.set()
        assert self.answer.wait(20)
        return super().post(post, content)


def test_a_post_that_is_on_its_way_when_the_time_is_up_is_waited_for(tmp_path: Path) -> None:
    hook = Slow()
    world = World(tmp_path, hook)

    def seconds() -> float:
        """The time is up as soon as the post has left."""
        if not hook.begun.is_set():
            return 0.0
        hook.answer.set()
        return 59.0

    world.seconds = seconds
    with world.store:
        for number in (1, 2):
            world.server.append(ours(number))
        world.run()
        states = [d.state for d in world.store.outbox.list() if d.post.destination == "hook"]
    assert states == ["delivered", "pending"]
