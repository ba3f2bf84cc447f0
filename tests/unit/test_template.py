"""template.py: JSON of somebody's own, filled with what strangers wrote."""

from __future__ import annotations

import json
from typing import Any

import pytest

from mailpoll.model import Post
from mailpoll.template import NAMES, filled, problems, values_of

BREAK = "\u200b"


def values(**given: str) -> dict[str, str]:
    return {**dict.fromkeys(NAMES, ""), **given}


@pytest.mark.parametrize(
    ("template", "result"),
    [
        ({"text": "{topic}: {body}"}, {"text": "T: B"}),
        ({"a": [{"b": "{topic}"}, 1, True, 2.5]}, {"a": [{"b": "T"}, 1, True, 2.5]}),
        ({"{topic}": "x"}, {"{topic}": "x"}),
        ({"text": "{{topic}} {{{topic}}}"}, {"text": "{topic} {T}"}),
        ({"text": ""}, {"text": ""}),
    ],
)
def test_placeholders_in_texts_are_filled(template: Any, result: Any) -> None:
    assert filled(template, values(topic="T", body="B"), "none") == result


def test_a_value_is_a_text_whatever_is_in_it() -> None:
    evil = '"}, {"x": "{body}{{key}}\\ \n\u2028\x00'
    result = filled({"text": "{topic}|{body}"}, values(topic=evil, body="B", key="k"), "none")
    assert json.loads(json.dumps(result)) == {"text": f"{evil}|B"}


@pytest.mark.parametrize(
    ("template", "said"),
    [
        ({"text": "{url}"}, "x.text: {url} is no placeholder. Write one of {topic}, {body}"),
        ({"a": [{"b": "{0}"}]}, "x.a[0].b: {0} is no placeholder"),
        ({"text": "{topic.x}"}, "x.text: {topic.x} is no placeholder"),
        ({"text": "{topic!r:>9}"}, "is no placeholder"),
        ({"text": "{ topic }"}, "is no placeholder"),
        ({"text": "{topic"}, "x.text: has a lone {. Write {{"),
        ({"text": "topic}"}, "x.text: has a lone }. Write }}"),
        ({"when": __import__("datetime").date(2026, 1, 1)}, "x.when: JSON has no dates"),
    ],
)
def test_what_cannot_be_filled_is_named(template: Any, said: str) -> None:
    [problem] = problems(template, "x")
    assert said in problem


def test_every_placeholder_is_known_and_has_a_value() -> None:
    assert not list(problems({"text": "".join(f"{{{name}}}" for name in NAMES)}, "x"))
    assert set(values_of(Post("c", "d", "", "t", "b"), "none")) == set(NAMES)


@pytest.mark.parametrize(
    ("text", "given", "dialect", "result"),
    [
        ("{subject}", {"subject": "@everyone"}, "slack", f"@{BREAK}everyone"),
        ("{tag}{subject}", {"tag": "@", "subject": "everyone"}, "slack", f"@{BREAK}everyone"),
        ("{tag}{subject}", {"tag": "@every", "subject": "one"}, "mattermost", f"@{BREAK}every{BREAK}one"),
        ("@{subject}", {"subject": "everyone"}, "slack", f"@{BREAK}everyone"),
        ("<!{tag}>", {"tag": "channel"}, "slack", f"<!{BREAK}channel>"),
        ("{tag}here", {"tag": "@"}, "slack", f"@{BREAK}here"),
        ("<at>oncall</at> {subject}", {"subject": "down"}, "teams", "<at>oncall</at> down"),
        ("@oncall {subject}", {"subject": "down"}, "slack", "@oncall down"),
        ("https://x.example/?q={tag}", {"tag": "T-17"}, "slack", "https://x.example/?q=T-17"),
        ("*{subject}*", {"subject": "down"}, "googlechat", "*down*"),
        ("@{subject}", {"subject": "everyone"}, "none", "@everyone"),
    ],
)
def test_neither_a_value_nor_two_of_them_ring(text: str, given: dict[str, str], dialect: str, result: str) -> None:
    post = Post("c", "d", "", "", "", **given)
    assert filled(text, values_of(post, dialect), dialect) == result


def test_what_compose_made_is_left_as_it_is() -> None:
    """The channel's own prefix, in the body, is to ring."""
    post = Post("c", "d", "", "topic", "@here down")
    assert filled({"text": "{body}"}, values_of(post, "slack"), "slack") == {"text": "@here down"}


def test_teams_would_join_the_lines_of_a_paragraph_so_each_is_one() -> None:
    text = "cpu: high\nhost: a\n\nTwo:\n- one\n- two\nend"
    wanted = "cpu: high\n\nhost: a\n\nTwo:\n\n- one\n- two\n\nend"
    assert values_of(Post("c", "d", "", "t", text), "teams")["body"] == wanted
    assert values_of(Post("c", "d", "", "t", text), "telegram")["body"] == text
