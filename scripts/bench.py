"""What mailpoll costs, as ratios against raw imaplib doing the same IMAP commands in the same run.

Without --row it measures everything, which takes a while; --quick takes less of everything, to see that it works, and
judges nothing.
"""

from __future__ import annotations

import argparse
import signal
import sys
import tempfile
from dataclasses import replace
from pathlib import Path

TOP = Path(__file__).resolve().parent.parent
sys.path.append(str(TOP / "tests"))  # the servers; mailpoll itself runs as the installed command

from benchmark import report  # noqa: E402
from benchmark.rows import QUICK, ROWS, Place, Scale  # noqa: E402
from benchmark.timing import Failed  # noqa: E402
from servers.dovecot import Dovecot, missing  # noqa: E402


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="scripts/bench", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--row", action="append", choices=list(ROWS), help="measure this alone; may be repeated")
    parser.add_argument("--rounds", type=int, help="rounds of everything (default: 15 of short runs, 5 of long ones)")
    parser.add_argument("--mails", type=int, help="mails in a backlog (default: 1000)")
    parser.add_argument("--read", type=int, help="read mails in the inbox of an idle poll (default: 1000)")
    parser.add_argument("--quick", action="store_true", help="little of everything")
    parser.add_argument("--write", action="store_true", help="write docs/performance.md, too")
    return parser.parse_args()


def scale(options: argparse.Namespace) -> Scale:
    """How much of everything is asked for."""
    wanted = QUICK if options.quick else Scale()
    if options.rounds:
        wanted = replace(wanted, idle_rounds=options.rounds, rounds=options.rounds)
    if options.mails:
        wanted = replace(wanted, mails=options.mails, judged=wanted.judged and options.mails >= wanted.mails)
    return replace(wanted, read=options.read) if options.read else wanted


def measured(names: list[str], wanted: Scale) -> list[report.Row]:
    """The rows, each with a server of its own."""
    rows = []
    for name in names:
        print(f"bench: {name} ...", file=sys.stderr, flush=True)
        with tempfile.TemporaryDirectory(prefix="mailpoll-bench") as folder:
            Path(folder).chmod(0o711)  # getmail runs as an ordinary user
            (Path(folder) / "server").mkdir()
            with Dovecot(Path(folder) / "server") as server:
                rows.append(ROWS[name](Place(server, Path(folder), wanted)))
    return rows


def main() -> int:
    options = arguments()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # ends the servers, too
    if reason := missing():
        print(f"bench: needs {reason}", file=sys.stderr)
        return 1
    if options.write and (options.row or options.quick):
        print("bench: docs/performance.md is written with all rows at full size only", file=sys.stderr)
        return 2
    try:
        page = report.report(measured(options.row or list(ROWS), scale(options)))
    except Failed as failure:
        print(f"bench: {failure}", file=sys.stderr)
        return 1
    print(page)
    if options.write:
        (TOP / "docs" / "performance.md").write_text(page)
    return 0


if __name__ == "__main__":
    sys.exit(main())
