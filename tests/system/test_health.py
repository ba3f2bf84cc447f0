"""`mailpoll fetch` and the monitor that is told of each run."""

from __future__ import annotations

from pathlib import Path

import pytest
from servers import free_port
from servers.http_receiver import Receiver
from support.mishap import checked
from support.site import Site


def site(folder: Path, url: str, more: str = "") -> Site:
    return Site(folder, None, more=f'[health]\nping_url = "{url}/KEY"\n{more}')


def heard(receiver: Receiver) -> list[str]:
    return [request.path for request in receiver.requests]


def test_a_run_that_is_well_pings_begin_and_end(tmp_path: Path) -> None:
    with Receiver() as receiver:
        result = site(tmp_path, receiver.url).run("fetch")
    assert (result.returncode, result.stdout, result.stderr) == (0, "", "")
    assert heard(receiver) == ["/KEY/start", "/KEY"]


def test_a_trouble_that_needs_a_person_pings_fail(tmp_path: Path) -> None:
    with Receiver() as receiver:
        account = '[account.main]\nhost = "localhost"\nport = 1\ntls = "none"\nusername = "u@example.com"\n'
        made = site(tmp_path, receiver.url, f'{account}password = {{ file = "none" }}\n')
        assert made.run("fetch").returncode == 78
    assert heard(receiver) == ["/KEY/start", "/KEY/fail"]


def test_a_trouble_that_may_pass_leaves_it_to_the_grace_time(tmp_path: Path) -> None:
    with Receiver() as receiver:
        account = (
            f'[account.main]\nhost = "localhost"\nport = {free_port()}\ntls = "none"\nusername = "u@example.com"\n'
        )
        made = site(tmp_path, receiver.url, f'{account}password = {{ file = "imap-password" }}\n')
        assert made.run("fetch").returncode == 69
    assert heard(receiver) == ["/KEY/start"]


def test_a_configuration_that_cannot_be_used_pings_fail(tmp_path: Path) -> None:
    with Receiver() as receiver:
        assert site(tmp_path, receiver.url, "[fetch]\ndeadline = 0\n").run("fetch").returncode == 78
    assert heard(receiver) == ["/KEY/fail"]


def test_a_store_that_cannot_be_used_pings_fail(tmp_path: Path) -> None:
    with Receiver() as receiver:
        made = site(tmp_path, receiver.url)
        (tmp_path / "mailpoll.db").write_bytes(b"Not a database. " * 400)
        assert made.run("fetch").returncode == 78
    assert heard(receiver) == ["/KEY/fail"]


@pytest.mark.parametrize("words", [("fetch", "--dry-run"), ("status",), ("config", "check")])
def test_what_is_no_run_pings_nothing(words: tuple[str, ...], tmp_path: Path) -> None:
    with Receiver() as receiver:
        assert site(tmp_path, receiver.url).run(*words).returncode == 0
    assert heard(receiver) == []


def test_a_run_that_finds_another_at_work_pings_nothing(tmp_path: Path) -> None:
    with Receiver() as receiver:
        made = site(tmp_path, receiver.url)
        with made.store() as store, store.run(()) as mine:
            assert mine is not None
            assert made.run("fetch").returncode == 0
    assert heard(receiver) == []


def test_a_monitor_that_is_gone_is_mentioned_at_v_alone_and_changes_nothing(tmp_path: Path) -> None:
    made = site(tmp_path, f"http://localhost:{free_port()}")
    quiet, talkative = checked(made.run("fetch")), checked(made.run("fetch", "-v"))
    assert (quiet.returncode, quiet.stdout, quiet.stderr) == (0, "", "")
    assert talkative.returncode == 0
    assert talkative.stderr.count("health.ping_url: http://localhost:") == 2
    assert "KEY" not in talkative.stdout + talkative.stderr
