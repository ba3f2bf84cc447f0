"""Hides secrets in all that leaves the process: the secrets themselves, and every form in which they are sent.

What was looked up, or stands in the configuration, is registered by know(); hide() masks it in log records, errors,
tracebacks, conversations and all that is printed. A Mask hides pieces of secrets too, in what one server says.

What is masked everywhere must be a secret by where it stood, or look like one, because hide() sees nothing but text,
and a word that is masked in a sentence of ours tells more than it hides:

- A password, key or token is masked whatever it looks like; up to twelve characters, where it stands alone. One that
  is a word of our own sentences ("wrong", "token", "localhost") is masked where a value stands: in quotes, after = or
  :, before @. A gap in a sentence that everybody can read in our source would give it away.
- A URL that is a secret as a whole is masked as a whole; a password in any URL is one.
- Of the other parts of a URL those are masked that look random: long enough, with digits, capitals inside, or longer
  than words are. In a URL of Apprise's a token may stand where others have a host (pover://user@token). It is a host,
  and no secret, when it is localhost, an IP address, a name with dots that ends in letters, or stands between a
  password and a path (user:password@host) or before the number of a port.
- Parts that look like words may be secret to one service (the topic of ntfy://topic). They are masked by a Mask, in
  what that service and its library say, and nowhere else.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

HIDDEN = "***"
# A server that repeats a command may cut it short, or break it over lines: any so many characters of a form are hidden.
_PIECE = 6
_SHORTEST_CORE = 4
# A shorter secret is worth nothing, and hiding it would hide the numbers and words of every sentence.
_SHORTEST = 4
# What is no longer is hidden only where it stands alone, in its own case: a password may be a part of words.
_LONG = 12
# Parts of a URL: too short for the key of a web hook, or of a service that people are known to by six digits; too long
# for a word.
_SHORTEST_PART, _SHORTEST_KEY, _LONGEST_WORD = 8, 6, 24
_PARTS = re.compile(r"[/:@?&=,#\s]+")
_HOST = re.compile(r"localhost|\d{1,3}(?:\.\d{1,3}){3}|[a-z0-9-]{1,63}(?:\.[a-z0-9-]{1,63})*\.[a-z]{2,24}")
_PORT = re.compile(r"\d{1,5}")
# Words of our sentences and of the JSON of our commands that people take for passwords, or try things out with.
_OURS = frozenset(
    """access account address admin alert alerts apprise channel check code command config correct credential database
    default delivered demo destination disabled discord domain error example expired failed false fetch file folder
    forward gateway general hello hook host http https imap inbox incoming invalid json kind known local localhost
    login mail mailpoll main matrix mattermost message missing name nobody none nothing ntfy null password place plain
    policy port post posted posts private provider public refused revoked right room root secret send sender server
    service setting settings site slack smtp start state status store subject support system team test text token
    topic true unknown user username webhook whole wrong zulip""".split()  # noqa: SIM905
)

_known: dict[str, None] = {}
_pattern: tuple[int, re.Pattern[str]] | None = None  # made of so many; accounts look theirs up in threads


def know(*secrets: str) -> None:
    """From now on hide() masks these, and what is made of them to be sent. Costs next to nothing until it is asked."""
    _known.update(dict.fromkeys(secret for secret in secrets if len(secret) >= _SHORTEST))


def know_url(url: str, *, path_too: bool = True) -> None:
    """As know(), of what may be a key in a URL: its password, and of web hooks those parts of path and query that are
    no words."""
    know(*keys_of_url(url, path_too=path_too))


def keys_of_url(url: str, *, path_too: bool = True) -> tuple[str, ...]:
    """What may be a key in a URL, as know_url() says."""
    authority, _, tail = url.partition("://")[2].partition("#")[0].partition("/")
    user, _, _ = authority.rpartition("@")
    path, _, query = tail.partition("?")
    parts = [*path.split("/"), *(pair.rpartition("=")[2] for pair in query.split("&"))]
    found = (user.partition(":")[2], *(part for part in parts if path_too and _is_key(part)))
    return tuple(filter(None, found))


def keys_of_service(url: str) -> tuple[str, ...]:
    """What may be a key in a URL of Apprise's, in whose parts keys, hosts, rooms and people stand anywhere."""
    from urllib.parse import unquote  # every run imports this module, few have such a URL

    password = _authority(url).rpartition("@")[0].partition(":")[2]
    found = (password, unquote(password), *(part for part in parts_of_service(url) if _is_key(part, _SHORTEST_KEY)))
    return tuple(dict.fromkeys(filter(None, found)))


def parts_of_service(url: str) -> tuple[str, ...]:
    """All parts of a URL of Apprise's but hosts and what is too short, words among them: for a Mask."""
    from urllib.parse import unquote

    user, _, place = _authority(url).rpartition("@")
    host, colon, port = place.rpartition(":")
    if not (colon and _PORT.fullmatch(port)):
        host = place if ":" in user else ""
    parts = (part for part in _PARTS.split(url.partition("://")[2]) if part != host)
    found = (form for part in parts for form in (part, unquote(part)))
    return tuple(dict.fromkeys(form for form in found if len(form) >= _SHORTEST and not _HOST.fullmatch(form)))


