"""The content of a message: a post's body with links to its files, and what of it is known before they are uploaded.

Pure. Zulip has no idempotency keys. So that a post can be recognised when its answer was lost, all but the links' paths
follows from the post and the server's limits alone.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass, replace
from urllib.parse import quote, unquote

from mailpoll import markup
from mailpoll.mentions import neutralised
from mailpoll.model import WHOLE_TEXT, Attachment, Post

CUT_NOTICE = "[…] Cut here."
CUT_NOTICE_WITH_FILE = f"[…] Cut here; the whole text is in {WHOLE_TEXT}."
_CUT = "[…] Cut here"  # what compose says begins so, too, and may name the mail
ROOM_FOR_FILES = 400  # characters that compose leaves free: for the whole text and a file
_NAME_ROOM = 40  # characters of a file's name in its path
_REASON_ROOM = 90
# What a link adds at most: ](/user_uploads/REALM/XX/24 random characters/NAME); or a reason why there is none.
_ROOM = 140
_PATH = "/user_uploads/"

_PARENTHESES = str.maketrans("()", "（）")
_LINK = re.compile(r"\]\(/user_uploads/[^()\s]{1,400}\)")
_LISTED_REASON = re.compile(r"; not passed on: [^()\n]{1,200}\)")
_ADDED_REASON = re.compile(r" \(not passed on: [^()\n]{1,200}\)")


@dataclass(frozen=True, slots=True)
class File:
    """A file of a post: `part` and `name` as in Attachment. Once it is uploaded `path` is where to, else `why` is why
    it is not."""

    part: int
    name: str
    type: str
    size: int
    path: str = ""
    why: str = ""

    def uploaded(self, path: str) -> File:
        """The same file, linked; raises ValueError for a path that is no upload's, or longer than the room for it."""
        path = path.strip() if path.isprintable() else ""
        path = path if len(path) <= _ROOM - 3 else unquote(path)
        path = quote(path, safe="/%~!$&'*+,;=:@-._") if any(c in '() <>"' for c in path) else path
        if not path.startswith(_PATH) or len(path) > _ROOM - 3:
            raise ValueError("the server named no place of the upload")
        return replace(self, path=path)

    def left_out(self, why: str) -> File:
        """The same file, only named."""
        clean = "".join(c if c.isprintable() and c not in "()[]`*@<>" else " " for c in why)
        return replace(self, why=" ".join(clean.split())[:_REASON_ROOM] or "unknown")

    @property
    def upload_name(self) -> str:
        """The name that the upload gets, and that its path ends with: letters and digits of any script, as Zulip lets
        them (sanitize_name()), `-`, `_` and dots, short."""
        name = "".join(c if _in_names(c) else "-" for c in unicodedata.normalize("NFKC", self.name)).strip("-.")
        stem, dot, ending = name.rpartition(".")
        if not dot or not stem or len(ending) > 10:
            return name[:_NAME_ROOM] or "file"
        return f"{stem[: _NAME_ROOM - 1 - len(ending)]}.{ending}"

    def in_list(self, line: str) -> str:
        """The line of the body that lists the file, linked, or saying why it is not."""
        label, _, rest = line.partition("] (")
        if self.path:
            return f"{label}]({self.path}) ({rest}"
        return f"{line[:-1]}; not passed on: {self.why})"

    @property
    def line(self) -> str:
        """A line for a file that the body does not list."""
        return f"[{self._label}]({self.path})" if self.path else f"[{self._label}] (not passed on: {self.why})"

    @property
    def _label(self) -> str:
        plain = markup.name(self.name.replace("\n", " "), "zulip").translate(_PARENTHESES) or "file"
        return neutralised(plain[:60], "zulip")


@dataclass(frozen=True, slots=True)
class Draft:
    """What a message will say, the files that it will link, and how many more there are."""

    body: str
    files: tuple[File, ...]
    more: int = 0

    def content(self, files: Sequence[File]) -> str:
        """The message, given what became of its files: links in the list at the body's end, the others below it."""
        above, gap, listed = self.body.rpartition("\n\n")
        lines, added, at = listed.split("\n"), [], 0
        for file in files:
            index = next((i for i in range(at, len(lines)) if _lists(lines[i], file)), None)
            if index is None:
                added.append(file.line)
                continue
            lines[index], at = file.in_list(lines[index]), index + 1
        if self.more:
            added.append(f"(and {self.more} more files, not passed on)")
        body = above + gap + "\n".join(lines)
        return "\n\n".join(piece for piece in (body, "\n".join(added)) if piece)

    @property
    def known(self) -> str:
        """What bare() leaves of the message, whatever becomes of its files."""
        return bare(self.content([file.uploaded(f"{_PATH}x") for file in self.files]))


def draft(post: Post, limit: int, *, with_files: bool, overflow: str) -> Draft:
    """What a post's message will say in `limit` characters: the body cut where it must be, then the whole text goes
    along as a file. Room is kept for every link."""
    body = _sent(post.body)
    files = tuple(map(_file, post.attachments)) if with_files else ()
    whole = (_WHOLE,) if post.whole_text and with_files else ()
    if len(body) + _room(kept := (*whole, *files)[: _most(limit)]) <= limit:
        return Draft(body, kept, len(whole) + len(files) - len(kept))
    whole = (_WHOLE,) if with_files and overflow == "file" else ()
    own = CUT_NOTICE_WITH_FILE if whole else CUT_NOTICE
    notice = next((line for line in reversed(body[-limit:].split("\n")) if line.startswith(_CUT)), own)[:100]
    room = limit - _room(kept := (*whole, *files)[: _most(limit)]) - len(notice) - 2
    shown = markup.cut(body, max(0, room)).rstrip()
    return Draft("\n\n".join(filter(None, (shown, notice))), kept, len(whole) + len(files) - len(kept))


def _in_names(character: str) -> bool:
    return character.isalnum() or character in "-_." or unicodedata.category(character)[0] == "M"


def _most(limit: int) -> int:
    """How many files a message of at most `limit` characters links: their names must not take all of its room."""
    return max(1, limit // 400)


def bare(content: str) -> str:
    """Content without what only uploading makes known, as Zulip keeps it: no blanks at its ends."""
    content = _LINK.sub("]", content)
    content = _ADDED_REASON.sub("", content)
    return _LISTED_REASON.sub(")", content).strip()


_WHOLE = File(0, WHOLE_TEXT, "text/plain", -1)


def _file(attachment: Attachment) -> File:
    return File(attachment.part, attachment.name, attachment.type, attachment.size)


def _room(files: Sequence[File]) -> int:
    """The characters that are kept free for links."""
    return sum(_ROOM + len(file.line) for file in files) + 50 * bool(files)


def _lists(line: str, file: File) -> bool:
    """Whether a line of the body is that of the file, as compose writes it."""
    return line.startswith("[") and line.endswith(f" {file.size} bytes)") and "] (" in line


def _sent(text: str) -> str:
    """A text as Zulip takes it: no NUL, nothing that UTF-8 cannot hold."""
    return text.replace("\0", "").encode("utf-8", "replace").decode("utf-8")
