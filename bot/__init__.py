"""Threadkeeper: a Slack bot that keeps every thread as a conversation."""
