"""The promise of DESIGN.md §1 on a real server, through the installed command."""

from __future__ import annotations

import itertools
import subprocess
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from servers import require
from servers.dovecot import Dovecot, missing
from servers.http_receiver import Receiver
from servers.proxy import CountingProxy
from support.site import Site, mail

pytestmark = pytest.mark.usefixtures("as_installed")

numbers = itertools.count()


@pytest.fixture(scope="module")
def dovecot(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Dovecot]:
    require(missing() or "Dovecot", not missing())
    with Dovecot(tmp_path_factory.mktemp("dovecot")) as server:
        yield server


def site_on(dovecot: Dovecot, folder: Path, account: str = "", more: str = "", channel: bool = True) -> Site:
    site = Site(folder / "site", dovecot, f"flow{next(numbers)}@example.com", account=account, more=more)
    if channel:
        site.channel("dev")
    return site


def fetch(site: Site, *more: str) -> subprocess.CompletedProcess[str]:
    """A run that must go well, and say nothing, as under cron."""
    result = site.run("fetch", *more)
    assert (result.returncode, result.stdout, result.stderr) == (0, "", "")
    return result


def bodies(site: Site) -> list[str]:
    return [delivery.post.body for delivery in site.deliveries() if delivery.state == "delivered"]


def test_private_mail_stays_as_it_is_and_its_body_is_never_fetched(dovecot: Dovecot, tmp_path: Path) -> None:
    site = site_on(dovecot, tmp_path)
    ours = set()
    for index in range(103):
        raw = mail(index, to="username+dev@example.com" if index % 40 == 7 else "username@example.com")
        uid = site.append(raw, flags=["\\Seen"] if index % 2 else [])
        if index % 40 == 7:
            ours.add(uid)
    before = site.inbox()

    with CountingProxy(dovecot.imap_port) as proxy:
        text = site.config.read_text()
        site.config.write_text(text.replace(f"port = {dovecot.imap_port}", f"port = {proxy.port}"))
        fetch(site)

    after = site.inbox()
    assert len(bodies(site)) == 3
    assert proxy.fetched_bodies() == ours
    assert {uid: mail for uid, mail in after.items() if uid not in ours} == {
        uid: mail for uid, mail in before.items() if uid not in ours
    }
    assert all("\\Seen" in after[uid][0] for uid in ours)
    assert len(site.messages()) == 3
    assert b"This is mail 1." not in (tmp_path / "site" / "mailpoll.db").read_bytes()


@pytest.mark.parametrize("copies", ["one copy", "two copies", "two folders"])
def test_one_mail_to_two_tokens_reaches_each_channel_once(copies: str, dovecot: Dovecot, tmp_path: Path) -> None:
    site = site_on(dovecot, tmp_path, account='folders = ["INBOX", "Lists"]', channel=False)
    site.channel("ops", tokens=["token1"])
    site.channel("sales", tokens=["token2"])
    both = "username+token1@example.com, username+token2@example.com"
    site.append(mail("other", to="username@example.com"), folder="Lists")
    if copies == "one copy":
        site.append(mail(1, to=both))
    else:
        second = "INBOX" if copies == "two copies" else "Lists"
        site.append(mail(1, to=both, delivered_to="username+token1@example.com"))
        site.append(mail(1, to=both, delivered_to="username+token2@example.com"), folder=second)

    fetch(site)
    fetch(site)

    delivered = sorted(d.post.channel for d in site.deliveries() if d.state == "delivered")
    assert delivered == ["ops", "sales"]


def test_the_same_mail_twice_is_one_post_and_a_duplicate_that_is_listed(dovecot: Dovecot, tmp_path: Path) -> None:
    site = site_on(dovecot, tmp_path)
    site.append(mail(1))
    site.append(mail(1))

    fetch(site)

    assert [d.state for d in site.deliveries()] == ["delivered", "duplicate"]
    assert {flags for flags, _ in site.inbox().values()} == {frozenset({"\\Seen"})}


def test_mail_opened_in_webmail_before_the_run_still_arrives(dovecot: Dovecot, tmp_path: Path) -> None:
    site = site_on(dovecot, tmp_path)
    fetch(site)
    site.append(mail(1), flags=["\\Seen"])

    fetch(site)

    assert bodies(site) == ["This is mail 1."]


def test_mail_from_before_mailpoll_was_set_up_is_left_alone_unless_asked_for(dovecot: Dovecot, tmp_path: Path) -> None:
    site = site_on(dovecot, tmp_path)
    now = datetime.now(UTC)
    for days in (30, 20, 10):
        site.append(mail(days), internaldate=now - timedelta(days=days))
    site.append(mail(0), internaldate=now - timedelta(minutes=30))

    fetch(site)
    assert bodies(site) == ["This is mail 0."]
    fetch(site, "--since", (now - timedelta(days=25)).isoformat())
    assert sorted(bodies(site)) == ["This is mail 0.", "This is mail 10.", "This is mail 20."]
    fetch(site, "--since", "all")
    assert len(bodies(site)) == 4
    fetch(site)
    assert len(site.deliveries()) == 4


def test_a_new_uidvalidity_posts_nothing_again_and_loses_nothing(dovecot: Dovecot, tmp_path: Path) -> None:
    site = site_on(dovecot, tmp_path)
    for index in range(3):
        site.append(mail(index))
    fetch(site)

    dovecot.new_uidvalidity(user=site.user)
    site.append(mail("new"))
    fetch(site)

    assert sorted(bodies(site)) == ["This is mail 0.", "This is mail 1.", "This is mail 2.", "This is mail new."]
    assert {d.state for d in site.deliveries()} == {"delivered", "duplicate"}
    settled = site.deliveries()
    fetch(site)
    assert site.deliveries() == settled


