"""`mailpoll messages`, `posts`, `destination` and `config` as people type them."""

from __future__ import annotations

import os
import pty
import socket
import stat
import subprocess
import tomllib
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from servers.http_receiver import Answer, Receiver
from servers.zulip import Zulip
from support.command_line import NOW, CommandLine, post
from support.site import MAILPOLL

from mailpoll import config
from mailpoll.commands import secret_place
from mailpoll.commands.facts import shown_destination
from mailpoll.commands.installation import Installation
from mailpoll.destinations import KINDS
from mailpoll.errors import Unanswered
from mailpoll.model import Pause, RawMessage, Receipt, Rest

TOKEN = "0123456789abcdef0123456789abcdef"
HOOK = """
[destination.hook]
kind = "webhook"
url = "https://hooks.example.com/KEY"
bearer = { file = "hook-token" }
"""


@pytest.fixture
def mailpoll(tmp_path: Path) -> CommandLine:
    secret = tmp_path / "hook-token"
    secret.write_text("cAnArY\n")
    secret.chmod(0o600)
    line = CommandLine(tmp_path, HOOK)
    line.ok("channel", "add", "dev", "--token", "oncall")
    return line


def set_state(line: CommandLine, post_id: int, state: str) -> None:
    """Brings a pending post into `state` as a run would."""
    with line.store() as store:
        delivery = store.outbox.get(post_id)
        if state != "pending":
            assert store.outbox.claim(delivery, NOW)
        match state:
            case "delivered":
                store.outbox.delivered(delivery, Receipt("r1", "https://x.example/1"), NOW)
            case "delayed":
                store.outbox.delayed(delivery, NOW + timedelta(days=1000), "busy", NOW)
            case "uncertain":
                store.outbox.uncertain(delivery, None, str(Unanswered("no answer")), NOW)
            case "failed":
                store.outbox.failed(delivery, "refused", NOW)


def state(line: CommandLine, post_id: int) -> str:
    return str(line.ok("posts", "show", str(post_id), "--json").json["state"])


# What is asked of a post · the states in which it is done; in all others it is refused with 65
ASKED = [
    (("posts", "retry", "1"), {"delayed", "uncertain", "failed"}, "pending"),
    (("posts", "resend", "1", "--yes"), {"delivered", "delayed", "uncertain", "failed"}, "pending"),
    (("posts", "drop", "1"), {"pending", "delayed", "uncertain", "failed"}, "failed"),
]


@pytest.mark.parametrize("before", ["pending", "sending", "delivered", "delayed", "uncertain", "failed"])
@pytest.mark.parametrize(("words", "done_in", "after"), ASKED, ids=["retry", "resend", "drop"])
def test_what_may_be_asked_of_a_post(
    mailpoll: CommandLine, words: tuple[str, ...], done_in: set[str], after: str, before: str
) -> None:
    mailpoll.message(post())
    set_state(mailpoll, 1, before)
    said = mailpoll(*words)
    assert said.status == (0 if before in done_in else 65)
    assert state(mailpoll, 1) == (after if before in done_in else before)
    assert before in done_in or f"post 1 is {before}: " in said.err


def test_a_retry_keeps_the_key_and_a_resend_has_a_new_one(mailpoll: CommandLine) -> None:
    mailpoll.message(post())
    set_state(mailpoll, 1, "failed")
    key = mailpoll.ok("posts", "show", "1", "--json").json["key"]
    mailpoll.ok("posts", "retry", "1")
    assert mailpoll.ok("posts", "show", "1", "--json").json["key"] == key
    set_state(mailpoll, 1, "delivered")
    assert mailpoll("posts", "resend", "1").status == 2
    mailpoll.ok("posts", "resend", "1", "--yes")
    assert mailpoll.ok("posts", "show", "1", "--json").json["key"] != key


def test_all_failed_posts_are_retried_at_once(mailpoll: CommandLine) -> None:
    for number in range(1, 4):
        mailpoll.message(post())
        set_state(mailpoll, number, "failed" if number != 2 else "delivered")
    assert mailpoll.ok("posts", "retry", "--state", "failed").out == "2 posts will be tried by the next run.\n"
    assert [each["state"] for each in mailpoll.ok("posts", "list", "--json").json] == [
        "pending",
        "delivered",
        "pending",
    ]


