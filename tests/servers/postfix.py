"""A private Postfix with TLS and AUTH, run by root, that delivers into one Maildir and never leaves loopback."""

from __future__ import annotations

import os
import pwd
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import Self

import pytest

from servers import READY_WITHIN, dovecot, free_port, require, wait_for_greeting
from servers.certs import Authority
from servers.mail import PASSWORD, USER

LOCAL_DOMAIN = "example.com"

# Regular expressions of POSIX, against the whole address.
OWNED = (r"gateway@example\.com", r"username@example\.com")
NOREPLY = r"noreply(-[0-9a-z]+)?@example\.com"

_MASTER = Path("/usr/lib/postfix/sbin/master")

_MAIN = """\
compatibility_level = 3.6
queue_directory = {home}/queue
data_directory = {home}/data
maillog_file = {folder}/postfix.log
maillog_file_prefixes = {folder}
myhostname = mail.example.com
mydestination =
mynetworks =
inet_interfaces = 127.0.0.1
inet_protocols = ipv4
alias_maps =
local_recipient_maps =
# Every mail that is taken ends in the Maildir, wherever it was addressed to: nothing asks DNS or connects anywhere.
disable_dns_lookups = yes
smtpd_peername_lookup = no
default_transport = virtual:
relay_transport = virtual:
virtual_mailbox_domains = {domain}
virtual_mailbox_base = {home}/mail
virtual_mailbox_maps = regexp:{home}/conf/mailboxes
virtual_mailbox_limit = 0
virtual_uid_maps = static:{uid}
virtual_gid_maps = static:{gid}
message_size_limit = {size_limit}
smtpd_tls_chain_files = {key} {certificate}
smtpd_tls_auth_only = yes
smtpd_sasl_type = dovecot
smtpd_sasl_path = {home}/auth
smtpd_sender_login_maps = regexp:{home}/conf/owned
smtpd_relay_restrictions = permit_sasl_authenticated reject_unauth_destination
# The tests are one client with many mistakes and connections.
smtpd_error_sleep_time = 0
smtpd_client_event_limit_exceptions = 127.0.0.0/8
in_flow_delay = 0
"""

_SUBMISSION = "-o smtpd_sasl_auth_enable=yes -o smtpd_sender_restrictions=reject_sender_login_mismatch"

_SERVICES = f"""\
127.0.0.1:{{starttls_port}} inet n - n - - smtpd {_SUBMISSION} -o smtpd_tls_security_level=may
127.0.0.1:{{strict_port}} inet n - n - - smtpd {_SUBMISSION} -o smtpd_tls_security_level=may
    -o smtpd_sender_login_maps=regexp:{{home}}/conf/owned-strictly
127.0.0.1:{{tls_port}} inet n - n - - smtpd {_SUBMISSION} -o smtpd_tls_wrappermode=yes
127.0.0.1:{{local_port}} inet n - n - - smtpd
cleanup unix n - n - 0 cleanup
qmgr unix n - n 300 1 qmgr
tlsmgr unix - - n 1000? 1 tlsmgr
rewrite unix - - n - - trivial-rewrite
bounce unix - - n - 0 bounce
defer unix - - n - 0 bounce
trace unix - - n - 0 bounce
flush unix n - n 1000? 0 flush
proxymap unix - - n - - proxymap
retry unix - - n - - error
error unix - - n - - error
virtual unix - n n - - virtual
anvil unix - - n - 1 anvil
postlog unix-dgram n - n - 1 postlogd
"""

_STARTS = 3
_QUEUES = "active bounce corrupt defer deferred flush hold incoming private saved trace"

_AUTH_FOR_POSTFIX = """\
service auth {{
  unix_listener {home}/auth {{
    mode = 0666
  }}
}}
"""


def missing() -> str:
    """Why Postfix cannot be started here by root; empty when it can."""
    return dovecot.missing() if _MASTER.exists() else "Postfix (Debian: postfix)"


def require_postfix() -> None:
    """Skip the running test, in CI too, for ordinary users; for root as `require` does."""
    if os.getuid() != 0:
        pytest.skip("Postfix is started by root only")
    require(missing() or "Postfix", not missing())


