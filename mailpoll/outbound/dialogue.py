"""smtplib, with a limit of time for each step, bounds on what a server may say, and a transcript without secrets."""

from __future__ import annotations

import smtplib
import socket
import ssl
import time
from collections.abc import Callable

from mailpoll.outbound.happening import Happening, Reply, Stopped, printable, reply_of
from mailpoll.outbound.steps import TITLES
from mailpoll.redaction import HIDDEN, Mask

# RFC 5321 §4.5.3.1.5 allows replies 512 octets a line; servers take more liberty.
MAX_LINE = 8 * 1024
MAX_LINES = 200
_PIECE = 16 * 1024
_ABOUT_THE_NAME = ("helo command rejected", "argument", "hostname", "host name", "helo name", "fqdn", "qualified")


class Dialogue(smtplib.SMTP):
    """A conversation over a connected socket. `stage` and `limit()` are set by whoever leads it.

    Every method raises Stopped, with the stage, for what the network, TLS or the server did.
    """

    def __init__(self, sock: socket.socket, host: str, mask: Mask, helo: str) -> None:
        """`host` is the name that its certificate must be for, in A-labels."""
        super().__init__(local_hostname=helo)
        self.sock: socket.socket | None = sock
        self.transcript: list[str] = []
        self.overheard: Callable[[str], None] = lambda _: None  # told of each line of the transcript as it is said
        self.stage = "greeting"
        self._server = host
        self._mask = mask
        self._heard = bytearray()
        self._until = 0.0
        self._waited = ""

    def limit(self, seconds: float) -> None:
        """From now on the server has so many seconds, for all that it says and takes."""
        self._until = time.monotonic() + seconds
        self._waited = f"{TITLES.get(self.stage, self.stage)}, within {max(seconds, 0.1):.2g} s"

    def greeted(self) -> Reply:
        """What the server says first."""
        return self.answer()

    def command(self, verb: str, arguments: str = "") -> Reply:
        """A command and the reply to it."""
        self._sent(f"{verb} {arguments}".rstrip())
        self.putcmd(verb, arguments)
        return self.answer()

    def secretly(self, verb: str, secret: str) -> Reply:
        """A line of `verb` and what must not be seen; and the reply to it."""
        self._mask.also(secret)
        self._sent(f"{verb} {HIDDEN}".lstrip())
        self.send(f"{verb} {secret}".lstrip() + "\r\n")
        return self.answer()

    def say_hello(self) -> Reply:
        """EHLO, or HELO where that is not known (RFC 5321 §3.2); `esmtp_features` are the extensions offered."""
        self._sent(f"EHLO {self.local_hostname}")
        reply = self._reply(*self.ehlo(self.local_hostname))
        if reply.code in (500, 501, 502, 503, 504) and not self.does_esmtp and not _about_the_name(reply):
            self._sent(f"HELO {self.local_hostname}")
            reply = self._reply(*self.helo(self.local_hostname))
        return reply

    def content(self, data: bytes) -> Reply:
        """The mail itself, dots doubled and ended by a dot (RFC 5321 §4.5.2), and the reply to that."""
        stuffed = data.replace(b"\r\n.", b"\r\n..")
        stuffed = b"." + stuffed if stuffed.startswith(b".") else stuffed
        ended = stuffed if stuffed.endswith(b"\r\n") else stuffed + b"\r\n"
        self._sent(f"({len(data)} octets of mail)")
        self._sent(".")
        self.send(ended + b".\r\n")
        return self.answer()

    def secure(self, context: ssl.SSLContext) -> ssl.SSLSocket:
        """Speaks TLS from now on. What was said before it is forgotten: anyone on the way could have said it."""
        if self._heard:
            raise Stopped(Happening(self.stage, "injected"))
        assert self.sock is not None
        self.sock.settimeout(self._left())
        tls = context.wrap_socket(self.sock, server_hostname=self._server, do_handshake_on_connect=False)
        self.sock = tls
        tls.do_handshake()
        self.helo_resp = self.ehlo_resp = None
        self.esmtp_features = {}
        self.does_esmtp = False
        self.note(f"(TLS: {tls.version()})")
        return tls

    def hang_up(self, seconds: float) -> None:
        """Says QUIT where that can be said within so many seconds, and closes. Never raises."""
        try:
            self.limit(seconds)
            self.stage = "quit"
            if self.sock is not None:
                self.command("QUIT")
        except (Stopped, OSError, ValueError):
            pass
        finally:
            self.abandon()

    def abandon(self) -> None:
        """Closes without a word."""
        sock, self.sock = self.sock, None
        if sock is not None:
            sock.close()

    def answer(self) -> Reply:
        """The next reply."""
        return self._reply(*self.getreply())

    def masked(self, text: str) -> str:
        """`text` without the secrets of this conversation."""
        return self._mask.hide(text)

    def note(self, text: str) -> None:
        """Adds a line of our own to the transcript."""
        self._noted(f"  {text}")

    def send(self, s: str | bytes | bytearray) -> None:  # type: ignore[override]
        """Sends `s`, within the limit; what the server said before it cut the connection is heard all the same."""
        if self.sock is None:
            raise Stopped(Happening(self.stage, "cut"))
        try:
            self.sock.settimeout(self._left())
            self.sock.sendall(s.encode("utf-8") if isinstance(s, str) else s)
        except TimeoutError:
            raise Stopped(Happening(self.stage, "silence", detail=self._waited)) from None
        except (BrokenPipeError, ConnectionResetError, ssl.SSLError):
            self._last_words()
        except OSError as error:
            raise Stopped(Happening(self.stage, "cut", detail=error.strerror or "")) from None

    def _last_words(self) -> None:
        """What a server says before it hangs up is the reason for that: 421, or a refusal of what we were sending."""
        raise Stopped(Happening(self.stage, "reply", self.answer()))

    def getreply(self) -> tuple[int, bytes]:
        """As smtplib's: the code and the lines of a reply (RFC 5321 §4.2.1)."""
        lines: list[bytes] = []
        while True:
            line = self._line()
            shown = printable(self._mask.hide(line.decode("utf-8", "replace")), MAX_LINE)
            self._noted(f"< {shown}")
            code = line[:3]
            if not (len(code) == 3 and code.isdigit() and code[:1] in b"2345" and line[3:4] in (b" ", b"-", b"")):
                raise Stopped(Happening(self.stage, "not-smtp", detail=printable(shown, 80)))
            lines.append(line[4:].strip())
            if line[3:4] != b"-":
                return int(code), b"\n".join(lines)
            if len(lines) >= MAX_LINES:
                raise Stopped(Happening(self.stage, "not-smtp", detail=f"over {MAX_LINES} lines in one reply"))

    def _line(self) -> bytes:
        while (end := self._heard.find(b"\n")) < 0:
            if len(self._heard) > MAX_LINE:
                raise Stopped(Happening(self.stage, "not-smtp", detail=f"a line of over {MAX_LINE} octets"))
            self._heard += self._received()
        line = bytes(self._heard[:end])
        del self._heard[: end + 1]
        return line.rstrip(b"\r")

    def _received(self) -> bytes:
        if self.sock is None:
            raise Stopped(Happening(self.stage, "cut"))
        try:
            self.sock.settimeout(self._left())
            data = self.sock.recv(_PIECE)
        except TimeoutError:
            raise Stopped(Happening(self.stage, "silence", detail=self._waited)) from None
        except ssl.SSLError as error:
            raise Stopped(Happening(self.stage, "cut", detail=printable(error.reason or "TLS"))) from None
        except OSError as error:
            raise Stopped(Happening(self.stage, "cut", detail=error.strerror or "")) from None
        if not data:
            said = printable(self._mask.hide(self._heard.decode("utf-8", "replace")), 80)
            raise Stopped(Happening(self.stage, "cut", detail=f"after {said!r}" if said else ""))
        return data

    def _left(self) -> float:
        return max(self._until - time.monotonic(), 0.001)

    def _reply(self, code: int, words: bytes) -> Reply:
        return reply_of(code, words.decode("utf-8", "replace"), self._mask.hide)

    def _sent(self, text: str) -> None:
        self._noted(f"> {printable(self._mask.hide(text), MAX_LINE)}")

    def _noted(self, line: str) -> None:
        self.transcript.append(line)
        self.overheard(line)


def _about_the_name(reply: Reply) -> bool:
    """Whether the server knows EHLO, and not the name we greet it with."""
    words = reply.words.lower()
    return any(word in words for word in _ABOUT_THE_NAME)
