"""SQL of conversations and of the queue of turns."""
