"""The reader child: what it answers, what each way of going wrong becomes, and what Intake makes of that."""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from support.bad_reader import PROGRAM as BAD
from support.site import Site, mail

from mailpoll.errors import Unavailable
from mailpoll.intake import Intake
from mailpoll.interpret import Interpreter, Rules
from mailpoll.model import Job, Limits, RawMessage, Reading, Recipient, Route, Target
from mailpoll.reader import PROGRAM, Reader, ReaderDied, ReaderStopped
from mailpoll.reader import Limits as ReaderLimits
from mailpoll.store import Store

NOW = datetime(2026, 11, 20, 9, tzinfo=UTC)
PATTERNS = ("username+%s@example.com",)
ORDER = ("Delivered-To", "To")
ROUTE = Route("dev", (Target("store"),))
NOWHERE = ("/nonexistent/python",)


def bad(what: str, number: int | str = "bad", *, safe: bool = True) -> bytes:
    """A mail that makes the child of support.bad_reader misbehave; without `safe` only outside safe mode."""
    more = b"" if safe else b"X-Bad-Safe: no\r\n"
    return b"X-Bad: " + what.encode() + b"\r\n" + more + mail(number)


def job(*chunks: bytes, routes: Sequence[Route] = (ROUTE,), **more: Any) -> Job:
    return Job(lambda: chunks, sum(map(len, chunks)), tuple(routes), **more)


def post_of(reader: Reader, raw: bytes) -> str:
    return reader.posts(job(raw)).posts[0].body


@pytest.fixture(scope="module")
def reader() -> Iterator[Reader]:
    with closing(Reader(ReaderLimits())) as child:
        yield child


class TestAnswers:
    def test_recipients_are_ours_with_field_and_detail(self, reader: Reader) -> None:
        headers = b"To: Dev <username+Dev.x@example.com>, someone@example.org\r\n\r\n"
        assert reader.recipients(headers, PATTERNS, ORDER) == (Recipient("To", "username+Dev.x@example.com", "Dev.x"),)

    def test_posts_carry_the_new_text_and_facts_what_people_find_it_by(self, reader: Reader) -> None:
        raw = mail(7, text="New.\n\nOn Monday, Bob <bob@example.org> wrote:\n> Old.")
        reading = reader.posts(job(raw[:10], raw[10:]))
        assert (reading.outcome, reading.reason) == ("posted", "")
        assert [(post.channel, post.destination, post.body) for post in reading.posts] == [("dev", "store", "New.")]
        assert (reading.facts.subject, reading.facts.message_id) == ("Mail 7", "7@example.net")
        assert reading.facts.sender == "Anna <anna@example.net>"

    def test_without_a_route_the_facts_come_alone(self, reader: Reader) -> None:
        raw = mail(1)
        reading = reader.posts(job(raw, routes=[]))
        assert reading.posts == ()
        assert len(reading.facts.content_key) == 64

    def test_part_n_is_an_attachments_bytes_and_part_0_the_whole_text(self, reader: Reader) -> None:
        raw = mail(1, size=100_000)
        route = Route("dev", ())
        parts = [b"".join(reader.part([raw], len(raw), number, route)) for number in (1, 0, 2)]
        assert parts == [bytes(100_000), b"This is mail 1.", b""]

    def test_a_limited_address_holds_the_mail_of_others(self, reader: Reader) -> None:
        raw = mail(1)
        limited = Route("dev", (Target("store"),), allow_from=("example.org",))
        reading = reader.posts(job(raw, routes=[limited]))
        assert reading.outcome == "held"
        assert len(reading.posts) == 1

    def test_a_channel_whose_address_is_limited_does_not_hold_up_the_others_and_is_named(self, reader: Reader) -> None:
        raw = mail(1)
        limited = Route("ops", (Target("store"),), allow_from=("example.org",))
        reading = reader.posts(job(raw, routes=[ROUTE, limited]))
        assert reading.outcome == "posted"
        why = "the sender is not among those the address is limited to"
        assert [(post.channel, post.held) for post in reading.posts] == [("dev", ""), ("ops", why)]
        assert reading.reason == f"held for ops: {why}"

    def test_safe_mode_says_so(self, reader: Reader) -> None:
        raw = mail(1)
        reading = reader.posts(job(raw, safe=True))
        assert reading.posts[0].body == "This is mail 1."
        assert any("safe mode" in defect for defect in reading.facts.defects)

    def test_of_a_mail_too_large_to_take_people_get_a_notice(self, reader: Reader) -> None:
        headers = mail(1).partition(b"\r\n\r\n")[0]
        reading = reader.posts(job(headers, oversize_of=60_000_000))
        assert "60.0 MB" in reading.posts[0].body

    def test_one_child_serves_many_mails(self, reader: Reader) -> None:
        post_of(reader, mail(1))
        child = reader._child
        post_of(reader, mail(2))
        assert reader._child is child
        assert child is not None


