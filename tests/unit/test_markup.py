"""Text and Markdown in the dialects of chats: what is shown, what is escaped, where it is cut, what it costs."""

from __future__ import annotations

import re
import time
from html.parser import HTMLParser

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailpoll import markup
from mailpoll.markup import DIALECTS, cut, finished, to_html, written

# (Markdown, Slack, Discord, plain, HTML)
MARKDOWN = [
    ("**bold** and *it*", "*bold* and _it_", "**bold** and *it*", "bold and it",
     "<p><strong>bold</strong> and <em>it</em></p>"),
    ("__init__.py _x_ ~~gone~~", "__init__.py _x_ ~gone~", "\\_\\_init\\_\\_.py \\_x\\_ ~~gone~~",
     "__init__.py _x_ gone", "<p>__init__.py _x_ <del>gone</del></p>"),
    ("call [us](tel:+4930123456) [030 123456](tel:+4930123456)", "call us (+4930123456) 030 123456",
     "call us (+4930123456) 030 123456", "call us (+4930123456) 030 123456",
     "<p>call us (+4930123456) 030 123456</p>"),
    ("[x](https://x.example/a_\\(b\\)) [y](https://x.example/a\\)b)",
     "<https://x.example/a_(b)|x> <https://x.example/a)b|y>",
     "[x](<https://x.example/a_(b)>) [y](<https://x.example/a)b>)",
     "x (https://x.example/a_(b)) y (https://x.example/a)b)",
     '<p><a href="https://x.example/a_(b)">x</a> <a href="https://x.example/a)b">y</a></p>'),
    ("***both***", "*_both_*", "***both***", "both", "<p><strong><em>both</em></strong></p>"),
    ("un*bold*able", "unboldable", "un*bold*able", "unboldable", "<p>un<em>bold</em>able</p>"),
    ("2 * 3 * 4, snake_case_name", "2 * 3 * 4, snake_case_name", "2 \\* 3 \\* 4, snake_case_name",
     "2 * 3 * 4, snake_case_name", "<p>2 * 3 * 4, snake_case_name</p>"),
    ("**open", "**open", "\\*\\*open", "**open", "<p>**open</p>"),
    ("\\*as typed\\*", "*as typed*", "\\*as typed\\*", "*as typed*", "<p>*as typed*</p>"),
    ("1\\. not a list", "1. not a list", "1\\. not a list", "1. not a list", "<p>1. not a list</p>"),
    ("a < b && c > d", "a &lt; b &amp;&amp; c &gt; d", "a < b && c > d", "a < b && c > d",
     "<p>a &lt; b &amp;&amp; c &gt; d</p>"),
    ("&lt;b&gt; <b>x</b>", "&amp;lt;b&amp;gt; &lt;b&gt;x&lt;/b&gt;", "&lt;b&gt; \\<b>x\\</b>",
     "&lt;b&gt; <b>x</b>", "<p>&amp;lt;b&amp;gt; &lt;b&gt;x&lt;/b&gt;</p>"),
    ("[the site](https://x.example/?a=1&b=2)", "<https://x.example/?a=1&amp;b=2|the site>",
     "[the site](<https://x.example/?a=1&b=2>)", "the site (https://x.example/?a=1&b=2)",
     '<p><a href="https://x.example/?a=1&amp;b=2">the site</a></p>'),
    ("[a | b](<https://x.example/a|b>)", "<https://x.example/a%7Cb|a ¦ b>", "[a | b](<https://x.example/a|b>)",
     "a | b (https://x.example/a|b)", '<p><a href="https://x.example/a|b">a | b</a></p>'),
    ("**[b](https://x.example/)**", "*<https://x.example/|b>*", "**[b](<https://x.example/>)**",
     "b (https://x.example/)", '<p><strong><a href="https://x.example/">b</a></strong></p>'),
    ("[https://x.example/](https://x.example/)", "<https://x.example/>", "https://x.example/", "https://x.example/",
     '<p><a href="https://x.example/">https://x.example/</a></p>'),
    ("<https://x.example/a_b_c>", "<https://x.example/a_b_c>", "https://x.example/a_b_c", "https://x.example/a_b_c",
     '<p><a href="https://x.example/a_b_c">https://x.example/a_b_c</a></p>'),
    ("see https://x.example/a_(b).", "see <https://x.example/a_(b)>.", "see https://x.example/a_(b).",
     "see https://x.example/a_(b).",
     '<p>see <a href="https://x.example/a_(b)">https://x.example/a_(b)</a>.</p>'),
    ("**https://x.example** (https://y.example), ok", "*<https://x.example>* (<https://y.example>), ok",
     "**https://x.example** (https://y.example), ok", "https://x.example (https://y.example), ok",
     '<p><strong><a href="https://x.example">https://x.example</a></strong> '
     '(<a href="https://y.example">https://y.example</a>), ok</p>'),
    ("[jane](mailto:jane@x.example)", "<mailto:jane@x.example|jane>", "jane (mailto:jane@x.example)",
     "jane (jane@x.example)", '<p><a href="mailto:jane@x.example">jane</a></p>'),
    ("[www.x.example](https://www.x.example/)", "<https://www.x.example/|www.x.example>",
     "www.x.example (<https://www.x.example/>)", "www.x.example (https://www.x.example/)",
     '<p><a href="https://www.x.example/">www.x.example</a></p>'),
    ("[a [b](https://x.example/) c](https://y.example/)", "[a <https://x.example/|b> c](https://y.example/)",
     "[a [b](<https://x.example/>) c\\](https://y.example/)", "[a b (https://x.example/) c](https://y.example/)",
     '<p>[a <a href="https://x.example/">b</a> c](https://y.example/)</p>'),
    ("[x](javascript:alert(1))", "[x](javascript:alert(1))", "[x\\](javascript:alert(1))", "[x](javascript:alert(1))",
     "<p>[x](javascript:alert(1))</p>"),
    ("`a*b*<c>` ``x`y``", "`a*b*&lt;c&gt;` `xˋy`", "`a*b*<c>` ``x`y``", "a*b*<c> x`y",
     "<p><code>a*b*&lt;c&gt;</code> <code>x`y</code></p>"),
    ("# Big\n##### Small **x**", "*Big*\n*Small x*", "# Big\n**Small x**", "Big\nSmall x",
     "<h1>Big</h1><h5>Small <strong>x</strong></h5>"),
    ("> quoted\nmine", "> quoted\nmine", "> quoted\nmine", "> quoted\nmine",
     "<blockquote><p>quoted</p></blockquote><p>mine</p>"),
    ("> > deep\n> less", "> &gt; deep\n> less", "> \\> deep\n> less", "> > deep\n> less",
     "<blockquote><blockquote><p>deep</p></blockquote><p>less</p></blockquote>"),
    ("  - one\n  - two\n    1. three", "  • one\n  • two\n    1. three", "  - one\n  - two\n    1. three",
     "  - one\n  - two\n    1. three", "<ul><li>one</li><li>two<ol><li>three</li></ol></li></ul>"),
    ("  4. four\n  5. five", "  4. four\n  5. five", "  4. four\n  5. five", "  4. four\n  5. five",
     '<ol start="4"><li>four</li><li>five</li></ol>'),
    ("a\n\n* * *\n\nb", "a\n\n———\n\nb", "a\n\n———\n\nb", "a\n\n———\n\nb", "<p>a</p><hr/><p>b</p>"),
    ("```py\nif a < *b*:\n```\nx", "```\nif a &lt; *b*:\n```\nx", "```py\nif a < *b*:\n```\nx", "if a < *b*:\nx",
     '<pre><code class="language-py">if a &lt; *b*:\n</code></pre><p>x</p>'),
    ("one\ntwo", "one\ntwo", "one\ntwo", "one\ntwo", "<p>one<br/>two</p>"),
]  # fmt: skip


