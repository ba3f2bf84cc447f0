"""The text of a line, or of a few joined → whether it introduces a quoted mail (`On 4 March 2024, Jane wrote:`)."""

from __future__ import annotations

import re
from functools import cache

from mailpoll.reply import languages
from mailpoll.reply.languages.language import phrases

# The longest tail behind an address, and the most words of a line that is a name and a verb.
MAX_TAIL = 60
MAX_NAME_WORDS = 7
MAX_UNKNOWN = 100
# Clients write few words that are not names: `Il giorno lun 4 mar 2024 alle ore 09:15 … ha scritto`.
MAX_SMALL_WORDS = 10
# `Jan van der Berg`; a sentence has more before its date or address.
MAX_PARTICLES = 2
# Who wraps text does not do it before this column.
WRAPPED_FROM = 50
COLONS = (":", "：", "︰", "∶", "՝", "։")  # the last two are Armenian

_WORD = re.compile(r"[^\W\d_]+")
_DIGITS = re.compile(r"\d")
# Without any of these a line is words.
_TELLING = re.compile(rf"[\d<>@(\[（{''.join(COLONS)}]")
_ADDRESS = re.compile(r"[^\s<>@\"():,;]@[^\s<>@\"():,;]{2}")
_BRACKETED = re.compile(r"[<(\[]\s?(?:mailto:)?[^\s<>()\[\]@]{1,80}@[^\s<>()\[\]@]{2,100}\s?(?:[>)\]]|$)")
# Years of our calendar, of Persia and of Thailand.
_YEAR = re.compile(r"(?<!\d)(?:19|20|1[34]|25)\d\d(?!\d)")
_NUMERIC_DATE = re.compile(r"(?<!\d)\d{1,4}(?:[./-] ?\d{1,2}[./-]|年)")
# 9:15, 9h15, 9.15 (Finland, Denmark, Indonesia; but no 4.03.2024), 9時15分.
_TIME = re.compile(r"(?<![\d.:/-])\d{1,2}(?:(?: ?h ?|:)\d\d(?!\d)|\.\d\d(?![\d.]| \d)| ?[時时點点시])")
_CLOCK = re.compile(r"\d{1,2}(?::\d\d){1,2}")
_DATE_FIRST = re.compile(r"(?:[^\d\s<>@:]{1,16}[.,،、]{0,2} )?\d{1,4}(?:[./\-, ]|年|년|월|月)")
_SENTENCE = re.compile(r"[a-zа-я]{3}[.!?] +[A-ZА-Я]")
# Gmail's line of 2013, also when a list took the address away: `2013-03-03 17:21 GMT+01:00 Jane Roe`.
_OLD_GMAIL = re.compile(
    r"\d{4}-\d\d-\d\d \d{1,2}:\d\d GMT[+-]\d{1,2}:\d\d"
    r"(?:(?: [A-ZÀ-Þ][\w.'-]{0,30}){2,4}| [^<>]{0,80}<[^<>\s]{1,80}@[^<>\s]{1,80}>)"
)
_RAMBLER = re.compile(r"\d\d\.\d\d\.\d{4}, \d{1,2}:\d\d, [^<>@]{1,80} <[^<>\s]{1,80}@[^<>\s]{1,80}>")
# Tutanota's: `4 Mar 2024, 09:15 by jane@example.com:`, `Montag, 4. März 2024 09:15 von …`.
_TUTANOTA = re.compile(r" \d{1,2}[:.]\d\d(?: [ap]m)? (\w{1,12}) [^\s<>@]{1,80}@[^\s<>@:]{1,80} ?[:：]")
# Nextcloud's: `"Jane Roe" jane@example.com – March 4, 2024 9:15 AM`, in plain text with brackets.
_NEXTCLOUD = re.compile(r'"[^"]{1,80}" <?[^<>\s]{1,80}@[^<>\s]{1,80}>? [–-] .{4,40}\d{1,2}[:.h]\d\d.{0,12}')
# Behind the last figure.
_TAIL = re.compile(r"\d([^\d]{2,60})$")
_FULL_STOP = re.compile(r"[^\W\d_]{4}[.!?] ")
_DRAWN = "-_=*~—–─‐‑ "
_ENDS = frozenset(_DRAWN)
# Digits of Arabic, Persian, the scripts of India and its neighbours, and of full width, as ASCII's.
_ASCII_DIGITS = {ord(zero) + value: str(value) for zero in "٠۰०০੦૦୦௦౦೦൦๐໐၀០０" for value in range(10)}


