"""A Message, a Route and a destination's limits → the Posts that go out; pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from msgspec.structs import replace

from mailpoll import markup, reply, visible
from mailpoll.mentions import added_to, joined, neutralised
from mailpoll.model import WHOLE_TEXT, Attachment, Cut, Limits, Message, NamedAddress, Post, Route, Target
from mailpoll.reply.honest import honest
from mailpoll.subject import ELLIPSIS, NO_SUBJECT, printable, shortened, topic_of

EMPTY_BODY = "(No email body)"
MAX_ATTACHMENTS_LISTED = 100
# What the sentence about a cut body may take of the destination's limit.
_NOTICE_ROOM = 200


def posts(
    message: Message,
    routes: Sequence[Route],
    *,
    message_ref: str = "",
    max_text: int = 1_000_000,
    marks: Mapping[str, str] | None = None,
) -> tuple[Post, ...]:
    """One Post per (channel, destination, place), in the order of the routes; the first route wins a shared one.

    `message_ref` is how people find the whole mail (its id in the store), named where a body had to be cut.
    `max_text` bounds the body of destinations without a limit of their own, in characters. `marks` tells for a channel
    what people must know before they believe the mail.
    """
    made: dict[tuple[str, str, str], Post] = {}
    for route in routes:
        said: dict[str, str] = {}
        for target in route.targets:
            key = (route.channel, target.destination, target.place)
            if key in made:
                continue
            dialect = target.limits.markup
            if dialect not in said:
                said[dialect] = _written(message, route, dialect)
            mark = (marks or {}).get(route.channel, "")
            made[key] = _post(message, route, target, said[dialect], message_ref, max_text, mark)
    return tuple(made.values())


def new_text(message: Message, route: Route) -> str:
    """The text that a route's posts carry: what is new in the mail, as the route's options say; never empty.

    Nothing in it hides words, and each link says where it leads when it seems to lead somewhere else.
    """
    return _shown_text(_found(message, route))


def _written(message: Message, route: Route, dialect: str) -> str:
    """The new text in a dialect. Links are honest before, and mentions made harmless after: a text that is converted
    is another one."""
    found = _found(message, route)
    return markup.written(_shown_text(found), found.kind, dialect)


def _shown_text(found: reply.NewText) -> str:
    return honest(visible.text(found.text)).strip("\n").rstrip() or EMPTY_BODY


def cuts(message: Message, route: Route) -> tuple[Cut, ...]:
    """What the posts of a route leave out of the mail's text, in its order."""
    return _found(message, route).cuts


def _found(message: Message, route: Route) -> reply.NewText:
    options = route.options
    return reply.of_message(
        message,
        include_quotes=options.include_quotes,
        include_footer=options.include_footer,
        prefer_html=options.prefer_html,
        quotes=route.quotes,
    )


def _post(
    message: Message, route: Route, target: Target, text: str, message_ref: str, max_text: int, mark: str
) -> Post:  # fmt: skip
    limits = target.limits
    topic, first = _topic(message, route, limits)
    files = tuple(map(_shown, message.attachments)) if route.options.attachments else ()
    top = _preamble(message, route, first, mark, limits.markup)
    bottom = _attachment_list(files, limits)
    room = _room(route, limits, max_text)
    body, is_cut = _fitted(top, neutralised(text, limits.mentions), bottom, room, message_ref, limits)
    own_line = "\n" if route.prefix and limits.markup != "plain" and markup.begins_block(body) else ""
    prefix = joined(route.prefix + own_line, "", limits.mentions) if route.prefix else ""
    whole = _held(joined(route.prefix + own_line, markup.finished(body), limits.mentions), limits.body, limits)
    return Post(
        channel=route.channel,
        destination=target.destination,
        place=target.place,
        topic=topic,
        body=whole,
        attachments=tuple(file for file in files if not file.withheld),
        whole_text=is_cut and _goes_along(limits),
        subject=visible.line(message.subject),
        sender=route.shown_as or (visible.line(str(message.from_[0])) if message.from_ else ""),
        date=message.date,
        message_id=visible.line(message.message_id),
        in_reply_to=tuple(map(visible.line, message.in_reply_to)),
        references=tuple(map(visible.line, message.references)),
        address=visible.line(route.address),
        tag=visible.line(route.tag),
        automatic=visible.line(message.automatic),
        options=route.options,
        quotes=route.quotes,
        answers=route.answers,
        prefix=prefix if whole.startswith(prefix) else "",
        title=markup.finished(neutralised(first, limits.mentions)),
    )


def _room(route: Route, limits: Limits, max_text: int) -> int:
    """What a body may take beside the channel's prefix, and what may stand between them."""
    between = added_to(route.prefix, limits.mentions) - len(route.prefix)
    added = _size(route.prefix, limits) + between * (3 if limits.octets else 1) + bool(route.prefix)
    return min(limits.body if limits.body is not None else max_text, max_text) - added


def _topic(message: Message, route: Route, limits: Limits) -> tuple[str, str]:
    """(topic, the line that the body begins with because the topic does not say the subject whole, in the dialect).

    Where there are no topics at all, the first line in bold is what would be one, the subject or what the channel says;
    nothing where the channel wants no topics.
    """
    subject = neutralised(topic_of(message.subject), limits.mentions) or NO_SUBJECT
    if limits.topic == 0:
        words = route.topic if route.topic is not None else honest(topic_of(message.subject))
        return "", markup.bold(printable(words), limits.markup)
    if route.topic is None:
        topic = shortened(subject, limits.topic)
        return topic, "" if topic == subject else _subject_line(message, limits.markup)
    if route.topic == "":
        return "", "" if subject == NO_SUBJECT else _subject_line(message, limits.markup)
    return shortened(printable(route.topic), limits.topic), ""


