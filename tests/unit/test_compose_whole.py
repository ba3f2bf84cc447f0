"""The whole text that goes along when a body was cut is the text of that very post, found by its options."""

from __future__ import annotations

from support.site import mail

from mailpoll import reading
from mailpoll.model import Limits, Options, Route, Target

RAW = mail(1, text="x " * 400 + "\n\n-- \nAnna").replace(b"\r\n", b"\n")


def test_the_whole_text_of_a_cut_post_has_the_footer_when_the_channel_wants_footers() -> None:
    for options in (Options(), Options(include_footer=True)):
        route = Route("dev", (Target("chat", limits=Limits(body=300)),), options=options)
        result = reading.read(RAW, [route], safe=False, oversize_of=0, reference="message 1", max_text=100_000)
        (post,) = result.posts
        assert post.whole_text
        again = Route(post.channel, (), options=post.options, quotes=post.quotes)
        assert ("Anna" in b"".join(reading.part(RAW, 0, again)).decode()) is options.include_footer
