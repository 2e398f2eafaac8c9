"""The arithmetic of rate limits. Pure."""
