"""That the SMTP servers of the tests do what they say, asked by smtplib and plain sockets."""

from __future__ import annotations

import json
import smtplib
import socket
import ssl
import threading
from base64 import b64decode, b64encode
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from servers.certs import Authority
from servers.mail import PASSWORD, USER
from servers.postfix import OWNED, Postfix, require_postfix
from servers.scripted_smtp import (
    CLOSE,
    DEAF,
    HANG,
    RESET,
    TOKEN,
    Drip,
    Endless,
    Late,
    Login,
    Script,
    ScriptedSmtp,
    Then,
    closed_port,
    mute_port,
    self_signed,
    unanswered_port,
)
from servers.smtp_receiver import SmtpReceiver

MAIL = b"Subject: hello\r\n\r\n.one dot\r\nbye\r\n"
SENDER = "gateway@example.com"
PATIENCE = 20.0
SOON = 0.2  # a client that is meant to lose its patience


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return Authority(tmp_path_factory.mktemp("authority"))


def trusting(ca_file: Path) -> ssl.SSLContext:
    return ssl.create_default_context(cafile=str(ca_file))


def plain(port: int, timeout: float = PATIENCE) -> smtplib.SMTP:
    return smtplib.SMTP("localhost", port, "client.example.com", timeout=timeout)


def secure(port: int, ca_file: Path) -> smtplib.SMTP:
    return smtplib.SMTP_SSL("localhost", port, "client.example.com", timeout=PATIENCE, context=trusting(ca_file))


def connected(port: int, timeout: float = PATIENCE) -> socket.socket:
    return socket.create_connection(("127.0.0.1", port), timeout)


def everything(sock: socket.socket) -> None:
    """Read until the end, beneath TLS, which in Python takes a RST for an EOF."""
    while socket.socket.recv(sock, 999):
        pass


def started(port: int, ca_file: Path) -> smtplib.SMTP:
    client = plain(port)
    client.starttls(context=trusting(ca_file))
    return client


# --- Postfix ----------------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Postfix]:
    require_postfix()
    with Postfix(tmp_path_factory.mktemp("postfix"), size_limit=100_000) as server:
        yield server


@pytest.fixture
def postfix(running: Postfix) -> Postfix:
    running.forget()
    return running


def submitting(postfix: Postfix, way: str) -> smtplib.SMTP:
    if way == "tls":
        client = secure(postfix.tls_port, postfix.ca_file)
    else:
        client = started(postfix.strict_port if way == "strict" else postfix.starttls_port, postfix.ca_file)
    client.login(USER, PASSWORD)
    return client


@pytest.mark.parametrize("way", ["starttls", "tls", "strict"])
def test_postfix_takes_mail_to_anywhere_from_who_logged_in(postfix: Postfix, way: str) -> None:
    with submitting(postfix, way) as client:
        assert client.sendmail(SENDER, ["one@example.net", "two@example.org"], MAIL) == {}
    mails = postfix.received(2)
    assert sorted(line for mail in mails for line in mail.splitlines() if line.startswith(b"Delivered-To")) == [
        b"Delivered-To: one@example.net",
        b"Delivered-To: two@example.org",
    ]
    assert all(mail.startswith(b"Return-Path: <gateway@example.com>\n") for mail in mails)
    assert all(mail.endswith(b"\n\n.one dot\nbye\n") for mail in mails)
    assert all(b"with ESMTPSA" in mail for mail in mails)


@pytest.mark.parametrize("mechanism", ["PLAIN", "LOGIN"])
def test_postfix_knows_plain_and_login(postfix: Postfix, mechanism: str) -> None:
    with secure(postfix.tls_port, postfix.ca_file) as client:
        client.ehlo()
        assert client.esmtp_features["auth"].split() == ["PLAIN", "LOGIN"]
        client.user, client.password = USER, PASSWORD
        answer = client.auth(mechanism, getattr(client, f"auth_{mechanism.lower()}"))
        assert answer == (235, b"2.7.0 Authentication successful")


def test_postfix_refuses_a_wrong_password(postfix: Postfix) -> None:
    with secure(postfix.tls_port, postfix.ca_file) as client:
        client.ehlo()
        code, words = client.docmd("AUTH PLAIN", b64encode(f"\0{USER}\0wrong".encode()).decode())
        assert (code, words[:41]) == (535, b"5.7.8 Error: authentication failed: (reas")


