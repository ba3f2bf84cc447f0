"""What people do in mail, and what machines add to it: habits, endings, and texts that only look like them."""

import re
from collections import Counter

import pytest

from mailpoll.message import parse
from mailpoll.reply import cut, new_text, of_message

SAID = "The invoice is attached."

# A mail, and what of it is new: answers between, below and above quotes; mails passed on; mails of quotes alone.
ANSWERS = (
    (
        "Answers inline.\n\n"
        "On Tue, 5 Mar 2024 at 10:20, Bob Poe <bob@example.com> wrote:\n"
        "> Can you come?\n\nYes.\n\n> Will Eve?\n\nNo.\n\n> Bob",
        "Answers inline.\n\n"
        "On Tue, 5 Mar 2024 at 10:20, Bob Poe <bob@example.com> wrote:\n"
        "> Can you come?\n\nYes.\n\n> Will Eve?\n\nNo.",
    ),
    (
        "On Tue, 5 Mar 2024 at 10:20, Bob Poe <bob@example.com> wrote:\n"
        "> Can you come?\nYes.\n> Will Eve?\nNo.\n\n-- \nJane\nExample Ltd",
        "On Tue, 5 Mar 2024 at 10:20, Bob Poe <bob@example.com> wrote:\n"
        "> Can you come?\nYes.\n> Will Eve?\nNo.",
    ),
    (
        "On Tue, 5 Mar 2024 at 10:20, Bob Poe <bob@example.com> wrote:\n"
        "> Can you come?\nYes.\n> Will Eve?\nNo.\n\n> Regards\n> Bob\n\n"
        "Sent from my iPhone",
        "On Tue, 5 Mar 2024 at 10:20, Bob Poe <bob@example.com> wrote:\n"
        "> Can you come?\nYes.\n> Will Eve?\nNo.",
    ),
    (
        "See my answer below.\n\n"
        "On Tue, 5 Mar 2024 at 10:20, Bob Poe <bob@example.com> wrote:\n"
        "> Can you come?\n\nYes, gladly.\n\n> Bob",
        "See my answer below.\n\n\nYes, gladly.",
    ),
    (
        "On Tue, 5 Mar 2024 at 10:20, Bob Poe <bob@example.com> wrote:\n"
        "> Can you come?\n> Bob\n\nYes.",
        "Yes.",
    ),
    (
        "On Tue, 5 Mar 2024 at 10:20, Bob Poe <bob@example.com> wrote:\n"
        "> Can you come?\n> Bob\nYes, I can.",
        "Yes, I can.",
    ),
    (
        "Thanks!\n\n"
        "On Tue, 5 Mar 2024 at 10:20, Bob Poe <bob@example.com> wrote:\n"
        "> Can you come?\n> Bob\n\nYes.",
        "Thanks!\n\n\nYes.",
    ),
    (
        "OK.\n\n"
        "On Tue, 5 Mar 2024 at 10:20, Bob Poe <bob@example.com> wrote:\n\n"
        "> Hi\n>\n> On Mon, 4 Mar 2024 at 9:00, Jane <jane@example.com\n"
        "> > wrote:\n>\n"
        ">> Great and long enough to be wrapped by a client that wraps at seventy\n"
        "something\n>> end\n>\n",
        "OK.",
    ),
    (
        "OK.\n\n"
        "On Tue, 5 Mar 2024 at 10:20, Bob Poe <bob@example.com> wrote:\n"
        "> Hi\n>> a\n>>> b\n>\n> c\n",
        "OK.",
    ),
    (
        "Yes.\n\n"
        "On Tue, 5 Mar 2024 at 10:20, Bob Poe <bob@example.com> wrote:\n"
        "| Can you come?\n| Bob\n",
        "Yes.",
    ),
    (
        "On Tue, 5 Mar 2024 at 10:20, Bob Poe <bob@example.com> wrote:\n"
        "| Can you come?\n| Bob\n\nYes.",
        "Yes.",
    ),
    (
        "Yes I do.\n\nJR> Do you like it?\nJR> Jane",
        "Yes I do.",
    ),
    (
        "JR> Do you like it?\n\nYes.\n\nJR> And Eve?\n\nNo.\n",
        "JR> Do you like it?\n\nYes.\n\nJR> And Eve?\n\nNo.",
    ),
    (
        "Yes.\n\nJane\n\nFrom: Bob Poe <bob@example.com>\n"
        "Sent: Tuesday, March 5, 2024 10:20 AM\n"
        "To: Jane Roe <jane@example.com>\nSubject: RE: Report\n\n"
        "Can you send it?\n\nBob\n\nFrom: Bob Poe <bob@example.com>\n"
        "Sent: Tuesday, March 5, 2024 10:20 AM\n"
        "To: Jane Roe <jane@example.com>\nSubject: RE: Report\n\nOlder",
        "Yes.\n\nJane",
    ),
    (
        "Yes.\n\n________________________________\n"
        "From: Bob Poe <bob@example.com>\n"
        "Sent: Tuesday, March 5, 2024 10:20 AM\n"
        "To: Jane Roe <jane@example.com>\nSubject: RE: Report\n\n"
        "Can you send it?",
        "Yes.",
    ),
    (
        "See below in red.\n\nFrom: Bob Poe <bob@example.com>\n"
        "Sent: Tuesday, March 5, 2024 10:20 AM\n"
        "To: Jane Roe <jane@example.com>\nSubject: RE: Report\n\n"
        "Can you send it? Yes.\n",
        "See below in red.\n\nFrom: Bob Poe <bob@example.com>\n"
        "Sent: Tuesday, March 5, 2024 10:20 AM\n"
        "To: Jane Roe <jane@example.com>\nSubject: RE: Report\n\n"
        "Can you send it? Yes.",
    ),
    (
        "Yes.\n\n"
        "On Tue, 5 Mar 2024 at 10:20, Bob Poe <bob@example.com> wrote:\n"
        "Can you send it?\nBob",
        "Yes.",
    ),
    (
        "FYI\n\nBegin forwarded message:\n\nFrom: Bob <bob@example.com>\n"
        "Subject: x\nDate: 5 March 2024 10:20\n\nHello",
        "FYI\n\nBegin forwarded message:\n\nFrom: Bob <bob@example.com>\n"
        "Subject: x\nDate: 5 March 2024 10:20\n\nHello",
    ),
    (
        "From: Bob Poe <bob@example.com>\n"
        "Sent: Tuesday, March 5, 2024 10:20 AM\n"
        "To: Jane Roe <jane@example.com>\nSubject: RE: Report\n\nhello",
        "From: Bob Poe <bob@example.com>\n"
        "Sent: Tuesday, March 5, 2024 10:20 AM\n"
        "To: Jane Roe <jane@example.com>\nSubject: RE: Report\n\nhello",
    ),
    (
        "FYI\n\n-- \nJane Roe\nExample Ltd\n\n"
        "---------- Forwarded message ---------\n"
        "From: Bob <bob@example.com>\n\nHello",
        "FYI\n\n---------- Forwarded message ---------\n"
        "From: Bob <bob@example.com>\n\nHello",
    ),
    (
        "Thanks.\n\n"
        "On Tue, 5 Mar 2024 at 10:20, Bob Poe <bob@example.com> wrote:\n"
        "> ---------- Forwarded message ---------\n> From: x@example.com\n>\n"
        "> Hi",
        "Thanks.",
    ),
    (
        "> a\n> b",
        "> a\n> b",
    ),
    (
        "On Tue, 5 Mar 2024 at 10:20, Bob Poe <bob@example.com> wrote:\n> a\n"
        "> b",
        "On Tue, 5 Mar 2024 at 10:20, Bob Poe <bob@example.com> wrote:\n> a\n"
        "> b",
    ),
    (
        "On Tue, 5 Mar 2024 at 10:20, Bob Poe <bob@example.com> wrote:\n> a\n"
        "> b\n\n-- \nJane",
        "--\nJane",
    ),
    (
        "-- \nJane\nExample Ltd",
        "--\nJane\nExample Ltd",
    ),
    (
        "Sent from my iPhone",
        "Sent from my iPhone",
    ),
    (
        "Sent from my iPhone\n\n"
        "On Tue, 5 Mar 2024 at 10:20, Bob Poe <bob@example.com> wrote:\n> Hi",
        "Sent from my iPhone",
    ),
    (
        "Answered inline below.\n\nFrom: Bob Poe <bob@example.com>\n"
        "Sent: Monday, March 4, 2024 9:15 AM\n"
        "To: Jane Roe <jane@example.com>\nSubject: Questions\n\n"
        "1. Can you come?\n[Jane] Yes.\n2. Will Eve?\n[Jane] No.\n",
        "Answered inline below.\n\nFrom: Bob Poe <bob@example.com>\n"
        "Sent: Monday, March 4, 2024 9:15 AM\n"
        "To: Jane Roe <jane@example.com>\nSubject: Questions\n\n"
        "1. Can you come?\n[Jane] Yes.\n2. Will Eve?\n[Jane] No.",
    ),
    (
        "FYI\n\nFrom: Bob Poe <bob@example.com>\n"
        "Sent: Monday, March 4, 2024 9:15 AM\n"
        "To: Jane Roe <jane@example.com>\nSubject: News\n\nThe news.\n",
        "FYI\n\nFrom: Bob Poe <bob@example.com>\n"
        "Sent: Monday, March 4, 2024 9:15 AM\n"
        "To: Jane Roe <jane@example.com>\nSubject: News\n\nThe news.",
    ),
    (
        "Yes\n\n"
        "On Mar 4, 2024 9:15 AM, \"Bob Poe\" <bob@example.com> wrote:\n\n"
        "Hi Jane\n\nCan you?\n",
        "Yes",
    ),
    (
        "Sent from Outlook for iOS<https://aka.ms/o0ukef>\n"
        "________________________________\nFrom: Bob Poe <bob@example.com>\n"
        "Sent: Monday, March 4, 2024 9:15:00 AM\n"
        "To: Jane Roe <jane@example.com>\nSubject: x\n\nHi\n",
        "Sent from Outlook for iOS<https://aka.ms/o0ukef>\n"
        "________________________________\nFrom: Bob Poe <bob@example.com>\n"
        "Sent: Monday, March 4, 2024 9:15:00 AM\n"
        "To: Jane Roe <jane@example.com>\nSubject: x\n\nHi",
    ),
)  # fmt: skip

