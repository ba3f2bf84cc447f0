"""The configuration file → Settings: where it is, what is wrong with it, where the state goes."""

from __future__ import annotations

import os
import re
import stat
import tomllib
from collections.abc import Collection, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import msgspec

from mailpoll import places, redaction
from mailpoll.crosscheck import derived_pattern, problems_between
from mailpoll.errors import AccessDenied, ConfigError
from mailpoll.settings import Settings, from_builtin, mask_url, to_builtin


def find(path: str | None, env: Mapping[str, str]) -> Path:
    """The configuration file to use; see places.find_config. Raises ConfigError when there is none."""
    found = places.find_config(path, env)
    if found is None:
        raise ConfigError(
            f"there is no configuration, neither {places.user_config(env)} nor {places.SYSTEM_CONFIG}",
            advice="Run mailpoll init to make one, or name one with --config",
        )
    return found


def load(path: Path, *, without: Collection[tuple[str, ...]] = ()) -> Settings:
    """The settings that the TOML file at `path` holds.

    Relative `ca_file` settings come back absolute (relative to the file's folder); secrets are not looked up. Sections
    named in `without`, as ("account", "main"), are passed over: the doctor looks at the others of a wrong file.

    Raises:
        ConfigError: with every problem found, each naming its key path; or one that says why there is no TOML.
        AccessDenied: when the file may not be read.
    """
    data = _parse(path)
    for *above, name in without:
        place = data.get(above[0], {}) if above else data
        place.pop(name, None)
    return from_data(data, path)


def from_data(data: dict[str, Any], path: Path) -> Settings:
    """The settings that a TOML document says, the one at `path` or one that may become it. Raises as load()."""
    try:
        settings = msgspec.convert(data, Settings, dec_hook=from_builtin)
    except (msgspec.ValidationError, ValueError) as error:
        raise _bad(path, tuple(_problems(data)) or (str(error),)) from None
    found = tuple(problems_between(settings))
    if found:
        raise _bad(path, found)
    _know_urls(settings)
    return _anchored(settings, path.parent)


def _know_urls(settings: Settings) -> None:
    """Has the keys that stand in URLs masked in all that is said."""
    redaction.know_url(settings.store.url or "", path_too=False)
    hooks = [settings.health.ping_url, *(getattr(section, "url", None) for section in settings.destination.values())]
    for url in hooks:
        if isinstance(url, str):
            redaction.know_url(url)


def _problems(data: dict[str, Any]) -> Iterator[str]:
    """What has the wrong shape, and what is wrong between the settings that have the right one."""
    from mailpoll.decode import problems, remains  # only needed to explain

    found = list(problems(data, Settings))
    yield from found
    paths = [sentence.partition(": ")[0].partition("[")[0].rpartition(".") for sentence in found]
    rest = msgspec.convert(remains(data, Settings), Settings, dec_hook=from_builtin)
    yield from (each for each in problems_between(rest) if not _doubtful(each, paths))


def _doubtful(sentence: str, wrong: Sequence[tuple[str, str, str]]) -> bool:
    """Whether it may only follow from what has the wrong shape: that something is missing, what names such a setting of
    the same section, and whom to alert, for which all sections matter."""
    words = re.findall(r"\w+", sentence)
    named = any(sentence.startswith(f"{section}{dot}") and key in words for section, dot, key in wrong)
    return named or ": is missing" in sentence or sentence.startswith("alerts.")


def _bad(path: Path, problems: tuple[str, ...]) -> ConfigError:
    count = "one problem" if len(problems) == 1 else f"{len(problems)} problems"
    return ConfigError(f"the configuration has {count}", about=str(path), problems=problems)


def _parse(path: Path) -> dict[str, Any]:
    """The file as plain data."""
    try:
        with path.open("rb") as file:
            mode = os.fstat(file.fileno()).st_mode
            text = file.read().decode("utf-8-sig")
    except FileNotFoundError:
        raise ConfigError("there is no such file", about=str(path), advice="Run mailpoll init to make one") from None
    except PermissionError:
        raise AccessDenied(
            "the configuration may not be read by this user",
            about=str(path),
            advice=f"Run as the user it belongs to, or type: chmod g+r {path}",
        ) from None
    except OSError as error:
        raise ConfigError(f"cannot be read: {error.strerror}", about=str(path)) from None
    except UnicodeDecodeError as error:
        raise ConfigError(f"is not UTF-8 (octet {error.start})", about=str(path), advice="Save it as UTF-8") from None
    if stat.S_ISREG(mode) and mode & stat.S_IWOTH:  # it may name programs to run
        raise AccessDenied("everybody may change the configuration", about=str(path), advice=f"Type: chmod o-w {path}")
    try:
        return tomllib.loads(text)
    except (tomllib.TOMLDecodeError, RecursionError) as error:
        what = f"is no valid TOML: {error}" if isinstance(error, tomllib.TOMLDecodeError) else "is nested too deeply"
        what, advice = _twice(text, str(error)) or (what, "Texts stand in quotes, one setting per line")
        raise ConfigError(what, about=str(path), advice=advice) from None


