"""`mailpoll demo` as a newcomer types it: the installed console script, a real IMAP server, a real run."""

from __future__ import annotations

import importlib.util
import os
import re
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from click.testing import CliRunner
from servers import pymap_server, require

from mailpoll.cli import root
from mailpoll.errors import ConfigError

SCRIPT = Path(sys.executable).with_name("mailpoll")


@pytest.fixture
def surroundings(tmp_path: Path) -> dict[str, str]:
    """An environment in which every temporary folder is made below `tmp_path`."""
    require("pymap (PyPI)", not pymap_server.missing())
    require("the console script mailpoll", SCRIPT.is_file())
    home = {name: str(tmp_path) for name in ("HOME", "TMPDIR", "XDG_STATE_HOME")}
    return {"PATH": os.environ.get("PATH", ""), **home}


def demo(surroundings: dict[str, str], *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [SCRIPT, "demo", *arguments],
        env=surroundings,
        cwd=surroundings["TMPDIR"],
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def runs(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


def server_of(output: str) -> int:
    found = re.search(r"\(process (\d+)\)", output)
    assert found
    return int(found[1])


def test_it_shows_the_posts_and_leaves_nothing(surroundings: dict[str, str], tmp_path: Path) -> None:
    done = demo(surroundings)
    assert (done.returncode, done.stderr) == (0, "")
    shown = done.stdout
    assert "Thursday 22:00 works for us" in shown
    assert "Would Thursday evening" not in shown  # quoted
    assert "Head of Operations" not in shown  # signature
    assert "**two changes**:" in shown
    assert "   **Site** | **Licences**\n   Lisboa | 30\n   Porto | 15\n" in shown  # Outlook: a paragraph in each cell
    assert "valid for two weeks" not in shown  # Outlook's quote container
    assert "talk-leave@" not in shown  # the list's footer
    assert "load.png" in shown
    assert "slow-queries.pdf" in shown
    assert "support · Störung im Büro München: Tür schließt nicht" in shown
    assert "die Tür zum Serverraum schließt" in shown
    assert "our card was charged twice" in shown  # forwarded, so kept
    assert shown.count("Planned works in data centre 2") == 2  # one mail, two channels
    assert "instance = db-02" in shown
    assert list(tmp_path.iterdir()) == []
    assert not runs(server_of(shown))


def test_it_says_that_the_private_mail_is_untouched(surroundings: dict[str, str]) -> None:
    shown = demo(surroundings).stdout
    assert "The private mail to username@example.com\nis untouched" in shown
    assert "apple cake" not in shown


def test_its_last_line_is_what_to_type_next(surroundings: dict[str, str]) -> None:
    last = demo(surroundings).stdout.splitlines()[-1]
    assert last.endswith(f"type: {SCRIPT} init")


def test_keep_keeps_a_folder_that_other_commands_can_use(surroundings: dict[str, str], tmp_path: Path) -> None:
    done = demo(surroundings, "--keep")
    assert done.returncode == 0
    (folder,) = tmp_path.glob("mailpoll-demo-*")
    assert str(folder) in done.stdout
    assert (folder / "mailpoll.db").is_file()
    assert not runs(server_of(done.stdout))


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGKILL])
def test_stopped_from_outside_it_takes_its_server_along(
    surroundings: dict[str, str], tmp_path: Path, number: signal.Signals
) -> None:
    with subprocess.Popen(
        [SCRIPT, "demo"], env=surroundings, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout
        server = server_of(process.stdout.readline())
        process.send_signal(number)
        _, said = process.communicate(timeout=30)
    until = time.monotonic() + 10
    while runs(server) and time.monotonic() < until:
        time.sleep(0.02)
    assert not runs(server)
    if number is not signal.SIGKILL:
        assert process.returncode == 130
        assert "mailpoll: stopped" in said
        assert list(tmp_path.iterdir()) == []


def test_without_pymap_one_sentence_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    found = importlib.util.find_spec

    def without(name: str) -> object:
        return None if name == "pymap" else found(name)

    monkeypatch.setattr(importlib.util, "find_spec", without)
    result = CliRunner().invoke(root, ["demo"], standalone_mode=False)
    assert isinstance(result.exception, ConfigError)
    for way in ("pipx inject mailpoll pymap", "pip install pymap", "scripts/demo"):
        assert way in str(result.exception)
