"""Whole mails: which text is the body, which parts are files, what is automatic, what makes two mails the same."""

import base64

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailpoll.message import parse, part

HEAD = b"From: Jane <jane@example.com>\r\nDate: Mon, 4 Mar 2024 09:15:42 +0100\r\nMessage-ID: <1@example.com>\r\n"


def multipart(subtype, *parts, boundary=b"b"):
    body = b"".join(b"\r\n--" + boundary + b"\r\n" + piece for piece in parts)
    head = b'Content-Type: multipart/%s; boundary="%s"\r\n\r\npreamble' % (subtype, boundary)
    return head + body + b"\r\n--" + boundary + b"--\r\nepilogue"


PLAIN = b"Content-Type: text/plain\r\n\r\nhello"
HTML = b"Content-Type: text/html\r\n\r\n<p>hello</p>"
PDF = b'Content-Type: application/pdf; name="a.pdf"\r\nContent-Transfer-Encoding: base64\r\n\r\nQUJD'
FOOTER = b"\r\nfooter"
INNER = b"Subject: inner\r\n\r\ninner text"


@pytest.mark.parametrize(
    ("mail", "text", "html", "files"),
    [
        (b"\r\nhello\r\n", "hello\n", "", []),
        (b" \r\na blank ended the header\r\n", "a blank ended the header\n", "", []),
        (HTML, "", "<p>hello</p>", []),
        (multipart(b"alternative", PLAIN, HTML), "hello", "<p>hello</p>", []),
        (multipart(b"alternative", HTML, PLAIN), "hello", "<p>hello</p>", []),
        (multipart(b"mixed", PLAIN, PDF), "hello", "", ["a.pdf"]),
        (multipart(b"mixed", PLAIN, FOOTER), "hello\n\nfooter", "", []),
        (
            multipart(b"mixed", multipart(b"alternative", PLAIN, HTML, boundary=b"i"), PDF),
            "hello",
            "<p>hello</p>",
            ["a.pdf"],
        ),
        (
            multipart(b"mixed", PLAIN, b"Content-Type: message/rfc822\r\n\r\n" + INNER),
            "hello",
            "",
            ["inner.eml"],
        ),
        (
            multipart(b"digest", b"\r\n" + INNER),
            "---------- Forwarded message ---------\nSubject: inner\n\ninner text",
            "",
            ["inner.eml"],
        ),
        (b"Content-Type: multipart/mixed; boundary=b\r\n\r\nno parts here", "no parts here", "", []),
        (b"Content-Type: multipart/mixed\r\n\r\nno boundary", "no boundary", "", []),
        (b"Content-Type: nonsense\r\n\r\nhello", "hello", "", []),
        (b"Content-Type: text/markdown\r\n\r\n# hello", "# hello", "", []),
        (b"Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\n\r\nnever closed", "never closed", "", []),
    ],
)
def test_bodies_and_files(mail, text, html, files):
    message = parse(HEAD + mail)
    assert (message.text, message.html) == (text, html)
    assert [attachment.name for attachment in message.attachments] == files


def test_a_plain_footer_does_not_hide_html_that_has_no_plain_version():
    message = parse(HEAD + multipart(b"mixed", HTML, FOOTER))
    assert message.text == ""
    assert "hello" in message.html
    assert "footer" in message.html


@pytest.mark.parametrize(
    ("charset", "data", "text"),
    [
        (b"utf-8", "Grüße".encode(), "Grüße"),
        (b"us-ascii", "Grüße".encode(), "Grüße"),
        (b"iso-8859-1", b"\x93quoted\x94", "“quoted”"),
        (b"gb2312", "龍".encode("gb18030"), "龍"),
        (b"ks_c_5601-1987", "안녕".encode("cp949"), "안녕"),
        (b"iso-8859-8-i", "שלום".encode("iso-8859-8"), "שלום"),
        (b"windows-1251", "привет".encode("cp1251"), "привет"),
        (b"x-unknown", "Grüße".encode(), "Grüße"),
        (b"utf-8", "Grüße".encode("cp1252"), "Grüße"),
        (b"utf-16", b"not utf-16", "not utf-16"),
        (b"hex", b"6162", "6162"),
        (b"unicode_escape", b"\\u0041", "\\u0041"),
        (b"utf-8", b"\xef\xbb\xbfwith mark", "with mark"),
    ],
)
def test_charsets(charset, data, text):
    assert parse(b"Content-Type: text/plain; charset=" + charset + b"\n\n" + data).text == text


