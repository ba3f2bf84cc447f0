"""The formats of web hooks, field by field, as their services document them; templates; what answers mean to each."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import re
import tomllib
from collections.abc import Iterator
from email import message_from_bytes, policy
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs

import pytest
from msgspec.structs import replace
from servers.http_receiver import Answer, Receiver, Request
from support.hooks import ADDRESS, PNG, Behind, mail, posted

from mailpoll import compose, config, message
from mailpoll.commands.config import toml_lines
from mailpoll.delivery import Destination
from mailpoll.destinations import limits_of, make
from mailpoll.destinations.webhook import WebhookDestination
from mailpoll.errors import ConfigError, DestinationRefused, Later, MessageError, PermanentFailure, Unreadable
from mailpoll.model import Limits, Original, Route, Target
from mailpoll.settings import SecretRef, Settings, WebhookSettings

KEY = "canary5f2e-signing"
MAIL = mail(
    b"--b\r\nContent-Type: multipart/alternative; boundary=a\r\n\r\n--a\r\nContent-Type: text/plain\r\n\r\n"
    b"New.\r\n\r\nOn Monday, Bob <bob@example.org> wrote:\r\n> old\r\n--a\r\nContent-Type: text/html\r\n\r\n"
    b'<p>New.</p><img src="cid:i@x">\r\n--a--\r\n--b\r\nContent-Type: image/png; name="a \\"b\\".png"\r\n'
    b"Content-ID: <i@x>\r\nContent-Transfer-Encoding: base64\r\n\r\n" + base64.b64encode(PNG) + b"\r\n--b\r\n"
    b"Content-Type: text/csv; name=t.csv\r\nContent-ID: <shown-nowhere@x>\r\n\r\n1,2\r\n--b--\r\n",
    'From: "Doe, Jane" <jane+home@example.net>',
    f"To: Support <{ADDRESS}>",
    'Cc: "odd one"@example.org, x@example.org',
    "Reply-To: replies@example.net",
    "Subject: Re: old",
    "In-Reply-To: <m0@example.com>",
    "Content-Type: multipart/related; boundary=b",
)


def hook(url: str, **given: Any) -> Destination:
    section = WebhookSettings(url=url, **given)
    made: Destination = make("hook", Settings(destination={"hook": section}), lambda ref, about: KEY)
    return made


def sent(raw: bytes = MAIL, **given: Any) -> Request:
    """The request that a mail becomes."""
    with Receiver() as receiver:
        hook(receiver.url, **given).post(*posted(raw))
    [request] = receiver.requests
    assert request.headers["idempotency-key"] == "k-1"
    return request


def form(request: Request) -> dict[str, Any]:
    """The fields of a form; files as (name, type, octets)."""
    if request.headers["content-type"] == "application/x-www-form-urlencoded":
        fields = parse_qs(request.body.decode("ascii"), keep_blank_values=True, strict_parsing=True)
        assert all(len(values) == 1 for values in fields.values())
        return {name: values[0] for name, values in fields.items()}
    head = f"Content-Type: {request.headers['content-type']}\r\n\r\n".encode()
    found: dict[str, Any] = {}
    for part in message_from_bytes(head + request.body, policy=policy.HTTP).iter_parts():  # type: ignore[attr-defined]
        name = part.get_param("name", header="content-disposition")
        octets = part.get_payload(decode=True)
        assert name not in found
        found[name] = (part.get_filename(), part.get_content_type(), octets) if part.get_filename() else octets.decode()
    return found


def mailgun(**given: Any) -> dict[str, Any]:
    return {"format": "mailgun", "secret": SecretRef(env="X"), **given}


# -- postmark ---------------------------------------------------------------------------------------------------------


def test_postmarks_json_has_every_field_it_documents() -> None:
    request = sent(format="postmark", secret=SecretRef(env="X"))
    assert request.headers["content-type"] == "application/json"
    assert request.headers["mailpoll-signature"].startswith("t=")
    said = request.json
    ours = {"Email": ADDRESS, "Name": "Support", "MailboxHash": "T-17"}
    assert said.pop("Headers")[:2] == [
        {"Name": "Return-Path", "Value": "<bounces@example.net>"},
        {"Name": "Delivered-To", "Value": "bot@example.com"},
    ]
    assert said == {
        "FromName": "Doe, Jane",
        "MessageStream": "inbound",
        "From": "jane+home@example.net",
        "FromFull": {"Email": "jane+home@example.net", "Name": "Doe, Jane", "MailboxHash": "home"},
        "To": f"Support <{ADDRESS}>",
        "ToFull": [ours],
        "Cc": '"odd one"@example.org, x@example.org',
        "CcFull": [
            {"Email": '"odd one"@example.org', "Name": "", "MailboxHash": ""},
            {"Email": "x@example.org", "Name": "", "MailboxHash": ""},
        ],
        "Bcc": "",
        "BccFull": [],
        "OriginalRecipient": ADDRESS,
        "Subject": "Re: old",
        "MessageID": said["MessageID"],
        "ReplyTo": "replies@example.net",
        "MailboxHash": "T-17",
        "Date": "Fri, 06 Nov 2026 09:00:00 +0100",
        "TextBody": "New.\n\nOn Monday, Bob <bob@example.org> wrote:\n> old",
        "HtmlBody": '<p>New.</p><img src="cid:i@x">',
        "StrippedTextReply": "New.",
        "Tag": "",
        "Attachments": [
            {"Name": 'a "b".png', "ContentType": "image/png", "ContentLength": len(PNG), "ContentID": "i@x",
             "Content": base64.b64encode(PNG).decode()},
            {"Name": "t.csv", "ContentType": "text/csv", "ContentLength": 3, "Content": "MSwy"},
        ],
    }  # fmt: skip
    assert sent(format="postmark").json["MessageID"] == said["MessageID"]


def test_postmarks_headers_are_those_of_the_mail_in_order_but_for_what_has_a_field() -> None:
    names = [field["Name"] for field in sent(format="postmark").json["Headers"]]
    assert names == ["Return-Path", "Delivered-To", "Received", "Received", "Message-ID", "MIME-Version", "In-Reply-To"]


def test_without_a_tag_the_mailbox_hash_is_what_stands_behind_the_plus() -> None:
    with Receiver() as receiver:
        hook(receiver.url, format="postmark").post(*posted(MAIL, tag=""))
    said = receiver.requests[0].json
    assert said["MailboxHash"] == said["ToFull"][0]["MailboxHash"] == "support.T-17"


def test_raw_email_is_the_mail_in_ascii() -> None:
    assert "RawEmail" not in sent(format="postmark").json
    assert sent(format="postmark", raw_email=True).json["RawEmail"] == MAIL.decode("ascii")
    assert sent(mail("ü", "Subject: ü"), format="postmark", raw_email=True).json["RawEmail"].isascii()


# -- mailgun ----------------------------------------------------------------------------------------------------------


def test_mailguns_form_has_every_field_it_documents() -> None:
    request = sent(**mailgun())
    assert request.headers["content-type"].startswith("multipart/form-data; boundary=")
    assert "mailpoll-signature" not in request.headers
    said = form(request)
    headers = json.loads(said.pop("message-headers"))
    assert headers[:2] == [["X-Envelope-From", "<bounces@example.net>"], ["Return-Path", "<bounces@example.net>"]]
    assert {"Message-Id", "Mime-Version"} < {name for name, _ in headers}
    timestamp, token, signature = (said.pop(name) for name in ("timestamp", "token", "signature"))
    assert (len(token), timestamp.isdigit()) == (50, True)
    assert signature == hmac.new(KEY.encode(), (timestamp + token).encode(), hashlib.sha256).hexdigest()
    assert said == {
        "recipient": ADDRESS,
        "sender": "bounces@example.net",
        "from": '"Doe, Jane" <jane+home@example.net>',
        "subject": "Re: old",
        "body-plain": "New.\n\nOn Monday, Bob <bob@example.org> wrote:\n> old",
        "stripped-text": "New.",
        "body-html": '<p>New.</p><img src="cid:i@x">',
        "stripped-html": "<p>New.</p>",
        "X-Envelope-From": "<bounces@example.net>",
        "Delivered-To": "bot@example.com",
        "Received": "from mx.example.net by mail.example.com; Fri, 6 Nov 2026 09:00:02 +0100",
        "Date": "Fri, 6 Nov 2026 09:00:00 +0100",
        "Mime-Version": "1.0",
        "Content-Type": "multipart/related; boundary=b",
        "Subject": "Re: old",
        "From": '"Doe, Jane" <jane+home@example.net>',
        "To": f"Support <{ADDRESS}>",
        "Cc": '"odd one"@example.org, x@example.org',
        "Reply-To": "replies@example.net",
        "In-Reply-To": "<m0@example.com>",
        "Message-Id": "<m1@example.net>",
        "attachment-count": "2",
        "content-id-map": '{"<i@x>": "attachment-1"}',
        "attachment-1": ("a %22b%22.png", "image/png", PNG),
        "attachment-2": ("t.csv", "text/csv", b"1,2"),
    }


def test_without_files_the_form_is_urlencoded() -> None:
    said = form(sent(mail("Grüße & =\n", "From: j@example.net", f"To: {ADDRESS}"), **mailgun()))
    assert (said["body-plain"], "attachment-count" in said, "body-html" in said) == ("Grüße & =\n", False, False)


def test_of_a_mail_in_html_alone_the_new_text_is_html_too() -> None:
    said = form(sent(mail("<p>a <b>b</b> &lt;i&gt;</p>", f"To: {ADDRESS}", "Content-Type: text/html"), **mailgun()))
    assert (said["stripped-text"], said["stripped-html"]) == ("a **b** <i>", "<p>a <strong>b</strong> &lt;i&gt;</p>")


def test_each_attempt_is_signed_anew() -> None:
    moments, tokens = iter([1000.5, 2000.0]), iter(["a" * 50, "b" * 50])
    with Receiver() as receiver:
        made = WebhookDestination("hook", WebhookSettings(url=receiver.url, **mailgun()), lambda *_: KEY,
                                  clock=lambda: next(moments), token=lambda: next(tokens))  # fmt: skip
        for _ in range(2):
            made.post(*posted(MAIL))
    signed = [(said["timestamp"], said["token"]) for said in map(form, receiver.requests)]
    assert signed == [("1000", "a" * 50), ("2000", "b" * 50)]
    assert {request.headers["idempotency-key"] for request in receiver.requests} == {"k-1"}


def test_no_field_has_a_name_that_a_mail_chose() -> None:
    raw = mail("x", f"To: {ADDRESS}", "attachments: []", "signature: x", "event: delivered", "X-Mine: x")
    assert not {"attachments", "event", "X-Mine"} & form(sent(raw, **mailgun())).keys()


def test_where_the_url_ends_with_mime_the_form_has_the_mail_instead_of_its_parts() -> None:
    with Receiver() as receiver:
        for path, given in (("inbound", mailgun(raw_email=True)), ("inbound_mime/", mailgun()),
                            ("mime", mailgun(raw_email=False))):  # fmt: skip
            hook(f"{receiver.url}/{path}", **given).post(*posted(MAIL))
    said, by_url, parsed = map(form, receiver.requests)
    assert (by_url.keys() == said.keys(), "body-mime" in parsed) == (True, False)
    assert said["body-mime"] == MAIL.decode("ascii")
    assert sorted(said) == ["body-mime", "from", "recipient", "sender", "signature", "subject", "timestamp", "token"]


@pytest.mark.parametrize("given", [{"format": "postmark"}, mailgun()])
def test_an_address_in_quotation_marks_stays_the_one_it_is(given: dict[str, Any]) -> None:
    request = sent(mail("x", 'From: Jo <"jo doe"@example.net>', f"To: {ADDRESS}"), **given)
    said = request.json if "json" in request.headers["content-type"] else form(request)
    assert said.get("From") in ('"jo doe"@example.net', 'Jo <"jo doe"@example.net>')
    assert said.get("from", 'Jo <"jo doe"@example.net>') == 'Jo <"jo doe"@example.net>'


# -- every format -----------------------------------------------------------------------------------------------------


EVIL = 'a\r\nContent-Type: evil\r\n\r\n--\x00\u2028"; filename="x"\ud800&signature=x'


@pytest.mark.parametrize(
    "given", [{"format": "postmark"}, mailgun(), {"template": {"text": "{sender} {tag} {address}"}}]
)
def test_no_value_of_a_stranger_begins_a_field_of_its_own(given: dict[str, Any]) -> None:
    named = dict.fromkeys(("subject", "sender", "message_id", "address", "tag", "topic", "body"), EVIL)
    post, _ = posted(MAIL, **{key: value for key, value in named.items() if key not in ("address", "tag")})
    post = replace(post, address=EVIL, tag=EVIL)
    with Receiver() as receiver:
        hook(receiver.url, **given).post(post, Unread(MAIL, None))  # type: ignore[arg-type]
    [request] = receiver.requests
    assert "evil" not in str(request.headers)
    if given.get("format") == "mailgun":
        said = form(request)
        assert (len(said["signature"]), said["recipient"].count("signature=x")) == (64, 1)
    else:
        assert "Content-Type: evil" in str(request.json)


class Unread(Behind):
    """A mail that no second reading survives."""

    def original(self) -> Original:
        raise Unreadable("it took more memory than allowed")

    def seven_bit(self) -> Iterator[bytes]:
        raise Unreadable("it took more memory than allowed")

    def part(self, number: int) -> Iterator[bytes]:
        raise Unreadable("it took more memory than allowed")


@pytest.mark.parametrize("raw_email", [False, True])
def test_a_mail_that_cannot_be_read_again_is_told_as_far_as_its_post_knows_it(raw_email: bool) -> None:
    post, _ = posted(MAIL)
    with Receiver() as receiver:
        for given in ({"format": "postmark"}, mailgun()):
            hook(receiver.url, raw_email=raw_email, **given).post(post, Unread(MAIL, None))  # type: ignore[arg-type]
    told, said = receiver.requests[0].json, form(receiver.requests[1])
    assert (told["From"], told["Subject"], told["TextBody"]) == ("jane+home@example.net", "Re: old", post.body)
    assert ("RawEmail" in told, told["Attachments"]) == (False, [])
    assert told["Headers"][-1]["Name"] == "X-Mailpoll-Left-Out"
    assert told["Headers"][-1]["Value"].endswith("3 bytes): it took more memory than allowed")
    assert (said["subject"], said["body-plain"], said["Message-Id"]) == ("Re: old", post.body, "<m1@example.net>")


MEANINGS: list[tuple[str, int, type[MessageError]]] = [
    ("mailpoll", 400, PermanentFailure),
    ("mailpoll", 403, DestinationRefused),
    ("postmark", 400, Later),
    ("postmark", 403, PermanentFailure),
    ("postmark", 401, DestinationRefused),
    ("postmark", 500, Later),
    ("mailgun", 400, Later),
    ("mailgun", 406, PermanentFailure),
    ("mailgun", 403, DestinationRefused),
    ("rfc822", 415, PermanentFailure),
    ("rfc822", 404, DestinationRefused),
]


@pytest.mark.parametrize(("format_", "status", "outcome"), MEANINGS)
def test_answers_mean_what_they_mean_to_the_service(format_: str, status: int, outcome: type[MessageError]) -> None:
    key = {"secret": SecretRef(env="X")} if format_ == "mailgun" else {}
    with Receiver(status) as receiver, pytest.raises(MessageError) as caught:
        hook(receiver.url, format=format_, **key).post(*posted(MAIL))
    assert type(caught.value) is outcome


def test_no_redirect_is_followed() -> None:
    with Receiver() as other, Receiver(Answer(307, {"Location": other.url})) as receiver:
        for given in ({"format": "postmark"}, mailgun(), {"format": "rfc822"}):
            with pytest.raises(DestinationRefused, match="moved"):
                hook(receiver.url, **given).post(*posted(MAIL))
    assert other.requests == []


def test_a_url_may_be_a_secret() -> None:
    with Receiver() as receiver:
        settings = Settings(destination={"hook": WebhookSettings(url=SecretRef(env="X"))})
        made = make("hook", settings, lambda ref, about: f"{receiver.url}/canary5f2e-path")
        made.post(*posted(MAIL))
        assert receiver.requests[0].path == "/canary5f2e-path"
        assert "canary" not in str(made.check())
    with pytest.raises(ConfigError, match=r"destination\.hook\.url: everybody on the way can read http"):
        make("hook", settings, lambda ref, about: "http://h.example/canary5f2e-path")


# -- templates --------------------------------------------------------------------------------------------------------

TELEGRAM = {"chat_id": -100123, "text": "{topic}\n\n{body}", "link_preview_options": {"is_disabled": True}}


def test_a_template_is_what_is_sent() -> None:
    request = sent(template=TELEGRAM, mentions="telegram")
    post = posted(MAIL)[0]
    assert request.json == {**TELEGRAM, "text": f"{post.topic}\n\n{post.body}"}
    assert request.headers["content-type"] == "application/json"


HTML = mail("<h1>Head</h1><p><b>Bold</b> <a href='https://x.example/?a=1&amp;b=2'>words</a>, R&amp;D</p>",
            "From: a@example.net", "Subject: Alert", "Content-Type: text/html")  # fmt: skip
MARKED = "# Head\n\n**Bold** [words](https://x.example/?a=1&b=2), R&D"
PLAIN = "Head\n\nBold words (https://x.example/?a=1&b=2), R&D"
# The chats of the how-to in their order: what a message of each may have, and what it is to show of the mail above.
CHATS: list[tuple[str, int, list[str]]] = [
    ("googlechat", 4096, [f"*Alert*\n\n{PLAIN}"]),
    ("rocketchat", 5000, [f"*Alert*\n\n{MARKED}"]),
    ("telegram", 4096 + 120, [f"Alert\n\n{PLAIN}"]),
    ("teams", 28_000, ["Alert", MARKED]),
]


def texts(value: Any) -> Iterator[str]:
    """What stands under "text", wherever it does."""
    for name, each in value.items() if isinstance(value, dict) else enumerate(value):
        if name == "text":
            yield each
        elif isinstance(each, dict | list):
            yield from texts(each)


@pytest.mark.parametrize("chat", CHATS, ids=[chat[0] for chat in CHATS])
def test_the_templates_of_the_how_to_are_configurations_and_look_right(
    tmp_path: Path, chat: tuple[str, int, list[str]]
) -> None:
    mentions, limit, shown = chat
    page = (Path(__file__).resolve().parents[2] / "docs/how-to/chat-templates.md").read_text()
    text = re.findall(r"```toml\n(.*?)```", page, re.DOTALL)[CHATS.index(chat)]
    path = tmp_path / "config.toml"
    path.write_text(text)
    settings = config.load(path)
    assert tomllib.loads("\n".join(toml_lines(config.effective(settings))))["destination"].keys() == {"chat"}
    section = settings.destination["chat"]
    assert isinstance(section, WebhookSettings)
    assert section.mentions == mentions
    route = Route("support", (Target("chat", limits=limits_of("chat", settings)),))
    [post] = compose.posts(message.parse(HTML), [route])
    longest = replace(post, topic="漢" * (section.max_topic or 0), body="漢" * (section.max_body or 0))
    with Receiver() as receiver:
        made = make("chat", settings, lambda ref, about: receiver.url)
        made.post(post, None)
        made.post(longest, None)
    said, most = receiver.requests
    assert list(texts(said.json)) == shown
    assert sum(each.count("漢") for each in texts(most.json)) == len(longest.topic + longest.body)
    assert (len(most.body) if mentions == "teams" else sum(map(len, texts(most.json)))) <= limit


def test_a_template_has_the_limits_of_the_chat_behind_it() -> None:
    hook_ = WebhookSettings(
        url="https://h.example", template=TELEGRAM, mentions="telegram", max_topic=100, max_body=3500, markup="plain"
    )
    assert limits_of("a", Settings(destination={"a": hook_})) == replace(
        Limits(), topic=100, body=3500, files=False, mentions="telegram", markup="plain", overflow="cut"
    )
