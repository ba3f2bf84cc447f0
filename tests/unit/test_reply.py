"""What of a plain body is new: clients, languages and habits, each with a mail written for it."""

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailpoll.message import parse
from mailpoll.reply import cut, is_forwarded, new_text, of_message, without_footer

QUOTED = "> Can you send the report?\n> Bob\n"
BARE = "Can you send the report?\nBob\n"


@pytest.mark.parametrize(
    "attribution",
    [
        "On Tue, 5 Mar 2024 at 10:20, Bob Poe <bob@example.com> wrote:",
        "On 05/03/2024 10:20, Bob Poe wrote:",
        "Am 05.03.24 um 10:20 schrieb Bob Poe:",
        "Bob Poe <bob@example.com> schrieb am Di., 5. März 2024, 10:20:",
        "Le mar. 5 mars 2024 à 10:20, Bob Poe <bob@example.com> a écrit :",
        "El mar, 5 mar 2024 a las 10:20, Bob Poe (<bob@example.com>) escribió:",
        "Em ter., 5 de mar. de 2024 às 10:20, Bob Poe <bob@example.com> escreveu:",
        "Il giorno mar 5 mar 2024 alle ore 10:20 Bob Poe <bob@example.com> ha scritto:",
        "Op di 5 mrt 2024 om 10:20 schreef Bob Poe <bob@example.com>:",
        "Den tis 5 mars 2024 kl 10:20 skrev Bob Poe <bob@example.com>:",
        "ti 5. maalisk. 2024 klo 10.20 Bob Poe (bob@example.com) kirjoitti:",
        "wt., 5 mar 2024 o 10:20 Bob Poe <bob@example.com> napisał(a):",
        "út 5. 3. 2024 v 10:20 odesílatel Bob Poe <bob@example.com> napsal:",
        "вт, 5 мар. 2024 г. в 10:20, Bob Poe <bob@example.com>:",
        "вт, 5 бер. 2024 р. о 10:20 Bob Poe <bob@example.com> пише:",
        "Bob Poe <bob@example.com>, 5 Mar 2024 Sal, 10:20 tarihinde şunu yazdı:",
        "2024年3月5日(火) 10:20 Bob Poe <bob@example.com>:",
        "Bob Poe <bob@example.com> 于2024年3月5日周二 10:20写道：",
        "2024년 3월 5일 (화) 오전 10:20, Bob Poe <bob@example.com>님이 작성:",
        "On Tue, 5 Mar 2024 at 10:20, Bob Poe of the Department of Long Names\n<bob@example.com> wrote:",
        "Le mar. 5 mars 2024 à 10:20, Bob Poe <bob@example.com> a\nécrit :",
        "Am 5. März 2024 um 10:20 schrieb Bob Poe <bob@example.com\n>:",
    ],
)
@pytest.mark.parametrize("quote", [QUOTED, BARE], ids=["marked", "bare"])
def test_an_attribution_and_what_it_announces_go(attribution, quote):
    assert new_text(f"Yes.\n\n{attribution}\n\n{quote}") == "Yes."


@pytest.mark.parametrize(
    "attribution",
    [
        '"Bob Poe" bob@example.com – March 5, 2024 10:20 AM',
        '"Bob Poe" <bob@example.com> – 5. März 2024 10:20',
    ],
)
def test_an_attribution_of_nextcloud_is_one_over_quoted_lines_only(attribution):
    assert new_text(f"Yes.\n\n{attribution}\n{QUOTED}") == "Yes."
    assert new_text(f"Yes.\n\n{attribution}\nhas the key.").endswith("has the key.")


