"""IMAP (RFC 9051, RFC 3501): one connection per account, every library error translated."""

from __future__ import annotations

from imapclient import imap_utf7

from mailpoll.imap.connection import Tls, adopt, connect, probe, refusal
from mailpoll.imap.session import Session
from mailpoll.wire import Line

__all__ = ["Line", "Session", "Tls", "adopt", "connect", "mailbox", "probe", "refusal"]


def mailbox(folder: str) -> str:
    """The name of a folder as it goes over the wire: modified UTF-7 (RFC 3501 §5.1.3), in quotes."""
    encoded = imap_utf7.encode(folder).decode("ascii")
    escaped = encoded.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'
