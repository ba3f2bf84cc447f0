"""What of an HTML body is new, and the Markdown that it becomes."""

import time
from html import escape

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailpoll.reply import cut, new_text

OLD = "<p>Can you send the report?</p>"
HEADERS = "<b>From:</b> Bob &lt;bob@example.com&gt;<br><b>Sent:</b> Tuesday 10:20<br><b>To:</b> Jane<br>"


@pytest.mark.parametrize(
    "rest",
    [
        f'<div class="gmail_quote"><div class="gmail_attr">On Tue wrote:</div><blockquote>{OLD}</blockquote></div>',
        f'<div class="moz-cite-prefix">Am 5.3. schrieb Bob:</div><blockquote type="cite">{OLD}</blockquote>',
        f'<div class="yahoo_quoted" id="yahoo_quoted_1">{OLD}</div>',
        f'<div class="protonmail_quote">{OLD}</div>',
        f'<div class="zmail_extra">{OLD}</div>',
        f'<div id="appendonsend"></div><hr><div id="divRplyFwdMsg">{HEADERS}</div>{OLD}',
        f'<hr id="zwchr"><div>{HEADERS}{OLD}</div>',
        f'<div><div style="border:none;border-top:solid #E1E1E1 1.0pt">{HEADERS}</div></div>{OLD}',
        f'<div name="quote" style="border-left:2px solid #C3D9E5">{OLD}</div>',
        f"<includetail></includetail><div>{OLD}</div>",
        f"<blockquote>{OLD}</blockquote>",
        '<div class="gmail_signature">Jane Roe</div>',
        '<div class="moz-signature">-- <br>Jane</div>',
        '<div id="ms-outlook-mobile-signature">Get Outlook for iOS</div>',
    ],
)
def test_containers_of_clients_go(rest):
    assert new_text(f"<html><body><div>Yes.</div>{rest}</body></html>", "html") == "Yes."


@pytest.mark.parametrize(
    "unseen",
    [
        "<script>alert(1)</script>",
        "<style>p{}</style>",
        '<div style="display:none">preheader</div>',
        '<span style="font-size:0px">preheader</span>',
        "<p hidden>preheader</p>",
        '<img src="http://t.example/x.gif" width="1" height="1" alt="pixel">',
        '<img src="http://t.example/x.gif">',
        "<!-- comment -->",
        "<title>title</title>",
    ],
)
def test_what_nobody_can_see_is_not_said(unseen):
    assert new_text(f"{unseen}<p>Yes.</p>", "html") == "Yes."


