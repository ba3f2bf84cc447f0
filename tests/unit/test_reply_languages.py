"""What clients write over a quoted mail, by language and client, wrapped anyhow; and prose that only looks like it."""

import textwrap

import pytest

from mailpoll.reply import new_text
from mailpoll.reply.languages import LANGUAGES

ANSWER = "Tomorrow, then."
MARKED = "> Will you bring the maps?\n> Bob\n"
BARE = "Will you bring the maps?\nBob\n"

# language, client, the line as that client writes it
ATTRIBUTIONS = [
    ("en", "gmail", "On Mon, Mar 4, 2024 at 9:15\u202fAM Bob Poe <bob@example.com> wrote:"),
    ("en", "apple", "On Mar 4, 2024, at 9:15 AM, Bob Poe <bob@example.com> wrote:"),
    ("en", "apple-gb", "On 4 Mar 2024, at 09:15, Bob Poe <bob@example.com> wrote:"),
    ("en", "thunderbird", "On 3/4/2024 9:15 AM, Bob Poe wrote:"),
    ("en", "outlook-mac", 'On 3/4/24, 9:15 AM, "Bob Poe" <bob@example.com> wrote:'),
    ("en", "yahoo", "On Monday, March 4, 2024 at 09:15:12 AM EST, Bob Poe <bob@example.com> wrote:"),
    ("en", "yahoo-classic", "--- On Mon, 3/4/24, Bob Poe <bob@example.com> wrote:"),
    ("en", "proton", "On Monday, March 4th, 2024 at 9:15 AM, Bob Poe <bob@example.com> wrote:"),
    ("en", "mutt", "On Mon, Mar 04, 2024 at 09:15:12AM +0100, Bob Poe wrote:"),
    ("en", "evolution", "On Mon, 2024-03-04 at 09:15 +0100, Bob Poe wrote:"),
    ("en", "gnus", "Bob Poe <bob@example.com> writes:"),
    ("en", "notes", "-----Bob Poe <bob@example.com> wrote: -----"),
    ("en", "k9", 'On 4 March 2024 09:15:12 CET, Bob Poe <bob@example.com> wrote:'),
    ("en", "netease", 'At 2024-03-04 09:15:12, "Bob Poe" <bob@example.com> wrote:'),
    ("en", "the-bat", "Monday, March 4, 2024, 9:15:12 AM, you wrote:"),
    ("de", "gmail", "Am Mo., 4. März 2024 um 09:15 Uhr schrieb Bob Poe <bob@example.com>:"),
    ("de", "gmail-app", "Bob Poe <bob@example.com> schrieb am Mo., 4. März 2024, 09:15:"),
    ("de", "apple", "Am 04.03.2024 um 09:15 schrieb Bob Poe <bob@example.com>:"),
    ("de", "thunderbird", "Am 04.03.24 um 09:15 schrieb Bob Poe:"),
    ("fr", "gmail", "Le lun. 4 mars 2024 à 09:15, Bob Poe <bob@example.com> a écrit :"),
    ("fr", "apple", "Le 4 mars 2024 à 09:15, Bob Poe <bob@example.com> a écrit\u202f:"),
    ("fr", "thunderbird", "Le 04/03/2024 à 09:15, Bob Poe a écrit\xa0:"),
    ("fr", "proton", "Le lundi 4 mars 2024 à 09:15, Bob Poe <bob@example.com> a écrit :"),
    ("es", "gmail", "El lun, 4 mar 2024 a las 9:15, Bob Poe (<bob@example.com>) escribió:"),
    ("es", "apple", "El 4 mar 2024, a las 9:15, Bob Poe <bob@example.com> escribió:"),
    ("es", "thunderbird", "El 04/03/2024 a las 9:15, Bob Poe escribió:"),
    ("pt", "gmail-br", "Em seg., 4 de mar. de 2024 às 09:15, Bob Poe <bob@example.com> escreveu:"),
    ("pt", "gmail-pt", "Bob Poe <bob@example.com> escreveu (segunda, 4/03/2024 à(s) 09:15):"),
    ("pt", "apple-br", "Em 4 de mar. de 2024, à(s) 09:15, Bob Poe <bob@example.com> escreveu:"),
    ("pt", "apple-pt", "No dia 04/03/2024, às 09:15, Bob Poe <bob@example.com> escreveu:"),
    ("pt", "thunderbird", "Em 04/03/2024 09:15, Bob Poe escreveu:"),
    ("it", "gmail", "Il giorno lun 4 mar 2024 alle ore 09:15 Bob Poe <bob@example.com> ha scritto:"),
    ("it", "apple", "Il giorno 4 mar 2024, alle ore 09:15, Bob Poe <bob@example.com> ha scritto:"),
    ("it", "thunderbird", "Il 04/03/2024 09:15, Bob Poe ha scritto:"),
    ("nl", "gmail", "Op ma 4 mrt 2024 om 09:15 schreef Bob Poe <bob@example.com>:"),
    ("nl", "apple", "Op 4 mrt 2024, om 09:15 heeft Bob Poe <bob@example.com> het volgende geschreven:"),
    ("nl", "thunderbird", "Op 04-03-2024 om 09:15 schreef Bob Poe:"),
    ("da", "gmail", "Den man. 4. mar. 2024 kl. 09.15 skrev Bob Poe <bob@example.com>:"),
    ("da", "apple", "Den 4. mar. 2024 kl. 09.15 skrev Bob Poe <bob@example.com>:"),
    ("da", "thunderbird", "Den 04.03.2024 kl. 09.15 skrev Bob Poe:"),
    ("no", "gmail", "man. 4. mars 2024 kl. 09:15 skrev Bob Poe <bob@example.com>:"),
    ("no", "apple", "4. mars 2024 kl. 09:15 skrev Bob Poe <bob@example.com>:"),
    ("no", "thunderbird", "Den 04.03.2024 09:15, skrev Bob Poe:"),
    ("sv", "gmail", "Den mån 4 mars 2024 kl 09:15 skrev Bob Poe <bob@example.com>:"),
    ("sv", "apple", "4 mars 2024 kl. 09:15 skrev Bob Poe <bob@example.com>:"),
    ("sv", "thunderbird", "Den 2024-03-04 kl. 09:15, skrev Bob Poe:"),
    ("is", "gmail", "mán., 4. mar. 2024 kl. 09:15 skrifaði Bob Poe <bob@example.com>:"),
    ("is", "thunderbird", "Þann 4.3.2024 09:15, skrifaði Bob Poe:"),
    ("ro", "gmail", "În lun., 4 mar. 2024 la 09:15, Bob Poe <bob@example.com> a scris:"),
    ("ro", "apple", "Pe 4 mar. 2024, la 09:15, Bob Poe <bob@example.com> a scris:"),
    ("ro", "thunderbird", "Pe 04.03.2024 09:15, Bob Poe a scris:"),
    ("ca", "gmail", "Missatge de Bob Poe <bob@example.com> del dia dl., 4 de març 2024 a les 9:15:"),
    ("ca", "apple", "El 4 març 2024, a les 9:15, Bob Poe <bob@example.com> va escriure:"),
    ("ca", "thunderbird", "El 4/3/24 a les 9:15, Bob Poe ha escrit:"),
    ("gl", "gmail", "O luns, 4 mar. 2024 ás 9:15, Bob Poe (<bob@example.com>) escribiu:"),
    ("gl", "thunderbird", "O 04/03/2024 ás 9:15, Bob Poe escribiu:"),
    ("pl", "gmail", "pon., 4 mar 2024 o 09:15 Bob Poe <bob@example.com> napisał(a):"),
    ("pl", "apple", "Wiadomość napisana przez Bob Poe <bob@example.com> w dniu 4 mar 2024, o godz. 09:15:"),
    ("pl", "thunderbird", "W dniu 4.03.2024 o 09:15, Bob Poe pisze:"),
    ("pl", "roundcube", "W dniu 2024-03-04 09:15, Bob Poe napisał(a):"),
    ("cs", "gmail", "po 4. 3. 2024 v 9:15 odesílatel Bob Poe <bob@example.com> napsal:"),
    ("cs", "thunderbird", "Dne 04. 03. 24 v 9:15 Bob Poe napsal(a):"),
    ("sk", "gmail", "po 4. 3. 2024 o 9:15 Bob Poe <bob@example.com> napísal(a):"),
    ("sk", "thunderbird", "Dňa 4. 3. 2024 o 9:15 Bob Poe napísal(a):"),
    ("bg", "gmail", "На пн, 4.03.2024 г. в 9:15 Bob Poe <bob@example.com> написа:"),
    ("bg", "thunderbird", "На 4.03.24 г. в 9:15, Bob Poe написа:"),
    ("hr", "gmail", "pon, 4. ožu 2024. u 09:15 Bob Poe <bob@example.com> napisao je:"),
    ("hr", "thunderbird", "Dana 4. 3. 2024. u 09:15, Bob Poe je napisao/la:"),
    ("sr", "gmail", "пон, 4. мар 2024. у 09:15 Bob Poe <bob@example.com> је написао/ла:"),
    ("sr", "thunderbird", "Дана 4.3.24. у 09:15, Bob Poe је написао/ла:"),
    ("sl", "gmail", "V V pon., 4. mar. 2024 ob 09:15 je oseba Bob Poe <bob@example.com> napisala:"),
    ("sl", "thunderbird", "Bob Poe je 4. 03. 2024 ob 09:15 napisal/a:"),
    ("ru", "gmail", "пн, 4 мар. 2024\u202fг. в 09:15, Bob Poe <bob@example.com>:"),
    ("ru", "apple", "4 марта 2024 г., в 09:15, Bob Poe <bob@example.com> написал(а):"),
    ("ru", "thunderbird", "04.03.2024 09:15, Bob Poe пишет:"),
    ("ru", "mail.ru", "Понедельник, 4 марта 2024, 9:15 +03:00 от Bob Poe <bob@example.com>:"),
    ("ru", "yandex", '04.03.2024, 09:15, "Bob Poe" <bob@example.com>:'),
    ("ru", "the-bat", "Вы писали 4 марта 2024 г., 9:15:12:"),
    ("uk", "gmail", "пн, 4 бер. 2024\u202fр. о 09:15 Bob Poe <bob@example.com> пише:"),
    ("uk", "apple", "4 бер. 2024 р. о 09:15 Bob Poe <bob@example.com> написав(ла):"),
    ("uk", "thunderbird", "04.03.24 09:15, Bob Poe пише:"),
    ("fi", "gmail", "ma 4. maalisk. 2024 klo 9.15 Bob Poe (bob@example.com) kirjoitti:"),
    ("fi", "apple", "Bob Poe <bob@example.com> kirjoitti 4.3.2024 kello 9.15:"),
    ("fi", "thunderbird", "Bob Poe kirjoitti 4.3.2024 klo 9.15:"),
    ("et", "gmail", "Kuupäev E, 4. märts 2024 kell 09:15 kirjutas Bob Poe <bob@example.com>:"),
    ("et", "thunderbird", "04.03.2024 09:15 Bob Poe kirjutas:"),
    ("lv", "gmail", "pirmd., 2024. g. 4. marts, plkst. 09:15 — lietotājs Bob Poe (<bob@example.com>) rakstīja:"),
    ("lt", "gmail", "2024-03-04, pr, 09:15 Bob Poe <bob@example.com> rašė:"),
    ("lt", "thunderbird", "2024-03-04 09:15, Bob Poe rašė:"),
    ("hu", "gmail", "Bob Poe <bob@example.com> ezt írta (időpont: 2024. márc. 4., H, 9:15):"),
    ("hu", "apple", "2024. márc. 4. dátummal, 9:15 időpontban Bob Poe <bob@example.com> írta:"),
    ("hu", "thunderbird", "2024. 03. 04. 9:15 keltezéssel, Bob Poe írta:"),
    ("el", "gmail", "Στις Δευ 4 Μαρ 2024 στις 9:15\u202fπ.μ., ο χρήστης Bob Poe <bob@example.com> έγραψε:"),
    ("el", "apple", "Στις 4 Μαρ 2024, στις 9:15 π.μ., ο/η Bob Poe <bob@example.com> έγραψε:"),
    ("el", "thunderbird", "Στις 4/3/2024 9:15, ο Bob Poe έγραψε:"),
    ("tr", "gmail", "Bob Poe <bob@example.com>, 4 Mar 2024 Pzt, 09:15 tarihinde şunu yazdı:"),
    ("tr", "apple", "Bob Poe <bob@example.com> şunları yazdı (4 Mar 2024 09:15):"),
    ("tr", "thunderbird", "4.03.2024 09:15 tarihinde Bob Poe yazdı:"),
    ("eu", "gmail", "Bob Poe (<bob@example.com>) igorleak hau idatzi du (2024 mar. 4, al. (09:15)):"),
    ("eu", "thunderbird", "Bob Poe(e)k 2024/03/04 09:15(e)an idatzi zuen:"),
    ("ar", "gmail", "في الاثنين، 4 مارس 2024 في 9:15 ص تمت كتابة ما يلي بواسطة Bob Poe <bob@example.com\u200f>:"),
    ("ar", "apple", "في ٤ مارس ٢٠٢٤، الساعة ٩:١٥ ص، كتب/كتبت Bob Poe <bob@example.com>:"),
    ("he", "gmail", "\u202bבתאריך יום ב׳, 4 במרץ 2024 ב-9:15 מאת \u202aBob Poe\u202c <bob@example.com\u200f>:\u202c"),
    ("he", "apple", "ב-4 במרץ 2024, בשעה 9:15, \u200fBob Poe \u200f<bob@example.com> כתב/ה:"),
    ("he", "thunderbird", "ב-04/03/2024 בשעה 9:15, Bob Poe כתב:"),
    ("fa", "gmail", "در تاریخ دوشنبه ۴ مارس ۲۰۲۴،\u200f ۹:۱۵ Bob Poe <\u202abob@example.com\u202c\u200f> نوشت:\u202c"),
    ("hi", "gmail", "सोम, 4 मार्च 2024 को 9:15 am बजे को Bob Poe <bob@example.com> ने लिखा:"),
    ("hi", "apple", "4 मार्च 2024 को 9:15 पूर्वाह्न बजे, Bob Poe <bob@example.com> ने लिखा:"),
    ("th", "gmail", "ในวันที่ จ. 4 มี.ค. 2024 เวลา 09:15 Bob Poe <bob@example.com> เขียนว่า:"),
    ("th", "apple", "ในวันที่ 4 มี.ค. 2567 เวลา 09:15 Bob Poe <bob@example.com> เขียนว่า:"),
    ("vi", "gmail", "Vào Th 2, 4 thg 3, 2024 vào lúc 09:15 Bob Poe <bob@example.com> đã viết:"),
    ("vi", "apple", "Vào 4 thg 3, 2024, lúc 09:15, Bob Poe <bob@example.com> viết:"),
    ("id", "gmail", "Pada tanggal Sen, 4 Mar 2024 pukul 09.15 Bob Poe <bob@example.com> menulis:"),
    ("id", "apple", "Pada 4 Mar 2024, pukul 09.15, Bob Poe <bob@example.com> menulis:"),
    ("ms", "gmail", "Pada Isn, 4 Mac 2024 pada 9:15 PG Bob Poe <bob@example.com> menulis:"),
    ("zh", "gmail-cn", "Bob Poe <bob@example.com> 于2024年3月4日周一 09:15写道："),
    ("zh", "gmail-tw", "Bob Poe <bob@example.com> 於 2024年3月4日 週一 上午9:15寫道："),
    ("zh", "apple-cn", "在 2024年3月4日，上午9:15，Bob Poe <bob@example.com> 写道："),
    ("zh", "apple-tw", "Bob Poe <bob@example.com> 於 2024年3月4日 上午9:15 寫道："),
    ("zh", "thunderbird", "在 2024/3/4 9:15, Bob Poe 写道:"),
    ("zh", "netease", '在 2024-03-04 09:15:12，"Bob Poe" <bob@example.com> 写道：'),
    ("ja", "gmail", "2024年3月4日(月) 9:15 Bob Poe <bob@example.com>:"),
    ("ja", "apple", "2024/03/04 9:15、Bob Poe <bob@example.com>のメール:"),
    ("ja", "apple-name", "2024/03/04 9:15、Bob Poeのメール："),
    ("ja", "thunderbird", "Bob Poe さんは書きました (2024/03/04 9:15):"),
    ("ko", "gmail", "2024년 3월 4일 (월) 오전 9:15, Bob Poe <bob@example.com>님이 작성:"),
    ("ko", "apple", "2024. 3. 4. 오전 9:15, Bob Poe <bob@example.com> 작성:"),
    ("ko", "thunderbird", "2024-03-04 오전 9:15에 Bob Poe 이(가) 쓴 글:"),
    # Languages without a row, by a date and an address.
    ("ka", "gmail", "ორშ, 4 მარ. 2024, 09:15, მომხმარებელმა Bob Poe (<bob@example.com>) დაწერა:"),
    ("bn", "gmail", "সোম, ৪ মার্চ, ২০২৪ এ ৯:১৫ AM তারিখে Bob Poe <bob@example.com> লিখেছেন:"),
]  # fmt: skip