def test_postfix_offers_no_auth_before_tls(postfix: Postfix) -> None:
    with plain(postfix.starttls_port) as client:
        client.ehlo()
        assert client.has_extn("starttls")
        assert not client.has_extn("auth")
        assert client.docmd("AUTH PLAIN AGEAYg==") == (503, b"5.5.1 Error: authentication not enabled")


@pytest.mark.parametrize("way", ["starttls", "tls", "local"])
def test_postfix_relays_nothing_without_auth(postfix: Postfix, way: str) -> None:
    if way == "local":
        client = plain(postfix.local_port)
    elif way == "tls":
        client = secure(postfix.tls_port, postfix.ca_file)
    else:
        client = started(postfix.starttls_port, postfix.ca_file)
    with client, pytest.raises(smtplib.SMTPRecipientsRefused) as caught:
        client.sendmail("somebody@example.org", ["one@example.net"], MAIL)
    denied = (554, b"5.7.1 <one@example.net>: Relay access denied")
    assert caught.value.recipients == {"one@example.net": denied}


def test_postfix_takes_local_mail_from_everybody(postfix: Postfix) -> None:
    with plain(postfix.local_port) as client:
        client.ehlo()
        assert not client.has_extn("starttls")
        assert not client.has_extn("auth")
        refused = client.sendmail(SENDER, ["one@example.com", "unknown@example.com"], MAIL)
    no = b"5.1.1 <unknown@example.com>: Recipient address rejected: User unknown in virtual mailbox table"
    assert refused == {"unknown@example.com": (550, no)}
    [mail] = postfix.received(1)
    assert b"Delivered-To: one@example.com\n" in mail


def test_postfix_lets_a_user_write_as_itself_only(postfix: Postfix) -> None:
    with submitting(postfix, "tls") as client, pytest.raises(smtplib.SMTPRecipientsRefused) as caught:
        client.sendmail("boss@example.com", ["one@example.net"], MAIL)
    no = b"5.7.1 <boss@example.com>: Sender address rejected: not owned by user username@example.com"
    assert caught.value.recipients == {"one@example.net": (553, no)}


@pytest.mark.parametrize("way", ["starttls", "tls"])
def test_postfix_takes_noreply_where_it_is_owned(postfix: Postfix, way: str) -> None:
    with submitting(postfix, way) as client:
        client.sendmail("noreply-7f3a@example.com", ["one@example.net"], MAIL)
    assert len(postfix.received(1)) == 1


def test_postfix_takes_the_first_mail_and_refuses_noreply_on_its_strict_port(postfix: Postfix) -> None:
    with submitting(postfix, "strict") as client:
        client.sendmail(SENDER, ["one@example.net"], MAIL)
        with pytest.raises(smtplib.SMTPRecipientsRefused, match=r"553.*noreply-7f3a@example.com>.*not owned by user"):
            client.sendmail("noreply-7f3a@example.com", ["one@example.net"], MAIL)
    assert len(postfix.received(1)) == 1


def test_postfix_refuses_what_is_too_large_by_its_announced_size(postfix: Postfix) -> None:
    with submitting(postfix, "tls") as client, pytest.raises(smtplib.SMTPSenderRefused) as caught:
        client.sendmail(SENDER, ["one@example.net"], MAIL * 4000)
    assert (caught.value.smtp_code, caught.value.smtp_error) == (552, b"5.3.4 Message size exceeds fixed limit")


def test_postfix_refuses_what_is_too_large_when_it_has_read_it(postfix: Postfix) -> None:
    with submitting(postfix, "tls") as client:
        client.ehlo()
        client.mail(SENDER)
        client.rcpt("one@example.net")
        assert client.data(MAIL * 4000) == (552, b"5.3.4 Error: message file too big")


def test_postfix_bounces_what_it_took_and_cannot_deliver(postfix: Postfix) -> None:
    with submitting(postfix, "tls") as client:
        client.sendmail(SENDER, ["unknown@example.net"], MAIL)
    [bounce] = postfix.received(1)
    assert b"Delivered-To: gateway@example.com\n" in bounce
    assert b"Content-Type: multipart/report; report-type=delivery-status" in bounce


