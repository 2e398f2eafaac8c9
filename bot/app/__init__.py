"""The composition root: what is built, in which order, and from which settings."""