WAYS = [
    ("hang", "reading took more than 0.5 s"),
    ("stammer", "reading took more than 0.5 s"),
    ("spin", "reading took more than 1 s of processor time"),
    ("swell", "reading took more memory than allowed"),
    ("crash", "the reader was killed by SIGSEGV"),
    ("leave", "the reader ended with status 3"),
    ("fail", "reading failed: ZeroDivisionError: a bug of ours"),
    ("rubbish", "the answer of the reader makes no sense"),
    ("babble", "the answer of the reader makes no sense"),
    ("hush", "the reader closed its output"),
]


@pytest.mark.parametrize(("what", "sentence"), WAYS)
def test_a_mail_that_ends_its_reader_does_not_touch_the_next(what: str, sentence: str) -> None:
    wall = 20.0 if what == "spin" else 0.5
    with closing(Reader(ReaderLimits(cpu_seconds=1, wall_seconds=wall, memory=800_000_000), program=BAD)) as reader:
        raw = bad(what)
        with pytest.raises(ReaderDied) as died:
            reader.posts(job(raw))
        assert died.value.what == sentence
        assert reader._child is None, "a child of unknown state is not asked again"
        assert post_of(reader, mail(2)) == "This is mail 2."


def test_what_a_library_prints_is_no_answer() -> None:
    with closing(Reader(ReaderLimits(), program=BAD)) as reader:
        assert post_of(reader, bad("chat", 1)) == "This is mail 1."
        assert post_of(reader, mail(2)) == "This is mail 2."


def test_processor_time_is_counted_per_mail() -> None:
    with closing(Reader(ReaderLimits(cpu_seconds=1))) as reader:
        text = "\n".join(f"> {n} words that somebody quoted" for n in range(40_000))
        raw = mail(1, text=text)
        for _ in range(12):
            reader.posts(job(raw))


# A child that starts as it should, and then reads nothing more.
DEAF = (
    sys.executable,
    "-c",
    "import os, time; os.read(0, 1 << 16); os.write(1, b'\\0\\0\\0\\0\\0\\0\\0\\x0fmailpoll reader'); time.sleep(600)",
)


@pytest.mark.parametrize(
    ("wall", "run", "error"), [(0.5, None, ReaderDied), (20.0, 1.0, ReaderStopped)], ids=["mail", "run"]
)
def test_a_child_that_does_not_read_holds_nobody_up(wall: float, run: float | None, error: type[Exception]) -> None:
    with closing(Reader(ReaderLimits(wall_seconds=wall), program=DEAF)) as reader:
        reader._start()
        reader._stop_at = None if run is None else time.monotonic() + run
        began = time.monotonic()
        with pytest.raises(error):
            reader.posts(job(bytes(1_000_000)))
        assert time.monotonic() - began < 10
        assert reader._child is None


def test_a_bug_while_a_mail_is_handed_over_leaves_no_child_in_the_middle_of_it(reader: Reader) -> None:
    def slices() -> Iterator[bytes]:
        yield mail(1)[:100]
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        reader.posts(Job(slices, len(mail(1)), (ROUTE,)))
    assert post_of(reader, mail(2)) == "This is mail 2."


def test_a_run_at_its_end_stops_the_reader_and_does_not_blame_the_mail() -> None:
    with closing(Reader(ReaderLimits(), program=BAD, stop_at=time.monotonic() + 1.0)) as reader:
        raw = bad("hang")
        with pytest.raises(ReaderStopped):
            reader.posts(job(raw))
        assert reader._child is None


