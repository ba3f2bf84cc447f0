"""The HTML that mail clients write round a reply: what of it is new, what is cut, what must stay."""

import re

import pytest

from mailpoll.reply import cut, new_text

NEW, OLD = "Tuesday suits me, thank you.", "Would Monday or Tuesday suit you better?"
ON = "On Mon, 4 Mar 2024 at 09:15, Bob Roe &lt;bob@example.com&gt; wrote:"
WORD = "border:none;border-top:solid #E1E1E1 1.0pt;padding:3.0pt 0cm 0cm 0cm"
HR = '<hr tabindex="-1" style="display:inline-block; width:98%">'


def fields(*names, bold="b"):
    """A header block as Outlook writes it, with these names of fields."""
    values = ("Bob Roe &lt;bob@example.com&gt;", "Monday, 4 March 2024 09:15", "Jane Roe", "Meeting")
    return "<br>".join(f"<{bold}>{name}</{bold}> {value}" for name, value in zip(names, values, strict=True))


ENGLISH = fields("From:", "Sent:", "To:", "Subject:")

# What a client writes under the new text: all of it goes.
BELOW = {
    "Gmail": f"""<br><div class="gmail_quote gmail_quote_container"><div dir="ltr" class="gmail_attr">{ON}<br></div>
        <blockquote class="gmail_quote" style="margin:0px 0px 0px 0.8ex;border-left:1px solid #ccc">
        <div dir="ltr">{OLD}</div></blockquote></div>""",
    "Gmail before 2018": f"""<div class="gmail_extra"><br><div class="gmail_quote">{ON}<br>
        <blockquote class="gmail_quote"><p>{OLD}</p></blockquote></div><br></div>""",
    "Gmail, in a language that nobody listed": f"""<div class="gmail_quote"><div class="gmail_attr">4/3/2024 Bob
        skribis<br></div><blockquote class="gmail_quote">{OLD}</blockquote></div>""",
    "Gmail with a signature": f"""<br clear="all"><div><br></div><span class="gmail_signature_prefix">-- </span><br>
        <div dir="ltr" class="gmail_signature" data-smartmail="gmail_signature">Jane Roe<br>Head of Things</div>
        <div class="gmail_quote"><div class="gmail_attr">{ON}</div><blockquote class="gmail_quote">{OLD}</blockquote>
        </div>""",
    "Outlook 2016": f"""<p class="MsoNormal"><o:p>&nbsp;</o:p></p><div><div style="{WORD}"><p class="MsoNormal">
        {ENGLISH}<o:p></o:p></p></div></div><p class="MsoNormal">{OLD}</p>""",
    "Outlook 2010": f"""<div style="border:none;border-top:solid #B5C4DF 1.0pt;padding:3.0pt 0in 0in 0in">
        <p class="MsoNormal">{fields("Von:", "Gesendet:", "An:", "Betreff:")}</p></div><p>{OLD}</p>""",
    "Outlook in a language that nobody listed": f"""<div style="{WORD}"><p class="MsoNormal">
        {fields("De la part:", "Ekspedita:", "Ricevonto:", "Temo:")}</p></div><p class="MsoNormal">{OLD}</p>""",
    "Outlook's mail, carried on by its web": f"""<div><div style="border-width:1pt medium medium;border-style:solid;
        border-top: 1pt solid rgb(225, 225, 225); padding: 3pt 0in 0in"><p class="x_MsoNormal">{ENGLISH}</p></div></div>
        <p class="x_MsoNormal">{OLD}</p>""",
    "Outlook on the web": f"""<div id="appendonsend"></div>{HR}<div id="divRplyFwdMsg" dir="ltr"><font face="Calibri">
        {ENGLISH}</font><div>&nbsp;</div></div><div>{OLD}</div>""",
    "Outlook on the web, with a signature": f"""<div id="Signature"><p>Jane Roe</p></div><div id="appendonsend"></div>
        {HR}<div id="divRplyFwdMsg">{ENGLISH}</div><div class="BodyFragment">{OLD}</div>""",
    "Outlook on the web, in a language that nobody listed, with its plain line": f"""<div id="appendonsend"></div><hr>
        <div id="divRplyFwdMsg"><b>De la part:</b> Bob<br><b>Ekspedita:</b> lundo</div><div>{OLD}</div>""",
    "Outlook on the web, quoting itself": f"""<div class="x_elementToProof"><br></div>{HR}
        <div id="x_divRplyFwdMsg">{ENGLISH}</div><div>{OLD}</div>""",
    "Outlook without marks": f"""<hr><font><b>From: bob@example.com</b> <b>Date: Thu, 4 Mar 2024 08:07</b></font>
        <div>{OLD}</div>""",
    "Outlook on the web, in a language that nobody listed": f"""{HR}<div dir="ltr"><font face="Calibri"><b>De la
        part:</b> Bob<br><b>Ekspedita:</b> lundo</font></div><div>{OLD}</div>""",
    "Outlook's mail, carried on by its mobile": f"""<div style="padding: 3pt 0in 0in; border-style: solid none none;
        border-color: rgb(181, 196, 223) currentcolor"><p>{ENGLISH}</p></div><div>{OLD}</div>""",
    "Outlook for iOS": f"""<div id="ms-outlook-mobile-signature" dir="ltr"><div></div>Get <a href="https://aka.ms/o0">
        Outlook for iOS</a></div><div id="mail-editor-reference-message-container" dir="ltr"><br>{HR}
        <div id="divRplyFwdMsg">{ENGLISH}</div><div>{OLD}</div></div>""",
    "Outlook for Android": f"""<div class="ms-outlook-mobile-signature">Hankige Outlook</div>
        <div id="id-6c9" class="ms-outlook-mobile-reference-message"><hr><div id="divRplyFwdMsg">{ENGLISH}</div>
        {OLD}</div>""",
    "Outlook for Mac 2011": f"""<span id="OLK_SRC_BODY_SECTION"><div style="border-top: #b5c4df 1pt solid;">
        <span style="font-weight:bold">From: </span> Bob Roe<br></div><div>{OLD}</div></span>""",
    "Hotmail": f"""<hr id="stopSpelling">From: bob@example.com<br>To: jane@example.com<br>Subject: Meeting<br>
        Date: Mon, 4 Mar 2024 09:15:00<br><br>{OLD}""",
    "Apple Mail": f"""<div><br><blockquote type="cite"><div>{ON}</div><br class="Apple-interchange-newline">
        <div>{OLD}</div></blockquote></div>""",
    "iOS": f"""<div><br><div id="AppleMailSignature">Sent from my iPhone</div><div><br>{ON}<br><br></div>
        <blockquote type="cite"><div>{OLD}</div></blockquote></div>""",
    "iOS, in a language that nobody listed": f"""<div dir="ltr"><br></div><div dir="ltr">La 4an de marto 2024 je 09:15
        Bob Roe skribis:</div><blockquote type="cite">{OLD}</blockquote>""",
    "Thunderbird": f"""<div class="moz-signature">-- <br>Jane Roe</div><div class="moz-cite-prefix">{ON}<br></div>
        <blockquote type="cite" cite="mid:1@example.com"><p>{OLD}</p></blockquote>""",
    "Yahoo": f"""<div id="ydp1a2b3c4dyahoo_quoted_5" class="ydp1a2b3c4dyahoo_quoted"><div>{ON}</div>
        <div id="yiv123">{OLD}</div></div>""",
    "Yahoo for iOS, now": f"""<div id="ymail_android_signature">Sent from Yahoo</div><p class="yahoo-quoted-begin">La
        4an de marto Bob skribis:</p><blockquote class="iosymail">{OLD}</blockquote>""",
    "Yahoo for iOS": f'<blockquote class="iosymail">{ON}<br>{OLD}</blockquote>',
    "Yahoo for Android": f"""<div class="ymail_android_signature">Sent from Yahoo Mail on Android</div>
        <blockquote style="margin: 0 0 20px 0;"><div>{ON}</div><div>{OLD}</div></blockquote>""",
    "AOL": f"-----Original Message-----<br>{fields('From:', 'Sent:', 'To:', 'Subject:', bold='span')}<br><br>{OLD}",
    "Proton": f"""<div class="protonmail_signature_block protonmail_signature_block-empty"></div>
        <div class="protonmail_quote">{ON}<br><blockquote class="protonmail_quote" type="cite">{OLD}</blockquote>
        </div>""",
    "Proton, before": f"""<div class="protonmail_quote">------- Original Message -------<br>{ON}<br><br>{OLD}</div>""",
    "Tuta": f"""<div>{ON}<br></div><blockquote class="tutanota_quote" style="border-left: 1px solid #93A3B8;">{OLD}
        </blockquote>""",
    "Zoho": f"""<div id="Zm-_Id_-Sgn" data-sigid="1"><div>Jane Roe</div></div><br><div class="zmail_extra_hr"
        style="border-top: 1px solid rgb(204, 204, 204); height: 0px;"><br></div><div class="zmail_extra"><br>
        <div id="Zm-_Id_-Sgn1">---- On Mon, 04 Mar 2024 09:15:02 +0200 <b>Bob &lt;bob@example.com&gt;</b> wrote ---
        </div><br><blockquote id="blockquote_zmail"><div>{OLD}</div></blockquote></div>""",
    "Zoho, before": f'<div>---- On Mon wrote ----</div><div title="beforequote:::"></div><div>{OLD}</div>',
    "Yandex": f"""<div>&nbsp;</div><div>04.03.2024, 09:15, "Bob Roe" &lt;bob@example.com&gt;:</div>
        <blockquote><p>{OLD}</p></blockquote>""",
    "Mail.ru": f"""<blockquote style="border-left:1px solid #0857A6; margin:10px; padding:0 0 0 10px;">
        Понедельник, 4 марта 2024, 9:15 +03:00 от Bob &lt;bob@example.com&gt;:<br><br><div class="js-helper">{OLD}</div>
        </blockquote>""",
    "Mail.ru, folded": f'<div class="mail-quote-collapse"><blockquote>Bob:<br>{OLD}</blockquote></div>',
    "QQ": f"""<div style="font-size: 12px;padding:2px 0;">------------------&nbsp;Original&nbsp;------------------</div>
        <div style="font-size: 12px;background:#efefef;padding:8px;"><div>{ENGLISH}</div></div><div>{OLD}</div>""",
    "QQ, folded": f"<div><includetail><div>{OLD}</div></includetail></div>",
    "QQ's new editor": f"""<article><div style="display:flex"><div style="color:#959DA6">Original</div><hr></div>
        <table data-uneditable="true"><tr><td><div><span>From:</span><span>Bob</span> &lt;bob@example.com&gt;</div>
        <div>Date: Mar 4, 2024 10:01</div></td></tr></table><div>{OLD}</div></article>""",
    "NetEase": f"""<div id="divNeteaseMailCard"></div><p>在 2024-03-04 18:28:31，"Bob" &lt;b@example.com&gt; 写道：</p>
        <blockquote id="isReplyContent" style="PADDING-LEFT: 1ex"><div>{OLD}</div></blockquote>""",
    "NetEase's Mail Master": f"""<div id="imail_signature" class="ntes-signature">Jane</div>
        <div class="J-reply ntes-mailmaster-quote"><div>---- 回复的原邮件 ----</div><table><tr><td>发件人</td>
        <td>Bob</td></tr></table><div>{OLD}</div></div>""",
    "China Mobile": f"""<div id="signContainer"></div><hr id="replySplit"><div id="reply139content"><b>发件人:</b> Bob
        {OLD}</div>""",
    "Alimail": f'<blockquote class="__alimail"><div class="alimail-quote">{OLD}</div></blockquote>',
    "Foxmail": f"""<blockquote style="margin-Top: 0px; margin-Bottom: 0px; margin-Left: 0.5em"><div>&nbsp;</div>
        <div style="border:none;border-top:solid #B5C4DF 1.0pt;padding:3.0pt 0cm 0cm 0cm"><div>{ENGLISH}</div></div>
        <div>{OLD}</div></blockquote>""",
    "GMX": f"""<div name="quote" style="margin:10px 5px 5px 10px; border-left:2px solid #C3D9E5;"><div>
        <b>Gesendet:</b> Montag, 4. März 2024<br><b>Von:</b> Bob</div><div name="quoted-content">{OLD}</div></div>""",
    "Fastmail": f"""<div id="sig62738"><div>Jane Roe</div></div><div>{ON}</div><blockquote type="cite" id="qt">{OLD}
        </blockquote>""",
    "Spark": f"""<div name="messageSignatureSection"><br>Jane Roe</div><div name="messageReplySection">On 4 Mar 2024,
        09:15 +0100, Bob &lt;bob@example.com&gt;, wrote:<br><blockquote type="cite" class="spark_quote">{OLD}
        </blockquote></div>""",
    "Superhuman": f"""<div class="sh-signature"><div class="gmail_signature">Jane</div></div><br>
        <div class="sh-quoted-content"><div class="gmail_quote">{ON}<br><blockquote class="gmail_quote">{OLD}
        </blockquote></div></div>""",
    "Airmail": f"""<div class="bloop_sign" id="bloop_sign_15"><p>Jane</p></div><p class="airmail_on">{ON}</p>
        <blockquote type="cite" class="clean_bq">{OLD}</blockquote>""",
    "Front": f"""<div class="front-signature">Jane</div><blockquote type="cite" class="front-blockquote">{ON}<br>{OLD}
        </blockquote>""",
    "Missive": f'<div class="missive_quote"><div>{ON}</div><blockquote>{OLD}</blockquote></div>',
    "Nextcloud": f"""<div>"Bob Roe" bob@example.com – March 4, 2024 9:15 AM</div><blockquote>{OLD}</blockquote>""",
    "HEY": f"<div>{ON}</div><blockquote><div>{OLD}</div></blockquote>",
    "eM Client": f"""<div>------ Original Message ------</div><div>{fields("From", "Date", "To", "Subject")}</div>
        <div id="x1"><blockquote type="cite" class="cite2">{OLD}</blockquote></div>""",
    "Zimbra": f"""<div data-marker="__SIG_PRE__">Jane Roe</div><hr id="zwchr" data-marker="__DIVIDER__">
        <div data-marker="__HEADERS__">{ENGLISH}</div><div data-marker="__QUOTED_TEXT__"><blockquote>{OLD}</blockquote>
        </div>""",
    "Notes": f"""<br><br><font size=1 color=#5f5f5f face="sans-serif">From: </font><font size=1>Bob
        &lt;bob@example.com&gt;</font><br><font size=1>To: </font><font size=1>Jane</font><br><font size=1>Date: </font>
        <font size=1>04.03.2024 09:15</font><br><font size=1>Subject: </font><font size=1>Meeting</font><br>
        <hr noshade><br>{OLD}""",
    "Samsung": f"""<div id="composer_signature"><div>Sent from my Galaxy</div></div><div>-------- Original message
        --------</div><div>From: Bob &lt;bob@example.com&gt;</div><div>Date: 4/3/24 09:15</div><div>{OLD}</div>""",
    "Roundcube": f"""<div id="signature">-- <br>Jane</div><p id="v1reply-intro">{ON}</p><blockquote type="cite"
        style="padding: 0 0.4em; border-left: #1010ff 2px solid; margin: 0"><div id="replybody1">{OLD}</div>
        </blockquote>""",
    "Evolution": f"""<div>{ON}</div><blockquote type="cite" style="margin:0 0 0 .8ex">{OLD}</blockquote><div>
        <span class="-x-evo-signature">-- <br>Jane</span></div>""",
    "Infomaniak": f'<div class="editorUserSignature">Jane</div><div class="ik_mail_quote">{ON}<br>{OLD}</div>',
    "Freshdesk": f'<div class="freshdesk_quote"><blockquote>{OLD}</blockquote></div>',
    "Zendesk": f'<div class="quotedReply"><blockquote>{OLD}</blockquote></div>',
    "FairEmail": f'<div fairemail="signature">Jane</div><div fairemail="reference">{ON}<br>{OLD}</div>',
    "BlackBerry": f"""<div id="_signaturePlaceholder">Jane</div><table id="_persistentHeader"><tr><td>{ENGLISH}</td>
        </tr></table><div id="_originalContent">{OLD}</div>""",
}  # fmt: skip


