"""`mailpoll channel` and `mailpoll address` as people type them."""

from __future__ import annotations

import json
import os
import pty
import re
import subprocess
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from servers.fake_matrix import ROOM, TOKEN, FakeMatrix
from servers.http_receiver import Answer, Receiver
from support.command_line import CommandLine, Said, post
from support.site import MAILPOLL

from mailpoll.commands.facts import shown_destination
from mailpoll.store import run_lock

ADDRESS = re.compile(r"username\+dev\.([a-z2-7]{26})@example\.com")
ZULIP = "0123456789abcdef0123456789abcdef"
# German, which email-reply-parser does not know.
ATTRIBUTION = "Am Montag, 16. November 2026 um 10:00 schrieb Bob <bob@example.com>:"
HOOK = '[destination.hook]\nkind = "webhook"\nurl = "https://hooks.example.com/secret-path"\n'


@pytest.fixture
def mailpoll(tmp_path: Path) -> CommandLine:
    return CommandLine(tmp_path, HOOK)


def token_of(text: str) -> str:
    found = ADDRESS.search(text)
    assert found, text
    return found[1]


def test_the_installed_program_makes_a_channel_and_prints_its_address(tmp_path: Path) -> None:
    line = CommandLine(tmp_path)
    made = subprocess.run(
        [MAILPOLL, "--config", line.config, "channel", "add", "dev"],
        capture_output=True, text=True, env={"PATH": "/usr/bin:/bin"}, timeout=60,
    )  # fmt: skip
    assert (made.returncode, made.stderr) == (0, "")
    assert ADDRESS.search(made.stdout)
    listed = subprocess.run(
        [MAILPOLL, "--config", line.config, "channel", "list", "--json"], capture_output=True, text=True, timeout=60
    )
    assert [channel["name"] for channel in json.loads(listed.stdout)] == ["dev"]
    again = subprocess.run([MAILPOLL, "--config", line.config, "channel", "add", "dev"], capture_output=True,
                           text=True, timeout=60)  # fmt: skip
    assert again.returncode == 78
    assert again.stderr.startswith("mailpoll: there is a channel dev already.")


def test_a_new_channel_posts_to_the_store_and_shows_the_sender(mailpoll: CommandLine) -> None:
    made = mailpoll.ok("channel", "add", "dev", "--json").json
    assert made["destinations"] == ["store"]
    assert made["options"] == ["show-sender"]
    assert ADDRESS.fullmatch(made["addresses"][0])
    assert mailpoll.ok("channel", "show", "dev", "--json").json["addresses"][0]["addresses"] == made["addresses"]


def test_a_channel_as_told(mailpoll: CommandLine) -> None:
    mailpoll.ok("channel", "add", "ops", "--to", "hook", "--to", "http://localhost:3000/inbound", "--to", "hook",
                "--topic", "none", "--prefix", "mail: ", "--option", "hide-sender", "--no-address")  # fmt: skip
    shown = mailpoll.ok("channel", "show", "ops", "--json").json
    assert shown["destinations"] == ["hook", shown_destination("http://localhost:3000/inbound")]
    assert (shown["topic"], shown["prefix"]) == ("", "mail: ")
    assert shown["options"] == ["hide-sender"]
    assert shown["addresses"] == []
    mailpoll.ok("channel", "set", "ops", "--prefix", "none")
    assert mailpoll.ok("channel", "show", "ops", "--json").json["prefix"] == ""
    assert "`mailpoll address add ops` makes one" in mailpoll.ok("channel", "show", "ops").out


URLS = [
    "https://hooks.example.com/services/KEY",
    "http://127.0.0.1:9/services/T01/KEY?token=KEY",
    "http://localhost:9/?KEY",
    "http://[::1]:9/KEY",
]


SPOKEN = [
    "channel show dev", "channel list", "channel list --json", "posts list", "posts list --json", "posts show 1",
    "status", "status --json", "destination list", "destination list --json",
]  # fmt: skip
SPOKEN_OF_A_TRY = [
    "doctor", "doctor --json", "destination check", "destination check --json", "fetch --json", "fetch -v --now",
    "channel test dev", "channel test --json dev", "posts list", "status", "doctor",
]  # fmt: skip


