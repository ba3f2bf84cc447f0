"""What every kind of destination promises, on real receivers: a real HTTP server and real programs."""

from __future__ import annotations

import base64
import hashlib
import hmac
import os
import re
import select
import signal
import socket
import sys
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from servers.http_receiver import RESET_READ, SILENT, Answer, Receiver

from mailpoll import config, destinations
from mailpoll.delivery import Destination
from mailpoll.destinations import kind_of, limits_of, make, settings_hash
from mailpoll.destinations.command import MAX_BODY
from mailpoll.errors import (
    ConfigError,
    DestinationRefused,
    Later,
    MessageError,
    PermanentFailure,
    Unanswered,
    Unreadable,
)
from mailpoll.model import Attachment, Finding, Limits, Post, Receipt
from mailpoll.posting import Stoppable
from mailpoll.settings import CommandSettings, SecretRef, Settings, WebhookSettings

CANARY = "cAnArY"
START = datetime(2026, 11, 6, 8, 0, tzinfo=UTC)
RAW = b"Subject: hello\r\n\r\nbody\r\n"


class Bytes:
    """The content behind a post."""

    def __init__(self, *parts: bytes, raw: tuple[bytes, ...] = (RAW,)) -> None:
        self.parts = parts
        self.slices = raw
        self.asked: list[int] = []

    def raw(self) -> Iterator[bytes]:
        yield from self.slices

    def part(self, number: int) -> Iterator[bytes]:
        self.asked.append(number)
        return (bytes([octet]) for octet in self.parts[number])


def a_post(**changes: Any) -> Post:
    given: dict[str, Any] = {
        "channel": "ops",
        "destination": "hook",
        "place": "",
        "topic": "Disk full",
        "body": "Grüße, **bold**",
        "subject": "Re: Disk full",
        "sender": "Ann <ann@example.com>",
        "date": datetime(2026, 11, 6, 8, 49, 37, tzinfo=UTC),
        "message_id": "<1@example.com>",
        "in_reply_to": ("<0@example.com>",),
        "references": ("<a@x>", "<0@example.com>"),
        "address": "bot+ops@example.com",
        "tag": "t7",
        "automatic": "",
        "key": "k-1",
    }
    return Post(**{**given, **changes})


def secret(ref: SecretRef, about: str) -> str:
    return CANARY


def webhook(url: str, **given: Any) -> Destination:
    settings = Settings(destination={"hook": WebhookSettings(url=url, **given)})
    made: Destination = make("hook", settings, secret)
    return made


def command(*argv: str, **given: Any) -> Destination:
    made: Destination = make("hook", Settings(destination={"hook": CommandSettings(command=argv, **given)}), secret)
    return made


def python(code: str, **given: Any) -> Destination:
    return command(sys.executable, "-c", code, **given)


# -- every kind -------------------------------------------------------------------------------------------------------

Outcome = type[MessageError] | None
CASES: list[tuple[str, int | str | Answer, str, Outcome]] = [
    ("taken", 200, "pass", None),
    ("later", 503, "import sys; sys.exit(75)", Later),
    ("never", 422, "import sys; sys.exit(1)", PermanentFailure),
    ("nobody knows", RESET_READ, "import os; os.kill(os.getpid(), 9)", Unanswered),
    ("no answer", SILENT, "import time; time.sleep(60)", Unanswered),
]


@pytest.mark.parametrize("kind", ["webhook", "command"])
@pytest.mark.parametrize(("_name", "answer", "code", "outcome"), CASES, ids=[case[0] for case in CASES])
def test_each_answer_has_its_outcome(
    kind: str, _name: str, answer: int | str | Answer, code: str, outcome: Outcome
) -> None:
    # Only what must time out gets a short time: an interpreter may take its time to start.
    timeout = 0.5 if answer == SILENT else 30
    with Receiver(answer) as receiver:
        made = webhook(receiver.url, timeout=timeout) if kind == "webhook" else python(code, timeout=timeout)
        if outcome is None:
            assert made.post(a_post(), Bytes()) == Receipt()
            return
        with pytest.raises(MessageError) as caught:
            made.post(a_post(), Bytes())
    assert type(caught.value) is outcome


