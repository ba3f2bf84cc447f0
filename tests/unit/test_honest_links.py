"""Links that seem to lead somewhere else than they do say where they lead."""

from __future__ import annotations

import time

import pytest

from mailpoll.compose import posts
from mailpoll.message import parse
from mailpoll.model import Options, Route, Target
from mailpoll.reply.honest import honest, host_of, leads_to, suspicious


@pytest.mark.parametrize(
    ("text", "target", "host"),
    [
        ("https://bank.example", "http://evil.example", "evil.example"),
        ("bank.example/login", "http://evil.example/x", "evil.example"),
        ("www.bank.example – log in", "http://evil.example", "evil.example"),
        ("  «bank.example»", "http://evil.example", "evil.example"),
        ("**https://bank.example**", "http://evil.example", "evil.example"),
        ("//bank.example", "https://evil.example", "evil.example"),
        ("https://bank.example", "https://bank.example@evil.example/", "evil.example"),
        ("https://bank.example@evil.example/", "https://bank.example@evil.example/", "evil.example"),
        ("https://bank.example:443@evil.example/", "https://evil.example/", "evil.example"),
        ("https://bank.example", "https://evil.example\\@bank.example", "evil.example"),
        ("https://bank.example", "https://bank.example.evil.example/", "bank.example.evil.example"),
        ("https://bank.example", "HTTPS:/\\evil.example", "evil.example"),
        ("https://bank.example", "https://ｅvil．example", "evil.example"),
        ("bank。example", "https://evil.example", "evil.example"),
        ("192.0.2.1", "http://198.51.100.7/", "198.51.100.7"),
        ("https://192.0.2.1/", "http://[2001:db8::1]:80/", "2001:db8::1"),
        ("jane@bank.example", "mailto:eve@evil.example?subject=x", "evil.example"),
        ("jane@bank.example", "https://evil.example", "evil.example"),
        ("Log in", "https://аpple.com/", "xn--pple-43d.com"),
        ("аррӏе.com", "https://xn--80ak6aa92e.com/", "xn--80ak6aa92e.com"),
        ("bank.zip", "https://evil.example/", "evil.example"),
        ("https://straße.example", "https://strasse.example", "strasse.example"),
    ],
)
def test_a_text_that_names_another_host_is_told(text: str, target: str, host: str) -> None:
    assert leads_to(text, target) == host


@pytest.mark.parametrize(
    ("text", "target"),
    [
        ("https://bank.example", "https://bank.example/"),
        ("bank.example", "https://www.bank.example/x?y#z"),
        ("www.bank.example", "https://bank.example"),
        ("https://bank.example/very/long…", "https://login.bank.example/very/long/path"),
        ("https://bank.example:8443/", "https://bank.example:8443/"),
        ("BANK.example.", "https://bank.EXAMPLE"),
        ("Click here", "https://evil.example"),
        ("bücher.example", "https://xn--bcher-kva.example/"),
        ("weiter", "https://bücher.example"),
        ("weiter", "https://日本語かな.example/"),
        ("почта.example", "https://почта.example/"),
        ("README.md", "https://git.example/x/blob/README.md"),
        ("report.pdf", "https://files.example/1234"),
        ("Node.js 20.1", "https://nodejs.example"),
        ("3.11.2", "https://python.example/3.11"),
        ("e.g. this", "https://x.example"),
        ("jane@example.com", "mailto:jane@example.com"),
        ("tel", "tel:+123"),
        ("", "https://x.example"),
    ],
)
def test_a_link_that_is_what_it_seems_stays(text: str, target: str) -> None:
    assert leads_to(text, target) == ""


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        (
            "[https://bank.example](http://evil.example)",
            "[https://bank.example](http://evil.example) (leads to evil.example)",
        ),
        (
            "[[https://bank.example]](http://evil.example)",
            "[[https://bank.example]](http://evil.example) (leads to evil.example)",
        ),
        (
            '[https://bank.example](<http://evil.example> "https://bank.example")',
            '[https://bank.example](<http://evil.example> "https://bank.example") (leads to evil.example)',
        ),
        (
            "[https://bank.example\n](\nhttp://evil.example)",
            "[https://bank.example\n](\nhttp://evil.example) (leads to evil.example)",
        ),
        (
            "see https://bank.example@evil.example/x now",
            "see https://bank.example@evil.example/x (leads to evil.example) now",
        ),
        (
            "\\[bank.example\\](https://evil.example/)",  # Zulip knows no escapes
            "\\[bank.example\\](https://evil.example/) (leads to evil.example)",
        ),
        ("<https://аpple.com/>", "<https://аpple.com/> (leads to xn--pple-43d.com)"),
        ("[x](javascript:alert(1))", "[x]\u200b(javascript:alert(1))"),
        ("[x]( JaVa\\ScRiPt:1)", "[x]\u200b( JaVa\\ScRiPt:1)"),
        ("[x](&#106;ava&Tab;script:1)", "[x]\u200b(&#106;ava&Tab;script:1)"),
        ("[x](data:text/html,1)", "[x]\u200b(data:text/html,1)"),
        ("[bank][1]\n\n[1]: http://evil.example", "[bank][1]\n\n[1]\u200b: http://evil.example"),
    ],
)  # fmt: skip
def test_what_somebody_writes_as_markdown_is_honest(text: str, shown: str) -> None:
    assert honest(text) == shown
    assert honest(shown) == shown


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("![x](https://a.example/x.png)", "!\u200b[x](https://a.example/x.png)"),
        ("a ![](https://a.example/1) b", "a !\u200b[](https://a.example/1) b"),
        ("![a [b] c](https://a.example/x.png)", "!\u200b[a [b] c](https://a.example/x.png)"),
        ("if ![0] then", "if ![0] then"),
    ],
)
def test_an_image_is_a_link_to_it(text: str, shown: str) -> None:
    assert honest(text) == shown


