"""What is shown of a stranger's text: no character hides or reorders words, and scripts and emoji stay whole."""

from __future__ import annotations

import time
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailpoll import visible

ENGLAND = "\U0001f3f4\U000e0067\U000e0062\U000e0065\U000e006e\U000e0067\U000e007f"


@pytest.mark.parametrize(
    "text",
    [
        "plain words\n\twith a tab",
        "👨‍👩‍👧 👩🏽‍💻 ❤️‍🔥 1️⃣ 🏳️‍🌈 " + ENGLAND,
        "می‌خواهم نمی‌دانم",
        "क्‍ष න්‍ය ක්‍රි",
        "שלום \u200fA\u200e עולם",
        "مرحبا \u061c123",
        "葛\U000e0100城",
        "ᠠ\u180bᠨ",
        "a \u2068שם\u2069 b",
        "\u202bמילים\u202c",
        "e\u0301 ﬁ ＠ \xa0 …",
        "\U0001fae8 of a year that this Python does not know",
    ],
)
def test_what_scripts_and_emoji_are_made_of_stays(text: str) -> None:
    assert visible.text(text) == text


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("pay\u200b\u200b\u200b\u200bpal", "paypal"),
        ("pa\u200d\u200cy\u2060pa\ufeffl\xad", "paypal"),
        ("ord\u202egpj.exe", "ordgpj.exe"),
        ("a\u2066b", "ab"),
        ("a\u2069b\u202c", "ab"),
        ("a\u2067b\nc\u2069", "ab\nc"),
        ("\u2067\u2066x\u2069", "\u2066x\u2069"),
        ("x\U000e0041\U000e0042\U000e007fy", "xy"),
        ("\U0001f3f4\U000e0068\U000e0069\U000e007f", "\U0001f3f4"),
        ("😀" + "\U000e0100\U000e0155\ufe01" * 9, "😀\U000e0100"),
        ("א" + "\u200d" * 1_000 + "ב", "א\u200dב"),
        ("אב\u200d\ufe0f\u200d\ufe0f", "אב\u200d"),
        ("\x1b[31mred\x1b[0m\x07\x9b2J", "[31mred[0m2J"),
        ("a\rb\r\nc\x0bd\x0ce\x85f\u2028g\u2029h", "a\nb\nc\nd\ne\nf\ng\nh"),
        ("a\0b\x7fc\ufffe\ufdd0", "abc"),
        ("half \ud83d pair", "half \ufffd pair"),
        ("\u3164\u115f\uffa0\u034f name", " name"),
    ],
    ids=ascii,
)
def test_what_hides_or_reorders_words_goes(text: str, shown: str) -> None:
    assert visible.text(text) == shown


def test_a_line_is_one() -> None:
    assert visible.line("a\r\nb\tc\u2028d\x1b[2K\re") == "a b c d[2K e"


@given(st.text())
def test_any_text_comes_out_without_controls_and_stays_as_it_is_from_then_on(text: str) -> None:
    shown = visible.text(text)
    assert not any(unicodedata.category(c) in ("Cc", "Cs") and c not in "\n\t" for c in shown)
    assert not set(shown) & set("\u202d\u202e\u200b\u2060\ufeff")
    assert visible.text(shown) == shown
    assert "\n" not in visible.line(text)


@pytest.mark.parametrize(
    "unit",
    [
        "\u200d",
        "\u200b",
        "א\u200d\ufe0f",
        "\u2066",
        "\u2066\u2069",
        "\U000e0041",
        ENGLAND[:3],
        "\r",
        "\u202c",
        "a\ud800",
    ],
    ids=ascii,
)
def test_a_megabyte_takes_no_time(unit: str) -> None:
    text = (unit * (1_000_000 // len(unit) + 1))[:1_000_000]
    start = time.process_time()
    visible.text(text)
    assert time.process_time() - start < 4
