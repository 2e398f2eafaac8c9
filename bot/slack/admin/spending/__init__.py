"""Usage and budgets, shown and edited."""