@pytest.mark.parametrize(
    "separator",
    [
        "-----Original Message-----",
        "----- Original Message -----\nFrom: Bob\nTo: Jane",
        "-----Ursprüngliche Nachricht-----",
        "-----Message d'origine-----",
        "________________\nFrom: Bob Poe <bob@example.com>\nSent: Tuesday, March 5, 2024 10:20\nTo: Jane",
        "From: Bob Poe <bob@example.com>\nSent: Tuesday, March 5, 2024 10:20 AM\nTo: Jane\nSubject: Report",
        "*From:* Bob Poe <bob@example.com>\n*Sent:* 5 March 2024 10:20\n*To:* Jane",
        "Von: Bob Poe <bob@example.com>\nGesendet: Dienstag, 5. März 2024 10:20\nAn: Jane\nBetreff: Bericht",
        "De : Bob Poe <bob@example.com>\nEnvoyé : mardi 5 mars 2024 10:20\nÀ : Jane\nObjet : Rapport",
        "发件人: Bob Poe <bob@example.com>\n发送时间: 2024年3月5日 10:20\n收件人: Jane\n主题: 报告",
        "##- Please type your reply above this line -##",
    ],
)
def test_everything_below_a_separator_goes(separator):
    assert new_text(f"Yes.\n\n{separator}\n\n{BARE}") == "Yes."


@pytest.mark.parametrize(
    "text",
    [
        "On Friday the board wrote:\nwe approve the budget.",
        "My trip:\nFrom: Vienna\nTo: Graz",
        "The parcel was sent from my office.",
        "Sent from my desk, because the office is closed.",
        "Totals\n------\nApples 2\nPears 3",
        "See >> below <<",
        "a -- b",
        "Regards to all of them!\nAnd a second line.",
        "--\nonly a signature",
        "> only a quote",
        "Part one\n--\nPart two\n--\nPart three",
        "👍",
    ],
)
def test_what_only_looks_like_a_quote_or_signature_stays(text):
    assert new_text(text) == text


@pytest.mark.parametrize(
    "ending",
    [
        "-- \nJane Roe\nExample Ltd",
        "Sent from my iPhone",
        "Von meinem iPhone gesendet",
        "Envoyé de mon iPhone",
        "iPhoneから送信",
        "Get Outlook for iOS<https://aka.ms/o0ukef>",
        "_______________________________________________\ndev mailing list\ndev@lists.example.com",
        "This e-mail is confidential. If you are not the intended recipient, please notify the sender and delete it.",
        "Diese E-Mail ist vertraulich. Wenn Sie sie irrtümlich erhalten haben, vernichten Sie diese bitte.",
    ],
)
def test_endings_go(ending):
    assert new_text(f"The invoice is attached.\n\n{ending}\n") == "The invoice is attached."


def test_a_banner_of_a_gateway_goes():
    assert new_text("[EXTERNAL] Be careful.\n\nHello.") == "Hello."


def test_an_answer_below_the_quote_is_the_new_text():
    assert new_text(f"On 05/03/2024 10:20, Bob Poe wrote:\n{QUOTED}\nYes.") == "Yes."


def test_answers_between_quotes_keep_the_questions():
    text = "> Can you come?\nYes.\n\n> Will Eve?\nNo.\n\n> Bob"
    assert new_text(text) == "> Can you come?\nYes.\n\n> Will Eve?\nNo."


def test_a_wrapped_end_of_a_quoted_line_is_part_of_the_quote():
    text = "> a quoted line that was long enough to be wrapped by somebody's\nclient\n> and goes on\n\nYes."
    assert new_text(text) == "Yes."


def test_a_forwarded_mail_stays_whole():
    text = "FYI\n\n---------- Forwarded message ---------\nFrom: Bob <bob@example.com>\n\nhello\n--\nBob"
    assert new_text(text) == text


def test_what_was_cut_is_kept_apart():
    found = cut(f"Yes.\n\nOn 05/03/2024 10:20, Bob wrote:\n{QUOTED}\n-- \nJane")
    assert found.text == "Yes."
    assert [(piece.kind, piece.text) for piece in found.cuts] == [
        ("attribution", "On 05/03/2024 10:20, Bob wrote:"),
        ("quote", "> Can you send the report?\n> Bob"),
        ("signature", "-- \nJane"),
    ]


def test_quotes_and_footers_can_be_kept_apart_from_each_other():
    text = f"Yes.\n\n{QUOTED}\n-- \nJane"
    assert cut(text, include_quotes=True).text == f"Yes.\n\n{QUOTED.rstrip()}"
    assert cut(text, include_footer=True).text == "Yes.\n\n\n--\nJane"
    assert cut(text, quotes="keep").text == f"Yes.\n\n{QUOTED.rstrip()}"


