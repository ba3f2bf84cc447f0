"""A run over fakes, killed at any call, with any mix of mails and answers: the kill test, in-process."""

from __future__ import annotations

import tempfile
from collections import Counter
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import pytest
from fakes.world import Death, Died, Hook, Hooks, InProcessReader, Killed, Server, Session, Stopped, Time
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from support.site import empty_store, mail

from mailpoll import router
from mailpoll.delivery import Courier
from mailpoll.dialogue import Plan
from mailpoll.intake import Intake
from mailpoll.interpret import Interpreter, Rules
from mailpoll.model import Limits
from mailpoll.poll import Clock, Run
from mailpoll.store import Store

PATTERN = "username+%s@example.com"
HEADERS = ("Delivered-To", "To", "Cc")
LEDGER_EFFECTS = (
    "position",
    "set_floor",
    "forget_skipped",
    "skip",
    "accept",
    "begin_reading",
    "record",
    "polled",
    "after_done",
)
OUTBOX_EFFECTS = ("claim", "delivered", "delayed", "uncertain", "failed", "pause")
NO_CONTENT: Any = None  # the hook wants no bytes

After = Literal["seen", "keyword", "move", "delete", "leave"]
Kind = Literal["ours", "private", "twin", "crash", "crash always", "unrouted"]


@dataclass
class World:
    """What outlives a run: the server, the store's file, the hook, the time."""

    server: Server
    path: Path
    hook: Hook
    time: Time
    after: After

    def run(self, die_at: int | None = None) -> int:
        """One run, killed at its call number `die_at`; returns how many calls with effects it made."""
        death = Death(die_at)

        def seconds() -> float:
            if death.dead:  # a thread of the process died: so did the main thread
                raise Killed
            return 0.0

        with Store(f"sqlite:///{self.path}") as store, suppress(Killed):
            run = self._run(store, death, Clock(self.time.now, seconds))
            results = run.execute([self._plan(death)])
            assert [result.error for result in results] == [None]
        return death.calls

    def _run(self, store: Store, death: Death, clock: Clock) -> Run:
        ledger: Any = death.around(store.ledger, *LEDGER_EFFECTS)
        rules = Rules((PATTERN,), HEADERS, lambda _: Limits())
        interpreter = Interpreter(store.channels, InProcessReader(), rules, self.time.now)
        courier = Courier(
            death.around(store.outbox, *OUTBOX_EFFECTS),
            Hooks(death.around(self.hook, "post")),
            lambda _: NO_CONTENT,
            now=self.time.now,
            jitter=lambda: 0.0,
            told=lambda _: None,
            paused=lambda _: None,
        )
        intake = Intake(
            ledger, interpreter, died=Died, stopped=Stopped, now=self.time.now, told=lambda *_: None
        )  # fmt: skip
        return Run(ledger, intake, courier, clock, deadline_s=60)

    def _plan(self, death: Death) -> Plan:
        session = death.around(Session(self.server), "mark_seen", "add_keyword", "move", "delete")
        return Plan(
            account="main",
            connect=lambda: session,
            abort=lambda: None,
            patterns=(router.pattern(PATTERN),),
            headers=HEADERS,
            after=self.after,
        )

    def settle(self) -> None:
        """Runs, time passing in between, until nothing is on its way."""
        for _ in range(30):
            self.run()
            self.time.wind(hours=1)
            with Store(f"sqlite:///{self.path}") as store:
                if not store.outbox.list(states=("pending", "sending", "delayed", "uncertain")):
                    break
        self.run()  # what had to wait for the last delivery

    def state(self) -> object:
        """All that a run may change."""
        with Store(f"sqlite:///{self.path}") as store:
            folders = {
                name: {uid: (frozenset(flags), raw) for uid, (flags, raw) in mails.items()}
                for name, mails in self.server.folders.items()
            }
            return folders, store.outbox.list(), store.messages.list(), tuple(self.hook.taken)


def raw_of(index: int, kind: Kind) -> bytes:
    """The mail number `index`; a twin is the same mail as number 0."""
    to = {"private": "username@example.com", "unrouted": "username+nobody@example.com"}.get(
        kind, "username+dev@example.com"
    )
    raw = mail(0 if kind == "twin" else index, to=to, text=kind if "crash" in kind else "")
    return raw.replace(b"\r\n", b"\n")


