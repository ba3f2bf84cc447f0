"""Hides secrets in what a server says and what we show: the secret itself, and every form in which it was sent."""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Iterator
from urllib.parse import quote, quote_plus

HIDDEN = "***"
# A server that repeats a command may cut it short, or break it over lines: any so many characters of a form are hidden.
_PIECE = 6
_SHORTEST_CORE = 4


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
    octets = secret.encode()
    yield from (secret, quote(secret), quote_plus(secret), json.dumps(secret)[1:-1], octets.hex())
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
