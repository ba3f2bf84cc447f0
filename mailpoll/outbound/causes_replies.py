"""The table of causes, third part: what servers say, and what it means.

The first row that fits is the cause: words stand above codes that all use, for codes mislead (a
quota is 451 at SendGrid, a sandbox 421 at Mailgun, an unknown domain 450 at Postfix). A new cause is a row here and a
test; words in `says` are as the providers' documentation or people's reports of real sessions have them.
"""

from __future__ import annotations

from mailpoll.outbound.cause import MAIL_STAGES, Cause, Said, When
from mailpoll.outbound.causes_providers import FROM, NOREPLY

_NOT_OF_SIZE = r"^(?!.*(\bsize\b|mailbox (is )?full|mailbox quota|storage)).*"

_LATER = (
    Cause(
        "too-many-logins", 75,
        "the server has seen too many logins, and takes none for a while",
        "Wait an hour, and look which program tries a wrong password over and over. Yahoo says this of the first one, "
        "too: it wants an app password",
        (When(stages=("auth",), words=r"too many (login|bad auth|failed|auth)"),),
        (Said("Gmail", "auth", "454 4.7.0 Too many login attempts, please try again later."),
         Said("Yahoo", "auth", "535 5.7.0 (#AUTH005) Too many bad auth attempts.")),
    ),
    Cause(
        "password-change", 77,
        "the server wants you to log in once in another way before it takes this password",
        "Log in to the provider's pages, or change the password there (RFC 4954, 4.7.12)",
        (When(stages=("auth",), codes=r"4\d\d 4\.7\.12\b"), When(stages=("auth",), words=r"password transition")),
        (Said("RFC 4954", "auth", "432 4.7.12 A password transition is needed"),),
    ),
    Cause(
        "login-not-now", 75,
        "the server cannot check logins now",
        "Try again later",
        (When(stages=("auth",), codes=r"4"),),
        (Said("Postfix", "auth", "454 4.7.0 Temporary authentication failure: Connection lost"),
         Said("Exim", "auth", "435 Unable to authenticate at present")),
    ),
    Cause(
        "greylisted", 75,
        "the server greylists: it takes a mail from somebody new at a later try only",
        "Try again in some minutes. A server to send through does not do that: is host the one for sending?",
        (When(words=r"gr[ea]y.?list"),),
        (Said("Postfix", "rcpt", "450 4.2.0 <a@example.net>: Recipient address rejected: Greylisted"),
         Said("others", "rcpt", "451 4.7.1 Greylisting in action, please come back later")),
    ),
    Cause(
        "verifying", 75,
        "the server is still finding out whether an address exists",
        "Try again in some minutes",
        (When(words=r"verification in progress", codes=r"4"),),
        (Said("Postfix", "rcpt", "450 4.1.1 <a@example.net>: Recipient address rejected: unverified address: Address "
                                 "verification in progress"),),
    ),
    Cause(
        "domain-policy", 77,
        "the mail was refused for what the DNS says of the sender's domain (SPF, DKIM, DMARC)",
        "Send through a server that the domain's SPF record names and that signs for it, or set from to an address of "
        "the account's own domain",
        (When(codes=r"[45]\d\d [45]\.7\.2[0-46]\b"),
         When(words=r"\b(SPF|DKIM|DMARC)\b|unauthenticated (email|mail)")),
        (Said("Gmail", "dot", "550 5.7.26 This mail has been blocked because the sender is unauthenticated. Gmail "
                              "requires all senders to authenticate with either SPF or DKIM."),),
    ),
    Cause(
        "too-many-recipients", 65,
        "the server takes no more recipients in one mail",
        "Give fewer addresses at once",
        (When(stages=("rcpt",), codes=r"4\d\d 4\.5\.3\b|5\d\d 5\.5\.3\b"),
         When(stages=("rcpt",), words=r"too many recipients\b(?! received)", codes=r"452")),
        (Said("Postfix", "rcpt", "452 4.5.3 Error: too many recipients"),),
    ),
    Cause(
        "sender-domain", 77,
        "the server finds no domain {sender_domain}, which the sender {sender} is of",
        f"{FROM}; a domain that takes no mail has no MX record",
        (When(words=r"Sender address rejected: Domain not found|sender domain (must|does)|domain of sender address"),
         When(codes=r"[45]\d\d [45]\.7\.27\b")),
        (Said("Postfix", "rcpt", "450 4.1.8 <gateway@nowhere.example>: Sender address rejected: Domain not found"),),
    ),
    Cause(
        "rate", 75,
        "the server takes no more mail for now: a limit of your account or of this machine is reached",
        "Wait: limits are by minute, hour or day. Look what else sends with this account",
        (When(words=_NOT_OF_SIZE + r"(\bthrottl|\brate.?limit|\b(sending|submission|message|mail|connection) rate\b|"
                    r"sending (limit|quota)|\bdaily .*(limit|quota)|quota exceeded|\b(limit|quota) .{0,40}"
                    r"(exceeded|reached)|too (many|much) (mail|messages|recipients|connections|concurrent|auth)|"
                    r"sender thread limit|exceeded (?!.{0,40}\bhop).{0,40}limit|temporarily deferred|"
                    r"SubmissionQuotaExceeded|"
                    r"24-hour sending)", codes=r"(?!552|5\d\d 5\.3\.4\b|[45]\d\d [45]\.2\.2\b)"),
         When(words=r"\bunusual rate\b|\brate (exceeded|limited|too high)", codes=r"4"),
         When(codes=r"[45]\d\d [45]\.7\.28\b")),
        (Said("Amazon SES", "dot", "454 Throttling failure: Maximum sending rate exceeded"),
         Said("Gmail", "dot", "550 5.4.5 Daily user sending limit exceeded. For more information on Gmail sending "
                              "limits go to https://support.google.com/a/answer/166852"),
         Said("Microsoft 365", "dot", "432 4.3.2 Concurrent connections limit exceeded. Visit "
                                      "https://aka.ms/concurrent_sending for more information."),
         Said("Postfix", "greeting", "421 4.7.0 mail.example.com Error: too many connections from 192.0.2.1")),
    ),
    Cause(
        "helo-later", 75,
        "the server closed the connection at the greeting of ours",
        "If it lasts, set helo to the full name of this machine: a name like localhost is taken for an attack",
        (When(stages=("ehlo",), codes=r"4"),),
        (Said("Google Workspace", "ehlo", "421 4.7.0 Try again later, closing connection."),),
    ),
)  # fmt: skip

