"""Mail into Zulip by the commands: from a section of the configuration to a message with its files."""

from __future__ import annotations

from collections.abc import Iterator
from email.message import EmailMessage
from pathlib import Path

import pytest
from servers.zulip import LOST, Zulip, error
from support.command_line import CommandLine

SECTION = '[destination.team]\nkind = "zulip"\nzuliprc = "zuliprc"\n'


@pytest.fixture
def zulip() -> Iterator[Zulip]:
    with Zulip() as server:
        yield server
        assert server.problems == []


@pytest.fixture
def mailpoll(tmp_path: Path, zulip: Zulip) -> CommandLine:
    rc = tmp_path / "zuliprc"
    rc.write_text(zulip.zuliprc)
    rc.chmod(0o600)
    return CommandLine(tmp_path, SECTION)


def test_a_wrong_place_is_named_when_a_channel_is_made(mailpoll: CommandLine, zulip: Zulip) -> None:
    for place, says in (
        ("gone", "'gone' does not exist"),
        ("general>deploys", '--topic "deploys"'),
        ("@eve@example.com", "No such user"),
        ("", "names no place"),
    ):
        said = mailpoll("channel", "add", "ops", "--to", f"team:{place}" if place else "team")
        assert (said.status, says in said.err, "--to" in said.err) == (78, True, True), said
    assert mailpoll("channel", "list", "--json").json == []
    assert mailpoll("channel", "add", "ops", "--to", "team:general", "--to", "team:@ann@example.com").status == 0
    said = mailpoll("channel", "set", "ops", "--to", "team:gone")
    assert (said.status, "does not exist" in said.err) == (78, True)
    assert zulip.messages == []


def test_a_channel_can_be_made_while_zulip_is_away_and_a_check_names_the_place_later(
    mailpoll: CommandLine, zulip: Zulip
) -> None:
    zulip.script("GET get_stream_id", error(429, "RATE_LIMIT_HIT", retry_after=1.5))
    said = mailpoll("channel", "add", "ops", "--to", "team:gone")
    assert (said.status, "team:gone could not be looked up" in said.err) == (0, True), said
    said = mailpoll("destination", "check", "team")
    assert said.status != 0
    assert "knows the bot Mail bot" in said.out
    assert "fail  team:gone: Channel 'gone' does not exist" in said.out


def test_a_test_of_a_channel_arrives_or_says_what_is_wrong(mailpoll: CommandLine, zulip: Zulip) -> None:
    mailpoll("channel", "add", "ops", "--to", "team:general", "--topic", "Mail")
    said = mailpoll("channel", "test", "ops", "--json")
    assert said.status == 0, said
    [post] = said.json["posts"]
    assert (post["state"], post["receipt"]) == ("delivered", str(zulip.messages[0]["id"]))
    assert post["url"].startswith(f"{zulip.site}/#narrow/")
    assert zulip.messages[0]["subject"] == "Mail"
    zulip.channels[0].closed = True
    said = mailpoll("channel", "test", "ops")
    assert (said.status, "You do not have permission to post in this channel." in said.out) == (65, True), said
    zulip.key = "canary5f2e-rotated"
    said = mailpoll("channel", "test", "ops")
    assert (said.status, "Zulip does not accept the key" in said.out) == (77, True), said


def test_a_mail_with_files_arrives_whole_and_once(mailpoll: CommandLine, zulip: Zulip, tmp_path: Path) -> None:
    mailpoll("channel", "add", "ops", "--to", "team:general", "--prefix", "@**oncall** ")
    mail = EmailMessage()
    mail["From"], mail["Subject"] = "Ann <ann@example.com>", "Re: Disk full " + "of old logs " * 6
    mail["Message-ID"], mail["Date"] = "<1@example.com>", "Fri, 06 Nov 2026 08:49:37 +0000"
    mail.set_content("@**all** look:\n" + "one more line of this report\n" * 600)
    mail.add_attachment(b"\x89PNG", maintype="image", subtype="png", filename="plot of (all).png")
    path = tmp_path / "mail.eml"
    path.write_bytes(bytes(mail))
    zulip.script("POST messages", LOST)
    said = mailpoll("receive", "--to", "ops", str(path))
    assert said.status != 0
    assert "It is looked for, and posted again if it is not there." in said.err
    for post in mailpoll("posts", "list", "--json").json:
        mailpoll("posts", "retry", str(post["id"]))
    mailpoll("channel", "test", "ops")
    first, *_ = zulip.messages
    states = [post["state"] for post in mailpoll("posts", "list", "--json").json]
    assert states == ["delivered", "delivered"]
    assert [message["subject"] for message in zulip.messages] == [first["subject"], "Test of channel ops"]
    text, plot = (path for path in zulip.uploads if not path.startswith("x"))
    assert zulip.uploads[text].decode().startswith("@**all** look:\none more line")
    assert zulip.uploads[plot] == b"\x89PNG"
    content = first["content"]
    assert content.startswith("@**oncall** ")
    assert "@**all**" not in content
    assert "**Subject:** Disk full of old logs" in content
    assert f"[whole-text.txt]({text})" in content
    assert f"]({plot})" in content
    assert len(first["subject"]) <= 60
    assert len(content) <= 10_000


def test_the_example_is_what_a_zuliprc_needs(mailpoll: CommandLine, tmp_path: Path) -> None:
    said = mailpoll("destination", "example", "zulip")
    assert 'zuliprc = "zuliprc"' in said.out
    mailpoll.config.write_text(mailpoll.config.read_text().replace(SECTION, said.out.replace("NAME", "team")))
    assert mailpoll("destination", "check", "team").status == 0


def test_the_key_is_in_nothing_that_is_said(mailpoll: CommandLine, zulip: Zulip) -> None:
    assert zulip.key.startswith("canary5f2e")  # CommandLine looks for it in all that commands print
    assert zulip.key not in mailpoll("config", "show").out
