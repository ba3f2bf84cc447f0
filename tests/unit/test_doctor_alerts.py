"""doctor/alerts.py: whether those whom [alerts] names can be told."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from mailpoll.doctor import alerts
from mailpoll.settings import AlertSettings, Settings
from mailpoll.store import Channel

NOW = datetime(2026, 11, 21, 12, 0, tzinfo=UTC)
OPS = Channel("ops", True, None, "", (), (("team", ""), ("store", "")), NOW)
SHUT = Channel("shut", False, None, "", (), (("store", ""),), NOW)
NOWHERE = Channel("nowhere", True, None, "", (), (), NOW)
BY_CRON = "channels cannot tell that configuration or store cannot be used"


@pytest.mark.parametrize(
    ("to", "wanted"),
    [
        ((), []),
        ("admin@example.com", [("ok", "admin@example.com")]),
        (("admin@example.com", "ops"), [("ok", "admin@example.com, channel ops")]),
        (("ops",), [("warn", f"{BY_CRON}, nor what is wrong with destination.store and destination.team: then")]),
        (("a@example.com", "shut"), [("fail", "channel shut is disabled")]),
        (("a@example.com", "nowhere"), [("fail", "channel nowhere has no destination")]),
        (("none", "ops"), [("fail", "there is no channel none"), ("warn", f"{BY_CRON}: then")]),
    ],
)
def test_what_keeps_an_alert_from_its_way_is_found(to: str | tuple[str, ...], wanted: list[tuple[str, str]]) -> None:
    settings = Settings(alerts=AlertSettings(to=to))
    found = [(each.finding.level, each.finding.what) for each in alerts.recipients(settings, [OPS, SHUT, NOWHERE])]
    assert len(found) == len(wanted)
    for (level, what), (wanted_level, beginning) in zip(found, wanted, strict=True):
        assert level == wanted_level
        assert what.startswith(beginning)