def test_failed_posts_are_dropped_at_once_and_not_retried_with_the_others(mailpoll: CommandLine) -> None:
    for number in range(1, 4):
        mailpoll.message(post())
        set_state(mailpoll, number, "failed")
    mailpoll.ok("posts", "drop", "1")
    assert mailpoll("posts", "drop", "--state", "failed").status == 2  # nobody is there to ask
    assert mailpoll.ok("posts", "drop", "--state", "failed", "--yes").out == "2 posts dropped.\n"
    assert mailpoll.ok("posts", "show", "2", "--json").json["error"] == "dropped by hand: refused"
    assert "failed" not in mailpoll.ok("status").out
    assert mailpoll.ok("posts", "retry", "--state", "failed").out.startswith("0 posts")
    mailpoll.ok("posts", "retry", "2")
    assert [state(mailpoll, number) for number in (1, 2, 3)] == ["failed", "pending", "failed"]


@pytest.mark.parametrize("words", [("retry", "1"), ("resend", "1", "--yes"), ("drop", "1")], ids=" ".join)
def test_a_post_in_the_store_is_not_sent_anywhere(mailpoll: CommandLine, words: tuple[str, ...]) -> None:
    mailpoll.message(post("store"))
    said = mailpoll("posts", *words)
    assert said.status == 65
    assert "a row of the store itself" in said.err


@pytest.mark.parametrize(
    "words",
    [("posts", "show", "9"), ("posts", "retry", "9"), ("posts", "drop", "1", "9"), ("posts", "resend", "9"),
     ("posts", "list", "--channel", "dve"), ("messages", "show", "9"), ("messages", "export", "9"),
     ("messages", "retry", "9"), ("messages", "release", "9"), ("messages", "drop", "1", "9")],
    ids=" ".join,
)  # fmt: skip
def test_a_number_or_name_that_is_not_there(mailpoll: CommandLine, words: tuple[str, ...]) -> None:
    mailpoll.message(post())
    said = mailpoll(*words)
    assert said.status == 78
    assert "there is no " in said.err
    assert state(mailpoll, 1) == "pending"


@pytest.mark.parametrize(
    "words",
    [("posts", "retry"), ("posts", "retry", "1", "--state", "failed"), ("posts", "drop"), ("posts", "show", "one"),
     ("messages", "retry"), ("messages", "drop"), ("messages", "list", "--state", "lost"), ("posts", "resent", "1")],
    ids=" ".join,
)  # fmt: skip
def test_wrong_usage_is_2(mailpoll: CommandLine, words: tuple[str, ...]) -> None:
    assert mailpoll(*words).status == 2


def test_a_post_is_shown_without_tokens_and_without_escapes(mailpoll: CommandLine) -> None:
    mailpoll.message(
        post(address=f"username+dev.oncall.{TOKEN}@example.com", sender="\x1b[31mEve\x07", message_id="a@b.example"),
        post("https://hooks.example.com/KEY"),
    )
    with mailpoll.store() as store:
        assert store.outbox.get(1).post.address.endswith(f"{TOKEN}@example.com")
    said = mailpoll.ok("posts", "show", "1")
    assert "username+dev.….…cdef@example.com" in said.out
    assert "\x1b" not in said.out
    assert said.out.endswith("\nText\n")
    facts = mailpoll.ok("posts", "show", "1", "--json").json
    assert (facts["message"], facts["message_id"]) == (1, "a@b.example")
    for words in (("posts", "list"), ("posts", "list", "--json"), ("posts", "show", "2"), ("messages", "show", "1")):
        assert TOKEN not in mailpoll.ok(*words).out
        assert "KEY" not in mailpoll.ok(*words).out


@pytest.mark.parametrize("separator", ["+", "="])
def test_a_token_that_people_chose_is_masked_wherever_posts_are_shown(tmp_path: Path, separator: str) -> None:
    """`oncall` is no long word that gives itself away: only the store knows that it is a token."""
    line = CommandLine(tmp_path, f'headers = ["To"]\nseparators = "{separator}"\n')
    line.ok("channel", "add", "dev", "--token", "oncall")
    line.message(post(address=f"mail{separator}oncall@localhost"))
    for words in (("posts", "show", "1"), ("posts", "show", "1", "--json"), ("posts", "list", "--json"),
                  ("messages", "show", "1", "--json")):  # fmt: skip
        said = line.ok(*words).out
        assert "oncall" not in said
        assert f"mail{separator}…@localhost" in said


