"""The limit of file descriptors of this process: each connection takes one.

Most systems start a process with a low limit (1,024) that it may raise itself up to a higher one.
"""

import sys
from contextlib import suppress

DEFAULT_LIMIT = 512
"""Where the system does not say: Windows' C library opens so many files."""
MAX_LIMIT = 1_048_576
"""More is of no use, and some systems refuse the "infinite" that they name as the highest."""


def raise_limit() -> None:
    """Raise the limit as far as the system allows."""
    if sys.platform != "win32":
        import resource  # noqa: PLC0415 - Windows has no such module

        _, highest = resource.getrlimit(resource.RLIMIT_NOFILE)
        wanted = min(highest, MAX_LIMIT) if highest != resource.RLIM_INFINITY else MAX_LIMIT
        with suppress(ValueError, OSError):  # macOS allows less than it says; the present limit does, too
            resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, highest))


def read_limit() -> int:
    """Return how many file descriptors the process may have."""
    if sys.platform == "win32":
        return DEFAULT_LIMIT
    import resource  # noqa: PLC0415 - Windows has no such module

    present, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    return MAX_LIMIT if present == resource.RLIM_INFINITY else min(present, MAX_LIMIT)
