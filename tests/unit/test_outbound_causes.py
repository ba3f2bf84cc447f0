"""The table of causes: every row is found by the words it is for, and by nothing else."""

from __future__ import annotations

import re
import time
from dataclasses import replace
from string import Formatter

import pytest

from mailpoll.errors import MailpollError
from mailpoll.outbound import CAUSES
from mailpoll.outbound.cause import Cause, Circumstances, Said, find
from mailpoll.outbound.diagnosis import Diagnosis, diagnose
from mailpoll.outbound.happening import STAGES, Happening, reply_of

AT = Circumstances(
    "smtp.example.com", 587, "starttls", loopback=False, login=True,
    sender="gateway@example.com", recipients="a@example.net",
)  # fmt: skip
LOCAL = replace(AT, host="localhost", port=25, tls="none", loopback=True, login=False)
PLAIN = replace(AT, tls="none")
ANONYMOUS = replace(AT, login=False)
BY_TOKEN = replace(AT, by_token=True)
BRIDGE = replace(AT, host="127.0.0.1", port=1025, loopback=True)
IMPLICIT = replace(AT, port=465, tls="implicit")
NOREPLY = replace(AT, role="noreply", sender="noreply-x@example.com", taken_before=True)

ROWS = {cause.name: cause for cause in CAUSES}
SAYS = [(cause.name, said) for cause in CAUSES for said in cause.says]


def said_at(stage: str, line: str, at: Circumstances = AT) -> str:
    """The name of the cause of a reply; several lines, each with its code, are one reply."""
    lines = line.split("\n")
    texts = [text[4:] if text[:3] == line[:3] else text for text in lines]
    reply = reply_of(int(line[:3]), "\n".join(texts))
    return find(Happening(stage, "reply", reply, about="a@example.net"), at, CAUSES).name


def test_names_are_unique_and_fit_into_an_address_of_the_web() -> None:
    assert len(ROWS) == len(CAUSES)
    assert [name for name in ROWS if not re.fullmatch(r"[a-z][a-z0-9-]*[a-z0-9]", name)] == []


@pytest.mark.parametrize("cause", CAUSES, ids=lambda cause: cause.name)
class TestRow:
    def test_says_what_is_wrong_and_what_to_do(self, cause: Cause) -> None:
        reply = reply_of(550, "5.7.1 No {braces} here")
        for happening in (Happening("rcpt", "reply", reply, "the detail", "a@example.net"), Happening("tls", "cut")):
            for at in (AT, LOCAL):
                told = Diagnosis(cause, happening, at)
                assert len(told.what) > 10, "a clause"
                assert len(told.advice) > 10, "a sentence"
                assert told.what[-1] not in ".:", "the sentence is ended where it is printed"
                assert told.advice[-1] not in ".:"

    def test_fills_in_nothing_but_what_there_is(self, cause: Cause) -> None:
        known = {"host", "port", "sender", "sender_domain", "about", "words", "detail", None}
        for text in (cause.what, cause.advice):
            assert {field for _, field, _, _ in Formatter().parse(text)} <= known

    def test_has_an_exit_status_and_an_error_of_ours(self, cause: Cause) -> None:
        error = Diagnosis(cause, Happening("auth", "reply", reply_of(535, "no")), AT).error()
        assert isinstance(error, MailpollError)
        assert error.exit_status == cause.status

    def test_names_its_events_and_steps_rightly(self, cause: Cause) -> None:
        assert cause.when
        for when in cause.when:
            assert set(when.stages) <= set(STAGES)
            assert set(when.events) <= {event for event, *_ in EVENTS} | {"reply"}


@pytest.mark.parametrize(("name", "said"), SAYS, ids=[f"{i} {name}" for i, (name, _) in enumerate(SAYS)])
def test_the_words_of_a_row_find_it(name: str, said: Said) -> None:
    at = replace(AT, host=said.host, login=name != "must-authenticate", by_token=name == "token-refused")
    assert said_at(said.stage, said.line, at) == name