@pytest.mark.parametrize(("text", "slack", "discord", "plain", "html"), MARKDOWN)
def test_markdown_in_each_dialect(text: str, slack: str, discord: str, plain: str, html: str) -> None:
    assert finished(written(text, "html", "slack")) == slack
    assert finished(written(text, "html", "discord")) == discord
    assert finished(written(text, "html", "plain")) == plain
    assert to_html(text) == html
    assert finished(written(text, "html", "markdown")) == text
    assert finished(written(text, "html", "commonmark")).replace("\\_", "_") == text


# (as typed, CommonMark, Discord)
TYPED = [
    ("*x* __init__.py a_b", "\\*x\\* \\_\\_init\\_\\_.py a_b", "\\*x\\* \\_\\_init\\_\\_.py a_b"),
    ("# a comment", "\\# a comment", "\\# a comment"),
    ("> quoted\nmine", "\\> quoted\nmine", "\\> quoted\nmine"),
    ("3. third\n7. seventh", "3\\. third\n7\\. seventh", "3\\. third\n7\\. seventh"),
    ("- removed\n+ added", "\\- removed\n\\+ added", "\\- removed\n\\+ added"),
    ("-# small", "-# small", "\\-# small"),
    ("    code = 1", "\xa0\xa0\xa0\xa0code = 1", "    code = 1"),
    ("Title\n=====\n---", "Title\n\\=====\n\\---", "Title\n=====\n---"),
    ("| a | b |\n|---|---|", "\\| a | b |\n\\|---|---|", "| a | b |\n|---|---|"),
    ("if a < b: <tag> </tag>", "if a < b: \\<tag> \\</tag>", "if a < b: \\<tag> \\</tag>"),
    ("&amp; & &#64;", "\\&amp; & \\&#64;", "&amp; & &#64;"),
    ("C:\\_new\\*", "C:\\\\\\_new\\\\\\*", "C:\\\\\\_new\\\\\\*"),
    ("~~gone~~ ~5", "\\~\\~gone\\~\\~ ~5", "\\~\\~gone\\~\\~ ~5"),
    ("||spoiler||", "\\||spoiler||", "\\|\\|spoiler\\|\\|"),
    ("`x` ```", "\\`x\\` \\`\\`\\`", "\\`x\\` \\`\\`\\`"),
    ("[x](http://y.example/)", "[x\\](http://y.example/)", "[x\\](http://y.example/)"),
    ("https://x.example/a_b_c <https://y.example/_z_>.", "https://x.example/a_b_c <https://y.example/_z_>.",
     "https://x.example/a_b_c <https://y.example/_z_>."),
    ("_https://x.example/_", "\\_https://x.example/\\_", "\\_https://x.example/\\_"),
]  # fmt: skip


