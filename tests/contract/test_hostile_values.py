"""Values that strangers choose, on their way through real destinations: none begins a header field, a variable, an
argument, a file or a line of its own, and none is taken for a mark of ours."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from msgspec.structs import replace
from servers.http_receiver import Receiver

from mailpoll.compose import posts
from mailpoll.destinations.command import CommandDestination, facts
from mailpoll.destinations.webhook import WebhookDestination
from mailpoll.message import parse
from mailpoll.model import Options, Post, Route, Target
from mailpoll.settings import CommandSettings, WebhookSettings

EVIL = (
    "a\r\nIdempotency-Key: evil\r\nMailpoll-Signature: evil\x00\n\x1b]0;x\x07\u2028\u202e\ud800"
    '"$(touch pwned)`;"},"key":"x'
)
# The variables that a program of ours gets, and no other of MAILPOLL's.
NAMES = {f"MAILPOLL_{name}" for name in ("CHANNEL", "PLACE", "TOPIC", "SUBJECT", "FROM", "ADDRESS", "TAG", "MESSAGE_ID",
                                         "AUTOMATIC", "KEY", "BODY")}  # fmt: skip

MAIL = (
    'From: "=?utf-8?q?a=0D=0AX-Mailpoll:_evil=00=1B[2K?= b" <eve\x01=0d@example.com>\r\n'
    "Subject: =?utf-8?q?hello=0D=0AIdempotency-Key:_evil=00=E2=80=AE?=\r\n"
    "Message-ID: <a\x0b\x1b\x7f\u2028b@example.com>\r\n"
    "In-Reply-To: <c\x00d@x>\r\nReferences: <e\x1b@x> <f\x85@x>\r\n"
    "X-Mailpoll: forged\r\nX-Mailpoll-Key: forged\r\nX-Mailpoll-Channel: other\r\nIdempotency-Key: forged\r\n"
    "MAILPOLL_CHANNEL: other\r\nAuto-Submitted: auto-generated\r\n"
    "Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\n\r\n"
    'MAILPOLL_CHANNEL=other\nX-Mailpoll: evil\n","key":"evil","channel":"other\n\x1b[2K\r\n--b\r\n'
    "Content-Type: image/png; name*=utf-8''..%2F..%2Fetc%2Fpasswd%0D%0Ax%00\r\nContent-ID: <../../x\x1b>\r\n\r\n"
    "QUJD\r\n--b--\r\n"
).encode()


class Content:
    """A mail whose parts are all the same."""

    def raw(self) -> Iterator[bytes]:
        yield MAIL

    def part(self, number: int) -> Iterator[bytes]:
        yield b"part %d" % number


def every_field(value: str) -> Post:
    """A post that no compose would make: each of its texts is `value`."""
    named = dict.fromkeys(("subject", "sender", "message_id", "address", "tag", "automatic"), value)
    post = Post("team", "hook", value, value, value, in_reply_to=(value,), references=(value,), key="our-key")
    return replace(post, **named)  # type: ignore[arg-type]


def composed() -> Post:
    route = Route("team", (Target("hook"),), tag=EVIL, address=f"username+{EVIL}@example.com", options=Options(True))
    return posts(parse(MAIL), [route])[0]


@pytest.mark.parametrize(
    "post", [every_field(EVIL), every_field(EVIL * 1_000), composed()], ids=["evil", "long", "mail"]
)
def test_a_web_hook_gets_them_as_json_and_nowhere_else(post: Post) -> None:
    with Receiver() as receiver:
        url = f"{receiver.url}/inbound"
        WebhookDestination("hook", WebhookSettings(url=url), lambda *_: "").post(post, Content())
        [request] = receiver.requests
    names = {name.lower() for name in request.headers}
    assert names <= {"host", "accept-encoding", "content-length", "content-type", "user-agent", "idempotency-key"}
    assert "evil" not in str(request.headers)
    assert request.path == "/inbound"
    said = json.loads(request.body)
    assert (said["channel"], said["key"]) == (post.channel, post.key)


def test_what_compose_makes_of_a_mail_has_no_control_characters() -> None:
    post = composed()
    shown = [post.topic, post.subject, post.sender, post.message_id, post.tag, post.address, post.automatic]
    shown += [
        *post.in_reply_to,
        *post.references,
        *(text for f in post.attachments for text in (f.name, f.type, f.content_id)),
    ]
    for text in shown:
        assert not any(ord(c) < 32 or 127 <= ord(c) < 160 or c in "\u2028\u202e" for c in text), ascii(text)
    assert not set(post.body) & set("\x00\x1b\r\u202e")
    assert (post.channel, post.key) == ("team", "")
    assert all("/" not in file.name for file in post.attachments)


@pytest.mark.parametrize("post", [every_field(EVIL), composed()], ids=["evil", "mail"])
def test_a_program_gets_them_as_values_of_variables_and_nowhere_else(post: Post, tmp_path: Path) -> None:
    out = tmp_path / "out"
    code = (
        "import os, sys, json; "
        f"json.dump([sys.argv[1:], {{k: v for k, v in os.environ.items()}}, os.listdir('.')], open({str(out)!r}, 'w'))"
    )
    command = (sys.executable, "-c", code, "one argument")
    CommandDestination("run", CommandSettings(command=command)).post(post, Content())
    arguments, environment, _ = json.loads(out.read_text())
    assert arguments == ["one argument"]
    assert {name for name in environment if name.startswith(("MAILPOLL", "X-"))} == NAMES
    assert environment["MAILPOLL_CHANNEL"] == "team"
    assert environment["MAILPOLL_KEY"] == post.key
    for name in NAMES - {"MAILPOLL_BODY"}:
        assert "\n" not in environment[name]
    assert not os.path.exists("/pwned")
    assert os.listdir(tmp_path) == ["out"]


def test_every_fact_fits_into_an_environment() -> None:
    for text in facts(every_field(EVIL * 10_000)).values():
        assert "\0" not in text
        assert "\r" not in text
        text.encode()