# What may happen without a reply · at which step · with which settings · what it is.
EVENTS = [
    ("no-such-name", "lookup", AT, "no-such-name"),
    ("name-servers", "lookup", AT, "name-servers"),
    ("refused", "connect", LOCAL, "no-local-mail-system"),
    ("refused", "connect", BRIDGE, "nothing-local"),
    ("certificate-self-signed", "tls", BRIDGE, "certificate-self-signed"),
    ("refused", "connect", AT, "refused"),
    ("not-tls", "tls", AT, "starttls-broken"),
    ("cut", "tls", AT, "starttls-broken"),
    ("silence", "tls", AT, "starttls-broken"),
    ("timeout", "connect", AT, "timeout"),
    ("forbidden", "connect", AT, "forbidden"),
    ("descriptors", "connect", AT, "descriptors"),
    ("unreachable", "connect", AT, "unreachable"),
    ("elsewhere", "connect", AT, "elsewhere"),
    ("tls-first", "greeting", AT, "tls-first"),
    ("not-tls", "tls", IMPLICIT, "not-tls"),
    ("no-starttls", "starttls", LOCAL, "no-local-starttls"),
    ("no-starttls", "starttls", AT, "no-starttls"),
    ("injected", "tls", AT, "injected"),
    ("certificate-self-signed", "tls", LOCAL, "local-certificate"),
    ("certificate-name", "tls", LOCAL, "local-certificate"),
    ("certificate-expired", "tls", AT, "certificate-expired"),
    ("certificate-early", "tls", AT, "certificate-early"),
    ("certificate-name", "tls", AT, "certificate-name"),
    ("certificate-self-signed", "tls", AT, "certificate-self-signed"),
    ("certificate-authority", "tls", AT, "certificate-authority"),
    ("certificate", "tls", AT, "certificate"),
    ("tls-versions", "tls", AT, "tls-versions"),
    ("silence", "tls", IMPLICIT, "tls-silence"),
    ("cut", "tls", IMPLICIT, "tls-broken"),
    ("tls-broken", "tls", IMPLICIT, "tls-broken"),
    ("not-smtp", "greeting", AT, "not-smtp"),
    ("silence", "greeting", AT, "no-greeting"),
    ("cut", "greeting", AT, "cut-at-greeting"),
    ("cut", "auth", AT, "cut-at-login"),
    ("cut", "dot", AT, "uncertain"),
    ("silence", "dot", AT, "uncertain"),
    ("not-smtp", "dot", AT, "uncertain"),
    ("cut", "rcpt", AT, "cut"),
    ("silence", "rcpt", AT, "silence"),
    ("no-auth-without-tls", "auth", PLAIN, "no-auth-without-tls"),
    ("no-auth", "auth", LOCAL, "no-local-auth"),
    ("no-auth", "auth", AT, "no-auth"),
    ("no-mechanism", "auth", AT, "no-mechanism"),
    ("auth-endless", "auth", AT, "auth-endless"),
    ("no-smtputf8", "mail", AT, "no-smtputf8"),
    ("no-8bitmime", "mail", AT, "no-8bitmime"),
]


@pytest.mark.parametrize(("event", "stage", "at", "name"), EVENTS)
def test_what_happens_without_a_reply(event: str, stage: str, at: Circumstances, name: str) -> None:
    assert find(Happening(stage, event), at, CAUSES).name == name


