"""Where the traceback of a bug is kept: cron's mail gets one line."""

from __future__ import annotations

import os
import traceback
from collections.abc import Callable
from pathlib import Path

from mailpoll import places, redaction
from mailpoll.commands.installation import make_state_folder
from mailpoll.commands.output import one_line
from mailpoll.errors import MailpollError

_NAME = "mailpoll-crash.txt"


def usual() -> Path:
    """The state folder of somebody without a configuration."""
    return places.state_directory(places.user_config(os.environ), os.environ)


_folder: Callable[[], Path] = usual


def keep_in(folder: Callable[[], Path]) -> None:
    """From now on tracebacks go into the folder that `folder` names when it is asked."""
    global _folder
    _folder = folder


def keep(error: BaseException) -> str:
    """Writes the traceback where a person can find it; returns the sentence that says where."""
    try:
        path = _folder() / _NAME
    except MailpollError:
        path = usual() / _NAME
    try:
        make_state_folder(path.parent)
        if os.geteuid() == 0 and path.parent.stat().st_uid != 0:  # its owner could not replace what root leaves there
            raise PermissionError
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(descriptor, "w", encoding="utf-8", errors="backslashreplace") as file:
            file.write(redaction.hide("".join(traceback.format_exception(error))))
    except OSError:
        return "The traceback could not be kept."
    return f"The traceback is in {path}; please report it."


def sentence(error: BaseException) -> str:
    """What is said of a bug, its traceback kept."""
    return f"this is a bug: {type(error).__name__}: {redaction.hide(one_line(str(error), 500))}. {keep(error)}"
