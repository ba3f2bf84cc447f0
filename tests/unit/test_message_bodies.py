"""What the parts of a mail become: the table of shapes that clients, servers and scripts send, and what is posted."""

import base64
import binascii
import quopri

import pytest

from mailpoll.message import parse, part

HEAD = b"From: Jane <jane@example.com>\r\nSubject: s\r\nMIME-Version: 1.0\r\n"
FORWARD = "---------- Forwarded message ---------"


def multipart(subtype, *parts, boundary=b"b", more=b""):
    body = b"".join(b"\r\n--" + boundary + b"\r\n" + piece for piece in parts)
    head = b'Content-Type: multipart/%s; boundary="%s"%s\r\n\r\npreamble' % (subtype, boundary, more)
    return head + body + b"\r\n--" + boundary + b"--\r\nepilogue"


def leaf(type_, body=b"x", *more):
    return b"".join(line + b"\r\n" for line in (b"Content-Type: " + type_, *more)) + b"\r\n" + body


def in_base64(type_, body, *more):
    return leaf(type_, base64.encodebytes(body), b"Content-Transfer-Encoding: base64", *more)


def uuencoded(name, data):
    lines = b"".join(binascii.b2a_uu(data[at : at + 45]) for at in range(0, len(data), 45))
    return b"begin 644 " + name + b"\n" + lines + b"`\nend\n"


def names(message):
    return [attachment.name for attachment in message.attachments]


def files(raw):
    """The bytes of each attachment by name, whose sizes must be what is said of them."""
    message = parse(raw)
    found = {attachment.name: part(raw, attachment.part) for attachment in message.attachments}
    assert [attachment.size for attachment in message.attachments] == [len(data) for data in found.values()]
    return found


ATTACHED = b"Content-Disposition: attachment"
PLAIN = leaf(b"text/plain", b"hello")
EMPTY = leaf(b"text/plain", b" \r\n")
HTML = leaf(b"text/html", b"<p>hello</p>")
BLANK_HTML = leaf(b"text/html", b"<style>p {}</style><div>&nbsp;<br></div><!-- x -->")
PDF = in_base64(b'application/pdf; name="a.pdf"', b"ABC")
INNER = b"From: Bob <bob@example.org>\r\nDate: Mon, 4 Mar 2024 09:15:42 +0100\r\nSubject: Fire\r\n\r\nIt burns.\r\n"
MAIL = leaf(b"message/rfc822", INNER)
SHOWN = f"{FORWARD}\nFrom: Bob <bob@example.org>\nDate: Mon, 4 Mar 2024 09:15:42 +0100\nSubject: Fire\n\nIt burns."


