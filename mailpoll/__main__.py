"""The entry point: a plain `mailpoll fetch` that finds nothing to do ends here, before the command line is imported."""

from __future__ import annotations

import gc
import os
import sys
from collections.abc import Mapping, Sequence
from contextlib import suppress
from typing import TYPE_CHECKING, NoReturn

if TYPE_CHECKING:
    from mailpoll.idle import Glance

# How many objects come to be before garbage is looked for (gc.set_threshold). Imports make hundreds of thousands, none
# of them garbage: with the 700 of Python a tenth of a short run is spent on looking.
GARBAGE = (200_000, 20, 20)


def main() -> NoReturn:
    """Runs the command that was typed; exits with its status."""
    gc.set_threshold(*GARBAGE)
    try:
        glances = _look()
        from mailpoll import cli
    except KeyboardInterrupt:
        from mailpoll.cli import STOPPED

        os.write(2, f"{STOPPED}\n".encode())
        os._exit(130)
    cli.main(glances)


def _look() -> Mapping[str, Glance]:
    """What a quick look found; nothing where there is none. Does not return when there is nothing to do."""
    wanted = None if sys.stdout is None or sys.stdout.isatty() else _of_plain_fetch(sys.argv[1:])
    if wanted is None:
        return {}
    from mailpoll import idle, places

    path = places.find_config(wanted or None, os.environ)
    if path is None:
        return {}
    state = idle.state_file(path, places.state_directory(path, os.environ))
    nothing_to_do, glances = idle.look(state, path, os.environ)
    if nothing_to_do:
        os._exit(0)  # nothing was printed and nothing is open: taking the interpreter down costs more
    # The commands import it a hundred calls deep. Python 3.11 gets memory for the stack in pieces and gives each
    # back at once: calls on the edge of one, of which imports make a thousand, took 15 ms of each run.
    with suppress(ImportError):  # told by the command
        import mailpoll.store  # noqa: F401
    return glances


def _of_plain_fetch(arguments: Sequence[str]) -> str | None:
    """--config ("" without one) of a `fetch` without any other option, which is what cron runs; else None."""
    match arguments:
        case ["fetch"]:
            return ""
        case ["--config", str(path), "fetch"]:
            return path
        case [str(option), "fetch"] if option.startswith("--config="):
            return option.removeprefix("--config=")
    return None


if __name__ == "__main__":
    main()
