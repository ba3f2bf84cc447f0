"""What system tests share: a mailpoll of their own, and mails to send to it."""