@pytest.mark.parametrize(("text", "commonmark", "discord"), TYPED)
def test_what_was_typed_is_shown_as_it_was_typed(text: str, commonmark: str, discord: str) -> None:
    assert written(text, "plain", "commonmark") == commonmark
    assert written(text, "plain", "discord") == discord
    assert written(text, "plain", "markdown") == written(text, "plain", "plain") == text
    escaped = text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    assert written(text, "plain", "slack") == escaped


class _Shown(HTMLParser):
    """What of HTML is read, tags that do not fit together, and what should not be there."""

    TAGS = frozenset(("p", "br", "hr", "strong", "em", "del", "code", "pre", "a", "ul", "ol", "li", "blockquote",
                      "h1", "h2", "h3", "h4", "h5", "h6"))  # fmt: skip

    def __init__(self, html: str) -> None:
        super().__init__(convert_charrefs=True)
        self.text, self.wrong, self._open, self.deepest = "", list[str](), list[str](), 0
        self.feed(html)
        self.close()
        self.wrong += self._open

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self._open.append(tag)
        self.deepest = max(self.deepest, len(self._open))
        self._look(tag, attrs)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.text += "\n" if tag == "br" else ""
        self._look(tag, attrs)

    def _look(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        allowed = {"a": r"href=(?:https?|ftp|mailto):.*", "ol": r"start=\d+", "code": r"class=language-[\w+#.-]+"}
        self.wrong += [tag] * (tag not in self.TAGS)
        self.wrong += [name for name, value in attrs if not re.fullmatch(allowed.get(tag, "(?!)"), f"{name}={value}")]
        self.wrong += [value for _, value in attrs if value and re.match(r"(?i)https?://matrix\.to|matrix:", value)]

    def handle_endtag(self, tag: str) -> None:
        if not self._open or self._open.pop() != tag:
            self.wrong.append(f"/{tag}")

    def handle_data(self, data: str) -> None:
        self.text += data


PIECES = [
    "*", "**", "_", "__", "~~", "`", "```", "\n", "\n\n", "> ", "- ", "  - ", "3. ", "# ", "a", "b c", " ", "[", "](",
    ")", "](https://x.example)", "https://x.example/", "<https://y.example>", "\\", "<b onclick=x>", "&lt;", "&amp;",
    '"', "](javascript:x)", "](https://matrix.to/#/@a:b)", "https://matrix.to/#/@a:b", "!", "|", "\ue010",
    "\ue011x\ue012",
]  # fmt: skip


@given(st.lists(st.sampled_from(PIECES), max_size=40).map("".join))
def test_html_is_well_formed_and_of_tags_that_matrix_allows(text: str) -> None:
    assert _Shown(to_html(text)).wrong == []


def test_html_is_no_deeper_than_apps_of_matrix_show_it() -> None:
    shown = _Shown(to_html("> " * 50 + "**a *b " * 300 + "x" + " c* d**" * 300))
    assert (shown.deepest < 100, shown.wrong) == (True, [])


@given(st.lists(st.sampled_from(PIECES), max_size=40).map("".join))
def test_typed_text_reads_the_same_in_html(text: str) -> None:
    """No character that was typed is lost or becomes a mark; the angle brackets of a URL, and blanks, apart."""
    typed = text.replace("<https://y.example>", "https://y.example").translate(dict.fromkeys(range(0xE010, 0xE013)))
    shown = _Shown(to_html(written(text, "plain", "commonmark"))).text
    assert "".join(shown.split()) == "".join(typed.split())


@given(st.lists(st.sampled_from(PIECES), max_size=40).map("".join), st.sampled_from(["plain", "html"]))
def test_in_slack_every_reference_and_bracket_is_ours(text: str, kind: markup.Kind) -> None:
    said = finished(written(text, kind, "slack"))
    without_ours = re.sub(r"<(?:https?|ftp|mailto):[^<>|]*(?:\|[^<>|]+)?>|^> ?", "", said, flags=re.MULTILINE)
    assert re.findall(r"[<>]|&(?!(?:amp|lt|gt);)", without_ours) == []


@pytest.mark.parametrize("dialect", sorted(DIALECTS))
def test_a_link_with_other_words_than_its_target_says_where_it_leads(dialect: str) -> None:
    text = finished(written("[bank.example](https://evil.example/)", "html", dialect))
    assert dialect in ("markdown", "commonmark", "mattermost") or text.endswith(" (leads to evil.example)")
    noted = "[bank.example](https://evil-b_c.example/) (leads to evil-b_c.example)"
    assert finished(written(noted, "html", dialect)).count("leads to") == 1
    assert to_html("[bank.example](https://evil.example/)").endswith("</a> (leads to evil.example)</p>")


class TestCut:
    LINK = "[the words of a link](https://example.com/a/b/c/d/e)"
    CODE = "```sh\n" + "ls -l\n" * 50 + "```\n"

    def test_ends_with_a_line(self) -> None:
        assert cut("one line\n" * 20, 50) == "one line\n" * 4 + "one line"

    @pytest.mark.parametrize("dialect", ["markdown", "slack", "discord"])
    def test_goes_through_no_link(self, dialect: str) -> None:
        text = written("word " * 5 + self.LINK + " word" * 20, "html", dialect)
        whole = finished(written(self.LINK, "html", dialect))
        for limit in range(20, len(text)):
            shown = finished(cut(text, limit))
            assert len(shown) <= limit
            assert whole in shown or set(shown.split()) <= {"word"}

    def test_goes_through_no_url_and_no_reference(self) -> None:
        assert cut("see https://example.com/a/b/c/d", 20) == "see"
        assert cut(written("a&b&c&d", "plain", "slack"), 11) == "a&amp;b"
        assert cut(written("a*b*c", "plain", "discord"), 5) == "a\\*b"

    def test_closes_code(self) -> None:
        for limit in range(20, 300):
            shown = cut(self.CODE, limit)
            assert len(shown) <= limit
            assert shown.count("```") == 2

    def test_code_with_no_room_to_close_it_is_left_out(self) -> None:
        assert cut("```\nx", 4) == ""

    def test_goes_through_a_word_that_is_longer_than_all(self) -> None:
        assert cut("x" * 100, 10) == "x" * 10


def test_bold_is_bold_where_the_dialect_can_say_so() -> None:
    assert [markup.bold("a*b <c>", dialect) for dialect in sorted(DIALECTS)] == [
        "**a\\*b \\<c>**", "**a\\*b \\<c>**", "a*b <c>", "**a\\*b &lt;c>**", "a*b <c>", "*a∗b &lt;c&gt;*", "a*b <c>",
    ]  # fmt: skip
    assert markup.bold("Lunch?", "slack") == "*Lunch?*"
    assert markup.bold(" ", "discord") == ""
    assert markup.bold("```", "slack") == "*ˋˋˋ*"


TABLE = "| A | B |\n|---|---|\n| 1 | **2**\\|`3` |"


@pytest.mark.parametrize(
    ("dialect", "shown"),
    [
        ("markdown", TABLE),
        ("commonmark", TABLE),
        ("mattermost", TABLE),
        ("zulip", "| A | B |\n|---|---|\n| 1 | **2**¦`3` |"),
        ("slack", "A | B\n1 | *2*|`3`"),
        ("discord", "A | B\n1 | **2**|`3`"),
        ("plain", "A | B\n1 | 2|3"),
    ],
)
def test_a_table_is_one_where_there_are_tables_and_else_its_rows(dialect: str, shown: str) -> None:
    assert finished(written(f"{TABLE}\n\nbye", "html", dialect)) == f"{shown}\n\nbye"


def test_a_table_of_html_has_headers() -> None:
    cells = "<tr><th>A</th><th>B</th></tr><tr><td>1</td><td><strong>2</strong>|<code>3</code></td></tr>"
    assert to_html(f"> x\n{TABLE}\nbye") == f"<blockquote><p>x</p></blockquote><table>{cells}</table><p>bye</p>"


def test_mattermost_gets_no_backslash_and_no_blank_that_it_does_not_know() -> None:
    shown = "\u2007" * 4 + "&lt;b> &amp;lt; \\*x\\*\n&#61;==\n\\# a"
    assert written("    <b> &lt; *x*\n===\n# a", "plain", "mattermost") == shown


def test_a_comment_is_no_heading_in_zulip_and_code_is_as_it_is() -> None:
    assert written("# a\n```\n# b\n```\n#c", "plain", "zulip") == "#\u200b a\n```\n# b\n```\n#c"
    assert written("\\# a\n\n# b", "html", "zulip") == "#\u200b a\n\n# b"


@pytest.mark.parametrize(
    ("text", "limit", "shown"),
    [
        ("**one two three** x", 12, "**one two**"),
        ("*one ~~two three four~~* x", 19, "*one ~~two three~~*"),
        ("one *two three four", 14, "one *two three"),
        (r"\*one two\* three", 9, r"\*one"),
    ],
)
def test_emphasis_that_is_cut_is_closed(text: str, limit: int, shown: str) -> None:
    assert cut(text, limit) == shown


UNITS = ["*", "**a", "*a ", "_a", "`", "``` ", "[", "[a](", "](a)", "[a](b(", "](x(y)", "\\", "<http:", "~~a", "> ",
         "- a\n", "[a](https://x)", "*a [x](http://y) ", "\n```\n", "https://x ", "&a", "[" * 9 + "](https://x)",
         "#", "1. ", "| a |\n|---|---|\n", "| a \\|", "(" * 9 + "https://x)"]  # fmt: skip


@pytest.mark.parametrize("unit", UNITS)
def test_a_megabyte_takes_no_time(unit: str) -> None:
    text = (unit * (1_000_000 // len(unit) + 1))[:1_000_000]
    start = time.process_time()
    for dialect in DIALECTS:
        written(text[:50_000], "html", dialect)
        written(text[:50_000], "plain", dialect)
    to_html(text[:50_000])
    cut(text, 200_000)
    assert time.process_time() - start < 5  # the square of it would be hours


@pytest.mark.parametrize(
    ("markdown", "zulip"),
    [
        ("1\\. Mai \\- x", "1. Mai - x"),
        ("## a **b *c*** ~~d~~\n> > q\n  - i", "## a **b *c*** ~~d~~\n> > q\n  - i"),
        ("```\n\\*\n```\n`\\*` ``a`b``", "```\n\\*\n```\n`\\*` ``a`b``"),
        ("[x](https://x.example/a_\\(b\\)) [y](https://x.example/a\\)b)",
         "[x](https://x.example/a_(b)) [y](https://x.example/a%29b)"),
        ("[[1] x](https://x.example/) [1\\] x](https://x.example/)",
         "[[1] x](https://x.example/) [1) x](https://x.example/)"),
        ("<https://x.example/>", "https://x.example/"),
        ("\\[bank.example\\](https://evil.example/)", "[bank.example](https://evil.example/) (leads to evil.example)"),
    ],
)  # fmt: skip
def test_zulip_knows_no_escapes(markdown: str, zulip: str) -> None:
    assert finished(written(markdown, "html", "zulip")) == zulip


def test_commonmark_takes_no_underscore_of_a_word_for_a_mark() -> None:
    text = "__x__.py `_a_` [_b_](https://x.example/_c_) https://x.example/_d_ e_f\n```\n_g_\n```"
    escaped = text.replace("__x__", r"\_\_x\_\_").replace("[_b_]", r"[\_b\_]")
    assert written(text, "html", "commonmark") == escaped
