"""Fixtures of the model's tests."""

from tests.llm.leftovers import nothing_left_running

__all__ = ["nothing_left_running"]