def _is_glued(phrase: str) -> bool:
    """Whether a phrase is in a script without spaces, or with marks that are no letters (Hindi)."""
    return any(character >= "\u0900" for character in phrase)


# Verbs that are a word are looked up, others are searched for.
_VERB_WORDS = frozenset(verb for verb in languages.WROTE if verb.isalpha() and not _is_glued(verb))
_VERB_PHRASES = tuple(verb for verb in languages.WROTE if verb not in _VERB_WORDS)
# Those that may be in a text of ASCII, and the length of the shortest: lines are many, and short.
_ASCII_PHRASES = tuple(filter(str.isascii, _VERB_PHRASES))
_SHORTEST_PHRASE = min(map(len, _ASCII_PHRASES))
_SENDERS = frozenset(("by", *languages.HEADER_NAMES["from"]))
_OPENING_WORDS = frozenset(languages.OPENERS)
_OPENING_PHRASES = tuple(
    opener if _is_glued(opener) or opener.endswith("-") else opener + " "
    for opener in languages.OPENERS
    if " " in opener or _is_glued(opener) or opener.endswith("-")
)


def folded(text: str) -> str:
    """Text as the tables have it: lower-case, ASCII digits, no dot left over from Turkish `İ`."""
    if text.isascii():
        return text.lower()
    return text.lower().replace("i̇", "i").translate(_ASCII_DIGITS)


def between_rules(text: str) -> str | None:
    """What stands between dashes or the like at both ends (`----- text -----`), or None without them."""
    text = text.rstrip(":")
    if text[:1] not in _ENDS or text[-1:] not in _ENDS:
        return None
    inner = text.strip(_DRAWN)
    left, right = text[: len(text) - len(text.lstrip(_DRAWN))], text[len(text.rstrip(_DRAWN)) :]
    return inner if _is_drawn(left) and _is_drawn(right) else None


def _is_drawn(rule: str) -> bool:
    """Whether this is a rule's end, and not the mark of bold text or of a comment."""
    marks = rule.replace(" ", "")
    return len(marks) >= (3 if marks.strip("*_") == "" else 2)


def has_verb(lowered: str) -> bool:
    """Whether a verb of writing is in a folded text."""
    if not _VERB_WORDS.isdisjoint(_WORD.findall(lowered)):
        return True
    if lowered.isascii():
        return len(lowered) >= _SHORTEST_PHRASE and any(verb in lowered for verb in _ASCII_PHRASES)
    return any(verb in lowered for verb in _VERB_PHRASES)


def opens(lowered: str) -> bool:
    """Whether a folded text starts as attributions do: with a date, or the word that a language sets before one."""
    return opens_by_word(lowered) or _DATE_FIRST.match(lowered.lstrip("(（")) is not None


def opens_by_word(lowered: str) -> bool:
    """Whether it starts with that word."""
    return lowered.partition(" ")[0].rstrip(",") in _OPENING_WORDS or lowered.startswith(_OPENING_PHRASES)


def is_dated(lowered: str) -> bool:
    """Whether a year or a date in figures is in a folded text."""
    return _YEAR.search(lowered) is not None or _NUMERIC_DATE.search(lowered) is not None


def is_timed(lowered: str) -> bool:
    """Whether a time of day is in a folded text."""
    return _TIME.search(lowered) is not None


def is_plain(first: str, second: str) -> bool:
    """Whether a line is no beginning of an attribution for sure, with the line below it: neither holds a figure, an
    address, a bracket or a colon, and the first ends with no verb of writing. Most lines of most mails are like that,
    and the sooner they are told, the better: a text may have half a million of them."""
    if first[:1] in _ENDS or _TELLING.search(first) or _TELLING.search(second):
        return False
    return not folded(first.rstrip("*_ ")).endswith(languages.WROTE)


