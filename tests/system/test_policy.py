"""Policies through the installed command: set for a channel, obeyed by a run, seen and decided by a person."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from support.site import Site, mail

PASSED = b"Authentication-Results: mx.example.com; dmarc=pass header.from=example.net\r\n"
FAILED = b"Authentication-Results: mx.example.com; dmarc=fail header.from=example.net\r\n" + PASSED
AUTO_REPLY = b"Auto-Submitted: auto-replied\r\n"
CODE = "Your verification code is 482913. It expires in ten minutes. If you did not ask for it, ignore this mail."


def received(site: Site, raw: bytes, *more: str) -> dict[str, Any]:
    """The message that `receive` made of a mail."""
    file = site.folder / "mail.eml"
    file.write_bytes(raw)
    result = site.run("receive", "--json", *more, str(file))
    assert result.stderr == ""
    [message] = json.loads(result.stdout)["messages"]
    return dict(shown(site, "messages", "show", str(message["message"])))


def shown(site: Site, *arguments: str) -> Any:
    """The JSON of a command that must succeed."""
    result = site.run(*arguments, "--json")
    assert (result.returncode, result.stderr) == (0, "")
    return json.loads(result.stdout)


@pytest.fixture
def site(tmp_path: Path) -> Site:
    made = Site(tmp_path, None, more='[policy]\nauthserv_id = "mx.example.com"\n')
    made.channel("dev")
    return made


def test_a_channel_that_requires_dmarc_holds_what_did_not_pass_until_a_person_lets_it_go(site: Site) -> None:
    assert site.run("channel", "set", "dev", "--require", "dmarc").returncode == 0
    assert received(site, PASSED + mail(1))["state"] == "read"
    held = received(site, FAILED + mail(2))
    assert held["state"] == "held"
    assert held["reason"] == "the sender is not verified: DMARC did not pass: fail"
    [waiting] = [delivery for delivery in site.deliveries() if delivery.state == "held"]
    assert waiting.error == held["reason"]
    assert site.run("messages", "release", str(held["id"])).returncode == 0
    assert [delivery.state for delivery in site.deliveries()] == ["delivered", "delivered"]
    assert shown(site, "channel", "show", "dev")["policy"] == {"require": ["dmarc"]}
    assert site.run("channel", "set", "dev", "--require", "default").returncode == 0
    assert shown(site, "channel", "show", "dev")["policy"] == {}
    assert received(site, FAILED + mail(3))["state"] == "read"


def test_refused_mail_can_be_marked_or_ignored(site: Site) -> None:
    site.run("channel", "set", "dev", "--allow-from", "example.org", "--refused", "mark")
    marked = received(site, mail(1))
    assert (marked["state"], marked["reason"][:30]) == ("read", "marked: the sender is not amon")
    [post] = shown(site, "posts", "list")
    body = shown(site, "posts", "show", str(post["id"]))["body"]
    assert body.startswith("⚠ **The sender is not among those who may write here (allow_from)**\n")
    site.run("channel", "set", "dev", "--refused", "ignore")
    ignored = received(site, mail(2))
    assert ignored["state"] == "ignored"
    assert "allow_from" in ignored["reason"]
    assert len(site.deliveries()) == 1


def test_held_mail_that_is_retried_becomes_what_the_policy_makes_of_it_now(site: Site) -> None:
    site.run("channel", "set", "dev", "--allow-from", "example.org")
    first, second = (received(site, mail(number)) for number in (1, 2))
    assert (first["state"], second["state"]) == ("held", "held")
    site.run("channel", "set", "dev", "--refused", "mark")
    site.run("messages", "retry", str(first["id"]))
    site.run("fetch")
    [post] = shown(site, "messages", "show", str(first["id"]))["posts"]
    assert post["state"] == "delivered"
    assert post["body"].startswith("⚠ **The sender is not among those who may write here (allow_from)**\n")
    site.run("channel", "set", "dev", "--refused", "ignore")
    site.run("messages", "retry", str(second["id"]))
    site.run("fetch")
    ignored = shown(site, "messages", "show", str(second["id"]))
    assert (ignored["state"], ignored["posts"]) == ("ignored", [])


def test_a_mail_for_two_channels_is_posted_to_one_and_held_for_the_other(site: Site) -> None:
    site.channel("ops")
    site.run("channel", "set", "ops", "--auto-replies", "post")
    message = received(site, AUTO_REPLY + mail(1, to="username+dev@example.com, username+ops@example.com"))
    assert message["state"] == "read"
    assert message["reason"].startswith("held for dev: an answering machine sent it")
    assert {d.post.channel: d.state for d in site.deliveries()} == {"dev": "held", "ops": "delivered"}
    [one] = shown(site, "preview", "--to", "username+dev@example.com", str(site.folder / "mail.eml"))["posts"]
    assert one["channel"] == "dev"
    assert [each["id"] for each in shown(site, "messages", "list", "--state", "held")] == [message["id"]]
    assert shown(site, "messages", "list", "--state", "ignored") == []
    [held] = [d for d in site.deliveries() if d.state == "held"]
    retried = site.run("posts", "retry", str(held.id))
    assert f"`mailpoll messages release {message['id']}` lets it go" in retried.stderr
    released = site.run("messages", "release", str(message["id"]))
    assert released.stdout == "1 message released, 1 post on the way.\n"
    assert {d.state for d in site.deliveries()} == {"delivered"}
    assert shown(site, "messages", "list", "--state", "held") == []
    again = site.run("messages", "release", str(message["id"]))
    assert (again.returncode, again.stdout) == (65, "")
    assert again.stderr == f"mailpoll: message {message['id']}: none of its posts is held\n"


def test_the_copy_that_passed_takes_the_place_of_a_forged_one_that_is_held(site: Site) -> None:
    site.run("channel", "set", "dev", "--require", "dmarc")
    received(site, mail(1))
    assert [d.state for d in site.deliveries()] == ["held"]
    assert received(site, PASSED + mail(1))["state"] == "read"
    assert sorted(d.state for d in site.deliveries()) == ["delivered", "duplicate"]


def test_who_writes_to_an_address_is_shown_as_it_was_made_for(site: Site) -> None:
    address = shown(site, "address", "add", "dev", "--as", "Customer 7")
    [to] = address["addresses"]
    received(site, mail(1, to=to))
    [delivery] = site.deliveries()
    assert (address["as"], delivery.post.sender) == ("Customer 7", "Customer 7")
    assert delivery.post.body.startswith("**From:** Customer 7")
    again = shown(site, "address", "rotate", address["token"])
    assert again["as"] == "Customer 7"
    assert "cannot be shown as a sender" in site.run("address", "set", again["token"], "--as", "ceo@example.com").stderr
    site.run("address", "set", again["token"], "--as", "none")
    assert shown(site, "address", "show", again["token"])["as"] == ""


def test_an_address_for_answers_ignores_machines(site: Site) -> None:
    received(site, mail(1, subject="Disk full"))
    [post] = shown(site, "posts", "list")
    address = shown(site, "address", "add", "dev", "--in-reply-to", str(post["id"]), "--expires", "30d")
    assert (address["topic"], address["conversation"], address["answers"]) == ("Disk full", True, post["id"])
    [to] = address["addresses"]
    assert received(site, AUTO_REPLY + mail(2, to=to))["state"] == "ignored"
    assert received(site, b"Auto-Submitted: Auto-Generated; x=y\r\n" + mail(3, to=to))["state"] == "ignored"
    assert received(site, mail(4, to=to, subject="Re: Something else"))["state"] == "read"
    assert [d.post.topic for d in site.deliveries()] == ["Disk full", "Disk full"]


def test_verification_mail_is_held_where_that_is_wanted(tmp_path: Path) -> None:
    site = Site(tmp_path, None, more="[policy]\nhold_verification_mail = true\n")
    site.channel("dev")
    raw = mail(1, subject="Your verification code", text=CODE).replace(b"anna@example.net", b"no-reply@example.net")
    assert received(site, raw)["state"] == "held"
    site.run("channel", "set", "dev", "--verification-mail", "post")
    assert received(site, raw.replace(b"<1@", b"<2@"))["state"] == "read"


def test_files_that_may_not_go_along_are_named(tmp_path: Path) -> None:
    site = Site(tmp_path, None, more='[attachments]\ndeny = ["*.bin"]\n')
    site.channel("dev")
    received(site, mail(1, size=1000))
    [delivery] = site.deliveries()
    assert delivery.post.attachments == ()
    assert "[zeros.bin] (application/octet-stream, 1000 bytes; not passed on: " in delivery.post.body


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--require", "dmark"], "--require: 'dmark' is nothing that a server checks"),
        (["--allow-from", "a b"], "--allow-from: 'a b' holds blanks"),
        (["--allow-from", "none", "--allow-from", "example.com"], "--allow-from: default and none stand alone"),
        (["--rate", "fast"], "--rate: 'fast' is no rate"),
    ],
)
def test_what_cannot_be_is_told(site: Site, arguments: list[str], said: str) -> None:
    result = site.run("channel", "set", "dev", *arguments)
    assert result.returncode == 78
    assert result.stderr.startswith(f"mailpoll: {said}")
    assert shown(site, "channel", "show", "dev")["policy"] == {}


def test_a_policy_that_lets_no_mail_through_is_told_when_it_is_set(tmp_path: Path) -> None:
    site = Site(tmp_path, None)
    site.channel("dev")
    said = site.run("channel", "set", "dev", "--require", "dmarc")
    assert said.returncode == 0
    assert said.stderr.startswith("mailpoll: channel dev requires what a mail server found, and nothing says whose")
    both = ["--allow-from", "a@b.example", "--deny-from", "A@b.example"]
    said = site.run("channel", "add", "ops", "--json", *both)
    assert said.stderr == "mailpoll: of a@b.example nothing is posted: deny_from wins over allow_from.\n"
    assert json.loads(said.stdout)["policy"]["deny_from"] == ["a@b.example"]
    assert site.run("channel", "set", "dev", "--require", "none").stderr == ""


def test_the_doctor_says_what_cannot_be_judged_and_what_is_dangerous(tmp_path: Path) -> None:
    site = Site(tmp_path, None, more='[policy]\nidentity_domains = ["example.com"]\n')
    site.channel("dev")
    site.run("channel", "set", "dev", "--require", "dmarc")
    checks = [each for each in json.loads(site.run("doctor", "--json").stdout) if each["about"] == "policy"]
    assert [each["level"] for each in checks] == ["warn", "fail"]
    assert "an address lets people sign in" in checks[0]["what"]
    assert "channel dev requires what a mail server found" in checks[1]["what"]
