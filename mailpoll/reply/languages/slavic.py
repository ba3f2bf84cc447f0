"""Slavic languages."""

from mailpoll.reply.languages.language import Language

LANGUAGES: tuple[Language, ...] = (
    Language(
        code="pl",
        name="Polish",
        wrote="napisał | napisała | napisał(a) | pisze | pisał | pisała | wiadomość napisana przez | napisano",
        you_wrote="napisałeś | napisałaś",
        opens="w dniu | dnia | użytkownik | wiadomość napisana przez | w",
        pronouns="ja | on | ona | oni | my",
        original="wiadomość oryginalna | oryginalna wiadomość | wiadomość pierwotna | pierwotna wiadomość"
        " | treść oryginalnej wiadomości | termin oryginalny",
        forwarded="wiadomość przekazana | przekazana wiadomość | treść przekazanej wiadomości"
        " | początek przekazanej wiadomości | początek wiadomości przekazanej | wiadomość przesłana dalej"
        " | przesłana wiadomość | przekazane przez",
        from_="od | nadawca",
        date="data | dnia",
        sent="wysłano | wysłane | data wysłania | wysłany | wysłana",
        to="do | dw | odbiorca | kopia | udw | adresat",
        subject="temat | dot. | dotyczy",
        sent_from="wysłane z {} | wysłane z mojego | wysłane z aplikacji | wysłane z telefonu"
        " | wysłane z programu {} | wysłano z telefonu {}"
        " | wysłane z urządzenia | wysłane ze smart | wysłano z {} | wysłano z mojego | wysłano z aplikacji"
        " | wysłane przez {} | wysłano przez {} | pobierz program outlook | pobierz aplikację outlook"
        " | pobierz outlook | uzyskaj program outlook | uzyskaj outlook | wysłane za pomocą | wiadomość wysłana z",
        sign_offs="pozdrawiam | z poważaniem | z wyrazami szacunku | serdecznie pozdrawiam"
        " | pozdrawiam serdecznie | pozdrowienia | z pozdrowieniami | dziękuję | dzięki | łączę pozdrowienia"
        " | łączę wyrazy szacunku | pzdr | miłego dnia | ściskam",
        disclaimer="poufn | adresat | omyłkowo | usunięcie | przez pomyłkę | zabronion | nieupoważnion",
        banner="uwaga: ta wiadomość | uwaga! ta wiadomość | wiadomość zewnętrzna | uwaga: wiadomość zewnętrzna"
        " | ta wiadomość pochodzi spoza | nie otrzymujesz często wiadomości",
        reply_above="odpowiedz powyżej tej linii | prosimy odpowiadać powyżej | powyżej tej linii | napisz powyżej tej",
        list_footer="wypisz się | zrezygnuj z subskrypcji | lista dyskusyjna",
    ),
    Language(
        code="cs",
        name="Czech",
        wrote="napsal | napsala | napsal(a) | píše | psal | psala | napsal/a",
        opens="dne | v | ve",
        pronouns="já | on | ona | my | oni | jsem",
        original="původní zpráva | původní e-mail | originální zpráva | původní schůzka | původní mail",
        forwarded="přeposlaná zpráva | přeposlaný e-mail | začátek přeposlané zprávy | předaná zpráva"
        " | přesměrovaná zpráva | začátek předávané zprávy | přeposlal",
        from_="od | odesílatel",
        date="datum",
        sent="odesláno | odesláno dne | posláno | odeslané",
        to="komu | kopie | příjemce | skrytá kopie | pro | adresát",
        subject="předmět | věc",
        sent_from="odesláno z | odesláno ze | odesláno pomocí | odesláno přes | získejte outlook | získat outlook"
        " | stáhnout outlook | posláno z {} | posláno z mobilu | odesláno prostřednictvím",
        sign_offs="s pozdravem | s přátelským pozdravem | zdraví | děkuji | díky | předem děkuji | s úctou"
        " | hezký den | přeji hezký den | srdečně zdraví | mějte se | pěkný den",
        disclaimer="důvěrn | omylem | adresát | určen | neoprávněn | smažte | vymažte",
        banner="upozornění: tento e-mail | pozor: externí | externí e-mail | upozornění: externí"
        " | tento e-mail pochází z vnějšku | nedostáváte často e-maily",
        reply_above="odpovězte nad touto | odpovídejte nad | nad tuto čáru | nad tento řádek",
        list_footer="odhlásit | odhlášení z odběru",
    ),
    Language(
        code="sk",
        name="Slovak",
        wrote="napísal | napísala | napísal(a) | píše | písal | písala | napísal/a",
        opens="dňa | v | vo",
        pronouns="ja | on | ona | my | oni | som",
        original="pôvodná správa | pôvodný e-mail | originálna správa | pôvodná schôdza",
        forwarded="preposlaná správa | začiatok preposlanej správy | posunutá správa | preposlaný e-mail"
        " | odovzdaná správa",
        from_="od | odosielateľ",
        date="dátum",
        sent="odoslané | odoslané dňa | poslané",
        to="komu | kópia | pre | príjemca | adresát",
        subject="predmet | vec",
        sent_from="odoslané z | odoslané zo | odoslané pomocou | odoslané cez | získajte outlook | získať outlook"
        " | stiahnuť outlook | poslané z {}",
        sign_offs="s pozdravom | s priateľským pozdravom | ďakujem | vďaka | vopred ďakujem | s úctou | pekný deň"
        " | prajem pekný deň | zdravím | srdečne pozdravujem",
        disclaimer="dôvern | omylom | adresát | určen | neoprávnen | vymažte",
        banner="upozornenie: tento e-mail | pozor: externý | externý e-mail",
        reply_above="odpovedzte nad | nad túto čiaru | nad tento riadok",
        list_footer="odhlásiť",
    ),
    Language(
        code="bg",
        name="Bulgarian",
        wrote="написа | пише | писа | написал",
        opens="на | в | от",
        pronouns="аз | той | тя | ние | те",
        original="оригинално съобщение | първоначално съобщение | оригинално писмо | изходно съобщение",
        forwarded="препратено съобщение | начало на препратено съобщение | препратено писмо"
        " | начало на препратеното съобщение",
        from_="от | подател",
        date="дата",
        sent="изпратено | изпратено на | изпратен",
        to="до | към | копие | получател",
        subject="относно | тема | предмет",
        sent_from="изпратено от | изпратено с | изпратено чрез | изтеглете outlook | изтегляне на outlook"
        " | вземете outlook",
        sign_offs="поздрави | с уважение | с поздрав | благодаря | сърдечни поздрави | лек ден | хубав ден | поздрав",
        disclaimer="поверителн | адресат | по погрешка | получател | забранен | изтрийте",
        banner="внимание: този имейл | внимание: външен | външен имейл",
        reply_above="отговорете над | над този ред | над тази линия",
        list_footer="отписване | отпишете",
    ),
    Language(
        code="hr",
        name="Croatian",
        wrote="napisao | napisala | je napisao | je napisala | napisao/la | piše | napisao je | napisala je",
        opens="dana | u | na",
        pronouns="ja | on | ona | mi | oni | sam",
        original="izvorna poruka | originalna poruka | izvorni e-mail | prvobitna poruka",
        forwarded="proslijeđena poruka | početak proslijeđene poruke | proslijeđeni e-mail | prosljeđena poruka",
        from_="od | pošiljatelj | šalje | od koga",
        date="datum",
        sent="poslano | poslana",
        to="za | kome | prima | kopija | primatelj | do",
        subject="predmet | naslov | tema",
        sent_from="poslano s | poslano sa | poslano iz | poslano pomoću | poslano putem | preuzmite outlook"
        " | nabavite outlook",
        sign_offs="lijep pozdrav | srdačan pozdrav | s poštovanjem | pozdrav | hvala | lp | puno pozdrava"
        " | srdačno | unaprijed hvala",
        disclaimer="povjerljiv | primatelj | greškom | namijenjen | zabranjen | obrišite",
        banner="oprez: ova | upozorenje: ova poruka | vanjska pošta",
        reply_above="odgovorite iznad ove | iznad ove crte | iznad ove linije",
        list_footer="odjava | odjavite se",
    ),
    Language(
        code="sr",
        name="Serbian",
        wrote="написао | написала | је написао | је написала | написао/ла | пише | poslao | napisao je",
        opens="дана | у | dana | u | на",
        pronouns="ја | он | она | ми | они | сам",
        original="оригинална порука | изворна порука | originalna poruka | првобитна порука",
        forwarded="прослеђена порука | почетак прослеђене поруке | prosleđena poruka | početak prosleđene poruke",
        from_="од | шаље | пошиљалац | šalje | pošiljalac",
        date="датум | datum",
        sent="послато | poslato",
        to="за | коме | копија | прималац | prima | primalac",
        subject="тема | наслов | предмет | naslov",
        sent_from="послато са | послато из | послато преко | poslato sa | poslato iz | poslato preko"
        " | преузмите outlook | preuzmite outlook",
        sign_offs="поздрав | срдачан поздрав | с поштовањем | хвала | лп | srdačan pozdrav | s poštovanjem",
        disclaimer="поверљив | прималац | грешком | намењен | poverljiv | primalac | greškom | namenjen",
        banner="упозорење: ова порука | опрез: ова",
        reply_above="одговорите изнад | изнад ове линије | odgovorite iznad",
        list_footer="одјави | odjavite",
    ),
    Language(
        code="sl",
        name="Slovene",
        wrote="napisal | napisala | napisal/a | je napisal | je napisala | piše",
        opens="dne | v | v v | na",
        pronouns="jaz | on | ona | mi | oni | sem",
        original="izvorno sporočilo | izvirno sporočilo | originalno sporočilo | prvotno sporočilo",
        forwarded="posredovano sporočilo | začetek posredovanega sporočila | posredovano e-poštno sporočilo",
        from_="od | pošiljatelj",
        date="datum",
        sent="poslano | poslano dne",
        to="za | do | kp | prejemnik | komu | kopija",
        subject="zadeva | predmet",
        sent_from="poslano iz | poslano z | poslano s | poslano prek | poslano preko | prenesite outlook"
        " | pridobite outlook",
        sign_offs="lep pozdrav | lepo pozdravljeni | s spoštovanjem | hvala | lp | pozdrav | prijeten pozdrav"
        " | lepe pozdrave",
        disclaimer="zaupn | prejemnik | pomotoma | namenjen | prepovedan | izbrišite",
        banner="pozor: to sporočilo | opozorilo: to sporočilo | zunanje sporočilo",
        reply_above="odgovorite nad to | nad to črto | nad to vrstico",
        list_footer="odjava | odjavite",
    ),
    Language(
        code="ru",
        name="Russian",
        wrote="написал | написала | написал(а) | пишет | писал | писала | писал(а) | пишете | писали",
        you_wrote="вы писали | вы написали | ты писал",
        opens="в | на | от",
        pronouns="я | он | она | мы | они",
        original="исходное сообщение | оригинальное сообщение | первоначальное сообщение | исходное письмо"
        " | изначальное сообщение | оригинал сообщения | оригинальное письмо",
        forwarded="пересланное сообщение | пересылаемое сообщение | начало переадресованного сообщения"
        " | перенаправленное сообщение | начало пересылаемого сообщения | пересланное письмо"
        " | пересылаемое письмо | конец пересылаемого сообщения",
        from_="от | от кого | отправитель",
        date="дата | когда",
        sent="отправлено | дата отправки | отправлен | послано",
        to="кому | копия | получатель | скрытая копия | куда",
        subject="тема",
        sent_from="отправлено с {} | отправлено с моего | отправлено с мобильного | отправлено с телефона"
        " | отправлено с устройства | отправлено с айфона | отправлено с планшета | отправлено из {}"
        " | отправлено из моб | отправлено из почты | отправлено из приложения | отправлено из яндекс"
        " | отправлено через | отправлено со | отправлено при помощи | отправлено от {} | скачать outlook"
        " | скачайте outlook | получить outlook | получите outlook | отправлено iphone | послано с {}",
        sign_offs="с уважением | всего доброго | всего хорошего | с наилучшими пожеланиями | спасибо"
        " | заранее спасибо | большое спасибо | до свидания | с приветом | искренне ваш | с почтением | привет"
        " | благодарю | удачи | хорошего дня",
        disclaimer="конфиденциальн | адресат | по ошибке | уничтож | удалите | несанкционированн | предназначен",
        banner="внимание: это письмо | внимание! это письмо | внешнее письмо | внимание: внешн | осторожно: внешн"
        " | [внешнее | внимание! внешн | вы нечасто получаете",
        reply_above="отвечайте выше этой | ответьте выше этой | выше этой линии | выше этой строки"
        " | пишите ответ выше | введите ответ выше",
        list_footer="отписаться | список рассылки",
    ),
    Language(
        code="uk",
        name="Ukrainian",
        wrote="пише | написав | написала | написав(ла) | написав(-ла) | писав | писала",
        you_wrote="ви писали | ви написали",
        opens="у | в | на | від",
        pronouns="я | він | вона | ми | вони",
        original="вихідне повідомлення | оригінальне повідомлення | початкове повідомлення | оригінальний лист"
        " | первинне повідомлення",
        forwarded="переслане повідомлення | пересилання повідомлення | початок листа, що пересилається"
        " | початок пересланого повідомлення | переадресоване повідомлення | пересланий лист"
        " | перенаправлене повідомлення",
        from_="від | від кого | відправник",
        date="дата",
        sent="надіслано | відправлено | дата надсилання",
        to="кому | копія | одержувач | отримувач",
        subject="тема",
        sent_from="надіслано з | надіслано через | надіслано за допомогою | надіслано від | відправлено з"
        " | отримати outlook | завантажити outlook | надіслано із",
        sign_offs="з повагою | з найкращими побажаннями | дякую | щиро | всього найкращого | гарного дня"
        " | щиро дякую | заздалегідь дякую | до побачення",
        disclaimer="конфіденційн | адресат | помилково | знищ | видаліть | призначен",
        banner="увага: цей лист | увага! цей лист | зовнішній лист | увага: зовнішн",
        reply_above="відповідайте вище | вище цієї лінії | вище цього рядка",
        list_footer="відписатися | список розсилки",
    ),
)
