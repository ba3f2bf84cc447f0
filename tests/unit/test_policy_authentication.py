"""Authentication-Results as servers write it, and as somebody writes it who wants to be taken for another."""

from __future__ import annotations

import time
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailpoll.model import Method
from mailpoll.policy.authentication import shortfall

MX = "mx.example.com"
ALL: tuple[Method, ...] = ("dmarc", "dkim", "spf")


def judged(results: str, *require: Method, domain: str = "sender.example", id_: str = MX) -> str:
    """The shortfall of a field of our server with these results."""
    return shortfall(f"{MX}; {results}", [id_], require or ("dmarc",), domain)


GMAIL = (
    "mx.google.com;       dkim=pass header.i=@sender.example header.s=s1 header.b=Ab3/+xY;       "
    "spf=pass (google.com: domain of jane@sender.example designates 192.0.2.7 as permitted sender) "
    "smtp.mailfrom=jane@sender.example;       dmarc=pass (p=REJECT sp=REJECT dis=NONE) header.from=sender.example;"
    "       dara=pass header.i=@gmail.com"
)
MICROSOFT_365 = (
    "spf=pass (sender IP is 192.0.2.7) smtp.mailfrom=sender.example; dkim=pass (signature was verified) "
    "header.d=sender.example;dmarc=pass action=none header.from=sender.example;compauth=pass reason=100"
)
FASTMAIL = (
    "mx3.messagingengine.com;    x-csa=none;    x-me-sender=none;    "
    "x-ptr=pass smtp.helo=out.sender.example policy.ptr=out.sender.example;    "
    "bimi=skipped (DMARC Policy is not at enforcement);    arc=none (no signatures found);    "
    "dkim=pass (2048-bit rsa key sha256) header.d=sender.example header.i=@sender.example header.b=Q1/w+zzz "
    "header.a=rsa-sha256 header.s=s1 x-bits=2048;    dmarc=pass policy.published-domain-policy=none "
    "policy.applied-disposition=none policy.evaluated-disposition=none (p=none,d=none,d.eval=none) "
    "policy.policy-from=p header.from=sender.example;    iprev=pass smtp.remote-ip=2001:db8::7 (out.sender.example);"
    "    spf=pass smtp.mailfrom=jane@sender.example smtp.helo=out.sender.example;    "
    "x-tls=pass smtp.version=TLSv1.3 smtp.cipher=TLS_AES_256_GCM_SHA384 smtp.bits=256/256;    x-vs=clean score=-100"
)
YAHOO = (
    "atlas-production.v2-mail-prod1-gq1.omega.yahoo.com; dkim=pass header.i=@sender.example header.s=s1; "
    "spf=pass smtp.mailfrom=sender.example; dmarc=pass(p=NONE) header.from=sender.example;"
)
ICLOUD_DMARC = "dmarc.icloud.com; dmarc=pass header.from=sender.example"
ICLOUD_DKIM = (
    "dkim-verifier.icloud.com; dkim=pass (2048-bit key) header.d=sender.example header.i=jane@sender.example header.b=X"
)
OPENDMARC = f"{MX}; dmarc=pass (p=quarantine dis=none) header.from=sender.example"
OPENDKIM = (
    f"{MX}; dkim=pass (2048-bit key; unprotected) header.d=sender.example header.i=@sender.example "
    'header.a=rsa-sha256 header.s=s1 header.b="aB3xYz12"; dkim-atps=neutral'
)
RSPAMD = (
    f"{MX}; dkim=pass header.d=sender.example header.s=s1 header.b=fFtG9; dmarc=pass (policy=none) "
    f"header.from=sender.example; spf=pass ({MX}: domain of jane@sender.example designates 192.0.2.7 as permitted "
    "sender) smtp.mailfrom=jane@sender.example"
)
MAILBOX_ORG = (
    "spamd-1.mailbox.example; dkim=pass header.d=sender.example header.s=MBO0001 header.b=pQ; dmarc=pass "
    "(policy=reject) header.from=sender.example; spf=pass (spamd-1.mailbox.example: domain of jane@sender.example "
    "designates 2001:db8:1::7 as permitted sender) smtp.mailfrom=jane@sender.example; arc=none"
)
EXIM = (
    f"{MX}; iprev=pass (out.sender.example) smtp.remote-ip=192.0.2.7; spf=pass smtp.mailfrom=sender.example; "
    "dkim=pass header.d=sender.example header.s=s1 header.a=rsa-sha256; dmarc=pass header.from=sender.example; arc=none"
)


