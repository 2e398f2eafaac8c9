"""The commands of the shell, one module for each or for two that belong together."""
