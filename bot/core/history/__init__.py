"""What is stored about answers and people. Pure."""
