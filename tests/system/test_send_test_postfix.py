"""`mailpoll send-test` as a person starts it, on a real mail server of Debian's."""

from __future__ import annotations

import email
import json
import subprocess
from collections.abc import Iterator
from email.policy import default
from pathlib import Path
from typing import Any

import pytest
from servers.mail import PASSWORD
from servers.postfix import OWNED, Postfix, require_postfix
from support.site import CRON, MAILPOLL

TO = "reader@example.com"


@pytest.fixture(scope="module")
def postfix(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Postfix]:
    require_postfix()
    with Postfix(tmp_path_factory.mktemp("postfix")) as server:
        yield server


def send_test(folder: Path, smtp: str, *words: str) -> subprocess.CompletedProcess[str]:
    """The command with a configuration that is nothing but [smtp]."""
    config = folder / "config.toml"
    config.write_text(f"[smtp]\n{smtp}\n")
    (folder / "smtp-password").write_text(f"{PASSWORD}\n")
    (folder / "smtp-password").chmod(0o600)
    line = [MAILPOLL, "--config", config, "send-test", *words]
    return subprocess.run(line, capture_output=True, text=True, env=CRON, timeout=60, check=False)


def submission(server: Postfix, port: int, tls: str = "starttls", password: str = 'file = "smtp-password"') -> str:
    return (
        f'host = "localhost"\nport = {port}\ntls = "{tls}"\nca_file = "{server.ca_file}"\n'
        f'username = "{server.user}"\npassword = {{ {password} }}\n'
        'from = "Gäteway <gateway@example.com>"\nnoreply = "noreply@example.com"'
    )


def mails(server: Postfix, count: int) -> list[Any]:
    found = [email.message_from_bytes(raw, policy=default) for raw in server.received(count)]
    server.forget()
    return found


@pytest.mark.parametrize("tls", ["starttls", "implicit"])
def test_both_mails_arrive_with_all_that_mail_of_a_program_needs(tmp_path: Path, postfix: Postfix, tls: str) -> None:
    port = postfix.tls_port if tls == "implicit" else postfix.starttls_port
    done = send_test(tmp_path, submission(postfix, port, tls), TO)
    assert done.returncode == 0, done.stdout + done.stderr
    assert done.stderr == ""
    for step in ("name lookup", "TCP", "TLS ", "EHLO", "AUTH", "MAIL FROM", "RCPT TO", "DATA", "end of mail"):
        assert f"\n  {step}" in done.stdout
    assert "certificate of localhost" in done.stdout
    assert done.stdout.count("queue id") == 2

    own, noreply = sorted(mails(postfix, 2), key=lambda mail: "noreply" in mail["From"])
    assert str(own["From"]) == "Gäteway <gateway@example.com>"
    assert noreply["From"].addresses[0].username.startswith("noreply-")
    for mail in (own, noreply):
        assert mail["Date"].datetime is not None
        assert mail["Message-ID"].endswith("@example.com>")
        assert mail["Auto-Submitted"] == "auto-generated"
        assert mail["X-Mailpoll"] == "test"
        assert mail["To"] == TO
        assert mail.get_content_charset() == "utf-8"
        assert "äöü ßñç Ελληνικά кириллица 日本語 ✓" in mail.get_content()
    assert own["Message-ID"] != noreply["Message-ID"]


def test_the_mail_system_of_this_machine_takes_mail_without_a_login(tmp_path: Path, postfix: Postfix) -> None:
    smtp = f'host = "localhost"\nport = {postfix.local_port}\ntls = "none"\nfrom = "cron@example.com"'
    done = send_test(tmp_path, smtp, TO)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "no login" in done.stdout
    assert "names no noreply address: one mail" in done.stdout
    [mail] = mails(postfix, 1)
    assert mail["From"] == "cron@example.com"


