"""Posts as programs: one run per post, the raw mail on standard input, the facts in the environment."""

from __future__ import annotations

import errno
import os
import shutil
import signal
import subprocess
import tempfile
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from datetime import datetime
from typing import IO, ClassVar, Literal, Protocol

from mailpoll.destinations.kind import Kind, Question, Way
from mailpoll.errors import DestinationRefused, Later, MessageError, PermanentFailure, TemporaryFailure, Unanswered
from mailpoll.model import Finding, Limits, Post, Receipt
from mailpoll.settings import CommandSettings, SecretRef

EX_TEMPFAIL = 75  # sysexits.h: try again later
MAX_BODY = 32 * 1024  # octets of MAILPOLL_BODY; Linux refuses a variable over 128 KB
_MAX_VALUE = 8 * 1024  # octets of any other variable
_CUT = "\n[cut here: the whole mail is on standard input]"
_GRACE = 2.0  # seconds between asking a program to end and ending it
_TAIL = 4096  # octets of its standard error that are kept
_PASSED_ON = ("PATH", "HOME", "USER", "LOGNAME", "LANG", "LC_ALL", "TZ", "TMPDIR")
_DEFAULT_PATH = "/usr/local/bin:/usr/bin:/bin"

# What starting a program can fail with, and whose fault it is.
_PROGRAM_AT_FAULT = {errno.ENOENT, errno.EACCES, errno.ENOEXEC, errno.ENOTDIR, errno.EPERM, errno.ELOOP, errno.EISDIR}
_POST_AT_FAULT = {errno.E2BIG}


class Raw(Protocol):
    """Where the bytes of the mail come from."""

    def raw(self) -> Iterator[bytes]: ...


class CommandDestination:
    """A program. Exit 0: taken; 75: later; any other: never. Ended by the time limit or a signal: nobody knows.

    Args:
        name: what the destination is called, for errors.
        settings: its section.
        secret: as all kinds are given it; a command has none.
        env: the environment of which a few variables are passed on; that of the process unless given.
    """

    kind: ClassVar[Kind] = Kind(
        name="command",
        promise="at least once; after a time-out the post is held for a person, unless on_uncertain says repost",
        service="a program on this machine, started for each mail",
        takes="the raw mail on standard input, facts in the environment; exit 0 taken, 75 later, others never",
        limits=Limits(),
        example="""\
[destination.NAME]
kind = "command"
command = ["/usr/local/bin/ticket", "--new"]    # no shell; absolute path
timeout = 60                                    # seconds
""",
        ways=(Way("command", "a program", (Question("command", "Program and its arguments, as an absolute path"),)),),
    )
    askable = False

    def __init__(
        self,
        name: str,
        settings: CommandSettings,
        secret: Callable[[SecretRef, str], str] | None = None,
        *,
        env: Mapping[str, str] | None = None,
    ) -> None:
        self.name = name
        self.limits = self.kind.limits
        self.on_uncertain: Literal["repost", "hold"] = settings.on_uncertain
        self._command = settings.command
        self._timeout = settings.timeout
        source = os.environ if env is None else env
        self._env = {"PATH": _DEFAULT_PATH, **{name: source[name] for name in _PASSED_ON if name in source}}
        self._process: subprocess.Popen[bytes] | None = None
        self._stopped = False

    @classmethod
    def limits_of(cls, settings: CommandSettings) -> Limits:
        """What a destination with these settings takes."""
        return cls.kind.limits

    def post(self, post: Post, content: Raw) -> Receipt:
        """An empty receipt when the program took the post; raises as delivery.Destination says."""
        with self._spool(content) as mail:
            self._process = process = self._start(post, mail)
        if self._stopped:
            _end(process)
        stderr = _Tail(process)
        try:
            status = process.wait(self._timeout)
        except subprocess.TimeoutExpired:
            _end(process)
            what = f"did not end within {self._timeout:g} seconds and was ended"
            raise Unanswered(what + stderr.told(), about=self._about) from None
        except BaseException:
            _end(process)
            raise
        self._judge(status, stderr)
        return Receipt()

    def stop(self) -> None:
        """Ends the program that is at work; none begins any more, or not for long."""
        self._stopped = True
        if self._process is not None and self._process.poll() is None:
            _end(self._process)

    def find(self, post: Post, since: datetime, taken: Callable[[str], bool]) -> Receipt | None:
        """None: a program cannot be asked."""
        return None

    def check(self) -> tuple[Finding, ...]:
        """Whether the program is there and may be run; it is not run."""
        found = shutil.which(self._command[0], path=self._env["PATH"])
        if found:
            return (Finding("ok", f"{self.name}: {found} can be run"),)
        reason = "may not be run" if os.path.exists(self._command[0]) else "is missing"
        return (Finding("fail", f"{self.name}: {self._command[0]} {reason}", self._advice),)

    @property
    def _about(self) -> str:
        return f"destination.{self.name}"

    @property
    def _advice(self) -> str:
        return f"Check {self._about}.command: an absolute path, executable, with its interpreter"

    def _spool(self, content: Raw) -> IO[bytes]:
        """The mail in a nameless file: a program that reads slowly, or not at all, holds nobody up."""
        file = tempfile.TemporaryFile(prefix="mailpoll-")  # noqa: SIM115 - handed on open
        try:
            for piece in content.raw():
                file.write(piece)
            file.seek(0)
        except OSError as error:
            file.close()
            raise TemporaryFailure(f"the mail cannot be spooled: {error.strerror}", about=self._about) from None
        except BaseException:
            file.close()
            raise
        return file

    def _start(self, post: Post, mail: IO[bytes]) -> subprocess.Popen[bytes]:
        try:
            return subprocess.Popen(
                self._command,
                stdin=mail,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.PIPE,
                cwd="/",
                env={**self._env, **facts(post)},
                start_new_session=True,
            )
        except OSError as error:
            raise self._refusal(error) from None

    def _refusal(self, error: OSError) -> MessageError:
        what = f"{self._command[0]} did not start: {(error.strerror or 'unknown error').lower()}"
        if error.errno in _PROGRAM_AT_FAULT:
            return DestinationRefused(what, about=self._about, advice=self._advice)
        if error.errno in _POST_AT_FAULT:
            return PermanentFailure(what, about=self._about)
        return TemporaryFailure(what, about=self._about)

    def _judge(self, status: int, stderr: _Tail) -> None:
        if status == 0:
            return
        if status < 0:
            raise Unanswered(f"was ended by {_signal_name(-status)}{stderr.told()}", about=self._about)
        what = f"ended with status {status}{stderr.told()}"
        raise (Later if status == EX_TEMPFAIL else PermanentFailure)(what, about=self._about)


