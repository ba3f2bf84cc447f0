"""What servers say, over a pair of sockets: replies as values, queue ids, limits of time and size."""

from __future__ import annotations

import socket
import time
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailpoll.outbound.dialogue import MAX_LINE, MAX_LINES, Dialogue
from mailpoll.outbound.happening import Happening, Reply, Stopped, printable, reply_of
from mailpoll.outbound.sending import queue_id
from mailpoll.outbound.session import Limits
from mailpoll.redaction import Mask
from mailpoll.settings import SmtpSettings


@contextmanager
def dialogue(said: bytes, *, limit: float = 5.0, hangs_up: bool = False, mask: str = "") -> Iterator[Dialogue]:
    ours, theirs = socket.socketpair()
    with ours, theirs:
        theirs.sendall(said)
        if hangs_up:
            theirs.shutdown(socket.SHUT_WR)
        talk = Dialogue(ours, "smtp.example.com", Mask(mask), "client.example.com")
        talk.limit(limit)
        yield talk


def heard(said: bytes, **options: bool) -> Reply:
    with dialogue(said, **options) as talk:
        return talk.answer()


def stopped(said: bytes, *, limit: float = 0.05, hangs_up: bool = False) -> Happening:
    with dialogue(said, limit=limit, hangs_up=hangs_up) as talk, pytest.raises(Stopped) as caught:
        talk.answer()
    return caught.value.happening


REPLIES = [
    (b"250 Ok\r\n", 250, "", "Ok"),
    (b"250 2.1.0 Ok\r\n", 250, "2.1.0", "Ok"),
    (b"250 2.0.0\r\n", 250, "2.0.0", ""),
    (b"250\r\n", 250, "", ""),
    (b"250 \n", 250, "", ""),
    (b"550-5.7.26 one\r\n550-5.7.26 two\r\n550 5.7.26 three. x - gsmtp\r\n", 550, "5.7.26", "one two three. x - gsmtp"),
    (b"550-Verification failed\r\n550 Sender verify failed\r\n", 550, "", "Verification failed Sender verify failed"),
    (b"220-We do not authorize\r\n220-\r\n220 spam\r\n", 220, "", "We do not authorize spam"),
    (b"550 5.1.1: no\r\n", 550, "5.1.1", "no"),
    (b"550 5.1.1-no\r\n", 550, "5.1.1", "no"),
    (b"550 192.0.2.1 is blocked\r\n", 550, "", "192.0.2.1 is blocked"),
    (b"550 5.7.1x is no code\r\n", 550, "", "5.7.1x is no code"),
    (b"550 no\xfc \xc3\xa9\r\n", 550, "", "no� é"),
    (b"550 a\tb\x1b[31m\x00c\r\n", 550, "", "a b [31m c"),
    (b"550  much   room  \r\n", 550, "", "much room"),
]


@pytest.mark.parametrize(("said", "code", "enhanced", "words"), REPLIES)
def test_a_reply(said: bytes, code: int, enhanced: str, words: str) -> None:
    reply = heard(said)
    assert (reply.code, reply.enhanced, reply.words) == (code, enhanced, words)
    assert str(reply) == f"{reply.codes} {words}".rstrip()


@pytest.mark.parametrize("said", [b"* OK IMAP4rev1\r\n", b"HTTP/1.1 400 Bad\r\n", b"\r\n", b"+OK POP3\r\n", b"25 x\r\n",
                                  b"250Ok\r\n", b"150 x\r\n", b"650 x\r\n", b"\xb2\xb5\xb0 x\r\n", b"250_x\r\n",
                                  b"550-one\r\nbroken\r\n", b"\x16\x03\x01\x00\x05hello\r\n"])  # fmt: skip
def test_what_is_no_reply(said: bytes) -> None:
    assert stopped(said).event == "not-smtp"


def test_a_reply_is_over_at_its_last_line_and_the_next_is_another() -> None:
    with dialogue(b"250-a\r\n250 b\r\n354 c\r\n") as talk:
        assert [talk.answer().words, talk.answer().words] == ["a b", "c"]


def test_a_reply_may_have_long_and_many_lines_but_not_too_long_and_too_many() -> None:
    assert heard(b"250 " + b"x" * (MAX_LINE - 10) + b"\r\n").code == 250
    assert heard(b"250-x\r\n" * (MAX_LINES - 1) + b"250 x\r\n").code == 250
    assert stopped(b"250 " + b"x" * (MAX_LINE + 1)).event == "not-smtp"
    assert "lines in one reply" in stopped(b"250-x\r\n" * (MAX_LINES + 1)).detail


