"""Alerts of the installed command, started as cron starts it, over a real SMTP server and into real channels."""

from __future__ import annotations

import itertools
import json
import re
import time
from collections.abc import Iterator
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from pathlib import Path

import pytest
from servers import free_port, require
from servers.dovecot import Dovecot, missing
from servers.http_receiver import Receiver
from servers.smtp_receiver import SmtpReceiver
from support.mishap import CANARY, SECOND_PASSWORD, Mishap

from mailpoll import idle

pytestmark = pytest.mark.filterwarnings("ignore:Session.login_data is deprecated:DeprecationWarning")

ADMIN = "admin@example.org"
SMTP_PASSWORD = f"smtp-{CANARY}"
ALERTS = """
[alerts]
to = {to}
[smtp]
host = "localhost"
port = {port}
tls = "none"
username = "gateway@example.org"
password = {{ file = "smtp-password" }}
from = "Gateway <gateway@example.org>"
"""
names = itertools.count()


@pytest.fixture(scope="module")
def dovecot(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Dovecot]:
    require(missing() or "Dovecot", not missing())
    with Dovecot(tmp_path_factory.mktemp("dovecot"), extra_config=SECOND_PASSWORD) as server:
        yield server


@pytest.fixture
def smtp() -> Iterator[SmtpReceiver]:
    with SmtpReceiver(auth=True, username="gateway@example.org", password=SMTP_PASSWORD) as receiver:
        yield receiver


class Alerted(Mishap):
    """A site that alerts `to`, and whose mail waits for a web hook."""

    def __init__(self, folder: Path, server: Dovecot, port: int, hook: str, *to: str) -> None:
        more = ALERTS.format(to=json.dumps(list(to or (ADMIN,))), port=port)
        super().__init__(folder / f"alerts{next(names)}", server, "hook", hook=hook, more=more)
        self.password_at("smtp-password", SMTP_PASSWORD)

    def password_at(self, name: str, password: str) -> None:
        (self.folder / name).write_text(password)
        (self.folder / name).chmod(0o600)

    def fetch(self, *arguments: str) -> tuple[int, str]:
        result = self.run("fetch", *arguments)
        return result.returncode, result.stderr

    @property
    def remembers_idle(self) -> bool:
        return idle.state_file(self.config, self.folder).exists()


def read(smtp: SmtpReceiver) -> list[EmailMessage]:
    """What came, for the admin alone and without a secret."""
    assert all(mail.recipients == (ADMIN,) and CANARY.encode() not in mail.raw for mail in smtp.mails)
    return [message_from_bytes(mail.raw, policy=default) for mail in smtp.mails]  # type: ignore[misc]


def subjects(smtp: SmtpReceiver) -> list[str]:
    return [mail["Subject"].partition(": ")[2] for mail in read(smtp)]


DOES_NOT, WORKS = "destination.hook does not work", "destination.hook works again"


def test_a_dead_destination_is_mailed_once_and_its_end_once(
    dovecot: Dovecot, tmp_path: Path, smtp: SmtpReceiver
) -> None:
    with Receiver(503, 503, 503, 200) as receiver:
        site = Alerted(tmp_path, dovecot, smtp.port, receiver.url)
        for _ in range(3):
            assert site.fetch("--now")[0] == 75
        assert subjects(smtp) == [DOES_NOT]
        assert not site.remembers_idle
        assert site.fetch("--now")[0] == 0
    assert subjects(smtp) == [DOES_NOT, WORKS]
    begun, ended = read(smtp)
    assert "answered 503" in begun.get_content()
    assert f"Configuration: {site.config}" in ended.get_content()
    assert (begun["From"], begun["Auto-Submitted"]) == ("Gateway <gateway@example.org>", "auto-generated")
    assert site.remembers_idle
    assert site.fetch() == (0, "")
    site.assert_all_delivered_once()


def test_an_end_that_is_owed_keeps_runs_from_ending_at_a_glance(dovecot: Dovecot, tmp_path: Path) -> None:
    with Receiver(401, 200) as receiver, SmtpReceiver() as first:
        site = Alerted(tmp_path, dovecot, first.port, receiver.url)
        site.config.write_text(site.config.read_text().replace('username = "gateway@example.org"', "").replace(
            'password = { file = "smtp-password" }', ""))  # fmt: skip
        assert site.fetch()[0] == 77
        assert subjects(first) == ["destination.hook is paused"]
        good = site.config.read_text()
        site.config.write_text(good.replace(f"port = {first.port}", f"port = {free_port()}"))
        assert site.run("destination", "resume", "hook").returncode == 0
        assert site.fetch()[0] == 69
        assert not site.remembers_idle
        status = json.loads(site.run("status", "--json").stdout)
        assert [(trouble["about"], trouble["alerted"]) for trouble in status["troubles"]] == [("smtp", [])]
        assert [(trouble["about"], trouble["alerted"]) for trouble in status["ended"]] == [
            ("destination.hook", [ADMIN])
        ]
        shown = site.run("status").stdout
        assert f"not told of the end of destination.hook: {ADMIN}\n" in shown
        assert re.search(r"smtp \(localhost:\d+\): alerts by mail wait: ", shown)
        site.config.write_text(good)
        assert site.fetch()[0] == 0
        assert subjects(first)[1:] == [WORKS]
        assert site.remembers_idle


