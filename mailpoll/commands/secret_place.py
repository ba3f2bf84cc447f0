"""Where a secret is to be written that a service does not take any more: the file by name, rather than `into place`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from mailpoll import secret
from mailpoll.settings import SecretRef

if TYPE_CHECKING:
    from mailpoll.commands.installation import Installation
    from mailpoll.settings import DestinationSettings

# What destinations say, which do not know where their secrets come from.
_PHRASES = ("into place", "where `token` of the section points")


def named(installation: Installation, destination: str, advice: str) -> str:
    """`advice` of a destination with the place of its secret, where it speaks of that and there is one such place."""
    phrase = next((each for each in _PHRASES if each in advice), "")
    section = installation.settings.destination.get(destination)
    if not phrase or section is None:
        return advice
    places = [_words(reference, installation.path.parent) for reference in _references(section)]
    return advice.replace(phrase, f"into {places[0]}") if len(places) == 1 and places[0] else advice


def _references(section: DestinationSettings) -> list[SecretRef]:
    """The secrets of a section; a zuliprc is one, too."""
    values = [getattr(section, name) for name in section.__struct_fields__]
    file = getattr(section, "zuliprc", None)
    return [each for each in values if isinstance(each, SecretRef)] + ([SecretRef(file=file)] if file else [])


def _words(reference: SecretRef, base: Path) -> str:
    """The place that a person writes to; empty where a program makes it up."""
    if reference.file is not None:
        return str(base.absolute() / Path(reference.file).expanduser())
    return "" if reference.command is not None else secret.source(reference)
