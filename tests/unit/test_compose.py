"""Mail and route → posts: topics, preambles, limits, mentions."""

import pytest

from mailpoll.compose import posts
from mailpoll.mentions import neutralised
from mailpoll.message import parse
from mailpoll.model import Limits, Options, Route, Target
from mailpoll.subject import topic_of

MAIL = b"From: Jane Roe <jane@example.com>\nSubject: Re: Lunch\n\nAt noon?\n\n> Lunch?\n"
FILE = (
    b"Subject: Files\nContent-Type: multipart/mixed; boundary=b\n\n--b\n\nSee there.\n--b\n"
    b'Content-Type: image/png; name="image.png"\nContent-Transfer-Encoding: base64\n\nQUJD\n--b--\n'
)


def post(mail=MAIL, *, topic=None, prefix="", ref="", limits=None, **options):
    route = Route("team", (Target("chat", limits=limits or Limits()),), topic=topic, prefix=prefix,
                  options=Options(**options))  # fmt: skip
    (only,) = posts(parse(mail), [route], message_ref=ref)
    return only


def subject(text):
    return b"Subject: " + text.encode() + b"\n\nhello"


def test_a_mail_becomes_its_new_text_under_its_subject():
    made = post()
    assert (made.topic, made.body, made.subject, made.sender) == (
        "Lunch",
        "At noon?",
        "Re: Lunch",
        "Jane Roe <jane@example.com>",
    )


@pytest.mark.parametrize(
    ("options", "body"),
    [
        ({"show_sender": True}, "**From:** Jane Roe <jane@example.com>\n\nAt noon?"),
        ({"include_quotes": True}, "At noon?\n\n> Lunch?"),
    ],
)
def test_options_decide_what_is_shown(options, body):
    assert post(**options).body == body


def test_a_mail_without_text_is_posted_all_the_same():
    assert post(b"Subject: x\n\n").body == "(No email body)"


def test_html_is_taken_when_preferred_or_alone():
    html = b"Content-Type: text/html\n\n<b>bold</b>"
    both = b"Content-Type: multipart/alternative; boundary=b\n\n--b\n\nplain\n--b\n" + html + b"\n--b--\n"
    assert post(html).body == "**bold**"
    assert post(both).body == "plain"
    assert post(both, prefer_html=True).body == "**bold**"


class TestTopic:
    @pytest.mark.parametrize(
        ("text", "topic"),
        [
            ("Lunch", "Lunch"),
            ("Re: Lunch", "Lunch"),
            ("AW: WG: Lunch", "Lunch"),
            ("Re[2]: Lunch", "Lunch"),
            ("RE: SV: VS: Antw: Lunch", "Lunch"),
            ("回复：转发: Lunch", "Lunch"),
            ("TR : RE : Lunch", "Lunch"),
            ("[Fwd: Lunch]", "Lunch"),
            ("Lunch (fwd)", "Lunch"),
            ("[team] Lunch", "[team] Lunch"),
            ("R: Lunch", "Lunch"),
            ("Return of the fwd: a tale", "Return of the fwd: a tale"),
            ("Regarding lunch", "Regarding lunch"),
            ("I am here", "I am here"),
            ("Re:", "Email with no subject"),
            ("", "Email with no subject"),
            ("a\u202eb\u200bc", "abc"),
        ],
    )
    def test_is_the_subject_without_marks(self, text, topic):
        assert post(subject(text)).topic == topic

    def test_over_the_limit_is_cut_and_the_subject_starts_the_body(self):
        made = post(subject("x" * 70), limits=Limits(topic=60))
        assert (made.topic, made.body) == ("x" * 57 + "...", f"**Subject:** {'x' * 70}\n\nhello")

    def test_can_be_fixed(self):
        made = post(subject("x" * 70), topic="mail", limits=Limits(topic=60))
        assert (made.topic, made.body) == ("mail", "hello")

    def test_can_be_missing_from_the_channel(self):
        made = post(subject("Re: Lunch"), topic="")
        assert (made.topic, made.body) == ("", "**Subject:** Lunch\n\nhello")


