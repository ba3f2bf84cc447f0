"""Files and folders that the configuration names: whether `config check` and `doctor` see what is wrong with them."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from servers.certs import Authority
from support.command_line import CommandLine
from support.hindered import bound_by_file_modes

from mailpoll.doctor import smtp
from mailpoll.settings import SmtpSettings

HOOK = '[destination.hook]\nkind = "webhook"\nurl = "https://hook.example.com/"\n'
SMTP = '[smtp]\nhost = "smtp.example.com"\nfrom = "gateway@example.com"\n'
ACCOUNT = """[account.main]
host = "imap.example.com"
username = "username@example.com"
password = { file = "imap-password" }
"""
SECTIONS = {"account.main": ACCOUNT, "destination.hook": HOOK, "smtp": SMTP}


def checked(folder: Path, section: str, file: str) -> tuple[int, str]:
    """Status and words of `config check` with this ca_file, in a process that file modes bind."""
    command = CommandLine(folder, f'{SECTIONS[section]}ca_file = "{file}"\n')
    (folder / "imap-password").write_text("secret")
    (folder / "imap-password").chmod(0o600)
    line = [sys.executable, "-m", "mailpoll", "--config", str(command.config), "config", "check"]
    done = subprocess.run(line, capture_output=True, text=True, preexec_fn=bound_by_file_modes, timeout=60, check=False)
    return done.returncode, done.stdout + done.stderr


@pytest.mark.parametrize("section", SECTIONS)
@pytest.mark.parametrize(
    ("file", "status", "why"),
    [("missing.pem", 78, "No such file"), ("text.pem", 78, "it is no PEM file"), ("closed.pem", 77, "Permission den")],
)
def test_an_authority_that_cannot_be_read_is_told(
    section: str, file: str, status: int, why: str, tmp_path: Path
) -> None:
    (tmp_path / "text.pem").write_text("no certificate")
    (tmp_path / "closed.pem").touch(mode=0)
    said = checked(tmp_path, section, file)
    assert said[0] == status, said
    assert f"mailpoll: {section}.ca_file: no certificate can be read from {tmp_path / file} ({why}" in said[1]


def test_an_authority_that_can_be_read_is_named(tmp_path: Path) -> None:
    status, said = checked(tmp_path, "smtp", str(Authority(tmp_path / "authority").ca_file))
    assert (status, "ok    smtp.ca_file holds certificates\n" in said) == (0, True), said


def test_several_that_cannot_be_had_are_told_together(tmp_path: Path) -> None:
    command = CommandLine(tmp_path, f'{SMTP}ca_file = "missing.pem"\n{HOOK}ca_file = "missing.pem"\n')
    said = command("config", "check")
    assert (said.status, said.err.count("no certificate can be read")) == (78, 2)
    assert "2 secrets or certificates cannot be had" in said.err


PROGRAM = """
import json, sys
from mailpoll.doctor import smtp
from mailpoll.settings import SmtpSettings
[check] = smtp.examine(SmtpSettings(file=sys.argv[1], from_="a@example.com"), "")
print(json.dumps([check.status, check.finding.level, check.finding.what]))
"""


def examined(folder: Path) -> list[object]:
    line = [sys.executable, "-c", PROGRAM, str(folder)]
    done = subprocess.run(line, capture_output=True, text=True, preexec_fn=bound_by_file_modes, timeout=60, check=True)
    found: list[object] = json.loads(done.stdout)
    return found


@pytest.mark.parametrize("name", ["outgoing", "outgoing/below/that"])
def test_a_folder_for_mails_that_cannot_be_written_fails(name: str, tmp_path: Path) -> None:
    (tmp_path / "outgoing").mkdir(mode=0o500)
    what = f"mail is to be written into {tmp_path / name}, and this user may not write in {tmp_path / 'outgoing'}"
    assert examined(tmp_path / name) == [77, "fail", what]


def test_a_folder_for_mails_that_is_a_file_fails(tmp_path: Path) -> None:
    (tmp_path / "outgoing").touch()
    assert examined(tmp_path / "outgoing" / "x")[:2] == [78, "fail"]


@pytest.mark.parametrize("name", ["", "outgoing"])
def test_a_folder_for_mails_that_can_be_written_is_named(name: str, tmp_path: Path) -> None:
    [check] = smtp.examine(SmtpSettings(file=os.path.join(tmp_path, name), from_="a@example.com"), "")
    assert (check.status, check.finding.level) == (0, "warn")