@pytest.mark.parametrize("url", URLS)
def test_path_and_query_of_a_url_are_shown_nowhere(mailpoll: CommandLine, tmp_path: Path, url: str) -> None:
    mailpoll.ok("channel", "add", "dev", "--token", "oncall", "--to", url)
    message = mailpoll.message(post(url, "dev"))
    sent = tmp_path / "1.eml"
    sent.write_text("To: username+oncall@example.com\nSubject: x\n\nText\n")
    shown = shown_destination(url)
    assert re.fullmatch(r"https?://[a-z0-9.:\[\]]+/…#[0-9a-f]{4}", shown)
    spoken = [*SPOKEN, f"messages show {message}", f"preview {sent}", f"preview --json {sent}"]
    spoken += [] if url.startswith("https:") else SPOKEN_OF_A_TRY
    for words in [*map(str.split, spoken), ["destination", "resume", url]]:
        said = mailpoll(*words)
        assert "KEY" not in said.out + said.err, words
        assert shown in said.out + said.err, words


def test_urls_that_differ_in_what_is_not_shown_can_be_told_apart() -> None:
    places = [f"http://127.0.0.1:3000/{path}" for path in ("", "inbound", "inbound?a", "other")]
    assert len({shown_destination(place) for place in places}) == 4
    assert shown_destination("http://127.0.0.1:3000") == "http://127.0.0.1:3000"


REFUSED = [
    (("channel", "add", ""), 78, "cannot be a channel's name"),
    (("channel", "add", "a@b"), 78, "holds an @"),
    (("channel", "add", "full"), 78, "a meaning of its own"),
    (("channel", "add", "hold"), 78, "a meaning of its own"),
    (("channel", "add", ZULIP), 78, "looks like a token"),
    (("channel", "add", "a\nb"), 78, "characters that cannot be seen"),
    (("channel", "add", "x" * 61), 78, "more than 60"),
    (("channel", "add", "dev"), 78, "there is a channel dev already"),
    (("channel", "add", "new", "--to", "hok"), 78, "There are: store, hook"),
    (("channel", "add", "new", "--to", "http://example.com/x"), 78, "everybody on the way can read http"),
    (("channel", "add", "new", "--option", "bold"), 2, "'bold' is not one of"),
    (("channel", "add", "new", "--token", "a.b"), 78, "cannot be a token"),
    (("channel", "add", "new", "--token", "dev"), 78, "stands in the addresses of channel dev"),
    (("channel", "add", "new", "--token", "x", "--no-address"), 2, "exclude each other"),
    (("channel", "add", "new", "--token", "x" * 60), 78, "RFC 5321 allows 64"),
    (("channel", "add", "new", "--prefix", "a\nb"), 78, "one line"),
    (("channel", "show", "dve"), 78, "there is no channel dve. There are: dev."),
    (("channel", "add", "new", "--quotes", "all"), 2, "'all' is not one of 'mailpoll', 'email-reply-parser', 'keep'"),
    (("channel", "set", "dev"), 2, "Nothing to change"),
    (("channel", "set", "dev", "--quotes", ""), 2, "is not one of"),
    (("channel", "set", "dve", "--topic", "x"), 78, "There are: dev."),
    (("channel", "enable", "dve"), 78, "There are: dev."),
    (("channel", "remove", "dve"), 78, "There are: dev."),
    (("channel", "remove", "dev"), 2, "add --yes"),
    (("channel", "test", "dve"), 78, "There are: dev."),
    (("address", "add", "dve"), 78, "There are: dev."),
    (("address", "list", "dve"), 78, "There are: dev."),
    (("address", "add", "dev", "--token", "x", "--any"), 2, "exclude each other"),
    (("address", "add", "dev", "--expires", "soon"), 78, "neither a time like 30d nor a date"),
    (("address", "add", "dev", "--expires", "999999999w"), 78, "neither a time like 30d nor a date"),
    (("address", "add", "dev", "--expires", "2020-01-01"), 78, "over already"),
    (("address", "add", "dev", "--from", "a b"), 78, "neither an address nor a domain"),
    (("address", "add", "dev", "--topic", "subject"), 78, "channel set CHANNEL --topic subject"),
    (("address", "show", "nowhere"), 78, "there is no address nowhere"),
    (("address", "rotate", "nowhere"), 78, "`mailpoll address list`"),
    (("address", "remove", "nowhere"), 78, "`mailpoll address list`"),
    (("address", "set", "nowhere"), 2, "Nothing to change"),
]


