"""Apprise, the library itself, against a real HTTP server: what it sends, what its failures mean, what it tells."""

from __future__ import annotations

import base64
import logging
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from msgspec import structs
from servers.http_receiver import DRIP, RESET_READ, RESET_UNREAD, SILENT, Answer, Receiver
from support.canaries import found_in

from mailpoll import config, destinations, redaction
from mailpoll.delivery import Destination
from mailpoll.errors import (
    ConfigError,
    DestinationRefused,
    Later,
    MessageError,
    TemporaryFailure,
    Unanswered,
    Unreadable,
)
from mailpoll.model import Attachment, Limits, Post, Receipt
from mailpoll.settings import AppriseSettings, HttpSettings, SecretRef, Settings

pytest.importorskip("apprise", reason="the extra apprise is not installed")
# One of its many modules imports what Python 3.13 no longer has.
pytestmark = pytest.mark.filterwarnings("ignore:.*deprecated.*:DeprecationWarning")

KEY = "sEcReT-canary5f2e-9Xk"
START = datetime(2026, 11, 1, tzinfo=UTC)
FILES = (Attachment(1, "Grüße.pdf", "application/pdf", 6), Attachment(2, "../../x.txt", "text/plain", 3))


class Parts:
    def __init__(self, *parts: bytes | None) -> None:
        self._parts = parts

    def part(self, number: int) -> Iterator[bytes]:
        data = self._parts[number]
        if data is None:
            raise Unreadable("it took more memory than allowed")
        return iter((data[:2], data[2:]))


def a_post(**changes: Any) -> Post:
    given: dict[str, Any] = {"channel": "ops", "destination": "a", "place": "", "topic": "Disk full", "key": "k-1"}
    return Post(**{**given, "body": "Grüße <b>&amp; *more*</b>", **changes})


UNRESTRICTED = HttpSettings()


def by(url: str, http: HttpSettings = UNRESTRICTED, **given: Any) -> Destination:
    """The destination with this URL."""
    section = AppriseSettings(url=SecretRef(file="url"), service=url.partition(":")[0], **given)
    made: Destination = destinations.make("a", Settings(http=http, destination={"a": section}), lambda ref, about: url)
    return made


def to(receiver: Receiver, scheme: str = "json", rest: str = "", **given: Any) -> Destination:
    return by(f"{scheme}://user:{KEY}@127.0.0.1:{receiver.port}/{rest}", **given)


def limits(service: str) -> Limits:
    section = AppriseSettings(url=SecretRef(file="url"), service=service)
    return destinations.limits_of("a", Settings(destination={"a": section}))


# -- what is sent -----------------------------------------------------------------------------------------------------


def test_text_goes_out_as_it_is_with_its_files() -> None:
    with Receiver() as receiver:
        made = to(receiver)
        assert made.post(a_post(attachments=FILES, whole_text=True), Parts(b"whole", b"%PDF-1", None)) == Receipt()
    [request] = receiver.requests
    said = request.json
    assert (said["title"], said["message"]) == ("Disk full", "Grüße <b>&amp; *more*</b>")
    assert [(each["filename"], base64.b64decode(each["base64"])) for each in said["attachments"]] == [
        ("whole-text.txt", b"whole"),
        ("Grüße.pdf", b"%PDF-1"),
    ]
    assert request.headers["user-agent"] == "mailpoll"


def test_attachments_can_be_left_out() -> None:
    with Receiver() as receiver:
        to(receiver, attachments=False).post(a_post(attachments=FILES), Parts(b"", b"%PDF-1", b"x"))
    assert receiver.requests[0].json["attachments"] == []


