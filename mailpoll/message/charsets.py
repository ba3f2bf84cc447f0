"""Bytes of a declared, missing or wrong charset → text, by a ladder that never fails and never comes back empty."""

from __future__ import annotations

import re
from encodings.aliases import aliases
from functools import lru_cache

from mailpoll.message.guesses import guessed

# What senders call a charset, and what they mean by it (WHATWG Encoding §4.2, and what Outlook and webmailers write).
_MEANT = {
    "us_ascii": "utf_8",
    "ascii": "utf_8",
    "ansi_x3_4_1968": "utf_8",
    "utf8": "utf_8",
    "unicode_1_1_utf_8": "utf_8",
    "utf8mb4": "utf_8",
    "utf_8_sig": "utf_8",
    "iso_8859_1": "cp1252",
    "latin_1": "cp1252",
    "latin1": "cp1252",
    "iso8859_1": "cp1252",
    "ansi": "cp1252",
    "gb2312": "gb18030",
    "gb_2312_80": "gb18030",
    "gbk": "gb18030",
    "x_gbk": "gb18030",
    "cp936": "gb18030",
    "ks_c_5601": "cp949",
    "ks_c_5601_1987": "cp949",
    "ksc5601": "cp949",
    "euc_kr": "cp949",
    "iso_8859_8_i": "iso8859_8",
    "iso_8859_8_e": "iso8859_8",
    "iso_8859_6_i": "iso8859_6",
    "iso_8859_9": "cp1254",
    "iso_8859_11": "cp874",
    "tis_620": "cp874",
    "shift_jis": "cp932",
    "sjis": "cp932",
    "x_sjis": "cp932",
    "iso_2022_jp": "iso2022_jp_ext",
    "x_mac_roman": "mac_roman",
    "x_mac_cyrillic": "mac_cyrillic",
    "macintosh": "mac_roman",
    "big5": "big5hkscs",
    "windows_31j": "cp932",
    "ms932": "cp932",
    "cp50220": "iso2022_jp_ext",
    "cp50221": "iso2022_jp_ext",
    "cp50222": "iso2022_jp_ext",
    "ks_c_5601_1992": "cp949",
    "cn_gb": "gb18030",
    "cn_big5": "big5hkscs",
    "koi8_ru": "koi8_u",
    "unicode": "utf_16",
}
# Codecs that Python knows without an alias entry.
_UNALIASED = {
    "cp720", "cp737", "cp856", "cp874", "cp875", "cp1006", "koi8_t", "koi8_u", "koi8_r", "utf_7", "utf_8", "utf_16",
    "utf_16_le", "utf_16_be", "utf_32", "big5hkscs", "cp932", "cp949", "cp950", "gb18030", "euc_jp", "euc_jis_2004",
    "johab", "hz", "iso2022_kr", "mac_croatian", "mac_farsi", "mac_romanian", "mac_arabic",
}  # fmt: skip
# Names Python decodes by something that is no charset of mail; punycode and idna are super-linear besides.
_NOT_CHARSETS = {
    "base64_codec", "bz2_codec", "hex_codec", "quopri_codec", "rot_13", "uu_codec", "zlib_codec", "mbcs", "oem", "idna",
    "punycode", "undefined", "unicode_escape", "raw_unicode_escape",
}  # fmt: skip
_CODECS = (_UNALIASED | set(aliases.values())) - _NOT_CHARSETS
_OF_WINDOWS = re.compile(r"^(?:windows|win|cp|dos)_?(?=[0-9])")
_OF_ISO = re.compile(r"^(?:iso_?)?8859_?(?=[0-9])")
_SEPARATOR = re.compile(r"[^a-z0-9]+")
_WESTERN = frozenset(("cp1252", "iso8859_15"))
# Characters of UTF-8; in Western text two such are two signs that stand for nothing together.
_SEQUENCE = re.compile(rb"[\xc2-\xf4][\x80-\xbf]{1,3}")
# Quotation marks, dashes and the like, as Windows has them, alone in UTF-8: pasted by scripts.
_PASTED = re.compile("(?<![\udc80-\udcff])[\udc80\udc82\udc84\udc85\udc91-\udc97\udc99](?![\udc80-\udcff])")
_DAMAGE = re.compile("[\ud800-\udfff]+|\ufffd")
_SURROGATE = re.compile("[\ud800-\udfff]")


