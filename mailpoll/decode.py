"""Plain data that does not fit the settings → every reason why, each naming the key path and what to write instead.

msgspec stops at the first mistake; a person wants all of them at once. So this walk runs only when msgspec refused.
"""

from __future__ import annotations

import difflib
import types
from collections.abc import Callable, Iterator, Mapping
from typing import Annotated, Any, Literal, Union, get_args, get_origin

import msgspec
from msgspec import Meta
from msgspec.structs import FieldInfo

from mailpoll.settings import Duration, SecretRef, from_builtin

# What TOML calls the Python types it makes.
_GOT = {str: "text", bool: "true or false", int: "a number", float: "a number", list: "a list", dict: "a table"}
_WANTED = {
    str: "text in quotes",
    bool: "true or false",
    int: "a whole number",
    float: "a number",
    dict: "a table",
    tuple: "a list",
    Duration: 'a length of time, like "90s", "5m", "2h", "7d" or "2w"',
    SecretRef: "a table that says where the secret is",
}
# What they look like, where the setting itself has no example.
_LIKE = {str: '"…"', tuple: '["…"]', SecretRef: '{ file = "imap-password" }'}
# Where a setting takes one of several types.
_EITHER = {str: "text", tuple: "a list of texts"}
# What other programs call it.
_MEANT = dict.fromkeys(("ssl", "tls", "ssl/tls", "tls/ssl", "smtps", "imaps"), "implicit")


def problems(value: Any, kind: Any, path: str = "") -> Iterator[str]:
    """Every reason why `value` (as tomllib made it) is no `kind` (a type that the settings use), as whole sentences."""
    inner, metas = _unwrap(kind)
    if get_origin(inner) is dict and isinstance(value, dict):
        item = get_args(inner)[1]
        for name, entry in value.items():
            yield from problems(entry, item, _join(path, name))
        return
    struct = _struct_for(value, inner) if isinstance(value, dict) else None
    if isinstance(struct, str):
        yield f"{_join(path, 'kind')}: {struct}"
    elif struct is not None:
        yield from _struct_problems(value, struct, path, _example(metas))
    elif (reason := _refusal(value, kind)) is not None:
        of_entries = list(_entry_problems(value, inner, path))
        yield from of_entries or [f"{path}: {_sentence(value, inner, metas, reason)}"]


def remains(value: Any, kind: Any) -> Any:
    """What is left of `value` without all that makes it no `kind`; None where nothing is."""
    inner, _ = _unwrap(kind)
    if isinstance(value, dict):
        struct = _struct_for(value, inner)
        if get_origin(inner) is dict:
            kinds = dict.fromkeys(value, get_args(inner)[1])
        elif struct is not None and not isinstance(struct, str):
            kinds = {info.encode_name: info.type for info in msgspec.structs.fields(struct)}
            kinds |= {"kind": Any} if struct.__struct_config__.tag else {}
        else:
            kinds = {}
        left = {key: remains(each, kinds[key]) for key, each in value.items() if key in kinds}
        value = {key: each for key, each in left.items() if each is not None}
    return value if _refusal(value, kind) is None else None


def _entry_problems(value: Any, kind: Any, path: str) -> Iterator[str]:
    """What is wrong with the entries of a list, where `kind` may be one."""
    lists = [arm for arm in _arms(kind) if get_origin(arm) is tuple]
    if isinstance(value, list) and lists:
        for index, entry in enumerate(value):
            yield from problems(entry, get_args(lists[0])[0], f"{path}[{index}]")


def _unwrap(kind: Any) -> tuple[Any, tuple[Meta, ...]]:
    """The type behind Annotated and `| None`, and the Metas met on the way, the outermost first."""
    metas: tuple[Meta, ...] = ()
    while True:
        if get_origin(kind) is Annotated:
            kind, *more = get_args(kind)
            metas += tuple(meta for meta in reversed(more) if isinstance(meta, Meta))
        elif get_origin(kind) in (Union, types.UnionType) and type(None) in get_args(kind):
            rest = [arm for arm in get_args(kind) if arm is not type(None)]
            kind = Union[tuple(rest)]  # noqa: UP007 - made at run time
        else:
            return kind, metas


def _struct_for(value: Mapping[str, Any], kind: Any) -> Any:
    """The struct a table is meant to be; None when `kind` is none; a sentence when its `kind` key names no struct."""
    structs = {
        arm.__struct_config__.tag: arm
        for arm in _arms(kind)
        if isinstance(arm, type) and issubclass(arm, msgspec.Struct)
    }
    if len(structs) < 2:
        return structs.get(None)
    chosen = value.get("kind")
    names = ", ".join(f'"{name}"' for name in sorted(map(str, structs)))
    if chosen is None:
        return f"is missing. Write one of {names}"
    found = structs.get(chosen) if isinstance(chosen, str) else None
    return found or f"is none of the kinds there are. Write one of {names}{_did_you_mean(chosen, structs, toml)}"


def _arms(kind: Any) -> tuple[Any, ...]:
    """The types of a union, or the one that it is."""
    return get_args(kind) if get_origin(kind) in (Union, types.UnionType) else (kind,)


