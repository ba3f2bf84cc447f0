"""Labelled blocks of lines → the lines a person wrote, and the quoted mail that was among them."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import Literal, NamedTuple

from msgspec import Struct, field

from mailpoll.model import Cut, CutKind
from mailpoll.reply.lines import Line, attribution, field_kind, header_block, is_link_only, is_rule, separator
from mailpoll.reply.small_print import is_sent_from
from mailpoll.reply.words import POINTERS

# A quoted line at least this long was probably wrapped, and what stands alone under it is its end.
WRAPPED_FROM = 55
# Somebody who cites a passage by hand cites few lines; what is longer was quoted by a client.
MAX_CITED = 6
# Above a mail that is passed on stands a line or two.
MAX_COMMENT = 30
MAX_FIELD_NAME = 20

_POINTER = re.compile(r"(?<![^\W_])(?:" + "|".join(map(re.escape, POINTERS)) + ")(?![a-zà-ÿ])")

Label = Literal["blank", "text", "rule", "quote", "attribution", "announcement", "old", "forward"]


class Block(NamedTuple):
    """Lines [start:end] with one label. "announcement" is an attribution that is to be believed without quote marks
    below it; "old" is a separator or header block, from which on everything is an older mail."""

    label: Label
    start: int
    end: int


class Sorted(Struct):
    """Lines on their way to the post: kept ones, a mail that is passed on below them, and what was cut."""

    kept: list[Line] = field(default_factory=list)
    forwarded: list[Line] = field(default_factory=list)
    cuts: list[tuple[CutKind, list[Line]]] = field(default_factory=list)

    def cut(self, kind: CutKind, lines: list[Line]) -> None:
        """Notes lines that are left out."""
        if any(not line.blank for line in lines):
            self.cuts.append((kind, lines))

    def cuts_in_order(self, lines: Sequence[Line]) -> tuple[Cut, ...]:
        """The cuts as they stood in the mail, whichever rule found them first."""
        places = {id(line): index for index, line in enumerate(lines)}
        ordered = sorted(self.cuts, key=lambda cut: min((places.get(id(line), 0) for line in cut[1]), default=0))
        return tuple(Cut(kind, "\n".join(line.text for line in some).strip("\n")) for kind, some in ordered)


def without_quotes(lines: list[Line], *, cited: bool = True) -> Sorted:
    """The lines without quoted mail: what stands below a separator or header block, or behind quote marks.

    Answers between quoted lines keep them, since nobody understands them otherwise; so does a passage that was cited
    by hand, unless `cited` is False (a client's marks are all that HTML has).
    """
    lines = [part for at in range(len(lines)) for part in _parted(lines, at)]
    blocks = list(labelled(lines))
    return _in_context(lines, blocks) if _is_conversation(lines, blocks) else _decided(lines, blocks, cited=cited)


def with_quotes(lines: list[Line]) -> Sorted:
    """All lines, an older mail apart: its signature is none of the writer's, and stays with what is passed on."""
    older = next((block.start for block in labelled(lines) if block.label in ("old", "forward")), len(lines))
    return Sorted(kept=lines[:older], forwarded=lines[older:])


def _parted(lines: list[Line], at: int) -> tuple[Line, ...]:
    """The line at `at`; two, where an attribution shares it with an answer: `Yes. On Wed, … wrote:`."""
    line = lines[at]
    plain = line.plain
    begin = plain.rfind("On ") if plain.endswith("wrote:") else -1
    if begin <= 0 or line.quoted or at + 1 >= len(lines) or not lines[at + 1].quoted:
        return (line,)
    before, rest = plain[:begin].rstrip(" -"), Line(plain[begin:], plain[begin:], False)
    if not before or before.startswith("On ") or not attribution([rest], 0)[1]:
        return (line,)
    return Line(before, before, False), rest


def labelled(lines: list[Line]) -> Iterator[Block]:
    """The lines in blocks. Below "old" and "forward" nothing matters any more: they are the last."""
    at = 0
    while at < len(lines):
        block = _block(lines, at)
        yield block
        if block.label in ("old", "forward"):
            return
        at = block.end


def _block(lines: list[Line], at: int) -> Block:
    line = lines[at]
    if line.blank:
        return Block("blank", at, at + 1)
    if line.quoted:
        return Block("quote", at, quoted_run(lines, at))
    kind = separator(line)
    if kind == "forward":
        return Block("forward", at, len(lines))
    if kind:
        return Block("old", at, _below_header(lines, at + 1))
    below = header_block(lines, at)
    # No client writes `from:`, but programs' settings do; laposte.net writes `envoyé :`.
    if below and (not line.plain[:1].islower() or " :" in line.plain[:MAX_FIELD_NAME]):
        if _is_over_quote(lines, at, at + below):
            return Block("attribution", at, at + below)
        return Block("forward", at, len(lines)) if _points_below(lines, at) else Block("old", at, at + below)
    if is_rule(line):
        following = _below_header(lines, at + 1)
        return Block("old", at, following) if following > at + 1 else Block("rule", at, at + 1)
    count, sure = attribution(lines, at)
    if count:
        return Block("announcement" if sure else "attribution", at, at + count)
    return Block("text", at, at + 1)


def _is_over_quote(lines: list[Line], at: int, end: int) -> bool:
    """Whether a few fields at the top of a mail are all that Mew and Wanderlust write over the quote right below."""
    if any(not line.blank for line in lines[:at]) or any(line.kind == "to" for line in lines[at:end]):
        return False
    following = next((index for index in range(end, len(lines)) if not lines[index].blank), end)
    return following < len(lines) and lines[following].quoted


def _points_below(lines: list[Line], at: int) -> bool:
    """Whether the line above says that what follows is part of the text: `The mail had these headers:`."""
    above = next((lines[index] for index in range(at - 1, max(-1, at - 3), -1) if not lines[index].blank), None)
    return above is not None and above.plain.endswith((":", "：")) and not above.quoted and not above.kind


def _below_header(lines: list[Line], at: int) -> int:
    """The end of the header block that starts in one of the three lines from `at` on; `at` without one."""
    first = next((index for index in range(at, min(at + 3, len(lines))) if not lines[index].blank), None)
    count = header_block(lines, first) if first is not None else 0
    return first + count if first is not None and count else at


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
    if all(line.blank or is_link_only(line) or line.text.startswith(">") for line in between):
        return True
    above, rest = _words(lines[at - 1]), between[0].plain
    if len(between) > 1 or ("@" in rest and field_kind(above) == "to"):
        return len(between) == 1  # a long Cc: of Outlook's
    return len(above) >= WRAPPED_FROM > len(rest) and not rest[:1].isupper()


def _words(line: Line) -> str:
    """A quoted line without its marks."""
    return line.plain.lstrip("> ")


def _next(blocks: Sequence[Block], at: int) -> Block | None:
    """The first block from `at` on that is not blank."""
    return next((block for block in blocks[at : at + 50] if block.label != "blank"), None)


def _is_conversation(lines: list[Line], blocks: list[Block]) -> bool:
    """Whether quoted and new lines alternate at least twice."""
    answered = 0
    for index, block in enumerate(blocks):
        if block.label in ("old", "forward") or (block.label == "rule" and lines[block.start].plain != "--"):
            break
        if block.label == "quote" and any(map(_words, lines[block.start : block.end])):
            following = _next(blocks, index + 1)
            answered += following is not None and _is_said(lines, following)
    return answered >= 2


def _is_said(lines: list[Line], block: Block) -> bool:
    """Whether a block is somebody's words, rather than a telephone's."""
    return block.label == "text" and not is_sent_from(lines[block.start])


def _in_context(lines: list[Line], blocks: list[Block]) -> Sorted:
    """All lines down to the last answer."""
    sorted_ = Sorted()
    end = max(block.end for block in blocks if block.label in ("text", "rule"))
    old = blocks[-1] if blocks[-1].label in ("old", "forward") else None
    sorted_.kept = lines[:end]
    if old is not None and old.label == "forward":
        sorted_.kept, sorted_.forwarded = lines[: old.start], lines[old.start :]
    elif old is not None:
        sorted_.cut("quote", lines[end : old.start])
        sorted_.cut("forward header", lines[old.start : old.end])
        sorted_.cut("quote", lines[old.end :])
    else:
        sorted_.cut("quote", lines[end:])
    return sorted_


def _decided(lines: list[Line], blocks: list[Block], *, cited: bool) -> Sorted:
    """What of each block is kept, block by block."""
    sorted_, said, skipped = Sorted(), False, 0
    for index, block in enumerate(blocks):
        some = lines[block.start : block.end]
        if block.start < skipped:
            continue
        if block.label == "quote":
            keeps = cited and said and _is_cited(lines, blocks, index)
            sorted_.kept += some if keeps else []
            sorted_.cut("quote", [] if keeps else some)
        elif block.label == "forward":
            sorted_.forwarded = some
        elif block.label == "old" and _points_to(sorted_.kept):
            sorted_.forwarded = lines[block.start :]
        elif block.label == "old":
            _old(sorted_, some, lines[block.end :], said=said or bool(sorted_.cuts))
        elif block.label in ("attribution", "announcement"):
            skipped = _attributed(sorted_, lines, block, said=said)
            said = said or skipped == 0
        else:
            sorted_.kept += some
            said = said or _is_said(lines, block) or block.label == "rule"
    return sorted_


def _is_cited(lines: list[Line], blocks: Sequence[Block], index: int) -> bool:
    """Whether somebody cites a few lines in the middle of a text: nothing announces them, and the text goes on."""
    block = blocks[index]
    if sum(not line.blank for line in lines[block.start : block.end]) > MAX_CITED:
        return False
    before = next((other for other in reversed(blocks[max(0, index - 4) : index]) if other.label != "blank"), None)
    following = _next(blocks, index + 1)
    return before is not None and before.label == "text" and following is not None and _is_said(lines, following)


def _old(sorted_: Sorted, header: list[Line], below: list[Line], *, said: bool) -> None:
    """Cuts an older mail with its header. A mail that starts with one is a mail passed on."""
    if not said:
        sorted_.forwarded = header + below
        return
    sorted_.cut("forward header", header)
    sorted_.cut("quote", below)


def _points_to(above: list[Line]) -> bool:
    """Whether the few words above an older mail say that it is to be read: `FYI`, `see my answers below`."""
    said = " ".join(line.plain.lower() for line in above[:MAX_COMMENT])
    return len(above) <= MAX_COMMENT and len(said.split()) <= MAX_COMMENT and _POINTER.search(said) is not None


def _attributed(sorted_: Sorted, lines: list[Line], block: Block, *, said: bool) -> int:
    """Cuts an attribution and what it announces; returns the end of what was decided, 0 when the line was kept.

    It announces quoted lines (which the next block is), lines behind bars, or, without marks, all that follows.
    """
    attributing = lines[block.start : block.end]
    following = next((index for index in range(block.end, len(lines)) if not lines[index].blank), len(lines))
    if following == len(lines) or lines[following].quoted:
        sorted_.cut("attribution", attributing)
        return following
    if lines[following].plain.startswith("|"):
        end = next((i for i in range(following, len(lines)) if not lines[i].plain.startswith("|")), len(lines))
        sorted_.cut("attribution", attributing)
        sorted_.cut("quote", lines[following:end])
        return end
    if block.label == "attribution":
        sorted_.kept += attributing
        return 0
    sorted_.cut("attribution", attributing)
    if not said:
        # A bottom poster whose client marked nothing, or a bare quotation: the words stay, the line above goes.
        return block.end
    sorted_.cut("quote", lines[block.end :])
    return len(lines)


def without_last_quote(sorted_: Sorted) -> Sorted:
    """The lines without quoted ones at their end, which nothing answers; shows when the signature below is gone."""
    end = len(sorted_.kept)
    while end and (sorted_.kept[end - 1].blank or sorted_.kept[end - 1].quoted):
        end -= 1
    if end:
        sorted_.cut("quote", sorted_.kept[end:])
        del sorted_.kept[end:]
    return sorted_
