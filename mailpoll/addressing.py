"""Making addresses: tokens, and how pattern, name, token and options become an address (DESIGN.md §5).

Pure but for `secrets`; taking addresses apart again is the router's.
"""

from __future__ import annotations

import base64
import re
import secrets
import unicodedata
from collections.abc import Collection, Sequence

from mailpoll.errors import ConfigError
from mailpoll.model import OPTION_NAMES
from mailpoll.router import ANY, SEPARATORS

# RFC 5321 §4.5.3.1.1, in octets.
MAX_LOCAL_PART = 64

# 16.25 octets: 26 characters of base32 carry 130 bits.
_TOKEN_LENGTH = 26

# New tokens, Zulip's of 32 characters, and its reply addresses.
_TOKEN_SHAPE = re.compile(r"[a-z2-7]{26}|[a-z0-9]{32}|mm[a-z0-9]{32}")
_CHOSEN = re.compile(r"[a-z0-9_-]{1,64}")

# Latin letters that Unicode does not take apart into a letter and a mark.
_FOLDED = str.maketrans({"ł": "l", "ø": "o", "đ": "d", "æ": "ae", "œ": "oe", "ð": "d", "þ": "th", "ı": "i"})


def new_token() -> str:
    """A token nobody can guess: 26 characters of base32, lower-case, 130 bits."""
    return base64.b32encode(secrets.token_bytes(20)).decode("ascii").lower()[:_TOKEN_LENGTH]


def looks_like_token(text: str) -> bool:
    """Whether `text` has the shape of a token that some system made, so that nobody guesses it."""
    return _TOKEN_SHAPE.fullmatch(text) is not None


def chosen_token(text: str) -> str:
    """A token somebody chose, lower-case. Raises ConfigError when it cannot be told from the rest of an address."""
    token = text.lower()
    if token == ANY:
        return token
    if token in OPTION_NAMES:
        raise ConfigError(f"{token!r} is the name of an option, so no token", advice="Choose another word.")
    if not _CHOSEN.fullmatch(token):
        raise ConfigError(
            f"{text!r} cannot be a token",
            advice="Write 1 to 64 letters a-z, digits, - and _; separators (. and +) would split it.",
        )
    return token


def slug(name: str) -> str:
    """A channel's name as it decorates its addresses: `dev. help` → `dev-help`, `ąężć` → `aezc`.

    Empty when ASCII cannot say the whole of it, and when it would be read as a token or an option.
    """
    folded = unicodedata.normalize("NFKD", name.casefold().translate(_FOLDED))
    letters = "".join(character for character in folded if not unicodedata.combining(character))
    if any(character.isalnum() and not character.isascii() for character in letters):
        return ""
    text = re.sub(r"[^a-z0-9_]+", "-", letters).strip("-_")
    return "" if text in OPTION_NAMES or looks_like_token(text) else text


def write_address(
    pattern: str,
    name: str,
    token: str,
    options: Sequence[str] = (),
    *,
    taken: Collection[str] = (),
    separator: str = SEPARATORS[0],
) -> str:
    """The address of `pattern` (with one %s) for a token, decorated with the channel's name.

    Args:
        name: the channel's name; shortened, then left out, where the local-part would pass 64 octets.
        token: "*" stands for every detail and is written as it is.
        options: names to append; they win over what is stored with the address.
        taken: tokens in use: a name that is one of them would be taken for it, and is left out.
        separator: what is written between the parts.

    Raises:
        ConfigError: the local-part is too long even without the name.
    """
    local, _, domain = pattern.rpartition("@")
    needed = separator.join([token, *options])
    room = MAX_LOCAL_PART - len(local.replace("%s", needed).encode("utf-8"))
    if room < 0:
        raise ConfigError(
            f"the local-part would be {MAX_LOCAL_PART - room} octets long, RFC 5321 allows {MAX_LOCAL_PART}",
            about=f"an address of {pattern}",
            advice="Choose a shorter token with --token, or fewer options.",
        )
    decoration = "" if token == ANY else slug(name)[: max(room - len(separator), 0)].rstrip("-_")
    if decoration in {"", token, *taken} or decoration in OPTION_NAMES or looks_like_token(decoration):
        return f"{local.replace('%s', needed)}@{domain}"
    return f"{local.replace('%s', separator.join([decoration, needed]))}@{domain}"


def decorations(name: str) -> frozenset[str]:
    """Everything that may stand before a token in an address of the channel `name`: its slug, whole or shortened."""
    whole = slug(name)
    return frozenset(whole[:length].rstrip("-_") for length in range(1, len(whole) + 1))
