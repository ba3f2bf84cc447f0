"""Addresses that people write into settings and command lines: taken as they are meant, or refused with a sentence."""

from __future__ import annotations

from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailpoll import strict_address
from mailpoll.strict_address import MAX_PATH, needs_smtputf8, parse

TAKEN = [
    ("user@example.com", "", "user@example.com"),
    ("  user@example.com ", "", "user@example.com"),
    ("<user@example.com>", "", "user@example.com"),
    ("Gateway <gateway@example.com>", "Gateway", "gateway@example.com"),
    ('"Gateway, the" <gateway@example.com>', "Gateway, the", "gateway@example.com"),
    ('"say \\"hi\\"" <user@example.com>', 'say "hi"', "user@example.com"),
    ("Müller, Jürgen <user@example.com>", "Müller, Jürgen", "user@example.com"),
    ('"a@b" <user@example.com>', "a@b", "user@example.com"),
    ("User@EXAMPLE.com", "", "User@example.com"),
    ("user@localhost", "", "user@localhost"),
    ("user@[192.0.2.1]", "", "user@[192.0.2.1]"),
    ("user@[IPv6:2001:db8::1]", "", "user@[IPv6:2001:db8::1]"),
    ("a+b.c!#$%&'*/=?^_`{|}~-@example.com", "", "a+b.c!#$%&'*/=?^_`{|}~-@example.com"),
    ('"no reply"@example.com', "", '"no reply"@example.com'),
    ('"a@b"@example.com', "", '"a@b"@example.com'),
    ("user@bücher.example", "", "user@xn--bcher-kva.example"),
    ("user@straße.example", "", "user@xn--strae-oqa.example"),
    ("user@BÜCHER.example", "", "user@xn--bcher-kva.example"),
    ("user@xn--bcher-kva.example", "", "user@xn--bcher-kva.example"),
    ("user@例え.テスト", "", "user@xn--r8jz45g.xn--zckzah"),
    ("jürgen@example.com", "", "jürgen@example.com"),
    ("用户@例え.テスト", "", "用户@xn--r8jz45g.xn--zckzah"),
    ("user@a_b.example", "", "user@a_b.example"),
    (f"{'x' * 64}@example.com", "", f"{'x' * 64}@example.com"),
]

REFUSED = [
    ("", "is no address"),
    ("user", "is no address"),
    ("@example.com", "is no address"),
    ("user@", "is no address"),
    ("<>", "is no address"),
    ("Name <user@example.com", "holds a character"),
    ("Name user@example.com>", "is no address"),
    ("Name <<user@example.com>>", "is no address"),
    ("user@example.com\r\nBcc: x@example.com", "control characters"),
    ("user@example.com\n", "control characters"),
    ("Name\r\n <user@example.com>", "control characters"),
    ("Name\0 <user@example.com>", "control characters"),
    ("user\t@example.com", "control characters"),
    ("user\x7f@example.com", "control characters"),
    ("Name\u2028 <user@example.com>", "invisible characters"),
    ("Name\u200b <user@example.com>", "invisible characters"),
    ("user\u202e@example.com", "invisible characters"),
    ("Name\x85<user@example.com>", "invisible characters"),
    ("a@example.com, b@example.com", "more than one address"),
    ("a@example.com;b@example.com", "more than one address"),
    ("a@example.com b@example.com", "more than one address"),
    ("a@example.com <b@example.com>", "more than one address"),
    ("a b@example.com", "holds a character that no address has"),
    ("a(comment)@example.com", "holds a character that no address has"),
    ('a"b@example.com', "holds a character that no address has"),
    ('"a\\"b"@example.com', "holds a character that no address has"),
    (".user@example.com", "a dot too many"),
    ("user.@example.com", "a dot too many"),
    ("us..er@example.com", "a dot too many"),
    (f"{'x' * 65}@example.com", "more than 64 octets"),
    (f"{'ü' * 33}@example.com", "more than 64 octets"),
    (f"user@{'x' * 64}.example", "is no domain"),
    ("user@" + "x" * 62 + ("." + "x" * 62) * 3, "octets an address may have"),
    ("user@example..com", "is no domain"),
    ("user@.example.com", "is no domain"),
    ("user@example.com.", "is no domain"),
    ("user@-example.com", "is no domain"),
    ("user@exam ple.com", "is no domain"),
    ("user@example.com:25", "is no domain"),
    ("user@☃.example", "is no internationalised domain"),
    ("user@a\u0301\u0301-.example", "is no internationalised domain"),
    ("user@[192.0.2]", "is no address literal"),
    ("user@[2001:db8::1]", "is no address literal"),
    ("user@[IPv6:192.0.2.1]", "is no address literal"),
    ("user@[IPv6:fe80::1%eth0]", "is no address literal"),
    ("user@[example.com]", "is no address literal"),
]


