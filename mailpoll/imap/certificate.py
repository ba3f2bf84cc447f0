"""What a server and a folder say of themselves beyond what a poll needs: certificate and rights."""

from __future__ import annotations

import re
import ssl
from datetime import UTC, datetime

from mailpoll.imap.session import Session
from mailpoll.imap.troubles import translated


def expires(session: Session) -> datetime | None:
    """When the certificate of the server ends; None without TLS."""
    sock = session._client._imap.sock
    if not isinstance(sock, ssl.SSLSocket):
        return None
    certificate = sock.getpeercert() or {}
    ends = certificate.get("notAfter")
    return datetime.fromtimestamp(ssl.cert_time_to_seconds(ends), UTC) if isinstance(ends, str) else None


def rights(session: Session, folder: str) -> frozenset[str] | None:
    """Our rights in a folder, as letters (RFC 4314 §2.1), without opening it; None where the server does not tell.

    EXAMINE cannot tell: it makes a folder read-only, and Dovecot's names no PERMANENTFLAGS then.
    """
    if "ACL" not in session.capabilities():
        return None
    client = session._client
    with translated(session._peer):
        status, data = client._imap.myrights(client._normalise_folder(folder))
    answer = data[-1] if status == "OK" and data else None
    found = re.search(rb" ([a-zA-Z0-9]*)$", answer) if isinstance(answer, bytes) else None
    return frozenset(found[1].decode()) if found else None
