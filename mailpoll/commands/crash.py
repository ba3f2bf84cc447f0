"""Where the traceback of a bug is kept: cron's mail gets one line."""

from __future__ import annotations

import os
import traceback
from pathlib import Path


def keep(error: BaseException) -> str:
    """Writes the traceback where a person can find it; returns the sentence that says where."""
    state = os.environ.get("STATE_DIRECTORY") or os.environ.get("XDG_STATE_HOME") or "~/.local/state"
    path = Path(state).expanduser() / "mailpoll-crash.txt"
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(descriptor, "w") as file:
            traceback.print_exception(error, file=file)
    except OSError:
        return "The traceback could not be kept."
    return f"The traceback is in {path}; please report it."