@pytest.mark.parametrize("below", BELOW.values(), ids=BELOW.keys())
def test_what_clients_write_below_goes(below):
    found = cut(f"<html><body><div>{NEW}</div>{below}</body></html>", "html")
    assert found.text == NEW
    assert OLD in " ".join(" ".join(piece.text for piece in found.cuts).split())


@pytest.mark.parametrize("below", BELOW.values(), ids=BELOW.keys())
def test_nothing_but_what_clients_write_is_still_something_to_read(below):
    assert OLD in " ".join(new_text(f"<html><body><div><br></div>{below}</body></html>", "html").split())


@pytest.mark.parametrize("below", BELOW.values(), ids=BELOW.keys())
def test_wanted_quotes_stay(below):
    text = cut(f"<div>{NEW}</div>{below}", "html", include_quotes=True, include_footer=True).text
    assert NEW in text
    assert OLD in " ".join(text.split())


@pytest.mark.parametrize("below", BELOW.values(), ids=BELOW.keys())
def test_a_wanted_footer_brings_no_quote_along(below):
    text = cut(f"<div>{NEW}</div>{below}", "html", include_footer=True).text
    assert NEW in text
    assert OLD not in " ".join(text.split())


@pytest.mark.parametrize(
    "html",
    [
        f'<div class="gmail_quote"><div class="gmail_attr">{ON}</div><blockquote class="gmail_quote">{OLD}</blockquote>'
        f"</div><div>{NEW}</div>",
        f'<div class="gmail_extra"><div class="gmail_quote">{ON}<br><blockquote class="gmail_quote">{OLD}</blockquote>'
        f"<div>{NEW}</div></div></div>",
        f'<div class="moz-cite-prefix">{ON}</div><blockquote type="cite">{OLD}</blockquote><p>{NEW}</p>',
        f'<div class="moz-cite-prefix">{ON}</div><blockquote type="cite">{HR}<div id="divRplyFwdMsg">{ENGLISH}</div>'
        f"{OLD}</blockquote><p>{NEW}</p>",
        f'<div name="messageReplySection">{ON}<br><blockquote type="cite">{OLD}</blockquote><div>{NEW}</div></div>',
    ],
)
def test_an_answer_below_the_quote_is_the_new_text(html):
    assert new_text(html, "html") == NEW