class TestWhereTheTextIs:
    @pytest.mark.parametrize(
        ("mail", "text"),
        [
            (multipart(b"mixed", leaf(b'text/plain; name="body.txt"', b"hello"), PDF), "hello"),
            (multipart(b"mixed", EMPTY, leaf(b"text/plain", b"hello", ATTACHED)), "hello"),
            (multipart(b"mixed", EMPTY, leaf(b"text/plain", b"hello", ATTACHED + b"; filename=a.txt")), "hello"),
            (multipart(b"mixed", PLAIN, leaf(b"text/plain", b"log", ATTACHED + b"; filename=a.txt")), "hello"),
            (multipart(b"alternative", EMPTY, PLAIN), "hello"),
            (multipart(b"alternative", PLAIN, multipart(b"related", HTML, PDF, boundary=b"i")), "hello"),
            (multipart(b"mixed", multipart(b"mixed", PLAIN, boundary=b"i"), PLAIN), "hello\n\nhello"),
            (multipart(b"related", multipart(b"alternative", PLAIN, HTML, boundary=b"i"), PDF), "hello"),
            (multipart(b"parallel", PLAIN), "hello"),
            (multipart(b"x-nobody-knows", PLAIN), "hello"),
            (leaf(b"application/xhtml+xml", b"<p>hello</p>"), ""),
            (leaf(b"text/enriched", b"<bold>he</bold>llo<param>x</param>, <<you"), "hello, <you"),
            (leaf(b"text/richtext", b"one<nl>two"), "one\ntwo"),
            (b"no blank line, no colon: hello", "no blank line, no colon: hello"),
            (multipart(b"mixed", b"Content-Type: text/plain\r\nhello\r\n"), "hello"),
            (multipart(b"mixed", b"Content-Type: text/plain\r\nhello", PLAIN), "hello\n\nhello"),
            (leaf(b"message/partial; number=1; id=x", b"Subject: y\r\n\r\nhello"), f"{FORWARD}\nSubject: y\n\nhello"),
        ],
    )
    def test_the_right_text_is_found(self, mail, text):
        message = parse(HEAD + mail)
        assert message.text.strip().split() == text.split()
        assert text or "hello" in message.html

    def test_html_without_a_word_hides_no_text_elsewhere(self):
        assert parse(HEAD + multipart(b"mixed", BLANK_HTML, MAIL)).text == SHOWN
        assert parse(HEAD + multipart(b"mixed", BLANK_HTML, MAIL)).html == ""

    def test_html_with_a_word_is_enough(self):
        assert parse(HEAD + multipart(b"mixed", HTML, MAIL)).html == "<p>hello</p>"

    def test_a_named_text_that_is_shown_is_still_a_file(self):
        mail = HEAD + multipart(b"mixed", EMPTY, leaf(b"text/plain", b"hello", ATTACHED + b"; filename=a.txt"))
        assert files(mail) == {"a.txt": b"hello"}

    def test_a_thousand_texts_are_read_and_more_are_noted(self):
        message = parse(HEAD + multipart(b"mixed", *[PLAIN] * 1_100))
        assert message.text.count("hello") == 1_000
        assert "more than 1000 parts" in message.defects

    def test_many_texts_are_read_only_as_far_as_they_are_shown(self):
        message = parse(HEAD + multipart(b"mixed", *[leaf(b"text/plain", b"x" * 500)] * 100), max_text=1_000)
        assert len(message.text) == 1_000
        assert "text over 1000 characters cut" in message.defects