class Postfix:
    """A running server, as a context manager; its log stays in `folder`, mail goes when it ends.

    Whoever logs in with the password of servers.mail is let in, after TLS only. Logged in, mail may go anywhere;
    without, to `LOCAL_DOMAIN` only, where each address but unknown@ exists. All of it is in `received()`.

    Args:
        owned_senders: regular expressions for the senders that `user` may use on `starttls_port` and `tls_port`; on
            `strict_port` it is OWNED alone, on `local_port` nobody asks.
        size_limit: the octets of the largest mail.
        certificate: (certificate, key) files instead of good ones for localhost.
    """

    host = "localhost"
    user = USER
    password = PASSWORD

    def __init__(
        self,
        folder: Path,
        *,
        owned_senders: Sequence[str] = (*OWNED, NOREPLY),
        size_limit: int = 10240000,
        certificate: tuple[Path, Path] | None = None,
    ) -> None:
        self._folder = folder
        self._owned = owned_senders
        self._size_limit = size_limit
        authority = Authority(folder / "certs")
        self.ca_file = authority.ca_file
        self._certificate, self._key = certificate or authority.issue()
        self._choose_ports()
        self._dovecot: dovecot.Dovecot | None = None
        self._process: subprocess.Popen[bytes] | None = None

    def _choose_ports(self) -> None:
        self.starttls_port = free_port()
        self.strict_port = free_port()
        self.tls_port = free_port()
        self.local_port = free_port()

    def __enter__(self) -> Self:
        for _ in range(_STARTS - 1):
            try:
                return self._started()
            except RuntimeError:  # one of the ports was taken since
                self._choose_ports()
        return self._started()

    def _started(self) -> Self:
        # Sockets need a short path, and Postfix's own users one that root's private folders do not close.
        self._home = Path(tempfile.mkdtemp(prefix="mp"))
        self._home.chmod(0o755)
        try:
            self._configure()
            place = self._folder / "dovecot"
            place.mkdir(exist_ok=True)
            extra = _AUTH_FOR_POSTFIX.format(home=self._home)
            self._dovecot = dovecot.Dovecot(place, extra_config=extra).__enter__()
            command = [_MASTER, "-c", self._home / "conf"]
            with (self._folder / "master.log").open("wb") as errors:
                self._process = subprocess.Popen(
                    command, stdin=subprocess.DEVNULL, stderr=errors, start_new_session=True
                )
            wait_for_greeting(self.local_port, b"220", self._gone)
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
        if self._process is not None:
            with suppress(ProcessLookupError):
                os.killpg(self._process.pid, signal.SIGKILL)
            self._process.wait()
            self._process = None
        if self._dovecot is not None:
            self._dovecot.stop()
            self._dovecot = None
        shutil.rmtree(self._home, ignore_errors=True)

    def log(self) -> str:
        """What the server logged so far."""
        path = self._folder / "postfix.log"
        return path.read_text() if path.exists() else ""

    def received(self, count: int = 0) -> list[bytes]:
        """The mails delivered since the start or `forget`, oldest first, once there are `count`; one per recipient.

        Postfix wrote Return-Path, X-Original-To, Delivered-To and Received over each. Line ends are LF.
        """
        until = time.monotonic() + READY_WITHIN
        while len(found := self._delivered()) < count:
            if time.monotonic() > until:
                raise TimeoutError(f"{len(found)} of {count} mails were delivered; {self.log()[-2000:]}")
            time.sleep(0.01)
        return [path.read_bytes() for path in found]

    def forget(self) -> None:
        """Remove the mails delivered so far."""
        for path in self._delivered():
            path.unlink()

    def _delivered(self) -> list[Path]:
        return sorted((self._home / "mail/all/new").glob("*"), key=lambda path: (path.stat().st_mtime_ns, path.name))

    def _configure(self) -> None:
        postfix, nobody = pwd.getpwnam("postfix"), pwd.getpwnam("nobody")
        conf = self._home / "conf"
        for name in ("conf", "mail", "data", "queue", "queue/pid", "queue/public"):
            (self._home / name).mkdir()
        for name in _QUEUES.split():
            (self._home / "queue" / name).mkdir(mode=0o700)
            os.chown(self._home / "queue" / name, postfix.pw_uid, -1)
        os.chown(self._home / "mail", nobody.pw_uid, nobody.pw_gid)
        for name in ("data", "queue/public"):
            os.chown(self._home / name, postfix.pw_uid, -1)
        facts = {
            "home": self._home,
            "folder": self._folder,
            "domain": LOCAL_DOMAIN,
            "uid": nobody.pw_uid,
            "gid": nobody.pw_gid,
            "size_limit": self._size_limit,
            "certificate": self._certificate,
            "key": self._key,
        }
        (conf / "main.cf").write_text(_MAIN.format(**facts))
        (conf / "master.cf").write_text(_SERVICES.format(home=self._home, **vars(self)))
        (conf / "mailboxes").write_text("!/^unknown@/ all/\n")
        (conf / "owned").write_text("".join(f"/^({sender})$/ {self.user}\n" for sender in self._owned))
        (conf / "owned-strictly").write_text("".join(f"/^({sender})$/ {self.user}\n" for sender in OWNED))
        for path in conf.iterdir():
            os.utime(path, (0, 0))  # Postfix waits a second and more for files that somebody may be writing just now

    def _gone(self) -> str:
        if self._process is None or self._process.poll() is None:
            return ""
        told = self.log()[-2000:] or (self._folder / "master.log").read_text()
        return f"status {self._process.returncode}, {told}"
