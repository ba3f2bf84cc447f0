"""Hides secrets in all that leaves the process: the secrets themselves, and every form in which they are sent.

What was looked up, or stands in the configuration, is registered by know(); hide() masks it in log records, errors,
tracebacks, conversations and all that is printed. A Mask hides pieces of secrets too, in what one server says.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

HIDDEN = "***"
# A server that repeats a command may cut it short, or break it over lines: any so many characters of a form are hidden.
_PIECE = 6
_SHORTEST_CORE = 4
# A shorter secret is worth nothing, and hiding it would hide the numbers and words of every sentence.
_SHORTEST = 4
# What is no longer is hidden only where it stands alone, in its own case: a password may be a part of words.
_LONG = 12
# Parts of a URL: too short for the key of a web hook, too long for a word.
_SHORTEST_PART, _LONGEST_WORD = 8, 24

_known: dict[str, None] = {}
_pattern: tuple[int, re.Pattern[str]] | None = None  # made of so many; accounts look theirs up in threads


def know(*secrets: str) -> None:
    """From now on hide() masks these, and what is made of them to be sent. Costs next to nothing until it is asked."""
    _known.update(dict.fromkeys(secret for secret in secrets if len(secret) >= _SHORTEST))


def know_url(url: str, *, path_too: bool = True) -> None:
    """As know(), of what may be a key in a URL: its password, and of web hooks those parts of path and query that are
    no words."""
    know(*keys_of_url(url, path_too=path_too))


def keys_of_url(url: str, *, path_too: bool = True) -> tuple[str, ...]:
    """What may be a key in a URL, as know_url() says."""
    authority, _, tail = url.partition("://")[2].partition("#")[0].partition("/")
    user, _, _ = authority.rpartition("@")
    path, _, query = tail.partition("?")
    parts = [*path.split("/"), *(pair.rpartition("=")[2] for pair in query.split("&"))]
    found = (user.partition(":")[2], *(part for part in parts if path_too and _is_key(part)))
    return tuple(filter(None, found))


def _is_key(part: str) -> bool:
    """Whether a part of a path is random rather than a word, which would be hidden in every sentence."""
    mixed = part.lower() != part != part.upper()
    return len(part) >= _SHORTEST_PART and (len(part) >= _LONGEST_WORD or mixed or any(map(str.isdigit, part)))


def hide(text: str) -> str:
    """`text` with every known secret, and every form of one, as ***."""
    global _pattern
    if not _known:
        return text
    secrets = list(_known)
    pattern = _pattern
    if pattern is None or pattern[0] != len(secrets):
        forms = sorted({form for secret in secrets for form in _whole_forms(secret)}, key=len, reverse=True)
        pattern = _pattern = len(secrets), re.compile("(?:" + "|".join(map(_alone, forms)) + ")=*")
    return pattern[1].sub(HIDDEN, text)


def forget() -> None:
    """Knows nothing any more; for tests, which live longer than a command."""
    global _pattern
    _known.clear()
    _pattern = None


def _alone(form: str) -> str:
    escaped = re.escape(form)
    return f"(?i:{escaped})" if len(form) > _LONG else rf"(?<![^\W_]){escaped}(?![^\W_])"


def _whole_forms(secret: str) -> Iterator[str]:
    """The forms of a secret that are worth hiding in any text."""
    return (form.rstrip("=") for form in _forms(secret) if len(form.rstrip("=")) >= _SHORTEST)


class Mask:
    """Knows what must not be seen. `also()` adds what was sent on behalf of a secret, a line of base64 for one."""

    def __init__(self, *secrets: str) -> None:
        self._short: set[str] = set()
        self._pieces: set[str] = set()
        for secret in filter(None, secrets):
            for form in _forms(secret):
                self._know(form)

    def also(self, form: str) -> None:
        """From now on, this is hidden too; what is too short to hold a secret of any worth (AQ==) is not."""
        if len(form.rstrip("=")) >= _PIECE:
            self._know(form)

    def hide(self, text: str) -> str:
        """`text` with every form of a secret, and every longer piece of one, as ***; upper and lower case are one, for
        servers that repeat commands in capitals."""
        lower = _lower(text)
        hidden = bytearray(len(text))
        for start in range(len(text) - _PIECE + 1):
            if lower[start : start + _PIECE] in self._pieces:
                hidden[start : start + _PIECE] = b"\1" * _PIECE
        for form in self._short:
            for found in re.finditer(re.escape(form), lower):
                hidden[found.start() : found.end()] = b"\1" * len(form)
        return "".join(_shown(text, hidden))

    def _know(self, form: str) -> None:
        form = _lower(form.rstrip("="))
        if len(form) < _PIECE:
            self._short.add(form)
        self._pieces |= {form[start : start + _PIECE] for start in range(len(form) - _PIECE + 1)}


def _forms(secret: str) -> Iterator[str]:
    """The secret as it is, in an address of the web, in JSON, in hex, and in base64: alone, or wherever it stands in
    what is encoded."""
    import base64  # not before something is to be hidden: a run that finds nothing to do looks up secrets too
    import json
    from urllib.parse import quote, quote_plus

    octets = secret.encode()
    yield from (secret, quote(secret), quote(secret, safe=""), quote_plus(secret), octets.hex())
    yield from (json.dumps(secret)[1:-1], json.dumps(secret, ensure_ascii=False)[1:-1], repr(octets)[2:-1])
    for encode in (base64.b64encode, base64.urlsafe_b64encode):
        yield encode(octets).decode()
        for before in (1, 2):
            # What depends on the secret alone: whole groups of six bits.
            first, last = -(-before * 8 // 6), (before + len(octets)) * 8 // 6
            if last - first >= _SHORTEST_CORE:
                yield encode(b"\0" * before + octets).decode()[first:last]


def _lower(text: str) -> str:
    """`text` in lower case, of the same length: İ has two characters there."""
    lower = text.lower()
    return lower if len(lower) == len(text) else "".join(c.lower() if len(c.lower()) == 1 else c for c in text)


def _shown(text: str, hidden: bytearray) -> Iterator[str]:
    end = 0
    for run in re.finditer(rb"\x01+", hidden):
        yield text[end : run.start()] + HIDDEN
        end = run.end()
        while text[end : end + 1] == "=":  # the padding of base64
            end += 1
    yield text[end:]
