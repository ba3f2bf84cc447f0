"""Where the traceback of a bug is kept."""

from __future__ import annotations

from pathlib import Path

import pytest

from mailpoll.commands import crash
from mailpoll.commands.installation import Installation


@pytest.fixture(autouse=True)
def nowhere_yet(monkeypatch: pytest.MonkeyPatch) -> None:
    """The folder is that of the test's end again afterwards."""
    monkeypatch.setattr(crash, "_folder", crash._folder)


@pytest.mark.parametrize(
    ("env", "folder"),
    [
        ({}, "home/.local/state/mailpoll"),
        ({"XDG_STATE_HOME": "{}/xdg"}, "xdg/mailpoll"),
        ({"STATE_DIRECTORY": "{0}/here:{0}/there"}, "here"),
    ],
    ids=["usual", "xdg", "systemd"],
)
@pytest.mark.parametrize("configured", [True, False])
def test_it_is_in_the_state_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, env: dict[str, str], folder: str, configured: bool
) -> None:
    for name in ("STATE_DIRECTORY", "XDG_STATE_HOME", "XDG_CONFIG_HOME", "MAILPOLL_CONFIG"):
        monkeypatch.delenv(name, raising=False)
    (tmp_path / "home").mkdir()
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    for name, value in env.items():
        monkeypatch.setenv(name, value.format(tmp_path))
    crash.keep_in(Installation(str(tmp_path / "config.toml") if configured else None).state_directory)
    report = tmp_path / folder / "mailpoll-crash.txt"
    assert crash.keep(ZeroDivisionError("a bug")) == f"The traceback is in {report}; please report it."
    assert "ZeroDivisionError: a bug" in report.read_text()
    assert report.stat().st_mode & 0o777 == 0o600


def test_no_home_is_made_for_a_user_who_has_none(tmp_path: Path) -> None:
    crash.keep_in(lambda: tmp_path / "nonexistent" / ".local" / "state" / "mailpoll")
    assert crash.keep(ZeroDivisionError("a bug")) == "The traceback could not be kept."
    assert list(tmp_path.iterdir()) == []
