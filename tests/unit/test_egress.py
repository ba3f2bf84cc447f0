"""[http]: which addresses are connected to, whatever leads there, and by way of which proxy."""

from __future__ import annotations

import socket
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from servers.certs import Authority
from servers.http_receiver import Receiver

from mailpoll import egress
from mailpoll.destinations import make
from mailpoll.egress import Egress, network_problem
from mailpoll.errors import DestinationRefused, TemporaryFailure
from mailpoll.http import Http, probe, proxy_for
from mailpoll.model import Post
from mailpoll.settings import HttpSettings, SecretRef, Settings

Obey = Callable[..., None]


@pytest.fixture
def obey() -> Iterator[Obey]:
    def set_to(**given: Any) -> None:
        egress.obey(HttpSettings(**given), lambda ref, about: "http://u:canary5f2e-proxy@proxy.example:3128")

    yield set_to
    set_to()


@pytest.mark.parametrize(
    ("address", "permitted"),
    [
        ("93.184.215.14", True),
        ("2606:2800:21f:cb07:6820:80da:af6b:8b2c", True),
        ("127.0.0.1", False),
        ("127.255.255.254", False),
        ("0.0.0.0", False),
        ("10.0.0.1", False),
        ("172.16.0.1", False),
        ("192.168.1.1", False),
        ("169.254.169.254", False),  # where clouds keep the keys of a machine
        ("100.64.0.1", False),
        ("224.0.0.1", False),
        ("255.255.255.255", False),
        ("::", False),
        ("::1", False),
        ("fe80::1%eth0", False),
        ("fd00:ec2::254", False),
        ("ff02::1", False),
        ("::ffff:127.0.0.1", False),
        ("::ffff:7f00:1", False),
        ("::ffff:93.184.215.14", True),
        ("::127.0.0.1", False),
        ("64:ff9b::10.0.0.1", False),
        ("64:ff9b:1::10.0.0.1", False),
        ("64:ff9b::93.184.215.14", True),
        ("2002:0a00:0001::1", False),
        ("::ffff:0:10.0.0.1", False),
        ("fec0::1", False),
    ],
)
def test_private_is_all_that_is_not_of_the_public_internet(address: str, permitted: bool) -> None:
    assert Egress(deny=("private",)).permits(address) is permitted
    assert Egress().permits(address)


def test_allowed_networks_are_exceptions() -> None:
    rules = Egress(deny=("private", "198.51.100.0/24"), allow=("10.1.2.0/24", "::1"))
    permitted = {a: rules.permits(a) for a in ("10.1.2.3", "10.1.3.3", "::ffff:10.1.2.3", "::1", "127.0.0.1")}
    assert permitted == {
        "10.1.2.3": True,
        "10.1.3.3": False,
        "::ffff:10.1.2.3": True,
        "::1": True,
        "127.0.0.1": False,
    }
    assert not rules.permits("198.51.100.7")


@pytest.mark.parametrize("address", ["0.0.0.0", "::", "::ffff:0.0.0.0", "64:ff9b::127.0.0.1"])
def test_who_denies_this_host_denies_the_addresses_that_lead_to_it(address: str) -> None:
    assert not Egress(deny=("127.0.0.0/8", "::1")).permits(address)
    assert Egress(deny=("10.0.0.0/8",)).permits(address)


@pytest.mark.parametrize(
    ("text", "right"),
    [
        ("private", True),
        ("10.0.0.0/8", True),
        ("fd00::/8", True),
        ("10.1.2.3", True),
        ("10.0.0.1/8", False),
        ("x", False),
    ],
)
def test_what_is_no_network_is_said(text: str, right: bool) -> None:
    assert (network_problem(text) is None) is right


@pytest.mark.parametrize("host", ["localhost", "127.0.0.1", "127.1", "2130706433", "0x7f.1", "[::ffff:127.0.0.1]"])
def test_no_way_to_write_a_denied_address_leads_there(obey: Obey, host: str) -> None:
    with Receiver() as receiver:
        obey(deny_networks=("private",))
        for ask in (lambda url: Http().request("POST", url, body=b"x"), probe):
            with pytest.raises(DestinationRefused, match=r"leads to .*deny_networks"):
                ask(f"http://{host}:{receiver.port}/")
    assert receiver.connections == 0


