"""The shape of posts: first lines where there are no topics, dialects, what is cut and what goes along as a file."""

from __future__ import annotations

from typing import Any

import pytest
from msgspec.structs import replace

from mailpoll.compose import posts
from mailpoll.message import parse
from mailpoll.model import Limits, Options, Post, Route, Target, Thread
from mailpoll.threads import answering, within

PLAIN = b"From: Jane Roe <jane@example.com>\nSubject: Re: R&D *now*\n\n# 1 < 2\n__init__\n"
HTML = (
    b"From: Jane Roe <jane@example.com>\nSubject: Lunch\nContent-Type: text/html\n\n"
    b'<h2>At noon</h2><p>The <b>menu</b> is <a href="https://example.com/?a=1&amp;b=2">here</a>.</p>'
)
CODE = (
    b"Subject: x\nContent-Type: text/html\n\n<p>" + b'<a href="https://example.com/a_b">menu</a> &amp; ' * 100 + b"</p>"
)


def post(mail: bytes, limits: Limits, *, ref: str = "message 7", **route: Any) -> Post:
    options = Options(show_sender=b"From:" in mail)
    [made] = posts(
        parse(mail), [Route("team", (Target("chat", limits=limits),), options=options, **route)], message_ref=ref
    )
    return made


@pytest.mark.parametrize(
    ("markup", "body"),
    [
        ("slack", "*R&amp;D ∗now∗*\n*From:* Jane Roe &lt;jane@example.com&gt;\n\n# 1 &lt; 2\n__init__"),
        ("discord", "**R&D \\*now\\***\n**From:** Jane Roe \\<jane@example.com>\n\n\\# 1 < 2\n\\_\\_init\\_\\_"),
        ("commonmark", "**R&D \\*now\\***\n**From:** Jane Roe \\<jane@example.com>\n\n\\# 1 < 2\n\\_\\_init\\_\\_"),
        ("markdown", "R&D *now*\n**From:** Jane Roe <jane@example.com>\n\n# 1 < 2\n__init__"),
        ("plain", "R&D *now*\nFrom: Jane Roe <jane@example.com>\n\n# 1 < 2\n__init__"),
    ],
)
def test_a_typed_mail_in_each_dialect(markup: str, body: str) -> None:
    assert post(PLAIN, Limits(topic=0, markup=markup)).body == body


@pytest.mark.parametrize(
    ("markup", "text"),
    [
        ("slack", "*At noon*\n\nThe *menu* is <https://example.com/?a=1&amp;b=2|here>."),
        ("discord", "## At noon\n\nThe **menu** is [here](<https://example.com/?a=1&b=2>)."),
        ("plain", "At noon\n\nThe menu is here (https://example.com/?a=1&b=2)."),
        ("markdown", "## At noon\n\nThe **menu** is [here](https://example.com/?a=1&b=2)."),
    ],
)
def test_an_html_mail_in_each_dialect(markup: str, text: str) -> None:
    assert post(HTML, Limits(markup=markup)).body.endswith(text)


def test_code_that_a_mail_does_not_end_ends_above_the_list_of_files() -> None:
    mail = (
        b"Content-Type: multipart/mixed; boundary=b\n\n--b\n\n```\nls\n--b\n"
        b'Content-Type: image/png; name="a.png"\n\nx\n--b--\n'
    )
    assert "ls\n```\n\n[a.png]" in post(mail, Limits(markup="zulip")).body


@pytest.mark.parametrize(("text", "gap"), [("```\nls\n```", "\n"), ("> so", "\n"), ("- a", "\n"), ("so > so", "")])
def test_what_has_to_begin_a_line_stands_below_the_prefix(text: str, gap: str) -> None:
    made = post(f"Subject: x\n\n{text}\n".encode(), Limits(markup="zulip", mentions="zulip"), prefix="@**oncall** ")
    assert made.body == f"@**oncall** {gap}{text}"


@pytest.mark.parametrize(
    ("title", "body"),
    [("**LUNCH**", "**From:** a@b.example\n\nhi"), ("**Tea**", "**Lunch**\n**From:** a@b.example\n\nhi")],
)
def test_an_answer_in_a_thread_says_its_subject_only_where_that_is_new(title: str, body: str) -> None:
    mail = b"From: a@b.example\nSubject: Re: Lunch\n\nhi"
    made = post(mail, Limits(topic=0, markup="discord", mentions="discord"), prefix="@here ")
    assert answering(made) == made
    answer = answering(within(made, Thread("r1", title)))
    assert (answer.body, answer.thread, answer.prefix) == (body, "r1", "")


