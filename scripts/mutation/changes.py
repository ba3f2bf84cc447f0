"""The ways in which mutate() changes a mail: each takes a random generator, the mail and another mail, gives bytes."""

from __future__ import annotations

import base64
import random
import re
from collections.abc import Callable, Sequence

Change = Callable[[random.Random, bytes, bytes], bytes]

MOST = 200_000  # octets of a mutant: what is longer is cut, so that a hundred thousand of them take minutes

_NASTY_BYTES = (
    b"\0", b"\r", b"\n", b"\x0b", b"\x0c", b"\x1b$B", b"\x1b(B", b"\x7f", b"\x80", b"\x85", b"\xa0", b"\xff",
    b"\xfe\xff", b"\xef\xbb\xbf", b"\xed\xa0\x80", b"\xf4\x90\x80\x80", b"\xe2\x80\xae", b"\xe2\x80\xa8", b"\xc3",
    b'"', b"\\", b"(", b")", b"<", b">", b"@", b",", b";", b":", b"=?", b"?=", b"=", b"--", b"%00", b"&#0;", b"<![",
    b"<a href=",
)  # fmt: skip
_NAMES = (
    b"From", b"To", b"Cc", b"Subject", b"Date", b"Message-ID", b"References", b"In-Reply-To", b"Content-Type",
    b"Content-Transfer-Encoding", b"Content-Disposition", b"Content-ID", b"MIME-Version", b"Received", b"Return-Path",
    b"Auto-Submitted", b"Precedence", b"List-Id", b"Reply-To", b"Sender", b"Delivered-To", b"X-Original-To",
    b"Authentication-Results", b"Resent-To", b"X-Mailpoll",
)  # fmt: skip
_VALUES = (
    b"", b" ", b"<>", b"a@b", b'"""', b"((((((((", b"<a@b>, <c@d>, e@f", b"undisclosed-recipients:;",
    b"=?utf-8?q?=00=FF?=", b"=?utf-8?b?=?=", b"=?x-unknown?B?////?=", b"=?utf-16?q?=D8=00?=",
    b"admin@example.com <evil@example.org>", b"text/plain; charset=utf-7", b"text/plain; charset=\"\0\"",
    b"text/html; charset=utf-16", b"message/rfc822", b"multipart/mixed; boundary=\"\"",
    b"multipart/mixed; boundary=x", b"multipart/alternative; boundary=\"--\"",
    b"multipart/related; boundary=x; boundary=y; boundary*=z",
    b"text/plain; name*0*=utf-8''%ff; name*99999=a; name*1=b", b"application/ms-tnef; name=winmail.dat",
    b"text/calendar; method=REQUEST", b"application/pkcs7-mime", b"multipart/signed; boundary=x",
    b"multipart/encrypted; boundary=x", b"multipart/report; report-type=delivery-status", b"base64",
    b"quoted-printable", b"x-uuencode", b"binary", b"8bit; x=y", b"attachment; filename=\"../../etc/passwd\"",
    b"attachment; filename*=utf-8''%e2%80%ae%00gpj.exe", b"inline; filename=a\r\n b",
    b"Thu, 99 Foo 99999 99:99:99 +9999", b"Fri, 31 Dec 9999 23:59:59 -2359", b"0000-00-00T00:00:00",
    b"<" + b"x" * 2000 + b"@y>", b"auto-replied; x=(", b"username+dev@example.com", b"a" * 5000, b"\xff\xfe" * 50,
    b"mx.example.com; dmarc=pass (",
)  # fmt: skip
_CHARSETS = (
    b"utf-8", b"utf-7", b"utf-16", b"utf-16le", b"utf-32", b"iso-2022-jp", b"iso-2022-kr", b"gb2312", b"gb18030",
    b"hz-gb-2312", b"big5", b"euc-jp", b"shift_jis", b"ks_c_5601-1987", b"koi8-r", b"windows-1252", b"iso-8859-8-i",
    b"us-ascii", b"x-unknown", b"punycode", b"idna", b"rot13", b"base64", b"zip", b"unicode_escape", b"undefined",
    b"", b"\xff", b"cp65001", b"ebcdic-us",
)  # fmt: skip
_BOUNDARY = re.compile(rb'boundary="?([^"\s;]{1,100})', re.IGNORECASE)
_CHARSET = re.compile(rb'(charset="?)([^"\s;]{1,60})', re.IGNORECASE)
_ENCODING = re.compile(rb"(Content-Transfer-Encoding:[ \t]*)([^\s;]{1,40})", re.IGNORECASE)


