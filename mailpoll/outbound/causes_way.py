"""The table of causes, first part: what can go wrong on the way to a server, before and between its replies.

The first row that fits is the cause: what is special stands above what is general. A new cause is a row here, and
a test.
"""

from __future__ import annotations

from mailpoll.outbound.cause import Cause, When

_TO_TLS = ("tls",)
_LOCAL = 'For the mail system of this machine itself, write tls = "none" and port = 25, without username and password'
_ROUTES = "Try port 587, or the other port your provider names (2525, 2587); ask whoever runs the network or the hoster"

CAUSES = (
    Cause(
        "no-such-name", 69,
        "there is no host {host}",
        "Compare host with what your provider says; if it is right, look at this machine's DNS",
        (When(("no-such-name",)),),
    ),
    Cause(
        "name-servers", 69,
        "the name servers do not answer, so {host} could not be looked up",
        "Look at this machine's DNS (/etc/resolv.conf) and network; the name may be right",
        (When(("name-servers",)),),
    ),
    Cause(
        "no-local-mail-system", 69,
        "no mail system listens on this machine at port {port}",
        'One listens at port 25, if there is one: set port = 25 and tls = "none". Else install one (Debian: postfix or '
        "exim4), or name the server of a provider as host",
        (When(("refused",), loopback=True, login=False),),
    ),
    Cause(
        "nothing-local", 69,
        "nothing listens on this machine at port {port}",
        "Start what should (Proton Bridge, a tunnel, a container that opens the port), or compare port; for a "
        "provider, name its server as host",
        (When(("refused",), loopback=True),),
    ),
    Cause(
        "refused", 69,
        "{host} is there, but nothing listens at port {port} (connection refused)",
        'Compare host and port with what your provider says: 587 with tls = "starttls", or 465 with tls = "implicit"',
        (When(("refused",)),),
    ),
    Cause(
        "timeout", 69,
        "port {port} of {host} does not answer at all: something on the way drops what is sent there",
        "A firewall, or the hoster: many block ports 25 and 465, some 587. " + _ROUTES,
        (When(("timeout",)),),
    ),
    Cause(
        "forbidden", 69,
        "this machine does not let us connect to port {port} of {host}",
        "A firewall rule of this machine or its container forbids it: look at iptables, nft or the cluster's policy",
        (When(("forbidden",)),),
    ),
    Cause(
        "descriptors", 69,
        "this machine lets us open no more connections",
        "Raise the limit (ulimit -n; LimitNOFILE= for systemd)",
        (When(("descriptors",)),),
    ),
    Cause(
        "unreachable", 69,
        "there is no way from here to {host} ({detail})",
        "Look at this machine's network, and whether host is right",
        (When(("unreachable",)),),
    ),
    Cause(
        "elsewhere", 78,
        "{host} is not this machine but {detail}, and without TLS everybody on the way could read what is sent",
        'Set tls = "starttls", or allow_plaintext = true if you know the way',
        (When(("elsewhere",)),),
    ),
    Cause(
        "tls-first", 78,
        "port {port} of {host} speaks TLS from the start, and the settings wait for plain text first",
        'Set tls = "implicit" (port 465), or port = 587 with tls = "starttls"',
        (When(("tls-first",)),),
    ),
    Cause(
        "starttls-broken", 69,
        "the server agreed to STARTTLS, and then did not speak TLS",
        'Something on the way may break TLS: try another network, or port = 465 with tls = "implicit"; else tell its '
        "owner",
        (When(("not-tls", "silence", "cut", "tls-broken"), _TO_TLS, tls="starttls"),),
    ),
    Cause(
        "not-tls", 78,
        "port {port} of {host} does not speak TLS from the start",
        'Set tls = "starttls" (port 587), or port = 465 with tls = "implicit"',
        (When(("not-tls",)),),
    ),
    Cause(
        "no-local-starttls", 78,
        "the mail system of this machine offers no STARTTLS at port {port}",
        _LOCAL,
        (When(("no-starttls",), loopback=True),),
    ),
    Cause(
        "no-starttls", 77,
        "the server offers no STARTTLS at port {port}, so nothing secret can be sent there",
        'Set tls = "implicit" and port = 465, or ask for its submission port, usually 587; if it does offer STARTTLS '
        "elsewhere, something on the way takes it out",
        (When(("no-starttls",)),),
    ),
    Cause(
        "injected", 77,
        "something was said in plain text after STARTTLS, where only TLS may follow",
        "Somebody on the way may be adding to the conversation, or the server is broken: try another network, then ask "
        "its owner",
        (When(("injected",)),),
    ),
    Cause(
        "local-certificate", 77,
        "the mail system of this machine has a certificate that nobody can trust ({detail})",
        f"{_LOCAL}; or name its certificate as ca_file and the name in it as host",
        (When(("certificate-self-signed", "certificate-authority", "certificate-name", "certificate-expired"),
              loopback=True, login=False),),
    ),
    Cause(
        "certificate-expired", 77,
        "the certificate of {host} has expired",
        "Its owner must renew it; look at this machine's clock, too (date)",
        (When(("certificate-expired",)),),
    ),
    Cause(
        "certificate-early", 77,
        "the certificate of {host} is not valid yet",
        "This machine's clock is probably wrong: look at date",
        (When(("certificate-early",)),),
    ),
    Cause(
        "certificate-name", 77,
        "the certificate is for another host than {host}: {detail}",
        "Set host to a name that the certificate bears; where the provider names no other, it is the wrong server",
        (When(("certificate-name",)),),
    ),
    Cause(
        "certificate-self-signed", 77,
        "the certificate of {host} is self-signed: anybody could have made it",
        "If this is the right server (Proton Bridge, one of your own), save its certificate and name it as ca_file",
        (When(("certificate-self-signed",)),),
    ),
    Cause(
        "certificate-authority", 77,
        "the certificate of {host} comes from an authority that this machine does not know, or lacks one between",
        "Set ca_file to the certificate of the authority; a well-known one is missing where ca-certificates is old",
        (When(("certificate-authority",)),),
    ),
    Cause(
        "certificate", 77,
        "the certificate of {host} cannot be trusted ({detail})",
        "Ask the owner of the server",
        (When(("certificate",)),),
    ),
    Cause(
        "tls-versions", 76,
        "the server and this machine have no version or cipher of TLS in common ({detail})",
        "The server is too old to be safe: ask its owner, or use another port or server",
        (When(("tls-versions",)),),
    ),
    Cause(
        "tls-silence", 69,
        "the server did not go on with TLS in time",
        'If the port speaks plain text first, set tls = "starttls"; else try again later',
        (When(("silence",), _TO_TLS),),
    ),
    Cause(
        "tls-broken", 69,
        "the connection ended while TLS was set up",
        'Compare port and tls: 465 goes with "implicit", 587 with "starttls"; something on the way may cut TLS, too',
        (When(("cut", "tls-broken"), _TO_TLS),),
    ),
    Cause(
        "uncertain", 75,
        "the whole mail was sent, and no answer came whether the server took it",
        "Look whether it arrived before you send it again",
        (When(("cut", "silence", "not-smtp"), ("dot",)),),
    ),
    Cause(
        "not-smtp", 76,
        "what answers at port {port} of {host} does not speak SMTP: {detail}",
        "Compare host and port: 587 or 465 for sending; 993 and 143 are for reading mail (IMAP)",
        (When(("not-smtp",)),),
    ),
    Cause(
        "no-greeting", 69,
        "the server at port {port} of {host} took the connection and said nothing",
        'If the port speaks TLS from the start, set tls = "implicit"; else the server is busy, or something between '
        "holds the connection: try again later",
        (When(("silence",), ("greeting",)),),
    ),
    Cause(
        "cut-at-greeting", 69,
        "the server cut the connection before it said anything",
        "It may turn this machine away (block list, too many connections), or port and tls do not go together",
        (When(("cut",), ("greeting",)),),
    ),
    Cause(
        "cut-at-login", 69,
        "the server cut the connection at the login, without saying why",
        "Some do that when user name or password is wrong, or after too many tries: compare them, wait, try again",
        (When(("cut",), ("auth",)),),
    ),
    Cause(
        "cut", 69,
        "the server cut the connection ({detail})",
        "Try again later; if it lasts, ask its owner to look into its log for this machine's address",
        (When(("cut",)),),
    ),
    Cause(
        "silence", 69,
        "the server did not answer in time ({detail})",
        "Try again later; if it lasts, ask its owner",
        (When(("silence",)),),
    ),
    Cause(
        "no-auth-without-tls", 78,
        "the server takes no logins without TLS",
        'Set tls = "starttls"',
        (When(("no-auth-without-tls",)),),
    ),
    Cause(
        "no-local-auth", 78,
        "the mail system of this machine takes no logins at port {port}",
        "Leave username and password out: it takes mail of this machine without (and write from)",
        (When(("no-auth",), loopback=True),),
    ),
    Cause(
        "no-auth", 78,
        "the server takes no logins at port {port}",
        "Port 25 is for servers among each other: use the submission port, 587 or 465; for a relay that knows this "
        "machine's address, leave username and password out (and write from)",
        (When(("no-auth",)),),
    ),
    Cause(
        "no-mechanism", 78,
        "the server offers no way to log in that fits these settings; it offers {detail}",
        "PLAIN and LOGIN take password, XOAUTH2 and OAUTHBEARER take access_token: set the one that it offers, and "
        "leave auth out",
        (When(("no-mechanism",)),),
    ),
    Cause(
        "auth-endless", 76,
        "the server keeps asking where the login should be over",
        'Set auth to another of those it offers ("plain" or "login")',
        (When(("auth-endless",)),),
    ),
    Cause(
        "no-smtputf8", 65,
        "the address {about} has letters before the @ that only servers with SMTPUTF8 (RFC 6531) can take, which this "
        "one has not",
        "Use an address in ASCII; letters after the @ are no trouble",
        (When(("no-smtputf8",)),),
    ),
    Cause(
        "no-8bitmime", 65,
        "the mail has octets beyond ASCII, which this server cannot take (8BITMIME, RFC 6152)",
        'Forward mail inside of one of ours: as = "attachment" in the section of the destination',
        (When(("no-8bitmime",)),),
    ),
)  # fmt: skip
