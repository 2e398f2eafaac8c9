"""An answer becomes messages, under rate limits that all answers share."""
