"""Files that are there whole or not at all, even after the power went: written aside, synced, renamed, synced.

Folders are held open, and those below the first are never reached over a symbolic link.
"""

from __future__ import annotations

import errno
import os
from collections.abc import Callable, Iterable, Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from mailpoll.errors import DestinationRefused, MessageError, PermanentFailure, TemporaryFailure, Unanswered
from mailpoll.model import Finding

_FOLDER = os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC
_NEW_FILE = os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_NOFOLLOW | os.O_CLOEXEC
MAX_NAME = 255  # octets, of most file systems

# What needs a person, in words, and what to do.
_LET = "Let the user that mailpoll runs as write there (chown, chmod)"
_FOR_A_PERSON: dict[int, tuple[str, str]] = {
    errno.ENOENT: ("the folder that it is in is missing", "Make that folder, or mount what it is on"),
    errno.EACCES: ("this user may not write there", _LET),
    errno.EPERM: ("this user may not write there", _LET),
    errno.EROFS: ("the file system can only be read", "Mount it for writing"),
    errno.ENOTDIR: ("it is no folder", "Name a folder, one that is there or can be made"),
    errno.EEXIST: ("it is no folder", "Name a folder, one that is there or can be made"),
    errno.ELOOP: ("a symbolic link leads elsewhere", "Put a folder in the place of the link"),
    errno.ENAMETOOLONG: ("its name is too long", "Choose a shorter one"),
}
# Of a folder below the configured one these are the fault of its name, and no other place suffers from it.
_OF_THE_PLACE = {errno.ENOTDIR, errno.EEXIST, errno.ELOOP, errno.ENAMETOOLONG}
_FULL = {errno.ENOSPC: "the disk is full", errno.EDQUOT: "the quota of this user is used up"}


@dataclass(frozen=True, slots=True)
class Folder:
    """A folder that is open as `fd`; `path` is for people, `about` the key path of the setting that names it."""

    fd: int
    path: str
    about: str

    def holds(self, name: str) -> bool:
        """Whether a file of this name is in it. Raises as write()."""
        with _named(self.path, self.about):
            try:
                os.stat(name, dir_fd=self.fd, follow_symlinks=False)
            except FileNotFoundError:
                return False
            return True

    def names(self) -> list[str]:
        """What is in it. Raises as write()."""
        with _named(self.path, self.about):
            return os.listdir(self.fd)

    def below(self, name: str) -> AbstractContextManager[Folder]:
        """The folder `name` in it, made for nobody else (0700) where it is missing."""
        return _opened(name, f"{self.path}/{name}", self.about, dir_fd=self.fd)


def folder(path: str, about: str) -> AbstractContextManager[Folder]:
    """The folder at `path`, made for nobody else (0700) where it is missing, but not the one that it is in: that would
    be the disk that is not mounted.

    Raises:
        DestinationRefused: a person must act: the parent is missing, the mode forbids it.
        TemporaryFailure: it may pass: the disk is full, or does not answer.
    """
    return _opened(path, path, about)


def write(name: str, pieces: Iterable[bytes], *, aside: tuple[Folder, str], into: Folder, mode: int = 0o600) -> None:
    """Makes the file `name` in `into` of `pieces`; an older one of that name is replaced.

    Args:
        aside: the folder, of the same file system, and the name under which it is written first.

    Raises:
        DestinationRefused, TemporaryFailure: as folder(); nothing is left behind.
        Unanswered: it is there, but may be gone when the power fails.
    """
    unfinished, while_written = aside
    try:
        with _named(unfinished.path, unfinished.about):
            fd = os.open(while_written, _NEW_FILE, mode, dir_fd=unfinished.fd)
        with open(fd, "wb", buffering=0) as file:
            for piece in pieces:
                with _named(unfinished.path, unfinished.about):
                    _write_all(file.write, piece)
            with _named(unfinished.path, unfinished.about):
                os.fchmod(fd, mode)  # whatever the umask is
                os.fsync(fd)
        with _named(into.path, into.about):
            os.rename(while_written, name, src_dir_fd=unfinished.fd, dst_dir_fd=into.fd)
    except BaseException:
        with suppress(OSError):
            os.unlink(while_written, dir_fd=unfinished.fd)
        raise
    try:
        _sync(into.fd)
    except OSError as error:
        raise Unanswered(f"{into.path} cannot be synced: {_words(error)}", about=into.about) from None


def look(path: str, name: str, about: str) -> Finding:
    """Whether files can be written into the folder at `path`, which may have to be made first; nothing is made. `name`
    is that of the destination."""
    place = Path(path)
    there = os.path.lexists(path)
    for each in (place, place.parent) if not there else (place,):
        if os.path.isdir(each):
            if not os.access(each, os.W_OK | os.X_OK):
                what, advice = _FOR_A_PERSON[errno.EACCES]
                return Finding("fail", f"{name}: {each}: {what}", advice)
            state = "can be written" if each == place else "will be made with the first post"
            return Finding("ok", f"{name}: {path} {state}")
    what, advice = _FOR_A_PERSON[errno.ENOTDIR if there else errno.ENOENT]
    return Finding("fail", f"{name}: {path}: {what}", f"{advice}; {about} names it")


@contextmanager
def _opened(name: str, path: str, about: str, dir_fd: int | None = None) -> Iterator[Folder]:
    with ExitStack() as stack:
        with _named(path, about, below=dir_fd is not None):
            flags = _FOLDER | (0 if dir_fd is None else os.O_NOFOLLOW)
            try:
                fd = os.open(name, flags, dir_fd=dir_fd)
            except FileNotFoundError:
                with suppress(FileExistsError):  # another process was quicker
                    os.mkdir(name, 0o700, dir_fd=dir_fd)
                fd = os.open(name, flags, dir_fd=dir_fd)
                stack.callback(os.close, fd)
                _sync_parent(name, dir_fd)
            else:
                stack.callback(os.close, fd)
        yield Folder(fd, path, about)


def _sync_parent(name: str, dir_fd: int | None) -> None:
    if dir_fd is not None:
        _sync(dir_fd)
        return
    parent = os.open(os.path.dirname(os.path.abspath(name)), _FOLDER)
    try:
        _sync(parent)
    finally:
        os.close(parent)


def _sync(fd: int) -> None:
    try:
        os.fsync(fd)
    except OSError as error:
        if error.errno not in (errno.EINVAL, errno.ENOTSUP):  # file systems that sync no folders: CIFS, some of FUSE
            raise


def _write_all(write: Callable[[memoryview], int | None], piece: bytes) -> None:
    left = memoryview(piece)
    while left:
        left = left[write(left) or 0 :]


@contextmanager
def _named(path: str, about: str, *, below: bool = False) -> Iterator[None]:
    """Errors of the system in our words."""
    try:
        yield
    except OSError as error:
        raise _translated(error, path, about, below=below) from None


def _translated(error: OSError, path: str, about: str, *, below: bool) -> MessageError:
    number = error.errno or 0
    if number in _FOR_A_PERSON:
        what, advice = _FOR_A_PERSON[number]
        kind = PermanentFailure if below and number in _OF_THE_PLACE else DestinationRefused
        return kind(f"{path} cannot be used: {what}", about=about, advice=advice)
    advice = "Make room" if number in _FULL else ""
    return TemporaryFailure(f"{path} cannot be written: {_words(error)}", about=about, advice=advice)


def _words(error: OSError) -> str:
    return _FULL.get(error.errno or 0, (error.strerror or "unknown error").lower())