def test_the_child_is_found_where_pip_install_user_puts_it(tmp_path: Path) -> None:
    version = f"python{sys.version_info.major}.{sys.version_info.minor}"
    packages = tmp_path / ".local" / "lib" / version / "site-packages"
    packages.mkdir(parents=True)
    (packages / "installed_for_me.py").touch()
    python = str(Path(sys.base_prefix) / "bin" / version)
    if sys.platform == "darwin" or not Path(python).exists():
        pytest.skip(f"the folder of a user's packages is elsewhere here, or there is no {python}")
    flags = PROGRAM[1 : PROGRAM.index("-m")]
    found = subprocess.run([python, *flags, "-c", "import installed_for_me"], env={"HOME": str(tmp_path)}, check=False)
    assert found.returncode == 0


@pytest.mark.parametrize("program", [NOWHERE, ("/bin/true",), ("/bin/echo", "hello"), ("/bin/cat",)])
def test_a_program_that_does_not_start_is_no_mails_fault(program: tuple[str, ...]) -> None:
    with closing(Reader(ReaderLimits(), program=program)) as reader:
        raw = mail(1)
        with pytest.raises(Unavailable, match="the program that reads mail does not start"):
            reader.posts(job(raw))


def outcomes(results: Sequence[Reading | BaseException]) -> list[str]:
    return [each.posts[0].body if isinstance(each, Reading) else type(each).__name__ for each in results]


@pytest.mark.parametrize("what", ["crash", "leave", "fail", "hang"])
def test_of_many_mails_only_the_one_that_ends_the_reader_is_blamed(what: str) -> None:
    """The answers to those before it may still be in the pipe, and those after it are on their way already."""
    limits = ReaderLimits(wall_seconds=1.5)
    with closing(Reader(limits, program=BAD)) as reader:
        reader.begin([job(raw) for raw in (mail(1), mail(2), bad(what), mail(4), bad(what), mail(6))])
        assert outcomes(reader.finish()) == [
            "This is mail 1.", "This is mail 2.", "ReaderDied", "This is mail 4.", "ReaderDied", "This is mail 6.",
        ]  # fmt: skip
        assert post_of(reader, mail(7)) == "This is mail 7."


def test_large_mails_and_large_answers_pass_each_other(reader: Reader) -> None:
    long = mail(1, text="\n".join(f"Line {n} of a long text, as it is written." for n in range(10_000)))
    reader.begin([job(long) for _ in range(6)] + [job(mail(2))])
    results = reader.finish()
    assert outcomes(results)[-1] == "This is mail 2."
    assert all("Line 9999 of" in body for body in outcomes(results)[:-1])


def test_a_run_at_its_end_blames_none_of_the_mails_that_were_begun() -> None:
    with closing(Reader(ReaderLimits(), program=BAD)) as reader:
        assert post_of(reader, mail(1)) == "This is mail 1."
        reader._stop_at = time.monotonic() + 0.5
        reader.begin([job(mail(1)), job(bad("hang")), job(mail(3))])
        assert outcomes(reader.finish()) == ["This is mail 1.", "Stopped", "Stopped"]


def test_closing_ends_what_was_begun_at_once() -> None:
    reader = Reader(ReaderLimits(wall_seconds=60), program=BAD)
    reader.begin([job(bad("hang")), job(mail(2))])
    began = time.monotonic()
    reader.close()
    assert time.monotonic() - began < 10


def test_a_program_that_does_not_start_is_told_for_each_mail_that_was_begun() -> None:
    with closing(Reader(ReaderLimits(), program=NOWHERE)) as reader:
        reader.begin([job(mail(1)), job(mail(2))])
        assert outcomes(reader.finish()) == ["Unavailable", "Unavailable"]


def test_a_child_that_was_started_early_is_the_one_that_reads() -> None:
    with closing(Reader(ReaderLimits())) as reader:
        reader.warm_up()
        early = reader._child
        reader.warm_up()
        assert post_of(reader, mail(1)) == "This is mail 1."
        assert reader._child is early is not None


@pytest.mark.parametrize("program", [NOWHERE, ("/bin/true",)])
def test_a_child_that_cannot_be_started_early_is_told_when_it_is_asked(program: tuple[str, ...]) -> None:
    with closing(Reader(ReaderLimits(), program=program)) as reader:
        reader.warm_up()
        with pytest.raises(Unavailable):
            reader.posts(job(mail(1)))


class Counting(Reader):
    """Remembers the mode of each reading."""

    def __init__(self, *args: Any, **more: Any) -> None:
        super().__init__(*args, **more)
        self.modes: list[str] = []

    def posts(self, job: Job) -> Reading:
        """As usual."""
        self.modes.append("safe" if job.safe else "whole")
        return super().posts(job)


