"""Germanic languages."""

from mailpoll.reply.languages.language import Language

LANGUAGES: tuple[Language, ...] = (
    Language(
        code="en",
        name="English",
        wrote="wrote | quoting | writes | has written | sent the following",
        you_wrote="you wrote",
        opens="on | at | in",
        pronouns="I | we | he | she | they",
        original="original message | original email | original e-mail | reply message | original mail"
        " | original appointment | previous message | replied message",
        forwarded="forwarded message | forwarded by | begin forwarded message | start of forwarded message"
        " | forwarded mail | forwarded email | forwarded letter",
        from_="from | sender | reply-to | sent by",
        date="date | date/time",
        sent="sent | sent on | sent at | received | date sent",
        to="to | cc | bcc | sent to | recipient | recipients",
        subject="subject | re | subj",
        sent_from="sent from my {} | sent from my mobile | sent from my phone | sent from my cell"
        " | sent from my wireless | sent from my smart | sent from my handheld | sent from my tablet"
        " | sent from my t-mobile | sent from my verizon | sent from my at&t | sent from my sprint"
        " | sent from my pixel | sent from my mac | sent from my nokia | sent from my sony | sent from my lg"
        " | sent from my htc | sent from my motorola | sent from my oneplus | sent from my oppo"
        " | sent from my vivo | sent from my google | sent from my kindle | sent from my lenovo"
        " | sent from my apple | sent from my device | sent from my computer | sent from my bb | sent wirelessly"
        " | sent by my {} | sent on the go | get outlook for | get the new outlook | download outlook for"
        " | sent from mailbox | sent from {} | sent using {} | sent with {} | sent via {} | sent from android"
        " | sent from mobile | sent from tablet | sent from samsung | sent on my {}"
        " | yahoo mail: search, organize",
        sign_offs="regards | best regards | kind regards | warm regards | best | best wishes | all the best"
        " | cheers | thanks | thank you | many thanks | thanks a lot | thanks in advance | thx | sincerely"
        " | yours sincerely | sincerely yours | yours faithfully | yours truly | yours | cordially | respectfully"
        " | with kind regards | with best regards | kindest regards | warmly | love | br | rgds | talk soon"
        " | take care | see you",
        disclaimer="confidential | privileged | intended recipient | intended solely | intended only | addressee"
        " | in error | notify the sender | disclosure | unauthorised | unauthorized | strictly prohibited"
        " | strictly forbidden | legally protected | delete this | viruses | please consider the environment"
        " | think before you print",
        banner="caution: this email originated | caution: this e-mail originated | caution: this message"
        " | caution: external | caution! external | caution - external | warning: this email originated"
        " | warning: external | external email: | external email - | external mail | external message"
        " | [external] | [ext] | this email originated from outside | this e-mail originated from outside"
        " | this email originated outside | this message originated from outside"
        " | this message originated outside | this message was sent from outside"
        " | this email was sent from outside | this email came from outside | this email is from an external"
        " | this message came from outside | caution: the sender of this email is from outside"
        " | attention: this email originated | attention: external | you don't often get email from"
        " | you don’t often get email from | some people who received this message don't often get email from"
        " | this message is from an external sender | external sender | notice: external | security notice: this"
        " | zjqcmqryfpfptbannerstart | this sender is from outside",
        reply_above="reply above this line | type your reply above | reply above the line | write above this line"
        " | reply to this email directly or view | respond above this line | please reply above"
        " | please do not write below this line | add your reply above | enter your reply above"
        " | reply above here | write your reply above | reply between these lines",
        list_footer="mailing list | unsubscribe | listinfo | google groups | googlegroups.com | list archive"
        " | mailman | sourceforge.net/lists | yahoogroups | view this discussion | manage your subscription"
        " | groups.io | you are receiving this because",
    ),
    Language(
        code="de",
        name="German",
        wrote="schrieb | hat geschrieben | zitat von | geschrieben | schreibt | schrieben",
        you_wrote="du schriebst | sie schrieben | schrieben sie | schriebst du | hast du geschrieben",
        opens="am | vom | den | von",
        pronouns="ich | wir | er | sie | du | ihr | man",
        original="ursprüngliche mitteilung | urspr. mitteilung | ursprüngliche nachricht | original-nachricht"
        " | originalnachricht | original nachricht"
        " | urspruengliche nachricht | antwort nachricht | ursprüngliche mail | originale nachricht"
        " | ursprünglicher termin | ursprüngliche e-mail | original-mail",
        forwarded="weitergeleitete nachricht | anfang der weitergeleiteten nachricht"
        " | anfang der weitergeleiteten e-mail | beginn der weitergeleiteten nachricht | weitergeleitet von"
        " | weitergeleitete e-mail",
        from_="von | absender | gesendet von",
        date="datum",
        sent="gesendet | gesendet am | versendet | verschickt",
        to="an | kopie | empfänger | bcc | antwort an",
        subject="betreff | betr. | betrifft",
        sent_from="von meinem {} gesendet | von meinem {}-gerät gesendet | von meinem {} verschickt"
        " | von meiner {} gesendet | vom {} gesendet | vom handy gesendet | von unterwegs gesendet | gesendet von"
        " | gesendet mit | gesendet über | gesendet via | gesendet aus | diese nachricht wurde von meinem"
        " | diese e-mail wurde von meinem | mobil gesendet | outlook für | holen sie sich outlook"
        " | von: mail für windows | laden sie outlook | verschickt mit | verschickt von | am {} verfasst",
        sent_from_ends="{} gesendet | {}-gerät gesendet | mobiltelefon gesendet | von unterwegs gesendet",
        sign_offs="mit freundlichen grüßen | mit freundlichen grüssen | mit freundlichem gruß | freundliche grüße"
        " | freundliche grüsse | viele grüße | viele grüsse | liebe grüße | beste grüße | beste grüsse"
        " | herzliche grüße | schöne grüße | gruß | grüße | lg | vg | mfg | danke | vielen dank | besten dank"
        " | danke und gruß | hochachtungsvoll | bis dann | tschüss | viele liebe grüße",
        disclaimer="vertraulich | richtige adressat | irrtümlich erhalten | irrtümlich | vernichten sie"
        " | informieren sie bitte | rechtlich geschützt | unbefugte | nicht gestattet | nicht der beabsichtigte"
        " | bestimmungsgemäße empfänger | ausschließlich für den adressaten",
        banner="achtung: diese e-mail stammt | achtung: diese mail stammt | achtung: externe | externe e-mail"
        " | externe mail | vorsicht: externe | vorsicht: diese e-mail | [extern]"
        " | diese e-mail stammt von einem externen | diese e-mail kommt von außerhalb"
        " | diese e-mail wurde von außerhalb | sie erhalten nicht oft eine e-mail von"
        " | sie erhalten nicht häufig e-mails von | warnung: diese e-mail",
        reply_above="antworten sie oberhalb | bitte antworten sie über dieser | bitte oberhalb dieser linie"
        " | oberhalb dieser zeile | über dieser zeile antworten | antwort oberhalb dieser | über diese zeile",
        list_footer="abmelden | mailingliste | abbestellen | abonnement verwalten",
    ),
    Language(
        code="nl",
        name="Dutch",
        wrote="schreef | heeft geschreven | citeren | het volgende geschreven | geschreven | schrijft | schreven",
        you_wrote="u schreef | schreef u | schreef je | je schreef | jij schreef",
        opens="op | gedateerd | in",
        pronouns="ik | wij | we | hij | zij | ze | je | jij",
        original="bericht oorspronkelijk | oorspronkelijk bericht | origineel bericht | oorspronkelijke bericht"
        " | originele bericht"
        " | oorspronkelijke afspraak | oorspronkelijke e-mail",
        forwarded="doorgestuurd bericht | begin doorgestuurd bericht | doorgezonden bericht | doorgestuurd door"
        " | doorgestuurde e-mail",
        from_="van | afzender",
        date="datum",
        sent="verzonden | verzonden op | verstuurd",
        to="aan | kopie | ontvanger | geadresseerde | bcc",
        subject="onderwerp | betreft",
        sent_from="verzonden vanaf | verstuurd vanaf | verzonden met | verstuurd met | verzonden via"
        " | verstuurd via | verzonden vanuit | verstuurd vanuit | verzonden door mijn | outlook voor"
        " | download outlook voor | outlook downloaden",
        sign_offs="met vriendelijke groet | met vriendelijke groeten | vriendelijke groet | vriendelijke groeten"
        " | hartelijke groet | hartelijke groeten | groet | groeten | groetjes | mvg | hoogachtend | bedankt"
        " | alvast bedankt | dank je | liefs",
        disclaimer="vertrouwelijk | geadresseerde | abusievelijk | ten onrechte | vernietigen"
        " | uitsluitend bestemd | niet de beoogde ontvanger",
        banner="let op: deze e-mail | let op: dit bericht | let op: externe | externe e-mail | [extern]"
        " | deze e-mail is afkomstig van buiten | dit bericht is afkomstig van buiten"
        " | u ontvangt niet vaak e-mail van | waarschuwing: deze e-mail",
        reply_above="antwoord boven deze | reageer boven deze | typ uw antwoord boven | boven deze lijn",
        list_footer="afmelden | uitschrijven | mailinglijst",
    ),
    Language(
        code="da",
        name="Danish",
        wrote="skrev | skriver | har skrevet",
        opens="den | på | d. | kl",
        pronouns="jeg | vi | han | hun | de | du",
        original="oprindelig meddelelse | original meddelelse | oprindelig besked | originalmeddelelse"
        " | oprindelig mail | oprindelig e-mail | oprindelig aftale",
        forwarded="videresendt meddelelse | videresendt besked | videresendt e-mail | videresendt mail"
        " | start på videresendt besked | start på videresendt e-mail | videresendt af",
        from_="fra | afsender",
        date="dato",
        sent="sendt | afsendt",
        to="til | kopi | modtager | bcc",
        subject="emne | vedr. | vedrørende",
        sent_from="sendt fra | sendt med | sendt via | hent outlook | få outlook | download outlook | afsendt fra",
        sign_offs="med venlig hilsen | venlig hilsen | mvh | mange hilsner | bedste hilsner | de bedste hilsner"
        " | kærlig hilsen | hilsen | hilsner | kh | vh | dbh | på forhånd tak | tak | mange tak",
        disclaimer="fortrolig | konfidentiel | modtager denne | ved en fejl | rette modtager | slette | uvedkommende",
        banner="advarsel: denne e-mail | obs: denne e-mail | forsigtig: ekstern | ekstern e-mail | [ekstern]"
        " | du får ikke ofte mail fra | du modtager ikke ofte mails fra | denne e-mail kommer fra",
        reply_above="svar over denne linje | skriv dit svar over | skriv over denne linje",
        list_footer="afmeld | mailingliste",
    ),
    Language(
        code="no",
        name="Norwegian",
        wrote="skrev | skreiv | skriver | har skrevet",
        opens="den | på | kl",
        pronouns="jeg | eg | vi | han | hun | de | du",
        original="opprinnelig melding | original melding | opprinneleg melding | opprinnelig e-post"
        " | opprinnelig avtale",
        forwarded="videresendt melding | vidaresend melding | videresendt e-post | start på videresendt melding"
        " | begynnelse på videresendt melding | videresendt av",
        from_="fra | frå | avsender",
        date="dato",
        sent="sendt",
        to="til | kopi | mottaker | blindkopi",
        subject="emne | tema",
        sent_from="sendt fra | sendt med | sendt via | sendt frå | last ned outlook | skaff outlook | få outlook",
        sign_offs="med vennlig hilsen | vennlig hilsen | mvh | beste hilsen | hilsen | hilsener | mange hilsener"
        " | takk | tusen takk | på forhånd takk | med beste hilsen | klem",
        disclaimer="konfidensiell | fortrolig | feilaktig mottatt | ved en feil | rette mottaker | slett | mottaker",
        banner="advarsel: denne e-posten | obs: denne e-posten | ekstern e-post | [ekstern]"
        " | du får ikke ofte e-post fra | denne e-posten kommer fra",
        reply_above="svar over denne linjen | skriv svaret over | skriv over denne linjen",
        list_footer="meld deg av | e-postliste",
    ),
    Language(
        code="sv",
        name="Swedish",
        wrote="skrev | skrev följande | skriver | har skrivit",
        opens="den | på | kl",
        pronouns="jag | vi | han | hon | de | du",
        original="ursprungligt meddelande | originalmeddelande | ursprungligt mail"
        " | ursprungligt e-postmeddelande | ursprunglig avtalad tid | ursprungligt brev",
        forwarded="vidarebefordrat meddelande | vidarebefordrat brev | vidarebefordrat mail"
        " | vidarebefordrat e-postmeddelande | vidarebefordrat av | början på vidarebefordrat",
        from_="från | avsändare",
        date="datum",
        sent="skickat | skickades",
        to="till | kopia | mottagare | hemlig kopia",
        subject="ämne | rubrik | ang.",
        sent_from="skickat från | skickat med {} | skickat med min | skickat via | skickades från | hämta outlook"
        " | skaffa outlook | skickat ifrån",
        sign_offs="med vänlig hälsning | med vänliga hälsningar | vänliga hälsningar | vänlig hälsning"
        " | bästa hälsningar | mvh | hälsningar | hälsning | många hälsningar | varma hälsningar | tack"
        " | tack på förhand | kram | hej så länge | vh",
        disclaimer="konfidentiell | avsedd | adressaten | mottagare | av misstag | sekretess | förstör | radera",
        banner="varning: detta e-postmeddelande | varning: detta mail | obs! detta | externt e-postmeddelande"
        " | externt mail | [extern] | du får inte ofta e-post från | detta e-postmeddelande kommer från",
        reply_above="svara ovanför denna | skriv ditt svar ovanför | svara ovanför den här raden",
        list_footer="avprenumerera | avregistrera | e-postlista",
    ),
    Language(
        code="is",
        name="Icelandic",
        wrote="skrifaði | skrifar | ritaði | reit",
        opens="þann | hinn | á",
        pronouns="ég | við | hann | hún | þau | þeir",
        original="upprunaleg skilaboð | upprunalegur póstur | upphaflegur póstur | upphafleg skilaboð"
        " | upprunalegt skeyti | upprunalegt bréf",
        forwarded="framsent skeyti | framsend skilaboð | áframsend skilaboð | áframsent bréf | framsent",
        from_="frá | sendandi",
        date="dagsetning | dags.",
        sent="sent | sent þann",
        to="til | afrit | viðtakandi",
        subject="efni",
        sent_from="sent úr {} | sent frá {} | sent úr | sent með | sæktu outlook",
        sign_offs="kveðja | bestu kveðjur | með kveðju | með bestu kveðju | kær kveðja | takk | kv.",
        disclaimer="trúnaðar | viðtakand | fyrir mistök | ætluð",
        banner="varúð: þessi tölvupóstur | ytri póstur",
        reply_above="svarið fyrir ofan þessa línu",
    ),
)