@pytest.mark.parametrize(
    ("html", "markdown"),
    [
        ("<b>bold</b> and <i>slanted</i>", "**bold** and *slanted*"),
        ("<p>one</p><p>two</p>", "one\n\ntwo"),
        ("<div>one</div><div>two</div>", "one\ntwo"),
        ("one<br>two", "one\ntwo"),
        ("<ul><li>a<li>b</ul>", "  - a\n  - b"),
        ('<a href="https://example.com/x">here</a>', "[here](https://example.com/x)"),
        ('<a href="https://example.com">https://example.com</a>', "<https://example.com>"),
        ('<a href="javascript:alert(1)">here</a>', "here"),
        ('<a href="https://example.com/\n# x">here</a>', "[here](https://example.com/#x)"),
        ("<h2>Title</h2>text", "## Title\n\ntext"),
        ("<table><tr><td>a</td><td>1</td></tr><tr><td>b</td><td>2</td></tr></table>", "a | 1\nb | 2"),
        (
            "<table><tr><td><p>Site</p></td><td><p><b>New</b></p></td></tr><tr><td><div><p>Lisboa</p></div></td>"
            "<td>30</td></tr></table><p>Fine?</p>",
            "Site | **New**\nLisboa | 30\n\nFine?",
        ),
        (
            "<table>\n\n<tr><th>Host</th><th><p>Load</p></th></tr>\n\n<tr><td>a|b</td><td><b>1</b></td></tr>"
            "<tr><td></td><td><a href='https://x.example/a|b'>x</a></td></tr></table>",
            "| Host | Load |\n|---|---|\n| a\\|b | **1** |\n| | [x](https://x.example/a%7Cb) |",
        ),
        ("<table><tr><th colspan=2>a</th></tr><tr><td>b</td><td>c</td></tr></table>", "a\nb | c"),
        ("<table><tr><th>a</th><th>b</th></tr><tr><td>c<br>d</td><td>e</td></tr></table>", "a | b\nc\nd | e"),
        ("<p># no heading</p><p>* no item<br>#tag so</p>", "\\# no heading\n\n\\* no item\n#tag so"),
        ("<table><tr><td><p>one</p><p>two</p></td><td><p>three</p></td></tr></table>", "one\n\ntwo\n\nthree"),
        (
            "<table><tr><td>&nbsp;</td><td><p>one</p></td></tr><tr><td></td><td><p>two</p></td></tr></table>",
            "one\n\ntwo",
        ),
        ("<b>two changes</b>: <i>this</i>, and <b>that</b>’s it", "**two changes**: *this*, and **that**’s it"),
        ("<b>one</b><br>two<p><i>three</i></p><p>four</p>", "**one**\ntwo\n\n*three*\n\nfour"),
        ("<p>a</p><ul><li>one</li></ul><p>b</p>", "a\n\n  - one\n\nb"),
        ("<pre>one\n  two</pre>", "one\n  two"),
        ("a<pre><code>\n- x\n\n\\* 1. &lt;b&gt;\n```\n</code></pre>b", "a\n\n```\n- x\n\n\\* 1. <b>\n``ˋ\n```\n\nb"),
        (
            '<div class="highlight highlight-source-python"><pre><b>def</b> f():\n    <b>return</b> 1</pre></div>',
            "```\ndef f():\n    return 1\n```",
        ),
        ("<pre><code> </code></pre>", ""),
        ("5*3*2 x**2 <code>a*b*c</code> *so*", "5\\*3\\*2 x\\*\\*2 `a*b*c` *so*"),
        ("a &lt;b&gt; &amp; c", "a <b> & c"),
        ("&nbsp;a&nbsp;", "a"),
    ],
)
def test_html_becomes_markdown(html, markdown):
    assert new_text(html, "html") == markdown


@pytest.mark.parametrize(
    "code",
    [
        "$ diff a b\n< old line\n> new line\n- x\n+ y",
        "12c12\n< PermitRootLogin no\n---\n> PermitRootLogin yes",
        "> one\n> two",
        "> @@ -1,3 +1,4 @@ def f\n>  x\n> +y",
        "~~~\n> a\nFrom: x\n~~~\n-- none",
        "x\n" * 2_100 + "> y",
        "From: a@example.org\nTo: b@example.org\nDate: Mon, 1 Jan 2024 10:00\nSubject: hi",
    ],
)
@pytest.mark.parametrize("keep", [False, True])
def test_a_pre_in_a_document_is_code_whatever_its_lines_begin_with(code, keep):
    html = f"<p>Look:</p><pre>{escape(code)}</pre><p>Why?</p>"
    found = cut(html, "html", include_quotes=keep)
    assert found.text == f"Look:\n\n```\n{code}\n```\n\nWhy?"
    assert found.cuts == ()


def test_no_line_of_code_in_a_list_is_lost():
    found = cut("<ul><li>Run<pre>a\n&gt; b\n+ c</pre></li><li>Then</li></ul>", "html")
    assert [line.strip() for line in found.text.split("\n")] == ["- Run", "a", "> b", "+ c", "- Then"]