def _twice(text: str, error: str) -> tuple[str, str] | None:
    """What stands twice in a configuration, by tomllib's words for it, and what to do; None where nothing does."""
    found = re.match(r"Cannot (?:declare \(.*\) twice|overwrite a value) \(at line (\d+)", error)
    if not found:
        return None
    lines, last = text.split("\n"), int(found[1])
    keys = _header(lines[last - 1])
    if not keys and error.startswith("Cannot declare"):
        return None  # a header that has no end either: that is told
    if not keys:
        return f"the setting in line {last} stands twice in its section", "Delete one of the two"
    first = next((number for number, line in enumerate(lines[: last - 1], 1) if _header(line) == keys), None)
    section = f"[{'.'.join(keys)}]"
    where = f"in lines {first} and {last}" if first else f"the second time in line {last}"
    advice = "Write the settings of both under one of them, and delete the other"
    if len(keys) == 2 and keys[0] in ("account", "destination"):
        advice = f"Rename one of them, as [{keys[0]}.ANOTHER-NAME], or delete it"
    return f"the section {section} stands twice, {where}", advice


def _header(line: str) -> list[str]:
    """The names in a line like [destination.team]; none in any other line."""
    try:
        data = tomllib.loads(line.strip()) if line.lstrip().startswith("[") else {}
    except (tomllib.TOMLDecodeError, RecursionError):
        return []
    keys = []
    while isinstance(data, dict) and data:
        [(key, data)] = data.items()
        keys.append(key)
    return keys


def _anchored(settings: Settings, base: Path) -> Settings:
    """The same settings with `ca_file`, `zuliprc`, and the folders of outgoing mail and of posts, made absolute."""

    def fix(section: Any, *keys: str) -> Any:
        named = {key: getattr(section, key, None) for key in ("ca_file", *keys)}
        return msgspec.structs.replace(section, **{k: str(base / expanded(v)) for k, v in named.items() if v})

    return msgspec.structs.replace(
        settings,
        account={name: fix(account) for name, account in settings.account.items()},
        destination={name: fix(destination, "zuliprc", "path") for name, destination in settings.destination.items()},
        smtp=fix(settings.smtp, "file") if settings.smtp else None,
    )


def expanded(file: str) -> Path:
    """A path with the home that its ~ stands for. Raises ConfigError where nobody has that."""
    try:
        return Path(file).expanduser()
    except RuntimeError:  # ~somebody who is not there
        raise ConfigError(f"there is no home folder for {file}", advice="Write the absolute path of the file") from None


def patterns(settings: Settings) -> tuple[str, ...]:
    """The address patterns in force: the configured ones, else one per account (`user+%s@domain`), without doubles."""
    if settings.addresses.patterns:
        return settings.addresses.patterns
    derived = (derived_pattern(account.username) for account in settings.account.values())
    return tuple(dict.fromkeys(pattern for pattern in derived if pattern))


def store_url(settings: Settings, config_path: Path, env: Mapping[str, str]) -> str:
    """The store's URL as SQLAlchemy wants it; without a setting, a SQLite file in the state folder.

    The password of `store.password` is not in it.
    """
    url = settings.store.url or f"sqlite:///{places.state_directory(config_path, env) / 'mailpoll.db'}"
    return f"postgresql://{url.removeprefix('postgres://')}" if url.startswith("postgres://") else url


def effective(settings: Settings) -> dict[str, Any]:
    """The settings in force as plain data for `config show`: defaults filled in, nothing unset, secrets as "***"."""
    shown: dict[str, Any] = _shown(msgspec.to_builtins(settings, enc_hook=to_builtin))
    shown["addresses"]["patterns"] = list(patterns(settings))
    if isinstance(settings.health.ping_url, str):
        shown["health"]["ping_url"] = mask_url(settings.health.ping_url)
    for name, destination in shown["destination"].items():
        if "url" in destination:
            url = destination["url"]
            destination["url"] = mask_url(url) if isinstance(url, str) else "***"
        if "headers" in destination:
            destination["headers"] = dict.fromkeys(settings.destination[name].headers, "***")  # type: ignore[union-attr]
    return shown


_SECRET_KEYS = frozenset({"password", "secret", "bearer", "ping_url", "access_token", "token", "webhook"})


def _shown(value: Any) -> Any:
    """Plain data without what is unset and without where secrets are."""
    if isinstance(value, dict):
        return {
            key: "***" if key in _SECRET_KEYS and isinstance(item, dict) else _shown(item)
            for key, item in value.items()
            if item is not None
        }
    return [_shown(item) for item in value] if isinstance(value, (list, tuple)) else value
