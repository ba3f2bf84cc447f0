"""Content-Transfer-Encoding (RFC 2045 §6) → bytes, bearing with what senders get wrong, in linear time."""

from __future__ import annotations

import binascii
import re
from collections.abc import Iterator

_STEP = 1 << 20
_ALPHABET = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
_NOT_BASE64 = bytes(byte for byte in range(256) if byte not in _ALPHABET + b"=")
_BLANKS_AFTER_SOFT_BREAK = re.compile(rb"=[ \t]++(?=\r?\n|$)")


def decoded(data: bytes, encoding: str) -> bytes:
    """The bytes that `data` stands for under a lower-case encoding name; unknown encodings are the identity."""
    if encoding == "base64":
        return b"".join(_base64(data))
    if encoding == "quoted-printable":
        return binascii.a2b_qp(_BLANKS_AFTER_SOFT_BREAK.sub(b"=", data))
    return data


def decoded_size(data: memoryview, encoding: str) -> int:
    """How many octets `decoded` gives, without holding them where that can be had."""
    if encoding == "base64":
        size = _unpadded_size(data)
        return sum(map(len, _base64(data))) if size is None else size
    return len(decoded(bytes(data), encoding)) if encoding == "quoted-printable" else len(data)


def _unpadded_size(data: memoryview) -> int | None:
    """The size of base64 with padding at its end only, which need not be decoded to be known; else None."""
    letters, padded = 0, False
    for at in range(0, len(data), _STEP):
        piece = bytes(data[at : at + _STEP]).translate(None, _NOT_BASE64)
        bare = piece.rstrip(b"=")
        if b"=" in bare or (padded and bare):
            return None
        letters += len(bare)
        padded = padded or len(bare) < len(piece)
    return letters * 3 // 4


def _base64(data: bytes | memoryview) -> Iterator[bytes]:
    """Decoded pieces of at most 0.75 MB. Foreign bytes are skipped, and padding in the middle starts afresh."""
    kept = b""
    for at in range(0, len(data), _STEP):
        letters = kept + bytes(data[at : at + _STEP]).translate(None, _NOT_BASE64)
        *ended, letters = letters.split(b"=")
        yield b"".join(_quartets(segment) for segment in ended)
        whole = len(letters) - len(letters) % 4
        yield binascii.a2b_base64(letters[:whole])
        kept = letters[whole:]
    yield _quartets(kept)


def _quartets(letters: bytes) -> bytes:
    letters = letters[: len(letters) - (len(letters) % 4 == 1)]
    return binascii.a2b_base64(letters + b"=" * (-len(letters) % 4)) if letters else b""
