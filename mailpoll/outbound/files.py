"""Mails written into a folder instead of being sent, for trying things out."""

from __future__ import annotations

import os
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path

from mailpoll import places
from mailpoll.errors import Unavailable
from mailpoll.outbound.mail import Mail


def write(folder: str, mail: Mail) -> Path:
    """Writes a mail as `<time>-<id>.eml` (0600), whole or not at all. Raises Unavailable."""
    name = f"{datetime.now(UTC):%Y%m%dT%H%M%S.%fZ}-{mail.message_id[1:9]}.eml"
    path = Path(folder) / name
    unfinished = path.with_suffix(".tmp")
    try:
        places.make_folder(Path(folder))
        with os.fdopen(os.open(unfinished, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
            file.write(mail.data)
        os.replace(unfinished, path)
    except OSError as problem:
        with suppress(OSError):
            unfinished.unlink()
        raise Unavailable(
            f"the mail cannot be written into {folder} ({problem.strerror})",
            about="smtp.file",
            advice="Make room, or let this user write there",
        ) from None
    return path
