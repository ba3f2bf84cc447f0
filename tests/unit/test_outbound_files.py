"""Mails written into a folder instead of being sent: whole, for nobody else to read, or told why not."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest
from support.hindered import bound_by_file_modes, no_file_larger_than

from mailpoll.errors import ConfigError
from mailpoll.model import NamedAddress
from mailpoll.outbound import compose, files

MAIL = compose(
    NamedAddress("", "gateway@example.com"), [NamedAddress("", "a@example.net")], "Hello", "Text\n" * 2000,
    kind="test", now=datetime(2026, 11, 20, tzinfo=UTC),
)  # fmt: skip


def test_a_mail_is_written_as_it_would_be_sent(tmp_path: Path) -> None:
    path = files.write(str(tmp_path / "a" / "b"), MAIL)
    assert path.read_bytes() == MAIL.data
    assert path.suffix == ".eml"
    assert path.stat().st_mode & 0o777 == 0o600
    assert path.parent.stat().st_mode & 0o777 == 0o700
    assert list(path.parent.iterdir()) == [path]


def test_the_names_are_in_the_order_of_writing(tmp_path: Path) -> None:
    paths = [files.write(str(tmp_path), MAIL) for _ in range(20)]
    assert sorted(tmp_path.iterdir()) == paths


PROGRAM = """
import json, sys
from mailpoll.errors import MailpollError
from mailpoll.outbound import files
from test_outbound_files import MAIL
try:
    print(json.dumps(str(files.write(sys.argv[1], MAIL))))
except MailpollError as error:
    print(json.dumps([type(error).__name__, str(error)]))
"""


def failing(folder: Path, error: str, hindered: Callable[[], None] = bound_by_file_modes) -> str:
    """What is said, as this `error`, of a folder that cannot be written, by a process that file modes bind."""
    tests = Path(__file__).parent
    env = {**os.environ, "PYTHONPATH": os.pathsep.join([str(tests), str(tests.parent)])}
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM, str(folder)], capture_output=True, text=True, preexec_fn=hindered, env=env,
        check=True, timeout=60,
    )  # fmt: skip
    kind, sentence = json.loads(done.stdout)
    assert kind == error
    assert str(folder) in sentence
    assert sentence.startswith("smtp.file: ")
    return str(sentence)


def test_a_full_disk_leaves_no_half_mail(tmp_path: Path) -> None:
    assert "File too large" in failing(tmp_path, "Unavailable", no_file_larger_than(1000))
    assert list(tmp_path.iterdir()) == []


def test_a_folder_that_is_a_file_is_told(tmp_path: Path) -> None:
    (tmp_path / "outgoing").touch()
    for folder in (tmp_path / "outgoing", tmp_path / "outgoing" / "sub"):
        with pytest.raises(ConfigError, match=r"File exists|Not a directory"):
            files.write(str(folder), MAIL)


@pytest.mark.parametrize("mode", [0o500, 0o400, 0o000, 0o600])
def test_a_folder_that_must_not_be_written_is_told(tmp_path: Path, mode: int) -> None:
    folder = tmp_path / "outgoing"
    folder.mkdir(mode=0o700)
    folder.chmod(mode)
    try:
        assert "Permission denied" in failing(folder, "AccessDenied")
    finally:
        folder.chmod(0o700)
    assert list(folder.iterdir()) == []


def test_a_folder_that_cannot_be_made_is_told(tmp_path: Path) -> None:
    tmp_path.chmod(0o500)
    try:
        assert "Permission denied" in failing(tmp_path / "a" / "b", "AccessDenied")
    finally:
        tmp_path.chmod(0o700)
