"""outbound: what becomes of mails when a server refuses, hangs up, takes too long or says what nobody should see."""

from __future__ import annotations

import logging
import time
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest
from servers.scripted_smtp import CLOSE, HANG, KEYWORDS, Drip, Late, Script, ScriptedSmtp

from mailpoll import outbound
from mailpoll.errors import MailpollError, PermanentFailure, Unanswered, Unavailable
from mailpoll.model import NamedAddress
from mailpoll.outbound import Letter, Report, Step
from mailpoll.outbound.steps import Unwatched
from mailpoll.settings import SmtpSettings

GOOD = Script(ehlo=("SIZE 10240000",))


def settings(server: ScriptedSmtp, **changed: Any) -> SmtpSettings:
    return SmtpSettings(host="127.0.0.1", port=server.port, tls="none", from_="gateway@example.com", **changed)


def letter(*to: str, sender: str = "gateway@example.com") -> Letter:
    recipients = [NamedAddress("", each) for each in to or ("a@example.net",)]
    mail = outbound.compose(
        NamedAddress("", sender), recipients, "Hello", "Text\n", kind="test", now=datetime(2026, 11, 20, tzinfo=UTC)
    )
    return Letter(mail, "noreply" if "noreply" in sender else "default")


class Interrupting(Unwatched):
    """Somebody who types Ctrl-C when a step of a mail has begun."""

    def __init__(self, stage: str, mail: int = 1) -> None:
        self.stage = stage
        self.left = mail

    def begun(self, step: Step) -> None:
        self.left -= step.stage == self.stage
        if not self.left:
            raise KeyboardInterrupt


@pytest.mark.parametrize(("stage", "outcome"), [("data", "untried"), ("dot", "uncertain")])
def test_who_interrupts_is_told_what_may_have_left(stage: str, outcome: str, caplog: pytest.LogCaptureFixture) -> None:
    report = Report()
    letters = [letter(), letter(sender="noreply-x@example.com"), letter()]
    caplog.set_level(logging.INFO, "mailpoll")
    with ScriptedSmtp(GOOD) as server, pytest.raises(KeyboardInterrupt):
        outbound.send(settings(server), "", letters, watch=Interrupting(stage, mail=2), report=report)
    assert [result.outcome for result in report.results] == ["sent", outcome, "untried"]
    assert [record.levelname for record in caplog.records] == ["INFO", "WARNING"]
    assert f"{outcome} (interrupted)" in caplog.messages[1]


def test_of_all_recipients_refused_each_has_its_reason_and_the_lasting_one_decides() -> None:
    answers = {"RCPT": ("550 5.1.1 User unknown", "452 4.2.2 Mailbox full")}
    with ScriptedSmtp(replace(GOOD, answers=answers)) as server:
        report = outbound.send(settings(server), "", [letter("a@example.net", "b@example.net")])
    [result] = report.results
    assert result.diagnosis is not None
    assert (result.outcome, result.diagnosis.cause.name) == ("refused", "recipient-refused")
    assert "a@example.net" in result.diagnosis.what
    assert [each.happening.about for each in result.refused] == ["b@example.net"]
    assert report.status == 65


@pytest.mark.parametrize("end", [CLOSE, "421 4.4.0 one mail a connection"])
def test_a_server_of_one_mail_a_connection_gets_another_connection(end: Any) -> None:
    one = replace(GOOD, answers={"MAIL": (None, end)})
    with ScriptedSmtp(one, GOOD) as server:
        report = outbound.send(settings(server), "", [letter(), letter(sender="noreply-x@example.com")])
        assert len(server.mails) == len(server.connections) == 2
    assert [result.outcome for result in report.results] == ["sent", "sent"]
    assert report.status == 0


def test_a_server_that_takes_no_second_mail_at_all_is_not_asked_for_ever() -> None:
    with ScriptedSmtp(replace(GOOD, answers={"MAIL": (None, "421 4.7.0 too many")})) as server:
        report = outbound.send(settings(server), "", [letter(), letter(sender="noreply-x@example.com")])
        assert len(server.connections) == 2
    assert [result.outcome for result in report.results] == ["sent", "later"]


def test_all_steps_together_keep_to_a_time() -> None:
    begun = time.monotonic()
    slow = replace(GOOD, answers={"RCPT": Drip("250 ok", pause=0.3, endless=True)})
    with ScriptedSmtp(slow) as server, pytest.raises(Unavailable):
        outbound.deliver(settings(server), "", letter().mail, seconds=0.5)
    assert time.monotonic() - begun < 5


