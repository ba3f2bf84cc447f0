"""http: every answer and every way to fail, on a real server."""

from __future__ import annotations

import datetime
import gc
import inspect
import socket
import threading
import warnings
from pathlib import Path
from typing import Any

import pytest
from servers.certs import Authority
from servers.http_receiver import DRIP, RESET_READ, RESET_UNREAD, SILENT, Answer, Receiver
from urllib3 import exceptions as urllib3_exceptions

from mailpoll.errors import DestinationRefused, Later, MessageError, PermanentFailure, TemporaryFailure, Unanswered
from mailpoll.http import Http, Response, basic, classify, foreign, probe, proxy_for, retry_after, wait_of
from mailpoll.http.failures import translated
from mailpoll.settings import mask_url

CANARY = "cAnArY"


def refused_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return int(listener.getsockname()[1])


@pytest.mark.parametrize(
    ("status", "error"),
    [
        *((status, None) for status in (200, 201, 202, 204, 299)),
        *((status, PermanentFailure) for status in (400, 406, 413, 415, 422)),
        *((status, DestinationRefused) for status in (301, 302, 303, 307, 308, 401, 403, 404, 405, 407, 410, 501)),
        (429, TemporaryFailure),
        *((status, Later) for status in (408, 425, 500, 502, 503, 504, 507, 520, 599)),
        *((status, Later) for status in (402, 409, 418, 423, 451, 600)),
    ],
)
def test_every_status_has_its_outcome(status: int, error: type[MessageError] | None) -> None:
    headers = {"location": f"https://other.example/{CANARY}"}
    response = Response(status, headers, b"", "https://h.example/…")
    if error is None:
        classify(response)
        return
    with pytest.raises(MessageError) as caught:
        classify(response)
    assert type(caught.value) is error
    assert str(status) in caught.value.what
    assert CANARY not in str(caught.value)


def test_a_redirect_is_not_followed_and_says_what_to_change() -> None:
    with Receiver(Answer(302, {"Location": "https://new.example/x"})) as receiver:
        response = Http().request("POST", receiver.url, body=b"x")
    with pytest.raises(DestinationRefused, match=r"moved to https://new\.example/…. Change the url"):
        classify(response)
    assert receiver.connections == 1


@pytest.mark.parametrize(
    ("headers", "words"),
    [({"location": "/login?key=k"}, "moved to another path of the same server"), ({}, "nothing to post to")],
)
def test_a_redirect_without_a_url_says_so(headers: dict[str, str], words: str) -> None:
    with pytest.raises(DestinationRefused, match=words):
        classify(Response(303, headers, b"", "https://h.example/…"))


@pytest.mark.parametrize(
    ("value", "seconds"),
    [
        ("120", 120.0),
        ("0.25", 0.25),
        ("Fri, 06 Nov 2026 08:49:37 GMT", 37.0),
        ("Fri, 06 Nov 2026 08:00:00 GMT", 0.0),
        ("999999999999", 86400.0),
        ("Fri, 31 Dec 9999 23:59:59 GMT", 86400.0),
        ("", None),
        ("soon", None),
        ("-5", None),
        ("nan", None),
        ("Fri, 99 Foo 2026 08:49:37 GMT", None),
    ],
)
def test_retry_after_is_seconds_fractions_or_a_date(value: str, seconds: float | None) -> None:
    now = datetime.datetime(2026, 11, 6, 8, 49, 0, tzinfo=datetime.UTC)
    assert retry_after({"retry-after": value}, now) == seconds


@pytest.mark.parametrize(
    ("value", "seconds"),
    [(1.337, 1.337), (0, 0.0), (10**400, 86400.0), (float("inf"), 86400.0), (-1, None), (float("nan"), None),
     (True, None), ("5", None), (None, None)],
)  # fmt: skip
def test_a_time_in_json_is_a_number_of_seconds(value: object, seconds: float | None) -> None:
    assert wait_of(value) == seconds


def test_a_time_in_json_may_be_in_milliseconds() -> None:
    assert (wait_of(1500, 1000), wait_of(10**400, 1000)) == (1.5, 86400.0)


@pytest.mark.parametrize(
    ("body", "kind"),
    [(b"", Unanswered), (b' {"id": "1', Unanswered), (b"<html>", DestinationRefused), (b"{}", DestinationRefused),
     (b"[]", DestinationRefused)],
)  # fmt: skip
def test_a_success_that_is_somebody_elses_is_told_from_one_that_breaks_off(
    body: bytes, kind: type[MessageError]
) -> None:
    assert type(foreign(Response(200, {}, body), "Chat", "")) is kind


def test_the_receiver_gets_what_was_sent_and_its_answer_comes_back() -> None:
    body = bytes(range(256)) * 1000
    with Receiver(Answer(201, {"X-Id": "7"}, b"hello")) as receiver:
        response = Http().request("POST", receiver.url + "/in?a=b", headers={"X-One": "1"}, body=body)
    (request,) = receiver.requests
    assert (request.method, request.path, request.headers["x-one"], request.body) == ("POST", "/in?a=b", "1", body)
    assert (response.status, response.headers["x-id"], response.body) == (201, "7", b"hello")