@pytest.mark.parametrize(
    ("encoding", "data", "text"),
    [
        (b"quoted-printable", b"a=3Db=\r\nc", "a=bc"),
        (b"quoted-printable", b"a= \r\nb", "ab"),
        (b"quoted-printable", b"100 =% sure", "100 =% sure"),
        (b"base64", b"aGVs\r\nbG8=", "hello"),
        (b"base64", b"aGVs bG8", "hello"),
        (b"base64", b"aGU=bGxv", "hello"),
        (b"BASE64", b"!aGVsbG8=", "hello"),
        (b"x-uuencode", b"begin 644 x\n", "begin 644 x\n"),
    ],
)
def test_transfer_encodings(encoding, data, text):
    assert parse(b"Content-Transfer-Encoding: " + encoding + b"\n\n" + data).text == text


def test_flowed_text_is_joined_and_quotes_keep_their_depth():
    mail = b"Content-Type: text/plain; format=flowed\n\none \ntwo\n>> deep \n> less\n  stuffed\n-- \nsig"
    assert parse(mail).text == "one two\n>> deep \n> less\n stuffed\n-- \nsig"


@pytest.mark.parametrize(
    ("filename", "name"),
    [
        (b"report.pdf", "report.pdf"),
        (b"../../etc/passwd", "passwd"),
        (rb"C:\\temp\\report.pdf", "report.pdf"),
        ("rep\u202efdp.exe".encode(), "repfdp.exe"),
        (b"a\x00b\x07.txt", "ab .txt"),
        (b"...", "attachment-1.pdf"),
        (b"", "attachment-1.pdf"),
        (b"x" * 300 + b".pdf", "x" * 93 + "....pdf"),
    ],
)
def test_names_of_files_are_text_to_show(filename, name):
    head = b'Content-Type: application/pdf\nContent-Disposition: attachment; filename="' + filename + b'"\n\n'
    assert parse(multipart(b"mixed", PLAIN, head + b"x")).attachments[0].name == name


def test_a_part_is_fetched_by_its_number():
    inner = b"Content-Type: message/rfc822\r\n\r\n" + INNER
    mail = HEAD + multipart(b"mixed", PLAIN, PDF, inner)
    assert [(file.part, file.size) for file in parse(mail).attachments] == [(1, 3), (2, len(INNER))]
    assert (part(mail, 1), part(mail, 2), part(mail, 3), part(mail, 0)) == (b"ABC", INNER, b"", b"")


def test_a_large_file_comes_back_whole():
    data = bytes(range(256)) * 20_000
    mail = multipart(b"mixed", PLAIN, PDF.replace(b"QUJD", base64.encodebytes(data)))
    assert parse(mail).attachments[0].size == len(data)
    assert part(mail, 1) == data


@pytest.mark.parametrize(
    ("header", "reason"),
    [
        (b"", ""),
        (b"Auto-Submitted: no\n", ""),
        (b"Auto-Submitted: Auto-Replied (vacation)\n", "auto-replied"),
        (b'auto-submitted: auto-replied; owner="x"\n', "auto-replied"),
        (b"Auto-Submitted: auto-generated\n", "auto-generated"),
        (b"Auto-Submitted: auto-notified\n", "auto-generated"),
        (b"Precedence: bulk\n", "bulk"),
        (b"Precedence: list\n", "list"),
        (b"List-Id: <dev.example.com>\n", "list"),
        (b"Return-Path: <>\nContent-Type: multipart/report; boundary=x\n", "bounce"),
        (b"Content-Type: multipart/report; report-type=delivery-status; boundary=x\n", "bounce"),
        (b"X-Mailpoll: 1\nAuto-Submitted: auto-replied\n", "loop"),
    ],
)
def test_mail_that_machines_send(header, reason):
    assert parse(header + b"\nbody").automatic == reason


