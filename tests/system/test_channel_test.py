"""`mailpoll channel test`: through the channel alone, and by mail, over a mail server and an inbox to each place."""

from __future__ import annotations

import itertools
import json
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from servers import require
from servers.dovecot import Dovecot, missing
from servers.http_receiver import Receiver
from servers.smtp_receiver import Received, SmtpReceiver
from support.site import Site

numbers = itertools.count()


@pytest.fixture(scope="module")
def dovecot(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Dovecot]:
    require(missing() or "Dovecot", not missing())
    with Dovecot(tmp_path_factory.mktemp("dovecot")) as server:
        yield server


class Post:
    """A mail server that puts what it takes into a folder of an inbox, or loses it."""

    def __init__(self, dovecot: Dovecot, folder: str | None = "INBOX", **given: Any) -> None:
        self._dovecot, self._folder = dovecot, folder
        self.user = f"trial{next(numbers)}@example.com"
        self.server = SmtpReceiver(taken=self._deliver, **given)

    def _deliver(self, mail: Received) -> None:
        if self._folder is not None:
            self._dovecot.append(mail.raw, folder=self._folder, user=self.user)


@contextmanager
def a_site(folder: Path, dovecot: Dovecot, post: Post, *targets: str, more: str = "") -> Iterator[Site]:
    with post.server:
        smtp = f'[smtp]\nhost = "127.0.0.1"\nport = {post.server.port}\ntls = "none"\nfrom = "gateway@example.com"\n'
        site = Site(folder / "site", dovecot, post.user, more=smtp + more)
        site.channel("dev", *targets)
        yield site


def by_mail(site: Site, *more: str, status: int = 0) -> Any:
    done = site.run("channel", "test", "dev", "--by-mail", "--json", *more)
    assert done.returncode == status, (done.stdout, done.stderr)
    return json.loads(done.stdout)


def test_a_mail_is_followed_to_each_destination(dovecot: Dovecot, tmp_path: Path) -> None:
    files = f'[destination.files]\nkind = "file"\npath = "{tmp_path}/in"\n'
    post = Post(dovecot)
    with Receiver() as hook, a_site(tmp_path, dovecot, post, "store", "files", f"{hook.url}/in", more=files) as site:
        said = by_mail(site)
        steps = said["steps"]
        assert [(step["hop"], step["ok"]) for step in steps] == [
            *((hop, True) for hop in ("sent", "arrived", "accepted", "read")),
            *[("posted", True)] * 3,
        ]
        assert all(0 <= step["seconds"] < 60 for step in steps)
        assert "took it" in steps[0]["what"]
        assert f"account.main, folder INBOX, UID {1}" in steps[1]["what"]
        assert [each["state"] for each in said["posts"]] == ["delivered"] * 3
        assert (said["status"], said["troubles"], said["message"]) == (0, [], 1)
        [written] = (tmp_path / "in").glob("*.json")
        assert json.loads(written.read_bytes())["subject"].startswith("Test of channel dev (")
        assert len(hook.requests) == 1
        [sent] = post.server.mails
        assert (sent.sender, sent.recipients) == ("gateway@example.com", (said["address"],))


def test_for_people_each_hop_is_a_line(dovecot: Dovecot, tmp_path: Path) -> None:
    with a_site(tmp_path, dovecot, Post(dovecot)) as site:
        done = site.run("channel", "test", "dev", "--by-mail")
        lines = done.stdout.splitlines()
        assert (done.returncode, done.stderr) == (0, "")
        assert lines[0].startswith("From gateway@example.com to username+dev@example.com, waiting for 120 s")
        assert [line.split()[0] for line in lines[1:]] == ["sent", "arrived", "accepted", "read", "posted"]
        assert [line.split()[2] for line in lines[1:]] == ["s"] * 5


def test_a_mail_server_that_does_not_take_it_is_named(dovecot: Dovecot, tmp_path: Path) -> None:
    refuse = {"username+dev@example.com": "550 5.1.1 no such user"}
    with a_site(tmp_path, dovecot, Post(dovecot, refuse=refuse)) as site:
        [step] = by_mail(site, status=65)["steps"]
        assert (step["hop"], step["ok"], "no such user" in step["what"]) == ("sent", False, True)
        assert "mailpoll send-test" in step["advice"]


