#!/usr/bin/env python3
"""What hostile mails cost the reader: a table of processor time, memory and outcome for each generator of a file.

    scripts/hostile.py GENERATORS.py [--sizes 1,25] [--groups MIME,HEADERS] [--only NAME] [--jobs 2]

GENERATORS.py defines dictionaries (MIME, HEADERS) of functions from a size n to the bytes of a mail, or to a body as
text (TEXT) or HTML (HTML). Each mail is made about as large as asked and read as production reads it: by the reader
child under the default limits, for a web hook and a chat, up to three times, the last time in safe mode. Afterwards an
ordinary mail must come through. The status is 1 when a reading was over the limits, a mail has no final state, or the
next mail was touched.
"""

from __future__ import annotations

import argparse
import importlib.util
import json
import re
import resource
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

from mailpoll.interpret import header_block
from mailpoll.model import Job, Limits, Route, Target
from mailpoll.reader import Limits as ReaderLimits
from mailpoll.reader import Reader, ReaderDied
from mailpoll.settings import FetchSettings, ReaderSettings

MOST_CPU_S = 5.0
MOST_MIB = 256.0
SLICE = 1 << 20
ROUTE = Route("dev", (Target("store"), Target("chat", limits=Limits(topic=60, body=10_000, mentions="zulip"))))
ORDINARY = b"From: anna@example.net\r\nSubject: Next\r\n\r\nThe next mail.\r\n"
SAMPLED_EVERY_S = 0.005


def reader() -> Reader:
    """The reader as a run starts it, by the default settings."""
    settings = ReaderSettings()
    return Reader(
        ReaderLimits(
            cpu_seconds=settings.cpu_seconds,
            wall_seconds=settings.wall_seconds,
            memory=settings.memory,
            max_text=FetchSettings().max_text,
        )
    )


def job(raw: bytes, *, safe: bool = False) -> Job:
    """A mail as the store hands it on."""
    return Job(lambda: (raw[at : at + SLICE] for at in range(0, len(raw), SLICE)), len(raw), (ROUTE,), safe)


class Case:
    """One hostile mail, and what came of it."""

    def __init__(self, raw: bytes) -> None:
        self.raw = raw
        self.cpu_s: list[float] = []
        self.mib = 0.0
        self.space_mib = 0.0
        self.outcome = ""

    def run(self) -> None:
        """Reads the mail until it has a final state, then an ordinary one."""
        idle = self._idle()
        for attempt, how in enumerate(("posted", "posted when alone", "posted in safe mode")):
            used = _cpu_of_children()
            with closing(reader()) as child, self._watched(child):
                try:
                    child.recipients(header_block(iter([self.raw[:SLICE]])), ("bot+%s@example.com",), ("To",))
                    reading = child.posts(job(self.raw, safe=attempt == 2))
                    self.outcome = how if reading.posts else reading.outcome
                except ReaderDied as died:
                    self.outcome = f"quarantined: {died.what}"
                [post, _] = child.posts(job(ORDINARY)).posts
                if post.body != "The next mail.":
                    raise AssertionError(post.body)
            self.cpu_s.append(_cpu_of_children() - used - idle)
            if not self.outcome.startswith("quarantined"):
                break

    def _idle(self) -> float:
        """Seconds of processor time that a reader costs which reads ordinary mail alone."""
        used = _cpu_of_children()
        with closing(reader()) as child:
            child.posts(job(ORDINARY))
        return _cpu_of_children() - used

    @contextmanager
    def _watched(self, child: Reader) -> Iterator[None]:
        """Notes the most memory, and the most address space, that any process of `child` held."""
        over = threading.Event()

        def watch() -> None:
            while not over.wait(SAMPLED_EVERY_S):
                if running := child._child:
                    held = _peaks_mib(running._process.pid)
                    self.mib, self.space_mib = max(self.mib, held[0]), max(self.space_mib, held[1])

        thread = threading.Thread(target=watch)
        thread.start()
        try:
            yield
            time.sleep(3 * SAMPLED_EVERY_S)  # it is there still, and its peak with it
        finally:
            over.set()
            thread.join()


