"""The formats of web hooks on real receivers: django-anymail in a Django process, and Rails' relay ingress.

What anymail makes of a request is compared with what Python's own parser finds in the mail.
"""

from __future__ import annotations

import base64
import email
import email.policy
import re
import shlex
import tomllib
from collections.abc import Iterator
from email.message import EmailMessage
from pathlib import Path
from typing import Any

import pytest
from servers import action_mailbox, anymail, require
from servers.action_mailbox import ActionMailbox
from servers.anymail import Anymail
from support.command_line import CommandLine
from support.hooks import ADDRESS, PNG, Behind, mail, posted

from mailpoll.delivery import Destination
from mailpoll.destinations import make
from mailpoll.errors import DestinationRefused, Later, MessageError
from mailpoll.model import Post
from mailpoll.settings import SecretRef, Settings, WebhookSettings

SECRETS = {"basic": anymail.PASSWORD, "key": anymail.SIGNING_KEY, "rails": action_mailbox.PASSWORD, "wrong": "w" * 20}
FROM = 'From: "Jane Doe" <jane+home@example.net>'
TO = f'To: "Support, Team" <{ADDRESS}>, other@example.org'
PLAIN = "Content-Type: text/plain; charset=utf-8"
HTML = "Content-Type: text/html; charset=utf-8"
EIGHT_BIT = "Content-Transfer-Encoding: 8bit"


def multipart(kind: str, *parts: tuple[str, bytes]) -> tuple[str, bytes]:
    """(Content-Type field, body) of a multipart of (fields, body) parts."""
    body = b"".join(b"--b-%s\r\n%s\r\n\r\n%s\r\n" % (kind.encode(), head.encode(), data) for head, data in parts)
    return f"Content-Type: multipart/{kind}; boundary=b-{kind}", body + b"--b-%s--\r\n" % kind.encode()


def in_base64(data: bytes) -> bytes:
    return base64.encodebytes(data).replace(b"\n", b"\r\n")


BASE64 = "Content-Transfer-Encoding: base64"
IMAGE = (f"Content-Type: image/png; name=logo.png\r\n{BASE64}\r\nContent-ID: <logo@x>\r\nContent-Disposition: inline",
         in_base64(PNG))  # fmt: skip
PDF = (f'Content-Type: application/pdf; name="Q3 report.pdf"\r\n{BASE64}\r\nContent-Disposition: attachment; '
       'filename="Q3 report.pdf"', in_base64(b"%PDF-1.7\n\x00\xff"))  # fmt: skip
NOTES = ("Content-Type: text/plain; charset=iso-8859-1; name*=utf-8''%C3%A4%20b.txt\r\nContent-Disposition: attachment",
         "Grüße".encode("latin-1"))  # fmt: skip
SHOWN = (f"{HTML}\r\n{EIGHT_BIT}", '<p>Grüße <img src="cid:logo@x"></p>'.encode())
ATTACHED_MAIL = ("Content-Type: message/rfc822\r\nContent-Disposition: attachment; filename=old.eml",
                 b"From: a@example.net\r\nSubject: old\r\n\r\nold text\r\n")  # fmt: skip


def of(kind: str, *parts: tuple[str, bytes]) -> tuple[str, bytes]:
    """A multipart as a part of another."""
    return multipart(kind, *parts)


def whole(field_and_body: tuple[str, bytes], *fields: str) -> bytes:
    return mail(field_and_body[1], FROM, TO, *fields, field_and_body[0])