def _struct_problems(
    value: Mapping[str, Any], struct: type[msgspec.Struct], path: str, example: str = ""
) -> Iterator[str]:  # fmt: skip
    """Unknown keys, missing keys, wrong values; only when there are none of these, what the struct as a whole says."""
    fields = {info.encode_name: info for info in msgspec.structs.fields(struct)}
    known = [*fields, "kind"] if struct.__struct_config__.tag else [*fields]
    found = False
    for key in value:
        if key not in known:
            found = True
            yield f"{_join(path, key)}: is no setting{_did_you_mean(key, known) or _offer(known)}"
    for name, info in fields.items():
        if name in value:
            for problem in problems(value[name], info.type, _join(path, name)):
                found = True
                yield problem
        elif info.required:
            found = True
            yield f"{_join(path, name)}: is missing. {_advice(info)}"
    if not found and (reason := _refusal(value, struct)) is not None:
        yield f"{path}: {reason}{example}"


def _refusal(value: Any, kind: Any) -> str | None:
    """What msgspec has against `value`, without its own path suffix; None when it takes it."""
    try:
        msgspec.convert(value, kind, dec_hook=from_builtin)
    except (msgspec.ValidationError, ValueError) as error:
        return str(error).rsplit(" - at `$", 1)[0]
    return None


def _sentence(value: Any, kind: Any, metas: tuple[Meta, ...], reason: str) -> str:
    """What is wrong with one value and what to write. The value is not repeated: it may be a secret."""
    got = next((word for type_, word in _GOT.items() if type(value) is type_), "a " + type(value).__name__)
    wanted = _wanted(kind, metas)
    if get_origin(kind) is Literal:
        given = "this text" if isinstance(value, str) else got
        return f"{given} is not possible here. Write {wanted}{_did_you_mean(value, get_args(kind), toml)}"
    if "Expected" in reason and "got" in reason:
        return f"expected {wanted}, not {got}{_example(metas)}"
    return f"expected {wanted}{_example(metas)}"


def _wanted(kind: Any, metas: tuple[Meta, ...]) -> str:
    """The kind of value a setting takes, in words."""
    if get_origin(kind) is Literal:
        return "one of " + ", ".join(f'"{choice}"' for choice in get_args(kind))
    if len(arms := _arms(kind)) > 1:
        either = [_EITHER.get(get_origin(arm) or arm) or _WANTED.get(arm, "a table") for arm in arms]
        return ", or ".join(dict.fromkeys(either))
    base = get_origin(kind) or kind
    bounds = {name: next((getattr(m, name) for m in metas if getattr(m, name) is not None), None)
              for name in ("ge", "gt", "le")}  # fmt: skip
    words = _WANTED.get(base, "a table")
    if base in _LIKE and not any(meta.examples for meta in metas):
        words = f"{words}, like {_LIKE[base]}"
    if bounds["ge"] is not None and bounds["le"] is not None:
        return f"{words} from {bounds['ge']} to {bounds['le']}"
    if bounds["ge"] is not None:
        return f"{words}, {bounds['ge']} or more"
    if bounds["gt"] is not None:
        return f"{words} over {bounds['gt']}"
    return f"{words} that is not empty" if any(meta.min_length for meta in metas) else words


def _example(metas: tuple[Meta, ...]) -> str:
    """ ", for example …", where the setting has an example."""
    example = next((meta.examples[0] for meta in metas if meta.examples), None)
    return f". Write for example {toml(example)}" if example is not None else ""


def _advice(info: FieldInfo) -> str:
    """The line to add for a missing setting."""
    kind, metas = _unwrap(info.type)
    example = next((meta.examples[0] for meta in metas if meta.examples), None)
    if example is None:
        return f"It takes {_wanted(kind, metas)}"
    return f"Add for example {info.encode_name} = {toml(example)}"


def _did_you_mean(word: Any, words: Any, written: Callable[[str], str] = str) -> str:
    """Ask about the nearest of `words`, as it is `written`, where one is near."""
    if not isinstance(word, str):
        return ""
    meant = _MEANT.get(word.lower())
    near = [meant] if meant and meant in words else difflib.get_close_matches(word.lower(), list(words), 1)
    return f". Did you mean {written(near[0])}?" if near else ""


def _offer(words: list[str]) -> str:
    """All that could have been meant."""
    return f". There are {', '.join(words)}"


def _join(path: str, key: str) -> str:
    """The key path below `path`, quoted where TOML would quote it."""
    quoted = key if key and all(c.isascii() and (c.isalnum() or c in "-_") for c in key) else toml(key)
    return f"{path}.{quoted}" if path else quoted


def toml(value: Any) -> str:
    """`value` as TOML writes it on one line."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str):
        escaped = value.replace("\\", "\\\\").replace('"', '\\"')
        return '"' + "".join(c if c.isprintable() else f"\\u{ord(c):04x}" for c in escaped) + '"'
    if isinstance(value, (list, tuple)):
        return "[" + ", ".join(map(toml, value)) + "]"
    if isinstance(value, Mapping):
        return "{ " + ", ".join(f"{key} = {toml(item)}" for key, item in value.items()) + " }"
    return str(value)
