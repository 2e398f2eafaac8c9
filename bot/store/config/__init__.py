"""SQL of what admins set, and of what was learned of servers and limits."""
