"""Who wrote a mail, and who is on a list."""

from __future__ import annotations

import time
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailpoll.message import parse
from mailpoll.model import NamedAddress
from mailpoll.policy.entries import entry_problem
from mailpoll.policy.senders import matches, sole


@pytest.mark.parametrize(
    ("header", "sender"),
    [
        ("From: jane@example.com", "jane@example.com"),
        ("From: Jane Doe <jane@example.com>", "jane@example.com"),
        ('From: "ceo@example.com" <jane@evil.example>', "jane@evil.example"),
        ("From: jane@example.com (ceo@example.org)", "jane@example.com"),
        ('From: "jane@example.com"@evil.example', '"jane_example.com"@evil.example'),
        ("From: jane@example.com, bob@example.com", None),
        ("From: jane@example.com, jane@example.com", None),
        ("From: undisclosed:;", None),
        ("From: Jane", None),
        ("From:", None),
        ("Subject: nobody", None),
    ],
)
def test_only_a_mail_with_one_address_has_a_sender(header: str, sender: str | None) -> None:
    found = sole(parse(f"{header}\r\nTo: x@example.net\r\n\r\nHello\r\n".encode()))
    assert (found.address if found else None) == sender


def test_a_mail_whose_sender_has_a_problem_has_none() -> None:
    from msgspec.structs import replace

    message = parse(b"From: jane@example.com\r\n\r\nHello\r\n")
    assert sole(message) == NamedAddress("", "jane@example.com")
    assert sole(replace(message, sender_problem="it has several From fields")) is None


@pytest.mark.parametrize(
    ("address", "entries", "on_it"),
    [
        ("anna@example.net", [], False),
        ("anna@example.net", ["anna@example.net"], True),
        ("ANNA@Example.NET", ["anna@example.net"], True),
        ("anna@example.net", ["Anna@EXAMPLE.net"], True),
        ("anna@example.net", ["bob@example.net", "anna@example.net"], True),
        ("anna@example.net", ["bob@example.net"], False),
        ("anna@example.net.", ["anna@example.net"], True),
        ("anna@mail.example.net", ["anna@example.net"], False),
        ("joanna@example.net", ["anna@example.net"], False),
        ("annabel@example.net", ["anna@example.net"], False),
        # a domain, and what is below it at a dot
        ("anna@example.net", ["example.net"], True),
        ("anna@mail.example.net", ["example.net"], True),
        ("anna@a.b.example.net", ["example.net"], True),
        ("anna@badexample.net", ["example.net"], False),
        ("anna@notexample.com", ["example.com"], False),
        ("anna@example.net.evil.example", ["example.net"], False),
        ("anna@net", ["example.net"], False),
        ("anna@.example.net", ["example.net"], False),
        ("anna@mail..example.net", ["example.net"], False),
        # exactly a domain
        ("anna@example.net", ["@example.net"], True),
        ("anna@mail.example.net", ["@example.net"], False),
        ("anna@badexample.net", ["@example.net"], False),
        # only below it
        ("anna@example.net", ["*.example.net"], False),
        ("anna@mail.example.net", ["*.example.net"], True),
        ("anna@a.b.example.net", ["*.example.net"], True),
        ("anna@badexample.net", ["*.example.net"], False),
        # globs before the @
        ("anna@example.net", ["*@example.net"], True),
        ("anna@mail.example.net", ["*@example.net"], False),
        ("jane+ci@example.com", ["jane+*@example.com"], True),
        ("jane+@example.com", ["jane+*@example.com"], True),
        ("jane@example.com", ["jane+*@example.com"], False),
        ("janet@example.com", ["jane?@example.com"], True),
        ("jane@example.com", ["jane?@example.com"], False),
        ("a-b-c@example.com", ["a*b*c@example.com"], True),
        ("abcb@example.com", ["a*b@example.com"], True),
        ("abcbd@example.com", ["a*b@example.com"], False),
        ("jane.doe@example.com", ["jane?doe@example.com"], True),
        ("jane(x)@example.com", ["jane.x.@example.com"], False),
        # globs in the domain stay within a label, but for one at the start
        ("anna@mx1.example.net", ["anna@mx?.example.net"], True),
        ("anna@mx1.example.net", ["mx*.example.net"], True),
        ("anna@a.mx1.example.net", ["mx*.example.net"], True),
        ("anna@a.mx1.example.net", ["@mx*.example.net"], False),
        ("anna@mx1.evil.example.net", ["@mx*.example.net"], False),
        ("anna@example.evil.net", ["anna@example*.net"], False),
        ("anna@example.evil.net", ["@example.*"], False),
        ("anna@example.net", ["@example.*"], True),
        ("anna@a.b.example.net", ["anna@*.example.net"], True),
        ("anna@example.net", ["anna@*.example.net"], False),
        ("bob@a.example.net", ["anna@*.example.net"], False),
        ("noreply@anything.example", ["noreply@*"], True),
        ("noreply@deep.anything.example", ["noreply@*"], True),
        ("jane@anything.example", ["noreply@*"], False),
        # U-labels and A-labels
        ("anna@bücher.example", ["xn--bcher-kva.example"], True),
        ("anna@xn--bcher-kva.example", ["anna@bücher.example"], True),
        ("anna@MAIL.BÜCHER.example", ["*.bücher.example"], True),
        ("anna@bucher.example", ["bücher.example"], False),
        # IDNA 2003 would write strasse for straße, which is somebody else
        ("anna@straße.example", ["strasse.example"], False),
        ("anna@strasse.example", ["straße.example"], False),
        ("anna@straße.example", ["straße.example"], True),
        # whose domain it is, the last @ says
        ("jane@example.com@evil.example", ["example.com"], False),
        ("jane@example.com@evil.example", ["jane@example.com"], False),
        ("jane@example.com@evil.example", ["*@evil.example"], True),
        ("anna", ["example.net"], False),
        ("anna@", ["example.net"], False),
        ("@example.net", ["example.net"], False),
        ("", ["example.net"], False),
        ("anna@[192.0.2.1]", ["anna@[192.0.2.1]"], True),
    ],
)  # fmt: skip
def test_who_is_on_a_list(address: str, entries: list[str], on_it: bool) -> None:
    assert matches(address, entries) is on_it
    if "ß" not in "".join([address, *entries]):  # which has no upper case of its own
        assert matches(address.upper(), [entry.upper() for entry in entries]) is on_it
    assert [entry for entry in entries if entry_problem(entry)] == []


