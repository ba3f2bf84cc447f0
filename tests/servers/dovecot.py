"""A private Dovecot 2.3 with plaintext, STARTTLS and TLS ports, run as root or as an ordinary user."""

from __future__ import annotations

import grp
import os
import pwd
import shutil
import signal
import subprocess
import tempfile
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import Self

from servers import free_port, wait_for_greeting
from servers.certs import Authority
from servers.mail import PASSWORD, USER, MailAccess

# Debian keeps the daemon outside an ordinary user's PATH.
_PATH = os.pathsep.join((os.environ.get("PATH", ""), "/usr/sbin", "/usr/local/sbin"))

_CONF = """\
base_dir = {run}
state_dir = {run}
instance_name = mailpoll-{imaps_port}
log_path = {folder}/dovecot.log
protocols = imap
listen = 127.0.0.1
{identity}
ssl = yes
ssl_cert = <{certificate}
ssl_key = <{key}
disable_plaintext_auth = no
auth_mechanisms = plain login
# A wrong password costs seconds otherwise, and so does the next good one from the same address.
auth_failure_delay = 0
mail_max_userip_connections = 0
mail_location = maildir:{mail}/%u
mail_fsync = never
mailbox_list_index = yes
passdb {{
  driver = static
  args = password={password}
}}
userdb {{
  driver = static
  args = uid={uid} gid={gid} home={run}/home/%u allow_all_users=yes
}}
namespace inbox {{
  inbox = yes
  separator = /
}}
service imap-login {{
  chroot =
  service_count = 0
  inet_listener imap {{
    port = {imap_port}
  }}
  inet_listener imaps {{
    port = {imaps_port}
    ssl = yes
  }}
}}
# Without anvil there is no penalty per address: the tests are one address with many wrong passwords.
service anvil {{
  chroot =
  unix_listener anvil-auth-penalty {{
    mode = 0
  }}
}}
{extra}
"""


def missing() -> str:
    """Why Dovecot cannot be started here; empty when it can."""
    program = _program()
    if not program:
        return "Dovecot (Debian: dovecot-imapd)"
    version = subprocess.run([program, "--version"], capture_output=True, text=True, check=False).stdout
    return "" if version.startswith("2.3") else f"Dovecot 2.3 (found {version.strip() or 'no version'})"


class Dovecot(MailAccess):
    """A running server, as a context manager; configuration and log stay in `folder`, mail goes when it ends.

    Every user name is accepted with the password of servers.mail, and has mail of its own.

    Args:
        capability: replaces what the server says of itself ("IMAP4rev1 LITERAL+" hides UIDPLUS and MOVE).
        extra_config: lines for the end of dovecot.conf.
        certificate: (certificate, key) files of its TLS ports, instead of good ones for localhost.
    """

    def __init__(
        self,
        folder: Path,
        *,
        capability: str | None = None,
        extra_config: str = "",
        certificate: tuple[Path, Path] | None = None,
    ) -> None:
        self._folder = folder
        self._extra = extra_config
        if capability is not None:
            self._extra += f"\nimap_capability = {capability}\n"
        authority = Authority(folder / "certs")
        self.ca_file = authority.ca_file
        self._certificate, self._key = certificate or authority.issue()
        self.imap_port = free_port()
        self.imaps_port = free_port()
        self._process: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> Self:
        # Sockets need a short path (108 octets at most), and `nobody` one that root's private folders do not close.
        self._home = Path(tempfile.mkdtemp(prefix="mp"))
        for name in ("run", "mail"):
            (self._home / name).mkdir()
        uid, gid, identity = _identity()
        if os.getuid() == 0:
            self._home.chmod(0o755)
            os.chown(self._home / "mail", uid, gid)
        conf = self._folder / "dovecot.conf"
        conf.write_text(
            _CONF.format(
                run=self._home / "run",
                mail=self._home / "mail",
                folder=self._folder,
                identity=identity,
                certificate=self._certificate,
                key=self._key,
                password=PASSWORD,
                uid=uid,
                gid=gid,
                imap_port=self.imap_port,
                imaps_port=self.imaps_port,
                extra=self._extra,
            )
        )
        command = [_program(), "-F", "-c", str(conf)]
        self._process = subprocess.Popen(command, stdin=subprocess.DEVNULL, start_new_session=True)
        try:
            wait_for_greeting(self.imap_port, b"* OK", self._gone)
        except BaseException:
            self.stop()
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    def stop(self) -> None:
        """End the server and remove its mail; once ended, calling it again does nothing."""
        if self._process is None:
            return
        # Asked politely Dovecot takes a second to end, with nothing of ours to save: end the process group we made.
        with suppress(ProcessLookupError):
            os.killpg(self._process.pid, signal.SIGKILL)
        self._process.wait()
        self._process = None
        shutil.rmtree(self._home, ignore_errors=True)

    def log(self) -> str:
        """What the server logged so far."""
        path = self._folder / "dovecot.log"
        return path.read_text() if path.exists() else ""

    def maildir(self, user: str = USER) -> Path:
        """The Maildir++ of `user`."""
        return self._home / "mail" / user

    def home(self, user: str = USER) -> Path:
        """The home folder of `user`, which may not be there yet."""
        return self._home / "run" / "home" / user

    def new_uidvalidity(self, folder: str = "INBOX", user: str = USER) -> None:
        """Take the folder's UID list away, as a restore from a backup does: new UIDVALIDITY, UIDs counted from 1."""
        place = self.maildir(user) if folder == "INBOX" else self.maildir(user) / f".{folder.replace('/', '.')}"
        for path in (*place.glob("dovecot.index*"), *self.maildir(user).glob("dovecot.list.index*")):
            path.unlink()
        (place / "dovecot-uidlist").unlink()

    def _gone(self) -> str:
        if self._process is None or self._process.poll() is None:
            return ""
        return self.log()[-2000:] or f"status {self._process.returncode}"


def _program() -> str:
    return shutil.which("dovecot", path=_PATH) or ""


def _identity() -> tuple[int, int, str]:
    """The uid and gid that own mail, and the settings that name the users of Dovecot's own processes."""
    valid = "first_valid_uid = 1\nfirst_valid_gid = 1"
    if os.getuid() == 0:  # Dovecot refuses to touch mail as root
        nobody = pwd.getpwnam("nobody")
        return nobody.pw_uid, nobody.pw_gid, valid
    uid, gid = os.getuid(), os.getgid()
    me, group = pwd.getpwuid(uid).pw_name, grp.getgrgid(gid).gr_name
    own = f"default_internal_user = {me}\ndefault_internal_group = {group}\ndefault_login_user = {me}"
    return uid, gid, f"{own}\n{valid}"
