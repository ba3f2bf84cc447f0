"""Mails written into a folder instead of being sent, for trying things out."""

from __future__ import annotations

import errno
import os
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path

from mailpoll import places
from mailpoll.errors import AccessDenied, ConfigError, MailpollError, Unavailable
from mailpoll.outbound.mail import Mail

_ERRORS: dict[int, tuple[type[MailpollError], str]] = {
    **dict.fromkeys((errno.EACCES, errno.EPERM, errno.EROFS), (AccessDenied, "Let this user write there")),
    **dict.fromkeys((errno.EEXIST, errno.ENOTDIR), (ConfigError, "Name a folder, one that is there or can be made")),
}
_ANY: tuple[type[MailpollError], str] = (Unavailable, "Make room, or name another folder")


def write(folder: str, mail: Mail) -> Path:
    """Writes a mail as `<time>-<id>.eml` (0600), whole or not at all. Raises AccessDenied, ConfigError,
    Unavailable."""
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
        kind, advice = _ERRORS.get(problem.errno or 0, _ANY)
        what = f"the mail cannot be written into {folder} ({problem.strerror})"
        raise kind(what, about="smtp.file", advice=advice) from None
    return path
