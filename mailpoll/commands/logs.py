"""Log records, whoever makes them, as they may leave the process: without secrets, and a line each."""

from __future__ import annotations

import logging
from typing import Any

from mailpoll import redaction, visible


class Record(logging.LogRecord):
    """A record that no formatter, handler or library gets a secret out of: message, traceback and stack are masked;
    of a stranger's text in the message no part begins a line of its own."""

    def __init__(self, *args: Any, **named: Any) -> None:
        self._texts: dict[str, str | None] = {}
        super().__init__(*args, **named)

    def getMessage(self) -> str:
        """The message, its arguments put in."""
        return visible.line(redaction.hide(super().getMessage()))

    @property
    def exc_text(self) -> str | None:
        """The traceback, once a formatter wrote it."""
        return self._texts.get("exc_text")

    @exc_text.setter
    def exc_text(self, text: str | None) -> None:
        self._texts["exc_text"] = text and redaction.hide(text)

    @property
    def stack_info(self) -> str | None:
        """Where it was logged from, where somebody asked for that."""
        return self._texts.get("stack_info")

    @stack_info.setter
    def stack_info(self, text: str | None) -> None:
        self._texts["stack_info"] = text and redaction.hide(text)


def install() -> None:
    """From now on every record of every logger is a Record."""
    logging.setLogRecordFactory(Record)
    # Without any handler, Python prints warnings: what a command has to say, it says itself.
    logging.getLogger("mailpoll").addHandler(logging.NullHandler())