def may_begin(first: str, second: str) -> bool:
    """Whether a line may be the first of a wrapped attribution, with the line below it."""
    lowered = folded(first).lstrip("-–—_*> ")
    if "<" in first or is_dated(lowered):
        return True
    if opens(lowered) and (_DIGITS.search(lowered) or _DIGITS.search(second[:20]) or "<" in second):
        return True
    # The name fills the line; Polish, Spanish and Catalan lead in with words.
    if second.startswith(("<", "(", "[mailto")) and "@" in second and len(first) <= 80:
        return not _ends_sentence(first)
    if "<" in second and WRAPPED_FROM <= len(first) <= 90 and _small_words(first) <= 4:
        return not _ends_sentence(first)
    return second.lstrip("(（")[:1].isdigit() and len(first) <= 80 and has_verb(lowered)


def _ends_sentence(text: str) -> bool:
    """Whether a line ends as sentences and greetings do, and not with `Inc.` or `Jr.`."""
    last = text.rpartition(" ")[2]
    return last[-1:] in "!?,;" or (last.endswith(".") and (len(last) > 5 or last[:1].islower()))


def judge(joined: str, count: int) -> str:
    """What joined lines are: "sure" (an attribution), "maybe" (one if quoted lines follow), "name" (the same, if they
    follow at once), "undecided" (it ends in an address, without a colon), "alone" (one if no text follows at once) or
    "" (none)."""
    text = joined.lstrip("-–—*_ ").rstrip("*_ ")  # Zimbra and SFR lead in with a dash; bold in HTML
    lowered = folded(text)
    inner = between_rules(folded(joined))
    if inner:
        lowered = inner
    # Hungarian Gmail goes on behind the colon: `(időpont:` / `2024. márc. 4., H, 9:15):`.
    ends = (lowered.endswith(COLONS) and lowered.count("(") <= lowered.count(")")) or bool(inner)
    if not ends:
        return _without_colon(text, lowered, count)
    bracketed = _BRACKETED.search(lowered)
    if _SENTENCE.search(text) and not bracketed:
        return ""
    if has_verb(lowered):
        return _with_verb(text, lowered, bracketed, bool(inner) and "=" not in joined[:2])
    return _without_verb(text, lowered, bracketed)


def _without_colon(text: str, lowered: str, count: int) -> str:
    """Old Gmail's `2011/4/7 Jane <jane@example.com>`; and lines whose colon got lost."""
    if count <= 2 and (_OLD_GMAIL.fullmatch(text) or _RAMBLER.fullmatch(text)):
        return "alone"
    if _NEXTCLOUD.fullmatch(text):
        return "undecided"
    if count <= 2 and lowered.endswith(">") and _DATE_FIRST.match(lowered) and _ADDRESS.search(text):
        return "undecided"
    if not lowered.endswith(languages.WROTE) or not opens(lowered):
        return ""
    return _with_verb(text, lowered, _BRACKETED.search(lowered), False)


def _with_verb(text: str, lowered: str, bracketed: re.Match[str] | None, ruled: bool) -> str:
    timed, dated = is_timed(lowered), is_dated(lowered)
    if ruled and (bracketed or lowered.endswith((*COLONS, *languages.WROTE))):
        return "sure"
    if not ruled and not opens(lowered) and _small_words(re.split(r"[\d<(\[]", text, maxsplit=1)[0]) > MAX_PARTICLES:
        return "maybe"
    if bracketed and (timed or dated or _is_address_and_verb(lowered, bracketed)):
        return "sure"
    if _ADDRESS.search(text):
        return "sure" if timed or dated else "alone" if _is_bare_address_and_verb(lowered) else "maybe"
    if timed or dated:
        by_client = (timed and _is_terse(text) and not _by_hand(lowered)) or _speaks_to_you(lowered)
        return "sure" if dated and by_client else "maybe"
    if _DIGITS.search(lowered):
        return "maybe" if opens(lowered) else ""
    named = len(text.split()) <= MAX_NAME_WORDS and lowered.rstrip(": ：").endswith(languages.WROTE)
    return "name" if named and not _by_hand(lowered) else ""


