"""Text of which nobody says the charset: what its letters tell, and that Western European text stays what it was."""

import pytest

from mailpoll.message import parse
from mailpoll.message.guesses import guessed

TOLD = [
    ("Напоминаем, что завтра в десять часов встреча в офисе.", ("cp1251", "koi8-r", "iso8859-5", "cp866")),
    ("Привет", ("cp1251", "koi8-r", "iso8859-5")),
    ("СРОЧНО: СЕРВЕР НЕ ОТВЕЧАЕТ", ("cp1251", "koi8-r")),
    ("Fwd: отчёт за март (final.xls)", ("cp1251", "koi8-r")),
    ("Доброго дня! Завтра зустріч у нашому офісі о десятій.", ("cp1251", "koi8-u")),
    ("Καλημέρα, η συνάντηση θα γίνει αύριο στις δέκα.", ("cp1253", "iso8859-7")),
    ("שלום, הפגישה תתקיים מחר בבוקר במשרד", ("cp1255", "iso8859-8")),
    ("服务器没有响应！", ("gb2312", "gb18030")),
    ("您好，明天上午十點開會，請準時參加。", ("big5",)),
    ("お世話になっております。明日の会議は十時からです。", ("euc-jp", "shift-jis")),
    ("안녕하세요. 내일 회의는 열 시에 시작합니다.", ("euc-kr",)),
    ("Wiadomość została wysłana, dziękuję i pozdrawiam", ("iso8859-2", "cp1250")),
    ("Dobrý den, zítra máme schůzku v deset hodin, děkuji. Jiří Dvořák", ("iso8859-2", "cp1250")),
    ("Holnap tízkor kezdődik a megbeszélés, kérem erősítse meg. Üdvözlettel", ("iso8859-2", "cp1250")),
    ("Günaydın, toplantı yarın saat onda, teşekkürler", ("cp1254",)),
]
WESTERN = [
    "Créée l’été dernier, l'œuvre a été réalisée à Noël — « très » bien, où ça ? N°5, 20 m³, 3 ± 1",
    "Größe: 20 m² für Müller & Söhne, Übergröße „schön“ – 5 € © 2020",
    "¿Qué pasó, señor Núñez? ¡Mañana! 1ª y 2º, ¿sí?",
    "Reunião amanhã às dez; não é opção, irmãos, ações, põe, avô",
    "Mødet er på lørdag, vær så god; rødgrød med fløde, åå øø, Sørensen così",
    "Hyvää päivää, tämä on sähköposti; yöaika",
    "Góðan daginn, fundurinn verður á morgun, þú ert boðinn",
    "È già così: perché no? Più città, università; Jørgen Sørensen",
    "Col·lecció d'il·lusions, paral·lel, ço és això",
    "“Hello” … ‘it’s’ – ok™ ©Company®Name x³y and a±b",
    "·¸¸·´¯`·¸¸·´¯`·¸¸·´¯`·¸¸·´¯`· NEWS ·¸¸·´¯`·¸¸·´¯`·¸¸·",
    "ÄRGER ÜBER ÖSTERREICH, ÀÉÈÊ",
    "Tere, õhtul näeme; öö ja töö, jõgi, ühiselt",
]


@pytest.mark.parametrize(
    ("text", "charset"), [(text, charset) for text, charsets in TOLD for charset in charsets], ids=str
)
def test_letters_tell_the_charset(text, charset):
    data = text.encode(charset)
    assert data.decode(guessed(data)) == text
    assert parse(b"Subject: x\n\n" + data).text == text
    assert parse(b"Subject: x\nContent-Type: text/plain; charset=us-ascii\n\n" + data).text == text


@pytest.mark.parametrize("text", WESTERN)
def test_western_european_text_stays_windows_1252(text):
    assert guessed(text.encode("cp1252")) == ""
    assert parse(b"Subject: x\n\n" + text.encode("cp1252")).text == text


@pytest.mark.parametrize(
    "octets", [b"", b"\xe9", b"\xe9\xe9\xe9", b"\x80" * 10, bytes(range(128, 256)) * 9, b"a\xff" * 9]
)
def test_what_says_nothing_is_not_guessed(octets):
    assert guessed(octets) == ""


@pytest.mark.parametrize("size", [9_999, 10_000, 10_001])
def test_half_a_character_where_the_looking_ends_is_none(size):
    data = "服务器没有响应！".encode("gb18030") * 2_000
    assert guessed(b"a" * (size % 2) + data[:size]) == "gb18030"


@pytest.mark.parametrize("order", [1, -1])
def test_raw_header_fields_are_in_the_charset_of_the_body(order):
    fields = [b"Subject: Gr\xfc\xdfe aus \xa3\xf3d\xbc\n", b"Content-Type: text/plain; charset=iso-8859-2\n"]
    assert parse(b"".join(fields[::order]) + b"\nx").subject == "Grüße aus Łódź"


def test_raw_utf_8_in_a_header_is_utf_8_whatever_the_body_is_in():
    raw = "Subject: Grüße\nContent-Type: text/plain; charset=iso-8859-2\n\nx".encode()
    assert parse(raw).subject == "Grüße"


@pytest.mark.parametrize("charset", ["iso-8859-1", "windows-1252", "iso-8859-15"])
def test_utf_8_under_a_western_label_is_utf_8(charset):
    head = f"Subject: x\nContent-Type: text/plain; charset={charset}\n\n".encode()
    assert parse(head + "café, naïve".encode()).text == "café, naïve"
    assert parse(head + "Ã© \xbf".encode("cp1252")).text == "Ã© ¿"


@pytest.mark.parametrize(
    ("octets", "text"),
    [
        (b"It\x92s a caf\xc3\xa9 \x96 na\xc3\xafve", "It’s a café – naïve"),
        (b"caf\xc3\xa9, na\xc3\xafve, cut \xe2\x82", "café, naïve, cut \ufffd"),
        (b"caf\xc3\xa9, na\xc3\xafve, cut \xc3", "café, naïve, cut \ufffd"),
    ],
)
def test_utf_8_with_a_few_octets_of_windows(octets, text):
    assert parse(b"Subject: x\nContent-Type: text/plain; charset=utf-8\n\n" + octets).text == text
