"""The installed command with its store in a PostgreSQL."""

from __future__ import annotations

import subprocess
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest
from servers import require
from servers.dovecot import Dovecot
from servers.dovecot import missing as no_dovecot
from servers.http_receiver import HELD, Receiver
from servers.postgres import PASSWORD, Postgres
from servers.postgres import missing as no_postgres
from support import hold
from support.site import MAILPOLL, Site, mail


@pytest.fixture(scope="module")
def postgres() -> Iterator[Postgres]:
    require(no_postgres() or "PostgreSQL", not no_postgres())
    with Postgres() as server:
        yield server


@pytest.fixture(scope="module")
def dovecot(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Dovecot]:
    require(no_dovecot() or "Dovecot", not no_dovecot())
    with Dovecot(tmp_path_factory.mktemp("dovecot")) as server:
        yield server


def configured(folder: Path, url: str, password: str = PASSWORD) -> Site:
    """A site without an inbox, whose store asks for a password."""
    site = Site(folder, None, store_url=url)
    secret = folder / "store-password"
    secret.write_text(f"{password}\n")
    secret.chmod(0o600)
    text = site.config.read_text().replace(
        f'url = "{url}"\n', f'url = "{url}"\npassword = {{ file = "store-password" }}\n'
    )
    site.config.write_text(text)
    return site


def test_everything_works_as_with_a_file(postgres: Postgres, tmp_path: Path) -> None:
    site = configured(tmp_path, postgres.tcp_url(postgres.empty()))
    assert site.run("channel", "add", "dev", "--token", "dev").returncode == 0
    taken = site.run("receive", "-", "--to", "dev", "-v", stdin=None, input=mail().decode())
    assert (taken.returncode, taken.stderr) == (0, "")
    assert "message 1: Mail 1 from " in taken.stdout
    assert "This is mail 1." in site.run("posts", "show", "1").stdout
    assert site.run("channel", "test", "dev").stdout.strip() == "store: delivered"
    assert site.run("fetch").returncode == 0
    for command in (("status",), ("messages", "list"), ("config", "check"), ("config", "show")):
        done = site.run(*command)
        assert done.returncode == 0, done
        assert PASSWORD not in done.stdout + done.stderr


@pytest.mark.parametrize(("database", "password", "status", "words"), [
    ("", "wrong", 77, "the database refused the login"),
    ("nowhere", PASSWORD, 78, "there is no such database"),
])  # fmt: skip
def test_what_is_wrong_is_one_sentence_and_a_status(
    postgres: Postgres, tmp_path: Path, database: str, password: str, status: int, words: str
) -> None:
    site = configured(tmp_path, postgres.tcp_url(database or postgres.database()), password)
    done = site.run("fetch")
    assert done.returncode == status
    assert words in done.stderr
    assert len(done.stderr.splitlines()) == 1
    assert "Traceback" not in done.stderr
    assert password not in done.stderr


def test_a_run_says_which_accounts_another_one_works_on(postgres: Postgres, dovecot: Dovecot, tmp_path: Path) -> None:
    url = postgres.url(postgres.database())
    more = (
        f'[account.second]\nhost = "{dovecot.host}"\nport = {dovecot.imap_port}\ntls = "none"\n'
        'username = "second@example.com"\npassword = { file = "imap-password" }\n'
    )
    site = Site(tmp_path, dovecot, "first@example.com", more=more, store_url=url)
    with hold.Process(url, "main"):
        done = site.run("fetch", "-v")
        assert done.returncode == 0
        assert "account.main: another run is at work on it." in done.stdout
        assert site.run("fetch").stdout == ""
    with hold.Process(url, "main", "second"):
        assert "Another run is at work on this store" in site.run("fetch", "-v").stdout


def test_a_run_that_loses_the_database_posts_nothing_more(postgres: Postgres, dovecot: Dovecot, tmp_path: Path) -> None:
    name = postgres.database()
    with Receiver(HELD, 200) as receiver:
        site = Site(tmp_path, dovecot, "lost@example.com", store_url=postgres.url(name))
        site.channel("dev", receiver.url)
        for number in range(3):
            site.append(mail(number))
        run = subprocess.Popen(
            [str(MAILPOLL), "--config", str(site.config), "fetch"], env=site.env, stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
        )  # fmt: skip
        assert receiver.holding.wait(30)
        postgres.end_sessions(name)
        receiver.let_go.set()
        said = run.communicate(timeout=60)
        assert run.returncode == 69, said
        assert len(receiver.requests) == 1
        assert [d.state for d in site.deliveries()] == ["sending", "pending", "pending"]
        assert site.run("fetch").returncode == 75  # the first one's answer never came
        assert [d.state for d in site.deliveries()] == ["delivered"] * 3
        keys = Counter(request.headers["idempotency-key"] for request in receiver.requests)
        assert sorted(keys.values()) == [1, 1, 2]
