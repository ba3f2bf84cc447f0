"""The files of a mail → which of them go along with its posts, and why the others do not."""

from __future__ import annotations

from collections.abc import Sequence
from fnmatch import fnmatchcase

from msgspec.structs import replace

from mailpoll.model import Attachment, FileRules


def judged(files: Sequence[Attachment], rules: FileRules) -> tuple[Attachment, ...]:
    """The same files in their order; those that stay behind say why in `withheld`, as a clause for people."""
    total = 0
    result: list[Attachment] = []
    for file in files:
        why = _why(file, rules)
        if not why and total + file.size > rules.max_total:
            why = f"all files together may have {_megabytes(rules.max_total)}"
        total += 0 if why else file.size
        result.append(replace(file, withheld=why))
    return tuple(result)


def _why(file: Attachment, rules: FileRules) -> str:
    if any(_fits(file, glob) for glob in rules.deny):
        return "files of this kind are not passed on"
    if rules.allow and not any(_fits(file, glob) for glob in rules.allow):
        return "files of this kind are not passed on"
    return f"a file may have {_megabytes(rules.max_size)}" if file.size > rules.max_size else ""


def _fits(file: Attachment, glob: str) -> bool:
    """A glob with a slash is one of media types (`image/*`), any other of names (`*.exe`); case does not matter."""
    return fnmatchcase((file.type if "/" in glob else file.name).lower(), glob.lower())


def _megabytes(octets: int) -> str:
    return f"{octets / 1_000_000:.1f} MB" if octets >= 100_000 else f"{octets} octets"
