"""Model APIs: one file an API, behind the ChatModel port."""
