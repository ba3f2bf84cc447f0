"""Who may write to a channel, and what becomes of mail that no person wrote: judged from values alone; pure."""
