"""What the thread shows next: pages, writes, notes. Pure."""
