"""Who finds the new text of a channel's mails: its own choice, else the setting; each channel of a mail for itself."""

from __future__ import annotations

import io
import sys
from collections.abc import Mapping
from datetime import UTC, datetime
from types import ModuleType

import pytest
from msgspec.structs import replace

from mailpoll import frames, reading, router
from mailpoll.model import KnownAddress, Limits, Options, Quotes, Recipient, Route, Target

RULES = router.Rules(datetime(2026, 11, 20, 9, tzinfo=UTC), lambda _: Limits())
ATTRIBUTION = "Am Montag, 16. November 2026 um 10:00 schrieb Bob <bob@example.com>:"
# The attribution is German, which email-reply-parser does not know.
MAIL = f"Subject: Re: Lunch\nTo: bot@example.com\n\nAt noon?\n\n{ATTRIBUTION}\n> Lunch?\n".encode()
TEXTS: Mapping[Quotes, str] = {
    "mailpoll": "At noon?",
    "email-reply-parser": f"At noon?\n\n{ATTRIBUTION}",
    "keep": f"At noon?\n\n{ATTRIBUTION}\n> Lunch?",
}
# What the guard keeps from that library: its pattern takes minutes for it.
HOSTILE = b"Subject: x\n\n" + b"On Monday we met.\n" * 500


class Library(ModuleType):
    """email-reply-parser, were it asked."""

    def __init__(self) -> None:
        super().__init__("email_reply_parser")
        self.asked: list[str] = []
        self.EmailReplyParser = self

    def parse_reply(self, text: str) -> str:
        """Remembers that it was."""
        self.asked.append(text)
        return "as the library sees it"


@pytest.fixture
def library(monkeypatch: pytest.MonkeyPatch) -> Library:
    fake = Library()
    monkeypatch.setitem(sys.modules, "email_reply_parser", fake)
    return fake


def known(channel: str, quotes: Quotes | None, **more: tuple[str, ...]) -> KnownAddress:
    plain = KnownAddress(channel, channel, True, True, None, (), (), (), None, "", (("store", ""),), quotes)
    return replace(plain, **more)


def routes(*addresses: KnownAddress, setting: Quotes = "mailpoll", option: str = "") -> tuple[Route, ...]:
    """Of a mail to all of these addresses, each with this option."""
    found = [Recipient("To", f"bot+{a.token}{option}@example.com", f"{a.token}{option}") for a in addresses]
    return router.routes(found, {a.token: a for a in addresses}, replace(RULES, quotes=setting)).routes


def bodies(*there: Route, raw: bytes = MAIL, safe: bool = False) -> dict[str, str]:
    """What each channel gets."""
    made = reading.read(raw, there, safe=safe, oversize_of=0, reference="", max_text=1_000_000)
    return {post.channel: post.body for post in made.posts}


def route(quotes: Quotes) -> Route:
    return Route("dev", (Target("store"),), quotes=quotes)


@pytest.mark.parametrize(
    ("own", "setting", "expected"),
    [
        (None, "mailpoll", "mailpoll"),
        (None, "keep", "keep"),
        ("mailpoll", "keep", "mailpoll"),
        ("keep", "mailpoll", "keep"),
        ("email-reply-parser", "keep", "email-reply-parser"),
    ],
)
def test_a_channels_own_choice_wins_over_the_setting(own: Quotes | None, setting: Quotes, expected: Quotes) -> None:
    assert [r.quotes for r in routes(known("dev", own), setting=setting)] == [expected]
    forced = router.forced(known("dev", own), replace(RULES, quotes=setting))
    assert [r.quotes for r in forced.routes] == [expected]


def test_channels_of_one_mail_get_each_the_text_that_they_chose() -> None:
    chosen = tuple(TEXTS)
    there = routes(*(known(f"c{n}", quotes) for n, quotes in enumerate(chosen)))
    assert bodies(*there) == {f"c{n}": TEXTS[quotes] for n, quotes in enumerate(chosen)}


@pytest.mark.parametrize("quotes", list(TEXTS))
@pytest.mark.parametrize("option", [".include-quotes", ".full"])
def test_an_option_of_the_mails_address_keeps_the_quotes_whatever_the_channel_chose(
    quotes: Quotes, option: str
) -> None:
    assert bodies(*routes(known("dev", quotes), option=option)) == {"dev": TEXTS["keep"]}


@pytest.mark.parametrize("quotes", list(TEXTS))
@pytest.mark.parametrize("where", ["options", "channel_options"])
def test_an_option_of_address_or_channel_keeps_them_too(quotes: Quotes, where: str) -> None:
    assert bodies(*routes(known("dev", quotes, **{where: ("include-quotes",)}))) == {"dev": TEXTS["keep"]}


@pytest.mark.parametrize("quotes", list(TEXTS))
def test_the_choice_reaches_the_reader_child_and_stays_with_the_post(quotes: Quotes) -> None:
    sent = io.BytesIO(frames.framed(frames.Call("posts", len(MAIL), routes=(route(quotes),))) + MAIL)
    call, raw = frames.call_from(sent)
    made = reading.read(raw, call.routes, safe=False, oversize_of=0, reference="", max_text=1_000_000)
    assert [(post.quotes, post.body) for post in made.posts] == [(quotes, TEXTS[quotes])]


def test_the_library_is_asked_by_the_channels_that_chose_it_only(library: Library) -> None:
    assert bodies(*routes(known("dev", "email-reply-parser"), known("ops", None))) == {
        "dev": "as the library sees it",
        "ops": "At noon?",
    }
    assert len(library.asked) == 1


def test_the_library_never_sees_what_it_cannot_bear(library: Library) -> None:
    there = route("email-reply-parser")
    whole = HOSTILE.partition(b"\n\n")[2].decode().strip()
    for setting, own in (("email-reply-parser", None), ("mailpoll", "email-reply-parser")):
        assert bodies(*routes(known("dev", own), setting=setting), raw=HOSTILE) == {"dev": whole}
    assert b"".join(reading.part(HOSTILE, 0, there)).decode() == whole
    with_footer = replace(there, options=Options(include_footer=True))
    assert b"".join(reading.part(HOSTILE, 0, with_footer)).decode() == whole
    assert library.asked == []


@pytest.mark.parametrize("quotes", list(TEXTS))
def test_a_mail_that_no_reading_survived_is_not_given_to_the_library(library: Library, quotes: Quotes) -> None:
    assert bodies(route(quotes), safe=True) == {"dev": TEXTS["keep" if quotes == "keep" else "mailpoll"]}
    assert library.asked == []
