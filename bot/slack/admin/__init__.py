"""Checks who may change the bot's configuration from inside Slack, and signs the forms they do it with.

`bot/core` decides what may be configured, and which value applies where. The packages below show the values
and the forms, and save the input: `prompts` (prompt and parameters), `access` (who may ask and edit),
`spending` (usage and budgets).
"""
