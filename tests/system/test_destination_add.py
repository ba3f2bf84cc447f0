"""`mailpoll destination add` by flags: what is asked for is written, loads, and was tried before."""

from __future__ import annotations

import stat
import tomllib
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest
from servers.zulip import Zulip
from support.command_line import CommandLine, Said

from mailpoll import config
from mailpoll.commands.destination_trouble import likely
from mailpoll.commands.init_ask import Asker
from mailpoll.destinations import KINDS, kind_of

SECRET = "what-the-service-gave"
SMTP = {"host": "smtp.example.com", "port": 465, "from": "us@example.com"}
# Flags → the section; s is a file with a secret. What is not asked for here is asked for by the tests of each kind.
SECTIONS: list[tuple[str, list[str], dict[str, Any]]] = [
    ("zulip", ["zuliprc=s", "channel=general"], {"zuliprc": "s", "channel": "general"}),
    ("zulip", ["--secret-file=s"], {"zuliprc": "s"}),
    ("zulip", ["site=https://z.example", "email=bot@z.example", "--secret-file=s"],
     {"site": "https://z.example", "email": "bot@z.example", "key": {"file": "s"}}),
    ("slack", ["--secret-file=s", "channel=#ops"], {"token": {"file": "s"}, "channel": "#ops"}),
    ("slack", ["--secret-file=webhook=s", "thread=false", "timeout=2.5"],
     {"webhook": {"file": "s"}, "thread": False, "timeout": 2.5}),
    ("mattermost", ["server=https://m.example", "token.env=TOKEN", "channel=team/ops"],
     {"server": "https://m.example", "token": {"env": "TOKEN"}, "channel": "team/ops"}),
    ("mattermost", ["--secret-file=url"], {"webhook": {"file": "url"}}),
    ("discord", ["--secret-file=s"], {"webhook": {"file": "s"}}),
    ("discord", ["--secret-file=token=s", "channel=123"], {"token": {"file": "s"}, "channel": "123"}),
    ("matrix", ["homeserver=https://m.example", "--secret-file=s", "room=#ops:m.example"],
     {"homeserver": "https://m.example", "token": {"file": "s"}, "room": "#ops:m.example"}),
    ("ntfy", ["topic=alerts", "priority=4", 'tags=["a", "b c"]'],
     {"url": "https://ntfy.sh", "topic": "alerts", "priority": 4, "tags": ["a", "b c"]}),
    ("ntfy", ["username=ann", "--secret-file=password=s"],
     {"url": "https://ntfy.sh", "username": "ann", "password": {"file": "s"}}),
    ("apprise", ["url.command=cat 'a file'", "service=pover"],
     {"url": {"command": ["cat", "a file"]}, "service": "pover"}),
    ("webhook", ["url=https://h.example/in", "headers.X-Key.file=s", "headers.X-Who=me.you", "template.text={body}"],
     {"url": "https://h.example/in", "headers": {"X-Key": {"file": "s"}, "X-Who": "me.you"},
      "template": {"text": "{body}"}}),
    ("command", ["command=/bin/ticket --title 'new one'"], {"command": ["/bin/ticket", "--title", "new one"]}),
    ("maildir", ["path=below", "as=post"], {"path": "below", "as": "post"}),
    ("file", ["path=/srv/in", "format=eml"], {"path": "/srv/in", "format": "eml"}),
    ("smtp", ["to=u@example.net", "smtp.host=smtp.example.com:465", "smtp.from=us@example.com"],
     {"to": "u@example.net", "as": "attachment"}),
]  # fmt: skip


def flags(*words: str) -> list[str]:
    """KEY=VALUE as --setting; options as they are."""
    return [part for word in words for part in ([word] if word.startswith("--") else ["--setting", word])]


