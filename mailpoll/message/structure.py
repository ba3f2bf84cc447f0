"""A mail's MIME structure (RFC 2046 §5.1) → its leaf parts as offsets into the raw bytes, found in one linear pass."""

from __future__ import annotations

import re

from msgspec import Struct

from mailpoll.message import boundaries
from mailpoll.message.headers import MAX_HEADERS, Block, read_block
from mailpoll.message.parameters import parameters
from mailpoll.message.transfer import encoding_of

# Postfix's mime_nesting_limit and mime_boundary_length_limit; the part limit, multiparts counted, is ours.
MAX_DEPTH = 100
MAX_BOUNDARY = 2_048
MAX_PARTS = 1_000
# The headers of all parts together: ten times what one header may have.
MAX_PART_HEADERS = 10 * MAX_HEADERS

# A stranger's mail may have a line that begins with dashes every third octet: so many in a row are looked at one by
# one, then lines are skipped by the thousand.
_PATIENCE = 8
_SKIPPED_TOGETHER = 1 << 14
_DASHED = re.compile(rb"\n--([^ \t\r\n]*+(?:[ \t\r]++[^ \t\r\n]++)*)")
_BLANK_REST = 100
_TYPE = re.compile(r"[a-z0-9!#$&^_.+\-]+/[a-z0-9!#$&^_.+\-]+$")
_LONGEST_TYPE = 255  # characters: 127 on each side (RFC 6838 §4.2)


class Container(Struct, frozen=True):
    """A multipart that a part is in: its subtype, and which child of it the part is (or is in)."""

    id: int
    subtype: str
    child: int


class Leaf(Struct, frozen=True):
    """A part that holds no parts: raw bytes [start:end] still in their transfer encoding, and what its header says."""

    start: int
    end: int
    type: str
    parameters: dict[str, str]
    disposition: str
    filename: str
    encoding: str
    content_id: str
    containers: tuple[Container, ...]
    location: str = ""


class _Open(Struct):
    """A multipart whose end was not seen yet."""

    id: int
    subtype: str
    boundary: bytes
    hidden: int | None
    block: Block
    containers: tuple[Container, ...]
    children: int = 0


def leaves(raw: bytes, head: Block) -> tuple[tuple[Leaf, ...], tuple[str, ...]]:
    """(leaf parts in document order, defects) of the mail `raw` whose header block is `head`.

    Attached mails (message/rfc822) are leaves. A multipart in which no part is found is a text of its own.
    """
    splitter = _Splitter(raw)
    splitter.enter(head, (), "text/plain")
    if splitter.stack:
        splitter.split(head.body)
    return tuple(splitter.leaves), tuple(dict.fromkeys(splitter.defects))


