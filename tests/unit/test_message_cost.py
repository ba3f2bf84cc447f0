"""Mail that was written to take long to read takes time in proportion to its size."""

import base64
import gc
import time

import pytest

from mailpoll.message import parse, part

# Twice the input may take 2.5 times as long; what is faster than this is noise.
RATIO, NOISE_S = 2.5, 0.02
SIZE = 300_000


def typed(type_, body, encoding=b"7bit"):
    return b"Content-Type: %s\nContent-Transfer-Encoding: %s\n\n" % (type_, encoding) + body


def signed(chunk):
    """Signed content in pieces of so many octets, without an end."""
    start = bytes.fromhex("308006092a864886f70d010702a080308002010131003080" + "06092a864886f70d010701a0802480")
    piece = b"\x04" + bytes([chunk]) + b"x" * chunk
    return lambda n: typed(b"application/pkcs7-mime", base64.encodebytes(start + piece * (n // len(piece))), b"base64")


def beside_a_mail(body):
    parts = (typed(b"text/html", body), b"Content-Type: message/rfc822\n\nSubject: x\n\nhi\n")
    return b"Content-Type: multipart/mixed; boundary=b\n\n" + b"".join(b"--b\n" + each + b"\n" for each in parts)


SHAPES = {
    "begin lines": lambda n: b"\n" + b"begin 644 x\n" * (n // 12),
    "begin lines and a run": lambda n: b"\n" + (b"begin 644 x\n" + b"A\n" * 50) * (n // 112),
    "one long uuencoded file": lambda n: b"\nbegin 644 x\n" + (b"M" + b"!" * 60 + b"\n") * (n // 62) + b"`\nend\n",
    "small uuencoded files": lambda n: b"\n" + b"begin 644 x\n#0V%T\n`\nend\n" * (n // 24),
    "signed texts without end": lambda n: b"\n" + b"-----BEGIN PGP SIGNED MESSAGE-----\n" * (n // 35),
    "signed texts with one end": lambda n: (
        b"\n" + b"-----BEGIN PGP SIGNED MESSAGE-----\n\n" * (n // 36) + b"-----BEGIN PGP SIGNATURE-----\n"
    ),
    "encrypted texts": lambda n: b"\n" + b"-----BEGIN PGP MESSAGE-----\n-----END PGP MESSAGE-----\n" * (n // 54),
    "signed content in small pieces": signed(1),
    "signed content in pieces": signed(100),
    "elements without end": lambda n: typed(b"application/pkcs7-mime", b"0\x80" * (n // 2)),
    "calendar of one property": lambda n: typed(b"text/calendar", b"BEGIN:VEVENT\n" + b"SUMMARY:x\n" * (n // 10)),
    "calendar of one folded line": lambda n: typed(b"text/calendar", b"BEGIN:VEVENT\nSUMMARY:" + b"x\n " * (n // 3)),
    "calendar of parameters": lambda n: typed(b"text/calendar", b"BEGIN:VEVENT\nSUMMARY" + b";a=b" * (n // 4)),
    "calendar of beginnings": lambda n: typed(b"text/calendar", b"BEGIN:VEVENT\n" * (n // 13)),
    "report of many": lambda n: typed(b"message/delivery-status", b"Final-Recipient: x\n\n" * (n // 20)),
    "digest of many": lambda n: (
        b"Content-Type: multipart/digest; boundary=b\n\n" + b"--b\n\nSubject: x\n\n" * (n // 18)
    ),
    "mails inside mails": lambda n: b"Content-Type: message/rfc822\n\n" * (n // 30),
    "HTML of style": lambda n: beside_a_mail(b"<style>" * (n // 7)),
    "HTML of comments": lambda n: beside_a_mail(b"<!--" * (n // 4)),
    "HTML of brackets": lambda n: beside_a_mail(b"<" * n),
    "HTML of images": lambda n: typed(b"text/html", b"<img src=cid:x>" * (n // 15)),
    "HTML of meta": lambda n: typed(b"text/html", b"<meta " * (n // 6)),
    "enriched commands": lambda n: typed(b"text/enriched", b"<param>" * (n // 7)),
    "enriched line ends": lambda n: typed(b"text/enriched", b"\n" * n),
    "base64 with an odd octet": lambda n: typed(b"text/plain", b"!" + b"QUJD" * (n // 4), b"base64"),
    "base64 of odd lines": lambda n: typed(b"text/plain", b"!QUJD\n" * (n // 6), b"base64"),
    "lines that are no fields": lambda n: b"Subject: x\n" + b"no field\n" * (n // 9),
    "fields without end and a line that is none": lambda n: b"no field\n" + b"X: y\n" * (n // 5),
    "a name of many dots": lambda n: b'Content-Type: image/png; name="' + b"a." * (n // 2) + b'"\n\nx',
    "multiparts of other boundaries": lambda n: typed(
        b"multipart/mixed; boundary=b", b"--b\nContent-Type: multipart/mixed; boundary=other\n\n--x y\n" * (n // 60)
    ),
    "a type behind comments": lambda n: b"Content-Type: " + b"()" * (n // 2) + b"\n\nx",
    "a type of blanks": lambda n: b"Content-Type: a" + b" " * n + b"\n\nx",
    "parameters without semicolons": lambda n: b"Content-Type: a/b" + b' a="b"' * (n // 6) + b"\n\nx",
    "Cyrillic without a label": lambda n: typed(b"text/plain", "привет ".encode("koi8-r") * (n // 7)),
    "fields of another charset": lambda n: b"Content-Type: a; charset=koi8-r\n" + b"X: \xc1\n" * (n // 5) + b"\nx",
    "a subject of words without end": lambda n: b"Subject: " + b"=?a?q?" * (n // 6) + b"\n\nx",
    "a subject of question marks": lambda n: b"Subject: =?a?q?" + b"? " * (n // 2) + b"\n\nx",
    "UTF-8 under another label": lambda n: typed(b"text/plain; charset=iso-8859-1", b"\xc3\xa9" * (n // 2)),
    "damaged UTF-8": lambda n: typed(b"text/plain", b"\xc3\xa9\xc3\xa9\x92 \xe2\x82" * (n // 8)),
    "text of controls": lambda n: typed(b"text/plain", b"a b\1\n" * (n // 5)),
    "equal names": lambda n: (
        b"Content-Type: multipart/mixed; boundary=b\n\n"
        + b'--b\nContent-Type: image/png; name="a (2).png"\n\nx\n' * (n // 50)
    ),
    "a From of addresses": lambda n: b'From: "' + b"a@b " * (n // 4) + b'" <c@d.example>\n\n',
    "marks of loops": lambda n: b"X-Loop: a@b.example\n" * (n // 20) + b"\n",
}


def read(raw):
    parse(raw)
    part(raw, 1)


def seconds(raw):
    """CPU time of reading, without the garbage collector, whose cost is that of everything pytest holds."""
    gc.disable()
    started = time.process_time()
    read(raw)
    taken = time.process_time() - started
    gc.enable()
    return taken


@pytest.mark.parametrize("shape", SHAPES.values(), ids=SHAPES)
def test_time_grows_no_faster_than_the_mail(shape):
    once, twice = shape(SIZE), shape(2 * SIZE)
    for _ in range(4):
        after = seconds(twice)
        if after <= NOISE_S or after <= RATIO * seconds(once):
            return
    pytest.fail(f"{after:.3f} s for {len(twice)} octets, {seconds(once):.3f} s for half of them")
