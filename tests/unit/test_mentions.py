"""Mentions in what strangers write: the rules of each service, applied to what compose makes of attacks on it."""

from __future__ import annotations

import html
import itertools
import re
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailpoll.compose import posts
from mailpoll.mentions import DIALECTS, added_to, joined, neutralised
from mailpoll.message import parse
from mailpoll.model import Limits, Options, Post, Route, Target

# What each server takes for a mention or a link with another text, as its source or its documentation says it, and
# rather too much than too little.
_RULES: dict[str, tuple[str, ...]] = {
    "zulip": (r"@_?\*\*[^*]+\*\*", r"@_?\*[^*]+\*", r"\A\s*/(?:me|poll|todo|rsvp)(?:\s|\Z)", r"@(?:all|everyone)\b"),
    "slack": (r"<[!@#][^>]*>", r"<[a-z]+:[^>|]*\|[^>]*>", r"(?i)@(?:here|channel|everyone)\b"),
    "discord": (r"@(?:everyone|here)", r"<@[!&]?\d+>"),
    "mattermost": (
        r"(?i)(?<![a-z0-9])@[a-z0-9]", r"(?i)@(?:all|here|channel)\b", r"<[!@][^>]*>", r"<[a-z0-9]{26}>",
        r"<[a-z]+:[^>|]*\|[^>]*>",
    ),
    "matrix": (
        r"(?i)@room\b", r"(?i)(?<![a-z0-9])@[a-z0-9._=/+-]+:[a-z0-9]", r"(?i)matrix\.to/(?:#|%23)/(?:@|%40)",
        r"(?i)matrix:u(?:ser)?/",
    ),
    "rocketchat": (r"(?i)(?<![a-z0-9])@[a-z0-9]", r"(?i)@(?:all|here)\b"),
    "telegram": (r"(?<![A-Za-z0-9_])@[A-Za-z0-9_]{2,32}", r"(?i)tg://user"),
    "teams": (r"(?i)</?at\b[^>]*>", r"(?i)<a\b[^>]*>"),
    "googlechat": (r"<users/[^>]*>", r"<[a-z]+:[^>|]*\|[^>]*>"),
}  # fmt: skip

ATTACKS: dict[str, tuple[str, ...]] = {
    "zulip": (
        "@**all**", "@**everyone**", "@**channel**", "@**stream**", "@**topic**", "@_**Jane Roe**", "@*backend*",
        "@_*backend*", "@**x|1**", "@**|12**", "(@**all**)", "'@**all**", "a\n@**all**", "@@**all**", "@all",
        "@\\*\\*all\\*\\*", "&#64;**all**", "@&ast;&ast;all&ast;&ast;", "/me gives up", "/poll Who?\nA", "/todo",
        "\n\n /poll x", "/rsvp x",
    ),
    "slack": (
        "<!channel>", "<!here>", "<!everyone>", "<!here|x>", "<@U123>", "<@W123|jane>", "<!subteam^S1>", "<#C1>",
        "<!subteam^S1|@ops>", "&lt;!channel&gt;", "&amp;lt;!channel&amp;gt;", "&#60;!here&#62;", "&#x3C;!here&#x3e;",
        "<&#33;channel>", "&LT;!here&GT;", "<\\!channel>", "<!date^1^{date}^https://evil.example|text>", "@here",
        "<http://evil.example|https://bank.example>", "<mailto:eve@evil.example|jane@bank.example>",
        "&lt;http://evil.example?a=1&amp;b=2|https://bank.example&gt;", "@CHANNEL", "<<!channel>",
    ),
    "discord": (
        "@everyone", "@here", "<@1>", "<@!1>", "<@&1>", "@everyonefoo", "x@everyone", "\\@everyone", "@\\everyone",
        "<\\@1>", "&lt;@&amp;1&gt;", "&commat;everyone", "&#64;here",
    ),
    "mattermost": (
        "@channel", "@all", "@here", "@jane", "@Jane.Roe", "foo.@channel", "foo-@all", "x:@here", "_@channel_", "é@all",
        "@@all", "@CHANNEL", "(@jane)", "<!channel>", "<!here>", "<@U1>", "<5fb5f7iw8tfrfcwssd1xmx3j7y>", "**@all**",
        "&commat;all", "<http://evil.example|https://bank.example>", "e\u0301@channel", "jane@all",
    ),
    "matrix": (
        "@room", "@ROOM", "@jane:example.com", "https://matrix.to/#/@jane:example.com",
        "https://matrix.to/#/%40jane%3Aexample.com", "HTTPS://MATRIX.TO/%23/@jane:example.com",
        "matrix:u/jane:example.com", "@room!", "x@room",
    ),
    "rocketchat": ("@all", "@here", "@jane", "@jane:example.com", ">@all", "@some-team"),
    "telegram": ("@username", "(@username)", "tg://user?id=1", "[x](TG://user?id=1)", "-@username"),
    "teams": ("<at>Jane</at>", "<AT id='1'>x</AT>", "&lt;at&gt;x&lt;/at&gt;", '<a href="http://evil.example">x</a>'),
    "googlechat": ("<users/all>", "<users/123>", "&lt;users/all&gt;", "<http://evil.example|https://bank.example>"),
}  # fmt: skip
PREFIXES = ("@", "<", "&", "&lt;", "@*", "@_", "<!", "/", "  ", "**Mail** @", "x@", "&#64", "\\", "")
CASES = [(dialect, attack) for dialect, attacks in ATTACKS.items() for attack in attacks]


def rings(text: str, dialect: str) -> list[str]:
    """What a server finds, in the text as it is, with character references undone, and without backslashes."""
    forms = [text]
    for _ in range(4):
        forms.append(html.unescape(forms[-1]))
    forms += [form.replace("\\", "") for form in forms]
    found = [found[0] for form in forms for rule in _RULES[dialect] for found in re.finditer(rule, form)]
    return [each for each in found if "\u200b" not in each]  # nobody and no group has such a name


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
@pytest.mark.parametrize("where", ["body", "html", "subject", "sender", "file"])
def test_from_no_part_of_a_mail(dialect: str, attack: str, where: str) -> None:
    line = " ".join(attack.split())
    name = line.replace("\\", "\\\\").replace('"', '\\"')
    mail = {
        "body": f"Subject: x\n\n{attack}\n",
        "html": f"Content-Type: text/html; charset=utf-8\n\n<p>{html.escape(attack)}</p><div>{attack}</div>",
        "subject": f"Subject: {line}\n\nhello",
        "sender": f'From: "{name}" <eve@example.com>\nSubject: x\n\nhello',
        "file": (
            f"Content-Type: multipart/mixed; boundary=b\n\n--b\n\nsee\n--b\n"
            f'Content-Type: image/png; name="{name}"\n\nx\n--b--\n'
        ),
    }[where]
    made = post(mail.encode(), dialect)
    assert (rings(made.body, dialect), rings(f"# {made.topic}", dialect)) == ([], [])  # no topic is a command


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
