"""The editor of access rules and stewards."""
