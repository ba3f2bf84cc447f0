"""Whole processes and what they take: time, processor, memory, syncs; interleaved, because machines are busy."""

from __future__ import annotations

import json
import re
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

SAMPLED_EVERY_S = 0.004


@dataclass(frozen=True)
class Run:
    """One run: seconds, and seconds of processor time with the children's."""

    wall: float
    cpu: float


@dataclass(frozen=True)
class Command:
    """A program to measure. `fresh` brings back the state before a run; `check` raises Failed after one in vain."""

    name: str
    argv: tuple[str, ...]
    env: Mapping[str, str]
    fresh: Callable[[], None] = lambda: None
    check: Callable[[], None] = lambda: None


class Failed(Exception):
    """A run that did not do its work, so that its figures mean nothing."""


# Starts a command from a small process of its own and tells what it took: forking this program would cost time that the
# command did not take.
_STOPWATCH = """
import json, os, sys, time
said = os.open(sys.argv[1], os.O_WRONLY)
files = [(os.POSIX_SPAWN_DUP2, said, 1), (os.POSIX_SPAWN_DUP2, said, 2)]
begun = time.perf_counter()
child = os.posix_spawnp(sys.argv[2], sys.argv[2:], os.environ, file_actions=files)
_, status, usage = os.wait4(child, 0)
wall = time.perf_counter() - begun
print(json.dumps([os.waitstatus_to_exitcode(status), wall, usage.ru_utime + usage.ru_stime]))
"""


def timed(command: Command) -> Run:
    """One run, silent; Failed when its exit status is not 0."""
    with tempfile.NamedTemporaryFile("r", errors="replace") as said:
        watch = [sys.executable, "-I", "-S", "-c", _STOPWATCH, said.name, *command.argv]
        told = subprocess.run(watch, env=dict(command.env), stdin=subprocess.DEVNULL, capture_output=True, check=True)
        status, wall, cpu = json.loads(told.stdout)
        if status:
            raise Failed(f"{command.name} ended with status {status}: {said.read().strip()[-500:]}")
    return Run(wall, cpu)


def interleaved(
    commands: list[Command], rounds: int, measure: Callable[[Command], Run] = timed
) -> dict[str, list[Run]]:
    """`rounds` runs of each command, in turn, in changing order; the first round warms up and is not counted."""
    runs: dict[str, list[Run]] = {command.name: [] for command in commands}
    for number in range(rounds + 1):
        for command in commands[:: -1 if number % 2 else 1]:
            command.fresh()
            run = measure(command)
            command.check()
            if number:
                runs[command.name].append(run)
    return runs


def ratios(runs: dict[str, list[Run]], name: str, floor: str, what: str) -> list[float]:
    """The ratios, round by round, of `name` to `floor`; what they have in common is the state of the machine."""
    pairs = zip(runs[name], runs[floor], strict=True)
    return [getattr(run, what) / getattr(base, what) for run, base in pairs]


def ratio(runs: dict[str, list[Run]], name: str, floor: str, what: str) -> float:
    """The median of the ratios, round by round."""
    return statistics.median(ratios(runs, name, floor, what))


def median(runs: list[Run], what: str) -> float:
    return statistics.median(getattr(run, what) for run in runs)


def peak(command: Command) -> tuple[float, int]:
    """MB of memory that the processes of one run held at most, and how many they were at once.

    The sum of each process's own peak (VmHWM of proc(5)) over the processes that live at the same time: never less than
    what they held together, and pages that they share count for each.
    """
    command.fresh()
    most, together = 0, 1
    with tempfile.TemporaryFile("w+", errors="replace") as said:
        child = subprocess.Popen(
            command.argv, env=dict(command.env), stdin=subprocess.DEVNULL, stdout=said, stderr=said
        )  # fmt: skip
        while child.poll() is None:
            held = [_own_peak(pid) for pid in _family(child.pid)]
            if sum(held) > most:
                most, together = sum(held), sum(1 for octets in held if octets)
            time.sleep(SAMPLED_EVERY_S)
        said.seek(0)
        if child.returncode:
            raise Failed(f"{command.name} ended with status {child.returncode}: {said.read().strip()[-500:]}")
    command.check()
    return most * 1024 / 1e6, together


def _family(pid: int) -> list[int]:
    """The process and its descendants, without those that are still their parent's copy and share its memory.

    Between fork and exec a child has the parent's memory and command line; counted, it would double the parent.
    """
    found = [pid]
    try:
        own = Path(f"/proc/{pid}/cmdline").read_bytes()
        for task in Path(f"/proc/{pid}/task").iterdir():
            for child in map(int, (task / "children").read_text().split()):
                if Path(f"/proc/{child}/cmdline").read_bytes() != own:
                    found += _family(child)
    except OSError:  # it ended meanwhile
        pass
    return found


def _own_peak(pid: int) -> int:
    """KiB of memory that a process held at most so far; 0 when it is gone."""
    try:
        told = re.search(r"^VmHWM:\s+(\d+) kB", Path(f"/proc/{pid}/status").read_text(), re.MULTILINE)
    except OSError:
        return 0
    return int(told[1]) if told else 0


def syncs(command: Command) -> int:
    """How often the processes of one run had the disk finish writing: fsync and fdatasync, counted by strace."""
    command.fresh()
    with tempfile.NamedTemporaryFile("r") as counted:
        watch = ["strace", "-f", "-qq", "-e", "trace=fsync,fdatasync", "-e", "signal=none", "-o", counted.name]
        done = subprocess.run([*watch, *command.argv], env=dict(command.env), stdin=subprocess.DEVNULL,
                              capture_output=True, text=True, check=False)  # fmt: skip
        if done.returncode:
            raise Failed(f"{command.name} under strace ended with status {done.returncode}: {done.stderr[-500:]}")
        command.check()
        # A call that another thread's interrupts is written in two parts: "<unfinished ...>" and "... resumed>".
        return sum(1 for line in counted if re.search(r"\bf(data)?sync\(", line))