# The same for mails with a sign-off: the name stays, a contact block goes with it, a postscript stays.
SIGNED = (
    (
        "The invoice is attached.\n\nKind regards,\nJane Roe\n"
        "T: +44 20 7946 0000\nwww.example.com\n\n"
        "P.S. Bring the key, please, it is on the shelf.",
        "The invoice is attached.\n\n"
        "P.S. Bring the key, please, it is on the shelf.",
    ),
    (
        "The invoice is attached.\n\n-- \nJane Roe\nwww.example.com\n\n"
        "PS: bring the key",
        "The invoice is attached.\n\nPS: bring the key",
    ),
    (
        "[EXTERNAL]\nThe invoice is attached.",
        "[EXTERNAL]\nThe invoice is attached.",
    ),
    (
        "Hi Bob,\n\nThe server is up again.\n\nBest regards,\nJane Roe\n"
        "Senior Engineer\n\nExample Inc.\n123 Main Street, Suite 4\n"
        "Springfield, IL 62701\nOffice: (555) 123-4567 ext. 12\n"
        "Mobile: (555) 765-4321\njane.roe@example.com | www.example.com\n\n"
        "Follow us on Twitter: https://twitter.com/example\n",
        "Hi Bob,\n\nThe server is up again.",
    ),
    (
        "Thanks!\n\n\n*Jane Roe*\nSenior Engineer, Example Inc.\n"
        "+1 555 123 4567\n\n"
        "On Mon, Mar 4, 2024 at 9:15 AM Bob <bob@example.com> wrote:\n\n"
        "> Hi\n",
        "Thanks!",
    ),
    (
        "Hallo Bob,\n\nanbei die Unterlagen.\n\nMit freundlichen Grüßen\n\n"
        "i. A. Jane Roe\nVertriebsinnendienst\n\nBeispiel GmbH & Co. KG\n"
        "Musterstraße 12\n12345 Musterstadt\n\nTel.: +49 123 45678-90\n"
        "Fax: +49 123 45678-99\nE-Mail: j.roe@example.de\n"
        "Internet: www.example.de\n\nGeschäftsführer: Max Mustermann\n"
        "Sitz der Gesellschaft: Musterstadt\n"
        "Amtsgericht Musterstadt HRB 12345\n",
        "Hallo Bob,\n\nanbei die Unterlagen.",
    ),
    (
        "Bonjour,\n\nc'est fait.\n\nBien cordialement,\n\nJeanne DUPONT\n"
        "Responsable informatique\nTél. : 01 23 45 67 89\n\n"
        "Pensez à l'environnement avant d'imprimer ce message\n",
        "Bonjour,\n\nc'est fait.",
    ),
    (
        "Will do.\n\nJane\n--\nJane Roe, PhD\nDepartment of Physics\n"
        "University of Somewhere\n\n\nOn 3/4/24 9:15 AM, Bob Poe wrote:\n"
        "> Hi\n",
        "Will do.\n\nJane",
    ),
    (
        "Please see attached.\n\n\nJane Roe | Head of Things\n"
        "Example Ltd | 1 High Street | London\nT +44 20 7946 0000\n",
        "Please see attached.",
    ),
    (
        "Sure, Friday works.\n\nJ.\n\n"
        "________________________________________\n"
        "From: Bob Poe [bob@example.com]\n"
        "Sent: Monday, March 4, 2024 9:15 AM\nTo: Jane Roe\n"
        "Subject: RE: meeting\n\nFriday?\n",
        "Sure, Friday works.\n\nJ.",
    ),
    (
        "> Do you agree?\n\nYes\n\n> And with this?\n\nNo\n\nRegards\nJane\n"
        "\n-- \nJane Roe\nExample Ltd\n",
        "> Do you agree?\n\nYes\n\n> And with this?\n\nNo\n\nRegards\nJane",
    ),
    (
        "I agree.\n\n—\nReply to this email directly or view it on GitHub\n"
        "https://github.com/x/y/issues/1\n",
        "I agree.",
    ),
    (
        "I agree.\n\n—\n"
        "Reply to this email directly, view it on GitHub "
        "<https://github.com/x/y/issues/1#issuecomment-1>, or unsubscribe "
        "<https://github.com/notifications/unsubscribe-auth/A>.\n"
        "You are receiving this because you authored the thread.\n",
        "I agree.",
    ),
    (
        "Great.\n\nThanks,\n\nJane Roe\nExample Team\n\n"
        "The information contained in this communication is intended solely for the use of the "
        "individual or entity to whom it is addressed and others authorized to receive it. It may "
        "contain confidential or legally privileged information.\n\n"
        "Example Ltd accepts no liability for any damage caused by any virus transmitted by this email.\n",
        "Great.\n\nThanks,\n\nJane Roe\nExample Team",
    ),
    (
        "Please fix:\n\n* one\n* two\n\nThanks in advance,\n\n"
        "Jane Roe (she/her)\nProduct Manager\nm: 555-765-4321\n"
        "Book a meeting: https://cal.example.com/jane\n",
        "Please fix:\n\n* one\n* two",
    ),
    (
        "Hola,\n\nadjunto la factura.\n\nUn saludo,\n\nJuana Pérez\n"
        "Departamento de Administración\nTel. 91 123 45 67\n\n"
        "AVISO LEGAL: Este mensaje y sus archivos adjuntos van dirigidos exclusivamente a su "
        "destinatario, pudiendo contener información confidencial sometida a secreto profesional.\n"
        "No está permitida su comunicación sin autorización.\n\n"
        "Antes de imprimir este correo piense si es necesario.\n",
        "Hola,\n\nadjunto la factura.",
    ),
    (
        "了解しました。\n\nよろしくお願いいたします。\n\n----------------------\n株式会社サンプル\n"
        "営業部 山田太郎\nTEL: 03-1234-5678\nyamada@example.jp\n"
        "----------------------\n",
        "了解しました。\n\nよろしくお願いいたします。",
    ),
    (
        "承知しました。\n\n**********************\n山田 太郎\n株式会社サンプル\n"
        "https://example.jp\n**********************\n",
        "承知しました。",
    ),
    (
        "好的，谢谢！\n\n祝好\n张三\n电话：010-12345678\n北京某某有限公司\n",
        "好的，谢谢！",
    ),
)  # fmt: skip

