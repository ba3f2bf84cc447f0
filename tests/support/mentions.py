"""Attacks by mention, and what each service takes for one."""

from __future__ import annotations

import html
import re

# What each server takes for a mention or a link with another text, as its source or its documentation says it, and
# rather too much than too little.
_RULES: dict[str, tuple[str, ...]] = {
    "zulip": (r"@_?\*\*[^*]+\*\*", r"@_?\*[^*]+\*", r"\A\s*/(?:me|poll|todo|rsvp)(?:\s|\Z)", r"@(?:all|everyone)\b"),
    "slack": (r"<[!@#][^>]*>", r"<[a-z]+:[^>|]*\|[^>]*>", r"(?i)@(?:here|channel|everyone)\b"),
    "discord": (r"@(?:everyone|here)", r"<@[!&]?\d+>"),
    "mattermost": (
        r"(?i)(?<![a-z0-9])@[a-z0-9]", r"(?i)@(?:all|here|channel)\b", r"<[!@][^>]*>", r"<[a-z0-9]{26}>",
        r"<[a-z]+:[^>|]*\|[^>]*>",
    ),
    "matrix": (
        r"(?i)@room\b", r"(?i)(?<![a-z0-9])@[a-z0-9._=/+-]+:[a-z0-9]", r"(?i)matrix\.to/(?:#|%23)/(?:@|%40)",
        r"(?i)matrix:u(?:ser)?/",
    ),
    "rocketchat": (r"(?i)(?<![a-z0-9])@[a-z0-9]", r"(?i)@(?:all|here)\b"),
    "telegram": (r"(?<![A-Za-z0-9_])@[A-Za-z0-9_]{2,32}", r"(?i)tg://user"),
    "teams": (r"(?i)</?at\b[^>]*>", r"(?i)<a\b[^>]*>"),
    "googlechat": (r"<users/[^>]*>", r"<[a-z]+:[^>|]*\|[^>]*>"),
}  # fmt: skip

ATTACKS: dict[str, tuple[str, ...]] = {
    "zulip": (
        "@**all**", "@**everyone**", "@**channel**", "@**stream**", "@**topic**", "@_**Jane Roe**", "@*backend*",
        "@_*backend*", "@**x|1**", "@**|12**", "(@**all**)", "'@**all**", "a\n@**all**", "@@**all**", "@all",
        "@\\*\\*all\\*\\*", "&#64;**all**", "@&ast;&ast;all&ast;&ast;", "/me gives up", "/poll Who?\nA", "/todo",
        "\n\n /poll x", "/rsvp x",
    ),
    "slack": (
        "<!channel>", "<!here>", "<!everyone>", "<!here|x>", "<@U123>", "<@W123|jane>", "<!subteam^S1>", "<#C1>",
        "<!subteam^S1|@ops>", "&lt;!channel&gt;", "&amp;lt;!channel&amp;gt;", "&#60;!here&#62;", "&#x3C;!here&#x3e;",
        "<&#33;channel>", "&LT;!here&GT;", "<\\!channel>", "<!date^1^{date}^https://evil.example|text>", "@here",
        "<http://evil.example|https://bank.example>", "<mailto:eve@evil.example|jane@bank.example>",
        "&lt;http://evil.example?a=1&amp;b=2|https://bank.example&gt;", "@CHANNEL", "<<!channel>",
    ),
    "discord": (
        "@everyone", "@here", "<@1>", "<@!1>", "<@&1>", "@everyonefoo", "x@everyone", "\\@everyone", "@\\everyone",
        "<\\@1>", "&lt;@&amp;1&gt;", "&commat;everyone", "&#64;here",
    ),
    "mattermost": (
        "@channel", "@all", "@here", "@jane", "@Jane.Roe", "foo.@channel", "foo-@all", "x:@here", "_@channel_", "é@all",
        "@@all", "@CHANNEL", "(@jane)", "<!channel>", "<!here>", "<@U1>", "<5fb5f7iw8tfrfcwssd1xmx3j7y>", "**@all**",
        "&commat;all", "<http://evil.example|https://bank.example>", "e\u0301@channel", "jane@all",
    ),
    "matrix": (
        "@room", "@ROOM", "@jane:example.com", "https://matrix.to/#/@jane:example.com",
        "https://matrix.to/#/%40jane%3Aexample.com", "HTTPS://MATRIX.TO/%23/@jane:example.com",
        "matrix:u/jane:example.com", "@room!", "x@room",
    ),
    "rocketchat": ("@all", "@here", "@jane", "@jane:example.com", ">@all", "@some-team"),
    "telegram": ("@username", "(@username)", "tg://user?id=1", "[x](TG://user?id=1)", "-@username"),
    "teams": ("<at>Jane</at>", "<AT id='1'>x</AT>", "&lt;at&gt;x&lt;/at&gt;", '<a href="http://evil.example">x</a>'),
    "googlechat": ("<users/all>", "<users/123>", "&lt;users/all&gt;", "<http://evil.example|https://bank.example>"),
}  # fmt: skip


def rings(text: str, dialect: str) -> list[str]:
    """What a server finds, in the text as it is, with character references undone, and without backslashes."""
    forms = [text]
    for _ in range(4):
        forms.append(html.unescape(forms[-1]))
    forms += [form.replace("\\", "") for form in forms]
    found = [found[0] for form in forms for rule in _RULES[dialect] for found in re.finditer(rule, form)]
    return [each for each in found if "\u200b" not in each]  # nobody and no group has such a name