REPLY = "Neu: grün.\n\nAm 5.11.2026 um 10:00 schrieb Bob <bob@example.org>:\n> alt\n"
# What the mail is called → the mail.
MAILS = {
    "plain": mail("Hello.\nSecond line.\n", FROM, TO, "Subject: plain", PLAIN),
    "reply": mail(REPLY, FROM, TO, "Subject: Re: alt", PLAIN, EIGHT_BIT, "In-Reply-To: <m0@example.com>"),
    "without a charset": mail("ASCII only\n", FROM, TO, "Subject: old"),
    "8-bit latin-1": mail("Grüße\n", FROM, TO, "Subject: 8bit", "Content-Type: text/plain; charset=iso-8859-1",
                          EIGHT_BIT, charset="latin-1"),
    "non-ASCII names": mail("x\n", "From: =?utf-8?b?SsO2cmcgTcO8bGxlcg==?= <j@example.net>",
                            f"To: =?utf-8?q?M=C3=BCller=2C_Bj=C3=B6rn?= <{ADDRESS}>",
                            "Cc: =?koi8-r?b?6dfBzg==?= <ivan@example.org>, plain@example.org",
                            "Subject: =?utf-8?b?R3LDvMOfZSDwn5iA?= =?utf-8?q?_und_mehr?=", PLAIN),
    "alternative": whole(of("alternative", (f"{PLAIN}\r\n{EIGHT_BIT}", "Grüße".encode()), SHOWN), "Subject: both"),
    "attachments": whole(of("mixed", (PLAIN, b"see attached"), PDF, NOTES, ATTACHED_MAIL), "Subject: files"),
    "inline image": whole(of("related", SHOWN, IMAGE), "Subject: image"),
    "everything": whole(of("mixed", of("alternative", (f"{PLAIN}\r\n{EIGHT_BIT}", "Grüße".encode()),
                                       of("related", SHOWN, IMAGE)), PDF), "Subject: all", "Reply-To: r@example.net"),
}  # fmt: skip
FORMATS = ("postmark", "postmark raw", "mailgun", "mailgun raw")


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Anymail]:
    require(anymail.missing() or "django-anymail", not anymail.missing())
    with Anymail(tmp_path_factory.mktemp("anymail")) as site:
        yield site


@pytest.fixture
def site(running: Anymail) -> Anymail:
    running.taken()
    return running


def hook(url: str, **given: Any) -> Destination:
    section = WebhookSettings(url=url, **given)
    made: Destination = make("hook", Settings(destination={"hook": section}), lambda ref, about: SECRETS[ref.env or ""])
    return made


def to_anymail(site: Anymail, format_: str, **given: Any) -> Destination:
    name, _, raw = format_.partition(" ")
    login = {"username": anymail.USERNAME, "password": SecretRef(env="basic")}
    key = {"secret": SecretRef(env="key")} if name == "mailgun" else {}
    view = "inbound_mime" if raw and name == "mailgun" else "inbound"
    return hook(site.url(name, view), **{"format": name, "raw_email": bool(raw), **login, **key, **given})


def understood(site: Anymail, format_: str, raw: bytes, **given: Any) -> dict[str, Any]:
    """What anymail makes of a mail that is posted to it."""
    to_anymail(site, format_, **given).post(*posted(raw))
    [said] = site.taken()
    return said


def wanted(raw: bytes) -> EmailMessage:
    """What Python's own parser finds in the mail."""
    parsed = email.message_from_bytes(raw, policy=email.policy.default)
    assert isinstance(parsed, EmailMessage)
    return parsed


def people(field: Any) -> list[tuple[str, str]]:
    return [(each.display_name, each.addr_spec) for each in field.addresses] if field is not None else []


def said_people(texts: list[str]) -> list[tuple[str, str]]:
    message = EmailMessage()
    message["To"] = ", ".join(texts)
    return people(message["To"])


def body(raw: bytes, kind: str) -> str | None:
    part = wanted(raw).get_body((kind,))
    return None if part is None else part.get_content().replace("\r\n", "\n").strip()


def files(raw: bytes, disposition: str) -> list[tuple[str | None, str, bytes]]:
    parts = [part for part in wanted(raw).walk() if part.get_content_disposition() == disposition]
    return [(part.get_filename(), part.get_content_type(), _octets(part)) for part in parts]


