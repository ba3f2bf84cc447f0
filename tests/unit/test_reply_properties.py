"""What is true of the new text of any body."""

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailpoll.reply import cut, new_text
from mailpoll.reply.parser import MAX_ON, MAX_TEXT

LINES = (
    "", " ", "> q", ">> q", ">", "| x", "JR> q", "On Mon, 4 Mar 2024 at 9:15, A <a@b.example> wrote:", "On", "wrote:",
    "--", "-- ", "—", "__", "___", "-----", "________________", "* * *", "From: a@b.example", "Sent: Mon 4/3/2024 9:15",
    "To: x", "Subject: y", "-----Original Message-----", "---------- Forwarded message ----------", "text", "Text.",
    "see below:", "\u200b", "Sent from my iPhone", "Begin forwarded message:", "<a@b.example>", ">:", "Kind regards,",
    "Thanks, Jane", "Jane Roe", "-Jane", "Head of Things | Example Ltd", "T: +44 20 7946 0000", "www.example.com",
    "PS: more", "```", "diff --git a/x b/x", "--- a/x", "+++ b/x", "@@ -1,2 +1,2 @@", " int a;", "-int b;", "+int c;",
    "3c3", "< old", "> new", "---", ">>> import x", "$ cat", "| a | b |", "|---|---|",
    "confidential, intended recipient, notify the sender, and so on and so forth", "Disclaimer:",
    "CAUTION: This email originated from outside of the organization.", "Do not click links or open attachments.",
    "dev mailing list", "To unsubscribe, visit https://example.com/u", "Checked for viruses by Avast, this e-mail is.",
    "https://www.avast.com/", "I am a person?",
)  # fmt: skip
BODIES = st.lists(st.sampled_from(LINES), max_size=30).map("\n".join)


def is_subsequence(some, of):
    left = iter(of)
    return all(line in left for line in some)


def visible(text):
    return [line.rstrip() for line in text.split("\n") if line.strip(" \t\u200b")]


@given(BODIES)
def test_the_new_text_is_made_of_lines_of_the_mail_in_their_order(text):
    assert is_subsequence(visible(new_text(text)), visible(text))


@given(BODIES)
def test_what_is_cut_is_made_of_lines_of_the_mail_and_nothing_is_lost_in_between(text):
    found = cut(text)
    pieces = [line for piece in found.cuts for line in visible(piece.text)]
    assert sorted([*visible(found.text), *pieces]) == sorted(visible(text))


@given(BODIES)
def test_no_order_of_lines_leaves_nothing(text):
    for flags in ({}, {"include_quotes": True}, {"include_footer": True}, {"quotes": "email-reply-parser"}):
        assert bool(cut(text, **flags).text.strip()) == bool(text.strip())


@given(st.text(max_size=2_000))
def test_any_text_can_be_read(text):
    assert bool(new_text(text).strip()) == bool(text.strip())


@given(st.text(alphabet="> |-_=*~\n\t aA1:@.<[`+,\u200b\xa0\u2014\u3000", max_size=300))
def test_any_marks_can_be_read(text):
    assert bool(new_text(text).strip()) == bool(text.strip())


HOSTILE = {
    "prose that starts with On": "On a b c d e f g\n",
    "attributions that never end": "On Mon, 4 Mar 2024 at 9:15, a\n",
    "attributions without end in one line": "On " * 30_000,
    "attributions without end in lines": "On " * 3_000 + "\n",
    "attributions without end in short lines": "On " * 10 + "\n",
    "words that start so": "OnOnOnline ",
    "as many as may be": "On a " + "b " * 900 + "\n",
    "blank lines": "\n",
    "blanks": " " * 100_000,
    "rules": "_" * 70 + "\n",
    "rules in one line": "-" * 100_000,
    "quotes": "> " * 50_000,
    "names that are patterns": "On 1 Mar (((((a+)+)+)+)+ <a@b.example> wrote:\n",
}


@pytest.mark.parametrize("piece", HOSTILE.values(), ids=HOSTILE.keys())
def test_hostile_text_costs_the_other_parser_little(piece):
    """Its pattern takes minutes for what these cost when it is let near them."""
    text = "Yes.\n\n" + piece * (MAX_TEXT // len(piece))
    started = time.process_time()
    assert cut(text[: MAX_TEXT - 1], quotes="email-reply-parser").text.strip()
    assert cut("Yes.\n\n" + piece * MAX_ON, quotes="email-reply-parser").text.strip()
    assert time.process_time() - started < 3
