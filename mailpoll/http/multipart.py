"""Forms with files: the body of a multipart/form-data request (RFC 7578, names written as browsers write them)."""

from __future__ import annotations

import secrets
from collections.abc import Iterable
from dataclasses import dataclass, field


@dataclass(slots=True)
class Form:
    """A form that is filled field by field; files come piece by piece, so that none is in memory twice.

    The boundary is random: what is in a file cannot end it.
    """

    body: bytearray = field(default_factory=bytearray)
    boundary: str = field(default_factory=lambda: secrets.token_hex(16))

    @property
    def content_type(self) -> str:
        """The Content-Type of the request."""
        return f"multipart/form-data; boundary={self.boundary}"

    def text(self, name: str, value: str | bytes, type_: str = "") -> None:
        """Adds a field; half a surrogate pair, which UTF-8 cannot hold, becomes "?"."""
        data = value if isinstance(value, bytes) else value.encode("utf-8", "replace")
        self._part(f'name="{_quoted(name)}"', type_, [data])

    def file(self, name: str, filename: str, type_: str, pieces: Iterable[bytes]) -> None:
        """Adds a file."""
        self._part(f'name="{_quoted(name)}"; filename="{_quoted(filename)}"', type_, pieces)

    def end(self) -> bytearray:
        """The whole body; nothing can be added any more."""
        self.body += f"--{self.boundary}--\r\n".encode()
        return self.body

    def _part(self, disposition: str, type_: str, pieces: Iterable[bytes]) -> None:
        type_line = f"Content-Type: {_one_line(type_)}\r\n" if type_ else ""
        head = f"--{self.boundary}\r\nContent-Disposition: form-data; {disposition}\r\n{type_line}\r\n"
        self.body += head.encode("utf-8", "replace")
        for piece in pieces:
            self.body += piece
        self.body += b"\r\n"


def _quoted(name: str) -> str:
    """A name between quotation marks, as the HTML standard has it: neither of them nor a line end is in it."""
    return name.replace('"', "%22").replace("\r", "%0D").replace("\n", "%0A")


def _one_line(value: str) -> str:
    return "".join(character if character.isprintable() else " " for character in value)
