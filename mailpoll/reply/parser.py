"""The email-reply-parser library behind a guard: it is cubic on prose, fails on some names and knows English only."""

from __future__ import annotations

from mailpoll.model import Cut

# Its cost grows with the square of the places that say "On", in words too, and with the text behind them: 19 KB of
# prose took 8 s, 10 KB of "On On On" three minutes.
MAX_TEXT = 100_000
MAX_ON = 50


def cut_with_parser(text: str) -> tuple[str, tuple[Cut, ...]] | None:
    """(new text, cuts) as that library sees them; None where it must not or cannot be asked."""
    if len(text) > MAX_TEXT or "\\" in text:
        return None
    collapsed = _collapsed(text)
    if collapsed.count("On") > MAX_ON:
        return None
    import email_reply_parser  # only when chosen: no other run pays for it

    try:
        found = str(email_reply_parser.EmailReplyParser.parse_reply(collapsed))
    except Exception:  # re.error, IndexError: its patterns are built from the mail
        return None
    return (found, ()) if found.strip() else None


def _collapsed(text: str) -> str:
    """The text with runs of blanks, blank lines and rules shortened, on which its patterns backtrack."""
    lines: list[str] = []
    for line in text.replace("\r\n", "\n").replace("\r", "\n").split("\n"):
        short = line.rstrip()[:1000]
        if short or (lines and lines[-1]):
            lines.append(short[:80] if short and not short.strip("-_=* ") else short)
    return "\n".join(lines)