@pytest.mark.parametrize(
    ("opening", "closing"),
    [
        (f'<div class="gmail_quote"><div class="gmail_attr">{ON}</div>', "</div>"),
        (f'<div class="moz-cite-prefix">{ON}</div>', ""),
        (f'<div name="messageReplySection"><div>{ON}</div>', "</div>"),
    ],
)
def test_answers_between_quotes_keep_them(opening, closing):
    quote = '<blockquote type="cite" class="gmail_quote">'
    html = (
        f"<div>Hi Bob,</div>{opening}{quote}Which day?</blockquote><div>Tuesday.</div>{quote}Which room?</blockquote>"
        f"<div>The large one.</div>{quote}Regards, Bob</blockquote>{closing}"
    )
    text = new_text(html, "html")
    for words in ("Hi Bob", "> Which day?", "Tuesday.", "> Which room?", "The large one."):
        assert words in text
    assert "Regards, Bob" not in text


FORWARDS = {
    "Gmail": f"""<div class="gmail_quote"><div class="gmail_attr">---------- Forwarded message ---------<br>From: Bob
        &lt;bob@example.com&gt;<br></div><br>{OLD}</div>""",
    "Thunderbird": f"""<div class="moz-forward-container"><br>-------- Videreført --------<table
        class="moz-email-headers-table"><tr><th>Emne: </th><td>Meeting</td></tr></table><blockquote>{OLD}</blockquote>
        </div>""",
    "Yahoo": f"""<div class="yahoo_quoted"><div>----- Forwarded Message -----<br>From: Bob</div><div>{OLD}</div>
        </div>""",
    "Zoho": f"""<div class="zmail_extra"><br><div>============ Forwarded message ============<br>From: Bob</div>
        <blockquote>{OLD}</blockquote></div>""",
    "Apple Mail": f"""<blockquote type="cite"><div>Begin forwarded message:</div><br><div><b>From: </b>Bob</div>
        <div>{OLD}</div></blockquote>""",
    "NetEase": f'<div id="isForwardContent"><div>转发邮件信息</div>{OLD}</div>',
}  # fmt: skip


