"""Prices and budgets. Pure."""
