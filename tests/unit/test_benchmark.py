"""The instruments of scripts/bench, on programs whose cost is known."""

from __future__ import annotations

import shutil
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from servers import require

SCRIPTS = Path(__file__).resolve().parents[2] / "scripts"
HELD = 60_000_000
HOLDS = f"block = bytearray({HELD}); sum(block[::40])"  # long enough to be seen
STARTS_ONE_THAT_HOLDS = f"import subprocess, sys; subprocess.run([sys.executable, '-c', {HOLDS!r}])"


@pytest.fixture(autouse=True)
def _scripts(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.syspath_prepend(str(SCRIPTS))
    yield
    for name in [name for name in sys.modules if name.partition(".")[0] == "benchmark"]:
        del sys.modules[name]


def python(program: str) -> tuple[str, ...]:
    return sys.executable, "-I", "-S", "-c", program


def test_a_ratio_is_that_of_the_same_round() -> None:
    from benchmark.timing import Run, ratio

    slow_then_fast = {"floor": [Run(4, 1), Run(1, 1), Run(2, 1)], "ours": [Run(8, 1), Run(2, 1), Run(4, 1)]}
    assert ratio(slow_then_fast, "ours", "floor", "wall") == 2


def test_commands_take_turns_and_the_first_round_does_not_count() -> None:
    from benchmark.timing import Command, interleaved

    order: list[str] = []
    commands = [Command(name, python("pass"), {}, fresh=lambda name=name: order.append(name)) for name in "ab"]  # type: ignore[misc]
    runs = interleaved(commands, 2)
    assert "".join(order) == "abbaab"
    assert [len(own) for own in runs.values()] == [2, 2]


def test_what_is_timed_of_a_command_may_be_told() -> None:
    from benchmark.timing import Command, Run, interleaved

    took = {"a": Run(1, 0), "b": Run(2, 0)}
    commands = [Command(name, python("raise SystemExit('is not run')"), {}) for name in "ab"]
    assert interleaved(commands, 2, lambda command: took[command.name]) == {n: [run] * 2 for n, run in took.items()}


def test_a_run_in_vain_has_no_time() -> None:
    from benchmark.timing import Command, Failed, timed

    with pytest.raises(Failed, match="ended with status 3: why"):
        timed(Command("x", python("print('why'); raise SystemExit(3)"), {}))


@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="memory is read from /proc")
@pytest.mark.parametrize(("program", "processes"), [(HOLDS, 1), (STARTS_ONE_THAT_HOLDS, 2)])
def test_memory_is_that_of_all_processes(program: str, processes: int) -> None:
    from benchmark.timing import Command, peak

    megabytes, together = peak(Command("x", python(program), {}))
    assert HELD / 1e6 < megabytes < 3 * HELD / 1e6
    assert together == processes


def test_syncs_of_children_count() -> None:
    from benchmark.timing import Command, syncs

    require("strace", shutil.which("strace") is not None)
    program = (
        "import os, tempfile; f = tempfile.TemporaryFile(); os.fsync(f.fileno()); os.fork(); os.fdatasync(f.fileno())"
    )
    assert syncs(Command("x", python(program), {"PATH": "/usr/bin:/bin"})) == 3


@pytest.mark.parametrize(
    ("got", "at_least", "said"),
    [
        (1.0, False, "kept"),
        (2.0, False, "kept"),
        (2.1, False, "**missed**"),
        (1.9, True, "**missed**"),
        (2.1, True, "kept"),
    ],
)
def test_a_budget_is_kept_or_missed(got: float, at_least: bool, said: str) -> None:
    from benchmark.report import Verdict

    assert Verdict("x", got, 2, at_least=at_least).cells()[2] == said
    assert Verdict("x", got, 2, judged=False).cells()[2] == "not judged"


def test_the_way_is_as_long_as_it_was_made() -> None:
    import socket
    import time

    from benchmark.lag import distant

    with (
        socket.create_server(("127.0.0.1", 0)) as server,
        distant(server.getsockname()[1], 40) as port,
        socket.create_connection(("127.0.0.1", port), timeout=10) as near,
    ):
        far, _ = server.accept()
        begun = time.monotonic()
        with far:
            near.sendall(b"ping")
            far.sendall(far.recv(4))
            assert near.recv(4) == b"ping"
        assert time.monotonic() - begun >= 0.039
