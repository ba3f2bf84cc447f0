"""What the receiving server found out about a mail's sender: Authentication-Results (RFC 8601), judged."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from mailpoll.model import Method
from mailpoll.policy.senders import at_or_below, comparable

_NAMES: dict[Method, str] = {"dmarc": "DMARC", "dkim": "DKIM", "spf": "SPF"}
# In characters: what mail servers pass on as a header (Postfix's header_size_limit).
MAX_VALUE = 102_400
_SHOWN = 60

# Those of ASCII only: the server that looks for forged fields of its own name takes others for a part of the name.
_BLANKS = re.compile(r"\s++", re.ASCII)
# RFC 2045's token and more: servers write `smtp.bits=256/256`, IPv6 addresses and base64 without quotes.
_TOKEN = re.compile(r'[^\s;()"=\\]++', re.ASCII)
_QUOTED = re.compile(r'"([^"\\]*(?:\\.[^"\\]*)*)"', re.DOTALL)
_ESCAPED = re.compile(r"\\(.)", re.DOTALL)
_DOMAIN = re.compile(r"[a-z0-9_-]++(?:\.[a-z0-9_-]++)*")
_COMMENT_MARK = re.compile(r"[()]|\\.", re.DOTALL)


def shortfall(value: str | None, authserv_ids: Sequence[str], require: Sequence[Method], sender_domain: str) -> str:
    """Which of the methods in `require` did not pass, as a clause for people; "" when all of them did.

    `value` is the raw value of the topmost Authentication-Results field, None when the mail has none: what stands
    further down may have come with the mail. It counts when its authserv-id (RFC 8601 §2.5) is one of
    `authserv_ids`; `*.example.com` is any host below that domain (Fastmail and Yahoo name the host that took the
    mail), "" stands for a field without any, as Microsoft 365 writes it. Text in comments and `reason=` says nothing.

    dmarc: every result is `pass`, and for the sender's domain. dkim: one `pass` whose signer (header.d, else the
    domain of header.i) is aligned with it; spf: likewise with smtp.mailfrom, or with smtp.helo when that is empty.
    Aligned is the same domain, or one below the other at a dot. Without a list of public suffixes (RFC 7489 §3.2)
    that is stricter than DMARC with siblings, news.example.com for mail.example.com, and laxer where strangers share
    a parent: co.uk could sign for all below it, and they for senders at co.uk itself. A domain without any dot is
    aligned with itself only.
    """
    if not require:
        return ""
    if not authserv_ids:
        return "no authserv_id is configured, so that nothing the mail says about its sender counts"
    ours = " or ".join(dict.fromkeys(id_ for id_ in authserv_ids if id_))
    if value is None:
        return f"the mail has no Authentication-Results{f' of {ours}' if ours else ''}"
    field = _read(value) if len(value) <= MAX_VALUE else None
    if field is None:
        return "the topmost Authentication-Results cannot be read"
    if not is_among(field.authserv_id, authserv_ids):
        return f"the topmost Authentication-Results is {_by(field.authserv_id)}, not {_by(ours)}"
    domain = comparable(sender_domain)
    clauses = (_failing(method, field.of(method), domain) for method in dict.fromkeys(require))
    return "; ".join(clause for clause in clauses if clause)


def server_of(value: str) -> str:
    """The authserv-id that a raw field begins with; "" where it has none, or cannot be read."""
    field = _read(value) if len(value) <= MAX_VALUE else None
    return "" if field is None else field.authserv_id


def is_among(authserv_id: str, authserv_ids: Sequence[str]) -> bool:
    """Whether an authserv-id is one of the configured ones, as shortfall() takes them."""
    return any(_is_of(authserv_id, wanted) for wanted in authserv_ids)


def _by(authserv_id: str) -> str:
    return f"of {_shown(authserv_id)}" if authserv_id else "without an authserv-id"


def _shown(text: str) -> str:
    """Text of a mail inside a sentence: printable, and short."""
    cut = text if len(text) <= _SHOWN else f"{text[: _SHOWN - 1]}…"
    return "".join(character if character.isprintable() else "�" for character in cut)


def _is_of(authserv_id: str, wanted: str) -> bool:
    name, host = _letter_by_letter(authserv_id), comparable(wanted.removeprefix("*."))
    return name != host and at_or_below(name, host) if wanted.startswith("*.") else name == host


def _letter_by_letter(authserv_id: str) -> str:
    """The lower-case A-labels of a name, none of its letters taken for another: a server takes away only what bears its
    very name, and would leave one in full-width letters, or with a soft hyphen in it."""
    labels = authserv_id.lower().split(".")
    return ".".join(each if each.isascii() else "xn--" + each.encode("punycode").decode("ascii") for each in labels)


@dataclass(frozen=True, slots=True)
class _Result:
    """One resinfo: method and result lower-case ("" when it cannot be read), its properties, the first of a name."""

    method: str
    result: str
    properties: dict[str, str]

    def domain(self, *names: str) -> str:
        """The domain of the first of these properties that has one, comparable."""
        for name in names:
            domain = comparable(self.properties.get(name, "").rpartition("@")[2])
            if domain and domain != "<>":
                return domain if _DOMAIN.fullmatch(domain) else ""
        return ""


@dataclass(frozen=True, slots=True)
class _Field:
    authserv_id: str
    results: tuple[_Result, ...]

    def of(self, method: str) -> tuple[_Result, ...]:
        """The results of a method."""
        return tuple(result for result in self.results if result.method == method)


def _failing(method: Method, results: Sequence[_Result], domain: str) -> str:
    """Why a method did not pass for the sender's domain, as a clause; "" when it did."""
    name = _NAMES[method]
    if not domain:
        return f"{name} did not pass: the sender has no domain"
    if not results:
        return f"{name} did not pass: the server did not check it"
    passed = [result for result in results if result.result == "pass"]
    others = [_shown(result.result) or "unreadable" for result in results if result.result != "pass"]
    if not passed or (method == "dmarc" and others):
        found = dict.fromkeys(["pass"] * bool(passed) + others)
        return f"{name} did not pass: {', '.join(list(found)[:5])}"
    domains = [_passed_for(method, result) for result in passed]
    if method == "dmarc":
        wrong = [each for each in domains if each not in ("", domain)]
    else:
        wrong = [] if any(_aligned(each, domain) for each in domains) else domains
    if not wrong:
        return ""
    return f"{name} passed for {_shown(wrong[0]) or 'no domain'}, not for {_shown(domain)}"


