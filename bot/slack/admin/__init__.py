"""Checks who may change the bot's configuration from inside Slack, and signs the forms they do it with.

What may be configured, and which value applies where, is decided in `bot/core`. The packages below show
that, ask for it and save it: `prompts` (prompt and parameters), `access` (who may ask and edit),
`spending` (usage and budgets).
"""
