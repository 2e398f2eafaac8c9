"""What the browser sees of the workspace."""