class TestMailsInMails:
    @pytest.mark.parametrize(
        "mail",
        [
            MAIL,
            leaf(b"message/global", INNER),
            leaf(b"message/rfc822", b"\r\n" + INNER),
            in_base64(b"message/rfc822", INNER),
            leaf(b"message/rfc822", quopri.encodestring(INNER), b"Content-Transfer-Encoding: quoted-printable"),
            in_base64(b"application/octet-stream; name=x.eml", INNER, ATTACHED),
            multipart(b"mixed", EMPTY, MAIL),
            multipart(b"mixed", MAIL, BLANK_HTML),
            multipart(b"digest", b"\r\n" + INNER),
            multipart(b"mixed", EMPTY, multipart(b"digest", b"\r\n" + INNER, boundary=b"i")),
        ],
    )
    def test_the_only_text_is_shown_as_a_forward(self, mail):
        assert parse(HEAD + mail).text == SHOWN

    def test_each_mail_of_a_digest_is_shown(self):
        assert parse(HEAD + multipart(b"digest", b"\r\n" + INNER, b"\r\n" + INNER)).text == f"{SHOWN}\n\n{SHOWN}"

    def test_beside_a_text_it_is_a_file_only(self):
        mail = HEAD + multipart(b"mixed", PLAIN, MAIL)
        assert parse(mail).text == "hello"
        assert files(mail) == {"Fire.eml": INNER}

    def test_html_inside_is_shown_as_html(self):
        message = parse(HEAD + leaf(b"message/rfc822", b"From: <b@example.org>\r\n" + HTML))
        assert message.text == ""
        assert "b@example.org" in message.html
        assert "<p>hello</p>" in message.html

    def test_a_name_in_it_fools_nobody(self):
        mail = b'From: "admin@x.com <admin@x.com>" <evil@y.example>\r\n\r\nhi'
        assert "From: admin@x.com admin@x.com <evil@y.example>" in parse(HEAD + leaf(b"message/rfc822", mail)).text

    def test_a_forward_of_a_forward_is_read(self):
        message = parse(HEAD + leaf(b"message/rfc822", b"Subject: outer\r\n" + MAIL))
        assert message.text == f"{FORWARD}\nSubject: outer\n\n{SHOWN}"

    def test_depth_is_bounded(self):
        message = parse(b"Content-Type: message/rfc822\r\n\r\n" * 20 + INNER)
        assert "It burns" not in message.text
        assert "mails inside mails over 5 deep" in message.defects

    def test_one_without_text_still_says_whose_it_is(self):
        text = parse(HEAD + leaf(b"message/rfc822", b"Subject: photo\r\n" + leaf(b"image/png"))).text
        assert text.strip() == f"{FORWARD}\nSubject: photo"

    @pytest.mark.parametrize(
        ("subject", "name"),
        [
            (b"Fire", "Fire.eml"),
            (b"", "attachment-1.eml"),
            (b"../../etc/passwd", "-..-etc-passwd.eml"),
            (b"=?utf-8?q?Gr=C3=BC=C3=9Fe?=", "Grüße.eml"),
            (b"x" * 300, "x" * 93 + "....eml"),
        ],
    )
    def test_it_is_named_by_its_subject(self, subject, name):
        assert names(parse(HEAD + leaf(b"message/rfc822", b"Subject: " + subject + b"\r\n\r\n"))) == [name]


INVITATION = b"""BEGIN:VCALENDAR\r
METHOD:%s\r
BEGIN:VTIMEZONE\r
TZID:Europe/Vienna\r
BEGIN:STANDARD\r
DTSTART:16010101T030000\r
END:STANDARD\r
END:VTIMEZONE\r
BEGIN:VEVENT\r
SUMMARY;LANGUAGE=en:Fire\\, drill an\r
 d more\r
DTSTART;TZID="Europe/Vienna":20240304T100000\r
DTEND;TZID="Europe/Vienna":20240304T113000\r
LOCATION:Room 5\\; left\r
ORGANIZER;CN="Jane: Roe":mailto:jane@example.com\r
ATTENDEE;PARTSTAT=%s;CN=Bob:mailto:bob@example.org\r
DESCRIPTION:Bring a helmet.\\nAnd gloves.\r
BEGIN:VALARM\r
DESCRIPTION:REMINDER\r
END:VALARM\r
END:VEVENT\r
END:VCALENDAR\r
"""
REQUEST = INVITATION % (b"REQUEST", b"NEEDS-ACTION")
WHAT = """Fire, drill and more
When: Mon 4 Mar 2024, 10:00 – 11:30 (Europe/Vienna)
Where: Room 5; left
Organizer: Jane: Roe <jane@example.com>

Bring a helmet.
And gloves."""


def event(*lines):
    return leaf(b"text/calendar", b"\r\n".join([b"BEGIN:VCALENDAR", b"BEGIN:VEVENT", *lines, b"END:VEVENT"]))


