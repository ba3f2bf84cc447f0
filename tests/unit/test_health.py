"""commands/health.py: what a monitor hears of a run, and that nothing about it can touch the run."""

from __future__ import annotations

import logging
import re
from pathlib import Path

import pytest
from servers import free_port
from servers.http_receiver import DRIP, RESET_READ, SILENT, Receiver

from mailpoll import config
from mailpoll.commands import health
from mailpoll.commands.installation import Installation
from mailpoll.errors import ConfigError


def installed(folder: Path, ping_url: str, more: str = "") -> Installation:
    path = folder / "config.toml"
    path.write_text(f"[health]\nping_url = {ping_url}\n{more}")
    return Installation(str(path), {})


# The status of a run · what the monitor gets after /start
HEARD = [
    (0, ["/ping/KEY"]),
    (65, ["/ping/KEY/fail"]),
    (70, ["/ping/KEY/fail"]),
    (76, ["/ping/KEY/fail"]),
    (77, ["/ping/KEY/fail"]),
    (78, ["/ping/KEY/fail"]),
    (69, []),
    (75, []),
]


@pytest.mark.parametrize(("status", "heard"), HEARD)
def test_a_monitor_hears_begin_and_end(status: int, heard: list[str], tmp_path: Path) -> None:
    with Receiver() as receiver:
        installation = installed(tmp_path, f'"{receiver.url}/ping/KEY"')
        health.begun(installation)
        health.ended(installation, status)
    assert [request.path for request in receiver.requests] == ["/ping/KEY/start", *heard]
    assert {request.method for request in receiver.requests} == {"GET"}


def test_the_url_may_be_a_secret(tmp_path: Path) -> None:
    with Receiver() as receiver:
        (tmp_path / "ping-url").write_text(f"{receiver.url}/ping/KEY/\n")
        (tmp_path / "ping-url").chmod(0o600)
        health.ended(installed(tmp_path, '{ file = "ping-url" }'), 77)
    assert [request.path for request in receiver.requests] == ["/ping/KEY/fail"]


def test_a_configuration_that_cannot_be_used_is_a_fail(tmp_path: Path) -> None:
    with Receiver() as receiver:
        installation = installed(tmp_path, f'"{receiver.url}/KEY"', "[account.main]\nhost = 7\n")
        with pytest.raises(ConfigError):
            installation.settings  # noqa: B018
        health.ended(installation, 78)
    assert [request.path for request in receiver.requests] == ["/KEY/fail"]


@pytest.mark.parametrize("text", ["", "no TOML", "[health]\n", "[health]\nping_url = 7\n", "[health]\npings = 7\n"])
def test_without_a_url_nothing_happens(text: str, tmp_path: Path) -> None:
    (tmp_path / "config.toml").write_text(text)
    health.begun(Installation(str(tmp_path / "config.toml"), {}))
    health.ended(Installation(str(tmp_path / "config.toml"), {}), 78)
    health.ended(Installation(str(tmp_path / "none.toml"), {}), 78)


@pytest.mark.parametrize("answer", [404, 500, 302, SILENT, RESET_READ, DRIP])
def test_a_monitor_in_trouble_is_mentioned_and_no_more(
    answer: int | str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(health, "SECONDS", 0.4)
    caplog.set_level(logging.INFO, "mailpoll")
    with Receiver(answer) as receiver:
        health.ended(installed(tmp_path, f'"{receiver.url}/KEY"'), 0)
    assert caplog.records or answer == DRIP
    assert {record.levelno for record in caplog.records} <= {logging.INFO}
    assert "KEY" not in caplog.text


def test_a_monitor_that_is_gone_and_a_secret_that_is_not_there_are_mentioned(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO, "mailpoll")
    health.begun(installed(tmp_path, f'"http://127.0.0.1:{free_port()}/KEY"'))
    health.begun(installed(tmp_path, '{ file = "none" }'))
    gone, missing = (record.getMessage() for record in caplog.records)
    assert "cannot be reached" in gone
    assert "does not exist" in missing


@pytest.mark.parametrize(
    ("url", "words"),
    [
        ("http://hc.example.com/KEY", "everybody on the way can read http"),
        ("hc-ping.com/KEY", "is no web address"),
        ("https://hc.example.com/?id=KEY", r"holds a \?"),
        ("https://me:KEY@hc.example.com/", "holds a user or password"),
    ],
)
def test_a_url_that_cannot_be_pinged_is_a_problem_of_the_configuration(url: str, words: str, tmp_path: Path) -> None:
    with pytest.raises(ConfigError) as caught:
        installed(tmp_path, f'"{url}"').settings  # noqa: B018
    [problem] = caught.value.problems
    assert problem.startswith("health.ping_url: ")
    assert "KEY" not in problem
    assert re.search(words, problem)


@pytest.mark.parametrize(("written", "shown"), [
    ('"https://hc-ping.com/KEY"', "https://hc-ping.com/…"),
    ('{ file = "KEY" }', "***"),
])  # fmt: skip
def test_config_show_masks_it(written: str, shown: str, tmp_path: Path) -> None:
    settings = installed(tmp_path, written).settings
    assert config.effective(settings)["health"]["ping_url"] == shown