def test_posts_are_listed_newest_first_by_channel_and_state(mailpoll: CommandLine) -> None:
    mailpoll.message(post(subject="Disk"), post(channel="other"))
    mailpoll.message(post())
    set_state(mailpoll, 1, "failed")
    assert [each["id"] for each in mailpoll.ok("posts", "list", "--json").json] == [3, 2, 1]
    assert [each["id"] for each in mailpoll.ok("posts", "list", "--channel", "dev", "--json").json] == [3, 1]
    assert [each["id"] for each in mailpoll.ok("posts", "list", "--state", "failed", "--json").json] == [1]
    assert [each["id"] for each in mailpoll.ok("posts", "list", "--limit", "1", "--json").json] == [3]
    assert mailpoll.ok("posts", "list").out.splitlines()[-1].endswith("failed   dev      hook         Disk     refused")
    assert mailpoll.ok("posts", "list", "--state", "held").out == "There are no posts like that.\n"


def test_a_message_is_shown_with_its_whole_life(mailpoll: CommandLine) -> None:
    mailpoll.message(post(), post("store"), subject="\x1b]0;x\x07Disk full")
    set_state(mailpoll, 1, "failed")
    said = mailpoll.ok("messages", "show", "1").out
    for fact in ("Message 1 is read", "Ann <ann@x.example>", "post 1: dev → hook failed (refused)", "store delivered"):
        assert fact in said
    assert "\x1b" not in said + mailpoll.ok("messages", "list").out
    shown = mailpoll.ok("messages", "show", "1", "--json").json
    assert [each["state"] for each in shown["posts"]] == ["failed", "delivered"]


def test_a_held_message_is_released_or_dropped(mailpoll: CommandLine) -> None:
    for _ in range(2):
        mailpoll.message(post(), post("store"), outcome="held", reason="not from there")
    assert mailpoll("posts", "retry", "1").status == 65
    assert mailpoll.ok("messages", "release", "1").out == "1 message released, 2 posts on the way.\n"
    assert [state(mailpoll, 1), state(mailpoll, 2)] == ["pending", "delivered"]
    assert mailpoll("messages", "release", "1").status == 65
    mailpoll.ok("messages", "drop", "2")
    assert [state(mailpoll, 3), state(mailpoll, 4)] == ["failed", "failed"]
    assert "has_raw" in (dropped := mailpoll.ok("messages", "show", "2", "--json").json)
    assert not dropped["has_raw"]
    assert mailpoll("messages", "retry", "2").status == 65


def test_unrouted_mail_is_read_again_once_its_address_is_there(mailpoll: CommandLine) -> None:
    raw = b"From: ann@x.example\r\nTo: username+pager@example.com\r\nSubject: Disk\r\n\r\nFull\r\n"
    mail = mailpoll.folder / "mail.eml"
    mail.write_bytes(raw)
    mailpoll.ok("receive", str(mail))
    [entry] = mailpoll.ok("messages", "list", "--state", "unrouted", "--json").json
    mailpoll.ok("address", "add", "dev", "--token", "pager")
    mailpoll.ok("messages", "retry", "--state", "unrouted")
    mailpoll.ok("channel", "test", "dev")  # reads what waits before its own mail
    assert mailpoll.ok("messages", "show", str(entry["id"]), "--json").json["state"] == "read"
    assert [each["subject"] for each in mailpoll.ok("posts", "list", "--json").json] == ["Test of channel dev", "Disk"]


def test_held_mail_that_is_allowed_now_goes_out_when_it_is_read_again(mailpoll: CommandLine) -> None:
    mailpoll.ok("address", "set", "oncall", "--from", "example.com")
    mail = mailpoll.folder / "mail.eml"
    mail.write_bytes(b"From: ann@x.example\r\nTo: username+oncall@example.com\r\nSubject: Disk\r\n\r\nFull\r\n")
    mailpoll.ok("receive", str(mail))
    assert [state(mailpoll, 1)] == ["held"]
    mailpoll.ok("address", "set", "oncall", "--from-anyone")
    mailpoll.ok("messages", "retry", "1")
    mailpoll.ok("channel", "test", "dev")
    assert [state(mailpoll, 1)] == ["delivered"]