@pytest.mark.parametrize("forward", FORWARDS.values(), ids=FORWARDS.keys())
def test_forwards_keep_what_they_forward(forward):
    for comment in ("", "<div>Please see below.</div>"):
        text = new_text(comment + forward, "html")
        assert OLD in text
        assert bool(comment) == ("see below" in text)


def test_a_forward_in_a_quote_is_quoted():
    inner = f"---------- Forwarded message ---------<br>From: Bob<br>{OLD}"
    html = f'<p>{NEW}</p><div class="gmail_quote">{ON}<br><blockquote class="gmail_quote">{inner}</blockquote></div>'
    assert new_text(html, "html") == NEW


KEPT = {
    "a citation in an article": "<p>As Einstein said:</p><blockquote>Imagination is all.</blockquote><p>I agree.</p>",
    "a citation at the top": "<blockquote><p>Is it broken?</p></blockquote><p>Yes, since Monday.</p>",
    "an indented paragraph": '<p>Agenda:</p><blockquote style="margin:0 0 0 40px;border:none;padding:0px">Budget'
    "</blockquote>",
    "a box with a line above": '<p>Invoice 12</p><div style="border-top:solid #ccc 1px"><b>Total:</b> 10 €</div>'
    '<div style="border-top:1px solid #ccc"><b>Due:</b> 4 March</div>',
    "a table with lines": '<table border="1"><tr><td style="border-top:1px solid #000">From</td><td>To</td></tr><tr>'
    '<td style="border-top:1px solid #000">Berlin</td><td>Paris</td></tr></table><p>Have a good trip!</p>',
    "new text in the container of a quote": '<div class="gmail_quote"><div>All of it is new.</div></div>',
    "a signature as long as a mail": f'<div id="Signature">{"<p>Every word of this was typed.</p>" * 200}</div>',
    "a layout without gaps": '<table><tr><td style="font-size:0px"><div style="font-size:16px">Sale ends today</div>'
    "</td></tr></table>",
    "a rule between parts": "<p>Part one</p><hr><p>Part two</p>",
    "a citation from the web at the end": '<p>Look:</p><blockquote cite="https://example.com/x">Stay.</blockquote>',
    "a citation from the web under a sentence": '<p>Yes.</p><blockquote cite="http://example.com">Stay.</blockquote>',
    "a citation that a colon leads in to": "<p>Hello.<br>My favourite:</p><blockquote>Stay hungry.</blockquote>",
    "the mark of Outlook on the web alone": '<p>Yes.</p><div id="appendonsend"></div><p>And No.</p>',
}


