"""Runs mailpoll with another program as its reader: a program of its own, since the package has no hook for it.

Takes a word of JSON, the command line of the reader, then the command line of mailpoll.
"""

from __future__ import annotations

import json
import sys

from mailpoll import cli
from mailpoll.reader import Reader


def main() -> None:
    """Runs mailpoll."""
    defaults = Reader.__init__.__kwdefaults__
    if "program" not in defaults:
        raise AssertionError("the reader takes its program by another name")
    defaults["program"] = json.loads(sys.argv.pop(1))
    cli.main()


if __name__ == "__main__":
    main()
