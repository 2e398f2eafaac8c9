"""SQL of spending: model calls, their running sums, and budgets."""