def as_is(line):
    return line


def narrow(line):
    """As clients that wrap everything at few columns; never over more than five lines."""
    return "\n".join(textwrap.wrap(line, max(28, len(line) // 4), break_long_words=False, break_on_hyphens=False))


def before_the_address(line):
    """As Gmail wraps its own line."""
    return line.replace(" <", "\n<").replace(" (", "\n(") if line.count(" <") == 1 else line.replace(" (", "\n(")


def before_the_verb(line):
    """As Apple Mail wraps its own line."""
    return "\n".join(line.rsplit(" ", 1))


def angle_alone(line):
    """As HTML with links becomes text."""
    return line.replace("<bob@example.com>", "<bob@example.com\n>")


def linked(line):
    """As Outlook writes links out."""
    return line.replace("<bob@example.com>", "<bob@example.com<mailto:bob@example.com>>")


def bold(line):
    """As bold becomes in text."""
    return "\n".join(f"*{part}*" for part in line.split("\n"))


@pytest.mark.parametrize(
    "line", [line for *_, line in ATTRIBUTIONS], ids=[f"{code}-{client}" for code, client, _ in ATTRIBUTIONS]
)
def test_an_attribution_and_what_it_announces_go(line):
    for wrap in (as_is, narrow, before_the_address, before_the_verb, angle_alone, linked, bold):
        for quote in (MARKED, BARE, f"\n{MARKED}", f"\n{BARE}"):
            assert new_text(f"{ANSWER}\n\n{wrap(line)}\n{quote}") == ANSWER, (wrap.__name__, quote)


def test_every_language_has_an_attribution():
    assert {row["code"] for row in LANGUAGES} <= {code for code, *_ in ATTRIBUTIONS}


# language, client, what stands over the old mail
SEPARATORS = [
    ("en", "outlook", "-----Original Message-----"),
    ("en", "yahoo", "----- Original Message -----"),
    ("en", "samsung", "-------- Original message --------"),
    ("en", "proton", "------- Original Message -------"),
    ("de", "outlook", "-----Ursprüngliche Nachricht-----"),
    ("de", "thunderbird", "-------- Original-Nachricht --------"),
    ("de", "samsung", "-------- Ursprüngliche Nachricht --------"),
    ("fr", "outlook", "-----Message d'origine-----"),
    ("fr", "windows", "-----Message d’origine-----"),
    ("fr", "orange", "---------- Message original ----------"),
    ("es", "outlook", "-----Mensaje original-----"),
    ("pt", "outlook", "-----Mensagem original-----"),
    ("pt", "outlook-pt", "-----Mensagem de origem-----"),
    ("it", "outlook", "-----Messaggio originale-----"),
    ("nl", "outlook", "-----Oorspronkelijk bericht-----"),
    ("nl", "yahoo", "----- Origineel bericht -----"),
    ("da", "outlook", "-----Oprindelig meddelelse-----"),
    ("no", "outlook", "-----Opprinnelig melding-----"),
    ("sv", "outlook", "-----Ursprungligt meddelande-----"),
    ("is", "outlook", "-----Upprunaleg skilaboð-----"),
    ("fi", "outlook", "-----Alkuperäinen viesti-----"),
    ("et", "outlook", "-----Algne teade-----"),
    ("lv", "outlook", "-----Sākotnējais ziņojums-----"),
    ("lt", "outlook", "-----Originalus laiškas-----"),
    ("hu", "outlook", "-----Eredeti üzenet-----"),
    ("el", "outlook", "-----Αρχικό μήνυμα-----"),
    ("tr", "outlook", "-----Özgün İleti-----"),
    ("tr", "other", "-----Orijinal Mesaj-----"),
    ("eu", "other", "----- Jatorrizko mezua -----"),
    ("ro", "outlook", "-----Mesaj original-----"),
    ("ca", "outlook", "-----Missatge original-----"),
    ("gl", "outlook", "-----Mensaxe orixinal-----"),
    ("pl", "outlook", "-----Wiadomość oryginalna-----"),
    ("pl", "onet", "-----Original Message-----\nOd: Bob Poe\nTemat: Mapy"),
    ("cs", "outlook", "-----Původní zpráva-----"),
    ("cs", "seznam", "---------- Původní e-mail ----------"),
    ("sk", "outlook", "-----Pôvodná správa-----"),
    ("bg", "abv", "-------- Оригинално писмо --------"),
    ("hr", "outlook", "-----Izvorna poruka-----"),
    ("sr", "outlook", "-----Оригинална порука-----"),
    ("sl", "outlook", "-----Izvorno sporočilo-----"),
    ("ru", "outlook", "-----Исходное сообщение-----"),
    ("ru", "samsung", "-------- Исходное сообщение --------"),
    ("uk", "outlook", "-----Вихідне повідомлення-----"),
    ("ar", "outlook", "-----الرسالة الأصلية-----"),
    ("he", "outlook", "-----הודעה מקורית-----"),
    ("fa", "other", "-----پیام اصلی-----"),
    ("hi", "other", "-----मूल संदेश-----"),
    ("th", "outlook", "-----ข้อความต้นฉบับ-----"),
    ("vi", "outlook", "-----Thư gốc-----"),
    ("id", "outlook", "-----Pesan Asli-----"),
    ("ms", "outlook", "-----Mesej Asal-----"),
    ("zh", "qq", "------------------ 原始邮件 ------------------"),
    ("zh", "qq-nbsp", "------------------\xa0原始邮件\xa0------------------"),
    ("zh", "outlook-cn", "-----邮件原件-----"),
    ("zh", "outlook-tw", "-----原始郵件-----"),
    ("zh", "netease", "---- 回复的原邮件 ----"),
    ("ja", "outlook", "-----元のメッセージ-----"),
    ("ja", "outlook-old", "-----オリジナル メッセージ-----"),
    ("ko", "outlook", "-----원본 메시지-----"),
    ("ko", "naver", "-----Original Message-----\n보낸 사람: Bob Poe <bob@example.com>"),
]

# language, client, the names of sender, time, reader and subject, the time
BLOCKS = [
    ("en", "outlook", "From|Sent|To|Subject", "Monday, March 4, 2024 9:15 AM"),
    ("en", "apple", "From|Date|To|Subject", "March 4, 2024 at 9:15:12 AM GMT+1"),
    ("de", "outlook", "Von|Gesendet|An|Betreff", "Montag, 4. März 2024 09:15"),
    ("de", "apple", "Von|Datum|An|Betreff", "4. März 2024 um 09:15:12 MEZ"),
    ("fr", "outlook", "De |Envoyé |À |Objet ", "lundi 4 mars 2024 09:15"),
    ("fr", "nbsp", "De\xa0|Envoyé\xa0|À\xa0|Objet\xa0", "lundi 4 mars 2024 09:15"),
    ("es", "outlook", "De|Enviado el|Para|Asunto", "lunes, 4 de marzo de 2024 9:15"),
    ("es", "web", "De|Enviado|Para|Asunto", "lunes, 4 de marzo de 2024 9:15"),
    ("pt", "outlook-br", "De|Enviada em|Para|Assunto", "segunda-feira, 4 de março de 2024 09:15"),
    ("pt", "outlook-pt", "De|Enviado|Para|Assunto", "4 de março de 2024 09:15"),
    ("it", "outlook", "Da|Inviato|A|Oggetto", "lunedì 4 marzo 2024 09:15"),
    ("nl", "outlook", "Van|Verzonden|Aan|Onderwerp", "maandag 4 maart 2024 09:15"),
    ("da", "outlook", "Fra|Sendt|Til|Emne", "4. marts 2024 09:15"),
    ("no", "outlook", "Fra|Sendt|Til|Emne", "mandag 4. mars 2024 09:15"),
    ("sv", "outlook", "Från|Skickat|Till|Ämne", "den 4 mars 2024 09:15"),
    ("is", "outlook", "Frá|Sent|Til|Efni", "mánudagur, 4. mars 2024 09:15"),
    ("fi", "outlook", "Lähettäjä|Lähetetty|Vastaanottaja|Aihe", "maanantai 4. maaliskuuta 2024 9.15"),
    ("et", "outlook", "Saatja|Saadetud|Adressaat|Teema", "esmaspäev, 4. märts 2024 09:15"),
    ("lv", "outlook", "No|Nosūtīts|Kam|Tēma", "pirmdiena, 2024. gada 4. marts 09:15"),
    ("lt", "outlook", "Nuo|Išsiųsta|Kam|Tema", "2024 m. kovo 4 d., pirmadienis 09:15"),
    ("hu", "outlook", "Feladó|Elküldve|Címzett|Tárgy", "2024. március 4., hétfő 9:15"),
    ("el", "outlook", "Από|Στάλθηκε|Προς|Θέμα", "Δευτέρα, 4 Μαρτίου 2024 9:15 πμ"),
    ("tr", "outlook", "Kimden|Gönderildi|Kime|Konu", "4 Mart 2024 Pazartesi 09:15"),
    ("eu", "other", "Nork|Bidalia|Nori|Gaia", "2024(e)ko martxoaren 4a 09:15"),
    ("ro", "outlook", "De la|Trimis|Către|Subiect", "luni, 4 martie 2024 09:15"),
    ("ca", "outlook", "De|Enviat|Per a|Assumpte", "dilluns, 4 de març de 2024 9:15"),
    ("gl", "outlook", "De|Enviado|Para|Asunto", "luns, 4 de marzo de 2024 9:15"),
    ("pl", "outlook", "Od|Wysłano|Do|Temat", "poniedziałek, 4 marca 2024 09:15"),
    ("cs", "outlook", "Od|Odesláno|Komu|Předmět", "pondělí 4. března 2024 9:15"),
    ("sk", "outlook", "Od|Odoslané|Komu|Predmet", "pondelok 4. marca 2024 9:15"),
    ("bg", "outlook", "От|Изпратено|До|Относно", "понеделник, 4 март 2024 г. 9:15"),
    ("hr", "outlook", "Šalje|Poslano|Prima|Predmet", "4. ožujka 2024. 9:15"),
    ("sr", "outlook", "Од|Послато|За|Тема", "понедељак, 04. март 2024. 09:15"),
    ("sl", "outlook", "Od|Poslano|Za|Zadeva", "ponedeljek, 04. marec 2024 09:15"),
    ("ru", "outlook", "От|Отправлено|Кому|Тема", "4 марта 2024 г. 9:15"),
    ("ru", "outlook-short", "От|Дата|Кому|Тема", "понедельник, 4 марта 2024 г. в 9:15"),
    ("uk", "outlook", "Від|Надіслано|Кому|Тема", "4 березня 2024 р. 9:15"),
    ("ar", "outlook", "من|تم الإرسال|إلى|الموضوع", "04/مارس/2024 09:15 ص"),
    ("he", "outlook", "מאת|נשלח|אל|נושא", "יום שני 04 מרץ 2024 09:15"),
    ("fa", "other", "از|تاریخ|به|موضوع", "۴ مارس ۲۰۲۴ ۹:۱۵"),
    ("hi", "outlook", "प्रेषक|भेजा गया|प्रति|विषय", "सोमवार, 4 मार्च 2024 9:15"),
    ("th", "outlook", "จาก|ส่ง|ถึง|เรื่อง", "4 มีนาคม 2567 9:15"),
    ("vi", "outlook", "Từ|Đã gửi|Đến|Chủ đề", "Thứ Hai, 4 tháng 3, 2024 9:15 SA"),
    ("id", "outlook", "Dari|Dikirim|Kepada|Subjek", "Senin, 04 Maret 2024 09.15"),
    ("ms", "outlook", "Daripada|Dihantar|Kepada|Subjek", "Isnin, 4 Mac 2024 9:15 PG"),
    ("zh", "outlook-cn", "发件人|发送时间|收件人|主题", "2024年3月4日 9:15"),
    ("zh", "outlook-tw", "寄件者|寄件日期|收件者|主旨", "2024年3月4日 上午 09:15"),
    ("zh", "foxmail", "发件人|日期|收件人|主题", "2024-03-04 09:15"),
    ("ja", "outlook", "差出人|送信日時|宛先|件名", "2024年3月4日月曜日 9:15"),
    ("ja", "outlook-en", "From|Sent|To|Subject", "Monday, March 4, 2024 9:15 AM"),
    ("ko", "outlook", "보낸 사람|보낸 날짜|받는 사람|제목", "2024년 3월 4일 월요일 오전 9:15"),
    ("ko", "naver", "보낸사람|날짜|받는사람|제목", "2024/03/04 09:15"),
]


def fields(names, time, sender="Bob Poe <bob@example.com>"):
    return list(zip(names.split("|"), (sender, time, "Jane Roe", "Maps"), strict=True))


def plain_block(names, time):
    return "\n".join(f"{name}: {value}" for name, value in fields(names, time))


def nameless_block(names, time):
    """As Outlook writes it inside one company: no address."""
    return "\n".join(f"{name}: {value}" for name, value in fields(names, time, "Poe, Bob"))


def bold_block(names, time):
    return "\n".join(f"*{name.strip()}:* {value}" for name, value in fields(names, time))


def bold_name_block(names, time):
    return "\n".join(f"**{name.strip()}**: {value}" for name, value in fields(names, time))


def tabbed_block(names, time):
    return "\n".join(f"{name}:\t{value}" for name, value in fields(names, time))


def fullwidth_block(names, time):
    return "\n".join(f"{name}：{value}" for name, value in fields(names, time))


def ruled_block(names, time):
    return "_" * 32 + "\n" + plain_block(names, time)


def spaced_block(names, time):
    return plain_block(names, time).replace("\n", "\n\n")


def mixed_block(names, time):
    """As Apple orders it."""
    sender, sent, to, subject = plain_block(names, time).split("\n")
    return "\n".join((sender, subject, sent, to))


@pytest.mark.parametrize(
    "line", [line for *_, line in SEPARATORS], ids=[f"{code}-{client}" for code, client, _ in SEPARATORS]
)
def test_a_separator_and_what_is_below_go(line):
    for quote in (MARKED, BARE):
        assert new_text(f"{ANSWER}\n\n{line}\n\n{quote}") == ANSWER, quote


FORMS_OF_BLOCKS = (
    plain_block, nameless_block, bold_block, bold_name_block, tabbed_block, fullwidth_block, ruled_block,
    spaced_block, mixed_block,
)  # fmt: skip


@pytest.mark.parametrize(
    ("names", "time"), [row[2:] for row in BLOCKS], ids=[f"{code}-{client}" for code, client, *_ in BLOCKS]
)
def test_a_block_of_header_fields_and_what_is_below_go(names, time):
    for block in FORMS_OF_BLOCKS:
        assert new_text(f"{ANSWER}\n\n{block(names, time)}\n\n{BARE}") == ANSWER, block.__name__


def test_every_language_has_separators_and_a_block():
    codes = {row["code"] for row in LANGUAGES}
    assert codes <= {code for code, *_ in SEPARATORS}
    assert codes <= {code for code, *_ in BLOCKS}


# Other clients, other ways to name the writer, and languages without a row.
MORE = """\
On Mon, Mar 4, 2024 at 9:15 AM <bob@example.com> wrote:
%%
On Mar 4, 2024 9:15 AM, bob@example.com wrote:
%%
bob@example.com wrote on 4 Mar 2024 09:15:
%%
On Mon, 4 Mar 2024, 09:15 Bob Poe via lists, <dev@lists.example.com> wrote:
%%
'Bob Poe' via dev <dev@example.com> 于2024年3月4日周一 09:15写道：
%%
On Mon, Mar 4, 2024, 9:15 AM Bob Poe, Ph.D. <bob@example.com> wrote:
%%
On Mon, Mar 4, 2024 at 9:15 AM Dr. Bob Poe (Example Inc.) <
bob.poe.with.a.long.address@example.com> wrote:
%%
On Monday, March 4, 2024 at 9:15:12 AM UTC+1 Bob Poe wrote:
%%
On Monday, March 4, 2024 at 9:15:12\u202fAM UTC-5 bob@example.com wrote:
%%
On Mon, 4 Mar 2024 09:15:12 +0100
Bob Poe <bob@example.com> wrote:
%%
On Mon, 4 Mar 2024 09:15:12 +0100, Bob Poe <bob@example.com> said:
%%
On Monday 04 March 2024 09:15:12 Bob Poe wrote:
%%
Quoting Bob Poe <bob@example.com>:
%%
Zitat von Bob Poe <bob@example.com>:
%%
Citando Bob Poe <bob@example.com>:
%%
Bob Poe <bob@example.com> hat am 04.03.2024 09:15 CET geschrieben:
%%
Bob Poe <bob@example.com> hat am 4. März 2024 um 09:15 geschrieben:
%%
Am Montag, 4. März 2024, 09:15:12 CET schrieb Bob Poe:
%%
Am Mo, 4. März 2024 09:15 schrieb Bob Poe (bob@example.com):
%%
Am 04.03.2024 um 09:15 schrieb "Bob Poe" <bob@example.com>:
%%
Montag, 4. März 2024 09:15 von bob@example.com:
%%
4 Mar 2024, 09:15 by bob@example.com:
%%
Mar 4, 2024, 09:15 by bob@example.com:
%%
4 mars 2024, 09:15 de bob@example.com:
%%
Em seg., 4 de mar. de 2024 09:15, Bob Poe <bob@example.com> escreveu:
%%
Em segunda-feira, 4 de março de 2024 09:15:12 BRT, Bob Poe <bob@example.com> escreveu:
%%
El lunes, 4 de marzo de 2024, 09:15:12 CET, Bob Poe <bob@example.com> escribió:
%%
Le lundi 4 mars 2024 à 09:15:12 UTC+1, Bob Poe <bob@example.com> a écrit :
%%
Il lunedì 4 marzo 2024 alle ore 09:15:12 CET, Bob Poe <bob@example.com> ha scritto:
%%
Op maandag 4 maart 2024 om 09:15:12 CET schreef Bob Poe <bob@example.com>:
%%
W dniu poniedziałek, 4 marca 2024 09:15:12 CET Bob Poe napisał(a):
%%
W dniu poniedziałek, 4 marca 2024 09:15:12 CET użytkownik Bob Poe <bob@example.com> napisał:
%%
Dnia 4 marca 2024 09:15 Bob Poe <bob@example.com> napisał(a):
%%
понедельник, 4 марта 2024 г., 09:15:12 GMT+3, Bob Poe <bob@example.com> написал(а):
%%
Bob Poe <bob@example.com> писал(а) 4 марта 2024 г. 9:15:
%%
Bob Poe писал 2024-03-04 09:15:
%%
2024-03-04 9:15 GMT+01:00 Bob Poe <bob@example.com>:
%%
2024-03-04 9:15 GMT+01:00 Bob Poe <bob@example.com>
%%
2024/3/4 Bob Poe <bob@example.com>:
%%
4 марта 2024 г. 9:15 пользователь Bob Poe <bob@example.com> написал:
%%
El 4 de marzo de 2024, 9:15, Bob Poe<bob@example.com> escribió:
%%
2024年3月4日(月) 午前9:15 Bob Poe <bob@example.com>:
%%
2024年3月4日月曜日、Bob Poe<bob@example.com>さんは書きました:
%%
2024年3月4日 9時15分 Bob Poe <bob@example.com>:
%%
On 2024/03/04 9:15, 田中太郎 wrote:
%%
(2024/03/04 9:15), Bob Poe wrote:
%%
2024년 3월 4일 (월) AM 9:15, 김철수 <kim@example.com>님이 작성:
%%
2024년 3월 4일 월요일, 김철수<kim@example.com>님이 작성한 메시지:
%%
在 2024年3月4日星期一 UTC+8 09:15:12<Bob Poe> 写道：
%%
在2024年03月04日 09:15，Bob Poe<bob@example.com> 写道：
%%
At 2024-03-04 09:15:12, bob@example.com wrote:
%%
On 03/04/2024 09:15，Bob Poe<bob@example.com> wrote：
%%
---- On Mon, 04 Mar 2024 09:15:12 +0100 Bob Poe <bob@example.com> wrote ----
%%
---- Le lun., 04 mars 2024 09:15:12 +0100 Bob Poe <bob@example.com> a écrit ----
%%
---- Am Mo., 04 März 2024 09:15:12 +0100 Bob Poe <bob@example.com> schrieb ---
%%
---- On Mon, 04 Mar 2024 09:15:12 +0100 Bob Poe<bob@example.com> wrote ----
%%
On Mon, Mar 4, 2024 at 9:15 AM, Bob Poe < bob@example.com > wrote:
%%
On Mon, Mar 4, 2024 at 9:15 AM, Bob Poe < [ mailto:bob@example.com | bob@example.com ] > wrote:
%%
On Mon, Mar 4, 2024 at 9:15 AM Bob Poe [mailto:bob@example.com] wrote:
%%
On Mon, Mar 4, 2024 at 9:15 AM, Bob Poe <[bob@example.com](mailto:bob@example.com)> wrote:
%%
[On Mon, Mar 4, 2024 at 9:15 AM Bob Poe <bob@example.com>](mailto:bob@example.com) wrote:
%%
Bob Poe <bob@example.com> , 4 Mar 2024 Pzt, 09:15 tarihinde şunu yazdı:
%%
Den mån 4 mars 2024 09:15Bob Poe <bob@example.com> skrev:
%%
Den mandag den 4. marts 2024 skrev Bob Poe <bob@example.com>:
%%
Bob Poe <bob@example.com> skrev den mån 4 mars 2024 kl 09:15:
%%
Bob Poe <bob@example.com> kirjoitti ma 4. maalisk. 2024 klo 9.15:
%%
Dňa po 4. 3. 2024, 9:15 Bob Poe <bob@example.com> napísal(a):
%%
---------- Původní e-mail ----------
Od: Bob Poe <bob@example.com>
Komu: Jane
Datum: 4. 3. 2024 9:15:12
Předmět: Mapy
%%
Dne 4.3.2024 v 9:15 Bob Poe napsal(a):
%%
pon., 4 mar 2024, 09:15 użytkownik Bob Poe <bob@example.com> napisał:
%%
În data de lun., 4 mar. 2024, 09:15 Bob Poe <bob@example.com> a scris:
%%
Pe luni, 4 martie 2024, 09:15:12 EET, Bob Poe <bob@example.com> a scris:
%%
Bob Poe <bob@example.com> a scris:
%%
Bob Poe <bob@example.com> hat geschrieben:
%%
Bob Poe <bob@example.com> a écrit :
%%
Vào Th 2, 4 thg 3, 2024 09:15 Bob Poe <bob@example.com> đã viết:
%%
Pada Isn, 4 Mac 2024 9:15 PG Bob Poe <bob@example.com> menulis:
%%
Noong Lun, Mar 4, 2024 nang 9:15 AM, sinulat ni Bob Poe <bob@example.com> ang:
%%
Më hën, 4 mar 2024, në 9:15, Bob Poe <bob@example.com> shkroi:
%%
Op Ma 04 Mrt. 2024 om 09:15 het Bob Poe <bob@example.com> geskryf:
%%
Ar Llun, 4 Maw 2024 am 09:15 ysgrifennodd Bob Poe <bob@example.com>:
%%
На пон., 4 мар. 2024 г. во 9:15 Bob Poe <bob@example.com> напиша:
%%
пн, 4 сак 2024 у 09:15 Bob Poe <bob@example.com> піша:
%%
Bob Poe <bob@example.com>, 4 mar 2024, b.e., 09:15 tarixində yazıb:
%%
2024 ж. 4 нау., дс, 09:15 Bob Poe <bob@example.com> жазды:
%%
Երկ, 4 մրտ, 2024 թ., 09:15 Bob Poe <bob@example.com> գրեց՝
%%
திங்., 4 மார்., 2024, முற்பகல் 9:15 அன்று, Bob Poe <bob@example.com> எழுதியது:
%%
Mnamo Jum, 4 Mac 2024 saa 09:15 Bob Poe <bob@example.com> aliandika:
%%
Original Message
From: Bob Poe
Sent: Monday, March 4, 2024 9:15 AM
To: Jane Roe
Subject: Maps
%%
From: Bob Poe <bob@example.com>
Reply-To: bob@example.com
Date: Monday, 4 March 2024 at 09:15
To: Jane Roe <jane@example.com>
Cc: Eve
Subject: Re: Maps
%%
From: Bob Poe [mailto:bob@example.com]
Sent: Monday, March 4, 2024 9:15 AM
To: Jane
Subject: Maps
Importance: High
%%
Von: Bob Poe <bob@example.com>
Gesendet: Montag, 4. März 2024 09:15
An: jane@example.com; eve@example.com;
 dan@example.com; fay@example.com;
 gus@example.com
Cc: hal@example.com
Betreff: Karten
%%
Gesendet: Montag, 04. März 2024 um 09:15 Uhr
Von: "Bob Poe" <bob@example.com>
An: jane@example.com
Betreff: Karten
%%
________________________________
Von: Bob Poe <bob@example.com>
Gesendet: Montag, 4. März 2024 09:15
An: Jane
%%
From:        "Bob Poe" <bob@example.com>
To:        "Jane" <jane@example.com>
Date:        04/03/2024 09:15
Subject:        Maps
%%
Bob Poe ---04/03/2024 09:15:12---Will you bring the maps?

From: Bob Poe/Example
To: Jane/Example
Date: 04/03/2024 09:15
Subject: Maps
%%
|From: |Bob Poe <bob@example.com>|
|Sent: |4 March 2024 9:15|
|To: |Jane|
|Subject: |Maps|
%%
From: Bob Poe <bob@example.com> Sent: Monday, March 4, 2024 9:15 AM To: Jane Subject: Maps
%%
**From:** Bob Poe <bob@example.com> **Sent:** Monday, March 4, 2024 9:15 AM **To:** Jane **Subject:** Maps
%%
De :
Bob Poe <bob@example.com>
Envoyé :
lundi 4 mars 2024 09:15
À :
Jane
Objet :
Cartes
%%
发件人： Bob Poe
发送时间： 2024-03-04 09:15
收件人： jane
主题： 地图
%%
发件人:

"Bob Poe" <bob@example.com>;

发送时间:

2024年3月4日 9:15

收件人:

"jane"
%%
---- Replied Message ----
| From | Bob Poe<bob@example.com> |
| Date | 03/04/2024 09:15 |
| To | jane |
| Subject | Maps |
%%
---- 回复的原邮件 ----
| 发件人 | Bob Poe<bob@example.com> |
| 日期 | 2024年03月04日 09:15 |
| 收件人 | jane |
| 主题 | 地图 |
%%
------------------ Original ------------------
From: "Bob Poe"<bob@example.com>;
Date: Mon, Mar 4, 2024 09:15 AM
To: "jane"<jane@example.com>;
Subject: Maps
%%
Sent from Yahoo Mail on Android

On Mon, Mar 4, 2024 at 9:15 AM, Bob Poe<bob@example.com> wrote:
%%
-------- Original Message --------
Subject: Maps
From: Bob Poe <bob@example.com>
Date: Mon, March 04, 2024 9:15 am
To: jane@example.com
%%
-------- Original Message --------
On Mar 4, 2024, 9:15 AM, Bob Poe < bob@example.com> wrote:
%%
-------- Message d'origine --------
De : Bob Poe <bob@example.com>
Date : 04/03/2024 09:15 (GMT+01:00)
À : Jane
Objet : Cartes
%%
‐‐‐‐‐‐‐ Original Message ‐‐‐‐‐‐‐
On Monday, March 4th, 2024 at 9:15 AM, Bob Poe <bob@example.com> wrote:
%%
‐‐‐‐‐‐‐ Original Message ‐‐‐‐‐‐‐
%%
=====Original Message=====
%%
===== Original Message =====
%%
[Original Message]
From: Bob Poe <bob@example.com>
To: Jane
Date: 3/4/2024
%%
_____ Original Message _____
%%
>>> Bob Poe <bob@example.com> 3/4/2024 9:15 AM >>>
%%
>>> "Bob Poe" <bob@example.com> 04.03.2024 09:15 >>>
%%
Bob Poe <bob@example.com> 3/4/2024 9:15 AM >>>
%%
From: Bob Poe <bob@example.com>
Date: Monday, March 4, 2024 at 9:15 AM
To: Jane Roe <jane@example.com>
%%
##- Bitte antworten Sie oberhalb dieser Zeile -##
%%
##- Please type your reply above this line -##
%%
--- Reply above this line ---
%%
-- Répondez au-dessus de cette ligne --
%%
=-=-= Please reply above this line =-=-=
""".removesuffix("\n").split("\n%%\n")

# What telephones and apps add.
MOBILE = """\
Sent from my iPhone
Sent from my iPad
Sent from my Galaxy
Sent from my Samsung Galaxy smartphone.
Sent from my Huawei phone
Sent from my Xiaomi phone
Sent from my BlackBerry 10 smartphone.
Sent from my Verizon, Samsung Galaxy smartphone
Sent from Outlook for Android
Sent from Outlook for iOS<https://aka.ms/o0ukef>
Get Outlook for Android<https://aka.ms/AAb9ysg>
Sent from Yahoo Mail on Android
Sent from Yahoo Mail for iPhone
Sent from Proton Mail for iOS
Sent from Proton Mail Android
Sent with Proton Mail secure email.
Sent with [Proton Mail](https://proton.me/) secure email.
Sent from Mail for Windows 10
Sent from Mail<https://go.microsoft.com/fwlink/?LinkId=550986> for Windows
Sent from Gmail Mobile
Sent from TypeApp
Sent from BlueMail for Android
Sent from AOL on Android
Sent via BlackBerry from T-Mobile
Sent from my phone. Please excuse my brevity.
Sent from my Android device with K-9 Mail. Please excuse my brevity.
Von meinem iPhone gesendet
Von meinem iPad gesendet
Von meinem Samsung Galaxy Smartphone gesendet.
Von meinem Huawei-Mobiltelefon gesendet
Von meinem Mobiltelefon gesendet
Gesendet von meinem iPhone
Gesendet von Outlook für iOS<https://aka.ms/o0ukef>
Holen Sie sich Outlook für iOS
Gesendet von Outlook für Android<https://aka.ms/AAb9ysg>
Gesendet mit der GMX Mail App
Gesendet mit der WEB.DE Mail App
Gesendet von Yahoo Mail auf Android
Von Yahoo Mail auf Android gesendet
Gesendet von Mail für Windows
Diese Nachricht wurde von meinem Android-Gerät mit K-9 Mail gesendet.
Envoyé de mon iPhone
Envoyé depuis mon appareil Galaxy
Envoyé depuis mon smartphone Samsung Galaxy.
Envoyé à partir de Outlook pour Android<https://aka.ms/AAb9ysg>
Envoyé à partir d’Outlook pour iOS
Télécharger Outlook pour Android
Obtenir Outlook pour iOS
Envoyé de Yahoo Mail pour iPhone
Envoyé depuis Yahoo Mail pour Android
Enviado desde mi iPhone
Enviado desde Outlook para Android<https://aka.ms/AAb9ysg>
Obtener Outlook para iOS
Enviado desde mi Galaxy
Enviado desde Yahoo Mail para iPhone
Enviado do meu iPhone
Enviado do meu Galaxy
Enviado do Outlook para Android
Obter o Outlook para iOS
Enviado a partir do meu smartphone Samsung Galaxy.
Enviado do Yahoo Mail no Android
Enviado do Email para Windows 10
Inviato da iPhone
Inviato dal mio iPhone
Inviato dal mio Galaxy
Inviato da Outlook per Android<https://aka.ms/AAb9ysg>
Scarica Outlook per iOS
Ottieni Outlook per Android
Inviato da Yahoo Mail su Android
Inviato da smartphone Samsung Galaxy.
Verstuurd vanaf mijn iPhone
Verzonden vanaf mijn Galaxy
Outlook voor Android downloaden
Outlook voor iOS ophalen
Verzonden vanuit Outlook voor iOS
Download Outlook voor iOS
Sendt fra min iPhone
Hent Outlook til iOS
Få Outlook til Android
Sendt fra Outlook til Android
Sendt fra min Galaxy
Last ned Outlook for iOS
Skaff Outlook for iOS
Skickat från min iPhone
Hämta Outlook för iOS
Skaffa Outlook för Android
Skickat från Outlook för iOS
Lähetetty iPhonesta
Lähetetty Outlookista Androidille
Hanki Outlook for iOS
Lähetetty Samsung Galaxy -älypuhelimesta.
Lähetetty laitteesta Galaxy
Wysłane z iPhone'a
Wysłane z aplikacji Outlook dla systemu iOS
Pobierz aplikację Outlook dla systemu Android
Pobierz program Outlook dla systemu iOS
Wysłano z mojego telefonu Galaxy
Wysłane ze smartfona Samsung Galaxy.
Odesláno z iPhonu
Získejte Outlook pro iOS
Získat Outlook pro Android
Odesláno z mobilního telefonu
Odoslané z iPhonu
Odoslané z iPhone
Získajte Outlook pre iOS
Získať Outlook pre Android
Elküldve az iPhone-omról
iPhone-ról küldve
Az Outlook iOS-re való letöltése
Küldve az Outlook for iOS alkalmazásból
Trimis de pe iPhone-ul meu
Descărcați Outlook pentru iOS
Obțineți Outlook pentru Android
Изпратено от моя iPhone
Изпратено от iPhone
Вземете Outlook за iOS
Изтегляне на Outlook за Android
Poslano s mog iPhonea
Preuzmite Outlook za iOS
Послато са мог iPhone-а
Poslano iz mojega iPhona
Prenesite Outlook za iOS
Στάλθηκε από το iPhone μου
Εστάλη από το iPhone μου
Αποκτήστε το Outlook για iOS
Отправлено с iPhone
Отправлено из мобильной Яндекс.Почты
Отправлено из Почты Mail.ru
Отправлено из Outlook для Android
Скачать Outlook для iOS
Отправлено с моего iPhone
Отправлено из Mail.ru для Android
Надіслано з iPhone
Надіслано з мого iPhone
Отримати Outlook для iOS
iPhone'umdan gönderildi
iPhone’umdan gönderildi
Galaxy cihazımdan gönderildi
iOS için Outlook uygulamasını edinin
Android için Outlook'u edinin
Yahoo Mail'den gönderildi
أُرسلت من الـ iPhone
تم الإرسال من iPhone الخاص بي
أرسلت من هاتفي Galaxy
الحصول على Outlook لـ iOS
נשלח מה-iPhone שלי
נשלח מהטלפון שלי
קבל את Outlook עבור iOS
השג את Outlook עבור Android
ارسال شده از آیفون من
मेरे iPhone से भेजा गया
ส่งจาก iPhone ของฉัน
รับ Outlook สำหรับ iOS
Đã gửi từ iPhone của tôi
Được gửi từ iPhone của tôi
Tải Outlook cho iOS
Dikirim dari iPhone saya
Dapatkan Outlook untuk iOS
Dihantar dari iPhone saya
Dapatkan Outlook untuk Android
发自我的 iPhone
发自我的iPhone
发自我的小米手机
发自我的华为手机
发自我的手机
发自 Outlook for iOS
发自 网易邮箱大师
发自我的 vivo 手机
获取 Outlook for iOS
获取适用于 iOS 的 Outlook
下载适用于 Android 的 Outlook
发送自 Windows 10 版邮件应用
從我的 iPhone 傳送
從我的iPhone傳送
傳送自我的 iPhone
寄件自我的 iPhone
取得 Outlook for iOS
下載適用於 iOS 的 Outlook
iPhoneから送信
私のiPhoneから送信
iPadから送信
Galaxyから送信
Outlook for iOS を入手
Outlook for Androidを取得
Windows 版のメールから送信
Yahoo!メールから送信
나의 iPhone에서 보냄
내 iPhone에서 보냄
내 Galaxy에서 보냄
iPhone에서 보냄
Android용 Outlook 다운로드
iOS용 Outlook 가져오기
Samsung Galaxy 스마트폰에서 보냈습니다.
Windows용 메일에서 보냄
Enviat des del meu iPhone
Išsiųsta iš mano iPhone
Nosūtīts no mana iPhone
Sūtīts no mana iPhone
Saadetud minu iPhone'ist
Sent úr iPhone
Sent úr snjallsímanum
Enviado dende o meu iPhone
Nire iPhonetik bidalita
""".splitlines()

# What stands over mail that is passed on.
FORWARDS = """\
---------- Forwarded message ---------
-------- Forwarded Message --------
Begin forwarded message:
-------- Weitergeleitete Nachricht --------
Anfang der weitergeleiteten Nachricht:
---------- Forwarded message ----------
-------- Message transféré --------
Début du message réexpédié :
---------- Mensaje reenviado ---------
-------- Mensaje reenviado --------
Inicio del mensaje reenviado:
---------- Mensagem encaminhada ---------
Início da mensagem encaminhada:
---------- Mensagem reencaminhada ---------
-------- Messaggio Inoltrato --------
Inizio messaggio inoltrato:
---------- Doorgestuurd bericht ---------
Begin doorgestuurd bericht:
-------- Videresendt meddelelse --------
Start på videresendt besked:
---------- Videresendt melding ---------
-------- Vidarebefordrat meddelande --------
Vidarebefordrat brev:
-------- Välitetty viesti --------
Välitetty viesti alkaa:
-------- Edelleenlähetetty viesti --------
---------- Przekazana wiadomość ---------
-------- Treść przekazanej wiadomości --------
Początek przekazanej wiadomości:
---------- Přeposlaná zpráva ----------
-------- Přeposlaná zpráva --------
Začátek přeposlané zprávy:
---------- Preposlaná správa ----------
-------- Továbbított üzenet --------
Továbbított üzenet kezdete:
---------- Mesaj redirecționat ---------
---------- Препратено съобщение ---------
---------- Proslijeđena poruka ---------
---------- Прослеђена порука ---------
---------- Posredovano sporočilo ---------
---------- Προωθημένο μήνυμα ---------
-------- Προωθημένο Μήνυμα --------
---------- Пересланное сообщение ---------
-------- Перенаправленное сообщение --------
-------- Пересылаемое сообщение --------
Начало переадресованного сообщения:
---------- Переслане повідомлення ---------
---------- Yönlendirilmiş mesaj ---------
---------- İletilmiş ileti ----------
---------- Mensaxe reenviada ---------
---------- Missatge reenviat ---------
---------- Framsent skeyti ---------
---------- Persiųstas laiškas ---------
---------- Pārsūtīta vēstule ---------
---------- Edastatud kiri ---------
---------- Birbidalitako mezua ---------
---------- رسالة معاد توجيهها ---------
---------- הודעה שהועברה ---------
---------- پیام ارجاع‌شده ---------
---------- अग्रेषित संदेश ---------
---------- ข้อความที่ส่งต่อ ---------
---------- Thư đã chuyển tiếp ---------
---------- Pesan terusan ---------
---------- Mesej dimajukan ---------
---------- 转发的邮件 ---------
-------- 转发的消息 --------
开始转发的邮件：
---------- 轉寄郵件 ---------
-------- 轉寄郵件 --------
---------- 転送メッセージ ---------
転送されたメッセージ:
---------- 전달된 메일 ---------
전달된 메시지:
-------- 전달된 메시지 --------
""".splitlines()

# Sentences, lists, logs and chats that look like the above.
PROSE = """\
On Monday 4 March 2024 Jane wrote:
- buy milk
- call Bob
%%
Am Montag schrieb ich dir:
bitte komm vorbei.
Das gilt noch.
%%
Hello,

Am 4. März 2024 um 9:15 schrieb ich dir:
bitte komm vorbei.
%%
Hello,

On 4 March 2024 at 9:15 I wrote:
"please come".
That still holds.
%%
Hello,

On 4 March 2024, at 9:15, he wrote:
please come.
%%
Le 4 mars 2024 à 9:15, j'ai écrit :
venez.
%%
El 4 de marzo de 2024 a las 9:15 escribí:
venid.
%%
Trip plan:

From: Berlin
To: Paris
Date: 5 March 2024

See you.
%%
Trip plan:

From: Berlin
To: Paris
Date: 5 March 2024 10:20

See you.
%%
Trip plan:

Von: Berlin
An: Paris
Datum: 5.3.2024 10:20

Bis dann.
%%
Hi,

De: Madrid
A: Barcelona
Fecha: 5/3/2024 10:20

Saludos a todos, y hasta pronto
%%
The log:

2024-03-04 09:15:03 jane@example.com logged in:
2024-03-04 09:15:04 ok

Can you look?
%%
The log:

2024-03-04 09:15:03 mail from <jane@example.com> rejected:
550 no such user

Can you look?
%%
The log:

2024-03-04 09:15:03 postfix/smtpd[1]: NOQUEUE: reject: RCPT from <jane@example.com>:
550 no such user

Can you look?
%%
From the chat:

[04/03/2024, 09:15] Jane Roe: hello
[04/03/2024, 09:16] Bob: hi

Funny, no?
%%
From the chat:

Jane Roe, [04.03.2024 09:15]:
hello

Funny, no?
%%
张三 2024-03-04 09:15:03
你好

看到了吗
%%
聊天记录：

张三 2024-03-04 09:15:03：
你好

看到了吗
%%
我在2024年3月4日 9:15写道：
请来。
谢谢你们
%%
Shall I compare thee to a summer's day?
Thou art more lovely and more temperate:
Rough winds do shake the darling buds of May,
%%
def f(x):
    return x

for i in range(10):
    print(i)
%%
Please tell jane@example.com what you wrote:
it was very good.
%%
Ask Bob (bob@example.com) who wrote:
1. the code
2. the tests
%%
Agenda for 4 March 2024, 9:15:
- budget
- news
%%
Meeting notes 2024-03-04 09:15:
we talked.
%%
In 2024 wrote:
no idea
%%
The author of 1984 wrote:
war is peace.
I like it.
%%
As of 4/3/2024 9:15 the server wrote:
error 500

Can you check?
%%
Contact: Jane Roe <jane@example.com>
Phone: 123

Call her.
%%
To: everyone
Subject: party

Please come.
%%
Subject: party
Date: 5 March 2024

Please come.
%%
Name: Jane
From: Austria
Email: jane@example.com

Please add her.
%%
Order

Date: 5 March 2024
To: Jane Roe, jane@example.com
Amount: 5

Please pay.
%%
No: the plan is bad
Data: we have it

Ok?
%%
Wir haben geschrieben: am 4.3.2024 um 9:15 kommt er.
Gut so.
%%
Wrote:
foo
%%
Bob wrote:
I am not coming

What should we do?
%%
Bob Poe wrote: I am not coming

What should we do?
%%
Yesterday at 9:15 Bob wrote:
I am not coming

What should we do?
%%
1. On page 4 he wrote:
foo
2. On page 5 he wrote:
bar
%%
At 9:15 on 4 March 2024 she wrote:
foo
%%
Die Unterlagen habe ich dir gestern gesendet.
%%
Hallo,

die Unterlagen habe ich dir gestern gesendet.
%%
Hi,

Von meinem Balkon sieht man die Berge.
%%
你好，

发自内心的感谢。
%%
안녕,

회사에서 보냈습니다.
%%
Merhaba,

Rapor gönderildi.
%%
你好,

从我的角度看，这样很好。
%%
こんにちは

iPhoneから見られません
%%
Hi,

Desde mi iPhone no puedo abrir el archivo.
%%
Moi,

Lähetetty raportti on liitteenä.
%%
The original message was lost:
please resend it.
%%
I found the original message:
it says no.
%%
Forwarded message: see the file

Thanks to all of you
%%
--- Totals ---
5 apples
%%
====== Chapter 1 ======
It was a dark night.
%%
Hi,

Notes -- original message lost -- please resend

Jane is away
%%
В понедельник я писал:
приходите.
Это верно.
%%
4 марта 2024 г. в 9:15 я написал:
приходите.
Это верно.
%%
Please reply above this line of trees.
%%
I will answer: On 3/4/2024 9:15 AM, Bob Poe wrote: nothing.
%%
Sent: 5 parcels
To: Graz

Ok?
%%
Van: een bestelbus
Datum: 5 maart 2024
Aan: wie wil

Hoi
%%
When: 5 March 2024, 9:15
From: Vienna
To: Graz
Subject: holidays

Ok?
%%
Jane said on 4 March 2024 at 9:15, in front of everybody:
never again.
%%
Here is what she wrote on 4 March 2024, 9:15:

I am fine.

Nice, isn't it?
%%
On 4 March 2024 at 9:15, after a long meeting with the board and the auditors, he and she wrote:

no.

Well.
%%
Hallo,

gesendet mit DHL, Sendungsnummer 123.
%%
Hola,

enviado desde Madrid el lunes por mensajero.
%%
Bonjour,

envoyé par la poste lundi.
%%
Ciao,

inviato da Milano ieri con il corriere.
%%
Hej,

skickat med posten igår.
%%
Cześć,

wysłane z Krakowa wczoraj kurierem.
%%
Привет,

отправлено из Москвы вчера курьером.
%%
Hi,

küldve a csomag tegnap.
%%
Hallo Jane,

von: Wien
an: Graz
um: 9:15

bis dann
%%
Bonjour,

De : Lyon
À : Paris
Le : 5 mars 2024 à 9h15

Bonne idée ?
%%
Hola:

De: Madrid
Para: Jane
Asunto: regalo

Ya está hecho
%%
Привет,

От: Москва
До: Тверь
Дата: 5.03.2024 9:15

До встречи
%%
Cześć,

Od: 9:15
Do: 10:15
Temat: budżet
Data: 5.03.2024

Pasuje?
%%
Hei,

Fra: Oslo
Til: Bergen
Dato: 5.3.2024 kl. 9.15

Passer det?
%%
您好，

时间：2024年3月5日 9:15
地点：北京
主题：预算

请准时
%%
您好，

由：北京
至：上海
日期：2024年3月5日 9:15

可以吗
%%
こんにちは

日時：2024年3月5日 9:15
場所：東京
件名：予算

お待ちしています
%%
안녕하세요

날짜: 2024년 3월 5일 9:15
제목: 예산

괜찮으세요
%%
Am 5. März 2024 um 9:15 Uhr treffen wir uns:
- Bob
- Eve

Bis dann
%%
Le 5 mars 2024 à 9:15, nous avons dit :
- oui

Voilà
%%
El 5 de marzo de 2024, a las 9:15, nos vemos en:
la plaza
%%
Il 5 marzo 2024 alle 9:15 ci vediamo qui:
in piazza
%%
5 марта 2024 г. в 9:15 встречаемся здесь:
на площади
%%
2024年3月5日 9:15に集合：
駅前
%%
2024年3月5日 9:15 集合：
车站
%%
In data 5/3/2024 alle 9:15 il cliente ci ha detto:
no
%%
Kundin schrieb am 5.3.2024:
kommt nicht.
Was tun?
%%
Wie ich am 5.3.2024 um 9:15 geschrieben habe:
ich komme nicht.
%%
Come ho scritto il 5/3/2024 alle 9:15:
non vengo.
%%
Comme je vous l'ai écrit le 5/3/2024 à 9:15 :
je ne viens pas.
%%
Como escribí el 5/3/2024 a las 9:15:
no voy.
%%
Jak psałem 5.03.2024 o 9:15:
nie przyjdę.
%%
Som jag skrev den 5/3/2024 kl 9:15:
jag kommer inte.
%%
Kuten kirjoitin 5.3.2024 klo 9.15:
en tule.
%%
Как я писал 5.03.2024 в 9:15:
не приду.
%%
Zoals ik op 5-3-2024 om 9:15 schreef:
ik kom niet.
%%
Jak jsem psal 5. 3. 2024 v 9:15:
nepřijdu.
%%
As I wrote on 4/3/2024 at 9:15:
I am not coming.
%%
See what Bob wrote on 3/4/2024 at 9:15 AM:
he is out.

Sad.
%%
Kontakt:
Name: Bob
E-Mail: bob@example.com
Betreff: Hallo
Nachricht: Bitte melden
%%
Rechnung

Datum: 5.3.2024
An: Jane Roe
Betreff: Karten

Bitte zahlen
%%
Feedback

From: Jane Roe <jane@example.com>

The form works
%%
Dial-in details

Date: 5 March 2024
Time: 9:15
Subject: Budget

See you
%%
Invite:
Subject: Budget
When: 5 March 2024 9:15
To: all

ok?
%%
**Note:** bring maps
**To:** all of you
**From:** me

Thanks to all
%%
Von: 8:00
Bis: 9:00
Datum: 5.3.2024
An: alle

ok?
%%
*** Important ***
Please read
%%
** Bob wrote this **
and it is good
%%
-- Bob wrote this --
and it is good
%%
=== Jane schrieb ===
ein Buch

Schön
%%
Error log

[2024-03-04 09:15:12] ERROR <jane@example.com>:
mailbox full

help
%%
commit abc
Author: Jane Roe <jane@example.com>
Date:   Mon Mar 4 09:15:12 2024 +0100

    fix it
%%
$ git log
From abc Mon Sep 17 00:00:00 2001
Subject: x

ok?
""".removesuffix("\n").split("\n%%\n")


@pytest.mark.parametrize("line", MORE)
def test_what_introduces_a_quote_in_some_other_way_goes_with_it(line):
    for quote in (MARKED, BARE):
        assert new_text(f"{ANSWER}\n\n{line}\n\n{quote}") == ANSWER, quote


@pytest.mark.parametrize(
    "line",
    [
        "bob@example.com wrote:",
        "bob@example.com a écrit :",
        "-------- Ursprüngliche Nachricht --------Von: Bob Poe <bob@example.com> Datum: 04.03.24 09:15 (GMT+01:00)"
        " An: jane@example.com Betreff: Karten",
        "-------- Message d'origine --------De : Bob Poe Date : 04/03/2024 09:15 (GMT+01:00) À : Jane Objet : Cartes",
        "-------- Vorige Post --------From: Bob Poe <bob@example.com> Date: 04/03/2024 09:15",
    ],
)
@pytest.mark.parametrize("quote", [MARKED, BARE], ids=["marked", "bare"])
def test_what_telephones_write_in_one_line_goes_with_its_quote(line, quote):
    assert new_text(f"{ANSWER}\n\n{line}\n\n{quote}") == ANSWER


@pytest.mark.parametrize(
    "line",
    [
        "04.03.2024 09:15, Bob Poe წერს:",
        "2024-03-04 09:15, Bob Poe wroteth:",
        "4 Մարտի, 2024 09:15, Bob Poe գրում է։",
        "Bob Poe は 2024-03-04 09:15 に書きました:",
    ],
)
def test_a_verb_that_nobody_knows_introduces_the_quote_right_below(line):
    assert new_text(f"{ANSWER}\n\n{line}\n{MARKED}") == ANSWER


@pytest.mark.parametrize(
    "line",
    [
        "The log of 04.03.2024 09:15, as promised:",
        "04.03.2024 09:15 Lunch with Eve:",
        "On 04.03.2024 09:15 the server said:",
        "Сервер 04.03.2024 09:15, вот ошибки:",
        "04.03.2024 09:15, на сервере было:",
        "会议 2024-03-04 09:15 的记录:",
    ],
)
def test_a_line_with_a_time_over_what_is_cited_stays(line):
    text = f"{ANSWER}\n\n{line}\n> oops\n\nWhat now?"
    assert new_text(text) == text


def test_the_fields_of_laposte_are_a_header_block():
    fields = "envoyé : 4 mars 2024 à 09:15\nde : Bob Poe <bob@example.com>\nà : jane@example.com\nobjet : Cartes"
    assert new_text(f"{ANSWER}\n\n{fields}\n\n{BARE}") == ANSWER


def test_ramblers_line_over_an_unmarked_mail_needs_no_colon():
    assert new_text(f"{ANSWER}\n\n04.03.2024, 09:15, Bob Poe <bob@example.com>\n\n{BARE}") == ANSWER


def test_apples_romanian_fields_are_a_header_block():
    fields = "Expeditorul: Bob Poe <bob@example.com>\nData: 4 martie 2024, 09:15\nDestinatarul: Jane\nSubiectul: Re: x"
    assert new_text(f"{ANSWER}\n\n{fields}\n\n{BARE}") == ANSWER


@pytest.mark.parametrize(
    "line",
    [
        "Neges Wreiddiol", "Oorspronklike boodskap", "Зыходны ліст", "Oarspronklik berjocht", "საწყისი წერილი",
        "Оригинална порака", "Opphavleg melding", "Izvirno sporočilo", "Mesazhi Origjinal", "Ursprüngliche Mitteilung",
    ],
)  # fmt: skip
def test_thunderbird_says_original_message_in_languages_without_a_row_too(line):
    assert new_text(f"{ANSWER}\n\n-------- {line} --------\n\n{BARE}") == ANSWER


@pytest.mark.parametrize(
    "line",
    [
        "Az Outlook letöltése Androidra", "取得 iOS 版 Outlook<https://aka.ms/o0ukef>", "הורד את Outlook עבור iOS",
        "Enviado do Correio para Windows 10", "Inviato da Posta per Windows 10", "从 Windows 版邮件发送",
        "Windows 10 için Posta ile gönderildi", "Feladó: Levelezés – Windows 10", "Von: Mail für Windows",
        "Télécharger BlueMail pour Android",
    ],
)  # fmt: skip
def test_the_line_of_a_mail_app_goes_in_every_language(line):
    assert new_text(f"{ANSWER}\n\n{line}\n") == ANSWER


@pytest.mark.parametrize("line", MOBILE)
def test_the_line_of_a_telephone_or_an_app_goes(line):
    assert new_text(f"{ANSWER}\n\n{line}\n") == ANSWER


@pytest.mark.parametrize("line", FORWARDS)
def test_what_is_passed_on_stays(line):
    text = f"See below.\n\n{line}\nFrom: Bob Poe <bob@example.com>\nDate: Mon, Mar 4, 2024\n\n> Maps.\n\n--\nBob"
    assert new_text(text) == text


@pytest.mark.parametrize("text", PROSE)
def test_what_only_looks_like_it_stays(text):
    assert new_text(text) == text