def test_the_other_parser_is_asked_only_for_what_it_can_bear():
    assert cut(f"Yes.\n\n{QUOTED}", quotes="email-reply-parser").text.startswith("Yes.")
    assert cut("On Monday we met.\n" * 500, quotes="email-reply-parser").text.count("met") == 500
    assert cut("Yes.\n\nOn Mon C:\\Users\\bob wrote:\n", quotes="email-reply-parser").text.startswith("Yes.")


@pytest.mark.parametrize(
    ("text", "above"),
    [
        ("a\n--\nb", "a"),
        ("a\n-- \nb", "a"),
        ("a\n  --\nb", "a"),
        ("a\n--\nb\n--\nc", "a\n--\nb\n--\nc"),
        ("a\n---\nb", "a\n---\nb"),
    ],
)
def test_exactly_one_delimiter_starts_a_signature(text, above):
    assert without_footer(text) == above


@pytest.mark.parametrize(
    ("subject", "forwarded"),
    [("Fwd: x", True), ("[fwd] x", True), ("WG: x", True), ("Re: Fwd: x", False), ("x", False)],
)
def test_forwarded_subjects(subject, forwarded):
    assert is_forwarded(subject) is forwarded


@pytest.mark.parametrize(
    ("header", "text"),
    [
        ("", "Yes."),
        ("Subject: Fwd: x\n", f"Yes.\n\n{QUOTED.rstrip()}"),
        ("Auto-Submitted: auto-generated\n", f"Yes.\n\n{QUOTED.rstrip()}\n\n--\nJane"),
        ("Auto-Submitted: auto-generated\nIn-Reply-To: <1@x>\n", f"Yes.\n\n{QUOTED.rstrip()}\n\n--\nJane"),
        ("Auto-Submitted: auto-replied\nIn-Reply-To: <1@x>\n", "Yes."),
        ("Precedence: bulk\nReferences: <1@x>\n", "Yes."),
        ("From: root@host.example\n", f"Yes.\n\n{QUOTED.rstrip()}\n\n--\nJane"),
        ("From: root@host.example\nIn-Reply-To: <1@x>\n", "Yes."),
    ],
    ids=[
        "reply",
        "forward",
        "machine",
        "machine in a thread",
        "machine that answers",
        "list that says bulk",
        "mail(1)",
        "root who answers",
    ],
)
def test_what_a_mail_is_decides_what_is_cut(header, text):
    mail = parse(f"{header}\nYes.\n\n{QUOTED}\n-- \nJane".encode())
    assert of_message(mail).text == text


LINES = (
    "", "> q", ">> q", "On Mon, 4 Mar 2024 at 9:15, A <a@b.example> wrote:", "On", "wrote:", "--", "-- ", "___",
    "-----", "From: a@b.example", "Sent: Mon 9:15", "To: x", "Subject: y", "-----Original Message-----",
    "text", "| x", "\u200b",
    "Sent from my iPhone", "Begin forwarded message:", "<a@b.example>", "> wrote:", ">:",
    "confidential, intended recipient, notify the sender, and so on and so forth",
)  # fmt: skip


@given(st.lists(st.sampled_from(LINES), max_size=30).map("\n".join))
def test_no_order_of_lines_fails_or_loses_everything(text):
    found = cut(text)
    assert bool(found.text.strip()) == bool(text.strip())


@given(st.text(max_size=500))
def test_any_text_can_be_read(text):
    assert bool(new_text(text).strip()) == bool(text.strip())


HOSTILE = {
    "attributions that never end": "On 1 a:\n",
    "signatures": "Sent from my iPhone\n\nx\n",
    "rules with text between": "-" * 100 + "x" + "-" * 100 + ":\n",
    "attributions and quotes in turn": "On 5/3/2024 10:20 a@b.example wrote:\n> q\ntext\n",
    "small print": "confidential, intended recipient, notify the sender, and so on and so forth\n\n",
    "header fields": "From: a@b.example\nx\n",
    "links in quotes": "> a\n<http://" + ">" * 500 + "x\n> b\n",
}


@pytest.mark.parametrize("piece", HOSTILE.values(), ids=HOSTILE.keys())
def test_hostile_text_costs_little(piece):
    started = time.process_time()
    new_text(piece * (200_000 // len(piece)))
    assert time.process_time() - started < 3  # 0.5 s where this was written; minutes when it is quadratic
