"""rate.py: what a limit says, and which one holds."""

from __future__ import annotations

import pytest

from mailpoll.rate import MOST, Rates, Window, in_words, parse, problem

READ = [
    ("50/1m 120/5m 600/1h", (Window(50, 60), Window(120, 300), Window(600, 3600))),
    ("  50/1M\t120/5m ", (Window(50, 60), Window(120, 300))),
    ("1/s", (Window(1, 1),)),
    ("10000/1d", (Window(MOST, 86_400),)),
    ("3/86400s", (Window(3, 86_400),)),
    ("none", ()),
    (" NONE ", ()),
]

WRONG = [
    ("", "is empty"),
    ("   ", "is empty"),
    ("50", "'50' is no rate"),
    ("50/", "'50/' is no rate"),
    ("/1m", "'/1m' is no rate"),
    ("50/1", "'50/1' is no rate"),
    ("50/1w", "'50/1w' is no rate"),
    ("50 /1m", "'50' is no rate"),
    ("-5/1m", "'-5/1m' is no rate"),
    ("5.5/1m", "'5.5/1m' is no rate"),
    ("٥/1m", "'٥/1m' is no rate"),
    ("50/1m none", "'none' is no rate"),
    ("0/1m", "'0/1m' is out of range"),
    ("50/0s", "'50/0s' is out of range"),
    ("10001/1m", "'10001/1m' is out of range"),
    ("5/2d", "'5/2d' is out of range"),
    ("9" * 5000 + "/1m", "is no rate"),
]


@pytest.mark.parametrize(("text", "rate"), READ)
def test_a_rate_is_what_its_text_says(text: str, rate: tuple[Window, ...]) -> None:
    assert parse(text) == rate
    assert problem(text) is None


@pytest.mark.parametrize(("text", "told"), WRONG)
def test_what_is_no_rate_is_said_with_what_to_write(text: str, told: str) -> None:
    said = problem(text)
    assert said is not None
    assert told in said
    assert "Write" in said
    with pytest.raises(ValueError, match="Write"):
        parse(text)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("50/1m", "50 a minute"),
        ("50/60s", "50 a minute"),
        ("120/5m", "120 in 5 minutes"),
        ("600/1h", "600 an hour"),
        ("1/s", "1 a second"),
        ("7/90s", "7 in 90 seconds"),
        ("9/1d", "9 a day"),
    ],
)
def test_a_limit_in_words(text: str, words: str) -> None:
    assert [in_words(window) for window in parse(text)] == [words]


def test_what_a_channel_has_of_its_own_comes_before_policy_and_kind() -> None:
    chat = parse("5/1m")

    def of_kind(destination: str) -> tuple[Window, ...]:
        return chat if destination == "chat" else ()

    kinds = Rates(of_kind=of_kind)
    assert (kinds.of(None, "chat"), kinds.of(None, "hook")) == (chat, ())
    assert (kinds.of("none", "chat"), kinds.of("2/1h", "hook")) == ((), parse("2/1h"))
    for_all = Rates(parse("9/1h"), of_kind=of_kind)
    assert (for_all.of(None, "chat"), for_all.of(None, "hook")) == (parse("9/1h"), parse("9/1h"))
    assert Rates((), of_kind=of_kind).of(None, "chat") == ()
    assert for_all.of("nonsense", "hook") == parse("9/1h")
