"""Commands of the shell that do more than start something."""