class _Tail:
    """The end of what a program writes to standard error, read by a thread so that the program never waits for us."""

    def __init__(self, process: subprocess.Popen[bytes]) -> None:
        self._kept = b""
        self._thread = threading.Thread(target=self._read, args=(process.stderr,), daemon=True, name="stderr")
        self._thread.start()

    def _read(self, stream: IO[bytes]) -> None:
        with stream:
            while piece := os.read(stream.fileno(), 65536):
                self._kept = (self._kept + piece)[-_TAIL:]

    def told(self) -> str:
        """The last line that is not blank, printable, at most 200 characters, behind a colon; "" when there is none."""
        self._thread.join(1.0)  # a program may leave a child behind that keeps the pipe open
        lines = [line.strip() for line in self._kept.decode("utf-8", "replace").splitlines()]
        last = next((line for line in reversed(lines) if line), "")
        return last and ": " + "".join(char if char.isprintable() else " " for char in last)[:200]


def facts(post: Post) -> dict[str, str]:
    """The environment variables that tell a program about its post."""
    one_line = {
        "MAILPOLL_CHANNEL": post.channel,
        "MAILPOLL_PLACE": post.place,
        "MAILPOLL_TOPIC": post.topic,
        "MAILPOLL_SUBJECT": post.subject,
        "MAILPOLL_FROM": post.sender,
        "MAILPOLL_ADDRESS": post.address,
        "MAILPOLL_TAG": post.tag,
        "MAILPOLL_MESSAGE_ID": post.message_id,
        "MAILPOLL_AUTOMATIC": post.automatic,
        "MAILPOLL_KEY": post.key,
    }
    values = {name: _cut(" ".join(_clean(value).split("\n")), _MAX_VALUE, "") for name, value in one_line.items()}
    values["MAILPOLL_BODY"] = _cut(_clean(post.body), MAX_BODY, _CUT)
    return values


def _clean(value: str) -> str:
    """`value` without NUL and half surrogate pairs, which an environment cannot carry, and CR, which hides text."""
    return value.replace("\0", "").replace("\r", "").encode("utf-8", "replace").decode()


def _cut(value: str, octets: int, note: str) -> str:
    """`value` in at most `octets` octets of UTF-8, ending in `note` where something is missing."""
    data = value.encode()
    if len(data) <= octets:
        return value
    return data[: octets - len(note.encode())].decode("utf-8", "ignore") + note


def _end(process: subprocess.Popen[bytes]) -> None:
    """End the program and what it started: asked first, then made to."""
    with suppress(ProcessLookupError, PermissionError):
        os.killpg(process.pid, signal.SIGTERM)
    with suppress(subprocess.TimeoutExpired):
        process.wait(_GRACE)
    with suppress(ProcessLookupError, PermissionError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()


def _signal_name(number: int) -> str:
    try:
        return signal.Signals(number).name
    except ValueError:
        return f"signal {number}"