def test_postfix_ends_with_all_its_processes_and_files(tmp_path: Path) -> None:
    require_postfix()
    with Postfix(tmp_path, owned_senders=OWNED) as server:
        home, port = server._home, server.local_port
    assert not home.exists()
    with pytest.raises(ConnectionRefusedError):
        plain(port)
    server.stop()


# --- the scripted server ----------------------------------------------------------------------------------------------


def test_script_without_arguments_is_a_well_behaved_server() -> None:
    with ScriptedSmtp() as server:
        with plain(server.port) as client:
            client.login(USER, PASSWORD)
            client.sendmail(SENDER, ["one@example.net", "two@example.org"], MAIL)
            client.sendmail("", ["one@example.net"], b"")
        [first, second] = server.mails
    assert (first.sender, first.recipients) == (SENDER, ("one@example.net", "two@example.org"))
    assert (first.options, first.raw) == ((f"SIZE={len(MAIL)}",), MAIL)
    assert (second.sender, second.raw) == ("", b"\r\n")
    assert server.logins == [Login("PLAIN", USER, PASSWORD)]
    assert server.commands[0] == "ehlo client.example.com"
    assert b"\r\n..one dot\r\nbye\r\n.\r\n" in server.received


@pytest.mark.parametrize("tls", ["starttls", "implicit"])
def test_script_keeps_what_came_inside_tls_apart(authority: Authority, tls: str) -> None:
    with ScriptedSmtp(tls=tls, certificate=authority.issue(), auth_required=True) as server:
        with (secure if tls == "implicit" else started)(server.port, authority.ca_file) as client:
            client.ehlo()
            assert client.mail(SENDER) == (530, b"5.7.0 Authentication required")
            client.login(USER, PASSWORD)
            client.sendmail(SENDER, ["one@example.net"], MAIL)
        [connection] = server.connections
    assert connection.tls_version == "TLSv1.3"
    assert connection.plain == (b"ehlo client.example.com\r\nSTARTTLS\r\n" if tls == "starttls" else b"")
    assert b"AUTH PLAIN" in connection.secret
    assert len(connection.mails) == 1


@pytest.mark.parametrize(
    ("mechanism", "right", "wrong", "reply"),
    [
        ("PLAIN", f"\0{USER}\0{PASSWORD}", f"\0{USER}\0x", None),
        ("XOAUTH2", f"user={USER}\1auth=Bearer {TOKEN}\1\1", f"user={USER}\1auth=Bearer x\1\1", ""),
        ("OAUTHBEARER", f"n,a={USER},\1auth=Bearer {TOKEN}\1\1", f"n,a={USER},\1auth=Bearer x\1\1", "AQ=="),
    ],
)
@pytest.mark.parametrize("initial", [True, False])
def test_script_holds_the_dialogues_of_auth(
    mechanism: str, right: str, wrong: str, reply: str | None, initial: bool
) -> None:
    def answer(client: smtplib.SMTP, words: str) -> tuple[int, bytes]:
        encoded = b64encode(words.encode()).decode()
        if initial:
            return client.docmd(f"AUTH {mechanism} {encoded}")
        assert client.docmd(f"AUTH {mechanism}") == (334, b"")
        return client.docmd(encoded)

    with ScriptedSmtp() as server, plain(server.port) as client:
        client.ehlo()
        refused = answer(client, wrong)
        if reply is not None:
            assert refused[0] == 334
            assert "status" in json.loads(b64decode(refused[1]))
            refused = client.docmd(reply)
        assert refused == (535, b"5.7.8 Error: authentication failed")
        assert answer(client, right) == (235, b"2.7.0 Authentication successful")
        secrets = [login.secret for login in server.logins]
    assert secrets == ["x", PASSWORD if mechanism == "PLAIN" else TOKEN]


def test_script_holds_the_dialogue_of_login() -> None:
    with ScriptedSmtp() as server, plain(server.port) as client:
        client.ehlo()
        client.user, client.password = USER, PASSWORD
        assert client.auth("LOGIN", client.auth_login)[0] == 235
        assert client.docmd("AUTH LOGIN") == (334, b64encode(b"Username:"))
        assert client.docmd("*") == (501, b"5.5.2 Authentication aborted")