@pytest.mark.parametrize(("words", "status", "sentence"), REFUSED, ids=lambda value: str(value)[:60])
def test_what_cannot_be_done_is_said(
    mailpoll: CommandLine, words: tuple[str, ...], status: int, sentence: str
) -> None:  # fmt: skip
    mailpoll.ok("channel", "add", "dev")
    said = mailpoll(*words)
    assert said.status == status
    assert sentence in said.err
    assert [channel["name"] for channel in mailpoll.ok("channel", "list", "--json").json] == ["dev"]
    assert len(mailpoll.ok("address", "list", "--json").json) == 1


def test_a_channel_is_changed_disabled_and_removed(mailpoll: CommandLine) -> None:
    mailpoll.ok("channel", "add", "dev")
    mailpoll.ok("channel", "set", "dev", "--to", "hook", "--topic", "mail", "--no-options")
    mailpoll.ok("channel", "disable", "dev")
    shown = mailpoll.ok("channel", "show", "dev", "--json").json
    assert (shown["enabled"], shown["topic"], shown["options"], shown["destinations"]) == (False, "mail", [], ["hook"])
    assert mailpoll("channel", "test", "dev").status == 78
    mailpoll.ok("channel", "enable", "dev")
    mailpoll.ok("channel", "set", "dev", "--topic", "subject")
    assert mailpoll.ok("channel", "show", "dev", "--json").json["topic"] is None
    mailpoll.ok("channel", "remove", "dev", "--yes")
    assert mailpoll.ok("channel", "list", "--json").json == []
    assert mailpoll.ok("address", "list", "--json").json == []


def test_who_finds_the_new_text_is_the_channels_own_choice_or_the_setting(tmp_path: Path) -> None:
    line = CommandLine(tmp_path, '[reader]\nquotes = "email-reply-parser"\n')
    assert line.ok("channel", "add", "dev", "--quotes", "keep", "--json").json["quotes"] == "keep"
    line.ok("channel", "add", "ops")
    assert [each["quotes"] for each in line.ok("channel", "list", "--json").json] == ["keep", None]
    listed = line.ok("channel", "list").out
    assert re.search(r"dev .* keep ", listed)
    assert re.search(r"ops .* default ", listed)
    assert re.search(r"quotes +keep$", line.ok("channel", "show", "dev").out, re.MULTILINE)
    assert re.search(
        r"quotes +email-reply-parser, as \[reader\] says$", line.ok("channel", "show", "ops").out, re.MULTILINE
    )
    line.ok("channel", "set", "dev", "--topic", "x")
    assert line.ok("channel", "show", "dev", "--json").json["quotes"] == "keep"
    line.ok("channel", "set", "dev", "--quotes", "default")
    assert line.ok("channel", "show", "dev", "--json").json["quotes"] is None


def test_a_change_of_quotes_shows_in_the_next_post(tmp_path: Path) -> None:
    """In previews, too, of every way a mail comes to a channel; and of one mail's channels each has its own."""
    line = CommandLine(tmp_path)
    for name in ("dev", "ops"):
        line.ok("channel", "add", name, "--token", f"t{name}", "--option", "hide-sender")
    kept = f"Yes.\n\n{ATTRIBUTION}\n> Lunch?"
    expected = [("default", "Yes."), ("keep", kept), ("email-reply-parser", f"Yes.\n\n{ATTRIBUTION}")]
    for number, (choice, body) in enumerate([*expected, ("mailpoll", "Yes."), ("default", "Yes.")]):
        file = tmp_path / f"{number}.eml"
        file.write_text(f"Message-ID: <{number}@x.example>\nTo: username+tdev@example.com, username+tops@example.com\n"
                        f"Subject: {number}\n\nYes.\n\n{ATTRIBUTION}\n> Lunch?\n")  # fmt: skip
        line.ok("channel", "set", "dev", "--quotes", choice)
        assert bodies(line.ok("preview", "--json", str(file))) == {"dev": body, "ops": "Yes."}
        assert bodies(line.ok("preview", "--json", "--to", "dev", str(file))) == {"dev": body}
        full = line.ok("preview", "--json", "--to", "username+tdev.full@example.com", str(file))
        assert bodies(full) == {"dev": kept}
        line.ok("receive", str(file))
        with line.store() as store:
            assert {d.post.channel: d.post.body for d in store.outbox.list() if d.post.subject == str(number)} == {
                "dev": body,
                "ops": "Yes.",
            }