@pytest.mark.parametrize(("text", "name", "address"), TAKEN)
def test_an_address_is_taken(text: str, name: str, address: str) -> None:
    parsed = parse(text)
    assert (parsed.name, parsed.address) == (name, address)


@pytest.mark.parametrize(("text", "reason"), REFUSED, ids=[f"{i} {text!r}"[:50] for i, (text, _) in enumerate(REFUSED)])
def test_what_is_no_clear_address_is_refused_with_a_reason(text: str, reason: str) -> None:
    with pytest.raises(ValueError, match=reason) as caught:
        parse(text)
    assert str(caught.value).isprintable()


def test_the_example_is_of_the_kind_that_is_wanted() -> None:
    assert strict_address.problem("nobody") == "is no address. Write for example gateway@example.com"
    assert strict_address.problem("a@b c", "user@example.com") == (
        "holds b c, which is no domain. Write for example user@example.com"
    )
    assert strict_address.problem("user@example.com") is None


@pytest.mark.parametrize("domain", ["x" * 300 + ".example", "🎉" * 300 + ".example", "[" + "1" * 300 + "]"])
def test_a_long_domain_is_not_repeated_whole(domain: str) -> None:
    assert len(strict_address.problem(f"user@{domain}") or "") < 200


def test_the_sentence_names_the_domain_as_it_was_written() -> None:
    with pytest.raises(ValueError, match=r"-bücher\.example"):
        parse("user@-bücher.example")


@given(st.text() | st.from_regex(r"[^@\r\n]{0,9}<?[^@]{1,70}@[^@]{1,70}>?", fullmatch=True))
def test_whatever_is_written_is_an_address_or_a_value_error(text: str) -> None:
    try:
        parsed = parse(text)
    except ValueError:
        return
    assert not set("\r\n\0") & set(parsed.name + parsed.address)
    local, at, domain = parsed.address.rpartition("@")
    assert local
    assert at
    assert domain.isascii()
    assert len(parsed.address.encode()) <= MAX_PATH
    assert not set("<> ") & set(parsed.address) or local.startswith('"')
    assert parse(f'"x" <{parsed.address}>').address == parsed.address, "twice is the same as once"


@pytest.mark.parametrize(("text", "_", "address"), [row for row in TAKEN if row[0].isascii()])
def test_the_standard_library_reads_the_same(text: str, _: str, address: str) -> None:
    message = EmailMessage(SMTP)
    local, _, domain = address.rpartition("@")
    message["To"] = Address("", local.strip('"'), domain)
    assert message["To"].addresses[0].addr_spec == address


def test_only_letters_before_the_at_need_smtputf8() -> None:
    assert needs_smtputf8(parse("jürgen@example.com").address)
    assert not needs_smtputf8(parse("user@bücher.example").address)


def test_a_labels_are_those_of_idna_2008() -> None:
    assert strict_address.a_labels("straße.example") == "xn--strae-oqa.example"
