"""A multipart whose boundary is missing or wrong → the boundary that its body has."""

from __future__ import annotations

import re
from collections.abc import Container

# So many lines that begin with dashes are looked at; a multipart begins with its first delimiter, or a short preamble.
MAX_LINES = 10
# RFC 2046 §5.1.1 allows 70; some senders write more.
MAX_LENGTH = 200

_DASHED = re.compile(rb"\n--([^\r\n]{1,%d}+)(?=\r?\n)" % MAX_LENGTH)
_FIELD = re.compile(rb"content-[a-z-]{2,40}[ \t]{0,5}:", re.IGNORECASE)


def guessed(raw: bytes, start: int, taken: Container[bytes]) -> bytes:
    """The boundary of the multipart whose body starts at `start`, b"" when none is to be seen.

    It is what follows the dashes of a line under which a part's header begins, or that comes again with the dashes of
    a last one. `taken` are the boundaries of the multiparts around it, which end it.
    """
    for number, line in enumerate(_DASHED.finditer(raw, max(0, start - 1))):
        boundary = line[1].rstrip(b" \t")
        if number == MAX_LINES or boundary in taken or boundary.removesuffix(b"--") in taken:
            break
        if not boundary.strip(b"-"):
            continue
        if _FIELD.match(raw, raw.find(b"\n", line.end()) + 1) or raw.find(b"\n--" + boundary + b"--", line.end()) != -1:
            return boundary
    return b""
