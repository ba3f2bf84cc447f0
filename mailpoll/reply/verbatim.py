"""Lines of code, patches and terminals → lines whose marks mean nothing, so that no rule about mail takes them."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator

from mailpoll.reply.lines import Line

# What such a line is compared as: a word that no table holds.
WORD = "verbatim"
# A fence that is not closed within so many lines was never opened.
MAX_FENCED = 2_000
# git format-patch: a diffstat, and perhaps notes, stand between `---` and the first file.
MAX_NOTES = 200

_FENCE = re.compile(r"\s{0,3}(```|~~~)")
_DIFF_START = re.compile(r"diff --git |Index: \S|diff -\w+ |--- [^\s-]|\*\*\* \S")
_HUNK = re.compile(r"@@ -\d{1,9}(?:,(\d{1,6}))? \+\d{1,9}(?:,(\d{1,6}))? @@")
_OLD_HUNK = re.compile(r"\d{1,9}(?:,\d{1,9})?[acd]\d{1,9}(?:,\d{1,9})?$")
_DIFFSTAT = re.compile(r" \S.{0,200} \| +(?:\d+|Bin)")
_PROMPT = re.compile(r"\s{0,8}(?:\w[\w.@:~/-]{0,40})?[$%#] [a-z./]")
_PYTHON = re.compile(
    r"\s{0,8}>>> (?:import |from \w|def |class |for |if |with |print\b|[\w.\[\]'\"]{1,60} ?[=(+*/\[-]|\d)"
)


def shielded(lines: list[Line], text: str) -> list[Line]:
    """The lines of a text, where code, patches and terminals are neither quotes nor rules nor header fields."""
    finders = [find for find, signs in _FINDERS if any(sign in text for sign in signs)]
    marked = {index for find in finders for index in find(lines)}
    if not marked:
        return lines
    return [
        Line(line.text, WORD, False) if index in marked and not line.blank else line for index, line in enumerate(lines)
    ]


def _fenced(lines: list[Line]) -> Iterator[int]:
    """Markdown's code blocks, with their fences."""
    fences = [
        (index, match.group(1)) for index, line in enumerate(lines) if (match := _FENCE.match(line.text)) is not None
    ]
    at = 0
    while at + 1 < len(fences):
        (start, mark), (end, closing) = fences[at], fences[at + 1]
        if mark == closing and end - start <= MAX_FENCED:
            yield from range(start, end + 1)
            at += 2
        else:
            at += 1


def _hunks(lines: list[Line]) -> Iterator[int]:
    """The hunks of unified diffs: as many lines as each says that it has."""
    at = 0
    while at < len(lines):
        match = _HUNK.match(lines[at].text)
        at += 1
        if match is None:
            continue
        yield at - 1
        old, new = (int(count or 1) for count in match.groups())
        while at < len(lines) and (old > 0 or new > 0) and lines[at].text[:1] in ("", " ", "+", "-", "\\", "\xa0"):
            mark = lines[at].text[:1]
            old -= mark not in ("+", "\\")
            new -= mark not in ("-", "\\")
            yield at
            at += 1


def _old_hunks(lines: list[Line]) -> Iterator[int]:
    """The hunks of diffs without context: `3c3`, `< old`, `---`, `> new`."""
    at = 0
    while at < len(lines):
        is_hunk = _OLD_HUNK.match(lines[at].text.rstrip()) is not None
        at += 1
        if not is_hunk:
            continue
        while at < len(lines) and (lines[at].text[:2] in ("< ", "> ", "<", ">") or lines[at].plain == "---"):
            yield at
            at += 1


def _diff_headers(lines: list[Line]) -> Iterator[int]:
    """The lines over the hunks, and the `---` that git sets between the message and the patch."""
    next_diff = len(lines) + MAX_NOTES
    for at in range(len(lines) - 1, -1, -1):
        text = lines[at].text
        if _DIFF_START.match(text) and _is_diff(lines, at):
            yield at
            next_diff = at
        elif (
            _DIFFSTAT.match(text) or text.startswith("+++ ") or (text.rstrip() == "---" and next_diff - at <= MAX_NOTES)
        ):
            yield at


def _is_diff(lines: list[Line], at: int) -> bool:
    """Whether a line that starts like a diff's first is followed by another of its head."""
    return any(
        line.text.startswith(("--- ", "+++ ", "index ", "@@ -", "=====", "new file", "deleted file", "similarity "))
        for line in lines[at + 1 : at + 4]
    )


def _prompts(lines: list[Line]) -> Iterator[int]:
    """What is typed at Python's prompt, and the second line of a shell's (`$ cat <<E` / `> text`)."""
    shell = False
    for at, line in enumerate(lines):
        quoted_above = at > 0 and lines[at - 1].quoted and not _PYTHON.match(lines[at - 1].text)
        if _PYTHON.match(line.text) and not quoted_above and not line.plain.endswith(">>>"):
            yield at
        elif shell and line.text.startswith("> "):
            yield at
            continue
        shell = _PROMPT.match(line.text) is not None


# Each with what a text must have before its lines are looked at: most mails have none of it.
_FINDERS: tuple[tuple[Callable[[list[Line]], Iterator[int]], tuple[str, ...]], ...] = (
    (_fenced, ("```", "~~~")),
    (_hunks, ("@@ -",)),
    (_old_hunks, ("\n< ", "\n> ")),
    (_diff_headers, ("--- ", "+++ ", "*** ", "diff -", "Index: ", " | ")),
    (_prompts, (">>> ", "$ ", "# ", "% ")),
)
