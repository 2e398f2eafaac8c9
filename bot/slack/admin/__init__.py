"""Where admins steer from inside Slack: App Home, modals, a slash command and shortcuts.

What may be set, and what applies, is decided in `bot.core.chat.scoped_config`; these packages show it,
ask for it and take it.
"""
