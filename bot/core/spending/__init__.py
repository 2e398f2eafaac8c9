"""Prices, budgets and estimates. Pure."""
