"""systemd's units: a service that is one run, and a timer that starts it a minute after the last one ended."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from msgspec import Struct

from mailpoll import places
from mailpoll.commands.install_cron import fetch_words
from mailpoll.commands.installation import Installation
from mailpoll.errors import ConfigError
from mailpoll.settings import SecretRef, Settings

SYSTEM_UNITS = Path("/etc/systemd/system")
SERVICE = "mailpoll.service"
TIMER = "mailpoll.timer"
# A run ends by itself at its deadline; so many seconds later it hangs.
GRACE_S = 60
# What a run takes besides its reader, in octets; measured: 100 MB.
BESIDES_THE_READER = 500_000_000
HOMES = (Path("/home"), Path("/root"), Path("/run/user"))

# Exit statuses: docs/reference/exit-statuses.md.
_SERVICE = """\
# Written by `mailpoll install systemd`, which writes it anew: changes of yours belong into `{edit} {name}`.

[Unit]
Description=mailpoll: fetch new mail and post it
{after}
[Service]
Type=oneshot
ExecStart={start}
{identity}# Troubles that pass: the next run tries again, and mailpoll itself says when they last. Every other
# status needs a person, and leaves the unit failed; the timer goes on all the same.
SuccessExitStatus=69 75
# A run ends by itself after {deadline:g} seconds (fetch.deadline).
TimeoutStartSec={timeout}
# Only the run is told to stop: it stops its reader itself, and blames no mail for that.
KillMode=mixed
# Above the reader's own limit (reader.memory): a bad mail ends its reader, not the run.
MemoryMax={memory}
OOMPolicy=continue
{credentials}
# What it cannot do, because it need not. A destination of kind "command" runs inside the same walls.
UMask=0077
NoNewPrivileges=yes
{walls}LockPersonality=yes
RestrictAddressFamilies=AF_UNIX AF_INET AF_INET6 AF_NETLINK
RestrictNamespaces=yes
RestrictRealtime=yes
RestrictSUIDSGID=yes
SystemCallArchitectures=native
SystemCallFilter=@system-service
SystemCallErrorNumber=EPERM
"""

# These need root, or a name space that the manager of a user often may not make.
_WALLS = """\
CapabilityBoundingSet=
PrivateDevices=yes
PrivateTmp=yes
ProtectClock=yes
ProtectControlGroups=yes
ProtectHome={home}
ProtectHostname=yes
ProtectKernelLogs=yes
ProtectKernelModules=yes
ProtectKernelTunables=yes
ProtectProc=invisible
ProtectSystem=strict
"""

_TIMER = """\
# Written by `mailpoll install systemd`, which writes it anew: changes of yours belong into `{edit} {name}`.

[Unit]
Description=mailpoll: fetch new mail every minute

[Timer]
OnBootSec=1min
# From the end of a run: two never meet, and a long one is followed by a pause.
OnUnitInactiveSec=1min
AccuracySec=1s

