"""Shipped doubles of the ports, for tests of the bot and of plugins."""
