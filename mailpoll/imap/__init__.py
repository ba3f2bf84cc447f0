"""IMAP (RFC 9051, RFC 3501): one connection per account, every library error translated."""

from __future__ import annotations

from mailpoll.imap.connection import Tls, connect, probe
from mailpoll.imap.session import Session
from mailpoll.wire import Line

__all__ = ["Line", "Session", "Tls", "connect", "probe"]
