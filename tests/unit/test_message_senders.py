"""Who a mail is from as people are shown it, what says that nobody can tell, and what the receiving server found."""

import pytest

from mailpoll.compose import posts
from mailpoll.message import parse
from mailpoll.model import Options, Route, Target


def shown(raw):
    """The first line of a post."""
    route = Route("team", (Target("chat"),), options=Options(show_sender=True))
    (post,) = posts(parse(raw), [route])
    return post.body.partition("\n")[0]


@pytest.mark.parametrize(
    ("fields", "problem"),
    [
        (["jane@example.com"], ""),
        (["Jane <jane@example.com>"], ""),
        (['"Roe, Jane" <jane@example.com>'], ""),
        (["Team: jane@example.com;"], ""),
        ([], "it has no From"),
        ([""], "its From names no address"),
        (["nobody"], "its From names no address"),
        (["undisclosed:;"], "its From names no address"),
        (["a@x.example, b@y.example"], "its From names several senders"),
        (["Team: a@x.example, b@y.example;"], "its From names several senders"),
        (["<a@x.example> <b@y.example>"], "its From names several senders"),
        (["a@x.example", "a@x.example"], "it has two From fields"),
        (["a@x.example", "b@x.example", "c@x.example"], "it has 3 From fields"),
    ],
)
def test_exactly_one_from_with_exactly_one_address_has_no_problem(fields, problem):
    raw = b"".join(f"From: {field}\n".encode() for field in fields) + b"Subject: x\n\nhi"
    assert parse(raw).sender_problem == problem
    assert parse(raw, safe=True).sender_problem == problem


@pytest.mark.parametrize(
    "field",
    [
        '"admin@x.com" <evil@y.example>',
        "admin@x.com <evil@y.example>",
        '"admin@x.com <admin@x.com>" <evil@y.example>',
        "=?utf-8?q?admin=40x.com?= <evil@y.example>",
        "=?utf-8?q?admin=40x.com_=3Cadmin=40x.com=3E?= <evil@y.example>",
        "evil@y.example (admin@x.com)",
        "admin＠x.com <evil@y.example>",
        '"' + "admin@x.com " * 100 + '" <evil@y.example>',
        '"\u202emoc.x@nimda" <evil@y.example>',
    ],
)
def test_a_name_that_looks_like_another_address_fools_nobody(field):
    raw = b"From: " + field.encode() + b"\nSubject: x\n\nhi"
    message = parse(raw)
    assert [person.address for person in message.from_] == ["evil@y.example"]
    assert "the sender's name looks like another address" in message.defects
    line = shown(raw)
    assert line.startswith("**From:** ")
    assert line.endswith("<evil@y.example>")
    assert line.count("<") == 1
    assert len(line) < 300
    assert "\u202e" not in line


@pytest.mark.parametrize(
    ("field", "line"),
    [
        ('"admin@x.com"@y.example', '"admin_x.com"@y.example'),
        ('"admin@x.com               "@y.example', '"admin_x.com_"@y.example'),
        ('"Admin <admin@x.com> "@y.example', '"Admin_admin_x.com_"@y.example'),
        ('x <"admin@x.com> ("@y.example>', 'x <"admin_x.com_"@y.example>'),
        ('"jane.doe"@y.example', "jane.doe@y.example"),
        ("o'hara+a/b=c@y.example", "o'hara+a/b=c@y.example"),
        ("a..b.@y.example", "a..b.@y.example"),
        ("jörg@y.example", "jörg@y.example"),
    ],
)
def test_an_address_in_quotes_is_shown_in_quotes_and_as_no_other(field, line):
    assert shown(f"From: {field}\n\nhi".encode()) == f"**From:** {line}"


@pytest.mark.parametrize(
    ("fields", "why"), [("", "it has no From"), ("From: Jane\n", "its From names no address"), ("From: \n", "")]
)
def test_of_a_mail_without_a_sender_that_is_said_so_that_its_text_does_not_pass_for_ours(fields, why):
    raw = f"{fields}Subject: x\n\n**From:** Jane <jane@example.com>\n\nPay this.".encode()
    assert shown(raw) == f"**From:** nobody who could be told (not verified: {why or 'its From names no address'})"


@pytest.mark.parametrize(
    "field",
    [
        "Jane <jane@example.com>",
        '"jane@example.com" <Jane@example.com>',
        "J@ne <j@x.org>",
        "Jane at example.com <j@x.org>",
    ],
)
def test_other_names_are_no_defect(field):
    assert parse(f"From: {field}\n\nhi".encode()).defects == ()


@pytest.mark.parametrize(
    ("head", "found"),
    [
        (b"", None),
        (b"Authentication-Results: mx.example.com; dmarc=pass\n", "mx.example.com; dmarc=pass"),
        (b"authentication-results: a;\n none\nAuthentication-Results: b; dmarc=pass\n", "a; none"),
        (b"Authentication-Results:\nAuthentication-Results: b; dmarc=pass\n", ""),
    ],
)
def test_the_topmost_authentication_results_count(head, found):
    assert parse(head + b"From: a@x.example\n\nhi").authentication == found


def test_the_addresses_of_loop_marks_are_gathered():
    raw = b"X-Loop: a@x.example\nX-LOOP: B <b@x.example>, a@x.example\nX-Loop: no address\n\nhi"
    assert parse(raw).loop_addresses == ("a@x.example", "b@x.example")
    many = b"".join(b"X-Loop: a%d@x.example\n" % number for number in range(3_000))
    assert len(parse(many + b"\nhi").loop_addresses) == 100
