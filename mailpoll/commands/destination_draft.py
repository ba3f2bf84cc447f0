"""A destination on its way into the configuration: its settings, the secrets to be kept, the text of its section."""

from __future__ import annotations

import difflib
import os
import shlex
import stat
import tomllib
import types
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, Any, Literal, Union, get_args, get_origin

import msgspec

from mailpoll import config, destinations, redaction
from mailpoll.commands.init_files import quoted, read_toml, write_private
from mailpoll.errors import ConfigError
from mailpoll.settings import DestinationSettings, SecretRef, SmtpSettings

SMTP = "smtp"
# Settings that name a file or folder: what is typed starts from where the person is, what is written from nowhere.
_PATHS = frozenset({"path", "zuliprc", "ca_file"})
_BARE = frozenset("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_-")
_STRUCTS = {str(each.__struct_config__.tag): each for each in get_args(DestinationSettings)}

_SECTION = """
# Takes {takes}.
# Promise: {promise}.
"""


@dataclass
class Draft:
    """[destination.NAME] of a kind, and [smtp] where the kind needs one that is not there yet.

    `place` is what a channel's `--to NAME:PLACE` names; `typed` are secrets, by the files beside the configuration
    (`base`) that they will be kept in.
    """

    name: str
    kind: str
    base: Path
    place: str = ""
    section: dict[str, Any] = field(default_factory=dict)
    smtp: dict[str, Any] = field(default_factory=dict)
    typed: dict[str, str] = field(default_factory=dict, repr=False)

    def says(self, key: str) -> bool:
        """Whether there is such a setting."""
        values, _, key = self._where(key)
        return key in values

    def set(self, key: str, text: str) -> None:
        """Takes in what was typed for a setting: `key`, or a key path like token.file, headers.X-Key, smtp.host.

        Raises ConfigError when there is no such setting, or the text cannot be its value.
        """
        port = ""
        if key == "smtp.host":
            text, port = _host_and_port(text)
        values, struct, path = self._where(key)
        name, *below = path.split(".", 2 if path.startswith("headers.") else 1)
        hint = _hint(struct, name, key)
        if not below and _is_secret(hint) and (str not in _types(hint) or _holds_key(text)):
            if str in _types(hint):  # a URL that holds a key
                self.keep(key, text)
                return
            raise ConfigError("a secret is not given on the command line, where every program can read it", about=key,
                              advice=f"Give --secret-file {key}=FILE, or --setting {key}.env=NAME")  # fmt: skip
        value = self._value(hint, [name, *below], text, key)
        for each in reversed(below):
            value = {each: value}
        _merge(values, {name: value})
        if port:
            self.set("smtp.port", port)

    def is_secret(self, key: str) -> bool:
        """Whether the setting is one whose value stands elsewhere."""
        _, struct, name = self._where(key)
        return any(each.encode_name == name and _is_secret(each.type) for each in msgspec.structs.fields(struct))

    def keep(self, key: str, text: str) -> None:
        """Takes in a secret, which a file beside the configuration will hold. Raises ConfigError when it is none."""
        if not text or not text.isprintable():
            raise ConfigError("a secret is one line of visible characters, and not empty", about=key)
        self.forget(key)
        values, _, name = self._where(key)
        file = self._free(f"{SMTP if values is self.smtp else self.name}-{name}")
        redaction.know(text)
        self.typed[file] = text
        values[name] = {"file": file}

    def keep_reference(self, key: str, file: str) -> None:
        """Takes in that a secret is in this file, which stays where it is."""
        values, _, name = self._where(key)
        values[name] = {"file": self._path(file)}

    def forget(self, key: str) -> Any:
        """Leaves a setting out, and the secret that would be kept for it; returns what it was."""
        values, _, name = self._where(key)
        former = values.pop(name, None)
        if isinstance(former, dict):
            self.typed.pop(former.get("file", ""), None)
        return former

    def has(self, key: str) -> bool:
        """Whether its kind has such a setting at all."""
        _, struct, name = self._where(key)
        return name in {each.encode_name for each in msgspec.structs.fields(struct)}

    def path_of(self, key: str) -> Path:
        """The path that a setting says, as the configuration means it."""
        values, _, name = self._where(key)
        return self.base / str(values[name])

    def reference(self, file: str) -> SecretRef:
        """The reference to a file that was typed as this."""
        return SecretRef(file=self._path(file))

    def added_to(self, data: Mapping[str, Any], unanswered: Iterable[str] = ()) -> dict[str, Any]:
        """The configuration `data` with these sections, as TOML's data; with something for the secrets that are yet to
        be answered, without which nothing else in the section would be looked at."""
        later = {key: {"file": key} for key in unanswered if self._where(key)[0] is self.section}
        more = {SMTP: self.smtp} if self.smtp else {}
        own = {"kind": self.kind, **later, **self.section}
        return {**data, **more, "destination": {**data.get("destination", {}), self.name: own}}

    def text(self) -> str:
        """The sections as TOML, with a comment for what the kind takes and promises."""
        kind = destinations.kind_of(self.kind)
        said = _SECTION.format(takes=kind.takes, promise=kind.promise)
        said += _lines(f"destination.{_key(self.name)}", {"kind": self.kind, **self.section})
        return said + (f"\n# Outgoing mail.\n{_lines(SMTP, self.smtp)}" if self.smtp else "")

    def _where(self, key: str) -> tuple[dict[str, Any], type, str]:
        """The section that a key path is in, that section's class, and the rest of the path."""
        if self.kind == "smtp" and key.startswith("smtp."):
            return self.smtp, SmtpSettings, key.removeprefix("smtp.")
        return self.section, _STRUCTS[self.kind], key

    def _value(self, hint: Any, path: list[str], text: str, about: str) -> Any:
        """What `text` means for a setting of this type."""
        kinds = _types(hint)
        last = path[-1]
        if (len(path) > 1 and last == "file") or path[0] in _PATHS:
            return self._path(text)
        if len(path) > 1 and last != "command":
            return text
        if tuple in kinds or last == "command":
            return _words(text, about)
        return text if str in kinds else _parsed(text, about)

    def _path(self, text: str) -> str:
        """A path that means the same from everywhere; beside the configuration, its name."""
        path = Path(os.path.normpath(config.expanded(text).absolute()))
        return str(path.relative_to(self.base) if path.is_relative_to(self.base) else path)

    def _free(self, name: str) -> str:
        """`name`, or one with a number where a file of another section may have it already."""
        names = (name if number == 1 else f"{name}-{number}" for number in range(1, 1000))
        return next(each for each in names if each not in self.typed and not os.path.lexists(self.base / each))