class TestContentKey:
    MAIL = HEAD + b"Subject: s\r\nTo: x@example.com\r\n\r\none\r\ntwo\r\n"

    @pytest.mark.parametrize(
        "same",
        [
            MAIL.replace(b"\r\n", b"\n"),
            MAIL + b"\r\n\r\n",
            b"Delivered-To: other@example.com\r\nReceived: from a by b\r\n" + MAIL,
            MAIL.replace(b"Subject: s", b"Subject:  s "),
            MAIL.replace(b"To: x@example.com\r\n", b""),
        ],
    )
    def test_is_that_of_another_copy(self, same):
        assert parse(same).content_key == parse(self.MAIL).content_key

    @pytest.mark.parametrize(
        "other",
        [
            MAIL.replace(b"one", b"ONE"),
            MAIL.replace(b"<1@", b"<2@"),
            MAIL.replace(b"Subject: s", b"Subject: t"),
            MAIL.replace(b"09:15", b"09:16"),
            MAIL.replace(b"jane@", b"joan@"),
        ],
    )
    def test_is_not_that_of_another_mail(self, other):
        assert parse(other).content_key != parse(self.MAIL).content_key

    def test_is_over_everything_without_a_message_id(self):
        mail = self.MAIL.replace(b"Message-ID: <1@example.com>\r\n", b"")
        assert parse(mail + b"\r\n").content_key == parse(mail.replace(b"\r\n", b"\n")).content_key
        assert parse(b"Delivered-To: x\r\n" + mail).content_key != parse(mail).content_key

    def test_does_not_depend_on_where_slices_end(self):
        body = b"x" * ((1 << 20) - 1) + b"\r\n" + b"y" * 10
        assert parse(HEAD + b"\r\n" + body).content_key == parse(HEAD + b"\r\n" + body.replace(b"\r", b"")).content_key


@pytest.mark.parametrize(
    ("mail", "defect"),
    [
        (b"X: y\n" * 50_000 + b"\nhi", "header block over 100 KB"),
        (multipart(b"mixed", *[PLAIN] * 1_200), "more than 1000 parts"),
        (
            b"".join(b"Content-Type: multipart/mixed; boundary=b%d\n\n--b%d\n" % (i, i) for i in range(150)),
            "parts nested over 100 deep",
        ),
        (b"Content-Type: multipart/mixed; boundary=" + b"b" * 3_000 + b"\n\nhi", "multipart without a usable boundary"),
        (b"\n" + b"x" * 2_000_000, "text over 1000000 characters cut"),
        (b"From: a@b.example\nFrom: c@d.example\n\n", "several From fields"),
    ],
)
def test_what_goes_beyond_a_limit_is_noted(mail, defect):
    assert defect in parse(mail).defects


def test_ids_come_without_brackets():
    message = parse(b"Message-ID: <1@x>\nIn-Reply-To: <2@x> (Monday)\nReferences: <3@x>\n <2@x> nonsense\n\n")
    assert (message.message_id, message.in_reply_to, message.references) == ("1@x", ("2@x",), ("3@x", "2@x"))


def test_mail_with_bare_carriage_returns_is_read():
    message = parse(b"From: jane@example.com\rSubject: old Mac\r\rhello\r")
    assert (message.subject, message.text) == ("old Mac", "hello\n")


def test_safe_mode_finds_the_first_text():
    mail = HEAD + multipart(b"mixed", multipart(b"alternative", PLAIN, HTML, boundary=b"inner"), PDF)
    message = parse(mail, safe=True)
    assert (message.text, message.attachments) == ("hello\n", ())


@given(st.binary(max_size=3_000))
def test_any_bytes_can_be_read(raw):
    message = parse(raw)
    parse(raw, safe=True)
    (message.text + message.html + message.subject).encode("utf-8")


PIECES = (
    b"\r\n", b"\n\n", b"\r", b"\0", b"--b", b"--b--", b"--", b"Content-Type: multipart/mixed; boundary=b\n\n",
    b"Content-Type: ", b"text/plain", b";", b"=", b'"', b"charset=utf-7", b"+2D8-", b"boundary=", b"=?utf-8?q?", b"?=",
    b"Content-Transfer-Encoding: base64\n", b"====", b"\xff\xfe", b"From: ", b"<", b">", b"@", b"(", b"\\", b":",
    b"Date: 99 Foo 99999", b"filename*0*=", b"''%", b"message/rfc822", b" ", b"format=flowed", b"utf-16", b"a",
)  # fmt: skip


@given(st.lists(st.sampled_from(PIECES), max_size=60).map(b"".join))
def test_any_heap_of_mail_pieces_can_be_read(raw):
    message = parse(raw)
    for attachment in message.attachments:
        assert len(part(raw, attachment.part)) == attachment.size
    (message.text + message.html + message.subject + "".join(map(str, message.from_))).encode("utf-8")


@given(st.data())
def test_a_damaged_mail_can_be_read(data):
    mail = bytearray(HEAD + multipart(b"mixed", multipart(b"alternative", PLAIN, HTML, boundary=b"inner"), PDF))
    for _ in range(data.draw(st.integers(1, 8))):
        at = data.draw(st.integers(0, len(mail)))
        mail[at : at + data.draw(st.integers(0, 20))] = data.draw(st.binary(max_size=8))
    raw = bytes(mail)
    for attachment in parse(raw).attachments:
        assert len(part(raw, attachment.part)) == attachment.size
