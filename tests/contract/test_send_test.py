"""`mailpoll send-test` against servers that follow a script: what is sent, what is said of failures, never a secret."""

from __future__ import annotations

import functools
import gc
import json
import logging
import re
import socket
from base64 import b64encode
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from email import message_from_bytes, policy
from pathlib import Path
from typing import Any

import pytest
import servers.mail
from servers.certs import Authority
from servers.postfix import Postfix, require_postfix
from servers.scripted_smtp import (
    CLOSE,
    KEYWORDS,
    RESET,
    Drip,
    Script,
    ScriptedSmtp,
    Then,
    self_signed,
)
from servers.smtp_receiver import SmtpReceiver
from support.command_line import CommandLine, Said
from support.smtp_cases import CASES, GOOD, SHORT, TO, Case, says
from support.smtp_site import (
    BY_TOKEN,
    HOST,
    NO_LOGIN,
    PASSWORD,
    TOKEN,
    USER,
    resolve_on_loopback,
    secrets_in,
    sending,
)

from mailpoll import places
from mailpoll.errors import ConfigError, closed
from mailpoll.outbound import CAUSES
from mailpoll.outbound import sending as outbound_sending
from mailpoll.outbound.session import Limits


@pytest.fixture(autouse=True)
def surroundings(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    resolve_on_loopback(monkeypatch)
    monkeypatch.setattr(outbound_sending, "Limits", functools.partial(Limits, command=5.0, dot=5.0))
    level = logging.getLogger("mailpoll").level
    yield
    logging.getLogger("mailpoll").setLevel(level)


@pytest.fixture
def short(monkeypatch: pytest.MonkeyPatch) -> None:
    """The limits of a mail are short, as `timeout` makes those before."""
    monkeypatch.setattr(outbound_sending, "Limits", functools.partial(Limits, command=SHORT, dot=SHORT))


@pytest.fixture
def send_test(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> Iterator[Callable[..., Said]]:
    """Runs the command; fails the test when a secret stands in anything that was said or logged."""
    caplog.set_level(logging.DEBUG)
    number = iter(range(100))

    def run(port: int, /, *words: str, **settings: Any) -> Said:
        folder = tmp_path / str(next(number))
        folder.mkdir()
        said = sending(folder, port, **settings)("send-test", *(words or (TO,)))
        assert secrets_in(said.out + said.err + caplog.text) == []
        return said

    yield run
    assert secrets_in(caplog.text) == []


@dataclass(frozen=True)
class Certificates:
    """What servers show: PEM files of certificate and key."""

    ca_file: str
    kinds: dict[str, tuple[Path, Path]]


@pytest.fixture(scope="module")
def certificates(tmp_path_factory: pytest.TempPathFactory) -> Certificates:
    folder = tmp_path_factory.mktemp("authority")
    ours, other = Authority(folder / "ours"), Authority(folder / "other")
    kinds = {
        "good": _kept(folder / "good", ours.issue(HOST)),
        "expired": _kept(folder / "expired", ours.issue(HOST, days=-1)),
        "another host": ours.issue("mail.example.org"),
        "another authority": other.issue(HOST),
        "self-signed": self_signed(folder / "own", HOST),
    }
    return Certificates(str(ours.ca_file), kinds)


def _kept(folder: Path, issued: tuple[Path, Path]) -> tuple[Path, Path]:
    """The files in a folder of their own: the next of the same name would be written over them."""
    folder.mkdir()
    chain, key = (path.rename(folder / path.name) for path in issued)
    return chain, key


# --- what fails -------------------------------------------------------------------------------------------------------


def diagnoses(report: Any) -> list[dict[str, Any]]:
    """Everything that went wrong, as --json has it."""
    mails = [each for mail in report["mails"] for each in (*mail["refused"], mail["diagnosis"])]
    return [each for each in (report["diagnosis"], *mails) if each]


@pytest.fixture
def meets(send_test: Callable[..., Said], certificates: Certificates) -> Callable[..., Said]:
    """Runs the command against the server of a case."""

    def run(case: Case, *words: str) -> Said:
        settings = {"ca_file": certificates.ca_file, **case.settings}
        if not isinstance(case.server, Script):
            with case.server() as port:
                return send_test(port, *words, *case.to, **settings)
        with ScriptedSmtp(replace(case.server, certificate=certificates.kinds[case.certificate])) as server:
            return send_test(server.port, *words, *case.to, **settings)

    return run


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.id)
class TestFailures:
    def test_json_names_the_cause_the_words_and_what_to_do(self, case: Case, meets: Callable[..., Said]) -> None:
        said = meets(case, "--json", "-v")
        found = diagnoses(said.json)[0]
        assert found["cause"] == case.cause
        assert (said.status, said.json["status"], found["status"]) == (case.status, case.status, case.status)
        assert case.advice in found["advice"]
        assert case.words in found["said"]
        assert bool(found["said"]) == bool(case.words)
        assert said.err == ""

    def test_text_does_so_too_with_the_conversation(self, case: Case, meets: Callable[..., Said]) -> None:
        said = meets(case, "-v")
        assert said.status == case.status
        explained = said.err
        assert f"#{case.cause}\n" in explained
        assert case.advice in explained
        assert case.words in explained
        assert ("the server said: " in explained) == bool(case.words)
        assert "Traceback" not in said.out + said.err
        assert set(said.out + said.err) <= {"\n", *filter(str.isprintable, said.out + said.err)}


def test_the_table_holds_as_many_distinct_failures_as_it_should() -> None:
    assert len({case.cause for case in CASES}) >= 45


# --- dropped and silent at each step ----------------------------------------------------------------------------------

STEPS = {
    "greeting": ("cut-at-greeting", "no-greeting", 69),
    "EHLO": ("cut", "silence", 69),
    "STARTTLS": ("cut", "silence", 69),
    "AUTH": ("cut-at-login", "silence", 69),
    "MAIL": ("cut", "silence", 69),
    "RCPT": ("cut", "silence", 69),
    "DATA": ("cut", "silence", 69),
    ".": ("uncertain", "uncertain", 75),
}


@pytest.mark.parametrize(
    ("tls", "step"),
    [("starttls", step) for step in STEPS] + [("none", step) for step in STEPS if step != "STARTTLS"],
)
@pytest.mark.parametrize("how", ["drop_at", "reset_at", "half a line"])
def test_a_connection_that_is_dropped(
    step: str, how: str, tls: str, send_test: Callable[..., Said], certificates: Certificates
) -> None:
    script = replace(GOOD, tls=tls, certificate=certificates.kinds["good"])
    if how != "half a line":
        script = replace(script, **{how: step})
    elif step == "greeting":
        script = replace(script, greeting=Then(b"220 he", CLOSE))
    else:
        script = replace(script, answers={step: Then(b"25", CLOSE)})
    cause, _, status = STEPS[step]
    with ScriptedSmtp(script) as server:
        said = send_test(server.port, "--json", TO, tls=tls, ca_file=certificates.ca_file)
        assert server.mails == [] or step == "."
    found = diagnoses(said.json)[0]
    assert (found["cause"], said.status) == (cause, status)
    assert [mail["outcome"] for mail in said.json["mails"]] == ["uncertain" if step == "." else "untried", "untried"]
    assert said.json["steps"][-1]["ok"] is False


@pytest.mark.usefixtures("short")
@pytest.mark.parametrize("step", STEPS)
@pytest.mark.parametrize("how", ["silent", "dripping"])
def test_a_server_that_falls_silent_or_drips(
    step: str, how: str, send_test: Callable[..., Said], certificates: Certificates
) -> None:
    tls = "starttls" if step == "STARTTLS" else "none"
    script = replace(GOOD, tls=tls, certificate=certificates.kinds["good"])
    if how == "silent":
        script = replace(script, silent_at=step)
    elif step == "greeting":
        script = replace(script, greeting=Drip(b"2", endless=True))
    else:
        script = replace(script, answers={step: Drip(b"2", endless=True)})
    with ScriptedSmtp(script) as server:
        said = send_test(server.port, "--json", TO, tls=tls, ca_file=certificates.ca_file, timeout=SHORT)
    found = diagnoses(said.json)[0]
    assert (found["cause"], said.status) == (STEPS[step][1], STEPS[step][2])
    assert said.json["steps"][-1]["seconds"] < SHORT + 0.5


@pytest.mark.parametrize("step", ["MAIL", "RCPT", "DATA", "."])
def test_what_is_said_before_the_connection_ends_is_the_reason(step: str, send_test: Callable[..., Said]) -> None:
    with ScriptedSmtp(replace(GOOD, answers={step: Then("421 4.7.0 Too many errors", RESET)})) as server:
        said = send_test(server.port, "--json", TO)
    assert (diagnoses(said.json)[0]["said"], said.status) == ("421 4.7.0 Too many errors", 75)


@pytest.mark.parametrize("step", ["greeting", "EHLO", "STARTTLS"])
def test_a_server_that_does_not_show_its_certificate_twice(
    step: str, send_test: Callable[..., Said], certificates: Certificates
) -> None:
    bad = replace(GOOD, tls="starttls", certificate=certificates.kinds["another host"])
    with ScriptedSmtp(bad, replace(bad, drop_at=step)) as server:
        said = send_test(server.port, "--json", TO, tls="starttls", ca_file=certificates.ca_file)
    gc.collect()  # a socket that was left open is an error
    assert diagnoses(said.json)[0]["cause"] == "certificate-name"
    assert HOST in diagnoses(said.json)[0]["what"]


# --- what works -------------------------------------------------------------------------------------------------------


def fields_of(raw: bytes) -> Any:
    return message_from_bytes(raw, policy=policy.SMTP)


def test_two_mails_leave_one_from_each_sender(send_test: Callable[..., Said]) -> None:
    with ScriptedSmtp(GOOD) as server:
        said = send_test(server.port, TO, "b@example.net")
        first, second = server.mails
    assert said.status == 0
    assert len(server.connections) == 1
    assert first.sender == "gateway@example.com"
    assert re.fullmatch(r"noreply-[a-z2-7]{16}@example\.com", second.sender)
    assert first.recipients == second.recipients == (TO, "b@example.net")
    assert fields_of(first.raw)["From"] == "Gateway <gateway@example.com>"
    assert fields_of(second.raw)["From"] == second.sender
    assert "default sender gateway@example.com: sent, queue id 4F1A5C0DE" in said.out
    assert f"no-reply sender {second.sender}: sent" in said.out
    assert "Accepted is not delivered" in said.out
    assert said.err == ""


def test_each_mail_has_another_no_reply_address(send_test: Callable[..., Said]) -> None:
    with ScriptedSmtp(GOOD) as server:
        send_test(server.port, "--from", "noreply", TO)
        send_test(server.port, "--from", "noreply", TO)
        assert len({mail.sender for mail in server.mails}) == 2


@pytest.mark.parametrize(
    ("words", "settings", "senders"),
    [
        (("--from", "default"), {}, ["gateway@example.com"]),
        (("--from", "noreply"), {"noreply_tokens": False}, ["noreply@example.com"]),
        (("--from", "both"), {"noreply_tokens": False}, ["gateway@example.com", "noreply@example.com"]),
        ((), {"noreply": None}, ["gateway@example.com"]),
        ((), {"noreply": None, "from": None}, [USER]),
        ((), {"noreply": None, "from": "x@bücher.example"}, ["x@xn--bcher-kva.example"]),
    ],
)
def test_who_the_senders_are(
    words: tuple[str, ...], settings: dict[str, Any], senders: list[str], send_test: Callable[..., Said]
) -> None:
    with ScriptedSmtp(GOOD) as server:
        said = send_test(server.port, *words, TO, **settings)
        assert (said.status, [mail.sender for mail in server.mails]) == (0, senders)
    assert ("names no noreply address: one mail" in said.out) == (settings.get("noreply", "") is None)


def test_every_step_is_shown_with_its_time(send_test: Callable[..., Said], certificates: Certificates) -> None:
    with ScriptedSmtp(replace(GOOD, tls="starttls", certificate=certificates.kinds["good"])) as server:
        said = send_test(server.port, "--from", "default", TO, tls="starttls", ca_file=certificates.ca_file)
    lines = [line.strip() for line in said.out.splitlines() if re.search(r"\(\d+ ms\)$|\(\d\.\d s\)$", line)]
    titles = ["name lookup", "TCP", "greeting", "EHLO", "STARTTLS", "TLS", "EHLO", "AUTH", "MAIL FROM", "RCPT TO",
              "DATA", "end of mail"]  # fmt: skip
    assert [title for title, line in zip(titles, lines, strict=True) if not line.startswith(title)] == []
    assert "TLSv1.3, certificate of smtp.example.com" in said.out


@pytest.mark.parametrize(
    ("auth", "settings"),
    [("plain", {}), ("login", {}), ("xoauth2", BY_TOKEN), ("oauthbearer", BY_TOKEN)],
)
@pytest.mark.parametrize("wanted", [True, False])
def test_every_mechanism(auth: str, settings: dict[str, Any], wanted: bool, send_test: Callable[..., Said]) -> None:
    script = replace(GOOD, ehlo=(f"AUTH {auth.upper()}",) if not wanted else KEYWORDS, auth_required=True)
    with ScriptedSmtp(script) as server:
        said = send_test(server.port, "-v", TO, **settings, **({"auth": auth} if wanted else {}))
        [login] = server.logins
    assert (said.status, login.mechanism, login.username) == (0, auth.upper(), USER)
    assert login.secret == (PASSWORD if "password" not in settings else TOKEN)
    assert "***" in said.out


def test_a_long_token_comes_in_a_line_of_its_own(tmp_path: Path, send_test: Callable[..., Said]) -> None:
    token = TOKEN + "x" * 1500
    (tmp_path / "long").write_text(token)
    (tmp_path / "long").chmod(0o600)
    settings = {"password": None, "access_token": {"file": str(tmp_path / "long")}}
    with ScriptedSmtp(replace(GOOD, token=token)) as server:
        said = send_test(server.port, "-v", TO, **settings)
        assert (said.status, server.logins[0].secret) == (0, token)
        assert "AUTH XOAUTH2" in server.commands
    assert "x" * 20 not in said.out + said.err


def test_a_mechanism_that_is_offered_and_not_known_gives_way_to_the_next(send_test: Callable[..., Said]) -> None:
    answers = {"AUTH-COMMAND": ("504 5.7.4 Unrecognized authentication type", None)}
    with ScriptedSmtp(replace(GOOD, answers=answers)) as server:
        assert send_test(server.port).status == 0
        assert [login.mechanism for login in server.logins] == ["LOGIN"]


def test_helo_where_ehlo_is_not_known(send_test: Callable[..., Said]) -> None:
    with ScriptedSmtp(says("EHLO", "502 5.5.2 Error: command not recognized")) as server:
        said = send_test(server.port, "--from", "default", TO, **NO_LOGIN)
        assert (said.status, [line.upper() for line in server.commands[:2]]) == (
            0, ["EHLO CLIENT.EXAMPLE.COM", "HELO CLIENT.EXAMPLE.COM"])  # fmt: skip
        assert server.mails[0].options == ()


def test_the_password_is_not_said_where_no_tls_is_to_be_had(send_test: Callable[..., Said]) -> None:
    with ScriptedSmtp(GOOD) as server:
        send_test(server.port, tls="starttls")
        assert "AUTH" not in " ".join(server.commands)
        assert server.mails == []


def test_a_recipient_that_is_refused_keeps_no_other_from_the_mail(send_test: Callable[..., Said]) -> None:
    answers = {"RCPT": lambda line: "550 5.1.1 User unknown" if "b@" in line else None}
    with ScriptedSmtp(replace(GOOD, answers=answers)) as server:
        said = send_test(server.port, "--json", TO, "b@example.net", "c@example.net")
        assert [mail.recipients for mail in server.mails] == [(TO, "c@example.net")] * 2
    assert said.status == 65
    assert [mail["outcome"] for mail in said.json["mails"]] == ["partly", "partly"]
    assert [(r["recipient"], r["cause"]) for r in said.json["mails"][1]["refused"]] == [
        ("b@example.net", "recipient-refused")
    ]


def test_a_recipient_named_twice_gets_one_mail(send_test: Callable[..., Said]) -> None:
    with ScriptedSmtp(GOOD) as server:
        send_test(server.port, TO, TO, "A <a@example.net>")
        assert server.mails[0].recipients == (TO,)


NOREPLY_REFUSED = [
    ("MAIL", "553 5.7.1 Sender address rejected: not owned by user"),
    ("RCPT", "553 5.7.1 <noreply-x@example.com>: Sender address rejected: not owned by user"),
    ("DATA", "554 5.7.1 no"),
    (".", "554 5.2.252 SendAsDeniedX; user may not send as noreply"),
]


@pytest.mark.parametrize(("step", "words"), NOREPLY_REFUSED)
@pytest.mark.parametrize("then", ["goes on", "hangs up"])
def test_the_no_reply_address_refused_after_the_other_was_taken(
    step: str, words: str, then: str, send_test: Callable[..., Said]
) -> None:
    answer = words if then == "goes on" else Then(words, CLOSE)
    with ScriptedSmtp(replace(GOOD, answers={step: (None, answer)})) as server:
        said = send_test(server.port, "-v", TO)
        assert [mail.sender for mail in server.mails] == ["gateway@example.com"]
    assert said.status == 77
    assert "default sender gateway@example.com: sent" in said.out
    assert re.search(r"no-reply sender noreply-\w+@example\.com: refused", said.out)
    assert "took the mail from your own sender a moment ago, and refused the same from noreply-" in said.err
    assert "noreply_tokens = false" in said.err
    assert words in said.err


def test_a_no_reply_address_refused_alone_is_a_sender_refused(send_test: Callable[..., Said]) -> None:
    with ScriptedSmtp(says("MAIL", "553 5.7.1 Sender address rejected")) as server:
        said = send_test(server.port, "--json", "--from", "noreply", TO)
    [found] = diagnoses(said.json)
    assert found["cause"] == "sender-refused"
    assert "noreply-" in found["what"]


def test_the_default_sender_refused_does_not_keep_the_other_from_being_tried(send_test: Callable[..., Said]) -> None:
    with ScriptedSmtp(replace(GOOD, answers={"MAIL": ("553 5.7.1 Sender address rejected", None)})) as server:
        said = send_test(server.port, "--json", TO)
        assert [mail.sender.startswith("noreply-") for mail in server.mails] == [True]
    assert [mail["outcome"] for mail in said.json["mails"]] == ["refused", "sent"]
    assert said.status == 77


def test_a_recipient_refused_twice_is_not_the_senders_fault(send_test: Callable[..., Said]) -> None:
    answers = {"RCPT": lambda line: "550 5.1.1 User unknown" if "b@" in line else None}
    with ScriptedSmtp(replace(GOOD, answers=answers)) as server:
        said = send_test(server.port, "--json", TO, "b@example.net")
    assert {found["cause"] for found in diagnoses(said.json)} == {"recipient-refused"}


def test_the_no_reply_address_refused_for_those_whom_the_other_reached(send_test: Callable[..., Said]) -> None:
    def rcpt(line: str) -> str | None:
        return "550 5.1.1 User unknown" if "b@" in line else None

    with ScriptedSmtp(replace(GOOD, answers={"RCPT": rcpt, "MAIL": (None, "550 5.7.1 You may not")})) as server:
        said = send_test(server.port, "--json", TO, "b@example.net")
    assert [found["cause"] for found in diagnoses(said.json)] == ["recipient-refused", "noreply-refused"]


def test_a_sender_beyond_ascii_is_told_apart_from_the_other(send_test: Callable[..., Said]) -> None:
    with ScriptedSmtp(replace(GOOD, ehlo=("AUTH PLAIN",))) as server:
        said = send_test(server.port, TO, **{"from": "jürgen@example.com"})
        assert len(server.mails) == 1
    assert said.status == 65
    assert re.findall(r"^mail from (\S+?)@", said.out, re.MULTILINE)[0] == "jürgen"
    assert "#no-smtputf8" in said.err
    assert "jürgen@example.com has letters" in said.err


def test_smtputf8_is_asked_for_where_it_is_needed(send_test: Callable[..., Said]) -> None:
    with ScriptedSmtp(GOOD) as server:
        assert send_test(server.port, "jürgen@bücher.example").status == 0
        assert {"SMTPUTF8" in mail.options for mail in server.mails} == {True}
        assert server.mails[0].recipients == ("jürgen@xn--bcher-kva.example",)


@pytest.mark.skipif(not socket.has_dualstack_ipv6(), reason="this machine has no IPv6")
@pytest.mark.parametrize("words", [(), ("--json",)])
def test_the_way_back_to_ipv4_is_told(
    words: tuple[str, ...], send_test: Callable[..., Said], monkeypatch: pytest.MonkeyPatch
) -> None:
    with ScriptedSmtp(GOOD) as server:  # on 127.0.0.1 alone
        ways = [(socket.AF_INET6, "::1"), (socket.AF_INET, "127.0.0.1")]
        found = [(family, socket.SOCK_STREAM, 6, "", (where, server.port)) for family, where in ways]
        monkeypatch.setattr(socket, "getaddrinfo", lambda *_, **__: found)
        said = send_test(server.port, *words, TO)
    note = "IPv6 ::1 could not be reached (Connection refused); went on with IPv4"
    assert said.status == 0
    assert (said.json["steps"][1]["notes"] == [note]) if words else f"note: {note}" in said.out


def test_no_account_channel_or_store_is_touched(send_test: Callable[..., Said], tmp_path: Path) -> None:
    with ScriptedSmtp(GOOD) as server:
        assert send_test(server.port).status == 0
    assert list((tmp_path / "0" / "state").iterdir()) == [tmp_path / "0" / "state" / "mailpoll.db"]


def test_json_tells_all(send_test: Callable[..., Said]) -> None:
    with ScriptedSmtp(GOOD) as server:
        said = send_test(server.port, "--json", TO)
    report = said.json
    assert report["server"] == {"host": HOST, "port": server.port, "tls": "none"}
    assert [mail["sender"] for mail in report["mails"]] == ["default", "noreply"]
    assert {mail["outcome"] for mail in report["mails"]} == {"sent"}
    assert {mail["queue_id"] for mail in report["mails"]} == {"4F1A5C0DE"}
    assert [step["stage"] for step in report["steps"]][:3] == ["lookup", "connect", "greeting"]
    assert (report["status"], report["diagnosis"], "transcript" in report) == (0, None, False)


def test_what_is_said_is_shown_between_the_steps_and_once(send_test: Callable[..., Said]) -> None:
    with ScriptedSmtp(GOOD) as server:
        said = send_test(server.port, "-v", "--from", "default", TO, **NO_LOGIN)
    shown = [line.strip().partition("  ")[0] for line in said.out.splitlines() if line.startswith("  ")]
    marks = [line if line[0] in "<>" else f"[{line}]" for line in shown]
    order = ["[TCP]", "< 220 ", "[greeting]", "> EHLO ", "< 250 ", "[EHLO]", "> MAIL FROM:", "[MAIL FROM]",
             "> RCPT TO:", "[RCPT TO]", "> DATA", "[DATA]", "> .", "[end of mail]", "> QUIT"]  # fmt: skip
    found = iter(marks)
    assert [mark for mark in order if not any(line.startswith(mark) for line in found)] == [], marks
    assert said.out.count("> QUIT") == 1
    assert re.search(
        r"^mail from Gateway <gateway@example.com>, Message-ID <mailpoll\.\w+@example\.com>$", said.out, re.MULTILINE
    )
    assert said.err == ""


def test_a_server_that_takes_one_mail_over_a_connection(send_test: Callable[..., Said]) -> None:
    one = replace(GOOD, answers={"MAIL": (None, Then("421 4.7.0 one is enough", CLOSE))})
    with ScriptedSmtp(one) as server:
        said = send_test(server.port, TO)
        assert (said.status, len(server.mails)) in ((0, 2), (75, 1))
    assert re.findall(r"^mail from .*(gateway|noreply)", said.out, re.MULTILINE)[:2] == ["gateway", "noreply"]


@pytest.mark.parametrize("ends", ["is host the one for sending?", "for '192.0.2.2'.", "and more!"])
def test_a_sentence_has_one_mark_at_its_end(ends: str) -> None:
    assert str(ConfigError(ends, advice="Do it")).removesuffix(" Do it") == ends
    assert closed(ends) == ends


def test_no_cause_ends_in_two_marks() -> None:
    texts = [text for cause in CAUSES for text in (cause.what, cause.advice)]
    assert [text for text in texts if re.search(r"[.?!]\.$", closed(text))] == []


def test_one_line_of_the_log_for_each_mail(send_test: Callable[..., Said], caplog: pytest.LogCaptureFixture) -> None:
    with ScriptedSmtp(replace(GOOD, answers={"MAIL": (None, "550 5.7.1 no")})) as server:
        send_test(server.port, "-v", TO)
    lines = [record.getMessage() for record in caplog.records if record.name.startswith("mailpoll.outbound")]
    assert len(lines) == 2
    sent = r"mail <mailpoll\.\w+@example\.com> from gateway@example\.com to a@example\.net: sent: 250 2\.0\.0 Ok.*"
    assert re.fullmatch(sent, lines[0])
    assert re.search(
        r"from noreply-\w+@example\.com to a@example\.net: refused \(noreply-refused: 550 5\.7\.1 no\)", lines[1]
    )


def test_a_real_server_takes_it(send_test: Callable[..., Said], certificates: Certificates) -> None:
    certificate = certificates.kinds["good"]
    with SmtpReceiver(tls="starttls", certificate=certificate, auth=True, username=USER, password=PASSWORD) as receiver:
        said = send_test(receiver.port, TO, tls="starttls", ca_file=certificates.ca_file)
        assert (said.status, said.err) == (0, "")
        assert [(mail.sender.partition("-")[0], mail.tls, mail.user) for mail in receiver.mails] == [
            ("gateway@example.com", True, USER), ("noreply", True, USER)]  # fmt: skip
    mail = fields_of(receiver.mails[0].raw)
    assert mail["Auto-Submitted"] == "auto-generated"
    assert mail["X-Mailpoll"] == "test"
    assert mail["Message-ID"].endswith("@example.com>")
    assert "кириллица 日本語 ✓" in mail.get_content()


@pytest.mark.parametrize("tls", ["starttls", "implicit"])
def test_a_host_beyond_ascii_is_the_one_in_its_certificate(
    tls: str, tmp_path: Path, send_test: Callable[..., Said], monkeypatch: pytest.MonkeyPatch
) -> None:
    authority = Authority(tmp_path / "authority")
    script = replace(GOOD, tls=tls, certificate=authority.issue("smtp.xn--strae-oqa.example"))
    with ScriptedSmtp(script) as server:
        address = (socket.AF_INET, socket.SOCK_STREAM, 6, "", ("127.0.0.1", server.port))
        monkeypatch.setattr(socket, "getaddrinfo", lambda *_, **__: [address])
        said = send_test(server.port, TO, tls=tls, host="smtp.straße.example", ca_file=str(authority.ca_file))
        assert said.status == 0, said.err


# --- Postfix, which says what it has against a sender when it hears of the first recipient ------------------------


@pytest.fixture(scope="module")
def postfix(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Postfix]:
    require_postfix()
    with Postfix(tmp_path_factory.mktemp("postfix")) as server:
        yield server


def through(postfix: Postfix, **settings: Any) -> dict[str, Any]:
    """Settings for its submission ports."""
    password = postfix.ca_file.parent / "password"
    password.write_text(servers.mail.PASSWORD)
    password.chmod(0o600)
    common = {
        "host": "localhost",
        "tls": "starttls",
        "ca_file": str(postfix.ca_file),
        "password": {"file": str(password)},
    }
    return {**common, **settings}


@pytest.mark.parametrize("tls", ["starttls", "implicit"])
def test_postfix_takes_both_mails(tls: str, postfix: Postfix, send_test: Callable[..., Said]) -> None:
    postfix.forget()
    port = postfix.starttls_port if tls == "starttls" else postfix.tls_port
    said = send_test(port, "user@example.com", **through(postfix, tls=tls))
    assert (said.status, said.err) == (0, "")
    assert len(re.findall(r"sent, queue id \w{6,}", said.out)) == 2
    assert {fields_of(raw)["X-Mailpoll"] for raw in postfix.received(2)} == {"test"}


POSTFIX_REFUSES = [
    ("noreply-refused", 77, "strict_port", {}),
    ("sender-refused", 77, "starttls_port", {"from": "other@example.com", "noreply": None}),
    ("credentials", 77, "starttls_port", {"password": {"file": "smtp-password"}}),
    ("must-authenticate", 78, "starttls_port", {"noreply": None, "username": None, "password": None}),
    ("no-auth-without-tls", 78, "starttls_port", {"tls": "none"}),
    ("not-tls", 78, "starttls_port", {"tls": "implicit"}),
    ("tls-first", 78, "tls_port", {"timeout": 1.5}),
    ("certificate-authority", 77, "starttls_port", {"ca_file": None}),
]


@pytest.mark.parametrize(
    ("cause", "status", "port", "settings"), POSTFIX_REFUSES, ids=[row[0] for row in POSTFIX_REFUSES]
)
def test_what_postfix_refuses_is_understood(
    cause: str, status: int, port: str, settings: dict[str, Any], postfix: Postfix, send_test: Callable[..., Said]
) -> None:
    postfix.forget()
    said = send_test(getattr(postfix, port), "--json", "a@example.net", **through(postfix, **settings))
    assert ([found["cause"] for found in diagnoses(said.json)], said.status) == ([cause], status)


def test_postfix_without_a_login_sends_nothing_on(postfix: Postfix, send_test: Callable[..., Said]) -> None:
    settings = through(postfix, tls="none", username=None, password=None, noreply=None)
    said = send_test(postfix.local_port, "--json", "a@example.net", **settings)
    assert ([found["cause"] for found in diagnoses(said.json)], said.status) == (["local-relaying"], 77)


# --- what cannot be begun ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("recipient", "reason"),
    [
        ("nobody", "is no address"),
        ("a@example.net\r\nBcc: b@example.net", "control characters"),
        ("A\n<a@example.net>", "control characters"),
        ("a@example.net, b@example.net", "more than one address"),
        ("a@☃.example", "'a@☃.example' holds ☃.example, which is no internationalised domain"),
        (f"a@{'x' * 70}.example", f"…' holds {'x' * 59}…, which is no domain. Write for example user@example.com"),
        ("", "is no address"),
    ],
)
def test_what_is_no_address_is_not_sent_to(recipient: str, reason: str, send_test: Callable[..., Said]) -> None:
    with ScriptedSmtp(GOOD) as server:
        said = send_test(server.port, recipient)
        assert server.connections == []
    assert said.status == 2
    assert reason in said.err


