"""What is known of mail providers before anybody asks them: host, and what a person must do there first."""

from __future__ import annotations

from dataclasses import dataclass

_APP_PASSWORD = "wants an app password instead of the one you type into a browser"


@dataclass(frozen=True, slots=True)
class Provider:
    """A mail provider. `note` is what a person must know, `refusal` why mailpoll cannot log in there (empty: it can).

    `plus` is True where the provider itself says that mail to user+detail@ arrives; elsewhere the first mail tells.
    """

    name: str
    host: str
    domains: tuple[str, ...]
    note: str = ""
    refusal: str = ""
    plus: bool = False


_TURNED_OFF = "has IMAP turned off until you turn it on in its settings"
_MICROSOFT = (
    "takes logins by OAuth only, which this version of mailpoll cannot do yet. Make an inbox elsewhere, run mailpoll "
    "init for that, and let a rule of this one redirect to the new address what is meant for mailpoll; or pipe mail "
    "into `mailpoll receive` where a mail server of yours gets it"
)

# Domains of mail addresses; port 993 and TLS from the start everywhere. Only what the providers' own help pages say,
# and no paths through their menus: those change.
PROVIDERS = (
    Provider("Gmail", "imap.gmail.com", ("gmail.com", "googlemail.com"),
             f"{_APP_PASSWORD}: turn on 2-Step Verification, then https://myaccount.google.com/apppasswords",
             plus=True),
    Provider("Outlook.com", "outlook.office365.com",
             ("outlook.com", "outlook.de", "outlook.fr", "outlook.es", "outlook.it", "hotmail.com", "hotmail.de",
              "hotmail.fr", "hotmail.co.uk", "live.com", "live.de", "live.nl", "msn.com"), refusal=_MICROSOFT),
    Provider("Microsoft 365", "outlook.office365.com", ("onmicrosoft.com",), refusal=_MICROSOFT),
    Provider("Yahoo", "imap.mail.yahoo.com",
             ("yahoo.com", "yahoo.de", "yahoo.fr", "yahoo.co.uk", "yahoo.es", "yahoo.it", "ymail.com",
              "rocketmail.com"), _APP_PASSWORD),
    Provider("AOL", "imap.aol.com", ("aol.com", "aol.de"), _APP_PASSWORD),
    Provider("iCloud", "imap.mail.me.com", ("icloud.com", "me.com", "mac.com"),
             "wants an app-specific password (https://account.apple.com); if it refuses the whole address as user "
             "name, take the part before the @ and give --pattern"),
    Provider("Fastmail", "imap.fastmail.com", ("fastmail.com", "fastmail.fm"), _APP_PASSWORD, plus=True),
    Provider("GMX", "imap.gmx.net", ("gmx.net", "gmx.de", "gmx.at", "gmx.ch"), _TURNED_OFF),
    Provider("GMX", "imap.gmx.com", ("gmx.com", "gmx.us", "gmx.fr", "gmx.es", "gmx.co.uk"), _TURNED_OFF),
    Provider("WEB.DE", "imap.web.de", ("web.de",), _TURNED_OFF),
    Provider("mailbox.org", "imap.mailbox.org", ("mailbox.org",), plus=True),
    Provider("Posteo", "posteo.de", ("posteo.de", "posteo.net", "posteo.org", "posteo.eu"), plus=True),
    Provider("Zoho", "imap.zoho.com", ("zoho.com", "zohomail.com"), _TURNED_OFF),
    Provider("Zoho", "imap.zoho.eu", ("zohomail.eu",), _TURNED_OFF),
    Provider("Proton Mail", "", ("proton.me", "protonmail.com", "pm.me"),
             refusal="has IMAP only through its Bridge program: name that with --host 127.0.0.1 and the port, user "
             "name and password that it shows"),
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