def _cpu_of_children() -> float:
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def _peaks_mib(pid: int) -> tuple[float, float]:
    """(resident memory, address space) that a process held at most so far; zeros when it is gone."""
    try:
        status = Path(f"/proc/{pid}/status").read_text()
    except OSError:
        return 0.0, 0.0
    told = [re.search(rf"^{name}:\s+(\d+) kB", status, re.MULTILINE) for name in ("VmHWM", "VmPeak")]
    held, space = (int(found[1]) / 1024 if found else 0.0 for found in told)
    return held, space


def generators(path: Path) -> Any:
    """The module in a file."""
    spec = importlib.util.spec_from_file_location("generators", path)
    if spec is None or spec.loader is None:
        raise SystemExit(f"{path} is no Python module")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def sized(make: Callable[[int], bytes | str], octets: int, type_: str) -> bytes:
    """The generator's mail, or a mail with the body it makes, of about so many octets."""
    n = 1_000
    for _ in range(3):
        n = max(1, int(n * octets / max(1, len(make(n)))))
    made = make(n)
    if isinstance(made, bytes):
        return made
    return f"From: anna@example.net\nContent-Type: {type_}; charset=utf-8\n\n{made}".encode()


def one(path: Path, group: str, name: str, octets: int) -> dict[str, Any]:
    """The row of one mail, measured in a process of its own."""
    case = Case(sized(getattr(generators(path), group)[name], octets, "text/html" if group == "HTML" else "text/plain"))
    case.run()
    return {
        "name": f"{group}.{name}",
        "octets": len(case.raw),
        "cpu_s": round(max(case.cpu_s), 2),
        "mib": round(case.mib),
        "space_mib": round(case.space_mib),
        "outcome": case.outcome,
    }


def measured(arguments: argparse.Namespace, group: str, name: str, octets: int) -> dict[str, Any]:
    """As one(), of a process that is started for it."""
    command = [sys.executable, __file__, str(arguments.generators), "--case", group, name, str(octets)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        last = done.stderr.strip().splitlines()[-1:] or ["no reason given"]
        nothing = {"octets": octets, "cpu_s": 0.0, "mib": 0, "space_mib": 0}
        return {"name": f"{group}.{name}", **nothing, "outcome": f"FAILED: {last[0]}"}
    row: dict[str, Any] = json.loads(done.stdout)
    return row


def is_over(row: dict[str, Any]) -> bool:
    """Whether a mail cost more than it may, or was not read to an end."""
    return bool(row["cpu_s"] > MOST_CPU_S or row["mib"] > MOST_MIB or row["outcome"].startswith("FAILED"))


def table(rows: Sequence[dict[str, Any]]) -> Iterator[str]:
    """The lines of the table, the dearest first."""
    yield f"{'generator':32} {'MB':>6} {'CPU s':>6} {'MiB':>5} {'space':>5}  outcome"
    for row in sorted(rows, key=lambda row: (row["cpu_s"], row["mib"]), reverse=True):
        mark = "  OVER" if is_over(row) else ""
        costs = f"{row['octets'] / 1e6:6.2f} {row['cpu_s']:6.2f} {row['mib']:5} {row['space_mib']:5}"
        yield f"{row['name']:32} {costs}  {row['outcome']}{mark}"


def main() -> int:
    """Prints the table."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("generators", type=Path)
    parser.add_argument("--sizes", default="1,25", help="megabytes, comma-separated")
    parser.add_argument("--groups", default="MIME,HEADERS")
    parser.add_argument("--only", default="", help="generators whose name holds this")
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--case", nargs=3, metavar=("GROUP", "NAME", "OCTETS"), help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.case:
        group, name, octets = arguments.case
        print(json.dumps(one(arguments.generators, group, name, int(octets))))
        return 0
    module = generators(arguments.generators)
    cases = [
        (group, name, int(float(size) * 1e6))
        for size in arguments.sizes.split(",")
        for group in arguments.groups.split(",")
        for name in getattr(module, group)
        if arguments.only in name
    ]
    with ThreadPoolExecutor(arguments.jobs) as pool:
        rows = list(pool.map(lambda case: measured(arguments, *case), cases))
    print("\n".join(table(rows)))
    over = sum(map(is_over, rows))
    print(f"{len(rows)} mails, {over} over {MOST_CPU_S:g} s or {MOST_MIB:g} MiB, or not read to an end")
    return 1 if over else 0


if __name__ == "__main__":
    sys.exit(main())
