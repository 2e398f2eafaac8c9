"""Markdown becomes what Slack shows. Pure."""
