"""Conversations with mail servers that fail: what the server does, and what `mailpoll send-test` is to make of it."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass, field, replace
from typing import Any

from servers.scripted_smtp import Drip, Endless, Script, closed_port, mute_port, unanswered_port

from support.smtp_site import BY_TOKEN, NO_LOGIN, PASSWORD, TOKEN, USER

TO = "a@example.net"
SHORT = 0.3  # for servers that never answer
GOOD = Script(username=USER, password=PASSWORD, token=TOKEN)


@dataclass(frozen=True)
class Case:
    """A conversation that fails: what the server does and what is set; the cause, the exit status, a piece of the
    advice and of the server's own words."""

    id: str
    server: Script | Callable[[], AbstractContextManager[int]]
    cause: str
    status: int
    advice: str
    words: str = ""
    settings: dict[str, Any] = field(default_factory=dict)
    certificate: str = "good"
    to: tuple[str, ...] = (TO,)


def says(step: str, words: str, **fields: Any) -> Script:
    """A server that gives this answer at a step."""
    return replace(GOOD, answers={step: words}, **fields)


IMPLICIT = replace(GOOD, tls="implicit")
STARTTLS = replace(GOOD, tls="starttls")
WITHOUT_AUTH = ("PIPELINING", "8BITMIME")
TLS: dict[str, Any] = {"tls": "implicit"}
START: dict[str, Any] = {"tls": "starttls"}
LOCAL: dict[str, Any] = {"host": "127.0.0.1", **NO_LOGIN}