@pytest.mark.parametrize(
    ("before", "pre", "after"),
    [
        ("", "<pre>", ""),
        ("", "<pre>", "<hr><p>A list of people<br>https://lists.example.org</p>"),
        ("<p>From outside.</p>", "<pre>", ""),
        ("<p>From outside.</p>", '<pre wrap="">', ""),
    ],
)
def test_a_mail_that_is_text_in_a_pre_has_quotes(before, pre, after):
    mail = "Hello Ann,\n\nOn Mon, 1 Jan 2024 at 10:00, Ann wrote:\n> shall we go there together?\n\nYes, let us."
    found = cut(f"{before}{pre}{escape(mail)}</pre>{after}", "html")
    assert [line for line in found.text.split("\n") if "," in line] == ["Hello Ann,", "Yes, let us."]


def test_the_text_of_a_mail_that_is_passed_on_is_no_code():
    fields = "From: A &lt;a@example.org&gt;<br>Date: Mon, 1 Jan 2024<br>Subject: x<br>To: b@example.org"
    html = f"<div>---------- Forwarded message ---------<br>{fields}</div><pre>hi\n&gt; there</pre>"
    assert new_text(html, "html") == cut(html, "html", include_quotes=True).text
    assert "```" not in new_text(html, "html")


def test_a_forward_keeps_its_quote():
    below = "---------- Forwarded message ---------<br>From: Bob<br>hello"
    html = f'<div>FYI</div><div class="gmail_quote">{below}</div>'
    assert "hello" in new_text(html, "html")


def test_nothing_but_a_quote_is_kept():
    assert "Can you" in new_text(f'<blockquote type="cite">{OLD}</blockquote>', "html")


def test_what_was_cut_is_kept_apart():
    found = cut(f'<p>Yes.</p><div id="divRplyFwdMsg"></div><div>{OLD}</div>', "html")
    assert (found.text, [(piece.kind, piece.text) for piece in found.cuts]) == (
        "Yes.",
        [("quote", "Can you send the report?")],
    )


def test_depth_and_length_are_bounded():
    assert new_text("<div>" * 5_000 + "deep", "html") == "deep"
    assert new_text("<blockquote>" * 5_000 + "deep", "html").endswith("deep")
    assert len(new_text("<p>word</p>" * 200_000, "html")) <= 1_000_000


TAGS = (
    "<div>", "</div>", "<p>", "<br>", "<ul>", "<li>", "</ul>", "<blockquote>", "</blockquote>", "<a href='http://x.y'>",
    "</a>", "<b>", "</b>", "<pre>", "</pre>", "<pre class=code>", "<table>", "<tr>", "<td>", "<th>", "</table>",
    "<hr id=zwchr>", "text", " ", "\n\n", "<img alt=x>", "<div class=gmail_quote>", "&amp;", "<", "<!--", "-->",
    "<![CDATA[", "<h1>", "</h1>", "<code>", "\\",
)  # fmt: skip


@given(st.lists(st.sampled_from(TAGS), max_size=40).map("".join))
def test_any_heap_of_tags_can_be_read(html):
    new_text(html, "html").encode("utf-8")
    cut(html, "html", include_quotes=True, include_footer=True)


HOSTILE = {
    "attributes": "<p " + " ".join(f"a{number}=1" for number in range(20_000)) + ">x",
    "marks opened anew in each paragraph": "".join(f"<p><b id=x{number}>a" for number in range(10_000)),
    "newlines": "<p>" + "\n" * 200_000,
    "lists in lists": "<ul><li>x" * 20_000,
    "tables in tables": "<table><tr><td>" * 10_000,
    "quotes in quotes": "<blockquote>x<br>" * 10_000,
    "unclosed tags": "<a " * 60_000,
    "empty paragraphs": "<p>" * 60_000,
}


@pytest.mark.parametrize("html", HOSTILE.values(), ids=HOSTILE.keys())
def test_hostile_html_costs_little(html):
    started = time.process_time()
    new_text(html, "html")
    assert time.process_time() - started < 4  # 0.6 s where this was written; minutes when it is quadratic