@pytest.mark.parametrize(
    ("value", "authserv_id", "require"),
    [
        (GMAIL, "mx.google.com", ALL),
        (MICROSOFT_365, "", ALL),
        (FASTMAIL, "mx3.messagingengine.com", ALL),
        (FASTMAIL, "*.messagingengine.com", ALL),
        (YAHOO, "*.yahoo.com", ALL),
        (ICLOUD_DMARC, "dmarc.icloud.com", ("dmarc",)),
        (ICLOUD_DKIM, "dkim-verifier.icloud.com", ("dkim",)),
        (OPENDMARC, MX, ("dmarc",)),
        (OPENDKIM, MX, ("dkim",)),
        (RSPAMD, MX, ALL),
        (MAILBOX_ORG, "spamd-1.mailbox.example", ALL),
        (EXIM, MX, ALL),
    ],
)
def test_what_servers_write_passes_for_its_sender_and_for_nobody_else(
    value: str, authserv_id: str, require: tuple[Method, ...]
) -> None:
    assert shortfall(value, [authserv_id], require, "sender.example") == ""
    assert shortfall(value.upper(), [authserv_id.upper()], require, "Sender.Example") == ""
    for method in require:
        assert "passed for" in shortfall(value, [authserv_id], [method], "other.example")
    assert shortfall(value, ["elsewhere.example"], require, "sender.example") != ""
    failed = value.replace("=pass", "=fail")
    for method in require:
        assert shortfall(failed, [authserv_id], [method], "sender.example") != ""


@pytest.mark.parametrize(
    ("value", "ids", "clause"),
    [
        (None, [MX], "the mail has no Authentication-Results of mx.example.com"),
        (None, [MX, "b.example"], "the mail has no Authentication-Results of mx.example.com or b.example"),
        (None, [""], "the mail has no Authentication-Results"),
        (OPENDMARC, [], "no authserv_id is configured, so that nothing the mail says about its sender counts"),
        ("b.example; dmarc=pass", [MX], "the topmost Authentication-Results is of b.example, not of mx.example.com"),
        (MICROSOFT_365, [MX], "the topmost Authentication-Results is without an authserv-id, not of mx.example.com"),
        (OPENDMARC, [""], "the topmost Authentication-Results is of mx.example.com, not without an authserv-id"),
        (f"{MX}; none", [MX], "DMARC did not pass: the server did not check it"),
        (f"{MX}; dmarc=fail", [MX], "DMARC did not pass: fail"),
        (f"{MX}; spf=pass", [MX], "DMARC did not pass: the server did not check it"),
        (f"{MX}; dmarc=pass header.from=b.example", [MX], "DMARC passed for b.example, not for sender.example"),
        ("", [MX], "the topmost Authentication-Results cannot be read"),
    ],
)  # fmt: skip
def test_what_people_are_told(value: str | None, ids: list[str], clause: str) -> None:
    assert shortfall(value, ids, ["dmarc"], "sender.example") == clause


def test_nothing_required_is_nothing_missed_and_all_that_is_missed_is_said() -> None:
    assert shortfall(None, [], [], "sender.example") == ""
    assert judged("dmarc=fail; spf=softfail; dkim=none", *ALL) == (
        "DMARC did not pass: fail; DKIM did not pass: none; SPF did not pass: softfail"
    )
    assert judged("dmarc=pass; spf=softfail smtp.mailfrom=sender.example", "dmarc", "spf", "spf") == (
        "SPF did not pass: softfail"
    )


@pytest.mark.parametrize(
    "results",
    [
        "dmarc=pass",
        "dmarc=pass header.from=sender.example",
        "DMARC=PASS Header.From=SENDER.example",
        "dmarc = pass header.from = sender.example",
        "dmarc\t=\tpass (a (nested \\) one) ; with; marks=) header.from=sender.example",
        "(first) dmarc(a)=(b)pass(c)header.from(d)=(e)sender.example(f)",
        "dmarc/1=pass header.from=sender.example",
        'dmarc=pass reason="so; it=is" header.from=sender.example',
        'dmarc=pass reason="" header.from=sender.example',
        'dmarc=pass header.from="sender.example"',
        "dmarc=pass header.from=jane@sender.example",
        "dmarc=pass header.from=sender.example.",
        "dmarc=pass header.from=sender.example; dmarc=pass header.from=sender.example",
        "x-odd what is this; dmarc=pass header.from=sender.example",
        ";; dmarc=pass header.from=sender.example;;",
    ],
)
def test_dmarc_passes_however_it_is_written(results: str) -> None:
    assert judged(results) == ""


