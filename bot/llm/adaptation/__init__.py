"""Learning what a model server refuses."""