def bodies(said: Said) -> dict[str, str]:
    """What a preview says each channel gets."""
    return {post["channel"]: post["body"] for post in said.json["posts"]}


def test_a_channel_that_the_configuration_names_is_removed_with_a_note(tmp_path: Path) -> None:
    line = CommandLine(tmp_path, '[unrouted]\naction = "dev"\n')
    line.ok("channel", "add", "dev")
    assert "unrouted.action still names it" in line.ok("channel", "remove", "dev", "--yes").out


@pytest.mark.parametrize(("answer", "left"), [(b"n\n", 1), (b"y\n", 0)])
def test_at_a_terminal_a_removal_is_asked_for(tmp_path: Path, answer: bytes, left: int) -> None:
    line = CommandLine(tmp_path)
    line.ok("channel", "add", "dev")
    terminal, side = pty.openpty()
    os.write(terminal, answer)
    words = [MAILPOLL, "--config", line.config, "channel", "remove", "dev"]
    said = subprocess.run(words, stdin=side, capture_output=True, text=True, timeout=60)
    os.close(terminal)
    os.close(side)
    assert said.returncode == 0
    assert "Remove channel dev and its addresses (1)?" in said.stdout
    assert ("Nothing was changed." in said.stdout) == bool(left)
    assert len(line.ok("channel", "list", "--json").json) == left


def test_show_counts_the_posts_of_the_channel(mailpoll: CommandLine) -> None:
    mailpoll.ok("channel", "add", "dev")
    mailpoll.message(post("store"), post("hook"), post("store", channel="other"))
    assert mailpoll.ok("channel", "show", "dev", "--json").json["posts"] == {"delivered": 1, "pending": 1}


def test_a_test_mail_reaches_every_destination(mailpoll: CommandLine) -> None:
    with Receiver() as receiver:
        mailpoll.ok("channel", "add", "dev", "--to", "store", "--to", receiver.url)
        said = mailpoll.ok("channel", "test", "dev")
        assert said.out.splitlines() == ["store: delivered", f"{receiver.url}: delivered"]
        assert b"This is a test of channel dev" in receiver.requests[0].body
        posts = mailpoll.ok("channel", "test", "dev", "--json").json["posts"]
    assert [each["state"] for each in posts] == ["delivered", "delivered"]
    assert len(receiver.requests) == 2


def test_a_test_mail_has_the_channel_s_own_address(mailpoll: CommandLine) -> None:
    mailpoll.ok("channel", "add", "dev", "--token", "over")
    mailpoll.ok("address", "disable", "over")
    mailpoll.ok("address", "add", "dev", "--token", "bosses", "--from", "boss@b.example")
    mailpoll.ok("address", "add", "dev", "--token", "open")
    for token in ("open", "bosses", ""):
        address = token and f"username+dev.{token}@example.com"
        said = mailpoll.ok("channel", "test", "dev", "--json").json
        assert said["address"] == address
        with mailpoll.store() as store:
            raw = b"".join(store.ledger.chunks(said["message"]))
            assert store.outbox.get(said["posts"][0]["post"]).post.address == address
        assert (f"To: {address}\r\n".encode() in raw) == bool(address)
        mailpoll.ok("address", "disable", token or "over")


def test_what_to_know_of_a_place_is_said_when_it_is_named_and_when_it_is_tried(tmp_path: Path) -> None:
    (tmp_path / "token").write_text(TOKEN)
    (tmp_path / "token").chmod(0o600)
    with FakeMatrix() as server:
        server.encrypted = True
        section = f'kind = "matrix"\nhomeserver = "{server.url}"\ntoken = {{ file = "token" }}\nroom = "{ROOM}"\n'
        line = CommandLine(tmp_path, f"[destination.mx]\n{section}")
        added = line.ok("channel", "add", "dev", "--to", "mx")
        tried = line.ok("channel", "test", "dev").out.splitlines()
        warned = line.ok("channel", "test", "dev", "--json").json["warnings"]
    assert "goes to dev → mx.\n" in added.out
    warning = f"mx: {ROOM} is encrypted, and posts of mailpoll are not; apps warn of that."
    assert added.err.startswith(f"warn  {warning} Take a room")
    assert (tried[0], tried[1].startswith(f"warn  {warning}")) == ("mx: delivered", True)
    assert warned[0].startswith(warning)