# What stands below what was said, and was not.
ENDINGS = (
    "Kind regards,\n\nJane Roe\nHead of Things | Example Ltd\n"
    "T: +44 20 7946 0000 | M: +44 7700 900000\nwww.example.com",
    "Kind regards,\nJane Roe\n\nExample Ltd\n"
    "1 High Street, London W1 1AA\njane@example.com",
    "Best,\n\nJane Roe\nHead of Things | Example Ltd\n"
    "T: +44 20 7946 0000 | M: +44 7700 900000\nwww.example.com",
    "Best,\nJane Roe\n\nExample Ltd\n1 High Street, London W1 1AA\n"
    "jane@example.com",
    "Mit freundlichen Grüßen\n\nJane Roe\nHead of Things | Example Ltd\n"
    "T: +44 20 7946 0000 | M: +44 7700 900000\nwww.example.com",
    "Mit freundlichen Grüßen\nJane Roe\n\nExample Ltd\n"
    "1 High Street, London W1 1AA\njane@example.com",
    "Cordialement,\n\nJane Roe\nHead of Things | Example Ltd\n"
    "T: +44 20 7946 0000 | M: +44 7700 900000\nwww.example.com",
    "Cordialement,\nJane Roe\n\nExample Ltd\n"
    "1 High Street, London W1 1AA\njane@example.com",
    "Met vriendelijke groet,\n\nJane Roe\nHead of Things | Example Ltd\n"
    "T: +44 20 7946 0000 | M: +44 7700 900000\nwww.example.com",
    "Met vriendelijke groet,\nJane Roe\n\nExample Ltd\n"
    "1 High Street, London W1 1AA\njane@example.com",
    "Saludos,\n\nJane Roe\nHead of Things | Example Ltd\n"
    "T: +44 20 7946 0000 | M: +44 7700 900000\nwww.example.com",
    "Saludos,\nJane Roe\n\nExample Ltd\n1 High Street, London W1 1AA\n"
    "jane@example.com",
    "С уважением,\n\nJane Roe\nHead of Things | Example Ltd\n"
    "T: +44 20 7946 0000 | M: +44 7700 900000\nwww.example.com",
    "С уважением,\nJane Roe\n\nExample Ltd\n"
    "1 High Street, London W1 1AA\njane@example.com",
    "Thanks,\n\nJane Roe\nHead of Things | Example Ltd\n"
    "T: +44 20 7946 0000 | M: +44 7700 900000\nwww.example.com",
    "Thanks,\nJane Roe\n\nExample Ltd\n1 High Street, London W1 1AA\n"
    "jane@example.com",
    "Cheers\n\nJane Roe\nHead of Things | Example Ltd\n"
    "T: +44 20 7946 0000 | M: +44 7700 900000\nwww.example.com",
    "Cheers\nJane Roe\n\nExample Ltd\n1 High Street, London W1 1AA\n"
    "jane@example.com",
    "-- \nJane Roe\nExample Ltd",
    "--\nJane Roe\nExample Ltd",
    "—\nJane Roe\nExample Ltd",
    "__\nJane Roe\nExample Ltd",
    "___\nJane Roe\nExample Ltd",
    "–\nJane Roe\nExample Ltd",
    "--  \nJane Roe\nExample Ltd",
    "*--*\nJane Roe\nExample Ltd",
    "-- \nJane\nExample Ltd\n-- \n"
    "You received this message because you are subscribed to the Google Groups \"dev\" group.\n"
    "To unsubscribe from this group and stop receiving emails from it, send an email to "
    "dev+unsubscribe@googlegroups.com.\n"
    "To view this discussion on the web visit https://groups.google.com/d/msgid/dev/1.",
    "-- \n"
    "You received this message because you are subscribed to the Google Groups \"dev\" group.\n"
    "To unsubscribe from this group and stop receiving emails from it, send an email to "
    "dev+unsubscribe@googlegroups.com.\n"
    "For more options, visit https://groups.google.com/d/optout.",
    "_______________________________________________\ndev mailing list\n"
    "dev@lists.example.com\n"
    "https://lists.example.com/mailman/listinfo/dev",
    "_______________________________________________\n"
    "dev mailing list -- dev@lists.example.com\n"
    "To unsubscribe send an email to dev-leave@lists.example.com\n"
    "%(web_page_url)slistinfo%(cgiext)s/%(_internal_name)s",
    "\n-- \n"
    "To UNSUBSCRIBE, email to debian-user-REQUEST@lists.debian.org\n"
    "with a subject of \"unsubscribe\". Trouble? Contact listmaster@lists.debian.org",
    "--\n"
    "To unsubscribe from this list: send the line \"unsubscribe linux-kernel\" in\n"
    "the body of a message to majordomo@vger.kernel.org\n"
    "More majordomo info at  http://vger.kernel.org/majordomo-info.html\n"
    "Please read the FAQ at  http://www.tux.org/lkml/",
    "------------------------------------\n\nYahoo Groups Links\n\n"
    "<*> To visit your group on the web, go to:\n"
    "    http://groups.yahoo.com/group/x/\n\n<*> Your email settings:\n"
    "    Individual Email | Traditional",
    "------------------------------------------------------------------------------\n"
    "Check out the vibrant tech community on one of the world's most\n"
    "engaging tech sites, SlashDot.org! http://sdm.link/slashdot\n"
    "_______________________________________________\n"
    "x-users mailing list\nx-users@lists.sourceforge.net\n"
    "https://lists.sourceforge.net/lists/listinfo/x-users",
    "---------------------------------------------------------------------\n"
    "To unsubscribe, e-mail: dev-unsubscribe@example.apache.org\n"
    "For additional commands, e-mail: dev-help@example.apache.org",
    "\n-=-=-=-=-=-=-=-=-=-=-=-\n"
    "Groups.io Links: You receive all messages sent to this group.\n"
    "View/Reply Online (#12): https://groups.io/g/x/message/12\n"
    "Mute This Topic: https://groups.io/mt/1/2\n"
    "Group Owner: x+owner@groups.io\n"
    "Unsubscribe: https://groups.io/g/x/unsub [jane@example.com]\n"
    "-=-=-=-=-=-=-=-=-=-=-=-",
    "To unsubscribe from these emails, click here: https://example.com/u/1",
    "---\n"
    "This email has been checked for viruses by Avast antivirus software.\n"
    "https://www.avast.com/antivirus",
    "-- \nThis email has been checked for viruses by AVG.\n"
    "https://www.avg.com",
    "<https://www.avast.com/sig-email?utm_medium=email> Virus-free. www.avast.com\n"
    "<#DAB4FAD8-2DD7-40BB-A1B8-4E2AA1F9FDF2>",
    "---\n"
    "Diese E-Mail wurde von Avast Antivirus-Software auf Viren geprüft.\n"
    "https://www.avast.com/antivirus",
    "__________ Information from ESET NOD32 Antivirus, version of virus signature database "
    "1234 (20240305) __________\n\n"
    "The message was checked by ESET NOD32 Antivirus.\n\n"
    "http://www.eset.com",
    "-- \nThis message has been scanned for viruses and\n"
    "dangerous content by MailScanner, and is\nbelieved to be clean.",
    "Please consider the environment before printing this e-mail.",
    "Pensez à l'environnement avant d'imprimer ce message.",
    "Bitte denken Sie an die Umwelt, bevor Sie diese E-Mail ausdrucken.",
    "Sent from my iPhone",
    "Sent from my Samsung Galaxy smartphone.",
    "Get Outlook for iOS",
    "Get Outlook for Android<https://aka.ms/ghei36>",
    "Sent from Yahoo Mail on Android",
    "Sent via BlackBerry from T-Mobile",
    "Sent with Proton Mail secure email.",
    "Sent from Outlook",
    "Sent from Mail for Windows",
    "Von meinem iPad gesendet",
    "Gesendet von Mail für Windows",
    "Envoyé de mon iPhone",
    "Enviado desde mi iPhone",
    "Enviado do meu iPhone",
    "Inviato da iPhone",
    "Verstuurd vanaf mijn iPhone",
    "Sendt fra min iPhone",
    "Skickat från min iPhone",
    "Lähetetty iPhonesta",
    "Wysłane z iPhone'a",
    "Отправлено с iPhone",
    "iPhone'umdan gönderildi",
    "发自我的iPhone",
    "iPhoneから送信",
    "나의 iPhone에서 보냄",
    "Sent with Spark",
    "Sent via Superhuman",
    "Sent from Gmail Mobile",
    "(Sent from my phone, please excuse typos.)",
    "Sent from a mobile device, please excuse brevity.",
    "This e-mail and any attachments are confidential and intended solely for the addressee.\n"
    "If you have received this in error, please notify the sender and delete it.",
    "CONFIDENTIALITY NOTICE: This e-mail is confidential and intended only for the recipient "
    "named above.\n\n"
    "If you have received this communication in error, please notify the sender and delete it. "
    "Any disclosure is strictly prohibited.\n\n"
    "Example Ltd is registered in England and Wales No. 1234567. Registered office: 1 High "
    "Street, London.",
    "Kind regards,\n\nJane Roe\nExample Ltd\n+44 20 7946 0000\n\n"
    "This e-mail and any attachments are confidential and intended solely for the addressee.",
    "Diese E-Mail enthält vertrauliche und/oder rechtlich geschützte Informationen. Wenn Sie "
    "nicht der richtige Adressat sind oder diese E-Mail irrtümlich erhalten haben, informieren "
    "Sie bitte sofort den Absender und vernichten Sie diese Mail.",
    "Ce message et ses pièces jointes sont confidentiels et destinés exclusivement à leur "
    "destinataire. Si vous l'avez reçu par erreur, merci d'en avertir l'expéditeur et de le détruire.",
    "Dit bericht is vertrouwelijk en uitsluitend bestemd voor de geadresseerde. Indien u dit "
    "bericht abusievelijk heeft ontvangen, verzoeken wij u het te vernietigen.",
    "Este mensaje es confidencial y va dirigido exclusivamente a su destinatario. Si lo ha "
    "recibido por error, le rogamos que lo elimine y lo notifique al remitente.",
    "________________________________\n\n"
    "The information in this email is confidential and may be legally privileged. It is "
    "intended solely for the addressee.",
    "**********************************************************************\n"
    "This email and any files transmitted with it are confidential and\n"
    "intended solely for the use of the individual or entity to whom they\n"
    "are addressed.\n"
    "**********************************************************************",
    "Get BlueMail for Android",
    "-- \nJane Roe\n\n---\nTo unsubscribe: https://example.com/u",
    "--\nJane\n--\n"
    "This e-mail is confidential and intended solely for the addressee.",
    "________________________________\n\n"
    "This email was scanned by Bitdefender",
)  # fmt: skip