def test_a_name_that_leads_elsewhere_the_second_time_is_of_no_use(obey: Obey, monkeypatch: pytest.MonkeyPatch) -> None:
    """What was judged is what is connected to: the name is not looked up again."""
    resolve, answers = socket.getaddrinfo, iter(["198.51.100.7", "127.0.0.1"])
    asked: list[str] = []

    def rebinding(host: str, *args: Any, **kwargs: Any) -> Any:
        if host == "evil.example":
            asked.append(host)
            return resolve(next(answers), *args, **kwargs)
        return resolve(host, *args, **kwargs)

    monkeypatch.setattr(socket, "getaddrinfo", rebinding)
    with Receiver() as receiver:
        obey(deny_networks=("private",), allow_networks=("198.51.100.0/24",))
        with pytest.raises(TemporaryFailure):
            Http().request("POST", f"http://evil.example:{receiver.port}/", body=b"x", timeout_connect=0.2)
        assert (asked, receiver.connections) == (["evil.example"], 0)
        with pytest.raises(DestinationRefused, match=r"leads to 127\.0\.0\.1"):  # each connection is judged anew
            Http().request("POST", f"http://evil.example:{receiver.port}/", body=b"x")
    assert receiver.connections == 0


def test_of_several_addresses_the_permitted_ones_are_used(obey: Obey, monkeypatch: pytest.MonkeyPatch) -> None:
    resolve = socket.getaddrinfo

    def both(host: str, *args: Any, **kwargs: Any) -> Any:
        if host == "two.example":
            return resolve("127.0.0.2", *args, **kwargs) + resolve("127.0.0.1", *args, **kwargs)
        return resolve(host, *args, **kwargs)

    monkeypatch.setattr(socket, "getaddrinfo", both)
    obey(deny_networks=("private",), allow_networks=("127.0.0.1",))
    with Receiver() as receiver:
        assert Http().request("POST", f"http://two.example:{receiver.port}/", body=b"x").status == 200
        assert receiver.requests[0].headers["host"] == f"two.example:{receiver.port}"


def test_a_certificate_is_still_checked_against_the_name(obey: Obey, tmp_path: Path) -> None:
    authority = Authority(tmp_path)
    obey(deny_networks=("10.0.0.0/8",))
    with Receiver(certificate=authority.issue()) as receiver:
        http = Http(ca_file=str(authority.ca_file))
        assert http.request("POST", receiver.url, body=b"x").status == 200
        with pytest.raises(DestinationRefused, match="certificate"):
            Http().request("POST", receiver.url, body=b"x")


def test_behind_a_proxy_addresses_are_judged_and_names_are_left_to_it(obey: Obey) -> None:
    with Receiver() as proxy:
        obey(proxy=f"http://localhost:{proxy.port}", deny_networks=("private",))
        assert Http().request("POST", "http://h.invalid/x", body=b"y").status == 200
        for host in ("10.0.0.1", "[fd00::1]", "167772161"):
            for ask in (lambda url: Http().request("POST", url, body=b"y"), probe):
                with pytest.raises(DestinationRefused, match="deny_networks"):
                    ask(f"http://{host}/x")
    assert [request.path for request in proxy.requests] == ["http://h.invalid/x"]


@pytest.mark.parametrize(
    ("rules", "env", "proxy"),
    [
        (Egress("http://p"), {}, "http://p"),
        (Egress("http://p"), {"HTTPS_PROXY": "http://other"}, "http://p"),
        (Egress("none"), {"HTTPS_PROXY": "http://other"}, None),
        (Egress("http://p", no_proxy=("h.example",)), {}, None),
        (Egress("http://p", no_proxy=("example",)), {}, None),
        (Egress("http://p"), {"NO_PROXY": "h.example"}, None),
        (Egress(no_proxy=("h.example",)), {"HTTPS_PROXY": "http://other"}, None),
    ],
)
def test_the_proxy_of_the_settings_wins(rules: Egress, env: dict[str, str], proxy: str | None) -> None:
    assert proxy_for("https://h.example/", env, rules) == proxy
    assert proxy_for("http://localhost:3000/", env, rules) is None


def test_a_destination_that_is_made_obeys_the_settings(obey: Obey) -> None:
    with Receiver() as receiver:
        settings = Settings(http=HttpSettings(deny_networks=("private",)))
        made = make(f"http://localhost:{receiver.port}/", settings, lambda ref, about: "")
        with pytest.raises(DestinationRefused, match="deny_networks"):
            made.post(Post("c", "d", "", "t", "b"), None)
        made = make(f"http://localhost:{receiver.port}/", Settings(), lambda ref, about: "")
        made.post(Post("c", "d", "", "t", "b"), None)
    assert len(receiver.requests) == 1


def test_the_password_of_a_proxy_is_a_secret(obey: Obey) -> None:
    obey(proxy=SecretRef(file="proxy-url"))
    assert egress.in_force().proxy == "http://u:canary5f2e-proxy@proxy.example:3128"
    assert "canary" not in repr(egress.in_force())