class Desk:
    """An Intake on a real store, and what it told."""

    def __init__(self, store: Store, **reader: Any) -> None:
        self.store = store
        self.reader = Counting(ReaderLimits(cpu_seconds=1, wall_seconds=5), **{"program": BAD, **reader})
        self.told: list[tuple[int, str]] = []
        rules = Rules(PATTERNS, ORDER, lambda _: Limits())
        self._intake = Intake(
            store.ledger,
            Interpreter(store.channels, self.reader, rules, lambda: NOW),
            died=ReaderDied,
            stopped=ReaderStopped,
            now=lambda: NOW,
            told=lambda message_id, reading: self.told.append((message_id, reading.outcome)),
        )

    def accept(self, *raws: bytes) -> None:
        """Puts mails into the store."""
        self.store.ledger.accept([RawMessage(None, None, (raw,)) for raw in raws], NOW)

    def read(self) -> None:
        """One run's reading."""
        self._intake.read(lambda: False)

    def begin(self, *raws: bytes) -> None:
        """Has mails read as they come in."""
        accepted = self.store.ledger.accept([RawMessage(None, None, (raw,)) for raw in raws], NOW, begun=True)
        self._intake.begin(accepted, {}, "")

    def finish(self) -> None:
        """What is done before anybody is told that they are read."""
        self._intake.finish()

    def abandon(self) -> None:
        """What is done when the run is stopped."""
        self._intake.abandon()

    def stop_in(self, seconds: float) -> None:
        """The run ends soon; set when the child is there, because a cold start may take longer."""
        self.reader._stop_at = time.monotonic() + seconds

    def states(self) -> Sequence[tuple[str, int]]:
        """(state, attempts) of each message."""
        return [(entry.state, entry.attempts) for entry in self.store.messages.list()[::-1]]

    def bodies(self) -> Sequence[str]:
        """What was posted."""
        return sorted(delivery.post.body for delivery in self.store.outbox.list())


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Callable[..., Desk]]:
    site = Site(tmp_path, None)
    site.channel("dev")
    desks: list[Desk] = []
    with site.store() as store:

        def make(**reader: Any) -> Desk:
            desks.append(Desk(store, **reader))
            return desks[-1]

        yield make
        for made in desks:
            made.reader.close()