def test_a_mail_in_the_spam_folder_is_found_there(dovecot: Dovecot, tmp_path: Path) -> None:
    post = Post(dovecot, "Junk")
    with dovecot.client(post.user) as client:
        client.create("Junk")
    with a_site(tmp_path, dovecot, post) as site:
        *_, step = by_mail(site, "--within", "1", status=75)["steps"]
        assert (step["hop"], step["ok"], step["seconds"]) == ("arrived", False, None)
        assert step["what"] == "it lies in the folder 'Junk' of account.main, which is not polled"


def test_a_mail_that_never_comes_says_so_within_the_time(dovecot: Dovecot, tmp_path: Path) -> None:
    with a_site(tmp_path, dovecot, Post(dovecot, None)) as site:
        *_, step = by_mail(site, "--within", "1", status=75)["steps"]
        assert step["what"] == "it did not come within 1 s, into any folder"
        assert "--within 600" in step["advice"]


def test_an_inbox_that_cannot_be_polled_is_why(dovecot: Dovecot, tmp_path: Path) -> None:
    with a_site(tmp_path, dovecot, Post(dovecot)) as site:
        (site.folder / "imap-password").write_text("wrong-canary5f2e\n")
        said = by_mail(site, "--within", "1", status=77)
        assert "account.main" in said["troubles"][0]
        assert said["steps"][-1]["what"].endswith("no look into account.main succeeded")
        assert said["steps"][-1]["advice"].startswith("Check username and password")
        assert "canary" not in json.dumps(said)


def test_a_mail_that_the_channel_holds_says_why(dovecot: Dovecot, tmp_path: Path) -> None:
    with a_site(tmp_path, dovecot, Post(dovecot)) as site:
        assert site.run("channel", "set", "dev", "--allow-from", "example.org").returncode == 0
        *_, step = by_mail(site, status=65)["steps"]
        assert (step["hop"], step["ok"]) == ("read", False)
        assert step["what"].startswith("it is held: the sender is not among those who may write here")
        assert step["advice"] == "More: mailpoll messages show 1"


def test_a_destination_that_is_away_is_told_apart_from_those_that_are_there(dovecot: Dovecot, tmp_path: Path) -> None:
    with socket.socket() as gone, Receiver() as hook:
        gone.bind(("127.0.0.1", 0))  # nobody listens there, nor will
        away = f"http://127.0.0.1:{gone.getsockname()[1]}/a"
        with a_site(tmp_path, dovecot, Post(dovecot), away, f"{hook.url}/b") as site:
            said = by_mail(site, status=75)
    posted = {step["ok"]: step for step in said["steps"] if step["hop"] == "posted"}
    assert "cannot be reached" in posted[False]["what"]
    assert posted[True]["what"].endswith("delivered")


@pytest.mark.parametrize(
    ("change", "says"),
    [
        (("smtp", None), "there is no [smtp] to send mail with"),
        (("channel", "disable", "dev"), "channel dev is disabled"),
        (("address", "disable", "dev"), "channel dev has no address that is in use"),
    ],
)
def test_what_is_missing_is_said_before_anything_is_sent(
    dovecot: Dovecot, tmp_path: Path, change: tuple[str | None, ...], says: str
) -> None:
    post = Post(dovecot)
    with a_site(tmp_path, dovecot, post) as site:
        if change[1] is None:
            site.config.write_text(site.config.read_text().partition("[smtp]")[0])
        else:
            assert site.run(*map(str, change)).returncode == 0
        done = site.run("channel", "test", "dev", "--by-mail")
        assert (done.returncode, says in done.stderr) == (78, True), done.stderr
        assert post.server.mails == []


def test_without_a_mail_server_the_policy_of_the_channel_is_not_on_trial(dovecot: Dovecot, tmp_path: Path) -> None:
    with a_site(tmp_path, dovecot, Post(dovecot)) as site:
        assert site.run("channel", "set", "dev", "--allow-from", "example.org").returncode == 0
        done = site.run("channel", "test", "dev")
        assert (done.returncode, done.stdout) == (0, "store: delivered\n"), done.stderr
