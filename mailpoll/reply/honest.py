"""Links that show another place than the one they lead to → links that say where they lead.

Hosts are compared as browsers read them (WHATWG URL): `\\` is `/`, what stands before `@` is no host, full-width
characters are their plain forms. Those that may pass for another one are written as A-labels (RFC 5890).
"""

from __future__ import annotations

import html as entities
import re
import unicodedata
from collections.abc import Iterator

_SCHEME = re.compile(r"([a-z][a-z0-9+.-]{0,20}):", re.IGNORECASE)
_WEB = frozenset(("http", "https", "ftp", "ws", "wss"))
_OPENING = "/\\ \t\n<>([{\"'*_`~|-–—→»«„“”‘’:;,.!?✓✔➜▶►•"
_DOTS = str.maketrans("。．｡", "...")
_HOST_END = re.compile(r"[/\\?#\s]")
_DIRECTIONS = re.compile("[*`\u061c\u200c-\u200f\u202a-\u202e\u2066-\u2069]")  # and emphasis
# A host at the start of a text that is no whole URL: www.bank.example, bank.example/login, 192.0.2.1
_BARE = re.compile(
    r"(?:[^\W_](?:[\w-]{0,62}\.)){1,9}(?:[^\W\d_]{2,24}|xn--[a-z0-9-]{1,59})(?![\w@-])|\d{1,3}(?:\.\d{1,3}){3}"
)
_BARE_ADDRESS = re.compile(r"[\w.+-]{1,64}@([\w.-]{1,253})")
_NO_DOMAINS = frozenset(
    ("js", "ts", "txt", "pdf", "html", "htm", "json", "yml", "yaml", "toml", "log", "csv", "png", "jpg", "jpeg", "gif",
     "svg", "doc", "docx", "xls", "xlsx", "ppt", "pptx", "odt", "exe", "cpp", "hpp", "java", "xml", "php", "css", "ini",
     "conf", "cfg", "gz", "bz", "tgz", "diff", "patch", "eml", "ics", "mp", "dll", "deb", "rpm", "jar", "ipynb", "tex")
)  # fmt: skip
_FILES = frozenset(("md", "py", "sh", "rs", "pl", "cc", "ps", "so", "zip", "mov", "app"))
# What is told behind a link.
_NOTE = " (leads to {})"

# What a link of Markdown is made of (CommonMark 0.31 §6.3): brackets, a target behind them; a blank line ends all. A
# bracket behind a backslash is one, too: Zulip knows no escapes.
_MARKS = re.compile(
    r"\\[^\[\]]|\[|\](?:\(\s*(<[^<>\n]*>|(?:[^\s()<>\\]|\\.|\([^\s()]*\))*)[^()\n]{0,300}\)?)?|\n[ \t]*\n"
)
_ESCAPED = re.compile(r"\\([!-/:-@\[-`{-~])")
_NEVER = frozenset(("javascript", "vbscript", "jscript", "livescript", "data", "blob", "file", "about"))
_MAX_OPEN = 100
# `[1]: target` gives [text][1] its target.
_DEFINITION = re.compile(r"^( {0,3}\[[^\[\]\n]{1,200}\])(?=:)", re.MULTILINE)
_BREAK = "\u200b"
_URL = re.compile(r"(?:https?|ftp):[/\\]{2}[^\s<>\"')\]\u202a-\u202e\u2066-\u2069]{1,2000}>?", re.IGNORECASE)

# Letters of Cyrillic and Greek that look like Latin ones.
_LOOK_ALIKES = frozenset("асеорхуѕіјһԁԛԝгґзӏьвнктмпӕԍѵҽαοινρτυκγηωχϲ")


def _unquoted(text: str) -> str:
    """The text without percent encoding (RFC 3986 §2.1)."""
    if "%" not in text:
        return text
    from urllib.parse import unquote  # few links need it, and it takes ipaddress along

    return unquote(text)


def host_of(url: str) -> str:
    """The host a URL leads to, lower-case, without port, in NFKC; of mailto: the domain; "" where there is none."""
    scheme = _SCHEME.match(url)
    kind = scheme[1].lower() if scheme else ""
    rest = url[scheme.end() :] if scheme else url
    if kind == "mailto":
        return _plain(_unquoted(rest.partition("?")[0]).rpartition("@")[2])
    if kind not in _WEB:
        return ""
    authority = _HOST_END.split(rest.replace("\\", "/").lstrip("/"), maxsplit=1)[0]
    host = _unquoted(authority.rpartition("@")[2])
    host = host[1:].partition("]")[0] if host.startswith("[") else host.partition(":")[0]
    return _plain(host)


def _plain(host: str) -> str:
    return unicodedata.normalize("NFKC", host.translate(_DOTS)).translate(_DOTS).lower().strip(". ")


def shown_host(host: str) -> str:
    """A host as it is shown: labels that may pass for others as A-labels."""
    return ".".join(_a_label(label) if suspicious(label) else label for label in host.split("."))


def suspicious(label: str) -> bool:
    """Whether a label mixes scripts, looks like Latin in another script, or has other characters than letters and
    digits of its script."""
    if label.isascii():
        return False
    scripts = set()
    for character in label:
        if character.isascii() and (character.isalnum() or character == "-"):
            scripts |= {"LATIN"} if character.isalpha() else set()
            continue
        if unicodedata.category(character)[0] not in "LMN" or "\u0250" <= character <= "\u036f":
            return True
        scripts.add(_script(character))
    scripts.discard("")
    if len(scripts) > 1:
        return True
    return scripts <= {"CYRILLIC", "GREEK"} and all(c in _LOOK_ALIKES or not c.isalpha() for c in label)