@pytest.mark.parametrize(
    ("after", "flags", "processed"),
    [
        ("seen", {"\\Seen"}, 0),
        ("keyword", {"mailpoll"}, 0),
        ("leave", set(), 0),
        ("move", None, 1),
        ("delete", None, 0),
    ],
)
def test_after_does_what_it_says(
    after: str, flags: set[str] | None, processed: int, dovecot: Dovecot, tmp_path: Path
) -> None:
    site = site_on(dovecot, tmp_path, account=f'after = "{after}"')
    site.append(mail(1))

    fetch(site)

    assert [set(found) for found, _ in site.inbox().values()] == ([] if flags is None else [flags])
    if processed:
        assert len(site.inbox("Processed")) == processed
    assert bodies(site) == ["This is mail 1."]


def test_move_waits_until_the_web_hook_has_taken_the_post(dovecot: Dovecot, tmp_path: Path) -> None:
    with Receiver(503, 200) as receiver:
        site = site_on(dovecot, tmp_path, account='after = "move"', channel=False)
        site.channel("dev", receiver.url)
        site.append(mail(1))

        assert site.run("fetch").returncode == 75
        assert len(site.inbox()) == 1
        with site.store() as store:
            (delivery,) = store.outbox.list()
            store.outbox.delayed(delivery, datetime.now(UTC), "", datetime.now(UTC))
        fetch(site)

        assert site.inbox() == {}
        assert len(site.inbox("Processed")) == 1
        assert len(receiver.requests) == 2


def test_two_runs_at_once_double_nothing_and_the_second_ends_well(dovecot: Dovecot, tmp_path: Path) -> None:
    site = site_on(dovecot, tmp_path)
    for index in range(30):
        site.append(mail(index))

    with ThreadPoolExecutor(4) as pool:
        results = list(pool.map(lambda _: site.run("fetch", "-v"), range(4)))
    fetch(site)

    assert [result.returncode for result in results] == [0] * 4
    assert sorted(bodies(site)) == sorted(f"This is mail {index}." for index in range(30))
    assert len(site.deliveries()) == 30


def test_a_mail_over_the_limit_becomes_a_notice_and_stays_as_it_is(dovecot: Dovecot, tmp_path: Path) -> None:
    site = site_on(dovecot, tmp_path, account='after = "move"', more="[fetch]\nmax_message_size = 100_000\n")
    site.append(mail(1, size=200_000))

    fetch(site)

    (body,) = bodies(site)
    assert "more than fetch.max_message_size allows" in body
    assert len(site.inbox()) == 1
    (message,) = site.messages()
    assert message.oversize_of > 200_000
    assert message.size < 2_000


def test_a_large_mail_arrives_whole(dovecot: Dovecot, tmp_path: Path) -> None:
    with Receiver() as receiver:
        site = site_on(dovecot, tmp_path, channel=False)
        site.channel("dev", receiver.url)
        site.append(mail(1, size=3_000_000))

        fetch(site)

        (request,) = receiver.requests
        (file,) = request.json["attachments"]
        assert (file["name"], file["size"]) == ("zeros.bin", 3_000_000)


def test_a_dedicated_inbox_gives_everything_to_its_channel(dovecot: Dovecot, tmp_path: Path) -> None:
    site = site_on(dovecot, tmp_path, account='scope = "all"\nchannel = "dev"')
    site.append(mail(1, to="sales@example.net"))

    fetch(site)

    assert bodies(site) == ["This is mail 1."]


def test_a_dry_run_shows_what_would_be_posted_and_changes_nothing(dovecot: Dovecot, tmp_path: Path) -> None:
    site = site_on(dovecot, tmp_path)
    site.append(mail(1))
    site.append(mail(2, to="username@example.com"))
    before = site.inbox(), (tmp_path / "site" / "mailpoll.db").read_bytes()

    shown = site.run("fetch", "--dry-run")

    assert shown.returncode == 0
    assert "1 to take, 1 not ours" in shown.stdout
    assert "│ This is mail 1." in shown.stdout
    assert (site.inbox(), (tmp_path / "site" / "mailpoll.db").read_bytes()) == before
    fetch(site)
    assert bodies(site) == ["This is mail 1."]


def test_a_limit_leaves_the_rest_for_the_next_run(dovecot: Dovecot, tmp_path: Path) -> None:
    site = site_on(dovecot, tmp_path)
    for index in range(5):
        site.append(mail(index))

    fetch(site, "--limit", "2")
    assert len(bodies(site)) == 2
    fetch(site)
    assert len(bodies(site)) == 5


def test_at_a_terminal_or_with_v_a_run_tells_what_it_did(dovecot: Dovecot, tmp_path: Path) -> None:
    site = site_on(dovecot, tmp_path)
    site.append(mail(1))
    site.append(mail(2, to="username+nobody@example.com"))

    said = site.run("fetch", "-v").stdout

    assert "message 1: Mail 1 from Anna <anna@example.net> → dev" in said
    assert "message 2: Mail 2 from Anna <anna@example.net>: unrouted" in said
    assert "account.main: 2 new" in said


def test_the_bytes_of_a_delivered_mail_are_let_go_when_their_time_is_over(dovecot: Dovecot, tmp_path: Path) -> None:
    site = site_on(dovecot, tmp_path, more='[retention]\nraw = "0s"\n')
    site.append(mail(1))

    fetch(site)

    (message,) = site.messages()
    assert not message.has_raw
    assert bodies(site) == ["This is mail 1."]
