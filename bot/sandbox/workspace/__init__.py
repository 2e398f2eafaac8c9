"""A Slack workspace that is as strict as Slack."""
