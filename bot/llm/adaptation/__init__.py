"""Learning what a model server refuses, and adapting requests to it."""
