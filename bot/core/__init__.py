"""The rules of the bot: pure, standard library only, told the time and never waiting."""