def _octets(part: Any) -> bytes:
    if part.get_content_maintype() == "message":
        return bytes(part.get_payload(0).as_bytes()).replace(b"\r\n", b"\n").strip()
    return bytes(part.get_payload(decode=True))


def said_files(said: list[dict[str, str]]) -> list[tuple[str | None, str, bytes]]:
    octets = [(each, base64.b64decode(each["content"])) for each in said]
    return [
        (each["name"], each["type"], data.replace(b"\r\n", b"\n").strip() if each["type"] == "message/rfc822" else data)
        for each, data in octets
    ]


@pytest.mark.parametrize("format_", FORMATS)
@pytest.mark.parametrize("name", MAILS)
class TestAnymailFindsWhatIsInTheMail:
    def test_its_people_and_header(self, site: Anymail, format_: str, name: str) -> None:
        raw = MAILS[name]
        said, mail_ = understood(site, format_, raw), wanted(raw)
        assert said_people([said["from"]]) == people(mail_["From"])
        assert said_people(said["to"]) == people(mail_["To"])
        assert said_people(said["cc"]) == people(mail_["Cc"])
        assert said["subject"] == mail_["Subject"]
        assert said["date"] == mail_["Date"].datetime.isoformat()
        assert (said["envelope_sender"], said["envelope_recipient"]) == ("bounces@example.net", ADDRESS)
        headers = {name.lower(): value for name, value in said["headers"]}
        for field in ("Message-ID", "In-Reply-To", "Reply-To"):
            assert headers.get(field.lower()) == mail_[field]
        assert [value for name, value in said["headers"] if name == "Received"] == mail_.get_all("Received")

    def test_its_texts(self, site: Anymail, format_: str, name: str) -> None:
        raw = MAILS[name]
        said = understood(site, format_, raw)
        plain, html = body(raw, "plain"), body(raw, "html")
        if plain is not None or format_ != "mailgun":  # Mailgun makes a text of the HTML where there is none
            assert (said["text"] or "").strip() == (plain or "")
        assert (said["html"] or "").strip() == (html or "")

    def test_its_files(self, site: Anymail, format_: str, name: str) -> None:
        raw = MAILS[name]
        said = understood(site, format_, raw)
        assert said_files(said["attachments"]) == files(raw, "attachment")
        assert said_files(list(said["inlines"].values())) == files(raw, "inline")
        if files(raw, "inline"):
            assert list(said["inlines"]) == ["logo@x"]


def test_the_new_text_is_the_stripped_one(site: Anymail) -> None:
    for format_ in FORMATS[:3]:
        assert understood(site, format_, MAILS["reply"])["stripped_text"] == "Neu: grün."
    said = understood(site, "mailgun", MAILS["alternative"])
    assert (said["stripped_text"], said["stripped_html"]) == ("Grüße", "<p>Grüße</p>")
    signed = mail("Yes.\n\n-- \nJane\nExample Inc.\n", FROM, TO, "Subject: Re: x", PLAIN)
    assert understood(site, "mailgun", signed)["request"]["stripped-signature"].startswith("-- \nJane")


def test_html_alone_has_a_text_of_it_in_mailguns_form(site: Anymail) -> None:
    said = understood(site, "mailgun", whole((f"{HTML}\r\n{EIGHT_BIT}", "<p>Grüße, <b>Jane</b></p>".encode())))
    assert said["request"]["body-plain"] == "Grüße, **Jane**"


def test_the_tag_is_the_mailbox_hash(site: Anymail) -> None:
    request = understood(site, "postmark", MAILS["plain"])["request"]
    assert request["MailboxHash"] == "T-17"
    assert [each["MailboxHash"] for each in request["ToFull"]] == ["T-17", ""]
    assert request["FromFull"]["MailboxHash"] == "home"