@pytest.mark.parametrize("html", KEPT.values(), ids=KEPT.keys())
def test_what_only_looks_like_a_quote_stays(html):
    text = new_text(html, "html")
    for word in re.findall(r"[A-Z]\w+", re.sub("<[^>]*>", " ", html)):
        assert word in text
    assert text.count("typed") == html.count("typed")


def test_new_text_over_the_attribution_in_the_container_of_a_quote_stays():
    html = f'<div class="gmail_quote"><div>{NEW}</div><div class="gmail_attr">{ON}</div><blockquote>{OLD}</blockquote>'
    assert new_text(html, "html") == NEW


@pytest.mark.parametrize(
    "said",
    [
        '<blockquote cite="https://example.com/x">Stay hungry.</blockquote><p>So there.</p>',
        "<p>My favourite:</p><blockquote>Stay hungry.</blockquote><p>So there.</p>",
    ],
)
def test_a_citation_over_an_old_mail_stays(said):
    text = new_text(f"<p>Hello.</p>{said}<div>{ON}</div><blockquote>{OLD}</blockquote>", "html")
    assert text.endswith("> Stay hungry.\n\nSo there.")


@pytest.mark.parametrize(
    "verb", ["Bob wrote:", "Bob Roe schrieb:", "-----Original Message-----", "Am 4.3. schrieb Bob:"]
)
def test_a_line_that_introduces_a_quote_leads_in_to_no_citation(verb):
    assert OLD not in new_text(f"<p>{NEW}</p><p>{verb}</p><blockquote>{OLD}</blockquote>", "html")


