"""A subject → the topic it names: without reply and forward marks in any language, and without unprintables."""

from __future__ import annotations

import re

from mailpoll import visible

NO_SUBJECT = "Email with no subject"
ELLIPSIS = "..."

# Reply and forward marks of Outlook, Lotus, Gmail and webmailers, by language; compared lower-case.
_MARKS = (
    "re", "fw", "fwd", "aw", "wg", "antw", "sv", "vs", "vb", "vl", "ref", "res", "rv", "enc", "tr", "ynt", "ilt", "odp",
    "pd", "rif", "r", "i", "fs", "bls", "trs", "doorst", "doorgest", "vá", "továbbítás", "továbbított", "atb", "απ",
    "σχετ",
    "προθ", "πρθ", "hl", "ha", "tl", "fyi fwd", "отв", "ответ", "пересл", "на", "回复", "回覆", "答复", "答覆",
    "转发", "轉寄",
    "轉發", "转", "返信", "転送", "답장", "회신", "전달", "תגובה", "השב", "הועבר", "رد", "إعادة توجيه", "تحويل",
    "ตอบ", "ส่งต่อ",
    "rép", "svar", "vidarebefordrat", "réf", "ris", "inoltra", "resp", "encaminhado", "yan", "yml",
)  # fmt: skip
# Single letters and short words that are also how people start a subject count only right before a colon.
_ALONE = frozenset(
    ("r", "i", "ha", "на", "转", "vs", "pd", "tl", "hl", "vl", "tr", "ref", "res", "enc", "fs", "svar", "resp")
)
_MARK = "(?:" + "|".join(sorted(map(re.escape, _MARKS), key=len, reverse=True)) + ")"
_LONG_MARK = "(?:" + "|".join(sorted((re.escape(m) for m in _MARKS if m not in _ALONE), key=len, reverse=True)) + ")"
# `Re:`, `Re[2]:`, `Re : :`, `AW^2:`, `RE--`, `Re;`, and the full-width colon of Chinese and Japanese clients.
_PREFIX = re.compile(
    rf"\[?{_MARK}(?:\[\d{{1,4}}\]|\(\d{{1,4}}\)|\^\d{{1,4}}|\*\d{{1,4}})?\s{{0,20}}[:：][\s:：]{{0,20}}"
    rf"|\[?{_LONG_MARK}\s{{0,20}}(?:[;)\]]|-{{1,10}}(?=\s|$))[\s:：;]{{0,20}}"
    rf"|\({_LONG_MARK}\)\s{{0,20}}|\[{_LONG_MARK}\]\s{{0,20}}|{_LONG_MARK}\s{{0,20}}$"
    r"|[\])]\s{1,20}",
    re.IGNORECASE,
)
_SUFFIX = re.compile(r"[\s]{0,20}\(fwd\)$", re.IGNORECASE)
# More marks than anybody's chain of answers has: what is left stays.
_MAX_MARKS = 200


def topic_of(subject: str) -> str:
    """The subject without marks, on one line; "" when nothing is left."""
    topic = printable(subject).strip()
    opened = 0
    for number in range(_MAX_MARKS):
        mark = _PREFIX.match(topic)
        if mark is None or (number == 0 and mark[0][0] in "])"):
            break
        opened += mark[0].startswith("[") and "]" not in mark[0]
        topic = topic[mark.end() :]
    for _ in range(_MAX_MARKS):
        suffix = _SUFFIX.search(topic[-40:])
        if suffix is not None:
            topic = topic[: len(topic) - len(suffix[0])]
        elif opened and topic.endswith("]"):
            topic, opened = topic[:-1].rstrip(), opened - 1
        else:
            break
    return topic.strip()


def printable(text: str) -> str:
    """The text on one line: line ends and tabs become blanks, what would hide or reorder words goes."""
    return visible.line(text)


def shortened(topic: str, limit: int | None) -> str:
    """The topic, cut to `limit` characters with "..." at its end when it is longer."""
    if limit is None or len(topic) <= limit:
        return topic
    return topic[: max(0, limit - len(ELLIPSIS))] + ELLIPSIS[:limit]
