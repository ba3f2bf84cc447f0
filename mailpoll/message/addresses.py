"""An address-list field's raw value → the addresses in it (RFC 5322 §3.4, obsolete forms of §4.4), in linear time."""

from __future__ import annotations

import re
from collections.abc import Iterator

from msgspec import Struct, field

from mailpoll.message.headers import unstructured
from mailpoll.model import NamedAddress

MAX_ADDRESSES = 10_000

_QUOTED = re.compile(r'"([^"\\]*(?:\\.[^"\\]*)*)"', re.DOTALL)
_ESCAPED = re.compile(r"\\(.)", re.DOTALL)
_BLANKS = re.compile(r"\s++")
_ATOM = re.compile(r'[^\s"(),:;<>@]++')
_COMMENT_MARK = re.compile(r"[()]|\\.", re.DOTALL)
_NOT_IN_ADDRESS = re.compile(r"[\s\x00-\x1f\x7f<>]")


def addresses(value: str, defects: list[str] | None = None) -> tuple[NamedAddress, ...]:
    """Every address of a raw field value, in order, case kept, display names decoded; at most 10 000, and if there are
    more, that is added to `defects`.

    Quoted local-parts come back unquoted. Groups yield their members, routes are dropped, missing commas and brackets
    are borne with. Nothing inside a quoted display name or a comment, and nothing in front of `<…>`, is an address.
    """
    reader = _Reader()
    for kind, text in _tokens(value):
        if len(reader.found) > MAX_ADDRESSES:
            break
        reader.take(kind, text)
    reader.flush()
    if len(reader.found) > MAX_ADDRESSES and defects is not None:
        defects.append(f"more than {MAX_ADDRESSES} addresses in a field")
    return tuple(reader.found[:MAX_ADDRESSES])


def _tokens(value: str) -> Iterator[tuple[str, str]]:
    """(kind, text) of each token; kinds: blank, quoted, comment, atom, and the specials themselves."""
    at, quotes, comments = 0, True, True
    while at < len(value):
        character = value[at]
        if blanks := _BLANKS.match(value, at):
            yield "blank", ""
            at = blanks.end()
        elif atom := _ATOM.match(value, at):
            yield "atom", atom[0]
            at = atom.end()
        elif character == '"' and quotes and (quoted := _QUOTED.match(value, at)):
            yield "quoted", _ESCAPED.sub(r"\1", quoted[1])
            at = quoted.end()
        elif character == "(" and comments and (end := _comment_end(value, at)) != -1:
            yield "comment", value[at + 1 : end - 1]
            at = end
        else:
            # What never closes is looked for once, or a line of `"\"\"\"` would be read again and again.
            quotes = quotes and character != '"'
            comments = comments and character != "("
            yield character if character in "<>,;:@" else "blank", character
            at += 1


def _comment_end(value: str, at: int) -> int:
    """The offset behind the comment (they nest) that opens at `at`, or -1 when it never closes."""
    depth = 0
    for mark in _COMMENT_MARK.finditer(value, at):
        depth += {"(": 1, ")": -1}.get(mark[0], 0)
        if depth == 0:
            return mark.end()
    return -1


class _Reader(Struct):
    """What is known of the address being read. `words` are (text, quoted, stuck to the one before)."""

    found: list[NamedAddress] = field(default_factory=list)
    phrase: list[tuple[str, bool, bool]] = field(default_factory=list)
    angle: list[tuple[str, bool, bool]] | None = None
    comment: str = ""
    stuck: bool = False

    def take(self, kind: str, text: str) -> None:
        """Goes on by one token."""
        if kind == "blank":
            self.stuck = bool(self._words and self._words[-1][0] == "@" and not self._words[-1][1])
        elif kind == "comment":
            self.comment = text
        elif kind in ("atom", "quoted", "@"):
            self._words.append((text, kind == "quoted", kind == "@" or self.stuck))
            self.stuck = True
        elif kind == "<":
            self._close_angle()
            self.angle, self.stuck = [], False
        elif kind == ">":
            self._close_angle()
        elif kind == ":":
            # Ends a group's name, or inside <> a route (RFC 5322 §4.4).
            self._words.clear()
        elif self.angle is None or not self._in_route():
            self.flush()

    @property
    def _words(self) -> list[tuple[str, bool, bool]]:
        return self.phrase if self.angle is None else self.angle

    def _in_route(self) -> bool:
        return bool(self.angle) and self.angle is not None and self.angle[0][0] == "@"

    def _close_angle(self) -> None:
        if self.angle is None:
            return
        address = _address(self.angle)
        if address:
            self.found.append(NamedAddress(_name(self.phrase) or self._comment_name(), address))
            self.phrase = []
        self.angle, self.comment, self.stuck = None, "", False

    def flush(self) -> None:
        """Ends the entry: what stands without <> is one address, or several whose commas are missing."""
        if self.angle is not None:
            self._close_angle()
        groups: list[list[tuple[str, bool, bool]]] = []
        for word in self.phrase:
            if word[2] and groups:
                groups[-1].append(word)
            else:
                groups.append([word])
        named = [address for address in map(_address, groups) if address]
        name = self._comment_name() if len(named) == 1 else ""
        self.found += [NamedAddress(name, address) for address in named]
        self.phrase, self.comment, self.stuck = [], "", False

    def _comment_name(self) -> str:
        """`jane@example.com (Jane Doe)`: how names were written before RFC 822 had phrases."""
        return " ".join(unstructured(_ESCAPED.sub(r"\1", self.comment)).split())


def _name(words: list[tuple[str, bool, bool]]) -> str:
    text = "".join(("" if stuck else " ") + text for text, _, stuck in words)
    return " ".join(unstructured(text).split())


def _address(words: list[tuple[str, bool, bool]]) -> str:
    """`local-part@domain` of words that stand together, or "" when they are no address."""
    ats = [index for index, (text, quoted, _) in enumerate(words) if text == "@" and not quoted]
    if len(ats) != 1:
        return ""
    local = "".join(text for text, _, _ in words[: ats[0]])
    domain = "".join(text for text, _, _ in words[ats[0] + 1 :]).rstrip(".")
    if local.startswith("'") and domain.endswith("'"):  # Outlook quotes like that what was typed by hand
        local, domain = local[1:], domain[:-1]
    if not words[0][1] and "=?" in local:
        decoded = unstructured(local)
        local = local if "@" in decoded or _NOT_IN_ADDRESS.search(decoded) else decoded
    if not local or not domain or _NOT_IN_ADDRESS.search(domain) or len(local) + len(domain) > 1000:
        return ""
    return f"{_one_line(local)}@{domain}"


def _one_line(local: str) -> str:
    return "".join(character for character in local if character.isprintable())
