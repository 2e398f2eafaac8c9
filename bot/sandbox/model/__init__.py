"""A chat-completions server that answers by rules."""
