"""Parts, and files inside texts → the bodies of a mail and its attachments, by structure alone: always the same."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from msgspec import Struct

from mailpoll.message import armour, names, uuencode
from mailpoll.message.charsets import decode
from mailpoll.message.headers import read_block, unstructured
from mailpoll.message.pieces import Piece, piece_beginning, piece_bytes, piece_size, piece_slices
from mailpoll.model import Attachment

ENCRYPTED = "[This mail is encrypted with {}; mailpoll cannot read it.]"

# A third version of the body that some clients add to an alternative, for themselves.
_SHADOW_BODIES = ("text/x-amp-html", "text/watch-html")
_PLAIN = frozenset(("text/plain", "application/pgp", "application/x-pgp"))  # PGP's own, older than RFC 3156
_HTML = frozenset(("text/html", "application/xhtml+xml"))
# Text that nobody wrote to be read as the body.
_NOT_BODIES = frozenset(
    ("text/calendar", "text/x-vcalendar", "text/rfc822-headers", "text/vcard", "text/x-vcard", "text/directory",
     "text/css", "text/csv", "text/javascript", "text/rtf")
)  # fmt: skip
_MAILS = frozenset(("message/rfc822", "message/global", "message/x-rfc822", "message/news"))
# RFC 3156 §4: "Version: 1", and nothing else.
_MAX_CONTROL_PART = 200
_HEADER_LOOKED_AT = 140_000


class Body(Struct, frozen=True):
    """A part that is read as text. `rest` is what is left of it when files and armour were taken out (None: all of
    it); `note` stands for a part that cannot be read."""

    piece: Piece
    html: bool = False
    rest: bytes | None = None
    note: str = ""


class File(Struct, frozen=True):
    """A part that travels as a file, or a file inside the text of one: data[first:last], uuencoded or as it is."""

    piece: Piece
    name: str = ""
    type: str = ""
    inside: tuple[int, int] | None = None
    uuencoded: bool = False
    size: int = 0


def sorted_out(pieces: Iterable[Piece]) -> tuple[list[Body], list[File]]:
    """(bodies, files) in document order. Text without a file name or "attachment" is body."""
    pieces = list(pieces)
    bodies: list[Body] = []
    files: list[File] = []
    lone = _lone_text(pieces)
    for piece in pieces:
        if note := _note(piece, bodies):
            bodies.append(Body(piece, note=note))
        if piece is lone or (is_readable(piece) and not _is_named(piece)):
            body, inside = _body(piece)
            bodies.append(body)
            files += inside
        elif not _is_left_out(piece):
            files.append(File(piece))
    return bodies, files


def is_readable(piece: Piece) -> bool:
    """Whether a part is of a type that bodies have."""
    return piece.leaf.type in _PLAIN or piece.leaf.type in _HTML


def is_html(piece: Piece) -> bool:
    """Whether a part is to be read as HTML."""
    return piece.leaf.type in _HTML


def is_text(piece: Piece) -> bool:
    """Whether a part is text that a person could read, of whatever type."""
    leaf = piece.leaf
    return is_readable(piece) or (leaf.type.startswith("text/") and leaf.type not in _NOT_BODIES)


def is_mail(piece: Piece) -> bool:
    """Whether a part is a mail, which some attach under the type of any file."""
    leaf = piece.leaf
    if leaf.type == "message/partial":  # the first fragment begins with the header of the whole (RFC 2046 §5.2.2.1)
        return leaf.parameters.get("number") == "1"
    return leaf.type in _MAILS or (leaf.type == "application/octet-stream" and leaf.filename.lower().endswith(".eml"))


def is_tnef(piece: Piece) -> bool:
    """Whether a part is Microsoft's Transport Neutral Encapsulation Format."""
    return piece.leaf.type in ("application/ms-tnef", "application/vnd.ms-tnef") or (
        piece.leaf.filename.lower() == "winmail.dat"
    )


def _is_named(piece: Piece) -> bool:
    return piece.leaf.disposition == "attachment" or bool(piece.leaf.filename)


def _lone_text(pieces: list[Piece]) -> Piece | None:
    """A mail that is only, say, text/markdown still says something."""
    fitting = [piece for piece in pieces if is_text(piece) and not _is_named(piece)]
    return fitting[0] if fitting and not any(map(is_readable, fitting)) else None


def _note(piece: Piece, bodies: list[Body]) -> str:
    """What is said in place of an encrypted part, once."""
    note = ""
    if piece.sealed == "encrypted":
        note = ENCRYPTED.format("S/MIME")
    elif _is_control(piece) or any(container.subtype == "encrypted" for container in piece.leaf.containers):
        note = ENCRYPTED.format("OpenPGP")
    return note if all(body.note != note for body in bodies) else ""