_WANTS_LOGIN = (
    r"authentication (is )?(required|needed)|requires authentication|must (be )?authenticated?\b|"
    r"unauthenticated senders|"
    r"not logged in|please (log in|authenticate)|turn on SMTP Authentication|not authenticated"
)

_LOGINS = (
    Cause(
        "starttls-first", 78,
        "the server wants TLS before anything else",
        'Set tls = "starttls" for port 587, or "implicit" for 465',
        (When(words=r"must issue a STARTTLS|STARTTLS.{0,30}(first|required)|encryption (is )?(required|needed)"),
         When(codes=r"538|5\d\d 5\.7\.11\b"),
         When(stages=("auth",), codes=r"503|504", tls="none")),
        (Said("Postfix", "mail", "530 5.7.0 Must issue a STARTTLS command first"),
         Said("RFC 4954", "auth", "538 5.7.11 Encryption required for requested authentication mechanism")),
    ),
    Cause(
        "auth-not-here", 78,
        "the server takes no logins here",
        "Use its submission port, 587 or 465; where it takes mail without a login, leave username and password out",
        (When(stages=("auth",), codes=r"503|502|500"),),
        (Said("Postfix", "auth", "503 5.5.1 Error: authentication not enabled"),
         Said("Exim", "auth", "503 AUTH command used when not advertised")),
    ),
    Cause(
        "auth-mechanism", 78,
        "the server does not know the way to log in that was tried ({detail})",
        "Leave auth out, or set it to another of those it offers",
        (When(stages=("auth",), codes=r"504|501|534 5\.7\.9\b",
              words=r"^(?!.*(fail|invalid (log|cred|pass)|incorrect))"),),
        (Said("Microsoft 365", "auth", "504 5.7.4 Unrecognized authentication type"),),
    ),
    Cause(
        "credentials", 77,
        "the server refused the login",
        "Compare user name and password with what your provider says. The user name is mostly the whole address; many "
        "want an app password, and sending by SMTP turned on in their settings (GMX, WEB.DE)",
        (When(stages=("auth",), codes=r"5"),),
        (Said("Postfix", "auth", "535 5.7.8 Error: authentication failed: authentication failure"),
         Said("Exim", "auth", "535 Incorrect authentication data"),
         Said("GMX", "auth", "535 Authentication credentials invalid, please check"),
         Said("Fastmail", "auth", "535 5.7.0 Incorrect username or password")),
    ),
    Cause(
        "must-authenticate", 78,
        "the server wants a login before it takes mail",
        "Add username and password (or access_token) to [smtp]",
        (When(codes=r"530", login=False),
         When(words=_WANTS_LOGIN, login=False),
         When(stages=("mail", "rcpt"), words=r"(recipient address|client host) rejected: access denied", login=False)),
        (Said("Gmail", "mail", "530 5.7.0 Authentication Required. For more information, go to "
                               "https://support.google.com/mail/?p=WantAuthError - gsmtp"),
         Said("Microsoft 365", "mail", "530 5.7.57 Client not authenticated to send mail."),
         Said("SendGrid", "mail", "550 Unauthenticated senders not allowed")),
    ),
    Cause(
        "login-not-kept", 77,
        "the server wants a login, though it took ours",
        "Ask its owner: the account may not send",
        (When(codes=r"530"),
         When(stages=MAIL_STAGES, words=rf"^(?!.*\brelay)(.*({_WANTS_LOGIN}))")),
        (),
    ),
)  # fmt: skip

