"""The lock that lets one run at a time work on an SQLite store."""

from __future__ import annotations

import fcntl
import os
from pathlib import Path

from mailpoll import places
from mailpoll.errors import AccessDenied


def lock_file(database: Path) -> Path:
    """The file beside a database that runs lock."""
    return Path(f"{os.path.realpath(database)}.lock")


class RunLock:
    """An flock(2) on a file beside the database: the kernel lets it go when its process ends, however it ends.

    There is one for each database, by whatever name or symbolic link it is called.
    """

    def __init__(self, database: Path) -> None:
        self._path = lock_file(database)
        self._descriptor: int | None = None

    def acquire(self) -> bool:
        """True when this process now holds the lock, False when another run does. Raises AccessDenied."""
        try:
            places.make_folder(self._path.parent)  # the first run of all
            descriptor = os.open(self._path, os.O_CREAT | os.O_RDWR | os.O_CLOEXEC, 0o600)
        except OSError as problem:
            raise AccessDenied(
                f"the lock file cannot be opened ({problem.strerror})",
                about=str(self._path),
                advice="Give the user mailpoll runs as write access to the folder of the store.",
            ) from problem
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            os.close(descriptor)
            return False
        self._descriptor = descriptor
        return True

    def release(self) -> None:
        """Lets the lock go; the file stays, or two runs could lock two files of one name."""
        if self._descriptor is not None:
            os.close(self._descriptor)
            self._descriptor = None
