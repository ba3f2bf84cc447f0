"""Finnic, Baltic and other languages of Europe, and Turkish."""

from mailpoll.reply.languages.language import Language

LANGUAGES: tuple[Language, ...] = (
    Language(
        code="fi",
        name="Finnish",
        wrote="kirjoitti | kirjoittaa | kirjoittivat | kirjoitti seuraavaa",
        opens="klo | päivänä",
        pronouns="minä | hän | me | he",
        original="alkuperäinen viesti | alkuperäinen sähköposti | alkuperäinen tapaaminen",
        forwarded="välitetty viesti | välitetty viesti alkaa | edelleenlähetetty viesti | lähetetty edelleen"
        " | edelleen lähetetty viesti | välitetyn viestin alku",
        from_="lähettäjä | keneltä",
        date="päivä | päiväys | päivämäärä | pvm",
        sent="lähetetty | lähetyspäivä",
        to="vastaanottaja | kopio | kenelle | vastaanottajat | piilokopio",
        subject="aihe | asia",
        sent_from="lähetetty {} | lähetetty iphonesta | lähetetty iphonestani | lähetetty ipadista"
        " | lähetetty laitteesta | lähetetty puhelimesta | lähetetty puhelimestani | lähetetty samsung"
        " | lähetetty outlookista | lähetetty yahoo | lähetetty omasta | lähetetty matkapuhelimesta"
        " | lähetetty minun | lähetetty mobiili | hanki outlook | lataa outlook | hanki outlookin",
        sign_offs="terveisin | ystävällisin terveisin | parhain terveisin | terveisiä | kiitos | kiitoksia"
        " | terv. | t. | yst. terv. | hyvää päivänjatkoa | kiittäen | ystävällisesti",
        disclaimer="luottamuksel | vastaanottaj | erehdyksessä | vahingossa | tarkoitettu | poista",
        banner="varoitus: tämä sähköposti | huom: ulkoinen | ulkoinen viesti"
        " | tämä viesti on lähetetty organisaation | et saa usein sähköpostia",
        reply_above="vastaa tämän rivin yläpuolelle | kirjoita vastauksesi tämän | tämän viivan yläpuolelle",
        list_footer="peruuta tilaus | postituslista | sähköpostilista",
    ),
    Language(
        code="et",
        name="Estonian",
        wrote="kirjutas | kirjutab | kirjutasid | kirjutas järgmist",
        opens="kuupäev | kuupäeval | kell",
        pronouns="mina | ma | tema | ta | meie",
        original="algne teade | algne kiri | originaalkiri | algne sõnum | originaalsõnum | algteade",
        forwarded="edastatud kiri | edastatud sõnum | edastatud teade | edastatud sõnumi algus",
        from_="saatja | kellelt",
        date="kuupäev",
        sent="saadetud | saatmisaeg",
        to="saaja | kellele | koopia | adressaat",
        subject="teema | pealkiri",
        sent_from="saadetud minu | saadetud {} | saadetud iphone'ist | saadetud seadmest | hangi outlook",
        sign_offs="lugupidamisega | parimate soovidega | tervitades | tervitustega | aitäh | tänan | parimat",
        disclaimer="konfidentsiaal | adressaa | ekslikult | mõeldud | kustuta",
        reply_above="vasta selle rea kohale | vastake selle rea kohal",
    ),
    Language(
        code="lv",
        name="Latvian",
        wrote="rakstīja | raksta | uzrakstīja",
        opens="datums | plkst",
        pronouns="es | viņš | viņa | mēs | viņi",
        original="sākotnējais ziņojums | oriģinālais ziņojums | sākotnējā vēstule | oriģinālā ziņa | sākotnējā ziņa",
        forwarded="pārsūtītā ziņa | pārsūtīts ziņojums | pārsūtītais ziņojums | pārsūtīta vēstule"
        " | pārsūtītās ziņas sākums",
        from_="no | sūtītājs",
        date="datums",
        sent="nosūtīts | sūtīts | nosūtīta",
        to="kam | kopija | saņēmējs | adresāts",
        subject="temats | tēma | priekšmets",
        sent_from="sūtīts no | nosūtīts no | sūtīta no | iegūt outlook | iegūstiet outlook",
        sign_offs="ar cieņu | ar sveicieniem | paldies | sveiki | jauku dienu | ar labiem vēlējumiem",
        disclaimer="konfidenciāl | adresāt | kļūdas | paredzēt | izdzēs",
        reply_above="atbildiet virs šīs | virs šīs līnijas",
    ),
    Language(
        code="lt",
        name="Lithuanian",
        wrote="rašė | parašė | rašo | parašo",
        opens="data | nuo",
        pronouns="aš | jis | ji | mes | jie",
        original="originalus laiškas | pradinis laiškas | originali žinutė | pradinis pranešimas"
        " | originalus pranešimas | pirminė žinutė",
        forwarded="persiųstas laiškas | persiunčiamas laiškas | persiųsta žinutė | persiųstas pranešimas"
        " | persiunčiamo laiško pradžia | peradresuotas laiškas",
        from_="nuo | siuntėjas",
        date="data",
        sent="išsiųsta | siųsta | išsiųstas",
        to="kam | gavėjas | kopija | iki",
        subject="tema",
        sent_from="išsiųsta iš | siųsta iš | atsiųsta iš | išsiųsta naudojant | gauti outlook | gaukite outlook",
        sign_offs="pagarbiai | su pagarba | linkėjimai | geriausi linkėjimai | ačiū | dėkoju | geros dienos",
        disclaimer="konfidencial | adresat | per klaidą | skirt | ištrin",
        banner="dėmesio: šis laiškas | išorinis laiškas",
        reply_above="atsakykite virš šios | virš šios linijos | virš šios eilutės",
    ),
    Language(
        code="hu",
        name="Hungarian",
        wrote="írta | ezt írta | írja | a következőt írta | az alábbit írta",
        opens="ekkor | dátum",
        pronouns="én | ő | mi | ők",
        original="eredeti üzenet | eredeti levél | eredeti értekezlet | eredeti e-mail",
        forwarded="továbbított üzenet | továbbított levél | továbbított üzenet kezdete | továbbküldött üzenet"
        " | továbbítva",
        from_="feladó | küldő",
        date="dátum",
        sent="elküldve | küldve | küldés dátuma | küldés ideje",
        to="címzett | másolat | másolatot kap | titkos másolat | címzettek",
        subject="tárgy",
        sent_from="küldve az {} | küldve a {} | küldve {} | elküldve az {} | elküldve a {} | iphone-ról küldve"
        " | az iphone-omról | iphone-omról küldve | samsung készülékről | szerezze be az outlook"
        " | az outlook letöltése | feladó: levelezés | az outlook beszerzése | az outlook ios | az outlook android"
        " | elküldve {}",
        sent_from_ends="-ról küldve | -ről küldve | omról küldve | emről küldve | készülékről elküldve"
        " | telefonról küldve",
        sign_offs="üdvözlettel | tisztelettel | üdv | üdv. | köszönettel | köszönöm | köszi"
        " | szívélyes üdvözlettel | szép napot | további szép napot | baráti üdvözlettel | előre is köszönöm"
        " | minden jót",
        disclaimer="bizalmas | címzett | tévedésből | kizárólag | törölje",
        banner="figyelem: ez az e-mail | külső e-mail | figyelem! külső",
        reply_above="válaszoljon e vonal fölé | e sor fölé | a vonal felett válaszoljon | e fölé a sor fölé",
        list_footer="leiratkozás | levelezőlista",
    ),
    Language(
        code="el",
        name="Greek",
        wrote="έγραψε | γράφει | έγραψαν | έγραψες",
        opens="στις | την | τη | στην | ο χρήστης | ο | η",
        pronouns="εγώ | αυτός | εμείς",
        original="αρχικό μήνυμα | αρχικό μήνυμα ηλεκτρονικού ταχυδρομείου | πρωτότυπο μήνυμα",
        forwarded="προωθημένο μήνυμα | έναρξη προωθημένου μηνύματος | αρχή προωθημένου μηνύματος"
        " | προωθούμενο μήνυμα | διαβιβασθέν μήνυμα",
        from_="από | αποστολέας",
        date="ημερομηνία",
        sent="στάλθηκε | εστάλη | απεστάλη | αποστολή",
        to="προς | κοιν. | παραλήπτης | κοιν | κοινοποίηση",
        subject="θέμα",
        sent_from="στάλθηκε από | εστάλη από | απεστάλη από | αποστολή από | στάλθηκε με | αποκτήστε το outlook"
        " | λήψη του outlook | λάβετε το outlook",
        sign_offs="με εκτίμηση | φιλικά | χαιρετισμούς | με φιλικούς χαιρετισμούς | ευχαριστώ | ευχαριστώ πολύ"
        " | με τιμή | φιλικούς χαιρετισμούς | καλή συνέχεια",
        disclaimer="εμπιστευτικ | παραλήπτ | κατά λάθος | εκ παραδρομής | απαγορεύεται | διαγράψ",
        banner="προσοχή: αυτό το | εξωτερικό μήνυμα",
        reply_above="απαντήστε πάνω από | πάνω από αυτή τη γραμμή",
        list_footer="διαγραφή από τη λίστα | κατάργηση εγγραφής",
    ),
    Language(
        code="tr",
        name="Turkish",
        wrote="yazdı | şunu yazdı | şunları yazdı | yazmış | yazıyor | şöyle yazdı",
        opens="tarihinde | tarih",
        pronouns="ben | o | biz | onlar",
        original="özgün ileti | orijinal mesaj | orjinal mesaj | orijinal ileti | asıl mesaj | özgün mesaj"
        " | orijinal e-posta | orijinal randevu",
        forwarded="iletilen ileti | yönlendirilmiş ileti | iletilmiş mesaj | iletilmiş ileti"
        " | yönlendirilen mesaj | iletilen mesaj | yönlendirilmiş mesaj | başlangıç: yönlendirilmiş ileti"
        " | yönlendirilen ileti",
        from_="kimden | gönderen",
        date="tarih",
        sent="gönderildi | gönderme tarihi | gönderim tarihi | gönderilme tarihi",
        to="kime | alıcı | bilgi | gizli",
        subject="konu",
        sent_from="gönderen: {} | outlook for | outlook'u edinin | android için outlook | ios için outlook"
        " | outlook uygulamasını edinin",
        sent_from_ends="'den gönderildi | ’den gönderildi | 'dan gönderildi | ’dan gönderildi | 'umdan gönderildi"
        " | ’umdan gönderildi | 'imden gönderildi | ’imden gönderildi | telefonumdan gönderildi"
        " | cihazımdan gönderildi | {} üzerinden gönderildi | için posta ile gönderildi",
        sign_offs="saygılarımla | saygılar | saygılarımızla | iyi çalışmalar | iyi günler | sevgiler | selamlar"
        " | teşekkürler | teşekkür ederim | en iyi dileklerimle | kolay gelsin | sevgilerimle",
        disclaimer="gizli | alıcı | yanlışlıkla | yetkisiz | siliniz | yasaktır | kişiye özel",
        banner="dikkat: bu e-posta | uyarı: bu e-posta | harici e-posta | dış kaynaklı e-posta",
        reply_above="bu satırın üzerine | bu çizginin üzerine | bu satırın üstüne",
        list_footer="abonelikten çık | e-posta listesi",
    ),
    Language(
        code="eu",
        name="Basque",
        wrote="idatzi zuen | idatzi du | hau idatzi du | idatzi zuten",
        opens="data | noiz",
        pronouns="nik | guk | hark",
        original="jatorrizko mezua | mezu originala",
        forwarded="birbidalitako mezua | berbidalitako mezua | birbidalitako mezuaren hasiera",
        from_="nork | igorlea | bidaltzailea",
        date="data",
        sent="bidalia | bidaltze-data | bidalita",
        to="nori | hartzailea | cc | kopia",
        subject="gaia",
        sent_from_ends="iphonetik bidalita | ipadetik bidalita | mugikorretik bidalita | -etik bidalita"
        " | -tik bidalita",
        sign_offs="agur bero bat | adeitasunez | eskerrik asko | agur | mila esker | ondo izan",
        disclaimer="konfidentzial | hartzaile | akatsez | debekatu",
        reply_above="erantzun lerro honen gainean",
    ),
)