def mutate(chance: random.Random, mails: Sequence[bytes]) -> bytes:
    """One of the mails, changed a few times."""
    mail = chance.choice(mails)[:MOST]
    for _ in range(chance.choice((1, 1, 1, 2, 2, 3, 5, 9))):
        mail = chance.choice(CHANGES)(chance, mail, chance.choice(mails)[:MOST])[:MOST]
    return mail or b"\n"


def _place(chance: random.Random, mail: bytes) -> int:
    """An offset: in the header as often as anywhere."""
    head = mail.find(b"\n\n") + 1 or mail.find(b"\n\r\n") + 1 or len(mail)
    return chance.randrange(1 + (head if chance.random() < 0.5 else len(mail)))


def _insert(mail: bytes, at: int, data: bytes) -> bytes:
    return mail[:at] + data + mail[at:]


def flip_bits(chance: random.Random, mail: bytes, _: bytes) -> bytes:
    """Single bits, as a bad memory does it."""
    octets = bytearray(mail)
    for _ in range(chance.choice((1, 3, 10, 100))):
        if octets:
            octets[min(_place(chance, mail), len(octets) - 1)] ^= 1 << chance.randrange(8)
    return bytes(octets)


def set_octets(chance: random.Random, mail: bytes, _: bytes) -> bytes:
    """A run of any octets."""
    at = _place(chance, mail)
    data = chance.randbytes(chance.choice((1, 4, 40, 400)))
    return mail[:at] + data + mail[at + len(data) :]


def truncate(chance: random.Random, mail: bytes, _: bytes) -> bytes:
    """The connection was lost."""
    at = _place(chance, mail)
    return mail[:at] if chance.random() < 0.7 else mail[at:]


def cut_out(chance: random.Random, mail: bytes, _: bytes) -> bytes:
    """A hole."""
    at = _place(chance, mail)
    return mail[:at] + mail[at + chance.choice((1, 2, 10, 100, 5000)) :]


def repeat(chance: random.Random, mail: bytes, _: bytes) -> bytes:
    """A piece several times."""
    at = _place(chance, mail)
    piece = mail[at : at + chance.choice((1, 2, 8, 60, 600))]
    return _insert(mail, at, piece * chance.choice((1, 2, 20, 300)))


def insert_nasty(chance: random.Random, mail: bytes, _: bytes) -> bytes:
    """What means something somewhere."""
    return _insert(mail, _place(chance, mail), chance.choice(_NASTY_BYTES) * chance.choice((1, 1, 2, 50, 2000)))


def insert_long_line(chance: random.Random, mail: bytes, _: bytes) -> bytes:
    """More than SMTP takes in a line."""
    return _insert(mail, _place(chance, mail), chance.choice((b"a", b"a ", b"=", b"\xc3\xa4", b"<b>")) * 30_000)


def change_lines(chance: random.Random, mail: bytes, _: bytes) -> bytes:
    """Lines doubled, dropped, swapped or mixed."""
    lines = mail.splitlines(keepends=True) or [b""]
    upper = min(len(lines), 40) if chance.random() < 0.6 else len(lines)
    for _ in range(chance.choice((1, 2, 8))):
        one, other = chance.randrange(upper), chance.randrange(upper)
        kind = chance.randrange(4)
        if kind == 0:
            lines[one] *= 2
        elif kind == 1:
            lines[one] = b""
        elif kind == 2:
            lines[one], lines[other] = lines[other], lines[one]
        else:
            lines[one] = lines[one].rstrip(b"\r\n") + chance.choice(
                (b"", b"\r", b"\n", b"\r\r\n", b"\n\n", b"\n ", b" \n\t")
            )
    return b"".join(lines)


def splice(chance: random.Random, mail: bytes, other: bytes) -> bytes:
    """The beginning of one mail, the end of another."""
    return mail[: _place(chance, mail)] + other[_place(chance, other) :]


def rename_field(chance: random.Random, mail: bytes, _: bytes) -> bytes:
    """A field by another name."""
    lines = mail.split(b"\n")
    at = chance.randrange(min(len(lines), 30))
    name, colon, value = lines[at].partition(b":")
    lines[at] = chance.choice((chance.choice(_NAMES), name.swapcase(), name + b" ", b"", name * 2)) + colon + value
    return b"\n".join(lines)


def add_field(chance: random.Random, mail: bytes, _: bytes) -> bytes:
    """A field with a value that somebody once got wrong."""
    line_end = b"\r\n" if b"\r\n" in mail[:2000] else b"\n"
    field = chance.choice(_NAMES) + b": " + chance.choice(_VALUES) + line_end
    starts = [0, *(found.end() for found in re.finditer(rb"\n(?=[!-9;-~]{1,60}:)", mail[:8000]))]
    return _insert(mail, chance.choice(starts), field * chance.choice((1, 1, 1, 2, 300)))


