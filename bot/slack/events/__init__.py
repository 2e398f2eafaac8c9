"""Slack's deliveries become calls of the intake."""
