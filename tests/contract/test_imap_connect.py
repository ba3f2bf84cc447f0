"""Reaching a server: TLS, STARTTLS, logins, and what each failure is called."""

from __future__ import annotations

import logging
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from servers import free_port
from servers.certs import Authority
from servers.dovecot import Dovecot
from servers.mail import PASSWORD
from servers.pymap_server import PymapServer
from servers.scripted_imap import CLOSE, DRIP, HANG, OK, ScriptedImap

from mailpoll.errors import AccessDenied, ConfigError, ProtocolError, RunError, Unavailable
from mailpoll.imap import Line, Session, connect, probe

if TYPE_CHECKING:
    from conftest import Place


def reach(port: int, *, host: str = "127.0.0.1", tls: Any = "none", **changed: Any) -> Session:
    arguments: dict[str, Any] = {"username": "username@example.com", "password": PASSWORD}
    arguments |= {"ca_file": None, "timeout": 10.0, "allow_plaintext": False}
    return connect(host, port, tls, **(arguments | changed))


class TestWays:
    def test_every_way_in_works(self, way: Place) -> None:
        session = way.connect()
        assert "IMAP4REV1" in session.capabilities()
        assert session.open(way.folder).exists == 0

    def test_capabilities_are_those_after_the_login(self, way: Place) -> None:
        offered = way.connect().capabilities()
        assert {"UIDPLUS", "MOVE"} <= offered
        assert "LOGINDISABLED" not in offered

    def test_a_wrong_password_is_denied_in_the_servers_words(self, way: Place) -> None:
        with pytest.raises(AccessDenied) as caught:
            way.connect(password="wrong-horse-battery")
        assert caught.value.about == f"localhost:{way.port}"
        assert "refused the login" in caught.value.what
        assert "wrong-horse" not in str(caught.value)

    def test_close_may_come_twice(self, way: Place) -> None:
        session = way.connect()
        session.close()
        session.close()

    def test_nothing_of_the_login_is_logged(self, way: Place, caplog: pytest.LogCaptureFixture) -> None:
        caplog.set_level(logging.DEBUG)
        way.append(b"Subject: private words\r\n\r\n.\r\n")
        session = way.open()
        assert list(session.fetch(list(session.candidates((1, 101), ["Subject"]))))
        assert PASSWORD not in caplog.text
        assert "private words" not in caplog.text


class TestProbe:
    @pytest.mark.parametrize("tls", ["implicit", "starttls"])
    def test_a_server_is_one_without_any_login(self, dovecot: Dovecot, tls: Any) -> None:
        port = dovecot.imaps_port if tls == "implicit" else dovecot.imap_port
        probe("localhost", port, tls, ca_file=str(dovecot.ca_file), timeout=10.0)

    def test_nothing_of_a_login_is_said(self) -> None:
        with ScriptedImap() as server:
            probe("127.0.0.1", server.port, "none", ca_file=None, timeout=10.0)
            assert server.commands == ["CAPABILITY"]

    def test_what_is_wrong_is_said_as_by_a_login(self, dovecot: Dovecot) -> None:
        with pytest.raises(AccessDenied, match="comes from an unknown authority"):
            probe("localhost", dovecot.imaps_port, "implicit", ca_file=None, timeout=10.0)
        with pytest.raises(Unavailable, match="nothing listens there"):
            probe("127.0.0.1", free_port(), "implicit", ca_file=None, timeout=10.0)


