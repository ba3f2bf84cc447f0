"""What was measured, as Markdown: docs/performance.md is written by it and by nobody else."""

from __future__ import annotations

import os
import platform
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from benchmark import peers
from benchmark.timing import Run, median, ratio
from mailpoll import __version__

HEAD = """\
# Performance

Written by `scripts/bench --write`, and by nobody's hand.

Whole processes, as cron starts them, interleaved with raw `imaplib` doing the same IMAP commands on the same private
Dovecot, over TLS on loopback, and throwing the mail away: no store, no parsing, no posts. A ratio is the median of the
ratios round by round, which survives a busy machine; milliseconds do not, and stand there for scale. mailpoll's store
is SQLite, and its posts stay in it. The others do less: what each is made to do is in
[scripts/benchmark/peers.py](../scripts/benchmark/peers.py).
"""


@dataclass(frozen=True)
class Verdict:
    """One figure against its budget. `at_least` turns the comparison round; None is not judged."""

    what: str
    got: float
    budget: float
    unit: str = "×"
    at_least: bool = False
    judged: bool = True

    @property
    def kept(self) -> bool:
        return self.got >= self.budget if self.at_least else round(self.got, 2) <= self.budget

    def cells(self) -> tuple[str, str, str]:
        """What was measured, the budget, the judgement."""
        sign = "≥" if self.at_least else "≤"
        judgement = ("kept" if self.kept else "**missed**") if self.judged else "not judged"
        digits = 0 if self.unit.strip() in ("MB", "") else 2
        return f"{self.got:.{digits}f} {self.unit}".strip(), f"{sign} {self.budget:g} {self.unit}".strip(), judgement


@dataclass(frozen=True)
class Row:
    """One row of the table of budgets, with the table behind it."""

    title: str
    how: str
    table: str
    verdicts: Sequence[Verdict] = ()
    missing: Sequence[str] = field(default=())

    def text(self) -> str:
        parts = [f"## {self.title}", self.how, self.table]
        if self.missing:
            parts.append(f"Not installed where this ran: {', '.join(self.missing)}.")
        if self.verdicts:
            parts.append("\n".join(f"- {v.what}: {got}; budget {most}: {said}" for v in self.verdicts
                                   for got, most, said in [v.cells()]))  # fmt: skip
        return "\n\n".join(parts)


def table(headings: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """A Markdown table."""
    lines = [headings, ["---"] * len(headings), *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def times(runs: dict[str, list[Run]], floor: str, mails: int = 0) -> str:
    """The table of one comparison; with the mails per second, where there were any."""
    headings = ["command", "wall, ms", "CPU, ms", f"wall × {floor}", f"CPU × {floor}", *(["mails/s"] if mails else [])]
    rows = []
    for name, own in runs.items():
        wall, cpu = median(own, "wall"), median(own, "cpu")
        cells = [name, f"{wall * 1e3:.0f}", f"{cpu * 1e3:.0f}"]
        cells += [f"{ratio(runs, name, floor, what):.2f}" for what in ("wall", "cpu")]
        rows.append([*cells, *([f"{mails / wall:.0f}"] if mails else [])])
    return table(headings, rows)


def summary(rows: Sequence[Row]) -> str:
    """The budgets in one table."""
    lines = [(f"[{row.title}](#{_anchor(row.title)}): {verdict.what}", *verdict.cells())
             for row in rows for verdict in row.verdicts]  # fmt: skip
    return table(("", "measured", "budget", ""), lines)


def _anchor(title: str) -> str:
    return "".join(c for c in title.lower().replace(" ", "-") if c.isalnum() or c == "-")


def versions() -> str:
    """What was measured on what; no name of a machine."""
    others = [
        (name, peers.version_of(name)) for name in ("imapclient", "getmail6", "imap_tools", "fetchmail", "mbsync")
    ]
    said = [f"mailpoll {__version__}", f"Python {platform.python_version()}", f"Dovecot {peers.version_of('dovecot')}"]
    said += [f"{name} {version}" for name, version in others if version]
    return f"Measured with {', '.join(said)}; {platform.system()} on {platform.machine()}, {os.cpu_count()} processors."


def report(rows: Sequence[Row]) -> str:
    """The whole page."""
    return "\n\n".join([HEAD.rstrip(), versions(), summary(rows), *(row.text() for row in rows)]) + "\n"