def test_a_quote_of_a_mail_is_no_citation_from_the_web():
    assert new_text(f'<p>{NEW}</p><blockquote cite="mid:1@example.com">{OLD}</blockquote>', "html") == NEW


@pytest.mark.parametrize("fields_", [ENGLISH, "<b>De la part:</b> Bob<br><b>Ekspedita:</b> lundo"])
def test_what_is_typed_behind_the_mark_of_outlook_on_the_web_stays(fields_):
    html = (
        f'<p>Yes.</p><div id="appendonsend"></div><p>More.</p><hr><div id="divRplyFwdMsg">{fields_}</div><p>{OLD}</p>'
    )
    assert new_text(html, "html") == "Yes.\n\nMore."


@pytest.mark.parametrize(
    ("html", "markdown"),
    [
        ("<ul><li>a<ul><li>b</li></ul></li><li>c</li></ul>", "  - a\n    - b\n  - c"),
        ('<ol start="3"><li>a</li><li>b</li></ol>', "  3. a\n  4. b"),
        ("<pre>x  *y*  # z\n- no list\n1. nor this</pre>", "x  *y*  # z\n- no list\n1. nor this"),
        ('<a href="mailto:bob@example.com">bob@example.com</a>', "bob@example.com"),
        ('<a href="https://example.com/x?u=1">https://example.com/x</a>', "<https://example.com/x>"),
        (
            '<a href="https://eur01.safelinks.example/?url=https%3A%2F%2Fexample.com%2Fx&amp;data=1">'
            "https://example.com/x</a>",
            "<https://example.com/x>",
        ),
        ('<a href="https://bad.example/">https://example.com</a>', "[https://example.com](https://bad.example/)"),
        ('one <a href="https://example.com/"><img src="logo.png"></a> two', "one two"),
        ('<a href="https://example.com/"><img src="logo.png" alt="Logo"></a>', "[Logo](https://example.com/)"),
        ('<a href="data:text/html,x">here</a>', "here"),
        ('see <img src="cid:image001.png@1" alt=""> there', "see there"),
        ('see <img src="cid:image001.png@1"> there', "see image001.png there"),
        ('see <img src="cid:image001.png@1" width=1> there', "see there"),
        ('see <img src="cid:part1.0123@example.com"> there', "see there"),
        ("<p>a</p><blockquote><p>b<br>c</p></blockquote><p>d</p>", "a\n\n> b\n> c\n\nd"),
    ],
)
def test_markdown_of_what_people_write(html, markdown):
    assert new_text(html, "html") == markdown