LATER = "is tried after "
RESUMED = (
    "`mailpoll destination add webhook` makes a section with one. Then: mailpoll destination resume http://localhost:"
)


@pytest.mark.parametrize(
    ("answer", "status", "state", "next_"),
    [(400, 65, "failed", ""), (503, 75, "delayed", LATER), (401, 77, "paused", RESUMED),
     (Answer(429, {"Retry-After": "1000"}), 75, "delayed", LATER)],
    ids=["400", "503", "401", "429"],
)  # fmt: skip
def test_a_test_mail_that_is_refused_says_so_and_what_comes_next(
    mailpoll: CommandLine, answer: Any, status: int, state: str, next_: str
) -> None:
    with Receiver(answer) as receiver:
        mailpoll.ok("channel", "add", "dev", "--to", receiver.url)
        said, again = mailpoll("channel", "test", "dev"), mailpoll("channel", "test", "dev")
    assert (said.status, again.status) == (status, status)
    assert f": {state}: " in said.out
    assert next_ in said.out
    assert next_ in again.out  # which was not tried, perhaps
    assert "answered " in again.out


def test_a_test_mail_waits_while_another_run_is_at_work(mailpoll: CommandLine) -> None:
    mailpoll.ok("channel", "add", "dev")
    lock = run_lock(mailpoll.url)
    assert lock.acquire()
    try:
        said = mailpoll("channel", "test", "dev")
    finally:
        lock.release()
    assert said.status == 75
    assert "another run is at work" in said.err


def test_an_address_is_added_with_everything(mailpoll: CommandLine) -> None:
    mailpoll.ok("channel", "add", "dev")
    made = mailpoll.ok("address", "add", "dev", "--topic", "x", "--from", "Example.com", "--from", "boss@b.example",
                       "--expires", "30d", "--option", "no-thread", "--json").json  # fmt: skip
    assert made["from"] == ["example.com", "boss@b.example"]
    assert (made["topic"], made["options"]) == ("x", ["no-thread"])
    left = datetime.fromisoformat(made["expires_at"]) - datetime.now(UTC)
    assert timedelta(days=29, hours=23) < left < timedelta(days=30, hours=1)


def test_a_token_that_can_be_guessed_is_warned_of(mailpoll: CommandLine) -> None:
    mailpoll.ok("channel", "add", "dev")
    said = mailpoll.ok("address", "add", "dev", "--token", "OnCall")
    assert "username+dev.oncall@example.com" in said.out
    assert "can be guessed" in said.err
    assert mailpoll.ok("address", "add", "dev", "--token", "pager", "--from", "example.com").err == ""
    assert mailpoll.ok("address", "add", "dev", "--token", ZULIP).err == ""
    assert "Every detail" in mailpoll.ok("address", "add", "dev", "--any").err
    assert mailpoll("address", "add", "dev", "--any").status == 78


def test_an_address_is_written_for_every_pattern(tmp_path: Path) -> None:
    line = CommandLine(tmp_path, patterns='["a+%s@example.com", "%s@in.example.com"]')
    line.ok("channel", "add", "dev", "--token", "x")
    said = line.ok("address", "show", "x").out
    assert "a+dev.x@example.com" in said
    assert "dev.x@in.example.com" in said


def test_a_store_without_patterns_says_what_is_missing(tmp_path: Path) -> None:
    assert "patterns = " in CommandLine(tmp_path, patterns="[]").ok("channel", "add", "dev").out


@pytest.mark.parametrize(
    "wanted", ["{t}", "username+dev.{t}@example.com", "USERNAME+{t}@EXAMPLE.com", "dev.{t}", "x.{t}.full.tag"]
)
def test_an_address_is_named_by_token_or_in_full(mailpoll: CommandLine, wanted: str) -> None:
    token = token_of(mailpoll.ok("channel", "add", "dev").out)
    assert mailpoll.ok("address", "show", wanted.format(t=token), "--json").json["token"] == token


def test_an_address_is_named_with_the_separators_that_are_set(tmp_path: Path) -> None:
    line = CommandLine(tmp_path, 'separators = "="\n')
    line.ok("channel", "add", "dev", "--token", "oncall")
    line.ok("address", "disable", "name=oncall")
    assert line.ok("address", "list", "--json").json[0]["enabled"] is False
    assert "name=…cdef" in line("address", "disable", "name=0123456789abcdef0123456789abcdef").err