_RELAYING = (
    r"\brcpthosts\b|"  # qmail
    r"\brelay(ing|ed|s)?\b.{0,40}(denied|not (permitted|allowed)|disallowed|prohibited|refused)|"
    r"(unable|cannot|not permitted|do not|don't) (to )?relay\b"
)

_MAIL = (
    Cause(
        "too-large", 65,
        "the mail is larger than the server takes",
        "A test mail is small: the server has no room, or a limit that lets nothing through",
        (When(codes=r"552 5\.(3\.4|2\.3)\b|552$|5\d\d 5\.3\.4\b",
              words=r"^(?!.*(mailbox (is )?full|storage alloc|quota))"),
         When(words=r"\b(message|mail)\b.{0,30}(too (large|big|long)|size exceed|size limit)|"
                    r"exceeded .{0,30}size limit", codes=r"5")),
        (Said("Postfix", "mail", "552 5.3.4 Message size exceeds fixed limit"),
         Said("Gmail", "mail", "552 5.2.3 Your message exceeded Google's message size limits."),
         Said("Amazon SES", "dot", "552 Message is too long")),
    ),
    Cause(
        "storage", 75,
        "there is no room: on the server, or in a mailbox",
        "Try again later; a full mailbox its owner must empty (Microsoft: the sender's, too)",
        (When(words=r"insufficient system storage|mailbox (is )?full|over quota|quota exceeded|QuotaExceeded|"
                    r"exceeded storage alloc"),
         When(codes=r"452 4\.3\.1\b|[45]\d\d [45]\.2\.2\b")),
        (Said("Postfix", "mail", "452 4.3.1 Insufficient system storage"),
         Said("Microsoft 365", "dot", "554 5.2.2 mailbox full; STOREDRV.Submission.Exception:QuotaExceededException")),
    ),
    Cause(
        "helo", 78,
        "the server does not like the name we greet it with",
        'Set helo to the full name of this machine in DNS, like helo = "mail.example.com"',
        (When(words=r"\b(helo|ehlo) (command rejected|argument|name)|invalid (helo|ehlo)|need fully-qualified host"),
         When(stages=("ehlo",), codes=r"5", words=r"^(?!.*(blocked|block.?list))")),
        (Said("Postfix", "rcpt", "504 5.5.2 <localhost>: Helo command rejected: need fully-qualified hostname"),
         Said("Exim", "ehlo", "501 Syntactically invalid EHLO argument(s)")),
    ),
    Cause(
        "blocked", 77,
        "the server turns this machine's address away",
        "It stands on a block list, or has no name in DNS, as most at home and in clouds: send through a server that "
        "you log in to, at port 587 or 465",
        (When(words=r"blocked using|block.?list|black.?list|cannot find your (reverse )?hostname|client host rejected|"
                    r"poor reputation|\bbanned.{0,20}(IP|host|address)|denylist|spamhaus|spamcop|barracuda"),
         When(anywhere=r"\.spamhaus\.org|\.spamcop\.net|\.barracudacentral\.org", stages=MAIL_STAGES),
         When(codes=r"[45]\d\d [45]\.7\.25\b"),
         When(stages=("greeting",), codes=r"5")),
        (Said("Postfix", "rcpt", "554 5.7.1 Service unavailable; Client host [192.0.2.1] blocked using "
                                 "zen.spamhaus.org"),
         Said("Postfix", "rcpt", "450 4.7.25 Client host rejected: cannot find your reverse hostname, [192.0.2.1]")),
    ),
    Cause(
        "noreply-refused", 77,
        "the server took the mail from your own sender a moment ago, and refused the same from {sender}: your account "
        "may not send as the no-reply address",
        "Allow the whole domain (a catch-all, Send As, a verified domain); or noreply_tokens = false where the "
        "provider allows single addresses only; or leave noreply out, and all mail comes from `from`",
        (When(stages=MAIL_STAGES, codes=r"5", second=True, words=r"^(?!.*(spam|virus|content))"),),
        (),
    ),
    Cause(
        "sender-refused", 77,
        "the server does not let this account send as {sender}",
        f"{FROM}, usually its own; and {NOREPLY}",
        (When(words=r"\bsender (address )?(is )?(rejected|not allowed|refused|verif)|(?<!recipient )verification "
                    r"failed for|not owned by|\bfrom (header )?(sender )?(address )?(domain )?(is )?not (one of|"
                    r"verified|allowed)|not (authori[sz]ed|allowed) to send from|authori[sz]ed to use .{0,30}"
                    r"(sender|from)|relaying disallowed as|mail from address must be same|(invalid|bad) (sender|"
                    r"return path|reverse-path)|\bfrom address (is|must|does|not)\b",
              codes=r"5|450 4\.1\.[078]\b|45\d 4\.7\.1\b"),
         When(stages=("dot",), words=r"relaying disallowed|^request failed; mailbox unavailable"),
         When(codes=r"5\d\d 5\.1\.[78]\b"),
         When(stages=("mail",), codes=r"55[0-4]|501 5\.[17]|501$")),
        (Said("Postfix", "rcpt", "553 5.7.1 <gateway@example.com>: Sender address rejected: not owned by user "
                                 "username@example.com"),
         Said("Exim", "rcpt", "550 Verification failed for <gateway@example.com> No Such User Here"),
         Said("GMX", "dot", "550 Requested action not taken: mailbox unavailable Sender address is not allowed."),
         Said("iCloud", "dot", "550 5.7.0 From address is not one of your addresses"),
         Said("Fastmail", "dot", "551 5.7.1 Not authorised to send from this header address"),
         Said("Zoho", "dot", "553 Relaying disallowed as gateway@example.com"),
         Said("SMTP2GO", "dot", "550 From header sender domain not verified"),
         Said("QQ", "mail", "501 mail from address must be same as authorization user")),
    ),
    Cause(
        "local-relaying", 77,
        "the mail system of this machine does not send mail to {about} on",
        "Let it (Postfix: mynetworks and relayhost; Debian's exim4: dpkg-reconfigure exim4-config, an internet site or "
        "a smarthost)",
        (When(words=_RELAYING, loopback=True),),
        (),
    ),
    Cause(
        "relaying", 77,
        "the server does not send mail to {about} on for us (relaying denied)",
        "Log in: add username and password, and use the submission port, 587 or 465; if you do, compare host: it may "
        "be another server of the provider, or of another region",
        (When(words=_RELAYING),
         When(stages=("rcpt",), codes=r"551")),
        (Said("Postfix", "rcpt", "554 5.7.1 <a@example.net>: Relay access denied"),
         Said("Postfix", "rcpt", "454 4.7.1 <a@example.net>: Relay access denied"),
         Said("Exim", "rcpt", "550 relay not permitted"),
         Said("Exim", "rcpt", "550 Please turn on SMTP Authentication in your mail client. [192.0.2.1]:1234 is not "
                              "permitted to relay through this server without authentication.")),
    ),
    Cause(
        "content", 77,
        "the server refused what the mail says or looks like",
        "A test mail is harmless: ask the provider, whose filter it is; GMX and WEB.DE say this of a foreign from, too",
        (When(words=r"spam|\bvirus|\bcontents?\b|suspicious|reject due to policy|policy restrictions|unsolicited",
              stages=MAIL_STAGES, codes=r"5"),),
        (Said("Postfix", "dot", "554 5.7.1 Spam message rejected"),
         Said("GMX", "dot", "554 Transaction failed Reject due to policy restrictions.")),
    ),
    Cause(
        "recipient-refused", 65,
        "the server refuses the recipient {about}",
        "Compare the address; a server that holds the domain for its own says this of all users it does not know",
        (When(stages=("rcpt",), codes=r"5\d\d 5\.1\.([1236]|10)\b|550$|553|55[01] 5\.2\.1\b|556"),
         When(stages=("rcpt", "dot"), codes=r"5|450 4\.1\.[12]\b",
              words=r"user unknown|unknown user|no such (user|recipient|mailbox)|mailbox (unavailable|not found)|"
                    r"unrouteable|does not exist|recipient address rejected|not a valid RFC")),
        (Said("Postfix", "rcpt", "550 5.1.1 <a@example.net>: Recipient address rejected: User unknown in virtual "
                                 "mailbox table"),
         Said("Gmail", "rcpt", "550 5.1.1 The email account that you tried to reach does not exist."),
         Said("Exim", "rcpt", "550 Unrouteable address")),
    ),
    Cause(
        "policy", 77,
        "a rule of the server forbids this mail",
        "Ask its owner, with the words of the server; what it says is all that is known",
        (When(stages=MAIL_STAGES, codes=r"5\d\d 5\.7\."),
         When(words=r"\bpolic(y|ies)\b|prohibit|administrative(ly)?\b|access denied|not permitted|forbidden",
              codes=r"5")),
        (Said("Exim", "dot", "550 Administrative prohibition"),
         Said("others", "dot", "550 5.7.1 Access denied")),
    ),
)  # fmt: skip

