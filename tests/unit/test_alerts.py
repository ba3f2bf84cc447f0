"""Who is alerted of what, by which way, and how often."""

from __future__ import annotations

import io
import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import nullcontext
from datetime import UTC, datetime, timedelta
from email import message_from_bytes
from email.policy import default
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace
from support.site import empty_store

from mailpoll.commands import alarm, alert_mail, alert_post, alert_text, alerts, logins, standstill
from mailpoll.commands.alert_text import Place
from mailpoll.commands.installation import Installation
from mailpoll.commands.journal import Journal
from mailpoll.commands.news import News, Owed, mark_of, told_marks
from mailpoll.commands.speaking import Listener, Speaker
from mailpoll.crew import AccountResult
from mailpoll.errors import (
    ConfigError,
    LoginRefused,
    MailpollError,
    PermanentFailure,
    TemporaryFailure,
    Unanswered,
    Unavailable,
)
from mailpoll.model import NamedAddress, Pause, Refusal, Rest, Trouble
from mailpoll.settings import SmtpSettings
from mailpoll.store import Store

MONDAY = datetime(2026, 11, 16, 8, tzinfo=UTC)
REFUSED = LoginRefused("the server refused the login", about="imap.example.com:993", advice="Check it.")
AWAY = Unavailable("nothing listens there", about="imap.example.com:993")
SMTP_AWAY = Unavailable("nothing listens there", about="smtp.example.com:587")
SMTP_REFUSED = LoginRefused("the server refused the login", about="smtp.example.com:587")
ADMIN = "admin@example.com"
HOST = socket.gethostname()
CONFIG = """
[alerts]
to = {to}
[smtp]
host = "smtp.example.com"
username = "gateway@example.com"
password = {{ file = "smtp-password" }}
[account.main]
host = "imap.example.com"
username = "username@example.com"
password = {{ file = "smtp-password" }}
"""


