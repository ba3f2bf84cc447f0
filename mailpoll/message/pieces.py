"""A mail → its leaf parts, those inside signed or compressed S/MIME content too, and the bytes of each."""

from __future__ import annotations

from collections.abc import Iterator

from msgspec import Struct
from msgspec.structs import replace

from mailpoll.message import cms, transfer, uuencode
from mailpoll.message.headers import Block, in_lines, read_block
from mailpoll.message.structure import MAX_PARTS, Leaf, leaves

# Signed inside signed inside signed: "triple wrapping" (RFC 2634 §1.1) is the most there is.
MAX_LAYERS = 3

_CMS_TYPES = frozenset(("application/pkcs7-mime", "application/x-pkcs7-mime"))


class Piece(Struct, frozen=True):
    """A leaf part, and the bytes that its offsets count in: those of the mail, or of signed content inside it.

    `layer` is a number of its own for each of those; `sealed` says what an S/MIME part is.
    """

    data: bytes
    leaf: Leaf
    layer: int = 0
    sealed: cms.Kind = ""

    @property
    def raw(self) -> memoryview:
        """The part as it was sent, in its transfer encoding."""
        return memoryview(self.data)[self.leaf.start : self.leaf.end]


def pieces(raw: bytes, head: Block) -> tuple[list[Piece], tuple[str, ...]]:
    """(leaf parts in document order, defects). What signed content holds follows the part that holds it."""
    found: list[Piece] = []
    defects = _take(raw, head, found, 0)
    return found[:MAX_PARTS], tuple(dict.fromkeys(defects))


def _take(data: bytes, head: Block, found: list[Piece], depth: int) -> list[str]:
    parts, noted = leaves(data, head)
    defects = list(noted)
    layer = len(found)
    for leaf in parts:
        if len(found) >= MAX_PARTS:
            break
        if not _is_cms(leaf):
            found.append(Piece(data, leaf, layer))
            continue
        # One is compressed for a mail; a thousand are for those who read it.
        kind, content = _opened(data, leaf, inflate=all(piece.sealed != "compressed" for piece in found))
        found.append(Piece(data, leaf, layer, kind))
        inner = read_block(content)
        if not content or (not inner.fields and content[:2].strip(b"\r\n")):
            continue  # a signed file rather than a signed mail, as PDFs and invoices are in Italy
        if depth < MAX_LAYERS:
            defects += _take(content, inner, found, depth + 1)
        else:
            defects.append(f"signed content nested over {MAX_LAYERS} deep")
    return defects


def _is_cms(leaf: Leaf) -> bool:
    """Whether a part is an S/MIME body, rather than a file that somebody signed or encrypted and attached."""
    name = leaf.filename.lower()
    if leaf.type in _CMS_TYPES:
        return not name.endswith(".p7m") or name == "smime.p7m"
    return leaf.type == "application/octet-stream" and (
        name == "smime.p7m" or (not leaf.containers and name.endswith(".p7m"))
    )


def _opened(data: bytes, leaf: Leaf, inflate: bool) -> tuple[cms.Kind, bytes]:
    kind, content = cms.opened(piece_bytes(Piece(data, leaf)), inflate)
    return kind, in_lines(content) if content else b""


def piece_bytes(piece: Piece) -> bytes:
    """The decoded bytes of a part."""
    return b"".join(piece_slices(piece))


def piece_slices(piece: Piece) -> Iterator[bytes]:
    """The same in slices, so that a large part need not be held beside its mail."""
    if piece.leaf.encoding in uuencode.ENCODINGS:
        return iter((uuencode.decoded(bytes(piece.raw)),))
    return transfer.decoded_slices(piece.raw, piece.leaf.encoding)


def piece_beginning(piece: Piece, letters: int) -> bytes:
    """What the first so many octets of a part stand for."""
    leaf = piece.leaf
    return piece_bytes(replace(piece, leaf=replace(leaf, end=min(leaf.end, leaf.start + letters))))


def piece_size(piece: Piece) -> int:
    """How many octets `piece_bytes` gives, without holding them where that can be had."""
    if piece.leaf.encoding in uuencode.ENCODINGS:
        return len(piece_bytes(piece))
    return transfer.decoded_size(piece.raw, piece.leaf.encoding)
