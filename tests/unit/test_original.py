"""original.py: what a mail says of itself, in a process of its own in production; and a mail in ASCII."""

from __future__ import annotations

import email
import email.policy
from contextlib import closing

import pytest
from support.hooks import ADDRESS, PNG, mail

from mailpoll.model import NamedAddress, Options, Route
from mailpoll.original import original, seven_bit
from mailpoll.reader import Limits, Reader, ReaderDied

ROUTE = Route("support", ())
TO = f"To: {ADDRESS}"


def test_people_header_and_texts() -> None:
    raw = mail(
        "Hi\n\n-- \nJane\n", "From: Jane <jane@example.net>", TO, "Cc: a@x.example, b@x.example", "X-A: 1", "X-A: 2"
    )
    found = original(raw, ROUTE, max_text=1_000)
    assert found.from_ == (NamedAddress("Jane", "jane@example.net"),)
    assert [person.address for person in (*found.to, *found.cc)] == [ADDRESS, "a@x.example", "b@x.example"]
    assert (found.date, found.first("message-id")) == ("Fri, 06 Nov 2026 09:00:00 +0100", "<m1@example.net>")
    assert [value for name, value in found.headers if name == "X-A"] == ["1", "2"]
    assert (found.text, found.new_text, found.signature) == ("Hi\n\n-- \nJane\n", "Hi", "-- \nJane")


def test_what_belongs_there_once_comes_once_and_no_field_has_two_lines() -> None:
    raw = mail("x", TO, "Subject: a\x0bb\x85", "Subject: c", "X-A: d\r\n e\u2028f")
    assert [(n, v) for n, v in original(raw, ROUTE, max_text=9).headers if n in ("Subject", "X-A")] == [
        ("Subject", "a b "),
        ("X-A", "d e f"),
    ]


def test_a_mail_that_says_nothing_new_has_no_new_text() -> None:
    assert original(mail("", TO), ROUTE, max_text=9).new_text == ""


def test_the_options_of_the_route_hold() -> None:
    raw = mail("new\n\nOn Monday, Bob <b@x.example> wrote:\n> old\n", TO)
    assert original(raw, Route("c", (), options=Options(include_quotes=True)), max_text=999).new_text.endswith("> old")


@pytest.mark.parametrize(
    ("fields", "body", "text"),
    [
        (("Content-Type: text/plain; charset=iso-8859-1", "Content-Transfer-Encoding: 8bit"), "Gr\xfc\xdfe", "Grüße"),
        (("Content-Type: text/plain; charset=utf-8",), "Gr\xc3\xbc\xc3\x9fe", "Grüße"),
        (("Content-Type: text/plain; charset=utf-8", "Content-Transfer-Encoding: quoted-printable"),
         "Gr=C3=BC\xc3\x9fe", "Grüße"),
    ],
)  # fmt: skip
def test_a_mail_in_ascii_says_the_same(fields: tuple[str, ...], body: str, text: str) -> None:
    raw = mail(body.encode("latin-1"), "From: J\xf6rg <j@example.net>", TO, "Subject: \u4e16\u754c ok \u4e16", *fields)
    plain = b"".join(seven_bit(raw))
    assert plain.isascii()
    parsed = email.message_from_bytes(plain, policy=email.policy.default)
    assert parsed.get_content().strip() == text  # type: ignore[attr-defined]
    assert (parsed["From"], parsed["Subject"]) == ("Jörg <j@example.net>", "世界 ok 世")
    assert [name for name in parsed if name in ("From", "To", "Subject")] == ["From", "To", "Subject"]


def test_a_mail_that_is_ascii_comes_as_it_is() -> None:
    raw = mail(b"--b\r\n\r\n" + PNG.hex().encode(), TO, "Content-Type: multipart/mixed; boundary=b")
    assert b"".join(seven_bit(raw)) == raw


def test_the_reader_child_answers_the_same_and_a_header_without_end_is_refused() -> None:
    raw = mail("Grüße\n", TO, "Subject: ü", "Content-Type: text/plain; charset=utf-8")
    with closing(Reader(Limits())) as reader:
        assert reader.original([raw[:50], raw[50:]], len(raw), ROUTE) == original(raw, ROUTE, max_text=1_000_000)
        assert b"".join(reader.seven_bit([raw], len(raw))) == b"".join(seven_bit(raw))
        huge = mail("x", *(f"X-{number}: ü" for number in range(2_000)))
        with pytest.raises(ReaderDied, match="too large"):
            reader.seven_bit([huge], len(huge))
        assert reader.original([raw], len(raw), ROUTE).subject == "ü"
