"""Every malformed mail of the torture corpus is read to the end, and its attachments can be fetched."""

from mailpoll.compose import posts
from mailpoll.message import header_fields, parse, part
from mailpoll.model import Limits, Route, Target

ROUTE = Route("general", (Target("store"), Target("chat", limits=Limits(topic=60, body=10_000, mentions="zulip"))))


def mails(corpus):
    found = sorted(path for path in (corpus / "torture").glob("*/*") if path.is_file())
    assert found, f"no mails under {corpus / 'torture'}"
    return found


def test_every_mail_becomes_posts_within_their_limits(corpus):
    for path in mails(corpus):
        store, chat = posts(parse(path.read_bytes()), [ROUTE], message_ref="message 1")
        assert store.body, path
        assert len(chat.topic) <= 60, path
        assert len(chat.body) <= 10_000, path
        (store.body + store.topic + store.sender).encode("utf-8")


def test_every_attachment_can_be_fetched_and_has_the_size_it_says(corpus):
    for path in mails(corpus):
        raw = path.read_bytes()
        for attachment in parse(raw).attachments:
            assert len(part(raw, attachment.part)) == attachment.size, (path, attachment)


def test_every_mail_can_be_read_in_safe_mode(corpus):
    for path in mails(corpus):
        safe = parse(path.read_bytes(), safe=True)
        assert safe.content_key == parse(path.read_bytes()).content_key, path


def test_header_fields_hold_no_line_ends_and_no_surrogates(corpus):
    for path in mails(corpus):
        for name, value in header_fields(path.read_bytes()):
            assert not set("\r\n\0") & set(value), (path, name)
            value.encode("utf-8")