def test_a_message_is_exported_byte_for_byte(mailpoll: CommandLine, tmp_path: Path) -> None:
    chunks = (b"Subject: \xff\x00\r\n\r\n", bytes(range(256)) * 10)
    with mailpoll.store() as store:
        store.ledger.accept([RawMessage(None, None, chunks)], NOW)
    file = tmp_path / "out.eml"
    mailpoll.ok("messages", "export", "1", str(file))
    assert file.read_bytes() == b"".join(chunks)
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert mailpoll("messages", "export", "1", str(file)).status == 77
    assert "File exists" in mailpoll("messages", "export", "1", str(file)).err


def test_a_stranger_s_bytes_are_not_written_to_a_terminal_unasked(mailpoll: CommandLine) -> None:
    mailpoll.message()
    terminal, side = pty.openpty()
    words = [MAILPOLL, "--config", mailpoll.config, "messages", "export", "1"]
    said = subprocess.run(words, stdout=side, stderr=subprocess.PIPE, text=True, timeout=60)
    os.close(terminal)
    os.close(side)
    assert said.returncode == 2
    assert "name a FILE, or -" in said.stderr
    piped = subprocess.run(words, stdout=subprocess.PIPE, timeout=60)
    assert piped.stdout == b"Subject: Hello\r\n\r\nText\r\n"


def test_destinations_are_listed_with_what_waits(mailpoll: CommandLine) -> None:
    mailpoll.message(post(), post("gone"))
    with mailpoll.store() as store:
        store.outbox.pause(Pause("hook", "401 Unauthorized", NOW))
        store.outbox.rest(Rest("gone", 2, datetime.now(UTC) + timedelta(minutes=5)))
    listed = {each["name"]: each for each in mailpoll.ok("destination", "list", "--json").json}
    assert listed["store"]["channels"] == ["dev"]
    assert (listed["hook"]["waiting"], listed["hook"]["paused_because"]) == (1, "401 Unauthorized")
    assert listed["gone"]["kind"] == "not configured"
    assert listed["gone"]["rests_until"]
    shown = mailpoll.ok("destination", "list").out
    assert "paused    since" in shown
    assert "rests     until" in shown


def test_a_paused_destination_is_resumed_and_its_posts_are_due(mailpoll: CommandLine) -> None:
    mailpoll.message(post())
    mailpoll.message(post())
    set_state(mailpoll, 1, "delayed")
    with mailpoll.store() as store:
        store.outbox.pause(Pause("hook", "401 Unauthorized", NOW))
    assert mailpoll.ok("destination", "resume", "hook").out == (
        "hook is open again; 2 posts will be tried by the next run.\n"
    )
    with mailpoll.store() as store:
        assert store.outbox.pauses() == ()
        assert store.outbox.get(1).due_at is not None
        assert store.outbox.get(1).due_at < NOW + timedelta(days=999)
    assert "was not paused" in mailpoll.ok("destination", "resume", "hook").out
    assert mailpoll("destination", "resume", "hok").status == 78


def test_several_destinations_are_resumed_at_once(mailpoll: CommandLine) -> None:
    for words in (("hook", "gone"), ("--all",)):
        with mailpoll.store() as store:
            for name in ("hook", "gone"):
                store.outbox.pause(Pause(name, "401 Unauthorized", NOW))
        assert "then      mailpoll destination resume gone" in mailpoll.ok("destination", "list").out
        assert mailpoll.ok("destination", "resume", *words).out.count("is open again") == 2
    assert mailpoll.ok("destination", "resume", "--all").out == "No destination is paused.\n"
    assert [mailpoll("destination", "resume", *words).status for words in ((), ("hook", "--all"))] == [2, 2]


def test_a_url_is_resumed_as_it_is_shown(mailpoll: CommandLine) -> None:
    urls = [f"http://127.0.0.1:9/{path}?token=KEY" for path in "ab"]
    with mailpoll.store() as store:
        for url in urls:
            store.outbox.pause(Pause(url, "404", NOW))
    several = mailpoll("destination", "resume", "http://127.0.0.1:9/…")
    assert several.status == 78
    assert all(shown_destination(url) in several.err for url in urls)
    assert "there is no destination" in mailpoll("destination", "resume", "http://127.0.0.1:9/…#zzzz").err
    for typed in (shown_destination(urls[0]), "http://127.0.0.1:9/…"):
        assert "is open again" in mailpoll.ok("destination", "resume", typed).out


