"""The editor of who may do what."""
