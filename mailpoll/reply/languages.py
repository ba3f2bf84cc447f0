"""What mail clients write around the mail they quote, in the languages people use them in; data only, lower-case."""

# The verb of an attribution line: Gmail, Apple Mail, Thunderbird, Outlook for Mac, K-9, Roundcube, Horde.
WROTE = (
    "wrote", "writes", "sent", "schrieb", "geschrieben", "a écrit", "a ecrit", "écrit", "écrivait", "escribió",
    "escribio", "va escriure", "ha escrit", "escreveu", "ha scritto", "scrisse", "schreef", "het volgende geschreven",
    "skrev", "skrev följande", "kirjoitti", "napisał", "napisała", "napisał(a)", "pisze", "napsal", "napsala",
    "napsal(a)", "napísal", "napísal(a)", "a scris", "ezt írta", "írta", "написал", "написала", "написал(а)", "пишет",
    "писал", "пише", "написав", "написала", "написав(ла)", "написа", "yazdı", "şunu yazdı", "yazmış", "đã viết",
    "đã gửi", "menulis", "كتب", "كتبت", "نوشت", "כתב/ה", "כתב", "כתבה", "‫כתב", "έγραψε", "rašė", "kirjutas",
    "rakstīja", "je napisal", "je napisala", "je napisao", "je napisala", "написао је", "เขียนว่า", "เขียน",
    "님이 작성",
    "님이 다음과 같이 작성", "작성", "写道", "寫道", "于写道", "のメール", "wrote the following", "は書きました",
    "のメッセージ",
    "schreiben", "idatzi zuen", "escribiu", "skrifaði", "napisao", "napísal/a", "geschreven", "missatge de",
)  # fmt: skip

# How an attribution line starts, beside a date or a name with an address.
OPENERS = (
    "on", "am", "le", "el", "em", "il", "op", "den", "dne", "dňa", "w dniu", "dnia", "în", "in data", "in", "på",
    "vào", "на", "в", "den", "στις", "em seg", "missatge de", "pada", "gedateerd", "tarihinde", "في", "در تاریخ",
    "ב-", "בתאריך", "ในวันที่", "เมื่อ", "at", "vom", "kl", "data", "a ", "mensaje de",
)  # fmt: skip

# "-----Original Message-----": what stands between the dashes over a quoted mail.
ORIGINAL = (
    "original message", "reply message", "original email", "original-nachricht", "ursprüngliche nachricht",
    "originalnachricht", "antwort nachricht", "original nachricht", "urspruengliche nachricht", "message d'origine",
    "message original", "message initial", "mensaje original", "mensagem original", "messaggio originale",
    "messaggio originario", "oorspronkelijk bericht", "origineel bericht", "oprindelig meddelelse",
    "originalmeddelelse", "ursprungligt meddelande", "originalmeddelande", "opprinnelig melding",
    "original melding", "alkuperäinen viesti", "wiadomość oryginalna", "oryginalna wiadomość", "wiadomość pierwotna",
    "původní zpráva", "původní e-mail", "pôvodná správa", "mesaj original", "eredeti üzenet", "исходное сообщение",
    "оригинальное сообщение", "первоначальное сообщение", "пересылаемое сообщение", "вихідне повідомлення",
    "оригінальне повідомлення", "оригинално съобщение", "özgün ileti", "özgün i̇leti", "orijinal mesaj",
    "orjinal mesaj",
    "αρχικό μήνυμα", "元のメッセージ", "オリジナルメッセージ", "元のメール", "원본 메시지", "원본 메일", "原始邮件",
    "原始郵件",
    "原邮件", "邮件原件", "原始訊息", "הודעה מקורית", "الرسالة الأصلية", "thư gốc", "tin nhắn gốc", "izvorno sporočilo",
    "izvorna poruka", "missatge original", "pesan asli",
)  # fmt: skip

