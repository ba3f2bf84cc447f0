"""A Date field's value → an aware datetime, read leniently (RFC 5322 §3.3 and §4.3)."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta, timezone

_NAMES = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_MONTHS = {name: number for number, name in enumerate(_NAMES, 1)}
_ZONES = {"est": -5, "edt": -4, "cst": -6, "cdt": -5, "mst": -7, "mdt": -6, "pst": -8, "pdt": -7, "cet": 1, "cest": 2}
_DAY_FIRST = re.compile(r"(?<!\d)(\d{1,2})[ \-]{1,3}([a-z]{3})[a-z]{0,6}\.?[ ,\-]{1,3}(\d{2,4})(?!\d)")
# asctime, as in mbox files
_MONTH_FIRST = re.compile(r"\b([a-z]{3})[a-z]{0,6} {1,2}(\d{1,2})\b(?:.{0,24}?)\b(\d{4})\b")
_TIME = re.compile(r"(?<!\d)(\d{1,2})[:.](\d{2})(?:[:.](\d{2}))?")
_OFFSET = re.compile(r"[ \d](?:gmt|utc)?([+-])(\d{2}):?(\d{2})(?!\d)")
_ISO = re.compile(r"\d{4}-\d{2}-\d{2}[t ]\d{2}:\d{2}")


def parse_date(value: str) -> datetime | None:
    """The moment a Date value names, or None. Without a zone, or with one nobody knows, UTC is taken."""
    text = " ".join(value[:200].lower().split())
    if iso := _ISO.search(text):
        return _from_iso(value.strip()[iso.start() : iso.start() + 40])
    day, month, year = _day(text)
    time = _TIME.search(text)
    hour, minute, second = (int(part or 0) for part in time.groups()) if time else (0, 0, 0)
    rest = text[time.end() - 1 :] if time else ""
    try:
        moment = datetime(year, month, day, hour, minute, min(second, 59), tzinfo=_zone(rest))
        moment.astimezone(UTC)  # the last hours of the year 9999, west of Greenwich, have no UTC
        return moment
    except (ValueError, OverflowError):
        return None


def _day(text: str) -> tuple[int, int, int]:
    """(day, month, year); zeros, which no calendar takes, where the text names none."""
    if found := _DAY_FIRST.search(text):
        day, name, year = found.groups()
    elif found := _MONTH_FIRST.search(text):
        name, day, year = found.groups()
    else:
        return 0, 0, 0
    number = int(year)
    if len(year) < 4:  # RFC 5322 §4.3: two digits below 50 are 20xx, all else counts from 1900
        number += 2000 if number < 50 else 1900
    return int(day), _MONTHS.get(name, 0), number


def _zone(rest: str) -> timezone:
    if offset := _OFFSET.search(rest):
        minutes = int(offset[2]) * 60 + int(offset[3])
        return timezone(timedelta(minutes=minutes if offset[1] == "+" else -minutes)) if minutes < 1440 else UTC
    return timezone(timedelta(hours=next((_ZONES[word] for word in rest.split() if word in _ZONES), 0)))


def _from_iso(text: str) -> datetime | None:
    try:
        moment = datetime.fromisoformat(text.split(",")[0].strip())
        return moment if moment.tzinfo else moment.replace(tzinfo=UTC)
    except (ValueError, OverflowError):
        return None