class TestCertificates:
    @pytest.fixture
    def bad(self, tmp_path: Path, dovecot: Dovecot) -> Iterator[Callable[..., tuple[Dovecot, Path]]]:
        """Starts a Dovecot with a certificate of the authority whose file comes along."""
        authority = Authority(tmp_path / "authority")
        running: list[Dovecot] = []

        def start(*issued: Any, **arguments: Any) -> tuple[Dovecot, Path]:
            certificate = authority.issue(*issued, **arguments)
            running.append(Dovecot(tmp_path, certificate=certificate).__enter__())
            return running[-1], authority.ca_file

        yield start
        for server in running:
            server.stop()

    @pytest.mark.parametrize("tls", ["implicit", "starttls"])
    def test_an_unknown_authority_is_denied(self, dovecot: Dovecot, tls: str) -> None:
        port = dovecot.imaps_port if tls == "implicit" else dovecot.imap_port
        with pytest.raises(AccessDenied, match=r"certificate comes from an unknown authority.*ca_file"):
            reach(port, host="localhost", tls=tls)

    @pytest.mark.parametrize("tls", ["implicit", "starttls"])
    def test_another_host_name_is_denied(self, bad: Callable[..., tuple[Dovecot, Path]], tls: str) -> None:
        server, ca_file = bad("imap.example.org")
        port = server.imaps_port if tls == "implicit" else server.imap_port
        with pytest.raises(AccessDenied, match="certificate is for another host name"):
            reach(port, host="localhost", tls=tls, ca_file=str(ca_file))

    def test_an_expired_certificate_is_denied(self, bad: Callable[..., tuple[Dovecot, Path]]) -> None:
        server, ca_file = bad(days=-1)
        with pytest.raises(AccessDenied, match="certificate has expired"):
            reach(server.imaps_port, host="localhost", tls="implicit", ca_file=str(ca_file))

    def test_the_address_in_the_certificate_will_do(self, dovecot: Dovecot) -> None:
        reach(dovecot.imaps_port, tls="implicit", ca_file=str(dovecot.ca_file)).close()

    @pytest.mark.parametrize("content", [None, "no certificate"])
    def test_an_authority_file_that_cannot_be_read_is_named(self, tmp_path: Path, content: str | None) -> None:
        path = tmp_path / "ca.pem"
        if content is not None:
            path.write_text(content)
        with pytest.raises(ConfigError, match=r"ca\.pem"):
            reach(993, tls="implicit", ca_file=str(path))


class TestMixUps:
    def test_tls_on_a_plaintext_port(self, dovecot: Dovecot) -> None:
        with pytest.raises(ConfigError, match=rf'port {dovecot.imap_port} does not speak TLS.*tls = "starttls"'):
            reach(dovecot.imap_port, host="localhost", tls="implicit", ca_file=str(dovecot.ca_file))

    @pytest.mark.parametrize("tls", ["starttls", "none"])
    def test_no_tls_on_a_tls_port(self, dovecot: Dovecot, tls: str) -> None:
        with pytest.raises(Unavailable, match=r'no answer within 0\.2 s.*set tls = "implicit"'):
            reach(dovecot.imaps_port, host="localhost", tls=tls, timeout=0.2)

    def test_starttls_that_is_not_offered_is_no_plaintext(self) -> None:
        with ScriptedImap() as server:
            with pytest.raises(AccessDenied, match="offers no STARTTLS"):
                reach(server.port, tls="starttls")
            assert server.commands == ["CAPABILITY"]

    def test_starttls_that_is_refused_is_no_plaintext(self) -> None:
        answers = {"CAPABILITY": b"* CAPABILITY IMAP4rev1 STARTTLS\r\n" + OK, "STARTTLS": b"%s NO not today\r\n"}
        with ScriptedImap(answers) as server:
            with pytest.raises(RunError):
                reach(server.port, tls="starttls")
            assert server.commands == ["CAPABILITY", "STARTTLS"]

    @pytest.mark.parametrize("tls", ["starttls", "none"])
    def test_a_preauth_greeting_is_no_login(self, tls: str) -> None:
        """On the way to STARTTLS it would skip the encryption (RFC 9051 §6.2.1, as attacks have shown)."""
        answers = {"CAPABILITY": b"* CAPABILITY IMAP4rev1 STARTTLS\r\n" + OK}
        with ScriptedImap(answers, greeting=b"* PREAUTH welcome\r\n") as server:
            with pytest.raises(ProtocolError, match="PREAUTH"):
                reach(server.port, tls=tls)
            assert server.commands == ["CAPABILITY"]

    def test_plaintext_stays_on_this_machine(self) -> None:
        with pytest.raises(ConfigError, match=r"without TLS.*allow_plaintext"):
            reach(143, host="192.0.2.1")

    @pytest.mark.parametrize("host", ["LOCALHOST", "localhost.", "127.0.0.2"])
    def test_whatever_means_this_machine_may_be_asked(self, host: str) -> None:
        with pytest.raises(Unavailable):  # nobody listens there
            reach(1, host=host)

    def test_plaintext_elsewhere_when_allowed(self) -> None:
        with pytest.raises(Unavailable):
            reach(143, host="nowhere.invalid", allow_plaintext=True)