class TestAttachments:
    def test_are_listed_under_the_text(self):
        made = post(FILE)
        assert made.body == "See there.\n\n[image.png] (image/png, 3 bytes)"
        assert [(file.part, file.name) for file in made.attachments] == [(1, "image.png")]

    def test_can_be_left_out(self):
        made = post(FILE, attachments=False)
        assert (made.body, made.attachments) == ("See there.", ())

    def test_names_keep_their_parentheses(self):
        assert "[image (2).png] (image/png" in post(FILE.replace(b"image.png", b"image (2).png")).body

    @pytest.mark.parametrize(
        ("dialect", "name", "shown"),
        [
            ("zulip", "shot [1] <b>.png", "shot ［1］ ‹b›.png"),
            ("markdown", "data_2026_*.csv", "data_2026_∗.csv"),
            ("plain", "data_2026_[*].csv", "data_2026_[*].csv"),
            ("discord", "data_2026_*.csv", "data_2026\\_\\*.csv"),
            ("commonmark", "shot [1](x).png", "shot [1\\](x).png"),
            ("mattermost", "a|b`c [1].png", "a|b\\`c [1].png"),
            ("slack", "data_2026_*[1].csv", "data_2026_∗[1].csv"),
        ],
    )
    def test_names_are_shown_as_they_are_or_nearly(self, dialect, name, shown):
        made = post(FILE.replace(b"image.png", name.encode()), limits=Limits(markup=dialect))
        assert f"[{shown}] (image/png" in made.body

    def test_are_listed_once_where_none_go(self):
        limits = Limits(files=False, no_files="a web hook takes no files")
        assert post(FILE, limits=limits).body == (
            "See there.\n\n[image.png] (image/png, 3 bytes; not attached: a web hook takes no files)"
        )
        assert post(FILE, limits=Limits(files=False)).body.endswith("[image.png] (image/png, 3 bytes; not attached)")

    def test_names_are_no_links(self):
        assert "](" not in post(FILE.replace(b"image.png", b"a](http:x.example)")).body


class TestLimits:
    LONG = b"Subject: x\n\n" + b"a line of words\n" * 1_000

    def test_a_long_body_is_cut_on_a_line_and_says_so(self):
        made = post(self.LONG, limits=Limits(body=1_000), ref="message 7")
        lines = made.body.split("\n")
        assert len(made.body) <= 1_000
        assert set(lines[:-2]) == {"a line of words"}
        assert lines[-1] == "[…] Cut here; the whole mail is message 7."
        assert made.whole_text

    def test_a_short_body_is_whole(self):
        assert not post(limits=Limits(body=1_000)).whole_text

    @pytest.mark.parametrize("limit", [1, 10, 100, 300])
    def test_no_limit_is_too_small(self, limit):
        made = post(self.LONG, limits=Limits(body=limit, topic=limit), prefix="", show_sender=True)
        assert len(made.body) <= limit
        assert len(made.topic) <= limit

    def test_a_line_without_end_is_cut_in_the_middle(self):
        assert len(post(b"\n" + b"x" * 5_000, limits=Limits(body=1_000)).body) > 900


class TestMentions:
    @pytest.mark.parametrize(
        ("dialect", "text"),
        [
            ("zulip", "@**all** @**everyone** @_**Jane** @*group*"),
            ("slack", "<!channel> <!here|here> <@U123> &lt;!channel&gt;"),
            ("discord", "@everyone @here <@1> <@&2>"),
            ("mattermost", "@all @channel @here @jane"),
            ("matrix", "@room @jane:example.com"),
        ],
    )
    def test_ring_for_nobody(self, dialect, text):
        harmless = neutralised(text, dialect)
        assert harmless.replace("\u200b", "") == text
        assert harmless.count("\u200b") >= len(text.split())

    def test_are_harmless_after_html_became_markdown(self):
        mail = b"Content-Type: text/html\n\n<p>&lt;!channel&gt; @<b></b>here</p>"
        body = post(mail, limits=Limits(mentions="slack")).body
        assert "<!" not in body
        assert "@here" not in body

    def test_work_in_the_prefix_of_the_channel(self):
        made = post(b"Subject: @all\n\n@all", prefix="@all: ", limits=Limits(mentions="mattermost"))
        assert (made.body, made.topic) == ("@all: @\u200ball", "@\u200ball")

    def test_stay_where_the_destination_has_none(self):
        assert post(b"\n@all <!channel>").body == "@all <!channel>"


def test_a_post_for_each_channel_and_target_and_none_twice():
    chat, log = Target("chat", "general"), Target("log")
    made = posts(parse(MAIL), [Route("a", (chat, log)), Route("b", (chat,)), Route("a", (log,), tag="second")])
    assert [(p.channel, p.destination, p.tag) for p in made] == [("a", "chat", ""), ("a", "log", ""), ("b", "chat", "")]


@pytest.mark.parametrize("text", ["(" * 50_000, "re:" * 30_000, "[fwd:" * 20_000, "] " * 50_000, " : " * 30_000])
def test_hostile_subjects_cost_little(text):
    assert len(topic_of(text)) <= len(text)