@pytest.mark.parametrize(
    "text",
    [
        "https://bank.example and http://evil.example",
        "[docs](https://bank.example/docs) and [1] https://x.example",
        "jane@example.com https://x.example/@jane",
        "a[0](b) f[i](x) [ ]( ) ](",
        "[A](https://x.example/A_\\(b\\))",
    ],
)
def test_open_text_stays(text: str) -> None:
    assert honest(text) == text


@pytest.mark.parametrize("label", ["аpple", "аррӏе", "раураl", "ⅼogin", "ɑpple", "ο", "pay\u0301\u0332pal"])
def test_labels_that_pass_for_others(label: str) -> None:
    assert suspicious(label)


@pytest.mark.parametrize("label", ["bücher", "почта", "日本語かな", "한국어", "ελληνικά", "example", "xn--x", "łódź"])
def test_plain_labels(label: str) -> None:
    assert not suspicious(label)


@pytest.mark.parametrize(
    "url", ["", "x", "http:", "http://", "https://@", "https://[", "ftp:\\\\\\", "mailto:", "tel:1"]
)
def test_no_url_is_too_odd(url: str) -> None:
    assert host_of(url) in ("", "[")


def body(html: str, **options: bool) -> str:
    route = Route("team", (Target("store"),), options=Options(**options))
    mail = 'From: "[https://bank.example](http://evil.example)" <eve@example.com>\n'
    return posts(parse(f"{mail}Content-Type: text/html; charset=utf-8\n\n{html}".encode()), [route])[0].body


@pytest.mark.parametrize(
    "link",
    [
        '<a href="http://evil.example">https://bank.example</a>',
        '<a href="http://evil.example"><b>bank.example</b>/login</a>',
        '<a href="http://ev\til.example">https://bank.\u200bexample</a>',
        '<a href="http://evil.example">\u202ahttps://bank.example\u202c</a>',
        '<a href="https://bank.example@evil.example/">Bank.example, where you are safe</a>',
    ],
)
def test_a_link_of_html_says_where_it_leads(link: str) -> None:
    assert body(f"<p>Hello {link}!</p>").endswith(") (leads to evil.example)!")


@pytest.mark.parametrize("target", ["javascript:alert(1)", "data:text/html,x", "&#106;avascript:1", "vbscript:x"])
def test_html_links_to_nothing_that_runs(target: str) -> None:
    assert body(f'<a href="{target}">click</a>') == "click"


def test_a_sender_cannot_pass_a_link_off_as_another() -> None:
    assert "(leads to evil.example)" in body("hello", show_sender=True).splitlines()[0]


UNITS = ["[", "[a](", "](", "\\", "[\\", "[x](<", "http://a@", "[1]:\n", "a.", "[a.](http://b)", "](\\ ", "]( ", "é.",
         "[a](" + " " * 1_000, "[a](((", "[a](b\n)", "http://é/", "[a](" + "b" * 500, "\n\n", "@"]  # fmt: skip


@pytest.mark.parametrize("unit", UNITS)
def test_a_megabyte_takes_no_time(unit: str) -> None:
    text = (unit * (1_000_000 // len(unit) + 1))[:999_999] + "@"
    start = time.process_time()
    honest(text)
    assert time.process_time() - start < 4
