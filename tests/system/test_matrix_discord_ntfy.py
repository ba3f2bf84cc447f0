"""A mail on its way to Matrix, Discord and ntfy, as people see it there: what it shows, whose thread it is in, and that
a lost answer or a refused key leaves it there once, in order."""

from __future__ import annotations

import re
from collections.abc import Callable
from email.message import EmailMessage
from email.policy import SMTP
from pathlib import Path
from typing import Any

import pytest
from servers import fake_discord, fake_matrix, fake_ntfy
from servers.chat_service import TAKEN_AND_LOST, ChatService
from servers.fake_discord import FakeDiscord
from servers.fake_matrix import FakeMatrix
from servers.fake_ntfy import FakeNtfy
from support.site import Site

# Kind → (the fake, its key, the place, the section).
KINDS: dict[str, tuple[Callable[[], Any], str, str, str]] = {
    "matrix": (FakeMatrix, fake_matrix.TOKEN, fake_matrix.ALIAS, 'homeserver = "{url}"'),
    "discord": (FakeDiscord, fake_discord.TOKEN, fake_discord.CHANNEL, 'api = "{url}/api/v10"'),
    "ntfy": (FakeNtfy, fake_ntfy.TOKEN, "alerts", 'url = "{url}"'),
}


def site_of(folder: Path, kind: str, service: ChatService) -> Site:
    """A site whose channel `ops` posts to the kind's place of the service."""
    _, key, place, section = KINDS[kind]
    head = f'\n[destination.team]\nkind = "{kind}"\ntoken = {{ file = "key" }}\n'
    site = Site(folder, None, more=head + section.format(url=service.url) + "\n")
    put_key(site, key)
    added = site.run("channel", "add", "ops", "--to", f"team:{place}", "--token", "ops-room")
    assert added.returncode == 0, added.stderr
    return site


def put_key(site: Site, key: str) -> None:
    path = site.folder / "key"
    path.touch(mode=0o600)
    path.write_text(key)


def receive(site: Site, text: str, *, subject: str = "Disk *full*", answers: str = "", file: bytes = b"") -> str:
    """Hands a mail to mailpoll; its Message-ID."""
    message = EmailMessage(policy=SMTP)
    message["From"] = "Ann <ann@example.net>"
    message["To"] = "username+ops-room@example.com"
    message["Subject"] = subject
    message["Date"] = "Fri, 06 Nov 2026 08:49:37 +0000"
    message["Message-ID"] = identity = f"<{text.encode().hex()[:40]}.{len(subject)}@example.net>"
    if answers:
        message["In-Reply-To"] = message["References"] = answers
    message.set_content(text, cte="quoted-printable")
    if file:
        message.add_attachment(file, maintype="application", subtype="pdf", filename="a&b.pdf")
    result = site.run("receive", "-", input=message.as_bytes().decode("ascii"), stdin=None)
    assert "Traceback" not in result.stderr
    assert "cAnArY" not in result.stdout + result.stderr
    return identity


def texts(service: ChatService) -> list[str]:
    """What people read, oldest first; files that are messages of their own left out."""
    if isinstance(service, FakeMatrix):
        return [event["body"] for event in service.events.values() if event["msgtype"] == "m.notice"]
    if isinstance(service, FakeDiscord):
        return [payload["content"] for _, payload, _ in service.messages.values()]
    assert isinstance(service, FakeNtfy)
    return [message["message"] for message in service.messages]


def test_matrix_shows_a_mail_and_its_answer_in_a_thread(tmp_path: Path) -> None:
    with FakeMatrix() as service:
        site = site_of(tmp_path, "matrix", service)
        first = receive(site, "@room 1. *urgent* <b>now</b>\n", file=b"%PDF")
        receive(site, "Done.\n", subject="Re: Disk *full*", answers=first)
        post, file, answer = service.events.values()
        (root, _, _) = service.events
        assert service.uploads[file["url"]] == ("a&b.pdf", "application/pdf", b"%PDF")
    assert "<strong>Disk *full*</strong>" in post["formatted_body"]
    assert "*urgent*" in post["formatted_body"]
    assert "<b>" not in post["formatted_body"]
    assert "*urgent* <b>now</b>" in post["body"]
    assert "@room" not in post["body"] + post["formatted_body"]
    assert answer["m.relates_to"]["event_id"] == root
    assert "Done." in answer["body"]


