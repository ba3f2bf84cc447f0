"""Opens a store in so many processes at the same moment, and says which of them failed; a program of its own."""

from __future__ import annotations

import os
import sys
import traceback

import alembic.command  # noqa: F401  # imported once, before forking

from mailpoll.store import Store


def main(url: str, number: str) -> None:
    """Forks, lets all begin at once, and exits with how many failed."""
    wait, begin = os.pipe()
    children = []
    for _ in range(int(number)):
        child = os.fork()
        if child == 0:
            os.close(begin)
            os.read(wait, 1)  # nothing is ever written: it ends when the parent closes the other end
            try:
                with Store(url) as store:
                    store.channels.list()
            except BaseException:
                traceback.print_exc()
                os._exit(1)
            os._exit(0)
        children.append(child)
    os.close(begin)
    sys.exit(sum(os.waitpid(child, 0)[1] != 0 for child in children))


if __name__ == "__main__":
    main(*sys.argv[1:])
