"""What may stand in a list of senders, whether typed or configured; without imports, since each run reads it."""

from __future__ import annotations

EXAMPLES = "jane@example.com, *@example.com or example.com"
MAX_ENTRY = 320  # RFC 3696 §3, with its erratum room to spare: an address has at most 254 octets
_GLOBS = frozenset("*?")
_SEPARATORS = frozenset(',;<>()"\\')


def entry_problem(text: str) -> str:
    """Why a text cannot be an entry of a list of senders, as a clause that follows it; "" when it can."""
    local, at, domain = text.rpartition("@")
    if not text or len(text) > MAX_ENTRY:
        return f"is empty, or longer than {MAX_ENTRY} characters"
    if not text.isprintable() or any(map(str.isspace, text)) or _SEPARATORS.intersection(text):
        return "holds blanks, or characters that no plain address has: write one address or domain per entry"
    if "@" in local:
        return "holds more than one @"
    if not any(character.isalnum() for character in text):
        return "names everybody: leave the list empty instead" if _GLOBS.intersection(text) else "names nobody"
    return _domain_problem(domain, bool(at and local))


def _domain_problem(domain: str, after_local: bool) -> str:
    if domain == "*" and after_local:
        return ""
    if domain.startswith("[") and domain.endswith("]") and after_local:
        return "" if domain[1:-1].replace(".", "").replace(":", "").isalnum() else "ends with no address literal"
    labels = domain.removeprefix("*.").rstrip(".").split(".")
    if not all(labels):
        return "has no domain, or one with a dot too many"
    if not any(character.isalnum() for character in "".join(labels)):
        return "names no domain"
    for label in labels:
        if not all(character.isalnum() or character in "-_*?\u200c\u200d" for character in label) or len(label) > 63:
            return f"holds {label[:20]!r}, which is no part of a domain"
        if not label.isascii() and _GLOBS.intersection(label):
            return f"holds {label[:20]!r}: * and ? stand for characters of the domain's xn-- form only"
    return ""