@pytest.fixture
def line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> CommandLine:
    """mailpoll, started in the folder of its configuration, where `s` holds a secret."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "s").touch(0o600)
    (tmp_path / "s").write_text(f"{SECRET}\n")
    (tmp_path / "url").touch(0o600)
    (tmp_path / "url").write_text("https://hooks.example.invalid/T0/B0/x8aJ2kQ4mZx7LpW9c\n")
    return CommandLine(tmp_path, "# mine")


@pytest.mark.parametrize(("kind", "given", "section"), SECTIONS)
def test_a_section_says_what_was_asked_for(
    line: CommandLine, kind: str, given: Sequence[str], section: dict[str, Any]
) -> None:
    before = line.config.read_text()
    said = line.ok("destination", "add", kind, "a.name", "--no-check", *flags(*given))
    assert line.config.read_text().startswith(before)
    written = tomllib.loads(line.config.read_text())
    assert written["destination"] == {"a.name": {"kind": kind, **section}}
    assert written.get("smtp") == (SMTP if kind == "smtp" else None)
    assert "a.name" in config.load(line.config).destination
    assert "--to a.name" in said.out
    [backup] = line.folder.glob("config.toml.*.bak")
    assert backup.read_text() == before


def test_each_kind_is_written_by_a_test() -> None:
    assert {kind for kind, _, _ in SECTIONS} == set(KINDS)
    ways = sum(len(kind_of(kind).ways) for kind in KINDS)
    assert len({(kind, tuple(sorted(section))) for kind, _, section in SECTIONS}) >= ways


@pytest.mark.parametrize(
    ("kind", "given", "key", "secret"),
    [
        ("slack", ["--secret-stdin"], "token", SECRET),
        ("webhook", ["url=http://localhost/8aJ2kQ4mZx7LpW9c"], "url", "http://localhost/8aJ2kQ4mZx7LpW9c"),
        ("webhook", ["url=http://localhost/in?key=openup"], "url", "http://localhost/in?key=openup"),
    ],
)
def test_a_secret_that_is_told_is_kept_for_its_owner_alone(
    line: CommandLine, kind: str, given: Sequence[str], key: str, secret: str
) -> None:
    (line.folder / f"{kind}-{key}").write_text("another's")
    line.ok("destination", "add", kind, "--no-check", *flags(*given), input=f"{SECRET}\n".encode())
    assert tomllib.loads(line.config.read_text())["destination"][kind][key] == {"file": f"{kind}-{key}-2"}
    kept = line.folder / f"{kind}-{key}-2"
    assert kept.read_text() == f"{secret}\n"
    assert stat.S_IMODE(kept.stat().st_mode) == 0o600
    assert (line.folder / f"{kind}-{key}").read_text() == "another's"


@pytest.mark.parametrize(
    ("words", "status", "sentence"),
    [
        (["slack"], 2, "--secret-file token=FILE is missing: it answers “Bot token (xoxb-…)”"),
        (["slack", "--setting", f"token={SECRET}"], 78, "a secret is not given on the command line"),
        (["slack", "--setting", "chanel=#ops"], 78, "there is no setting 'chanel'. Did you mean channel?"),
        (["slack", "--setting", "channel"], 78, "'channel' is no setting. Write KEY=VALUE, like channel=#ops"),
        (["slack", "--secret-file", "gone"], 78, "gone does not exist. Write the secret into it. Nothing was written"),
        (["slack", "--secret-stdin"], 78, "token: a secret is one line of visible characters, and not empty"),
        (["slack", "--secret-file", "token=url"], 78,
         "destination.slack.token: this is a URL, and no token. It is given by --secret-file webhook=FILE. Nothing"),
        (["slack", "--secret-file", "url", "--setting", "channel=#ops"], 78, "webhook=FILE, without channel. Nothing"),
        (["discord", "--secret-file", "s"], 78,
         "this is no URL, which a web hook has. It is given by --secret-file token=FILE. Nothing was written"),
        (["mattermost", "--secret-file", "s", "--setting", "server=https://chat.invalid"], 69,
         "mattermost: chat.invalid cannot be reached: its name is unknown"),
        (["zulip", "--setting", "zuliprc=gone"], 78, "gone cannot be read (No such file or directory)"),
        (["ntfy", "--setting", "url=http://lan.example"], 78, "or give --setting allow_plaintext=true. Nothing was"),
        (["command", "--secret-file", "s"], 78, "command asks for no further secret"),
        (["command", "--setting", "command=/nowhere/at/all"], 69, "/nowhere/at/all is missing"),
        (["maildir", "store", "--setting", "path=x"], 78, "'store' cannot be the name of a destination"),
        (["maildir", "hook", "--setting", "path=x"], 78, "there is a destination hook already. Give another name"),
        (["ntfy", "--setting", "topic=a b"], 78, "destination.ntfy.topic: 'a b' is no topic"),
        (["ntfy", "--setting", "priority=high"], 78, "destination.ntfy.priority: expected a whole number"),
        ([], 2, "KIND is missing"),
    ],
)  # fmt: skip
def test_what_is_wrong_is_named_and_nothing_is_written(
    tmp_path: Path, line: CommandLine, words: Sequence[str], status: int, sentence: str
) -> None:
    text = line.config.read_text() + '\n[destination.hook]\nkind = "webhook"\nurl = "http://localhost/"\n'
    line.config.write_text(text)
    files = set(tmp_path.iterdir())
    said = line("destination", "add", *words)
    assert (said.status, sentence in said.err) == (status, True), said
    assert line.config.read_text() == text
    assert set(tmp_path.iterdir()) == files


def test_a_configuration_that_cannot_be_added_to_is_left_without_a_secret_beside_it(line: CommandLine) -> None:
    text = line.config.read_text()
    line.config.write_text(f"destination = {{}}\n{text}")
    said = line("destination", "add", "slack", "--secret-stdin", "--no-check", input=f"{SECRET}\n".encode())
    assert (said.status, '[destination.slack]\nkind = "slack"' in said.err) == (78, True)
    assert not (line.folder / "slack-token").exists()


def test_a_service_says_on_the_spot_what_is_wrong(line: CommandLine) -> None:
    with Zulip() as zulip:
        rc = (line.folder / "s").rename(line.folder / "zuliprc")
        add = ("destination", "add", "zulip", "--secret-file", "zuliprc", "--setting")
        rc.write_text(zulip.zuliprc.replace(zulip.key, "wrong-key-of-a-bot"))
        wrong = line(*add, "channel=general")
        assert (wrong.status, "Zulip does not accept the key" in wrong.err) == (77, True), wrong
        rc.write_text(zulip.zuliprc)
        gone = line(*add, "channel=gone")
        assert (gone.status, "zulip:gone: Channel 'gone' does not exist" in gone.err) == (65, True)
        assert "destination" not in tomllib.loads(line.config.read_text())
        assert "zulip:general is there" in line.ok(*add, "channel=general").out
        line.ok("channel", "add", "ops", "--to", "zulip")
        line.ok("channel", "test", "ops")
        assert line("channel", "add", "more", "--to", "zulip:gone").status == 78
    assert [message["subject"] for message in zulip.messages] == ["Test of channel ops"]


def test_a_channel_for_a_kind_that_is_not_there_yet_is_told_what_to_type(line: CommandLine) -> None:
    said = line("channel", "add", "ops", "--to", "discord:123")
    assert (said.status, "`mailpoll destination add discord` makes one" in said.err) == (78, True)


def test_the_example_of_smtp_brings_the_section_that_it_needs(line: CommandLine) -> None:
    example = line.ok("destination", "example", "smtp").out
    line.config.write_text(f"{line.config.read_text()}\n{example}")
    assert "NAME" in config.load(line.config).destination


@pytest.fixture
def person(line: CommandLine, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Said]:
    """Types answers, one for each question, as at a terminal; hidden ones, too."""
    monkeypatch.setattr(Asker, "here", lambda *, yes: Asker(True, yes))

    def typing(*words: str, answers: Sequence[str]) -> Said:
        return line("destination", "add", *words, input="\n".join([*answers, ""]).encode())

    return typing


def test_a_person_is_told_what_can_be_added_and_asked_in_words_without_flags(
    line: CommandLine, person: Callable[..., Said], tmp_path: Path
) -> None:
    said = person(answers=["store", "File", "a b", "box", str(tmp_path / "box")])
    assert said.status == 0, said
    assert "  store" not in said.err.partition("Which kind?")[0]
    assert "KIND" not in said.err
    assert "NAME: " not in said.err
    assert tomllib.loads(line.config.read_text())["destination"]["box"]["kind"] == "file"


def test_a_secret_of_the_other_way_is_noticed_when_it_is_typed(line: CommandLine, person: Callable[..., Said]) -> None:
    url = "https://hooks.example.invalid/T0/B0/x8aJ2kQ4mZx7LpW9c"
    said = person("slack", "hook", answers=["token", url, "y", "keep"])
    assert said.status == 0, said
    assert "This is a URL, and no token.\nPost by webhook instead" in said.err
    assert "cannot be reached: its name is unknown. Check the network" in said.err
    assert "other: a setting that was not asked for; keep: write it as it is; quit: write nothing." in said.err
    assert tomllib.loads(line.config.read_text())["destination"]["hook"] == {
        "kind": "slack", "webhook": {"file": "hook-webhook"},
    }  # fmt: skip


def test_what_is_wrong_by_itself_is_said_at_once_and_http_may_be_allowed(
    line: CommandLine, person: Callable[..., Said]
) -> None:
    answers = ["ops:example.org", "http://lan.invalid", "n", "http://lan.invalid", "y", SECRET, "", "keep"]
    said = person("matrix", "room", answers=answers)
    assert said.status == 0, said
    assert "homeserver: is no web address. Write https://host/path" in said.err
    assert "homeserver: everybody on the way can read http. Write https\n" in said.err
    section = tomllib.loads(line.config.read_text())["destination"]["room"]
    assert (section["homeserver"], section["allow_plaintext"]) == ("http://lan.invalid", True)
    person("webhook", "lan", answers=["http://lan.invalid/in?key=openup", "y", "", "keep"])
    section = tomllib.loads(line.config.read_text())["destination"]["lan"]
    assert section == {"kind": "webhook", "url": {"file": "lan-url"}, "allow_plaintext": True}
    gone = person("zulip", "team", answers=["zuliprc", "gone", "s"])
    assert "gone cannot be read (No such file or directory)" in gone.err


@pytest.mark.parametrize(
    ("said", "key"),
    [
        ("the homeserver does not know the access token. Put it where `token` of the section points", "token"),
        ("the homeserver does not accept the room's name", "room"),
        ("there is no Matrix homeserver at this url. Check homeserver", "homeserver"),
        ("nobody is called #ops:example.org", "room"),
        ("the connection broke", "homeserver"),
    ],
)
def test_the_answer_that_is_to_be_changed_is_the_one_that_a_sentence_is_about(said: str, key: str) -> None:
    keys = {each: each for each in ("homeserver", "token", "room")}
    assert likely(keys, said, "room", "#ops:example.org") == key