def test_no_file_of_ours_stays_behind(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    with Receiver(500, 200) as receiver:
        made = to(receiver)
        with pytest.raises(Later):
            made.post(a_post(attachments=FILES), Parts(b"", b"%PDF-1", b"x"))
        made.post(a_post(attachments=FILES), Parts(b"", b"%PDF-1", b"x"))
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("scheme", ["json", "xml", "form", "gotify", "ntfy", "mmost"])
def test_services_of_other_shapes_get_the_text(scheme: str) -> None:
    rest = {"gotify": KEY, "ntfy": "topic", "mmost": KEY}.get(scheme, "")
    with Receiver() as receiver:
        to(receiver, scheme, rest).post(a_post(body="onlythis"), Parts())
    assert [b"onlythis" in request.body for request in receiver.requests] == [True]


def test_html_services_get_text_that_is_none_of_their_html() -> None:
    """Telegram's default is HTML: a stranger's tags must arrive as text."""
    made = by("tgram://123456789:abcdefghijklmnopqrstuvwxyz012345678/12315544/")
    assert made.limits.topic == 0
    from mailpoll.destinations.apprise.service import text_format

    assert text_format(made._service) == "text"  # type: ignore[attr-defined]


# -- limits and mentions ----------------------------------------------------------------------------------------------


def test_limits_are_those_that_apprise_knows_of_the_service() -> None:
    assert limits("pover") == Limits(topic=250, body=1024, files=True, markup="plain")
    assert limits("tgram") == Limits(topic=0, body=4096, files=True, mentions="telegram", markup="plain")
    assert limits("discord") == Limits(topic=250, body=2000, files=True, mentions="discord", markup="discord")
    assert limits("zulip") == Limits(topic=60, body=10000, files=False, mentions="zulip", markup="zulip")
    # Those that tell it only of a URL.
    assert limits("twilio") == limits("nonsense") == Limits(topic=250, body=1000, files=False, markup="plain")


@pytest.mark.parametrize("service", list(__import__("mailpoll.destinations.apprise.service", fromlist=["x"])._DIALECTS))
def test_every_dialect_is_one_that_mentions_are_broken_for(service: str) -> None:
    from mailpoll.mentions import DIALECTS

    assert limits(service).mentions in DIALECTS


def test_a_body_longer_than_the_service_takes_is_cut_all_the_same() -> None:
    with Receiver() as receiver:
        to(receiver).post(a_post(body="x" * 40_000, topic="y" * 400), Parts())
    said = receiver.requests[0].json
    assert (len(said["message"]), len(said["title"])) == (32768, 250)
    assert said["message"].endswith("x…")


# -- failures ---------------------------------------------------------------------------------------------------------

FAILURES: list[tuple[int | str, type[MessageError]]] = [
    (400, Later),
    (401, Later),
    (403, Later),
    (404, Later),
    (429, Later),
    (500, Later),
    (503, Later),
    (302, Later),
    (RESET_READ, Unanswered),
    (RESET_UNREAD, Unanswered),
]


@pytest.mark.parametrize(("answer", "outcome"), FAILURES)
def test_every_failure_is_tried_again_and_none_gives_the_key_away(
    answer: int | str, outcome: type[MessageError], capfd: pytest.CaptureFixture[str]
) -> None:
    redirect = Answer(302, {"Location": "http://127.0.0.1:1/"}) if answer == 302 else answer
    with Receiver(redirect) as receiver, pytest.raises(TemporaryFailure) as caught:
        to(receiver, rest=KEY).post(a_post(), Parts())
    # A reset may come before the connection is there: then nothing was sent.
    assert type(caught.value) in (outcome, TemporaryFailure if answer == RESET_UNREAD else outcome)
    assert len(receiver.requests) <= 1  # no redirect is followed, nothing is repeated
    assert "Apprise could not post" in caught.value.what
    said = capfd.readouterr()
    assert found_in(f"{caught.value}{said.out}{said.err}") == []
    assert KEY not in str(caught.value)


def test_of_its_url_the_service_says_no_word_and_everything_else_keeps_its_own() -> None:
    with Receiver(500) as receiver:
        made = by(f"json://127.0.0.1:{receiver.port}/error")
        with pytest.raises(Later) as caught:
            made.post(a_post(), Parts())
    assert "error" not in str(caught.value)
    said = f"error of http://127.0.0.1:{receiver.port}/zulip, but"
    assert redaction.hide(f"{said} json://127.0.0.1:{receiver.port}/error") == f"{said} ***"


def test_of_two_posts_at_a_time_each_has_its_own_trouble() -> None:
    """Apprise has one log: the answer to the first waits a moment for the second to be under way, which it must not."""
    second = threading.Event()
    with (
        Receiver(503, seen=lambda _: bool(second.wait(0.3))) as slow,
        Receiver(503, seen=lambda _: second.set()) as fast,
        ThreadPoolExecutor(2) as pool,
    ):
        posts = [pool.submit(to(receiver).post, a_post(), Parts()) for receiver in (slow, fast)]
        assert [type(post.exception()) for post in posts] == [Later, Later]


def test_nobody_there_means_that_nothing_was_sent() -> None:
    with Receiver() as receiver:
        made = to(receiver, rest=KEY)
    with pytest.raises(TemporaryFailure) as caught:
        made.post(a_post(), Parts())
    assert type(caught.value) is TemporaryFailure
    assert KEY not in str(caught.value)


@pytest.mark.parametrize("answer", [SILENT, DRIP])
def test_a_server_that_never_ends_its_answer_is_left(answer: str) -> None:
    with Receiver(answer) as receiver:
        begun = time.monotonic()
        with pytest.raises(Unanswered):
            to(receiver, timeout=0.5).post(a_post(), Parts())
        assert time.monotonic() - begun < 5


def test_apprise_never_sleeps_between_posts() -> None:
    with Receiver() as receiver:
        made = by(f"ntfy://127.0.0.1:{receiver.port}/topic")
        begun = time.monotonic()
        for _ in range(3):
            made.post(a_post(), Parts())
        assert time.monotonic() - begun < 5  # each would wait for 5.5 seconds
    assert len(receiver.requests) == 3


def test_what_the_url_says_of_tls_redirects_and_repeats_is_not_obeyed() -> None:
    with Receiver(500) as receiver, pytest.raises(Later):
        to(receiver, rest="?verify=no&redirect=yes&retry=3&wait=0.1").post(a_post(), Parts())
    assert len(receiver.requests) == 1
    made = by("jsons://127.0.0.1/?verify=no&redirect=yes")
    service = made._service  # type: ignore[attr-defined]
    assert (service.verify_certificate, service.redirects) == (True, False)


@pytest.mark.parametrize(("host", "allow", "proxy"), [("127.0.0.1", ("127.0.0.1",), False), ("h.invalid", (), True)])
def test_networks_that_are_denied_are_closed_to_apprise_but_for_the_way_to_the_proxy(
    monkeypatch: pytest.MonkeyPatch, host: str, allow: tuple[str, ...], proxy: bool
) -> None:
    denying = HttpSettings(deny_networks=("private",))
    with Receiver() as receiver:
        closed = by(f"json://user:{KEY}@localhost:{receiver.port}/", denying)
        with pytest.raises(DestinationRefused, match=r"leads to 127\.0\.0\.1, which deny_networks of \[http\]"):
            closed.post(a_post(), Parts())
        if proxy:
            monkeypatch.setenv("http_proxy", receiver.url)
        open_ = by(f"json://user:{KEY}@{host}:{receiver.port}/", structs.replace(denying, allow_networks=allow))
        open_.post(a_post(), Parts())
    assert len(receiver.requests) == 1


def test_a_bug_in_a_service_is_a_failure_like_others(monkeypatch: pytest.MonkeyPatch) -> None:
    with Receiver() as receiver:
        made = to(receiver)

        def broken(**_: Any) -> bool:
            raise KeyError(KEY)

        monkeypatch.setattr(made._service, "send", broken)  # type: ignore[attr-defined]
        with pytest.raises(Unanswered) as caught:
            made.post(a_post(), Parts())
    assert KEY not in str(caught.value)


def test_its_log_goes_nowhere() -> None:
    heard: list[logging.LogRecord] = []
    everywhere = logging.Handler(logging.DEBUG)
    everywhere.emit = heard.append  # type: ignore[method-assign]
    logging.getLogger().addHandler(everywhere)  # pytest's own goes round what keeps records back
    try:
        with Receiver(500) as receiver, pytest.raises(Later):
            to(receiver, rest=KEY).post(a_post(), Parts())
    finally:
        logging.getLogger().removeHandler(everywhere)
    assert [record for record in heard if record.name == "apprise"] == []


# -- settings ---------------------------------------------------------------------------------------------------------


def test_a_url_of_another_service_is_named_without_it() -> None:
    section = AppriseSettings(url=SecretRef(file="url"), service="slack")
    with pytest.raises(DestinationRefused) as caught:
        destinations.make("a", Settings(destination={"a": section}), lambda ref, about: f"discord://{KEY}/{KEY}")
    assert str(caught.value) == (
        'destination.a: the URL does not begin with slack://. Write service = "discord"'
    )  # fmt: skip


@pytest.mark.parametrize("url", [f"tgram://{KEY}", f"nonsense://{KEY}", "json://", f"slack://{KEY}"])
def test_a_url_that_apprise_does_not_understand_pauses(url: str) -> None:
    with pytest.raises(DestinationRefused, match="does not understand the URL") as caught:
        by(url)
    assert KEY not in str(caught.value)


def test_check_posts_nothing() -> None:
    with Receiver() as receiver:
        made = to(receiver)
        [finding] = made.check()
    assert (finding.level, receiver.connections) == ("ok", 0)
    assert "only a post can tell" in finding.what
    assert (made.askable, made.find(a_post(), START, lambda _: False), made.on_uncertain) == (False, None, "repost")


def test_the_service_of_a_web_page_is_none(tmp_path: Path) -> None:
    (tmp_path / "c.toml").write_text(
        '[destination.a]\nkind = "apprise"\nurl = { file = "u" }\nservice = "https"\n'
        '[destination.b]\nkind = "apprise"\nurl = { file = "u" }\nservice = "Slack://"\n'
    )
    with pytest.raises(ConfigError) as caught:
        config.load(tmp_path / "c.toml")
    assert "destination.b.service" in "\n".join(caught.value.problems)


_WITHOUT = """
import sys
sys.modules["apprise"] = None
from mailpoll import destinations, egress
from mailpoll.errors import DestinationRefused
from mailpoll.settings import AppriseSettings, HttpSettings, SecretRef, Settings
settings = Settings(destination={"a": AppriseSettings(url=SecretRef(file="u"), service="slack")})
print(destinations.limits_of("a", settings).mentions)
try:
    destinations.make("a", settings, lambda ref, about: "slack://x")
except DestinationRefused as problem:
    print(problem)
"""


def test_without_the_library_it_says_what_to_install() -> None:
    said = subprocess.run([sys.executable, "-c", _WITHOUT], capture_output=True, text=True, check=True).stdout
    # What mentions people is known all the same: the post is made now, and sent once the library is there.
    assert said.splitlines() == [
        "slack",
        "destination.a: Apprise is not installed. Installed by pipx, type in your clone: "
        "pipx install --force '.[apprise]'; in an environment of your own: pip install '.[apprise]'",
    ]


def test_it_is_imported_only_when_used() -> None:
    code = (
        "import sys; from mailpoll import config, destinations; destinations.kind_of('apprise'); "
        "print('apprise' in sys.modules, 'requests' in sys.modules)"
    )
    said = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
    assert said == "False False\n"
