"""The mails we send ourselves: their header fields, their bytes, and that nobody can smuggle a line into them."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from email import message_from_bytes, policy
from email.message import EmailMessage
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailpoll.message.automatic import automatic
from mailpoll.message.headers import read_block
from mailpoll.model import NamedAddress
from mailpoll.outbound import Mail, compose, tokenised
from mailpoll.strict_address import MAX_LOCAL_PART, parse

NOW = datetime(2026, 11, 20, 8, 0, tzinfo=UTC)
SENDER = NamedAddress("Gateway", "gateway@example.com")
TO = (NamedAddress("", "a@example.net"),)


def mail(sender: NamedAddress = SENDER, to: tuple[NamedAddress, ...] = TO, **changed: Any) -> Mail:
    arguments: dict[str, Any] = {"subject": "Hello", "text": "Text\n", "kind": "test", **changed}
    return compose(sender, to, arguments["subject"], arguments["text"], kind=arguments["kind"], now=NOW)


def read(made: Mail) -> EmailMessage:
    message = message_from_bytes(made.data, policy=policy.SMTPUTF8)
    assert isinstance(message, EmailMessage)
    assert not message.defects
    return message


def test_the_fields_that_mail_of_a_program_must_have() -> None:
    message = read(mail())
    assert message["From"] == "Gateway <gateway@example.com>"
    assert message["To"] == "a@example.net"
    assert message["Date"].datetime == NOW
    assert message["Auto-Submitted"] == "auto-generated"
    assert message["X-Mailpoll"] == "test"
    assert message.get_content_charset() == "utf-8"
    assert [name for name in message if len(message.get_all(name, [])) != 1] == []


def test_a_gateway_of_ours_knows_its_own_mail_and_others_know_a_program() -> None:
    made = mail()
    assert automatic(read_block(made.data)) == "loop"
    unmarked = made.data.replace(b"X-Mailpoll", b"X-Other")
    assert automatic(read_block(unmarked)) == "loop"
    assert automatic(read_block(unmarked.replace(made.message_id.encode(), b"<1@example.com>"))) == "auto-generated"


@pytest.mark.parametrize(
    ("sender", "domain"),
    [
        ("gateway@example.com", r"example\.com"),
        ("gateway@bücher.example", r"xn--bcher-kva\.example"),
        ("gateway@[192.0.2.1]", r"\[192\.0\.2\.1\]"),
        ("gateway@[IPv6:2001:db8::1]", r"\[IPv6:2001:db8::1\]"),
    ],
)
def test_the_message_id_is_of_our_domain_and_of_this_mail(sender: str, domain: str) -> None:
    first, second = mail(parse(sender)), mail(parse(sender))
    assert re.fullmatch(rf"<mailpoll\.[0-9a-f]{{32}}@{domain}>", first.message_id)
    assert first.message_id != second.message_id
    assert read(first)["Message-ID"] == first.message_id


@pytest.mark.parametrize(
    "text",
    ["Text\n", "äöü ßñç Ελληνικά кириллица 日本語 ✓ 😀\n", ".\n..\n.dot\n", "x" * 5000 + "\n", "From me\n", "=20\n \n"],
)
def test_the_text_arrives_as_it_was(text: str) -> None:
    made = mail(text=text)
    assert read(made).get_content().replace("\r\n", "\n") == text


@pytest.mark.parametrize("text", ["Text\n", "ä" * 3000 + "\n", "a\nb\n", "\n"])
def test_lines_are_short_and_end_as_they_should(text: str) -> None:
    data = mail(text=text, subject="Betreff: " + "ä" * 300).data
    assert data.count(b"\n") == data.count(b"\r\n") == data.count(b"\r")
    assert data.endswith(b"\r\n")
    assert max(map(len, data.split(b"\r\n"))) <= 998
    assert data.isascii()


NAMES = ["Müller", "Müller, Jürgen", 'the "gateway"', "a@b", "日本語 ✓", "x" * 300, "ü" * 20, "back\\slash",
         "=? what ?=", "(comment)", "a; b: c,", "'quoted'"]  # fmt: skip


@pytest.mark.parametrize("name", NAMES)
def test_names_arrive_as_they_were(name: str) -> None:
    message = read(mail(NamedAddress(name, "gateway@example.com"), (NamedAddress(name, "a@example.net"), *TO)))
    [sender] = message["From"].addresses
    assert sender.addr_spec == "gateway@example.com"
    assert [each.addr_spec for each in message["To"].addresses] == ["a@example.net", "a@example.net"]
    assert sender.display_name == name


SMUGGLED = "=?utf-8?q?x=0D=0AReply-To:_evil=40example.com=0D=0AX=3A?="


def test_an_encoded_word_smuggles_nothing_in() -> None:
    for arguments in (
        {"sender": NamedAddress(SMUGGLED, "gateway@example.com")},
        {"to": (NamedAddress(SMUGGLED, "a@example.net"),)},
        {"to": (NamedAddress("", f"{SMUGGLED}@example.net"),)},
        {"subject": f"x {SMUGGLED}"},
    ):
        with pytest.raises(ValueError, match="encoded word"):
            mail(**arguments)  # type: ignore[arg-type]


@pytest.mark.parametrize("break_", ["\r\n", "\n", "\r"])
def test_a_line_break_begins_no_other_field(break_: str) -> None:
    smuggled = f"x{break_}Bcc: b@example.net"
    for arguments in (
        {"subject": break_},
        {"subject": f"x{break_}"},
        {"subject": smuggled},
        {"sender": NamedAddress(smuggled, "gateway@example.com")},
        {"to": (NamedAddress(smuggled, "a@example.net"),)},
        {"to": (NamedAddress("", f"{smuggled}@example.net"),)},
    ):
        with pytest.raises(ValueError):  # noqa: PT011 - whatever it says, nothing is made
            mail(**arguments)


@given(st.text(max_size=80), st.text(max_size=80))
def test_whatever_is_written_no_field_is_added(name: str, subject: str) -> None:
    try:
        message = message_from_bytes(
            mail(NamedAddress(name, "g@example.com"), subject=subject).data, policy=policy.SMTP
        )
    except ValueError:
        return
    assert sorted(name.lower() for name in message) == sorted(
        ["from", "to", "subject", "date", "message-id", "auto-submitted", "x-mailpoll", "content-type",
         "content-transfer-encoding", "mime-version"])  # fmt: skip


def test_letters_before_the_at_make_it_a_mail_for_smtputf8() -> None:
    made = mail(to=(parse("jürgen@bücher.example"),))
    assert made.smtputf8
    assert "To: jürgen@xn--bcher-kva.example\r\n".encode() in made.data
    assert not mail(to=(parse("user@bücher.example"),)).smtputf8


def test_a_quoted_local_part_stays_quoted() -> None:
    assert b'To: "no reply"@example.net\r\n' in mail(to=(parse('"no reply"@example.net'),)).data


class TestNoReply:
    def test_nobody_can_guess_it(self) -> None:
        made = {tokenised(parse("Nobody <noreply@example.com>")) for _ in range(100)}
        assert len(made) == 100
        assert {named.name for named in made} == {"Nobody"}
        assert all(re.fullmatch(r"noreply-[a-z2-7]{16}@example\.com", named.address) for named in made)

    @pytest.mark.parametrize(
        "text", ['"no reply"@example.com', "x" * 47 + "@example.com", "a+b@example.com", "jürgen@example.com"]
    )
    def test_it_is_an_address_whatever_it_is_made_from(self, text: str) -> None:
        made = tokenised(parse(text)).address
        assert parse(made).address == made
        assert len(made.rpartition("@")[0].encode()) <= MAX_LOCAL_PART
