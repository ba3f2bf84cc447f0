"""text/calendar (RFC 5545, RFC 5546) → a few lines that say what, when, where and who.

No library: what is shown of an invitation is its content lines, while the libraries there are read all of it into
objects and raise on what calendars of the wild leave out.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import datetime, timedelta

from msgspec import Struct, field

from mailpoll.message.charsets import decode

MAX_EVENTS = 20
MAX_LINES = 20_000
MAX_VALUE = 20_000

_COMPONENTS = frozenset(("VEVENT", "VTODO", "VJOURNAL", "VFREEBUSY"))
_NAME = re.compile(r"[A-Za-z0-9-]{1,60}")
_ESCAPED = re.compile(r"\\(.)", re.DOTALL)
_MOMENT = re.compile(r"(\d{8})(?:T(\d{4})(?:\d\d)?(Z)?)?")
_DURATION = re.compile(r"P(?:(\d{1,4})W)?(?:(\d{1,4})D)?(?:T(?:(\d{1,4})H)?(?:(\d{1,4})M)?(?:(\d{1,4})S)?)?$")
_KINDS = {
    "REQUEST": "Invitation",
    "CANCEL": "Cancelled",
    "REPLY": "Reply to an invitation",
    "COUNTER": "Another time is proposed",
    "DECLINECOUNTER": "The proposed time is declined",
    "REFRESH": "Asked for again",
    "ADD": "Added dates",
}
_ANSWERS = {
    "ACCEPTED": "accepted",
    "DECLINED": "declined",
    "TENTATIVE": "accepted tentatively",
    "DELEGATED": "delegated it",
    "COMPLETED": "completed it",
    "IN-PROCESS": "is at it",
}
_DAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")


class _Component(Struct):
    """One event, task or note: (parameters, value) of its properties by name, as far as they are shown."""

    kind: str
    properties: dict[str, list[tuple[dict[str, str], str]]] = field(default_factory=dict)

    def text(self, name: str) -> str:
        """The unescaped text of the first property of that name that has one."""
        return next((text for _, value in self.properties.get(name, ()) if (text := _unescaped(value))), "")


def calendar_text(data: bytes) -> str:
    """The lines for people; "" when nothing in `data` is an event. RFC 5545 §3.1.4: UTF-8, whatever a header says."""
    method, components = _read(decode(data)[0])
    return "\n\n".join(_lines_of(method, each) for each in components)


def _read(text: str) -> tuple[str, list[_Component]]:
    """(METHOD, components) of a calendar. What is inside components (alarms) or around them (zones) is not read."""
    method = ""
    components: list[_Component] = []
    open_: list[str] = []
    for name, parameters, value in _content_lines(text):
        if name == "BEGIN":
            open_.append(value.strip().upper())
            if open_[-1] in _COMPONENTS and len(open_) <= 2:
                if len(components) == MAX_EVENTS:
                    break
                components.append(_Component(open_[-1]))
        elif name == "END":
            del open_[-1:]
        elif name == "METHOD":
            method = value.strip().upper()
        elif components and open_ and open_[-1] in _COMPONENTS:
            components[-1].properties.setdefault(name, []).append((parameters, value))
    return method, components


def _content_lines(text: str) -> Iterator[tuple[str, dict[str, str], str]]:
    """(name, parameters, value) of each unfolded line (RFC 5545 §3.1)."""
    folded: list[str] = []
    lines = text.replace("\r\n", "\n").replace("\r", "\n").split("\n", MAX_LINES)[:MAX_LINES]
    for line in [*lines, ""]:
        if line[:1] in (" ", "\t"):
            folded.append(line[1:])
            continue
        if folded and (read := _content_line("".join(folded)[:MAX_VALUE])):
            yield read
        folded = [line]


def _content_line(line: str) -> tuple[str, dict[str, str], str] | None:
    name = _NAME.match(line)
    if name is None:
        return None
    parameters: dict[str, str] = {}
    at, pieces, quoted = name.end(), [], False
    for index in range(at, len(line)):
        if line[index] == '"':
            quoted = not quoted
        elif not quoted and line[index] in ";:":
            pieces.append(line[at:index])
            at = index + 1
            if line[index] == ":":
                break
    else:
        return None
    for piece in pieces:
        key, equals, value = piece.partition("=")
        if equals:
            parameters.setdefault(key.upper(), value.replace('"', ""))
    return name[0].upper(), parameters, line[at:]


def _unescaped(value: str) -> str:
    """RFC 5545 §3.3.11."""
    return _ESCAPED.sub(lambda pair: "\n" if pair[1] in "nN" else pair[1], value).strip()


def _lines_of(method: str, component: _Component) -> str:
    title = " ".join(component.text("SUMMARY").split()) or "(no title)"
    cancelled = component.text("STATUS").upper() == "CANCELLED"
    kind = _KINDS["CANCEL"] if cancelled else _KINDS.get(method, "")
    lines = [f"{kind}: {title}" if kind else title]
    lines += _answers(component) if method == "REPLY" else []
    facts = (
        ("When", _when(component)),
        ("Due", _moment(*_first(component, "DUE"))[0]),
        ("Repeats", _repeats(component)),
        ("Where", ", ".join(component.text("LOCATION").splitlines())),
        ("Organizer", _person(*_first(component, "ORGANIZER"))),
        ("Link", component.text("URL")),
    )
    lines += [f"{name}: {value}" for name, value in facts if value]
    remarks = [component.text(name) for name in ("COMMENT", "DESCRIPTION")]
    return "\n\n".join(["\n".join(lines), *filter(None, remarks)])


def _first(component: _Component, name: str) -> tuple[dict[str, str], str]:
    return component.properties.get(name, [({}, "")])[0]


def _answers(component: _Component) -> list[str]:
    """Who said what to an invitation: a reply names the one who sends it (RFC 5546 §3.2.3)."""
    found = []
    for parameters, value in component.properties.get("ATTENDEE", ())[:10]:
        answer = _ANSWERS.get(parameters.get("PARTSTAT", "").upper(), "")
        if answer:
            found.append(f"{_person(parameters, value)}: {answer}")
    return found


def _person(parameters: dict[str, str], value: str) -> str:
    address = value.strip()
    if address[:7].lower() == "mailto:":
        address = address[7:]
    name = " ".join(parameters.get("CN", "").split())
    return f"{name} <{address}>" if name and name != address and address else name or address


def _when(component: _Component) -> str:
    """`Mon 4 Mar 2024, 10:00 – 11:00 (Europe/Vienna)`; as it is written where it is no date."""
    begin, begins, zone = _moment(*_first(component, "DTSTART"))
    if begins is None:
        return begin
    end, ends, end_zone = _moment(*_first(component, "DTEND"))
    all_day = begin.count(",") == 0
    if ends is None and (length := _duration(component.text("DURATION"))):
        ends, end_zone = _later(begins, length), zone
        end = _written(ends, all_day) if ends else ""
    if ends is not None and all_day and ends > begins:  # RFC 5545 §3.6.1: the day behind the last one
        ends -= timedelta(days=1)
        end = _written(ends, True)
    if ends is not None and ends != begins:
        end = end.rpartition(", ")[2] if ends.date() == begins.date() and not all_day else end
        begin += f" – {end}" if zone == end_zone else f" ({zone}) – {end}"
    zone = end_zone or zone
    return f"{begin} ({zone})" if zone else begin


def _moment(parameters: dict[str, str], value: str) -> tuple[str, datetime | None, str]:
    """(as written for people, the same as a value, its time zone) of a DATE or DATE-TIME."""
    found = _MOMENT.match(value.strip())
    if found is None:
        return value.strip()[:100], None, ""
    day, time, utc = found.groups()
    try:
        moment = datetime.strptime(day + (time or "0000"), "%Y%m%d%H%M")  # noqa: DTZ007 - its zone is only shown
    except ValueError:
        return value.strip()[:100], None, ""
    zone = "UTC" if utc else " ".join(parameters.get("TZID", "").replace("\\", "").split())[:100] if time else ""
    return _written(moment, time is None), moment, zone


def _written(moment: datetime, all_day: bool) -> str:
    day = f"{_DAYS[moment.weekday()]} {moment.day} {moment:%b} {moment.year}"
    return day if all_day else f"{day}, {moment:%H:%M}"


def _later(moment: datetime, length: timedelta) -> datetime | None:
    try:
        return moment + length
    except OverflowError:
        return None


def _duration(value: str) -> timedelta:
    found = _DURATION.match(value)
    if found is None:
        return timedelta()
    weeks, days, hours, minutes, seconds = (int(number or 0) for number in found.groups())
    return timedelta(weeks=weeks, days=days, hours=hours, minutes=minutes, seconds=seconds)


def _repeats(component: _Component) -> str:
    """`weekly`, with the rest of the rule as it is written (RFC 5545 §3.3.10)."""
    rule = component.text("RRULE")
    frequency, _, rest = rule.partition(";")
    if not frequency.upper().startswith("FREQ="):
        return rule[:200]
    return " ".join(filter(None, (frequency[5:].lower()[:20], f"({rest[:200]})" if rest else "")))
