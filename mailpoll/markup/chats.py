"""Markdown → what Zulip, Slack, Discord and places that read no markup show the same way."""

from __future__ import annotations

import re
from collections.abc import Iterator

from mailpoll.markup import typed
from mailpoll.markup.inline import Piece, pieces, words
from mailpoll.markup.lines import Line, cells, lines
from mailpoll.markup.stand_ins import CLOSES, OPENS, PARTS
from mailpoll.reply.honest import honest

_REFERENCES = str.maketrans({"&": "&amp;", "<": "&lt;", ">": "&gt;"})
_IN_URL = str.maketrans({"<": "%3C", ">": "%3E", "|": "%7C", '"': "%22", "`": "%60", "&": "&amp;"})
_IN_MASK = str.maketrans({"<": "%3C", ">": "%3E"})
_LOOKS_LIKE_LINK = re.compile(r"https?:|www\.|discord\.gg|[\w-]{1,63}\.[a-z]{2,24}/", re.IGNORECASE)
_SLACK_MARKS = {"strong": "*", "em": "_", "strike": "~"}
_DISCORD_MARKS = _ZULIP_MARKS = {"strong": "**", "em": "*", "strike": "~~"}
_BRACKETS = str.maketrans({"[": "(", "]": ")"})
_PAIRED, _BRACKETED = re.compile(r"\([^()]*\)"), re.compile(r"\[[^\[\]]*\]")
_PARENTHESES = str.maketrans({"(": "%28", ")": "%29"})
_HASHES = re.compile(r" {0,3}#{1,6}(?=\s)")
_RULE = "———"


def _without_tables(markdown: str) -> Iterator[Line]:
    """The lines for who knows no tables: a row is a text, with bars between its cells."""
    for line in lines(markdown):
        if line.kind == "row":
            yield Line("text", 0, 0, "", " | ".join(cells(line.text)))
        elif line.kind != "delimiter":
            yield line


def to_zulip(markdown: str) -> str:
    """Zulip's Markdown, which has no escapes: a backslash would be shown, and be part of where a link leads. Links are
    looked at once more: what was escaped is none only for others."""
    return honest("\n".join(_zulip_line(line) for line in lines(markdown)))


def _zulip_line(line: Line) -> str:
    if line.kind in ("fence", "code"):
        return (line.mark if line.kind == "fence" else "") + line.text
    quote = "> " * line.depth
    if line.kind == "blank":
        return quote.rstrip()
    if line.kind == "delimiter":
        return line.text
    if line.kind == "row":  # it knows no escape for what parts cells
        shown = ("".join(map(_zulip_piece, pieces(cell))).replace("|", "¦") for cell in cells(line.text))
        return f"| {' | '.join(shown)} |"
    if line.kind == "rule":
        return quote + "---"
    said = "".join(map(_zulip_piece, pieces(line.text)))
    if line.kind == "heading":
        return f"{quote}{line.mark} {said}"
    return f"{quote}{' ' * line.indent}{line.mark} {said}" if line.kind == "item" else quote + no_heading(said)


def no_heading(line: str) -> str:
    """A line for Zulip that is no heading there: it knows no escapes, but wants a blank behind the hashes."""
    return _HASHES.sub("\\g<0>\u200b", line, count=1)


def zulip_text(text: str) -> str:
    """Text as it was typed, where a line that begins with hashes is no heading: a comment of a shell, for example."""
    if "#" not in text:
        return text
    whole = text.split("\n")
    return "\n".join(
        no_heading(line) if read.kind == "heading" and not read.depth else line
        for line, read in zip(whole, lines(text), strict=True)
    )


def _zulip_piece(piece: Piece) -> str:
    if piece.kind in ("open", "close"):
        return _ZULIP_MARKS[piece.text]
    if piece.kind == "code":
        return _in_ticks(piece.text)
    if piece.kind != "link" or piece.text == piece.url:
        return piece.url or piece.text
    url = piece.url.translate(_IN_MASK)
    if {"(", ")"} & set(_PAIRED.sub("", url)):
        url = url.translate(_PARENTHESES)
    plain = "](" not in piece.text and not {"[", "]"} & set(_BRACKETED.sub("", piece.text))
    return f"[{piece.text if plain else piece.text.translate(_BRACKETS)}]({url})"


def _in_ticks(code: str) -> str:
    """Code on one line, in more backticks than it has in turn."""
    if "`" not in code:
        return f"`{code}`"
    ticks = "`" * (1 + max(map(len, re.findall("`+", code))))
    return f"{ticks} {code} {ticks}" if code[0] == "`" or code[-1] == "`" else f"{ticks}{code}{ticks}"


def to_slack(markdown: str) -> str:
    """Slack's mrkdwn. Slack knows no escape for its marks and takes one for a mark at the edge of a word only: those
    inside of words are left out."""
    return "\n".join(_slack_line(line) for line in _without_tables(markdown))


def slack_text(text: str) -> str:
    """Text with the three characters that Slack reads as references: once, since Slack undoes one."""
    return text.translate(_REFERENCES)


def slack_link(url: str, label: str) -> str:
    """A link, with stand-ins for its marks."""
    shown = "" if label == url else PARTS + slack_text(label).replace("|", "¦")
    return OPENS + url.translate(_IN_URL) + shown + CLOSES


