"""Conversations in SQL, and the in-memory twin that tests use."""