def with_section(path: Path, text: str, draft: Draft) -> str:
    """The configuration `text`, of the file `path`, with a draft's sections at its end.

    Every other line stays as it is. Raises ConfigError when this cannot be done to the text as it is written.
    """
    section = draft.text()
    changed = f"{text.rstrip()}\n{section}"
    if read_toml(changed) != draft.added_to(read_toml(text)):
        raise ConfigError(
            "is written in a way that no section can be added to",
            about=str(path),
            advice=f"Write these lines in the place where they belong:\n{section}",
        )
    return changed


@contextmanager
def kept(draft: Draft | None, config_path: Path) -> Iterator[tuple[Path, ...]]:
    """Writes the secrets that were typed, each into its file, for whom the configuration belongs to; gives the paths.

    An error inside takes them away. Raises AccessDenied.
    """
    written: list[Path] = []
    try:
        for name, text in draft.typed.items() if draft else ():
            write_private(path := config_path.parent / name, f"{text}\n")
            written.append(path)
            _give_away(path, config_path)
        yield tuple(written)
    except BaseException:
        for path in written:
            path.unlink(missing_ok=True)
        raise


def _give_away(path: Path, config_path: Path) -> None:
    """Lets a secret that root wrote be read by whom a configuration that is there is for."""
    with suppress(OSError):
        like = config_path.stat()
        if os.geteuid() == 0 and (like.st_uid or like.st_gid):
            os.chown(path, like.st_uid, like.st_gid)
            path.chmod(0o600 | (like.st_mode & stat.S_IRGRP if not like.st_uid else 0))


def _hint(struct: type, name: str, about: str) -> Any:
    hints = {each.encode_name: each.type for each in msgspec.structs.fields(struct)}
    if name not in hints:
        near = difflib.get_close_matches(name, hints, 1)
        advice = f"Did you mean {near[0]}?" if near else f"There are {', '.join(hints)}"
        raise ConfigError(f"there is no setting {name!r}", about=about, advice=advice)
    return hints[name]


def _types(hint: Any) -> frozenset[Any]:
    """The types that a setting may have: str, bool, tuple, SecretRef and so on."""
    origin, arguments = get_origin(hint), get_args(hint)
    if origin is Annotated:
        return _types(arguments[0])
    if origin in (Union, types.UnionType):
        return frozenset().union(*map(_types, arguments))
    return frozenset({str if origin is Literal else origin or hint})


def _is_secret(hint: Any) -> bool:
    return SecretRef in _types(hint)


def _host_and_port(text: str) -> tuple[str, str]:
    """HOST or HOST:PORT in two; the port is empty where there is none."""
    host, _, port = text.rpartition(":")
    if host and port.isdecimal() and (":" not in host or host.endswith("]")):
        return host.strip("[]"), port
    return text, ""


def _holds_key(url: str) -> bool:
    """Whether a URL is kept in a file: a part of it looks random, or it has a query, where keys may be words."""
    return bool(redaction.keys_of_url(url)) or "?" in url


def _words(text: str, about: str) -> Any:
    """A list, as a shell splits words, or as TOML writes it."""
    if text.startswith("["):
        return _parsed(text, about)
    try:
        return shlex.split(text)
    except ValueError:
        raise ConfigError("a quotation mark is not closed", about=about, advice="Close it") from None


def _parsed(text: str, about: str) -> Any:
    """A number, true, false, or another value of TOML; the text itself where it is none, for the rules to refuse."""
    try:
        return tomllib.loads(f"value = {text}")["value"] if "\n" not in text else text
    except tomllib.TOMLDecodeError:
        return text


def _merge(into: dict[str, Any], more: dict[str, Any]) -> None:
    for key, value in more.items():
        if isinstance(value, dict) and isinstance(into.get(key), dict) and not {"file", "env"} & set(value):
            _merge(into[key], value)
        else:
            into[key] = value


def _lines(title: str, values: Mapping[str, Any]) -> str:
    return "\n".join([f"[{title}]", *(f"{_key(key)} = {_toml(value)}" for key, value in values.items()), ""])


def _key(name: str) -> str:
    return name if name and _BARE.issuperset(name) else quoted(name)


def _toml(value: Any) -> str:
    """A value as TOML writes it, on one line."""
    if isinstance(value, dict):
        return "{ " + ", ".join(f"{_key(key)} = {_toml(each)}" for key, each in value.items()) + " }"
    if isinstance(value, list):
        return f"[{', '.join(map(_toml, value))}]"
    if isinstance(value, bool):
        return "true" if value else "false"
    return quoted(value) if isinstance(value, str) else str(value)