class TestUnreachable:
    def test_an_unknown_host(self) -> None:
        with pytest.raises(Unavailable, match=r"nowhere\.invalid:993: .*(not known|name servers)"):
            reach(993, host="nowhere.invalid", tls="implicit")

    def test_a_closed_port(self) -> None:
        with pytest.raises(Unavailable, match="nothing listens there"):
            reach(free_port())

    def test_a_server_that_says_nothing(self) -> None:
        with ScriptedImap(greeting=HANG) as server, pytest.raises(Unavailable, match=r"no answer within 0\.2 s"):
            reach(server.port, timeout=0.2)

    def test_a_server_that_hangs_up(self) -> None:
        with ScriptedImap(greeting=CLOSE) as server, pytest.raises(Unavailable, match=r"closed the connection|was cut"):
            reach(server.port)

    def test_a_server_that_says_bye(self) -> None:
        greeting = b"* BYE too busy\r\n"
        with ScriptedImap(greeting=greeting) as server, pytest.raises(Unavailable, match="too busy"):
            reach(server.port)

    def test_a_server_of_another_protocol(self) -> None:
        greeting = b"220 smtp.example.com ESMTP\r\n"
        with ScriptedImap(greeting=greeting) as server, pytest.raises(ProtocolError, match="does not speak IMAP"):
            reach(server.port)

    @pytest.mark.parametrize("host", ["", "a..b", "x" * 70 + ".example.com"])
    def test_what_is_no_host_name(self, host: str) -> None:
        with pytest.raises(ConfigError, match="not a host name"):
            reach(993, host=host, tls="implicit")


