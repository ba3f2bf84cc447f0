"""The floor and the other mail fetchers, set up as their documentation begins, to do what they can of the same work."""

from __future__ import annotations

import os
import pwd
import shutil
import subprocess
import sys
from pathlib import Path

from servers.dovecot import Dovecot

from benchmark.mailbag import Inbox
from benchmark.site import without_own_variables
from benchmark.timing import Command, Failed

FLOOR = "imaplib"
CLIENTS = Path(__file__).with_name("clients")
# The environment that scripts/bench makes for what comes from PyPI.
ENVIRONMENT = Path(__file__).resolve().parents[2] / ".venv-bench"

_FETCHMAIL = """\
set no bouncemail
set idfile "{folder}/fetchids"
poll localhost service {port} proto IMAP
  user "{user}" password "{password}" ssl sslcertck sslcertfile "{ca_file}"
  mda "cat >/dev/null" keep fetchlimit 0
"""

_GETMAIL = """\
[retriever]
type = SimpleIMAPSSLRetriever
server = localhost
port = {port}
username = {user}
password = {password}
ca_certs = {ca_file}
mailboxes = ("INBOX",)
imap_search = UNSEEN

[destination]
type = Maildir
path = {folder}/taken/

[options]
read_all = false
delete = false
verbose = 0
delivered_to = false
received = false
message_log_syslog = false
"""

_MBSYNC = """\
IMAPAccount bench
Host localhost
Port {port}
User {user}
Pass {password}
SSLType IMAPS
CertificateFile {ca_file}
AuthMechs LOGIN

IMAPStore there
Account bench

MaildirStore here
Path {folder}/
Inbox {folder}/taken

Channel bench
Far :there:
Near :here:
Create Near
Sync Pull
SyncState *
"""


class Peers:
    """Makes the commands for one inbox. `port` is where its server is reached, over a proxy for example."""

    def __init__(self, server: Dovecot, inbox: Inbox, folder: Path, port: int = 0) -> None:
        self._inbox, self._folder = inbox, folder
        self._words = {
            "user": inbox.user,
            "password": server.password,
            "port": str(port or server.imaps_port),
            "ca_file": str(server.ca_file),
        }

    def made(self, *names: str, mails: int = 0) -> tuple[list[Command], list[str]]:
        """The commands that can be run here, and the names of those that cannot; each must take so many mails."""
        made, missing = [], []
        for name in names:
            command = getattr(self, f"_{name.rstrip('6')}")(mails)
            if command is None:
                missing.append(name)
            else:
                made.append(command)
        return made, missing

    def _imaplib(self, _: int) -> Command:
        return self._python(FLOOR, sys.executable)

    def _imapclient(self, _: int) -> Command:
        return self._python("imapclient", sys.executable)

    def _imap_tools(self, _: int) -> Command | None:
        python = ENVIRONMENT / "bin" / "python"
        return self._python("imap_tools", str(python)) if version_of("imap_tools") else None

    def _python(self, name: str, python: str) -> Command:
        words = self._words
        script = str(CLIENTS / f"with_{name}.py")
        argv = (python, script, "localhost", words["port"], words["ca_file"], words["user"], words["password"])
        return Command(name, argv, without_own_variables(), check=self._none_unseen(name))

    def _fetchmail(self, _: int) -> Command | None:
        if not version_of("fetchmail"):
            return None
        folder, config = self._written("fetchmail", "fetchmailrc", _FETCHMAIL)
        argv = ("fetchmail", "--nosyslog", "--silent", "-f", str(config), "--pidfile", str(folder / "pid"))
        return Command("fetchmail", argv, {**without_own_variables(), "HOME": str(folder)}, check=self._none_unseen("fetchmail"))  # fmt: skip # noqa: E501

    def _getmail(self, mails: int) -> Command | None:
        """getmail keeps its own list of what it has; it refuses to deliver as root, so it is not started as root."""
        if not version_of("getmail6"):
            return None
        folder, config = self._written("getmail6", "getmailrc", _GETMAIL)
        argv = [*_ordinary(), str(ENVIRONMENT / "bin" / "getmail"), f"--getmaildir={folder}", f"--rcfile={config}"]
        taken = folder / "taken"

        def fresh() -> None:
            shutil.rmtree(taken, ignore_errors=True)
            for part in (taken, taken / "new", taken / "cur", taken / "tmp"):
                part.mkdir(mode=0o700)
            for path in (folder, taken, *taken.iterdir(), config):
                _give_away(path)
            for file in folder.glob("oldmail*") if mails else ():
                file.unlink()

        return Command("getmail6", tuple(argv), without_own_variables(), fresh, _has_taken("getmail6", taken, mails))

    def _mbsync(self, mails: int) -> Command | None:
        if not version_of("mbsync"):
            return None
        folder, config = self._written("mbsync", "mbsyncrc", _MBSYNC)
        taken = folder / "taken"
        argv = ("mbsync", "-q", "-c", str(config), "bench")

        def fresh() -> None:
            shutil.rmtree(taken, ignore_errors=True)

        return Command("mbsync", argv, without_own_variables(), fresh, _has_taken("mbsync", taken, mails))

    def _written(self, name: str, file: str, text: str) -> tuple[Path, Path]:
        folder = self._folder / name
        folder.mkdir(parents=True, exist_ok=True)
        config = folder / file
        config.write_text(text.format(folder=folder, **self._words))
        config.chmod(0o600)
        return folder, config

    def _none_unseen(self, name: str) -> object:
        def check() -> None:
            if left := self._inbox.unseen():
                raise Failed(f"{name} left {left} mails unseen")

        return check


def _has_taken(name: str, maildir: Path, mails: int) -> object:
    def check() -> None:
        there = len(list((maildir / "new").iterdir())) if (maildir / "new").exists() else 0
        if mails and there != mails:
            raise Failed(f"{name} took {there} of {mails} mails")

    return check


def _ordinary() -> list[str]:
    """What to put before a command that must not be root's; it may read what root holds, like the interpreter."""
    if os.geteuid() != 0:
        return []
    may_read = ["--inh-caps=+dac_read_search", "--ambient-caps=+dac_read_search"]
    nobody = pwd.getpwnam("nobody")
    return ["setpriv", f"--reuid={nobody.pw_uid}", f"--regid={nobody.pw_gid}", "--clear-groups", *may_read, "--"]


def _give_away(path: Path) -> None:
    if os.geteuid() == 0:
        os.chown(path, pwd.getpwnam("nobody").pw_uid, -1)


def version_of(name: str) -> str:
    """The version of a peer as it tells it; empty when it is not here."""
    asked = {
        "dovecot": ["dovecot", "--version"],
        "fetchmail": ["fetchmail", "--version"],
        "mbsync": ["mbsync", "--version"],
        "getmail6": [str(ENVIRONMENT / "bin" / "python"), "-c", _METADATA.format("getmail6")],
        "imap_tools": [str(ENVIRONMENT / "bin" / "python"), "-c", _METADATA.format("imap-tools")],
        "imapclient": [sys.executable, "-c", _METADATA.format("imapclient")],
    }[name]
    env = {**without_own_variables(), "HOME": "/"}  # fetchmail tells nothing without one that is there
    program = shutil.which(asked[0], path=env["PATH"])
    if program is None:
        return ""
    done = subprocess.run([program, *asked[1:]], capture_output=True, text=True, check=False, env=env)
    words = done.stdout.split("\n")[0].split()
    return next((word for word in words if word[0].isdigit()), "").partition("+")[0] if not done.returncode else ""


_METADATA = "import importlib.metadata as m; print(m.version('{}'))"