def _passed_for(method: Method, result: _Result) -> str:
    if method == "dmarc":  # what is there and no domain is another's, too
        return result.domain("header.from") or result.properties.get("header.from", "")
    return result.domain("header.d", "header.i") if method == "dkim" else result.domain("smtp.mailfrom", "smtp.helo")


def _aligned(one: str, other: str) -> bool:
    if one == other:
        return bool(one)
    shorter = min(one, other, key=len)
    return "." in shorter and (at_or_below(one, other) or at_or_below(other, one))


@dataclass(slots=True)
class _Word:
    """What stands between blanks and comments, in pieces: a name, or `name=value`; no value is None."""

    pieces: list[str]
    values: list[str] | None = None
    quoted: bool = False

    @property
    def name(self) -> str:
        """What stands before the first `=`."""
        return "".join(self.pieces)

    @property
    def value(self) -> str | None:
        """What stands behind it; None when nothing does."""
        return "".join(self.values) if self.values else None


def _read(value: str) -> _Field | None:
    """The field taken apart; None when a comment or a quote never ends, or its start is not as RFC 8601 §2.2 says.

    A result that cannot be read keeps its method, so that it does not pass, and does not hide either.
    """
    segments: list[list[_Word]] = [[]]
    stuck = False
    for kind, text in _tokens(value):
        if kind == "broken":
            return None
        if kind == ";":
            segments.append([])
            stuck = False
        else:
            stuck = _take(segments[-1], kind, text, stuck)
    first = segments[0]
    if first and first[0].values is not None:  # Microsoft 365: a result stands where the authserv-id should
        return _Field("", _results(segments))
    if not first or len(first) > 2 or any(word.values is not None for word in first):
        return None
    if first[1:] and first[1].name != "1":  # authres-version
        return None
    return _Field(first[0].name, _results(segments[1:])) if first[0].name else None


def _take(words: list[_Word], kind: str, text: str, stuck: bool) -> bool:
    """Adds a token to the words of a result; whether what comes next belongs to the last of them."""
    last = words[-1] if words else None
    if kind == "blank":
        return last is not None and last.values == []
    if kind == "=" and last is not None and last.values is None:
        last.values = []
    elif stuck and last is not None:
        (last.pieces if last.values is None else last.values).append(text)
        last.quoted = last.quoted or kind == "quoted"
    else:
        words.append(_Word([text], quoted=kind == "quoted"))
    return True


def _tokens(value: str) -> Iterator[tuple[str, str]]:
    """(kind, text) of each token; kinds: blank (comments too, which nest), text, quoted, `=`, `;`, and broken, the
    last one, where a comment or quote never ends."""
    at = 0
    while at < len(value):
        if blanks := _BLANKS.match(value, at):
            at = blanks.end()
            yield "blank", ""
        elif token := _TOKEN.match(value, at):
            at = token.end()
            yield "text", token[0]
        elif quoted := _QUOTED.match(value, at):
            at = quoted.end()
            yield "quoted", _ESCAPED.sub(r"\1", quoted[1])
        elif value[at] in ";=":
            at += 1
            yield value[at - 1], value[at - 1]
        elif value[at] == "(" and (end := _comment_end(value, at)) != -1:
            at = end
            yield "blank", ""
        else:
            yield "broken", ""
            return


def _comment_end(value: str, at: int) -> int:
    """The offset behind the comment that opens at `at`, or -1 when it never closes."""
    depth = 0
    for mark in _COMMENT_MARK.finditer(value, at):
        depth += {"(": 1, ")": -1}.get(mark[0], 0)
        if depth == 0:
            return mark.end()
    return -1


def _results(segments: Sequence[Sequence[_Word]]) -> tuple[_Result, ...]:
    return tuple(_result(words) for words in segments if words)


def _result(words: Sequence[_Word]) -> _Result:
    """One result (RFC 8601 §2.2, resinfo), lenient with properties: Microsoft writes `action=none` without a type."""
    first = words[0]
    method, _, version = first.name.lower().partition("/")
    properties: dict[str, str] = {}
    readable = not first.quoted and version in ("", "1")
    for word in words[1:]:
        value = word.value
        # Two values for one name, or a word that is none: something that the sender chose was not quoted.
        readable = readable and value is not None and properties.setdefault(word.name.lower(), value) == value
    return _Result(method, (first.value or "").lower() if readable else "", properties)
