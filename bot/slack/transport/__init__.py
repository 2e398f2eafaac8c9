"""How deliveries come from Slack and calls go to it."""