def test_script_repeats_the_secrets_of_the_client_in_its_errors() -> None:
    answers = {"AUTH": "535 no", "MAIL": "550-two\n550 lines"}
    with ScriptedSmtp(echo_commands=True, answers=answers) as server, plain(server.port) as client:
        client.ehlo()
        encoded = b64encode(b"\0me\0mine").decode()
        assert client.docmd(f"AUTH PLAIN {encoded}") == (535, f"no (AUTH PLAIN {encoded})".encode())
        client.docmd("AUTH PLAIN")
        assert client.docmd(encoded) == (535, f"no (AUTH PLAIN {encoded})".encode())
        assert client.mail("a@example.com") == (550, b"two\nlines (mail FROM:<a@example.com>)")


LEFT = (smtplib.SMTPServerDisconnected, ConnectionResetError)  # the latter when the client had not begun to read
STEPS = ["greeting", "EHLO", "AUTH-COMMAND", "AUTH", "MAIL", "RCPT", "DATA", "BODY", "."]


def send_all(client: smtplib.SMTP) -> None:
    with client:
        client.login(USER, PASSWORD)
        client.sendmail(SENDER, ["one@example.net"], MAIL)


@pytest.mark.parametrize("step", STEPS)
@pytest.mark.parametrize("how", ["drop_at", "reset_at", "silent_at"])
def test_script_leaves_the_client_at_any_step(how: str, step: str) -> None:
    patience, words = (SOON, "timed out") if how == "silent_at" else (PATIENCE, None)
    with ScriptedSmtp(**{how: step}) as server, pytest.raises(LEFT, match=words):
        send_all(plain(server.port, patience))
    assert len(server.mails) == (step == ".")  # it came as a whole: the client cannot know


@pytest.mark.parametrize("step", ["greeting", "EHLO", "AUTH", "MAIL", "RCPT", "DATA"])
@pytest.mark.parametrize("how", ["drop_after", "reset_after"])
def test_script_leaves_the_client_after_any_answer(how: str, step: str) -> None:
    with ScriptedSmtp(**{how: step}) as server, pytest.raises(LEFT):
        send_all(plain(server.port))


@pytest.mark.parametrize("words", ["HTTP/1.1 400 Bad Request", "* OK IMAP4rev1 ready", "SSH-2.0-OpenSSH", b"\xff\n"])
def test_script_greets_in_other_languages(words: str | bytes) -> None:
    with ScriptedSmtp(greeting=words) as server, connected(server.port) as client:
        assert client.recv(99) == (words if isinstance(words, bytes) else words.encode() + b"\r\n")


def test_script_greets_when_it_is_told_to() -> None:
    now = threading.Event()
    with ScriptedSmtp(greeting=Late(now, "220 good morning")) as server, connected(server.port, SOON) as client:
        with pytest.raises(TimeoutError):
            client.recv(1)
        now.set()
        client.settimeout(PATIENCE)
        assert client.recv(99) == b"220 good morning\r\n"


@pytest.mark.parametrize(
    ("answer", "begins"),
    [
        (Endless(b"250-x\r\n"), b"250-x\r\n250-x\r\n"),
        (Endless(b"x" * 999, start=b"250 "), b"250 xxxx"),
        (Drip("250 x", pause=0.0, endless=True), b"250 x\r\n250 x"),
        (Then("250-x", RESET), b"250-x\r\n"),
        (Then(b"250-x\r\n", CLOSE), b"250-x\r\n"),
        ("421 4.3.2 going down", b"421 4.3.2 going down\r\n"),
        (b"no code\r\n", b"no code\r\n"),
        ("250 Gr\u00fc\u00dfe", "250 Gr\u00fc\u00dfe\r\n".encode()),
    ],
)
def test_script_answers_anything(answer: object, begins: bytes) -> None:
    with (
        ScriptedSmtp(answers={"EHLO": answer}) as server,
        connected(server.port) as client,
        client.makefile("rb") as stream,
    ):
        stream.readline()
        client.sendall(b"EHLO x\r\n")
        assert stream.read(len(begins)) == begins


