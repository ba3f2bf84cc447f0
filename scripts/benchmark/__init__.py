"""What mailpoll costs, beside raw imaplib and other fetchers on the same private Dovecot (DESIGN.md, section 13)."""
