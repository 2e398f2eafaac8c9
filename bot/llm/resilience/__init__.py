"""Wrappers around a model: retries, fallbacks, a circuit breaker."""