def test_script_answers_in_turn_and_as_usual_between() -> None:
    answers = {"RCPT": (None, "550 5.1.1 no"), "MAIL": lambda line: "550 not him" if "boss" in line else None}
    with ScriptedSmtp(answers=answers) as server, plain(server.port) as client:
        refused = client.sendmail(SENDER, ["one@example.net", "two@example.net"], MAIL)
        assert client.mail("boss@example.com") == (550, b"not him")
        [mail] = server.mails
    assert refused == {"two@example.net": (550, b"5.1.1 no")}
    assert mail.recipients == ("one@example.net",)


def test_script_has_one_for_each_connection() -> None:
    with ScriptedSmtp(Script(drop_at="greeting"), Script(greeting="421 busy"), Script()) as server:
        with pytest.raises(smtplib.SMTPServerDisconnected):
            plain(server.port)
        with pytest.raises(smtplib.SMTPConnectError):
            plain(server.port)
        for _ in range(2):
            send_all(plain(server.port))
        assert len(server.mails) == 2
        server.wait_for(lambda now: all(connection.ended for connection in now.connections))


def test_script_stops_reading_in_the_middle_of_a_mail() -> None:
    with (
        ScriptedSmtp(answers={"BODY": DEAF}, body_octets=1000, ehlo=["8BITMIME"]) as server,
        pytest.raises((TimeoutError, smtplib.SMTPServerDisconnected)),
        plain(server.port, SOON) as client,
    ):
        client.sendmail(SENDER, ["one@example.net"], b"x" * 10_000_000)
    assert server.mails == []


@pytest.mark.parametrize("handshake", ["ancient", "hang", "garbage", "close", "reset"])
@pytest.mark.parametrize("tls", ["starttls", "implicit"])
def test_script_spoils_the_handshake(authority: Authority, tls: str, handshake: str) -> None:
    script = Script(tls=tls, certificate=authority.issue(), handshake=handshake)
    with ScriptedSmtp(script) as server, connected(server.port) as raw:
        if tls == "starttls":
            raw.recv(99)
            raw.sendall(b"STARTTLS\r\n")
            assert raw.recv(99) == b"220 2.0.0 Ready to start TLS\r\n"
        raw.settimeout(SOON if handshake == "hang" else PATIENCE)
        with pytest.raises((ssl.SSLError, TimeoutError, ConnectionResetError)) as caught:
            trusting(authority.ca_file).wrap_socket(raw, server_hostname="localhost")
    assert {
        "ancient": "PROTOCOL_VERSION",
        "hang": "timed out",
        "garbage": "WRONG_VERSION_NUMBER",
        "close": "EOF",
        "reset": "reset",
    }[handshake] in str(caught.value)


@pytest.mark.parametrize(
    ("certificate", "why"),
    [
        (lambda known, folder: known.issue(days=-1), "certificate has expired"),
        (lambda known, folder: known.issue("other.example.com"), "Hostname mismatch"),
        (lambda known, folder: self_signed(folder), "self-signed certificate"),
        (lambda known, folder: Authority(folder).issue(), "unable to get local issuer certificate"),
    ],
    ids=["expired", "misnamed", "self-signed", "of an unknown authority"],
)
def test_script_shows_any_certificate(
    authority: Authority,
    tmp_path: Path,
    certificate: Callable[[Authority, Path], tuple[Path, Path]],
    why: str,
) -> None:
    with ScriptedSmtp(tls="implicit", certificate=certificate(authority, tmp_path)) as server:
        with pytest.raises(ssl.SSLCertVerificationError, match=why):
            secure(server.port, authority.ca_file)
        server.wait_for(lambda now: "alert" in now.connections[0].tls_error)


def test_script_refuses_starttls_that_it_offers(authority: Authority) -> None:
    answers = {"STARTTLS": "454 4.7.0 TLS not available"}
    script = Script(tls="starttls", certificate=authority.issue(), answers=answers)
    with ScriptedSmtp(script) as server, plain(server.port) as client:
        with pytest.raises(smtplib.SMTPResponseException, match="454"):
            client.starttls()
        assert client.docmd("NOOP")[0] == 250