class _Splitter:
    """One pass over the delimiter lines, with the open multiparts on a stack."""

    def __init__(self, raw: bytes) -> None:
        self.raw = raw
        self.leaves: list[Leaf] = []
        self.defects: list[str] = []
        self.stack: list[_Open] = []
        self._open_at: dict[bytes, int] = {}
        self._part: tuple[Block, tuple[Container, ...], str] | None = None
        self._ids = 0
        self._parts = 0
        self._headers = 0
        self._looked = 0

    def split(self, at: int) -> None:
        """Reads from offset `at`, where the body of the outermost multipart starts, to the end."""
        others = 0
        while (found := _dashes(self.raw, at)) != -1:
            at = found + 2
            delimiter = self._delimiter(at)
            if delimiter is None:
                others += 1
                if others >= _PATIENCE:
                    others, at = 0, self._without_delimiter(at)
                continue
            others = 0
            depth, closing, following = delimiter
            self._finish(found)
            self._close(depth + 1, found)
            at = following
            if not closing:
                if self._is_enough():
                    return
                at = self._begin(depth, following)
        self._finish(len(self.raw), cut=False)
        self._close(0, len(self.raw))

    def _is_enough(self) -> bool:
        """Whether no more parts are read; what came before is kept."""
        if self._parts >= MAX_PARTS:
            self.defects.append(f"more than {MAX_PARTS} parts")
            return True
        if self._headers > MAX_PART_HEADERS:
            self.defects.append(f"headers of parts over {MAX_PART_HEADERS} octets")
            return True
        return False

    def _without_delimiter(self, at: int) -> int:
        """An offset, `at` or a line end, so that no line that begins after `at` and before it is a delimiter."""
        wanted = {*self._open_at, *(boundary + b"--" for boundary in self._open_at)}
        size = _SKIPPED_TOGETHER
        while size > 80 and (end := self.raw.rfind(b"\n", at, at + size)) > at:
            if wanted.isdisjoint(_DASHED.findall(self.raw, at, end)):
                at = end
            else:
                size //= 2
        return at

    def _delimiter(self, at: int) -> tuple[int, bool, int] | None:
        """(depth of the multipart, closes it, offset of the next line) if the line whose text is at `at` delimits."""
        stop = self.raw.find(b"\n", at, at + MAX_BOUNDARY + 80)
        if stop == -1 and len(self.raw) > at + MAX_BOUNDARY + 80:
            return None
        stop = len(self.raw) if stop == -1 else stop
        line = self.raw[at:stop].rstrip(b" \t\r")
        if line in self._open_at:
            return self._open_at[line], False, stop + 1
        if line.endswith(b"--") and line[:-2] in self._open_at:
            return self._open_at[line[:-2]], True, stop + 1
        return None

    def _begin(self, depth: int, at: int) -> int:
        """Reads the header block of a new part of the multipart at `depth`; returns where its body starts."""
        parent = self.stack[depth]
        containers = (*parent.containers, Container(parent.id, parent.subtype, parent.children))
        parent.children += 1
        self._parts += 1
        at = min(at, len(self.raw))
        # A part without a blank line before the next delimiter has no body: its header block must not run over it.
        end = self._next_delimiter(at)
        block = read_block(self.raw, at, end)
        self._headers += min(block.body - at, MAX_HEADERS)
        self.defects += block.defects
        self.enter(block, containers, "message/rfc822" if parent.subtype == "digest" else "text/plain")
        return block.body

    def _next_delimiter(self, at: int) -> int:
        """The offset of the next delimiter line, if it comes before a blank line and in what a header may have; else
        the end of the mail."""
        has_fields = b":" in self.raw[at : at + 1000].partition(b"\n")[0]
        limit = min(at + MAX_HEADERS, len(self.raw)) if has_fields else at
        while at < limit:
            if self.raw.startswith(b"--", at) and self._delimiter(at + 2) is not None:
                return at
            stop = self.raw.find(b"\n", at)
            if stop == -1 or not self.raw[at:stop].strip(b"\r"):
                break
            at = stop + 1
        return len(self.raw)

    def enter(self, block: Block, containers: tuple[Container, ...], default: str) -> None:
        """Opens the multipart, or notes the leaf, that `block` is the header of."""
        type_, values = parameters(block.first("content-type"), self.defects)
        boundary = values.get("boundary", "").rstrip().encode("utf-8")
        if not type_.startswith("multipart/"):
            self._leaf(block, containers, default)
            return
        boundary = self._real(boundary, block.body)
        if not 0 < len(boundary) <= MAX_BOUNDARY:
            self.defects.append("multipart without a usable boundary")
            self._leaf(block, containers, default)
        elif len(self.stack) >= MAX_DEPTH:
            self.defects.append(f"parts nested over {MAX_DEPTH} deep")
            self._leaf(block, containers, default)
        else:
            self._ids += 1
            subtype = type_.removeprefix("multipart/")
            opened = _Open(self._ids, subtype, boundary, self._open_at.get(boundary), block, containers)
            self._open_at[boundary] = len(self.stack)
            self.stack.append(opened)

    def _real(self, boundary: bytes, at: int) -> bytes:
        """The boundary, or the one that the body from `at` on has in its place: senders lose the parameter, fold it
        wrong, or write another one."""
        if self._looked > len(self.raw):
            return boundary
        found = self.raw.find(b"--" + boundary, at) if boundary else -1
        self._looked += (len(self.raw) if found == -1 else found) - at
        behind = found + 2 + len(boundary)
        if found != -1 and self.raw[behind : behind + 1].strip(b" \t\r\n-") == b"":
            return boundary
        if other := boundaries.guessed(self.raw, at, self._open_at):
            self.defects.append("multipart with a boundary other than its header says")
        return other or boundary

    def _leaf(self, block: Block, containers: tuple[Container, ...], default: str) -> None:
        if containers:
            self._part = (block, containers, default)
        else:
            self.leaves.append(_leaf(self.raw, block, len(self.raw), containers, default))

    def _finish(self, delimiter: int, cut: bool = True) -> None:
        """Ends the leaf being read; the line end before a delimiter belongs to the delimiter (RFC 2046 §5.1.1)."""
        if self._part is None:
            return
        block, containers, default = self._part
        self._part = None
        end = _before_line_end(self.raw, delimiter) if cut else delimiter
        self.leaves.append(_leaf(self.raw, block, max(end, block.body), containers, default))

    def _close(self, depth: int, at: int) -> None:
        """Ends the multiparts from `depth` down."""
        while len(self.stack) > depth:
            closed = self.stack.pop()
            del self._open_at[closed.boundary]
            if closed.hidden is not None:
                self._open_at[closed.boundary] = closed.hidden
            if not closed.children:
                self.defects.append("multipart without parts")
                end = max(_before_line_end(self.raw, at), closed.block.body)
                self.leaves.append(_leaf(self.raw, closed.block, end, closed.containers, "text/plain"))


