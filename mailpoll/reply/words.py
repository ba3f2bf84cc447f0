"""Words of endings that are of no single language: titles, notices, scanners; data only, lower-case."""

# What a letter ends with, in the line above the name, beside what the rows of languages hold.
SIGN_OFFS = (
    "warmest regards", "thanks again", "thank you very much", "thanks and regards", "thanks & regards",
    "thank you in advance", "faithfully", "with regards", "with best wishes", "many greetings", "greetings",
    "very best", "mit freundlichen gruessen", "mit freundlichem gruss", "mit besten grüßen",
    "mit besten grüssen", "mit herzlichen grüßen", "mit lieben grüßen", "freundlicher gruß", "besten gruß",
    "liebe grüsse", "lieben gruß", "herzliche grüsse", "herzlichst", "schönen gruß", "schöne grüsse",
    "gruss", "grüsse", "très cordialement", "salutations distinguées", "cari saluti", "met hartelijke groet",
    "venlige hilsner", "hälsn", "terv", "kiitos etukäteen", "с уважением и наилучшими пожеланиями", "بברכה",
    "此致敬禮", "감사드립니다",
)  # fmt: skip

# Of names, in small letters.
PARTICLES = frozenset(
    {
        "von", "van", "vom", "zu", "zur", "der", "den", "de", "del", "della", "di", "da", "das",
        "dos", "do", "du", "des", "la",
        "le", "el", "al", "i.", "i.a.", "i.v.", "ppa.", "p.p.", "bin", "ibn", "ben", "y", "e",
        "i", "och", "und", "and", "ten", "ter",
        "af", "av", "d'", "o",
    }
)  # fmt: skip
POSTSCRIPTS = (
    "ps", "p.s", "p.s.", "pps", "p.p.s", "pd", "p.d", "p.d.", "p.-s", "p.-s.", "nb", "n.b", "n.b.", "p. s",
    "p. s.", "post scriptum", "postscript", "пс", "п.с", "з.ы", "зы", "附言", "追伸", "추신", "υ.γ", "υγ", "نون",
)  # fmt: skip

# Of titles, as they stand in the line under a name.
JOBS = (
    "manager", "director", "engineer", "developer", "head of", "ceo", "cto", "cfo", "coo", "cio", "officer",
    "president", "founder", "co-founder", "assistant", "consultant", "analyst", "architect", "administrator",
    "coordinator", "specialist", "executive", "partner", "professor", "lecturer", "designer", "associate",
    "secretary", "representative", "supervisor", "technician", "editor", "owner", "lead", "department", "leiter",
    "leiterin", "leitung", "geschäftsführer", "geschäftsführerin", "abteilung", "vorstand", "sachbearbeiter",
    "sachbearbeiterin", "referent", "entwickler", "entwicklerin", "berater", "beraterin", "prokurist", "vertrieb",
    "einkauf", "directeur", "directrice", "responsable", "ingénieur", "gérant", "chargé de", "chargée de",
    "chef de", "directora", "gerente", "jefe de", "ingeniero", "coordinador", "diretor", "diretora", "direttore",
    "responsabile", "ingegnere", "manažer", "ředitel", "jednatel", "kierownik", "dyrektor", "specjalista",
    "директор", "менеджер", "руководитель", "инженер", "начальник", "müdür", "müdürü", "uzmanı", "chef",
    "ingenjör", "säljare", "projektledare", "direktør", "leder", "rådgiver", "johtaja", "päällikkö", "medewerker",
    "adviseur", "部長", "課長", "经理", "總經理", "总经理", "이사", "팀장",
)  # fmt: skip

# What stands before a number or an address in a contact block.
LABELS = (
    "t", "m", "f", "e", "w", "p", "o", "d", "c", "tel", "tél", "telef", "telefon", "teléfono", "telefono",
    "telefone", "phone", "ph", "mob", "mobil", "mobile", "móvil", "cell", "fax", "fon", "office", "direct",
    "e-mail", "email", "mail", "web", "website", "skype", "handy", "gsm", "whatsapp", "linkedin", "puh", "tlf",
    "тел", "телефон", "моб", "факс", "τηλ", "電話", "电话", "手机", "傳真", "传真", "전화", "휴대폰",
)  # fmt: skip
# As they are written, since "as" and "ag" are words.
LEGAL_FORMS = (
    "Ltd", "LTD", "Limited", "Inc", "INC", "LLC", "LLP", "PLC", "plc", "Corp", "Corporation", "Pty", "GmbH",
    "GMBH", "gGmbH", "mbH", "AG", "KG", "OHG", "UG", "e.V.", "e. V.", "S.A.", "SA", "SAS", "SARL", "S.A.R.L.",
    "S.L.", "S.r.l.", "S.R.L.", "Srl", "SRL", "SpA", "S.p.A.", "S.P.A.", "B.V.", "BV", "N.V.", "A/S", "ApS", "AB",
    "AS", "ASA", "Oy", "OY", "Oyj", "sp. z o.o.", "Sp. z o.o.", "s.r.o.", "a.s.", "Kft", "Kft.", "Zrt.", "d.o.o.",
    "ООО", "ОАО", "ЗАО", "АО", "ТОВ", "A.Ş.", "Ltda", "LTDA", "株式会社", "有限公司", "주식회사", "University",
    "Universität", "Université", "Universidad", "Università",
)  # fmt: skip