# Real replies besides those of the table, as the documentation of the servers and people's reports have them.
REAL = [
    ("token-refused", "auth", "535 5.7.3 Authentication unsuccessful [AM6P.EURP189.PROD.OUTLOOK.COM]", BY_TOKEN),
    ("microsoft-smtp-off", "auth", "535 5.7.139 Authentication unsuccessful, SmtpClientAuthentication is disabled for "
                                   "the Mailbox. Visit https://aka.ms/smtp_auth_disabled", BY_TOKEN),
    ("gmail-app-password", "auth", "534-5.7.9 Application-specific password required. For more information, go to\n"
                                   "534 5.7.9 https://support.google.com/mail/?p=InvalidSecondFactor x - gsmtp", AT),
    ("gmail-credentials", "auth", "535-5.7.8 Username and Password not accepted. For more information, go to\n"
                                  "535 5.7.8 https://support.google.com/mail/?p=BadCredentials x - gsmtp", AT),
    ("gmail-web-login", "auth", "534-5.7.14 <https://accounts.google.com/signin/continue?sarp=1&scc=1&plt=AK>\n"
                                "534-5.7.14 Please log in via your web browser and then try again. Learn more at\n"
                                "534 5.7.14 https://support.google.com/mail/answer/78754 x - gsmtp", AT),
    ("login-not-now", "auth", "454 4.7.0 Cannot authenticate due to a temporary system problem. Try again later.", AT),
    ("too-many-logins", "auth", "454-4.7.0 Too many login attempts, please try again later", AT),
    ("must-authenticate", "mail", "530-5.5.1 Authentication Required. Learn more at\n530 5.5.1 "
                                  "http://support.google.com/mail/bin/answer.py?answer=14257 x - gsmtp", ANONYMOUS),
    ("login-not-kept", "mail", "530 5.7.0 Authentication required", AT),
    ("starttls-first", "mail", "530 5.7.0 Must issue a STARTTLS command first. x - gsmtp", PLAIN),
    ("starttls-first", "auth", "530 Must issue a STARTTLS command first", PLAIN),
    ("starttls-first", "auth", "504 5.5.4 Encryption required for requested authentication mechanism", PLAIN),
    ("rate", "dot", "550-5.4.5 Daily user sending limit exceeded. For more information on Gmail\n550-5.4.5 sending "
                    "limits go to\n550 5.4.5 https://support.google.com/a/answer/166852 x - gsmtp", AT),
    ("rate", "dot", "550 5.4.5 Daily sending quota exceeded", AT),
    ("rate", "dot", "550 5.7.1 Daily SMTP relay limit exceeded for customer", AT),
    ("rate", "rcpt", "450 4.2.1 Peak SMTP relay limit exceeded for customer", AT),
    ("rate", "dot", "432 4.3.2 STOREDRV.ClientSubmit; sender thread limit exceeded", AT),
    ("rate", "dot", "554 5.2.0 STOREDRV.Submission.Exception:SubmissionQuotaExceededException", AT),
    ("rate", "dot", "550 5.1.90 Your message can't be sent because you've reached your daily limit for message "
                    "recipients", AT),
    ("rate", "mail", "421 4.4.2 Message submission rate for this client has exceeded the configured limit", AT),
    ("rate", "dot", "454 Throttling failure: Daily message quota exceeded", AT),
    ("rate", "dot", "452 Too many recipients received this hour", AT),
    ("rate", "mail", "421 Message from (192.0.2.1) temporarily deferred", AT),
    ("rate", "dot", "550 User username@example.com has exceeded its 24-hour sending limit. Messages to 250 recipients "
                    "out of 250 allowed have been sent. Relay quota will reset in 21.99 hours.", AT),
    ("rate", "rcpt", "450 4.7.1 Error: too much mail from 192.0.2.1", AT),
    ("rate", "dot", "421 4.7.28 Gmail has detected an unusual rate of unsolicited mail from your IP address", AT),
    ("helo-later", "ehlo", "421 4.7.0 Try again later, closing connection. x - gsmtp", AT),
    ("gmail-relay", "rcpt", "550-5.7.0 Mail relay denied [192.0.2.1]. Invalid credentials for relay for\n550 5.7.0 one "
                            "of the domains in: example.com (as obtained from HELO and MAIL FROM).", AT),
    ("too-large", "dot", "552 5.3.4 Error: message file too big", AT),
    ("too-large", "mail", "552 Message size exceeds maximum permitted", AT),
    ("recipient-refused", "rcpt", "553-5.1.2 The recipient address <x> is not a valid RFC 5321 address", AT),
    ("recipient-refused", "rcpt", "550 5.1.10 RESOLVER.ADR.RecipientNotFound; Recipient not found by SMTP address", AT),
    ("recipient-refused", "rcpt", "550 5.1.2 <a@nowhere.example>: Recipient address rejected: Domain not found", AT),
    ("recipient-refused", "rcpt", "550 Unknown user", AT),
    ("microsoft-oauth", "mail", "550 5.7.30 Basic authentication is not supported for Client Submission.", AT),
    ("microsoft-credentials", "auth", "535 5.7.139 Authentication unsuccessful, account has an issue. Contact your "
                                      "administrator.", AT),
    ("auth-mechanism", "auth", "504 5.7.4 Unrecognized authentication type [host]", AT),
    ("must-authenticate", "mail", "530 5.7.57 SMTP; Client was not authenticated to send anonymous mail during MAIL "
                                  "FROM", ANONYMOUS),
    ("microsoft-send-as", "dot", "550 5.7.1 Client does not have permissions to send as this sender", AT),
    ("microsoft-send-as", "dot", "554 5.2.252 SendAsDenied; user@example.com not allowed to send as other@example.com; "
                                 "STOREDRV.Submission.Exception:SendAsDeniedException", AT),
    ("storage", "dot", "554 5.2.2 mailbox full; STOREDRV.Submission.Exception:QuotaExceededException", AT),
    ("microsoft-new-tenant", "dot", "550 5.1.8 Access denied, bad outbound sender [AS(42004)]", AT),
    ("later", "mail", "421 4.3.2 Service not available", AT),
    ("later", "mail", "451 4.7.500 Server busy. Please try again later", AT),
    ("ses-credentials", "auth", "535 Account not subscribed to SES", AT),
    ("login-not-now", "auth", "454 Temporary authentication failure", AT),
    ("must-authenticate", "mail", "530 Authentication required", ANONYMOUS),
    ("ses-policy", "dot", "554 Message rejected: Sending suspended for this account.", AT),
    ("ses-policy", "dot", "554 Account paused", AT),
    ("sendgrid-sender", "dot", "550 The from address does not match a verified Sender Identity. Mail cannot be sent "
                               "until this error is resolved. Visit https://sendgrid.com/docs/for-developers/", AT),
    ("address-not-allowed", "auth", "550 Access denied: requestor's IP Address is not whitelisted", AT),
    ("mailgun-sandbox", "dot", "550 Domain mg.example.com is not allowed to send: Free accounts are for test purposes "
                               "only. Please upgrade", AT),
    ("mailgun-sandbox", "data", "421 Please activate your Mailgun account", AT),
    ("relaying", "rcpt", "550 5.7.1 Relaying denied", AT),
    ("must-authenticate", "rcpt", "550 <a@example.net> relay not permitted, authentication required", ANONYMOUS),
    ("must-authenticate", "rcpt", "550 Relay access denied - please authenticate", ANONYMOUS),
    ("sender-refused", "rcpt", "553 5.7.1 <g@example.com>: Sender address rejected: not owned by auth user u", AT),
    ("must-authenticate", "rcpt", "553 5.7.1 <g@example.com>: Sender address rejected: not logged in", ANONYMOUS),
    ("sender-domain", "rcpt", "550 5.1.8 <g@nowhere.example>: Sender address rejected: Domain not found", AT),
    ("sender-refused", "rcpt", "504 5.5.2 <g>: Sender address rejected: need fully-qualified address", AT),
    ("sender-refused", "rcpt", "554 5.7.1 <g@example.com>: Sender address rejected: Access denied", AT),
    ("sender-refused", "rcpt", "550-Verification failed for <g@example.com>\n550-No Such User Here\n550 Sender verify "
                               "failed", AT),
    ("sender-refused", "dot", "553 Relaying disallowed", AT),
    ("sender-refused", "dot", "550 Request failed; Mailbox unavailable", AT),
    ("sender-refused", "mail", "550 Sender address is not allowed.", AT),
    ("greylisted", "rcpt", "450 4.2.0 <a@example.net>: Recipient address rejected: Greylisted, see "
                           "http://postgrey.example/help/example.net.html", AT),
    ("credentials", "auth", "535 5.7.8 Error: authentication failed: UGFzc3dvcmQ6", AT),
    ("credentials", "auth", "535 Authentication Failed", AT),
    ("credentials", "auth", "535 5.7.0 (#MBR1212) Incorrect username or password", AT),
    ("credentials", "auth", "535 5.7.0 Invalid login or password", AT),
    ("too-many-logins", "auth", "421 4.7.0 mail.example.com Error: too many AUTH commands", AT),
    ("helo", "rcpt", "504 5.5.2 <localhost>: Helo command rejected: need fully-qualified hostname", AT),
    ("helo", "ehlo", "550 Access denied - Invalid HELO name (See RFC2821 4.1.1.1)", AT),
    ("blocked", "greeting", "554 5.7.1 Service unavailable; client [192.0.2.1] blocked using zen.spamhaus.org", AT),
    ("blocked", "rcpt", "550 5.7.1 [192.0.2.1] is listed at zen.spamhaus.org", AT),
    ("blocked", "rcpt", "550 5.7.25 The sending IP does not have a PTR record", AT),
    ("content", "dot", "554-Transaction failed\n554-Reject due to policy restrictions.\n554 For explanation visit "
                       "https://postmaster.gmx.net/en/error-messages?ip=192.0.2.1&c=hi", AT),
    ("not-a-submission-server", "greeting", "554-gmx.net (mxgmx001) Nemesis ESMTP Service not available\n554-No SMTP "
                                            "service\n554-IP address is block listed.", AT),
    ("provider-not-active", "dot", "550 5.7.0 Your account has been suspended", AT),
    ("later", "rcpt", "451 Could not complete sender verify callout", AT),
    ("later", "rcpt", "451 4.3.5 Server configuration error", AT),
    ("later", "greeting", "421 Too much load; please try again later.", AT),
    ("rate", "greeting", "421 Too many concurrent SMTP connections; please try again later.", AT),
    ("domain-policy", "dot", "550-5.7.26 Unauthenticated email from example.com is not accepted due to domain's DMARC "
                             "policy. Sender domain not authenticated", AT),
    ("sender-domain", "mail", "550 5.7.27 The sender's domain has a null MX", AT),
    ("policy", "dot", "554 SMTP synchronization error: forbidden", AT),
    ("noreply-refused", "mail", "550 5.7.1 Sender rejected", NOREPLY),
    ("noreply-refused", "rcpt", "553 5.7.1 <noreply-x@example.com>: Sender address rejected: not owned by user u",
     NOREPLY),
    ("noreply-refused", "dot", "554 5.2.252 SendAsDenied; user@example.com not allowed to send as x@example.com",
         NOREPLY),
    ("noreply-refused", "dot", "550 The from address does not match a verified Sender Identity.", NOREPLY),
    ("rate", "dot", "550 5.4.5 Daily sending quota exceeded", NOREPLY),
    ("too-large", "dot", "552 5.3.4 Error: message file too big", NOREPLY),
    ("noreply-refused", "dot", "553 Relaying disallowed as noreply-x@example.com", NOREPLY),
    ("content", "dot", "554 5.7.1 Spam message rejected", NOREPLY),
    ("local-relaying", "rcpt", "454 4.7.1 <a@example.net>: Relay access denied", LOCAL),
    ("local-relaying", "rcpt", "550 relay not permitted", LOCAL),
    ("recipient-rejected", "rcpt", "554 5.0.0 No", AT),
    ("mail-refused", "dot", "554 Transaction failed", AT),
    ("starttls-refused", "starttls", "454 4.7.0 TLS not available due to local problem", AT),
    ("starttls-refused", "starttls", "502 5.5.1 No", AT),
    ("starttls-first", "auth", "530 5.7.0 Must issue a STARTTLS command first", BY_TOKEN),
    ("address-not-allowed", "auth", "525 5.7.1 Unauthorized IP address", BY_TOKEN),
    ("provider-not-active", "auth", "554 5.7.8 Your account has been suspended", BY_TOKEN),
    ("must-authenticate", "rcpt", "554 5.7.1 <a@example.net>: Recipient address rejected: Access denied", ANONYMOUS),
    ("must-authenticate", "rcpt", "554 5.7.1 <c.example>: Client host rejected: Access denied", ANONYMOUS),
    ("must-authenticate", "rcpt", "550 You must authenticate", ANONYMOUS),
    ("must-authenticate", "rcpt", "503 This mail server requires authentication when attempting to send to a non-local "
                                  "e-mail address.", ANONYMOUS),
    ("must-authenticate", "mail", "550 5.7.1 Authentication needed", ANONYMOUS),
    ("login-not-kept", "rcpt", "550 must authenticate first", AT),
    ("relaying", "rcpt", "553 sorry, that domain isn't in my list of allowed rcpthosts (#5.7.1)", AT),
    ("domain-policy", "dot", "550 5.7.27 Your email has been blocked because the sender is unauthenticated. SPF "
                             "[example.com] with ip: [192.0.2.1] = did not pass", AT),
    ("domain-policy", "dot", "421 4.7.30 Your email has been rate limited because DKIM authentication didn't pass", AT),
    ("verifying", "rcpt", "450 4.1.7 <g@example.com>: Sender address rejected: unverified address: Address "
                          "verification in progress", AT),
    ("blocked", "ehlo", "554 5.7.1 Service unavailable; Client host [192.0.2.1] blocked using zen.spamhaus.org", AT),
    ("mail-refused", "dot", "554 5.4.6 exceeded maximum hop limit", AT),
    ("policy", "dot", "550 5.7.1 BANNED: .exe", AT),
    ("unexpected", "data", "250 Ok", AT),
    ("unexpected", "greeting", "354 go on", AT),
]  # fmt: skip