def _without_verb(text: str, lowered: str, bracketed: re.Match[str] | None) -> str:
    """A date and an address in brackets: of Gmail in Japanese, of Yandex, or of a language that we do not know."""
    dated, timed = is_dated(lowered), is_timed(lowered)
    if not bracketed and dated and _DATE_FIRST.match(lowered):
        tutanota = _TUTANOTA.search(lowered)
        named = tutanota and tutanota.end() == len(lowered) and tutanota.group(1) in _SENDERS
        return "sure" if named else "name" if timed and _is_unknown_verb(text) else ""
    if not bracketed and dated and timed:
        return "name" if _is_unknown_verb(text) else ""
    if not bracketed or not (dated or timed):
        return ""
    head, tail = lowered[: bracketed.start()], lowered[bracketed.end() :].strip(" ,)>*_:：՝")
    if len(tail) > MAX_TAIL or ":" in _CLOCK.sub("", head) or lowered[0] == "[":  # the line of a log
        return ""
    if not tail or not tail.isascii():
        return "sure" if dated and "@" not in tail else "maybe"
    if _DIGITS.search(tail):
        return "sure" if dated and timed and "@" not in tail else "maybe"
    # A verb that we do not know; but a log's line starts with figures.
    verb = tail.count(" ") <= 2 and tail.replace(" ", "").isalpha()
    return "sure" if dated and timed and verb and not lowered[0].isdigit() else "maybe"


def _is_address_and_verb(lowered: str, bracketed: re.Match[str]) -> bool:
    """Whether a line without a date is a name, an address and a verb: Gnus, Emacs, Notes."""
    head, tail = lowered[: bracketed.start()], lowered[bracketed.end() :].strip(" >:：-_*")
    if lowered[bracketed.start()] == "(" or head.count(" ") > MAX_NAME_WORDS or _FULL_STOP.search(head):
        return False
    return not tail or tail in languages.WROTE


def _is_bare_address_and_verb(lowered: str) -> bool:
    """Whether a line is an address and a verb, as the telephones of some makers have it: `jane@example.com wrote:`."""
    address, _, verb = lowered.partition(" ")
    known: tuple[str, ...] = languages.WROTE
    return "@" in address and verb.rstrip("".join(COLONS) + " ") in known


def _is_unknown_verb(text: str) -> bool:
    """Whether a line is a date, a time, a name and a verb that we do not know: a single word in small letters, or a few
    in a script that the tables have little of."""
    tail = _TAIL.search(text)
    if tail is None or not tail[1].startswith(", ") or len(text) > MAX_UNKNOWN or not _DATE_FIRST.match(folded(text)):
        return False
    name, _, verb = tail[1].rstrip("".join(COLONS) + " ").rpartition(" ")
    if verb[:1] >= "\u0530":
        return len(tail[1].split()) <= MAX_NAME_WORDS
    return len(name) > 2 and bool(verb.isalpha() and verb.islower()) and _small_words(tail[1]) == 1


def _is_terse(text: str) -> bool:
    """Whether a line without an address may be a client's: what it starts with, and how few words are no names."""
    if _small_words(text) > MAX_SMALL_WORDS:
        return False
    if opens(folded(text)):
        return True
    head = re.split(r"\d", text, maxsplit=1)[0]
    return sum(not word[:1].islower() for word in head.split()) >= 2 or has_verb(folded(head))


def _small_words(text: str) -> int:
    return sum(word[:1].islower() and "@" not in word for word in text.split())


def _speaks_to_you(lowered: str) -> bool:
    return any(words in lowered for words in languages.YOU_WROTE)


def _by_hand(lowered: str) -> bool:
    """Whether the verb's subject is a pronoun: `On 4 March at 9:15 I wrote:` is a person's sentence."""
    words = re.findall(r"[^\W_]+(?:'[^\W_]+)?", lowered.replace("’", "'"))
    said, (pairs, glued) = f" {' '.join(words)} ", _hand_pairs()
    return any(pair in said for word in set(words) for pair in pairs.get(word, ())) or any(
        map(said.__contains__, glued)
    )


@cache
def _hand_pairs() -> tuple[dict[str, list[str]], tuple[str, ...]]:
    """A pronoun beside a verb of its language, by the first word; pronouns of scripts that do not part words."""
    pairs: dict[str, list[str]] = {}
    glued: list[str] = []
    for row in languages.LANGUAGES:
        for pronoun in phrases(row.get("pronouns", "").lower()):
            if _is_glued(pronoun):
                glued.append(pronoun)
                continue
            for verb in phrases(row.get("wrote", "")):
                for pair in (f" {pronoun} {verb} ", f" {verb} {pronoun} "):
                    pairs.setdefault(pair.split()[0], []).append(pair)
    return pairs, tuple(glued)
