"""What a command says at the shell, when it is done and when it refuses."""

from collections.abc import Callable

from click.testing import Result

Bot = Callable[..., Result]


def done(result: Result) -> str:
    assert result.exit_code == 0, result.output
    return result.stdout


def refused(result: Result) -> str:
    """Return the one sentence that says why."""
    assert result.exit_code == 2, result.output
    (sentence,) = result.stderr.splitlines()
    assert sentence.startswith("bot: ")
    assert sentence.endswith(".")
    return sentence
