"""How this very mailpoll is started again: by a child process, by cron, and by a person at a prompt."""

from __future__ import annotations

import os
import shlex
import shutil
import sys
from pathlib import Path


def own_command() -> tuple[str, ...]:
    """The program and arguments that start this mailpoll from anywhere: its console script, else its interpreter."""
    for script in (Path(sys.argv[0]), Path(sys.executable).with_name("mailpoll")):
        if script.name == "mailpoll" and script.is_file() and os.access(script, os.X_OK):
            return (str(script.absolute()),)
    return sys.executable, "-c", "from mailpoll.cli import main; main()"


def typed() -> str:
    """What a person types to start it, in whichever folder: `mailpoll` where the shell finds this one, else a path."""
    program, *arguments = own_command()
    found = shutil.which(Path(program).name)
    if found and Path(found).absolute() == Path(program):
        return shlex.join([Path(program).name, *arguments])
    return shlex.join([program, *arguments])