def _is_control(piece: Piece) -> bool:
    return piece.leaf.type == "application/pgp-encrypted" and len(piece.raw) <= _MAX_CONTROL_PART


def _is_left_out(piece: Piece) -> bool:
    return piece.leaf.type in _SHADOW_BODIES or _is_control(piece)


def _body(piece: Piece) -> tuple[Body, list[File]]:
    """The body that a part is, without the files in its text, and those."""
    if is_html(piece):
        return Body(piece, html=True), []
    if not _may_hold_files(piece):
        return Body(piece), []
    data = piece_bytes(piece)
    found = sorted(_inside(piece, data), key=lambda each: each[0])
    kept: list[bytes] = []
    files: list[File] = []
    at = 0
    for start, end, text, file in found:
        if start >= at:
            kept += [data[at:start], text]
            files.append(file)
            at = end
    return (Body(piece, rest=b"".join([*kept, data[at:]])) if files else Body(piece)), files


def _may_hold_files(piece: Piece) -> bool:
    """A glance that spares decoding most texts: nothing else writes these letters differently."""
    leaf = piece.leaf
    if leaf.encoding == "base64":
        return True
    return any(piece.data.find(mark, leaf.start, leaf.end) != -1 for mark in (b"begin ", b"-----BEGIN PGP "))


def _inside(piece: Piece, data: bytes) -> Iterator[tuple[int, int, bytes, File]]:
    """(start, end, the text that stays there, file) of everything in a text that is none."""
    for block in uuencode.blocks(data):
        name = decode(block.name)[0]
        type_ = names.TYPES.get(name.rpartition(".")[2].lower(), "application/octet-stream")
        yield block.start, block.end, b"", File(piece, name, type_, (block.first, block.last),
                                                True, block.size)  # fmt: skip
    for armoured in armour.blocks(data):
        type_ = "application/pgp-encrypted" if armoured.text is None else "application/pgp-signature"
        text = ENCRYPTED.format("OpenPGP").encode("ascii") if armoured.text is None else armoured.text
        yield armoured.start, armoured.end, text, File(piece, "", type_, (armoured.first, armoured.last), False,
                                                       armoured.last - armoured.first)  # fmt: skip


def file_slices(file: File) -> Iterator[bytes]:
    """The bytes of a file, in slices, so that a large one need not be held beside its mail."""
    if file.inside is None:
        return piece_slices(file.piece)
    first, last = file.inside
    data = piece_bytes(file.piece)
    return iter((uuencode.file_bytes(data, first, last) if file.uuencoded else data[first:last],))


def attachments(files: list[File], shown: frozenset[str] = frozenset()) -> tuple[Attachment, ...]:
    """What the files are, numbered from 1. `shown` are the Content-IDs and Content-Locations that the HTML shows."""
    given = names.unique(_name(file, number) for number, file in enumerate(files, 1))
    return tuple(
        Attachment(number, name, file.type or file.piece.leaf.type, _size(file), _content_id(file, shown))
        for number, (name, file) in enumerate(zip(given, files, strict=True), 1)
    )


def may_be_shown(file: File) -> bool:
    """Whether the HTML has a name to show a file by."""
    return bool(file.piece.leaf.content_id or file.piece.leaf.location)


def _size(file: File) -> int:
    return file.size if file.inside is not None else piece_size(file.piece)


def _content_id(file: File, shown: frozenset[str]) -> str:
    leaf = file.piece.leaf
    if file.inside is None and (leaf.content_id in shown or leaf.location in shown):
        return leaf.content_id or leaf.location
    return ""


def _name(file: File, number: int) -> str:
    """The sender's file name, cleaned; else one that says what it is."""
    leaf = file.piece.leaf
    type_ = file.type or leaf.type
    if is_tnef(file.piece) and file.inside is None:
        return "winmail.dat"
    name = names.clean(file.name if file.inside is not None else leaf.filename)
    if name:
        return name
    if type_ in names.FIXED:
        return names.FIXED[type_]
    if file.inside is None and is_mail(file.piece) and names.clean(subject := _subject(file.piece)):
        return names.clean(f"{subject}.eml")
    return f"attachment-{number}.{names.extension_of(type_)}"


def _subject(mail: Piece) -> str:
    """The subject of an attached mail, whose header is in the first 100 KB of it."""
    subject = unstructured(read_block(piece_beginning(mail, _HEADER_LOOKED_AT)).first("subject"))
    return subject.replace("/", "-").replace("\\", "-")