@pytest.mark.parametrize(
    "results",
    [
        "dmarc=passed",
        "dmarc=pass.",
        "dmarc=bestguesspass",
        "dmarc=fail (dmarc=pass header.from=sender.example)",
        "dmarc=fail (it was \\(dmarc=pass\\); dmarc=pass)",
        'dmarc=fail reason="; dmarc=pass header.from=sender.example"',
        'dmarc=fail reason="a\\"; dmarc=pass header.from=sender.example; x=\\""',
        'spf=fail smtp.mailfrom="; dmarc=pass"@evil.example',
        '"dmarc=pass"',
        '"dmarc"=pass',
        'dmarc="pass"',
        "x-dmarc=pass header.from=sender.example",
        "dmarc.evil=pass header.from=sender.example",
        "arc=pass (i=1 dmarc=pass fromdomain=sender.example)",
        "dmarc=pass header.from=sender.example; dmarc=fail header.from=sender.example",
        "dmarc=fail header.from=sender.example; dmarc=pass header.from=sender.example",
        "dmarc=pass header.from=sender.example; dmarc=pass header.from=evil.example",
        "dmarc=pass header.from=evil.example header.from=sender.example",
        "dmarc=pass header.from=evil.example",
        "dmarc=pass header.from=$.evil.example",
        "dmarc=pass header.from=<jane@sender.example>",
        "dmarc=pass header.from=@",
        "dmarc=pass header.from=sub.sender.example",
        "dmarc=pass header.from=example",
        "dmarc=pass header.from=sender.example.evil.example",
        "dmarc=pass header.from=sender.example(.evil.example)x",
        "dmarc=pass header.from=sender.example(a).evil.example",
        'dmarc=pass header.from="sender.example".evil.example',
        "dmarc=pass header.from=sender.example evil.example",
        "dmarc=pass pass header.from=sender.example",
        "dmarc=pass=fail",
        "dmarc=fail=pass",
        "dmarc==pass",
        "dmarc pass",
        "dmarc",
        "dmarc=",
        "dmarc=; pass",
        "=pass",
        "dmarc/2=pass header.from=sender.example",
        "dmarc=pass header.from=sender.example; dmarc",
        "dmarc=pass header.from=sender.example; dmarc fail",
        "dmarc=pass (header.from=sender.example",
        "dmarc=pass header.from=sender.example (",
        "dmarc=pass header.from=sender.example )",
        'dmarc=pass header.from=sender.example "',
        "dmarc=pass header.from=sender.example \\",
        "spf=pass smtp.mailfrom=a@sender.example(.evil.example; dmarc=pass (p=none) header.from=sender.example",
        "dmarc=ｐａｓｓ header.from=sender.example",
        "dmarc=pa ss",
        "d=pass; marc=pass",
    ],
)
def test_dmarc_does_not_pass_by_tricks(results: str) -> None:
    assert judged(results) != ""


