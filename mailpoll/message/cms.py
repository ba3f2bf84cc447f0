"""S/MIME's Cryptographic Message Syntax (RFC 5652, BER of X.690) → what it is, signed or compressed content taken out.

Nothing is verified or decrypted here. A walker of 80 lines rather than a library, since all that is wanted is one octet
string at a known place, from bytes that a stranger chose, in linear time.
"""

from __future__ import annotations

import zlib
from typing import Literal

from msgspec import Struct

Kind = Literal["signed", "encrypted", "compressed", ""]

# Objects in front of the content, or pieces that it is in: senders write pieces of 1 000 bytes and more.
MAX_ELEMENTS = 300_000
MAX_NESTING = 20
# Octets.
MAX_INFLATED = 10_000_000

_KINDS: dict[bytes, Kind] = {
    bytes.fromhex("2a864886f70d010702"): "signed",  # id-signedData
    bytes.fromhex("2a864886f70d010703"): "encrypted",  # id-envelopedData
    bytes.fromhex("2a864886f70d0109100117"): "encrypted",  # id-ct-authEnvelopedData, RFC 5083
    bytes.fromhex("2a864886f70d0109100109"): "compressed",  # id-ct-compressedData, RFC 3274
}
_SEQUENCE, _OBJECT_IDENTIFIER, _OCTETS, _OCTETS_IN_PIECES, _EXPLICIT_0 = 0x30, 0x06, 0x04, 0x24, 0xA0


class _Element(Struct, frozen=True):
    """A BER element: its tag, and its contents at [start:end]; `end` is None when only a mark ends them."""

    tag: int
    start: int
    end: int | None


def opened(data: bytes, inflate: bool = True) -> tuple[Kind, bytes]:
    """(kind, content) of a CMS object; the content is b"" of what is encrypted, and where it is not inside.

    `inflate` says whether compressed content is wanted, which costs what its sender likes, up to 10 MB.
    """
    try:
        return _opened(data, inflate)
    except ValueError:
        return "", b""


def _opened(data: bytes, inflate: bool) -> tuple[Kind, bytes]:
    outer = _element(data, 0, _SEQUENCE)
    type_ = _element(data, outer.start, _OBJECT_IDENTIFIER)
    kind = _KINDS.get(data[type_.start : type_.end], "")
    if kind != "signed" and not (kind == "compressed" and inflate):
        return kind, b""
    explicit = _element(data, _behind(data, type_), _EXPLICIT_0)
    signed = _element(data, explicit.start, _SEQUENCE)
    version = _element(data, signed.start)
    algorithms = _element(data, _behind(data, version))
    content = _element(data, _behind(data, algorithms), _SEQUENCE)
    content_type = _element(data, content.start, _OBJECT_IDENTIFIER)
    at = _behind(data, content_type)
    if (content.end is not None and at >= content.end) or data[at : at + 1] != bytes([_EXPLICIT_0]):
        return kind, b""  # the signature of a multipart/signed: the content is in the part beside it
    octets = _octets(data, _element(data, at, _EXPLICIT_0).start)
    return kind, octets if kind == "signed" else _inflated(octets)


def _inflated(data: bytes) -> bytes:
    """What ZLIB compressed (RFC 3274 §1.1), as far as it goes, which may be a thousand times as much."""
    try:
        return zlib.decompressobj().decompress(data, MAX_INFLATED)
    except zlib.error:
        return b""


def _element(data: bytes, at: int, tag: int | None = None) -> _Element:
    """The element at an offset; ValueError when there is none, or one of another tag. Ends behind the last byte are
    borne with: a mail that was cut off still says something."""
    head = data[at : at + 2]
    if len(head) < 2 or (tag is not None and head[0] != tag) or head[0] & 0x1F == 0x1F:
        raise ValueError("no such element")
    length, start = head[1], at + 2
    if length == 0x80:
        if not head[0] & 0x20:
            raise ValueError("a primitive element without a length")
        return _Element(head[0], start, None)
    if length > 0x80:
        octets = length & 0x7F
        if octets > 8:
            raise ValueError("a length beyond all mails")
        length, start = int.from_bytes(data[start : start + octets], "big"), start + octets
    return _Element(head[0], start, min(start + length, len(data)))


def _behind(data: bytes, element: _Element) -> int:
    """The offset behind an element, for whose end its children must be looked at when only a mark ends it."""
    if element.end is not None:
        return element.end
    at, open_ = element.start, 1
    for _ in range(MAX_ELEMENTS):
        child = _element(data, at)
        at = child.start if child.end is None else child.end
        open_ += (child.end is None) - (child.tag == 0)
        if not open_:
            return at
    raise ValueError("too many elements")


def _octets(data: bytes, at: int) -> bytes:
    """The bytes of the octet string at an offset, which may come in pieces, and they in pieces too (X.690 §8.7.3)."""
    pieces: list[bytes] = []
    ends: list[int | None] = []
    for _ in range(MAX_ELEMENTS):
        while ends and ends[-1] is not None and at >= ends[-1]:
            ends.pop()
        if (pieces or at >= len(data)) and not ends:
            break
        try:
            element = _element(data, at)
        except ValueError:
            break  # cut off
        if element.tag == _OCTETS and element.end is not None:
            pieces.append(data[element.start : element.end])
            at = element.end
        elif element.tag == _OCTETS_IN_PIECES and len(ends) < MAX_NESTING:
            ends.append(element.end)
            at = element.start
        elif element.tag == 0 and ends and ends[-1] is None:
            ends.pop()
            at = element.start
        else:
            break
    return b"".join(pieces)