@pytest.mark.parametrize(("name", "stage", "line", "at"), REAL, ids=[f"{i} {row[0]}" for i, row in enumerate(REAL)])
def test_a_real_reply_is_understood(name: str, stage: str, line: str, at: Circumstances) -> None:
    assert said_at(stage, line, at) == name


# Invented, for words that stand in other words, in addresses, hosts and links, or mean something else there.
MISREADABLE = [
    ("recipient-refused", "rcpt", "550 5.1.1 <corporate@example.net>: Recipient address rejected: User unknown", AT),
    ("recipient-refused", "rcpt", "550 Corporate directory: no such user", AT),
    ("recipient-refused", "rcpt", "550 5.1.1 <spam@example.net>: Recipient address rejected: User unknown", AT),
    ("recipient-refused", "rcpt", "550 5.1.1 <greylist@example.net>: User unknown", AT),
    ("recipient-refused", "rcpt", "550 5.1.1 <rate@throttle.example>: User unknown", AT),
    ("recipient-refused", "rcpt", "550 5.1.1 <postmaster@blacklist.example>: User unknown", AT),
    ("recipient-refused", "rcpt", "550 5.1.1 user unknown, says mx.corporate-relay.example.com", LOCAL),
    ("recipient-refused", "rcpt", "550 5.2.1 The email account that you tried to reach is disabled.", AT),
    ("recipient-refused", "rcpt", "550 Recipient verification failed for <a@example.net>: unknown user", AT),
    ("recipient-rejected", "rcpt", "550 5.1.0 Address rejected", AT),
    ("recipient-rejected", "rcpt", "554 relay.example.com said no", LOCAL),
    ("mail-refused", "dot", "554 5.6.0 could not generate a message", AT),
    ("mail-refused", "dot", "554 5.3.0 operated by a separate department", AT),
    ("mail-refused", "dot", "554 5.6.0 No. See https://example.com/policy/spam/content", AT),
    ("mail-refused", "dot", "554 5.0.0 mail-spam.example.com says no", AT),
    ("mail-refused", "dot", "554 Transaction failed, ask the administrator of this host", AT),
    ("mail-refused", "dot", "554 5.0.0 We are discontented", AT),
    ("later", "rcpt", "451 4.3.0 The relayhost cannot be reached", LOCAL),
    ("later", "dot", "451 4.7.1 Content scanner not reachable, try again", AT),
    ("later", "dot", "451 4.3.0 virus scanner: timeout", AT),
    ("later", "dot", "451 4.7.1 antispam service unavailable", AT),
    ("later", "rcpt", "451 4.3.0 <content@example.net>: temporary lookup failure", AT),
    ("too-large", "dot", "554 5.3.4 Message size exceeded the limit", AT),
    ("too-large", "dot", "550 Message size limit (10 MB) exceeded", AT),
    ("storage", "rcpt", "452 4.2.2 Quota exceeded (mailbox for user is full)", AT),
    ("storage", "rcpt", "552 5.2.2 <a@example.net>: Quota exceeded (mailbox for user is full)", AT),
    ("storage", "rcpt", "552 Requested mail action aborted: exceeded storage allocation", AT),
    ("storage", "rcpt", "552 Mailbox full", AT),
    ("content", "dot", "552-5.7.0 This message was blocked because its content presents a potential threat", AT),
    ("policy", "dot", "550 5.7.110 see 5.2.2", AT),
    ("mail-refused", "dot", "554 5.2.252 no", AT),
    ("mail-refused", "mail", "503 5.5.1 Error: send HELO/EHLO first", AT),
    ("mail-refused", "mail", "555 5.5.4 Unsupported option: SIZE=100", AT),
    ("sender-refused", "mail", "550 User is not allowed to send from this address", AT),
    ("relaying", "rcpt", "550 5.7.1 We do not relay mail from address 192.0.2.1", AT),
    ("credentials", "auth", "501 5.7.0 Authentication failed: bad password", AT),
    ("credentials", "auth", "535 5.7.8 login of rate-limit@example.com failed", AT),
    ("policy", "dot", "550 5.7.1 <dkim@example.net>: Access denied", AT),
    ("policy", "dot", "550 5.7.1 Not accepted by helo.example.com", AT),
    ("blocked", "greeting", "554 5.7.1 relay.example.com does not talk to you", LOCAL),
    ("blocked", "rcpt", "554 5.7.1 <client.example>: Client host rejected: Access denied", AT),
    ("domain-policy", "dot", "550 5.7.1 DMARC: the domain is not authenticated", AT),
    ("relaying", "rcpt", "550 5.7.1 <a@example.net>... Relaying denied", AT),
]  # fmt: skip