@pytest.mark.parametrize("said", [b"", b"2", b"250-half\r\n", b"250 no end"])
def test_half_a_reply_is_silence_or_a_cut(said: bytes) -> None:
    begun = time.monotonic()
    assert stopped(said).event == "silence"
    assert time.monotonic() - begun < 1
    assert stopped(said, hangs_up=True).event == "cut"


def test_what_was_said_before_a_cut_is_told() -> None:
    assert stopped(b"421 too ma", hangs_up=True).detail == "after '421 too ma'"


def test_the_transcript_holds_both_sides_without_secrets() -> None:
    with dialogue(b"250 hello cAnArY\r\n334 x\r\n235 ok\r\n", mask="cAnArY") as talk:
        talk.command("EHLO", "cAnArY")
        talk.command("AUTH", "LOGIN")
        talk.secretly("", "c2VjcmV0c2VjcmV0")
    assert talk.transcript == ["> EHLO ***", "< 250 hello ***", "> AUTH LOGIN", "< 334 x", "> ***", "< 235 ok"]


@pytest.mark.parametrize(
    ("content", "wire"),
    [
        (b"a\r\n", b"a\r\n.\r\n"),
        (b".\r\n..\r\nx", b"..\r\n...\r\nx\r\n.\r\n"),
        (b"a\r\n.b\r\n", b"a\r\n..b\r\n.\r\n"),
        (b"", b"\r\n.\r\n"),
    ],
)
def test_dots_are_doubled_and_one_ends_the_mail(content: bytes, wire: bytes) -> None:
    ours, theirs = socket.socketpair()
    with ours, theirs:
        theirs.sendall(b"250 ok\r\n")
        talk = Dialogue(ours, "smtp.example.com", Mask(), "client.example.com")
        talk.limit(5)
        talk.content(content)
        assert theirs.recv(1000) == wire


def test_a_secret_word_leaves_the_codes_as_they_are() -> None:
    with dialogue(b"535 5.7.8 no\r\n", mask="5.7.8") as talk:
        reply = talk.answer()
    assert (reply.codes, reply.words) == ("535 5.7.8", "no")


def test_the_words_as_they_came_are_not_shown() -> None:
    reply = reply_of(535, "5.7.8 bad cAnArY", Mask("cAnArY").hide)
    assert "cAnArY" not in repr(reply) + str(reply)
    assert "cAnArY" in reply.heard


@given(st.binary(max_size=300))
def test_whatever_is_said_is_a_reply_or_has_a_name(said: bytes) -> None:
    with dialogue(said, hangs_up=True) as talk:
        try:
            what: Reply | str = talk.answer()
        except Stopped as stop:
            what = stop.happening.event
    assert what in ("not-smtp", "cut") or (isinstance(what, Reply) and what.words.isprintable())


@given(st.text(max_size=700))
def test_text_of_strangers_is_one_printable_line(text: str) -> None:
    line = printable(text)
    assert line.isprintable()
    assert len(line) <= 500


QUEUE_IDS = [
    ("2.0.0 Ok: queued as 4F1A5C0DE", "4F1A5C0DE"),  # Postfix
    ("OK id=1rT8Qk-0000Ab-2C", "1rT8Qk-0000Ab-2C"),  # Exim
    ("2.0.0 4AKIb2d1012345 Message accepted for delivery", "4AKIb2d1012345"),  # sendmail, with the code taken away
    ("ok 1700000000 qp 12345", "12345"),  # qmail
    ("Ok 0102018c1234abcd-1a2b3c4d-0000-1111-2222-333344445555-000000",
     "0102018c1234abcd-1a2b3c4d-0000-1111-2222-333344445555-000000"),  # Amazon SES
    ("OK 1700000000 a1-20020a05600c1d0100b0040a4b1c5d6esm1234567wms.3 - gsmtp",
     "a1-20020a05600c1d0100b0040a4b1c5d6esm1234567wms.3"),  # Gmail
    ("Ok: queued as abcDEF_123-x", "abcDEF_123-x"),  # SendGrid
    ("Ok", ""),
    ("Message accepted", ""),
    ("", ""),
]  # fmt: skip


@pytest.mark.parametrize(("words", "found"), QUEUE_IDS)
def test_the_name_under_which_a_server_keeps_a_mail(words: str, found: str) -> None:
    reply = reply_of(250, words)
    assert queue_id(reply.words) == found


def test_the_limits_are_those_that_are_promised() -> None:
    assert (Limits().opening, Limits().dot) == (10.0, 60.0)
    assert Limits().opening == SmtpSettings(host="smtp.example.com").timeout
