"""Bytes to and from a model server."""
