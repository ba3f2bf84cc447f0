"""Mails changed at random, read as in production: nothing raises, and every one becomes final."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest
from support.odd_mails import MAILS

MUTATE = Path(__file__).resolve().parents[2] / "scripts" / "mutate.py"
CORPUS = Path(__file__).resolve().parents[3] / "shared" / "corpus" / "torture"


def mutated(folder: Path, count: int, place: Path) -> str:
    """The summary of so many mutants; the mails that did harm are in `place`."""
    command = [sys.executable, str(MUTATE), "--corpus", str(folder), "--count", str(count), "--save", str(place)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=300, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def assert_all_well(said: str, count: int) -> None:
    """No exception, no reader that died, every one final."""
    assert said.startswith(f"{count} mutants in ")
    assert "exceptions in the parent: 0\n" in said
    assert "without a final state: 0\n" in said
    assert "readers that died: 0\n" in said, said
    assert "quarantined: 0" in said


def test_mutants_of_our_own_mails_are_all_read(tmp_path: Path) -> None:
    folder = tmp_path / "mails"
    folder.mkdir()
    for number, raw in enumerate(MAILS):
        (folder / f"{number}.eml").write_bytes(raw)
    assert_all_well(mutated(folder, 800, tmp_path / "harm"), 800)


def test_mutants_of_malformed_mails_are_all_read(tmp_path: Path) -> None:
    if not CORPUS.is_dir():
        pytest.skip("there is no corpus of malformed mails beside the project")
    assert_all_well(mutated(CORPUS, 500, tmp_path / "harm"), 500)


def test_the_same_seed_makes_the_same_mutants(tmp_path: Path) -> None:
    folder = tmp_path / "mails"
    folder.mkdir()
    (folder / "1.eml").write_bytes(MAILS[3])
    first, second = (re.sub(r" in \d+ s", "", mutated(folder, 200, tmp_path / "harm")) for _ in range(2))
    assert first == second
