"""What the thread shows next. Pure."""
