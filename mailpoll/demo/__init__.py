"""What `mailpoll demo` shows: an IMAP server of its own and a handful of real-looking mails."""
