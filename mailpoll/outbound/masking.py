"""Hides secrets in what a server says and what we show: the secret itself, and every form in which it was sent."""

from __future__ import annotations

import base64
import re
from urllib.parse import quote, quote_plus

HIDDEN = "***"
# A server that repeats a command may cut it short: a piece of so many characters is hidden as well.
_PIECE = 6
_WORDS = re.compile(r"[^\s\"'<>()\[\],;]+")


class Mask:
    """Knows what must not be seen. `also()` adds what was sent on behalf of a secret, a line of base64 for one."""

    def __init__(self, *secrets: str) -> None:
        self._forms: set[str] = set()
        for secret in filter(None, secrets):
            plain = secret.encode()
            coded = {base64.b64encode(plain).decode(), base64.urlsafe_b64encode(plain).decode()}
            self._forms |= {secret, quote(secret), quote_plus(secret), *coded, *(each.rstrip("=") for each in coded)}

    def also(self, form: str) -> None:
        """From now on, this is hidden too."""
        if form:
            self._forms |= {form, form.rstrip("=")}

    def hide(self, text: str) -> str:
        """`text` with every form of a secret, and every longer piece of one, as ***."""
        for form in sorted(self._forms, key=len, reverse=True):
            text = text.replace(form, HIDDEN)
        return _WORDS.sub(lambda word: HIDDEN if self._is_piece(word[0]) else word[0], text)

    def _is_piece(self, word: str) -> bool:
        piece = word.strip(".…:=")
        return len(piece) >= _PIECE and any(piece in form for form in self._forms)