def test_a_check_of_destinations_is_truthful(tmp_path: Path) -> None:
    with Receiver() as receiver, socket.create_server(("127.0.0.1", 0)) as closed:
        dead = closed.getsockname()[1]
        closed.close()
        line = CommandLine(
            tmp_path,
            f'[destination.up]\nkind = "webhook"\nurl = "{receiver.url}"\n'
            f'[destination.down]\nkind = "webhook"\nurl = "http://127.0.0.1:{dead}/"\n'
            f'[destination.locked]\nkind = "webhook"\nurl = "{receiver.url}"\nbearer = {{ file = "none" }}\n',
        )
        assert line.ok("destination", "check", "up").out.startswith("ok ")
        assert line("destination", "check", "down").status == 69
        assert line("destination", "check", "locked").status == 78
        everything = line("destination", "check", "--json")
    assert everything.status == 78
    assert [(each["destination"], each["level"]) for each in everything.json] == [
        ("store", "ok"), ("up", "ok"), ("down", "fail"), ("locked", "fail"),
    ]  # fmt: skip
    assert line("destination", "check", "nowhere").status == 78


def test_a_wrong_key_has_the_same_status_when_it_is_checked_and_when_it_is_tried(mailpoll: CommandLine) -> None:
    with Receiver(Answer(body=b'{"ok": false, "error": "invalid_auth"}')) as slack:
        section = f'kind = "slack"\napi = "{slack.url}"\ntoken = {{ file = "hook-token" }}\nchannel = "C0123456789"\n'
        mailpoll.config.write_text(f"{mailpoll.config.read_text()}[destination.slk]\n{section}")
        mailpoll.ok("channel", "add", "ops", "--to", "slk")
        said = mailpoll("destination", "check", "slk"), mailpoll("channel", "test", "ops")
    assert [each.status for each in said] == [77, 77], said


@pytest.mark.parametrize("kind", KINDS)
def test_an_example_is_a_section_that_loads(mailpoll: CommandLine, kind: str) -> None:
    section = tomllib.loads(mailpoll.ok("destination", "example", kind).out)
    assert section["destination"]["NAME"]["kind"] == kind
    assert list(config.from_data(section, mailpoll.config).destination) == ["NAME"]


def test_an_example_of_an_unknown_kind_is_refused(mailpoll: CommandLine) -> None:
    assert mailpoll("destination", "example", "pigeon").status == 2


def test_the_configuration_is_shown_without_secrets_and_can_be_read(mailpoll: CommandLine) -> None:
    said = mailpoll.ok("config", "show")
    assert said.out.startswith(f"# {mailpoll.config}\n")
    settings = tomllib.loads(said.out)
    assert settings["fetch"]["deadline"] == 50
    assert settings["destination"]["hook"]["bearer"] == "***"
    everything = mailpoll.ok("config", "show", "--json").json["settings"]
    hook = everything["destination"]["hook"]
    assert everything.pop("account") == hook.pop("headers") == hook.pop("template") == {}  # TOML leaves them out
    assert settings == everything
    assert "KEY" not in said.out


def test_the_configuration_is_checked_with_its_secrets(mailpoll: CommandLine) -> None:
    said = mailpoll.ok("config", "check")
    assert "ok    destination.hook.bearer is there" in said.out
    assert "username+%s@example.com" in said.out
    assert "cAnArY" not in said.out
    os.chmod(mailpoll.folder / "hook-token", 0o644)
    refused = mailpoll("config", "check")
    assert refused.status == 77
    assert "destination.hook.bearer" in refused.err
    (mailpoll.folder / "hook-token").unlink()
    assert mailpoll("config", "check").status == 78


def test_a_zuliprc_is_a_secret_that_is_checked(mailpoll: CommandLine) -> None:
    mailpoll.config.write_text(f'{mailpoll.config.read_text()}[destination.zul]\nkind = "zulip"\nzuliprc = "zuliprc"\n')
    missing = mailpoll("config", "check")
    assert (missing.status, "destination.zul.zuliprc" in missing.err) == (78, True)
    file = mailpoll.folder / "zuliprc"
    file.write_text("[api]\nemail=bot@example.com\nkey=cAnArY\nsite=https://chat.example.com\n")
    file.chmod(0o600)
    assert "destination.zul.zuliprc" in mailpoll.ok("config", "check", "--json").json["secrets"]