@pytest.mark.parametrize(
    "style",
    [
        "display:none",
        "mso-hide:all",
        "visibility: hidden",
        "max-height:0px",
        "height:0;overflow:hidden",
        "opacity:0",
        "color:transparent",
        "color:#ffffff;background-color:#fff",
        "font-size:0px;line-height:0",
    ],
)
def test_hidden_text_is_not_said(style):
    assert new_text(f'<div style="{style}">Look inside!</div><div>Hello.</div>', "html") == "Hello."


@pytest.mark.parametrize("style", ["color:#fff;background:#0a0", "height:0", "opacity:0.9", "font-size:0.9em"])
def test_what_can_be_seen_is_said(style):
    assert new_text(f'<div style="{style}">Look inside!</div>', "html") == "Look inside!"


def test_an_image_alone_is_its_name():
    assert new_text('<p><img src="cid:plan.png@01D9.1"></p>', "html") == "plan.png"


def test_a_signature_in_the_document_is_kept_apart():
    found = cut(f'<p>{NEW}</p><div class="gmail_signature">Jane Roe</div>', "html")
    assert [(piece.kind, piece.text) for piece in found.cuts] == [("signature", "Jane Roe")]


@pytest.mark.parametrize("below", ["--Geoff Bel<br>COMPANY, LLC", "-- Geoff Bel<br>Tel. +43 1 5550100"])
def test_a_name_glued_to_its_delimiter_begins_a_signature(below):
    assert new_text(f"<div>{NEW}<br><br>{below}</div>", "html") == NEW


