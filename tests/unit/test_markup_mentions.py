"""Mentions and posts in each dialect: nothing that a conversion does brings back one that is harmless, or makes one."""

from __future__ import annotations

import html
import itertools
from email.message import EmailMessage

import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.mentions import ATTACKS, rings

from mailpoll.compose import posts
from mailpoll.markup import DIALECTS, finished, to_html, written
from mailpoll.mentions import neutralised
from mailpoll.message import parse
from mailpoll.model import Limits, Options, Route, Target

# A link that is ours looks like one that shows another target; test_markup.py shows that ours say where they lead.
OWN_LINK = "<https://x.example/|"
MARKS = ("", "*", "**", "_", "~~", "`", "\\", "](https://x.example/)", "[", "\ue010", "\ue011", "\ue012", "<b>", "</b>")
# Commands are made harmless where the channel's prefix is put before the text.
CASES = [(rules, attack.strip()) for rules, all_ in ATTACKS.items() for attack in all_ if attack.strip()[0] != "/"]


def said(text: str, kind: str, markup: str, rules: str) -> str:
    return finished(neutralised(written(text, kind, markup), rules)).replace(OWN_LINK, "")  # type: ignore[arg-type]


@pytest.mark.parametrize(("rules", "attack"), CASES)
def test_an_attack_rings_in_no_dialect(rules: str, attack: str) -> None:
    for markup, kind, mark in itertools.product(sorted(DIALECTS), ("plain", "html"), MARKS):
        middle = len(attack) // 2
        between = mark if mark != "\\" else "*"  # backslashes before letters stay; rings() takes all away
        for text in (mark + attack + mark, attack[:middle] + between + attack[middle:], f"[{attack}](https://x.example/)",
                     f"# {attack}\n> {attack}\n- {attack}\n```\n{attack}\n```"):  # fmt: skip
            assert rings(said(text, kind, markup, rules), rules) == [], (text, kind, markup)


@pytest.mark.parametrize("attack", ATTACKS["matrix"])
def test_html_for_matrix_has_no_pill_and_no_mention(attack: str) -> None:
    for text in (attack, f"[x]({attack})", f"<{attack}>", attack.replace("#", "\\#"), attack.replace("#", "&#35;")):
        shown = to_html(neutralised(written(text, "html", "commonmark"), "matrix"))
        assert [each for each in rings(shown, "matrix") if 'href="' in shown] == []


@given(
    st.sampled_from([(rules, markup) for rules in sorted(ATTACKS) for markup in sorted(DIALECTS)]),
    st.lists(
        st.sampled_from([*"@<>!#&;*_:|\\ a1`[]~", "](https://x.example/)", "&lt;", "&amp;", "all", "room", "here"])
    ),
    st.sampled_from(["plain", "html"]),
)
def test_nothing_rings_in_any_dialect(case: tuple[str, str], pieces: list[str], kind: str) -> None:
    rules, markup = case
    found = rings(said("".join(pieces), kind, markup, rules), rules)
    assert [each for each in found if "https://x.example/" not in each] == []


@pytest.mark.parametrize(
    ("rules", "markup"), [("slack", "slack"), ("discord", "discord"), ("mattermost", "mattermost")]
)
def test_from_no_part_of_a_mail_in_the_dialect_of_its_chat(rules: str, markup: str) -> None:
    for attack in ATTACKS[rules]:
        mail = EmailMessage()
        mail["From"], mail["Subject"] = '"' + attack.replace("\\", "").replace('"', "") + '" <e@x.example>', attack
        mail.set_content(f"<p>{html.escape(attack)}</p><p>{attack}</p><b>{attack}</b>", subtype="html")
        mail.add_attachment(b"x", maintype="image", subtype="png", filename=attack)
        limits = Limits(topic=0, mentions=rules, markup=markup)
        [made] = posts(parse(mail.as_bytes()), [Route("team", (Target("chat", limits=limits),), options=Options(True))])
        assert rings(made.body, rules) == [], attack