@pytest.mark.parametrize("named", [False, True])
def test_without_a_configuration_the_section_is_shown_with_the_place_for_it(
    named: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    if places.SYSTEM_CONFIG.exists():
        pytest.skip("this machine has a system configuration")
    command = CommandLine(tmp_path)
    command.config.unlink()
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.delenv("XDG_CONFIG_HOME", raising=False)
    if not named:
        monkeypatch.setattr(command, "config", "")
    said = command("send-test", TO)
    assert said.status == 78
    place = command.config if named else tmp_path / ".config" / "mailpoll" / "config.toml"
    assert f"Write for example into {place}:\n\n[smtp]\nhost = " in said.err
    assert "`mailpoll init --no-mailbox` makes" in said.err
    assert "Run mailpoll init to make one" not in said.err


def test_a_configuration_that_cannot_be_used_says_so(tmp_path: Path) -> None:
    said = CommandLine(tmp_path, "[smtp]\nhost = 5")("send-test", TO)
    assert (said.status, "smtp.host: expected text" in said.err, "for example into" in said.err) == (78, True, False)


def test_without_smtp_the_section_is_shown(tmp_path: Path) -> None:
    said = CommandLine(tmp_path)("send-test", TO)
    assert said.status == 78
    assert "there is no [smtp]" in said.err
    assert 'host = "smtp.example.com"' in said.err


def test_the_no_reply_address_asked_for_and_not_set(send_test: Callable[..., Said]) -> None:
    said = send_test(25, "--from", "noreply", TO, noreply=None)
    assert said.status == 78
    assert "smtp.noreply: is missing" in said.err


def test_an_authority_file_that_cannot_be_read(send_test: Callable[..., Said]) -> None:
    with ScriptedSmtp(GOOD) as server:
        said = send_test(server.port, tls="implicit", ca_file="missing.pem")
    assert said.status == 78
    assert "smtp.ca_file" in said.err


# --- secrets ----------------------------------------------------------------------------------------------------------

MECHANISMS: list[tuple[str, dict[str, Any]]] = [
    ("plain", {}),
    ("login", {}),
    ("xoauth2", BY_TOKEN),
    ("oauthbearer", BY_TOKEN),
]


@pytest.mark.parametrize(("auth", "settings"), MECHANISMS)
@pytest.mark.parametrize("words", [("-v",), ("--json", "-v"), ()])
@pytest.mark.parametrize("fails", [True, False])
def test_a_server_that_repeats_what_we_say_gives_nothing_away(
    auth: str, settings: dict[str, Any], words: tuple[str, ...], fails: bool, send_test: Callable[..., Said]
) -> None:
    script = replace(GOOD, echo_commands=True)
    script = replace(script, password="other", token="other") if fails else replace(script, answers={"MAIL": "550 no"})
    with ScriptedSmtp(script) as server:
        said = send_test(server.port, *words, TO, auth=auth, **settings)
        assert server.logins[0].secret in (PASSWORD, TOKEN), "the server knows it"
    assert said.status == 77


def echoes(line: str, secret: str) -> Iterator[str]:
    """What servers make of a line that they do not like."""
    response = line.rpartition(" ")[2]
    yield from (line, line.upper(), f"`{line}'", f"cmd={line};", repr(line), line[: len(line) // 2], line[20:])
    yield from (f"{response[:n]}" for n in (25, 40, 51))
    yield f"{line[:30]}\n535 {line[30:]}"
    for before in range(3):
        yield b64encode(b"x" * before + secret.encode() + b"yyy").decode()


@pytest.mark.parametrize(("auth", "settings"), MECHANISMS)
@pytest.mark.parametrize("which", range(14))
def test_a_server_that_repeats_a_piece_gives_nothing_away(
    auth: str, settings: dict[str, Any], which: int, send_test: Callable[..., Said]
) -> None:
    secret = TOKEN if settings else PASSWORD

    def repeat(line: str) -> str:
        return "535-" + list(echoes(line, secret))[which].replace("\n535 ", "\n535-") + "\n535 no"

    answers = {"AUTH-COMMAND": repeat}
    with ScriptedSmtp(replace(GOOD, answers=answers)) as server:
        said = send_test(server.port, "-v", TO, auth=auth, **settings)
    assert said.status == 77


def test_a_challenge_that_holds_the_token_gives_nothing_away(send_test: Callable[..., Said]) -> None:
    challenge = b64encode(json.dumps({"status": f"bad {TOKEN}", "scope": TOKEN}).encode()).decode()
    answers = {"AUTH-COMMAND": Then(f"334 {challenge}", "535 5.7.8 no")}
    with ScriptedSmtp(replace(GOOD, answers=answers)) as server:
        said = send_test(server.port, "-v", TO, auth="oauthbearer", **BY_TOKEN)
    assert (said.status, "#token-refused" in said.err) == (77, True)


def test_a_password_that_is_a_word_of_the_server_hides_no_cause(tmp_path: Path, send_test: Callable[..., Said]) -> None:
    (tmp_path / "word").write_text("Password")
    (tmp_path / "word").chmod(0o600)
    with ScriptedSmtp(says("AUTH", "535 5.7.8 Username and Password not accepted.")) as server:
        said = send_test(server.port, TO, password={"file": str(tmp_path / "word")})
    assert "#gmail-credentials" in said.err
    assert "535 5.7.8 Username and *** not accepted." in said.err


# --- files ------------------------------------------------------------------------------------------------------------


def test_into_a_folder_nothing_is_sent(send_test: Callable[..., Said], tmp_path: Path) -> None:
    said = send_test(25, TO, host=None, port=None, file="outgoing", **NO_LOGIN)
    folder = tmp_path / "0" / "outgoing"
    assert said.status == 0
    assert f"Nothing is sent: [smtp] has file = {folder}" in said.out
    files = sorted(folder.glob("*.eml"))
    assert len(files) == 2
    assert [said.out.count(str(path)) for path in files] == [1, 1]
    assert [path.stat().st_mode & 0o777 for path in (folder, *files)] == [0o700, 0o600, 0o600]
    assert fields_of(files[0].read_bytes())["X-Mailpoll"] == "test"
    assert "Accepted" not in said.out


def test_into_a_folder_the_server_is_not_asked_nor_the_password(send_test: Callable[..., Said]) -> None:
    with ScriptedSmtp(GOOD) as server:
        said = send_test(server.port, "--json", TO, file="outgoing", password={"file": "missing"})
        assert server.connections == []
    assert {mail["outcome"] for mail in said.json["mails"]} == {"written"}
    assert (said.json["server"], said.status) == (None, 0)