_REST = (
    Cause(
        "starttls-refused", 69,
        "the server offers STARTTLS and then refuses it",
        'Try again later; if it lasts, use port 465 with tls = "implicit", or tell its owner',
        (When(stages=("starttls",)),),
        (Said("RFC 3207", "starttls", "454 TLS not available due to temporary reason"),),
    ),
    Cause(
        "later", 75,
        "the server does not take it now",
        "Try again in some minutes; if it lasts, ask its owner",
        (When(codes=r"4"),),
        (Said("Exim", "rcpt", "451 Temporary local problem - please try later"),
         Said("Gmail", "mail", "421 4.3.0 Temporary System Problem. Try again later"),
         Said("Microsoft 365", "dot", "451 4.7.0 Temporary server error. Please try again later.")),
    ),
    Cause(
        "recipient-rejected", 65,
        "the server refuses the recipient {about}",
        "Compare the address, and read the words of the server",
        (When(stages=("rcpt",), codes=r"5"),),
        (),
    ),
    Cause(
        "mail-refused", 65,
        "the server refused the mail",
        "Read the words of the server; if they do not tell, ask its owner",
        (When(stages=MAIL_STAGES, codes=r"5"),),
        (),
    ),
    Cause(
        "unexpected", 76,
        "the server gave an answer that does not belong there",
        "Ask its owner; -v shows the whole conversation",
        (When(()),),
        (),
    ),
)  # fmt: skip

CAUSES = (*_LATER, *_LOGINS, *_MAIL, *_REST)
