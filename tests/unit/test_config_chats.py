"""[destination.NAME] of matrix, discord and ntfy: what cannot be is told, with what to write instead."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from mailpoll import config
from mailpoll.errors import ConfigError


def load(tmp_path: Path, text: str) -> tuple[str, ...]:
    """The problems of a configuration with one destination, d."""
    path = tmp_path / "config.toml"
    path.write_text(f"[destination.d]\n{text}\n")
    try:
        config.load(path)
    except ConfigError as problem:
        return problem.problems
    return ()


MATRIX = 'kind = "matrix"\ntoken = { env = "T" }\n'
BOT = 'kind = "discord"\ntoken = { env = "T" }\n'
HOOK = 'kind = "discord"\nwebhook = { env = "T" }\n'
NTFY = 'kind = "ntfy"\n'


@pytest.mark.parametrize(
    "text",
    [
        MATRIX + 'homeserver = "https://matrix.example.org"',
        MATRIX + 'homeserver = "http://localhost:8008/"\nroom = "!abc:example.org"\nmsgtype = "m.text"\njoin = false',
        BOT + 'channel = "1234567890123456789"',
        BOT,
        HOOK + "forum = true\nsilent = true",
        NTFY,
        NTFY + 'url = "https://ntfy.example.org"\ntopic = "al-erts_1"\ntoken = { env = "T" }\npriority = 5',
        NTFY + 'username = "ann"\npassword = { env = "T" }\ntags = ["email", "warning"]',
    ],
)
def test_sections_that_can_be_used(tmp_path: Path, text: str) -> None:
    assert load(tmp_path, text) == ()


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        (MATRIX, "destination.d.homeserver: is missing"),
        (MATRIX + 'homeserver = "http://matrix.example.org"', "destination.d.homeserver: everybody on the way"),
        (MATRIX + 'homeserver = "https://m.example.org/_matrix/client"', "destination.d.homeserver: holds more than"),
        (MATRIX + 'homeserver = "https://m.example.org"\nroom = "ops"', "destination.d.room: 'ops' is neither id nor"),
        ('kind = "discord"', "destination.d.token: is missing"),
        (BOT + 'webhook = { env = "T" }', "destination.d.token: cannot go with webhook"),
        (BOT + 'channel = "ops"', "destination.d.channel: is no id"),
        (HOOK + 'channel = "1"', "destination.d.channel: does not go with webhook"),
        (BOT + "forum = true", "destination.d.forum: works with a web hook only"),
        (BOT + 'api = "http://discord.example"', "destination.d.api: everybody on the way"),
        (NTFY + 'url = "ntfy.sh"', "destination.d.url: is no web address"),
        (NTFY + 'topic = "a/b"', "destination.d.topic: 'a/b' is no topic"),
        (NTFY + f'topic = "{"x" * 65}"', "destination.d.topic:"),
        (NTFY + "priority = 6", "destination.d.priority:"),
        (NTFY + 'token = { env = "T" }\nusername = "a"\npassword = { env = "T" }', "destination.d.token: cannot go"),
        (NTFY + 'username = "a"', "destination.d.password: is missing"),
        (NTFY + 'password = { env = "T" }', "destination.d.username: is missing"),
        (NTFY + 'tags = ["a,b"]', "destination.d.tags: holds"),
        (NTFY + 'tags = [""]', "destination.d.tags: holds"),
    ],
)
def test_what_is_wrong_is_told_alone(tmp_path: Path, text: str, problem: str) -> None:
    (found,) = load(tmp_path, text)
    assert found.startswith(problem), found


HOW_TO = Path(__file__).resolve().parents[2] / "docs/how-to"
SECTIONS = [
    pytest.param(text, id=f"{page.stem}-{number}")
    for page in sorted(HOW_TO.glob("*.md"))
    for number, text in enumerate(re.findall(r"^```toml\n(.*?)^```", page.read_text(), re.DOTALL | re.MULTILINE))
    if "[destination." in text
]


@pytest.mark.parametrize("text", SECTIONS)
def test_the_sections_that_the_how_tos_show_are_configurations(tmp_path: Path, text: str) -> None:
    path = tmp_path / "config.toml"
    path.write_text(text)
    assert config.load(path).destination