@pytest.mark.parametrize("below", ["--Geoff Bel", "--Albert Einstein<br>at the age of 26"])
def test_a_name_glued_to_dashes_alone_was_written(below):
    text = new_text(f"<div>{NEW}<br><br>{below}</div>", "html")
    assert text.endswith(below.replace("<br>", "\n"))


def test_a_ticket_is_no_header_block():
    rows = (("Order", "12"), ("From:", "Berlin"), ("To:", "Paris"), ("Date:", "4 March 2024, 10:15"))
    table = "".join(f"<tr><td>{name}</td><td>{value}</td></tr>" for name, value in rows)
    text = new_text(f"<table>{table}</table><p>Have a good trip.</p>", "html")
    assert all(value in text for _, value in rows)
    assert text.endswith("Have a good trip.")


def test_rules_of_a_newsletter_part_news_not_a_footer():
    news = "<p>Every word of this is news, and there are many words of it in each of these paragraphs.</p>" * 30
    assert new_text(f"<h1>News</h1><hr>{news}<p>Unsubscribe</p>", "html").count("Every word") == 30


def test_a_signature_below_a_forward_goes():
    html = f'<p>FYI</p><div class="moz-forward-container">{OLD}</div><pre class="moz-signature">-- \nJane</pre>'
    assert new_text(html, "html") == f"FYI\n\n{OLD}"


def test_a_picture_over_a_quote_is_the_new_text():
    html = f'<p><img src="cid:plan.png@01D9.1"></p><div class="gmail_quote">{ON}<blockquote>{OLD}</blockquote></div>'
    assert new_text(html, "html") == "plan.png"


def test_the_banner_of_a_gateway_is_a_paragraph_of_its_own():
    banner = "CAUTION: This email originated from outside of the organization. Do not click links."
    html = f"<table><tr><td>{banner}</td></tr></table><div>{NEW}</div>"
    assert new_text(html, "html") == NEW


@pytest.mark.parametrize(
    "below",
    [
        f"<p><b>{ON}</b></p><p>{OLD}</p>",
        '<div>On Mon, Mar 4, 2024 at 9:15 AM <a href="mailto:bob@example.com">Bob</a> wrote:</div>' + OLD,
        f"<p>-----Original Message-----<br>From: Bob [mailto:bob@example.com]<br>Sent: Monday<br>To: Jane</p>{OLD}",
        f"<div>____________________</div><div>{ENGLISH}</div>{OLD}",
        f"<br>{ON}<br>&gt; {OLD}",
        f"<p>-- <br>Jane Roe</p><p>{ON}</p><blockquote>{OLD}</blockquote>",
    ],
)
def test_without_marks_the_rules_for_plain_text_decide(below):
    assert new_text(f"<div>{NEW}</div>{below}", "html") == NEW


@pytest.mark.parametrize(
    "begin",
    [
        f'<div style="{WORD}"><p class="MsoNormal">{ENGLISH}</p></div>',
        f'<div id="appendonsend"></div>{HR}<div id="divRplyFwdMsg">{ENGLISH}</div>',
    ],
)
def test_of_old_mail_alone_the_newest_is_said(begin):
    found = cut(f"<div><p>&nbsp;</p>{begin}<p>{NEW}</p><div>{begin}</div><p>{OLD}</p></div>", "html")
    assert found.text.startswith("**From:** Bob")
    assert found.text.endswith(NEW)
    assert OLD in found.cuts[-1].text


@pytest.mark.parametrize("comment", ["FYI", "See my answers below in red.", "Siehe unten"])
def test_an_old_mail_that_the_new_text_points_to_stays(comment):
    old = f'<div id="appendonsend"></div>{HR}<div id="divRplyFwdMsg">{ENGLISH}</div><p>{OLD}</p><p>Tuesday.</p>'
    text = new_text(f"<div>{comment}</div>{old}", "html")
    assert text.startswith(comment)
    assert text.endswith("Tuesday.")