# What gateways put above it.
BANNERS = (
    "[EXTERNAL]",
    "[EXTERNAL] Be careful.",
    "<EXTERNAL EMAIL>",
    "**External Sender**",
    "***** External *****",
    "[External Sender: Use caution]",
    "[EXTERN]",
    "ZjQcmQRYFpfptBannerStart\nThis Message Is From an External Sender\n"
    "This message came from outside your organization.\n"
    "ZjQcmQRYFpfptBannerEnd",
    "This message originated outside of Example Inc. Use caution.",
    "CAUTION: This email originated from outside of the organization. Do not click links or "
    "open attachments unless you recognize the sender.",
    "[EXTERNAL EMAIL]",
    "*** EXTERNAL EMAIL ***",
    "________________________________\n"
    "WARNING: This message was sent from outside the company.\n"
    "Do not click links or open attachments.\n"
    "________________________________",
    "-----------------------------\n\n"
    "CAUTION: This email originated from outside of the organization.\n\n"
    "Do not click links unless you recognize the sender and know the content is safe.\n"
    "\n-----------------------------",
    "You don't often get email from jane@example.com. Learn why this is "
    "important<https://aka.ms/LearnAboutSenderIdentification>",
    "ACHTUNG: Diese E-Mail stammt von außerhalb der Organisation. Klicken Sie nicht auf Links.",
    "ATTENTION : ce courriel provient de l'extérieur. Ne cliquez pas sur les liens.",
    "| CAUTION: This email originated from outside of the organization. |",
)  # fmt: skip

