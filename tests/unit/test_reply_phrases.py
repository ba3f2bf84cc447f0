"""phrases.py: found where a person would say that they stand, whole."""

from __future__ import annotations

import pytest

from mailpoll.reply.phrases import Starts, Words

SIGN_OFFS = Starts(("best", "best regards", "mit freundlichen grüßen", "敬具"))
FORMS = Words(("AG", "Ltd", "e.V.", "sp. z o.o.", "株式会社"))


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("best regards, jane", "best regards"),
        ("best, jane", "best"),
        ("best", "best"),
        ("bestellt ist es", ""),
        ("best_of", ""),
        ("the best", ""),
        ("mit freundlichen grüßen", "mit freundlichen grüßen"),
        ("敬具", "敬具"),
        ("", ""),
    ],
)
def test_the_longest_whole_phrase_at_the_beginning(text: str, found: str) -> None:
    assert text[: SIGN_OFFS.end(text)] == found


@pytest.mark.parametrize(
    "text", ["Example AG", "AG", "Verein e.V.", "x sp. z o.o.", "株式会社 例", "A (Ltd)", "Ltd, Leeds"]
)
def test_a_phrase_of_whole_words_anywhere(text: str) -> None:
    assert FORMS.stand_in(text)


@pytest.mark.parametrize("text", ["", "AGENDA", "ag", "theLtd", "die.V.", "sp. z o.o.x", "Ltd_x"])
def test_a_part_of_a_word_is_none(text: str) -> None:
    assert not FORMS.stand_in(text)
