"""What admins decide: configuration, access, spending, personal data."""