# What a warning over mail from outside speaks of, beside the words it starts with.
OUTSIDE = (
    "outside", "external", "extern", "don't often get", "don’t often get", "not often", "außerhalb", "ausserhalb",
    "nicht oft", "extérieur", "externe", "pas souvent", "fuera", "externo", "a menudo", "fora d", "esterno",
    "fuori", "provenient", "buiten", "utenfor", "utanför", "utifrån", "udefra", "uden for", "ulkopuol", "zewnątrz",
    "zewnętrz", "mimo", "extern", "kívül", "külső", "exterior", "извън", "external", "внешн", "извне", "ззовні",
    "зовнішн", "dış", "εκτός", "εξωτερικ", "外部", "외부", "خارج", "חיצוני", "bên ngoài", "luar", "ภายนอก",
)  # fmt: skip
# How such a warning starts where no table knows its first words.
ALARMS = (
    "caution", "warning", "attention", "alert", "notice", "external", "be careful", "achtung", "vorsicht",
    "warnung", "hinweis", "extern", "attenzione", "avviso", "atención", "precaución", "advertencia", "aviso",
    "atenção", "cuidado", "let op", "waarschuwing", "opgelet", "advarsel", "obs", "varning", "huomio", "varoitus",
    "uwaga", "ostrzeżenie", "pozor", "upozornění", "figyelem", "atenție", "внимание", "осторожно", "увага",
    "dikkat", "προσοχή", "注意", "警告", "주의",
)  # fmt: skip
BANNER_MARKS = ("zjqcmqryfpfptbannerstart", "zjqcmqryfpfptbannerend")
# What its second paragraph says, in English: elsewhere it is one.
CARE = (
    "be careful", "do not click", "don't click", "links or", "attachments", "know the content",
    "learn why", "recognize",
    "recognise", "exercise caution", "think before", "report suspicious", "phish",
)  # fmt: skip

# The heading of small print: what stands below it belongs to it.
SMALL_PRINT_HEADINGS = (
    "confidentiality notice", "confidentiality note", "confidentiality", "disclaimer", "legal notice",
    "important notice", "privileged and confidential", "notice of confidentiality", "vertraulichkeitshinweis",
    "haftungsausschluss", "rechtlicher hinweis", "wichtiger hinweis", "avis de confidentialité", "avertissement",
    "aviso legal", "aviso de confidencialidad", "aviso de confidencialidade", "avviso di riservatezza",
    "informativa", "nota de", "vertrouwelijkheid", "proclaimer", "fortrolighed", "sekretess", "klauzula",
    "upozornění", "конфиденциальност", "免責事項", "免责声明", "免責聲明", "保密", "기밀", "yasal uyarı",
    "gizlilik",
)  # fmt: skip