class TestLogin:
    @pytest.mark.parametrize("field", ["username", "password", "host"])
    @pytest.mark.parametrize("control", ["\r", "\n", "\0"])
    def test_control_characters_are_refused(self, field: str, control: str) -> None:
        arguments = {"host": "127.0.0.1", field: f"a{control}b"}
        with pytest.raises(ConfigError, match=f"the {field} contains a control character") as caught:
            reach(1, **arguments)
        assert control not in str(caught.value)

    @pytest.mark.parametrize(
        ("username", "password", "sent"),
        [
            ("username@example.com", 'a "quoted\\" one', 'LOGIN username@example.com "a \\"quoted\\\\\\" one"'),
            ("two words", "x", 'LOGIN "two words" "x"'),
            ('say "hi"', "x", 'LOGIN "say \\"hi\\"" "x"'),
        ],
    )
    def test_what_needs_quotes_gets_them(self, username: str, password: str, sent: str) -> None:
        with ScriptedImap() as server:
            reach(server.port, username=username, password=password).close()
            assert sent in server.commands

    @pytest.mark.parametrize("word", ["pässwörd", "密码"])
    def test_a_password_beyond_ascii_goes_through_sasl(self, start_dovecot: Callable[..., Dovecot], word: str) -> None:
        server = start_dovecot(extra_config=f"passdb {{\n  driver = static\n  args = password={word}\n}}\n")
        reach(server.imap_port, password=word).close()

    @pytest.mark.parametrize(
        "words",
        [
            "[UNAVAILABLE] Temporary authentication failure.",
            "[INUSE] locked",
            "[LIMIT] LOGIN Rate limit hit",
            "[SERVERBUG] oops",
            "[THROTTLED] slow down",
            "[OVERQUOTA] Account exceeded command or bandwidth limits.",
            "[ALERT] Too many simultaneous connections. (Failure)",
            "Server Unavailable. 15",
            "Request is throttled. Suggested Backoff Time: 299997 milliseconds",
        ],
    )
    def test_not_now_is_no_wrong_password(self, words: str) -> None:
        with ScriptedImap({"LOGIN": b"%s NO " + words.encode() + b"\r\n"}) as server:
            with pytest.raises(Unavailable) as caught:
                reach(server.port)
            assert words.rstrip(".") in str(caught.value)

    def test_microsofts_half_open_session_is_unavailable(self) -> None:
        words = b"%s BAD User is authenticated but not connected.\r\n"
        with ScriptedImap({"LOGIN": words}) as server, pytest.raises(Unavailable, match="not connected"):
            reach(server.port)

    @pytest.mark.parametrize(
        "words",
        [
            b"[AUTHENTICATIONFAILED] Invalid credentials (Failure)",
            b"[ALERT] Application-specific password required: https://support.google.com/ (Failure)",
            b"LOGIN failed.",
        ],
    )
    def test_a_refusal_is_said_in_the_servers_words(self, words: bytes) -> None:
        with ScriptedImap({"LOGIN": b"%s NO " + words + b"\r\n"}) as server:
            with pytest.raises(AccessDenied) as caught:
                reach(server.port)
            assert caught.value.what == f"the server refused the login: {words.decode()}"

    def test_a_server_that_repeats_the_password_is_masked(self) -> None:
        with ScriptedImap({"LOGIN": b"%s NO no such login: me/hunter2\x07" + b"x" * 500 + b"\r\n"}) as server:
            with pytest.raises(AccessDenied) as caught:
                reach(server.port, password="hunter2")
            assert "hunter2" not in caught.value.what
            assert "me/***" in caught.value.what
            assert caught.value.what.isprintable()
            assert len(caught.value.what) < 250

    @pytest.mark.parametrize("said", [CLOSE, b"* BYE Internal error\r\n"])
    def test_a_connection_that_ends_at_the_login_is_unavailable(self, said: bytes) -> None:
        with ScriptedImap({"LOGIN": said}) as server, pytest.raises(Unavailable):
            reach(server.port)

    def test_logins_disabled_are_named_before_the_password_leaves(self) -> None:
        answers = {"CAPABILITY": b"* CAPABILITY IMAP4rev1 LOGINDISABLED AUTH=XOAUTH2\r\n" + OK}
        with ScriptedImap(answers) as server:
            with pytest.raises(AccessDenied, match=r"LOGINDISABLED, offers AUTH=XOAUTH2"):
                reach(server.port)
            assert server.commands == ["CAPABILITY"]


class Unhurried(Line):
    """A line whose pauses take no time, and are written down; the one numbered `cut_in` is cut short by abort()."""

    def __init__(self, cut_in: int = 0) -> None:
        super().__init__()
        self.pauses: list[float] = []
        self._cut_in = cut_in

    def pause(self, seconds: float) -> None:
        self.pauses.append(seconds)
        if len(self.pauses) == self._cut_in:
            self.abort("enough")


