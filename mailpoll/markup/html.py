"""Markdown → HTML of the tags that Matrix allows (Client-Server API, m.room.message): nothing of a stranger's text is
a tag, an attribute or a character reference."""

from __future__ import annotations

import html
import re

from mailpoll.markup.inline import Piece, pieces
from mailpoll.markup.lines import MAX_DEPTH, Line, cells, lines

_TAGS = {"strong": "strong", "em": "em", "strike": "del"}
# Links that become pills and ring for people.
_PILL = re.compile(r"https?://(?:[^/?#]*@)?(?:www\.)?matrix\.to(?:[/:?#]|\Z)", re.IGNORECASE)
_LANGUAGE = re.compile(r"[A-Za-z0-9+#.-]{1,20}")


def to_html(markdown: str) -> str:
    """The HTML of a text, well-formed; each line end inside a paragraph is a `<br/>`."""
    writer = _Writer()
    for line in lines(markdown):
        writer.take(line)
    return writer.ended()


class _Writer:
    """Writes line after line; opens and closes quotes, lists and paragraphs as they come and go."""

    def __init__(self) -> None:
        self._out: list[str] = []
        self._depth = 0
        self._lists: list[tuple[int, str]] = []  # (indent, tag), the outermost first
        self._block = ""  # the tag of the paragraph or code that is open

    def take(self, line: Line) -> None:
        if self._block == "table" and line.kind not in ("row", "delimiter"):
            self._out.append("</table>")
            self._block = ""
        if line.kind == "fence":
            self._fence(line)
        elif line.kind == "code":
            self._out.append(html.escape(line.text) + "\n")
        elif line.kind == "blank":
            self._end_paragraph()
            self._quote(line.depth)
        else:
            if line.depth != self._depth:
                self._quote(line.depth)
            getattr(self, f"_{line.kind}")(line)

    def ended(self) -> str:
        """All that was written, with what is open closed."""
        if self._block in ("pre", "table"):
            self._out.append("</code></pre>" if self._block == "pre" else "</table>")
            self._block = ""
        self._quote(0)
        self._end_lists()
        return "".join(self._out)

    def _fence(self, line: Line) -> None:
        if self._block == "pre":
            self._out.append("</code></pre>")
            self._block = ""
            return
        self._quote(0)
        self._end_lists()
        language = _LANGUAGE.fullmatch(line.text)
        self._out.append(f'<pre><code class="language-{html.escape(line.text)}">' if language else "<pre><code>")
        self._block = "pre"

    def _row(self, line: Line) -> None:
        tag = "td" if self._block == "table" else "th"
        if tag == "th":
            self._end_lists()
            self._out.append("<table>")
            self._block = "table"
        self._out.append("<tr>" + "".join(f"<{tag}>{_inline(cell)}</{tag}>" for cell in cells(line.text)) + "</tr>")

    def _delimiter(self, line: Line) -> None:
        """Nothing: the headers above it are known by their place."""

    def _heading(self, line: Line) -> None:
        self._end_lists()
        level = len(line.mark)
        self._out.append(f"<h{level}>{_inline(line.text)}</h{level}>")

    def _rule(self, line: Line) -> None:
        self._end_lists()
        self._out.append("<hr/>")

    def _text(self, line: Line) -> None:
        text = line.text
        if self._lists and not self._block and not text.startswith((" ", "\t")):
            self._end_lists()
        if self._block == "p" or self._lists:
            self._out.append("<br/>")
        else:
            self._out.append("<p>")
            self._block = "p"
        self._out.append(_inline(text.lstrip(" \t")))

    def _item(self, line: Line) -> None:
        self._end_paragraph()
        tag = "ul" if len(line.mark) == 1 else "ol"
        while self._lists and line.indent < self._lists[-1][0]:
            self._end_list()
        deeper = not self._lists or line.indent > self._lists[-1][0] + 1
        if deeper and len(self._lists) < MAX_DEPTH:
            self._begin_list(line, tag)
        elif self._lists[-1][1] != tag:
            self._end_list()
            self._begin_list(line, tag)
        else:
            self._out.append("</li>")
        self._out.append(f"<li>{_inline(line.text)}")

    def _begin_list(self, line: Line, tag: str) -> None:
        number = line.mark[:-1].lstrip("0") if tag == "ol" else "1"
        self._out.append(f"<{tag}>" if number == "1" else f'<{tag} start="{number or 0}">')
        self._lists.append((line.indent, tag))

    def _end_list(self) -> None:
        self._out.append(f"</li></{self._lists.pop()[1]}>")

    def _end_lists(self) -> None:
        self._end_paragraph()
        while self._lists:
            self._end_list()

    def _end_paragraph(self) -> None:
        if self._block == "p":
            self._out.append("</p>")
            self._block = ""

    def _quote(self, depth: int) -> None:
        """Ends what is open when a line is deeper or less deep quoted."""
        if depth == self._depth:
            return
        self._end_lists()
        self._out.append("<blockquote>" * (depth - self._depth) + "</blockquote>" * (self._depth - depth))
        self._depth = depth


def _inline(text: str) -> str:
    out = []
    deep = 0  # pairs do not cross
    for piece in pieces(text):
        if piece.kind == "open":
            deep += 1
            out.append(f"<{_TAGS[piece.text]}>" if deep <= MAX_DEPTH else "")
        elif piece.kind == "close":
            out.append(f"</{_TAGS[piece.text]}>" if deep <= MAX_DEPTH else "")
            deep -= 1
        elif piece.kind == "code":
            out.append(f"<code>{html.escape(piece.text)}</code>")
        elif piece.kind in ("url", "link"):
            out.append(_link(piece))
        else:
            out.append(html.escape(piece.text))
    return "".join(out)


def _link(piece: Piece) -> str:
    url = piece.url or piece.text
    if _PILL.match(url):
        return html.escape(piece.text if piece.text == url else f"{piece.text} ({url})")
    return f'<a href="{html.escape(url)}">{html.escape(piece.text)}</a>'
