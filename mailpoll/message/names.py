"""What a sender calls a file → a name to show: no path, nothing invisible, no longer than people read."""

from __future__ import annotations

import re
from collections.abc import Iterable

MAX_NAME = 100

EXTENSIONS = {
    "application/pdf": "pdf", "application/zip": "zip", "application/gzip": "gz", "application/json": "json",
    "application/xml": "xml", "text/rtf": "rtf", "application/rtf": "rtf", "application/msword": "doc",
    "application/ics": "ics", "application/vnd.ms-excel": "xls",
    "application/vnd.openxmlformats-officedocument.wordprocessingml.document": "docx",
    "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet": "xlsx",
    "application/vnd.openxmlformats-officedocument.presentationml.presentation": "pptx",
    "audio/mpeg": "mp3", "audio/wav": "wav", "image/jpeg": "jpg", "image/png": "png", "image/gif": "gif",
    "image/svg+xml": "svg", "image/webp": "webp", "image/tiff": "tif", "message/rfc822": "eml",
    "message/global": "eml", "message/partial": "eml",
    "message/delivery-status": "txt", "message/disposition-notification": "txt",
    "message/feedback-report": "txt", "text/calendar": "ics", "text/csv": "csv", "text/html": "html",
    "text/plain": "txt", "text/rfc822-headers": "txt", "text/vcard": "vcf", "text/x-vcard": "vcf", "video/mp4": "mp4",
}  # fmt: skip
TYPES = {extension: type_ for type_, extension in EXTENSIONS.items()} | {"jpeg": "image/jpeg", "txt": "text/plain"}
# Parts that have a name of their own among those who know them, whatever their number.
FIXED = {
    "text/calendar": "invite.ics",
    "application/ics": "invite.ics",
    "application/ms-tnef": "winmail.dat",
    "application/vnd.ms-tnef": "winmail.dat",
    "application/pgp-signature": "signature.asc",
    "application/pgp-encrypted": "encrypted.asc",
    "application/pkcs7-signature": "smime.p7s",
    "application/x-pkcs7-signature": "smime.p7s",
    "application/pkcs7-mime": "smime.p7m",
    "application/x-pkcs7-mime": "smime.p7m",
}
# Controls, blanks nobody sees, marks that turn the direction of text, fillers, tags and variation selectors.
_UNSEEN = re.compile(
    "[\x00-\x1f\x7f-\x9f\xad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200f\u2028-\u202e\u2060-\u206f"
    "\u3164\ud800-\udfff\ufe00-\ufe0f\ufeff\uffa0\ufff0-\ufffb\U0001bca0-\U0001bca3\U0001d173-\U0001d17a"
    "\U000e0000-\U000e0fff]"
)
# Windows opens a device when a file is called so, whatever its extension.
_DEVICE = re.compile(r"(?:con|prn|aux|nul|conin\$|conout\$|(?:com|lpt)[0-9¹²³])(?=\s*(?:\.|$))", re.IGNORECASE)
# `.pdf`, and both of `.tar.gz` or `.pdf.exe`.
_LAST_WORDS = re.compile(r"(?:\.[^.\s]{1,20}){1,2}\Z")
# What is looked at of a name, which may have a hundred thousand characters, at either end.
_LOOKED_AT = 1_000


def extension_of(type_: str) -> str:
    """The extension, without its dot, for a file of which only the type is known."""
    return EXTENSIONS.get(type_, "txt" if type_.startswith(("text/", "message/")) else "bin")


def clean(name: str) -> str:
    """The name without path, control, direction and other invisible characters, at most 100 characters, or ""."""
    name = name.replace("\\", "/").rpartition("/")[2]
    if len(name) > 2 * _LOOKED_AT:
        name = name[:_LOOKED_AT] + name[-_LOOKED_AT:]
    name = _UNSEEN.sub("", name)
    name = " ".join(name.split()).strip(". ")
    if device := _DEVICE.match(name):
        name = f"{device[0]}_{name[device.end() :]}"
    return shortened(name)


def shortened(name: str) -> str:
    """The name, in at most 100 characters, with what it ends in: `.pdf.exe` must not pass for `.pdf`."""
    if len(name) <= MAX_NAME:
        return name
    ending = _LAST_WORDS.search(name[-50:])
    tail = ending[0] if ending else name[-10:]
    return f"{name[: MAX_NAME - len(tail) - 3].rstrip()}...{tail}"


def unique(names: Iterable[str]) -> list[str]:
    """The names, those that were there before with ` (2)`, ` (3)` … in front of their extension."""
    taken: set[str] = set()
    counts: dict[str, int] = {}
    made: list[str] = []
    for name in names:
        key, given = name.casefold(), name
        while given.casefold() in taken:
            counts[key] = counts.get(key, 1) + 1
            given = _numbered(name, counts[key])
        taken.add(given.casefold())
        made.append(given)
    return made


def _numbered(name: str, number: int) -> str:
    stem, dot, extension = name.rpartition(".")
    if not stem or len(extension) > 20:
        stem, dot, extension = name, "", ""
    return f"{stem} ({number}){dot}{extension}" if len(name) < 90 else shortened(f"({number}) {name}")