def test_a_sender_of_somebody_else_is_named_as_that(tmp_path: Path, postfix: Postfix) -> None:
    smtp = submission(postfix, postfix.strict_port).replace("gateway@", "boss@")
    done = send_test(tmp_path, smtp, "--from", "default", "--json", TO)
    told = json.loads(done.stdout)["mails"][0]["diagnosis"]
    assert (done.returncode, told["cause"]) == (77, "sender-refused")
    assert "not owned by user username@example.com" in told["said"]
    assert "boss@example.com" in told["what"]
    assert not postfix.received()


def test_the_noreply_address_alone_refused_is_a_cause_of_its_own(tmp_path: Path, postfix: Postfix) -> None:
    assert not any("noreply" in owned for owned in OWNED)
    done = send_test(tmp_path, submission(postfix, postfix.strict_port), TO)
    assert done.returncode == 77
    assert "default sender gateway@example.com: sent" in done.stdout
    assert "troubleshooting-smtp.md#noreply-refused" in done.stderr
    assert "noreply_tokens = false" in done.stderr
    assert len(mails(postfix, 1)) == 1


CASES = {
    # what · ([smtp], recipient) · cause · status
    "a wrong password": (("starttls_port", "starttls", 'file = "wrong"'), TO, "credentials", 77),
    "TLS at a port without": (("starttls_port", "implicit", 'file = "smtp-password"'), TO, "not-tls", 78),
    "STARTTLS at a port of TLS": (("tls_port", "starttls", 'file = "smtp-password"'), TO, "tls-first", 78),
    "no STARTTLS at a local port": (("local_port", "starttls", 'file = "smtp-password"'), TO, "no-local-starttls", 78),
    "an unknown recipient": (
        ("starttls_port", "starttls", 'file = "smtp-password"'), "unknown@example.com", "recipient-refused", 65
    ),
}  # fmt: skip


@pytest.mark.parametrize("case", CASES.values(), ids=CASES.keys())
def test_a_mistake_has_its_name(tmp_path: Path, postfix: Postfix, case: Any) -> None:
    (port, tls, password), to, cause, status = case
    (tmp_path / "wrong").write_text("wrong-cAnArY\n")
    (tmp_path / "wrong").chmod(0o600)
    smtp = submission(postfix, getattr(postfix, port), tls, password) + "\ntimeout = 2"
    done = send_test(tmp_path, smtp, "--json", "-v", to)
    told = json.loads(done.stdout)
    diagnosis = told["diagnosis"] or told["mails"][0]["diagnosis"]
    assert (diagnosis["cause"], done.returncode) == (cause, status)
    assert "cAnArY" not in done.stdout + done.stderr
    assert "Traceback" not in done.stderr
    postfix.forget()


def test_relaying_without_a_login_is_named_as_that(tmp_path: Path, postfix: Postfix) -> None:
    smtp = f'host = "localhost"\nport = {postfix.local_port}\ntls = "none"\nfrom = "cron@example.com"'
    done = send_test(tmp_path, smtp, "--json", "reader@elsewhere.example")
    told = json.loads(done.stdout)["mails"][0]["diagnosis"]
    assert (told["cause"], done.returncode) == ("local-relaying", 77)
    assert "mynetworks" in told["advice"]


def test_one_of_several_recipients_refused_leaves_the_others_their_mail(tmp_path: Path, postfix: Postfix) -> None:
    smtp = submission(postfix, postfix.starttls_port)
    done = send_test(tmp_path, smtp, "--from", "default", TO, "unknown@example.com")
    assert done.returncode == 65
    assert "sent, not to all" in done.stdout
    assert "recipient unknown@example.com" in done.stderr
    assert len(mails(postfix, 1)) == 1


def test_a_mail_that_is_too_large_is_named_as_that(tmp_path: Path, tmp_path_factory: pytest.TempPathFactory) -> None:
    require_postfix()
    with Postfix(tmp_path_factory.mktemp("small"), size_limit=300) as small:
        smtp = f'host = "localhost"\nport = {small.local_port}\ntls = "none"\nfrom = "cron@example.com"'
        done = send_test(tmp_path, smtp, "--json", TO)
    told = json.loads(done.stdout)["mails"][0]["diagnosis"]
    assert (told["cause"], done.returncode) == ("too-large", 65)
    assert told["said"].startswith("552 5.3.4")