def test_a_wrong_configuration_stops_every_command(mailpoll: CommandLine) -> None:
    mailpoll.config.write_text("[fetch]\nlimits = 5\n")
    for words in (
        ("config", "check"),
        ("config", "show"),
        ("channel", "list"),
        ("posts", "list"),
        ("messages", "list"),
    ):
        said = mailpoll(*words)
        assert said.status == 78
        assert "fetch.limits" in said.err


@pytest.mark.parametrize("group", ["channel", "address", "destination", "messages", "posts", "config"])
def test_every_help_names_its_commands_in_whole_sentences(mailpoll: CommandLine, group: str) -> None:
    said = mailpoll.ok(group, "--help").out
    listed = said.partition("Commands:\n")[2].splitlines()
    assert len(listed) >= 2
    assert not [line for line in listed if line.endswith("...")]
    for line in listed:
        assert mailpoll.ok(group, line.split()[0], "--help").out.startswith("Usage: ")


def test_what_waits_behind_a_pause_is_called_paused_wherever_it_is_shown(mailpoll: CommandLine) -> None:
    for name in ("hook", "store", "hook"):
        mailpoll.message(post(destination=name))
    set_state(mailpoll, 1, "delayed")
    with mailpoll.store() as store:
        store.outbox.pause(Pause("hook", "answered 401: no", NOW))
    listed = mailpoll.ok("posts", "list", "--state", "paused", "--json").json
    assert [(each["id"], each["state"], each["paused"]) for each in listed] == [
        (3, "pending", True), (1, "delayed", True)]  # fmt: skip
    assert mailpoll.ok("posts", "list").out.count(" paused ") == 2
    resume = "mailpoll destination resume hook"
    assert mailpoll.ok("posts", "show", "3").out.startswith(f"Post 3 is paused: answered 401: no. Then: {resume}\n")
    assert "→ hook paused" in mailpoll.ok("messages", "show", "1").out
    assert mailpoll.ok("posts", "retry", "1").out == f"1 post will be tried by the next run after: {resume}.\n"
    assert mailpoll("posts", "retry", "3").err.endswith(f"post 3 is paused: answered 401: no. Then: {resume}")


def test_a_key_that_is_not_taken_any_more_is_told_with_the_file_to_write_it_into(tmp_path: Path) -> None:
    """Wherever the trouble is told: the service knows nothing of files."""
    file = tmp_path / "bot" / "zuliprc"
    file.parent.mkdir()
    with Zulip() as zulip:
        file.write_text(zulip.zuliprc.replace(zulip.key, "rotated-key-of-a-bot"))
        file.chmod(0o600)
        line = CommandLine(tmp_path, '[destination.team]\nkind = "zulip"\nzuliprc = "bot/zuliprc"\n')
        with line.store() as store:
            store.channels.add("dev", (("team", "general"),), NOW)
        todo = f"Put the bot's present key, which Zulip shows under Bots, into {file}"
        resume = "mailpoll destination resume team"
        tested, checked = line("channel", "test", "dev"), line("destination", "check", "team")
        assert (tested.status, f"{todo}. Then: {resume}" in tested.out) == (77, True), tested
        assert "paused: Zulip does not accept" in tested.out  # its name stands before it
        assert (checked.status, todo in checked.out) == (77, True), checked
        assert todo in line.ok("destination", "list").out


@pytest.mark.parametrize(
    ("section", "where"),
    [
        ('kind = "slack"\nwebhook = { file = "hook" }', "into /etc/mailpoll/hook"),
        ('kind = "slack"\nwebhook = { env = "HOOK" }', "into the environment variable HOOK"),
        ('kind = "slack"\nwebhook = { command = ["pass", "hook"] }', "into place"),
    ],
)
def test_a_secret_is_written_where_it_comes_from(section: str, where: str) -> None:
    installation = Installation(None, {})
    installation.path = Path("/etc/mailpoll/config.toml")
    data = tomllib.loads(f"[destination.team]\n{section}\n")
    installation.settings = config.from_data(data, installation.path)
    assert secret_place.named(installation, "team", "Put its URL into place") == f"Put its URL {where}"
