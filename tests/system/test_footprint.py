"""What runs leave on the disk: whose it is, and who may look into it (DESIGN.md §9)."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from servers import require
from servers.dovecot import Dovecot, missing
from servers.http_receiver import Receiver
from support.site import MAILPOLL, Site, mail

COMMANDS = (
    ("fetch",),
    ("fetch", "--now"),
    ("receive", "--to", "dev", "-"),
    ("status",),
    ("status", "--max-age", "1h"),
    ("doctor",),
    ("messages", "list"),
    ("messages", "show", "1"),
    ("posts", "list"),
    ("channel", "list"),
    ("channel", "add", "more"),
    ("channel", "test", "dev"),
    ("address", "list"),
    ("destination", "list"),
    ("destination", "resume", "hook"),
    ("fetch", "--dry-run"),
)  # fmt: skip

root_only = pytest.mark.skipif(os.geteuid() != 0, reason="only root can be, or make files of, somebody else")


@pytest.fixture(scope="module")
def dovecot(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Dovecot]:
    require(missing() or "Dovecot", not missing())
    with Dovecot(tmp_path_factory.mktemp("dovecot")) as server:
        yield server


class Bare(Site):
    """A site without a store: the first run makes it, in a state folder that is not there either."""

    def __init__(self, folder: Path, server: Dovecot | None, user: str = "", *, more: str = "") -> None:
        super().__init__(folder, server, user, more=more)
        (folder / "mailpoll.db").unlink()
        self.state = folder / "home" / "state" / "mailpoll"
        self.state.parent.parent.mkdir(mode=0o755)
        self.database = self.state / "mailpoll.db"
        self.url = f"sqlite:///{self.database}"
        self.config.write_text(self.config.read_text().replace(str(folder / "mailpoll.db"), str(self.database)))

    @property
    def env(self) -> dict[str, str]:
        return {**super().env, "STATE_DIRECTORY": str(self.state)}


def modes(folder: Path) -> dict[str, int]:
    """Path below `folder` → its permission bits."""
    return {str(path.relative_to(folder)): path.stat().st_mode & 0o777 for path in folder.rglob("*")}


@pytest.mark.parametrize("umask", [0o022, 0o000])
def test_what_runs_make_is_for_nobody_else(umask: int, dovecot: Dovecot, tmp_path: Path) -> None:
    seen: dict[str, int] = {}
    with Receiver(seen=lambda _: seen.update(modes(site.state.parent.parent))) as hook:
        more = f'[destination.hook]\nkind = "webhook"\nurl = "{hook.url}"\n'
        site = Bare(tmp_path / "site", dovecot, f"made{umask}@example.com", more=more)
        options = {"umask": umask}
        assert site.run("channel", "add", "dev", "--to", "hook", "--token", "dev", **options).returncode == 0
        site.append(mail(1))
        for _ in range(2):
            assert site.run("fetch", **options).returncode == 0
        assert len(hook.requests) == 1
    seen |= modes(site.state.parent.parent)
    text = site.config.read_text()
    site.config.write_text("[[[")
    assert site.run("fetch", **options).returncode == 78
    site.config.write_text(text)

    seen |= modes(site.state.parent.parent)
    names = {Path(name).name.partition("-")[0] for name in seen}
    assert {"mailpoll.db", "mailpoll.db.lock", "troubles.json", "idle"} <= names
    assert {"mailpoll.db-wal", "mailpoll.db-shm"} <= {Path(name).name for name in seen}  # while a run was at it
    folders = {"state", "state/mailpoll"}
    assert {name: oct(mode) for name, mode in seen.items() if mode != (0o700 if name in folders else 0o600)} == {}


def test_the_report_of_a_bug_is_for_nobody_else(tmp_path: Path) -> None:
    site = Bare(tmp_path / "site", None)
    crash = (
        "import os, sys; os.umask(0); from mailpoll.commands import crash; from pathlib import Path;"
        "crash.keep_in(lambda: Path(sys.argv[1])); print(crash.sentence(ValueError('x')))"
    )
    python = MAILPOLL.with_name("python")
    subprocess.run([python, "-c", crash, str(site.state)], check=True, capture_output=True)
    assert {name: oct(mode) for name, mode in modes(site.state.parent.parent).items()} == {
        "state": "0o700", "state/mailpoll": "0o700", "state/mailpoll/mailpoll-crash.txt": "0o600",
    }  # fmt: skip


def owned_by_root(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.rglob("*") if path.stat().st_uid == 0)


def given(folder: Path, user: str) -> None:
    """Gives a folder and all in it to `user`."""
    for path in (folder, *folder.rglob("*")):
        shutil.chown(path, user)


@root_only
@pytest.mark.parametrize("words", COMMANDS, ids=" ".join)
@pytest.mark.parametrize("there", ["a store", "a folder for it"])
def test_root_leaves_nothing_in_the_folder_of_somebody_else(words: tuple[str, ...], there: str, tmp_path: Path) -> None:
    site = Bare(tmp_path / "site", None, more='[destination.hook]\nkind = "webhook"\nurl = "http://localhost:9/"\n')
    site.state.mkdir(parents=True)
    if there == "a store":
        site.channel("dev")
    given(site.state, "nobody")

    result = site.run(*words, input="To: a\n\nHello\n", stdin=None)

    assert owned_by_root(site.state) == []
    assert "Traceback" not in result.stderr
    if there == "a store" or result.returncode:  # where none is, there is nothing to show, and that is no trouble
        assert "sudo -u nobody" in result.stderr + result.stdout
        assert result.returncode == (75 if words[0] == "receive" else 77), result.stderr


@root_only
def test_root_leaves_no_report_of_a_bug_in_the_folder_of_somebody_else(tmp_path: Path) -> None:
    site = Bare(tmp_path / "site", None)
    site.state.mkdir(parents=True)
    given(site.state, "nobody")
    crash = (
        "import sys; from mailpoll.commands import crash; from pathlib import Path;"
        "crash.keep_in(lambda: Path(sys.argv[1])); print(crash.sentence(ValueError('x')))"
    )
    python = MAILPOLL.with_name("python")
    result = subprocess.run([python, "-c", crash, str(site.state)], check=True, capture_output=True, text=True)
    assert owned_by_root(site.state) == []
    assert "could not be kept" in result.stdout


def as_nobody() -> list[str]:
    """The start of a command line that is run by another user; who may read what root may, since the interpreter
    may be in a folder of root's, and write nothing."""
    program = shutil.which("setpriv")
    require("setpriv (Debian: util-linux)", program is not None)
    caps = "-all,+dac_read_search"
    return [str(program), "--reuid=nobody", "--regid=nogroup", "--clear-groups", f"--inh-caps={caps}",
            f"--ambient-caps={caps}", "--bounding-set=" + caps]  # fmt: skip


@root_only
@pytest.mark.parametrize("words", [words for words in COMMANDS if words != ("doctor",)], ids=" ".join)
def test_an_ordinary_user_is_told_that_a_store_of_root_is_not_theirs(words: tuple[str, ...], tmp_path: Path) -> None:
    site = Bare(tmp_path / "site", None, more='[destination.hook]\nkind = "webhook"\nurl = "http://localhost:9/"\n')
    site.channel("dev")
    before = modes(site.state)
    command = [*as_nobody(), str(MAILPOLL), "--config", str(site.config), *words]
    result = subprocess.run(
        command, env=site.env, capture_output=True, text=True, input="To: a\n\nHello\n", check=False, timeout=60
    )
    assert result.returncode == (75 if words[0] == "receive" else 77), result.stderr
    assert str(site.database) in result.stderr
    assert "Traceback" not in result.stderr
    assert len(result.stderr.splitlines()) <= 2
    assert modes(site.state) == before