# The same over a mail that is passed on.
FORWARDED = (
    "forwarded message", "forwarded by", "begin forwarded message", "weitergeleitete nachricht",
    "anfang der weitergeleiteten nachricht", "anfang der weitergeleiteten e-mail", "message transféré",
    "message transmis",
    "début du message transféré", "début du message réexpédié", "mensaje reenviado", "inicio del mensaje reenviado",
    "mensagem encaminhada", "mensagem reencaminhada", "início da mensagem reencaminhada",
    "início da mensagem encaminhada", "messaggio inoltrato", "inizio messaggio inoltrato", "doorgestuurd bericht",
    "begin doorgestuurd bericht", "videresendt meddelelse", "videresendt besked", "start på videresendt besked",
    "vidarebefordrat meddelande", "vidarebefordrat brev", "videresendt melding", "välitetty viesti",
    "wiadomość przekazana", "przekazana wiadomość", "treść przekazanej wiadomości", "přeposlaná zpráva",
    "preposlaná správa", "mesaj redirecționat", "továbbított üzenet", "пересланное сообщение",
    "пересылаемое сообщение", "начало переадресованного сообщения", "переслане повідомлення",
    "препратено съобщение", "iletilen ileti", "yönlendirilmiş ileti", "iletilmiş mesaj", "προωθημένο μήνυμα",
    "転送メッセージ", "転送されたメッセージ", "전달된 메시지", "전달된 메일", "转发的邮件", "转发邮件信息", "轉寄郵件",
    "轉寄的郵件", "הודעה שהועברה", "رسالة معاد توجيهها", "thư đã chuyển tiếp", "missatge reenviat",
)  # fmt: skip

# The names of header fields in a block over a quoted mail (Outlook, Lotus, Yahoo, QQ), by what they mean.
HEADER_NAMES = {
    "from": (
        "from", "message de", "von", "de", "da", "van", "fra", "från", "lähettäjä", "od", "nadawca", "от", "от кого",
        "від",
        "від кого",
        "kimden", "gönderen", "από", "差出人", "送信元", "送信者", "보낸 사람", "보낸사람", "发件人", "寄件者",
        "寄件人", "發件人",
        "מאת", "من", "từ", "feladó", "de la", "expéditeur", "remitente", "remetente", "mittente", "afzender",
        "avsändare",
        "avsender", "afsender", "dari", "จาก", "از", "nuo", "pošiljatelj", "reply-to", "absender",
    ),
    "date": (
        "date", "message du", "le", "sent", "datum", "gesendet", "envoyé", "envoyé le", "fecha", "enviado",
        "enviado el", "enviada em",
        "enviado em", "enviada", "data", "inviato", "verzonden", "verzonden op", "dato", "sendt", "skickat", "päivä",
        "päiväys", "lähetetty", "wysłano", "data wysłania", "odesláno", "odoslané", "dátum", "elküldve", "küldve",
        "trimis", "дата", "отправлено", "дата отправки", "надіслано", "изпратено", "gönderildi", "gönderme tarihi",
        "tarih", "ημερομηνία", "στάλθηκε", "日時", "送信日時", "보낸 날짜", "날짜", "发送时间", "发送日期", "日期",
        "寄件日期",
        "傳送時間", "時間", "时间", "נשלח", "תאריך", "تم الإرسال", "التاريخ", "تاريخ", "đã gửi", "ngày", "gesendet am",
        "sent on", "date/time", "received", "tanggal", "ส่ง", "วันที่", "dikirim", "poslano",
    ),
    "to": (
        "to", "copie à", "copia", "sent to", "an", "à", "a", "para", "per", "aan", "til", "till", "vastaanottaja",
        "do", "komu", "pre", "címzett",
        "către",
        "catre", "кому", "до", "kime", "alıcı", "προς", "宛先", "宛て先", "받는 사람", "받는사람", "收件人",
        "收件者", "אל",
        "إلى", "الى", "đến", "tới", "destinataire", "destinatario", "destinatário", "ontvanger", "cc", "kopie", "copie",
        "копия", "копія", "kopia", "kopio", "抄送", "副本", "참조", "件名cc", "másolat", "kopi", "kepada", "ถึง", "bcc",
    ),
    "subject": (
        "subject", "sujet", "betreff", "objet", "asunto", "assunto", "oggetto", "onderwerp", "emne", "ämne", "aihe",
        "temat",
        "předmět", "predmet", "tárgy", "subiect", "тема", "относно", "konu", "θέμα", "件名", "題名", "제목", "主题",
        "主旨",
        "主題", "נושא", "الموضوع", "tiêu đề", "chủ đề", "re", "assumpte", "หัวเรื่อง", "perihal", "subjek", "zadeva",
    ),
}  # fmt: skip