def test_an_answer_is_read_to_64_kb_only() -> None:
    with Receiver(Answer(200, body=b"x" * 1_000_000)) as receiver:
        assert len(Http().request("POST", receiver.url, body=b"x").body) == 64 * 1024


@pytest.mark.parametrize(
    ("answer", "error"),
    [
        (SILENT, Unanswered),
        (RESET_READ, Unanswered),
        (DRIP, Unanswered),
    ],
)
def test_sent_but_unanswered_is_uncertain(answer: str, error: type[MessageError]) -> None:
    with Receiver(answer) as receiver, pytest.raises(MessageError) as caught:
        Http().request("POST", f"{receiver.url}/{CANARY}", body=b"x", timeout_connect=0.2, timeout_read=0.3)
    assert type(caught.value) is error
    assert CANARY not in str(caught.value)
    assert caught.value.__suppress_context__


def test_what_is_no_http_is_said() -> None:
    twice = Answer(200, {"Content-Length": "1\r\nContent-Length: 2"})
    with Receiver(twice) as receiver, pytest.raises(Unanswered, match="gave an answer that is no HTTP"):
        Http().request("POST", receiver.url, body=b"x")


@pytest.mark.parametrize(
    ("status", "kind", "what"),
    [(407, DestinationRefused, "the proxy wants a password"), (502, TemporaryFailure, "the proxy answered 502")],
)
def test_what_the_proxy_says_of_a_host_is_told(status: int, kind: type[MessageError], what: str) -> None:
    with warnings.catch_warnings(), Receiver(status) as proxy:
        warnings.simplefilter("ignore", ResourceWarning)  # http.client leaves the answer to CONNECT to the collector
        with pytest.raises(kind, match=f"cannot be reached: {what}"):
            Http(proxy=f"http://localhost:{proxy.port}").request("POST", "https://h.invalid/", body=b"y")
        gc.collect()


@pytest.mark.parametrize("place", ["closed port", "no such name"])
def test_not_sent_is_temporary(place: str) -> None:
    host = f"localhost:{refused_port()}" if place == "closed port" else "no-such-name.invalid"
    with pytest.raises(TemporaryFailure) as caught:
        Http().request("POST", f"http://{host}/{CANARY}", body=b"x", timeout_connect=2)
    assert type(caught.value) is TemporaryFailure
    assert CANARY not in str(caught.value)


def test_a_request_that_was_given_up_before_it_was_sent_is_never_sent(monkeypatch: pytest.MonkeyPatch) -> None:
    """Resolvers have time limits of their own: an answer that comes late must not post what was called not sent."""
    answered, resolve = threading.Event(), socket.getaddrinfo

    def slow(*args: Any, **kwargs: Any) -> Any:
        answered.wait()
        return resolve(*args, **kwargs)

    with Receiver() as receiver:
        monkeypatch.setattr(socket, "getaddrinfo", slow)
        with pytest.raises(TemporaryFailure) as caught:
            Http().request("POST", receiver.url, body=b"x", timeout_connect=0.05, timeout_read=0.05)
        assert type(caught.value) is TemporaryFailure
        answered.set()
        for thread in threading.enumerate():
            if thread.name == "http":
                thread.join()
    # Its head may have left, and no receiver takes that for a request: the body it announces never comes.
    assert [request.body for request in receiver.requests if request.body] == []


def test_a_tls_server_that_hangs_up_during_the_handshake_got_nothing() -> None:
    with Receiver(RESET_UNREAD) as receiver, pytest.raises(TemporaryFailure) as caught:
        Http().request("POST", f"https://localhost:{receiver.port}/{CANARY}", body=b"x")
    assert type(caught.value) is TemporaryFailure
    assert CANARY not in str(caught.value)


def test_a_status_that_came_counts_even_if_the_body_breaks_off() -> None:
    with Receiver(Answer(200, {"Content-Length": "100"}, b"short")) as receiver:
        response = Http().request("POST", receiver.url, body=b"x")
    assert (response.status, response.body[:5]) == (200, b"short")


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, tuple[Path, Path]]:
    """(PEM of the authority, (chain, key) of a server called localhost)."""
    made = Authority(tmp_path_factory.mktemp("tls"))
    return made.ca_file, made.issue()


def test_a_certificate_of_no_known_authority_is_refused(authority: tuple[Path, tuple[Path, Path]]) -> None:
    with Receiver(certificate=authority[1]) as receiver:
        with pytest.raises(DestinationRefused, match="certificate is not to be trusted"):
            Http().request("POST", f"{receiver.url}/{CANARY}", body=b"x")
        with pytest.raises(DestinationRefused, match="certificate"):
            probe(receiver.url)
    assert receiver.requests == []


def test_ca_file_names_the_authority_to_trust(authority: tuple[Path, tuple[Path, Path]]) -> None:
    with Receiver(certificate=authority[1]) as receiver:
        probe(receiver.url, ca_file=str(authority[0]))
        assert Http(ca_file=str(authority[0])).request("POST", receiver.url, body=b"x").status == 200


