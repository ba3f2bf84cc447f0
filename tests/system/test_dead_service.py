"""One service that is dead holds up no post to another (DESIGN.md §1), as installed."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from servers import require
from servers.dovecot import Dovecot, missing
from servers.http_receiver import HELD, Receiver, Request
from support.site import Site, mail

MAILS = 8


@pytest.fixture(scope="module")
def dovecot(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Dovecot]:
    require(missing() or "Dovecot", not missing())
    with Dovecot(tmp_path_factory.mktemp("dovecot")) as server:
        yield server


@contextmanager
def site(folder: Path, dovecot: Dovecot, user: str, **urls: str) -> Iterator[Site]:
    """A site whose mail goes to all these web hooks, with mails in its inbox."""
    sections = "".join(f'[destination.{name}]\nkind = "webhook"\nurl = "{url}"\n' for name, url in urls.items())
    made = Site(folder, dovecot, user, more=sections)
    made.channel("dev", *urls)
    for number in range(MAILS):
        made.append(mail(number))
    yield made


def states(site: Site) -> dict[str, list[str]]:
    """The states of the posts to each destination, in order."""
    found: dict[str, list[str]] = {}
    for delivery in site.deliveries():
        found.setdefault(delivery.post.destination, []).append(delivery.state)
    return found


def test_posts_leave_while_another_service_does_not_answer(dovecot: Dovecot, tmp_path: Path) -> None:
    """It answers once all posts of the other have come, and gets its next post only then."""
    came: list[str] = []

    def seen(request: Request) -> None:
        came.append(request.path)
        if came.count("/well") == MAILS:
            hung.let_go.set()

    with (
        Receiver(HELD, seen=seen) as hung,
        Receiver(seen=seen) as well,
        site(tmp_path, dovecot, "hung@example.com", hung=f"{hung.url}/hung", well=f"{well.url}/well") as made,
    ):
        done = made.run("fetch")
        assert (done.returncode, done.stderr) == (0, "")
        assert came == ["/hung"] + ["/well"] * MAILS + ["/hung"] * (MAILS - 1)
        assert states(made) == {"hung": ["delivered"] * MAILS, "well": ["delivered"] * MAILS}
        for receiver in (hung, well):
            subjects = [request.json["subject"] for request in receiver.requests]
            assert subjects == [f"Mail {number}" for number in range(MAILS)]


def test_posts_leave_while_another_service_is_not_there(dovecot: Dovecot, tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    with (
        Receiver() as well,
        site(tmp_path, dovecot, "gone@example.com", gone=f"http://localhost:{port}", well=well.url) as made,
    ):
        made.run("fetch")
        assert states(made) == {"gone": ["delayed"] + ["pending"] * (MAILS - 1), "well": ["delivered"] * MAILS}
