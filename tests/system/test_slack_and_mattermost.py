"""A mail on its way to Slack and to Mattermost, as people see it there: what it shows, whose thread it is in, what a
refused key holds up and how that ends."""

from __future__ import annotations

import re
from email.message import EmailMessage
from email.policy import SMTP
from pathlib import Path

import pytest
from servers import mattermost, slack
from servers.mattermost import Mattermost
from servers.slack import Slack
from support.site import Site

SLACK = """
[destination.team]
kind = "slack"
token = {{ file = "key" }}
api = "{service.url}/api"
"""
SLACK_HOOK = """
[destination.team]
kind = "slack"
webhook = {{ file = "key" }}
"""
MATTERMOST = """
[destination.team]
kind = "mattermost"
server = "{service.url}"
token = {{ file = "key" }}
"""


def site_of(folder: Path, section: str, service: Slack | Mattermost, key: str, place: str) -> Site:
    """A site whose channel `ops` posts to `place` of the service."""
    site = Site(folder, None, more=section.format(service=service))
    put_key(site, key)
    added = site.run("channel", "add", "ops", "--to", f"team:{place}" if place else "team", "--token", "ops-room")
    assert added.returncode == 0, added.stderr
    return site


def put_key(site: Site, key: str) -> None:
    path = site.folder / "key"
    path.touch(mode=0o600)
    path.write_text(key)


def receive(
    site: Site, text: str, *, subject: str = "Disk <full>", answers: str = "", file: bytes = b""
) -> tuple[str, str]:
    """Hands a mail to mailpoll; its Message-ID, and what mailpoll had to say."""
    message = EmailMessage(policy=SMTP)
    message["From"] = "Ann & Bob <ann@example.net>"
    message["To"] = "username+ops-room@example.com"
    message["Subject"] = subject
    message["Date"] = "Fri, 06 Nov 2026 08:49:37 +0000"
    message["Message-ID"] = identity = f"<{abs(hash((text, subject)))}@example.net>"
    if answers:
        message["In-Reply-To"] = message["References"] = answers
    message.set_content(text)
    if file:
        message.add_attachment(file, maintype="application", subtype="pdf", filename="a&b.pdf")
    result = site.run("receive", "-", input=message.as_bytes().decode("ascii"), stdin=None)
    assert "Traceback" not in result.stderr
    assert "cAnArY" not in result.stdout + result.stderr
    return identity, result.stderr


def test_slack_shows_a_mail_and_its_answer_in_a_thread(tmp_path: Path) -> None:
    with Slack() as service:
        site = site_of(tmp_path, SLACK, service, slack.TOKEN, "#ops")
        first, _ = receive(site, "<!channel> *urgent* & more: <https://evil.example|bank>\n", file=b"%PDF")
        receive(site, "Done.\n", subject="Re: Disk <full>", answers=first)
        post, answer = service.messages
        (file,) = service.files
    assert post.text.splitlines()[0] == "*Disk &lt;full&gt;*"
    assert "*From:* Ann &amp; Bob &lt;ann@example.net&gt;" in post.text
    assert "urgent* &amp; more" in post.text
    assert not re.search(r"<!|<https://evil.example\|", post.text)
    assert (file.name, file.shared) == ("a&b.pdf", ("C0OPS00001", post.ts))
    assert answer.thread_ts == post.ts
    assert "Done." in answer.text


def test_mattermost_shows_a_mail_and_its_answer_in_a_thread(tmp_path: Path) -> None:
    with Mattermost() as service:
        site = site_of(tmp_path, MATTERMOST, service, mattermost.TOKEN, "team/ops")
        first, _ = receive(site, "@channel see #ops\n", subject="Disk full", file=b"%PDF")
        receive(site, "Done.\n", subject="Re: Disk full", answers=first)
        post, answer = service.posts
        assert [service.files[each] for each in post.file_ids] == [("a&b.pdf", b"%PDF")]
    assert post.message.splitlines()[0] == "**Disk full**"
    assert "@channel" not in post.message
    assert answer.root_id == post.id


def test_a_web_hook_of_slack_shows_a_mail(tmp_path: Path) -> None:
    with Slack() as service:
        site = site_of(tmp_path, SLACK_HOOK, service, service.hook, "")
        receive(site, "Look.\n", file=b"%PDF")
        (post,) = service.messages
    assert "Look." in post.text
    assert post.text.endswith("[a&amp;b.pdf] (application/pdf, 4 bytes; not attached: a web hook takes no files)")
    assert post.text.count(".pdf") == 1


@pytest.mark.parametrize("kind", ["slack", "mattermost"])
def test_a_key_that_was_changed_pauses_and_what_waited_arrives_in_order_once(kind: str, tmp_path: Path) -> None:
    service: Slack | Mattermost = Slack() if kind == "slack" else Mattermost()
    section, place, key = (
        (SLACK, "#ops", slack.TOKEN) if kind == "slack" else (MATTERMOST, mattermost.OPS, mattermost.TOKEN)
    )
    with service:
        site = site_of(tmp_path, section, service, "revoked-cAnArY", place)
        _, said = receive(site, "One.\n", subject="1")
        assert re.search(rf"destination.team \({place}\) is paused, its posts wait: .*the token is wrong.*", said), said
        receive(site, "Two.\n", subject="2")
        receive(site, "Three.\n", subject="3")
        put_key(site, key)
        resumed = site.run("destination", "resume", "team")
        assert resumed.stdout == "team is open again; 3 posts will be tried by the next run.\n"
        assert site.run("fetch").returncode == 0
        texts = [m.text for m in service.messages] if isinstance(service, Slack) else [p.message for p in service.posts]
    assert [re.findall("One|Two|Three", text) for text in texts] == [["One"], ["Two"], ["Three"]]
    assert {delivery.state for delivery in site.deliveries()} == {"delivered"}