CASES = [
    # --- the way there
    Case("unknown name", GOOD, "no-such-name", 69, "Compare host", settings={"host": "nowhere.example.com"}),
    Case("no host name", GOOD, "no-such-name", 69, "Compare host", settings={"host": "smtp..example.com"}),
    Case("name servers are silent", GOOD, "name-servers", 69, "resolv.conf", settings={"host": "slow.example.com"}),
    Case("refused", closed_port, "refused", 69, '587 with tls = "starttls"'),
    Case("refused, no local mail system", closed_port, "no-local-mail-system", 69, "install one", settings=LOCAL),
    Case("refused, no bridge", closed_port, "nothing-local", 69, "Proton Bridge", settings={"host": "127.0.0.1"}),
    Case("filtered", unanswered_port, "timeout", 69, "firewall", settings={"timeout": SHORT}),
    Case("mute", mute_port, "no-greeting", 69, 'tls = "implicit"', settings={"timeout": SHORT}),
    # --- TLS
    Case("TLS port, plain text set", IMPLICIT, "tls-first", 78, 'tls = "implicit"', settings={"timeout": 1.5}),
    Case("TLS port, STARTTLS set", IMPLICIT, "tls-first", 78, "465", settings={**START, "timeout": 1.5}),
    Case("STARTTLS port, TLS set", STARTTLS, "not-tls", 78, 'tls = "starttls"', settings=TLS),
    Case("words instead of TLS", replace(STARTTLS, handshake="garbage"), "not-tls", 78, "587", settings=TLS),
    Case("no STARTTLS", GOOD, "no-starttls", 77, "submission port", settings=START),
    Case("no STARTTLS, local", GOOD, "no-local-starttls", 78, "port = 25", settings={**START, **LOCAL}),
    Case("STARTTLS refused", says("STARTTLS", "454 4.7.0 TLS not available", tls="starttls"), "starttls-refused", 69,
         "465", "TLS not available", START),
    Case("words after STARTTLS", replace(STARTTLS, injected=b"250 injected\r\n"), "injected", 77, "another network",
         settings=START),
    Case("expired", IMPLICIT, "certificate-expired", 77, "clock", settings=TLS, certificate="expired"),
    Case("expired, STARTTLS", STARTTLS, "certificate-expired", 77, "renew", settings=START, certificate="expired"),
    Case("wrong name", IMPLICIT, "certificate-name", 77, "a name that the certificate bears", settings=TLS,
         certificate="another host"),
    Case("wrong name, STARTTLS", STARTTLS, "certificate-name", 77, "bears", settings=START, certificate="another host"),
    Case("self-signed", IMPLICIT, "certificate-self-signed", 77, "ca_file", settings=TLS, certificate="self-signed"),
    Case("self-signed, STARTTLS", STARTTLS, "certificate-self-signed", 77, "Proton Bridge", settings=START,
         certificate="self-signed"),
    Case("self-signed, local", STARTTLS, "local-certificate", 77, 'tls = "none"', settings={**START, **LOCAL},
         certificate="self-signed"),
    Case("unknown authority", IMPLICIT, "certificate-authority", 77, "ca_file", settings=TLS,
         certificate="another authority"),
    Case("ancient TLS", replace(IMPLICIT, handshake="ancient"), "tls-versions", 76, "too old", settings=TLS),
    Case("TLS that hangs", replace(IMPLICIT, handshake="hang"), "tls-silence", 69, "plain text",
         settings={**TLS, "timeout": SHORT}),
    Case("TLS cut", replace(IMPLICIT, handshake="close"), "tls-broken", 69, "something on the way", settings=TLS),
    Case("TLS reset", replace(STARTTLS, handshake="reset"), "starttls-broken", 69, "another network", settings=START),
    # --- the greetings
    Case("IMAP", replace(GOOD, greeting="* OK IMAP4rev1 ready"), "not-smtp", 76, "reading mail"),
    Case("a web server", replace(GOOD, greeting="HTTP/1.1 400 Bad Request"), "not-smtp", 76, "587 or 465"),
    Case("a line without end", replace(GOOD, greeting=Endless(b"x" * 999, start=b"220 ")), "not-smtp", 76,
         "587 or 465"),
    Case("a reply without end", replace(GOOD, greeting=Endless(b"220-x\r\n")), "not-smtp", 76, "587 or 465"),
    Case("drips", replace(GOOD, greeting=Drip(b"2", 0.01, endless=True)), "no-greeting", 69, "tls",
         settings={"timeout": SHORT}),
    Case("blocked at the greeting", replace(GOOD, greeting="554 5.7.1 Service unavailable; client [192.0.2.1] blocked "
         "using zen.spamhaus.org"), "blocked", 77, "block list", "blocked using zen.spamhaus.org"),
    Case("an MX", replace(GOOD, greeting="554-gmx.net Nemesis ESMTP Service not available\n554-No SMTP service\n554 IP "
         "address is block listed"), "not-a-submission-server", 77 + 1, "provider gives for sending", "Nemesis"),
    Case("too many connections", replace(GOOD, greeting="421 4.7.0 mail Error: too many connections from 192.0.2.1"),
         "rate", 75, "Wait", "too many connections"),
    Case("busy", replace(GOOD, greeting="421 4.3.2 Service not available"), "later", 75, "in some minutes",
         "not avail"),
    Case("our name is not liked", says("EHLO", "501 Syntactically invalid EHLO argument(s)"), "helo", 78, "Set helo",
         "Syntactically invalid"),
    Case("closed at our name", says("EHLO", "421 4.7.0 Try again later, closing connection."), "helo-later", 75,
         "set helo", "closing connection"),
    # --- the login
    Case("wrong password", replace(GOOD, password="other"), "credentials", 77, "app password", "authentication failed"),
    Case("Gmail, wrong password", says("AUTH", "535-5.7.8 Username and Password not accepted. For more information, go "
         "to\n535 5.7.8 https://support.google.com/mail/?p=BadCredentials x - gsmtp"), "gmail-credentials", 77,
         "app password", "Username and Password not accepted"),
    Case("Gmail, app password", says("AUTH", "534-5.7.9 Application-specific password required. For more information, "
         "go to\n534 5.7.9 https://support.google.com/mail/?p=InvalidSecondFactor x - gsmtp"), "gmail-app-password", 77,
         "apppasswords", "534 5.7.9 Application-specific password required"),
    Case("Gmail, browser", says("AUTH", "534-5.7.14 <https://accounts.google.com/signin/continue?x>\n534 5.7.14 Please "
         "log in via your web browser"), "gmail-web-login", 77, "browser", "log in via your web browser"),
    Case("Microsoft, OAuth", says("AUTH", "535 5.7.139 Authentication unsuccessful, basic authentication is disabled."),
         "microsoft-oauth", 77, "access_token", "basic authentication is disabled"),
    Case("Microsoft, SMTP off", says("AUTH", "535 5.7.139 Authentication unsuccessful, SmtpClientAuthentication is "
         "disabled for the Tenant."), "microsoft-smtp-off", 77, "Set-CASMailbox", "for the Tenant"),
    Case("SendGrid", says("AUTH", "535 Authentication failed: Bad username / password"), "sendgrid-credentials", 77,
         "the word apikey", "Bad username"),
    Case("Mailgun", says("AUTH", "535 5.7.0 Mailgun is not loving your login or password"), "mailgun-credentials", 77,
         "not the API key", "not loving"),
    Case("credits", says("AUTH", "451 Authentication failed: Maximum credits exceeded"), "credits", 77, "trial",
         "451 "),
    Case("too many logins", says("AUTH", "454 4.7.0 Too many login attempts, please try again later."),
         "too-many-logins", 75, "Wait an hour", "Too many login attempts"),
    Case("logins cannot be checked", says("AUTH", "454 4.7.0 Temporary authentication failure"), "login-not-now", 75,
         "Try again later", "Temporary authentication failure"),
    Case("AUTH not known", says("AUTH-COMMAND", "503 5.5.1 Error: authentication not enabled", tls="implicit"),
         "auth-not-here", 78, "587 or 465", "authentication not enabled", TLS),
    Case("AUTH asks for TLS", says("AUTH-COMMAND", "538 5.7.11 Encryption required"), "starttls-first", 78, "starttls",
         "Encryption required"),
    Case("mechanism not known", says("AUTH-COMMAND", "504 5.7.4 Unrecognized authentication type", tls="implicit"),
         "auth-mechanism", 78, "Leave auth out", "Unrecognized", TLS),
    Case("no AUTH", replace(GOOD, ehlo=WITHOUT_AUTH), "no-auth", 78, "submission port"),
    Case("no AUTH without TLS", replace(GOOD, ehlo=(*WITHOUT_AUTH, "STARTTLS")), "no-auth-without-tls", 78, "starttls"),
    Case("no AUTH, local", replace(GOOD, ehlo=WITHOUT_AUTH), "no-local-auth", 78, "Leave username and password out",
         settings={"host": "127.0.0.1"}),
    Case("no mechanism of ours", replace(GOOD, ehlo=("AUTH CRAM-MD5",)), "no-mechanism", 78, "PLAIN and LOGIN"),
    Case("asks on and on", says("AUTH", "334 eHg="), "auth-endless", 76, "Set auth"),
    Case("token refused, XOAUTH2", replace(GOOD, token="other"), "token-refused", 77, "SMTP.Send",
         "authentication failed (status 401", {**BY_TOKEN, "auth": "xoauth2"}),
    Case("token refused, OAUTHBEARER", replace(GOOD, token="other"), "token-refused", 77, "SMTP.Send",
         "(status invalid_token", {**BY_TOKEN, "auth": "oauthbearer"}),
    Case("token given, passwords wanted", replace(GOOD, ehlo=("AUTH PLAIN LOGIN",)), "no-mechanism", 78, "access_token",
         settings=BY_TOKEN),
    # --- the mail
    Case("no login set", replace(GOOD, auth_required=True), "must-authenticate", 78, "Add username",
         "530 5.7.0 Authentication required", NO_LOGIN),
    Case("login not kept", says("MAIL", "530 5.7.0 Authentication required"), "login-not-kept", 77, "Ask its owner",
         "Authentication required"),
    Case("STARTTLS first", says("MAIL", "530 5.7.0 Must issue a STARTTLS command first"), "starttls-first", 78,
         '"starttls"', "Must issue", NO_LOGIN),
    Case("sender refused", says("MAIL", "553 5.7.1 <gateway@example.com>: Sender address rejected: not owned by user"),
         "sender-refused", 77, "Set from", "553 5.7.1 <gateway@example.com>: Sender address rejected"),
    Case("sender refused at RCPT", says("RCPT", "553 5.7.1 <gateway@example.com>: Sender address rejected: not owned"),
         "sender-refused", 77, "Set from", "not owned"),
    Case("sender refused at the end", says(".", "550 5.7.60 Client does not have permissions to send as this sender"),
         "microsoft-send-as", 77, "Send As", "permissions to send as"),
    Case("sender's domain unknown", says("RCPT", "450 4.1.8 <gateway@example.com>: Sender address rejected: Domain not "
         "found"), "sender-domain", 77, "no MX record", "450 4.1.8"),
    Case("SES identity", says(".", "554 Message rejected: Email address is not verified. The following identities "
         "failed the check in region EU-WEST-1: gateway@example.com"), "ses-identity", 77, "sandbox", "EU-WEST-1"),
    Case("Mailgun sandbox", says("DATA", "421 Domain sandbox1.mailgun.org is not allowed to send: Sandbox subdomains "
         "are for test purposes only."), "mailgun-sandbox", 77, f"Add {TO}", "sandbox1.mailgun.org"),
    Case("recipient refused", says("RCPT", "550 5.1.1 <a@example.net>: Recipient address rejected: User unknown"),
         "recipient-refused", 65, "Compare the address", "550 5.1.1 <a@example.net>: Recipient address rejected"),
    Case("relaying denied", says("RCPT", "554 5.7.1 <a@example.net>: Relay access denied"), "relaying", 77, "Log in",
         "Relay access denied"),
    Case("relaying denied, local", says("RCPT", "454 4.7.1 <a@example.net>: Relay access denied"), "local-relaying", 77,
         "mynetworks", "454 4.7.1", LOCAL),
    Case("too large", replace(GOOD, ehlo=("SIZE 100", "AUTH PLAIN")), "too-large", 65, "A test mail is small",
         "552 5.3.4 Message size exceeds fixed limit"),
    Case("no room", says("MAIL", "452 4.3.1 Insufficient system storage"), "storage", 75, "Try again later",
         "452 4.3.1"),
    Case("mailbox full", says("RCPT", "452 4.2.2 Quota exceeded (mailbox for user is full)"), "storage", 75, "full",
         "Quota exceeded"),
    Case("greylisted", says("RCPT", "450 4.2.0 <a@example.net>: Recipient address rejected: Greylisted"), "greylisted",
         75, "some minutes", "Greylisted"),
    Case("rate limit", says(".", "454 Throttling failure: Maximum sending rate exceeded"), "rate", 75, "Wait",
         "Throttl"),
    Case("daily limit", says(".", "550-5.4.5 Daily user sending limit exceeded. For more information on Gmail\n550 "
         "5.4.5 sending limits go to https://support.google.com/a/answer/166852"), "rate", 75, "Wait",
         "Daily user sending"),
    Case("later", says("RCPT", "451 Temporary local problem - please try later"), "later", 75, "minutes", "Temporary"),
    Case("later at MAIL, and closed", says("MAIL", "421 4.3.0 Temporary System Problem. Try again later"), "later", 75,
         "minutes", "421 4.3.0 Temporary System Problem"),
    Case("SPF", says(".", "550 5.7.26 This mail has been blocked because the sender is unauthenticated"),
         "domain-policy",
         77, "SPF record", "5.7.26"),
    Case("spam", says(".", "554 5.7.1 Spam message rejected"), "content", 77, "harmless", "Spam message"),
    Case("policy", says(".", "550 5.7.1 Message rejected"), "policy", 77, "Ask its owner", "5.7.1 Message rejected"),
    Case("blocked at RCPT", says("RCPT", "554 5.7.1 Service unavailable; Client host [192.0.2.1] blocked using "
         "zen.spamhaus.org"), "blocked", 77, "block list", "blocked using"),
    Case("our name refused at RCPT", says("RCPT", "504 5.5.2 <localhost>: Helo command rejected: need fully-qualified "
         "hostname"), "helo", 78, "Set helo", "need fully-qualified hostname"),
    Case("DATA refused", says("DATA", "554 5.5.1 Error: no"), "mail-refused", 65, "Read the words",
         "554 5.5.1 Error: no"),
    Case("a strange answer", says("DATA", "250 2.0.0 Ok"), "unexpected", 76, "Ask its owner", "250 2.0.0 Ok"),
    Case("no SMTPUTF8", replace(GOOD, ehlo=("AUTH PLAIN",)), "no-smtputf8", 65, "ASCII", to=("jürgen@example.net",)),
    Case("eight bits", says("MAIL", b"550 5.7.1 Absender ung\xfcltig\r\n"), "sender-refused", 77, "Set from",
         "Absender"),
    Case("escape sequences", says("MAIL", b"550 5.7.1 \x1b[31mred\x07\r\n"), "sender-refused", 77, "Set from",
         "[31mred"),
]  # fmt: skip
