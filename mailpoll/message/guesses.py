"""Bytes of which nobody says the charset, and that are not UTF-8 → the codec that its letters speak for, if any does.

Western European text has its letters beyond ASCII one by one among others; where they stand together it is of another
script, and where its "letters" would be signs inside words it is of Central Europe. All else stays windows-1252.
"""

from __future__ import annotations

import re
from itertools import pairwise

from msgspec import Struct

# So much of a text is looked at (octets), and fewer letters beyond ASCII than this say nothing.
LOOKED_AT = 10_000
FEWEST = 4

_HIGH = re.compile(rb"[\x80-\xff]")
_TOGETHER = re.compile(rb"[\x80-\xff]{2,}")
# In windows-1252 these are ± ³ ¶ ¹ º ¼ ¾ ¿.
_SIGN_IN_WORD = re.compile(rb"(?<=[A-Za-z\xc0-\xff]{2})[\xb1\xb3\xb6\xb9\xba\xbc\xbe\xbf](?=[a-z\xe0-\xff])")
_OF_WINDOWS_1250 = re.compile(rb"[\x8a\x8c-\x8f\x9a\x9c-\x9f]")
_OF_LATIN_2 = re.compile(rb"[\xa1\xa6\xac\xb1\xb6\xbc]")

# The letters of a script from the most to the least frequent one, several languages together.
_CYRILLIC = "оеаинтсрвлкімдпуязьыгбчйхжшюцщєїэфъёґ"
_GREEK = "αοιετσνηυρπκμλςίόάωήδγέχθύφβώξζψ"
_HEBREW = "יוהלאברתםנשדקעטןזפכחמגסךצץף"


class _DoubleByte(Struct, frozen=True):
    """A charset of two octets for a character: the first octets of those that common characters have, of `needed` ones
    at least a sixth."""

    codec: str
    strict: str
    common: tuple[range, ...]
    needed: tuple[range, ...] = ()


# The first that fits is taken: kana tell Japanese, a narrow block of syllables Korean, level 1 of its set Chinese.
_DOUBLE_BYTE = (
    _DoubleByte("euc_jp", "euc_jp", (range(0xA1, 0xA6), range(0xB0, 0xD0)), (range(0xA4, 0xA6),)),
    _DoubleByte("cp932", "cp932", (range(0x81, 0x84), range(0x88, 0x98)), (range(0x82, 0x84),)),
    _DoubleByte("cp949", "euc_kr", (range(0xA1, 0xA4), range(0xB0, 0xC9)), (range(0xB0, 0xC9),)),
    _DoubleByte("gb18030", "gb2312", (range(0xA1, 0xA4), range(0xB0, 0xD8)), (range(0xB0, 0xD8),)),
    _DoubleByte("big5hkscs", "big5", (range(0xA1, 0xC7),), (range(0xA4, 0xC7),)),
)
_SINGLE_BYTE = (
    ("cp1251", _CYRILLIC),
    ("koi8_u", _CYRILLIC),
    ("iso8859_5", _CYRILLIC),
    ("cp866", _CYRILLIC),
    ("cp1253", _GREEK),
    ("cp1255", _HEBREW),
)
# Of each letter the share of letters that are rarer; on the average of a text in its language about 0.8.
_SCORES = {
    letters: {letter: 1 - rank / len(letters) for rank, letter in enumerate(letters)}
    for letters in (_CYRILLIC, _GREEK, _HEBREW)
}
_LIKELY = 0.68
_VARIETY = 6


class _Language(Struct, frozen=True):
    """A language whose letters are other letters in windows-1252: those of `often` come twice, of each of `also` there
    is one, and of `never`, which the language has not that these stand for in windows-1252, there is none."""

    codec: str
    often: bytes
    also: tuple[bytes, ...]
    never: bytes


_LANGUAGES = (
    _Language("iso8859_2", b"\xec\xf8", (b"\xec", b"\xf8"), b"\xe0\xe5\xe6"),  # Czech; not Italian, Danish
    _Language("iso8859_2", b"\xf5\xfb", (b"\xe1\xe9", b"\xf6\xfc"), b"\xe3\xe4\xe7\xea\xf4"),  # Hungarian
    _Language("cp1254", b"\xf0\xfd\xfe", (b"\xe7\xfc",), b"\xe1\xe6\xed\xf3\xfa"),  # Turkish; not Icelandic
)


def guessed(data: bytes) -> str:
    """The Python codec of a text, or "" where its letters do not say more than that it may be windows-1252."""
    data = data[:LOOKED_AT]
    high = len(_HIGH.findall(data))
    together = sum(map(len, _TOGETHER.findall(data)))
    if high >= FEWEST and together * 5 >= high * 3:
        codec = _double_byte(data) or (_single_byte(data) if together * 5 >= high * 4 else "")
        return codec or _european(data)
    return _european(data)


def _double_byte(data: bytes) -> str:
    # In Cyrillic words nearly every letter is from the upper half of the upper half; few octets again and again are a
    # line that somebody drew.
    high = _HIGH.findall(data)
    if sum(octet < b"\xc0" for octet in high) * 8 < len(high) or len(set(high)) < _VARIETY:
        return ""
    for charset in _DOUBLE_BYTE:
        text = _beginning(data, charset.strict)
        leads = [character.encode(charset.strict)[0] for character in text if character > "\x7f"]
        common = sum(any(lead in each for each in charset.common) for lead in leads)
        needed = sum(any(lead in each for each in charset.needed) for lead in leads)
        if len(leads) * 2 >= FEWEST and common * 20 >= len(leads) * 19 and needed * 6 >= len(leads):
            return charset.codec
    return ""


def _beginning(data: bytes, codec: str) -> str:
    """The text, "" where it cannot be of this codec; half a character at the end of what is looked at is none."""
    for end in (len(data), len(data) - 1):
        try:
            return data[:end].decode(codec)
        except UnicodeError:
            continue
    return ""


def _single_byte(data: bytes) -> str:
    scores = {codec: _score(data, codec, letters) for codec, letters in _SINGLE_BYTE}
    best = max(scores, key=scores.__getitem__)
    return best if scores[best] >= _LIKELY and len(set(_HIGH.findall(data))) >= FEWEST else ""


def _score(data: bytes, codec: str, letters: str) -> float:
    """How much like its language a text is in a codec: 0 to 1."""
    text = data.decode(codec, "replace")
    foreign = [character for character in text if character > "\x7f"]
    # A capital inside a word, as koi8-r has everywhere when it is read as windows-1251.
    odd = sum(one.islower() and other.isupper() for one, other in pairwise(text))
    capitals = sum(map(str.isupper, foreign))
    scores = _SCORES[letters]
    found = sum(scores.get(character.lower(), 0) for character in foreign)
    return (found - odd - capitals / 10) / max(1, len(foreign))


def _european(data: bytes) -> str:
    codec = "iso8859_2" if len(_SIGN_IN_WORD.findall(data)) > 1 else ""
    for language in () if codec else _LANGUAGES:
        if (
            sum(map(data.count, _each(language.often))) > 1
            and all(any(letter in data for letter in letters) for letters in language.also)
            and not any(letter in data for letter in language.never)
        ):
            codec = language.codec
    windows = len(_OF_WINDOWS_1250.findall(data))
    if b"\xb3" in data:  # where there is an ł, there is no š: that octet is an ą
        windows += data.count(b"\xb9")
    return "cp1250" if codec == "iso8859_2" and windows > len(_OF_LATIN_2.findall(data)) else codec


def _each(octets: bytes) -> list[bytes]:
    return [bytes([octet]) for octet in octets]
