"""Arithmetic of rate limits. Pure."""
