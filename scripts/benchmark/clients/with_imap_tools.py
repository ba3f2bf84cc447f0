"""imap_tools (PyPI) as its documentation begins: each unseen mail, parsed, and marked seen.

with_imap_tools.py HOST PORT CA_FILE USER PASSWORD
"""

import ssl
import sys

from imap_tools import AND, MailBox


def main(host: str, port: str, ca_file: str, user: str, password: str) -> None:
    mailbox = MailBox(host, int(port), ssl_context=ssl.create_default_context(cafile=ca_file))
    with mailbox.login(user, password):
        for mail in mailbox.fetch(AND(seen=False)):
            len(mail.subject), len(mail.from_), len(mail.to), len(mail.text or mail.html)


main(*sys.argv[1:])
