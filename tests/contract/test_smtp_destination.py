"""Mails that are forwarded: what a real mail server gets, what its answers mean, and that none goes in circles."""

from __future__ import annotations

import email
import email.policy
from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from servers.scripted_smtp import CLOSE, RESET, Script, ScriptedSmtp
from servers.smtp_receiver import SmtpReceiver

from mailpoll import config, message, router
from mailpoll.delivery import Destination, KnowsPlaces
from mailpoll.destinations import make, rate_of, settings_hash
from mailpoll.destinations.smtp import in_lines
from mailpoll.errors import (
    ConfigError,
    DestinationRefused,
    Later,
    MessageError,
    PermanentFailure,
    TemporaryFailure,
    Unanswered,
)
from mailpoll.model import Finding, Post, Receipt, Route
from mailpoll.policy import judge
from mailpoll.settings import AddressSettings, ForwardSettings, SecretRef, Settings, SmtpSettings

PASSWORD = "cAnArY-pW7qZw9Xk"
TO = "user@example.net"
KEY = "0123456789abcdef0123456789abcdef"
START = datetime(2026, 11, 1, tzinfo=UTC)
RAW = (
    b"Return-Path: <ann@example.org>\r\nReceived: from x by y; Fri, 6 Nov 2026 08:49:37 +0000\r\n"
    b"DKIM-Signature: v=1; d=example.org; b=abc\r\nFrom: Ann <ann@example.org>\r\nTo: bot+ops@example.com\r\n"
    b"Subject: disk  full\r\nMessage-ID: <1@example.org>\r\nDate: Fri, 6 Nov 2026 08:49:37 +0000\r\n\r\n"
    b"body\r\n.\r\n..dots\r\n"
)


class Raw:
    def __init__(self, raw: bytes = RAW) -> None:
        self._raw = raw

    def raw(self) -> Iterator[bytes]:
        return (self._raw[at : at + 100] for at in range(0, len(self._raw), 100))


def a_post(**changes: Any) -> Post:
    given: dict[str, Any] = {
        "channel": "ops",
        "destination": "fwd",
        "place": "",
        "topic": "disk full",
        "body": "body",
        "subject": "disk  full",
        "sender": "Ann Ä <ann@example.org>",
        "message_id": "<1@example.org>",
        "address": "bot+ops@example.com",
        "key": KEY,
    }
    return Post(**{**given, **changes})


def secret(ref: SecretRef, about: str) -> str:
    assert about == "smtp.password"
    return PASSWORD


def settings(port: int, smtp: Mapping[str, Any] | None = None, **given: Any) -> Settings:
    outgoing = {"host": "127.0.0.1", "port": port, "tls": "none", "from_": "Gäte <bot@example.com>", "timeout": 5}
    return Settings(
        addresses=AddressSettings(patterns=("bot+%s@example.com", "%s@in.example.com")),
        smtp=SmtpSettings(**{**outgoing, **(smtp or {})}),
        destination={"fwd": ForwardSettings(**{"to": TO, **given})},
    )


def forward(port: int, smtp: Mapping[str, Any] | None = None, **given: Any) -> Destination:
    made: Destination = make("fwd", settings(port, smtp, **given), secret)
    return made


def parsed(raw: bytes) -> Any:
    return email.message_from_bytes(raw, policy=email.policy.default)


# -- as it came -------------------------------------------------------------------------------------------------------


def test_a_mail_keeps_its_bytes_under_the_lines_that_say_who_sent_it_on() -> None:
    with SmtpReceiver() as server:
        made = forward(server.port)
        assert made.post(a_post(), Raw()) == Receipt()
        [got] = server.mails
    assert (got.sender, got.recipients) == ("bot@example.com", (TO,))
    assert got.raw.endswith(RAW)
    lines = got.raw.removesuffix(RAW).decode().split("\r\n")
    assert [line.partition(":")[0] for line in lines if line] == [
        "Resent-From", "Resent-To", "Resent-Date", "Resent-Message-ID", "X-Loop",
    ]  # fmt: skip
    mail = parsed(got.raw)
    assert mail["Resent-From"].addresses[0].display_name == "Gäte"
    assert (mail["Resent-To"], mail["Resent-Message-ID"]) == (TO, f"<{KEY}.forward@example.com>")
    assert mail["X-Loop"] == "bot@example.com"  # the inbox, not the token of a channel
    assert (mail["From"], mail["Message-ID"]) == ("Ann <ann@example.org>", "<1@example.org>")


