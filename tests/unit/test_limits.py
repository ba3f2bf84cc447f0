"""Limits on what strangers send: each is noted where it is hit, and none loses what stands before it."""

from __future__ import annotations

import base64
import quopri
import random
import re
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.hostile import HEAD, SHAPES, TEXT, mixed

from mailpoll.message import addresses, parse
from mailpoll.message.headers import unstructured
from mailpoll.message.parameters import parameters
from mailpoll.message.transfer import decoded, decoded_size, decoded_slices

OVER = [
    pytest.param(
        HEAD + b"To: " + b"a@b," * 10_001 + b"\n\nThe text.\n", "more than 10000 addresses in a field", id="to"
    ),
    pytest.param(
        HEAD + b"Content-Type: text/plain" + b"; p=v" * 201 + b"\n\nThe text.\n",
        "more than 200 parameters in a field",
        id="parameters",
    ),
    pytest.param(
        b"From: anna@example.net\nSubject: Hello" + b" =?utf-8?q?a?=" * 2_001 + b"\n\nThe text.\n",
        "more than 2000 encoded words in a field",
        id="words",
    ),
    pytest.param(mixed(TEXT, *[TEXT] * 1_000), "more than 1000 parts", id="parts"),
    pytest.param(
        mixed(TEXT, *[b"Content-Type: multipart/mixed; boundary=c\n\n--c--\n"] * 1_000),
        "more than 1000 parts",
        id="multiparts",
    ),
    pytest.param(
        mixed(TEXT, *[b"X: " + b"y" * 90_000 + b"\n\nz\n"] * 14), "headers of parts over 1024000 octets", id="headers"
    ),
    pytest.param(HEAD + b"X: " + b"y" * 102_400 + b"\n\nThe text.\n", "header block over 100 KB", id="header"),
    pytest.param(
        mixed(TEXT, b"Content-Type: multipart/mixed; boundary=" + b"c" * 2_049 + b"\n\nx\n"),
        "multipart without a usable boundary",
        id="boundary",
    ),
    pytest.param(
        mixed(TEXT, b"".join(b"Content-Type: multipart/mixed; boundary=n%d\n\n--n%d\n" % (n, n) for n in range(101))),
        "parts nested over 100 deep",
        id="depth",
    ),
]


@pytest.mark.parametrize(("mail", "defect"), OVER)
def test_a_limit_that_is_hit_is_noted_and_what_stands_before_it_is_there(mail: bytes, defect: str) -> None:
    message = parse(mail)
    assert defect in message.defects
    assert message.subject.startswith("Hello")
    assert "The text." in message.text
    assert str(message.from_[0]).endswith("anna@example.net>") or message.from_[0].address == "anna@example.net"


WITHIN = [
    HEAD + b"To: " + b",".join([b"a@b"] * 10_000) + b"\n\nThe text.\n",
    HEAD + b"Content-Type: text/plain" + b"; p=v" * 200 + b"\n\nThe text.\n",
    b"From: anna@example.net\nSubject: Hello" + b" =?utf-8?q?a?=" * 2_000 + b"\n\nThe text.\n",
    mixed(*[TEXT] * 1_000) + b"--b--\n",
]


@pytest.mark.parametrize("mail", WITHIN, ids=["to", "parameters", "words", "parts"])
def test_what_just_fits_is_no_defect(mail: bytes) -> None:
    assert parse(mail).defects == ()


def test_what_is_beyond_a_limit_stays_as_it_came() -> None:
    noted: list[str] = []
    assert len(addresses("a@b," * 10_005, noted)) == 10_000
    assert len(parameters("text/plain" + "".join(f"; p{n}=v" for n in range(205)), noted)[1]) == 200
    assert unstructured("=?utf-8?q?a?= " * 2_001, noted) == "a" * 2_000 + " =?utf-8?q?a?= "
    assert len(noted) == 3


@pytest.mark.parametrize("length", [0, 1, 2, 3, 1_000_003, 2_500_000])
@pytest.mark.parametrize("encoding", ["base64", "quoted-printable", "8bit"])
def test_a_part_in_slices_is_the_part(encoding: str, length: int) -> None:
    data = random.Random(length).randbytes(length).translate(None, b"\r\n")
    encoded = {"base64": base64.encodebytes, "quoted-printable": quopri.encodestring}.get(encoding, bytes)(data)
    slices = list(decoded_slices(memoryview(encoded), encoding))
    assert b"".join(slices) == data == decoded(encoded, encoding)
    assert max(map(len, slices), default=0) <= 1 << 20
    assert decoded_size(memoryview(encoded), encoding) == len(data)


def test_an_escape_at_the_end_of_a_slice_stays_whole() -> None:
    step = 1 << 20
    for before in range(step - 5, step + 2):
        encoded = b"a" * before + b"=C3=A4" + b"b" * 20
        assert decoded(encoded, "quoted-printable") == b"a" * before + "ä".encode() + b"b" * 20


LINES = st.lists(st.sampled_from((b"--b", b"--b ", b"--bx", b"--", b"--c", b"--b \tx", b"x--b", b"-", b"")), max_size=8)


@given(LINES, st.integers(0, 40), st.integers(0, 40), LINES)
def test_delimiters_are_found_wherever_they_stand_among_lines_of_dashes(
    first: list[bytes], some: int, more: int, last: list[bytes]
) -> None:
    lines = [*first, *[b"--no"] * some, *last, *[b"--b-"] * more, *first]
    body = b"\n".join(lines)
    delimiters = sum(1 for line in lines if line.rstrip(b" \t") == b"--b")
    message = parse(HEAD + b"Content-Type: multipart/mixed; boundary=b\n\n" + body + b"\n")
    texts = re.split(rb"(?m)^--b[ \t]*(?:\n|$)", body + b"\n")[1:]
    assert len(texts) == delimiters
    for text in texts:
        assert text.strip().split(b"\n")[-1].decode() in message.text


def cpu_seconds(mail: bytes) -> float:
    """Of processor time, the least of three measurements."""
    taken = []
    for _ in range(3):
        began = time.process_time()
        parse(mail, max_text=1_000)
        taken.append(time.process_time() - began)
    return min(taken)


@pytest.mark.parametrize("shape", SHAPES)
def test_twice_the_octets_take_about_twice_the_time(shape: str) -> None:
    once, twice = (cpu_seconds(SHAPES[shape](size)) for size in (250_000, 500_000))
    assert twice < 0.1 or twice / once < 3.5
    assert twice < 2.0
