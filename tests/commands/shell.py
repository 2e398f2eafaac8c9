"""Helpers for tests of commands: the output of a command that succeeds, and the sentence of one that refuses."""

from collections.abc import Callable

from click.testing import Result

Bot = Callable[..., Result]


def done(result: Result) -> str:
    assert result.exit_code == 0, result.output
    return result.stdout


def refused(result: Result) -> str:
    """Return the one sentence of a command that refused."""
    assert result.exit_code == 2, result.output
    (sentence,) = result.stderr.splitlines()
    assert sentence.startswith("bot: ")
    assert sentence.endswith(".")
    return sentence