def _subject_line(message: Message, dialect: str) -> str:
    return f"{markup.bold('Subject:', dialect)} {markup.line(honest(topic_of(message.subject)), dialect)}"


def _preamble(message: Message, route: Route, first: str, mark: str, dialect: str) -> str:
    """The lines over the text, in the dialect: a warning, the subject when the topic does not say it, the sender when
    asked."""
    lines = [f"⚠ {markup.bold(mark[0].upper() + mark[1:], dialect)}"] if mark else []
    lines += [first] if first else []
    senders = [route.shown_as] if route.shown_as else []
    if route.options.show_sender and not senders:
        senders = list(map(_sender, message.from_[:10]))
        if message.sender_problem and not senders:
            # Also where nobody is named: else a line of the mail's own that looks like this one would be the first.
            senders = ["nobody who could be told"]
    if senders:
        doubt = f" (not verified: {message.sender_problem})" if message.sender_problem else ""
        shown = markup.line(honest(", ".join(senders)) + doubt, dialect)
        lines.append(f"{markup.bold('From:', dialect)} {shown}")
    top = "\n".join(lines)
    return honest(top) if dialect in ("markdown", "zulip") else top


def _sender(sender: NamedAddress) -> str:
    """A sender as the preamble shows it: in angle brackets stands the address of the mail, and no other."""
    name = " ".join(visible.line(sender.name).replace("<", " ").replace(">", " ").split())
    return str(NamedAddress(name, visible.line(sender.address)))


def _shown(file: Attachment) -> Attachment:
    """An attachment of which nothing that is shown hides anything."""
    name, type_, content_id = map(visible.line, (file.name, file.type, file.content_id))
    return replace(file, name=name, type=type_, content_id=content_id)


def _attachment_list(files: Sequence[Attachment], limits: Limits) -> str:
    """A line per file: `[image.png] (image/png, 70 bytes)`; names are display text, never links. One that does not go
    along says so, and why."""
    dialect = limits.markup
    lines = [
        f"[{markup.name(file.name, dialect) or 'file'}] ({file.type}, {file.size} bytes{_stays(file, limits)})"
        for file in files[:MAX_ATTACHMENTS_LISTED]
    ]
    if len(files) > MAX_ATTACHMENTS_LISTED:
        lines.append(f"(and {len(files) - MAX_ATTACHMENTS_LISTED} more files)")
    return "\n".join(markup.line(each, dialect) for each in lines)


def _stays(file: Attachment, limits: Limits) -> str:
    if file.withheld:
        return f"; not passed on: {file.withheld}"
    why = f": {limits.no_files}" if limits.no_files else ""
    return "" if limits.files else f"; not attached{why}"


def _fitted(top: str, text: str, bottom: str, room: int, message_ref: str, limits: Limits) -> tuple[str, bool]:
    """(preamble, text and list with blank lines between, whether the text was cut to fit into `room`).

    Cut are first the list of files, which go along anyway, then the text, on a line boundary where one is near.
    """
    top, bottom = neutralised(top, limits.mentions), neutralised(bottom, limits.mentions)
    if limits.markup not in ("markdown", "plain"):
        text = markup.closed(text)  # or the list of files would be code
    whole = "\n\n".join(piece for piece in (top, text, bottom) if piece)
    if _size(whole, limits) <= room:
        return whole, False
    notice = f"[…] Cut here{_pointer(message_ref, limits)}."
    if _size(top + bottom, limits) + _NOTICE_ROOM > room:
        bottom = ""
    if _size(top, limits) + _NOTICE_ROOM > room:
        top = _cut_line(top, max(0, room // 2), limits)
    fixed = _size(notice + top + bottom, limits) + 2 * (1 + bool(top) + bool(bottom))
    shown = markup.cut(text, len(_held(text, max(0, room - fixed), limits)))
    pieces = "\n\n".join(piece for piece in (top, shown, notice, bottom) if piece)
    return _held(pieces, max(0, room), limits), True


def _pointer(message_ref: str, limits: Limits) -> str:
    """Where the whole of a text that is cut is. A web hook's JSON has it in a field, and a text that is only too long
    for us is in the store: neither is a file that people see."""
    in_chat = limits.body is not None and (limits.markup != "markdown" or limits.mentions != "none")
    if in_chat and _goes_along(limits):
        return f"; the whole text is in {WHOLE_TEXT}"
    return f"; the whole mail is {message_ref}" if message_ref else ""


def _goes_along(limits: Limits) -> bool:
    """Whether the whole of a text that is cut is a file of the post."""
    return limits.files and limits.overflow == "file"


def _cut_line(text: str, room: int, limits: Limits) -> str:
    """The beginning of lines in bold that are too long, which ends with "..."; never inside an escape."""
    shown = markup.cut(text, len(_held(text, max(0, room - len(ELLIPSIS)), limits)))
    mark = "*" if limits.markup == "slack" else "**"
    end = mark if shown.endswith(mark) and limits.markup != "plain" else ""
    return _held(shown.removesuffix(end) + ELLIPSIS + end, room, limits)


def _size(text: str, limits: Limits) -> int:
    """How much of the limit of a body a text takes."""
    return len(text.encode("utf-8", "replace")) if limits.octets else len(text)


def _held(text: str, room: int | None, limits: Limits) -> str:
    """As much of a text, from its beginning, as fits."""
    if not limits.octets or room is None:
        return text[:room]
    return text.encode("utf-8", "replace")[:room].decode("utf-8", "ignore")