def test_an_address_that_stands_nowhere_in_the_mail_is_bcc(site: Anymail) -> None:
    hidden = mail("x\n", FROM, "To: list@example.org", "Subject: x", PLAIN)
    assert understood(site, "postmark", hidden)["bcc"] == [ADDRESS]
    assert understood(site, "postmark raw", hidden)["bcc"] == [ADDRESS]
    assert understood(site, "mailgun", hidden)["envelope_recipient"] == ADDRESS


def test_what_stays_behind_is_told_among_the_headers(site: Anymail) -> None:
    for format_ in ("postmark", "mailgun"):
        said = understood(site, format_, MAILS["everything"], max_attachments=len(PNG))
        left = [value for name, value in said["headers"] if name == "X-Mailpoll-Left-Out"]
        assert left == ["Q3 report.pdf (application/pdf, 11 bytes)"]
        assert (len(said["attachments"]), len(said["inlines"])) == (0, 1)


HOSTILE = {
    "fields that belong there once, twice": mail(
        "x\n", FROM, TO, "From: mallory@example.net", f"To: {ADDRESS}", "Subject: a", "Subject: b", PLAIN,
        "Date: Fri, 6 Nov 2026 10:00:00 +0100", "Message-ID: <m2@example.net>", HTML, "Reply-To: a@x", "Reply-To: b@x"),
    "no sender, no subject, no date": b"To: " + ADDRESS.encode() + b"\r\n\r\nx\r\n",
    "controls in fields": mail("x\n", FROM, TO, "Subject: a\x0bb\x0c\x1c\x85\u2028c", "X-Odd: \x0b\x1e\u2029", PLAIN),
    "8-bit fields": mail("x\n", FROM, TO, PLAIN).replace(b"Jane Doe", "J\xe4ne D\xf6".encode("latin-1")),
    "names of Mailgun's fields": mail("x\n", FROM, TO, "signature: forged", "attachments: []", "timestamp: 1",
                                      "token: x", "event: delivered", "body-mime: x", "recipient: other@x", PLAIN),
    "an attached mail that is no UTF-8": whole(of("mixed", (PLAIN, b"see"), (
        ATTACHED_MAIL[0], b"Subject: old\r\nContent-Type: text/plain; charset=latin1\r\n\r\nGr\xfc\xdfe\r\n"))),
    "a date that is none": mail("x\n", FROM, TO, PLAIN).replace(b"Fri, 6 Nov", b"Fri, 66 Foo"),
    "octets that are no text": mail(bytes(range(256)), FROM, TO, PLAIN, EIGHT_BIT),
}  # fmt: skip


@pytest.mark.parametrize("format_", FORMATS)
@pytest.mark.parametrize("name", HOSTILE)
def test_no_mail_breaks_the_receiver(site: Anymail, format_: str, name: str) -> None:
    said = understood(site, format_, HOSTILE[name])
    assert said["envelope_recipient"] == ADDRESS
    if not format_.endswith("raw"):
        assert "mallory" not in said["from"]


@pytest.mark.parametrize(
    ("format_", "given"),
    [
        ("postmark", {"password": SecretRef(env="wrong")}),
        ("mailgun", {"password": SecretRef(env="wrong")}),
        ("mailgun", {"secret": SecretRef(env="wrong")}),
    ],
)
def test_a_wrong_key_loses_no_mail(site: Anymail, format_: str, given: dict[str, Any]) -> None:
    """anymail answers 400, which both services take for later."""
    with pytest.raises(Later, match="does not accept the key or password"):
        to_anymail(site, format_, **given).post(*posted(MAILS["plain"]))
    assert site.taken() == []


def test_a_large_mail_arrives_whole(site: Anymail) -> None:
    data = bytes(range(256)) * 20_000
    large = whole(of("mixed", (PLAIN, b"see"), (f"Content-Type: application/zip; name=a.zip\r\n{BASE64}",
                                                 in_base64(data))))  # fmt: skip
    for format_ in ("postmark", "mailgun"):
        [(_, type_, octets)] = said_files(understood(site, format_, large)["attachments"])
        assert (type_, octets == data) == ("application/zip", True)