[Install]
WantedBy=timers.target
"""


@dataclass(frozen=True, slots=True)
class Unit:
    """What a service is made from. Without `user` it is one for the manager of the user who installs it."""

    words: tuple[str, ...]
    user: str = ""
    state: Path = places.SYSTEM_STATE
    credentials: tuple[tuple[str, Path], ...] = ()
    writable: tuple[Path, ...] = ()
    deadline_s: float = 50
    reader_memory: int = 1_000_000_000
    home: str = "yes"


def unit_of(installation: Installation, user: str) -> Unit:
    """The service that runs this installation; `user` as in Unit. Raises ConfigError."""
    settings, state, words = installation.settings, installation.state_directory(), fetch_words(installation)
    written = [Path(path) for path in _written(settings)]
    if installation.store_url.startswith("sqlite:///"):
        written.append(Path(installation.store_url.removeprefix("sqlite:///")).parent)
    if state != places.SYSTEM_STATE:
        written.append(state)
    writable = sorted({path for path in written if not path.is_relative_to(places.SYSTEM_STATE)})
    read = [Path(sys.prefix), Path(sys.base_prefix), *(Path(word) for word in words if word.startswith("/"))]
    hidden = any(path.is_relative_to(home) for path in [*read, *writable] for home in HOMES)
    folder = installation.path.absolute().parent
    return Unit(
        words=words,
        user=user,
        state=state,
        credentials=tuple((name, folder / name) for name in sorted(set(_credentials(settings)))),
        writable=tuple(writable),
        deadline_s=settings.fetch.deadline,
        reader_memory=settings.reader.memory,
        home="read-only" if hidden else "yes",
    )


def _credentials(value: Any) -> Iterator[str]:
    """The names of the systemd credentials that settings refer to, wherever they stand."""
    if isinstance(value, SecretRef):
        if value.credential:
            yield value.credential
    elif isinstance(value, Struct):
        for name in value.__struct_fields__:
            yield from _credentials(getattr(value, name))
    elif isinstance(value, dict):
        for item in value.values():
            yield from _credentials(item)


def _written(settings: Settings) -> Iterator[str]:
    """Folders that destinations write into (kinds maildir and file)."""
    for destination in settings.destination.values():
        path = getattr(destination, "path", None)
        if isinstance(path, str) and path.startswith("/"):
            yield path


def service(unit: Unit) -> str:
    """The text of mailpoll.service (systemd.service(5), systemd.exec(5))."""
    system = bool(unit.user)
    deadline = unit.deadline_s
    return _SERVICE.format(
        edit="systemctl edit" if system else "systemctl --user edit",
        name=SERVICE,
        # The manager of a user knows no network-online.target.
        after="Wants=network-online.target\nAfter=network-online.target\n" if system else "",
        start=_command(unit.words),
        identity=_identity(unit) if system else "",
        deadline=deadline,
        timeout=f"{round(deadline) + GRACE_S}s",
        memory=unit.reader_memory + BESIDES_THE_READER,
        credentials="".join(f"LoadCredential={_specified(f'{name}:{path}')}\n" for name, path in unit.credentials),
        walls=_walls(unit) if system else "",
    )


def timer(unit: Unit) -> str:
    """The text of mailpoll.timer (systemd.timer(5))."""
    return _TIMER.format(edit="systemctl edit" if unit.user else "systemctl --user edit", name=TIMER)


def _identity(unit: Unit) -> str:
    lines = f"User={_specified(unit.user)}\n"
    if unit.state == places.SYSTEM_STATE:
        lines += f"StateDirectory={places.SYSTEM_STATE.name}\nStateDirectoryMode=0700\n"
    return lines


def _walls(unit: Unit) -> str:
    # The minus: one that is not there (yet) is passed over, and does not stop the whole unit.
    paths = " ".join(_quoted(f"-{path}") for path in unit.writable)
    return _WALLS.format(home=unit.home) + (f"ReadWritePaths={paths}\n" if paths else "")


def _command(words: tuple[str, ...]) -> str:
    """A command line as systemd.service(5) reads it; the colon says that a $ is only a $. Raises ConfigError."""
    if any(character in words[0] for character in "\"'\\"):
        raise ConfigError("systemd starts no program with a quote or a backslash in its path", about=words[0],
                          advice="Move it, or make a link to it")  # fmt: skip
    colon = ":" if any("$" in word for word in words) else ""
    return colon + " ".join(_quoted(word) for word in words)


def _quoted(word: str) -> str:
    """One word: in quotes where it holds blanks or quotes."""
    if not any(character in word for character in " \t\"'\\;"):
        return _specified(word)
    escaped = word.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{_specified(escaped)}"'


def _specified(text: str) -> str:
    """Text in which % means itself. Raises ConfigError when it would not stay on its line."""
    if not text.isprintable():
        raise ConfigError("a control character cannot stand in a unit", about=repr(text), advice="Rename the file")
    return text.replace("%", "%%")
