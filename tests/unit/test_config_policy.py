"""[policy] and [attachments]: what cannot be is told with its key path and what to write instead."""

from __future__ import annotations

from pathlib import Path

import pytest

from mailpoll import config
from mailpoll.errors import ConfigError

USABLE = """
[policy]
authserv_id = ["mx.example.com", "", "*.example.net"]
require = ["dmarc"]
allow_from = ["example.com", "*@example.org", "jane+*@example.net"]
deny_from = ["eve@example.com"]
refused = "mark"
hold_verification_mail = true
identity_domains = ["example.com"]
rate = "50/1m 600/1h"
gateway_rate = "none"
[attachments]
allow = ["*.pdf", "image/*"]
deny = ["*.exe"]
max_size = 1_000
"""


def load(tmp_path: Path, text: str) -> tuple[str, ...]:
    """The problems of a configuration."""
    path = tmp_path / "config.toml"
    path.write_text(text)
    try:
        config.load(path)
    except ConfigError as problem:
        return problem.problems
    return ()


def test_a_usable_one_is_taken(tmp_path: Path) -> None:
    assert load(tmp_path, USABLE) == ()


@pytest.mark.parametrize(
    ("section", "line", "sentence"),
    [
        ("policy", 'require = ["dmark"]', "policy.require[0]: this text is not possible here. Write one of "),
        ("policy", 'refused = "drop"', "policy.refused: this text is not possible here. Write one of "),
        ("policy", 'allow_from = ["a b@example.com"]', "policy.allow_from[0]: 'a b@example.com' holds blanks"),
        ("policy", 'allow_from = ["example.com", "*"]', "policy.allow_from[1]: '*' names everybody"),
        ("policy", 'deny_from = ["Eve <eve@example.com>"]', "policy.deny_from[0]: 'Eve <eve@example.com>' holds"),
        ("policy", 'identity_domains = ["jane@example.com"]', "policy.identity_domains[0]: 'jane@example.com' is"),
        ("policy", 'rate = "50 per minute"', "policy.rate: '50' is no rate. Write posts/time"),
        ("policy", 'gateway_rate = "0/1m"', "policy.gateway_rate: '0/1m' is out of range"),
        ("policy", 'authserv_id = "mx.example.com; dmarc=pass"', "policy.authserv_id: 'mx.example.com; dmarc=pass' is"),
        ("attachments", 'deny = [""]', "attachments.deny[0]: '' fits no file"),
        ("attachments", 'deny = [".exe"]', "attachments.deny[0]: '.exe' fits one name only. Write \"*.exe\""),
        ("attachments", "max_size = 0", "attachments.max_size: expected a whole number, 1 or more"),
        ("account.main", 'authserv_id = "a b"', "account.main.authserv_id: 'a b' is no server's name"),
    ],
)  # fmt: skip
def test_what_cannot_be_is_told(tmp_path: Path, section: str, line: str, sentence: str) -> None:
    more = 'host = "imap.example.com"\nusername = "u@example.com"\npassword = { env = "P" }\n' * section.startswith(
        "acc"
    )
    found = load(tmp_path, f"[{section}]\n{more}{line}\n")
    assert len(found) == 1
    assert found[0].startswith(sentence)
