"""What is known of mail providers before anybody asks them: host, and what a person must do there first."""

from __future__ import annotations

from dataclasses import dataclass

_APP_PASSWORD = "wants an app password instead of the one you type into a browser"


@dataclass(frozen=True, slots=True)
class Provider:
    """A mail provider. `note` is what a person must know, `refusal` why mailpoll cannot log in there (empty: it can).

    `plus` is False where mail to user+detail@ is said not to arrive: the test mail will tell.
    """

    name: str
    host: str
    domains: tuple[str, ...]
    note: str = ""
    refusal: str = ""
    plus: bool = True


_MICROSOFT = "takes logins by OAuth only, which this version of mailpoll cannot do yet"

# Domains of mail addresses, as the providers' own help pages name them; port 993 and TLS from the start everywhere.
PROVIDERS = (
    Provider("Gmail", "imap.gmail.com", ("gmail.com", "googlemail.com"),
             f"{_APP_PASSWORD}: turn on 2-Step Verification, then https://myaccount.google.com/apppasswords"),
    Provider("Outlook.com", "outlook.office365.com",
             ("outlook.com", "outlook.de", "outlook.fr", "outlook.es", "outlook.it", "hotmail.com", "hotmail.de",
              "hotmail.fr", "hotmail.co.uk", "live.com", "live.de", "live.nl", "msn.com"), refusal=_MICROSOFT),
    Provider("Microsoft 365", "outlook.office365.com", ("onmicrosoft.com",), refusal=_MICROSOFT),
    Provider("Yahoo", "imap.mail.yahoo.com",
             ("yahoo.com", "yahoo.de", "yahoo.fr", "yahoo.co.uk", "yahoo.es", "yahoo.it", "ymail.com",
              "rocketmail.com"),
             f"{_APP_PASSWORD}: Account security → Generate app password"),
    Provider("AOL", "imap.aol.com", ("aol.com", "aol.de"), _APP_PASSWORD),
    Provider("iCloud", "imap.mail.me.com", ("icloud.com", "me.com", "mac.com"),
             "wants an app-specific password (https://account.apple.com); if it refuses the whole address as user "
             "name, take the part before the @ and give --pattern"),
    Provider("Fastmail", "imap.fastmail.com", ("fastmail.com", "fastmail.fm", "fastmail.de", "pobox.com"),
             f"{_APP_PASSWORD}: Settings → Privacy & Security"),
    Provider("GMX", "imap.gmx.net", ("gmx.net", "gmx.de", "gmx.at", "gmx.ch"),
             "has IMAP turned off until you turn it on (settings → POP3/IMAP)", plus=False),
    Provider("GMX", "imap.gmx.com", ("gmx.com", "gmx.us", "gmx.fr", "gmx.es", "gmx.co.uk"),
             "has IMAP turned off until you turn it on (settings → POP3/IMAP)", plus=False),
    Provider("WEB.DE", "imap.web.de", ("web.de",), "has IMAP turned off until you turn it on (settings → POP3/IMAP)",
             plus=False),
    Provider("mailbox.org", "imap.mailbox.org", ("mailbox.org",)),
    Provider("Posteo", "posteo.de", ("posteo.de", "posteo.net", "posteo.org", "posteo.eu")),
    Provider("Zoho", "imap.zoho.com", ("zoho.com", "zohomail.com"),
             "has IMAP turned off until you turn it on (Settings → Mail accounts → IMAP)"),
    Provider("Zoho", "imap.zoho.eu", ("zohomail.eu",),
             "has IMAP turned off until you turn it on (Settings → Mail accounts → IMAP)"),
    Provider("Proton Mail", "", ("proton.me", "protonmail.com", "pm.me"),
             refusal="has IMAP only through its Bridge program: name that with --host 127.0.0.1 --port 1143"),
)  # fmt: skip

# How servers of other domains are usually called.
USUAL = ("imap.{domain}", "mail.{domain}", "{domain}")


def of_address(address: str) -> Provider | None:
    """The provider of an e-mail address, None when its domain is in no table (or there is no domain)."""
    domain = address.rpartition("@")[2].lower()
    return next((p for p in PROVIDERS if any(domain == d or domain.endswith(f".{d}") for d in p.domains)), None)


def of_host(host: str) -> Provider | None:
    """The provider that an IMAP host belongs to."""
    return next((provider for provider in PROVIDERS if provider.host == host.lower()), None)


def usual_hosts(address: str) -> tuple[str, ...]:
    """How the IMAP server of an address may be called when nobody knows, the most usual name first."""
    domain = address.rpartition("@")[2].lower()
    return tuple(name.format(domain=domain) for name in USUAL) if "@" in address and domain else ()
