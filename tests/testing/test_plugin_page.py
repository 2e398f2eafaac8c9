"""The example of `docs/testing-plugins.md`, run as a plugin's author would: in a folder of its own, by pytest."""

import asyncio
import os
import re
import sys
import tomllib
from importlib.metadata import entry_points
from pathlib import Path

from tests.program import ROOT

PAGE = (ROOT / "docs" / "testing-plugins.md").read_text()
BLOCK = re.compile(r"^```python\n# (?P<file>\w+\.py)\n(?P<code>.*?)^```$", re.DOTALL | re.MULTILINE)
SETTINGS = re.compile(r"^```toml\n(?P<code>.*?)^```$", re.DOTALL | re.MULTILINE)


async def test_the_example_passes(tmp_path: Path) -> None:
    for block in BLOCK.finditer(PAGE):
        (tmp_path / block["file"]).write_text(block["code"])
    settings = SETTINGS.search(PAGE)
    assert settings
    (tmp_path / "pyproject.toml").write_text(settings["code"])
    pytest = await asyncio.create_subprocess_exec(
        sys.executable,
        *("-m", "pytest", "-q", "-W", "error", "-p", "no:cacheprovider"),
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": f"{ROOT}:{tmp_path}", "PYTEST_ADDOPTS": "", "BOT_MODEL": "of-the-author"},
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    output, _ = await pytest.communicate()
    assert pytest.returncode == 0, output.decode()
    assert b"4 passed" in output


def test_its_project_file_names_the_group_of_plugins() -> None:
    settings = SETTINGS.search(PAGE)
    assert settings
    assert "threadkeeper.plugins" in tomllib.loads(settings["code"])["project"]["entry-points"]


def test_its_project_file_can_be_installed_with_this_bot() -> None:
    """Package indexes have another `threadkeeper`; a path that is not editable would install a copy, perhaps old.

    Without a build backend there is no entry point.
    """
    settings = SETTINGS.search(PAGE)
    assert settings
    project = tomllib.loads(settings["code"])
    assert project["tool"]["uv"]["sources"]["threadkeeper"] == {"path": "../threadkeeper", "editable": True}
    assert project["build-system"] == tomllib.loads((ROOT / "pyproject.toml").read_text())["build-system"]


def test_nothing_of_ours_loads_itself_into_other_peoples_tests() -> None:
    assert [point for point in entry_points(group="pytest11") if point.value.startswith("bot.")] == []
