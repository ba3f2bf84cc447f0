"""When a run speaks: a week of cron under faults, its clock wound by hand, and the rules one by one."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from fakes.world import Died, InProcessReader, Server, Session, Stopped, Time
from support.site import empty_store, mail

from mailpoll import router
from mailpoll.commands import alarm, logins, standstill
from mailpoll.commands.alarm import Notice, decide, kind_of
from mailpoll.commands.installation import Installation
from mailpoll.commands.journal import Journal
from mailpoll.commands.speaking import Listener, Speaker
from mailpoll.delivery import Courier
from mailpoll.dialogue import Plan
from mailpoll.errors import (
    AccessDenied,
    ConfigError,
    DestinationRefused,
    LoginRefused,
    MailpollError,
    PermanentFailure,
    ProtocolError,
    TemporaryFailure,
    Unavailable,
)
from mailpoll.intake import Intake
from mailpoll.interpret import Interpreter, Rules
from mailpoll.model import Facts, Finding, Limits, Post, RawMessage, Reading, Receipt, Refusal, Trouble
from mailpoll.poll import Clock, Run
from mailpoll.rate import UNLIMITED, Rates, parse
from mailpoll.settings import AccountSettings, SecretRef
from mailpoll.store import Store

PATTERN = "username+%s@example.com"
MONDAY = datetime(2026, 11, 16, tzinfo=UTC)
NO_CONTENT: Any = None
HOUR, DAY = 60, 1440
GOOD_CONFIG, TYPO = "[fetch]\nalert_after = 5\n", "[fetch]\nalert_afer = 5\n"
AWAY = Unavailable("nothing listens there (connection refused)", about="imap.example.com:993")
SLOW = Unavailable("no answer within 30 s", about="imap.example.com:993")


@pytest.fixture(autouse=True)
def _in_utc(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setenv("TZ", "UTC")
    time.tzset()
    yield
    monkeypatch.undo()
    time.tzset()


class Hook:
    """A web hook; `trouble` is what it answers instead of a receipt."""

    limits = Limits()
    askable = False
    on_uncertain = "repost"

    def __init__(self) -> None:
        self.trouble: MailpollError | None = None
        self.taken: list[str] = []

    def post(self, post: Post, content: object) -> Receipt:
        if self.trouble is not None:
            raise self.trouble
        self.taken.append(post.body)
        return Receipt()

    def find(self, post: Post, since: datetime, taken: Callable[[str], bool]) -> Receipt | None:
        return None

    def check(self) -> tuple[Finding, ...]:
        return ()


class Hooks:
    def __init__(self, hook: Hook) -> None:
        self._hook = hook

    def make(self, name: str) -> Any:
        return self._hook

    def settings_hash(self, name: str) -> str:
        return name


class Account:
    """An inbox with a password; `down` is what connecting meets."""

    def __init__(self, name: str, clock: Time) -> None:
        self.name = name
        self.server = Server()
        self.down: MailpollError | None = None
        self.typed = self.password = "right"
        self.folders: tuple[str, ...] = ("INBOX",)
        self.logins: list[datetime] = []
        self._clock = clock
        self.settings = AccountSettings("imap.example.com", f"{name}@example.com", SecretRef(file="x"))

    def log_in(self) -> Session:
        if self.down is not None:
            raise self.down
        self.logins.append(self._clock.now())
        if self.typed != self.password:
            words = f"no (session {self._clock.now():%H%M})"  # servers like to number their refusals
            raise LoginRefused(f"the server refused the login: {words}", about="imap.example.com:993")
        return Session(self.server)


class World:
    """Two accounts and a channel `dev` with a web hook, on a real store; a fetch of cron at any moment."""

    def __init__(self, folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
        database = folder / "mailpoll.db"
        database.write_bytes(empty_store())
        self._capsys = capsys
        self.store = Store(f"sqlite:///{database}")
        self.time = Time()
        self.time.moment = MONDAY
        self.accounts = {name: Account(name, self.time) for name in ("main", "other")}
        self.main, self.other = self.accounts.values()
        self.hook = Hook()
        self.destinations: tuple[str, ...] = ("store", "hook")
        self.config = folder / "config.toml"
        self.config.write_text(GOOD_CONFIG)
        self.env = {"STATE_DIRECTORY": str(folder)}
        self.store_down: MailpollError | None = None
        self.journal = Journal()
        self.rates = UNLIMITED
        self.store.channels.add("dev", [("hook", "")], MONDAY)
        self.store.channels.add_address("dev", "dev", MONDAY)

    def send(self, number: int | str, *, to: str = "dev", text: str = "") -> None:
        raw = mail(number, to=f"username+{to}@example.com", text=text).replace(b"\r\n", b"\n")
        self.main.server.append(raw)

    def fetch(self, listener: Listener = "cron") -> tuple[int, list[str]]:
        """The exit status of a run, and the lines it says."""
        installation = Installation(str(self.config), self.env)
        result = standstill.watched(
            installation,
            lambda: self._run(listener),
            always=listener != "cron",
            heard=listener != "nobody",
            clock=self.time.now,
        )
        assert result is not None
        return result if isinstance(result, int) else result.exit_status, self.said()

    def said(self) -> list[str]:
        """What was said on standard error since this was last asked."""
        return [line.removeprefix("mailpoll: ") for line in self._capsys.readouterr().err.splitlines()]

    def _run(self, listener: Listener) -> Journal:
        if self.store_down is not None:
            raise self.store_down
        self.journal = journal = Journal(listener == "person")
        now = self.time.now
        gates = logins.gates(self.store, {a.name: a.settings for a in self.accounts.values()}, now)
        plans = [self._plan(account, gates[account.name]) for account in self.accounts.values()]
        rules = Rules((PATTERN,), ("To",), lambda _: Limits())
        courier = Courier(
            self.store.outbox,
            Hooks(self.hook),
            lambda _: NO_CONTENT,
            now=now,
            jitter=lambda: 0.0,
            told=journal.attempted,
            paused=journal.paused,
            rates=self.rates,
        )
        interpreter = Interpreter(self.store.channels, InProcessReader(), rules, now)
        intake = Intake(self.store.ledger, interpreter, died=Died, stopped=Stopped, now=now, told=journal.read)
        run = Run(self.store.ledger, intake, courier, self._clock(), deadline_s=60)
        with journal.telling_events():
            journal.accounts = run.execute(plans)
            logins.remember(self.store, gates, self.accounts, now())
            Speaker(self.store, now(), 5, listener, rates=self.rates).settle(
                journal, gates, self.accounts, self.destinations
            )
        return journal

    def _clock(self) -> Clock:
        """One whose seconds stand still, but while somebody waits."""
        waited = 0.0

        def wait(seconds: float) -> None:
            nonlocal waited
            waited += seconds
            self.time.wind(seconds=seconds)

        return Clock(self.time.now, lambda: waited, wait)

    def _plan(self, account: Account, gate: logins.Gate) -> Plan:
        return Plan(
            account=account.name,
            connect=lambda: gate.through(account.typed, account.log_in),
            abort=lambda: None,
            patterns=(router.pattern(PATTERN),),
            headers=("To",),
            folders=account.folders,
            turn=int(self.time.now().timestamp() // 60),
        )


@pytest.fixture
def world(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Iterator[World]:
    world = World(tmp_path, capsys)
    with world.store:
        yield world


def at(day: int, hour: int = 0, minute: int = 0) -> int:
    """A minute of the week; day 0 is Monday."""
    return day * DAY + hour * HOUR + minute


def down(error: MailpollError | None) -> Callable[[World], None]:
    return lambda world: setattr(world.main, "down", error)


def sends(number: int | str, **more: str) -> Callable[[World], None]:
    return lambda world: world.send(number, **more)


def hook(error: MailpollError | None) -> Callable[[World], None]:
    return lambda world: setattr(world.hook, "trouble", error)


WEEK: list[tuple[int, Callable[[World], object]]] = [
    # Three minutes are not worth a mail.
    (at(0, 1), down(AWAY)),
    (at(0, 1, 3), down(None)),
    # Two hours are. It does not matter how a server is away.
    (at(0, 4), down(AWAY)),
    *((at(0, 5, minute), down(SLOW if minute % 2 else AWAY)) for minute in range(8)),
    (at(0, 6), down(None)),
    # Two folders are missing, and runs begin with another each time.
    (at(0, 12), lambda w: setattr(w.other, "folders", ("INBOX", "Alerts", "Builds"))),
    (at(0, 13), lambda w: setattr(w.other, "folders", ("INBOX",))),
    # A web hook has a bad quarter of an hour.
    (at(0, 15), hook(TemporaryFailure("answered 503: busy"))),
    (at(0, 15), sends("busy")),
    (at(0, 15, 5), hook(None)),
    # Three days.
    (at(1, 0), down(AWAY)),
    (at(4, 0), down(None)),
    # Meanwhile the other account has trouble of its own: a password that was changed, and changed here, too.
    (at(2, 10), lambda w: setattr(w.other, "password", "new")),
    (at(2, 12, 30), lambda w: setattr(w.other, "typed", "new")),
    # A web hook shuts us out; a person opens it again the next day.
    (at(4, 8), hook(DestinationRefused("answered 401: no", about="https://example.com/…", advice="Check its secret"))),
    (at(4, 8), sends("shut")),
    (at(4, 9), sends("shut, too")),
    (at(5, 15), hook(None)),
    (at(5, 15), lambda w: w.store.outbox.resume("hook") and w.store.outbox.make_due("hook", w.time.now())),
    # Anybody can write to addresses that nobody has.
    *((at(4, 12, minute), sends(f"flood {minute}", to="nobody")) for minute in range(10)),
    (at(5, 11), sends("flood again", to="nobody")),
    (at(5, 13), sends("flood once more", to="nobody")),
    (at(6, 19), sends("flood for ever", to="nobody")),
    # A mail that kills its reader.
    (at(4, 20), sends("killer", text="crash always")),
    # A typo; and a store that is not there.
    (at(5, 17), lambda w: w.config.write_text(TYPO)),
    (at(6, 17, 30), lambda w: w.config.write_text(GOOD_CONFIG)),
    (at(6, 20), lambda w: setattr(w, "store_down", Unavailable("another program holds it", about="/x/mailpoll.db"))),
    (at(6, 20, 30), lambda w: setattr(w, "store_down", None)),
]

SAID = """
Mon 04:04 account.main (imap.example.com:993): nothing listens there (connection refused). The next run tries again.
Mon 06:00 account.main works again, after 2 h (since 2026-11-16 04:00)
Mon 12:00 account.other: there is no folder Alerts
Mon 12:02 account.other: there is no folder Builds
Mon 13:00 account.other works again, after 1 h (since 2026-11-16 12:00)
Mon 15:04 destination.hook: post 1 delayed: answered 503: busy. It is tried again by the coming runs.
Mon 15:06 destination.hook works again, after 6 min (since 2026-11-16 15:00)
Tue 00:04 account.main (imap.example.com:993): nothing listens there (connection refused). The next run tries again.
Wed 00:04 since 2026-11-17 00:00: account.main (imap.example.com:993): nothing listens there (connection refused). \
The next run tries again.
Wed 10:00 account.other (imap.example.com:993): the server refused the login: no (session 1000). It is tried again \
after 10:01:00, when the settings or the password change, or now by: mailpoll fetch --now
Wed 12:30 account.other works again, after 2 h 30 min (since 2026-11-18 10:00)
Thu 00:04 since 2026-11-17 00:00: account.main (imap.example.com:993): nothing listens there (connection refused). \
The next run tries again.
Fri 00:00 account.main works again, after 3 d (since 2026-11-17 00:00)
Fri 08:00 destination.hook (https://example.com/…) is paused, its posts wait: answered 401: no. Check its secret; \
then: mailpoll destination resume hook
Fri 12:00 1 mail came for addresses that no channel has; held. `mailpoll messages list --state unrouted` shows what is \
held. This is said once a day.
Fri 20:00 message 14 is set aside: the reader was killed by SIGSEGV. `mailpoll messages show 14` tells more.
Sat 08:00 since 2026-11-20 08:00, 2 posts waiting: destination.hook (https://example.com/…) is paused, its posts wait: \
answered 401: no. Check its secret; then: mailpoll destination resume hook
Sat 12:00 10 mails came for addresses that no channel has; held. `mailpoll messages list --state unrouted` shows what \
is held. This is said once a day.
Sat 15:00 destination.hook works again, after 1 d 7 h (since 2026-11-20 08:00)
Sat 17:00 CONFIG: the configuration has one problem
Sat 17:00   fetch.alert_afer: is no setting. Did you mean alert_after?
Sun 17:00 since 2026-11-21 17:00: CONFIG: the configuration has one problem
Sun 17:00   fetch.alert_afer: is no setting. Did you mean alert_after?
Sun 17:30 the configuration can be used again, after 1 d (since 2026-11-21 17:00)
Sun 17:30 1 mail came for addresses that no channel has; held. `mailpoll messages list --state unrouted` shows what is \
held. This is said once a day.
Sun 20:04 /x/mailpoll.db: another program holds it
Sun 20:30 the store works again, after 30 min (since 2026-11-22 20:00)
"""


# When the login that is refused on Wednesday may be tried: 1, 5, 15, 60 and 60 minutes after the one before.
LOGINS = [at(2, 10), at(2, 10, 1), at(2, 10, 6), at(2, 10, 21), at(2, 11, 21), at(2, 12, 21)]


def minutes() -> list[int]:
    """Those of the runs. Every minute round all that happens, and at that time of the days after; between them, where
    runs only repeat each other, every half hour: a week of 10 080 runs would take a minute."""
    happens = {minute + day * DAY for minute, _ in WEEK for day in range(3)}
    watched = {minute + off for minute in happens for off in range(-2, 9)}
    watched |= {minute + off for minute in LOGINS for off in (-1, 0, 1)}
    return sorted(minute for minute in watched | set(range(0, 7 * DAY, 30)) if 0 <= minute < 7 * DAY)


def week(world: World) -> tuple[list[str], dict[int, int]]:
    """What the runs of the week say, and the exit statuses by minute."""
    said: list[str] = []
    statuses: dict[int, int] = {}
    events: dict[int, list[Callable[[World], object]]] = {}
    for minute, event in WEEK:
        events.setdefault(minute, []).append(event)
    for minute in minutes():
        world.time.moment = MONDAY + timedelta(minutes=minute)
        for event in events.get(minute, ()):
            event(world)
        statuses[minute], lines = world.fetch()
        said += [f"{world.time.moment:%a %H:%M} {line}" for line in lines]
    return said, statuses


def test_a_week_of_cron_says_what_a_person_must_know_and_nothing_else(world: World) -> None:
    said, statuses = week(world)
    assert [line.replace(str(world.config), "CONFIG") for line in said] == SAID.strip().splitlines()
    tried = [(moment - MONDAY) // timedelta(minutes=1) for moment in world.other.logins]
    assert [minute for minute in tried if at(2, 10) <= minute <= at(2, 12, 30)] == [*LOGINS, at(2, 12, 30)]
    assert statuses == {minute: truth(minute) for minute in statuses}
    assert sorted(world.hook.taken) == ["This is mail busy.", "This is mail shut, too.", "This is mail shut."]


# From when to when runs end with which status; the first that fits.
TRUTH = [
    (at(5, 17), at(6, 17, 30), 78),
    (at(4, 20), at(4, 20, 1), 77),
    (at(6, 20), at(6, 20, 30), 69),
    (at(0, 12), at(0, 13), 78),
    (at(2, 10), at(2, 12, 30), 77),
    (at(4, 8), at(5, 15), 77),
    (at(0, 1), at(0, 1, 3), 69),
    (at(0, 4), at(0, 6), 69),
    (at(1), at(4), 69),
    (at(0, 15), at(0, 15, 6), 75),
]


def truth(minute: int) -> int:
    return next((status for begin, end, status in TRUTH if begin <= minute < end), 0)


def pass_minutes(world: World, count: int = 1) -> None:
    world.time.wind(minutes=count)


def test_a_trouble_that_changes_speaks_at_once_and_ends_once(world: World) -> None:
    world.main.down = AWAY
    for _ in range(5):
        said = world.fetch()
        pass_minutes(world)
    assert said[0] == 69
    assert "connection refused" in said[1][0]
    world.main.down = AccessDenied("the server's certificate has expired", about="imap.example.com:993")
    assert world.fetch() == (77, ["account.main (imap.example.com:993): the server's certificate has expired"])
    world.main.down = ProtocolError("the server does not speak IMAP (HTTP/1.1 400)", about="imap.example.com:993")
    assert world.fetch()[0] == 76
    for text in ("HTTP/1.1 401", "12:04"):
        world.main.down = ProtocolError(f"the server does not speak IMAP ({text})", about="imap.example.com:993")
        assert world.fetch() == (76, [])
    world.main.down = None
    assert world.fetch() == (0, ["account.main works again, after 5 min (since 2026-11-16 00:00)"])
    assert world.fetch() == (0, [])
    assert world.journal.at_rest


def test_what_nobody_was_told_ends_without_a_word(world: World) -> None:
    world.main.down = AWAY
    assert world.fetch() == (69, [])
    assert not world.journal.at_rest
    assert [(t.about, t.runs, t.told_at) for t in world.store.troubles.list()] == [("account.main", 1, None)]
    world.main.down = None
    assert world.fetch() == (0, [])
    assert world.store.troubles.list() == ()


def test_a_server_that_is_away_for_a_minute_is_no_end_of_a_wrong_password(world: World) -> None:
    denied = AccessDenied("the server's certificate has expired", about="imap.example.com:993")
    world.main.down = denied
    assert world.fetch()[1]
    for error, status in ((AWAY, 69), (denied, 77), (SLOW, 69), (denied, 77)):
        world.main.down = error
        pass_minutes(world)
        assert world.fetch() == (status, [])


@pytest.mark.parametrize("jump", [timedelta(days=-3000), timedelta(days=3000)])
def test_a_clock_that_jumps_silences_nothing_for_long(world: World, jump: timedelta) -> None:
    world.main.down = AccessDenied("the server's certificate has expired", about="imap.example.com:993")
    world.other.password = "new"
    world.time.moment += jump
    assert len(world.fetch()[1]) == 2
    world.time.moment -= jump
    status, lines = world.fetch()
    assert (status, len(lines), len(world.other.logins)) == (77, 2, 2)
    pass_minutes(world)
    assert world.fetch() == (77, [])


def test_a_run_that_is_killed_before_it_wrote_down_what_it_told_tells_it_twice(world: World) -> None:
    world.main.down = AccessDenied("the server's certificate has expired", about="imap.example.com:993")
    save = world.store.troubles.save
    world.store.troubles.save = _killed  # type: ignore[method-assign]
    with pytest.raises(KeyboardInterrupt):
        world.fetch()
    world.store.troubles.save = save  # type: ignore[method-assign]
    assert world.fetch()[0] == 77
    assert world.store.troubles.list()[0].told_at == world.time.now()


def _killed(*_: object) -> None:
    raise KeyboardInterrupt


def test_a_program_hears_everything_each_time_and_cron_nothing_less(world: World) -> None:
    world.main.down = AWAY
    for _ in range(9):
        assert world.fetch("nobody") == (69, [])
        told = world.journal.as_json()
        assert told["troubles"] == [
            {
                "about": "account.main",
                "status": 69,
                "since": MONDAY,
                "sentence": "account.main (imap.example.com:993): nothing listens there (connection refused). "
                "The next run tries again.",
            }
        ]
    assert len(world.fetch()[1]) == 1


def test_a_person_hears_everything_each_time(world: World) -> None:
    world.main.down = AWAY
    world.other.password = "new"
    refused = "account.other (imap.example.com:993): the server refused the login: no (session 0000). It is tried again"
    later = "when the settings or the password change, or now by: mailpoll fetch --now"
    away = "account.main (imap.example.com:993): nothing listens there (connection refused). The next run tries again."
    assert world.fetch("person") == (77, [away, f"{refused} after 00:01:00, {later}"])
    assert world.fetch("person") == (77, [away, f"since 2026-11-16 00:00: {refused} after 00:01:00, {later}"])
    assert len(world.other.logins) == 1
    pass_minutes(world)
    assert world.fetch() == (77, [])  # cron need not tell it again


def test_an_account_that_is_gone_is_not_said_to_work(world: World) -> None:
    world.main.password = "new"
    assert world.fetch()[0] == 77
    del world.accounts["main"]
    assert world.fetch() == (0, [])
    assert world.journal.at_rest
    pass_minutes(world, 2 * DAY + HOUR)
    assert world.fetch() == (0, [])
    assert (world.store.troubles.list(), world.store.refusals.list()) == ((), ())


def test_a_destination_that_is_shut_again_is_told_again(world: World) -> None:
    world.hook.trouble = DestinationRefused("answered 401: no", about="https://example.com/…")
    world.send(1)
    told = world.fetch()
    assert told[0] == 77
    pass_minutes(world)
    assert world.fetch() == (77, [])
    world.store.outbox.resume("hook")
    world.store.outbox.make_due("hook", world.time.now())
    assert world.fetch() == told


def test_nothing_waits_for_a_paused_destination(world: World) -> None:
    world.hook.trouble = DestinationRefused("answered 401: no", about="https://example.com/…")
    world.send(1)
    assert world.fetch()[0] == 77
    [post] = world.store.outbox.list()
    world.store.outbox.drop(post, world.time.now())
    pass_minutes(world, DAY)
    assert world.fetch() == (0, ["destination.hook: no post waits any more, after 1 d (since 2026-11-16 00:00)"])
    assert world.store.troubles.list() == ()
    assert world.fetch() == (0, [])
    assert world.journal.at_rest
    world.send(2)  # it is paused still
    paused = (
        "destination.hook is paused, its posts wait: https://example.com/…: answered 401: no. Then: mailpoll "
        "destination resume hook"
    )
    assert world.fetch() == (77, [paused])
    assert world.fetch() == (77, [])


def test_a_post_that_failed_is_told_once(world: World) -> None:
    world.hook.trouble = PermanentFailure("answered 422: no")
    world.send(1)
    assert world.fetch() == (
        65,
        ["destination.hook: post 1 failed: answered 422: no. When that is put right: mailpoll posts retry 1"],
    )
    assert world.fetch() == (0, [])


def test_posts_that_wait_since_nobody_knows_when_are_told_with_what_they_met(world: World) -> None:
    world.hook.trouble = TemporaryFailure("answered 503: busy")
    world.send(1)
    assert world.fetch() == (75, [])
    world.store.troubles.save([], ["destination.hook"])  # as after `receive`, which remembers nothing
    for _ in range(4):
        assert world.fetch() == (75, [])
    assert world.fetch() == (
        75, ["destination.hook: 1 post delayed: answered 503: busy. The coming runs try again."]
    )  # fmt: skip


# Several configurations on one store, and several machines.


def both(world: World) -> Callable[[str], tuple[int, list[str]]]:
    """A fetch by the configuration that has just this account; that of `main` has the web hook, too."""
    accounts = world.accounts

    def fetch(name: str) -> tuple[int, list[str]]:
        world.accounts = {name: accounts[name]}
        world.destinations = ("store", "hook") if name == "main" else ("store",)
        return world.fetch()

    return fetch


def test_configurations_that_share_a_store_leave_the_troubles_of_the_others_alone(world: World) -> None:
    fetch = both(world)
    world.main.down = AccessDenied("the server's certificate has expired", about="imap.example.com:993")
    world.other.password = "new"
    assert (len(fetch("main")[1]), len(fetch("other")[1])) == (1, 1)
    for _ in range(4):
        assert fetch("main") == (77, [])
        assert fetch("other") == (77, [])
    assert len(world.other.logins) == 1
    world.main.down, world.other.typed = None, "new"
    assert fetch("main") == (0, ["account.main works again, after 0 s (since 2026-11-16 00:00)"])
    assert fetch("other") == (0, ["account.other works again, after 0 s (since 2026-11-16 00:00)"])
    assert (world.store.troubles.list(), world.store.refusals.list()) == ((), ())


def test_a_destination_of_another_configuration_is_left_to_it(world: World) -> None:
    fetch = both(world)
    world.hook.trouble = TemporaryFailure("answered 503: busy")
    world.send(1)
    for _ in range(4):
        assert fetch("main") == (75, [])
    assert len(fetch("main")[1]) == 1
    for _ in range(6):
        assert fetch("other") == (75, [])  # the post waits in its store, too
    [post] = world.store.outbox.list()
    world.store.outbox.drop(post, world.time.now())
    assert fetch("other") == (0, [])
    assert fetch("main") == (0, ["destination.hook: no post waits any more, after 0 s (since 2026-11-16 00:00)"])


def told_as_delayed(world: World) -> None:
    """A post that a destination has declined until that was told."""
    world.hook.trouble = TemporaryFailure("answered 503: busy")
    world.send(1)
    for _ in range(4):
        assert world.fetch() == (75, [])
    assert len(world.fetch()[1]) == 1


def test_a_post_that_another_run_is_trying_is_no_end(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    told_as_delayed(world)
    pass_minutes(world, 12)  # the destination rests no more
    [post] = world.store.outbox.list()
    assert world.store.outbox.claim(post, world.time.now())
    monkeypatch.setattr(world.store.outbox, "orphans", lambda: ())  # on PostgreSQL its run is still there
    for _ in range(2):
        assert world.fetch() == (75, [])
        assert not world.journal.at_rest
    world.store.outbox.delayed(post, world.time.now(), "answered 503: busy", world.time.now())
    assert world.fetch() == (75, [])
    world.hook.trouble = None
    pass_minutes(world, HOUR)
    assert world.fetch() == (0, ["destination.hook works again, after 1 h 12 min (since 2026-11-16 00:00)"])


def test_a_post_that_no_time_was_left_for_is_no_end(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    told_as_delayed(world)
    [post] = world.store.outbox.list()
    world.store.outbox.drop(post, world.time.now())
    world.send(2)
    with monkeypatch.context() as patched:
        patched.setattr(Courier, "step", lambda _: False)
        assert world.fetch() == (75, [])
    world.hook.trouble = None
    assert world.fetch() == (0, ["destination.hook works again, after 0 s (since 2026-11-16 00:00)"])


def test_a_post_that_is_held_for_a_person_keeps_no_trouble_open(world: World) -> None:
    told_as_delayed(world)
    [post] = world.store.outbox.list()
    world.store.outbox.uncertain(post, None, "silent", world.time.now())
    world.store.outbox.rested("hook")
    assert world.fetch()[0] == 0
    assert world.store.troubles.list() == ()


def test_a_destination_that_is_in_no_configuration_has_one_status(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    unknown = ConfigError("there is no destination 'hook'", about="destination")
    world.destinations = ("store",)
    monkeypatch.setattr(Hooks, "settings_hash", lambda *_: "")
    monkeypatch.setattr(Hooks, "make", raising(unknown))
    world.send(1)
    status, lines = world.fetch()
    assert (status, len(lines)) == (78, 1)
    for _ in range(3):
        assert world.fetch() == (78, [])
    [post] = world.store.outbox.list()
    world.store.outbox.drop(post, world.time.now())
    assert world.fetch() == (0, ["destination.hook: no post waits any more, after 0 s (since 2026-11-16 00:00)"])


def raising(error: BaseException) -> Callable[..., Any]:
    def fails(*_: object) -> Any:
        raise error

    return fails


# Mail for addresses that nobody has.


def unrouted(count: int) -> str:
    mails = "1 mail" if count == 1 else f"{count} mails"
    return (
        f"{mails} came for addresses that no channel has; held. `mailpoll messages list --state unrouted` shows what "
        "is held. This is said once a day."
    )


@pytest.mark.parametrize("hours", [1, 12, 25])
def test_mail_that_comes_all_the_time_is_told_each_day(world: World, hours: int) -> None:
    days: list[int] = []
    for hour in range(7 * 24):
        world.time.moment = MONDAY + timedelta(hours=hour)
        if not hour % hours:
            world.send(f"to nobody {hour}", to="nobody")
        said = world.fetch()[1]
        assert len(said) <= 1
        days += [hour] * len(said)
    gaps = [later - earlier for earlier, later in pairwise(days)]
    assert all(24 <= gap < 24 + hours for gap in gaps)
    assert 7 * 24 - days[-1] <= 24 + hours


@pytest.mark.parametrize("jump", [timedelta(days=-3000), timedelta(days=365)])
def test_a_clock_that_jumps_does_not_silence_unrouted_mail(world: World, jump: timedelta) -> None:
    world.time.moment += jump
    world.send("then", to="nobody")
    assert world.fetch() == (0, [unrouted(1)])
    world.time.moment -= jump
    for day in range(3):
        world.send(f"now {day}", to="nobody")
        assert world.fetch() == (0, [unrouted(1)])
        assert world.fetch() == (0, [])
        pass_minutes(world, DAY)


def test_unrouted_mail_that_nobody_was_told_of_is_told(world: World) -> None:
    world.send(1, to="nobody")
    assert world.fetch("nobody") == (0, [])  # --json
    assert not world.journal.at_rest
    tell = world.store.troubles.save
    world.store.troubles.save = _killed  # type: ignore[method-assign]
    with pytest.raises(KeyboardInterrupt):
        world.fetch()
    world.store.troubles.save = tell  # type: ignore[method-assign]
    world.fetch("nobody")
    assert world.fetch() == (0, [unrouted(1)])
    assert world.journal.at_rest
    assert world.store.troubles.list() == ()


def test_unrouted_mail_that_another_command_read_is_told_by_fetch(world: World) -> None:
    [number] = world.store.ledger.accept([RawMessage(None, None, (b"x",))], world.time.now())
    world.store.ledger.record([(number, Reading("unrouted", "", Facts("k")))], world.time.now())
    assert world.fetch() == (0, [unrouted(1)])
    assert world.fetch() == (0, [])


def test_at_a_terminal_unrouted_mail_has_lines_of_its_own(world: World) -> None:
    world.send(1, to="nobody")
    assert world.fetch("person") == (0, [])
    assert world.fetch() == (0, [])


# Runs that something stops.


@pytest.mark.parametrize("stopped", [Unavailable("the disk is full", about="/x"), KeyboardInterrupt(), KeyError("x")])
@pytest.mark.parametrize("listener", ["cron", "person", "nobody"])
def test_what_happened_before_something_stopped_the_run_is_told(
    world: World, monkeypatch: pytest.MonkeyPatch, stopped: BaseException, listener: Listener
) -> None:
    world.hook.trouble = PermanentFailure("answered 422: no")
    world.send(1)
    monkeypatch.setattr(logins, "remember", raising(stopped))
    said = []
    try:
        said = world.fetch(listener)[1]
    except KeyboardInterrupt:
        said = world.said()
    assert said[0].startswith("destination.hook: post 1 failed: answered 422: no.")
    assert sum("post 1 failed" in line for line in said) == 1


# Programs that listen, and cron after them.


def test_the_end_of_a_trouble_is_left_to_cron_by_a_program(world: World) -> None:
    world.main.down = AccessDenied("the server's certificate has expired", about="imap.example.com:993")
    assert len(world.fetch()[1]) == 1
    world.main.down = None
    ended = "account.main works again, after 0 s (since 2026-11-16 00:00)"
    for _ in range(2):
        assert world.fetch("nobody") == (0, [])
        assert world.journal.ended == (ended,)
        assert not world.journal.at_rest
    assert world.fetch() == (0, [ended])
    assert world.journal.at_rest


def test_an_end_that_no_cron_ever_hears_is_forgotten(world: World) -> None:
    world.main.down = AccessDenied("the server's certificate has expired", about="imap.example.com:993")
    world.fetch("person")
    world.main.down = None
    pass_minutes(world, 2 * DAY + 1)
    assert world.fetch("nobody") == (0, [])
    assert world.store.troubles.list() == ()
    assert world.fetch("nobody") == (0, [])
    assert world.journal.at_rest


def test_a_program_hears_what_stops_a_run_each_time_and_cron_nothing_less(world: World) -> None:
    a_typo(world)
    for _ in range(2):
        assert len(world.fetch("nobody")[1]) == 2
    assert len(world.fetch()[1]) == 2
    assert world.fetch() == (78, [])
    assert len(world.fetch("nobody")[1]) == 2
    world.config.write_text(GOOD_CONFIG)
    assert world.fetch("nobody") == (0, [])
    assert world.fetch() == (0, ["the configuration can be used again, after 0 s (since 2026-11-16 00:00)"])
    assert world.fetch() == (0, [])
    a_typo(world)
    world.fetch("nobody")
    world.config.write_text(GOOD_CONFIG)
    assert world.fetch("nobody") == (0, [])
    assert world.fetch() == (0, [])


def test_where_no_cron_runs_a_program_forgets_what_stopped_runs(world: World, tmp_path: Path) -> None:
    a_typo(world)
    assert len(world.fetch("person")[1]) == 2
    world.config.write_text(GOOD_CONFIG)
    assert world.fetch("nobody") == (0, [])
    assert "one problem" in (tmp_path / "troubles.json").read_text()
    pass_minutes(world, 2 * DAY + 1)
    assert world.fetch("nobody") == (0, [])
    assert (tmp_path / "troubles.json").read_text() == "{}"


# The file of what stops a whole run.


def a_typo(world: World) -> None:
    world.config.write_text(TYPO)


def test_another_mistake_in_the_configuration_is_told_at_once(world: World) -> None:
    a_typo(world)
    assert len(world.fetch()[1]) == 2
    assert world.fetch() == (78, [])
    world.config.write_text("[fetch]\nlimits = 5\n")
    assert "fetch.limits" in world.fetch()[1][1]
    assert world.fetch() == (78, [])


def test_where_nothing_can_be_written_every_run_speaks(world: World, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    world.env["STATE_DIRECTORY"] = str(tmp_path / "file")
    a_typo(world)
    for _ in range(2):
        status, lines = world.fetch()
        assert (status, len(lines)) == (78, 3)
        assert lines[2] == (
            f"this is said at every run, since {tmp_path}/file/troubles.json cannot be written (File exists)"
        )
    world.config.write_text(GOOD_CONFIG)
    world.store_down = AWAY
    assert world.fetch()[1][0] == str(AWAY)  # also what would not be told yet


WITHOUT_ZONE = (
    '{"CONFIG": {"configuration": {"about": "configuration", "status": 78, "sentence": "x", "runs": 1, '
    '"began_at": "2026-11-16T00:00:00", "told_at": "2026-11-16T00:00:00", "told": []}}}'
)


@pytest.mark.parametrize(
    "damage", ["", "[]", "{", '{"CONFIG": []}', '{"CONFIG": {"configuration": {}}}', "[" * 99999, WITHOUT_ZONE]
)
def test_a_damaged_file_is_as_good_as_none(world: World, tmp_path: Path, damage: str) -> None:
    (tmp_path / "troubles.json").write_text(damage.replace("CONFIG", str(world.config)))
    assert world.fetch() == (0, [])
    a_typo(world)
    assert len(world.fetch()[1]) == 2
    assert world.fetch() == (78, [])
    assert (tmp_path / "troubles.json").stat().st_mode & 0o777 == 0o600


def test_an_end_that_cannot_be_written_down_is_told_when_it_can(world: World, tmp_path: Path) -> None:
    state = tmp_path / "state"
    world.env["STATE_DIRECTORY"] = str(state)
    a_typo(world)
    assert len(world.fetch()[1]) == 2
    world.config.write_text(GOOD_CONFIG)
    blocked = state / f"troubles.json.{os.getpid()}"
    blocked.mkdir()  # the disk is full
    assert world.fetch() == (0, [])
    blocked.rmdir()
    assert world.fetch() == (0, ["the configuration can be used again, after 0 s (since 2026-11-16 00:00)"])
    assert world.fetch() == (0, [])


def test_a_configuration_that_was_away_is_back(world: World, tmp_path: Path) -> None:
    path, away = world.config, tmp_path / "away"
    world.config.rename(away)
    world.env |= {"MAILPOLL_CONFIG": str(path)}
    assert len(world.fetch()[1]) == 1
    away.rename(path)
    assert world.fetch() == (0, ["the configuration can be used again, after 0 s (since 2026-11-16 00:00)"])


def test_two_configurations_share_a_state_folder(world: World, tmp_path: Path) -> None:
    other = tmp_path / "other.toml"
    other.write_text(GOOD_CONFIG)
    a_typo(world)
    assert len(world.fetch()[1]) == 2
    mine, world.config = world.config, other
    assert world.fetch() == (0, [])
    world.config = mine
    assert world.fetch() == (78, [])


def test_configurations_that_nobody_runs_any_more_are_forgotten(world: World, tmp_path: Path) -> None:
    mine, world.config = world.config, tmp_path / "mistyped.toml"
    assert world.fetch()[0] == 78
    world.config = mine
    a_typo(world)
    memory = tmp_path / "troubles.json"
    for days, there in ((29, True), (2, False)):
        pass_minutes(world, days * DAY)
        assert world.fetch()[0] == 78
        assert ("mistyped" in memory.read_text()) is there
    assert str(mine) in memory.read_text()


def test_what_a_killed_process_left_is_removed(world: World, tmp_path: Path) -> None:
    old, new = tmp_path / "troubles.json.1", tmp_path / "troubles.json.2"
    for left, hours in ((old, -2), (new, 0)):
        left.write_text("{")
        written = (world.time.now() + timedelta(hours=hours)).timestamp()
        os.utime(left, (written, written))
    a_typo(world)
    assert len(world.fetch()[1]) == 2
    assert (old.exists(), new.exists()) == (False, True)


# The rules, one by one.


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        (AWAY, SLOW, True),
        (AWAY, TemporaryFailure("busy"), True),
        (AWAY, AccessDenied("nothing listens there"), False),
        (AccessDenied("denied: no 1"), AccessDenied("denied: quota of 5 (x)"), True),
        (AccessDenied("denied"), AccessDenied("denied", about="account.main.password"), False),
        (ConfigError("there is no folder 'A'"), ConfigError("there is no folder 'B'"), False),
        (ConfigError("there is no folder 'Build2'"), ConfigError("there is no folder 'Build3'"), False),
        (ProtocolError("has 5 mails it does not give out"), ProtocolError("has 6 mails it does not give out"), True),
        (ConfigError("one problem", problems=("a",)), ConfigError("one problem", problems=("b",)), False),
        (LoginRefused("no"), LoginRefused("never", about="elsewhere"), True),
        (LoginRefused("no"), logins.LeftAlone("no"), True),
        (LoginRefused("no"), AccessDenied("no"), False),
        (KeyError("a"), KeyError("b"), True),
        (KeyError("a"), ValueError("a"), False),
    ],
)
def test_what_is_the_same_trouble(one: Exception, other: Exception, same: bool) -> None:
    assert (kind_of(one) == kind_of(other)) is same
    assert " " not in kind_of(one)


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        (-5, "0 s"),
        (59, "59 s"),
        (60, "1 min"),
        (3600, "1 h"),
        (11520, "3 h 12 min"),
        (86400, "1 d"),
        (100000, "1 d 3 h"),
    ],
)
def test_lengths_of_time(seconds: int, words: str) -> None:
    assert alarm.length(timedelta(seconds=seconds)) == words


def test_of_several_notices_each_is_told_and_the_worst_is_kept() -> None:
    met = [
        Notice("x", 75, "passing", "busy"),
        Notice("x", 77, "paused-1", "closed"),
        Notice("x", 77, "other", "no key"),
    ]
    trouble, lines = decide(None, met, MONDAY, alert_after=5)
    assert lines == ("closed", "no key")
    assert trouble == Trouble("x", 77, "closed", 1, MONDAY, MONDAY, ("paused-1", "other"))


ACCOUNT = AccountSettings("imap.example.com", "u@example.com", SecretRef(file="x"))


def refuse() -> Session:
    raise LoginRefused("no")


def a_gate(clock: Time, refusal: Refusal | None = None, settings: AccountSettings = ACCOUNT) -> logins.Gate:
    return logins.Gate("main", settings, refusal, clock.now)


def test_the_same_login_is_left_alone_and_another_is_tried() -> None:
    clock = Time()
    gate = a_gate(clock)
    with pytest.raises(LoginRefused):
        gate.through("wrong", refuse)
    first = gate.refusal
    assert first is not None
    assert "wrong" not in repr(first)
    with pytest.raises(logins.LeftAlone):
        a_gate(clock, first).through("wrong", lambda: "never")
    assert a_gate(clock, first).through("right", lambda: "in") == "in"
    renamed = AccountSettings("imap.example.com", "v@example.com", SecretRef(file="x"))
    assert a_gate(clock, first, renamed).through("wrong", lambda: "in") == "in"
    clock.wind(minutes=1)
    gate = a_gate(clock, first)
    with pytest.raises(LoginRefused):
        gate.through("wrong", refuse)
    assert gate.refusal == Refusal("main", 2, clock.now() + timedelta(minutes=5), first.fingerprint)
    with pytest.raises(LoginRefused):
        gate.through("wronger", refuse)
    assert gate.refusal.failures == 1


def test_what_is_no_refusal_changes_nothing() -> None:
    gate = a_gate(Time())
    with pytest.raises(Unavailable):
        gate.through("x", _away)
    assert gate.refusal is None


def _away() -> Session:
    raise Unavailable("away")


class TestLimits:
    """More mail than may leave: told when that begins, once a day, and when it is over; nothing is lost."""

    def flood(self, world: World, count: int, rates: Rates) -> None:
        world.rates = rates
        world.time.moment = MONDAY.replace(hour=14, minute=2)
        for number in range(count):
            world.send(number)

    def minutes(self, world: World, count: int) -> list[tuple[int, list[str]]]:
        """What runs say and had posted, a minute after another."""
        told = []
        for _ in range(count):
            began = world.time.moment
            status, said = world.fetch()
            assert status == 0
            told.append((len(world.hook.taken), said))
            world.time.moment = began + timedelta(minutes=1)
        return told

    def test_a_flood_is_announced_once_and_leaves_minute_by_minute(self, world: World) -> None:
        self.flood(world, 12, Rates(parse("5/1m")))
        assert self.minutes(world, 4) == [
            (5, ["channel.dev: 7 mails wait since 14:02: no more than 5 a minute leave"]),
            (10, []),
            (12, ["channel.dev: no limit keeps a mail back any more, after 2 min (since 2026-11-16 14:02)"]),
            (12, []),
        ]
        assert sorted(world.hook.taken) == sorted({*world.hook.taken})

    def test_runs_that_begin_a_little_early_wait_for_the_window(self, world: World) -> None:
        """Otherwise every second minute would pass in vain."""
        self.flood(world, 6, Rates(parse("2/1m")))
        for count in (2, 4, 6):
            began = world.time.moment
            world.fetch()
            assert len(world.hook.taken) == count
            world.time.moment = began + timedelta(seconds=58)

    def test_a_flood_that_lasts_is_told_once_a_day(self, world: World) -> None:
        self.flood(world, 30, Rates(parse("1/1h")))
        said = {}
        for hour in range(32):
            status, lines = world.fetch()
            assert status == 0
            said.update({hour: lines} if lines else {})
            world.time.wind(hours=1)
        assert said == {
            0: ["channel.dev: 29 mails wait since 14:02: no more than 1 an hour leave"],
            24: ["channel.dev: 5 mails wait since 2026-11-16 14:02: no more than 1 an hour leave"],
            29: ["channel.dev: no limit keeps a mail back any more, after 1 d 5 h (since 2026-11-16 14:02)"],
        }

    def test_the_limit_of_the_gateway_is_told_as_such(self, world: World) -> None:
        self.flood(world, 3, Rates(gateway=parse("2/1m 100/1d")))
        [(posted, said), _] = self.minutes(world, 2)
        assert posted == 2
        assert said == [
            "gateway: 1 mail waits since 14:02: no more than 2 a minute and 100 a day leave, of all channels"
        ]

    def test_such_a_run_leaves_the_next_nothing_to_do_until_the_window_opens(self, world: World) -> None:
        self.flood(world, 3, Rates(parse("2/5m")))
        world.fetch()
        assert [trouble.about for trouble in world.journal.open] == ["channel.dev"]
        assert world.journal.at_rest
        assert world.store.outbox.next_due(world.time.now(), world.rates) == MONDAY.replace(hour=14, minute=7)
