"""Content-Transfer-Encoding (RFC 2045 §6) → bytes, bearing with what senders get wrong, in linear time."""

from __future__ import annotations

import binascii
import re
from collections.abc import Iterator

_STEP = 1 << 20
_ALPHABET = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
_NOT_BASE64 = bytes(byte for byte in range(256) if byte not in _ALPHABET + b"=")
_BLANKS_AFTER_SOFT_BREAK = re.compile(rb"=[ \t]++(?=\r?\n|$)")


_COMMENT = re.compile(r"\([^()]*+\)")
_NAMES = {"base64": "base64", "b64": "base64", "quotedprintable": "quoted-printable", "qp": "quoted-printable"}


def encoding_of(value: str) -> str:
    """The lower-case encoding name in a raw Content-Transfer-Encoding, however its writer spelled it."""
    name = _COMMENT.sub("", value[:200]).partition(";")[0].strip(" \t\"'").lower()
    return _NAMES.get("".join(character for character in name if character not in " \t-_"), name)


def decoded(data: bytes | memoryview, encoding: str) -> bytes:
    """The bytes that `data` stands for under a lower-case encoding name; unknown encodings are the identity."""
    return b"".join(decoded_slices(memoryview(data), encoding))


def decoded_slices(data: memoryview, encoding: str) -> Iterator[bytes]:
    """What `decoded` gives, in pieces of about 1 MB at most: nothing else of that size is held."""
    if encoding == "base64":
        return _base64(data)
    if encoding == "quoted-printable":
        return _quoted_printable(data)
    return (bytes(data[at : at + _STEP]) for at in range(0, len(data), _STEP))


def decoded_size(data: memoryview, encoding: str) -> int:
    """How many octets `decoded` gives, without holding them."""
    if encoding == "base64":
        size = _unpadded_size(data)
        return sum(map(len, _base64(data))) if size is None else size
    return sum(map(len, _quoted_printable(data))) if encoding == "quoted-printable" else len(data)


def _quoted_printable(data: memoryview) -> Iterator[bytes]:
    """Decoded pieces. None ends between the octets of an escape or of a soft line break."""
    at = 0
    while at < len(data):
        piece = bytes(data[at : at + _STEP])
        if at + len(piece) < len(data):
            piece = piece[: piece.rfind(b"\n") + 1] or _before_escape(piece)
        at += len(piece)
        yield binascii.a2b_qp(_BLANKS_AFTER_SOFT_BREAK.sub(b"=", piece))


def _before_escape(piece: bytes) -> bytes:
    """A piece of a line that is longer than any mail's, without the `=`, or `=4`, at its end."""
    escape = piece.rfind(b"=", len(piece) - 2)
    return piece if escape == -1 else piece[:escape]


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


def _base64(data: memoryview) -> Iterator[bytes]:
    """Decoded pieces of at most 0.75 MB. Foreign bytes are skipped, and padding in the middle starts afresh, as where
    each line was encoded by itself; more of it than that is only there to cost time, and skipped, too."""
    kept = b""
    for at in range(0, len(data), _STEP):
        letters = kept + bytes(data[at : at + _STEP]).translate(None, _NOT_BASE64)
        if letters.count(b"=") > _STEP // 16:
            letters = letters.replace(b"=", b"")
        *ended, letters = letters.split(b"=")
        yield b"".join(_quartets(segment) for segment in ended)
        whole = len(letters) - len(letters) % 4
        yield binascii.a2b_base64(letters[:whole])
        kept = letters[whole:]
    yield _quartets(kept)


def _quartets(letters: bytes) -> bytes:
    letters = letters[: len(letters) - (len(letters) % 4 == 1)]
    return binascii.a2b_base64(letters + b"=" * (-len(letters) % 4)) if letters else b""
