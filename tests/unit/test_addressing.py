"""addressing.py: what stands in an address, and what does not."""

from __future__ import annotations

import re

import pytest

from mailpoll import addressing, router
from mailpoll.addressing import chosen_token, new_token, slug, write_address
from mailpoll.errors import ConfigError
from mailpoll.router import mask

TOKEN = "0123456789abcdef0123456789abcdef"
OWN = "hg4hhbnc6o3445qtgpzmbcpqpq"

# pattern · name · token · options · address. The first five are those of the gateway that these addresses come from.
WRITTEN = [
    ("%s@testserver", "dev. help", TOKEN, (), f"dev-help.{TOKEN}@testserver"),
    ("%s@testserver", "ąężć", TOKEN, (), f"aezc.{TOKEN}@testserver"),
    ("%s@testserver", "Тестовы some ascii letters", TOKEN, (), f"{TOKEN}@testserver"),
    ("%s@testserver", "Denmark", TOKEN, (), f"denmark.{TOKEN}@testserver"),
    ("%s@testserver", "Denmark", TOKEN, ("show-sender",), f"denmark.{TOKEN}.show-sender@testserver"),
    ("username+%s@example.com", "dev", OWN, (), f"username+dev.{OWN}@example.com"),
    ("u+%s-x@example.com", "dev", OWN, (), f"u+dev.{OWN}-x@example.com"),
    ("username+%s@example.com", "łódź & œuvre", OWN, (), f"username+lodz-oeuvre.{OWN}@example.com"),
    ("username+%s@example.com", "", OWN, (), f"username+{OWN}@example.com"),
    # 64 octets: the name is shortened, then left out
    ("username+%s@example.com", "a" * 60, OWN, (), f"username+{'a' * 28}.{OWN}@example.com"),
    ("username+%s@example.com", "a" * 27 + "-b", OWN, (), f"username+{'a' * 27}.{OWN}@example.com"),
    ("u" * 37 + "+%s@example.com", "dev", OWN, (), "u" * 37 + f"+{OWN}@example.com"),
    # what would be read as something else is left out
    ("username+%s@example.com", "full", OWN, (), f"username+{OWN}@example.com"),
    ("username+%s@example.com", "fullmoon", "t" * 50, (), f"username+{'t' * 50}@example.com"),  # room for "full"
    ("username+%s@example.com", TOKEN, OWN, (), f"username+{OWN}@example.com"),
    ("username+%s@example.com", "oncall", "oncall", (), "username+oncall@example.com"),
    ("username+%s@example.com", "dev", "*", (), "username+*@example.com"),
]


@pytest.mark.parametrize(("pattern", "name", "token", "options", "address"), WRITTEN)
def test_an_address_is_written(
    pattern: str, name: str, token: str, options: tuple[str, ...], address: str
) -> None:  # fmt: skip
    assert write_address(pattern, name, token, options) == address


@pytest.mark.parametrize(("pattern", "name", "token", "options", "address"), WRITTEN[:-1])
def test_a_written_address_is_found_again(
    pattern: str, name: str, token: str, options: tuple[str, ...], address: str
) -> None:  # fmt: skip
    detail = router.pattern(pattern).detail(write_address(pattern, name, token, options))
    assert detail is not None
    assert token in router.parts(detail)


def test_a_name_that_is_a_token_in_use_is_left_out() -> None:
    assert write_address("u+%s@b.example", "oncall", OWN, taken={"oncall"}) == f"u+{OWN}@b.example"


def test_a_local_part_over_64_octets_is_refused() -> None:
    with pytest.raises(ConfigError, match="65 octets long, RFC 5321 allows 64"):
        write_address("ü" * 19 + "+%s@b.example", "dev", OWN)


def test_every_new_token_is_130_bits_of_base32() -> None:
    made = {new_token() for _ in range(1000)}
    assert len(made) == 1000
    assert all(re.fullmatch("[a-z2-7]{26}", token) for token in made)
    assert all(addressing.looks_like_token(token) for token in made)


@pytest.mark.parametrize(("text", "token"), [("OnCall", "oncall"), ("a_b-9", "a_b-9"), ("*", "*"), (TOKEN, TOKEN)])
def test_a_chosen_token_is_lower_case(text: str, token: str) -> None:
    assert chosen_token(text) == token


@pytest.mark.parametrize("text", ["", "a.b", "a+b", "a b", "ä", "full", "Show-Sender", "a" * 65, "a\n", "%s", "a@b"])
def test_a_token_that_cannot_be_told_apart_is_refused(text: str) -> None:
    with pytest.raises(ConfigError):
        chosen_token(text)


@pytest.mark.parametrize("name", ["full", "日本", "!!!", "", OWN, "mm" + TOKEN])
def test_some_names_cannot_decorate(name: str) -> None:
    assert slug(name) == ""


@pytest.mark.parametrize(
    ("address", "tokens", "shown"),
    [
        (f"bot+oncall.{OWN}@b.example", (), "bot+oncall.…pqpq@b.example"),
        ("bot+oncall.tag@b.example", ("oncall",), "bot+….tag@b.example"),
        (f"bot+{TOKEN}.full.x@b.example", (), "bot+…cdef.full.x@b.example"),
        (OWN, (), "…pqpq"),
        ("", (), ""),
    ],
)
def test_a_token_is_masked(address: str, tokens: tuple[str, ...], shown: str) -> None:
    assert mask(address, tokens) == shown


def test_a_token_between_other_separators_is_masked() -> None:
    assert mask("bot=oncall=a.b@b.example", ("oncall",), "=") == "bot=…=a.b@b.example"
