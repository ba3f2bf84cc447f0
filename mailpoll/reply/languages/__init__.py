"""What mail clients write around the mail they quote, in the languages people use them in, as flat tables.

Add a language as a row in the module of its region (`language.py` says what goes where) and an example in
tests/unit/test_reply_languages.py.
"""

from __future__ import annotations

from mailpoll.reply.languages import asian, european, germanic, romance, slavic
from mailpoll.reply.languages.language import Field, Language, phrases

LANGUAGES: tuple[Language, ...] = (
    *germanic.LANGUAGES,
    *romance.LANGUAGES,
    *slavic.LANGUAGES,
    *european.LANGUAGES,
    *asian.LANGUAGES,
)

# What mobile lines name: makers, machines and apps. `{}` in a row stands for any of them.
DEVICES = (
    "iphone", "ipad", "apple", "samsung", "galaxy", "android", "huawei", "xiaomi", "redmi", "honor", "nokia", "sony",
    "htc", "lg", "motorola", "oneplus", "oppo", "vivo", "pixel", "blackberry", "windows", "smartphone", "mobil",
    "tablet", "yahoo", "outlook", "gmail", "proton", "mail", "aol", "k-9", "spark", "手机", "手機", "小米", "华为",
    "荣耀", "苹果", "qq", "网易", "スマートフォン", "휴대폰", "스마트폰", "갤럭시", "아이폰",
)  # fmt: skip

# What Thunderbird says in languages that have no row, since few clients speak them.
_OTHERS_WROTE = (
    "ysgrifennodd", "skreau", "scríobh", "sgrìobh", "na leanas", "napisa", "skrivet gant", "scrit", "shkroi",
    "გამოგზავნა", "წერს", "գրել է", "напісаў", "напісала",
)  # fmt: skip
_OTHERS_ORIGINAL = (
    "oorspronklike boodskap", "الرسالة الأصليَّة", "зыходны ліст", "kemennadenn orinel", "neges wreiddiol",
    "originalna powěsć", "originalna powěźeńka", "oarspronklik berjocht", "teachtaireacht bhunaidh",
    "an teachdaireachd thùsail", "օրիգինալ նամակը", "საწყისი წერილი", "оригинална порака", "opphavleg melding",
    "messadi original", "mesazhi origjinal", "mesazh origjinal",
)  # fmt: skip


def _merged(*fields: Field) -> tuple[str, ...]:
    """The phrases of these fields in all languages, once each, without the marks inside Persian words."""
    found = [row[field] for field in fields for row in LANGUAGES if field in row]
    return tuple(dict.fromkeys(phrases(" | ".join(found).replace("\u200c", ""))))


def _with_devices(patterns: tuple[str, ...]) -> tuple[str, ...]:
    """The phrases with each device in the place of `{}`; those that East Asia names in its scripts stay there."""
    latin = tuple(device for device in DEVICES if device.isascii())
    found: list[str] = []
    for pattern in patterns:
        before, gap, after = pattern.partition("{}")
        devices = DEVICES if max(pattern) >= "\u2e80" else latin
        found += [before + device + after for device in devices] if gap else [pattern]
    return tuple(found)


# The verb of an attribution line, and how one starts.
YOU_WROTE = _merged("you_wrote")
WROTE = (*_merged("wrote", "you_wrote"), *_OTHERS_WROTE)
OPENERS = _merged("opens")

# "-----Original Message-----": what stands between the dashes over a quoted mail, or over one that is passed on.
ORIGINAL = (*_merged("original"), *_OTHERS_ORIGINAL)
FORWARDED = _merged("forwarded")

# The names of header fields in a block over a quoted mail, by what they mean; those of dates that only mail has.
HEADER_NAMES = {
    "from": _merged("from_"),
    "date": _merged("date", "sent"),
    "to": _merged("to"),
    "subject": _merged("subject"),
}
SENT_NAMES = frozenset(_merged("sent"))

# The line a telephone or a client adds under a mail: how it starts …
SENT_FROM = _with_devices(_merged("sent_from"))
# (these need a name behind them, or people say them of parcels and torches)
SENT_FROM_NAMED = ("sent from ", "sent with ", "sent via ", "sent using ")
SENT_FROM_NOUNS = ("my", "the", "mobile", "phone", "mail", "e-mail", "ipad", "iphone", "yahoo", "gmail", "android")
# … or, in languages that say it the other way round, how it ends.
SENT_FROM_ENDS = _with_devices(_merged("sent_from_ends"))

SIGN_OFFS = _merged("sign_offs")

# Legal and security small print: two different words of one row in a paragraph make it one.
DISCLAIMER_WORDS = tuple(tuple(phrases(row["disclaimer"])) for row in LANGUAGES if "disclaimer" in row)

# What a gateway puts over mail from outside.
BANNER_STARTS = _merged("banner")

# What mailing list software adds under a mail.
LIST_FOOTER_WORDS = _merged("list_footer")

# "##- Please type your reply above this line -##" of help desks and forums.
REPLY_ABOVE = _merged("reply_above")
