"""Romance languages."""

from mailpoll.reply.languages.language import Language

LANGUAGES: tuple[Language, ...] = (
    Language(
        code="fr",
        name="French",
        wrote="a écrit | citation de | a ecrit | écrit | écrivait | a envoyé le message suivant | écrivit",
        you_wrote="vous avez écrit | vous écriviez | tu as écrit",
        opens="le | en date du | du | à",
        pronouns="j'ai | il | elle | ils | on | nous | je | vous",
        original="message d'origine | message d’origine | message original | message initial | courriel original"
        " | message de départ | rendez-vous d'origine | rendez-vous d’origine | mail original | e-mail d'origine",
        forwarded="message transféré | message transmis | message réexpédié | début du message transféré"
        " | début du message réexpédié | courriel transféré | transféré par | début du courriel transféré"
        " | e-mail transféré | message suivi",
        from_="de | expéditeur | message de",
        date="date | message du | le | date d'envoi",
        sent="envoyé | envoyé le | date d’envoi | reçu | envoyée",
        to="à | a | destinataire | destinataires | cc | copie | copie à | cci | pour",
        subject="objet | sujet",
        sent_from="envoyé de mon | envoyé de {} | envoyé depuis | envoyé à partir | envoyé avec | envoyé sans fil"
        " | envoyé par {} | envoyé via | envoyée depuis | envoyé d'un | envoyé d’un | obtenir outlook"
        " | télécharger bluemail | obtenez outlook | téléchargez outlook | télécharger outlook"
        " | provenance : courrier pour"
        " | provenance: courrier pour",
        sign_offs="cordialement | bien cordialement | bien à vous | bien à toi | salutations"
        " | sincères salutations | meilleures salutations | avec mes meilleures salutations | respectueusement"
        " | amicalement | amitiés | à bientôt | merci | merci d'avance | merci beaucoup | bonne journée"
        " | bonne soirée | bises | cdt | cdlt | à plus | bonne réception | sentiments distingués",
        disclaimer="confidentiel | destinataire | par erreur | avertir immédiatement | détruire"
        " | à l'intention exclusive | à l’intention exclusive | strictement interdite | non autorisée",
        banner="attention : ce courriel | attention: ce courriel | attention : cet e-mail | attention: cet e-mail"
        " | attention : ce message | attention: ce message | attention : expéditeur externe | courriel externe"
        " | [externe] | expéditeur externe | vous n’obtenez pas souvent d’e-mail de"
        " | vous n'obtenez pas souvent d'e-mail | vous ne recevez pas souvent | ce courriel provient de l",
        reply_above="répondez au-dessus | répondre au-dessus | veuillez répondre au-dessus"
        " | saisissez votre réponse au-dessus | au-dessus de cette ligne | écrivez au-dessus",
        list_footer="désabonner | désinscrire | liste de diffusion | se désabonner",
    ),
    Language(
        code="es",
        name="Spanish",
        wrote="escribió | citando a | escribio | ha escrito | escribe | escribía",
        you_wrote="usted escribió | escribiste",
        opens="el | en | mensaje de | con fecha | a las",
        pronouns="yo | él | ella | ellos | nosotros",
        original="mensaje original | correo original | mensaje inicial | cita original | mensaje de origen",
        forwarded="mensaje reenviado | inicio del mensaje reenviado | comienzo del mensaje reenviado"
        " | correo reenviado | reenviado por | empieza mensaje reenviado | mensaje remitido",
        from_="de | remitente | enviado por",
        date="fecha | fecha y hora",
        sent="enviado | enviado el | enviada el | fecha de envío | enviado en",
        to="para | a | destinatario | cc | copia | cco",
        subject="asunto",
        sent_from="enviado desde mi | enviado desde {} | enviado desde correo | enviado desde el {}"
        " | enviado desde un {} | enviado de mi | enviado con | enviado vía | enviado via | obtener outlook"
        " | obtén outlook | descargar outlook | consigue outlook | mandado desde mi {}",
        sign_offs="saludos | un saludo | saludos cordiales | cordiales saludos | cordialmente | atentamente"
        " | muy atentamente | un abrazo | abrazos | gracias | muchas gracias | gracias de antemano | besos | atte"
        " | reciba un cordial saludo | saludos atentos | un cordial saludo | quedo a la espera | afectuosamente",
        disclaimer="confidencial | destinatario | por error | eliminar | notifique | divulgación"
        " | queda prohibida | estrictamente prohibid | elimínelo | destrúyalo",
        banner="atención: este correo | precaución: este correo | atención: correo externo | correo externo"
        " | advertencia: este correo | [externo] | este correo se originó fuera | este mensaje proviene de fuera"
        " | no suele recibir correo | no recibe a menudo correo",
        reply_above="escriba su respuesta por encima | responda por encima de esta"
        " | responda encima de esta línea | por encima de esta línea | escribe tu respuesta por encima",
        list_footer="darse de baja | cancelar la suscripción | lista de correo | anular suscripción",
    ),
    Language(
        code="pt",
        name="Portuguese",
        wrote="escreveu | citando | escreve | escrevia | a escrever",
        you_wrote="você escreveu",
        opens="em | no dia | a | às | no | na",
        pronouns="eu | ele | ela | eles | nós",
        original="mensagem original | mensagem de origem | e-mail original | compromisso original | email original",
        forwarded="mensagem encaminhada | mensagem reencaminhada | início da mensagem reencaminhada"
        " | início da mensagem encaminhada | início de mensagem reencaminhada | encaminhado por"
        " | e-mail encaminhado",
        from_="de | remetente",
        date="data | data/hora",
        sent="enviado | enviado em | enviada em | enviada | enviado a | data de envio",
        to="para | destinatário | destinatários | cc | cópia | cco | bcc | com cópia",
        subject="assunto",
        sent_from="enviado do meu | enviado da minha | enviado a partir d | enviado via | enviado com"
        " | enviado pelo {} | enviada do meu | enviado de meu | enviado desde {} | obter o outlook"
        " | obter outlook | baixar o outlook | baixe o outlook | enviado de samsung | enviado do {}"
        " | enviado do email | enviado do correio para",
        sign_offs="atenciosamente | att | att. | cumprimentos | com os melhores cumprimentos"
        " | melhores cumprimentos | cordialmente | abraço | abraços | um abraço | saudações | obrigado | obrigada"
        " | muito obrigado | grato | grata | beijos | com os meus cumprimentos | desde já agradeço"
        " | respeitosamente",
        disclaimer="confidencial | destinatário | por engano | por erro | divulgação | proibida | elimine"
        " | apague | sigilos",
        banner="atenção: este e-mail | atenção: este email | cuidado: este e-mail | e-mail externo"
        " | email externo | [externo] | este e-mail foi originado fora | este email teve origem fora"
        " | você não costuma receber emails de | não costuma receber",
        reply_above="responda acima desta linha | escreva a sua resposta acima | acima desta linha"
        " | digite sua resposta acima | responda por cima desta linha",
        list_footer="cancelar a inscrição | cancelar inscrição | lista de discussão | lista de e-mail",
    ),
    Language(
        code="it",
        name="Italian",
        wrote="ha scritto | citando | scrisse | scrive | scriveva | hanno scritto",
        you_wrote="hai scritto | lei ha scritto",
        opens="il | il giorno | in data | alle | on",
        pronouns="io | lui | lei | noi | loro | ho",
        original="messaggio originale | messaggio originario | appuntamento originale | messaggio iniziale"
        " | e-mail originale | mail originale",
        forwarded="messaggio inoltrato | inizio messaggio inoltrato | inizio del messaggio inoltrato"
        " | inoltrato da | mail inoltrata | e-mail inoltrata",
        from_="da | mittente",
        date="data | data e ora",
        sent="inviato | inviato il | data invio | data di invio | spedito | inviata",
        to="a | per | destinatario | destinatari | cc | copia | ccn | cc/ccn",
        subject="oggetto",
        sent_from="inviato da {} | inviato da posta per | inviato da smart | inviato dal mio | inviato dalla mia"
        " | inviato dal"
        " | inviato con | inviato tramite | inviato via | inviata da | inviato su | scarica outlook"
        " | ottieni outlook | spedito da {} | outlook per",
        sign_offs="cordiali saluti | distinti saluti | saluti | un saluto | un cordiale saluto | cordialmente"
        " | grazie | grazie mille | molte grazie | a presto | un abbraccio | buona giornata | buona serata | ciao"
        " | con i migliori saluti | i migliori saluti | grazie in anticipo | in fede",
        disclaimer="riservat | destinatari | per errore | distruggere | d.lgs | confidenziali | vietat | cancellarl",
        banner="attenzione: questa e-mail | attenzione: questa email | attenzione: email esterna | email esterna"
        " | e-mail esterna | [esterno] | [esterna] | questa e-mail proviene"
        " | questo messaggio proviene dall'esterno | non si ricevono spesso messaggi di posta | non ricevi spesso",
        reply_above="rispondi sopra questa riga | scrivi la tua risposta sopra | rispondere sopra questa"
        " | sopra questa riga | sopra questa linea",
        list_footer="annulla l'iscrizione | cancella iscrizione | disiscriv | mailing list",
    ),
    Language(
        code="ro",
        name="Romanian",
        wrote="a scris | scrie | a scris următoarele",
        opens="în | pe | la | in data de | în data de | la data de",
        pronouns="eu | el | ea | ei | noi | am",
        original="mesaj original | mesajul original | mesaj inițial | mesaj iniţial | e-mail original",
        forwarded="mesaj redirecționat | mesaj redirecţionat | mesaj înaintat | mesaj retransmis"
        " | începutul mesajului redirecționat | început mesaj redirecționat | mesaj transmis mai departe"
        " | mesaj forwardat | începe mesajul redirecționat",
        from_="de la | expeditor | expeditorul | de",
        date="data | dată",
        sent="trimis | trimis la | trimisă | expediat | data trimiterii",
        to="către | catre | la | destinatar | destinatarul | cc | cci",
        subject="subiect | subiectul",
        sent_from="trimis de pe | trimis din | trimis cu | trimis de la | trimis prin | obțineți outlook"
        " | descărcați outlook | obţineţi outlook",
        sign_offs="cu stimă | cu respect | cu deosebită stimă | cu drag | toate cele bune | numai bine"
        " | mulțumesc | multumesc | mulțumim | o zi bună | o zi frumoasă | salutări | cu deosebită considerație",
        disclaimer="confidențial | confidenţial | destinatar | din greșeală | din greşeală | interzis | ștergeți",
        banner="atenție: acest e-mail | atenție: acest mesaj | e-mail extern | atentie: acest e-mail"
        " | acest e-mail provine din afara",
        reply_above="răspundeți deasupra | scrieți răspunsul deasupra | deasupra acestei linii",
        list_footer="dezabonare | dezabona | listă de discuții",
    ),
    Language(
        code="ca",
        name="Catalan",
        wrote="va escriure | ha escrit | escrigué | escriu | missatge de",
        opens="el | el dia | en | missatge de | a les",
        pronouns="jo | ell | ella | nosaltres | vaig",
        original="missatge original | correu original",
        forwarded="missatge reenviat | inici del missatge reenviat | correu reenviat | missatge remès",
        from_="de | remitent",
        date="data",
        sent="enviat | enviat el | data d'enviament",
        to="a | per a | per | destinatari | cc | còpia",
        subject="assumpte | tema",
        sent_from="enviat des | enviat amb | enviat de | enviat via | obtén outlook | obteniu outlook",
        sign_offs="salutacions | salutacions cordials | cordialment | atentament | una abraçada | gràcies"
        " | moltes gràcies | salut | ben cordialment",
        disclaimer="confidencial | destinatari | per error | prohibid | elimineu",
        banner="atenció: aquest correu | correu extern",
        reply_above="escriviu la resposta per sobre | responeu per sobre d",
        list_footer="donar-se de baixa | llista de correu",
    ),
    Language(
        code="gl",
        name="Galician",
        wrote="escribiu | escribía | escribe",
        opens="o | o día | en | o dia",
        pronouns="eu | el | ela | nós",
        original="mensaxe orixinal | correo orixinal",
        forwarded="mensaxe reenviada | inicio da mensaxe reenviada | correo reenviado",
        from_="de | remitente",
        date="data",
        sent="enviado | enviada | enviado o",
        to="para | a | destinatario | cc | copia",
        subject="asunto",
        sent_from="enviado desde o meu | enviado desde {} | enviado dende | enviado co",
        sign_offs="saúdos | un saúdo | saúdos cordiais | unha aperta | grazas | moitas grazas | atentamente",
        disclaimer="confidencial | destinatari | por erro | prohibid",
        reply_above="responda por riba desta liña | escriba a súa resposta por riba",
    ),
)