def _dashes(raw: bytes, at: int) -> int:
    """Where the next line that starts with two dashes does, or -1. An attachment has a million lines: none is looked
    at by itself."""
    if raw.startswith(b"--", at) and raw[at - 1 : at] in (b"", b"\n"):
        return at
    found = raw.find(b"\n--", at)
    return found + 1 if found != -1 else -1


def _before_line_end(raw: bytes, at: int) -> int:
    if raw[at - 1 : at] == b"\n":
        at -= 1
    return at - 1 if raw[at - 1 : at] == b"\r" else at


def _leaf(raw: bytes, block: Block, end: int, containers: tuple[Container, ...], default: str) -> Leaf:
    type_, values = parameters(block.first("content-type"))
    start = _start(raw, block, end)
    if not _TYPE.match(type_) or type_.startswith("multipart/"):
        # RFC 2045 §5.2, and what a multipart that cannot be taken apart is read as.
        type_ = "text/html" if default == "text/plain" and _is_html(type_, raw[start : start + 200]) else default
    elif len(type_) > _LONGEST_TYPE:  # which no header field of HTTP would carry on
        type_ = "application/octet-stream"
    disposition, more = parameters(block.first("content-disposition"))
    return Leaf(
        start=start,
        end=end,
        type=type_,
        parameters=values,
        disposition=disposition,
        filename=more.get("filename") or values.get("name", ""),
        encoding=encoding_of(block.first("content-transfer-encoding")),
        content_id=block.first("content-id").strip(" \t<>")[:500],
        containers=containers,
        location=block.first("content-location").strip(" \t")[:500],
    )


def _is_html(type_: str, beginning: bytes) -> bool:
    """Whether a text whose type is missing or none is HTML: scripts write `Content-Type: html`, or only `<html>`."""
    return "html" in type_ or beginning.lstrip(b"\xef\xbb\xbf \t\r\n").lower().startswith((b"<!doctype html", b"<html"))


def _start(raw: bytes, block: Block, end: int) -> int:
    """Where the content starts: where the blank line that should stand above it is missing, at the first line that is
    no field."""
    if block.stray == -1 or end - block.body > _BLANK_REST or raw[block.body : end].strip():
        return block.body
    return block.stray
