"""Files and folders: whose they are, who may read and change them, and whether there is room for more."""

from __future__ import annotations

import os
import pwd
import shlex
import shutil
import stat
from collections.abc import Callable, Iterator
from pathlib import Path

from mailpoll.doctor.checks import Check, fail, ok, warn
from mailpoll.errors import AccessDenied, Unavailable

LITTLE = 100_000_000  # octets left: soon it will not go on
TOO_LITTLE = 5_000_000
LARGE_WAL = 200_000_000


def configuration(path: Path, user: int) -> Iterator[Check]:
    """Whether others may change the configuration, which names the programs that mailpoll runs."""
    about = "configuration"
    for place in (path, path.parent):
        try:
            info = place.stat()
        except OSError:
            return  # said by whoever reads it
        sticky = stat.S_ISDIR(info.st_mode) and info.st_mode & stat.S_ISVTX
        if info.st_mode & stat.S_IWOTH and not sticky:
            yield fail(about, f"everybody may change {place}", f"Type: chmod o-w {place}", AccessDenied.exit_status)
        elif info.st_uid not in (user, 0):
            yield warn(about, f"{place} belongs to {owner(info.st_uid)}", "Who owns it can change what mailpoll does")


def root(user: int) -> Iterator[Check]:
    """Whether this is root, who needs not be."""
    if user == 0:
        yield warn("user", "this is root", "mailpoll needs no rights: let a user of its own run it")


def state(folder: Path, user: int, again: str = "mailpoll doctor") -> Iterator[Check]:
    """Whether the folder of store, lock and crash report is ours alone."""
    about = "state folder"
    try:
        info = folder.stat()
    except FileNotFoundError:
        yield from _to_be_made(folder)
        return
    except OSError as problem:
        yield fail(about, f"{folder}: {problem.strerror}", _give(folder), AccessDenied.exit_status)
        return
    if info.st_uid != user:
        yield fail(
            about, f"{folder} belongs to {owner(info.st_uid)}", _run_as(info.st_uid, again), AccessDenied.exit_status
        )
    elif not os.access(folder, os.W_OK | os.X_OK):
        yield fail(about, f"{folder} cannot be written to", f"Type: chmod 0700 {folder}", AccessDenied.exit_status)
    elif info.st_mode & 0o077:
        yield warn(about, f"others may look into {folder}", f"Type: chmod 0700 {folder}")
    else:
        yield ok(about, str(folder))


def _to_be_made(folder: Path) -> Iterator[Check]:
    above = next(parent for parent in folder.parents if os.path.exists(parent))
    if os.access(above, os.W_OK | os.X_OK):
        yield ok("state folder", f"{folder} will be made by the first run")
    else:
        what = f"{folder} is not there, and cannot be made in {above}"
        yield fail("state folder", what, _give(folder), AccessDenied.exit_status)


def store(
    path: Path, user: int, again: str = "mailpoll doctor", *, free: Callable[[Path], int] | None = None
) -> Iterator[Check]:
    """Mode and owner of an SQLite store, the size of what was not merged into it yet, and the room on its disk."""
    about = "store"
    try:
        info = path.stat()
    except OSError:
        info = None
    if info is not None and info.st_uid != user and user:  # root is refused when the store is opened
        yield fail(
            about, f"{path} belongs to {owner(info.st_uid)}", _run_as(info.st_uid, again), AccessDenied.exit_status
        )
    elif info is not None and info.st_mode & 0o077:
        yield warn(about, f"others may read {path}", f"Type: chmod 0600 {path}*")
    yield from _wal(Path(f"{path}-wal"))
    yield from _room(path.parent, free or _free)


def _wal(path: Path) -> Iterator[Check]:
    try:
        size = path.stat().st_size
    except OSError:
        return
    if size > LARGE_WAL:
        what = f"{path} has {size // 1_000_000} MB: a program keeps the store open and reads"
        yield warn("store", what, f"Find it: fuser {path}")


def _room(folder: Path, free: Callable[[Path], int]) -> Iterator[Check]:
    there = next((place for place in (folder, *folder.parents) if os.path.exists(place)), Path("/"))
    left = free(there)
    if left < TOO_LITTLE:
        yield fail("disk", f"the disk that holds the store is full ({there})", "Free some space; nothing was lost",
                   Unavailable.exit_status)  # fmt: skip
    elif left < LITTLE:
        yield warn("disk", f"{left // 1_000_000} MB are left for the store ({there})", "Free some space")
    else:
        yield ok("disk", f"{left // 1_000_000} MB are left for the store")


def _free(folder: Path) -> int:
    return shutil.disk_usage(folder).free


def owner(uid: int) -> str:
    """The name of a user, or its number."""
    try:
        return pwd.getpwuid(uid).pw_name
    except KeyError:
        return f"#{uid}"


def _run_as(uid: int, again: str) -> str:
    return f"Run as that user: sudo -u {shlex.quote(owner(uid))} {again}"


def _give(folder: Path) -> str:
    return f"As root: install -d -m 0700 -o {owner(os.geteuid())} {folder}"
