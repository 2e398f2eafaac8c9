"""Who may ask where, and who may configure the bot. Pure."""