# Three different words of one row in a paragraph make it small print: two may stand in a letter about mail.
SMALL_PRINT = (
    ("accepts no liability", "no responsibility for", "liability for", "transmitted by this", "virus transmitted",
     "views expressed", "opinions expressed", "of the author", "not necessarily", "may contain confidential",
     "authorized to receive", "to whom it is addressed", "to whom they are addressed", "free from error"),
    ("keine haftung", "haftung für", "viren übertragen", "e-mail-kommunikation", "übertragung von e-mails"),
    ("registered in england", "registered office", "registered in", "company registration", "registered number",
     "trading name", "limited company"),
    ("handelsregister", "amtsgericht", "registergericht", "hrb ", "firmenbuch",
     "geschäftsführer:", "geschäftsführung:",
     "sitz der gesellschaft", "aufsichtsrat", "ust-id", "vorstand:", "sitz:"),
    ("vertraulich", "geschützte informationen", "irrtümlich", "unbefugt", "adressat",
     "vernichten", "informieren sie", "benachrichtigen sie", "weitergabe", "nicht gestattet"),
    ("confidentiel", "destinés", "destinataire", "par erreur", "intégrité", "toute utilisation",
     "détruire"),
    ("confidencial", "destinatario", "por error", "elimin", "prohibid", "divulgación"),
    ("confidencia", "destinatári", "por engano", "por erro", "elimin", "apag", "proibid"),
    ("riservat", "confidenzial", "destinatari", "per errore", "distrugg", "cancell", "vietat"),
    ("vertrouwelijk", "geadresseerde", "bestemd", "niet de bedoelde", "abusievelijk",
     "per vergissing", "aansprakelijk", "vernietig", "openbaarmaking"),
    ("fortrolig", "konfidensiell", "modtager", "mottaker", "ved en fejl", "ved en feil", "fejlagtigt"),
    ("konfidentiell", "mottagare", "av misstag", "felaktigt", "sekretess", "obehörig",
     "avsed"),
    ("luottamuksel", "vastaanottaja", "erehdyksessä", "tarkoitettu", "hävit"),
    ("poufn", "adresat", "omyłkow", "przez pomyłkę", "zabronion", "tajemnic"),
    ("důvěrn", "adresát", "příjemc", "omylem", "smažte", "vymaž", "neopráv"),
    ("dôvern", "adresát", "príjemc", "omylom", "vymaž", "zmaž"),
    ("bizalmas", "címzett", "tévedés", "törölj", "jogosulatlan"),
    ("confidențial", "destinatar", "din greșeală", "șterge", "interzis"),
    ("конфиденциал", "адресат", "получател", "по ошибке", "ошибочно", "уничтож", "запрещ"),
    ("конфіденційн", "адресат", "одержувач", "помилково", "знищ"),
    ("поверител", "получател", "погрешка"),
    ("gizli", "alıcı", "yanlışlıkla", "hata ile", "yasak"),
    ("εμπιστευτικ", "παραλήπτη", "κατά λάθος", "εκ παραδρομής", "απόρρητ"),
    ("سري", "المرسل إليه", "بطريق الخطأ", "عن طريق الخطأ"),
    ("חסוי", "סודי", "נמען", "בטעות"),
    ("機密", "宛先", "受信者", "誤って", "誤送信", "破棄"),
    ("机密", "保密", "收件人", "误收", "未经授权"),
    ("機密", "保密", "收件人", "誤收", "未經授權"),
    ("기밀", "수신인", "수신자", "무단"),
    ("rahasia", "penerima", "keliru"),
    ("bảo mật", "người nhận", "nhầm"),
    ("povjerljiv", "primatelj", "greškom"),
    ("zaupn", "naslovnik", "prejemnik", "pomotoma"),
    ("confidencial", "destinatari", "per error", "elimin"),
    ("konfidenciali", "adresat", "gavėj", "per klaidą"),
)  # fmt: skip

