"""SQL of the ledger: calls, costs, budgets."""