# The line a telephone or a client adds under a mail: how it starts …
SENT_FROM = (
    "sent from my", "sent wirelessly", "sent by my",
    "get outlook for",
    "get the new outlook", "sent on the go", "von meinem", "gesendet von", "gesendet mit", "gesendet über",
    "von meiner", "diese nachricht wurde von meinem", "envoyé de mon", "envoyé depuis", "envoyé à partir de",
    "envoyé avec", "envoyé sans fil", "envoyé par", "obtenir outlook", "téléchargez outlook", "enviado desde",
    "enviado de mi", "enviado do meu", "enviado a partir do", "enviado via", "enviado con", "enviado com",
    "obtener outlook", "obter o outlook", "obter outlook", "inviato da", "inviato dal", "scarica outlook",
    "verzonden vanaf", "verstuurd vanaf",
    "verzonden met", "verstuurd met", "outlook voor", "sendt fra", "sendt med", "hent outlook", "skickat från",
    "skickat med", "hämta outlook", "lähetetty", "hanki outlook", "wysłane z", "wysłano z", "pobierz program outlook",
    "odesláno z", "odoslané z", "získejte outlook", "küldve", "trimis de pe", "отправлено с", "отправлено из",
    "надіслано з", "изпратено от", "gönderen:", "στάλθηκε από", "发自我的", "发自", "從我的", "傳送自", "发送自我的",
    "được gửi từ", "đã gửi từ", "נשלח מה", "نشلح", "أُرسلت من", "أرسلت من", "مُرسل من", "sent from mailbox",
    "dikirim dari",
    "enviat des", "poslano iz", "poslano z",
)  # fmt: skip
# These need a name behind them, or people say them of parcels and torches.
SENT_FROM_NAMED = ("sent from ", "sent with ", "sent via ", "sent using ")
SENT_FROM_NOUNS = ("my", "the", "mobile", "phone", "mail", "e-mail", "ipad", "iphone", "yahoo", "gmail", "android")
# … or, in languages that say it the other way round, how it ends.
SENT_FROM_ENDS = (
    "から送信",
    "에서 보냄",
    "에서 보냈습니다",
    "gesendet",
    "'den gönderildi",
    "’den gönderildi",
    "gönderildi",
    "से भेजा गया",
)

# Legal and security small print: two different words of one row in a paragraph make it one.
DISCLAIMER_WORDS = (
    ("confidential", "privileged", "intended recipient", "intended solely", "intended only", "addressee", "in error",
     "notify the sender", "disclosure", "unauthorised", "unauthorized", "strictly prohibited", "strictly forbidden",
     "legally protected", "delete this", "viruses"),
    ("vertraulich", "richtige adressat", "irrtümlich erhalten", "irrtümlich", "vernichten sie", "informieren sie bitte",
     "rechtlich geschützt", "unbefugte", "nicht gestattet"),
    ("confidentiel", "destinataire", "par erreur", "avertir immédiatement", "détruire", "à l'intention exclusive"),
    ("confidencial", "destinatario", "por error", "por engano", "destinatário", "eliminar", "notifique", "divulgação"),
    ("riservat", "destinatari", "per errore", "distruggere", "d.lgs", "confidenziali"),
    ("vertrouwelijk", "geadresseerde", "abusievelijk", "ten onrechte", "vernietigen"),
    ("fortrolig", "konfidentiel", "konfidentiell", "avsedd", "adressaten", "mottagare", "slette"),
    ("poufn", "adresat", "omyłkowo", "usunięcie", "důvěrn", "omylem"),
    ("конфиденциальн", "адресат", "по ошибке", "уничтож", "удалите"),
)  # fmt: skip

# What a gateway puts over mail from outside.
BANNER_STARTS = (
    "caution: this email originated", "caution: this e-mail originated", "caution: external",
    "warning: this email originated",
    "external email:", "[external]", "this email originated from outside", "this message originated from outside",
    "this message was sent from outside", "caution: the sender of this email is from outside",
    "achtung: diese e-mail stammt von", "attention : ce courriel provient", "attention: this email originated",
    "you don't often get email from", "this message is from an external sender", "external sender",
    "let op: deze e-mail is afkomstig", "atención: este correo",
)  # fmt: skip

# What mailing list software adds under a mail.
LIST_FOOTER_WORDS = (
    "mailing list", "unsubscribe", "listinfo", "google groups", "googlegroups.com", "list archive", "abmelden",
    "désabonner", "mailman", "sourceforge.net/lists", "yahoogroups", "view this discussion", "manage your subscription",
)  # fmt: skip

# "##- Please type your reply above this line -##" of help desks and forums.
REPLY_ABOVE = (
    "reply above this line", "type your reply above", "reply above the line", "write above this line",
    "reply to this email directly or view", "respond above this line", "please reply above", "antworten sie oberhalb",
    "répondez au-dessus", "escriba su respuesta por encima", "please do not write below this line",
)  # fmt: skip
