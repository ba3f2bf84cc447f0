"""The state file: when it is believed."""

from __future__ import annotations

import os
import time
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailpoll import idle


@given(st.sets(st.integers(1, 300)))
def test_ranges_hold_what_was_put_in(uids: set[int]) -> None:
    assert idle.members(idle.ranges(sorted(uids))) == sorted(uids)


def test_neighbours_are_kept_as_one_range() -> None:
    assert idle.ranges(range(1, 100_001)) == [[1, 100_000]]


@pytest.fixture
def config(tmp_path: Path) -> Path:
    path = tmp_path / "config.toml"
    path.write_text("# nothing\n")
    return path


def saved(config: Path, **changes: object) -> Path:
    path = idle.state_file(config, config.parent)
    state = {
        "fingerprint": idle.fingerprint(config),
        "database": "",
        "store": [],
        "written": time.time() - 10,
        "wake_at": time.time() + 10,
        "accounts": {},
    }
    idle.save(path, {**state, **changes})
    return path


def test_a_state_is_believed_when_all_of_it_is_true(config: Path) -> None:
    assert idle.load(saved(config), config) is not None
    assert idle.look(saved(config), config, {}) == (True, {})


@pytest.mark.parametrize(
    "change",
    [
        {"fingerprint": "another"},
        {"written": time.time() + 3600},
        {"wake_at": time.time() - 1},
        {"database": "/nonexistent/mailpoll.db"},
        {"store": [[1, 2, 3]]},
        {"wake_at": "soon"},
    ],
    ids=["program or configuration", "clock", "hour", "no store", "store", "nonsense"],
)
def test_a_state_that_is_not_true_is_not_believed(config: Path, change: dict[str, object]) -> None:
    path = saved(config, **change)
    assert idle.load(path, config) is None
    assert idle.look(path, config, {}) == (False, {})


def test_a_link_is_not_written_through(config: Path) -> None:
    path = idle.state_file(config, config.parent)
    path.with_suffix(".new").symlink_to(config)
    saved(config)
    assert config.read_text() == "# nothing\n"
    assert not path.is_symlink()


def test_whoever_writes_to_the_store_changes_its_signature(tmp_path: Path) -> None:
    database, journal = tmp_path / "a.db", tmp_path / "a.db-wal"
    database.write_bytes(b"x")
    before = idle.signature(str(database))
    journal.touch()
    assert idle.signature(str(database)) == before, "an empty journal is left by those who read"
    journal.write_bytes(b"x")
    assert idle.signature(str(database)) != before
    journal.unlink()
    os.utime(database, ns=(1, 1))
    assert idle.signature(str(database)) != before


def test_a_store_that_is_there_and_ours_can_be_used(tmp_path: Path) -> None:
    database = tmp_path / "a.db"
    assert idle.usable("")
    assert not idle.usable(str(database))
    database.touch()
    assert idle.usable(str(database))


def test_each_configuration_has_a_state_of_its_own() -> None:
    names = {idle.state_file(Path(f"/etc/{name}.toml"), Path("/s")).name for name in "abc"}
    assert len(names) == 3


def test_the_heartbeat_is_told_however_old(config: Path) -> None:
    path = saved(config, wake_at=time.time() - 5000)
    os.utime(path, (1, 1_700_000_000))
    assert idle.heartbeat(path, config) == 1_700_000_000
    config.write_text("# another\n")
    assert idle.heartbeat(path, config) is None
    assert idle.heartbeat(path.with_name("none"), config) is None
