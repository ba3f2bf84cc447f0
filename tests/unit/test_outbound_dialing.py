"""From a name to a connection: look-ups that fail or hang, IPv6 that hangs or refuses, and what is told of it."""

from __future__ import annotations

import errno
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from typing import Any

import pytest

from mailpoll.outbound import dialing
from mailpoll.outbound.dialing import Address, connect, lookup
from mailpoll.outbound.happening import Stopped

LIMIT = 0.4
PATIENCE = 10.0


@contextmanager
def listening(family: int) -> Iterator[Address]:
    """An address that takes connections."""
    with socket.socket(family, socket.SOCK_STREAM) as listener:
        listener.bind((_host(family), 0))
        listener.listen()
        yield _address(listener)


@contextmanager
def refusing(family: int) -> Iterator[Address]:
    """An address that refuses them."""
    with socket.socket(family, socket.SOCK_STREAM) as held:
        held.bind((_host(family), 0))
        yield _address(held)


@contextmanager
def hanging(family: int) -> Iterator[Address]:
    """An address that answers nothing, as behind a firewall: on Linux, a full queue of connections."""
    with ExitStack() as stack:
        listener = stack.enter_context(socket.socket(family, socket.SOCK_STREAM))
        listener.bind((_host(family), 0))
        listener.listen(0)
        for _ in range(8):
            client = stack.enter_context(socket.socket(family, socket.SOCK_STREAM))
            client.settimeout(0.05)
            try:
                client.connect(listener.getsockname())
            except TimeoutError:
                break
        yield _address(listener)


def _host(family: int) -> str:
    return "::1" if family == socket.AF_INET6 else "127.0.0.1"


def _address(sock: socket.socket) -> Address:
    where = sock.getsockname()
    return Address(sock.family, where, where[0])


def has_ipv6() -> bool:
    try:
        with socket.socket(socket.AF_INET6) as sock:
            sock.bind(("::1", 0))
    except OSError:
        return False
    return True


V6, V4 = socket.AF_INET6, socket.AF_INET
needs_ipv6 = pytest.mark.skipif(not has_ipv6(), reason="this machine has no IPv6")


def connected(*addresses: Address, seconds: float = PATIENCE) -> tuple[str, tuple[str, ...]]:
    sock, address, notes = connect(addresses, seconds)
    with sock:
        assert sock.getpeername()[:2] == address.where[:2]
        assert sock.getblocking()
    return address.version, notes


def failing(*addresses: Address, seconds: float = LIMIT) -> tuple[str, str]:
    with pytest.raises(Stopped) as caught:
        connect(addresses, seconds)
    happening = caught.value.happening
    assert happening.stage == "connect"
    return happening.event, happening.detail