def test_script_injects_plain_text_after_starttls(authority: Authority) -> None:
    script = Script(tls="starttls", certificate=authority.issue(), injected=b"250-evil\r\n250 AUTH PLAIN\r\n")
    with ScriptedSmtp(script) as server, connected(server.port) as client:
        client.recv(99)
        client.sendall(b"STARTTLS\r\n")
        assert client.recv(99) == b"220 2.0.0 Ready to start TLS\r\n250-evil\r\n250 AUTH PLAIN\r\n"
        with trusting(authority.ca_file).wrap_socket(client, server_hostname="localhost") as inside:
            inside.sendall(b"NOOP\r\n")
            assert inside.recv(99) == b"250 2.0.0 Ok\r\n"


@pytest.mark.parametrize(("act", "error"), [(RESET, ConnectionResetError), (HANG, TimeoutError)])
def test_script_leaves_right_after_the_handshake(authority: Authority, act: object, error: type[OSError]) -> None:
    script = Script(tls="starttls", certificate=authority.issue(), answers={"TLS": act})
    with ScriptedSmtp(script) as server, started(server.port, authority.ca_file) as client:
        assert client.sock is not None
        client.sock.settimeout(SOON)
        with pytest.raises(error):
            everything(client.sock)
        client.close()


def test_port_that_never_answers() -> None:
    with mute_port() as port, connected(port, SOON) as client, pytest.raises(TimeoutError):
        client.recv(1)


def test_port_that_refuses() -> None:
    with closed_port() as port, pytest.raises(ConnectionRefusedError):
        connected(port)


def test_port_whose_syns_nobody_answers() -> None:
    with unanswered_port() as port, pytest.raises(TimeoutError):
        connected(port, SOON)


# --- aiosmtpd ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("auth", [True, False], ids=["auth", "open"])
@pytest.mark.parametrize("tls", ["none", "starttls", "implicit"])
def test_receiver_keeps_what_it_took(authority: Authority, tls: str, auth: bool) -> None:
    with SmtpReceiver(tls=tls, certificate=authority.issue(), auth=auth) as receiver:
        ways = {"starttls": started, "implicit": secure}
        way = ways.get(tls, lambda port, _: plain(port))
        with way(receiver.port, authority.ca_file) as client:
            client.ehlo()
            assert client.has_extn("auth") == auth
            if auth:
                assert client.mail(SENDER)[0] == 530
                client.login(USER, PASSWORD)
            client.sendmail(SENDER, ["one@example.net", "two@example.org"], MAIL)
    [mail] = receiver.mails
    assert (mail.sender, mail.recipients, mail.raw) == (SENDER, ("one@example.net", "two@example.org"), MAIL)
    assert (mail.tls, mail.user) == (tls != "none", USER if auth else None)


def test_receiver_takes_nothing_before_starttls(authority: Authority) -> None:
    with SmtpReceiver(tls="starttls", certificate=authority.issue()) as receiver, plain(receiver.port) as client:
        client.ehlo()
        assert client.mail(SENDER)[0] == 530


def test_receiver_refuses_wrong_passwords_recipients_and_senders() -> None:
    refuse = {"gone@example.net": "550 5.1.1 gone", "boss@example.com": "553 5.7.1 not yours"}
    with SmtpReceiver(auth=True, refuse=refuse) as receiver, plain(receiver.port) as client:
        with pytest.raises(smtplib.SMTPAuthenticationError):
            client.login(USER, "wrong")
        client.login(USER, PASSWORD)
        refused = client.sendmail(SENDER, ["one@example.net", "gone@example.net"], MAIL)
        assert refused == {"gone@example.net": (550, b"5.1.1 gone")}
        assert client.mail("boss@example.com") == (553, b"5.7.1 not yours")
        [mail] = receiver.mails
    assert mail.recipients == ("one@example.net",)


def test_receiver_refuses_what_is_too_large() -> None:
    with SmtpReceiver(size_limit=1000) as receiver, plain(receiver.port) as client:
        with pytest.raises(smtplib.SMTPSenderRefused, match="552"):
            client.sendmail(SENDER, ["one@example.net"], MAIL * 1000)
        assert receiver.mails == []