class TestCalendars:
    @pytest.mark.parametrize(
        "mail",
        [
            leaf(b"text/calendar; method=REQUEST", REQUEST),
            in_base64(b"text/calendar; charset=utf-8", REQUEST),
            multipart(b"alternative", EMPTY, leaf(b"text/calendar", REQUEST)),
            multipart(b"mixed", BLANK_HTML, leaf(b"text/calendar; name=x.ics", REQUEST, ATTACHED)),
            leaf(b"application/ics; name=x.ics", REQUEST),
            multipart(b"mixed", leaf(b"text/calendar", REQUEST), leaf(b"application/ics; name=x.ics", REQUEST)),
        ],
    )
    def test_alone_it_is_read_to_people(self, mail):
        assert parse(HEAD + mail).text == "Invitation: " + WHAT

    @pytest.mark.parametrize(
        ("method", "status", "first"),
        [
            (b"CANCEL", b"NEEDS-ACTION", "Cancelled: Fire, drill and more"),
            (b"REPLY", b"DECLINED", "Reply to an invitation: Fire, drill and more\nBob <bob@example.org>: declined"),
            (b"REPLY", b"TENTATIVE", "Reply to an invitation: Fire, drill and more\nBob <bob@example.org>: accepted t"),
            (b"PUBLISH", b"NEEDS-ACTION", "Fire, drill and more"),
        ],
    )
    def test_answers_and_cancellations_say_so(self, method, status, first):
        assert parse(HEAD + leaf(b"text/calendar", INVITATION % (method, status))).text.startswith(first)

    def test_beside_a_text_it_is_a_file(self):
        mail = HEAD + multipart(b"alternative", PLAIN, leaf(b"text/calendar", REQUEST))
        assert parse(mail).text == "hello"
        assert files(mail) == {"invite.ics": REQUEST}

    @pytest.mark.parametrize(
        ("lines", "shown"),
        [
            ([b"DTSTART:20240304T100000Z", b"DURATION:PT90M"], "When: Mon 4 Mar 2024, 10:00 – 11:30 (UTC)"),
            ([b"DTSTART;VALUE=DATE:20240304", b"DTEND;VALUE=DATE:20240305"], "When: Mon 4 Mar 2024"),
            ([b"DTSTART;VALUE=DATE:20240304", b"DTEND;VALUE=DATE:20240307"], "When: Mon 4 Mar 2024 – Wed 6 Mar 2024"),
            (
                [b"DTSTART:20240304T220000", b"DTEND:20240305T010000"],
                "When: Mon 4 Mar 2024, 22:00 – Tue 5 Mar 2024, 01:00",
            ),
            ([b"DTSTART:20240304T2200", b"RRULE:FREQ=WEEKLY;COUNT=3"], "Repeats: weekly (COUNT=3)"),
            ([b"DTSTART:99999999T000000"], "When: 99999999T000000"),
            ([b"DTSTART:99991231T000000Z", b"DURATION:P9999W"], "When: Fri 31 Dec 9999, 00:00 (UTC)"),
            ([b"STATUS:CANCELLED", b"SUMMARY:x"], "Cancelled: x"),
            ([b"SUMMARY"], "(no title)"),
        ],
    )
    def test_dates_and_oddities(self, lines, shown):
        assert shown in parse(HEAD + event(*lines)).text.split("\n")

    def test_what_is_no_calendar_is_a_file(self):
        assert parse(HEAD + leaf(b"text/calendar", b"nonsense")).text == ""
        assert files(HEAD + leaf(b"text/calendar", b"nonsense")) == {"invite.ics": b"nonsense"}


