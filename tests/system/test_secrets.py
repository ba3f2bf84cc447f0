"""Secrets as the installed command meets them in cron's environment: each trap ends in a sentence, none in a wait."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from servers import require
from servers.dovecot import Dovecot, missing
from support.canaries import CANARY
from support.mishap import checked
from support.site import CRON, MAILPOLL, Site

UTF8_PASSWORD = "pässwörd-пароль-密码"

# Back ends of keyring, as modules that somebody installed.
PLAINTEXT = f"""
from keyring.backend import KeyringBackend
class PlaintextKeyring(KeyringBackend):
    priority = 0.5
    def get_password(self, service, username): return "{CANARY}"
    def set_password(self, service, username, password): pass
"""
LOCKED = """
from keyring.backend import KeyringBackend
from keyring.errors import KeyringLocked
class Keyring(KeyringBackend):
    priority = 9
    def get_password(self, service, username): raise KeyringLocked("Failed to unlock the collection!")
    def set_password(self, service, username, password): pass
"""
PROMPTING = """
import threading
from keyring.backend import KeyringBackend
class Keyring(KeyringBackend):
    priority = 9
    def get_password(self, service, username): threading.Event().wait(300)
    def set_password(self, service, username, password): pass
"""


def site(folder: Path, reference: str) -> Site:
    """An installation whose password is where `reference` says; its server is never asked."""
    made = Site(folder, None)
    account = 'host = "localhost"\nport = 1\ntls = "none"\nusername = "username@example.com"\n'
    with made.config.open("a") as config:
        config.write(f"[account.main]\n{account}password = {reference}\n")
    return made


def refused(made: Site, env: dict[str, str] | None = None) -> tuple[int, str]:
    """Exit status and the one sentence of `config check`."""
    result = checked(made.run("config", "check", env=env, timeout=30))
    assert CANARY not in result.stdout + result.stderr
    said = result.stderr.removeprefix("mailpoll: account.main.password: ")
    assert (said != result.stderr, said.count("\n")) == (True, 1), result.stderr
    return result.returncode, said


def back_end(folder: Path, module: str, text: str) -> dict[str, str]:
    """The environment in which the keyring library finds `module`."""
    path = folder / "site" / Path(*module.split(".")).with_suffix(".py")
    path.parent.mkdir(parents=True)
    path.write_text(text)
    return {"PYTHONPATH": str(folder / "site")}


INSTEAD = "Use file, credential or command instead; cron has no desktop session\n"


def test_without_a_desktop_there_is_no_keyring(tmp_path: Path) -> None:
    status, said = refused(site(tmp_path, '{ keyring = "main" }'))
    assert (status, said) == (77, f"there is no keyring that this process can reach. {INSTEAD}")


def test_the_null_back_end_is_named(tmp_path: Path) -> None:
    env = {"PYTHON_KEYRING_BACKEND": "keyring.backends.null.Keyring"}
    status, said = refused(site(tmp_path, '{ keyring = "main" }'), env)
    assert (status, said) == (77, f"the null back end is chosen, which stores nothing. {INSTEAD}")


@pytest.mark.parametrize("name", ["no.such.Backend", "keyring.backends.Nothing", "nonsense"])
def test_a_back_end_that_is_not_there_is_told(name: str, tmp_path: Path) -> None:
    status, said = refused(site(tmp_path, '{ keyring = "main" }'), {"PYTHON_KEYRING_BACKEND": name})
    assert status == 77
    assert said.endswith(f" Use {INSTEAD.removeprefix('Use ')}")


def test_a_plaintext_keyring_is_not_used_though_it_has_the_password(tmp_path: Path) -> None:
    env = back_end(tmp_path, "keyrings.alt.file", PLAINTEXT)
    env["PYTHON_KEYRING_BACKEND"] = "keyrings.alt.file.PlaintextKeyring"
    status, said = refused(site(tmp_path, '{ keyring = "main" }'), env)
    assert status == 77
    assert "keeps secrets in an open file" in said


def test_a_locked_keyring_is_told(tmp_path: Path) -> None:
    env = {**back_end(tmp_path, "locked", LOCKED), "PYTHON_KEYRING_BACKEND": "locked.Keyring"}
    status, said = refused(site(tmp_path, '{ keyring = "main" }'), env)
    assert (status, said) == (77, f"the keyring is locked (KeyringLocked). {INSTEAD}")


def test_a_keyring_that_asks_a_question_is_not_waited_for(tmp_path: Path) -> None:
    made = site(tmp_path, '{ keyring = "main" }')
    env = {**CRON, **back_end(tmp_path, "prompting", PROMPTING), "PYTHON_KEYRING_BACKEND": "prompting.Keyring"}
    impatient = (
        "from mailpoll.secret import desktop; desktop.KEYRING_SECONDS = 0.5; from mailpoll.cli import main; main()"
    )
    command = [sys.executable, "-c", impatient, "--config", str(made.config), "config", "check"]
    result = checked(subprocess.run(command, env=env, capture_output=True, text=True, timeout=20, check=False))
    assert result.returncode == 77
    assert "the keyring did not answer within 0.5 seconds; it may be locked" in result.stderr


def test_a_pipe_that_nobody_writes_into_does_not_hold_up_a_run(tmp_path: Path) -> None:
    made = site(tmp_path, '{ file = "pipe" }')
    os.mkfifo(tmp_path / "pipe", 0o600)
    result = checked(made.run("fetch", timeout=20))
    assert result.returncode == 78
    assert f"the file {tmp_path}/pipe cannot be read: is no ordinary file" in result.stderr


def test_a_command_that_is_only_on_the_path_of_a_person_is_told(tmp_path: Path) -> None:
    made = site(tmp_path, '{ command = ["my-vault", "imap"] }')
    vault = tmp_path / "bin" / "my-vault"
    vault.parent.mkdir()
    vault.write_text("#!/bin/sh\necho word\n")
    vault.chmod(0o700)
    mine = {"PATH": f"{vault.parent}:{CRON['PATH']}"}
    assert made.run("config", "check", env=mine).returncode == 0
    status, said = refused(made)
    assert (status, said) == (
        78,
        "the command my-vault did not start: No such file or directory. "
        "Write its absolute path; the PATH of cron is short\n",
    )
    found = made.run("doctor", "--as-cron", env=mine).stdout
    assert (
        "warn  cron: account.main.password: here: comes from the command my-vault; "
        "under cron: the command my-vault did not start"
    ) in found


def test_a_command_that_leaves_something_running_does_not_hold_up_a_run(tmp_path: Path) -> None:
    made = site(tmp_path, '{ command = ["/bin/sh", "-c", "sleep 25 & echo word"] }')
    assert made.run("config", "check", timeout=15).returncode == 0


def test_a_systemd_credential_is_there_only_in_a_unit(tmp_path: Path) -> None:
    made = site(tmp_path, '{ credential = "imap" }')
    status, said = refused(made)
    assert (status, said.partition(":")[0]) == (78, "there are no systemd credentials")
    folder = tmp_path / "credentials"
    folder.mkdir()
    unit = {"CREDENTIALS_DIRECTORY": str(folder)}
    status, said = refused(made, unit)
    assert (status, said) == (
        78,
        f"the file {folder}/imap does not exist. Add LoadCredential=imap:/path to the unit\n",
    )
    (folder / "imap").write_text("word")
    (folder / "imap").chmod(0o400)
    assert made.run("config", "check", env=unit).returncode == 0


def test_octets_of_the_environment_that_are_no_utf8_are_told(tmp_path: Path) -> None:
    made = site(tmp_path, '{ env = "WORD" }')
    command = [os.fsencode(MAILPOLL), b"--config", os.fsencode(made.config), b"config", b"check"]
    env = {**{key.encode(): value.encode() for key, value in CRON.items()}, b"WORD": b"w\xf6rd"}
    result = subprocess.run(command, env=env, capture_output=True, text=True, check=False)
    assert (result.returncode, "the secret is not UTF-8" in result.stderr) == (78, True), result.stderr


@pytest.fixture(scope="module")
def dovecot(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Dovecot]:
    require(missing() or "Dovecot", not missing())
    passdb = f"passdb {{\n  driver = static\n  args = password={UTF8_PASSWORD}\n}}\n"
    with Dovecot(tmp_path_factory.mktemp("dovecot"), extra_config=passdb) as server:
        yield server


@pytest.mark.parametrize("ending", ["", "\n", "\r\n"])
def test_a_password_beyond_ascii_logs_in_from_a_file_with_any_line_end(
    ending: str, dovecot: Dovecot, tmp_path: Path
) -> None:
    made = Site(tmp_path, dovecot, "utf8@example.com")
    (tmp_path / "imap-password").write_bytes(f"{UTF8_PASSWORD}{ending}".encode())
    result = made.run("fetch")
    assert (result.returncode, result.stderr) == (0, "")


def test_a_password_beyond_ascii_logs_in_from_the_environment_of_a_c_locale(dovecot: Dovecot, tmp_path: Path) -> None:
    made = Site(tmp_path, dovecot, "utf8@example.com")
    made.config.write_text(made.config.read_text().replace('{ file = "imap-password" }', '{ env = "WORD" }'))
    result = made.run("fetch", env={"WORD": UTF8_PASSWORD, "LC_ALL": "C"})
    assert (result.returncode, result.stderr) == (0, "")
