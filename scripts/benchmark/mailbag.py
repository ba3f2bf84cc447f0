"""The mails: made once, put into the Maildir of a server as links, which costs nothing per round."""

from __future__ import annotations

import os
import random
from collections.abc import Iterable, Iterator
from email.message import EmailMessage
from email.policy import SMTP
from itertools import count
from pathlib import Path

from servers.dovecot import Dovecot

ATTACHMENT = 560_000  # octets before base64; every tenth mail has one: 79 KB a mail
BIG_ATTACHMENT = 18_200_000  # 25 MB as mail
TOKEN = "bench"
HTML_ONLY = 15  # one in so many; of the others every other one is text with HTML beside it
MIX = "half of them plain text, nearly half with HTML beside it, one in fifteen HTML only"
LINKS = 1000  # of one file; file systems have a limit
# Older than any store: what is read and lies there when mailpoll first comes.
LONG_AGO = 1_700_000_000
_WORDS = ("backup", "of", "the", "night", "ended", "with", "errors", "on", "host")

_numbers = count(1)


def mails(number: int, user: str, *, seed: str = "0", big: int = 0) -> Iterator[bytes]:
    """Mails to one address of ours, of the kinds that inboxes get (MIX), every tenth with an attachment; `big` of them,
    evenly spread, with one of 25 MB."""
    chance = random.Random(seed)
    huge = {(k + 1) * number // (big + 1) for k in range(big)}
    local, _, domain = user.partition("@")
    for k in range(number):
        mail = EmailMessage(policy=SMTP)
        mail["From"] = f"Sender {k} <sender{k}@example.org>"
        mail["To"] = f"{local}+{TOKEN}@{domain}"
        mail["Subject"] = f"Re: report {seed} {k}"
        mail["Date"] = "Fri, 20 Nov 2026 09:00:00 +0000"
        mail["Message-ID"] = f"<{seed}.{k}@bench.example.org>"
        words = " ".join(chance.choices(_WORDS, k=120))
        if k % HTML_ONLY == 0:
            mail.set_content(_newsletter(words), subtype="html")
        else:
            mail.set_content(_reply(words))
            if k % 2:
                mail.add_alternative(_html_reply(words), subtype="html")
        size = BIG_ATTACHMENT if k in huge else ATTACHMENT if k % 10 == 0 else 0
        if size:
            mail.add_attachment(chance.randbytes(size), maintype="application", subtype="octet-stream", filename="log")
        yield mail.as_bytes()


def _reply(words: str) -> str:
    quote = "\n".join(f"> {words[i : i + 60]}" for i in range(0, len(words), 60))
    return f"{words}\n\nOn Thu, 19 Nov 2026 at 10:00, Gateway <g@example.com> wrote:\n{quote}\n"


def _html_reply(words: str) -> str:
    said = "On Thu, 19 Nov 2026 at 10:00, Gateway &lt;g@example.com&gt; wrote:"
    quote = f'<div class="gmail_attr">{said}<br></div><blockquote class="gmail_quote">{words}</blockquote>'
    return f'<div dir="ltr">{words}</div><br><div class="gmail_quote">{quote}</div>'


def _newsletter(words: str) -> str:
    cell = '<td style="padding:8px"><a href="https://example.org/read/{n}"><b>{n}</b></a> {words}</td>'
    rows = "".join(f"<tr>{cell.format(n=n, words=words[:200])}</tr>" for n in range(40))
    styles = " ".join(f".c{n} {{ padding: {n}px }}" for n in range(100))
    return f"<html><head><style>{styles}</style></head><body><p>{words}</p><table>{rows}</table></body></html>"


def kept(folder: Path, raws: Iterable[bytes], *, old: bool = False) -> list[Path]:
    """Writes mails to files that Inbox.put links to."""
    folder.mkdir(parents=True)
    files = []
    for number, raw in enumerate(raws):
        file = folder / str(number)
        file.write_bytes(raw)
        if old:
            os.utime(file, (LONG_AGO, LONG_AGO))  # the INTERNALDATE of Dovecot's Maildir
        files.append(file)
    return files


class Inbox:
    """The inbox of one user of a server, filled behind its back."""

    def __init__(self, server: Dovecot, user: str) -> None:
        self.server, self.user = server, user
        with server.client(user) as client:
            client.select("INBOX")  # Dovecot makes the folders, with the right owner
        self._place = server.maildir(user)
        self._owner = self._place.stat()

    def empty(self) -> None:
        """Removes every mail."""
        for name in ("new", "cur"):
            for entry in os.scandir(self._place / name):
                os.unlink(entry.path)

    def remove(self, names: set[str]) -> None:
        """Removes the mails of these names, whatever flags they have got."""
        for folder in ("new", "cur"):
            for entry in os.scandir(self._place / folder):
                if entry.name.partition(":")[0] in names:
                    os.unlink(entry.path)

    def put(self, files: Iterable[Path], *, seen: bool = False, times: int = 1) -> set[str]:
        """Adds these mails, each so many times, and lets the server give them UIDs; returns their names."""
        where, flags = ("cur", ":2,S") if seen else ("new", "")
        names = set()
        for file in files:
            size = file.stat().st_size
            os.chown(file, self._owner.st_uid, self._owner.st_gid)
            for _ in range(times):
                # S and W: the sizes, for Dovecot not to read the file; line ends are CRLF already.
                name = f"1.M{next(_numbers)}.bench,S={size},W={size}"
                os.link(file, self._place / where / f"{name}{flags}")
                names.add(name)
        with self.server.client(self.user) as client:
            client.select("INBOX")
        return names

    def refill(self, files: Iterable[Path]) -> None:
        """These mails instead of all others, unseen, with new UIDs."""
        self.empty()
        self.put(files)

    def unseen(self) -> int:
        """How many mails nobody has taken."""
        with self.server.client(self.user) as client:
            client.select("INBOX", readonly=True)
            return len(client.search(None, "UNSEEN")[1][0].split())

    def logins(self) -> int:
        """How often the server has let somebody into this inbox over TLS, which only what is measured uses."""
        lines = self.server.log().splitlines()
        return sum(1 for line in lines if "Login: user=" in line and self.user in line and " TLS" in line)
