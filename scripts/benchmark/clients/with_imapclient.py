"""What the library that mailpoll uses costs by itself: a poll of an inbox that holds nothing new.

with_imapclient.py HOST PORT CA_FILE USER PASSWORD
"""

import ssl
import sys

from imapclient import IMAPClient


def main(host: str, port: str, ca_file: str, user: str, password: str) -> None:
    context = ssl.create_default_context(cafile=ca_file)
    with IMAPClient(host, int(port), ssl=True, ssl_context=context) as client:
        client.login(user, password)
        client.select_folder("INBOX")
        if client.search("UNSEEN"):
            raise SystemExit("there is new mail, which this program does not take")


main(*sys.argv[1:])