def check(world: World, kinds: list[Kind], lost_answers: int) -> None:
    """Nothing lost, nothing doubled, the server as `after` says."""
    with Store(f"sqlite:///{world.path}") as store:
        deliveries, messages = store.outbox.list(), store.messages.list()
    delivered = Counter((d.post.destination, d.post.key) for d in deliveries if d.state == "delivered")
    assert set(delivered.values()) <= {1}
    wanted = {mail_number(i, kind) for i, kind in enumerate(kinds) if kind in ("ours", "twin")}
    maybe = {mail_number(i, kind) for i, kind in enumerate(kinds) if kind == "crash"}
    for destination in ("store", "hook"):
        got = {d.post.message_id for d in deliveries if d.state == "delivered" and d.post.destination == destination}
        assert {f"{n}@example.net" for n in wanted} <= got <= {f"{n}@example.net" for n in wanted | maybe}
    assert Counter(m.state for m in messages)["quarantined"] >= kinds.count("crash always")
    assert len(messages) == len(kinds) - kinds.count("private")
    doubled = sum(times - 1 for times in Counter(world.hook.taken).values())
    assert doubled <= lost_answers + 1
    check_server(world, kinds)


def mail_number(index: int, kind: Kind) -> int:
    return 0 if kind == "twin" else index


def check_server(world: World, kinds: list[Kind]) -> None:
    inbox = list(world.server.folders["INBOX"].values())
    private = [(flags, raw) for flags, raw in inbox if b"To: username@" in raw]
    assert private == [(set(), raw_of(i, kind)) for i, kind in enumerate(kinds) if kind == "private"]
    everything = inbox + list(world.server.folders["Processed"].values())
    for flags, raw in everything:
        if b"nobody@" in raw or (b"+dev@" in raw and b"crash" not in raw):
            there = {"seen": {"\\Seen"}, "keyword": {"mailpoll"}}.get(world.after, set())
            assert flags == there
    if world.after in ("move", "delete"):
        assert not [raw for _, raw in inbox if b"+dev@" in raw and b"crash" not in raw]
    if world.after != "delete":
        assert sorted(raw for _, raw in everything) == sorted(raw_of(i, kind) for i, kind in enumerate(kinds))


def make(folder: Path, kinds: list[Kind], answers: list[str], after: After) -> World:
    path = folder / "mailpoll.db"
    path.write_bytes(empty_store())
    time = Time()
    with Store(f"sqlite:///{path}") as store:
        store.channels.add("dev", [("store", ""), ("hook", "")], time.now())
        store.channels.add_address("dev", "dev", time.now())
    server = Server()
    for index, kind in enumerate(kinds):
        server.append(raw_of(index, kind))
    return World(server, path, Hook(answers), time, after)


kinds_of_mail = st.lists(
    st.sampled_from(["ours", "ours", "private", "twin", "crash", "crash always", "unrouted"]), min_size=1, max_size=5
)
answers_of_hook = st.lists(st.sampled_from(["ok", "busy", "lost"]), max_size=4)
afters = st.sampled_from(["seen", "keyword", "move", "delete", "leave"])


@pytest.mark.filterwarnings("ignore::pytest.PytestUnhandledThreadExceptionWarning")  # the thread that was killed
@settings(max_examples=40, suppress_health_check=[HealthCheck.too_slow])
@given(kinds=kinds_of_mail, answers=answers_of_hook, after=afters, die_at=st.integers(1, 60), renumber=st.booleans())
@example(kinds=["ours"], answers=["lost"], after="move", die_at=14, renumber=True)
def test_killed_at_any_call_nothing_is_lost_doubled_or_left_undone(
    kinds: list[Kind], answers: list[str], after: After, die_at: int, renumber: bool
) -> None:
    if kinds[0] != "ours":  # a twin is the same mail as number 0
        kinds = ["ours", *kinds]
    with tempfile.TemporaryDirectory() as folder:
        world = make(Path(folder), kinds, answers, after)
        world.run(die_at)
        if renumber and after in ("seen", "keyword", "leave"):
            world.server.renumber()
        world.settle()
        if not renumber:
            check(world, kinds, answers.count("lost"))
        check_server(world, kinds)
        with Store(f"sqlite:///{world.path}") as store:
            once = [(d.post.destination, d.post.key) for d in store.outbox.list(states=("delivered",))]
        assert len(once) == len(set(once))
        before = world.state()
        world.run()
        assert world.state() == before


def test_an_undisturbed_run_makes_calls_enough_to_be_killed_at() -> None:
    with tempfile.TemporaryDirectory() as folder:
        world = make(Path(folder), ["ours", "private", "ours"], [], "seen")
        assert world.run() > 25
        check(world, ["ours", "private", "ours"], 0)