@lru_cache(maxsize=200)
def codec_of(charset: str) -> str:
    """The Python codec for a charset label (RFC 2978, any case), or "" when it names none that mail may use.

    Looked up in tables only: asking `codecs` for a stranger's word makes Python look for a module of that name.
    """
    label = _SEPARATOR.sub("_", charset[:60].lower()).strip("_")
    bare = label.removeprefix("x_")
    numbered = _OF_WINDOWS.sub("cp", _OF_ISO.sub("iso8859_", bare))
    for name in (label, bare, numbered, bare.replace("_", "")):
        name = _MEANT.get(name, name)
        codec = name if name in _UNALIASED else aliases.get(name, name)
        if codec in _CODECS:
            return "cp1252" if codec == "latin_1" else codec
    return ""


def decode(data: bytes, charset: str = "") -> tuple[str, str]:
    """(text, defect) of bytes said to be in `charset`; the defect is "" when the label told the truth.

    The ladder: what a byte order mark or the label means, UTF-8, the label with a few bad bytes replaced, what its
    letters speak for, windows-1252. No lone surrogate and no NUL comes out, whatever went in.
    """
    codec = codec_of(charset) or "utf_8"
    if (marked := _marked(data)) and (text := _strictly(data, marked)) is not None:
        return _clean(text), ""
    if codec.startswith(("utf_16", "utf_32")) and b"\0" not in data:
        codec = "utf_8"  # a label of two-byte text over one-byte text: everything would turn into Chinese
    if codec == "utf_8" and b"\x1b$" in data:
        codec = "iso2022_jp_ext"  # Japanese mail without a label
    text = _strictly(data, codec)
    if text is not None and codec in _WESTERN and len(_SEQUENCE.findall(data)) > 1:
        told = _strictly(data, "utf_8")
        if told is not None:
            return _clean(told), f"text is not in its charset {charset[:40]!r}"
    if text is not None:
        unknown = charset and not codec_of(charset)
        return _clean(text), f"unknown charset {charset[:40]!r}" if unknown else ""
    defect = f"text is not in its charset {charset[:40]!r}"
    text = _strictly(data, "utf_8")
    if text is None:
        text = _mostly(data, codec)
    if text is None:
        text = data.decode(guessed(data) or "cp1252", "replace")
    return _clean(text), defect


def _marked(data: bytes) -> str:
    """The codec that a byte order mark names, which no other text begins with (WHATWG Encoding §6), or ""."""
    if data.startswith((b"\xff\xfe", b"\xfe\xff")):
        return "utf_16"
    return "utf_8" if data.startswith(b"\xef\xbb\xbf") else ""


def _strictly(data: bytes, codec: str) -> str | None:
    try:
        return data.decode(codec)
    except (UnicodeError, LookupError, ValueError):
        return None


def _mostly(data: bytes, codec: str) -> str | None:
    """The text with bad bytes replaced, where most of what is not ASCII is good; else None."""
    try:
        text = data.decode(codec, "surrogateescape" if codec == "utf_8" else "replace")
    except (UnicodeError, LookupError, ValueError):
        return None
    bad = sum(map(len, _DAMAGE.findall(text)))
    if bad * 2 > sum(character > "\x7f" for character in text):
        return None
    return _DAMAGE.sub("\ufffd", _PASTED.sub(_as_windows, text))


def _as_windows(octet: re.Match[str]) -> str:
    return bytes([ord(octet[0]) - 0xDC00]).decode("cp1252")


def _clean(text: str) -> str:
    if "\0" in text:
        text = text.replace("\0", "")
    if text.startswith("\ufeff"):
        text = text[1:]
    return text if text.isascii() else _SURROGATE.sub("\ufffd", text)