# -- the how-to -----------------------------------------------------------------------------------------------------

HOW_TO = Path(__file__).resolve().parents[2] / "docs/how-to"
# What stands in a project before the page's own lines.
BEFORE = {
    "settings.py": "ROOT_URLCONF = 'project.urls'\nALLOWED_HOSTS = ['localhost']\nSECRET_KEY = 'of a test'\n"
    "INSTALLED_APPS = ['support.apps.SupportConfig']\n",
    "urls.py": "urlpatterns = []\n",
}


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Anymail]:
    """The Django project that the how-to makes, running."""
    require(anymail.missing() or "django-anymail", not anymail.missing())
    folder = tmp_path_factory.mktemp("project")
    for code in re.findall(r"```python\n(.*?)```", (HOW_TO / "webhook-django.md").read_text(), re.DOTALL):
        place = code.split("\n", 1)[0].removeprefix("# ")
        file = folder / (place if "/" in place else f"project/{place}")
        file.parent.mkdir(exist_ok=True)
        file.write_text(BEFORE.get(place, "") + code)
    with Anymail(tmp_path_factory.mktemp("anymail"), folder) as site:
        yield site


def printed(project: Anymail) -> str:
    """What the page's receiver printed of one mail, whose text may have several lines."""
    lines = [project.printed()]
    while lines[-1][-1:] != "]":
        lines.append(project.printed())
    return "\n".join(lines)


@pytest.mark.parametrize("format_", FORMATS)
def test_the_receiver_of_the_how_to_takes_every_format(project: Anymail, format_: str) -> None:
    raw = whole(of("mixed", (f"{PLAIN}\r\n{EIGHT_BIT}", REPLY.encode()), PDF), "Subject: Re: alt")
    for _ in range(2):
        to_anymail(project, format_).post(*posted(raw))
    first = printed(project)
    assert re.match(r"\S+ Jane Doe <jane\+home@example\.net> T-17 Neu: grün\.", first)
    assert first.endswith(" ['Q3 report.pdf']")
    assert ("alt" in first) == (format_ == "mailgun raw")
    assert printed(project) == first


def followed(name: str, url: str, folder: Path, secrets: dict[str, str]) -> CommandLine:
    """A mailpoll for which each command of a how-to was typed in `folder`; the application is at `url`."""
    for file, secret in secrets.items():
        (folder / file).write_text(secret)
        (folder / file).chmod(0o600)
    page = (HOW_TO / name).read_text().replace("https://app.example.com", url)
    mailpoll = CommandLine(folder)
    for block in re.findall(r"```sh\n(.*?)```", page, re.DOTALL):
        for line in re.findall(r"^mailpoll (.*)", block.replace("\\\n", " "), re.MULTILINE):
            mailpoll.ok(*shlex.split(line))
    [shown] = re.findall(r"```toml\n(.*?)```", page, re.DOTALL)
    written, wanted = (tomllib.loads(text)["destination"] for text in (mailpoll.config.read_text(), shown))
    assert {name: written[name] for name in wanted} == wanted
    return mailpoll