@pytest.mark.parametrize(("name", "stage", "line", "at"), MISREADABLE, ids=[row[2][:60] for row in MISREADABLE])
def test_a_reply_is_not_misread(name: str, stage: str, line: str, at: Circumstances) -> None:
    assert said_at(stage, line, at) == name


def test_every_row_has_a_case() -> None:
    tried = {name for name, _ in SAYS} | {row[3] for row in EVENTS} | {row[0] for row in (*REAL, *MISREADABLE)}
    assert set(ROWS) - tried == set()


@pytest.mark.parametrize("stage", STAGES)
def test_every_code_at_every_step_has_a_cause(stage: str) -> None:
    for code in (*range(200, 600), 600, 999):
        for at in (AT, LOCAL, PLAIN, ANONYMOUS, BY_TOKEN, NOREPLY):
            assert find(Happening(stage, "reply", reply_of(code, "")), at, CAUSES)


@pytest.mark.parametrize("stage", STAGES)
def test_a_code_without_words_is_later_or_not(stage: str) -> None:
    for code in range(400, 600):
        status = diagnose(Happening(stage, "reply", reply_of(code, "")), AT).status
        assert (status == 75) == (code < 500 and stage != "starttls"), (code, status)


@pytest.mark.parametrize("stage", STAGES)
def test_whatever_happens_has_a_cause(stage: str) -> None:
    for event, *_ in EVENTS:
        assert find(Happening(stage, event), AT, CAUSES)


PIECES = ["a", " ", "- ", "limit ", "too many ", "sender ", "exceeded ", "message too ", "relay ", "from ", "quota ",
          "authentication ", "account ", "STARTTLS ", "no smtp service ", "daily ", "mail ", "a.", "a@", "<a@b> ",
          "https://", "not ", "helo "]  # fmt: skip


@pytest.mark.parametrize("piece", PIECES)
def test_no_words_take_long_to_understand(piece: str) -> None:
    reply = reply_of(550, piece * 500)
    begun = time.thread_time()
    find(Happening("dot", "reply", reply), AT, CAUSES)
    assert time.thread_time() - begun < 0.1
