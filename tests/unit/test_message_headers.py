"""Header fields: unfolding, encoded words, addresses, parameters, dates."""

from datetime import UTC, datetime, timedelta, timezone

import pytest

from mailpoll.message import addresses, header_fields
from mailpoll.message.dates import parse_date
from mailpoll.message.headers import unstructured
from mailpoll.message.parameters import parameters


@pytest.mark.parametrize(
    ("raw", "fields"),
    [
        (b"Subject: a\r\n b\r\n\r\nX: body", (("Subject", "a b"),)),
        (b"SUBJECT:a\n\tb\n", (("SUBJECT", "a\tb"),)),
        (b"From jane Mon Mar  4 09:15:00 2024\nTo: x@example.com\n\n", (("To", "x@example.com"),)),
        (b"To: a\nthis is no field\nCc: b\n\n", (("To", "a"), ("Cc", "b"))),
        (b"To: a\rX: b\r\n\r\n", (("To", "a X: b"),)),
        (b"To: a\0b\n\n", (("To", "ab"),)),
        (b"Subject : blank before the colon\n\n", (("Subject", "blank before the colon"),)),
        ("Subject: Grüße\n\n".encode(), (("Subject", "Grüße"),)),
        ("Subject: Grüße\n\n".encode("latin-1"), (("Subject", "Grüße"),)),
        (b"Subject: =?utf-8?q?left_as_it_is?=\n\n", (("Subject", "=?utf-8?q?left_as_it_is?="),)),
        (b"To: a\rX: b\r\rbody", (("To", "a"), ("X", "b"))),  # no line feed anywhere: CR ends the lines
        (b"\xef\xbb\xbfTo: a\n\n", (("To", "a"),)),  # a byte order mark
        (b"  \r\n\r\nTo: a\r\n\r\nbody", (("To", "a"),)),  # blank lines in front
        (b"\nNote: a body", ()),
        (b" To: a\n\n", ()),
        (b"no header at all", ()),
        (b"\nbody", ()),
        (b"", ()),
    ],
)
def test_fields_of_a_header_block(raw, fields):
    assert header_fields(raw) == fields


def test_a_header_block_beyond_100_kb_is_not_read():
    assert len(header_fields(b"X: y\n" * 50_000 + b"\n")) <= 20_481


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ("=?utf-8?q?Gr=C3=BC=C3=9Fe?=", "Grüße"),
        ("=?iso-8859-1?Q?Gr=FC=DFe?= aus Wien", "Grüße aus Wien"),
        ("=?utf-8?b?R3LDvMOfZQ==?=", "Grüße"),
        ("=?utf-8?b?R3LDvMOfZQ?=", "Grüße"),  # padding left out
        ("=?utf-8?q?a?= =?utf-8?q?b?=", "ab"),  # blanks between words go
        ("=?utf-8?q?a?= b =?utf-8?q?c?=", "a b c"),
        ("=?utf-8?b?w7w=?= =?utf-8?b?w58=?=", "üß"),
        ("=?utf-8?q?=C3?= =?utf-8?q?=BC?=", "ü"),  # split inside a character
        ("=?utf-8*en?q?a?=", "a"),
        ("=?x-nobody-knows?q?a=E9?=", "aé"),
        ("=?utf-8?q?never closed", "=?utf-8?q?never closed"),
        ("=?hex?q?6162?=", "6162"),  # a Python codec, no charset
        ("=?utf-8?q?line=0Aend?=", "line end"),
        ("=?gb2312?b?xOO6ww==?=", "你好"),
        ("=?iso-2022-jp?b?GyRCJDMbKEI=?=", "こ"),
    ],
)
def test_encoded_words(value, text):
    assert unstructured(value) == text


