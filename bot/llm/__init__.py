"""The chat-completions client, behind the port `ChatModel`."""