@pytest.fixture(autouse=True)
def _in_utc(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setenv("TZ", "UTC")
    time.tzset()
    yield
    monkeypatch.undo()
    time.tzset()


class Office:
    """A gateway whose runs meet what they are told to, and an SMTP server that takes mail, or does not."""

    def __init__(self, folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
        (folder / "mailpoll.db").write_bytes(empty_store())
        self.store = Store(f"sqlite:///{folder / 'mailpoll.db'}")
        self.config = folder / "config.toml"
        (folder / "smtp-password").write_text("secret")
        (folder / "smtp-password").chmod(0o600)
        self.alert(ADMIN)
        self.env = {"STATE_DIRECTORY": str(folder)}
        self.now = MONDAY
        self.down: dict[str, BaseException] = {}  # by recipient; "" is the server
        self.mails: list[tuple[str, str, str]] = []
        self.tries = 0
        self.ends_in_s = 50.0
        self.journal = Journal()
        self._capsys = capsys

    def alert(self, *to: str) -> None:
        """Sets who is to be alerted."""
        self.config.write_text(CONFIG.format(to=list(to)))

    def send(
        self, settings: SmtpSettings, secret: str, to: NamedAddress, subject: str, text: str, now: Any, seconds: float
    ) -> str:
        self.tries += 1
        assert 0 < seconds <= alert_mail.MAIL_S
        assert secret in ("secret", "another")
        for name in ("", to.address):
            if name in self.down:
                raise self.down[name]
        self.mails.append((to.address, subject.removeprefix(f"mailpoll on {HOST}: "), text))
        return "250 queued"

    def run(
        self, error: BaseException | None = None, listener: Listener = "cron", at_once: bool = False, **more: Any
    ) -> list[str]:
        """A run a minute later, and what cron hears of it."""
        self.now += timedelta(minutes=1)
        installation = Installation(str(self.config), self.env)
        self.journal = journal = Journal(accounts=(AccountResult("main", error=error, finished=error is None),))
        gates = logins.gates(self.store, installation.settings.account, lambda: self.now)
        alerting = bool(installation.settings.alerts.recipients)
        speaker = Speaker(self.store, self.now, 5, listener, installation.owner, alerting)
        news = [
            *speaker.settle(journal, gates, ["main"], ["store", "hook"]),
            *standstill.ended(installation, lambda: self.now),
        ]
        ends = time.monotonic() + self.ends_in_s + alerts.GRACE_S
        alerter = alerts.Alerter(installation, Owed(news), lambda: self.now, ends, at_once, self.send, journal)
        alerts.after_run(alerter, speaker, **more)
        return self._capsys.readouterr().err.splitlines()

    def watched(self, work: Any) -> int:
        """The exit status of a run that may be stopped altogether."""
        self.now += timedelta(minutes=1)
        installation = Installation(str(self.config), self.env)
        found: Any = standstill.watched(installation, work, always=False, clock=lambda: self.now, send=self.send)
        return found if isinstance(found, int) else 0

    def fails(self, problem: Exception) -> int:
        def work() -> Journal:
            raise problem

        return self.watched(work)

    @property
    def told(self) -> list[tuple[str, str]]:
        """To whom, and the subject."""
        return [(to, subject) for to, subject, _ in self.mails]

    @property
    def owed(self) -> list[str]:
        """Of what somebody has still to be told the end."""
        return [trouble.about for trouble in self.store.troubles.kept() if told_marks(trouble)]

    @property
    def posted(self) -> list[str]:
        """The subjects of the mails that were put in."""
        found = []
        for unread in self.store.ledger.unread(9):
            raw = b"".join(self.store.ledger.chunks(unread.id))
            found.append(f"{unread.sent_to}: {message_from_bytes(raw, policy=default)['Subject']}")
        return [subject.replace(f"mailpoll on {HOST}: ", "") for subject in found]


@pytest.fixture
def office(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Iterator[Office]:
    office = Office(tmp_path, capsys)
    with office.store:
        yield office


BEGUN, OVER = (ADMIN, "account.main refuses the login"), (ADMIN, "account.main works again")


def test_a_trouble_is_told_once_when_it_begins_and_once_when_it_ends(office: Office) -> None:
    for _ in range(3):
        office.run(REFUSED)
    office.now += timedelta(days=3)
    office.run(REFUSED)
    assert office.told == [BEGUN]
    office.run()
    office.run()
    assert office.told == [BEGUN, OVER]
    assert office.owed == []


def test_what_may_pass_by_itself_is_told_when_it_did_not(office: Office) -> None:
    for _ in range(4):
        office.run(AWAY)
    assert office.told == []
    office.run(AWAY)
    office.run(AWAY)
    assert office.told == [(ADMIN, "account.main does not work")]
    office.run()
    assert office.told[1:] == [OVER]


def test_what_passed_before_anybody_was_told_is_never_told(office: Office) -> None:
    office.run(AWAY)
    office.run()
    assert office.told == []


@pytest.mark.parametrize("listener", ["cron", "person", "nobody"])
def test_it_does_not_matter_who_heard_of_it_otherwise(office: Office, listener: Listener) -> None:
    office.run(REFUSED, listener)
    office.run(REFUSED, "person")
    office.run(None, listener)
    office.run(None, "nobody")
    assert office.told == [BEGUN, OVER]


def test_a_person_who_saw_it_at_the_first_run_makes_it_no_riper(office: Office) -> None:
    for _ in range(3):
        office.run(AWAY, "person")
    assert office.told == []


def test_what_cron_is_owed_after_an_alert_is_still_told_to_cron(office: Office) -> None:
    office.run(REFUSED)
    assert office.run(None, "nobody") == []
    assert office.told == [BEGUN, OVER]
    [line] = office.run()
    assert line.startswith("mailpoll: account.main works again")
    assert office.told == [BEGUN, OVER]


def test_another_kind_of_the_same_trouble_is_told_once_too(office: Office) -> None:
    office.run(REFUSED)
    office.run(ConfigError("there is no folder Alerts"))
    office.run(REFUSED)
    office.run(ConfigError("there is no folder Alerts"))
    office.run()
    assert office.told == [BEGUN, (ADMIN, "account.main does not work"), OVER]


def test_the_mail_says_what_since_when_where_and_what_to_type(office: Office) -> None:
    office.run(REFUSED)
    [(_, _, text)] = office.mails
    assert "account.main (imap.example.com:993): the server refused the login. Check it." in text
    assert "(since 2026-11-16 08:01)" in text
    assert f"Host: {HOST}\nConfiguration: {office.config}\n" in text
    assert f"mailpoll --config {office.config} status\n" in text
    assert f"mailpoll --config {office.config} doctor\n" in text


def test_a_mail_that_cannot_be_sent_is_a_trouble_of_its_own_and_stays_owed(office: Office) -> None:
    office.down[""] = SMTP_AWAY
    for _ in range(4):
        said = office.run(REFUSED)
        assert said == [] or "smtp" not in said[0]
    [line] = office.run(REFUSED)
    assert line == (
        "mailpoll: smtp (smtp.example.com:587): alerts by mail wait: nothing listens there. The next run tries again."
    )
    assert {trouble.about: trouble.status for trouble in office.journal.open} == {"account.main": 77, "smtp": 69}
    office.down.clear()
    [line] = office.run(REFUSED)
    assert line.startswith("mailpoll: mail can be sent again, after ")
    assert office.told == [BEGUN]


def test_an_smtp_trouble_counts_with_its_status_from_the_first_run(office: Office) -> None:
    office.run(REFUSED)
    office.down[""] = SMTP_AWAY
    office.run()
    assert office.journal.exit_status == 69
    assert not office.journal.at_rest


def test_an_end_that_could_not_be_told_is_told_later_with_the_time_it_ended(office: Office) -> None:
    office.run(REFUSED)
    office.down[""] = SMTP_AWAY
    for _ in range(3):
        office.run()
    assert [trouble.about for trouble in office.store.troubles.list()] == ["smtp"]
    office.down.clear()
    office.run()
    assert office.told == [BEGUN, OVER]
    assert "account.main works again, after 1 min (since 2026-11-16 08:01)" in office.mails[1][2]
    assert office.owed == []
    assert office.journal.at_rest


def test_an_end_is_not_owed_for_ever(office: Office) -> None:
    office.run(REFUSED)
    office.down[""] = SMTP_AWAY
    office.run()
    office.now += timedelta(days=8)
    office.run()
    office.down.clear()
    office.run()
    assert office.told == [BEGUN]
    assert office.owed == []


def test_what_begins_anew_before_its_end_could_be_told_is_one_trouble_to_the_admin(office: Office) -> None:
    office.run(REFUSED)
    office.down[""] = SMTP_AWAY
    office.run()
    office.run(REFUSED)
    office.down.clear()
    office.run(REFUSED)
    assert office.told == [BEGUN]
    office.run()
    assert office.told == [BEGUN, OVER]


def test_what_is_over_before_the_way_works_again_is_not_told_late(office: Office) -> None:
    office.down[""] = SMTP_AWAY
    for _ in range(6):
        office.run(REFUSED)
    [_, line] = office.run()
    assert line.startswith("mailpoll: smtp: no alert waits any more, after ")
    office.down.clear()
    office.run()
    assert office.told == []
    assert office.journal.at_rest


def test_a_refused_login_is_left_alone_like_that_of_an_account(office: Office) -> None:
    office.down[""] = SMTP_REFUSED
    said = office.run(REFUSED)
    assert "It is tried again after 08:02:00, when the settings or the password change" in said[1]
    tries = [office.tries]
    for _ in range(22):
        office.run(REFUSED)
        tries.append(office.tries)
    assert [tries.index(n) for n in range(1, office.tries + 1)] == [0, 1, 6, 21]
    assert office.journal.exit_status == 77
    (office.config.parent / "smtp-password").write_text("another")
    office.down.clear()
    office.run(REFUSED)
    assert office.told == [BEGUN]
    assert office.store.refusals.list() == ()


def test_a_refusal_of_smtp_is_nobodys_account(office: Office) -> None:
    office.down[""] = SMTP_REFUSED
    office.run(REFUSED)
    logins.remember(office.store, {}, ["main"], office.now)
    [refusal] = office.store.refusals.list()
    assert refusal.account.startswith("[smtp] ")


def test_now_leaves_nothing_alone(office: Office) -> None:
    office.down[""] = SMTP_REFUSED
    office.run(REFUSED)
    office.run(REFUSED, at_once=True)
    assert office.tries == 2


def test_one_recipient_who_is_refused_keeps_nothing_from_the_others(office: Office) -> None:
    office.alert("gone@example.com", ADMIN)
    office.down["gone@example.com"] = PermanentFailure("550 no such user", about="smtp.example.com:587")
    said = office.run(REFUSED)
    assert "smtp: no mail to gone@example.com (smtp.example.com:587): 550 no such user" in said[1]
    assert office.told == [BEGUN]
    assert office.run(REFUSED) == []
    assert office.run(REFUSED) == []
    assert (office.told, office.tries) == ([BEGUN], 3)
    assert office.journal.exit_status == 77


def stalled() -> Unavailable:
    error = Unavailable("it said nothing at RCPT TO", about="smtp.example.com:587")
    error.of_a_mail = True
    return error


@pytest.mark.parametrize("problem", [stalled(), ValueError("no header field"), ZeroDivisionError("oh")])
def test_nor_does_one_at_whom_the_server_stalls_or_a_bug_is_met(office: Office, problem: Exception) -> None:
    office.alert("one@example.com", ADMIN)
    office.down["one@example.com"] = problem
    for _ in range(3):
        office.run(REFUSED)
    assert office.told == [BEGUN]


def test_what_keeps_everybody_from_mail_is_met_once_a_run(office: Office) -> None:
    office.alert("one@example.com", ADMIN)
    office.down["one@example.com"] = SMTP_AWAY
    office.run(REFUSED)
    assert (office.tries, office.told) == (1, [])


def test_each_run_begins_with_another_while_mail_cannot_be_sent(office: Office) -> None:
    office.alert("one@example.com", "two@example.com", ADMIN)
    office.down = {"one@example.com": SMTP_AWAY, "two@example.com": stalled()}
    for _ in range(3):
        office.run(REFUSED)
    assert office.told == [BEGUN]


def test_so_does_each_run_that_is_stopped_altogether(office: Office) -> None:
    office.alert("one@example.com", ADMIN)
    office.down["one@example.com"] = SMTP_AWAY
    for _ in range(3):
        office.fails(ConfigError("the store that was here is gone"))
    assert office.told == [(ADMIN, "the store cannot be used")]


def test_a_mail_whose_answer_is_lost_is_not_sent_again_every_minute(office: Office) -> None:
    office.down[""] = Unanswered("no answer after the mail", about="smtp.example.com:587")
    for _ in range(5):
        office.run(REFUSED)
    assert office.tries == 2


def test_a_mail_that_may_have_arrived_is_said_so_in_the_same_words_until_it_is_tried_again(office: Office) -> None:
    office.down[""] = Unanswered("no answer came", about="smtp.example.com:587", advice="Look whether it arrived")
    for _ in range(4):
        assert [line for line in office.run(REFUSED) if "smtp" in line] == []
        assert office.journal.exit_status == 77
        [_, smtp] = office.journal.open
        assert (smtp.status, smtp.sentence) == (
            75, f"smtp: a mail to {ADMIN} may have arrived (smtp.example.com:587): no answer came",
        )  # fmt: skip
    [line] = office.run(REFUSED)
    assert line == (
        f"mailpoll: {smtp.sentence}. It is tried again after 08:07:00, when [smtp] changes, or now by: mailpoll fetch "
        "--now"
    )
    office.now += timedelta(minutes=5)
    office.down.clear()
    [line] = office.run(REFUSED)
    assert line.startswith("mailpoll: mail can be sent again, after 10 min")
    assert office.told == [BEGUN]


def test_each_of_those_who_are_refused_keeps_a_sentence_of_their_own(office: Office) -> None:
    office.alert("a@example.com", "b@example.com", ADMIN)
    for name in "ab":
        office.down[f"{name}@example.com"] = PermanentFailure(f"550 no {name}", about="smtp.example.com:587")
    for _ in range(2):
        said = office.run(REFUSED, "person")
        assert [f"no mail to {name}@example.com (smtp.example.com:587): 550 no {name}" in line
                for name, line in zip("ab", said[1:], strict=True)] == [True, True]  # fmt: skip
        office.now -= timedelta(seconds=30)
    assert office.tries == 3


def test_what_nobody_tried_is_not_said_to_work(office: Office) -> None:
    office.alert(ADMIN, "unknown@example.com")
    office.down["unknown@example.com"] = PermanentFailure("550 User unknown", about="smtp.example.com:587")
    assert "smtp: no mail to unknown@example.com" in office.run(REFUSED)[1]
    [_, line] = office.run()
    assert line.startswith("mailpoll: smtp: no alert waits any more, after 1 min")
    assert office.told == [BEGUN, OVER]


@pytest.mark.parametrize("trouble", [PermanentFailure("550"), TemporaryFailure("451"), Unanswered("no answer")])
def test_nor_where_a_mail_to_one_may_say_nothing_of_that_to_another(office: Office, trouble: MailpollError) -> None:
    office.alert(ADMIN, "other@example.com")
    office.down["other@example.com"] = trouble
    for _ in range(5):
        office.run(REFUSED)
    office.down.clear()
    said = office.run(at_once=True)
    assert not [line for line in said if "mail can be sent again" in line]
    office.run(REFUSED, at_once=True)
    assert office.told[-2:] == [BEGUN, ("other@example.com", BEGUN[1])]


def test_a_server_is_given_only_the_time_for_a_mail(office: Office) -> None:
    seen = []

    def send(*given: Any) -> str:
        seen.append(given[-1])
        return ""

    office.send = send  # type: ignore[method-assign]
    office.run(REFUSED)
    office.ends_in_s = -1.0
    office.run()
    assert seen[0] == alert_mail.MAIL_S
    assert 3.0 < seen[1] <= 4.0


def test_a_bug_of_the_sender_is_a_trouble_and_ends_no_run(office: Office) -> None:
    office.down[""] = ZeroDivisionError("oh")
    said = office.run(REFUSED)
    assert "smtp: alerts by mail wait: this is a bug: ZeroDivisionError: oh" in said[1]
    assert office.journal.exit_status == 77


def test_a_secret_that_is_not_there_is_a_trouble_of_smtp(office: Office) -> None:
    (office.config.parent / "smtp-password").unlink()
    said = office.run(REFUSED)
    assert "mailpoll: smtp" in said[1]
    assert "smtp.password" in said[1]
    assert office.tries == 0


def test_a_command_for_the_secret_has_only_what_is_left_of_the_time_and_is_asked_once(office: Office) -> None:
    office.alert("one@example.com", ADMIN)
    asked = office.config.parent / "asked"
    command = f"password = {{ command = ['sh', '-c', 'echo x >> {asked}; sleep 30; echo secret'] }}"
    config = office.config.read_text()
    office.config.write_text(config.replace('password = { file = "smtp-password" }', command, 1))
    office.ends_in_s = 1.2 - alerts.GRACE_S
    begun = time.monotonic()
    said = office.run(REFUSED)
    assert time.monotonic() - begun < 4
    assert "smtp.password): alerts by mail wait: the command sh took over 1.2 seconds" in said[1]
    office.config.write_text(office.config.read_text().replace("sleep 30", "true"))
    office.ends_in_s = 50.0
    office.run(REFUSED)
    assert len(office.told) == 2
    assert asked.read_text() == "x\n" * 2


def test_a_run_that_is_stopped_altogether_has_no_time_of_its_own(office: Office) -> None:
    seen = []

    def work() -> Journal:
        raise ConfigError("the store that was here is gone")

    def send(*given: Any) -> str:
        seen.append(given[-1])
        return ""

    installation = Installation(str(office.config), office.env)
    standstill.watched(installation, work, always=False, clock=lambda: office.now, deadline_s=0.1, send=send)
    assert 4.0 < seen[0] <= 5.1


def test_without_time_nothing_is_begun_and_all_stays_owed(office: Office) -> None:
    office.ends_in_s = -alerts.GRACE_S
    office.run(REFUSED)
    assert (office.tries, office.journal.owing) == (0, True)
    office.ends_in_s = 50.0
    office.run(REFUSED)
    assert office.told == [BEGUN]


def test_a_run_without_time_does_not_end_the_trouble_of_smtp(office: Office) -> None:
    office.down[""] = SMTP_AWAY
    office.run(REFUSED)
    office.ends_in_s = -alerts.GRACE_S
    office.run(REFUSED)
    assert [trouble.about for trouble in office.journal.open] == ["account.main", "smtp"]


def test_each_step_has_only_what_is_left_of_the_time(office: Office) -> None:
    seen = []

    def send(settings: SmtpSettings, *_: Any) -> str:
        seen.append(settings.timeout)
        return ""

    office.ends_in_s = -1.0
    office.send = send  # type: ignore[method-assign]
    office.run(REFUSED)
    assert 3.0 < seen[0] <= 4.0


def channel(office: Office, name: str = "ops", *targets: str) -> None:
    office.store.channels.add(name, [(target, "") for target in targets or ("store",)], MONDAY)


def test_a_channel_gets_a_mail_that_nobody_takes_for_a_loop(office: Office) -> None:
    channel(office)
    office.alert("ops")
    posted = []
    office.run(REFUSED, post_now=lambda: posted.append(True))
    assert office.posted == ["ops: account.main refuses the login"]
    [unread] = office.store.ledger.unread(9)
    raw = message_from_bytes(b"".join(office.store.ledger.chunks(unread.id)), policy=default)
    assert (raw["Auto-Submitted"], raw["X-Mailpoll"]) == ("auto-generated", None)
    assert raw["From"].addresses[0].display_name == "mailpoll"
    office.run(REFUSED, post_now=lambda: posted.append(True))
    office.run(post_now=lambda: posted.append(True))
    assert office.posted[1:] == ["ops: account.main works again"]
    assert posted == [True, True]
    assert office.tries == 0


def pauses(office: Office, name: str) -> None:
    office.store.outbox.pause(Pause(name, "closed", MONDAY, "x"))


def test_no_channel_is_used_all_of_whose_destinations_fail(office: Office) -> None:
    channel(office, "ops", "hook")
    channel(office, "both", "hook", "store")
    office.alert("ops", "both", ADMIN)
    office.config.write_text(
        office.config.read_text() + '[destination.hook]\nkind = "webhook"\nurl = "http://localhost:1/"\n'
    )
    pauses(office, "hook")
    office.run(REFUSED)
    assert office.posted == ["both: account.main refuses the login"]
    assert office.told == [BEGUN]
    office.store.outbox.resume("hook")
    office.run(REFUSED)
    assert office.posted[1:] == ["ops: account.main refuses the login"]


def test_a_destination_that_rests_or_is_not_configured_is_no_way_either(office: Office) -> None:
    office.alert("ops")
    channel(office, "ops", "hook")
    office.run(REFUSED)
    assert office.posted == []
    office.store.outbox.rest(Rest("hook", 1, office.now + timedelta(hours=1)))
    assert alert_post.failing(office.store, office.now) == {"destination.hook"}
    office.run()
    assert office.posted == []
    assert office.journal.at_rest


def test_a_channel_that_is_not_there_is_told_by_mail(office: Office) -> None:
    office.alert("ops", ADMIN)
    [line] = office.run()
    assert line == (
        "mailpoll: alerts.to: there is no channel ops. Type: mailpoll channel add ops, or write the name of one there "
        "is"
    )
    assert office.journal.exit_status == 78
    assert office.told == [(ADMIN, "not everybody can be alerted")]
    channel(office)
    [line] = office.run()
    assert line.startswith("mailpoll: everybody can be alerted again, after 1 min")
    assert office.told[1:] == [(ADMIN, "everybody can be alerted again")]


def test_a_bug_of_a_post_is_a_trouble_of_alerts_and_ends_no_run(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    channel(office, "first")
    channel(office, "ops")
    office.alert("first", "ops", ADMIN)
    accept = alert_post.accept

    def broken(store: Store, name: str, *given: Any, **more: Any) -> None:
        if name == "first":
            raise ZeroDivisionError("oh")
        accept(store, name, *given, **more)

    with monkeypatch.context() as patched:
        patched.setattr(alert_post, "accept", broken)
        assert "alerts.to: no alert into channel first: this is a bug: ZeroDivisionError: oh" in office.run(REFUSED)[1]
        assert {trouble.about: trouble.status for trouble in office.journal.open} == {"account.main": 77, "alerts": 70}
        assert office.posted == ["ops: account.main refuses the login"]
        assert office.run(REFUSED) == []
    assert office.told == [BEGUN, (ADMIN, "not everybody can be alerted")]
    [line] = office.run(REFUSED)
    assert line.startswith("mailpoll: everybody can be alerted again, after 2 min")
    assert [trouble.about for trouble in office.journal.open] == ["account.main"]
    office.run(REFUSED)
    assert office.told[2:] == [(ADMIN, "everybody can be alerted again")]
    of_first = [subject for subject in office.posted if subject.startswith("first: ")]
    assert of_first[0] == "first: 2 troubles"
    assert office.owed == ["account.main"]


CHANGES = [({"enabled": False}, "is disabled"), ({"targets": ()}, "has no destination")]


@pytest.mark.parametrize(("change", "what"), CHANGES)
def test_nor_can_one_that_is_disabled_or_leads_nowhere(office: Office, change: dict[str, Any], what: str) -> None:
    channel(office)
    assert alert_post.notices(alert_post.channels(office.store, ["ops"])) == []
    office.store.channels.set("ops", **change)
    known = office.store.channels.as_address("ops")
    [notice] = alert_post.notices({"ops": known})
    assert what in notice.sentence


def test_that_mail_cannot_be_sent_is_told_in_the_channels(office: Office) -> None:
    channel(office)
    office.alert(ADMIN, "ops")
    office.down[""] = SMTP_REFUSED
    office.run(REFUSED)
    assert office.posted == ["ops: 2 troubles"]
    office.down.clear()
    office.run()
    assert office.posted[1:] == ["ops: 2 troubles are over"]
    assert office.told == []


def test_configurations_that_share_a_store_do_not_end_the_troubles_of_each_other(office: Office) -> None:
    office.down[""] = SMTP_REFUSED
    office.run(REFUSED)
    mine, office.config = office.config, office.config.with_name("other.toml")
    office.alert(ADMIN)
    office.down.clear()
    (office.config.parent / "smtp-password").write_text("another")
    assert office.run(ConfigError("of the other")) == ["mailpoll: account.main: of the other"]
    assert [trouble.about for trouble in office.store.troubles.list()] == ["account.main", "smtp"]
    office.config = mine
    said = office.run(ConfigError("of the other"))
    assert said[0].startswith("mailpoll: smtp: no alert waits any more")


def test_cron_hears_that_nobody_is_to_be_alerted_any_more(office: Office) -> None:
    office.down[""] = SMTP_REFUSED
    office.alert(ADMIN, "opps")
    office.run(REFUSED)
    office.alert()
    said = office.run(REFUSED)
    assert [line.partition(", after")[0] for line in said] == [
        "mailpoll: alerts: nobody is to be alerted any more", "mailpoll: smtp: nobody is to be alerted any more"
    ]  # fmt: skip
    assert [trouble.about for trouble in office.store.troubles.list()] == ["account.main"]
    assert office.run(REFUSED) == []


def test_what_is_logged_is_not_printed_unless_that_is_asked_for() -> None:
    program = (
        "import logging\nfrom mailpoll.cli import root\nroot(['config', '--help'], standalone_mode=False)\n"
        "logging.getLogger('mailpoll.commands.alerts').warning('not sent')\n"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stderr == ""


def test_no_word_of_a_host_name_is_decoded() -> None:
    place = Place("=?utf-8?q?x=0D=0ABcc:_y@example.com?=", "/c", "mailpoll")
    raw = alert_post.mail(alert_text.subject([news("a")], place), "x", host=place.host, now=MONDAY)
    assert b"=?" not in raw
    assert message_from_bytes(raw, policy=default)["Bcc"] is None


def test_a_kind_holds_no_mark_of_its_own() -> None:
    assert "/" not in alert_mail.notice(PermanentFailure("550"), "a/b@example.com").kind


def test_a_container_has_another_host_name_each_time(office: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    office.down[""] = SMTP_AWAY
    for number in range(30):
        monkeypatch.setattr(socket, "gethostname", lambda number=number: f"c{number}")
        office.run(REFUSED)
    [_, smtp] = office.store.troubles.list()
    assert len(smtp.alerted) == 1
    office.down.clear()
    [line] = office.run(REFUSED)
    assert line.startswith("mailpoll: mail can be sent again, after ")


def test_what_a_configuration_met_that_nobody_runs_any_more_ends_and_that_is_told(office: Office) -> None:
    channel(office)
    office.alert(ADMIN, "ops")
    office.down[""] = SMTP_REFUSED
    office.run(REFUSED)
    office.config = office.config.rename(office.config.with_name("other.toml"))
    office.down.clear()
    office.run(REFUSED, at_once=True)
    assert [trouble.about for trouble in office.store.troubles.list()] == ["account.main", "smtp"]
    office.now += timedelta(days=3)
    said = office.run(REFUSED)
    assert "smtp: no alert waits any more, after 3 d (since 2026-11-16 08:01)" in said[1]
    assert office.posted[-1] == "ops: smtp: no alert waits any more"
    assert office.journal.at_rest is False


def test_a_configuration_whose_path_is_not_utf_8_alerts_too(office: Office) -> None:
    folder = Path(os.fsdecode(os.fsencode(office.config.parent) + b"/caf\xe9"))
    folder.mkdir()
    (office.config.parent / "smtp-password").rename(folder / "smtp-password")
    office.config = office.config.rename(folder / "config.toml")
    channel(office)
    office.alert(ADMIN, "ops")
    office.down["one"] = SMTP_AWAY
    office.run(REFUSED)
    assert office.told == [BEGUN]
    assert f"{office.config.parent.parent}/caf\ufffd/config.toml\n" in office.mails[0][2]
    assert office.posted == ["ops: account.main refuses the login"]
    office.down[""] = SMTP_AWAY
    office.run()
    assert [trouble.about for trouble in office.store.troubles.list()] == ["smtp"]
    assert office.fails(ConfigError("the store that was here is gone")) == 78


def test_a_way_that_fails_anew_before_its_end_could_be_told_is_no_end(office: Office) -> None:
    channel(office, "ops", "hook")
    office.config.write_text(
        CONFIG.format(to=[ADMIN, "ops"]) + '[destination.hook]\nkind = "webhook"\nurl = "http://localhost:1/"\n'
    )
    office.down[""] = SMTP_REFUSED
    office.run(REFUSED)
    pauses(office, "hook")
    office.down.clear()
    office.run(REFUSED, at_once=True)  # works again, which nobody can be told
    office.down[""] = SMTP_REFUSED
    office.run(ConfigError("another"), at_once=True)
    office.store.outbox.resume("hook")
    office.run(ConfigError("another"))
    assert [line.partition(": ")[2] for line in office.posted] == ["2 troubles", "account.main does not work"]


def test_what_comes_and_goes_is_told_three_times_and_then_once_it_stays_away(office: Office) -> None:
    for _ in range(30):
        office.run(REFUSED)
        office.run()
        assert not office.journal.at_rest or len(office.told) < 7
    assert office.told == [BEGUN, OVER] * 3 + [BEGUN]
    assert ["it comes and goes" in text for _, _, text in office.mails] == [False] * 6 + [True]
    office.now += timedelta(minutes=58)
    office.run()
    assert len(office.told) == 7
    office.run()
    office.run()
    assert office.told[7:] == [OVER]
    assert (office.journal.at_rest, office.owed) == (True, [])
    office.now += timedelta(days=2)
    office.run()
    assert office.store.troubles.kept() == ()
    office.run(REFUSED)
    office.run()
    assert office.told[8:] == [BEGUN, OVER]


def test_so_is_what_stops_whole_runs(office: Office) -> None:
    def work() -> Journal:
        office.now -= timedelta(minutes=1)
        office.run()
        return office.journal

    for _ in range(10):
        office.fails(ConfigError("the store that was here is gone"))
        office.watched(work)
        office.watched(work)
    assert len(office.told) == 7


def test_of_a_trouble_that_is_another_each_time_somebody_is_told_six_times(office: Office) -> None:
    for word in "abcdefghijkl":
        office.run(ConfigError(f"there is no folder {word}"))
    assert len(office.told) == 6
    [trouble] = office.store.troubles.list()
    assert len(trouble.alerted) == 6


@pytest.mark.parametrize("days", [4000, -4000])
def test_a_clock_that_is_wrong_for_one_run_loses_no_end(office: Office, days: int) -> None:
    office.run(REFUSED)
    office.down[""] = SMTP_AWAY
    office.run()
    office.now += timedelta(days=days)
    office.run()
    office.now -= timedelta(days=days)
    office.down.clear()
    office.run()
    assert office.told == [BEGUN, OVER]


def test_a_channel_may_be_called_like_a_count(office: Office) -> None:
    trouble = Trouble("x", 77, "x", 1, MONDAY, alerted=("ends/1", "login/ops"), ended_at=MONDAY)
    assert Owed([News(trouble, "x", NOWHERE)]).to("1") == ()


def test_one_mail_for_all_of_a_run(office: Office) -> None:
    pauses(office, "hook")
    office.run(REFUSED)
    office.store.troubles.save([Trouble("destination.store", 77, "x", 1, MONDAY, alerted=("x/admin@example.com",))])
    office.run(ConfigError("another"))
    assert office.told == [BEGUN, (ADMIN, "account.main does not work; destination.store: no post waits any more")]


def test_those_who_are_named_later_are_told_of_what_lasts(office: Office) -> None:
    office.run(REFUSED)
    office.alert(ADMIN, "Second <second@example.com>")
    office.run(REFUSED)
    office.run(REFUSED)
    assert office.told == [BEGUN, ("second@example.com", BEGUN[1])]


def test_a_broken_configuration_is_told_where_smtp_and_alerts_can_be_read(office: Office) -> None:
    good = office.config.read_text()
    office.config.write_text(f"{good}[fetch]\nalert_afer = 5\n[fitch]\n")
    assert office.watched(Journal) == 78
    assert office.watched(Journal) == 78
    assert office.told == [(ADMIN, "the configuration cannot be used")]
    assert "fetch.alert_afer: is no setting. Did you mean alert_after?" in office.mails[0][2]
    office.config.write_text(good)

    def work() -> Journal:
        office.run()
        return office.journal

    assert office.watched(work) == 0
    assert office.told[1:] == [(ADMIN, "the configuration can be used again")]
    assert office.watched(work) == 0
    assert len(office.told) == 2


@pytest.mark.parametrize("mistake", ["[smtp", "[smtp]\nhosst = 1", "[alerts]\nto = 1"])
def test_not_where_they_cannot(office: Office, mistake: str) -> None:
    office.config.write_text(office.config.read_text().replace("[alerts]\n", "").replace("to = ", "#") + mistake)
    assert office.watched(Journal) == 78
    assert office.told == []


def test_a_store_that_is_not_there_is_told_by_mail_and_its_end_by_the_run_after(office: Office) -> None:
    for _ in range(6):
        assert office.fails(Unavailable("another program holds it", about="/x/mailpoll.db")) == 69
    assert office.told == [(ADMIN, "the store cannot be used")]
    state = office.config.parent / "troubles.json"
    assert office.watched(Journal) == 0
    assert "ended_at" in state.read_text()
    assert standstill.remembered(Installation(str(office.config), office.env)) == ()
    office.run()
    assert office.told[1:] == [(ADMIN, "the store works again")]
    assert office.watched(Journal) == 0
    assert '"ends/1"' in state.read_text()
    office.now += timedelta(days=2)
    assert office.watched(Journal) == 0
    assert state.read_text() == "{}"


def test_no_login_is_tried_every_minute_while_there_is_no_store(
    office: Office, capsys: pytest.CaptureFixture[str]
) -> None:
    office.down[""] = SMTP_REFUSED
    tries = []
    for _ in range(8):
        assert office.fails(ConfigError("the store that was here is gone")) == 78
        tries.append(office.tries)
    assert tries == [1, 2, 2, 2, 2, 2, 3, 3]
    assert (office.config.parent / "alerts.json").stat().st_mode & 0o777 == 0o600
    said = capsys.readouterr().err.splitlines()
    assert [line.partition(":")[2][:5] for line in said] == [" the ", " smtp"]


def test_what_cannot_be_remembered_is_not_mailed_every_minute(office: Office) -> None:
    state = office.config.parent / "troubles.json"
    state.mkdir()
    assert office.fails(ConfigError("the store that was here is gone")) == 78
    assert office.told == []


def test_the_end_of_no_configuration_is_found_where_its_beginning_was_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "nobody"))
    env = {"XDG_CONFIG_HOME": str(tmp_path), "STATE_DIRECTORY": str(tmp_path / "state")}

    def run() -> object:
        return standstill.watched(Installation(None, env), Journal, always=False)

    assert run() == 78
    (tmp_path / "mailpoll").mkdir()
    (tmp_path / "mailpoll" / "config.toml").touch()
    for _ in range(2):
        assert isinstance(run(), Journal)
    said = capsys.readouterr().err.splitlines()
    assert ["there is no configuration" in said[0], "can be used again" in said[1], len(said)] == [True, True, 2]


def news(about: str, sentence: str = "It is broken", kind: str = "login") -> News:
    return News(Trouble(about, 77, sentence, 1, MONDAY), sentence, NOWHERE, kind)


class Nowhere:
    def kept(self) -> tuple[Trouble, ...]:
        return ()

    def change(self, abouts: Any, change: Any) -> None:
        pass


NOWHERE = Nowhere()
PLACE = Place("gw", "/etc/mailpoll/config.toml", "mailpoll")


@pytest.mark.parametrize(
    ("told", "wanted"),
    [
        ([news("destination.team", kind="paused-2026")], "mailpoll on gw: destination.team is paused"),
        ([news("a"), news("b"), news("c")], "mailpoll on gw: 3 troubles"),
        ([news("a", "a works again, after 1 d", kind="")], "mailpoll on gw: a works again"),
        ([news("a", kind="x"), news("b", "b x", kind=""), news("c", "c", kind="")],
         "mailpoll on gw: a does not work; 2 troubles are over"),
        ([news("x\r\nBcc: y")], "mailpoll on gw: x Bcc: y refuses the login"),
    ],
)  # fmt: skip
def test_the_subject_says_it_in_a_line(told: list[News], wanted: str) -> None:
    assert alert_text.subject(told, PLACE) == wanted


def test_no_token_of_an_address_leaves_by_an_alert() -> None:
    token = "abcdefghijklmnopqrstuvwxyz"
    said = alert_text.text([news("a", f"answered 400: no <username+{token}@example.com>")], PLACE)
    assert token not in said
    assert "username+…wxyz@example.com" in said


def test_no_token_of_a_recipient_is_printed_or_logged(office: Office, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("INFO", "mailpoll")
    token = "abcdefghijklmnopqrstuvwxyz"
    to = f"bot+{token}@example.com"
    office.alert(to)
    office.down[to] = PermanentFailure(f"550 <{to}>: unknown", about="smtp.example.com:587")
    said = office.run(REFUSED, "person")
    office.down.clear()
    said += office.run(REFUSED, "person", at_once=True)
    assert office.told == [(to, BEGUN[1])]
    told = f"{said} {caplog.text} {office.journal.as_json()} {office.store.troubles.kept()[0].sentence}"
    assert token not in told
    assert "alert to bot+…wxyz@example.com sent" in told


class Remembering:
    """A memory in which each change is counted."""

    def __init__(self, *troubles: Trouble) -> None:
        self.troubles = {trouble.about: trouble for trouble in troubles}
        self.changes = 0

    def kept(self) -> tuple[Trouble, ...]:
        return tuple(self.troubles.values())

    def change(self, abouts: Any, change: Any) -> None:
        self.changes += 1
        changed = {about: change(self.troubles.pop(about)) for about in abouts if about in self.troubles}
        self.troubles.update({about: each for about, each in changed.items() if each})


def test_what_was_told_is_written_down_only_then() -> None:
    over = Trouble("x", 77, "x works again", 1, MONDAY, alerted=("login/a@b.c", "other/ops"), ended_at=MONDAY)
    memory = Remembering(over)
    owed = Owed([News(over, "x works again", memory)])
    assert owed.to("d@e.f") == ()
    owed.told("a@b.c", owed.to("a@b.c"))
    assert memory.troubles["x"].alerted == ("other/ops",)
    owed.told("ops", owed.to("ops"))
    assert memory.troubles["x"].alerted == ("ends/1",)
    assert owed.to("ops") == ()


def test_what_another_host_is_telling_just_now_waits_for_the_next_run(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patched:
        patched.setattr(office.store, "alone", lambda what: nullcontext(False))
        office.run(REFUSED)
    assert (office.told, office.journal.owing) == ([], True)
    office.run(REFUSED)
    assert office.told == [BEGUN]


def test_all_that_somebody_was_told_is_written_down_at_once() -> None:
    troubles = [Trouble(f"destination.{n}", 77, "x", 1, MONDAY) for n in range(60)]
    memory = Remembering(*troubles)
    owed = Owed([News(trouble, "x", memory, "login") for trouble in troubles])
    for recipient in ("a@b.c", "d@e.f", "ops"):
        owed.told(recipient, owed.to(recipient))
    assert memory.changes == 3
    assert {trouble.alerted for trouble in memory.kept()} == {("login/a@b.c", "login/d@e.f", "login/ops")}


@pytest.mark.parametrize("meanwhile", [None, Trouble("x", 77, "x", 1, MONDAY + timedelta(minutes=3))])
def test_a_trouble_that_another_host_ended_while_it_was_told_does_not_come_back(meanwhile: Trouble | None) -> None:
    before = Trouble("x", 77, "x", 1, MONDAY)
    memory = Remembering(*([meanwhile] if meanwhile else []))
    owed = Owed([News(before, "x", memory, "login")])
    owed.told(ADMIN, owed.to(ADMIN))
    assert memory.kept() == ((meanwhile,) if meanwhile else ())


def test_what_another_host_told_or_ended_is_not_told_again() -> None:
    mine = [Trouble(about, 77, "x", 1, MONDAY) for about in ("told", "ended", "gone", "anew", "open")]
    over = Trouble("over", 77, "x", 1, MONDAY, alerted=(mark_of("login", ADMIN),), ended_at=MONDAY)
    told, ended, _, anew, open_ = mine
    memory = Remembering(
        replace(told, alerted=over.alerted), replace(ended, ended_at=MONDAY),
        replace(anew, began_at=MONDAY + timedelta(1)), open_,
    )  # fmt: skip
    owed = Owed([*(News(each, "x", memory, "login") for each in mine), News(over, "x", memory)])
    owed.renew(memory)
    assert [each.trouble.about for each in owed.to(ADMIN)] == ["open"]


def test_a_run_that_is_ended_after_the_mail_tells_twice_rather_than_never(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patched:
        patched.setattr(Owed, "told", lambda *_: 1 / 0)
        with pytest.raises(ZeroDivisionError):
            office.run(REFUSED)
    office.run(REFUSED)
    office.run(REFUSED)
    assert office.told == [BEGUN, BEGUN]


def test_marks_are_words() -> None:
    assert mark_of("login", '"a b"@example.com') == "login/%22a%20b%22@example.com"


def test_a_damaged_file_of_refusals_knows_nothing(tmp_path: Path) -> None:
    refusals = alert_mail.FileRefusals(tmp_path)
    assert refusals.list() == ()
    one = Refusal("[smtp] x", 1, MONDAY, "f")
    refusals.save([one])
    assert refusals.list() == (one,)
    refusals.save([], ["[smtp] x"])
    assert refusals.list() == ()
    (tmp_path / "alerts.json").write_text("[")
    assert refusals.list() == ()


def test_a_mail_that_was_not_taken_now_is_tried_by_the_next_run(office: Office) -> None:
    office.down[ADMIN] = TemporaryFailure("451 try later", about="smtp.example.com:587")
    office.run(REFUSED)
    assert office.journal.exit_status == 77
    office.down.clear()
    office.run(REFUSED)
    assert office.told == [BEGUN]


def test_errors_that_pass_are_one_kind(office: Office) -> None:
    errors: list[MailpollError] = [SMTP_AWAY, TemporaryFailure("451")]
    assert {alert_mail.notice(error, ADMIN).kind for error in errors} == {"passing"}
    assert {alert_mail.notice(error, ADMIN).about for error in errors} == {alarm.SMTP}


def test_a_path_in_a_sentence_need_not_be_utf_8(office: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stderr", io.TextIOWrapper(io.BytesIO(), "utf-8", errors="backslashreplace"))
    assert alert_text.text([news("a", "no file caf\udce9")], PLACE).encode()
    assert office.fails(ConfigError("gone", about="/caf\udce9/mailpoll.db")) == 78
    assert office.told == [(ADMIN, "the store cannot be used")]