@pytest.mark.parametrize(
    ("make_it", "on_uncertain"),
    [(lambda: webhook("https://h.example/"), "repost"), (lambda: command("/bin/cat"), "hold")],
)
def test_neither_kind_can_be_asked(make_it: Callable[[], Destination], on_uncertain: str) -> None:
    made = make_it()
    assert (made.askable, made.find(a_post(), START, lambda _: False), made.on_uncertain) == (False, None, on_uncertain)
    assert made.limits == Limits()


def test_the_example_of_every_kind_is_a_configuration(tmp_path: Path) -> None:
    for kind in destinations.KINDS:
        path = tmp_path / f"{kind}.toml"
        path.write_text(kind_of(kind).example.replace("NAME", "x"))
        assert list(config.load(path).destination) == ["x"]
        assert kind_of(kind).name == kind


def test_an_unknown_name_says_which_there_are() -> None:
    settings = Settings(destination={"team": CommandSettings(command=("ls",))})
    with pytest.raises(ConfigError, match=r"no destination 'taem'. Did you mean team\? There are team, store"):
        make("taem", settings, secret)
    with pytest.raises(ConfigError, match="no kind 'fax'"):
        kind_of("fax")


def test_a_url_is_a_destination_without_a_section() -> None:
    with Receiver() as receiver:
        make(f"{receiver.url}/inbound", Settings(), secret).post(a_post(), Bytes())
    assert receiver.requests[0].path == "/inbound"
    with pytest.raises(ConfigError, match="everybody on the way") as caught:
        make(f"http://h.example/{CANARY}", Settings(), secret)
    assert CANARY not in str(caught.value)


def test_the_settings_hash_changes_with_the_settings_alone() -> None:
    def hashed(**given: Any) -> str:
        return settings_hash("a", Settings(destination={"a": WebhookSettings(url="https://h.example", **given)}))

    assert hashed() == hashed()
    assert hashed() != hashed(timeout=21)
    assert settings_hash("https://a.example", Settings()) != settings_hash("https://b.example", Settings())


def test_limits_are_known_without_secrets_or_network() -> None:
    settings = Settings(destination={"a": WebhookSettings(url="https://h.example", attachments=False)})
    assert limits_of("a", settings) == Limits(files=False)
    assert limits_of("http://localhost:1/", settings) == Limits()


# -- webhook ----------------------------------------------------------------------------------------------------------


def test_the_json_tells_the_whole_post() -> None:
    files = (
        Attachment(1, "a.txt", "text/plain", 3),
        Attachment(2, "ü.png", "image/png", 4, "cid@x"),
    )
    with Receiver() as receiver:
        webhook(receiver.url).post(a_post(attachments=files, whole_text=True), Bytes(b"whole", b"abc", b"\x89PNG"))
    (request,) = receiver.requests
    assert request.json == {
        "version": 1,
        "key": "k-1",
        "channel": "ops",
        "place": "",
        "topic": "Disk full",
        "body": "Grüße, **bold**",
        "subject": "Re: Disk full",
        "from": "Ann <ann@example.com>",
        "to": "bot+ops@example.com",
        "tag": "t7",
        "date": "2026-11-06T08:49:37+00:00",
        "message_id": "<1@example.com>",
        "in_reply_to": ["<0@example.com>"],
        "references": ["<a@x>", "<0@example.com>"],
        "automatic": "",
        "whole_text": "whole",
        "attachments": [
            {"name": "a.txt", "type": "text/plain", "size": 3, "content_id": "", "content": "YWJj"},
            {
                "name": "ü.png",
                "type": "image/png",
                "size": 4,
                "content_id": "cid@x",
                "content": base64.b64encode(b"\x89PNG").decode(),
            },
        ],
    }
    assert request.headers["content-type"] == "application/json"
    assert request.headers["idempotency-key"] == "k-1"
    assert request.headers["user-agent"].startswith("mailpoll/")
    assert "authorization" not in request.headers
    assert "mailpoll-signature" not in request.headers