def test_discord_shows_a_mail_and_its_answer_as_a_reply(tmp_path: Path) -> None:
    with FakeDiscord() as service:
        site = site_of(tmp_path, "discord", service)
        first = receive(site, "@everyone *urgent*\n", file=b"%PDF")
        receive(site, "Done.\n", subject="Re: Disk *full*", answers=first)
        (identity, (_, post, files)), (_, (_, answer, _)) = service.messages.items()
    assert post["content"].splitlines()[0] == r"**Disk \*full\***"
    assert r"\*urgent\*" in post["content"]
    assert "@everyone" not in post["content"]
    assert list(files.values()) == [("a&b.pdf", "application/pdf", b"%PDF")]
    assert answer["message_reference"]["message_id"] == identity


def test_ntfy_shows_a_mail_with_its_subject_as_title(tmp_path: Path) -> None:
    with FakeNtfy() as service:
        site = site_of(tmp_path, "ntfy", service)
        receive(site, "Grüße.\n- used_by *\n", subject="Plätte voll", file=b"%PDF")
        (message,) = service.messages
    assert (message["title"], message["filename"], message["file"]) == ("Plätte voll", "a&b.pdf", b"%PDF")
    assert "Grüße.\n- used_by *" in message["message"]
    assert "markdown" not in message


@pytest.mark.parametrize("kind", KINDS)
def test_after_a_lost_answer_the_next_run_leaves_it_there_once(kind: str, tmp_path: Path) -> None:
    with KINDS[kind][0]() as service:
        site = site_of(tmp_path, kind, service)
        service.faults = [TAKEN_AND_LOST]
        receive(site, "One.\n")
        assert [delivery.state for delivery in site.deliveries()] == ["uncertain"]
        assert site.run("posts", "retry", "1").returncode == 0
        assert site.run("fetch", "--now").returncode == 0
        assert [delivery.state for delivery in site.deliveries()] == ["delivered"]
        # ntfy keeps both; apps show one, since they share a sequence id.
        shown = {m["sequence_id"] for m in service.messages} if isinstance(service, FakeNtfy) else texts(service)
        assert len(shown) == 1


@pytest.mark.parametrize("kind", KINDS)
def test_a_key_that_was_changed_pauses_and_what_waited_arrives_in_order_once(kind: str, tmp_path: Path) -> None:
    with KINDS[kind][0]() as service:
        site = site_of(tmp_path, kind, service)
        put_key(site, "revoked-cAnArY")
        for number in ("One", "Two", "Three"):
            receive(site, f"{number}.\n", subject=number)
        assert "paused" in site.run("destination", "list").stdout
        put_key(site, KINDS[kind][1])
        assert site.run("destination", "resume", "team").returncode == 0
        assert site.run("fetch").returncode == 0
        assert [re.findall(r"(One|Two|Three)\.", text) for text in texts(service)] == [["One"], ["Two"], ["Three"]]
    assert {delivery.state for delivery in site.deliveries()} == {"delivered"}


@pytest.mark.parametrize(
    ("kind", "place", "words"),
    [
        ("matrix", "#else:example.org", "no such room"),
        ("discord", "100000000000000009", "no such channel"),
        ("ntfy", "a/b", "no topic of ntfy"),
    ],
)
def test_a_wrong_place_is_named_when_the_channel_is_made(kind: str, place: str, words: str, tmp_path: Path) -> None:
    with KINDS[kind][0]() as service:
        site = site_of(tmp_path, kind, service)
        added = site.run("channel", "add", "dev", "--to", f"team:{place}")
    assert words in added.stdout + added.stderr


@pytest.mark.parametrize("kind", KINDS)
def test_the_check_of_a_destination_posts_nothing(kind: str, tmp_path: Path) -> None:
    with KINDS[kind][0]() as service:
        site = site_of(tmp_path, kind, service)
        checked = site.run("destination", "check", "team")
        assert checked.returncode == 0, checked.stderr
        assert "posts as" in checked.stdout
        assert texts(service) == []
