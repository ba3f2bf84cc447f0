"""Labelled lines → the lines a person wrote, and the quoted mail that was among them."""

from __future__ import annotations

from dataclasses import dataclass, field

from mailpoll.model import Cut, CutKind
from mailpoll.reply.lines import Line, attribution, header_block, is_link_only, is_rule, separator

# A quoted line at least this long was probably wrapped, and what stands alone under it is its end.
WRAPPED_FROM = 55


@dataclass
class Sorted:
    """Lines on their way to the post: kept ones, and cuts; `forward` says that the rest is a mail passed on."""

    kept: list[Line] = field(default_factory=list)
    cuts: list[Cut] = field(default_factory=list)
    forward: bool = False
    said_something: bool = False

    def keep(self, lines: list[Line]) -> None:
        """Notes lines for the post."""
        self.kept += lines
        self.said_something = self.said_something or any(not line.blank for line in lines)

    def cut(self, kind: CutKind, lines: list[Line]) -> None:
        """Notes lines that are left out."""
        text = "\n".join(line.text for line in lines).strip("\n")
        if text.strip():
            self.cuts.append(Cut(kind, text))


def without_quotes(lines: list[Line]) -> Sorted:
    """The lines without quoted mail: what stands below a separator or header block, or behind quote marks.

    Answers between quoted lines keep them, since nobody understands them otherwise.
    """
    sorted_ = Sorted()
    at = 0
    while at < len(lines):
        at = _step(lines, at, sorted_)
    if _interleaved(lines):
        return _kept_in_context(lines)
    return sorted_


def _step(lines: list[Line], at: int, sorted_: Sorted) -> int:
    """Decides about the line at `at` (and those that belong to it); returns where to go on."""
    line = lines[at]
    if line.blank:
        sorted_.keep([line])
        return at + 1
    if line.quoted:
        end = quoted_run(lines, at)
        sorted_.cut("quote", lines[at:end])
        return end
    kind = separator(line)
    if kind == "forward":
        sorted_.keep(lines[at:])
        sorted_.forward = True
        return len(lines)
    if kind or header_block(lines, at) or (is_rule(line) and _block_follows(lines, at)):
        return _below(lines, at, sorted_)
    split = _shared_line(lines, at)
    if split:
        sorted_.keep([Line(split, split, False)])
        return _attributed(lines, at, at + 1, True, sorted_)
    count, sure = attribution(lines, at)
    if count:
        return _attributed(lines, at, at + count, sure, sorted_)
    sorted_.keep([line])
    return at + 1


def _below(lines: list[Line], at: int, sorted_: Sorted) -> int:
    """Cuts everything from a separator or header block on. A mail that starts with one is a mail passed on."""
    if not sorted_.said_something and not sorted_.cuts:
        sorted_.keep(lines[at:])
        sorted_.forward = True
    else:
        sorted_.cut("quote", lines[at:])
    return len(lines)


def _block_follows(lines: list[Line], at: int) -> bool:
    following = next((index for index in range(at + 1, min(at + 4, len(lines))) if not lines[index].blank), None)
    return following is not None and header_block(lines, following) > 0


def _attributed(lines: list[Line], at: int, below: int, sure: bool, sorted_: Sorted) -> int:
    """Cuts an attribution and what it announces: quoted lines, or everything when none is marked."""
    following = next((index for index in range(below, len(lines)) if not lines[index].blank), len(lines))
    if following == len(lines):
        sorted_.cut("attribution", lines[at:])
        return len(lines)
    if lines[following].plain.startswith("|"):
        end = next((i for i in range(following, len(lines)) if not lines[i].plain.startswith("|")), len(lines))
        sorted_.cut("quote", lines[at:end])
        return end
    if lines[following].quoted:
        sorted_.cut("attribution", lines[at:below])
        end = quoted_run(lines, following)
        sorted_.cut("quote", lines[following:end])
        return end
    if not sure:
        sorted_.keep(lines[at:below])
        return below
    if not sorted_.said_something:
        # A bottom poster whose client marked nothing, or a bare quotation: the words stay, the line above goes.
        sorted_.cut("attribution", lines[at:below])
        return below
    sorted_.cut("quote", lines[at:])
    return len(lines)


def _shared_line(lines: list[Line], at: int) -> str:
    """What stands before an attribution on the same line, when quoted lines follow: `reply On Wed, … wrote:`."""
    plain = lines[at].plain
    begin = plain.rfind("On ") if plain.endswith("wrote:") else -1
    if begin <= 0 or at + 1 >= len(lines) or not lines[at + 1].quoted:
        return ""
    rest, before = Line(plain[begin:], plain[begin:], False), plain[:begin].rstrip(" -")
    return before if attribution([rest], 0)[1] and not before.startswith("On ") else ""


def quoted_run(lines: list[Line], at: int) -> int:
    """Where the run of quoted lines that starts at `at` ends; blank lines and wrapped ends inside belong to it."""
    end = at + 1
    while end < len(lines):
        if lines[end].quoted:
            end += 1
            continue
        following = next((index for index in range(end, min(end + 4, len(lines))) if lines[index].quoted), None)
        if following is None or not _belongs(lines, end, following):
            break
        end = following + 1
    return end


def _belongs(lines: list[Line], at: int, following: int) -> bool:
    """Whether the unmarked lines [at:following] between two quoted ones are part of the quoted mail."""
    between = lines[at:following]
    if all(line.blank or is_link_only(line) for line in between):
        return True
    return (
        len(between) == 1
        and len(lines[at - 1].plain) >= WRAPPED_FROM
        and len(between[0].plain) < WRAPPED_FROM
        and not between[0].plain[:1].isupper()
    )


def _interleaved(lines: list[Line]) -> bool:
    """Whether quoted and new lines alternate at least twice."""
    answered, at = 0, 0
    while at < len(lines):
        if not lines[at].quoted:
            if separator(lines[at]) or (is_rule(lines[at]) and lines[at].plain != "--"):
                break
            at += 1
            continue
        at = quoted_run(lines, at)
        following = next((index for index in range(at, len(lines)) if not lines[index].blank), None)
        if following is None:
            break
        answered += not (attribution(lines, following)[0] or separator(lines[following]) or is_rule(lines[following]))
        at = following
    return answered >= 2


def _kept_in_context(lines: list[Line]) -> Sorted:
    """All lines but the quoted ones after the last answer."""
    sorted_ = Sorted()
    last = max(index for index, line in enumerate(lines) if not (line.quoted or line.blank))
    below = next((i for i in range(len(lines)) if separator(lines[i]) or header_block(lines, i)), len(lines))
    end = min(last + 1, below)
    sorted_.keep(lines[:end])
    sorted_.cut("quote", lines[end:])
    return sorted_


def without_last_quote(sorted_: Sorted) -> Sorted:
    """The lines without quoted ones at their end, which nothing answers; shows when the signature below is gone."""
    end = len(sorted_.kept)
    while end and (sorted_.kept[end - 1].blank or sorted_.kept[end - 1].quoted):
        end -= 1
    if end:
        sorted_.cut("quote", sorted_.kept[end:])
        del sorted_.kept[end:]
    return sorted_