def test_the_commands_of_the_how_to_for_django_lead_there(
    project: Anymail, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    secrets = {"hook-password": anymail.PASSWORD, "hook-key": anymail.SIGNING_KEY}
    mailpoll = followed("webhook-django.md", f"http://localhost:{project.port}", tmp_path, secrets)
    mailpoll.ok("channel", "set", "support", "--to", "django-form")
    mailpoll.ok("channel", "test", "support")
    assert all(" mailpoll test <mailpoll-test@" in printed(project) for _ in range(2))


# -- Rails --------------------------------------------------------------------------------------------------------


def to_rails(ingress: ActionMailbox, **given: Any) -> Destination:
    login = {"username": action_mailbox.USERNAME, "password": SecretRef(env="rails")}
    return hook(given.pop("url", ingress.url), **{"format": "rfc822", **login, **given})


@pytest.mark.parametrize("raw", [*MAILS.values(), *HOSTILE.values()], ids=[*MAILS, *HOSTILE])
def test_the_relay_ingress_gets_the_mail_byte_for_byte(raw: bytes) -> None:
    with ActionMailbox() as ingress:
        to_rails(ingress).post(*posted(raw))
    assert ingress.received == [raw]


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"password": SecretRef(env="wrong")}, "401"),
        ({"username": None, "password": None}, "401"),
        ({"url": "/rails/action_mailbox/other"}, "404"),
    ],
)
def test_what_rails_refuses_pauses_the_destination(given: dict[str, Any], said: str) -> None:
    with ActionMailbox() as ingress:
        if "url" in given:
            given = {"url": ingress.url.replace(action_mailbox.PATH, given["url"])}
        with pytest.raises(DestinationRefused, match=said):
            to_rails(ingress, **given).post(*posted(MAILS["plain"]))
    assert ingress.received == []


def test_another_type_of_body_is_refused() -> None:
    with ActionMailbox() as ingress, pytest.raises(MessageError, match="415"):
        to_rails(ingress, format="mailpoll").post(*posted(MAILS["plain"]))


def test_a_mail_whose_bytes_are_gone_is_not_sent() -> None:
    from mailpoll.errors import PermanentFailure

    class Gone(Behind):
        def raw(self) -> Iterator[bytes]:
            raise PermanentFailure("the bytes of its mail were let go")

    post: Post = posted(MAILS["plain"])[0]
    with ActionMailbox() as ingress, pytest.raises(PermanentFailure, match="let go"):
        to_rails(ingress).post(post, Gone(b"", None))  # type: ignore[arg-type]
    assert ingress.received == []


def test_the_commands_of_the_how_to_for_rails_lead_there(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    with ActionMailbox() as ingress:
        url = ingress.url.removesuffix(action_mailbox.PATH)
        followed("webhook-rails.md", url, tmp_path, {"rails-password": action_mailbox.PASSWORD})
    [raw] = ingress.received
    assert raw.startswith(b"From: mailpoll test <mailpoll-test@")


# -- all of it --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("format_", ["postmark", "mailgun"])
def test_a_mail_that_is_received_arrives_in_django_by_way_of_the_reader(
    site: Anymail, tmp_path: Path, format_: str
) -> None:
    """From the bytes on standard input, by way of store and reader child."""
    for name, secret in (("password", anymail.PASSWORD), ("key", anymail.SIGNING_KEY)):
        (tmp_path / name).write_text(secret)
        (tmp_path / name).chmod(0o600)
    key = 'secret = { file = "key" }' if format_ == "mailgun" else ""
    mailpoll = CommandLine(
        tmp_path,
        f'[destination.django]\nkind = "webhook"\nurl = "{site.url(format_)}"\nformat = "{format_}"\n'
        f'username = "{anymail.USERNAME}"\npassword = {{ file = "password" }}\n{key}\n',
    )
    mailpoll("channel", "add", "support", "--to", "django", "--token", "support")
    address = "username+support.T-17@example.com"
    raw = MAILS["everything"].replace(ADDRESS.encode(), address.encode())
    assert mailpoll("receive", "-", input=raw).status == 0
    [said] = site.taken()
    assert (said["subject"], said["text"].strip(), said["envelope_recipient"]) == ("all", "Grüße", address)
    assert said_files(said["attachments"]) == files(raw, "attachment")
    assert said_files(list(said["inlines"].values())) == files(raw, "inline")
    if format_ == "postmark":
        assert said["request"]["MailboxHash"] == "T-17"
    assert [post["state"] for post in mailpoll("posts", "list", "--json").json] == ["delivered"]