# A line that a virus scanner adds, by what only it says.
SCANNED = (
    "checked for viruses", "scanned for viruses", "scanned by", "checked by", "information from eset",
    "virus-free", "virus free", "virenfrei", "auf viren geprüft", "auf viren überprüft", "auf viren untersucht",
    "sans virus", "absence de virus", "libre de virus", "en busca de virus", "livre de vírus", "quanto a vírus",
    "presença de vírus", "senza virus", "privo di virus", "controllata da", "controllato da", "virusvrij",
    "op virussen", "fri for virus", "virusfri", "for virus", "efter virus", "wirusów", "na viry", "na vírusy",
    "virusok", "viruși", "на вирусы", "на наличие вирусов", "на віруси", "virüs",
)  # fmt: skip
SCANNERS = (
    "avast", "avg", "eset", "nod32", "mailscanner", "kaspersky", "norton", "mcafee", "symantec", "clamav",
    "trend micro", "sophos", "bitdefender", "messagelabs", "mimecast", "proofpoint", "barracuda", "avira",
    "f-secure", "panda", "drweb", "dr.web", "касперск", "spam filter", "mailguard", "websense", "forcepoint",
    "spamtitan",
)  # fmt: skip
# "Please consider the environment before printing this e-mail": how it starts, what is printed.
TREES = (
    "please consider", "consider the environment", "consider your environmental", "please think", "think green",
    "think before", "save paper", "save a tree", "save trees", "before printing", "before you print", "go green",
    "be green", "think of the environment", "do you really need", "don't print", "bitte denken", "denken sie",
    "bitte prüfen sie", "der umwelt zuliebe", "umwelt", "pensez", "avant d'imprimer", "avant d’imprimer",
    "n'imprimez", "préserv", "antes de imprimir", "por favor, considere", "piense", "piensa", "pense", "proteja",
    "prima di stampare", "pensa all'ambiente", "rispetta l'ambiente", "denk aan", "denk aan het milieu", "tænk",
    "tänk", "tenk", "ajattele", "säästä", "pomyśl", "zanim wydrukujesz", "před vytištěním", "prosím zvažte",
    "подумайте", "перед тем как", "пожалуйста, подумайте", "lütfen", "環境", "请考虑环境", "환경",
)  # fmt: skip
PRINTING = (
    "print", "druck", "imprim", "stampa", "afdruk", "skriv", "tulost", "druk", "tisk", "tišt", "печат", "yazdır",
    "印刷", "打印", "列印", "인쇄",
)  # fmt: skip
MAIL = (
    "mail", "message", "nachricht", "courriel", "correo", "mensaje", "mensagem", "messaggio", "bericht", "besked",
    "meddelande", "melding", "viesti", "wiadomoś", "zpráv", "správ", "письм", "сообщен", "лист", "повідомлен",
    "ileti", "μήνυμα", "メール", "邮件", "郵件", "메일", "sender", "absender", "expéditeur", "remitente",
    "remetente", "mittente", "afzender", "organi", "link", "[", "üzenet", "mesaj", "sporočil", "poruk",
)  # fmt: skip
# What mailing list software names itself, beside the words of languages.
LIST_FOOTERS = (
    "groups.yahoo.com", "yahoo groups", "groups.io", "majordomo", "listserv", "-request@",
    "+unsubscribe@", "-unsubscribe@",
    "/listinfo/", "reply to this email directly", "view it on github",
    "lists.sr.ht", "freelists.org", "topicbox", "sympa", "hyperkitty",
)  # fmt: skip
# Who says so in a few words above an older mail means it to be read: it is passed on, or their answers stand in it.
POINTERS = (
    "fyi", "for your information", "see below", "see inline", "answers below", "answers inline", "answered below",
    "answered inline", "inline below", "comments below", "comments inline", "responses below", "responses inline",
    "replies below", "replies inline", "reply inline", "in red below", "below in red", "in red",
    "in blue", "mail below",
    "email below", "message below", "forwarding", "siehe unten", "antworten unten",
    "antworten im text", "s.u.", "in rot",
    "zur info", "zur information", "zur kenntnis", "z.k.", "weitergeleitet", "ci-dessous", "en rouge", "pour info",
    "pour information", "más abajo", "ver abajo", "en rojo", "para su información",
    "para tu información", "veja abaixo", "para conhecimento", "vedi sotto", "qui sotto",
    "in rosso", "per conoscenza", "zie onder",
    "ter info", "ter informatie", "se nedenfor", "til info", "til orientering", "se nedan",
    "för kännedom", "tiedoksi",
    "alla vastaukset", "poniżej", "do wiadomości", "viz níže", "na vědomí", "viď nižšie", "lásd lent", "mai jos",
    "см. ниже", "для информации", "к сведению", "дивіться нижче", "до відома", "aşağıda", "bilginize",
    "ご参考", "见下文", "供参考",
)  # fmt: skip
# How a notice about a subscription starts; only with a link or an address in it.
SUBSCRIPTIONS = (
    "unsubscribe", "to unsubscribe", "click here to unsubscribe", "if you no longer wish", "if you do not wish",
    "if you don't want", "if you would like to unsubscribe", "if you want to unsubscribe", "you're receiving this",
    "you are receiving this", "you received this", "you have received this", "you are subscribed",
    "you’re receiving this", "manage your", "manage preferences", "update your preferences", "change your email",
    "view this email in", "view in browser", "to stop receiving", "to opt out", "opt out", "opt-out",
    "to view this discussion", "for more options", "abmelden", "abbestellen", "vom newsletter",
    "newsletter abbestellen", "wenn sie keine", "sie erhalten diese", "se désabonner", "désabonnement",
    "pour vous désinscrire", "pour vous désabonner", "si vous ne souhaitez plus", "vous recevez ce",
    "darse de baja", "cancelar suscripción", "si no desea", "ha recibido este", "recibes este", "para cancelar",
    "cancelar inscrição", "recebeu esta", "você está recebendo", "annulla iscrizione", "per cancellarsi",
    "hai ricevuto questa", "ricevi questa", "afmelden", "uitschrijven", "u ontvangt deze", "afmeld",
    "du modtager denne", "avprenumerera", "avregistrera", "du får detta", "peruuta tilaus", "wypisz",
    "aby zrezygnować", "otrzymujesz", "odhlásit", "odhlásiť", "leiratkozás", "dezabonare", "отписаться",
    "вы получили это", "вы получаете", "відписатися", "aboneliği", "abonelikten", "退订", "退訂", "取消订阅",
    "配信停止", "購読解除", "수신거부", "구독 취소",
)  # fmt: skip
