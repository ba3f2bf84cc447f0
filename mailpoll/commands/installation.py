"""What every command starts from: the configuration, the secrets it names, the store it points to."""

from __future__ import annotations

import errno
import math
import os
import pwd
import shlex
import sys
import time
from collections.abc import Mapping
from contextlib import suppress
from datetime import UTC, datetime
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from mailpoll import config, idle, places, secret
from mailpoll.errors import AccessDenied, ConfigError
from mailpoll.settings import SecretRef, Settings, SmtpSettings

if TYPE_CHECKING:
    from mailpoll.idle import Glance
    from mailpoll.store import Store


class Installation:
    """One configuration file and what belongs to it. `path` is --config; None looks in the usual places. `glances` are
    what a quick look found of accounts, a connection that is logged in perhaps; each is for whoever takes it first."""

    def __init__(
        self, path: str | None, env: Mapping[str, str] | None = None, *, glances: Mapping[str, Glance] | None = None
    ) -> None:
        self._wanted = path
        self.env = os.environ if env is None else env
        self.glances = dict(glances or {})
        self.fingerprint = ""  # of the configuration that `settings` came from

    def begun(self) -> float:
        """When a run that begins now began, on time.monotonic(): the quick look is a part of it."""
        return min((glance.begun for glance in self.glances.values()), default=time.monotonic())

    @property
    def named(self) -> str:
        """The configuration file that --config or the environment names, there or not; empty: the usual places."""
        wanted = self._wanted or self.env.get("MAILPOLL_CONFIG", "")
        return str(places.expanded(wanted)) if wanted else ""

    @cached_property
    def path(self) -> Path:
        """The configuration file. Raises ConfigError when there is none."""
        found = config.find(self._wanted, self.env)
        if found.parts[:1] and found.parts[0].startswith("~"):
            raise ConfigError(f"there is no home folder for {found}", advice="Write the absolute path of the file")
        return found

    @property
    def owner(self) -> str:
        """Which configuration this is, among those that share a store: its path alone, since a container has another
        host name each time. Two hosts with the same path count as one."""
        return str(self.path.absolute())

    @cached_property
    def settings(self) -> Settings:
        """The settings in force. Raises ConfigError with every problem found."""
        with suppress(OSError):  # told by load()
            # Before the file is read: what is written into it meanwhile is not what these settings are.
            self.fingerprint = idle.fingerprint(self.path)
        return config.load(self.path)

    @property
    def store_url(self) -> str:
        """Where the store is."""
        return config.store_url(self.settings, self.path, self.env)

    @property
    def sqlite_file(self) -> Path | None:
        """The file of an SQLite store; None for any other."""
        url = self.store_url
        return Path(url.removeprefix("sqlite:///")) if url.startswith("sqlite:///") else None

    def state_directory(self) -> Path:
        """The folder of store, lock and crash report."""
        return places.state_directory(self.path, self.env)

    def secret(self, reference: SecretRef, about: str, seconds: float = math.inf) -> str:
        """The secret a reference points to; `about` is its key path. It may take so many seconds."""
        return secret.resolve(reference, base=self.path.parent, env=self.env, about=about, seconds=seconds)

    def smtp_secret(self, smtp: SmtpSettings, seconds: float = math.inf) -> str:
        """The password or the access token of [smtp]; "" without a login, and where mails go into files."""
        if smtp.file is not None:
            return ""
        if smtp.access_token is not None:
            return self.secret(smtp.access_token, "smtp.access_token", seconds)
        return "" if smtp.password is None else self.secret(smtp.password, "smtp.password", seconds)

    def store(self, *, only_read: bool = False) -> Store:
        """The store, opened and brought up to date; a context manager."""
        from mailpoll.store import Store

        url, reference = self.store_url, self.settings.store.password
        if not only_read and not url.startswith("sqlite"):  # nobody would see that something was written to it
            with suppress(OSError):  # then nobody can believe it either, or it is not ours
                idle.state_file(self.path, self.state_directory()).unlink(missing_ok=True)
        self.refuse_as_root(url)
        return Store(url, None if reference is None else self.secret(reference, "store.password"))

    def refuse_as_root(self, url: str) -> None:
        """Root would leave files behind that the user cron runs mailpoll as cannot write: in a store that is theirs,
        or by making one in their folder."""
        if os.geteuid() != 0 or not url.startswith("sqlite:///"):
            return
        path = Path(url.removeprefix("sqlite:///"))
        try:
            whose = next((place for place in (path, path.parent) if os.path.exists(place)), None)
            owner = whose.stat().st_uid if whose else 0
        except OSError:  # opening it says so, in our words
            return
        if owner == 0:
            return
        try:
            name = pwd.getpwuid(owner).pw_name
        except KeyError:
            name = f"'#{owner}'"
        raise AccessDenied(
            f"{'the store' if whose == path else 'its folder'} belongs to {name}, and this is root",
            about=str(path),
            advice=f"Run: sudo -u {name} {shlex.join([Path(sys.argv[0]).name, *sys.argv[1:]])}",
        )

    def destination_names(self) -> tuple[str, ...]:
        """Everything `--to` may name besides a URL."""
        return ("store", *self.settings.destination)


def make_state_folder(folder: Path) -> None:
    """Makes the state folder where it is missing, but not a home for a user who has none (HOME=/nonexistent). Raises
    OSError."""
    if not folder.is_dir() and not home_of(folder).is_dir():
        raise FileNotFoundError(errno.ENOENT, f"there is no folder {home_of(folder)}")
    places.make_folder(folder)


def home_of(folder: Path) -> Path:
    """The home that a state folder like ~/.local/state/mailpoll is in."""
    return folder.parents[min(3, len(folder.parents)) - 1]


def now() -> datetime:
    """The moment, in UTC."""
    return datetime.now(UTC)


def parse_target(text: str, names: tuple[str, ...]) -> tuple[str, str]:
    """`DESTINATION[:PLACE]` or a URL as (destination, place). Raises ConfigError when nobody configured it."""
    if text.lower().startswith(("http://", "https://")):
        return text, ""
    destination, _, place = text.partition(":")
    if destination not in names:
        from mailpoll.destinations import KINDS  # only needed to explain

        made = f"mailpoll destination add {destination}" if destination in KINDS else "mailpoll destination add"
        advice = f"`{made}` makes one. There are: {', '.join(names)}, and any http(s) URL"
        raise ConfigError(f"there is no destination {destination}", about="--to", advice=advice)
    return destination, place
