"""The table of causes, second part: what single providers say. The first row that fits is the cause.

Words in `says` are as the providers' documentation or people's reports of real sessions have them.
"""

from __future__ import annotations

from mailpoll.outbound.cause import MAIL_STAGES, Cause, Said, When

FROM = "Set from (for the no-reply mail: noreply) to an address that your account may send as"
NOREPLY = "set noreply to one too (noreply_tokens = false keeps it as it is), or leave noreply out"
_LOGIN = ("auth", *MAIL_STAGES)  # Microsoft tells a failed login again at MAIL FROM
_WHOLE_DOMAIN = "with the whole domain verified, any address of it may send, random no-reply ones too"
_APP = "https://myaccount.google.com/apppasswords"

CAUSES = (
    Cause(
        "token-refused", 77,
        "the server refused the access token",
        "Get a new one: they last an hour or so. It must be for this user and for sending mail (Google: "
        "https://mail.google.com/, Microsoft: SMTP.Send)",
        (When(stages=("auth",), codes=r"535", by_token=True,
              words=r"^(?!.*(SmtpClientAuthentication|security defaults|too many|basic auth))"),),
        (Said("Gmail", "auth", "535 5.7.8 Username and Password not accepted. (status 400, scope "
                               "https://mail.google.com/)"),),
    ),
    Cause(
        "gmail-app-password", 77,
        "Gmail wants an app password instead of the one you type into a browser",
        f"With 2-Step Verification turned on, make one at {_APP} and put it where password says",
        (When(stages=_LOGIN, anywhere=r"application-specific password required|p=InvalidSecondFactor"),),
        (Said("Gmail", "auth", "534 5.7.9 Application-specific password required. For more information, go to "
                               "https://support.google.com/mail/?p=InvalidSecondFactor - gsmtp"),),
    ),
    Cause(
        "gmail-credentials", 77,
        "Gmail refused user name and password",
        f"Use an app password ({_APP}; it needs 2-Step Verification), not the account's; it ends when the account's "
        "password changes. username is the whole address",
        (When(stages=_LOGIN, anywhere=r"username and password not accepted|p=BadCredentials"),),
        (Said("Gmail", "auth", "535 5.7.8 Username and Password not accepted. For more information, go to "
                               "https://support.google.com/mail/?p=BadCredentials - gsmtp"),),
    ),
    Cause(
        "gmail-web-login", 77,
        "Google holds this login for suspicious",
        f"Sign in with a browser and confirm that it was you, then use an app password ({_APP})",
        (When(stages=_LOGIN, anywhere=r"log in (via|with) your web browser|answer/78754"),),
        (Said("Gmail", "auth", "534 5.7.14 Please log in via your web browser and then try again. Learn more at "
                               "https://support.google.com/mail/answer/78754 - gsmtp"),),
    ),
    Cause(
        "gmail-relay", 77,
        "Google's relay does not know this machine",
        "Register this machine's address in the Admin console (SMTP relay service), with a sender in your domain; an "
        "account with a password uses smtp.gmail.com",
        (When(words=r"invalid credentials for relay|mail relay denied"),),
        (Said("Google Workspace", "rcpt", "550 5.7.1 Invalid credentials for relay [192.0.2.1]. The IP address you've "
                                          "registered in your G Suite SMTP Relay service doesn't match domain of the "
                                          "account this email is being sent from."),),
    ),
    Cause(
        "not-a-submission-server", 78,
        "this server takes mail for its own users only, not from programs that send",
        "host is where others deliver mail (an MX); name the server your provider gives for sending",
        (When(words=r"not authorized to send email directly to our servers|no smtp service.*block list"),),
        (Said("Gmail", "dot", "550 5.7.1 The IP you're using to send mail is not authorized to send email directly to "
                              "our servers. Please use the SMTP relay at your service provider instead."),
         Said("GMX", "greeting", "554 gmx.net Nemesis ESMTP Service not available No SMTP service IP address is block "
                                 "listed")),
    ),
    Cause(
        "microsoft-smtp-off", 77,
        "Microsoft has sending by SMTP turned off for this mailbox",
        "The administrator turns it on: Set-CASMailbox -Identity user@example.com -SmtpClientAuthenticationDisabled "
        "$false; a personal outlook.com mailbox takes OAuth only (access_token)",
        (When(stages=_LOGIN, words=r"SmtpClientAuthentication is disabled"),),
        (Said("Microsoft 365", "auth", "535 5.7.139 Authentication unsuccessful, SmtpClientAuthentication is disabled "
                                       "for the Tenant. Visit https://aka.ms/smtp_auth_disabled for more information."),
         Said("Outlook.com", "auth", "535 5.7.139 Authentication unsuccessful, SmtpClientAuthentication is disabled "
                                     "for the Mailbox. Visit https://aka.ms/smtp_auth_disabled for more information.")),
    ),
    Cause(
        "microsoft-oauth", 77,
        "Microsoft takes no passwords for this mailbox, only OAuth",
        "Set access_token instead of password, to a command that prints an access token for SMTP.Send; or the "
        "administrator allows passwords again (until they end for good)",
        (When(stages=_LOGIN, words=r"basic authentication is (disabled|not supported)|security defaults policy|"
                                   r"did not meet the criteria"),),
        (Said("Microsoft 365", "auth", "535 5.7.139 Authentication unsuccessful, basic authentication is disabled."),
         Said("Microsoft 365", "auth", "550 5.7.30 Basic authentication is not supported for Client Submission."),
         Said("Microsoft 365", "auth", "535 5.7.139 Authentication unsuccessful, the request did not meet the criteria "
                                       "to be authenticated successfully. Contact your administrator."),
         Said("Microsoft 365", "auth", "535 5.7.139 Authentication unsuccessful, user is locked by your organization's "
                                       "security defaults policy. Contact your administrator.")),
    ),
    Cause(
        "microsoft-credentials", 77,
        "Microsoft refused the login",
        "Compare username and password; with an access token: its user, its scope (SMTP.Send) and that SMTP is turned "
        "on for the mailbox. Where two factors are asked for, only an access token will do",
        (When(stages=_LOGIN, words=r"user credentials were incorrect|account has an issue"),
         When(stages=_LOGIN, codes=r"535 5\.7\.(3|139)\b")),
        (Said("Microsoft 365", "auth", "535 5.7.139 Authentication unsuccessful, the user credentials were incorrect."),
         Said("Microsoft 365", "auth", "535 5.7.3 Authentication unsuccessful"),
         Said("Microsoft 365", "mail", "530 5.7.57 Client not authenticated to send mail. Error: 535 5.7.139 "
                                       "Authentication unsuccessful, the user credentials were incorrect.")),
    ),
    Cause(
        "microsoft-send-as", 77,
        "the mailbox may not send as {sender}",
        f"Give it Send As permission for that address (a shared mailbox, an alias), or set from to its own; {NOREPLY}",
        (When(words=r"SendAsDenied|not allowed to send as|permissions to send as this sender", second=False),),
        (Said("Microsoft 365", "dot", "554 5.2.252 SendAsDenied; user@example.com not allowed to send as "
                                      "gateway@example.com"),
         Said("Exchange", "dot", "550 5.7.60 SMTP; Client does not have permissions to send as this sender")),
    ),
    Cause(
        "microsoft-new-tenant", 77,
        "Microsoft does not send for this tenant, or takes nothing from this address",
        "New and trial tenants may not send outside: ask Microsoft's support, or use another provider",
        (When(words=r"traffic not accepted from this IP|bad outbound sender"),),
        (Said("Microsoft 365", "rcpt", "550 5.7.708 Service unavailable. Access denied, traffic not accepted from this "
                                       "IP."),),
    ),
    Cause(
        "ses-identity", 77,
        "Amazon SES has not verified an address or domain: {words}",
        f"If it is the sender: verify its domain, in this region ({_WHOLE_DOMAIN}). If it is the recipient: the "
        "account is in the sandbox; verify that address, too, or ask for production access",
        (When(words=r"Email address is not verified|identities failed the check", second=False),),
        (Said("Amazon SES", "dot", "554 Message rejected: Email address is not verified. The following identities "
                                   "failed the check in region EU-WEST-1: gateway@example.com"),),
    ),
    Cause(
        "ses-policy", 77,
        "the SES user may not send this mail",
        "Allow it ses:SendRawEmail for the sender (and, in the sandbox, the recipient) in IAM, or make new SMTP "
        "credentials",
        (When(words=r"not authorized to perform .?ses:|Sending (suspended|paused)|Account paused"),),
        (Said("Amazon SES", "dot", "554 Access denied: User `arn:aws:iam::123456789012:user/ses' is not authorized to "
                                   "perform `ses:SendRawEmail' on resource `arn:aws:ses:eu-west-1:123456789012:"
                                   "identity/example.com'"),),
    ),
    Cause(
        "ses-credentials", 77,
        "Amazon SES refused user name and password",
        "They must be SMTP credentials, made in the SES console for this very region; the keys of AWS do not work",
        (When(stages=("auth",), codes=r"535", host=r"\.amazonaws\.com$"), When(words=r"not subscribed to SES")),
        (Said("Amazon SES", "auth", "535 Authentication Credentials Invalid",
              "email-smtp.eu-west-1.amazonaws.com"),),
    ),
    Cause(
        "sendgrid-credentials", 77,
        "SendGrid refused user name and password",
        'username is the word apikey, and the password an API key (SG.…) that may send mail',
        (When(stages=("auth",), words=r"Bad username / password|authorization grant is invalid"),),
        (Said("SendGrid", "auth", "535 Authentication failed: Bad username / password"),
         Said("SendGrid", "auth", "535 Authentication failed: The provided authorization grant is invalid, expired, or "
                                  "revoked")),
    ),
    Cause(
        "sendgrid-sender", 77,
        "SendGrid does not know the sender {sender}",
        f"Authenticate the domain of the sender there ({_WHOLE_DOMAIN}), or verify this single sender; then {NOREPLY}",
        (When(words=r"does not match a verified Sender Identity|not authorized to send from that email",
              second=False),),
        (Said("SendGrid", "dot", "550 The from address does not match a verified Sender Identity. Mail cannot be sent "
                                 "until this error is resolved."),),
    ),
    Cause(
        "credits", 77,
        "the plan with this provider is used up",
        "Look into your account there: the trial is over, or this month's mails are sent",
        (When(words=r"Maximum credits exceeded"),),
        (Said("SendGrid", "auth", "451 Authentication failed: Maximum credits exceeded"),),
    ),
    Cause(
        "mailgun-credentials", 77,
        "Mailgun refused user name and password",
        "They are the SMTP credentials of the domain (postmaster@mg.example.com), not the API key; domains in the EU "
        "want host = \"smtp.eu.mailgun.org\"",
        (When(stages=("auth",), words=r"Mailgun is not loving"),),
        (Said("Mailgun", "auth", "535 5.7.0 Mailgun is not loving your login or password"),),
    ),
    Cause(
        "mailgun-sandbox", 77,
        "Mailgun sends to authorized recipients only for this domain or account",
        "Add {about} to the authorized recipients, or use a domain of your own; activate the account where it says so",
        (When(words=r"domain \S+ is not allowed to send|are for test purposes only|activate your Mailgun account"),),
        (Said("Mailgun", "data", "421 Domain sandbox123.mailgun.org is not allowed to send: Sandbox subdomains are for "
                                 "test purposes only. Please add your own domain or add the address to authorized "
                                 "recipients in Account Settings."),),
    ),
    Cause(
        "provider-not-active", 77,
        "the account is not activated for sending, or blocked",
        "Log in to the provider's pages and look, or ask its support",
        (When(words=r"^(?!.*tried to reach).*(not yet activated|email outgoing blocked|account .{0,40}(suspended|"
                    r"disabled))", codes=r"(?!5\d\d 5\.2\.1\b)"),),
        (Said("Brevo", "dot", "502 5.7.0 Your SMTP account is not yet activated."),
         Said("Zoho", "dot", "554 5.1.8 Email Outgoing Blocked")),
    ),
    Cause(
        "address-not-allowed", 77,
        "the provider takes no logins from this machine's address",
        "Add it to the addresses that may log in, in the provider's security settings",
        (When(words=r"unauthori[sz]ed IP address|IP (address )?(is )?not whitelisted"),),
        (Said("Brevo", "auth", "525 5.7.1 Unauthorized IP address"),),
    ),
)  # fmt: skip
