"""Folders of an account: their names, SELECT and EXAMINE, and SEARCH in the one that is open."""

from __future__ import annotations

from contextlib import suppress
from typing import Any

from mailpoll.errors import ConfigError, MailpollError, ProtocolError
from mailpoll.imap import responses
from mailpoll.imap.troubles import TRANSIENT, Peer, printable, translate, translated
from mailpoll.model import FolderInfo

_NAMES_SHOWN = 30


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
        refusal: Exception | None = None
        with translated(self._peer):
            try:
                answer = self._client.select_folder(folder, readonly=read_only)
            except self._client.ReadOnlyError:  # the server gives no more than that
                answer = self._client.select_folder(folder, readonly=True)
            except self._client.AbortError:
                raise
            except self._client.Error as error:
                refusal = error
        if refusal is not None:
            raise self._unopened(folder, refusal)
        return self._info(folder, answer, read_only)

    def search(self, first: int, last: int, *criteria: str) -> set[int]:
        """UIDs from first to last that match; ASCII, and no CHARSET, which Microsoft 365 refuses."""
        if first > last:
            return set()
        with translated(self._peer):
            status, data = self._client._imap.uid("SEARCH", "UID", f"{first}:{last}", *criteria)
            self._client._check_resp("OK", "search", status, data)
            # A range beyond the last UID means that last one, too (RFC 9051 §6.4.4: sequence sets are unordered).
            return {uid for uid in responses.hits(data) if first <= uid <= last}

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
