"""An HTML body → its new text as Markdown and what was cut."""

from __future__ import annotations

import re
from collections.abc import Sequence

from mailpoll.model import Cut, CutKind
from mailpoll.reply.convert import VALUE, shown
from mailpoll.reply.markdown import to_markdown
from mailpoll.reply.plain import cut_plain
from mailpoll.reply.preformatted import mark_code
from mailpoll.reply.quotes import MAX_COMMENT
from mailpoll.reply.structure import mark, newest_of, split
from mailpoll.reply.tree import Element, read_tree
from mailpoll.reply.words import POINTERS

_POINTER = re.compile(r"(?<![^\W_])(?:" + "|".join(map(re.escape, POINTERS)) + ")(?![a-zà-ÿ])")
# Outlook's, between the text that is not there and the old mail.
_RULE = re.compile(r"\A\s*\* \* \*\n")
_DRAWN = "* * *"
# More under a rule is no footer.
MAX_FOOTER = 1_500
Found = tuple[str, tuple[Cut, ...]]


def cut_html(html: str, *, include_quotes: bool = False, include_footer: bool = False) -> Found:
    """(new text as Markdown, cuts). Never empty when something was to be seen."""
    root = read_tree(html)
    if include_quotes:
        mark_code(root)
        whole, _ = to_markdown(root)
        return _by_lines(whole, include_quotes=True, include_footer=include_footer)
    outline = mark(root)
    before, rest = split(root, outline.path) if outline.path else (root, Element("body", {}))
    mark_code(before)
    if outline.kind == "forward":
        return _forwarded(before, rest, include_footer)
    found = _new(before, include_footer)
    if found is None:
        return _whole(root, rest, include_footer)
    if rest.children and _points_to(found[0]):
        return _forwarded(before, rest, include_footer)
    return found[0], (*found[1], *_cut("quote", rest.children))


def _points_to(comment: str) -> bool:
    """Whether a few words say that the old mail below is to be read, as in plain text: `FYI`, `my answers in red`.

    Whoever answers in the text of Outlook's old mail, which has no marks, says so above it.
    """
    words = comment.lower().split()
    return len(words) <= MAX_COMMENT and _POINTER.search(" ".join(words)) is not None


def _new(before: Element, include_footer: bool) -> Found | None:
    """The new text of what stands before the old mail, None when nobody wrote any there."""
    text, signatures = to_markdown(before, quotes="marked", signatures=include_footer)
    if _all_quoted(text):  # then a picture may be all that was sent
        text, signatures = to_markdown(before, quotes="marked", signatures=include_footer, files=True)
    if _all_quoted(text):
        return None
    new, cuts = _by_lines(text, include_footer=include_footer)
    return new, (*cuts, *_cut("signature", signatures))


def _all_quoted(markdown: str) -> bool:
    return all(not line.strip() or line.startswith(">") for line in markdown.split("\n"))


def _by_lines(markdown: str, *, include_footer: bool, include_quotes: bool = False) -> Found:
    """What the rules for plain text find in Markdown."""
    new, cuts = cut_plain(
        _rules_that_part(markdown), include_quotes=include_quotes, include_footer=include_footer, markdown=True
    )
    return shown(new), tuple(Cut(cut.kind, shown(cut.text)) for cut in cuts)


def _rules_that_part(markdown: str) -> str:
    """Markdown in which rules over a long text are hidden from the rules for plain text: newsletters part their news
    with them, and what stands under the last one is no footer."""
    lines = markdown.split("\n")
    size = 0
    for index in range(len(lines) - 1, -1, -1):
        size += len(lines[index])
        if size > MAX_FOOTER and lines[index] == _DRAWN:
            lines[index] = VALUE + _DRAWN
    return "\n".join(lines)


def _whole(root: Element, rest: Element, include_footer: bool) -> Found:
    """All that is to be seen, with nothing taken for a quote that a client marked: somebody meant it to be read.

    Of old mail under old mail that is the newest. It comes without what only introduces it; without signatures, unless
    there is nothing else; and with images by the names of their files, if even those say nothing.
    """
    newest, older = newest_of(rest)
    text = _RULE.sub("", to_markdown(newest, quotes="opened", signatures=include_footer)[0])
    if text.strip():
        new, cuts = _by_lines(text, include_quotes=True, include_footer=include_footer)
        return new, (*cuts, *_cut("quote", older.children))
    for signatures, files in ((include_footer, False), (True, False), (True, True)):
        text, _ = to_markdown(root, quotes="opened", signatures=signatures, files=files)
        if text.strip():
            return _by_lines(text, include_footer=include_footer)
    return "", ()


def _forwarded(before: Element, forward: Element, include_footer: bool) -> Found:
    """The comment on a mail that is passed on, and that mail."""
    comment = _new(before, include_footer)
    text, signatures = to_markdown(forward, quotes="opened", signatures=include_footer)
    passed_on, _ = _by_lines(text, include_quotes=True, include_footer=True)
    new, cuts = comment or ("", ())
    return f"{new}\n\n{passed_on}".strip("\n"), (*cuts, *_cut("signature", signatures))


def _cut(kind: CutKind, elements: Sequence[Element | str]) -> tuple[Cut, ...]:
    """What was left out in the document, if there is anything to be seen in it."""
    text, _ = to_markdown(Element("body", {}, list(elements)), quotes="opened")
    return (Cut(kind, shown(text)),) if text.strip() else ()
