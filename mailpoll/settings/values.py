"""The kinds of values that settings have: durations, references to secrets, numbers with a unit."""

import re
from typing import Annotated, Literal

from msgspec import Meta, Struct

Tls = Literal["implicit", "starttls", "none"]

_SECONDS = {"s": 1, "m": 60, "h": 3600, "d": 86400, "w": 604800}


class Duration(str):
    """A length of time as it is written: a whole number and one of s, m, h, d, w ("90s", "7d").

    Raises:
        ValueError: when the text has another shape.
    """

    __slots__ = ()

    def __new__(cls, text: str) -> "Duration":
        if not isinstance(text, str) or not re.fullmatch(r"[0-9]{1,9}[smhdw]", text):
            raise ValueError('expected a length of time like "90s", "5m", "2h", "7d" or "2w"')
        return super().__new__(cls, text)

    @property
    def seconds(self) -> int:
        """The length in seconds."""
        return int(self[:-1]) * _SECONDS[self[-1]]


class Section(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """What all sections have in common: frozen, no unknown keys, no positional arguments."""


class SecretRef(Section, frozen=True):
    """Where a secret is to be found; exactly one of the five. The secret itself never stands in the configuration."""

    file: Annotated[str | None, Meta(description="a file that holds it; relative to the configuration")] = None
    command: Annotated[tuple[str, ...] | None, Meta(description="a program and its arguments that print it")] = None
    credential: Annotated[str | None, Meta(description="name of a systemd credential (LoadCredential=)")] = None
    env: Annotated[str | None, Meta(description="name of an environment variable")] = None
    keyring: Annotated[str | None, Meta(description="name in the desktop keyring, service mailpoll")] = None

    def __post_init__(self) -> None:
        named = [name for name in self.__struct_fields__ if getattr(self, name) is not None]
        if len(named) != 1:
            raise ValueError(f"names {len(named)} places for the secret, expected one of file, command, credential, "
                             "env and keyring")  # fmt: skip
        if not getattr(self, named[0]):
            raise ValueError(f"{named[0]} is empty, expected a name")


_SECRET = Meta(
    description="where the secret is to be found; never the secret itself",
    examples=[{"file": "imap-password"}],
)
Secret = Annotated[SecretRef, _SECRET]
MaybeSecret = Annotated[SecretRef | None, _SECRET]
Port = Annotated[int, Meta(ge=1, le=65535, description="TCP port; unset: the usual one for `tls`", examples=[993])]
# RFC 8314 §3.3: submissions, TLS from the start.
IMPLICIT_TLS_PORT = 465
Seconds = Annotated[float, Meta(gt=0, description="seconds", examples=[30])]
Count = Annotated[int, Meta(ge=1)]
Octets = Annotated[int, Meta(ge=1, description="octets", examples=[50_000_000])]