# Code, patches, terminals, tables: whole.
VERBATIM = (
    "Fix the thing.\n\nSigned-off-by: Jane <jane@example.com>\n---\n"
    " src/a.c | 2 +-\n 1 file changed, 1 insertion(+), 1 deletion(-)\n\n"
    "diff --git a/src/a.c b/src/a.c\nindex 1..2 100644\n--- a/src/a.c\n"
    "+++ b/src/a.c\n@@ -1,2 +1,2 @@\n int a;\n-int b;\n+int c;",
    "Try this:\n\n--- a.py\n+++ b.py\n@@ -1,4 +1,3 @@\n-- old comment\n"
    "--\n+> quote\n def f():\n >>> 3\n",
    "Output of diff:\n\n3c3\n< old line\n---\n> new line\n5d4\n< gone\n\n"
    "OK?",
    "Look:\n\n>>> 1 + 1\n2\n>>> print('x')\nx\n\nWhy?",
    "Try:\n\n```\n> a\n--\nFrom: x\nOn 5/3/2024 10:20, Bob wrote:\n> b\n"
    "```\n\nDone?",
    "Run:\n\nSELECT *\n-- the totals\nFROM t\nWHERE a > 1;\n\nok?",
    "Run:\n\nSELECT *\n--\n-- the totals\n--\nFROM t;\n\nok?",
    "Table:\n\n| a | b |\n|---|---|\n| 1 | 2 |\n\nBye",
    "Stock\n\n+---+---+\n| a | b |\n+---+---+\n| 1 | 2 |\n+---+---+",
    " id | name\n----+------\n  1 | Bob\n  2 | Eve\n(2 rows)",
    "It fails:\n\n2024-03-05 10:20:11 ERROR mail: From: bob@example.com\n"
    "2024-03-05 10:20:12 INFO To: x\n-----\nTraceback:\n",
    "Do:\n\n$ echo a > b\n> c\n$ ls\n\nOK",
    "The invoice is attached.\n\nKind regards,\nJane",
    "The invoice is attached.\n\nBest,\nJane",
    "The invoice is attached.\n\nMit freundlichen Grüßen\nJane",
    "The invoice is attached.\n\nCordialement,\nJane",
    "The invoice is attached.\n\nMet vriendelijke groet,\nJane",
    "The invoice is attached.\n\nSaludos,\nJane",
    "The invoice is attached.\n\nС уважением,\nJane",
    "The invoice is attached.\n\nThanks,\nJane",
    "The invoice is attached.\n\nCheers\nJane",
    "The invoice is attached.\n\nKind regards,\nJane\n\n"
    "PS: bring the key!",
    "Best regards to all of you.\n\nKind regards,\n\nJane\n\n"
    "One more thing: the meeting is on Friday and you should all come.",
    "One\n--\nTwo is a passage.\n--\nThree",
    "[EXTERNAL] The invoice is attached.",
)  # fmt: skip