def test_an_address_is_changed_disabled_and_removed(mailpoll: CommandLine) -> None:
    token = token_of(mailpoll.ok("channel", "add", "dev").out)
    mailpoll.ok("address", "set", token, "--from", "example.com", "--expires", "2d", "--topic", "none")
    mailpoll.ok("address", "disable", token)
    shown = mailpoll.ok("address", "show", token, "--json").json
    assert (shown["enabled"], shown["from"], shown["topic"]) == (False, ["example.com"], "")
    mailpoll.ok("address", "enable", token)
    mailpoll.ok("address", "set", token, "--from-anyone", "--expires", "never", "--topic", "channel")
    shown = mailpoll.ok("address", "show", token, "--json").json
    assert (shown["enabled"], shown["from"], shown["topic"], shown["expires_at"]) == (True, [], None, None)
    mailpoll.ok("address", "remove", f"username+dev.{token}@example.com")
    assert mailpoll("address", "show", token).status == 78


def test_an_unknown_token_is_not_repeated_in_full(mailpoll: CommandLine) -> None:
    assert ZULIP not in mailpoll("address", "show", ZULIP).err


def test_a_rotated_address_is_alike_and_the_old_one_ends(mailpoll: CommandLine) -> None:
    mailpoll.ok("channel", "add", "dev", "--token", "oncall")
    mailpoll.ok("address", "set", "oncall", "--from", "example.com", "--option", "full", "--topic", "night")
    made = mailpoll.ok("address", "rotate", "oncall", "--grace", "2h", "--json").json
    assert (made["from"], made["options"], made["topic"]) == (["example.com"], ["full"], "night")
    assert made["expires_at"] is None
    left = datetime.fromisoformat(made["old"]["expires_at"]) - datetime.now(UTC)
    assert timedelta(hours=1) < left < timedelta(hours=3)
    assert mailpoll("address", "rotate", "oncall", "--grace", "soon").status == 2


IMPORTED = f"""\
# from the old system
channel,token,options
Denmark,{ZULIP}
dev,MM{ZULIP},show-sender include-quotes

"dev. help" old-token prefer-html
{{"channel": "json", "token": "t4", "options": ["full"]}}
Denmark {ZULIP}
"""


def test_addresses_are_taken_over_with_their_channels(mailpoll: CommandLine, tmp_path: Path) -> None:
    mailpoll.ok("channel", "add", "dev", "--no-address")
    file = tmp_path / "tokens"
    file.write_text(IMPORTED)
    assert mailpoll.ok("address", "import", str(file)).out == "4 addresses and 3 channels added.\n"
    assert mailpoll.ok("channel", "show", "Denmark", "--json").json["options"] == []
    assert mailpoll.ok("channel", "show", "dev", "--json").json["options"] == ["show-sender"]
    shown = mailpoll.ok("address", "show", f"mm{ZULIP}", "--json").json
    assert shown["options"] == ["show-sender", "include-quotes"]
    [written] = mailpoll.ok("address", "show", "old-token", "--json").json["addresses"]
    assert written == "username+dev-help.old-token@example.com"
    again = mailpoll.ok("address", "import", "-", "--json", input=IMPORTED.encode())
    assert again.json == {"channels": 0, "addresses": 0, "known": 4}


def test_an_import_names_every_bad_line_and_takes_none(mailpoll: CommandLine) -> None:
    said = mailpoll(
        "address", "import", "-", input=b'good t1\nlone\ndev full\ndev t2 bold\n{"channel": 5}\n{"x\n"a b\n'
    )
    assert said.status == 78
    for number in range(2, 8):
        assert f"line {number}: " in said.err
    assert mailpoll.ok("channel", "list", "--json").json == []


@pytest.mark.parametrize("data", [b"a\xff t1\n", b"other t1\n"], ids=["not UTF-8", "taken by another channel"])
def test_an_import_is_all_or_nothing(mailpoll: CommandLine, data: bytes) -> None:
    mailpoll("channel", "add", "dev", "--token", "t1")
    assert mailpoll("address", "import", "-", input=data).status == 78
    assert len(mailpoll.ok("channel", "list", "--json").json) == 1


def test_an_import_of_a_file_that_is_not_there(mailpoll: CommandLine) -> None:
    assert mailpoll("address", "import", "nowhere").status == 77
