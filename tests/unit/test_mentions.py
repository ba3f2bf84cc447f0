"""Mentions in what strangers write: the rules of each service, applied to what compose makes of attacks on it."""

from __future__ import annotations

import html
import itertools
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.mentions import ATTACKS, rings

from mailpoll.compose import posts
from mailpoll.mentions import DIALECTS, added_to, joined, neutralised
from mailpoll.message import parse
from mailpoll.model import Limits, Options, Post, Route, Target

PREFIXES = ("@", "<", "&", "&lt;", "@*", "@_", "<!", "/", "  ", "**Mail** @", "x@", "&#64", "\\", "")
CASES = [(dialect, attack) for dialect, attacks in ATTACKS.items() for attack in attacks]


def post(mail: bytes, dialect: str, *, prefix: str = "", topic: str | None = None, limit: int | None = None) -> Post:
    limits = Limits(body=limit, topic=60, mentions=dialect)
    route = Route("team", (Target("chat", limits=limits),), topic=topic, prefix=prefix, options=Options(True))
    (only,) = posts(parse(mail), [route], message_ref="message 7")
    return only


def shown(text: str) -> str:
    return text.replace("\u200b", "")


@pytest.mark.parametrize(("dialect", "attack"), CASES)
def test_the_rules_of_the_service_find_the_attack(dialect: str, attack: str) -> None:
    assert rings(attack, dialect), "a table of attacks that are none shows nothing"


@pytest.mark.parametrize(("dialect", "attack"), CASES)
def test_an_attack_rings_for_nobody_and_reads_the_same(dialect: str, attack: str) -> None:
    for text in (attack, f"Hello {attack}, see", f"{attack}{attack}", f"> {attack}", f"`{attack}`"):
        safe = joined("", neutralised(text, dialect), dialect)
        assert (rings(safe, dialect), shown(safe)) == ([], text)


@pytest.mark.parametrize(("dialect", "attack"), CASES)
def test_from_no_part_of_a_mail(dialect: str, attack: str) -> None:
    line = " ".join(attack.split())
    name = line.replace("\\", "\\\\").replace('"', '\\"')
    mails = {
        "body": f"Subject: x\n\n{attack}\n",
        "html": f"Content-Type: text/html; charset=utf-8\n\n<p>{html.escape(attack)}</p><div>{attack}</div>",
        "subject": f"Subject: {line}\n\nhello",
        "sender": f'From: "{name}" <eve@example.com>\nSubject: x\n\nhello',
        "file": (
            f"Content-Type: multipart/mixed; boundary=b\n\n--b\n\nsee\n--b\n"
            f'Content-Type: image/png; name="{name}"\n\nx\n--b--\n'
        ),
    }
    for where, mail in mails.items():
        made = post(mail.encode(), dialect)
        rung = rings(made.body, dialect), rings(f"# {made.topic}", dialect)  # no topic is a command
        assert rung == ([], []), where


@pytest.mark.parametrize(("dialect", "attack"), CASES)
def test_a_prefix_and_a_body_make_no_mention_together(dialect: str, attack: str) -> None:
    for prefix, cut in itertools.product(PREFIXES, range(min(4, len(attack)))):
        body = neutralised(attack[cut:], dialect)
        whole = joined(prefix, body, dialect)
        assert whole.startswith(prefix)
        assert len(whole) <= added_to(prefix, dialect) + len(body)
        assert rings(whole, dialect) == []


@pytest.mark.parametrize(
    ("dialect", "prefix"),
    [("zulip", "@**oncall** "), ("slack", "<!here> "), ("zulip", "/me says: "), ("discord", "<@&1>\n")],
)
def test_what_the_owner_of_a_channel_writes_before_its_mail_is_left_alone(dialect: str, prefix: str) -> None:
    made = post(b"From: jane@example.com\nSubject: x\n\nAt noon? @**all** <!here> <@1>", dialect, prefix=prefix)
    assert made.body.startswith(prefix + "**From:** jane@example.com\n\nAt noon?")
    assert rings(made.body[len(prefix) :], dialect) == []


@pytest.mark.parametrize("dialect", sorted(ATTACKS))
def test_no_cut_makes_a_mention(dialect: str) -> None:
    words = "x".join(ATTACKS[dialect]).replace("\n", " ")
    for limit in range(300, 340):
        made = post(b"Subject: x\n\n" + (words * 4).encode(), dialect, limit=limit)
        assert len(made.body) <= limit
        assert rings(made.body, dialect) == []


@pytest.mark.parametrize(
    ("dialect", "text"),
    [
        ("mattermost", "write to jane@example.com or j.r+x_9@mail.example.co.uk"),
        ("rocketchat", "jane@example.com"),
        ("telegram", "jane@example.com"),
        ("matrix", "jane@example.com: hello"),
        ("zulip", "#**channel** and jane@example.com, 5 @ 3 €, /var/log/syslog"),
        ("slack", "a < b && c > d, x <- y, jane@example.com, <https://example.com>"),
        ("discord", "jane@example.com <3 <:smile:1>"),
        ("teams", "a < b, <b>x</b> <table> <atomic>"),
        ("googlechat", "a < b <https://example.com>"),
        ("zulip", "/media/disk is full"),
        ("none", "@everyone <!channel> @**all**"),
        ("ntfy", "@everyone"),
    ],
)
def test_what_is_no_mention_can_be_copied(dialect: str, text: str) -> None:
    assert joined("", neutralised(text, dialect), dialect) == text


PIECES = [*"@<>!#&;*_:/|\\ a1", "&lt;", "&amp;", "all", "room", "users/", "at"]


@given(st.sampled_from(sorted(DIALECTS)), st.lists(st.sampled_from(PIECES)))
def test_any_text_rings_for_nobody_and_is_done_after_once(dialect: str, pieces: list[str]) -> None:
    text = "".join(pieces)
    safe = joined("", neutralised(text, dialect), dialect)
    assert shown(safe) == text
    assert rings(safe, dialect) == []
    assert neutralised(safe, dialect) == safe


UNITS = ["@", "<", "&", "&amp;", "&lt;", "<http:", "&lt;http:", "@\\", "@a:", "&#0", "<http:&", "a@b ", "@" + "a" * 254]


@pytest.mark.parametrize("dialect", sorted(DIALECTS))
def test_a_megabyte_takes_no_time(dialect: str) -> None:
    for unit in UNITS:
        text = (unit * (1_000_000 // len(unit) + 1))[:1_000_000]
        start = time.process_time()
        neutralised(text, dialect)
        assert time.process_time() - start < 2, unit  # the square of it would be hours