def _authority(url: str) -> str:
    """What stands between scheme and path."""
    return url.partition("://")[2].partition("/")[0].partition("?")[0]


def _is_key(part: str, shortest: int = _SHORTEST_PART) -> bool:
    """Whether a part of a URL is random rather than a word, which would be hidden in every sentence."""
    capital_inside = part[1:] != part[1:].lower() and part != part.upper()
    return len(part) >= shortest and (len(part) >= _LONGEST_WORD or capital_inside or any(map(str.isdigit, part)))


def hide(text: str) -> str:
    """`text` with every known secret, and every form of one, as ***."""
    global _pattern
    if not _known:
        return text
    secrets = list(_known)
    pattern = _pattern
    if pattern is None or pattern[0] != len(secrets):
        forms = sorted({form for secret in secrets for form in _whole_forms(secret)}, key=len, reverse=True)
        pattern = _pattern = len(secrets), re.compile("(?:" + "|".join(map(_alone, forms)) + ")=*")
    return pattern[1].sub(HIDDEN, text)


def forget() -> None:
    """Knows nothing any more; for tests, which live longer than a command."""
    global _pattern
    _known.clear()
    _pattern = None


def _alone(form: str) -> str:
    escaped = re.escape(form)
    if form.lower() in _OURS:
        quoted = "|".join(f"(?<={mark}){escaped}(?={mark})" for mark in ("'", "`"))
        # In quotes and before a colon it is a key of JSON.
        return rf'(?:(?<=[=:]){escaped}(?![^\W_])|(?<![^\W_]){escaped}(?=@)|(?<="){escaped}(?="(?!\s*:))|{quoted})'
    return f"(?i:{escaped})" if len(form) > _LONG else rf"(?<![^\W_]){escaped}(?![^\W_])"


def _whole_forms(secret: str) -> Iterator[str]:
    """The forms of a secret that are worth hiding in any text."""
    return (form.rstrip("=") for form in _forms(secret) if len(form.rstrip("=")) >= _SHORTEST)


class Mask:
    """Knows what must not be seen. `also()` adds what was sent on behalf of a secret, a line of base64 for one."""

    def __init__(self, *secrets: str) -> None:
        self._short: set[str] = set()
        self._pieces: set[str] = set()
        for secret in filter(None, secrets):
            for form in _forms(secret):
                self._know(form)

    def also(self, form: str) -> None:
        """From now on, this is hidden too; what is too short to hold a secret of any worth (AQ==) is not."""
        if len(form.rstrip("=")) >= _PIECE:
            self._know(form)

    def hide(self, text: str) -> str:
        """`text` with every form of a secret, and every longer piece of one, as ***; upper and lower case are one, for
        servers that repeat commands in capitals."""
        lower = _lower(text)
        hidden = bytearray(len(text))
        for start in range(len(text) - _PIECE + 1):
            if lower[start : start + _PIECE] in self._pieces:
                hidden[start : start + _PIECE] = b"\1" * _PIECE
        for form in self._short:
            for found in re.finditer(re.escape(form), lower):
                hidden[found.start() : found.end()] = b"\1" * len(form)
        return "".join(_shown(text, hidden))

    def _know(self, form: str) -> None:
        form = _lower(form.rstrip("="))
        if len(form) < _PIECE:
            self._short.add(form)
        self._pieces |= {form[start : start + _PIECE] for start in range(len(form) - _PIECE + 1)}


def _forms(secret: str) -> Iterator[str]:
    """The secret as it is, in an address of the web, in JSON, in hex, and in base64: alone, or wherever it stands in
    what is encoded."""
    import base64  # not before something is to be hidden: a run that finds nothing to do looks up secrets too
    import json
    from urllib.parse import quote, quote_plus

    octets = secret.encode()
    yield from (secret, quote(secret), quote(secret, safe=""), quote_plus(secret), octets.hex())
    yield from (json.dumps(secret)[1:-1], json.dumps(secret, ensure_ascii=False)[1:-1], repr(octets)[2:-1])
    for encode in (base64.b64encode, base64.urlsafe_b64encode):
        yield encode(octets).decode()
        for before in (1, 2):
            # What depends on the secret alone: whole groups of six bits.
            first, last = -(-before * 8 // 6), (before + len(octets)) * 8 // 6
            if last - first >= _SHORTEST_CORE:
                yield encode(b"\0" * before + octets).decode()[first:last]


def _lower(text: str) -> str:
    """`text` in lower case, of the same length: İ has two characters there."""
    lower = text.lower()
    return lower if len(lower) == len(text) else "".join(c.lower() if len(c.lower()) == 1 else c for c in text)


def _shown(text: str, hidden: bytearray) -> Iterator[str]:
    end = 0
    for run in re.finditer(rb"\x01+", hidden):
        yield text[end : run.start()] + HIDDEN
        end = run.end()
        while text[end : end + 1] == "=":  # the padding of base64
            end += 1
    yield text[end:]