def _slack_line(line: Line) -> str:
    if line.kind in ("fence", "code"):
        return "```" if line.kind == "fence" else slack_text(line.text)
    quote = ">" + " &gt;" * (line.depth - 1) + " " if line.depth else ""
    if line.kind == "blank":
        return quote.rstrip()
    if line.kind == "rule":
        return quote + _RULE
    of = pieces(line.text)
    if line.kind == "heading":
        of = [Piece("open", "strong"), *(p for p in of if p.text != "strong" or p.kind == "text"),
              Piece("close", "strong")]  # fmt: skip
    said = _slack_pieces(of)
    if line.kind == "item":
        return f"{quote}{' ' * line.indent}{'•' if len(line.mark) == 1 else line.mark} {said}"
    return quote + said


def _slack_pieces(of: list[Piece]) -> str:
    out: list[str] = []
    left_out: list[bool] = []
    for number, piece in enumerate(of):
        if piece.kind == "open":
            left_out.append((out != [] and out[-1][-1:].isalnum()) or not _closes_at_edge(of, number))
            out.append("" if left_out[-1] else _SLACK_MARKS[piece.text])
        elif piece.kind == "close":
            out.append("" if left_out and left_out.pop() else _SLACK_MARKS[piece.text])
        elif piece.kind == "code":
            code = slack_text(piece.text).replace("`", "ˋ")
            out.append(f"`{code}`" if code.strip() else code)
        elif piece.kind in ("url", "link"):
            out.append(slack_link(piece.url or piece.text, piece.text))
        else:
            out.append(slack_text(piece.text))
    return "".join(out)


def _closes_at_edge(of: list[Piece], opening: int) -> bool:
    """Whether behind what is opened at `opening` no letter follows. Pairs do not cross, and are few deep."""
    depth = 0
    for number in range(opening, min(len(of), opening + 50)):
        depth += {"open": 1, "close": -1}.get(of[number].kind, 0)
        if depth == 0:
            following = next((p for p in of[number + 1 : number + 4] if p.kind not in ("open", "close")), None)
            return following is None or not following.text[:1].isalnum()
    return True


def to_discord(markdown: str) -> str:
    """Discord's Markdown: headings of three sizes, no quotes in quotes, links only with words that look like none."""
    return "\n".join(_discord_line(line) for line in _without_tables(markdown))


def _discord_line(line: Line) -> str:
    if line.kind in ("fence", "code"):
        return "```" + line.text if line.kind == "fence" else line.text.replace("```", "`\u200b``")
    quote = "> " + "\\> " * (line.depth - 1) if line.depth else ""
    if line.kind == "blank":
        return quote.rstrip(" ") + " " if quote else ""
    if line.kind == "rule":
        return quote + _RULE
    of = pieces(line.text)
    if line.kind == "heading":
        if len(line.mark) <= 3 and not line.depth:
            return f"{line.mark} {_discord_pieces(of)}"
        inner = _discord_pieces([p for p in of if p.text != "strong" or p.kind == "text"])
        return f"{quote}**{inner}**"
    said = _discord_pieces(of)
    if line.kind == "item":
        return f"{quote}{' ' * line.indent}{'-' if len(line.mark) == 1 else line.mark} {said}"
    return quote + (typed.start(said, "discord") if of and of[0].kind == "text" else said)


def _discord_pieces(of: list[Piece]) -> str:
    out: list[str] = []
    for piece in of:
        if piece.kind in ("open", "close"):
            out.append(_DISCORD_MARKS[piece.text])
        elif piece.kind == "code":
            out.append(_in_ticks(piece.text))
        elif piece.kind == "link":
            out.append(_masked(piece))
        else:
            out.append(piece.text if piece.kind == "url" else typed.in_line(piece.text, "discord"))
    return "".join(out)


def _masked(link: Piece) -> str:
    """A link with words of its own, which Discord shows only where they do not look like a link themselves."""
    url = link.url.translate(_IN_MASK)
    if link.text == link.url:
        return url
    if not url.lower().startswith("http"):
        return f"{typed.in_line(link.text, 'discord')} ({url})"
    if _LOOKS_LIKE_LINK.search(link.text) or "[" in link.text or "]" in link.text:
        return f"{typed.in_line(link.text, 'discord')} (<{url}>)"
    return f"[{typed.in_line(link.text, 'discord')}](<{url}>)"


def to_plain(markdown: str) -> str:
    """Text for places that read no markup: the words, and behind them where links lead."""
    return "\n".join(_plain_line(line) for line in _without_tables(markdown) if line.kind != "fence")


def _plain_line(line: Line) -> str:
    if line.kind == "code":
        return line.text
    quote = "> " * line.depth
    if line.kind == "rule":
        return quote + _RULE
    said = "".join(_plain_piece(piece) for piece in pieces(line.text))
    if line.kind == "item":
        return f"{quote}{' ' * line.indent}{line.mark} {said}"
    return (quote + said).rstrip()


def _plain_piece(piece: Piece) -> str:
    if piece.kind == "link":
        url = piece.url.removeprefix("mailto:")
        return piece.text if piece.text in (url, piece.url) else f"{piece.text} ({url})"
    return words([piece])


# By dialect; for the others Markdown is what they take.
FROM_MARKDOWN = {
    "zulip": to_zulip,
    "commonmark": typed.without_underscores,
    "mattermost": typed.without_underscores,
    "slack": to_slack,
    "discord": to_discord,
    "plain": to_plain,
}