# What only looks like a quote, an ending, a banner: no word of it is lost, wherever in a mail it stands.
TRAPS = (
    "Fence\n-----\nIt is green now.\n\nGate\n====\nIt opens again.\n\n* * *\n\nThe key is with Eve.",
    "Hm.\n\n-----\nI wanted to unsubscribe from the letter, but could not. Will you help?",
    "Hm.\n\n* * *\n\nTell the mailing list dev@example.com, please.",
    "Hm.\n\n---\nTo unsubscribe: https://example.com/u\n\nis what it says. We never subscribed.",
    "We use this one [1], and that one [2].\n\n---\n[1] https://example.com/one\n[2] https://example.com/two",
    "We use this one [1].\n\nRegards,\nJane\n\n[1] https://example.com/one\n[2] https://example.com/two",
    "Hm.\n\n____________\nNobody signs a mail with a whole sentence, I think.",
    "Hm.\n\n---\n\nTea is hot.",
    "Hm.\n\n---\n\nAgreed.",
    "There it says:\nplease reply above this line, they say.\nAnd so I did.",
    "Please type your reply above the line, it says in their mail.\nI did.",
    "Отправлено с почты вчера.",
    "Bob,\n\nhere is our new supplier.\n\nEve Doe\nSales Manager\nTel: +44 20 7946 0000\neve@example.com\nexample.com",
    "The parcel was sent from my office.\nBest wishes were not in it.",
    "Hi,\n\nthanks,\n"
    "but I would rather stay at home with the children and the dog.",
    "Two roads diverged in a wood,\nand I -\n"
    "I took the one less traveled by,\n\n-- Robert Frost",
    "Dear all,\n\nbest\nworst\nmiddle\n\nwhich one?",
    "From: Vienna\nTo: Graz\nDate: Friday\nSubject to change.\n\n"
    "Please book.",
    "My friend wrote:\n"
    "\"I shall come on Friday, 5 March 2024 at 10:20.\"\nSo I will wait.",
    "In his letter of 5 March 2024 Bob wrote:\n\n"
    "Dear Jane, I am leaving.\n\nWhat do you think?",
    "Is this e-mail confidential? I do not know whether the intended recipient got it.\n"
    "Can you ask?",
    "How do I unsubscribe from the mailing list? I tried the link but it fails.",
    "Please unsubscribe me from the mailing list.",
    "Shopping\n---\nmilk\nbread",
    "A\n\n---\n\n"
    "B is a longer section with a sentence in it. And another.\n\n---\n\n"
    "C",
    "Contact him:\n\nBob Poe\nTel. +43 1 234567\nbob@example.com\n\n"
    "He waits for your call.",
    "Call me:\n+43 1 234567",
    "Here is her address:\n\nEve Doe\n1 High Street\nLondon",
    "Thanks\n\nThe new phone number is +43 1 234567.",
    "Thank you,\n\n"
    "I got it and will send the contract to office@example.com on Friday.",
    "The steps:\n1. open\n2. close\n\nRegards to Eve!\n"
    "She can call +43 1 234567 if she wants to.",
    "Warning: this email originated from my old account, please use the new address.",
    "External email: do we still pay for it?",
    "Caution: external disks fail.\n\nMake a copy.",
    "Begin of the list:\n> 5 apples\n< 3 pears\nis what we need",
    "a > b\nb > c",
    "Mit freundlichen Grüßen\nist eine Floskel, die niemand mehr braucht.",
    "Best\nJane is our best seller, she sold 40 cars.",
    "Sent via registered post on Monday, it should be with you by now, tell me if not.",
    "The letter says:\n\nKind regards,\nthe taxman\n\n"
    "and I am afraid of it, what shall I do? Please call me tonight.",
    "| dash\n| light\n\nwhich?",
    "From: 10:00\nTo: 12:00\nRoom: 5",
    "Scores:\n- 3\n-- 4\n--- 5",
    "x\n--\n"
    "y = sum of all the things we counted in the past year, and this is a full sentence. It "
    "goes on, and on, for a reader.\n"
    "And it has another paragraph line that is long, with no name in it, since it is prose and "
    "prose is long as everybody knows.\n"
    "Third long line of prose that nobody would ever call a signature, since it is about the "
    "things themselves, and has no name.\n"
    "Fourth line of prose that goes on and on as the others did before it, until the end of "
    "the mail is reached. Really it does.\n"
    "Fifth line of prose that goes on and on as the others did before it, until the end of the "
    "mail is reached. Really it does.",
    "Agenda\n\n10:00 Welcome\n11:00 Cheers\n12:00 Best practice\n\n"
    "Lunch\n\nJane Roe, Head of Things\n+44 20 7946 0000",
    "Virus-free is what the vet called our dog.",
    "> \n\nwords",
    "Text\n____\nName: Jane\nDate: 5.3.2024\n____",
    "Name: ______\nDate: ______\nSignature:\n______",
    "PS: bring the key",
    "I quote:\n\n> To be or not to be\n\nWho wrote this?",
    "Yours,\nmine,\nours: a film of 1968.",
    "Your order\n----------\nApples 2\nPears 3\n----------\nTotal 5",
    "Joining info\n\nBEGIN:VCALENDAR\nEND:VCALENDAR",
    "____________________________________________________________\n"
    "Microsoft Teams meeting\nJoin on your computer\n"
    "Click here to join the meeting <https://teams.example.com/l/1>\n"
    "Meeting ID: 123 456 789\n"
    "____________________________________________________________",
    "Let us meet.\n\n"
    "________________________________________________________________________________\n"
    "Microsoft Teams Need help?<https://aka.ms/JoinTeamsMeeting>\n"
    "Join the meeting now<https://teams.microsoft.com/l/meetup-join/1>\n"
    "Meeting ID: 123 456 789 12\nPasscode: abc\n"
    "________________________________\n"
    "For organizers: Meeting options<https://teams.microsoft.com/meetingOptions/>\n"
    "________________________________________________________________________________",
    "We use Norton antivirus at home, the PC is virus free now.",
    "Please consider the environment when you choose the printer.",
    "If you want to unsubscribe, tell me at jane@example.com.",
    "You received this because I forgot to remove you.",
    "Please keep this confidential and do not disclose it to anyone, I sent it to Bob in error.",
    "Our VAT number is GB123456789 and our company number is 01234567, the registered office "
    "is in London.",
    "My number is +43 1 234567.",
    "Thanks,\nJane\n\nThe key is under the mat.",
    "Thanks Bob\n\nPartner meeting on Friday at ten.",
    "Regards,\nJane\n\nCall me: +43 1 234567",
    "Best,\n\n1. Apples\n2. Pears",
    "I sent the parcel.\nSent it from my phone shop.",
    "Sent from the office:\n- 3 boxes\n- 2 bags",
    "Notes\n-----\nFirst we met.\nThen we ate.",
    "Options:\n---\nRed\nBlue",
    "Q1\n\n---\n\nWe will do it next week, if the weather is fine.",
    "Chapter\n___\n"
    "Jane went to London to see the queen, who was not at home that day.",
    "Dear Jane,\n\nI hope you are well.\n\nYours,\n\nMax Mustermann\n\n"
    "Enclosed: the contract, the invoice and the letter of the bank.",
    "Thank you!\nBob's address is bob@example.com and mine you know.",
    "Hi,\nfrom: we start at 9\nto: we end at 5\n",
    "An: Eve\nVon: Bob\nBetreff: Geschenk\n\nstand auf dem Zettel.",
    "To: the moon\nFrom: me\nI love you.",
    "On Monday 5/3/2024 I wrote:\nroses are red,\nviolets are blue.",
    "She said on 5 March 2024: no.",
    "Am 5. März 2024 um 10 Uhr schrieb ich:\nalles gut.",
    "the error is\n\n> fatal: not a git repository\n\nwhat now?",
    "$ git log\n> oops\n",
    "-- Bob\n-- Eve\n-- Jane",
    "*** Important ***\n\nRead this.",
    "[External] walls need paint.",
    "Attention: the external contractor comes by mail van on Monday.\n\n"
    "Let him in.",
    "Caution! The external door is open and a message is on it.",
    "Disclaimer: I am no lawyer. Still, keep it confidential and tell nobody.",
    "Warning: this message is long.\n\nIt goes on.",
    "| Name | Tel |\n|------|-----|\n| Bob | +43 1 234567 |",
    "Name  Tel\n----  ---\nBob   +43 1 234567",
    "We met Jane Roe\nHead of Things\nExample Ltd\n+44 20 7946 0000",
    "Original Message\nis the title of my book.",
    "Forwarded message: none.",
    "Begin forwarded message is what the mail says.",
    "I replied above this line to the question.",
    "_underlined_ and __bold__\n__\nJane likes it.",
    "—\nDashes are fun, said Eve to the crowd of people who listened.",
    "A poem\n\nRoses\n\n– Goethe",
    "\"To be.\"\n-Shakespeare",
    "Water\nis\nlife.\n\n~ Jane",
    "Von meinem Vater gesendet: ein Paket.",
    "Enviado por correo ayer, llega mañana.",
    "Sent with love from Vienna to all of you there.",
    "Get Outlook for me, please, I cannot install it.",
    "lähetetty eilen postissa",
    "Love,\nactually, is a film of 2003.",
    "See you\nat the station at 10:20",
    "Good luck\nwith the exam on Friday!",
    "T: 5 tons\nM: 3 metres",
    "Mail: none today\nFax: broken",
    "BR\nDeutschland is a railway.",
    "Vielen Dank\nfür die Blumen, sie sind schön.",
    "Danke\n\nDie Nummer von Bob ist +43 1 234567",
    "Merci\n\nJe viens à 10:20 au 5 rue de Paris",
    "Hello,\n\nthe config:\n\nFrom: bob@example.com\n"
    "To: jane@example.com\n\nshould be changed.",
    "The mail had these headers:\n\nFrom: bob@example.com\n"
    "Date: Tue, 5 Mar 2024 10:20:00 +0100\nSubject: x\n\n"
    "and went to spam. Why?",
    "Thanks,\n\nBob Poe\n\nPS I love you",
    "1) first > second\n2) >> shift\n",
    "-----BEGIN PGP PUBLIC KEY BLOCK-----\n\nmQENBF\n=abcd\n"
    "-----END PGP PUBLIC KEY BLOCK-----",
    "-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----",
    "=====\nTitle\n=====\nText",
    "\\begin{x}\n%---\n\\end{x}",
    "Fill this in:\n\n-----------\nName:\nTel.:\n-----------",
    "Here is the address you asked for.\n\n\nEve Doe\n1 High Street\n"
    "London\n+44 20 7946 0000",
    "Prices\n\n**********\nApples 2\nPears 3\n**********",
    "I see below the bridge a boat.\n\nFYI: it is red.",
    "In red: stop. In green: go.",
    "The virus in this email was found by the recipient, and he deleted it with all attachments.",
    "Best regards from Vienna!\n\nThe hotel: Hotel Example\n"
    "1 High Street\nwww.example.com",
    "Thanks for the number!\n\n"
    "Mine is 020 7946 0000, Bob's is 020 7946 0001.",
    "key: value\nfrom: a\nto: b\nsubject: c\ndate: d",
    "from math import pi\nto = 3\nprint(to)",
)  # fmt: skip

