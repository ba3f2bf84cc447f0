"""What a test does with the mail on a server behind mailpoll's back, through the stdlib's imaplib."""

from __future__ import annotations

import imaplib
import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime

from support.canaries import CANARY

USER = "username@example.com"
PASSWORD = f"mail-{CANARY}"


class MailAccess:
    """The mail of a test server. `user` is the one meant wherever a method is not told another."""

    host = "localhost"
    user = USER
    password = PASSWORD
    imap_port: int

    def append(
        self,
        raw: bytes,
        *,
        folder: str = "INBOX",
        flags: Sequence[str] = (),
        internaldate: datetime | None = None,
        user: str | None = None,
    ) -> int:
        """Put a mail (line ends CRLF) into `folder`, which is made if need be; returns its UID."""
        date = imaplib.Time2Internaldate(internaldate) if internaldate else None
        with self.client(user) as client:
            if folder != "INBOX":
                client.create(_quoted(folder))  # NO when it exists
            typ, data = client.append(_quoted(folder), f"({' '.join(flags)})", date, raw)
        said = re.search(rb"APPENDUID \d+ (\d+)", data[0] or b"")
        if typ == "OK" and said:
            return int(said[1])
        if typ == "OK":  # UIDPLUS is hidden: ours is the newest
            return max(self.messages(folder, user=user))
        raise RuntimeError(f"APPEND said {typ} {data!r}")

    def messages(self, folder: str = "INBOX", *, user: str | None = None) -> dict[int, tuple[frozenset[str], bytes]]:
        r"""Every mail of `folder`: UID -> (flags, raw), seen through EXAMINE; without \Recent, which nobody sets."""
        with self.client(user) as client:
            typ, data = client.select(_quoted(folder), readonly=True)
            if typ != "OK":
                raise KeyError(f"{folder}: {data!r}")
            if data[0] == b"0":
                return {}
            _, parts = client.fetch("1:*", "(UID FLAGS BODY.PEEK[])")
        found = {}
        for part in parts:
            if isinstance(part, tuple):
                uid = re.search(rb"UID (\d+)", part[0])
                flags = re.search(rb"FLAGS \(([^)]*)\)", part[0])
                if uid is None or flags is None:
                    raise RuntimeError(f"FETCH said {part[0]!r}")
                found[int(uid[1])] = (frozenset(flags[1].decode().split()) - {"\\Recent"}, part[1])
        return found

    def expunge(self, *uids: int, folder: str = "INBOX", user: str | None = None) -> None:
        """Remove these mails, as another client would."""
        with self.client(user) as client:
            client.select(_quoted(folder))
            for uid in uids:
                client.uid("STORE", str(uid), "+FLAGS.SILENT", "(\\Deleted)")
            client.expunge()

    def folders(self, user: str | None = None) -> set[str]:
        """The names of the folders there are."""
        with self.client(user) as client:
            _, lines = client.list()
        return {line.rsplit(b" ", 1)[1].strip(b'"').decode() for line in lines if isinstance(line, bytes)}

    @contextmanager
    def client(self, user: str | None = None) -> Iterator[imaplib.IMAP4]:
        """A logged-in stdlib client on the plaintext port."""
        with imaplib.IMAP4("127.0.0.1", self.imap_port, timeout=20) as client:
            client.login(_quoted(user or USER), PASSWORD)
            yield client


def _quoted(name: str) -> str:
    escaped = name.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'
