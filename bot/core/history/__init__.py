"""What is kept about answers and people. Pure."""
