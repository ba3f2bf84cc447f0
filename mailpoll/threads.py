"""Which mail a mail answers: what its post is remembered by, and what an earlier one may have been remembered by.

A post joins the thread of the earliest post of its own channel, destination and place whose mail it names in
In-Reply-To or References (RFC 5322 §3.6.4). Where there is none, that of the newest one with the same subject, if the
mail looks like an answer, the subject says something, and that post is not older than SUBJECT_AGE.
"""

from __future__ import annotations

import hashlib
from datetime import timedelta

from msgspec.structs import replace

from mailpoll.model import Post, Thread
from mailpoll.subject import printable, topic_of

SUBJECT_AGE = timedelta(days=14)
# RFC 5322 wants the first message of a thread first, and the newest last: those are kept of long lists.
MAX_ANCESTORS = 20
MIN_SUBJECT = 5

# Subjects under which many mails have nothing to do with each other; compared without case and punctuation.
_GENERIC = frozenset(
    ("alert", "anfrage", "angebot", "answer", "asunto", "automatic reply", "bestellung", "betreff", "bonjour", "ciao",
     "confirmation", "delivery", "demande", "document", "documents", "domanda", "dringend", "email with no subject",
     "error", "facture", "feedback", "files", "frage", "fyi", "good morning", "hallo", "hello", "help", "image",
     "images", "important", "info", "information", "invoice", "kein betreff", "meeting", "message", "news",
     "newsletter", "no subject", "none", "notification", "order", "out of office", "photo", "photos", "please",
     "pregunta",
     "question", "questions", "quick question", "rechnung", "reminder", "reply", "report", "request", "sans objet",
     "sin asunto", "status", "subject", "support", "termin", "testing", "thank you", "thanks", "untitled", "update",
     "urgent", "warning", "weekly report", "wichtig", "без темы", "вопрос", "無題")
)  # fmt: skip
_FORWARDED = ("fw", "wg:", "tr:", "tr :", "rv:", "enc:", "[fw", "i:", "vb:", "pd:", "转发", "轉寄", "転送", "пересл")


def mail_key(post: Post) -> str:
    """What the post is found by when a later mail names its mail; "" for a mail without Message-ID."""
    return _key(post, "mail", _bare(post.message_id))


def subject_key(post: Post) -> str:
    """What the post is found by when a later mail has its subject; "" for a subject that says too little."""
    words = " ".join(topic_of(post.subject).casefold().split())
    plain = "".join(character if character.isalnum() else " " for character in words)
    plain = " ".join(plain.split())
    if len(plain) < MIN_SUBJECT or plain in _GENERIC or not any(map(str.isalpha, plain)):
        return ""
    return _key(post, "subject", words)


def ancestor_keys(post: Post) -> tuple[str, ...]:
    """What the posts of mails that this one names would be found by, each once."""
    named = [*post.references, *post.in_reply_to]
    if len(named) > MAX_ANCESTORS:
        named = named[:1] + named[1 - MAX_ANCESTORS :]
    keys = (_key(post, "mail", _bare(each)) for each in named if _bare(each) != _bare(post.message_id))
    return tuple(dict.fromkeys(key for key in keys if key))


def looks_like_answer(post: Post) -> bool:
    """Whether the mail names another one, known or not, or has a mark like `Re:`; `Fwd:` is none."""
    if post.in_reply_to or post.references:
        return True
    subject = printable(post.subject).strip()
    return subject.lower() != topic_of(subject).lower() and not subject.lower().startswith(_FORWARDED)


def within(post: Post, thread: Thread) -> Post:
    """The post, in a thread: without a title where that is another than the thread's, so that it stays in the body."""
    same = " ".join(post.title.casefold().split()) == " ".join(thread.title.casefold().split())
    return replace(post, thread=thread.receipt, title=post.title if same else "")


def answering(post: Post) -> Post:
    """The post as it is said in its thread, if it is in one: without the channel's prefix, which calls people for the
    first mail and not for each answer, and without the line that says the subject once more."""
    if not post.thread:
        return post
    body = post.body.removeprefix(post.prefix)
    top, gap, text = body.partition("\n\n")
    lines = top.split("\n")
    if gap and post.title and post.title in lines:
        lines.remove(post.title)
        body = "\n".join(lines) + gap * bool(lines) + text
    return replace(post, body=body, prefix="", title="")


def _bare(message_id: str) -> str:
    return message_id.strip().strip("<>").strip()


def _key(post: Post, kind: str, text: str) -> str:
    """32 hex digits, different for each channel, destination and place, however long what a stranger wrote is."""
    if not text:
        return ""
    parts = (kind, post.channel, post.destination, post.place, text)
    return hashlib.sha256("\0".join(parts).encode("utf-8", "surrogatepass")).hexdigest()[:32]