class TestUuencode:
    DATA = bytes(range(256)) * 3

    def test_a_file_in_a_text_becomes_an_attachment_and_the_rest_stays(self):
        mail = HEAD + b"\r\nsee below\r\n\r\n" + uuencoded(b"a b.bin", self.DATA) + b"bye\r\n"
        assert parse(mail).text == "see below\n\nbye\n"
        assert files(mail) == {"a b.bin": self.DATA}

    def test_several_files_and_their_order_among_others(self):
        text = uuencoded(b"1.bin", b"one" * 40) + b"and\n" + uuencoded(b"2.bin", b"two" * 40).replace(b"\n", b"\r\n")
        mail = HEAD + multipart(b"mixed", leaf(b"text/plain", text), PDF)
        assert parse(mail).text.strip() == "and"
        assert files(mail) == {"1.bin": b"one" * 40, "2.bin": b"two" * 40, "a.pdf": b"ABC"}

    @pytest.mark.parametrize("encoding", [b"base64", b"quoted-printable"])
    def test_it_is_found_below_a_transfer_encoding(self, encoding):
        encode = base64.encodebytes if encoding == b"base64" else quopri.encodestring
        body = encode(b"hello\n" + uuencoded(b"a.bin", self.DATA))
        mail = HEAD + leaf(b"text/plain", body, b"Content-Transfer-Encoding: " + encoding)
        assert parse(mail).text == "hello\n"
        assert files(mail) == {"a.bin": self.DATA}

    @pytest.mark.parametrize("encoding", [b"x-uuencode", b"uuencode", b"X-UUE", b"uue"])
    def test_it_is_a_transfer_encoding(self, encoding):
        head = b"Content-Transfer-Encoding: " + encoding
        mail = HEAD + multipart(b"mixed", leaf(b"text/plain", uuencoded(b"t", b"hello"), head),
                                leaf(b"image/gif; name=a.gif", uuencoded(b"a.gif", self.DATA), head))  # fmt: skip
        assert parse(mail).text == "hello"
        assert files(mail) == {"a.gif": self.DATA}

    def test_one_that_was_cut_off_is_kept_as_far_as_it_goes(self):
        whole = uuencoded(b"a.bin", self.DATA)
        mail = HEAD + b"\r\nhello\n" + whole[: whole.index(b"\n", 300) + 1]
        assert parse(mail).text == "hello\n"
        assert self.DATA.startswith(files(mail)["a.bin"])

    @pytest.mark.parametrize(
        "text",
        [
            "A uuencoded file starts with\nbegin 644 name\nand lines of letters follow.\n",
            "begin 644 name\nend\n",
            "begin 644 NAME\nHELLO THERE\nend\n",
            "begin 644 name\n",
            "in the middle begin 644 name\n",
            "begin the day\n",
        ],
    )
    def test_prose_that_mentions_it_stays(self, text):
        message = parse(HEAD + b"\n" + text.encode())
        assert (message.text, names(message)) == (text, [])


class TestMicrosoft:
    TNEF = in_base64(b"application/ms-tnef", b"\x78\x9f\x3e\x22")
    SENTENCE = "[The text of this mail is in winmail.dat, a format of Microsoft Outlook that mailpoll cannot read.]"

    @pytest.mark.parametrize(
        "tnef",
        [TNEF, leaf(b"application/octet-stream; name=WINMAIL.DAT"), leaf(b"application/vnd.ms-tnef")],
    )
    def test_a_text_in_tnef_is_said_to_be_there(self, tnef):
        message = parse(HEAD + multipart(b"mixed", EMPTY, tnef))
        assert (message.text, names(message)) == (self.SENTENCE, ["winmail.dat"])

    def test_a_mail_that_is_tnef(self):
        assert parse(HEAD + self.TNEF).text == self.SENTENCE

    def test_beside_a_text_it_is_a_file(self):
        message = parse(HEAD + multipart(b"mixed", PLAIN, self.TNEF))
        assert (message.text, names(message)) == ("hello", ["winmail.dat"])