def test_attachments_that_do_not_fit_are_named_and_not_fetched() -> None:
    files = tuple(Attachment(number, f"{number}", "x/y", size) for number, size in ((1, 6), (2, 6), (3, 4)))
    content = Bytes(b"", b"123456", b"123456", b"1234")
    with Receiver() as receiver:
        webhook(receiver.url, max_attachments=10).post(a_post(attachments=files), content)
        webhook(receiver.url, attachments=False).post(a_post(attachments=files), content)
    first, second = ([file.get("omitted", False) for file in r.json["attachments"]] for r in receiver.requests)
    assert (first, second) == ([False, True, False], [True, True, True])
    assert content.asked == [1, 3]


def test_what_cannot_be_read_is_named_and_the_rest_goes_out() -> None:
    """Five days of attempts would not make it readable, and the text would be as late."""

    class Broken(Bytes):
        def part(self, number: int) -> Iterator[bytes]:
            if number != 2:
                raise Unreadable("it took more memory than allowed")
            return super().part(number)

    files = tuple(Attachment(number, f"{number}", "x/y", 3) for number in (1, 2))
    with Receiver() as receiver:
        webhook(receiver.url).post(a_post(attachments=files, whole_text=True), Broken(b"", b"", b"abc"))
    said = receiver.requests[0].json
    assert said["attachments"] == [
        {"name": "1", "type": "x/y", "size": 3, "content_id": "", "omitted": True,
         "reason": "it took more memory than allowed"},
        {"name": "2", "type": "x/y", "size": 3, "content_id": "", "content": "YWJj"},
    ]  # fmt: skip
    assert (said["body"], said["whole_text"]) == ("Grüße, **bold**", None)


def test_half_a_surrogate_pair_does_not_stop_a_post() -> None:
    with Receiver() as receiver:
        webhook(receiver.url).post(a_post(body="a\udc80b"), Bytes())
    assert receiver.requests[0].json["body"] == "a?b"


def test_each_attempt_is_signed_anew_and_keeps_its_key() -> None:
    from mailpoll.destinations.webhook import WebhookDestination

    moments = iter([1000.5, 2000.0])
    with Receiver() as receiver:
        settings = WebhookSettings(url=receiver.url, secret=SecretRef(env="X"))
        made = WebhookDestination("hook", settings, secret, clock=lambda: next(moments))
        made.post(a_post(), Bytes())
        made.post(a_post(), Bytes())
    for request, moment in zip(receiver.requests, ("1000", "2000"), strict=True):
        match = re.fullmatch(r"t=(\d+),v1=([0-9a-f]{64})", request.headers["mailpoll-signature"])
        assert match is not None
        assert match[1] == moment
        assert match[2] == hmac.new(CANARY.encode(), f"{moment}.".encode() + request.body, hashlib.sha256).hexdigest()
    assert {request.headers["idempotency-key"] for request in receiver.requests} == {"k-1"}


@pytest.mark.parametrize(
    ("given", "authorization"),
    [
        ({"bearer": SecretRef(env="X")}, f"Bearer {CANARY}"),
        (
            {"username": "ü", "password": SecretRef(env="X")},
            "Basic " + base64.b64encode(f"ü:{CANARY}".encode()).decode(),
        ),
    ],
)
def test_a_web_hook_logs_in(given: dict[str, Any], authorization: str) -> None:
    with Receiver(401) as receiver, pytest.raises(DestinationRefused) as caught:
        webhook(f"{receiver.url}/{CANARY}", headers={"X-Kind": "mail", "X-Api-Key": SecretRef(env="X")}, **given).post(
            a_post(), Bytes()
        )
    assert receiver.requests[0].headers["authorization"] == authorization
    assert receiver.requests[0].headers["x-kind"] == "mail"
    assert receiver.requests[0].headers["x-api-key"] == CANARY
    assert CANARY not in str(caught.value)


