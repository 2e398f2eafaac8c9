"""Slack: the only package that knows its words, limits and payloads."""
