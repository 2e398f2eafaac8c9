"""A message becomes a turn, and a turn becomes an answer."""
