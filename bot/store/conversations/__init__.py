"""SQL of conversations: the turn queue, answers and their variants, votes, summaries, and living processes."""
