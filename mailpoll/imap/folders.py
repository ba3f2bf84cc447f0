"""Folders of an account: their names, SELECT and EXAMINE, and SEARCH in the one that is open."""

from __future__ import annotations

import re
from contextlib import suppress
from typing import Any

from mailpoll.errors import AccessDenied, ConfigError, MailpollError, ProtocolError
from mailpoll.imap import responses
from mailpoll.imap.troubles import TRANSIENT, Peer, printable, translate, translated
from mailpoll.model import FolderInfo

_NAMES_SHOWN = 30
# Refusals of SELECT after which EXAMINE may still do.
_NOT_FOR_WRITING = re.compile(r"\[NOPERM\b|read-?only", re.IGNORECASE)


class Folders:
    """Asks one connection. Every method raises AccessDenied, ProtocolError or Unavailable."""

    def __init__(self, client: Any, peer: Peer) -> None:
        self._client = client
        self._peer = peer

    def names(self) -> tuple[str, ...]:
        """The names of all folders that can be opened, sorted (RFC 9051 §6.3.9)."""
        with translated(self._peer):
            listed = self._client.list_folders()
        closed = {rb"\noselect", rb"\nonexistent"}
        names = {str(name) for flags, _, name in listed if not closed & {flag.lower() for flag in flags}}
        return tuple(sorted(names))

    def open(self, folder: str, *, read_only: bool) -> FolderInfo:
        """What SELECT, or EXAMINE, says (RFC 9051 §6.3.2).

        Raises:
            ConfigError: there is no such folder; the error lists those there are.
        """
        refuse_controls(folder, "folder name")
        answer, refusal = self._selected(folder, read_only)
        if refusal is not None and not read_only and _NOT_FOR_WRITING.search(str(refusal)):
            answer, refusal = self._selected(folder, True)
        if refusal is not None:
            raise self._unopened(folder, refusal)
        return self._info(folder, answer, read_only)

    def separator(self) -> str:
        """What parts the levels of folder names here; empty where they have no levels (RFC 9051 §6.3.9)."""
        with translated(self._peer):
            listed = self._client.list_folders("", "")
        return next((delimiter.decode("ascii", "replace") for _, delimiter, _ in listed if delimiter), "")

    def make(self, folder: str) -> None:
        """CREATE, and SUBSCRIBE, so that mail programs show it.

        Raises:
            ConfigError: the server takes no such name.
        """
        try:
            with translated(self._peer):
                self._client.create_folder(folder)
        except ProtocolError as refusal:
            with suppress(ProtocolError):
                if separator := self.separator():
                    refusal.advice = f"On this server {separator!r} parts the levels of folder names."
            raise ConfigError(
                f"the folder {folder!r} cannot be made: {refusal.what}", about=self._peer.about, advice=refusal.advice
            ) from refusal
        with suppress(ProtocolError, AccessDenied), translated(self._peer):
            self._client.subscribe_folder(folder)

    def search(self, first: int, last: int, *criteria: str) -> set[int]:
        """UIDs from first to last that match; ASCII, and no CHARSET, which Microsoft 365 refuses."""
        if first > last:
            return set()
        with translated(self._peer):
            status, data = self._client._imap.uid("SEARCH", "UID", f"{first}:{last}", *criteria)
            self._client._check_resp("OK", "search", status, data)
            # A range beyond the last UID means that last one, too (RFC 9051 §6.4.4: sequence sets are unordered).
            return {uid for uid in responses.hits(data) if first <= uid <= last}

    def _selected(self, folder: str, read_only: bool) -> tuple[Any, Exception | None]:
        """imapclient's dict of what SELECT said, or why it did not."""
        with translated(self._peer):
            try:
                return self._client.select_folder(folder, readonly=read_only), None
            except self._client.ReadOnlyError:  # the server gives no more than that
                return self._client.select_folder(folder, readonly=True), None
            except self._client.AbortError:
                raise
            except self._client.Error as error:
                return None, error

    def _unopened(self, folder: str, refusal: Exception) -> MailpollError:
        """Why `folder` could not be opened."""
        trouble = translate(refusal, self._peer)
        if TRANSIENT.search(str(refusal)):
            return trouble
        names: tuple[str, ...] = ()
        with suppress(ProtocolError):
            names = self.names()
        if not names or folder in names or folder.upper() == "INBOX":
            return trouble
        shown = ", ".join(map(printable, names[:_NAMES_SHOWN])) + (", …" if len(names) > _NAMES_SHOWN else "")
        return ConfigError(f"there is no folder {folder!r}", about=self._peer.about, advice=f"There are: {shown}.")

    def _info(self, folder: str, answer: Any, read_only: bool) -> FolderInfo:
        """FolderInfo from imapclient's dict of what SELECT said."""
        uidvalidity, uidnext = answer.get(b"UIDVALIDITY"), answer.get(b"UIDNEXT")
        if not isinstance(uidvalidity, int):
            raise ProtocolError(f"the server gives folder {folder} no UIDVALIDITY", about=self._peer.about)
        if not isinstance(uidnext, int):  # old servers: RFC 9051 §6.3.2 asks for it, RFC 2060 did not
            uidnext = max(self.search(1, 0xFFFFFFFF), default=0) + 1
        # Without PERMANENTFLAGS all flags there are can be changed for good (RFC 9051 §6.3.2).
        flags = answer.get(b"PERMANENTFLAGS", answer.get(b"FLAGS", ()))
        return FolderInfo(
            name=folder,
            uidvalidity=uidvalidity,
            uidnext=uidnext,
            exists=int(answer[b"EXISTS"]),
            read_only=read_only or b"READ-ONLY" in answer,
            permanent_flags=tuple(flag.decode("ascii", "replace") for flag in flags),
        )


def refuse_controls(text: str, what: str) -> None:
    """Raises ConfigError where `text` would end a command line, and begin another."""
    if any(character in text for character in "\r\n\0"):
        raise ConfigError(f"the {what} contains a control character")
