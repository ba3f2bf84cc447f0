"""Secrets in what a server says: hidden in every form in which they were sent or may come back."""

from __future__ import annotations

import base64
from urllib.parse import quote

import pytest

from mailpoll.redaction import HIDDEN, Mask

SECRET = "cAnArY-7&pXq=Zw9/ü"
USER = "username@example.com"


def base64_of(text: str) -> str:
    return base64.b64encode(text.encode()).decode()


PLAIN = base64_of(f"\0{USER}\0{SECRET}")


def bits_of(secret: str) -> list[str]:
    """What base64 makes of the secret wherever it stands in what is encoded, without the characters at the ends."""
    return [base64_of("x" * shift + secret + "yyy")[2 * shift : -6] for shift in (0, 1, 2)]


def hidden(text: str, secret: str = SECRET, *sent: str) -> str:
    mask = Mask(secret)
    for form in (PLAIN, *sent):
        mask.also(form)
    return mask.hide(text)


@pytest.mark.parametrize(
    "form",
    [
        SECRET,
        SECRET.upper(),
        quote(SECRET),
        base64_of(SECRET),
        base64_of(SECRET).rstrip("="),
        base64.urlsafe_b64encode(SECRET.encode()).decode(),
        PLAIN,
        base64_of(f"{USER}:{SECRET}"),
        base64_of(f"user={USER}\x01auth=Bearer {SECRET}\x01\x01"),
        base64_of(f'{{"error": "{SECRET}"}}'),
        *(base64_of("x" * n + SECRET + "y" * 9) for n in range(7)),
    ],
)
@pytest.mark.parametrize("around", ["{}", "({})", "AUTH:{};", "`{}'", "line={}", "x{}x"])
def test_every_form_is_hidden_whatever_stands_around_it(form: str, around: str) -> None:
    said = hidden("535 5.7.8 wrong: " + around.format(form))
    assert HIDDEN in said
    assert said.startswith("535 5.7.8 wrong: ")
    assert SECRET.lower() not in said.lower()
    assert [bit for bit in bits_of(SECRET) if bit in said] == []


@pytest.mark.parametrize("cut", range(20, len(PLAIN)))
def test_a_line_cut_short_is_hidden_from_both_ends(cut: int) -> None:
    for piece in (PLAIN[:cut], PLAIN[-cut:]):
        said = hidden(f"500 unknown command AUTH PLAIN {piece}")
        assert said == f"500 unknown command AUTH PLAIN {HIDDEN}"


def test_a_secret_that_is_broken_over_two_lines_is_hidden() -> None:
    assert hidden(f"500-no {PLAIN[:30]}\n500 {PLAIN[30:]}") == f"500-no {HIDDEN}\n500 {HIDDEN}"


@pytest.mark.parametrize("secret", ["abc", "1234", "secret"])
def test_a_short_secret_is_hidden(secret: str) -> None:
    said = hidden(f"535 no {secret} and {base64_of(secret)}", secret)
    assert secret not in said
    assert base64_of(secret) not in said


def test_other_words_stay() -> None:
    words = "535 5.7.8 Username and Password not accepted. See the FAQ at https://example.com/AQ?x=username@example.com"
    assert hidden(words, SECRET, base64_of("\x01"), "") == words


def test_without_a_secret_everything_stays() -> None:
    assert Mask("").hide("250 Ok ***") == "250 Ok ***"


def test_a_long_token_and_a_long_line_take_no_time() -> None:
    token = "ya29." + "a0AfH6SMB" * 400
    assert hidden(f"535 {'a0AfH6' * 1300} " + token, token).count("a0AfH6") == 0