FRAMES = (
    "{}",
    "Hello Bob,\n\n{}",
    "{}\n\nBob",
    "Hello Bob,\n\nhow are you today?\n\n{}\n\nSee you on Friday, then.",
    "Hello Bob,\n{}\n\nRegards,\nJane",
)


def words(text):
    return Counter(re.findall(r"\w+", text))


@pytest.mark.parametrize(("mail", "new"), ANSWERS)
def test_of_an_answer_the_new_text_stays(mail, new):
    assert new_text(mail) == new


@pytest.mark.parametrize(("mail", "new"), SIGNED)
def test_a_name_that_was_written_stays(mail, new):
    assert new_text(mail) == new


@pytest.mark.parametrize("ending", ENDINGS)
def test_an_ending_goes(ending):
    assert new_text(f"{SAID}\n\n{ending}\n") == SAID


@pytest.mark.parametrize("ending", ENDINGS)
def test_an_ending_goes_above_a_quote_too(ending):
    quote = "On Tue, 5 Mar 2024 at 10:20, Bob Poe <bob@example.com> wrote:\n> Can you send it?\n"
    assert new_text(f"{SAID}\n\n{ending}\n\n{quote}") == SAID


@pytest.mark.parametrize("banner", BANNERS)
def test_a_banner_goes(banner):
    assert new_text(f"{banner}\n\n{SAID}") == SAID
    assert [piece.kind for piece in cut(f"{banner}\n\n{SAID}").cuts] == ["banner"]