def test_the_place_is_the_address_and_bounces_go_where_they_shall() -> None:
    with SmtpReceiver() as server:
        forward(server.port, sender="bounces@example.com").post(a_post(place="Bob <b@example.net>"), Raw())
        [got] = server.mails
    assert (got.sender, got.recipients) == ("bounces@example.com", ("b@example.net",))


@pytest.mark.parametrize(
    ("raw", "options"),
    [
        (b"Subject: a\r\n\r\nplain\r\n", set()),
        ("Subject: a\r\n\r\nGrüße\r\n".encode("latin-1"), {"BODY=8BITMIME"}),
        ("Subject: Grüße\r\n\r\nplain\r\n".encode(), {"BODY=8BITMIME", "SMTPUTF8"}),
    ],
)
def test_the_server_is_told_of_eight_bits(raw: bytes, options: set[str]) -> None:
    with SmtpReceiver() as server:
        forward(server.port).post(a_post(), Raw(raw))
        [got] = server.mails
    assert {option for option in got.options if not option.startswith("SIZE")} == options
    assert got.raw.endswith(raw)


def test_without_8bitmime_the_mail_fails_and_says_how_it_could_go() -> None:
    seven = Script(ehlo=("SIZE 10240000",))
    with ScriptedSmtp(seven) as server:
        with pytest.raises(PermanentFailure, match="octets beyond ASCII") as caught:
            forward(server.port).post(a_post(), Raw(b"Subject: a\r\n\r\nGr\xfc\xdfe\r\n"))
        assert 'as = "attachment"' in caught.value.advice
        forward(server.port, as_="attachment").post(a_post(), Raw(b"Subject: a\r\n\r\nGr\xfc\xdfe\r\n"))
        assert server.mails[0].raw.isascii()


@pytest.mark.parametrize("end", [b"\n", b"\r", b"\r\n.\n", b"\n.\r\n", b"\r.\r", b"\n.\n"])
def test_no_line_end_of_another_kind_reaches_the_server(end: bytes) -> None:
    """What some servers take for the end of the mail would make commands of a stranger's next lines."""
    smuggled = b"Subject: a\r\n\r\nbefore" + end + b"MAIL FROM:<evil@example.com>\r\nRCPT TO:<victim@example.com>\r\n"
    with SmtpReceiver() as server:
        forward(server.port).post(a_post(), Raw(smuggled))
        [got] = server.mails
    assert got.raw.count(b"\r\n") == got.raw.count(b"\n") == got.raw.count(b"\r")
    assert b"evil@example.com" in got.raw


def test_line_ends_that_are_right_stay_the_same_object() -> None:
    assert in_lines(RAW) is RAW
    assert in_lines(b"a\rb\nc\r\n\n") == b"a\r\nb\r\nc\r\n\r\n"


# -- inside a mail of ours --------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("raw", "kind"),
    [
        (RAW, "message/rfc822"),
        (b"Subject: a\r\n\r\nGr\xfc\xdfe\r\n", "application/octet-stream"),
        (b"Subject: a\r\n\r\n" + b"x" * 2000 + b"\r\n", "application/octet-stream"),
    ],
)
def test_an_attached_mail_is_whole_and_fits_every_server(raw: bytes, kind: str) -> None:
    with SmtpReceiver() as server:
        forward(server.port, as_="attachment").post(a_post(), Raw(raw))
        [got] = server.mails
    assert got.raw.isascii()
    assert max(map(len, got.raw.split(b"\r\n"))) <= 998
    mail = parsed(got.raw)
    assert mail.defects == []
    assert mail["From"].addresses[0].addr_spec == "bot@example.com"
    assert (mail["Subject"], mail["To"], mail["Auto-Submitted"]) == ("Fwd: disk full", TO, "auto-generated")
    note, attached = mail.iter_parts()
    assert note.get_content() == "Mail from Ann Ä <ann@example.org> to channel ops is attached.\n"
    assert attached.get_content_type() == kind
    if kind == "message/rfc822":
        assert raw in got.raw
    else:
        assert attached.get_payload(decode=True) == raw


