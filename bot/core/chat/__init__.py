"""What the model is asked with. Pure."""
