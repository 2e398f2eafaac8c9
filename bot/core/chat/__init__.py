"""What the model is asked with: messages, config, parameters, files. Pure."""