@pytest.mark.parametrize(
    ("body", "receipt"),
    [
        (b'{"id": 7, "url": "https://h.example/7"}', Receipt("7", "https://h.example/7")),
        (b'{"id": "abc", "url": "javascript:x"}', Receipt("abc")),
        (b'{"id": null}', Receipt()),
        (b"[1]", Receipt()),
        (b"thanks", Receipt()),
        (b"\xff", Receipt()),
        (b"[" * 60_000, Receipt()),
    ],
)
def test_the_receipt_is_what_the_receiver_says_of_it(body: bytes, receipt: Receipt) -> None:
    with Receiver(Answer(200, body=body)) as receiver:
        assert webhook(receiver.url).post(a_post(), Bytes()) == receipt


def test_a_web_hook_is_checked_without_posting() -> None:
    with Receiver() as receiver:
        (finding,) = webhook(f"{receiver.url}/{CANARY}").check()
    assert (finding.level, receiver.requests) == ("ok", [])
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    (finding,) = webhook(f"http://localhost:{port}/{CANARY}").check()
    assert (finding.level, CANARY in finding.what) == ("fail", False)
    assert "refused" in finding.what


# -- command ----------------------------------------------------------------------------------------------------------


def test_a_program_gets_the_mail_and_the_facts(tmp_path: Path) -> None:
    out = tmp_path / "out"
    code = f"""
import json, os, sys
with open({str(out)!r}, "w") as file:
    json.dump([sys.stdin.read(), dict(os.environ), os.getcwd(), os.getpgid(0) == os.getpid()], file)
"""
    post = a_post(topic="a\r\nb\0c", body="x\r\ny\0\udc80")
    python(code).post(post, Bytes(raw=(b"Subject: ", b"hello\n\n")))
    import json

    mail, env, folder, leads = json.loads(out.read_text())
    assert (mail, folder, leads) == ("Subject: hello\n\n", "/", True)
    facts = {name: value for name, value in env.items() if name.startswith("MAILPOLL_")}
    assert facts == {
        "MAILPOLL_CHANNEL": "ops",
        "MAILPOLL_PLACE": "",
        "MAILPOLL_TOPIC": "a bc",
        "MAILPOLL_SUBJECT": "Re: Disk full",
        "MAILPOLL_FROM": "Ann <ann@example.com>",
        "MAILPOLL_ADDRESS": "bot+ops@example.com",
        "MAILPOLL_TAG": "t7",
        "MAILPOLL_MESSAGE_ID": "<1@example.com>",
        "MAILPOLL_AUTOMATIC": "",
        "MAILPOLL_KEY": "k-1",
        "MAILPOLL_BODY": "x\ny?",
    }


def test_a_program_gets_nothing_else_of_our_environment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("IMAP_PASSWORD", CANARY)
    code = "import os, sys; sys.exit('IMAP_PASSWORD' in os.environ)"
    assert python(code).post(a_post(), Bytes()) == Receipt()


def test_a_long_body_is_cut_and_says_so() -> None:
    code = (
        f"import os, sys; b = os.environb[b'MAILPOLL_BODY']; "
        f"sys.exit(not (len(b) <= {MAX_BODY} and b.endswith(b'standard input]')))"
    )
    assert python(code).post(a_post(body="ü" * 100_000, subject="s" * 500_000), Bytes()) == Receipt()


def test_a_program_need_not_read_the_mail() -> None:
    assert python("pass").post(a_post(), Bytes(raw=(b"x" * 1_000_000,) * 5)) == Receipt()


def test_the_last_line_of_standard_error_is_told() -> None:
    code = "import sys; sys.stderr.write('x' * 100000 + '\\nfirst\\n\\x1b[31mno such queue\\n\\n'); sys.exit(3)"
    with pytest.raises(PermanentFailure, match=r"ended with status 3:  \[31mno such queue$"):
        python(code).post(a_post(), Bytes())


