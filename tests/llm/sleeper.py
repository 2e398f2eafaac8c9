"""Sleeping that takes no time."""


class Sleeper:
    """Sleeps without taking time, and remembers for how long."""

    def __init__(self) -> None:
        self.pauses: list[float] = []

    async def __call__(self, seconds: float) -> None:
        self.pauses.append(seconds)