class TestIntake:
    def test_a_batch_is_recorded_when_the_next_one_is_begun(self, desk: Callable[..., Desk]) -> None:
        here = desk()
        here.begin(mail(1), mail(2))
        assert here.states() == [("accepted", 1)] * 2
        here.begin(mail(3))
        assert here.states() == [("unrouted", 1)] * 2 + [("accepted", 1)]
        here.finish()
        assert here.states() == [("unrouted", 1)] * 3
        here.finish()
        assert here.told == [(1, "unrouted"), (2, "unrouted"), (3, "unrouted")]

    def test_what_kills_the_reader_in_a_batch_is_read_alone_before_the_next(self, desk: Callable[..., Desk]) -> None:
        here = desk()
        here.begin(mail(1), bad("crash"), mail(3))
        here.begin(mail(4))
        here.finish()
        assert here.states() == [("unrouted", 1), ("quarantined", 3), ("unrouted", 1), ("unrouted", 1)]

    def test_what_was_begun_when_the_run_is_stopped_gets_its_attempt_back(self, desk: Callable[..., Desk]) -> None:
        here = desk()
        here.begin(mail(1), mail(2))
        here.abandon()
        assert here.states() == [("accepted", 0)] * 2

    def test_a_reader_that_does_not_start_is_not_the_mails_fault_in_a_batch(self, desk: Callable[..., Desk]) -> None:
        here = desk(program=NOWHERE)
        here.begin(mail(1), mail(2))
        with pytest.raises(Unavailable):
            here.finish()
        assert here.states() == [("accepted", 0)] * 2

    def test_mails_are_read_in_one_batch(self, desk: Callable[..., Desk]) -> None:
        here = desk()
        here.accept(mail(1), mail(2), mail(3))
        here.read()
        assert here.states() == [("read", 1)] * 3
        assert here.bodies() == ["This is mail 1.", "This is mail 2.", "This is mail 3."]
        assert here.told == [(1, "posted"), (2, "posted"), (3, "posted")]

    def test_a_mail_that_kills_the_reader_is_tried_in_its_batch_alone_and_safe_then_set_aside(
        self, desk: Callable[..., Desk]
    ) -> None:
        here = desk()
        here.accept(mail(1), bad("crash"), mail(3))
        here.read()
        assert here.states() == [("read", 1), ("quarantined", 3), ("read", 1)]
        assert here.reader.modes == ["whole", "whole", "whole", "whole", "safe"]
        assert here.store.messages.get(2).reason == "the reader was killed by SIGSEGV"
        assert here.bodies() == ["This is mail 1.", "This is mail 3."]
        assert here.told[-1] == (2, "quarantined")
        assert here.store.messages.get(2).has_raw, "its bytes are kept for a person, or for a better mailpoll"

    def test_safe_mode_saves_what_can_be_saved(self, desk: Callable[..., Desk]) -> None:
        here = desk()
        here.accept(bad("leave", safe=False))
        here.read()
        assert here.states() == [("read", 3)]
        assert here.bodies() == ["This is mail bad."]
        assert any("safe mode" in defect for defect in here.store.messages.get(1).defects)

    def test_a_mail_during_which_run_after_run_was_killed_is_set_aside_unread(
        self, desk: Callable[..., Desk]
    ) -> None:  # fmt: skip
        here = desk(program=NOWHERE)
        here.accept(mail(1))
        for _ in range(3):
            here.store.ledger.begin_reading([1])
        here.read()
        assert here.states() == [("quarantined", 3)]
        assert here.store.messages.get(1).reason == "the run ended each time this mail was read"

    def test_a_mail_during_which_a_run_was_killed_is_read_alone_by_the_next(self, desk: Callable[..., Desk]) -> None:
        here = desk()
        here.accept(mail(1), mail(2))
        here.store.ledger.begin_reading([1])
        here.read()
        assert here.states() == [("read", 2), ("read", 1)]

    def test_attempts_are_taken_back_when_we_stopped_the_reader(self, desk: Callable[..., Desk]) -> None:
        here = desk()
        here.accept(mail(0))
        here.read()
        here.accept(mail(1), bad("hang"), mail(3))
        here.stop_in(1.0)
        here.read()
        assert here.states() == [("read", 1), ("read", 1), ("accepted", 0), ("accepted", 0)]
        assert here.bodies() == ["This is mail 0.", "This is mail 1."]

    def test_the_second_attempt_is_taken_back_too(self, desk: Callable[..., Desk]) -> None:
        here = desk()
        here.accept(bad("hang"))
        here.store.ledger.begin_reading([1])
        here.stop_in(0.5)
        here.read()
        assert here.states() == [("accepted", 1)]

    def test_without_mail_no_reader_is_started(self, desk: Callable[..., Desk]) -> None:
        here = desk(program=NOWHERE)
        here.read()
        assert here.reader.modes == []

    def test_a_reader_that_does_not_start_costs_no_mail_an_attempt(self, desk: Callable[..., Desk]) -> None:
        broken = desk(program=NOWHERE)
        broken.accept(mail(1), mail(2))
        broken.store.ledger.begin_reading([2])
        for _ in range(4):
            with pytest.raises(Unavailable):
                broken.read()
        assert broken.states() == [("accepted", 0), ("accepted", 1)]
        desk().read()
        assert broken.states() == [("read", 1), ("read", 2)]


class TestStarting:
    """What happens while a reader starts, which takes longer than reading, is no mail's fault."""

    def test_a_run_that_is_ended_meanwhile_counts_no_attempt(
        self, desk: Callable[..., Desk], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        one = desk()
        one.accept(mail(1), mail(2))

        def killed() -> None:
            raise SystemExit  # nothing after it is done, as after kill -9

        with monkeypatch.context() as patched:
            patched.setattr(one.reader, "ready", killed)
            with pytest.raises(SystemExit):
                one.read()
        assert one.states() == [("accepted", 0), ("accepted", 0)]
        one.read()
        assert one.states() == [("read", 1), ("read", 1)]

    def test_nor_for_a_mail_that_is_read_alone(
        self, desk: Callable[..., Desk], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        one = desk()
        one.accept(mail(1))
        one.store.ledger.begin_reading([1])
        asked: list[int] = []
        ready = one.reader.ready

        def counting() -> None:
            asked.append(one.states()[0][1])
            ready()

        monkeypatch.setattr(one.reader, "ready", counting)
        one.read()
        assert asked == [1]
        assert one.states() == [("read", 2)]