def test_a_wrong_password_is_told_in_a_channel_and_not_tried_again(
    dovecot: Dovecot, tmp_path: Path, smtp: SmtpReceiver
) -> None:
    with Receiver(401) as receiver:
        site = Alerted(tmp_path, dovecot, smtp.port, receiver.url, ADMIN, "ops")
        site.channel("ops")
        site.password_at("smtp-password", f"wrong-{CANARY}")
        status, said = site.fetch()
        assert status == 77
        assert "smtp (localhost:" in said
        assert "It is tried again after" in said
        assert site.fetch() == (77, "")
        [alert] = [each for each in site.deliveries() if each.post.channel == "ops"]
        assert (alert.state, alert.post.topic.partition(": ")[2]) == ("delivered", "2 troubles")
        assert "mailpoll destination resume hook" in alert.post.body
        assert CANARY not in alert.post.body
        assert "not told of destination.hook: admin@example.org" in site.run("status").stdout
        site.password_at("smtp-password", SMTP_PASSWORD)
        assert site.fetch()[0] == 77
    assert subjects(smtp) == ["destination.hook is paused"]
    last = site.deliveries()[-1].post
    assert (last.channel, last.topic.partition(": ")[2]) == ("ops", "mail can be sent again")


def test_a_channel_that_fails_itself_is_not_the_way(dovecot: Dovecot, tmp_path: Path) -> None:
    with Receiver(401, 200) as receiver:
        site = Alerted(tmp_path, dovecot, free_port(), receiver.url, "dev")
        assert site.fetch()[0] == 77
        assert len(site.deliveries()) == 1
        doctor = site.run("doctor").stdout
        assert "warn  alerts.to: channels cannot tell that configuration or store cannot be used" in doctor
        assert "nor what is wrong with destination.hook" in doctor
        assert site.run("destination", "resume", "hook").returncode == 0
        assert site.fetch()[0] == 0
    assert len(site.deliveries()) == 1


def test_a_channel_that_is_not_there_is_told(dovecot: Dovecot, tmp_path: Path, smtp: SmtpReceiver) -> None:
    with Receiver(200) as receiver:
        site = Alerted(tmp_path, dovecot, smtp.port, receiver.url, ADMIN, "opps")
        assert site.fetch() == (
            78,
            "mailpoll: alerts.to: there is no channel opps. Type: mailpoll channel add opps, or write the name of one "
            "there is\n",
        )
        assert subjects(smtp) == ["not everybody can be alerted"]
        doctor = site.run("doctor")
        assert "fail  alerts.to: there is no channel opps" in doctor.stdout
        assert doctor.returncode == 78


def test_a_broken_configuration_and_a_store_that_is_gone_are_mailed(
    dovecot: Dovecot, tmp_path: Path, smtp: SmtpReceiver
) -> None:
    with Receiver(200) as receiver:
        site = Alerted(tmp_path, dovecot, smtp.port, receiver.url)
        good = site.config.read_text()
        site.config.write_text(good.replace("alert_after", "alert_afer"))
        for _ in range(2):
            assert site.fetch()[0] == 78
        site.config.write_text(good)
        assert site.fetch()[0] == 0
        site.database.rename(site.folder / "away.db")
        for _ in range(2):
            assert site.fetch()[0] == 78
        (site.folder / "away.db").rename(site.database)
        assert site.fetch()[0] == 0
        assert not site.remembers_idle
        assert site.fetch() == (0, "")
        assert site.remembers_idle
    assert subjects(smtp) == [
        "the configuration cannot be used",
        "the configuration can be used again",
        "the store cannot be used",
        "the store works again",
    ]
    assert "fetch.alert_afer: is no setting" in read(smtp)[0].get_content()
    site.assert_all_delivered_once()


def test_a_server_that_says_nothing_does_not_hold_up_a_run(dovecot: Dovecot, tmp_path: Path) -> None:
    import socket

    with Receiver(401) as receiver, socket.create_server(("localhost", 0)) as mute:
        site = Alerted(tmp_path, dovecot, mute.getsockname()[1], receiver.url)
        begun = time.monotonic()
        assert site.fetch("--deadline", "2")[0] == 77
        assert time.monotonic() - begun < 12
        assert "smtp" in site.run("status").stdout


def test_nothing_is_imported_for_alerts_where_there_is_nothing_to_tell(
    dovecot: Dovecot, tmp_path: Path, smtp: SmtpReceiver
) -> None:
    with Receiver(200) as receiver:
        site = Alerted(tmp_path, dovecot, smtp.port, receiver.url)
        told = site.run("fetch", env={"PYTHONPROFILEIMPORTTIME": "1"}).stderr
    assert "mailpoll.outbound" not in told
    assert " smtplib" not in told