def test_no_subject_writes_a_header_field_of_its_own() -> None:
    with SmtpReceiver() as server:
        forward(server.port, as_="attachment").post(
            a_post(subject="a\r\nBcc: x@example.com", sender="\r\n.\r\n"), Raw()
        )
        [got] = server.mails
    assert "Bcc" not in parsed(got.raw)


# -- loops ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("as_", ["mail", "attachment"])
def test_what_comes_back_is_a_loop_here_and_a_mail_elsewhere(as_: str) -> None:
    with SmtpReceiver() as server:
        forward(server.port, as_=as_).post(a_post(), Raw())
        [got] = server.mails
    back = message.parse(got.raw)
    ours, theirs = router.pattern("bot+%s@example.com"), router.pattern("desk+%s@example.net")
    assert "X-Loop" in judge.judge(back, Route("ops", ()), [ours], str).reason
    # Another gateway takes it for what it is: somebody's mail, not one that mailpoll wrote.
    assert judge.is_loop(back, [theirs]) == ""
    assert back.automatic in ("", "auto-generated")


def test_two_gateways_that_attach_mail_for_each_other_come_to_an_end() -> None:
    with SmtpReceiver() as server:
        forward(server.port, as_="attachment").post(a_post(), Raw(b"X-Loop: desk@example.net\r\n" + RAW))
        [got] = server.mails
    assert "X-Loop" in judge.is_loop(message.parse(got.raw), [router.pattern("desk+%s@example.net")])


@pytest.mark.parametrize("place", ["bot+ops@example.com", "bot@example.com", "BOT+x@EXAMPLE.com", "any@in.example.com"])
def test_our_own_addresses_are_refused(place: str) -> None:
    made = forward(1)
    assert isinstance(made, KnowsPlaces)
    finding = made.check_place(place)
    assert finding is not None
    assert "would come back to us" in finding.what
    with pytest.raises(PermanentFailure, match="would come back to us"):
        made.post(a_post(place=place), Raw())


@pytest.mark.parametrize(
    "place", ["nobody", "a@b@c", "a@example.com\r\nRCPT TO:<x@example.com>", "a@example.com,b@c.example"]
)
def test_what_is_no_address_is_named(place: str) -> None:
    made = forward(1)
    assert isinstance(made, KnowsPlaces)
    assert getattr(made.check_place(place), "level", "") == "fail"
    with pytest.raises(PermanentFailure):
        made.post(a_post(place=place), Raw())
    assert made.check_place("") is None


def test_nowhere_to_forward_to_says_what_to_write() -> None:
    made = forward(1, to=None)
    assert isinstance(made, KnowsPlaces)
    assert made.check_place("") == Finding(
        "fail",
        "fwd: it names no address to forward to",
        "Write --to fwd:user@example.net, or set `to` of destination.fwd",
    )


# -- answers ----------------------------------------------------------------------------------------------------------

ANSWERS: list[tuple[str, dict[str, Any], type[MessageError], str]] = [
    ("no such user", {"RCPT": "550 5.1.1 no such user"}, PermanentFailure, "no such user"),
    ("spam", {".": "554 5.7.1 Spam message rejected"}, PermanentFailure, "Spam message"),
    ("too large", {"MAIL": "552 5.3.4 Message size exceeds fixed limit"}, PermanentFailure, "size"),
    ("greylisted", {"RCPT": "451 4.7.1 Greylisted, please try again"}, Later, "Greylisted"),
    ("full", {"RCPT": "452 4.2.2 mailbox full"}, Later, "full"),
    ("later", {".": "451 4.3.0 try again later"}, Later, "later"),
    ("closing", {"MAIL": "421 4.3.2 shutting down"}, TemporaryFailure, "shutting down"),
    ("sender", {"MAIL": "553 5.7.1 Sender address rejected: not owned by user"}, DestinationRefused, "not owned"),
    ("cut at the dot", {".": CLOSE}, Unanswered, ""),
    ("reset at the dot", {".": RESET}, Unanswered, ""),
    ("cut before", {"RCPT": CLOSE}, TemporaryFailure, ""),
]


