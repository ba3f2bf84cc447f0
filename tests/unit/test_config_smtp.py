"""[smtp] and [alerts]: what is said of every mistake, and which settings follow from others."""

from __future__ import annotations

from pathlib import Path

import pytest

from mailpoll import config
from mailpoll.errors import ConfigError
from mailpoll.settings import SmtpSettings

CANARY = "cAnArY"
GOOD = """
[smtp]
host = "smtp.example.com"
username = "username@example.com"
password = { file = "smtp-password" }
"""
FROM = 'from = "gateway@example.com"\n'


def problems(folder: Path, text: str) -> tuple[str, ...]:
    path = folder / "config.toml"
    path.write_text(text, encoding="utf-8")
    try:
        config.load(path)
    except ConfigError as error:
        return error.problems
    return ()


def smtp(lines: str) -> str:
    return f'[smtp]\nhost = "smtp.example.com"\n{FROM}{lines}'


# What stands in the file · key path · advice
MISTAKES = [
    ("[smtp]", "smtp.host", 'Add host = "smtp.example.com", or file = "outgoing" to send nothing'),
    ("[smtp]", "smtp.from", 'Add from = "Gateway <gateway@example.com>"'),
    ('[smtp]\nhost = ""\n' + FROM, "smtp.host", "Write the name alone, like smtp.example.com"),
    ('[smtp]\nhost = "smtp://smtp.example.com"\n' + FROM, "smtp.host", "is no host name"),
    ('[smtp]\nhost = "smtp.example.com:587"\n' + FROM, "smtp.host", "port = … beside it"),
    ('[smtp]\nhost = "[::1]"\n' + FROM, "smtp.host", "is no host name"),
    ('[smtp]\nhost = "a\\nb"\n' + FROM, "smtp.host", "is no host name"),
    (smtp('tls = "none"'), "smtp.tls", 'Write "implicit" or "starttls", or add allow_plaintext = true'),
    (smtp('tls = "ssl"'), "smtp.tls", '"implicit", "starttls", "none". Did you mean "implicit"?'),
    (smtp("port = 70000"), "smtp.port", "from 1 to 65535. Write for example 587"),
    (smtp("timeout = '5'"), "smtp.timeout", "Write for example 10"),
    (smtp('prot = "587"'), "smtp.prot", "Did you mean port?"),
    (smtp("timeout = 0"), "smtp.timeout", "a number over 0"),
    (smtp(f'password = "{CANARY}"\nusername = "u"'), "smtp.password", '{ file = "smtp-password" }'),
    (smtp('username = "u"'), "smtp.password", "is missing, but there is a username"),
    (smtp('password = { file = "p" }'), "smtp.username", "is missing, but there is a password"),
    (smtp('access_token = { file = "p" }'), "smtp.username", "is missing, but there is an access token"),
    (smtp('username = "u"\npassword = { file = "p" }\naccess_token = { file = "t" }'), "smtp.access_token",
     "cannot go with password"),
    (smtp('username = "u"\npassword = { file = "p" }\nauth = "xoauth2"'), "smtp.auth", "does not go with a password"),
    (smtp('username = "u"\naccess_token = { file = "p" }\nauth = "plain"'), "smtp.auth", "does not go with an access"),
    (smtp('username = "u"\npassword = { file = "p" }\nauth = "cram-md5"'), "smtp.auth", '"plain", "login", "xoauth2"'),
    (smtp('username = ""\npassword = { file = "p" }'), "smtp.username", "is empty"),
    (smtp('username = "a\\nb"\npassword = { file = "p" }'), "smtp.username", "control characters"),
    (smtp('helo = "my computer"'), "smtp.helo", "is no host name"),
    (smtp('helo = "a\\r\\nMAIL FROM:<x>"'), "smtp.helo", "control characters"),
    (smtp('helo = ""'), "smtp.helo", "is empty"),
    ('[smtp]\nhost = "h"\nusername = "someone"\npassword = { file = "p" }', "smtp.from", "username is no address"),
    ('[smtp]\nhost = "h"\nfrom = "nobody"', "smtp.from", "is no address. Write for example gateway@example.com"),
    ('[smtp]\nhost = "h"\nfrom = "a@example.com, b@example.com"', "smtp.from", "more than one address"),
    ('[smtp]\nhost = "h"\nfrom = "A\\r\\nBcc: b@example.com <a@example.com>"', "smtp.from", "control characters"),
    ('[smtp]\nhost = "h"\nfrom = "a@☃.example"', "smtp.from", "Write its xn-- form"),
    (smtp('noreply = "noreply"'), "smtp.noreply", "is no address. Write for example noreply@example.com"),
    (smtp('noreply = ""'), "smtp.noreply", "is no address"),
    (smtp(f'noreply = "{"x" * 48}@example.com"'), "smtp.noreply", "Write a shorter one, or noreply_tokens = false"),
    ('[alerts]\nto = "admin@example.com"', "alerts.to", "there is no [smtp] to send mail with"),
    (f'{GOOD}[alerts]\nto = "admin@"', "alerts.to", "is no address"),
    (f'{GOOD}[alerts]\nto = ""', "alerts.to", "is empty"),
    (f'{GOOD}[alerts]\nto = ["admin@example.com", "a@b@example.com"]', "alerts.to[1]", "more than one address"),
    (f'{GOOD}[alerts]\nto = ["a b@example.com", "", "@x"]', "alerts.to[0]", "Write for example admin@example.com"),
    (f'{GOOD}[alerts]\nto = ["a b@example.com", "", "@x"]', "alerts.to[1]", "is empty"),
    (f'{GOOD}[alerts]\nto = ["a b@example.com", "", "@x"]', "alerts.to[2]", "is no address"),
    (f'{GOOD}[alerts]\nto = 5', "alerts.to", "expected text, or a list of texts, not a number"),
    (f'{GOOD}[alerts]\nto = ["a@example.com", 7]', "alerts.to[1]", 'expected text in quotes, like "…", not a number'),
    (f'{GOOD}[alerts]\nrecipients = "x"', "alerts.recipients", "is no setting"),
]  # fmt: skip


