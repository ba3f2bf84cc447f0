"""The mails we send ourselves: their header fields and bytes (RFC 5322, RFC 3834)."""

from __future__ import annotations

import base64
import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP, SMTPUTF8
from typing import Literal

from mailpoll.message.automatic import OWN_MARK, OWN_MESSAGE_ID
from mailpoll.model import NamedAddress
from mailpoll.strict_address import ENCODED_WORD, needs_smtputf8

# What the mail is for; the mark by which a gateway of ours knows it again.
Kind = Literal["test", "alert"]
_TOKEN_OCTETS = 10  # 16 characters of base32: crosscheck.py leaves room for them


@dataclass(frozen=True, slots=True)
class Mail:
    """A mail that is ready to be sent: its envelope, and its bytes with CR LF."""

    sender: NamedAddress
    to: tuple[NamedAddress, ...]
    message_id: str
    subject: str
    data: bytes

    @property
    def smtputf8(self) -> bool:
        """Whether only servers that offer SMTPUTF8 (RFC 6531) can take it."""
        return any(needs_smtputf8(each.address) for each in (self.sender, *self.to))

    @property
    def eight_bit(self) -> bool:
        """Whether only servers that offer 8BITMIME (RFC 6152) can take it; what we write ourselves never is."""
        return not self.data.isascii()

    @property
    def utf8_header(self) -> bool:
        """Whether its header is for servers that offer SMTPUTF8; others have been known to take it all the same."""
        return self.eight_bit and not self.data.partition(b"\r\n\r\n")[0].isascii()


def compose(
    sender: NamedAddress, to: Sequence[NamedAddress], subject: str, text: str, *, kind: Kind, now: datetime
) -> Mail:
    """A mail in UTF-8 with the fields that mail of a program must have. Addresses come from strict_address.parse.

    Raises ValueError for a line break in a name or the subject: it would begin another header field.
    """
    if subject and subject.splitlines() != [subject]:  # EmailMessage lets one at the end pass
        raise ValueError("the subject holds a line break")
    if any(ENCODED_WORD.search(str(text)) for text in (subject, sender, *to)):
        # EmailMessage decodes it, a CR LF in it included, and writes that as it is.
        raise ValueError("a name or the subject holds an encoded word (=?…?=)")
    message_id = f"<{OWN_MESSAGE_ID}{secrets.token_hex(16)}@{sender.address.rpartition('@')[2]}>"
    utf8 = any(needs_smtputf8(each.address) for each in (sender, *to))
    message = EmailMessage(SMTPUTF8 if utf8 else SMTP)
    message["From"] = _address(sender)
    message["To"] = [_address(each) for each in to]
    message["Subject"] = subject
    message["Date"] = now
    message["Message-ID"] = message_id
    message["Auto-Submitted"] = "auto-generated"  # RFC 3834 §5: no answering machine answers
    message[OWN_MARK.title()] = kind
    message.set_content(text, charset="utf-8", cte="quoted-printable")
    return Mail(sender, tuple(to), message_id, subject, message.as_bytes())


def tokenised(noreply: NamedAddress) -> NamedAddress:
    """`noreply-<random>@` for `noreply@`: an address that nobody can guess, and so nobody can misuse."""
    local, _, domain = noreply.address.rpartition("@")
    token = base64.b32encode(secrets.token_bytes(_TOKEN_OCTETS)).decode().lower()
    made = f'{local[:-1]}-{token}"' if local.endswith('"') else f"{local}-{token}"
    return NamedAddress(noreply.name, f"{made}@{domain}")


def _address(named: NamedAddress) -> Address:
    local, _, domain = named.address.rpartition("@")
    unquoted = local[1:-1] if local.startswith('"') else local
    return Address(named.name, unquoted, domain)
