"""SQL of what admins configure, and of what processes learn of model servers and share of rate limits."""
