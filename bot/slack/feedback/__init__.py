"""What people think of answers: the form and the list."""
