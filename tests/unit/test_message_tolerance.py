"""What senders get wrong in the fields that say how a body is to be read, and what is read all the same."""

import base64

import pytest

from mailpoll.message import parse
from mailpoll.message.charsets import codec_of

HEAD = b"From: Jane <jane@example.com>\nSubject: s\nMIME-Version: 1.0\n"


def read(fields, body):
    return parse(HEAD + fields + b"\n\n" + body)


@pytest.mark.parametrize(
    "value",
    [
        b"text/html charset=iso-8859-1",
        b"text/html, charset=iso-8859-1",
        b"text/html: charset=iso-8859-1",
        b"text/html (a page); charset=iso-8859-1",
        b"(a page) text/html; charset=iso-8859-1",
        b"text / html ; charset = iso-8859-1",
        b'"text/html"; charset=iso-8859-1',
        b"text/html; charset=iso-8859-1 format=flowed",
        b'text/html; charset="iso-8859-1" format="flowed"',
        b'text/html; format="flowed" charset="iso-8859-1"',
        b"html; charset=iso-8859-1",
        b"<html>; charset=iso-8859-1",
    ],
)
def test_content_types_that_are_written_wrong(value):
    message = read(b"Content-Type: " + value, b"<p>h\xe9</p>")
    assert (message.text, message.html) == ("", "<p>h\xe9</p>")


@pytest.mark.parametrize("fields", [b"X-Mailer: script", b"Content-Type:", b"Content-Type: x"])
@pytest.mark.parametrize("start", [b"<html>", b"\r\n <!DOCTYPE HTML>"])
def test_html_without_a_type(fields, start):
    assert read(fields, start + b"<p>hi</p>").html.endswith("<p>hi</p>")


def test_html_that_says_it_is_plain_text_stays_plain():
    assert read(b"Content-Type: text/plain", b"<html><p>hi</p>").text == "<html><p>hi</p>"


@pytest.mark.parametrize(
    ("encoding", "body"),
    [
        (b"base 64", b"aMOp"),
        (b'"base64"', b"aMOp"),
        (b"BASE64 (a comment)", b"aMOp"),
        (b"base64;", b"aMOp"),
        (b"quoted-printable (a comment)", b"h=C3=A9"),
        (b"quoted printable", b"h=C3=A9"),
        (b"Quoted_Printable", b"h=C3=A9"),
    ],
)
def test_transfer_encodings_that_are_written_wrong(encoding, body):
    assert read(b"Content-Transfer-Encoding: " + encoding, body).text == "h\xe9"


@pytest.mark.parametrize(
    "field",
    [
        b"Content-Type: multipart/mixed",
        b"Content-Type: multipart/mixed; boundary=other",
        b"Content-Type: multipart/mixed; boundary=--b1",
        b"Content-Type: multipart/mixed; boundary='b1'",
        b"Content-Type: multipart/mixed; boundary=b1 (a comment)",
        b"Content-Type: multipart/mixed; boundary=b",
        b"Content-Type: multipart/mixed;\nboundary=b1",
    ],
)
@pytest.mark.parametrize("part", [b"\n", b"Content-Type: text/plain\n\n"])
def test_multiparts_with_another_boundary(field, part):
    message = read(field, b"Preamble --\n--\n--b1\n" + part + b"hey\n--b1\nContent-Type: image/png\n\nx\n--b1--\n")
    assert message.text == "hey"
    assert [file.name for file in message.attachments] == ["attachment-1.png"]
    assert "multipart with a boundary other than its header says" in message.defects


def test_a_boundary_is_guessed_for_a_multipart_in_a_multipart():
    inner = b"Content-Type: multipart/alternative; boundary=x\n\n--y\nContent-Type: text/html\n\n<p>hey</p>\n--y--\n"
    message = read(b"Content-Type: multipart/mixed; boundary=b", b"--b\n" + inner + b"--b\n\nfooter\n--b--\n")
    assert "<p>hey</p>" in message.html
    assert "footer" in message.html
    assert "Content-Type" not in message.html


def test_no_boundary_of_a_multipart_around_is_guessed():
    inner = b"Content-Type: multipart/alternative; boundary=x\n\nalone\n"
    message = read(
        b"Content-Type: multipart/mixed; boundary=b",
        b"--b\n" + inner + b"--b\nContent-Type: text/html\n\n<p>hey</p>\n--b--",
    )
    assert "hey" in message.html
    assert "alone" in message.html


def test_text_with_lines_of_dashes_is_no_multipart():
    body = b"Dear all,\n-- \nJane\n-----\n--x\nend\n"
    assert read(b"Content-Type: multipart/mixed", body).text == body.decode()