@pytest.mark.parametrize(
    ("text", "clause"),
    [
        ("", "is empty"),
        ("x" * 400 + "@example.com", "longer than 320 characters"),
        ("jane doe@example.com", "holds blanks"),
        ("jane@example.com, bob@example.com", "holds blanks"),
        ("jane@example.com,bob@example.com", "holds blanks, or characters that no plain address has"),
        ("Jane <jane@example.com>", "holds blanks"),
        ("<jane@example.com>", "no plain address has"),
        ("jane@example.com\n", "holds blanks"),
        ("jane\u200b@example.com", "holds blanks"),
        ("jane@b@example.com", "more than one @"),
        ("jane@", "has no domain"),
        ("@", "names nobody"),
        ("*", "names everybody"),
        ("*@*", "names everybody"),
        ("*.*", "names everybody"),
        ("?", "names everybody"),
        ("@*", "names everybody"),
        ("jane@*.*", "names no domain"),
        (".example.com", "a dot too many"),
        ("example..com", "a dot too many"),
        ("jane@.example.com", "a dot too many"),
        ("jane@exam/ple.com", "holds 'exam/ple', which is no part of a domain"),
        ("jane@" + "x" * 64 + ".example", "no part of a domain"),
        ("b*cher.bü*r.example", "xn-- form"),
        ("jane@[not,an]", "no plain address has"),
        ("jane@[]", "ends with no address literal"),
    ],
)
def test_what_cannot_be_an_entry_is_told_why(text: str, clause: str) -> None:
    assert clause in entry_problem(text)


@pytest.mark.parametrize(
    "text",
    ["jane@example.com", "*@example.com", "jane+*@example.com", "example.com", "*.example.com", "@example.com",
     "localhost", "jane@localhost", "bücher.example", "o'brien@example.com", "noreply@*",
     "jörg@example.com", "a_b@_x.example", "EXAMPLE.COM.", "jane@[IPv6:2001:db8::1]", "*bot@example.com"],
)  # fmt: skip
def test_what_can_be_an_entry(text: str) -> None:
    assert entry_problem(text) == ""


@given(st.text(max_size=60), st.text(max_size=60))
def test_whatever_is_written_it_is_decided(address: str, entry: str) -> None:
    assert isinstance(matches(address, [entry]), bool)
    assert isinstance(entry_problem(entry), str)


@given(st.text("ab*?", max_size=12), st.text("ab", max_size=12))
def test_globs_mean_what_they_mean_elsewhere(glob: str, local: str) -> None:
    from fnmatch import fnmatchcase

    expected = bool(local) and bool(glob) and fnmatchcase(local, glob)
    assert matches(f"{local}@example.com", [f"{glob}@example.com"]) is (expected or (bool(local) and not glob))


@pytest.mark.parametrize(
    "growing",
    [lambda n: "a" * n + "@example.com", lambda n: "a@" + "a." * (n // 2) + "com", lambda n: "a@" + "é" * n],
    ids=["local-part", "labels", "letters"],
)
def test_twice_the_address_takes_at_most_some_more_than_twice_the_time(growing: Callable[[int], str]) -> None:
    entries = ["*a*a*b@example.com", "*.example.com", "a*a*b@*.a*b.com", "example.org"]

    def seconds(size: int) -> float:
        address = growing(size)
        best = 1e9
        for _ in range(3):
            began = time.process_time()
            assert not matches(address, entries)
            best = min(best, time.process_time() - began)
        return best

    assert seconds(400_000) <= 3 * seconds(200_000) + 0.05