@pytest.mark.parametrize(("text", "key", "advice"), MISTAKES, ids=[f"{i} {row[1]}" for i, row in enumerate(MISTAKES)])
def test_a_mistake_is_named_with_what_to_write_instead(tmp_path: Path, text: str, key: str, advice: str) -> None:
    found = problems(tmp_path, text)
    assert [problem for problem in found if problem.startswith(f"{key}:") and advice in problem], found
    assert CANARY not in " ".join(found)
    assert all("\n" not in problem for problem in found)


@pytest.mark.parametrize(
    "text",
    [
        GOOD,
        GOOD + 'helo = "mail.example.com"',
        GOOD + 'helo = "[192.0.2.1]"',
        GOOD + 'helo = "[IPv6:2001:db8::1]"',
        GOOD + 'from = "Müller, Jürgen <jürgen@bücher.example>"',
        GOOD + f'noreply = "{"x" * 47}@example.com"',
        GOOD + f'noreply = "{"x" * 64}@example.com"\nnoreply_tokens = false',
        smtp(""),
        '[smtp]\nhost = "localhost"\ntls = "none"\n' + FROM,
        '[smtp]\nhost = "::1"\ntls = "none"\n' + FROM,
        smtp('tls = "none"\nallow_plaintext = true'),
        smtp('username = "u"\naccess_token = { command = ["/bin/token"] }\nauth = "oauthbearer"'),
        '[smtp]\nfile = "outgoing"\n' + FROM,
        '[smtp]\nfile = "outgoing"\nusername = "username@example.com"',
    ],
)
def test_what_is_right_is_taken(tmp_path: Path, text: str) -> None:
    assert problems(tmp_path, text) == ()


@pytest.mark.parametrize(
    ("lines", "port", "tls"),
    [
        ("", 587, "starttls"),
        ("port = 465", 465, "implicit"),
        ("port = 2525", 2525, "starttls"),
        ('tls = "implicit"', 465, "implicit"),
        ('tls = "starttls"', 587, "starttls"),
        ('tls = "none"\nallow_plaintext = true', 25, "none"),
        ('port = 465\ntls = "starttls"', 465, "starttls"),
        ('port = 587\ntls = "implicit"', 587, "implicit"),
    ],
)
def test_port_and_tls_follow_from_each_other(tmp_path: Path, lines: str, port: int, tls: str) -> None:
    settings = loaded(tmp_path, smtp(lines))
    assert (settings.port, settings.tls) == (port, tls)


def test_from_is_the_user_name_where_it_is_not_set(tmp_path: Path) -> None:
    assert loaded(tmp_path, GOOD).sender == "username@example.com"
    assert loaded(tmp_path, GOOD + 'from = "g@example.com"').sender == "g@example.com"


def test_a_step_takes_ten_seconds_and_no_more_unless_it_is_said(tmp_path: Path) -> None:
    assert loaded(tmp_path, GOOD).timeout == 10


def loaded(folder: Path, text: str) -> SmtpSettings:
    path = folder / "config.toml"
    path.write_text(text, encoding="utf-8")
    settings = config.load(path).smtp
    assert settings is not None
    return settings