@pytest.mark.parametrize("text", VERBATIM)
def test_code_and_tables_stay_whole(text):
    assert words(new_text(f"Hello,\n\n{text}")) == words(f"Hello,\n\n{text}")
    assert new_text(text) == text.rstrip()


def test_the_version_below_a_patch_is_its_delimiter():
    patch = "--- a/x\n+++ b/x\n@@ -1,2 +1,2 @@\n int a;\n-int b;\n+int c;\n"
    assert new_text(f"Fix it.\n\n{patch}-- \n2.39.2\n") == f"Fix it.\n\n{patch.rstrip()}"


@pytest.mark.parametrize("text", TRAPS)
def test_of_what_only_looks_like_it_no_word_is_lost(text):
    for frame in FRAMES:
        mail = frame.format(text)
        assert words(mail) - words(new_text(mail)) == Counter(), frame


@pytest.mark.parametrize("rule", ["-----", "=====", "____", "***", "* * *", "~~~~", "####"])
def test_a_footer_takes_no_passage_with_it(rule):
    passages = f"{SAID}\n\nNews\n{rule}\nThe fence is green.\n\nEvents\n{rule}\nParty on Friday."
    footer = "_____________________\ndev mailing list\ndev@lists.example.com\nhttps://lists.example.com/listinfo/dev"
    github = "—\nReply to this email directly, or unsubscribe.\nYou are receiving this because you were mentioned."
    assert new_text(f"{passages}\n\n{footer}\n") == passages
    assert new_text(f"{passages}\n\n{github}\n") == passages
    assert new_text(f"{passages}\n\n—\nReply to this email directly, view it on GitHub, or unsubscribe.\n") == passages


def test_what_was_cut_is_known_by_kind_in_the_order_of_the_mail():
    mail = (
        "CAUTION: This email originated from outside of the organization.\n\n"
        f"{SAID}\n\nSent from my iPhone\n\n"
        "From: Bob Poe <bob@example.com>\nSent: Tuesday, March 5, 2024 10:20 AM\nTo: Jane\nSubject: Report\n\n"
        "Can you send it?\n"
    )
    assert [(piece.kind, piece.text.split("\n")[0]) for piece in cut(mail).cuts] == [
        ("banner", "CAUTION: This email originated from outside of the organization."),
        ("signature", "Sent from my iPhone"),
        ("forward header", "From: Bob Poe <bob@example.com>"),
        ("quote", "Can you send it?"),
    ]


def test_endings_are_known_by_kind():
    ending = (
        "Please consider the environment before printing this e-mail.\n\n"
        "This e-mail is confidential. If you are not the intended recipient, please delete it.\n\n"
        "_______________________________________________\ndev mailing list\ndev@lists.example.com\n"
    )
    found = cut(f"{SAID}\n\nKind regards,\nJane Roe\nTel. +44 20 7946 0000\n\n{ending}")
    assert found.text == SAID
    assert [piece.kind for piece in found.cuts] == ["signature", "footer", "disclaimer", "footer"]


def test_of_a_mail_that_is_passed_on_its_own_signature_stays():
    older = (
        "From: Bob Poe <bob@example.com>\nSent: Tuesday, March 5, 2024 10:20 AM\nTo: Jane\nSubject: x\n\nHi\n\n--\nBob"
    )
    mail = parse(f"Subject: Fwd: x\n\nHere.\n\n-- \nJane\n\n{older}\n".encode())
    assert of_message(mail).text == f"Here.\n\n{older}"


@pytest.mark.parametrize(
    "ending",
    [
        "Jane Roe\nProduct Designer\nTel: +44 20 7946 0000\njane@example.com\nwww.example.com",
        "*Jane Roe* | *Owner*\n*Call me +44 20 7946 0000* <+442079460000>\n\n[image: logo example]\n\n"
        "1 High Street, London\n\n*VAT     GB123456789*\n*WEB     example.com <https://example.com/>*",
        "Kind regards\n\nJane Roe\n\nDepartment of Applied Physics & Metrology\nin the Faculty of Science\n\n"
        "Example University\n1 High Street\nLondon\n\nPhone: (020) 7946 0000\nFax: (020) 7946 0001\nwww.example.com",
    ],
)
def test_a_client_s_block_goes_without_a_sign_off_or_with_blank_lines_inside(ending):
    assert new_text(f"{SAID}\n\n{ending}\n") == SAID


def test_a_block_below_a_signed_name_goes_and_the_name_stays():
    assert new_text(f"{SAID}\n\nEve\n\nDr. Eve Doe\nA-1000 Wien, Gasse 1\nTel: +43 1 5555555\n") == f"{SAID}\n\nEve"


@pytest.mark.parametrize(
    "text",
    [
        "Here is the address:\n\nJane Roe\n12 High St",
        "Her contact is below.\n\nJane Roe\nProduct Designer\nTel: +44 20 7946 0000\njane@example.com\nwww.example.com",
        "Bob,\n\nJane Roe\nProduct Designer\nTel: +44 20 7946 0000\njane@example.com\nwww.example.com",
        "Ask Eve.\n\nJane Roe\n12 High St\nLondon\n+44 20 7946 0000",
        "Sent from my iPhone, they say,\n\nis no excuse.",
    ],
)
def test_an_address_that_was_asked_for_stays(text):
    assert new_text(text) == text


def test_fields_over_a_quote_at_the_top_are_its_attribution():
    fields = "From: Bob Poe <bob@example.com>\nDate: Sun, 14 Nov 2010 10:20:00 +0100"
    footer = '--\nTo unsubscribe from this list: send the line "unsubscribe x" in\nthe body of a message to x@e.org'
    assert new_text(f"{fields}\n\n> Please send it.\n\n{SAID}\n{footer}\n") == SAID


def test_a_telephone_s_line_above_the_text_goes():
    assert new_text(f"Sent from my iPhone\n\n{SAID}\n\nIt is long.") == f"{SAID}\n\nIt is long."


def test_a_long_list_of_recipients_that_was_wrapped_is_part_of_the_quote():
    quote = "> -----Original Message-----\n> From: Bob\n> Cc: Eve Doe <eve@example.com>; Jane\nRoe <j@e.org>\n> Hi"
    assert new_text(f"{SAID}\n\n{quote}\n") == SAID