def damage_boundary(chance: random.Random, mail: bytes, _: bytes) -> bytes:
    """Delimiters that are lost, doubled, closed too early, or one the beginning of another."""
    found = _BOUNDARY.findall(mail)
    if not found:
        return mail
    boundary = chance.choice(found)
    delimiters = [hit.start() for hit in re.finditer(rb"--" + re.escape(boundary), mail)] or [0]
    at = chance.choice(delimiters)
    kind = chance.randrange(5)
    if kind == 0:
        return mail[:at] + mail[at + 2 + len(boundary) :]
    if kind == 1:
        return _insert(mail, at, b"--" + boundary + chance.choice((b"\n", b"\r\n\r\n", b"--\n", b" \t\r\n")))
    if kind == 2:
        return _insert(mail, at + 2 + len(boundary), chance.choice((b"--", b" ", b"x", b"\0", b"\r")))
    if kind == 3:
        return mail.replace(boundary, chance.choice(found))
    return mail.replace(boundary, chance.choice((b"a", b"-", b"=", boundary + b"--", boundary[:1], b"b" * 2100)))


def change_charset(chance: random.Random, mail: bytes, _: bytes) -> bytes:
    """A label that says something else."""
    label = chance.choice(_CHARSETS)
    return _CHARSET.sub(lambda found: found[1] + label, mail, count=chance.choice((0, 1)))


def change_encoding(chance: random.Random, mail: bytes, _: bytes) -> bytes:
    """A transfer encoding that is another one's."""
    label = chance.choice((b"base64", b"quoted-printable", b"x-uuencode", b"7bit", b"binary", b"gzip", b""))
    return _ENCODING.sub(lambda found: found[1] + label, mail, count=chance.choice((0, 1)))


def change_line_ends(chance: random.Random, mail: bytes, _: bytes) -> bytes:
    """Line ends of other systems, or of several."""
    new = chance.choice((b"\n", b"\r\n", b"\r", b"\r\r\n", b"\n\r", b"\n\n", b"\x85"))
    if chance.random() < 0.5:
        return mail.replace(b"\r\n", b"\n").replace(b"\n", new)
    at = _place(chance, mail)
    return mail[:at] + mail[at:].replace(b"\r\n", b"\n").replace(b"\n", new)


def nest(chance: random.Random, mail: bytes, other: bytes) -> bytes:
    """The mail inside another, one to many times, attached or encoded."""
    deep = chance.choice((1, 1, 2, 30, 120))
    head = b"From: outer@example.org\r\nTo: username+dev@example.com\r\n"
    kind = chance.randrange(4)
    if kind == 0:
        return head + b"Content-Type: message/rfc822\r\n\r\n" * deep + mail
    if kind == 1:
        return (
            head
            + b"".join(b"Content-Type: multipart/mixed; boundary=n%d\r\n\r\n--n%d\r\n" % (n, n) for n in range(deep))
            + mail
            + (b"".join(b"\r\n--n%d--\r\n" % n for n in reversed(range(deep))) if chance.random() < 0.5 else b"")
        )
    if kind == 2:
        return (
            head
            + b"Content-Type: text/html\r\nContent-Transfer-Encoding: base64\r\n\r\n"
            + base64.encodebytes(mail[:50_000])
        )
    parts = b"".join(
        b"--m\r\nContent-Type: message/rfc822\r\n\r\n" + each + b"\r\n" for each in (mail, other) * min(deep, 5)
    )
    return head + b"Content-Type: multipart/digest; boundary=m\r\n\r\n" + parts + b"--m--\r\n"


def encode_words(chance: random.Random, mail: bytes, _: bytes) -> bytes:
    """Words of the header in encodings of all kinds, right and wrong."""
    word = base64.b64encode(chance.randbytes(chance.choice((0, 1, 2, 3, 30))))
    encoded = b"=?" + chance.choice(_CHARSETS) + b"?" + chance.choice((b"b", b"Q", b"x", b"")) + b"?" + word + b"?="
    return _insert(mail, _place(chance, mail[:3000]), (b" " + encoded) * chance.choice((1, 2, 40)))


CHANGES: tuple[Change, ...] = (
    flip_bits, set_octets, truncate, cut_out, repeat, insert_nasty, insert_long_line, change_lines, splice,
    rename_field, add_field, add_field, damage_boundary, damage_boundary, change_charset, change_encoding,
    change_line_ends, nest, encode_words,
)  # fmt: skip