@pytest.mark.parametrize(
    ("value", "ids", "passes"),
    [
        ("mx.example.com; dmarc=pass", ["mx.example.com"], True),
        ("MX.Example.COM; dmarc=pass", ["mx.example.com"], True),
        ("mx.example.com 1; dmarc=pass", ["mx.example.com"], True),
        ("mx.example.com (our own) 1 (version); dmarc=pass", ["mx.example.com"], True),
        ('"mx.example.com"; dmarc=pass', ["mx.example.com"], True),
        ("mx.bücher.example; dmarc=pass", ["mx.xn--bcher-kva.example"], True),
        ("mx.xn--bcher-kva.example; dmarc=pass", ["mx.bücher.example"], True),
        ("mx.example.com; dmarc=pass", ["other.example", "mx.example.com"], True),
        ("mx.example.com; dmarc=pass", ["*.example.com"], True),
        ("a.mx.example.com; dmarc=pass", ["*.example.com"], True),
        ("example.com; dmarc=pass", ["*.example.com"], False),
        ("mx.badexample.com; dmarc=pass", ["*.example.com"], False),
        ("mx.example.com 2; dmarc=pass", ["mx.example.com"], False),
        ("mx.example.com 1 1; dmarc=pass", ["mx.example.com"], False),
        ("(mx.example.com) evil.example; dmarc=pass", ["mx.example.com"], False),
        ("mx.example.com.evil.example; dmarc=pass", ["mx.example.com"], False),
        ("sub.mx.example.com; dmarc=pass", ["mx.example.com"], False),
        ("ｍx.example.com; dmarc=pass", ["mx.example.com"], False),
        ("mx.exa\u00admple.com; dmarc=pass", ["mx.example.com"], False),
        ("mx.example。com; dmarc=pass", ["mx.example.com"], False),
        ("mx.example.com.; dmarc=pass", ["mx.example.com"], False),
        ("mx.example.com\u00a0; dmarc=pass", ["mx.example.com"], False),
        ("mx.example.com\u2003; dmarc=pass", ["mx.example.com"], False),
        ("a.ｍx.example.com; dmarc=pass", ["*.mx.example.com"], False),
        ("xmx.example.com; dmarc=pass", ["mx.example.com"], False),
        ("mx.example.com evil.example; dmarc=pass", ["mx.example.com"], False),
        ("evil.example mx.example.com; dmarc=pass", ["mx.example.com"], False),
        ('"mx.example.com; x"; dmarc=pass', ["mx.example.com"], False),
        ('""; dmarc=pass', [""], False),
        ("; dmarc=pass", [""], False),
        ("; dmarc=pass", ["mx.example.com"], False),
        ("i=1; mx.example.com; dmarc=pass", ["mx.example.com"], False),
        ("dmarc=pass", [""], True),
        ("dmarc=pass", ["mx.example.com"], False),
        ("mx.example.com; dmarc=pass", [""], False),
        ("mx.example.com", ["mx.example.com"], False),
    ],
)
def test_only_the_server_that_was_configured_is_believed(value: str, ids: list[str], passes: bool) -> None:
    assert (shortfall(value, ids, ["dmarc"], "sender.example") == "") is passes


@pytest.mark.parametrize(
    ("results", "domain", "passes"),
    [
        ("dkim=pass header.d=sender.example", "sender.example", True),
        ("dkim=pass header.d=sender.example", "mail.sender.example", True),
        ("dkim=pass header.d=mail.sender.example", "sender.example", True),
        ("dkim=pass header.i=@sender.example", "sender.example", True),
        ("dkim=pass header.i=jane@mail.sender.example", "sender.example", True),
        ('dkim=pass header.i="jane doe"@sender.example', "sender.example", True),
        ("dkim=pass header.d=esp.example; dkim=pass header.d=sender.example", "sender.example", True),
        ("dkim=fail header.d=esp.example; dkim=pass header.d=sender.example", "sender.example", True),
        ("dkim=pass header.d=xn--bcher-kva.example", "bücher.example", True),
        ("dkim=pass header.d=bücher.example", "xn--bcher-kva.example", True),
        ("dkim=pass header.d=esp.example", "sender.example", False),
        ("dkim=pass header.d=esp.example; dkim=fail header.d=sender.example", "sender.example", False),
        ("dkim=pass header.d=esp.example header.i=@sender.example", "sender.example", False),
        ("dkim=pass header.d=sender.example header.d=esp.example", "sender.example", False),
        ("dkim=pass", "sender.example", False),
        ("dkim=pass header.d=", "sender.example", False),
        ("dkim=pass header.d=none", "sender.example", False),
        ("dkim=pass header.d=badsender.example", "sender.example", False),
        ("dkim=pass header.d=sender.example.evil.example", "sender.example", False),
        ("dkim=pass header.d=news.sender.example", "mail.sender.example", False),
        ("dkim=pass header.d=example", "sender.example", False),
        ("dkim=pass header.d=evil.com", "com", False),
        ("dkim=pass header.d=com", "com", True),
        ("dkim=pass header.d=.sender.example", "sender.example", False),
        ("dkim=pass header.i=@evil.example@sender.example.evil.example", "sender.example", False),
        ("dkim=pass x.header.d=sender.example", "sender.example", False),
        ("dkim=pass header.d=sender.example", "", False),
        # straße.example and strasse.example belong to different people
        ("dkim=pass header.d=strasse.example", "straße.example", False),
        ("dkim=policy header.d=sender.example", "sender.example", False),
        ("x-google-dkim=pass header.d=sender.example", "sender.example", False),
        ("dkim-atps=pass header.d=sender.example", "sender.example", False),
    ],
)  # fmt: skip
def test_dkim_passes_when_the_senders_domain_signed(results: str, domain: str, passes: bool) -> None:
    assert (judged(results, "dkim", domain=domain) == "") is passes