@pytest.mark.parametrize(("stalls", "of_a_mail"), [("EHLO", False), ("MAIL", True), ("RCPT", True), ("DATA", True)])
def test_an_error_says_whether_the_server_was_ready_for_a_mail(stalls: str, of_a_mail: bool) -> None:
    with ScriptedSmtp(replace(GOOD, answers={stalls: HANG})) as server, pytest.raises(Unavailable) as caught:
        outbound.deliver(settings(server), "", letter().mail, seconds=0.3)
    assert caught.value.of_a_mail is of_a_mail


@pytest.mark.parametrize(("refuses", "of_a_mail"), [("EHLO", False), ("RCPT", True)])
def test_so_does_a_refusal_for_now(refuses: str, of_a_mail: bool) -> None:
    answers = {refuses: "451 4.3.0 later", "HELO": "451 4.3.0 later"}
    with ScriptedSmtp(replace(GOOD, answers=answers)) as server, pytest.raises(MailpollError) as caught:
        outbound.deliver(settings(server), "", letter().mail)
    assert caught.value.of_a_mail is of_a_mail


@pytest.mark.parametrize("hangs", ["RSET", "QUIT"])
def test_nor_does_leaving_take_longer(hangs: str) -> None:
    answers: Any = {"RCPT": Late(0.6, "550 5.1.1 User unknown"), hangs: HANG}
    with ScriptedSmtp(replace(GOOD, answers=answers)) as server:
        begun = time.monotonic()
        with pytest.raises(PermanentFailure):
            outbound.deliver(settings(server), "", letter().mail, seconds=1.0)
        assert time.monotonic() - begun < 1.6


def test_a_greeting_that_does_not_come_is_not_asked_after_for_longer() -> None:
    with ScriptedSmtp(replace(GOOD, answers={"greeting": HANG})) as server:
        begun = time.monotonic()
        with pytest.raises(Unavailable):
            outbound.deliver(settings(server), "", letter().mail, seconds=0.5)
        assert time.monotonic() - begun < 1.2


def test_who_sends_no_more_forgets_no_mail() -> None:
    with ScriptedSmtp(replace(GOOD, answers={"RCPT": "550 5.1.1 User unknown"})) as server:
        report = outbound.send(settings(server), "", [letter(), letter(sender="noreply-x@example.com")])
    assert [line for line in report.transcript if line in ("> RSET", "> QUIT")] == ["> RSET", "> QUIT"]


def test_time_that_is_over_after_the_mail_leaves_it_uncertain() -> None:
    with ScriptedSmtp(replace(GOOD, answers={".": HANG})) as server, pytest.raises(Unanswered):
        outbound.deliver(settings(server), "", letter().mail, seconds=0.5)


def test_what_a_server_offers_is_neither_shown_nor_searched_without_bounds() -> None:
    offers = tuple(f"AUTH {'x' * 7900}\x1b]0;pwn\x07" for _ in range(150))
    with ScriptedSmtp(replace(GOOD, ehlo=(*KEYWORDS[:3], *offers))) as server:
        probe = outbound.probe(settings(server, username="u", password=None), "")
        begun = time.process_time()
        told = outbound.send(replace_login(server), "secret", [letter()]).diagnosis
        assert time.process_time() - begun < 5
    assert probe.diagnosis is None
    assert told is not None
    assert told.cause.name == "no-mechanism"
    assert told.what.isprintable()
    assert len(told.what) < 1000


def replace_login(server: ScriptedSmtp) -> SmtpSettings:
    from mailpoll.settings import SecretRef

    return settings(server, username="u", password=SecretRef(file="x"))


def test_without_tls_a_name_that_is_not_this_machine_is_sent_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("mailpoll.outbound.session.is_loopback", lambda host: host == "mail.localhost")
    with ScriptedSmtp(GOOD) as server:
        monkeypatch.setattr("mailpoll.outbound.dialing.socket.getaddrinfo",
                            lambda *_, **__: [(2, 1, 6, "", ("127.0.0.1", server.port))])  # fmt: skip
        elsewhere = SmtpSettings(host="mail.localhost", port=server.port, tls="none", from_="gateway@example.com")
        told = outbound.send(elsewhere, "secret", [letter()]).diagnosis
        assert not server.received
    assert told is not None
    assert (told.cause.name, told.status) == ("elsewhere", 78)
    assert "127.0.0.1" in told.what


def test_a_recipient_of_ours_keeps_its_token_out_of_the_log(caplog: pytest.LogCaptureFixture) -> None:
    token = "abcdefghij234567klmnopqrst"
    caplog.set_level(logging.INFO, "mailpoll")
    with ScriptedSmtp(GOOD) as server:
        outbound.send(settings(server), "", [letter(f"username+{token}@example.com")])
    assert token not in caplog.text
    assert "username+…qrst@example.com" in caplog.text