@pytest.mark.skipif(not hasattr(os, "pidfd_open"), reason="waits for a process that is not its child: Linux")
def test_a_hanging_program_is_ended_with_its_children(tmp_path: Path) -> None:
    pid_file = tmp_path / "pid"
    code = f"""
import subprocess, signal, sys, time
signal.signal(signal.SIGTERM, signal.SIG_IGN)
child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"])
open({str(pid_file)!r}, "w").write(str(child.pid))
print("no answer from the queue", file=sys.stderr, flush=True)
time.sleep(60)
"""
    with pytest.raises(Unanswered, match=r"did not end within 1.5 seconds and was ended: no answer from the queue"):
        python(code, timeout=1.5).post(a_post(), Bytes())
    assert gone(int(pid_file.read_text()))


@pytest.mark.skipif(not hasattr(os, "pidfd_open"), reason="waits for a process that is not its child: Linux")
def test_a_program_is_ended_when_its_run_is_stopped(tmp_path: Path) -> None:
    begun = tmp_path / "begun"
    os.mkfifo(begun)
    made = python(f"import os, time; open({str(begun)!r}, 'w').write(str(os.getpid())); time.sleep(60)")
    assert isinstance(made, Stoppable)
    with ThreadPoolExecutor(1) as pool:
        posted = pool.submit(made.post, a_post(), Bytes())
        pid = int(begun.read_text())  # waits for it
        made.stop()
        with pytest.raises(Unanswered, match="was ended by SIGTERM"):
            posted.result()
    assert gone(pid)


def test_a_program_that_begins_while_its_run_is_stopped_is_ended() -> None:
    made = python("import time; time.sleep(60)")
    assert isinstance(made, Stoppable)
    made.stop()
    with pytest.raises(Unanswered, match="was ended by SIGTERM"):
        made.post(a_post(), Bytes())


def gone(pid: int) -> bool:
    """Whether process `pid` ends within 10 seconds: SIGKILL is sent by then, but may not have been noticed."""
    try:
        process = os.pidfd_open(pid)
    except ProcessLookupError:
        return True
    try:
        return bool(select.select([process], [], [], 10)[0])
    finally:
        os.close(process)


def test_a_program_ended_by_a_signal_may_have_done_its_work() -> None:
    with pytest.raises(Unanswered, match="SIGSEGV"):
        python(f"import os; os.kill(os.getpid(), {int(signal.SIGSEGV)})").post(a_post(), Bytes())


def test_a_child_left_behind_does_not_hold_us_up() -> None:
    code = "import subprocess, sys; subprocess.Popen(['sleep', '4']); sys.exit(1)"
    with pytest.raises(PermanentFailure):
        python(code, timeout=30).post(a_post(), Bytes())


@pytest.mark.parametrize("fault", ["missing", "not executable", "no interpreter", "no program"])
def test_a_program_that_cannot_start_closes_the_destination(tmp_path: Path, fault: str) -> None:
    program = tmp_path / "program"
    if fault != "missing":
        program.write_text("#!/nowhere/sh\n" if fault == "no interpreter" else "not a program")
        program.chmod(0o644 if fault == "not executable" else 0o755)
    made = command(str(program))
    with pytest.raises(DestinationRefused, match=r"did not start: .* Check destination\.hook\.command"):
        made.post(a_post(), Bytes())
    if fault in ("missing", "not executable"):
        (finding,) = made.check()
        assert finding.level == "fail"
        assert ("missing" if fault == "missing" else "may not be run") in finding.what


def test_a_program_that_is_there_passes_the_check() -> None:
    assert command(sys.executable).check() == (Finding("ok", f"hook: {sys.executable} can be run"),)


def test_no_file_and_no_process_stays_behind() -> None:
    open_before = len(os.listdir("/proc/self/fd")) if os.path.isdir("/proc/self/fd") else 0
    for _ in range(5):
        python("pass").post(a_post(), Bytes())
    open_after = len(os.listdir("/proc/self/fd")) if open_before else 0
    assert open_after <= open_before + 1
