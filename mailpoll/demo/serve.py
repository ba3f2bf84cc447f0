"""The demo's IMAP server process: pymap, which ends with the process that started it, however that one ends."""

from __future__ import annotations

import json
import os
import sys
import threading


def main() -> None:
    """Serves until standard input ends. Its first line says where and for whom: a command line is read by everybody."""
    from pymap.main import main as pymap

    wanted = json.loads(sys.stdin.readline())
    sys.argv = ["pymap", "--host", "127.0.0.1", "--port", str(wanted["port"]), "--no-tls", "dict"]
    sys.argv += [f"--demo-user={wanted['username']}", f"--demo-password={wanted['password']}"]
    threading.Thread(target=_end_with_parent, daemon=True).start()
    pymap()


def _end_with_parent() -> None:
    sys.stdin.read()
    os._exit(0)


if __name__ == "__main__":
    main()