def _script(character: str) -> str:
    name = unicodedata.name(character, "?").partition(" ")[0]
    return "CJK" if name in ("HIRAGANA", "KATAKANA", "KATAKANA-HIRAGANA", "HANGUL", "BOPOMOFO", "IDEOGRAPHIC") else name


def _a_label(label: str) -> str:
    return "xn--" + label.encode("punycode", "replace").decode("ascii")


def leads_to(text: str, target: str) -> str:
    """The host that `target` leads to, when `text` names another one, or when it may pass for another; else ""."""
    host = host_of(target)
    if not host:
        return ""
    claimed, posing = _claimed(_DIRECTIONS.sub("", text), target)
    shown = shown_host(host)
    if claimed and (not _same(claimed, host) or shown_host(claimed) != claimed or posing):
        return shown
    return shown if shown != host else ""


def _claimed(text: str, target: str) -> tuple[str, bool]:
    """(the host a text seems to name, whether it is the URL of another one)."""
    start = text[:2_000].lstrip(_OPENING)
    scheme = _SCHEME.match(start)
    if scheme and scheme[1].lower() in _WEB:
        # A reader takes what comes first for the host, whatever stands behind it.
        rest = re.split(r"[/\\?#\s@:>|]", start[scheme.end() :].lstrip("/\\"), maxsplit=1)[0]
        return _plain(_unquoted(rest)), "@" in _HOST_END.split(start[scheme.end() :].lstrip("/\\"), maxsplit=1)[0]
    if scheme and scheme[1].lower() == "mailto":
        start = start[scheme.end() :]
    if address := _BARE_ADDRESS.match(start):
        return _plain(address[1]), False
    start = start.translate(_DOTS)
    bare = _BARE.match(start)
    if bare is None:
        return "", False
    ending = bare[0].rpartition(".")[2].lower()
    if ending in _NO_DOMAINS or (ending in _FILES and bare[0].lower() in _unquoted(target).lower().partition("://")[2]):
        return "", False
    return _plain(bare[0]), False


def _same(claimed: str, host: str) -> bool:
    """Whether one host is the other, or below it: both are its owner's."""
    one, other = (_labels(each) for each in (claimed, host))
    return one == other or one.endswith(f".{other}") or other.endswith(f".{one}")


def _labels(host: str) -> str:
    host = host.removeprefix("www.")
    return ".".join(each if each.isascii() else _a_label(each) for each in host.split("."))


def noted(text: str, target: str) -> str:
    """What is told behind a link, "" when it is what it seems."""
    host = leads_to(text, target)
    return _NOTE.format(host) if host else ""


def honest(markdown: str) -> str:
    """A text, which chats read as Markdown whatever it was, with links that say where they lead.

    Of those that somebody wrote as Markdown into plain text: what no link may lead to (javascript:, data:) is none,
    and neither is what gets its target somewhere else. An image is a link to it: showing it would tell its server who
    reads, and when.
    """
    if "](" in markdown:
        markdown = "".join(_links_with_notes(markdown.replace("![", f"!{_BREAK}[")))
    if "]:" in markdown:
        markdown = _DEFINITION.sub(r"\1" + _BREAK, markdown)
    if "@" in markdown or not markdown.isascii():
        markdown = _URL.sub(_url_with_note, markdown)
    return markdown


def _links_with_notes(markdown: str) -> Iterator[str]:
    """The pieces of a text, each inline link with what is to be told of it."""
    open_: list[int] = []
    done = 0
    for mark in _MARKS.finditer(markdown):
        if mark[0] == "[":
            if len(open_) < _MAX_OPEN:
                open_.append(mark.end())
        elif mark[0][0] == "\n":
            open_.clear()
        elif mark[0][0] == "]" and open_:
            start = open_.pop()
            if mark[1] is None:
                continue
            yield markdown[done : mark.start() + 1]
            done = mark.start() + 1
            if _is_never(mark[1]):
                yield _BREAK
                continue
            yield markdown[done : mark.end()]
            done = mark.end()
            note = _note_of(markdown[start : min(mark.start(), start + 2_000)], mark[1].strip("<>"))
            yield "" if markdown.startswith(note, done) else note
    yield markdown[done:]


def _is_never(target: str) -> bool:
    """Whether the target is of a kind that is no link."""
    plain = "".join(entities.unescape(target[:300]).replace("\\", "").split()).lstrip("<").lower()
    return "".join(filter(str.isprintable, plain)).partition(":")[0] in _NEVER


def _note_of(text: str, target: str) -> str:
    """As noted(); a backslash in a target is one, or Markdown's, as who shows it likes."""
    text = _ESCAPED.sub(r"\1", text)
    return noted(text, target) or ("" if "\\" not in target else noted(text, _ESCAPED.sub(r"\1", target)))


def _url_with_note(url: re.Match[str]) -> str:
    """A bare URL that is not what it seems: one of which the host stands behind an @, or passes for another."""
    before = url.string[max(0, url.start() - 2) : url.start()]
    if before.endswith(("](", "[")) or before == "(<":
        return url[0]
    note = noted(url[0], url[0].rstrip(">"))
    return url[0] if not note or url.string.startswith(note, url.end()) else url[0] + note
