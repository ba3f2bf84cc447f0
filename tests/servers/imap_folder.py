"""The mails of a folder, and what FETCH and SEARCH say of them: the state behind servers.stateful_imap."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import UTC, date, datetime

_FIELDS = re.compile(r"BODY\.PEEK\[HEADER\.FIELDS \(([^)]*)\)\]")
_PART = re.compile(r"BODY\.PEEK\[(HEADER|)\](?:<(\d+)\.(\d+)>)?(?: |$)")


@dataclass(eq=False)
class Mail:
    """A mail in a folder."""

    uid: int
    raw: bytes
    flags: set[str] = field(default_factory=set)
    date: datetime = field(default_factory=lambda: datetime.now(UTC).replace(microsecond=0))


class Folder:
    """Mails by UID, oldest first."""

    def __init__(self, uidvalidity: int) -> None:
        self.uidvalidity = uidvalidity
        self.uidnext = 1
        self.read_only = False
        self.mails: list[Mail] = []

    def add(self, raw: bytes, flags: Iterable[str] = (), date: datetime | None = None) -> Mail:
        """Appends a mail."""
        mail = Mail(self.uidnext, raw, set(flags))
        mail.date = date or mail.date
        self.uidnext += 1
        self.mails.append(mail)
        return mail

    def renumber(self, uidvalidity: int | None = None) -> None:
        """A new UIDVALIDITY, and UIDs from 1 on in reverse: what was a UID of one mail is that of another."""
        self.uidvalidity = uidvalidity or self.uidvalidity + 1
        for uid, mail in enumerate(reversed(self.mails), 1):
            mail.uid = uid
        self.mails.reverse()
        self.uidnext = len(self.mails) + 1


def fetched(mail: Mail, items: str) -> bytes:
    """What FETCH says of these items, after UID."""
    said = [b"UID %d" % mail.uid]
    if "RFC822.SIZE" in items:
        said.append(b"RFC822.SIZE %d" % len(mail.raw))
    if "INTERNALDATE" in items:
        said.append(f'INTERNALDATE "{mail.date:%d-%b-%Y %H:%M:%S +0000}"'.encode())
    if "FLAGS" in items:
        said.append(f"FLAGS ({' '.join(sorted(mail.flags))})".encode())
    head = mail.raw.partition(b"\r\n\r\n")[0] + b"\r\n"
    if wanted := _FIELDS.search(items + ")"):
        names = {name.lower() for name in wanted[1].encode().split()}
        fields = re.findall(rb"[^\r\n]+(?:\r\n[ \t][^\r\n]*)*\r\n", head)
        kept = b"".join(f for f in fields if f.partition(b":")[0].lower() in names) + b"\r\n"
        said.append(b"BODY[HEADER.FIELDS (%s)] " % wanted[1].encode() + literal(kept))
    elif part := _PART.search(items):
        octets = head + b"\r\n" if part[1] else mail.raw
        origin = b""
        if part[2]:
            octets, origin = octets[int(part[2]) :][: int(part[3])], b"<%s>" % part[2].encode()
        said.append(b"BODY[%s]%s " % (part[1].encode(), origin) + literal(octets))
    return b" ".join(said)


def literal(octets: bytes) -> bytes:
    """As a literal (RFC 9051 §4.3)."""
    return b"{%d}\r\n" % len(octets) + octets


def within(uid: int, uids: str) -> bool:
    """Whether a set like `1:3,7` or `2:*` holds the UID."""
    for piece in uids.split(","):
        first, _, last = piece.partition(":")
        if int(first) <= uid <= (0xFFFFFFFF if last == "*" else int(last or first)):
            return True
    return False


def matches(mail: Mail, criteria: list[str]) -> bool:
    """Whether SEARCH with these words finds the mail."""
    words = iter(criteria)
    for word in words:
        match word.upper():
            case "UNSEEN":
                fits = "\\Seen" not in mail.flags
            case "UID":
                fits = within(mail.uid, next(words))
            case "BEFORE":
                fits = mail.date.date() < _day(next(words))
            case "SINCE":
                fits = mail.date.date() >= _day(next(words))
            case "LARGER":
                fits = len(mail.raw) > int(next(words))
            case "SMALLER":
                fits = len(mail.raw) < int(next(words))
            case _:
                raise AssertionError(f"SEARCH {word} is not known here")
        if not fits:
            return False
    return True


def _day(text: str) -> date:
    return datetime.strptime(text.strip('"'), "%d-%b-%Y").replace(tzinfo=UTC).date()
