"""Model servers of other projects, as child processes on loopback."""

import os
import socket
import subprocess
import time
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

import pytest

Command = Sequence[str | Path]

HERE = Path(__file__).parent
START_TIMEOUT_SECONDS = 180
"""Seconds; LiteLLM's imports alone take twenty on a busy machine."""


def folder() -> Path:
    """Return the folder of `install`. If it has not run, the test is skipped; in CI it fails."""
    place = os.environ.get("FOREIGN_SERVERS", "")
    if place and (Path(place) / "installed").is_file():
        return Path(place)
    reason = "FOREIGN_SERVERS names no folder that tests/servers/install has filled"
    if os.environ.get("CI"):
        pytest.fail(reason)
    pytest.skip(reason)


def free_port() -> int:
    """Return a free port."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port: int = free.getsockname()[1]
        return port


@contextmanager
def running(command: Command, health: str, log: Path, environment: Mapping[str, str]) -> Iterator[None]:
    """Run a server during the block; enter when `health` answers, with any status."""
    with log.open("wb") as output:
        server = subprocess.Popen(
            command, stdout=output, stderr=output, env={**os.environ, **environment}, cwd=log.parent
        )
        try:
            _wait(server, health, log)
            yield
        finally:
            server.terminate()
            try:
                server.wait(10)
            except subprocess.TimeoutExpired:
                server.kill()
                server.wait()


def _wait(server: subprocess.Popen[bytes], health: str, log: Path) -> None:
    give_up = time.monotonic() + START_TIMEOUT_SECONDS
    while time.monotonic() < give_up and server.poll() is None:
        try:
            with urllib.request.urlopen(health, timeout=5):
                return
        except urllib.error.HTTPError as answered:
            answered.close()
            return
        except OSError:
            time.sleep(0.2)
    pytest.fail(f"The server did not start: {log.read_text(errors='replace')[-2000:]}")
