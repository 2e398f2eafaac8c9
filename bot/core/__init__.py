"""The rules of the bot: pure, with the standard library only. The caller passes the time."""
