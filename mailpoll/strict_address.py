"""One address as somebody wrote it into a setting or a command line → what goes into an envelope and a header.

Strict, where reading the addresses of strangers (message/addresses.py) is lenient: what is not clear is refused with a
sentence, for mail that leaves must not go to somebody who was not meant.
"""

from __future__ import annotations

import ipaddress
import re

from mailpoll.model import NamedAddress

# RFC 5321 §4.5.3.1, in octets; the path is without its < and >.
MAX_LOCAL_PART = 64
MAX_DOMAIN = 255
MAX_PATH = 254

# RFC 2047 §2, as loosely as it is decoded by those who do.
ENCODED_WORD = re.compile(r"=\?[^?]*\?[bqBQ]\?")
_LETDIG = frozenset("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789")
_ATEXT = _LETDIG | frozenset("!#$%&'*+-/=?^_`{|}~")  # RFC 5322 §3.2.3
EXAMPLE = "gateway@example.com"
_SHOWN = 60


class _Unclear(ValueError):
    """A reason that an example explains."""


def parse(text: str, example: str = EXAMPLE) -> NamedAddress:
    """`user@example.com`, `Name <user@example.com>` or `"Name" <user@example.com>`, the domain in A-labels.

    Raises:
        ValueError: it is not exactly one address that can be written to; the text, which follows what the address is
            called, says why and what to write, like `example`.
    """
    try:
        return _parsed(text)
    except _Unclear as reason:
        raise ValueError(f"{reason}. Write for example {example}") from None


def problem(text: str, example: str = EXAMPLE) -> str | None:
    """What is wrong with an address that we write to or from, and what to write instead, like `example`; None when
    nothing is."""
    try:
        parse(text, example)
    except ValueError as wrong:
        return str(wrong)
    return None


def needs_smtputf8(address: str) -> bool:
    """Whether only servers that know SMTPUTF8 (RFC 6531) can take it: its local-part is not ASCII."""
    return not address.isascii()


def _parsed(text: str) -> NamedAddress:
    if any(character < " " or character == "\x7f" for character in text):
        raise _Unclear("holds control characters, which would begin another header line")
    if ENCODED_WORD.search(text):
        raise ValueError("holds an encoded word (=?…?=). Write its letters as they are")
    if not text.isprintable():
        raise _Unclear("holds invisible characters")
    name, address = _taken_apart(text.strip())
    local, at, domain = address.rpartition("@")
    if not at or not local or not domain:
        raise _Unclear("is no address")
    _check_local(local)
    path = f"{local}@{_domain(domain)}"
    if len(path.encode()) > MAX_PATH:
        raise ValueError(f"is longer than the {MAX_PATH} octets an address may have (RFC 5321 §4.5.3.1.3)")
    return NamedAddress(name, path)


def _taken_apart(text: str) -> tuple[str, str]:
    if not text.endswith(">"):
        return "", text
    name, angle, address = text[:-1].rpartition("<")
    name = name.strip()
    if not angle or ">" in name or "<" in name:
        raise _Unclear("is no address")
    quoted = len(name) > 1 and name[0] == name[-1] == '"'
    if not quoted and "@" in name:
        raise _Unclear("holds more than one address")
    return (name[1:-1].replace('\\"', '"').replace("\\\\", "\\") if quoted else name), address.strip()


def _check_local(local: str) -> None:
    if len(local.encode()) > MAX_LOCAL_PART:
        raise ValueError(f"has more than {MAX_LOCAL_PART} octets before the @ (RFC 5321 §4.5.3.1.1)")
    if len(local) > 2 and local[0] == local[-1] == '"' and '"' not in local[1:-1] and "\\" not in local:
        return  # quoted-string
    if "," in local or ";" in local or "@" in local:
        raise _Unclear("holds more than one address")
    if any(character.isascii() and character not in _ATEXT for character in local.replace(".", "")):
        raise _Unclear("holds a character that no address has before the @")
    if local[0] == "." or local[-1] == "." or ".." in local:
        raise _Unclear("has a dot too many before the @")


def _domain(domain: str) -> str:
    """The domain as SMTP carries it: lower-case A-labels, or an address literal as it is."""
    if domain[0] == "[" and domain[-1] == "]":
        written = domain[1:-1]
        try:  # RFC 5321 §4.1.3
            if written.startswith("IPv6:") and "%" not in written:
                ipaddress.IPv6Address(written.removeprefix("IPv6:"))
            else:
                ipaddress.IPv4Address(written)
        except ValueError:
            wrong = f"holds {_shown(domain)}, which is no address literal"
            raise ValueError(f"{wrong}. Write [192.0.2.1] or [IPv6:2001:db8::1]") from None
        return domain
    folded = domain if domain.isascii() else a_labels(domain)
    labels = folded.lower().split(".")
    if any(not label or len(label) > 63 or label[0] == "-" or label[-1] == "-" for label in labels):
        raise _Unclear(f"holds {_shown(domain)}, which is no domain")
    if len(folded) > MAX_DOMAIN or not _LETDIG.union("-_").issuperset("".join(labels)):
        raise _Unclear(f"holds {_shown(domain)}, which is no domain")
    return ".".join(labels)


def a_labels(domain: str) -> str:
    """An internationalised domain in A-labels, by IDNA 2008 (RFC 5891), for which `straße` is not `strasse`.

    Raises ValueError for what is no domain there, an emoji for one.
    """
    import idna  # takes longer than all the rest, and few need it

    try:
        return idna.encode(domain, uts46=True).decode("ascii")
    except UnicodeError:  # IDNAError is one
        wrong = f"holds {_shown(domain)}, which is no internationalised domain (IDNA 2008)"
        raise ValueError(f"{wrong}. Write its xn-- form") from None


def _shown(domain: str) -> str:
    return domain if len(domain) <= _SHOWN else f"{domain[: _SHOWN - 1]}…"