@pytest.mark.parametrize("charset", [b"", b"; charset=utf-16", b"; charset=utf-8", b"; charset=iso-8859-1"])
@pytest.mark.parametrize("codec", ["utf-16-le", "utf-16-be", "utf-8"])
@pytest.mark.parametrize("text", ["hello, you", "你好"])
def test_a_byte_order_mark_says_more_than_a_label(charset, codec, text):
    message = read(b"Content-Type: text/plain" + charset, ("\ufeff" + text).encode(codec))
    assert (message.text, message.defects) == (text, ())


PICTURE = bytes(range(256)) * 4


def test_a_picture_is_no_text():
    encoded = base64.encodebytes(PICTURE)
    field = b"Content-Transfer-Encoding: base64\nContent-Type: text/plain"
    assert read(field, encoded).text == "[A part of this mail says that it is text, and is not.]"
    attached = read(field + b"; name=picture.txt\nContent-Disposition: attachment", encoded)
    assert (attached.text, attached.attachments[0].size) == ("", len(PICTURE))
    assert "a text part is not text" in attached.defects


def test_the_words_above_a_picture_are_kept():
    assert read(b"X: y", b"diff of a picture\n" + PICTURE).text == "diff of a picture"


def test_words_that_say_they_are_base64():
    field = b"Content-Transfer-Encoding: base64\nContent-Type: text/plain; charset=utf-8"
    words = b"all of the words of this mail\nhave blanks between and nothing else\nso that they pass for base64\n" * 3
    assert read(field, words).text == words.decode()


@pytest.mark.parametrize(
    ("type_", "name"), [(b"text/x-log", "attachment-1.txt"), (b"application/x-y", "attachment-1.bin")]
)
def test_names_of_files_of_unknown_types(type_, name):
    message = read(b"Content-Type: " + type_ + b"\nContent-Disposition: attachment", b"x")
    assert [file.name for file in message.attachments] == [name]


@pytest.mark.parametrize(
    ("value", "subject"),
    [
        (b"=?utf-8?Q?How_are_you??=", "How are you?"),
        (b"=?utf-8?Q?Who?_Me??= =?utf-8?Q?_You=3F?=", "Who? Me? You?"),
        (b"=?utf-8?Q?broken? =?utf-8?Q?whole?=", "=?utf-8?Q?broken? whole"),
        (b"=?utf-8?Q?a=?= b", "a= b"),
    ],
)
def test_question_marks_in_encoded_words(value, subject):
    assert parse(b"Subject: " + value + b"\n\n").subject == subject


def test_a_disposition_that_is_only_a_name():
    message = read(b'Content-Type: application/pdf\nContent-Disposition: filename="plan.pdf"', b"x")
    assert [file.name for file in message.attachments] == ["plan.pdf"]


def test_a_type_that_is_only_a_charset():
    assert read(b"Content-Type: charset=koi8-r", b"\xd0\xd2").text == "пр"


@pytest.mark.parametrize(
    ("charset", "octets", "text"),
    [
        (b"cp-850", b"caf\x82", "café"),
        (b"x-cp1252", b"caf\xe9\x80", "café€"),
        (b"8859-2", b"\xb3\xf3d\xbc", "łódź"),
        (b"x-iso-8859-2", b"\xb3\xf3d\xbc", "łódź"),
        (b"ISO8859-15", b"\xa4", "€"),
        (b"latin-9", b"\xa4", "€"),
        (b"win-1251", b"\xef\xf0", "пр"),
        (b"windows1251", b"\xef\xf0", "пр"),
        (b"koi8-ru", b"\xd0\xd2", "пр"),
        (b"x-euc-jp", b"\xc6\xfc\xcb\xdc", "日本"),
        (b"windows-31j", b"\x93\xfa\x96{", "日本"),
        (b"CP50220", b"\x1b$BF|K\\\x1b(B", "日本"),
        (b"cn-gb", b"\xc4\xe3", "你"),
        (b"windows-874", b"\xca\xc7\xd1\xca", "สวัส"),
        (b"iso-8859-8-i", b"\xf9\xec", "של"),
        (b"iso-8859-1", b"\x93x\x94", "“x”"),
        (b"iso-ir-100", b"\x93x\x94", "“x”"),
    ],
)
def test_names_that_charsets_are_given(charset, octets, text):
    message = read(b"Content-Type: text/plain; charset=" + charset, octets)
    assert (message.text, message.defects) == (text, ())


@pytest.mark.parametrize("charset", ["", "x-unknown", "base64", "hex", "idna", "punycode", "rot13", "cp", "x_", "win"])
def test_names_of_no_charset(charset):
    assert codec_of(charset) == ""