@pytest.mark.parametrize(
    ("value", "found"),
    [
        ("jane@example.com", ["jane@example.com"]),
        ("Jane Roe <jane@example.com>", ["Jane Roe <jane@example.com>"]),
        ('"Roe, Jane" <jane@example.com>, bob@example.com', ["Roe, Jane <jane@example.com>", "bob@example.com"]),
        ("=?utf-8?q?J=C3=A4ne?= Roe <jane@example.com>", ["Jäne Roe <jane@example.com>"]),
        ("jane@example.com (Jane Roe)", ["Jane Roe <jane@example.com>"]),
        ("(a@evil.example (nested)) jane@example.com", ["a@evil.example (nested) <jane@example.com>"]),
        ('"x@evil.example" <jane@example.com>', ["x@evil.example <jane@example.com>"]),
        ("x@evil.example <jane@example.com>", ["x@evil.example <jane@example.com>"]),
        ("'jane@example.com'; '", ["jane@example.com"]),  # Outlook quotes like that what was typed by hand
        ("<'jane@example.com'>", ["jane@example.com"]),
        ("o'neil@example.com", ["o'neil@example.com"]),
        ('"jane roe"@example.com', ["jane roe@example.com"]),
        ('"a\\"b"@example.com', ['a"b@example.com']),
        ("Team: jane@example.com, bob@example.com;, eve@example.com", ["jane@example.com", "bob@example.com",
                                                                       "eve@example.com"]),
        ("undisclosed-recipients:;", []),
        ("<@relay.example,@other.example:jane@example.com>", ["jane@example.com"]),
        ("jane @ example.com", ["jane@example.com"]),
        ("jane@example.com bob@example.com", ["jane@example.com", "bob@example.com"]),
        ("<jane@example.com> <bob@example.com>", ["jane@example.com", "bob@example.com"]),
        ("<jane@example.com, bob@example.com", ["jane@example.com", "bob@example.com"]),
        ("Jane.Roe+Tag@Example.COM", ["Jane.Roe+Tag@Example.COM"]),
        ("jane@[192.0.2.1]", ["jane@[192.0.2.1]"]),
        ("a@b@c", []),
        ("@example.com, jane@, , ;", []),
        ("", []),
    ],
)  # fmt: skip
def test_addresses_of_a_field(value, found):
    assert [str(address) for address in addresses(value)] == found


def test_no_more_than_10_000_addresses_are_taken():
    assert len(addresses("a@b.example, " * 20_000)) == 10_000


@pytest.mark.parametrize(
    ("value", "token", "values"),
    [
        ("text/plain", "text/plain", {}),
        ('TEXT/Plain; Charset="utf-8"', "text/plain", {"charset": "utf-8"}),
        ("text/plain;;;; charset = utf-8 ;", "text/plain", {"charset": "utf-8"}),
        ('attachment; filename="a;b.txt"', "attachment", {"filename": "a;b.txt"}),
        ('attachment; filename="a\\"b.txt"', "attachment", {"filename": 'a"b.txt'}),
        ('attachment; filename="never closed', "attachment", {"filename": "never closed"}),
        ("attachment; filename*=utf-8''%E2%82%AC.txt", "attachment", {"filename": "€.txt"}),
        ("attachment; filename*0=a; filename*1=b.txt", "attachment", {"filename": "ab.txt"}),
        ("attachment; filename*0*=utf-8''%C3; filename*1*=%BC.txt", "attachment", {"filename": "ü.txt"}),
        ("attachment; filename=old; filename*=utf-8''new", "attachment", {"filename": "new"}),
        ('attachment; filename="=?utf-8?q?=C3=BC?="', "attachment", {"filename": "ü"}),
        ("", "", {}),
    ],
)
def test_parameters_of_a_field(value, token, values):
    assert parameters(value) == (token, values)


@pytest.mark.parametrize(
    ("value", "moment"),
    [
        ("Mon, 4 Mar 2024 09:15:42 +0100", datetime(2024, 3, 4, 9, 15, 42, tzinfo=timezone(timedelta(hours=1)))),
        ("4 Mar 2024 09:15 GMT", datetime(2024, 3, 4, 9, 15, tzinfo=UTC)),
        ("Mon, 4 Mar 24 09:15:42 EST", datetime(2024, 3, 4, 9, 15, 42, tzinfo=timezone(timedelta(hours=-5)))),
        ("Mon Mar  4 09:15:42 2024", datetime(2024, 3, 4, 9, 15, 42, tzinfo=UTC)),
        ("Mon, 4 Mar 2024 09:15:42", datetime(2024, 3, 4, 9, 15, 42, tzinfo=UTC)),
        ("2024-03-04T09:15:42Z", datetime(2024, 3, 4, 9, 15, 42, tzinfo=UTC)),
        ("Mon, 4 Mar 2024 09:15:60 +0000", datetime(2024, 3, 4, 9, 15, 59, tzinfo=UTC)),
        ("Mon, 31 Feb 2024 09:15:42 +0000", None),
        ("Mon, 4 Mar 99999999999999 09:15:42 +0000", None),
        ("Fri, 31 Dec 9999 23:59:59 -1200", None),  # the year 10000 in UTC
        ("yesterday", None),
        ("", None),
    ],
)
def test_dates(value, moment):
    assert parse_date(value) == moment
