"""Slack's deliveries become calls of the intake: messages, buttons, shortcuts, and the word "stop"."""
