"""Where admins steer from inside Slack: App Home, modals, a slash command and shortcuts.

What may be set, and what applies, is decided in `bot.core.steering`; here it is shown, asked for and taken.
"""
