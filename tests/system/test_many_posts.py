"""Thousands of deliveries taken by several processes from one PostgreSQL: none is lost, none is doubled.

`MAILPOLL_LONG=1` takes 10 000 instead of 400, and prints its figures (-s).
"""

from __future__ import annotations

import os
import subprocess
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from datetime import UTC, datetime
from pathlib import Path

import pytest
from servers import require
from servers.dovecot import Dovecot
from servers.dovecot import missing as no_dovecot
from servers.http_receiver import Receiver
from servers.mail import PASSWORD as MAIL_PASSWORD
from servers.postgres import PASSWORD, Postgres, missing
from support.site import CRON, MAILPOLL, mail

from mailpoll.model import Facts, Post, RawMessage, Reading
from mailpoll.store import Store

LONG = os.environ.get("MAILPOLL_LONG") == "1"
POSTS = 10_000 if LONG else 400
DEADLINE_S = "20"
PROCESSES = 4
HOOKS = 4
AT_A_TIME = 500


@pytest.fixture
def dovecot(tmp_path: Path) -> Iterator[Dovecot]:
    require(no_dovecot() or "Dovecot", not no_dovecot())
    with Dovecot(tmp_path) as server:
        yield server


@pytest.fixture
def postgres() -> Iterator[Postgres]:
    require(missing() or "PostgreSQL", not missing())
    with Postgres() as server:
        yield server


class Host:
    """A machine with an account of its own, in which nothing is."""

    def __init__(self, folder: Path, dovecot: Dovecot, url: str, hooks: Sequence[Receiver]) -> None:
        folder.mkdir()
        for name, password in (("imap-password", MAIL_PASSWORD), ("store-password", PASSWORD)):
            (folder / name).write_text(f"{password}\n")
            (folder / name).chmod(0o600)
        text = (
            f'[store]\nurl = "{url}"\npassword = {{ file = "store-password" }}\n'
            '[addresses]\npatterns = ["username+%s@example.com"]\n'
            f'[account.{folder.name}]\nhost = "{dovecot.host}"\nport = {dovecot.imap_port}\ntls = "none"\n'
            f'username = "{folder.name}@example.com"\npassword = {{ file = "imap-password" }}\n'
        )
        for number, hook in enumerate(hooks):
            text += f'[destination.hook{number}]\nkind = "webhook"\nurl = "{hook.url}"\n'
        (folder / "config.toml").write_text(text)
        self._command = [str(MAILPOLL), "--config", str(folder / "config.toml"), "fetch", "--deadline", DEADLINE_S]
        self._env = {**CRON, "STATE_DIRECTORY": str(folder)}

    def work(self, store_url: str) -> int:
        """Runs until nothing is on its way; how often."""
        runs = 0
        with Store(store_url) as store:
            while left(store):
                done = subprocess.run(self._command, env=self._env, capture_output=True, text=True, check=False)
                assert (done.returncode, done.stderr) == (0, "")
                runs += 1
                assert runs < 60
        return runs


def fill(store: Store) -> None:
    """So many posts, as an outage leaves them, spread over the hooks."""
    now = datetime.now(UTC)
    for start in range(0, POSTS, AT_A_TIME):
        some = range(start, min(start + AT_A_TIME, POSTS))
        ids = store.ledger.accept([RawMessage(None, None, (mail(number),)) for number in some], now)
        readings = [
            (id_, Reading("posted", "", Facts(f"key {n}"), (Post("dev", f"hook{n % HOOKS}", "", f"Mail {n}", "Text"),)))
            for n, id_ in zip(some, ids, strict=True)
        ]
        store.ledger.record(readings, now)


def left(store: Store) -> int:
    """How many posts are on their way."""
    counts = store.outbox.counts()
    return sum(counts.get(state, 0) for state in ("pending", "sending", "delayed", "uncertain"))


def test_several_processes_deliver_each_of_many_posts_once(
    dovecot: Dovecot, postgres: Postgres, tmp_path: Path
) -> None:
    database = postgres.database()
    url = postgres.url(database)
    with Store(url) as store:
        fill(store)
    with ExitStack() as stack:
        hooks = [stack.enter_context(Receiver()) for _ in range(HOOKS)]
        hosts = [Host(tmp_path / f"host{n}", dovecot, postgres.tcp_url(database), hooks) for n in range(PROCESSES)]
        begun = time.monotonic()
        with ThreadPoolExecutor(PROCESSES) as pool:
            runs = list(pool.map(lambda host: host.work(url), hosts))
        seconds = time.monotonic() - begun
        came = [(n, request.headers["idempotency-key"]) for n, hook in enumerate(hooks) for request in hook.requests]
    with Store(url) as store:
        deliveries = store.outbox.list()
    by_run = Counter(run for (run,) in postgres.execute("SELECT run FROM delivery", database))
    calls = Counter(key for _, key in came)
    keys = {each.post.key: each.post.destination for each in deliveries}
    print(
        f"\n{POSTS} deliveries to {HOOKS} web hooks by {PROCESSES} processes in {sum(runs)} runs, {seconds:.0f} s "
        f"({POSTS / seconds:.0f} a second); lost {len(keys.keys() - calls.keys())}, "
        f"doubled {sum(calls.values()) - len(calls)}; by run: {sorted(by_run.values())}"
    )
    assert {each.state for each in deliveries} == {"delivered"}
    assert len(keys) == POSTS
    assert calls.keys() == keys.keys(), "lost"
    assert set(calls.values()) == {1}, "doubled"
    assert all(keys[key] == f"hook{number}" for number, key in came)
    assert len(by_run) > 1  # it was the work of several
