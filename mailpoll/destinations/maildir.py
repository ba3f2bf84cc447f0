"""Mails in a Maildir, which mail programs and IMAP servers read: the bytes that came in, or the post as a mail."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import ClassVar, Literal, Protocol

from mailpoll import durable
from mailpoll.destinations.kind import Kind, Question, Way
from mailpoll.errors import PermanentFailure
from mailpoll.model import Finding, Limits, Post, Receipt
from mailpoll.settings import MaildirSettings, SecretRef

_PARTS = ("tmp", "new", "cur")
# By this an IMAP server knows a folder of a Maildir from a Maildir (Maildir++).
_MARK = "maildirfolder"
_WORDS = "Write the name of a folder, like support or support/2026"


class Content(Protocol):
    """The bytes behind a post."""

    def raw(self) -> Iterator[bytes]: ...

    def part(self, number: int) -> Iterator[bytes]: ...


class MaildirDestination:
    """A Maildir (https://cr.yp.to/proto/maildir.html).

    The file of a post is named after its key: written anew it replaces itself, and a reader that moved it to `cur`, its
    flags behind the name, has kept what it is known by.
    """

    kind: ClassVar[Kind] = Kind(
        name="maildir",
        promise="once, as long as the mail stays in its folder",
        service="a Maildir on this machine",
        takes='the raw mail, or with as = "post" the post as a mail, its files attached',
        limits=Limits(),
        place="a folder of the Maildir (Maildir++), made when missing: support, support/2026",
        example="""\
[destination.NAME]
kind = "maildir"
path = "/srv/mail/archive"     # made when missing; /srv/mail must be there
# as = "post"                  # what a chat would get, instead of the mail that came
# mode = "0640"                # the group may read the mails, too
""",
        ways=(Way("path", "a folder", (Question("path", "Path of the Maildir, made when missing"),)),),
    )
    askable = True
    on_uncertain: Literal["repost", "hold"] = "repost"

    def __init__(
        self,
        name: str,
        settings: MaildirSettings,
        secret: Callable[[SecretRef, str], str] | None = None,
        *,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self.name = name
        self.limits = self.kind.limits
        self._settings = settings
        self._mode = int(settings.mode, 8)
        self._now = now

    @classmethod
    def limits_of(cls, settings: MaildirSettings) -> Limits:
        """What a destination with these settings takes."""
        return cls.kind.limits

    def post(self, post: Post, content: Content) -> Receipt:
        """The name of the mail's file; raises as delivery.Destination says."""
        name = _file_name(post)
        with self._folder(post.place) as folder, folder.below("tmp") as tmp, folder.below("new") as new:
            with folder.below("cur"):
                pass
            if not new.holds(name):
                durable.write(name, self._pieces(post, content), aside=(tmp, name), into=new, mode=self._mode)
        return Receipt(id=name)

    def find(self, post: Post, since: datetime, taken: Callable[[str], bool]) -> Receipt | None:
        """The name of the mail's file, where it is in the folder still, read or not."""
        name = _file_name(post)
        with self._folder(post.place) as folder, folder.below("new") as new, folder.below("cur") as cur:
            # Readers add flags (":2,S"), Dovecot sizes (",S=…") as well.
            there = new.holds(name) or any(each == name or each.startswith((f"{name}:", f"{name},"))
                                           for each in cur.names())  # fmt: skip
        return Receipt(id=name) if there else None

    def check(self) -> tuple[Finding, ...]:
        """Whether it can be written; nothing is made."""
        return (durable.look(self._settings.path, self.name, f"{self._about}.path"),)

    def check_place(self, place: str) -> Finding | None:
        """What is wrong with the name of a folder, or None."""
        problem = place_problem(place)
        return Finding("fail", f"{self.name}: the folder {place!r} {problem}", _WORDS) if problem else None

    @property
    def _about(self) -> str:
        return f"destination.{self.name}"

    @contextmanager
    def _folder(self, place: str) -> Iterator[durable.Folder]:
        """The Maildir, or a folder of it, whose name is that of the place with dots between its parts."""
        if problem := place_problem(place):
            raise PermanentFailure(f"the folder {place!r} {problem}", about=self._about, advice=_WORDS)
        with durable.folder(self._settings.path, self._about) as top:
            if not place:
                yield top
                return
            with top.below("." + place.replace("/", ".")) as folder:
                if not folder.holds(_MARK):
                    durable.write(_MARK, (), aside=(folder, f"{_MARK}.tmp"), into=folder, mode=self._mode)
                yield folder

    def _pieces(self, post: Post, content: Content) -> Iterator[bytes]:
        if self._settings.as_ == "mail":
            return content.raw()
        from mailpoll import post_mail  # the standard library's email package, which raw mails do without

        return post_mail.as_mail(post, content, self._now())


def place_problem(place: str) -> str:
    """What is wrong with the name of a folder in a Maildir, which follows its name; "" when nothing is."""
    if not place:
        return ""
    if any(not part or "." in part for part in place.split("/")):
        return "has a dot in it, or nothing between two slashes"
    if not (place.isascii() and place.isprintable()):
        return "has letters beyond ASCII: write it as it is called on the disk (RFC 3501 §5.1.3), or without them"
    return "is too long" if len(place) >= durable.MAX_NAME else ""


def _file_name(post: Post) -> str:
    return f"{post.key}.mailpoll"
