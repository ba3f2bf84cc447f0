"""Content-Type and Content-Disposition values → a lower-case token and its parameters (RFC 2045 §5, 2183, 2231)."""

from __future__ import annotations

import re

from mailpoll.message.charsets import decode
from mailpoll.message.headers import unstructured

MAX_PARAMETERS = 200

# `text/html`, in quotes, behind a comment, or without the semicolon that should follow.
_TOKEN = re.compile(r'(?:\([^()]*+\)|[\s"])*([^\s;,:="()/]++(?:\s*+/\s*+[^\s;,:="()/]++)?)')
_NAME_END = re.compile(r"[=;]")
_BLANKS = re.compile(r"\s*+")
_QUOTED = re.compile(r'"([^"\\]*(?:\\.[^"\\]*)*)"', re.DOTALL)
_ESCAPED = re.compile(r"\\(.)", re.DOTALL)
_SECTION = re.compile(r"([^*]+)(?:\*(\d{1,4}))?(\*)?$")


def parameters(value: str, defects: list[str] | None = None) -> tuple[str, dict[str, str]]:
    """(token, {name: value}) of a raw field value; token and names lower-case, values decoded.

    RFC 2231 charsets and continuations are put together; encoded words, which many senders put here although RFC
    2047 §5 forbids it, are decoded too. The first of two equal names wins, the RFC 2231 form over the plain one.
    A limit that was hit is added to `defects`.
    """
    token, value = _token(value)
    plain: dict[str, str] = {}
    sections: dict[str, dict[int, tuple[str, bool]]] = {}
    pairs = _pairs(value)
    if len(pairs) > MAX_PARAMETERS and defects is not None:
        defects.append(f"more than {MAX_PARAMETERS} parameters in a field")
    for name, text in pairs[:MAX_PARAMETERS]:
        section = _SECTION.match(name) if "*" in name else None
        if section is None:
            plain.setdefault(name, _plain(name, text))
        else:
            sections.setdefault(section[1], {}).setdefault(int(section[2] or 0), (text, bool(section[3])))
    return token, plain | {name: _joined(parts) for name, parts in sections.items()}


def _plain(name: str, text: str) -> str:
    """The value of a parameter without sections. A boundary is compared as it is; no charset has a blank, but what
    follows one may lack its semicolon."""
    if name == "boundary":
        return text
    return (text.split() or [""])[0] if name == "charset" else unstructured(text)


def _token(value: str) -> tuple[str, str]:
    """(token in lower case, the rest of the value, which starts with a semicolon)."""
    found = _TOKEN.match(value)
    if found is None:
        return value.partition(";")[0].strip().lower(), value
    rest = value[found.end() :].lstrip(' \t"')
    if rest.startswith("="):  # a parameter at once
        return "", f";{value}"
    return "".join(found[1].split()).lower(), rest if rest.startswith(";") else f";{rest.lstrip(':,')}"


def _pairs(value: str) -> list[tuple[str, str]]:
    """(name, value) as written of each parameter; at most one more than are read."""
    pairs: list[tuple[str, str]] = []
    at = value.find(";")
    while at != -1 and len(pairs) <= MAX_PARAMETERS:
        stop = _NAME_END.search(value, at + 1)
        if stop is None:
            break
        if stop[0] == ";":
            at = stop.start()
            continue
        blanks = _BLANKS.match(value, stop.end())
        begin = blanks.end() if blanks else stop.end()
        quoted = _QUOTED.match(value, begin)
        end = value.find(";", quoted.end() if quoted else begin)
        text = _ESCAPED.sub(r"\1", quoted[1]) if quoted else value[begin : end if end != -1 else None].strip(' \t"')
        if quoted and "=" in value[quoted.end() : end if end != -1 else None]:
            end = quoted.end() - 1  # the semicolon in front of the next parameter is missing
        pairs.append((value[at + 1 : stop.start()].strip().lower(), text))
        at = end
    return pairs


def _joined(parts: dict[int, tuple[str, bool]]) -> str:
    """The value of an RFC 2231 parameter from its numbered sections, (text, percent-encoded) each."""
    from urllib.parse import unquote_to_bytes  # few mails have one, and it takes ipaddress along

    charset, data = "", b""
    for index, (text, encoded) in sorted(parts.items()):
        if encoded and index == 0 and text.count("'") >= 2:
            charset, _, rest = text.partition("'")
            text = rest.partition("'")[2]
        data += unquote_to_bytes(text) if encoded else text.encode("utf-8")
    return unstructured(decode(data, charset or "utf-8")[0])