class TestConnecting:
    def test_the_first_address_that_answers_is_taken(self) -> None:
        with listening(V4) as first, listening(V4) as second:
            sock, address, notes = connect((first, second), PATIENCE)
            sock.close()
            assert (address, notes) == (first, ())

    @needs_ipv6
    def test_ipv6_that_hangs_gives_way_to_ipv4_and_is_told(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(dialing, "HEAD_START_S", 0.1)
        with hanging(V6) as silent, listening(V4) as good:
            version, notes = connected(silent, good)
        assert version == "IPv4"
        assert notes == ("IPv6 ::1 gave no answer within 0.1 s; went on with IPv4",)

    @needs_ipv6
    def test_ipv4_gets_its_turn_within_a_limit_shorter_than_the_head_start(self) -> None:
        assert LIMIT < dialing.HEAD_START_S
        with hanging(V6) as silent, listening(V4) as good:
            assert connected(silent, good, seconds=LIMIT)[0] == "IPv4"

    @needs_ipv6
    def test_ipv6_that_refuses_gives_way_at_once(self) -> None:
        with refusing(V6) as closed, listening(V4) as good:
            begun = time.monotonic()
            version, notes = connected(closed, good)
            assert time.monotonic() - begun < dialing.HEAD_START_S
        assert version == "IPv4"
        assert notes == ("IPv6 ::1 could not be reached (Connection refused); went on with IPv4",)

    @needs_ipv6
    def test_ipv4_that_hangs_gives_way_to_ipv6(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(dialing, "HEAD_START_S", 0.05)
        with hanging(V4) as silent, listening(V6) as good:
            assert connected(silent, good)[0] == "IPv6"

    def test_the_families_are_tried_by_turns(self) -> None:
        six, four = (Address(V6, (f"::{n}", 25), f"::{n}") for n in "12"), Address(V4, ("127.0.0.1", 25), "127.0.0.1")
        assert [a.version for a in dialing._in_turns((*six, four))] == ["IPv6", "IPv4", "IPv6"]

    def test_many_silent_addresses_do_not_keep_the_last_one_from_being_tried(self) -> None:
        with ExitStack() as stack:
            silent = [stack.enter_context(hanging(V4)) for _ in range(4)]
            good = stack.enter_context(listening(V4))
            assert connected(*silent, good, seconds=1.0)[0] == "IPv4"


class TestFailing:
    def test_all_addresses_silent_is_a_timeout_within_the_limit(self) -> None:
        with hanging(V4) as first, hanging(V4) as second:
            begun = time.monotonic()
            event, detail = failing(first, second)
            assert time.monotonic() - begun < LIMIT + 0.3
        assert event == "timeout"
        assert "127.0.0.1: no answer within 0.4 s" in detail

    def test_a_refusal_is_told_at_once(self) -> None:
        with refusing(V4) as closed:
            assert failing(closed, seconds=PATIENCE) == ("refused", "127.0.0.1: Connection refused")

    def test_what_hangs_tells_more_than_what_refuses(self) -> None:
        with refusing(V4) as closed, hanging(V4) as silent:
            assert failing(closed, silent)[0] == "timeout"

    @pytest.mark.parametrize(
        ("number", "event"),
        [
            (errno.ENETUNREACH, "unreachable"),
            (errno.EHOSTUNREACH, "unreachable"),
            (errno.EADDRNOTAVAIL, "unreachable"),
            (errno.EPERM, "forbidden"),
            (errno.EACCES, "forbidden"),
            (errno.ETIMEDOUT, "timeout"),
        ],
    )
    def test_what_the_system_says_at_once(self, monkeypatch: pytest.MonkeyPatch, number: int, event: str) -> None:
        monkeypatch.setattr(socket.socket, "connect_ex", lambda *_: number, raising=False)
        assert failing(Address(V4, ("192.0.2.1", 25), "192.0.2.1"))[0] == event

    @pytest.mark.parametrize(("number", "event"), [(errno.EMFILE, "descriptors"), (errno.EAFNOSUPPORT, "unreachable")])
    def test_a_socket_that_cannot_be_had(self, monkeypatch: pytest.MonkeyPatch, number: int, event: str) -> None:
        def none(*_: Any, **__: Any) -> Any:
            raise OSError(number, "no")

        monkeypatch.setattr(dialing.socket, "socket", none)
        assert failing(Address(V4, ("192.0.2.1", 25), "192.0.2.1"))[0] == event

    def test_no_socket_is_left_open(self) -> None:
        with hanging(V4) as silent, refusing(V4) as closed:
            before = descriptors()
            failing(silent, closed)
            assert descriptors() == before


def descriptors() -> int:
    with socket.socket() as sock:
        return sock.fileno()


def looking_up(monkeypatch: pytest.MonkeyPatch, answer: Callable[..., Any]) -> None:
    monkeypatch.setattr(dialing.socket, "getaddrinfo", answer)


def not_found(host: str, seconds: float = PATIENCE) -> tuple[str, str]:
    with pytest.raises(Stopped) as caught:
        lookup(host, 587, seconds)
    return caught.value.happening.event, caught.value.happening.detail


class TestLookingUp:
    def test_an_address_is_itself(self) -> None:
        assert [a.text for a in lookup("127.0.0.1", 587, PATIENCE)] == ["127.0.0.1"]

    def test_each_address_comes_once(self, monkeypatch: pytest.MonkeyPatch) -> None:
        one = (V4, socket.SOCK_STREAM, 6, "", ("192.0.2.1", 587))
        looking_up(monkeypatch, lambda *_, **__: [one, one])
        assert lookup("smtp.example.com", 587, PATIENCE) == (Address(V4, ("192.0.2.1", 587), "192.0.2.1"),)

    @pytest.mark.parametrize(
        ("number", "event"),
        [
            (socket.EAI_NONAME, "no-such-name"),
            (socket.EAI_NODATA, "no-such-name"),
            (socket.EAI_AGAIN, "name-servers"),
        ],
    )
    def test_what_the_name_servers_say(self, monkeypatch: pytest.MonkeyPatch, number: int, event: str) -> None:
        def fail(*_: Any, **__: Any) -> Any:
            raise socket.gaierror(number, "no")

        looking_up(monkeypatch, fail)
        assert not_found("smtp.example.com")[0] == event

    def test_name_servers_that_hang_are_left_behind(self, monkeypatch: pytest.MonkeyPatch) -> None:
        over = threading.Event()
        looking_up(monkeypatch, lambda *_, **__: over.wait(PATIENCE) and [])
        assert not_found("smtp.example.com", 0.05) == ("name-servers", "no answer within 0.05 s")
        over.set()

    @pytest.mark.parametrize("host", ["smtp..example.com", "x" * 64 + ".example.com", "☃☃.example", ".example.com"])
    def test_what_is_no_host_name_is_not_found_at_once(self, host: str) -> None:
        begun = time.monotonic()
        assert not_found(host)[0] == "no-such-name"
        assert time.monotonic() - begun < PATIENCE / 2

    def test_an_internationalised_name_is_asked_for_in_a_labels(self, monkeypatch: pytest.MonkeyPatch) -> None:
        asked: list[str] = []
        looking_up(monkeypatch, lambda host, *_, **__: asked.append(host) or [])
        lookup("smtp.straße.example", 587, PATIENCE)
        assert asked == ["smtp.xn--strae-oqa.example"]