def test_a_missing_ca_file_is_said() -> None:
    with pytest.raises(DestinationRefused, match=r"ca_file gone\.pem"):
        Http(ca_file="/nowhere/gone.pem")


@pytest.mark.parametrize("url", ["http://", "http://[", "http://exa mple/", "gopher://x/", "http://h:99999/"])
def test_a_url_that_is_none_closes_the_destination(url: str) -> None:
    with pytest.raises(MessageError):
        Http().request("POST", url, body=b"x", timeout_connect=1)


def test_every_error_that_urllib3_exports_becomes_ours() -> None:
    """An error of a new release must not escape as a bug."""
    for name, kind in inspect.getmembers(urllib3_exceptions, inspect.isclass):
        if not issubclass(kind, urllib3_exceptions.HTTPError):
            continue
        error = kind.__new__(kind)
        error.args = (f"https://h.example/{CANARY}",)
        for sent in (True, False):
            ours = translated(error, f"https://h.example/{CANARY}", sent=sent)
            assert isinstance(ours, MessageError), name
            assert CANARY not in str(ours), name
            assert not (isinstance(ours, Unanswered) and not sent), name


@pytest.mark.parametrize(
    ("url", "env", "proxy"),
    [
        ("https://h.example/", {}, None),
        ("https://h.example/", {"HTTPS_PROXY": "http://p:3128"}, "http://p:3128"),
        ("https://h.example/", {"HTTPS_PROXY": "http://big", "https_proxy": "http://small"}, "http://small"),
        ("https://h.example/", {"HTTP_PROXY": "http://p"}, None),
        ("http://h.example/", {"HTTP_PROXY": "http://p"}, "http://p"),
        ("http://h.example/", {"HTTP_PROXY": "http://evil", "REQUEST_METHOD": "GET"}, None),
        ("http://h.example/", {"ALL_PROXY": "http://p"}, "http://p"),
        ("https://h.example/", {"HTTPS_PROXY": "http://p", "NO_PROXY": "other, .example"}, None),
        ("https://h.example/", {"HTTPS_PROXY": "http://p", "NO_PROXY": "ample"}, "http://p"),
        ("https://h.example/", {"HTTPS_PROXY": "http://p", "NO_PROXY": "*"}, None),
        ("http://localhost:3000/", {"HTTP_PROXY": "http://p"}, None),
        ("http://127.0.0.1/", {"HTTP_PROXY": "http://p"}, None),
    ],
)
def test_the_proxy_is_the_one_the_environment_names(url: str, env: dict[str, str], proxy: str | None) -> None:
    assert proxy_for(url, env) == proxy


def test_a_request_goes_through_the_proxy_with_its_password() -> None:
    with Receiver() as proxy:
        address = f"http://us%40er:{CANARY}@localhost:{proxy.port}"
        assert Http(proxy=address).request("POST", "http://h.invalid/x", body=b"y").status == 200
    (request,) = proxy.requests
    assert request.path == "http://h.invalid/x"
    assert request.headers["proxy-authorization"] == basic("us@er", CANARY)


def test_a_proxy_that_is_none_for_http_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("all_proxy", f"socks5://u:{CANARY}@localhost:1080")
    with pytest.raises(DestinationRefused, match=r"its proxy is no HTTP proxy") as caught:
        Http().request("POST", "https://h.invalid/", body=b"y")
    assert CANARY not in str(caught.value)


def test_a_proxy_that_is_gone_got_nothing() -> None:
    with pytest.raises(TemporaryFailure) as caught:
        Http(proxy=f"http://u:{CANARY}@localhost:{refused_port()}").request("POST", "https://h.invalid/", body=b"y")
    assert type(caught.value) is TemporaryFailure
    assert CANARY not in str(caught.value)


def test_a_request_within_this_machine_reads_no_certificates(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delattr("ssl.create_default_context")  # 20 ms, of which a post to localhost needs nothing
    with Receiver() as receiver:
        assert Http().request("POST", receiver.url, body=b"x").status == 200


def test_probe_connects_and_asks_nothing() -> None:
    with Receiver() as receiver:
        probe(receiver.url + "/x")
    assert receiver.requests == []
    with pytest.raises(TemporaryFailure, match="cannot be reached: connection refused"):
        probe(f"http://localhost:{refused_port()}/{CANARY}")


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        ("https://hooks.example.com/services/T0/B0/XXX", "https://hooks.example.com/…"),
        ("https://hooks.example.com", "https://hooks.example.com"),
        ("https://user:word@h.example:8443/x?key=y#z", "https://h.example:8443/…"),
        ("http://h.example?key=y", "http://h.example/…"),
        ("http://[::1]:8080/x", "http://[::1]:8080/…"),
        ("https://a@b@h.example/x", "https://h.example/…"),
        ("no url", "…"),
        ("", "…"),
    ],
)
def test_a_masked_url_shows_scheme_host_and_port(url: str, shown: str) -> None:
    assert mask_url(url) == shown