class TestInlineImages:
    @staticmethod
    def related(html, *more):
        image = leaf(b"image/png; name=logo.png", b"x", *more)
        return parse(HEAD + multipart(b"related", leaf(b"text/html", html), image)).attachments[0].content_id

    @pytest.mark.parametrize(
        ("html", "field", "content_id"),
        [
            (b'<img src="cid:a@x">', b"Content-ID: <a@x>", "a@x"),
            (b"<img src=cid:a@x>", b"Content-ID: <a@x>", "a@x"),
            (b'<IMG SRC="CID:a%40x">', b"Content-ID: <a@x>", "a@x"),
            (b'<td style="background:url(cid:a@x)">', b"Content-ID: <a@x>", "a@x"),
            (b'<img src="cid:a&amp;b@x">', b"Content-ID: <a&b@x>", "a&b@x"),
            (b'<img src="cid:b@x">', b"Content-ID: <a@x>", ""),
            (b"<img src='images/a.png'>", b"Content-Location: images/a.png", "images/a.png"),
            (b"<img src='http://x/a.png'>", b"Content-Location: http://x/a.png\r\nContent-ID: <a@x>", "a@x"),
            (b"<img src='http://x/b.png'>", b"Content-Location: http://x/a.png\r\nContent-ID: <a@x>", ""),
            (b"<p>no image</p>", b"Content-ID: <a@x>", ""),
            (b"<p>no image</p>", b"Content-ID: <>", ""),
        ],
    )
    def test_only_what_the_html_shows_has_a_content_id(self, html, field, content_id):
        assert self.related(html, field) == content_id

    def test_an_image_without_html_is_a_file(self):
        image = leaf(b"image/png; name=logo.png", b"x", b"Content-ID: <a@x>")
        (attachment,) = parse(HEAD + multipart(b"related", PLAIN, image)).attachments
        assert (attachment.name, attachment.content_id) == ("logo.png", "")


STATUS = b"""Reporting-MTA: dns; mail.example.com\r
\r
Final-Recipient: rfc822; bob@example.org\r
Action: failed\r
Status: 5.1.1\r
Diagnostic-Code: smtp; 550 5.1.1 No such user\r
\r
Original-Recipient: rfc822;eve@example.org\r
Action: delayed\r
Status: 4.4.1\r
"""
DISPOSITION = b"""Reporting-UA: x; y\r
Final-Recipient: rfc822;bob@example.org\r
Disposition: manual-action/MDN-sent-manually; displayed\r
"""
RETURNED = leaf(b"message/rfc822", INNER)


class TestReports:
    BOUNCE = """The mail to bob@example.org could not be delivered (5.1.1): 550 5.1.1 No such user
The mail to eve@example.org is delayed (4.4.1)."""

    def report(self, *parts):
        return HEAD + multipart(b"report", *parts, more=b"; report-type=delivery-status")

    def test_the_human_part_is_the_text(self):
        mail = self.report(PLAIN, leaf(b"message/delivery-status", STATUS), RETURNED)
        assert parse(mail).text == "hello"
        assert names(parse(mail)) == ["attachment-1.txt", "Fire.eml"]

    @pytest.mark.parametrize("human", [[EMPTY], [BLANK_HTML], []])
    @pytest.mark.parametrize("returned", [[RETURNED], [leaf(b"text/rfc822-headers", INNER)], []])
    def test_without_one_the_machine_part_is_read_to_people(self, human, returned):
        assert parse(self.report(*human, leaf(b"message/delivery-status", STATUS), *returned)).text == self.BOUNCE

    @pytest.mark.parametrize(
        ("type_", "body", "text"),
        [
            (b"message/disposition-notification", DISPOSITION, "The mail to bob@example.org was displayed."),
            (b"message/feedback-report", b"Feedback-Type: abuse\r\nOriginal-Mail-From: <a@b.example>\r\n",
             "A complaint (abuse) about mail from <a@b.example>."),
            (b"message/delivery-status", b"Final-Recipient: rfc822; a@b.example\r\nAction: delivered (x)\r\n",
             "The mail to a@b.example was delivered."),
            (b"message/delivery-status", b"\r\n\r\n", ""),
        ],
    )  # fmt: skip
    def test_other_machine_parts(self, type_, body, text):
        assert parse(self.report(EMPTY, leaf(type_, body))).text.strip() == text


