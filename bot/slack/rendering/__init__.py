"""Renders Markdown as Slack's messages: sanitized, within the limits, with buttons below. Pure."""
