"""settings: derived values, durations, and that every setting can explain itself."""

from __future__ import annotations

from typing import Any, get_args

import msgspec
import pytest

from mailpoll import settings
from mailpoll.settings import AccountSettings, Duration, SecretRef, Settings

WORD = SecretRef(file="word")


def account(**given: Any) -> AccountSettings:
    return AccountSettings(host="imap.example.com", username="u@example.com", password=WORD, **given)


@pytest.mark.parametrize(
    ("given", "port"),
    [({}, 993), ({"tls": "starttls"}, 143), ({"tls": "none"}, 143), ({"tls": "starttls", "port": 1143}, 1143)],
)
def test_the_imap_port_follows_tls_unless_given(given: dict[str, Any], port: int) -> None:
    assert account(**given).port == port


@pytest.mark.parametrize(
    ("text", "seconds"), [("90s", 90), ("5m", 300), ("2h", 7200), ("7d", 604800), ("2w", 1209600), ("0s", 0)]
)
def test_a_duration_is_a_number_and_a_unit(text: str, seconds: int) -> None:
    assert Duration(text).seconds == seconds
    assert Duration(text) == text


@pytest.mark.parametrize("text", ["", "7", "d", "7 d", "-7d", "1.5h", "7D", "٧d", "7days", "9999999999d"])
def test_anything_else_is_no_duration(text: str) -> None:
    with pytest.raises(ValueError, match="length of time"):
        Duration(text)


def test_settings_cannot_be_changed() -> None:
    with pytest.raises(AttributeError):
        account().host = "other"  # type: ignore[misc]


def test_the_defaults_are_those_of_the_design() -> None:
    made = account()
    assert (made.tls, made.folders, made.take, made.after, made.scope) == (
        "implicit",
        ("INBOX",),
        "new",
        "seen",
        "addressed",
    )
    defaults = Settings()
    assert (defaults.fetch.max_message_size, defaults.fetch.deadline) == (50_000_000, 50)


@pytest.mark.parametrize(
    "section",
    [
        kind
        for kind in vars(settings).values()
        if isinstance(kind, type) and issubclass(kind, msgspec.Struct) and kind is not Settings
    ],
    ids=lambda kind: kind.__name__,
)
def test_every_setting_has_a_description(section: type[msgspec.Struct]) -> None:
    for info in msgspec.structs.fields(section):
        metas = [meta for meta in get_args(info.type) if isinstance(meta, msgspec.Meta)]
        assert any(meta.description for meta in metas), info.name
