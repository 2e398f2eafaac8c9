"""Feedback on answers: the form of a vote, and the list of complaints."""
