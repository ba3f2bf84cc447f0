"""The floor: raw imaplib doing the IMAP commands that a mail poller cannot do without, and nothing else.

with_imaplib.py HOST PORT CA_FILE USER PASSWORD
"""

import imaplib
import ssl
import sys

RECIPIENTS = "X-ORIGINAL-TO DELIVERED-TO ENVELOPE-TO TO CC RECEIVED"
BATCH = 100

imaplib._MAXLINE = 10_000_000  # a SEARCH answer is one line


def main(host: str, port: str, ca_file: str, user: str, password: str) -> None:
    client = imaplib.IMAP4_SSL(host, int(port), ssl_context=ssl.create_default_context(cafile=ca_file))
    client.login(f'"{user}"', password)
    client.select("INBOX")
    uids = client.uid("SEARCH", "UNSEEN")[1][0].split()
    for start in range(0, len(uids), BATCH):
        batch = b",".join(uids[start : start + BATCH]).decode()
        client.uid("FETCH", batch, f"(UID RFC822.SIZE INTERNALDATE BODY.PEEK[HEADER.FIELDS ({RECIPIENTS})])")
        client.uid("FETCH", batch, "(UID BODY.PEEK[])")
        client.uid("STORE", batch, "+FLAGS.SILENT", r"(\Seen)")
    client.logout()


main(*sys.argv[1:])