class TestText:
    @pytest.mark.parametrize(
        ("type_", "body", "text"),
        [
            (b"text/html", '<meta charset="windows-1251"><p>привет'.encode("cp1251"), "привет"),
            (b"text/html", '<meta http-equiv=x content="text/html; charset=koi8-r">привет'.encode("koi8-r"), "привет"),
            (b"text/html; charset=utf-8", '<meta charset="windows-1251">привет'.encode(), "привет"),
            (b"text/html", '<?xml version="1.0" encoding="big5"?><p>中文'.encode("big5"), "中文"),
            (b"text/html", '<meta charset="utf-16"><p>привет'.encode(), "привет"),
            (b"text/plain; charset=utf-16", "привет!".encode("utf-16"), "привет"),
            (b"text/plain; charset=unknown-8bit", "Grüße".encode("latin-1"), "Grüße"),
            (b"text/plain; charset=x-unknown", "Grüße".encode(), "Grüße"),
            (b"text/plain; charset=\"ks_c_5601-1987\"", "안녕".encode("cp949"), "안녕"),
            (b"text/plain; charset=iso-8859-8-i", "שלום".encode("iso-8859-8"), "שלום"),
        ],
    )  # fmt: skip
    def test_charsets(self, type_, body, text):
        message = parse(HEAD + leaf(type_, body))
        assert text in message.text + message.html

    @pytest.mark.parametrize("encoding", [b"base64", b"quoted-printable", b"x-uuencode", b"7bit", b"nonsense"])
    def test_a_wrong_transfer_encoding_does_not_cost_the_text(self, encoding):
        body = "…!!! 100 % ???"
        mail = HEAD + leaf(b"text/plain; charset=utf-8", body.encode(), b"Content-Transfer-Encoding: " + encoding)
        assert parse(mail).text

    @pytest.mark.parametrize(
        ("body", "text"),
        [
            (b"Hello, world. This is no base64!\r\n", "Hello, world. This is no base64!\n"),
            (base64.encodebytes("Grüße\n".encode()) + b"\n____\nlist@x.example\n", "Grüße\n____\nlist@x.example\n"),
            (b"!aGVsbG8=", "hello"),
            (b"!!!!", "!!!!"),
            (b"====", "===="),
        ],
    )  # fmt: skip
    def test_plain_text_in_base64_is_not_lost(self, body, text):
        message = parse(HEAD + leaf(b"text/plain; charset=utf-8", body, b"Content-Transfer-Encoding: base64"))
        assert message.text == text

    def test_nothing_is_cut_inside_a_character(self):
        message = parse(HEAD + leaf(b"text/plain; charset=utf-8", "ab€".encode() * 1_000_000), max_text=1_001)
        assert message.text == ("ab€" * 334)[:1_001]
        assert [defect for defect in message.defects if "charset" in defect] == []


PAGE = leaf(b"text/html", b"<style>HTML</style><p>The news of today: all is <b>well</b>.</p>")


@pytest.mark.parametrize(
    "said",
    [
        b"To view this message, please use an HTML compatible email viewer!",
        b"Your mail client does not support HTML.",
        b"Bitte aktivieren Sie die HTML-Ansicht.",
    ],
)
def test_text_that_only_says_that_there_is_html_is_not_the_text(said):
    message = parse(HEAD + multipart(b"alternative", leaf(b"text/plain", said), PAGE))
    assert message.text == ""
    assert "The news" in message.html


@pytest.mark.parametrize(
    ("said", "page"),
    [
        (b"All is well.", PAGE),
        (b"The HTML is broken.", leaf(b"text/html", b"<p>The <b>HTML</b> is broken.</p><p>Sent by a robot</p>")),
        (b"The HTML is broken.", leaf(b"text/html", b"<p> </p>")),
        (b"Your HTML " + b"is broken " * 50, PAGE),
    ],
)
def test_text_that_says_more_stays(said, page):
    assert parse(HEAD + multipart(b"alternative", leaf(b"text/plain", said), page)).text == said.decode()


def test_rich_text_is_a_file():
    message = parse(HEAD + leaf(b"text/rtf", b"{\\rtf1 hello}"))
    assert (message.text, names(message)) == ("", ["attachment-1.rtf"])