@pytest.mark.parametrize(("name", "answers", "outcome", "words"), ANSWERS, ids=[case[0] for case in ANSWERS])
def test_each_answer_has_its_outcome(
    name: str, answers: dict[str, Any], outcome: type[MessageError], words: str
) -> None:  # fmt: skip
    with ScriptedSmtp(replace(Script(), answers=answers)) as server, pytest.raises(MessageError) as caught:
        forward(server.port).post(a_post(), Raw())
    assert type(caught.value) is outcome
    assert words in str(caught.value)


def test_a_wrong_password_pauses_and_is_in_no_sentence() -> None:
    with ScriptedSmtp(Script(username="u", password="another")) as server:
        made = forward(server.port, {"username": "u", "password": SecretRef(file="x")})
        with pytest.raises(DestinationRefused) as caught:
            made.post(a_post(), Raw())
        [finding] = made.check()
    assert PASSWORD not in str(caught.value)
    assert (finding.level, finding.what.startswith("fwd: 127.0.0.1:")) == ("fail", True)


def test_nobody_there_is_waited_for() -> None:
    with SmtpReceiver() as server:
        port = server.port
    with pytest.raises(TemporaryFailure) as caught:
        forward(port).post(a_post(), Raw())
    assert type(caught.value) is TemporaryFailure
    assert forward(port).check()[0].level == "fail"


def test_the_queue_id_is_the_receipt_and_check_sends_nothing() -> None:
    with ScriptedSmtp(Script(answers={".": "250 2.0.0 Ok: queued as 4XyZ9"})) as server:
        made = forward(server.port)
        assert made.post(a_post(), Raw()) == Receipt(id="4XyZ9")
        assert [finding.level for finding in made.check()] == ["ok"]
        assert len(server.mails) == 1
        assert (made.askable, made.find(a_post(), START, lambda _: False)) == (False, None)


def test_a_ca_file_that_is_missing_pauses(tmp_path: Path) -> None:
    made = forward(1, {"tls": "implicit", "ca_file": str(tmp_path / "missing.pem")})
    with pytest.raises(DestinationRefused, match=r"missing\.pem|ca_file"):
        made.post(a_post(), Raw())


def test_with_file_mode_it_is_written_and_check_says_so(tmp_path: Path) -> None:
    made = forward(1, {"host": None, "file": str(tmp_path / "out")})
    receipt = made.post(a_post(), Raw())
    assert Path(receipt.id).read_bytes().endswith(RAW)
    assert made.check()[0].level == "warn"


# -- settings ---------------------------------------------------------------------------------------------------------


def test_another_smtp_server_is_another_destination() -> None:
    assert settings_hash("fwd", settings(25)) != settings_hash("fwd", settings(26))
    assert rate_of("fwd", settings(25))


def test_without_smtp_nothing_can_be_forwarded(tmp_path: Path) -> None:
    path = tmp_path / "c.toml"
    path.write_text('[destination.fwd]\nkind = "smtp"\nto = "nobody"\nsender = "<>"\n')
    with pytest.raises(ConfigError) as caught:
        config.load(path)
    said = "\n".join(caught.value.problems)
    assert "destination.fwd.kind: there is no [smtp] to send mail with" in said
    assert "destination.fwd.to: is no address" in said
    assert "destination.fwd.sender: " in said
    with pytest.raises(DestinationRefused, match=r"no \[smtp\]"):
        make("fwd", Settings(destination={"fwd": ForwardSettings(to=TO)}), secret)
