"""The words of the chat-completions API. Pure."""
