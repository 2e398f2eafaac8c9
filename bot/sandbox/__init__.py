"""A local workspace and a local model over the real wire protocols, to try and test the bot."""