@pytest.mark.parametrize(
    ("results", "passes"),
    [
        ("spf=pass smtp.mailfrom=sender.example", True),
        ("spf=pass smtp.mailfrom=jane@sender.example", True),
        ("spf=pass smtp.mailfrom=bounces.sender.example", True),
        ('spf=pass smtp.mailfrom="jane doe"@sender.example', True),
        ("spf=pass smtp.mailfrom= smtp.helo=mail.sender.example", False),  # an empty value is written as "" or <>
        ('spf=pass smtp.mailfrom="" smtp.helo=mail.sender.example', True),
        ("spf=pass smtp.mailfrom=<> smtp.helo=mail.sender.example", True),
        ("spf=pass smtp.helo=sender.example", True),
        ("spf=pass smtp.mailfrom=esp.example smtp.helo=sender.example", False),
        ("spf=pass smtp.mailfrom=esp.example", False),
        ("spf=softfail smtp.mailfrom=sender.example", False),
        ("spf=neutral smtp.mailfrom=sender.example", False),
        ("spf=pass", False),
        ("spf=pass smtp.mailfrom=\"sender.example\"@evil.example", False),
        ("spf=pass smtp.mailfrom=\"x@sender.example\"@evil.example", False),
        ("spf=pass smtp.mailfrom=sender.example x@evil.example", False),
        ("spf=pass smtp.mailfrom=@sender.example smtp.mailfrom=b@evil.example", False),
        ("spf=pass smtp.mailfrom=a@sender.example(b)@evil.example", False),
        ("spf=pass smtp.rcptto=sender.example", False),
    ],
)  # fmt: skip
def test_spf_passes_when_the_senders_domain_sent(results: str, passes: bool) -> None:
    assert (judged(results, "spf") == "") is passes


def test_what_a_stranger_wrote_is_shown_short_and_printable() -> None:
    clause = shortfall("e\x1b[31mvil\u202e" + "x" * 5000 + "; dmarc=pass", [MX], ["dmarc"], "sender.example")
    assert clause.isprintable()
    assert len(clause) < 200
    assert len(judged("; ".join(f"dmarc={number}" for number in range(5000)))) < 500


def test_a_field_longer_than_servers_pass_on_is_not_believed() -> None:
    long = f"{MX}; dmarc=pass ({'x' * 102_400})"
    assert shortfall(long, [MX], ["dmarc"], "sender.example") == "the topmost Authentication-Results cannot be read"
    assert shortfall(long[:100_000] + ")", [MX], ["dmarc"], "sender.example") == ""


@given(st.text(max_size=200) | st.text('abm.x=;()"\\ \tdmarcpass/1', max_size=200))
def test_whatever_is_written_it_is_judged(text: str) -> None:
    assert shortfall(f"evil.example; {text}", [MX], ALL, "sender.example") != ""
    assert isinstance(judged(text, *ALL), str)


GROWING: list[Callable[[int], str]] = [
    lambda n: "(" * n,
    lambda n: "()" * (n // 2),
    lambda n: "(" * (n // 2) + ")" * (n // 2),
    lambda n: '"' + '\\"' * (n // 2),
    lambda n: f"{MX}; a=" + '""' * (n // 2),
    lambda n: f"{MX}; a" + "=" * n,
    lambda n: f"{MX}; " + "a " * (n // 2),
    lambda n: f"{MX}; " + "dmarc=pass;" * (n // 11),
    lambda n: f"{MX}; dkim=pass" + " a.b=c" * (n // 6),
    lambda n: f"{MX}; dkim=pass header.d=" + "a." * (n // 2) + "example",
    lambda n: f"{MX}; dkim=pass header.d=" + "é." * (n // 2) + "example",
    lambda n: f"{MX};" + "dkim=pass header.d=e.xample;" * (n // 28),
]


@pytest.mark.parametrize("growing", GROWING, ids=map(str, range(len(GROWING))))
def test_twice_the_field_takes_at_most_some_more_than_twice_the_time(growing: Callable[[int], str]) -> None:
    def seconds(size: int) -> float:
        value = growing(size)
        best = 1e9
        for _ in range(3):
            began = time.process_time()
            shortfall(value, [MX], ALL, "sender.example")
            best = min(best, time.process_time() - began)
        return best

    assert seconds(100_000) <= 3 * seconds(50_000) + 0.05