def test_a_text_that_begins_as_the_prefix_of_another_channel_is_none() -> None:
    assert post(b"Subject: x\n\n<@1> hi", Limits(mentions="discord", markup="discord")).prefix == ""


class TestWithoutTopics:
    LIMITS = Limits(topic=0, markup="commonmark")

    def test_the_whole_subject_is_the_first_line_in_bold(self) -> None:
        made = post(b"Subject: Re: " + b"long " * 100 + b"end\n\nhello", self.LIMITS)
        assert made.topic == ""
        assert made.body == "**" + "long " * 100 + "end**\n\nhello"

    def test_a_fixed_topic_stands_there_instead(self) -> None:
        assert post(b"Subject: x\n\nhello", self.LIMITS, topic="deploys").body == "**deploys**\n\nhello"

    def test_nothing_does_where_the_channel_wants_none(self) -> None:
        assert post(b"Subject: x\n\nhello", self.LIMITS, topic="").body == "hello"

    def test_nothing_does_without_a_subject(self) -> None:
        assert post(b"Subject: Re:\n\nhello", self.LIMITS).body == "hello"


class TestOverflow:
    @pytest.mark.parametrize("markup", ["slack", "discord", "markdown"])
    def test_no_link_and_no_reference_is_cut_in_the_middle(self, markup: str) -> None:
        whole = post(CODE, Limits(markup=markup)).body
        link = whole.split(" ", 1)[0]
        for limit in range(400, 460):
            made = post(CODE, Limits(body=limit, markup=markup))
            text, notice = made.body.rsplit("\n\n", 1)
            assert len(made.body) <= limit
            whole = "mail is message 7" if markup == "markdown" else "text is in whole-text.txt"
            assert notice == f"[…] Cut here; the whole {whole}."
            assert set(text.replace(link, "").split()) <= {"&", "&amp;"}

    def test_the_whole_text_goes_along_where_files_go(self) -> None:
        slack = Limits(body=500, markup="slack")
        made = [post(CODE, each) for each in (slack, replace(slack, files=False), replace(slack, overflow="cut"))]
        assert [each.whole_text for each in made] == [True, False, False]
        said = [each.body.rpartition("; the whole ")[2] for each in made]
        assert said == ["text is in whole-text.txt.", "mail is message 7.", "mail is message 7."]

    def test_a_body_that_is_counted_in_octets_ends_with_a_line(self) -> None:
        text = "Grüße aus Köln, 東京\n" * 100
        made = post(b"Subject: x\n\n" + text.encode(), Limits(body=600, octets=True), prefix="über: ")
        assert 500 < len(made.body.encode()) <= 600
        assert set(made.body.removeprefix("über: ").split("\n")[:-2]) == {"Grüße aus Köln, 東京"}
        assert made.body.endswith("\n\n[…] Cut here; the whole mail is message 7.")

    @pytest.mark.parametrize("octets", [False, True])
    def test_a_subject_that_takes_all_room_is_cut_and_stays_bold(self, octets: bool) -> None:
        made = post(
            b"Subject: " + b"*<" * 500 + b"\n\nhello", Limits(topic=0, body=900, markup="discord", octets=octets)
        )
        first = made.body.split("\n")[0]
        assert first.startswith("**\\*")
        assert first.endswith("...**")
        assert "hello" in made.body

    def test_the_prefix_of_the_channel_is_counted_and_as_it_is(self) -> None:
        made = post(CODE, Limits(body=500, markup="slack", mentions="slack"), prefix="<!here> *R&D* ")
        assert made.body.startswith("<!here> *R&D* ")
        assert 400 < len(made.body) <= 500


def test_an_address_shows_the_sender_that_it_was_made_for() -> None:
    made = post(PLAIN, Limits(markup="plain"), shown_as="Customer 7", answers=3)
    assert (made.body.split("\n")[0], made.sender, made.answers) == ("From: Customer 7", "Customer 7", 3)