class TestAgain:
    """What may be over in seconds is tried again within the run."""

    @pytest.mark.parametrize("said", [CLOSE, b"* BYE too busy\r\n"])
    def test_a_server_that_turns_us_away_twice_is_reached_by_the_third_attempt(self, said: bytes) -> None:
        line = Unhurried()
        with ScriptedImap(greeting=(said, said, b"* OK hello\r\n")) as server:
            session = reach(server.port, line=line)
            assert session.open("INBOX").exists == 3
            session.close()
        first, second = line.pauses
        assert 1 <= first <= 2
        assert 3 <= second <= 4

    @pytest.mark.parametrize("words", ["NO [UNAVAILABLE] later", "NO [INUSE] .", "BAD User is authenticated but not "
                                       "connected."])  # fmt: skip
    def test_a_login_that_is_refused_for_now_is_made_again(self, words: str) -> None:
        line = Unhurried()
        with ScriptedImap({"LOGIN": (b"%s " + words.encode() + b"\r\n", OK)}) as server:
            reach(server.port, line=line).close()
            assert server.connected == 2
        assert len(line.pauses) == 1

    @pytest.mark.parametrize(
        "said", [b"%s BAD User is authenticated but not connected.\r\n", b"* BYE later\r\n", CLOSE]
    )
    def test_a_login_that_turns_out_to_be_none_at_the_first_folder_is_made_again(self, said: bytes) -> None:
        line = Unhurried()
        select = b"* 3 EXISTS\r\n* OK [UIDVALIDITY 7] .\r\n* OK [UIDNEXT 10] .\r\n" + OK
        with ScriptedImap({"SELECT": (said, select, said)}) as server:
            session = reach(server.port, line=line)
            assert session.open("INBOX").uidnext == 10
            assert server.connected == 2
            with pytest.raises(Unavailable):  # later ones are the next run's
                session.open("INBOX")
            session.close()
            assert server.connected == 2
        assert len(line.pauses) == 1

    def test_a_first_folder_that_cannot_be_opened_either_by_a_new_session_is_the_trouble(self) -> None:
        line = Unhurried()
        with ScriptedImap({"SELECT": b"%s BAD User is authenticated but not connected.\r\n"}) as server:
            session = reach(server.port, line=line)
            with pytest.raises(Unavailable, match="not connected"):
                session.open("INBOX")
            session.close()
            assert server.connected == 2

    def test_three_attempts_are_all(self) -> None:
        line = Unhurried()
        with ScriptedImap(greeting=b"* BYE too busy\r\n") as server:
            with pytest.raises(Unavailable, match="too busy"):
                reach(server.port, line=line)
            assert server.connected == 3

    def test_silence_is_met_twice_at_most(self) -> None:
        line = Unhurried()
        with ScriptedImap(greeting=HANG) as server:
            with pytest.raises(Unavailable, match=r"no answer within 0\.1 s"):
                reach(server.port, line=line, timeout=0.1)
            assert server.connected == 2

    def test_a_silence_as_long_as_our_patience_is_met_once(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr("mailpoll.imap.patience.PATIENCE_S", 0.1)
        line = Unhurried()
        with ScriptedImap(greeting=HANG) as server:
            with pytest.raises(Unavailable, match=r"no answer within 0\.1 s"):
                reach(server.port, line=line, timeout=0.1)
            assert server.connected == 1
        assert line.pauses == []

    @pytest.mark.parametrize(
        ("answers", "error"),
        [
            ({"LOGIN": b"%s NO [AUTHENTICATIONFAILED] no\r\n"}, AccessDenied),
            ({"LOGIN": b"%s NO [THROTTLED] slow down\r\n"}, Unavailable),
            ({"CAPABILITY": b"* CAPABILITY IMAP4rev1 LOGINDISABLED\r\n" + OK}, AccessDenied),
        ],
    )
    def test_what_stays_as_it_is_is_not_tried_again(
        self, answers: dict[str, bytes | tuple[bytes, ...]], error: type[RunError]
    ) -> None:
        line = Unhurried()
        with ScriptedImap(answers) as server:
            with pytest.raises(error):
                reach(server.port, line=line)
            assert server.connected == 1

    def test_a_bad_certificate_is_met_once(self, dovecot: Dovecot) -> None:
        line = Unhurried()
        with pytest.raises(AccessDenied, match="unknown authority"):
            reach(dovecot.imaps_port, host="localhost", tls="implicit", line=line)
        assert line.pauses == []

    def test_the_end_of_the_run_ends_the_waiting_and_the_trouble_is_still_told(self) -> None:
        line = Unhurried(cut_in=2)
        with ScriptedImap(greeting=b"* BYE too busy\r\n") as server:
            with pytest.raises(Unavailable, match="too busy"):
                reach(server.port, line=line)
            assert server.connected == 2

    def test_abort_ends_a_pause_at_once(self) -> None:
        line = Line()
        line.abort()
        started = time.monotonic()
        line.pause(30)
        assert time.monotonic() - started < 5

    def test_who_cannot_end_the_waiting_is_not_made_to_wait(self) -> None:
        with ScriptedImap(greeting=b"* BYE too busy\r\n") as server:
            with pytest.raises(Unavailable):
                reach(server.port)
            assert server.connected == 1

    def test_a_run_that_reaches_its_server_at_once_imports_no_tenacity(self) -> None:
        with ScriptedImap() as server:
            program = (
                "import sys\nfrom mailpoll.imap import Line, connect\n"
                f"connect('127.0.0.1', {server.port}, 'none', 'me', 'x', ca_file=None, timeout=10, "
                "allow_plaintext=False, line=Line()).close()\n"
                "sys.exit('tenacity' in sys.modules)"
            )
            assert subprocess.run([sys.executable, "-c", program], check=False).returncode == 0


class TestAbort:
    """A limit per read does not end a server that drips; another thread does."""

    @pytest.mark.parametrize("said", [HANG, DRIP])
    def test_ends_a_blocked_command(self, said: bytes) -> None:
        with ScriptedImap({"UID SEARCH": said}) as server:
            session = reach(server.port, timeout=30)
            session.open("INBOX")
            with aborted_when(lambda: any(line.startswith("UID SEARCH") for line in server.commands), session.abort):
                started = time.monotonic()
                with pytest.raises(Unavailable, match="stopped: the time of this run is up"):
                    session.search(above=0, unseen_or_above=None, upto=9)
                assert time.monotonic() - started < 5
            session.close()

    @pytest.mark.parametrize("stage", ["greeting", "LOGIN"])
    def test_ends_connecting_too(self, stage: str) -> None:
        server = ScriptedImap(greeting=DRIP) if stage == "greeting" else ScriptedImap({"LOGIN": DRIP})
        line = Line()
        with server:
            reached = (lambda: bool(server.connected)) if stage == "greeting" else (lambda: len(server.commands) == 2)
            stopping = aborted_when(reached, lambda: line.abort("enough"))
            with stopping, pytest.raises(Unavailable, match="stopped: enough"):
                reach(server.port, timeout=30, line=line)

    def test_ends_a_tls_session(self, place: Place) -> None:
        session = place.open()
        session.abort()
        with pytest.raises(Unavailable, match="stopped"):
            session.search(above=0, unseen_or_above=None, upto=9)
        session.close()

    def test_before_connecting_nothing_is_sent(self) -> None:
        line = Line()
        line.abort()
        with ScriptedImap() as server:
            with pytest.raises(Unavailable, match="stopped"):
                reach(server.port, line=line)
            assert server.commands == []

    def test_a_farewell_without_answer_does_not_hold_up(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr("mailpoll.imap.session._FAREWELL", 0.05)
        with ScriptedImap({"LOGOUT": DRIP}) as server:
            session = reach(server.port, timeout=30)
            started = time.monotonic()
            session.close()
            assert time.monotonic() - started < 5

    def test_nothing_is_left_open(self, pymap: PymapServer) -> None:
        """filterwarnings = error turns a socket that nobody closed into a failure."""
        with pytest.raises(AccessDenied):
            reach(pymap.imap_port, host="localhost", tls="starttls")


class aborted_when:
    """Runs `abort` in another thread as soon as `reached` says so."""

    def __init__(self, reached: Callable[[], bool], abort: Callable[[], None]) -> None:
        self._thread = threading.Thread(target=self._watch, args=(reached, abort))

    def __enter__(self) -> None:
        self._thread.start()

    def __exit__(self, *_: object) -> None:
        self._thread.join()

    def _watch(self, reached: Callable[[], bool], abort: Callable[[], None]) -> None:
        until = time.monotonic() + 10
        while not reached() and time.monotonic() < until:
            time.sleep(0.005)
        abort()
